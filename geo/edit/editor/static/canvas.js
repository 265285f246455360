// The picture of the work: ground, borders, the previous date, places, events, and whatever the
// tool in hand points out. Colours, textures and marks are those of the map page (looks.js).

import { Borders, GRID, keyOf, nearestOn, ringsOf, shapeOf } from './coverage.js';

/* global CanvasLayer, FONT, INK, LOOKS, OUTSIDE, Patterns, WHITE, drawMark, eventKind, lineStyles, lookOf */
/* global nameOf, paintsOf, placeRank, sheer, splitIds, strokeAll, worldX, worldY */

const { accent: ACCENT } = LOOKS.paper;
const { previous: PREVIOUS, wrong: WRONG, piece: PIECE, fixed: FIXED } = LOOKS.editor;

/** What the painter of the map page wants to know of a patch. */
export const labelOf = ({ controller, controllers, status, basis, confidence }) => ({
  controller: controller ?? '', controllers: splitIds(controllers), status, basis: basis ?? '', confidence: confidence ?? '',
});
const lookOfPatch = (patch) => lookOf(labelOf(patch.properties));

/** The edges that run along a former edge: itself, or its pieces where a line has met it since; null if none. */
function alongEdge(borders, [a, b]) {
  const whole = borders.edge(a, b);
  if (whole) return [whole];
  const pieces = [];
  let at = borders.points.get(keyOf(a));
  // The corner where a line meets a border is moved to the grid, off the edge by less than a step.
  for (let share = 0; at && keyOf(at.at) !== keyOf(b); at = borders.points.get(keyOf(pieces.at(-1).next))) {
    const steps = [...at.beside.values()].map((next) => ({ next, ...nearestOn(next, a, b) })).filter((one) => one.away < 1.5 && one.share > share);
    const step = steps.sort((p, q) => p.share - q.share)[0];
    if (!step) return null;
    share = step.share;
    pieces.push({ ...borders.edge(at.at, step.next), next: step.next });
  }
  return at ? pieces : null;
}

/** Borders between ground that looked different on another date, but for those that are the same now. */
export function formerBorders(patches, now) {
  const [old, current] = [Borders.of(patches), Borders.of(now)];
  const looks = ({ owners }) => owners.map(lookOfPatch).sort();
  const wanted = new Set();
  for (const edge of old.edges.values()) {
    const pair = looks(edge);
    if (pair.length < 2 || pair[0] === pair[1]) continue;
    const same = alongEdge(current, edge.ends);
    if (!same || same.some((one) => looks(one).join() !== pair.join())) wanted.add(edge);
  }
  const lines = [];
  for (const ring of patches.flatMap(ringsOf)) {
    let line = null;
    ring.forEach((at, i) => {
      const next = ring[(i + 1) % ring.length];
      if (!wanted.delete(old.edge(at, next))) line = null;
      else if (line) line.push(next);
      else lines.push(line = [at, next]);
    });
  }
  return { lines };
}

const ofGrid = ([x, y]) => [worldX(x / GRID), worldY(y / GRID)];

class Tracer {
  constructor(origin) {
    this.origin = origin;
    this.kept = new WeakMap();
  }

  /** A path in pixels from the origin, kept with the object that it shows for one zoom. */
  path(subject, zoom, lines, closed) {
    const old = this.kept.get(subject);
    if (old?.zoom === zoom) return old.path;
    const path = new Path2D();
    const size = 256 * 2 ** zoom;
    for (const line of lines()) {
      line.forEach((at, i) => {
        const [x, y] = ofGrid(at);
        const [px, py] = [(x - this.origin[0]) * size, (y - this.origin[1]) * size];
        if (i) path.lineTo(px, py);
        else path.moveTo(px, py);
      });
      if (closed) path.closePath();
    }
    this.kept.set(subject, { zoom, path });
    return path;
  }
}

export const Picture = CanvasLayer.extend({
  initialize(corner) {
    CanvasLayer.prototype.initialize.call(this, 'work');
    this.tracer = new Tracer(ofGrid(corner));
    this.patternSets = new Map();
  },
  onAdd(map) {
    map.createPane('work').style.zIndex = 300;
    CanvasLayer.prototype.onAdd.call(this);
  },

  paint(ctx, scene) {
    const { view } = this;
    if (!this.patternSets.has(view.ratio)) this.patternSets.set(view.ratio, new Patterns(view.ratio));
    this.patterns = this.patternSets.get(view.ratio);
    ctx.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    ctx.fillStyle = OUTSIDE;
    ctx.fillRect(0, 0, view.width, view.height);
    const size = 256 * 2 ** view.zoom;
    ctx.save();
    ctx.translate(this.tracer.origin[0] * size - view.x0, this.tracer.origin[1] * size - view.y0);
    this.ground(ctx, scene);
    if (scene.hands) this.hands(ctx, scene.hands);
    this.context(ctx, scene);
    this.borders(ctx, scene);
    if (scene.ghost) this.previous(ctx, scene.ghost);
    for (const shape of scene.pieces) this.shape(ctx, shape, PIECE);
    for (const shape of scene.marks) this.shape(ctx, shape, WRONG);
    ctx.restore();
    this.places(ctx, scene);
    this.events(ctx, scene);
    if (scene.points) this.points(ctx, scene);
    if (scene.line) this.line(ctx, scene);
    for (const at of scene.faults) this.fault(ctx, at);
  },

  /** Pixels of the canvas from a position on the grid. */
  spot(at) {
    const size = 256 * 2 ** this.view.zoom;
    const [x, y] = ofGrid(at);
    return [x * size - this.view.x0, y * size - this.view.y0];
  },

  path(patch) {
    return this.tracer.path(patch, this.view.zoom, () => ringsOf(patch), true);
  },

  ground(ctx, { patches }) {
    for (const patch of patches) {
      const path = this.path(patch);
      for (const paint of paintsOf(lookOfPatch(patch), this.patterns, { doubt: true, sidePatterns: false, faded: false })) {
        ctx.fillStyle = paint;
        ctx.fill(path, 'evenodd');
        if (typeof paint !== 'string') continue;
        ctx.strokeStyle = paint;
        ctx.lineWidth = 0.7;
        ctx.stroke(path);
      }
    }
  },

  /** The two hands of a line, each in its tint and with a rim. */
  hands(ctx, hands) {
    for (const hand of ['left', 'right']) {
      const [color, alpha] = LOOKS.editor[hand];
      for (const patch of hands[hand]) {
        ctx.fillStyle = sheer(color, alpha);
        ctx.fill(this.path(patch), 'evenodd');
        strokeAll(ctx, [[WHITE, 4.5], [color, 2.2]], this.path(patch));
      }
    }
  },

  context(ctx, { context }) {
    for (const feature of context) {
      const path = this.tracer.path(feature, this.view.zoom, () => feature.lines, false);
      strokeAll(ctx, lineStyles(feature), path);
    }
  },

  borders(ctx, { patches, selected, hover }) {
    ctx.lineJoin = 'round';
    ctx.strokeStyle = sheer(INK, 0.6);
    ctx.lineWidth = 0.9;
    for (const patch of patches) ctx.stroke(this.path(patch));
    if (hover) {
      ctx.strokeStyle = sheer(ACCENT, 0.55);
      ctx.lineWidth = 2.5;
      ctx.stroke(this.path(hover));
    }
    const chosen = patches.filter((patch) => selected.has(patch.id));
    for (const [color, width] of [[WHITE, 6], [ACCENT, 3]]) {
      ctx.strokeStyle = color;
      ctx.lineWidth = width;
      for (const patch of chosen) ctx.stroke(this.path(patch));
    }
  },

  /** The previous date, where it looked different. */
  previous(ctx, ghost) {
    const path = this.tracer.path(ghost, this.view.zoom, () => ghost.lines, false);
    strokeAll(ctx, [[sheer(WHITE, 0.85), 4.5], [PREVIOUS, 2.5, [6, 4]]], path);
  },

  /** Something of a finding or of the ledger: lines with a halo, spots with a ring. */
  shape(ctx, shape, color) {
    const path = this.tracer.path(shape, this.view.zoom, () => shape.lines, false);
    const styles = [[WHITE, 6], [color, 3]];
    strokeAll(ctx, styles, path);
    const size = 256 * 2 ** this.view.zoom;
    for (const at of shape.spots) {
      const [x, y] = ofGrid(at);
      ctx.beginPath();
      ctx.arc((x - this.tracer.origin[0]) * size, (y - this.tracer.origin[1]) * size, 11, 0, 7);
      strokeAll(ctx, styles);
    }
  },

  places(ctx, { places, chosen, held }) {
    const taken = [];
    const zoom = this.view.zoom;
    const limit = zoom < 8.4 ? 2 : LOOKS.places.rank;
    const shown = places.filter((place) => place.geometry)
      .map((place) => ({ place, rank: placeRank(place.properties.kind), mine: chosen?.layer === 'places' && chosen.id === place.properties.id }))
      .filter(({ rank, mine }) => mine || rank <= limit).sort((a, b) => b.mine - a.mine || a.rank - b.rank);
    for (const { place, rank, mine } of shown) {
      if (place.geometry.type !== 'Point') {
        this.outline(ctx, place, mine);
        continue;
      }
      const at = mine && held ? held : place.geometry.coordinates.map((v) => Math.round(v * GRID));
      const [x, y] = this.spot(at);
      if (x < 0 || y < 0 || x > this.view.width || y > this.view.height) continue;
      ctx.beginPath();
      ctx.arc(x, y, mine ? 6 : rank < 2 ? 3.6 : 2.8, 0, 7);
      ctx.fillStyle = place.properties.coord_method === 'inferred' ? WHITE : INK;
      ctx.strokeStyle = mine ? ACCENT : INK;
      ctx.lineWidth = mine ? 3 : 1.2;
      ctx.fill();
      ctx.stroke();
      this.name(ctx, nameOf(place.properties, place.properties.id), x, y, rank, taken);
    }
  },

  /** A place that is a line or an area: dashed where it was drawn from words. */
  outline(ctx, { geometry, properties }, mine) {
    const { rim, width, alpha, drawn } = LOOKS.places.outline;
    ctx.beginPath();
    for (const line of shapeOf(geometry).lines) {
      line.map((at) => this.spot(at)).forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    }
    const dash = properties.coord_method === 'located' ? [] : drawn;
    strokeAll(ctx, [[sheer(WHITE, alpha), mine ? rim + 2 : rim], [mine ? ACCENT : sheer(INK, alpha), mine ? 2.4 : width, dash]]);
  },

  name(ctx, text, x, y, rank, taken) {
    ctx.font = `${rank < 2 ? 600 : 400} ${rank < 2 ? 13 : 11.5}px ${FONT}`;
    const wide = ctx.measureText(text).width;
    const box = [x + 6, y - 8, x + 8 + wide, y + 8];
    if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) return;
    taken.push(box);
    ctx.textAlign = 'left';
    ctx.textBaseline = 'middle';
    ctx.lineJoin = 'round';
    ctx.strokeStyle = sheer(WHITE, 0.9);
    ctx.lineWidth = 3;
    ctx.strokeText(text, x + 7, y);
    ctx.fillStyle = INK;
    ctx.fillText(text, x + 7, y);
  },

  events(ctx, { dots, chosen, held }) {
    for (const dot of dots) {
      const mine = chosen?.layer === 'events' && dot.events.some((event) => event.properties.id === chosen.id);
      const [x, y] = this.spot(mine && held ? held : dot.at);
      if (mine) {
        ctx.beginPath();
        ctx.arc(x, y, 14, 0, 7);
        ctx.strokeStyle = ACCENT;
        ctx.lineWidth = 3;
        ctx.stroke();
      }
      drawMark(ctx, eventKind(dot.events[0].properties.event_type), x, y, 7, dot.events.length);
    }
  },

  points(ctx, { points, point, target }) {
    for (const { at, fixed } of points) {
      const [x, y] = this.spot(at);
      ctx.beginPath();
      if (fixed) ctx.rect(x - 2.5, y - 2.5, 5, 5);
      else ctx.arc(x, y, 4, 0, 7);
      ctx.fillStyle = fixed ? FIXED : WHITE;
      ctx.strokeStyle = INK;
      ctx.lineWidth = 1.4;
      ctx.fill();
      ctx.stroke();
    }
    if (target) {
      const [x, y] = this.spot(target);
      ctx.beginPath();
      ctx.arc(x, y, 11, 0, 7);
      ctx.strokeStyle = PREVIOUS;
      ctx.lineWidth = 2.5;
      ctx.stroke();
    }
    if (point) {
      const [x, y] = this.spot(point);
      ctx.beginPath();
      ctx.arc(x, y, 7, 0, 7);
      ctx.fillStyle = ACCENT;
      ctx.strokeStyle = WHITE;
      ctx.lineWidth = 2.5;
      ctx.fill();
      ctx.stroke();
    }
  },

  line(ctx, { line, next, lineWrong }) {
    const spots = [...line, ...(next ? [next] : [])].map((at) => this.spot(at));
    ctx.lineJoin = 'round';
    ctx.beginPath();
    spots.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    strokeAll(ctx, [[WHITE, 6], [lineWrong ? WRONG : ACCENT, 3]]);
    for (const [x, y] of spots.slice(0, line.length)) {
      ctx.beginPath();
      ctx.arc(x, y, 5, 0, 7);
      ctx.fillStyle = WHITE;
      ctx.strokeStyle = lineWrong ? WRONG : ACCENT;
      ctx.lineWidth = 2.5;
      ctx.fill();
      ctx.stroke();
    }
  },

  /** Where borders would cross. */
  fault(ctx, at) {
    const [x, y] = this.spot(at);
    ctx.beginPath();
    ctx.arc(x, y, 13, 0, 7);
    ctx.moveTo(x - 6, y - 6);
    ctx.lineTo(x + 6, y + 6);
    ctx.moveTo(x + 6, y - 6);
    ctx.lineTo(x - 6, y + 6);
    strokeAll(ctx, [[WHITE, 7], [WRONG, 3.5]]);
  },
});
