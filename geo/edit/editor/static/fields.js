// Fields of a form: each reads its value from the records in hand and writes one step of work.
// A field that somebody is typing in is left alone when the work changes under it.

/* global el, foreign, splitIds, t, term */

let serial = 0;

export class Form {
  /**
   * `read` gives the properties of the records (several where several are chosen), `write` takes
   * new values for all of them.
   */
  constructor(read, write) {
    Object.assign(this, { read, write, fields: [] });
    this.node = el('div', { class: 'form' });
  }

  /** The common value of a property; undefined where the records differ. */
  value(name) {
    const values = new Set(this.read().map((properties) => properties[name] ?? null));
    return values.size === 1 ? [...values][0] : undefined;
  }

  add(name, field, { into = this.node, when = null } = {}) {
    const id = `field-${serial++}`;
    const control = field(this, name, id);
    const label = term('field', name); // a column that no words are written for yet shows its name
    const words = control.group ? el('span', { class: 'label', id: `${id}-label` }, label) : el('label', { class: 'label', for: id }, label);
    const row = el('div', { class: 'field', 'data-field': name }, words, control.node);
    if (control.group) control.node.setAttribute('aria-labelledby', `${id}-label`);
    into.append(row);
    this.fields.push({ ...control, row, when });
    return this;
  }

  fold(title) {
    const inner = el('div', { class: 'form' });
    this.node.append(el('details', null, el('summary', null, t(title)), inner));
    return inner;
  }

  renew() {
    for (const { renew, row, when } of this.fields) {
      row.hidden = when ? !when(this) : false;
      if (!row.hidden) renew();
    }
    return this.node;
  }
}

const set = (form, name, value, now = true) => form.write({ [name]: value === '' ? null : value }, { now });

/** One of a list: options are [value, text] or { group, options }. */
export const choice = (options, { empty = true, onSet = null } = {}) => (form, name, id) => {
  const node = el('select', { id, on: { change: () => (onSet ? onSet(form, node.value || null) : set(form, name, node.value)) } });
  const optionOf = ([value, text]) => el('option', { value }, text);
  const renew = () => {
    const value = form.value(name);
    const list = typeof options === 'function' ? options(form) : options;
    const flat = list.flatMap((one) => one.options ?? [one]).map(([key]) => key);
    const extra = [];
    if (value === undefined) extra.push(el('option', { value: '', disabled: true, selected: true }, t('several')));
    else if (empty || value === null) extra.push(optionOf(['', t('empty')]));
    if (value && !flat.includes(String(value))) extra.push(optionOf([value, String(value)]));
    node.replaceChildren(...extra, ...list.map((one) => (one.options ? el('optgroup', { label: one.group }, one.options.map(optionOf)) : optionOf(one))));
    if (value !== undefined) node.value = value ?? '';
  };
  return { node, renew };
};

export const text = ({ kind = 'input', type = 'text', list = null, parse = (v) => v, onSet = null, min = null, max = null } = {}) => (form, name, id) => {
  const typed = kind === 'input' ? { type, list, min, max } : { rows: 3 };
  const write = () => {
    const value = node.value.trim() === '' ? null : parse(node.value.trim());
    if (onSet) onSet(form, value);
    else set(form, name, value, false);
  };
  const node = el(kind, { id, dir: 'auto', autocomplete: 'off', ...typed, on: { [list ? 'change' : 'input']: write } });
  const renew = () => {
    const value = form.value(name);
    node.placeholder = value === undefined ? t('several') : '';
    const shown = value === undefined || value === null ? '' : String(value);
    if (document.activeElement !== node && node.value !== shown) node.value = shown;
  };
  return { node, renew };
};

export const number = (limits = {}) => text({ type: 'number', parse: (v) => (Number.isFinite(+v) ? Math.round(+v) : null), ...limits });
export const day = () => text({ type: 'date' });

/** Ids joined by ";": chips to take away, and a box to add one. */
export const idList = (list, nameOfId) => (form, name, id) => {
  const chips = el('ul', { class: 'chips' });
  const box = el('input', {
    id, list, autocomplete: 'off',
    on: {
      change: () => add(),
      keydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); add(); } },
    },
  });
  const ids = () => splitIds(form.value(name));
  const write = (many) => form.write({ [name]: many.length ? many.join(';') : null }, { now: true });
  function add() {
    const chosen = box.value.trim();
    box.value = '';
    if (chosen && !chosen.includes(';') && !ids().includes(chosen)) write([...ids(), chosen]);
  }
  const node = el('div', { class: 'ids', role: 'group' }, chips, box);
  const renew = () => {
    box.placeholder = form.value(name) === undefined ? t('several') : t('add.one');
    box.setAttribute('aria-label', t('add.one.to', { name: term('field', name) }));
    chips.replaceChildren(...ids().map((one) => el('li', null, foreign(nameOfId(one)), ' ',
      el('button', { type: 'button', 'aria-label': t('remove.one', { name: nameOfId(one) }), title: one,
        on: { click: () => { write(ids().filter((other) => other !== one)); box.focus(); } } }, '\u00D7'))));
  };
  return { node, renew, group: true };
};
