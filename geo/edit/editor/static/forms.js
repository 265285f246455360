// Forms from the columns that the server describes. A column that is new in the model needs nothing
// here: it gets the field of its kind, below those that are named first.

import { choice, day, idList, number, text } from './fields.js';

/* global DATA, actorName, nameOf, placeName, t, term */

/** The word lists of choices that are not called like their column. */
const TERMS = { event_type: 'type', sub_event_type: 'sub', coord_method: 'coord' };
const LONG = new Set(['note', 'notes']);

export const sourceName = (id) => {
  const source = DATA.sources[id];
  return source ? [source.publisher, source.title].filter(Boolean).join(': ') : id;
};

/** Actors by the side that they fight on. */
export function actorOptions() {
  const sides = new Map();
  for (const actor of Object.values(DATA.actors)) {
    const side = actor.side || actor.id;
    if (!sides.has(side)) sides.set(side, []);
    sides.get(side).push([actor.id, nameOf(actor, actor.id)]);
  }
  return [...sides].map(([side, options]) => ({
    group: actorName(side),
    options: options.sort(([a, x], [b, y]) => (b === side) - (a === side) || x.localeCompare(y)),
  })).sort((a, b) => b.options.length - a.options.length);
}

export const wordsOf = (list, kind) => list.map((word) => [word, term(kind, word)]);

/** Whole numbers within bounds, each with its words. */
export const scale = (name, words, { minimum, maximum }) => choice(
  Array.from({ length: maximum - minimum + 1 }, (_, i) => [String(minimum + i), t(`${words}.${minimum + i}`)]),
  { onSet: (form, value) => form.write({ [name]: value === null ? null : +value }, { now: true }) },
);

/** The field that suits a column by its kind; `names` tells the names of ids by their table. */
function fieldOf({ name, kind, choices, required, refers_to: table, minimum, maximum }, names) {
  switch (kind) {
    case 'choice': return choice(() => wordsOf(choices, TERMS[name] ?? name), { empty: !required });
    case 'date': return day();
    case 'integer': return number({ min: minimum, max: maximum });
    case 'ref': return table === 'actors' ? choice(actorOptions) : text({ list: `known-${table}` });
    case 'refs': return idList(`known-${table}`, names[table] ?? ((id) => id));
    default: return text(LONG.has(name) ? { kind: 'textarea' } : {});
  }
}

/**
 * Add the columns of a layer to a form: those of `first` in that order, the others folded away but
 * for those of `hidden`, which follow from elsewhere. `fields` are made by hand, `when` says when a
 * field shows.
 */
export function addColumns(form, app, layer, { first, hidden = ['id'], fields = {}, when = {} }) {
  const columns = new Map(app.state.columns[layer].map((column) => [column.name, column]));
  const names = {
    actors: actorName,
    events: (id) => app.eventText(id),
    places: placeName,
    sources: sourceName,
    statements: (id) => app.statementText(id),
  };
  const add = (name, into) => form.add(name, fields[name]?.(columns.get(name)) ?? fieldOf(columns.get(name), names), { into, when: when[name] ?? null });
  for (const name of first) add(name, form.node);
  const rest = [...columns.keys()].filter((name) => !first.includes(name) && !hidden.includes(name));
  if (!rest.length) return;
  const more = form.fold('more');
  for (const name of rest) add(name, more);
}
