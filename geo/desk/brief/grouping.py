"""Events that tell of one thing: a battle of which eight sources tell is one battle."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.draw import event_kind
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.model import Feature, Row

_FIGHTING = frozenset({"battle", "blast"})
"""Kinds of events that are parts of one fight where they are in one place on one day."""
_APART = dt.timedelta(days=1)
"""Events of one place so far apart are still of one fight: a night has two dates."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    Events that tell of one thing.

    Attributes
    ----------
    events
        The surest first.
    change
        The row of the ledger that they bear out, if there is one.
    first, last
        First and last day of any of them.
    sources
        Ids of all their sources, each once.
    """

    events: tuple[Feature, ...]
    change: Row | None
    first: dt.date
    last: dt.date
    sources: tuple[str, ...]

    @property
    def dead(self) -> tuple[int, int] | None:  # numpydoc ignore=RT01
        """The fewest and the most dead that any of them counts; None where none does."""
        counts = [
            int(str(event.properties["fatalities"]))
            for event in self.events
            if event.properties["fatalities"] is not None
        ]
        return (min(counts), max(counts)) if counts else None


def group_events(
    events: Iterable[Feature],
    changes: Mapping[str, Row],
    sides: Mapping[str, str],
    after: dt.date,
    until: dt.date,
) -> list[Told]:
    """
    Return what events of a span tell of, each thing once, the weightiest first.

    Parameters
    ----------
    events
        All events of the theatre.
    changes
        Rows of the ledger, by id.
    sides
        Side of each actor.
    after, until
        The span: what ended on its first day is not in it, what began on its last one is.

    Returns
    -------
    told
        First what the ledger has somebody move by, then by how many sources tell of it, then by
        how many are said to have died.
    """
    inside = sorted(
        (e for e in events if after < _days(e)[1] and _days(e)[0] <= until),
        key=lambda e: (_days(e), e.id),
    )
    groups: list[list[Feature]] = []
    for event in inside:
        same = [group for group in groups if any(_is_same(event, one, sides) for one in group)]
        joined = [event, *(one for group in same for one in group)]
        groups = [group for group in groups if group not in same] + [joined]
    return sorted((_told(group, changes) for group in groups), key=_rank)


def _days(event: Feature) -> tuple[dt.date, dt.date]:
    first = parse_day(str(event.properties["event_date"]))
    return first, parse_day(str(event.properties["end_date"] or first))


def _is_same(one: Feature, other: Feature, sides: Mapping[str, str]) -> bool:
    """Whether two events tell of one thing."""
    mine, theirs = (event.properties["change_id"] for event in (one, other))
    if mine or theirs:
        return mine == theirs
    kinds = [event_kind(event.properties["event_type"]) for event in (one, other)]
    alike = kinds[0] == kinds[1] or set(kinds) <= _FIGHTING
    places = [event.properties["place_id"] for event in (one, other)]
    (first, last), (begin, end) = _days(one), _days(other)
    near = first - _APART <= end and begin - _APART <= last
    # What somebody said or did alone is told apart from what another did there.
    same = places[0] == places[1] and _parties(one, sides) == _parties(other, sides)
    return bool(places[0] and alike and near and same and set(kinds) & _FIGHTING)


def _parties(event: Feature, sides: Mapping[str, str]) -> frozenset[str]:
    actors = [str(event.properties[name] or "") for name in ("actor1", "actor2")]
    return frozenset(sides.get(actor, actor) for actor in actors if actor)


_SURE = {"high": 0, "moderate": 1, "low": 2}


def _told(group: Sequence[Feature], changes: Mapping[str, Row]) -> Told:
    events = sorted(
        group,
        key=lambda e: (
            _SURE.get(str(e.properties["confidence"]), len(_SURE)),
            "territory" not in str(e.properties["sub_event_type"]),
            _days(e),
            e.id,
        ),
    )
    days = [_days(event) for event in events]
    sources = dict.fromkeys(i for e in events for i in split_ids(e.properties["source_ids"]))
    change = changes.get(str(events[0].properties["change_id"] or ""))
    first, last = min(day for day, _ in days), max(day for _, day in days)
    return Told(tuple(events), change, first, last, tuple(sources))


def _rank(told: Told) -> tuple[bool, int, int, str]:
    dead = told.dead or (0, 0)
    return told.change is None, -len(told.sources), -dead[1], told.events[0].id
