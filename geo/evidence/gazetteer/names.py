"""
Names of places: what is a name in them, and what says what the place is.

A name is heard, not read. `parse_name` parts it into *name words*, turned into sounds (see
`sounds`), and *kind words* (bir, tall, airport, بئر), which say what the thing is and are weighed
as such. *Marks* (upper, eastern, 30) tell two places of one name apart. Which words are which
stands in the files of the languages (`geo.evidence.words`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.gazetteer.prices import left_out
from geo.evidence.words.languages import every, languages, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

_BRACKETS_OFF = str.maketrans("()[]", "    ")
# What transliterations mix up is one letter in a key; vowels and glides are none.
_KEY = str.maketrans("qgGXTDzZSpv", "kkkhsddd$bf", "aeiouwy'?")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a kind word says: the kind, which word for it, and whether only at the head."""

    kind: str
    word: str
    leads: bool


@cache
def _kind_of() -> dict[str, _Kind]:
    """Kind words as words are compared: plain, without the article."""
    found: dict[str, _Kind] = {}
    for language in languages():
        for tables, leads in ((language.kinds, False), (language.leading_kinds, True)):
            for name, line in tables.items():
                kind = _Kind(name.partition("/")[0], name, leads)
                found |= dict.fromkeys(_plain_words(line.split()), kind)
    return found


@cache
def _mark_of() -> dict[str, str]:
    """What the marks say."""
    found: dict[str, str] = {}
    for language in languages():
        for mark, line in language.marks.items():
            found |= dict.fromkeys(_plain_words(line.split()), mark)
    return found


def _plain_words(written: Iterable[str]) -> list[str]:
    return [plain for word in written for plain in sounds.words(word) or [word]]


@cache
def _soft_words() -> frozenset[str]:
    return every(*(language.names.soft for language in languages()))


@cache
def _glue() -> frozenset[str]:
    return every(*(language.names.glue for language in languages()))


@dataclass(frozen=True, slots=True)
class Name:
    """
    One reading of a name.

    Attributes
    ----------
    sounds
        The name words as sounds, without a gap.
    key
        The consonants of it, with those that transliterations mix up made one.
    parts
        The sounds word by word.
    kind_words
        Its kind words: the kind, and the word for it in any language.
    marks
        What its marks say, and its numbers.
    bare
        Whether there is no name word: the kind words, or the soft ones, are the name.
    vowels
        Whether its script writes short vowels.
    weight
        What it would cost to leave all its sounds out.
    """

    sounds: str
    key: str
    parts: tuple[str, ...]
    kind_words: frozenset[tuple[str, str]]
    marks: frozenset[str]
    bare: bool = False
    vowels: bool = True
    weight: float = 1.0

    @property
    def kinds(self) -> frozenset[str]:
        """
        Tell what the kind words say.

        Returns
        -------
        kinds
            Such as ``well``; see the languages.
        """
        return frozenset(group for group, _ in self.kind_words)

    @property
    def numbers(self) -> frozenset[str]:
        """
        Tell which numbers the name holds.

        Returns
        -------
        numbers
            Those of the marks that are numbers.
        """
        return frozenset(mark for mark in self.marks if mark.isdigit())


def key(text: str) -> str:
    """
    Return what is left of a name when everything that transliterations vary is taken away.

    The article goes, sun letters with it; so do vowels, glides, hamza and ayn, case, accents,
    vowel signs, tatweel, doubled letters and the ta marbuta; kind words go unless nothing else
    is left. Then q, g, gh, k are one letter, kh and h, th and s, dh, z and d, sh and ch.

    Parameters
    ----------
    text
        A name in Latin, Arabic or kana letters.

    Returns
    -------
    key
        Consonants, ``$`` for sh. Names with one key may still be two names: it is for listing
        candidates, not for deciding.

    Examples
    --------
    >>> key("Beir Mahruthah") == key("Bi'r Mahroutha") == key("بئر محروثة")
    True
    >>> key("As-Suwayda"), key("Ash-Shaddadi")
    ('sd', '$d')
    """
    return parse_name(text).key


def is_kind_word(word: str) -> bool:
    """
    Tell whether a word says what a place is, not what it is called.

    Parameters
    ----------
    word
        One word, in any case.

    Returns
    -------
    is_kind_word
        Whether it is a kind word or a soft one.

    Examples
    --------
    >>> is_kind_word("Tall"), is_kind_word("area"), is_kind_word("Tanf")
    (True, True, False)
    """
    plain = sounds.plain(word)
    return plain in _kind_of() or plain in _soft_words()


@lru_cache(maxsize=65_536)
def parse_name(text: str) -> Name:
    """
    Part a name into what it is called and what it is.

    Parameters
    ----------
    text
        A name; what stands in brackets is left out, unless nothing else is there.

    Returns
    -------
    name
        Its first reading.

    Examples
    --------
    >>> parse_name("Al-Sein Military Airport").sounds
    'sayn'
    >>> sorted(parse_name("Eastern Qalamoun").marks)
    ['east']
    """
    outside = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", text)
    written = sounds.words(_joined(_kana_kinds_apart(outside))) or sounds.words(text)
    return _name(tuple(written), vowels=not sounds.has_arabic(text))


@cache
def _one_word() -> dict[str, str]:
    """Two words that are one, and the one."""
    return pairs(*(language.names.joined for language in languages()))


def _joined(text: str) -> str:
    """The air base as the airbase."""
    for two, one in _one_word().items():
        if two.split()[0] in text.casefold():
            text = re.sub(rf"\b{re.escape(two)}\b", one, text, flags=re.IGNORECASE)
    return text


def _kana_kinds_apart(text: str) -> str:
    return re.sub("丘|山|ダム|農場|・", r" \g<0> ", text)


def _name(written: tuple[str, ...], *, vowels: bool) -> Name:
    own: list[str] = []
    kinds: set[tuple[str, str]] = set()
    marks: set[str] = set()
    for word in written:
        said = _kind_of().get(word)
        if said and not (said.leads and own):
            kinds.add((said.kind, said.word))
        elif mark := _mark_of().get(word):
            marks.add(mark)
        elif word.isdigit():
            marks.add(word)
        elif word not in _soft_words() and word not in _glue():
            own.append(word)
    for quarter in ("northeast", "northwest", "southeast", "southwest"):
        if {quarter[:5], quarter[5:]} <= marks:
            marks = marks - {quarter[:5], quarter[5:]} | {quarter}
    # Where the kind is the name, as in Triangle crossroads or Post 30, it is heard as one.
    parts = tuple(sounds.sounds(word) for word in own or written)
    heard = re.sub(r"(.)\1+", r"\1", "".join(parts))
    return Name(
        heard,
        re.sub(r"(.)\1+", r"\1", skeleton(heard)) or heard,
        parts,
        frozenset(kinds),
        frozenset(marks),
        not own,
        vowels,
        max(0.2, sum(map(left_out, heard))),
    )


def skeleton(heard: str) -> str:
    """Sounds without all that transliterations vary: the letters of a key."""
    return heard.translate(_KEY)


@lru_cache(maxsize=65_536)
def readings(text: str) -> tuple[Name, ...]:
    """Every way to take a spelling: sides of a slash or an and, without brackets, article cut."""
    names = [parse_name(text)]
    for joint in ("/", " and "):
        sides = [parse_name(side) for side in text.split(joint)]
        if len(sides) == 2 and not any(side.bare and not side.numbers for side in sides):
            names = [*sides, *names]
    if "(" in text:
        names.append(parse_name(text.translate(_BRACKETS_OFF)))
    if not sounds.has_arabic(text):
        names.append(parse_name(" ".join(map(_cut_article, sounds.words(text)))))
    return tuple(dict.fromkeys(name for name in names if name.sounds))


def _cut_article(word: str) -> str:
    """Elhus, Alzawiyah, Assuwayda: the article written onto the name."""
    if word in _kind_of() or word in _soft_words() or len(word) < 5:
        return word
    if match := re.match(r"[ae](sh|th|dh|[dnrstz])(?=\1)", word):
        return word[match.end() :]
    return word[2:] if word.startswith(("al", "el")) else word
