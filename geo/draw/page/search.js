// Search: places, events and actors, in either script and any of their spellings.

/** What two spellings of one name share: no case, no marks, no article, one form of each letter. */
function fold(text) {
  return String(text).normalize('NFKD').toLowerCase()
    .replace(/[\u0300-\u036f\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[\u0622\u0623\u0625\u0671]/g, '\u0627').replace(/\u0629/g, '\u0647').replace(/\u0649/g, '\u064a')
    .replace(/[\u2018\u2019\u02bb\u02bc\u02be\u02bf'`\u00b4]/g, '')
    .replace(/(^|[\s-])(?:al|ad|an|ar|as|at|az|ash|el|il)[\s-]+/g, '$1').replace(/(^|\s)\u0627\u0644/g, '$1')
    .replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

let searchIndex = null;

function buildIndex() {
  const entries = [];
  const add = (kind, record, texts, open) => {
    const keys = texts.filter(Boolean).map(fold).filter(Boolean);
    if (keys.length) entries.push({ kind, record, keys, open, heard: kind === 'event' ? [] : [...new Set(texts.filter(Boolean).flatMap(heardEnds))] });
  };
  for (const place of DATA.places) {
    add('place', place, [place.name, place.name_ar, ...splitIds(place.alternatenames)], () => openPlace(place));
  }
  for (const event of DATA.events) {
    add('event', event, [event.notes, event.location, term('sub', event.sub_event_type)], () => openEvent(event));
  }
  for (const actor of Object.values(DATA.actors)) {
    add('actor', actor, [actor.name, actor.name_ar, ...splitIds(actor.alternatenames)], () => openActor(actor));
  }
  return entries;
}

/** Of places that share a name, the one that more is said of comes first. */
const renown = ({ record }) => Object.values(DATA.statements).filter((s) => s.place_id === record.id).length;

const LISTED = 12;
/** A name that sounds less like what was typed is another name. */
const ALIKE = 0.8;

/** Names that sound like what was typed, after all that are written so. */
function soundAlike(text, known) {
  const typed = heardWords(text).join('');
  if (typed.length < 3) return [];
  const found = [];
  for (const entry of searchIndex) {
    if (known.has(entry)) continue;
    const best = Math.max(0, ...entry.heard.map((name) => soundLikeness(typed, name)));
    if (best >= ALIKE) found.push([5 - best, entry]);
  }
  return found;
}

/** Beginnings first, then beginnings of words, then anywhere; places before actors before events. */
function findAll(text) {
  const needle = fold(text);
  if (!needle) return [];
  searchIndex ??= buildIndex();
  const kinds = { place: 0, actor: 0.2, event: 0.5 };
  const found = [];
  for (const entry of searchIndex) {
    let best = Infinity;
    for (const key of entry.keys) {
      const at = key === needle ? 0 : key.startsWith(needle) ? 1 : key.includes(` ${needle}`) ? 2 : key.includes(needle) ? 3 : Infinity;
      best = Math.min(best, at);
    }
    if (best < Infinity) found.push([best + kinds[entry.kind], entry]);
  }
  if (found.length < LISTED) found.push(...soundAlike(text, new Set(found.map(([, entry]) => entry))));
  const weighed = found.map(([rank, entry]) => [rank, entry.kind === 'place' ? -renown(entry) : 0, entry]);
  return weighed.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, LISTED).map(([, , entry]) => entry);
}

function entryText({ kind, record }) {
  if (kind === 'event') {
    const place = record.place_id ? placeName(record.place_id) : record.location;
    return [isoText(record.event_date, { short: true }), eventTitle(record), place].filter(Boolean).join(' · ');
  }
  return nameOf(record, record.id);
}

/** What tells homonyms apart: the other script, the kind, the province. */
function entryHint({ kind, record }) {
  if (kind !== 'place') return '';
  const other = otherName(record);
  return [other, term('kind', record.kind), record.admin1].filter(Boolean).join(' · ');
}

function prepareSearch() {
  const input = document.getElementById('search');
  const list = document.getElementById('found');
  let entries = [];
  let active = -1;
  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    active = -1;
  };
  const choose = (index) => {
    const entry = entries[index];
    close();
    if (!entry) return;
    input.value = '';
    entry.open();
  };
  const mark = (index) => {
    active = (index + entries.length) % entries.length;
    [...list.children].forEach((node, i) => node.setAttribute('aria-selected', String(i === active)));
    input.setAttribute('aria-activedescendant', `found-${active}`);
    list.children[active].scrollIntoView({ block: 'nearest' });
  };
  input.addEventListener('input', () => {
    entries = findAll(input.value);
    active = -1;
    input.removeAttribute('aria-activedescendant');
    list.replaceChildren(...entries.map((entry, i) => el('li', {
      id: `found-${i}`, role: 'option', 'aria-selected': 'false',
      on: { pointerdown: (event) => event.preventDefault(), click: () => choose(i) },
    }, el('span', { class: 'chip' }, t(`found.${entry.kind}`)), ' ', foreign(entryText(entry)),
      entryHint(entry) ? el('span', { class: 'quiet hint' }, foreign(entryHint(entry))) : null)));
    const none = input.value.trim() && !entries.length;
    if (none) list.replaceChildren(el('li', { class: 'none', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, t('found.none.hint', { text: input.value.trim() })));
    list.hidden = !entries.length && !none;
    input.setAttribute('aria-expanded', String(!list.hidden));
    say(none ? t('found.none') : entries.length ? t('found.count', { count: entries.length }) : '');
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'ArrowDown' && entries.length) mark(active + 1);
    else if (event.key === 'ArrowUp' && entries.length) mark(active < 0 ? entries.length - 1 : active - 1);
    else if (event.key === 'Enter' && entries.length) choose(Math.max(0, active));
    else return;
    if (event.key !== 'Escape') event.preventDefault();
  });
  input.addEventListener('blur', close);
}
