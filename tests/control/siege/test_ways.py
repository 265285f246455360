"""How ground hangs together on maps that are not drawn: as the exact cut says, and quicker."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from siege_cases import BASE, CORRIDOR, WEST

from geo.control.siege.isolation import isolation
from geo.control.siege.ways import Ways
from geo.control.testing import FIRST_DAY, theatre

FAR_M = 200e3


def ways_of(rows, anchors=BASE, places=WEST, **rules):
    return Ways(theatre(rows), FIRST_DAY, "a", anchors=anchors, places=places, coarse_m=10, **rules)


def test_of_the_drawn_map_the_cut_is_the_exact_one():
    ways = ways_of(CORRIDOR)
    target = ways.plane.forward(shapely.box(37.1, 33.1, 37.3, 33.4))
    way = ways.over(ways.drawn).behind(target, FAR_M)
    # A tenth of a degree of latitude at 33.25 N, on the ellipsoid.
    assert way.width_m == pytest.approx(11_090, rel=2e-3)
    # The corridor is as wide all along, and the cut anywhere in it: behind six squares or seven.
    assert 620e6 < way.area_m2 < 724e6
    assert way.apart_m == 0
    assert dict(zip(ways.places, way.behind, strict=True)) == {
        "west": True,
        "wall": False,
        "floor": False,
    }
    lon, lat = shapely.get_coordinates(ways.plane.inverse(Point(way.middle)))[0]
    assert 37.29 < lon < 37.41
    assert lat == pytest.approx(33.25, abs=0.01)


def test_ground_without_supply_is_cut_off_and_so_far_from_ground_with_some():
    ways = ways_of(["bbbbbbb", "baabaab", "baabaab", "baabaab", "bbbbbbb"])
    way = ways.over(ways.drawn).behind(ways.plane.forward(Point(37.15, 33.2).buffer(0.02)), FAR_M)
    assert way.width_m == 0
    # A tenth of a degree of longitude at 33.25 N.
    assert way.apart_m == pytest.approx(9_320, rel=5e-3)
    assert way.behind[list(ways.places).index("west")]


def test_where_nobody_supplies_anything_it_is_apart_from_nothing():
    ways = ways_of(["bbb", "bab", "bbb"], anchors={}, edge="closed")
    way = ways.over(ways.drawn).behind(ways.drawn, FAR_M)
    assert (way.width_m, way.apart_m) == (0, math.inf)


def test_where_the_side_holds_nothing_there_is_nothing_to_say():
    ways = ways_of(CORRIDOR)
    assert math.isnan(ways.over(shapely.Polygon()).behind(ways.drawn, FAR_M).width_m)
    assert math.isnan(ways.over(shapely.Polygon()).at(0, FAR_M).width_m)
    wall = list(ways.places).index("wall")
    assert math.isnan(ways.over(ways.drawn).at(wall, FAR_M).width_m)


def test_what_no_cut_within_reach_severs_has_no_width():
    ways = ways_of(CORRIDOR)
    way = ways.over(ways.drawn).at(list(ways.places).index("west"), 5e3)
    assert way.width_m == math.inf
    assert not way.behind.any()


def test_ground_that_touches_an_anchor_in_many_places_is_measured_all_the_same():
    road = {"road": shapely.LineString([(37.05, 33.15), (39.05, 33.15)])}
    ways = ways_of(["b" * 21, "a" * 21, "a" * 21], anchors=road, places={"p": (37.95, 33.02)})
    teeth = [shapely.box(37.05 + x, 33.04, 37.1 + x, 33.19) for x in np.arange(0, 1.9, 0.1)]
    comb = shapely.union_all([shapely.box(37.05, 33.01, 39.0, 33.05), *teeth])
    width = ways.over(ways.plane.forward(comb)).at(0, FAR_M).width_m
    assert 0 < width < math.inf


@st.composite
def pieces(draw):
    """Ground of a side in a frame of the enemy's, with a base in it and a place."""
    inner = draw(st.lists(st.text("aab", min_size=5, max_size=5), min_size=3, max_size=5))
    rows = ["b" * 7, *(f"b{row}b" for row in inner), "b" * 7]
    own = [
        (37.05 + 0.1 * i, 33.05 + 0.1 * (len(rows) - 1 - j))
        for j, row in enumerate(rows)
        for i, letter in enumerate(row)
        if letter == "a"
    ]
    if len(own) < 2:
        rows[1] = "baaaaab"
        own = [(37.15, 33.05 + 0.1 * (len(rows) - 2)), (37.55, 33.05 + 0.1 * (len(rows) - 2))]
    base, place = draw(st.permutations(own))[:2]
    return rows, base, place


@given(pieces())
@settings(deadline=None)
def test_a_cut_is_never_shorter_than_the_exact_one(case):
    rows, base, place = case
    given = {"anchors": {"base": Point(base)}, "places": {"p": place}}
    exact = isolation(theatre(rows), FIRST_DAY, "a", **given)["length_km"].item()
    ways = ways_of(rows, **given)
    found = ways.over(ways.drawn).at(0, FAR_M).width_m / 1e3
    if exact == 0:
        assert found == 0
    elif np.isfinite(found):
        # Ten metres of either end of a leg, and the plane against the ellipsoid.
        assert found >= exact * 0.999 - 0.1
