"""One layer as CSV that a spreadsheet opens without harm."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from geo.exchange.cells import guard_formula

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.exchange.writing.content import Content

_BOM = b"\xef\xbb\xbf"
"""The mark by which a spreadsheet knows UTF-8; without it Arabic names come out as rubbish."""


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, with a position on each shape instead of the shape."""
    table = content.tables[layer].with_position()
    columns = {name: table.values(name) for name in table.names}
    return {".csv": render_columns(columns, credit=content.credit)}


def render_columns(columns: Mapping[str, Sequence[Any]], *, credit: str) -> bytes:
    """Return columns as CSV, each row with its credits."""
    import pandas as pd

    count = len(next(iter(columns.values())))
    cells = {
        name: [_cell(value) for value in values]
        for name, values in {**columns, "attribution": [credit] * count}.items()
    }
    text = StringIO()
    pd.DataFrame(cells, dtype=object).to_csv(text, index=False, lineterminator="\n")
    return _BOM + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}"
    return guard_formula(value) if isinstance(value, str) else str(value)
