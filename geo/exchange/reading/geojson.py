"""Anybody's GeoJSON."""

from __future__ import annotations

import contextlib
import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import Issue, SchemaError, escape
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.entry import Entry
from geo.exchange.reading.intake import Intake, fill_cells, map_columns
from geo.exchange.reading.shapes import read_shapes
from geo.layers import Rings, decode_text, split_rings

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        raise SchemaError([Issue("json.syntax", "error", message, file=file)]) from error
    features = root.get("features") if isinstance(root, dict) else None
    if not isinstance(features, list) or root.get("type") != "FeatureCollection":
        message = "it is no FeatureCollection"
        raise SchemaError([Issue("root.type", "error", message, file=file)])
    if (
        "crs" in root
        and "CRS84" not in json.dumps(root["crs"])
        and "4326" not in json.dumps(root["crs"])
    ):
        message = f"its coordinates are {escape(json.dumps(root['crs']))}"
        hint = "export it in WGS 84, longitude and latitude"
        raise SchemaError([Issue("root.crs", "error", message, hint, file)])
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
