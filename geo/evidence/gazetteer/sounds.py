"""
From letters to sounds: a name as it is heard, whatever its spelling.

A name in Latin, Arabic or kana letters becomes words of *sounds*, one character a sound:

- consonants that are one letter in English stand for themselves;
- ``T`` is th (ث), ``D`` dh (ذ ظ), ``S`` sh (ش) and ch, ``X`` kh (خ), ``G`` gh (غ), ``Z`` the
  letter ض that is written d, dh or z;
- kana cannot write every consonant: ``R`` is r or l, ``F`` f or h;
- ``'`` is hamza or ayn, often left out; ``?`` the initial alef of Arabic script, any vowel;
- vowels are a, e, i, o, u; long ones are not told from short ones.

The letters and spellings stand in the files of the languages (`geo.evidence.words`); what is said
here of articles, endings and glides is how Arabic names are written. The romanization follows the
United Nations system of 2017 in its consonants. Arabic script is read without its vowel signs, so
short vowels are missing from what it yields.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

from geo.evidence.words.languages import every, languages, pairs


@cache
def _letters() -> dict[str, str]:
    """What each letter of a script other than the Latin one sounds like."""
    return pairs(*(language.names.letters for language in languages()))


@cache
def _spellings() -> tuple[tuple[str, str], ...]:
    """Latin spellings of one sound, in the order in which they are replaced."""
    return tuple(pairs(*(language.names.spellings for language in languages())).items())


@cache
def _articles() -> frozenset[str]:
    return every(*(language.names.articles for language in languages()))


def letter_rules() -> dict[str, str]:
    """Return what each letter of a script other than the Latin one sounds like."""
    return dict(_letters())


def spelling_rules() -> list[list[str]]:
    """Return Latin spellings of one sound, each with the sound, in order."""
    return [list(pair) for pair in _spellings()]


def article_rules() -> frozenset[str]:
    """Return the articles that stand apart."""
    return _articles()


SUN = re.compile("[aeiu](sh|th|dh|[dnrstz])")
"""The article before one of the letters that it takes on (sun letters): ash-Shaddadi."""

_APOSTROPHES = str.maketrans(dict.fromkeys("`´‘’ʻʼʾʿˈ′‛", "'"))
_WORD = re.compile(r"[^\W_]+(?:'+[^\W_]+)*'?|'[^\W_]+(?:'+[^\W_]+)*'?")
_ARABIC_LETTER = re.compile("[\u0621-\u064a\u0671-\u06d3]")
_CYRILLIC_LETTER = re.compile("[\u0430-\u045f\u0491]")
_KANA_LETTER = re.compile("[\u30a1-\u30fa]")
_TATWEEL = "\u0640"


def has_arabic(text: str) -> bool:
    """
    Tell whether any letter of a text is Arabic.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    has_arabic
        Whether it is so.
    """
    return _ARABIC_LETTER.search(text) is not None


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """
    Return a text in lower case without marks: accents, vowel signs, tatweel, curly apostrophes.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    text
        Compatibility forms resolved; ا, أ, إ and آ are kept apart.

    Examples
    --------
    >>> plain("Tulūl al-Ṣafā")
    'tulul al-safa'
    """
    composed = unicodedata.normalize("NFKC", text).replace(_TATWEEL, "").translate(_APOSTROPHES)
    if _ARABIC_LETTER.search(composed):
        # Hamza and madda belong to the letter; only the vowel signs go.
        return "".join(c for c in composed if unicodedata.category(c) != "Mn").casefold()
    if _KANA_LETTER.search(composed):
        return composed.casefold()
    apart = unicodedata.normalize("NFKD", composed)
    return "".join(c for c in apart if unicodedata.category(c) != "Mn").casefold()


def words(text: str) -> list[str]:
    """
    Return the words of a name, plain and without the article.

    Parameters
    ----------
    text
        A name.

    Returns
    -------
    words
        In order; an apostrophe stays with its word, a hyphen parts.

    Examples
    --------
    >>> words("Manqa' ar-Ruhbah")
    ["manqa'", 'ruhbah']
    >>> words("بئر القصب")
    ['بئر', 'قصب']
    """
    found = _WORD.findall(plain(text))
    kept = [one for one, after in pairwise([*found, ""]) if not (after and is_article(one, after))]
    return [_without_arabic_article(word) for word in kept]


def is_article(word: str, after: str) -> bool:
    """
    Tell whether a plain word is the article of the next.

    Parameters
    ----------
    word
        The word.
    after
        The next one.

    Returns
    -------
    is_article
        Whether it is so: ``ad`` is one before Dumayr, not before Abdo.

    Examples
    --------
    >>> is_article("ad", "dumayr"), is_article("ad", "abdo")
    (True, False)
    """
    sun = SUN.fullmatch(word)
    return word in _articles() or bool(sun and after.startswith(sun[1]))


def _without_arabic_article(word: str) -> str:
    return word[2:] if word.startswith("ال") and len(word) > 4 else word


@lru_cache(maxsize=65_536)
def sounds(word: str) -> str:
    """
    Return the sounds of one plain word.

    Parameters
    ----------
    word
        As `words` yields it.

    Returns
    -------
    sounds
        See the head of this module; doubled sounds are one.

    Examples
    --------
    >>> sounds("mahroutha"), sounds("محروثة"), sounds("maghawir")
    ('mahruTa', 'mhrwTa', 'maGawir')
    """
    if has_arabic(word):
        heard = _arabic(word)
    elif _KANA_LETTER.search(word) or _CYRILLIC_LETTER.search(word):
        heard = "".join(_letters().get(c, "") for c in word)
    else:
        heard = _latin(word)
    # A vowel on both sides of hamza or ayn is one: Sha'ab, Shaab.
    heard = re.sub(r"([aeiou])'\1", r"\1'", heard)
    return re.sub(r"(.)\1+", r"\1", heard)


def _arabic(word: str) -> str:
    letters = _letters()
    first = "?" if word[0] in "اأإآٱ" else letters.get(word[0], "")
    heard = first + "".join(letters.get(c, c if c.isdigit() else "") for c in word[1:])
    # Ta marbuta is often typed as ha; a final ha is not told from it.
    return heard[:-1] + "a" if heard.endswith("h") and len(heard) > 2 else heard


def _latin(word: str) -> str:
    text = word
    for spelling, sound in _spellings():
        text = text.replace(spelling, sound)
    # The ending of ta marbuta: -ah, -eh, -a, -e are one.
    text = re.sub("[ae]h'*$|[ae]$", "a", text)
    # iya, iyya, ia and ya are one, as uwa, ua and wa are.
    text = re.sub("i?y+(?=[aeou])|i(?=[aou])", "y", text)
    return re.sub("u?w+(?=[aeio])|u(?=[aei])", "w", text)
