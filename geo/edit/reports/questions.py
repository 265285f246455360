"""
What a draft asks, with the answers that the report, the theatre and the calendar offer.

A question is about the first open column; its choices are those that a coder would look at first,
at most nine. An empty answer is offered where the column may stay empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.crs import distance_km, middle_of
from geo.layers import unfold
from geo.model import EVENT_TYPES, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo.edit.reports.decisions import Draft
    from geo.evidence import Review
    from geo.model import Feature

    Choice = dict[str, Any]

MOST = 5
"""So many choices have a key."""
_ACTORS = frozenset({"actor1", "actor2", "controller", "opposite"})
_DAYS = frozenset({"event_date", "date"})
_SHARES = (25, 50, 75, 90)
_NEAR_KM, _NEAR_DAYS = 15.0, 2
"""An event so near in space and time may be the one that is told."""
_ALIKE_MOST = 3


class Asker:
    """
    Knows one report and what may be answered.

    Parameters
    ----------
    review
        The report as it was read.
    places
        Of the theatre.
    sides
        Side of each actor.
    published
        Day of the report.
    """

    def __init__(
        self,
        review: Review,
        places: Mapping[str, Feature],
        sides: Mapping[str, str],
        published: dt.date | None,
    ) -> None:
        self.review, self.places, self.sides = review, places, sides
        self.published = published

    def question(self, draft: Draft) -> dict[str, Any] | None:
        """The first open column, with choices; None where nothing is open."""
        if not draft.open:
            return None
        name = draft.open[0]
        column = draft.schema.column(name)
        choices: Iterable[Choice] = ()
        if name == "place_id":
            choices = self._places(draft)
        elif name in _ACTORS:
            choices = self._actors(draft, name)
        elif name in _DAYS:
            choices = self._days(draft, name)
        elif name == "sub_event_type":
            known = EVENT_TYPES.get(str(draft.values["event_type"]), ())
            choices = ({"values": {name: word}, "word": word} for word in known)
        elif name == "time_precision":
            choices = ({"values": {name: n}, "word": str(n)} for n in (1, 2, 3))
        elif name == "share_pct":
            choices = ({"values": {name: n}, "word": f"{n} %"} for n in _SHARES)
        most = 9 if name == "sub_event_type" else MOST
        return {
            "column": name,
            "words": self._words(draft, name),
            "choices": list(choices)[:most],
            "may_be_empty": not column.required,
        }

    @staticmethod
    def _words(draft: Draft, name: str) -> str:
        if name == "place_id":
            return str(draft.values.get("location") or draft.values.get("draft_place") or "")
        return draft.nameless(name)

    def _inside(self, draft: Draft, kind: str) -> Iterator[str]:
        """What the sentence names, then what the report names, nearest first."""
        first, last = draft.span
        named = [m for m in self.review.mentions if m.kind == kind and m.value]
        own = [m.value for m in named if first <= m.start < last]
        others = sorted((m for m in named), key=lambda m: (m.start > last, abs(m.start - first)))
        yield from dict.fromkeys([*own, *(m.value for m in others)])

    def _places(self, draft: Draft) -> Iterator[Choice]:
        listed = str(draft.values.get("draft_candidates") or "").split("; ")
        scores = dict(one.rpartition(" ")[::2] for one in listed if one)
        own = self._lines(draft) if draft.values.get("extent") == "gap" else ()
        offered = [*scores, *own, *self._inside(draft, "place")]
        for place in dict.fromkeys(offered):
            if place in self.places:
                yield {"values": {"place_id": place}, "place": place, "score": scores.get(place)}

    def _lines(self, draft: Draft) -> list[str]:
        """Lines of the theatre that may run across a gap, nearest to what is named with it."""
        named = (self.places.get(place) for place in self._inside(draft, "place"))
        near = next((one.geometry for one in named if one and one.geometry is not None), None)
        lines = {
            name: _apart(near, place)
            for name, place in self.places.items()
            if place.properties["kind"] == "line"
        }
        found = [(km, name) for name, km in lines.items() if km is not None]
        return [name for _, name in sorted(found)[:3]]

    def _actors(self, draft: Draft, name: str) -> Iterator[Choice]:
        taken = {draft.values.get(c) for c in _ACTORS - {name}}
        rivals = {self.sides.get(str(one), one) for one in taken if one}
        found = [one for one in self._inside(draft, "actor") if one not in taken]
        if draft.kind == "statement":
            found = list(dict.fromkeys(self.sides.get(one, one) for one in found))
        # One who fights on the other hand cannot be this one as well.
        found.sort(key=lambda one: self.sides.get(one, one) in rivals)
        for one in found:
            yield {"values": {name: one}, "actor": one}

    def _days(self, draft: Draft, name: str) -> Iterator[Choice]:
        first, last = draft.span
        dated = [m for m in self.review.mentions if m.kind == "date" and m.when and m.when.first]
        own = [m for m in dated if first <= m.start < last]
        before = [m for m in dated if m.start < first][::-1]
        seen = set()
        if day := draft.values.get(name):
            end = draft.values.get("end_date")
            seen.add((str(day), end))
            yield {"values": _day(draft, str(day), end), "day": day, "end": end, "read": True}
        for mention in [*own, *before]:
            assert mention.when and mention.when.first
            start, end = str(mention.when.first), mention.when.last
            ends = str(end) if end and str(end) != start and draft.kind == "event" else None
            if (start, ends) not in seen:
                seen.add((start, ends))
                values = _day(draft, start, ends, mention.when.precision)
                yield {"values": values, "day": start, "end": ends, "words": mention.text}
        if self.published and (str(self.published), None) not in seen:
            day = str(self.published)
            yield {"values": _day(draft, day, None), "day": day, "end": None, "published": True}

    # what the layers have already

    def alike(self, draft: Draft, events: Sequence[Feature]) -> list[dict[str, Any]]:
        """Events of the layers that a draft may tell once more, the likeliest first."""
        values = draft.values
        if draft.kind != "event" or not values.get("event_date"):
            return []
        first = parse_day(str(values["event_date"]))
        last = parse_day(str(values["end_date"])) if values.get("end_date") else first
        candidates = str(values.get("draft_candidates") or "").split("; ")
        may_be = {values.get("place_id")} if values.get("place_id") else set()
        may_be |= {one.rpartition(" ")[0] for one in candidates if one and not may_be}
        who = self._sides_of(values)
        found = []
        for event in events:
            own = event.properties
            start = parse_day(str(own["event_date"]))
            end = parse_day(str(own["end_date"])) if own["end_date"] else start
            days = max((start - last).days, (first - end).days, 0)
            if days > _NEAR_DAYS:
                continue
            is_place = own["place_id"] in may_be if own["place_id"] else False
            km = _apart(draft.geometry, event)
            if not is_place and (km is None or km > _NEAR_KM):
                continue
            same = sum(own[name] == values[name] for name in ("event_type", "sub_event_type"))
            same += bool(who & self._sides_of(own))
            if not same:
                continue
            found.append(((not is_place, -same, days, km or 0.0, event.id), event))
        return [
            {name: event.properties[name] for name in _TOLD}
            | {"geometry": unfold(event.geometry) if event.geometry is not None else None}
            for _, event in sorted(found)[:_ALIKE_MOST]
        ]

    def _sides_of(self, values: Mapping[str, Any]) -> set[str]:
        named = (
            one
            for c in ("actor1", "actor2", "assoc_actor_1", "assoc_actor_2")
            for one in split_ids(values.get(c))
        )
        return {self.sides.get(one) or one for one in named}


_TOLD = ("id", "event_date", "event_type", "sub_event_type", "place_id", "location", "actor1",
         "actor2", "notes", "source_ids")  # fmt: skip
"""What is shown of an event of the layers."""


def _day(draft: Draft, first: str, last: str | None, precision: int = 1) -> dict[str, Any]:
    if draft.kind == "event":
        return {"event_date": first, "end_date": last, "time_precision": precision}
    return {"date": first, "date_precision": {1: "day", 2: "week", 3: "month"}[precision]}


def _apart(geometry: Any, event: Feature) -> float | None:
    if geometry is None or event.geometry is None:
        return None
    one, other = middle_of(geometry), middle_of(event.geometry)
    return float(distance_km(one.x, one.y, other.x, other.y))
