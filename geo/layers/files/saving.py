"""
Bytes saved whole or not at all, and what they replace kept first, where git does not see it.

Saving leaves the old content or the new one, whatever fails in between, and never overwrites a
change that was not read. What is replaced is copied, not linked: a program that writes in place
would write into a hard link too. Twenty contents a file are kept. A full disk then refuses the save
before the layer is touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from geo.errors import Issue, LayerError, SchemaError, StaleLayerError, escape, refuse
from geo.layers.files.reading import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LEFTOVER = ".frontline-*.tmp"
_LOCK_SECONDS = 30


@contextlib.contextmanager
def write_beside(real: Path, data: bytes) -> Iterator[Path]:
    """Write data to a new file beside another, with its rights; remove what is left of it."""
    path = real.with_name(f".frontline-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        opened = os.open(path, flags, 0o666)
        try:
            write_all(opened, data)
            if real.exists():
                path.chmod(stat.S_IMODE(real.stat().st_mode))
            os.fsync(opened)
        finally:
            os.close(opened)
        yield path
    finally:
        path.unlink(missing_ok=True)


def write_all(opened: int, data: bytes) -> None:
    """Write all of it: the system may take less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(opened, rest) :]


def sync_folder(folder: Path) -> None:
    """Force a rename to the disk, where the system can open folders."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextlib.contextmanager
def lock_folder(folder: Path, where: str) -> Iterator[None]:
    """
    Hold the lock of a folder; others wait for it.

    Raises
    ------
    LayerError
        If another program holds it for too long.
    """
    # The lock lies with the system's temporary files, not among the layers.
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
    try:
        lock = FileLock(_folder_of_locks() / f"{key}.lock", timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        message = f"another program has been saving in this folder for {_LOCK_SECONDS} seconds"
        raise LayerError([refuse("file.locked", message, file=where)]) from error
    except OSError as error:
        message = f"no lock can be taken: {error.strerror or error}"
        raise LayerError([refuse("file.locked", message, file=where)]) from error
    try:
        yield
    finally:
        lock.release()


def _folder_of_locks() -> Path:
    # It belongs to this user alone: others could plant links in it.
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"frontline-locks-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (user != "user" and status.st_uid != user):
        raise PermissionError(f"{folder} is not a folder of this user")
    return folder


def tell_unwritable(error: OSError, where: str) -> Issue:
    """Return the finding for a file that cannot be written."""
    hint = "is it open in another program, or the disk full?"
    message = f"it cannot be written: {error.strerror or error}"
    return refuse("file.write", message, hint, file=where)


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
            raise SchemaError([refuse("file.kind", message, "move it away", file=str(folder))])
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


def save_file(path: Path, data: bytes, *, expected: str | None, root: Path | None = None) -> None:
    """
    Replace the content of a file, wholly or not at all.

    The new content is written beside the file, forced to the disk, and renamed over it, under a
    lock that other savers wait for. What a file of a layers folder held before is kept first; see
    `list_backups`.

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
        raise SchemaError([refuse("file.unreadable", escape(str(error)), file=where)]) from error
    if root is not None and not real.is_relative_to(root.resolve()):
        message = f"it leads out of the layers folder, to {escape(str(real))}"
        raise SchemaError([refuse("file.outside", message, file=where)])
    if real.exists() and not real.is_file():
        raise SchemaError([refuse("file.kind", "it is no regular file", file=where)])
    if real.exists() and not real.stat().st_mode & 0o222:
        raise LayerError([refuse("file.write", "it is write-protected", file=where)])
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
                if (current := digest(real.read_bytes()) if real.exists() else None) != expected:
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
        make_folder(parent)
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


def make_folder(folder: Path) -> None:
    """
    Make a folder, with those above it, if it is not there.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    LayerError
        If the system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LayerError([tell_unwritable(error, str(folder))]) from error


def tell_half(error: LayerError, written: int, total: int, again: str) -> LayerError:
    """
    Return an error that says what was written before it, where something was.

    Parameters
    ----------
    error
        What stopped the rest.
    written, total
        How many files were written, and how many there are.
    again
        What a second run does.

    Returns
    -------
    error
        The same, and one finding more.
    """
    if not written:
        return error
    message = f"{written} of {total} files were written before that and stay"
    return type(error)([*error.issues, refuse(HALF, message, again)])


HALF = "file.half"
"""Code of what says that not nothing was written."""


def _stale(current: str | None, expected: str | None, where: str) -> Issue:
    if expected is None:
        message = "it exists already"
    elif current is None:
        message = "it was deleted since it was read"
    else:
        message = "another program changed it since it was read"
    hint = "nothing was written; read it again and repeat the change"
    return refuse("file.stale", message, hint, file=where)
