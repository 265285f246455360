"""A Shapefile is read back by GDAL and by ourselves, and says what it cut."""

import io
import zipfile

import pyogrio

from geo.exchange.imports import run_import
from tests.exports import assert_same_control, hostile, one


def test_a_shapefile_reads_back_in_gdal(case, tmp_path):
    read, composite = case
    path = tmp_path / "out.zip"
    path.write_bytes(one(read, composite, "shapefile"))
    frame = pyogrio.read_dataframe(f"/vsizip/{path}/control.shp")
    assert_same_control(frame, composite)
    assert frame.crs.to_epsg() == 4326
    assert all(len(name) <= 10 for name in frame.columns)


def test_it_comes_back_as_the_same_ground(case, tmp_path):
    read, composite = case
    path = tmp_path / "out.zip"
    path.write_bytes(one(read, composite, "shapefile"))
    imported = run_import("intervals-geojson", [path])
    assert (imported.counts[0].refused, list(imported.control)) == (0, list(composite.dates))


def test_what_is_cut_is_said(case):
    read, composite = case
    long = hostile(read, "ä" * 200)
    archive = zipfile.ZipFile(io.BytesIO(one(long, composite, "shapefile", layer="events")))
    said = archive.read("limits.txt").decode()
    assert f"notes: {len(read.events)} of {len(read.events)} texts" in said
    assert "event_date" not in said.split("Names that were cut:")[0]
    names = archive.read("columns.csv").decode()
    assert "sub_event_type" in names


def test_places_have_a_file_for_each_kind_of_shape(case, tmp_path):
    read, composite = case
    path = tmp_path / "out.zip"
    path.write_bytes(one(read, composite, "shapefile", layer="places"))
    counts = {
        name: pyogrio.read_info(f"/vsizip/{path}/places_{name}.shp")["features"]
        for name in ("points", "lines", "areas")
    }
    assert sum(counts.values()) == len(read.places)
    assert min(counts.values()) > 0


def test_the_command_says_the_limits(frontline, shipped, tmp_path):
    code, out, told = frontline(
        "export", str(tmp_path / "a.zip"), "--to", "shapefile", "--layers", str(shipped)
    )
    assert (code, out.strip()) == (0, str(tmp_path / "a.zip"))
    assert "ten letters" in told
