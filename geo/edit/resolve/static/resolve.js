// What git could not merge: both versions on the map and in a list, and whose word counts. The
// server keeps every choice before it answers; this page only shows it.

import { Answer, Silence, TAB, post, read } from './api.js';
import { Picture } from './canvas.js';
import { GRID, cornersOf, patchOf, shapeOf, toGrid } from './coverage.js';
import { ask, tell } from './dialogs.js';

/* global DATA, L, PLACES, WORDS, el, foreign, has, nameOf, nextLanguage, t */
/* global language:writable */

const byId = (id) => document.getElementById(id);
const PING_MS = 60_000;
const SIDES = ['mine', 'theirs'];
const SHOWN = { m: 'mine', t: 'theirs', b: 'was', r: 'merged' };

class Resolve {
  at = 0;
  version = 'mine';
  keys = true;

  async start() {
    try {
      const kept = localStorage.getItem('frontline-language');
      if (has(WORDS, kept)) language = kept;
    } catch { /* a browser that keeps nothing starts in English */ }
    this.state = await read('/api/state');
    const { controllers } = this.state.lists;
    Object.assign(DATA, {
      actors: Object.fromEntries(controllers.map((actor) => [actor.id, actor])),
      sides: Object.fromEntries(controllers.map((actor) => [actor.id, actor.side || actor.id])),
      colors: Object.fromEntries(controllers.filter((one) => one.color).map((one) => [one.side ?? one.id, one.color])),
    });
    for (const place of this.state.places) PLACES.set(place.properties.id, place.properties);
    this.#map();
    this.#controls();
    this.words();
    this.go(Math.max(0, this.conflicts.findIndex(({ conflict }) => !conflict.choice)));
    document.body.dataset.ready = 'yes';
  }

  get conflicts() {
    return this.state.files.flatMap((file) => file.conflicts.map((conflict) => ({ file, conflict })));
  }

  get now() {
    return this.conflicts[this.at] ?? null;
  }

  #map() {
    const { theatre } = this.state;
    const area = theatre.area ? shapeOf(theatre.area).lines.flat() : [[-180 * GRID, -60 * GRID], [180 * GRID, 60 * GRID]];
    const [xs, ys] = [0, 1].map((axis) => area.map((at) => at[axis] / GRID));
    this.whole = L.latLngBounds([[Math.min(...ys), Math.min(...xs)], [Math.max(...ys), Math.max(...xs)]]);
    this.map = L.map('map', { zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 120, maxZoom: 16, minZoom: 3, attributionControl: false, fadeAnimation: false, boxZoom: false });
    window.map_frontline = this.map;
    this.map.fitBounds(this.whole, { animate: false });
    this.picture = new Picture([toGrid(Math.min(...xs)), toGrid(Math.max(...ys))]).addTo(this.map);
    L.control.scale({ imperial: false, position: 'bottomleft', maxWidth: 110 }).addTo(this.map);
    this.map.on('moveend zoomend resize viewreset', () => this.draw());
    this.map.getContainer().setAttribute('role', 'region');
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(byId('stage'));
  }

  #controls() {
    byId('save').addEventListener('click', () => this.save());
    byId('help').addEventListener('click', () => this.help());
    byId('leave').addEventListener('click', () => this.leave());
    for (const button of document.querySelectorAll('[data-version]')) button.addEventListener('click', () => this.look(button.dataset.version));
    byId('language').addEventListener('click', () => {
      language = nextLanguage();
      try {
        localStorage.setItem('frontline-language', language);
      } catch { /* then it is English again next time */ }
      this.words();
      this.renew();
    });
    document.addEventListener('keydown', (event) => this.#key(event));
    window.addEventListener('pagehide', (event) => {
      if (!event.persisted) navigator.sendBeacon('/api/close', new Blob([JSON.stringify({ tab: TAB })], { type: 'application/json' }));
    });
    window.setInterval(() => this.attempt(() => read('/api/ping')), PING_MS);
  }

  #key(event) {
    if (byId('dialog').open) return undefined;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === 's') {
      event.preventDefault();
      return this.save();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !this.keys) return undefined;
    if (key === '1' || key === '2') this.choose(SIDES[Number(key) - 1], true);
    else if (key === 'n' || key === 'j') this.go(this.at + 1);
    else if (key === 'p' || key === 'k') this.go(this.at - 1);
    else if (has(SHOWN, key)) this.look(SHOWN[key]);
    else if (key === '?') this.help();
    else return undefined;
    return event.preventDefault();
  }

  words() {
    sayWords();
    byId('title').replaceChildren(t('resolve.title'), ' ', foreign(nameOf(this.state.theatre, '')));
    this.map.getContainer().setAttribute('aria-label', t('resolve.map'));
    for (const [name, word] of [['in', 'zoom.in'], ['out', 'zoom.out']]) {
      const button = this.map.getContainer().querySelector(`.leaflet-control-zoom-${name}`);
      button.title = t(word);
      button.setAttribute('aria-label', t(word));
    }
  }

  // Looking.

  go(to) {
    const { length } = this.conflicts;
    if (!length) return;
    this.at = Math.min(length - 1, Math.max(0, to));
    this.renew();
    byId('conflicts').querySelector('.now')?.scrollIntoView({ block: 'nearest' });
    const shape = this.now.conflict.shape;
    const corners = shape ? cornersOf(shape) : [];
    if (!corners.length) this.map.fitBounds(this.whole, { animate: false });
    else this.map.fitBounds(L.latLngBounds(corners.map(([x, y]) => [y / GRID, x / GRID])).pad(0.4), { maxZoom: 13, animate: false });
  }

  look(version) {
    this.version = version;
    this.bar();
    this.draw();
  }

  draw() {
    if (this.queued) return;
    this.queued = requestAnimationFrame(() => {
      this.queued = 0;
      const { file, conflict } = this.now ?? {};
      const shown = file?.versions[this.version] ?? [];
      const shape = conflict?.shape ? shapeOf(conflict.shape) : null;
      this.picture.draw({
        patches: file?.is_layer ? shown.map(patchOf) : [], selected: new Set(), hover: null, chosen: null, context: [], ghost: null,
        pieces: shape ? [shape] : [], marks: [], places: this.state.places, dots: [], points: null, line: null, faults: [],
      });
    });
  }

  // The list.

  renew() {
    const held = document.activeElement?.id;
    const { file } = this.now ?? {};
    byId('sides').replaceChildren(...(file ? [el('dl', null, SIDES.flatMap((side) => [el('dt', null, t(`resolve.${side}`)), el('dd', null, foreign(file.sides[side]))]))] : []));
    let number = 0;
    byId('conflicts').replaceChildren(...this.state.files.flatMap((one) => [
      el('h2', { dir: 'ltr' }, one.file),
      ...one.conflicts.map((conflict) => this.#row(conflict, number++)),
    ]));
    if (held) byId(held)?.focus();
    this.bar();
    this.draw();
  }

  #row(conflict, i) {
    const what = has(WORDS[language], `resolve.what.${conflict.what}`) ? t(`resolve.what.${conflict.what}`) : has(WORDS[language], `field.${conflict.what}`) ? t(`field.${conflict.what}`) : conflict.what;
    const word = (value) => (value === null || value === undefined ? el('span', { class: 'quiet' }, t('resolve.nothing')) : foreign(String(value)));
    const radio = (side) => el('label', null, el('input', {
      type: 'radio', id: `choice-${i}-${side}`, name: `conflict-${i}`, value: side, checked: conflict.choice === side, on: { change: () => { this.at = i; this.choose(side); } },
    }), t(`resolve.${side}`));
    return el('fieldset', { class: i === this.at ? 'now' : null, 'data-conflict': i, on: { click: () => { if (this.at !== i) this.go(i); } } },
      el('legend', null, `${i + 1}. ${what}: `, foreign(conflict.ids.join(', '))),
      el('table', { class: 'said' }, el('tbody', null,
        el('tr', null, el('th', { scope: 'row' }, t('resolve.was')), el('td', null, word(conflict.was))),
        SIDES.map((side) => el('tr', null, el('th', { scope: 'row' }, radio(side)), el('td', null, word(conflict[side])))))));
  }

  bar() {
    const open = this.conflicts.filter(({ conflict }) => !conflict.choice).length;
    byId('left').textContent = t('resolve.left', { left: open, of: this.conflicts.length });
    byId('save').disabled = this.saving || !this.state.files.some((one) => !one.open);
    const { file } = this.now ?? {};
    for (const button of document.querySelectorAll('[data-version]')) {
      const { version } = button.dataset;
      button.replaceChildren(t(`resolve.${version}`), ' ', foreign(file?.branches[version] ?? ''));
      button.setAttribute('aria-pressed', String(version === this.version));
      button.disabled = !file?.is_layer;
    }
  }

  // Deciding.

  async choose(side, goOn = false) {
    const { file, conflict } = this.now ?? {};
    if (!file) return;
    const answer = await this.attempt(() => post('choose', { file: file.file, number: conflict.number, side }));
    if (!answer) return;
    this.state.files = this.state.files.map((one) => (one.file === answer.file.file ? answer.file : one));
    byId('said').textContent = t('resolve.chosen', { side: t(`resolve.${side}`) });
    const next = this.conflicts.findIndex((one, i) => i > this.at && !one.conflict.choice);
    if (goOn && next >= 0) this.go(next);
    else {
      this.version = 'merged';
      this.renew();
    }
  }

  async save() {
    if (byId('save').disabled) return;
    this.saving = true;
    this.bar();
    const answer = await this.attempt(() => post('save', {}));
    this.saving = false;
    if (answer) {
      this.state.files = this.state.files.filter((one) => !answer.settled.includes(one.file));
      this.at = 0;
      this.news('saved', t(answer.left ? 'resolve.saved.some' : 'resolve.saved', { count: answer.settled.length }), el('pre', { dir: 'ltr', tabindex: 0 }, answer.settled.join('\n')));
    }
    this.renew();
  }

  async attempt(does) {
    try {
      const answer = await does();
      if (byId('news').dataset.kind === 'silent') this.news(null);
      return answer ?? {};
    } catch (error) {
      if (error instanceof Silence) this.news('silent', t('resolve.silent'));
      else if (error instanceof Answer) this.news('fault', [error.message, ...(error.body.issues ?? []).slice(1, 6).map((one) => one.message)].join(' \u2022 '));
      else throw error;
      return null;
    }
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
    const rows = [['1', 'mine'], ['2', 'theirs'], ['N P', 'next'], ['M T B R', 'look'], ['Ctrl+S', 'save'], ['?', 'help']];
    return ask(t('help'), el('div', { class: 'help' }, el('p', null, t('resolve.help')),
      el('table', null, el('caption', null, t('keys')), el('tbody', null, rows.map(([key, word]) => el('tr', null, el('th', { scope: 'row' }, el('kbd', { dir: 'ltr' }, key)), el('td', null, t(`keys.resolve.${word}`)))))),
      el('label', { class: 'keys-off' }, el('input', { type: 'checkbox', checked: this.keys, on: { change: (event) => { this.keys = event.target.checked; } } }), el('span', null, t('keys.on.resolve')))), [['ok', 'close']], { wide: true });
  }

  async leave() {
    document.body.dataset.left = 'yes';
    await this.attempt(() => post('close', {}));
    await tell(t('left.title'), el('p', null, t('resolve.gone')));
  }
}

new Resolve().start().catch((error) => {
  document.body.dataset.ready = 'no';
  byId('left').textContent = error.message;
  throw error;
});
