"""What the words about a name say of it: expressions of all languages, by what they are for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from geo.evidence.words.languages import any_of, languages, pattern, whole_words

if TYPE_CHECKING:
    import re


@cache
def _before(what: str) -> tuple[re.Pattern[str], ...]:
    tables = (language.reports.before_name for language in languages())
    return tuple(
        pattern(any_of(table[what]).replace("{quarter}", any_of(table.get("quarter"))))
        for table in tables
        if what in table
    )


def before_name(what: str, text: str) -> re.Match[str] | None:
    """How a text that ends before a name says that it is a ``place``, a ``part`` and so on."""
    return next((match for each in _before(what) if (match := each.search(text))), None)


@cache
def _area(where: str) -> re.Pattern[str]:
    return pattern(*(language.reports.area.get(where) for language in languages()))


def in_name(text: str) -> bool:
    """Whether a name means the ground about a place."""
    return _area("inside").search(text) is not None


def behind_name(text: str) -> bool:
    """Whether a text that begins behind a name says that the ground about a place is meant."""
    return _area("behind").match(text) is not None


@cache
def unreal_words() -> re.Pattern[str]:
    """Words before a cue that make it something that did not, or need not, happen."""
    return whole_words(*(language.reports.unreal for language in languages()))


@cache
def hedge_words() -> re.Pattern[str]:
    """Words anywhere in a sentence that make what it says less sure."""
    return whole_words(*(language.reports.hedges for language in languages()))
