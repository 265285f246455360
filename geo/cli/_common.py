"""Options and printing that the commands share."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo._version import __version__
from geo.errors import GeoError, LayerError
from geo.exchange import guard_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from geo.theatre import Theatre

_TOLD = 5
"""Of many findings so many of each kind are told."""

_MANY_FILES = 60
"""So many take long enough to be read that a bar is shown."""

FOLDER = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="frontline")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def command(verbose: bool) -> None:
    """Who held which ground, before and after, how sure that is, and why."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )


def layers_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--layers",
        type=FOLDER,
        default=Path("layers"),
        envvar="FRONTLINE_LAYERS",
        show_default=True,
        help="The layers folder.",
    )(function)


def format_option(*choices: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="How to print the answer.",
    )


def open_theatre(layers: Path) -> Theatre:
    # Huge pages in memory that is used once cost more than they spare; numpy looks at this when
    # it is imported.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    # What is read stays until the end, so nobody looks for garbage in it.
    gc.disable()
    try:
        from geo.theatre import open_layers

        _keep_freed_memory()
        with contextlib.ExitStack() as stack:
            return open_layers(layers, progress=_late_bar(stack))
    finally:
        gc.freeze()
        gc.enable()


def _late_bar(stack: contextlib.ExitStack) -> Callable[[str, int, int], None]:
    """A bar that appears where there is enough to do that somebody would wait."""
    bars: list[Callable[[str, int, int], None] | None] = []

    def progress(what: str, done: int, total: int) -> None:
        if total < _MANY_FILES:
            return
        if not bars:
            bars.append(stack.enter_context(progress_bar()))
        if bars[0]:
            bars[0](what, done, total)

    return progress


def _keep_freed_memory() -> None:
    """
    Have the C library keep what large arrays leave for the next ones; glibc only.

    Else it gives every one of them back to the system at once, and a command on a large layer
    spends a sixth of its time on getting the same pages again.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def position(theatre: Theatre, where: str | None) -> tuple[float, float] | None:
    """The longitude and latitude of a place id, or of a pair LON,LAT; None without either."""
    if where is None:
        return None
    from geo.evidence import locate_place

    try:
        lon, lat, _ = locate_place(theatre.folder, where)
    except ValueError as error:
        if isinstance(error, GeoError):
            raise
        raise click.UsageError(str(error)) from error
    return lon, lat


def say(text: str) -> None:
    click.echo(text, err=True)


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on standard error for as long as something lasts; none where nobody looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            task = tasks[what] if what in tasks else bar.add_task(what, total=total)
            tasks[what] = task
            bar.update(task, completed=done, total=total)

        yield progress


def tell(error: GeoError) -> None:
    if isinstance(error, LayerError) and error.issues:
        seen: Counter[str] = Counter()
        for issue in error.issues:
            seen[issue.code] += 1
            if seen[issue.code] <= _TOLD or len(error.issues) <= 4 * _TOLD:
                say(str(issue))
        if len(error.issues) > 4 * _TOLD:
            for code, count in seen.items():
                if count > _TOLD:
                    say(f"... and {count - _TOLD} more {code}; `frontline check` lists them all")
        say(f"{len(error.issues)} findings; nothing was written")
    else:
        say(f"frontline: {error}")


def show(
    data: pd.DataFrame | Mapping[str, Sequence[object]],
    form: str,
    *,
    shown: tuple[str, ...] = (),
    empty: str = "Nothing to show.",
) -> None:
    """Print a frame, or columns, as a table, CSV, JSON or GeoJSON."""
    columns = _columns(data)
    rows = list(zip(*columns.values(), strict=True))
    if form == "geojson":
        echo_geojson(columns, data.geometry.to_numpy())  # type: ignore[union-attr]
    elif form == "json":
        records = [dict(zip(columns, map(plain, row), strict=True)) for row in rows]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
    elif form == "csv":
        from geo.layers import format_row

        lines = [list(columns), *([_csv_cell(value) for value in row] for row in rows)]
        click.echo("".join(map(format_row, lines)), nl=False)
    elif not rows:
        click.echo(empty)
    else:
        table = [[name, *map(_table_cell, columns[name])] for name in shown or columns]
        for row in zip(*map(_aligned, table), strict=True):
            click.echo("  ".join(row).rstrip())


def _aligned(column: Sequence[str]) -> list[str]:
    """A heading and its cells, equally wide; numbers stand under the end of the heading."""
    width = max(map(len, column))
    is_number = all(re.fullmatch(r"-?[\d,]*(\.\d+)?", cell) for cell in column[1:])
    return [cell.rjust(width) if is_number else cell.ljust(width) for cell in column]


def _columns(data: pd.DataFrame | Mapping[str, Sequence[object]]) -> dict[str, list[Any]]:
    """Columns as lists, without geometries."""
    columns = {str(name): data[str(name)] for name in data if name != "geometry"}
    return {
        name: column.tolist() if hasattr(column, "tolist") else list(column)
        for name, column in columns.items()
    }


def _table_cell(value: object) -> str:
    value = plain(value)
    return "" if value is None else km2(value) if isinstance(value, float) else str(value)


def _csv_cell(value: object) -> str:
    value = plain(value)
    if isinstance(value, str):
        return guard_formula(value)
    return "" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value)


def wrapped(text: str) -> str:
    return textwrap.fill(
        text, 96, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )


def banded(data: pd.DataFrame | Mapping[str, Sequence[object]]) -> dict[str, list[Any]]:
    """Columns for print: a figure and its band under short headings, all with one decimal."""
    names = {
        "area_km2": "km2",
        "low_km2": "low",
        "high_km2": "high",
        "length_km": "km",
        "low_km": "low",
        "high_km": "high",
    }
    return {
        names.get(name, name): [f"{value:,.1f}" for value in column] if name in names else column
        for name, column in _columns(data).items()
    }


def shortened(ids: str, width: int = 24) -> str:
    """As many of some ids as fit, at least one, and how many more there are."""
    parts = ids.split(";")
    kept = len(parts)
    while kept > 1 and len(";".join(parts[:kept])) + 4 * (kept < len(parts)) > width:
        kept -= 1
    return ";".join(parts[:kept]) + (f" +{len(parts) - kept}" if kept < len(parts) else "")


def km2(value: float) -> str:
    return f"{value:,.1f}" if value else "-"


def plain(value: object) -> Any:
    """A value as JSON has it: dates as text, missing as null."""
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def echo_geojson(columns: Mapping[str, Sequence[object]], shapes: NDArray[np.object_]) -> None:
    """Print columns and geometries as a FeatureCollection, one feature a line."""
    import shapely

    names = list(columns)
    features = []
    rows = zip(*columns.values(), strict=True)
    for row, shape in zip(rows, shapely.to_geojson(shapes), strict=True):
        values = {name: plain(value) for name, value in zip(names, row, strict=True)}
        properties = json.dumps(values, ensure_ascii=False)
        features.append(
            f'{{"type": "Feature", "properties": {properties}, "geometry": {shape or "null"}}}'
        )
    body = ",\n".join(features)
    click.echo(f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}')
