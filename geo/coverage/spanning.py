"""A spanning tree of the faces: what lies behind an arc is one range of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.coverage.grid import ranges, starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


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
