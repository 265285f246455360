// What happened between the two dates that are compared: figures, moves of the ledger, the ground.
// The figures come with the page where they were worked out; else they are what is drawn.

const MOVES = new Set(['advance', 'withdrawal', 'handover']);
const PICTURE = new Set(['correction', 'refinement']);
const SUPERSEDED = new Set(DATA.changes.map((change) => change.supersedes));

/** Rows of the ledger that speak of the spans between the two layers. */
function ledgerBetween() {
  const [first, last] = [store.days[state.dateBefore], store.days[state.dateAfter]];
  return DATA.changes.filter((change) =>
    !SUPERSEDED.has(change.id) && toDay(change.from_date) < last && toDay(change.to_date) > first);
}

let told = { of: '' };

/** { rows: [from, to, effect, km2, low, high], spots: [row, lon, lat], moves, lead, hold, banded } of the two layers. */
function toldChange() {
  const of = `${state.dateBefore}-${state.dateAfter}`;
  if (told.of === of) return told;
  const ledgerRows = ledgerBetween();
  const { rows, spots } = state.dateBefore === state.dateAfter ? { rows: [], spots: [] }
    : DATA.told?.changes[of] ?? drawnChange(ledgerRows);
  const moves = rankedMoves(ledgerRows.filter((row) => MOVES.has(row.kind)), rows);
  told = { of, rows, spots, moves, lead: moves[0] ?? null };
  told.hold = holdOf(told);
  told.rings = changedRings(told);
  told.arrow = arrowOf(told);
  return told;
}

/** Without figures of ours: what is drawn, and of it that as redrawn which the ledger calls so. */
function drawnChange(ledgerRows) {
  const held = (holder) => has(DATA.colors, holder);
  const effectOf = (from, to) => {
    if (held(from) && held(to)) {
      const said = ledgerRows.filter((row) => sideOf(row.from_controller) === from && sideOf(row.to_controller) === to);
      return said.length && said.every((row) => PICTURE.has(row.kind)) ? 'redrawn' : 'taken';
    }
    if (from === 'unknown') return 'became known';
    return to === 'unknown' ? 'became unknown' : 'contested';
  };
  const rows = store.transfers(state.dateBefore, state.dateAfter)
    .map(([from, to, area]) => [from, to, effectOf(from, to), area, null, null]);
  return { rows, spots: [] };
}

/** The move that most ground goes with first; of several the one that most sources tell of. */
function rankedMoves(moves, rows) {
  const ground = ({ from_controller: from, to_controller: to }) => rows
    .filter((row) => row[2] === 'taken' && row[0] === sideOf(from) && row[1] === sideOf(to)).reduce((sum, row) => sum + row[3], 0);
  const weight = (move) => [move.to_controller ? ground(move) : -1, splitIds(move.source_ids).length + splitIds(move.event_ids).length];
  return moves.map((move) => [weight(move), move])
    .sort(([[a, m], one], [[b, n], two]) => b - a || n - m || (one.id < two.id ? -1 : 1)).map(([, move]) => move);
}

const sumOf = (rows, ...effects) => rows.filter((row) => effects.includes(row[2])).reduce((sum, row) => sum + row[3], 0);

/** Which ground is or could be cut off: of those who moved or were moved, the most. */
function holdOf({ lead }) {
  // Ground without a neck that hangs together on every map is nothing that could be lost.
  const all = (DATA.told?.holds[state.dateAfter] ?? drawnHolds())
    .filter((one) => one.width != null || one.joined == null || one.joined < 0.995);
  const parties = lead ? [lead.to_controller, lead.from_controller].filter(Boolean).map(sideOf) : [];
  const near = all.filter((one) => one.sides.some((side) => parties.includes(side)));
  return near[0] ?? (lead ? null : all[0]) ?? null;
}

/** Without draws: the necks as drawn, their width without an interval. */
function drawnHolds() {
  return corridorsOn(state.dateAfter).filter(isFirm).map((one) => ({
    sides: one.sides, cut: false, km2: areaBehind(one), joined: null, width: one.km, low: null, high: null,
    where: [...corridorSpot(one), 0], line: one.line, places: one.places, rings: one.pocket,
  })).sort((a, b) => b.km2 - a.km2);
}

/** A place that is known to no more than a region names no ground. */
const REGION_M = 10000;

let saidOf = null; // How many events and statements are on each place; counted once.

/** The best known of the places on some ground: most is said of it. */
function bestKnown(ids) {
  const isSpot = (id) => PLACES.has(id) && (PLACES.get(id).geo_radius_m ?? 0) <= REGION_M && !PLACES.get(id).is_area;
  if (!saidOf) {
    saidOf = new Map();
    for (const { place_id: id } of [...DATA.events, ...Object.values(DATA.statements)]) saidOf.set(id, (saidOf.get(id) ?? 0) + 1);
  }
  return ids.filter(isSpot).map((id) => [saidOf.get(id) ?? 0, id]).sort((a, b) => b[0] - a[0])[0]?.[1] ?? null;
}

function insideRings([lon, lat], rings) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[x1, y1], [x2, y2]] = [ring[i], ring[j]];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
}

/** The pieces of ground that were taken, as rings of signed arcs and of positions; all of it where none is pointed out. */
function changedRings({ rows, spots }) {
  if (state.dateBefore === state.dateAfter || !store.comparable(state.dateBefore, state.dateAfter)) return [];
  const taken = spots.filter(([row]) => rows[row][2] === 'taken');
  const wanted = rows.filter((row) => row[2] === 'taken');
  const pairs = (wanted.length ? wanted : rows).map(([from, to]) => JSON.stringify([from, to]));
  const found = [];
  for (const [pair, chains] of changeRings(state.dateBefore, state.dateAfter)) {
    if (!pairs.includes(pair)) continue;
    const here = taken.filter(([row]) => JSON.stringify(rows[row].slice(0, 2)) === pair).map(([, lon, lat]) => [lon, lat]);
    for (const chain of chains) {
      const ring = store.positions(chain);
      if (!here.length || here.some((spot) => insideRings(spot, [ring]))) found.push({ chain, ring });
    }
  }
  return found;
}

/** The way of the advance: as somebody told it, where it leads into what was taken; else from the nearest ground of those who took it. */
function arrowOf({ lead, rings, spots }) {
  if (!lead?.to_controller || !['advance', 'handover'].includes(lead.kind)) return null;
  const side = sideOf(lead.to_controller);
  const [first, last] = [store.days[state.dateBefore], store.days[state.dateAfter]];
  const isTaken = (spot) => !rings.length || rings.some(({ ring }) => insideRings(spot, [ring]));
  const track = Object.values(DATA.statements).find((one) => one.extent === 'track' && one.controller
    && sideOf(one.controller) === side && toDay(one.date) > first && toDay(one.date) <= last
    && PLACES.get(one.place_id)?.lines && isTaken(PLACES.get(one.place_id).lines[0].at(-1)));
  if (track) return { side, told: true, points: PLACES.get(track.place_id).lines[0] };
  const places = splitIds(lead.place_ids).map((id) => PLACES.get(id)?.lonlat).filter(Boolean);
  const to = places.find(isTaken) ?? places[0] ?? (spots.length ? spots[0].slice(1) : null);
  if (!to) return null;
  const from = nearestGround(side, to, state.dateBefore);
  return from && { side, told: false, points: [from, to] };
}

/** The ground of a side from which it can be supplied, as rings: what is drawn as cut off sends nobody. */
function suppliedRings(side, date) {
  const rings = (store.rings(date, store.values(date, (label) => (label.holder === side ? side : null))).get(side) ?? [])
    .map((chain) => store.positions(chain));
  const held = [date, state.dateAfter].flatMap((one) => DATA.told?.holds[one] ?? []);
  const cut = DATA.told?.holds[date] && held.filter((one) => one.cut && one.sides.includes(side)).map((one) => one.rings);
  if (cut) return rings.filter((ring) => !cut.some((pocket) => insideRings(ring[0], pocket) || pocket.some((one) => insideRings(one[0], [ring]))));
  // Where that was not worked out, its largest ground.
  const size = rings.map(ringKm2);
  return rings.filter((_, i) => size[i] >= Math.max(...size) / 2);
}

/** Where the supplied ground of a side is nearest to a position that it does not hold; null where it holds it. */
function nearestGround(side, [lon, lat], date) {
  const at = store.faceAt(lon, lat, date);
  if (at >= 0 && store.label(at, date).holder === side) return null;
  const shrink = Math.cos(lat * D2R);
  let best = null;
  for (const spot of suppliedRings(side, date).flat()) {
    const away = ((spot[0] - lon) * shrink) ** 2 + (spot[1] - lat) ** 2;
    if (away < (best?.away ?? Infinity)) best = { away, spot };
  }
  return best?.spot ?? null;
}

/** What the opening shows: the changed ground, the arrow, what hangs on it. */
function storyBounds() {
  const { rings, hold, arrow, lead, spots } = toldChange();
  const points = rings.flatMap(({ ring }) => ring);
  if (!points.length) points.push(...spots.map(([, lon, lat]) => [lon, lat]));
  points.push(...(arrow?.points ?? []), ...(hold?.rings.flat() ?? []));
  if (lead) points.push(...splitIds(lead.place_ids).map((id) => PLACES.get(id)?.lonlat).filter(Boolean));
  const [west, south, east, north] = store.bounds;
  const all = L.latLngBounds([[south, west], [north, east]]);
  if (points.length < 2) return all;
  const bounds = L.latLngBounds(points.map(([lon, lat]) => [lat, lon])).pad(0.06);
  return bounds.getNorth() - bounds.getSouth() < 0.02 ? bounds.pad(2) : bounds;
}
