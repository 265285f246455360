"""The forms in which publishers serve: packed, wrapped, in other people's formats."""

import contextlib
import datetime as dt
import gzip
import io
import json
import math
import sqlite3
import struct
import zipfile

import geopandas
import pytest
import shapely

from geo.crs import area_km2
from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.saving import import_into
from geo.layers.folder import read_folder
from tests.exports import one
from tests.foreign import HEADER, assert_adds_up, codes, collection, square, values

DAY = "2024-07-08"
AREAS = collection(
    ({"controller": "red", "date": DAY}, square(36, 33)),
    ({"controller": "blue", "date": DAY}, square(37, 33)),
)
TOWNS = HEADER + f"Alpha,red,{DAY},33.5,36.5\nBeta,blue,{DAY},33.6,37.5\n"
POINTS = collection(
    *(
        (
            {"name": name, "controller": who, "date": DAY},
            {"type": "Point", "coordinates": [x, 33.5]},
        )
        for name, who, x in (("Alpha", "red", 36.5), ("Beta", "blue", 37.5))
    )
)


def zipped(names):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return sink.getvalue()


def shares(imported):
    """Who holds how much on the one date that there is, km2."""
    (patches,) = imported.control.values()
    return {
        p.properties["controller"]: round(float(area_km2(p.geometry)[0]), 1)
        for p in patches
        if p.properties["controller"]
    }


@pytest.fixture
def plain(put):
    return shares(run_import("control-geojson", [put("a.geojson", AREAS)]))


# ---------------------------------------------------------------------------- gzip and zip


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("control-geojson", "a.geojson", AREAS),
        ("statements-csv", "a.csv", TOWNS),
        ("statements-csv", "a.geojson", POINTS),
        ("places-csv", "a.csv", TOWNS),
    ],
)
@pytest.mark.parametrize("way", ["gz", "zip", "gz in zip"])
def test_packed_files_are_those_that_they_hold(kind, name, content, way, put):
    inner = {f"folder/{name}": content.encode(), "readme.md": b"hello", "__MACOSX/._x.csv": b"x"}
    if way == "gz":
        path = put(f"{name}.gz", gzip.compress(content.encode()))
    elif way == "zip":
        path = put("all.zip", zipped(inner))
    else:
        path = put("all.zip", zipped({f"{name}.gz": gzip.compress(content.encode())}))
    imported = run_import(kind, [path])
    assert_adds_up(imported)
    assert imported.counts[0].written == 2
    assert imported.counts[0].file == (
        name if way == "gz" else f"all.zip/{imported_name(way, name)}"
    )
    assert any("readme.md" in note for note in imported.notes) == (way == "zip")


def imported_name(way, name):
    return f"folder/{name}" if way == "zip" else name


def test_every_day_of_an_archive_is_a_layer(put):
    days = [f"2024-07-{day:02}" for day in range(1, 6)]
    member = collection(({"controller": "red"}, square(36, 33)))
    imported = run_import(
        "control-geojson", [put("a.zip", zipped({f"m_{day}.geojson": member for day in days}))]
    )
    assert_adds_up(imported)
    assert [str(day) for day in imported.control] == days
    assert len(imported.counts) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(AREAS.encode())[:-9], "archive is not read"),
        (gzip.compress(AREAS.encode())[:40] + b"xxxx", "archive is not read"),
        (zipped({"a.geojson": AREAS})[:-30], "archive is not read"),
        (zipped({"a.csv": TOWNS}), r"none of \.geojson .* but a\.csv"),
        (zipped({}), "."),
    ],
    ids=["cut gzip", "broken gzip", "cut zip", "other kind", "empty"],
)
def test_an_archive_that_is_damaged_or_of_another_kind_is_refused(content, message, put):
    with pytest.raises(SchemaError, match=message):
        run_import("control-geojson", [put("a.zip", content)])


def test_an_archive_larger_than_any_memory_is_refused(put, monkeypatch):
    monkeypatch.setattr("geo.exchange.reading.packing.MOST_BYTES", 1_000)
    for name, content in (
        ("a.csv.gz", gzip.compress(b"x" * 2_000)),
        ("a.zip", zipped({"a.csv": b"x" * 2_000})),
    ):
        with pytest.raises(SchemaError, match="archive is not read"):
            run_import("statements-csv", [put(name, content)])


# --------------------------------------------------------------------------- wrapped JSON


def wrapped(text):
    """The same two areas in each form, and what the account says of it."""
    root = json.loads(text)
    return {
        "list": (json.dumps(root["features"]), "a list of features"),
        "lines": ("\n".join(map(json.dumps, root["features"])) + "\n", "on each line"),
        "sequence": ("".join(f"\x1e{json.dumps(f)}\n" for f in root["features"]), "on each line"),
        "member": (json.dumps({"ok": True, "data": {"layer": root}}), "data.layer"),
        "umap": (
            json.dumps({"type": "umap", "layers": [{**root, "_umap_options": {"name": "L"}}]}),
            "uMap",
        ),
    }


@pytest.mark.parametrize("form", wrapped(AREAS))
def test_features_are_found_in_whatever_they_are_wrapped(form, put, plain):
    text, told = wrapped(AREAS)[form]
    imported = run_import("control-geojson", [put("a.json", text)])
    assert_adds_up(imported)
    assert shares(imported) == plain
    assert any(told in note for note in imported.notes)


def test_two_collections_in_one_file_are_not_chosen_from(put):
    text = json.dumps({"a": json.loads(AREAS), "b": json.loads(AREAS)})
    with pytest.raises(SchemaError, match="2 collections of features: a, b"):
        run_import("control-geojson", [put("a.json", text)])


def test_a_stream_that_was_cut_off_says_so_and_adds_up(put):
    lines = [json.dumps(f) for f in json.loads(AREAS)["features"]]
    imported = run_import("control-geojson", [put("a.geojsonl", f"{lines[0]}\n{lines[1][:40]}")])
    assert_adds_up(imported)
    assert (imported.counts[0].read, imported.counts[0].written) == (2, 1)
    assert [(i.code, i.line) for i in imported.issues] == [("json.syntax", 2)]


def test_layers_of_umap_name_their_features_and_those_elsewhere_are_said(put):
    areas = json.loads(AREAS)["features"]
    for area in areas:
        del area["properties"]["controller"]
    layers = [
        {
            "type": "FeatureCollection",
            "features": [area],
            "_umap_options": {"name": name, **more},
        }
        for area, name, more in (
            (areas[0], "red", {}),
            (areas[1], "blue", {"remoteData": {"url": "https://example.org/x.json"}}),
        )
    ]
    path = put("a.umap", json.dumps({"type": "umap", "layers": layers}))
    imported = run_import(
        "control-geojson", [path], options=Options(mapping={"folder": "controller"})
    )
    assert set(shares(imported)) == {"red", "blue"}
    assert codes(imported) == ["import.partial"]


# -------------------------------------------------------------------------------- TopoJSON


def test_arcs_shared_and_turned_become_rings_again(put, plain):
    quantum = 1_000
    topology = {
        "type": "Topology",
        "transform": {"scale": [1 / quantum, 1 / quantum], "translate": [36, 33]},
        "objects": {
            "areas": {
                "type": "GeometryCollection",
                "geometries": [
                    {
                        "type": "Polygon",
                        "arcs": [[0, 1]],
                        "properties": {"controller": "red", "date": DAY},
                    },
                    {
                        "type": "MultiPolygon",
                        "arcs": [[[2, -1]]],
                        "properties": {"controller": "blue", "date": DAY},
                    },
                ],
            }
        },
        "arcs": [
            [[1_000, 0], [0, 1_000]],
            [[1_000, 1_000], [-1_000, 0], [0, -1_000], [1_000, 0]],
            [[1_000, 0], [1_000, 0], [0, 1_000], [-1_000, 0]],
        ],
    }
    imported = run_import("control-geojson", [put("a.topojson", json.dumps(topology))])
    assert_adds_up(imported)
    assert shares(imported) == plain


@pytest.mark.parametrize("to", ["topojson", "gpkg", "flatgeobuf"])
def test_our_own_exports_come_back_in_every_format(to, case, tmp_path):
    read, composite = case
    path = tmp_path / f"own.{to}"
    path.write_bytes(one(read, composite, to))
    imported = run_import("intervals-geojson", [path])
    assert_adds_up(imported)
    assert imported.counts[0].refused == 0
    assert list(imported.control) == list(composite.dates)
    for day, patches in imported.control.items():
        frame = composite.control(day)
        ours = frame.groupby("controller")["area_km2"].sum().drop("", errors="ignore")
        for holder, km2 in ours.items():
            back = [p.geometry for p in patches if p.properties["controller"] == holder]
            assert float(area_km2(back).sum()) == pytest.approx(km2, rel=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"arcs": [[["x", 0], [1, 1]]]},
        {"objects": []},
        {"objects": {"a": {"type": "Polygon", "arcs": [[7]]}}},
        {"objects": {"a": {"type": "Polygon", "arcs": [[0] * 500]}}},
        {"transform": {"scale": [1], "translate": [0, 0]}},
    ],
)
def test_a_topology_that_is_none_is_refused(change, put, monkeypatch):
    monkeypatch.setattr("geo.exchange.reading.topojson._MOST_POSITIONS", 1_000)
    root = {"type": "Topology", "objects": {}, "arcs": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    with pytest.raises(SchemaError, match="no TopoJSON"):
        run_import("control-geojson", [put("a.json", json.dumps({**root, **change}))])


# ---------------------------------------------------------------------------------- ArcGIS


def esri(*features, **members):
    return json.dumps(
        {
            "geometryType": "esriGeometryPolygon",
            "spatialReference": {"wkid": 4326},
            "features": list(features),
            **members,
        }
    )


def clockwise(west, south, size=1.0):
    return [[x, y] for x, y in reversed(square(west, south, size)["coordinates"][0])]


def test_rings_of_arcgis_are_shells_and_holes_by_their_turn(put):
    hole = square(36.25, 33.25, 0.5)["coordinates"][0]
    island = clockwise(36.4, 33.4, 0.2)
    text = esri(
        {
            "attributes": {"controller": "red", "date": DAY},
            "geometry": {"rings": [clockwise(36, 33), hole, island]},
        }
    )
    imported = run_import("control-geojson", [put("a.json", text)])
    assert_adds_up(imported)
    expected = shapely.Polygon(clockwise(36, 33), [hole]).area + shapely.Polygon(island).area
    ((patch,),) = imported.control.values()
    assert patch.geometry.area == pytest.approx(expected)


@pytest.mark.parametrize("far", [1e308, -1e300, None, "x", True])
def test_a_position_of_arcgis_that_is_none_is_refused(far, put):
    ring = [[36, 33], [36, 34], [far, 34], [36, 33]]
    told = {"attributes": {"controller": "red", "date": DAY}, "geometry": {"rings": [ring]}}
    imported = run_import("control-geojson", [put("a.json", esri(told))])
    assert_adds_up(imported)
    assert codes(imported) == ["geom.kind"]


def test_milliseconds_are_days_in_the_zone_of_the_theatre(put):
    late = int(dt.datetime(2024, 7, 7, 22, 30, tzinfo=dt.UTC).timestamp() * 1000)
    for fields in ([{"name": "date", "type": "esriFieldTypeDate"}], []):
        text = esri(
            {
                "attributes": {"controller": "red", "date": late},
                "geometry": {"rings": [clockwise(36, 33)]},
            },
            fields=fields,
        )
        path = put("a.json", text)
        here = run_import(
            "control-geojson", [path], options=Options(fixed={"timezone": "Asia/Damascus"})
        )
        assert [str(day) for day in here.control] == ["2024-07-08"]
        assert any("Asia/Damascus" in note for note in here.notes)
        assert [str(day) for day in run_import("control-geojson", [path]).control] == ["2024-07-07"]


def test_a_column_of_midnights_is_one_of_days(put):
    midnight = int(dt.datetime(2024, 7, 8, tzinfo=dt.UTC).timestamp() * 1000)
    text = collection(({"controller": "red", "date": midnight}, square(36, 33)))
    options = Options(fixed={"timezone": "America/New_York"})
    imported = run_import("control-geojson", [put("a.json", text)], options=options)
    assert [str(day) for day in imported.control] == ["2024-07-08"]


def test_mercator_is_turned_into_degrees_and_said(put, plain):
    from pyproj import Transformer

    turn = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True).transform
    features = [
        {
            "attributes": {"controller": who, "date": DAY},
            "geometry": {"rings": [[list(turn(*xy)) for xy in clockwise(west, 33)]]},
        }
        for who, west in (("red", 36), ("blue", 37))
    ]
    text = esri(*features, spatialReference={"wkid": 102100, "latestWkid": 3857})
    imported = run_import("control-geojson", [put("a.json", text)])
    assert shares(imported) == plain
    assert any("EPSG:3857" in note for note in imported.notes)


def test_curves_and_answers_that_were_cut_off_are_named(put):
    text = esri(
        {
            "attributes": {"controller": "red", "date": DAY},
            "geometry": {"curveRings": [[[36, 33], {"c": []}]]},
        },
        {
            "attributes": {"controller": "blue", "date": DAY},
            "geometry": {"rings": [clockwise(36, 33)]},
        },
        exceededTransferLimit=True,
    )
    imported = run_import("control-geojson", [put("a.json", text)])
    assert (imported.counts[0].written, imported.counts[0].refused) == (1, 1)
    assert sorted(codes(imported)) == ["geom.kind", "import.partial"]
    assert any("curveRings" in str(issue) for issue in imported.issues)


# ------------------------------------------------------------------------ through GDAL


def frame(crs="EPSG:4326"):
    made = geopandas.GeoDataFrame.from_features(json.loads(AREAS)["features"], crs="EPSG:4326")
    return made.to_crs(crs)


def written(folder, suffix, made, **options):
    """A file as GDAL writes it; a Shapefile as the zip that is sent."""
    drivers = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
    made.to_file(folder / f"x{suffix}", driver=drivers[suffix], **options)
    if suffix != ".shp":
        return folder / f"x{suffix}"
    parts = {f"any name/{p.name}": p.read_bytes() for p in folder.iterdir() if p.stem == "x"}
    (folder / "x.zip").write_bytes(zipped(parts))
    return folder / "x.zip"


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".fgb"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32637"])
def test_files_of_gdal_come_in_with_their_systems_of_coordinates(suffix, crs, tmp_path, plain):
    path = written(tmp_path, suffix, frame(crs))
    mapping = {"controller": "controller"}
    imported = run_import("control-geojson", [path], options=Options(mapping=mapping))
    assert_adds_up(imported)
    assert imported.counts[0].written == 2
    got = shares(imported)
    assert set(got) == set(plain)
    for holder, km2 in got.items():
        assert km2 == pytest.approx(plain[holder], rel=1e-6)


def test_a_shapefile_lies_on_disk_in_several_files(tmp_path, plain):
    frame().to_file(tmp_path / "x.shp")
    assert shares(run_import("control-geojson", [tmp_path / "x.shp"])) == plain
    (tmp_path / "x.dbf").unlink()
    with pytest.raises(SchemaError, match=r"several files, and \.dbf"):
        run_import("control-geojson", [tmp_path / "x.shp"])


def test_letters_of_a_shapefile_are_read_as_it_says_or_not_at_all(tmp_path):
    made = frame()
    made["controller"] = ["Загін", "Ополчение"]
    made.to_file(tmp_path / "x.shp", encoding="cp1251")
    said = run_import("control-geojson", [tmp_path / "x.shp"])
    assert {word.text for word in said.words} == {"Загін", "Ополчение"}
    (tmp_path / "x.cpg").unlink()
    table = bytearray((tmp_path / "x.dbf").read_bytes())
    table[29] = 0
    (tmp_path / "x.dbf").write_bytes(table)
    with pytest.raises(SchemaError, match="name the encoding"):
        run_import("control-geojson", [tmp_path / "x.shp"])
    told = run_import("control-geojson", [tmp_path / "x.shp"], options=Options(encoding="cp1251"))
    assert {word.text for word in told.words} == {"Загін", "Ополчение"}


def test_layers_that_are_not_read_are_named(tmp_path):
    frame().to_file(tmp_path / "x.gpkg", layer="control")
    points = geopandas.GeoDataFrame.from_features(json.loads(POINTS)["features"], crs="EPSG:4326")
    points.to_file(tmp_path / "x.gpkg", layer="towns", mode="a")
    imported = run_import("control-geojson", [tmp_path / "x.gpkg"])
    assert imported.counts[0].written == 2
    assert any("not read: towns (2)" in note for note in imported.notes)


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".xlsx", ".xls"])
@pytest.mark.parametrize("cut", [20, 200])
def test_a_broken_file_of_others_is_refused(suffix, cut, tmp_path):
    heads = {".gpkg": b"SQLite format 3\0", ".fgb": b"fgb\x03fgb\0"}
    heads |= {".xlsx": b"PK\3\4[Content_Types].xml", ".xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}
    path = tmp_path / f"x{suffix}"
    path.write_bytes(heads[suffix] + b"\xff" * cut)
    with pytest.raises(SchemaError, match=r"cannot be read|not read"):
        run_import("statements-csv", [path])


def test_a_flatgeobuf_that_was_cut_off_is_not_taken_for_all(tmp_path):
    path = written(tmp_path, ".fgb", frame())
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(SchemaError, match="cannot be read"):
        run_import("control-geojson", [path])


def test_a_curve_of_a_geopackage_is_drawn_by_many_corners(tmp_path):
    path = written(tmp_path, ".gpkg", frame())
    corners = [(36, 33), (36.5, 33.5), (37, 33), (36.5, 32.5), (36, 33)]
    circle = b"\1" + struct.pack("<IIbII", 10, 1, 1, 8, 5)
    circle += b"".join(struct.pack("<dd", *xy) for xy in corners)
    with contextlib.closing(sqlite3.connect(path)) as base, base:
        triggers = base.execute("select name from sqlite_master where type = 'trigger'")
        for (name,) in triggers.fetchall():
            base.execute(f'drop trigger "{name}"')
        shape = b"GP\0\1" + struct.pack("<i", 4326) + circle
        base.execute("update x set geom = ? where fid = 1", (shape,))
    imported = run_import("control-geojson", [path])
    ((patch, _),) = imported.control.values()
    assert patch.geometry.area == pytest.approx(math.pi / 4, rel=1e-3)


def test_the_process_that_reads_may_end_or_hang(tmp_path, monkeypatch):
    path = written(tmp_path, ".fgb", frame())
    monkeypatch.setattr("geo.exchange.reading.outside._SECONDS", 0.01)
    with pytest.raises(SchemaError, match="longer than"):
        run_import("control-geojson", [path])


# ------------------------------------------------------------------------------- workbooks


def workbook(folder, sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "x.xlsx")
    return folder / "x.xlsx"


def test_a_workbook_is_read_below_its_title_and_other_sheets_are_named(tmp_path):
    path = workbook(
        tmp_path,
        {
            "About": [["Who holds what"], ["by", "somebody"]],
            "Towns": [
                ["Control of towns"],
                [],
                ["Name", "Held by", "Date", "Lat", "Lon", "Notes"],
                ["Alpha", "red", dt.datetime.fromisoformat(DAY), 33.5, 36.5, 7.0],
                ["Beta", "blue", dt.date(2024, 7, 8), "33,6", "37,5", None],
            ],
        },
    )
    imported = run_import("statements-csv", [path])
    assert_adds_up(imported)
    assert imported.counts[0].written == 2
    assert {s["date"] for s in values(imported, "statements")} == {DAY}
    at = {p.properties["name"]: (p.geometry.x, p.geometry.y) for p in imported.records["places"]}
    assert at == {"Alpha": (36.5, 33.5), "Beta": (37.5, 33.6)}
    assert any("Towns" in note and "About" in note for note in imported.notes)


def test_a_table_of_the_continent_has_semicolons_and_decimal_commas(put):
    text = "Name;Held by;Date;Lat;Lon\nAlpha;red;08.07.2024;33,5;36,5\n"
    text += "Beta;blue;18.07.2024;33,6;37,5\n"
    imported = run_import("statements-csv", [put("a.csv", text)])
    at = {p.properties["name"]: (p.geometry.x, p.geometry.y) for p in imported.records["places"]}
    assert at == {"Alpha": (36.5, 33.5), "Beta": (37.5, 33.6)}


# ------------------------------------------------------------------------ points of a map


@pytest.mark.parametrize("form", ["geojson", "lines", "esri", "gpkg", "shp"])
def test_points_of_a_map_are_rows_of_a_table(form, put, tmp_path):
    features = json.loads(POINTS)["features"]
    if form == "geojson":
        path = put("a.geojson", POINTS)
    elif form == "lines":
        path = put("a.ndjson", "\n".join(map(json.dumps, features)))
    elif form == "esri":
        path = put(
            "a.json",
            esri(
                *(
                    {
                        "attributes": f["properties"],
                        "geometry": dict(zip("xy", f["geometry"]["coordinates"], strict=True)),
                    }
                    for f in features
                )
            ),
        )
    else:
        made = geopandas.GeoDataFrame.from_features(features, crs="EPSG:4326")
        path = written(tmp_path, f".{form}", made)
    imported = import_into(tmp_path / "new", "statements-csv", path)
    assert_adds_up(imported)
    read = read_folder(tmp_path / "new")
    assert {p.properties["name"]: p.geometry.x for p in read.places.values()} == {
        "Alpha": 36.5,
        "Beta": 37.5,
    }
    assert {s.values["controller"] for s in read.statements.rows} == {"red", "blue"}
