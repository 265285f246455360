"""
Windows cut at random from polygons that somebody else drew, with dots sampled in them.

The truth is the areas of influence of Syria of 24 May 2015 (the folder ``syria-areas-2015`` of the
material beside this checkout, or where GEO_SHARED says). A window is a square of 184 km, which
holds as much ground as the shipped theatre; its study area is what the polygons of the holders
cover there. Dots are as many and as clustered as those of the shipped theatre, and off by 1.5 km. A
side that no dot stands on is left out with its ground: nobody can estimate whom nobody names.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import shape

from geo.control.composite import Composite
from geo.crs import LocalPlane
from geo.evidence.bands import Ensemble
from geo.evidence.draws import Judgements
from geo.evidence.estimate.draft import Estimator
from geo.layers import patches_of
from geo.model import STATEMENTS, Basis, Confidence, Feature, Row

if TYPE_CHECKING:
    from geo.evidence.estimate.parameters import Parameters

SHARED = Path(os.environ.get("GEO_SHARED", Path(__file__).parents[3] / "shared"))
SOURCE = SHARED / "data" / "syria-areas-2015" / "areas-2015-05-24.geojson"
SIDES = ("government", "opposition", "is", "kurdish")
DAY = dt.date(2015, 5, 24)
ACROSS_M = 184e3
DOTS = 96
ERROR_M = 1500.0
STEP_M = 2000.0
"""Between the points at which maps are compared with the truth."""
# So many of the dots stand beside another, so far off. Their mean distance to the nearest is then
# 0.85 of what it is on average for as many strewn at random; 0.86 on the shipped theatre.
CLUSTERED, BESIDE_M = 0.5, 8e3
LEAST_COVERED, MOST_OF_ONE = 0.6, 0.93


@dataclass(frozen=True)
class Window:
    """
    A window: ground whose holder is known, and what is said of it.

    `held` is the ground of each of `SIDES` in metres of `plane`; `xy` are points of a lattice in
    the study area and `truth` their holders. Dots are recorded at `seen` and said to be held by
    `said`; `areas` are pieces of ground and their holders. Holders are indices of `SIDES`.
    `left_out` is the share of the ground that is a side's that no dot stands on.
    """

    seed: int
    plane: LocalPlane
    area: shapely.Geometry
    held: tuple[shapely.Geometry, ...]
    xy: np.ndarray
    truth: np.ndarray
    seen: np.ndarray
    said: np.ndarray
    areas: tuple[tuple[shapely.Geometry, int], ...] = ()
    left_out: float = 0.0

    @property
    def named(self):
        """The sides that a dot or an area names, ascending."""
        return sorted({*self.said.tolist(), *(side for _, side in self.areas)})

    @property
    def km2(self):
        """What each side really holds."""
        return np.array([shapely.area(ground) / 1e6 for ground in self.held])


@cache
def polygons():
    """The ground of each side, longitude and latitude; none where the material is not there."""
    if not SOURCE.is_file():
        return ()
    features = json.loads(SOURCE.read_text(encoding="utf-8"))["features"]
    held, taken = [], shapely.Polygon()
    for side in SIDES:
        mine = [shape(f["geometry"]) for f in features if f["properties"]["holder"] == side]
        # Neighbours overlap by 372 km2: the first has it.
        ground = shapely.difference(shapely.union_all(mine), taken)
        held.append(ground)
        taken = shapely.union(taken, ground)
    return tuple(held)


def window(seed: int, *, wrong: float = 0.0, areas: int = 0) -> Window:
    """
    The window of a seed, where so large a share of the dots names a side at random.

    The same seed is the same ground and the same dots, whatever else is asked for.
    """
    rng = np.random.default_rng([seed, 11])
    west, south, east, north = shapely.bounds(np.array(polygons(), dtype=object)).T
    while True:
        centre = (
            rng.uniform(west.min() + 0.5, east.max() - 0.5),
            rng.uniform(south.min() + 0.5, north.max() - 0.5),
        )
        plane = LocalPlane(*centre)
        half = ACROSS_M / 2
        square = shapely.box(-half, -half, half, half)
        held = tuple(_clean(shapely.intersection(plane.forward(g), square)) for g in polygons())
        km2 = np.array([shapely.area(ground) / 1e6 for ground in held])
        covered = km2.sum() > LEAST_COVERED * (ACROSS_M / 1e3) ** 2
        if covered and km2.max() < MOST_OF_ONE * km2.sum():
            break
    true = _strewn(held, rng)
    side = holders(held, true)
    present = np.unique(side)
    whole = km2.sum()
    held = tuple(g if k in present else shapely.Polygon() for k, g in enumerate(held))
    line = np.arange(-half + STEP_M / 2, half, STEP_M)
    xy = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    truth = holders(held, xy)
    # Straight edges in degrees bend in the plane, so that corners are set along them.
    ground = shapely.segmentize(shapely.union_all(held, grid_size=1.0), 5e3)
    area = shapely.make_valid(shapely.set_precision(plane.inverse(ground), 1e-6))
    seen = true + rng.normal(size=true.shape) * ERROR_M / np.sqrt(2)
    said = np.where(rng.random(DOTS) < wrong, rng.choice(present, DOTS), side)
    pieces = _pieces(held, np.random.default_rng([seed, 12]), areas)
    inside = truth >= 0
    left_out = 1 - float(sum(map(shapely.area, held))) / whole / 1e6
    return Window(seed, plane, area, held, xy[inside], truth[inside], seen, said, pieces, left_out)


def _clean(ground: shapely.Geometry) -> shapely.Geometry:
    """Ground whose corners are no nearer than what makes a map slow, without slivers."""
    smooth = shapely.simplify(ground, 100.0)
    parts = shapely.get_parts(shapely.buffer(smooth, 0))
    return shapely.union_all(parts[shapely.area(parts) > 1e6])


def holders(held, xy) -> np.ndarray:
    """Who holds points, by index; -1 where the polygons do not say."""
    found = np.full(len(xy), -1)
    for k, ground in enumerate(held):
        shapely.prepare(ground)
        found[(found < 0) & shapely.contains_xy(ground, *xy.T)] = k
    return found


def _strewn(held, rng) -> np.ndarray:
    """Positions of dots: some anywhere, most beside one of them."""
    half = ACROSS_M / 2
    found, parents = [], []
    while len(found) < DOTS:
        if parents and rng.random() < CLUSTERED:
            spot = parents[rng.integers(len(parents))] + rng.normal(size=2) * BESIDE_M
        else:
            spot = rng.uniform(-half, half, 2)
        if holders(held, spot[None])[0] < 0:
            continue
        found.append(spot)
        if rng.random() < 0.3:
            parents.append(spot)
    return np.array(found)


def _pieces(held, rng, count) -> tuple[tuple[shapely.Geometry, int], ...]:
    """Pieces of somebody's ground, as coarse as one draws them from words."""
    half = ACROSS_M / 2
    found: list[tuple[shapely.Geometry, int]] = []
    while len(found) < count:
        spot = rng.uniform(-half, half, (1, 2))
        side = int(holders(held, spot)[0])
        if side < 0:
            continue
        round_ = shapely.buffer(shapely.points(spot[0]), rng.uniform(8e3, 25e3))
        parts = shapely.get_parts(shapely.intersection(held[side], round_))
        mine = parts[shapely.contains_xy(parts, *spot[0])]
        if len(mine):
            found.append((shapely.simplify(mine[0], ERROR_M), side))
    return tuple(found)


# ---------------------------------------------------------------- through the chain


@dataclass(frozen=True)
class Mapped:
    """
    What the tool makes of a window.

    `chance` is the probability of each of `SIDES` at the points of the window; `drawn` whom the map
    gives them to, -1 where to nobody, and `sure` whether as likely or assessed ground. `figures`
    are the middle, low and high of the ground of each side, km2.
    """

    chance: np.ndarray
    drawn: np.ndarray
    sure: np.ndarray
    figures: np.ndarray


def estimator(window: Window, parameters: Parameters | None = None) -> Estimator:
    """The dots of a window as places and statements, and its areas as theirs."""
    spots = shapely.get_coordinates(window.plane.inverse(shapely.MultiPoint(window.seen)))
    shapes = [shapely.Point(spot) for spot in spots.round(6)]
    shapes += [window.plane.inverse(shapely.segmentize(piece, 5e3)) for piece, _ in window.areas]
    said = [*window.said.tolist(), *(side for _, side in window.areas)]
    places, rows = {}, []
    for i, (ground, side) in enumerate(zip(shapes, said, strict=True)):
        values = {"id": f"p{i}", "name": f"p{i}", "geo_radius_m": int(ERROR_M)}
        places[f"p{i}"] = Feature(f"p{i}", values, ground)
        row = dict.fromkeys(column.name for column in STATEMENTS.columns)
        row |= {"id": f"s{i}", "place_id": f"p{i}", "date": str(DAY), "status": "controlled"}
        row |= {"controller": SIDES[side], "basis": "reported", "confidence": "high"}
        rows.append(Row(f"s{i}", row | {"extent": "all", "source_ids": "wire"}))
    sources = {"wire": Row("wire", {"id": "wire", "publisher": "wire", "leaning": None})}
    return Estimator(window.area, places, rows, sources, {}, parameters=parameters)


def mapped(window: Window, parameters: Parameters | None = None) -> Mapped:
    """A window through the estimate, the layer of its date and the bands of its figures."""
    made = estimator(window, parameters)
    composite = Composite.build(window.area, {DAY: patches_of(made.draft(DAY).features)})
    lonlat = shapely.get_coordinates(window.plane.inverse(shapely.MultiPoint(window.xy)))
    chance = np.zeros((len(lonlat), len(SIDES)))
    own = made.probabilities(DAY, lonlat)
    for k, side in enumerate(SIDES):
        chance[:, k] = own.get(side, 0.0)
    side, sure = [-1], [False]
    for label in composite.labels:
        held = label.is_held
        side.append(SIDES.index(label.controller) if held else -1)
        presumed = label.basis == Basis.INFERRED and label.confidence == Confidence.LOW
        sure.append(held and not presumed)
    at = composite.labels_at(DAY, *lonlat.T) + 1
    supported = {DAY: frozenset(label.patch for label in composite.labels)}
    judgements = Judgements(seed=window.seed)
    areas = Ensemble(
        composite,
        supported=supported,
        field=made.field,
        judgements=judgements,
        sides=made.sides,
    ).areas()
    figures = np.zeros((len(SIDES), 3))
    for name, *ends in areas[["controller", "area_km2", "low_km2", "high_km2"]].to_numpy():
        if name:
            figures[SIDES.index(name)] = ends
    return Mapped(chance, np.array(side)[at], np.array(sure)[at], figures)
