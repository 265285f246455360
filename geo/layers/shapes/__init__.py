"""Geometries of a layer as arrays: checked, on the grid, in one order."""

from __future__ import annotations

from geo.layers.shapes.checks import flatten
from geo.layers.shapes.flat import KINDS, Found, Rings, Shapes
from geo.layers.shapes.spelling import spell_out, spelt, unfold, unfold_areas

GEOMETRY_TYPES = frozenset(KINDS)
"""GeoJSON types of a geometry that stands alone."""

__all__ = [
    "GEOMETRY_TYPES",
    "KINDS",
    "Found",
    "Rings",
    "Shapes",
    "flatten",
    "spell_out",
    "spelt",
    "unfold",
    "unfold_areas",
]
