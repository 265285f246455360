// Words, numbers, dates and nodes.
// What comes from the layers only ever becomes a text node: no markup is made from data.

const readBlock = (id) => JSON.parse(document.getElementById(id).textContent);
const WORDS = readBlock('words');
const DATA = readBlock('records');

/** What the page was made in, if that was asked for; else the first of the reader's languages that it speaks. */
function firstLanguage() {
  const all = Object.keys(WORDS);
  if (DATA.language !== all[0]) return DATA.language;
  const wanted = (navigator.languages ?? []).map((one) => one.toLowerCase().split('-')[0]);
  return wanted.find((one) => all.includes(one)) ?? DATA.language;
}

let language = firstLanguage();

const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

/** How the language of the page is written: direction, names, comma, numbers, plurals, dates. */
const ways = () => WORDS[language].language;
const isRtl = () => ways().direction === 'rtl';

/** The language that comes after this one, and after the last the first. */
function nextLanguage() {
  const all = Object.keys(WORDS);
  return all[(all.indexOf(language) + 1) % all.length];
}

/** Which form of a phrase fits a number. */
const pluralOf = (count, forms) =>
  Object.keys(ways().plural).find((form) => has(forms, form) && new RegExp(ways().plural[form]).test(count)) ?? 'other';

/** One of our own phrases in the language of the page; {name} stands for values.name. */
function t(key, values = {}) {
  const words = WORDS[language];
  let phrase = has(words, key) ? words[key] : key;
  if (typeof phrase !== 'string') phrase = phrase[pluralOf(values.count, phrase)];
  return phrase.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** Say what the page itself says, in its language. */
function sayWords() {
  document.documentElement.lang = language;
  document.documentElement.dir = ways().direction;
  document.getElementById('language').textContent = WORDS[nextLanguage()].language.name;
  const each = (name, say) => document.querySelectorAll(`[data-t${name}]`).forEach(say);
  each('', (node) => { node.textContent = t(node.dataset.t); });
  each('-label', (node) => node.setAttribute('aria-label', t(node.dataset.tLabel)));
  each('-title', (node) => { node.title = t(node.dataset.tTitle); });
  each('-hint', (node) => node.setAttribute('placeholder', t(node.dataset.tHint)));
}

/** A word of a closed list (a status, an event type), or the word itself if we have none. */
const term = (list, word) => {
  const key = `${list}.${word}`;
  return has(WORDS[language], key) ? WORDS[language][key] : String(word ?? '');
};

/** An element; children are nodes or text, style goes through the object model as the policy asks. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === 'on') {
      for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    } else if (name === 'style') {
      for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    } else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(3).filter((child) => child != null && child !== false));
  return node;
}

/** Which way a text runs: as its first letter does. */
const directionOf = (text) => (/^[^A-Za-z\u0370-\u058f\u0590-\u08ff]*[\u0590-\u08ff]/.test(text) ? 'rtl' : 'ltr');

/** Text that somebody typed: its direction must not disturb its neighbours. */
const foreign = (text) => el('bdi', null, String(text ?? ''));

/** A passage that somebody typed: laid out from where its own script begins. */
const passage = (tag, attributes, text) => el(tag, { ...attributes, dir: 'auto' }, String(text ?? ''));

/** A number or a signed number: left to right in every language. */
const ltr = (text) => el('bdi', { dir: 'ltr' }, text);

/** A list that is filled when it is first opened: most are never. */
function folded(title, records, itemOf, { kind = 'list', open = false } = {}) {
  if (!records.length) return null;
  const list = el('ul', { class: kind });
  const fill = () => { if (!list.childElementCount) list.append(...records.map(itemOf)); };
  if (open) fill();
  // A click fills the list before it is shown; what opens it otherwise (a search in the page) tells of it later.
  return el('details', { open, on: { toggle: fill } },
    el('summary', { on: { click: fill } }, `${title} (${records.length})`), list);
}

/** A link if the address is one of the web, else its text alone. */
function link(address, text) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return foreign(text);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return foreign(text);
  return el(
    'a',
    { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
    foreign(text),
  );
}

const listed = (items) => items.join(ways().comma);

const splitIds = (text) => (text ? String(text).split(';').map((id) => id.trim()).filter(Boolean) : []);

/** The name of a record in the language of the page, else the name that it has. */
const nameOf = (record, id) => inLanguage(record, 'name') || id || '';

/** A text that a record has in several scripts, in that of the language if it is there. */
function inLanguage(record, key) {
  const ending = record && ways().names.find((one) => record[key + one]);
  return ending === undefined || !record ? '' : record[key + ending];
}

/** The name in the other script. */
const otherName = (record) => record[`name${ways().names.at(-1)}`];

const actorName = (id) => nameOf(has(DATA.actors, id) ? DATA.actors[id] : null, id);
const sideOf = (actor) => (has(DATA.sides, actor) ? DATA.sides[actor] : actor);
const PLACES = new Map(DATA.places.map((place) => [place.id, place]));
const placeName = (id) => nameOf(PLACES.get(id), id);

// Days are whole numbers since 1970: no clock and no zone can shift them.

const toDay = (iso) => Math.round(Date.UTC(+iso.slice(0, 4), iso.slice(5, 7) - 1, +iso.slice(8)) / 864e5);
const toDate = (day) => new Date(day * 864e5);
const toIso = (day) => toDate(day).toISOString().slice(0, 10);

function dateText(day, { short = false, year = true } = {}) {
  const date = toDate(day);
  const parts = {
    day: date.getUTCDate(), month: ways().months[short ? 'short' : 'long'][date.getUTCMonth()], year: date.getUTCFullYear(),
  };
  return ways()[year ? 'date' : 'day'].replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

const isoText = (iso, options) => (/^\d{4}-\d\d-\d\d$/.test(iso ?? '') ? dateText(toDay(iso), options) : iso ?? '');

const FORMATS = [0, 1].map((digits) => new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits }));

/** A number with no or one decimal, with the digits and marks of the language. */
function numberText(value, decimals = 0) {
  const { digits, group, decimal } = ways().numbers;
  const marks = { ',': group, '.': decimal };
  return FORMATS[decimals].format(value).replace(/[\d,.]/g, (c) => marks[c] ?? digits[c]);
}

/** Square kilometres to the tenth, as the command line prints them. */
const km2 = (area) => numberText(Math.abs(area) < 0.05 ? 0 : area, 1);
const percent = (share) => t('percent', { number: numberText(share * 100, share > 0 && share < 0.0995 ? 1 : 0) });

/** A change with its sign and a mark, so that it is not told by colour alone. */
function signed(area) {
  if (Math.abs(area) < 0.05) return { text: numberText(0), mark: '', word: 'same' };
  const up = area > 0;
  return { text: `${up ? '+' : '\u2212'}${Math.abs(area) < 100 ? km2(Math.abs(area)) : numberText(Math.abs(area))}`, mark: up ? '\u25B2' : '\u25BC', word: up ? 'gain' : 'loss' };
}

/** A distance: kilometres to the tenth, if they are not whole, or metres. */
function distanceText(metres) {
  if (metres < 1000) return `${numberText(metres)} ${t('m')}`;
  const km = Math.round(metres / 100) / 10;
  return `${numberText(km, Number.isInteger(km) ? 0 : 1)} ${t('km')}`;
}
