"""
Faces and shared arcs: the borders of many polygons noded together once.

`arrange` nodes segments on the 1e-6 degree grid, joins them into arcs and
traces the faces. What a polygon covers is then told without any geometry: its
border says by how much the cover changes from the right to the left of an arc,
and a spanning tree of the faces adds that up. An arrangement can be extended by
more segments; the outcome is the one that arranging all of them anew would give.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage.arrangement import Arcs, Arrangement, arrange
from geo.coverage.lines import components
from geo.coverage.noding import (
    PER_DEGREE,
    BorderEdges,
    Lines,
    Segments,
    Shapes,
    directed_shapes,
    distinct,
    pack,
    ranges,
    shapes,
    uniques,
    unpack,
)
from geo.crs import length_km
from geo.errors import CoverageError, Issue
from geo.model import Patch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "SLIVER_M",
    "Arcs",
    "Arrangement",
    "BorderEdges",
    "Lines",
    "Segments",
    "Shapes",
    "arrange",
    "components",
    "find_faults",
    "outlines",
    "shapes",
    "simplified",
    "snapped",
]

SLIVER_M = 5.0
"""A gap or an overlap of less mean width than this is a sliver: reported, not refused."""


# ---------------------------------------------------------------- faults of one layer

_KINDS = {
    "overlap": "take the ground from one of them",
    "gap": "give the ground to a patch, with status unknown if need be",
    "outside": "cut the patch at the border of the study area",
}


def find_faults(
    area: shapely.Geometry,
    patches: Sequence[Patch],
    *,
    edges: BorderEdges | None = None,
    valid: bool = False,
) -> list[Issue]:
    """
    Return where the patches of one layer overlap, leave a gap or reach outside.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    patches
        The patches of one date.
    edges
        The segments of the patches, where they are known already.
    valid
        Whether every patch is known to be valid, as what the strict reader returns is.

    Returns
    -------
    issues
        One a connected piece: ``layer.overlap``, ``layer.gap`` and ``layer.outside`` are errors;
        ``layer.sliver`` is a warning, for pieces of less than `SLIVER_M` mean width;
        ``layer.crossing`` is an error, for a patch whose border crosses itself. Largest first.
    """
    shown = np.empty(len(patches) + 1, dtype=object)
    shown[:] = [area, *(patch.geometry for patch in patches)]
    sound = np.ones(len(shown), bool)
    doubted = slice(1 if valid else len(shown))
    sound[doubted] = shapely.is_valid(shown[doubted])
    if sound.all() and _is_covered(area, edges or BorderEdges.of(shown[1:])):
        return []
    which = shapes(shown)
    if not len(which.low):
        return [] if not patches else [_empty_area()]
    arrangement = arrange(which)
    offsets, arc, sign = arrangement.borders(which)
    inside = arrangement.cover(arc[: offsets[1]], sign[: offsets[1]])
    count = arrangement.cover(arc[offsets[1] :], sign[offsets[1] :])
    found: list[tuple[float, Issue]] = []
    for i in np.flatnonzero(~sound[1:]).tolist():
        span = slice(offsets[i + 1], offsets[i + 2])
        found += _crossed(arrangement, arrangement.cover(arc[span], sign[span]), patches[i])
    owners = _owners(arrangement, offsets, arc, sign, np.flatnonzero(inside != count))
    for kind, bad in (
        ("overlap", count > 1),
        ("gap", (inside > 0) & (count < 1)),
        ("outside", (inside < 1) & (count > 0)),
    ):
        found += _pieces(arrangement, kind, bad, owners, patches)
    found.sort(key=lambda item: (-item[0], item[1].ids, item[1].where))
    return [issue for _, issue in found]


def _is_covered(area: shapely.Geometry, edges: BorderEdges) -> bool:
    """
    Whether valid polygons cover the study area exactly once, where that shows without much noding.

    They are given by their segments. Valid polygons whose borders cancel out to that of the study
    area do. Only the segments that have no twin as they are drawn need noding.
    """
    left = np.flatnonzero(edges.twin < 0)
    if 2 * len(left) > len(edges.start):
        return False
    rim = BorderEdges.of([area])
    # What the patches have on the left hand, the study area has on the right.
    start, end = np.append(rim.end, edges.start[left]), np.append(rim.start, edges.end[left])
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, pair = distinct(low, high)
    net = np.bincount(pair, np.where(up, 1, -1), minlength=len(first))
    first, net = first[net != 0], net[net != 0].astype(np.int64)
    start, end, owner = Segments.noded(low[first], high[first]).edges()
    up = start < end
    _, pair = distinct(np.where(up, start, end), np.where(up, end, start))
    total = np.bincount(pair, np.where(up, 1, -1) * net[owner])
    return not total.any()


def outlines(
    area: shapely.Geometry, edges: BorderEdges, codes: NDArray[np.integer]
) -> tuple[Ints, NDArray[np.object_]] | None:
    """
    Return the ground of each code as one polygon, from the patches of one layer.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    edges
        The segments of the patches: valid polygons and multipolygons.
    codes
        A whole number for each patch, not negative.

    Returns
    -------
    values, polygons
        The codes that occur, ascending, and for each its Polygon or MultiPolygon; None where the
        patches do not cover the study area exactly once, be it by a sliver.
    """
    code = codes[edges.owner].astype(np.int64)
    # Most segments part two patches of one code; they are gone before anything is noded.
    kept = np.flatnonzero((edges.twin < 0) | (code != code[edges.twin]))
    kept = kept[np.argsort(code[kept], kind="stable")]
    values = uniques(code[kept])
    rim = BorderEdges.of([area])
    counts = np.searchsorted(code[kept], values, side="right")
    offsets = np.concatenate([np.zeros(1, np.int64), len(rim.start) + np.append(0, counts)])
    start, end = np.append(rim.start, edges.start[kept]), np.append(rim.end, edges.end[kept])
    which = directed_shapes(start, end, offsets)
    arrangement = arrange(which)
    bounds, arc, sign = arrangement.borders(which)
    covers = [
        arrangement.cover(arc[begin:end], sign[begin:end])
        for begin, end in pairwise(bounds.tolist())
    ]
    if not np.array_equal(covers[0], np.sum(covers[1:], axis=0, dtype=np.int64)):
        return None
    labels = np.full(arrangement.face_count, -1, np.int64)
    for value, cover in zip(values.tolist(), covers[1:], strict=True):
        labels[cover > 0] = value
    return arrangement.dissolve(labels)


def _crossed(arrangement: Arrangement, cover: Ints, patch: Patch) -> Iterator[tuple[float, Issue]]:
    """What a patch covers twice, or the wrong way round: its border crosses itself."""
    bad = (cover < 0) | (cover > 1)
    if not bad.any():
        return
    _, polygons = arrangement.dissolve(np.where(bad, 0, -1))
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygons[0]))[0]
    size = float(arrangement.face_area_km2[bad].sum())
    name = patch.label.patch or "a patch"
    yield (
        size,
        Issue(
            "layer.crossing",
            "error",
            f"the border of {name} crosses itself round {size:.6g} km2",
            "draw it without the loop",
            ids=(patch.label.patch,) if patch.label.patch else (),
            where=(round(x, 6), round(y, 6)),
        ),
    )


def _empty_area() -> Issue:
    return Issue(
        "layer.outside", "error", "the study area is empty, so every patch lies outside it"
    )


def _owners(
    arrangement: Arrangement, offsets: Ints, arc: Ints, sign: NDArray[np.int8], faces: Ints
) -> dict[int, tuple[int, ...]]:
    """Which patches cover each of some faces."""
    owners: dict[int, list[int]] = {int(face): [] for face in faces}
    for patch in range(len(offsets) - 2):
        span = slice(offsets[patch + 1], offsets[patch + 2])
        covered = arrangement.cover(arc[span], sign[span])[faces] > 0
        for face in faces[covered].tolist():
            owners[face].append(patch)
    return {face: tuple(found) for face, found in owners.items()}


def _pieces(
    arrangement: Arrangement,
    kind: str,
    bad: NDArray[np.bool_],
    owners: dict[int, tuple[int, ...]],
    patches: Sequence[Patch],
) -> Iterator[tuple[float, Issue]]:
    sets = {owner: number for number, owner in enumerate(sorted(set(owners.values())))}
    labels = np.full(arrangement.face_count, -1, np.int64)
    for face in np.flatnonzero(bad).tolist():
        labels[face] = sets[owners.get(face, ())] if face in owners else -1
    part = arrangement.parts(labels)
    labels = np.where(labels >= 0, part, -1)
    values, polygons = arrangement.dissolve(labels)
    area = np.bincount(labels[labels >= 0], arrangement.face_area_km2[labels >= 0])
    for face, polygon in zip(values.tolist(), polygons, strict=True):
        ids = tuple(sorted({patches[i].label.patch or f"#{i}" for i in owners[face]}))
        yield float(area[face]), _fault(kind, ids, polygon, float(area[face]))


def _fault(kind: str, ids: tuple[str, ...], polygon: shapely.Geometry, area: float) -> Issue:
    width = 2e3 * area / max(float(length_km(shapely.boundary(polygon))[0]), 1e-12)
    sliver = width < SLIVER_M
    size = f"{area:.6g} km2, on the mean {width:.3g} m wide"
    who = " and ".join(ids)
    text = {
        "overlap": f"{who} overlap: {size}",
        "gap": f"no patch covers this ground: {size}",
        "outside": f"{who} reaches outside the study area: {size}",
    }[kind]
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygon))[0]
    return Issue(
        "layer.sliver" if sliver else f"layer.{kind}",
        "warning" if sliver else "error",
        text,
        _KINDS[kind],
        ids=ids,
        where=(round(x, 6), round(y, 6)),
    )


# ---------------------------------------------------------------- snapping to an earlier layer

_GRID_M = 6371008.8 * np.pi / 180 / PER_DEGREE
"""Length of a grid step along a meridian."""


def snapped(
    area: shapely.Geometry,
    patches: Sequence[Patch],
    earlier: Sequence[Patch],
    *,
    tolerance_m: float,
) -> tuple[list[Patch], list[Issue]]:
    """
    Return a layer whose borders run along those of an earlier one where they nearly do.

    Two people who draw the same line draw it twice. A corner that lies near an
    earlier corner moves there, else onto the earlier border near by; an edge
    takes up the earlier corners that lie beside it.

    Parameters
    ----------
    area
        The study area; corners on its border move along it only.
    patches
        The layer to snap; it covers the study area once.
    earlier
        The patches of the layer before.
    tolerance_m
        How near is near, metres.

    Returns
    -------
    patches
        The same labels in the same order. Patches that vanish are left out.
    issues
        ``layer.redrawn``, a warning for each patch of which corners moved: how many, and how far.

    Raises
    ------
    ValueError
        If `tolerance_m` is not positive.
    CoverageError
        If the snapped patches no longer cover the study area once: the tolerance is too wide.
    """
    if tolerance_m <= 0:
        raise ValueError(f"tolerance_m is {tolerance_m}; it must be positive")
    new = shapes([patch.geometry for patch in patches])
    old = shapes([patch.geometry for patch in earlier])
    rim = shapes([area])
    if not (len(new.low) and len(old.low)):
        return list(patches), []
    plane = _Plane(new, tolerance_m)
    moved, far = _moved_corners(plane, new, old, rim)
    begin, end, segment = _followed_edges(plane, new, old, moved)
    at, shape = _directed(new, begin, end, segment)
    which = directed_shapes(*at, shape)
    arrangement = arrange(which)
    found = []
    for i, patch in enumerate(patches):
        cover = _cover(arrangement, which, i)
        if (cover > 0).any():
            _, polygons = arrangement.dissolve(np.where(cover > 0, 0, -1))
            found.append(Patch(patch.label, polygons[0]))
    bad = [issue for issue in find_faults(area, found) if issue.severity == "error"]
    if bad:
        raise CoverageError(
            f"snapped within {tolerance_m:g} m the layer is no coverage any more; "
            f"take a smaller tolerance\n" + "\n".join(str(issue) for issue in bad),
            bad,
        )
    return found, _redrawn(new, patches, far)


class _Plane:
    """Grid positions as points in steps of equal length both ways, round the middle of shapes."""

    def __init__(self, which: Shapes, tolerance_m: float) -> None:
        _, y = unpack(which.low)
        middle = float(np.median(y)) / PER_DEGREE
        self.squeeze = float(np.cos(np.radians(middle)))
        self.tolerance = tolerance_m / _GRID_M

    def xy(self, key: Ints) -> NDArray[np.float64]:
        x, y = unpack(key)
        return np.stack([x * self.squeeze, y], axis=1)

    def points(self, key: Ints) -> NDArray[np.object_]:
        return np.asarray(shapely.points(self.xy(key)))

    def lines(self, low: Ints, high: Ints) -> NDArray[np.object_]:
        ends = np.stack([self.xy(low), self.xy(high)], axis=1)
        return np.asarray(shapely.linestrings(ends))

    def key(self, points: NDArray[np.object_]) -> Ints:
        xy = shapely.get_coordinates(points)
        x, y = np.rint(xy[:, 0] / self.squeeze), np.rint(xy[:, 1])
        return pack(x.astype(np.int64), y.astype(np.int64))


def _corners(which: Shapes) -> Ints:
    return uniques(np.concatenate([which.low, which.high]))


def _moved_corners(
    plane: _Plane, new: Shapes, old: Shapes, rim: Shapes
) -> tuple[tuple[Ints, Ints], NDArray[np.float64]]:
    """Corners of the new layer and where they go, and by how many metres."""
    here, there = _corners(new), _corners(old)
    goal = here.copy()
    edge = shapely.STRtree(plane.lines(rim.low, rim.high))

    def on_rim(key: Ints) -> NDArray[np.bool_]:
        near = np.zeros(len(key), bool)
        near[edge.query(plane.points(key), predicate="dwithin", distance=0.75)[0]] = True
        return near

    # A corner on the border of the study area goes to others there, and never off it.
    ours, theirs = on_rim(here), on_rim(there)
    for mine, allowed in ((ours, theirs), (~ours, np.ones(len(there), bool))):
        free = np.flatnonzero(mine & ~np.isin(here, there))
        if not len(free) or not allowed.any():
            continue
        tree = shapely.STRtree(plane.points(there[allowed]))
        hit, near = tree.query_nearest(
            plane.points(here[free]), max_distance=plane.tolerance, all_matches=False
        )
        goal[free[hit]] = there[allowed][near]
    free = np.flatnonzero((goal == here) & ~ours & ~np.isin(here, there))
    borders = plane.lines(old.low, old.high)
    points = plane.points(here[free])
    hit, near = shapely.STRtree(borders).query_nearest(
        points, max_distance=plane.tolerance, all_matches=False
    )
    if len(hit):
        foot = np.asarray(shapely.get_point(shapely.shortest_line(points[hit], borders[near]), 1))
        goal[free[hit]] = plane.key(foot)
    step = plane.xy(goal) - plane.xy(here)
    return (here, goal), np.hypot(step[:, 0], step[:, 1]) * _GRID_M


def _followed_edges(
    plane: _Plane, new: Shapes, old: Shapes, moved: tuple[Ints, Ints]
) -> tuple[Ints, Ints, Ints]:
    """Pieces of the distinct new segments: moved, and bent to the earlier corners beside them."""
    here, goal = moved
    low, high = (goal[np.searchsorted(here, key)] for key in (new.low, new.high))
    there = _corners(old)
    tree = shapely.STRtree(plane.points(there))
    segment, corner = tree.query(
        plane.lines(low, high), predicate="dwithin", distance=plane.tolerance
    )
    key = there[corner]
    a, b, p = plane.xy(low[segment]), plane.xy(high[segment]), plane.xy(key)
    step = b - a
    along = ((p - a) * step).sum(axis=1)
    inner = (along > 0) & (along < (step * step).sum(axis=1))
    inner &= (key != low[segment]) & (key != high[segment])
    segment, key, along = segment[inner], key[inner], along[inner]
    order = np.lexsort([along, segment])
    segment, key = segment[order], key[order]
    extra = np.bincount(segment, minlength=len(low))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(extra + 2)])
    chain = np.empty(int(offsets[-1]), np.int64)
    chain[offsets[:-1]], chain[offsets[1:] - 1] = low, high
    chain[ranges(offsets[:-1] + 1, extra)] = key
    start, end, owner = Lines(chain, offsets).edges(np.arange(len(low)))
    return start, end, owner


def _directed(which: Shapes, start: Ints, end: Ints, owner: Ints) -> tuple[tuple[Ints, Ints], Ints]:
    """The pieces along each shape, in its direction, and where each shape begins."""
    count = np.bincount(owner, minlength=len(which.low))
    begin = np.cumsum(count) - count
    size = count[which.segment]
    at = ranges(begin[which.segment], size)
    forward = np.repeat(which.sign > 0, size)
    ends = np.where(forward, start[at], end[at]), np.where(forward, end[at], start[at])
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])[which.offsets]
    return ends, offsets


def _cover(arrangement: Arrangement, which: Shapes, i: int) -> Ints:
    offsets, arc, sign = arrangement.borders(which)
    span = slice(offsets[i], offsets[i + 1])
    return arrangement.cover(arc[span], sign[span])


def _redrawn(new: Shapes, patches: Sequence[Patch], far: NDArray[np.float64]) -> list[Issue]:
    """What moved, patch by patch."""
    corners = _corners(new)
    issues = []
    for i, patch in enumerate(patches):
        mine = new.segment[new.offsets[i] : new.offsets[i + 1]]
        at = np.searchsorted(corners, uniques(np.concatenate([new.low[mine], new.high[mine]])))
        moved = at[far[at] > 0]
        if not len(moved):
            continue
        furthest = moved[np.argmax(far[moved])]
        x, y = (int(v[0]) / PER_DEGREE for v in unpack(corners[[furthest]]))
        issues.append(
            Issue(
                "layer.redrawn",
                "warning",
                f"{len(moved)} of {len(at)} corners of {patch.label.patch or f'#{i}'} lie beside "
                f"the border of the layer before, up to {far[moved].max():.3g} m off it",
                "snap them to it, unless the border did move",
                ids=(patch.label.patch,) if patch.label.patch else (),
                where=(x, y),
            )
        )
    return issues


# ---------------------------------------------------------------- simplification


def simplified(arcs: Arcs, *, tolerance_m: float) -> Arcs:
    """
    Return arcs with fewer positions; faces keep their neighbours and their shared borders.

    Each arc is simplified once (Douglas and Peucker 1973, Cartographica 10,
    112-122), its nodes stay. Where lines would cross, touch or fall together, or
    a part would change its side of a line, the arcs concerned are left as they were.

    Parameters
    ----------
    arcs
        Shared lines, longitude, latitude.
    tolerance_m
        No position that is left out lies further from the new line, metres.

    Returns
    -------
    arcs
        The same arcs in the same order, with the same faces and nodes.

    Raises
    ------
    ValueError
        If `tolerance_m` is not positive.
    """
    if tolerance_m <= 0:
        raise ValueError(f"tolerance_m is {tolerance_m}; it must be positive")
    count = len(arcs.offsets) - 1
    if not count:
        return arcs
    squeeze = float(np.cos(np.radians(np.median(arcs.coords[:, 1]))))
    kept = _kept_positions(arcs, squeeze, tolerance_m / (_GRID_M * PER_DEGREE))
    begin = np.repeat(np.arange(count), np.diff(arcs.offsets))
    while True:
        coords = arcs.coords[kept]
        sizes = np.bincount(begin[kept], minlength=count)
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        thin = Arcs(coords, offsets, arcs.left, arcs.right, arcs.start, arcs.end)
        bad = np.setdiff1d(_tangled(arcs, thin), np.flatnonzero(sizes == np.diff(arcs.offsets)))
        if not len(bad):
            return thin
        kept |= np.isin(begin, bad)


def _kept_positions(arcs: Arcs, squeeze: float, tolerance: float) -> NDArray[np.bool_]:
    """Which positions Douglas-Peucker keeps; a closed arc is held at its furthest position too."""
    xy = arcs.coords * [squeeze, 1.0]
    count = np.diff(arcs.offsets)
    number = np.repeat(np.arange(len(count)), count)
    kept = np.zeros(len(xy), bool)
    first, last = arcs.offsets[:-1], arcs.offsets[1:] - 1
    kept[first] = kept[last] = True
    reach = np.hypot(*(xy - xy[first][number]).T)
    closed = np.flatnonzero(arcs.start == arcs.end)
    for k in closed.tolist():
        span = slice(first[k], last[k] + 1)
        kept[first[k] + int(np.argmax(reach[span]))] = True
    # Split where a position is held, so that each piece is an open line with two ends.
    cuts = np.flatnonzero(kept)
    inner = number[cuts[:-1]] == number[cuts[1:]]
    begin, end = cuts[:-1][inner], cuts[1:][inner]
    at = ranges(begin, end - begin + 1)
    piece = np.repeat(np.arange(len(begin)), end - begin + 1)
    lines = shapely.linestrings(xy[at], indices=piece)
    thin = shapely.simplify(lines, tolerance, preserve_topology=False)
    # The positions that are left are among the old ones, in order.
    left, owner = shapely.get_coordinates(thin, return_index=True)
    there = np.rint(left / [squeeze, 1.0] * PER_DEGREE).astype(np.int64)
    here = np.rint(arcs.coords[at] * PER_DEGREE).astype(np.int64)
    x, y = np.concatenate([here, there]).T
    _, same = distinct(np.concatenate([piece, owner]), pack(x, y))
    kept[at[np.isin(same[: len(at)], same[len(at) :])]] = True
    return kept


def _tangled(arcs: Arcs, thin: Arcs) -> Ints:
    """Arcs that cross, touch or equal another after simplification, or changed their side."""
    grid = np.rint(thin.coords * PER_DEGREE).astype(np.int64)
    lines = Lines(pack(grid[:, 0], grid[:, 1]), thin.offsets)
    start, end, arc = lines.edges(np.arange(len(thin.offsets) - 1))
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, same = distinct(low, high)
    shared = np.bincount(same) > 1
    segments = Segments.noded(low[first], high[first])
    met = np.zeros(len(first), bool)
    met[segments.split] = True
    # What a segment is split at are positions of other arcs: those are concerned as well.
    through = np.isin(start, segments.split_at) | np.isin(end, segments.split_at)
    bad = uniques(arc[shared[same] | met[same] | through])
    return bad if len(bad) else _swapped(arcs, thin)


def _swapped(arcs: Arcs, thin: Arcs) -> Ints:
    """Arcs of faces that hold a separate part which is no longer inside."""
    lines = []
    for one in (arcs, thin):
        grid = np.rint(one.coords * PER_DEGREE).astype(np.int64)
        lines.append(Lines(pack(grid[:, 0], grid[:, 1]), one.offsets))
    nothing = np.zeros(0, np.int64)
    before, after = (Arrangement(Segments(*[nothing] * 4), line) for line in lines)
    if before.face_count != after.face_count:
        return np.arange(len(arcs.offsets) - 1)
    # The order of faces follows the arcs, which are the same; a part that jumped has another face.
    changed = np.flatnonzero((before.face != after.face).reshape(-1, 2).any(axis=1))
    if not len(changed):
        return changed
    faces = uniques(np.concatenate([before.face[2 * changed], before.face[2 * changed + 1]]))
    faces = np.union1d(faces, [*after.face[2 * changed], *after.face[2 * changed + 1]])
    ends = before.face.reshape(-1, 2)
    return np.flatnonzero(
        np.isin(ends, faces[faces >= 0]).any(axis=1) | np.isin(ends, faces).all(axis=1)
    )
