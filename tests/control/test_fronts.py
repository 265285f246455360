"""Front lines and their movement, against the shared borders of whole polygons."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from strategies import pictures, redrawn
from thoroughness import examples

from geo.control.composite import Composite
from geo.control.fronts import front_lines, measure_movement
from geo.control.testing import FIRST_DAY, area, theatre
from geo.crs import area_km2, length_km
from geo.errors import DateError
from geo.model import Label, Patch

DAY = [FIRST_DAY + dt.timedelta(days=i) for i in range(9)]


@given(pictures(most_dates=1, letters="abc?"))
@example([["aaa", "aba", "aaa"]])
@example([["ab", "ba"]])
@example([["ac", "ba"]])
@settings(max_examples=examples(150))
def test_left_lies_on_the_left(drawn):
    composite = theatre(*drawn)
    for line in front_lines(composite, FIRST_DAY, "a", "b").geometry:
        xy = shapely.get_coordinates(line)
        along = np.diff(xy, axis=0)
        middle = xy[:-1] + 0.5 * along
        for turn, holder in (([-1, 1], "a"), ([1, -1], "b")):
            beside = middle + 0.1 * along[:, ::-1] * turn
            labels = composite.labels_at(FIRST_DAY, *beside.T)
            assert {composite.labels[i].controller for i in labels} == {holder}


@given(pictures(most_dates=1, letters="abc?"))
@example([["ab", "ba"]])
@settings(max_examples=examples(100))
def test_swapping_the_sides_reverses_every_line_and_changes_nothing_else(drawn):
    composite = theatre(*drawn)
    one = front_lines(composite, FIRST_DAY, "a", "b")
    two = front_lines(composite, FIRST_DAY, "b", "a")
    there = sorted((line.wkt, k) for line, k in zip(one.geometry, one["certainty"], strict=True))
    back = sorted(
        (line.reverse().wkt, k) for line, k in zip(two.geometry, two["certainty"], strict=True)
    )
    closed = [line for line in one.geometry if line.is_closed]
    if closed:
        assert shapely.union_all(one.geometry.array).equals(shapely.union_all(two.geometry.array))
    else:
        assert there == back


@given(redrawn(most_dates=1))
@settings(max_examples=examples(60))
def test_fronts_are_where_the_polygons_of_two_sides_touch(drawn):
    whole, snapshots = drawn
    composite = Composite.build(whole, snapshots)
    control = composite.control(FIRST_DAY, by="side").set_index("side").geometry
    fronts = front_lines(composite, FIRST_DAY)
    for one in "abc":
        for two in "abc":
            if one >= two:
                continue
            rows = fronts[(fronts["left"] == one) & (fronts["right"] == two)]
            if one not in control.index or two not in control.index:
                assert rows.empty
                continue
            shared = shapely.intersection(control[one].boundary, control[two].boundary)
            lines = [g for g in shapely.get_parts(shared) if g.length]
            truth = sum(length_km(lines)) if lines else 0.0
            assert rows["length_km"].sum() == pytest.approx(truth, rel=1e-6)
            mine = shapely.union_all(rows.geometry.array)
            assert mine.length == pytest.approx(sum(line.length for line in lines), rel=1e-9)


def test_four_fronts_that_meet_at_a_node_end_there():
    fronts = front_lines(theatre(["ab", "ba"]), FIRST_DAY, "a", "b")
    assert len(fronts) == 4


def test_a_pocket_has_a_closed_front():
    (line,) = front_lines(theatre(["aaa", "aba", "aaa"]), FIRST_DAY, "a", "b").geometry
    assert line.is_closed
    assert not shapely.is_ccw(line)


def test_a_front_goes_on_past_a_corner_that_a_third_side_touches():
    assert len(front_lines(theatre(["ac", "ba"]), FIRST_DAY, "a", "b")) == 1


def test_the_edge_of_the_study_area_and_unknown_ground_are_no_fronts():
    assert front_lines(theatre(["a?b"]), FIRST_DAY).empty
    assert front_lines(theatre(["a.b"]), FIRST_DAY).empty


def test_fronts_are_between_sides_and_not_between_allies():
    composite = theatre(["abc"], sides={"a": "one", "b": "one", "c": "two"})
    fronts = front_lines(composite, FIRST_DAY)
    assert fronts[["left", "right"]].to_numpy().tolist() == [["one", "two"]]
    assert front_lines(composite, FIRST_DAY, "two")["left"].tolist() == ["two"]
    assert front_lines(composite, FIRST_DAY, "three", "two").empty


def test_certainty_is_that_of_the_weaker_hand():
    cells = [shapely.box(37 + i / 10, 33, 37.1 + i / 10, 33.1) for i in range(3)]
    patches = [
        Patch(Label(name, "", "controlled", "reported", word, f"p{name}"), cell)
        for name, word, cell in zip("abc", ("high", "moderate", "low"), cells, strict=True)
    ]
    composite = Composite.build(area("abc"), {FIRST_DAY: patches})
    fronts = front_lines(composite, FIRST_DAY).sort_values("left")
    assert fronts["certainty"].tolist() == ["moderate", "low"]


def test_wrong_pairs_are_refused():
    composite = theatre(["ab"])
    with pytest.raises(ValueError, match="both 'a'"):
        front_lines(composite, FIRST_DAY, "a", "a")
    with pytest.raises(ValueError, match="left is not given"):
        front_lines(composite, FIRST_DAY, None, "a")
    with pytest.raises(DateError):
        front_lines(composite, dt.date(1900, 1, 1))


def test_movement_of_a_straight_front_is_what_a_ruler_says():
    composite = theatre(["abbb"], ["aaab"])
    moved = measure_movement(
        composite, DAY[0], DAY[1], "a", "b", {"west": (37, 33), "east": (37.31, 33.05)}
    )
    # 0.2 degrees of longitude between 33 and 33.1 degrees north: 18.67 to 18.65 km.
    assert moved.largest_km == pytest.approx(18.68, abs=0.02)
    assert moved.mean_km == pytest.approx(18.67, abs=0.02)
    assert moved.km_per_day == moved.largest_km
    assert (moved.place_id, moved.days) == ("east", 1)
    assert moved.gained_km2 == pytest.approx(area_km2(shapely.box(37.1, 33, 37.3, 33.1))[0])
    assert moved.lost_km2 == 0
    assert moved.sweeps["kind"].tolist() == ["salient"]
    assert moved.sweeps["base_km"][0] == pytest.approx(11.09, abs=0.01)


def test_movement_seen_from_the_other_side_has_the_other_sign():
    composite = theatre(["abb", "abb"], ["aab", "abb"])
    one = measure_movement(composite, DAY[0], DAY[1], "a", "b", {})
    two = measure_movement(composite, DAY[0], DAY[1], "b", "a", {})
    assert (one.gained_km2, one.lost_km2) == (two.lost_km2, two.gained_km2)
    assert one.largest_km == -two.largest_km > 0
    assert two.sweeps["kind"].tolist() == ["re-entrant"]


def test_nothing_moves_on_a_day_without_a_layer():
    composite = theatre(["ab"])
    moved = measure_movement(composite, DAY[0], DAY[3], "a", "b", {"p": (37, 33)})
    assert (moved.largest_km, moved.mean_km, moved.place_id) == (0, 0, "")
    assert moved.points["displacement_km"].eq(0).all()
    assert moved.sweeps.empty


def test_movement_of_a_front_that_vanishes_tells_the_ground_alone():
    composite = theatre(["ab"], ["aa"])
    moved = measure_movement(composite, DAY[0], DAY[1], "a", "b", {})
    assert moved.gained_km2 > 0
    assert (moved.length_after_km, moved.largest_km, moved.largest_at) == (0, 0, None)
    with pytest.raises(ValueError, match="exchange"):
        measure_movement(composite, DAY[1], DAY[0], "a", "b", {})


@given(redrawn(most_dates=3))
@settings(max_examples=examples(30))
def test_swept_ground_is_the_change_between_the_two_sides(drawn):
    composite = Composite.build(*drawn)
    before, after = composite.dates[0], composite.dates[-1]
    change = composite.change(before, after)
    moved = measure_movement(composite, before, after, "a", "b", {})
    for side, other, swept in (("a", "b", moved.gained_km2), ("b", "a", moved.lost_km2)):
        rows = change[(change["from_controller"] == other) & (change["to_controller"] == side)]
        assert swept == rows["area_km2"].sum()
