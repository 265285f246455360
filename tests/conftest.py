import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from shaped import give_shapes
from thoroughness import examples

from geo import cli

# One cache for all workers, which inherit it: what one has worked out the others need not.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["FRONTLINE_CACHE"] = tempfile.mkdtemp(prefix="frontline-cache-")
# The workers share the cores already; threads of matrix products would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("local", deadline=None, max_examples=examples(100))
settings.load_profile("ci" if os.environ.get("CI") else "local")

ROOT = Path(__file__).parents[1]

collect_ignore_glob = ["qgis/*"]  # runs inside QGIS, not here


def pytest_collection_modifyitems(items):
    """Put first what takes by far the longest: a worker that gets it last is waited for alone."""
    items.sort(key=lambda item: "rendered" not in getattr(item, "fixturenames", ()))


# pytest-xdist hands its window on to workers; what commands print would be folded to it.
os.environ.pop("COLUMNS", None)


@pytest.fixture
def frontline(monkeypatch, capsys):
    """Run the command in this process: exit code, standard output, standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["frontline", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        return stop.value.code, said.out, said.err

    return run


@pytest.fixture
def small(tmp_path):
    """A sound little theatre, in a folder of its own, to break."""
    folder = tmp_path / "layers"
    shutil.copytree(ROOT / "tests" / "data" / "valid", folder)
    return folder


@pytest.fixture
def shaped(small):
    """The same with lines and areas among its places, and a statement of each extent."""
    give_shapes(small)
    return small


@pytest.fixture(scope="session")
def shipped():
    """The layers that ship with the project; read, never written."""
    return ROOT / "layers"


@pytest.fixture(scope="session")
def shared():
    """Test material beside the checkout."""
    folder = Path(os.environ.get("GEO_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no test material: set GEO_SHARED to its folder")
    return folder


@pytest.fixture(scope="session")
def cases(shared):
    """The folder of one case of the test material: what came out wrong once."""
    if not (shared / "cases").is_dir():
        pytest.skip("no folder of cases in the test material")
    return lambda name: shared / "cases" / name


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        local = not isinstance(address, tuple) or address[0] in {"127.0.0.1", "::1", "localhost"}
        if not local:
            raise AssertionError(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
