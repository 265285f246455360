"""
What the estimate knows of places whose words are withheld: tables for ``bench-estimate``.

The shipped theatre has one snapshot that shows many places at once, dots at the end of July 2017.
It is withheld, and the dots in the study area are predicted from all else: in hindsight, with words
of later days, and in foresight, with what was published by that day. And words are left out round
one dot after the other: its own, those within 10 km and those within 20 km; lines and areas that
come so near too. There the numbers of the fields are those of all words together.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.evidence.estimate.draft import Estimator
from geo.evidence.estimate.parameters import Parameters
from geo.evidence.estimate.statements import Statements
from geo.evidence.field.latent import LatentField
from geo.layers import Folder, read_folder
from geo.model import Row, split_ids
from tests.benchmarks import baseline_field, rivals, towns
from tests.benchmarks.forecasts import Forecast

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYERS = Path(__file__).parents[2] / "layers"
SOURCE = "wikipedia-module-syria"
DAY = dt.date(2017, 7, 31)
TOWNS_ON = dt.date(2022, 8, 1)
RADII_KM = (0.0, 10.0, 20.0)
MINORITY = "opposition"
WANTED = 0.296
"""Brier of the share of the majority among the dots, which a map should be better than."""
MOST_ASKED = 200


@dataclass(frozen=True)
class Dots:
    """Positions of the snapshot (longitude, latitude), their places, and the side of each."""

    places: tuple[str, ...]
    lonlat: np.ndarray
    side: np.ndarray


@cache
def theatre() -> Folder:
    """The shipped layers."""
    return read_folder(LAYERS)


def is_of_snapshot(row: Row) -> bool:
    """Whether a statement is the snapshot's, or read from it."""
    return SOURCE in split_ids(row.values["source_ids"])


def dots() -> Dots:
    """The dots of the snapshot in the study area whose holder it assesses."""
    folder = theatre()
    found = {}
    for row in folder.statements.rows:
        place = folder.places.get(str(row.values["place_id"]))
        if not is_of_snapshot(row) or row.values["basis"] != "assessed" or place is None:
            continue
        shape = place.geometry
        if isinstance(shape, shapely.Point) and shapely.covers(folder.area, shape):
            holder = str(row.values["controller"])
            found[place.id] = (shape.x, shape.y, folder.sides.get(holder, holder))
    xy = np.array([spot[:2] for spot in found.values()])
    return Dots(tuple(found), xy, np.array([side for *_, side in found.values()]))


def report() -> bool:
    """Print both tables; whether a bar is missed."""
    missed = _report_snapshot()
    return _report_neighbours() or missed


# ---------------------------------------------------------------- the snapshot withheld


def _report_snapshot() -> bool:
    write = sys.stdout.write
    asked = dots()
    rare = int((asked.side == MINORITY).sum())
    write("### The snapshot of the shipped theatre, withheld\n\n")
    write(f"{len(asked.side)} dots, {rare} of them of the {MINORITY}.\n\n")
    write(f"| | right | Brier | {MINORITY} dots right |\n|---|---|---|---|\n")
    missed = False
    for name, predict in SNAPSHOT.items():
        sides, chance = predict(asked)
        made = Forecast(*_aligned(sides, chance, asked.side))
        mine = asked.side == MINORITY
        bad = name == "ours, in hindsight" and made.brier >= WANTED
        missed |= bad
        mark = " **missed**" if bad else ""
        write(f"| {name} | {made.accuracy:.3f} | {made.brier:.3f}{mark} ")
        write(f"| {made.hits[mine].sum()} of {rare} |\n")
    write("\n")
    sys.stdout.flush()
    return missed


def _aligned(
    sides: Sequence[str], chance: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with a column for every holder, and the columns of the holders."""
    names = sorted({*sides, *held.tolist()})
    whole = np.zeros((len(held), len(names)))
    whole[:, [names.index(side) for side in sides]] = chance
    return whole, np.searchsorted(names, held)


def _rest() -> list[Row]:
    return [row for row in theatre().statements.rows if not is_of_snapshot(row)]


def _only_points(rows: Sequence[Row]) -> list[Row]:
    """Statements about a point as a whole."""
    places = theatre().places
    return [
        row
        for row in rows
        if (place := places.get(str(row.values["place_id"])))
        and isinstance(place.geometry, shapely.Point)
        and str(row.values.get("extent") or "all") == "all"
    ]


def _estimator(rows: Sequence[Row], as_of: dt.date | None = None) -> Estimator:
    folder = theatre()
    return Estimator(
        folder.area, folder.places, rows, folder.rows("sources"), folder.sides, as_of=as_of
    )


def _by_us(rows: Sequence[Row], as_of: dt.date | None, asked: Dots):
    made = _estimator(rows, as_of)
    return made.sides, made.probabilities(DAY, asked.lonlat)[list(made.sides)].to_numpy()


def _by_baseline(asked: Dots):
    sides, field, plane, _ = baseline_on_theatre(_rest())
    return sides, field.probabilities(_metres(plane, asked.lonlat))


def _by_nearest(asked: Dots):
    sides, _, plane, seen = baseline_on_theatre(_rest())
    side = seen.shares.argmax(axis=1)
    return sides, rivals.nearest(seen.xy, side, len(sides), _metres(plane, asked.lonlat))


def _by_majority(asked: Dots):
    """The share of each side among the dots themselves, as if it were known."""
    sides, count = np.unique(asked.side, return_counts=True)
    return sides.tolist(), np.tile(count / count.sum(), (len(asked.side), 1))


def baseline_on_theatre(rows: Sequence[Row]):
    """Sides, the field of points alone, its plane, and what it is shown of the shipped theatre."""
    folder = theatre()
    plane = LocalPlane.around(folder.area)
    said = Statements(
        folder.places,
        _only_points(rows),
        folder.rows("sources"),
        folder.sides,
        Parameters(max_age_days=90),
    )
    near = shapely.buffer(plane.forward(folder.area), 10e3)
    seen, weights = [], []
    for place_id in sorted(said.by_place):
        place = folder.places[place_id]
        spot = plane.forward(place.geometry)
        weight = np.zeros(len(said.sides))
        for row in said.in_force(place_id, DAY):
            for side, more in said.weigh([row])[0].items():
                age = (DAY - said.day(row)).days
                weight[said.sides.index(side)] += rivals.aged(more, np.array(age))
        if weight.any() and shapely.contains(near, spot):
            seen.append((spot.x, spot.y, float(place.properties.get("geo_radius_m") or 0)))
            weights.append(weight)
    total = np.sum(weights, axis=1)
    xyr = np.array(seen)
    shares = np.array(weights) / total[:, None]
    field = rivals.baseline(xyr[:, :2], shares, said.sides, radius_m=xyr[:, 2], weight=total)
    return said.sides, field, plane, field.observations


def _metres(plane: LocalPlane, lonlat: np.ndarray) -> np.ndarray:
    return shapely.get_coordinates(plane.forward(shapely.MultiPoint(lonlat)))


SNAPSHOT = {
    "ours, in hindsight": lambda asked: _by_us(_rest(), None, asked),
    "ours, in foresight": lambda asked: _by_us(_rest(), DAY, asked),
    "ours, in hindsight, of points alone": lambda asked: _by_us(_only_points(_rest()), None, asked),
    "ours, in foresight, of points alone": lambda asked: _by_us(_only_points(_rest()), DAY, asked),
    "the field of points alone": _by_baseline,
    "nearest place": _by_nearest,
    "share of the majority": _by_majority,
}


# ---------------------------------------------------------------- left out round a place


def _report_neighbours() -> bool:
    write = sys.stdout.write
    write("### Words left out round a place\n\n")
    write("| left out | places | ours: right, Brier | the field of points alone: right, Brier |\n")
    write("|---|---|---|---|\n")
    missed = False
    asked = dots()
    ours = _estimator(theatre().statements.rows)
    sides, field, plane, _ = baseline_on_theatre(theatre().statements.rows)
    missed |= _write_left_out(
        "shipped theatre",
        (ours.sides, ours.field(DAY), _metres(ours.plane, asked.lonlat)),
        (sides, field, _metres(plane, asked.lonlat)),
        asked.side,
    )
    if towns.SOURCE.is_dir():
        known = towns.read(by_side=True)[TOWNS_ON]
        kept = np.random.default_rng(0).permutation(len(known.holder))
        kept = kept[known.holder[kept] != "contested"][:MOST_ASKED]
        ours = towns.estimator(known, by_side=True)
        names, field, plane = towns.baseline(known, TOWNS_ON)
        missed |= _write_left_out(
            f"towns, {TOWNS_ON}",
            (ours.sides, ours.field(TOWNS_ON), _metres(ours.plane, known.lonlat[kept])),
            (names, field, _metres(plane, known.lonlat[kept])),
            known.holder[kept],
        )
    write("\n")
    sys.stdout.flush()
    return missed


def _write_left_out(name, ours, baseline, held) -> bool:
    """Print a line for each radius; whether ours is behind."""
    missed = False
    for km in RADII_KM:
        made = [
            Forecast(*_aligned(sides, _left_out(field, spots, km * 1e3), held))
            for sides, field, spots in (ours, baseline)
        ]
        behind = made[0].brier >= made[1].brier
        missed |= behind
        cells = [f"{one.accuracy:.3f}, {one.brier:.3f}" for one in made]
        cells[0] += " **missed**" if behind else ""
        what = f"all within {km:.0f} km" if km else "its own"
        sys.stdout.write(f"| {name}: {what} | {len(held)} | {' | '.join(cells)} |\n")
        sys.stdout.flush()
    return missed


def _left_out(field, spots: np.ndarray, radius_m: float) -> np.ndarray:
    """Probabilities at spots, each without what was told so near; the place itself is nearest."""
    seen = field.observations
    count = getattr(seen, "count", np.ones(len(seen), np.intp))
    first = np.cumsum(count) - count
    found = []
    for spot in spots:
        away = np.minimum.reduceat(np.hypot(*(seen.xy - spot).T), first)
        kept = np.flatnonzero(away > max(radius_m, 1.0))
        take = seen.take if isinstance(field, LatentField) else seen._taken
        kind = LatentField if isinstance(field, LatentField) else baseline_field.LatentField
        less = kind(take(kept), field.sides, parameters=field.parameters)
        found.append(less.probabilities(spot[None])[0])
    return np.array(found)
