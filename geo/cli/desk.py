"""What is handed in: the brief of what happened, and what waits to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre
from geo.cli.options import (
    FOLDER,
    command,
    format_option,
    language_option,
    layers_option,
    wrong_usage,
)
from geo.cli.printing import answer, say, show, wrapped
from geo.cli.progress import slow_bar
from geo.desk import COLUMNS, KINDS
from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.theatre import Theatre


@command.command()
@click.argument("date", required=False)
@click.option("--since", metavar="DATE", help="Since when; without it since the layer before.")
@language_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "json", "html"]),
    help="Of what is printed; Markdown without it.",
)
@click.option(
    "-o", "--output", type=FOLDER, help="A .docx, .html, .md or .json to write instead of printing."
)
@layers_option
def brief(
    date: str | None,
    since: str | None,
    language: str,
    form: str | None,
    output: Path | None,
    layers: Path,
) -> None:
    """
    What happened until DATE, as one document with two maps; every sentence names its facts.

    What was taken and lost, what became known or was corrected, the front, what could be cut off,
    events, disagreements, and what is not known: composed from the layers, with the figures that
    the other commands print. Without DATE it is about the two dates of the theatre.
    """
    if form and output is not None:
        raise click.UsageError("the name of --output tells the form; leave --format out")
    theatre = open_theatre(layers)
    say("working out what happened ...")
    with wrong_usage():
        found = theatre.brief(date, since=since, language=language)
        if output is None:
            click.echo(found.render(form or "md").decode(), nl=False)
            return
        say("drawing ...")
        for path in found.save(output):
            click.echo(str(path))


@command.command()
@click.argument("date", required=False)
@click.option(
    "--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only of a kind; repeatable."
)
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True)
@click.option("--by-person", is_flag=True, help="By who wrote the words last, as far as git knows.")
@format_option("table", "csv", "json")
@layers_option
def todo(
    date: str | None,
    kinds: tuple[str, ...],
    limit: int,
    by_person: bool,
    form: str,
    layers: Path,
) -> None:
    """
    What waits, first what would move the most ground of the map of DATE.

    Contradictions, places of which one publisher alone tells, words about to be too old, places
    never located, changes that no row of the ledger explains; each with the command that does it.
    The first ones are drawn anew without the words and measured; figures with a ~ are quickly
    reckoned, of very many words for those that stand most alone. Without DATE it is the theatre's
    second date.
    """
    theatre = open_theatre(layers)
    with slow_bar() as progress:
        found = theatre.waiting(date, progress=progress)
    found = [one for one in found if not kinds or one["kind"] in kinds]
    persons = _persons(theatre)
    for one in found:
        one["who"] = persons(one)
    if form != "table":
        show({name: [one[name] for one in found] for name in (*COLUMNS, "who")}, form)
        return
    if not found:
        click.echo("Nothing waits.")
    if by_person:
        found.sort(key=lambda one: one["who"])
    shown = found[:limit]
    for number, one in enumerate(shown, 1):
        if by_person and (number == 1 or shown[number - 2]["who"] != one["who"]):
            click.echo(f"{one['who'] or 'nobody that git knows'}:")
        _print_task(number, one, with_person=not by_person)
    if len(found) > limit:
        say(f"and {len(found) - limit} more, with less ground; --limit shows them")


def _print_task(number: int, one: dict[str, Any], *, with_person: bool) -> None:
    """A task as a heading, and below it what it would move, and what to type."""
    mark = "" if one["measured"] else "~"
    answer(f"{number}. {mark}{one['km2']:,.0f} km2  {one['kind']}: {one['text']}")
    if one["moves"]:
        first = "; ".join(one["moves"].split("; ")[:3])
        click.echo(wrapped(f"without these words: {first} km2"))
    if with_person and one["who"]:
        click.echo(wrapped(f"written by {one['who']}"))
    click.echo(wrapped(one["command"]))


def _persons(theatre: Theatre) -> Callable[[dict[str, Any]], str]:
    """Who wrote the statements of a task last, as git knows; nobody where it does not."""
    from geo.edit import last_writers

    table = theatre.folder.statements
    writers = last_writers(theatre.folder.root / table.schema.path)

    def who(one: dict[str, Any]) -> str:
        ids = split_ids(one["statement_ids"])
        return ", ".join(sorted({writers[i] for i in ids if i in writers}))

    return who
