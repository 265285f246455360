"""Our layers beside the map of somebody else."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre
from geo.cli.options import (
    FOLDER,
    command,
    format_option,
    language_option,
    layers_option,
    name_values,
    wrong_usage,
)
from geo.cli.printing import answer, km2, plain, say, shortened, show, show_json
from geo.cli.progress import progress_bar
from geo.errors import GeoError, escape
from geo.exchange import KINDS
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from geo.desk import Comparison, OtherMap
    from geo.exchange import Word
    from geo.theatre import Theatre

_TABLES = ("agreement", "pairs", "classes", "sides", "fronts", "first", "places")
_AREAS = tuple(name for name, kind in KINDS.items() if "control" in kind.doc)


@command.command()
@click.argument("other", type=FOLDER)
@click.argument("dates", nargs=-1, metavar="[DATE]...")
@click.option("--name", "names", nargs=2, metavar="OURS THEIRS", help="What to call the two maps.")
@click.option(
    "--kind",
    type=click.Choice(_AREAS),
    default="control-geojson",
    show_default=True,
    help="How files of OTHER are read.",
)
@click.option("--map", "mapped", multiple=True, metavar="THEIRS=OURS", help="As for `import`.")
@click.option("--set", "fixed", multiple=True, metavar="NAME=VALUE", help="As for `import`.")
@click.option(
    "--words",
    type=FOLDER,
    help="Table of what their words for control mean; if it does not exist, only it is written.",
)
@click.option("--date-from", default="", help="Date of their layers, as for `import`.")
@click.option("--rest", default="", help="Whose ground their layers leave out, as for `import`.")
@click.option(
    "--overlap", type=click.Choice(["first"]), help="Who gets ground that two patches claim."
)
@click.option("--repair", is_flag=True, help="Mend areas of theirs that are not valid.")
@click.option(
    "--by",
    type=click.Choice(["side", "holder"]),
    default="side",
    show_default=True,
    help="Whether pairs are of sides or of each holder.",
)
@click.option(
    "--table",
    "only",
    type=click.Choice(_TABLES),
    help="Print this table alone; CSV has one, which is the agreement unless another is named.",
)
@click.option("--html", type=FOLDER, help="Write a page: swipe, where they differ, all tables.")
@click.option(
    "--still", type=FOLDER, help="Write a picture of where they differ: .png, .svg, .pdf."
)
@click.option(
    "--consensus", type=FOLDER, help="Write what both say on the last date, labelled as such."
)
@language_option
@format_option("table", "csv", "json")
@layers_option
def compare(
    other: Path,
    dates: tuple[str, ...],
    names: tuple[str, str] | None,
    kind: str,
    mapped: tuple[str, ...],
    fixed: tuple[str, ...],
    words: Path | None,
    by: str,
    only: str | None,
    html: Path | None,
    still: Path | None,
    consensus: Path | None,
    language: str,
    form: str,
    layers: Path,
    **options: Any,
) -> None:
    """
    Where our layers and the map OTHER differ: on which ground, by how much, who was first.

    OTHER is a layers folder, a file, or a folder of files. Without a DATE the maps are compared on
    every day on which either has a layer while both have one in force. No map is taken for the
    truth: every answer swaps when the maps do.
    """
    theatre = open_theatre(layers)
    given: dict[str, Any] = {k: "" if value is None else value for k, value in options.items()}
    given |= {"mapping": name_values(mapped), "fixed": name_values(fixed)}
    with wrong_usage(), progress_bar() as progress:
        found = _read(other, kind, words, given, theatre, progress)
    if found is None:
        return
    asked = tuple(parse_day(date) for date in dates)
    made = _comparison(theatre, found, asked, names or _names(layers, other))
    if strangers := made.strangers:
        listed = shortened(";".join(strangers), 60).replace(";", ", ")
        say(f"no actor here, but holders there: {listed}; `--words FILE` says who they are")
    _print(made, form, only, by, every=bool(dates))
    _write(made, html, still, consensus, language, layers)


def _names(layers: Path, other: Path) -> tuple[str, str]:
    """What the maps are called: their folders or files, as far as these tell them apart."""
    here = layers.resolve()
    there = other.resolve()
    one, two = here.name, there.stem if other.is_file() else there.name
    if one == two:
        one, two = f"{here.parent.name}/{one}", f"{there.parent.name}/{two}"
    return (one, two) if one != two else ("here", "there")


def _comparison(
    theatre: Theatre, other: OtherMap, asked: tuple[dt.date, ...], names: tuple[str, str]
) -> Comparison:
    from dataclasses import replace

    from geo.desk import Comparison

    named = replace(other, name=names[1])
    return Comparison(theatre.folder, named, asked=asked, name=names[0])


def _read(
    other: Path,
    kind: str,
    words: Path | None,
    given: dict[str, Any],
    theatre: Theatre,
    progress: Any,
) -> OtherMap | None:
    """The other map; None where only the table of its words was written."""
    from geo.desk import read_other
    from geo.exchange import Options, read_words, words_table
    from geo.layers import read_bytes, save_file

    known: tuple[Word, ...] = ()
    if words is not None and words.exists():
        known = read_words(read_bytes(words, root=words.resolve().parent), file=str(words))
    found = read_other(
        other,
        kind=kind,
        options=Options(words=known, **given),
        known=theatre.folder.sides,
        progress=progress,
    )
    if words is not None and not words.exists():
        save_file(words, words_table(found.words), expected=None)
        say(f"{words}: what their words were taken to mean; nothing else was written")
        say("edit it and run the same command again")
        return None
    return found


def _write(
    made: Comparison,
    html: Path | None,
    still: Path | None,
    consensus: Path | None,
    language: str,
    layers: Path,
) -> None:
    """Write what was asked for beside the tables, of the last day."""
    from geo.desk import compare_page, contrast_still
    from geo.layers import digest, save_consensus, save_file

    day = made.days[-1]
    for path in filter(None, (html, still)):
        if not path.parent.is_dir():
            raise GeoError(f"there is no folder {escape(str(path.parent), 200)}; make it first")
    if still is not None:
        with wrong_usage():
            click.echo(str(contrast_still(made, day, language=language).save(still)))
    if html is not None:
        old = digest(html.read_bytes()) if html.exists() else None
        save_file(html, compare_page(made, day, language=language).encode(), expected=old)
        click.echo(str(html))
    if consensus is not None:
        maps = f"{made.name} and {made.other.name}"
        path = save_consensus(consensus, made.consensus(day), day=day, maps=maps, layers=layers)
        click.echo(str(path))


# ---------------------------------------------------------------- printing


def _print(made: Comparison, form: str, only: str | None, by: str, *, every: bool) -> None:
    def table(name: str) -> dict[str, list[Any]]:
        return made.pairs(by) if name == "pairs" else made.table(name)

    if form == "json":
        told = {"here": made.name, "there": made.other.name} | {
            name: _listed(table(name)) for name in ([only] if only else _TABLES)
        }
        show_json(told)
        return
    if form == "csv":
        show(table(only or "agreement"), form)
        return
    answer(f"here: {made.name}; there: {made.other.name}")
    answer(_finding(made.agreement()))
    days = made.days if every else made.days[-1:]
    for name in [only] if only else _TABLES:
        columns = table(name)
        if name == "first":
            _print_first(columns, made)
            continue
        # Of a long series only what shows how it went through time is told day by day.
        if name in {"pairs", "classes", "places"} and not only:
            columns = _of_days(columns, days)
        click.echo()
        answer(f"{_HEADS[name]}{_on(days, columns, made)}")
        _print_table(columns, name, single=len(set(columns.get("date", ()))) < 2)
    if not every and not only and len(made.days) > 1:
        say(f"ground by pairs, by certainty and places are of {days[-1]}; name a DATE for others")


_HEADS = {
    "agreement": "Agreement: share of all ground that both draw, and of what both give to a side",
    "pairs": "Ground, km2: who has it here, and there",
    "classes": "By how sure the maps are, km2: the same said, and something else",
    "sides": "Ground of each side, km2; overlap is both over either",
    "fronts": "Fronts, km: how far apart; signed is positive where there favours the left side",
    "first": "Who showed first that ground came to a side, km2",
    "places": "Places that the maps give to different holders, and statements for either",
}


def _on(days: Sequence[dt.date], columns: dict[str, list[Any]], made: Comparison) -> str:
    told = set(columns.get("date", ()))
    one = next(iter(told)) if len(told) == 1 and len(made.days) > 1 else None
    return f" ({one})" if one in days else ""


def _of_days(columns: dict[str, list[Any]], days: Sequence[dt.date]) -> dict[str, list[Any]]:
    kept = [i for i, day in enumerate(columns.get("date", ())) if day in days]
    return {name: [column[i] for i in kept] for name, column in columns.items()}


def _finding(agreement: dict[str, list[Any]]) -> str:
    """The last day in a sentence."""
    if not agreement:
        return "There is no day to compare."
    last = {name: column[-1] for name, column in agreement.items()}
    if last["share"] is None:
        return f"{last['date']}: there is no ground that both maps draw."
    named = ""
    if last["held_share"] is not None:
        named = f"; of what both give to a side, on {_percent(last['held_share'])}"
    return (
        f"{last['date']}: on {_percent(last['share'])} of the {km2(last['common_km2'])} km2 that "
        f"both draw the maps agree{named}."
    )


def _percent(share: float | None) -> str:
    """A share; what is not quite all or nothing is not rounded to it."""
    if share is None:
        return "-"
    return f"{share:.0%}" if share in {0, 1} or 0.005 < share < 0.995 else f"{share:.2%}"


_KEPT = 0.05
"""Less ground or length than this is none in a table."""


def _print_table(columns: dict[str, list[Any]], name: str, *, single: bool) -> None:
    shown = dict(columns)
    if name == "agreement":
        shown = {
            **{key: shown[key] for key in ("date", "here", "there")},
            "share": [_percent(value) for value in shown["share"]],
            "held": [_percent(value) for value in shown["held_share"]],
            "common": shown["common_km2"],
            "same": shown["same_km2"],
        } if shown else {}  # fmt: skip
    alone = 0
    if name == "fronts" and shown:
        if not single:
            met = [i for i, mean in enumerate(shown["mean_km"]) if mean is not None]
            alone = len(shown["left"]) - len(met)
            shown = {key: [column[i] for i in met] for key, column in shown.items()}
        shown = _told_fronts(shown)
    if "overlap" in shown:
        shown["overlap"] = [_percent(value) for value in shown["overlap"]]
    if name == "pairs":
        kept = [i for i, area in enumerate(shown.get("area_km2", ())) if area >= _KEPT]
        shown = {key: [column[i] for i in kept] for key, column in shown.items()}
    if name == "places" and shown:
        shown = {k: v for k, v in shown.items() if k != "name"}
    if single and name != "agreement":
        shown.pop("date", None)
    shown = {key.removesuffix("_km2"): column for key, column in shown.items()}
    shown = {("km2" if key == "area" else key): column for key, column in shown.items()}
    show(shown, "table", empty="None.")
    if alone:
        click.echo(f"and {alone} fronts that only one of the maps has")


def _told_fronts(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    def km(name: str) -> list[str]:
        return ["-" if value is None else f"{value:,.1f}" for value in columns[name]]

    spots = zip(columns["lon"], columns["lat"], strict=True)
    return {
        **{name: columns[name] for name in ("date", "left", "right")},
        **{name: km(f"{name}_km") for name in ("here", "there", "mean", "signed")},
        **{name: km(f"{name}_km") for name in ("p95", "largest")},
        "at": ["" if lon is None else f"{lon:.3f},{lat:.3f}" for lon, lat in spots],
        "near": [name or "" for name in columns["place_id"]],
    }


_MOST = 10
"""So many rows of who was first are told; the rest is in CSV and JSON."""


def _print_first(columns: dict[str, list[Any]], made: Comparison) -> None:
    """Sums a taker, then what was the most ground."""
    click.echo()
    answer(_HEADS["first"])
    rows = list(zip(*columns.values(), strict=True))
    if not rows:
        click.echo("No ground came to a side while both maps have layers.")
        return
    found: dict[str, dict[str, float]] = {}
    for to, here, there, days, area in rows:
        found.setdefault(to, dict.fromkeys(_FIRST, 0.0))[_first(here, there, days)] += area
    sums: dict[str, list[Any]] = {"to": list(found)} | {
        name: [one[name] for one in found.values()] for name in _FIRST
    }
    apart = {
        to: [days for who, _, _, days, _ in rows if who == to and days is not None] for to in found
    }
    sums["median days"] = [str(round(median(apart[to]))) if apart[to] else "-" for to in found]
    show(sums, "table")
    told = [row for row in rows if row[3] is not None][:_MOST]
    if told and len(made.days) > 1:
        click.echo("the most ground that both show")
        heads = ("to", "here", "there", "days", "km2")
        show({head: [row[i] for row in told] for i, head in enumerate(heads)}, "table")


_FIRST = ("first here", "same day", "first there", "only here", "only there")


def _first(here: dt.date | None, there: dt.date | None, days: int | None) -> str:
    if here is None or there is None or days is None:
        return "only there" if here is None else "only here"
    return "same day" if days == 0 else "first here" if days > 0 else "first there"


def _listed(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, map(plain, row), strict=True)) for row in rows]
