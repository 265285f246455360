"""Geometries as GeoJSON spells them, into arrays and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.errors import Issue, mend, refuse
from geo.layers.shapes.flat import KINDS, Floats, Found, Rings, Shapes, offsets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TYPE_NAMES = (
    *("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString"),
    *("MultiPolygon", "GeometryCollection"),
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
    return {k: _plain_lists(v) if k == "coordinates" else v for k, v in value.items()}


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
        offsets_of(np.bincount(ring, minlength=len(rings))),
        offsets_of(np.bincount(part, minlength=len(parts))),
        offsets_of(np.bincount(owner, minlength=len(drawn))),
    )


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


def _sequences(part: shapely.Geometry) -> list[shapely.Geometry]:
    return list(shapely.get_rings(part)) if isinstance(part, shapely.Polygon) else [part]


def gather_numbered(
    geometries: Sequence[Mapping[str, object] | None], rings: Rings
) -> Shapes | None:
    """Areas that hold the numbers of rings; None where these are not all there, in order."""
    parts: list[list[int]] = []
    counts = []
    for geometry in geometries:
        own = [] if geometry is None else parts_of(geometry)
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
        kinds, rings.xy, rings.sequences, offsets_of([len(p) for p in parts]), offsets_of(counts)
    )


def gather_nested(geometries: Sequence[Mapping[str, object] | None], found: Found) -> Shapes:
    """Flatten what is made of lists and numbers in the right depth; explain the rest."""
    nested = []
    for geometry in geometries:
        parts = None if geometry is None else parts_of(geometry)
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
        offsets_of([len(sequence) for sequence in _each_sequence(nested)]),
        offsets_of([len(part) for parts in present for part in parts]),
        offsets_of([len(parts) for parts in present]),
    )


def parts_of(geometry: Mapping[str, object]) -> Any:
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
    try:
        flat = np.fromiter(values, dtype=np.float64, count=2 * len(positions))
    except OverflowError:  # of whole numbers of hundreds of digits
        return None
    return flat.reshape(-1, 2) if np.isfinite(flat).all() else None


def _drop_z(feature: int, positions: list[Any], found: Found) -> bool:
    """Whether all positions have a third number and it is zero: then it says nothing."""
    if set(map(type, positions)) != {list} or set(map(len, positions)) != {3}:
        return False
    if _numbers([position[:2] for position in positions]) is None:
        return False
    if any(type(position[2]) not in {int, float} or position[2] != 0 for position in positions):
        return False
    found.append((feature, mend("coord.z", "positions have a third number, zero")))
    return True


_HUGE = 1e300
"""Whole numbers above this have no float, or hardly."""


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
        self.found.setdefault(code, refuse(code, message + place, hint))

    def look(self, value: object, depth: int, path: tuple[int, ...]) -> None:
        """Look at a list that stands `depth` lists above a position."""
        if not isinstance(value, list):
            self.not_list(value, path)
        elif depth == 0:
            self.position(value, path)
        elif not value:
            self.empty(path)
        else:
            for i, item in enumerate(value):
                self.look(item, depth - 1, (*path, i))

    def not_list(self, value: object, path: tuple[int, ...]) -> None:
        """Keep what stands where a list must be."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.add("coord.depth", "there is a number where a list must be", path)
        else:
            self.add("coord.type", f"there is {_word(value)} where a list must be", path)

    def empty(self, path: tuple[int, ...]) -> None:
        """Keep a list of nothing."""
        self.add("geom.empty", "there are no coordinates", path, "delete the feature or draw it")

    def position(self, value: list[object], path: tuple[int, ...]) -> None:
        """Look at one position."""
        if not value:
            self.empty(path)
            return
        if any(isinstance(number, list) for number in value):
            self.add("coord.depth", "there is a list where a number must be", path)
            return
        for number in value:
            if not isinstance(number, int | float) or isinstance(number, bool):
                hint = "a position is two numbers without quotes: longitude, latitude"
                self.add("coord.type", f"there is {_word(number)} in a position", path, hint)
                return
            if abs(number) > _HUGE or not math.isfinite(number):
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
