"""Shapes of others that came out wrong once, each with what is right, and their brothers."""

import pytest
import shapely
from pyproj import Geod

from geo.crs import area_km2
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.foreign import HEADER, assert_adds_up, codes, layer, square

LINE = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}


# ------------------------------------------------------------ f05, f07: specks, needles


@pytest.mark.parametrize("name", ["speck_2022-03-15.geojson", "hole_2022-03-15.geojson"])
def test_a_speck_is_named_and_the_sound_rest_taken(name, cases, tmp_path):
    imported = run_import("control-geojson", [cases("f05") / name])
    assert_adds_up(imported)
    assert codes(imported) == ["import.speck"]
    assert "331.268 km2 of 331.268 are left" in imported.issues[0].message
    save_import(imported, tmp_path / "new")
    assert len(read_folder(tmp_path / "new").control) == 1


@pytest.mark.parametrize("repair", [False, True])
def test_a_needle_is_refused_and_the_others_are_written(repair, cases, tmp_path):
    options = Options(repair=repair, mapping={"NAME": "controller"})
    imported = run_import(
        "control-geojson", [cases("f07") / "world_1938-09-01.geojson"], options=options
    )
    assert_adds_up(imported)
    assert (imported.counts[0].written, imported.counts[0].refused) == (2, 1)
    save_import(imported, tmp_path / "new")
    (held,) = read_folder(tmp_path / "new").control.values()
    assert len(held.features) == 2


TINY = [[0.5, 50.5], [0.5000001, 50.5], [0.5000001, 50.5000001], [0.5, 50.5]]
FLAT = [[0.2, 50.2], [0.8, 50.2], [0.5, 50.2], [0.2, 50.2]]


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize(
    "parts",
    [
        [square(0, 50)["coordinates"], [[[x + 3, y] for x, y in TINY]]],
        [[*square(0, 50)["coordinates"], FLAT]],
        [square(0, 50)["coordinates"], [[[x + 3, y] for x, y in FLAT]]],
        [square(0, 50)["coordinates"], [[[3, 50], [3, 50], [3, 50], [3, 50]]]],
        [[*square(0, 50)["coordinates"], TINY, [[x, y + 0.1] for x, y in FLAT]]],
    ],
    ids=["speck", "flat hole", "flat part", "point of a part", "two holes"],
)
def test_what_has_no_ground_does_not_condemn_the_rest(parts, repair, put, tmp_path):
    shape = {"type": "MultiPolygon", "coordinates": parts}
    path = layer(put, ({"controller": "a"}, shape))
    imported = run_import("control-geojson", [path], options=Options(repair=repair))
    assert_adds_up(imported)
    (patch,) = next(iter(imported.control.values()))
    assert float(area_km2(patch.geometry)[0]) == pytest.approx(
        float(area_km2(shapely.box(0, 50, 1, 51))[0]), rel=1e-6
    )
    assert codes(imported)
    save_import(imported, tmp_path / "new")
    assert read_folder(tmp_path / "new").control


# ------------------------------------------------------------ f09, g02: lacks of geometry


@pytest.mark.parametrize(
    ("name", "written"),
    [("gc2_2024-07-08", 2), ("nocoord_2024-07-08", 1), ("odd_2024-07-08", 1)],
)
def test_a_geometry_that_is_none_refuses_its_record_alone(name, written, cases):
    imported = run_import("control-geojson", [cases("f09") / f"{name}.geojson"])
    assert_adds_up(imported)
    assert imported.counts[0].written == written


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
@pytest.mark.parametrize("repair", [False, True])
def test_objects_that_are_no_geometry_are_counted(name, repair, cases):
    options = Options(
        fixed={"controller": "blue"}, date_from="2017-08-01", rest="unknown", repair=repair
    )
    imported = run_import("control-geojson", [cases("g02") / f"{name}.geojson"], options=options)
    assert_adds_up(imported)
    assert imported.counts[0].refused == 1
    assert imported.issues[0].code.startswith("geom.")


DEEP = {"type": "GeometryCollection", "geometries": []}
for _ in range(30):
    DEEP = {"type": "GeometryCollection", "geometries": [DEEP]}


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize(
    "geometry",
    [
        *("text", 7, True, [], ["Polygon"], {"type": {}}, {"type": "polygon", "coordinates": []}),
        {"type": "Polygon", "coordinates": None},
        {"type": "Polygon", "coordinates": "[[0,0]]"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], None, [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [True, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [{"0": 1}]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, "1"], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1e308, 0], [1, 1], [0, 0]]]},
        {"type": "MultiPolygon", "coordinates": [[]]},
        {"type": "MultiPolygon", "coordinates": [{}]},
        {"type": "Polygon", "coordinates": [[0, 0], [1, 0], [1, 1], [0, 0]]},
        {"type": "GeometryCollection"},
        {"type": "GeometryCollection", "geometries": {"type": "Polygon"}},
        {"type": "GeometryCollection", "geometries": [None, 1]},
        {"type": "GeometryCollection", "geometries": [LINE]},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon", "coordinates": 5}]},
        {"type": "CurvePolygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        {"rings": [[[0, 0], [0, 1], [1, 1], [0, 0]]]},
        DEEP,
    ],
    ids=repr,
)
def test_no_lack_of_a_geometry_is_more_than_a_refusal(geometry, repair, put):
    path = layer(put, ({"controller": "a"}, geometry), ({"controller": "b"}, square(0, 50)))
    imported = run_import("control-geojson", [path], options=Options(repair=repair))
    assert_adds_up(imported)
    assert (imported.counts[0].written, imported.counts[0].refused) == (1, 1)


def test_areas_of_a_collection_are_taken_and_what_lies_beside_them_is_said(put):
    shape = {"type": "GeometryCollection", "geometries": [LINE, square(0, 50), square(3, 50)]}
    imported = run_import("control-geojson", [layer(put, ({"controller": "a"}, shape))])
    (patch,) = next(iter(imported.control.values()))
    assert patch.geometry.geom_type == "MultiPolygon"
    assert codes(imported) == ["import.collection"]


# ------------------------------------------------------------ over longitude 180


def test_longitudes_over_180_are_turned_with_a_note(put):
    imported = run_import("statements-csv", [put("a.csv", HEADER + "A,x,2024-07-08,-17,181.5\n")])
    assert [f.geometry.coords[0] for f in imported.records["places"]] == [(-178.5, -17.0)]
    assert any("turned" in note for note in imported.notes)


@pytest.mark.parametrize("east", [181, -179])
def test_an_area_over_longitude_180_is_cut_there(east, put):
    ring = [[179, -18], [east, -18], [east, -16], [179, -16], [179, -18]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    imported = run_import("control-geojson", [layer(put, ({"controller": "a"}, shape))])
    assert codes(imported) == ["import.turned"]
    (patch,) = next(iter(imported.control.values()))
    right = sum(
        float(area_km2(shapely.box(w, -18, e, -16))[0]) for w, e in ((179, 180), (-180, -179))
    )
    assert float(area_km2(patch.geometry)[0]) == pytest.approx(right, rel=1e-9)


def test_a_band_all_round_the_pole_is_taken_as_drawn(put):
    ring = [[-180, 80], [180, 80], [180, 90], [-180, 90], [-180, 80]]
    imported = run_import(
        "control-geojson",
        [layer(put, ({"controller": "a"}, {"type": "Polygon", "coordinates": [ring]}))],
    )
    (patch,) = next(iter(imported.control.values()))
    cap = (
        abs(
            Geod(ellps="WGS84").polygon_area_perimeter(
                [x / 100 for x in range(-18000, 18000)], [80] * 36000
            )[0]
        )
        / 1e6
    )
    assert float(area_km2(patch.geometry)[0]) == pytest.approx(cap, rel=1e-5)
