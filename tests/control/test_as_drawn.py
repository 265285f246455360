"""One layer alone against the composite of all."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from composites import DAY, assert_same_ground
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import pictures, redrawn
from thoroughness import examples

from geo.control.as_drawn import areas_as_drawn, ground_of
from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.crs import area_km2
from geo.model import Patch


@given(redrawn(), st.sampled_from(["holder", "side"]))
@settings(max_examples=examples(60))
def test_one_layer_alone_gives_the_ground_that_the_composite_of_all_gives(drawn, by):
    whole, snapshots = drawn
    sides = {"a": "north", "c": "north"}
    composite = Composite.build(whole, snapshots, sides)
    for day, patches in snapshots.items():
        columns, shapes = ground_of(whole, patches, sides, by=by)
        truth = composite.control(day, by=by)
        assert columns[by] == truth[by].tolist()
        assert columns["side"] == truth["side"].tolist()
        assert columns["area_km2"] == pytest.approx(truth["area_km2"].tolist(), abs=0.05)
        for ours, theirs in zip(shapes, truth.geometry, strict=True):
            assert_same_ground(ours, theirs)
            # Nothing but the corners of the layer itself.
            corners = [shapely.get_coordinates(patch.geometry) for patch in patches]
            drawn_at = {tuple(xy) for xy in np.concatenate(corners).tolist()}
            assert {tuple(xy) for xy in shapely.get_coordinates(ours).tolist()} <= drawn_at


def test_one_layer_with_a_sliver_gives_it_to_whom_the_composite_does():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.09998, 33, 37.2, 33.1))
    columns, shapes = ground_of(area("ab"), [one, wide], {}, by="holder")
    truth = Composite.build(area("ab"), {FIRST_DAY: [one, wide]}).control(FIRST_DAY, "holder")
    assert columns["holder"] == ["a", "b"]
    assert columns["area_km2"] == pytest.approx(truth["area_km2"].tolist(), rel=1e-9)
    assert sum(columns["area_km2"]) == pytest.approx(area_km2(area("ab"))[0], rel=1e-9)
    assert shapely.intersection(*shapes).area == 0


def test_ground_is_joined_by_holder_or_side_only():
    with pytest.raises(ValueError, match="patch, holder or side"):
        ground_of(area("ab"), grid("ab"), {}, by="actor")


@given(pictures())
def test_areas_as_drawn_are_those_of_the_composite_where_edges_are_straight(drawn):
    snapshots = {day: grid(*rows) for day, rows in zip(DAY, drawn, strict=False)}
    ours, truth = areas_as_drawn(snapshots), theatre(*drawn).areas()
    keys = ["date", "controller", "status"]
    assert ours[keys].to_numpy().tolist() == truth[keys].to_numpy().tolist()
    assert ours["area_km2"].tolist() == pytest.approx(truth["area_km2"].tolist(), rel=1e-12)
