"""
A site of a long series: time and size, beside as many calls of `map`; a Markdown table.

    python -m tests.benchmarks.site                     769 dates of 3,000 vertices
    python -m tests.benchmarks.site --dates 60          a quick look

The site is published, published again, and published with one date more, each by the command in a
process of its own with one cache. A call of `map` is measured on a few dates and extrapolated. The
times are those of the processor, as other programs may run. Where the second publication writes a
file, the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from geo import import_into
from tests.benchmarks.series import foreign_files


def asked(cache, *words):
    """What a command says, and the seconds of the processor that it took."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, "-m", "geo", *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FRONTLINE_CACHE": str(cache)},
    )
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return run.stdout, end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def told(text):
    """Pages, megabytes, files written and unchanged, as the command says."""
    found = re.search(r"([\d,]+) pages, ([\d,.]+) MB: ([\d,]+) files written, ([\d,]+) unch", text)
    return [float(one.replace(",", "")) for one in found.groups()]


def measured(dates, vertices, maps):
    """Rows of the table, and whether nothing is missed."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        files, layers, site, cache = (root / one for one in ("files", "layers", "site", "cache"))
        files.mkdir()
        foreign_files(files, dates + 1, vertices)
        *most, last = sorted(files.glob("*.geojson"))
        import_into(str(layers), "control-geojson", *map(str, most), publisher="bench")
        publish = ("publish", "--to", site, "--layers", layers)
        first, first_s = asked(cache, *publish)
        second, second_s = asked(cache, *publish)
        page = root / "map.html"
        _, map_s = asked(cache, "map", layers, "-o", page)
        days = [path.stem for path in most[:: max(1, len(most) // maps)]][:maps]
        spent = [asked(cache, "map", layers, "--after", day, "-o", page)[1] for day in days]
        size = page.stat().st_size / 1e6
        import_into(str(layers), "control-geojson", str(last), publisher="bench")
        more, more_s = asked(cache, *publish)
        shutil.rmtree(layers)
    pages, megabytes, written, _ = told(first)
    what = f"{pages:,.0f} pages, {written:,.0f} files"
    yield f"| published | {first_s:,.0f} s | {what} | {megabytes:,.0f} MB |"
    yield f"| published again | {second_s:,.0f} s | {told(second)[2]:,.0f} files written | |"
    yield f"| one date more | {more_s:,.0f} s | {told(more)[2]:,.0f} files written | |"
    each = sum(spent) / len(spent)
    yield (
        f"| `map` of every date | {each * dates:,.0f} s | {dates:,} pages, {each:.1f} s each "
        f"on {len(spent)}, extrapolated (the first {map_s:.1f} s) | {size * dates:,.0f} MB |"
    )
    if told(second)[2]:
        yield "missed"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--dates", type=int, default=769)
    parser.add_argument("--vertices", type=int, default=3_000)
    parser.add_argument("--maps", type=int, default=5, help="calls of `map` that are measured")
    chosen = parser.parse_args()
    rows = list(measured(chosen.dates, chosen.vertices, chosen.maps))
    sys.stdout.write(
        f"{chosen.dates} dates of {chosen.vertices:,} vertices, two languages\n\n"
        "| | processor | what | size |\n|---|---|---|---|\n"
        + "\n".join(row for row in rows if row != "missed")
        + "\n"
    )
    return int("missed" in rows)


if __name__ == "__main__":
    sys.exit(main())
