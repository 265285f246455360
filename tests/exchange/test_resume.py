"""An import of a long series that is killed goes on where it stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
import shapely

from geo import import_into
from geo.errors import LayerError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.saving import save_import
from geo.layers.folder import read_folder
from tests.benchmarks import synthetic

pty = pytest.importorskip("pty", reason="this system has no terminals")

_KILLED = """
import os, signal, sys
from pathlib import Path
from geo import import_into
phase, step = sys.argv[1], int(sys.argv[2])
def progress(what, done, total):
    if what == phase and done == step:
        os.kill(os.getpid(), signal.SIGKILL)
import_into(sys.argv[3], "control-geojson", *sorted(Path(sys.argv[4]).glob("*.geojson")),
    progress=progress, publisher="Paper")
"""
DATES = 6
LAST = {"reading": DATES, "checking": 4, "writing": DATES + 5}


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Daily maps as somebody else wrote them."""
    root = tmp_path_factory.mktemp("maps")
    for day, patches in synthetic.moving_line(DATES, 50).snapshots.items():
        features = [
            {
                "type": "Feature",
                "properties": {"controller": f"side-{patch.label.controller}"},
                "geometry": json.loads(shapely.to_geojson(patch.geometry)),
            }
            for patch in patches
        ]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (root / f"{day}.geojson").write_text(text)
    return root


@pytest.fixture(scope="module")
def undisturbed(maps, tmp_path_factory):
    """The same import, never stopped."""
    root = tmp_path_factory.mktemp("whole") / "layers"
    import_into(root, "control-geojson", *sorted(maps.iterdir()), publisher="Paper")
    return contents(root)


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".frontline")
    }


def killed(root, maps, phase, step):
    words = [sys.executable, "-c", _KILLED, phase, str(step), str(root), str(maps)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize(
    ("phase", "step"),
    [("reading", 3), ("checking", 4), *(("writing", n) for n in (1, 4, 6, 10, 11))],
)
def test_a_killed_import_goes_on_and_loses_and_doubles_nothing(
    phase, step, maps, undisturbed, tmp_path
):
    root = tmp_path / "layers"
    killed(root, maps, phase, step)
    stood = contents(root) if root.exists() else {}
    assert len(stood) == (step if phase == "writing" else 0)
    assert ("theatre.geojson" in stood) == (step == 11)
    times = {name: (root / name).stat().st_mtime_ns for name in stood}
    import_into(root, "control-geojson", *sorted(maps.iterdir()), publisher="Paper")
    assert contents(root) == undisturbed
    # What stood there was not written anew.
    assert {name: (root / name).stat().st_mtime_ns for name in stood} == times


def test_a_killed_addition_to_a_theatre_goes_on(maps, undisturbed, tmp_path):
    root, later = tmp_path / "layers", tmp_path / "later"
    later.mkdir()
    import_into(root, "control-geojson", *sorted(maps.iterdir())[:2], publisher="Paper")
    for path in sorted(maps.iterdir())[2:]:
        shutil.copy(path, later)
    killed(root, later, "writing", 2)
    assert len(read_folder(root).control) == 4
    import_into(root, "control-geojson", *sorted(later.iterdir()), publisher="Paper")
    found = contents(root)
    assert {n: d for n, d in found.items() if n.startswith("control/")} == {
        n: d for n, d in undisturbed.items() if n.startswith("control/")
    }
    assert found["actors.csv"] == undisturbed["actors.csv"]


def test_importing_the_same_again_adds_nothing(maps, tmp_path):
    root = tmp_path / "layers"
    files = sorted(maps.iterdir())
    import_into(root, "control-geojson", *files, publisher="Paper")
    before = contents(root)
    read = read_folder(root)
    options = Options(fixed={"publisher": "Paper"})
    imported = run_import("control-geojson", files, options=options, into=read)
    saved = save_import(imported, root, into=read)
    assert (saved.paths, sum(saved.added.values())) == ((), 0)
    assert saved.present >= 2 * DATES
    assert contents(root) == before


def test_an_unfinished_import_of_something_else_is_not_gone_on_with(maps, tmp_path):
    root = tmp_path / "layers"
    killed(root, maps, "writing", 7)
    before = contents(root)
    (root / "control" / "2020-01-01.geojson").write_text("mine")
    with pytest.raises(LayerError, match=r"not empty: it holds control/2020-01-01.geojson"):
        import_into(root, "control-geojson", *sorted(maps.iterdir()), publisher="Paper")
    assert contents(root) == before | {"control/2020-01-01.geojson": b"mine"}


def test_progress_tells_every_file_once(maps, tmp_path):
    told = []
    files = sorted(maps.iterdir())
    import_into(
        tmp_path / "layers",
        "control-geojson",
        *files,
        progress=lambda *words: told.append(words),
        publisher="Paper",
    )
    assert [done for what, done, _ in told if what == "reading"] == [1, 2, 3, 4, 5, 6]
    writing = [(done, total) for what, done, total in told if what == "writing"]
    assert writing == [(n, len(writing)) for n in range(1, len(writing) + 1)]


def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(maps, tmp_path):
    files = [str(path) for path in sorted(maps.iterdir())]
    words = [sys.executable, "-m", "geo", "import", "control-geojson", *files, "--into"]
    quiet = subprocess.run([*words, str(tmp_path / "quiet")], capture_output=True, check=True)
    assert b"reading" not in quiet.stderr + quiet.stdout
    near, far = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    shown = subprocess.Popen(
        [*words, str(tmp_path / "shown")], stdout=subprocess.PIPE, stderr=far, env=environment
    )
    os.close(far)
    seen = b""
    while True:
        try:
            part = os.read(near, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    os.close(near)
    out, _ = shown.communicate()
    assert shown.returncode == 0
    assert b"reading" in seen
    assert b"6/6" in seen
    assert b"reading" not in out
    assert contents(tmp_path / "quiet") == contents(tmp_path / "shown")
