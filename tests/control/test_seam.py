"""Ground over longitude 180 and round a pole: one ground, one front, one change."""

import pytest
import shapely
from pyproj import Geod

from geo.crs import LocalPlane, cut_at_180, span_of
from geo.theatre import open_layers
from tests.foreign import HEADER
from tests.round_the_world import FIJI, POLE, write_theatre

GEOD = Geod(ellps="WGS84")


def true_km2(west, south, east, north):
    """As pyproj has it, along parallels in steps of a hundredth of a degree."""
    steps = round((east - west) * 100)
    across = [west + k / 100 for k in range(steps + 1)]
    lon = [*across, *across[::-1]]
    lat = [south] * len(across) + [north] * len(across)
    return abs(GEOD.polygon_area_perimeter(lon, lat)[0]) / 1e6


@pytest.fixture
def theatre_of(tmp_path):
    return lambda *layers: write_theatre(tmp_path, *layers)


def test_two_sides_that_meet_on_the_line_have_a_front(cases, frontline, tmp_path):
    path = cases("f11") / "dl_1942-06-07.geojson"
    assert frontline("import", "control-geojson", path, "--into", tmp_path / "o")[0] == 0
    front = open_layers(tmp_path / "o").fronts("1942-06-07", "japan", "usa", bands=False)
    assert front["length_km"].tolist() == [
        pytest.approx(GEOD.line_length([180] * 2, [51, 54]) / 1e3)
    ]
    west, east = front.geometry.iloc[0].coords
    assert (west, east) == ((180, 51), (180, 54))
    back = open_layers(tmp_path / "o").fronts("1942-06-07", "usa", "japan", bands=False)
    assert list(back.geometry.iloc[0].coords) == [east, west]


def test_areas_over_the_line_are_as_pyproj_has_them(theatre_of):
    areas = open_layers(theatre_of(*FIJI)).areas(bands=False)
    right = [true_km2(176, -20, 180.5, -16), true_km2(180.5, -20, 183, -16)]
    assert areas["area_km2"].tolist()[:2] == pytest.approx(right, rel=1e-5)


def test_one_change_over_the_line_is_one_piece(theatre_of):
    change = open_layers(theatre_of(*FIJI)).change("2000-01-01", "2000-02-01", bands=False)
    assert len(change) == 1
    assert change["area_km2"].item() == pytest.approx(true_km2(179.5, -20, 180.5, -16), rel=1e-5)


def test_areas_round_the_pole_are_as_pyproj_has_them(theatre_of):
    theatre = open_layers(theatre_of(*POLE))
    areas = theatre.areas(bands=False)
    half = true_km2(0, 80, 180, 90)
    assert areas["area_km2"].tolist()[:2] == pytest.approx([half, half], rel=1e-5)
    lengths = theatre.fronts("2000-02-01", "north", "east", bands=False)["length_km"]
    ray = GEOD.line_length([20, 20], [80, 90]) / 1e3
    assert lengths.tolist() == pytest.approx([ray, ray])


@pytest.mark.parametrize("layers", [FIJI, POLE], ids=["line", "pole"])
def test_every_command_answers_there(layers, theatre_of, frontline, tmp_path):
    root = theatre_of(*layers)
    one, two = layers[0]
    day = "2000-02-01"
    _, said, _ = frontline("check", root)
    assert "error: layer." not in said
    for words in (
        ("areas",),
        ("change", "2000-01-01", day),
        ("fronts", day, one, two, "--since", "2000-01-01"),
        ("necks", day, one),
        ("pockets", day, "--side", two),
        ("isolation", day),
        ("control", day, "--by", "side"),
        ("still", day, "--change", "2000-01-01", "--output", tmp_path / "a.png"),
        ("export", tmp_path / "a.kml", "--to", "kml"),
    ):
        code, _, told = frontline(*words, "--layers", root)
        assert code == 0, (words, told)
    code, _, told = frontline("map", root, "--output", tmp_path / "a.html")
    assert code == 0, told


def test_a_list_of_towns_on_both_sides_of_the_line_is_one_theatre(frontline, tmp_path):
    path = tmp_path / "towns.csv"
    rows = "Suva,gov,2000-05-19,-18.1,178.4\nTaveuni,rebels,2000-05-19,-16.8,-179.9\n"
    path.write_text(HEADER + rows + "Lau,rebels,2000-05-19,-17.5,181.2\n")
    root = tmp_path / "new"
    assert frontline("import", "statements-csv", path, "--into", root)[0] == 0
    code, _, told = frontline("estimate", "2000-05-19", "--layers", root)
    assert code == 0, told
    area = open_layers(root).area
    west, _, east, _ = span_of(area)
    assert (west, east) == (pytest.approx(178.3), pytest.approx(181.3))
    plane = LocalPlane.around(area)
    assert shapely.get_num_geometries(plane.forward(area)) == 1
    _, said, _ = frontline("check", root)
    assert "0 errors" in said


@pytest.mark.parametrize("shape", [shapely.box(170, -5, 190, 5), shapely.box(-200, 0, -170, 5)])
def test_ground_is_cut_and_joined_again(shape):
    cut = cut_at_180(shape)
    assert shapely.get_num_geometries(cut) == 2
    assert shapely.area(cut) == pytest.approx(shapely.area(shape))
    plane = LocalPlane.around(cut)
    whole = plane.forward(shapely.segmentize(cut, 0.5))
    assert shapely.get_num_geometries(whole) == 1
    assert shapely.area(plane.inverse(whole)) == pytest.approx(shapely.area(shape), rel=1e-6)


def test_ground_that_does_not_lie_over_the_line_stays_itself():
    shape = shapely.box(-179, -5, 179, 5)
    dense = shapely.segmentize(shape, 10)
    assert cut_at_180(dense) is dense
