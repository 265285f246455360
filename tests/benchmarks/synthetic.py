"""Seeded theatres of any size: cells with fractal borders that change hands, and a moving line."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import shapely

from geo.model import Label, Patch

FIRST_DAY = dt.date(2020, 1, 1)
WEST, SOUTH, SIZE = 36.0, 32.0, 3.0
HOLDERS = tuple("abcdef")


@dataclass(frozen=True)
class Theatre:
    """A study area and its dated layers; `cells` are the geometries of the patches, once."""

    area: shapely.Geometry
    snapshots: dict[dt.date, list[Patch]]
    cells: np.ndarray
    held: np.ndarray

    @property
    def days(self):
        return tuple(self.snapshots)


def cells(count, pieces, seed=1):
    """About `count` cells that tile a square; a border is a fractal line of `pieces` segments."""
    rng = np.random.default_rng(seed)
    side = round(count**0.5)
    step = SIZE / side
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    seeds = np.stack([x.ravel(), y.ravel()], axis=1) + rng.uniform(0.15, 0.85, (side * side, 2))
    seeds = seeds * step + [WEST, SOUTH]
    area = shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE)
    plain = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=area))
    plain = shapely.intersection(shapely.set_precision(plain, 1e-6), area, grid_size=1e-6)
    plain = shapely.get_parts(plain)
    flat = np.zeros(0, np.int64)
    while True:
        drawn = _fractal(plain, pieces, np.random.default_rng(seed + 1), flat)
        bad = np.flatnonzero(~shapely.is_valid(drawn))
        if not len(bad):
            return area, drawn
        flat = np.union1d(flat, bad)


def _fractal(plain, pieces, rng, flat):
    """Each straight border replaced by one fractal line, the same for both of its cells."""
    xy, cell = shapely.get_coordinates(plain, return_index=True)
    grid = np.rint(xy * 1e6).astype(np.int64)
    key = grid[:, 0] * (1 << 32) + grid[:, 1]
    inner = np.flatnonzero(cell[1:] == cell[:-1])
    a, b, owner = key[inner], key[inner + 1], cell[inner]
    low, high = np.minimum(a, b), np.maximum(a, b)
    pairs, back = np.unique(np.stack([low, high]), axis=1, return_inverse=True)
    back = back.ravel()
    line = np.zeros((pairs.shape[1], pieces + 1, 2))
    for end, column in ((0, 0), (pieces, 1)):
        line[:, end, 0] = pairs[column] >> 32
        line[:, end, 1] = pairs[column] & ((1 << 32) - 1)
    bend = np.where(np.bincount(back) == 2, 0.07, 0.0)
    bend[back[np.isin(owner, flat)]] = 0.0
    step = pieces
    while step > 1:
        half = step // 2
        start, end = line[:, 0:-1:step], line[:, step::step]
        along = end - start
        push = rng.normal(0, 1, along.shape[:2]).clip(-2, 2) * bend[:, None]
        across = np.stack([-along[..., 1], along[..., 0]], axis=-1)
        line[:, half::step] = (start + end) / 2 + across * push[..., None]
        step = half
    line = np.rint(line)
    forward = a == low
    points = np.where(forward[:, None, None], line[back, :-1], line[back, :0:-1])
    ring = np.repeat(owner, pieces)
    points = points.reshape(-1, 2) / 1e6
    keep = np.r_[True, (points[1:] != points[:-1]).any(axis=1) | (ring[1:] != ring[:-1])]
    return shapely.polygons(shapely.linearrings(points[keep], indices=ring[keep]))


def theatre(count, pieces, dates, flips, seed=1):
    """Cells held by the nearest of six; `flips` cells at a border change hands each date."""
    area, drawn = cells(count, pieces, seed)
    rng = np.random.default_rng(seed + 2)
    middle = shapely.get_coordinates(shapely.centroid(drawn))
    capitals = rng.uniform([WEST, SOUTH], [WEST + SIZE, SOUTH + SIZE], (len(HOLDERS), 2))
    held = np.argmin(((middle[:, None] - capitals) ** 2).sum(axis=2), axis=1)
    left, right = shapely.STRtree(drawn).query(drawn, predicate="touches")
    patches = _patches(drawn, held)
    snapshots, history = {}, []
    for i in range(dates):
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = list(patches)
        history.append(held.copy())
        front = np.flatnonzero(held[left] != held[right])
        for pair in rng.choice(front, flips):
            held[left[pair]] = held[right[pair]]
            patches[left[pair]] = _patch(drawn, left[pair], held[right[pair]])
    return Theatre(area, snapshots, drawn, np.array(history))


def _patch(drawn, cell, holder):
    label = Label(HOLDERS[holder], "", "controlled", "reported", "high", f"cell-{cell:05d}")
    return Patch(label, drawn[cell])


def _patches(drawn, held):
    return [_patch(drawn, cell, holder) for cell, holder in enumerate(held)]


def moving_line(dates, vertices, moved=9, seed=1):
    """Two holders and a line between them, of which a short stretch is drawn anew each date."""
    rng = np.random.default_rng(seed)
    area = shapely.box(WEST, SOUTH, WEST + SIZE, SOUTH + SIZE)
    y = np.linspace(SOUTH, SOUTH + SIZE, vertices)
    y[1:-1] += rng.uniform(-0.3, 0.3, vertices - 2) * SIZE / vertices
    x = (
        WEST
        + SIZE / 2
        + 0.3 * np.sin(6 * y)
        + 0.002 * rng.normal(size=vertices).cumsum().clip(-50, 50)
    )
    snapshots = {}
    for i in range(dates):
        line = np.stack([x, y], axis=1).round(6)
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = _halves(line)
        at = int(rng.integers(1, vertices - moved - 1))
        push = rng.normal(0, 0.01) * np.sin(np.linspace(0, np.pi, moved))
        x, y = x.copy(), y.copy()
        x[at : at + moved] += push + rng.normal(0, 1e-4, moved)
    return Theatre(area, snapshots, np.array([]), np.array([]))


def _halves(line):
    west = [[WEST, SOUTH + SIZE], [WEST, SOUTH]]
    east = [[WEST + SIZE, SOUTH], [WEST + SIZE, SOUTH + SIZE]]
    return [
        Patch(Label("a", "", "controlled", "reported", "high", "west"), _closed(west, line)),
        Patch(Label("b", "", "controlled", "reported", "high", "east"), _closed(east, line[::-1])),
    ]


def _closed(corners, line):
    return shapely.Polygon(np.concatenate([line, corners]))
