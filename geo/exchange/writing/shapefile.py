"""
One layer as Shapefiles in a zip, for programs that take nothing else, and what they lose by it.

A Shapefile has one kind of shape, names of ten letters, texts of 254 bytes and no empty text. So
places become up to three files; ``columns.csv`` gives each short name its own, and ``limits.txt``
says what was cut, column by column.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.exchange.texts import OWN_LIMITS
from geo.exchange.writing.delimited import render_columns
from geo.exchange.writing.gdal import EPOCH, write_table
from geo.exchange.writing.tables import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.exchange.writing.content import Content
    from geo.exchange.writing.tables import TypedTable

_LONGEST_NAME = 10
_LONGEST_TEXT = 254
_DAY = EPOCH[:10]
_KINDS = ("points", "lines", "areas")


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer as a zip."""
    table = content.tables[layer]
    names = _short_names(table.names)
    cut = {column.name: 0 for column in table.columns if column.type == ColumnType.TEXT}
    with tempfile.TemporaryDirectory() as folder:
        for part in _by_kind(table):
            short = _shorten(part, names, cut)
            path = Path(folder, f"{part.name}.shp")
            facts = {"DBF_DATE_LAST_UPDATE": _DAY, "ENCODING": "UTF-8", "SPATIAL_INDEX": "NO"}
            write_table(path, short, "ESRI Shapefile", layer_options=facts)
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    dictionary = {
        "column": list(names.values()),
        "name": list(names),
        "meaning": [column.doc for column in table.columns],
    }
    files["columns.csv"] = render_columns(dictionary, credit=content.credit)
    files[OWN_LIMITS] = _limits(content, table, names, cut).encode()
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # Without a time of writing: the same theatre gives the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return {".zip": sink.getvalue()}


def _by_kind(table: TypedTable) -> Iterator[TypedTable]:
    """The rows apart by kind of shape; those without one lie in a file that may hold them."""
    kinds = np.array([-1 if g is None else shapely.get_dimensions(g) for g in table.shapes])
    found = sorted({int(kind) for kind in kinds} - {-1}) or [0]
    for kind in found:
        rows = np.flatnonzero((kinds == kind) | ((kinds == -1) & (kind == found[0])))
        name = table.name if len(found) == 1 else f"{table.name}_{_KINDS[kind]}"
        kept = [table.rows[n] for n in rows]
        yield replace(table, name=name, rows=kept, geometry=table.shapes[rows])


def _short_names(names: list[str]) -> dict[str, str]:
    """A name of ten letters for each, none twice."""
    short: dict[str, str] = {}
    for name in names:
        made, n = name[:_LONGEST_NAME], 1
        while made in short.values():
            n += 1
            made = f"{name[: _LONGEST_NAME - len(str(n)) - 1]}_{n}"
        short[name] = made
    return short


def _shorten(table: TypedTable, names: dict[str, str], cut: dict[str, int]) -> TypedTable:
    """The table with short names and texts; `cut` counts those that lost their end."""
    rows = []
    for row in table.rows:
        cells = list(row)
        for n, column in enumerate(table.columns):
            if isinstance(cells[n], str):
                short = cells[n].encode()[:_LONGEST_TEXT].decode("utf-8", "ignore")
                cut[column.name] = cut.get(column.name, 0) + (short != cells[n])
                cells[n] = short
        rows.append(tuple(cells))
    columns = tuple(column._replace(name=names[column.name]) for column in table.columns)
    return replace(table, columns=columns, rows=rows)


def _limits(content: Content, table: TypedTable, names: dict[str, str], cut: dict[str, int]) -> str:
    """What was lost, and what the dates mean."""
    renamed = [f"  {short}: {name}" for name, short in names.items() if short != name]
    lost = [f"  {name}: {n} of {len(table.rows)} texts" for name, n in cut.items() if n]
    lines = [
        content.credit,
        str(content.about["how_to_read"]),
        "",
        "A Shapefile has names of ten letters, texts of 254 bytes, and no difference between an",
        "empty text and none. GeoPackage has none of these limits.",
        *(["", "Names that were cut:", *renamed] if renamed else []),
        *(["", "Texts that were cut:", *lost] if lost else []),
    ]
    return "\n".join(lines) + "\n"
