// A control layer as a coverage: patches whose borders are shared. Coordinates are whole numbers
// of 1e-6 degree, so that equal borders are equal numbers; nothing here changes its argument, and
// patches that an edit leaves alone stay the same objects.

export const GRID = 1e6;
export const toGrid = (degrees) => Math.round(degrees * GRID);

/** A GeoJSON geometry as lines and spots to point out on the map. */
export function shapeOf(geometry) {
  const shape = { lines: [], spots: [] };
  const grid = ([lon, lat]) => [toGrid(lon), toGrid(lat)];
  const take = ({ type, coordinates, geometries }) => {
    if (type === 'GeometryCollection') geometries.forEach(take);
    else if (type === 'Point') shape.spots.push(grid(coordinates));
    else if (type === 'MultiPoint') shape.spots.push(...coordinates.map(grid));
    else if (type === 'LineString') shape.lines.push(coordinates.map(grid));
    else if (type === 'MultiLineString' || type === 'Polygon') shape.lines.push(...coordinates.map((line) => line.map(grid)));
    else if (type === 'MultiPolygon') shape.lines.push(...coordinates.flat().map((line) => line.map(grid)));
  };
  if (geometry) take(geometry);
  return shape;
}

/** All corners of a GeoJSON geometry, on the grid. */
export function cornersOf(geometry) {
  const { lines, spots } = shapeOf(geometry);
  return [...lines.flat(), ...spots];
}
export const keyOf = ([x, y]) => `${x},${y}`;

/** What an edit may not do; `word` is the key of a phrase, `where` the place on the grid. */
export class Refusal extends Error {
  constructor(word, where = null) {
    super(word);
    this.word = word;
    this.where = where;
  }
}

/** A patch from a GeoJSON feature; rings are open, the repeated last position is left off. */
export function patchOf(feature) {
  const { type, coordinates } = feature.geometry;
  const polygons = (type === 'Polygon' ? [coordinates] : coordinates)
    .map((rings) => rings.map((ring) => ring.slice(0, -1).map(([lon, lat]) => [toGrid(lon), toGrid(lat)])));
  return { id: feature.properties.id, properties: feature.properties, type, polygons };
}

/** The GeoJSON feature of a patch. */
export function featureOf({ properties, type, polygons }) {
  const coordinates = polygons.map((rings) => rings.map((ring) => [...ring, ring[0]].map(([x, y]) => [x / GRID, y / GRID])));
  return { type: 'Feature', properties, geometry: { type, coordinates: type === 'Polygon' ? coordinates[0] : coordinates } };
}

export const ringsOf = (patch) => patch.polygons.flat();

/** Twice the signed area of a triangle; exact on the grid. */
const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const same = (a, b) => a[0] === b[0] && a[1] === b[1];

/** Whether a point that lies on the line through two others lies between them. */
const between = (p, a, b) =>
  Math.min(a[0], b[0]) <= p[0] && p[0] <= Math.max(a[0], b[0]) && Math.min(a[1], b[1]) <= p[1] && p[1] <= Math.max(a[1], b[1]);

class BorderPoint {
  constructor(key, at, number) {
    Object.assign(this, { key, at, number, uses: [], fixed: false });
  }

  /** The neighbouring points along the borders, by key. */
  get beside() {
    return new Map(this.uses.flatMap(({ before, after }) => [[keyOf(before), before], [keyOf(after), after]]));
  }
}

/**
 * Every border point with the rings that use it, and every edge with the patches beside it. Where a
 * corner of one patch lies on the side of another, the other is taken to have it too (`patches`).
 */
export class Borders {
  static #known = new WeakMap();

  /** The borders of some patches; worked out once for a given list. */
  static of(patches) {
    if (!this.#known.has(patches)) {
      const plain = new Borders(patches);
      const full = plain.#matched();
      this.#known.set(patches, full === patches ? plain : new Borders(full));
    }
    return this.#known.get(patches);
  }

  constructor(patches) {
    this.patches = patches;
    this.points = new Map();
    this.edges = new Map();
    patches.forEach((patch) => ringsOf(patch).forEach((ring) => this.#add(patch, ring)));
    for (const edge of this.edges.values()) {
      if (edge.owners.length > 1) continue;
      for (const end of edge.ends) this.points.get(keyOf(end)).fixed = true;
    }
  }

  /** The patches with the corners of their neighbours; the same list where none is missing. */
  #matched() {
    const alone = [...this.edges.values()].filter((edge) => edge.owners.length === 1);
    const corners = [...new Map(alone.flatMap((edge) => edge.ends).map((at) => [keyOf(at), at])).values()];
    const missing = new Map();
    for (const edge of alone) {
      const [a, b] = edge.ends;
      const on = corners.filter((p) => between(p, a, b) && turn(a, b, p) === 0 && !same(p, a) && !same(p, b));
      if (on.length) missing.set(edge, on);
    }
    if (!missing.size) return this.patches;
    const touched = new Set([...missing.keys()].map((edge) => edge.owners[0]));
    const away = (p, q) => (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2;
    return replaced(this.patches, this.patches, touched, (ring) => ring.flatMap((p, i) => {
      const on = missing.get(this.edge(p, ring[(i + 1) % ring.length]));
      return on ? [p, ...[...on].sort((q, r) => away(p, q) - away(p, r))] : [p];
    }));
  }

  #point(at) {
    const key = keyOf(at);
    let point = this.points.get(key);
    if (!point) this.points.set(key, point = new BorderPoint(key, at, this.points.size));
    return point;
  }

  #add(patch, ring) {
    const points = ring.map((at) => this.#point(at));
    points.forEach((point, i) => {
      const next = points[(i + 1) % points.length];
      point.uses.push({ patch, ring, before: ring.at(i - 1), after: next.at });
      const number = Borders.#numberOf(point, next);
      const edge = this.edges.get(number);
      if (edge) edge.owners.push(patch);
      else this.edges.set(number, { ends: [point.at, next.at], owners: [patch] });
    });
  }

  static #numberOf(p, q) {
    return p.number < q.number ? p.number * 2 ** 26 + q.number : q.number * 2 ** 26 + p.number;
  }

  edge(a, b) {
    const [p, q] = [a, b].map((at) => this.points.get(keyOf(at)));
    return p && q && this.edges.get(Borders.#numberOf(p, q));
  }

  /** The patches that meet at a point, each once. */
  around(key) {
    return [...new Set(this.points.get(key)?.uses.map((use) => use.patch) ?? [])];
  }
}

/** Where two segments meet other than at a common end; null where they do not. */
function meeting(a, b, c, d) {
  if (Math.max(a[0], b[0]) < Math.min(c[0], d[0]) || Math.max(c[0], d[0]) < Math.min(a[0], b[0])) return null;
  if (Math.max(a[1], b[1]) < Math.min(c[1], d[1]) || Math.max(c[1], d[1]) < Math.min(a[1], b[1])) return null;
  if ((same(a, c) && same(b, d)) || (same(a, d) && same(b, c))) return a;
  const [ta, tb, tc, td] = [turn(c, d, a), turn(c, d, b), turn(a, b, c), turn(a, b, d)];
  for (const [t, p, q, r] of [[ta, a, c, d], [tb, b, c, d], [tc, c, a, b], [td, d, a, b]]) {
    if (t === 0 && between(p, q, r) && !same(p, q) && !same(p, r)) return p;
  }
  if (ta * tb >= 0 || tc * td >= 0) return null;
  const share = ta / (ta - tb);
  return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
}

/** Whether a point is within a triangle or on its edge. */
function within(p, a, b, c) {
  const signs = [turn(a, b, p), turn(b, c, p), turn(c, a, p)].map(Math.sign);
  return !(signs.includes(1) && signs.includes(-1)) && turn(a, b, c) !== 0;
}

/**
 * A border point on the move: what is beside it is looked up once, then each new position is
 * judged against everything that stays. Also serves points that are taken away or put in.
 */
export class Move {
  constructor(patches, key) {
    this.patches = patches;
    this.borders = Borders.of(patches);
    this.point = this.borders.points.get(key);
    if (!this.point) throw new Refusal('no.point');
    if (this.point.fixed) throw new Refusal('fixed', this.point.at);
    this.edges = [...this.borders.edges.values()].map((edge) => edge.ends).filter((ends) => !ends.some((end) => same(end, this.point.at)));
    this.others = [...this.borders.points.values()].map((point) => point.at).filter((at) => !same(at, this.point.at));
  }

  /** Where the borders would cross if the point went there; null if it may. */
  fault(to) {
    const { at, beside, uses } = this.point;
    if (this.borders.points.has(keyOf(to)) && !same(to, at)) return to;
    const spokes = [...beside.values()];
    for (const [i, far] of spokes.entries()) {
      for (const [c, d] of this.edges) {
        const where = meeting(to, far, c, d);
        if (where) return where;
      }
      for (const other of spokes.slice(i + 1)) {
        const where = meeting(to, far, to, other);
        if (where) return where;
        // A triangle must not be turned inside out over its third side.
        const flipped = this.borders.edge(far, other) && turn(far, other, at) * turn(far, other, to) <= 0;
        if (flipped) return [(far[0] + other[0]) / 2, (far[1] + other[1]) / 2];
      }
    }
    // An island that the border jumps over changes hands unseen: an odd count of sweeps of a ring.
    const passed = this.others.find((p) => turn(at, to, p) === 0 && between(p, at, to) && !spokes.some((far) => same(p, far)));
    if (passed) return passed;
    for (const { before, after } of uses) {
      const jumped = this.others.find((p) => !same(p, before) && !same(p, after)
        && within(p, before, at, to) !== within(p, after, at, to));
      if (jumped) return jumped;
    }
    return null;
  }

  /** The patches with the point there, whether it may or not: for drawing while it is held. */
  trial(to) {
    const { at, uses } = this.point;
    return replaced(this.patches, this.borders.patches, new Set(uses.map((use) => use.patch)), (ring) =>
      (ring.some((p) => same(p, at)) ? ring.map((p) => (same(p, at) ? to : p)) : ring));
  }

  /** The patches with the point there. */
  done(to) {
    const where = this.fault(to);
    if (where) throw new Refusal(this.borders.points.has(keyOf(to)) ? 'taken' : 'crosses', where);
    return this.trial(to);
  }
}

/** The patches, those that an edit touches with their full corners and other rings. */
function replaced(patches, full, touched, change) {
  return patches.map((patch, i) => {
    if (!touched.has(full[i])) return patch;
    return { ...patch, polygons: full[i].polygons.map((rings) => rings.map(change)) };
  });
}

/** The patches without a border point: both neighbours lose it. */
export function withoutPoint(patches, key) {
  const move = new Move(patches, key);
  const { at, uses, beside } = move.point;
  if (uses.some((use) => use.ring.length < 4)) throw new Refusal('triangle', at);
  if (beside.size > 2) throw new Refusal('junction', at);
  const [a, b] = beside.values();
  if (move.borders.edge(a, b)) throw new Refusal('triangle', at);
  const crossed = move.edges.map(([c, d]) => meeting(a, b, c, d)).find(Boolean);
  const jumped = move.others.find((p) => !same(p, a) && !same(p, b) && within(p, a, at, b));
  if (crossed || jumped) throw new Refusal('crosses', crossed ?? jumped);
  return replaced(patches, move.borders.patches, new Set(uses.map((use) => use.patch)), (ring) => ring.filter((p) => !same(p, at)));
}

/** The patches with a new point on the border between two neighbouring points. */
export function withPoint(patches, [a, b], at) {
  const borders = Borders.of(patches);
  const edge = borders.edge(a, b);
  if (!edge) throw new Refusal('no.point', at);
  if (edge.owners.length < 2) throw new Refusal('fixed', at);
  if (borders.points.has(keyOf(at))) throw new Refusal('taken', at);
  for (const { ends: [c, d] } of borders.edges.values()) {
    if (same(c, edge.ends[0]) && same(d, edge.ends[1])) continue;
    const where = meeting(a, at, c, d) ?? meeting(at, b, c, d);
    if (where) throw new Refusal('crosses', where);
  }
  return replaced(patches, borders.patches, new Set(edge.owners), (ring) => ring.flatMap((p, i) => {
    const next = ring[(i + 1) % ring.length];
    const here = (same(p, a) && same(next, b)) || (same(p, b) && same(next, a));
    return here ? [p, at] : [p];
  }));
}

/** Whether a position lies within a patch. */
export function covers(patch, [x, y]) {
  let inside = false;
  for (const ring of ringsOf(patch)) {
    let [x0, y0] = ring.at(-1);
    for (const [x1, y1] of ring) {
      if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
      [x0, y0] = [x1, y1];
    }
  }
  return inside;
}

/** Where a line that is being drawn crosses itself; null where it does not. */
export function selfCrossing(line) {
  for (let i = 1; i < line.length; i++) {
    for (let j = 1; j < i; j++) {
      const where = meeting(line[j - 1], line[j], line[i - 1], line[i]);
      if (where) return where;
    }
  }
  return null;
}

/** Distance of a position from a segment, and the nearest place on it, in the units given. */
export function nearestOn(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const long = dx * dx + dy * dy;
  const share = long ? Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / long)) : 0;
  const at = [a[0] + share * dx, a[1] + share * dy];
  return { at, share, away: Math.hypot(p[0] - at[0], p[1] - at[1]) };
}
