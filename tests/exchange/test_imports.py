"""Other people's data: real slices where they are at hand, and every trap by itself."""

import csv
import datetime as dt
import io
import json
import zipfile
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from geo.check import check_folder, patches_of, require_sound
from geo.control.composite import Composite
from geo.crs import area_km2
from geo.errors import LayerError, SchemaError
from geo.exchange import foreign, imports
from geo.exchange.catalog import FORMATS
from geo.exchange.export import render_export
from geo.exchange.imports import Options, Word
from geo.layers.folder import read_folder
from tests.strategies import outline, partition

HEADER = "name,held by,date,lat,lon\n"


@pytest.fixture
def put(tmp_path):
    """Write a file of theirs, and say where it is."""
    folder = tmp_path / "theirs"
    folder.mkdir()

    def write(name, content):
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def data(shared):
    return shared / "data"


def opened(root):
    """A saved folder as read, with its composite."""
    read = read_folder(root)
    snapshots = {d: patches_of(la.features) for d, la in read.control.items()}
    return read, Composite.build(read.area, snapshots, read.sides)


def values(imported, name):
    return [getattr(r, "values", None) or r.properties for r in imported.records.get(name, ())]


def assert_adds_up(imported):
    for count in imported.counts:
        assert count.read == count.written + count.repeated + count.refused
    refused = sum(count.refused for count in imported.counts)
    assert refused == sum(issue.severity == "error" for issue in imported.issues)
    repeated = sum(count.repeated for count in imported.counts)
    assert f"{repeated} repeated + {refused} refused" in imported.report().splitlines()[-2]


def square(west, south, size=1.0):
    ring = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return {
        "type": "Polygon",
        "coordinates": [[[west + x * size, south + y * size] for x, y in ring]],
    }


def collection(*features, **members):
    made = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return json.dumps({"type": "FeatureCollection", **members, "features": made})


# --- real data ---------------------------------------------------------------------


def test_every_ucdp_event_arrives_in_its_month(data, tmp_path):
    path = data / "ucdp-ukraine" / "ged_ukraine_2022_2023.csv"
    imported = imports.run_import("ucdp", [path])
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
    imports.save_import(imported, tmp_path / "new")
    issues = check_folder(read_folder(tmp_path / "new"))
    assert [str(i) for i in issues if i.severity == "error"] == []


def test_ten_drifting_lists_become_one_series_of_statements(data, tmp_path):
    paths = sorted((data / "places-ukraine" / "source").glob("*.csv"))
    words = (Word("Contested", "contested", "", "russia;ukraine", given=True),)
    told = {"publisher": "Wikipedia contributors", "licence": "CC BY-SA 3.0"}
    imported = imports.run_import("statements-csv", paths, options=Options(words=words, fixed=told))
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
    imports.save_import(imported, root)
    issues = check_folder(read_folder(root))
    assert [str(i) for i in issues if i.severity == "error"] == []
    lost = [p for p in read_folder(root).places.values() if p.geometry is None]
    assert all(place.properties["coord_method"] == "none" for place in lost)


def test_unnamed_parties_are_named_by_the_check(data, tmp_path):
    path = data / "places-ukraine" / "source" / "2022-03-01.csv"
    imported = imports.run_import("statements-csv", [path])
    assert any("names no parties" in note for note in imported.notes)
    imports.save_import(imported, tmp_path / "new")
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
    imported = imports.run_import("control-geojson", paths)
    assert_adds_up(imported)
    imports.save_import(imported, tmp_path / "new")
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
    imported = imports.run_import("control-geojson", paths, options=Options(words=words))
    imports.save_import(imported, tmp_path / "new")
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
    imported = imports.run_import("intervals-geojson", [path], options=options)
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


def test_states_older_than_layers_may_be_ask_since_when(data):
    path = data / "cshapes-europe" / "cshapes_europe_1912_1950.geojson"
    with pytest.raises(SchemaError, match="say since when"):
        imports.run_import("intervals-geojson", [path])


# --- dates ---------------------------------------------------------------------------

DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2030, 12, 31))
WRITTEN = {
    "iso": "{d:%Y}-{d:%m}-{d:%d}",
    "iso-time": "{d:%Y}-{d:%m}-{d:%d}T00:00:00",
    "slashed-year": "{d:%Y}/{d.month}/{d.day}",
    "compact": "{d:%Y}{d:%m}{d:%d}",
    "month-first": "{d.month}/{d.day}/{d:%Y}",
    "day-first": "{d.day}.{d.month}.{d:%Y}",
    "time": "{d:%m}/{d:%d}/{d:%Y} 00:00",
    "half-day": "{d.month}/{d.day}/{d:%Y} 12:00:00 AM",
}


@given(days=st.lists(DAYS, min_size=1, max_size=5), form=st.sampled_from(sorted(WRITTEN)))
def test_a_date_is_read_as_it_was_meant_or_refused(tmp_path_factory, days, form):
    path = tmp_path_factory.mktemp("dates") / "theirs.csv"
    rows = [f"P{n},a,{WRITTEN[form].format(d=day)},1,{n}" for n, day in enumerate(days)]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    try:
        imported = imports.run_import("statements-csv", [path])
    except SchemaError as error:
        assert error.issues[0].code == "import.dates"
        assert all(day.day <= 12 for day in days)
        return
    said = {s["place_id"]: s["date"] for s in values(imported, "statements")}
    assert said == {f"p{n}": day.isoformat() for n, day in enumerate(days)}


@pytest.mark.parametrize(
    "text", ["31 March 2022", "31 Mar 2022", "March 31, 2022", "31 March 2022 22h26 UTC"]
)
def test_months_in_words_are_read(text, put):
    imported = imports.run_import("statements-csv", [put("a.csv", f'{HEADER}P,a,"{text}",1,1\n')])
    assert [s["date"] for s in values(imported, "statements")] == ["2022-03-31"]


@pytest.mark.parametrize(
    "text", ["2022-02-30", "2022-03", "March 2022", "TBD", "٢٠٢٢-٠٣-٣١", "44651"]
)
def test_what_is_no_day_is_refused_with_its_text(text, put):
    imported = imports.run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,{text},1,1\n")])
    assert_adds_up(imported)
    assert values(imported, "statements") == []
    assert text in imported.issues[0].message


def test_dates_of_two_orders_in_one_column_are_refused(put):
    path = put("a.csv", f"{HEADER}P,a,13/01/2022,1,1\nQ,a,01/13/2022,1,2\n")
    with pytest.raises(SchemaError, match="contradict each other: see lines 2 and 3"):
        imports.run_import("statements-csv", [path])


def test_a_told_order_decides_what_the_dates_do_not(put):
    path = put("a.csv", f"{HEADER}P,a,03/04/2022,1,1\n")
    with pytest.raises(SchemaError, match="could be read in two ways"):
        imports.run_import("statements-csv", [path])
    for order, day in (("day-first", "2022-04-03"), ("month-first", "2022-03-04")):
        imported = imports.run_import("statements-csv", [path], options=Options(day_order=order))
        assert values(imported, "statements")[0]["date"] == day


def test_a_told_order_that_the_dates_deny_is_refused(put):
    path = put("a.csv", f"{HEADER}P,a,13/04/2022,1,1\n")
    with pytest.raises(SchemaError, match="cannot be read month-first, as told: see line 2"):
        imports.run_import("statements-csv", [path], options=Options(day_order="month-first"))


# --- tables --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1252"])
def test_western_text_is_read_and_its_encoding_said(encoding, put):
    text = f"{HEADER}Zürich’s café,a,2022-03-31,47.4,8.5\n"
    imported = imports.run_import("statements-csv", [put("a.csv", text.encode(encoding))])
    assert values(imported, "places")[0]["name"] == "Zürich’s café"
    wanted = "windows-1252" if encoding == "windows-1252" else "UTF-8"
    assert any(wanted in note for note in imported.notes)


@pytest.mark.parametrize(
    ("encoding", "name"), [("windows-1251", "Харків"), ("windows-1256", "محروثة")]
)
def test_other_letters_are_refused_until_the_encoding_is_named(encoding, name, put):
    path = put("a.csv", f"{HEADER}{name},a,2022-03-31,1,1\n".encode(encoding))
    with pytest.raises(SchemaError, match=f"several encodings .*{name}") as caught:
        imports.run_import("statements-csv", [path])
    assert caught.value.issues[0].code == "import.encoding"
    imported = imports.run_import("statements-csv", [path], options=Options(encoding=encoding))
    assert values(imported, "places")[0]["name"] == name


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(mark, put):
    text = f"{HEADER}P,a,2022-03-31,1.5,2.5\n".replace(",", mark)
    imported = imports.run_import("statements-csv", [put("a.csv", text)])
    place = imported.records["places"][0]
    assert (shapely.get_x(place.geometry), shapely.get_y(place.geometry)) == (2.5, 1.5)


def test_a_short_row_is_read_and_a_long_one_refused(put):
    text = f"{HEADER}P,a,2022-03-31\nQ,a,2022-03-31,1,1,1\n"
    imported = imports.run_import("statements-csv", [put("a.csv", text)])
    assert_adds_up(imported)
    assert [(c.read, c.written, c.refused) for c in imported.counts] == [(2, 1, 1)]
    assert imported.issues[0].code == "csv.ragged"
    assert imported.issues[0].line == 3
    assert imported.records["places"][0].geometry is None


def test_lines_are_counted_through_line_feeds_in_cells(put):
    text = f'{HEADER}"P\n\nQ",a,2022-03-31,1,1\nR,a,never,1,2\n'
    imported = imports.run_import("statements-csv", [put("a.csv", text)])
    assert [issue.line for issue in imported.issues] == [5]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("91,1", "import.position"),
        ("north,1", "import.position"),
        (",1", "import.position"),
        ("nan,1", "import.position"),
        ('"48,6",1', "import.position"),
    ],
)
def test_a_position_that_is_none_is_refused(cell, code, put):
    imported = imports.run_import(
        "statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,{cell}\n")]
    )
    assert [issue.code for issue in imported.issues] == [code]
    assert_adds_up(imported)


def test_a_column_is_mapped_as_told_and_left_out_as_told(put):
    path = put("a.csv", "Ort,Wer,Tag,lat,lon,note\nP,a,2022-03-31,1,1,secret\n")
    mapping = {"Ort": "name", "Wer": "controller", "Tag": "date", "note": ""}
    imported = imports.run_import("statements-csv", [path], options=Options(mapping=mapping))
    assert values(imported, "statements")[0]["note"] is None
    assert "Ort -> name, as told" in imported.report()
    assert "not taken: note" in imported.report()


def test_a_missing_column_says_what_there_is_and_what_is_known(put):
    path = put("a.csv", "Ort,Wer\nP,a\n")
    with pytest.raises(SchemaError, match=r"no column for name, .* among Ort, Wer"):
        imports.run_import("statements-csv", [path])


def test_a_value_may_be_set_for_all(put):
    path = put("a.csv", "name,held by,lat,lon\nP,a,1,1\n")
    told = {"date": "2022-03-31", "confidence": "high", "place_kind": "village"}
    imported = imports.run_import("statements-csv", [path], options=Options(fixed=told))
    (statement,) = values(imported, "statements")
    assert (statement["date"], statement["confidence"]) == ("2022-03-31", "high")
    assert values(imported, "places")[0]["kind"] == "village"
    assert not any("confidence is not told" in note for note in imported.notes)


def test_what_was_not_told_is_said(put):
    imported = imports.run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")])
    for name in ("basis", "confidence", "place_kind", "timezone", "publisher"):
        assert any(name in note and "told" in note for note in imported.notes), name


ROW = st.tuples(
    st.sampled_from(["P", "Q", "", "=1"]),
    st.sampled_from(["a", "Contested", "", "b"]),
    st.sampled_from(["2022-03-31", "31 March 2022", "soon", ""]),
    st.sampled_from(["1", "48.5", "99", "x", ""]),
    st.sampled_from(["1", "37.5", "200", ""]),
)


@given(st.lists(ROW, max_size=12))
def test_whatever_the_rows_the_account_adds_up_and_saves(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    path = folder / "theirs.csv"
    path.write_text(HEADER + "".join(",".join(row) + "\n" for row in rows))
    imported = imports.run_import("statements-csv", [path])
    assert_adds_up(imported)
    assert sum(count.read for count in imported.counts) == sum(any(row) for row in rows)
    if any(p.geometry is not None for p in imported.records.get("places", ())):
        saved = imports.save_import(imported, folder / "new")
        assert saved.added["statements"] == len(imported.records["statements"])
        read_folder(folder / "new")


# --- places, statements, events --------------------------------------------------------


def test_one_place_under_one_name_is_one_record_and_a_namesake_another(put):
    text = (
        f"{HEADER}Andriivka,a,2022-03-31,47.1781,33.0475\n"
        "Andriivka,a,2022-04-30,47.1770,33.0461\nAndriivka,b,2022-03-31,49.5,36.6\n"
    )
    imported = imports.run_import("statements-csv", [put("a.csv", text)])
    assert [p["id"] for p in values(imported, "places")] == ["andriivka", "andriivka_2"]
    assert "andriivka" in values(imported, "places")[1]["note"]
    assert len(values(imported, "statements")) == 3


def test_rows_that_contradict_each_other_are_both_kept_and_linked(put):
    text = f"{HEADER}P,a,2022-03-31,1,1\nP,b,2022-03-31,1,1\nP,a,2022-03-31,1,1\n"
    imported = imports.run_import("statements-csv", [put("a.csv", text)])
    assert_adds_up(imported)
    assert [(c.written, c.repeated) for c in imported.counts] == [(2, 1)]
    first, second = sorted(values(imported, "statements"), key=lambda s: s["controller"])
    assert first["note"] is None
    assert first["id"] in second["note"]


ACLED = (
    "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,actor2,location,"
    "latitude,longitude,geo_precision,source,notes,fatalities\n"
)


def test_an_acled_event_keeps_its_words_its_sources_and_its_id(put):
    row = (
        "SYR1,2017-08-02,1,Battles,Armed clash,Alpha (2012-),Beta,Mahruthah,33.2,37.9,2,"
        "SOHR; Wire,Fighting.,3\n"
    )
    imported = imports.run_import("acled", [put("a.csv", ACLED + row)])
    (event,) = values(imported, "events")
    assert event["actor1"] == "alpha_2012"
    assert event["source_ids"] == "acled;sohr;wire"
    assert event["notes"] == "ACLED id SYR1. Fighting."
    assert (event["fatalities"], event["geo_precision"]) == (3, 2)


def test_an_event_type_that_acled_does_not_have_is_refused(put):
    row = "X1,2017-08-02,1,Battle,Armed clash,A,B,P,33.2,37.9,2,S,N,\n"
    imported = imports.run_import("acled", [put("a.csv", ACLED + row)])
    assert_adds_up(imported)
    assert imported.records.get("events", ()) == ()
    assert "event_type" in imported.issues[0].message


def test_likely_doubles_of_an_event_are_kept_with_a_link(put):
    rows = "".join(
        f"X{n},2017-08-02,1,Battles,Armed clash,A,B,P,33.2,37.9,2,S{n},N,\n" for n in (1, 2)
    )
    imported = imports.run_import("acled", [put("a.csv", ACLED + rows)])
    assert len(values(imported, "events")) == 2
    linked = [e["notes"] for e in values(imported, "events") if "Perhaps the same" in e["notes"]]
    assert linked == ["ACLED id X2. N Perhaps the same event as X1 by date, place and actors."]


def test_an_event_repeated_word_for_word_is_counted_once(put):
    row = "X1,2017-08-02,1,Battles,Armed clash,A,B,P,33.2,37.9,2,S,N,\n"
    imported = imports.run_import("acled", [put("a.csv", ACLED + row + row)])
    assert_adds_up(imported)
    assert [(c.written, c.repeated) for c in imported.counts] == [(1, 1)]


# --- words -----------------------------------------------------------------------------


def test_words_are_edited_as_a_table(put):
    path = put(
        "a.csv", f'{HEADER}Pa,"DPR, so-called",2022-03-31,1,1\nQa,No man\'s land,2022-03-31,1,2\n'
    )
    imported = imports.run_import("statements-csv", [path])
    table = imports.words_table(imported.words).decode()
    assert "No man's land" in table
    edited = table.replace('"controlled","no_man_s_land"', '"none",""')
    edited = edited.replace("dpr_so_called", "russia")
    words = imports.read_words(edited.encode(), file="words.csv")
    again = imports.run_import("statements-csv", [path], options=Options(words=words))
    said = {s["place_id"]: (s["status"], s["controller"]) for s in values(again, "statements")}
    assert said == {"pa": ("controlled", "russia"), "qa": ("none", None)}


@given(st.lists(st.text("=+-@'\"a,;ب\n＝", min_size=1, max_size=8), max_size=4, unique=True))
def test_words_come_back_as_they_were_and_run_nowhere(texts):
    words = [Word(text, "controlled", "alpha", given=True) for text in texts]
    table = imports.words_table(words)
    assert imports.read_words(table, file="words.csv") == tuple(words)
    for row in csv.reader(io.StringIO(table.decode(), newline="")):
        assert not any(cell.startswith(tuple("=+-@＝")) for cell in row)


def test_a_word_that_means_nothing_is_refused_with_its_line():
    table = b'text,status,controller\nX,controlled,a b\nY,"held",c\n'
    with pytest.raises(SchemaError) as caught:
        imports.read_words(table, file="words.csv")
    assert [issue.line for issue in caught.value.issues] == [2, 3]


def test_a_holder_that_the_theatre_knows_by_any_name_is_not_made_anew(small, put):
    path = put("a.csv", f"{HEADER}New well,الأحمر,2017-07-01,33.5,37.2\n")
    imported = imports.run_import("statements-csv", [path], into=read_folder(small))
    assert values(imported, "statements")[0]["controller"] == "red"
    assert values(imported, "actors") == []


# --- shapes ------------------------------------------------------------------------------


def layer(put, *features, name="2022-03-31.geojson", **members):
    return put(name, collection(*features, **members))


def test_a_layer_has_the_date_of_its_name_or_of_a_property(put):
    first = layer(put, ({"side": "a"}, square(10, 50)))
    second = layer(put, ({"side": "a", "date": "4/30/2022"}, square(10, 50)), name="b.geojson")
    imported = imports.run_import("control-geojson", [first, second])
    assert list(imported.control) == [dt.date(2022, 3, 31), dt.date(2022, 4, 30)]


def test_two_dates_for_one_layer_are_refused_until_one_is_chosen(put):
    path = layer(put, ({"side": "a", "date": "2022-04-01"}, square(10, 50)))
    imported = imports.run_import("control-geojson", [path])
    assert_adds_up(imported)
    assert not imported.control
    assert "say which counts" in imported.issues[0].message
    for wish, day in (("name", "2022-03-31"), ("date", "2022-04-01"), ("2022-05-01", "2022-05-01")):
        imported = imports.run_import("control-geojson", [path], options=Options(date_from=wish))
        assert [str(found) for found in imported.control] == [day]


def test_heights_are_left_out_and_said(put):
    shape = square(10, 50)
    shape["coordinates"][0] = [[x, y, 120.5] for x, y in shape["coordinates"][0]]
    imported = imports.run_import("control-geojson", [layer(put, ({"side": "a"}, shape))])
    (patch,) = imported.control[dt.date(2022, 3, 31)]
    assert not shapely.has_z(patch.geometry)
    assert [issue.code for issue in imported.issues] == ["import.z"]


BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


def test_an_area_that_is_not_valid_is_refused_with_its_place(put):
    imported = imports.run_import("control-geojson", [layer(put, ({"side": "a"}, BOW_TIE))])
    assert_adds_up(imported)
    assert not imported.control
    assert imported.issues[0].code.startswith("geom.")
    assert imported.issues[0].ids == ("feature 1",)


def test_an_area_is_repaired_when_asked_and_both_areas_are_said(put):
    options = Options(repair=True)
    imported = imports.run_import(
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
    imported = imports.run_import("control-geojson", [layer(put, ({"side": "a"}, geometry))])
    assert_adds_up(imported)
    assert [issue.code for issue in imported.issues] == [code]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<OGRVRTDataSource/>", "it is XML"),
        ('{"type": "FeatureCollection", "features": [], "features": []}', "a key stands twice"),
        ('{"type": "FeatureCollection", "features": [NaN]}', "no JSON number"),
        ('{"type": "Topology"}', "no FeatureCollection"),
        ("[" * 200_000, "nested|recursion"),
        (collection(crs={"type": "name", "properties": {"name": "EPSG:3857"}}), "WGS 84"),
    ],
    ids=["vrt", "twice", "nan", "topology", "deep", "mercator"],
)
def test_a_file_that_is_something_else_is_refused_whole(content, message, put):
    with pytest.raises(SchemaError, match=message):
        imports.run_import("control-geojson", [put("2022-03-31.geojson", content)])


def test_a_one_sided_layer_is_completed_by_the_rule_that_is_told(small, put):
    read = read_folder(small)
    path = layer(put, ({"side": "red"}, square(37, 33, 0.25)), name="2017-09-01.geojson")
    gap = imports.run_import("control-geojson", [path], into=read)
    assert any("is left open" in note for note in gap.notes)
    for rest, status in (("unknown", "unknown"), ("none", "none"), ("blue", "controlled")):
        options = Options(rest=rest)
        imported = imports.run_import("control-geojson", [path], options=options, into=read)
        patches = imported.control[dt.date(2017, 9, 1)]
        assert [p.properties["status"] for p in patches] == ["controlled", status]
        total = sum(area_km2([p.geometry for p in patches]))
        assert total == pytest.approx(float(area_km2(read.area)[0]), rel=1e-9)
        assert not shapely.overlaps(patches[0].geometry, patches[1].geometry)


def test_ground_that_two_claim_goes_to_the_first_when_told(put):
    path = layer(put, ({"side": "a"}, square(10, 50)), ({"side": "b"}, square(10.5, 50)))
    both = imports.run_import("control-geojson", [path])
    assert any("two patches claim" in note for note in both.notes)
    first = imports.run_import("control-geojson", [path], options=Options(overlap="first"))
    a, b = first.control[dt.date(2022, 3, 31)]
    assert shapely.area(shapely.intersection(a.geometry, b.geometry)) == 0
    assert shapely.equals(a.geometry, shapely.box(10, 50, 11, 51))


def test_a_patch_keeps_its_id_while_it_is_the_only_one_of_its_name(put):
    paths = [
        layer(put, ({"side": "a"}, square(10 + n, 50)), name=f"2022-03-0{n}.geojson")
        for n in (1, 2)
    ]
    imported = imports.run_import("control-geojson", paths)
    assert len({patch.id for patches in imported.control.values() for patch in patches}) == 1


# --- intervals ---------------------------------------------------------------------------


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
    imported = imports.run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    assert any(f"last days are {end}" in note for note in imported.notes)
    days = [dt.date(2020, 1, 1), dt.date.fromisoformat(second)]
    assert list(imported.control) == days
    assert [len(patches) for patches in imported.control.values()] == [2, 2]


def test_last_days_that_say_nothing_are_asked_for(put):
    path = spans(put, ("a", "2020-01-01", "2020-01-31", 10, 50), ("b", "2020-01-01", None, 11, 50))
    with pytest.raises(SchemaError, match="say inclusive or exclusive"):
        imports.run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    options = Options(mapping=MAPPED, end="inclusive")
    imported = imports.run_import("intervals-geojson", [path], options=options)
    assert list(imported.control) == [dt.date(2020, 1, 1), dt.date(2020, 2, 1)]


# --- KML -----------------------------------------------------------------------------------

KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Folder><name>Ground</name>
<Placemark><name>Alpha</name><description><![CDATA[<b>held</b> since May]]></description>
<Polygon><outerBoundaryIs><LinearRing><coordinates>
10,50,0 11,50,0 11,51,0 10,51,0 10,50,0</coordinates></LinearRing></outerBoundaryIs></Polygon>
</Placemark></Folder>
<Placemark><name>Well</name><Point><coordinates>10.5,50.5,120</coordinates></Point></Placemark>
</Document></kml>"""


def kmz(text, name="doc.kml"):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return sink.getvalue()


@pytest.mark.parametrize("content", [KML, kmz(KML)], ids=["kml", "kmz"])
def test_placemarks_become_ground_and_places(content, put):
    pytest.importorskip("defusedxml")
    options = Options(date_from="2022-03-31")
    imported = imports.run_import("kml", [put("theirs.kml", content)], options=options)
    assert_adds_up(imported)
    (patch,) = imported.control[dt.date(2022, 3, 31)]
    assert patch.properties["controller"] == "alpha"
    assert shapely.equals(patch.geometry, shapely.box(10, 50, 11, 51))
    assert [p["name"] for p in values(imported, "places")] == ["Well"]


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><kml>&b;</kml>',
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]><kml>&x;</kml>',
        "<html/>",
        "<kml>",
        kmz("x", "picture.png"),
    ],
    ids=["bomb", "file", "html", "torn", "empty archive"],
)
def test_xml_that_reaches_out_or_is_no_kml_is_refused(content, put):
    pytest.importorskip("defusedxml")
    with pytest.raises(SchemaError, match=r"no KML|KML of a size"):
        imports.run_import("kml", [put("theirs.kml", content)])


# --- there and back --------------------------------------------------------------------------


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
    imported = imports.run_import(kind, [path], options=Options(end="exclusive", words=words))
    assert_adds_up(imported)
    imports.save_import(imported, tmp_path / "back")
    _, again = opened(tmp_path / "back")
    assert again.dates == composite.dates
    was, now = by_side(composite), by_side(again)
    assert set(now) == set(was)
    assert now == pytest.approx(was, rel=1e-6)


def test_events_come_back_from_their_own_acled_export(shipped, put):
    read, composite = opened(shipped)
    (content,) = render_export(read, composite, to="acled-csv").values()
    imported = imports.run_import("acled", [put("ours.csv", content)], into=read)
    assert_adds_up(imported)
    back = {e["notes"].split()[2].rstrip("."): e for e in values(imported, "events")}
    assert set(back) == {event.id for event in read.events}
    for event in read.events:
        for name in ("event_date", "end_date", "sub_event_type", "actor1", "actor2", "fatalities"):
            assert back[event.id][name] == event.properties[name], (event.id, name)
    assert sum(e["place_id"] is not None for e in back.values()) > 100


# --- into a folder -----------------------------------------------------------------------------


def test_an_import_adds_to_a_theatre_and_twice_is_once(small, put):
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    path = put("a.csv", f"{HEADER}New well,Red,2017-07-02,33.5,37.2\n")
    told = Options(fixed={"publisher": "Somebody"})
    read = read_folder(small)
    saved = imports.save_import(
        imports.run_import("statements-csv", [path], options=told, into=read), small, into=read
    )
    assert saved.added == {"places": 1, "statements": 1, "sources": 1}
    assert {p.name for p in saved.paths} == {"places.geojson", "statements.csv", "sources.csv"}
    for old, content in before.items():
        if old not in saved.paths:
            assert old.read_bytes() == content
    read = read_folder(small)
    assert {"west_well", "new_well"} <= set(read.places)
    again = imports.save_import(
        imports.run_import("statements-csv", [path], options=told, into=read), small, into=read
    )
    assert (again.paths, sum(again.added.values())) == ((), 0)


def test_where_a_folder_says_otherwise_the_folder_is_kept_and_it_is_said(small, put):
    told = Options(fixed={"publisher": "Somebody"})
    head, row = HEADER.replace("lon", "lon,note"), "New well,Red,2017-07-02,33.5,37.2"
    for note, kept in (("first", 0), ("second", 1)):
        path = put("a.csv", f"{head}{row},{note}\n")
        read = read_folder(small)
        imported = imports.run_import("statements-csv", [path], options=told, into=read)
        saved = imports.save_import(imported, small, into=read)
        assert len(saved.kept) == kept
    notes = {row.values["note"] for row in read_folder(small).statements.rows}
    assert "first" in notes
    assert "second" not in notes


def test_a_layer_that_is_there_is_not_replaced(small, put):
    read = read_folder(small)
    path = layer(put, ({"side": "red"}, square(37, 33, 0.25)), name="2017-08-01.geojson")
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    with pytest.raises(LayerError, match="has a layer already"):
        imports.save_import(
            imports.run_import("control-geojson", [path], into=read), small, into=read
        )
    assert {path: path.read_bytes() for path in small.rglob("*") if path.is_file()} == before


def test_a_folder_that_holds_something_is_not_begun_anew(small, put):
    imported = imports.run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")])
    with pytest.raises(LayerError, match="not empty"):
        imports.save_import(imported, small)


def test_a_new_theatre_is_named_as_told(put, tmp_path):
    told = {"id": "war_2022", "name": "A war", "timezone": "Europe/Kyiv", "publisher": "Somebody"}
    path = put("a.csv", f"{HEADER}P,a,2022-03-31,50.1,30.1\nQ,b,2022-05-31,50.2,30.9\n")
    imports.save_import(
        imports.run_import("statements-csv", [path], options=Options(fixed=told)), tmp_path / "new"
    )
    read = read_folder(tmp_path / "new")
    assert read.theatre.id == "war_2022"
    assert read.theatre.properties["timezone"] == "Europe/Kyiv"
    assert (read.theatre.properties["before"], read.theatre.properties["after"]) == (
        *("2022-03-31", "2022-05-31"),
    )
    assert read.area.covers(shapely.Point(30.9, 50.2))
    assert require_sound(read) is not None


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("shapefile", Options(), "must be one of"),
        ("acled", Options(fixed={"colour": "red"}), "cannot be set"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(kind, options, message, put):
    with pytest.raises(ValueError, match=message):
        imports.run_import(kind, [put("a.csv", ACLED)], options=options)


def test_the_order_of_the_files_does_not_matter(put):
    first = put("a.csv", f"{HEADER}P,a,2022-03-31,1,1\n")
    second = put("b.csv", f"{HEADER}P,b,2022-04-30,1,1.001\n")
    one = imports.run_import("statements-csv", [first, second])
    other = imports.run_import("statements-csv", [second, first])
    assert one == other


# --- the same ground, divided in another way -----------------------------------------


@given(st.integers(0, 2**32 - 1))
def test_ground_that_was_joined_before_is_known_by_its_edges(seed):
    rng = np.random.default_rng(seed)
    area = outline(rng)
    grounds = imports._Grounds()
    for _ in range(3):
        patches = partition(rng, area, int(rng.integers(1, 8)))
        union, fits = grounds.join(patches)
        assert fits
        assert shapely.equals(union, area)
    # A patch twice, or one less, is other ground.
    assert not grounds.join([*patches, patches[0]])[1]
    if len(patches) > 1:
        less, _ = grounds.join(patches[1:])
        assert area_km2(less)[0] == pytest.approx(area_km2(patches[1:]).sum())


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
        fast = imports.run_import("control-geojson", [path], options=options)
        with monkeypatch.context() as patch:
            patch.setattr(foreign, "split_rings", lambda _: None)
            slow = imports.run_import("control-geojson", [path], options=options)
        assert fast.control == slow.control
        assert fast.issues == slow.issues
        assert fast.counts == slow.counts
