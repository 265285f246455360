"""A file of the layers as git stores it, and as a person reads it."""

from __future__ import annotations

import difflib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import shapely

from geo.crs import area_km2, middle_of
from geo.edit.merge.by_id import read_records
from geo.errors import LayerError, SchemaError, escape, refuse
from geo.layers import digest, fmt_geojson, fmt_table
from geo.model import SCHEMAS, Feature, Row, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator


def canonical_text(data: bytes, name: str) -> bytes:
    """
    Return what git stores for a file: its canonical text, or the bytes as they are.

    Parameters
    ----------
    data
        Content of the file in the working tree.
    name
        The path in the repository.

    Returns
    -------
    data
        Unchanged where the file has a fault that only a person can mend.
    """
    try:
        schema = schema_by_name(name)
        reader = fmt_geojson if schema.geometry else fmt_table
        return reader(data, schema=schema, file=name)[0]
    except LayerError:
        return data


def readable_text(data: bytes) -> str:
    """
    Return a file as lines that a person reads: one a property, one a shape.

    Parameters
    ----------
    data
        Content of a layer or table, of any kind.

    Returns
    -------
    text
        Lines such as ``ctl-9f3ac2e1.controller: opposition``; the text itself where the file has
        faults.
    """
    if b"<<<<<<< " in data:
        return _readable_conflict(data)
    for schema in SCHEMAS.values():
        try:
            records = read_records(data, schema=schema, file="")
            return "".join(line for record in records for line in _record_lines(record))
        except LayerError:
            continue
    return data.decode("utf-8", "replace")


def _readable_conflict(data: bytes) -> str:
    """Both versions of a file that git could not merge, as lines; marked where they differ."""
    sides: tuple[list[bytes], list[bytes]] = [], []
    into: tuple[int, ...] = (0, 1)
    for line in data.splitlines(keepends=True):
        if line.startswith(_CONFLICT):
            into = {b"<": (0,), b"|": (), b"=": (1,), b">": (0, 1)}[line[:1]]
            continue
        for side in into:
            sides[side].append(line)
    one, two = (readable_text(b"".join(lines)).splitlines(keepends=True) for lines in sides)
    out: list[str] = []
    matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            out += one[a:b]
        else:
            marks = "<<<<<<< ours\n", "=======\n", ">>>>>>> theirs\n"
            out += [marks[0], *one[a:b], marks[1], *two[c:d], marks[2]]
    return "".join(out)


_CONFLICT = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")


def schema_by_name(name: str) -> Schema:
    """
    What a file is by the end of its path.

    Raises
    ------
    SchemaError
        If no layer or table is called so.
    """
    for schema in SCHEMAS.values():
        if PurePosixPath(name).match(schema.path):
            return schema
    message = "it is no layer or table of a layers folder"
    raise SchemaError([refuse("file.name", message, file=name)])


def _record_lines(record: Feature | Row) -> Iterator[str]:
    values = record.values
    name = escape(record.id or ", ".join(str(value) for value in list(values.values())[:2]))
    for key, value in values.items():
        if key != "id" and value is not None:
            yield f"{name}.{escape(key)}: {escape(str(value), 2000)}\n"
    if isinstance(record, Feature):
        yield f"{name}.geometry: {_shape_line(record.geometry)}\n"


def _shape_line(shape: shapely.Geometry | None) -> str:
    if shape is None:
        return "never located"
    lon, lat = shapely.get_coordinates(middle_of(shape))[0].tolist()
    where = f"at {lon:.6f}, {lat:.6f}"
    if shapely.get_dimensions(shape) == 0:
        return where
    # Two shapes of one size are told apart by what their corners add up to.
    mark = digest(shapely.to_wkb(shape))[:8]
    corners = f"{int(shapely.get_num_coordinates(shape))} corners, drawn as {mark}"
    if shapely.get_dimensions(shape) == 1:
        return f"line {where}, {corners}"
    return f"{float(area_km2(shape)[0]):,.3f} km2 {where}, {corners}"
