"""All tables as a workbook: a sheet on how to read them, one a table, and the data dictionary."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import TYPE_CHECKING, Any

from geo.exchange.catalog import import_library
from geo.exchange.writing.geojson import dump_json
from geo.exchange.writing.tables import ColumnType, TypedColumn, TypedTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.exchange.writing.content import Content

_LONGEST_TEXT = 32_767
"""Signs that a cell of a workbook holds; the writer drops longer text without a word."""

_FIRST_DAY = dt.date(1900, 3, 1)
"""Spreadsheets disagree on the days before: some know a 29 February 1900."""


def render(content: Content, **_: str) -> dict[str, bytes]:
    """Return the workbook."""
    xlsxwriter = import_library("xlsxwriter", "xlsx")
    sink = BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties(
        {
            "title": str(content.about["title"]),
            "comments": content.credit,
            "created": dt.datetime(1980, 1, 1),  # noqa: DTZ001 - the format has no zone
        }
    )
    formats = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        ColumnType.TEXT: book.add_format({"num_format": "@"}),
        ColumnType.DATE: book.add_format({"num_format": "yyyy-mm-dd"}),
        ColumnType.REAL: book.add_format({"num_format": "#,##0.000"}),
        ColumnType.INTEGER: book.add_format({"num_format": "0"}),
    }
    tables = [t for t in content.tables.values() if not t.name.startswith(("context_", "theatre"))]
    for table in (_about_table(content), *tables, _dictionary(tables)):
        _add_sheet(book, table, formats)
    book.close()
    return {".xlsx": sink.getvalue()}


def _about_table(content: Content) -> TypedTable:
    kept = ("title", "description", "attribution", "licences", "as_of", "timezone", "crs")
    rows: list[tuple[str, ...]] = []
    for key in (*kept, "how_to_read", "generator"):
        value = content.about[key]
        rows.append((key, value if isinstance(value, str) else dump_json(value)))
    columns = (
        TypedColumn("what", ColumnType.TEXT, "What is said."),
        TypedColumn("text", ColumnType.TEXT, "The text."),
    )
    return TypedTable("about", "", columns, rows)


def _dictionary(tables: Iterable[TypedTable]) -> TypedTable:
    """The data dictionary: every column of every sheet."""
    names = ("sheet", "column", "type", "meaning")
    rows = [(t.name, *column) for t in tables for column in t.columns]
    return TypedTable("columns", "", tuple(TypedColumn(n, ColumnType.TEXT) for n in names), rows)


def _add_sheet(book: Any, table: TypedTable, formats: Mapping[str, Any]) -> None:
    if table.geometry is not None:
        table = table.with_position()
    sheet = book.add_worksheet(table.name)
    for across, (name, kind, _) in enumerate(table.columns):
        sheet.write_string(0, across, name, formats["head"])
        sheet.set_column(across, across, 40 if name in {"note", "notes", "text", "meaning"} else 16)
        for down, value in enumerate(table.values(name), 1):
            if value is None:
                continue
            if kind == ColumnType.DATE and value >= _FIRST_DAY:
                sheet.write_datetime(down, across, value, formats[kind])
            elif kind in {ColumnType.INTEGER, ColumnType.REAL}:
                sheet.write_number(down, across, value, formats[kind])
            else:
                # Typed as text, so that what begins with = stays text.
                cell = str(value)
                cut = cell if len(cell) <= _LONGEST_TEXT else cell[: _LONGEST_TEXT - 1] + "…"
                sheet.write_string(down, across, cut, formats[ColumnType.TEXT])
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
