"""
Random maps of what a side holds, as ground in a plane: contours of heights, and moved borders.

Where ground rests on statements, or nobody is said to hold it alone, its side is that whose height
is greatest (`geo.evidence.field`); where it was drawn by hand it is as drawn, and its borders move
as `geo.evidence.draws` moves them. Both are a level over a grid, and the ground is where it is
above zero, to a fraction of a cell. What is finer than a cell is not drawn: heights are means of
cells, and a strip of ground much narrower than one is there or not by chance.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.evidence.estimate.ground import Grid
from geo.evidence.lattice import Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.control import Ways
    from geo.evidence.draws import DrawnDate, Draws

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

_CELLS = 6000
"""Of the grid over the study area, about: 2.4 km across where that is as large as Belgium."""
_STEEP_M = 1e4
"""So many metres from a border drawn by hand count as one height: only where both kinds meet."""
_BESIDE_M = 50.0
"""Either hand of a border is this far from it."""
_FAR_M = 1e7


class SideMaps:
    """
    Random maps of what a side holds.

    Parameters
    ----------
    draws
        What can be otherwise on a date, and how sharp borders are.
    count
        How many maps.
    """

    def __init__(self, draws: Draws, count: int) -> None:
        self._draws, self.count = draws, count
        self._known: dict[tuple[object, ...], list[shapely.Geometry]] = {}
        self._drawn: tuple[object, Singles] = None, np.zeros(0, np.float32)

    @cached_property
    def grid(self) -> Grid:
        """Where levels are taken."""
        area = self._draws.composite.area
        return Grid(area, LocalPlane.around(area), _CELLS)

    def grounds(self, ways: Ways) -> list[shapely.Geometry]:
        """The ground of a side and its friends on each map, in the plane of the study area."""
        date = self._draws.at(ways.day)
        by_field = self._by_field(date)
        # Where a field decides everything, rules for unknown ground do not.
        rule = b"" if by_field.all() else shapely.to_wkb(ways.drawn)
        key = (ways.day, ways.friends, rule)
        if key not in self._known:
            level = np.empty((self.count, len(by_field)), np.float32)
            if by_field.any():
                level[:, by_field] = self._heights(date, ways, self.grid.asked[by_field])
            if not by_field.all():
                level[:, ~by_field] = self._moved(date, ways, ~by_field)
            self._known[key] = [
                self.grid.contour(self.grid.spread(one.astype(float), -1.0)) for one in level
            ]
        return self._known[key]

    def _by_field(self, date: DrawnDate) -> Bools:
        """Whether a field says whose ground each point is; beyond the edge as inside of it."""
        if date.field is None:
            return np.zeros(len(self.grid.asked), bool)
        return np.asarray(date.open[self._label(date)])

    def _label(self, date: DrawnDate) -> NDArray[np.int64]:
        """What each point is on the map; beyond the edge, as the nearest inside."""
        spots = np.asarray(shapely.points(self.grid.asked))
        points = self.grid.plane.inverse(shapely.MultiPoint(self.grid.asked))
        lonlat = shapely.get_coordinates(points)
        label = self._draws.composite.labels_at(date.day, *lonlat.T).astype(np.int64)
        inside, outside = np.flatnonzero(label >= 0), np.flatnonzero(label < 0)
        if len(inside) and len(outside):
            label[outside] = label[inside[shapely.STRtree(spots[inside]).nearest(spots[outside])]]
        return label

    def _heights(self, date: DrawnDate, ways: Ways, xy: Floats) -> Singles:
        """By how much the side's height is above all others', in metres of a border."""
        assert date.field is not None
        mine = np.array([side in ways.friends for side in date.field.sides])
        if mine.all() or not mine.any():
            return np.full((self.count, len(xy)), _FAR_M if mine.any() else -_FAR_M, np.float32)
        key = (date.day, xy.tobytes())
        if self._drawn[0] != key:  # The sides of a date follow each other.
            seed, step = self._draws.judgements.seed, self.grid.step_m
            new = date.field.heights(xy, count=self.count, seed=seed, radius_m=step / 2)
            self._drawn = key, new
        height = self._drawn[1]
        lead = height[:, mine].max(axis=1) - height[:, ~mine].max(axis=1)
        return np.asarray(lead * np.float32(_STEEP_M))

    def _moved(self, date: DrawnDate, ways: Ways, which: Bools) -> Singles:
        """How far inside of the side's ground points lie, as its borders move."""
        front = shapely.difference(
            shapely.boundary(ways.drawn), shapely.buffer(shapely.boundary(ways.area), 1.0)
        )
        xy = self.grid.asked[which]
        spots = np.asarray(shapely.points(xy))
        # Beyond the edge there is no ground to be inside of: it is as at the edge.
        held = shapely.dwithin(ways.drawn, spots, 1.0)
        beyond = np.flatnonzero(~shapely.intersects_xy(ways.area, *xy.T))
        if len(beyond):
            edge = shapely.get_coordinates(shapely.shortest_line(spots[beyond], ways.area)).reshape(
                -1, 2, 2
            )[:, 1]
            held[beyond] = shapely.dwithin(ways.drawn, shapely.points(edge), 1.0)
        sign = np.where(held, 1.0, -1.0)
        if shapely.is_empty(front):
            return np.tile((sign * _FAR_M).astype(np.float32), (self.count, 1))
        ends = _segments(front)
        tree = shapely.STRtree(np.asarray(shapely.linestrings(ends)))
        near, away = tree.query_nearest(spots, all_matches=False, return_distance=True)
        sway = Noise(self.count, self._draws.judgements.seed).at(xy)
        off = sway * (self._border_m(date, ends)[near[1]])
        return np.asarray(sign * away + off, np.float32)

    def _border_m(self, date: DrawnDate, ends: Floats) -> Floats:
        """How far off each piece of front is, by the weaker of its two hands."""
        along = ends[:, 1] - ends[:, 0]
        length = np.maximum(np.hypot(*along.T), 1e-9)
        beside = np.stack([-along[:, 1], along[:, 0]], axis=1) * (_BESIDE_M / length)[:, None]
        width = np.zeros(len(ends))
        for hand in (1, -1):
            spots = shapely.MultiPoint(ends.mean(axis=1) + hand * beside)
            lonlat = shapely.get_coordinates(self.grid.plane.inverse(spots))
            label = self._draws.composite.labels_at(date.day, *lonlat.T)
            width = np.maximum(width, date.border_km[label])
        return width * 1e3


def _segments(lines: shapely.Geometry) -> Floats:
    """The segments of lines, n x 2 x 2."""
    xy, of = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    inner = np.flatnonzero(of[1:] == of[:-1])
    return np.stack([xy[inner], xy[inner + 1]], axis=1)
