"""
Bytes saved whole or not at all.

Saving leaves the old content or the new one, whatever fails in between, and never overwrites a
change that was not read.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from geo.errors import Issue, LayerError, SchemaError, StaleLayerError, escape
from geo.layers.files.backups import _keep
from geo.layers.files.disk import LEFTOVER, lock_folder, sync_folder, tell_unwritable, write_beside
from geo.layers.files.reading import digest, refuse_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path



def save_file(path: Path, data: bytes, *, expected: str | None, root: Path | None = None) -> None:
    """
    Replace the content of a file, wholly or not at all.

    The new content is written beside the file, forced to the disk, and renamed over it, under a
    lock that other savers wait for. What a file of a layers folder held before is kept first; see
    `backups`.

    Parameters
    ----------
    path
        The file; its folder must exist. Where it is a symbolic link, the link stays and its target
        is replaced.
    data
        The new content.
    expected
        Digest of the content that `data` replaces; None for a file that must not exist yet.
    root
        Folder that the file must lie in, links followed; None does not look.

    Raises
    ------
    SchemaError
        If it is no regular file, or lies outside `root`.
    StaleLayerError
        If the content on disk is not the expected one; nothing is written.
    LayerError
        If the system refuses to write, or another program holds the lock; nothing is changed.
    """
    where = str(path)
    try:
        real = path.resolve()
    except (OSError, RuntimeError) as error:
        raise SchemaError([refuse_file("file.unreadable", escape(str(error)), where)]) from error
    if root is not None and not real.is_relative_to(root.resolve()):
        message = f"it leads out of the layers folder, to {escape(str(real))}"
        raise SchemaError([refuse_file("file.outside", message, where)])
    if real.exists() and not real.is_file():
        raise SchemaError([refuse_file("file.kind", "it is no regular file", where)])
    if real.exists() and not real.stat().st_mode & 0o222:
        raise LayerError([refuse_file("file.write", "it is write-protected", where)])
    with lock_folder(real.parent, where):
        try:
            for leftover in real.parent.glob(LEFTOVER):
                leftover.unlink(missing_ok=True)
            before = real.read_bytes() if real.exists() else None
            if (current := None if before is None else digest(before)) != expected:
                raise StaleLayerError([_stale(current, expected, where)])
            if current == digest(data):
                return
            if before is not None:
                _keep(real, before)
            with write_beside(real, data) as beside:
                # Once more: programs that know nothing of the lock may have saved meanwhile.
                if (current := _digest_on_disk(real)) != expected:
                    raise StaleLayerError([_stale(current, expected, where)])
                beside.replace(real)
            sync_folder(real.parent)
        except OSError as error:
            raise LayerError([tell_unwritable(error, where)]) from error


def add_files(root: Path, contents: Iterable[tuple[str, bytes]]) -> Iterator[Path]:
    """
    Write files that are not there yet, each wholly or not at all.

    As `save` does, but each folder is locked, and its new names forced to the disk, once for all
    its files that follow on each other: of thousands of files that is most of the time. When a
    folder is left, everything in it is on the disk.

    Parameters
    ----------
    root
        The layers folder.
    contents
        Path below it, with slashes, and content of each file; folders are made as they are needed.

    Yields
    ------
    path
        Each file when it is written.

    Raises
    ------
    StaleLayerError
        If a file is there already; those before it stay.
    LayerError
        If the system refuses to write, or another program holds the lock; those before it stay.
    """
    for parent, files in groupby(contents, key=lambda item: (root / item[0]).parent):
        parent.mkdir(parents=True, exist_ok=True)
        folder, where = parent.resolve(), str(parent)
        with lock_folder(folder, where):
            try:
                for leftover in folder.glob(LEFTOVER):
                    leftover.unlink(missing_ok=True)
                for name, data in files:
                    where = str(root / name)
                    real = folder / (root / name).name
                    with write_beside(real, data) as beside:
                        if real.exists() or real.is_symlink():
                            raise StaleLayerError([_stale("", None, where)])
                        beside.replace(real)
                    yield root / name
                sync_folder(folder)
            except OSError as error:
                raise LayerError([tell_unwritable(error, where)]) from error


def _digest_on_disk(real: Path) -> str | None:
    return digest(real.read_bytes()) if real.exists() else None


def _stale(current: str | None, expected: str | None, where: str) -> Issue:
    if expected is None:
        message = "it exists already"
    elif current is None:
        message = "it was deleted since it was read"
    else:
        message = "another program changed it since it was read"
    hint = "nothing was written; read it again and repeat the change"
    return refuse_file("file.stale", message, where, hint)
