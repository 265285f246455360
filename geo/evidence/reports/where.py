"""
Where it happened: of the places that a clause names, the one that is meant.

A place may be the target, hold the target, lie in its direction, be left, or be what a distance is
counted from. One event has one place; the places of a list are one operation.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from geo.crs import GRID_DEG, LocalPlane
from geo.evidence.reports import grammar
from geo.evidence.reports.expressions import before_name, behind_name, in_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.evidence.gazetteer.index import Entry
    from geo.evidence.reports.clauses import Clause
    from geo.evidence.reports.mentions import Mention

_SLOTS = ("between", "rim", "toward", "near", "origin", "in", "of")
_JOINS = re.compile(
    r"\s*(?:,|،|\band\b|\bas well as\b|&|\bта\b|\bі\b|\bй\b|\bи\b|\bа також\b|و)+\s*"
    r"(?:the\s+|in\s+|near\s+|at\s+|біля\s+|у\s+|в\s+|по\s+)?و?",
    re.IGNORECASE,
)
_AND = re.compile(r"\b(?:and|та|і|й|и)\b|&|و", re.IGNORECASE)
_AWAY_ERROR = 0.25
"""Of a distance in words: "12 km east" may be 9 or 15, and not quite east."""
_RIM_M = 10_000
"""How far the countryside of a town may reach, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Where:
    """
    Where a clause says that something happened.

    Attributes
    ----------
    place
        The mention.
    slot
        How it stands: ``object``, ``in``, ``near``, ``rim``, ``aside``, ``toward``, ``origin``,
        ``away``, ``between``, ``of``.
    other
        The second place of ``between``.
    away
        Kilometres and degrees of ``away``.
    unsure
        Whether it is only where somebody was on the way to.
    """

    place: Mention
    slot: str
    other: Mention | None = None
    away: tuple[float, float] | None = None
    unsure: bool = False


def slot_of(text: str, start: int, mention: Mention) -> tuple[str, tuple[float, float] | None]:
    """How a place stands in a sentence, and the distance that is counted from it."""
    at = mention.start
    for _ in range(4):
        before = text[start:at]
        if away := _away(before):
            return "away", away
        if grammar.before("where", "aside").search(before):
            return "aside", None
        for slot in _SLOTS:
            if grammar.before("where", slot).search(before):
                return slot, None
        match = grammar.before("where", "object").search(before) or re.search(
            r"\b(?:the|a|an)\s+$", before
        )
        if match is None:
            break
        at = start + match.start()
    return "object", None


def _away(before: str) -> tuple[float, float] | None:
    match = grammar.away_of().search(before[-80:])
    if match is None:
        return None
    said = {key.partition("_")[0]: value for key, value in match.groupdict().items() if value}
    quarter = re.sub(r"\s+", " ", said["quarter"].casefold()).strip()
    bearings = grammar.bearing_of()
    words = [quarter, quarter.replace(" ", "-"), quarter.replace(" ", ""), quarter.split()[0]]
    degrees = next((bearings[word] for word in words if word in bearings), None)
    if degrees is None:
        return None
    unit = 1.609 if said["unit"].startswith(("mile", "ميل", "أميال")) else 1.0
    return float(said["km"].replace(",", ".")) * unit, degrees


class Placer:
    """Finds the places of the clauses of one sentence."""

    def __init__(self, text: str, start: int, end: int, places: Sequence[Mention]) -> None:
        self.text, self.start = text, start
        self.places = [m for m in places if start <= m.start < end]
        self.slots = {m.start: slot_of(text, start, m) for m in self.places}

    def where(self, clause: Clause, before: Sequence[Where], *, passive: bool) -> list[Where]:
        """The places of a clause; `before` are those of the clause that it goes on from."""
        inside = [m for m in self.places if clause.start <= m.start < clause.end]
        inside = [m for m in inside if not self._is_region(m, inside)]
        found = self._target(clause, inside, passive=passive)
        if found is None and clause.joint == "back" and before and self._points_back(clause):
            return list(before)
        if found is None:
            found = self._head(clause)
        if found is None:
            return list(before) if before and self._points_back(clause) else []
        where = self._as_where(found)
        origins = [m for m in inside if self.slots[m.start][0] == "origin"]
        if where.slot == "toward" and origins:
            where = replace(where, unsure=True)
        listed = [self._listed(m, where.slot) for m in self._list(found)]
        if where.slot == "between":
            return [Where(found, "between", listed[0].place)] if listed else [Where(found, "near")]
        return [where, *listed]

    def _as_where(self, mention: Mention, slot: str = "") -> Where:
        own, away = self.slots[mention.start]
        return Where(mention, slot or own, None, None if slot else away)

    def _listed(self, mention: Mention, slot: str) -> Where:
        own, _ = self.slots[mention.start]
        return Where(mention, own if own in {"rim", "near", "aside"} else slot)

    def _points_back(self, clause: Clause) -> bool:
        head = clause.joined + " " + self.text[clause.start : clause.end]
        if clause.joint in {"plain", "strong"}:
            return clause.kind.frame != "state"
        return bool(grammar.words("same", "place").search(head)) or clause.joint == "back"

    def _is_region(self, mention: Mention, inside: Sequence[Mention]) -> bool:
        """Whether a place is said to be a province, beside another that is none."""
        behind = self.text[mention.end : mention.end + 20]
        is_one = bool(grammar.head("region").match(behind)) and not re.match(r"\s*[,.;]", behind)
        return is_one and len(inside) > 1

    def _target(
        self, clause: Clause, inside: Sequence[Mention], *, passive: bool
    ) -> Mention | None:
        cue, frame = clause.cue, clause.kind.frame
        first = min(
            c.start for c in clause.cues if c.value not in {"statement", "dead"} or c is cue
        )
        after = [m for m in inside if m.start > first]
        before = [m for m in inside if m.start < first]
        leaving = frame in {"leave", "expel"}
        ranks = (
            [{"origin"}, {"object", "of"}, {"in", "near", "rim", "aside", "away"}]
            if leaving
            else [{"object", "of", "in", "near", "rim", "away", "between"}, {"aside"}, {"toward"}]
        )
        if passive or frame == "fall":
            bare = [m for m in before if self.slots[m.start][0] == "object"]
            if bare and not leaving:
                return bare[0]
        if frame == "repulse":
            ranks.append({"origin"})
        for rank in ranks:
            if found := [m for m in after if self.slots[m.start][0] in rank]:
                return found[0]
        bare = [m for m in before if self.slots[m.start][0] not in {"origin", "toward"}]
        if bare:
            return bare[0]
        if leaving:
            return None
        return next((m for m in before if self.slots[m.start][0] == "toward"), None)

    def _head(self, clause: Clause) -> Mention | None:
        """A place that stands at the head of the sentence, for all of it: In X, ..."""
        ahead = [m for m in self.places if m.start < clause.start]
        if not ahead or self.slots[ahead[0].start][0] not in {"in", "near", "rim"}:
            return None
        gap = self.text[self.start : ahead[0].start]
        return ahead[0] if len(gap.split()) <= 3 else None

    def _list(self, target: Mention) -> list[Mention]:
        """Those that stand in one list with a place."""
        found: list[Mention] = []
        last, joined = target, False
        for mention in sorted(self.places, key=lambda m: m.start):
            if mention.start < last.end:
                continue
            gap = self.text[last.end : mention.start]
            bare = self._joint(gap)
            glued = mention.text[:1] == "و" and not bare.strip()
            if not glued and not _JOINS.fullmatch(bare):
                break
            joined = joined or glued or bool(_AND.search(gap))
            found.append(mention)
            last = mention
        # "X, Y" without an and: Y is where X lies.
        return found if joined or len(found) > 1 else []

    def _joint(self, gap: str) -> str:
        """What joins two places, without what stands before the second: and (villages around)."""
        for slot in ("object", "rim", "near", "in", "aside"):
            match = grammar.before("where", slot).search(gap)
            if match and (slot != "aside" or _AND.search(gap)):
                gap = gap[: match.start()]
        return gap


def geometry_of(
    where: Where, entry: Entry, other: Entry | None
) -> tuple[shapely.Point, int, str] | None:
    """Position, error in metres and name of a spot that is counted from places."""
    if entry.lon is None or entry.lat is None:
        return None
    plane = LocalPlane(entry.lon, entry.lat)
    if where.away is not None:
        km, degrees = where.away
        turn = math.radians(degrees)
        spot = shapely.Point(1000 * km * math.sin(turn), 1000 * km * math.cos(turn))
        error = round(1000 * km * _AWAY_ERROR) + (entry.radius_m or 0)
        name = f"{km:g} km, bearing {degrees:g}, from {entry.name}"
        return _on_grid(plane, spot), max(error, 1000), name
    if other is None or other.lon is None or other.lat is None:
        return None
    x, y = shapely.get_coordinates(plane.forward(shapely.Point(other.lon, other.lat)))[0]
    spot = shapely.Point(x / 2, y / 2)
    error = round(math.hypot(x, y) / 2)
    return _on_grid(plane, spot), max(error, 1000), f"between {entry.name} and {other.name}"


def _on_grid(plane: LocalPlane, spot: shapely.Point) -> shapely.Point:
    found = shapely.get_coordinates(shapely.set_precision(plane.inverse(spot), GRID_DEG))
    return shapely.Point(found[0])


def precision_of(text: str, where: Where, entry: Entry) -> tuple[int, int | None]:
    """ACLED's precision of a place as it is named, and its error radius in metres."""
    if entry.kind == "area" and (entry.radius_m or 0) >= _RIM_M:
        return 3, entry.radius_m
    if where.slot == "rim" or grammar.words("where", "rim").search(where.place.text):
        return 2, max(entry.radius_m or 0, _RIM_M)
    before = text[max(0, where.place.start - 60) : where.place.start]
    after = text[where.place.end : where.place.end + 8]
    about = (
        where.slot in {"near", "aside", "toward"}
        or before_name("near", before)
        or in_name(where.place.text)
        or behind_name(after)
    )
    return (2 if about else 1), entry.radius_m
