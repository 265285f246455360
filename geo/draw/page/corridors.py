"""
The necks of every date as the page shows them: each cut once, with the answer of each rule.

What counts as the side's ground where nobody is known to hold it decides which necks there are.
A cut that is a neck under several rules is one line with several answers; where a rule has no
answer, the ground behind is either cut off already or can be reached by another way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from geo.control import necks, pockets
from geo.model import Status, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from geo.control import Composite, WhatIf

    Supply = Callable[[dt.date, str], Mapping[str, Any]]

__all__ = ["necks_by_date", "what_if_record"]

_RULES = ("passable", "enemy", "own")
_SIMPLER_DEG = 5e-4
_DECIMALS = 4


def necks_by_date(composite: Composite, supply: Supply) -> list[list[dict[str, Any]]]:
    """
    Return for each date its necks, ready for JSON; sides that are friends stand together.

    Parameters
    ----------
    composite
        Control at every date.
    supply
        Gives ``anchors``, ``places`` and ``friends`` of `necks` on a day for a side.

    Returns
    -------
    days
        For each date its necks, the most ground for the shortest cut first.
    """
    days = []
    for day in composite.dates:
        held = {p.side for p in composite.patches(day) if p.label.status == Status.CONTROLLED}
        waiting = sorted(held - {""})
        found: list[dict[str, Any]] = []
        while waiting:
            side, given = waiting[0], dict(supply(day, waiting[0]))
            # The ground of friends is one, but only if they are friends in both directions.
            sides = [one for one in waiting if one == side or _same(supply(day, one), given, side)]
            waiting = [one for one in waiting if one not in sides]
            found += _necks(composite, day, sides, given)
        days.append(sorted(found, key=_weight))
    return days


def _same(theirs: Mapping[str, Any], ours: Mapping[str, Any], side: str) -> bool:
    """Whether two sides hold the same ground and are supplied from the same anchors."""
    return side in theirs["friends"] and set(theirs["anchors"]) == set(ours["anchors"])


def _necks(
    composite: Composite, day: dt.date, sides: list[str], given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The cuts of one side and its friends, those that gain most first."""
    cuts: dict[bytes, dict[str, Any]] = {}
    events = given.get("events", {})
    kept = {name: value for name, value in given.items() if name != "events"}
    for rule in _RULES:
        chosen: Any = rule
        rows = necks(composite, day, sides[0], unknown=chosen, events=events, **kept)
        for row in rows.to_dict("records"):
            key = shapely.to_wkb(shapely.set_precision(row["geometry"], 1e-5))
            one = cuts.setdefault(key, _record(row, sides))
            one["answers"][rule] = round(row["area_km2"], 1)
    if cuts:
        _fill(composite, day, sides[0], kept, list(cuts.values()))
    return sorted(cuts.values(), key=_weight)


def _weight(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Necks that are there even if unknown ground lets supply through, then the most gain a km."""
    areas = [area for area in one["answers"].values() if not isinstance(area, str)]
    return (
        isinstance(one["answers"]["passable"], str),
        -max(areas) / max(one["km"], 0.1),
        one["line"],
    )


def _fill(
    composite: Composite,
    day: dt.date,
    side: str,
    given: Mapping[str, Any],
    cuts: list[dict[str, Any]],
) -> None:
    """Say why a rule has no answer: the ground is cut off already, or another way leads there."""
    for rule in _RULES:
        chosen: Any = rule
        missing = [one for one in cuts if rule not in one["answers"]]
        if not missing:
            continue
        found = pockets(composite, day, side, unknown=chosen, **given)
        ground = shapely.union_all(found.geometry.array)
        for one in missing:
            pocket = shapely.polygons(one["pocket"][0])
            share = shapely.area(shapely.intersection(ground, shapely.make_valid(pocket)))
            is_off = share > 0.1 * shapely.area(pocket)
            one["answers"][rule] = "off" if is_off else "none"


def _record(row: Mapping[str, Any], sides: list[str]) -> dict[str, Any]:
    lines = shapely.get_parts(row["geometry"])
    return {
        "sides": sides,
        "km": round(row["length_km"], 1),
        "line": [_rounded(line) for line in lines],
        "legs": [_leg(leg) for leg in row["legs"].split("; ")],
        "pocket": _rings(row["pocket"]),
        "places": split_ids(row["place_ids"]),
        "events": split_ids(row["event_ids"]),
        "anchors": split_ids(row["anchors_lost"]),
        "certainty": row["certainty"],
        "answers": {},
    }


def _leg(text: str) -> list[Any]:
    """A leg in words as the names of its two ends and its km."""
    names, rest = text.rsplit(": ", 1)
    ends = [end.split(" / ") for end in names.split(" to ")]
    return [*ends, float(rest.split(" ", 1)[0])]


def _rings(shape: shapely.Geometry) -> list[list[list[float]]]:
    """Rings to fill, the largest polygon first, a little simpler than they are."""
    simple = shapely.simplify(shape, _SIMPLER_DEG)
    parts = [part for part in shapely.get_parts(simple) if shapely.get_dimensions(part) == 2]
    parts.sort(key=lambda part: -part.area)
    return [_rounded(ring) for part in parts for ring in shapely.get_rings(part)]


def _rounded(line: shapely.Geometry) -> list[list[float]]:
    return shapely.get_coordinates(line).round(_DECIMALS).tolist()  # type: ignore[no-any-return]


def what_if_record(asked: WhatIf, composite: Composite) -> dict[str, Any]:
    """
    Return a what-if as the page shows it: what would be taken, and what that would cut off.

    Parameters
    ----------
    asked
        The advance that nobody reported.
    composite
        Control at every date.

    Returns
    -------
    record
        The question, its date and side, and the rings of the ground taken and cut off.
    """
    return {
        "question": asked.question,
        "date": composite.index(asked.day),
        "side": asked.side,
        "taken": _rings(asked.taken),
        "off": _rings(asked.cut_off()),
    }
