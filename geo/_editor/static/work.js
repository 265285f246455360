// The work at hand: four layers, what they were on disk, and every step between.
// A step is a whole new document that shares with the old one whatever it left alone, so undo is
// going back to an object, and undo to the start gives the very objects that were read.

import { featureOf, patchOf } from './coverage.js';

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

  /** Change some properties of a record; nothing happens where nothing is new. */
  set(name, id, values, word, { now = false } = {}) {
    const record = this.record(name, id);
    const old = record.properties ?? record;
    const changed = Object.keys(values).filter((key) => (old[key] ?? null) !== (values[key] ?? null));
    if (!changed.length) return false;
    const properties = { ...old, ...values };
    this.step(word, { [name]: this.with(name, record.properties ? { ...record, properties } : properties) }, now ? null : `set:${name}:${id}:${changed}`);
    return true;
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
  adopt(word, layers, { etags = null, base = null } = {}) {
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
    this.step(word, fresh);
  }
}

/** The layers of a state, as the work holds them. */
export const layersOf = (state) => Object.fromEntries(LAYERS.map((name) => [name, state[name] ? readers[name](state[name]) : []]));

/** A fresh identity with a random part, as the layers have them. */
export function freshId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return `${prefix}-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
