"""Ground without width, which a projection may turn into no polygon, cuts and crashes nothing."""

import math

import pytest
import shapely

from geo.control.siege.ground import _polygons
from geo.control.siege.piece import Piece


@pytest.mark.parametrize(
    "command",
    [
        ("map",),
        ("necks", "1938-09-01", "bland"),
        ("pockets", "1938-09-01"),
        ("isolation", "1938-09-01"),
    ],
)
def test_a_hairline_in_a_continent_crashes_nothing(command, cases, frontline, tmp_path):
    root = tmp_path / "o"
    path = cases("f08") / "x_1938-09-01.geojson"
    assert frontline("import", "control-geojson", path, "--into", root)[0] == 0
    if command == ("map",):
        words = ("map", root, "--output", tmp_path / "o.html")
    else:
        words = (*command, "--layers", root)
    code, _, told = frontline(*words)
    assert code == 0, told


def needle(angle, length, width):
    along, aside = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))
    middle = [0.6 * length * a + width * b for a, b in zip(along, aside, strict=True)]
    return [(0.0, 0.0), (length * along[0], length * along[1]), tuple(middle), (0.0, 0.0)]


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.9, 3.3])
@pytest.mark.parametrize("length", [1e3, 55e3, 1e6])
@pytest.mark.parametrize("width", [0.0, 0.01, 0.2])
def test_a_needle_is_neither_ground_nor_hole(angle, length, width):
    ring = needle(angle, length, width)
    box = shapely.box(-2e6, -2e6, 2e6, 2e6)
    holed = shapely.Polygon(box.exterior, [ring])
    (kept,) = _polygons(shapely.MultiPolygon([holed, shapely.Polygon(ring)]))
    assert not kept.interiors
    assert Piece(kept, edge=kept.exterior).is_supplied


def test_what_is_narrow_and_real_stays():
    (kept,) = _polygons(shapely.box(0, 0, 10, 10_000))
    assert kept.area == 100_000
