// The draft in hand: what it says, what it asks with numbered answers, what speaks against it, what
// the layers have already, and all its columns.

import { Form, choice } from './fields.js';
import { addColumns, wordsOf } from './forms.js';

/* global actorName, el, foreign, isoText, listed, nameOf, passage, placeName, splitIds, t, term, ways */

const WHO = { event: ['actor1', 'actor2'], statement: ['controller', 'opposite'] };
const HIDDEN = ['id', 'change_id', 'event_ids', 'source_ids', 'shape_radius_m'];

const days = ({ event_date: first, end_date: last, date }) => [first ?? date, last].filter(Boolean).map((one) => isoText(one)).join(' \u2013 ');

export class Card {
  constructor(node, app) {
    Object.assign(this, { node, app, id: null });
  }

  renew(draft) {
    const { app } = this;
    if (!draft) {
      this.node.replaceChildren(el('h2', null, t('draft.none')), el('p', null, t('draft.none.text')));
      return;
    }
    const wasOpen = this.id === draft.id && this.node.querySelector('#columns')?.open;
    const focus = this.node.contains(document.activeElement) ? document.activeElement.id : '';
    this.id = draft.id;
    const number = app.state.drafts.indexOf(draft) + 1;
    const status = draft.status === 'draft' ? (draft.open.length ? 'open' : 'ready') : draft.status;
    this.node.dataset.status = status;
    this.node.replaceChildren(...[
      el('div', { class: 'head' },
        el('h2', { id: 'draft-title' }, t(`kind.${draft.kind}`, { number, of: app.state.drafts.length })),
        el('span', { class: 'pill', 'data-status': status }, t(`status.draft.${status}`))),
      this.#says(draft),
      this.#operation(draft),
      this.#question(draft),
      this.#doubts(draft),
      this.#alike(draft),
      this.#tools(draft),
      this.#columns(draft, wasOpen),
      this.#list(draft),
    ].filter(Boolean));
    if (focus) document.getElementById(focus)?.focus();
  }

  /** What the draft says, in rows. */
  #says({ kind, values, open, cue, status }) {
    const [first, second] = WHO[kind];
    const mark = (column) => (status === 'draft' && open.includes(column) ? el('span', { class: 'ask' }, t('open')) : null);
    const who = (column, others) => {
      const named = [values[column], ...splitIds(values[others])].filter(Boolean).map(actorName);
      return named.length ? foreign(listed(named)) : el('span', { class: 'quiet' }, t('nobody.named'));
    };
    const where = values.place_id ? foreign(placeName(values.place_id)) : values.location ? passage('span', null, values.location) : el('span', { class: 'quiet' }, t('no.place'));
    const rows = [
      ['what', kind === 'event' ? [term('sub', values.sub_event_type) || term('type', values.event_type), el('span', { class: 'quiet' }, ` (${cue})`), mark('sub_event_type')]
        : [t(values.extent ? `extent.${values.extent}` : 'extent.all'), values.share_pct ? ` ${values.share_pct} %` : '', values.width_from_m != null ? ` ${values.width_from_m / 1000}\u2013${values.width_to_m / 1000} ${t('km')}` : '', mark('share_pct')]],
      [kind === 'event' ? 'who' : 'holder', [who(first, 'assoc_actor_1'), mark(first)]],
      [kind === 'event' ? 'whom' : 'opposite', [who(second, 'assoc_actor_2'), mark(second)]],
      ['where', [where, values.geo_radius_m ? el('span', { class: 'quiet' }, ` \u00B1 ${Math.round(values.geo_radius_m / 100) / 10} ${t('km')}`) : '', mark('place_id')]],
      ['when', [foreign(days(values)) || '', mark('event_date'), mark('date')]],
      ...(values.fatalities == null ? [] : [['dead', [String(values.fatalities)]]]),
      ['confidence', [values.confidence ? t(`confidence.${values.confidence}`) : '']],
    ];
    return el('dl', { class: 'says' }, rows.map(([name, shown]) => [el('dt', null, t(`says.${name}`)), el('dd', { 'data-says': name }, shown)]));
  }

  /** The other places of one operation: what is decided of one is decided of all. */
  #operation({ id, operation }) {
    const others = operation ? this.app.state.drafts.filter((one) => one.operation === operation && one.id !== id) : [];
    if (!others.length) return null;
    return el('p', { class: 'operation' }, t('operation'), ' ', others.map((one, i) => [i ? ways().comma : '', el('button', { type: 'button', class: 'plain', on: { click: () => this.app.go(one.id) } },
      foreign(one.values.place_id ? placeName(one.values.place_id) : one.values.location ?? '?'))]));
  }

  #choiceText(one) {
    if (one.place) return [foreign(placeName(one.place)), ' ', el('bdi', { class: 'quiet', dir: 'ltr' }, `${one.place}${one.score ? ` ${one.score}` : ''}`)];
    if (one.actor) return [foreign(actorName(one.actor))];
    if (one.day) {
      const said = one.read ? t('day.read') : one.published ? t('day.published') : null;
      return [foreign(days({ date: one.day, end_date: one.end })), el('span', { class: 'quiet' }, ' ', said ?? foreign(one.words ?? ''))];
    }
    const [name] = Object.keys(one.values);
    if (name === 'time_precision') return [t(`time.${one.word}`)];
    return [name === 'sub_event_type' ? term('sub', one.word) : one.word];
  }

  #question(draft) {
    const { question } = draft;
    if (!question) return null;
    const { column, words, choices } = question;
    const asked = words ? t(`asks.${column}.of`, { words: `\u201C${words}\u201D` }) : t(`asks.${column}`);
    return el('section', { class: 'asks', 'aria-labelledby': 'asked' },
      el('h3', { id: 'asked' }, asked),
      el('ol', null, choices.map((one, i) => el('li', null, el('button', { type: 'button', 'data-choice': i + 1, on: { click: () => this.app.choose(i) } }, el('kbd', null, String(i + 1)), ' ', this.#choiceText(one))))),
      el('p', { class: 'tools' },
        question.may_be_empty ? el('button', { type: 'button', 'data-choice': 0, on: { click: () => this.app.leaveEmpty() } }, el('kbd', null, '0'), ' ', t('leave.empty')) : null,
        draft.geometry && column === 'place_id' && draft.kind === 'statement' ? el('button', { type: 'button', on: { click: () => this.app.makePlace() } }, el('kbd', null, 'C'), ' ', t('place.make')) : null,
        el('button', { type: 'button', on: { click: () => this.app.edit(column) } }, el('kbd', null, 'E'), ' ', t('another'))));
  }

  #doubts({ notes }) {
    if (!notes.length) return null;
    return el('ul', { class: 'doubts' }, notes.map((one) => el('li', { class: one.startsWith('the map') ? 'map' : null }, passage('span', { lang: 'en' }, one))));
  }

  #alike(draft) {
    if (!draft.alike.length) return null;
    const same = draft.status === 'same';
    return el('section', { class: 'alike', 'aria-labelledby': 'alike' },
      el('h3', { id: 'alike' }, t('alike')),
      el('ul', null, draft.alike.map((one, i) => el('li', null,
        el('button', { type: 'button', 'data-same': one.id, 'aria-pressed': String(same && draft.other === one.id), on: { click: () => this.app.same(i) } },
          i ? null : [el('kbd', null, '='), ' '], t('same')),
        el('p', null, foreign(days(one)), ' ', term('sub', one.sub_event_type), ', ', foreign(one.place_id ? placeName(one.place_id) : one.location ?? ''), one.actor1 ? [': ', foreign(listed([one.actor1, one.actor2].filter(Boolean).map(actorName)))] : null),
        one.notes ? passage('p', { class: 'quiet' }, one.notes) : null))));
  }

  #tools(draft) {
    const { app } = this;
    const button = (key, word, does, { off = false, first = false } = {}) => el('button', { type: 'button', id: `do-${word}`, class: first ? 'first' : null, disabled: off, on: { click: does } }, el('kbd', null, key), ' ', t(`do.${word}`));
    const saved = draft.status === 'saved';
    const decided = !['draft', 'saved'].includes(draft.status);
    return el('div', { class: 'tools decide', role: 'group', 'aria-label': t('do') },
      button('A', 'accept', () => app.accept(), { off: saved, first: !draft.open.length && draft.status === 'draft' }),
      button('R', 'reject', () => app.reject(), { off: saved }),
      decided ? button('O', 'reopen', () => app.decide({ op: 'reopen' })) : null,
      button('N', 'next', () => app.next()),
      button('S', 'swap', () => app.decide({ op: 'swap' }), { off: saved }),
      button('M', 'merge', () => app.merge(), { off: saved }),
      button('X', 'split', () => app.decide({ op: 'split' }), { off: saved }),
      button('D', 'date', () => app.edit(draft.kind === 'event' ? 'event_date' : 'date'), { off: saved }),
      button('E', 'edit', () => app.edit(), { off: saved }));
  }

  #columns(draft, open) {
    if (draft.status === 'saved') return null;
    const { app } = this;
    const node = el('details', { id: 'columns', open }, el('summary', null, t('columns')));
    const fill = () => {
      if (node.childElementCount > 1) return;
      const form = new Form(() => [{ ...draft.values, ...app.typed.values }], (values, { now }) => app.type(values, now));
      const types = app.state.lists.event_types;
      const known = app.state.columns[draft.kind].map((column) => column.name);
      addColumns(form, app, draft.kind, {
        first: ['event_type', 'sub_event_type', 'actor1', 'actor2', 'controller', 'opposite', 'place_id', 'event_date', 'end_date', 'date', 'time_precision', 'fatalities', 'confidence'].filter((name) => known.includes(name)),
        hidden: [...HIDDEN, ...known.filter((name) => name.startsWith('draft_'))],
        fields: {
          event_type: ({ choices }) => choice(() => wordsOf(choices, 'type'), { empty: false, onSet: (f, value) => f.write({ event_type: value, sub_event_type: types[value]?.[0] ?? null }, { now: true }) }),
          sub_event_type: () => choice((f) => wordsOf(types[f.value('event_type')] ?? [], 'sub'), { empty: false }),
        },
      });
      node.append(form.renew());
      this.form = form;
    };
    node.addEventListener('toggle', fill);
    if (open) fill();
    return node;
  }

  /** Every draft of the report in a line. */
  #list(draft) {
    const { app } = this;
    const open = this.node.querySelector('#all-drafts')?.open ?? false;
    return el('details', { id: 'all-drafts', open }, el('summary', null, t('drafts', { count: app.state.drafts.length })),
      el('ol', null, app.state.drafts.map((one) => {
        const status = one.status === 'draft' ? (one.open.length ? 'open' : 'ready') : one.status;
        const { values } = one;
        const where = values.place_id ? placeName(values.place_id) : values.location ?? values.draft_place ?? '';
        return el('li', null, el('button', { type: 'button', class: 'plain', 'aria-current': one === draft ? 'true' : null, on: { click: () => app.go(one.id) } },
          el('span', { class: 'pill', 'data-status': status }, t(`status.draft.${status}`)), ' ', one.cue, where ? [', ', foreign(where)] : null));
      })));
  }
}

/** The day and the source of the report. */
export function drawSettings(node, app) {
  const { settings, lists } = app.state;
  const sources = lists.sources.map((one) => [one.id, [one.publisher, one.title].filter(Boolean).join(': ')]);
  const fresh = settings.source && !sources.some(([id]) => id === settings.source.id) ? [[settings.source.id, settings.source.publisher]] : [];
  const day = el('input', { type: 'date', id: 'published', value: settings.published ?? '', on: { change: () => app.settle({ published: day.value || null }) } });
  const source = el('select', { id: 'source', on: { change: () => (source.value === '+' ? app.newSource() : app.settle({ source_id: source.value || null })) } },
    el('option', { value: '' }, t('source.none')), [...fresh, ...sources].map(([id, name]) => el('option', { value: id, selected: id === settings.source_id }, name)), el('option', { value: '+' }, t('source.new')));
  const field = (name, control) => el('div', { class: 'field' }, el('label', { class: 'label', for: control.id }, t(name)), control);
  node.replaceChildren(field('about.published', day), field('about.source', source),
    settings.published ? '' : el('p', { class: 'wrong' }, t('about.no.day')));
}
