"""Shapes of others are checked, mended when asked, and otherwise refused with a reason."""

import datetime as dt
import json

import pytest
import shapely

from geo.crs import area_km2
from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading import geojson
from geo.exchange.reading.intake import Options
from tests.foreign import BOW_TIE, assert_adds_up, collection, layer, square


def test_heights_are_left_out_and_said(put):
    shape = square(10, 50)
    shape["coordinates"][0] = [[x, y, 120.5] for x, y in shape["coordinates"][0]]
    imported = run_import("control-geojson", [layer(put, ({"side": "a"}, shape))])
    (patch,) = imported.control[dt.date(2022, 3, 31)]
    assert not shapely.has_z(patch.geometry)
    assert [issue.code for issue in imported.issues] == ["import.z"]


def test_an_area_that_is_not_valid_is_refused_with_its_place(put):
    imported = run_import("control-geojson", [layer(put, ({"side": "a"}, BOW_TIE))])
    assert_adds_up(imported)
    assert not imported.control
    assert imported.issues[0].code.startswith("geom.")
    assert imported.issues[0].ids == ("feature 1",)


def test_an_area_is_repaired_when_asked_and_both_areas_are_said(put):
    options = Options(repair=True)
    imported = run_import(
        "control-geojson", [layer(put, ({"side": "a"}, BOW_TIE))], options=options
    )
    assert_adds_up(imported)
    (patch,) = imported.control[dt.date(2022, 3, 31)]
    assert patch.geometry.is_valid
    after = float(area_km2(patch.geometry)[0])
    assert f"{after:.3f} km2 after" in imported.issues[0].message
    assert imported.issues[0].severity == "warning"


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geom.null"),
        ({"type": "Point", "coordinates": [1, 1]}, "geom.kind"),
        ({"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [1, 1], [0, 0]]]}, "coord.type"),
        (square(5_000_000, 50), "coord.range"),
    ],
)
def test_what_is_no_area_is_refused(geometry, code, put):
    imported = run_import("control-geojson", [layer(put, ({"side": "a"}, geometry))])
    assert_adds_up(imported)
    assert [issue.code for issue in imported.issues] == [code]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<OGRVRTDataSource/>", "it is XML"),
        ('{"type": "FeatureCollection", "features": [], "features": []}', "a key stands twice"),
        ('{"type": "FeatureCollection", "features": [NaN]}', "no JSON number"),
        ('{"type": "Topology"}', "no TopoJSON"),
        ('{"a": {}, "b": [1]}', "no FeatureCollection"),
        ('{"error": {"code": 400, "message": "Invalid query"}}', "refusal of a service: Invalid"),
        ("[" * 200_000, "nested|recursion"),
        (collection(crs={"type": "name", "properties": {"name": "EPSG:3857"}}), "WGS 84"),
    ],
    ids=["vrt", "twice", "nan", "topology", "other", "error", "deep", "mercator"],
)
def test_a_file_that_is_something_else_is_refused_whole(content, message, put):
    with pytest.raises(SchemaError, match=message):
        run_import("control-geojson", [put("2022-03-31.geojson", content)])


def test_another_layout_of_a_file_gives_the_same_import(put, monkeypatch):
    ring = [[37, 33], [38, 33], [38.1234567, 34], [37, 33]]
    tied = [[37, 33], [38, 34], [38, 33], [37, 34], [37, 33]]
    features = [
        {"type": "Feature", "properties": {"controller": name}, "geometry": shape}
        for name, shape in (
            ("a", {"type": "Polygon", "coordinates": [ring]}),
            ("b", {"type": "MultiPolygon", "coordinates": [[[[x + 3, y] for x, y in ring]]]}),
            ("c", {"type": "Polygon", "coordinates": [tied]}),
        )
    ]
    path = put("2020-01-01.json", json.dumps({"type": "FeatureCollection", "features": features}))
    for repair in (False, True):
        options = Options(repair=repair, fixed={"publisher": "x"})
        fast = run_import("control-geojson", [path], options=options)
        with monkeypatch.context() as patch:
            patch.setattr(geojson, "split_rings", lambda _: None)
            slow = run_import("control-geojson", [path], options=options)
        assert fast.control == slow.control
        assert fast.issues == slow.issues
        assert fast.counts == slow.counts
