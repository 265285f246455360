"""Checking the layers, and writing them in their one canonical form."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo._version import __version__
from geo.cli.opening import without_collection
from geo.cli.options import FOLDER, command, format_option, name_values
from geo.cli.printing import answer, say, show_json
from geo.errors import Issue, LayerError
from geo.model import SCHEMAS, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from geo.layers import Folder
    from geo.model import Schema


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
        answer(explain_code(explain))
        return
    without_collection()
    severities: Any = name_values(rules)
    try:
        folder = read_folder(layers, partial=True)
    except LayerError as error:
        issues, counts = list(error.issues), {}
        if not issues:
            raise
    else:
        issues, counts = check_folder(folder, severities=severities, kept=True), _counts(folder)
    if against:
        issues += _guarded(layers, against, gone, severities)
    errors = sum(issue.severity == "error" for issue in issues)
    warnings = len(issues) - errors
    if form == "json":
        findings = [_issue_dict(issue) for issue in issues]
        show_json({"counts": counts, "issues": findings})
    elif form == "sarif":
        click.echo(json.dumps(sarif_report(issues, version=__version__), indent=1))
    else:
        for issue in issues:
            answer(str(issue))
        if counts and any(issue.file and issue.code.startswith(_UNREAD) for issue in issues):
            say("what cannot be read is left out of the rest; ledger and events wait for it")
        if counts:
            answer(", ".join(f"{count} {name}" for name, count in counts.items()))
        click.echo(f"{errors} errors, {warnings} warnings")
    if errors or (strict and warnings):
        sys.exit(1)


_UNREAD = ("json.", "git.", "file.kind")


def _guarded(
    layers: Path, against: str, gone: tuple[str, ...], severities: dict[str, Any]
) -> Iterator[Issue]:
    from geo.edit import guard_ids

    for issue in guard_ids(layers, against, confirmed=gone):
        severity = severities.get(issue.code, issue.severity)
        if severity != "off":
            yield dataclasses.replace(issue, severity=severity)


def _issue_dict(issue: Issue) -> dict[str, Any]:
    names = ("code", "severity", "message", "hint", "file", "line", "ids", "where", "fixable")
    return {name: getattr(issue, name) for name in names}


def _counts(folder: Folder) -> dict[str, int]:
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


@command.command("schema")
@click.argument("name", type=click.Choice(list(SCHEMAS)))
def print_schema(name: str) -> None:
    """Print the columns of a layer or table as JSON Schema, for editors and other programs."""
    show_json(json_schema(SCHEMAS[name]))


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
                say(str(issue))
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


def _targets(paths: Iterable[Path]) -> Iterator[tuple[Path, Path, Schema]]:
    """Every file to format: its path, the layers folder that it belongs to, its schema."""
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
    data: bytes, schema: Schema, file: str, assign_ids: bool
) -> tuple[bytes, tuple[Issue, ...]]:
    from geo.layers import fmt_geojson, fmt_table

    if schema.geometry:
        return fmt_geojson(data, schema=schema, file=file, assign_ids=assign_ids)
    return fmt_table(data, schema=schema, file=file)
