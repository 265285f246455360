// Keeping the work: the journal after every step, saving, merging with what others saved, coming
// back after a crash, and telling whether the server is there.

import { Answer, Asker, Silence, TAB, post, readPing, readState } from './api.js';
import { askConflict, askRestore, askUnsaved } from './dialogs.js';
import { LAYERS, layersOf, wired } from './work.js';

/* global el, t */

const PING_SECONDS = 30;

export class Keeper {
  constructor(app) {
    this.app = app;
    this.saving = false;
    this.gone = false; // the server did not answer the last time
    this.unkept = false; // the last step is not in the journal yet
    this.journal = new Asker('journal', 150, () => this.#edits(), () => {
      this.unkept = false;
      this.silent(false);
    }, (error) => {
      if (error instanceof Silence) this.silent(true);
      else app.news('journal', t('news.journal', { why: error.message }));
    });
    window.addEventListener('beforeunload', (event) => { if (this.work.changed.length && !this.left) event.preventDefault(); });
    window.addEventListener('pagehide', (event) => {
      // The server ends when its last page is gone; a reload asks again in time.
      if (!event.persisted) navigator.sendBeacon('/api/close', new Blob([JSON.stringify({ tab: TAB })], { type: 'application/json' }));
    });
    if (typeof BroadcastChannel !== 'undefined') {
      this.others = new BroadcastChannel('frontline-edit');
      this.others.onmessage = () => this.ping();
    }
    // Hidden tabs ask too: their server must not take them for gone.
    window.setInterval(() => this.ping(), PING_SECONDS * 1000);
  }

  get work() {
    return this.app.work;
  }

  // The journal.

  note() {
    this.unkept = true;
    this.journal.soon();
  }

  #edits() {
    const edits = this.work.changed.length ? this.work.forJournal() : null;
    if (edits === null && !this.journaled) return null;
    this.journaled = edits !== null;
    return { edits };
  }

  async restore(journal) {
    const { app } = this;
    const answer = await askRestore(journal);
    const { edits, tab } = journal;
    if (answer === 'restore') {
      if (edits.date !== app.state.date && !(await app.load(edits.date))) return;
      const layers = Object.fromEntries(LAYERS.map((name) => [name, edits[name] ?? null]));
      // What has changed on disk since is found out when the work is saved.
      const etags = Object.fromEntries(LAYERS.filter((name) => edits[name]).map((name) => [name, edits.etags[name]]));
      this.work.adopt('step.restore', layers, { etags });
      app.say(t('said.restored'));
      await this.journal.now();
    }
    if (answer === 'discard' || (answer === 'restore' && tab && tab !== TAB)) await this.attempt(() => post('journal', { edits: null, tab }));
  }

  /** Whether the work may be left: it is saved, or people do not want it. */
  async settled() {
    if (!this.work.changed.length) return true;
    const answer = await askUnsaved();
    if (answer === 'save') {
      await this.save();
      return !this.work.changed.length;
    }
    if (answer !== 'discard') return false;
    this.journaled = false;
    return (await this.attempt(() => post('journal', { edits: null }))) !== null;
  }

  download() {
    const blob = new Blob([JSON.stringify(this.work.forJournal(), null, 1)], { type: 'application/json' });
    const link = el('a', { href: URL.createObjectURL(blob), download: `frontline-${this.work.date}.json` });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // Saving.

  async save() {
    const { app, work } = this;
    if (this.saving || !work.changed.length) return;
    this.saving = true;
    app.bar();
    const [sent, names] = [work.now, work.changed];
    try {
      const answer = await post('save', work.forSave());
      this.silent(false);
      work.saved(answer.etags, sent, names);
      this.others?.postMessage({ saved: work.date });
      this.#tellSaved(answer.summary?.lines ?? []);
    } catch (error) {
      this.saving = false;
      if (error instanceof Silence) this.silent(true);
      else if (!(error instanceof Answer)) throw error;
      else if (error.status === 409) await this.#conflict(error.body);
      else if (error.body.issues) app.notSaved(error.body.issues);
      else app.refuse(error);
    } finally {
      this.saving = false;
      app.bar();
    }
  }

  #tellSaved(lines) {
    const what = lines.length ? el('details', null, el('summary', null, t('news.saved.what')), el('pre', { dir: 'ltr', tabindex: 0 }, lines.join('\n'))) : null;
    this.app.refuse(null);
    this.app.news('saved', t('news.saved'), what);
  }

  async #conflict(body) {
    const { app, work } = this;
    const edited = work.changed;
    const mine = Object.fromEntries(edited.map((name) => [name, wired[name](work.now[name])]));
    const answer = await askConflict(body, mine);
    if (!answer) return;
    const state = await this.attempt(() => readState(work.date));
    if (!state) return;
    const theirs = Object.fromEntries(LAYERS.map((name) => [name, state[name].features ?? state[name].rows]));
    // What was not edited here is as it is on disk.
    const layers = answer.theirs ? theirs : { ...theirs, ...Object.fromEntries(edited.map((name) => [name, answer.layers[name]])) };
    work.adopt('step.merge', layers, { etags: body.etags, base: layersOf(state) });
    if (work.changed.length) await this.save();
    else app.news('saved', t('news.theirs'));
  }

  // The server.

  /** Something asked of the server; null where it refuses or is gone, and people are told. */
  async attempt(action) {
    try {
      const answer = await action();
      this.silent(false);
      return answer ?? {};
    } catch (error) {
      if (error instanceof Silence) this.silent(true);
      else if (error instanceof Answer) this.app.refuse(error);
      else throw error;
      return null;
    }
  }

  async ping() {
    try {
      const { etags } = await readPing(this.work.date);
      this.silent(false);
      const stale = LAYERS.some((name) => etags[name] !== undefined && etags[name] !== this.work.etags[name]);
      if (stale && !this.saving) this.#stale();
    } catch (error) {
      if (error instanceof Silence) this.silent(true);
      else if (!(error instanceof Answer)) throw error;
    }
  }

  #stale() {
    const { app } = this;
    const again = async () => (await app.load(this.work.date, 'said.read')) && app.news(null);
    const button = this.work.changed.length ? null : el('button', { type: 'button', on: { click: again } }, t('news.read'));
    app.news('stale', t(button ? 'news.stale' : 'news.stale.dirty'), button);
  }

  /** The server answers, or it does not. */
  silent(silent) {
    const { app } = this;
    const word = this.unkept ? 'news.silent.unsent' : 'news.silent';
    if (silent ? this.gone === word : !this.gone) return;
    this.gone = silent && word;
    if (silent) {
      const copy = this.work.changed.length ? el('button', { type: 'button', on: { click: () => this.download() } }, t('news.copy')) : null;
      app.news('silent', t(word), copy);
    } else {
      if (app.newsKind === 'silent') app.news(null);
      if (this.unkept) this.journal.soon();
    }
  }

  async leave() {
    if (!(await this.settled())) return false;
    this.left = true;
    await this.attempt(() => post('close', {}));
    return true;
  }
}
