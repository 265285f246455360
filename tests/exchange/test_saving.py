"""An import adds to a folder, and changes nothing that stands there."""

import pytest
import shapely

from geo.check import require_sound
from geo.errors import LayerError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.foreign import HEADER, layer, square


def test_an_import_adds_to_a_theatre_and_twice_is_once(small, put):
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    path = put("a.csv", f"{HEADER}New well,Red,2017-07-02,33.5,37.2\n")
    told = Options(fixed={"publisher": "Somebody"})
    read = read_folder(small)
    saved = save_import(
        run_import("statements-csv", [path], options=told, into=read), small, into=read
    )
    assert saved.added == {"places": 1, "statements": 1, "sources": 1}
    assert {p.name for p in saved.paths} == {
        *("places.geojson", "statements.csv", "sources.csv", "imports.csv")
    }
    for old, content in before.items():
        if old not in saved.paths:
            assert old.read_bytes() == content
    read = read_folder(small)
    assert {"west_well", "new_well"} <= set(read.places)
    again = save_import(
        run_import("statements-csv", [path], options=told, into=read), small, into=read
    )
    assert (again.paths, sum(again.added.values())) == ((), 0)


def test_where_a_folder_says_otherwise_the_folder_is_kept_and_it_is_said(small, put):
    told = Options(fixed={"publisher": "Somebody"})
    head, row = HEADER.replace("lon", "lon,note"), "New well,Red,2017-07-02,33.5,37.2"
    for note, kept in (("first", 0), ("second", 1)):
        path = put("a.csv", f"{head}{row},{note}\n")
        read = read_folder(small)
        imported = run_import("statements-csv", [path], options=told, into=read)
        saved = save_import(imported, small, into=read)
        assert len(saved.kept) == kept
    notes = {row.values["note"] for row in read_folder(small).statements.rows}
    assert "first" in notes
    assert "second" not in notes


def test_a_layer_that_is_there_is_not_replaced(small, put):
    read = read_folder(small)
    path = layer(put, ({"side": "red"}, square(37, 33, 0.25)), name="2017-08-01.geojson")
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    with pytest.raises(LayerError, match="has a layer already"):
        save_import(run_import("control-geojson", [path], into=read), small, into=read)
    assert {path: path.read_bytes() for path in small.rglob("*") if path.is_file()} == before


def test_a_folder_that_holds_something_is_not_begun_anew(small, put):
    imported = run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")])
    with pytest.raises(LayerError, match="not empty"):
        save_import(imported, small)


def test_a_new_theatre_is_named_as_told(put, tmp_path):
    told = {"id": "war_2022", "name": "A war", "timezone": "Europe/Kyiv", "publisher": "Somebody"}
    path = put("a.csv", f"{HEADER}P,a,2022-03-31,50.1,30.1\nQ,b,2022-05-31,50.2,30.9\n")
    save_import(run_import("statements-csv", [path], options=Options(fixed=told)), tmp_path / "new")
    read = read_folder(tmp_path / "new")
    assert read.theatre.id == "war_2022"
    assert read.theatre.properties["timezone"] == "Europe/Kyiv"
    assert (read.theatre.properties["before"], read.theatre.properties["after"]) == (
        *("2022-03-31", "2022-05-31"),
    )
    assert read.area.covers(shapely.Point(30.9, 50.2))
    assert require_sound(read) is not None
