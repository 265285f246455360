// The guided tour: stops that an analyst wrote, each with its dates, a view and a sentence, in tour.csv.

const TOUR = (DATA.tour ?? []).filter((row) => row.stop != null).sort((a, b) => a.stop - b.stop);

let stopAt = null; // Which stop is shown; null outside of the tour.
let stopLast = 0; // Where the tour was left: there it goes on.
let tourDrawn = '';

const dayWithin = (iso) => Math.min(axisLast, Math.max(axisFirst, toDay(iso)));

/** The dates of a stop, in words. */
const stopDates = ({ before, after }) => (before
  ? t('date.span', { first: dateText(toDay(before)), last: dateText(toDay(after)) }) : dateText(toDay(after)));

/** Show a stop: its dates, its view and its ground. */
function showStop(i, { frame = true } = {}) {
  if (!has(TOUR, i)) return;
  const stop = TOUR[i];
  stopPlaying();
  closeCard();
  [stopAt, stopLast] = [i, i];
  state.after = dayWithin(stop.after);
  state.before = Math.min(state.after, stop.before ? dayWithin(stop.before) : state.before);
  state.mode = stop.view;
  state.hot = null;
  update();
  if (frame) frameStop(stop);
  say(`${t('tour.stop', { number: numberText(i + 1), count: numberText(TOUR.length) })}. ${stopDates(stop)}. ${inLanguage(stop, 'text')}`);
}

/** The places of a stop; without any the ground that changed, of one date the whole study area. */
function frameStop(stop) {
  const spots = splitIds(stop.place_ids).map((id) => PLACES.get(id)).filter((place) => place?.lonlat)
    .flatMap((place) => [place.lonlat, ...(place.lines ?? []).flat()]).map(([lon, lat]) => [lat, lon]);
  if (!spots.length) {
    if (stop.view === 'story') return frameStory();
    if (stop.view !== 'one') return map.fitBounds(storyBounds(), { padding: [30, 30], maxZoom: 12, animate: false });
    const [west, south, east, north] = store.bounds;
    return map.fitBounds([[south, west], [north, east]], { padding: [6, 6], animate: false });
  }
  // Some 8 km round a place, so that one sees on whose ground it lies.
  const bounds = L.latLngBounds(spots);
  const room = L.latLngBounds([bounds.getSouthWest(), bounds.getNorthEast()].flatMap(({ lat, lng }) => [[lat - 0.07, lng - 0.09], [lat + 0.07, lng + 0.09]]));
  return map.fitBounds(room, { paddingTopLeft: [20, 44], paddingBottomRight: [20, 20], maxZoom: 11, animate: false });
}

/** Whoever chooses a date or a view has left the tour; it goes on where it was. */
function leaveTour() {
  if (stopAt === null) return;
  stopAt = null;
  drawTour();
}

function endTour() {
  leaveTour();
  update();
  byId(state.mode === 'story' ? 'tour-start' : `mode-${state.mode}`).focus({ preventScroll: true });
}

function startTour() {
  showStop(stopLast);
  byId('tour-on').focus({ preventScroll: true });
}

/** On what the sentence rests: rows of the ledger, events, sources. */
function stopRests(stop) {
  const changes = new Map(DATA.changes.map((row) => [row.id, row]));
  const events = new Map(DATA.events.map((event) => [event.id, event]));
  const found = [
    ...splitIds(stop.change_ids).filter((id) => changes.has(id)).map((id) => () => ledgerItem(changes.get(id))),
    ...splitIds(stop.event_ids).filter((id) => events.has(id)).map((id) => () => eventItem(events.get(id))),
    ...splitIds(stop.source_ids).map((id) => () => sourceLine(id)),
  ];
  return folded(t('part.rests'), found, (item) => item(), { kind: 'ledger' });
}

/** The card of the tour, and its stops on the time axis. */
function drawTour() {
  const of = [stopAt, language].join();
  if (of === tourDrawn) return;
  tourDrawn = of;
  const on = stopAt !== null;
  if (on) document.body.dataset.tour = 'yes';
  else delete document.body.dataset.tour;
  byId('tour').hidden = !on;
  byId('tour-start').hidden = !TOUR.length;
  byId('tour-start').textContent = t('tour.start', { count: TOUR.length, number: numberText(TOUR.length) });
  drawTourMarks();
  if (!on) return;
  const stop = TOUR[stopAt];
  byId('tour-title').replaceChildren(
    el('span', null, t('tour.stop', { number: numberText(stopAt + 1), count: numberText(TOUR.length) })), ' \u00b7 ', el('strong', null, foreign(stopDates(stop))));
  byId('tour-text').replaceChildren(passage('p', null, inLanguage(stop, 'text')));
  byId('tour-rests').replaceChildren(...[stopRests(stop)].filter(Boolean));
  byId('tour-back').disabled = stopAt === 0;
  byId('tour-on').disabled = stopAt === TOUR.length - 1;
  const held = [...byId('tour-stops').querySelectorAll('button')].indexOf(document.activeElement);
  byId('tour-stops').replaceChildren(...TOUR.map((one, i) => el('li', null, el('button', {
    type: 'button', 'aria-current': i === stopAt ? 'step' : null, 'aria-label': `${t('tour.stop', { number: numberText(i + 1), count: numberText(TOUR.length) })}: ${stopDates(one)}`,
    on: { click: () => showStop(i) },
  }, numberText(i + 1)))));
  if (held >= 0) byId('tour-stops').querySelectorAll('button')[stopAt].focus({ preventScroll: true });
  // A button that has just been switched off holds no focus.
  if (document.activeElement === document.body && byId('tour-on').disabled) byId('tour-back').focus({ preventScroll: true });
}

/** A bar a stop above the axis, from its first date to its second; that of the stop shown lights up. */
function drawTourMarks() {
  const share = (day) => ((day - axisFirst) / (axisLast - axisFirst)) * 100;
  byId('tour-marks').replaceChildren(...(stopAt === null ? [] : TOUR.map(({ before, after }, i) => {
    const [from, to] = [before ?? after, after].map((iso) => share(dayWithin(iso)));
    return el('span', { class: i === stopAt ? 'now' : null, style: { left: `${from.toFixed(2)}%`, width: `${(to - from).toFixed(2)}%` } });
  })));
}

function onTourKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 1, PageUp: -1 }[event.key] ?? 0;
  const first = { Home: 0, End: TOUR.length - 1 }[event.key];
  if (!step && first === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  showStop(first ?? Math.min(TOUR.length - 1, Math.max(0, stopAt + (isRtl() && event.key.startsWith('Arrow') ? -step : step))));
}

function prepareTour() {
  byId('tour-start').addEventListener('click', startTour);
  byId('tour-back').addEventListener('click', () => showStop(stopAt - 1));
  byId('tour-on').addEventListener('click', () => showStop(stopAt + 1));
  byId('tour-end').addEventListener('click', endTour);
  byId('tour').addEventListener('keydown', onTourKey);
}

/** A link that names a stop: with a view of its own that is kept. */
function openLinkedStop() {
  const i = TOUR.findIndex((one) => one.stop === state.linkedStop);
  if (i < 0) return;
  showStop(i, { frame: !state.viewGiven });
}

/** What a theatre says of the two dates in its own words: its tour's, else its summary of the standard pair. */
function ownWords() {
  const { theatre } = DATA;
  const isPair = (before, after) => before && [before, after].every((iso, i) => store.index(toDay(iso)) === [state.dateBefore, state.dateAfter][i]);
  const rows = (DATA.tour ?? []).filter((row) => isPair(row.before, row.after)).sort((a, b) => (a.stop ?? 0) - (b.stop ?? 0));
  if (rows.length) return inLanguage(rows[0], 'text');
  return isPair(theatre.before, theatre.after) ? inLanguage(theatre, 'summary') : '';
}
