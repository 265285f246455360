// The ledger of changes since the date before, and the findings about the work.

import { shapeOf } from './coverage.js';
import { addChange } from './adding.js';
import { Form, choice } from './fields.js';
import { addColumns, wordsOf } from './forms.js';
import { areaText, handText } from './labels.js';

/* global el, foreign, isoText, listed, nameOf, placeName, splitIds, t, term */

const button = (word, on, attributes = {}) => el('button', { type: 'button', ...attributes, on: { click: on } }, t(word));

/** Keep what is unfolded and where the keyboard is while a list is built anew. */
function rebuild(node, children) {
  const open = new Set([...node.querySelectorAll('details[open]')].map((one) => one.dataset.key));
  const held = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.replaceChildren(...children.flat().filter(Boolean));
  for (const one of node.querySelectorAll('details')) if (open.has(one.dataset.key)) one.open = true;
  if (held) node.querySelector(`button[data-key="${CSS.escape(held)}"], summary[data-key="${CSS.escape(held)}"]`)?.focus();
}

export class Ledger {
  constructor(app, node) {
    Object.assign(this, { app, node, answer: null, forms: new Map(), fault: '' });
  }

  /** Rows of the step that ends on this date. */
  rows() {
    const { date, previous } = this.app.state;
    return this.app.work.now.changes.filter((row) => row.from_date === previous && row.to_date === date);
  }

  get missing() {
    return this.drafts().length;
  }

  drafts() {
    const { previous, date } = this.app.state;
    return (this.answer?.drafts ?? []).filter((row) => row.from_date === previous && row.to_date === date);
  }

  pieces() {
    const { date } = this.app.state;
    return (this.answer?.pieces ?? []).filter((piece) => piece.to_date === date);
  }

  take(answer) {
    this.answer = answer;
    this.fault = '';
    this.pieces().forEach((piece) => { piece.shape ??= shapeOf(piece.geometry); });
    this.renew();
  }

  fail(message) {
    this.fault = message;
    this.renew();
  }

  /** Pieces that a draft would explain. */
  #of(draft) {
    const fits = (piece) => (piece.from_controller ?? null) === (draft.from_controller ?? null) && (piece.to_controller ?? null) === (draft.to_controller ?? null);
    const named = new Set(splitIds(draft.place_ids));
    const same = this.pieces().filter((piece) => fits(piece) && (!piece.change_ids.length || piece.unnamed?.length));
    const onPlaces = same.filter((piece) => piece.place_ids.some((id) => named.has(id)));
    return onPlaces.length ? onPlaces : same.filter((piece) => !piece.place_ids.length);
  }

  renew() {
    const { app } = this;
    const { previous, date } = app.state;
    if (!previous) return this.node.replaceChildren(el('p', null, t('ledger.first')));
    const rows = this.rows();
    const drafts = this.drafts();
    const span = { from: isoText(previous), to: isoText(date) };
    const state = this.fault ? el('p', { class: 'wrong' }, this.fault)
      : this.answer ? null : el('p', { class: 'quiet' }, t('ledger.asking'));
    return rebuild(this.node, [
      el('p', null, t('ledger.about', span)),
      state,
      drafts.length ? el('h2', null, t('ledger.missing', { count: drafts.length })) : null,
      drafts.length ? el('ul', { class: 'ledger' }, drafts.map((draft) => this.#draft(draft))) : null,
      this.answer && !drafts.length && !this.fault ? el('p', { class: 'fine' }, t('ledger.full')) : null,
      this.#later(),
      rows.length ? el('h2', null, t('ledger.rows', { count: rows.length })) : null,
      rows.length ? el('div', { class: 'ledger' }, rows.map((row) => this.#row(row))) : null,
      el('div', { class: 'tools' }, button('ledger.add', () => addChange(app, null), { 'data-key': 'add' })),
    ]);
  }

  /** What this date leaves to be explained of the step after it. */
  #later() {
    const later = (this.answer?.drafts ?? []).filter((row) => row.from_date === this.app.state.date);
    return later.length ? el('p', null, t('ledger.later', { count: later.length, date: isoText(later[0].to_date) })) : null;
  }

  #hands(row, pieces) {
    const first = pieces[0];
    return el('strong', null, foreign(handText(row.from_controller ?? first?.from)), ' \u2192 ', foreign(handText(row.to_controller ?? first?.to)));
  }

  #draft(draft) {
    const pieces = this.#of(draft);
    const area = pieces.reduce((sum, piece) => sum + piece.area_km2, 0);
    const places = splitIds(draft.place_ids).map(placeName);
    return el('li', null,
      this.#hands(draft, pieces), area ? ` · ${areaText(area)}` : '',
      places.length ? el('p', { class: 'quiet' }, foreign(listed(places))) : null,
      el('div', { class: 'tools' },
        button('ledger.write', () => addChange(this.app, draft), { class: 'first', 'data-key': `write:${draft.id}` }),
        pieces.length ? button('show', () => this.app.showShapes('pieces', pieces.map((piece) => piece.shape)), { 'data-key': `show:${draft.id}` }) : null));
  }

  #row(row) {
    const pieces = this.pieces().filter((piece) => piece.change_ids.includes(row.id));
    const area = pieces.reduce((sum, piece) => sum + piece.area_km2, 0);
    if (!this.forms.has(row.id)) this.forms.set(row.id, this.#form(row.id));
    const form = this.forms.get(row.id);
    const inner = el('div', null);
    const details = el('details', {
      'data-key': row.id,
      on: { toggle: () => { if (details.open) inner.replaceChildren(form.renew(), tools); } },
    }, el('summary', { 'data-key': `row:${row.id}` }, this.#hands(row, pieces), ' · ', term('change', row.kind ?? ''), area ? ` · ${areaText(area)}` : '',
      row.place_ids ? el('span', { class: 'quiet' }, ' · ', foreign(listed(splitIds(row.place_ids).slice(0, 3).map(placeName))), splitIds(row.place_ids).length > 3 ? ' …' : '') : null), inner);
    const tools = el('div', { class: 'tools' },
      pieces.length ? button('show', () => this.app.showShapes('pieces', pieces.map((piece) => piece.shape)), { 'data-key': `show:${row.id}` }) : null,
      button('remove', () => this.app.work.removeRecord('changes', row.id), { 'data-key': `remove:${row.id}` }));
    return details;
  }

  #form(id) {
    const { app } = this;
    const form = new Form(() => [app.work.record('changes', id) ?? {}], (values, options) => app.work.setRecord('changes', id, values, options));
    const actors = () => choice(() => Object.values(app.actors).map((actor) => [actor.id, nameOf(actor, actor.id)]));
    addColumns(form, app, 'changes', {
      first: ['kind', 'from_controller', 'to_controller', 'date', 'date_end', 'place_ids', 'event_ids', 'source_ids', 'note'],
      hidden: ['id', 'from_date', 'to_date', 'recorded_at', 'recorded_by', 'supersedes'],
      fields: { kind: ({ choices }) => choice(() => wordsOf(choices, 'change'), { empty: false }), from_controller: actors, to_controller: actors },
    });
    return form;
  }

  /** Values have changed, but no row came or went: leave the nodes where the keyboard is. */
  refresh() {
    for (const details of this.node.querySelectorAll('details[open]')) this.forms.get(details.dataset.key)?.renew();
  }

  open(id) {
    const details = this.node.querySelector(`details[data-key="${CSS.escape(id)}"]`);
    if (!details) return;
    details.open = true;
    details.querySelector('summary').focus();
    details.scrollIntoView({ block: 'nearest' });
  }
}

export class Problems {
  constructor(app, node) {
    Object.assign(this, { app, node, issues: null, fault: '', told: '' });
  }

  /** Findings that the work itself made, or that a save was refused for. */
  get fresh() {
    return (this.issues ?? []).filter((issue) => issue.new !== false || issue.blocks);
  }

  /** The work has gone on: what was found is no longer the answer. */
  wait() {
    this.waiting = true;
    this.renew();
  }

  take(issues) {
    this.issues = issues.map((issue) => ({ ...issue, shape: issue.where ? shapeOf(issue.where) : null }));
    this.fault = '';
    this.waiting = false;
    this.renew();
  }

  fail(message) {
    this.fault = message;
    this.waiting = false;
    this.renew();
  }

  renew() {
    const { fresh, fault, issues, waiting } = this;
    const old = (issues ?? []).filter((issue) => issue.new === false && !issue.blocks);
    const list = (many) => el('ul', { class: 'issues' }, many.map((issue, i) => this.#issue(issue, i)));
    rebuild(this.node, [
      fault ? el('p', { class: 'wrong' }, fault) : null,
      (issues === null || waiting) && !fault ? el('p', { class: 'quiet' }, t('problems.asking')) : null,
      issues && !fresh.length && !waiting && !fault ? el('p', { class: 'fine' }, t('problems.none')) : null,
      fresh.length ? list(fresh) : null,
      old.length ? el('details', { 'data-key': 'old' }, el('summary', { 'data-key': 'old' }, t('problems.old', { count: old.length })), list(old)) : null,
    ]);
  }

  #issue(issue, i) {
    const shown = issue.shape || issue.ids?.length;
    return el('li', { class: issue.severity },
      el('strong', null, t(`severity.${issue.severity}`)), ' ', foreign(issue.message),
      issue.hint ? el('p', { class: 'quiet' }, foreign(issue.hint)) : null,
      el('p', { class: 'quiet code' }, issue.code, issue.ids?.length ? ` · ${issue.ids.slice(0, 4).join(', ')}` : ''),
      shown ? button('show', () => this.app.showIssue(issue), { class: 'plain', 'data-key': `issue:${i}`, 'aria-label': `${t('show')}: ${issue.message}` }) : null);
  }
}
