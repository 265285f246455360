"""
What came back, put as it was before: unchanged words and corners, new borders along old ones.

Drawing programs leave a border twice, a metre apart, or a corner of one area beside the edge of
its neighbour. Only what is new moves: corners and edges that stood in the layer before stay as
they are, so that nothing changes where nobody drew.

Within 5 m, the width of a sliver, is near by. To snap a whole layer to another would change
features that nobody touched.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import PER_DEGREE, find_faults, pack, unpack
from geo.edit.copies.checkout import earlier_day
from geo.errors import CoverageError, SchemaError
from geo.layers import Shapes, flatten, parse_features, patches_of, unfold
from geo.model import CONTROL, Feature

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from geo.layers import Folder

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


def restore_features(
    features: Sequence[Feature], before: Sequence[Feature], columns: frozenset[str] | None = None
) -> tuple[Feature, ...]:
    """
    The features, each that says the same as before in the very same words and corners.

    Of properties that are none of `columns` they say nothing.
    """
    old = {feature.id: feature for feature in before}
    return tuple(
        _restored(feature, old[feature.id], columns) if feature.id in old else feature
        for feature in features
    )


def _restored(feature: Feature, old: Feature, columns: frozenset[str] | None) -> Feature:
    values = dict(feature.properties)
    for key, was in old.properties.items():
        # A program that drops a column has not emptied it; and a GeoPackage has one type a column.
        lost = columns is not None and key not in columns
        if lost or (isinstance(was, int) and values.get(key) == str(was)):
            values[key] = was
    names = [*CONTROL.names, *sorted(values.keys() - set(CONTROL.names))]
    values = {name: values[name] for name in names if name in values}
    shape = feature.geometry
    if shape is not None and old.geometry is not None and _is_same(shape, old.geometry):
        shape = old.geometry
    if shape is old.geometry and values == old.properties:
        return old
    return replace(feature, properties=values, geometry=shape)


def _is_same(one: shapely.Geometry, two: shapely.Geometry) -> bool:
    """Whether two areas have the same rings; one may be a collection of a single part."""
    parts = [shapely.get_parts(shape) for shape in (one, two)]
    if len(parts[0]) != len(parts[1]):
        return False
    one, two = (shapely.normalize(shapely.MultiPolygon(list(part))) for part in parts)
    return bool(shapely.equals_exact(one, two, tolerance=0.0))


def sew_borders(
    folder: Folder, day: dt.date, ours: Sequence[Feature], base: Sequence[Feature], snap_m: float
) -> tuple[tuple[Feature, ...], list[str]]:
    """Draw new borders along old ones, where that leaves a sound layer."""
    ours = tuple(ours)
    earlier = earlier_day(folder, day)
    guides = folder.control[earlier].features if earlier else ()
    shapes = [[f.geometry for f in some if f.geometry is not None] for some in (ours, base, guides)]
    try:
        sewn = stitch_borders(folder.area, *shapes, tolerance_m=snap_m)
        after = tuple(
            feature if shape is feature.geometry else replace(feature, geometry=shape)
            for feature, shape in zip(ours, sewn, strict=True)
        )
        after = parse_features(after, schema=CONTROL, file="").features
        require_coverage(folder, after, "")
    except (SchemaError, CoverageError, shapely.errors.GEOSException, ValueError):
        note = f"borders were not snapped: within {snap_m:g} m it would not be a sound layer"
        return ours, [note]
    by_id = {feature.id: feature for feature in ours}
    kept = tuple(_restored(feature, by_id[feature.id], None) for feature in after)
    moved = [f.id for f in kept if f.geometry is not by_id[f.id].geometry]
    notes = [f"new borders were snapped within {snap_m:g} m: {', '.join(moved)}"] if moved else []
    return kept, notes


def require_coverage(folder: Folder, features: Sequence[Feature], file: str) -> None:
    """
    Raise where patches do not cover the study area once.

    Raises
    ------
    SchemaError
        If they overlap, leave a gap or reach outside; all errors are in it.
    """
    found = find_faults(folder.area, patches_of(features))
    errors = [replace(issue, file=file) for issue in found if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)


_METRES = 111_320.0
_ON_RIM_M = 0.1


def stitch_borders(
    area: shapely.Geometry,
    edited: Sequence[shapely.Geometry],
    earlier: Sequence[shapely.Geometry],
    guides: Sequence[shapely.Geometry] = (),
    *,
    tolerance_m: float,
) -> list[shapely.Geometry]:
    """
    Areas whose new borders run along old ones where they nearly do.

    Parameters
    ----------
    area
        The study area: corners on its border move along it only.
    edited
        All areas of the layer as they are now, on the grid.
    earlier
        All areas of the layer before.
    guides
        Areas of another date, whose borders attract too.
    tolerance_m
        How near is near, metres.

    Returns
    -------
    areas
        In the order of `edited`; the very same shapes where nothing moved. A shape may come out
        invalid if the tolerance is too wide for it.
    """
    if tolerance_m <= 0:
        return list(edited)
    # Only where somebody drew: what is far from every changed area stays as it is.
    near = _near_changes(edited, earlier, tolerance_m)
    out, at = list(edited), near(edited)
    old, guide = ([some[i] for i in near(some)] for some in (earlier, guides))
    for i, shape in zip(
        at, _sew_near(area, [out[i] for i in at], old, guide, tolerance_m), strict=True
    ):
        out[i] = shape
    return out


def _near_changes(
    edited: Sequence[shapely.Geometry], earlier: Sequence[shapely.Geometry], tolerance_m: float
) -> Callable[[Sequence[shapely.Geometry]], list[int]]:
    """Tells which of some areas, by number, lie near one that was not there before."""
    known = {id(shape) for shape in earlier}
    bounds = shapely.bounds(np.array([s for s in edited if id(s) not in known], dtype=object))
    margin = np.array([-1.0, -1.0, 1.0, 1.0]) * 4 * tolerance_m / _METRES
    tree = shapely.STRtree(np.asarray(shapely.box(*(bounds.reshape(-1, 4) + margin).T)))

    def near(some: Sequence[shapely.Geometry]) -> list[int]:
        found = tree.query(np.array(some, dtype=object), predicate="intersects")[0]
        return [int(i) for i in np.unique(found)]

    return near


def _sew_near(
    area: shapely.Geometry,
    edited: list[shapely.Geometry],
    earlier: list[shapely.Geometry],
    guides: list[shapely.Geometry],
    tolerance_m: float,
) -> list[shapely.Geometry]:
    if not edited:
        return []
    flat, _, _ = flatten([unfold(shape) for shape in edited])
    keys = _keys(flat.xy)
    new = np.setdiff1d(keys, _all_keys(earlier))
    if not new.size:
        return edited
    plane = _Plane(float(np.median(flat.xy[:, 1])), tolerance_m)
    goal = _goals(plane, new, [*earlier, *guides], area)
    at = np.searchsorted(new, keys).clip(max=len(new) - 1)
    keys = np.where(new[at] == keys, goal[at], keys)
    sewn = _with_corners(plane, replace(flat, xy=_xy(keys)), np.unique(goal), earlier)
    same = _untouched(flat, sewn)
    built = sewn.build()
    return [old if is_same else new for old, new, is_same in zip(edited, built, same, strict=True)]


class _Plane:
    """Positions as metres round one parallel: near is the same both ways."""

    def __init__(self, latitude: float, tolerance_m: float) -> None:
        self.scale = np.array([np.cos(np.radians(latitude)), 1.0]) * _METRES
        self.tolerance = tolerance_m

    def points(self, keys: Ints) -> NDArray[np.object_]:
        return np.asarray(shapely.points(_xy(keys) * self.scale))

    def edges(self, edges: Ints) -> NDArray[np.object_]:
        ends = np.stack([_xy(edges[:, 0]), _xy(edges[:, 1])], axis=1) * self.scale
        return np.asarray(shapely.linestrings(ends))

    def keys(self, points: NDArray[np.object_]) -> Ints:
        return _keys(shapely.get_coordinates(points) / self.scale)


def _keys(xy: Floats) -> Ints:
    """Each position as one integer, in steps of the grid."""
    return pack(*np.rint(xy * PER_DEGREE).astype(np.int64).T)


def _xy(keys: Ints) -> Floats:
    # A quotient, as text is read: the nearest double to six decimals.
    return np.stack(unpack(keys), axis=1) / PER_DEGREE


def _all_keys(areas: Sequence[shapely.Geometry]) -> Ints:
    return np.unique(_keys(shapely.get_coordinates(np.array(areas, dtype=object))))


def _edges_of(areas: Sequence[shapely.Geometry]) -> Ints:
    """The distinct edges of areas, each with its lesser end first."""
    xy, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(np.array(areas, dtype=object))), return_index=True
    )
    return _distinct(_keys(xy), ring)


def _distinct(keys: Ints, ring: Ints) -> Ints:
    pairs = np.stack([keys[:-1], keys[1:]], axis=1)[np.diff(ring) == 0]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return np.unique(np.sort(pairs, axis=1), axis=0).reshape(-1, 2)


def _goals(
    plane: _Plane, new: Ints, old: Sequence[shapely.Geometry], area: shapely.Geometry
) -> Ints:
    """Where each new corner goes: to an old corner, onto an old edge, to another new one."""
    goal = new.copy()
    corners, edges = _all_keys([*old, area]), _edges_of([*old, area])
    rim = shapely.STRtree(plane.edges(_edges_of([area])))
    ours, theirs = _near_rim(plane, rim, new), _near_rim(plane, rim, corners)
    for mine, allowed in ((ours, theirs), (~ours, np.ones(len(corners), bool))):
        free = np.flatnonzero(mine)
        if not free.size or not allowed.any():
            continue
        tree = shapely.STRtree(plane.points(corners[allowed]))
        hit, near = tree.query_nearest(
            plane.points(new[free]), max_distance=plane.tolerance, all_matches=False
        )
        goal[free[hit]] = corners[allowed][near]
    free = np.flatnonzero((goal == new) & ~ours)
    lines, points = plane.edges(edges), plane.points(new[free])
    hit, near = shapely.STRtree(lines).query_nearest(
        points, max_distance=plane.tolerance, all_matches=False
    )
    if hit.size:
        foot = shapely.get_point(shapely.shortest_line(points[hit], lines[near]), 1)
        goal[free[hit]] = plane.keys(foot)
    return _gathered(plane, new, goal, np.flatnonzero((goal == new) & ~ours))


def _near_rim(plane: _Plane, rim: shapely.STRtree, keys: Ints) -> Flags:
    near = np.zeros(len(keys), bool)
    near[rim.query(plane.points(keys), predicate="dwithin", distance=_ON_RIM_M)[0]] = True
    return near


def _gathered(plane: _Plane, new: Ints, goal: Ints, free: Ints) -> Ints:
    """Let new corners that two neighbours drew apart meet in the first of them."""
    points = plane.points(new[free])
    one, two = shapely.STRtree(points).query(points, predicate="dwithin", distance=plane.tolerance)
    taken = np.zeros(len(free), bool)
    for i, j in sorted(zip(one.tolist(), two.tolist(), strict=True)):
        if i < j and not taken[i]:
            goal[free[j]], taken[j] = new[free[i]], True
    return goal


def _with_corners(
    plane: _Plane, flat: Shapes, moved: Ints, earlier: Sequence[shapely.Geometry]
) -> Shapes:
    """Put corners into the edges that they lie beside: new ones into all, old ones into new."""
    keys = _keys(flat.xy)
    ring = np.repeat(np.arange(len(flat.sequences) - 1), np.diff(flat.sequences))
    edges, corners = _distinct(keys, ring), np.unique(keys)
    new_edges = np.flatnonzero(~_rows_in(edges, _edges_of(earlier)))
    new_corners = np.flatnonzero(~np.isin(corners, _all_keys(earlier)) & np.isin(corners, moved))
    pairs = [
        _beside(plane, edges, new_edges, corners, np.arange(len(corners))),
        _beside(plane, edges, np.arange(len(edges)), corners, new_corners),
    ]
    edge, corner = np.unique(np.concatenate(pairs, axis=1), axis=1)
    a, b, p = (_xy(k) * plane.scale for k in (edges[edge, 0], edges[edge, 1], corners[corner]))
    step = b - a
    along = ((p - a) * step).sum(axis=1)
    inner = (along > 0) & (along < (step * step).sum(axis=1))
    inner &= (corners[corner] != edges[edge, 0]) & (corners[corner] != edges[edge, 1])
    extra: dict[tuple[int, int], list[int]] = {}
    order = np.lexsort([along, edge])
    for i in order[inner[order]].tolist():
        first, last = edges[edge[i]].tolist()
        extra.setdefault((first, last), []).append(int(corners[corner[i]]))
    return _rebuilt(flat, keys, extra)


def _beside(
    plane: _Plane, edges: Ints, some_edges: Ints, corners: Ints, some_corners: Ints
) -> Ints:
    """Edge and corner of each pair that is near, out of some of each."""
    if not (some_edges.size and some_corners.size):
        return np.empty((2, 0), dtype=np.int64)
    lines, points = plane.edges(edges[some_edges]), plane.points(corners[some_corners])
    # The tree holds the more of the two.
    if len(lines) > len(points):
        at, line = shapely.STRtree(lines).query(
            points, predicate="dwithin", distance=plane.tolerance
        )
    else:
        line, at = shapely.STRtree(points).query(
            lines, predicate="dwithin", distance=plane.tolerance
        )
    return np.stack([some_edges[line], some_corners[at]])


def _rows_in(rows: Ints, others: Ints) -> Flags:
    pair = np.dtype([("low", np.int64), ("high", np.int64)])
    one, two = (np.ascontiguousarray(some).view(pair).reshape(-1) for some in (rows, others))
    return np.asarray(np.isin(one, two))


def _rebuilt(flat: Shapes, keys: Ints, extra: dict[tuple[int, int], list[int]]) -> Shapes:
    """The rings with more corners, and without those that moved onto their neighbour."""
    chain: list[int] = []
    sequences = [0]
    for start, end in zip(flat.sequences[:-1], flat.sequences[1:], strict=True):
        ring = keys[start:end].tolist()
        out = ring[:1]
        for a, b in pairwise(ring):
            if a != b:
                between = extra.get((min(a, b), max(a, b)), [])
                out += [*(between if a < b else reversed(between)), b]
        chain += out
        sequences.append(len(chain))
    xy = _xy(np.array(chain, dtype=np.int64))
    return replace(flat, xy=xy, sequences=np.array(sequences, dtype=np.int64))


def _untouched(before: Shapes, after: Shapes) -> list[bool]:
    return [
        len(one) == len(two)
        and all(
            len(a) == len(b) and all(np.array_equal(r, s) for r, s in zip(a, b, strict=True))
            for a, b in zip(one, two, strict=True)
        )
        for one, two in ((before.rings(i), after.rings(i)) for i in range(len(before.kinds)))
    ]
