"""
CSV text: read strictly, written in one form.

RFC 4180 in UTF-8, the columns of the schema, one row a line, rows sorted by id. An empty cell
is None. As with the layers, all that is wrong with a file is said at once, and nothing is
guessed: a date that a spreadsheet turned round is refused, not read.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from geo.errors import Issue, SchemaError, escape, mend, refuse, warn
from geo.layers import fields, files
from geo.model import Row, Schema, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_QUOTED = frozenset('",\n\r')


@dataclass(frozen=True, slots=True)
class Table:
    """
    One CSV file, as read.

    Attributes
    ----------
    file
        Its path, for messages.
    schema
        What it was read as.
    rows
        Sorted by id, or by all values where rows have no id.
    issues
        Warnings, and what ``fmt`` would repair; no errors.
    digest
        SHA-256 of the bytes read, in hexadecimal.
    """

    file: str
    schema: Schema
    rows: tuple[Row, ...]
    issues: tuple[Issue, ...]
    digest: str


def parse_table(data: bytes, *, schema: Schema, file: str, repair: bool = False) -> Table:
    """
    Read a table from bytes.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    repair
        Whether errors that have only one repair are repaired, as `fmt_table` does.

    Returns
    -------
    table
        Its rows.

    Raises
    ------
    SchemaError
        If there is any error in it; all findings are in `issues`.
    """
    return _table(_draft(data, schema), schema, file, files.digest(data), repair=repair)


def parse_rows(
    records: Sequence[Row | Mapping[str, object]],
    *,
    schema: Schema,
    file: str,
    repair: bool = False,
) -> Table:
    """
    Read a table from rows that never were text, as strictly as from bytes.

    Parameters
    ----------
    records
        Rows as objects, or rows of ours; a value is text, an integer or None.
    schema
        What they must hold; a column that is not there is empty.
    file
        What messages call them.
    repair
        Whether errors that have only one repair are repaired, as `fmt_table` does.

    Returns
    -------
    table
        What `parse_table` makes of a file of them; its digest is that of the canonical text.

    Raises
    ------
    SchemaError
        If there is any error in them; all findings are in `issues`.
    """
    draft = _from_rows(records, schema)
    return _table(draft, schema, file, files.digest(draft.text), repair=repair)


def _table(draft: _Draft, schema: Schema, file: str, digest: str, *, repair: bool) -> Table:
    """
    What was read.

    Raises
    ------
    SchemaError
        If there is an error in it that stays.
    """
    issues = _placed(draft, file)
    if any(i.severity == "error" and not (repair and i.fixable) for i in issues):
        raise SchemaError(issues)
    return Table(file, schema, draft.rows, tuple(issues), digest)


def _from_rows(records: Sequence[Row | Mapping[str, object]], schema: Schema) -> _Draft:
    """Check rows that never were text."""
    keyed = "id" in schema.names
    lines = [one.line if isinstance(one, Row) else 0 for one in records]
    draft = _Draft([""] * len(records), lines)
    plain = [
        ({"id": one.id, **one.values} if keyed else one.values) if isinstance(one, Row) else one
        for one in records
    ]
    _assemble(draft, schema, plain, text=False)
    for i, one in enumerate(records):
        if keyed and isinstance(one, Row) and one.values.get("id", one.id) != one.id:
            message = f"the row is {one.id!r}, its values say otherwise"
            draft.found.append((i, refuse("id.conflict", message)))
    return draft


def read_table(path: Path, *, root: Path, schema: Schema) -> Table:
    """
    Read a table from a file.

    Parameters
    ----------
    path
        The file.
    root
        The layers folder; nothing outside of it is opened.
    schema
        What it must hold.

    Returns
    -------
    table
        Its rows.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it may not be opened, or there is any error in it.
    """
    return parse_table(files.read_bytes(path, root=root), schema=schema, file=str(path))


def dump_table(rows: Sequence[Row], *, schema: Schema) -> bytes:
    """
    Return the canonical text of rows, after reading it back.

    Parameters
    ----------
    rows
        In any order.
    schema
        What they must hold; a column that is not there is written empty.

    Returns
    -------
    data
        UTF-8, with line feeds.

    Raises
    ------
    SchemaError
        If they hold what could not be read back: a wrong value, or an id that is there twice.
    """
    draft = _from_rows(rows, schema)
    issues = _placed(draft, "")
    if any(issue.severity == "error" for issue in issues):
        raise SchemaError(issues)
    if fault := _unread(draft, schema):
        raise SchemaError([fault])
    return draft.text


def fmt_table(
    data: bytes, *, schema: Schema, file: str, assign_ids: bool = False
) -> tuple[bytes, tuple[Issue, ...]]:
    """
    Return the canonical text of a file, repaired where only one repair is possible.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    assign_ids
        Whether a row without an id gets one, made from its content.

    Returns
    -------
    data
        Canonical text; the same bytes if they are canonical already.
    issues
        What was repaired; empty if nothing was.

    Raises
    ------
    SchemaError
        If there is an error that cannot be repaired; all findings are in `issues`.
    """
    draft = _draft(data, schema, assign_ids=assign_ids)
    issues = _placed(draft, file)
    if any(issue.severity == "error" and not issue.fixable for issue in issues):
        raise SchemaError(issues)
    if fault := _unread(draft, schema):
        raise SchemaError([fault])
    return draft.text, tuple(issue for issue in issues if issue.fixable)


def format_row(cells: Sequence[str]) -> str:
    """
    Return one line of a table.

    Parameters
    ----------
    cells
        Their texts.

    Returns
    -------
    line
        With a line feed; a cell is quoted where it must be.

    Examples
    --------
    >>> print(format_row(["a", "b,c"]), end="")
    a,"b,c"
    """
    return ",".join(_quoted(cells)) + "\n"


def split_rows(text: str, *, file: str, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    r"""
    Split the text of anybody's table into cells; nothing is said of what they hold.

    Parameters
    ----------
    text
        RFC 4180, but for the delimiter.
    file
        Its path, for messages.
    delimiter
        What stands between two cells.

    Returns
    -------
    rows
        Each with the line on which it begins, counted from 1.

    Raises
    ------
    SchemaError
        If a quote is not closed, or stands where none may.

    Examples
    --------
    >>> split_rows("a;b\n1;2\n", file="theirs.csv", delimiter=";")
    [(1, ['a', 'b']), (2, ['1', '2'])]
    """
    draft = _Draft([], [])
    rows = _lines(text, draft, delimiter)
    if draft.found:
        raise SchemaError(_placed(draft, file))
    return rows


# --- a file on its way ------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    """Rows checked so far, and all findings; -1 stands for the file."""

    ids: list[str]
    lines: list[int]
    found: list[tuple[int, Issue]] = dataclasses.field(default_factory=list)
    rows: tuple[Row, ...] = ()
    text: bytes = b""


def _draft(data: bytes, schema: Schema, *, assign_ids: bool = False) -> _Draft:
    """Read bytes as far as they go."""
    draft = _Draft([], [])
    text, issues = files.decode_text(data, kind="csv")
    draft.found += [(-1, issue) for issue in issues]
    if not text:
        return draft
    lines = _lines(text, draft)
    if not lines:
        return draft
    if len(lines[0][1]) == 1 and (other := _delimiter(lines[0][1][0], schema)):
        again = _Draft([], [])
        lines = _lines(text, again, other)
        # Only where every row is cut alike it is sure that nothing else is a delimiter.
        if again.found or any(len(cells) != len(lines[0][1]) for _, cells in lines if any(cells)):
            lines = _lines(text, draft)
        else:
            message = "cells are not set apart by commas"
            draft.found.append((-1, mend("csv.delimiter", message, line=1)))
    header = _header(lines[0][1], schema, draft)
    if header is None:
        return draft
    records = _records(lines[1:], header, draft)
    _assemble(draft, schema, records, header=header, text=True, assign_ids=assign_ids)
    draft.found += fields.compare_layout(data, draft.text, draft.found)
    return draft


def _delimiter(header: str, schema: Schema) -> str:
    """What sets the cells of a header apart that names our columns; empty where nothing does."""
    key = schema.names[0]
    return next((m for m in ";\t" if key in header.split(m) and header.count(m) > 1), "")


def _unread(draft: _Draft, schema: Schema) -> Issue | None:
    """Read a text back, and say if it is not what was to be written."""
    again = _draft(draft.text, schema)
    same = [(row.id, row.values) for row in again.rows] == [
        (row.id, row.values) for row in draft.rows
    ]
    if same and again.text == draft.text:
        return None
    message = "the text would not be read back as it was meant; nothing is written"
    return refuse("fmt.verify", message)


def _placed(draft: _Draft, file: str) -> list[Issue]:
    return fields.place(draft.found, file=file, ids=draft.ids, lines=draft.lines, noun="row")


# --- text to records --------------------------------------------------------


def _lines(text: str, draft: _Draft, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    """Split text into cells; each row with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "a cell with a comma, a quote or a line end stands in quotes, quotes in it doubled"
        message = f"the row that begins here is no CSV: {error}"
        draft.found.append((-1, refuse("csv.syntax", message, hint, line=line)))
    return rows


def _header(cells: list[str], schema: Schema, draft: _Draft) -> list[str] | None:
    """Check the names of the columns; None where the rows cannot be understood without."""
    known = set(schema.names)
    issues = []
    if len(cells) == 1 and any(mark in cells[0] for mark in ";\t"):
        hint = "save it as CSV with commas"
        issues.append(refuse("csv.delimiter", "cells are not set apart by commas", hint))
    elif not known & set(cells):
        hint = f"the first line must name the columns: {', '.join(schema.names[:4])}, ..."
        issues.append(refuse("csv.header", "no column of the schema is there", hint))
    else:
        named = [name for name in cells if name]
        for name in sorted({name for name in named if named.count(name) > 1}):
            message = f"the column {escape(name, 60)} is there twice"
            issues.append(refuse("csv.header", message, "delete one of the two"))
    draft.found += [(-1, dataclasses.replace(issue, line=1)) for issue in issues]
    if issues:
        return None
    written = [name for name in schema.names if name in cells]
    if [name for name in cells if name in known] != written:
        message = "the columns are not in the order of the data dictionary"
        draft.found.append((-1, mend("fmt.order", message, line=1)))
    for column in schema.columns:
        if column.name not in cells:
            issue = mend("props.missing", "")
            if column.required:
                issue = refuse("csv.column", "", f"add it: {column.doc}")
            message = f"the column {column.name} is not there"
            draft.found.append((-1, dataclasses.replace(issue, message=message, line=1)))
    return cells


def _records(
    lines: list[tuple[int, list[str]]], header: list[str], draft: _Draft
) -> list[dict[str, object]]:
    """Give names to the cells of each row."""
    records = []
    for line, cells in lines:
        if not any(cells):
            issue = mend("csv.empty_row", "there are rows without any value", line=line)
            draft.found.append((-1, issue))
            continue
        record: dict[str, object] = {}
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            hint = "is a comma missing, or a cell with a comma not in quotes?"
            draft.found.append((-1, refuse("csv.ragged", message, hint, line=line)))
            continue
        for name, cell in zip(header, cells, strict=True):
            if name or cell:
                record[name] = cell
            elif not name:
                message = "there is a column without a name or a value"
                issue = mend("csv.empty_column", message, line=1)
                draft.found.append((-1, issue))
        records.append(record)
        draft.lines.append(line)
        draft.ids.append("")
    return records


# --- records to rows --------------------------------------------------------


def _assemble(
    draft: _Draft,
    schema: Schema,
    records: Sequence[Mapping[str, object]],
    *,
    header: Sequence[str] = (),
    text: bool,
    assign_ids: bool = False,
) -> None:
    """Check all rows, and write them unless there is an error without repair."""
    checked: list[dict[str, Value]] = []
    # That a column is not there was said once, of the header.
    there = [column for column in schema.columns if not text or column.name in header]
    present = dataclasses.replace(schema, columns=tuple(there))
    for i, record in enumerate(records):
        values, issues = fields.check_record(record, present, text=text)
        draft.found += [(i, issue) for issue in issues]
        draft.ids[i] = str(values.get("id") or "") if "id" in present.names else ""
        checked.append(values)
    if assign_ids:
        _assign_ids(draft, schema, checked)
    _check_twice(draft, checked)
    if any(issue.severity == "error" and not issue.fixable for _, issue in draft.found):
        return
    extra = sorted({name for values in checked for name in values} - set(schema.names))
    names = [*schema.names, *extra]
    for name in sorted({name for name in header if name} - set(names) - fields.TOOL_COLUMNS):
        issue = mend("props.extra_null", f"the unknown column {escape(name, 60)} is empty", line=1)
        draft.found.append((-1, issue))
    checked = [{name: values.get(name) for name in names} for values in checked]
    cells = [[_cell(values.get(name)) for name in names] for values in checked]
    order = sorted(range(len(cells)), key=lambda i: (draft.ids[i], cells[i]))
    if order != list(range(len(cells))):
        draft.found.append((-1, mend("fmt.order", "the rows are not sorted")))
    draft.rows = tuple(Row(draft.ids[i], checked[i], draft.lines[i]) for i in order)
    written = [names, *(cells[i] for i in order)]
    draft.text = "".join(format_row(row) for row in written).encode()


def _check_twice(draft: _Draft, checked: list[dict[str, Value]]) -> None:
    """Find ids that two rows have, and rows without an id that are the same."""
    first: dict[object, int] = {}
    for i, values in enumerate(checked):
        name = draft.ids[i]
        if not name and "id" in values:
            continue
        if first.setdefault(name or tuple(values.items()), i) == i:
            continue
        line = draft.lines[first[name or tuple(values.items())]]
        place = f"; first in line {line}" if line else ""
        if name:
            hint = "give one of the two an id of its own, or delete it"
            issue = refuse("id.duplicate", f"the id is there twice{place}", hint)
        else:
            issue = warn("row.duplicate", f"the row is there twice{place}")
        draft.found.append((i, issue))


def _assign_ids(draft: _Draft, schema: Schema, checked: list[dict[str, Value]]) -> None:
    """Give rows without an id one that is made from what they hold."""
    taken = set(draft.ids)
    for n, (i, issue) in enumerate(draft.found):
        if issue.code != "id.missing":
            continue
        content = orjson.dumps(checked[i], option=orjson.OPT_SORT_KEYS)
        name = fields.new_id(schema, content, taken)
        taken.add(name)
        draft.ids[i] = name
        checked[i]["id"] = name
        draft.found[n] = (i, mend("id.missing", f"the row had no id; it is now {name}"))


def _cell(value: Value) -> str:
    return "" if value is None else str(value)


def _quoted(cells: Sequence[str]) -> Iterator[str]:
    for cell in cells:
        bare = _QUOTED.isdisjoint(cell)
        yield cell if bare else '"' + cell.replace('"', '""') + '"'
