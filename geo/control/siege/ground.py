"""The ground of a side at one date, in pieces in a plane, and what is known of it on the map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely

from geo.control.siege.piece import Piece
from geo.control.siege.rules import EdgeRule, Rules
from geo.crs import LocalPlane, area_km2, distance_km, length_km
from geo.model import Basis, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from geo.control.composite import Composite
    from geo.control.records import HeldPatch
    from geo.control.siege.piece import Cut
    from geo.control.siege.rules import Positions

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

EDGE = "edge"
"""Who holds the ground beyond the edge of the study area."""

EDGE_DEG = 0.02
"""Edges longer than this, degrees, get more vertices before they are taken to the plane."""
_EDGE_M = 2000.0
"""The same for what comes back from the plane."""
_POINT_M = 1e-3
"""Shorter legs are where rings touch in a point; they are not drawn."""
_BESIDE_DEG = 1e-3
"""Ground within about 100 m of the end of a leg is what the leg ends at."""
_TOLD_KM = 0.05
"""Less of a cut, which prints as 0.0 km, says nothing of what it rests on."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    The enemy ground at one end of a leg.

    Attributes
    ----------
    holder
        Who holds it; ``edge`` where it is the edge of the study area.
    places
        Up to `NAMED` places of the enemy about it, the nearest first.
    """

    holder: str
    places: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Its places, or its holder where it has none or is the edge."""
        return self.places if self.places and self.holder != EDGE else (self.holder,)


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One straight leg of a cut.

    Attributes
    ----------
    line
        From end to end, longitude, latitude.
    one, two
        What lies beyond its two ends.
    length_km
        Geodesic.
    certainty
        The weakest basis of the ground under it.
    """

    line: shapely.Geometry
    one: Stretch
    two: Stretch
    length_km: float
    certainty: str

    def __str__(self) -> str:
        ends = " to ".join(" / ".join(end.names) for end in (self.one, self.two))
        return f"{ends}: {self.length_km:.1f} km, {self.certainty}"


@dataclass(frozen=True, slots=True)
class Footing:
    """What is known of the ground under a cut: words and km of each, the weakest first."""

    km: tuple[tuple[str, float], ...]

    @property
    def certainty(self) -> str:
        """The weakest word; empty for a cut over no ground."""
        return self.km[0][0] if self.km else ""

    def __str__(self) -> str:
        return ";".join(f"{word} {km:.1f} km" for word, km in self.km)


class SideGround:
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
        Everybody's ground, one patch a label, lon/lat.
    """

    def __init__(self, composite: Composite, day: dt.date, rules: Rules) -> None:
        self.day, self.rules = composite.dates[composite.index(day)], rules
        self.plane = LocalPlane.around(composite.area)
        patches = composite.patches(day)
        stand = [rules.standing(patch, composite.sides) for patch in patches]
        passes = [rules.passes(one) for one in stand]
        self.passable = _Held([p for p, one in zip(patches, passes, strict=True) if one])
        self.blocking = _Held([p for p, one in zip(patches, passes, strict=True) if not one])
        counted = _Held([p for p, one in zip(patches, stand, strict=True) if rules.counts(one)])
        self.counted = self.flat(shapely.coverage_union_all(counted.shapes))
        edge = self.flat(shapely.boundary(composite.area))
        anchors = {name: self.flat(shape) for name, shape in rules.anchors.items()}
        supply = (
            shapely.to_wkb(edge),
            tuple((name, shapely.to_wkb(shape)) for name, shape in sorted(anchors.items())),
            rules.edge is EdgeRule.OPEN,
        )
        whole = shapely.coverage_union_all(self.passable.shapes)
        self.pieces = tuple(
            build_piece(shapely.to_wkb(polygon), *supply) for polygon in _polygons(self.flat(whole))
        )

    def flat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape in the plane; long edges follow the map, not the plane."""
        return self.plane.forward(shapely.segmentize(shape, EDGE_DEG))

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

    def held_places(self, places: Positions, shape: shapely.Geometry) -> tuple[str, ...]:
        """Name the places on what counts of a shape in the plane."""
        held = self.lonlat(shapely.intersection(shape, self.counted))
        return places_inside(places, held)

    def footing(self, line: shapely.Geometry) -> Footing:
        """Say what is known of the ground under a cut."""
        km: dict[str, float] = {}
        for patch in self.passable.meeting(line):
            word = patch.label.basis if patch.label.is_held else ""
            word = str(word or patch.label.status)
            shared = shapely.intersection(line, patch.geometry)
            km[word] = km.get(word, 0.0) + float(length_km(shared)[0])
        weakest_first = [str(word) for word in (*Status, *reversed(Basis))]
        some = [word for word in weakest_first if km.get(word, 0.0) >= _TOLD_KM] or sorted(km)[:1]
        return Footing(tuple((word, km[word]) for word in some))

    def legs(
        self, line: shapely.Geometry, places: Positions, enemy: Sequence[str]
    ) -> tuple[Leg, ...]:
        """Tell a cut leg by leg; the stretches at their ends are named by places of the enemy."""
        lines = list(shapely.get_parts(line))
        ends = [shapely.Point(xy) for one in lines for xy in shapely.get_coordinates(one)[[0, -1]]]
        holders = self.blocking.holders_at(ends)
        told = []
        for i, km in enumerate(np.atleast_1d(length_km(lines)).tolist()):
            pair = slice(2 * i, 2 * i + 2)
            near = _stretches(places, enemy, *ends[pair])
            one, two = map(Stretch, holders[pair], near)
            told.append(Leg(lines[i], one, two, km, self.footing(lines[i]).certainty))
        return tuple(told)

    def around(self, shape: shapely.Geometry) -> tuple[str, ...]:
        """Name the holders of the ground along the border of a shape, lon/lat."""
        found = self.blocking.meeting(shape, within=_BESIDE_DEG)
        return tuple(sorted({str(patch.label.holder) for patch in found}))

    def enemy_places(self, places: Positions) -> tuple[str, ...]:
        """Name the places on ground that blocks."""
        return places_inside(places, shapely.coverage_union_all(self.blocking.shapes))

    def pockets(self, min_area_km2: float) -> list[tuple[Piece, float]]:
        """Return the pieces without supply that hold so much, and how much."""
        held = [(p, 0.0 if p.is_supplied else self.held_km2(p.polygon)) for p in self.pieces]
        return [(piece, km2) for piece, km2 in held if km2 >= min_area_km2]

    @property
    def cut_off(self) -> shapely.Geometry:
        """The passable ground without supply, in the plane (the same one for all dates)."""
        return shapely.union_all([p.polygon for p in self.pieces if not p.is_supplied])


class _Held:
    """Some patches of a date, found by where they lie."""

    def __init__(self, patches: Sequence[HeldPatch]) -> None:
        self.patches = patches
        self.shapes = np.array([patch.geometry for patch in patches], dtype=object)
        self._tree = shapely.STRtree(self.shapes)

    def meeting(self, shape: shapely.Geometry, within: float = 0.0) -> list[HeldPatch]:
        """Return the patches that a shape meets, or lies near to, degrees."""
        if within:
            found = self._tree.query(shape, predicate="dwithin", distance=within)
        else:
            found = self._tree.query(shape, predicate="intersects")
        return [self.patches[i] for i in found.tolist()]

    def holders_at(self, points: Sequence[shapely.Point]) -> list[str]:
        """Say who holds the ground beside each position; ``edge`` where it is nobody's."""
        names = [EDGE] * len(points)
        if self.patches:
            (at, which), gap = self._tree.query_nearest(
                points, return_distance=True, all_matches=False
            )
            for i, j, far in zip(at.tolist(), which.tolist(), gap.tolist(), strict=True):
                names[i] = str(self.patches[j].label.holder) if far < _BESIDE_DEG else EDGE
        return names


@lru_cache(maxsize=64)
def build_piece(
    polygon: bytes, edge: bytes, anchors: tuple[tuple[str, bytes], ...], open_edge: bool
) -> Piece:
    """Return a piece of ground, which is often the same on the next date and under another rule."""
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
    """The polygons of a geometry, largest first; none below a square metre, or without width."""
    if not shapely.is_valid(shape):
        # A needle of the map may cross itself once it is projected.
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [
        _without_needles(part)
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon" and part.area > 1.0 and _is_wide(part)
    ]
    return sorted(parts, key=lambda part: (-part.area, part.bounds))


def _without_needles(polygon: shapely.Polygon) -> shapely.Polygon:
    """A polygon less its holes without width, over which everybody steps."""
    kept = [ring for ring in polygon.interiors if _is_wide(shapely.Polygon(ring))]
    if len(kept) == len(polygon.interiors):
        return polygon
    return shapely.Polygon(polygon.exterior, kept)


def _is_wide(polygon: shapely.Polygon) -> bool:
    """Whether ground has any width in the mean."""
    return bool(2 * polygon.area > _WIDTH_M * polygon.length)


_WIDTH_M = 0.5


def places_inside(places: Positions, shape: shapely.Geometry) -> tuple[str, ...]:
    """Return the names of the places within a shape, sorted."""
    names = sorted(places)
    if not names:
        return ()
    shapely.prepare(shape)
    lon, lat = np.array([places[name] for name in names], float).T
    inside = shapely.intersects_xy(shape, lon, lat)
    return tuple(name for name, one in zip(names, inside, strict=True) if one)


def _stretches(
    places: Positions, names: Sequence[str], one: shapely.Point, two: shapely.Point
) -> list[tuple[str, ...]]:
    """The places about each end of a leg, lon/lat: the nearest ones of those nearer to that end."""
    if not names:
        return [(), ()]
    lon, lat = np.array([places[name] for name in names], float).T
    away = np.stack([distance_km(lon, lat, end.x, end.y) for end in (one, two)])
    result = []
    for here, there in (away, away[::-1]):
        mine = np.flatnonzero(here <= there)
        order = mine[np.argsort(here[mine], kind="stable")][:NAMED]
        near = [i for n, i in enumerate(order.tolist()) if n == 0 or here[i] <= NEAR_KM]
        result.append(tuple(names[i] for i in near))
    return result
