"""Laws of all formats, and what is refused."""

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from geo import theatre
from geo.errors import GeoError
from geo.exchange.catalog import FORMATS
from geo.exchange.export import render_export, write_export
from tests.exports import made, one, require


@pytest.mark.slow
def test_the_same_theatre_gives_the_same_bytes_whoever_asks(small, tmp_path):
    for name in ("pyarrow", "xlsxwriter"):
        pytest.importorskip(name)
    code = (
        "import sys, hashlib\nfrom geo import open_layers\n"
        "from geo.exchange.export import FORMATS, render_export\n"
        "t = open_layers(sys.argv[1])\n"
        "for to in FORMATS:\n"
        "    for s, d in sorted(render_export(t.folder, t.composite, to=to).items()):\n"
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
    assert len(seen[0]) == len(FORMATS) + 1


@pytest.mark.parametrize("to", FORMATS)
def test_no_file_names_the_folder_it_came_from(to, little):
    read, composite = little
    require(to)
    for data in render_export(read, composite, to=to).values():
        if data.startswith(b"PK"):
            archive = zipfile.ZipFile(io.BytesIO(data))
            data = b"".join(archive.read(name) for name in archive.namelist())
        assert str(read.root).encode() not in data
        assert b"/tmp" not in data


@pytest.mark.parametrize("to", FORMATS)
def test_every_file_carries_the_title_or_its_columns(to, little):
    read, composite = little
    require(to)
    title = str(read.theatre.properties["name"]).encode()
    for data in render_export(read, composite, to=to).values():
        if data.startswith(b"PK"):
            archive = zipfile.ZipFile(io.BytesIO(data))
            data = b"".join(archive.read(name) for name in archive.namelist())
        assert title in data


def test_an_export_is_not_written_among_the_layers(little):
    read, composite = little
    before = sorted(read.root.rglob("*"))
    with pytest.raises(GeoError, match="elsewhere"):
        write_export(read, composite, read.root / "out.geojson", to="geojson-intervals")
    assert sorted(read.root.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"to": "shape"}, "a.shp"),
        ({"to": "csv", "layer": "actors"}, "a.csv"),
        ({"to": "kml"}, "a.csv"),
    ],
)
def test_an_unknown_wish_is_refused_by_name(options, name, little, tmp_path):
    read, composite = little
    with pytest.raises(ValueError, match=r"must be one of|no name for"):
        write_export(read, composite, tmp_path / name, **options)
    assert list(tmp_path.glob("a.*")) == []


def test_a_missing_library_is_named_with_its_group(little, monkeypatch):
    read, composite = little
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(GeoError, match=r"pyarrow.*geo-frontline\[formats\]"):
        render_export(read, composite, to="geoparquet")


def test_an_export_replaces_an_older_one_whole(little, tmp_path):
    read, composite = little
    path = tmp_path / "out.csv"
    path.write_text("older, and longer than what replaces it\n" * 10_000)
    write_export(read, composite, path, to="csv")
    assert path.read_bytes() == one(read, composite, "csv")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["out.csv"]


def test_a_theatre_without_layers_is_exported_empty(small):
    for path in (small / "control").iterdir():
        path.unlink()
    read, composite = made(small)
    assert theatre.Theatre(read).dates == ()
    collection = json.loads(one(read, composite, "geojson-intervals"))
    assert collection["features"] == []
    for to in ("kml", "csv", "topojson", "acled-csv", "gpkg"):
        assert one(read, composite, to)
