"""What is drawn from the layers: the map, pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from geo.cli.opening import open_theatre
from geo.cli.options import FOLDER, command, language_option, layers_option, wrong_usage
from geo.cli.printing import say


@command.command(name="map")
@click.argument("layers", type=FOLDER, default=Path("layers"))
@click.option("--before", help="First date; the default is the theatre's.")
@click.option("--after", help="Second date; the default is the theatre's.")
@language_option
@click.option("--tiles", metavar="URL", help="Online tiles below: https://host/{z}/{x}/{y}.png.")
@click.option("--attribution", help="Whose tiles they are; goes with --tiles.")
@click.option(
    "--corridors/--no-corridors",
    default=True,
    show_default=True,
    help="Where ground could be cut off, as a layer that the page can show.",
)
@click.option(
    "--every-date",
    is_flag=True,
    help="That of all dates, where there are more than 40 layers; then kept.",
)
@click.option(
    "--bands",
    type=click.Choice(["chosen", "all"]),
    default="chosen",
    show_default=True,
    help="Bands of change for the two dates, or for all; seconds for each pair, then kept.",
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
    every_date: bool,
    bands: str,
    what_if: Path | None,
    output: Path,
) -> None:
    """Draw before and after as one HTML file that opens offline."""
    say(f"reading {layers} ...")
    theatre = open_theatre(layers)
    say("drawing ...")
    with wrong_usage():
        page = theatre.map(
            before,
            after,
            language=language,
            tiles=tiles,
            attribution=attribution,
            corridors=corridors,
            every_date=every_date,
            every_band=bands == "all",
            what_if=what_if,
        )
    path = page.save(output)
    need = "online tiles need a network" if tiles else "no network needed"
    say(f"{path.stat().st_size / 1e6:.2f} MB; open it in any browser, {need}:")
    click.echo(str(path))


@command.command()
@click.option(
    "--into", type=FOLDER, help="Copy the layers of the case there too, to try commands on."
)
@language_option
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    default=Path("frontline-map.html"),
    show_default=True,
    help="The HTML file to write.",
)
def demo(into: Path | None, language: str, output: Path) -> None:
    """Draw the case that comes with the package, and lend its layers."""
    from geo.layers import shipped_layers

    layers = shipped_layers()
    if into is not None:
        if into.exists():
            raise click.UsageError(f"{into} is there already; name a new folder")
        shutil.copytree(layers, into, ignore=shutil.ignore_patterns(".*"))
        say(f"the layers of the case: {into}; try `frontline check {into}`")
        layers = into
    theatre = open_theatre(layers)
    say("drawing ...")
    path = theatre.map(language=language).save(output)
    say(f"{path.stat().st_size / 1e6:.2f} MB; open it in any browser, no network needed:")
    click.echo(str(path))


@command.command()
@click.argument("date")
@click.option("--change", "before", metavar="BEFORE", help="Show what changed hands since then.")
@language_option
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
    with wrong_usage():
        picture = theatre.still(date, before=before, language=language, size=size)
        click.echo(str(picture.save(output)))


@command.command()
@click.option("--step", type=click.Choice(["layer", "week", "month"]), default="layer")
@language_option
@click.option("-o", "--output", type=FOLDER, required=True, help="A .gif to write.")
@layers_option
def animate(step: str, language: str, output: Path, layers: Path) -> None:
    """Draw the dated layers one after the other as a GIF."""
    theatre = open_theatre(layers)
    say(f"drawing {len(theatre.dates)} layers ...")
    with wrong_usage():
        click.echo(str(theatre.animate(step=step, language=language).save(output)))
