// Length and area on the WGS 84 ellipsoid, of lines that are straight in longitude and latitude,
// as everywhere in the layers; and the tool that measures on the map.

const EARTH_A = 6378137;
const EARTH_F = 1 / 298.257223563;
const EARTH_E2 = EARTH_F * (2 - EARTH_F);
// Points of Gauss and Legendre on [0, 1] with their weights: exact far below a metre on short pieces.
const GAUSS = [[0.5 - Math.sqrt(0.15), 5 / 18], [0.5, 4 / 9], [0.5 + Math.sqrt(0.15), 5 / 18]];
const PIECE_DEGREES = 0.25;

/** Metres a degree of longitude and of latitude at some latitude. */
function degreeMetres(lat) {
  const w = 1 - EARTH_E2 * Math.sin(lat * D2R) ** 2;
  return [(EARTH_A * Math.cos(lat * D2R) * D2R) / Math.sqrt(w), (EARTH_A * (1 - EARTH_E2) * D2R) / w ** 1.5];
}

/** Square kilometres of a square degree at some latitude. */
function degreeCell(lat) {
  const [east, north] = degreeMetres(lat);
  return (east * north) / 1e6;
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

function lineMetres(points) {
  let sum = 0;
  for (let i = 1; i < points.length; i++) sum += edgeMetres(points[i - 1], points[i]);
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
  return points.length < 3 ? length : listed([length, t('measure.area', { area: `${km2(ringKm2(points))} ${t('km2')}` })]);
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
