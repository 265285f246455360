"""Two maps on the same faces, against shapely and pyproj asked apart from the tool."""

import datetime as dt
from collections import defaultdict

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import pictures, redrawn
from thoroughness import dear, examples

from geo.control import Contrast, DrawnMap, compare_sides, sum_agreement
from geo.control.testing import FIRST_DAY, area, grid
from geo.errors import CoverageError, DateError

GEOD = pyproj.Geod(ellps="WGS84")


def geodesic_km2(shape):
    """Area with edges straight in degrees: so finely divided that the geodesic is the same."""
    fine = shapely.segmentize(shape, 0.002)
    return sum(
        abs(GEOD.geometry_area_perimeter(part)[0]) / 1e6
        for part in shapely.get_parts(fine)
        if part.geom_type == "Polygon"
    )


def drawn(*pics, first=FIRST_DAY, step=1):
    """Pictures in letters as a map, so many days apart; ``.`` is what it does not reach."""
    days = [first + dt.timedelta(days=i * step) for i in range(len(pics))]
    whole = shapely.union_all([area(*rows) for rows in pics], grid_size=1e-6)
    return DrawnMap(whole, {day: grid(*rows) for day, rows in zip(days, pics, strict=True)})


def contrast(here, there, sides=None):
    return Contrast(here, there, sides or {})


def overlaid(here, there):
    """Square kilometres by pair of holders, by overlay of every two patches."""
    found = defaultdict(float)
    for one in here:
        for two in there:
            both = shapely.intersection(one.geometry, two.geometry)
            found[one.label.holder, two.label.holder] += geodesic_km2(both)
    return {pair: value for pair, value in found.items() if value > 1e-6}


def as_pairs(columns):
    rows = zip(columns["here"], columns["there"], columns["area_km2"], strict=True)
    return {row[:2]: row[2] for row in rows}


@settings(max_examples=dear(60))
@given(redrawn(most_dates=2))
def test_ground_by_pair_is_what_an_overlay_finds(case):
    ground, snapshots = case
    layers = list(snapshots.values())
    here, there = layers[0], layers[-1]
    found = contrast(DrawnMap(ground, {FIRST_DAY: here}), DrawnMap(ground, {FIRST_DAY: there}))
    pairs = found.pairs(FIRST_DAY)
    expected, told = overlaid(here, there), as_pairs(pairs)
    for pair in expected.keys() | told.keys():
        # A border that crosses another is bent to the grid by less than a step.
        assert told.get(pair, 0) == pytest.approx(expected.get(pair, 0), rel=1e-4, abs=0.05), pair
    sides = compare_sides(pairs, "abc")
    for side, overlap in zip(sides["side"], sides["overlap"], strict=True):
        one, two = (
            shapely.union_all([p.geometry for p in layer if p.label.holder == side])
            for layer in (here, there)
        )
        union = geodesic_km2(shapely.union(one, two))
        both = geodesic_km2(shapely.intersection(one, two))
        assert overlap == pytest.approx(both / union, abs=1e-3)


@given(pictures(letters="ab?", most_dates=1), st.data())
@settings(max_examples=examples(60))
def test_swapping_the_maps_mirrors_every_answer(pictured, data):
    (rows,) = pictured
    other = [data.draw(st.text("ab?", min_size=len(row), max_size=len(row))) for row in rows]
    one, two = drawn(rows), drawn(other)
    ways, back = contrast(one, two), contrast(two, one)
    pairs = as_pairs(ways.pairs(FIRST_DAY))
    assert pairs == {(b, a): v for (a, b), v in as_pairs(back.pairs(FIRST_DAY)).items()}
    front, mirror = (each.front(FIRST_DAY, "a", "b", {}) for each in (ways, back))
    assert (front["here_km"], front["there_km"]) == (mirror["there_km"], mirror["here_km"])
    for name in ("mean_km", "p95_km", "largest_km", "lon", "lat"):
        assert front[name] == (
            mirror[name] if mirror[name] is None else pytest.approx(mirror[name])
        )
    if front["signed_km"] is not None:
        assert front["signed_km"] == pytest.approx(-mirror["signed_km"], abs=1e-12)
    classes, turned = ways.classes(FIRST_DAY), back.classes(FIRST_DAY)
    assert sorted(zip(*classes.values(), strict=True)) == sorted(
        zip(*(turned[k] for k in ("there", "here", "same_km2", "other_km2")), strict=True)
    )


@given(pictures(letters="ab?", most_dates=3))
@settings(max_examples=examples(40))
def test_a_map_agrees_with_itself_wholly(pictured):
    one = drawn(*pictured)
    found = contrast(one, one)
    for day in found.days:
        pairs = found.pairs(day)
        sums = sum_agreement(pairs, ("a", "b"))
        assert sums["same_km2"] == sums["common_km2"] > 0
        assert sums["held_same_km2"] == sums["held_km2"]
        assert sums["here_only_km2"] == sums["there_only_km2"] == 0
        assert set(compare_sides(pairs, ("a", "b"))["overlap"]) <= {1.0}
        assert not any(found.classes(day)["other_km2"])
        for name in ("mean_km", "signed_km", "p95_km", "largest_km"):
            assert set(found.fronts(day, {}).get(name, ())) <= {0.0}
    shown = found.first_shown()
    assert set(shown["days"]) <= {0}


def test_sides_of_actors_are_what_agrees():
    one, two = drawn(["ax"]), drawn(["xa"])
    assert as_pairs(contrast(one, two).pairs(FIRST_DAY)).keys() == {("a", "x"), ("x", "a")}
    same = contrast(one, two, {"x": "a"})
    assert as_pairs(same.pairs(FIRST_DAY)).keys() == {("a", "a")}
    assert as_pairs(same.pairs(FIRST_DAY, by="holder")).keys() == {("a", "x"), ("x", "a")}


def test_the_distance_of_two_straight_fronts_is_known():
    # One map has the border a column farther east: for the side in the west.
    found = contrast(drawn(["aabb"] * 6), drawn(["aaab"] * 6))
    places = {"near": (37.2, 33.0), "far": (37.2, 34.0)}
    front = found.front(FIRST_DAY, "a", "b", places)
    # Both are meridians a tenth of a degree apart: nearer in the north.
    ends = [GEOD.inv(37.2, lat, 37.3, lat)[2] / 1e3 for lat in (33.6, 33.0)]
    assert ends[0] - 0.02 < front["mean_km"] < ends[1]
    assert front["signed_km"] == pytest.approx(front["mean_km"])
    assert front["largest_km"] == pytest.approx(ends[1], rel=1e-3)
    assert front["place_id"] == "near"
    mirror = found.front(FIRST_DAY, "b", "a", places)
    assert mirror["signed_km"] == pytest.approx(-front["signed_km"])


@settings(max_examples=dear(40))
@given(redrawn(most_dates=2))
def test_distances_are_those_of_a_projection(case):
    ground, snapshots = case
    layers = list(snapshots.values())
    found = contrast(
        DrawnMap(ground, {FIRST_DAY: layers[0]}), DrawnMap(ground, {FIRST_DAY: layers[-1]})
    )
    front = found.front(FIRST_DAY, "a", "b", {})
    flat = pyproj.Transformer.from_crs(
        4326, pyproj.CRS.from_proj4("+proj=aeqd +lat_0=33.5 +lon_0=37.6"), always_xy=True
    )
    lines = []
    for layer in (layers[0], layers[-1]):
        one, two = (
            shapely.union_all([p.geometry for p in layer if p.label.holder == side], grid_size=1e-6)
            for side in "ab"
        )
        border = shapely.intersection(shapely.boundary(one), shapely.boundary(two), grid_size=1e-6)
        parts = [p for p in shapely.get_parts(border) if shapely.length(p) > 0]
        fine = shapely.segmentize(shapely.MultiLineString(parts), 0.002)
        moved = shapely.transform(fine, lambda xy: np.column_stack(flat.transform(*xy.T)))
        lines.append(moved)
    if any(map(shapely.is_empty, lines)):
        assert front["mean_km"] is None
        return
    far = [
        shapely.distance(shapely.points(shapely.get_coordinates(a)), b).max() / 1e3
        for a, b in (lines, lines[::-1])
    ]
    assert front["largest_km"] == pytest.approx(max(far), rel=0.01, abs=0.05)
    assert 0 <= front["mean_km"] <= front["p95_km"] + 1e-9 or front["p95_km"] == 0
    assert abs(front["signed_km"]) <= front["mean_km"] + 1e-9


def test_ground_that_one_map_does_not_reach_is_compared_with_nothing():
    found = contrast(drawn(["ab."]), drawn([".bb"]))
    sums = sum_agreement(found.pairs(FIRST_DAY), ("a", "b"))
    one = geodesic_km2(area("a"))
    assert sums["common_km2"] == pytest.approx(one, rel=1e-3)
    assert sums["same_km2"] == sums["common_km2"]
    assert sums["here_only_km2"] == pytest.approx(one, rel=1e-3)
    assert sums["there_only_km2"] == pytest.approx(one, rel=1e-3)
    assert compare_sides(found.pairs(FIRST_DAY), ("a", "b"))["overlap"] == [1.0]
    assert found.holders_at(FIRST_DAY, [(37.05, 33.05), (37.15, 33.05), (37.25, 33.05)]) == [
        ("a", "outside"),
        ("b", "b"),
        ("outside", "b"),
    ]


def test_who_shows_a_change_first_and_by_how_many_days():
    # The east falls to a on the second day here and on the fourth there; the south only there.
    here = drawn(["ab", "bb"], ["aa", "bb"], ["aa", "bb"], ["aa", "bb"])
    there = drawn(["ab", "bb"], ["ab", "bb"], ["ab", "ab"], ["aa", "ab"])
    shown = contrast(here, there).first_shown()
    days = [FIRST_DAY + dt.timedelta(days=i) for i in range(4)]
    rows = list(zip(*(shown[k] for k in ("to", "here", "there", "days")), strict=True))
    assert sorted(rows, key=str) == sorted(
        [("a", days[1], days[3], 2), ("a", None, days[2], None)], key=str
    )
    cell = geodesic_km2(area("a"))
    assert shown["area_km2"] == pytest.approx([cell, cell], rel=2e-3)
    back = contrast(there, here).first_shown()
    rows = list(zip(*(back[k] for k in ("to", "there", "here", "days")), strict=True))
    assert sorted(rows, key=str) == sorted(
        [("a", days[1], days[3], -2), ("a", None, days[2], None)], key=str
    )


def test_ground_that_only_became_known_was_taken_from_nobody():
    found = contrast(drawn(["?b"], ["ab"]), drawn(["ab"], ["ab"]))
    assert found.first_shown()["to"] == []


def test_days_are_those_on_which_both_have_a_layer():
    here = drawn(["a"], ["b"], ["a"])
    later = FIRST_DAY + dt.timedelta(days=1)
    assert contrast(here, drawn(["a"], first=later)).days == (later,)
    far = FIRST_DAY + dt.timedelta(days=90)
    found = contrast(here, drawn(["a"], first=far))
    assert found.days == (far,)
    assert found.as_of(far) == (FIRST_DAY + dt.timedelta(days=2), far)
    with pytest.raises(DateError, match="nothing is known"):
        found.as_of(FIRST_DAY)


def test_patches_that_overlap_are_named_with_the_date_of_their_own_layer():
    one = drawn(["ab"])
    twice = DrawnMap(one.area, {FIRST_DAY: [*grid("ab"), *grid("b")]})
    with pytest.raises(CoverageError) as refused:
        contrast(one, twice)
    assert str(FIRST_DAY) in str(refused.value)
    assert "6001" not in str(refused.value)


@given(redrawn(most_dates=2))
@settings(max_examples=dear(30))
def test_both_maps_stand_on_the_ground_that_both_reach(case):
    ground, snapshots = case
    layers = list(snapshots.values())
    found = contrast(
        DrawnMap(ground, {FIRST_DAY: layers[0]}), DrawnMap(ground, {FIRST_DAY: layers[-1]})
    )
    composite, here, there = found.common(FIRST_DAY)
    told = found.pairs(FIRST_DAY)
    table = composite.transfers(here, there)
    for one, two, km2 in zip(told["here"], told["there"], told["area_km2"], strict=True):
        if km2 > 0.01:
            assert table.loc[one, two] == pytest.approx(km2, rel=1e-3, abs=0.05)
