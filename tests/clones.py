"""Clones of a repository with a little theatre, as analysts have them."""

import os
import subprocess
from pathlib import Path

from geo.edit.versions.texts import canonical_text
from geo.layers import geojson
from geo.layers.folder import layer_paths
from geo.model import CONTROL

DAY = "2017-08-01"


def git(folder, *words, code=0, who="analyst", **env):
    """What git says; `who` is the author."""
    names = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", who), ("EMAIL", f"{who}@example.org"))
    }
    done = subprocess.run(
        ["git", *map(str, words)],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_EDITOR": "true", **names, **env},
    )
    if code is not None:
        assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def commit(top, message, who="analyst"):
    git(top, "add", "-A")
    git(top, "commit", "-q", "--allow-empty", "-m", message, who=who)


def canonical(folder):
    """Write a whole folder in its canonical form."""
    for path, _ in layer_paths(folder):
        path.write_bytes(canonical_text(path.read_bytes(), path.as_posix()))


def layer(top, day=DAY):
    return Path(top) / "layers" / "control" / f"{day}.geojson"


def features(top, day=DAY):
    """The patches of a layer by id."""
    data = layer(top, day).read_bytes()
    return {f.id: f for f in geojson.parse_geojson(data, schema=CONTROL, file="").features}


def write(top, some, day=DAY):
    layer(top, day).write_bytes(geojson.dump_geojson(list(some.values()), schema=CONTROL))


def change(top, name, day=DAY, **values):
    """Edit properties of a patch, on disk."""
    some = features(top, day)
    some[name].properties.update(values)
    write(top, some, day)


def notes(top, day=DAY):
    return {name: one.properties["note"] for name, one in features(top, day).items()}
