"""
Ids that are gone on purpose, as a person said: in a file beside the layers, on every system.

Who dissolves a patch in `save` or in the editor has seen it named and agreed, so that counts too.
What is confirmed is forgotten after the commit that loses it: an id that comes back later and
vanishes again is asked about again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.layers import digest, private_folder, save_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from geo.edit.versions.git import Repository

NAME = "gone.txt"
_HEAD = "# Ids that may vanish or return with the next commit, one a line (`frontline gone ID`).\n"


def confirmed_ids(layers: Path) -> list[str]:
    """Return the ids that may vanish or return; ``all`` stands for any."""
    try:
        text = (layers / ".frontline" / NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [line.split("#")[0].strip() for line in text.splitlines() if line.split("#")[0].strip()]


def confirm_ids(layers: Path, ids: Iterable[str]) -> Path:
    """
    Note that ids are gone on purpose.

    Parameters
    ----------
    layers
        The layers folder.
    ids
        Of features or rows; ``all`` stands for any.

    Returns
    -------
    path
        The file that says so.

    Raises
    ------
    LayerError
        If it cannot be written.
    """
    return _write(layers, sorted({*confirmed_ids(layers), *ids}))


def forget_confirmed(layers: Path, repository: Repository, path: str) -> None:
    """
    Forget what was used up, once a commit is let through: ids that the last one lost in a file.

    Other files, of other dates, may have them still.
    """
    known = confirmed_ids(layers)
    if not known or not repository.has("HEAD"):
        return

    def files_with(one: str, revision: str) -> set[bytes]:
        words = ["grep", "-l", "-w", "-F", "-e", one, revision, "--", path or "."]
        found = repository.answer(words).splitlines()
        return {line.partition(b":")[2] for line in found}

    kept = []
    for one in sorted(known):
        now = files_with(one, "HEAD")
        if now and not (repository.has("HEAD~1") and files_with(one, "HEAD~1") - now):
            kept.append(one)
    if kept != sorted(known):
        _write(layers, kept)


def _write(layers: Path, ids: list[str]) -> Path:
    path = private_folder(layers) / NAME
    old = digest(path.read_bytes()) if path.exists() else None
    save_file(path, (_HEAD + "".join(f"{one}\n" for one in ids)).encode(), expected=old)
    return path
