"""
A new theatre round what was imported.

``theatre.geojson`` is written last: a new theatre whose import was killed is none yet. The same
import, run again, finds files that hold what it would write and leaves them. There is no journal
that could disagree with the files.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.errors import Issue, LayerError
from geo.exchange.reading.records import fill_columns, make_slug
from geo.model import EVENTS, PLACES, STATEMENTS, THEATRE, Feature, Value, parse_day

if TYPE_CHECKING:
    from geo.exchange.imported import Import

_SOME_DAY = "2000-01-01"
"""A theatre names two days; this stands for the first where no record has any."""


def found_theatre(imported: Import) -> Feature:
    """Return the theatre: its study area, its first and last day, its credits."""
    settings = imported.settings
    ground = imported.ground is not None
    area = imported.ground if imported.ground is not None else _box_round_points(imported)
    days = sorted({str(day) for day in imported.control} or _days(imported))
    if len(days) == 1:  # a comparison needs two
        days.append(str(parse_day(days[0]) + dt.timedelta(days=1)))
    publisher = settings["publisher"] or "import"
    name = settings["id"] or make_slug(settings["name"] or f"{publisher} {imported.kind}")
    credit = ": ".join(filter(None, (settings["publisher"], settings["licence"])))
    values: dict[str, Value] = {
        "name": settings["name"] or f"{publisher}, {days[0]} to {days[-1]}",
        "timezone": settings["timezone"],
        "before": days[0],
        "after": days[-1],
        "attribution": settings["attribution"] or credit or None,
        "note": "The study area is the ground of all imported layers together."
        if ground
        else "The study area is the box round all imported positions.",
    }
    return Feature(name, fill_columns(THEATRE, name, values), area)


def _days(imported: Import) -> set[str]:
    """Days of events and statements."""
    found = set()
    for name, column in ((EVENTS.name, "event_date"), (STATEMENTS.name, "date")):
        for one in imported.records.get(name, ()):
            values = one.properties if isinstance(one, Feature) else one.values
            found.add(str(values[column]))
    return found or {_SOME_DAY}


def _box_round_points(imported: Import) -> shapely.Geometry:
    """
    Return the box round all positions, to a tenth of a degree.

    Raises
    ------
    LayerError
        If there is no position to draw a study area round.
    """
    points = [
        one.geometry
        for name in (EVENTS.name, PLACES.name)
        for one in imported.records.get(name, ())
        if isinstance(one, Feature) and one.geometry is not None
    ]
    if not points:
        message = "nothing of it has a position to draw a study area round"
        raise LayerError([Issue("import.area", "error", message, "add it to a theatre")])
    west, south, east, north = shapely.total_bounds(np.array(points))
    low = [max(math.floor(v * 10 - 1) / 10, w) for v, w in ((west, -180), (south, -90))]
    high = [min(math.ceil(v * 10 + 1) / 10, w) for v, w in ((east, 180), (north, 90))]
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    return shapely.Polygon(corners)
