"""Real data of others, there and back again, and what holds for every kind."""

import datetime as dt
import json
from collections import Counter

import pytest
import shapely
from pyproj import Geod

from geo.check import check_folder
from geo.exchange.catalog import FORMATS, KINDS
from geo.exchange.export import render_export
from geo.exchange.imports import reader_of, run_import
from geo.exchange.reading.intake import Options
from geo.exchange.reading.words import Word
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.foreign import ACLED, HEADER, assert_adds_up, opened, values


def test_every_ucdp_event_arrives_in_its_month(data, tmp_path):
    path = data / "ucdp-ukraine" / "ged_ukraine_2022_2023.csv"
    imported = run_import("ucdp", [path])
    assert_adds_up(imported)
    assert [(c.read, c.written) for c in imported.counts] == [(894, 894)]
    months = Counter(str(e["event_date"])[:7] for e in values(imported, "events"))
    assert months["2022-09"] == 508
    assert months["2023-01"] + months["2023-02"] == 358
    assert sum(n for month, n in months.items() if "2022-02" <= month <= "2022-08") == 28
    assert sum(e["fatalities"] for e in values(imported, "events")) == 10_598
    lasting = [e for e in values(imported, "events") if e["end_date"]]
    assert len(lasting) == 408
    notes = "\n".join(imported.notes)
    assert "windows-1252" in notes
    assert notes.count("(month-first)") == 2
    assert "would end before it begins" in notes
    save_import(imported, tmp_path / "new")
    issues = check_folder(read_folder(tmp_path / "new"))
    assert [str(i) for i in issues if i.severity == "error"] == []


def test_ten_drifting_lists_become_one_series_of_statements(data, tmp_path):
    paths = sorted((data / "places-ukraine" / "source").glob("*.csv"))
    words = (Word("Contested", "contested", "", "russia;ukraine", given=True),)
    told = {"publisher": "Wikipedia contributors", "licence": "CC BY-SA 3.0"}
    imported = run_import("statements-csv", paths, options=Options(words=words, fixed=told))
    assert_adds_up(imported)
    assert [count.read for count in imported.counts] == [
        *(161, 233, 298, 347, 353, 338, 352, 409, 396, 384),
    ]
    assert {s["date"] for s in values(imported, "statements")} == {path.stem for path in paths}
    mapped = {one.theirs: one.ours for one in imported.mapping}
    assert (mapped["lng"], mapped["Lon"], mapped["As of"]) == ("lon", "lon", "")
    met = {word.text: (word.status, word.controller) for word in imported.words}
    assert met["DPR"] == ("controlled", "dpr")
    assert met["Uncontrolled"] == ("none", "")
    root = tmp_path / "new"
    save_import(imported, root)
    issues = check_folder(read_folder(root))
    assert [str(i) for i in issues if i.severity == "error"] == []
    lost = [p for p in read_folder(root).places.values() if p.geometry is None]
    assert all(place.properties["coord_method"] == "none" for place in lost)


def test_unnamed_parties_are_named_by_the_check(data, tmp_path):
    path = data / "places-ukraine" / "source" / "2022-03-01.csv"
    imported = run_import("statements-csv", [path])
    assert any("names no parties" in note for note in imported.notes)
    save_import(imported, tmp_path / "new")
    issues = check_folder(read_folder(tmp_path / "new"))
    assert not [i for i in issues if i.severity == "error"]
    assert "control.parties" in {i.code for i in issues}


def geodesic_km2(patches, controller):
    """Ground of one holder as the README of the data measures it: edges are geodesics."""
    geod = Geod(ellps="WGS84")
    return sum(
        abs(geod.geometry_area_perimeter(shapely.orient_polygons(patch.geometry))[0]) / 1e6
        for patch in patches
        if controller in {patch.properties["controller"], "all"}
    )


def test_the_western_front_has_the_areas_of_its_readme(data, tmp_path):
    paths = sorted((data / "wwi-fronts" / "control").glob("*.geojson"))
    imported = run_import("control-geojson", paths)
    assert_adds_up(imported)
    save_import(imported, tmp_path / "new")
    read, composite = opened(tmp_path / "new")
    assert len(composite.dates) == 52
    for day, entente, central in (
        ("1914-08-13", 244_558, 123_528),
        ("1914-09-06", 193_586, 174_501),
        ("1914-10-17", 199_566, 168_521),
        ("1917-04-09", 203_871, 164_217),
        ("1918-07-19", 193_839, 174_248),
        ("1918-11-11", 224_890, 143_198),
    ):
        patches = read.control[dt.date.fromisoformat(day)].features
        assert geodesic_km2(patches, "entente") == pytest.approx(entente, abs=1)
        assert geodesic_km2(patches, "central_powers") == pytest.approx(central, abs=1)


def test_cells_of_ukraine_have_the_totals_of_their_readme(data, tmp_path):
    paths = sorted((data / "places-ukraine" / "control").glob("*.geojson"))
    words = (Word("Contested", "contested", "", "russia;ukraine", given=True),)
    imported = run_import("control-geojson", paths, options=Options(words=words))
    save_import(imported, tmp_path / "new")
    read, composite = opened(tmp_path / "new")
    assert len(composite.dates) == 10
    for layer in read.control.values():
        assert 601_914 < geodesic_km2(layer.features, "all") < 601_938
    for day, km2 in (("2022-03-31", 395_343), ("2022-08-31", 467_232), ("2022-12-01", 497_302)):
        patches = read.control[dt.date.fromisoformat(day)].features
        assert geodesic_km2(patches, "ukraine") == pytest.approx(km2, abs=1)


def test_states_hold_on_the_days_that_their_records_say(data):
    path = data / "cshapes-europe" / "cshapes_europe_1912_1950.geojson"
    since, until = dt.date(1938, 6, 1), dt.date(1940, 1, 1)
    options = Options(since=since, until=until, rest="unknown")
    imported = run_import("intervals-geojson", [path], options=options)
    assert_adds_up(imported)
    assert any("inclusive: " in note for note in imported.notes)
    records = [f["properties"] for f in json.loads(path.read_text(encoding="utf-8"))["features"]]
    assert sum(count.read for count in imported.counts) == len(records) == 84
    assert imported.control
    for day, patches in imported.control.items():
        there = Counter(r["country_name"] for r in records if r["start"] <= str(day) <= r["end"])
        names = {row["id"]: row["name"] for row in values(imported, "actors")}
        drawn = Counter(
            names[p.properties["controller"]] for p in patches if p.properties["controller"]
        )
        assert drawn == there


@pytest.mark.slow
def test_states_of_the_nineteenth_century_need_no_window(data):
    path = data / "cshapes-europe" / "cshapes_europe_1912_1950.geojson"
    imported = run_import("intervals-geojson", [path])
    assert_adds_up(imported)
    records = [f["properties"] for f in json.loads(path.read_text(encoding="utf-8"))["features"]]
    assert str(min(imported.control)) == min(record["start"] for record in records)


def by_side(composite):
    frame = composite.areas()
    keys = zip(frame["date"], frame["controller"], frame["status"], strict=True)
    return dict(zip(keys, frame["area_km2"], strict=True))


@pytest.mark.parametrize(
    ("to", "kind"), [("geojson-intervals", "intervals-geojson"), ("kml", "kml")]
)
def test_control_comes_back_from_its_own_export(to, kind, small, put, tmp_path):
    if kind == "kml":
        pytest.importorskip("defusedxml")
    read, composite = opened(small)
    (content,) = render_export(read, composite, to=to).values()
    path = put(f"ours{FORMATS[to].suffix}", content)
    words = [Word(row.id, "controlled", row.id, given=True) for row in read.actors.rows]
    imported = run_import(kind, [path], options=Options(end="exclusive", words=words))
    assert_adds_up(imported)
    save_import(imported, tmp_path / "back")
    _, again = opened(tmp_path / "back")
    assert again.dates == composite.dates
    was, now = by_side(composite), by_side(again)
    assert set(now) == set(was)
    assert now == pytest.approx(was, rel=1e-6)


def test_events_come_back_from_their_own_acled_export(shipped, put):
    read, composite = opened(shipped)
    (content,) = render_export(read, composite, to="acled-csv").values()
    imported = run_import("acled", [put("ours.csv", content)], into=read)
    assert_adds_up(imported)
    back = {e["notes"].split()[2].rstrip("."): e for e in values(imported, "events")}
    assert set(back) == {event.id for event in read.events}
    for event in read.events:
        for name in ("event_date", "end_date", "sub_event_type", "actor1", "actor2", "fatalities"):
            assert back[event.id][name] == event.properties[name], (event.id, name)
    assert sum(e["place_id"] is not None for e in back.values()) > 100


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("shapefile", Options(), "must be one of"),
        ("acled", Options(fixed={"colour": "red"}), "cannot be set"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(kind, options, message, put):
    with pytest.raises(ValueError, match=message):
        run_import(kind, [put("a.csv", ACLED)], options=options)


def test_the_order_of_the_files_does_not_matter(put):
    first = put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")
    second = put("b.csv", f"{HEADER}P,b,2022-04-30,1,1.001\n")
    one = run_import("statements-csv", [first, second])
    other = run_import("statements-csv", [second, first])
    assert one == other


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_reader_that_knows_what_it_needs(kind):
    layout = reader_of(kind).layout
    assert {*layout.needed, *layout.dates} <= set(layout.columns)
