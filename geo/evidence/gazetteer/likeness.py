"""
How alike two names are, 0 to 1.

Two names are compared sound by sound: letters that transliterations mix up (q, k, g; dh, z, d;
th, s, t; sh, ch; kh, h) cost little, vowels and the signs for hamza and ayn next to nothing,
another consonant the full price. A score is 1 minus the price of the differences over the weight
of the longer name, less what disagreeing kind words and marks cost.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from geo.evidence.gazetteer.names import skeleton
from geo.evidence.gazetteer.prices import left_out, mixed_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.evidence.gazetteer.names import Name

# The numbers below are judgements like the prices of sounds, and tried on the same spellings.

_BESIDE = frozenset(
    {
        *("airfield", "post", "crossing", "junction", "station", "bridge"),
        *("farm", "road", "plant", "desert", "dam", "region"),
    }
)
"""Kinds of things that are called after a place beside them: Dumayr is not Dumayr airbase."""

_OF_PLACE_KIND: dict[str, frozenset[str]] = {
    "airbase": frozenset({"airfield", "post"}),
    "area": frozenset({"desert", "flat", "dam", "valley", "hill", "ruin", "farm", "plant", "road"}),
    "border post": frozenset({"post", "crossing"}),
    "camp": frozenset({"post"}),
    "city": frozenset(),
    "hill": frozenset({"hill", "cairn"}),
    "road junction": frozenset({"junction", "station", "post"}),
    "town": frozenset(),
    "village": frozenset({"ruin"}),
    "well": frozenset({"well"}),
}
"""Kind words that fit each `kind` of ``places.geojson``, where the name itself has none."""

# What kind words, marks and numbers take off a score where they disagree. `MIN_SCORE` is 0.89, so
# that what costs more than 0.11 keeps even names that sound alike apart.
_KIND_OTHER = 0.15
_KIND_ONE_SIDED = 0.05
_KIND_BESIDE = 0.12
_KIND_FITS = 0.01
_KIND_WORD = 0.04
_MARK_OTHER = 0.15
_MARK_ONE_SIDED = 0.12
_NUMBER_OTHER = 0.5
_UNWRITTEN = 0.03
"""A short vowel that Arabic script leaves unwritten, or that kana must add."""
_ACROSS = 0.1
"""Two scripts compare by consonants alone, which says less."""
_TRANSLATED = 0.92
"""The same kind words in two languages, where there is no other name."""
_PART = 0.8
"""A name that lacks a word of the other; below `MIN_SCORE`."""
_SWAPPED = 0.3
"""Two sounds in the other order: Tadmur, Tamdur."""
_NASALS = "mn"
_ASSIMILATED = 0.1
"""N before b is said m: Anbashi, Ambashi."""
_SPLIT = {"X": "kh", "S": "sh", "T": "th", "D": "dh", "G": "gh"}
_SPLIT_PRICE = 0.1
"""Two letters that happen to look like one sound: Mak-hul, Is-hiq."""


def _drops(name: Name, *, unwritten: bool) -> list[float]:
    """The price of each sound of a name where the other name does not have it."""
    prices = [left_out(sound) for sound in name.sounds]
    for i in range(1, len(prices) - 1) if unwritten else ():
        if name.sounds[i] in "aeiou":
            prices[i] = _UNWRITTEN
    if unwritten and prices and name.sounds[-1] in "iou":
        prices[-1] = _UNWRITTEN if not name.vowels else prices[-1]
    return prices


def _distance(one: Name, two: Name) -> float:
    """The least price of turning one name's sounds into the other's."""
    a, b = one.sounds, two.sounds
    # A vowel within a name costs next to nothing where the other script cannot write it.
    unwritten = one.vowels != two.vowels
    drops_a, drops_b = _drops(one, unwritten=unwritten), _drops(two, unwritten=unwritten)
    before, last = [math.inf] * (len(b) + 1), list(accumulate(drops_b, initial=0.0))
    splits_b = [_SPLIT.get(y) for y in b]
    for i, (x, drop) in enumerate(zip(a, drops_a, strict=True)):
        prices, split, both = mixed_up(x), _SPLIT.get(x), a[i - 1 : i + 1]
        left = last[0] + drop
        row = [left]
        for j, (y, drop_y) in enumerate(zip(b, drops_b, strict=True)):
            best = last[j] + (0.0 if x == y else prices.get(y, 2.0))
            if last[j + 1] + drop < best:
                best = last[j + 1] + drop
            if left + drop_y < best:
                best = left + drop_y
            if (
                x in _NASALS
                and y in _NASALS
                and x != y
                and "b" in (a[i + 1 : i + 2], b[j + 1 : j + 2])
            ):
                best = min(best, last[j] + _ASSIMILATED)
            if i and j and x == b[j - 1] and y == a[i - 1]:
                best = min(best, before[j - 1] + _SWAPPED)
            if split and j and split == b[j - 1 : j + 1]:
                best = min(best, last[j - 1] + _SPLIT_PRICE)
            if i and splits_b[j] == both:
                best = min(best, before[j] + _SPLIT_PRICE)
            row.append(best)
            left = best
        before, last = last, row
    return last[-1]


def likeness(one: Name, two: Name) -> float:
    """How alike two names sound, 0 to 1, their kinds and marks aside."""
    if one.sounds == two.sounds:
        return 1.0
    if one.bare and two.bare and _within(one.kind_words, two.kind_words):
        return _TRANSLATED
    whole = max(one.weight, two.weight)
    across = _ACROSS if one.vowels != two.vowels else 0.0
    # The shorter a name, the less may differ.
    consonants = max(2, min(len(one.key), len(two.key)))
    share = (_distance(one, two) + across) / whole * (0.5 + 1.5 / consonants)
    return max(1.0 - share, _part_likeness(one, two), 0.0)


def _within(one: frozenset[tuple[str, str]], two: frozenset[tuple[str, str]]) -> bool:
    return bool(one and two) and (one <= two or two <= one)


def _part_likeness(one: Name, two: Name) -> float:
    """Where one name is part of the other: enough to be listed, too little to be found."""
    short, long = sorted((one, two), key=lambda name: len(name.parts))
    if len(short.parts) == len(long.parts) or short.bare:
        return 0.0
    if not set(_skeletons(short)) <= set(_skeletons(long)):
        return 0.0
    return _PART * (0.75 + 0.25 * short.weight / long.weight)


def _skeletons(name: Name) -> Iterator[str]:
    return (skeleton(part) for part in name.parts)


def _one_sided(one: frozenset[str], two: frozenset[str], other: float, lacking: float) -> float:
    if one == two or (one & two and one and two):
        return 0.0
    return other if one and two else lacking


def disagreement(asked: Name, form: Name, kind: str) -> tuple[float, str]:
    """What kind words and marks take off the score, and what to say of it."""
    lost, said = 0.0, []
    if asked.kinds - form.kinds and form.kinds - asked.kinds:
        lost += _KIND_OTHER
        said.append("another kind")
    elif asked.kinds != form.kinds:
        fits = not form.kinds and asked.kinds <= _OF_PLACE_KIND.get(kind, frozenset())
        beside = (asked.kinds ^ form.kinds) & _BESIDE
        lost += _KIND_FITS if fits else _KIND_BESIDE if beside else _KIND_ONE_SIDED
        said.append("kind word on one side only")
    elif asked.kind_words != form.kind_words:
        lost += _KIND_WORD
        said.append("another kind word")
    if asked.numbers != form.numbers:
        lost += _NUMBER_OTHER
        said.append("another number")
    elif asked.marks != form.marks:
        lost += _one_sided(asked.marks, form.marks, _MARK_OTHER, _MARK_ONE_SIDED)
        said.append("another quarter or size")
    return lost, ", ".join(said)
