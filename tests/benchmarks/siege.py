"""
All necks of a side, beside a plain erosion sweep: ``python -m tests.benchmarks.siege [SIZE ...]``.

The side is a fractal blob with enemy islands in enemy ground, supplied from its middle. The sweep
shrinks the ground by 20 widths and calls what falls apart a pocket: the usual way. Both run in the
same process, in turns; a neck counts as missed by the sweep where no piece that it ever split off
covers half of the neck's pocket.
"""

from __future__ import annotations

import datetime as dt
import statistics
import sys
import time

import numpy as np
import shapely

from geo.composite import Composite
from geo.crs import LocalPlane
from geo.model import Label, Patch
from geo.siege import isolation, necks

DAY = dt.date(2020, 1, 1)
CENTRE = (37.5, 33.2)
MIN_AREA_KM2 = 10.0
MAX_WIDTH_KM = 20.0
WIDTHS_KM = np.linspace(MAX_WIDTH_KM / 20, MAX_WIDTH_KM, 20)
PLACES = 50
ROUNDS = 3


def fractal(vertices, radius, seed, rough=0.25):
    """A blob whose border was halved and displaced until it has so many vertices."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    xy = np.stack([np.cos(turn), np.sin(turn)], 1) * (radius * rng.uniform(0.4, 1.3, 8))[:, None]
    while len(xy) < vertices:
        step = np.roll(xy, -1, axis=0) - xy
        aside = np.stack([-step[:, 1], step[:, 0]], 1) * rng.uniform(-rough, rough, (len(xy), 1))
        xy = np.stack([xy, xy + step / 2 + aside], 1).reshape(-1, 2)
    kept = np.sort(rng.permutation(len(xy))[:vertices])
    parts = shapely.get_parts(shapely.make_valid(shapely.Polygon(xy[kept])))
    return max(parts, key=lambda part: part.area)


def ground(vertices, seed=1, islands=12):
    """The blob, in metres, with enemy islands."""
    rng = np.random.default_rng(seed)
    blob = fractal(vertices, 50e3, seed)
    holes = []
    for xy in rng.uniform(-50e3, 50e3, (500, 2)):
        hole = shapely.affinity.translate(fractal(40, rng.uniform(300, 1500), seed), *xy)
        if (
            len(holes) < islands
            and blob.contains(hole)
            and hole.distance(shapely.Point(0, 0)) > 1e3
        ):
            holes.append(hole)
    return blob.difference(shapely.union_all(holes))


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
        seconds, found = timed(lambda: necks(layers, DAY, "a", anchors=anchors, **limits))
        ours.append(seconds)
        seconds, pockets = timed(lambda: erosion(blob, base))
        theirs.append(seconds)
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
            f"in {row.legs} leg(s)\n"
        )
    km = alone["length_km"].median()
    say(
        f"  isolation          {statistics.median(cuts):7.2f} s   {len(alone)} places, "
        f"median cut {km:.1f} km\n"
    )


if __name__ == "__main__":
    for size in [int(word) for word in sys.argv[1:]] or [3_000, 50_000]:
        run(size)
