"""
Necks: where the ground of a side could be cut off, and by how short a line.

A chain of legs severs ground by closing several ways out, and an analyst asks which. Each leg is
named by up to three places nearest to either end, of those nearer to that end than to the other:
the nearest is often a nameless well, the second or third the hill that everybody speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import shapely

from geo.control.siege.chambers import find_necks
from geo.control.siege.frames import build_cut_frame
from geo.control.siege.ground import Footing, Leg, SideGround, places_inside
from geo.control.siege.pockets import POCKET_KM2
from geo.control.siege.rules import EdgeRule, Rules, UnknownRule, require_positive
from geo.crs import length_km

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from geo.control.composite import Composite
    from geo.control.siege.rules import Positions, Shapes

MIN_AREA_KM2 = 10.0
"""Less ground behind a neck is no pocket that a map of a theatre would show."""

MAX_WIDTH_KM = 30.0
"""A longer cut is an offensive, and no neck."""

_COLUMNS = (
    "rank", "day", "side", "unknown", "length_km", "area_km2", "km2_per_km", "place_ids",
    "event_ids", "anchors_lost", "from_holder", "to_holder", "from_place", "to_place", "leg_count",
    "legs", "certainty", "footing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Neck:
    """
    Where the ground of a side could be cut off.

    Attributes
    ----------
    rank
        1 for the one whose cut gains most ground for its length.
    day
        Date of the layer.
    side, unknown
        Whose ground, and under which rule.
    length_km, area_km2
        Of the cut, and of the held ground behind it; geodesic.
    place_ids, event_ids
        Places on held ground behind it, and events on any ground behind it.
    anchors_lost
        What supplied that ground.
    legs
        The cut, leg by leg.
    footing
        What is known of the ground under the cut.
    pocket, line
        The ground behind the cut, and the cut, longitude, latitude.
    """

    rank: int
    day: dt.date
    side: str
    unknown: UnknownRule
    length_km: float
    area_km2: float
    place_ids: tuple[str, ...]
    event_ids: tuple[str, ...]
    anchors_lost: tuple[str, ...]
    legs: tuple[Leg, ...]
    footing: Footing
    pocket: shapely.Geometry
    line: shapely.Geometry

    @property
    def km2_per_km(self) -> float:  # numpydoc ignore=RT01
        """The ground gained for each kilometre taken."""
        return self.area_km2 / max(self.length_km, 1e-3)

    @property
    def longest(self) -> Leg:  # numpydoc ignore=RT01
        """The longest leg of the cut; the first of several."""
        return max(self.legs, key=lambda leg: leg.length_km)


def necks(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions | None = None,
    events: Positions | None = None,
    unknown: str = UnknownRule.PASSABLE,
    edge: str = EdgeRule.OPEN,
    friends: Collection[str] = (),
    min_area_km2: float = MIN_AREA_KM2,
    max_width_km: float = MAX_WIDTH_KM,
) -> gpd.GeoDataFrame:
    """
    Return where the ground of a side could be cut off, and by how short a line.

    A neck is narrower than some ground behind it, or that ground is long for the neck's width.
    All single legs are found that no small move of their ends can shorten; where ground behind
    islands of the enemy needs a chain of legs, the shortest chain for each wide part of the ground.
    Of cuts within one passage the best stays. Rank is by the area cut off for each kilometre of
    the cut, which is what an attacker gains for what he has to take.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force answers.
    side
        Whose ground.
    anchors
        Where supply comes from, by name: points, lines or polygons, longitude, latitude. One that
        is not on passable ground, nor within `REACH_KM` of the edge of the study area beside it,
        supplies nothing.
    places
        Longitude and latitude of places by name, to be named where they matter.
    events
        Longitude and latitude of events by name, to be named where they lie behind a neck.
    unknown
        What ground is that no single side controls; see `geo.control.siege`.
    edge
        What the edge of the study area is; see `geo.control.siege`.
    friends
        Sides whose ground counts as the side's own.
    min_area_km2
        Smaller pockets are left out.
    max_width_km
        Longer cuts are left out.

    Returns
    -------
    necks
        One row a neck, best first: ``rank``, ``day`` (of the layer), ``side``, ``unknown`` (the
        rule), ``length_km`` (geodesic), ``area_km2`` (held ground behind it), ``km2_per_km``,
        ``place_ids`` (on held ground behind it, joined by ``;``), ``event_ids`` (of `events`,
        on any ground behind it), ``anchors_lost`` (what supplied that ground; none is left),
        ``from_holder`` and ``to_holder`` (who holds the two stretches that the longest leg would
        join), ``from_place`` and ``to_place`` (the nearest places there), ``leg_count``, ``legs``
        (for each leg the places of the two stretches that it joins, nearest first and up to
        `NAMED` of them within `NEAR_KM`, its km, and on what ground; joined by ``;``),
        ``certainty`` (the weakest basis of the ground under the cut) and ``footing`` (km of
        each); then ``pocket`` (polygon) and ``geometry`` (the cut), both lon/lat. Each leg closes
        one way out: while one stays open, the ground behind is supplied.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a rule is none of those listed, a limit is not positive, or more than 8 separate
        anchors lie inside one piece of ground.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> found = necks(
    ...     theatre(["bbbbbbb", "baabaab", "baaaaab", "baabaab", "bbbbbbb"]),
    ...     FIRST_DAY,
    ...     "a",
    ...     anchors={"base": shapely.Point(37.55, 33.25)},
    ... )
    >>> found[["length_km", "area_km2"]].round(1).to_numpy().tolist()
    [[11.1, 723.5]]
    """
    require_positive(min_area_km2=min_area_km2, max_width_km=max_width_km)
    ground = SideGround(composite, day, Rules.of(side, anchors, unknown, edge, friends))
    return _frame_of(find_side_necks(ground, places, events, min_area_km2, max_width_km))


def find_side_necks(
    ground: SideGround,
    places: Positions | None = None,
    events: Positions | None = None,
    min_area_km2: float = MIN_AREA_KM2,
    max_width_km: float = MAX_WIDTH_KM,
) -> tuple[Neck, ...]:
    """Return the necks of some ground, best first."""
    places = places or {}
    enemy = ground.enemy_places(places)
    found = []
    for piece in ground.pieces:
        if not piece.is_supplied or piece.polygon.area < min_area_km2 * 1e6:
            continue
        for cut in find_necks(piece, ground.counted, min_area_km2 * 1e6, max_width_km * 1e3):
            line, pocket = ground.drawn(cut.cut), ground.lonlat(cut.ground)
            neck = Neck(
                rank=0,
                day=ground.day,
                side=ground.rules.side,
                unknown=ground.rules.unknown,
                length_km=float(length_km(line)[0]),
                area_km2=ground.held_km2(cut.ground),
                place_ids=ground.held_places(places, cut.ground),
                event_ids=places_inside(events or {}, pocket),
                anchors_lost=tuple(sorted(piece.suppliers)),
                legs=ground.legs(line, places, enemy),
                footing=ground.footing(line),
                pocket=pocket,
                line=line,
            )
            found.append(neck)
    found.sort(key=lambda neck: (-neck.km2_per_km, shapely.to_wkb(neck.line)))
    return tuple(replace(neck, rank=rank) for rank, neck in enumerate(found, 1))


def _frame_of(found: Sequence[Neck]) -> gpd.GeoDataFrame:
    """Necks as the rows that `necks` tells of."""
    return build_cut_frame(
        _COLUMNS,
        [_row_of(neck) for neck in found],
        [neck.line for neck in found],
        [neck.pocket for neck in found],
    )


def _row_of(neck: Neck) -> tuple[Any, ...]:
    """The cells of a neck; what is several is joined into text here."""
    one, two = neck.longest.one, neck.longest.two
    return (
        neck.rank, neck.day, neck.side, str(neck.unknown), neck.length_km, neck.area_km2,
        neck.km2_per_km, ";".join(neck.place_ids), ";".join(neck.event_ids),
        ";".join(neck.anchors_lost), one.holder, two.holder, next(iter(one.places), ""),
        next(iter(two.places), ""), len(neck.legs), "; ".join(map(str, neck.legs)),
        neck.footing.certainty, str(neck.footing),
    )  # fmt: skip


def narrowest(
    composite: Composite,
    side: str,
    *,
    supply: Callable[[dt.date], Mapping[str, Any]],
    unknown: str = UnknownRule.PASSABLE,
    edge: str = EdgeRule.OPEN,
    min_area_km2: float = MIN_AREA_KM2,
    max_width_km: float = MAX_WIDTH_KM,
) -> pd.DataFrame:
    """
    Return the narrowest neck of a side at each date that has a layer.

    Parameters
    ----------
    composite
        The layers.
    side
        Whose ground.
    supply
        Gives for a date ``anchors`` and, where wanted, ``places`` and ``friends``; see `necks`.
    unknown
        What ground is that no single side controls; see `geo.control.siege`.
    edge
        What the edge of the study area is; see `geo.control.siege`.
    min_area_km2
        Smaller pockets are left out.
    max_width_km
        Longer cuts are left out.

    Returns
    -------
    narrowest
        One row a date: the row of `necks` with the shortest cut, empty but for ``day``,
        ``side`` and ``unknown`` where there is none, with ``necks``, the number of necks, and
        ``cut_off_km2``, the ground that is cut off already.

    Raises
    ------
    ValueError
        If a rule is none of those listed, a limit is not positive, or more than 8 separate
        anchors lie inside one piece of ground.

    Examples
    --------
    >>> from geo.control.testing import theatre
    >>> wide, narrow = ["bbbbb", "baaab", "baaab", "bbbbb"], ["bbbbb", "baaab", "babab", "bbbbb"]
    >>> base = {"anchors": {"base": shapely.Point(37.35, 33.2)}}
    >>> series = narrowest(theatre(wide, narrow), "a", supply=lambda _: base)
    >>> series["necks"].tolist()
    [0, 1]
    """
    import pandas as pd

    require_positive(min_area_km2=min_area_km2, max_width_km=max_width_km)
    rows = []
    for day in composite.dates:
        given = supply(day)
        rules = Rules.of(side, given["anchors"], unknown, edge, given.get("friends", ()))
        ground = SideGround(composite, day, rules)
        places = given.get("places")
        found = find_side_necks(ground, places, None, min_area_km2, max_width_km)
        row: dict[str, Any] = {"day": day, "side": side, "unknown": unknown}
        if found:
            least = min(found, key=lambda neck: (neck.length_km, neck.rank))
            row = dict(zip(_COLUMNS, _row_of(least), strict=True))
            row |= {"pocket": least.pocket, "geometry": least.line}
        lost = sum(km2 for _, km2 in ground.pockets(POCKET_KM2))
        rows.append(row | {"necks": len(found), "cut_off_km2": float(lost)})
    columns = [*_COLUMNS, "necks", "cut_off_km2", "pocket", "geometry"]
    return pd.DataFrame(rows, columns=columns)
