"""Ground and composites compared: what tests of control share."""

from __future__ import annotations

import datetime as dt

import numpy as np
import shapely

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY

DAY = [FIRST_DAY + dt.timedelta(days=i) for i in range(9)]
GRID_M = 0.12
"""Longest half diagonal that rounding to the 1e-6 degree grid moves a border by, with room."""


def ground(patches, holder):
    return shapely.union_all([p.geometry for p in patches if p.label.holder == holder])


def polygonal(geometry):
    """Without the lines and points in which polygons merely touch."""
    parts = shapely.get_parts(geometry)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def assert_same_ground(ours, truth):
    """No further apart than the grid lets any two drawings of the same ground be."""
    apart = shapely.symmetric_difference(ours, truth)
    reach = shapely.length(ours) + shapely.length(truth)
    assert shapely.area(apart) <= 1e-6 * reach + 1e-12
    assert ours.is_valid


def same_answers(one, two):
    """Whether two composites say the same, face by face and arc by arc."""
    assert one.dates == two.dates
    assert one.labels == two.labels
    assert np.array_equal(one.history, two.history)
    assert np.array_equal(one.face_area_km2, two.face_area_km2)
    for name in ("coords", "offsets", "left", "right", "start", "end"):
        assert np.array_equal(getattr(one.arcs, name), getattr(two.arcs, name)), name


def grown(whole, snapshots, slivers=()):
    days = sorted(snapshots)
    composite = Composite.build(whole, {days[0]: snapshots[days[0]]})
    for day in days[1:]:
        composite = composite.extend(day, snapshots[day])
        # A sound layer is labelled from its borders, not repaired like one with slivers.
        assert composite.epochs[-1].last is not None or day in slivers
    return composite
