"""
Longitude 180: the two edges of the map that are one line on the ground.

Positions run from -180 to 180, so ground over the line is drawn in two halves. Here the halves find
each other: along which latitudes a face that ends at 180 lies beside one that begins at -180.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

SEAM_DEG = 180.0


@dataclass(frozen=True, slots=True)
class Seam:
    """
    Pieces of longitude 180 with ground on both hands, from south to north.

    Attributes
    ----------
    west, east
        The faces that end there from the west and from the east.
    low, high
        Latitudes of the ends of each piece.
    """

    west: Ints
    east: Ints
    low: Floats
    high: Floats


def find_seam(
    coords: Floats, offsets: Ints, left: NDArray[np.integer], right: NDArray[np.integer]
) -> Seam:
    """
    Return where ground meets over longitude 180.

    Parameters
    ----------
    coords, offsets
        Longitude, latitude of arcs, and where each begins.
    left, right
        The face on either hand of each arc; -1 for none.

    Returns
    -------
    seam
        Empty where no ground reaches the line from both sides.
    """
    nothing = np.zeros(0, np.int64)
    none = Seam(nothing, nothing, np.zeros(0), np.zeros(0))
    x = coords[:, 0]
    if not len(x) or x.max() < SEAM_DEG or x.min() > -SEAM_DEG:
        return none
    owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    face = np.maximum(left, right).astype(np.int64)[owner]
    inside = np.append(owner[1:] == owner[:-1], False)
    sides = []
    for degrees in (SEAM_DEG, -SEAM_DEG):
        along = np.flatnonzero(inside & (x == degrees) & (np.roll(x, -1) == degrees))
        ends = np.sort(np.stack([coords[along, 1], coords[along + 1, 1]]), axis=0)
        sides.append((ends[0], ends[1], face[along]))
    cuts = np.unique(np.concatenate([end for low, high, _ in sides for end in (low, high)]))
    if len(cuts) < 2:
        return none
    here, there = (_faces_between(cuts, *side) for side in sides)
    both = np.flatnonzero((here >= 0) & (there >= 0))
    return Seam(here[both], there[both], cuts[both], cuts[both + 1])


def _faces_between(cuts: Floats, low: Floats, high: Floats, face: Ints) -> Ints:
    """The face that reaches the line between each two latitudes; -1 for none."""
    found = np.full(len(cuts) - 1, -1, np.int64)
    begin, end = np.searchsorted(cuts, low), np.searchsorted(cuts, high)
    for first, last, one in zip(begin.tolist(), end.tolist(), face.tolist(), strict=True):
        found[first:last] = one
    return found
