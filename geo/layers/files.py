"""
Bytes on disk: read within limits, told apart before they are parsed, saved whole or not at all.

Reading opens regular files below one folder only. Saving leaves the old content or the new
one, whatever fails in between, and never overwrites a change that was not read. Among layers, what
a save replaces is kept first, in a folder that git does not see.
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

from geo.errors import Issue
from geo.errors import LayerError
from geo.errors import LayerNotFoundError
from geo.errors import SchemaError
from geo.errors import StaleLayerError
from geo.errors import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "KEPT",
    "MAX_BYTES",
    "Backup",
    "Journal",
    "add_files",
    "backup",
    "list_backups",
    "decode_text",
    "digest",
    "private_folder",
    "read_bytes",
    "save_file",
]

MAX_BYTES = 50_000_000
"""Larger files are refused before they are read."""

KEPT = 20
"""So many former contents of each file are kept."""

_PRIVATE = ".frontline"
_LEFTOVER = ".frontline-*.tmp"
_LOCK_SECONDS = 30

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"SQLite format 3\x00", "a SQLite database, perhaps a GeoPackage"),
    (b"fgb\x03", "a FlatGeobuf file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x00\x00\x27\x0a", "a shapefile"),
)
_PICKLE = re.compile(rb"\x80[\x01-\x05]")
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}|\|{7})(?: (.{0,200}))?\r?$", re.MULTILINE)


def digest(data: bytes) -> str:
    """
    Return what tells one content from another.

    Parameters
    ----------
    data
        Content of a file.

    Returns
    -------
    digest
        SHA-256, in hexadecimal.
    """
    return hashlib.sha256(data).hexdigest()


def read_bytes(path: Path, *, root: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """
    Read a regular file below a folder.

    Parameters
    ----------
    path
        The file; a symbolic link is followed if it stays below `root`.
    root
        The layers folder.
    max_bytes
        Larger files are refused without being read.

    Returns
    -------
    data
        Its content.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it is no regular file, lies outside `root`, is too large, or cannot be read.
    """
    where = str(path)
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LayerNotFoundError(
            [Issue("file.missing", "error", "there is no such file", file=where)]
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise SchemaError([_refused("file.unreadable", escape(str(error)), where)]) from error
    if not real.is_relative_to(root.resolve()):
        message = f"it leads out of the layers folder, to {escape(str(real))}"
        raise SchemaError([_refused("file.outside", message, where)])
    # Not to hang on a pipe: opened without waiting, and looked at before the first byte is read.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(real.stat().st_mode):
            raise SchemaError([_refused("file.kind", "it is no regular file", where)])
        with os.fdopen(os.open(real, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SchemaError([_refused("file.kind", "it is no regular file", where)])
            data = b"" if status.st_size > max_bytes else file.read(max_bytes + 1)
    except OSError as error:
        raise SchemaError(
            [_refused("file.unreadable", error.strerror or str(error), where)]
        ) from error
    size = max(status.st_size, len(data))
    if size > max_bytes:
        message = f"it has {size} bytes; the limit is {max_bytes}"
        raise SchemaError(
            [_refused("file.size", message, where, "split it, or simplify its borders")]
        )
    return data


def _refused(code: str, message: str, where: str, hint: str = "") -> Issue:
    return Issue(code, "error", message, hint, file=where)


def decode_text(data: bytes, *, kind: str) -> tuple[str, list[Issue]]:
    """
    Tell what bytes are, and return them as text.

    Parameters
    ----------
    data
        Content of a file.
    kind
        What it should be: ``json`` or ``csv``; the first word of some rule codes.

    Returns
    -------
    text
        Strict UTF-8 without byte order mark, line ends as they were; empty where an issue is an
        error.
    issues
        What is wrong with the bytes, without a file name.
    """
    if fault := _foreign(data, kind):
        return "", [fault]
    issues = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        message = "the file begins with a byte order mark"
        issues.append(Issue(f"{kind}.bom", "warning", message, line=1, fixable=True))
    if not data.strip():
        hint = "git has the last good version"
        return "", [Issue(f"{kind}.empty", "error", "the file is empty", hint)]
    if fault := _conflict(data):
        return "", [fault]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8; the encoding is not guessed"
        message = f"byte {error.start} is not UTF-8"
        return "", [Issue(f"{kind}.encoding", "error", message, hint, line=line)]
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        message = "lines end with carriage returns"
        issues.append(Issue(f"{kind}.crlf", "warning", message, line=line, fixable=True))
    return text, issues


def _foreign(data: bytes, kind: str) -> Issue | None:
    """Tell bytes that are something else by how they begin."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf").lstrip().lower()
    if data.startswith(b"version https://git-lfs.github.com/spec/"):
        hint = "fetch the content with `git lfs pull`"
        return Issue("git.lfs", "error", "it is a pointer of git LFS, not the file", hint, line=1)
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return Issue(f"{kind}.binary", "error", f"it is {name}", "unpack or export it first")
    if _PICKLE.match(data):
        return Issue(f"{kind}.binary", "error", "it is a Python pickle, which is never opened")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:2] in {b"{\0", b"\0{"}:
        hint = "save it as UTF-8; the encoding is not guessed"
        return Issue(f"{kind}.encoding", "error", "it is UTF-16 or UTF-32", hint)
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        hint = "was a log-in page saved in its place?"
        return Issue(f"{kind}.html", "error", "it is a web page", hint, line=1)
    if head.startswith(b"<") and not head.startswith(b"<<<<<<<"):
        return Issue(f"{kind}.xml", "error", "it is XML (KML, VRT, ...)", "export it first", line=1)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        hint = "cut off by a crash? git has the last good version"
        return Issue(f"{kind}.syntax", "error", "it holds zero bytes", hint, line=line)
    return None


def _conflict(data: bytes) -> Issue | None:
    """Find a merge that stopped half-way."""
    if not any(mark * 7 in data for mark in (b"<", b">", b"|")):
        return None
    marks = list(_CONFLICT.finditer(data))
    if not marks:
        return None
    names = [(mark[1] or b"").decode("utf-8", "replace") for mark in marks[:4]]
    between = " and ".join(escape(name, 40) for name in names if name)
    lines = [data.count(b"\n", 0, mark.start()) + 1 for mark in marks]
    message = f"unresolved merge conflict in lines {lines[0]} to {lines[-1]}"
    message += f", between {between}" if between else ""
    return Issue("git.conflict", "error", message, "keep one of the versions", line=lines[0])


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
        raise SchemaError([_refused("file.unreadable", escape(str(error)), where)]) from error
    if root is not None and not real.is_relative_to(root.resolve()):
        message = f"it leads out of the layers folder, to {escape(str(real))}"
        raise SchemaError([_refused("file.outside", message, where)])
    if real.exists() and not real.is_file():
        raise SchemaError([_refused("file.kind", "it is no regular file", where)])
    if real.exists() and not real.stat().st_mode & 0o222:
        raise LayerError([_refused("file.write", "it is write-protected", where)])
    with _locked(real.parent, where):
        try:
            for leftover in real.parent.glob(_LEFTOVER):
                leftover.unlink(missing_ok=True)
            before = real.read_bytes() if real.exists() else None
            if (current := None if before is None else digest(before)) != expected:
                raise StaleLayerError([_stale(current, expected, where)])
            if current == digest(data):
                return
            if before is not None:
                _keep(real, before)
            with _beside(real, data) as beside:
                # Once more: programs that know nothing of the lock may have saved meanwhile.
                if (current := _digest_on_disk(real)) != expected:
                    raise StaleLayerError([_stale(current, expected, where)])
                beside.replace(real)
            _sync_folder(real.parent)
        except OSError as error:
            raise LayerError([_unwritable(error, where)]) from error


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
        with _locked(folder, where):
            try:
                for leftover in folder.glob(_LEFTOVER):
                    leftover.unlink(missing_ok=True)
                for name, data in files:
                    where = str(root / name)
                    real = folder / (root / name).name
                    with _beside(real, data) as beside:
                        if real.exists() or real.is_symlink():
                            raise StaleLayerError([_stale("", None, where)])
                        beside.replace(real)
                    yield root / name
                _sync_folder(folder)
            except OSError as error:
                raise LayerError([_unwritable(error, where)]) from error


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
    return _refused("file.stale", message, where, hint)


@contextlib.contextmanager
def _beside(real: Path, data: bytes) -> Iterator[Path]:
    """Write data to a new file beside another, with its rights; remove what is left of it."""
    path = real.with_name(f".frontline-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        opened = os.open(path, flags, 0o666)
        try:
            _write_all(opened, data)
            if real.exists():
                path.chmod(stat.S_IMODE(real.stat().st_mode))
            os.fsync(opened)
        finally:
            os.close(opened)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _write_all(opened: int, data: bytes) -> None:
    """Write all of it: the system may take less at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(opened, rest) :]


def _sync_folder(folder: Path) -> None:
    """Force a rename to the disk, where the system can open folders."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextlib.contextmanager
def _locked(folder: Path, where: str) -> Iterator[None]:
    # The lock lies with the system's temporary files, not among the layers.
    key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
    try:
        lock = FileLock(_lock_folder() / f"{key}.lock", timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        message = f"another program has been saving in this folder for {_LOCK_SECONDS} seconds"
        raise LayerError([_refused("file.locked", message, where)]) from error
    except OSError as error:
        message = f"no lock can be taken: {error.strerror or error}"
        raise LayerError([_refused("file.locked", message, where)]) from error
    try:
        yield
    finally:
        lock.release()


def _lock_folder() -> Path:
    # It belongs to this user alone: others could plant links in it.
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"frontline-locks-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or (user != "user" and status.st_uid != user):
        raise PermissionError(f"{folder} is not a folder of this user")
    return folder


# --- what was there before ------------------------------------------------------


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
    folder = root / _PRIVATE
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            message = "it must be a plain folder, or not be there"
            raise SchemaError([_refused("file.kind", message, str(folder), "move it away")])
        ignore = folder / ".gitignore"
        if not ignore.exists():
            folder.mkdir(exist_ok=True)
            with _beside(ignore, b"*\n") as beside:
                beside.replace(ignore)
            _sync_folder(folder)
            _sync_folder(root)
    except OSError as error:
        raise LayerError([_unwritable(error, str(folder))]) from error
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
    folder = root / _PRIVATE / "backups"
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
        with _locked(real.parent, where):
            return _keep(real, real.read_bytes())
    except OSError as error:
        raise LayerError([_unwritable(error, where)]) from error


_KEPT_NAME = re.compile(r"(.+)\.([0-9]{6,})\.bak")


def _keep(real: Path, content: bytes) -> Path | None:
    """Keep a content of a file among the layers; the caller holds the lock of its folder."""
    root = next((f for f in real.parents[:2] if (f / "theatre.geojson").is_file()), None)
    if root is None or real.parent.name == _PRIVATE:
        return None
    folder = (private_folder(root) / "backups" / real.relative_to(root)).parent
    new = [f for f in (*reversed(folder.parents), folder) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in new:
        _sync_folder(made.parent)
    for leftover in folder.glob(_LEFTOVER):
        leftover.unlink(missing_ok=True)
    file = real.relative_to(root).as_posix()
    kept = [one for one in list_backups(root) if one.file == file]
    if kept and kept[0].path.read_bytes() == content:
        return kept[0].path
    number = kept[0].number + 1 if kept else 1
    path = folder / f"{real.name}.{number:06d}.bak"
    with _beside(path, content) as beside:
        beside.replace(path)
    _sync_folder(folder)
    for old in kept[KEPT - 1 :]:
        old.path.unlink(missing_ok=True)
    return path


def _unwritable(error: OSError, where: str) -> Issue:
    hint = "is it open in another program, or the disk full?"
    message = f"it cannot be written: {error.strerror or error}"
    return _refused("file.write", message, where, hint)


class Journal:
    """
    Records that survive a crash: each is on the disk before `append` returns.

    A record that was cut off by a crash or a full disk is not there at all. Several programs may
    append; each sees the records of all.

    Parameters
    ----------
    path
        The file; its folder must exist, such as `private_folder`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0

    def records(self) -> list[bytes]:
        """
        Return all whole records.

        Returns
        -------
        records
            In the order in which they were appended; none where there is no file.

        Raises
        ------
        LayerError
            If the system refuses to read.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"it cannot be read: {error.strerror or error}"
            raise LayerError([_refused("file.unreadable", message, str(self.path))]) from error
        records, self._end = _framed(data)
        return records

    def append(self, record: bytes) -> None:
        """
        Add a record and force it to the disk.

        Parameters
        ----------
        record
            Any bytes.

        Raises
        ------
        LayerError
            If the system refuses to write; the record is then not there.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with _locked(self.path.parent.resolve(), str(self.path)), self._writing():
            is_new = not self.path.exists()
            opened = os.open(self.path, flags, 0o600)
            try:
                if os.fstat(opened).st_size != self._end:
                    self.records()
                self._write(opened, record)
            finally:
                os.close(opened)
            if is_new:
                _sync_folder(self.path.parent)

    def replace(self, record: bytes) -> None:
        """
        Make a record the only one, in one step.

        Parameters
        ----------
        record
            Any bytes.

        Raises
        ------
        LayerError
            If the system refuses to write; the records are then as before.
        """
        with _locked(self.path.parent.resolve(), str(self.path)), self._writing():
            with _beside(self.path, _frame(record)) as beside:
                beside.chmod(0o600)
                beside.replace(self.path)
            _sync_folder(self.path.parent)
        self._end = len(_frame(record))

    def clear(self) -> None:
        """
        Forget all records.

        Raises
        ------
        LayerError
            If the system refuses to delete the file.
        """
        with _locked(self.path.parent.resolve(), str(self.path)), self._writing():
            self.path.unlink(missing_ok=True)
            _sync_folder(self.path.parent)
        self._end = 0

    def _write(self, opened: int, record: bytes) -> None:
        """Put a record behind the last whole one; what was cut off there goes."""
        data, is_whole = _frame(record), False
        try:
            os.ftruncate(opened, self._end)
            os.lseek(opened, self._end, os.SEEK_SET)
            _write_all(opened, data)
            os.fsync(opened)
            is_whole = True
        finally:
            if not is_whole:
                with contextlib.suppress(OSError):
                    os.ftruncate(opened, self._end)
        self._end += len(data)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LayerError([_unwritable(error, str(self.path))]) from error


def _frame(record: bytes) -> bytes:
    return b"%d %s\n%s\n" % (len(record), digest(record)[:16].encode(), record)


def _framed(data: bytes) -> tuple[list[bytes], int]:
    """All whole records from the beginning, and where they end."""
    records, at = [], 0
    while match := _HEAD.match(data, at):
        record = data[match.end() : match.end() + int(match[1])]
        if _frame(record) != data[at : match.end() + int(match[1]) + 1]:
            break
        records.append(record)
        at = match.end() + len(record) + 1
    return records, at


_HEAD = re.compile(rb"([0-9]{1,12}) [0-9a-f]{16}\n")
