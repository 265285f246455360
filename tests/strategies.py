"""Random theatres: pictures in letters, and layers whose borders cross each other."""

from __future__ import annotations

import datetime as dt

import numpy as np
import shapely
from hypothesis import strategies as st

from geo.crs import snap
from geo.model import Label, Patch

FIRST_DAY = dt.date(2001, 1, 1)


@st.composite
def pictures(draw, letters="ab?", most_dates=4, most=5):
    """The rows of a few dates, all of the same size."""
    width = draw(st.integers(1, most))
    height = draw(st.integers(1, most))
    dates = draw(st.integers(1, most_dates))
    row = st.text(letters, min_size=width, max_size=width)
    return [draw(st.lists(row, min_size=height, max_size=height)) for _ in range(dates)]


@st.composite
def redrawn(draw, most_dates=4):
    """A study area and dated layers, each drawn anew, so that borders of the dates cross."""
    seed = draw(st.integers(0, 2**32 - 1))
    dates = draw(st.integers(1, most_dates))
    return theatre(np.random.default_rng(seed), dates, draw(st.integers(2, 12)))


def theatre(rng, dates, cells, holders="abc"):
    """The same for a given generator; some dates keep the borders and change hands only."""
    area = outline(rng)
    snapshots, shapes = {}, partition(rng, area, cells)
    for i in range(dates):
        if i and rng.random() < 0.7:
            shapes = partition(rng, area, cells)
        held = rng.choice(list(holders), len(shapes))
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = [
            Patch(
                Label(str(one), "", "controlled", "reported", "high", f"patch-{number}"),
                shape,
            )
            for number, (one, shape) in enumerate(zip(held, shapes, strict=True))
        ]
    return area, snapshots


def outline(rng):
    """A study area: a square degree, at times with a hole, at times an island beside it."""
    area = shapely.box(37, 33, 38, 34)
    if rng.random() < 0.4:
        area = area.difference(shapely.box(37.4, 33.4, 37.5, 33.6))
    if rng.random() < 0.4:
        area = area.union(shapely.box(38.2, 33.1, 38.5, 33.3))
    return snap(area)


def partition(rng, area, cells):
    """Cells that tile the area, edge-matched on the grid: Voronoi cells of random points."""
    west, south, east, north = area.bounds
    points = shapely.points(rng.uniform(west, east, cells), rng.uniform(south, north, cells))
    lines = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=area, only_edges=True)
    noded = shapely.union_all([lines, area.boundary], grid_size=1e-6)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    inside = shapely.contains(area, shapely.point_on_surface(faces))
    return [snap(face) for face in faces[inside]]
