import pytest
import shapely
from shaped import SHAPES, coordinates_of

from geo import evidence
from geo.layers import read_folder


def test_the_nearest_place_of_ground_is_on_it_or_in_a_straight_line(little):
    folder, _ = little
    assert evidence.nearest_place(folder, shapely.box(37.1, 33.4, 37.3, 33.6)) == ("west_well", 0.0)
    strip = shapely.box(37.3041, 33.4, 37.31, 33.6)
    place, far_km = evidence.nearest_place(folder, strip)
    assert place == "west_well"
    # A tenth of a degree of longitude at 33.5 N, from published tables: 9.29 km.
    assert far_km == pytest.approx(9.29, abs=0.02)
    assert evidence.nearest_place(folder, strip, ["east_well"])[0] == "east_well"
    assert evidence.nearest_place(folder, strip, ["lost_well"]) is None


def test_a_line_or_an_area_answers_for_its_middle(shaped, frontline):
    for name, kind in [("front_line", "a line"), ("the_pocket", "an area")]:
        code, out, err = frontline("history", name, "--layers", shaped)
        assert code == 0
        assert f"{name} is {kind}; the answer is for its middle" in err
        code, out, err = frontline("why", name, "2017-08-01", "--layers", shaped)
        assert code == 0
        assert f"{name} is {kind}; the answer is for its middle" in err
        assert f"(the middle of {kind}, " in out
    assert "middle" not in frontline("history", "west_well", "--layers", shaped)[2]


def test_the_position_of_a_shape_lies_on_it(shaped):
    folder = read_folder(shaped)
    for name in SHAPES:
        lon, lat, place = evidence.locate_place(folder, name)
        assert shapely.distance(place.geometry, shapely.Point(lon, lat)) < 1e-12


def test_the_nearest_place_may_be_an_area_but_a_point_on_the_ground_comes_first(shaped):
    folder = read_folder(shaped)
    inside = shapely.Point(37.1, 33.15)
    assert evidence.nearest_place(folder, inside) == ("west_desert", 0.0)
    beside = shapely.Point(37.04, 33.5)
    place, far_km = evidence.nearest_place(folder, beside)
    assert place == "west_desert"
    assert far_km == pytest.approx(0.929, abs=0.002)  # a hundredth of a degree, as above
    assert evidence.nearest_place(folder, shapely.box(37.1, 33.4, 37.3, 33.6))[0] == "west_well"


def test_lines_keep_the_order_in_which_they_were_drawn(shaped, frontline):
    assert frontline("fmt", shaped)[0] == 0
    for name, (_, kind, coordinates) in SHAPES.items():
        if kind == "LineString":
            assert coordinates_of(shaped, name) == coordinates
    # Parts are sorted, the vertices of each are not: the first runs westward.
    assert coordinates_of(shaped, "old_road") == SHAPES["old_road"][2]
    assert frontline("fmt", "--check", shaped)[0] == 0
