"""Tables of any encoding and delimiter; what could be read in two ways is refused, not guessed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.intake import Entry, Intake, fill_cells, map_columns
from geo.layers import decode_text, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_table(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """Read a table of any encoding and delimiter: its rows, dates as YYYY-MM-DD."""
    text = decode_foreign(data, file, intake)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    intake.note(f"cells are set apart by {names[delimiter]}", file)
    (_, header), *rows = split_rows(text, file=file, delimiter=delimiter)
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
        entries.append(Entry(file, line, fill_cells(texts)))
    read_dates(entries, file, intake)
    yield from entries


_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")
"""Four bytes in a row above ASCII: in a western language hardly ever, in others every word."""

_SAMPLES = ("windows-1252", "windows-1251", "windows-1256")
"""What the user is shown the same bytes in: western, Cyrillic, Arabic."""


def decode_foreign(data: bytes, file: str, intake: Intake) -> str:
    """Return the text of a table, its lines ending in a line feed."""
    text = (
        _decode_told(data, file, intake)
        if intake.options.encoding
        else _find_text(data, file, intake)
    )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode_told(data: bytes, file: str, intake: Intake) -> str:
    """
    Read bytes as the user says.

    Raises
    ------
    SchemaError
        If they are not what the user says.
    """
    told = intake.options.encoding
    try:
        text = data.decode(told)
    except (UnicodeDecodeError, LookupError) as error:
        message = f"it is not {escape(told)}: {error}"
        raise SchemaError([refuse("import.encoding", message, file=file)]) from error
    intake.note(f"read as {told}, as told", file)
    return text.removeprefix("\ufeff")


def _find_text(data: bytes, file: str, intake: Intake) -> str:
    """
    Find out how bytes are to be read.

    Raises
    ------
    SchemaError
        If they are no text, or could be read in several ways.
    """
    text, found = decode_text(data, kind="csv")
    if text:
        intake.note("UTF-8", file)
        return text
    if found[0].code != "csv.encoding" or b"\0" in data:
        raise SchemaError([replace(issue, file=file) for issue in found])
    run = _HIGH_RUN.search(data)
    try:
        text = "" if run else data.decode("windows-1252")
    except UnicodeDecodeError:
        text = ""
    if not text:
        piece = data[run.start() : run.end()] if run else data[:20]
        samples = "; ".join(
            f"{name}: {escape(piece.decode(name, 'replace'), 20)}" for name in _SAMPLES
        )
        message = f"it is not UTF-8, and could be several encodings ({samples})"
        raise SchemaError([refuse("import.encoding", message, "name the encoding", file=file)])
    lines = [line for line in text.split("\n") if not line.isascii()]
    words = [word for line in lines for word in line.split() if not word.isascii()]
    shown = ", ".join(escape(word, 30) for word in dict.fromkeys(words[:20]))
    intake.note(
        f"not UTF-8; read as windows-1252, in which {len(lines)} lines differ from ASCII: "
        f"{escape(shown, 200)}. If these are wrong, name the encoding",
        file,
    )
    return text
