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
cannot put its own modules in the way. The hook checks what is staged, not what lies on disk.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import shapely

from geo.crs import area_km2, middle_of
from geo.edit.merge.by_id import read_records
from geo.edit.merge.merged import merge_bytes
from geo.edit.versions.git import Repository
from geo.edit.versions.guard import guard_commit
from geo.edit.versions.origins import beginning_in_git
from geo.errors import GeoError, Issue, LayerError, SchemaError, escape, refuse
from geo.layers import digest, fmt_geojson, fmt_table, layer_paths, save_file
from geo.model import CONTROL, SCHEMAS, Feature, Row, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.edit.merge.by_id import Conflict

REFUSED = 90
"""Exit code for `the answer is no`: any other but 0 means that this package did not answer."""

_BEGIN = "# frontline: {} (written by `frontline git-setup`, taken away by its --undo)"
_END = "# frontline: end of {}"
_HOOK_MARK = "# Written by `frontline git-setup`; `frontline git-setup --undo` takes it away."


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
    text = _without_block(_read_text(attributes), folder)
    _write_text(attributes, text + _block(folder))
    return [
        "merges go by id and by ground, diffs read, and git add writes canonical text",
        f"attributes: {attributes}",
        *_install_hook(repository),
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
    _write_text(attributes, _without_block(_read_text(attributes), folder))
    left = [n for n in repository.settings("frontline.layers") if n != (folder or ".")]
    _list_folders(repository, left)
    if left:
        return [
            f"{folder or 'the top folder'} is left to plain git; {', '.join(left)} still set up"
        ]
    for section in ("merge.frontline", "diff.frontline", "filter.frontline"):
        repository.unset_section(section)
    hook = repository.path("hooks/pre-commit")
    if _HOOK_MARK in _read_text(hook):
        hook.unlink()
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
    schema = _schema(name)
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


def canonical_text(data: bytes, name: str) -> bytes:
    """
    Return what git stores for a file: its canonical text, or the bytes as they are.

    Parameters
    ----------
    data
        Content of the file in the working tree.
    name
        The path in the repository.

    Returns
    -------
    data
        Unchanged where the file has a fault that only a person can mend.
    """
    try:
        schema = _schema(name)
        reader = fmt_geojson if schema.geometry else fmt_table
        return reader(data, schema=schema, file=name)[0]
    except LayerError:
        return data


def readable_text(data: bytes) -> str:
    """
    Return a file as lines that a person reads: one a property, one a shape.

    Parameters
    ----------
    data
        Content of a layer or table, of any kind.

    Returns
    -------
    text
        Lines such as ``ctl-9f3ac2e1.controller: opposition``; the text itself where the file has
        faults.
    """
    for schema in SCHEMAS.values():
        try:
            records = read_records(data, schema=schema, file="")
            return "".join(line for record in records for line in _record_lines(record))
        except LayerError:
            continue
    return data.decode("utf-8", "replace")


def check_staged() -> list[Issue]:
    """
    Check what is about to be committed, as a hook that git calls.

    Returns
    -------
    issues
        Errors only, with paths from the top: files that are not canonical or not sound, and ids
        that vanish or return. Ids that the environment variable ``FRONTLINE_GONE`` names, or all
        for ``all``, may vanish.

    Raises
    ------
    GeoError
        If git refuses.
    """
    repository = Repository(Path.cwd())
    issues: list[Issue] = []
    for folder in repository.settings("frontline.layers"):
        path = "" if folder == "." else folder
        if repository.succeeds(["diff", "--cached", "--quiet", "--", path or "."]):
            continue
        with tempfile.TemporaryDirectory(prefix="frontline-") as name:
            staged = Path(name) / "layers"
            if repository.write_out(None, path, staged):
                issues += [
                    _rename_folder(issue, staged, folder) for issue in _staged_faults(staged)
                ]
        gone = os.environ.get("FRONTLINE_GONE", "").replace(",", " ").split()
        issues += guard_commit(repository.top / path, confirmed=gone)
    return issues


def _staged_faults(staged: Path) -> Iterator[Issue]:
    """What is wrong with a folder that must be sound and canonical."""
    from geo.check import check_folder
    from geo.layers import read_folder

    try:
        folder = read_folder(staged)
    except LayerError as error:
        yield from (issue for issue in error.issues if issue.severity == "error")
        return
    for path, schema in layer_paths(staged):
        data = path.read_bytes()
        if canonical_text(data, path.relative_to(staged).as_posix()) != data:
            hint = "run `frontline fmt` on it and add it again"
            message = "the file is not in canonical form"
            yield refuse("fmt.layout", message, hint, file=str(path), ids=(schema.name,))
    yield from (issue for issue in check_folder(folder) if issue.severity == "error")


def _rename_folder(issue: Issue, staged: Path, folder: str) -> Issue:
    """A finding with the path that a person knows."""
    return dataclasses.replace(issue, file=issue.file.replace(str(staged), folder))


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


def _install_hook(repository: Repository) -> list[str]:
    hook = repository.path("hooks/pre-commit")
    call = f"{shlex.quote(Path(sys.executable).as_posix())} -P -m geo git-driver pre-commit"
    old = _read_text(hook)
    if old and _HOOK_MARK not in old:
        return [
            f"there is a pre-commit hook already, and it was left alone: {hook}",
            f"to have the layers checked too, let it call: {call}",
        ]
    text = (
        f"#!/bin/sh\n{_HOOK_MARK}\n{call}\ncode=$?\n"
        f'[ "$code" = {REFUSED} ] && exit 1\n'
        '[ "$code" = 0 ] || echo "frontline did not answer; the layers were not checked" >&2\n'
        "exit 0\n"
    )
    _write_text(hook, text)
    hook.chmod(0o755)
    return [f"a commit checks the layers first: {hook}"]


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise GeoError(f"{escape(str(path))} cannot be read: {error}") from error


def _write_text(path: Path, text: str) -> None:
    old = path.read_bytes() if path.exists() else None
    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(path, text.encode(), expected=None if old is None else digest(old))
    elif old is not None:
        path.unlink()


# --- files and records --------------------------------------------------------


def _schema(name: str) -> Schema:
    """
    What a file is by the end of its path.

    Raises
    ------
    SchemaError
        If no layer or table is called so.
    """
    for schema in SCHEMAS.values():
        if PurePosixPath(name).match(schema.path):
            return schema
    message = "it is no layer or table of a layers folder"
    raise SchemaError([refuse("file.name", message, file=name)])


def _record_lines(record: Feature | Row) -> Iterator[str]:
    values = record.values
    name = escape(record.id or ", ".join(str(value) for value in list(values.values())[:2]))
    for key, value in values.items():
        if key != "id" and value is not None:
            yield f"{name}.{escape(key)}: {escape(str(value), 2000)}\n"
    if isinstance(record, Feature):
        yield f"{name}.geometry: {_shape_line(record.geometry)}\n"


def _shape_line(shape: shapely.Geometry | None) -> str:
    if shape is None:
        return "never located"
    lon, lat = shapely.get_coordinates(middle_of(shape))[0].tolist()
    where = f"at {lon:.6f}, {lat:.6f}"
    if shapely.get_dimensions(shape) == 0:
        return where
    # Two shapes of one size are told apart by what their corners add up to.
    mark = digest(shapely.to_wkb(shape))[:8]
    corners = f"{int(shapely.get_num_coordinates(shape))} corners, drawn as {mark}"
    if shapely.get_dimensions(shape) == 1:
        return f"line {where}, {corners}"
    return f"{float(area_km2(shape)[0]):,.3f} km2 {where}, {corners}"
