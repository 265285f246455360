// The review: drafts of a report one after the other, decided by keys. The server keeps every
// decision before it answers, and says how all drafts stand then; this page only shows it.

import { Answer, Silence, TAB, post, read } from './api.js';
import { Card, drawSettings } from './card.js';
import { ask, tell } from './dialogs.js';
import { Ground } from './ground.js';
import { KINDS, Passage } from './passage.js';

/* global DATA, PLACES, WORDS, el, foreign, has, isoText, nameOf, nextLanguage, placeName, t, term, ways */
/* global language:writable */

const byId = (id) => document.getElementById(id);
const PING_MS = 60_000;
const TYPED_MS = 700;
const PER_WORD = { a: 'accept', r: 'reject', n: 'next', j: 'next', p: 'back', k: 'back', s: 'swap', m: 'merge', x: 'split', d: 'date', e: 'edit', u: 'undo', o: 'reopen', c: 'place', ']': 'later', '[': 'earlier', '=': 'same', '?': 'help' };
const CODES = { Equal: '=', BracketRight: ']', BracketLeft: '[', Slash: '/' };

class Review {
  id = null;
  keys = true;
  typed = { values: {}, timer: 0 };
  waiting = Promise.resolve();
  turns = 0;

  async start() {
    try {
      const kept = localStorage.getItem('frontline-language');
      if (has(WORDS, kept)) language = kept;
    } catch { /* a browser that keeps nothing starts in English */ }
    this.passage = new Passage(byId('report'), (ids) => this.go(this.state.drafts.find((one) => ids.includes(one.id) && one.status === 'draft')?.id ?? ids[0]));
    this.ground = new Ground((day) => this.attempt(() => read(`/api/ground?date=${day}`)));
    this.card = new Card(byId('draft'), this);
    const asked = new URLSearchParams(window.location.search).get('report');
    const state = await read(`/api/state${asked === null ? '' : `?report=${Number(asked)}`}`);
    this.take(state);
    this.ground.start(state);
    this.#controls();
    this.words();
    document.body.dataset.ready = 'yes';
  }

  #controls() {
    byId('save').addEventListener('click', () => this.save());
    byId('undo').addEventListener('click', () => this.undo());
    byId('help').addEventListener('click', () => this.help());
    byId('leave').addEventListener('click', () => this.leave());
    byId('queue').addEventListener('change', () => this.open(Number(byId('queue').value)));
    byId('language').addEventListener('click', () => {
      language = nextLanguage();
      try {
        localStorage.setItem('frontline-language', language);
      } catch { /* then it is English again next time */ }
      this.words();
    });
    document.addEventListener('keydown', (event) => this.#key(event));
    byId('draft').addEventListener('focusout', (event) => { if (event.target.matches('input, textarea')) this.flush(); });
    window.addEventListener('pagehide', (event) => {
      if (!event.persisted) navigator.sendBeacon('/api/close', new Blob([JSON.stringify({ tab: TAB })], { type: 'application/json' }));
    });
    window.setInterval(() => this.attempt(() => read('/api/ping')), PING_MS);
  }

  #key(event) {
    if (byId('dialog').open) return undefined;
    const chord = event.ctrlKey || event.metaKey;
    // The letter on the key where the layout has no Latin ones.
    const latin = /^[\x20-\x7e]$/.test(event.key) ? event.key : CODES[event.code] ?? /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.key;
    const key = latin.toLowerCase();
    if (chord && !event.altKey && key === 's') {
      event.preventDefault();
      return this.save();
    }
    const typing = event.target.matches?.('input:not([type="checkbox"]), select, textarea');
    if (event.key === 'Escape' && typing) {
      byId('draft').focus();
      return undefined;
    }
    if (typing || event.altKey) return undefined;
    if (chord) {
      if (key !== 'z') return undefined;
      event.preventDefault();
      return this.undo();
    }
    if (!this.keys) return undefined;
    if (/^[1-9]$/.test(key)) this.choose(Number(key) - 1);
    else if (key === '0') this.leaveEmpty();
    else if (has(PER_WORD, key)) this.do(PER_WORD[key]);
    else return undefined;
    return event.preventDefault();
  }

  do(word) {
    const does = {
      accept: () => this.accept(), reject: () => this.reject(), next: () => this.next(), back: () => this.next(-1),
      swap: () => this.decide({ op: 'swap' }), merge: () => this.merge(), split: () => this.decide({ op: 'split' }),
      date: () => this.edit(this.draft?.kind === 'statement' ? 'date' : 'event_date'), edit: () => this.edit(), undo: () => this.undo(),
      reopen: () => this.decide({ op: 'reopen' }), later: () => this.open(this.state.report + 1), earlier: () => this.open(this.state.report - 1),
      same: () => this.same(0), place: () => this.makePlace(), help: () => this.help(),
    };
    does[word]();
  }

  // What the server said.

  get draft() {
    return this.state.drafts.find((one) => one.id === this.id) ?? null;
  }

  take(answer) {
    this.state = { ...this.state, ...answer };
    const { state } = this;
    if (answer.lists) {
      const { lists, colors } = answer;
      Object.assign(DATA, {
        actors: Object.fromEntries(lists.controllers.map((actor) => [actor.id, actor])),
        sides: Object.fromEntries(lists.controllers.map((actor) => [actor.id, actor.side || actor.id])),
        colors, sources: Object.fromEntries(lists.sources.map((source) => [source.id, source])),
      });
      PLACES.clear();
      for (const place of answer.places) PLACES.set(place.properties.id, place.properties);
      this.ground.layers.clear();
    }
    for (const place of answer.drawn ?? []) PLACES.set(place.properties.id, place.properties);
    this.ground.read([...state.places, ...(answer.drawn ?? [])]);
    if (!this.draft) this.id = (state.drafts.find((one) => one.status === 'draft') ?? state.drafts[0])?.id ?? null;
  }

  show() {
    this.passage.show(this.draft, this.state.drafts);
    this.card.renew(this.draft);
    this.ground.show(this.draft);
    this.bar();
  }

  bar() {
    const { queue, report, undoable } = this.state;
    const mine = queue[report];
    const accepted = queue.reduce((sum, one) => sum + one.accepted, 0);
    byId('left').textContent = t('left.of', { left: mine.left, of: mine.of });
    byId('save').disabled = !accepted;
    byId('save').textContent = accepted ? t('save.count', { count: accepted }) : t('save');
    byId('undo').disabled = !undoable;
    byId('queue-label').hidden = queue.length < 2;
    byId('queue').replaceChildren(...queue.map((one, i) => el('option', { value: i, selected: i === report }, `${one.name.split(/[\\/]/).at(-1)}${one.left === null ? '' : ` (${one.left})`}`)));
    document.title = `${mine.left} ${nameOf(this.state.theatre, 'frontline')}`;
  }

  words() {
    sayWords();
    byId('title').replaceChildren(t('review.title'), ' ', foreign(nameOf(this.state.theatre, '')));
    byId('key-to-text').replaceChildren(...KINDS.map((kind) => el('mark', { 'data-kind': kind }, t(`mention.${kind}`))));
    const fill = (name, options) => byId(`known-${name}`).replaceChildren(...options.map(([value, label]) => el('option', { value, label })));
    fill('places', this.state.places.map(({ properties: p }) => [p.id, nameOf(p, p.id)]));
    fill('actors', Object.values(DATA.actors).map((actor) => [actor.id, nameOf(actor, actor.id)]));
    this.ground.words();
    this.#renew();
  }

  #renew() {
    this.passage.read(this.state);
    drawSettings(byId('about'), this);
    this.show();
  }

  // Deciding.

  /** Ask the server; where it refuses or is silent, say so, and give nothing. */
  async attempt(does) {
    try {
      const answer = await does();
      if (byId('news').dataset.kind === 'silent') this.news(null);
      return answer ?? {};
    } catch (error) {
      if (error instanceof Silence) this.news('silent', t('review.silent'));
      else if (error instanceof Answer) this.news('fault', [error.message, ...(error.body.issues ?? []).slice(1, 6).map((one) => one.message)].join(' \u2022 '));
      else throw error;
      return null;
    }
  }

  /** One after the other, so that quick fingers decide about what they see. */
  inTurn(does) {
    const busy = (more) => byId('draft').setAttribute('aria-busy', String((this.turns += more) > 0));
    busy(1);
    this.waiting = this.waiting.then(does, does).finally(() => busy(-1));
    return this.waiting;
  }

  decide(decision, { onward = false } = {}) {
    return this.inTurn(async () => {
      await this.#flush();
      const { draft } = this;
      if (!draft) return false;
      return this.#send({ id: draft.id, ...decision }, onward);
    });
  }

  async #send(decision, onward = false) {
    const known = new Set(this.state.drafts.map((one) => one.id));
    const answer = await this.attempt(() => post('decide', { report: this.state.report, ...decision }));
    if (!answer) return false;
    if (byId('news').dataset.kind === 'fault') this.news(null);
    this.take(answer);
    const fresh = answer.drafts.find((one) => !known.has(one.id));
    if (fresh) this.id = fresh.id;
    if (fresh || decision.op === 'report') this.passage.read(this.state);
    if (onward) this.#onward();
    this.show();
    if (onward) this.#toTop();
    return true;
  }

  #onward(step = 1) {
    const { drafts } = this.state;
    const at = drafts.indexOf(this.draft);
    const order = drafts.map((_, i) => drafts[(at + step * (i + 1) + 2 * drafts.length) % drafts.length]);
    const next = order.find((one) => one.status === 'draft');
    if (next) this.id = next.id;
    else this.say(t('all.done'));
    return Boolean(next);
  }

  #toTop() {
    byId('draft').scrollTop = 0;
    if (byId('draft').getBoundingClientRect().top < 0) byId('draft').scrollIntoView({ block: 'start' });
    if (!byId('report').contains(document.activeElement)) byId('draft').focus({ preventScroll: true });
    this.say(this.card.node.querySelector('#draft-title')?.textContent ?? '');
  }

  next(step = 1) {
    return this.inTurn(async () => {
      await this.#flush();
      if (!this.#onward(step)) {
        const { drafts } = this.state;
        this.id = drafts.length ? drafts[(drafts.indexOf(this.draft) + step + drafts.length) % drafts.length].id : null;
      }
      this.show();
      this.#toTop();
    });
  }

  go(id) {
    return this.inTurn(async () => {
      await this.#flush();
      this.id = id;
      this.show();
    });
  }

  accept() {
    return this.inTurn(async () => {
      await this.#flush();
      const { draft } = this;
      if (!draft || draft.status === 'saved') return;
      if (draft.open.length) this.news('fault', t('must.settle', { names: draft.open.map((one) => term('field', one)).join(ways().comma) }));
      else await this.#send({ id: draft.id, op: 'accept' }, true);
    });
  }

  reject() {
    return this.decide({ op: 'reject' }, { onward: true });
  }

  choose(i) {
    return this.inTurn(async () => {
      await this.#flush();
      const { draft } = this;
      const one = draft?.question?.choices[i];
      if (!one) return;
      const { column } = draft.question;
      if (one.place || one.actor) await this.#send({ id: draft.id, op: 'answer', column, value: one.values[column] });
      else await this.#send({ id: draft.id, op: 'set', values: one.values });
    });
  }

  leaveEmpty() {
    return this.inTurn(async () => {
      await this.#flush();
      const { draft } = this;
      if (draft?.question?.may_be_empty) await this.#send({ id: draft.id, op: 'answer', column: draft.question.column, value: null });
    });
  }

  merge() {
    return this.inTurn(async () => {
      await this.#flush();
      const { draft } = this;
      const { drafts } = this.state;
      const into = drafts.slice(0, Math.max(0, drafts.indexOf(draft))).reverse().find((one) => one.kind === draft.kind && ['draft', 'reviewed'].includes(one.status));
      if (!into) this.news('fault', t('merge.none'));
      else if (await this.#send({ id: draft.id, op: 'merge', into: into.id })) {
        this.id = into.id;
        this.show();
        this.say(t('merged'));
      }
    });
  }

  same(i) {
    return this.inTurn(async () => {
      const { draft } = this;
      const event = draft?.alike[i];
      if (event) await this.#send({ id: draft.id, op: 'same', event: event.id }, true);
    });
  }

  undo() {
    return this.inTurn(async () => {
      if (Object.keys(this.typed.values).length) {
        window.clearTimeout(this.typed.timer);
        this.typed = { values: {}, timer: 0 };
        this.show();
        return;
      }
      const answer = await this.attempt(() => post('undo', { report: this.state.report }));
      if (!answer) return;
      this.take(answer);
      if (answer.undone && answer.drafts.some((one) => one.id === answer.undone)) this.id = answer.undone;
      this.#renew();
      this.say(t('undone'));
    });
  }

  // Columns that are typed.

  edit(column = null) {
    const details = byId('columns');
    if (!details) return;
    details.open = true;
    details.dispatchEvent(new Event('toggle'));
    const field = column ? details.querySelector(`[data-field="${column}"]`) : details.querySelector('[data-field]');
    field?.closest('details')?.setAttribute('open', '');
    const control = field?.querySelector('input, select, textarea');
    control?.focus();
    field?.scrollIntoView({ block: 'center' });
  }

  type(values, now) {
    Object.assign(this.typed.values, values);
    window.clearTimeout(this.typed.timer);
    if (now) this.flush();
    else this.typed.timer = window.setTimeout(() => this.flush(), TYPED_MS);
  }

  flush() {
    return this.inTurn(() => this.#flush());
  }

  async #flush() {
    const { values } = this.typed;
    window.clearTimeout(this.typed.timer);
    this.typed = { values: {}, timer: 0 };
    if (Object.keys(values).length && this.draft) await this.#send({ id: this.draft.id, op: 'set', values });
  }

  // The report, the queue, the layers.

  settle(settings) {
    return this.inTurn(async () => {
      await this.#send({ op: 'report', ...settings });
      drawSettings(byId('about'), this);
    });
  }

  async newSource() {
    const box = (name, attributes = {}) => el('div', { class: 'field' }, el('label', { class: 'label', for: `new-${name}` }, t(`source.${name}`)), el('input', { id: `new-${name}`, autocomplete: 'off', dir: 'auto', ...attributes }));
    const answer = await ask(t('source.new'), el('div', { class: 'form' }, box('publisher', { autofocus: true }), box('id', { dir: 'ltr' }), box('title'), box('url', { type: 'url', dir: 'ltr' })), [['ok', 'ok'], ['cancel', 'cancel']]);
    const value = (name) => byId(`new-${name}`)?.value.trim() || null;
    if (answer === 'ok') await this.settle({ source: { id: value('id'), publisher: value('publisher'), title: value('title'), url: value('url'), published: this.state.settings.published } });
    drawSettings(byId('about'), this);
  }

  /** A place of the shape that was drawn of the words. */
  async makePlace() {
    const { draft } = this;
    if (draft?.kind !== 'statement' || !draft.geometry || draft.status === 'saved') return;
    const box = (name, attributes) => el('div', { class: 'field' }, el('label', { class: 'label', for: `place-${name}` }, t(`place.${name}`)), el('input', { id: `place-${name}`, autocomplete: 'off', dir: 'auto', ...attributes }));
    const answer = await ask(t('place.make'), el('div', { class: 'form' }, el('p', { class: 'quiet' }, t('place.text')), box('name', { autofocus: true }), box('id', { dir: 'ltr' })), [['ok', 'ok'], ['cancel', 'cancel']]);
    if (answer === 'ok') await this.decide({ op: 'place', name: byId('place-name').value.trim(), place: byId('place-id').value.trim() });
  }

  open(number) {
    return this.inTurn(async () => {
      if (number < 0 || number >= this.state.queue.length) return;
      await this.#flush();
      const state = await this.attempt(() => read(`/api/state?report=${number}`));
      if (!state) return;
      this.id = null;
      this.take(state);
      byId('report').scrollTop = 0;
      this.#renew();
      this.#toTop();
    });
  }

  save() {
    return this.inTurn(async () => {
      await this.#flush();
      if (byId('save').disabled) return;
      if (!this.state.settings.source_id && this.state.drafts.some((one) => ['reviewed', 'same'].includes(one.status))) {
        this.news('fault', t('source.needed'));
        byId('source').focus();
        return;
      }
      const answer = await this.attempt(() => post('save', {}));
      if (!answer) return;
      const state = await this.attempt(() => read(`/api/state?report=${this.state.report}`));
      if (state) this.take(state);
      this.#renew();
      const { events, statements, sources } = answer.saved;
      this.news('saved', t('review.saved', { events, statements, sources }), el('details', null, el('summary', null, t('news.saved.what')), el('pre', { dir: 'ltr', tabindex: 0 }, answer.paths.join('\n'))));
    });
  }

  say(text) {
    byId('said').textContent = text;
  }

  /** A notice that stays until it is closed or another comes; null takes it away. */
  news(kind, text = '', ...more) {
    const node = byId('news');
    node.hidden = !kind;
    node.dataset.kind = kind ?? '';
    node.replaceChildren(el('p', { role: 'status' }, text), ...more,
      el('button', { type: 'button', class: 'close', 'aria-label': t('close'), on: { click: () => this.news(null) } }, '\u00D7'));
  }

  help() {
    const rows = [['N', 'next'], ['P', 'back'], ['1\u20135', 'choose'], ['0', 'empty'], ['A', 'accept'], ['R', 'reject'], ['=', 'same'], ['S', 'swap'], ['M', 'merge'], ['X', 'split'], ['D', 'date'], ['E', 'edit'], ['C', 'place'], ['O', 'reopen'], ['U', 'undo'], ['[ ]', 'queue'], ['Ctrl+S', 'save'], ['?', 'help']];
    return ask(t('help'), el('div', { class: 'help' }, el('p', null, t('review.help')),
      el('table', null, el('caption', null, t('keys')), el('tbody', null, rows.map(([key, word]) => el('tr', null, el('th', { scope: 'row' }, el('kbd', { dir: 'ltr' }, key)), el('td', null, t(`keys.review.${word}`)))))),
      el('label', { class: 'keys-off' }, el('input', { type: 'checkbox', checked: this.keys, on: { change: (event) => { this.keys = event.target.checked; } } }), el('span', null, t('keys.on.review')))), [['ok', 'close']], { wide: true });
  }

  async leave() {
    await this.flush();
    document.body.dataset.left = 'yes';
    await this.attempt(() => post('close', {}));
    await tell(t('left.title'), el('p', null, t('review.left')));
  }

  // What the forms of the editor ask of their page.

  eventText(id) {
    return id;
  }

  statementText(id) {
    return id;
  }
}

const review = new Review();
for (const kind of ['error', 'unhandledrejection']) {
  window.addEventListener(kind, (event) => review.news('fault', t('news.fault', { why: (event.reason ?? event.error)?.message ?? event.message ?? '' })));
}
review.start().catch((error) => {
  const node = byId('news');
  node.hidden = false;
  node.textContent = error.message;
  document.body.dataset.ready = 'no';
  throw error;
});
