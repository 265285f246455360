"""
Cues: what a report may say that happened, and the event that it makes.

The words for each stand in the files of the languages (`geo.evidence.words`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from geo.evidence.words.languages import any_of, languages, pattern, whole_words

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Cue:
    """
    Something that is said to have happened, and the event that it makes.

    Attributes
    ----------
    code
        What it is called in a review, and in the files of the languages.
    event_type, sub_event_type
        ACLED's; an empty sub-type is settled by who acted.
    """

    code: str
    event_type: str
    sub_event_type: str


_BATTLES, _REMOTE, STRATEGIC = "Battles", "Explosions/Remote violence", "Strategic developments"

CUES: dict[str, Cue] = {
    code: Cue(code, event_type, sub_event_type)
    for code, event_type, sub_event_type in (
        ("weapons withdrawn", STRATEGIC, "Other"),
        ("control taken", _BATTLES, ""),
        ("withdrawal", STRATEGIC, "Non-violent transfer of territory"),
        ("air strike", _REMOTE, "Air/drone strike"),
        ("shelling", _REMOTE, "Shelling/artillery/missile attack"),
        ("mine or bomb", _REMOTE, "Remote explosive/landmine/IED"),
        ("siege", STRATEGIC, "Other"),
        ("agreement", STRATEGIC, "Agreement"),
        ("clashes", _BATTLES, "Armed clash"),
        ("held", STRATEGIC, "Other"),
        ("statement", STRATEGIC, "Other"),
    )
}
"""By code. Of cues that begin at one word the first counts."""

STATES = frozenset({"held", "statement"})
"""Cues that tell of a state or of words, and give way to any that tells of an event."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        code: whole_words(*(language.reports.cues.get(code) for language in languages()))
        for code in CUES
    }


@cache
def _cue_word() -> re.Pattern[str]:
    return pattern(*(any_of(*language.reports.cues.values()) for language in languages()))


def find_cues(text: str) -> Iterator[tuple[int, int, Cue]]:
    """Start, end and cue of all that a text says, the one that counts before others there."""
    found = [
        (match.start(), order, match.end(), cue)
        for order, cue in enumerate(CUES.values())
        for match in _patterns()[cue.code].finditer(text)
    ]
    for start, _, end, cue in sorted(found, key=lambda item: item[:2]):
        yield start, end, cue


def is_cue_word(word: str) -> bool:
    """Whether a word alone says that something happened."""
    return _cue_word().fullmatch(word) is not None
