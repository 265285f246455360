"""
Control layers as they were read, kept for the next command by the digest of their bytes.

To read a year of daily layers takes seconds, and after an edit all but one are the bytes that they
were. What is kept is what the strict reader gave for these very bytes, and only of layers of which
it had nothing to say; so an answer from here is as strict as reading. One file holds the layers of
one theatre, for those of a commit and of the folder are nearly the same.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson
import shapely

from geo.errors import LayerError
from geo.layers import files, geojson
from geo.layers.cache import cache_is_on, cache_key, keep_cached, load_cached
from geo.model import CONTROL, THEATRE, Feature

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo.model import Schema

FEW = 12
"""So many layers are read in the time that looking for kept ones takes."""

_SPARE = 40
"""Layers that nobody asked for are kept for a while: another branch may have them."""

_HEAD = 64


class KeptLayers:
    """
    The layers of one theatre that were read before.

    Parameters
    ----------
    key
        Of the cache.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._blobs = _unpack(load_cached(key) or b"")
        self._read: dict[str, tuple[Feature, ...]] = {}
        self._is_new = False

    def features(self, digest: str) -> tuple[Feature, ...] | None:
        """
        Return the features of a layer.

        Parameters
        ----------
        digest
            Of its bytes.

        Returns
        -------
        features
            As they were read; None where these bytes were not.
        """
        if digest not in self._read and digest in self._blobs:
            self._read[digest] = _load_features(self._blobs[digest])
        return self._read.get(digest)

    def add(self, digest: str, features: tuple[Feature, ...]) -> None:
        """
        Keep a layer of which the reader had nothing to say.

        Parameters
        ----------
        digest
            Of its bytes.
        features
            What was read.
        """
        self._read[digest] = features
        self._is_new = True

    def flush(self) -> None:
        """Write what is new, and forget what nobody asked for in a while."""
        if not self._is_new:
            return
        blobs = {
            digest: self._blobs.get(digest) or _dump_features(features)
            for digest, features in self._read.items()
        }
        spare = [digest for digest in self._blobs if digest not in blobs]
        blobs |= {digest: self._blobs[digest] for digest in spare[: len(blobs) + _SPARE]}
        keep_cached(self._key, _pack(blobs))
        self._blobs, self._is_new = blobs, False


def kept_layers(theatre: bytes) -> KeptLayers | None:
    """
    Return the layers of a theatre that were read before.

    Parameters
    ----------
    theatre
        Content of its ``theatre.geojson``.

    Returns
    -------
    kept
        The same object for the same theatre; None where nothing is kept at all.
    """
    if not cache_is_on():
        return None
    digest = hashlib.sha256(theatre).hexdigest()
    return _kept(cache_key({"control layers as read": digest}))


def kept_of(root: Path, found: Sequence[tuple[Path, Schema]]) -> KeptLayers | None:
    """The layers of a folder that were read before; None where it has few."""
    if sum(schema.name == CONTROL.name for _, schema in found) <= FEW:
        return None
    try:
        return kept_layers(files.read_bytes(root / THEATRE.path, root=root))
    except LayerError:
        return None


def read_kept(path: Path, root: Path, kept: KeptLayers) -> geojson.Layer:
    """A control layer, as it was read before if it is the same bytes."""
    data = files.read_bytes(path, root=root)
    digest = files.digest(data)
    if (features := kept.features(digest)) is not None:
        return geojson.Layer(str(path), CONTROL, features, (), digest)
    layer = geojson.parse_geojson(data, schema=CONTROL, file=str(path))
    if not layer.issues:
        kept.add(digest, layer.features)
    return layer


@lru_cache(maxsize=2)
def _kept(key: str) -> KeptLayers:
    return KeptLayers(key)


def _pack(blobs: dict[str, bytes]) -> bytes:
    index = orjson.dumps({digest: len(blob) for digest, blob in blobs.items()})
    body = b"".join([len(index).to_bytes(8, "big"), index, *blobs.values()])
    return hashlib.sha256(body).hexdigest().encode() + body


def _unpack(data: bytes) -> dict[str, bytes]:
    """The layers of a file of the cache; none where it is damaged."""
    body = data[_HEAD:]
    if hashlib.sha256(body).hexdigest().encode() != data[:_HEAD]:
        return {}
    at = 8 + int.from_bytes(body[:8], "big")
    found = {}
    for digest, size in orjson.loads(body[8:at]).items():
        found[digest] = body[at : at + size]
        at += size
    return found


def _dump_features(features: Sequence[Feature]) -> bytes:
    wkb = ["" if f.geometry is None else shapely.to_wkb(f.geometry) for f in features]
    names = list(dict.fromkeys(name for f in features for name in f.properties))
    facts = {
        "names": names,
        "ids": [f.id for f in features],
        "lines": [f.line for f in features],
        # A feature without some unknown property has it not, rather than empty.
        "values": [
            [f.properties[name] for name in names]
            if len(f.properties) == len(names) and list(f.properties) == names
            else f.properties
            for f in features
        ],
        "sizes": [len(one) for one in wkb],
    }
    head = orjson.dumps(facts)
    shapes = (one for one in wkb if one)
    return b"".join([len(head).to_bytes(8, "big"), head, *shapes])  # type: ignore[list-item]


def _load_features(blob: bytes) -> tuple[Feature, ...]:
    at = 8 + int.from_bytes(blob[:8], "big")
    facts = orjson.loads(blob[8:at])
    names, pieces = facts["names"], []
    for size in facts["sizes"]:
        pieces.append(blob[at : at + size] if size else None)
        at += size
    shapes = shapely.from_wkb(pieces)
    return tuple(
        Feature(
            name,
            dict(zip(names, values, strict=True)) if isinstance(values, list) else values,
            shape,
            line,
        )
        for name, values, shape, line in zip(
            facts["ids"], facts["values"], shapes.tolist(), facts["lines"], strict=True
        )
    )
