"""Control of one date as its layer draws it: no other date is noded with it, so it is quick."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.control.composite import ground_of
from geo.crs import area_km2

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import shapely
    from numpy.typing import NDArray

    from geo.control.composite import Ground
    from geo.coverage import BorderEdges
    from geo.model import Feature, Patch

__all__ = ["control_as_drawn"]

_FIRST = ("id", "as_of", "controller", "side")
"""What a row says before everything else that the layer says of a patch."""


def control_as_drawn(
    area: shapely.Geometry,
    day: dt.date,
    features: Sequence[Feature],
    patches: Sequence[Patch],
    sides: Mapping[str, str],
    *,
    by: Ground = "patch",
    segments: BorderEdges | None = None,
) -> tuple[dict[str, Any], NDArray[np.object_]]:
    """
    Return who held which ground at one date, patch by patch or joined.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    day
        The date of the layer.
    features
        What the layer says.
    patches
        The same as patches, in the same order.
    sides
        Side of each controller; one that is not listed is its own side.
    by
        Whether patches stay apart, or are joined by ``holder`` (the controller; the status where
        nobody is said to hold the ground alone) or by ``side``.
    segments
        The segments of the patches, where they are known already.

    Returns
    -------
    columns, geometries
        The values of each column but the geometry, and the geometries (lon/lat), in the same order.
        One row a patch, by id: ``id``, ``as_of`` (date of the layer), ``controller``, ``side``,
        ``controllers``, ``status``, ``basis``, ``confidence``, ``statement_ids``, ``source_ids``,
        ``note`` and ``area_km2`` (on the ellipsoid). One row a holder, in order: ``holder``,
        ``as_of``, ``side`` and ``area_km2``; the same by side, without ``holder``.

    Raises
    ------
    ValueError
        If `by` is none of the three.
    """
    if by != "patch":
        columns, shapes = ground_of(area, patches, sides, by=by, segments=segments)
        first = next(iter(columns))
        return {first: columns.pop(first), "as_of": [day] * len(shapes)} | columns, shapes
    shapes = np.empty(len(patches), dtype=object)
    shapes[:] = [patch.geometry for patch in patches]
    names = dict.fromkeys(chain.from_iterable(feature.properties for feature in features))
    columns = {name: [one.properties.get(name) for one in features] for name in names}
    columns["side"] = [sides.get(c, c) if c else None for c in columns["controller"]]
    columns["as_of"] = [day] * len(features)
    columns["area_km2"] = area_km2(shapes)
    rest = [name for name in names if name not in _FIRST]
    return {name: columns[name] for name in [*_FIRST, *rest, "area_km2"]}, shapes
