"""
Arcs over longitude 180 and round a pole, made whole for a page that draws them in one piece.

In the layers ground over the line is two halves, each with an edge along it, and a pole is an edge
as long as the world. Where the same ground lies on either hand such an edge is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import Arcs, ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.draw.projection import Projection

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_FINE_DEG = 0.5
"""As for other lines in the plane of a polar theatre."""


def join_at_180(arcs: Arcs, epoch: Ints) -> Arcs:
    """
    Return arcs without the edges that only longitude 180 or a pole makes.

    Parameters
    ----------
    arcs
        Longitude, latitude; those of several epochs lie over each other.
    epoch
        Of each face.

    Returns
    -------
    arcs
        On the line an arc remains where other ground, or none, lies beyond it; it stands at 180.
        Nodes are numbered anew, by where they are on the globe.
    """
    x, y = arcs.coords.T
    owner = np.repeat(np.arange(len(arcs.offsets) - 1), np.diff(arcs.offsets))
    inner = owner[1:] == owner[:-1]
    edge = np.flatnonzero(inner)
    at_line = inner & (np.abs(x[:-1]) == 180) & (x[1:] == x[:-1])
    at_pole = inner & (np.abs(y[:-1]) == 90) & (y[1:] == y[:-1])
    kept = edge[~(at_line | at_pole)[edge]]
    begins = np.ones(len(kept), bool)
    begins[1:] = (kept[1:] != kept[:-1] + 1) | (owner[kept[1:]] != owner[kept[:-1]])
    first = np.flatnonzero(begins)
    size = np.diff(np.append(first, len(kept))) + 1
    of = owner[kept[first]]
    coords, left, right = arcs.coords[ranges(kept[first], size)], arcs.left[of], arcs.right[of]
    line, west, east = _edges_of_the_line(arcs, owner, np.flatnonzero(at_line), epoch)
    coords = np.concatenate([coords, line])
    size = np.concatenate([size, np.full(len(west), 2)])
    offsets = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    node = _nodes(coords)
    return Arcs(
        coords,
        offsets,
        np.concatenate([left, west]).astype(np.int32),
        np.concatenate([right, east]).astype(np.int32),
        node[offsets[:-1]],
        node[offsets[1:] - 1],
    )


def _edges_of_the_line(
    arcs: Arcs, owner: Ints, edges: Ints, epoch: Ints
) -> tuple[Floats, list[int], list[int]]:
    """Along longitude 180, from south to north: where unlike ground meets, and what lies beside."""
    found: dict[tuple[int, float, float], list[int]] = {}
    x, y = arcs.coords.T
    face = np.maximum(arcs.left, arcs.right)[owner[edges]]
    low, high = np.minimum(y[edges], y[edges + 1]), np.maximum(y[edges], y[edges + 1])
    is_east = x[edges] < 0
    for number in np.unique(epoch[face]).tolist():
        here = np.flatnonzero(epoch[face] == number)
        cuts = np.unique(np.concatenate([low[here], high[here]]))
        for k in here.tolist():
            between = np.searchsorted(cuts, [low[k], high[k]])
            for i in range(*between.tolist()):
                beside = found.setdefault((number, cuts[i], cuts[i + 1]), [-1, -1])
                beside[int(is_east[k])] = int(face[k])
    unlike = [(key, beside) for key, beside in sorted(found.items()) if beside[0] != beside[1]]
    line = [[180.0, lat] for (_, *ends), _ in unlike for lat in ends]
    return (
        np.array(line, dtype=float).reshape(-1, 2),
        [west for _, (west, _) in unlike],
        [east for _, (_, east) in unlike],
    )


def _nodes(coords: Floats) -> NDArray[np.int32]:
    """A number for each position on the globe: both ends of the world are one, and so is a pole."""
    x, y = coords.T
    x = np.where(x == -180, 180.0, np.where(np.abs(y) == 90, 0.0, x))
    spots = np.round(np.column_stack([x, y]) * 1e6).astype(np.int64)
    return np.unique(spots, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int32)


def projected(arcs: Arcs, projection: Projection) -> Arcs:
    """
    Return arcs where a page draws them.

    Parameters
    ----------
    arcs
        Longitude, latitude, none of them along longitude -180.
    projection
        Where a position is drawn.

    Returns
    -------
    arcs
        The same ones; those of a plane have more vertices.
    """
    coords, offsets = arcs.coords, arcs.offsets
    if projection.centre is not None:
        owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        lines = shapely.segmentize(shapely.linestrings(coords, indices=owner), _FINE_DEG)
        coords, owner = shapely.get_coordinates(lines, return_index=True)
        offsets = np.searchsorted(owner, np.arange(len(offsets))).astype(np.int64)
    return Arcs(projection.positions(coords), offsets, arcs.left, arcs.right, arcs.start, arcs.end)
