"""Geometries as the objects that GeoJSON holds, and back to arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.layers.shapes.flat import Rings, Shapes, offsets_of

if TYPE_CHECKING:
    from collections.abc import Sequence


_TYPE_NAMES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)


def unfold(geometry: shapely.Geometry) -> dict[str, object]:
    """
    Return a geometry as the object that GeoJSON would hold.

    Parameters
    ----------
    geometry
        Any, also one that no layer may hold; Z is kept.

    Returns
    -------
    geometry
        ``type`` and ``coordinates``; lists and floats only.
    """
    kind = _TYPE_NAMES[int(shapely.get_type_id(geometry))]
    z = bool(shapely.has_z(geometry))
    parts: Any = [
        [shapely.get_coordinates(s, include_z=z).tolist() for s in _sequences(part)]
        for part in shapely.get_parts(geometry)
        if not shapely.is_empty(part)
    ]
    coordinates: Any = parts
    if kind in {"MultiPoint", "MultiLineString"}:
        coordinates = [part[0][0] if kind == "MultiPoint" else part[0] for part in parts]
    elif kind != "MultiPolygon" and parts:
        coordinates = parts[0] if kind == "Polygon" else parts[0][0]
        if kind == "Point":
            coordinates = coordinates[0]
    return {"type": kind, "coordinates": coordinates}


def spell_out(value: object) -> object:
    """
    Return a geometry with plain lists in it, as a parser of JSON would make them.

    Parameters
    ----------
    value
        A shapely geometry, an object of GeoJSON with lists, tuples or arrays of coordinates, or
        anything else, which stays what it is.

    Returns
    -------
    geometry
        ``type`` and ``coordinates``.
    """
    if isinstance(value, shapely.Geometry):
        return unfold(value)
    if not isinstance(value, Mapping):
        return value
    if "coordinates" not in value:
        return dict(value)
    return {**value, "coordinates": _plain_lists(value["coordinates"])}


def _plain_lists(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if not isinstance(value, list | tuple):
        return value
    if value and isinstance(value[0], int | float):
        return list(value)
    return [_plain_lists(item) for item in value]


def unfold_areas(geometries: Sequence[shapely.Geometry | None]) -> Shapes | None:
    """
    Take flat areas apart, as they are.

    Parameters
    ----------
    geometries
        Any; None for none.

    Returns
    -------
    shapes
        None where there is anything else than flat areas of finite coordinates.
    """
    drawn = np.empty(len(geometries), dtype=object)
    drawn[:] = geometries
    kinds = shapely.get_type_id(drawn)
    parts, owner = shapely.get_parts(drawn, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    flat = np.isin(kinds, (-1, 3, 6)).all() and not shapely.has_z(drawn).any()
    empty = shapely.is_empty(parts).any() or shapely.is_empty(drawn).any()
    if not flat or empty or not np.isfinite(xy).all():
        return None
    return Shapes(
        tuple(None if kind < 0 else _TYPE_NAMES[kind] for kind in kinds.tolist()),
        xy,
        offsets_of(np.bincount(ring, minlength=len(rings))),
        offsets_of(np.bincount(part, minlength=len(parts))),
        offsets_of(np.bincount(owner, minlength=len(drawn))),
    )


def spelt(
    geometry: Mapping[str, object] | None, rings: Rings | None
) -> Mapping[str, object] | None:
    """
    Return a geometry with its rings in place of their numbers.

    Parameters
    ----------
    geometry
        As `flatten` takes it.
    rings
        None where the geometry has its rings itself.

    Returns
    -------
    geometry
        ``type`` and ``coordinates`` as GeoJSON holds them.
    """
    if geometry is None or rings is None:
        return geometry

    def nested(value: object) -> object:
        if isinstance(value, list):
            return [nested(item) for item in value]
        if type(value) is not int or not 0 <= value < len(rings.sequences) - 1:
            return value
        return rings.xy[rings.sequences[value] : rings.sequences[value + 1]].tolist()

    return {**geometry, "coordinates": nested(geometry["coordinates"])}


def _sequences(part: shapely.Geometry) -> list[shapely.Geometry]:
    return list(shapely.get_rings(part)) if isinstance(part, shapely.Polygon) else [part]
