"""
The one canonical text: features sorted by id, a property a line, a ring a line, six decimals.

A save then changes the lines that it means to change. Most files are canonical already. Then a
fast parser is as strict as ours: what it read is written again, and gives the same bytes, so there
was nothing else in them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from geo.crs import GRID_DEG
from geo.layers import fields, shapes
from geo.layers.rings import Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.errors import Issue
    from geo.model import Feature, Schema

    Ints = NDArray[np.int64]
    from collections.abc import Callable

AREAS = frozenset({"Polygon", "MultiPolygon"})
DERIVED = frozenset({"bbox", "name", "xy_coordinate_resolution"})


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


@dataclass(slots=True)
class Document:
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
class Draft:
    """Features checked so far, and all findings; -1 stands for the file."""

    document: Document
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


def place_findings(draft: Draft, file: str) -> list[Issue]:
    """Return the findings of a draft with their file, line and id."""
    return fields.place(
        draft.found, file=file, ids=draft.ids, lines=draft.document.lines, noun="feature"
    )


def type_of(value: Any) -> str:
    """The type that an object says it has; nothing where it says none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def foreign_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members that a person may have put there, by name."""
    known = DERIVED | {"type", "features", "crs"}
    return {key: members[key] for key in sorted(members) if key not in known}


_LINE_FEED = 10
HEAD = b'{\n"type": "FeatureCollection",\n"features": [\n'


def parse_canonical(data: bytes) -> Document | None:
    """Parse what looks canonical; None for anything else. The caller must compare the bytes."""
    if not data.startswith(HEAD):
        return None
    try:
        with collector_off():
            root = orjson.loads(data)
    except ValueError:
        return None
    codes = np.frombuffer(data, dtype=np.uint8)
    return _listed(root, codes, np.flatnonzero(codes == _LINE_FEED))


def _listed(root: Any, codes: NDArray[np.uint8], ends: Ints) -> Document | None:
    """A parsed collection with the lines of its features; None if it is no canonical one."""
    if not isinstance(root, dict) or len(root) != 2 or type(root.get("features")) is not list:
        return None
    # A feature begins on a line that holds an opening brace alone; so does the file.
    short = np.flatnonzero(np.diff(ends) == 2)
    lines = (short[codes[ends[short] + 1] == ord("{")] + 2).tolist()
    if len(lines) != len(root["features"]):
        return None
    return Document(root["features"], lines)


def parse_laid_out(data: bytes) -> Document | None:
    """
    Parse areas that look canonical, as `parse_canonical` does, in a fraction of the time.

    A ring is a line of its own there. All of them are parsed as one list of numbers, and the rest
    of the file with the number of each ring in its place. None too where a ring is not spelt as
    it would be written.

    Measured on one layer of 39 MB, all of `parse_geojson`: 3.6 s; 6.6 s where the text is written
    again and compared instead of its length; 29 s where rings are parsed into lists.
    """
    if not data.startswith(HEAD):
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
        with collector_off():
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
def collector_off() -> Iterator[None]:
    """Do not look for garbage while hundreds of thousands of lists are made, none of it any."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_TAIL = b"]\n}\n"


def write_text(draft: Draft, shaped: shapes.Shapes, order: Sequence[int]) -> bytes:
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
    draft: Draft,
    shaped: shapes.Shapes,
    order: Sequence[int],
    write: Callable[[NDArray[np.float64]], bytes],
) -> bytes:
    """The text of a draft, with what `write` makes of each sequence of positions."""
    head = HEAD
    foreign = foreign_members(draft.document.members)
    if foreign:
        members = b"".join(
            orjson.dumps(key) + b": " + orjson.dumps(value) + b",\n"
            for key, value in foreign.items()
        )
        head = HEAD.replace(b'"features"', members + b'"features"')
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
