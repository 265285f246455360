"""What the words about a cue make of it: weapons that are seized, plain verbs, victims."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geo.evidence.reports import grammar
from geo.evidence.reports.cues import CUES, LOOTING, STRATEGIC, Cue, cue_in
from geo.evidence.reports.dates import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.evidence.reports.clauses import Clause
    from geo.evidence.reports.mentions import Mention
    from geo.evidence.reports.where import Where

_OF_A_PLACE = frozenset({"taken, of a place", "left, of a place"})
_BETWEEN = 4
"""A plain verb says something only with a place so few words behind it."""


def needs_place(text: str, cue: Mention, inside: Sequence[Mention]) -> bool:
    """Whether a cue says something here: plain verbs (took, left) do with a place at hand only."""
    if cue.value not in _OF_A_PLACE:
        return True
    places = [m for m in inside if m.kind in {"place", "name"}]
    for place in places:
        if place.start >= cue.end:
            gap = text[cue.end : place.start]
            if len(gap.split()) <= _BETWEEN and not re.search(r"[.,;:]", gap):
                return True
        elif grammar.before("voice", "before").search(text[place.end : cue.start]) or (
            len(text[place.end : cue.start].split()) < 7
            and re.search(r",\s*(?:which|that)\b", text[place.end : cue.start])
        ):
            return True
    return bool(grammar.head("loot").match(text, cue.end)) or bool(
        re.match(
            r"\s+(?:it|them|(?:the|this|that) (?:village|town|city|area|hill|base|place))\b",
            text[cue.end :],
        )
    )


def _seized(text: str, clause: Clause, where: Sequence[Where]) -> str:
    """Whether ``loot`` or ``captives`` were seized, and no ground; empty where ground was."""
    until = clause.end
    if where and where[0].slot in {"object", "away"} and where[0].place.start > clause.cue.end:
        until = where[0].place.start
    behind = text[clause.cue.end : until]
    short = " ".join(behind.split()[:6])
    first = {what: grammar.words(what).search(short) for what in ("loot", "captives")}
    found = {what: match.start() for what, match in first.items() if match}
    if "captives" in found and len(short[: found["captives"]].split()) > 1:
        del found["captives"]  # "the hill from their fighters"
    return min(found, key=lambda what: found[what]) if found else ""


def plain_type(text: str, clause: Clause, where: Sequence[Where], struck: str) -> Cue:
    """The kind of a cue: of a bare strike by what struck, of a seizure by what was seized."""
    kind = clause.kind
    if kind.key == "strike":
        for key, of in (("aircraft", "air strike"), ("guns", "shelling")):
            if cue_in(key, struck):
                return CUES[of]
    if kind.key in {"strike", "attack", "shelling"}:
        means = {"aircraft": "air strike", "guns": "shelling"}
        for other in clause.cues:
            key = means.get(other.value, other.value)
            if key in {"air strike", "mine or bomb"} or (
                key == "shelling" and other is not clause.cue
            ):
                return CUES[key]
    if kind.frame == "expel" and not any(w.slot == "origin" for w in where):
        behind = " ".join(text[clause.cue.end : clause.end].split()[:5])
        if re.search(r"\b(?:back|off)\b", behind):
            return CUES["repulse"]
    if kind.frame == "lose" and grammar.words("loot").search(
        " ".join(text[clause.cue.end : clause.end].split()[:6])
    ):
        return replace(kind, frame="captives")
    if kind.frame == "take" and (what := _seized(text, clause, where)):
        if what == "captives":
            return replace(kind, frame=what)
        named = {"code": "weapons taken", "event_type": STRATEGIC, "sub_event_type": LOOTING}
        return replace(kind, frame=what, **named)
    return kind


def victims(one: Any, told: Sequence[Any]) -> None:
    """Let those who are said to be dead be those on whom was acted, where nobody else is."""
    if one.clause.cue.value == "dead" or one.roles.second:
        return
    if one.kind.event_type not in {"Explosions/Remote violence", "Battles"}:
        return
    for other in told:
        if other.clause.cue.value == "dead" and other is not one:
            found = [p for p in other.roles.second if p not in one.roles.first]
            if one.kind.event_type.startswith("Explosions") or one.kind.frame == "act":
                one.roles.second = found


def deaths(plain: str, told: Sequence[Any]) -> None:
    """Give each event the number of dead that the sentence tells with it."""
    for index, one in enumerate(told):
        for cue in one.clause.cues:
            if cue.value != "dead" or grammar.words("number", "wounded").fullmatch(cue.text):
                continue
            count = _number_by(plain, cue, one.clause)
            own = one.clause.cue.value != "dead" and not one.absorbed
            before = [t for t in told[:index] if t.clause.cue.value != "dead" and not t.absorbed]
            after = [t for t in told[index + 1 :] if not t.absorbed]
            target = one if own else (before or after[::-1] or [None])[-1]
            if count is None or target is None:
                continue
            target.dead = (target.dead or 0) + count


def _number_by(plain: str, cue: Mention, clause: Clause) -> int | None:
    """The number of dead, right behind the word for it or before it."""
    about = grammar.words("number", "about").pattern
    behind = re.match(rf"\s*(?:(?:{about})\s+)?([^\W_]+)", plain[cue.end : clause.end], re.I)
    if behind and (count := number_of(behind[1])) is not None:
        return count
    before = plain[clause.start : cue.start].split()[-6:]
    numbers = [count for word in before if (count := number_of(word)) is not None and count > 1]
    return numbers[-1] if numbers else None
