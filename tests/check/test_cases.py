"""Folders that came out wrong once, each with what is right, and their brothers."""

import errno
import os
import shutil

import pytest
from broken import edit

from geo.check.run import check_folder
from geo.errors import Issue
from geo.layers import cache
from geo.layers.files import saving
from geo.layers.folder import read_folder
from tests.foreign import HEADER, collection, square


def said(folder, code):
    return [i for i in check_folder(read_folder(folder)) if i.code == code]


# ------------------------------------------------------------ f06: dates drafted in any order


@pytest.fixture
def towns(cases, frontline, tmp_path):
    root = tmp_path / "out"
    path = cases("f06") / "towns.csv"
    assert frontline("import", "statements-csv", path, "--into", root)[0] == 0
    assert frontline("estimate", "2024-08-02", "--layers", root)[0] == 0
    return root


@pytest.mark.parametrize(
    "words",
    [("areas",), ("history", "alpha"), ("find", "Alpha"), ("sources",), ("control", "2024-08-02")],
)
def test_a_default_date_without_a_layer_locks_nothing(words, towns, frontline):
    code, _, told = frontline(*words, "--layers", towns)
    assert code == 0, told
    assert [i.severity for i in said(towns, "theatre.dates")] == ["warning"]


def test_the_earlier_date_can_be_drafted_last(towns, frontline):
    assert frontline("estimate", "2024-08-01", "--layers", towns)[0] == 0
    assert [str(day) for day in read_folder(towns).control] == ["2024-08-01", "2024-08-02"]
    assert not said(towns, "theatre.dates")


def test_a_map_is_drawn_of_what_there_is(towns, frontline, tmp_path):
    code, _, told = frontline("map", towns, "--output", tmp_path / "map.html")
    assert code == 0, told


# ------------------------------------------------------------ g10: a disk that is full


@pytest.mark.parametrize("room", [0, 1, 3])
def test_what_stays_of_a_save_that_was_stopped_is_said(room, frontline, tmp_path, monkeypatch):
    days = [f"2022-03-{n:02}" for n in range(1, 6)]
    for day in days:
        text = collection(({"controller": "red"}, square(0, 50)))
        (tmp_path / f"{day}.geojson").write_text(text)
    files = [tmp_path / f"{day}.geojson" for day in days]
    root, written = tmp_path / "new", []

    def write_all(opened, data, real=saving.write_all):
        if len(written) >= room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(data)
        real(opened, data)

    with monkeypatch.context() as full:
        full.setattr(saving, "write_all", write_all)
        code, _, told = frontline("import", "control-geojson", *files, "--into", root)
    assert code == 1
    there = [path for path in root.rglob("*") if path.is_file()]
    assert len(there) == room
    assert ("nothing was written" in told) == (room == 0)
    assert (f"{room} of 10 files were written" in told) == (room > 0)
    code, _, told = frontline("import", "control-geojson", *files, "--into", root)
    assert code == 0, told
    assert [str(day) for day in read_folder(root).control] == days


# ------------------------------------------------------------ g12: a cache that is no file


@pytest.mark.parametrize("kind", ["pipe", "endless", "folder", "dangling"])
def test_what_is_no_file_is_not_read_from_the_cache(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("FRONTLINE_CACHE", str(tmp_path))
    path = tmp_path / "key.bin"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "endless" else tmp_path / "none")
    assert cache.load_cached("key") is None
    cache.keep_cached("key", b"answer")


def test_a_cache_folder_that_is_a_file_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("x")
    monkeypatch.setenv("FRONTLINE_CACHE", str(tmp_path / "cache"))
    cache.keep_cached("key", b"answer")
    assert cache.load_cached("key") is None


# ------------------------------------------------------------ g13: what the checks did not see


def test_what_the_checks_let_pass_is_told(cases, tmp_path):
    root = tmp_path / "layers"
    shutil.copytree(cases("g13") / "layers", root)
    assert said(root, "id.duplicate")
    assert len(said(root, "reference.itself")) == 2
    assert any("cannot be seen" in issue.message for issue in said(root, "file.odd"))


def test_rows_that_supersede_each_other_in_a_ring_are_told_once(small):
    edit(small / "changes.csv", "2017-08-02,,,The", "2017-08-02,,chg-mid,The")
    edit(small / "changes.csv", "wire-1,2017-08-02,,,\n", "wire-1,2017-08-02,,chg-east,\n")
    (issue,) = said(small, "reference.itself")
    assert "in a ring: chg-east, chg-mid" in issue.message


@pytest.mark.parametrize("zone", ["Mars/Phobos", "Asia/Damaskus", "+03:00", "asia/damascus"])
def test_a_time_zone_that_is_none_is_told(zone, small):
    edit(small / "theatre.geojson", "Asia/Damascus", zone)
    assert said(small, "theatre.zone")


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\u200f", "\ufeff", "\u2066"])
def test_a_file_whose_name_is_not_what_it_seems_is_told(mark, small):
    shutil.copy(small / "context/borders.geojson", small / f"context/{mark}roads.geojson")
    assert any("cannot be seen" in issue.message for issue in said(small, "file.odd"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("2017-08-05.geojson", "control/2017-08-05.geojson"),
        ("control/2017-08-05.json", "control/2017-08-05.geojson"),
        ("control/2017-08-05.GEOJSON", "control/2017-08-05.geojson"),
        ("control/old/2017-08-05.geojson", "control/2017-08-05.geojson"),
        ("2017-08.geojson", "events/2017-08.geojson"),
        ("statement.csv", "statements.csv"),
        ("places.json", "places.geojson"),
        ("events.xlsx", "import it"),
        ("context/rivers.shp", "import it"),
    ],
)
def test_a_file_that_nobody_reads_is_told_by_name(name, hint, small):
    path = small / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    (issue,) = said(small, "file.stray")
    assert name in issue.file
    assert hint in issue.hint


def test_notes_and_licences_may_stand_among_the_layers(small):
    for name in ("LICENSE", "notes.md", "control/README.md", ".gitattributes"):
        (small / name).write_text("x")
    assert not said(small, "file.stray")


# ------------------------------------------------------------ g15: one screen


def test_a_finding_about_very_many_is_one_line_of_a_screen(small, frontline):
    features = [
        ({"kind": "road", "id": f"r-{n}"}, {"type": "Point", "coordinates": [37.1234567, 33.5]})
        for n in range(500)
    ]
    (small / "context" / "many.geojson").write_text(collection(*features))
    _, out, _ = frontline("check", small)
    assert max(map(len, out.splitlines())) < 2_000
    assert "and 492 more" in out


@pytest.mark.parametrize("text", ["x" * 50_000, "\u202e" * 50_000])
def test_no_finding_is_longer_than_a_screen(text):
    issue = Issue("a.b", "error", text, text, text, 1, (text,) * 9_000)
    assert len(str(issue)) < 3_000


def test_statements_of_towns_make_a_theatre(frontline, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "Alpha,red,2024-08-01,48,37\nBeta,blue,2024-08-01,48.1,37.1\n")
    assert frontline("import", "statements-csv", path, "--into", tmp_path / "new")[0] == 0
    assert not [i for i in check_folder(read_folder(tmp_path / "new")) if i.severity == "error"]
