"""
The columns as JSON Schema and as plain data, for editors and for other people's programs.

What `json_schema` describes is a file as ``frontline fmt`` writes it. The strict reader takes a
little more (a key that is not there, a number with a point) and repairs it; and it finds what no
schema can say, such as a ring that crosses itself or an id that is there twice.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from geo.model.words import ID_PATTERN, RESERVED_IDS

if TYPE_CHECKING:
    from geo.model.nouns import Column, Schema

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ID = ID_PATTERN.pattern
# The reader takes days from 0001-01-01 to 2100-01-01, but for years that look like Hijri ones; the
# calendar itself is its business.
_DAY = (
    "^(?:(?!0000|1[34]|1500)[01][0-9]{3}|20[0-9]{2})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
    "|^2100-01-01$"
)
_PATTERNS = {
    "id": f"^(?:{_ID})$",
    "ref": f"^(?:{_ID})$",
    "refs": f"^(?:{_ID})(?:;(?:{_ID}))*$",
    "date": _DAY,
    "url": "^[hH][tT][tT][pP][sS]?:",
}

_POSITION = {
    "type": "array",
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
    ],
    "items": False,
    "minItems": 2,
    "description": "longitude, latitude",
}


def _list_of(items: dict[str, Any], least: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_LINE = _list_of(_POSITION, 2)
_AREA = _list_of(_list_of(_POSITION, 4), 1)
_COORDINATES = {
    "Point": _POSITION,
    "LineString": _LINE,
    "Polygon": _AREA,
    "MultiPoint": _list_of(_POSITION, 1),
    "MultiLineString": _list_of(_LINE, 1),
    "MultiPolygon": _list_of(_AREA, 1),
}


def describe_columns(schema: Schema) -> list[dict[str, Any]]:
    """
    Return the columns of a schema as plain data, for a form or a page.

    Parameters
    ----------
    schema
        A layer or a table.

    Returns
    -------
    columns
        In order; each has all attributes of a `Column`, as text, numbers, flags, lists and None.

    Examples
    --------
    >>> from geo.model import CONTROL
    >>> describe_columns(CONTROL)[3]["choices"][:2]
    ['controlled', 'contested']
    """
    described = [dataclasses.asdict(column) for column in schema.columns]
    for column in described:
        column["choices"] = [str(choice) for choice in column["choices"]]
    return described


def json_schema(schema: Schema) -> dict[str, Any]:
    """
    Return the JSON Schema of a file, draft 2020-12.

    Parameters
    ----------
    schema
        A layer or a table.

    Returns
    -------
    document
        Of the whole file for a layer of GeoJSON; of one row, as an object with None for an empty
        cell, for a table.

    Examples
    --------
    >>> from geo.model import SOURCES
    >>> json_schema(SOURCES)["properties"]["grade"]["pattern"]
    '^(?:[A-F][1-6])$'
    """
    head = {"$schema": _DRAFT, "title": schema.path}
    if not schema.geometry:
        return {**head, "description": f"One row of {schema.path}.", **_record(schema)}
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "properties": _record(schema),
            "geometry": _geometry(schema),
        },
        "required": ["type", "properties", "geometry"],
        "additionalProperties": False,
    }
    return {
        **head,
        "description": f"One file of {schema.path}.",
        "type": "object",
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": feature},
        },
        "required": ["type", "features"],
    }


def _record(schema: Schema) -> dict[str, Any]:
    """The columns; a key that nobody described is kept by the tool, so it may stand there too."""
    return {
        "type": "object",
        "properties": {column.name: _value(column) for column in schema.columns},
        "required": list(schema.names),
        "additionalProperties": {"type": ["string", "integer", "null"]},
    }


def _value(column: Column) -> dict[str, Any]:
    kind = "integer" if column.kind == "integer" else "string"
    value: dict[str, Any] = {
        "description": column.doc,
        "type": kind if column.required else [kind, "null"],
    }
    if column.kind == "choice":
        value["enum"] = [*map(str, column.choices), *([] if column.required else [None])]
    elif column.kind == "pattern":
        value["pattern"] = f"^(?:{column.pattern})$"
    elif column.kind == "text":
        value["minLength"] = 1
    elif column.kind != "integer":
        value["pattern"] = _PATTERNS[column.kind]
    if column.kind in {"id", "ref"}:
        value["not"] = {"enum": sorted(RESERVED_IDS)}
    if column.kind == "date":
        value["format"] = "date"
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return value | {name: bound for name, bound in bounds.items() if bound is not None}


def _geometry(schema: Schema) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {
            "type": "object",
            "properties": {"type": {"const": kind}, "coordinates": _COORDINATES[kind]},
            "required": ["type", "coordinates"],
            "additionalProperties": False,
        }
        for kind in sorted(schema.geometry)
    ]
    return {"oneOf": [*kinds, *([{"type": "null"}] if schema.null_geometry else [])]}
