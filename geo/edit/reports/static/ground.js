// The map beside a draft: who held the ground before it happened, where the draft is, the places
// that may be meant by number, and events of the layers that are near.

import { Picture } from './canvas.js';
import { GRID, cornersOf, patchOf, shapeOf, toGrid } from './coverage.js';

/* global L, el, foreign, isoText, t */

const byId = (id) => document.getElementById(id);

export class Ground {
  constructor(ask) {
    Object.assign(this, { ask, layers: new Map(), shown: null, marks: [] });
  }

  start({ theatre, context }) {
    const area = shapeOf(theatre.area).lines.flat();
    const [xs, ys] = [0, 1].map((axis) => area.map((at) => at[axis] / GRID));
    const bounds = L.latLngBounds([[Math.min(...ys), Math.min(...xs)], [Math.max(...ys), Math.max(...xs)]]);
    this.map = L.map('map', {
      zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, maxZoom: 15, minZoom: 4, attributionControl: false, fadeAnimation: false, boxZoom: false,
    });
    window.map_frontline = this.map;
    this.whole = bounds;
    this.map.fitBounds(bounds, { animate: false });
    this.picture = new Picture([toGrid(Math.min(...xs)), toGrid(Math.max(...ys))]).addTo(this.map);
    L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 110 }).addTo(this.map);
    this.map.on('moveend zoomend resize viewreset', () => this.draw());
    this.map.getContainer().setAttribute('role', 'region');
    this.context = context.filter((one) => one.geometry).map((one) => ({ kind: one.properties.kind, accuracy: one.properties.accuracy, lines: shapeOf(one.geometry).lines }));
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(byId('stage'));
  }

  words() {
    this.map.getContainer().setAttribute('aria-label', t('review.map'));
    for (const [name, word] of [['in', 'zoom.in'], ['out', 'zoom.out']]) {
      const button = this.map.getContainer().querySelector(`.leaflet-control-zoom-${name}`);
      button.title = t(word);
      button.setAttribute('aria-label', t(word));
    }
  }

  read(places) {
    this.places = places;
    this.byId = new Map(places.map((place) => [place.properties.id, place]));
  }

  #scene() {
    return {
      patches: this.patches ?? [], selected: new Set(), hover: null, chosen: this.chosen, context: this.context, ghost: null,
      pieces: this.pieces ?? [], marks: [], places: this.places, dots: this.dots ?? [], points: null, line: null, faults: [],
    };
  }

  draw() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      this.picture.draw(this.#scene());
    });
  }

  /** Show a draft: its ground, itself, and the choices that are places. */
  async show(draft) {
    this.shown = draft;
    for (const mark of this.marks) mark.remove();
    this.marks = [];
    const geometry = draft?.geometry ?? this.byId?.get(draft?.values.place_id)?.geometry ?? null;
    this.pieces = geometry ? [shapeOf(geometry)] : [];
    this.chosen = draft?.values.place_id ? { layer: 'places', id: draft.values.place_id } : null;
    this.dots = (draft?.alike ?? []).filter((one) => one.geometry).map((one) => ({ at: one.geometry.coordinates.map(toGrid), events: [{ properties: one }] }));
    const spots = geometry ? cornersOf(geometry) : [];
    const asked = [];
    (draft?.question?.choices ?? []).forEach(({ place }, i) => {
      const corners = cornersOf(this.byId.get(place)?.geometry);
      if (!corners.length) return;
      spots.push(...corners);
      const [lon, lat] = [0, 1].map((axis) => corners.reduce((sum, at) => sum + at[axis], 0) / corners.length / GRID);
      asked.push({ number: String(i + 1), at: L.latLng(lat, lon) });
    });
    if (spots.length) {
      const bounds = L.latLngBounds(spots.map(([x, y]) => [y / GRID, x / GRID]));
      if (bounds.getNorthEast().equals(bounds.getSouthWest())) this.map.setView(bounds.getCenter(), 9.5, { animate: false });
      else this.map.fitBounds(bounds.pad(0.35), { maxZoom: 10, animate: false });
    } else this.map.fitBounds(this.whole, { animate: false });
    this.#number(asked);
    this.draw();
    const day = draft?.values.event_date ?? draft?.values.date;
    if (day) await this.#ground(draft, day);
  }

  /** The numbers of the choices, those that would lie on one another side by side. */
  #number(asked) {
    const groups = [];
    for (const one of asked) {
      const spot = this.map.latLngToContainerPoint(one.at);
      const near = groups.find((group) => group.spot.distanceTo(spot) < 24);
      if (near) near.numbers.push(one.number);
      else groups.push({ spot, at: one.at, numbers: [one.number] });
    }
    for (const { at, numbers } of groups) {
      const width = 26 * numbers.length;
      const icon = L.divIcon({ className: 'candidate', html: el('span', null, numbers.join(' ')), iconSize: [width, 26] });
      this.marks.push(L.marker(at, { icon, keyboard: false, interactive: false }).addTo(this.map));
    }
  }

  async #ground(draft, day) {
    if (!this.layers.has(day)) this.layers.set(day, this.ask(day));
    const found = await this.layers.get(day);
    if (!found) this.layers.delete(day);
    if (!found || this.shown !== draft) return;
    found.patches ??= found.features.map(patchOf);
    this.patches = found.patches;
    byId('ground-of').replaceChildren(found.date ? foreign(t('review.ground', { date: isoText(found.date) })) : '');
    this.draw();
  }
}
