"""
The one canonical text: features sorted by id, a property a line, a ring a line.

Six decimals. A save then changes the lines that it means to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson

from geo.layers.geojson.canonical import HEAD
from geo.layers.geojson.draft import Draft, foreign_members

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geo.layers import shapes


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
