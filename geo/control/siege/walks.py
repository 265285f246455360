"""The lightest closed walks over legs that together sever a place from every anchor."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def find_closed_walks(node: Ints, weight: Floats, bits: Ints, full: int) -> list[list[int]] | None:
    """
    Return the lightest closed walks that together have every bit of `full`.

    A walk's bits are the exclusive or of its legs' bits. Each walk is a shortest path from a node
    back to itself in the cover of the graph by bit patterns; a node is dropped once all walks
    through it are known. Walks are sought from one end of each leg that has bits: one without any
    such leg has none itself.
    """
    best: dict[int, tuple[float, list[int]]] = {}
    links: dict[int, list[tuple[float, int, int, int]]] = {}
    homes: set[int] = set()
    rows = zip(node.tolist(), weight.tolist(), bits.tolist(), strict=True)
    for leg, ((a, b), w, h) in enumerate(rows):
        if a == b:
            if h and w < best.get(h, (np.inf,))[0]:
                best[h] = (w, [leg])
        else:
            links.setdefault(a, []).append((w, b, h, leg))
            links.setdefault(b, []).append((w, a, h, leg))
        if a == b and h:
            links.setdefault(a, []).append((w, a, h, leg))
        if h:
            homes.add(min(a, b))
    bound, cover = _cover(best, full)
    gone: set[int] = set()
    for home in sorted(homes):
        found = _walks_home(links, home, gone, bound)
        better = {h: one for h, one in found.items() if one[0] < best.get(h, (np.inf,))[0]}
        if better:
            best |= better
            bound, cover = _cover(best, full)
        gone.add(home)
    return cover if np.isfinite(bound) else None


def _walks_home(
    links: Mapping[int, list[tuple[float, int, int, int]]], home: int, gone: set[int], bound: float
) -> dict[int, tuple[float, list[int]]]:
    """Lightest walks from a node back to it, by bits; none as heavy as `bound`."""
    done: dict[tuple[int, int], float] = {}
    came: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
    reached: dict[tuple[int, int], float] = {(home, 0): 0.0}
    queue = [(0.0, home, 0)]
    while queue:
        w, at, h = heapq.heappop(queue)
        if (at, h) in done:
            continue
        done[at, h] = w
        for step, to, change, leg in links[at]:
            total, state = w + step, (to, h ^ change)
            if to in gone or state in done or total >= min(bound, reached.get(state, np.inf)):
                continue
            reached[state] = total
            came[state] = ((at, h), leg)
            heapq.heappush(queue, (total, *state))
    found = {}
    for state, w in done.items():
        if state[0] != home or not state[1]:
            continue
        legs, back = [], state
        while back != (home, 0):
            back, leg = came[back]
            legs.append(leg)
        found[state[1]] = (w, legs)
    return found


def _cover(best: Mapping[int, tuple[float, list[int]]], full: int) -> tuple[float, list[list[int]]]:
    """Lightest set of walks whose bits together are `full`."""
    table: dict[int, tuple[float, list[list[int]]]] = {0: (0.0, [])}
    for want in range(1, full + 1):
        options = [
            (w + table[want & ~h][0], [legs, *table[want & ~h][1]])
            for h, (w, legs) in best.items()
            if h & want
        ]
        table[want] = min(options, key=lambda one: one[0], default=(np.inf, []))
    return table[full]
