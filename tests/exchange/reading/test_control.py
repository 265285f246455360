"""Areas of control, one file a date: their dates, and what two claim or nobody does."""

import datetime as dt

import pytest
import shapely

from geo.crs import area_km2
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.layers.folder import read_folder
from tests.foreign import assert_adds_up, layer, square


def test_a_layer_has_the_date_of_its_name_or_of_a_property(put):
    first = layer(put, ({"side": "a"}, square(10, 50)))
    second = layer(put, ({"side": "a", "date": "4/30/2022"}, square(10, 50)), name="b.geojson")
    imported = run_import("control-geojson", [first, second])
    assert list(imported.control) == [dt.date(2022, 3, 31), dt.date(2022, 4, 30)]


def test_two_dates_for_one_layer_are_refused_until_one_is_chosen(put):
    path = layer(put, ({"side": "a", "date": "2022-04-01"}, square(10, 50)))
    imported = run_import("control-geojson", [path])
    assert_adds_up(imported)
    assert not imported.control
    assert "say which counts" in imported.issues[0].message
    for wish, day in (("name", "2022-03-31"), ("date", "2022-04-01"), ("2022-05-01", "2022-05-01")):
        imported = run_import("control-geojson", [path], options=Options(date_from=wish))
        assert [str(found) for found in imported.control] == [day]


def test_a_one_sided_layer_is_completed_by_the_rule_that_is_told(small, put):
    read = read_folder(small)
    path = layer(put, ({"side": "red"}, square(37, 33, 0.25)), name="2017-09-01.geojson")
    gap = run_import("control-geojson", [path], into=read)
    assert any("is left open" in note for note in gap.notes)
    for rest, status in (("unknown", "unknown"), ("none", "none"), ("blue", "controlled")):
        options = Options(rest=rest)
        imported = run_import("control-geojson", [path], options=options, into=read)
        patches = imported.control[dt.date(2017, 9, 1)]
        assert [p.properties["status"] for p in patches] == ["controlled", status]
        total = sum(area_km2([p.geometry for p in patches]))
        assert total == pytest.approx(float(area_km2(read.area)[0]), rel=1e-9)
        assert not shapely.overlaps(patches[0].geometry, patches[1].geometry)


def test_ground_that_two_claim_goes_to_the_first_when_told(put):
    path = layer(put, ({"side": "a"}, square(10, 50)), ({"side": "b"}, square(10.5, 50)))
    both = run_import("control-geojson", [path])
    assert any("two patches claim" in note for note in both.notes)
    first = run_import("control-geojson", [path], options=Options(overlap="first"))
    a, b = first.control[dt.date(2022, 3, 31)]
    assert shapely.area(shapely.intersection(a.geometry, b.geometry)) == 0
    assert shapely.equals(a.geometry, shapely.box(10, 50, 11, 51))


def test_a_patch_keeps_its_id_while_it_is_the_only_one_of_its_name(put):
    paths = [
        layer(put, ({"side": "a"}, square(10 + n, 50)), name=f"2022-03-0{n}.geojson")
        for n in (1, 2)
    ]
    imported = run_import("control-geojson", paths)
    assert len({patch.id for patches in imported.control.values() for patch in patches}) == 1
