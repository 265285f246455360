"""
Coordinates of a layer: checked, put on the grid, and brought into one order.

All geometries of a layer are flattened into one array of positions, so that the checks run
over arrays; only what fails is looked at one by one, to say what is wrong and where. The order
of what comes out does not depend on the start of a ring, its direction, or the order of holes
and parts: shells run counter-clockwise, holes clockwise, each from its smallest vertex.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import GRID_DEG
from geo.crs import area_km2
from geo.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


__all__ = ["KINDS", "Found", "Rings", "Shapes", "flatten", "spell_out", "spelt", "unfold", "unfold_areas"]

KINDS: Mapping[str, int] = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""GeoJSON types that a layer may hold, and how many lists stand round a position."""

_TYPE_NAMES = (
    "Point",
    "LineString",
    "LinearRing",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
_METRES = 111_320.0
_NOISE_DEG = 1e-12
_MANY = 2_000
_SLIVER_M = 5.0
_SPIKE_COS = math.cos(math.radians(1.0))
_PLACE = re.compile(r"\[(-?[0-9.eE+-]+) (-?[0-9.eE+-]+)\]")

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
            rings: Any = shapely.linearrings(only.xy, indices=_owners(only.sequences))
            polygons: Any = shapely.polygons(rings, indices=_owners(only.parts))
            owner = _owners(only.features)
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
            _offsets(np.diff(self.sequences)[sequences]),
            _offsets(np.diff(self.parts)[parts]),
            _offsets(np.diff(self.features)[mask]),
        )


def unfold(geometry: shapely.Geometry) -> dict[str, object]:
    """
    Return a geometry as the object that GeoJSON would hold.

    Parameters
    ----------
    geometry
        Any, also one that no layer may hold; Z is kept.

    Returns
    -------
    geometry
        ``type`` and ``coordinates``; lists and floats only.
    """
    kind = _TYPE_NAMES[int(shapely.get_type_id(geometry))]
    z = bool(shapely.has_z(geometry))
    parts: Any = [
        [shapely.get_coordinates(s, include_z=z).tolist() for s in _sequences(part)]
        for part in shapely.get_parts(geometry)
        if not shapely.is_empty(part)
    ]
    coordinates: Any = parts
    if kind in {"MultiPoint", "MultiLineString"}:
        coordinates = [part[0][0] if kind == "MultiPoint" else part[0] for part in parts]
    elif kind != "MultiPolygon" and parts:
        coordinates = parts[0] if kind == "Polygon" else parts[0][0]
        if kind == "Point":
            coordinates = coordinates[0]
    return {"type": kind, "coordinates": coordinates}


def spell_out(value: object) -> object:
    """
    Return a geometry with plain lists in it, as a parser of JSON would make them.

    Parameters
    ----------
    value
        A shapely geometry, an object of GeoJSON with lists, tuples or arrays of coordinates, or
        anything else, which stays what it is.

    Returns
    -------
    geometry
        ``type`` and ``coordinates``.
    """
    if isinstance(value, shapely.Geometry):
        return unfold(value)
    if not isinstance(value, Mapping):
        return value
    if "coordinates" not in value:
        return dict(value)
    return {**value, "coordinates": _plain_lists(value["coordinates"])}


def _plain_lists(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if not isinstance(value, list | tuple):
        return value
    if value and isinstance(value[0], int | float):
        return list(value)
    return [_plain_lists(item) for item in value]


def unfold_areas(geometries: Sequence[shapely.Geometry | None]) -> Shapes | None:
    """
    Take flat areas apart, as they are.

    Parameters
    ----------
    geometries
        Any; None for none.

    Returns
    -------
    shapes
        None where there is anything else than flat areas of finite coordinates.
    """
    drawn = np.empty(len(geometries), dtype=object)
    drawn[:] = geometries
    kinds = shapely.get_type_id(drawn)
    parts, owner = shapely.get_parts(drawn, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    flat = np.isin(kinds, (-1, 3, 6)).all() and not shapely.has_z(drawn).any()
    empty = shapely.is_empty(parts).any() or shapely.is_empty(drawn).any()
    if not flat or empty or not np.isfinite(xy).all():
        return None
    return Shapes(
        tuple(None if kind < 0 else _TYPE_NAMES[kind] for kind in kinds.tolist()),
        xy,
        _offsets(np.bincount(ring, minlength=len(rings))),
        _offsets(np.bincount(part, minlength=len(parts))),
        _offsets(np.bincount(owner, minlength=len(drawn))),
    )


def flatten(
    geometries: Sequence[Mapping[str, object] | None],
    rings: Rings | None = None,
) -> tuple[Shapes, NDArray[np.object_], Found]:
    """
    Check and flatten the geometries of a layer.

    Parameters
    ----------
    geometries
        One a feature: ``type``, one of `KINDS`, and ``coordinates`` as parsed; None for none.
    rings
        Rings parsed before, if there are only areas: then ``coordinates`` hold the numbers of
        rings in place of these.

    Returns
    -------
    shapes
        On the 1e-6 degree grid and in order; a feature with an error that cannot be repaired has
        no geometry here.
    built
        The same as shapely geometries.
    found
        All findings.
    """
    found: Found = []
    raw = None if rings is None else _numbered(geometries, rings)
    if raw is None:
        geometries = [spelt(geometry, rings) for geometry in geometries]
        raw, rings = _raw(geometries, found), None
    _check_world(raw, found)
    raw = _without(raw, _failed(len(geometries), found))
    misplaced: Found = []
    _check_swapped(raw, misplaced)
    raw = _closed(raw, found)
    raw = _without(raw, _failed(len(geometries), found))
    shapes = _ordered(_cleaned(raw, found), found)
    built = shapes.build()
    _check_areas(shapes, built, lambda i: spelt(geometries[i], rings), found)
    found += misplaced
    failed = _failed(len(geometries), found)
    if failed.any():
        built[failed] = None
        shapes = _without(shapes, failed)
    return shapes, built, found


def spelt(
    geometry: Mapping[str, object] | None, rings: Rings | None
) -> Mapping[str, object] | None:
    """
    Return a geometry with its rings in place of their numbers.

    Parameters
    ----------
    geometry
        As `flatten` takes it.
    rings
        None where the geometry has its rings itself.

    Returns
    -------
    geometry
        ``type`` and ``coordinates`` as GeoJSON holds them.
    """
    if geometry is None or rings is None:
        return geometry

    def nested(value: object) -> object:
        if isinstance(value, list):
            return [nested(item) for item in value]
        if type(value) is not int or not 0 <= value < len(rings.sequences) - 1:
            return value
        return rings.xy[rings.sequences[value] : rings.sequences[value + 1]].tolist()

    return {**geometry, "coordinates": nested(geometry["coordinates"])}


def _build_one(kind: str, parts: list[list[Floats]]) -> shapely.Geometry:
    if kind == "Point":
        return shapely.Point(parts[0][0][0])
    if kind == "LineString":
        return shapely.LineString(parts[0][0])
    if kind == "MultiPoint":
        return shapely.MultiPoint([part[0][0] for part in parts])
    return shapely.MultiLineString([part[0] for part in parts])


def _sequences(part: shapely.Geometry) -> list[shapely.Geometry]:
    return list(shapely.get_rings(part)) if isinstance(part, shapely.Polygon) else [part]


def _offsets(counts: ArrayLike) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _owners(offsets: Ints) -> Ints:
    """For each member, the number of what it belongs to."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def _failed(count: int, found: Found) -> Flags:
    failed = np.zeros(count, dtype=bool)
    for feature, issue in found:
        if issue.severity == "error" and not issue.fixable:
            failed[feature] = True
    return failed


def _without(shapes: Shapes, failed: Flags) -> Shapes:
    """Take the geometry from features that failed."""
    if not failed.any():
        return shapes
    kept = shapes.take(~failed)
    counts = np.zeros(len(shapes.kinds), dtype=np.int64)
    counts[~failed] = np.diff(kept.features)
    kinds = tuple(None if bad else kind for kind, bad in zip(shapes.kinds, failed, strict=True))
    return Shapes(kinds, kept.xy, kept.sequences, kept.parts, _offsets(counts))


# --- from nested lists to arrays --------------------------------------------


def _numbered(geometries: Sequence[Mapping[str, object] | None], rings: Rings) -> Shapes | None:
    """Areas that hold the numbers of rings; None where these are not all there, in order."""
    parts: list[list[int]] = []
    counts = []
    for geometry in geometries:
        own = [] if geometry is None else _parts(geometry)
        if type(own) is not list or not all(type(part) is list and part for part in own):
            return None
        counts.append(len(own))
        parts += own
    if list(chain.from_iterable(parts)) != list(range(len(rings.sequences) - 1)):
        return None
    kinds = tuple(
        None if g is None or not n else str(g["type"])
        for g, n in zip(geometries, counts, strict=True)
    )
    return Shapes(
        kinds, rings.xy, rings.sequences, _offsets([len(p) for p in parts]), _offsets(counts)
    )


def _raw(geometries: Sequence[Mapping[str, object] | None], found: Found) -> Shapes:
    """Flatten what is made of lists and numbers in the right depth; explain the rest."""
    nested = []
    for geometry in geometries:
        parts = None if geometry is None else _parts(geometry)
        nested.append(parts if parts is not None and _is_nested(parts) else None)
    positions = list(chain.from_iterable(_each_sequence(nested)))
    xy = _numbers(positions)
    if xy is None:
        positions = []
        for i, parts in enumerate(nested):
            if parts is not None:
                own = list(chain.from_iterable(_each_sequence([parts])))
                if _numbers(own) is None and not _drop_z(i, own, found):
                    nested[i] = None
                else:
                    positions += [position[:2] for position in own]
        xy = np.array(positions, dtype=np.float64).reshape(-1, 2)
    for i, geometry in enumerate(geometries):
        if geometry is not None and nested[i] is None:
            depth = KINDS[str(geometry["type"])]
            faults = _Diagnosis()
            faults.look(geometry["coordinates"], depth, ())
            found += [(i, fault) for fault in faults.issues()]
    kinds = tuple(
        None if parts is None or geometry is None else str(geometry["type"])
        for parts, geometry in zip(nested, geometries, strict=True)
    )
    present = [parts or [] for parts in nested]
    return Shapes(
        kinds,
        xy,
        _offsets([len(sequence) for sequence in _each_sequence(nested)]),
        _offsets([len(part) for parts in present for part in parts]),
        _offsets([len(parts) for parts in present]),
    )


def _parts(geometry: Mapping[str, object]) -> Any:
    """Coordinates as parts of sequences of positions; None if a list is missing."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "MultiPolygon":
        return coordinates
    if kind in {"MultiPoint", "MultiLineString"}:
        if not isinstance(coordinates, list):
            return None
        return [[[item]] if kind == "MultiPoint" else [item] for item in coordinates]
    if kind == "Polygon":
        return [coordinates]
    return [[[coordinates]]] if kind == "Point" else [[coordinates]]


def _is_nested(parts: Any) -> bool:
    """Whether there are lists, none of them empty, down to the positions."""
    return (
        type(parts) is list
        and bool(parts)
        and all(
            type(part) is list and part and all(type(s) is list and s for s in part)
            for part in parts
        )
    )


def _each_sequence(nested: Sequence[Any]) -> Iterator[list[Any]]:
    return chain.from_iterable(chain.from_iterable(parts for parts in nested if parts is not None))


def _numbers(positions: list[Any]) -> Floats | None:
    """Positions as an array, if each is a list of two finite numbers."""
    if not positions:
        return np.empty((0, 2))
    if set(map(type, positions)) != {list} or set(map(len, positions)) != {2}:
        return None
    if not set(map(type, chain.from_iterable(positions))) <= {int, float}:
        return None
    values = chain.from_iterable(positions)
    flat = np.fromiter(values, dtype=np.float64, count=2 * len(positions))
    return flat.reshape(-1, 2) if np.isfinite(flat).all() else None


def _drop_z(feature: int, positions: list[Any], found: Found) -> bool:
    """Whether all positions have a third number and it is zero: then it says nothing."""
    if set(map(type, positions)) != {list} or set(map(len, positions)) != {3}:
        return False
    if _numbers([position[:2] for position in positions]) is None:
        return False
    if any(type(position[2]) not in {int, float} or position[2] != 0 for position in positions):
        return False
    message = "positions have a third number, zero"
    found.append((feature, Issue("coord.z", "warning", message, fixable=True)))
    return True


class _Diagnosis:
    """Looks through coordinates that are not what their type says; one finding a rule."""

    def __init__(self) -> None:
        self.found: dict[str, Issue] = {}
        self.lengths: set[int] = set()

    def issues(self) -> list[Issue]:
        """Return what was found."""
        if len(self.lengths) > 1 and not self.found:
            self.add("coord.dim", "some positions have two numbers, others three", ())
        if self.lengths == {3} and not self.found:
            hint = "delete the heights; a layer is flat"
            self.add("coord.z", "positions have a third number", (), hint)
        return list(self.found.values())

    def add(self, code: str, message: str, path: tuple[int, ...], hint: str = "") -> None:
        """Keep the first finding of a rule, with its place in the lists."""
        place = "".join(f"[{step}]" for step in path)
        place = f" (coordinates{place})" if place else ""
        self.found.setdefault(code, Issue(code, "error", message + place, hint))

    def look(self, value: object, depth: int, path: tuple[int, ...]) -> None:
        """Look at a list that stands `depth` lists above a position."""
        if not isinstance(value, list):
            self.not_list(value, path)
        elif depth == 0:
            self.position(value, path)
        elif not value:
            self.add(
                "geom.empty", "there are no coordinates", path, "delete the feature or draw it"
            )
        else:
            for i, item in enumerate(value):
                self.look(item, depth - 1, (*path, i))

    def not_list(self, value: object, path: tuple[int, ...]) -> None:
        """Keep what stands where a list must be."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.add("coord.depth", "there is a number where a list must be", path)
        else:
            self.add("coord.type", f"there is {_word(value)} where a list must be", path)

    def position(self, value: list[object], path: tuple[int, ...]) -> None:
        """Look at one position."""
        if not value:
            self.add(
                "geom.empty", "there are no coordinates", path, "delete the feature or draw it"
            )
            return
        if any(isinstance(number, list) for number in value):
            self.add("coord.depth", "there is a list where a number must be", path)
            return
        for number in value:
            if not isinstance(number, int | float) or isinstance(number, bool):
                hint = "a position is two numbers without quotes: longitude, latitude"
                self.add("coord.type", f"there is {_word(number)} in a position", path, hint)
                return
            if not math.isfinite(number):
                self.add("num.nonfinite", "there is a number without an end", path)
                return
        self.lengths.add(len(value))
        if len(value) not in {2, 3}:
            message = f"a position has {len(value)} numbers, not two"
            self.add("coord.dim", message, path, "longitude, latitude")


def _word(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "text" if isinstance(value, str) else "an object"


# --- positions --------------------------------------------------------------


def _check_world(raw: Shapes, found: Found) -> None:
    """Find positions outside the world, and edges round its back."""
    if not len(raw.xy):
        return
    x, y = raw.xy[:, 0], raw.xy[:, 1]
    if np.abs(x).max() <= 180 and np.abs(y).max() <= 90 and np.ptp(x) <= 180:
        return
    owner = _vertex_features(raw)
    outside = (np.abs(x) > 180) | (np.abs(y) > 90)
    for i, at in _first(owner, outside):
        far = bool(np.abs(raw.xy[at]).max() > 360)
        hint = "reproject it to longitude, latitude" if far else "longitude, latitude in degrees"
        message = f"{x[at]:g}, {y[at]:g} is outside the world"
        found.append((i, Issue("coord.range", "error", message, hint)))
    same = np.diff(_vertex_sequences(raw)) == 0
    jumps = np.append(same & (np.abs(np.diff(x)) > 180) & ~outside[1:] & ~outside[:-1], False)
    for i, at in _first(owner, jumps):
        message = "an edge runs more than half round the world"
        hint = "cut the shape at longitude 180"
        where = (float(x[at]), float(y[at]))
        found.append((i, Issue("coord.antimeridian", "error", message, hint, where=where)))


def _check_swapped(raw: Shapes, found: Found) -> None:
    """Find a feature far from all others that would lie among them with its axes swapped."""
    present = np.flatnonzero(np.diff(raw.features))
    if len(present) < 4:
        return
    starts = raw.sequences[raw.parts[raw.features[present]]]
    low = np.minimum.reduceat(raw.xy, starts)
    high = np.maximum.reduceat(raw.xy, starts)
    # The box of all others is that of all, or where the feature itself is the outermost, the next.
    box_low, box_high = _least_of_others(low), -_least_of_others(-high)
    gap = np.maximum(np.maximum(box_low - high, low - box_high), 0)
    size = np.hypot(*(box_high - box_low).T)
    among = ((low[:, ::-1] >= box_low) & (high[:, ::-1] <= box_high)).all(axis=1)
    for n in np.flatnonzero(among & (np.hypot(*gap.T) > size)):
        where = (float(low[n, 0]), float(low[n, 1]))
        hint = "longitude stands first; nothing is swapped by itself"
        message = "longitude and latitude look swapped"
        issue = Issue("coord.swapped", "error", message, hint, where=where)
        found.append((int(present[n]), issue))


def _least_of_others(values: Floats) -> Floats:
    """For each row, the least of all other rows, column by column."""
    least, second = np.partition(values, 1, axis=0)[:2]
    own = np.arange(len(values))[:, None] == values.argmin(axis=0)
    return np.asarray(np.where(own, second, least), dtype=np.float64)


def _vertex_sequences(shapes: Shapes) -> Ints:
    return _owners(shapes.sequences)


def _sequence_features(shapes: Shapes) -> Ints:
    return np.repeat(_owners(shapes.features), np.diff(shapes.parts))


def _vertex_features(shapes: Shapes) -> Ints:
    return np.repeat(_sequence_features(shapes), np.diff(shapes.sequences))


def _first(owner: Ints, mask: Flags) -> list[tuple[int, int]]:
    """For each owner with a true flag: the owner, and the place of its first one."""
    at = np.flatnonzero(mask)
    owners, first = np.unique(owner[at], return_index=True)
    return [(int(i), int(at[k])) for i, k in zip(owners, first, strict=True)]


# --- sequences --------------------------------------------------------------


def _is_ring(shapes: Shapes) -> Flags:
    """For each sequence, whether it is a ring."""
    areas = np.array([kind in {"Polygon", "MultiPolygon"} for kind in shapes.kinds], dtype=bool)
    return areas[_sequence_features(shapes)]


def _cleaned(raw: Shapes, found: Found) -> Shapes:
    """Round to the grid and drop repeated vertices; explain what is then too short."""
    if not len(raw.xy):
        return raw
    xy = raw.xy
    if not _is_on_grid(xy):
        xy = np.round(raw.xy, 6)
        xy += 0.0
        # What other programs add behind the fifteenth digit is layout, not precision.
        fine: Flags = np.abs(xy - raw.xy) > _NOISE_DEG
        for i, _ in _first(_vertex_features(raw), fine[:, 0] | fine[:, 1]):
            found.append((i, _repair("coord.precision", "there are more than six decimals")))
    repeated = _repeated(raw, xy)
    if not repeated.any():
        return _long_enough(
            raw, Shapes(raw.kinds, xy, raw.sequences, raw.parts, raw.features), found
        )
    for i, _ in _first(_vertex_features(raw), _repeated(raw, raw.xy)):
        found.append((i, _repair("ring.duplicate_vertex", "a vertex is repeated")))
    counts = np.bincount(_vertex_sequences(raw)[~repeated], minlength=len(raw.sequences) - 1)
    clean = Shapes(raw.kinds, xy[~repeated], _offsets(counts), raw.parts, raw.features)
    return _long_enough(raw, clean, found)


def _is_on_grid(xy: Floats) -> bool:
    """Whether all have six decimals and none is zero, which has two signs of which one is kept."""
    pieces = (xy[first : first + _PIECE] for first in range(0, len(xy), _PIECE))
    return all(piece.all() and np.array_equal(np.round(piece, 6), piece) for piece in pieces)


def _repeated(raw: Shapes, xy: Floats) -> Flags:
    """Whether each position is that of the one before in its sequence."""
    x, y = xy[:, 0], xy[:, 1]
    repeated = np.zeros(len(xy), dtype=bool)
    np.logical_and(x[1:] == x[:-1], y[1:] == y[:-1], out=repeated[1:])
    # Sequences may be empty, so several may begin at one place, or behind the last.
    first = raw.sequences[:-1]
    repeated[first[first < len(xy)]] = False
    return repeated


def _repair(code: str, message: str) -> Issue:
    return Issue(code, "warning", message, fixable=True)


def _closed(raw: Shapes, found: Found) -> Shapes:
    """Close rings whose ends lie no farther apart than their other vertices do."""
    first, last = raw.xy[raw.sequences[:-1]], raw.xy[raw.sequences[1:] - 1]
    open_rings = np.flatnonzero(_is_ring(raw) & (first != last).any(axis=1))
    if not open_rings.size:
        return raw
    owner = _sequence_features(raw)
    closed = []
    for ring in open_rings:
        xy = raw.xy[raw.sequences[ring] : raw.sequences[ring + 1]]
        gap = math.hypot(*(xy[0] - xy[-1]))
        where = (float(xy[-1, 0]), float(xy[-1, 1]))
        message = f"a ring ends {gap:.6g} degrees from where it begins"
        usual = float(np.median(np.hypot(*np.diff(xy, axis=0).T))) if len(xy) > 2 else 0.0
        if (np.round(xy[0], 6) == np.round(xy[-1], 6)).all():
            issue = Issue("ring.unclosed", "warning", message, where=where, fixable=True)
        elif gap <= 2 * usual:
            hint = "`frontline fmt` repeats its first position at the end"
            issue = Issue("ring.unclosed", "error", message, hint, where=where, fixable=True)
        else:
            hint = "is a part of it missing? draw it again"
            issue = Issue("ring.unclosed", "error", message, hint, where=where)
        found.append((int(owner[ring]), issue))
        closed.append(ring)
    at = raw.sequences[1:][closed]
    xy = np.insert(raw.xy, at, raw.xy[raw.sequences[:-1][closed]], axis=0)
    counts = np.diff(raw.sequences)
    counts[closed] += 1
    return Shapes(raw.kinds, xy, _offsets(counts), raw.parts, raw.features)


def _long_enough(raw: Shapes, clean: Shapes, found: Found) -> Shapes:
    """Leave out features with a ring or line that has too few vertices."""
    counts = np.diff(clean.sequences)
    lines = np.array(
        [kind in {"LineString", "MultiLineString"} for kind in clean.kinds], dtype=bool
    )
    owner = _sequence_features(clean)
    short = np.where(_is_ring(clean), counts < 4, lines[owner] & (counts < 2))
    if not short.any():
        return clean
    for i, at in _first(owner, short):
        before = raw.xy[raw.sequences[at] : raw.sequences[at + 1]]
        distinct = len(np.unique(before, axis=0))
        where = (float(before[0, 0]), float(before[0, 1]))
        if distinct >= (2 if lines[i] else 3):
            message = "nothing is left when it is rounded to six decimals"
            found.append((i, Issue("geom.collapse", "error", message, where=where)))
        elif lines[i]:
            message = "a line has fewer than two positions"
            found.append((i, Issue("line.short", "error", message, where=where)))
        else:
            message = "a ring has fewer than three corners"
            hint = "it needs four positions, the last like the first"
            found.append((i, Issue("ring.short", "error", message, hint, where=where)))
    failed = np.zeros(len(clean.kinds), dtype=bool)
    failed[owner[short]] = True
    return _without(clean, failed)


# --- one order --------------------------------------------------------------


def _ordered(shapes: Shapes, found: Found) -> Shapes:
    """Wind rings, begin each at its smallest vertex, order holes and parts."""
    if not len(shapes.xy):
        return shapes
    ring = _is_ring(shapes)
    counts = np.diff(shapes.sequences)
    first = shapes.sequences[:-1]
    owner = _vertex_sequences(shapes)
    x, y = shapes.xy[:, 0], shapes.xy[:, 1]
    # The smallest vertex of each sequence: least longitude, and of those the least latitude.
    west = np.minimum.reduceat(x, first)
    at = np.flatnonzero(x == np.repeat(west, counts))
    south = np.full(len(counts), np.inf)
    np.minimum.at(south, owner[at], y[at])
    at = at[y[at] == south[owner[at]]]
    smallest = at[np.unique(owner[at], return_index=True)[1]] - first
    turn = _turns(shapes, smallest, ring)
    shell = np.zeros(len(counts), dtype=bool)
    shell[shapes.parts[:-1]] = True
    wrong = ring & (np.where(shell, turn, -turn) < 0)
    for i, _ in _first(_sequence_features(shapes), wrong):
        found.append((i, _repair("ring.winding", "a ring runs the wrong way round")))
    if not (wrong | (ring & (smallest > 0))).any():
        return _sorted(shapes)
    step = np.where(wrong, -1, 1)[owner]
    place = np.arange(len(x)) - first[owner]
    length = np.maximum(counts - 1, 1)[owner]
    turned = first[owner] + (smallest[owner] + step * place) % length
    xy = np.where(ring[owner][:, None], shapes.xy[turned], shapes.xy)
    return _sorted(Shapes(shapes.kinds, xy, shapes.sequences, shapes.parts, shapes.features))


def _turns(shapes: Shapes, smallest: Ints, ring: Flags) -> Ints:
    """Sign of each ring's turn at its smallest vertex, which is convex: exact, in whole steps."""
    first = shapes.sequences[:-1]
    length = np.maximum(np.diff(shapes.sequences) - 1, 1)

    def steps(place: Ints) -> Ints:
        whole: Ints = np.rint(shapes.xy[first + place % length] / GRID_DEG).astype(np.int64)
        return whole

    here = steps(smallest)
    back, ahead = steps(smallest - 1) - here, steps(smallest + 1) - here
    sign: Ints = np.sign(ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0])
    return np.where(ring, sign, 0)


def _sorted(shapes: Shapes) -> Shapes:
    """Order the holes of a part and the parts of a feature by their first two vertices."""
    if len(shapes.sequences) == len(shapes.features):
        return shapes
    first = shapes.sequences[:-1]
    second = np.minimum(first + 1, shapes.sequences[1:] - 1)
    keys = np.hstack([shapes.xy[first], shapes.xy[second]])
    keys = _line_ranks(shapes, keys)
    part = _owners(shapes.parts)
    hole = np.ones(len(first), dtype=bool)
    hole[shapes.parts[:-1]] = False
    rings = np.lexsort((*keys.T[::-1], hole, part))
    shapes = _rearranged(shapes, rings, shapes.parts)
    parts = np.lexsort((*keys[shapes.parts[:-1]].T[::-1], _owners(shapes.features)))
    counts = np.diff(shapes.parts)
    rings = np.concatenate(
        [np.arange(shapes.parts[p], shapes.parts[p + 1]) for p in parts] or [np.empty(0, np.int64)]
    )
    return _rearranged(shapes, rings, _offsets(counts[parts]))


def _line_ranks(shapes: Shapes, keys: Floats) -> Floats:
    """Give lines, which may share their first two vertices, a rank by all their vertices."""
    kinds = np.array([kind == "MultiLineString" for kind in shapes.kinds], dtype=bool)
    lines = np.flatnonzero(kinds[_sequence_features(shapes)])
    if lines.size:
        full = [shapes.xy[shapes.sequences[s] : shapes.sequences[s + 1]].tolist() for s in lines]
        rank = np.empty(len(lines))
        rank[sorted(range(len(lines)), key=full.__getitem__)] = np.arange(len(lines))
        keys[lines] = rank[:, None]
    return keys


def _rearranged(shapes: Shapes, order: Ints, parts: Ints) -> Shapes:
    """Put the sequences in another order."""
    if (order == np.arange(len(order))).all():
        return Shapes(shapes.kinds, shapes.xy, shapes.sequences, parts, shapes.features)
    counts = np.diff(shapes.sequences)[order]
    sequences = _offsets(counts)
    shift = np.repeat(shapes.sequences[:-1][order] - sequences[:-1], counts)
    xy = shapes.xy[np.arange(len(shapes.xy)) + shift]
    return Shapes(shapes.kinds, xy, sequences, parts, shapes.features)


# --- areas ------------------------------------------------------------------


def _check_areas(
    shapes: Shapes,
    built: NDArray[np.object_],
    geometry_of: Callable[[int], Mapping[str, object] | None],
    found: Found,
) -> None:
    """Explain areas that are not valid; warn of spikes and slivers in the others."""
    areas = np.array([kind in {"Polygon", "MultiPolygon"} for kind in shapes.kinds], dtype=bool)
    if not areas.any():
        return
    keys = shapes.digests() if len(shapes.xy) < _PIECE else set()
    if keys and keys <= _FAULTLESS:
        return
    before = len(found)
    fine = shapes if areas.all() else shapes.take(areas)
    numbers = np.flatnonzero(areas)
    valid, measured = _looked_at(fine, built[areas])
    sharp, width = (np.concatenate(column) for column in zip(*measured, strict=True))
    for i in numbers[~valid].tolist():
        geometry = geometry_of(i)
        assert geometry is not None
        found.append((i, _why_invalid(shapes.rings(i), built[i], geometry)))
    owner = _vertex_features(fine)
    for n, at in _first(owner, sharp & valid[owner]):
        where = (float(fine.xy[at, 0]), float(fine.xy[at, 1]))
        message = "the border goes out and back in a corner of less than one degree"
        found.append((int(numbers[n]), Issue("geom.spike", "warning", message, where=where)))
    part_owner = _owners(fine.features)
    for n, at in _first(part_owner, (width < _SLIVER_M) & valid[part_owner]):
        vertex = fine.xy[fine.sequences[fine.parts[at]]]
        where = (float(vertex[0]), float(vertex[1]))
        message = f"a part is {width[at]:.1f} m wide on average"
        found.append((int(numbers[n]), Issue("geom.sliver", "warning", message, where=where)))
    if len(found) == before:
        if len(_FAULTLESS) >= _REMEMBERED:
            _FAULTLESS.clear()
        _FAULTLESS.update(keys)


_REMEMBERED = 100_000
_FAULTLESS: set[bytes] = set()
"""Areas of small layers of which there was nothing to say: what this process has checked when it
was written it need not check when it is read."""


def _looked_at(
    fine: Shapes, built: NDArray[np.object_]
) -> tuple[Flags, list[tuple[Flags, Floats]]]:
    """Which areas are valid, and what `_measured` says of each piece of them."""
    if len(fine.xy) < _PIECE:
        return shapely.is_valid(built), [_measured(fine)]
    # The interpreter is free while validity is looked at, which takes as long as the rest.
    with ThreadPoolExecutor(2) as beside:
        halves = beside.map(shapely.is_valid, np.array_split(built, 2))
        measured = [_measured(piece) for piece in _pieces(fine)]
        return np.concatenate(list(halves)), measured


def _pieces(shapes: Shapes) -> Iterator[Shapes]:
    """The features in turn, as many together as the processor's cache holds."""
    begins = shapes.sequences[shapes.parts[shapes.features[:-1]]]
    cuts = np.flatnonzero(np.diff(begins // _PIECE)) + 1
    for first, end in pairwise([0, *cuts.tolist(), len(shapes.kinds)]):
        features = shapes.features[first : end + 1]
        parts = shapes.parts[features[0] : features[-1] + 1]
        sequences = shapes.sequences[parts[0] : parts[-1] + 1]
        yield Shapes(
            shapes.kinds[first:end],
            shapes.xy[sequences[0] : sequences[-1]],
            sequences - sequences[0],
            parts - parts[0],
            features - features[0],
        )


_PIECE = 1 << 15


def _measured(shapes: Shapes) -> tuple[Flags, Floats]:
    """Which vertices of areas are spikes, and the width of each part."""
    edges = _Edges.of(shapes)
    return _spikes(shapes, edges), _widths(shapes, edges)


@dataclass(frozen=True, slots=True)
class _Edges:
    """From each vertex to the next of its ring, metres and metres squared; zero from the last."""

    east: Floats
    north: Floats
    square: Floats

    @classmethod
    def of(cls, shapes: Shapes) -> _Edges:
        x, y = np.ascontiguousarray(shapes.xy.T)
        east, north = np.zeros_like(x), np.zeros_like(y)
        np.subtract(x[1:], x[:-1], out=east[:-1])
        np.subtract(y[1:], y[:-1], out=north[:-1])
        east *= np.cos(np.radians(y)) * _METRES
        north *= _METRES
        east[shapes.sequences[1:] - 1] = north[shapes.sequences[1:] - 1] = 0.0
        return cls(east, north, east * east + north * north)


def _spikes(shapes: Shapes, edges: _Edges) -> Flags:
    """Whether the angle at each vertex of the rings is sharper than the limit."""
    first, last = shapes.sequences[:-1], shapes.sequences[1:] - 1
    # The edge that ends at a vertex is that of the one before; a ring begins where its last ends.
    dot = np.zeros_like(edges.east)
    np.multiply(edges.east[1:], edges.east[:-1], out=dot[1:])
    dot[1:] += edges.north[1:] * edges.north[:-1]
    before = last - 1
    dot[first] = edges.east[first] * edges.east[before] + edges.north[first] * edges.north[before]
    dot[last] = 0.0
    # Where the border turns back by more than a right angle, which few vertices do, it is looked
    # at by how much.
    at = np.flatnonzero(dot < 0)
    back = at - 1
    begins = np.searchsorted(first, at)
    begun = first[np.minimum(begins, len(first) - 1)] == at
    back[begun] = before[begins[begun]]
    sharp = np.zeros(len(dot), dtype=bool)
    sharp[at] = dot[at] ** 2 > _SPIKE_COS**2 * (edges.square[at] * edges.square[back])
    return sharp


def _widths(shapes: Shapes, edges: _Edges) -> Floats:
    """Mean width of each part, metres: twice its area by its circumference."""
    first = shapes.sequences[:-1]
    counts = np.diff(shapes.sequences)
    x, y = np.ascontiguousarray(shapes.xy.T)
    x -= np.repeat(x[first], counts)
    y -= np.repeat(y[first], counts)
    cross = np.zeros_like(x)
    cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
    scale = _METRES**2 * np.cos(np.radians(shapes.xy[first, 1]))
    area = np.add.reduceat(cross, first) * scale
    length = np.add.reduceat(np.sqrt(edges.square), first)
    starts = shapes.parts[:-1]
    return np.add.reduceat(area, starts) / np.maximum(np.add.reduceat(length, starts), 1e-9)


_REASONS = (
    ("Hole lies outside", "geom.hole_outside", "a hole lies outside its shell"),
    ("Holes are nested", "geom.nested_holes", "a hole lies inside another hole"),
    ("Nested shells", "geom.overlap_parts", "a part lies inside another part"),
    ("Duplicate Rings", "geom.overlap_parts", "a ring is there twice"),
    ("Interior is disconnected", "geom.disconnected", "holes cut the area in two"),
    ("Too few points", "ring.short", "a ring has fewer than three corners"),
    ("", "geom.self_intersection", "the border crosses or touches itself"),
)


def _why_invalid(
    rings: list[list[Floats]],
    built: shapely.Geometry,
    geometry: Mapping[str, object],
) -> Issue:
    """Name the first fault of an area, and its place."""
    reason = shapely.is_valid_reason(built)
    match = _PLACE.search(reason)
    where = (float(match[1]), float(match[2])) if match else None
    if any(len(np.unique(ring, axis=0)) < 3 for part in rings for ring in part):
        return Issue("ring.short", "error", "a ring has fewer than three corners", where=where)
    if _was_valid(geometry):
        message = "it is valid only before it is rounded to six decimals"
        hint = "move the vertices apart that lie within 0.1 m"
        return Issue("geom.collapse", "error", message, hint, where=where)
    if (tip := _spike(rings)) is not None:
        message = "the border goes out and back along the same line"
        return Issue("geom.spike", "error", message, "delete the vertex", where=tip)
    if any(np.array_equal(hole[::-1], part[0]) for part in rings for hole in part[1:]):
        message = "a hole takes the whole shell"
        return Issue("geom.empty_interior", "error", message, where=where)
    parts = shapely.get_parts(built)
    if len(parts) > 1 and shapely.is_valid(parts).all():
        message = "two parts overlap, or share a border"
        return Issue("geom.overlap_parts", "error", message, "join them", where=where)
    code, message = next((c, m) for start, c, m in _REASONS if reason.startswith(start))
    return Issue(code, "error", message, _repairs(built), where=where)


def _was_valid(geometry: Mapping[str, object]) -> bool:
    """Whether the geometry is valid with all its decimals."""
    parts = _parts(geometry)
    try:
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts]
    except (ValueError, shapely.errors.GEOSException):
        return False
    whole = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return bool(shapely.is_valid(whole))


def _spike(rings: list[list[Floats]]) -> tuple[float, float] | None:
    """Find the tip of a spike without any width."""
    for ring in chain.from_iterable(rings):
        steps = np.rint(ring[:-1] / GRID_DEG).astype(np.int64)
        ahead, back = np.roll(steps, -1, axis=0) - steps, np.roll(steps, 1, axis=0) - steps
        cross = ahead[:, 0] * back[:, 1] - ahead[:, 1] * back[:, 0]
        tips = np.flatnonzero((cross == 0) & ((ahead * back).sum(axis=1) > 0))
        if tips.size:
            return float(ring[tips[0], 0]), float(ring[tips[0], 1])
    return None


def _repairs(built: shapely.Geometry) -> str:
    """Say what the two automatic repairs would make of an area: a person must choose."""
    if shapely.get_num_coordinates(built) > _MANY:
        return "draw it again there"
    try:
        lines, structure = area_km2(
            [
                shapely.make_valid(built, method="linework"),
                shapely.make_valid(built, method="structure", keep_collapsed=False),
            ]
        )
    except (ValueError, shapely.errors.GEOSException):
        return "draw it again there"
    return (
        f"draw it again there; automatic repairs would give {lines:.3f} km2 (even-odd) "
        f"or {structure:.3f} km2 (union)"
    )
