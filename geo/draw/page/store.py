"""
The store: faces, arcs and label histories of a composite, packed for a page.

gzip over length-prefixed chunks; `store.js` beside this file is the reader, and its
comments say what stands where. Coordinates are kept to 1e-5 degree, about a metre:
finer than a pixel at the deepest zoom of the page.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.coverage import ranges
from geo.draw.page.joining import join_at_180, projected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.draw.projection import Projection

QUANTUM = 1e-5
"""Degrees; a stored coordinate is off by at most half of it."""

AREA_UNIT_KM2 = 1e-8
"""A stored area is off by at most half of it: sums print the digits that they have elsewhere."""


def pack(composite: Composite, projection: Projection | None = None) -> str:
    """
    Return a composite as the text that a page carries.

    Faces that were the same on every date are stored as one. Where the dates fall into epochs, a
    face has no label on the dates of the others: there its ground belongs to other faces.

    Parameters
    ----------
    composite
        Faces, arcs and labels.
    projection
        Where the page draws a position; the default is where it is.

    Returns
    -------
    text
        Base64 of the gzip of the chunks; equal composites give equal text.
    """
    history, face_of, areas = _merged_faces(composite)
    arcs = composite.arcs
    left, right = _renamed(arcs.left, face_of), _renamed(arcs.right, face_of)
    if projection is not None and not projection.is_plain:
        first = np.argmax(history >= 0, axis=1)
        arcs = replace(arcs, left=left.astype(np.int32), right=right.astype(np.int32))
        arcs = join_at_180(arcs, first)
        arcs = projected(arcs, projection)
        left, right = arcs.left.astype(np.int64), arcs.right.astype(np.int64)
    kept = np.flatnonzero(left != right)
    counts = np.diff(arcs.offsets)[kept]
    taken = ranges(arcs.offsets[kept], counts)
    grid = np.round(np.asarray(arcs.coords)[taken] / QUANTUM).astype(np.int64)
    header = {
        "quantum": QUANTUM,
        "area_unit": AREA_UNIT_KM2,
        "dates": [day.isoformat() for day in composite.dates],
        "labels": [
            [x.controller, x.controllers, str(x.status), str(x.basis), str(x.confidence), x.patch]
            for x in composite.labels
        ],
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    streams = [
        _varint(left[kept] + 1),
        _varint(right[kept] + 1),
        _varint(_zigzag(_deltas(arcs.start[kept]))),
        _varint(_zigzag(_deltas(arcs.end[kept]))),
        _varint(counts),
        _varint(_zigzag(_deltas(grid[:, 0]))),
        _varint(_zigzag(_deltas(grid[:, 1]))),
        _varint(areas),
        _varint(_runs(history + 1)),
    ]
    raw = b"".join(len(chunk).to_bytes(4, "little") + chunk for chunk in [text, *streams])
    return base64.b64encode(gzip.compress(raw, compresslevel=9, mtime=0)).decode("ascii")


def pack_events(events: Sequence[Mapping[str, Any]]) -> str:
    """
    Pack events column by column: alike values stand beside each other, and pack well.

    Parameters
    ----------
    events
        As the page has them; an absent key is an empty value.

    Returns
    -------
    text
        Base64 of gzip of JSON; equal events give equal text.
    """
    names = list(dict.fromkeys(name for event in events for name in event))
    columns = {name: [event.get(name) for event in events] for name in names}
    text = json.dumps(columns, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(text, compresslevel=9, mtime=0)).decode("ascii")


def _merged_faces(
    composite: Composite,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct histories, the history of each face, and the ground of each history."""
    history = np.asarray(composite.history, dtype=np.int64).reshape(-1, len(composite.dates))
    rows, face_of = np.unique(history, axis=0, return_inverse=True)
    face_of = face_of.reshape(-1)
    areas = np.bincount(face_of, weights=composite.face_area_km2, minlength=len(rows))
    return rows, face_of, np.round(areas / AREA_UNIT_KM2).astype(np.int64)


def _renamed(faces: NDArray[Any], face_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Old face numbers to new ones; the outside stays -1."""
    inside = faces >= 0
    return np.where(inside, face_of[np.where(inside, faces, 0)], -1)


def _deltas(values: NDArray[Any]) -> NDArray[np.int64]:
    wide = values.astype(np.int64)
    return np.concatenate([wide[:1], wide[1:] - wide[:-1]])


def _zigzag(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Small negative numbers become small positive ones."""
    return np.where(values < 0, -2 * values - 1, 2 * values)


def _runs(history: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each face the number of runs, then the length and the value of each run."""
    out: list[int] = []
    for row in history:
        starts = np.flatnonzero(np.diff(row, prepend=row[:1] - 1))
        lengths = np.diff(starts, append=len(row))
        out.append(len(starts))
        out.extend(np.column_stack([lengths, row[starts]]).ravel().tolist())
    return np.array(out, dtype=np.int64)


def _varint(values: NDArray[Any]) -> bytes:
    """LEB128: seven bits a byte, lowest first, the high bit says that more follow."""
    rest = values.astype(np.uint64)
    size = np.ones(len(rest), dtype=np.int64)
    for bits in range(7, 64, 7):
        size += rest >= np.uint64(1) << np.uint64(bits)
    first = np.cumsum(size) - size
    out = np.zeros(int(size.sum()), dtype=np.uint8)
    for k in range(int(size.max(initial=1))):
        here = size > k
        more = np.where(size[here] > k + 1, 0x80, 0).astype(np.uint64)
        seven = (rest[here] >> np.uint64(7 * k)) & np.uint64(0x7F)
        out[first[here] + k] = (seven | more).astype(np.uint8)
    return out.tobytes()
