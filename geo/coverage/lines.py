"""
Lines between nodes: joined where just two of them meet, followed, and told apart.

A half-line is a line in one of its two directions:
``2 k`` runs along line ``k``, ``2 k + 1`` against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.coverage.grid import Bools, Ints, offsets_of, ranges, uniques
from geo.coverage.noding import Lines

if TYPE_CHECKING:
    from numpy.typing import NDArray


def walk(lines: Lines, half: Ints, whole: Bools | None = None) -> Ints:
    """
    Return the positions of half-lines, one after the other.

    Parameters
    ----------
    lines
        The lines.
    half
        The half-lines to follow.
    whole
        Which of them keep their last position; the default is none, for the next one begins there.

    Returns
    -------
    at
        Places in `lines.key`.
    """
    line, back = half >> 1, (half & 1) == 1
    first, last = lines.offsets[line], lines.offsets[line + 1] - 1
    count = last - first if whole is None else last - first + whole
    k = ranges(np.zeros_like(count), count)
    return np.repeat(np.where(back, last, first), count) + np.where(np.repeat(back, count), -k, k)


def chains(pred: Ints) -> tuple[Ints, Ints, Ints]:
    """
    Return where members of chains stand.

    Parameters
    ----------
    pred
        The member before each one, or itself at the head of a chain.

    Returns
    -------
    head, rank, looped
        Head of the chain and place in it; and the members of loops, which have no head.
    """
    own = np.arange(len(pred))
    if len(pred) < _FEW:
        head, rank = _doubled(pred, (pred != own).astype(np.int64))
        return head, rank, np.flatnonzero(pred[head] != head)
    # All stretches between a few members are walked at once, and pointers double over those few:
    # every member is looked at twice, however long its chain.
    few = (own >> 1) * 0x9E3779B1 >> 16 & 15 == 0
    few |= pred == own
    ends = np.ones(len(pred), bool)
    ends[pred[~few]] = False
    few |= ends
    begin = np.flatnonzero(few)
    leader, steps = np.full(len(pred), -1, np.int64), np.zeros(len(pred), np.int64)
    leader[begin] = np.arange(len(begin))
    stop, away = np.empty_like(begin), np.empty_like(begin)
    walking, at, step = np.arange(len(begin)), pred[begin], 1
    while len(walking):
        there = few[at]
        stop[walking[there]], away[walking[there]] = at[there], step
        walking, at = walking[~there], at[~there]
        leader[at], steps[at] = walking, step
        at, step = pred[at], step + 1
    away[stop == begin] = 0
    to = leader[stop]
    head_of, rank_of = _doubled(to, away)
    looped = leader < 0
    looped |= (to[head_of] != head_of)[leader]
    return begin[head_of][leader], rank_of[leader] - steps, np.flatnonzero(looped)


_FEW = 4096
"""Fewer members are followed one step at a time sooner than told apart."""


def _doubled(pred: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Heads of chains, and ranks given those of each member over the one before it."""
    head, rank = pred.copy(), rank.copy()
    active = np.flatnonzero(pred[head] != head)
    # Pointers double: after k rounds they reach 2**k members back.
    for _ in range(len(pred).bit_length()):
        if not len(active):
            break
        middle = head[active]
        further, steps = head[middle], rank[middle]
        head[active] = further
        rank[active] += steps
        active = active[pred[further] != further]
    return head, rank


@dataclass(frozen=True, slots=True)
class Joined:
    """Lines joined into arcs: the arc of each line, 1 where it runs the same way, and the first."""

    arcs: Lines
    arc: Ints
    sign: Ints
    first: Bools


def join(lines: Lines) -> Joined:
    """
    Join lines through the positions at which exactly two ends meet.

    Parameters
    ----------
    lines
        In any order and direction; they meet at their ends only.

    Returns
    -------
    joined
        Arcs whose order and direction depend on nothing but the positions.
    """
    count = len(lines.offsets) - 1
    half = np.arange(2 * count)
    ends = np.empty(2 * count, np.int64)
    ends[0::2], ends[1::2] = lines.key[lines.offsets[:-1]], lines.key[lines.offsets[1:] - 1]
    names, origin = np.unique(ends, return_inverse=True)
    degree = np.bincount(origin, minlength=len(names))
    both = np.bincount(origin, weights=half, minlength=len(names)).astype(np.int64)
    node = degree != 2
    while True:
        pred = np.where(node[origin], half, (both[origin] - half) ^ 1)
        head, rank, looped = chains(pred)
        if not len(looped):
            break
        long = uniques(looped[lines.size[looped >> 1] > 2] >> 1)
        if len(long):
            return _join_split(lines, long)
        node[least_of_loops(pred, origin, looped)] = True
    length = np.bincount(head, minlength=2 * count)
    last = np.empty(2 * count, np.int64)
    tail = rank == length[head] - 1
    last[head[tail]] = half[tail]
    heads = _ordered_heads(lines, np.flatnonzero(length), last)
    number = np.full(2 * count, -1, np.int64)
    number[heads] = np.arange(len(heads))
    arc = number[head]
    mine = np.flatnonzero(arc >= 0)
    begin = np.cumsum(length[heads]) - length[heads]
    path = np.empty(len(mine), np.int64)
    path[begin[arc[mine]] + rank[mine]] = mine
    return _follow_paths(lines, path, length[heads], arc, ends)


def _follow_paths(lines: Lines, path: Ints, length: Ints, arc: Ints, ends: Ints) -> Joined:
    inner = lines.key[walk(lines, path)]
    begin = np.cumsum(length) - length
    sizes = np.add.reduceat(lines.size[path >> 1] - 1, begin) + 1 if len(begin) else begin
    offsets = offsets_of(sizes)
    key = np.empty(int(offsets[-1]), np.int64)
    closing = offsets[1:] - 1
    key[closing] = ends[path[begin + length - 1] ^ 1] if len(begin) else 0
    rest = np.ones(len(key), bool)
    rest[closing] = False
    key[rest] = inner
    of_line = np.empty(len(lines.size), np.int64)
    sign = np.empty(len(lines.size), np.int64)
    of_line[path >> 1] = arc[path]
    sign[path >> 1] = 1 - 2 * (path & 1)
    first = np.zeros(len(lines.size), bool)
    first[path[begin] >> 1] = True
    return Joined(Lines(key, offsets), of_line, sign, first)


def _ordered_heads(lines: Lines, heads: Ints, last: Ints) -> Ints:
    """One head of each chain, which is found from both its ends; in order of their first edge."""

    def first_edge(half: Ints) -> tuple[Ints, Ints, Bools]:
        line, back = half >> 1, (half & 1) == 1
        begin, end = lines.offsets[line], lines.offsets[line + 1] - 1
        one = lines.key[np.where(back, end, begin)]
        two = lines.key[np.where(back, end - 1, begin + 1)]
        return np.minimum(one, two), np.maximum(one, two), one > two

    low, high, turned = first_edge(heads)
    other_low, other_high, other_turned = first_edge(last[heads] ^ 1)
    less = low < other_low
    less |= (low == other_low) & (high < other_high)
    less |= (low == other_low) & (high == other_high) & (turned < other_turned)
    order = np.lexsort([turned[less], high[less], low[less]])
    return heads[less][order]


def least_of_loops(pred: Ints, origin: Ints, looped: Ints) -> Ints:
    """
    Return the least node of each loop.

    Parameters
    ----------
    pred
        As for `chains`.
    origin
        Number of the node from which each member starts.
    looped
        The members of loops.

    Returns
    -------
    least
        Numbers of nodes.
    """
    index = np.full(len(pred), -1, np.int64)
    index[looped] = np.arange(len(looped))
    step, least = index[pred[looped]], origin[looped]
    for _ in range(len(looped).bit_length() + 1):
        least, step = np.minimum(least, least[step]), step[step]
    return uniques(least)


def _join_split(lines: Lines, long: Ints) -> Joined:
    """Join again, with some lines taken apart so that a loop can begin at its least position."""
    apart = np.zeros(len(lines.size), bool)
    apart[long] = True
    pieces = np.where(apart, lines.size - 1, 1)
    which = np.repeat(np.arange(len(pieces)), pieces)
    size = np.where(apart[which], 2, lines.size[which])
    begin = lines.offsets[which] + np.where(apart[which], ranges(np.zeros_like(pieces), pieces), 0)
    offsets = offsets_of(size)
    joined = join(Lines(lines.key[ranges(begin, size)], offsets))
    begins = np.cumsum(pieces) - pieces
    first = np.logical_or.reduceat(joined.first, begins)
    return Joined(joined.arcs, joined.arc[begins], joined.sign[begins], first)


def last_of_run(values: NDArray[np.integer]) -> Bools:
    """
    Return where runs of equal values end.

    Parameters
    ----------
    values
        In runs.

    Returns
    -------
    last
        True at the last value of each run.
    """
    last = np.ones(len(values), bool)
    last[:-1] = values[1:] != values[:-1]
    return last


def cycles(following: Ints) -> Ints:
    """
    Return the cycles of a permutation.

    Parameters
    ----------
    following
        What follows each element.

    Returns
    -------
    least
        The least member of the cycle that each element belongs to.
    """
    least, step = np.arange(len(following)), following
    while True:
        lower = np.minimum(least, least[step])
        if np.array_equal(lower, least):
            return least
        least, step = lower, step[step]


def components(count: int, a: NDArray[np.integer], b: NDArray[np.integer]) -> Ints:
    """
    Return which connected part each of some things belongs to.

    Parameters
    ----------
    count
        How many things there are.
    a, b
        Which two each link joins.

    Returns
    -------
    part
        The least member of the part of each thing.
    """
    part = np.arange(count)
    while len(a):
        a, b = part[a], part[b]
        apart = a != b
        a, b = a[apart], b[apart]
        np.minimum.at(part, np.maximum(a, b), np.minimum(a, b))
        while True:
            further = part[part]
            if np.array_equal(further, part):
                break
            part = further
    return part
