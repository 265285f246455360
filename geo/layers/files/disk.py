"""Bytes and names forced to the disk, and one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from geo.errors import Issue, LayerError
from geo.layers.files.reading import refuse_file

if TYPE_CHECKING:
    from collections.abc import Iterator


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
        raise LayerError([refuse_file("file.locked", message, where)]) from error
    except OSError as error:
        message = f"no lock can be taken: {error.strerror or error}"
        raise LayerError([refuse_file("file.locked", message, where)]) from error
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
    return refuse_file("file.write", message, where, hint)
