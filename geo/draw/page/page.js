// The page: its state, the map, the divider, cards, links and pictures; the start is at the end.

const MODES = ['swipe', 'one', 'change'];
const WINDOWS = [3, 7, 15, 31];
// Inside a notebook's frame the address is the notebook's, not ours to write.
const CAN_LINK = window.location.protocol !== 'about:';
const map = window.map_frontline;

const state = {
  mode: 'swipe',
  before: toDay(DATA.before),
  after: toDay(DATA.after),
  dateBefore: 0,
  dateAfter: 0,
  split: 0.5,
  window: 7,
  show: { control: true, fronts: true, events: true, places: true, borders: true, roads: true, doubt: true, sidePatterns: false },
  hidden: new Set(), // kinds of events that are switched off
  selected: null,
  hot: null, // the transfer that a row of the table points out
  near: null, // the neck that one points at
  measure: null,
  keys: true,
};
if (DATA.tiles) state.show.tiles = true;
if (DATA.corridors) state.show.corridors = false;
if (DATA.whatIf) state.show.whatIf = true;

let store;
let painter;
let HOLDERS = [];
let layers = [];
// The open card: what makes its content anew when the date changes, and what holds it.
let card = null;

const byId = (id) => document.getElementById(id);
const say = (text) => { byId('said').textContent = text; };

// What is near a date.

const eventSpan = (event) => [toDay(event.event_date), toDay(event.end_date ?? event.event_date)];

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
    return { ...spot, kind: eventKind(lead.event_type) };
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

function scenes() {
  const shared = { show: state.show, selected: state.selected, hot: state.hot, near: state.near, measure: state.measure, keyPlaces: keyPlaces() };
  const control = (date, day, side) => ({ ...shared, kind: 'control', side, date, dots: dotsOf(eventsNear(day, day)) });
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
  if (state.mode === 'change') return eventsNear(state.before, state.after);
  return [...new Set([...eventsNear(state.before, state.before), ...eventsNear(state.after, state.after)])];
};

// The map: one canvas a side of the divider, in panes that are clipped, never repainted, by a drag.

const CanvasLayer = L.Layer.extend({
  initialize(pane) {
    L.setOptions(this, { pane });
  },
  onAdd() {
    this.canvas = el('canvas', { class: 'leaflet-zoom-animated' });
    this.getPane().append(this.canvas);
  },
  onRemove() {
    this.canvas.remove();
  },
  getEvents() {
    return { zoomanim: this._animate };
  },
  _animate(event) {
    const scale = this._map.getZoomScale(event.zoom, this.view.zoom);
    L.DomUtil.setTransform(this.canvas, this._map._latLngToNewLayerPoint(this.corner, event.zoom, event.center), scale);
  },
  draw(scene) {
    const size = this._map.getSize();
    const margin = size.multiplyBy(0.08).round();
    const corner = this._map.containerPointToLayerPoint(margin.multiplyBy(-1)).round();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [size.x + 2 * margin.x, size.y + 2 * margin.y];
    const { canvas } = this;
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    L.DomUtil.setTransform(canvas, corner, 1);
    L.DomUtil.setPosition(canvas, corner);
    this.corner = this._map.layerPointToLatLng(corner);
    const origin = this._map.getPixelOrigin();
    const view = this.view = {
      zoom: this._map.getZoom(), x0: origin.x + corner.x, y0: origin.y + corner.y, width, height, ratio,
      marginX: margin.x, marginY: margin.y,
    };
    // In a comparison mostly one side changes; the other keeps its picture.
    const dots = scene.dots.map((dot) => dot.events.map((event) => event.id));
    const signature = JSON.stringify([view, { ...scene, dots, keyPlaces: [...scene.keyPlaces] }, language]);
    if (signature !== this.painted) painter.paint(canvas.getContext('2d'), view, scene);
    this.painted = signature;
  },
});

function clipPanes() {
  const size = map.getSize();
  const corner = map.containerPointToLayerPoint([0, 0]);
  const swipe = state.mode === 'swipe';
  const middle = corner.x + size.x * state.split;
  const box = (left, right) => `polygon(${[[left, corner.y], [right, corner.y], [right, corner.y + size.y], [left, corner.y + size.y]]
    .map(([x, y]) => `${x.toFixed(1)}px ${y.toFixed(1)}px`).join(',')})`;
  map.getPane('frontline-0').style.clipPath = swipe ? box(corner.x, middle) : 'none';
  map.getPane('frontline-1').style.clipPath = swipe ? box(middle, corner.x + size.x) : 'none';
  map.getPane('frontline-1').style.display = swipe ? '' : 'none';
  const over = byId('over');
  over.style.width = `${size.x}px`;
  over.style.height = `${size.y}px`;
  L.DomUtil.setPosition(over, corner);
}

function drawMap() {
  scenes().forEach((scene, i) => layers[i].draw(scene));
  clipPanes();
}

/** What is drawn has changed: paint the map once, at the next frame. */
let queued = 0;
function queueMap() {
  if (!queued) queued = requestAnimationFrame(() => { queued = 0; drawMap(); });
}

function update() {
  state.dateBefore = Math.max(0, store.index(state.before));
  state.dateAfter = Math.max(0, store.index(state.after));
  document.body.dataset.mode = state.mode;
  queueMap();
  drawPanel(eventsShown());
  drawTime();
  drawDivider();
  drawTiles();
  announce();
  for (const mode of MODES) byId(`mode-${mode}`).setAttribute('aria-pressed', String(mode === state.mode));
  card?.renew();
  writeLink();
}

/** Tell those who do not see the map which date it shows and who holds how much, once it rests. */
let announced = '';
let announcing = 0;
function announce() {
  const key = [state.mode, state.mode === 'one' ? '' : state.before, state.after, language].join();
  const first = announced === '';
  if (key === announced) return;
  announced = key;
  window.clearTimeout(announcing);
  if (first) return;
  announcing = window.setTimeout(() => {
    const sums = store.totals(state.dateAfter);
    const parts = HOLDERS.filter((holder) => sums.get(holder)).map((holder) => `${holderName(holder)} ${km2(sums.get(holder))} ${t('km2')}`);
    say(`${state.mode === 'change' ? sceneTitle(scenes()[0]) : onDay(state.after)}: ${listed(parts)}`);
  }, 500);
}

function setMode(mode) {
  state.mode = mode;
  state.hot = null;
  update();
}

// Online tiles, where the page was made with some: below everything, and only while they are on.

let tiles = null;
function drawTiles() {
  if (!DATA.tiles) return;
  if (!tiles) {
    map.createPane('frontline-tiles').style.zIndex = 250;
    tiles = L.tileLayer(DATA.tiles.url, { pane: 'frontline-tiles', maxZoom: 15 });
    byId('tiles-note').replaceChildren(foreign(DATA.tiles.attribution));
  }
  if (state.show.tiles) tiles.addTo(map);
  else tiles.remove();
  byId('tiles-note').hidden = !state.show.tiles;
}

// The divider.

function drawDivider() {
  const divider = byId('divider');
  divider.style.left = `${state.split * 100}%`;
  divider.setAttribute('aria-valuenow', Math.round(state.split * 100));
  divider.setAttribute('aria-valuetext', t('divider.text', { share: Math.round(state.split * 100), date: dateText(state.before) }));
  const badge = (id, day, text = dateText(day, { short: true })) => byId(id).replaceChildren(
    el('strong', null, foreign(text)), store.days[store.index(day)] === day ? '' : el('span', null, foreign(asOfText(day))));
  badge('badge-before', state.before);
  badge('badge-after', state.after);
  badge('badge-one', state.after, state.mode === 'change'
    ? t('gained.between', { before: dateText(state.before, { short: true }), after: dateText(state.after, { short: true }) })
    : dateText(state.after));
}

/** As exact as a link writes it, so that the link brings back the same picture. */
const roundSplit = (share) => Math.round(Math.min(1, Math.max(0, share)) * 1e4) / 1e4;

function setSplit(share) {
  state.split = roundSplit(share);
  drawDivider();
  clipPanes();
  writeLink();
}

function prepareDivider() {
  // In a pane of the map, so that cards lie above it; held still while the map moves.
  const divider = byId('divider');
  const over = byId('over');
  map.createPane('frontline-over').append(over);
  L.DomEvent.disableClickPropagation(divider);
  const follow = (event) => {
    const box = byId('stage').getBoundingClientRect();
    setSplit((event.clientX - box.left) / box.width);
  };
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    divider.addEventListener('pointermove', follow);
    event.preventDefault();
    divider.focus({ preventScroll: true });
  });
  for (const type of ['pointerup', 'pointercancel']) {
    divider.addEventListener(type, () => divider.removeEventListener('pointermove', follow));
  }
  divider.addEventListener('keydown', (event) => {
    event.stopPropagation();
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };
    if (!has(steps, event.key)) return;
    event.preventDefault();
    setSplit(state.split + steps[event.key]);
  });
}

// Cards.

const narrow = () => window.matchMedia('(max-width: 800px)').matches;

/** Show a card at a position: beside it, or from the lower edge where there is no room. */
function openCard(lonlat, maker, { focus = false, radius = 0, what = null, chains = null, corridor = null } = {}) {
  closeCard();
  state.selected = { lonlat, radius, what, chains, corridor };
  card = narrow() ? drawerCard(maker) : popupCard(lonlat, maker);
  card.renew();
  if (focus) card.body.focus({ preventScroll: true });
  queueMap();
  writeLink();
}

function closeCard() {
  const open = card;
  card = null;
  state.selected = null;
  open?.close();
  queueMap();
  if (open) writeLink();
}

function drawerCard(maker) {
  const drawer = byId('drawer');
  const body = byId('drawer-body');
  drawer.hidden = false;
  body.scrollTop = 0;
  return { body, renew: () => body.replaceChildren(maker()), close: () => { drawer.hidden = true; } };
}

function popupCard(lonlat, maker) {
  const size = map.getSize();
  const popup = L.popup({
    maxWidth: Math.min(360, size.x - 120), minWidth: 260, maxHeight: Math.max(160, size.y * 0.62),
    autoPanPaddingTopLeft: [56, 12], autoPanPaddingBottomRight: [56, 12], className: 'card-popup',
  }).setLatLng([lonlat[1], lonlat[0]]).setContent(maker());
  popup.openOn(map);
  popup.options.autoPan = false; // It must not pull the map about when the date changes.
  const close = popup.getElement().querySelector('.leaflet-popup-close-button');
  close.setAttribute('aria-label', t('close'));
  close.removeAttribute('href'); // A button, not a way to another part of the page.
  close.tabIndex = 0;
  close.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    close.click();
  });
  const body = popup.getElement().querySelector('.leaflet-popup-content');
  body.setAttribute('tabindex', '0');
  body.setAttribute('role', 'group');
  body.setAttribute('aria-label', t('card'));
  popup.on('remove', () => { if (card?.popup === popup) closeCard(); });
  return { popup, body, renew: () => popup.setContent(maker()), close: () => popup.remove() };
}

function goTo(lonlat) {
  const zoom = Math.max(map.getZoom(), 9);
  map.setView([lonlat[1], lonlat[0]], zoom, { animate: false });
}

const cardDay = () => (state.mode === 'swipe' && state.split > 0.98 ? state.before : state.after);

function openPlace(place, { move = true } = {}) {
  if (!place.lonlat) return openDialog(nameOf(place, place.id), placeCard(place, cardDay()));
  if (move) goTo(place.lonlat);
  return openCard(place.lonlat, () => placeCard(place, cardDay()), { focus: move, radius: place.geo_radius_m ?? 0, what: `p:${place.id}` });
}

function openEvent(event) {
  if (!event.lonlat) return openDialog(eventTitle(event), eventsCard([event]));
  goTo(event.lonlat);
  return openCard(event.lonlat, () => eventsCard([event]), { focus: true, radius: event.geo_radius_m ?? 0, what: `e:${event.id}` });
}

const openGround = (lon, lat, day) => openCard([lon, lat], () => groundCard(lon, lat, day ?? cardDay()), { what: `g:${lon.toFixed(5)},${lat.toFixed(5)}` });

function openFront(front, lonlat, day, { focus = false } = {}) {
  return openCard(lonlat, () => frontCard(front, day), { focus, chains: front.chains, what: `f:${lonlat.map((v) => v.toFixed(5)).join()}` });
}

/** The stretch of front within some pixels of a point of the screen. */
function frontNear(point, date, reach = 7) {
  let best = null;
  for (const front of frontLines(date)) {
    for (const chain of front.chains) {
      const spots = store.positions(chain).map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
      for (let i = 1; i < spots.length; i++) {
        const away = L.LineUtil.pointToSegmentDistance(point, spots[i - 1], spots[i]);
        if (away <= reach && away < (best?.away ?? Infinity)) best = { away, front: { ...front, chains: [chain] } };
      }
    }
  }
  return best?.front;
}

/** Open again what a link speaks of. */
function openWhat(what) {
  const [kind, rest] = [what.slice(0, 1), what.slice(2)];
  if (kind === 'p' && PLACES.has(rest)) return openPlace(PLACES.get(rest), { move: false });
  if (kind === 'e') {
    const event = DATA.events.find((one) => one.id === rest && one.lonlat);
    return event && openCard(event.lonlat, () => eventsCard([event]), { radius: event.geo_radius_m ?? 0, what });
  }
  const [lon, lat] = rest.split(',').map(Number);
  if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 85)) return null;
  if (kind === 'g') return openGround(lon, lat);
  const neck = kind === 'k' && state.show.corridors && corridorNear(map.latLngToContainerPoint([lat, lon]), state.dateAfter);
  if (neck) return openCorridor(neck);
  const front = kind === 'f' && frontNear(map.latLngToContainerPoint([lat, lon]), state.dateAfter);
  return front ? openFront(front, [lon, lat], state.after) : null;
}

function openActor(actor) {
  const notes = [actor.kind, actor.side && actor.side !== actor.id ? actorName(actor.side) : null].filter(Boolean).join(' · ');
  openDialog(nameOf(actor, actor.id), el('div', { class: 'card' },
    el('p', { class: 'quiet' }, sideDot(sideOf(actor.id)), foreign(notes)),
    el('dl', null, row(t('also'), actor.alternatenames ? foreign(listed(splitIds(actor.alternatenames))) : '')),
    actor.notes ? passage('p', null, actor.notes) : null));
}

function openDialog(title, ...content) {
  const dialog = byId('dialog');
  byId('dialog-title').replaceChildren(foreign(title));
  byId('dialog-body').replaceChildren(...content);
  if (!dialog.open) dialog.showModal();
  byId('dialog-title').focus();
}

function openAbout() {
  const theatre = DATA.theatre;
  const licence = el('details', null, el('summary', null, t('about.licence')), el('pre', { dir: 'ltr' }, byId('licence').textContent));
  openDialog(t('tool.about'), el('div', { class: 'card' },
    el('p', null, t('method')), el('p', null, t('about.time')), el('p', null, t('about.numbers')), DATA.bands ? el('p', null, t('band.means')) : null,
    theatre.note ? passage('p', null, theatre.note) : null,
    theatre.attribution ? passage('p', null, theatre.attribution) : null,
    el('p', { class: 'quiet' }, t('about.made', { version: DATA.version, layers: store.days.length, events: DATA.events.length, sources: Object.keys(DATA.sources).length })),
    licence));
}

/** What lies under a point of the screen: an event, else a place, a front, the ground. */
function clickAt(point, latlng) {
  if (state.measure) return addMeasure(latlng);
  const all = scenes();
  const right = all.length > 1 && point.x > map.getSize().x * state.split;
  const scene = all[right ? 1 : 0];
  const day = all.length > 1 && !right ? state.before : state.after;
  const near = (items, reach) => {
    let best = null;
    for (const item of items) {
      if (!item.lonlat) continue;
      const away = map.latLngToContainerPoint([item.lonlat[1], item.lonlat[0]]).distanceTo(point);
      if (away <= reach && away < (best?.away ?? Infinity)) best = { item, away };
    }
    return best?.item;
  };
  const dot = state.show.events && near(scene.dots, 14);
  if (dot) {
    const radius = Math.max(...dot.events.map((event) => event.geo_radius_m ?? 0));
    return openCard(dot.lonlat, () => eventsCard(dot.events), { radius, what: `e:${dot.events[0].id}` });
  }
  const neck = state.show.corridors && corridorNear(point, Math.max(0, store.index(day)));
  if (neck) return openCorridor(neck);
  const limit = map.getZoom() < 8.4 ? 2 : 4;
  const place = state.show.places && near(DATA.places.filter((p) => scene.keyPlaces.has(p.id) || placeRank(p.kind) <= limit), 10);
  if (place) return openCard(place.lonlat, () => placeCard(place, day), { radius: place.geo_radius_m ?? 0, what: `p:${place.id}` });
  const front = state.show.fronts && frontNear(point, Math.max(0, store.index(day)));
  if (front) return openFront(front, [latlng.lng, latlng.lat], day);
  return openGround(latlng.lng, latlng.lat, day);
}

// Links: the view is in the address, so that it can be sent.

function linkText() {
  const centre = map.getCenter();
  const shown = Object.keys(state.show).filter((name) => state.show[name]).join('.');
  const parts = {
    d: toIso(state.after), c: toIso(state.before), m: state.mode, x: state.split.toFixed(4),
    v: `${map.getZoom()}/${centre.lat.toFixed(6)}/${centre.lng.toFixed(6)}`, w: state.window, l: shown, lang: language,
  };
  if (state.hidden.size) parts.h = [...state.hidden].sort().join('.');
  if (state.measure) parts.r = state.measure.map((point) => point.join()).join(';');
  if (state.selected?.what) parts.s = encodeURIComponent(state.selected.what);
  if (!state.keys) parts.q = 0;
  return `#${Object.entries(parts).map(([key, value]) => `${key}=${value}`).join('&')}`;
}

let linkTimer = 0;
function writeLink() {
  if (!CAN_LINK || !store) return;
  window.clearTimeout(linkTimer);
  linkTimer = window.setTimeout(() => window.history.replaceState(null, '', linkText()), 200);
}

function readLink() {
  if (!CAN_LINK || window.location.hash.length < 2) return null;
  const given = new URLSearchParams(window.location.hash.slice(1));
  const day = (text) => (/^\d{4}-\d\d-\d\d$/.test(text ?? '') ? Math.min(axisLast, Math.max(axisFirst, toDay(text))) : null);
  state.after = day(given.get('d')) ?? state.after;
  state.before = Math.min(day(given.get('c')) ?? state.before, state.after);
  if (MODES.includes(given.get('m'))) state.mode = given.get('m');
  if (given.has('x') && given.get('x') >= 0 && given.get('x') <= 1) [state.split, state.splitGiven] = [roundSplit(+given.get('x')), true];
  if (WINDOWS.includes(+given.get('w'))) state.window = +given.get('w');
  if (given.has('l')) {
    const shown = given.get('l').split('.');
    for (const name of Object.keys(state.show)) state.show[name] = shown.includes(name);
  }
  if (has(WORDS, given.get('lang'))) language = given.get('lang');
  state.hidden = new Set((given.get('h') ?? '').split('.').filter((kind) => EVENT_KINDS.includes(kind)));
  if (given.has('r')) {
    const points = given.get('r').split(';').map((pair) => pair.split(',').map(Number));
    state.measure = points.filter((p) => p.length === 2 && Math.abs(p[0]) <= 180 && Math.abs(p[1]) <= 85).slice(0, 500);
  }
  state.keys = given.get('q') !== '0';
  state.linked = given.get('s');
  const view = (given.get('v') ?? '').split('/').map(Number);
  return view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) <= 90 ? view : null;
}

async function copyLink() {
  window.history.replaceState(null, '', linkText());
  try {
    await navigator.clipboard.writeText(window.location.href);
    say(t('copied'));
  } catch {
    say(t('copy.failed'));
  }
}

// Start.

function drawWords() {
  document.documentElement.lang = language;
  document.documentElement.dir = ways().direction;
  byId('language').textContent = WORDS[nextLanguage()].language.name;
  for (const node of document.querySelectorAll('[data-t]')) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll('[data-t-label]')) node.setAttribute('aria-label', t(node.dataset.tLabel));
  for (const node of document.querySelectorAll('[data-t-title]')) node.title = t(node.dataset.tTitle);
  for (const node of document.querySelectorAll('[data-t-hint]')) node.setAttribute('placeholder', t(node.dataset.tHint));
  byId('title').replaceChildren(foreign(nameOf(DATA.theatre, '')));
  document.title = nameOf(DATA.theatre, '');
  const container = map.getContainer();
  container.setAttribute('role', 'region');
  container.setAttribute('aria-label', t('map.label'));
  container.setAttribute('dir', 'ltr');
  for (const [name, word] of [['in', 'zoom.in'], ['out', 'zoom.out']]) {
    const button = container.querySelector(`.leaflet-control-zoom-${name}`);
    button.title = t(word);
    button.setAttribute('aria-label', t(word));
  }
}

function setLanguage() {
  language = nextLanguage();
  closeCard();
  searchIndex = null;
  drawWords();
  drawMeasure();
  update();
}

/** At first the divider runs through the ground that changed, where there is any. */
function splitThroughChange() {
  const from = store.values(state.dateBefore, (label) => label.holder);
  const to = store.values(state.dateAfter, (label) => label.holder);
  let [west, east] = [Infinity, -Infinity];
  if (!store.comparable(state.dateBefore, state.dateAfter)) return;
  for (const arc of store.arcsOf[store.epochOf[state.dateAfter]]) {
    const changed = [store.left[arc], store.right[arc]].some((face) => face >= 0 && from[face] !== to[face]);
    if (!changed) continue;
    for (let i = store.offsets[arc]; i < store.offsets[arc + 1]; i++) {
      west = Math.min(west, store.lon[i]);
      east = Math.max(east, store.lon[i]);
    }
  }
  if (west > east) return;
  const { x } = map.latLngToContainerPoint([map.getCenter().lat, (west + east) / 2]);
  state.split = roundSplit(Math.min(0.8, Math.max(0.2, x / map.getSize().x)));
}

function prepareMap(view) {
  for (const i of [0, 1]) {
    map.createPane(`frontline-${i}`).style.zIndex = 300 + i;
    layers.push(new CanvasLayer(`frontline-${i}`));
  }
  const [west, south, east, north] = store.bounds;
  const bounds = L.latLngBounds([[south, west], [north, east]]);
  if (view) map.setView([view[1], view[2]], Math.min(15, Math.max(5, view[0])), { animate: false });
  else {
    map.fitBounds(bounds, { padding: [6, 6], animate: false });
    state.dateBefore = store.index(state.before);
    state.dateAfter = store.index(state.after);
    if (!state.splitGiven) splitThroughChange();
  }
  map.setMaxBounds(bounds.pad(0.9));
  map.setMinZoom(Math.max(2, Math.floor(map.getBoundsZoom(bounds)) - 1));
  layers.forEach((layer) => layer.addTo(map));
  L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 110 }).addTo(map);
  map.on('moveend zoomend resize viewreset', () => { drawMap(); writeLink(); });
  map.on('move', clipPanes);
  if (DATA.corridors) map.on('mousemove', hoverCorridor);
  map.on('click', (event) => clickAt(event.containerPoint, event.latlng));
  map.getContainer().addEventListener('pointerdown', () => byId('stage').classList.remove('keys'));
  map.getContainer().addEventListener('keydown', (event) => {
    byId('stage').classList.add('keys');
    if (event.key === 'Backspace' && state.measure?.length) undoMeasure();
    if (event.key !== 'Enter' || event.target !== map.getContainer()) return;
    event.preventDefault();
    const centre = map.getCenter();
    clickAt(map.latLngToContainerPoint(centre), centre);
    card?.body.focus({ preventScroll: true });
  });
}

function prepareControls() {
  for (const mode of MODES) {
    byId(`mode-${mode}`).addEventListener('click', () => setMode(mode));
  }
  byId('language').addEventListener('click', setLanguage);
  byId('drawer-close').addEventListener('click', closeCard);
  document.addEventListener('keydown', (event) => { 
    if (event.key !== 'Escape' || byId('dialog').open) return;
    if (state.measure && !card) toggleMeasure();
    else closeCard();
  });
  byId('dialog-close').addEventListener('click', () => byId('dialog').close());
  byId('dialog').addEventListener('click', (event) => { if (event.target === byId('dialog')) byId('dialog').close(); });
  window.addEventListener('beforeprint', printSheet);
  new ResizeObserver(() => { measureAxis(); drawTime(); }).observe(byId('chart').parentElement);
}

async function start() {
  if (typeof DecompressionStream === 'undefined' || !HTMLElement.prototype.replaceChildren) {
    drawWords();
    byId('fault').textContent = t('old.browser');
    byId('fault').hidden = false;
    return;
  }
  store = await Store.open(byId('store').textContent);
  painter = new Painter(store);
  HOLDERS = holderOrder();
  prepareTime();
  const view = readLink();
  drawWords();
  prepareMap(view);
  prepareDivider();
  prepareControls();
  prepareSearch();
  prepareMeasure();
  prepareHelp();
  measureAxis();
  update();
  drawMeasure();
  if (state.linked) openWhat(state.linked);
  drawMap();
  document.body.dataset.ready = 'yes';
}

start().catch((error) => {
  byId('fault').textContent = `${t('fault')} ${error.message}`;
  byId('fault').hidden = false;
  throw error;
});
