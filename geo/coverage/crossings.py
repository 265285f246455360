"""Where segments cross, and which pixels they pass through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.coverage.grid import pack, ranges, side, uniques, unpack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


class Raster:
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
