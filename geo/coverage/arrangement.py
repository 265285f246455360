"""
The arrangement of segments: faces that never split, and the arcs that they share.

Private to `geo.coverage.topology`, which names what is public. Arcs are lines of
`geo.coverage.lines`; faces are traced on their left, and a spanning tree of the faces
tells what lies behind an arc.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.coverage.lines import chains, components, cycles, join, last_of_run, least_of_loops, walk
from geo.coverage.noding import (
    PER_DEGREE,
    Lines,
    Segments,
    Shapes,
    close,
    distinct,
    merged,
    ranges,
    starts,
    uniques,
    unpack,
)
from geo.crs import arc_length_km, ground_km2

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


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


class Arrangement:
    """
    Segments noded together: faces that never split, and the arcs that they share.

    Made by `arrange`. Arcs and faces are numbered in an order that depends on
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

    # ------------------------------------------------------------ faces

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
        self.node_begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(degree)])
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
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
        _, ends = np.unique(self.node.reshape(-1, 2)[keep], return_inverse=True)
        node: NDArray[np.int32] = ends.reshape(-1, 2).astype(np.int32)
        coords = self.coords.take(ranges(self.lines.offsets[keep], size), axis=0)
        return Arcs(coords, offsets, left[keep], right[keep], node[:, 0], node[:, 1])

    @cached_property
    def _face_boxes(self) -> shapely.STRtree:
        boxes = np.repeat(self.lines.boxes() / PER_DEGREE, 2, axis=0)
        kept = self.face >= 0
        order = np.argsort(self.face[kept], kind="stable")
        boxes, begin = boxes[kept][order], np.flatnonzero(starts(self.face[kept][order]))
        if not len(begin):
            return shapely.STRtree([])
        low = np.minimum.reduceat(boxes[:, :2], begin)
        high = np.maximum.reduceat(boxes[:, 2:], begin)
        return shapely.STRtree(np.asarray(shapely.box(*low.T, *high.T)))

    @cached_property
    def _face_polygons(self) -> NDArray[np.object_]:
        """Each face as a polygon, as far as one was asked for."""
        return np.full(self.face_count, None, dtype=object)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> Ints:
        """
        Return in which face positions lie.

        Parameters
        ----------
        lon, lat
            Degrees.

        Returns
        -------
        face
            -1 outside; on a border the lowest number of the faces there.
        """
        lon, lat = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        point, face = self._face_boxes.query(shapely.points(lon, lat))
        drawn = self._face_polygons
        used = uniques(face)
        missing = used[shapely.is_missing(drawn[used])]
        if len(missing):
            labels = np.full(self.face_count, -1, np.int64)
            labels[missing] = missing
            drawn[missing] = self.dissolve(labels)[1]
            shapely.prepare(drawn[missing])
        inside = shapely.intersects_xy(drawn[face], lon[point], lat[point])
        found = np.full(len(lon), self.face_count, np.int64)
        np.minimum.at(found, point[inside], face[inside])
        return np.where(found == self.face_count, -1, found)

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

    # ------------------------------------------------------------ lines

    def strands(self, half: Ints, kind: Ints, shade: Ints) -> tuple[Ints, Ints]:
        """
        Chain half-arcs into the longest lines.

        Parameters
        ----------
        half
            The half-arcs, each at most once and none with its twin.
        kind
            Only half-arcs of one kind are chained, and only at nodes where just one of that kind
            ends and one begins.
        shade
            A line changes its shade nowhere: it ends there.

        Returns
        -------
        order, strand
            Places in `half` in order along the lines, and the number of the line of each.
        """
        if not len(half):
            return half, half
        kinds = int(kind.max()) + 1
        start, end = self.node[half] * kinds + kind, self.node[half ^ 1] * kinds + kind
        by_start, by_end = np.argsort(start), np.argsort(end)
        from_here, to_here = start[by_start], end[by_end]
        alone = np.empty(len(half), bool)
        alone[by_start] = starts(from_here) & last_of_run(from_here)
        at = np.minimum(np.searchsorted(to_here, start), len(half) - 1)
        only = to_here[at] == start
        only &= (at + 1 == len(half)) | (to_here[np.minimum(at + 1, len(half) - 1)] != start)
        here, before = np.arange(len(half)), by_end[at]
        joins = alone & only & (before != here) & (shade[before] == shade)
        pred = np.where(joins, before, here)
        head, rank, looped = chains(pred)
        if len(looped):
            # A closed line begins at its least node.
            least = least_of_loops(pred, self.node[half], looped)
            first = looped[np.isin(self.node[half[looped]], least)]
            pred[first] = first
            head, rank, _ = chains(pred)
        order = np.lexsort([rank, head])
        return order, np.cumsum(starts(head[order])) - 1

    def linestrings(self, half: Ints, strand: Ints) -> NDArray[np.object_]:
        """
        Return chains of half-arcs as lines.

        Parameters
        ----------
        half, strand
            Half-arcs in order along the lines, and the number of the line of each.

        Returns
        -------
        lines
            One LineString a strand, longitude, latitude.
        """
        last = last_of_run(strand)
        # Several times as fast as indexing rows.
        lonlat = self.coords.take(walk(self.lines, half, last), axis=0)
        number = np.repeat(strand, self.lines.size[half >> 1] - 1 + last)
        return np.asarray(shapely.linestrings(lonlat, indices=number))

    # ------------------------------------------------------------ what polygons cover

    @cached_property
    def _tree(self) -> _Tree:
        return _Tree(self.face_count, self.left, self.right)

    def borders(self, which: Shapes) -> tuple[Ints, Ints, NDArray[np.int8]]:
        """
        Return along which arcs polygons end.

        Parameters
        ----------
        which
            Shapes whose segments are among those that the arrangement was made from.

        Returns
        -------
        offsets, arc, sign
            For each polygon its arcs; sign is 1 where its ground lies on their left, else -1.
        """
        known = self.pieces if which.low is self.segments.low else None
        offsets, arc, way = known or self._pieces(self.segments.find(which.low, which.high))
        # Of each segment only the pieces count that begin an arc, so that an arc counts once.
        count = np.diff(offsets)
        entry = np.flatnonzero(count[which.segment] > 0)
        segment = which.segment[entry]
        at = ranges(offsets[segment], count[segment])
        entry = np.repeat(entry, count[segment])
        sign = which.sign[entry] * way[at]
        shape = np.searchsorted(which.offsets, entry, side="right") - 1
        # A border that runs both ways along an arc ends at neither side of it.
        arcs = max(len(self.lines.size), 1)
        key = shape * arcs + arc[at]
        order = np.argsort(key, kind="stable")
        key, begin = key[order], np.flatnonzero(starts(key[order]))
        total = np.add.reduceat(sign[order], begin) if len(begin) else sign
        key = key[begin][total != 0]
        offsets = np.searchsorted(key // arcs, np.arange(len(which.offsets))).astype(np.int64)
        return offsets, key % arcs, total[total != 0].astype(np.int8)

    pieces: tuple[Ints, Ints, Ints] | None = None
    """For each segment the arcs that begin with a piece of it, and in which direction."""

    def _pieces(self, segment: Ints) -> tuple[Ints, Ints, Ints]:
        """`pieces` of some segments, by looking for them near by."""
        chain = self.segments.chain(segment)
        start, end, owner = chain.edges(np.arange(len(segment)))
        arcs = np.arange(len(self.lines.size))
        if 4 * len(segment) < len(self.segments.low):
            arcs = np.flatnonzero(close(self.lines.boxes(), chain.boxes()))
        at = self.lines.offsets[arcs]
        one, two = self.lines.key[at], self.lines.key[at + 1]
        u, v = np.concatenate([one, start]), np.concatenate([two, end])
        _, pair = distinct(np.minimum(u, v), np.maximum(u, v))
        known = np.full(int(pair.max(initial=0)) + 1, -1, np.int64)
        known[pair[: len(arcs)]] = arcs
        forward = np.zeros(len(known), bool)
        forward[pair[: len(arcs)]] = one < two
        arc = known[pair[len(arcs) :]]
        same = (start < end) == forward[pair[len(arcs) :]]
        hit = arc >= 0
        offsets = np.searchsorted(owner[hit], np.arange(len(segment) + 1)).astype(np.int64)
        return offsets, arc[hit], np.where(same[hit], 1, -1)

    def cover(self, arc: Ints, change: NDArray[np.integer]) -> Ints:
        """
        Return a whole number for each face from its changes across arcs.

        Parameters
        ----------
        arc
            Arcs across which the number changes; one may stand there more than once.
        change
            Its value on the left of the arc less that on the right.

        Returns
        -------
        cover
            One number a face; the outside has 0.
        """
        steps = np.zeros((1, self.face_count + 1), np.int64)
        self.enter(steps, arc, [change])
        cover: Ints = self.settle(steps)[0]
        return cover

    def enter(self, steps: Ints, arc: Ints, changes: Sequence[NDArray[np.integer]]) -> None:
        """
        Enter changes across arcs into running sums, in place.

        Parameters
        ----------
        steps
            One row a sum and one column more than there are faces; zeros at first.
        arc
            Arcs across which the numbers change.
        changes
            For each sum the change across each of the arcs, as for `cover`.
        """
        self._tree.add(steps, arc, changes)

    def settle(self, steps: Ints) -> Ints:
        """
        Return the numbers that running sums stand for.

        Parameters
        ----------
        steps
            What `enter` was given.

        Returns
        -------
        cover
            One row a sum and one number a face, as from `cover`.
        """
        total: Ints = self._tree.total(steps)
        return total

    # ------------------------------------------------------------ polygons

    def dissolve(self, labels: NDArray[np.integer]) -> tuple[Ints, NDArray[np.object_]]:
        """
        Return the ground of each label as one polygon.

        Parameters
        ----------
        labels
            One whole number a face; negative draws nothing.

        Returns
        -------
        values, polygons
            The labels that occur, ascending, and for each its Polygon or MultiPolygon, valid,
            shells counter-clockwise.
        """
        half, ring, area = self._rings(labels)
        value = np.append(labels, -1)[self.face[half]]
        begin = np.flatnonzero(starts(ring))
        value, shell = value[begin], area > 0
        part = np.arange(len(begin))
        if not shell.all():
            part = self.parts(labels)[self.face[half[begin]]]
        order = np.lexsort([begin, ~shell, part, value])
        polygon = np.cumsum(shell[order]) - 1
        rings = self._linear_rings(half, ring, order)
        polygons = np.asarray(shapely.polygons(rings, indices=polygon))
        values, owner = np.unique(value[order][shell[order]], return_inverse=True)
        whole = np.asarray(shapely.multipolygons(polygons, indices=owner))
        single = np.bincount(owner, minlength=len(values)) == 1
        whole[single] = polygons[np.searchsorted(owner, np.flatnonzero(single))]
        return values, whole

    def _rings(self, labels: NDArray[np.integer]) -> tuple[Ints, Ints, Ints]:
        """Half-arcs in ring order, the number of their ring, and twice the area of each ring."""
        of_face = np.append(labels, -1)
        value = of_face[self.face]
        border = np.repeat(of_face[self.left] != of_face[self.right], 2)
        out = self.order[border[self.order]]
        node = self.node[out]
        j = np.arange(len(out))
        fresh = starts(node)
        previous = j - 1
        previous[fresh] = np.append(j[fresh][1:], len(out)) - 1
        at = np.empty(len(self.face), np.int64)
        at[out] = j
        mine = np.flatnonzero(border & (value >= 0))
        index = np.empty(len(self.face), np.int64)
        index[mine] = np.arange(len(mine))
        following = index[out[previous[at[mine ^ 1]]]]
        head = cycles(following)
        pred = np.empty_like(following)
        pred[following] = np.arange(len(following))
        pred = np.where(head == np.arange(len(head)), head, pred)
        _, rank, _ = chains(pred)
        order = np.lexsort([rank, head])
        half, head = mine[order], head[order]
        ring = np.cumsum(starts(head)) - 1
        half, ring = self._split_pinched(half, ring)
        sign = np.where(half & 1, -1, 1)
        area = np.zeros(int(ring[-1]) + 1 if len(ring) else 0, np.int64)
        np.add.at(area, ring, sign * self.twice[half >> 1])
        return half, ring, area

    def _split_pinched(self, half: Ints, ring: Ints) -> tuple[Ints, Ints]:
        """Cut rings that come back to a node into rings that do not."""
        key = np.sort(ring * self.node_count + self.node[half])
        pinched = uniques(key[1:][key[1:] == key[:-1]] // self.node_count)
        if not len(pinched):
            return half, ring
        kept = ~np.isin(ring, pinched)
        loops = [loop for r in pinched for loop in self._loops(half[ring == r].tolist())]
        fresh = np.repeat(np.arange(len(loops)), [len(loop) for loop in loops])
        count = int(ring[-1]) + 1
        half = np.concatenate([half[kept], np.array([h for loop in loops for h in loop], np.int64)])
        ring = np.concatenate([ring[kept], fresh + count])
        return half, np.cumsum(starts(ring)) - 1

    def _loops(self, path: list[int]) -> Iterator[list[int]]:
        stack: list[int] = []
        seen: dict[int, int] = {}
        for h in path:
            seen[int(self.node[h])] = len(stack)
            stack.append(h)
            again = seen.get(int(self.node[h ^ 1]))
            if again is not None:
                yield stack[again:]
                for gone in stack[again:]:
                    seen.pop(int(self.node[gone]), None)
                del stack[again:]

    def parts(self, labels: NDArray[np.integer]) -> Ints:
        """
        Return the connected parts of equal label.

        Parameters
        ----------
        labels
            One whole number a face; faces of a negative one stay alone.

        Returns
        -------
        part
            For each face the least face that it hangs together with across arcs.
        """
        left, right = self.left, self.right
        value = np.append(labels, -1)
        same = (value[left] == value[right]) & (value[left] >= 0)
        return components(self.face_count, left[same], right[same])

    def _linear_rings(self, half: Ints, ring: Ints, order: Ints) -> NDArray[np.object_]:
        """Rings in the given order, in longitude, latitude."""
        size = np.bincount(ring, minlength=len(order))
        begin = np.cumsum(size) - size
        half = half[ranges(begin[order], size[order])]
        number = np.repeat(np.arange(len(order)), size[order])
        number = np.repeat(number, self.lines.size[half >> 1] - 1)
        return np.asarray(
            shapely.linearrings(self.coords.take(walk(self.lines, half), axis=0), indices=number)
        )

    def spread(self, labels: NDArray[np.int32], wanted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """
        Fill faces without a label from the neighbour along the longest border.

        Parameters
        ----------
        labels
            One a face; negative is none.
        wanted
            The faces to fill.

        Returns
        -------
        labels
            A copy, filled.
        """
        labels = np.append(labels, np.int32(-1))
        left, right = self.left, self.right
        length = self._arc_degrees
        while True:
            empty = np.append(wanted, False) & (labels < 0)
            pairs = [(a, b) for a, b in ((left, right), (right, left))]
            at = [np.flatnonzero(empty[a] & (labels[b] >= 0)) for a, b in pairs]
            face = np.concatenate([a[k] for (a, _), k in zip(pairs, at, strict=True)])
            if not len(face):
                return labels[:-1]
            label = np.concatenate([labels[b[k]] for (_, b), k in zip(pairs, at, strict=True)])
            size = np.concatenate([length[k] for k in at])
            order = np.lexsort([label, face])
            face, label, size = face[order], label[order], size[order]
            begin = np.flatnonzero(starts(face, label))
            total = np.add.reduceat(size, begin)
            order = np.lexsort([label[begin], -total, face[begin]])
            chosen = begin[order]
            fresh = starts(face[chosen])
            labels[face[chosen][fresh]] = label[chosen][fresh]

    @cached_property
    def _arc_degrees(self) -> Floats:
        step = np.hypot(np.diff(self.coords[:, 0]), np.diff(self.coords[:, 1]))
        step = np.append(step, 0.0)
        step[self.lines.offsets[1:] - 1] = 0.0
        return np.add.reduceat(step, self.lines.offsets[:-1])

    # ------------------------------------------------------------ more segments

    def extended(self, which: Shapes) -> tuple[Arrangement, Ints]:
        """
        Return the arrangement with the segments of more polygons.

        Parameters
        ----------
        which
            The polygons.

        Returns
        -------
        arrangement
            The same as if all segments had been arranged at once.
        inherited
            For each of its faces the face of this one that it came from; -1 for the outside.
        """
        new = np.flatnonzero(self.segments.find(which.low, which.high) < 0)
        if not len(new):
            return self, np.arange(self.face_count)
        low, high = which.low[new], which.high[new]
        fresh = Segments(low, high, low[:0], low[:0]).boxes()
        near = np.flatnonzero(close(self.segments.boxes(), fresh))
        grown = self.segments.with_more(low, high, near)
        touched = close(self.lines.boxes(), fresh)
        edges = self._edges_near(grown, low, high, near, touched)
        quiet = np.flatnonzero(~touched)
        step = self.left.astype(np.int64) - self.right
        lines = Lines(
            np.concatenate(
                [
                    self.lines.key[ranges(self.lines.offsets[quiet], self.lines.size[quiet])],
                    edges[0],
                ]
            ),
            np.concatenate(
                [
                    np.zeros(1, np.int64),
                    np.cumsum(np.append(self.lines.size[quiet], np.full(len(edges[1]), 2))),
                ]
            ),
        )
        joined = join(lines)
        arrangement = Arrangement(grown, joined.arcs)
        jumps = np.zeros(len(joined.arcs.size), np.int64)
        change = np.concatenate([step[quiet], edges[1]]) * joined.sign
        jumps[joined.arc[joined.first]] = change[joined.first]
        # What changes from face to face is the number of the face before.
        return arrangement, arrangement.cover(np.arange(len(jumps)), jumps) - 1

    def _edges_near(
        self, grown: Segments, low: Ints, high: Ints, near: Ints, touched: Bools
    ) -> tuple[Ints, Ints]:
        """
        Ends of the edges that arcs near new segments fall apart into, and the step across each.

        The step is the number of the old face on the left less that on the right.
        """
        start, end, arc = self.lines.edges(np.flatnonzero(touched))
        before = self.segments.chain(near)
        after = grown.chain(grown.find(self.segments.low[near], self.segments.high[near]))
        whole, pieces, same = replaced_edges(before, after)
        added = grown.chain(grown.find(low, high)).edges(np.arange(len(low)))
        groups = [(start, end), pieces[:2], added[:2], whole, same]
        u, v = (np.concatenate([group[k] for group in groups]) for k in (0, 1))
        up = u < v
        first, pair = distinct(np.where(up, u, v), np.where(up, v, u))
        ends = np.cumsum([len(group[0]) for group in groups])
        old, piece, plus, split, kept = np.split(np.arange(len(u)), ends[:-1])
        step = np.zeros(len(first), np.int64)
        step[pair[old]] = (self.face[2 * arc].astype(np.int64) - self.face[2 * arc + 1]) * (
            2 * up[old] - 1
        )
        there, stays = np.zeros(len(first), bool), np.zeros(len(first), bool)
        there[pair[old]] = True
        stays[pair[np.concatenate([piece, plus])]] = True
        there |= stays
        stays[pair[kept]] = True
        # An edge that is split further hands its step to its pieces; where two segments ran along
        # it, to those of the first.
        parent = pair[split][pieces[2]]
        taker = np.full(len(first), len(u), np.int64)
        np.minimum.at(taker, pair[split], np.arange(len(split)))
        heir = np.flatnonzero((taker[parent] == pieces[2]) & ~stays[parent])
        turned = up[piece[heir]] != up[split[pieces[2][heir]]]
        # Both are given from low to high; a piece keeps the direction along its segment.
        share = np.where(turned, -step[parent[heir]], step[parent[heir]])
        gone = uniques(pair[split][~stays[pair[split]]])
        step[gone], there[gone] = 0, False
        np.add.at(step, pair[piece[heir]], share)
        edge = np.flatnonzero(there)
        at = first[edge]
        both = np.stack([np.where(up[at], u[at], v[at]), np.where(up[at], v[at], u[at])], axis=1)
        return both.ravel(), step[edge]


def replaced_edges(
    before: Lines, after: Lines
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints, Ints], tuple[Ints, Ints]]:
    """
    Return what became of the edges of segments that were split further.

    Parameters
    ----------
    before, after
        The same segments, noded by fewer and by more.

    Returns
    -------
    split, pieces, kept
        Ends of the edges that were split; ends of their pieces and which of the edges each was
        part of; ends of the edges that stayed.
    """
    changed = np.flatnonzero(before.size != after.size)
    quiet = after.edges(np.flatnonzero(before.size == after.size))
    old_start, old_end, old_line = before.edges(changed)
    start, end, line = after.edges(changed)
    # The old positions keep their order along a segment, so each piece lies in the last one begun.
    _, same = distinct(np.concatenate([old_line, line]), np.concatenate([old_start, start]))
    parent = np.cumsum(np.isin(same[len(old_line) :], same[: len(old_line)])) - 1
    split = np.bincount(parent, minlength=len(old_start)) > 1
    piece = split[parent]
    return (
        (old_start[split], old_end[split]),
        (start[piece], end[piece], (np.cumsum(split) - 1)[parent[piece]]),
        (np.append(quiet[0], old_start[~split]), np.append(quiet[1], old_end[~split])),
    )


def arrange(which: Shapes) -> Arrangement:
    """
    Node the segments of some polygons together.

    Parameters
    ----------
    which
        The polygons.

    Returns
    -------
    arrangement
        Their faces and arcs.
    """
    segments = Segments.noded(which.low, which.high)
    start, end, owner = segments.edges()
    up = start < end
    first, piece = merged(np.where(up, start, end), np.where(up, end, start))
    u, v = start[first], end[first]
    both = np.stack([np.minimum(u, v), np.maximum(u, v)], axis=1).ravel()
    joined = join(Lines(both, np.arange(len(first) + 1) * 2))
    arrangement = Arrangement(segments, joined.arcs)
    told = joined.first[piece]
    count = np.bincount(owner[told], minlength=len(which.low))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
    way = joined.sign[piece] * np.where(up, 1, -1)
    arrangement.pieces = offsets, joined.arc[piece][told], way[told]
    return arrangement


class _Tree:
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
