"""Whether what a clause tells did happen: as it stands, in vain, possibly, or not at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from geo.evidence.reports import grammar
from geo.evidence.reports.expressions import hedge_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.evidence.reports.clauses import Clause
    from geo.evidence.reports.mentions import Mention

_WORDS = 14
"""So many words before a cue are read for what they make of it."""


class Mode(NamedTuple):
    """
    What is said of whether something happened.

    Attributes
    ----------
    name
        ``real``, ``failed`` (it was tried), ``possible``, ``denied``, ``none``, ``lasting`` (it
        was so before: a state, no event).
    words
        The words that say so.
    """

    name: str
    words: str = ""


def without_names(text: str, mentions: Sequence[Mention]) -> str:
    """The text with blanks for its names and days: May is no verb there."""
    pieces, at = [], 0
    for m in mentions:
        if m.kind == "cue" or m.start < at:
            continue
        pieces += [text[at : m.start], " " * (m.end - m.start)]
        at = m.end
    return "".join([*pieces, text[at:]])


def mode_of(text: str, clauses: Sequence[Clause], index: int) -> Mode:
    """The mode of a clause, from its own words and from those that it hangs on."""
    clause = clauses[index]
    own = _own(text, clause)
    if own.name == "none" or index == 0:
        return own
    above = clauses[index - 1]
    if clause.joint == "said" or above.cue.value == "statement":
        said = _outer(text, above)
        if said.name in {"denied", "none"}:
            return said
    if clause.joint == "plain" and own.name == "real" and above.cue.value != "statement":
        outer = _own(text, above)
        # "If they take X and besiege Y": what joins them joins the condition too.
        # "Keeping us from advancing and taking Y" too: of two gerunds both are kept from.
        gerunds = above.cue.text.endswith("ing") and clause.cue.text.endswith("ing")
        reaches = outer.name in {"none", "possible"} or (outer.name == "denied" and gerunds)
        if reaches and not _starts_anew(text, clause):
            return outer
    if _conditional(text, clauses, index):
        return Mode("none", "if")
    return own


def _starts_anew(text: str, clause: Clause) -> bool:
    head = text[clause.start : clause.cue.start]
    return len(head.split()) > 2


def _conditional(text: str, clauses: Sequence[Clause], index: int) -> bool:
    """Whether the sentence begins with a condition."""
    first = clauses[0]
    head = " ".join(text[first.start : first.cue.start].split()[:2])
    match = grammar.words("modes", "none").match(head)
    return bool(match) and index > 0 and clauses[index].joint != "said"


def _own(text: str, clause: Clause) -> Mode:
    head = min(
        c.start for c in clause.cues if c.value not in {"statement", "dead"} or c is clause.cue
    )
    start = (
        clause.start - len(clause.joined) - 1
        if clause.joint in {"strong", "back"}
        else clause.start
    )
    before = text[max(0, start) : clause.cue.start]
    near = _last_words(before)
    far = len(before) - len(near)
    said = [
        (match.start() + shift, name, match[0])
        for name, where, shift in (
            ("possible", before, 0),
            ("none", near, far),
            ("denied", near, far),
        )
        for match in grammar.words("modes", name).finditer(where)
    ]
    if said:
        # Of two the first rules: "could, if"; "if ... could".
        _, name, word = min(said)
        return Mode(name, word)
    if found := list(grammar.words("modes", "failed").finditer(near)):
        return Mode("failed", found[-1][0])
    if clause.kind.frame in {"take", "state"} and grammar.words("modes", "lasting").search(
        text, clause.start, clause.end
    ):
        return Mode("lasting")
    behind = text[clause.cue.end : clause.end + 60].split("\n")[0]
    behind = re.split(r"[.;!?]\s", behind)[0]
    if match := grammar.words("modes", "failed_behind").search(behind):
        return Mode("failed", match[0])
    # "Will attack" may stand between two cues of one clause.
    inner = text[head : clause.cue.start]
    for name in ("none", "denied", "possible"):
        if match := grammar.words("modes", name).search(inner):
            return Mode(name, match[0])
    return Mode("real")


def _outer(text: str, clause: Clause) -> Mode:
    """What the one who tells makes of it: denied, warned."""
    said = text[clause.start : clause.end + 12]
    for name in ("denied", "none"):
        if match := grammar.words("modes", name).search(said):
            return Mode(name, match[0])
    return Mode("real")


def _last_words(text: str) -> str:
    words = list(re.finditer(r"\S+", text))
    return text[words[-_WORDS].start() :] if len(words) > _WORDS else text


def is_hedged(text: str, start: int, end: int) -> bool:
    """Whether a sentence says that what it tells is not sure."""
    return bool(hedge_words().search(text, start, end))
