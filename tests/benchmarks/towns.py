"""
Who holds which town of Ukraine on ten dates of 2022: tables for ``bench-estimate``.

The lists are the folder ``places-ukraine`` of the material beside this checkout, or where
GEO_SHARED says (CC BY-SA 3.0). Of each date a random 30 % of the places are hidden, and their
holder is predicted

- *from the others*, which tells whether the field knows ground that nobody speaks of, and
- *from the date before*: what was said then of every place, and word of 70 % of the changes since.
  Where a list hardly changes from month to month, nothing beats repeating it, as the nearest does.

By side (two; contested places are evidence of both and never asked for) and by holder as listed,
where contested is one more holder. Everything that is fitted is fitted to what is not hidden.

Wanted: from the others, ahead of the nearest in the score of Brier on 8 of 10 dates; from the date
before, on all dates together; and calibration errors under 0.05.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.evidence.estimate.draft import Estimator
from geo.model import Feature, Row
from tests.benchmarks import rivals
from tests.benchmarks.forecasts import BINS, together

SHARED = Path(os.environ.get("GEO_SHARED", Path(__file__).parents[3] / "shared"))
SOURCE = SHARED / "data" / "places-ukraine" / "source"
REPEATS = 5
HIDDEN = 0.3
RADIUS_M = 1000
WANTED_AHEAD, WANTED_ECE = 0.8, 0.05
HOLDERS = {
    "Ukraine": "ukraine",
    "Russia": "russia",
    "Donetsk PR": "donetsk-pr",
    "DPR": "donetsk-pr",
    "Luhansk PR": "luhansk-pr",
    "Contested": "contested",
}
SIDES = {"donetsk-pr": "russia", "luhansk-pr": "russia"}
METHODS = ("field", "field of points alone", "nearest", "nearest, smoothed", "majority")


@dataclass(frozen=True)
class Words:
    """What is known of some positions: longitude, latitude, holder, and the day it was said."""

    lonlat: np.ndarray
    holder: np.ndarray
    day: np.ndarray

    def __getitem__(self, rows):
        return Words(self.lonlat[rows], self.holder[rows], self.day[rows])


def report() -> bool:
    """Print the tables; whether a bar is missed."""
    write = sys.stdout.write
    write("### Towns of Ukraine\n\n")
    if not SOURCE.is_dir():
        write("**Skipped**: no places-ukraine beside this checkout; set GEO_SHARED.\n\n")
        return False
    missed = False
    for by_side in (True, False):
        dates = read(by_side=by_side)
        if by_side:
            changed, places = turnover(dates)
            write(f"From one date to the next, {changed} of {places} places ")
            write(f"({changed / places:.1%}) changed hands.\n\n")
        for task in ("others", "before"):
            missed |= _write_table(task, by_side, run(dates, task, by_side))
    return missed


def read(*, by_side: bool) -> dict[dt.date, Words]:
    """The lists: one row a position, the first where several share it."""
    dates = {}
    for path in sorted(SOURCE.glob("*.csv")):
        found: dict[tuple[float, float], str] = {}
        with path.open(encoding="utf-8-sig") as file:
            for line in csv.DictReader(file):
                row = {key.lower(): value for key, value in line.items() if key}
                holder = HOLDERS.get(row["held by"].strip(), "")
                lon, lat = row.get("lon") or row.get("lng"), row["lat"]
                if holder and lon and lat:
                    found.setdefault((float(lon), float(lat)), holder)
        held = [SIDES.get(h, h) if by_side else h for h in found.values()]
        day = dt.date.fromisoformat(path.stem)
        dates[day] = Words(np.array(list(found)), np.array(held), np.full(len(held), day))
    return dates


def turnover(dates):
    """Of the places that two lists in a row name, how many changed hands, and how many they are."""
    changed = places = 0
    for before, after in pairwise(dates.values()):
        held = dict(zip(map(tuple, before.lonlat), before.holder, strict=True))
        then = [held.get(tuple(spot)) for spot in after.lonlat]
        kept = [(a, b) for a, b in zip(then, after.holder, strict=True) if a is not None]
        places += len(kept)
        changed += sum(a != b for a, b in kept)
    return changed, places


def run(dates, task, by_side):
    """For each date and method, the forecasts of all repeats together."""
    found = {}
    for before, day in pairwise([None, *dates]):
        if task == "before" and before is None:
            continue
        parts = {name: [] for name in METHODS}
        for repeat in range(REPEATS):
            known, asked = split(dates, before, day, task, by_side, repeat)
            names = sorted({*known.holder, *asked.holder} - ({"contested"} if by_side else set()))
            truth = np.searchsorted(names, asked.holder)
            for name, predict in PREDICT.items():
                parts[name].append((predict(known, asked.lonlat, names, day, by_side), truth))
        found[day] = {name: together(each) for name, each in parts.items()}
    return found


def split(dates, before, day, task, by_side, repeat):
    """What is known, and the hidden places that are asked for."""
    rng = np.random.default_rng([day.toordinal(), repeat])
    now = dates[day]
    hidden = np.zeros(len(now.holder), dtype=bool)
    hidden[rng.permutation(len(hidden))[: round(HIDDEN * len(hidden))]] = True
    asked = now[hidden & ~(by_side & (now.holder == "contested"))]
    if task == "others":
        return now[~hidden], asked
    past = dates[before]
    said = dict(zip(map(tuple, past.lonlat), past.holder, strict=True))
    changed = np.array(
        [
            said.get(tuple(spot)) != holder
            for spot, holder in zip(now.lonlat, now.holder, strict=True)
        ]
    )
    news = now[changed & ~hidden]
    outdated = {tuple(spot) for spot in news.lonlat}
    old = past[np.array([tuple(spot) not in outdated for spot in past.lonlat])]
    known = Words(
        np.concatenate([old.lonlat, news.lonlat]),
        np.concatenate([old.holder, news.holder]),
        np.concatenate([old.day, news.day]),
    )
    return known, asked


def by_us(known, lonlat, names, day, by_side):
    """Ours, through the door that a theatre goes through: places and statements."""
    frame = estimator(known, by_side).probabilities(day, lonlat)
    return np.column_stack(
        [frame[name] if name in frame else np.zeros(len(frame)) for name in names]
    )


def estimator(known: Words, by_side: bool) -> Estimator:
    """What is known of some positions, as places and statements."""
    places, statements = {}, []
    for k, (spot, holder, said) in enumerate(
        zip(known.lonlat, known.holder, known.day, strict=True)
    ):
        name = f"place-{k}"
        values = {"id": name, "name": name, "geo_radius_m": RADIUS_M}
        places[name] = Feature(name, values, shapely.Point(spot))
        contested = by_side and holder == "contested"
        row = {
            "place_id": name,
            "date": str(said),
            "status": "contested" if contested else "controlled",
            "controller": None if contested else str(holder),
            "controllers": "russia;ukraine" if contested else None,
            "basis": "reported",
            "confidence": "high",
            "event_ids": None,
            "source_ids": "list",
        }
        statements.append(Row(f"stm-{k}", row))
    area = shapely.buffer(shapely.envelope(shapely.MultiPoint(known.lonlat)), 0.1)
    return Estimator(area, places, statements, {}, {})


def by_baseline(known, lonlat, names, day, _by_side):
    """The field before it knew time: words of before weigh less, the same everywhere."""
    _, field, plane = baseline(known, day, names)
    return field.probabilities(shapely.get_coordinates(plane.forward(shapely.MultiPoint(lonlat))))


def baseline(known, day, names=()):
    """Holders, the field of points alone of what is known, and its plane."""
    names = names or sorted({*known.holder} - {"contested"})
    plane = LocalPlane(*known.lonlat.mean(axis=0))
    xy = shapely.get_coordinates(plane.forward(shapely.MultiPoint(known.lonlat)))
    age = np.array([(day - said).days for said in known.day])
    weight = rivals.aged(rivals.WORD, age)
    shares = _shares(known, names)
    field = rivals.baseline(xy, shares, tuple(names), radius_m=RADIUS_M, weight=weight)
    return tuple(names), field, plane


def away(one, other):
    """Distance, near enough to rank neighbours; degrees of latitude."""
    east = (one[:, None, 0] - other[:, 0]) * np.cos(np.radians(48.5))
    return np.hypot(east, one[:, None, 1] - other[:, 1])


def _shares(known, names):
    """Who holds each known place, one column a holder; contested is half of each side's."""
    if "contested" in names:
        return (known.holder[:, None] == np.array(names)).astype(float)
    parties = known.holder[:, None] == np.array(names)
    return np.where(known.holder[:, None] == "contested", 1 / len(names), parties)


def by_nearest(known, lonlat, names, _day, _by_side):
    """The holder of the nearest known place, with certainty."""
    return _shares(known, names)[away(lonlat, known.lonlat).argmin(axis=1)]


def by_smoothed_nearest(known, lonlat, names, _day, _by_side):
    """The k nearest and some of the majority, in the mixture that does best on what is known."""
    shares = _shares(known, names)
    whole = shares.mean(axis=0)
    among = away(known.lonlat, known.lonlat)
    np.fill_diagonal(among, np.inf)
    order = np.argsort(among, axis=1, kind="stable")

    def mixed(near, k, weight):
        return (shares[near[:, :k]].sum(axis=1) + weight * whole) / (k + weight)

    def score(k, weight):
        return (shares * np.log(np.maximum(mixed(order, k, weight), 1e-9))).sum()

    choices = [(k, weight) for k in (1, 2, 3, 4, 5, 7, 10) for weight in (0.1, 0.3, 1, 3)]
    best = max(choices, key=lambda choice: score(*choice))
    return mixed(np.argsort(away(lonlat, known.lonlat), axis=1, kind="stable"), *best)


def by_majority(known, lonlat, names, _day, _by_side):
    """The holders' shares of what is known, everywhere."""
    return np.tile(_shares(known, names).mean(axis=0), (len(lonlat), 1))


PREDICT = dict(
    zip(
        METHODS,
        (by_us, by_baseline, by_nearest, by_smoothed_nearest, by_majority),
        strict=True,
    )
)


def _write_table(task, by_side, found) -> bool:
    """Print one table and the calibration of the field; whether a bar is missed."""
    write = sys.stdout.write
    write(f"Predicted from {'the other places' if task == 'others' else 'the date before'}, ")
    write(f"by {'side' if by_side else 'holder as listed'}\n\n")
    write("| date | asked | " + " | ".join(f"{name}: right, Brier, ECE" for name in METHODS))
    write(" |\n|---|---|" + "---|" * len(METHODS) + "\n")
    whole = {
        name: together([(f[name].chance, f[name].truth) for f in found.values()])
        for name in METHODS
    }
    for label, line in [*found.items(), ("all", whole)]:
        cells = [
            f"{f.accuracy:.3f}, {f.brier:.3f}, {f.calibration_error:.3f}" for f in line.values()
        ]
        write(f"| {label} | {len(line['field'].truth)} | {' | '.join(cells)} |\n")
    ahead = sum(f["field"].brier < f["nearest"].brier for f in found.values())
    fair = sum(f["field"].brier < f["nearest, smoothed"].brier for f in found.values())
    error = whole["field"].calibration_error
    behind = whole["field"].brier >= whole["nearest"].brier
    if task == "others":
        behind = ahead < WANTED_AHEAD * len(found)
    missed = behind or error >= WANTED_ECE
    write(f"\nAhead of nearest in Brier on {ahead} of {len(found)} dates ")
    write(f"(of the smoothed: {fair}); calibration error {error:.3f}")
    write(" **missed**\n\n" if missed else "\n\n")
    write("| the field says | places | on average | right |\n|---|---|---|---|\n")
    for k, count, said, right in whole["field"].bins():
        write(f"| {k / BINS:.0%} to {(k + 1) / BINS:.0%} | {count} | {said:.3f} | {right:.3f} |\n")
    write("\n")
    sys.stdout.flush()
    return missed
