"""
What git calls for the layers: a merge by id, a diff that reads, canonical text, a check.

`install` registers them in one clone: in its own configuration and attributes, never in a file that
is committed. Each falls back to what plain git does where this package is missing or fails: a merge
driver that dies would otherwise leave one side's file without a word that the other's is lost.

Attributes stand in ``.git/info/attributes``: a committed file would name a driver that other
clones lack, differ between branches, and reach nobody who has not run the command. The driver
replaces the file only when it has an answer, and a shell line around it merges as text after any
other outcome. The filter is one process a file, because git stops where a long-running filter
dies and goes on where a single one does. Python is called with ``-P``, so that a repository
cannot put its own modules in the way.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from geo.edit.merge.merged import merge_bytes
from geo.edit.versions.git import Repository
from geo.edit.versions.hooks import REFUSED, install_hooks, read_text, remove_hooks, write_text
from geo.edit.versions.origins import beginning_in_git
from geo.edit.versions.texts import schema_by_name
from geo.errors import GeoError
from geo.layers import layer_paths
from geo.model import CONTROL, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.edit.merge.by_id import Conflict

_BEGIN = "# frontline: {} (written by `frontline git-setup`, taken away by its --undo)"
_END = "# frontline: end of {}"


def install_git(layers: Path) -> list[str]:
    """
    Register merge driver, diff, filter and hook for a layers folder in its clone.

    Parameters
    ----------
    layers
        The folder that holds ``theatre.geojson``.

    Returns
    -------
    report
        What was done, a line each; the same call once more changes nothing.

    Raises
    ------
    GeoError
        If the folder lies in no repository, or git refuses.
    LayerNotFoundError
        If there is no such folder.
    """
    layer_paths(layers)
    repository = Repository.around(layers)
    folder = repository.relative(layers)
    repository.set_all(_settings())
    known = [name for name in repository.settings("frontline.layers") if name != (folder or ".")]
    _list_folders(repository, [*known, folder or "."])
    attributes = repository.path("info/attributes")
    text = _without_block(read_text(attributes), folder)
    write_text(attributes, text + _block(folder))
    return [
        "merges go by id and by ground, diffs read, and git add writes canonical text",
        f"attributes: {attributes}",
        *install_hooks(repository),
        "undo it with `frontline git-setup --undo`; nothing of it is committed",
    ]


def remove_git(layers: Path) -> list[str]:
    """
    Take away what `install` registered.

    Parameters
    ----------
    layers
        The same folder; it need not exist any more.

    Returns
    -------
    report
        What was done, a line each.

    Raises
    ------
    GeoError
        If the folder lies in no repository, or git refuses.
    """
    repository = Repository.around(layers)
    folder = repository.relative(layers)
    attributes = repository.path("info/attributes")
    write_text(attributes, _without_block(read_text(attributes), folder))
    left = [n for n in repository.settings("frontline.layers") if n != (folder or ".")]
    _list_folders(repository, left)
    if left:
        return [
            f"{folder or 'the top folder'} is left to plain git; {', '.join(left)} still set up"
        ]
    for section in ("merge.frontline", "diff.frontline", "filter.frontline"):
        repository.unset_section(section)
    remove_hooks(repository)
    return ["this clone is left to plain git"]


def merge_files(base: Path, ours: Path, theirs: Path, name: str) -> tuple[Conflict, ...]:
    """
    Merge one file as a merge driver does: the answer replaces `ours`.

    Parameters
    ----------
    base, ours, theirs
        The three versions, in files that git made.
    name
        The path in the repository; it tells what the file holds.

    Returns
    -------
    conflicts
        What a person must decide; `ours` then holds both texts between marks.

    Raises
    ------
    SchemaError
        If a version cannot be read; nothing is written.
    """
    schema = schema_by_name(name)
    was, mine, other = (path.read_bytes() for path in (base, ours, theirs))
    if schema.name == CONTROL.name and not was.strip() and mine.strip() and other.strip():
        was = _both_began(name, mine, other)
    data, conflicts = merge_bytes(was, mine, other, schema=schema, file=name)
    # Whole or not at all: what git falls back to must find ours as it was.
    beside = ours.with_name(f"{ours.name}.merged")
    try:
        beside.write_bytes(data)
        beside.replace(ours)
    finally:
        beside.unlink(missing_ok=True)
    return conflicts


def _both_began(name: str, mine: bytes, other: bytes) -> bytes:
    """What two layers of one date were copied from; nothing where that is not known."""
    try:
        return beginning_in_git(Repository(Path.cwd()), name, (mine, other)) or b""
    except GeoError:
        return b""


# --- what is registered -------------------------------------------------------


def _settings() -> dict[str, str]:
    # -P: without it Python would take modules from the folder that it is called in.
    tool = f"{shlex.quote(Path(sys.executable).as_posix())} -P -m geo git-driver"
    text_merge = "git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B"
    return {
        "merge.frontline.name": "layers by id and ground (frontline)",
        "merge.frontline.driver": (
            f"{tool} merge %O %A %B %P; code=$?; "
            f"case $code in 0) exit 0;; {REFUSED}) exit 1;; esac; exec {text_merge}"
        ),
        "diff.frontline.textconv": f'f() {{ {tool} show "$1" 2>{os.devnull} || cat "$1"; }}; f',
        # Not `process`, one for all files: where that dies, git stops. Where this does, git stores
        # the file as it is.
        "filter.frontline.clean": f"{tool} clean %f",
    }


def _list_folders(repository: Repository, names: Sequence[str]) -> None:
    repository.unset_section("frontline")
    for name in names:
        repository.run(["config", "--local", "--add", "frontline.layers", name])


def _block(folder: str) -> str:
    names = "diff=frontline merge=frontline filter=frontline text eol=lf"
    lines = [f"{_pattern(folder, schema.path)} {names}" for schema in SCHEMAS.values()]
    title = folder or "."
    return "\n".join([_BEGIN.format(title), *lines, _END.format(title), ""])


def _pattern(folder: str, path: str) -> str:
    """A pattern of git attributes; what it would take for a wildcard or the end stands escaped."""
    literal = "".join(f"\\{c}" if c in "*?[]\\!#" else c for c in folder)
    pattern = "/".join(["", *filter(None, [literal]), path])
    if all(c.isprintable() and c not in ' "\t' for c in pattern):
        return pattern
    quoted = "".join(
        f"\\{c}" if c in '"\\' else c if c.isprintable() else f"\\{ord(c):03o}" for c in pattern
    )
    return f'"{quoted}"'


def _without_block(text: str, folder: str) -> str:
    title = folder or "."
    begin, end = _BEGIN.format(title), _END.format(title)
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        inside = inside or line.rstrip("\n") == begin
        if not inside:
            kept.append(line)
        inside = inside and line.rstrip("\n") != end
    whole = "".join(kept)
    return whole if not whole or whole.endswith("\n") else whole + "\n"
