"""The questions: who held what, what changed, where the front ran, and why."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, get_args

import click

from geo.cli.opening import open_theatre, position
from geo.cli.options import (
    command,
    format_option,
    gazetteer_option,
    layers_option,
    wrong_usage,
)
from geo.cli.printing import (
    answer,
    banded,
    km2,
    plain,
    say,
    shortened,
    show,
    show_json,
    tell_figure,
    window,
    wrapped,
)
from geo.errors import escape
from geo.evidence import EFFECTS
from geo.model import CHANGES, Edges, Ground, parse_day

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from geo.theatre import Theatre


@command.command()
@click.argument("date")
@click.option(
    "--by",
    type=click.Choice(get_args(Ground)),
    default="patch",
    show_default=True,
    help="Join the patches of each controller, or of each side, into one outline.",
)
@format_option("table", "csv", "json", "geojson")
@layers_option
def control(date: str, by: Ground, form: str, layers: Path) -> None:
    """Who held which ground at the end of DATE, patch by patch or joined."""
    theatre = open_theatre(layers)
    columns, shapes = theatre.control_columns(date, by=by)
    say(f"as of {columns['as_of'][0]}")
    shown = {
        "patch": ("id", "controller", "status", "basis", "confidence", "area_km2"),
        "holder": ("holder", "side", "area_km2"),
        "side": ("side", "area_km2"),
    }
    show({**columns, "geometry": shapes}, form, shown=shown[by])


@command.command()
@click.argument("before")
@click.argument("after")
@click.option("--ledger", is_flag=True, help="Draft the rows of changes.csv that are missing.")
@click.option("--write", is_flag=True, help="With --ledger: add them to the file.")
@click.option(
    "--min-area",
    "min_area_km2",
    type=click.FloatRange(min=0),
    default=0.01,
    show_default=True,
    help="Leave out smaller pieces, km2; their sum is printed.",
)
@format_option("table", "csv", "json", "geojson")
@layers_option
def change(
    before: str, after: str, ledger: bool, write: bool, min_area_km2: float, form: str, layers: Path
) -> None:
    """What changed hands between BEFORE and AFTER, and the places on it."""
    theatre = open_theatre(layers)
    if write and not ledger:
        raise click.UsageError("--write goes with --ledger")
    if ledger:
        _draft_ledger(theatre, before, after, write)
        return
    frame = theatre.change(before, after, min_area_km2=min_area_km2)
    if form == "table":
        say(f"as of {theatre.as_of(before)} and {theatre.as_of(after)}")
        transfers = theatre.transfers(before, after)
        click.echo("Transfers, km2 (rows: before, columns: after)")
        click.echo(transfers.to_string(float_format=km2, line_width=window()) + "\n")
        _print_change(theatre.totals(before, after), frame)
    else:
        show(frame, form)
    left_out = frame.attrs["left_out_km2"]
    if left_out:
        say(f"pieces under {min_area_km2:g} km2 left out: {left_out:.4f} km2 together")


def _print_change(totals: pd.DataFrame, pieces: pd.DataFrame) -> None:
    """Whole amounts by what became of the ground, then piece by piece; no rows of nothing."""
    if len(totals):
        click.echo("By effect, with the 90 % band where one side has it after another")
        order = totals["effect"].map({name: i for i, name in enumerate(EFFECTS)})
        _show_borne(totals.iloc[order.argsort(kind="stable")], ())
        click.echo()
    click.echo("Piece by piece")
    shown = ("effect", "from", "to", "km2", "low", "high", "place_ids", "change_ids")
    _show_borne(_held(pieces), shown)


def _show_borne(rows: pd.DataFrame, shown: tuple[str, ...]) -> None:
    """A table of change; what no map of the evidence bears out is counted in a line below it."""
    columns = banded(rows)
    ends = zip(columns["km2"], columns["high"], strict=True)
    kept = [not ({figure, high} <= {"-", "0.0", ""}) for figure, high in ends]
    columns = {
        name: [cell for cell, keep in zip(column, kept, strict=True) if keep]
        for name, column in columns.items()
        if name != "geometry"
    }
    show(columns, "table", shown=shown, empty="Nothing changed hands.")
    if count := len(kept) - sum(kept):
        area = sum(a for a, keep in zip(rows["drawn_km2"], kept, strict=True) if not keep)
        what = "row" if count == 1 else "rows"
        click.echo(
            f"and {count} {what} that no map of the evidence bears out: {area:,.2f} km2 drawn"
        )


@command.command()
@click.option(
    "--edges",
    type=click.Choice(get_args(Edges)),
    default="straight",
    show_default=True,
    help="What runs between two corners: a straight line on the map, or the geodesic, which "
    "PostGIS and pyproj measure; then without a band.",
)
@format_option("table", "csv", "json")
@layers_option
def areas(edges: Edges, form: str, layers: Path) -> None:
    """
    The ground of each controller at each date, km2 on the ellipsoid, with its 90 % band.

    km2 is the middle of the maps that the evidence allows, and nine in ten of them lie between low
    and high; unknown ground could be anyone's. drawn is what the layer draws, shown what of it
    direct evidence shows. In CSV and JSON the columns are area_km2, low_km2, high_km2, drawn_km2
    and shown_km2.
    """
    theatre = open_theatre(layers)
    straight = edges == "straight"
    # Loading what frames are made of would take longer than the answer.
    columns = theatre.area_columns() if straight else theatre.areas(edges=edges)
    show(banded(columns) if form == "table" else columns, form)


@command.command()
@click.argument("place")
@format_option("table", "csv", "json")
@layers_option
def history(place: str, form: str, layers: Path) -> None:
    """Who held PLACE (an id of places.geojson), when, and on what that rests."""
    theatre = open_theatre(layers)
    frame = theatre.history(place)
    values = theatre.folder.places[place].properties
    radius_km = int(values["geo_radius_m"] or 0) / 1e3
    say(f"{values['name']}: position {values['coord_method']}, to {radius_km:g} km")
    _say_middle(theatre, place)
    if form == "table":
        _print_history(frame)
    else:
        show(frame, form)


def _say_middle(theatre: Theatre, place_id: str) -> None:
    """Say of what the answer is, where it is asked of more than one position."""
    from geo.evidence import shape_word

    place = theatre.folder.places.get(place_id)
    if place is not None and (word := shape_word(place)):
        say(f"{place_id} is {word}; the answer is for its middle")


def _print_history(frame: pd.DataFrame) -> None:
    """One paragraph an interval: who, how sure, and on what it rests."""
    for row in frame.to_dict("records"):
        until = plain(row["valid_to"])
        span = f"to {until}" if until else "on, as of the last layer"
        holder = plain(row["controller"]) or plain(row["controllers"]) or "-"
        words = [plain(row[name]) for name in ("status", "basis", "confidence")]
        head = "  ".join([f"{row['valid_from']} {span}", holder, *filter(None, words)])
        answer(head)
        for name in ("note", "statement_ids", "source_ids"):
            if value := plain(row[name]):
                text = f"{name}: " * (name != "note") + str(value).replace(";", ", ")
                click.echo(wrapped(text))


def _draft_ledger(theatre: Theatre, before: str, after: str, write: bool) -> None:
    """Rows for the changes between two dates that no row of the ledger explains."""
    from geo.evidence import draft_ledger, ledger_frame, write_ledger
    from geo.layers import dump_table

    first, last = parse_day(before), parse_day(after)
    pieces = ledger_frame(theatre.folder, theatre.composite)
    pieces = pieces[(pieces["from_date"] >= first) & (pieces["to_date"] <= last)]
    today = dt.datetime.now(tz=dt.UTC).date()
    rows = draft_ledger(theatre.folder, pieces, recorded_at=today)
    if write and rows:
        click.echo(str(write_ledger(theatre.folder, rows)))
    elif rows:
        click.echo(dump_table(rows, schema=CHANGES).decode(), nl=False)
    say(f"{len(rows)} rows drafted; every change between the dates now has one")


@command.command()
@click.argument("date")
@click.argument("sides", nargs=-1, metavar="[A [B]]")
@click.option("--since", help="Earlier date: how the front of A and B moved since.")
@format_option("table", "csv", "json", "geojson")
@layers_option
def fronts(date: str, sides: tuple[str, ...], since: str | None, form: str, layers: Path) -> None:
    """Where the ground of sides A and B met on DATE, A on the left; all pairs without sides."""
    if len(sides) > 2:
        raise click.UsageError("a front has two sides; give at most two")
    if since and len(sides) != 2:
        raise click.UsageError("--since needs both sides")
    theatre = open_theatre(layers)
    frame = theatre.fronts(date, *sides)
    shown = ("left", "right", "km", "low", "high", "certainty")
    show(banded(frame) if form == "table" else frame, form, shown=shown, empty="No front.")
    if form == "table" and len(frame):
        for row in theatre.front_totals(date, *sides).to_dict("records"):
            middle, low, high = tell_figure(row["length_km"], row["low_km"], row["high_km"])
            lines = int(((frame["left"] == row["left"]) & (frame["right"] == row["right"])).sum())
            answer(
                f"{row['left']} and {row['right']}: about {middle} km ({low} to {high}), "
                f"drawn {row['drawn_km']:,.1f} km in {lines} "
                f"{'lines' if lines > 1 else 'line'}"
            )
    if since:
        (answer if form == "table" else say)(_moved(theatre, since, date, sides))


def _moved(theatre: Theatre, since: str, date: str, sides: tuple[str, ...]) -> str:
    """The movement of a front in words."""
    moved = theatre.movement(since, date, *sides)

    def figure(name: str, unit: str) -> str:
        middle, low, high = tell_figure(getattr(moved, name), *moved.bands[name])
        return f"about {middle} {unit} ({low} to {high})"

    lines = [
        f"since {moved.before}:",
        "swept, with what was only drawn otherwise (`frontline change` parts the two):",
        f"{moved.left} swept {figure('gained_km2', 'km2')} from {moved.right}",
        f"{moved.right} swept {figure('lost_km2', 'km2')} from {moved.left}",
        f"front {figure('length_before_km', 'km')} then, {figure('length_after_km', 'km')} now",
    ]
    if moved.largest_at is None:
        lines.append("nothing moved")
    else:
        near = ""
        if moved.place_id:
            near = f", nearest place {moved.place_id} ({moved.place_km:.1f} km away)"
        lines.append(
            f"largest move {moved.largest_km:+.1f} km ({moved.km_per_day:+.1f} km a day){near}"
        )
    return "\n".join(lines)


@command.command(context_settings={"ignore_unknown_options": True})
@click.argument("where", metavar="PLACE|LON,LAT")
@click.argument("date")
@format_option("text", "json")
@layers_option
def why(where: str, date: str, form: str, layers: Path) -> None:
    """Why the map says what it says at a place or position: from the patch down to the sources."""
    theatre = open_theatre(layers)
    with wrong_usage():
        found = theatre.why(where, date)
    _say_middle(theatre, where)
    if form == "json":
        show_json(found.to_dict())
    else:
        click.echo(found.text(window() or 96))


@command.command()
@click.option("--all", "every", is_flag=True, help="Print the rows behind the finding, too.")
@format_option("table", "csv", "json")
@layers_option
def sources(every: bool, form: str, layers: Path) -> None:
    """On how many publishers, of which leaning and age, the ground of each date rests."""
    theatre = open_theatre(layers)
    frame = theatre.provenance()
    if form == "table":
        told = _source_shares(frame)
        answer(_source_finding(theatre, told))
        show(told, form)
        if not every:
            say("--all prints the rows behind this")
            return
        click.echo()
    show(frame, form)


_SHARES = {
    "one publisher": ("publishers", ("0", "1")),
    "own side": ("leaning", ("own side",)),
    "over 30 days": ("age_days", ("31-90", "over 90")),
    "later words": ("age_days", ("no statement",)),
}
"""Shares of the ground that are told: the measure, and the values that are added up."""


def _source_shares(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Of each date, how much of the ground rests on little."""
    shares = frame.groupby(["date", "measure", "value"])["share"].sum().to_dict()
    dates = sorted(set(frame["date"]))
    return {"date": [str(day) for day in dates]} | {
        name: [
            f"{sum(shares.get((day, measure, value), 0.0) for value in values):.0%}"
            for day in dates
        ]
        for name, (measure, values) in _SHARES.items()
    }


def _source_finding(theatre: Theatre, told: dict[str, list[str]]) -> str:
    """What that comes to on the date that the theatre compares at last."""
    from geo.model import split_ids

    day = theatre.as_of(theatre.after)
    if str(day) not in told["date"]:
        return "No ground has a holder, so it rests on nobody."
    at = told["date"].index(str(day))
    publishers = {row.id: str(row.values["publisher"]) for row in theatre.folder.sources.rows}
    ground = theatre.control(day)
    ground = ground[ground["controller"].fillna("") != ""]
    cited: dict[str, float] = {}
    for ids, area in zip(ground["source_ids"], ground["area_km2"], strict=True):
        for name in {publishers.get(one, one) for one in split_ids(plain(ids))}:
            cited[name] = cited.get(name, 0.0) + area
    most = max(cited, key=lambda name: (cited[name], name), default="")
    share = f"{cited[most] / ground['area_km2'].sum():.0%}" if most else "0%"
    who = f", and {share} on {escape(most)}, alone or with others" if most else ""
    return (
        f"On {day} {told['one publisher'][at]} of the ground that somebody holds rests on one "
        f"publisher or none{who}; {told['own side'][at]} rests on its holder's own side alone."
    )


@command.command()
@click.argument("name")
@click.option("--near", metavar="PLACE|LON,LAT", help="Decides between places of one name.")
@gazetteer_option
@click.option("--date", help="Also say who held each candidate at the end of that day.")
@format_option("table", "json")
@layers_option
def find(
    name: str,
    near: str | None,
    tables: tuple[Path, ...],
    date: str | None,
    form: str,
    layers: Path,
) -> None:
    """
    Places that NAME may mean, in Latin or Arabic letters.

    Exit code 0: found; 1: not found; 3: several places bear the name.
    """
    theatre = open_theatre(layers)
    found_names = theatre.gazetteer(tables).find(name, near=position(theatre, near))
    rows = [
        {
            "place": one.id,
            "name": one.entry.name,
            "score": f"{one.score:.2f}",
            "matched": one.spelling + (f" ({one.why})" if one.why else ""),
            "kind": one.entry.kind,
            "distance_km": None if one.distance_km is None else round(one.distance_km, 1),
        }
        | ({"held_by": theatre.holder(one.entry.lon, one.entry.lat, date)} if date else {})
        for one in found_names.candidates
    ]
    if form == "json":
        found = {"verdict": found_names.verdict, "reason": found_names.reason, "candidates": rows}
        show_json(found)
    else:
        answer(found_names.reason)
        columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
        show(columns, form, empty="Nothing comes near it.")
    if found_names.verdict != "found":
        sys.exit({"not_found": 1}.get(found_names.verdict, 3))


def _held(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame with one word for who held each piece: a controller, or a status."""
    named = {}
    for way in ("from", "to"):
        controller = frame[f"{way}_controller"]
        named[way] = controller.where(controller != "", frame[f"{way}_status"])
    short = {name: frame[name].map(shortened) for name in ("place_ids", "change_ids")}
    return frame.assign(**named, **short)
