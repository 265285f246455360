"""Pockets: ground of a side that is cut off already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.control.siege.frames import build_cut_frame
from geo.control.siege.ground import SideGround
from geo.control.siege.rules import EdgeRule, Rules, UnknownRule, require_positive

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    import geopandas as gpd

    from geo.control.composite import Composite
    from geo.control.siege.rules import Positions, Shapes

POCKET_KM2 = 0.01
"""Smaller pockets are no ground, but slivers between borders."""

_COLUMNS = ("day", "side", "unknown", "area_km2", "since", "enclosed_by", "place_ids")


@dataclass(frozen=True, slots=True)
class Pocket:
    """
    Ground of a side that no way leads to from any anchor.

    Attributes
    ----------
    day
        Date of the layer.
    side, unknown
        Whose ground, and under which rule.
    area_km2
        Held ground in it, geodesic.
    since
        The first layer of the unbroken run in which its middle is cut off.
    enclosed_by
        Holders around it.
    place_ids
        Places on held ground in it.
    shape
        The pocket, longitude, latitude.
    """

    day: dt.date
    side: str
    unknown: UnknownRule
    area_km2: float
    since: dt.date
    enclosed_by: tuple[str, ...]
    place_ids: tuple[str, ...]
    shape: shapely.Geometry


def pockets(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions | None = None,
    unknown: str = UnknownRule.PASSABLE,
    edge: str = EdgeRule.OPEN,
    friends: Collection[str] = (),
    min_area_km2: float = POCKET_KM2,
) -> gpd.GeoDataFrame:
    """
    Return the ground of a side that no way leads to from any anchor.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force answers.
    side
        Whose ground.
    anchors
        Where supply comes from, by name; see `necks`. They are taken to hold on earlier dates too.
    places
        Longitude and latitude of places by name, to be named where they lie in a pocket.
    unknown
        What ground is that no single side controls; see `geo.control.siege`.
    edge
        What the edge of the study area is; see `geo.control.siege`.
    friends
        Sides whose ground counts as the side's own.
    min_area_km2
        Smaller pockets are left out.

    Returns
    -------
    pockets
        One row a pocket, largest first: ``day`` (of the layer), ``side``, ``unknown`` (the rule),
        ``area_km2`` (held ground in it), ``since`` (the first layer of the unbroken run in which
        its middle is cut off; the day itself may lie between two layers), ``enclosed_by``
        (holders around it) and ``place_ids``, both joined by ``;``, and ``geometry`` (lon/lat).

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a rule is none of those listed, `min_area_km2` is not positive, or more than 8
        separate anchors lie inside one piece of ground.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> found = pockets(theatre(["aab", "bbb", "bab"]), FIRST_DAY, "a", anchors={}, edge="closed")
    >>> found["enclosed_by"].tolist()
    ['b', 'b']
    """
    require_positive(min_area_km2=min_area_km2)
    rules = Rules.of(side, anchors, unknown, edge, friends)
    found = find_pockets(composite, day, rules, places, min_area_km2)
    rows = [
        (
            one.day, one.side, str(one.unknown), one.area_km2, one.since,
            ";".join(one.enclosed_by), ";".join(one.place_ids),
        )
        for one in found
    ]  # fmt: skip
    return build_cut_frame(_COLUMNS, rows, [one.shape for one in found])


def find_pockets(
    composite: Composite,
    day: dt.date,
    rules: Rules,
    places: Positions | None = None,
    min_area_km2: float = POCKET_KM2,
) -> tuple[Pocket, ...]:
    """Return what `pockets` does as plain records."""
    ground = SideGround(composite, day, rules)
    index = composite.index(day)
    off = {index: ground.cut_off}
    found = []
    for piece, km2 in ground.pockets(min_area_km2):
        middle = shapely.point_on_surface(shapely.intersection(piece.polygon, ground.counted))
        since = index
        while since:
            if since - 1 not in off:
                off[since - 1] = SideGround(composite, composite.dates[since - 1], rules).cut_off
            if not shapely.intersects(off[since - 1], middle):
                break
            since -= 1
        shape = ground.lonlat(piece.polygon)
        pocket = Pocket(
            day=ground.day,
            side=rules.side,
            unknown=rules.unknown,
            area_km2=km2,
            since=composite.dates[since],
            enclosed_by=ground.around(shape),
            place_ids=ground.held_places(places or {}, piece.polygon),
            shape=shape,
        )
        found.append(pocket)
    found.sort(key=lambda one: (-one.area_km2, shapely.to_wkb(one.shape)))
    return tuple(found)
