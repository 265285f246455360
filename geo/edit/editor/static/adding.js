// What is added to the work: an event, a place, a row of the ledger.

import { GRID, Refusal, covers, toGrid } from './coverage.js';
import { askName } from './dialogs.js';
import { freshId, idOf } from './work.js';

/* global PLACES, t */

function inside(app, at) {
  if (app.work.now.control.some((patch) => covers(patch, at))) return true;
  app.refuse(new Refusal('outside', at));
  return false;
}

export function addEvent(app, at) {
  if (!inside(app, at)) return;
  const [x, y] = app.stage.spot(at);
  const place = app.work.now.places.find((one) => one.geometry?.type === 'Point' && Math.hypot(...app.stage.spot(one.geometry.coordinates.map(toGrid)).map((v, i) => v - [x, y][i])) < 10);
  const id = freshId('evt');
  const properties = blank(app, 'events', { id, event_date: app.state.date, time_precision: 1, place_id: place ? idOf(place) : null, geo_radius_m: place?.properties.geo_radius_m ?? null });
  const geometry = { type: 'Point', coordinates: place ? place.geometry.coordinates : at.map((v) => v / GRID) };
  added(app, 'events', { type: 'Feature', properties, geometry });
}

export async function addPlace(app, at) {
  if (!inside(app, at)) return;
  const name = await askName(t('place.new'));
  if (!name) return;
  const arabic = /[\u0600-\u06ff]/.test(name);
  const stem = name.normalize('NFKD').replace(/[^\x20-\x7e]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '') || freshId('place').replace('-', '_');
  let id = stem;
  for (let n = 2; PLACES.has(id); n++) id = `${stem}_${n}`;
  const properties = blank(app, 'places', { id, [arabic ? 'name_ar' : 'name']: name, coord_method: 'inferred' });
  added(app, 'places', { type: 'Feature', properties, geometry: { type: 'Point', coordinates: at.map((v) => v / GRID) } });
}

/** A record with every column of its layer, empty but for some. */
function blank(app, layer, values) {
  return { ...Object.fromEntries(app.state.columns[layer].map(({ name }) => [name, null])), ...values };
}

function added(app, layer, feature) {
  app.work.step(`step.add.${layer}`, { [layer]: app.work.with(layer, feature) });
  app.take('select');
  app.choose({ layer, id: idOf(feature) });
  document.getElementById('chosen').querySelector('input, select')?.focus({ preventScroll: true });
}

/** A row of the ledger: a draft of the server's, or an empty one. */
export function addChange(app, draft) {
  const { previous, date } = app.state;
  const row = draft ?? blank(app, 'changes', { id: freshId('chg'), from_date: previous, to_date: date, kind: 'refinement', recorded_at: today() });
  app.work.step('step.add.changes', { changes: app.work.with('changes', row) });
  app.show('ledger');
  app.ledger.open(row.id);
}

const today = () => {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((v) => String(v).padStart(2, '0')).join('-');
};
