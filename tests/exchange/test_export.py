"""Every format is read back by a reader that is not ours."""

import dataclasses
import datetime as dt
import io
import itertools
import json
import os
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import theatre
from geo.check.case import patches_of
from geo.control.composite import Composite
from geo.crs import area_km2
from geo.errors import GeoError
from geo.exchange import export
from geo.layers.folder import read_folder

HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "template": "{{ 7*191 }} {%print(7*191)%} ${7*191}",
    "markup": '<script>alert(1)</script> & "quotes" \']]>',
    "arabic": "بِئر مَحروثة",
    "braces": "{...}",
    "newline": "one\n=two",
}
KMZ_NAMES = {"k": "http://www.opengis.net/kml/2.2"}


def made(folder):
    """A folder as read, and its composite."""
    read = read_folder(folder)
    snapshots = {day: patches_of(layer.features) for day, layer in read.control.items()}
    return read, Composite.build(read.area, snapshots, read.sides)


@pytest.fixture
def little(small):
    return made(small)


@pytest.fixture(scope="module")
def case(shipped):
    return made(shipped)


def hostile(read, text):
    """The same folder with a text in every note of its control, events and statements."""

    def said(feature):
        name = "notes" if "notes" in feature.properties else "note"
        return dataclasses.replace(feature, properties={**feature.properties, name: text})

    control = {
        day: dataclasses.replace(layer, features=tuple(map(said, layer.features)))
        for day, layer in read.control.items()
    }
    rows = [
        dataclasses.replace(row, values={**row.values, "note": text})
        for row in read.statements.rows
    ]
    return dataclasses.replace(
        read,
        control=control,
        events=tuple(map(said, read.events)),
        statements=dataclasses.replace(read.statements, rows=tuple(rows)),
    )


def require(to):
    """Skip where the library that a format needs is not installed."""
    for name in {"geoparquet": ["pyarrow"], "xlsx": ["xlsxwriter"]}.get(to, ()):
        pytest.importorskip(name)


def one(read, composite, to, **options):
    """The bytes of a format of one file."""
    (data,) = export.render(read, composite, to=to, **options).values()
    return data


def spans(frame):
    """First day and the day after the last of each row, as text; empty where open."""
    return sorted(
        (str(a)[:10], "" if b is None or b != b else str(b)[:10])
        for a, b in zip(frame["valid_from"], frame["valid_to"], strict=True)
    )


def intervals(composite):
    return spans(composite.intervals())


def assert_same_control(frame, composite):
    """As many intervals, on the same dates, of the same ground."""
    expected = composite.intervals()
    assert len(frame) == len(expected)
    assert spans(frame) == intervals(composite)
    key = [f"{p}@{d}" for p, d in zip(expected["patch"], expected["valid_from"], strict=True)]
    ground = dict(zip(key, expected.geometry, strict=True))
    name = "id2" if "id2" in frame else "id"
    was = area_km2([ground[i] for i in frame[name]])
    now = area_km2(list(frame.geometry))
    np.testing.assert_allclose(now, was, rtol=1e-6)


def read_with_gdal(data, suffix, tmp_path, layer=None):
    import pyogrio

    path = tmp_path / f"out{suffix}"
    path.write_bytes(data)
    return pyogrio.read_dataframe(path, layer=layer)


# --- each format in its reader ----------------------------------------------------


@pytest.mark.parametrize("which", ["little", "case"])
def test_geoparquet_reads_back_in_geopandas(which, request, tmp_path):
    pytest.importorskip("pyarrow")
    import geopandas

    read, composite = request.getfixturevalue(which)
    path = tmp_path / "out.parquet"
    path.write_bytes(one(read, composite, "geoparquet"))
    frame = geopandas.read_parquet(path)
    assert_same_control(frame, composite)
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    assert all(isinstance(day, dt.date) for day in frame["valid_from"])


def test_geoparquet_reads_back_in_duckdb(case, tmp_path):
    pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    read, composite = case
    path = tmp_path / "out.parquet"
    path.write_bytes(one(read, composite, "geoparquet"))
    day = dt.date(2017, 7, 31)
    asked = (
        "select count(*), sum(area_km2) from read_parquet(?) "
        "where valid_from <= ? and (valid_to > ? or valid_to is null)"
    )
    count, total = duckdb.execute(asked, [str(path), day, day]).fetchone()
    control = composite.control(day)
    assert count == len(control)
    assert total == pytest.approx(control["area_km2"].sum(), rel=1e-9)


def test_geoparquet_states_its_credits_and_its_geometry(little):
    parquet = pytest.importorskip("pyarrow.parquet")
    read, composite = little
    metadata = parquet.read_schema(io.BytesIO(one(read, composite, "geoparquet"))).metadata
    geo, about = json.loads(metadata[b"geo"]), json.loads(metadata[b"about"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["MultiPolygon"]
    assert about["title"] == read.theatre.properties["name"]


@pytest.mark.parametrize(
    ("to", "layer"),
    [
        ("gpkg", "control"),
        ("flatgeobuf", None),
        ("geojson-intervals", None),
        ("topojson", "control"),
    ],
)
@pytest.mark.parametrize("which", ["little", "case"])
def test_control_reads_back_in_gdal(to, layer, which, request, tmp_path):
    read, composite = request.getfixturevalue(which)
    data = one(read, composite, to)
    frame = read_with_gdal(data, export.FORMATS[to].suffix, tmp_path, layer)
    assert_same_control(frame, composite)
    assert frame["valid_from"].dtype.kind == "M"
    names = set(frame["controller_name"].dropna())
    assert names <= {row.values["name"] for row in read.actors.rows}


@pytest.mark.parametrize("to", ["geojson-intervals", "flatgeobuf"])
@pytest.mark.parametrize("layer", ["events", "places"])
def test_points_read_back_in_gdal(to, layer, case, tmp_path):
    read, composite = case
    data = one(read, composite, to, layer=layer)
    frame = read_with_gdal(data, export.FORMATS[to].suffix, tmp_path)
    expected = {f.id: f for f in (read.events if layer == "events" else read.places.values())}
    assert set(frame["id"]) == set(expected)
    for name, point in zip(frame["id"], frame.geometry, strict=True):
        known = expected[name].geometry
        assert (point is None) == (known is None)
        assert point is None or shapely.equals_exact(point, known, 1e-9)


def test_geopackage_holds_every_table_and_the_credits(case, tmp_path):
    import pyogrio

    read, composite = case
    path = tmp_path / "out.gpkg"
    path.write_bytes(one(read, composite, "gpkg"))
    held = {str(name) for name in pyogrio.list_layers(path)[:, 0]}
    assert {"control", "events", "places", "statements", "sources", "areas"} <= held
    info = pyogrio.read_info(path, layer="control")
    assert info["dataset_metadata"]["about_attribution"] == read.theatre.properties["attribution"]
    assert dict(zip(info["fields"], info["ogr_types"], strict=True))["valid_to"] == "OFTDate"
    rows = pyogrio.read_dataframe(path, layer="statements", read_geometry=False)
    assert len(rows) == len(read.statements.rows)


def test_topojson_fronts_are_shared_arcs(little):
    read, composite = little
    topology = json.loads(one(read, composite, "topojson"))
    last = [
        geometry
        for geometry in topology["objects"]["control"]["geometries"]
        if geometry["properties"]["valid_to"] is None
    ]
    users = {}
    for geometry in last:
        for arc in itertools.chain.from_iterable(itertools.chain(*geometry["arcs"])):
            users.setdefault(arc if arc >= 0 else ~arc, []).append(geometry["properties"]["id"])
    inner = [ids for ids in users.values() if len(ids) == 2]
    assert inner
    assert max(map(len, users.values())) == 2
    assert all(first != second for first, second in inner)


def test_topojson_shells_run_clockwise_as_d3_wants(little):
    read, composite = little
    topology = json.loads(one(read, composite, "topojson"))
    scale = topology["transform"]["scale"]

    def line(arc):
        points = np.cumsum(topology["arcs"][arc if arc >= 0 else ~arc], axis=0) * scale
        return points if arc >= 0 else points[::-1]

    for geometry in topology["objects"]["control"]["geometries"]:
        for shell, *_ in geometry["arcs"]:
            ring = np.concatenate([line(arc)[1:] for arc in shell])
            assert not shapely.is_ccw(shapely.linearrings(ring))


def test_kml_reads_back_in_gdal(case, tmp_path):
    read, composite = case
    frame = read_with_gdal(one(read, composite, "kml"), ".kml", tmp_path, "Control")
    assert_same_control(frame, composite)
    ended = frame["end"].notna()
    days = frame["end"][ended] + np.timedelta64(1, "D")
    assert list(days.astype(str)) == list(frame["valid_to"][ended])


def test_kml_is_what_its_schema_allows(case):
    etree = pytest.importorskip("lxml.etree")
    fastkml = pytest.importorskip("fastkml.validator")
    read, composite = case
    schema = fastkml.get_schema_parser()
    assert schema.validate(etree.fromstring(one(read, composite, "kml"))), schema.error_log


def test_kml_is_plain_xml_without_entities(case):
    defused = pytest.importorskip("defusedxml.ElementTree")
    read, composite = case
    root = defused.fromstring(one(read, composite, "kml"), forbid_dtd=True)
    marks = root.findall(".//k:Placemark", KMZ_NAMES)
    assert len(marks) == len(composite.intervals()) + len(read.events) + len(read.places)
    begins = [e.text for e in root.findall(".//k:TimeSpan/k:begin", KMZ_NAMES)]
    assert all(re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) for text in begins)


def test_kml_text_is_text_in_a_balloon(little):
    defused = pytest.importorskip("defusedxml.ElementTree")
    read, composite = little
    data = one(hostile(read, HOSTILE["markup"]), composite, "kml")
    root = defused.fromstring(data, forbid_dtd=True)
    shown = [e.text for e in root.findall(".//k:Placemark/k:description", KMZ_NAMES)]
    assert not any("<script" in text for text in shown)
    held = {e.text for e in root.findall(".//k:SimpleData[@name='note']", KMZ_NAMES)}
    assert held == {HOSTILE["markup"], *(p.properties["note"] for p in read.places.values())} - {
        None
    }


def test_a_workbook_reads_back_in_openpyxl(case):
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    read, composite = case
    book = openpyxl.load_workbook(io.BytesIO(one(read, composite, "xlsx")))
    head, *rows = book["control"].iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    frame = {name: [row[name] for row in found] for name in ("valid_from", "valid_to")}
    assert spans(frame) == intervals(composite)
    assert sum(row["area_km2"] for row in found) == pytest.approx(
        composite.intervals()["area_km2"].sum()
    )
    assert all(isinstance(row["valid_from"], dt.datetime) for row in found)
    assert len(list(book["statements"].iter_rows())) == len(read.statements.rows) + 1
    texts = {row[0]: row[1] for row in book["about"].iter_rows(values_only=True)}
    assert texts["attribution"] == read.theatre.properties["attribution"]


def test_a_table_reads_back_in_pandas(case):
    import pandas

    read, composite = case
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "csv")), dtype={"valid_to": str})
    assert spans(frame) == intervals(composite)
    assert frame["area_km2"].sum() == pytest.approx(
        composite.intervals()["area_km2"].sum(), abs=1e-3
    )
    ground = {f"{r.patch}@{r.valid_from}": r.geometry for r in composite.intervals().itertuples()}
    for row in frame.itertuples():
        assert shapely.intersects_xy(ground[row.id], row.lon, row.lat)
    assert set(frame["attribution"].str.contains("CC BY 4.0")) == {True}


def test_events_have_the_columns_of_acled(case):
    import pandas

    read, composite = case
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "acled-csv")), dtype=str)
    assert list(frame)[:8] == [
        *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type"),
        *("event_type", "sub_event_type", "actor1"),
    ]
    assert len(frame) == len(read.events)
    by_id = frame.set_index("event_id_cnty")
    names = {row.id: row.values["name"] for row in read.actors.rows}
    for event in read.events:
        row = by_id.loc[event.id]
        assert row["event_date"] == event.properties["event_date"]
        assert row["actor1"] == names.get(event.properties["actor1"]) or row.isna()["actor1"]
        if event.geometry is not None:
            assert float(row["longitude"]) == pytest.approx(shapely.get_x(event.geometry))


@pytest.mark.parametrize(
    ("event_type", "sub_event_type", "disorder"),
    [
        ("Battles", "Armed clash", "Political violence"),
        ("Riots", "Mob violence", "Political violence"),
        ("Riots", "Violent demonstration", "Demonstrations"),
        ("Protests", "Peaceful protest", "Demonstrations"),
        (
            "Protests",
            "Excessive force against protesters",
            "Political violence; Demonstrations",
        ),
        ("Strategic developments", "Agreement", "Strategic developments"),
    ],
)
def test_disorder_is_what_the_codebook_derives(little, event_type, sub_event_type, disorder):
    read, composite = little
    event = read.events[0]
    values = {**event.properties, "event_type": event_type, "sub_event_type": sub_event_type}
    changed = dataclasses.replace(read, events=(dataclasses.replace(event, properties=values),))
    assert f",{disorder},{event_type},".encode() in one(changed, composite, "acled-csv")


# --- QGIS ---------------------------------------------------------------------------

QGIS = """
import sys
from qgis.core import *
from qgis.PyQt.QtCore import QDateTime, Qt
app = QgsApplication([], False)
app.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1]), project.error()
layers = project.mapLayersByName
for layer in project.mapLayers().values():
    assert layer.isValid(), layer.name()
for day in sys.argv[2:]:
    begin = QDateTime.fromString(day + "T00:00:00Z", Qt.ISODate)
    span = QgsDateTimeRange(begin, begin.addDays(1), True, False)
    for name in ("control", "events"):
        layer = layers(name)[0]
        context = QgsVectorLayerTemporalContext()
        context.setLayer(layer)
        text = layer.temporalProperties().createFilterString(context, span)
        request = QgsFeatureRequest().setFilterExpression(text)
        print(name, day, sum(1 for _ in layer.getFeatures(request)))
print("renderer", layers("control")[0].renderer().type())
app.exitQgis()
"""


def test_qgis_steps_through_the_days_as_the_layers_hold(case, tmp_path):
    python = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
    try:
        found = subprocess.run([python, "-c", "import qgis.core"], capture_output=True)
    except OSError:
        pytest.skip("no Python with QGIS")
    if found.returncode:
        pytest.skip("no QGIS: install python3-qgis, or set QGIS_PYTHON")
    read, composite = case
    export.write_export(read, composite, tmp_path / "case.qgs", to="qgis-temporal")
    days = [dt.date(2017, 7, 31), dt.date(2017, 8, 1), dt.date(2017, 8, 2)]
    done = subprocess.run(
        [python, "-c", QGIS, str(tmp_path / "case.qgs"), *map(str, days)],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    for day in days:
        assert f"control {day} {len(composite.control(day))}" in done.stdout
        events = [
            e
            for e in read.events
            if e.properties["event_date"]
            <= str(day)
            <= (e.properties["end_date"] or e.properties["event_date"])
        ]
        assert f"events {day} {len(events)}\n" in done.stdout
    assert "renderer categorizedSymbol" in done.stdout


def test_a_project_names_its_neighbour_by_its_own_name(little, tmp_path):
    read, composite = little
    paths = export.write_export(read, composite, tmp_path / "war.qgs", to="qgis-temporal")
    assert [path.name for path in paths] == ["war.qgs", "war.gpkg"]
    assert 'source="./war.gpkg|layername=control"' in paths[0].read_text(encoding="utf-8")


# --- laws ---------------------------------------------------------------------------


def test_the_same_theatre_gives_the_same_bytes_whoever_asks(small, tmp_path):
    for name in ("pyarrow", "xlsxwriter"):
        pytest.importorskip(name)
    code = (
        "import sys, hashlib\nfrom geo import open_layers\nfrom geo.exchange import export\n"
        "t = open_layers(sys.argv[1])\n"
        "for to in export.FORMATS:\n"
        "    for s, d in sorted(export.render(t.folder, t.composite, to=to).items()):\n"
        "        print(to, s, hashlib.sha256(d).hexdigest())\n"
    )
    seen = []
    for seed, zone, user in (("1", "UTC", "ann"), ("2", "Asia/Kolkata", "bob")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "USER": user, "HOME": "/nowhere"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(small)],
            capture_output=True,
            text=True,
            env=env,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        seen.append(done.stdout.splitlines())
    assert seen[0] == seen[1]
    assert len(seen[0]) == len(export.FORMATS) + 1


@pytest.mark.parametrize("to", export.FORMATS)
def test_no_file_names_the_folder_it_came_from(to, little):
    read, composite = little
    require(to)
    for data in export.render(read, composite, to=to).values():
        if data.startswith(b"PK"):
            archive = zipfile.ZipFile(io.BytesIO(data))
            data = b"".join(archive.read(name) for name in archive.namelist())
        assert str(read.root).encode() not in data
        assert b"/tmp" not in data


@pytest.mark.parametrize("to", export.FORMATS)
def test_every_file_carries_the_title_or_its_columns(to, little):
    read, composite = little
    require(to)
    title = str(read.theatre.properties["name"]).encode()
    for data in export.render(read, composite, to=to).values():
        if data.startswith(b"PK"):
            archive = zipfile.ZipFile(io.BytesIO(data))
            data = b"".join(archive.read(name) for name in archive.namelist())
        assert title in data


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("to", ["gpkg", "flatgeobuf", "geojson-intervals"])
def test_text_survives_as_text_in_gdal(text, to, little, tmp_path):
    read, composite = little
    data = one(hostile(read, text), composite, to)
    layer = "control" if to == "gpkg" else None
    frame = read_with_gdal(data, export.FORMATS[to].suffix, tmp_path, layer)
    assert set(frame["note"]) == {text}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_survives_as_text_in_a_workbook(text, little):
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    read, composite = little
    book = openpyxl.load_workbook(
        io.BytesIO(one(hostile(read, text), composite, "xlsx")), data_only=False
    )
    head, *rows = book["control"].iter_rows()
    at = [cell.value for cell in head].index("note")
    assert {row[at].value for row in rows} == {text}
    assert {row[at].data_type for row in rows} == {"s"}
    assert {row[at].number_format for row in rows} == {"@"}


@given(st.text(alphabet="=+-@\t\r\n;|,'a1 ＝＋－＠", max_size=12))
def test_no_cell_begins_a_formula_however_it_is_cut(text):
    safe = export.spreadsheet_safe(text)
    for cell in re.split(r"[;\t\r\n|]", safe):
        assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert re.sub("'", "", safe) == re.sub("'", "", text)


def test_numbers_stay_numbers_in_a_table(little):
    import pandas

    read, composite = little
    frame = pandas.read_csv(io.BytesIO(one(read, composite, "csv", layer="places")))
    assert frame["lon"].dtype.kind == frame["geo_radius_m"].dtype.kind == "f"


# --- refusals -----------------------------------------------------------------------


def test_an_export_is_not_written_among_the_layers(little):
    read, composite = little
    before = sorted(read.root.rglob("*"))
    with pytest.raises(GeoError, match="elsewhere"):
        export.write_export(read, composite, read.root / "out.geojson", to="geojson-intervals")
    assert sorted(read.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"to": "shapefile"}, "a.shp"),
        ({"to": "csv", "layer": "actors"}, "a.csv"),
        ({"to": "kml"}, "a.csv"),
    ],
)
def test_an_unknown_wish_is_refused_by_name(options, name, little, tmp_path):
    read, composite = little
    with pytest.raises(ValueError, match=r"must be one of|no name for"):
        export.write_export(read, composite, tmp_path / name, **options)
    assert list(tmp_path.glob("a.*")) == []


def test_a_missing_library_is_named_with_its_group(little, monkeypatch):
    read, composite = little
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(GeoError, match=r"pyarrow.*geo-frontline\[formats\]"):
        export.render(read, composite, to="geoparquet")


def test_an_export_replaces_an_older_one_whole(little, tmp_path):
    read, composite = little
    path = tmp_path / "out.csv"
    path.write_text("older, and longer than what replaces it\n" * 10_000)
    export.write_export(read, composite, path, to="csv")
    assert path.read_bytes() == one(read, composite, "csv")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["out.csv"]


def test_what_is_said_of_a_theatre_is_a_stac_collection(case):
    said = export.about(*case)
    assert (said["type"], said["stac_version"]) == ("Collection", "1.0.0")
    west, south, east, north = said["extent"]["spatial"]["bbox"][0]
    assert west < east
    assert south < north
    assert {"publisher": "OCHA", "licence": "CC BY 3.0 IGO"} in said["licences"]
    json.dumps(said, allow_nan=False)


def test_a_theatre_without_layers_is_exported_empty(small):
    for path in (small / "control").iterdir():
        path.unlink()
    read, composite = made(small)
    assert theatre.Theatre(read).dates == ()
    collection = json.loads(one(read, composite, "geojson-intervals"))
    assert collection["features"] == []
    for to in ("kml", "csv", "topojson", "acled-csv", "gpkg"):
        assert one(read, composite, to)
