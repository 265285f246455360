"""
What a save among layers replaces, kept first in a folder that git does not see.

It is copied, not linked: a program that writes in place would write into a hard link too. Twenty
contents a file are kept. A full disk then refuses the save before the layer is touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import LayerError, SchemaError
from geo.layers.files.disk import LEFTOVER, lock_folder, sync_folder, tell_unwritable, write_beside
from geo.layers.files.reading import refuse_file

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 20
"""So many former contents of each file are kept."""

PRIVATE = ".frontline"


def private_folder(root: Path) -> Path:
    """
    Return the folder for what belongs to the layers but not into git; it is made if need be.

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    folder
        ``.frontline`` in it, with a ``.gitignore`` of its own that hides everything.

    Raises
    ------
    SchemaError
        If something else has the name, a link among others: it would lead elsewhere.
    LayerError
        If it cannot be made.
    """
    folder = root / PRIVATE
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            message = "it must be a plain folder, or not be there"
            raise SchemaError([refuse_file("file.kind", message, str(folder), "move it away")])
        ignore = folder / ".gitignore"
        if not ignore.exists():
            folder.mkdir(exist_ok=True)
            with write_beside(ignore, b"*\n") as beside:
                beside.replace(ignore)
            sync_folder(folder)
            sync_folder(root)
    except OSError as error:
        raise LayerError([tell_unwritable(error, str(folder))]) from error
    return folder


@dataclass(frozen=True, slots=True)
class Backup:
    """
    What a file held before a save.

    Attributes
    ----------
    name
        The file and a number, such as ``control/2017-08-02.geojson@3``; higher is later.
    file
        Path of the file below the layers folder.
    number
        The number.
    path
        Where the former content stands.
    """

    name: str
    file: str
    number: int
    path: Path


def list_backups(root: Path) -> list[Backup]:
    """
    Return what the files of a layers folder held before.

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    backups
        At most `KEPT` a file, by file, latest first.
    """
    folder = root / PRIVATE / "backups"
    found = []
    for path in folder.rglob("*") if folder.is_dir() else ():
        if (match := _KEPT_NAME.fullmatch(path.name)) and path.is_file():
            file = path.with_name(match[1]).relative_to(folder).as_posix()
            found.append(Backup(f"{file}@{int(match[2])}", file, int(match[2]), path))
    return sorted(found, key=lambda one: (one.file, -one.number))


def backup(path: Path) -> Path | None:
    """
    Keep what a file of a layers folder holds now; `save` does so by itself.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    kept
        Where its content stands now too; None if there is no such file, or it is in no layers
        folder.

    Raises
    ------
    LayerError
        If the system refuses to read or write.
    """
    where = str(path)
    try:
        real = path.resolve()
        if not real.is_file():
            return None
        with lock_folder(real.parent, where):
            return _keep(real, real.read_bytes())
    except OSError as error:
        raise LayerError([tell_unwritable(error, where)]) from error


_KEPT_NAME = re.compile(r"(.+)\.([0-9]{6,})\.bak")


def _keep(real: Path, content: bytes) -> Path | None:
    """Keep a content of a file among the layers; the caller holds the lock of its folder."""
    root = next((f for f in real.parents[:2] if (f / "theatre.geojson").is_file()), None)
    if root is None or real.parent.name == PRIVATE:
        return None
    folder = (private_folder(root) / "backups" / real.relative_to(root)).parent
    new = [f for f in (*reversed(folder.parents), folder) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in new:
        sync_folder(made.parent)
    for leftover in folder.glob(LEFTOVER):
        leftover.unlink(missing_ok=True)
    file = real.relative_to(root).as_posix()
    kept = [one for one in list_backups(root) if one.file == file]
    if kept and kept[0].path.read_bytes() == content:
        return kept[0].path
    number = kept[0].number + 1 if kept else 1
    path = folder / f"{real.name}.{number:06d}.bak"
    with write_beside(path, content) as beside:
        beside.replace(path)
    sync_folder(folder)
    for old in kept[KEPT - 1 :]:
        old.path.unlink(missing_ok=True)
    return path
