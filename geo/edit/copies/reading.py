"""
What came back from another program, read strictly.

Values, shapes and identity are taken as they stand; what programs do to a file is undone.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from geo.crs import area_km2
from geo.edit.copies.checkout import TABLE
from geo.errors import DateError, SchemaError, refuse
from geo.exchange import read_package
from geo.layers import new_id, parse_features, parse_geojson, read_bytes
from geo.model import CONTROL, Feature, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A layer as it came back from another program, read strictly.

    Attributes
    ----------
    path
        The file.
    day
        Date that it is a copy of; None where the file does not say.
    theatre
        Id of the theatre that it is a copy of; empty where the file does not say.
    base
        Content of the layer that it was copied from; None where that is not known.
    features
        Sorted by id.
    notes
        What was put right, one sentence each.
    columns
        Properties that the file knows at all: of others it says nothing.
    rows
        Number of each feature's row in a working copy of ours, by id; empty for another file.
    """

    path: Path
    day: dt.date | None
    theatre: str
    base: bytes | None
    features: tuple[Feature, ...]
    notes: tuple[str, ...]
    columns: frozenset[str]
    rows: Mapping[str, int]


def read_copy(path: Path, *, taken: Collection[str] = ()) -> Copy:
    """
    Read a working copy, or a GeoJSON file that any program wrote.

    Values, shapes and identity are taken as they stand; what programs do to a file is undone: row
    numbers, empty text, more decimals, the winding of rings, members that repeat what is known. A
    feature without an id gets one. Of features with the same id, which splitting leaves behind,
    the largest keeps it.

    Parameters
    ----------
    path
        A GeoPackage or a GeoJSON file.
    taken
        Ids that no new feature may get.

    Returns
    -------
    copy
        Nothing is written anywhere.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If there is anything in it that cannot be put right without guessing; all findings are
        in it.
    """
    if _is_package(path):
        return _read_package(path, taken)
    data = read_bytes(path, root=path.parent)
    features, notes, columns, _ = _identify_features(data, str(path), taken)
    day = None
    with contextlib.suppress(DateError):
        day = parse_day(path.stem)
    return Copy(path, day, "", None, features, notes, columns, {})


def _is_package(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _read_package(path: Path, taken: Collection[str]) -> Copy:
    held = read_package(path, table=TABLE)
    objects = [
        {"type": "Feature", "properties": record.values, "geometry": record.geometry}
        for record in held.records
    ]
    if any(isinstance(v, bytes) for record in held.records for v in record.values.values()):
        message = (
            "a value is neither text nor a number: Object of type bytes is not JSON serializable"
        )
        raise SchemaError([refuse("props.type", message, file=str(path))])
    features, notes, columns, ids = _identify_features(objects, str(path), taken)
    facts = held.facts
    rows = {}
    if facts:
        rows = {name: record.fid for name, record in zip(ids, held.records, strict=True)}
    base = facts["content"].encode("utf-8") if "content" in facts else None
    day = parse_day(facts["date"]) if "date" in facts else None
    return Copy(path, day, facts.get("theatre", ""), base, features, notes, columns, rows)


_QUIET = frozenset(
    {
        *("fmt.order", "fmt.layout", "fmt.newline", "props.missing", "props.extra_null"),
        *("str.empty", "coord.precision", "ring.winding", "ring.duplicate_vertex", "id.member"),
        *("root.artefact", "root.crs84", "feature.artefact", "props.artefact"),
    }
)
"""Repairs that change nothing that anybody meant."""


def _identify_features(
    source: bytes | list[dict[str, Any]], file: str, taken: Collection[str]
) -> tuple[tuple[Feature, ...], tuple[str, ...], frozenset[str], list[str]]:
    """
    The features; what was put right; all properties; the ids in the order of the file.

    Raises
    ------
    SchemaError
        If there is anything in it that cannot be put right without guessing.
    """
    layer = None
    try:
        if isinstance(source, bytes):
            layer = parse_geojson(source, schema=CONTROL, file=file, repair=True, assign_ids=True)
        else:
            layer = parse_features(source, schema=CONTROL, file=file, repair=True, assign_ids=True)
    except SchemaError as error:
        stops = {i.code for i in error.issues if i.severity == "error" and not i.fixable}
        if stops != {"id.duplicate"}:
            raise
    notes: list[str] = []
    objects = source
    if isinstance(objects, bytes):
        objects = json.loads(objects.decode("utf-8-sig"))["features"]
    columns = frozenset(key for one in objects for key in one["properties"])
    ids = _give_ids(objects, taken, notes)
    if layer is None or any(issue.code == "id.missing" for issue in layer.issues):
        layer = parse_features(objects, schema=CONTROL, file=file, repair=True)
    repairs = (issue for issue in layer.issues if issue.fixable and issue.code not in _QUIET)
    counts = Counter(issue.message for issue in repairs)
    notes += [f"{message}; put right" for message in counts]
    return layer.features, tuple(notes), columns, ids


def _give_ids(
    features: list[dict[str, Any]], taken: Collection[str], notes: list[str]
) -> list[str]:
    """Give each feature an id of its own, in place; the largest of several keeps theirs."""
    ids = [_own_id(feature) for feature in features]
    reserved = {*taken, *ids}
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        groups.setdefault(name, []).append(i)
    for name, members in groups.items():
        if name:
            members = sorted(members, key=lambda i: -_size(features[i]))[1:]
        for i in members:
            content = json.dumps([features[i]["properties"], features[i]["geometry"]])
            ids[i] = new_id(CONTROL, content.encode(), reserved)
            reserved.add(ids[i])
            features[i].pop("id", None)
            features[i]["properties"] = {**features[i]["properties"], "id": ids[i]}
            was = f"a part split from {name}" if name else "a new feature"
            notes.append(f"{was} is now {ids[i]}")
    return ids


def _own_id(feature: Mapping[str, Any]) -> str:
    own = feature["properties"].get("id")
    member = feature.get("id")
    if own in {None, ""} and isinstance(member, str) and not member.isdecimal():
        own = member
    return str(own or "").strip()


def _size(feature: Mapping[str, Any]) -> float:
    shape = feature["geometry"]
    return 0.0 if shape is None else float(area_km2([shapely.geometry.shape(shape)])[0])
