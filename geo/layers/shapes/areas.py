"""Areas: valid or why not; spikes and slivers are told."""

from __future__ import annotations

import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, area_km2
from geo.errors import Issue, refuse, warn
from geo.layers.shapes import flat
from geo.layers.shapes.spelling import parts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

_METRES = 111_320.0
_SLIVER_M = 5.0
_SPIKE_COS = math.cos(math.radians(1.0))


def check_areas(
    shapes: flat.Shapes,
    built: NDArray[np.object_],
    geometry_of: Callable[[int], Mapping[str, object] | None],
    found: flat.Found,
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
        found.append((i, explain_invalid(shapes.rings(i), built[i], geometry)))
    owner = flat.vertex_features(fine)
    for n, at in flat.first_of_each(owner, sharp & valid[owner]):
        where = (float(fine.xy[at, 0]), float(fine.xy[at, 1]))
        message = "the border goes out and back in a corner of less than one degree"
        found.append(
            (int(numbers[n]), warn("geom.spike", message, "smooth the corner", where=where))
        )
    part_owner = flat.owners_of(fine.features)
    for n, at in flat.first_of_each(part_owner, (width < _SLIVER_M) & valid[part_owner]):
        vertex = fine.xy[fine.sequences[fine.parts[at]]]
        where = (float(vertex[0]), float(vertex[1]))
        message = f"a part is {width[at]:.1f} m wide on average"
        found.append((int(numbers[n]), warn("geom.sliver", message, where=where)))
    if len(found) == before:
        if len(_FAULTLESS) >= _REMEMBERED:
            _FAULTLESS.clear()
        _FAULTLESS.update(keys)


_REMEMBERED = 100_000
_FAULTLESS: set[bytes] = set()
"""
Areas of small layers of which there was nothing to say.

What this process has checked when it was written need not be checked when it is read, and the
dates of a series share most of their patches: the shipped layers are read in 0.067 s where all
areas are known, and in 0.087 s where none is.
"""


def _looked_at(
    fine: flat.Shapes, built: NDArray[np.object_]
) -> tuple[flat.Flags, list[tuple[flat.Flags, flat.Floats]]]:
    """Which areas are valid, and what `_measured` says of each piece of them."""
    if len(fine.xy) < _PIECE:
        return shapely.is_valid(built), [_measured(fine)]
    # The interpreter is free while validity is looked at, which takes as long as the rest.
    with ThreadPoolExecutor(2) as beside:
        halves = beside.map(shapely.is_valid, np.array_split(built, 2))
        measured = [_measured(piece) for piece in _pieces(fine)]
        return np.concatenate(list(halves)), measured


def _pieces(shapes: flat.Shapes) -> Iterator[flat.Shapes]:
    """The features in turn, as many together as the processor's cache holds."""
    begins = shapes.sequences[shapes.parts[shapes.features[:-1]]]
    cuts = np.flatnonzero(np.diff(begins // _PIECE)) + 1
    for first, end in pairwise([0, *cuts.tolist(), len(shapes.kinds)]):
        features = shapes.features[first : end + 1]
        parts = shapes.parts[features[0] : features[-1] + 1]
        sequences = shapes.sequences[parts[0] : parts[-1] + 1]
        yield flat.Shapes(
            shapes.kinds[first:end],
            shapes.xy[sequences[0] : sequences[-1]],
            sequences - sequences[0],
            parts - parts[0],
            features - features[0],
        )


_PIECE = 1 << 15


def _measured(shapes: flat.Shapes) -> tuple[flat.Flags, flat.Floats]:
    """Which vertices of areas are spikes, and the width of each part."""
    edges = _EdgeMetres.of(shapes)
    return _spikes(shapes, edges), _widths(shapes, edges)


@dataclass(frozen=True, slots=True)
class _EdgeMetres:
    """From each vertex to the next of its ring, metres and metres squared; zero from the last."""

    east: flat.Floats
    north: flat.Floats
    square: flat.Floats

    @classmethod
    def of(cls, shapes: flat.Shapes) -> _EdgeMetres:
        x, y = np.ascontiguousarray(shapes.xy.T)
        east, north = np.zeros_like(x), np.zeros_like(y)
        np.subtract(x[1:], x[:-1], out=east[:-1])
        np.subtract(y[1:], y[:-1], out=north[:-1])
        east *= np.cos(np.radians(y)) * _METRES
        north *= _METRES
        east[shapes.sequences[1:] - 1] = north[shapes.sequences[1:] - 1] = 0.0
        return cls(east, north, east * east + north * north)


def _spikes(shapes: flat.Shapes, edges: _EdgeMetres) -> flat.Flags:
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


def _widths(shapes: flat.Shapes, edges: _EdgeMetres) -> flat.Floats:
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


_MANY = 2_000
_PLACE = re.compile(r"\[(-?[0-9.eE+-]+) (-?[0-9.eE+-]+)\]")

_REASONS = (
    ("Hole lies outside", "geom.hole_outside", "a hole lies outside its shell"),
    ("Holes are nested", "geom.nested_holes", "a hole lies inside another hole"),
    ("Nested shells", "geom.overlap_parts", "a part lies inside another part"),
    ("Duplicate Rings", "geom.overlap_parts", "a ring is there twice"),
    ("Interior is disconnected", "geom.disconnected", "holes cut the area in two"),
    ("Too few points", "ring.short", "a ring has fewer than three corners"),
    ("", "geom.self_intersection", "the border crosses or touches itself"),
)


def explain_invalid(
    rings: list[list[flat.Floats]], built: shapely.Geometry, geometry: Mapping[str, object]
) -> Issue:
    """Name the first fault of an area, and its place."""
    reason = shapely.is_valid_reason(built)
    match = _PLACE.search(reason)
    where = (float(match[1]), float(match[2])) if match else None
    if any(len(np.unique(ring, axis=0)) < 3 for part in rings for ring in part):
        return refuse("ring.short", "a ring has fewer than three corners", where=where)
    if _was_valid(geometry):
        message = "it is valid only before it is rounded to six decimals"
        hint = "move the vertices apart that lie within 0.1 m"
        return refuse("geom.collapse", message, hint, where=where)
    if (tip := _spike(rings)) is not None:
        message = "the border goes out and back along the same line"
        return refuse("geom.spike", message, "delete the vertex", where=tip)
    if any(np.array_equal(hole[::-1], part[0]) for part in rings for hole in part[1:]):
        return refuse("geom.empty_interior", "a hole takes the whole shell", where=where)
    parts = shapely.get_parts(built)
    if len(parts) > 1 and shapely.is_valid(parts).all():
        message = "two parts overlap, or share a border"
        return refuse("geom.overlap_parts", message, "join them", where=where)
    code, message = next((c, m) for start, c, m in _REASONS if reason.startswith(start))
    return refuse(code, message, _repairs(built), where=where)


def _was_valid(geometry: Mapping[str, object]) -> bool:
    """Whether the geometry is valid with all its decimals."""
    parts = parts_of(geometry)
    try:
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts]
    except (ValueError, shapely.errors.GEOSException):
        return False
    whole = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return bool(shapely.is_valid(whole))


def _spike(rings: list[list[flat.Floats]]) -> tuple[float, float] | None:
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
