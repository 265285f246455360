"""
Control of one date as its layer draws it: no other date is noded with it, so it is quick.

Segments between patches of one holder cancel with their twins before anything is noded. The
composite would give the same ground with the nodes of all other dates on its outlines, and other
bytes whenever a date is added.
"""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.control.composite import Composite
from geo.control.faces import number_values, sum_areas
from geo.coverage import BorderEdges, outlines
from geo.crs import area_km2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import shapely
    from numpy.typing import NDArray

    from geo.crs import Edges
    from geo.model import Feature, Ground, Patch

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


def ground_of(
    area: shapely.Geometry,
    patches: Sequence[Patch],
    sides: Mapping[str, str],
    *,
    by: Ground,
    segments: BorderEdges | None = None,
) -> tuple[dict[str, Any], NDArray[np.object_]]:
    """
    Return the ground of each holder or side in one layer, as it is drawn.

    No other date is needed, so no composite of all of them is built, and its nodes are not in
    the outlines.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    patches
        Those of the layer; they cover the study area once.
    sides
        Side of each controller; one that is not listed is its own side.
    by
        ``holder`` or ``side``.
    segments
        Those of the patches, where they are known already.

    Returns
    -------
    columns, geometries
        ``holder`` and ``side``, or ``side`` alone, and ``area_km2``; ascending. And the Polygon or
        MultiPolygon of each.

    Raises
    ------
    ValueError
        If `by` is neither of the two.
    CoverageError
        As for `Composite.build`.

    Examples
    --------
    >>> from geo.control.testing import area, grid
    >>> import shapely
    >>> columns, shapes = ground_of(area("aab"), grid("aab"), {"a": "north"}, by="side")
    >>> columns["side"], shapely.area(shapes).round(3).tolist()
    (['b', 'north'], [0.01, 0.02])
    """
    if by not in {"holder", "side"}:
        raise ValueError(f"by is {by!r}; it must be patch, holder or side")
    side = {p.label.holder: sides.get(p.label.controller, p.label.holder) for p in patches}
    names, code = number_values(
        [p.label.holder if by == "holder" else side[p.label.holder] for p in patches]
    )
    drawn = outlines(area, segments or BorderEdges.of([patch.geometry for patch in patches]), code)
    if drawn is None:
        # Slivers: the composite says whose they are.
        day = dt.date.min
        composite = Composite.build(area, {day: patches}, sides)
        found = composite.outlines(day, by)
        names = tuple(one.holder for one in found)
        shapes_of = np.array([one.geometry for one in found], dtype=object)
    else:
        names, shapes_of = tuple(names[value] for value in drawn[0]), drawn[1]
    columns: dict[str, Any] = {by: list(names)}
    if by == "holder":
        columns["side"] = [side[name] for name in names]
    columns["area_km2"] = area_km2(shapes_of)
    return columns, shapes_of


def areas_as_drawn(
    snapshots: Mapping[dt.date, Sequence[Patch]], *, edges: Edges = "straight"
) -> pd.DataFrame:
    """
    Return the ground of each controller and status, patch by patch as the layers have it.

    The composite nodes the borders of all dates together, so it no longer knows between which
    corners an edge was drawn. Where edges are geodesics that matters, so they are measured here.

    Parameters
    ----------
    snapshots
        The patches of each date.
    edges
        What runs between two corners; see `geo.crs.area_km2`.

    Returns
    -------
    areas
        The columns of `Composite.areas`. With geodesic edges the sums of two dates differ a
        little: a corner more on the border of the study area is another border.

    Raises
    ------
    ValueError
        If `edges` is neither ``straight`` nor ``geodesic``.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, grid
    >>> areas_as_drawn({FIRST_DAY: grid("ab")}, edges="geodesic")["area_km2"].round(3).tolist()
    [103.586, 103.586]
    """
    import pandas as pd

    rows = []
    for day in sorted(snapshots):
        patches = snapshots[day]
        state = [(patch.label.controller, str(patch.label.status)) for patch in patches]
        keys, code = number_values(state)
        measured = area_km2([patch.geometry for patch in patches], edges=edges)
        total = sum_areas(code, measured, len(keys)).tolist()
        rows += [(day, *key, size) for key, size in zip(keys, total, strict=True)]
    return pd.DataFrame(rows, columns=["date", "controller", "status", "area_km2"])
