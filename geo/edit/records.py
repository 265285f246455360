"""The records of one file, whatever kind it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.layers import parse_geojson, parse_table

if TYPE_CHECKING:
    from geo.model import Feature, Row, Schema


def read_records(
    data: bytes, *, schema: Schema, file: str, repair: bool = False
) -> tuple[Feature, ...] | tuple[Row, ...]:
    """
    Return what a file holds, read strictly.

    Raises
    ------
    SchemaError
        If it cannot be read; with `repair`, if it holds what has more than one repair.
    """
    if schema.geometry:
        return parse_geojson(data, schema=schema, file=file, repair=repair).features
    return parse_table(data, schema=schema, file=file, repair=repair).rows
