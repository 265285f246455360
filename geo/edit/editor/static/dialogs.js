// Questions that must be answered before the work goes on.

import { LAYERS } from './work.js';

/* global el, foreign, t */

const byId = (id) => document.getElementById(id);

/**
 * Ask something; the answer is the value of the button pressed, or null where the dialog is left.
 * Buttons are [value, word]; the first one is the one most people want.
 */
export function ask(title, body, buttons, { wide = false } = {}) {
  const dialog = byId('dialog');
  return new Promise((resolve) => {
    let answer = null;
    byId('dialog-title').replaceChildren(title);
    byId('dialog-body').replaceChildren(...[body].flat().filter(Boolean));
    byId('dialog-buttons').replaceChildren(...buttons.map(([value, word], i) => el('button', {
      type: 'button', class: i ? null : 'first', 'data-answer': value, on: { click: () => { answer = value; dialog.close(); } },
    }, t(word))));
    dialog.classList.toggle('wide', wide);
    dialog.addEventListener('close', () => resolve(answer), { once: true });
    if (!dialog.open) dialog.showModal();
    (dialog.querySelector('[autofocus]') ?? byId('dialog-title')).focus();
  });
}

export const tell = (title, ...body) => ask(title, body, [['ok', 'ok']]);

export const askName = async (title) => {
  const box = el('input', { id: 'asked-name', autocomplete: 'off', autofocus: true, dir: 'auto', on: { keydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); byId('dialog').querySelector('[data-answer="ok"]').click(); } } } });
  const answer = await ask(title, el('div', { class: 'field' }, el('label', { class: 'label', for: 'asked-name' }, t('field.name')), box), [['ok', 'ok'], ['cancel', 'cancel']]);
  return answer === 'ok' ? box.value.trim() : '';
};

const when = (moment) => {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment ?? '') : `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}`;
};

export const askRestore = ({ saved_at: saved, edits }) => ask(t('restore.title'),
  el('p', null, t('restore.text', { when: when(saved), date: edits.date, count: edits.count ?? '?' })),
  [['restore', 'restore'], ['discard', 'restore.discard']]);

export const askUnsaved = () => ask(t('unsaved.title'), el('p', null, t('unsaved.text')),
  [['save', 'save'], ['discard', 'discard'], ['stay', 'stay']]);

/** Records that both sides changed, one row each, with a choice. */
function conflictRows(conflicts, by) {
  const groups = new Map();
  for (const conflict of conflicts) {
    const key = `${conflict.layer} ${conflict.id}`;
    if (!groups.has(key)) groups.set(key, { ...conflict, messages: [] });
    groups.get(key).messages.push(conflict);
  }
  return [...groups].map(([key, group], i) => {
    const radio = (value) => el('label', null, el('input', { type: 'radio', name: `conflict-${i}`, value }), ' ', t(`conflict.${value}`),
      value === 'theirs' && by[group.layer] ? foreign(` (${by[group.layer]})`) : '', group[value] ? '' : ` (${t('conflict.gone')})`);
    const node = el('fieldset', { 'data-conflict': key }, el('legend', null, `${t(`layer.${group.layer}`)} `, foreign(group.id)),
      group.messages.map(told), radio('mine'), ' ', radio('theirs'));
    return { group, node };
  });
}

/** What both say of one thing, and what it was. */
function told({ message, said, what }) {
  if (!said || !what.startsWith('property')) return el('p', null, foreign(message));
  const words = said.map((value) => foreign(value ?? t('conflict.empty')));
  const row = (word, i) => el('tr', null, el('th', { scope: 'row' }, t(word)), el('td', null, words[i]));
  return el('table', { class: 'said' }, el('caption', null, foreign(what.replace('property ', ''))),
    el('tbody', null, row('conflict.was', 0), row('conflict.mine', 1), row('conflict.theirs', 2)));
}

/**
 * The layer on disk is not the one that was opened. Gives the layers to go on with, or null.
 * `mine` has the layers as they are here.
 */
export async function askConflict({ merged, conflicts, error, by = {} }, mine) {
  const rows = conflictRows(conflicts, by);
  const body = [
    el('p', null, foreign(error ?? '')),
    Object.entries(by).filter(([, who]) => who).map(([layer, who]) => el('p', null, t(`layer.${layer}`), ': ', foreign(who))),
    el('p', null, rows.length ? t('conflict.some', { count: rows.length }) : t('conflict.none')),
    rows.map(({ node }) => node),
    el('p', { class: 'quiet' }, t('conflict.undo')),
  ].flat(2);
  const asked = ask(t('conflict.title'), body, [['merge', rows.length ? 'conflict.merge' : 'conflict.both'], ['mine', 'conflict.only.mine'], ['theirs', 'conflict.only.theirs'], ['stay', 'cancel']]);
  // Nothing is chosen for anybody: what was not looked at is not saved.
  const chosen = ({ node }) => node.querySelector('input:checked');
  const settle = () => { byId('dialog').querySelector('[data-answer="merge"]').disabled = !rows.every(chosen); };
  rows.forEach(({ node }) => node.addEventListener('change', settle));
  settle();
  const answer = await asked;
  if (answer === 'theirs') return { theirs: true };
  if (answer === 'mine') return { layers: mine };
  if (answer !== 'merge') return null;
  const layers = Object.fromEntries(LAYERS.map((name) => [name, merged[name] ?? null]));
  for (const { group, node } of rows) {
    if (chosen({ node }).value === 'mine') continue;
    const idOf = (record) => record.properties?.id ?? record.id;
    const others = (layers[group.layer] ?? []).filter((record) => idOf(record) !== group.id);
    layers[group.layer] = group.theirs ? [...others, group.theirs] : others;
  }
  return { layers };
}

const KEYS = [
  ['1 2 3 4 5 6', 'keys.tools'], ['Ctrl+Z', 'keys.undo'], ['Ctrl+Shift+Z', 'keys.redo'], ['Ctrl+S', 'keys.save'],
  ['Enter', 'keys.enter'], ['Tab', 'keys.tab'], ['\u2190 \u2191 \u2192 \u2193', 'keys.nudge'], ['Delete', 'keys.delete'],
  ['Insert, +', 'keys.insert'], ['Backspace', 'keys.back'], ['Esc', 'keys.escape'], ['g', 'keys.ghost'], ['?', 'keys.help'],
];

export const openHelp = (app) => ask(t('help'), el('div', { class: 'help' },
  el('ol', { class: 'lessons' }, ['select', 'borders', 'split', 'front', 'event', 'place'].map((name) => el('li', null, el('strong', null, t(`tool.${name}`)), t(`help.${name}`))),
    ['ledger', 'save'].map((name) => el('li', null, el('strong', null, t(`help.${name}.title`)), t(`help.${name}`)))),
  el('table', null, el('caption', null, t('keys')), el('tbody', null, KEYS.map(([key, word]) => el('tr', null,
    el('th', { scope: 'row' }, el('kbd', { dir: 'ltr' }, key)), el('td', null, t(word)))))),
  el('label', { class: 'keys-off' }, el('input', { type: 'checkbox', checked: app.keys, on: { change: (event) => { app.keys = event.target.checked; } } }), el('span', null, t('keys.on')))), [['ok', 'close']], { wide: true });
