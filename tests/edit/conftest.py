import os
import shutil

import clones
import pytest


@pytest.fixture
def own_git(monkeypatch, tmp_path):
    """No setting of this machine, and none of a hook that the tests may run in."""
    for name in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "analyst")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "analyst@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def team(own_git, tmp_path, small):  # noqa: ARG001
    """A repository with a sound little theatre in canonical form, committed once."""
    top = tmp_path / "maps"
    top.mkdir()
    shutil.move(small, top / "layers")
    clones.canonical(top / "layers")
    clones.git(top, "init", "-q", "--initial-branch=main")
    for path in (top / "layers").rglob("*"):
        # As old as they look: git asks the filter about files that are as young as its index.
        os.utime(path, (1e9, 1e9))
    clones.commit(top, "begin")
    return top
