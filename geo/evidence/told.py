"""
What happened between two dates, in figures: what was taken, drawn otherwise, became known.

What became of each piece of ground says `geo.evidence.effects.tell_effect`.
"""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import shapely

from geo.control import UnknownRule
from geo.evidence.effects import HANDS
from geo.evidence.kept import kept_answer
from geo.evidence.ledger import explain_pieces
from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping

    from geo.control import Composite, SupplyOf
    from geo.evidence.bands import Ensemble
    from geo.evidence.sieges import Sieges
    from geo.layers import Folder

_SPOTS = 12
"""So many pieces of ground are pointed out, the largest first."""
_MANY_DATES = 20
"""With more dates than this only steps from one to the next are told, not every pair."""
_SIMPLER_DEG, _DECIMALS = 5e-4, 4
_NAMED = (0.9, 0.5)
"""Places that lie behind a neck so often are told; where there is none, those of the second."""


def tell_change(
    folder: Folder,
    composite: Composite,
    before: dt.date,
    after: dt.date,
    *,
    ensemble: Ensemble | None = None,
) -> dict[str, Any]:
    """
    Return what happened between two dates, in figures.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    before, after
        The dates; each stands for the layer in force.
    ensemble
        Gives the bands; the default gives none.

    Returns
    -------
    told
        ``rows``: from whom (a side, or a status), to whom, what became of the ground (``taken``,
        ``redrawn``, ``became known``, ``became unknown``, ``contested``), km2, and low and high of
        its band, or None; the most ground first. ``spots``: a point on each of the largest pieces,
        as place in ``rows``, longitude, latitude.

    Raises
    ------
    DateError
        If a date is before the first layer.
    """
    pieces = explain_pieces(folder, composite, before, after)
    sides = composite.sides
    groups: dict[tuple[str, str, str], list[int]] = {}
    rows = zip(
        *(pieces[f"{way}_{name}"] for way in ("from", "to") for name in ("controller", "status")),
        pieces["effect"],
        strict=True,
    )
    for i, (was, was_status, now, now_status, effect) in enumerate(rows):
        one, two = sides.get(was, was) or was_status, sides.get(now, now) or now_status
        if effect != "same":
            groups.setdefault((one, two, effect), []).append(i)
    bands = _bands(
        ensemble, before, after, [pieces["id"].iloc[g].tolist() for g in groups.values()]
    )
    area = pieces["area_km2"].to_numpy()
    figures = []
    for (key, index), band in zip(groups.items(), bands, strict=True):
        drawn = float(area[index].sum())
        known = band if band and key[2] in HANDS else (drawn, None, None)
        figures.append((*key, *known, index))
    figures.sort(key=lambda row: (-float(area[row[-1]].sum()), row[:3]))
    large = sorted(
        ((i, k) for k, row in enumerate(figures) for i in row[-1]), key=lambda p: -area[p[0]]
    )
    inside = shapely.point_on_surface(pieces.geometry.to_numpy())
    return {
        "rows": [[*row[:3], *(_short(v) for v in row[3:6])] for row in figures],
        "spots": [
            [k, round(float(inside[i].x), 5), round(float(inside[i].y), 5)]
            for i, k in large[:_SPOTS]
        ],
    }


def _bands(
    ensemble: Ensemble | None, before: dt.date, after: dt.date, groups: list[list[str]]
) -> list[tuple[float, float, float] | None]:
    if ensemble is None:
        return [None] * len(groups)
    return list(ensemble.sums(before, after, groups))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def tell_holds(sieges: Sieges, supply: SupplyOf, day: dt.date, sides: Iterable[str]) -> list[Any]:
    """
    Return which ground of each side is, or could be, cut off on a date, and how surely.

    Parameters
    ----------
    sieges
        Answers.
    supply
        Gives what supplies a side on a day, with events.
    day
        The date.
    sides
        Whose ground.

    Returns
    -------
    holds
        One a ground, the largest first: ``sides`` (friends stand together); ``cut`` (whether it is
        drawn as cut off); ``km2``;
        ``joined`` (chance that it hangs together with what supplies it), ``width``, ``low``,
        ``high`` (km, as in `Sieges.necks`); ``where`` (longitude, latitude, within km) or None;
        ``places`` (those behind it on nine of ten maps, else on half, the likeliest first); and
        ``rings``.
    """
    found: dict[str, dict[str, Any]] = {}
    for side in sorted(sides):
        given = dict(supply(day, side))
        necks = sieges.necks(day, side, given, unknown=UnknownRule.PASSABLE)
        given.pop("events", None)
        pockets = sieges.pockets(day, side, given, unknown=UnknownRule.PASSABLE)
        for frame, shapes, cut in ((necks, "pocket", False), (pockets, "geometry", True)):
            rows = zip(frame.to_dict("records"), frame[shapes], strict=True)
            for row, shape in rows:
                one = _hold(row, shape, cut=cut)
                found.setdefault(json.dumps(one), one).setdefault("sides", []).append(side)
    return sorted(found.values(), key=lambda one: (-one["km2"], one["sides"]))


def _hold(row: Mapping[str, Any], shape: shapely.Geometry, *, cut: bool) -> dict[str, Any]:
    where, _, within = str(row["where"]).partition(" within ")
    behind = [one.rsplit(" ", 1) for one in split_ids(row["behind"])]
    often = [[name for name, chance in behind if float(chance) >= least] for least in _NAMED]
    simple = shapely.simplify(shape, _SIMPLER_DEG)
    parts = [p for p in shapely.get_parts(simple) if shapely.get_dimensions(p) == 2]
    rings = [ring for part in parts for ring in shapely.get_rings(part)]
    return {
        "cut": cut,
        "km2": round(float(row["area_km2"]), 1),
        "joined": _known(row["joined"], 3),
        "width": _known(row["width_km"], 1),
        "low": _known(row["low_km"], 1),
        "high": _known(row["high_km"], 1),
        "where": [*map(float, where.split(",")), float(within.split()[0])] if within else None,
        "places": often[0] or often[1],
        "rings": [shapely.get_coordinates(ring).round(_DECIMALS).tolist() for ring in rings],
    }


def _known(value: Any, digits: int) -> float | None:
    """A number, or None where it is not known, or without an end."""
    return round(float(value), digits) if value is not None and abs(value) < float("inf") else None


def tell_moves(
    folder: Folder,
    composite: Composite,
    digests: Mapping[str, str],
    dates: tuple[dt.date, dt.date],
    ensemble: Callable[[], Ensemble],
) -> dict[tuple[str, str, str], tuple[float, float | None, float | None]]:
    """
    Return how much went from whom to whom between two dates; worked out once, then kept.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    digests
        SHA-256 of every file of the layers.
    dates
        The two dates, in order.
    ensemble
        Gives the bands; called where nothing was kept.

    Returns
    -------
    moves
        Middle, low and high, km2, by who had it, who has it and the effect; no low and high where
        there is no band.

    Raises
    ------
    DateError
        If a date is before the first layer.
    """
    first, second = (composite.index(day) for day in dates)
    days = composite.dates[first], composite.dates[second]

    def work() -> Any:
        return tell_change(folder, composite, *days, ensemble=ensemble())

    rows = kept_answer(digests, f"change {first} {second}", work)["rows"] if first < second else []
    return {(old, new, effect): (km2, low, high) for old, new, effect, km2, low, high in rows}


def tell_pair(
    folder: Folder,
    composite: Composite,
    supply: SupplyOf,
    digests: Mapping[str, str],
    dates: tuple[dt.date, dt.date],
    ensemble: Callable[[], Ensemble],
    sieges: Callable[[], Sieges],
) -> dict[str, Any]:
    """
    Return what happened between two dates alone; worked out once, then kept for the layers.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    supply
        Gives what supplies a side on a day, with events.
    digests
        SHA-256 of every file of the layers.
    dates
        The two dates, in order; each stands for the layer in force.
    ensemble, sieges
        Give the bands; called where nothing was kept.

    Returns
    -------
    told
        ``rows``: as of `tell_change`, none where both dates have one layer. ``holds``: what
        `tell_holds` says of the first date, and of the second.

    Raises
    ------
    DateError
        If a date is before the first layer.
    """
    numbers = [composite.index(day) for day in dates]
    kept = partial(kept_answer, digests)

    def change() -> Any:
        days = (composite.dates[i] for i in numbers)
        return tell_change(folder, composite, *days, ensemble=ensemble())

    first, second = numbers
    rows = kept(f"change {first} {second}", change)["rows"] if first < second else []
    holds = [
        kept(
            f"ground behind necks {i}",
            partial(_holds_of, sieges, supply, composite.dates[i], _all_sides(composite)),
        )
        for i in numbers
    ]
    return {"rows": rows, "holds": holds}


def _holds_of(
    sieges: Callable[[], Sieges], supply: SupplyOf, day: dt.date, sides: set[str]
) -> list[Any]:
    return tell_holds(sieges(), supply, day, sides)


def _all_sides(composite: Composite) -> set[str]:
    """Every side that holds ground on some date."""
    return {composite.sides.get(k.controller, k.controller) for k in composite.labels} - {""}


def tell_all(
    folder: Folder,
    composite: Composite,
    supply: SupplyOf,
    digests: Mapping[str, str],
    chosen: tuple[dt.date, dt.date],
    ensemble: Callable[[], Ensemble],
    sieges: Callable[[], Sieges],
    *,
    every: bool = False,
) -> dict[str, Any]:
    """
    Return what happened between dates of a theatre; worked out once, then kept for the layers.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    supply
        Gives what supplies a side on a day, with events.
    digests
        SHA-256 of every file of the layers.
    chosen
        The two dates that are compared at first: bands are given for them.
    ensemble, sieges
        Give the bands; called where nothing was kept.
    every
        Give bands for every two dates, which takes seconds for each.

    Returns
    -------
    told
        ``changes``: what `tell_change` says, by two places in the dates, as ``3-4``; of every two
        dates, where there are no more than twenty. ``holds``: what `tell_holds` says, by place in
        the dates.
    """
    dates = composite.dates
    first, second = sorted(composite.index(day) for day in chosen)
    numbers = range(len(dates))
    pairs = {(first, second), *pairwise(numbers)}
    if len(dates) <= _MANY_DATES:
        pairs = {(i, j) for j in numbers for i in range(j)}
    sides = _all_sides(composite)

    kept = partial(kept_answer, digests)

    def change(i: int, j: int) -> Any:
        sure = ensemble() if every or (i, j) == (first, second) else None
        return tell_change(folder, composite, dates[i], dates[j], ensemble=sure)

    def plain() -> Any:
        return {f"{i}-{j}": tell_change(folder, composite, dates[i], dates[j]) for i, j in plains}

    sure = sorted(pairs) if every else [(first, second)]
    plains = sorted(pairs - set(sure))
    changes = kept(f"changes, all but {sure}", plain) if plains else {}
    for i, j in sure:
        if i < j:
            changes[f"{i}-{j}"] = kept(f"change {i} {j}", partial(change, i, j))
    days = numbers if every else {first, second}
    holds = {}
    for i in sorted(days):
        work = partial(tell_holds, sieges(), supply, dates[i], sides)
        holds[str(i)] = kept(f"ground behind necks {i}", work)
    return {"changes": changes, "holds": holds}
