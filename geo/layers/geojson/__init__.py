"""GeoJSON text and records: read strictly, written in one form."""

from __future__ import annotations

from geo.layers.geojson.canonical import Layer
from geo.layers.geojson.doors import (
    dump_geojson,
    fmt_geojson,
    parse_features,
    parse_geojson,
    read_geojson,
)
from geo.layers.geojson.features import unfold_features
from geo.layers.geojson.strict import MAX_DEPTH

__all__ = [
    "MAX_DEPTH",
    "Layer",
    "dump_geojson",
    "fmt_geojson",
    "parse_features",
    "parse_geojson",
    "read_geojson",
    "unfold_features",
]
