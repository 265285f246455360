"""For each place that a side holds, the shortest cut that severs it from all supply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control.siege.frames import build_cut_frame
from geo.control.siege.ground import Footing, Leg, SideGround
from geo.control.siege.minimum import minimum_cuts
from geo.control.siege.rules import EdgeRule, Rules, UnknownRule
from geo.crs import length_km

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    import geopandas as gpd

    from geo.control.composite import Composite
    from geo.control.siege.piece import Cut, Piece
    from geo.control.siege.rules import Positions, Shapes

_COLUMNS = (
    "place_id", "day", "side", "unknown", "length_km", "leg_count", "legs", "area_km2",
    "anchors_lost", "certainty", "footing",
)  # fmt: skip


def isolation(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions,
    unknown: str = UnknownRule.PASSABLE,
    edge: str = EdgeRule.OPEN,
    friends: Collection[str] = (),
) -> gpd.GeoDataFrame:
    """
    Return, for each place that a side holds, the shortest cut that severs it from every anchor.

    This is a minimum cut: no chain of straight legs from enemy ground to enemy ground that severs
    the place is shorter (method and error: `geo.control.siege`). A cut may pass through the place
    itself. More ground of the side, or one more anchor, never makes it shorter.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force answers.
    side
        Whose places.
    anchors
        Where supply comes from, by name; see `necks`.
    places
        Longitude and latitude of places by name; those that the side does not hold are left out.
    unknown
        What ground is that no single side controls; see `geo.control.siege`.
    edge
        What the edge of the study area is; see `geo.control.siege`.
    friends
        Sides whose ground counts as the side's own.

    Returns
    -------
    isolation
        One row a held place, the most exposed first: ``place_id``, ``day`` (of the layer),
        ``side``, ``unknown`` (the rule), ``length_km`` (geodesic; 0 where it is cut off already,
        empty where no cut can sever it), ``leg_count``, ``legs``, ``area_km2`` (held ground
        behind the cut), ``anchors_lost``, ``certainty`` and ``footing`` (as in `necks`),
        ``pocket`` and ``geometry`` (the cut), both lon/lat; no geometry without a cut.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a rule is none of those listed, or more than 8 separate anchors lie inside one piece
        of ground.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> found = isolation(
    ...     theatre(["bbbbbbb", "baabaab", "baaaaab", "baabaab", "bbbbbbb"]),
    ...     FIRST_DAY,
    ...     "a",
    ...     anchors={"base": shapely.Point(37.55, 33.25)},
    ...     places={"west": (37.15, 33.25)},
    ... )
    >>> found["length_km"].round(1).tolist()
    [11.1]
    """
    ground = SideGround(composite, day, Rules.of(side, anchors, unknown, edge, friends))
    enemy = ground.enemy_places(places)
    rows: list[tuple[tuple[Any, ...], shapely.Geometry | None, shapely.Geometry | None]] = []
    for piece, mine in _shared_out(ground, places):
        cuts: Sequence[Cut | None] = [None] * len(mine)
        if piece.is_supplied:
            cuts = minimum_cuts(piece, np.array(list(mine.values())))
        lost, severed = ";".join(sorted(piece.suppliers)), _Severed(ground, piece)
        for name, cut in zip(mine, cuts, strict=True):
            line, pocket, km2 = severed.by(cut)
            km = 0.0 if not piece.is_supplied else np.nan if line is None else length_km(line)[0]
            legs, footing = severed.told(line, places, enemy)
            row = (
                name, ground.day, side, str(ground.rules.unknown), float(km), len(legs),
                "; ".join(map(str, legs)), km2, lost, footing.certainty, str(footing),
            )  # fmt: skip
            rows.append((row, line, pocket))
    rows.sort(key=lambda one: (np.isnan(one[0][4]), one[0][4], one[0][0]))
    return build_cut_frame(
        _COLUMNS,
        [row for row, _, _ in rows],
        [line for _, line, _ in rows],
        [pocket for _, _, pocket in rows],
    )


def _shared_out(
    ground: SideGround, places: Positions
) -> list[tuple[Piece, dict[str, tuple[float, float]]]]:
    """The held places of each piece, by name, in the plane."""
    if not places or not ground.pieces:
        return []
    names = sorted(places)
    points = [ground.plane.forward(shapely.Point(places[name])) for name in names]
    held = shapely.intersects(ground.counted, points)
    # Simplified, a piece may just miss a place at its border.
    nearest = shapely.STRtree([piece.polygon for piece in ground.pieces]).nearest(points)
    result: list[tuple[Piece, dict[str, tuple[float, float]]]] = []
    for i, piece in enumerate(ground.pieces):
        mine = {
            name: (shapely.get_x(point).item(), shapely.get_y(point).item())
            for name, point, near, one in zip(names, points, nearest, held, strict=True)
            if one and near == i
        }
        if mine:
            result.append((piece, mine))
    return result


class _Severed:
    """What cuts of one piece sever; a cut that places share is worked out once."""

    def __init__(self, ground: SideGround, piece: Piece) -> None:
        self._ground, self._piece = ground, piece
        self._known: dict[bytes, tuple[shapely.Geometry, float]] = {}
        self._told: dict[bytes, tuple[tuple[Leg, ...], Footing]] = {}

    def by(self, cut: Cut | None) -> tuple[shapely.Geometry | None, shapely.Geometry | None, float]:
        """Return the line of a cut, the pocket behind it and its held km2."""
        if cut is None and self._piece.is_supplied:
            return None, None, 0.0
        line = self._ground.drawn(cut) if cut else None
        # An anchor on the line itself may lie on either side of it.
        key = shapely.to_wkb(line) + cut.beyond.tobytes() if cut and line else b""
        if key not in self._known:
            shape = self._piece.behind(cut) if cut else self._piece.polygon
            self._known[key] = (self._ground.lonlat(shape), self._ground.held_km2(shape))
        pocket, km2 = self._known[key]
        return line, None if shapely.is_empty(pocket) else pocket, km2

    def told(
        self, line: shapely.Geometry | None, places: Positions, enemy: Sequence[str]
    ) -> tuple[tuple[Leg, ...], Footing]:
        """Say which legs a cut has, and on what ground."""
        if line is None:
            return (), Footing(())
        key = shapely.to_wkb(line)
        if key not in self._told:
            self._told[key] = self._ground.legs(line, places, enemy), self._ground.footing(line)
        return self._told[key]
