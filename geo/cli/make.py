"""What is made from the layers: the map, pictures, files for other tools."""

from __future__ import annotations

from pathlib import Path

import click

from geo.cli._common import FOLDER, command, layers_option, open_theatre, progress_bar, say
from geo.errors import GeoError
from geo.exchange import FORMATS, LAYERS, SERIES


@command.command(name="map")
@click.argument("layers", type=FOLDER, default=Path("layers"))
@click.option("--before", help="First date; the default is the theatre's.")
@click.option("--after", help="Second date; the default is the theatre's.")
@click.option("--language", type=click.Choice(["en", "ar"]), default="en", show_default=True)
@click.option("--tiles", metavar="URL", help="Online tiles below: https://host/{z}/{x}/{y}.png.")
@click.option("--attribution", help="Whose tiles they are; goes with --tiles.")
@click.option(
    "--corridors/--no-corridors",
    default=True,
    show_default=True,
    help="Where ground could be cut off, as a layer that the page can show.",
)
@click.option(
    "--what-if", type=FOLDER, help="A layer of `frontline what-if`, shown as what nobody reported."
)
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    default=Path("frontline-map.html"),
    show_default=True,
    help="The HTML file to write.",
)
def map_(
    layers: Path,
    before: str | None,
    after: str | None,
    language: str,
    tiles: str | None,
    attribution: str | None,
    corridors: bool,
    what_if: Path | None,
    output: Path,
) -> None:
    """Draw before and after as one HTML file that opens offline."""
    say(f"reading {layers} ...")
    theatre = open_theatre(layers)
    say("drawing ...")
    try:
        page = theatre.map(
            before,
            after,
            language=language,
            tiles=tiles,
            attribution=attribution,
            corridors=corridors,
            what_if=what_if,
        )
    except ValueError as error:
        raise _usage(error) from error
    path = page.save(output)
    need = "online tiles need a network" if tiles else "no network needed"
    say(f"{path.stat().st_size / 1e6:.2f} MB; open it in any browser, {need}:")
    click.echo(str(path))


@command.command()
@click.argument("date")
@click.option("--change", "before", metavar="BEFORE", help="Show what changed hands since then.")
@click.option("--language", type=click.Choice(["en", "ar"]), default="en", show_default=True)
@click.option(
    "--size", type=(int, int), default=(1600, 1000), show_default=True, help="Width and height, px."
)
@click.option("-o", "--output", type=FOLDER, required=True, help="A .png, .svg or .pdf to write.")
@layers_option
def still(
    date: str, before: str | None, language: str, size: tuple[int, int], output: Path, layers: Path
) -> None:
    """Draw DATE as one picture, for a report or a post."""
    theatre = open_theatre(layers)
    try:
        picture = theatre.still(date, before=before, language=language, size=size)
        click.echo(str(picture.save(output)))
    except ValueError as error:
        raise _usage(error) from error


@command.command()
@click.option("--step", type=click.Choice(["layer", "week", "month"]), default="layer")
@click.option("--language", type=click.Choice(["en", "ar"]), default="en", show_default=True)
@click.option("-o", "--output", type=FOLDER, required=True, help="A .gif to write.")
@layers_option
def animate(step: str, language: str, output: Path, layers: Path) -> None:
    """Draw the dated layers one after the other as a GIF."""
    theatre = open_theatre(layers)
    say(f"drawing {len(theatre.dates)} layers ...")
    try:
        click.echo(str(theatre.animate(step=step, language=language).save(output)))
    except ValueError as error:
        raise _usage(error) from error


def _usage(error: ValueError) -> Exception:
    """A wrong argument is wrong usage; an error of ours says its own."""
    return error if isinstance(error, GeoError) else click.UsageError(str(error))


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
