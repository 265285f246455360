"""What could be cut off, what is, how far a place is from it, and what an advance would change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre
from geo.cli.options import FOLDER, command, format_option, layers_option, wrong_usage
from geo.cli.printing import answer, km2, plain, say, show, show_json, wrapped
from geo.control import UnknownRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike
    from pathlib import Path

    import pandas as pd

    from geo.control import WhatIf
    from geo.theatre import Theatre

_MEANS = {
    UnknownRule.PASSABLE: "ground that nobody is known to hold lets supply through",
    UnknownRule.ENEMY: "ground that nobody is known to hold blocks",
    UnknownRule.OWN: "ground that nobody is known to hold counts as the side's own",
}


def _ground_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Options of the questions about what could be cut off."""
    unknown = click.option(
        "--unknown",
        type=click.Choice([*map(str, UnknownRule), "all"]),
        default="all",
        show_default=True,
        help="What ground nobody is known to hold counts as; `all` answers for each.",
    )
    return unknown(layers_option(function))


def _limit(name: str, default: float, text: str) -> Callable[[Callable[..., Any]], Any]:
    kind = click.FloatRange(min=0, min_open=True)
    short = name.rsplit("_", 1)[0].replace("_", "-")
    return click.option(
        f"--{short}", name, type=kind, default=default, show_default=True, help=text
    )


_min_area = _limit("min_area_km2", 10.0, "Leave out smaller pockets, km2.")
_max_width = _limit("max_width_km", 30.0, "Leave out longer cuts, km.")


def _rules(unknown: str) -> tuple[UnknownRule, ...]:
    return tuple(UnknownRule) if unknown == "all" else (UnknownRule(unknown),)


@command.command()
@click.argument("date")
@click.argument("side")
@_min_area
@_max_width
@format_option("table", "csv", "json", "geojson")
@_ground_options
def necks(
    date: str,
    side: str,
    min_area_km2: float,
    max_width_km: float,
    form: str,
    unknown: str,
    layers: Path,
) -> None:
    """
    Where the ground of SIDE could be cut off on DATE, by how short a line, and how sure that is.

    What is drawn as cut off is told too, with the chance that it hangs together after all.
    """
    theatre = open_theatre(layers)
    limits: dict[str, Any] = {"min_area_km2": min_area_km2, "max_width_km": max_width_km}
    frames = {rule: theatre.necks(date, side, unknown=rule, **limits) for rule in _rules(unknown)}
    if form != "table":
        _show_all(list(frames.values()), form, (), "")
        return
    for rule, frame in frames.items():
        answer(f"{rule}: {_MEANS[rule]}")
        for row in frame.to_dict("records"):
            _print_neck(row)
        is_cut = _print_pockets(theatre, date, side, rule, min_area_km2)
        if frame.empty and not is_cut:
            answer("  no neck, and nothing is cut off")


def _print_neck(row: dict[str, Any]) -> None:
    """One paragraph a neck: the cut, leg by leg, and what lies behind it."""
    import shapely

    head = f"  {row['rank']}. {row['length_km']:,.1f} km would cut off {km2(row['area_km2'])} km2"
    answer(f"{head}, {km2(row['km2_per_km'])} km2 for each km, over {row['footing']}")
    click.echo(wrapped(f"places: {_listed(row['place_ids']) or 'none'}"))
    _print_hold(row)
    legs = row["legs"].split("; ")
    answer(f"    {'legs' if len(legs) > 1 else 'the cut'}, from enemy ground to enemy ground:")
    for leg, line in zip(legs, shapely.get_parts(row["geometry"]), strict=True):
        ends = shapely.get_coordinates(line)[[0, -1]].round(3).tolist()
        answer(f"      {leg}; {' '.join(f'{lon:g},{lat:g}' for lon, lat in ends)}")
    lost = _listed(row["anchors_lost"]).replace("edge,", "over the edge of the study area,")
    click.echo(wrapped(f"supplied from: {lost}; none would be left"))
    if len(legs) > 1:
        click.echo(wrapped(f"ways out: {len(legs)}; while one stays open it is supplied"))
    events = row["event_ids"].split(";") if row["event_ids"] else []
    told = f"{len(events)}: {', '.join(events)}" if events else "none"
    click.echo(wrapped(f"events there in the last 30 days: {told}"))


def _print_pockets(theatre: Theatre, date: str, side: str, rule: str, min_area_km2: float) -> bool:
    """What is drawn as cut off, and how sure that is; whether there is any."""
    found = theatre.pockets(date, side, unknown=rule, min_area_km2=min_area_km2)
    for row in found.to_dict("records"):
        answer(f"  {km2(row['area_km2'])} km2 are drawn as cut off")
        click.echo(wrapped(f"places: {_listed(row['place_ids']) or 'none'}"))
        _print_hold(row)
    return not found.empty


def _print_hold(row: dict[str, Any]) -> None:
    """How sure a neck or a pocket is, and which places lie behind it how often."""
    click.echo(wrapped(f"on maps that the evidence allows it {hold_words(row)}"))
    if row["where"]:
        spot, half = row["where"].split(" ", 1)
        click.echo(wrapped(f"half of its necks there lie {half} of {spot}"))
    if row["against"]:
        click.echo(wrapped(f"said otherwise, and borne out by next to no map: {row['against']}"))
    often: dict[str, list[str]] = {}
    for name, chance in (one.rsplit(" ", 1) for one in filter(None, row["behind"].split(";"))):
        word = next((word for least, word in _OFTEN if float(chance) >= least), "")
        often.setdefault(word, []).append(name)
    for word in (word for _, word in _OFTEN):
        if word in often:
            click.echo(wrapped(f"behind it {word}: {', '.join(often[word])}"))


_EITHER = 0.05
"""What is open, or shut, on fewer maps than this is told by its chance alone."""
_OFTEN = ((0.9, "in 9 of 10 maps or more"), (0.5, "in half or more"), (0.1, "seldom"))


def hold_words(row: Mapping[str, Any]) -> str:
    """
    Say how surely ground hangs together.

    Parameters
    ----------
    row
        Of `Theatre.necks` or `Theatre.pockets`.

    Returns
    -------
    words
        After "it".

    Examples
    --------
    >>> row = {"joined": 0.42, "width_km": 5.2, "low_km": 0.0, "high_km": 11.3, "error_km": 5.6}
    >>> hold_words(row)[:75]
    'hangs together in 4 of 10 maps, there about 5 km wide; 0 to 11 km over all '
    """
    joined, middle, low, high = (row[name] for name in ("joined", "width_km", "low_km", "high_km"))
    text = f"hangs together in {_of_maps(joined)}"
    if joined:
        text += ", there by no neck" if _is_nan(middle) else f", there about {_km(middle)} km wide"
    if high != 0:
        end = "km or more" if _is_nan(high) else f"to {_km(high)} km"
        text += "" if _is_nan(low) else f"; {_km(low)} {end} over all maps"
    if joined <= 1 - _EITHER and not _is_nan(row.get("apart_km", math.nan)):
        text += f"; where it does not, it is some {_km(row['apart_km'])} km apart"
    if _EITHER <= joined <= 1 - _EITHER:
        return f"{text}. It is narrower than the error of its ends: it may be open or shut"
    error = row["error_km"]
    if not _is_nan(error) and 0 < row.get("length_km", 0.0) < error:
        return f"{text}. As drawn it is narrower than the error of its ends, {_km(error)} km"
    return text


def _of_maps(chance: float) -> str:
    """A chance as so many maps of ten, or of a hundred where it is small or large."""
    if chance in (0.0, 1.0):
        return "all maps" if chance else "none of the maps"
    of = 10 if 0.095 <= chance <= 0.905 else 100
    return f"{min(max(round(chance * of), 1), of - 1)} of {of} maps"


def _km(value: float) -> str:
    """Kilometres as sure as they are: no decimals."""
    return f"{value:,.0f}"


def _is_nan(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _listed(ids: str) -> str:
    return ids.replace(";", ", ")


@command.command()
@click.argument("side")
@_min_area
@_max_width
@format_option("table", "csv", "json")
@_ground_options
def narrowest(
    side: str, min_area_km2: float, max_width_km: float, form: str, unknown: str, layers: Path
) -> None:
    """The narrowest neck of SIDE at each date that has a layer, and what is cut off already."""
    import pandas as pd

    theatre = open_theatre(layers)
    limits = {"min_area_km2": min_area_km2, "max_width_km": max_width_km}
    series = [theatre.narrowest(side, unknown=rule, **limits) for rule in _rules(unknown)]
    frame = pd.concat(
        [one.drop(columns=["geometry", "pocket"]).astype(object) for one in series],
        ignore_index=True,
    )
    shown = (
        *("unknown", "day", "length_km", "area_km2", "from_place", "to_place"),
        *("necks", "cut_off_km2"),
    )
    show(frame, form, shown=shown)


@command.command()
@click.argument("date")
@click.option("--side", help="Whose ground; the default is each side that holds some.")
@format_option("table", "csv", "json", "geojson")
@_ground_options
def pockets(date: str, side: str | None, form: str, unknown: str, layers: Path) -> None:
    """Ground of a side that is already cut off on DATE, since when, and the places on it."""
    theatre = open_theatre(layers)
    frames = [
        theatre.pockets(date, one, unknown=rule)
        for one in _sides(theatre, date, side)
        for rule in _rules(unknown)
    ]
    shown = (
        *("side", "unknown", "area_km2", "since", "joined", "width_km", "low_km", "high_km"),
        *("apart_km", "enclosed_by", "place_ids"),
    )
    _show_all(frames, form, shown, "No pocket.")
    found = {rule for frame in frames for rule in frame["unknown"]}
    for rule in _rules(unknown):
        if form == "table" and rule not in found:
            say(f"nothing is cut off where {_MEANS[rule]}")


@command.command()
@click.argument("date")
@click.option("--side", help="Whose places; the default is each side that holds ground.")
@format_option("table", "csv", "json", "geojson")
@_ground_options
def isolation(date: str, side: str | None, form: str, unknown: str, layers: Path) -> None:
    """For each place that a side holds, the shortest cut that severs it from all supply."""
    theatre = open_theatre(layers)
    frames = [
        theatre.isolation(date, one, unknown=rule)
        for one in _sides(theatre, date, side)
        for rule in _rules(unknown)
    ]
    shown = (
        *("side", "unknown", "place_id", "length_km", "joined", "width_km", "low_km", "high_km"),
        *("area_km2", "anchors_lost", "certainty"),
    )
    _show_all(frames, form, shown, "It holds no place.")


def _sides(theatre: Theatre, date: str, side: str | None) -> list[str]:
    """The side asked for, or each that holds ground."""
    if side is not None:
        return [side]
    return sorted(set(filter(None, theatre.control_columns(date)[0]["side"])))


def _show_all(frames: list[pd.DataFrame], form: str, shown: tuple[str, ...], empty: str) -> None:
    """Answers under several rules as one table; cuts as text in CSV and JSON."""
    import pandas as pd
    import shapely

    kept = [frame for frame in frames if len(frame)]
    frame = pd.concat(kept, ignore_index=True) if kept else frames[0]
    if form == "geojson":
        show(frame.drop(columns="pocket", errors="ignore"), form)
        return
    cut = [
        "" if line is None else shapely.to_wkt(line, rounding_precision=6)
        for line in frame.geometry
    ]
    flat = pd.DataFrame(frame.drop(columns=["geometry", "pocket"], errors="ignore"))
    show(flat.assign(cut=cut), form, shown=shown, empty=empty)


class _Prongs(click.Command):
    """A command in which ``--through`` takes every position up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        joined: list[str] = []
        taking = False
        for arg in args:
            is_option = arg.startswith("-") and not arg[1:2].isdigit()
            if taking and not is_option and joined[-1] != "--through":
                joined[-1] += f" {arg}"
                continue
            taking = arg == "--through" or (taking and not is_option)
            joined.append(arg)
        return super().parse_args(ctx, joined)


@command.command(name="what-if", cls=_Prongs)
@click.argument("date")
@click.option("--advance", "side", required=True, metavar="SIDE", help="Who advances.")
@click.option(
    "--through",
    required=True,
    multiple=True,
    metavar="LON,LAT|PLACE...",
    help="The positions it passes, in order; once for each prong.",
)
@click.option(
    "--width",
    "width_km",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    help="Breadth of the ground taken, km.",
)
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    help="Folder for the layer; the default is `what-if` beside the layers folder.",
)
@format_option("table", "json")
@_ground_options
def what_if(
    date: str,
    side: str,
    through: tuple[str, ...],
    width_km: float,
    output: Path | None,
    form: str,
    unknown: str,
    layers: Path,
) -> None:
    """
    What an advance would take, and what it would cut off; nobody reported it.

    The layer is written to a folder of its own; `frontline map --what-if FILE` shows it. It can
    never become a layer of control.
    """
    theatre = open_theatre(layers)
    prongs = [prong.split() for prong in through]
    with wrong_usage():
        asked = theatre.what_if(date, side, *prongs, width_km=width_km)
    sieges = asked.sieges(_rules(unknown))
    path = asked.save(output or layers.resolve().parent / "what-if", layers=layers)
    if form == "json":
        show_json(_as_json(asked, sieges, path))
        return
    question, doubt = asked.question.rsplit("; ", 1)
    answer(f"{question[0].upper()}{question[1:]}? {doubt[0].upper()}{doubt[1:]}.\n")
    change = asked.change()
    if change.empty:
        answer("It would take nothing: the ground is its own, or a friend's.")
    else:
        answer(f"{side} would take {km2(change['area_km2'].sum())} km2")
        show(change[["from", "area_km2"]], form)
    if places := ", ".join(asked.places_taken()):
        answer(f"places on it: {places}")
    answer("\nCut off, km2 before and after, and the places that would be besieged")
    _print_sieges(sieges)
    answer(f"\n{path}")


def _print_sieges(sieges: pd.DataFrame) -> None:
    """What the advance changes, and in one line what it does not."""
    changed = sieges[(sieges["after_km2"] - sieges["before_km2"]).abs() > 0.05]
    answers: dict[tuple[str, str, str], list[str]] = {}
    for row in changed.to_dict("records"):
        area = f"{km2(row['before_km2'])} -> {km2(row['after_km2'])} km2"
        answers.setdefault((row["unknown"], area, row["besieged"]), []).append(row["side"])
    for (rule, area, places), sides in answers.items():
        answer(f"{' and '.join(sides)}, {rule}: {area}")
        click.echo(wrapped(f"besieged: {_listed(places) or 'no place more'}"))
    rest = sieges.drop(changed.index)
    if len(rest):
        same = ", ".join(
            f"{side} ({'/'.join(some['unknown'])})" for side, some in rest.groupby("side")
        )
        answer(f"nothing changes for: {same}")


def _as_json(asked: WhatIf, sieges: pd.DataFrame, path: PathLike[str]) -> dict[str, Any]:
    def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
        return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]

    return {
        "question": asked.question,
        "from_date": asked.day.isoformat(),
        "advancing": asked.side,
        "change": records(asked.change()),
        "places_taken": list(asked.places_taken()),
        "sieges": records(sieges),
        "file": str(path),
    }
