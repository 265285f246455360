// The opening: what happened between the two dates, in a headline and a few plain sentences.

const EMPTY = '\u2013';

/** A figure with its band, rounded to what the band lets mean something. */
function aboutText(area, low, high, unit = 'km2') {
  if (low == null || high == null) return t('about.drawn', { number: numberText(area, area < 10 ? 1 : 0), unit: t(unit) });
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1e-9, high - low) / 4)));
  const round = (value) => numberText(Math.round(value / step) * step);
  return t('about.band', { number: round(area), low: round(low), high: round(high), unit: t(unit) });
}

/** A width in km with its interval; without an end where no cut within reach severs the ground. */
function widthText({ width, low, high }) {
  const number = width == null ? EMPTY : numberText(width);
  if (low == null) return t('width.drawn', { number });
  if (high == null) return t('width.more', { number, low: numberText(low) });
  return t('width.band', { number, low: numberText(low), high: numberText(high) });
}

const placesText = (ids, most = 2) => {
  const names = ids.slice(0, most).map(placeName);
  return ids.length > most ? t('and.more', { names: listed(names), count: ids.length - most }) : both(names);
};

const both = (names) => (names.length === 2 ? t('and.two', { one: names[0], two: names[1] }) : listed(names));

/** The days of a move: from when to when, or the span of the layers in which it fell. */
function moveDates(move) {
  const first = move.date ?? move.from_date;
  const last = move.date ? move.date_end : move.to_date;
  if (!last || last === first) return dateText(toDay(first));
  const [a, b] = [first, last].map((iso) => toDate(toDay(iso)));
  const near = a.getUTCMonth() === b.getUTCMonth() && a.getUTCFullYear() === b.getUTCFullYear();
  return t('date.span', { first: near ? numberText(a.getUTCDate()) : dateText(toDay(first)), last: dateText(toDay(last)) });
}

/** What a move is called by: its first place, of many the one that most is said of. */
function leadPlace(move) {
  const ids = splitIds(move.place_ids);
  const id = ids.length > 3 ? bestKnown(ids) ?? ids[0] : ids[0];
  return id ? placeName(id) : t('headline.ground');
}

function storyHeadline() {
  const { lead, moves, rows } = toldChange();
  const span = { before: dateText(state.before), after: dateText(state.after) };
  if (state.dateBefore === state.dateAfter) return t('headline.same', span);
  if (!lead?.to_controller) {
    if (!rows.length && !lead) return t('headline.nothing', span);
    return t(sumOf(rows, 'taken') && !lead ? 'headline.drawn' : 'headline.picture', span);
  }
  const values = {
    to: lead.to_controller ? actorName(sideOf(lead.to_controller)) : '',
    from: lead.from_controller ? actorName(sideOf(lead.from_controller)) : '',
    places: leadPlace(lead), dates: moveDates(lead),
  };
  const first = t(`headline.${lead.from_controller ? lead.kind : 'entered'}`, values);
  const more = moves.filter((move) => move !== lead && move.to_controller).length;
  return more ? t('headline.more', { first, count: more }) : first;
}

function takenText() {
  const { rows, moves } = toldChange();
  const taken = rows.filter((row) => row[2] === 'taken');
  const fought = moves.filter((move) => !move.to_controller && move.place_ids)
    .map((move) => t('taken.contested', { places: placesText(splitIds(move.place_ids)), dates: moveDates(move) }));
  if (!taken.length) return [t(moves.some((move) => move.to_controller) ? 'taken.small' : 'taken.none'), ...fought.slice(0, 2)];
  const said = taken.slice(0, 2).map(([from, to, , area, low, high]) =>
    t('taken.row', { figure: aboutText(area, low, high), from: holderName(from), to: holderName(to) }));
  const named = [...new Set(moves.filter((move) => move.to_controller).flatMap((move) => splitIds(move.place_ids)))];
  if (taken.length > 2) said.push(t('taken.rest', { number: numberText(sumOf(taken.slice(2), 'taken')), count: taken.length - 2 }));
  if (named.length) said.push(t('taken.named', { places: placesText(named, 3), count: named.length }));
  if (taken[0][4] == null) said.push(t('no.band'));
  return said;
}

function knownText() {
  const { rows } = toldChange();
  const [known, lost, shared] = ['became known', 'became unknown', 'contested'].map((effect) => sumOf(rows, effect));
  const to = worthTelling(rows.filter((row) => row[2] === 'became known')).slice(0, 2);
  const said = to.map((row) => t('known.row', { number: numberText(row[3]), to: holderName(row[1]) }));
  if (lost >= 0.5) said.push(t('known.lost', { number: numberText(lost) }));
  if (shared >= 0.5) said.push(t('known.shared', { number: numberText(shared) }));
  if (known >= 0.5 || lost >= 0.5) said.push(t('known.nobody'));
  return said.length ? said : [t('known.none')];
}

/** What is small beside the rest needs no sentence. */
const worthTelling = (rows) => rows.filter((row) => row[3] >= Math.max(1, 0.02 * Math.max(...rows.map((one) => one[3]))));

function correctedText() {
  const redrawn = worthTelling(toldChange().rows.filter((row) => row[2] === 'redrawn')).slice(0, 2);
  const said = redrawn.map(([from, to, , area, low, high]) =>
    t('corrected.row', { figure: aboutText(area, low, high), from: holderName(from), to: holderName(to) }));
  return said.length ? [...said, t('corrected.nobody')] : [t('corrected.none')];
}

function stakeText() {
  const { hold } = toldChange();
  if (!hold) return null;
  const place = bestKnown(hold.places);
  const values = {
    side: actorName(hold.sides[0]), ground: place ? t('stake.round', { place: placeName(place) }) : t('stake.ground'),
    km2: numberText(hold.km2), width: widthText(hold), share: hold.joined == null ? '' : numberText(Math.round((1 - hold.joined) * 100)),
  };
  if (hold.joined == null) return [t('stake.drawn', values)];
  return [t(hold.joined >= 0.5 ? 'stake.joined' : 'stake.cut', values)];
}

/** How many days a word on a place counts for what the picture rests on. */
const RESTS_DAYS = 31;

/** On what the picture of a date rests where ground changed: sources by how many places they speak for. */
function sourcesNear(first, last) {
  const box = storyBounds();
  const counts = new Map();
  const latest = new Map();
  for (const said of Object.values(DATA.statements)) {
    const spot = PLACES.get(said.place_id)?.lonlat;
    const day = toDay(said.date);
    if (!spot || day > last || day < first || !box.contains([spot[1], spot[0]])) continue;
    const known = latest.get(said.place_id);
    const ids = splitIds(said.source_ids);
    if (!known || day > known.day) latest.set(said.place_id, { day, ids: new Set(ids) });
    else if (day === known.day) ids.forEach((id) => known.ids.add(id));
  }
  // A place of which several speak counts a part for each.
  for (const { ids } of latest.values()) for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1 / ids.size);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function restsText() {
  const { moves } = toldChange();
  const before = sourcesNear(store.days[state.dateBefore] - RESTS_DAYS, store.days[state.dateBefore]);
  const total = before.reduce((sum, [, count]) => sum + count, 0);
  const said = [];
  if (total && before[0][1] * 3 >= total && before[0][1] >= 2 * (before[1]?.[1] ?? 0)) {
    const source = DATA.sources[before[0][0]] ?? {};
    said.push(t(source.published ? 'rests.dated' : 'rests.undated', {
      publisher: source.publisher ?? before[0][0], date: isoText(source.published), share: percent(before[0][1] / total),
    }));
  } else if (total) said.push(t('rests.several', { count: before.length }));
  else said.push(t('rests.nothing'));
  const ids = [...new Set(moves.flatMap((move) => splitIds(move.source_ids)))];
  const publishers = new Set(ids.map((id) => DATA.sources[id]?.publisher ?? id));
  if (ids.length) said.push(t('rests.moves', { count: ids.length, publishers: t('rests.publishers', { count: publishers.size }) }));
  return said;
}

/** The parts of the story in order: [kind, sentences]. */
const storyParts = () => [
  ['taken', takenText()], ['known', knownText()], ['corrected', correctedText()], ['stake', stakeText()], ['rests', restsText()],
].filter(([, said]) => said);

function storyItem([kind, said]) {
  return el('li', { class: `part ${kind}` }, el('h3', null, t(`part.${kind}`)), el('p', null, foreign(said.map(sentence).join(' '))));
}

let storyDrawn = '';

/** Composed anew whenever the dates or the language are others. */
function drawStory() {
  if (state.mode !== 'story') return;
  const of = [toldChange().of, state.before, state.after, language].join();
  if (of === storyDrawn) return;
  storyDrawn = of;
  byId('headline').replaceChildren(foreign(storyHeadline()));
  const own = ownWords();
  byId('own').hidden = !own;
  if (own) byId('own-text').replaceChildren(passage('p', null, own));
  byId('parts').replaceChildren(...storyParts().map(storyItem));
  for (const which of ['before', 'after']) {
    const day = state[which];
    byId(`panel-${which}`).dir = ways().direction;
    byId(`panel-${which}`).replaceChildren(
      el('strong', null, `${sentence(t(which))}: `, foreign(dateText(day))),
      el('span', null, store.days[store.index(day)] === day ? t('own.layer') : foreign(asOfText(day))));
  }
  drawStoryKey();
}

const keyItem = (picture, name) => el('li', null, picture, el('span', null, foreign(name)));

/** The marks that the two panels have beside ground and fronts. */
function storyMarks() {
  const { arrow, hold, rings, rows } = toldChange();
  const taken = sumOf(rows, 'taken') > 0;
  return [
    rings.length ? keyItem(markSwatch(taken ? 'taken' : 'picture'), t(taken ? 'story.outline' : 'story.picture')) : null,
    arrow ? keyItem(markSwatch('arrow', arrow.side), t(arrow.told ? 'story.arrow.told' : 'story.arrow')) : null,
    ...(hold ? [keyItem(markSwatch('pocket'), t('story.pocket')), keyItem(markSwatch('neck'), t('story.neck'))] : []),
  ].filter(Boolean);
}

/** Only what the two panels show: every holder of either date. */
function drawStoryKey() {
  const seen = new Set([state.dateBefore, state.dateAfter].flatMap((date) => [...store.totals(date)].filter(([, area]) => area > NONE_SHARE).map(([holder]) => holder)));
  const items = HOLDERS.filter((holder) => seen.has(holder)).map((holder) => keyItem(makeHolderSwatch(holder), holderName(holder)));
  const side = HOLDERS.find((holder) => has(DATA.colors, holder));
  const sure = new Set(store.labels.filter((label) => label.status === 'controlled').map((label) => keyOf(textureOf(label))));
  if (side && sure.size > 1) items.push(keyItem(sureSwatch(side), t('story.sure')));
  items.push(keyItem(markSwatch('front'), t('story.front')));
  byId('story-key').replaceChildren(...items, ...storyMarks());
}

/** Frame the two panels on what changed. */
function frameStory() {
  map.fitBounds(storyBounds(), { paddingTopLeft: [10, 40], paddingBottomRight: [10, 10], maxZoom: 12, animate: false });
}

/** From whom to whom ground went between the two dates at a position; null where nothing changed. */
function changeAt({ lng, lat }) {
  const held = [state.dateBefore, state.dateAfter].map((date) => {
    const face = store.faceAt(lng, lat, date);
    return face < 0 ? null : store.label(face, date).holder;
  });
  return held[0] !== held[1] && held.every((one) => one != null) ? held : null;
}

/** Ground that changed: who has it from whom, and every row of the ledger that speaks of such ground; moves first. */
function changeCard(latlng) {
  const pair = changeAt(latlng);
  if (!pair) return groundCard(latlng.lng, latlng.lat, state.after);
  const [from, to] = pair;
  const fits = (cell, holder) => (has(DATA.colors, holder) ? !cell || sideOf(cell) === holder : !cell);
  const rows = ledgerBetween().filter((row) => fits(row.from_controller, from) && fits(row.to_controller, to));
  const [moves, picture] = [rows.filter((row) => MOVES.has(row.kind)), rows.filter((row) => !MOVES.has(row.kind))];
  return el('div', { class: 'card' },
    el('h2', null, sideDot(to), foreign(holderName(to)), ' ', el('span', { class: 'quiet' }, t('from')), ' ', sideDot(from), foreign(holderName(from))),
    el('p', { class: 'quiet' }, t('between', { before: dateText(state.before), after: dateText(state.after) })),
    moves.length ? el('ul', { class: 'ledger' }, moves.map(ledgerItem)) : el('p', null, t('taken.unsaid')),
    folded(t('changed.drawn'), picture, ledgerItem, { kind: 'ledger', open: !moves.length }),
    el('h3', null, t('history')), historyList(latlng.lng, latlng.lat));
}

/** The same in the side panel; one date alone tells no story. */
function panelStory() {
  if (state.mode === 'one') return [];
  const own = ownWords();
  return [section('h-summary', t('what.happened'), el('p', { class: 'lead' }, foreign(storyHeadline())),
    own ? passage('p', null, own) : null,
    folded(t('story.sentences'), storyParts(), storyItem, { kind: 'parts' }))];
}
