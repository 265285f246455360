"""Why an area is not valid, where, and what automatic repairs would make of it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, area_km2
from geo.errors import Issue
from geo.layers.shapes.nested import parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.layers.shapes.flat import Floats


_MANY = 2_000
_PLACE = re.compile(r"\[(-?[0-9.eE+-]+) (-?[0-9.eE+-]+)\]")

_REASONS = (
    ("Hole lies outside", "geom.hole_outside", "a hole lies outside its shell"),
    ("Holes are nested", "geom.nested_holes", "a hole lies inside another hole"),
    ("Nested shells", "geom.overlap_parts", "a part lies inside another part"),
    ("Duplicate Rings", "geom.overlap_parts", "a ring is there twice"),
    ("Interior is disconnected", "geom.disconnected", "holes cut the area in two"),
    ("Too few points", "ring.short", "a ring has fewer than three corners"),
    ("", "geom.self_intersection", "the border crosses or touches itself"),
)


def explain_invalid(
    rings: list[list[Floats]],
    built: shapely.Geometry,
    geometry: Mapping[str, object],
) -> Issue:
    """Name the first fault of an area, and its place."""
    reason = shapely.is_valid_reason(built)
    match = _PLACE.search(reason)
    where = (float(match[1]), float(match[2])) if match else None
    if any(len(np.unique(ring, axis=0)) < 3 for part in rings for ring in part):
        return Issue("ring.short", "error", "a ring has fewer than three corners", where=where)
    if _was_valid(geometry):
        message = "it is valid only before it is rounded to six decimals"
        hint = "move the vertices apart that lie within 0.1 m"
        return Issue("geom.collapse", "error", message, hint, where=where)
    if (tip := _spike(rings)) is not None:
        message = "the border goes out and back along the same line"
        return Issue("geom.spike", "error", message, "delete the vertex", where=tip)
    if any(np.array_equal(hole[::-1], part[0]) for part in rings for hole in part[1:]):
        message = "a hole takes the whole shell"
        return Issue("geom.empty_interior", "error", message, where=where)
    parts = shapely.get_parts(built)
    if len(parts) > 1 and shapely.is_valid(parts).all():
        message = "two parts overlap, or share a border"
        return Issue("geom.overlap_parts", "error", message, "join them", where=where)
    code, message = next((c, m) for start, c, m in _REASONS if reason.startswith(start))
    return Issue(code, "error", message, _repairs(built), where=where)


def _was_valid(geometry: Mapping[str, object]) -> bool:
    """Whether the geometry is valid with all its decimals."""
    parts = parts_of(geometry)
    try:
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts]
    except (ValueError, shapely.errors.GEOSException):
        return False
    whole = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return bool(shapely.is_valid(whole))


def _spike(rings: list[list[Floats]]) -> tuple[float, float] | None:
    """Find the tip of a spike without any width."""
    for ring in chain.from_iterable(rings):
        steps = np.rint(ring[:-1] / GRID_DEG).astype(np.int64)
        ahead, back = np.roll(steps, -1, axis=0) - steps, np.roll(steps, 1, axis=0) - steps
        cross = ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0]
        tips = np.flatnonzero((cross == 0) & ((ahead * back).sum(axis=1) > 0))
        if tips.size:
            return float(ring[tips[0], 0]), float(ring[tips[0], 1])
    return None


def _repairs(built: shapely.Geometry) -> str:
    """Say what the two automatic repairs would make of an area: a person must choose."""
    if shapely.get_num_coordinates(built) > _MANY:
        return "draw it again there"
    try:
        lines, structure = area_km2(
            [
                shapely.make_valid(built, method="linework"),
                shapely.make_valid(built, method="structure", keep_collapsed=False),
            ]
        )
    except (ValueError, shapely.errors.GEOSException):
        return "draw it again there"
    return (
        f"draw it again there; automatic repairs would give {lines:.3f} km2 (even-odd) "
        f"or {structure:.3f} km2 (union)"
    )
