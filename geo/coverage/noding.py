"""
The integer grid: packed positions, directed segments, and snap rounding.

Private to `geo.coverage.topology`. Coordinates are whole steps of 1e-6 degrees, so that
every predicate is exact in 64 bits. What a segment becomes depends on nothing
but the set of all segments: more of them may split it further, never else
(Hobby 1999, Computational Geometry 13, 199-214).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.crs import GRID_DEG

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

PER_DEGREE = round(1 / GRID_DEG)
_BIAS = 1 << 28
"""Keeps packed coordinates positive; 180 degrees are 1.8e8 grid steps."""
_LOW = (1 << 32) - 1


def pack(x: Ints, y: Ints) -> Ints:
    """
    Return one whole number a grid position, ordered by x, then y.

    Parameters
    ----------
    x, y
        Grid steps east and north.

    Returns
    -------
    key
        The numbers.
    """
    return ((x + _BIAS) << 32) | (y + _BIAS)


def unpack(key: Ints) -> tuple[Ints, Ints]:
    """
    Return the grid position of each number.

    Parameters
    ----------
    key
        From `pack`.

    Returns
    -------
    x, y
        Grid steps east and north.
    """
    return (key >> 32) - _BIAS, (key & _LOW) - _BIAS


def ranges(begin: Ints, count: Ints) -> Ints:
    """
    Return runs of whole numbers, one after the other.

    Parameters
    ----------
    begin, count
        Where each run begins, and how long it is.

    Returns
    -------
    numbers
        Those of the first run, those of the second, and so on.
    """
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(begin - (ends - count), count) + np.arange(total)


def uniques(values: NDArray[Any]) -> NDArray[Any]:
    """
    Return the distinct values, ascending.

    Parameters
    ----------
    values
        In any order.

    Returns
    -------
    values
        Sorted: np.unique hashes whole numbers since numpy 2.3, which takes several times as long.
    """
    values = np.sort(values)
    return values[starts(values)]


def starts(*columns: NDArray[Any]) -> Bools:
    """
    Return where runs of equal rows begin.

    Parameters
    ----------
    *columns
        Of equal length.

    Returns
    -------
    starts
        True at the first row of each run.
    """
    fresh = np.ones(len(columns[0]), bool)
    if len(fresh):
        fresh[1:] = columns[0][1:] != columns[0][:-1]
        for column in columns[1:]:
            fresh[1:] |= column[1:] != column[:-1]
    return fresh


def distinct(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """
    Return the distinct pairs.

    Parameters
    ----------
    low, high
        The pairs, which may stand there more than once.

    Returns
    -------
    first, inverse
        An index of each distinct pair, in order of the pairs, and for each pair which it is.
    """
    _, order = _sorted_by_hash(_mixed(low, high), np.arange(len(low), dtype=np.uint64))
    fresh = starts(low[order], high[order])
    group = np.cumsum(fresh) - 1
    first = order[fresh]
    rank = _in_order(low[first], high[first])
    again = starts(low[first[rank]], high[first[rank]])
    place = np.empty(len(first), np.int64)
    # Two pairs of one hash may lie mixed up in `order`; then a pair begins more than once.
    place[rank] = np.cumsum(again) - 1
    inverse = np.empty(len(low), np.int64)
    inverse[order] = place[group]
    return first[rank[again]], inverse


def merged(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """
    Return the distinct pairs of pairs that stand in few ascending runs.

    Parameters
    ----------
    low, high
        The pairs.

    Returns
    -------
    first, inverse
        As from `distinct`, which is faster where they stand in no order.
    """
    order = _in_order(low, high, runs=True)
    fresh = starts(low[order], high[order])
    inverse = np.empty(len(low), np.int64)
    inverse[order] = np.cumsum(fresh) - 1
    return order[fresh], inverse


def _in_order(low: Ints, high: Ints, *, runs: bool = False) -> Ints:
    """The order of pairs, as `np.lexsort` gives it, for pairs of which few begin alike."""
    order = np.argsort(low, kind="stable" if runs else "quicksort")
    one = low[order]
    tied = np.zeros(len(one), bool)
    tied[1:] = one[1:] == one[:-1]
    tied[:-1] |= tied[1:]
    at = np.flatnonzero(tied)
    mine, one = order[at], one[at]
    two = high[mine]
    # Neighbours change places until all stand right.
    for _ in range(_TURNS):
        wrong = np.flatnonzero((one[1:] == one[:-1]) & (two[1:] < two[:-1]))
        if not len(wrong):
            order[at] = mine
            return order
        wrong = wrong[starts(wrong - np.arange(len(wrong)))]
        for values in (mine, two):
            values[wrong], values[wrong + 1] = values[wrong + 1], values[wrong]
    return np.lexsort([high, low])


_TURNS = 16
"""Pairs that need more turns than these, since many begin alike, are sorted all at once."""


# ---------------------------------------------------------------- directed segments


@dataclass(frozen=True, slots=True)
class Shapes:
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

    def take(self, which: Ints) -> Shapes:
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
        at = ranges(self.offsets[which], count)
        used = np.zeros(len(self.low), bool)
        used[self.segment[at]] = True
        number = np.cumsum(used, dtype=np.int32) - np.int32(1)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
        return Shapes(
            self.low[used], self.high[used], offsets, number[self.segment[at]], self.sign[at]
        )

    def net(self, group: Ints, factor: Ints, known: Bools) -> Shapes:
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
        first, pair = distinct(group[owner], segment)
        runs = np.bincount(pair, factor[owner] * self.sign, minlength=len(first))
        kept = np.flatnonzero((runs[pair] != 0) | ~known[segment])
        count = np.bincount(owner[kept], minlength=len(group))
        left = Shapes(
            self.low,
            self.high,
            np.concatenate([np.zeros(1, np.int64), np.cumsum(count)]),
            self.segment[kept],
            self.sign[kept],
        )
        return left.take(np.arange(len(group)))


def shapes(geometries: Sequence[shapely.Geometry] | NDArray[np.object_]) -> Shapes:
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
    lows, highs, indices, signs, counts = zip(*_abreast(_told_apart, _batches(many)), strict=True)
    low, high = np.concatenate(lows), np.concatenate(highs)
    first, inverse = merged(low, high)
    number = inverse.astype(np.int32)
    parts = np.split(number, np.cumsum([len(some) for some in lows])[:-1])
    segment = np.concatenate([part[some] for part, some in zip(parts, indices, strict=True)])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))])
    return Shapes(low[first], high[first], offsets, segment, np.concatenate(signs))


def _told_apart(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints, NDArray[np.int8], Ints]:
    """Distinct segments of some polygons; which each is, and which way; how many are whose."""
    start, end, count = _directed(many)
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, index = distinct(low, high)
    return low[first], high[first], index, np.where(up, 1, -1).astype(np.int8), count


def _abreast(call: Callable[[Any], Any], many: Sequence[Any]) -> list[Any]:
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
    return np.split(many, uniques(np.searchsorted(sizes, np.arange(_BATCH, sizes[-1], _BATCH))))


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
    x, y = ((lonlat[:, k] * PER_DEGREE + (_BIAS + 0.5)).astype(np.int64) for k in (0, 1))
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
        found = _abreast(_hashed, _batches(many))
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
        _abreast(match, (np.flatnonzero(upper), np.flatnonzero(~upper)))
        return cls(start, end, owner, twin)


def _hashed(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints, NDArray[np.uint64]]:
    """What `_directed` returns, and a hash of each segment that is the same both ways."""
    start, end, count = _directed(many)
    return start, end, count, _mixed(np.minimum(start, end), np.maximum(start, end))


_FEW = 1 << 15
"""Fewer segments are done before a thread has begun."""


def _pairs(hashed: NDArray[np.uint64], which: Ints) -> tuple[Ints, Ints]:
    """Of some numbers, those two and two of which have a hash that no third has."""
    word, number = _sorted_by_hash(hashed[which], which.astype(np.uint64))
    fresh = starts(word)
    # Runs of just two, as most segments of a sound layer are.
    two = fresh[:-1] & ~fresh[1:] & np.append(fresh[2:], True)[: max(len(word) - 1, 0)]
    return number[:-1][two], number[1:][two]


def _sorted_by_hash(
    hashed: NDArray[np.uint64], number: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], Ints]:
    """The first bits of the hashes, ascending, and the number that each belongs to."""
    # The hash and the number in one word: sorting words is several times as fast as sorting
    # numbers by hash.
    bits = np.uint64(max(int(number.max(initial=0)), 2).bit_length())
    word = (hashed >> bits << bits) | number
    word.sort()
    numbers = (word & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    word >>= bits
    return word, numbers


def _mixed(low: Ints, high: Ints) -> NDArray[np.uint64]:
    """A hash of each pair."""
    mixed = (low.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (
        high.view(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    )
    hashed: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(29))
    return hashed


def directed_shapes(start: Ints, end: Ints, offsets: Ints) -> Shapes:
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
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep)])[offsets]
    start, end = start[keep], end[keep]
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, inverse = distinct(low, high)
    sign = np.where(up, 1, -1).astype(np.int8)
    return Shapes(low[first], high[first], offsets, inverse.astype(np.int32), sign)


# ---------------------------------------------------------------- snap rounding


@dataclass(frozen=True)
class Lines:
    """
    Polylines of packed grid positions.

    Attributes
    ----------
    key
        The positions of all lines, one after the other.
    offsets
        Where each line begins in `key`; one more than there are lines.
    """

    key: Ints
    offsets: Ints

    @cached_property
    def size(self) -> Ints:  # numpydoc ignore=RT01
        """How many positions each line has."""
        return np.diff(self.offsets)

    def edges(self, which: Ints) -> tuple[Ints, Ints, Ints]:
        """
        Return the single segments of some lines.

        Parameters
        ----------
        which
            Numbers of lines.

        Returns
        -------
        start, end, line
            Ends of each segment, in the direction of its line, and the number of that.
        """
        at = ranges(self.offsets[which], self.size[which] - 1)
        return self.key[at], self.key[at + 1], np.repeat(which, self.size[which] - 1)

    def boxes(self) -> Ints:
        """
        Return the box of each line.

        Returns
        -------
        boxes
            West, south, east and north, grid steps.
        """
        x, y = unpack(self.key)
        first = self.offsets[:-1]
        if not len(first):
            return np.zeros((0, 4), np.int64)
        least = [np.minimum.reduceat(v, first) for v in (x, y)]
        return np.stack([*least, *(np.maximum.reduceat(v, first) for v in (x, y))], axis=1)


@dataclass(frozen=True, slots=True)
class Segments:
    """
    Distinct segments and where they are split: the state of snap rounding.

    Attributes
    ----------
    low, high
        Packed ends, lower end first, in order.
    split, split_at
        Which segment is split, and at which position, in order along it.
    """

    low: Ints
    high: Ints
    split: Ints
    split_at: Ints

    @classmethod
    def noded(cls, low: Ints, high: Ints) -> Segments:
        """
        Return segments split where they meet.

        Parameters
        ----------
        low, high
            Packed ends, lower end first, distinct and in order.

        Returns
        -------
        segments
            The same, noded.
        """
        return cls(low, high, *splits(low, high))

    def find(self, low: Ints, high: Ints) -> Ints:
        """
        Return which of the segments some segments are.

        Parameters
        ----------
        low, high
            Packed ends, lower end first.

        Returns
        -------
        index
            -1 for a segment that is not there.
        """
        begin = np.searchsorted(self.low, low, side="left")
        count = np.searchsorted(self.low, low, side="right") - begin
        at, which = ranges(begin, count), np.repeat(np.arange(len(low)), count)
        hit = self.high[at] == high[which]
        index = np.full(len(low), -1, np.int64)
        index[which[hit]] = at[hit]
        return index

    def chain(self, which: Ints) -> Lines:
        """
        Return some segments as they are noded, from low to high.

        Parameters
        ----------
        which
            Numbers of segments.

        Returns
        -------
        lines
            One a segment.
        """
        begin = np.searchsorted(self.split, which, side="left")
        extra = np.searchsorted(self.split, which, side="right") - begin
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(extra + 2)])
        key = np.empty(int(offsets[-1]), np.int64)
        key[offsets[:-1]], key[offsets[1:] - 1] = self.low[which], self.high[which]
        key[ranges(offsets[:-1] + 1, extra)] = self.split_at[ranges(begin, extra)]
        return Lines(key, offsets)

    def edges(self) -> tuple[Ints, Ints, Ints]:
        """
        Return what all segments are split into.

        Returns
        -------
        start, end, segment
            Ends of each piece, from low to high, and the segment that it is of; in order.
        """
        segment = np.repeat(
            np.arange(len(self.low)), 1 + np.bincount(self.split, minlength=len(self.low))
        )
        start, end = self.low[segment], self.high[segment]
        # Before each split lie the pieces of the segments before, and one for each split before.
        at = self.split + np.arange(len(self.split))
        end[at] = start[at + 1] = self.split_at
        return start, end, segment

    def boxes(self) -> Ints:
        """
        Return the box of each segment.

        Returns
        -------
        boxes
            West, south, east and north, grid steps.
        """
        (x1, y1), (x2, y2) = unpack(self.low), unpack(self.high)
        return np.stack([x1, np.minimum(y1, y2), x2, np.maximum(y1, y2)], axis=1)

    def with_more(self, low: Ints, high: Ints, near: Ints) -> Segments:
        """
        Return the segments with some new ones, noded again only near those.

        Parameters
        ----------
        low, high
            The new ones, distinct and in order.
        near
            Numbers of the segments that come near a new one.

        Returns
        -------
        segments
            The same as if all had been noded at once.
        """
        here = np.concatenate([self.low[near], low])
        there = np.concatenate([self.high[near], high])
        order = np.lexsort([there, here])
        split, key = splits(here[order], there[order])
        # Places of the new segments among the old, both in order.
        begin = np.searchsorted(self.low, low, side="left")
        count = np.searchsorted(self.low, low, side="right") - begin
        which = np.repeat(np.arange(len(low)), count)
        less = which[self.high[ranges(begin, count)] < high[which]]
        slot = begin + np.bincount(less, minlength=len(low))
        moved = np.arange(len(self.low)) + np.searchsorted(slot, np.arange(len(self.low)), "right")
        number = np.concatenate([moved[near], slot + np.arange(len(low))])[order]
        # What was split stays split; the new splits join them.
        segment = np.concatenate([moved[self.split], number[split]])
        key = np.concatenate([self.split_at, key])
        first, _ = distinct(segment, key)
        segment, key = segment[first], key[first]
        all_low, all_high = np.insert(self.low, slot, low), np.insert(self.high, slot, high)
        order = np.lexsort([along(all_low[segment], all_high[segment], key), segment])
        return Segments(all_low, all_high, segment[order], key[order])


def splits(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """
    Return where segments must be split.

    Hot pixels are the grid squares that hold an end or a crossing; a segment is
    split at each hot pixel that it passes through.

    Parameters
    ----------
    low, high
        Packed ends, lower end first, distinct and in order.

    Returns
    -------
    segment, key
        Number of a segment and packed position, in order along it.
    """
    if not len(low):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    hot = uniques(np.concatenate([low, high]))
    found = _abreast(partial(_split, low, high, hot), _strips(low, high))
    segment, key = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort([along(low[segment], high[segment], key), segment])
    return segment[order], key[order]


_STRIP = 1 << 14
"""Segments at a time, so that what is known of them stays in the processor's cache."""
_BEYOND = 1 << 30
"""A column east of all; shifted to a packed position, it still fits into 64 bits."""


def _strips(low: Ints, high: Ints) -> list[tuple[Ints, int, int]]:
    """Which segments come near each strip of the plane, and between which columns that lies."""
    edge = uniques(low[_STRIP : len(low) - _STRIP // 2 : _STRIP] >> 32)
    first = np.searchsorted(edge, (low >> 32) - 2, side="right")
    last = np.searchsorted(edge, (high >> 32) + 2, side="right")
    long = np.flatnonzero(first < last)
    if int((last - first)[long].sum()) > len(low):
        return [(np.arange(len(low)), 0, _BEYOND)]
    begin = np.searchsorted(first, np.arange(len(edge) + 2))
    bounds = [0, *edge.tolist(), _BEYOND]
    strips = []
    for k in range(len(edge) + 1):
        reaching = long[(first[long] < k) & (k <= last[long])]
        near = np.concatenate([reaching, np.arange(begin[k], begin[k + 1])])
        strips.append((near, bounds[k], bounds[k + 1]))
    return strips


def _split(low: Ints, high: Ints, hot: Ints, strip: tuple[Ints, int, int]) -> tuple[Ints, Ints]:
    """Where segments are split at the hot pixels of a strip, in no order."""
    near, west, east = strip
    raster = _Raster(low[near], high[near], west - _BIAS, east - _BIAS)
    begin, end = np.searchsorted(hot, [west << 32, east << 32])
    hot = hot[begin:end]
    segment, key = raster.through(hot)
    crossed = raster.crossings()
    crossed = crossed[(crossed >> 32 >= west) & (crossed >> 32 < east)]
    # A crossing in a square that holds an end adds nothing.
    at = np.minimum(np.searchsorted(hot, crossed), len(hot) - 1)
    crossed = crossed[hot[at] != crossed] if len(hot) else crossed
    if len(crossed):
        more, where = raster.through(crossed)
        segment, key = np.concatenate([segment, more]), np.concatenate([key, where])
    return near[segment], key


def along(low: Ints, high: Ints, key: Ints) -> Ints:
    """
    Return how far along segments positions lie.

    Parameters
    ----------
    low, high, key
        Packed ends and packed position.

    Returns
    -------
    along
        In a unit of the segment's own; it ascends from low to high.
    """
    (x1, y1), (x2, y2), (px, py) = unpack(low), unpack(high), unpack(key)
    result: Ints = (px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)
    return result


def side(x1: Ints, y1: Ints, x2: Ints, y2: Ints, px: Ints, py: Ints) -> Ints:
    """
    Return on which hand of lines positions lie; exactly, for all products stay below 2**63.

    Parameters
    ----------
    x1, y1, x2, y2
        Two positions of each line, grid steps.
    px, py
        The positions asked for.

    Returns
    -------
    side
        1 on the left, -1 on the right, 0 on the line.
    """
    turn: Ints = np.sign((x2 - x1) * (py - y1) - (y2 - y1) * (px - x1))
    return turn


class _Raster:
    """Segments in the squares of a raster over a strip, so that only neighbours are compared."""

    def __init__(self, low: Ints, high: Ints, west: int, east: int) -> None:
        self.low, self.high = low, high
        self.x1, self.y1 = unpack(low)
        self.x2, self.y2 = unpack(high)
        self.below = np.minimum(self.y1, self.y2)
        self.above = np.maximum(self.y1, self.y2)
        reach = np.maximum(self.x2 - self.x1, self.above - self.below)
        self.west, self.south = max(int(self.x1.min()), west - 2), int(self.below.min())
        self.east = min(int(self.x2.max()), east + 2)
        width = self.east - self.west + 1
        height = int(self.above.max()) - self.south + 1
        # Squares a bit longer than the mean segment, and not many more squares than segments.
        fewest = (width * height / (4.0 * len(low) + 1024)) ** 0.5
        self.size = max(4.0, float(reach.mean()) * 1.5, fewest)
        self.columns = int(width / self.size) + 3
        self.rows = int(height / self.size) + 3
        self._fill(reach)

    def _fill(self, reach: Ints) -> None:
        # A long segment enters in pieces, so that it fills the squares along it, not its box.
        owner = np.arange(len(reach))
        xa, ya, xb, yb = self.x1, self.y1, self.x2, self.y2
        if reach.max() > 2 * self.size:
            n = np.maximum(1, np.ceil(reach / self.size)).astype(np.int64)
            owner = np.repeat(owner, n)
            k = ranges(np.zeros_like(n), n)
            t1, t2 = k / n[owner], (k + 1) / n[owner]
            dx, dy = (self.x2 - self.x1)[owner], (self.y2 - self.y1)[owner]
            xa, xb = self.x1[owner] + dx * t1, self.x1[owner] + dx * t2
            ya, yb = self.y1[owner] + dy * t1, self.y1[owner] + dy * t2
        inside = (xb + 1 >= self.west) & (xa - 1 <= self.east)
        if not inside.all():
            owner, xa, ya, xb, yb = (v[inside] for v in (owner, xa, ya, xb, yb))
        c1 = self._cell(np.maximum(xa, self.west) - 1, self.west)
        c2 = self._cell(np.minimum(xb, self.east) + 1, self.west)
        r1 = self._cell(np.minimum(ya, yb) - 1, self.south)
        r2 = self._cell(np.maximum(ya, yb) + 1, self.south)
        tall = r2 - r1 + 1
        wide = (c2 - c1 + 1) * tall
        k = ranges(np.zeros_like(wide), wide)
        tall = np.repeat(tall, wide)
        right = k // tall
        # Column by column, as segments are in order from west to east: neighbours in memory.
        cell = (np.repeat(c1, wide) + right) * self.rows + np.repeat(r1, wide) + k - right * tall
        # One sort of one number: the square above, the segment below.
        both = uniques((cell << 31) | np.repeat(owner, wide))
        self.cell, self.segment = both >> 31, both & ((1 << 31) - 1)
        counts = np.bincount(self.cell, minlength=self.columns * self.rows)
        self.begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])

    def _cell(self, value: Floats | Ints, origin: int) -> Ints:
        cell: Ints = ((value - origin) * (1 / self.size) + 1.0).astype(np.int64)
        return cell

    def through(self, keys: Ints) -> tuple[Ints, Ints]:
        """Segments that pass through the pixels of some positions, their own ends left out."""
        px, py = unpack(keys)
        cell = self._cell(px, self.west) * self.rows + self._cell(py, self.south)
        begin = self.begin[cell]
        count = self.begin[cell + 1] - begin
        which = np.repeat(np.arange(len(keys)), count)
        segment = self.segment[ranges(begin, count)]
        px, py = px[which], py[which]
        near = (self.x1[segment] <= px) & (px <= self.x2[segment])
        near &= (self.below[segment] <= py) & (py <= self.above[segment])
        segment, which, px, py = segment[near], which[near], px[near], py[near]
        key = keys[which]
        inner = (key != self.low[segment]) & (key != self.high[segment])
        segment, key = segment[inner], key[inner]
        ends = (self.x1[segment], self.y1[segment], self.x2[segment], self.y2[segment])
        hit = _passes(*ends, px[inner], py[inner])
        return segment[hit], key[hit]

    def crossings(self) -> Ints:
        """Packed pixels of all proper crossings."""
        rank = np.arange(len(self.cell)) - self.begin[self.cell]
        later = (self.begin[self.cell + 1] - self.begin[self.cell]) - rank - 1
        first = np.repeat(np.arange(len(self.cell)), later)
        s = self.segment[first]
        t = self.segment[ranges(np.arange(len(self.cell)) + 1, later)]
        near = (self.x1[s] < self.x2[t]) & (self.x1[t] < self.x2[s])
        s, t = s[near], t[near]
        near = (self.below[s] < self.above[t]) & (self.below[t] < self.above[s])
        return self._meet(s[near], t[near])

    def _meet(self, s: Ints, t: Ints) -> Ints:
        """Packed pixels where s and t cross; s comes before t in order, so they never change."""
        x1, y1, x2, y2 = self.x1, self.y1, self.x2, self.y2
        for _ in range(2):
            one = side(x1[s], y1[s], x2[s], y2[s], x1[t], y1[t])
            apart = one * side(x1[s], y1[s], x2[s], y2[s], x2[t], y2[t]) < 0
            s, t = t[apart], s[apart]
        sx, sy, tx, ty = x2[s] - x1[s], y2[s] - y1[s], x2[t] - x1[t], y2[t] - y1[t]
        over = (x1[t] - x1[s]) * ty - (y1[t] - y1[s]) * tx
        under = sx * ty - sy * tx
        over, under = np.where(under < 0, -over, over), np.abs(under)
        return uniques(pack(x1[s] + _rounded(sx, over, under), y1[s] + _rounded(sy, over, under)))


def _rounded(step: Ints, over: Ints, under: Ints) -> Ints:
    """floor(step * over / under + 1/2), exactly."""
    value = step * (over / np.maximum(under, 1)) + 0.5
    result = np.floor(value).astype(np.int64)
    for i in np.flatnonzero(np.abs(value - np.rint(value)) < 1e-6).tolist():
        below = int(under[i])
        result[i] = (2 * int(step[i]) * int(over[i]) + below) // (2 * below)
    return result


def _passes(x1: Ints, y1: Ints, x2: Ints, y2: Ints, px: Ints, py: Ints) -> Bools:
    """Whether segments pass through pixels, closed at the left and bottom, open else."""
    # Doubled, so that the corners of a pixel are whole numbers.
    x1, y1, x2, y2, px, py = 2 * x1, 2 * y1, 2 * x2, 2 * y2, 2 * px, 2 * py
    corner = side(x1, y1, x2, y2, px - 1, py - 1)
    least, most = corner.copy(), corner.copy()
    for dx, dy in ((1, -1), (-1, 1), (1, 1)):
        other = side(x1, y1, x2, y2, px + dx, py + dy)
        np.minimum(least, other, out=least)
        np.maximum(most, other, out=most)
    hit: Bools = ((least < 0) & (most > 0)) | (corner == 0)
    return hit


def close(boxes: NDArray[Any], others: NDArray[Any]) -> Bools:
    """
    Return whether boxes come near any of some others; true too often, never too seldom.

    Parameters
    ----------
    boxes, others
        West, south, east and north, grid steps, one row a box.

    Returns
    -------
    close
        One answer for each of `boxes`.
    """
    west, south = others[:, 0].min() - 2, others[:, 1].min() - 2
    east, north = others[:, 2].max() + 2, others[:, 3].max() + 2
    near: Bools = (boxes[:, 0] <= east) & (boxes[:, 2] >= west)
    near &= (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    at = np.flatnonzero(near)
    if len(others) == 1 or not len(at):
        return near
    n = 256
    origin, step = np.array([west, south]), np.array([east - west, north - south]) / n

    def cells(corner: NDArray[Any], by: int) -> Ints:
        cell: Ints = np.clip(((corner + by - origin) / step).astype(np.int64), 0, n - 1)
        return cell

    marked = np.zeros((n + 1, n + 1), np.int64)
    for (c1, r1), (c2, r2) in zip(
        cells(others[:, :2], -2).tolist(), cells(others[:, 2:], 2).tolist(), strict=True
    ):
        marked[c1 + 1 : c2 + 2, r1 + 1 : r2 + 2] = 1
    total = marked.cumsum(axis=0).cumsum(axis=1)
    (c1, r1), (c2, r2) = cells(boxes[at, :2], 0).T, cells(boxes[at, 2:], 0).T + 1
    near[at] = total[c2, r2] - total[c1, r2] - total[c2, r1] + total[c1, r1] > 0
    return near
