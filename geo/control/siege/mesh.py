"""The ground of one piece in a plane, triangulated, and its border as numbered edges."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def cross(a: Floats, b: Floats) -> Floats:
    """Return the cross product of vectors, the last axis theirs."""
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def dot(a: Floats, b: Floats) -> Floats:
    """Return the scalar product of vectors, the last axis theirs."""
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1])


def draw_segments(xy: Floats) -> NDArray[np.object_]:
    """Return segments, shape (n, 2, 2), as lines."""
    return np.asarray(shapely.linestrings(xy), dtype=object).reshape(-1)


def draw_points(xy: Floats) -> NDArray[np.object_]:
    """Return positions, shape (n, 2), as points."""
    return np.asarray(shapely.points(xy), dtype=object).reshape(-1)


_GRID_M = 0.1


def _on_a_grid(polygon: shapely.Polygon) -> shapely.Polygon:
    """The largest part of a polygon on a grid, wound as a mesh needs it."""
    parts = shapely.get_parts(shapely.set_precision(polygon, _GRID_M))
    largest = max(parts, key=lambda part: float(shapely.area(part)), default=polygon)
    flat = shapely.set_precision(largest, 0.0)
    return cast("shapely.Polygon", shapely.orient_polygons(shapely.remove_repeated_points(flat)))


class Mesh:
    """
    A constrained Delaunay triangulation of one polygon, and its border as numbered edges.

    Triangles turn counter-clockwise; edge k of a triangle lies opposite its corner k. Border edge
    e runs from `start[e]` to `end[e]` with the ground on its left; `corner_out[t, k]` and
    `corner_in[t, k]` are the border edges that leave and enter the corner of the ground to which
    corner k of triangle t belongs. (Where ground touches itself in a point, that point is several
    corners.)
    """

    def __init__(self, polygon: shapely.Polygon) -> None:
        self.polygon = shapely.orient_polygons(shapely.remove_repeated_points(polygon))
        try:
            faces = shapely.get_parts(shapely.constrained_delaunay_triangles(self.polygon))
        except shapely.errors.GEOSException:
            # Corners nearer to each other than rounding can tell; on a grid they are one.
            self.polygon = _on_a_grid(self.polygon)
            faces = shapely.get_parts(shapely.constrained_delaunay_triangles(self.polygon))
        xy = shapely.get_coordinates(shapely.orient_polygons(faces)).reshape(-1, 4, 2)[:, :3]
        self.xy, index = np.unique(xy.reshape(-1, 2), axis=0, return_inverse=True)
        self.tri: Ints = index.reshape(-1, 3).astype(np.int64)
        self._join()
        self._turn()
        self._trace()

    def _join(self) -> None:
        """Find the triangle across each edge, and number the border."""
        count = len(self.tri)
        one = np.stack([self.tri[:, [1, 2, 0]], self.tri[:, [2, 0, 1]]], axis=-1).reshape(-1, 2)
        low, high = one.min(axis=1), one.max(axis=1)
        key = low * len(self.xy) + high
        order = np.argsort(key, kind="stable")
        twin = key[order][1:] == key[order][:-1]
        partner = np.full(3 * count, -1, np.int64)
        partner[order[:-1][twin]] = order[1:][twin]
        partner[order[1:][twin]] = order[:-1][twin]
        self.partner: Ints = partner.reshape(count, 3)
        loose = np.flatnonzero(partner < 0)
        self.start, self.end = one[loose, 0], one[loose, 1]
        border = np.full(3 * count, -1, np.int64)
        border[loose] = np.arange(len(loose))
        self.border: Ints = border.reshape(count, 3)
        self.size: Ints = one.reshape(count, 3, 2)

    def _turn(self) -> None:
        """Find the two border edges of each corner, by turning round its vertex."""
        slot = np.arange(self.tri.size).reshape(-1, 3)
        self.corner_out = self._swing(slot[:, [2, 0, 1]], 2)
        self.corner_in = self._swing(slot[:, [1, 2, 0]], 1)

    def _swing(self, edge: Ints, step: int) -> Ints:
        """Follow edges round a vertex until the border; `step` is 2 clockwise, 1 the other way."""
        partner, border = self.partner.ravel(), self.border.ravel()
        across = partner[edge].ravel()
        # Seen from the next triangle, the vertex lies at the far end of the shared edge.
        triangle, k = across // 3, across % 3
        ahead = np.where(across >= 0, triangle * 3 + (k + step) % 3, np.arange(len(across)))
        found = border[edge].ravel()
        while True:
            further = ahead[ahead]
            if (further == ahead).all():
                break
            ahead = further
        return np.asarray(found[ahead].reshape(-1, 3))

    def _trace(self) -> None:
        """Put the border edges in order, ring by ring, the shell first."""
        number = {
            pair: e
            for e, pair in enumerate(zip(self.start.tolist(), self.end.tolist(), strict=True))
        }
        vertex = {tuple(at): v for v, at in enumerate(self.xy.tolist())}
        self.rings: list[list[int]] = []
        self.following = np.empty(len(self.start), np.int64)
        for line in shapely.get_rings(self.polygon):
            walk = [vertex[tuple(at)] for at in shapely.get_coordinates(line).tolist()]
            ring = [number[pair] for pair in pairwise(walk)]
            self.rings.append(ring)
            self.following[ring] = np.roll(ring, -1)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The triangles, to locate points."""
        return shapely.STRtree(list(shapely.get_parts(shapely.polygons(self.xy[self.tri]))))

    def locate(self, xy: Floats) -> Ints:
        """Return the triangle of each position, -1 outside."""
        point, triangle = self.tree.query(draw_points(xy), predicate="intersects")
        found = np.full(len(xy), -1, np.int64)
        found[point[::-1]] = triangle[::-1]
        return found
