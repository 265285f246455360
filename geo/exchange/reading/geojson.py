"""Anybody's GeoJSON; its shapes mended where the user wishes it or refused with a reason."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geo.crs import GRID_DEG, area_km2
from geo.errors import Issue, SchemaError, escape, refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.intake import Entry, Intake, fill_cells, map_columns
from geo.layers import Rings, decode_text, flatten, spelt, split_rings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KEY_ENDS = re.compile(r'"\s*:')
_EXACT = 2.0**63
"""The fast parser gives whole numbers from here on as floats, and so loses digits of them."""


def read_features(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """
    Read anybody's GeoJSON: its features, dates as YYYY-MM-DD.

    Raises
    ------
    SchemaError
        If it is no feature collection, or not in longitude and latitude.
    """
    text, found = decode_text(data, kind="json")
    if not text:
        raise SchemaError([replace(issue, file=file) for issue in found])
    try:
        root, rings = _parse_unique(text)
    except (ValueError, RecursionError) as error:
        message = escape(str(error)) or "it is nested too deeply"
        raise SchemaError([refuse("json.syntax", message, file=file)]) from error
    features = root.get("features") if isinstance(root, dict) else None
    if not isinstance(features, list) or root.get("type") != "FeatureCollection":
        raise SchemaError([refuse("root.type", "it is no FeatureCollection", file=file)])
    if (
        "crs" in root
        and "CRS84" not in json.dumps(root["crs"])
        and "4326" not in json.dumps(root["crs"])
    ):
        message = f"its coordinates are {escape(json.dumps(root['crs']))}"
        hint = "export it in WGS 84, longitude and latitude"
        raise SchemaError([refuse("root.crs", message, hint, file=file)])
    raw = [feature if isinstance(feature, dict) else {} for feature in features]
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in raw]
    header = list(dict.fromkeys(name for one in properties for name in one))
    ours = map_columns(header, file, intake)
    entries = []
    for n, (feature, values) in enumerate(zip(raw, properties, strict=True), 1):
        texts = {own: _as_text(values[name]) for name, own in ours.items() if name in values}
        geometry = feature.get("geometry")
        shape = geometry if isinstance(geometry, dict) else None
        entries.append(Entry(file, n, fill_cells(texts), shape, noun="feature"))
    read_dates(entries, file, intake)
    read_shapes(entries, intake, rings)
    yield from entries


def _parse_unique(text: str) -> tuple[Any, Rings | None]:
    """
    Parse JSON of which no key stands twice.

    The fast way, which leaves coordinates to arrays, takes a quarter off an import of one year of
    the states of Europe. What it cannot tell, or would read otherwise, goes the plain way.
    """
    with contextlib.suppress(ValueError, RecursionError):
        data = text.encode()
        root, rings = split_rings(data) or (orjson.loads(data), None)
        # Of keys that stand twice the parser keeps one, so there are fewer than in the text.
        if _count_keys(root) == len(_KEY_ENDS.findall(text)):
            return root, rings
    return json.loads(text, object_pairs_hook=_make_unique, parse_constant=_refuse_constant), None


def _count_keys(value: object) -> float:
    """How many keys there are, but in coordinates; more than any where a number is too large."""
    if isinstance(value, dict):
        inside = (_count_keys(v) for k, v in value.items() if k != "coordinates")
        return len(value) + sum(inside)
    if isinstance(value, list):
        return sum(map(_count_keys, value))
    return math.inf if isinstance(value, float) and abs(value) >= _EXACT else 0


def _make_unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    Make an object of which no key stands twice.

    Raises
    ------
    ValueError
        If one does.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(
            f"a key stands twice among {', '.join(escape(k, 30) for k, _ in pairs[:8])}"
        )
    return made


def _refuse_constant(text: str) -> None:
    """
    Refuse what is no JSON.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(f"{text} is no JSON number")


def _as_text(value: object) -> str:
    """A property as text; whole numbers without a point, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def read_shapes(entries: Sequence[Entry], intake: Intake, rings: Rings | None = None) -> None:
    """Check the shapes of all entries; one that cannot be used stays without a geometry."""
    for entry in entries:
        if rings is None and entry.shape is not None and _drop_heights(entry.shape):
            intake.mend(entry, "import.z", "heights were left out")
    _, built, found = flatten([entry.shape for entry in entries], rings=rings)
    errors = defaultdict(list)
    for n, issue in found:
        if issue.severity == "error":
            errors[n].append(issue)
    for n, entry in enumerate(entries):
        entry.geometry = built[n]
        if n in errors:
            entry.shape = spelt(entry.shape, rings)
            entry.geometry = _mend_area(entry, errors[n], intake)
        # Kept as lists of numbers, the positions of a long series would fill the memory.
        entry.shape = None


def _drop_heights(shape: Mapping[str, object]) -> bool:
    """Drop the third number of all positions; whether any of them said something."""
    said = False
    stack = [shape.get("coordinates")]
    while stack:
        item = stack.pop()
        if not isinstance(item, list):
            continue
        if len(item) == 3 and all(isinstance(v, int | float) for v in item):
            said = item.pop() != 0 or said
        elif not _is_flat_ring(item):
            stack += item
    return said


def _is_flat_ring(ring: Sequence[Any]) -> bool:
    """Whether it is a list of positions of two numbers, without a look at each number."""
    if not ring or not isinstance(ring[0], list) or not ring[0] or isinstance(ring[0][0], list):
        return False
    # Most rings are; what else lies in one is refused later.
    return set(map(type, ring)) == {list} and set(map(len, ring)) == {2}


def _mend_area(entry: Entry, issues: Sequence[Issue], intake: Intake) -> shapely.Geometry | None:
    """An area that was not valid: repaired if the user wishes, refused otherwise."""
    issue = issues[0]
    shape = _area_as_drawn(entry.shape) if intake.options.repair else None
    if shape is None:
        entry.fault = issue.code, issue.message
        return None
    fixed = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [p for p in shapely.get_parts(fixed) if p.geom_type in {"Polygon", "MultiPolygon"}]
    whole = shapely.union_all(parts, grid_size=GRID_DEG) if parts else None
    if whole is None or whole.is_empty:
        entry.fault = issue.code, f"{issue.message}; nothing is left after repair"
        return None
    after = area_km2(whole)[0]
    before = abs(area_km2(shape)[0])
    message = f"{issue.code}: repaired; {before:.3f} km2 before, {after:.3f} km2 after"
    intake.mend(entry, "import.repaired", message)
    return whole


def _area_as_drawn(shape: Mapping[str, object] | None) -> shapely.Geometry | None:
    """An area as drawn, valid or not."""
    if shape is None or shape.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    rings: Any = shape.get("coordinates")
    try:
        parts = rings if shape["type"] == "MultiPolygon" else [rings]
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts if part]
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError):
        return None
    return shapely.MultiPolygon(polygons) if len(polygons) > 1 else next(iter(polygons), None)
