"""What came back, put as it was before: unchanged words and corners, new borders along old ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from geo.coverage import find_faults
from geo.edit.copies.project import earlier_day
from geo.edit.copies.stitch import stitch_borders
from geo.errors import CoverageError, SchemaError
from geo.layers import parse_features, patches_of
from geo.model import CONTROL, Feature

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from geo.layers import Folder


def restore_features(
    features: Sequence[Feature], before: Sequence[Feature], columns: frozenset[str] | None = None
) -> tuple[Feature, ...]:
    """
    The features, each that says the same as before in the very same words and corners.

    Of properties that are none of `columns` they say nothing.
    """
    old = {feature.id: feature for feature in before}
    return tuple(
        _restored(feature, old[feature.id], columns) if feature.id in old else feature
        for feature in features
    )


def _restored(feature: Feature, old: Feature, columns: frozenset[str] | None) -> Feature:
    values = dict(feature.properties)
    for key, was in old.properties.items():
        # A program that drops a column has not emptied it; and a GeoPackage has one type a column.
        lost = columns is not None and key not in columns
        if lost or (isinstance(was, int) and values.get(key) == str(was)):
            values[key] = was
    names = [*CONTROL.names, *sorted(values.keys() - set(CONTROL.names))]
    values = {name: values[name] for name in names if name in values}
    shape = feature.geometry
    if shape is not None and old.geometry is not None and _is_same(shape, old.geometry):
        shape = old.geometry
    if shape is old.geometry and values == old.properties:
        return old
    return replace(feature, properties=values, geometry=shape)


def _is_same(one: shapely.Geometry, two: shapely.Geometry) -> bool:
    """Whether two areas have the same rings; one may be a collection of a single part."""
    parts = [shapely.get_parts(shape) for shape in (one, two)]
    if len(parts[0]) != len(parts[1]):
        return False
    one, two = (shapely.normalize(shapely.MultiPolygon(list(part))) for part in parts)
    return bool(shapely.equals_exact(one, two, tolerance=0.0))


def sew_borders(
    folder: Folder, day: dt.date, ours: Sequence[Feature], base: Sequence[Feature], snap_m: float
) -> tuple[tuple[Feature, ...], list[str]]:
    """Draw new borders along old ones, where that leaves a sound layer."""
    ours = tuple(ours)
    earlier = earlier_day(folder, day)
    guides = folder.control[earlier].features if earlier else ()
    shapes = [[f.geometry for f in some if f.geometry is not None] for some in (ours, base, guides)]
    try:
        sewn = stitch_borders(folder.area, *shapes, tolerance_m=snap_m)
        after = tuple(
            feature if shape is feature.geometry else replace(feature, geometry=shape)
            for feature, shape in zip(ours, sewn, strict=True)
        )
        after = parse_features(after, schema=CONTROL, file="").features
        require_coverage(folder, after, "")
    except (SchemaError, CoverageError, shapely.errors.GEOSException, ValueError):
        note = f"borders were not snapped: within {snap_m:g} m it would not be a sound layer"
        return ours, [note]
    by_id = {feature.id: feature for feature in ours}
    kept = tuple(_restored(feature, by_id[feature.id], None) for feature in after)
    moved = [f.id for f in kept if f.geometry is not by_id[f.id].geometry]
    notes = [f"new borders were snapped within {snap_m:g} m: {', '.join(moved)}"] if moved else []
    return kept, notes


def require_coverage(folder: Folder, features: Sequence[Feature], file: str) -> None:
    """
    Raise where patches do not cover the study area once.

    Raises
    ------
    SchemaError
        If they overlap, leave a gap or reach outside; all errors are in it.
    """
    found = find_faults(folder.area, patches_of(features))
    errors = [replace(issue, file=file) for issue in found if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)
