"""
Printing: talk on standard error, answers as a table, CSV, JSON or GeoJSON on standard output.

Answers are printed from columns: loading pandas took longer than most of them.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from geo.errors import GeoError, LayerError
from geo.evidence import round_figure
from geo.exchange import guard_formula

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    Columns = pd.DataFrame | Mapping[str, Any]
    """A frame or columns by name; ``geometry`` is printed as GeoJSON alone."""

_TOLD = 5
"""Of many findings so many of each kind are told; more than a screen of one kind hides the rest."""

_WIDTH = 96
"""Columns of text where there is no window, as the lines of a diff or of the source have them."""

_HEADINGS = {
    "area_km2": "km2",
    "low_km2": "low",
    "high_km2": "high",
    "drawn_km2": "drawn",
    "shown_km2": "shown",
    "length_km": "km",
    "low_km": "low",
    "high_km": "high",
    "drawn_km": "drawn",
}
"""Short names of figures and their bands in a table."""


def window() -> int | None:
    """How many columns there are to print on; None where nobody looks, as in a pipe."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked):
        return max(int(asked), 40)
    return max(shutil.get_terminal_size().columns, 40) if sys.stdout.isatty() else None


def folded(text: str) -> str:
    """A text whose long lines go on below, further in; what has no space is never broken."""
    width = window()
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        gap = " " * (len(line) - len(line.lstrip()))
        lines += textwrap.wrap(
            line.strip(),
            width,
            initial_indent=gap,
            subsequent_indent=gap + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""] if len(line) > width else [line]  # fmt: skip
    return "\n".join(lines)


def answer(text: str) -> None:
    """Print words on standard output, as wide as the window."""
    click.echo(folded(text))


def say(text: str) -> None:
    """Talk; answers go to standard output."""
    click.echo(folded(text), err=True)


def tell(error: GeoError) -> None:
    """Say what went wrong: every finding, or of many findings some of each kind."""
    if not isinstance(error, LayerError) or not error.issues:
        say(f"frontline: {error}")
        return
    seen: Counter[str] = Counter()
    is_long = len(error.issues) > 4 * _TOLD
    for issue in error.issues:
        seen[issue.code] += 1
        if seen[issue.code] <= _TOLD or not is_long:
            say(str(issue))
    for code, count in seen.items():
        if is_long and count > _TOLD:
            say(f"... and {count - _TOLD} more {code}; `frontline check` lists them all")
    # Of several files some may be written before one cannot be.
    if "file.half" not in seen:
        say(f"{len(error.issues)} findings; nothing was written")


def show(
    data: Columns, form: str, *, shown: tuple[str, ...] = (), empty: str = "Nothing to show."
) -> None:
    """Print a frame, or columns, in the form asked for; `shown` are the columns of a table."""
    columns = _listed_columns(data)
    if form == "geojson":
        _print_geojson(columns, data["geometry"])
    elif form == "json":
        show_json(_records(columns))
    elif form == "csv":
        _print_csv(columns)
    elif not any(columns.values()):
        click.echo(empty)
    else:
        _print_table([[name, *map(_table_cell, columns[name])] for name in shown or columns])


def _print_table(table: list[list[str]]) -> None:
    """
    Columns side by side, as wide as the window.

    Where it is narrow the widest texts go on in a line below, between words or ids; where that is
    not enough, the last texts of a row stand below it.
    """
    room = window()
    texts = [not _is_numeric(column) for column in table]
    widths = _fitted(table, texts, room)
    below: list[tuple[str, list[str]]] = []
    while room and _wide(widths) > room and len(table) > 1 and texts[-1]:
        below.insert(0, (table[-1][0], table[-1]))
        table, texts = table[:-1], texts[:-1]
        widths = _fitted(table, texts, room)
    parted = [
        [_parted(cell, width) for cell in column]
        for column, width in zip(table, widths, strict=True)
    ]
    for i, row in enumerate(zip(*parted, strict=True)):
        for line in itertools.zip_longest(*row, fillvalue=""):
            cells = [
                cell.ljust(width) if is_text else cell.rjust(width)
                for cell, width, is_text in zip(line, widths, texts, strict=True)
            ]
            click.echo("  ".join(cells).rstrip())
        more = "; ".join(f"{name}: {column[i]}" for name, column in below if i and column[i])
        if more:
            click.echo(folded(f"    {more}"))


def _wide(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _fitted(table: Sequence[Sequence[str]], texts: Sequence[bool], room: int | None) -> list[int]:
    """Widths of columns: the widest texts become narrower, but no word or id is broken."""
    widths = [max(map(len, column)) for column in table]
    least = [
        max(len(word) for cell in column for word in re.split(r"[ ;]", cell)) if is_text else width
        for column, is_text, width in zip(table, texts, widths, strict=True)
    ]
    while room and _wide(widths) > room:
        slack = [i for i, width in enumerate(widths) if width > least[i]]
        if not slack:
            break
        widths[max(slack, key=lambda i: widths[i])] -= 1
    return widths


def _parted(cell: str, width: int) -> list[str]:
    """A cell as lines of a width; lists of ids are parted between ids."""
    if len(cell) <= width:
        return [cell]
    spaced = cell.replace(";", "; ") if ";" in cell else cell
    return textwrap.wrap(spaced, width, break_on_hyphens=False, break_long_words=False) or [""]


def show_json(value: object) -> None:
    """Print a value as JSON, in the letters that it has."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _print_csv(columns: Mapping[str, Sequence[object]]) -> None:
    from geo.layers import format_row

    cells = ([_csv_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    click.echo("".join(map(format_row, [list(columns), *cells])), nl=False)


def _print_geojson(columns: Mapping[str, Sequence[object]], shapes: Any) -> None:
    """A FeatureCollection, one feature a line."""
    import numpy as np
    import shapely

    features = (
        f'{{"type": "Feature", "properties": {json.dumps(values, ensure_ascii=False)}, '
        f'"geometry": {shape or "null"}}}'
        for values, shape in zip(
            _records(columns), shapely.to_geojson(np.asarray(shapes)), strict=True
        )
    )
    body = ",\n".join(features)
    click.echo(f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}')


def _listed_columns(data: Columns) -> dict[str, list[Any]]:
    """Columns as lists, without geometries."""
    columns = {str(name): data[str(name)] for name in data if name != "geometry"}
    return {
        name: column.tolist() if hasattr(column, "tolist") else list(column)
        for name, column in columns.items()
    }


def _records(columns: Mapping[str, Sequence[object]]) -> list[dict[str, Any]]:
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, map(plain, row), strict=True)) for row in rows]


def _table_cell(value: object) -> str:
    value = plain(value)
    return "" if value is None else km2(value) if isinstance(value, float) else str(value)


def _csv_cell(value: object) -> str:
    value = plain(value)
    if isinstance(value, str):
        return guard_formula(value)
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)


def _is_numeric(column: Sequence[str]) -> bool:
    """Whether the cells below a heading are numbers, which stand under the end of the heading."""
    return all(re.fullmatch(r"-?[\d,]*(\.\d+)?", cell) for cell in column[1:])


_BANDED = (("area_km2", "low_km2", "high_km2"), ("length_km", "low_km", "high_km"))


def banded(data: Columns) -> dict[str, list[Any]]:
    """Columns for print: figures under short headings, rounded as their bands allow."""
    columns = _listed_columns(data)
    printed: dict[str, list[Any]] = {}
    for names in _BANDED:
        if all(name in columns for name in names):
            rows = zip(*(columns[name] for name in names), strict=True)
            told = [tell_figure(*row) for row in rows]
            printed |= {name: [row[i] for row in told] for i, name in enumerate(names)}
    if "chance" in columns:
        chances = map(plain, columns["chance"])
        printed["chance"] = ["" if chance is None else f"{chance:.0%}" for chance in chances]
    return {
        _HEADINGS.get(name, name): printed[name]
        if name in printed
        else [km2(value) for value in column]
        if name in _HEADINGS
        else column
        for name, column in columns.items()
    }


def tell_figure(middle: float, low: float | None, high: float | None) -> tuple[str, str, str]:
    """A figure and the ends of its band for print, rounded as the band allows."""
    decimals, *ends = round_figure(middle, plain(low), plain(high))
    first, second, third = ("" if end is None else f"{end:,.{decimals}f}" for end in ends)
    return first, second, third


def wrapped(text: str) -> str:
    """A paragraph below a heading."""
    width = min(window() or _WIDTH, _WIDTH)
    return textwrap.fill(
        text,
        width,
        initial_indent="    ",
        subsequent_indent="      ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def shortened(ids: str, width: int = 24) -> str:
    """As many of some ids as fit, at least one, and how many more there are."""
    parts = ids.split(";")
    kept = len(parts)
    while kept > 1 and len(";".join(parts[:kept])) + 4 * (kept < len(parts)) > width:
        kept -= 1
    return ";".join(parts[:kept]) + (f" +{len(parts) - kept}" if kept < len(parts) else "")


def km2(value: float) -> str:
    """An area for print; nothing at all is a dash."""
    return f"{value:,.1f}" if value else "-"


def plain(value: object) -> Any:
    """A value as JSON has it: dates as text, missing as null."""
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
