// The work at hand: four layers, what they were on disk, and every step between.
// A step is a whole new document that shares with the old one whatever it left alone, so undo is
// going back to an object, and undo to the start gives the very objects that were read.

import { GRID, featureOf, patchOf } from './coverage.js';
import { areaKm2 } from './labels.js';

/* global splitIds */

export const LAYERS = ['control', 'events', 'places', 'changes'];

const readers = {
  control: ({ features }) => features.map(patchOf),
  events: ({ features }) => features,
  places: ({ features }) => features,
  changes: ({ rows }) => rows,
};

/** A layer as it goes over the wire. */
export const wired = {
  control: (patches) => patches.map(featureOf),
  events: (features) => features,
  places: (features) => features,
  changes: (rows) => rows,
};

export const idOf = (record) => record.id ?? record.properties.id;

export class Work {
  constructor(state) {
    this.machineNote = state.machine_note ? new RegExp(state.machine_note) : null;
    this.date = state.date;
    this.etags = Object.fromEntries(LAYERS.map((name) => [name, state[name]?.etag ?? null]));
    this.base = Object.freeze(layersOf(state));
    this.now = this.base;
    this.past = [];
    this.future = [];
    this.listeners = [];
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  #tell(what) {
    this.listeners.forEach((listener) => listener(what));
  }

  /**
   * One step: `layers` has the new lists of those that changed. A step with the same `run` as the
   * one before, soon after it, is the same step: typing and nudging are undone at once.
   */
  step(word, layers, run = null) {
    this.#step(word, layers.control ? { ...layers, control: this.#byHand(layers.control) } : layers, run);
  }

  /**
   * Ground that a person drew anew, or gave to somebody else, is no longer what the estimate said
   * of it: its note with the probability goes, and the statements that the draft rested on.
   */
  #byHand(control) {
    const before = new Map(this.now.control.map((patch) => [patch.id, patch]));
    const holder = ({ properties: p }) => [p.controller, p.controllers, p.status].join('|');
    return control.map((patch) => {
      const old = before.get(patch.id);
      if (patch === old || !this.machineNote?.test(patch.properties.note ?? '')) return patch;
      // A neighbour that only takes up a corner of a line keeps its ground.
      if (old && holder(old) === holder(patch) && Math.abs(areaKm2(old) - areaKm2(patch)) < 1e-3) return patch;
      return { ...patch, properties: { ...patch.properties, note: null, statement_ids: null } };
    });
  }

  #step(word, layers, run) {
    const last = this.past.at(-1);
    const joined = run && last?.run === run && Date.now() - last.time < 1500;
    if (!joined) this.past.push({ before: this.now, word, run });
    this.past.at(-1).time = Date.now();
    this.now = Object.freeze({ ...this.now, ...layers });
    this.future = [];
    this.#tell({ kind: 'step', word });
  }

  undo() {
    const step = this.past.pop();
    if (!step) return null;
    this.future.push({ ...step, after: this.now });
    this.now = step.before;
    this.#tell({ kind: 'undo', word: step.word });
    return step.word;
  }

  redo() {
    const step = this.future.pop();
    if (!step) return null;
    this.past.push({ before: this.now, word: step.word, run: null, time: 0 });
    this.now = step.after;
    this.#tell({ kind: 'redo', word: step.word });
    return step.word;
  }

  /** Whether a layer differs from what is on disk, as far as we know. */
  differs(name) {
    const [now, base] = [this.now[name], this.base[name]];
    return now !== base && (now.length !== base.length || now.some((record, i) => record !== base[i]));
  }

  get changed() {
    return LAYERS.filter((name) => this.differs(name));
  }

  /** How many records differ. */
  get count() {
    return LAYERS.reduce((sum, name) => {
      const before = new Map(this.base[name].map((record) => [idOf(record), record]));
      const kept = this.now[name].filter((record) => before.has(idOf(record)));
      return sum + this.now[name].filter((record) => before.get(idOf(record)) !== record).length + before.size - kept.length;
    }, 0);
  }

  record(name, id) {
    return this.now[name].find((record) => idOf(record) === id);
  }

  /** Put a changed record in the place of the old one, or at the end. */
  with(name, record) {
    const list = this.now[name];
    const at = list.findIndex((one) => idOf(one) === idOf(record));
    return at < 0 ? [...list, record] : list.with(at, record);
  }

  without(name, id) {
    return this.now[name].filter((record) => idOf(record) !== id);
  }

  /**
   * Change a record. A row of the ledger and its events name each other, and an event explains one
   * row: all ends of a link change in the same step.
   */
  setRecord(layer, id, values, { now = false } = {}) {
    const record = this.record(layer, id);
    if (!record) return;
    const old = record.properties ?? record;
    if (Object.keys(values).every((key) => (old[key] ?? null) === (values[key] ?? null))) return;
    const properties = { ...old, ...values };
    const layers = { [layer]: this.with(layer, record.properties ? { ...record, properties } : properties) };
    if (layer === 'changes' && 'event_ids' in values) {
      const named = splitIds(values.event_ids);
      layers.events = this.#linkEvents(id, named);
      layers.changes = layers.changes.map((row) => (row.id === id ? row : withoutEvents(row, named)));
    }
    if (layer === 'events' && 'change_id' in values) layers.changes = this.#linkRows(id, values.change_id);
    this.step(`step.set.${layer}`, layers, now ? null : `${layer}:${id}:${Object.keys(values)}`);
  }

  #linkEvents(row, ids) {
    const named = new Set(ids);
    return this.now.events.map((event) => {
      const { id, change_id: old } = event.properties;
      const change = named.has(id) ? row : old === row ? null : old;
      return change === old ? event : { ...event, properties: { ...event.properties, change_id: change } };
    });
  }

  #linkRows(event, row) {
    return this.now.changes.map((one) => {
      if (one.id !== row) return withoutEvents(one, [event]);
      const ids = splitIds(one.event_ids);
      return ids.includes(event) ? one : { ...one, event_ids: [...ids, event].join(';') };
    });
  }

  moveRecord(layer, id, to) {
    const record = this.record(layer, id);
    const geometry = { type: 'Point', coordinates: to.map((v) => v / GRID) };
    this.step(`step.move.${layer}`, { [layer]: this.with(layer, { ...record, geometry }) });
  }

  setEventPlace(id, place) {
    const event = this.record('events', id);
    const known = place && this.record('places', place);
    if ((event.properties.place_id ?? null) === (place ?? null)) return;
    const properties = { ...event.properties, place_id: place };
    if (known?.properties.geo_radius_m != null) properties.geo_radius_m = known.properties.geo_radius_m;
    // At a line or an area an event keeps its own position: only a person knows where on it.
    const geometry = known?.geometry?.type === 'Point' || (known && !known.geometry) ? known.geometry : event.geometry;
    this.step('step.set.events', { events: this.with('events', { ...event, properties, geometry }) });
  }

  removeRecord(layer, id) {
    const layers = { [layer]: this.without(layer, id) };
    if (layer === 'changes') layers.events = this.#linkEvents(id, []);
    if (layer === 'events') layers.changes = this.#linkRows(id, null);
    this.step(`step.remove.${layer}`, layers);
  }

  /** A layer for the server: null where it is as it was. */
  sent(name) {
    if (!this.differs(name)) return null;
    const list = wired[name](this.now[name]);
    return name === 'changes' ? { etag: this.etags[name], rows: list } : { etag: this.etags[name], features: list };
  }

  forSave() {
    return { date: this.date, ...Object.fromEntries(LAYERS.map((name) => [name, this.sent(name)])) };
  }

  forJournal() {
    const layers = Object.fromEntries(LAYERS.map((name) => [name, this.differs(name) ? wired[name](this.now[name]) : null]));
    return { date: this.date, etags: this.etags, count: this.count, ...layers };
  }

  /** The layers that were sent are on disk; the work may have gone on since, and so may others. */
  saved(etags, sent, names) {
    this.base = Object.freeze({ ...this.base, ...Object.fromEntries(names.map((name) => [name, sent[name]])) });
    names.forEach((name) => { this.etags[name] = etags[name]; });
    this.#tell({ kind: 'saved' });
  }

  /**
   * Take layers from elsewhere (a cut, a journal, a merge) as one step. With a new base what is on
   * disk is another; records equal to those of the base become the very same.
   */
  adopt(word, layers, { etags = null, base = null, byHand = false } = {}) {
    if (base) this.base = Object.freeze({ ...this.base, ...base });
    Object.assign(this.etags, etags);
    const known = (name) => new Map([...this.now[name], ...this.base[name]].map((record) => [JSON.stringify(record), record]));
    const fresh = {};
    for (const name of LAYERS) {
      if (!layers[name] && !base) continue;
      const same = known(name);
      const list = layers[name] ? readers[name](name === 'changes' ? { rows: layers[name] } : { features: layers[name] }) : this.now[name];
      fresh[name] = list.map((record) => same.get(JSON.stringify(record)) ?? record);
    }
    if (byHand) this.step(word, fresh);
    else this.#step(word, fresh, null);
  }
}

/** The layers of a state, as the work holds them. */
export const layersOf = (state) => Object.fromEntries(LAYERS.map((name) => [name, state[name] ? readers[name](state[name]) : []]));

/** A row of the ledger that names some events no longer; itself where it named none of them. */
function withoutEvents(row, events) {
  const ids = splitIds(row.event_ids);
  const kept = ids.filter((id) => !events.includes(id));
  return kept.length === ids.length ? row : { ...row, event_ids: kept.join(';') || null };
}

/** A fresh identity with a random part, as the layers have them. */
export function freshId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return `${prefix}-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
