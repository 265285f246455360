"""
The rows of a GeoPackage that another program has edited: read strictly, and brought up to date.

A GeoPackage is an SQLite file. It is read as that, without GDAL: a value comes as it stands, no
view or trigger of the file runs code of its own, and shapes are taken apart here, so that no
parser in C sees bytes that nobody has looked at.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import LayerNotFoundError, SchemaError, escape, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FACTS = "frontline_base"
"""Table that says what a working copy is a copy of."""

_ENVELOPES = (0, 32, 48, 48, 64)
"""Bytes of the box before a shape, by the number in its flags (GeoPackage 1.2, clause 2.1.3)."""

_POLYGON, _MULTIPOLYGON = 3, 6
"""Types of WKB; all others are refused."""

_WAIT_S = 3.0
"""How long another program may hold the file while it saves, seconds."""


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """One row: its number in the file, its values, its shape as GeoJSON has it."""

    fid: int
    values: dict[str, Any]
    geometry: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Package:
    """What a GeoPackage holds of a layer; `facts` is empty if it is no working copy of ours."""

    table: str
    records: tuple[PackageRecord, ...]
    facts: dict[str, str]


def read_package(path: Path, *, table: str) -> Package:
    """
    Read one table of areas.

    Parameters
    ----------
    path
        A GeoPackage.
    table
        The table of features to read.

    Returns
    -------
    package
        Its rows, and what it says of itself.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it is no GeoPackage, has no such table, or holds shapes that are no areas.
    """
    if not path.is_file():
        raise LayerNotFoundError([refuse("file.missing", "there is no such file", file=str(path))])
    with _opened(path, is_read=True) as database:
        facts = _facts(database)
        table, column, srs = _features_table(database, table, path)
        _require_lonlat(database, srs, path)
        key = _key_of(database, table)
        cursor = database.execute(f"SELECT * FROM {_quoted(table)} ORDER BY {_quoted(key)}")
        names = [item[0] for item in cursor.description]
        records = []
        for row in cursor:
            values = dict(zip(names, row, strict=True))
            fid = int(values.pop(key))
            shape = values.pop(column)
            records.append(PackageRecord(fid, values, _shape(shape, fid, path)))
    return Package(table, tuple(records), facts)


def refresh_package(
    path: Path,
    *,
    table: str,
    rows: Sequence[tuple[int | None, Mapping[str, Any], bytes]],
    facts: Mapping[str, str],
) -> None:
    """
    Bring a working copy up to date in place, in one transaction.

    The file may be open in another program, which must go on seeing the same rows; so it is
    not replaced.

    Parameters
    ----------
    path
        The file.
    table
        Its table of areas.
    rows
        Number (None for a new row), values and WKB of all rows that it must hold; others go.
    facts
        What it is a copy of now.

    Raises
    ------
    SchemaError
        If the file is locked or damaged.
    """
    with _opened(path, is_read=False) as database:
        for name, answer in _SPATIAL.items():
            database.create_function(name, 1, answer, deterministic=True)
        table, column, srs = _features_table(database, table, path)
        key = _key_of(database, table)
        database.execute("BEGIN IMMEDIATE")
        kept = [fid for fid, _, _ in rows if fid is not None]
        known = database.execute(f"SELECT {_quoted(key)} FROM {_quoted(table)}").fetchall()
        database.executemany(
            f"DELETE FROM {_quoted(table)} WHERE {_quoted(key)} = ?",
            [(fid,) for (fid,) in known if fid not in set(kept)],
        )
        for fid, values, wkb in rows:
            cells = {**values, column: struct.pack("<2sBBi", b"GP", 0, 1, srs) + wkb}
            names = list(cells)
            if fid is None:
                columns = ", ".join(map(_quoted, names))
                marks = ", ".join("?" * len(names))
                database.execute(
                    f"INSERT INTO {_quoted(table)} ({columns}) VALUES ({marks})",
                    [cells[name] for name in names],
                )
            else:
                setting = ", ".join(f"{_quoted(name)} = ?" for name in names)
                database.execute(
                    f"UPDATE {_quoted(table)} SET {setting} WHERE {_quoted(key)} = ?",
                    [*(cells[name] for name in names), fid],
                )
        for name, fact in facts.items():
            database.execute(f"UPDATE {_quoted(FACTS)} SET {_quoted(name)} = ?", (fact,))
        database.execute("COMMIT")


@contextlib.contextmanager
def _opened(path: Path, *, is_read: bool) -> Iterator[sqlite3.Connection]:
    # Also to read it, SQLite must be able to write: a program that crashed in the middle of a
    # save left a journal behind, and what it had begun is taken back first.
    try:
        uri = f"{path.resolve().as_uri()}?mode=rw"
        database = sqlite3.connect(uri, uri=True, timeout=_WAIT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise _refused(path, f"it cannot be opened: {error}") from error
    try:
        # The schema of a file from elsewhere is data: read, it calls nothing. Written to, its
        # triggers keep the index of shapes, and can reach nothing but this file.
        database.execute(f"PRAGMA trusted_schema = {'OFF' if is_read else 'ON'}")
        database.execute(f"PRAGMA query_only = {'ON' if is_read else 'OFF'}")
        database.execute("PRAGMA cell_size_check = ON")
        yield database
    except sqlite3.Error as error:
        hint = "save and stop editing in the other program, then try again"
        raise _refused(path, f"it cannot be read or written: {error}", hint) from error
    finally:
        database.close()


def _refused(
    path: Path, message: str, hint: str = "", code: str = "copy.unreadable"
) -> SchemaError:
    return SchemaError([refuse(code, escape(message), hint, file=str(path))])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _facts(database: sqlite3.Connection) -> dict[str, str]:
    known = database.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (FACTS,)
    ).fetchone()
    if not known:
        return {}
    cursor = database.execute(f"SELECT * FROM {_quoted(FACTS)} LIMIT 1")
    row = cursor.fetchone()
    names = [item[0] for item in cursor.description]
    return {} if row is None else {n: str(v) for n, v in zip(names, row, strict=True)}


def _features_table(database: sqlite3.Connection, wanted: str, path: Path) -> tuple[str, str, int]:
    # Name, column of shapes and reference system of the table of areas.
    tables = database.execute(
        "SELECT c.table_name, g.column_name, g.srs_id FROM gpkg_contents c "
        "JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
        "JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table' "
        "WHERE c.data_type = 'features' ORDER BY c.table_name"
    ).fetchall()
    for name, column, srs in tables:
        if name == wanted or len(tables) == 1:
            return str(name), str(column), int(srs)
    listed = ", ".join(escape(str(name), 40) for name, _, _ in tables) or "none"
    raise _refused(path, f"there is no table {wanted!r} of areas; it has {listed}")


def _require_lonlat(database: sqlite3.Connection, srs: int, path: Path) -> None:
    row = database.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?",
        (srs,),
    ).fetchone()
    if row is None or (str(row[0]).upper(), int(row[1])) != ("EPSG", 4326):
        what = "none" if row is None else f"{row[0]}:{row[1]}"
        raise _refused(
            path,
            f"its coordinates are {what}, not longitude, latitude",
            "export it again on WGS 84 (EPSG:4326)",
            "root.crs",
        )


def _key_of(database: sqlite3.Connection, table: str) -> str:
    for row in database.execute(f"PRAGMA table_info({_quoted(table)})"):
        if row[5] == 1:
            return str(row[1])
    return "rowid"


# --- shapes -------------------------------------------------------------------------


def _shape(blob: object, fid: int, path: Path) -> dict[str, Any] | None:
    # A shape of a GeoPackage as GeoJSON has it; None for none.
    if blob is None:
        return None
    try:
        if not isinstance(blob, bytes) or blob[:2] != b"GP":
            raise ValueError("it is no geometry of a GeoPackage")
        flags = blob[3]
        if flags & 0x10:
            return None
        body = memoryview(blob)[8 + _ENVELOPES[flags >> 1 & 7] :]
        kind, parts, _ = _area(body, 0)
    except (ValueError, IndexError, struct.error) as error:
        raise _refused(path, f"the shape of row {fid}: {error}", code="geom.type") from error
    if kind == _POLYGON or len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]} if parts and parts[0] else None
    return {"type": "MultiPolygon", "coordinates": parts} if parts else None


def _area(body: memoryview, at: int, *, is_part: bool = False) -> tuple[int, list[Any], int]:
    # Kind and parts of the WKB at a place, and where it ends; only areas are read.
    order = "<" if body[at] else ">"
    (code,) = struct.unpack_from(f"{order}I", body, at + 1)
    kind, extra = code & 0xFFFF, bool(code & 0x80000000) + bool(code & 0x40000000)
    kind, more = kind % 1000, kind // 1000
    size = 2 + extra + (0, 1, 1, 2)[more]
    at += 5 + 4 * bool(code & 0x20000000)
    (count,) = struct.unpack_from(f"{order}I", body, at)
    at += 4
    if kind == _MULTIPOLYGON and not is_part:
        parts = []
        for _ in range(count):
            _, part, at = _area(body, at, is_part=True)
            parts += part
        return kind, parts, at
    if kind != _POLYGON:
        raise ValueError("it is no polygon" if not is_part else "a part is no polygon")
    rings = []
    for _ in range(count):
        (length,) = struct.unpack_from(f"{order}I", body, at)
        end = at + 4 + 8 * size * length
        if end > len(body):
            raise ValueError("it breaks off")
        xy = np.frombuffer(body[at + 4 : end], dtype=f"{order}f8").reshape(length, size)
        rings.append(xy[:, :2].tolist())
        at = end
    return kind, [rings], at


def _bounds(blob: bytes) -> tuple[float, float, float, float] | None:
    """West, south, east, north of a shape, for the index that SQLite keeps of them."""
    flags = blob[3]
    try:
        _, parts, _ = _area(memoryview(blob)[8 + _ENVELOPES[flags >> 1 & 7] :], 0)
        xy = np.array([position for part in parts for ring in part for position in ring])
        west, south = xy.min(axis=0).tolist()
        east, north = xy.max(axis=0).tolist()
    except (ValueError, IndexError, struct.error):
        return None
    return west, south, east, north


def _corner(which: int) -> Any:
    def answer(blob: bytes | None) -> float | None:
        found = None if blob is None else _bounds(blob)
        return None if found is None else float(found[which])

    return answer


_SPATIAL: dict[str, Any] = {
    "ST_IsEmpty": lambda blob: None if blob is None else int(_bounds(blob) is None),
    "ST_MinX": _corner(0),
    "ST_MinY": _corner(1),
    "ST_MaxX": _corner(2),
    "ST_MaxY": _corner(3),
}
"""Functions that the index of a GeoPackage calls, and SQLite does not have."""
