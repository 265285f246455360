"""
A long series of daily maps: imported, composed, every change; a Markdown table.

    python -m tests.benchmarks.series                     769 dates of 3,000 vertices
    python -m tests.benchmarks.series --dates 60          a quick look; the bars are not checked

Ours is one process from foreign GeoJSON to the areas of all dates and the changes of every pair of
neighbouring dates, the layers folder written and read back with all checks in between. The peer is
the loop that a user would write with geopandas, in its own process too, on the first dates alone
and extrapolated. Both say how much ground changed hands on those dates; where they differ, where
ours is less than 5 times faster, or where it needs more than 600 MiB, the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import shapely

from tests.benchmarks import synthetic

FASTER, PEAK_MIB = 5, 600
SAME_KM2 = 1e-3
"""Ours snaps every crossing to the 1e-6 degree grid, about 0.1 m; the peer does not."""

_OURS = """
import json, re, sys, time
from itertools import pairwise
from pathlib import Path
from geo import import_into, open_layers
begin = time.perf_counter()
took = {}
def lap(name):
    took[name] = time.perf_counter() - begin - sum(took.values())
files = sorted(Path(sys.argv[1]).glob("*.geojson"))
import_into(sys.argv[2], "control-geojson", *files, publisher="bench")
lap("import")
theatre = open_layers(sys.argv[2])
composite = theatre.composite
lap("read, check, compose")
areas = composite.areas()
lap("areas")
moved = [float(composite.change(a, b)["area_km2"].sum()) for a, b in pairwise(composite.dates)]
lap("changes")
peak = int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"took": took, "cpu": time.process_time(), "moved": moved, "peak": peak}))
"""

_THEIRS = """
import json, re, sys, time
from pathlib import Path
import geopandas as gpd
begin = time.perf_counter()
areas, moved, before = [], [], None
for path in sorted(Path(sys.argv[1]).glob("*.geojson"))[: int(sys.argv[2])]:
    now = gpd.read_file(path).dissolve("controller").reset_index()[["controller", "geometry"]]
    areas.append(now.to_crs(6933).area / 1e6)
    if before is not None:
        both = gpd.overlay(before, now, how="intersection", keep_geom_type=True)
        held = both[both["controller_1"] != both["controller_2"]]
        moved.append(float(held.to_crs(6933).area.sum() / 1e6))
    before = now
took = time.perf_counter() - begin
peak = int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"took": took, "cpu": time.process_time(), "moved": moved, "peak": peak}))
"""


def foreign_files(root, dates, vertices):
    """One plain GeoJSON file a date, as other tools write it."""
    for day, patches in synthetic.moving_line(dates, vertices).snapshots.items():
        shapes = shapely.to_geojson([patch.geometry for patch in patches])
        features = [
            {
                "type": "Feature",
                "properties": {"controller": f"side-{patch.label.controller}"},
                "geometry": json.loads(shape),
            }
            for patch, shape in zip(patches, shapes, strict=True)
        ]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (root / f"{day}.geojson").write_text(text)


def child(code, *arguments):
    """What a fresh process found."""
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "FRONTLINE_CACHE": "off"},
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    return json.loads(run.stdout.splitlines()[-1])


def compared(dates, vertices, sample):
    """Both on the same files."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "files"
        root.mkdir()
        foreign_files(root, dates, vertices)
        ours = child(_OURS, root, Path(name) / "layers")
        theirs = child(_THEIRS, root, sample)
    return ours, theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--dates", type=int, default=769)
    parser.add_argument("--vertices", type=int, default=3_000)
    parser.add_argument("--sample", type=int, default=97, help="dates that the peer runs on")
    chosen = parser.parse_args()
    sample = min(chosen.sample, chosen.dates)
    ours, theirs = compared(chosen.dates, chosen.vertices, sample)
    total = sum(ours["took"].values())
    whole = theirs["took"] * chosen.dates / sample
    busy = theirs["cpu"] * chosen.dates / sample
    apart = max(
        abs(a - b) for a, b in zip(ours["moved"][: sample - 1], theirs["moved"], strict=True)
    )
    parts = ", ".join(f"{name} {took:.1f} s" for name, took in ours["took"].items())
    sys.stdout.write(
        f"{chosen.dates} dates of {chosen.vertices:,} vertices, to every area and every change\n\n"
        "| | time | of it processor | peak memory | |\n|---|---|---|---|---|\n"
        f"| ours | {total:.1f} s | {ours['cpu']:.1f} s | {ours['peak']:.0f} MiB | {parts} |\n"
        f"| read_file, dissolve, overlay, date by date | {whole:.1f} s | {busy:.1f} s "
        f"| {theirs['peak']:.0f} MiB | {theirs['took']:.1f} s on {sample} dates, extrapolated |\n"
        f"| ratio | {whole / total:.1f} (wanted >= {FASTER}) | {busy / ours['cpu']:.1f} "
        f"| wanted <= {PEAK_MIB} MiB | changed ground of {sample - 1} pairs, {apart:.1e} km2 "
        f"apart at most, of {max(theirs['moved']):.3f} |\n"
    )
    checked = (chosen.dates, chosen.vertices) == (769, 3_000)
    missed = whole / total < FASTER or ours["peak"] > PEAK_MIB
    return 1 if apart > SAME_KM2 or (checked and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
