"""
Ours beside what a user would otherwise write; a Markdown table, and 1 where a bar is missed.

    python -m tests.benchmarks              all of it, at size L
    python -m tests.benchmarks --size S     a quick look; the bars are those of L and not checked

DuckDB (`duckdb`, `duckdb-extension-spatial`, `pyarrow`), node packages (`topojson-server`,
`topojson-client`, `mapshaper`, in the folder that BENCH_NODE_MODULES names) and a PostGIS server
(BENCH_POSTGRES, `psycopg`) are measured where they are there; a row without its peer says so.
"""

from __future__ import annotations

import argparse
import compileall
import datetime as dt
import gc
import itertools
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

import geo
from geo.control.composite import Composite
from geo.control.fronts import front_lines
from tests.benchmarks import peers, synthetic

SIZES = {"S": (100, 32, 20, 2), "M": (1_000, 32, 50, 4), "L": (10_000, 32, 1_000, 20)}
"""Cells, segments a border, dates, cells that change hands each date."""


@dataclass
class Row:
    """One comparison: seconds of ours and of a peer, and the ratio wanted at size L."""

    what: str
    peer: str
    ours: float
    theirs: float | None
    bar: float | None = None
    note: str = ""

    @property
    def ratio(self):
        return None if self.theirs is None else self.theirs / self.ours

    @property
    def missed(self):
        return self.bar is not None and self.ratio is not None and self.ratio < self.bar


@dataclass
class Table:
    """The rows, and how they were timed."""

    rounds: int
    rows: list[Row] = field(default_factory=list)

    def compare(self, what, ours, others, scale=None):
        """Run ours and each other interleaved; others maps a name to (call, bar, note)."""
        calls = {"": ours, **{name: call for name, (call, _, _) in others.items()}}
        for call in calls.values():
            call()
        times = {name: [] for name in calls}
        for _ in range(self.rounds):
            for name, call in calls.items():
                gc.collect()
                start = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - start)
        middle = {name: float(np.median(t)) for name, t in times.items()}
        for name, (_, bar, note) in others.items():
            factor = (scale or {}).get(name, 1.0)
            self.rows.append(Row(what, name, middle[""], middle[name] * factor, bar, note))
            report(self.rows[-1])
        return middle[""]

    def add(self, row):
        self.rows.append(row)
        report(row)

    def markdown(self, checked):
        lines = [
            "| what | ours | peer | peer takes | ratio | wanted | |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            wanted = f">= {row.bar:g}" if row.bar else ""
            ratio = f"{row.ratio:,.3g}" if row.ratio else "not there"
            note = row.note + (" **missed**" if checked and row.missed else "")
            theirs = seconds(row.theirs) if row.theirs is not None else ""
            cells = (row.what, seconds(row.ours), row.peer, theirs, ratio, wanted, note.strip())
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)


def report(row):
    ratio = f"{row.ratio:.3g}" if row.ratio else "-"
    sys.stderr.write(f"{row.what}: {seconds(row.ours)}, {row.peer}: ratio {ratio}\n")


def seconds(value):
    return f"{value * 1e3:,.3g} ms" if value < 1 else f"{value:,.3g} s"


def timed(call):
    gc.collect()
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def queries(table, theatre, composite, folder, bars):
    """One date, two dates, the front of a pair."""
    middle = len(theatre.days) // 2
    later = min(middle + 30, len(theatre.days) - 1)
    day, first, last = theatre.days[middle], theatre.days[middle], theatre.days[later]
    cells = peers.cells_frame(theatre, middle)
    others = {
        "geopandas dissolve": (lambda: cells.dissolve("holder"), bars and 200, ""),
        'geopandas dissolve(method="coverage")': (
            lambda: cells.dissolve("holder", method="coverage"),
            bars and 20,
            "",
        ),
        "shapely coverage_union_all": (lambda: peers.coverage_union(cells), None, ""),
    }
    duck = peers.duckdb_connection()
    if duck:
        peers.load_duckdb(duck, "cells", cells)
        others["DuckDB ST_CoverageUnion_Agg"] = (
            lambda: peers.duckdb_dissolve(duck, "cells"),
            None,
            "two threads",
        )
    post = peers.postgis_connection()
    if post:
        peers.load_postgis(post, "cells", cells)
        others["PostGIS ST_Union"] = (lambda: peers.postgis_dissolve(post, "cells"), None, "")
    table.compare("control at a date", lambda: composite.control(day, by="holder"), others)

    one, two = (
        peers.cells_frame(theatre, i).dissolve("holder", method="coverage").reset_index()
        for i in (middle, later)
    )
    table.compare(
        "change over a month, polygons",
        lambda: composite.change(first, last),
        {
            'geopandas overlay(how="union")': (
                lambda: peers.overlay_union(one, two),
                bars and 250,
                "of dissolved dates",
            ),
            "geopandas overlay, filter, explode, area": (
                lambda: peers.overlay_change(one, two),
                None,
                "of dissolved dates",
            ),
        },
    )
    ends = [
        peers.cells_frame(theatre, i).dissolve("holder", method="coverage").reset_index()
        for i in (0, len(theatre.days) - 1)
    ]
    table.compare(
        "change of the first and the last date, polygons",
        lambda: composite.change(theatre.days[0], theatre.days[-1]),
        {
            'geopandas overlay(how="union")': (
                lambda: peers.overlay_union(*ends),
                None,
                "of dissolved dates; no bar: most of ours is building the polygons that changed",
            )
        },
    )
    fronts(table, theatre, composite, folder, bars, duck, day, middle)


def fronts(table, theatre, composite, folder, bars, duck, day, middle):
    lines = front_lines(composite, day)
    left, right = lines.groupby(["left", "right"])["length_km"].sum().idxmax()
    dissolved = peers.cells_frame(theatre, middle).dissolve("holder", method="coverage")
    others = {
        "shapely boundary and boundary": (
            lambda: peers.boundary_front(dissolved, left, right),
            None,
            "of dissolved polygons",
        )
    }
    if duck:
        peers.load_duckdb(duck, "dissolved", dissolved.reset_index())
        others["DuckDB, of dissolved polygons"] = (
            lambda: peers.duckdb_front(duck, "dissolved", left, right),
            None,
            "ST_Intersection of boundaries, merged, measured",
        )
        others["DuckDB, of the layer"] = (
            lambda: peers.duckdb_front_of_cells(duck, "cells", left, right),
            bars and 40,
            "the same after ST_CoverageUnion_Agg of the two holders",
        )
    ours = table.compare(
        "front of a pair, with lengths", lambda: front_lines(composite, day, left, right), others
    )
    if not duck:
        table.add(Row("front of a pair, with lengths", "DuckDB", ours, None, bars and 40))
    mesh = None
    if peers.has_node("topojson-client"):
        path = folder / "cells.json"
        peers.write_cells(theatre, middle, path)
        # It times runs in a row within its own process, so ours run in a row here, by turns.
        turns = [
            (
                peers.topojson_mesh(path, left, right, 9),
                in_a_row(lambda: front_lines(composite, day, left, right), 9),
            )
            for _ in range(table.rounds)
        ]
        mesh, ours = (float(np.median([np.median(turn[k]) for turn in turns])) for k in (0, 1))
    table.add(
        Row(
            "front of a pair, with lengths",
            "topojson-client mesh",
            ours,
            mesh,
            bars and 5,
            "each in its process, runs in a row, topology built; theirs without lengths",
        )
    )


def in_a_row(call, count):
    """Seconds of each of some runs, one right after the other."""
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return taken


def over_time(table, theatre, composite, bars):
    """Areas of every date, and what happened at five thousand places."""
    dates, few = len(theatre.days), min(10, len(theatre.days))
    dissolved = [
        peers.cells_frame(theatre, i).dissolve("holder", method="coverage").reset_index()
        for i in range(few)
    ]

    def overlays():
        for one, two in itertools.pairwise(dissolved):
            peers.overlay_change(one, two)

    ours = [timed(composite.areas)[0] for _ in range(max(5, table.rounds))]
    taken, _ = timed(overlays)
    table.add(
        Row(
            f"areas of every date ({dates})",
            "geopandas overlay of each pair of days",
            float(np.median(ours)),
            taken * (dates - 1) / (few - 1),
            bars and 10_000,
            f"extrapolated from {few} dates",
        )
    )
    rng = np.random.default_rng(3)
    lonlat = rng.uniform(
        [synthetic.WEST, synthetic.SOUTH],
        [synthetic.WEST + synthetic.SIZE, synthetic.SOUTH + synthetic.SIZE],
        (5_000, 2),
    )
    places = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*lonlat.T), crs="EPSG:4326")
    frames = [peers.cells_frame(theatre, i) for i in range(few)]

    def joins():
        return [gpd.sjoin(places, frame, predicate="within") for frame in frames]

    joins()
    composite.histories_at(*lonlat.T)
    ours = [
        timed(lambda: composite.histories_at(*lonlat.T))[0] for _ in range(max(5, table.rounds))
    ]
    taken = float(np.median([timed(joins)[0] for _ in range(3)]))
    table.add(
        Row(
            f"history of 5,000 places over {dates} dates",
            "geopandas sjoin for each date",
            float(np.median(ours)),
            taken * dates / few,
            bars and 100,
            f"extrapolated from {few} dates; both with their index built",
        )
    )


def appending(table, name, area, snapshots, bars):
    """One date more against building anew."""
    days = sorted(snapshots)
    before = {day: snapshots[day] for day in days[:-1]}
    composite = Composite.build(area, before)
    built, added = [], []
    for _ in range(max(5, table.rounds)):
        built.append(timed(lambda: Composite.build(area, snapshots))[0])
        added.append(timed(lambda: composite.extend(days[-1], snapshots[days[-1]]))[0])
    table.add(
        Row(
            f"appending a date, {name}",
            "building anew",
            float(np.median(added)),
            float(np.median(built)),
            bars and 50,
        )
    )


def scaling(table, bars):
    """Twice the dates, twice the cells: the build at most doubles, a query does not grow."""
    cells, pieces, dates, flips = SIZES["M"]
    shapes = {
        "": (cells, dates, flips),
        "dates": (cells, 2 * dates, flips),
        "cells": (2 * cells, dates, flips),
    }
    theatres = {
        name: synthetic.theatre(count, pieces, days, moved)
        for name, (count, days, moved) in shapes.items()
    }
    builds = {name: [] for name in shapes}
    queries = {name: [] for name in shapes}
    for _ in range(max(15, table.rounds)):
        for name, theatre in theatres.items():
            seconds, composite = timed(lambda t=theatre: Composite.build(t.area, t.snapshots))
            builds[name].append(seconds)
            day = theatre.days[len(theatre.days) // 2]
            composite.control(day, by="holder")
            for _ in range(3):
                took = timed(lambda c=composite, d=day: c.control(d, by="holder"))[0]
                queries[name].append(took)
    medians = {
        name: (float(np.median(builds[name])), float(np.median(queries[name]))) for name in shapes
    }
    slack = 0.8
    for name, build_bar, query_bar in (("dates", 0.5, 1.0), ("cells", 0.5, 0.5)):
        for what, k, bar in (("build", 0, build_bar), ("control at a date", 1, query_bar)):
            table.add(
                Row(
                    f"{what}, twice the {name}",
                    f"size M ({cells:,} cells, {dates} dates)",
                    medians[name][k],
                    medians[""][k],
                    bars and bar * slack,
                    "a fifth of slack for noise",
                )
            )


_LONG = """
import re, sys, time
from pathlib import Path
from geo.control import Composite
from geo.layers import parse_geojson
from geo.model import CONTROL, Label, Patch, parse_day
import shapely
start = time.perf_counter()
snapshots = {}
for path in sorted(Path(sys.argv[1]).glob("*.geojson")):
    layer = parse_geojson(path.read_bytes(), schema=CONTROL, file=path.name)
    snapshots[parse_day(path.stem)] = [
        Patch(
            Label(f.properties["controller"], "", "controlled", "reported", "high", f.id),
            f.geometry,
        )
        for f in layer.features
    ]
first = next(iter(snapshots.values()))
area = shapely.union_all([p.geometry for p in first], grid_size=1e-6)
composite = Composite.build(area, snapshots)
areas = composite.areas()
took = time.perf_counter() - start
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(took, int(peak[1]) / 1024)
"""


def long_series(table, folder, bars, dates=769, vertices=3_000):
    """Daily files of a moving line: parse and compose, against the usual loop."""
    theatre = synthetic.moving_line(dates, vertices)
    root = folder / "long"
    root.mkdir()
    for day, patches in theatre.snapshots.items():
        (root / f"{day}.geojson").write_bytes(canonical(patches))
    paths = sorted(root.glob("*.geojson"))
    taken, memory = [], []
    for _ in range(3):
        run = subprocess.run(
            [sys.executable, "-c", _LONG, str(root)], capture_output=True, text=True, check=True
        )
        one, two = map(float, run.stdout.split())
        taken.append(one)
        memory.append(two)
    some = paths if len(paths) < 60 else paths[: len(paths) // 8]
    usual, _ = timed(lambda: peers.parse_union_difference(some))
    row = Row(
        f"{dates} daily files of {vertices:,} vertices, parsing included",
        "read_file, dissolve, overlay, day by day",
        float(np.median(taken)),
        usual * len(paths) / len(some),
        bars and 5,
        f"peak {max(memory):,.0f} MiB, of 600; peer extrapolated from {len(some)} dates",
    )
    if bars and max(memory) > 600:
        row.note += " **more than 600 MiB**"
    table.add(row)
    appending(
        table, f"{dates} dates of {vertices:,} vertices", theatre.area, theatre.snapshots, bars
    )
    return not (bars and max(memory) > 600)


def canonical(patches):
    """The patches of a date as a control layer."""
    from geo.layers import geojson
    from geo.model import CONTROL, Feature

    features = []
    for patch in patches:
        properties = dict.fromkeys(CONTROL.names)
        code = f"side-{patch.label.controller}"
        properties |= {"id": f"ctl-{patch.label.patch}", "controller": code}
        properties |= {"status": "controlled", "basis": "reported", "confidence": "high"}
        features.append(Feature(properties["id"], properties, patch.geometry))
    return geojson.dump_geojson(features, schema=CONTROL)


def one_shot(table, theatre, folder, bars):
    """`frontline control` as a whole process against mapshaper on the same file."""
    root = folder / "theatre"
    (root / "control").mkdir(parents=True)
    day = theatre.days[0]
    path = root / "control" / f"{day}.geojson"
    path.write_bytes(canonical(theatre.snapshots[day]))
    write_theatre(root, theatre, day)
    command = [sys.executable, "-m", "geo", "control", str(day), "--layers", str(root)]
    command += ["--format", "geojson"]

    # Bytecode is there, as after any first run; nothing else is kept from one run for the next.
    compileall.compile_dir(Path(geo.__file__).parent, quiet=1)

    def ours(by):
        with (folder / "ours.geojson").open("wb") as out:
            subprocess.run(
                [*command, "--by", by],
                stdout=out,
                stderr=subprocess.PIPE,
                check=True,
                env={**os.environ, "FRONTLINE_CACHE": "off"},
            )

    try:
        ours("holder")
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"frontline control: {error.stderr.decode()[:400]}\n")
        return
    took = {"holder": [], "patch": [], "theirs": []}
    for _ in range(max(3, table.rounds)):
        for by in ("holder", "patch"):
            took[by].append(timed(lambda by=by: ours(by))[0])
        if peers.has_node("mapshaper"):
            took["theirs"].append(peers.mapshaper_dissolve(path, folder / "theirs.json"))
    middle = {name: float(np.median(times)) if times else None for name, times in took.items()}
    size = f"{path.stat().st_size / 1e6:.0f} MB"
    for by, bar, note in (
        (
            "holder",
            bars and 1,
            f"{size} in, the same outlines out; ours strict, checked, with areas",
        ),
        ("patch", None, "unequal: ours writes every patch with its properties and area"),
    ):
        table.add(
            Row(
                f"`frontline control --by {by}` of one file, whole process",
                "mapshaper -dissolve",
                middle[by],
                middle["theirs"],
                bar,
                note,
            )
        )


def write_theatre(root, theatre, day):
    """The files that a theatre must have beside its control layers."""
    from geo.layers import geojson, tables
    from geo.model import ACTORS, PLACES, SOURCES, STATEMENTS, THEATRE, Feature
    from geo.model import Row as Record

    properties = dict.fromkeys(THEATRE.names)
    properties |= {"id": "bench", "name": "Bench", "timezone": "UTC"}
    properties |= {"before": str(day), "after": str(day + dt.timedelta(days=1))}
    area = Feature("bench", properties, theatre.area)
    (root / "theatre.geojson").write_bytes(geojson.dump_geojson([area], schema=THEATRE))
    (root / "places.geojson").write_bytes(geojson.dump_geojson([], schema=PLACES))
    rows = []
    for holder in synthetic.HOLDERS:
        values = dict.fromkeys(ACTORS.names)
        name = f"side-{holder}"
        rows.append(
            Record(
                name,
                values
                | {"id": name, "name": name, "side": name, "kind": "side"}
                | {"color": "#336699"},
            )
        )
    (root / "actors.csv").write_bytes(tables.dump_table(rows, schema=ACTORS))
    for schema in (STATEMENTS, SOURCES):
        (root / schema.path).write_bytes(tables.dump_table([], schema=schema))


def arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--size", choices=[*SIZES], default="L")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dates", type=int, default=769, help="of the long series")
    parser.add_argument("--only", choices=["queries", "time", "append", "scaling", "long", "once"])
    return parser.parse_args()


def main():
    chosen = arguments()
    bars = chosen.size == "L"
    table = Table(chosen.rounds)
    wanted = (
        {chosen.only} if chosen.only else {"queries", "time", "append", "scaling", "long", "once"}
    )
    cells, pieces, dates, flips = SIZES[chosen.size]
    fine = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if wanted & {"queries", "time", "append", "once"}:
            theatre = synthetic.theatre(cells, pieces, dates, flips)
            vertices = int(shapely.get_num_coordinates(theatre.cells).sum())
            took, composite = timed(lambda: Composite.build(theatre.area, theatre.snapshots))
            title = f"{cells:,} cells, {vertices:,} vertices a date, {dates:,} dates; "
            title += f"built in {seconds(took)}"
            if "queries" in wanted:
                queries(table, theatre, composite, folder, bars)
            if "time" in wanted:
                over_time(table, theatre, composite, bars)
            if "append" in wanted:
                appending(table, f"size {chosen.size}", theatre.area, theatre.snapshots, bars)
            if "once" in wanted:
                one_shot(table, theatre, folder, bars)
            del composite, theatre
        else:
            title = "no cells"
        if "scaling" in wanted:
            scaling(table, bars)
        if "long" in wanted:
            fine = long_series(table, folder, bars, chosen.dates)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"`python -m tests.benchmarks --size {chosen.size} --rounds {chosen.rounds}`, medians of "
        f"interleaved runs. Size {chosen.size}: {title}. Python {platform.python_version()}, "
        f"numpy {np.__version__}, shapely {shapely.__version__} (GEOS "
        f"{shapely.geos_version_string}), geopandas {gpd.__version__}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}; peak of the process {peak:,.0f} MiB.\n\n"
    )
    sys.stdout.write(table.markdown(bars) + "\n")
    return 1 if bars and (not fine or any(row.missed for row in table.rows)) else 0


if __name__ == "__main__":
    sys.exit(main())
