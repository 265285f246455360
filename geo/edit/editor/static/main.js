// The editor: what is chosen and which tool is in hand; every change of the work goes through here.

import { Answer, Asker, Silence, post, readState } from './api.js';
import { formerBorders } from './canvas.js';
import { Chosen } from './chosen.js';
import { TABS, prepareControls } from './controls.js';
import { GRID, Refusal, cornersOf, ringsOf, shapeOf, toGrid } from './coverage.js';
import { openHelp, tell } from './dialogs.js';
import { Drawing } from './drawing.js';
import { Keeper } from './keeper.js';
import { fillLists } from './lists.js';
import { Ledger, Problems } from './panels.js';
import { Stage } from './stage.js';
import { LAYERS, Work, idOf, layersOf, wired } from './work.js';

/* global DATA, PLACES, WORDS, el, foreign, has, isoText, listed, nameOf, nextLanguage, placeName, t, term, toDay, ways */
/* global language:writable */

const byId = (id) => document.getElementById(id);
const EVENT_DAYS = 7;

class App {
  tool = 'select';
  selected = new Set();
  chosen = null; // { layer, id }, or { spot, ids } where several events share a place
  hands = null; // after a front line was cut: the pieces on either hand of it
  pieces = [];
  marks = [];
  faults = [];
  snap = true;
  keys = true;
  panel = 'chosen';

  async start() {
    try {
      const kept = localStorage.getItem('frontline-language');
      if (has(WORDS, kept)) language = kept;
    } catch { /* a browser that keeps nothing starts in English */ }
    const state = await readState(new URLSearchParams(window.location.search).get('date'));
    this.#read(state);
    this.stage = new Stage(this, shapeOf(state.theatre.area).lines.flat().map(([x, y]) => [x / GRID, y / GRID]));
    this.drawing = new Drawing(this);
    this.chosenPanel = new Chosen(this, byId('chosen'));
    this.ledger = new Ledger(this, byId('ledger'));
    this.problems = new Problems(this, byId('problems'));
    this.keeper = new Keeper(this);
    this.#prepareAskers();
    prepareControls(this);
    this.words();
    this.changed();
    document.body.dataset.ready = 'yes';
    if (state.journal) await this.keeper.restore(state.journal);
  }

  // What the server said.

  #read(state) {
    this.state = state;
    this.work = new Work(state);
    this.work.onChange((what) => this.changed(what));
    const { lists } = state;
    this.actors = Object.fromEntries(lists.controllers.map((actor) => [actor.id, actor]));
    this.statements = new Map((lists.statements ?? []).map((statement) => [statement.id, statement]));
    Object.assign(DATA, {
      actors: this.actors,
      sides: Object.fromEntries(lists.controllers.map((actor) => [actor.id, actor.side || actor.id])),
      colors: Object.fromEntries([...lists.controllers, ...lists.sides].filter((one) => one.color && (one.side ?? one.id) === one.id).map((one) => [one.id, one.color])),
      sources: Object.fromEntries(lists.sources.map((source) => [source.id, source])),
    });
    this.context = (state.context?.features ?? []).filter((feature) => feature.geometry)
      .map((feature) => ({ kind: feature.properties.kind, accuracy: feature.properties.accuracy, lines: shapeOf(feature.geometry).lines }));
    this.ghost = layersOf({ control: state.ghost ?? { features: [] } }).control;
    this.showGhost = this.ghost.length > 0;
    Object.assign(this, { selected: new Set(), chosen: null, hands: null, pieces: [], marks: [], faults: [], asked: null });
  }

  async load(date, word = null) {
    const state = await this.keeper.attempt(() => readState(date));
    if (!state) return false;
    this.#read(state);
    this.ledger.answer = null;
    this.ledger.forms.clear();
    this.problems.issues = null;
    this.words();
    this.changed();
    if (word) this.say(t(word));
    return true;
  }

  #prepareAskers() {
    const fail = (panel) => (error) => {
      if (error instanceof Silence) this.keeper.silent(true);
      else panel.fail(error.body.issues?.[0]?.message ?? error.message);
      this.tabs();
    };
    const control = () => wired.control(this.work.now.control);
    const others = (...names) => Object.fromEntries(names.filter((name) => this.work.differs(name)).map((name) => [name, wired[name](this.work.now[name])]));
    this.checker = new Asker('check', 500, () => ({ date: this.state.date, control: control(), ...others('events', 'places', 'changes') }), ({ issues }) => {
      this.problems.take(issues);
      this.tabs();
    }, fail(this.problems));
    this.changer = new Asker('changes', 400, () => (this.state.previous ? { date: this.state.date, control: control(), rows: this.work.now.changes, ...others('events', 'places') } : null), (answer) => {
      this.ledger.take(answer);
      this.tabs();
    }, fail(this.ledger));
  }

  // The work has changed.

  changed(what = { kind: 'read' }) {
    const { work } = this;
    const there = new Set(work.now.control.map((patch) => patch.id));
    this.selected = new Set([...this.selected].filter((id) => there.has(id)));
    if (this.chosen?.layer && !work.record(this.chosen.layer, this.chosen.id)) this.chosen = null;
    if (what.kind !== 'step') this.hands = null;
    if (what.kind === 'undo' || what.kind === 'redo') {
      this.refuse(null);
      this.say(t(`said.${what.kind}`, { what: t(what.word) }));
    }
    PLACES.clear();
    for (const place of work.now.places) PLACES.set(place.properties.id, place.properties);
    fillLists(this);
    const layers = LAYERS.map((name) => work.now[name]);
    if (layers.some((layer, i) => layer !== this.asked?.[i])) {
      this.problems.wait();
      this.checker.soon();
      this.changer.soon();
      this.asked = layers;
    }
    if (what.kind !== 'read') this.keeper.note();
    this.stage.renew();
    this.draw();
    this.chosenPanel.renew();
    if (what.kind !== 'step' || this.rowIds !== this.#rowIds()) this.ledger.renew();
    else this.ledger.refresh();
    this.rowIds = this.#rowIds();
    this.tabs();
    this.bar();
  }

  #rowIds() {
    return this.ledger.rows().map((row) => row.id).join();
  }

  eventText(id) {
    const event = this.work.record('events', id)?.properties;
    return event ? `${isoText(event.event_date, { short: true, year: false })} ${term('sub', event.sub_event_type)}, ${PLACES.has(event.place_id) ? placeName(event.place_id) : event.location ?? ''}` : id;
  }

  statementText(id) {
    const statement = this.statements.get(id);
    return statement ? listed([placeName(statement.place_id), isoText(statement.date, { short: true })]) : id;
  }

  /** Events of the days round the date, and between it and the layer before. */
  eventsShown() {
    const last = toDay(this.state.date);
    const first = this.state.previous ? Math.max(toDay(this.state.previous), last - 31) : last - EVENT_DAYS;
    return this.work.now.events.filter(({ properties: p }) => p.id === this.chosen?.id || !p.event_date
      || (toDay(p.end_date ?? p.event_date) >= first && toDay(p.event_date) <= last + EVENT_DAYS));
  }

  #dots() {
    const spots = new Map();
    for (const event of this.eventsShown()) {
      if (!event.geometry) continue;
      const at = event.geometry.coordinates.map(toGrid);
      const key = at.join();
      if (!spots.has(key)) spots.set(key, { at, events: [] });
      spots.get(key).events.push(event);
    }
    return [...spots.values()];
  }

  // The picture.

  scene() {
    const { work } = this;
    this.dots = this.#dots();
    if (this.formerOf !== work.now.control) {
      this.formerOf = work.now.control;
      this.former = this.ghost.length ? formerBorders(this.ghost, work.now.control) : null;
    }
    return {
      selected: this.selected, chosen: this.chosen, context: this.context,
      ghost: this.showGhost ? this.former : null, pieces: this.pieces, marks: this.marks,
      places: work.now.places, dots: this.dots, hands: this.drawing.hands(),
    };
  }

  draw() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      const { crowded } = this.stage.draw();
      if (crowded !== this.crowded) {
        this.crowded = crowded;
        this.#hint();
      }
    });
  }

  #hint() {
    const key = this.tool === 'borders' && this.crowded ? 'hint.crowded' : `hint.${this.tool}`;
    byId('hint').textContent = t(key);
  }

  tabs() {
    const counts = { ledger: this.ledger.missing, problems: this.problems.fresh.filter((issue) => issue.severity === 'error').length };
    for (const name of TABS) {
      const tab = byId(`tab-${name}`);
      const count = counts[name] ?? 0;
      tab.replaceChildren(t(`tab.${name}`), count ? el('span', { class: 'count' }, ` ${count}`) : '');
      tab.setAttribute('aria-selected', String(name === this.panel));
      tab.tabIndex = name === this.panel ? 0 : -1;
      byId(name).hidden = name !== this.panel;
    }
  }

  show(name) {
    this.panel = name;
    this.tabs();
  }

  bar() {
    const { work } = this;
    const { count } = work;
    byId('undo').disabled = !work.past.length;
    byId('redo').disabled = !work.future.length;
    byId('save').disabled = !count || this.keeper.saving;
    const text = count ? t('dirty', { count }) : t('clean');
    if (byId('dirty').textContent !== text) byId('dirty').textContent = text;
    document.title = `${count ? '* ' : ''}${nameOf(this.state.theatre, 'frontline')} ${this.state.date}`;
  }

  words() {
    sayWords();
    byId('title').replaceChildren(t('title'), ' ', foreign(nameOf(this.state.theatre, '')));
    byId('date').replaceChildren(...this.state.dates.map((date) => el('option', { value: date, selected: date === this.state.date }, isoText(date, { short: true }))));
    byId('ghost').checked = this.showGhost;
    byId('ghost').disabled = !this.ghost.length;
    byId('ghost-text').textContent = this.state.previous ? t('ghost', { date: isoText(this.state.previous, { short: true, year: false }) }) : t('ghost.none');
    this.stage.words();
    this.take(this.tool);
  }

  // Tools and choices.

  take(tool) {
    this.tool = tool;
    document.body.dataset.using = tool;
    for (const button of document.querySelectorAll('[data-tool]')) button.setAttribute('aria-pressed', String(button.dataset.tool === tool));
    this.refuse(null);
    this.#hint();
    this.stage.renew();
    this.chosenPanel.renew();
    this.draw();
  }

  selectPatch(id, more = false, zoom = false) {
    if (!more) this.selected.clear();
    if (id && more && this.selected.has(id)) this.selected.delete(id);
    else if (id) this.selected.add(id);
    Object.assign(this, { chosen: null, hands: null, pieces: [], marks: [] });
    this.chose();
    if (zoom) this.stage.zoomTo(this.work.now.control.filter((patch) => patch.id === id).flatMap((patch) => ringsOf(patch).flat()));
  }

  choose(what, { zoom = false } = {}) {
    this.chosen = what;
    this.selected.clear();
    Object.assign(this, { hands: null, pieces: [], marks: [] });
    this.chose();
    const record = what?.layer && this.work.record(what.layer, what.id);
    if (zoom && record?.geometry) this.stage.zoomTo(cornersOf(record.geometry));
  }

  chose() {
    this.show('chosen');
    this.stage.renew();
    this.chosenPanel.renew();
    this.draw();
  }

  /** The event or place that is drawn near a spot of the screen. */
  recordNear(distance, more) {
    if (more) return null;
    const near = (items, atOf, reach) => items.map((item) => ({ item, away: distance(atOf(item)) }))
      .filter(({ away }) => away <= reach).sort((a, b) => a.away - b.away)[0]?.item;
    const dot = near(this.dots ?? [], ({ at }) => at, 12);
    if (dot) return dot.events.length > 1 ? { spot: true, ids: dot.events.map(idOf) } : { layer: 'events', id: idOf(dot.events[0]) };
    const place = near(this.work.now.places.filter((one) => one.geometry?.type === 'Point'), (one) => one.geometry.coordinates.map(toGrid), 8);
    return place ? { layer: 'places', id: idOf(place) } : null;
  }

  showShapes(kind, shapes) {
    Object.assign(this, { pieces: [], marks: [], [kind]: shapes });
    this.stage.zoomTo(shapes.flatMap(({ lines, spots }) => [...lines.flat(), ...spots]));
    this.draw();
  }

  showIssue(issue) {
    const ids = new Set(issue.ids ?? []);
    const patches = this.work.now.control.filter((patch) => ids.has(patch.id));
    const record = ['events', 'places'].flatMap((layer) => this.work.now[layer].filter((one) => ids.has(idOf(one))).map((one) => ({ layer, id: idOf(one) })))[0];
    if (patches.length) this.selected = new Set(patches.map((patch) => patch.id));
    else if (record) this.chosen = record;
    this.chosenPanel.renew();
    const row = this.ledger.rows().find((one) => ids.has(one.id));
    if (row) {
      this.show('ledger');
      this.ledger.open(row.id);
    } else if (!issue.shape && record) this.show('chosen');
    if (issue.shape) this.showShapes('marks', [issue.shape]);
    else if (patches.length) this.stage.zoomTo(patches.flatMap((patch) => ringsOf(patch).flat()));
    else if (record) this.choose(record, { zoom: true });
    this.draw();
  }

  // Changes of the work.

  setPatches(values, { now = false, word = 'step.set' } = {}) {
    const { control } = this.work.now;
    let changed = false;
    const next = control.map((patch) => {
      if (!this.selected.has(patch.id)) return patch;
      const fresh = typeof values === 'function' ? values(patch.properties) : values;
      if (Object.keys(fresh).every((key) => (patch.properties[key] ?? null) === (fresh[key] ?? null))) return patch;
      changed = true;
      return { ...patch, properties: { ...patch.properties, ...fresh } };
    });
    const run = now ? null : `patches:${[...this.selected]}:${Object.keys(values)}`;
    if (changed) this.work.step(word, { control: next }, run);
  }

  async join() {
    const { work } = this;
    const before = work.now.control;
    const answer = await this.keeper.attempt(() => post('merge', { date: this.state.date, features: wired.control(before), ids: [...this.selected] }));
    if (!answer) return;
    if (work.now.control !== before) this.refuse(new Refusal('meanwhile'));
    else work.adopt('step.join', { control: answer.features }, { byHand: true });
  }

  // Telling people.

  say(text) {
    byId('said').textContent = text;
  }

  /** What a save was refused for. */
  notSaved(issues) {
    this.problems.take(issues.map((issue) => ({ ...issue, new: true })));
    this.show('problems');
    this.refuse(new Refusal('not.saved'));
    const first = issues.find((issue) => issue.where);
    if (first) this.showShapes('marks', [shapeOf(first.where)]);
  }

  /** Say why something was not done, and show where; null takes it back. */
  refuse(refusal) {
    const node = byId('refused');
    node.hidden = refusal === null;
    this.faults = [];
    if (refusal !== null) {
      if (!(refusal instanceof Refusal || refusal instanceof Answer)) throw refusal;
      const where = refusal instanceof Answer ? shapeOf(refusal.body.where).spots[0] : refusal.where;
      node.textContent = refusal instanceof Refusal ? t(`refused.${refusal.word}`) : refusal.message;
      this.faults = where ? [where] : [];
    }
    this.draw();
  }

  /** A notice that stays until it is closed or another comes; null takes it away. */
  news(kind, text = '', ...more) {
    const node = byId('news');
    this.newsKind = kind;
    node.hidden = !kind;
    node.dataset.kind = kind ?? '';
    node.replaceChildren(el('p', { role: 'status' }, text), ...more.filter(Boolean),
      el('button', { type: 'button', class: 'close', 'aria-label': t('close'), on: { click: () => this.news(null) } }, '\u00D7'));
  }

  // Language, dates, help.

  async help() {
    await openHelp(this);
  }

  turnLanguage() {
    language = nextLanguage();
    try {
      localStorage.setItem('frontline-language', language);
    } catch { /* then it is English again next time */ }
    this.ledger.forms.clear();
    this.words();
    this.changed({ kind: 'language' });
    this.problems.renew();
  }

  async turnDate(date) {
    if (!(await this.keeper.settled()) || !(await this.load(date))) byId('date').value = this.state.date;
  }

  async leave() {
    if (!(await this.keeper.leave())) return;
    this.news(null);
    document.body.dataset.left = 'yes';
    await tell(t('left.title'), el('p', null, t('left.text')));
  }
}

const app = new App();
for (const kind of ['error', 'unhandledrejection']) {
  window.addEventListener(kind, (event) => app.news('fault', t('news.fault', { why: (event.reason ?? event.error)?.message ?? event.message ?? '' })));
}
app.start().catch((error) => {
  const node = byId('refused');
  node.hidden = false;
  node.textContent = `${error.message}`;
  document.body.dataset.ready = 'no';
  throw error;
});
