"""Work on the layers: check them, write them in canonical form, draft, import, read reports."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo._version import __version__
from geo.cli._common import (
    FOLDER,
    command,
    format_option,
    layers_option,
    open_theatre,
    position,
    progress_bar,
    say,
    show,
)
from geo.errors import GeoError, Issue, LayerError
from geo.exchange import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@command.command()
@click.argument("layers", type=FOLDER, default=Path("layers"))
@click.option("--strict", is_flag=True, help="Warnings are findings too.")
@click.option("--explain", metavar="CODE", help="Say what a code means, and check nothing.")
@click.option(
    "--rule", "rules", multiple=True, metavar="CODE=error|warning|off", help="Severity of a rule."
)
@click.option("--against", metavar="REV", help="Find ids that REV has and that vanished, too.")
@click.option("--gone", metavar="ID", multiple=True, help="May vanish or return; `all` for any.")
@format_option("text", "json", "sarif")
def check(
    layers: Path,
    strict: bool,
    explain: str | None,
    rules: tuple[str, ...],
    against: str | None,
    gone: tuple[str, ...],
    form: str,
) -> None:
    """Check every file of a layers folder, and what they say of each other."""
    from geo.check import check_folder, explain_code, sarif_report
    from geo.layers import read_folder

    if explain:
        click.echo(explain_code(explain))
        return
    severities: Any = _pairs(rules)
    try:
        folder = read_folder(layers)
    except LayerError as error:
        issues, counts = list(error.issues), {}
        if not issues:
            raise
    else:
        issues, counts = check_folder(folder, severities=severities), _counts(folder)
    if against:
        issues += _guarded(layers, against, gone, severities)
    errors = sum(issue.severity == "error" for issue in issues)
    warnings = len(issues) - errors
    if form == "json":
        findings = [_issue_dict(issue) for issue in issues]
        click.echo(json.dumps({"counts": counts, "issues": findings}, ensure_ascii=False, indent=1))
    elif form == "sarif":
        click.echo(json.dumps(sarif_report(issues, version=__version__), indent=1))
    else:
        for issue in issues:
            click.echo(str(issue))
        if counts:
            click.echo(", ".join(f"{count} {name}" for name, count in counts.items()))
        click.echo(f"{errors} errors, {warnings} warnings")
    if errors or (strict and warnings):
        sys.exit(1)


def _guarded(
    layers: Path, against: str, gone: tuple[str, ...], severities: dict[str, Any]
) -> Iterator[Issue]:
    from geo.edit import guard_ids

    for issue in guard_ids(layers, against, confirmed=gone):
        severity = severities.get(issue.code, issue.severity)
        if severity != "off":
            yield dataclasses.replace(issue, severity=severity)


@command.command()
@click.argument("paths", type=FOLDER, nargs=-1)
@click.option(
    "--check", "only_check", is_flag=True, help="Change nothing; exit 1 if anything would."
)
@click.option("--assign-ids", is_flag=True, help="Give an id to features that have none.")
def fmt(paths: tuple[Path, ...], only_check: bool, assign_ids: bool) -> None:
    """Write layers and tables (folders or files) in their one canonical form."""
    from geo.layers import digest, read_bytes, save_file

    faults: list[Issue] = []
    stale: list[tuple[Path, bytes, str]] = []
    count = 0
    for path, root, schema in _targets(paths or (Path("layers"),)):
        count += 1
        try:
            data = read_bytes(path, root=root)
            text, repairs = _format_one(data, schema, str(path), assign_ids)
        except LayerError as error:
            faults += error.issues
            continue
        if text != data:
            stale.append((path, text, digest(data)))
            for issue in repairs:
                click.echo(str(issue), err=True)
    if faults:
        raise LayerError(faults)
    for path, text, found in stale:
        if only_check:
            click.echo(f"would rewrite {path}")
        else:
            save_file(path, text, expected=found)
            click.echo(f"rewrote {path}")
    say(f"{count} files, {len(stale)} {'to rewrite' if only_check else 'rewritten'}")
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
    reach_km: float | None,
    max_age_days: int | None,
    dry_run: bool,
    force: bool,
    points: tuple[tuple[float, float], ...],
    form: str,
    layers: Path,
) -> None:
    """Draft the control layer of DATE from the statements in force, and say how sure it is."""
    from geo.evidence import Parameters
    from geo.layers import write_control

    given = {"reach_km": reach_km, "max_age_days": max_age_days}
    chosen: Any = {name: value for name, value in given.items() if value is not None}
    theatre = open_theatre(layers)
    try:
        if points:
            chances = theatre.probabilities(date, points)
            show(chances.round(4) if form != "table" else _percentages(chances), form)
            return
        draft = theatre.estimate(date, parameters=Parameters(**chosen))
    except ValueError as error:
        raise GeoError(str(error)) from error
    if draft.day in theatre.folder.control and not (force or dry_run):
        raise GeoError(
            f"{layers}/control/{draft.day}.geojson exists, perhaps edited by hand; "
            "give --force to replace it by a draft, or --dry-run to see the draft"
        )
    for unused in draft.unused:
        say(f"not drawn: {unused.place_id}: {unused.reason}")
    say(f"{draft.assessed_share:.0%} of the study area is within reach of evidence")
    if dry_run:
        _print_draft(draft.features)
        return
    click.echo(str(write_control(theatre.folder, draft.day, draft.features)))


def _percentages(chances: Any) -> Any:
    from geo.evidence import percent

    texts = chances.drop(columns=["lon", "lat"]).map(percent)
    where = chances[["lon", "lat"]].map(lambda degrees: f"{degrees:.6f}")
    return where.join(texts)


def _print_draft(features: Iterable[Any]) -> None:
    import pandas as pd

    frame = pd.DataFrame([feature.properties for feature in features])
    show(frame[["id", "controller", "status", "confidence", "note"]], "table")


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
    from geo.layers import fmt_geojson, fmt_table

    if schema.geometry:
        return fmt_geojson(data, schema=schema, file=file, assign_ids=assign_ids)
    return fmt_table(data, schema=schema, file=file)


@command.command(name="import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("paths", metavar="FILE...", type=FOLDER, nargs=-1, required=True)
@click.option(
    "--into",
    "root",
    type=FOLDER,
    required=True,
    help="The layers folder: added to if it holds a theatre, begun if it is not there.",
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="THEIRS=OURS",
    help="What a column is; empty leaves it out.",
)
@click.option(
    "--set",
    "fixed",
    multiple=True,
    metavar="NAME=VALUE",
    help="One value for all records, such as publisher, licence, confidence, date.",
)
@click.option(
    "--words",
    type=FOLDER,
    help="Table of what their words for control mean; drafted there if it does not exist.",
)
@click.option("--encoding", default="", help="Of tables, where it cannot be found out.")
@click.option(
    "--dates",
    "day_order",
    type=click.Choice(["month-first", "day-first"]),
    help="How 3/4/2022 is meant, where the dates do not say.",
)
@click.option(
    "--date-from",
    default="",
    help="Date of control layers: `name` of the file, a property, or a date for all.",
)
@click.option(
    "--end",
    type=click.Choice(["inclusive", "exclusive"]),
    help="Whether the last day of an interval counts.",
)
@click.option("--since", help="First day that is wanted of intervals.")
@click.option("--until", help="Last day that is wanted of intervals.")
@click.option(
    "--rest", default="", help="Whose ground a layer leaves out: unknown, none, or an actor."
)
@click.option(
    "--overlap", type=click.Choice(["first"]), help="Who gets ground that two patches claim."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Mend areas that are not valid, and say their areas before and after.",
)
@click.option("--dry-run", is_flag=True, help="Print the reconciliation and write nothing.")
def import_(
    kind: str,
    paths: tuple[Path, ...],
    root: Path,
    mapped: tuple[str, ...],
    fixed: tuple[str, ...],
    words: Path | None,
    since: str | None,
    until: str | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Read other people's data of a KIND into a theatre, and account for every record."""
    from geo.exchange import Options, Word, read_words, run_import, save_import, words_table
    from geo.layers import read_folder, save_file
    from geo.model import parse_day

    into = read_folder(root) if (root / "theatre.geojson").exists() else None
    known: tuple[Word, ...] = ()
    if words is not None and words.exists():
        known = read_words(words.read_bytes(), file=str(words))
    try:
        chosen = Options(
            mapping=_pairs(mapped),
            fixed=_pairs(fixed),
            words=known,
            since=parse_day(since) if since else None,
            until=parse_day(until) if until else None,
            **{name: value or "" for name, value in options.items() if name != "repair"},
            repair=bool(options["repair"]),
        )
        with progress_bar() as progress:
            imported = run_import(kind, paths, options=chosen, into=into, progress=progress)
    except ValueError as error:
        if isinstance(error, GeoError):
            raise
        raise click.UsageError(str(error)) from error
    click.echo(imported.report())
    if words is not None and not words.exists() and imported.words:
        save_file(words, words_table(imported.words), expected=None)
        say(f"{words}: what their words were taken to mean; edit it and run again")
    if not dry_run:
        with progress_bar() as progress:
            saved = save_import(imported, root, into=into, progress=progress)
        say(f"{len(saved.paths)} files written, {saved.present} records were there already")
        for name in saved.kept:
            say(f"{name}: the folder says otherwise and was kept")
        say(f"now `frontline check {root}`")
    if any(issue.severity == "error" for issue in imported.issues):
        sys.exit(1)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """THEIRS=OURS as a mapping; the last equals sign counts."""
    pairs = {}
    for text in texts:
        name, mark, value = text.rpartition("=")
        if not mark:
            raise click.UsageError(f"{text!r} has no =; write it as NAME=VALUE")
        pairs[name] = value
    return pairs


@command.command()
@click.argument("report", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--date", help="Day on which it was published.")
@click.option("--near", metavar="PLACE|LON,LAT", help="What the report is about.")
@click.option("--source", "source_id", help="Id of the source, for the drafts.")
@click.option("-o", "--output", type=FOLDER, help="Where to write the drafts.")
@click.option(
    "--gazetteer", "tables", type=FOLDER, multiple=True, help="A further table of places."
)
@layers_option
def geocode(
    report: Path,
    date: str | None,
    near: str | None,
    source_id: str | None,
    output: Path | None,
    tables: tuple[Path, ...],
    layers: Path,
) -> None:
    """Read a REPORT (a text file, a folder of them, or - for standard input) into draft events."""
    from geo.evidence import DRAFTS, read_report
    from geo.layers import dump_geojson, save_file
    from geo.model import parse_day

    theatre = open_theatre(layers)
    gazetteer = theatre.gazetteer(tables)
    drafts: list[Any] = []
    for name, text in _texts(report):
        review = read_report(
            text,
            gazetteer=gazetteer,
            actors=theatre.folder.actors.rows,
            published=parse_day(date) if date else None,
            near=position(theatre, near),
            source_id=source_id,
        )
        say(f"-- {name}")
        click.echo(review.render())
        drafts += review.drafts
    if output is not None:
        save_file(output, dump_geojson(drafts, schema=DRAFTS), expected=None)
        say(f"{len(drafts)} drafts in {output}; review them, then `frontline accept {output}`")


def _texts(report: Path) -> Iterator[tuple[str, str]]:
    from geo.layers import read_bytes

    if str(report) == "-":
        yield "standard input", _decoded(sys.stdin.buffer.read(), "standard input")
        return
    paths = sorted(report.glob("*.txt")) if report.is_dir() else [report]
    if not paths:
        raise GeoError(f"{report} holds no .txt file")
    for path in paths:
        yield str(path), _decoded(read_bytes(path, root=path.parent), str(path))


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GeoError(f"{name} is not UTF-8 text; save it as UTF-8") from error


@command.command()
@click.argument("drafts", type=FOLDER)
@layers_option
def accept(drafts: Path, layers: Path) -> None:
    """Move reviewed DRAFTS into the events of the theatre; refuse any with an open choice."""
    from geo.evidence import DRAFTS, accept_drafts
    from geo.layers import add_events, dump_geojson, read_geojson, save_file

    theatre = open_theatre(layers)
    layer = read_geojson(drafts, root=drafts.parent, schema=DRAFTS)
    accepted = accept_drafts(layer.features, places=theatre.folder.places, file=str(drafts))
    if accepted.issues:
        raise LayerError(accepted.issues)
    for path in add_events(theatre.folder, accepted.events):
        click.echo(str(path))
    waiting = dump_geojson(accepted.waiting, schema=DRAFTS)
    save_file(drafts, waiting, expected=layer.digest)
    say(f"{len(accepted.events)} events accepted, {len(accepted.waiting)} drafts wait in {drafts}")
