"""
What could be cut off, and by how short a line: necks, pockets, isolation.

Ground that a side holds is *supplied* where a way leads through it to an *anchor*: a friendly
border, a base, a city. A *cut* is a chain of straight legs through that ground, each leg from
enemy-held ground to enemy-held ground; it *severs* what has no way to an anchor left. Moving along
enemy-held ground costs nothing, so a cut may pass through enemy islands.

**Method.** Every shortest cut consists of legs that no small shift of an end can shorten: from
corner to corner, or from a corner to the foot of a perpendicular; only where such a shift would
sweep over the place that is to be severed, over an anchor or over a corner of the study area does
a leg stop there, and then it passes through that point. Both kinds are found exactly: sight runs
from each corner through a constrained Delaunay triangulation of the ground, within the wedge of
directions in which a leg can be shortest at all, and the legs through one point are minimised
between each two opposite pieces of border in sight, where their length is a convex function of
the direction. A closed chain of legs and enemy ground severs a place from an anchor when it passes
between them an odd number of times. That parity is additive over legs, so of all legs between the
same two enemy stretches with the same parities only the shortest matters, and the minimum cut is a
shortest closed walk in the double cover of a small graph: no grid, no sampling.

**Error.** Lengths are exact for the polygons given, to 1e-6 of themselves and 5 cm a leg (legs keep
that clear of anchors and of corners of the edge), in an equal-area plane that is within 0.03 % of
the ellipsoid up to 300 km from its centre. Ground with more than `MAX_VERTICES` vertices in one
piece is first simplified to `TOLERANCE_M`, so that each leg may be off by twice that. Where the
polygons are only known to kilometres, so is the answer. A place that lies in a waist between two
anchors is passed on both sides: the same leg then counts twice, and the pocket is empty.

**Cost.** One triangulation of the n vertices, O(n) corners that each look at what they see, and a
walk over as many nodes as there are enemy stretches and islands. It doubles with each separate
anchor inside the ground, so there may be at most 8 of those in one piece; anchors on the edge of
the study area count as one.

**Ground of nobody.** The rule for `unknown` decides about ground that no single side controls
(unknown, nobody's, mixed, advanced over, contested with the side as a party): ``passable`` ground
supplies but is not counted, ``own`` ground supplies and is counted, ``enemy`` ground blocks.
Ground contested among others blocks. The edge of the study area is nobody's: with ``open``, the
default, nothing is known of what lies beyond, so ground at the edge cannot be called cut off, and
no cut ends there; with ``closed`` the edge is a wall on which a cut may end, and only the parts of
it near an anchor supply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import shapely

from geo.control.cuts import Piece, find_necks, minimum_cuts
from geo.crs import LONLAT, LocalPlane, area_km2, distance_km, length_km
from geo.model import Basis, Confidence, Label, Patch, Status, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd

    from geo.control.composite import Composite
    from geo.control.cuts import Cut

    Positions = Mapping[str, tuple[float, float]]
    Shapes = Mapping[str, shapely.Geometry]

__all__ = ["isolation", "narrowest", "necks", "pockets", "what_if"]

Unknown = Literal["passable", "enemy", "own"]
Edge = Literal["open", "closed"]

REACH_KM = 1.0
"""An anchor this near to the edge of the study area supplies through it; 1 km is what is known."""

MAX_VERTICES = 10_000
"""Ground with more vertices in one piece is simplified first."""

TOLERANCE_M = 25.0
"""By how much it is simplified."""

NAMED = 3
"""So many places name a stretch of enemy ground."""

NEAR_KM = 15.0
"""The second and third of them lie no farther from the end of the leg."""

_EDGE_DEG = 0.02
_EDGE_M = 2000.0
_POCKET_KM2 = 0.01
"""Smaller pockets are no ground, but slivers between borders."""

_POINT_M = 1e-3
_BESIDE_DEG = 1e-3


@dataclass(frozen=True, slots=True)
class _Rules:
    """Whose ground is asked about, and what counts as what."""

    side: str
    anchors: Shapes
    unknown: Unknown
    edge: Edge
    friends: frozenset[str]

    @classmethod
    def of(
        cls, side: str, anchors: Shapes, unknown: Unknown, edge: Edge, friends: Collection[str]
    ) -> _Rules:
        """
        Check the rules.

        Raises
        ------
        ValueError
            If one is none of those there are.
        """
        if unknown not in {"passable", "enemy", "own"}:
            raise ValueError(f"unknown is {unknown!r}; it must be passable, enemy or own")
        if edge not in {"open", "closed"}:
            raise ValueError(f"edge is {edge!r}; it must be open or closed")
        return cls(side, anchors, unknown, edge, frozenset({side, *friends}))

    def kind(self, status: str, side: str, parties: set[str]) -> str:
        """Say whether a patch is ``own``, ``enemy`` or ``undecided`` ground."""
        if status == Status.CONTROLLED:
            return "own" if side in self.friends else "enemy"
        if status in {Status.CONTESTED, Status.MIXED} and parties and not parties & self.friends:
            return "enemy"
        return "undecided"


class _Ground:
    """
    The ground of a side at one date.

    Attributes
    ----------
    day
        Date of the layer.
    plane
        Where lengths are taken.
    pieces
        Connected pieces of passable ground, largest first.
    counted
        What of it counts as held, in the plane.
    passable, blocking
        Everybody's ground, one row a label, lon/lat.
    """

    def __init__(self, composite: Composite, day: dt.date, rules: _Rules) -> None:
        self.day, self.rules = composite.dates[composite.index(day)], rules
        self.plane = LocalPlane.around(composite.area)
        patches = composite.control(day, by="label")
        columns = (patches["status"], patches["side"], patches["controllers"])
        kinds = np.array(
            [
                rules.kind(status, side, {composite.sides.get(p, p) for p in split_ids(parties)})
                for status, side, parties in zip(*columns, strict=True)
            ],
            dtype=object,
        )
        passes = (kinds == "own") | ((kinds == "undecided") & (rules.unknown != "enemy"))
        counts = (kinds == "own") | ((kinds == "undecided") & (rules.unknown == "own"))
        self.passable, self.blocking = patches[passes], patches[~passes]
        shapes = np.asarray(patches.geometry.array, dtype=object)
        self.counted = self.flat(shapely.coverage_union_all(shapes[counts]))
        edge = self.flat(shapely.boundary(composite.area))
        anchors = {name: self.flat(shape) for name, shape in rules.anchors.items()}
        supply = (
            shapely.to_wkb(edge),
            tuple((name, shapely.to_wkb(shape)) for name, shape in sorted(anchors.items())),
            rules.edge == "open",
        )
        self.pieces = tuple(
            _piece(shapely.to_wkb(polygon), *supply)
            for polygon in _polygons(self.flat(shapely.coverage_union_all(shapes[passes])))
        )

    def flat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape in the plane; long edges follow the map, not the plane."""
        return self.plane.forward(shapely.segmentize(shape, _EDGE_DEG))

    def lonlat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape of the plane on the map, where long straight lines are not straight."""
        return self.plane.inverse(shapely.segmentize(shape, _EDGE_M))

    def drawn(self, cut: Cut) -> shapely.Geometry:
        """Return a cut as a line, a chain as lines, lon/lat; legs of no length are not drawn."""
        xy = cut.legs.xy[np.lexsort(cut.legs.xy.reshape(-1, 4).T)]
        xy = xy[np.hypot(*(xy[:, 1] - xy[:, 0]).T) > _POINT_M]
        line = shapely.LineString(xy[0]) if len(xy) == 1 else shapely.MultiLineString(list(xy))
        return self.lonlat(line)

    def held_km2(self, shape: shapely.Geometry) -> float:
        """Return the geodesic area of what counts of a shape in the plane."""
        held = self.lonlat(shapely.intersection(shape, self.counted))
        return float(area_km2(held)[0])

    def held_places(self, places: Positions, shape: shapely.Geometry) -> str:
        """Name the places on what counts of a shape in the plane, joined by ``;``."""
        held = self.lonlat(shapely.intersection(shape, self.counted))
        return ";".join(_inside(places, held))

    def footing(self, line: shapely.Geometry) -> tuple[str, str]:
        """Say what is known of the ground under a cut: the weakest basis, and km of each."""
        rows = self.passable.iloc[self.passable.sindex.query(line, predicate="intersects")]
        km: dict[str, float] = {}
        for basis, status, shape in zip(rows["basis"], rows["status"], rows.geometry, strict=True):
            word = str(basis if status == Status.CONTROLLED and basis else status)
            km[word] = km.get(word, 0.0) + float(length_km(shapely.intersection(line, shape))[0])
        weakest_first = [str(word) for word in (*Status, *reversed(Basis))]
        some = [word for word in weakest_first if km.get(word, 0.0) >= 0.05] or sorted(km)[:1]
        return next(iter(some), ""), ";".join(f"{word} {km[word]:.1f} km" for word in some)

    def holders(self, ends: Sequence[shapely.Point]) -> list[str]:
        """Say who holds the ground beyond each end of a cut; ``edge`` where it is nobody's."""
        names = ["edge"] * len(ends)
        if len(self.blocking):
            rows = self.blocking
            words = rows["controller"].where(rows["controller"] != "", rows["status"])
            (end, row), gap = rows.sindex.nearest(ends, return_all=False, return_distance=True)
            for i, j, far in zip(end.tolist(), row.tolist(), gap.tolist(), strict=True):
                names[i] = str(words.iloc[j]) if far < _BESIDE_DEG else "edge"
        return names

    def joined(
        self, line: shapely.Geometry, places: Positions, enemy: Sequence[str]
    ) -> tuple[Any, ...]:
        """
        Name the two stretches that the longest leg of a cut joins, and tell leg by leg.

        Returns the two holders, the two nearest places, the number of legs, and the legs in words.
        """
        legs = list(shapely.get_parts(line))
        ends = [shapely.Point(xy) for leg in legs for xy in shapely.get_coordinates(leg)[[0, -1]]]
        holders = self.holders(ends)
        km = np.atleast_1d(length_km(legs))
        words, stretches = [], []
        for i, leg in enumerate(legs):
            names = _stretches(places, enemy, ends[2 * i], ends[2 * i + 1])
            known = [
                names[k] if names[k] and holders[2 * i + k] != "edge" else [holders[2 * i + k]]
                for k in (0, 1)
            ]
            stretches.append(names)
            one, two = (" / ".join(some) for some in known)
            words.append(f"{one} to {two}: {km[i]:.1f} km, {self.footing(leg)[0]}")
        at = int(np.argmax(km))
        nearest = [next(iter(names), "") for names in stretches[at]]
        return (*holders[2 * at : 2 * at + 2], *nearest, len(legs), "; ".join(words))

    def around(self, shape: shapely.Geometry) -> str:
        """Name the holders of the ground along the border of a shape, lon/lat."""
        found = self.blocking.sindex.query(shape, predicate="dwithin", distance=_BESIDE_DEG)
        rows = self.blocking.iloc[found]
        names = rows["controller"].where(rows["controller"] != "", rows["status"])
        return ";".join(sorted({str(name) for name in names}))

    def enemy_places(self, places: Positions) -> list[str]:
        """Name the places on ground that blocks."""
        shapes = np.asarray(self.blocking.geometry.array, dtype=object)
        return _inside(places, shapely.coverage_union_all(shapes))

    def pockets(self, min_area_km2: float) -> list[tuple[Piece, float]]:
        """Return the pieces without supply that hold so much, and how much."""
        held = [(p, 0.0 if p.is_supplied else self.held_km2(p.polygon)) for p in self.pieces]
        return [(piece, km2) for piece, km2 in held if km2 >= min_area_km2]

    @property
    def cut_off(self) -> shapely.Geometry:
        """The passable ground without supply, in the plane (the same one for all dates)."""
        return shapely.union_all([p.polygon for p in self.pieces if not p.is_supplied])


@lru_cache(maxsize=64)
def _piece(
    polygon: bytes, edge: bytes, anchors: tuple[tuple[str, bytes], ...], open_edge: bool
) -> Piece:
    """A piece of ground, which is often the same on the next date and under another rule."""
    ground = cast("shapely.Polygon", shapely.from_wkb(polygon))
    return Piece(
        _bounded(ground),
        edge=shapely.from_wkb(edge),
        anchors={name: shapely.from_wkb(shape) for name, shape in anchors},
        open_edge=open_edge,
        reach=REACH_KM * 1e3,
    )


def _bounded(polygon: shapely.Polygon) -> shapely.Polygon:
    """A polygon of few enough vertices."""
    if shapely.get_num_coordinates(polygon) <= MAX_VERTICES:
        return polygon
    return shapely.simplify(polygon, TOLERANCE_M, preserve_topology=True)


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The polygons of a geometry, largest first; none below a square metre."""
    parts = [part for part in shapely.get_parts(shape) if part.area > 1.0]
    return sorted(parts, key=lambda part: (-part.area, part.bounds))


def _inside(places: Positions, shape: shapely.Geometry) -> list[str]:
    """Names of the places within a shape, sorted."""
    names = sorted(places)
    if not names:
        return []
    shapely.prepare(shape)
    lon, lat = np.array([places[name] for name in names], float).T
    inside = shapely.intersects_xy(shape, lon, lat)
    return [name for name, one in zip(names, inside, strict=True) if one]


def _stretches(
    places: Positions, names: Sequence[str], one: shapely.Point, two: shapely.Point
) -> list[list[str]]:
    """The places about each end of a leg, lon/lat: the nearest ones of those nearer to that end."""
    if not names:
        return [[], []]
    lon, lat = np.array([places[name] for name in names], float).T
    away = np.stack([distance_km(lon, lat, end.x, end.y) for end in (one, two)])
    result = []
    for here, there in (away, away[::-1]):
        mine = np.flatnonzero(here <= there)
        order = mine[np.argsort(here[mine], kind="stable")][:NAMED]
        near = [i for n, i in enumerate(order.tolist()) if n == 0 or here[i] <= NEAR_KM]
        result.append([names[i] for i in near])
    return result


def _frame(
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    geometry: Sequence[shapely.Geometry | None],
    pocket: Sequence[shapely.Geometry | None] | None = None,
) -> gpd.GeoDataFrame:
    """Build a frame whose columns are there even without rows."""
    import geopandas as gpd

    data: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    if pocket is not None:
        data["pocket"] = gpd.GeoSeries(list(pocket), crs=LONLAT)
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(list(geometry), crs=LONLAT), crs=LONLAT)


def _require_positive(**limits: float) -> None:
    """
    Refuse limits that leave nothing.

    Raises
    ------
    ValueError
        If one is not above 0.
    """
    for name, value in limits.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}; it must be more than 0")


_NECK_COLUMNS = (
    "rank", "day", "side", "unknown", "length_km", "area_km2", "km2_per_km", "place_ids",
    "event_ids", "anchors_lost", "from_holder", "to_holder", "from_place", "to_place", "leg_count",
    "legs", "certainty", "footing",
)  # fmt: skip
_ISOLATION_COLUMNS = (
    "place_id", "day", "side", "unknown", "length_km", "leg_count", "legs", "area_km2",
    "anchors_lost", "certainty", "footing",
)  # fmt: skip
_POCKET_COLUMNS = ("day", "side", "unknown", "area_km2", "since", "enclosed_by", "place_ids")


def necks(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions | None = None,
    events: Positions | None = None,
    unknown: Unknown = "passable",
    edge: Edge = "open",
    friends: Collection[str] = (),
    min_area_km2: float = 10.0,
    max_width_km: float = 30.0,
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
        What ground is that no single side controls; see the top of the module.
    edge
        What the edge of the study area is; see the top of the module.
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
    _require_positive(min_area_km2=min_area_km2, max_width_km=max_width_km)
    ground = _Ground(composite, day, _Rules.of(side, anchors, unknown, edge, friends))
    return _necks(ground, places or {}, events or {}, min_area_km2, max_width_km)


def _necks(
    ground: _Ground, places: Positions, events: Positions, min_area_km2: float, max_width_km: float
) -> gpd.GeoDataFrame:
    """What `necks` returns."""
    enemy = ground.enemy_places(places)
    found: list[tuple[tuple[Any, ...], shapely.Geometry, shapely.Geometry]] = []
    for piece in ground.pieces:
        if not piece.is_supplied or piece.polygon.area < min_area_km2 * 1e6:
            continue
        for neck in find_necks(piece, ground.counted, min_area_km2 * 1e6, max_width_km * 1e3):
            line, pocket = ground.drawn(neck.cut), ground.lonlat(neck.ground)
            km, km2 = float(length_km(line)[0]), ground.held_km2(neck.ground)
            row = (
                ground.day, ground.rules.side, ground.rules.unknown, km, km2, km2 / max(km, 1e-3),
                ground.held_places(places, neck.ground), ";".join(_inside(events, pocket)),
                ";".join(sorted(piece.suppliers)), *ground.joined(line, places, enemy),
                *ground.footing(line),
            )  # fmt: skip
            found.append((row, line, pocket))
    found.sort(key=lambda one: (-one[0][5], shapely.to_wkb(one[1])))
    return _frame(
        _NECK_COLUMNS,
        [(rank, *row) for rank, (row, _, _) in enumerate(found, 1)],
        [line for _, line, _ in found],
        [pocket for _, _, pocket in found],
    )


def isolation(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions,
    unknown: Unknown = "passable",
    edge: Edge = "open",
    friends: Collection[str] = (),
) -> gpd.GeoDataFrame:
    """
    Return, for each place that a side holds, the shortest cut that severs it from every anchor.

    This is a minimum cut: no chain of straight legs from enemy ground to enemy ground that severs
    the place is shorter (method and error: top of the module). A cut may pass through the place
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
        What ground is that no single side controls; see the top of the module.
    edge
        What the edge of the study area is; see the top of the module.
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
    ground = _Ground(composite, day, _Rules.of(side, anchors, unknown, edge, friends))
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
            known = severed.told(line, places, enemy)
            row = (name, ground.day, side, unknown, float(km), *known[:2], km2, lost, *known[2:])
            rows.append((row, line, pocket))
    rows.sort(key=lambda one: (np.isnan(one[0][4]), one[0][4], one[0][0]))
    return _frame(
        _ISOLATION_COLUMNS,
        [row for row, _, _ in rows],
        [line for _, line, _ in rows],
        [pocket for _, _, pocket in rows],
    )


def _shared_out(
    ground: _Ground, places: Positions
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

    def __init__(self, ground: _Ground, piece: Piece) -> None:
        self._ground, self._piece = ground, piece
        self._known: dict[bytes, tuple[shapely.Geometry, float]] = {}
        self._told: dict[bytes, tuple[Any, ...]] = {}

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
    ) -> tuple[Any, ...]:
        """Say how many legs a cut has, which, and on what ground."""
        if line is None:
            return 0, "", "", ""
        key = shapely.to_wkb(line)
        if key not in self._told:
            joined = self._ground.joined(line, places, enemy)
            self._told[key] = (*joined[-2:], *self._ground.footing(line))
        return self._told[key]


def pockets(
    composite: Composite,
    day: dt.date,
    side: str,
    *,
    anchors: Shapes,
    places: Positions | None = None,
    unknown: Unknown = "passable",
    edge: Edge = "open",
    friends: Collection[str] = (),
    min_area_km2: float = _POCKET_KM2,
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
        What ground is that no single side controls; see the top of the module.
    edge
        What the edge of the study area is; see the top of the module.
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
        If a rule is none of those listed, `min_area_km2` is not positive, or more than 10
        separate anchors lie inside one piece of ground.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> found = pockets(theatre(["aab", "bbb", "bab"]), FIRST_DAY, "a", anchors={}, edge="closed")
    >>> found["enclosed_by"].tolist()
    ['b', 'b']
    """
    _require_positive(min_area_km2=min_area_km2)
    rules = _Rules.of(side, anchors, unknown, edge, friends)
    ground = _Ground(composite, day, rules)
    index = composite.index(day)
    off = {index: ground.cut_off}
    found: list[tuple[tuple[Any, ...], shapely.Geometry]] = []
    for piece, km2 in ground.pockets(min_area_km2):
        middle = shapely.point_on_surface(shapely.intersection(piece.polygon, ground.counted))
        since = index
        while since:
            if since - 1 not in off:
                off[since - 1] = _Ground(composite, composite.dates[since - 1], rules).cut_off
            if not shapely.intersects(off[since - 1], middle):
                break
            since -= 1
        shape = ground.lonlat(piece.polygon)
        named = ground.held_places(places or {}, piece.polygon)
        row = (
            ground.day, side, unknown, km2, composite.dates[since], ground.around(shape), named
        )  # fmt: skip
        found.append((row, shape))
    found.sort(key=lambda one: (-one[0][3], shapely.to_wkb(one[1])))
    return _frame(_POCKET_COLUMNS, [row for row, _ in found], [shape for _, shape in found])


def narrowest(
    composite: Composite,
    side: str,
    *,
    supply: Callable[[dt.date], Mapping[str, Any]],
    unknown: Unknown = "passable",
    edge: Edge = "open",
    min_area_km2: float = 10.0,
    max_width_km: float = 30.0,
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
        What ground is that no single side controls; see the top of the module.
    edge
        What the edge of the study area is; see the top of the module.
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

    _require_positive(min_area_km2=min_area_km2, max_width_km=max_width_km)
    rows = []
    for day in composite.dates:
        given = supply(day)
        rules = _Rules.of(side, given["anchors"], unknown, edge, given.get("friends", ()))
        ground = _Ground(composite, day, rules)
        found = _necks(ground, given.get("places") or {}, {}, min_area_km2, max_width_km)
        row: dict[str, Any] = {"day": day, "side": side, "unknown": unknown}
        if len(found):
            row = found.sort_values(["length_km", "rank"]).iloc[0].to_dict()
        lost = sum(km2 for _, km2 in ground.pockets(_POCKET_KM2))
        rows.append(row | {"necks": len(found), "cut_off_km2": float(lost)})
    columns = [*_NECK_COLUMNS, "necks", "cut_off_km2", "pocket", "geometry"]
    return pd.DataFrame(rows, columns=columns)


def what_if(
    composite: Composite,
    day: dt.date,
    side: str,
    *through: Sequence[tuple[float, float]],
    width_km: float = 2.0,
    friends: Collection[str] = (),
) -> tuple[Patch, ...]:
    """
    Return the control of a date as it would be if a side advanced along lines.

    Every patch of the result carries an id that begins with ``what-if-``, and the ground taken is
    ``inferred`` with ``low`` confidence: nobody has assessed it, and nothing here says that it
    will happen. Build a `Composite` from the patches to ask what they would isolate.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force is where the advance starts from.
    side
        Who advances; the ground taken is held by this side.
    *through
        For each prong of the advance the positions that it passes, longitude, latitude, in order;
        one position is a spot.
    width_km
        Breadth of the ground taken, kilometres.
    friends
        Sides whose ground the advance leaves as it is.

    Returns
    -------
    patches
        Control of the whole study area, one patch a label, by id.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a prong is empty or lies outside the study area, there is none, or `width_km` is not
        positive.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> patches = what_if(theatre(["ab"]), FIRST_DAY, "a", [(37.05, 33.05), (37.15, 33.05)])
    >>> [patch.label.patch for patch in patches]
    ['what-if-a', 'what-if-patch-a', 'what-if-patch-b']
    """
    _require_positive(width_km=width_km)
    if not through or not all(through):
        raise ValueError("an advance needs at least one position to pass through")
    plane = LocalPlane.around(composite.area)
    prongs = [_corridor(plane, prong, width_km) for prong in through]
    for prong, shape in zip(through, prongs, strict=True):
        if not shapely.intersects(shape, composite.area):
            raise ValueError(f"an advance through {list(prong)} lies outside the study area")
    corridor = shapely.union_all(prongs)
    patches = composite.patches(day)
    kept = {side, *friends}
    stays = [p.label.status == Status.CONTROLLED and p.side in kept for p in patches]
    taken = Label(side, "", Status.CONTROLLED, Basis.INFERRED, Confidence.LOW, f"what-if-{side}")
    shapes = np.array([patch.geometry for patch in patches], dtype=object)
    # All borders are noded together once, so that neighbours still share every vertex.
    borders = [*shapely.boundary(shapes), shapely.boundary(corridor)]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(borders, grid_size=1e-6)]))
    points = shapely.point_on_surface(faces)
    face, patch = shapely.STRtree(shapes).query(points, predicate="intersects")
    reached = shapely.intersects(corridor, points)
    after: dict[Label, list[shapely.Geometry]] = {}
    for i, j in zip(face.tolist(), patch.tolist(), strict=True):
        label = patches[j].label
        old = replace(label, patch=f"what-if-{label.patch}")
        after.setdefault(taken if reached[i] and not stays[j] else old, []).append(faces[i])
    return tuple(
        Patch(label, shapely.coverage_union_all(after[label]))
        for label in sorted(after, key=lambda one: one.patch)
    )


def _corridor(
    plane: LocalPlane, through: Sequence[tuple[float, float]], width_km: float
) -> shapely.Geometry:
    """The ground within half a width of a line or a position, lon/lat."""
    line = shapely.LineString(through) if len(through) > 1 else shapely.Point(through[0])
    axis = plane.forward(shapely.segmentize(line, _EDGE_DEG))
    return plane.inverse(shapely.buffer(axis, width_km * 500.0))
