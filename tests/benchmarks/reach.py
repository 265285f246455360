"""
How far a place speaks for its neighbours in the shipped case: ``python -m tests.benchmarks.reach``.

Of the places that one monitor's snapshot shows at once, the share of pairs at a distance that have
the same holder. It is what the reach of `geo.evidence.Parameters` is argued with.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from geo.crs import distance_km
from geo.layers.folder import read_folder

ROOT = Path(__file__).parents[2]
BINS_KM = (0, 3, 6, 10, 15, 20, 25, 30, 40, 60)
SNAPSHOT = ("wikipedia-module-syria", "2017-07-31")
RARER = "opposition"


def main() -> int:
    """Print the table."""
    folder = read_folder(ROOT / "layers")
    spots = []
    for row in folder.statements.rows:
        place = folder.places[str(row.values["place_id"])].geometry
        said = (row.values["source_ids"], row.values["date"])
        held = row.values["controller"]
        two = held in {"government", RARER}
        if (
            said == SNAPSHOT
            and two
            and place is not None
            and folder.area.buffer(0.1).contains(place)
        ):
            spots.append((place.x, place.y, held))
    lon, lat = (np.array([spot[i] for spot in spots]) for i in (0, 1))
    holder = np.array([spot[2] for spot in spots])
    away = distance_km(lon[:, None], lat[:, None], lon, lat)
    same = holder[:, None] == holder
    pairs = np.triu(np.ones_like(same), 1)
    rarer = (holder == RARER)[:, None] & ~np.eye(len(holder), dtype=bool)
    share = (holder == RARER).mean()
    write = sys.stdout.write
    write(f"{len(spots)} places, {rarer.any(axis=1).sum()} of them {RARER}; ")
    write(f"by chance {share**2 + (1 - share) ** 2:.0%} of pairs agree\n\n")
    write("| km | pairs | agree | beside the rarer side, its own |\n|---|---|---|---|\n")
    for low, high in pairwise(BINS_KM):
        near = (away >= low) & (away < high)
        agree = f"{same[near & pairs].mean():.0%}" if (near & pairs).any() else "-"
        own = f"{same[near & rarer].mean():.0%}" if (near & rarer).any() else "-"
        write(f"| {low}-{high} | {(near & pairs).sum()} | {agree} | {own} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
