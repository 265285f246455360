"""Polygons as directed segments on the grid, their ground on the left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.coverage import grid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geo.coverage.grid import Bools, Ints


@dataclass(frozen=True, slots=True)
class DirectedBorders:
    """
    Polygons as directed grid segments, their ground on the left.

    Attributes
    ----------
    low, high
        Packed ends of each distinct segment, lower end first, in order.
    offsets
        Where each polygon begins in `segment`.
    segment
        Index of a distinct segment.
    sign
        1 where the polygon runs it from low to high, else -1.
    """

    low: Ints
    high: Ints
    offsets: Ints
    segment: NDArray[np.int32]
    sign: NDArray[np.int8]

    def take(self, which: Ints) -> DirectedBorders:
        """
        Return some of the polygons, with only their segments.

        Parameters
        ----------
        which
            Numbers of polygons.

        Returns
        -------
        shapes
            In the order given.
        """
        count = np.diff(self.offsets)[which]
        at = grid.ranges(self.offsets[which], count)
        used = np.zeros(len(self.low), bool)
        used[self.segment[at]] = True
        number = np.cumsum(used, dtype=np.int32) - np.int32(1)
        offsets = grid.offsets_of(count)
        return DirectedBorders(
            self.low[used], self.high[used], offsets, number[self.segment[at]], self.sign[at]
        )

    def net(self, group: Ints, factor: Ints, known: Bools) -> DirectedBorders:
        """
        Return the polygons without known segments that cancel out.

        Parameters
        ----------
        group
            A number for each polygon.
        factor
            How often each polygon counts, negative where it is taken away.
        known
            Which of the distinct segments may be left out.

        Returns
        -------
        shapes
            In the order given. A segment is gone where the polygons of a group together run it as
            often from low to high as from high to low.
        """
        owner = np.repeat(np.arange(len(group)), np.diff(self.offsets))
        segment = self.segment.astype(np.int64)
        first, pair = grid.distinct(group[owner], segment)
        runs = np.bincount(pair, factor[owner] * self.sign, minlength=len(first))
        kept = np.flatnonzero((runs[pair] != 0) | ~known[segment])
        count = np.bincount(owner[kept], minlength=len(group))
        left = DirectedBorders(
            self.low, self.high, grid.offsets_of(count), self.segment[kept], self.sign[kept]
        )
        return left.take(np.arange(len(group)))


def trace_borders(geometries: Sequence[shapely.Geometry] | NDArray[np.object_]) -> DirectedBorders:
    """
    Return polygons as directed segments on the grid.

    Parameters
    ----------
    geometries
        Polygons and MultiPolygons, longitude, latitude; wound either way.

    Returns
    -------
    shapes
        In the order given. Segments of no length on the grid are gone.
    """
    many = np.empty(len(geometries), dtype=object)
    many[:] = geometries
    lows, highs, indices, signs, counts = zip(
        *run_abreast(_told_apart, _batches(many)), strict=True
    )
    low, high = np.concatenate(lows), np.concatenate(highs)
    first, inverse = grid.merged(low, high)
    number = inverse.astype(np.int32)
    parts = np.split(number, np.cumsum([len(some) for some in lows])[:-1])
    segment = np.concatenate([part[some] for part, some in zip(parts, indices, strict=True)])
    offsets = grid.offsets_of(np.concatenate(counts))
    return DirectedBorders(low[first], high[first], offsets, segment, np.concatenate(signs))


def _told_apart(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints, NDArray[np.int8], Ints]:
    """Distinct segments of some polygons; which each is, and which way; how many are whose."""
    start, end, count = _directed(many)
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, index = grid.distinct(low, high)
    return low[first], high[first], index, np.where(up, 1, -1).astype(np.int8), count


def run_abreast(call: Callable[[Any], Any], many: Sequence[Any]) -> list[Any]:
    """What comes of each, two at a time: the library lets go of the interpreter."""
    if len(many) < 2:
        return [call(one) for one in many]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(call, many))


_BATCH = 1 << 16


def _batches(many: NDArray[np.object_]) -> list[NDArray[np.object_]]:
    """Batches that stay in the processor's cache; layers of one another repeat within a batch."""
    if not len(many):
        return [many]
    sizes = np.cumsum(shapely.get_num_coordinates(many))
    return np.split(
        many, grid.uniques(np.searchsorted(sizes, np.arange(_BATCH, sizes[-1], _BATCH)))
    )


def _directed(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints]:
    """Packed start and end of each ring's segments, ground on the left; and how many are whose."""
    parts, part_owner = shapely.get_parts(many, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    full = ~shapely.is_empty(rings)
    rings, ring_part = rings[full], ring_part[full]
    if not len(rings):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(len(many), np.int64)
    lonlat = shapely.get_coordinates(rings)
    count = shapely.get_num_coordinates(rings).astype(np.int64)
    begin, last = np.cumsum(count) - count, np.cumsum(count) - 1
    # Adding one half and cutting off rounds positive numbers; the bias makes all of them positive.
    x, y = ((lonlat[:, k] * grid.PER_DEGREE + (grid.BIAS + 0.5)).astype(np.int64) for k in (0, 1))
    key = (x << 32) | y
    # Sums wrap round modulo 2**64; the area of a ring fits, so it comes out exact.
    cross = np.zeros(len(key), np.int64)
    np.multiply(x[:-1], y[1:], out=cross[:-1])
    cross[:-1] -= x[1:] * y[:-1]
    cross[last] = 0
    hole = np.zeros(len(rings), bool)
    hole[1:] = ring_part[1:] == ring_part[:-1]
    turn = (np.add.reduceat(cross, begin) > 0) == hole
    keep = np.zeros(len(key), bool)
    keep[:-1] = key[1:] != key[:-1]
    keep[last] = False
    at = np.flatnonzero(keep)
    start, end = key[at], key[at + 1]
    kept = np.add.reduceat(keep, begin, dtype=np.int64)
    if turn.any():
        flip = np.repeat(turn, kept)
        start, end = np.where(flip, end, start), np.where(flip, start, end)
    counts = np.bincount(part_owner[ring_part], kept, len(many)).astype(np.int64)
    return start, end, counts


@dataclass(frozen=True, slots=True)
class BorderEdges:
    """
    Directed segments of the polygons of a layer, each with the one that runs the other way.

    Attributes
    ----------
    start, end
        Packed ends of each segment, ground on the left.
    owner
        The polygon that it is of.
    twin
        The segment that runs from `end` to `start`; -1 where there is none, or more than one.
    """

    start: Ints
    end: Ints
    owner: Ints
    twin: Ints

    @classmethod
    def of(cls, geometries: Sequence[shapely.Geometry] | NDArray[np.object_]) -> BorderEdges:
        """
        Return the segments of some polygons.

        Parameters
        ----------
        geometries
            Polygons and MultiPolygons, longitude, latitude; wound either way.

        Returns
        -------
        edges
            Those of no length on the grid are gone.
        """
        many = np.empty(len(geometries), dtype=object)
        many[:] = geometries
        found = run_abreast(_hashed, _batches(many))
        start, end, counts, hashed = map(np.concatenate, zip(*found, strict=True))
        owner = np.repeat(np.arange(len(many)), counts)
        twin = np.full(len(start), -1, np.int64)
        upper = hashed >= np.uint64(1 << 63)

        def match(which: Ints) -> None:
            one, other = _pairs(hashed, which)
            opposite = (start[one] == end[other]) & (end[one] == start[other])
            one, other = one[opposite], other[opposite]
            twin[one], twin[other] = other, one

        if len(start) < _FEW:
            match(np.arange(len(start)))
            return cls(start, end, owner, twin)
        # Segments of one hash stand in one half.
        run_abreast(match, (np.flatnonzero(upper), np.flatnonzero(~upper)))
        return cls(start, end, owner, twin)


def _hashed(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints, NDArray[np.uint64]]:
    """What `_directed` returns, and a hash of each segment that is the same both ways."""
    start, end, count = _directed(many)
    return start, end, count, grid.mix_pairs(np.minimum(start, end), np.maximum(start, end))


_FEW = 1 << 15
"""Fewer segments are done before a thread has begun."""


def _pairs(hashed: NDArray[np.uint64], which: Ints) -> tuple[Ints, Ints]:
    """Of some numbers, those two and two of which have a hash that no third has."""
    word, number = grid.sort_by_hash(hashed[which], which.astype(np.uint64))
    fresh = grid.starts(word)
    # Runs of just two, as most segments of a sound layer are.
    two = fresh[:-1] & ~fresh[1:] & np.append(fresh[2:], True)[: max(len(word) - 1, 0)]
    return number[:-1][two], number[1:][two]


def directed_borders(start: Ints, end: Ints, offsets: Ints) -> DirectedBorders:
    """
    Return polygons given by their directed segments.

    Parameters
    ----------
    start, end
        Packed ends of each segment, ground on the left.
    offsets
        Where each polygon begins.

    Returns
    -------
    shapes
        The polygons; segments of no length are gone.
    """
    keep = start != end
    offsets = grid.offsets_of(keep)[offsets]
    start, end = start[keep], end[keep]
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, inverse = grid.distinct(low, high)
    sign = np.where(up, 1, -1).astype(np.int8)
    return DirectedBorders(low[first], high[first], offsets, inverse.astype(np.int32), sign)
