// The map as a place of work: what a pointer or a key does there, by the tool in hand.

import { addEvent, addPlace } from './adding.js';
import { Picture } from './canvas.js';
import { Borders, Move, Refusal, covers, keyOf, nearestOn, selfCrossing, toGrid, withPoint, withoutPoint, GRID } from './coverage.js';
import { LINE_TOOLS } from './drawing.js';
import { holderText } from './labels.js';

/* global L, el, t, worldX, worldY */

const MANY_POINTS = 900;
const byId = (id) => document.getElementById(id);

export class Stage {
  constructor(app, area) {
    this.app = app;
    this.line = [];
    this.next = null;
    this.point = null; // key of the border point in hand
    this.held = null; // what the pointer is dragging
    this.target = null; // a point of the previous date that the dragged one would meet
    this.faults = [];
    this.hover = null;
    this.quiet = false; // whether the click to come is only the end of a drag
    this.#prepareMap(area);
    this.#preparePointer();
    this.#prepareKeys();
  }

  #prepareMap(area) {
    this.map = L.map('map', {
      zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, maxZoom: 17, minZoom: 4,
      attributionControl: false, fadeAnimation: false, doubleClickZoom: false, boxZoom: false,
    });
    window.map_frontline = this.map;
    const lats = area.map(([, lat]) => lat);
    const lons = area.map(([lon]) => lon);
    const bounds = L.latLngBounds([[Math.min(...lats), Math.min(...lons)], [Math.max(...lats), Math.max(...lons)]]);
    this.map.fitBounds(bounds, { padding: [8, 8], animate: false });
    this.map.setMaxBounds(bounds.pad(0.9));
    this.picture = new Picture([toGrid(Math.min(...lons)), toGrid(Math.max(...lats))]).addTo(this.map);
    L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 110 }).addTo(this.map);
    this.map.on('moveend zoomend resize viewreset', () => this.app.draw());
    this.map.on('move', () => this.#placeCursor());
    this.map.on('click', (event) => this.#click(event));
    byId('whole').addEventListener('click', () => this.map.fitBounds(bounds, { padding: [8, 8], animate: false }));
    this.container = this.map.getContainer();
    this.container.setAttribute('role', 'region');
    this.cursor = el('button', { type: 'button', id: 'cursor', hidden: true });
    this.container.after(this.cursor);
    this.cursor.addEventListener('focus', () => this.#cursorFocus());
    this.cursor.addEventListener('keydown', (event) => this.#cursorKey(event));
  }

  words() {
    this.container.setAttribute('aria-label', t('map.label'));
    for (const [name, word] of [['in', 'zoom.in'], ['out', 'zoom.out']]) {
      const button = this.container.querySelector(`.leaflet-control-zoom-${name}`);
      button.title = t(word);
      button.setAttribute('aria-label', t(word));
    }
    this.#drawBar();
    this.#drawCursor();
  }

  // Positions.

  /** Pixels of the window of the map from a position on the grid. */
  spot([x, y]) {
    const size = 256 * 2 ** this.map.getZoom();
    const corner = this.map.getPixelOrigin().add(this.map.containerPointToLayerPoint([0, 0]));
    return [worldX(x / GRID) * size - corner.x, worldY(y / GRID) * size - corner.y];
  }

  onGrid(x, y) {
    const { lng, lat } = this.map.containerPointToLatLng([x, y]);
    return [toGrid(lng), toGrid(lat)];
  }

  #inView([x, y], margin = 0) {
    const size = this.map.getSize();
    return x >= -margin && y >= -margin && x <= size.x + margin && y <= size.y + margin;
  }

  zoomTo(positions) {
    if (!positions.length) return;
    const bounds = L.latLngBounds(positions.map(([x, y]) => [y / GRID, x / GRID]));
    if (bounds.getNorthEast().equals(bounds.getSouthWest())) this.map.setView(bounds.getCenter(), Math.max(this.map.getZoom(), 11), { animate: false });
    else this.map.fitBounds(bounds.pad(0.25), { maxZoom: 13, animate: false });
  }

  /** The border points that can be taken hold of: of the chosen patches, else all; null if too many are in view. */
  points() {
    const { work, selected } = this.app;
    const borders = Borders.of(work.now.control);
    const mine = selected.size
      ? [...new Set(borders.patches.filter((patch) => selected.has(patch.id)).flatMap((patch) => patch.polygons.flat(2)).map(keyOf))].map((key) => borders.points.get(key))
      : [...borders.points.values()];
    const seen = mine.filter((point) => this.#inView(this.spot(point.at), 10));
    return seen.length > MANY_POINTS ? null : seen;
  }

  /** The nearest of some border points, or of other things that `atOf` finds the position of. */
  #nearest(points, x, y, reach, atOf = ({ at }) => at) {
    let best = null;
    for (const point of points) {
      const [px, py] = this.spot(atOf(point));
      const away = Math.hypot(px - x, py - y);
      if (away <= reach && away < (best?.away ?? Infinity)) best = { away, point };
    }
    return best?.point ?? null;
  }

  #nearestEdge(x, y, reach, { owned = true } = {}) {
    const { work, selected } = this.app;
    let best = null;
    for (const edge of Borders.of(work.now.control).edges.values()) {
      if (owned && (edge.owners.length < 2 || (selected.size && !edge.owners.some((patch) => selected.has(patch.id))))) continue;
      const [a, b] = edge.ends.map((end) => this.spot(end));
      const { at, away } = nearestOn([x, y], a, b);
      if (away <= reach && away < (best?.away ?? Infinity)) best = { edge, away, at };
    }
    return best;
  }

  /** A position of the pointer, drawn to what it should meet exactly. */
  #snapped(x, y, { own }) {
    const { ghost, snap, work } = this.app;
    if (!snap) return { at: this.onGrid(x, y), target: null };
    const near = (patches) => this.#nearest(Borders.of(patches).points.values(), x, y, 10)?.at;
    const target = (own ? near(work.now.control) : null) ?? (ghost.length ? near(ghost) : null);
    if (target) return { at: target, target };
    const edge = own ? this.#nearestEdge(x, y, 8, { owned: false }) : null;
    return edge ? { at: this.onGrid(...edge.at), target: null } : { at: this.onGrid(x, y), target: null };
  }

  // The pointer.

  #preparePointer() {
    const box = () => this.container.getBoundingClientRect();
    const where = (event) => [event.clientX - box().left, event.clientY - box().top];
    const own = (event) => event.target.closest('.leaflet-control') === null;
    this.container.addEventListener('pointerdown', (event) => {
      byId('stage').classList.remove('keys');
      this.quiet = false;
      if (!own(event)) return;
      if (this.held) this.#release(true); // a second finger: it zooms
      else if (event.button === 0) this.#grab(event, ...where(event));
    }, true);
    this.container.addEventListener('pointermove', (event) => {
      if (this.held) this.#drag(...where(event));
      else if (event.pointerType === 'mouse') this.#look(own(event) ? where(event) : null);
    });
    this.container.addEventListener('pointerup', () => this.held && this.#release(false));
    this.container.addEventListener('pointercancel', () => this.held && this.#release(true));
    this.container.addEventListener('pointerleave', () => { this.hover = null; this.next = null; this.app.draw(); });
  }

  #grab(event, x, y) {
    const reach = event.pointerType === 'mouse' ? [11, 7] : [22, 22];
    let held = null;
    if (this.app.tool === 'borders') held = this.#grabBorder(x, y, ...reach);
    else if (this.app.tool === 'select') held = this.#grabRecord(x, y, reach[1] + 5);
    if (!held) return;
    this.held = { ...held, from: [x, y], moved: false };
    this.map.dragging.disable();
    this.container.setPointerCapture(event.pointerId);
    this.app.draw();
  }

  #grabBorder(x, y, reach, edgeReach) {
    const points = this.points();
    if (!points) return null;
    const { control } = this.app.work.now;
    const point = this.#nearest(points, x, y, reach);
    if (point) {
      this.choosePoint(point.key);
      return { kind: 'point', at: point.at, fixed: point.fixed, start: control, move: point.fixed ? null : new Move(control, point.key) };
    }
    const near = this.#nearestEdge(x, y, edgeReach);
    return near ? { kind: 'insert', edge: near.edge, at: this.onGrid(...near.at), start: control } : null;
  }

  #grabRecord(x, y, reach) {
    const { chosen, work } = this.app;
    const record = chosen && work.record(chosen.layer, chosen.id);
    if (!record?.geometry) return null;
    const at = record.geometry.coordinates.map(toGrid);
    return this.#nearest([at], x, y, reach, () => at) ? { kind: 'record', at, ...chosen } : null;
  }

  #drag(x, y) {
    const { held } = this;
    if (!held.moved && Math.hypot(x - held.from[0], y - held.from[1]) < 4) return;
    held.moved = true;
    if (held.kind === 'record') {
      held.to = this.onGrid(x, y);
      return this.app.draw();
    }
    if (held.fixed) return this.app.refuse(new Refusal('fixed', held.at));
    if (held.kind === 'insert') {
      // The point is put in where the border was touched, then it is dragged like any other.
      try {
        const { ends } = held.edge;
        const control = withPoint(held.start, ends, held.at);
        Object.assign(held, { kind: 'point', inserted: true, move: new Move(control, keyOf(held.at)) });
      } catch (error) {
        this.#release(true);
        return this.app.refuse(error);
      }
    }
    const { at, target } = this.#snapped(x, y, { own: false });
    held.to = at;
    this.target = target;
    this.next = null;
    const neighbour = held.inserted ? null : this.#nearest(held.move.point.beside.values(), x, y, 8, (at) => at);
    held.into = neighbour;
    if (neighbour) held.to = neighbour;
    held.fault = neighbour ? null : held.move.fault(held.to);
    this.faults = held.fault ? [held.fault] : [];
    return this.app.draw();
  }

  #release(cancelled) {
    const { held } = this;
    Object.assign(this, { held: null, target: null, faults: [] });
    this.map.dragging.enable();
    if (held.moved) this.quiet = true;
    const done = !cancelled && held.moved && held.to;
    if (done && held.kind === 'record') this.app.work.moveRecord(held.layer, held.id, held.to);
    else if (done && held.into) this.deletePoint();
    else if (done && held.kind === 'point') this.#put(held.inserted ? 'step.insert' : 'step.move', () => held.move.done(held.to), keyOf(held.to));
    else if (!cancelled && !held.moved && held.kind === 'insert') this.#insert(held.edge, held.at);
    this.app.draw();
  }

  /** Make a step out of a change of borders, or say why not. */
  #put(word, change, key, run = null) {
    try {
      this.app.work.step(word, { control: change() }, run);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.app.refuse(error);
      return false;
    }
    this.app.refuse(null);
    this.choosePoint(key);
    return true;
  }

  #insert(edge, at) {
    return this.#put('step.insert', () => withPoint(this.app.work.now.control, edge.ends, at), keyOf(at));
  }

  deletePoint() {
    if (!this.point) return;
    const points = this.points() ?? [];
    const at = points.findIndex((point) => point.key === this.point);
    const next = points[at + 1] ?? points[at - 1];
    this.#put('step.delete', () => withoutPoint(this.app.work.now.control, this.point), next?.key ?? null);
  }

  /** What lies under a resting mouse. */
  #look(at) {
    const { tool } = this.app;
    const before = [this.hover, this.next];
    [this.hover, this.next] = [null, null];
    let cursor = '';
    if (at && tool === 'borders') {
      const points = this.points();
      const point = points && this.#nearest(points, ...at, 11);
      const near = points && !point ? this.#nearestEdge(...at, 7) : null;
      if (point) cursor = point.fixed ? 'not-allowed' : 'move';
      else if (near) cursor = 'copy';
    } else if (at && tool === 'select') {
      this.hover = this.patchAt(this.onGrid(...at));
      cursor = this.#grabRecord(...at, 12) ? 'move' : 'pointer';
    } else if (at && LINE_TOOLS.has(tool) && this.line.length) {
      this.next = this.#snapped(...at, { own: true }).at;
    }
    this.container.style.cursor = cursor;
    if (before[0] !== this.hover || before[1] !== this.next) this.app.draw();
  }

  patchAt(at) {
    return this.app.work.now.control.find((patch) => covers(patch, at)) ?? null;
  }

  #click({ containerPoint: { x, y }, latlng, originalEvent }) {
    if (this.quiet) return;
    this.actAt(x, y, [toGrid(latlng.lng), toGrid(latlng.lat)], originalEvent?.shiftKey);
  }

  /** What a click does, or Enter at the cross. */
  actAt(x, y, at, more = false) {
    const { app } = this;
    app.refuse(null);
    if (LINE_TOOLS.has(app.tool)) return this.#addToLine(x, y);
    if (app.tool === 'event') return addEvent(app, at);
    if (app.tool === 'place') return addPlace(app, at);
    if (app.tool === 'select') {
      const found = app.recordNear((place) => Math.hypot(...this.spot(place).map((v, i) => v - [x, y][i])), more);
      if (found) return app.choose(found);
    } else if (this.points() && (this.#nearest(this.points(), x, y, 11) || this.#nearestEdge(x, y, 7))) return undefined;
    const patch = this.patchAt(at);
    return app.selectPatch(patch?.id ?? null, more);
  }

  // Lines that cut.

  #addToLine(x, y) {
    const isAt = (point) => point && Math.hypot(...this.spot(point).map((v, i) => v - [x, y][i])) < 5;
    const { drawing, tool } = this.app;
    if (isAt(this.line.at(-1)) || (tool === 'area' && this.line.length > 2 && isAt(this.line[0]))) {
      if (drawing.isReady(this.line)) drawing.finish(this.line);
      return;
    }
    const { at } = this.#snapped(x, y, { own: true });
    this.setLine([...this.line, at]);
  }

  setLine(line) {
    this.line = line;
    this.next = null;
    const where = selfCrossing(line);
    this.lineWrong = where !== null;
    this.faults = where ? [where] : [];
    this.app.drawing.follow();
  }

  /** What the line in hand would do has been said. */
  told() { this.#drawBar(); }

  // The keyboard.

  #prepareKeys() {
    this.container.addEventListener('keydown', (event) => {
      byId('stage').classList.add('keys');
      if (event.target !== this.container) return;
      if (event.key === 'Enter') {
        event.preventDefault();
        if (event.ctrlKey && this.app.drawing.isReady(this.line)) this.app.drawing.finish(this.line);
        else {
          const { x, y } = this.map.getSize().divideBy(2);
          this.actAt(x, y, this.onGrid(x, y), event.shiftKey);
        }
      } else if (event.key === 'Backspace' && this.line.length) this.setLine(this.line.slice(0, -1));
    });
  }

  /** Let go of what is being drawn; false if there was nothing. */
  cancel() {
    if (this.held) {
      this.#release(true);
      return true;
    }
    if (this.line.length) {
      this.setLine([]);
      return true;
    }
    if (this.point && document.activeElement === this.cursor) this.container.focus();
    if (!this.point) return false;
    this.choosePoint(null);
    return true;
  }

  choosePoint(key) {
    this.point = key && Borders.of(this.app.work.now.control).points.has(key) ? key : null;
    this.#drawBar();
    this.#drawCursor();
    this.app.draw();
  }

  #cursorFocus() {
    byId('stage').classList.add('keys');
    if (this.point) return;
    const { x, y } = this.map.getSize().divideBy(2);
    const nearest = this.#nearest((this.points() ?? []).filter((point) => !point.fixed), x, y, Infinity);
    this.choosePoint(nearest?.key ?? null);
  }

  #cursorKey(event) {
    const points = this.points() ?? [];
    const at = points.findIndex((point) => point.key === this.point);
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === 'Tab') {
      const next = points[at + (event.shiftKey ? -1 : 1)];
      if (at < 0 || !next) return; // at either end Tab goes on through the page
      this.choosePoint(next.key);
    } else if (moves[event.key]) this.#nudge(points[at], moves[event.key], event.shiftKey ? 20 : 2);
    else if (event.key === 'Delete' || event.key === 'Backspace') this.deletePoint();
    else if (event.key === 'Insert' || event.key === '+') this.#insertAfter(points[at]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #nudge(point, [dx, dy], pixels) {
    if (!point) return;
    const [x, y] = this.spot(point.at);
    const to = this.onGrid(x + dx * pixels, y + dy * pixels);
    // One press after another on the same point is one step.
    if (this.nudged !== point.key) this.nudges += 1;
    const done = this.#put('step.move', () => new Move(this.app.work.now.control, point.key).done(to), keyOf(to), `nudge:${this.nudges}`);
    this.nudged = done ? keyOf(to) : point.key;
  }

  nudges = 0;

  #insertAfter(point) {
    const use = point?.uses[0];
    if (!use) return;
    const at = [0, 1].map((i) => Math.round((point.at[i] + use.after[i]) / 2));
    this.#insert({ ends: [point.at, use.after] }, at);
  }

  // What the page says of it.

  scene() {
    const { app, held } = this;
    const points = app.tool === 'borders' ? this.points() : null;
    const trial = held?.kind === 'point' && held.moved && held.to && !held.into ? held.move.trial(held.to) : null;
    return {
      patches: trial ?? app.work.now.control,
      points: trial ? points.filter((point) => point.key !== held.move.point.key) : points,
      point: held?.kind === 'point' && held.to ? held.to : this.point && Borders.of(app.work.now.control).points.get(this.point)?.at,
      target: this.target,
      held: held?.kind === 'record' ? held.to : null,
      line: LINE_TOOLS.has(app.tool) ? this.line : null,
      next: this.next,
      lineWrong: this.lineWrong,
      faults: this.faults.length ? this.faults : app.faults,
      hover: this.hover,
      crowded: app.tool === 'borders' && !points,
    };
  }

  #drawBar() {
    const bar = byId('bar');
    const { tool } = this.app;
    const buttons = [];
    let text = '';
    const button = (word, on, first = false) => el('button', { type: 'button', class: first ? 'first' : null, on: { click: on } }, t(word));
    if (LINE_TOOLS.has(tool) && this.line.length) {
      const { drawing } = this.app;
      text = this.lineWrong ? t('line.crosses') : drawing.told() || t('line.points', { count: this.line.length });
      const cut = button(tool === 'reshape' || tool === 'area' ? 'line.done' : 'line.cut', () => drawing.finish(this.line), true);
      cut.disabled = !drawing.isReady(this.line) || this.lineWrong;
      buttons.push(button('line.back', () => this.setLine(this.line.slice(0, -1))), cut, button('cancel', () => this.setLine([])));
    } else if (tool === 'borders' && this.point) {
      const patches = Borders.of(this.app.work.now.control).around(this.point);
      text = t('point.between', { names: patches.map(holderText).join(' | ') });
      buttons.push(button('point.delete', () => this.deletePoint()), button('done', () => this.choosePoint(null)));
    }
    bar.hidden = !text;
    byId('bar-text').textContent = text;
    byId('bar-buttons').replaceChildren(...buttons);
  }

  #placeCursor() {
    const point = this.point && Borders.of(this.app.work.now.control).points.get(this.point);
    const [x, y] = point ? this.spot(point.at) : [this.map.getSize().x / 2, this.map.getSize().y / 2];
    L.DomUtil.setPosition(this.cursor, L.point(x - 22, y - 22).round());
  }

  #drawCursor() {
    const points = this.app.tool === 'borders' ? this.points() : null;
    this.cursor.hidden = !points?.length;
    if (this.cursor.hidden) return;
    this.#placeCursor();
    const at = points.findIndex((point) => point.key === this.point);
    const names = this.point ? Borders.of(this.app.work.now.control).around(this.point).map(holderText).join(' | ') : '';
    const [lon, lat] = (points[at]?.at ?? [0, 0]).map((v) => (v / GRID).toFixed(6));
    this.cursor.setAttribute('aria-label', at < 0 ? t('point.start') : t('point.label', { at: at + 1, count: points.length, names, lon, lat }));
  }

  /** The work has changed, or the tool: what is in hand may be gone. */
  renew() {
    if (this.held) this.#release(true); // undo by key while something is dragged
    if (this.point && !Borders.of(this.app.work.now.control).points.has(this.point)) this.point = null;
    if (!LINE_TOOLS.has(this.app.tool)) Object.assign(this, { line: [], next: null, lineWrong: false, faults: [] });
    if (this.app.tool !== 'borders') this.point = null;
    this.#drawBar();
    this.#drawCursor();
  }

  draw() {
    const scene = this.scene();
    this.picture.draw({ ...this.app.scene(), ...scene });
    return scene;
  }
}
