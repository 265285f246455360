"""Files of others that came out wrong once, each with what is right, and their brothers."""

import io
import zipfile

import pytest

from geo.crs import area_km2
from geo.errors import LayerError, SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.reading.words import make_slug
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.foreign import HEADER, assert_adds_up, codes, collection, layer, square, values

LINE = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}


def km2(imported):
    return {
        str(day): round(sum(float(area_km2(p.geometry)[0]) for p in patches), 1)
        for day, patches in imported.control.items()
    }


# ------------------------------------------------------------ f01: a value for all records


def test_one_holder_for_all_is_honoured_by_every_kind(cases):
    fixed = {"controller": "russia"}
    files = sorted(cases("f01").glob("occupied_*.geojson"))
    series = run_import(
        "control-geojson", files, options=Options(fixed=fixed, date_from="name", rest="unknown")
    )
    assert {str(day) for day in series.control} == {"2024-07-08", "2024-07-09"}
    held = [p for p in next(iter(series.control.values())) if p.properties["controller"]]
    assert round(float(area_km2(held[0].geometry)[0]), 1) == 668.9
    spans = run_import(
        "intervals-geojson",
        [cases("f01") / "iv.geojson"],
        options=Options(fixed=fixed, end="exclusive"),
    )
    assert spans.counts[0].written == 1
    towns = run_import("statements-csv", [cases("f01") / "towns.csv"], options=Options(fixed=fixed))
    assert values(towns, "statements")[0]["controller"] == "russia"
    dated = run_import(
        "control-geojson",
        [cases("f01") / "ctl.geojson"],
        options=Options(fixed={"date": "2024-07-08"}),
    )
    assert km2(dated) == {"2024-07-08": pytest.approx(331.3, abs=0.1)}


@pytest.mark.parametrize(
    ("kind", "name", "content", "fixed", "column", "value"),
    [
        ("places-csv", "a.csv", "name,lon,lat\nA,1,2\n", {"kind": "village"}, "kind", "village"),
        ("places-csv", "a.csv", "name,lon,lat\nA,1,2\n", {"admin1": "Z"}, "admin1", "Z"),
        (
            "statements-csv",
            "a.csv",
            HEADER + "A,x,,1,2\n",
            {"date": "8 July 2024"},
            "date",
            "2024-07-08",
        ),
        ("statements-csv", "a.csv", HEADER + "A,x,2024-07-08,1,2\n", {"note": "n"}, "note", "n"),
    ],
)
def test_a_value_for_all_reaches_each_column(kind, name, content, fixed, column, value, put):
    imported = run_import(kind, [put(name, content)], options=Options(fixed=fixed))
    assert_adds_up(imported)
    assert value in {
        one[column]
        for n in ("places", "statements")
        for one in values(imported, n)
        if column in one
    }


def test_a_status_for_all_areas_is_honoured(put):
    path = layer(put, ({}, square(10, 50)))
    fixed = {"controller": "a", "status": "mixed", "controllers": "a;b"}
    imported = run_import("control-geojson", [path], options=Options(fixed=fixed))
    (patch,) = next(iter(imported.control.values()))
    assert patch.properties["status"] == "mixed"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("places-csv", Options(rest="unknown")),
        ("statements-csv", Options(repair=True)),
        ("acled", Options(end="inclusive")),
        ("intervals-geojson", Options(date_from="name")),
        ("kml", Options(encoding="utf-8")),
    ],
)
def test_an_option_that_a_kind_cannot_follow_is_refused_with_a_word(kind, options, put):
    with pytest.raises(ValueError, match="says nothing about"):
        run_import(kind, [put("2022-01-01.csv", "x")], options=options)


def test_a_column_that_no_file_has_is_not_mapped_in_silence(put):
    path = put("a.csv", HEADER + "A,x,2024-07-08,1,2\n")
    with pytest.raises(SchemaError, match="Haltr"):
        run_import("statements-csv", [path], options=Options(mapping={"Haltr": ""}))


@pytest.mark.parametrize(("since", "kept"), [("2024-07-09", 1), ("2024-07-08", 2)])
def test_days_asked_for_hold_for_statements_too(since, kept, put):
    import datetime as dt

    path = put("a.csv", HEADER + "A,x,2024-07-08,1,2\nA,x,2024-07-09,1,2\n")
    imported = run_import(
        "statements-csv", [path], options=Options(since=dt.date.fromisoformat(since))
    )
    assert_adds_up(imported)
    assert len(values(imported, "statements")) == kept


# ------------------------------------------------------------ f02: names keep their letters


def test_names_of_other_letters_are_other_actors(cases):
    imported = run_import("control-geojson", [cases("f02") / "cyr_2022-04-01.geojson"])
    assert len(values(imported, "actors")) == 7
    events = run_import("acled", [cases("f02") / "ev.csv"])
    (event,) = values(events, "events")
    assert event["actor1"] != event["actor2"]
    assert len(values(events, "actors")) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("قوات (FSA)", "جيش (FSA)"),
        ("A-B", "A B"),
        ("Ødegård", "Odegard"),
        ("Μονάδα 1", "Monada 1"),
        ("第一旅", "第二旅"),
        ("☮", "☭"),
        ("Brigade (1)", "Brigade 1"),
        ("x" * 80 + "1", "x" * 80 + "2"),
    ],
)
def test_two_names_are_two_ids_in_any_alphabet(one, other, put):
    features = [({"controller": name}, square(n, 50)) for n, name in enumerate((one, other, one))]
    imported = run_import("control-geojson", [layer(put, *features)])
    assert sorted(row["name"] for row in values(imported, "actors")) == sorted([one, other])
    (patches,) = imported.control.values()
    holders = [patch.properties["controller"] for patch in patches]
    assert holders[0] == holders[2] != holders[1]


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Łódź", "lodz"), ("Загін А", "zagin_a"), ("Ελλάδα", "ellada"), ("Հայաստան", "hayastan")],
)
def test_ids_can_be_read_in_latin(name, slug):
    assert make_slug(name) == slug


def test_a_name_of_the_folder_keeps_its_id_when_another_would_take_it(put, tmp_path):
    first = layer(put, ({"controller": "A-B"}, square(0, 50)), name="2022-01-01.geojson")
    save_import(run_import("control-geojson", [first]), tmp_path / "new")
    into = read_folder(tmp_path / "new")
    second = layer(put, ({"controller": "A B"}, square(0, 50)), name="2022-01-02.geojson")
    imported = run_import("control-geojson", [second], into=into)
    (row,) = values(imported, "actors")
    assert row["id"] != "a_b"


# ------------------------------------------------------------ f03: edit it and run again


def test_a_drafted_table_of_words_writes_nothing_else(cases, frontline, tmp_path):
    words, root = tmp_path / "words.csv", tmp_path / "out"
    command = ("import", "control-geojson", cases("f03") / "m_2024-07-08.geojson", "--into", root)
    assert frontline(*command, "--words", words)[0] == 0
    assert not root.exists()
    words.write_text(words.read_text().replace('"ru"', '"russia"'))
    code, _, said = frontline(*command, "--words", words)
    assert code == 0, said
    assert "russia" in read_folder(root).rows("actors")


def test_words_for_a_folder_that_is_there_are_drafted_first_too(put, frontline, tmp_path):
    words, root = tmp_path / "words.csv", tmp_path / "out"
    first = put("a.csv", HEADER + "A,x,2024-07-08,1,2\n")
    assert frontline("import", "statements-csv", first, "--into", root)[0] == 0
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    second = put("b.csv", HEADER + "A,Y?,2024-07-09,1,2\n")
    frontline("import", "statements-csv", second, "--into", root, "--words", words)
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before
    assert '"Y?"' in words.read_text()


# ------------------------------------------------------------ f04: what is refused leaves nothing


def test_a_point_among_areas_is_refused_without_a_trace(cases):
    path = cases("f04") / "map_20240708.geojson"
    imported = run_import(
        "control-geojson", [path], options=Options(mapping={"name": "controller"})
    )
    assert_adds_up(imported)
    assert len(values(imported, "actors")) == len(imported.words) == 4


KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
RING = "<LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates></LinearRing>"
AREA = f"<Polygon><outerBoundaryIs>{RING}</outerBoundaryIs></Polygon>"


def mark(name, shape, more=""):
    return f"<Placemark><name>{name}</name>{more}{shape}</Placemark>"


def test_a_line_of_kml_makes_no_side(put):
    line = "<LineString><coordinates>0,0 1,1</coordinates></LineString>"
    path = put("2022-01-01.kml", KML.format(mark("Red", AREA) + mark("Front line", line)))
    imported = run_import("kml", [path])
    assert_adds_up(imported)
    assert [row["id"] for row in values(imported, "actors")] == ["red"]


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("statements-csv", "a.csv", HEADER + "A,Ghost,2024-13-45,1,2\n"),
        ("statements-csv", "a.csv", HEADER + "A,Ghost,2024-07-08,200,2\n"),
        (
            "intervals-geojson",
            "a.geojson",
            collection(
                ({"controller": "Ghost", "start": "2020-01-01", "end": "2019-01-01"}, square(0, 0))
            ),
        ),
        ("control-geojson", "2022-01-01.geojson", collection(({"controller": "Ghost"}, LINE))),
    ],
)
def test_a_refused_record_adds_no_actor_word_or_place(kind, name, content, put):
    imported = run_import(kind, [put(name, content)])
    assert_adds_up(imported)
    assert imported.counts[0].refused == 1
    assert not imported.words
    assert not any(imported.records.values())


@pytest.mark.parametrize("name", ["A\u202eB", "A\x07B", "A\ufffdB"])
def test_a_name_that_no_table_can_hold_refuses_its_record_alone(name, put, tmp_path):
    rows = f"P,{name},2024-07-08,1,2\nQ,b,2024-07-08,1,2\n"
    imported = run_import("statements-csv", [put("a.csv", HEADER + rows)])
    assert_adds_up(imported)
    assert (imported.counts[0].written, imported.counts[0].refused) == (1, 1)
    save_import(imported, tmp_path / "new")
    assert len(read_folder(tmp_path / "new").rows("actors")) == 1


def test_an_import_of_which_nothing_was_taken_says_so(put, tmp_path):
    imported = run_import("control-geojson", [layer(put, ({"controller": "g"}, LINE))])
    with pytest.raises(LayerError, match="no record of any file was taken"):
        save_import(imported, tmp_path / "new")
    assert not (tmp_path / "new").exists()


# ------------------------------------------------------------ f14: archives, answers


def test_every_file_of_an_archive_is_read(cases):
    imported = run_import("kml", [cases("f14") / "two_2017-08-02.kmz"])
    assert_adds_up(imported)
    assert len(values(imported, "actors")) == 2
    assert not codes(imported)


def kmz(**files):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_kml", ".kml"), text)
    return held.getvalue()


LINK = "<NetworkLink><Link><href>{}</href></Link></NetworkLink>"


@pytest.mark.parametrize("href", ["https://example.org/more.kml", "other.kml", "files/none.kml"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_link_elsewhere_is_said_and_not_taken_for_all(href, zipped, put):
    text = KML.format(mark("Red", AREA) + LINK.format(href))
    content = kmz(doc_kml=text) if zipped else text
    imported = run_import("kml", [put("2022-01-01.kmz", content)])
    assert codes(imported) == ["import.partial"]
    assert href in imported.issues[0].message
    assert imported.counts[0].written == 1


def broken_archives():
    good = kmz(doc_kml=KML.format(mark("Red", AREA)))
    locked = bytearray(good)
    locked[6] |= 1
    at = good.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    odd = bytearray(good)
    odd[8] = odd[at + 10] = 99
    return {
        "cut": good[:80],
        "no kml": kmz(readme="x"),
        "empty": kmz(),
        "locked": bytes(locked),
        "packed by something else": bytes(odd),
        "changed inside": good.replace(b"Red", b"Rot"),
        "a zip in a zip": kmz(inner=good),
    }


@pytest.mark.parametrize("fault", broken_archives())
def test_an_archive_that_is_not_whole_is_refused(fault, put):
    with pytest.raises(SchemaError, match=r"kml\.archive"):
        run_import("kml", [put("2022-01-01.kmz", broken_archives()[fault])])


@pytest.mark.parametrize(
    "members",
    [
        {"exceededTransferLimit": True},
        {"properties": {"exceededTransferLimit": True}},
        {"numberMatched": 3000, "numberReturned": 1},
        {"totalFeatures": 2},
        {"links": [{"rel": "self"}, {"rel": "next", "href": "https://example.org/?p=2"}]},
    ],
    ids=str,
)
def test_an_answer_that_was_cut_off_is_not_taken_for_all(members, put):
    imported = run_import(
        "control-geojson", [layer(put, ({"controller": "a"}, square(0, 50)), **members)]
    )
    assert codes(imported) == ["import.partial"]
    assert imported.counts[0].written == 1


def test_an_answer_that_is_whole_is_taken_without_a_word(put):
    members = {"exceededTransferLimit": False, "numberMatched": 1, "links": [{"rel": "self"}]}
    imported = run_import(
        "control-geojson", [layer(put, ({"controller": "a"}, square(0, 50)), **members)]
    )
    assert not codes(imported)


# ------------------------------------------------------------ f17, g04: ends


@pytest.mark.parametrize("name", ["noid", "uniqueid"])
def test_last_days_are_found_out_where_each_record_has_its_own_id(name, cases):
    imported = run_import("intervals-geojson", [cases("f17") / f"{name}.geojson"])
    assert any("exclusive" in note for note in imported.notes)
    assert len(imported.control) == 3


@pytest.mark.parametrize(
    ("to", "kind"), [("geojson-intervals", "intervals-geojson"), ("kml", "kml")]
)
def test_our_own_exports_come_back_without_an_option(to, kind, frontline, tmp_path, put):
    rows = [("a", "2020-01-01", "2020-02-01"), ("b", "2020-02-01", "2020-03-01")]
    features = [
        ({"controller": holder, "start": start, "end": end}, square(0, 50))
        for holder, start, end in rows
    ]
    first = tmp_path / "first"
    source = put("i.geojson", collection(*features))
    command = ("import", "intervals-geojson", source, "--into", first, "--end", "exclusive")
    assert frontline(*command)[0] == 0
    out = tmp_path / ("x.geojson" if kind != "kml" else "x.kml")
    assert frontline("export", out, "--to", to, "--layers", first)[0] == 0
    code, _, said = frontline("import", kind, out, "--into", tmp_path / "again")
    assert code == 0, said
    one, other = read_folder(first), read_folder(tmp_path / "again")
    assert list(one.control) == list(other.control)
    for day, held in one.control.items():
        again = other.control[day].features
        assert [f.properties["controller"] for f in held.features] == [
            f.properties["controller"] for f in again
        ]


@pytest.mark.parametrize("end", ["", "inclusive", "exclusive"])
def test_an_end_in_the_year_9999_is_open(end, cases):
    imported = run_import(
        "intervals-geojson", [cases("g04") / "a.geojson"], options=Options(end=end)
    )
    assert_adds_up(imported)
    assert [str(day) for day in imported.control] == ["2017-01-01"]


@pytest.mark.parametrize("end", ["", "inclusive"])
@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31",
        "2999-12-31",
        "31/12/9999",
        "9999-01-01T00:00:00Z",
        "present",
        "Ongoing",
        "..",
        "None",
        "NaT",
    ],
)
def test_open_ends_are_written_in_many_ways(text, end, put):
    path = put(
        "i.geojson",
        collection(({"controller": "a", "start": "2020-01-01", "end": text}, square(0, 50))),
    )
    imported = run_import("intervals-geojson", [path], options=Options(end=end))
    assert [str(day) for day in imported.control] == ["2020-01-01"], imported.report()
    assert any("open" in note for note in imported.notes)


# ------------------------------------------------------------ g05: encodings


def test_an_encoding_that_nobody_knows_is_refused(cases):
    with pytest.raises(SchemaError, match=r"kml\.syntax.*windows-9999"):
        run_import("kml", [cases("g05") / "a.kml"])


@pytest.mark.parametrize("encoding", ["windows-1251", "shift_jis", "gb18030", "utf-16", "koi8-u"])
def test_a_kml_is_read_in_the_encoding_that_it_declares(encoding, put):
    name = "北" if encoding in {"shift_jis", "gb18030"} else "Загін"
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + KML.format(mark(name, AREA))
    imported = run_import("kml", [put("2022-01-01.kml", text.encode(encoding))])
    assert [row["name"] for row in values(imported, "actors")] == [name]


@pytest.mark.parametrize(
    "told", ["rot13", "idna", "undefined", "utf-7", "punycode", "no such", "hex", "a\0b"]
)
def test_a_table_in_no_encoding_is_refused(told, put):
    path = put("a.csv", (HEADER + "Ä,x,2024-07-08,1,2\n").encode("latin-1"))
    with pytest.raises(SchemaError, match="it is not"):
        run_import("statements-csv", [path], options=Options(encoding=told))


# ------------------------------------------------------------ g08: text that is taken for HTML


def test_no_text_of_a_document_is_markup_once_xml_is_read(cases, frontline, tmp_path):
    from xml.etree import ElementTree as ET

    out = tmp_path / "out.kml"
    assert frontline("export", out, "--to", "kml", "--layers", cases("g08") / "layers")[0] == 0
    texts = [
        e.text or "" for e in ET.parse(out).iter() if e.tag.endswith(("}name", "}description"))
    ]
    assert any("&lt;script&gt;" in text for text in texts)
    assert not any("<script" in text or "<img" in text for text in texts)


# ------------------------------------------------------------ numbers that are none


@pytest.mark.parametrize(
    "lon", ["1_0", "0x10", "1e400", "inf", "NaN", "１٫x", "1.2.3", "--1", "+", "1e"]
)
def test_what_is_no_number_is_no_position(lon, put):
    imported = run_import(
        "statements-csv", [put("a.csv", f"name,held by,date,lat,lon\nA,x,2024-07-08,2,{lon}\n")]
    )
    assert_adds_up(imported)
    assert codes(imported) == ["import.position"]


@pytest.mark.parametrize("at", ["1_0,2", "0x10,2", "1,2,3,4", "nan,nan", "1 2", "１,２"])
def test_what_is_no_position_is_none_in_kml(at, put):
    point = f"<Point><coordinates>{at}</coordinates></Point>"
    path = put("2022-01-01.kml", KML.format(mark("A", point) + mark("Red", AREA)))
    imported = run_import("kml", [path])
    assert_adds_up(imported)
    assert (imported.counts[0].written, imported.counts[0].refused) == (1, 1)


def test_decimal_commas_are_read_where_cells_are_set_apart_by_others(put):
    path = put("a.csv", "name;held by;date;lat;lon\nA;x;2024-07-08;48,5;37,25\n")
    imported = run_import("statements-csv", [path])
    assert [f.geometry.coords[0] for f in imported.records["places"]] == [(37.25, 48.5)]
