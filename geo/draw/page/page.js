// The page: its state, the map and the divider; the start is at the end.

const MODES = ['story', 'swipe', 'one', 'change'];
const WINDOWS = [3, 7, 15, 31];
// Inside a notebook's frame the address is the notebook's, not ours to write.
const CAN_LINK = window.location.protocol !== 'about:';
const map = window.map_frontline;

const state = {
  mode: 'story',
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
if (DATA.reliefs) state.show.relief = true;
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

// The map: one canvas a side of the divider, in panes that are clipped, never repainted, by a drag.

const MapSide = CanvasLayer.extend({
  /** In a comparison mostly one side changes; the other keeps its picture. */
  paint(ctx, scene) {
    const dots = scene.dots.map((dot) => dot.events.map((event) => event.id));
    const signature = JSON.stringify([this.view, { ...scene, dots, keyPlaces: [...scene.keyPlaces] }, language]);
    if (signature !== this.painted) painter.paint(ctx, this.view, scene);
    this.painted = signature;
  },
});

function clipPanes() {
  const size = map.getSize();
  const corner = map.containerPointToLayerPoint([0, 0]);
  const { mode } = state;
  const middle = corner.x + size.x * state.split;
  const right = corner.x + size.x;
  const box = (from, to) => `polygon(${[[from, corner.y], [to, corner.y], [to, corner.y + size.y], [from, corner.y + size.y]]
    .map(([x, y]) => `${x.toFixed(1)}px ${y.toFixed(1)}px`).join(',')})`;
  const whole = box(corner.x, right);
  const [one, two] = mode === 'swipe' ? [box(corner.x, middle), box(middle, right)] : mode === 'story' ? [whole, whole] : ['none', 'none'];
  const second = map.getPane('frontline-1').style;
  map.getPane('frontline-0').style.clipPath = one;
  second.clipPath = two;
  second.display = mode === 'swipe' || mode === 'story' ? '' : 'none';
  second.transform = mode === 'story' ? `translate(${panelShift().map((v) => `${v}px`).join()})` : '';
  const over = byId('over');
  over.style.width = `${size.x}px`;
  over.style.height = `${size.y}px`;
  L.DomUtil.setPosition(over, corner);
  byId('divider-bar').style.height = `${size.y}px`;
  byId('divider-bar').hidden = mode !== 'swipe';
  L.DomUtil.setPosition(byId('divider-bar'), L.point(middle, corner.y));
}

/** In a swipe the names lie on a layer of their own above both halves, so that none is cut. */
function drawMap() {
  shown = scenes();
  const apart = state.mode === 'swipe';
  clipPanes();
  drawLocator();
  shown.forEach((scene, i) => layers[i].draw(apart ? { ...scene, names: 'none' } : { ...scene, keep: coveredBoxes(i === 1) }));
  map.getPane('frontline-2').style.display = apart ? '' : 'none';
  if (apart) layers[2].draw(namesScene(shown));
}

/** What is drawn has changed: paint the map once, at the next frame. */
let queued = 0;
function queueMap() {
  if (!queued) queued = requestAnimationFrame(() => { queued = 0; drawMap(); });
}

let updating = false;

function update() {
  updating = true;
  state.dateBefore = Math.max(0, store.index(state.before));
  state.dateAfter = Math.max(0, store.index(state.after));
  showMode();
  if (card) placeDrawer();
  queueMap();
  drawPanel(eventsShown());
  drawTime();
  drawDivider();
  drawTiles();
  drawTour();
  announce();
  for (const mode of MODES) byId(`mode-${mode}`).setAttribute('aria-pressed', String(mode === state.mode));
  card?.renew();
  writeLink();
  updating = false;
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
  if (first || stopAt !== null) return; // A stop of the tour says more.
  announcing = window.setTimeout(() => {
    const sums = store.totals(state.dateAfter);
    const parts = HOLDERS.filter((holder) => sums.get(holder)).map((holder) => `${holderName(holder)} ${km2(sums.get(holder))} ${t('km2')}`);
    say(`${state.mode === 'change' ? sceneTitle(scenes()[0]) : onDay(state.after)}: ${listed(parts)}`);
  }, 500);
}

/** The page's parts of a view; in the opening other dates are other ground to look at. */
let framed = '';
function showMode() {
  const from = document.body.dataset.mode;
  document.body.dataset.mode = state.mode;
  drawStory();
  fitBox();
  if (state.mode === 'swipe' && from === 'story') splitThroughChange();
  const pair = [state.dateBefore, state.dateAfter].join();
  if (state.mode !== 'story' || framed === pair || playing) return;
  if (framed || !state.viewGiven) frameStory();
  framed = pair;
}

function setMode(mode) {
  leaveTour();
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
    byId('map-note').replaceChildren(foreign(DATA.tiles.attribution));
  }
  const shown = state.show.tiles && state.mode !== 'story'; // The opening has two panels, tiles one.
  if (shown) tiles.addTo(map);
  else tiles.remove();
  byId('map-note').hidden = !shown;
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
  map.createPane('frontline-bar').append(byId('divider-bar')); // Below the names, which it must not cut.
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
    divider.addEventListener(type, () => { divider.removeEventListener('pointermove', follow); queueMap(); });
  }
  divider.addEventListener('keydown', (event) => {
    event.stopPropagation();
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };
    if (!has(steps, event.key)) return;
    event.preventDefault();
    setSplit(state.split + steps[event.key]);
  });
}

// Start.

function drawWords() {
  sayWords();
  byId('map-note').hidden = !PROJECTION.centre;
  byId('map-note').textContent = t('plane.note');
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

/** In the plane about a pole distances are those of the globe, and north is not one way. */
function preparePlane() {
  if (!PROJECTION.centre) return;
  map.distance = (a, b) => drawnMetres([a.lng, a.lat], [b.lng, b.lat]);
  document.querySelector('.north').style.display = 'none';
}

function prepareMap(view) {
  map.invalidateSize({ pan: false, animate: false }); // It was made before the view was known.
  for (const i of [0, 1, 2]) {
    map.createPane(`frontline-${i}`).style.zIndex = i < 2 ? 300 + i : 610;
    layers.push(new MapSide(`frontline-${i}`));
  }
  map.getPane('frontline-2').style.pointerEvents = 'none';
  const [west, south, east, north] = store.bounds;
  const bounds = L.latLngBounds([[south, west], [north, east]]);
  map.options.minZoom = 1; // Of a world too the whole is shown; a setter would fly there.
  const least = Math.max(1, Math.floor(map.getBoundsZoom(bounds)) - 1);
  if (view) map.setView([view[1], view[2]], Math.min(15, Math.max(least, view[0])), { animate: false });
  else {
    map.fitBounds(bounds, { padding: [6, 6], animate: false });
    state.dateBefore = store.index(state.before);
    state.dateAfter = store.index(state.after);
    if (!state.splitGiven) splitThroughChange();
  }
  map.setMaxBounds(bounds.pad(0.9));
  map.setMinZoom(least);
  layers.forEach((layer) => layer.addTo(map));
  preparePlane();
  L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 110 }).addTo(map);
  // Within an update the view may be set several times: it is painted once, when all is settled.
  map.on('moveend zoomend resize viewreset', () => { if (updating) queueMap(); else drawMap(); writeLink(); });
  map.on('move', clipPanes);
  map.on('click', (event) => clickAt(event.containerPoint, event.latlng, event.originalEvent));
  prepareTouch();
  map.getContainer().addEventListener('pointerdown', () => byId('stage').classList.remove('keys'));
  map.getContainer().addEventListener('keydown', (event) => {
    byId('stage').classList.add('keys');
    if (event.key === 'Backspace' && state.measure?.length) undoMeasure();
    if (event.key !== 'Enter' || event.target !== map.getContainer()) return;
    event.preventDefault();
    const centre = map.getCenter();
    clickAt(map.latLngToContainerPoint(centre), centre, null);
    card?.body.focus({ preventScroll: true });
  });
}

/** Back to where the page begins: in the opening the changed ground, else the whole study area. */
function goHome() {
  if (state.mode === 'story') return frameStory();
  const [west, south, east, north] = store.bounds;
  return map.fitBounds([[south, west], [north, east]], { padding: [6, 6], animate: false });
}

function prepareControls() {
  byId('home').addEventListener('click', goHome);
  for (const mode of MODES) {
    byId(`mode-${mode}`).addEventListener('click', () => setMode(mode));
  }
  byId('language').addEventListener('click', setLanguage);
  byId('drawer-close').addEventListener('click', closeCard);
  document.addEventListener('keydown', (event) => { 
    if (event.key !== 'Escape' || byId('dialog').open) return;
    if (state.measure && !card) toggleMeasure();
    else if (stopAt !== null && !card) endTour();
    else closeCard();
  });
  byId('dialog-close').addEventListener('click', () => byId('dialog').close());
  byId('dialog').addEventListener('click', (event) => { if (event.target === byId('dialog')) byId('dialog').close(); });
  window.addEventListener('beforeprint', printSheet);
  new ResizeObserver(() => { measureAxis(); drawTime(); }).observe(byId('chart').parentElement);
  new ResizeObserver(() => { if (fitBox()) drawMap(); placeDrawer(); }).observe(byId('stage'));
}

/** Who asked the system for fewer or stronger colours gets a pattern for each side. */
const wantsPatterns = () => ['(forced-colors: active)', '(prefers-contrast: more)'].some((query) => window.matchMedia(query).matches);

async function start() {
  if (typeof DecompressionStream === 'undefined' || !HTMLElement.prototype.replaceChildren) {
    drawWords();
    byId('fault').textContent = t('old.browser');
    byId('fault').hidden = false;
    return;
  }
  PROJECTION = DATA.projection ?? {};
  store = await Store.open(byId('store').textContent);
  if (byId('events')) DATA.events = await unpackEvents(byId('events').textContent);
  await prepareRelief();
  painter = new Painter(store);
  HOLDERS = holderOrder();
  prepareTime();
  state.show.sidePatterns = wantsPatterns();
  const view = readLink();
  drawWords();
  document.body.dataset.mode = state.mode;
  state.viewGiven = Boolean(view);
  prepareMap(view);
  preparePanels();
  prepareDivider();
  prepareHover();
  prepareControls();
  prepareSearch();
  prepareMeasure();
  prepareHelp();
  prepareTour();
  prepareEmbed();
  measureAxis();
  update();
  drawMeasure();
  if (state.linkedStop) openLinkedStop();
  if (state.linked) openWhat(state.linked);
  drawMap();
  document.body.dataset.ready = 'yes';
}

start().catch((error) => {
  byId('fault').textContent = `${t('fault')} ${error.message}`;
  byId('fault').hidden = false;
  throw error;
});
