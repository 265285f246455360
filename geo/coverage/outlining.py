"""The ground of each code as one polygon, from the patches of one layer."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from geo.coverage.arrangement import arrange
from geo.coverage.edges import BorderEdges, directed_borders
from geo.coverage.grid import Ints, uniques

if TYPE_CHECKING:
    import shapely
    from numpy.typing import NDArray


def outlines(
    area: shapely.Geometry, edges: BorderEdges, codes: NDArray[np.integer]
) -> tuple[Ints, NDArray[np.object_]] | None:
    """
    Return the ground of each code as one polygon, from the patches of one layer.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    edges
        The segments of the patches: valid polygons and multipolygons.
    codes
        A whole number for each patch, not negative.

    Returns
    -------
    values, polygons
        The codes that occur, ascending, and for each its Polygon or MultiPolygon; None where the
        patches do not cover the study area exactly once, be it by a sliver.
    """
    code = codes[edges.owner].astype(np.int64)
    # Most segments part two patches of one code; they are gone before anything is noded.
    kept = np.flatnonzero((edges.twin < 0) | (code != code[edges.twin]))
    kept = kept[np.argsort(code[kept], kind="stable")]
    values = uniques(code[kept])
    rim = BorderEdges.of([area])
    counts = np.searchsorted(code[kept], values, side="right")
    offsets = np.concatenate([np.zeros(1, np.int64), len(rim.start) + np.append(0, counts)])
    start, end = np.append(rim.start, edges.start[kept]), np.append(rim.end, edges.end[kept])
    which = directed_borders(start, end, offsets)
    arrangement = arrange(which)
    bounds, arc, sign = arrangement.borders(which)
    covers = [
        arrangement.cover(arc[begin:end], sign[begin:end])
        for begin, end in pairwise(bounds.tolist())
    ]
    if not np.array_equal(covers[0], np.sum(covers[1:], axis=0, dtype=np.int64)):
        return None
    labels = np.full(arrangement.face_count, -1, np.int64)
    for value, cover in zip(values.tolist(), covers[1:], strict=True):
        labels[cover > 0] = value
    return arrangement.dissolve(labels)
