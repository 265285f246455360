"""
One order of rings, holes and parts, whatever order they were drawn in.

Shells run counter-clockwise, holes clockwise, each from its smallest vertex.
"""

from __future__ import annotations

import numpy as np

from geo.crs import GRID_DEG
from geo.layers.shapes.flat import (
    Flags,
    Floats,
    Found,
    Ints,
    Shapes,
    are_rings,
    first_of_each,
    offsets_of,
    owners_of,
    repairable,
    sequence_features,
    vertex_sequences,
)


def put_in_order(shapes: Shapes, found: Found) -> Shapes:
    """Wind rings, begin each at its smallest vertex, order holes and parts."""
    if not len(shapes.xy):
        return shapes
    ring = are_rings(shapes)
    counts = np.diff(shapes.sequences)
    first = shapes.sequences[:-1]
    owner = vertex_sequences(shapes)
    x, y = shapes.xy[:, 0], shapes.xy[:, 1]
    # The smallest vertex of each sequence: least longitude, and of those the least latitude.
    west = np.minimum.reduceat(x, first)
    at = np.flatnonzero(x == np.repeat(west, counts))
    south = np.full(len(counts), np.inf)
    np.minimum.at(south, owner[at], y[at])
    at = at[y[at] == south[owner[at]]]
    smallest = at[np.unique(owner[at], return_index=True)[1]] - first
    turn = _turns(shapes, smallest, ring)
    shell = np.zeros(len(counts), dtype=bool)
    shell[shapes.parts[:-1]] = True
    wrong = ring & (np.where(shell, turn, -turn) < 0)
    for i, _ in first_of_each(sequence_features(shapes), wrong):
        found.append((i, repairable("ring.winding", "a ring runs the wrong way round")))
    if not (wrong | (ring & (smallest > 0))).any():
        return _sorted(shapes)
    step = np.where(wrong, -1, 1)[owner]
    place = np.arange(len(x)) - first[owner]
    length = np.maximum(counts - 1, 1)[owner]
    turned = first[owner] + (smallest[owner] + step * place) % length
    xy = np.where(ring[owner][:, None], shapes.xy[turned], shapes.xy)
    return _sorted(Shapes(shapes.kinds, xy, shapes.sequences, shapes.parts, shapes.features))


def _turns(shapes: Shapes, smallest: Ints, ring: Flags) -> Ints:
    """Sign of each ring's turn at its smallest vertex, which is convex: exact, in whole steps."""
    first = shapes.sequences[:-1]
    length = np.maximum(np.diff(shapes.sequences) - 1, 1)

    def steps(place: Ints) -> Ints:
        whole: Ints = np.rint(shapes.xy[first + place % length] / GRID_DEG).astype(np.int64)
        return whole

    here = steps(smallest)
    back, ahead = steps(smallest - 1) - here, steps(smallest + 1) - here
    sign: Ints = np.sign(ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0])
    return np.where(ring, sign, 0)


def _sorted(shapes: Shapes) -> Shapes:
    """Order the holes of a part and the parts of a feature by their first two vertices."""
    if len(shapes.sequences) == len(shapes.features):
        return shapes
    first = shapes.sequences[:-1]
    second = np.minimum(first + 1, shapes.sequences[1:] - 1)
    keys = np.hstack([shapes.xy[first], shapes.xy[second]])
    keys = _line_ranks(shapes, keys)
    part = owners_of(shapes.parts)
    hole = np.ones(len(first), dtype=bool)
    hole[shapes.parts[:-1]] = False
    rings = np.lexsort((*keys.T[::-1], hole, part))
    shapes = _rearranged(shapes, rings, shapes.parts)
    parts = np.lexsort((*keys[shapes.parts[:-1]].T[::-1], owners_of(shapes.features)))
    counts = np.diff(shapes.parts)
    rings = np.concatenate(
        [np.arange(shapes.parts[p], shapes.parts[p + 1]) for p in parts] or [np.empty(0, np.int64)]
    )
    return _rearranged(shapes, rings, offsets_of(counts[parts]))


def _line_ranks(shapes: Shapes, keys: Floats) -> Floats:
    """Give lines, which may share their first two vertices, a rank by all their vertices."""
    kinds = np.array([kind == "MultiLineString" for kind in shapes.kinds], dtype=bool)
    lines = np.flatnonzero(kinds[sequence_features(shapes)])
    if lines.size:
        full = [shapes.xy[shapes.sequences[s] : shapes.sequences[s + 1]].tolist() for s in lines]
        rank = np.empty(len(lines))
        rank[sorted(range(len(lines)), key=full.__getitem__)] = np.arange(len(lines))
        keys[lines] = rank[:, None]
    return keys


def _rearranged(shapes: Shapes, order: Ints, parts: Ints) -> Shapes:
    """Put the sequences in another order."""
    if (order == np.arange(len(order))).all():
        return Shapes(shapes.kinds, shapes.xy, shapes.sequences, parts, shapes.features)
    counts = np.diff(shapes.sequences)[order]
    sequences = offsets_of(counts)
    shift = np.repeat(shapes.sequences[:-1][order] - sequences[:-1], counts)
    xy = shapes.xy[np.arange(len(shapes.xy)) + shift]
    return Shapes(shapes.kinds, xy, sequences, parts, shapes.features)
