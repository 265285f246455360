"""
A table of ours as a spreadsheet gives it back: its cells as text, in the forms of our columns.

Delimiter, encoding, and the order of rows and columns are the program's. Dates are read as a
column, as in an import, but never made sharper: a month is no day. A number of whole units may come
with a decimal part of zero, with a point or a comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.intake import Entry, Intake, Layout, Options
from geo.exchange.reading.outside import outside_format, sheets_outside
from geo.exchange.reading.texts import decode_foreign
from geo.exchange.texts import unguard_formula
from geo.layers import split_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Schema

_WHOLE = re.compile(r"([+-]?[0-9]+)[.,]0+")
_MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class ReturnedTable:
    """
    A table as it came back.

    Attributes
    ----------
    header
        The names of its columns, in its order.
    rows
        Line and cells of each row, as many as there are columns.
    notes
        How it was read, one sentence each.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def read_returned(
    data: bytes, *, schema: Schema, file: str, encoding: str = "", day_order: str = ""
) -> ReturnedTable:
    """
    Read a table of ours that a spreadsheet wrote.

    Parameters
    ----------
    data
        Text of any delimiter and encoding, or a workbook.
    schema
        What it is.
    file
        Its path, for messages.
    encoding
        Of the text; empty to find out, and to refuse where it cannot be found out.
    day_order
        ``month-first`` or ``day-first`` for dates such as 3/4/2022; empty to find out likewise.

    Returns
    -------
    table
        Cells as text; nothing is said yet of what they hold.

    Raises
    ------
    SchemaError
        If it cannot be read, has none of the columns, or could be read in several ways.
    GeoError
        If it is a workbook, and the reader of workbooks is not installed.
    """
    dates = tuple(column.name for column in schema.columns if column.kind == "date")
    options = Options(encoding=encoding, day_order=day_order)  # type: ignore[arg-type]
    intake = Intake(Layout(columns=dict.fromkeys(schema.names, ()), dates=dates), options)
    if outside_format(data):
        (_, header), *rows = _sheet(data, schema, file)
    else:
        (_, header), *rows = _lines(data, schema, file, intake)
    header = [name.strip() for name in header]
    _require_columns(header, schema, file)
    entries = []
    for line, cells in rows:
        if len(cells) > len(header) and any(cells[len(header) :]):
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            raise SchemaError([refuse("csv.ragged", message, file=file, line=line)])
        padded = [*cells, *[""] * (len(header) - len(cells))]
        if any(padded):
            values = {n: unguard_formula(c.strip()) for n, c in zip(header, padded, strict=False)}
            entries.append(Entry(file, line, values))
    written = [dict(entry.values) for entry in entries]
    read_dates(entries, file, intake)
    whole = {column.name for column in schema.columns if column.kind == "integer"}
    for entry, before in zip(entries, written, strict=True):
        for name in entry.periods:
            # The middle of a month is no day that anybody wrote.
            entry.values[name] = before[name]
        for name in whole & entry.values.keys():
            entry.values[name] = _WHOLE.sub(r"\1", entry.values[name])
    kept = tuple(
        (entry.line, tuple(entry.values[name] for name in header if name)) for entry in entries
    )
    return ReturnedTable(tuple(filter(None, header)), kept, intake.said())


def _lines(
    data: bytes, schema: Schema, file: str, intake: Intake
) -> Sequence[tuple[int, list[str]]]:
    """
    The rows of a text, cut where the header has the names of our columns.

    Raises
    ------
    SchemaError
        If there is none.
    """
    text = decode_foreign(data, file, intake)
    first = text.split("\n", 1)[0]
    known = set(schema.names)

    def columns(mark: str) -> int:
        return len(known & {cell.strip().strip('"') for cell in first.split(mark)})

    mark = max(_MARKS, key=lambda one: (columns(one), one == ","))
    if mark != ",":
        intake.note(f"cells are set apart by {_MARKS[mark]}", file)
    rows = split_rows(text, file=file, delimiter=mark)
    if not rows:
        raise SchemaError([refuse("csv.empty", "the file is empty", file=file)])
    return rows


def _sheet(data: bytes, schema: Schema, file: str) -> list[tuple[int, list[str]]]:
    """
    The rows of the sheet that has our columns, from its header on.

    Raises
    ------
    SchemaError
        If no sheet has, or several have.
    """
    known = set(schema.names)
    found: dict[str, list[tuple[int, list[str]]]] = {}
    for name, cells in sheets_outside(data, file):
        rows = [(n, row) for n, row in enumerate(cells, 1) if any(row)]
        start = next((n for n, (_, row) in enumerate(rows) if len(known & set(row)) > 1), None)
        if start is not None:
            found[name] = rows[start:]
    if len(found) > 1 and schema.name in found:
        return found[schema.name]
    if len(found) != 1:
        listed = ", ".join(escape(name, 40) for name in found)
        message = f"{len(found)} sheets have the columns of {schema.name}"
        hint = f"keep one of {listed}" if found else f"they are {', '.join(schema.names[:4])}, ..."
        raise SchemaError([refuse("csv.header", message, hint, file=file)])
    return next(iter(found.values()))


def _require_columns(header: Sequence[str], schema: Schema, file: str) -> None:
    """
    Pass if a header can be one of ours.

    Raises
    ------
    SchemaError
        If it names too few columns, or one twice.
    """
    named = [name for name in header if name]
    for name in named:
        if named.count(name) > 1:
            message = f"the column {escape(name, 60)} is there twice"
            raise SchemaError([refuse("csv.header", message, "delete one", file=file, line=1)])
    key = schema.names[0]
    if key not in named:
        message = f"the column {key} is not there, by which rows are told apart"
        hint = f"the first line must name the columns: {', '.join(schema.names[:4])}, ..."
        raise SchemaError([refuse("csv.header", message, hint, file=file, line=1)])
