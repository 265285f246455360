"""Tables of any delimiter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from geo.errors import refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.intake import Entry, Intake, fill_cells, map_columns
from geo.exchange.reading.texts import decode_foreign
from geo.layers import split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
        entries.append(Entry(file, line, fill_cells(texts, intake)))
    if delimiter != ",":
        _read_commas(entries, file, intake)
    read_dates(entries, file, intake)
    yield from entries


_COMMA = re.compile(r"[+-]?[0-9]{1,3},[0-9]+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,3}")


def _read_commas(entries: Sequence[Entry], file: str, intake: Intake) -> None:
    """Take the comma of positions for a decimal point, where no position has such a point."""
    cells = [one.values[name] for one in entries for name in ("lon", "lat") if name in one.values]
    commas = sum(bool(_COMMA.fullmatch(cell)) for cell in cells)
    if not commas or commas + sum(bool(_WHOLE.fullmatch(cell)) for cell in cells) < len(cells):
        return
    for entry in entries:
        for name in ("lon", "lat"):
            if name in entry.values:
                entry.values[name] = entry.values[name].replace(",", ".")
    intake.note("positions have decimal commas", file)
