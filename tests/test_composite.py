"""Every answer of the composite against the plain overlay of whole polygons."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from strategies import pictures, redrawn

from geo.composite import Composite
from geo.crs import area_km2
from geo.errors import CoverageError, DateError
from geo.model import Label, Patch
from geo.testing import FIRST_DAY, area, grid, theatre

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


@given(redrawn())
@settings(max_examples=60)
def test_control_is_the_union_of_the_patches_of_a_holder(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    for day, patches in snapshots.items():
        control = composite.control(day, by="holder").set_index("holder")
        for holder in {p.label.holder for p in patches}:
            assert_same_ground(control.geometry[holder], ground(patches, holder))
        assert set(control.index) == {p.label.holder for p in patches}


@given(redrawn())
@settings(max_examples=40)
def test_change_is_the_overlay_of_two_dates(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    before, after = min(snapshots), max(snapshots)
    change = composite.change(before, after)
    for one in "abc":
        for two in set("abc") - {one}:
            rows = change[(change["from_controller"] == one) & (change["to_controller"] == two)]
            truth = polygonal(ground(snapshots[before], one) & ground(snapshots[after], two))
            assert_same_ground(shapely.union_all(rows.geometry.array), truth)
            slack = GRID_M / 1e3 * 112 * shapely.length(truth) + 1e-9
            assert rows["area_km2"].sum() == pytest.approx(area_km2(truth)[0], abs=slack)


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
@settings(max_examples=40)
def test_faces_tile_the_study_area(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    assert composite.face_area_km2.sum() == pytest.approx(area_km2(whole)[0], rel=1e-6)
    arcs = composite.arcs
    lines = [shapely.LineString(arcs.coords[i:j]) for i, j in zip(arcs.offsets, arcs.offsets[1:])]
    faces = shapely.get_parts(shapely.polygonize(lines))
    inside = faces[shapely.contains(whole.buffer(1e-5), faces)]
    assert len(inside) >= len(composite.face_area_km2)
    assert (composite.history >= 0).all()


@given(redrawn())
@settings(max_examples=40)
def test_rows_and_columns_of_transfers_are_the_areas_to_the_last_bit(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    before, after = min(snapshots), max(snapshots)
    areas = composite.areas().set_index("date")
    transfers = composite.transfers(before, after)
    for day, axis in ((before, 1), (after, 0)):
        truth = areas.loc[[day]].groupby("controller")["area_km2"].sum()
        assert transfers.sum(axis=axis).to_dict() == truth.to_dict()


@given(redrawn())
@settings(max_examples=30)
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


def test_change_of_a_date_with_itself_is_empty():
    assert theatre(["ab", "ba"]).change(DAY[0], DAY[0]).empty


@given(redrawn())
@settings(max_examples=20)
def test_change_backwards_is_change_forwards_with_the_hands_exchanged(drawn):
    composite = Composite.build(*drawn)
    days = composite.dates[0], composite.dates[-1]
    there, back = composite.change(*days), composite.change(*reversed(days))
    key = lambda f, a, b: sorted(zip(f[a], f[b], f["area_km2"], f.geometry.to_wkb()))  # noqa: E731
    assert key(there, "from_controller", "to_controller") == key(
        back, "to_controller", "from_controller"
    )


def test_an_overlap_is_refused_and_named():
    one, two = grid("ab")
    wide = Patch(two.label, shapely.box(37.05, 33, 37.2, 33.1))
    with pytest.raises(CoverageError, match="patch-a and patch-b overlap") as caught:
        Composite.build(area("ab"), {FIRST_DAY: [one, wide]})
    (issue,) = caught.value.issues
    assert (issue.code, issue.ids) == ("layer.overlap", ("patch-a", "patch-b"))
    assert shapely.box(37.05, 33, 37.1, 33.1).contains(shapely.Point(issue.where))


def test_a_gap_is_refused_and_shown():
    with pytest.raises(CoverageError, match="no patch covers this ground") as caught:
        Composite.build(area("abc"), {FIRST_DAY: grid("a.c")})
    assert [issue.code for issue in caught.value.issues] == ["layer.gap"]


def test_a_patch_beyond_the_study_area_is_refused():
    with pytest.raises(CoverageError) as caught:
        Composite.build(area("ab"), {FIRST_DAY: grid("abb")})
    assert [(i.code, i.ids) for i in caught.value.issues] == [("layer.outside", ("patch-b",))]


def test_the_same_patch_twice_is_an_overlap():
    with pytest.raises(CoverageError):
        Composite.build(area("ab"), {FIRST_DAY: grid("ab") + grid("ab")[:1]})


def test_slivers_are_given_away_and_sums_still_reconcile():
    one, two = grid("ab")
    apart = Patch(two.label, shapely.box(37.10001, 33, 37.2, 33.1))
    over = Patch(two.label, shapely.box(37.09999, 33, 37.2, 33.1))
    composite = Composite.build(area("ab"), {DAY[0]: [one, apart], DAY[1]: [one, over]})
    assert (composite.history >= 0).all()
    total = composite.areas().groupby("date")["area_km2"].sum()
    assert total.tolist() == [composite.face_area_km2.sum()] * 2


def test_a_label_keeps_all_axes():
    label = Label("a", "", "advance", "claimed", "low", "p1")
    composite = Composite.build(area("a"), {FIRST_DAY: [Patch(label, area("a"))]})
    (row,) = composite.control(FIRST_DAY).to_dict("records")
    assert [row[k] for k in ("controller", "status", "basis", "confidence", "patch")] == [
        "a", "advance", "claimed", "low", "p1",
    ]  # fmt: skip
