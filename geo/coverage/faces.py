"""
Half-arcs in order round their nodes, the faces that they bound, and a spanning tree of these.

Faces are traced on the left of half-arcs, numbered by their arcs, and nested by the smallest shell
round each separate part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.coverage.grid import PER_DEGREE, Floats, Ints, offsets_of, ranges, starts, unpack
from geo.coverage.lines import components, cycles, walk
from geo.coverage.seam import Seam, find_seam
from geo.crs import arc_length_km, ground_km2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geo.coverage.noding import Lines, Segments


def rotation(node: Ints, dx: Ints, dy: Ints) -> Ints:
    """
    Return half-arcs in order round their nodes.

    Parameters
    ----------
    node
        Node from which each half-arc starts.
    dx, dy
        Its first step.

    Returns
    -------
    order
        By node, and counter-clockwise round each; exact for any two directions.
    """
    below = (dy < 0) | ((dy == 0) & (dx < 0))
    slope = np.where(dy == 0, -np.inf, -dx / np.where(dy == 0, 1, dy))
    order = np.lexsort([slope, below, node])
    p, q = order[:-1], order[1:]
    tied = (node[p] == node[q]) & (below[p] == below[q]) & (slope[p] == slope[q])
    # Two directions may differ by less than a float can say: bubble those by the exact turn.
    for i in np.flatnonzero(tied).tolist():
        j = i
        while j >= 0 and node[order[j]] == node[order[j + 1]]:
            one, two = order[j], order[j + 1]
            turn = int(dx[one]) * int(dy[two]) - int(dy[one]) * int(dx[two])
            if slope[one] != slope[two] or turn >= 0:
                break
            order[j], order[j + 1] = two, one
            j -= 1
    return order


class Faces:
    """
    The arcs of noded segments, and the faces traced on their left.

    Arcs and faces are numbered in an order that depends on
    nothing but the segments; the unbounded outside is face -1. Half-arc ``2 a``
    runs along arc ``a``, half-arc ``2 a + 1`` against it.

    Parameters
    ----------
    segments
        The distinct segments that it was made from.
    lines
        The arcs.

    Attributes
    ----------
    face
        Face on the left of each half-arc.
    face_count
        How many faces there are.
    node
        Node from which each half-arc starts.
    node_count
        How many nodes there are.
    """

    def __init__(self, segments: Segments, lines: Lines) -> None:
        self.segments = segments
        self.lines = lines
        self._trace()

    def _trace(self) -> None:
        """Half-arcs, their order round the nodes, and the face on the left of each."""
        key, offsets = self.lines.key, self.lines.offsets
        first, last = offsets[:-1], offsets[1:] - 1
        count = len(first)
        ends = np.empty(2 * count, np.int64)
        beside = np.empty(2 * count, np.int64)
        ends[0::2], ends[1::2] = key[first], key[last]
        beside[0::2], beside[1::2] = key[first + 1], key[last - 1]
        names, self.node = np.unique(ends, return_inverse=True)
        self.node_count = len(names)
        (x, y), (x2, y2) = unpack(ends), unpack(beside)
        self.order = rotation(self.node, x2 - x, y2 - y)
        self.place = np.empty(2 * count, np.int64)
        self.place[self.order] = np.arange(2 * count)
        degree = np.bincount(self.node, minlength=self.node_count)
        self.node_begin = offsets_of(degree)
        begin, size = self.node_begin[self.node], degree[self.node]
        # Arriving by a half-arc, the face on its left goes on along the next one clockwise.
        clockwise = self.order[begin + (self.place - begin - 1) % size]
        self.next = clockwise[np.arange(2 * count) ^ 1]
        self._name_faces(cycles(self.next))

    @cached_property
    def twice(self) -> Ints:  # numpydoc ignore=RT01
        """Twice the area between each arc and the origin, grid steps squared."""
        x, y = unpack(self.lines.key)
        if not len(x):
            return np.zeros(0, np.int64)
        # Sums wrap round modulo 2**64; those of rings fit, so they come out exact.
        cross = np.zeros(len(x), np.int64)
        cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
        cross[self.lines.offsets[1:] - 1] = 0
        return np.add.reduceat(cross, self.lines.offsets[:-1])

    def _name_faces(self, cycle: Ints) -> None:
        heads, ring = np.unique(cycle, return_inverse=True)
        area = np.zeros(len(heads), np.int64)
        np.add.at(area, ring, np.stack([self.twice, -self.twice], axis=1).ravel())
        shell = area > 0
        face = np.where(shell, np.cumsum(shell) - 1, -1)
        self.face_count = int(shell.sum())
        self._nest(ring, area, face)
        self.face = face[ring].astype(np.int32)

    def _nest(self, ring: Ints, area: Ints, face: Ints) -> None:
        """Give the outer border of each separate part the face that it lies in."""
        outer = np.flatnonzero(area <= 0)
        if len(outer) < 2:
            return
        part = components(self.node_count, self.node[0::2], self.node[1::2])
        half = np.argsort(ring, kind="stable")
        begin = np.r_[np.searchsorted(ring[half], np.arange(len(area))), len(half)]
        boxes = self.lines.boxes()[half >> 1]
        boxes = np.concatenate(
            [
                np.minimum.reduceat(boxes[:, :2], begin[:-1]),
                np.maximum.reduceat(boxes[:, 2:], begin[:-1]),
            ],
            axis=1,
        )
        corner = np.array([self._corner(half[begin[r] : begin[r + 1]]) for r in outer])
        shells = np.flatnonzero(area > 0)
        tree = shapely.STRtree(shapely.box(*boxes[shells].T))
        which, hit = tree.query(shapely.points(corner), predicate="intersects")
        hit = shells[hit]
        part_of = part[self.node[half[begin[:-1]]]]
        other = part_of[outer[which]] != part_of[hit]
        which, hit = which[other], hit[other]
        if not len(hit):
            return
        used, index = np.unique(hit, return_inverse=True)
        polygons = np.array([self._polygon(half[begin[r] : begin[r + 1]]) for r in used])
        shapely.prepare(polygons)
        inside = shapely.contains_xy(polygons[index], *corner[which].T)
        which, hit = which[inside], hit[inside]
        # Of shells that nest, the smallest one is next outside.
        rank = np.lexsort([area[hit], which])
        which, hit = which[rank], hit[rank]
        nearest = starts(which)
        face[outer[which[nearest]]] = face[hit[nearest]]

    def _corner(self, ring: Ints) -> tuple[int, int]:
        least = self.lines.key[walk(self.lines, ring)].min()
        return int(unpack(least)[0]), int(unpack(least)[1])

    def _polygon(self, ring: Ints) -> shapely.Polygon:
        """Ring of half-arcs in any order, as a polygon in grid steps."""
        begin = h = int(ring[0])
        path = [h]
        while (h := int(self.next[h])) != begin:
            path.append(h)
        xy = np.stack(unpack(self.lines.key[walk(self.lines, np.array(path))]), axis=1)
        return shapely.Polygon(xy.astype(float))

    @cached_property
    def left(self) -> NDArray[np.int32]:  # numpydoc ignore=RT01
        """Face on the left of each arc."""
        return np.ascontiguousarray(self.face[0::2])

    @cached_property
    def right(self) -> NDArray[np.int32]:  # numpydoc ignore=RT01
        """Face on the right of each arc."""
        return np.ascontiguousarray(self.face[1::2])

    @cached_property
    def coords(self) -> Floats:  # numpydoc ignore=RT01
        """Longitude, latitude of all arcs, one after the other."""
        # Dividing gives the very float that the six decimals are read as.
        return np.stack(unpack(self.lines.key), axis=1) / PER_DEGREE

    def arcs(self, kept: Ints) -> Arcs:
        """
        Return the arcs of some faces.

        Parameters
        ----------
        kept
            The faces, ascending; they are numbered in this order, all others become -1.

        Returns
        -------
        arcs
            Those that have another face on the left than on the right.
        """
        number = np.full(self.face_count + 1, -1, np.int32)
        number[kept] = np.arange(len(kept))
        left, right = number[self.left], number[self.right]
        keep = np.flatnonzero(left != right)
        size = self.lines.size[keep]
        offsets = offsets_of(size)
        _, ends = np.unique(self.node.reshape(-1, 2)[keep], return_inverse=True)
        node: NDArray[np.int32] = ends.reshape(-1, 2).astype(np.int32)
        coords = self.coords.take(ranges(self.lines.offsets[keep], size), axis=0)
        return Arcs(coords, offsets, left[keep], right[keep], node[:, 0], node[:, 1])

    @cached_property
    def seam(self) -> Seam:  # numpydoc ignore=RT01
        """Where ground meets over longitude 180."""
        return find_seam(self.coords, self.lines.offsets, self.left, self.right)

    @cached_property
    def face_area_km2(self) -> Floats:  # numpydoc ignore=RT01
        """Ground of each face on the ellipsoid; edges are straight in longitude-latitude."""
        terms = ground_km2(self.coords, self.lines.offsets)
        left, right = self.left, self.right
        area = np.zeros(self.face_count + 1)
        np.add.at(area, left, terms)
        np.subtract.at(area, right, terms)
        return area[:-1]

    @cached_property
    def arc_km(self) -> Floats:  # numpydoc ignore=RT01
        """Length of each arc on the ellipsoid; edges are straight in longitude-latitude."""
        return arc_length_km(self.coords, self.lines.offsets)

    @cached_property
    def arc_degrees(self) -> Floats:  # numpydoc ignore=RT01
        """Length of each arc in degrees, for comparisons only."""
        step = np.hypot(np.diff(self.coords[:, 0]), np.diff(self.coords[:, 1]))
        step = np.append(step, 0.0)
        step[self.lines.offsets[1:] - 1] = 0.0
        return np.add.reduceat(step, self.lines.offsets[:-1])


@dataclass(frozen=True, slots=True)
class Arcs:
    """
    Shared lines: each runs from node to node, with one face on either hand.

    Attributes
    ----------
    coords
        Longitude, latitude of all arcs one after the other, shape (m, 2).
    offsets
        Where each arc begins in `coords`; one more than there are arcs.
    left, right
        Face on that hand, walking along; -1 outside the study area.
    start, end
        Node at that end; a closed arc has the same twice.
    """

    coords: Floats
    offsets: Ints
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[Arcs], faces: Sequence[int]) -> Arcs:
        """
        Return several sets of arcs as one, with faces and nodes numbered on.

        Parameters
        ----------
        parts
            The sets.
        faces
            How many faces each has.

        Returns
        -------
        arcs
            All of them.
        """
        columns: list[list[NDArray[Any]]] = [[] for _ in range(6)]
        points = face = node = 0
        for arcs, count in zip(parts, faces, strict=True):
            left, right = (np.where(f < 0, f, f + face) for f in (arcs.left, arcs.right))
            ends = (arcs.start + node, arcs.end + node)
            parts_of = [arcs.coords, arcs.offsets[:-1] + points, left, right, *ends]
            for k, values in enumerate(parts_of):
                columns[k].append(values)
            points, face = points + len(arcs.coords), face + count
            node += int(max(arcs.start.max(initial=-1), arcs.end.max(initial=-1))) + 1
        columns[0].append(np.zeros((0, 2)))
        columns[1].append(np.array([points], np.int64))
        whole: list[NDArray[Any]] = [np.concatenate(c) if c else np.zeros(0) for c in columns]
        return cls(whole[0], whole[1], *(column.astype(np.int32) for column in whole[2:]))


class SpanningTree:
    """A spanning tree of the faces, rooted outside: what lies behind an arc is one range of it."""

    def __init__(self, count: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> None:
        root = count
        ends = np.stack([left, right]).astype(np.int64)
        ends[ends < 0] = root
        useful = np.flatnonzero(ends[0] != ends[1])
        here = np.concatenate([ends[0, useful], ends[1, useful]])
        there = np.concatenate([ends[1, useful], ends[0, useful]])
        arc = np.concatenate([useful, useful])
        order = np.argsort(here, kind="stable")
        there, arc = there[order], arc[order]
        begin = np.r_[0, np.cumsum(np.bincount(here, minlength=count + 1))]
        self.parent = np.full(count + 1, -1, np.int64)
        self.parent[root] = root
        self.by_arc = np.full(len(left), -1, np.int64)
        levels = [np.array([root])]
        while len(levels[-1]):
            level = levels[-1]
            size = begin[level + 1] - begin[level]
            at = ranges(begin[level], size)
            source = np.repeat(level, size)
            fresh = self.parent[there[at]] < 0
            at, source = at[fresh], source[fresh]
            child, first = np.unique(there[at], return_index=True)
            self.parent[child] = source[first]
            self.by_arc[arc[at[first]]] = child
            levels.append(child)
        # The number is that of the child: what is on the child's hand less the other.
        self.sign = np.where(self.by_arc == ends[0], 1, -1)
        self.count = count
        self._number(levels)

    def _number(self, levels: list[Ints]) -> None:
        """Pre-order positions, so that a subtree is a range."""
        self.size = np.ones(len(self.parent), np.int64)
        for level in reversed(levels[1:]):
            np.add.at(self.size, self.parent[level], self.size[level])
        self.position = np.zeros(len(self.parent), np.int64)
        for level in levels[1:]:
            level = level[np.argsort(self.parent[level], kind="stable")]
            if not len(level):
                continue
            up, size = self.parent[level], self.size[level]
            before = np.cumsum(size) - size
            first = np.flatnonzero(starts(up))
            runs = np.diff(np.append(first, len(level)))
            self.position[level] = self.position[up] + 1 + before - np.repeat(before[first], runs)
        # The root is no face: it would stand at 0.
        self.position -= 1

    def add(self, steps: Ints, arc: Ints, changes: Sequence[NDArray[np.integer]]) -> None:
        """Enter changes across arcs into the steps between neighbours in pre-order, a row each."""
        child = self.by_arc[arc]
        told = np.flatnonzero(child >= 0)
        child, sign = child[told], self.sign[arc[told]]
        begin = self.position[child]
        end = begin + self.size[child]
        for row, change in zip(steps, changes, strict=True):
            value = sign * change[told]
            np.add.at(row, begin, value)
            np.subtract.at(row, end, value)

    def total(self, steps: Ints) -> Ints:
        """Sum of the changes on the way from the outside to each face, a row each."""
        total: Ints = np.cumsum(steps[:, :-1], axis=1)[:, self.position[:-1]]
        return total
