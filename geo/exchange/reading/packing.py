"""
Files as they are served: packed by gzip, many in one archive, one in several pieces.

What a file holds is told by its first bytes, never by its name alone. Nothing is unpacked to disk.
What lies in an archive and is not read is named: an import of a part shall not look like one of
all.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from geo.errors import SchemaError, escape, refuse
from geo.exchange.texts import OWN_LIMITS
from geo.layers import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from geo.exchange.reading.intake import Intake

MOST_BYTES = 300_000_000
"""Of one file when unpacked; a small archive may hold more than any memory."""

_MOST_MEMBERS = 20_000
_MOST_ALL = 2_000_000_000
_LISTED = 4

ARCHIVE_FAULTS = (
    *(zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, ValueError, LookupError, struct.error, OverflowError),
)
"""What the standard library raises for archives that are damaged, locked or lie."""

SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
"""The files that are one Shapefile."""


def read_served(path: Path, intake: Intake) -> Iterator[tuple[str, bytes]]:
    """
    Return the files that a file is, by name: itself, what it unpacks to, or what an archive holds.

    Raises
    ------
    SchemaError
        If it is damaged, locked, too large, or holds nothing of the kind.
    """
    # A link to a file elsewhere is followed: nobody but the user named it.
    folder = path.resolve().parent if path.is_symlink() else path.parent
    data = read_bytes(path, root=folder)
    if path.suffix.lower() == ".shp" and data[:4] == b"\0\0\x27\x0a":
        yield path.name, _beside(path, folder)
        return
    try:
        name, data = _gunzip(path.name, data)
        if not data.startswith(b"PK\3\4") or ".kml" in intake.layout.inside:
            yield name, data
            return
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [PurePosixPath(info.filename) for info in archive.infolist()]
            if {"[Content_Types].xml", "mimetype"} & set(map(str, names)):
                yield name, data  # a workbook
            else:
                yield from _unzip(archive, path.name, intake)
    except ARCHIVE_FAULTS as error:
        message = f"the archive is not read: {escape(str(error), 300) or type(error).__name__}"
        raise SchemaError([refuse("import.archive", message, file=path.name)]) from error


def _gunzip(name: str, data: bytes) -> tuple[str, bytes]:
    """
    Unpack what gzip packed.

    Raises
    ------
    ValueError
        If it holds too much.
    """
    if not data.startswith(b"\x1f\x8b"):
        return name, data
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        inner = file.read(MOST_BYTES + 1)
    if len(inner) > MOST_BYTES:
        raise ValueError(f"it holds more than {MOST_BYTES:,} bytes")
    return name.removesuffix(".gz") or name, inner


def _unzip(archive: zipfile.ZipFile, file: str, intake: Intake) -> Iterator[tuple[str, bytes]]:
    """
    Return what an archive holds of the kind that is wanted.

    Raises
    ------
    ValueError
        If that is nothing, too much, or not clear.
    """
    held = [i for i in archive.infolist() if not i.is_dir() and not _is_litter(i.filename)]
    if len(held) > _MOST_MEMBERS or sum(i.file_size for i in held) > _MOST_ALL:
        raise ValueError(f"it holds {len(held):,} files, which are too many or too large")
    if len({info.filename for info in held}) < len(held):
        raise ValueError("two files in it have the same name")
    groups = {i.filename: i for i in held if _suffix(i.filename) in intake.layout.inside}
    if not groups:
        listed = ", ".join(escape(i.filename, 40) for i in held[:_LISTED])
        raise ValueError(
            f"it holds none of {' '.join(intake.layout.inside)}, but {listed or 'nothing'}"
        )
    parts = _shapefile_parts([name for name in groups if _suffix(name) == ".shp"], held)
    taken = set(groups) | {info.filename for many in parts.values() for info in many}
    if left := [i.filename for i in held if i.filename not in taken]:
        shown = ", ".join(escape(name, 40) for name in left[:_LISTED])
        intake.note(f"{len(left)} files in it are not read: {shown}", file)
    own = next((i for i in held if i.filename == OWN_LIMITS), None)
    about = "" if own is None else inflate(archive, own).decode("utf-8", "replace")
    for name in sorted(groups):
        intake.know_own(about, f"{file}/{name}")
        if name in parts:
            pieces = {_suffix(i.filename): inflate(archive, i) for i in parts[name]}
            yield f"{file}/{name}", _bundle(pieces)
        else:
            inner, data = _gunzip(name, inflate(archive, groups[name]))
            yield f"{file}/{inner}", data


def _suffix(name: str) -> str:
    """The ending by which a file in an archive is told, below that of gzip."""
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix


def _is_litter(name: str) -> bool:
    """What desktops leave in archives."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith(".")


def inflate(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """
    Return the content of one file of an archive.

    Raises
    ------
    ValueError
        If it is too large, or larger than the archive says.
    """
    if info.file_size > MOST_BYTES:
        raise ValueError(f"{escape(info.filename, 40)} holds {info.file_size:,} bytes: too much")
    with archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ValueError(f"{escape(info.filename, 40)} has another size than the archive says")
    return data


def _shapefile_parts(
    names: Iterable[str], held: Iterable[zipfile.ZipInfo]
) -> dict[str, list[zipfile.ZipInfo]]:
    """What of an archive belongs to each Shapefile in it."""
    by_stem: dict[str, list[zipfile.ZipInfo]] = {}
    for info in held:
        if _suffix(info.filename) in SHAPEFILE:
            by_stem.setdefault(info.filename[:-4].casefold(), []).append(info)
    return {name: by_stem[name[:-4].casefold()] for name in names}


def _beside(path: Path, folder: Path) -> bytes:
    """A Shapefile on disk, with what lies beside it."""
    real = path.resolve() if path.is_symlink() else path
    there = {one.name.casefold(): one for one in folder.iterdir()}
    pieces = {}
    for suffix in SHAPEFILE:
        if (one := there.get(f"{real.stem}{suffix}".casefold())) is not None:
            pieces[suffix] = read_bytes(one, root=folder)
    return _bundle(pieces)


def _bundle(pieces: Mapping[str, bytes]) -> bytes:
    """The files of one Shapefile in one piece, by their endings."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for suffix, data in pieces.items():
            archive.writestr(f"data{suffix}", data)
    return sink.getvalue()


def unbundle(data: bytes) -> dict[str, bytes]:
    """Return the files that `read_served` put into one piece."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {PurePosixPath(n).suffix: archive.read(n) for n in archive.namelist()}
