"""
All necks of a side, beside a plain erosion sweep: ``python -m tests.benchmarks.siege [SIZE ...]``.

The side holds rooms that corridors join, with fingers and enemy islands, all with fractal borders,
and is supplied from one corner. The sweep shrinks the ground by 20 widths and calls what falls
apart a pocket: the usual way. Both run in the same process, in turns; a neck counts as missed by
the sweep where no piece that it ever split off covers half of the neck's pocket.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import time

import numpy as np
import shapely

from geo.control.composite import Composite
from geo.control.siege.ground import build_piece
from geo.control.siege.isolation import isolation
from geo.control.siege.necks import necks
from geo.crs import LocalPlane
from geo.model import Label, Patch

DAY = dt.date(2020, 1, 1)
CENTRE = (37.5, 33.2)
MIN_AREA_KM2 = 10.0
MAX_WIDTH_KM = 20.0
WIDTHS_KM = np.linspace(MAX_WIDTH_KM / 20, MAX_WIDTH_KM, 20)
PLACES = 50
ROUNDS = 3


def ground(vertices, seed=1, rooms=4):
    """Rooms in a grid, joined as a tree by corridors and set with fingers, islands in some."""
    rng = np.random.default_rng(seed)
    middle = {(i, j): 24e3 * np.array([i, j]) for i in range(rooms) for j in range(rooms)}
    parts = [shapely.Point(at).buffer(rng.uniform(5e3, 9e3), quad_segs=4) for at in middle.values()]
    for (i, j), at in middle.items():
        if (i, j) != (0, 0):
            to = (i - 1, j) if j == 0 or (i and rng.random() < 0.5) else (i, j - 1)
            parts.append(shapely.LineString([at, middle[to]]).buffer(rng.uniform(300, 3e3)))
        tip = at + rng.uniform(-22e3, 22e3, 2)
        parts.append(shapely.LineString([at, tip]).buffer(rng.uniform(500, 1500)))
    islands = [
        shapely.Point((at + middle[0, 0]) / 2 + at / 2).buffer(rng.uniform(300, 1200), quad_segs=2)
        for at in list(middle.values())[1::2]
    ]
    plain = shapely.union_all(parts).difference(shapely.union_all(islands)).simplify(200)
    longest = plain.length / (vertices / 8)
    rings = [
        _fractal(np.array(ring.coords)[:-1], longest, rng)
        for ring in (plain.exterior, *plain.interiors)
    ]
    drawn = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))
    return max(shapely.get_parts(drawn), key=lambda part: part.area)


def _fractal(xy, longest, rng, rough=0.12):
    """A ring cut into equal pieces, each then halved and displaced three times."""
    ring = shapely.segmentize(shapely.LinearRing(xy), longest)
    xy = shapely.get_coordinates(ring)[:-1]
    for _ in range(3):
        step = np.roll(xy, -1, axis=0) - xy
        aside = np.stack([-step[:, 1], step[:, 0]], 1) * rng.uniform(-rough, rough, (len(xy), 1))
        xy = np.stack([xy, xy + step / 2 + aside], 1).reshape(-1, 2)
    return xy


def composite(blob):
    """One layer: the blob is side a's, the rest of a square side b's."""
    plane = LocalPlane(*CENTRE)
    held = shapely.set_precision(plane.inverse(blob), 1e-6)
    west, south, east, north = held.bounds
    area = shapely.box(*np.round([west - 0.1, south - 0.1, east + 0.1, north + 0.1], 1))
    patches = [
        Patch(Label("a", "", "controlled", "reported", "high", "patch-a"), held),
        Patch(
            Label("b", "", "controlled", "reported", "high", "patch-b"),
            shapely.difference(area, held, grid_size=1e-6),
        ),
    ]
    return Composite.build(area, {DAY: patches}), held


def erosion(blob, base):
    """Every piece without the base, over all widths; smaller pieces than the least do not count."""
    pockets = []
    for width in WIDTHS_KM:
        shrunk = shapely.buffer(blob, -width * 500)
        for part in shapely.get_parts(shrunk):
            grown = shapely.intersection(shapely.buffer(part, width * 500), blob)
            if not part.intersects(base) and grown.area >= MIN_AREA_KM2 * 1e6:
                pockets.append(grown)
    return pockets


def missed(found, pockets, plane):
    """Necks of which no pocket of the sweep covers half."""
    lost = []
    for row in found.itertuples():
        pocket = plane.forward(row.pocket)
        share = [shapely.intersection(pocket, one).area / pocket.area for one in pockets]
        if max(share, default=0.0) < 0.5:
            lost.append(row)
    return lost


def timed(call):
    """Seconds, and what came of it."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def run(vertices):
    """Print one comparison."""
    blob = ground(vertices)
    layers, held = composite(blob)
    plane = LocalPlane(*CENTRE)
    base = plane.forward(shapely.Point(CENTRE))
    anchors = {"base": shapely.Point(CENTRE)}
    rng = np.random.default_rng(3)
    places = {}
    while len(places) < PLACES:
        at = rng.uniform(held.bounds[:2], held.bounds[2:])
        if shapely.contains_xy(held, *at):
            places[f"place-{len(places)}"] = tuple(at)
    limits = {"min_area_km2": MIN_AREA_KM2, "max_width_km": MAX_WIDTH_KM}
    ours, theirs, cuts = [], [], []
    for _ in range(ROUNDS if vertices < 10_000 else 1):
        # What was found out of a piece is kept for the next date; here it is asked for anew.
        build_piece.cache_clear()
        seconds, found = timed(lambda: necks(layers, DAY, "a", anchors=anchors, **limits))
        ours.append(seconds)
        seconds, pockets = timed(lambda: erosion(blob, base))
        theirs.append(seconds)
        build_piece.cache_clear()
        seconds, alone = timed(lambda: isolation(layers, DAY, "a", anchors=anchors, places=places))
        cuts.append(seconds)
    lost = missed(found, pockets, plane)
    say = sys.stdout.write
    say(f"{shapely.get_num_coordinates(held):,} vertices, {len(held.interiors)} islands\n")
    say(f"  all necks          {statistics.median(ours):7.2f} s   {len(found)} necks\n")
    say(f"  erosion, 20 widths {statistics.median(theirs):7.2f} s   missed {len(lost)} of them\n")
    for row in lost:
        say(
            f"    missed: {row.area_km2:7.1f} km2 behind {row.length_km:5.2f} km "
            f"in {row.leg_count} leg(s)\n"
        )
    km = alone["length_km"].median()
    say(
        f"  isolation          {statistics.median(cuts):7.2f} s   {len(alone)} places, "
        f"median cut {km:.1f} km\n"
    )


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [3_000, 50_000]:
        run(size)
