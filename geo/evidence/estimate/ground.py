"""
Ground from a field: contiguous areas in four classes, with smooth shared borders.

Step 6 of the method (`geo.evidence.estimate`). Positions are metres in a local equal-area plane
until faces are made, which are in longitude and latitude on the grid of all coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import contourpy
import numpy as np
import shapely

from geo.crs import GRID_DEG

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geo.crs import LocalPlane
    from geo.evidence.estimate.parameters import Parameters

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

_CELLS = 6500
"""Cells of the grid over the study area, about: a border is then good to a fifth of a cell, and a
field of three sides takes less than half a second."""
_MARGIN = 2
"""Cells of the grid beyond the study area, so that borders cross its rim."""
_SURE = 1e-4
"""Chances are kept this far from 0 and 1, where their odds have no end."""
_BONUS = 0.1
"""Ground of the likelier side of a sharp front counts as drawn: 0.5 + 0.1 is the least of it."""
_SOME = 0.02
"""Share of the study area that an option which is advised should draw, where it is told of."""
_EVEN = 0.5
"""No ground is drawn for a side that is not likelier than all others together."""


class Class(IntEnum):
    """How sure the ground is drawn."""

    UNKNOWN = 0
    PRESUMED = 1
    LIKELY = 2
    ASSESSED = 3


@dataclass(frozen=True, slots=True)
class Face:
    """
    A connected piece of ground.

    Attributes
    ----------
    shape
        In longitude, latitude.
    side
        Index of the side that most likely holds it.
    kind
        How sure.
    """

    shape: shapely.Geometry
    side: int
    kind: Class


class Grid:
    """
    Points over a study area, the same for all dates.

    Parameters
    ----------
    area
        Study area, longitude, latitude.
    plane
        Where distances are taken.
    cells
        So many lie in the area, about.

    Attributes
    ----------
    step_m
        Between neighbours.
    xy
        All points, row by row.
    wanted
        Indices of those in the area or next to it.
    asked
        Their positions.
    """

    def __init__(self, area: shapely.Geometry, plane: LocalPlane, cells: int = _CELLS) -> None:
        self.area, self.plane = area, plane
        self.flat = shapely.buffer(plane.forward(shapely.segmentize(area, 0.1)), 0)
        self.ground_m2 = float(shapely.area(self.flat))
        self.step_m = float(np.sqrt(self.ground_m2 / cells))
        west, south, east, north = (shapely.bounds(self.flat) / self.step_m).tolist()
        self._x = (np.arange(np.floor(west) - _MARGIN, np.ceil(east) + _MARGIN + 1)) * self.step_m
        self._y = (np.arange(np.floor(south) - _MARGIN, np.ceil(north) + _MARGIN + 1)) * self.step_m
        self.shape = (len(self._y), len(self._x))
        self.xy = np.stack(np.meshgrid(self._x, self._y), axis=-1).reshape(-1, 2)
        near = shapely.buffer(self.flat, (_MARGIN + 1) * self.step_m)
        shapely.prepare(near)
        self.wanted = np.flatnonzero(shapely.contains_xy(near, *self.xy.T))
        self.asked = self.xy[self.wanted]

    def spread(self, values: Floats, far: float) -> Floats:
        """Values at the wanted points on the whole grid; `far` elsewhere. Columns stay apart."""
        whole = np.full((len(self.xy), *values.shape[1:]), far)
        whole[self.wanted] = values
        return whole.reshape(*self.shape, *values.shape[1:])

    def contour(self, values: Floats, level: float = 0.0) -> shapely.Geometry:
        """Ground in the plane where values on the grid are at least a level."""
        made = contourpy.contour_generator(
            self._x, self._y, values, fill_type=contourpy.FillType.OuterOffset
        )
        points, offsets = made.filled(level, np.inf)[:2]
        rings = [
            [ring for ring in np.split(xy, cuts[1:-1]) if len(ring) > 3]
            for xy, cuts in zip(points, offsets, strict=True)
            if xy is not None and cuts is not None
        ]
        shapes = [shapely.Polygon(r[0], r[1:]) for r in rings if r]
        return shapely.union_all(shapely.make_valid(np.array(shapes, dtype=object)))


def draw_faces(grid: Grid, chance: Floats, told: Floats, numbers: Parameters) -> list[Face]:
    """
    Draw the ground of a field: faces that cover the study area once.

    Parameters
    ----------
    grid
        Where the field was asked: at its `wanted` points.
    chance
        Probability of each side there.
    told
        How much of the local doubt evidence took away there.
    numbers
        The numbers of the method.

    Returns
    -------
    faces
        Connected; two that touch differ in side or class, but for unknown ground.
    """
    held = _side_regions(grid, chance)
    sure = _class_regions(grid, chance, told, numbers)
    lines = [shapely.boundary(grid.area)]
    for region in (*held, *sure.values()):
        if not shapely.is_empty(region):
            rim = shapely.segmentize(shapely.boundary(region), 5e3)
            lines.append(grid.plane.inverse(rim))
    noded = shapely.union_all(np.array(lines, dtype=object), grid_size=GRID_DEG)
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    inside = shapely.point_on_surface(pieces)
    kept = shapely.contains_properly(grid.area, inside)
    pieces, inside = pieces[kept], inside[kept]
    flat = shapely.get_coordinates(grid.plane.forward(shapely.MultiPoint(inside.tolist())))
    side = np.zeros(len(pieces), np.intp)
    for k, region in enumerate(held):
        side[_within(region, flat)] = k
    kind = np.zeros(len(pieces), np.intp)
    for level, region in sure.items():
        kind[_within(region, flat)] = level
    return join(pieces, side, kind)


def _within(region: shapely.Geometry, xy: Floats) -> NDArray[np.bool_]:
    shapely.prepare(region)
    return np.asarray(shapely.contains_xy(region, *xy.T))


def join(pieces: NDArray[np.object_], side: Ints, kind: Ints) -> list[Face]:
    """Pieces of one side and class as connected faces."""
    side = np.where(kind == Class.UNKNOWN, -1, side)
    faces = []
    for k, c in sorted(set(zip(side.tolist(), kind.tolist(), strict=True))):
        same = pieces[(side == k) & (kind == c)]
        joined = shapely.get_parts(shapely.coverage_union_all(same))
        faces += [Face(part, k, Class(c)) for part in joined]
    return faces


def _side_regions(grid: Grid, chance: Floats) -> list[shapely.Geometry]:
    """Where each side is likelier than all others, in the plane."""
    odds = _log_odds(chance)
    regions = []
    for k in range(chance.shape[1]):
        others = np.delete(odds, k, axis=1)
        lead = odds[:, k] - others.max(axis=1) if others.shape[1] else odds[:, k] * 0 + 1
        regions.append(grid.contour(grid.spread(lead, -1.0)))
    return regions


def _class_regions(
    grid: Grid, chance: Floats, told: Floats, numbers: Parameters
) -> dict[Class, shapely.Geometry]:
    """Where the likeliest side is at least so sure, in the plane; each class lies in the former."""
    top = chance.max(axis=1)
    front = np.minimum(1.0, _steepness(grid, chance, numbers.ribbon))
    # Odds are near linear across a front, so that a border is found inside a cell.
    drawn = _log_odds(top + _BONUS * front * (numbers.at_least <= 0.5 + _BONUS))
    enough = 10 * (told - numbers.told)
    presumed = np.minimum(drawn - _log_odds(np.array(numbers.at_least)), enough)
    likely = np.minimum(_log_odds(top) - _log_odds(np.array(numbers.likely)), presumed)
    assessed = np.minimum.reduce(
        [
            _log_odds(top) - _log_odds(np.array(numbers.assessed)),
            10 * (told - numbers.told_assessed),
            likely,
        ]
    )
    values = {Class.PRESUMED: presumed, Class.LIKELY: likely, Class.ASSESSED: assessed}
    return {kind: grid.contour(grid.spread(value, -1.0)) for kind, value in values.items()}


def _steepness(grid: Grid, chance: Floats, ribbon: float) -> Floats:
    """How sharp a front between the two likeliest sides is: 1 where its ribbon is narrow enough."""
    if chance.shape[1] < 2:
        return np.zeros(len(chance))
    whole = grid.spread(chance, np.nan)
    whole = np.where(np.isnan(whole), 1 / chance.shape[1], whole)
    up, right = np.gradient(whole, grid.step_m, axis=(0, 1))
    one, two = np.argsort(-chance, axis=1)[:, :2].T
    rows = np.arange(len(chance))
    slope = [
        (flat.reshape(-1, chance.shape[1])[grid.wanted][rows, one])
        - (flat.reshape(-1, chance.shape[1])[grid.wanted][rows, two])
        for flat in (up, right)
    ]
    # From 60 % of one side to 60 % of the other the difference falls by 0.4.
    width = 0.4 / np.maximum(np.hypot(*slope), 1e-12)
    wanted = ribbon * np.sqrt(grid.ground_m2)
    return np.asarray(np.clip(2 * wanted / width - 1, 0, 1))


def _log_odds(chance: Floats) -> Floats:
    kept = np.clip(chance, _SURE, 1 - _SURE)
    return np.asarray(np.log(kept / (1 - kept)))


def drop_islands(
    faces: list[Face], is_named: Callable[[Face], bool], least_m2: float, plane: LocalPlane
) -> list[Face]:
    """
    Let small faces that no evidence names take the side and class round them.

    So do small ones that are only more sure than the ground round them: the direct evidence about
    one place is no ground of its own.

    Parameters
    ----------
    faces
        Connected faces that cover the study area once.
    is_named
        Whether evidence for its side lies in a face.
    least_m2
        Smaller faces are islands, square metres.
    plane
        Where areas are taken.

    Returns
    -------
    faces
        Still a cover of the study area.
    """
    flat = [float(shapely.area(plane.forward(face.shape))) for face in faces]
    left = dict(enumerate(faces))
    for key in sorted(left, key=lambda key: flat[key]):
        face = left[key]
        if flat[key] >= least_m2:
            continue
        if face.kind and face.kind < Class.ASSESSED and is_named(face):
            continue
        others = [k for k in left if k != key]
        tree = shapely.STRtree([left[k].shape for k in others])
        near = [others[i] for i in tree.query(face.shape, predicate="touches")]
        shared = [shapely.length(shapely.intersection(face.shape, left[k].shape)) for k in near]
        if not near or max(shared) == 0:
            continue
        host = near[int(np.argmax(shared))]
        joined = shapely.coverage_union_all([left[host].shape, face.shape])
        left[host] = Face(joined, left[host].side, left[host].kind)
        flat[host] += flat[key]
        del left[key]
    return list(left.values())


def cut_out(
    faces: Sequence[Face], shapes: Sequence[shapely.Geometry]
) -> tuple[list[Face], list[shapely.Geometry]]:
    """
    Make room among faces for other shapes.

    Parameters
    ----------
    faces
        Connected faces that cover the study area once.
    shapes
        Some ground of it each, apart from each other.

    Returns
    -------
    faces
        What is left of them.
    shapes
        The same, with a corner more wherever a border of two faces meets their rim; together they
        and the faces cover the study area once.
    """
    rims = [shapely.boundary(one) for one in shapes]
    corners = shapely.MultiPoint(shapely.get_coordinates(rims))
    # A border that met a rim before does so at the same corner, whose rounding moved the rim.
    lines = shapely.union_all([shapely.boundary(face.shape) for face in faces])
    lines = shapely.snap(lines, corners, 3 * GRID_DEG)
    noded = shapely.union_all(np.array([lines, *rims], dtype=object), grid_size=GRID_DEG)
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    spots = shapely.point_on_surface(pieces)
    grounds = np.array([*shapes, *(face.shape for face in faces)], dtype=object)
    kept = shapely.distance(spots, shapely.union_all(grounds)) == 0
    pieces, spots = pieces[kept], spots[kept]
    owner = np.full(len(pieces), len(grounds), np.intp)
    piece, ground = shapely.STRtree(grounds).query(spots, predicate="intersects")
    # Shapes come before faces.
    np.minimum.at(owner, piece, ground)
    mine: list[shapely.Geometry] = [
        shapely.coverage_union_all(pieces[owner == k]) for k in range(len(grounds))
    ]
    left = [
        Face(part, face.side, face.kind)
        for face, shape in zip(faces, mine[len(shapes) :], strict=True)
        for part in shapely.get_parts(shape)
    ]
    return left, mine[: len(shapes)]


def advise(chance: Floats, known: Floats, numbers: Parameters) -> str:
    """Say why next to nothing is drawn, and what would draw more."""
    told = known >= numbers.told
    surest = np.sort(chance[told].max(axis=1, initial=0.0))[::-1]
    if len(surest) and surest[0] >= numbers.at_least:
        return "what is sure enough is less than half a percent of the study area"
    # A mere spot would be too small to be drawn.
    some = surest[: max(1, int(len(chance) * _SOME))]
    best = float(some[-1]) if len(some) else 0.0
    if best <= _EVEN:
        return "no word tells more of any ground than which side is named most: add statements"
    least = int(best * 100) / 100
    return f"the surest ground is {best:.0%} one side's: --at-least {least:.2f} draws it"
