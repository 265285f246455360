// How a name is heard, by the rules of the gazetteer (geo/evidence/gazetteer), whose tables come with
// the page: letters that transliterations mix up cost little, vowels next to nothing.

const SOUNDS = readBlock('sounds');
const ARABIC = /[\u0621-\u064a\u0671-\u06d3]/;
const SUN = /^[aeiu](sh|th|dh|[dnrstz])$/;

/** A text in lower case without marks: accents, vowel signs, tatweel, curly apostrophes. */
function plainText(text) {
  const one = String(text).normalize('NFKC').replace(/\u0640/g, '').replace(/[`\u00b4\u2018\u2019\u02bb\u02bc\u02be\u02bf\u02c8\u2032\u201b]/g, "'");
  return (ARABIC.test(one) ? one : one.normalize('NFKD')).replace(/\p{Mn}/gu, '').toLowerCase();
}

/** The words of a name without the article. */
function heardWords(text) {
  const words = plainText(text).match(/[\p{L}\p{N}]+(?:'+[\p{L}\p{N}]+)*'?|'[\p{L}\p{N}]+(?:'+[\p{L}\p{N}]+)*'?/gu) ?? [];
  const isArticle = (word, next) => SOUNDS.articles.includes(word) || (SUN.test(word) && next.startsWith(SUN.exec(word)[1]));
  return words.filter((word, i) => i === words.length - 1 || !isArticle(word, words[i + 1]))
    .map((word) => (word.startsWith('\u0627\u0644') && word.length > 4 ? word.slice(2) : word)).map(soundsOf).filter(Boolean);
}

/** The sounds of one plain word. */
function soundsOf(word) {
  let heard;
  if (ARABIC.test(word)) {
    const letter = (c) => SOUNDS.letters[c] ?? (/\d/.test(c) ? c : '');
    heard = (/[\u0627\u0623\u0625\u0622\u0671]/.test(word[0]) ? '?' : SOUNDS.letters[word[0]] ?? '') + [...word.slice(1)].map(letter).join('');
    if (heard.endsWith('h') && heard.length > 2) heard = `${heard.slice(0, -1)}a`;
  } else {
    heard = SOUNDS.spellings.reduce((text, [spelling, sound]) => text.replaceAll(spelling, sound), word)
      .replace(/[ae]h'*$|[ae]$/, 'a').replace(/i?y+(?=[aeou])|i(?=[aou])/g, 'y').replace(/u?w+(?=[aeio])|u(?=[aei])/g, 'w');
  }
  return heard.replace(/([aeiou])'\1/g, "$1'").replace(/(.)\1+/g, '$1');
}

const dropPrice = (sound) => SOUNDS.left_out[sound] ?? 1;
const swapPrice = (a, b) => (a === b ? 0 : SOUNDS.mixed_up[a < b ? a + b : b + a] ?? 2);

/** How alike what somebody typed is to a name, or to its beginning: 0 to 1. */
function soundLikeness(typed, name) {
  // Arabic script writes no short vowels: within a name they then cost next to nothing.
  const across = /[eiou]/.test(typed) !== /[eiou]/.test(name);
  const drop = (sound) => (across && 'aeiou'.includes(sound) ? 0.03 : dropPrice(sound));
  let row = [0];
  for (let j = 0; j < name.length; j++) row.push(row[j] + drop(name[j]));
  for (const x of typed) {
    const next = [row[0] + drop(x)];
    for (let j = 0; j < name.length; j++) {
      next.push(Math.min(row[j] + swapPrice(x, name[j]), row[j + 1] + drop(x), next[j] + drop(name[j])));
    }
    row = next;
  }
  // A beginning is as good as the whole, nearly.
  const price = Math.min(row.at(-1), Math.min(...row) + 0.1);
  const consonants = Math.max(2, [...typed].filter((sound) => !"aeiouwy'?".includes(sound)).length);
  const weight = [...typed].reduce((sum, sound) => sum + dropPrice(sound), 0);
  return 1 - (price / Math.max(weight, 0.5)) * (0.5 + 1.5 / consonants);
}

/** Of a name every run of words to its end: one may be asked for without what it begins with. */
const heardEnds = (text) => {
  const words = heardWords(text);
  return words.map((_, i) => words.slice(i).join(''));
};
