"""Tables: text of any delimiter, sheets of a workbook, the points of a map."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.geojson import open_features, property_text
from geo.exchange.reading.intake import (
    LATITUDE,
    LONGITUDE,
    Entry,
    Intake,
    fill_cells,
    map_columns,
)
from geo.exchange.reading.outside import outside_format, sheets_outside
from geo.exchange.reading.texts import decode_foreign
from geo.layers import split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def read_table(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """Read a table: text of any encoding and delimiter, a workbook, or the points of a map."""
    commas = True
    if _holds_features(data, intake):
        entries = _read_points(data, file, intake)
    elif outside_format(data):
        entries = _read_workbook(data, file, intake)
    else:
        text = decode_foreign(data, file, intake)
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
        names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        intake.note(f"cells are set apart by {names[delimiter]}", file)
        rows = split_rows(text, file=file, delimiter=delimiter)
        entries = _take_rows(rows, file, intake)
        commas = delimiter != ","
    if commas:
        _read_commas(entries, file, intake, strict=not outside_format(data))
    read_dates(entries, file, intake)
    yield from entries


def _take_rows(rows: Sequence[tuple[int, list[str]]], file: str, intake: Intake) -> list[Entry]:
    """Rows below a header as entries; one with more cells than the header is lost, and said."""
    (_, header), *rows = rows
    header = [name.strip() for name in header]
    ours = map_columns(header, file, intake)
    entries = []
    for line, cells in rows:
        if not any(cells):
            continue
        if len(cells) > len(header):
            intake.lost[file] += 1
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            intake.issues.append(refuse("csv.ragged", message, file=file, line=line))
            continue
        # A short row lacks its last cells; spreadsheets write no empty ones at the end.
        texts = {ours[n]: cell for n, cell in zip(header, cells, strict=False) if n in ours}
        entries.append(Entry(file, line, fill_cells(texts, intake)))
    return entries


def _holds_features(data: bytes, intake: Intake) -> bool:
    """Whether bytes are a map: of GDAL, or JSON. No table begins with a brace."""
    if outside := outside_format(data):
        return outside in {".shp", ".gpkg", ".fgb"}
    head = data[:100].removeprefix(b"\xef\xbb\xbf").lstrip(b"\x1e \t\r\n")
    return head[:1] in {b"{", b"["} and not intake.options.encoding


def _read_points(data: bytes, file: str, intake: Intake) -> list[Entry]:
    """The features of a map as rows: their positions are columns, where they have none."""
    document, _ = open_features(data, file, intake)
    rows: list[dict[str, str]] = []
    odd = 0
    for feature in document.features:
        inner = feature if isinstance(feature, dict) else {}
        given = inner.get("properties")
        values = (
            {str(k): property_text(v) for k, v in given.items()} if given.__class__ is dict else {}
        )
        shape = inner.get("geometry")
        at = shape.get("coordinates") if isinstance(shape, dict) else None
        if isinstance(shape, dict) and shape.get("type") == "Point" and isinstance(at, list):
            lon, lat = (property_text(v) for v in (*at[:2], None, None)[:2])
            values |= {_LON: lon, _LAT: lat}
        elif shape is not None:
            odd += 1
        rows.append(values)
    if odd:
        intake.note(f"{odd:,} shapes that are no points are not read; their rows are", file)
    header = list(dict.fromkeys(name for row in rows for name in row))
    lines = document.lines or range(1, len(rows) + 1)
    # Where the map has positions, columns that repeat them would only say less.
    ours = map_columns([_rename(name, header) for name in header], file, intake)
    named = {name: ours.get(_rename(name, header), "") for name in header}
    entries = []
    for line, row in zip(lines, rows, strict=True):
        texts = {named[name]: text for name, text in row.items() if named[name]}
        entries.append(Entry(file, line, fill_cells(texts, intake), noun="feature"))
    return entries


_LON, _LAT = "\0lon", "\0lat"


def _rename(name: str, header: Sequence[str]) -> str:
    """The name of a column; the position of the map goes before columns of such a name."""
    if name in {_LON, _LAT}:
        return name[1:]
    taken = _LON in header and name.casefold() in {*LONGITUDE, *LATITUDE}
    return f"{name} (of the table)" if taken else name


_FEW = 2
"""A header has as many names as this at least; lines above it are a title."""


def _read_workbook(data: bytes, file: str, intake: Intake) -> list[Entry]:
    """
    Read the sheets of a workbook that have the columns; the others are named.

    Raises
    ------
    SchemaError
        If none has.
    """
    entries: list[Entry] = []
    failed: list[tuple[str, SchemaError]] = []
    read = []
    for name, cells in sheets_outside(data, file):
        rows = [(n, row) for n, row in enumerate(cells, 1) if any(row)]
        start = next((n for n, (_, row) in enumerate(rows) if sum(map(bool, row)) >= _FEW), None)
        if start is None:
            continue
        width = max((n for n, cell in enumerate(rows[start][1], 1) if cell), default=0)
        kept = [(n, [*row[:width], *filter(None, row[width:])]) for n, row in rows[start:]]
        try:
            entries += _take_rows(kept, file, intake)
        except SchemaError as error:
            failed.append((name, error))
            continue
        read.append(name)
    if not read:
        if failed:
            raise failed[0][1]
        message = "no sheet of the workbook holds a table"
        raise SchemaError([refuse("import.workbook", message, file=file)])
    shown = ", ".join(escape(name, 40) for name in read[:_LISTED])
    left = ", ".join(escape(name, 40) for name, _ in failed[:_LISTED])
    more = f"; without the columns, and not read: {left}" if failed else ""
    intake.note(f"it is a workbook; read is the sheet {shown}{more}", file)
    return entries


_LISTED = 4
_COMMA = re.compile(r"[+-]?[0-9]{1,3},[0-9]+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,3}")


def _read_commas(entries: Sequence[Entry], file: str, intake: Intake, *, strict: bool) -> None:
    """
    Take the comma of positions for a decimal point.

    In a text none of them may have such a point; in a workbook some are numbers.
    """
    cells = [one.values[name] for one in entries for name in ("lon", "lat") if name in one.values]
    commas = sum(bool(_COMMA.fullmatch(cell)) for cell in cells)
    whole = sum(bool(_WHOLE.fullmatch(cell)) for cell in cells)
    if not commas or (strict and commas + whole < len(cells)):
        return
    for entry in entries:
        for name in ("lon", "lat"):
            if _COMMA.fullmatch(entry.values.get(name, "")):
                entry.values[name] = entry.values[name].replace(",", ".")
    intake.note("positions have decimal commas", file)
