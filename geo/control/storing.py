"""A composite as bytes, to be kept until the layers change."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control.epochs import Epoch, Load
from geo.control.history import History
from geo.control.records import AXES
from geo.coverage import Arrangement, Lines, Segments
from geo.model import Label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo.control.faces import LabelledFaces

_MAGIC = b"geo-composite-02"
"""What the bytes begin with; another number where they mean something else."""
_STORED = {
    "segments": ("low", "high", "split", "split_at"),
    "lines": ("key", "offsets"),
    "history": ("first", "offsets", "face", "was", "label"),
}


def store_faces(faces: LabelledFaces) -> bytes:
    """Return labelled faces as bytes; the same ones give the same bytes."""
    table = [[str(getattr(label, name)) for name in AXES] for label in faces.labels]
    arrays: dict[str, NDArray[np.generic]] = {
        "area": np.frombuffer(shapely.to_wkb(faces.area), np.uint8),
        "dates": np.array([day.toordinal() for day in faces.dates], np.int64),
        "labels": np.array(table, dtype=str).reshape(-1, len(AXES)),
        "sides": np.array(sorted(faces.sides.items()), dtype=str).reshape(-1, 2),
        "begins": np.array([e.begin for e in faces.epochs], np.int64),
        "loads": np.array(
            [(e.load.redrawn, e.load.crossings) for e in faces.epochs], np.int64
        ).reshape(-1, 2),
    }
    for n, epoch in enumerate(faces.epochs):
        parts = (epoch.arrangement.segments, epoch.arrangement.lines, epoch.history)
        for part, (name, fields) in zip(parts, _STORED.items(), strict=True):
            arrays |= {f"{n}.{name}.{field}": getattr(part, field) for field in fields}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    data = buffer.getvalue()
    return _MAGIC + hashlib.blake2b(data, digest_size=16).digest() + data


@dataclass(frozen=True, slots=True)
class StoredFaces:
    """What was stored: the arguments of `LabelledFaces`."""

    area: shapely.Geometry
    dates: tuple[dt.date, ...]
    labels: tuple[Label, ...]
    sides: dict[str, str]
    epochs: tuple[Epoch, ...]


def restore_faces(data: bytes) -> StoredFaces:
    """
    Return what `store_faces` gave the bytes of.

    Raises
    ------
    ValueError
        If the bytes are damaged, or of another version of this package.
    """
    start = len(_MAGIC)
    kept, payload = data[start : start + 16], data[start + 16 :]
    if data[:start] != _MAGIC or hashlib.blake2b(payload, digest_size=16).digest() != kept:
        raise ValueError("no composite of this version, or damaged; build it anew")
    with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
        return _read_arrays(stored)


def _read_arrays(stored: Mapping[str, NDArray[Any]]) -> StoredFaces:
    epochs = []
    for n, begin in enumerate(stored["begins"].tolist()):
        segments, lines, history = (
            [stored[f"{n}.{name}.{field}"] for field in fields] for name, fields in _STORED.items()
        )
        arrangement = Arrangement(Segments(*segments), Lines(*lines))
        load = Load(*stored["loads"][n].tolist())
        epochs.append(Epoch(begin, arrangement, History(*history), load))
    return StoredFaces(
        shapely.from_wkb(stored["area"].tobytes()),
        tuple(dt.date.fromordinal(n) for n in stored["dates"].tolist()),
        tuple(Label(*row) for row in stored["labels"].tolist()),
        dict(stored["sides"].tolist()),
        tuple(epochs),
    )
