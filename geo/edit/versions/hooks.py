"""
The hooks: what git asks before it makes a commit, of whatever kind.

git runs one hook for a commit that a person makes, another for a merge without conflicts, and for a
commit that is picked, reverted or put on another base only the one that prepares its message. Each
checks what is staged, not what lies on disk, and a tree that was found sound is not checked again.
"""

from __future__ import annotations

import dataclasses
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geo.edit.versions.confirmed import confirmed_ids, forget_confirmed
from geo.edit.versions.git import Repository
from geo.edit.versions.guard import guard_commit
from geo.edit.versions.standing import Standing, find_standing
from geo.edit.versions.texts import canonical_text, schema_by_name
from geo.errors import GeoError, Issue, LayerError, escape, refuse
from geo.layers import cache_key, digest, keep_cached, layer_paths, load_cached, save_file

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED = 90
"""Exit code for `the answer is no`: any other but 0 means that this package did not answer."""

_MARK = "# Written by `frontline git-setup`; `frontline git-setup --undo` takes it away."

# `git commit` tells its hooks who the author is, picking and rebasing do not; only their commits
# have met no other hook. While a rebase stands, its own `git commit` asks no other hook either.
_PICKED = """[ "$2" = message ] || [ "$2" = merge ] || [ "$2" = commit ] || exit 0
[ -z "$GIT_AUTHOR_DATE" ] || [ -d "$(git rev-parse --git-path rebase-merge)" ] || exit 0
"""

HOOKS = {
    "pre-commit": "",
    "pre-merge-commit": "",
    "prepare-commit-msg": _PICKED,
    "pre-applypatch": "",
}
"""The hooks that check what is staged, and when they need not."""


def check_staged(message: Path | None = None) -> list[Issue]:
    """
    Check what is about to be committed, as a hook that git calls.

    Parameters
    ----------
    message
        The file that holds the words of the commit, where git has written them.

    Returns
    -------
    issues
        Errors only, with paths from the top: files that are not canonical or not sound, ids that
        vanish or return and are not confirmed (`frontline gone`), and what one side of a merge
        said and the result does not.

    Raises
    ------
    GeoError
        If git refuses.
    """
    repository = Repository(Path.cwd())
    standing = find_standing(repository, message)
    state, sound = _state(repository, standing), repository.path("frontline-sound")
    if state and state == read_text(sound).strip():
        return []
    issues: list[Issue] = []
    for folder in repository.settings("frontline.layers"):
        path = "" if folder == "." else folder
        unchanged = repository.succeeds(["diff", "--cached", "--quiet", "--", path or "."])
        # A merge that leaves all as it was here has dropped what came from there.
        if unchanged and standing is None:
            continue
        with tempfile.TemporaryDirectory(prefix="frontline-") as name:
            staged = Path(name) / "layers"
            if repository.write_out(None, path, staged):
                issues += [
                    _rename_folder(issue, staged, folder) for issue in _staged_faults(staged)
                ]
        layers = repository.top / path
        issues += guard_commit(layers, standing, confirmed=confirmed_ids(layers))
        if not issues:
            forget_confirmed(layers, repository, path)
    if state and not issues:
        write_text(sound, state + "\n")
    return issues


def _state(repository: Repository, standing: Standing | None) -> str:
    """The names of what is staged and of what it is a merge of; empty where it has none."""
    try:
        tree = repository.run(["write-tree"]).decode().strip()
    except GeoError:
        return ""
    return " ".join([tree, *((standing.ours.commit, standing.theirs.commit) if standing else ())])


def _staged_faults(staged: Path) -> Iterator[Issue]:
    """What is wrong with a folder that must be sound and canonical."""
    from geo.check import check_folder
    from geo.layers import read_folder

    try:
        folder = read_folder(staged)
    except LayerError as error:
        yield from (issue for issue in error.issues if issue.severity == "error")
        return
    canonical = KnownTexts()
    for path, schema in layer_paths(staged):
        data = path.read_bytes()
        if not canonical.is_canonical(data, path.relative_to(staged).as_posix()):
            hint = "run `frontline fmt` on it and add it again"
            message = "the file is not in canonical form"
            yield refuse("fmt.layout", message, hint, file=str(path), ids=(schema.name,))
    canonical.flush()
    found = check_folder(folder, kept=True)
    yield from (issue for issue in found if issue.severity == "error")


class KnownTexts:
    """Texts that were found canonical before, by their digests: to write them anew takes long."""

    def __init__(self) -> None:
        self._key = cache_key({"canonical texts": ""})
        self._known = set((load_cached(self._key) or b"").decode("ascii", "replace").split())
        self._met: dict[str, None] = {}
        self._is_new = False

    def is_canonical(self, data: bytes, name: str) -> bool:
        """Whether a file would not be written otherwise."""
        mark = f"{schema_by_name(name).name}:{digest(data)}"
        if mark not in self._known:
            if canonical_text(data, name) != data:
                return False
            self._is_new = True
        self._met[mark] = None
        return True

    def flush(self) -> None:
        """Keep what is new, and of the rest what was met last."""
        if self._is_new:
            kept = [*self._met, *(self._known - self._met.keys())][:_TEXTS]
            keep_cached(self._key, "\n".join(kept).encode())


_TEXTS = 20_000


def _rename_folder(issue: Issue, staged: Path, folder: str) -> Issue:
    """A finding with the path that a person knows."""
    return dataclasses.replace(issue, file=issue.file.replace(str(staged), folder))


def install_hooks(repository: Repository) -> list[str]:
    """Put our hooks where git looks for them, but in nobody's place; what was done."""
    program = f"{shlex.quote(Path(sys.executable).as_posix())} -P -m geo git-driver pre-commit"
    told, done = [], []
    for name, only in HOOKS.items():
        hook = repository.path(f"hooks/{name}")
        call = f'{program} "$1"' if name == "prepare-commit-msg" else program
        old = read_text(hook)
        if old and _MARK not in old:
            told += [
                f"there is a {name} hook already, and it was left alone: {hook}",
                f"to have the layers checked there too, let it call: {call}",
            ]
            continue
        text = (
            f"#!/bin/sh\n{_MARK}\n{only}{call}\ncode=$?\n"
            f'[ "$code" = {REFUSED} ] && exit 1\n'
            '[ "$code" = 0 ] || echo "frontline did not answer; the layers were not checked" >&2\n'
            "exit 0\n"
        )
        write_text(hook, text)
        hook.chmod(0o755)
        done.append(name)
    if done:
        where = repository.path("hooks")
        told.insert(
            0, f"commits, merges and rebases check the layers first: {where}: {', '.join(done)}"
        )
    return told


def remove_hooks(repository: Repository) -> None:
    """Take our hooks away."""
    for name in HOOKS:
        hook = repository.path(f"hooks/{name}")
        if _MARK in read_text(hook):
            hook.unlink()
    repository.path("frontline-sound").unlink(missing_ok=True)


def read_text(path: Path) -> str:
    """
    The text of a file of git; empty where there is none.

    Raises
    ------
    GeoError
        If it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise GeoError(f"{escape(str(path))} cannot be read: {error}") from error


def write_text(path: Path, text: str) -> None:
    """Write a file of git, or take it away where it would be empty."""
    old = path.read_bytes() if path.exists() else None
    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(path, text.encode(), expected=None if old is None else digest(old))
    elif old is not None:
        path.unlink()
