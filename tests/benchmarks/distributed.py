"""
A million places by a thousand dates, engine by engine; a Markdown table.

    python -m tests.benchmarks.distributed                       10,000 cells
    python -m tests.benchmarks.distributed --cells 100 --dates 50 --places 20000

Each engine is a process of its own that reads the same series and places, and takes the time from
its start to the last interval. Rows and digests of the answers must be equal; a sample is compared
with the composite, place by place. The last row is what the same question costs where places are
joined with the polygons of a date, once and extrapolated. Engines that are not installed are named.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.control.composite import Composite
from geo.exchange import series
from geo.exchange.series_histories import histories
from tests.benchmarks import synthetic

_CHILD = """
import time
begin = time.perf_counter()
import hashlib, json, re, sys
from geo.exchange.series_histories import histories
from geo.exchange import series

def high_water():
    # Not what the parent had before it became this program, as getrusage would say.
    import re
    return int(re.search("VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

def main(root, places, engine, workers):
    client = None
    if workers:
        from distributed import Client
        client = Client(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0")
        client.wait_for_workers(workers)
    ready = time.perf_counter()
    table = histories(root, places, engine=engine, client=client)
    done = time.perf_counter()
    digest = hashlib.sha256()
    for name in ("face", "label", "valid_from", "valid_to"):
        digest.update(table[name].cast("int32").fill_null(-1).to_numpy().tobytes())
    digest.update("\\n".join(table["place_id"].to_pylist()).encode())
    peak = high_water()
    if client:
        peak += sum(client.run(high_water).values())
        client.close()
        if client.cluster: client.cluster.close()
    print(json.dumps({"start": ready - begin, "took": done - ready, "rows": len(table),
        "digest": digest.hexdigest(), "peak": peak}))

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
"""

RUNS = {
    "our own process": ("here", 0),
    "DuckDB": ("duckdb", 0),
    "SedonaDB": ("sedona", 0),
    "dask, 1 worker": ("dask", 1),
    "dask, 2 workers": ("dask", 2),
}


def spots(count, seed=5):
    """Places in and a little round the study area, some of them on corners of it."""
    rng = np.random.default_rng(seed)
    west, south, size = synthetic.WEST, synthetic.SOUTH, synthetic.SIZE
    return rng.uniform([west - 0.05, south - 0.05], [west + size, south + size + 0.05], (count, 2))


def run(folder, places, engine, workers):
    """What a fresh process found, or why it did not."""
    script = folder / "child.py"
    script.write_text(_CHILD)
    words = [str(folder / "series"), str(places), engine, str(workers)]
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout.splitlines()[-1]) | {"whole": time.perf_counter() - begin}


def agrees(composite, store, table, lonlat, sample):
    """Whether the answers for some places are those of the composite."""
    table = table.to_pandas()
    by_place = dict(list(table[table["place_id"].isin(set(map(str, sample)))].groupby("place_id")))
    for n in sample:
        want = [
            (begin, end, composite.labels.index(label))
            for begin, end, label in composite.history_at(*lonlat[n])
        ]
        got = by_place.get(str(n))
        rows = [] if got is None else got[["valid_from", "valid_to", "label"]].values.tolist()
        if [(a, b if b == b else None, c) for a, b, c in rows] != want:
            return False
    return len(store.dates) == len(composite.dates)


def date_by_date(composite, lonlat):
    """Seconds of a join of all places with the polygons of one date."""
    control = composite.control(composite.dates[len(composite.dates) // 2], "holder")
    points = gpd.GeoDataFrame(geometry=shapely.points(lonlat), crs=control.crs)
    begin = time.perf_counter()
    gpd.sjoin(points, control[["holder", "geometry"]], predicate="within")
    return time.perf_counter() - begin


def table_of(found, alone, naive, chosen):
    lines = [
        f"{chosen.places:,} places, {chosen.cells:,} faces, {chosen.dates:,} dates\n",
        "| | located and joined | with its start | peak memory | speed-up | intervals |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        if isinstance(one, str):
            lines.append(f"| {name} | not run: {one[:120]} | | | | |")
            continue
        lines.append(
            f"| {name} | {one['took']:.1f} s | {one['whole']:.1f} s | {one['peak']:,.0f} MiB "
            f"| {alone / one['took']:.2f} | {one['rows']:,} |"
        )
    whole = naive * chosen.dates
    lines.append(
        f"| geopandas sjoin(within), date by date | {whole:,.0f} s, from {naive:.1f} s of one date "
        f"| | | 1 / {whole / alone:,.0f} | |"
    )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--dates", type=int, default=1_000)
    parser.add_argument("--places", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=200)
    chosen = parser.parse_args()
    theatre = synthetic.theatre(chosen.cells, 32, chosen.dates, max(1, chosen.cells // 500))
    composite = Composite.build(theatre.area, theatre.snapshots)
    lonlat = spots(chosen.places)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = series.write_store(composite, folder / "series", snapshots=False)
        places = folder / "places.parquet"
        names = np.arange(chosen.places).astype(str)
        lon, lat = lonlat.T
        pq.write_table(pa.table({"place_id": names, "lon": lon, "lat": lat}), places)
        found = {what: run(folder, places, *how) for what, how in RUNS.items()}
        here = histories(store, places, engine="here")
        sample = np.random.default_rng(6).choice(chosen.places, chosen.sample, replace=False)
        sound = agrees(composite, store, here, lonlat, sample)
    ran = [one for one in found.values() if isinstance(one, dict)]
    alone = found["our own process"]["took"]
    sys.stdout.write(table_of(found, alone, date_by_date(composite, lonlat), chosen) + "\n")
    equal = len({one["digest"] for one in ran}) == 1
    sys.stdout.write(
        f"\nanswers of {len(ran)} engines {'are equal' if equal else '**differ**'}; "
        f"{chosen.sample} places {'are' if sound else '**are not**'} those of the composite\n"
    )
    return 0 if equal and sound else 1


if __name__ == "__main__":
    sys.exit(main())
