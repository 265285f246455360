"""
Who a report speaks of: names of actors, and words for whole sides.

Names come from ``actors.csv``, words for a government and for those who rise against it from the
files of the languages, and what else reports call the sides of a theatre from ``vocabulary.csv``.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.gazetteer.index import Answer, Entry, Gazetteer
from geo.evidence.reports import grammar
from geo.evidence.reports.inflected import is_cyrillic, stem, stems
from geo.evidence.words.languages import every, languages, whole_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geo.model import Row

GOVERNMENT = "government"
"""The side that ACLED calls the government: the state whose territory it is."""

_FUZZY = 0.92
"""A name that is heard less like an actor's may be anybody's; places are matched more freely."""
_POSSESSIVE = re.compile("['’]s$")


@cache
def _force_words() -> frozenset[str]:
    return every(*(language.reports.force for language in languages()))


@lru_cache(maxsize=4)
def _heard_names(entries: tuple[Entry, ...]) -> Gazetteer:
    """The names of actors as they are heard; many reports of one theatre ask for the same."""
    return Gazetteer(entries)


class Actors:
    """
    The actors of a theatre, asked by what a report calls them.

    Parameters
    ----------
    rows
        Of ``actors.csv``.
    vocabulary
        Of ``vocabulary.csv``.
    """

    def __init__(self, rows: Iterable[Row], vocabulary: Iterable[Row]) -> None:
        self.rows = {row.id: row for row in rows}
        entries = [_actor_entry(row) for row in self.rows.values()]
        self._phrases, self._initials = _phrases(entries), _initials(entries)
        self._names = _heard_names(tuple(entries))
        self._words: dict[str, list[str]] = {}
        for row in vocabulary:
            if row.values["actor"]:
                self._words.setdefault(str(row.values["actor"]), []).append(str(row.values["text"]))
        self._sides = tuple(self._side_words())
        self._stems, self._listed = self._inflected(entries)
        forms = [(entry.id, form) for entry in entries for form in entry.spellings]
        firsts = (key[0] for key in (*self._stems, *self._phrases) if key)
        self._firsts = frozenset(firsts)
        self._small = frozenset(form for _, form in forms if form.islower())
        self._adjectives: dict[tuple[str, ...], set[str]] = {}
        for one, form in forms:
            first, _, rest = form.partition(" ")
            if grammar.words("forces").fullmatch(rest.casefold()):
                key = stems(first) if is_cyrillic(first) else (first.casefold(),)
                self._adjectives.setdefault(key, set()).add(one)

    def _inflected(
        self, entries: Iterable[Entry]
    ) -> tuple[dict[tuple[str, ...], tuple[str, ...]], frozenset[str]]:
        """Ids by the stems of names in Cyrillic letters, and those names as they are listed."""
        names = [(entry.id, form) for entry in entries for form in entry.spellings]
        names += [(actor, text) for actor, texts in self._words.items() for text in texts]
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        own = [(one, form) for one, form in names if is_cyrillic(form) and one in self.rows]
        for one, form in own:
            key = stems(form)
            if one not in found.get(key, ()):
                found[key] = (*found.get(key, ()), one)
        self._raw = tuple(form for _, form in own)
        return found, frozenset(form.casefold() for _, form in own)

    def as_listed(self, written: str) -> bool:
        """Whether a name in Cyrillic letters stands as it is listed: as a subject does."""
        return written.casefold() in self._listed

    def is_proper(self, written: str) -> bool:
        """Whether a name in Cyrillic letters is listed with a capital only."""
        own = stems(written)
        return not any(form.islower() and stems(form) == own for form in self._raw)

    def may_begin(self, word: str) -> bool:
        """Whether a name may begin with a word: a cheap first question."""
        if is_cyrillic(word):
            return stem(word) in self._firsts
        own = without_possessive(word)
        bare = _phrase_words(bare_arabic(own)) if sounds.has_arabic(own) else ()
        # An article alone is none of the words of a name.
        words = _phrase_words(own) or ("",)
        return (
            word.isupper()
            or words[0] in self._firsts
            or bool(bare and bare[0] in self._firsts)
            or (sounds.is_article(words[0], "x") or bool(sounds.SUN.fullmatch(words[0])))
        )

    def is_listed_small(self, written: str) -> bool:
        """Whether a name is listed in small letters: the coalition."""
        return written in self._small

    def of_adjective(self, word: str) -> str:
        """The side whose forces are called so: Russian, of Russian forces; empty for none."""
        key = stems(word) if is_cyrillic(word) else (word.casefold(),)
        return self.one_of(tuple(sorted(self._adjectives.get(key, ()))))

    def begins(self, written: str) -> bool:
        """Whether a text begins with a name or a word for a side."""
        words = written.split()[:4]
        if any(self.named(" ".join(words[:n])) for n in range(len(words), 0, -1)):
            return True
        return any(start == 0 for start, _, _ in self.whole_sides(" ".join(words)))

    def named(self, written: str) -> tuple[str, ...]:
        """Those that bear a name in just these words, whatever the case."""
        if is_cyrillic(written):
            return self._stems.get(stems(written), ())
        if written.isupper() and (ids := self._initials.get(written)):
            return ids
        words = _phrase_words(without_possessive(written))
        if ids := self._phrases.get(words):
            return ids
        if words and sounds.has_arabic(written):
            bare = bare_arabic(written)
            return self._phrases.get(_phrase_words(bare), ()) if bare != written else ()
        return ()

    def like(self, written: str) -> Answer:
        """Those whose names are heard so, as the gazetteer hears them."""
        return self._names.find(written, min_score=_FUZZY)

    def one_of(self, ids: tuple[str, ...]) -> str:
        """The only one; or the side itself where all are of one side; else nothing."""
        if len(ids) == 1:
            return ids[0]
        sides = {self.side(one) for one in ids}
        side = sides.pop() if len(sides) == 1 else ""
        return side if side in self.rows else ""

    def side(self, actor: str) -> str:
        """The side of an actor, itself where it has none; empty where it is not known."""
        row = self.rows.get(actor)
        return str(row.values.get("side") or row.id) if row else ""

    def whole_sides(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and actor of every word for a whole side."""
        for actor, words in self._sides:
            for match in words.finditer(text):
                yield match.start(), match.end(), actor

    def _side_words(self) -> Iterator[tuple[str, re.Pattern[str]]]:
        """Every side that there are words for, with an expression for them."""
        known = [side for language in languages() for side in language.reports.sides]
        for actor in dict.fromkeys((*known, *self._words)):
            if actor in self.rows:
                # Of two that begin at one word the longer is meant.
                own = sorted(map(re.escape, self._words.get(actor, ())), key=len, reverse=True)
                told = (language.reports.sides.get(actor) for language in languages())
                yield actor, whole_words(*told, *own)


def bare_arabic(word: str) -> str:
    """Without and, so, in, to, as: one letter that Arabic writes onto the next word."""
    if len(word) > 3 and word.startswith("لل"):
        return word[2:]
    return word[1:] if len(word) > 3 and word[0] in "وفبلك" else word


def without_possessive(text: str) -> str:
    """Without the English ending of whose it is."""
    return _POSSESSIVE.sub("", text)


def _actor_entry(row: Row) -> Entry:
    """An actor as the gazetteer holds it, with each name also without the words for a force."""
    values = row.values
    others = [values.get("name_ar"), *str(values.get("alternatenames") or "").split(";")]
    names = [str(values.get("name") or row.id), *(str(o).strip() for o in others if o)]
    outside = [re.sub(r"\([^)]*\)", " ", name).strip() for name in names]
    short = [_without_force_words(name) for name in outside]
    spellings = dict.fromkeys(name for name in (*outside, *short) if name)
    return Entry(row.id, names[0], tuple(spellings))


def _without_force_words(name: str) -> str:
    """The name proper; empty where a single word is left, which says too little."""
    left = [w for w in name.split() if sounds.plain(w) not in _force_words()]
    return " ".join(left) if len(left) > 1 and len(left) < len(name.split()) else ""


def _phrase_words(text: str) -> tuple[str, ...]:
    return tuple(word.strip("'") for word in sounds.words(text))


def _phrases(entries: Iterable[Entry]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Ids by the words of each name."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for entry in entries:
        for form in entry.spellings:
            words = _phrase_words(form)
            if words and entry.id not in found.get(words, ()):
                found[words] = (*found.get(words, ()), entry.id)
    return found


def _initials(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """Ids by the first letters of names of three capital words and more."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        words = entry.name.split()
        if len(words) > 2 and all(word[0].isupper() for word in words):
            letters = "".join(word[0] for word in words)
            found[letters] = (*found.get(letters, ()), entry.id)
    return found
