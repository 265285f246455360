"""What an advance would take."""

import pytest
from shapely import Point
from siege_cases import BASE, CORRIDOR, WEST

from geo.control.composite import Composite
from geo.control.siege.advance import advance_along
from geo.control.siege.pockets import pockets
from geo.control.testing import FIRST_DAY, grid, theatre


def test_what_would_be_taken_is_taken_and_marked():
    layers = theatre(CORRIDOR)
    patches = advance_along(layers, FIRST_DAY, "b", [(37.35, 33.4), (37.35, 33.1)], width_km=3)
    assert all(patch.label.patch.startswith("what-if-") for patch in patches)
    taken = next(patch for patch in patches if patch.label.patch == "what-if-b")
    assert (taken.label.basis, taken.label.confidence) == ("inferred", "low")
    assert taken.geometry.contains(Point(37.35, 33.25))
    after = Composite.build(layers.area, {FIRST_DAY: patches})
    assert after.areas()["area_km2"].sum() == pytest.approx(layers.areas()["area_km2"].sum())
    off = pockets(after, FIRST_DAY, "a", anchors=BASE, places=WEST)
    assert off["place_ids"].tolist() == ["west"]
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 0


def test_an_advance_leaves_friends_alone():
    layers = theatre(["abc"])
    line = [(37.05, 33.05), (37.25, 33.05)]
    both = advance_along(layers, FIRST_DAY, "a", line)
    spared = advance_along(layers, FIRST_DAY, "a", line, friends={"c"})
    ground = {patch.label.patch: patch.geometry.area for patch in (*both, *spared)}
    before = {patch.label.patch: patch.geometry.area for patch in grid("abc")}
    assert ground["what-if-patch-c"] == pytest.approx(before["patch-c"])
    assert {p.label.patch: p for p in both}["what-if-patch-c"].geometry.area < before["patch-c"]
