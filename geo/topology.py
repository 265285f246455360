"""
Faces and shared arcs: the borders of many polygons noded together once.

Coordinates are integers on the 1e-6 degree grid, so that every predicate here
is exact. `arrange` rounds all crossings and touchings to the grid (snap
rounding: Hobby 1999, Computational Geometry 13, 199-214), traces the faces and
returns an `Arrangement`. What a polygon covers is then told without any
geometry: its border says by how much the cover changes from the right to the
left of an arc, and a spanning tree of the faces adds that up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, length_km
from geo.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.model import Patch

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["SLIVER_M", "Arcs", "Arrangement", "Shapes", "arrange", "faults", "shapes"]

SLIVER_M = 5.0
"""A gap or an overlap of less mean width than this is a sliver: reported, not refused."""

_PER_DEGREE = round(1 / GRID_DEG)
_BIAS = 1 << 28
"""Keeps packed coordinates positive; 180 degrees are 1.8e8 grid steps."""
_LOW = (1 << 32) - 1


# ---------------------------------------------------------------- positions and segments


def _pack(x: Ints, y: Ints) -> Ints:
    """One integer a grid position, ordered by x, then y."""
    return ((x + _BIAS) << 32) | (y + _BIAS)


def _unpack(key: Ints) -> tuple[Ints, Ints]:
    return (key >> 32) - _BIAS, (key & _LOW) - _BIAS


@dataclass(frozen=True, slots=True)
class Shapes:
    """
    Polygons as directed grid segments, their ground on the left.

    Attributes
    ----------
    low, high
        Packed ends of each distinct segment, lower end first.
    offsets
        Where each polygon begins in `segment`.
    segment
        Index of a distinct segment.
    sign
        1 where the polygon runs it from low to high, else -1.
    """

    low: Ints
    high: Ints
    offsets: Ints
    segment: NDArray[np.int32]
    sign: NDArray[np.int8]


def shapes(geometries: Sequence[shapely.Geometry]) -> Shapes:
    """
    Return polygons as directed segments on the grid.

    Parameters
    ----------
    geometries
        Polygons and MultiPolygons, longitude, latitude; wound either way.

    Returns
    -------
    shapes
        In the order given. Segments of no length on the grid are gone.
    """
    many = np.asarray(geometries, dtype=object)
    start, end, owner = _directed(many)
    low, high = np.minimum(start, end), np.maximum(start, end)
    first, inverse = _distinct(low, high)
    offsets = np.searchsorted(owner, np.arange(len(many) + 1)).astype(np.int64)
    return Shapes(
        low[first],
        high[first],
        offsets,
        inverse.astype(np.int32),
        np.where(start == low, 1, -1).astype(np.int8),
    )


def _directed(many: NDArray[np.object_]) -> tuple[Ints, Ints, Ints]:
    """Packed start and end of each ring's segments, ground on the left; and whose they are."""
    parts, part_owner = shapely.get_parts(many, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    grid = np.rint(lonlat * _PER_DEGREE).astype(np.int64)
    x, y = grid[:, 0], grid[:, 1]
    inner = ring[1:] == ring[:-1]
    # Sums wrap round modulo 2**64; the area of a ring fits, so it comes out exact.
    cross = np.where(inner, x[:-1] * y[1:] - x[1:] * y[:-1], 0)
    twice = np.zeros(len(rings), np.int64)
    if len(cross):
        begins = np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]])
        twice[ring[begins]] = np.add.reduceat(np.r_[cross, 0], begins)
    hole = np.r_[False, ring_part[1:] == ring_part[:-1]] if len(rings) else np.zeros(0, bool)
    turn = (twice > 0) == hole
    key = _pack(x, y)
    keep = np.flatnonzero(inner & (key[1:] != key[:-1]))
    flip = turn[ring[keep]]
    start = np.where(flip, key[keep + 1], key[keep])
    end = np.where(flip, key[keep], key[keep + 1])
    return start, end, part_owner[ring_part[ring[keep]]]


def _distinct(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """First index of each distinct pair, in order of the pairs, and the inverse."""
    keys, inverse = np.unique(np.concatenate([low, high]), return_inverse=True)
    n = len(low)
    pair = inverse[:n].astype(np.int64) * len(keys) + inverse[n:]
    _, first, back = np.unique(pair, return_index=True, return_inverse=True)
    return first, back


# ---------------------------------------------------------------- snap rounding


def _splits(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """
    Where segments must be split: index of the segment and packed position, in order along it.

    Hot pixels are the grid squares that hold an end or a crossing; a segment is
    split at each hot pixel that it passes through.
    """
    buckets = _Buckets(low, high)
    hot = np.unique(np.concatenate([low, high]))
    crossed = np.setdiff1d(buckets.crossings(), hot)
    pairs = [buckets.through(hot)]
    if len(crossed):
        pairs.append(buckets.through(crossed))
    segment = np.concatenate([p[0] for p in pairs])
    key = np.concatenate([p[1] for p in pairs])
    x1, y1 = _unpack(low[segment])
    x2, y2 = _unpack(high[segment])
    px, py = _unpack(key)
    along = (px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)
    order = np.lexsort([along, segment])
    return segment[order], key[order]


class _Buckets:
    """Segments in the squares of a uniform raster, so that only neighbours are compared."""

    def __init__(self, low: Ints, high: Ints) -> None:
        self.low, self.high = low, high
        self.x1, self.y1 = _unpack(low)
        self.x2, self.y2 = _unpack(high)
        reach = np.maximum(np.abs(self.x2 - self.x1), np.abs(self.y2 - self.y1))
        self.west, self.south = int(self.x1.min()), int(min(self.y1.min(), self.y2.min()))
        width = int(self.x2.max()) - self.west + 1
        height = int(max(self.y1.max(), self.y2.max())) - self.south + 1
        # About one segment a bucket along the borders, and not many more buckets than segments.
        mean = float(reach.mean()) * 1.5
        self.size = max(4.0, mean, (width * height / (4.0 * len(low) + 1024)) ** 0.5)
        self.columns = int(width / self.size) + 3
        self.rows = int(height / self.size) + 3
        self._fill(reach)

    def _fill(self, reach: Ints) -> None:
        # A long segment enters in pieces, so that it fills the squares along it, not its box.
        n = np.maximum(1, np.ceil(reach / self.size)).astype(np.int64)
        owner = np.repeat(np.arange(len(n)), n)
        k = np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n)
        t1, t2 = k / n[owner], (k + 1) / n[owner]
        dx, dy = (self.x2 - self.x1)[owner], (self.y2 - self.y1)[owner]
        xa, xb = self.x1[owner] + dx * t1, self.x1[owner] + dx * t2
        ya, yb = self.y1[owner] + dy * t1, self.y1[owner] + dy * t2
        c1, c2 = self._cell(xa - 1, self.west), self._cell(xb + 1, self.west)
        r1 = self._cell(np.minimum(ya, yb) - 1, self.south)
        r2 = self._cell(np.maximum(ya, yb) + 1, self.south)
        wide = (c2 - c1 + 1) * (r2 - r1 + 1)
        piece = np.repeat(np.arange(len(owner)), wide)
        k = np.arange(len(piece)) - np.repeat(np.cumsum(wide) - wide, wide)
        across = (c2 - c1 + 1)[piece]
        cell = (r1[piece] + k // across) * self.columns + c1[piece] + k % across
        segment = owner[piece]
        order = np.lexsort([segment, cell])
        cell, segment = cell[order], segment[order]
        fresh = np.r_[True, (cell[1:] != cell[:-1]) | (segment[1:] != segment[:-1])]
        self.cell, self.segment = cell[fresh], segment[fresh]
        counts = np.bincount(self.cell, minlength=self.columns * self.rows)
        self.begin = np.r_[0, np.cumsum(counts)]

    def _cell(self, value: Floats | Ints, origin: int) -> Ints:
        return np.floor((value - origin) / self.size).astype(np.int64) + 1

    def through(self, keys: Ints) -> tuple[Ints, Ints]:
        """Segments that pass through the pixels of some positions, their own ends left out."""
        px, py = _unpack(keys)
        cell = self._cell(py, self.south) * self.columns + self._cell(px, self.west)
        count = self.begin[cell + 1] - self.begin[cell]
        which = np.repeat(np.arange(len(keys)), count)
        k = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        segment = self.segment[self.begin[cell][which] + k]
        key = keys[which]
        keep = (key != self.low[segment]) & (key != self.high[segment])
        segment, key, px, py = segment[keep], key[keep], px[which[keep]], py[which[keep]]
        x1, y1, x2, y2 = self.x1[segment], self.y1[segment], self.x2[segment], self.y2[segment]
        near = (x1 <= px) & (px <= x2) & (np.minimum(y1, y2) <= py) & (py <= np.maximum(y1, y2))
        segment, key = segment[near], key[near]
        hit = _passes(x1[near], y1[near], x2[near], y2[near], px[near], py[near])
        return segment[hit], key[hit]

    def crossings(self) -> Ints:
        """Packed pixels of all proper crossings."""
        counts = np.diff(self.begin)
        each = counts[self.cell]
        rank = np.arange(len(self.cell)) - self.begin[self.cell]
        later = each - rank - 1
        first = np.repeat(np.arange(len(self.cell)), later)
        k = np.arange(len(first)) - np.repeat(np.cumsum(later) - later, later)
        second = first + 1 + k
        s, t = self.segment[first], self.segment[second]
        x1, y1, x2, y2 = self.x1, self.y1, self.x2, self.y2
        near = (x1[s] < x2[t]) & (x1[t] < x2[s])
        s, t = s[near], t[near]
        near = np.minimum(y1[s], y2[s]) < np.maximum(y1[t], y2[t])
        near &= np.minimum(y1[t], y2[t]) < np.maximum(y1[s], y2[s])
        s, t = s[near], t[near]
        return self._meet(s, t)

    def _meet(self, s: Ints, t: Ints) -> Ints:
        """Packed pixels where the segments s and t cross; s stands before t, so they are stable."""
        x1, y1, x2, y2 = self.x1, self.y1, self.x2, self.y2
        across = _side(x1[s], y1[s], x2[s], y2[s], x1[t], y1[t])
        across = across * _side(x1[s], y1[s], x2[s], y2[s], x2[t], y2[t])
        s, t = s[across < 0], t[across < 0]
        across = _side(x1[t], y1[t], x2[t], y2[t], x1[s], y1[s])
        across = across * _side(x1[t], y1[t], x2[t], y2[t], x2[s], y2[s])
        s, t = s[across < 0], t[across < 0]
        sx, sy, tx, ty = x2[s] - x1[s], y2[s] - y1[s], x2[t] - x1[t], y2[t] - y1[t]
        over = (x1[t] - x1[s]) * ty - (y1[t] - y1[s]) * tx
        under = sx * ty - sy * tx
        over, under = np.where(under < 0, -over, over), np.abs(under)
        return np.unique(
            _pack(x1[s] + _rounded(sx, over, under), y1[s] + _rounded(sy, over, under))
        )


def _rounded(step: Ints, over: Ints, under: Ints) -> Ints:
    """floor(step * over / under + 1/2), exactly."""
    value = step * (over / np.maximum(under, 1))
    result = np.floor(value + 0.5).astype(np.int64)
    close = np.flatnonzero(np.abs(value + 0.5 - np.rint(value + 0.5)) < 1e-6)
    for i in close.tolist():
        below = int(under[i])
        result[i] = (2 * int(step[i]) * int(over[i]) + below) // (2 * below)
    return result


def _side(x1: Ints, y1: Ints, x2: Ints, y2: Ints, px: Ints, py: Ints) -> Ints:
    """Sign of the turn 1, 2, p: exact, because all products stay below 2**63."""
    return np.sign((x2 - x1) * (py - y1) - (y2 - y1) * (px - x1))


def _passes(x1: Ints, y1: Ints, x2: Ints, y2: Ints, px: Ints, py: Ints) -> NDArray[np.bool_]:
    """Whether segments pass through pixels, closed at the left and bottom, open else."""
    # Doubled, so that the corners of a pixel are whole numbers.
    x1, y1, x2, y2, px, py = 2 * x1, 2 * y1, 2 * x2, 2 * y2, 2 * px, 2 * py
    lower_left = _side(x1, y1, x2, y2, px - 1, py - 1)
    corners = np.stack(
        [
            lower_left,
            _side(x1, y1, x2, y2, px + 1, py - 1),
            _side(x1, y1, x2, y2, px - 1, py + 1),
            _side(x1, y1, x2, y2, px + 1, py + 1),
        ]
    )
    return ((corners.min(axis=0) < 0) & (corners.max(axis=0) > 0)) | (lower_left == 0)


# ---------------------------------------------------------------- edges, arcs, faces


@dataclass(frozen=True, slots=True)
class Arcs:
    """
    Shared lines: each runs from node to node, with one face on either hand.

    Attributes
    ----------
    coords
        Longitude, latitude of all arcs one after the other, shape (m, 2).
    offsets
        Where each arc begins in `coords`; one more than there are arcs.
    left, right
        Face on that hand, walking along; -1 outside the study area.
    start, end
        Node at that end; a closed arc has the same twice.
    """

    coords: Floats
    offsets: Ints
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]


def _ranges(begin: Ints, count: Ints) -> Ints:
    """begin[0], begin[0] + 1, ... for each count, joined."""
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(begin - (ends - count), count) + np.arange(total)


@dataclass(frozen=True, slots=True)
class _Edges:
    """Noded segments, and the ones that each original segment became."""

    vertices: Ints
    a: Ints
    b: Ints
    piece_offsets: Ints
    piece: Ints
    piece_sign: NDArray[np.int8]


def _noded(low: Ints, high: Ints) -> _Edges:
    split, key = _splits(low, high)
    extra = np.bincount(split, minlength=len(low))
    chain = np.empty(2 * len(low) + len(split), np.int64)
    ends = np.cumsum(extra + 2)
    chain[ends - extra - 2] = low
    chain[ends - 1] = high
    chain[_ranges(ends - extra - 1, extra)] = key
    inner = np.ones(len(chain), bool)
    inner[ends - 1] = False
    at = np.flatnonzero(inner)
    vertices, index = np.unique(chain, return_inverse=True)
    u, v = index[at], index[at + 1]
    a, b = np.minimum(u, v), np.maximum(u, v)
    pair, piece = np.unique(a * len(vertices) + b, return_inverse=True)
    offsets = np.r_[0, np.cumsum(extra + 1)].astype(np.int64)
    sign = np.where(u < v, 1, -1).astype(np.int8)
    return _Edges(vertices, pair // len(vertices), pair % len(vertices), offsets, piece, sign)


def _chains(origin: Ints, pred: Ints) -> tuple[Ints, Ints, Ints]:
    """
    Head and rank of each half-edge in its chain, and the least vertex of each loop.

    `pred` is the half-edge before, or the half-edge itself at the head of a chain.
    """
    head, least = pred.copy(), np.minimum(origin, origin[pred])
    rank = (pred != np.arange(len(pred))).astype(np.int64)
    active = np.flatnonzero(pred[head] != head)
    # Pointers double: after k rounds they reach 2**k half-edges back.
    for _ in range(len(pred).bit_length()):
        if not len(active):
            break
        middle = head[active]
        further, steps, low = head[middle], rank[middle], least[middle]
        head[active] = further
        rank[active] += steps
        least[active] = np.minimum(least[active], low)
        active = active[pred[further] != further]
    return head, rank, np.unique(least[active])


@dataclass(frozen=True, slots=True)
class _Lines:
    """Arcs without faces: vertices in a row, and where each edge went."""

    vertex: Ints
    offsets: Ints
    edge_arc: NDArray[np.int32]
    edge_sign: NDArray[np.int8]
    edge_first: NDArray[np.bool_]


def _lines(edges: _Edges) -> _Lines:
    """Join edges through the vertices at which exactly two of them meet."""
    a, b, count = edges.a, edges.b, len(edges.vertices)
    half = np.arange(2 * len(a))
    origin = np.empty(len(half), np.int64)
    origin[0::2], origin[1::2] = a, b
    degree = np.bincount(origin, minlength=count)
    both = np.bincount(origin, weights=half, minlength=count).astype(np.int64)
    node = degree != 2
    while True:
        before = (both[origin] - half) ^ 1
        pred = np.where(node[origin], half, before)
        head, rank, loops = _chains(origin, pred)
        if not len(loops):
            break
        node[loops] = True
    # Each line is found from both ends; the lower head stands for it.
    length = np.bincount(head, minlength=len(half))
    last = np.empty(len(half), np.int64)
    tail = rank == length[head] - 1
    last[head[tail]] = half[tail]
    heads = np.flatnonzero(length)
    heads = heads[heads < (last[heads] ^ 1)]
    number = np.full(len(half), -1, np.int64)
    number[heads] = np.arange(len(heads))
    arc = number[head]
    mine = np.flatnonzero(arc >= 0)
    offsets = np.r_[0, np.cumsum(length[heads] + 1)]
    vertex = np.empty(int(offsets[-1]), np.int64)
    vertex[offsets[arc[mine]] + rank[mine]] = origin[mine]
    vertex[offsets[1:] - 1] = origin[last[heads] ^ 1]
    edge_arc = np.empty(len(a), np.int32)
    edge_sign = np.empty(len(a), np.int8)
    first = np.zeros(len(a), bool)
    edge_arc[mine >> 1] = arc[mine]
    edge_sign[mine >> 1] = 1 - 2 * (mine & 1)
    first[heads >> 1] = True
    return _Lines(vertex, offsets, edge_arc, edge_sign, first)


def _rotation(node: Ints, dx: Ints, dy: Ints) -> Ints:
    """Order of half-arcs by node, and counter-clockwise round each, exactly."""
    below = (dy < 0) | ((dy == 0) & (dx < 0))
    slope = np.where(dy == 0, -np.inf, -dx / np.where(dy == 0, 1, dy))
    order = np.lexsort([slope, below, node])
    p, q = order[:-1], order[1:]
    tied = (node[p] == node[q]) & (below[p] == below[q]) & (slope[p] == slope[q])
    # Two directions may differ by less than a float can say: bubble those by the exact turn.
    for i in np.flatnonzero(tied).tolist():
        j = i
        while j >= 0 and node[order[j]] == node[order[j + 1]]:
            one, two = order[j], order[j + 1]
            turn = int(dx[one]) * int(dy[two]) - int(dy[one]) * int(dx[two])
            if slope[one] != slope[two] or turn >= 0:
                break
            order[j], order[j + 1] = two, one
            j -= 1
    return order


def _cycles(following: Ints) -> Ints:
    """Least member of the cycle of each element of a permutation."""
    least, step = np.arange(len(following)), following
    while True:
        lower = np.minimum(least, least[step])
        if np.array_equal(lower, least):
            return least
        least, step = lower, step[step]


class Arrangement:
    """
    Segments noded together: faces that never split, and the arcs that they share.

    Made by `arrange`. Faces are numbered from 0 in an order that depends on
    nothing but the segments; the unbounded outside is -1.

    Parameters
    ----------
    source
        The distinct segments, as they were before noding.
    edges
        The same noded.
    """

    def __init__(self, source: Shapes, edges: _Edges) -> None:
        self.source, self.edges = source, edges
        self.lines = _lines(edges)
        self._trace()

    def _trace(self) -> None:
        """Half-arcs, their order round the nodes, and the face on the left of each."""
        lines = self.lines
        x, y = _unpack(self.edges.vertices[lines.vertex])
        first, last = lines.offsets[:-1], lines.offsets[1:] - 1
        count = len(first)
        self.x, self.y = x, y
        vertex = np.empty(2 * count, np.int64)
        vertex[0::2], vertex[1::2] = lines.vertex[first], lines.vertex[last]
        names, self.node = np.unique(vertex, return_inverse=True)
        self.node_count = len(names)
        dx, dy = np.empty(2 * count, np.int64), np.empty(2 * count, np.int64)
        dx[0::2], dy[0::2] = x[first + 1] - x[first], y[first + 1] - y[first]
        dx[1::2], dy[1::2] = x[last - 1] - x[last], y[last - 1] - y[last]
        self.order = _rotation(self.node, dx, dy)
        self.place = np.empty(2 * count, np.int64)
        self.place[self.order] = np.arange(2 * count)
        degree = np.bincount(self.node, minlength=self.node_count)
        self.node_begin = np.r_[0, np.cumsum(degree)]
        begin, size = self.node_begin[self.node], degree[self.node]
        # Arriving by a half-arc, the face on its left goes on along the next one clockwise.
        clockwise = self.order[begin + (self.place - begin - 1) % size]
        twin = np.arange(2 * count) ^ 1
        cycle = _cycles(clockwise[twin])
        cross = np.r_[x[:-1] * y[1:] - x[1:] * y[:-1], 0]
        cross[last] = 0
        self.twice = np.add.reduceat(cross, first) if count else np.zeros(0, np.int64)
        self._name_faces(cycle)

    def _name_faces(self, cycle: Ints) -> None:
        heads, ring = np.unique(cycle, return_inverse=True)
        area = np.zeros(len(heads), np.int64)
        np.add.at(area, ring, np.repeat(self.twice, 2) * np.tile([1, -1], len(self.twice)))
        shell = area > 0
        face = np.where(shell, np.cumsum(shell) - 1, -1)
        self.face_count = int(shell.sum())
        self._nest(ring, area, face)
        self.face = face[ring].astype(np.int32)

    def _nest(self, ring: Ints, area: Ints, face: Ints) -> None:
        """Give the outer border of each separate part the face that it lies in."""
        outer = np.flatnonzero(area <= 0)
        if len(outer) < 2:
            return
        part = components(self.node_count, self.node[0::2], self.node[1::2])
        half = np.argsort(ring, kind="stable")
        begin = np.r_[np.searchsorted(ring[half], np.arange(len(area))), len(half)]
        boxes = self._ring_boxes(half, begin)
        corner = np.array([self._corner(half[begin[r] : begin[r + 1]]) for r in outer])
        shells = np.flatnonzero(area > 0)
        tree = shapely.STRtree(shapely.box(*boxes[shells].T))
        which, hit = tree.query(shapely.points(corner), predicate="intersects")
        hit = shells[hit]
        part_of = part[self.node[half[begin[:-1]]]]
        other = part_of[outer[which]] != part_of[hit]
        which, hit = which[other], hit[other]
        if not len(hit):
            return
        used, index = np.unique(hit, return_inverse=True)
        polygons = np.array([self._polygon(half[begin[r] : begin[r + 1]]) for r in used])
        shapely.prepare(polygons)
        inside = shapely.contains_xy(polygons[index], *corner[which].T)
        which, hit = which[inside], hit[inside]
        # Of shells that nest, the smallest one is next outside.
        rank = np.lexsort([area[hit], which])
        which, hit = which[rank], hit[rank]
        nearest = np.r_[True, which[1:] != which[:-1]]
        face[outer[which[nearest]]] = face[hit[nearest]]

    def _ring_boxes(self, half: Ints, begin: Ints) -> Floats:
        first = self.lines.offsets[:-1]
        low = [np.minimum.reduceat(v, first)[half >> 1] for v in (self.x, self.y)]
        high = [np.maximum.reduceat(v, first)[half >> 1] for v in (self.x, self.y)]
        bounds = [np.minimum.reduceat(v, begin[:-1]) for v in low]
        bounds += [np.maximum.reduceat(v, begin[:-1]) for v in high]
        return np.stack(bounds, axis=1).astype(float)

    def _corner(self, ring: Ints) -> tuple[float, float]:
        at = _ranges(self.lines.offsets[ring >> 1], np.diff(self.lines.offsets)[ring >> 1])
        low = at[np.lexsort([self.y[at], self.x[at]])[0]]
        return float(self.x[low]), float(self.y[low])

    def _walk_order(self, ring: Ints) -> list[int]:
        begin, member = int(ring.min()), []
        size = np.diff(self.node_begin)
        h = begin
        while True:
            member.append(h)
            node = self.node[h ^ 1]
            offset = self.place[h ^ 1] - self.node_begin[node]
            h = int(self.order[self.node_begin[node] + (offset - 1) % size[node]])
            if h == begin:
                return member

    def _polygon(self, ring: Ints) -> shapely.Polygon:
        pieces = []
        for h in self._walk_order(ring):
            span = slice(self.lines.offsets[h >> 1], self.lines.offsets[(h >> 1) + 1])
            xy = np.stack([self.x[span], self.y[span]], axis=1)
            pieces.append(xy[::-1][:-1] if h & 1 else xy[:-1])
        points = np.concatenate(pieces)
        return shapely.Polygon(np.concatenate([points, points[:1]]).astype(float))

    # ------------------------------------------------------------ what polygons cover

    @cached_property
    def _tree(self) -> _Tree:
        return _Tree(self.face_count, self.face[0::2], self.face[1::2])

    def borders(self, which: Shapes) -> tuple[Ints, Ints, NDArray[np.int8]]:
        """
        Return along which arcs polygons end.

        Parameters
        ----------
        which
            Shapes whose distinct segments are those that the arrangement was made from.

        Returns
        -------
        offsets, arc, sign
            For each polygon its arcs; sign is 1 where its ground lies on their left, else -1.
        """
        edges, first = self.edges, self.lines.edge_first
        count = np.diff(edges.piece_offsets)
        told = np.logical_or.reduceat(first[edges.piece], edges.piece_offsets[:-1])
        entry = np.flatnonzero(told[which.segment])
        segment = which.segment[entry]
        at = _ranges(edges.piece_offsets[segment], count[segment])
        entry = np.repeat(entry, count[segment])
        edge = edges.piece[at]
        keep = first[edge]
        at, entry, edge = at[keep], entry[keep], edge[keep]
        sign = which.sign[entry] * edges.piece_sign[at] * self.lines.edge_sign[edge]
        arc = self.lines.edge_arc[edge].astype(np.int64)
        shape = np.searchsorted(which.offsets, entry, side="right") - 1
        # A border that runs both ways along an arc ends at neither side of it.
        arcs = len(self.lines.offsets) - 1
        key, inverse = np.unique(shape * arcs + arc, return_inverse=True)
        total = np.bincount(inverse, weights=sign, minlength=len(key)).astype(np.int8)
        key, total = key[total != 0], total[total != 0]
        offsets = np.searchsorted(key // arcs, np.arange(len(which.offsets))).astype(np.int64)
        return offsets, key % arcs, total

    def cover(self, arc: Ints, change: Ints) -> Ints:
        """
        Return a whole number for each face from its changes across arcs.

        Parameters
        ----------
        arc
            Arcs across which the number changes; one may stand there more than once.
        change
            Its value on the left of the arc less that on the right.

        Returns
        -------
        cover
            One number a face; the outside has 0.
        """
        steps = np.zeros(self.face_count + 1, np.int64)
        self._tree.add(steps, arc, change)
        return self._tree.total(steps)

    def enter(self, steps: Ints, arc: Ints, change: Ints) -> None:
        """
        Enter changes across arcs into a running total, in place.

        Parameters
        ----------
        steps
            Zeros at first, one more than there are faces.
        arc, change
            As for `cover`.
        """
        self._tree.add(steps, arc, change)

    def settle(self, steps: Ints) -> Ints:
        """
        Return the numbers that a running total stands for.

        Parameters
        ----------
        steps
            What `enter` was given.

        Returns
        -------
        cover
            One number a face, as from `cover`.
        """
        return self._tree.total(steps)

    def spread(self, labels: NDArray[np.int32], wanted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """
        Fill faces without a label from the neighbour along the longest border.

        Parameters
        ----------
        labels
            One a face; negative is none.
        wanted
            The faces to fill.

        Returns
        -------
        labels
            A copy, filled.
        """
        labels = np.append(labels, np.int32(-1))
        left, right = self.face[0::2], self.face[1::2]
        length = self._arc_degrees
        while True:
            empty = np.append(wanted, False) & (labels < 0)
            pairs = [(a, b) for a, b in ((left, right), (right, left))]
            at = [np.flatnonzero(empty[a] & (labels[b] >= 0)) for a, b in pairs]
            face = np.concatenate([a[k] for (a, _), k in zip(pairs, at, strict=True)])
            if not len(face):
                return labels[:-1]
            label = np.concatenate([labels[b[k]] for (_, b), k in zip(pairs, at, strict=True)])
            size = np.concatenate([length[k] for k in at])
            order = np.lexsort([label, face])
            face, label, size = face[order], label[order], size[order]
            begin = np.flatnonzero(np.r_[True, (face[1:] != face[:-1]) | (label[1:] != label[:-1])])
            total = np.add.reduceat(size, begin)
            order = np.lexsort([label[begin], -total, face[begin]])
            chosen = begin[order]
            fresh = np.r_[True, face[chosen][1:] != face[chosen][:-1]]
            labels[face[chosen][fresh]] = label[chosen][fresh]

    @cached_property
    def _arc_degrees(self) -> Floats:
        step = np.hypot(np.diff(self.coords[:, 0]), np.diff(self.coords[:, 1]))
        step = np.append(step, 0.0)
        step[self.lines.offsets[1:] - 1] = 0.0
        return np.add.reduceat(step, self.lines.offsets[:-1])

    # ------------------------------------------------------------ polygons

    def dissolve(self, labels: NDArray[np.integer]) -> tuple[Ints, NDArray[np.object_]]:
        """
        Return the ground of each label as one polygon.

        Parameters
        ----------
        labels
            One whole number a face; negative draws nothing.

        Returns
        -------
        values, polygons
            The labels that occur, ascending, and for each its Polygon or MultiPolygon, valid,
            shells counter-clockwise.
        """
        half, ring, area = self._rings(labels)
        value = np.append(labels, -1)[self.face[half]]
        begin = np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]]) if len(ring) else ring
        value, shell = value[begin], area > 0
        part = np.arange(len(begin))
        if not shell.all():
            part = self.parts(labels)[self.face[half[begin]]]
        order = np.lexsort([begin, ~shell, part, value])
        polygon = np.cumsum(shell[order]) - 1
        lonlat, number = self._coordinates(half, ring, order)
        rings = shapely.linearrings(lonlat, indices=number)
        polygons = shapely.polygons(rings, indices=polygon)
        values, owner = np.unique(value[order][shell[order]], return_inverse=True)
        whole = shapely.multipolygons(polygons, indices=owner)
        single = np.bincount(owner, minlength=len(values)) == 1
        whole[single] = polygons[np.searchsorted(owner, np.flatnonzero(single))]
        return values, whole

    def _rings(self, labels: NDArray[np.integer]) -> tuple[Ints, Ints, Ints]:
        """Half-arcs in ring order, the number of their ring, and twice the area of each ring."""
        value = np.append(labels, -1)[self.face]
        border = np.repeat(value[0::2] != value[1::2], 2)
        out = self.order[border[self.order]]
        node = self.node[out]
        j = np.arange(len(out))
        starts = np.r_[True, node[1:] != node[:-1]] if len(out) else np.zeros(0, bool)
        previous = j - 1
        previous[starts] = np.r_[j[starts][1:], len(out)] - 1
        at = np.empty(len(self.face), np.int64)
        at[out] = j
        mine = np.flatnonzero(border & (value >= 0))
        index = np.empty(len(self.face), np.int64)
        index[mine] = np.arange(len(mine))
        following = index[out[previous[at[mine ^ 1]]]]
        head = _cycles(following)
        pred = np.empty_like(following)
        pred[following] = np.arange(len(following))
        pred = np.where(head == np.arange(len(head)), head, pred)
        _, rank, _ = _chains(np.zeros(len(pred), np.int64), pred)
        order = np.lexsort([rank, head])
        half, head = mine[order], head[order]
        ring = np.cumsum(np.r_[True, head[1:] != head[:-1]]) - 1 if len(head) else head
        half, ring = self._split_pinched(half, ring)
        sign = np.where(half & 1, -1, 1)
        area = np.zeros(int(ring[-1]) + 1 if len(ring) else 0, np.int64)
        np.add.at(area, ring, sign * self.twice[half >> 1])
        return half, ring, area

    def _split_pinched(self, half: Ints, ring: Ints) -> tuple[Ints, Ints]:
        """Cut rings that come back to a node into rings that do not."""
        key = np.sort(ring * self.node_count + self.node[half])
        pinched = np.unique(key[1:][key[1:] == key[:-1]] // self.node_count)
        if not len(pinched):
            return half, ring
        kept = ~np.isin(ring, pinched)
        loops = [loop for r in pinched for loop in self._loops(half[ring == r].tolist())]
        fresh = np.repeat(np.arange(len(loops)), [len(loop) for loop in loops])
        count = int(ring[-1]) + 1
        half = np.concatenate([half[kept], np.array([h for loop in loops for h in loop], np.int64)])
        ring = np.concatenate([ring[kept], fresh + count])
        return half, np.cumsum(np.r_[True, ring[1:] != ring[:-1]]) - 1

    def _loops(self, walk: list[int]) -> Iterator[list[int]]:
        stack: list[int] = []
        seen: dict[int, int] = {}
        for h in walk:
            seen[int(self.node[h])] = len(stack)
            stack.append(h)
            again = seen.get(int(self.node[h ^ 1]))
            if again is not None:
                yield stack[again:]
                for gone in stack[again:]:
                    seen.pop(int(self.node[gone]), None)
                del stack[again:]

    def parts(self, labels: NDArray[np.integer]) -> Ints:
        """
        Return the connected parts of equal label.

        Parameters
        ----------
        labels
            One whole number a face.

        Returns
        -------
        part
            For each face the least face that it hangs together with across arcs.
        """
        left, right = self.face[0::2], self.face[1::2]
        value = np.append(labels, -1)
        same = (value[left] == value[right]) & (left >= 0) & (right >= 0)
        return components(self.face_count, left[same], right[same])

    def _coordinates(self, half: Ints, ring: Ints, order: Ints) -> tuple[Floats, Ints]:
        """Open rings in the given order: longitude, latitude and the number of the ring."""
        size = np.bincount(ring, minlength=len(order))
        begin = np.cumsum(size) - size
        half = half[_ranges(begin[order], size[order])]
        arc, back = half >> 1, (half & 1) == 1
        first, last = self.lines.offsets[arc], self.lines.offsets[arc + 1] - 1
        # Each half-arc gives all its vertices but the last, with which the next one begins.
        count = last - first
        total = np.cumsum(count)
        k = np.arange(int(total[-1]) if len(total) else 0) - np.repeat(total - count, count)
        at = np.repeat(np.where(back, last, first), count) + np.where(np.repeat(back, count), -k, k)
        number = np.repeat(np.arange(len(order)), size[order])
        return self.coords[at], np.repeat(number, count)

    @cached_property
    def coords(self) -> Floats:
        """Longitude, latitude of all arcs, one after the other."""
        # Dividing gives the very float that the six decimals are read as.
        return np.stack([self.x, self.y], axis=1) / _PER_DEGREE

    # ------------------------------------------------------------ ground

    @cached_property
    def face_area_km2(self) -> Floats:
        """Ground of each face on the ellipsoid; edges are straight in longitude-latitude."""
        terms = _ground_terms(self.coords, self.lines.offsets)
        left, right = self.face[0::2], self.face[1::2]
        area = np.zeros(self.face_count + 1)
        np.add.at(area, left, terms)
        np.subtract.at(area, right, terms)
        return area[:-1]


def arrange(which: Shapes) -> Arrangement:
    """
    Node the segments of some polygons together.

    Parameters
    ----------
    which
        The polygons.

    Returns
    -------
    arrangement
        Their faces and arcs.
    """
    return Arrangement(which, _noded(which.low, which.high))


_AXIS_KM = 6378.137
_FLATTENING = 1 / 298.257223563
_ECC2 = _FLATTENING * (2 - _FLATTENING)
_SERIES = np.array([_ECC2**k * (2 * k + 2) / (2 * k + 1) for k in range(8)])
"""Area between the equator and a parallel of sine s: a**2 (1 - e**2) / 2 * s * sum(c_k s**2k)."""
_LONG_EDGE_DEG = 0.1


def _ground_terms(coords: Floats, offsets: Ints) -> Floats:
    """Area of each arc against the parallel of its first vertex's, positive where that is right."""
    first = offsets[:-1]
    if not len(first):
        return np.zeros(0)
    lon, lat = coords[:, 0], coords[:, 1]
    base = _zone(np.sin(np.radians(lat.min())))
    terms = np.zeros(len(lon))
    step = np.diff(lon)
    short = np.abs(np.diff(lat)) <= _LONG_EDGE_DEG
    # Gauss-Legendre: exact to 1e-15 with two points on a short edge, with eight on any.
    for chosen, points in ((short, 2), (~short, 8)):
        at = np.flatnonzero(chosen)
        nodes, weights = np.polynomial.legendre.leggauss(points)
        mean = np.zeros(len(at))
        for node, weight in zip(nodes, weights, strict=True):
            t = (node + 1) / 2
            phi = np.radians(lat[at] + t * (lat[at + 1] - lat[at]))
            mean += weight / 2 * (_zone(np.sin(phi)) - base)
        terms[at] = -np.radians(step[at]) * mean
    terms[offsets[1:] - 1] = 0.0
    return np.add.reduceat(terms, first)


def _zone(sine: Floats | float) -> Floats:
    """Square kilometres between the equator and a parallel, for one radian of longitude."""
    square = np.multiply(sine, sine)
    total = np.zeros_like(square)
    for factor in _SERIES[::-1]:
        total = total * square + factor
    return np.asarray(_AXIS_KM**2 * (1 - _ECC2) / 2 * np.multiply(sine, total))


def components(count: int, a: NDArray[np.integer], b: NDArray[np.integer]) -> Ints:
    """
    Return which connected part each of some things belongs to.

    Parameters
    ----------
    count
        How many things there are.
    a, b
        Which two each link joins.

    Returns
    -------
    part
        The least member of the part of each thing.
    """
    part = np.arange(count)
    while len(a):
        a, b = part[a], part[b]
        apart = a != b
        a, b = a[apart], b[apart]
        np.minimum.at(part, np.maximum(a, b), np.minimum(a, b))
        while True:
            further = part[part]
            if np.array_equal(further, part):
                break
            part = further
    return part


class _Tree:
    """A spanning tree of the faces, rooted outside: what lies behind an arc is one range of it."""

    def __init__(self, count: int, left: NDArray[np.int32], right: NDArray[np.int32]) -> None:
        root = count
        ends = np.stack([left, right]).astype(np.int64)
        ends[ends < 0] = root
        useful = np.flatnonzero(ends[0] != ends[1])
        here = np.concatenate([ends[0, useful], ends[1, useful]])
        there = np.concatenate([ends[1, useful], ends[0, useful]])
        arc = np.concatenate([useful, useful])
        order = np.argsort(here, kind="stable")
        there, arc = there[order], arc[order]
        begin = np.r_[0, np.cumsum(np.bincount(here, minlength=count + 1))]
        self.parent = np.full(count + 1, -1, np.int64)
        self.parent[root] = root
        self.by_arc = np.full(len(left), -1, np.int64)
        levels = [np.array([root])]
        while len(levels[-1]):
            level = levels[-1]
            size = begin[level + 1] - begin[level]
            at = _ranges(begin[level], size)
            source = np.repeat(level, size)
            fresh = self.parent[there[at]] < 0
            at, source = at[fresh], source[fresh]
            child, first = np.unique(there[at], return_index=True)
            self.parent[child] = source[first]
            self.by_arc[arc[at[first]]] = child
            levels.append(child)
        # The number is that of the child: what is on the child's hand less the other.
        self.sign = np.where(self.by_arc == ends[0], 1, -1)
        self._number(levels)

    def _number(self, levels: list[Ints]) -> None:
        """Pre-order positions, so that a subtree is a range."""
        self.size = np.ones(len(self.parent), np.int64)
        for level in reversed(levels[1:]):
            np.add.at(self.size, self.parent[level], self.size[level])
        self.position = np.zeros(len(self.parent), np.int64)
        for level in levels[1:]:
            level = level[np.argsort(self.parent[level], kind="stable")]
            if not len(level):
                continue
            up, size = self.parent[level], self.size[level]
            before = np.cumsum(size) - size
            starts = np.flatnonzero(np.r_[True, up[1:] != up[:-1]])
            runs = np.diff(np.r_[starts, len(level)])
            self.position[level] = self.position[up] + 1 + before - np.repeat(before[starts], runs)
        # The root is no face: it would stand at 0.
        self.position -= 1

    def add(self, steps: Ints, arc: Ints, change: Ints) -> None:
        """Enter changes across arcs into the steps between neighbours in pre-order."""
        child = self.by_arc[arc]
        told = child >= 0
        child, value = child[told], (self.sign[arc] * change)[told]
        np.add.at(steps, self.position[child], value)
        np.subtract.at(steps, self.position[child] + self.size[child], value)

    def total(self, steps: Ints) -> Ints:
        """Sum of the changes on the way from the outside to each face."""
        return np.cumsum(steps[:-1])[self.position[:-1]]


# ---------------------------------------------------------------- faults of one layer

_KINDS = {
    "overlap": "take the ground from one of them",
    "gap": "give the ground to a patch, with status unknown if need be",
    "outside": "cut the patch at the border of the study area",
}


def faults(area: shapely.Geometry, patches: Sequence[Patch]) -> list[Issue]:
    """
    Return where the patches of one layer overlap, leave a gap or reach outside.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    patches
        The patches of one date.

    Returns
    -------
    issues
        One a connected piece: ``layer.overlap``, ``layer.gap`` and ``layer.outside`` are errors;
        ``layer.sliver`` is a warning, for pieces of less than `SLIVER_M` mean width. Largest first.
    """
    which = shapes([area, *(patch.geometry for patch in patches)])
    if not len(which.low):
        return [] if not patches else [_empty_area()]
    arrangement = arrange(which)
    offsets, arc, sign = arrangement.borders(which)
    inside = arrangement.cover(arc[: offsets[1]], sign[: offsets[1]])
    count = arrangement.cover(arc[offsets[1] :], sign[offsets[1] :])
    if np.array_equal(inside, count):
        return []
    owners = _owners(arrangement, offsets, arc, sign, np.flatnonzero(inside != count))
    found: list[tuple[float, Issue]] = []
    for kind, bad in (
        ("overlap", count > 1),
        ("gap", (inside > 0) & (count < 1)),
        ("outside", (inside < 1) & (count > 0)),
    ):
        found += _pieces(arrangement, kind, bad, owners, patches)
    found.sort(key=lambda item: (-item[0], item[1].ids, item[1].where))
    return [issue for _, issue in found]


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
    width = 2e3 * area / max(float(length_km(polygon.boundary)[0]), 1e-12)
    sliver = width < SLIVER_M
    size = f"{area:.6g} km2, on the mean {width:.3g} m wide"
    who = " and ".join(ids)
    text = {
        "overlap": f"{who} overlap: {size}",
        "gap": f"no patch covers this ground: {size}",
        "outside": f"{who} reaches outside the study area: {size}",
    }[kind]
    x, y = polygon.representative_point().coords[0]
    return Issue(
        "layer.sliver" if sliver else f"layer.{kind}",
        "warning" if sliver else "error",
        text,
        _KINDS[kind],
        ids=ids,
        where=(round(x, 6), round(y, 6)),
    )
