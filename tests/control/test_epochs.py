"""Layers drawn anew: where epochs end, and that answers do not depend on it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely
from composites import ground, grown, polygonal, same_answers
from hypothesis import given, settings
from strategies import redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area
from geo.crs import area_km2
from geo.model import Label, Patch


def test_ground_drawn_anew_in_the_same_box_is_not_compared_with_all_there_was(monkeypatch):
    calls, told = [], shapely.equals_identical

    def counted(one, two):
        calls.append(1)
        return told(one, two)

    monkeypatch.setattr(shapely, "equals_identical", counted)
    square, days, snapshots = area(["aaa"]), 30, {}
    west, south, east, north = square.bounds
    for n in range(days):
        cut = west + (east - west) * (n + 1) / (days + 2)
        # A hole that moves: the box and the number of corners stay.
        hole = shapely.box(cut, south + 0.02, cut + 0.005, north - 0.02)
        hole = shapely.set_precision(hole, 1e-6)
        for day in (2 * n, 2 * n + 1):  # as two files give it: equal, not the same
            snapshots[FIRST_DAY + dt.timedelta(day)] = [
                Patch(Label("a", "", "controlled", patch="a"), square.difference(hole)),
                Patch(Label("b", "", "controlled", patch="b"), shapely.from_wkb(hole.wkb)),
            ]
    composite = Composite.build(square, snapshots)
    assert len(calls) <= 4 * days
    assert len({composite.labels_at(day, west + 0.051, south + 0.05)[0] for day in snapshots}) == 2


@pytest.mark.slow
@given(redrawn(most_dates=5))
@settings(max_examples=examples(40))
def test_epochs_give_the_answers_of_one_arrangement(drawn):
    whole = Composite.build(*drawn)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.control.epochs._CROSSINGS", -1)
        parts = Composite.build(*drawn)
        same_answers(grown(*drawn), parts)
    for day in whole.dates:
        one, two = (c.control(day, by="holder").set_index("holder") for c in (whole, parts))
        assert list(one.index) == list(two.index)
        assert one["area_km2"].tolist() == pytest.approx(two["area_km2"].tolist(), abs=0.05)
    before, after = whole.dates[0], whole.dates[-1]
    one, two = whole.transfers(before, after), parts.transfers(before, after)
    assert one.to_numpy() == pytest.approx(two.to_numpy(), abs=0.1)
    assert parts.change(before, before).empty
    for point in ([37.31, 33.27], [37.71, 33.83], [38.3, 33.2]):
        assert whole.history_at(*point) == parts.history_at(*point)
    spells = [c.intervals()[["patch", "valid_from", "valid_to"]] for c in (whole, parts)]
    assert spells[0].to_numpy().tolist() == spells[1].to_numpy().tolist()


def shaken_layers(dates, vertices, metres):
    """Two holders and a line between them that is drawn anew each day, about where it was."""
    rng = np.random.default_rng(0)
    y = np.linspace(33, 34, vertices)
    snapshots = {}
    for i in range(dates):
        x = 37.5 + 0.2 * np.sin(9 * y) + rng.normal(0, metres / 93_000, vertices)
        inner = y[1:-1] + rng.uniform(-0.4, 0.4, vertices - 2) / vertices
        line = np.stack([x, np.r_[33, inner, 34]], axis=1).round(6)
        snapshots[FIRST_DAY + dt.timedelta(days=i)] = [
            Patch(
                Label(name, "", "controlled", "reported", "high", name),
                shapely.Polygon([*line, (edge, 34), (edge, 33)]),
            )
            for name, edge in (("a", 37), ("b", 38))
        ]
    return shapely.box(37, 33, 38, 34), snapshots


def test_layers_redrawn_with_ten_metres_of_jitter_cost_no_more_than_their_number():
    faces = []
    for dates in (28, 56):
        composite = Composite.build(*shaken_layers(dates, 500, 10))
        assert composite.history.shape[1] == dates
        faces.append(len(composite.face_area_km2))
    assert faces[1] <= 2.2 * faces[0]
    first, last = composite.dates[0], composite.dates[-1]
    change = composite.change(first, last)
    overlay = ground(shaken_layers(1, 500, 10)[1][FIRST_DAY], "a")
    later = composite.control(last, by="holder").geometry[0]
    truth = polygonal(shapely.symmetric_difference(overlay, later))
    assert change["area_km2"].sum() == pytest.approx(area_km2(truth)[0], rel=1e-2)
