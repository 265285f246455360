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
    key
        What it is called in the files of the languages.
    code
        What it is called in a review.
    event_type, sub_event_type
        ACLED's; an empty sub-type is settled by who acted.
    frame
        How those who are named stand to it; see `geo.evidence.reports.roles`.
    """

    key: str
    code: str
    event_type: str
    sub_event_type: str
    frame: str


_BATTLES, _REMOTE, STRATEGIC = "Battles", "Explosions/Remote violence", "Strategic developments"
_TRANSFER = "Non-violent transfer of territory"
CLASH = "Armed clash"
LOOTING = "Looting/property destruction"

CUES: dict[str, Cue] = {
    key: Cue(key, code or key, event_type, sub_event_type, frame)
    for key, code, event_type, sub_event_type, frame in (
        ("weapons withdrawn", "", STRATEGIC, "Other", "act"),
        ("control taken", "", _BATTLES, "", "take"),
        ("taken, of a place", "control taken", _BATTLES, "", "take"),
        ("fall", "control taken", _BATTLES, "", "fall"),
        ("loss", "control taken", _BATTLES, "", "lose"),
        ("expulsion", "control taken", _BATTLES, "", "expel"),
        ("handover", "withdrawal", STRATEGIC, _TRANSFER, "give"),
        ("withdrawal", "", STRATEGIC, _TRANSFER, "leave"),
        ("left, of a place", "withdrawal", STRATEGIC, _TRANSFER, "leave"),
        ("repulse", "clashes", _BATTLES, CLASH, "repulse"),
        ("air strike", "", _REMOTE, "Air/drone strike", "act"),
        ("shelling", "", _REMOTE, "Shelling/artillery/missile attack", "act"),
        ("mine or bomb", "", _REMOTE, "Remote explosive/landmine/IED", "act"),
        ("strike", "", _REMOTE, "", "act"),
        ("aircraft", "air strike", _REMOTE, "Air/drone strike", "means"),
        ("guns", "shelling", _REMOTE, "Shelling/artillery/missile attack", "means"),
        ("siege", "", STRATEGIC, "Other", "act"),
        ("agreement", "", STRATEGIC, "Agreement", "mutual"),
        ("attack", "clashes", _BATTLES, CLASH, "act"),
        ("advance", "clashes", _BATTLES, CLASH, "act"),
        ("clashes", "", _BATTLES, CLASH, "mutual"),
        ("dead", "", "", "", "dead"),
        ("held", "", STRATEGIC, "Other", "state"),
        ("statement", "", STRATEGIC, "Other", "state"),
    )
}
"""By key. Of cues that begin at one word the first counts."""

STATES = frozenset({"held", "statement", "dead", "aircraft", "guns"})
"""Cues that tell of a state, of words, of victims or of means: no events by themselves."""


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
        for match in _patterns()[cue.key].finditer(text)
    ]
    for start, _, end, cue in sorted(found, key=lambda item: item[:2]):
        yield start, end, cue


def cue_in(key: str, text: str) -> bool:
    """Whether a text has a word of one cue."""
    return _patterns()[key].search(text) is not None


def is_cue_word(word: str) -> bool:
    """Whether a word alone says that something happened."""
    return _cue_word().fullmatch(word) is not None
