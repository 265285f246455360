"""
Whether the truth lies in the bands: ``python -m tests.benchmarks.bands``.

Theatres whose truth is known (`tests.theatres`) are drawn as an analyst would: Thiessen cells of
the places, held by whom somebody said; a share of the cells is left as not assessed. For each side
the ground that it really holds is looked for in the band of the drawn figure.
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass

import numpy as np
import shapely

from geo._latent import LatentField
from geo.composite import Composite
from geo.crs import LocalPlane
from geo.model import Label, Patch
from geo.uncertainty import Ensemble, Judgements
from tests.theatres import KnownTheatre, known

DAY = dt.date(2001, 1, 1)
WANTED = (0.85, 0.95)
THEATRES = 200
PLANE = LocalPlane(37.5, 33.2)
ACROSS = 250


@dataclass(frozen=True)
class Found:
    """One side of one theatre: what it really holds, and what we say of it; all in km2."""

    kind: str
    unknown: float
    truth: float
    drawn: float
    low: float
    high: float

    @property
    def inside(self):
        return self.low <= self.truth <= self.high


def drawn(theatre: KnownTheatre, unknown: float, seed: int) -> Composite:
    """The map of a theatre: one patch a cell, some of them not assessed."""
    lonlat = _lonlat(theatre, theatre.xy)
    west, south = _lonlat(theatre, np.array([[0.0, 0.0]]))[0]
    east, north = _lonlat(theatre, np.full((1, 2), theatre.width_m))[0]
    area = shapely.set_precision(shapely.box(west, south, east, north), 1e-6)
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

    def draws(self, xy, *, count, seed):
        lonlat = self._plane.inverse(shapely.MultiPoint(xy))
        own = shapely.get_coordinates(PLANE.forward(lonlat)) + self._theatre.width_m / 2
        return self._field.draws(own, count=count, seed=seed)


def cases(seed: int, judgements: Judgements) -> list[Found]:
    """Every side of the theatre of a seed that holds drawn ground."""
    theatre = known(seed)
    unknown = (0.0, 0.15, 0.4)[seed // 3 % 3]
    composite = drawn(theatre, unknown, seed)
    field = _Moved(theatre, LocalPlane.around(composite.area))
    supported = {DAY: frozenset(label.patch for label in composite.labels)}
    ensemble = Ensemble(
        composite, supported=supported, field=lambda _: field, judgements=judgements
    )
    frame = ensemble.areas().set_index("controller")
    real = dict(zip(theatre.sides, truth(theatre, composite), strict=True))
    return [
        Found(theatre.kind, unknown, real[side], row["area_km2"], row["low_km2"], row["high_km2"])
        for side, row in frame.iterrows()
        if side
    ]


def main() -> int:
    """Print the share of cases in the band, by kind of truth and by ground left open."""
    found = [one for seed in range(THEATRES) for one in cases(seed, Judgements(seed=seed))]
    write = sys.stdout.write
    write(f"{THEATRES} theatres, {len(found)} sides\n\n")
    write("| | sides | truth in the band | band, share of the figure |\n|---|---|---|---|\n")
    kinds = sorted({one.kind for one in found})
    groups = {kind: [one for one in found if one.kind == kind] for kind in kinds}
    for share in sorted({f.unknown for f in found}):
        groups[f"{share:.0%} not assessed"] = [f for f in found if f.unknown == share]
    groups["all"] = found
    for name, some in groups.items():
        inside = np.mean([one.inside for one in some])
        width = np.median([(one.high - one.low) / one.drawn for one in some])
        write(f"| {name} | {len(some)} | {inside:.1%} | {width:.0%} |\n")
    reached = WANTED[0] <= np.mean([one.inside for one in found]) <= WANTED[1]
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
