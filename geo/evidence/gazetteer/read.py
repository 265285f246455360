"""Tables of places of other people's: GeoNames, or a CSV with names and positions."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pandas as pd

from geo.errors import Issue, SchemaError
from geo.evidence.gazetteer.index import Entry
from geo.layers import read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_GEONAMES = (
    *("geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude"),
    *("feature_class", "feature_code", "country_code", "cc2", "admin1", "admin2", "admin3"),
    *("admin4", "population", "elevation", "dem", "timezone", "modified"),
)

_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "geonameid", "pcode", "admin4pcode", "adm4_pcode", "osm_id", "code"),
    "name": ("name", "name_en", "admin4name_en", "adm4_en", "name_primary", "placename"),
    "others": (
        *("asciiname", "alternatenames", "alternates", "alternate_names", "names_alternate"),
        *("name_ar", "name_ara", "nam_en_ref", "admin4name_ar", "admin4refname_en", "adm4_ar"),
        *("adm4_ref", "name_alt", "aliases"),
    ),
    "lon": ("lon", "longitude", "lng", "long", "x", "point_x", "longitude_x"),
    "lat": ("lat", "latitude", "y", "point_y", "latitude_y"),
    "kind": ("kind", "type", "feature_code", "fclass", "place"),
}
"""Which column of a table is what; first come, first served, case aside."""


def read_gazetteers(paths: Sequence[Path]) -> list[Entry]:
    """
    Return the places of some tables.

    Parameters
    ----------
    paths
        The files, as for `read_gazetteer`.

    Returns
    -------
    places
        One after another.
    """
    return [
        place
        for path in paths
        for place in read_gazetteer(read_bytes(path, root=path.parent), file=str(path))
    ]


def read_gazetteer(data: bytes, *, file: str) -> tuple[Entry, ...]:
    """
    Return the places of a table of somebody else's.

    Parameters
    ----------
    data
        Either the table of GeoNames (tab-separated, 19 columns, no header) or a CSV in UTF-8
        with a header: a name, longitude, latitude, and, where it has them, an id, other
        spellings (joined by ``;`` or ``,``), an Arabic name, a kind.
    file
        What to call it in messages and as `Entry.origin`.

    Returns
    -------
    entries
        In the order of the table; ids are prefixed with the file's stem.

    Raises
    ------
    SchemaError
        If it is no such table, or a position is no longitude and latitude.
    """
    frame = _frame(data, file)
    columns = {
        part: [c for wanted in names for c in frame.columns if c.casefold().strip() == wanted]
        for part, names in _COLUMNS.items()
    }
    missing = [part for part in ("name", "lon", "lat") if not columns[part]]
    if missing:
        raise SchemaError([_fault(file, 1, f"there is no column for {', '.join(missing)}")])
    stem = re.sub("[^a-z0-9]+", "-", file.rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold())
    entries, faults = [], []
    for number, record in enumerate(frame.to_dict("records"), 1):
        row = {str(column): str(value) for column, value in record.items()}
        line = number + (0 if "cc2" in frame.columns else 1)
        entry = _entry(row, columns, stem, line)
        if isinstance(entry, str):
            faults.append(_fault(file, line, entry))
        else:
            entries.append(entry)
    if faults:
        raise SchemaError(faults)
    return tuple(entries)


def _frame(data: bytes, file: str) -> pd.DataFrame:
    first = data[:4096].split(b"\n", 1)[0]
    geonames = first.count(b"\t") == len(_GEONAMES) - 1 and first.split(b"\t")[0].isdigit()
    try:
        return pd.read_csv(
            io.BytesIO(data),
            sep="\t" if first.count(b"\t") > first.count(b",") else ",",
            names=list(_GEONAMES) if geonames else None,
            quoting=3 if geonames else 0,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SchemaError([_fault(file, 0, f"it is no table in UTF-8: {error}")]) from error


def _entry(
    row: Mapping[str, str], columns: Mapping[str, Sequence[str]], stem: str, line: int
) -> Entry | str:
    name = row[columns["name"][0]].strip()
    if not name:
        return "the name is empty"
    place = row[columns["lon"][0]].strip(), row[columns["lat"][0]].strip()
    try:
        lon, lat = (float(text) for text in place) if all(place) else (None, None)
    except ValueError:
        return f"the position {place[0]!r}, {place[1]!r} is no pair of numbers"
    if lon is not None and lat is not None and not (abs(lon) <= 180 and abs(lat) <= 90):
        return f"the position {lon:g}, {lat:g} is no longitude and latitude in degrees"
    others = [
        part.strip()
        for column in columns["others"]
        for part in re.split("[;,]", row[column])
        if part.strip() and part.strip() != name
    ]
    known = row[columns["id"][0]].strip() if columns["id"] else str(line)
    kind = row[columns["kind"][0]].strip() if columns["kind"] else ""
    return Entry(f"{stem}:{known}", name, tuple(others), lon, lat, kind, origin=stem)


def _fault(file: str, line: int, message: str) -> Issue:
    hint = "give a CSV with the columns name, lon, lat, or the table of GeoNames"
    return Issue("gazetteer.table", "error", message, hint, file, line)
