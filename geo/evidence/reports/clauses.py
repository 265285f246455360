"""
The parts of a text: sentences, and in each the clauses, which tell of one thing.

A sentence parts between two cues where a word joins: a strong one first (but, that), then one that
leads back (after, which), then a plain one (and, a comma). Where none stands, two cues are one
clause: "repelled an attack".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from geo.evidence.gazetteer import sounds
from geo.evidence.reports import grammar
from geo.evidence.reports.cues import CUES, Cue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.evidence.reports.mentions import Mention

_STOP = re.compile(r"(?<=[.!?؟…])[\"'”’)\]»]*\s+")
_SHORT = re.compile(
    r"(?:\b(?:[A-Z]|Gen|Lt|Col|Maj|Capt|Brig|Mr|Mrs|Dr|St|Mt|No|vs|Sgt|inst|ult|approx|Jan|Feb|Mar|"
    r"Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.N)|\b(?:р|г|м|с|кв|ст|им|вул|ул|обл|тис|млн))\.$"
)
_BULLET = re.compile(r"\s*(?:[-–—•*·▪►]|\d{1,2}[.)])\s")
_WRAPPED = 130
"""A text with longer lines has one paragraph a line; one with none has lines that are broken."""
_DASH = r"\s*(?:[-–—]{1,2}|[:|])\s+"
_PLACE_LINE = re.compile(
    rf"(?:[^\W\d_][\w.'’-]*(?:[ ,]+[^\W\d_][\w.'’-]*){{0,4}})"
    rf"(?:\s*[,.]?\s*(?:\d{{1,2}}\s+\w+\.?|\w+\.?\s+\d{{1,2}})(?:,?\s+\d{{4}})?)?"
    rf"(?:\s*\([^)]{{1,40}}\))?(?:\s*[,/.]\s*[\w ]{{2,25}})?{_DASH}"
)


@dataclass(slots=True)
class Clause:
    """
    A part of a sentence, with the cue that it is about.

    Attributes
    ----------
    start, end
        Characters of the text, end exclusive.
    cue
        What it says happened.
    cues
        Every cue in it, that one among them.
    joint
        What joined it to the one before: ``strong``, ``back``, ``plain``, ``said``, or nothing.
    joined
        The words that did.
    """

    start: int
    end: int
    cue: Mention
    cues: list[Mention] = field(default_factory=list)
    joint: str = ""
    joined: str = ""

    @property
    def kind(self) -> Cue:
        """The cue as a row of the table."""
        return CUES[self.cue.value]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every sentence, lines that were broken to fit a page joined."""
    longest = max((len(line) for line in text.splitlines()), default=0)
    start = 0
    for match in re.finditer(rf"\n+|{_STOP.pattern}", text):
        if match.start() < start or not _ends(text, match, longest, start):
            continue
        if text[start : match.start()].strip():
            yield start, match.start()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _ends(text: str, match: re.Match[str], longest: int, start: int) -> bool:
    if "\n" not in match[0]:
        return _SHORT.search(text[max(start, match.start() - 8) : match.start()]) is None
    if match[0].count("\n") > 1 or longest > _WRAPPED or _BULLET.match(text, match.end()):
        return True
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip()
    return not line or line[-1] in ".!?؟…:" or len(line) < 0.6 * longest


def dateline(text: str, start: int, end: int) -> int:
    """Where a sentence begins behind the place and the agency that are named before it."""
    skipped = len(text[start:end]) - len(text[start:end].lstrip())
    match = _PLACE_LINE.match(text, start + skipped, end)
    if match is None or not text[match.end() : end].strip():
        return start
    return match.end()


def clauses(text: str, start: int, end: int, cues: Sequence[Mention]) -> list[Clause]:
    """The clauses of a sentence, in order."""
    found: list[Clause] = []
    for cue in cues:
        if not found:
            found.append(Clause(start, end, cue, [cue]))
            continue
        last = found[-1]
        parted = _parted(text, last.cues[-1], cue)
        if parted is None:
            last.cues.append(cue)
            continue
        at, behind, joint, joined = parted
        last.end = at
        found.append(Clause(behind, end, cue, [cue], joint, joined))
    for clause in found:
        clause.cue = _main(clause)
        clause.end = _cut(text, clause)
    return found


def _cut(text: str, clause: Clause) -> int:
    """Where a clause ends: before what is only told of its last word ("X, which ...")."""
    last = max(c.end for c in clause.cues)
    for match in re.finditer(r"[,،]\s*", text[last : clause.end]):
        at = last + match.end()
        if grammar.words("joints", "back").match(text, at):
            return last + match.start()
    return clause.end


def _parted(text: str, one: Mention, two: Mention) -> tuple[int, int, str, str] | None:
    """Where two cues part, and what joins them."""
    if one.end > two.start:
        return None
    between = text[one.end : two.start]
    if one.value == two.value == "dead" and len(between.split()) < 3:
        return None  # "dead and injured" are one
    said = one.value == "statement"
    for joint in ("strong", "back") if said or two.value != "statement" else ("strong", "plain"):
        matches = list(grammar.words("joints", joint).finditer(between)) if joint != "plain" else []
        if joint == "plain":
            matches = list(re.finditer(r"[,،]", between))
        if matches:
            match = matches[0] if said and joint == "strong" else matches[-1]
            behind = one.end + match.end()
            return one.end + match.start(), behind, "said" if said else joint, match[0].strip()
    if said and sounds.has_arabic(one.text) and grammar.behind("voice", "noun").match(two.text):
        return None  # "X announced the recapture of Y", or "its control"
    if said:
        return one.end, one.end, "said", ""
    if two.value == "statement":
        return None
    matches = list(grammar.words("joints", "plain").finditer(between))
    matches = matches or list(re.finditer(r"[,،]|(?<!\w)و(?=\w)", between))
    if matches:
        match = matches[-1]
        return one.end + match.start(), one.end + match.end(), "plain", match[0].strip()
    glued = re.match("[وف]", two.text)
    if glued and len(two.text) > 3:
        return two.start, two.start, "plain", glued[0]
    return None


def _main(clause: Clause) -> Mention:
    """Of several cues in one clause the one that says most: a repulse, then what is nearest."""
    ranked = sorted(clause.cues, key=lambda cue: _RANK.get(cue.value, 3))
    return ranked[0]


_RANK = {
    "repulse": 0,
    "weapons withdrawn": 1,
    "control taken": 1,
    "fall": 1,
    "expulsion": 1,
    "handover": 1,
    "loss": 1,
    "taken, of a place": 2,
    "withdrawal": 2,
    "left, of a place": 2,
    "siege": 2,
    "air strike": 2,
    "shelling": 3,
    "mine or bomb": 2,
    "agreement": 2,
    "strike": 4,
    "clashes": 4,
    "attack": 5,
    "advance": 6,
    "dead": 8,
    "aircraft": 8,
    "guns": 8,
    "held": 7,
    "statement": 9,
}
"""Of cues in one clause the least number is what happened; the others say how."""
