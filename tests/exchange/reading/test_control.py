"""Areas of control: their dates, what two claim or nobody does, and whether a last day counts."""

import datetime as dt

import pytest
import shapely

from geo.crs import area_km2
from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.layers.folder import read_folder
from tests.foreign import assert_adds_up, collection, layer, square


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


def spans(put, *rows):
    features = [({"name": n, "id": n, "start": a, "end": b}, square(*at)) for n, a, b, *at in rows]
    return put("spans.geojson", collection(*features))


MAPPED = {"name": "controller"}


@pytest.mark.parametrize(
    ("second", "end"), [("2020-02-01", "inclusive"), ("2020-01-31", "exclusive")]
)
def test_whether_a_last_day_counts_is_read_off_what_follows(second, end, put):
    path = spans(
        put,
        ("a", "2020-01-01", "2020-01-31", 10, 50),
        ("a", second, None, 11, 50),
        ("b", "2020-01-01", None, 12, 50),
    )
    imported = run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    assert any(f"last days are {end}" in note for note in imported.notes)
    days = [dt.date(2020, 1, 1), dt.date.fromisoformat(second)]
    assert list(imported.control) == days
    assert [len(patches) for patches in imported.control.values()] == [2, 2]


def test_last_days_that_say_nothing_are_asked_for(put):
    path = spans(put, ("a", "2020-01-01", "2020-01-31", 10, 50), ("b", "2020-01-01", None, 11, 50))
    with pytest.raises(SchemaError, match="say inclusive or exclusive"):
        run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    options = Options(mapping=MAPPED, end="inclusive")
    imported = run_import("intervals-geojson", [path], options=options)
    assert list(imported.control) == [dt.date(2020, 1, 1), dt.date(2020, 2, 1)]
