"""
Whether the estimate knows what it does not know: ``python -m tests.benchmarks.estimate``.

Five parts, each beside simpler ways to the same: windows of ground that somebody else drew
(`tests.benchmarks.windows`), the snapshot of the shipped theatre withheld and words left out round
a place (`tests.benchmarks.withheld`), towns of Ukraine (`tests.benchmarks.towns`), and time
(`tests.benchmarks.growth`). The first and the third need the material beside this checkout, or
where GEO_SHARED says; without it they are skipped. "The field of points alone" is what the estimate
rested on before it knew shapes and time (`tests.benchmarks.baseline_field`).

Right: whose probability is greatest really holds the ground. Brier: squared distance to what is,
over all sides (0 is perfect, 2 is sure and wrong). ECE: mean gap between how sure it is and how
often it is right, in ten bins.

Wanted: ground of all sides within 12 % of all ground and 20 % of what a side holds, both nearer
than by the nearest place; 85 to 95 % of what sides really hold in their bands; ahead of the other
models in Brier on the windows, and of the field of points alone round places; the snapshot
predicted better than by the share of the majority, in hindsight; the towns as
`tests.benchmarks.towns` says; 3 s for a date, 15 s for all dates of the shipped theatre, and no
more time for each date where there are more.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.benchmarks import ground, growth, towns, withheld


def main() -> int:
    """Print the tables; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="Whether the estimate knows what it is not told.")
    parser.add_argument("--windows", type=int, default=24)
    parser.add_argument("--first", type=int, default=ground.FIRST_SEED, help="seed of the first")
    parser.add_argument("--only", choices=PARTS, help="one part alone")
    asked = parser.parse_args()
    os.environ["FRONTLINE_CACHE"] = "off"  # What an earlier run kept would flatter the time.
    missed = False
    for name, report in PARTS.items():
        if asked.only in {None, name}:
            missed |= report(asked.windows, asked.first) if name == "windows" else report()
    return int(missed)


PARTS = {
    "windows": ground.report,
    "withheld": withheld.report,
    "time": growth.report,
    "towns": towns.report,
}


if __name__ == "__main__":
    sys.exit(main())
