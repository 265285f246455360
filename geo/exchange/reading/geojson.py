"""Anybody's GeoJSON, in one piece or said not to be."""

from __future__ import annotations

import contextlib
import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from geo.errors import SchemaError, escape, refuse
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.documents import Document, open_document, read_lines
from geo.exchange.reading.intake import Entry, Intake, fill_cells, map_columns
from geo.exchange.reading.outside import features_outside, outside_format
from geo.exchange.reading.shapes import read_shapes
from geo.exchange.reading.texts import decode_told
from geo.layers import Rings, decode_text, split_rings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY_ENDS = re.compile(r'"\s*:')
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_EXACT = 2.0**63
"""The fast parser gives whole numbers from here on as floats, and so loses digits of them."""


def read_features(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """
    Read anybody's features: entries with shapes, dates as YYYY-MM-DD.

    Raises
    ------
    SchemaError
        If it holds no features, or they do not lie in longitude and latitude.
    """
    document, rings = open_features(data, file, intake)
    raw = [feature if isinstance(feature, dict) else {} for feature in document.features]
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in raw]
    header = list(dict.fromkeys(name for one in properties for name in one))
    ours = map_columns(header, file, intake)
    entries = []
    for n, (feature, values) in enumerate(zip(document.features, properties, strict=True)):
        texts = {own: property_text(values[name]) for name, own in ours.items() if name in values}
        line = document.lines[n] if document.lines else n + 1
        entry = Entry(file, line, fill_cells(texts, intake), noun="feature")
        if not isinstance(feature, dict):
            entry.fault = "feature.type", "it is no feature"
        elif isinstance(geometry := feature.get("geometry"), dict):
            entry.shape = geometry
        elif geometry is not None:
            entry.fault = "geom.type", "its geometry is no object with a type"
        entries.append(entry)
    read_dates(entries, file, intake)
    read_shapes(entries, intake, rings)
    yield from entries


def open_features(data: bytes, file: str, intake: Intake) -> tuple[Document, Rings | None]:
    """
    Return what a file holds, and the coordinates that stand apart from it.

    Raises
    ------
    SchemaError
        If it holds no features, or they do not lie in longitude and latitude.
    """
    rings: Rings | None = None
    if outside_format(data):
        root = features_outside(data, file, intake)
        document = Document(root["features"], root)
    else:
        text = _text_of(data, file, intake)
        streamed = read_lines(text, file, intake) if _may_be_lines(text) else None
        if streamed is not None:
            document = streamed
        else:
            root, rings = _parse_unique(text, file)
            document = open_document(root, file, intake)
            # Only of a plain collection are they apart.
            rings = rings if document.root is root else None
    _require_degrees(document.root, file)
    _say_what_is_missing(document.root, len(document.features), file, intake)
    about = document.root.get("metadata")
    intake.know_own(about.get("how_to_read") if isinstance(about, dict) else "", file)
    return document, rings


def _text_of(data: bytes, file: str, intake: Intake) -> str:
    """
    Return the text of a file.

    Raises
    ------
    SchemaError
        If it is none.
    """
    if intake.options.encoding:
        return decode_told(data, file, intake)
    text, found = decode_text(data, kind="json")
    if not text:
        raise SchemaError([replace(issue, file=file) for issue in found])
    return text


def _require_degrees(root: Mapping[str, Any], file: str) -> None:
    """
    Pass if nothing says that positions are anything else than longitude and latitude.

    Raises
    ------
    SchemaError
        If something does.
    """
    said = json.dumps(root.get("crs"), default=str)
    if "crs" in root and "CRS84" not in said and "4326" not in said:
        message = f"its coordinates are {escape(said)}"
        hint = "export it in WGS 84, longitude and latitude"
        raise SchemaError([refuse("root.crs", message, hint, file=file)])


def _say_what_is_missing(root: Mapping[str, Any], count: int, file: str, intake: Intake) -> None:
    """Say that an answer of a service is not all that the service has, where it says so itself."""
    inner = root.get("properties")
    limits = [one.get("exceededTransferLimit") for one in (root, inner) if isinstance(one, dict)]
    totals = [root.get(name) for name in ("numberMatched", "totalFeatures", "totalCount")]
    more = [n for n in totals if isinstance(n, int) and not isinstance(n, bool) and n > count]
    links = root.get("links")
    rels = [
        one.get("rel")
        for one in (links if isinstance(links, list) else ())
        if isinstance(one, dict)
    ]
    why = ""
    if any(limit is True for limit in limits):
        why = "the service cut its answer off (exceededTransferLimit)"
    elif more:
        why = f"the service has {max(more):,} features, and this file {count:,}"
    elif "next" in rels or (isinstance(root.get("next"), str) and root["next"]):
        why = "the service has more behind a link `next`"
    if why:
        message = f"it is not all: {why}; what is here is taken, and is a part"
        intake.issues.append(refuse("import.partial", message, "fetch the rest too", file=file))


def _parse_unique(text: str, file: str) -> tuple[Any, Rings | None]:
    """
    Parse JSON of which no key stands twice.

    The fast way, which leaves coordinates to arrays, takes a quarter off an import of one year of
    the states of Europe. What it cannot tell, or would read otherwise, goes the plain way.

    Raises
    ------
    SchemaError
        If it is none.
    """
    try:
        _require_shallow(text)
        return _parse_fast(text) or (_parse_plain(text), None)
    except (ValueError, RecursionError) as error:
        message = escape(str(error)) or "it is nested too deeply"
        raise SchemaError([refuse("json.syntax", message, file=file)]) from error


def _parse_plain(text: str) -> Any:
    """Parse JSON with all that is in it."""
    return json.loads(text, object_pairs_hook=_make_unique, parse_constant=_refuse_constant)


def _may_be_lines(text: str) -> bool:
    """Whether a text may hold one feature a line: its first line closes what it opens."""
    head = text.lstrip("\x1e \n\r\t").split("\n", 1)
    return len(head) > 1 and head[0].startswith("{") and head[0].rstrip().endswith("}")


_DEEPEST = 200


def _require_shallow(text: str) -> None:
    """
    Pass if lists and objects stand in no more of each other than any map needs.

    Raises
    ------
    ValueError
        If they do.
    """
    # Only a text with a run of so many openings, whatever stands between, can be as deep.
    if text.count("[") + text.count("{") < _DEEPEST:
        return
    depth = deepest = 0
    for mark in _BRACKETS.findall(text):
        if mark[0] == '"':
            continue
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > _DEEPEST:
        raise ValueError(f"it is nested too deeply: {deepest:,} lists and objects in each other")


def _parse_fast(text: str) -> tuple[Any, Rings | None] | None:
    """Parse it the fast way; None where that may not tell the truth."""
    with contextlib.suppress(ValueError, RecursionError):
        data = text.encode()
        root, rings = split_rings(data) or (orjson.loads(data), None)
        # Of keys that stand twice the parser keeps one, so there are fewer than in the text.
        if _count_keys(root) == len(_KEY_ENDS.findall(text)):
            return root, rings
    return None


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


def property_text(value: object) -> str:
    """A property as text; whole numbers without a point, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
