"""
GeoJSON text: read strictly, written in one form.

The reader takes what RFC 7946 and the schema allow and nothing else, and says of a file all
that is wrong with it. No other library ever opens the file: some of them read past faults,
and some follow what a file tells them to open.

The writer has one form: features sorted by id, one property a line, one ring a line, six
decimals. A save then changes the lines that it means to change.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import shapely

from geo.layers import fields
from geo.layers import files
from geo.layers import shapes
from geo.layers.rings import Numbers
from geo.crs import GRID_DEG
from geo.errors import Issue
from geo.errors import SchemaError
from geo.errors import escape
from geo.model import CONTROL
from geo.model import WHAT_IF_ID
from geo.model import WHAT_IF_MARK
from geo.model import Feature
from geo.model import Schema
from geo.model import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "MAX_DEPTH",
    "Layer",
    "dump_geojson",
    "fmt_geojson",
    "parse_features",
    "parse_geojson",
    "read_geojson",
    "unfold_features",
]

MAX_DEPTH = 32
"""Deeper nesting is refused before any parser sees it."""

_AREAS = frozenset({"Polygon", "MultiPolygon"})
_LINE_FEED = 10
_HEAD = b'{\n"type": "FeatureCollection",\n"features": [\n'
_TAIL = b"]\n}\n"
_CRS84 = frozenset(
    {
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "OGC:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
    }
)
_DERIVED = frozenset({"bbox", "name", "xy_coordinate_resolution"})
_OTHERS = frozenset({"coordinates", "features", "geometries", "geometry", "properties"})
_ROW_NUMBER = re.compile(r"[0-9]+")
_ENOUGH = 100
_DIGITS = re.compile(r"-?[0-9]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:")
_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]|-?(?:Infinity|NaN)|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Layer:
    """
    One GeoJSON file, as read.

    Attributes
    ----------
    file
        Its path, for messages.
    schema
        What it was read as.
    features
        Sorted by id.
    issues
        Warnings, and what ``fmt`` would repair; no errors.
    digest
        SHA-256 of the bytes read, in hexadecimal.
    """

    file: str
    schema: Schema
    features: tuple[Feature, ...]
    issues: tuple[Issue, ...]
    digest: str


def parse_geojson(
    data: bytes,
    *,
    schema: Schema,
    file: str,
    repair: bool = False,
    assign_ids: bool = False,
) -> Layer:
    """
    Read a layer from bytes.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    repair
        Whether errors that have only one repair are repaired, as `fmt_geojson` does.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    layer
        Its features, with geometries on the 1e-6 degree grid and in canonical order.

    Raises
    ------
    SchemaError
        If there is any error in it; all findings are in `issues`.
    """
    draft = _draft(data, schema, assign_ids=assign_ids)
    return _layer(draft, schema, file, files.digest(data), repair=repair)


def parse_features(
    objects: Sequence[Feature | Mapping[str, Any]],
    *,
    schema: Schema,
    file: str,
    repair: bool = False,
    assign_ids: bool = False,
) -> Layer:
    """
    Read a layer from features that never were text, as strictly as from bytes.

    Parameters
    ----------
    objects
        Features of GeoJSON as parsed, or features of ours. A geometry is an object of GeoJSON,
        with lists, tuples or arrays of coordinates, or a shapely geometry.
    schema
        What they must hold.
    file
        What messages call them.
    repair
        Whether errors that have only one repair are repaired, as `fmt_geojson` does.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    layer
        What `parse_geojson` makes of a file of them; its digest is that of the canonical text.

    Raises
    ------
    SchemaError
        If there is any error in them; all findings are in `issues`.

    Examples
    --------
    >>> from geo.model import CONTEXT
    >>> line = {"type": "LineString", "coordinates": [(36.1, 33.5), (36.2, 33.5000004)]}
    >>> road = {"id": "m5", "kind": "road", "accuracy": "schematic"}
    >>> one = {"type": "Feature", "properties": road, "geometry": line}
    >>> print(parse_features([one], schema=CONTEXT, file="roads").features[0].geometry)
    LINESTRING (36.1 33.5, 36.2 33.5)
    """
    draft = _from_objects(objects, schema, assign_ids=assign_ids)
    return _layer(draft, schema, file, files.digest(draft.text), repair=repair)


def unfold_features(features: Sequence[Feature]) -> list[dict[str, object]]:
    """
    Return features as the objects that GeoJSON would hold.

    Parameters
    ----------
    features
        Any.

    Returns
    -------
    objects
        ``type``, ``properties`` and ``geometry`` of each; `parse_features` takes them.
    """
    return [
        {
            "type": "Feature",
            "properties": dict(feature.properties),
            "geometry": None if feature.geometry is None else shapes.unfold(feature.geometry),
        }
        for feature in features
    ]


def read_geojson(path: Path, *, root: Path, schema: Schema) -> Layer:
    """
    Read a layer from a file.

    Parameters
    ----------
    path
        The file.
    root
        The layers folder; nothing outside of it is opened.
    schema
        What it must hold.

    Returns
    -------
    layer
        Its features, with geometries on the 1e-6 degree grid and in canonical order.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it may not be opened, or there is any error in it.
    """
    data = files.read_bytes(path, root=root)
    return parse_geojson(data, schema=schema, file=str(path))


def dump_geojson(features: Sequence[Feature], *, schema: Schema) -> bytes:
    """
    Return the canonical text of features, after reading it back.

    Parameters
    ----------
    features
        In any order; coordinates are rounded to the 1e-6 degree grid.
    schema
        What they must hold; a key that is not there is written as null.

    Returns
    -------
    data
        UTF-8, with line feeds.

    Raises
    ------
    SchemaError
        If they hold what could not be read back: a wrong value, a geometry that is not valid, an
        id that is there twice.
    """
    in_order = sorted(features, key=lambda feature: feature.id)
    draft = _from_objects(in_order, schema)
    issues = _placed(draft, "")
    if any(issue.severity == "error" for issue in issues):
        raise SchemaError(issues)
    return _verified(draft, schema)


def fmt_geojson(
    data: bytes, *, schema: Schema, file: str, assign_ids: bool = False
) -> tuple[bytes, tuple[Issue, ...]]:
    """
    Return the canonical text of a file, repaired where only one repair is possible.

    Parameters
    ----------
    data
        Content of the file.
    schema
        What it must hold.
    file
        Its path, for messages.
    assign_ids
        Whether a feature without an id gets one, made from its content.

    Returns
    -------
    data
        Canonical text; the same bytes if they are canonical already.
    issues
        What was repaired; empty if nothing was.

    Raises
    ------
    SchemaError
        If there is an error that cannot be repaired; all findings are in `issues`.
    """
    draft = _draft(data, schema, assign_ids=assign_ids)
    issues = _placed(draft, file)
    if any(issue.severity == "error" and not issue.fixable for issue in issues):
        raise SchemaError(issues)
    return _verified(draft, schema), tuple(issue for issue in issues if issue.fixable)


def _layer(draft: _Draft, schema: Schema, file: str, digest: str, *, repair: bool) -> Layer:
    """What was read, unless an error is in it that stays."""
    issues = _placed(draft, file)
    if any(i.severity == "error" and not (repair and i.fixable) for i in issues):
        raise SchemaError(issues)
    return Layer(file, schema, draft.features, tuple(issues), digest)


def _from_objects(
    objects: Sequence[Feature | Mapping[str, Any]], schema: Schema, *, assign_ids: bool = False
) -> _Draft:
    """Check features that never were text."""
    members = [_members_of(one) for one in objects]
    drawn = [one.get("geometry") if isinstance(one, dict) else None for one in members]
    areas = None
    if schema.geometry <= _AREAS and all(isinstance(g, shapely.Geometry | None) for g in drawn):
        areas = shapes.unfold_areas(drawn)
    spelt = [shapes.spell_out(one) for one in drawn] if areas is None else areas.numbered()
    document = _Document(
        features=[
            {**one, "geometry": geometry} if geometry is not None else one
            for one, geometry in zip(members, spelt, strict=True)
        ],
        lines=[one.line if isinstance(one, Feature) else 0 for one in objects],
        rings=None if areas is None else shapes.Rings(areas.xy, areas.sequences),
    )
    draft = _assembled(document, schema, assign_ids=assign_ids)
    for i, one in enumerate(objects):
        if isinstance(one, Feature) and one.properties.get("id", one.id) != one.id:
            message = f"the feature is {one.id!r}, its properties say otherwise"
            draft.add(i, Issue("id.conflict", "error", message))
    return draft


def _members_of(one: object) -> Any:
    """The members of a feature, its properties as a dictionary; what is no object stays."""
    if isinstance(one, Feature):
        own = {"id": one.id, **one.properties}
        return {"type": "Feature", "properties": own, "geometry": one.geometry}
    if not isinstance(one, Mapping):
        return one
    properties = one.get("properties")
    return {**one, "properties": dict(properties)} if isinstance(properties, Mapping) else {**one}


# --- a file on its way ------------------------------------------------------


@dataclass(slots=True)
class _Document:
    """JSON as parsed, the features apart."""

    features: list[Any]
    lines: list[int]
    members: dict[str, Any] = dataclasses.field(default_factory=dict)
    rings: shapes.Rings | None = None
    """Where there are any, the geometries hold numbers in place of rings."""
    data: bytes = b""
    """The whole text, if it was read with `rings`: each is spelt there as it would be written."""
    around: list[bytes] = dataclasses.field(default_factory=list)
    """With `data`: what stands before, between and behind the rings."""


@dataclass(slots=True)
class _Draft:
    """Features checked so far, and all findings; -1 stands for the file."""

    document: _Document
    ids: list[str]
    found: list[tuple[int, Issue]]
    features: tuple[Feature, ...] = ()
    shaped: shapes.Shapes | None = None
    text: bytes = b""

    def add(self, feature: int, issue: Issue) -> None:
        """Keep a finding."""
        self.found.append((feature, issue))

    @property
    def is_refused(self) -> bool:
        """Whether there is an error that nothing can repair."""
        return any(issue.severity == "error" and not issue.fixable for _, issue in self.found)


def _draft(
    data: bytes,
    schema: Schema,
    *,
    assign_ids: bool = False,
) -> _Draft:
    """Read bytes as far as they go."""
    # Most files are canonical. Then a fast parser is as strict as ours: what it read is written
    # again, and gives the same bytes, so there was nothing else in them.
    document = (_laid_out(data) if schema.geometry <= _AREAS else None) or _canonical(data)
    if document is not None:
        draft = _assembled(document, schema)
        if not draft.is_refused and draft.text == data:
            return draft
    document, issues = _strict(data)
    if document is None:
        return _Draft(_Document([], []), [], [(-1, issue) for issue in issues])
    draft = _assembled(document, schema, issues=issues, assign_ids=assign_ids)
    if not data.endswith(b"\n"):
        message = "the file does not end with a line feed"
        draft.add(-1, Issue("fmt.newline", "warning", message, fixable=True))
    repaired = {issue.code for _, issue in draft.found if issue.fixable} - {"fmt.newline"}
    if draft.text and draft.text not in {data, data + b"\n"} and not repaired:
        message = "the file is not in canonical layout"
        draft.add(-1, Issue("fmt.layout", "warning", message, fixable=True))
    return draft


def _verified(draft: _Draft, schema: Schema) -> bytes:
    # What is about to be written is read back first, and compared with what was meant.
    if schema.geometry <= _AREAS and _reads_as_meant(draft):
        return draft.text
    again = _canonical(draft.text)
    foreign = _foreign(draft.document.members)
    if again is None and foreign:
        again, _ = _strict(draft.text)
    read_back = None if again is None else _assembled(again, schema)
    if read_back is None or read_back.text != draft.text or not _same(read_back, draft):
        message = "the text would not be read back as it was meant; nothing is written"
        raise SchemaError([Issue("fmt.verify", "error", message)])
    return draft.text


def _reads_as_meant(draft: _Draft) -> bool:
    """Whether the text of areas that stood in order is read as what was checked, value by value."""
    again, meant = _laid_out(draft.text), draft.shaped
    if again is None or again.rings is None or meant is None:
        return False
    properties = [orjson.dumps(feature.get("properties")) for feature in again.features]
    return (
        np.array_equal(again.rings.sequences, meant.sequences)
        and np.array_equal(again.rings.xy, meant.xy)
        and [feature.get("geometry") for feature in again.features] == meant.numbered()
        and properties == [orjson.dumps(feature.properties) for feature in draft.features]
        and [feature.id for feature in draft.features] == draft.ids
    )


def _same(one: _Draft, other: _Draft) -> bool:
    return len(one.features) == len(other.features) and all(
        a.id == b.id and a.properties == b.properties and a.geometry == b.geometry
        for a, b in zip(one.features, other.features, strict=True)
    )


def _placed(draft: _Draft, file: str) -> list[Issue]:
    return fields.place(
        draft.found, file=file, ids=draft.ids, lines=draft.document.lines, noun="feature"
    )


# --- bytes to JSON ----------------------------------------------------------


def _canonical(data: bytes) -> _Document | None:
    """Parse what looks canonical; None for anything else. The caller must compare the bytes."""
    if not data.startswith(_HEAD):
        return None
    try:
        with _collector_off():
            root = orjson.loads(data)
    except ValueError:
        return None
    codes = np.frombuffer(data, dtype=np.uint8)
    return _listed(root, codes, np.flatnonzero(codes == _LINE_FEED))


def _listed(root: Any, codes: NDArray[np.uint8], ends: Ints) -> _Document | None:
    """A parsed collection with the lines of its features; None if it is no canonical one."""
    if not isinstance(root, dict) or len(root) != 2 or type(root.get("features")) is not list:
        return None
    # A feature begins on a line that holds an opening brace alone; so does the file.
    short = np.flatnonzero(np.diff(ends) == 2)
    lines = (short[codes[ends[short] + 1] == ord("{")] + 2).tolist()
    if len(lines) != len(root["features"]):
        return None
    return _Document(root["features"], lines)


def _laid_out(data: bytes) -> _Document | None:
    """
    Parse areas that look canonical, as `_canonical` does, in a fraction of the time.

    A ring is a line of its own there. All of them are parsed as one list of numbers, and the rest
    of the file with the number of each ring in its place. None too where a ring is not spelt as
    it would be written.
    """
    if not data.startswith(_HEAD):
        return None
    codes = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(codes == _LINE_FEED)
    spans = _ring_lines(codes, ends)
    if not spans:
        return None
    begins, behind = zip(*spans, strict=True)
    around = [data[i:k] for i, k in zip((0, *behind), (*begins, len(data)), strict=True)]
    rest = [around[0], *(b"%d%b" % (number, text) for number, text in enumerate(around[1:]))]
    try:
        with _collector_off():
            root = orjson.loads(b"".join(rest))
            rings = _spelt_rings(data, spans)
    except (ValueError, TypeError):
        return None
    document = _listed(root, codes, ends)
    if document is None or rings is None:
        return None
    document.rings, document.data, document.around = rings, data, around
    return document


def _spelt_rings(data: bytes, spans: Sequence[tuple[int, int]]) -> shapes.Rings | None:
    """Parse the rings that stand at some places; None unless each is spelt as it is written."""
    numbers, sizes, read = [], [], Numbers()
    # By pieces for which the memory of the last one is taken again: fresh memory costs as much
    # time as the parsing.
    ends = np.cumsum([end - begin for begin, end in spans])
    for some in np.split(np.array(spans), np.flatnonzero(np.diff(ends // _PIECE)) + 1):
        text = b",".join([data[begin:end] for begin, end in some.tolist()])
        counts = _ring_sizes(text, len(some))
        if counts is None:
            return None
        pairs = int(counts.sum())
        flat = read(b"[" + text + b"]")
        # Beside them stand two brackets and two commas a pair, and one of each a ring.
        length = _least_length(flat) + 4 * pairs + 2 * len(counts) - 1
        if len(flat) != 2 * pairs or len(text) != length:
            return None
        numbers.append(flat)
        sizes.append(counts)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])
    return shapes.Rings(np.concatenate(numbers).reshape(-1, 2), offsets)


_PIECE = 1 << 18


def _ring_sizes(text: bytes, count: int) -> Ints | None:
    """How many positions each of some rings has; None unless all are pairs of plain decimals."""
    # What is left without the digits tells each bracket and comma, and whatever else stands there.
    rings = text.translate(None, b"-.0123456789")[2:-2].split(b"]],[[")
    sizes = np.array([len(ring) + 3 for ring in rings]) // 4
    pairs = all(ring == b",],[" * (len(ring) // 4) + b"," for ring in set(rings))
    dotted = np.count_nonzero(np.frombuffer(text, np.uint8) == ord(".")) == 2 * sizes.sum()
    return sizes if pairs and dotted and len(rings) == count else None


def _least_length(numbers: NDArray[np.float64]) -> int:
    """
    How many characters numbers take as they are written, with up to six decimals; -1 if too large.

    No other text with a decimal point and no exponent stands for one of them in fewer. So where a
    text has this length, all of them are spelt this way.
    """
    if not (np.abs(numbers) < 1_000).all():
        return -1
    steps = np.rint(numbers * round(1 / GRID_DEG)).astype(np.int32)
    length = len("0.000000") * len(steps) + int(np.count_nonzero(steps < 0))
    steps = np.abs(steps)
    length += sum(int(np.count_nonzero(steps >= limit)) for limit in (10_000_000, 100_000_000))
    for _ in range(5):
        tenth = steps // 10
        steps = tenth[10 * tenth == steps]
        length -= len(steps)
    return length


def _ring_lines(codes: NDArray[np.uint8], ends: Ints) -> list[tuple[int, int]]:
    """Where lines hold a ring, without the comma behind it."""
    begins = np.append(0, ends[:-1] + 1)
    long = ends - begins > 5
    begins, ends = begins[long], ends[long]
    deep = codes[begins + 3] == ord(" ")
    at = begins + np.where(deep, 4, 3)
    ring = (codes[at] == ord("[")) & (codes[at + 1] == ord("["))
    at, ends = at[ring], ends[ring]
    ends = ends - (codes[ends - 1] == ord(","))
    closed = (codes[ends - 1] == ord("]")) & (codes[ends - 2] == ord("]"))
    return list(zip(at.tolist(), ends.tolist(), strict=True)) if closed.all() else []


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """Do not look for garbage while hundreds of thousands of lists are made, none of it any."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _strict(data: bytes) -> tuple[_Document | None, list[Issue]]:
    """Parse JSON with all its faults named; None and the errors where it cannot be used."""
    text, issues = files.decode_text(data, kind="json")
    if not text:
        return None, issues
    if (line := _too_deep(data)) is not None:
        message = f"lists and objects are nested deeper than {MAX_DEPTH}"
        return None, [*issues, Issue("json.depth", "error", message, line=line)]
    decoder = _Decoder(text)
    try:
        with _collector_off():
            document, found = decoder.collection()
    except json.JSONDecodeError as error:
        return None, [*issues, _syntax(error)]
    issues += found
    if decoder.is_suspect:
        return None, issues + _explained(text)
    return document, issues


def _syntax(error: json.JSONDecodeError) -> Issue:
    """The finding for text that is no JSON."""
    rest = error.doc[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated string"):
        hint = "it looks cut off; git has the last good version"
    else:
        hint = "see what stands there, and before it"
    message = f"{error.msg} at column {error.colno}"
    return Issue("json.syntax", "error", message, hint, line=error.lineno)


def _too_deep(data: bytes) -> int | None:
    """The line on which nesting passes the limit, in bytes that need not be JSON."""
    # As far as the text is well formed, what is between quotes is told apart as a parser would;
    # what comes after a fault is never parsed.
    plain = data.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
    codes = np.frombuffer(plain, dtype=np.uint8)
    step = _STEPS[codes]
    at = np.flatnonzero(step)
    step = step[at]
    outside = np.cumsum(step == _QUOTE) % 2 == 0
    depth = np.cumsum(np.where(outside & (step != _QUOTE), step, 0), dtype=np.int64)
    deep = np.flatnonzero(depth > MAX_DEPTH)
    if not deep.size:
        return None
    return data.count(b"\n", 0, int(at[deep[0]])) + 1


_QUOTE = 2
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[[ord("["), ord("{")]] = 1
_STEPS[[ord("]"), ord("}")]] = -1
_STEPS[ord('"')] = _QUOTE


class _Decoder:
    """Parses a collection one feature at a time, so that each has its line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_suspect = False
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_int=self._int
        ).raw_decode
        self._counted = (0, 1)

    def collection(self) -> tuple[_Document | None, list[Issue]]:
        """Parse the whole text; None and the reason if it is no collection."""
        start = self._skip(0)
        if self.text[start] != "{":
            value, end = self._decode(self.text, start)
            return None, self._not_collection(value, self._skip(end))
        document = _Document([], [])
        end = self._members(start + 1, document)
        issues = _check_root(document.members)
        if end < len(self.text):
            line = self.text.count("\n", 0, end) + 1
            message = "there is more text after the end of the collection"
            issues.append(Issue("json.extra", "error", message, "delete it", line=line))
        is_other = any(i.code in {"root.notfc", "root.type", "root.features"} for i in issues)
        return (None if is_other else document), issues

    def _members(self, at: int, document: _Document) -> int:
        """Parse the members of the root; return where the text goes on behind them."""
        at = self._skip(at)
        if self.text.startswith("}", at):
            return self._skip(at + 1)
        while True:
            self._require(at, '"', "Expecting property name enclosed in double quotes")
            key, at = self._decode(self.text, at)
            at = self._skip(at)
            self._require(at, ":", "Expecting ':' delimiter")
            at = self._skip(at + 1)
            if key in document.members:
                self.is_suspect = True
            if key == "features" and self.text.startswith("[", at):
                at = self._features(at + 1, document)
                document.members[key] = document.features
            else:
                document.members[key], at = self._decode(self.text, at)
            at = self._skip(at)
            if self.text.startswith("}", at):
                return self._skip(at + 1)
            self._require(at, ",", "Expecting ',' delimiter")
            at = self._skip(at + 1)

    def _features(self, at: int, document: _Document) -> int:
        """Parse the items of the list of features; return the place behind it."""
        at = self._skip(at)
        if self.text.startswith("]", at):
            return at + 1
        while True:
            document.lines.append(self._line(at))
            feature, at = self._decode(self.text, at)
            document.features.append(feature)
            at = self._skip(at)
            if self.text.startswith("]", at):
                return at + 1
            self._require(at, ",", "Expecting ',' delimiter")
            at = self._skip(at + 1)

    def _not_collection(self, value: object, end: int) -> list[Issue]:
        hint = "the file must hold one FeatureCollection"
        if end < len(self.text):
            raise json.JSONDecodeError("Extra data", self.text, end)
        what = "a list" if isinstance(value, list) else "a single value"
        return [Issue("root.notfc", "error", f"the file holds {what}", hint, line=1)]

    def _require(self, at: int, character: str, message: str) -> None:
        if not self.text.startswith(character, at):
            raise json.JSONDecodeError(message, self.text, at)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _line(self, at: int) -> int:
        place, line = self._counted
        self._counted = (at, line + self.text.count("\n", place, at))
        return self._counted[1]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            self.is_suspect = True
        return members

    def _constant(self, _: str) -> float:
        self.is_suspect = True
        return 0.0

    def _int(self, digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > fields.MAX_INTEGER:
            self.is_suspect = True
            return 0
        return int(digits)


def _explained(text: str) -> list[Issue]:
    """Name what a parser would pass over: keys that come twice, NaN, integers too large."""
    issues: list[Issue] = []
    stack: list[dict[str, int] | None] = []
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        if len(issues) == _ENOUGH:
            break
        word, start = token[0], token.start()
        line, counted = line + text.count("\n", counted, start), start
        if word in "{[":
            stack.append({} if word == "{" else None)
        elif word in "}]":
            stack.pop()
        elif word[0] == '"':
            keys = stack[-1] if stack else None
            if keys is not None and _COLON.match(text, token.end()):
                key = json.loads(word)
                if key in keys:
                    issues.append(_twice(key, keys[key], line))
                keys.setdefault(key, line)
        elif word[-1] in "yN":
            hint = "write null, or leave the key out"
            issues.append(Issue("json.nan", "error", f"{word} is not JSON", hint, line=line))
        elif _DIGITS.fullmatch(word) and (len(word) > 17 or abs(int(word)) > fields.MAX_INTEGER):
            message = f"the integer {escape(word, 30)} is beyond 2^53"
            hint = "other programs would change it; keep numbers of this size as text"
            issues.append(Issue("num.range", "error", message, hint, line=line))
    return issues


def _twice(key: str, first: int, line: int) -> Issue:
    message = f"the key {escape(key, 60)} is there twice, in lines {first} and {line}"
    return Issue("json.dupkey", "error", message, "keep one of the two", line=line)


# --- the root ---------------------------------------------------------------


def _check_root(members: dict[str, Any]) -> list[Issue]:
    """Find what is wrong with the collection itself; it is used only if it is one."""
    kind = _type(members)
    if kind != "FeatureCollection":
        other = kind in shapes.KINDS or kind in {"Feature", "GeometryCollection", "Topology"}
        if other or members.keys() & {"geometryType", "spatialReference", "arcs"}:
            what = f"a {kind}" if other else "made for another program"
            hint = "the file must hold one FeatureCollection; convert it first"
            return [Issue("root.notfc", "error", f"the file is {what}", hint, line=1)]
        hint = 'it must be "FeatureCollection", in this spelling'
        message = "the type of the file is not FeatureCollection"
        return [Issue("root.type", "error", message, hint, line=1)]
    if not isinstance(members.get("features"), list):
        return [Issue("root.features", "error", "there is no list of features", line=1)]
    issues = []
    for key, value in members.items():
        if key in {"type", "features"}:
            continue
        shown = escape(key, 60)
        if key in _DERIVED:
            message = f"the member {shown} was added by a program"
            issues.append(Issue("root.artefact", "warning", message, line=1, fixable=True))
        elif key == "crs":
            issues.append(_check_crs(value))
        elif key in _OTHERS or not _is_writable([key, value]):
            message = f"a collection cannot have the member {shown}"
            issues.append(Issue("root.member", "error", message, "delete it", line=1))
        else:
            message = f"the member {shown} will be lost in other programs"
            hint = "facts about a layer belong in the tables"
            issues.append(Issue("root.foreign", "warning", message, hint, line=1))
    return issues


def _type(value: Any) -> str:
    """The type that an object says it has; nothing where it says none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def _check_crs(value: Any) -> Issue:
    """Tell a statement of what is true anyway from a real other system."""
    try:
        name = value["properties"]["name"] if value["type"] == "name" else None
    except (TypeError, KeyError):
        name = None
    if isinstance(name, str) and name in _CRS84:
        message = "the member crs says what is always true"
        return Issue("root.crs84", "warning", message, line=1, fixable=True)
    hint = "export the layer again as longitude, latitude on WGS 84 (EPSG:4326)"
    message = "the member crs names another coordinate system, or none"
    return Issue("root.crs", "error", message, hint, line=1)


def _is_writable(value: Any) -> bool:
    """Whether it holds no infinite number and no half character."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return all(_is_writable(item) for item in value)
    if isinstance(value, str):
        return not _SURROGATE.search(value)
    return not isinstance(value, float) or math.isfinite(value)


def _foreign(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members that a person may have put there, by name."""
    known = _DERIVED | {"type", "features", "crs"}
    return {key: members[key] for key in sorted(members) if key not in known}


# --- features ---------------------------------------------------------------


def _assembled(
    document: _Document,
    schema: Schema,
    *,
    issues: Sequence[Issue] = (),
    assign_ids: bool = False,
) -> _Draft:
    """Check all features, and write them unless there is an error without repair."""
    count = len(document.features)
    draft = _Draft(document, [""] * count, [(-1, issue) for issue in issues])
    if not count:
        message = "the layer holds no features"
        hint = "did a program lose them? see the last version in git"
        draft.add(-1, Issue("layer.empty", "warning", message, hint, line=1))
    records = [_record(i, draft, schema) for i in range(count)]
    geometries = [_geometry(i, draft, schema) for i in range(count)]
    shaped, built, found = shapes.flatten(geometries, document.rings)
    draft.found += found
    if assign_ids:
        _assign_ids(draft, schema, records, geometries)
    _check_ids(draft)
    if draft.is_refused:
        return draft
    order = sorted(range(count), key=draft.ids.__getitem__)
    if order != list(range(count)):
        message = "the features are not sorted by id"
        draft.add(-1, Issue("fmt.order", "warning", message, fixable=True))
    draft.features = tuple(
        Feature(draft.ids[i], records[i], built[i], document.lines[i]) for i in order
    )
    draft.shaped = shaped
    draft.text = _text(draft, shaped, order)
    return draft


def _record(i: int, draft: _Draft, schema: Schema) -> dict[str, Value]:
    """Check a feature but for its geometry; keep its id."""
    feature = draft.document.features[i]
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        message = "it is null" if feature is None else "it is not of the type Feature"
        hint = "other programs drop it without a word; delete it or repair it"
        draft.add(i, Issue("feature.type", "error", message, hint))
        return {}
    for key in sorted(feature.keys() - {"type", "properties", "geometry", "id"}):
        if key == "bbox":
            message = "the member bbox was added by a program"
            draft.add(i, Issue("feature.artefact", "warning", message, fixable=True))
        else:
            message = f"a feature cannot have the member {escape(key, 60)}"
            hint = "move it into its properties; it would be lost in other programs"
            draft.add(i, Issue("feature.member", "error", message, hint))
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        message = "its properties are not an object"
        draft.add(i, Issue("props.type", "error", message, "it needs at least an id"))
        return {}
    if "id" in feature:
        properties = _with_member_id(i, draft, feature["id"], properties)
    values, issues = fields.check_record(properties, schema)
    draft.found += [(i, issue) for issue in issues]
    draft.ids[i] = str(values.get("id") or "")
    marked = draft.ids[i].startswith(WHAT_IF_ID) or WHAT_IF_MARK in properties
    if marked and schema.name == CONTROL.name:
        message = "it comes from a what-if: nobody reported that it happened"
        hint = "it can stand in no control layer; draw what is reported on a copy of the real one"
        draft.add(i, Issue("control.what-if", "error", message, hint))
    written = list(values)
    if list(properties) != written:
        given = [key for key in properties if key in values]
        if given != [key for key in written if key in properties]:
            message = "the keys are not in the order of the data dictionary"
            draft.add(i, Issue("fmt.order", "warning", message, fixable=True))
    return values


def _with_member_id(
    i: int, draft: _Draft, member: object, properties: dict[str, Any]
) -> dict[str, Any]:
    """Properties with the id that the feature itself has, where it is one and they have none."""
    if isinstance(member, bool) or not isinstance(member, str | int | float):
        message = "the id of the feature is neither text nor a number"
        draft.add(i, Issue("id.type", "error", message, "the id belongs in its properties"))
        return properties
    own = properties.get("id")
    is_row_number = not isinstance(member, str) or _ROW_NUMBER.fullmatch(member) is not None
    if own == member:
        message = "the id is there twice, as a member and in the properties"
    elif (own is None or own == "") and not is_row_number:
        properties = {"id": member} | properties | {"id": member}
        message = "the id is a member of the feature, not in its properties"
    elif is_row_number:
        message = "the feature has a row number for an id"
    else:
        message = f"it has two ids: the member says {escape(str(member), 70)}"
        draft.add(i, Issue("id.conflict", "error", message, "delete the wrong one"))
        return properties
    draft.add(i, Issue("id.member", "warning", message, fixable=True))
    return properties


def _geometry(i: int, draft: _Draft, schema: Schema) -> dict[str, object] | None:
    """The geometry of a feature, if it is an object of a type that may stand here."""
    feature = draft.document.features[i]
    if not isinstance(feature, dict):
        return None
    if "geometry" not in feature:
        draft.add(i, Issue("geom.missing", "error", "there is no member geometry"))
        return None
    geometry = feature["geometry"]
    if geometry is None:
        if not schema.null_geometry:
            message = "it has no geometry"
            draft.add(i, Issue("geom.null", "error", message, "draw it or delete it"))
        return None
    kind = _type(geometry)
    if kind not in shapes.KINDS and kind != "GeometryCollection":
        draft.add(i, Issue("geom.type", "error", "its geometry has no type of GeoJSON"))
        return None
    assert isinstance(geometry, dict)
    if kind not in schema.geometry:
        allowed = " or ".join(sorted(schema.geometry))
        message = f"a {kind} cannot stand in this layer"
        draft.add(i, Issue("geom.kind", "error", message, f"it must be a {allowed}"))
        return None
    for key in sorted(geometry.keys() - {"type", "coordinates"}):
        if key == "bbox":
            message = "the geometry has a member bbox"
            draft.add(i, Issue("feature.artefact", "warning", message, fixable=True))
        else:
            message = f"a geometry cannot have the member {escape(key, 60)}"
            draft.add(i, Issue("geom.member", "error", message, "delete it"))
    if geometry.get("coordinates") == [] and schema.null_geometry:
        message = "its geometry is empty, not null"
        draft.add(i, Issue("geom.empty", "warning", message, fixable=True))
        return None
    if "coordinates" not in geometry:
        draft.add(i, Issue("geom.coordinates", "error", "there are no coordinates"))
        return None
    return geometry


def _check_ids(draft: _Draft) -> None:
    """Find ids that two features have."""
    first: dict[str, int] = {}
    for i, name in enumerate(draft.ids):
        if name and first.setdefault(name, i) != i:
            line = draft.document.lines[first[name]]
            message = (
                f"the id is there twice; first in line {line}" if line else "it is there twice"
            )
            hint = "give the copy an id of its own, or delete it (splitting copies the id)"
            draft.add(i, Issue("id.duplicate", "error", message, hint))


def _assign_ids(
    draft: _Draft,
    schema: Schema,
    records: list[dict[str, Value]],
    geometries: list[dict[str, object] | None],
) -> None:
    """Give features without an id one that is made from what they hold."""
    taken = set(draft.ids)
    for n, (i, issue) in enumerate(draft.found):
        if issue.code != "id.missing":
            continue
        content = orjson.dumps([records[i], geometries[i]], option=orjson.OPT_SORT_KEYS)
        name = fields.new_id(schema, content, taken)
        taken.add(name)
        draft.ids[i] = name
        records[i] = {**records[i], "id": name}
        message = f"the feature had no id; it is now {name}"
        draft.found[n] = (i, Issue("id.missing", "warning", message, fixable=True))


# --- text -------------------------------------------------------------------


def _text(draft: _Draft, shaped: shapes.Shapes, order: Sequence[int]) -> bytes:
    """The canonical text of a draft; where it is what was read, most of it is not written again."""
    read, rings = draft.document, draft.document.rings
    if rings is not None and read.data and np.array_equal(shaped.sequences, rings.sequences):
        # The same numbers are spelt the same; the rest has no null character in it.
        same = np.array_equal(shaped.xy, rings.xy)
        if same and _written(draft, shaped, order, lambda _: b"\0").split(b"\0") == read.around:
            return read.data
    tiny = bool(((shaped.xy != 0) & (np.abs(shaped.xy) < 1e-3)).any())
    return _written(draft, shaped, order, _positions_spelt if tiny else _positions)


def _written(
    draft: _Draft,
    shaped: shapes.Shapes,
    order: Sequence[int],
    write: Callable[[NDArray[np.float64]], bytes],
) -> bytes:
    """The text of a draft, with what `write` makes of each sequence of positions."""
    head = _HEAD
    foreign = _foreign(draft.document.members)
    if foreign:
        members = b"".join(
            orjson.dumps(key) + b": " + orjson.dumps(value) + b",\n"
            for key, value in foreign.items()
        )
        head = _HEAD.replace(b'"features"', members + b'"features"')
    written = [
        b'{\n "type": "Feature",\n "properties": '
        # Two spaces before each property, as the library indents them; one before the last brace.
        + orjson.dumps(feature.properties, option=orjson.OPT_INDENT_2)[:-1]
        + b' },\n "geometry": '
        + _geometry_text(shaped, i, write)
        + b"\n}"
        for i, feature in zip(order, draft.features, strict=True)
    ]
    return head + b",\n".join(written) + (b"\n" if written else b"") + _TAIL


def _geometry_text(
    shaped: shapes.Shapes, i: int, write: Callable[[NDArray[np.float64]], bytes]
) -> bytes:
    """One geometry: each ring, and each line of several, on a line of its own."""
    kind = shaped.kinds[i]
    if kind is None:
        return b"null"
    parts = [[write(xy) for xy in part] for part in shaped.rings(i)]
    if kind == "MultiPolygon":
        inner = b",\n   ".join(b"[\n    " + b",\n    ".join(part) + b"\n   ]" for part in parts)
        body = b"[\n   " + inner + b"\n  ]"
    elif kind == "Polygon":
        body = b"[\n   " + b",\n   ".join(parts[0]) + b"\n  ]"
    elif kind == "MultiLineString":
        body = b"[\n   " + b",\n   ".join(part[0] for part in parts) + b"\n  ]"
    elif kind == "MultiPoint":
        body = b"[" + b",".join(part[0][1:-1] for part in parts) + b"]"
    else:
        body = parts[0][0] if kind == "LineString" else parts[0][0][1:-1]
    return b'{\n  "type": "' + kind.encode() + b'",\n  "coordinates": ' + body + b"\n }"


def _positions(xy: NDArray[np.float64]) -> bytes:
    # The shortest text of a number on the grid has at most six decimals, and no exponent from
    # a thousandth upwards.
    return orjson.dumps(xy, option=orjson.OPT_SERIALIZE_NUMPY)


def _positions_spelt(xy: NDArray[np.float64]) -> bytes:
    """The same, also for numbers near zero."""
    return ("[" + ",".join(f"[{_spelt(x)},{_spelt(y)}]" for x, y in xy.tolist()) + "]").encode()


def _spelt(number: float) -> str:
    text = f"{number:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
