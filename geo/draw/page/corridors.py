"""
Necks and what-ifs as the page shows them: rounded, a little simpler, ready for JSON.

The three readings of unknown ground mostly find the same cuts, so the page gets each cut once:
firm where it is a neck whether or not unknown ground is one side's, dashed otherwise, with the
reason on its card where a reading has no such neck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from geo.control import UnknownRule, necks_of_all_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.control import AnsweredNeck, Composite, Leg, SupplyOf, WhatIf

_SIMPLER_DEG = 5e-4
"""About 50 m: less than the width of the line at the scale at which a pocket is looked at."""
_DECIMALS = 4
"""About 10 m."""


def necks_by_date(composite: Composite, supply: SupplyOf) -> list[list[dict[str, Any]]]:
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
    days = necks_of_all_dates(composite, supply)
    return [sorted(map(_record, found), key=_weight) for _, found in days]


def _weight(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Necks that are there even if unknown ground lets supply through, then the most gain a km."""
    areas = [area for area in one["answers"].values() if not isinstance(area, str)]
    return (
        isinstance(one["answers"][UnknownRule.PASSABLE], str),
        -max(areas) / max(one["km"], 0.1),
        one["line"],
    )


def _record(one: AnsweredNeck) -> dict[str, Any]:
    neck = one.neck
    return {
        "sides": list(one.sides),
        "km": round(neck.length_km, 1),
        "line": [_rounded(line) for line in shapely.get_parts(neck.line)],
        "legs": [_leg(leg) for leg in neck.legs],
        "pocket": _rings(neck.pocket),
        "places": neck.place_ids,
        "events": neck.event_ids,
        "anchors": neck.anchors_lost,
        "certainty": neck.footing.certainty,
        "answers": {
            str(rule): str(area) if isinstance(area, str) else round(area, 1)
            for rule, area in one.answers.items()
        },
    }


def _leg(leg: Leg) -> list[Any]:
    """A leg as the names of its two ends and its km."""
    return [list(leg.one.names), list(leg.two.names), round(leg.length_km, 1)]


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
