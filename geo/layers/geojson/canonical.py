"""
Text that looks canonical, parsed fast.

Most files are canonical. Then a fast parser is as strict as ours: what it read is written again,
and gives the same bytes, so there was nothing else in them.
"""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from geo.crs import GRID_DEG
from geo.layers import shapes
from geo.layers.geojson.draft import Document
from geo.layers.rings import Numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

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
