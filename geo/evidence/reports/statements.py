"""
Draft statements: what a report says of who held what, beside the events.

"Still hold", "under the control of", "all of the border", "the few kilometres that are still
theirs", "the area extending from X to Y": each becomes a statement about a place, a line or an
area, with what is meant of its shape and its error, as `STATEMENTS` has them. A shape that has no
place of its own leaves `place_id` open, and goes with the draft to be looked at.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from geo.crs import GRID_DEG, LocalPlane
from geo.evidence.reports import grammar
from geo.evidence.reports.drafts import DRAFT_COLUMNS, candidates_of, flat, quoted
from geo.model import STATEMENTS, Column, Feature, Schema, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.evidence.reports.actors import Actors
    from geo.evidence.reports.drafts import Told
    from geo.evidence.reports.mentions import Mention
    from geo.evidence.reports.parties import Party
    from geo.evidence.reports.times import Times
    from geo.evidence.reports.where import Where

STATEMENT_DRAFTS = Schema(
    "statement_drafts",
    "",
    (
        *(replace(column, required=column.kind == "id") for column in STATEMENTS.columns),
        Column("shape_radius_m", "integer", "Error of the shape that goes with it, metres."),
        Column("draft_place", "text", "The place as the report names it."),
        *DRAFT_COLUMNS,
    ),
    geometry=frozenset({"Point", "LineString", "Polygon"}),
    null_geometry=True,
)
"""Statements under review: the columns of `STATEMENTS`, none but the id required, and more."""

_FEW_M = (2_000, 10_000)
"""What "a few kilometres" may be."""
_ABOUT = (0.75, 1.25)
"""What "five kilometres" may be."""
_SHAPE_M = 5_000
"""A shape that is drawn through places in words is no truer than this."""
_LARGE = frozenset({"area", "line", "road", "border"})


class StatementDrafter:
    """Makes draft statements of the clauses of one text."""

    def __init__(
        self, text: str, actors: Actors, times: Times, digest: str, source_id: str | None
    ) -> None:
        self.text, self.actors, self.times = text, actors, times
        self.digest, self.source_id = digest, source_id

    def drafts(
        self, span: tuple[int, int], told: Sequence[Told], inside: Sequence[Mention]
    ) -> Iterator[Feature]:
        """The statements of one sentence."""
        for one in told:
            yield from self._held(span, one, inside)
            yield from self._gap(span, one, told, inside)
            yield from self._stretch(span, one, inside)

    # what is said of a place

    def _held(
        self, span: tuple[int, int], one: Told, inside: Sequence[Mention]
    ) -> Iterator[Feature]:
        if self._is_stretch(one):
            return
        state = any(c.value == "held" for c in one.clause.cues)
        lasting = one.mode.name == "lasting"
        taken = one.kind.frame in {"take", "fall"} and one.mode.name == "real" and not one.absorbed
        if one.mode.name in {"none", "denied", "possible"} and not state:
            return
        if one.mode.name == "denied":
            return
        if not (state or lasting or (taken and self._is_large(one))):
            return
        if self._gap_of(one):
            return
        for where in one.where:
            extent, share = self._extent(where)
            owners = self._owners(one) if state else one.roles.first
            values, notes, open_ = self._begin(span, one, inside, owners)
            values |= {"place_id": where.place.value or None, "extent": extent}
            values |= {"share_pct": share, "draft_place": flat(where.place.text)}
            if where.place.answer:
                values["draft_candidates"] = candidates_of(where.place.answer)
            if not where.place.value:
                open_.append("place_id")
                notes.append(where.place.why_open)
            if extent == "share":
                open_.append("share_pct")
                others = [p.actor for p in one.roles.second if p.actor]
                values["opposite"] = others[0] if others else None
                notes.append("how large a part it is is not said in numbers")
            if self._is_past(one):
                open_.append("date")
                notes.append("it was so before: the day is to be settled")
            elif taken:
                notes.append("it was taken: the statement holds from then on")
            yield self._finish(values, notes, open_, one.clause.cue.start, None, where)

    def _is_large(self, one: Told) -> bool:
        """Whether ground is meant, not a point."""
        return any(self._extent(w)[0] or self._kind(w) in _LARGE for w in one.where)

    def _kind(self, where: Where) -> str:
        answer = where.place.answer
        return answer.candidates[0].entry.kind if where.place.value and answer else ""

    def _extent(self, where: Where) -> tuple[str | None, int | None]:
        """What the words before a place say of how much of it is meant."""
        before = self.text[max(0, where.place.start - 40) : where.place.start]
        for key, extent in (("most", "share"), ("part", "share"), ("all", "all")):
            if re.search(
                rf"(?:{grammar.words('extent', key).pattern})\s*(?:the\s+)?(?:\w+\s+)?$",
                before,
                re.IGNORECASE,
            ):
                return extent, None
        return ("all" if self._kind(where) in _LARGE else None), None

    def _is_past(self, one: Told) -> bool:
        return bool(
            grammar.words("extent", "past").search(self.text, one.clause.start, one.clause.end)
        )

    # a few kilometres

    def _gap_of(self, one: Told) -> re.Match[str] | None:
        return grammar.words("extent", "gap").search(self.text, one.clause.start, one.clause.end)

    def _gap(
        self,
        span: tuple[int, int],
        one: Told,
        told: Sequence[Told],
        inside: Sequence[Mention],
    ) -> Iterator[Feature]:
        match = self._gap_of(one)
        held = [t for t in told if any(c.value == "held" for c in t.clause.cues)]
        if match is None or not held:
            return
        owners = self._owners(held[0])
        values, notes, open_ = self._begin(span, one, inside, owners)
        values["extent"] = "gap"
        if number := match["number"]:
            low, high = (round(1000 * float(number) * factor) for factor in _ABOUT)
        else:
            low, high = _FEW_M
            notes.append(f"'{match[0].strip()}' is read as {low / 1000:g} to {high / 1000:g} km")
        values |= {"width_from_m": low, "width_to_m": high}
        sides = {self.actors.side(str(values["controller"] or ""))}
        others = [
            m.value
            for m in inside
            if m.kind == "actor" and m.value and self.actors.side(m.value) not in sides
        ]
        values["opposite"] = others[0] if others else None
        if not others:
            open_.append("opposite")
        open_.append("place_id")
        notes.append("a line across the gap is wanted as its place")
        yield self._finish(values, notes, open_, match.start(), None, None)

    def _owners(self, held: Told) -> list[Party]:
        """Whose it is: the one behind the words, "under the control of", or the subject."""
        behind = [p for p in held.parties if p.start >= held.clause.cue.end and p.actor]
        cue = next(c for c in held.clause.cues if c.value == "held")
        near = [p for p in held.parties if p.actor and 0 <= p.start - cue.end < 12]
        return near[:1] or behind[:1] or held.roles.first

    # ground between places

    def _is_stretch(self, one: Told) -> bool:
        return bool(
            grammar.words("extent", "stretch").search(self.text, one.clause.start, one.clause.end)
        )

    def _stretch(
        self, span: tuple[int, int], one: Told, inside: Sequence[Mention]
    ) -> Iterator[Feature]:
        match = grammar.words("extent", "stretch").search(
            self.text, one.clause.start, one.clause.end
        )
        if match is None or one.clause.kind.frame in {"dead"}:
            return
        places = [m for m in inside if m.kind == "place" and m.start >= match.start()]
        shape = _shape(places)
        names = [m for m in inside if m.kind in {"place", "name"} and m.start >= match.start()]
        if shape is None and not names:
            return
        besieged = one.kind.key == "siege"
        held = any(c.value == "held" for c in one.clause.cues)
        if shape is None and not (held or besieged):
            return
        holders = self._owners(one) if held else one.roles.first
        owners = one.roles.second if besieged else holders
        values, notes, open_ = self._begin(span, one, inside, owners)
        values["extent"] = "all"
        open_.append("place_id")
        named = ", ".join(m.value or flat(m.text) for m in names)
        drawn = "drawn through them, to be drawn better" if shape else "not all of it is placed"
        notes.append(f"an area named by {named}: {drawn}")
        if besieged:
            values["opposite"] = None
        yield self._finish(values, notes, open_, match.start(), shape, None)

    # one statement

    def _begin(
        self,
        span: tuple[int, int],
        one: Told,
        inside: Sequence[Mention],
        holders: Sequence[Party],
    ) -> tuple[dict[str, Value], list[str], list[str]]:
        values: dict[str, Value] = dict.fromkeys(STATEMENT_DRAFTS.names)
        when = self.times.of(one.clause, [m for m in inside if m.kind == "date"])
        notes, open_ = list(when.notes), []
        state = any(c.value == "held" for c in one.clause.cues)
        day = (when.first or when.last) if state else (when.last or when.first)
        values["date"] = str(day) if day else None
        values["date_precision"] = {1: "day", 2: "week", 3: "month"}.get(when.precision or 1)
        if not when.sure or not day:
            open_.append("date")
        known = [p.actor for p in holders if p.actor]
        sides = list(dict.fromkeys(self.actors.side(actor) for actor in known))
        values["controller"] = (
            (sides[0] if sides[0] in self.actors.rows else known[0]) if known else None
        )
        if len(sides) != 1 or any(not p.actor for p in holders):
            open_.append("controller")
            notes.append("it does not say whose it is" if not known else "more than one is named")
        values |= {"status": "controlled", "basis": "reported", "source_ids": self.source_id}
        values["confidence"] = "low" if open_ else "moderate"
        values["note"] = quoted(self.text, span)
        values["draft_cue"] = "held"
        values["draft_span"] = f"{span[0]}-{span[1]}"
        words = [one.clause.cue, *(m for m in inside if m.kind in {"actor", "place", "date"})]
        values["draft_words"] = "; ".join(f"{flat(m.text)} @{m.start}-{m.end}" for m in words)
        return values, notes, open_

    def _finish(
        self,
        values: dict[str, Value],
        notes: Sequence[str],
        open_: Sequence[str],
        at: int,
        shape: shapely.Geometry | None,
        where: Where | None,
    ) -> Feature:
        seed = f"{self.digest}:stm:{at}:{where.place.start if where else ''}"
        values["id"] = "stm-" + hashlib.sha256(seed.encode()).hexdigest()[:8]
        values["draft_status"] = "draft"
        values["draft_open"] = ";".join(dict.fromkeys(open_)) or None
        values["draft_note"] = "; ".join(dict.fromkeys(notes)) or None
        if shape is not None:
            values["shape_radius_m"] = _SHAPE_M
        return Feature(str(values["id"]), values, shape)


def _shape(places: Sequence[Mention]) -> shapely.Geometry | None:
    """The ground that some places span, of two a strip along the line; None for fewer."""
    spots = []
    for place in places:
        entry = place.answer.candidates[0].entry if place.value and place.answer else None
        if entry and entry.lon is not None and entry.lat is not None:
            spots.append((entry.lon, entry.lat))
    spots = list(dict.fromkeys(spots))
    if len(spots) < 2:
        return None
    hull: shapely.Geometry = shapely.convex_hull(shapely.MultiPoint(spots))
    if isinstance(hull, shapely.LineString):
        # Two names span no ground: so much of it on either hand as the shape is wrong by.
        plane = LocalPlane.around(hull)
        hull = plane.inverse(shapely.buffer(plane.forward(hull), _SHAPE_M, quad_segs=4))
    return shapely.set_precision(hull, GRID_DEG)
