// Length and area on the WGS 84 ellipsoid, of lines that are straight in longitude and latitude,
// as everywhere in the layers; and the tool that measures on the map.

const EARTH_A = 6378137;
const EARTH_F = 1 / 298.257223563;
const EARTH_E2 = EARTH_F * (2 - EARTH_F);
// Points of Gauss and Legendre on [0, 1] with their weights: exact far below a metre on short pieces.
const GAUSS = [[0.5 - Math.sqrt(0.15), 5 / 18], [0.5, 4 / 9], [0.5 + Math.sqrt(0.15), 5 / 18]];
const PIECE_DEGREES = 0.25;

// Where the positions of this map lie on the globe, as projection.py says: ground over longitude 180 lies
// beyond it; a theatre about a pole lies in a stereographic plane, where Mercator would draw that plane.
let PROJECTION = {};

/** The plane's position, in radii of the Earth, of a position of the map. */
const onPlane = ([lon, lat]) => [lon * D2R, Math.asinh(Math.tan(lat * D2R))];

/** Longitude and latitude of a position of the map. */
function onGlobe(position) {
  if (!PROJECTION.centre) return position;
  const [lon0, lat0] = PROJECTION.centre.map((v) => v * D2R);
  const [x, y] = onPlane(position);
  const away = Math.hypot(x, y);
  if (!away) return PROJECTION.centre;
  const c = 2 * Math.atan(away / 2);
  const lat = Math.asin(Math.cos(c) * Math.sin(lat0) + (y * Math.sin(c) * Math.cos(lat0)) / away);
  const lon = lon0 + Math.atan2(x * Math.sin(c), away * Math.cos(lat0) * Math.cos(c) - y * Math.sin(lat0) * Math.sin(c));
  return [((lon / D2R + 540) % 360) - 180, lat / D2R];
}

/** Metres at a position that are drawn as wide as the whole Mercator world. */
function worldMetres(position) {
  const around = 2 * Math.PI * EARTH_A;
  if (!PROJECTION.centre) return around * Math.cos(position[1] * D2R);
  const [x, y] = onPlane(position);
  return around / (1 + (x * x + y * y) / 4);
}

/** Metres a degree of longitude and of latitude at some latitude. */
function degreeMetres(lat) {
  const w = 1 - EARTH_E2 * Math.sin(lat * D2R) ** 2;
  return [(EARTH_A * Math.cos(lat * D2R) * D2R) / Math.sqrt(w), (EARTH_A * (1 - EARTH_E2) * D2R) / w ** 1.5];
}

/** Square kilometres a degree of latitude high, between two longitudes of the map. */
function stripKm2(lat, west, east) {
  if (!PROJECTION.centre) {
    const [across, up] = degreeMetres(lat);
    return ((east - west) * across * up) / 1e6;
  }
  const y = onPlane([0, lat])[1];
  // Each degree of the map is 1 / cos(lat) of the plane high; the plane's own scale falls off as 1 + r2 / 4.
  return along([0, west], [0, east], east - west, (lon) => (1 + ((lon * D2R) ** 2 + y * y) / 4) ** -2)
    * ((east - west) * (EARTH_A * D2R) ** 2) / Math.cos(lat * D2R) / 1e6;
}

/** The integral of some function of latitude along an edge, in shares of the edge. */
function along([, lat0], [, lat1], span, valueOf) {
  const pieces = Math.max(1, Math.ceil(span / PIECE_DEGREES));
  let sum = 0;
  for (let i = 0; i < pieces; i++) {
    for (const [at, weight] of GAUSS) sum += (weight / pieces) * valueOf(lat0 + ((i + at) / pieces) * (lat1 - lat0));
  }
  return sum;
}

function edgeMetres(a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  return along(a, b, Math.hypot(dx, dy), (lat) => {
    const [east, north] = degreeMetres(lat);
    return Math.hypot(dx * east, dy * north);
  });
}

/** The length of an edge as it is drawn. */
function drawnMetres(a, b) {
  if (!PROJECTION.centre) return edgeMetres(a, b);
  const pieces = Math.max(1, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / PIECE_DEGREES));
  const [[x0, y0], [x1, y1]] = [onPlane(a), onPlane(b)];
  let sum = 0;
  for (let i = 0; i < pieces; i++) {
    const share = (i + 0.5) / pieces;
    const [x, y] = [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
    sum += (EARTH_A * Math.hypot(x1 - x0, y1 - y0)) / pieces / (1 + (x * x + y * y) / 4);
  }
  return sum;
}

function lineMetres(points) {
  let sum = 0;
  for (let i = 1; i < points.length; i++) sum += drawnMetres(points[i - 1], points[i]);
  return sum;
}

/** Ground from the equator to a latitude, a radian of longitude wide, in square metres. */
function zoneMetres2(lat) {
  const s = Math.sin(lat * D2R);
  const e = Math.sqrt(EARTH_E2);
  return ((EARTH_A ** 2 * (1 - EARTH_E2)) / 2) * (s / (1 - EARTH_E2 * s * s) + Math.atanh(e * s) / e);
}

/** Square kilometres within a ring of positions. */
function ringKm2(points) {
  let sum = 0;
  points.forEach((b, i) => {
    const a = points[(i || points.length) - 1];
    sum += (b[0] - a[0]) * D2R * along(a, b, Math.hypot(b[0] - a[0], b[1] - a[1]), zoneMetres2);
  });
  return Math.abs(sum) / 1e6;
}

function measureText(points) {
  if (points.length < 2) return t('measure.start');
  const length = t('measure.length', { length: longText(lineMetres(points)) });
  // A ring about a pole has no inside in longitude and latitude: there only lengths are said.
  return points.length < 3 || PROJECTION.centre ? length : listed([length, t('measure.area', { area: `${km2(ringKm2(points))} ${t('km2')}` })]);
}

/** Kilometres to the tenth below a hundred, metres below one. */
const longText = (metres) => (metres < 1000 ? `${numberText(metres)} ${t('m')}` : `${km2(metres / 1000)} ${t('km')}`);

function drawMeasure() {
  const on = state.measure !== null;
  byId('measure').setAttribute('aria-pressed', String(on));
  byId('stage').classList.toggle('measuring', on);
  byId('measured').hidden = !on;
  if (!on) return;
  byId('measured-text').textContent = measureText(state.measure);
  byId('measure-undo').disabled = !state.measure.length;
}

function setMeasure(points) {
  state.measure = points;
  drawMeasure();
  queueMap();
  writeLink();
}

function toggleMeasure() {
  closeCard();
  setMeasure(state.measure ? null : []);
}

const addMeasure = ({ lng, lat }) => setMeasure([...state.measure, [+lng.toFixed(5), +lat.toFixed(5)]]);
const undoMeasure = () => setMeasure(state.measure.slice(0, -1));

function prepareMeasure() {
  byId('measure').addEventListener('click', toggleMeasure);
  byId('measure-undo').addEventListener('click', undoMeasure);
  byId('measure-end').addEventListener('click', () => { toggleMeasure(); byId('measure').focus(); });
}
