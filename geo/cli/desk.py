"""What is handed in: the brief of what happened, and what waits to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geo.cli.opening import open_theatre
from geo.cli.options import FOLDER, command, language_option, layers_option, wrong_usage
from geo.cli.printing import say

if TYPE_CHECKING:
    from pathlib import Path


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
