"""
The integer grid: packed positions, and sets of them in order.

Coordinates are whole steps of 1e-6 degrees, so that every predicate is exact in 64 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.crs import GRID_DEG

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PER_DEGREE = round(1 / GRID_DEG)
BIAS = 1 << 28
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
    return ((x + BIAS) << 32) | (y + BIAS)


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
    return (key >> 32) - BIAS, (key & _LOW) - BIAS


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


def offsets_of(count: NDArray[np.integer]) -> Ints:
    """
    Return where runs begin that lie one behind the other, and where the last ends.

    Parameters
    ----------
    count
        How long each is.

    Returns
    -------
    offsets
        One more than there are runs.
    """
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])


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
    _, order = sort_by_hash(mix_pairs(low, high), np.arange(len(low), dtype=np.uint64))
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


def sort_by_hash(
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


def mix_pairs(low: Ints, high: Ints) -> NDArray[np.uint64]:
    """A hash of each pair."""
    mixed = (low.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (
        high.view(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    )
    hashed: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(29))
    return hashed


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
