"""
Snap rounding: segments split where they meet.

What a segment becomes depends on nothing but the set of all segments: more of them may split it
further, never else (Hobby 1999, Computational Geometry 13, 199-214).

Segments are in order from west to east, so 16,000 of them at a time, and those that reach in, are
all that can meet in a strip of the plane; that much stays in the processor's cache, and two
strips are noded at once. Where lines are so long that most reach from strip to strip, there is
one strip. What a segment becomes does not depend on it: a test nodes the same segments in strips
of every width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from geo.coverage import grid
from geo.coverage.edges import run_abreast

if TYPE_CHECKING:
    from geo.coverage.grid import Bools, Floats, Ints


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
        at = grid.ranges(self.offsets[which], self.size[which] - 1)
        return self.key[at], self.key[at + 1], np.repeat(which, self.size[which] - 1)

    def boxes(self) -> Ints:
        """
        Return the box of each line.

        Returns
        -------
        boxes
            West, south, east and north, grid steps.
        """
        x, y = grid.unpack(self.key)
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
        at, which = grid.ranges(begin, count), np.repeat(np.arange(len(low)), count)
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
        offsets = grid.offsets_of(extra + 2)
        key = np.empty(int(offsets[-1]), np.int64)
        key[offsets[:-1]], key[offsets[1:] - 1] = self.low[which], self.high[which]
        key[grid.ranges(offsets[:-1] + 1, extra)] = self.split_at[grid.ranges(begin, extra)]
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
        (x1, y1), (x2, y2) = grid.unpack(self.low), grid.unpack(self.high)
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
        less = which[self.high[grid.ranges(begin, count)] < high[which]]
        slot = begin + np.bincount(less, minlength=len(low))
        moved = np.arange(len(self.low)) + np.searchsorted(slot, np.arange(len(self.low)), "right")
        number = np.concatenate([moved[near], slot + np.arange(len(low))])[order]
        # What was split stays split; the new splits join them.
        segment = np.concatenate([moved[self.split], number[split]])
        key = np.concatenate([self.split_at, key])
        first, _ = grid.distinct(segment, key)
        segment, key = segment[first], key[first]
        all_low, all_high = np.insert(self.low, slot, low), np.insert(self.high, slot, high)
        order = np.lexsort([grid.along(all_low[segment], all_high[segment], key), segment])
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
    hot = grid.uniques(np.concatenate([low, high]))
    found = run_abreast(partial(_split, low, high, hot), _strips(low, high))
    segment, key = (np.concatenate(columns) for columns in zip(*found, strict=True))
    order = np.lexsort([grid.along(low[segment], high[segment], key), segment])
    return segment[order], key[order]


_STRIP = 1 << 14
"""Segments at a time, so that what is known of them stays in the processor's cache."""
_BEYOND = 1 << 30
"""A column east of all; shifted to a packed position, it still fits into 64 bits."""


def _strips(low: Ints, high: Ints) -> list[tuple[Ints, int, int]]:
    """Which segments come near each strip of the plane, and between which columns that lies."""
    edge = grid.uniques(low[_STRIP : len(low) - _STRIP // 2 : _STRIP] >> 32)
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
    raster = Raster(low[near], high[near], west - grid.BIAS, east - grid.BIAS)
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


class Raster:
    """Segments in the squares of a raster over a strip, so that only neighbours are compared."""

    def __init__(self, low: Ints, high: Ints, west: int, east: int) -> None:
        self.low, self.high = low, high
        self.x1, self.y1 = grid.unpack(low)
        self.x2, self.y2 = grid.unpack(high)
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
            k = grid.ranges(np.zeros_like(n), n)
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
        k = grid.ranges(np.zeros_like(wide), wide)
        tall = np.repeat(tall, wide)
        right = k // tall
        # Column by column, as segments are in order from west to east: neighbours in memory.
        cell = (np.repeat(c1, wide) + right) * self.rows + np.repeat(r1, wide) + k - right * tall
        # One sort of one number: the square above, the segment below.
        both = grid.uniques((cell << 31) | np.repeat(owner, wide))
        self.cell, self.segment = both >> 31, both & ((1 << 31) - 1)
        counts = np.bincount(self.cell, minlength=self.columns * self.rows)
        self.begin = grid.offsets_of(counts)

    def _cell(self, value: Floats | Ints, origin: int) -> Ints:
        cell: Ints = ((value - origin) * (1 / self.size) + 1.0).astype(np.int64)
        return cell

    def through(self, keys: Ints) -> tuple[Ints, Ints]:
        """Segments that pass through the pixels of some positions, their own ends left out."""
        px, py = grid.unpack(keys)
        cell = self._cell(px, self.west) * self.rows + self._cell(py, self.south)
        begin = self.begin[cell]
        count = self.begin[cell + 1] - begin
        which = np.repeat(np.arange(len(keys)), count)
        segment = self.segment[grid.ranges(begin, count)]
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
        t = self.segment[grid.ranges(np.arange(len(self.cell)) + 1, later)]
        near = (self.x1[s] < self.x2[t]) & (self.x1[t] < self.x2[s])
        s, t = s[near], t[near]
        near = (self.below[s] < self.above[t]) & (self.below[t] < self.above[s])
        return self._meet(s[near], t[near])

    def _meet(self, s: Ints, t: Ints) -> Ints:
        """Packed pixels where s and t cross; s comes before t in order, so they never change."""
        x1, y1, x2, y2 = self.x1, self.y1, self.x2, self.y2
        for _ in range(2):
            one = grid.side(x1[s], y1[s], x2[s], y2[s], x1[t], y1[t])
            apart = one * grid.side(x1[s], y1[s], x2[s], y2[s], x2[t], y2[t]) < 0
            s, t = t[apart], s[apart]
        sx, sy, tx, ty = x2[s] - x1[s], y2[s] - y1[s], x2[t] - x1[t], y2[t] - y1[t]
        over = (x1[t] - x1[s]) * ty - (y1[t] - y1[s]) * tx
        under = sx * ty - sy * tx
        over, under = np.where(under < 0, -over, over), np.abs(under)
        return grid.uniques(
            grid.pack(x1[s] + _rounded(sx, over, under), y1[s] + _rounded(sy, over, under))
        )


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
    corner = grid.side(x1, y1, x2, y2, px - 1, py - 1)
    least, most = corner.copy(), corner.copy()
    for dx, dy in ((1, -1), (-1, 1), (1, 1)):
        other = grid.side(x1, y1, x2, y2, px + dx, py + dy)
        np.minimum(least, other, out=least)
        np.maximum(most, other, out=most)
    hit: Bools = ((least < 0) & (most > 0)) | (corner == 0)
    return hit
