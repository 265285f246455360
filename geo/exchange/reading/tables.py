"""Tables of any encoding and delimiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.errors import Issue
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.encodings import decode_foreign
from geo.exchange.reading.entry import Entry
from geo.exchange.reading.intake import Intake, fill_cells, map_columns
from geo.layers import split_rows

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
            intake.issues.append(Issue("csv.ragged", "error", message, file=file, line=line))
            continue
        # A short row lacks its last cells; spreadsheets write no empty ones at the end.
        texts = {ours[n]: cell for n, cell in zip(header, cells, strict=False) if n in ours}
        entries.append(Entry(file, line, fill_cells(texts)))
    read_dates(entries, file, intake)
    yield from entries
