"""
Coordinates of a layer: checked, put on the grid, and brought into one order.

All geometries of a layer are flattened into one array of positions, so that the checks run
over arrays; only what fails is looked at one by one, to say what is wrong and where. The order
of what comes out does not depend on the start of a ring, its direction, or the order of holes
and parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.layers.shapes.areas import check_areas
from geo.layers.shapes.flat import Found, Rings, Shapes, drop_failed, failed_features
from geo.layers.shapes.nested import gather_nested, gather_numbered
from geo.layers.shapes.order import put_in_order
from geo.layers.shapes.positions import check_swapped, check_world, close_rings, put_on_grid
from geo.layers.shapes.spelling import spelt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray



def flatten(
    geometries: Sequence[Mapping[str, object] | None],
    rings: Rings | None = None,
) -> tuple[Shapes, NDArray[np.object_], Found]:
    """
    Check and flatten the geometries of a layer.

    Parameters
    ----------
    geometries
        One a feature: ``type``, one of `KINDS`, and ``coordinates`` as parsed; None for none.
    rings
        Rings parsed before, if there are only areas: then ``coordinates`` hold the numbers of
        rings in place of these.

    Returns
    -------
    shapes
        On the 1e-6 degree grid and in order; a feature with an error that cannot be repaired has
        no geometry here.
    built
        The same as shapely geometries.
    found
        All findings.
    """
    found: Found = []
    raw = None if rings is None else gather_numbered(geometries, rings)
    if raw is None:
        geometries = [spelt(geometry, rings) for geometry in geometries]
        raw, rings = gather_nested(geometries, found), None
    check_world(raw, found)
    raw = drop_failed(raw, failed_features(len(geometries), found))
    misplaced: Found = []
    check_swapped(raw, misplaced)
    raw = close_rings(raw, found)
    raw = drop_failed(raw, failed_features(len(geometries), found))
    shapes = put_in_order(put_on_grid(raw, found), found)
    built = shapes.build()
    check_areas(shapes, built, lambda i: spelt(geometries[i], rings), found)
    found += misplaced
    failed = failed_features(len(geometries), found)
    if failed.any():
        built[failed] = None
        shapes = drop_failed(shapes, failed)
    return shapes, built, found
