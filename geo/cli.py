"""
The command `frontline`: parse, call one function, print.

Data goes to standard output, talk to standard error. Exit code 0 is fine, 1 means findings or bad
data, 2 wrong usage. Everything heavy is imported by the command that needs it, so that ``--help``
answers at once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo._version import __version__
from geo.errors import GeoError, Issue, LayerError, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import geopandas as gpd
    import pandas as pd

    from geo.theatre import Theatre

__all__ = ["command", "main"]

_FOLDER = click.Path(path_type=Path)


def main() -> None:
    """Run the command line; turn every error of this package into one clear message."""
    for stream in (sys.stdout, sys.stderr):
        # Arabic names must print whatever the locale says.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = command.main(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except GeoError as error:
        _tell(error)
        sys.exit(1)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        click.echo(f"frontline: {escape(str(error), 300)}", err=True)
        sys.exit(1)


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


def _layers_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--layers",
        type=_FOLDER,
        default=Path("layers"),
        envvar="FRONTLINE_LAYERS",
        show_default=True,
        help="The layers folder.",
    )(function)


def _format_option(*choices: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="How to print the answer.",
    )


# Questions.


@command.command()
@click.argument("date")
@_format_option("table", "csv", "json", "geojson")
@_layers_option
def control(date: str, form: str, layers: Path) -> None:
    """Who held which ground at the end of DATE, patch by patch."""
    frame = _open(layers).control(date)
    _say(f"as of {frame['as_of'].iloc[0]}")
    _print(frame, form, shown=("id", "controller", "status", "basis", "confidence", "area_km2"))


@command.command()
@click.argument("before")
@click.argument("after")
@click.option(
    "--min-area",
    "min_area_km2",
    type=click.FloatRange(min=0),
    default=0.01,
    show_default=True,
    help="Leave out smaller pieces, km2; their sum is printed.",
)
@_format_option("table", "csv", "json", "geojson")
@_layers_option
def change(before: str, after: str, min_area_km2: float, form: str, layers: Path) -> None:
    """What changed hands between BEFORE and AFTER, and the places on it."""
    theatre = _open(layers)
    frame = theatre.change(before, after, min_area_km2=min_area_km2)
    if form == "table":
        _say(_as_of(theatre, before, after))
        transfers = theatre.transfers(before, after)
        click.echo("Transfers, km2 (rows: before, columns: after)")
        click.echo(transfers.to_string(float_format=_km2) + "\n")
        click.echo("Ground that changed hands, or became known")
    _print(
        _held(frame) if form == "table" else frame,
        form,
        shown=("from", "to", "area_km2", "place_ids", "change_ids"),
        empty="Nothing changed hands.",
    )
    left_out = frame.attrs["left_out_km2"]
    if left_out:
        _say(f"pieces under {min_area_km2:g} km2 left out: {left_out:.4f} km2 together")


@command.command()
@_format_option("table", "csv", "json")
@_layers_option
def areas(form: str, layers: Path) -> None:
    """The ground of each controller at each date, geodesic km2."""
    _print(_open(layers).areas(), form)


@command.command()
@click.argument("place")
@_format_option("table", "csv", "json")
@_layers_option
def history(place: str, form: str, layers: Path) -> None:
    """Who held PLACE (an id of places.geojson), when, and on what that rests."""
    theatre = _open(layers)
    frame = theatre.history(place)
    values = theatre.folder.places[place].properties
    radius_km = int(values["geo_radius_m"] or 0) / 1e3
    _say(f"{values['name']}: position {values['coord_method']}, to {radius_km:g} km")
    if form == "table":
        _print_history(frame)
    else:
        _print(frame, form)


# Work on the layers.


@command.command()
@click.argument("layers", type=_FOLDER, default=Path("layers"))
@click.option("--strict", is_flag=True, help="Warnings are findings too.")
@_format_option("text", "json")
def check(layers: Path, strict: bool, form: str) -> None:
    """Check every file of a layers folder, and what they say of each other."""
    from geo import validation
    from geo.layers import read_folder

    try:
        folder = read_folder(layers)
    except LayerError as error:
        issues, counts = list(error.issues), {}
        if not issues:
            raise
    else:
        issues, counts = validation.check(folder), _counts(folder)
    errors = sum(issue.severity == "error" for issue in issues)
    warnings = len(issues) - errors
    if form == "json":
        findings = [_issue_dict(issue) for issue in issues]
        click.echo(json.dumps({"counts": counts, "issues": findings}, ensure_ascii=False, indent=1))
    else:
        for issue in issues:
            click.echo(str(issue))
        if counts:
            click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
        click.echo(f"{errors} errors, {warnings} warnings")
    if errors or (strict and warnings):
        sys.exit(1)


@command.command()
@click.argument("paths", type=_FOLDER, nargs=-1)
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; exit 1 if anything would."
)
@click.option("--assign-ids", is_flag=True, help="Give an id to features that have none.")
def fmt(paths: tuple[Path, ...], only_check: bool, assign_ids: bool) -> None:
    """Write layers and tables (folders or files) in their one canonical form."""
    from geo import files

    faults: list[Issue] = []
    stale: list[tuple[Path, bytes, str]] = []
    count = 0
    for path, root, schema in _targets(paths or (Path("layers"),)):
        count += 1
        try:
            data = files.read_bytes(path, root=root)
            text, repairs = _format_one(data, schema, str(path), assign_ids)
        except LayerError as error:
            faults += error.issues
            continue
        if text != data:
            stale.append((path, text, files.digest(data)))
            for issue in repairs:
                click.echo(str(issue), err=True)
    if faults:
        raise LayerError(faults)
    for path, text, digest in stale:
        if only_check:
            click.echo(f"would rewrite {path}")
        else:
            files.save(path, text, expected=digest)
            click.echo(f"rewrote {path}")
    _say(f"{count} files, {len(stale)} {'to rewrite' if only_check else 'rewritten'}")
    if only_check and stale:
        sys.exit(1)


@command.command()
@click.argument("date")
@click.option(
    "--reach", "reach_km", type=click.FloatRange(min=0.1), help="How far a place speaks, km."
)
@click.option(
    "--max-age", "max_age_days", type=click.IntRange(min=0), help="Oldest statement, days."
)
@click.option("--dry-run", is_flag=True, help="Print the draft as a table and write nothing.")
@click.option("--force", is_flag=True, help="Replace a layer of that date.")
@_layers_option
def estimate(
    date: str,
    reach_km: float | None,
    max_age_days: int | None,
    dry_run: bool,
    force: bool,
    layers: Path,
) -> None:
    """Draft the control layer of DATE from the statements in force on it."""
    from geo.estimate import Parameters
    from geo.layers import write_control

    given = {"reach_km": reach_km, "max_age_days": max_age_days}
    chosen: Any = {name: value for name, value in given.items() if value is not None}
    theatre = _open(layers)
    try:
        draft = theatre.estimate(date, parameters=Parameters(**chosen))
    except ValueError as error:
        raise GeoError(str(error)) from error
    if draft.day in theatre.folder.control and not (force or dry_run):
        raise GeoError(
            f"{layers}/control/{draft.day}.geojson exists, perhaps edited by hand; "
            "give --force to replace it by a draft, or --dry-run to see the draft"
        )
    for unused in draft.unused:
        _say(f"not drawn: {unused.place_id}: {unused.reason}")
    _say(f"{draft.assessed_share:.0%} of the study area is within reach of evidence")
    if dry_run:
        _print_draft(draft.features)
        return
    click.echo(str(write_control(theatre.folder, draft.day, draft.features)))


@command.command(name="map")
@click.argument("layers", type=_FOLDER, default=Path("layers"))
@click.option("--before", help="First date; the default is the theatre's.")
@click.option("--after", help="Second date; the default is the theatre's.")
@click.option("--language", type=click.Choice(["en", "ar"]), default="en", show_default=True)
@click.option(
    "-o",
    "--output",
    type=_FOLDER,
    default=Path("frontline-map.html"),
    show_default=True,
    help="The HTML file to write.",
)
def map_(layers: Path, before: str | None, after: str | None, language: str, output: Path) -> None:
    """Draw before and after as one HTML file that opens offline."""
    _say(f"reading {layers} ...")
    theatre = _open(layers)
    _say("drawing ...")
    path = theatre.map(before, after, language=language).save(output)
    _say(f"{path.stat().st_size / 1e6:.2f} MB; open it in any browser, no network needed:")
    click.echo(str(path))


# Printing.


def _open(layers: Path) -> Theatre:
    from geo.theatre import open_layers

    return open_layers(layers)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _tell(error: GeoError) -> None:
    if isinstance(error, LayerError) and error.issues:
        for issue in error.issues:
            _say(str(issue))
        _say(f"{len(error.issues)} findings; nothing was written")
    else:
        _say(f"frontline: {error}")


def _as_of(theatre: Theatre, before: str, after: str) -> str:
    days = [theatre.control(day)["as_of"].iloc[0] for day in (before, after)]
    return f"as of {days[0]} and {days[1]}"


def _print(
    frame: pd.DataFrame,
    form: str,
    *,
    shown: tuple[str, ...] = (),
    empty: str = "Nothing to show.",
) -> None:
    """Print a frame as a table, CSV, JSON or GeoJSON."""
    if form == "geojson":
        click.echo(_geojson(frame))
        return
    flat = frame.drop(columns="geometry", errors="ignore")
    if form == "json":
        records = [{k: _plain(v) for k, v in row.items()} for row in flat.to_dict("records")]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
    elif form == "csv":
        safe = flat.map(_spreadsheet_safe)
        click.echo(safe.to_csv(index=False, lineterminator="\n", float_format="%.6f"), nl=False)
    elif flat.empty:
        click.echo(empty)
    else:
        table = flat[list(shown)] if shown else flat
        table = table.map(lambda value: "" if _plain(value) is None else value)
        click.echo(table.to_string(index=False, float_format=_km2, justify="left"))


def _held(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame with one word for who held each piece: a controller, or a status."""
    named = {
        way: frame[f"{way}_controller"].where(
            frame[f"{way}_controller"] != "", frame[f"{way}_status"]
        )
        for way in ("from", "to")
    }
    return frame.assign(**named, place_ids=frame["place_ids"].map(_shortened))


def _shortened(ids: str, limit: int = 4) -> str:
    parts = ids.split(";")
    return ids if len(parts) <= limit else f"{';'.join(parts[:limit])} +{len(parts) - limit}"


def _print_history(frame: pd.DataFrame) -> None:
    """One paragraph an interval: who, how sure, and on what it rests."""
    for row in frame.to_dict("records"):
        until = _plain(row["valid_to"])
        span = f"to {until}" if until else "on, as of the last layer"
        holder = _plain(row["controller"]) or _plain(row["controllers"]) or "-"
        words = [_plain(row[name]) for name in ("status", "basis", "confidence")]
        head = "  ".join([f"{row['valid_from']} {span}", holder, *filter(None, words)])
        click.echo(head)
        for name in ("note", "statement_ids", "source_ids"):
            if value := _plain(row[name]):
                text = f"{name}: " * (name != "note") + str(value).replace(";", ", ")
                click.echo(_wrapped(text))


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text, 96, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
    )


def _km2(value: float) -> str:
    return f"{value:,.1f}" if value else "-"


def _plain(value: object) -> Any:
    """A value as JSON has it: dates as text, missing as null."""
    if value is None or value != value:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _spreadsheet_safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula, with an apostrophe in front."""
    if isinstance(value, str) and value[:1] in {
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "＝",
        "＋",
        "－",
        "＠",
    }:
        return "'" + value
    return value


def _geojson(frame: gpd.GeoDataFrame) -> str:
    text = frame.copy()
    for name in text.columns.drop("geometry"):
        text[name] = [_plain(value) for value in text[name]]
    return str(text.to_json(ensure_ascii=False, drop_id=True))


def _print_draft(features: Iterable[Any]) -> None:
    import pandas as pd

    frame = pd.DataFrame([feature.properties for feature in features])
    _print(frame[["id", "controller", "status", "confidence", "note"]], "table")


def _issue_dict(issue: Issue) -> dict[str, Any]:
    names = ("code", "severity", "message", "hint", "file", "line", "ids", "where", "fixable")
    return {name: getattr(issue, name) for name in names}


def _counts(folder: Any) -> dict[str, int]:
    return {
        "control layers": len(folder.control),
        "patches": sum(len(layer.features) for layer in folder.control.values()),
        "events": len(folder.events),
        "places": len(folder.places),
        "statements": len(folder.statements.rows),
        "changes": len(folder.changes.rows),
        "actors": len(folder.actors.rows),
        "sources": len(folder.sources.rows),
    }


def _targets(paths: Iterable[Path]) -> Iterator[tuple[Path, Path, Any]]:
    # Every file to format: path, the layers folder it belongs to, schema.
    from geo.layers import layer_paths, schema_of

    for path in paths:
        if path.is_dir():
            yield from ((found, path, schema) for found, schema in layer_paths(path))
            continue
        root = (
            path.parent if path.parent.joinpath("theatre.geojson").exists() else path.parent.parent
        )
        schema = schema_of(path, root)
        if schema is None:
            raise LayerError(
                [
                    Issue(
                        "file.name",
                        "error",
                        "it is no layer or table of a layers folder",
                        "give the folder, or a file that stands in it",
                        file=str(path),
                    )
                ]
            )
        yield path, root, schema


def _format_one(
    data: bytes, schema: Any, file: str, assign_ids: bool
) -> tuple[bytes, tuple[Issue, ...]]:
    from geo import geojson, tables

    if schema.geometry:
        return geojson.fmt(data, schema=schema, file=file, assign_ids=assign_ids)
    return tables.fmt(data, schema=schema, file=file)
