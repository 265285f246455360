"""
The geometries of a layer as arrays of positions and offsets, and back.

Checks and orders run over arrays of all positions of a layer at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping


KINDS: Mapping[str, int] = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""GeoJSON types that a layer may hold, and how many lists stand round a position."""

Found = list[tuple[int, Issue]]
"""Findings, each with the number of its feature."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rings:
    """
    Rings parsed apart from the geometries that they belong to, in the order of these.

    Attributes
    ----------
    xy
        Longitude, latitude of all positions as written, finite, shape ``(n, 2)``.
    sequences
        Where each ring begins in `xy`; one more than there are rings.
    """

    xy: Floats
    sequences: Ints


@dataclass(frozen=True, slots=True)
class Shapes:
    """
    The geometries of a layer, flattened.

    A feature has parts, a part has sequences (a polygon its rings, shell first; a line or point
    one), a sequence has positions. Each level holds offsets into the next.

    Attributes
    ----------
    kinds
        GeoJSON type of each feature; None where it has no geometry.
    xy
        Longitude, latitude of all positions, shape ``(n, 2)``.
    sequences
        Offsets into `xy`, one more than there are sequences.
    parts
        Offsets into the sequences.
    features
        Offsets into the parts.
    """

    kinds: tuple[str | None, ...]
    xy: Floats
    sequences: Ints
    parts: Ints
    features: Ints

    def rings(self, feature: int) -> list[list[Floats]]:
        """
        Return the positions of one feature.

        Parameters
        ----------
        feature
            Its number.

        Returns
        -------
        parts
            For each part, for each sequence, an array of positions.
        """
        first, last = self.features[feature : feature + 2]
        return [
            [
                self.xy[self.sequences[s] : self.sequences[s + 1]]
                for s in range(self.parts[p], self.parts[p + 1])
            ]
            for p in range(first, last)
        ]

    def digests(self) -> set[bytes]:
        """
        Return what tells the geometry of each feature from others.

        Returns
        -------
        digests
            Sixteen bytes for each that is another one.
        """
        made = set()
        for kind, (i, k) in zip(self.kinds, pairwise(self.features.tolist()), strict=True):
            parts = self.parts[i : k + 1]
            sequences = self.sequences[parts[0] : parts[-1] + 1]
            hashed = hashlib.blake2b(str(kind).encode(), digest_size=16)
            hashed.update((parts - parts[0]).tobytes())
            hashed.update((sequences - sequences[0]).tobytes())
            hashed.update(self.xy[sequences[0] : sequences[-1]].tobytes())
            made.add(hashed.digest())
        return made

    def numbered(self) -> list[dict[str, object] | None]:
        """
        Return areas as GeoJSON would hold them, with the numbers of rings in place of these.

        Returns
        -------
        objects
            ``type`` and ``coordinates`` of each feature; None where it has no geometry.
        """
        parts = [list(range(first, end)) for first, end in pairwise(self.parts.tolist())]
        return [
            {"type": kind, "coordinates": parts[i:k] if kind == "MultiPolygon" else parts[i]}
            if kind
            else None
            for kind, (i, k) in zip(self.kinds, pairwise(self.features.tolist()), strict=True)
        ]

    def build(self) -> NDArray[np.object_]:
        """
        Return the geometries.

        Returns
        -------
        geometries
            One shapely geometry a feature, None where it has none.
        """
        out = np.full(len(self.kinds), None, dtype=object)
        kinds = np.array([kind or "" for kind in self.kinds], dtype=object)
        areas = np.isin(kinds, ["Polygon", "MultiPolygon"])
        if areas.any():
            # The others are left out of the arrays, then each part is built once.
            only = self if areas.all() else self.take(areas)
            rings: Any = shapely.linearrings(only.xy, indices=owners_of(only.sequences))
            polygons: Any = shapely.polygons(rings, indices=owners_of(only.parts))
            owner = owners_of(only.features)
            many = np.flatnonzero(kinds[areas] == "MultiPolygon")
            built = np.full(int(areas.sum()), None, dtype=object)
            single = ~np.isin(owner, many)
            built[owner[single]] = polygons[single]
            if many.size:
                built[many] = shapely.multipolygons(
                    polygons[~single], indices=np.searchsorted(many, owner[~single])
                )
            out[areas] = built
        for i in np.flatnonzero((kinds != "") & ~areas):
            out[i] = _build_one(str(kinds[i]), self.rings(int(i)))
        return out

    def take(self, mask: Flags) -> Shapes:
        """
        Return some of the features.

        Parameters
        ----------
        mask
            One flag a feature.

        Returns
        -------
        shapes
            Those with a true flag, in their order.
        """
        parts = np.repeat(mask, np.diff(self.features))
        sequences = np.repeat(parts, np.diff(self.parts))
        vertices = np.repeat(sequences, np.diff(self.sequences))
        return Shapes(
            tuple(kind for kind, kept in zip(self.kinds, mask, strict=True) if kept),
            self.xy[vertices],
            offsets_of(np.diff(self.sequences)[sequences]),
            offsets_of(np.diff(self.parts)[parts]),
            offsets_of(np.diff(self.features)[mask]),
        )


def _build_one(kind: str, parts: list[list[Floats]]) -> shapely.Geometry:
    if kind == "Point":
        return shapely.Point(parts[0][0][0])
    if kind == "LineString":
        return shapely.LineString(parts[0][0])
    if kind == "MultiPoint":
        return shapely.MultiPoint([part[0][0] for part in parts])
    return shapely.MultiLineString([part[0] for part in parts])


def offsets_of(counts: ArrayLike) -> Ints:
    """Return where runs of some lengths begin, and where the last ends."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def owners_of(offsets: Ints) -> Ints:
    """For each member, the number of what it belongs to."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def failed_features(count: int, found: Found) -> Flags:
    """Return which features have an error that stays."""
    failed = np.zeros(count, dtype=bool)
    for feature, issue in found:
        if issue.severity == "error" and not issue.fixable:
            failed[feature] = True
    return failed


def drop_failed(shapes: Shapes, failed: Flags) -> Shapes:
    """Take the geometry from features that failed."""
    if not failed.any():
        return shapes
    kept = shapes.take(~failed)
    counts = np.zeros(len(shapes.kinds), dtype=np.int64)
    counts[~failed] = np.diff(kept.features)
    kinds = tuple(None if bad else kind for kind, bad in zip(shapes.kinds, failed, strict=True))
    return Shapes(kinds, kept.xy, kept.sequences, kept.parts, offsets_of(counts))


def vertex_sequences(shapes: Shapes) -> Ints:
    """Return the sequence of each position."""
    return owners_of(shapes.sequences)


def sequence_features(shapes: Shapes) -> Ints:
    """Return the feature of each sequence."""
    return np.repeat(owners_of(shapes.features), np.diff(shapes.parts))


def vertex_features(shapes: Shapes) -> Ints:
    """Return the feature of each position."""
    return np.repeat(sequence_features(shapes), np.diff(shapes.sequences))


def first_of_each(owner: Ints, mask: Flags) -> list[tuple[int, int]]:
    """For each owner with a true flag: the owner, and the place of its first one."""
    at = np.flatnonzero(mask)
    owners, first = np.unique(owner[at], return_index=True)
    return [(int(i), int(at[k])) for i, k in zip(owners, first, strict=True)]


def are_rings(shapes: Shapes) -> Flags:
    """For each sequence, whether it is a ring."""
    areas = np.array([kind in {"Polygon", "MultiPolygon"} for kind in shapes.kinds], dtype=bool)
    return areas[sequence_features(shapes)]
