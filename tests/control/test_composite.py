"""Every answer of the composite against the plain overlay of whole polygons."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pytest
import shapely
from composites import DAY, assert_same_ground, ground
from hypothesis import example, given, settings
from strategies import pictures, redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.crs import area_km2
from geo.errors import DateError
from geo.model import Label, Patch


@given(redrawn())
@settings(max_examples=examples(60))
def test_control_is_the_union_of_the_patches_of_a_holder(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    for day, patches in snapshots.items():
        control = composite.control(day, by="holder").set_index("holder")
        for holder in {p.label.holder for p in patches}:
            assert_same_ground(control.geometry[holder], ground(patches, holder))
        assert set(control.index) == {p.label.holder for p in patches}


@given(pictures())
@example([["aaa", "aba", "aaa"], ["aaa", "aaa", "aaa"]])
@example([["ab", "ba"], ["ba", "ab"]])
def test_areas_on_the_grid_are_the_geodesic_areas_of_the_pictures(drawn):
    composite = theatre(*drawn)
    areas = composite.areas().set_index(["date", "controller"])["area_km2"]
    for day, rows in zip(DAY, drawn, strict=False):
        for patch in grid(*rows):
            truth = area_km2(patch.geometry)[0]
            assert areas[day, patch.label.controller] == pytest.approx(truth, rel=1e-7)


@given(redrawn())
@settings(max_examples=examples(40))
def test_faces_tile_the_study_area(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    assert composite.face_area_km2.sum() == pytest.approx(area_km2(whole)[0], rel=1e-6)
    arcs = composite.arcs
    lines = [shapely.LineString(arcs.coords[i:j]) for i, j in itertools.pairwise(arcs.offsets)]
    faces = shapely.get_parts(shapely.polygonize(lines))
    inside = faces[shapely.contains(whole.buffer(1e-5), faces)]
    assert len(inside) >= len(composite.face_area_km2)
    assert (composite.history >= 0).all()


@given(redrawn())
@settings(max_examples=examples(30))
def test_labels_at_positions_are_those_of_the_patches_there(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(36.9, 38.6, 50), rng.uniform(32.9, 34.1, 50)
    for day, patches in snapshots.items():
        found = composite.labels_at(day, lon, lat)
        for point, label in zip(shapely.points(lon, lat), found, strict=True):
            near = [p for p in patches if p.geometry.distance(point) < 2e-6]
            if label < 0:
                assert whole.distance(point) > 0 or whole.boundary.distance(point) < 2e-6
            else:
                assert composite.labels[label] in {p.label for p in near}


def test_a_layer_holds_until_the_next_and_nothing_is_known_before_the_first():
    composite = theatre(["ab"], ["aa"])
    assert composite.index(DAY[0]) == 0
    assert composite.index(DAY[8]) == 1
    with pytest.raises(DateError, match="the first layer is of 2001-01-01"):
        composite.index(FIRST_DAY - dt.timedelta(days=1))


def test_history_of_a_position_is_half_open():
    composite = theatre(["ab"], ["aa"], ["aa"], ["ab"])
    history = composite.history_at(37.15, 33.05)
    assert [(a, b, label.controller) for a, b, label in history] == [
        (DAY[0], DAY[1], "b"),
        (DAY[1], DAY[3], "a"),
        (DAY[3], None, "b"),
    ]
    assert composite.history_at(40, 40) == []


def test_intervals_tell_each_spell_of_the_same_ground():
    composite = theatre(["abc"], ["abc"], ["aac"], ["abc"])
    intervals = composite.intervals()
    spells = intervals[["patch", "valid_from", "valid_to"]].to_numpy().tolist()
    assert spells == [
        ["patch-a", DAY[0], DAY[2]],
        ["patch-a", DAY[2], DAY[3]],
        ["patch-a", DAY[3], None],
        ["patch-b", DAY[0], DAY[2]],
        ["patch-b", DAY[3], None],
        ["patch-c", DAY[0], None],
    ]


@given(redrawn())
@settings(max_examples=20)
def test_records_say_what_the_frames_say(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots, {"a": "north"})
    for day, patches in snapshots.items():
        records = composite.patches(day)
        assert {one.label for one in records} == {one.label for one in patches}
        frame = composite.control(day)
        assert [one.side for one in records] == frame["side"].tolist()
        assert [one.geometry for one in records] == frame.geometry.tolist()
        again = Composite.build(whole, {day: records}, composite.sides).patches(day)
        for one, other in zip(records, again, strict=True):
            assert one.label == other.label
            assert_same_ground(one.geometry, other.geometry)
        outlines = composite.outlines(day, "side")
        frame = composite.control(day, by="side")
        assert [(o.side, o.area_km2) for o in outlines] == list(
            frame[["side", "area_km2"]].itertuples(index=False, name=None)
        )
        whole_km2 = sum(one.area_km2 for one in records)
        assert sum(one.area_km2 for one in outlines) == pytest.approx(whole_km2)


def test_a_label_keeps_all_axes():
    label = Label("a", "", "advance", "claimed", "low", "p1")
    composite = Composite.build(area("a"), {FIRST_DAY: [Patch(label, area("a"))]})
    (row,) = composite.control(FIRST_DAY).to_dict("records")
    assert [row[k] for k in ("controller", "status", "basis", "confidence", "patch")] == [
        "a", "advance", "claimed", "low", "p1",
    ]  # fmt: skip
