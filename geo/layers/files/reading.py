"""
Bytes read within limits, and told apart before they are parsed.

Reading opens regular files below one folder only.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

from geo.errors import Issue, LayerNotFoundError, SchemaError, escape, mend, refuse

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 50_000_000
"""Larger files are refused before they are read."""

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
            [refuse("file.missing", "there is no such file", file=where)]
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise SchemaError([refuse("file.unreadable", escape(str(error)), file=where)]) from error
    if not real.is_relative_to(root.resolve()):
        message = f"it leads out of the layers folder, to {escape(str(real))}"
        raise SchemaError([refuse("file.outside", message, file=where)])
    # Not to hang on a pipe: opened without waiting, and looked at before the first byte is read.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not stat.S_ISREG(real.stat().st_mode):
            raise SchemaError([refuse("file.kind", "it is no regular file", file=where)])
        with os.fdopen(os.open(real, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SchemaError([refuse("file.kind", "it is no regular file", file=where)])
            data = b"" if status.st_size > max_bytes else file.read(max_bytes + 1)
    except OSError as error:
        raise SchemaError(
            [refuse("file.unreadable", error.strerror or str(error), file=where)]
        ) from error
    size = max(status.st_size, len(data))
    if size > max_bytes:
        message = f"it has {size} bytes; the limit is {max_bytes}"
        raise SchemaError(
            [refuse("file.size", message, "split it, or simplify its borders", file=where)]
        )
    return data


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
        issues.append(mend(f"{kind}.bom", "the file begins with a byte order mark", line=1))
    if not data.strip():
        return "", [refuse(f"{kind}.empty", "the file is empty", "git has the last good version")]
    if fault := _conflict(data):
        return "", [fault]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8; the encoding is not guessed"
        return "", [refuse(f"{kind}.encoding", f"byte {error.start} is not UTF-8", hint, line=line)]
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        issues.append(mend(f"{kind}.crlf", "lines end with carriage returns", line=line))
    return text, issues


def _foreign(data: bytes, kind: str) -> Issue | None:
    """Tell bytes that are something else by how they begin."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf").lstrip().lower()
    if data.startswith(b"version https://git-lfs.github.com/spec/"):
        hint = "fetch the content with `git lfs pull`"
        return refuse("git.lfs", "it is a pointer of git LFS, not the file", hint, line=1)
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return refuse(f"{kind}.binary", f"it is {name}", "unpack or export it first")
    if _PICKLE.match(data):
        return refuse(f"{kind}.binary", "it is a Python pickle, which is never opened")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:2] in {b"{\0", b"\0{"}:
        hint = "save it as UTF-8; the encoding is not guessed"
        return refuse(f"{kind}.encoding", "it is UTF-16 or UTF-32", hint)
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        hint = "was a log-in page saved in its place?"
        return refuse(f"{kind}.html", "it is a web page", hint, line=1)
    if head.startswith(b"<") and not head.startswith(b"<<<<<<<"):
        return refuse(f"{kind}.xml", "it is XML (KML, VRT, ...)", "export it first", line=1)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        hint = "cut off by a crash? git has the last good version"
        return refuse(f"{kind}.syntax", "it holds zero bytes", hint, line=line)
    return None


def _conflict(data: bytes) -> Issue | None:
    """Find a merge that stopped half-way."""
    if not any(mark * 7 in data for mark in (b"<", b">", b"|")):
        return None
    marks = list(_CONFLICT.finditer(data))
    if not marks:
        return None
    names = [(mark[1] or b"").decode("utf-8", "replace") for mark in marks]
    between = " and ".join(
        escape(name, 40) for name in list(dict.fromkeys(filter(None, names)))[:2]
    )
    lines = [data.count(b"\n", 0, mark.start()) + 1 for mark in marks]
    message = f"unresolved merge conflict in lines {lines[0]} to {lines[-1]}"
    message += f", between {between}" if between else ""
    hint = "`frontline resolve` settles it, conflict by conflict"
    return refuse("git.conflict", message, hint, line=lines[0])
