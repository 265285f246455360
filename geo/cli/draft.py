"""Drafts that a person reviews: a layer from statements, events from reports."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre, position
from geo.cli.options import (
    FOLDER,
    command,
    format_option,
    gazetteer_option,
    layers_option,
)
from geo.cli.printing import say, show
from geo.errors import CoverageError, GeoError, LayerError
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from geo.evidence import History
    from geo.exchange import ReportText
    from geo.model import Feature
    from geo.theatre import Theatre


@command.command()
@click.argument("date")
@click.option(
    "--as-of",
    metavar="DATE",
    help="Foresight: only what was published by then counts. Without it later words do too.",
)
@click.option(
    "--at-least",
    "at_least",
    type=click.FloatRange(min=0.5, max=1.0, max_open=True),
    help="Least probability of ground that is drawn for a side; 0.6 without it.",
)
@click.option(
    "--max-age", "max_age_days", type=click.IntRange(min=0), help="Farthest statement, days."
)
@click.option(
    "--without",
    multiple=True,
    metavar="ID",
    help="A statement that does not count: what if it were wrong; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Print the draft as a table and write nothing.")
@click.option("--force", is_flag=True, help="Replace a layer of that date.")
@click.option(
    "--at",
    "points",
    type=(float, float),
    multiple=True,
    metavar="LON LAT",
    help="Print how likely each side is at a point, and draft nothing; may be repeated.",
)
@format_option("table", "csv", "json")
@layers_option
def estimate(
    date: str,
    as_of: str | None,
    at_least: float | None,
    max_age_days: int | None,
    without: tuple[str, ...],
    dry_run: bool,
    force: bool,
    points: tuple[tuple[float, float], ...],
    form: str,
    layers: Path,
) -> None:
    """Draft the control layer of DATE from the statements in force, and say how sure it is."""
    from geo.evidence import Parameters
    from geo.layers import write_control

    given = {"at_least": at_least, "max_age_days": max_age_days}
    chosen: Any = {name: value for name, value in given.items() if value is not None}
    theatre = open_theatre(layers)
    try:
        if points:
            chances = theatre.probabilities(date, points, as_of=as_of)
            show(chances.round(4) if form != "table" else _percentages(chances), form)
            return
        numbers = Parameters(**chosen)
        draft = theatre.estimate(date, as_of=as_of, parameters=numbers, without=without)
    except ValueError as error:
        raise GeoError(str(error)) from error
    if without:
        say(f"{len(without)} statements left out")
    if draft.day in theatre.folder.control and not (force or dry_run):
        raise GeoError(
            f"{layers}/control/{draft.day}.geojson exists, perhaps edited by hand; "
            "give --force to replace it by a draft, or --dry-run to see the draft"
        )
    for unused in draft.unused:
        say(f"says nothing: {unused.place_id}: {unused.reason}")
    if draft.undated:
        say(f"{draft.undated} statements have no day of publication: counted from their own day")
    say(_tell_classes(draft.shares))
    if draft.advice:
        say(f"hardly anything is drawn: {draft.advice}")
    if dry_run:
        _print_draft(draft.features)
        return
    click.echo(str(write_control(theatre.folder, draft.day, draft.features)))


def _tell_classes(shares: Mapping[str, float]) -> str:
    """How much of the study area is drawn how surely, in one line."""
    drawn = ", ".join(f"{shares[name]:.0%} {name}" for name in ("assessed", "likely", "presumed"))
    return f"of the study area: {drawn}, {shares['unknown']:.0%} unknown"


def _percentages(chances: pd.DataFrame) -> pd.DataFrame:
    from geo.evidence import percent

    texts = chances.drop(columns=["lon", "lat"]).map(percent)
    where = chances[["lon", "lat"]].map(lambda degrees: f"{degrees:.6f}")
    return where.join(texts)


def _print_draft(features: Sequence[Feature]) -> None:
    names = ("id", "controller", "status", "confidence", "note")
    show({name: [one.properties[name] for one in features] for name in names}, "table")


@command.command()
@click.argument("report", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--date", help="Day on which it was published.")
@click.option("--near", metavar="PLACE|LON,LAT", help="What the report is about.")
@click.option("--source", "source_id", help="Id of the source, for the drafts.")
@click.option("-o", "--output", type=FOLDER, help="Where to write the drafts.")
@click.option(
    "--review", is_flag=True, help="Review the drafts in the browser, beside text and map."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of the review; free without."
)
@click.option("--no-browser", is_flag=True, help="Only print the address of the review.")
@gazetteer_option
@layers_option
def geocode(
    report: Path,
    date: str | None,
    near: str | None,
    source_id: str | None,
    output: Path | None,
    review: bool,
    port: int,
    no_browser: bool,
    tables: tuple[Path, ...],
    layers: Path,
) -> None:
    """Read a REPORT (text, HTML, PDF, e-mail, chat; a folder of them; - for input) into drafts."""
    from geo.evidence import DRAFTS, STATEMENT_DRAFTS, read_report
    from geo.layers import dump_geojson, save_file

    if review and output is not None:
        raise click.UsageError("a review saves into the layers itself; leave --output out")
    theatre = open_theatre(layers)
    gazetteer = theatre.gazetteer(tables)
    given: dict[str, Any] = {
        "gazetteer": gazetteer,
        "near": position(theatre, near),
        "source_id": source_id,
        "history": _history(theatre),
    }
    published = parse_day(date) if date else None
    if review:
        _review(theatre, _texts(report), given, published, port=port, browse=not no_browser)
        return
    drafts: list[Any] = []
    statements: list[Any] = []
    for name, told in _texts(report):
        found = read_report(
            told.text,
            actors=theatre.folder.actors.rows,
            vocabulary=theatre.folder.vocabulary.rows,
            published=published or told.published,
            **given,
        )
        if not found.understood:
            raise GeoError(_not_understood(name))
        say(f"-- {name}" + ("" if told.form == "text" else f", the text of a {told.form}"))
        click.echo(found.render())
        drafts += found.drafts
        statements += found.statements
    if output is not None:
        save_file(output, dump_geojson(drafts, schema=DRAFTS), expected=None)
        say(f"{len(drafts)} drafts in {output}; review them, then `frontline accept {output}`")
        if statements:
            beside = output.with_name(f"{output.stem}-statements{output.suffix}")
            save_file(beside, dump_geojson(statements, schema=STATEMENT_DRAFTS), expected=None)
            say(f"{len(statements)} draft statements in {beside}, to be accepted likewise")


def _history(theatre: Theatre) -> History:
    """Who held a position, by the theatre's own control; nobody is asked of layers at fault."""

    def held(lon: float, lat: float) -> list[tuple[dt.date, dt.date | None, str]]:
        if not theatre.dates:
            return []
        try:
            spells = theatre.composite.history_at(lon, lat)
        except CoverageError:
            return []  # `check` tells of it; a report can be read without
        return [(first, last, label.holder) for first, last, label in spells]

    return held


def _not_understood(name: str) -> str:
    return (
        f"{name}: none of its words is of a language that reports are read in; "
        "a language is one more file of tables in geo/evidence/words"
    )


def _review(
    theatre: Theatre,
    texts: Iterable[tuple[str, ReportText]],
    given: dict[str, Any],
    published: dt.date | None,
    *,
    port: int,
    browse: bool,
) -> None:
    """Open the review page, and stay until it closes."""
    import webbrowser

    from geo.edit import Report, serve_review
    from geo.evidence import understands

    found = list(texts)
    several = Counter(name for name, _ in found)
    reports = [
        Report(
            f"{name} {told.published}" if several[name] > 1 else name,
            told.text,
            published or told.published,
        )
        for name, told in found
    ]
    for one in reports:
        if not understands(one.text):
            raise GeoError(_not_understood(one.name))
    if given["source_id"] and given["source_id"] not in {r.id for r in theatre.folder.sources.rows}:
        raise GeoError(
            f"{given['source_id']} is not in sources.csv; leave --source out, the page asks for it"
        )

    def ready(address: str) -> None:
        click.echo(address)
        say("this address opens the review once, in one browser; Ctrl-C ends it, and loses nothing")
        if browse:
            webbrowser.open(address)

    serve_review(theatre.folder.root, reports, port=port, on_ready=ready, **given)
    say("the review has ended")


_REPORTS = ("*.txt", "*.html", "*.htm", "*.pdf", "*.eml")


def _texts(report: Path) -> Iterator[tuple[str, ReportText]]:
    from geo.exchange import read_report_text
    from geo.layers import read_bytes

    if str(report) == "-":
        for told in read_report_text(sys.stdin.buffer.read(), file="standard input"):
            yield "standard input", told
        return
    named = (path for pattern in _REPORTS for path in report.glob(pattern))
    paths = sorted(named) if report.is_dir() else [report]
    if not paths:
        raise GeoError(f"{report} holds no report: {', '.join(_REPORTS)}")
    for path in paths:
        for told in read_report_text(read_bytes(path, root=path.parent), file=str(path)):
            yield str(path), told


@command.command()
@click.argument("drafts", type=FOLDER)
@layers_option
def accept(drafts: Path, layers: Path) -> None:
    """Move reviewed DRAFTS into the events of the theatre; refuse any with an open choice."""
    from geo.evidence import DRAFTS, accept_drafts
    from geo.layers import add_events, dump_geojson, read_geojson, save_file

    theatre = open_theatre(layers)
    if drafts.is_file() and b'"shape_radius_m"' in drafts.read_bytes():
        _accept_statements(theatre, drafts)
        return
    layer = read_geojson(drafts, root=drafts.parent, schema=DRAFTS)
    accepted = accept_drafts(layer.features, places=theatre.folder.places, file=str(drafts))
    if accepted.issues:
        raise LayerError(accepted.issues)
    for path in add_events(theatre.folder, accepted.events):
        click.echo(str(path))
    waiting = dump_geojson(accepted.waiting, schema=DRAFTS)
    save_file(drafts, waiting, expected=layer.digest)
    say(f"{len(accepted.events)} events accepted, {len(accepted.waiting)} drafts wait in {drafts}")


def _accept_statements(theatre: Theatre, drafts: Path) -> None:
    from geo.evidence import STATEMENT_DRAFTS, accept_statements
    from geo.layers import dump_geojson, dump_table, read_geojson, save_file

    folder = theatre.folder
    layer = read_geojson(drafts, root=drafts.parent, schema=STATEMENT_DRAFTS)
    accepted = accept_statements(layer.features, places=folder.places, file=str(drafts))
    if accepted.issues:
        raise LayerError(accepted.issues)
    table = folder.statements
    path = folder.root / table.schema.path
    if twice := sorted({row.id for row in table.rows} & {row.id for row in accepted.rows}):
        raise GeoError(f"{', '.join(twice)} stand among the statements already; accept them once")
    if accepted.rows:
        rows = [*table.rows, *accepted.rows]
        save_file(path, dump_table(rows, schema=table.schema), expected=table.digest or None)
        click.echo(str(path))
    waiting = dump_geojson(accepted.waiting, schema=STATEMENT_DRAFTS)
    save_file(drafts, waiting, expected=layer.digest)
    say(f"{len(accepted.rows)} statements accepted, {len(accepted.waiting)} wait in {drafts}")


@command.command()
@click.option("--dry-run", is_flag=True, help="Print the draft as a table and write nothing.")
@click.option("--force", is_flag=True, help="Replace the tour that is there.")
@layers_option
def tour(dry_run: bool, force: bool, layers: Path) -> None:
    """Draft the guided tour of the page from the ledger, into tour.csv."""
    from geo.draw import draft_tour
    from geo.layers import dump_table, save_file

    folder = open_theatre(layers).folder
    table = folder.tour
    path = folder.root / table.schema.path
    if table.rows and not (force or dry_run):
        raise GeoError(
            f"{path} exists, perhaps written by hand; give --force to replace it by a draft, or "
            "--dry-run to see the draft"
        )
    stops = draft_tour(folder)
    if not stops:
        raise GeoError("the ledger has nobody take, leave or hand over ground: nothing to tell")
    if dry_run:
        names = ("stop", "before", "after", "text", "change_ids")
        show({name: [one.values[name] for one in stops] for name in names}, "table")
        return
    save_file(path, dump_table(stops, schema=table.schema), expected=table.digest or None)
    say(f"{len(stops)} stops; say each in your own words, then `frontline check {layers}`")
    click.echo(str(path))
