"""What becomes of edges and faces when segments are added to noded ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.coverage.grid import Bools, Ints, distinct, uniques

if TYPE_CHECKING:
    from geo.coverage.faces import Faces
    from geo.coverage.noding import Lines, Segments


def edges_near(
    faces: Faces, grown: Segments, low: Ints, high: Ints, near: Ints, touched: Bools
) -> tuple[Ints, Ints]:
    """
    Ends of the edges that arcs near new segments fall apart into, and the step across each.

    The step is the number of the old face on the left less that on the right.
    """
    start, end, arc = faces.lines.edges(np.flatnonzero(touched))
    before = faces.segments.chain(near)
    after = grown.chain(grown.find(faces.segments.low[near], faces.segments.high[near]))
    whole, pieces, same = replaced_edges(before, after)
    added = grown.chain(grown.find(low, high)).edges(np.arange(len(low)))
    groups = [(start, end), pieces[:2], added[:2], whole, same]
    u, v = (np.concatenate([group[k] for group in groups]) for k in (0, 1))
    up = u < v
    first, pair = distinct(np.where(up, u, v), np.where(up, v, u))
    ends = np.cumsum([len(group[0]) for group in groups])
    old, piece, plus, split, kept = np.split(np.arange(len(u)), ends[:-1])
    step = np.zeros(len(first), np.int64)
    step[pair[old]] = (faces.face[2 * arc].astype(np.int64) - faces.face[2 * arc + 1]) * (
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
