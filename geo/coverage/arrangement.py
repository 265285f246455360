"""
The arrangement of segments: what polygons cover of its faces, and their ground drawn.

What a polygon covers is told without any geometry: its border says by how much the cover changes
from the right to the left of an arc, and a spanning tree of the faces adds that up.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import grid
from geo.coverage.extending import edges_near
from geo.coverage.faces import Faces, SpanningTree
from geo.coverage.lines import chains, components, cycles, join, last_of_run, least_of_loops, walk
from geo.coverage.noding import Lines, Segments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from geo.coverage.edges import DirectedBorders
    from geo.coverage.grid import Ints


class Arrangement(Faces):
    """
    Segments noded together: faces that never split, and the arcs that they share.

    Made by `arrange`. It tells what polygons cover and draws them; see `Faces` for the attributes.
    """

    pieces: tuple[Ints, Ints, Ints] | None = None
    """For each segment the arcs that begin with a piece of it, and in which direction."""

    @cached_property
    def _face_boxes(self) -> shapely.STRtree:
        boxes = np.repeat(self.lines.boxes() / grid.PER_DEGREE, 2, axis=0)
        kept = self.face >= 0
        order = np.argsort(self.face[kept], kind="stable")
        boxes, begin = boxes[kept][order], np.flatnonzero(grid.starts(self.face[kept][order]))
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
        used = grid.uniques(face)
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
        alone[by_start] = grid.starts(from_here) & last_of_run(from_here)
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
        return order, np.cumsum(grid.starts(head[order])) - 1

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

    @cached_property
    def _tree(self) -> SpanningTree:
        return SpanningTree(self.face_count, self.left, self.right)

    def borders(self, which: DirectedBorders) -> tuple[Ints, Ints, NDArray[np.int8]]:
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
        at = grid.ranges(offsets[segment], count[segment])
        entry = np.repeat(entry, count[segment])
        sign = which.sign[entry] * way[at]
        shape = np.searchsorted(which.offsets, entry, side="right") - 1
        # A border that runs both ways along an arc ends at neither side of it.
        arcs = max(len(self.lines.size), 1)
        key = shape * arcs + arc[at]
        order = np.argsort(key, kind="stable")
        key, begin = key[order], np.flatnonzero(grid.starts(key[order]))
        total = np.add.reduceat(sign[order], begin) if len(begin) else sign
        key = key[begin][total != 0]
        offsets = np.searchsorted(key // arcs, np.arange(len(which.offsets))).astype(np.int64)
        return offsets, key % arcs, total[total != 0].astype(np.int8)

    def _pieces(self, segment: Ints) -> tuple[Ints, Ints, Ints]:
        """`pieces` of some segments, by looking for them near by."""
        chain = self.segments.chain(segment)
        start, end, owner = chain.edges(np.arange(len(segment)))
        arcs = np.arange(len(self.lines.size))
        if 4 * len(segment) < len(self.segments.low):
            arcs = np.flatnonzero(grid.close(self.lines.boxes(), chain.boxes()))
        at = self.lines.offsets[arcs]
        one, two = self.lines.key[at], self.lines.key[at + 1]
        u, v = np.concatenate([one, start]), np.concatenate([two, end])
        _, pair = grid.distinct(np.minimum(u, v), np.maximum(u, v))
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
        begin = np.flatnonzero(grid.starts(ring))
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
        fresh = grid.starts(node)
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
        ring = np.cumsum(grid.starts(head)) - 1
        half, ring = self._split_pinched(half, ring)
        sign = np.where(half & 1, -1, 1)
        area = np.zeros(int(ring[-1]) + 1 if len(ring) else 0, np.int64)
        np.add.at(area, ring, sign * self.twice[half >> 1])
        return half, ring, area

    def _split_pinched(self, half: Ints, ring: Ints) -> tuple[Ints, Ints]:
        """Cut rings that come back to a node into rings that do not."""
        key = np.sort(ring * self.node_count + self.node[half])
        pinched = grid.uniques(key[1:][key[1:] == key[:-1]] // self.node_count)
        if not len(pinched):
            return half, ring
        kept = ~np.isin(ring, pinched)
        loops = [loop for r in pinched for loop in self._loops(half[ring == r].tolist())]
        fresh = np.repeat(np.arange(len(loops)), [len(loop) for loop in loops])
        count = int(ring[-1]) + 1
        half = np.concatenate([half[kept], np.array([h for loop in loops for h in loop], np.int64)])
        ring = np.concatenate([ring[kept], fresh + count])
        return half, np.cumsum(grid.starts(ring)) - 1

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

    def ground_parts(self, labels: NDArray[np.integer]) -> Ints:
        """
        Return the connected parts of equal label on the ground, where longitude 180 parts nothing.

        Parameters
        ----------
        labels
            One whole number a face; faces of a negative one stay alone.

        Returns
        -------
        part
            For each face the least face that it hangs together with.
        """
        seam = self.seam
        over = (labels[seam.west] == labels[seam.east]) & (labels[seam.west] >= 0)
        if not over.any():
            return self.parts(labels)
        part = self.parts(labels)
        joined = components(self.face_count, part[seam.west[over]], part[seam.east[over]])
        return joined[part]

    def _linear_rings(self, half: Ints, ring: Ints, order: Ints) -> NDArray[np.object_]:
        """Rings in the given order, in longitude, latitude."""
        size = np.bincount(ring, minlength=len(order))
        begin = np.cumsum(size) - size
        half = half[grid.ranges(begin[order], size[order])]
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
        length = self.arc_degrees
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
            begin = np.flatnonzero(grid.starts(face, label))
            total = np.add.reduceat(size, begin)
            order = np.lexsort([label[begin], -total, face[begin]])
            chosen = begin[order]
            fresh = grid.starts(face[chosen])
            labels[face[chosen][fresh]] = label[chosen][fresh]

    def extended(self, which: DirectedBorders) -> tuple[Arrangement, Ints]:
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
        near = np.flatnonzero(grid.close(self.segments.boxes(), fresh))
        grown = self.segments.with_more(low, high, near)
        touched = grid.close(self.lines.boxes(), fresh)
        edges = edges_near(self, grown, low, high, near, touched)
        quiet = np.flatnonzero(~touched)
        step = self.left.astype(np.int64) - self.right
        kept = self.lines.key[grid.ranges(self.lines.offsets[quiet], self.lines.size[quiet])]
        lines = Lines(
            np.append(kept, edges[0]),
            grid.offsets_of(np.append(self.lines.size[quiet], np.full(len(edges[1]), 2))),
        )
        joined = join(lines)
        arrangement = Arrangement(grown, joined.arcs)
        jumps = np.zeros(len(joined.arcs.size), np.int64)
        change = np.concatenate([step[quiet], edges[1]]) * joined.sign
        jumps[joined.arc[joined.first]] = change[joined.first]
        # What changes from face to face is the number of the face before.
        return arrangement, arrangement.cover(np.arange(len(jumps)), jumps) - 1


def arrange(which: DirectedBorders) -> Arrangement:
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
    first, piece = grid.merged(np.where(up, start, end), np.where(up, end, start))
    u, v = start[first], end[first]
    both = np.stack([np.minimum(u, v), np.maximum(u, v)], axis=1).ravel()
    joined = join(Lines(both, np.arange(len(first) + 1) * 2))
    arrangement = Arrangement(segments, joined.arcs)
    told = joined.first[piece]
    count = np.bincount(owner[told], minlength=len(which.low))
    offsets = grid.offsets_of(count)
    way = joined.sign[piece] * np.where(up, 1, -1)
    arrangement.pieces = offsets, joined.arc[piece][told], way[told]
    return arrangement
