"""The questions about doubt: where sources disagree, and who says what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geo.cli.opening import open_theatre
from geo.cli.options import command, format_option, layers_option
from geo.cli.printing import answer, say, show, wrapped

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import pandas as pd


@command.command()
@click.argument("date")
@format_option("table", "csv", "json", "geojson")
@layers_option
def disagreement(date: str, form: str, layers: Path) -> None:
    """Ground about which sources in force on DATE disagree, and who says what."""
    frame = open_theatre(layers).disagreement(date)
    if form == "table":
        _print_pieces(frame)
    elif form == "csv":
        show(frame.assign(says=frame["says"].map(_cell)), form)
    else:
        show(frame, form)
    say(f"{len(frame)} pieces, {frame['area_km2'].sum():,.1f} km2")


def _print_pieces(frame: pd.DataFrame) -> None:
    """A heading a piece, and below it a line a statement, the weightiest first."""
    if frame.empty:
        answer("No two sources in force give different answers about one place.")
    for piece in frame.to_dict("records"):
        places = piece["place_ids"].replace(";", ", ")
        first = piece["holders"].split(" | ")[0].replace(";", " and ")
        against = f"{piece['share']:.0%} of the weight against {first}"
        answer(f"{places}: {piece['area_km2']:,.1f} km2, {against}")
        for word in sorted(piece["says"], key=lambda word: -word["share"]):
            click.echo(wrapped(_line(word)))


def _line(word: dict[str, Any]) -> str:
    """What one statement says, on a line."""
    leaning = f" (leans to {word['leaning']})" if word["leaning"] else ""
    holder = word["holder"].replace(";", " and ")
    said = holder if word["status"] == "controlled" else f"{word['status']}, {holder}"
    return (
        f"{word['share']:4.0%}  {said}: {word['publisher']}{leaning}, {word['date']}, "
        f"{word['basis']}, {word['confidence']}, {word['statement']}"
    )


def _cell(says: list[dict[str, Any]]) -> str:
    """All statements of a piece as the text of a cell."""
    return "; ".join(_line(word).strip() for word in says)
