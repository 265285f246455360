"""How two analysts' edits meet in git, with the merge driver and without."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

from geo.edit.merge.by_id import states_of
from geo.edit.merge.merged import merge_bytes
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.origins import find_origin, versions_of
from geo.edit.versions.setup import install_git
from geo.layers import geojson
from geo.model import CONTROL


def read(data):
    parsed = geojson.parse_geojson(data, schema=CONTROL, file="layer")
    return {feature.id: feature for feature in parsed.features}


def written(features):
    return geojson.dump_geojson(list(features.values()), schema=CONTROL)


PATH = "layers/control/2017-07-31.geojson"
LATER = "layers/control/2017-08-02.geojson"
"""A date that both analysts begin, as a copy of the layer before."""

KINDS = ("merge", "beginning", "rebase", "save")
"""
How two sets of edits meet: branches that are merged; two layers of one date that both began;
commits that are put on others; a file that was taken from the layer and comes back three commits
later.
"""
ENV = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    **{f"GIT_{who}_{what}": "analyst" for who in ("AUTHOR", "COMMITTER") for what in ("NAME",)},
    **{f"GIT_{who}_EMAIL": "analyst@example.org" for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder, *words, data=None):
    """Run git and return the finished process."""
    return subprocess.run(
        ["git", *words], cwd=folder, input=data, capture_output=True, env=ENV, check=False
    )


def branches(folder, cases, kind):
    """A repository with three branches for each case: base, ours and theirs."""
    git(folder.parent, "init", "-q", "--initial-branch=main", folder.name)
    stream = []
    for number, versions in cases:
        for name, features in zip(("base", "ours", "theirs"), versions, strict=True):
            data = written(features)
            start = "" if name == "base" else f"from refs/heads/base-{number}\n"
            path = LATER if kind == "beginning" and name != "base" else PATH
            stream.append(
                f"commit refs/heads/{name}-{number}\n"
                f"committer analyst <analyst@example.org> {1500000000 + number} +0000\n"
                f"data {len(name)}\n{name}\n{start}M 100644 inline {path}\n".encode()
                + f"data {len(data)}\n".encode()
                + data
                + b"\n"
            )
    done = git(folder, "fast-import", "--quiet", data=b"".join(stream))
    assert done.returncode == 0, done.stderr


def merged(folder, number, kind="merge"):
    """Whether git merged a case, and what then stands in the file."""
    git(folder, "rebase" if kind == "rebase" else "merge", "--abort")
    first, second = ("theirs", "ours") if kind == "rebase" else ("ours", "theirs")
    done = git(folder, "checkout", "-q", "-f", "--detach", f"{first}-{number}")
    assert done.returncode == 0, done.stderr
    # What is put on the others' commits is theirs for git, so it is theirs here.
    words = ("rebase", "-q") if kind == "rebase" else ("merge", "-q", "--no-edit")
    done = git(folder, *words, f"{second}-{number}")
    assert done.returncode in {0, 1}, done.stderr
    path = LATER if kind == "beginning" else PATH
    return done.returncode == 0, (folder / path).read_bytes()


def saved(folder, number, versions):
    """
    Whether a file that was taken three commits ago could be merged, and what came out.

    Plain git knows nothing of such a file: there it takes the place of the layer.
    """
    base, ours, theirs = versions
    steps = [base, *between(base, theirs), theirs]
    for step, features in enumerate(steps):
        (folder / PATH).write_bytes(written(features))
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"{number}, step {step}")
    found = versions_of(folder / "layers", PATH.partition("/")[2])[: len(steps)]
    origin = find_origin(states_of(ours.values()), states_of(theirs.values()), found)
    began = theirs if origin.version is None else read(origin.version.data)
    if origin.version is None and origin.rivals:
        return None, b""
    data, conflicts = merge_bytes(
        *(written(features) for features in (began, ours, theirs)), schema=CONTROL, file="layer"
    )
    return not conflicts, data


def between(base, theirs):
    """Two steps on the way: some of what the others changed, and more of it."""
    ids = sorted(base.keys() & theirs.keys())
    changed = [i for i in ids if base[i].properties != theirs[i].properties]
    for share in (1, 2):
        some = set(changed[: len(changed) * share // 3])
        yield {
            i: replace(f, properties=theirs[i].properties) if i in some else f
            for i, f in base.items()
        }


def prepare(folder, cases, kind, *, is_ours):
    """A clone for some cases; the driver in it, if it is ours."""
    branches(folder, cases, kind)
    git(folder, "checkout", "-q", "-f", f"base-{cases[0][0]}")
    if is_ours:
        install_git(folder / "layers")
        # All text here is canonical already: the filter would only take its time. And there is no
        # theatre round the layer that a hook could check.
        git(folder, "config", "--unset", "filter.frontline.clean")
        for hook in HOOKS:
            (folder / ".git" / "hooks" / hook).unlink()


def met(folder, number, versions, kind, *, is_ours):
    """Whether two sets of edits could be merged, and what came out."""
    if kind != "save":
        return merged(folder, number, kind)
    return saved(folder, number, versions) if is_ours else (True, written(versions[1]))
