"""
Whether the truth lies in the bands: ``python -m tests.benchmarks.bands``.

Theatres whose truth is known (`tests.theatres`) are drawn as an analyst would: Thiessen cells of
the places, held by whom somebody said, a share of them left as not assessed; and once more as
`frontline estimate` drafts them. For each side the ground that it really holds is looked for in the
band of the figure.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from dataclasses import dataclass

import numpy as np
import shapely

from geo.control.composite import Composite
from geo.crs import LocalPlane
from geo.evidence.bands import Ensemble
from geo.evidence.draws import Judgements
from geo.evidence.estimate.draft import Estimator
from geo.evidence.field.latent import LatentField
from geo.layers import patches_of
from geo.model import STATEMENTS, Feature, Label, Patch, Row
from tests.theatres import KnownTheatre, known

DAY = dt.date(2001, 1, 1)
WANTED = (0.85, 0.95)
WORDS = {0.02: "high", 0.1: "moderate", 0.25: "low"}
PLANE = LocalPlane(37.5, 33.2)
ACROSS = 250


@dataclass(frozen=True)
class Found:
    """One side of one theatre: what it really holds, and what we say of it; all in km2."""

    kind: str
    how: str
    truth: float
    middle: float
    low: float
    high: float

    @property
    def inside(self):
        return self.low <= self.truth <= self.high


def drawn(theatre: KnownTheatre, unknown: float, seed: int) -> Composite:
    """The map of a theatre: one patch a cell, some of them not assessed."""
    lonlat, area = _lonlat(theatre, theatre.xy), _area(theatre)
    spots, first = np.unique(lonlat.round(6), axis=0, return_index=True)
    lines = shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=area, only_edges=True)
    noded = shapely.union_all([lines, shapely.boundary(area)], grid_size=1e-6)
    cells = shapely.get_parts(shapely.polygonize([noded]))
    cells = cells[shapely.contains(area, shapely.point_on_surface(cells))]
    inside = shapely.get_coordinates(shapely.point_on_surface(cells))
    nearest = ((inside[:, None] - spots) ** 2).sum(axis=2).argmin(axis=1)
    blank = np.random.default_rng([seed, 1]).random(len(cells)) < unknown
    patches = []
    for i, (cell, side) in enumerate(zip(cells, theatre.said[first][nearest], strict=True)):
        label = Label(theatre.sides[side], "", "controlled", "inferred", "moderate", f"ctl-{i}")
        patches.append(Patch(Label(patch=f"ctl-{i}") if blank[i] else label, cell))
    return Composite.build(area, {DAY: patches})


def _area(theatre: KnownTheatre) -> shapely.Geometry:
    west, south = _lonlat(theatre, np.array([[0.0, 0.0]]))[0]
    east, north = _lonlat(theatre, np.full((1, 2), theatre.width_m))[0]
    return shapely.set_precision(shapely.box(west, south, east, north), 1e-6)


def _lonlat(theatre: KnownTheatre, xy: np.ndarray) -> np.ndarray:
    points = shapely.MultiPoint(xy - theatre.width_m / 2)
    return shapely.get_coordinates(PLANE.inverse(points))


def truth(theatre: KnownTheatre, composite: Composite) -> np.ndarray:
    """What each side really holds of the study area, km2."""
    inner = shapely.transform(
        composite.area, lambda xy: shapely.get_coordinates(PLANE.forward(shapely.MultiPoint(xy)))
    )
    west, south, east, north = shapely.bounds(inner)
    x = west + (np.arange(ACROSS) + 0.5) * (east - west) / ACROSS
    y = south + (np.arange(ACROSS) + 0.5) * (north - south) / ACROSS
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    xy = xy[shapely.contains_xy(inner, *xy.T)]
    held = theatre.holder(xy + theatre.width_m / 2)
    share = np.bincount(held, minlength=len(theatre.sides)) / len(held)
    return share * shapely.area(inner) / 1e6


class _Moved:
    """The field of a theatre, asked in metres from the middle of the study area."""

    def __init__(self, theatre: KnownTheatre, plane: LocalPlane) -> None:
        self._field = LatentField(theatre.observations(), theatre.sides)
        self._theatre, self._plane = theatre, plane
        self.sides = theatre.sides

    def draws(self, xy, *, count, seed, kept=None):  # noqa: ARG002
        lonlat = self._plane.inverse(shapely.MultiPoint(xy))
        own = shapely.get_coordinates(PLANE.forward(lonlat)) + self._theatre.width_m / 2
        return self._field.draws(own, count=count, seed=seed)


def cases(seed: int, judgements: Judgements) -> list[Found]:
    """
    Every side of the theatre of a seed that holds drawn ground: the map is Thiessen cells.

    The field knows how unreliable each statement really is, so this tests the bands alone.
    """
    theatre = known(seed)
    unknown = (0.0, 0.15, 0.4)[seed // 3 % 3]
    composite = drawn(theatre, unknown, seed)
    field = _Moved(theatre, LocalPlane.around(composite.area))
    return _found(theatre, composite, field, judgements, f"{unknown:.0%} not assessed")


def estimated(seed: int, judgements: Judgements) -> list[Found]:
    """The same through the whole chain: the map is drafted by the estimate, from statements."""
    theatre = known(seed)
    area = _area(theatre)
    spots = _lonlat(theatre, theatre.xy).round(6)
    places, rows = {}, []
    for i, (lonlat, side) in enumerate(zip(spots, theatre.said, strict=True)):
        radius = int(theatre.radius_m[i])
        place = {"id": f"p{i}", "name": f"p{i}", "geo_radius_m": radius}
        places[f"p{i}"] = Feature(f"p{i}", place, shapely.Point(lonlat))
        said = dict.fromkeys(column.name for column in STATEMENTS.columns)
        said |= {"id": f"s{i}", "place_id": f"p{i}", "date": str(DAY), "status": "controlled"}
        said |= {"controller": theatre.sides[side], "basis": "reported", "source_ids": "wire"}
        rows.append(Row(f"s{i}", said | {"confidence": WORDS[float(theatre.error[i])]}))
    sources = {"wire": Row("wire", {"id": "wire", "publisher": "wire", "leaning": None})}
    estimator = Estimator(area, places, rows, sources, {})
    composite = Composite.build(area, {DAY: patches_of(estimator.draft(DAY).features)})
    return _found(theatre, composite, estimator.field(DAY), judgements, "drafted")


def _found(theatre, composite, field, judgements, how):
    supported = {DAY: frozenset(label.patch for label in composite.labels)}
    ensemble = Ensemble(
        composite, supported=supported, field=lambda _: field, judgements=judgements
    )
    real = dict(zip(theatre.sides, truth(theatre, composite), strict=True))
    return [
        Found(theatre.kind, how, real[row["controller"]], *row[["area_km2", "low_km2", "high_km2"]])
        for _, row in ensemble.areas().iterrows()
        if row["controller"]
    ]


def report(title: str, found: list[Found]) -> bool:
    """Print the share of sides in the band, by kind of truth and of map; whether it is right."""
    groups = {}
    for axis in ("kind", "how"):
        for name in sorted({getattr(one, axis) for one in found}):
            groups[name] = [one for one in found if getattr(one, axis) == name]
    groups["all"] = found
    write = sys.stdout.write
    write(f"{title}, {len(found)} sides\n\n")
    write("| | sides | truth in the band | band, share of the figure |\n|---|---|---|---|\n")
    for name, some in groups.items():
        inside = np.mean([one.inside for one in some])
        width = np.median([(one.high - one.low) / one.middle for one in some])
        write(f"| {name} | {len(some)} | {inside:.1%} | {width:.0%} |\n")
    write("\n")
    return bool(WANTED[0] <= np.mean([one.inside for one in found]) <= WANTED[1])


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description="Whether the truth lies in the bands.")
    parser.add_argument("--theatres", type=int, default=200)
    seeds = range(parser.parse_args().theatres)
    right = []
    for title, way in (("Bands alone", cases), ("Through the estimate", estimated)):
        found = [one for seed in seeds for one in way(seed, Judgements(seed=seed))]
        right.append(report(f"{title}: {len(seeds)} theatres", found))
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
