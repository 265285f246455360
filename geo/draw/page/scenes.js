// What the map shows of a date, or of two: events near it, places that matter, what is switched on.

const spans = new WeakMap(); // Dates are read once: a theatre may have a hundred thousand events.

function eventSpan(event) {
  let span = spans.get(event);
  if (!span) spans.set(event, span = [toDay(event.event_date), toDay(event.end_date ?? event.event_date)]);
  return span;
}

function eventsNear(first, last) {
  return DATA.events.filter((event) => {
    const [from, to] = eventSpan(event);
    return to >= first - state.window && from <= last + state.window && !state.hidden.has(eventKind(event.event_type));
  });
}

/** One mark a position, however many events. */
function dotsOf(events) {
  const spots = new Map();
  for (const event of events) {
    if (!event.lonlat) continue;
    const key = event.lonlat.map((v) => v.toFixed(4)).join();
    if (spots.has(key)) spots.get(key).events.push(event);
    else spots.set(key, { lonlat: event.lonlat, events: [event] });
  }
  const weight = (event) => EVENT_KINDS.indexOf(eventKind(event.event_type));
  return [...spots.values()].map((spot) => {
    const lead = spot.events.reduce((a, b) => (weight(b) < weight(a) ? b : a));
    return { ...spot, kind: eventKind(lead.event_type), vague: spot.events.every((event) => +event.geo_precision === 3) };
  });
}

const TRANSFERS = new Set(['Government regains territory', 'Non-state actor overtakes territory', 'Non-violent transfer of territory']);

/** Places that the comparison is about: they keep their names at every zoom. */
function keyPlaces() {
  const found = new Set();
  const [first, last] = [store.days[state.dateBefore], store.days[state.dateAfter]];
  for (const change of DATA.changes) {
    if (toDay(change.from_date) < last && toDay(change.to_date) > first) splitIds(change.place_ids).forEach((id) => found.add(id));
  }
  for (const event of DATA.events) {
    const [from, to] = eventSpan(event);
    if (TRANSFERS.has(event.sub_event_type) && from <= state.after && to >= state.before && event.place_id) found.add(event.place_id);
  }
  return found;
}

/** Places of which none lies on another: of two names for one spot the first. */
const apart = (ids) => ids.filter((id, i) => {
  const spot = PLACES.get(id)?.lonlat;
  return spot && !ids.slice(0, i).some((other) => PLACES.get(other)?.lonlat && drawnMetres(spot, PLACES.get(other).lonlat) < 2000);
});

/** A panel of the opening: ground, fronts and what its sentences speak of; events would hide it. */
function storyScene(shared, side, date) {
  const { lead } = toldChange();
  return {
    ...shared, kind: 'control', side, date, dots: [], story: side, hot: null,
    show: { ...state.show, events: false, corridors: false, tiles: false }, keyPlaces: new Set(lead?.to_controller ? apart(splitIds(lead.place_ids)).slice(0, 3) : []),
  };
}

/** The names of both halves of a swipe; marks of either, the dates and the handle are kept clear. */
function namesScene([before, after]) {
  const { x, y } = map.getSize();
  const [left, top] = [Math.round(x * 0.08), Math.round(y * 0.08)]; // As far as a canvas reaches beyond the map.
  const middle = left + x * state.split;
  const keep = [[middle - 110, top, middle + 110, top + 46], [middle - 26, top + y - 88, middle + 26, top + y - 36]];
  return { ...after, names: 'only', dots: [...before.dots, ...after.dots], keep: [...keep, ...coveredBoxes(false)] };
}

function scenes() {
  const shared = { show: state.show, selected: state.selected, hot: state.hot, near: state.near, measure: state.measure, keyPlaces: keyPlaces() };
  const control = (date, day, side) => ({ ...shared, kind: 'control', side, date, dots: dotsOf(eventsNear(day, day)) });
  if (state.mode === 'story') return [['before', state.dateBefore], ['after', state.dateAfter]].map(([side, date]) => storyScene(shared, side, date));
  if (state.mode === 'one') return [control(state.dateAfter, state.after, 'after')];
  if (state.mode === 'change') {
    return [{
      ...shared, kind: 'change', before: state.dateBefore, after: state.dateAfter,
      dots: dotsOf(eventsNear(state.before, state.after)),
    }];
  }
  return [control(state.dateBefore, state.before, 'before'), control(state.dateAfter, state.after, 'after')];
}

const eventsShown = () => {
  if (state.mode === 'one') return eventsNear(state.after, state.after);
  if (state.mode === 'change' || state.mode === 'story') return eventsNear(state.before, state.after);
  return [...new Set([...eventsNear(state.before, state.before), ...eventsNear(state.after, state.after)])];
};
