"""
How much processor time the estimate takes, and how that grows: tables for ``bench-estimate``.

On the shipped theatre, and on 3,000 places: the towns of Ukraine and more beside them, which are
held as the nearest town is listed, told of when they change hands and once in a while besides.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from itertools import pairwise

import numpy as np
import shapely

from geo.evidence.estimate.draft import Estimator
from geo.layers import read_folder
from geo.model import Feature, Row
from tests.benchmarks import towns
from tests.benchmarks.withheld import DAY, LAYERS

WANTED_ONE_S, WANTED_ALL_S = 3.0, 15.0
PLACES, DATES = 3000, (10, 20, 40)
STEP_DAYS = 3
TOLD_AGAIN = 0.02
"""Share of the places that are told of on each date although nothing changed."""
WANTED_GROWTH = 1.5
"""With four times as many dates, a date may take so many times as long: the noise of a machine."""
NAIVE = (1000, 2000, 4000)


def report() -> bool:
    """Print both tables; whether a bar is missed."""
    missed = _report_shipped()
    return _report_many() or missed


def _report_shipped() -> bool:
    write = sys.stdout.write
    write("### Time\n\n| | s |\n|---|---|\n")
    folder = read_folder(LAYERS)
    days = sorted(folder.control)
    begun = time.process_time()
    Estimator.of(folder).draft(DAY)
    one = time.process_time() - begun
    begun = time.process_time()
    estimator = Estimator.of(folder)
    for day in days:
        estimator.draft(day)
    whole = time.process_time() - begun
    missed = False
    for name, took, wanted in (
        ("one date", one, WANTED_ONE_S),
        (f"all {len(days)} dates", whole, WANTED_ALL_S),
    ):
        missed |= took > wanted
        mark = " **missed**" if took > wanted else ""
        write(f"| shipped theatre, {name} | {took:.1f}{mark} |\n")
    write("\n")
    sys.stdout.flush()
    return missed


def _report_many() -> bool:
    write = sys.stdout.write
    if not towns.SOURCE.is_dir():
        return False
    write(f"{PLACES:,} places; time of each draft:\n\n")
    write("| dates | statements | first date, s | mean of the others, s | last date, s |\n")
    write("|---|---|---|---|---|\n")
    means = []
    for dates in DATES:
        estimator, days, rows = many(PLACES, dates)
        took = []
        for day in days:
            begun = time.process_time()
            estimator.draft(day)
            took.append(time.process_time() - begun)
        means.append(float(np.mean(took[1:])))
        write(f"| {dates} | {rows:,} | {took[0]:.1f} | {means[-1]:.2f} | {took[-1]:.2f} |\n")
        sys.stdout.flush()
    growth = means[-1] / means[0]
    missed = growth > WANTED_GROWTH
    write(f"\nWith {DATES[-1] // DATES[0]} times the dates, {growth:.2f} times the time of a date")
    write(" **missed**\n\n" if missed else ".\n\n")
    _report_naive()
    return missed


def _report_naive() -> None:
    """What the same would take as one exact solution of all places on all dates."""
    write = sys.stdout.write
    write("All words of all dates in one exact solution instead:\n\n")
    write("| words | s | memory, GB |\n|---|---|---|\n")
    took = []
    rng = np.random.default_rng(0)
    for count in NAIVE:
        xy, clock = rng.uniform(0, 1e6, (count, 2)), rng.uniform(0, 3, count)
        begun = time.process_time()
        east, north = (np.subtract.outer(xy[:, k], xy[:, k]) for k in (0, 1))
        far = np.hypot(east, north) / 2e5 + np.abs(np.subtract.outer(clock, clock))
        np.linalg.solve(np.exp(-far) + 0.1 * np.eye(count), np.ones((count, 2)))
        took.append(time.process_time() - begun)
        write(f"| {count:,} | {took[-1]:.1f} | {8 * count**2 / 1e9:.2f} |\n")
    for dates in (*DATES, 100):
        count = PLACES * dates
        hours = took[-1] * (count / NAIVE[-1]) ** 3 / 3600
        write(f"| {count:,} (extrapolated) | {hours:,.1f} hours | {8 * count**2 / 1e9:,.0f} |\n")
    write("\n")
    sys.stdout.flush()


def many(count: int, dates: int) -> tuple[Estimator, list[dt.date], int]:
    """A theatre of so many places and dates, and how many statements it has."""
    lists = towns.read(by_side=True)
    listed = list(lists)
    every = np.unique(np.concatenate([one.lonlat for one in lists.values()]), axis=0)
    rng = np.random.default_rng(0)
    extra = every[rng.integers(len(every), size=count - len(every))]
    extra = extra + rng.normal(size=extra.shape) * 0.15
    spots = np.concatenate([every, extra]).round(6)
    days = [listed[0] + dt.timedelta(days=STEP_DAYS * k) for k in range(dates)]
    held = {}
    for day, known in lists.items():
        near = towns.away(spots, known.lonlat).argmin(axis=1)
        held[day] = known.holder[near]
    # A place turns on some day between the two lists that differ.
    turn = {}
    for before, after in pairwise(listed):
        turn[after] = before.toordinal() + rng.random(count) * (after - before).days
    rows = []
    last = np.full(count, "", dtype=object)
    for day in days:
        now = held[listed[0]].copy()
        for after, moment in turn.items():
            now = np.where(moment <= day.toordinal(), held[after], now)
        told = (now != last) | (rng.random(count) < TOLD_AGAIN)
        for i in np.flatnonzero(told).tolist():
            rows.append(_statement(len(rows), i, day, str(now[i])))
        last = now
    places = {
        f"p{i}": Feature(
            f"p{i}", {"id": f"p{i}", "name": f"p{i}", "geo_radius_m": 1000}, shapely.Point(spot)
        )
        for i, spot in enumerate(spots)
    }
    area = shapely.buffer(shapely.envelope(shapely.MultiPoint(spots)), 0.1)
    return Estimator(area, places, rows, {}, {}, dates=days), days, len(rows)


def _statement(number: int, place: int, day: dt.date, holder: str) -> Row:
    contested = holder == "contested"
    values = {
        "place_id": f"p{place}",
        "date": str(day),
        "status": "contested" if contested else "controlled",
        "controller": None if contested else holder,
        "controllers": "russia;ukraine" if contested else None,
        "basis": "reported",
        "confidence": "high",
        "event_ids": None,
        "source_ids": "list",
    }
    return Row(f"s{number}", values)
