"""Other people's data in, and the theatre out for other tools."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre
from geo.cli.options import FOLDER, command, layers_option, name_values, wrong_usage
from geo.cli.printing import answer, say
from geo.cli.progress import progress_bar
from geo.exchange import FORMATS, KINDS, LAYERS, SERIES
from geo.model import parse_day

if TYPE_CHECKING:
    from pathlib import Path

    from geo.exchange import Word


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
    help="Table of what their words for control mean; if it does not exist, only it is written.",
)
@click.option("--encoding", default="", help="Of text, where it cannot be found out.")
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
@click.option(
    "--update",
    is_flag=True,
    help="A later pull of a source that is there: take what it changed, but nothing edited here.",
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
    from geo.exchange import Options, read_words, revise, run_import, save_import, words_table
    from geo.layers import read_bytes, read_folder, save_file

    into = read_folder(root) if (root / "theatre.geojson").exists() else None
    known: tuple[Word, ...] = ()
    if words is not None and words.exists():
        known = read_words(read_bytes(words, root=words.resolve().parent), file=str(words))
    given: dict[str, Any] = {k: "" if value is None else value for k, value in options.items()}
    with wrong_usage():
        chosen = Options(
            mapping=name_values(mapped),
            fixed=name_values(fixed),
            words=known,
            since=parse_day(since) if since else None,
            until=parse_day(until) if until else None,
            **given,
        )
        with progress_bar() as progress:
            imported = run_import(kind, paths, options=chosen, into=into, progress=progress)
    answer(imported.report())
    if chosen.update and into is not None:
        answer(revise(imported, into).report())
    drafts = words is not None and not words.exists() and bool(imported.words)
    if drafts and words is not None:
        save_file(words, words_table(imported.words), expected=None)
        say(f"{words}: what their words were taken to mean; nothing else was written")
        say("edit it and run the same command again")
    if not dry_run and not drafts:
        with progress_bar() as progress:
            saved = save_import(imported, root, into=into, update=chosen.update, progress=progress)
        say(f"{len(saved.paths)} files written, {saved.present} records were there already")
        for name in saved.kept:
            say(f"{name}: the folder says otherwise and was kept")
        say(f"now `frontline check {root}`")
    if any(issue.severity == "error" for issue in imported.issues):
        sys.exit(1)


@command.command()
@click.argument("output", type=FOLDER)
@click.option("--to", required=True, type=click.Choice([*FORMATS, SERIES]), help="The format.")
@click.option(
    "--layer",
    type=click.Choice(LAYERS),
    default="control",
    show_default=True,
    help="What goes into a format that holds one layer.",
)
@layers_option
def export(output: Path, to: str, layer: str, layers: Path) -> None:
    """Write the theatre to OUTPUT for other tools: control as intervals [valid_from, valid_to)."""
    from geo.exchange import export_series, write_export

    theatre = open_theatre(layers)
    try:
        if to == SERIES:
            with progress_bar() as progress:
                export_series(
                    theatre.folder,
                    theatre.composite,
                    output,
                    progress=progress and (lambda n, of: progress("writing", n, of)),
                )
            click.echo(str(output))
            return
        paths = write_export(theatre.folder, theatre.composite, output, to=to, layer=layer)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    for path in paths:
        click.echo(str(path))
    if limits := FORMATS[to].limits:
        say(limits)
