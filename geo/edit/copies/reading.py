"""
What came back from another program, read strictly.

Values, shapes and identity are taken as they stand; what programs do to a file is undone.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from geo.crs import area_km2
from geo.edit.copies.checkout import TABLE
from geo.errors import DateError, SchemaError, escape
from geo.exchange import mend_geometry, read_package
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


def read_copy(path: Path, *, taken: Collection[str] = (), repair: bool = False) -> Copy:
    """
    Read a working copy, or a GeoJSON file that any program wrote.

    Values, shapes and identity are taken as they stand; what programs do to a file is undone: row
    numbers, empty text, more decimals, the winding of rings, members that repeat what is known,
    styles, properties of no column of ours that are neither text nor whole numbers. Parts without
    ground are left out, and said. A feature without an id gets one. Of features with the same id,
    which splitting leaves behind, the largest keeps it.

    Parameters
    ----------
    path
        A GeoPackage or a GeoJSON file.
    taken
        Ids that no new feature may get.
    repair
        Whether areas that are not valid are repaired; otherwise they are refused.

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
        return _read_package(path, taken, repair)
    data = read_bytes(path, root=path.parent)
    features, notes, columns, _ = _identify_features(data, str(path), taken, repair)
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


def _read_package(path: Path, taken: Collection[str], repair: bool) -> Copy:
    held = read_package(path, table=TABLE)
    objects = [
        {"type": "Feature", "properties": record.values, "geometry": record.geometry}
        for record in held.records
    ]
    features, notes, columns, ids = _identify_features(objects, str(path), taken, repair)
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


_MENDABLE = frozenset(
    {
        *("id.duplicate", "props.type", "props.nested", "props.numpy", "props.ogrlist", "str.json"),
        *("num.range", "props.key", "geom.collapse", "ring.short", "geom.kind", "geom.type"),
        *("coord.z", "coord.range", "coord.antimeridian", "geom.self_intersection", "geom.spike"),
        *("geom.overlap_parts", "geom.nested_holes", "geom.hole_outside", "geom.disconnected"),
        *("geom.empty_interior", "geom.member", "geom.coordinates", "coord.depth", "geom.empty"),
        *("ring.unclosed", "coord.type", "coord.dim", "feature.member"),
    }
)
"""What is looked at again, feature by feature, before it is refused."""


def _identify_features(
    source: bytes | list[dict[str, Any]], file: str, taken: Collection[str], repair: bool = False
) -> tuple[tuple[Feature, ...], tuple[str, ...], frozenset[str], list[str]]:
    """
    The features; what was put right; all properties; the ids in the order of the file.

    Raises
    ------
    SchemaError
        If there is anything in it that cannot be put right without guessing.
    """
    layer = None
    notes: list[str] = []
    objects = source
    if not isinstance(objects, bytes):
        _leave_out_extras(objects, notes)
    try:
        if isinstance(source, bytes):
            layer = parse_geojson(source, schema=CONTROL, file=file, repair=True, assign_ids=True)
        else:
            layer = parse_features(source, schema=CONTROL, file=file, repair=True, assign_ids=True)
    except SchemaError as error:
        stops = {i.code for i in error.issues if i.severity == "error" and not i.fixable}
        if not stops <= _MENDABLE:
            raise
    if isinstance(objects, bytes):
        objects = json.loads(objects.decode("utf-8-sig"))["features"]
        if _leave_out_extras(objects, notes):
            layer = None
    if layer is None:
        _mend_geometries(objects, repair, notes)
    columns = frozenset(key for one in objects for key in _properties(one))
    if layer is None or any(issue.code == "id.missing" for issue in layer.issues):
        _require_features(objects, file)
    ids = _give_ids(objects, taken, notes)
    if layer is None or any(issue.code == "id.missing" for issue in layer.issues):
        layer = parse_features(objects, schema=CONTROL, file=file, repair=True)
    repairs = (issue for issue in layer.issues if issue.fixable and issue.code not in _QUIET)
    counts = Counter(issue.message for issue in repairs)
    notes += [f"{message}; put right" for message in counts]
    return layer.features, tuple(notes), columns, ids


def _properties(feature: object) -> dict[str, Any]:
    own = feature.get("properties") if isinstance(feature, dict) else None
    return own if isinstance(own, dict) else {}


def _require_features(objects: list[Any], file: str) -> None:
    """
    Pass if all are features with properties and a geometry.

    Raises
    ------
    SchemaError
        If one is not.
    """
    try:
        parse_features(objects, schema=CONTROL, file=file, repair=True, assign_ids=True)
    except SchemaError as error:
        stops = {i.code for i in error.issues if i.severity == "error" and not i.fixable}
        if stops != {"id.duplicate"}:
            raise


_STYLES = re.compile(
    r"_umap_options|_storage_options|fill(-opacity)?|stroke(-(width|opacity|dasharray))?|"
    r"marker-(color|size|symbol)|styleUrl|styleHash|styleMapHash"
)
"""How map programs write the look of a feature among its properties."""


def _leave_out_extras(objects: list[Any], notes: list[str]) -> bool:
    """Leave out styles, and what no column of ours holds and other programs would lose."""
    left: Counter[str] = Counter()
    for one in objects:
        own = _properties(one)
        for key in sorted(own.keys() - set(CONTROL.names), key=str):
            value = own[key]
            plain = value is None or isinstance(value, str) or type(value) is int
            if _STYLES.fullmatch(key) or not plain or (type(value) is int and abs(value) > _EXACT):
                left[key] += 1
                del own[key]
    if left:
        shown = ", ".join(f"{escape(key, 40)} ({n})" for key, n in sorted(left.items())[:_SHOWN])
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        notes.append(
            f"left out, for a layer holds no styles, and of other properties text and whole "
            f"numbers: {shown}{more}"
        )
    return bool(left)


_SHOWN = 8
_EXACT = 2**53


def _mend_geometries(objects: list[Any], repair: bool, notes: list[str]) -> None:
    """Mend what has one reading in the shapes of features, and what the user wishes."""
    for one in objects:
        shape = one.get("geometry") if isinstance(one, dict) else None
        if not isinstance(shape, dict):
            continue
        plain = {key: shape[key] for key in shape.keys() & {"type", "coordinates", "geometries"}}
        mended, said = mend_geometry(plain, repair=repair)
        if mended is not None and said:
            one["geometry"] = mended
            name = escape(str(_properties(one).get("id") or "a new feature"), 70)
            notes += [f"{name}: {text}" for text in said]


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
