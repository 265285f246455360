"""
Shortest cuts through a polygon, in a plane: the geometry behind `geo.control.siege`.

Everything here is in metres and knows nothing of dates, sides or degrees. A `Piece` is one
connected polygon of passable ground with its anchors; `find_necks` and `minimum_cuts` answer for
it. The reasons for the method stand at the top of `geo.control.siege`.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Bits = NDArray[np.uint8]

__all__ = ["Cut", "Legs", "Neck", "Piece", "find_necks", "minimum_cuts"]

WIDENING = 1.25
"""Ground behind a neck must be this much wider than the neck, or long, to be a chamber."""

MAX_ANCHORS = 8
"""Separate anchors inside one piece; the work doubles with each."""

_TOUCH_M = 0.5
_OVERSHOOT_M = 0.01
_BESIDE_M = 0.01
_GRAZE = 1e-9
_SAMPLES = 2000
_SLACK = 1e-6
_TURN = np.arange(8) * np.pi / 4 + 0.1
_COMPASS = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
_NUDGE = np.array([1.37e-3, 0.71e-3])
"""Positions move by this, metres, before sight runs from them, so as to lie within a triangle."""


# ---------------------------------------------------------------- the triangulated ground


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1])


def _lines(xy: Floats) -> NDArray[np.object_]:
    """Segments, shape (n, 2, 2), as lines."""
    return np.asarray(shapely.linestrings(xy), dtype=object).reshape(-1)


def _points(xy: Floats) -> NDArray[np.object_]:
    return np.asarray(shapely.points(xy), dtype=object).reshape(-1)


class _Mesh:
    """
    A constrained Delaunay triangulation of one polygon, and its border as numbered edges.

    Triangles turn counter-clockwise; edge k of a triangle lies opposite its corner k. Border edge
    e runs from `start[e]` to `end[e]` with the ground on its left; `corner_out[t, k]` and
    `corner_in[t, k]` are the border edges that leave and enter the corner of the ground to which
    corner k of triangle t belongs. (Where ground touches itself in a point, that point is several
    corners.)
    """

    def __init__(self, polygon: shapely.Polygon) -> None:
        self.polygon = shapely.orient_polygons(shapely.remove_repeated_points(polygon))
        faces = shapely.get_parts(shapely.constrained_delaunay_triangles(self.polygon))
        xy = shapely.get_coordinates(shapely.orient_polygons(faces)).reshape(-1, 4, 2)[:, :3]
        self.xy, index = np.unique(xy.reshape(-1, 2), axis=0, return_inverse=True)
        self.tri: Ints = index.reshape(-1, 3).astype(np.int64)
        self._join()
        self._turn()
        self._trace()

    def _join(self) -> None:
        """Find the triangle across each edge, and number the border."""
        count = len(self.tri)
        one = np.stack([self.tri[:, [1, 2, 0]], self.tri[:, [2, 0, 1]]], axis=-1).reshape(-1, 2)
        low, high = one.min(axis=1), one.max(axis=1)
        key = low * len(self.xy) + high
        order = np.argsort(key, kind="stable")
        twin = key[order][1:] == key[order][:-1]
        partner = np.full(3 * count, -1, np.int64)
        partner[order[:-1][twin]] = order[1:][twin]
        partner[order[1:][twin]] = order[:-1][twin]
        self.partner: Ints = partner.reshape(count, 3)
        loose = np.flatnonzero(partner < 0)
        self.start, self.end = one[loose, 0], one[loose, 1]
        border = np.full(3 * count, -1, np.int64)
        border[loose] = np.arange(len(loose))
        self.border: Ints = border.reshape(count, 3)
        self.size: Ints = one.reshape(count, 3, 2)

    def _turn(self) -> None:
        """Find the two border edges of each corner, by turning round its vertex."""
        slot = np.arange(self.tri.size).reshape(-1, 3)
        self.corner_out = self._swing(slot[:, [2, 0, 1]], 2)
        self.corner_in = self._swing(slot[:, [1, 2, 0]], 1)

    def _swing(self, edge: Ints, step: int) -> Ints:
        """Follow edges round a vertex until the border; `step` is 2 clockwise, 1 the other way."""
        partner, border = self.partner.ravel(), self.border.ravel()
        across = partner[edge].ravel()
        # Seen from the next triangle, the vertex lies at the far end of the shared edge.
        triangle, k = across // 3, across % 3
        ahead = np.where(across >= 0, triangle * 3 + (k + step) % 3, np.arange(len(across)))
        found = border[edge].ravel()
        while True:
            further = ahead[ahead]
            if (further == ahead).all():
                break
            ahead = further
        return np.asarray(found[ahead].reshape(-1, 3))

    def _trace(self) -> None:
        """Put the border edges in order, ring by ring, the shell first."""
        number = {
            pair: e
            for e, pair in enumerate(zip(self.start.tolist(), self.end.tolist(), strict=True))
        }
        vertex = {tuple(at): v for v, at in enumerate(self.xy.tolist())}
        self.rings: list[list[int]] = []
        self.following = np.empty(len(self.start), np.int64)
        for line in shapely.get_rings(self.polygon):
            walk = [vertex[tuple(at)] for at in shapely.get_coordinates(line).tolist()]
            ring = [number[pair] for pair in pairwise(walk)]
            self.rings.append(ring)
            self.following[ring] = np.roll(ring, -1)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The triangles, to locate points."""
        return shapely.STRtree(list(shapely.get_parts(shapely.polygons(self.xy[self.tri]))))

    def locate(self, xy: Floats) -> Ints:
        """Return the triangle of each position, -1 outside."""
        point, triangle = self.tree.query(_points(xy), predicate="intersects")
        found = np.full(len(xy), -1, np.int64)
        found[point[::-1]] = triangle[::-1]
        return found


# ---------------------------------------------------------------- legs in sight


@dataclass(frozen=True, slots=True)
class Legs:
    """
    Straight legs from border to border.

    Attributes
    ----------
    edge
        Border edges on which a leg begins and ends, shape (n, 2).
    at
        How far along each of those edges, 0 to 1.
    xy
        The two ends, shape (n, 2, 2).
    """

    edge: Ints
    at: Floats
    xy: Floats

    @property
    def length(self) -> Floats:
        """
        Measure the legs in the plane.

        Returns
        -------
        length
            Metres, one a leg.
        """
        step = self.xy[:, 1] - self.xy[:, 0]
        return np.hypot(step[:, 0], step[:, 1])

    def _take(self, which: Any) -> Legs:
        """Return some of the legs."""
        return Legs(self.edge[which], self.at[which], self.xy[which])

    @staticmethod
    def _join(parts: Sequence[Legs]) -> Legs:
        """Return all legs of all parts."""
        if not parts:
            return Legs(np.zeros((0, 2), np.int64), np.zeros((0, 2)), np.zeros((0, 2, 2)))
        return Legs(
            np.concatenate([p.edge for p in parts]),
            np.concatenate([p.at for p in parts]),
            np.concatenate([p.xy for p in parts]),
        )


class _Beam(NamedTuple):
    """Cones of sight, each about to pass edge k of triangle t: source, right and left limit."""

    source: Ints
    t: Ints
    k: Ints
    right: Floats
    left: Floats

    def take(self, which: Bools) -> _Beam:
        """Return some of the cones."""
        return _Beam(
            self.source[which], self.t[which], self.k[which], self.right[which], self.left[which]
        )


def _sweep(mesh: _Mesh, origin: Floats, beam: _Beam, reach: float) -> Iterator[tuple[str, _Beam]]:
    """
    Follow cones of sight through the triangulation, all of them one triangle at a time.

    Yields the cones that meet the border as ``border`` and those in which the corner ahead is in
    sight as ``corner``, the latter with that corner in `t` and `k`.
    """
    tri, xy, partner = mesh.tri, mesh.xy, mesh.partner
    while len(beam.t):
        across = partner[beam.t, beam.k]
        out = across < 0
        if out.any():
            yield "border", beam.take(out)
        beam, across = beam.take(~out), across[~out]
        t, k = across // 3, across % 3
        ahead = xy[tri[t, k]] - origin[beam.source]
        of_right, of_left = _cross(beam.right, ahead), _cross(ahead, beam.left)
        # What merely grazes a corner is no leg: it is two, or it runs along the border.
        far = np.sqrt(_dot(ahead, ahead)) * _GRAZE
        seen = of_right > far * np.sqrt(_dot(beam.right, beam.right))
        seen &= of_left > far * np.sqrt(_dot(beam.left, beam.left))
        if seen.any():
            yield "corner", beam._replace(t=t, k=k).take(seen)
        narrowed_left = np.where((of_left > 0)[:, None], ahead, beam.left)
        narrowed_right = np.where((of_right > 0)[:, None], ahead, beam.right)
        one, two = of_right > 0, of_left > 0
        beam = _Beam(
            np.concatenate([beam.source[one], beam.source[two]]),
            np.concatenate([t[one], t[two]]),
            np.concatenate([(k[one] + 1) % 3, (k[two] + 2) % 3]),
            np.concatenate([beam.right[one], narrowed_right[two]]),
            np.concatenate([narrowed_left[one], beam.left[two]]),
        )
        if np.isfinite(reach):
            near = _distance(origin[beam.source], xy[mesh.size[beam.t, beam.k]]) <= reach
            beam = beam.take(near)


def _distance(point: Floats, segment: Floats) -> Floats:
    """Distance of each point from its segment."""
    d = segment[:, 1] - segment[:, 0]
    t = np.clip(_dot(point - segment[:, 0], d) / np.maximum(_dot(d, d), 1e-300), 0, 1)
    foot = segment[:, 0] + t[:, None] * d - point
    return np.hypot(foot[:, 0], foot[:, 1])


def _turned(vector: Floats, angle: Floats) -> Floats:
    """Vectors turned counter-clockwise."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack(
        [c * vector[:, 0] - s * vector[:, 1], s * vector[:, 0] + c * vector[:, 1]], axis=1
    )


def _angle(a: Floats, b: Floats) -> Floats:
    """Counter-clockwise angle from a to b, 0 to 2 pi."""
    return np.asarray(np.arctan2(_cross(a, b), _dot(a, b)) % (2 * np.pi))


def _first_beams(mesh: _Mesh, free: Bools) -> _Beam:
    """Return, for each corner, the wedge in which a leg from it can be shortest; source is 3t+k."""
    t, k = (part.ravel() for part in np.indices(mesh.tri.shape))
    out, into = mesh.corner_out[t, k], mesh.corner_in[t, k]
    at = mesh.xy[mesh.tri[t, k]]
    d1, d2 = mesh.xy[mesh.end[out]] - at, mesh.xy[mesh.start[into]] - at
    right = mesh.xy[mesh.tri[t, (k + 1) % 3]] - at
    left = mesh.xy[mesh.tri[t, (k + 2) % 3]] - at
    whole = _angle(d1, d2)
    whole = np.where(whole < 1e-12, 2 * np.pi, whole)
    begins = np.where(mesh.tri[t, (k + 1) % 3] == mesh.end[out], 0.0, _angle(d1, right))
    ends = begins + _angle(right, left)
    low = np.maximum(begins, np.where(free[out], np.pi / 2 - 1e-7, -1.0))
    high = np.minimum(ends, np.where(free[into], whole - np.pi / 2 + 1e-7, 9.0))
    live = (high > low) & (free[out] | free[into])
    first = np.where((low > begins)[:, None], _turned(d1, low), right)
    last = np.where((high < ends)[:, None], _turned(d1, high), left)
    return _Beam(3 * t[live] + k[live], t[live], k[live], first[live], last[live])


def _holds(mesh: _Mesh, free: Bools, t: Ints, k: Ints, toward: Floats) -> Bools:
    """Whether a leg in the direction `toward` cannot be shortened by moving its end at a corner."""
    out, into = mesh.corner_out[t, k], mesh.corner_in[t, k]
    at = mesh.xy[mesh.tri[t, k]]
    holds = free[out] | free[into]
    for edge, to in ((out, mesh.end[out]), (into, mesh.start[into])):
        along = mesh.xy[to] - at
        limit = _SLACK * np.sqrt(_dot(along, along) * _dot(toward, toward))
        holds &= ~free[edge] | (_dot(along, toward) <= limit)
    return np.asarray(holds)


def _corner_end(mesh: _Mesh, free: Bools, t: Ints, k: Ints) -> tuple[Ints, Floats]:
    """Border edge and position of legs that end at a corner."""
    out, into = mesh.corner_out[t, k], mesh.corner_in[t, k]
    return np.where(free[out], out, into), np.where(free[out], 0.0, 1.0)


def _sighted(mesh: _Mesh, free: Bools, reach: float) -> Legs:
    """Return every leg up to `reach` that no small move of its ends can shorten."""
    origin = mesh.xy[mesh.tri].reshape(-1, 2)
    parts = [_diagonals(mesh, free), _touching(mesh, free)]
    for what, beam in _sweep(mesh, origin, _first_beams(mesh, free), reach):
        ts, ks = beam.source // 3, beam.source % 3
        here = origin[beam.source]
        if what == "corner":
            there = mesh.xy[mesh.tri[beam.t, beam.k]]
            once = mesh.tri[ts, ks] < mesh.tri[beam.t, beam.k]
            kept = once & _holds(mesh, free, beam.t, beam.k, here - there)
            kept &= _holds(mesh, free, ts, ks, there - here)
            edge, at = _corner_end(mesh, free, beam.t, beam.k)
        else:
            edge = mesh.border[beam.t, beam.k]
            begin = mesh.xy[mesh.start[edge]]
            along = mesh.xy[mesh.end[edge]] - begin
            at = _dot(here - begin, along) / _dot(along, along)
            there = begin + at[:, None] * along
            kept = free[edge] & (at > 1e-12) & (at < 1 - 1e-12)
            kept &= _cross(beam.right, there - here) >= 0
            kept &= _cross(there - here, beam.left) >= 0
        at_here = _corner_end(mesh, free, ts, ks)
        parts.append(
            Legs(
                np.stack([at_here[0], edge], axis=1)[kept],
                np.stack([at_here[1], at], axis=1)[kept],
                np.stack([here, there], axis=1)[kept],
            )
        )
    legs = Legs._join(parts)
    return legs._take(legs.length <= reach)


def _diagonals(mesh: _Mesh, free: Bools) -> Legs:
    """Edges of the triangulation that are such legs."""
    t, k = (part.ravel() for part in np.indices(mesh.tri.shape))
    other = (k + 1) % 3
    inner = mesh.partner[t, (k + 2) % 3] >= 0
    once = inner & (mesh.tri[t, k] < mesh.tri[t, other])
    t, k, other = t[once], k[once], other[once]
    here, there = mesh.xy[mesh.tri[t, k]], mesh.xy[mesh.tri[t, other]]
    kept = _holds(mesh, free, t, k, there - here) & _holds(mesh, free, t, other, here - there)
    ends = [_corner_end(mesh, free, t[kept], one[kept]) for one in (k, other)]
    return Legs(
        np.stack([ends[0][0], ends[1][0]], axis=1),
        np.stack([ends[0][1], ends[1][1]], axis=1),
        np.stack([here[kept], there[kept]], axis=1),
    )


def _touching(mesh: _Mesh, free: Bools) -> Legs:
    """Legs of no length, where rings touch in a point."""
    last = np.flatnonzero(free & ~free[mesh.following])
    edge = np.concatenate([np.flatnonzero(free), last])
    at = np.concatenate([np.zeros(len(edge) - len(last)), np.ones(len(last))])
    vertex = np.where(at == 0, mesh.start[edge], mesh.end[edge])
    order = np.argsort(vertex, kind="stable")
    same = np.flatnonzero(vertex[order][1:] == vertex[order][:-1])
    pair = np.stack([order[same], order[same + 1]], axis=1)
    return Legs(edge[pair], at[pair], mesh.xy[vertex[pair]])


@dataclass(frozen=True, slots=True)
class _Sight:
    """Border edges in sight from a point, each with the right and left limit of where it is."""

    edge: Ints
    right: Floats
    left: Floats


def _sights(mesh: _Mesh, points: Floats) -> list[_Sight]:
    """What can be seen of the border from each point; nothing from one outside."""
    sights: list[_Sight] = []
    for some in np.split(points, np.arange(_AT_ONCE, len(points), _AT_ONCE)):
        where = mesh.locate(some)
        inside = np.flatnonzero(where >= 0)
        triangle = mesh.xy[mesh.tri[where[inside]]] - some[inside, None]
        beam = _Beam(
            np.repeat(inside, 3),
            np.repeat(where[inside], 3),
            np.tile(np.arange(3), len(inside)),
            triangle[:, [1, 2, 0]].reshape(-1, 2),
            triangle[:, [2, 0, 1]].reshape(-1, 2),
        )
        met = [b for what, b in _sweep(mesh, some, beam, np.inf) if what == "border"]
        source = np.concatenate([b.source for b in met] or [np.zeros(0, np.int64)])
        order = np.argsort(source, kind="stable")
        cuts = np.searchsorted(source[order], np.arange(1, len(some)))
        edge = np.concatenate([mesh.border[b.t, b.k] for b in met] or [np.zeros(0, np.int64)])
        right, left = (np.concatenate([b[n] for b in met] or [np.zeros((0, 2))]) for n in (3, 4))
        columns = (np.split(column[order], cuts) for column in (edge, right, left))
        sights += [_Sight(*one) for one in zip(*columns, strict=True)]
    return sights


_AT_ONCE = 512
"""So many points look round together."""


def _through(
    mesh: _Mesh, free: Bools, points: Floats, others: Floats, arms: Sequence[Floats]
) -> list[Legs]:
    """
    Return the shortest legs through each point, one for each pair of border pieces that it joins.

    A leg does not turn past a direction in which one of `others` lies, nor does it pass between
    two of the point's `arms`, the directions of a barrier that bends there.
    """
    if not len(points):
        return []
    sights = _sights(mesh, points)
    turns = [
        _turns(free, point, sight, others, own)
        for point, sight, own in zip(points, sights, arms, strict=True)
    ]
    pair, low, high = (np.concatenate(column) for column in zip(*turns, strict=True))
    counts = [len(one[0]) for one in turns]
    legs = _minimised(mesh, pair, np.repeat(points, counts, axis=0), low, high)
    ends = np.cumsum(counts).tolist()
    return [legs._take(slice(end - n, end)) for n, end in zip(counts, ends, strict=True)]


def _turns(
    free: Bools, point: Floats, sight: _Sight, others: Floats, arms: Floats
) -> tuple[Ints, Floats, Floats]:
    """Pairs of border edges that a leg through a point may join, and between which angles."""
    edge, right, left = sight.edge, sight.right, sight.left
    if not len(edge):
        return np.zeros((0, 2), np.int64), np.zeros(0), np.zeros(0)
    begins = np.arctan2(right[:, 1], right[:, 0])
    width = _angle(right, left)
    order = np.argsort(begins)
    edge, begins, width = edge[order], begins[order], width[order]
    stops = [begins, begins + width]
    for there in (others - point, arms):
        stops.append(np.arctan2(there[:, 1], there[:, 0]))
    angle = np.unique(np.concatenate(stops) % np.pi)
    angle = np.append(angle, angle[0] + np.pi)
    low, high = angle[:-1], angle[1:]
    middle = (low + high) / 2
    if len(arms):
        u = np.stack([np.cos(middle), np.sin(middle)], axis=1)
        side = np.sign(_cross(u[:, None], arms[None]))
        clear = (side >= 0).all(axis=1) | (side <= 0).all(axis=1)
        low, high, middle = low[clear], high[clear], middle[clear]
    ahead, behind = (_facing(begins, width, middle + turn) for turn in (0, np.pi))
    # A leg keeps clear of what stops it, so that it lies on one side of it for certain.
    low, high = low + _SLACK, high - _SLACK
    both = (ahead >= 0) & (behind >= 0) & (high > low)
    both &= free[edge[ahead]] & free[edge[behind]]
    pair = np.stack([edge[ahead[both]], edge[behind[both]]], axis=1)
    return pair, low[both], high[both]


def _facing(begins: Floats, width: Floats, angle: Floats) -> Ints:
    """Index of the border piece in each direction, -1 for none within reach."""
    turned = (angle + np.pi) % (2 * np.pi) - np.pi
    where = (np.searchsorted(begins, turned, side="right") - 1) % len(begins)
    gone = (angle - begins[where]) % (2 * np.pi)
    return np.where(gone <= width[where], where, -1)


def _minimised(mesh: _Mesh, pair: Ints, point: Floats, low: Floats, high: Floats) -> Legs:
    """Turn legs, each about its point between two angles, to where it is shortest."""
    begin, point = mesh.xy[mesh.start[pair]], point[:, None]
    along = mesh.xy[mesh.end[pair]] - begin

    def ends(angle: Floats) -> tuple[Floats, Floats]:
        u = np.stack([np.cos(angle), np.sin(angle)], axis=1)[:, None, :]
        u = u * np.array([1.0, -1.0])[None, :, None]
        turn = _cross(u, along)
        turn = np.where(np.abs(turn) < 1e-300, 1e-300, turn)
        far = _cross(begin - point, along) / turn
        return np.maximum(far, 0), _cross(begin - point, u) / turn

    # Golden section.
    inner = (np.sqrt(5) - 1) / 2
    low, high = low.copy(), high.copy()
    for _ in range(45):
        one, two = high - inner * (high - low), low + inner * (high - low)
        down = ends(one)[0].sum(axis=1) < ends(two)[0].sum(axis=1)
        low, high = np.where(down, low, one), np.where(down, two, high)
    at = np.clip(ends((low + high) / 2)[1], 0, 1)
    return Legs(pair, at, begin + at[..., None] * along)


# ---------------------------------------------------------------- a piece of ground and its cuts


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A separate part of an anchor: a point of it, and its shape."""

    point: tuple[float, float]
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Cut:
    """
    Closed walks over legs and enemy ground that together sever something from every anchor.

    Attributes
    ----------
    walks
        The legs of each walk.
    beyond
        Parity of each walk towards each anchor inside the piece, shape (walks, anchors).
    """

    walks: tuple[Legs, ...]
    beyond: Bits

    @property
    def legs(self) -> Legs:
        """
        All legs.

        Returns
        -------
        legs
            Those of the first walk first.
        """
        return Legs._join(self.walks)

    @property
    def length(self) -> float:
        """
        Length of all legs in the plane.

        Returns
        -------
        length
            Metres.
        """
        return float(self.legs.length.sum())


class Piece:
    """
    One connected piece of passable ground in a plane, and what can sever it.

    Parameters
    ----------
    polygon
        The ground, metres.
    edge
        Edge of the study area, lines in metres.
    anchors
        Shapes by name, metres.
    open_edge
        Whether the edge of the study area counts as a way out.
    reach
        Anchors this near to the edge supply through it, metres.

    Raises
    ------
    ValueError
        If more than `MAX_ANCHORS` separate anchors lie inside.
    """

    def __init__(
        self,
        polygon: shapely.Polygon,
        *,
        edge: shapely.Geometry | None = None,
        anchors: Mapping[str, shapely.Geometry] | None = None,
        open_edge: bool = True,
        reach: float = 1000.0,
    ) -> None:
        self.suppliers: set[str] = set()
        self.anchors: list[_Anchor] = []
        self._moored: list[_Anchor] = []
        parts = [
            (name, part)
            for name, shape in sorted((anchors or {}).items())
            for part in _separate(shapely.intersection(shape, polygon))
        ]
        self.mesh = _Mesh(polygon)
        self.polygon = self.mesh.polygon
        self.free: Bools = np.ones(len(self.mesh.start), bool)
        ways = self._edges(edge, anchors or {}, open_edge, reach)
        for name, part in parts:
            link = shapely.shortest_line(part, ways[name]) if name in ways else None
            self._place(name, part, link if link is not None and link.length <= reach else None)
        shell, *inner = self.mesh.rings
        self.has_outside = not self.free[shell].all()
        self.anchors += [self._edge_within(ring) for ring in inner if not self.free[ring].all()]
        if len(self.anchors) > MAX_ANCHORS:
            raise ValueError(
                f"{len(self.anchors)} separate anchors lie inside one piece of ground, more than "
                f"{MAX_ANCHORS}; join those that belong together into one shape"
            )
        self._stretches()

    # ------------------------------------------------------------ supply

    def _edges(
        self,
        edge: shapely.Geometry | None,
        anchors: Mapping[str, shapely.Geometry],
        open_edge: bool,
        reach: float,
    ) -> dict[str, shapely.Geometry]:
        """Find where the edge of the study area supplies; of each anchor, the points of it near."""
        mesh = self.mesh
        ways: dict[str, shapely.Geometry] = {}
        middle = _points((mesh.xy[mesh.start] + mesh.xy[mesh.end]) / 2)
        at_edge = np.zeros(len(middle), bool)
        if edge is not None:
            beside = shapely.buffer(edge, _TOUCH_M, quad_segs=1)
            shapely.prepare(beside)
            at_edge = np.asarray(shapely.contains_properly(beside, middle))
        for name, shape in anchors.items():
            near = at_edge & (shapely.distance(middle, shape) <= reach)
            if near.any():
                self.free[near] = False
                self.suppliers.add(name)
            if near[mesh.rings[0]].any():
                ways[name] = shapely.MultiPoint(list(middle[mesh.rings[0]][near[mesh.rings[0]]]))
        if open_edge and at_edge.any():
            self.free[at_edge] = False
            self.suppliers.add("edge")
        return ways

    def _place(self, name: str, part: BaseGeometry, link: BaseGeometry | None) -> None:
        """Tell a part of an anchor amid the ground from one that is tied to the edge by a link."""
        self.suppliers.add(name)
        anchor = _Anchor(_point_of(part, self.polygon), part)
        if link is not None:
            # It is one way out together with all else at the edge, and no cut passes between.
            self._moored += [anchor, _Anchor(anchor.point, link)]
        elif anchor not in self.anchors:
            self.anchors.append(anchor)

    def _edge_within(self, ring: Sequence[int]) -> _Anchor:
        """The edge of a hole in the study area, as an anchor."""
        mesh = self.mesh
        e = next(e for e in ring if not self.free[e])
        line = mesh.xy[[mesh.start[e], mesh.end[e]]]
        step = line[1] - line[0]
        inward = np.array([-step[1], step[0]]) / np.hypot(*step) * _BESIDE_M
        x, y = line.mean(axis=0) + inward
        return _Anchor((float(x), float(y)), shapely.LineString(line))

    @property
    def is_supplied(self) -> bool:
        """
        Whether any way out is left.

        Returns
        -------
        is_supplied
            False where the piece is a pocket.
        """
        return self.has_outside or bool(self.anchors)

    def _stretches(self) -> None:
        """Number the stretches of enemy border that nothing interrupts, in walking order."""
        mesh = self.mesh
        self.node = np.full(len(mesh.start), -1, np.int64)
        order: list[int] = []
        count = 0
        for ring in mesh.rings:
            gaps = [i for i, e in enumerate(ring) if not self.free[e]]
            walk = ring[gaps[0] :] + ring[: gaps[0]] if gaps else ring
            open_ = False
            for e in walk:
                order.append(e)
                if self.free[e]:
                    count += not open_
                    self.node[e] = count - 1
                open_ = bool(self.free[e])
        self.order: Ints = np.array(order, np.int64)
        self.place: Ints = np.empty(len(order), np.int64)
        self.place[self.order] = np.arange(len(order))

    # ------------------------------------------------------------ parity

    def _parity(self, legs: Legs, points: Floats) -> Bits:
        """
        Return how each leg counts towards surrounding each point, shape (legs, points).

        Of a closed chain of legs, the sum says on which side of it the point lies.
        """
        mesh = self.mesh
        begin, end = mesh.xy[mesh.start[self.order]], mesh.xy[mesh.end[self.order]]
        result = np.zeros((len(legs.edge), len(points)), np.uint8)
        for j in range(0, len(points), 64):
            some = points[j : j + 64]
            before = np.zeros((len(some), len(begin) + 1), np.uint8)
            np.cumsum(_passes(begin, end, some), axis=1, out=before[:, 1:])
            for i in range(0, len(legs.edge), 8192):
                one = legs._take(slice(i, i + 8192))
                total = _passes(one.xy[:, 0], one.xy[:, 1], some)
                for side in (0, 1):
                    e = one.edge[:, side]
                    total += before[:, self.place[e]]
                    total += _passes(mesh.xy[mesh.start[e]], one.xy[:, side], some)
                result[i : i + 8192, j : j + 64] = (total & 1).T
        return result

    # ------------------------------------------------------------ legs

    def _legs(self, reach: float) -> Legs:
        """Return the legs that are shortest by themselves and cross no anchor."""
        legs = Legs._join([_sighted(self.mesh, self.free, reach), self._along_edge(reach)])
        return self._lawful(legs)

    def _along_edge(self, reach: float) -> Legs:
        """Legs along a straight stretch of edge that supplies, from the border at its two ends."""
        mesh, pairs = self.mesh, []
        moored = shapely.union_all([anchor.shape for anchor in self._moored])
        for ring in mesh.rings:
            free = np.flatnonzero(self.free[ring])
            for i, j in zip(free, np.roll(free, -1), strict=True):
                if (j - i) % len(ring) > 1:
                    run = np.array(ring)[(i + 1 + np.arange((j - i) % len(ring) - 1)) % len(ring)]
                    line = shapely.LineString(mesh.xy[[mesh.end[ring[i]], mesh.start[ring[j]]]])
                    away = shapely.distance(_points(mesh.xy[mesh.start[run]]), line)
                    straight = 0 < line.length <= reach and (away < 1e-3).all()
                    if straight and not shapely.dwithin(moored, line, _BESIDE_M):
                        pairs.append((ring[i], ring[j]))
        edge = np.array(pairs, np.int64).reshape(-1, 2)
        ends = np.stack([mesh.xy[mesh.end[edge[:, 0]]], mesh.xy[mesh.start[edge[:, 1]]]], axis=1)
        return Legs(edge, np.tile([1.0, 0.0], (len(edge), 1)), ends)

    def _legs_at_obstacles(self, places: Floats) -> tuple[Legs, Ints]:
        """
        Return the shortest legs that touch an anchor or a corner of what supplies.

        Also says for each which point anchor it touches, -1 for none.
        """
        others = np.concatenate([places, self._anchor_points, self._walls.reshape(-1, 2)])
        parts: list[Legs] = []
        anchor: list[int] = []
        obstacles = list(self._obstacles())
        points = np.array([xy for _, xy, _ in obstacles], float).reshape(-1, 2)
        through = _through(self.mesh, self.free, points, others, [arms for *_, arms in obstacles])
        for (number, _, _), found in zip(obstacles, through, strict=True):
            legs = self._lawful(found)
            parts.append(legs)
            anchor += [number] * len(legs.edge)
        return Legs._join(parts), np.array(anchor, np.int64)

    def _legs_through(self, places: Floats) -> Iterator[Legs]:
        """Yield the shortest legs through each place."""
        others = np.concatenate([self._anchor_points, self._walls.reshape(-1, 2)])
        none = [np.zeros((0, 2))] * len(places)
        yield from map(self._lawful, _through(self.mesh, self.free, places + _NUDGE, others, none))

    @property
    def _anchor_points(self) -> Floats:
        """One point of each anchor inside, shape (anchors, 2)."""
        return np.array([a.point for a in self.anchors], float).reshape(-1, 2)

    def _is_anchor(self, point: Floats) -> bool:
        """Say whether a position is an anchor itself, to a metre."""
        shapes = [anchor.shape for anchor in (*self.anchors, *self._moored)]
        return bool((shapely.distance(shapes, shapely.Point(point)) <= 1.0).any())

    def _inward(self, points: Floats) -> Floats:
        """Return positions, those outside the triangulation moved into the nearest triangle."""
        points, out = points.copy(), self.mesh.locate(points) < 0
        if out.any():
            near = self.mesh.tree.nearest(_points(points[out]))
            points[out] = self.mesh.xy[self.mesh.tri[near]].mean(axis=1)
        return points

    def _obstacles(self) -> Iterator[tuple[int, Floats, Floats]]:
        """Yield where a leg may be held up: point anchor or -1, position, arms of a barrier."""
        for number, anchor in enumerate(self.anchors):
            if anchor.shape.geom_type == "Point":
                yield number, np.array(anchor.point) + _NUDGE, np.zeros((0, 2))
        vertex, which = np.unique(self._walls.reshape(-1, 2), axis=0, return_inverse=True)
        other = self._walls[:, ::-1].reshape(-1, 2)
        which = which.ravel()
        amid = shapely.distance(_points(vertex), self.polygon.boundary) > _BESIDE_M
        for v in np.flatnonzero(amid).tolist():
            yield -1, vertex[v], other[which == v] - vertex[v]
        # Where a barrier meets the border, a leg may end on either side of it.
        leaves = shapely.distance(_points(self._walls.mean(axis=1)), self.polygon.boundary)
        off = np.repeat(leaves > _BESIDE_M, 2)
        for v in np.unique(which[off & ~amid[which]]).tolist():
            around = vertex[v] + 2 * _BESIDE_M * _COMPASS
            for xy in around[shapely.contains_xy(self.polygon, around)]:
                yield -1, xy, np.zeros((0, 2))
        mesh = self.mesh
        into = np.empty(len(mesh.start), np.int64)
        into[mesh.following] = np.arange(len(mesh.start))
        for e in np.flatnonzero(~self.free & ~self.free[into]).tolist():
            at = mesh.xy[mesh.start[e]]
            ahead, back = mesh.xy[mesh.end[e]] - at, mesh.xy[mesh.start[into[e]]] - at
            if _cross(ahead, back) < -_SLACK * np.hypot(*ahead) * np.hypot(*back):
                outward = ahead / np.hypot(*ahead) + back / np.hypot(*back)
                yield -1, at - outward / np.hypot(*outward) * _BESIDE_M, np.zeros((0, 2))

    @cached_property
    def _walls(self) -> Floats:
        """Segments that no leg may cross, shape (n, 2, 2), noded where they meet."""
        shapes = [a.shape for a in (*self.anchors, *self._moored) if a.shape.geom_type != "Point"]
        if not shapes:
            return np.zeros((0, 2, 2))
        lines = [s.boundary if s.geom_type == "Polygon" else s for s in shapes]
        parts = shapely.get_parts(shapely.union_all(lines))
        xy, line = shapely.get_coordinates(parts, return_index=True)
        follows = np.flatnonzero(line[1:] == line[:-1])
        return np.stack([xy[follows], xy[follows + 1]], axis=1)

    def _lawful(self, legs: Legs) -> Legs:
        """Drop legs that cross an anchor."""
        if not len(self._walls) or not len(legs.edge):
            return legs
        wall = self._walls
        tree = shapely.STRtree(list(_lines(wall)))
        leg, segment = tree.query(_lines(legs.xy), predicate="intersects")
        crossed = _crosses(legs.xy[leg], wall[segment])
        bad = np.zeros(len(legs.edge), bool)
        bad[leg[crossed]] = True
        for anchor in (*self.anchors, *self._moored):
            if anchor.shape.geom_type == "Polygon":
                bad |= shapely.contains_properly(anchor.shape, _points(legs.xy.mean(axis=1)))
        return legs._take(~bad)

    # ------------------------------------------------------------ cuts

    def _classes(self, legs: Legs, parity: Bits) -> Ints:
        """
        Return the shortest leg of each class: same two stretches, same parities.

        Of legs that are equally long, to a millimetre, it is the one with most ground behind it.
        """
        node = np.sort(self.node[legs.edge], axis=1).astype(np.int32)
        packed = np.packbits(parity, axis=1)
        key = np.ascontiguousarray(np.concatenate([node.view(np.uint8), packed], axis=1))
        ends = legs.xy.reshape(-1, 4).T
        order = np.lexsort((*ends, legs.length, -self._enclosed(legs), legs.length.round(3)))
        view = key[order].view(np.dtype((np.void, key.shape[1]))).ravel()
        return np.asarray(np.sort(order[np.unique(view, return_index=True)[1]]))

    def _enclosed(self, legs: Legs) -> Floats:
        """Area between each leg and the border, where both of its ends lie on one stretch."""
        mesh, centre = self.mesh, self.mesh.xy.mean(axis=0)
        begin = mesh.xy[mesh.start[self.order]] - centre
        end = mesh.xy[mesh.end[self.order]] - centre
        before = np.append(0.0, np.cumsum(_cross(begin, end)))
        xy = legs.xy - centre
        part = before[self.place[legs.edge]]
        part += _cross(mesh.xy[mesh.start[legs.edge]] - centre, xy)
        area = np.abs(part[:, 1] - part[:, 0] + _cross(xy[:, 1], xy[:, 0])) / 2
        node = self.node[legs.edge]
        if not self.has_outside and self.anchors:
            # A closed ring has two sides; the anchor lies on the other one.
            with_anchor = self._parity(legs, self._anchor_points[:1])[:, 0] == 1
            area = np.where(with_anchor, shapely.Polygon(self.polygon.exterior).area - area, area)
        return np.where(node[:, 0] == node[:, 1], area.round(), 0.0)

    def _sever(self, legs: Legs, place: Bits, anchors: Bits) -> Cut | None:
        """
        Return the shortest cut, made of the given legs, between a place and every anchor.

        `place` holds the parity of each leg towards the place, `anchors` towards each anchor.
        """
        apart = [place] if self.has_outside else []
        apart += [place ^ anchors[:, i] for i in range(len(self.anchors))]
        bits = np.zeros(len(legs.edge), np.int64)
        for i, one in enumerate(apart):
            bits |= one.astype(np.int64) << i
        full = (1 << len(apart)) - 1
        walks = _closed_walks(self.node[legs.edge], legs.length, bits, full)
        if walks is None:
            return None
        beyond = [np.bitwise_xor.reduce(anchors[walk], axis=0) for walk in walks]
        shape = (len(walks), len(self.anchors))
        return Cut(
            tuple(legs._take(walk) for walk in walks), np.array(beyond, np.uint8).reshape(shape)
        )

    def _severed(self, cut: Cut, points: Floats) -> Bools:
        """Whether a cut lies between each point and every anchor."""
        parity = [np.bitwise_xor.reduce(self._parity(w, points), axis=0) for w in cut.walks]
        side = np.array(parity, np.uint8)
        off = np.ones(len(points), bool)
        if self.has_outside:
            off &= side.any(axis=0)
        for i in range(len(self.anchors)):
            off &= (side ^ cut.beyond[:, i, None]).any(axis=0)
        return off

    def behind(self, cut: Cut) -> BaseGeometry:
        """
        Return the ground that a cut severs.

        Parameters
        ----------
        cut
            One of this piece.

        Returns
        -------
        ground
            All of it that the cut leaves without an anchor, metres.
        """
        legs, mesh = cut.legs, self.mesh
        step = legs.xy[:, 1] - legs.xy[:, 0]
        size = np.hypot(step[:, 0], step[:, 1])
        over = step / np.maximum(size, 1e-300)[:, None] * _OVERSHOOT_M
        ends = np.stack([legs.xy[:, 0] - over, legs.xy[:, 1] + over], axis=1)
        # At a corner the line must end exactly; beyond it, it could leave the enemy's ground again.
        ends[legs.at == 0] = mesh.xy[mesh.start[legs.edge[legs.at == 0]]]
        ends[legs.at == 1] = mesh.xy[mesh.end[legs.edge[legs.at == 1]]]
        lines = _lines(ends[size > 0])
        noded = shapely.union_all([self.polygon.boundary, *lines])
        faces = shapely.get_parts(shapely.polygonize([noded]))
        points = shapely.get_coordinates(shapely.point_on_surface(faces))
        shapely.prepare(self.polygon)
        inside = shapely.contains_xy(self.polygon, points)
        faces, points = faces[inside], points[inside]
        return shapely.union_all(faces[self._severed(cut, points)])


def _passes(a: Floats, b: Floats, points: Floats) -> Bits:
    """Whether each segment passes above each point, shape (points, segments)."""
    x, y = points[:, 0, None], points[:, 1, None]
    apart = (a[:, 0] > x) != (b[:, 0] > x)
    run = np.where(a[:, 0] == b[:, 0], 1.0, b[:, 0] - a[:, 0])
    above = a[:, 1] + (x - a[:, 0]) * ((b[:, 1] - a[:, 1]) / run) > y
    return np.asarray(apart & above, np.uint8)


def _crosses(a: Floats, b: Floats) -> Bools:
    """Whether segments cross properly, by more than a tenth of a millimetre."""

    def apart(line: Floats, ends: Floats) -> Bools:
        d = line[:, 1] - line[:, 0]
        size = np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-300)
        one, two = (_cross(d, ends[:, i] - line[:, 0]) / size for i in (0, 1))
        return np.asarray((np.minimum(one, two) < -1e-4) & (np.maximum(one, two) > 1e-4))

    return np.asarray(apart(a, b) & apart(b, a))


def _separate(shape: shapely.Geometry) -> list[BaseGeometry]:
    """The connected parts of an anchor: points, merged lines, polygons."""
    parts = [p for p in shapely.get_parts(shape) if not p.is_empty]
    lines = [p for p in parts if p.geom_type == "LineString" and p.length]
    rest = [p for p in parts if p.geom_type == "Polygon" or p.geom_type == "Point"]
    together = shapely.line_merge(shapely.union_all(lines))
    groups = _connected([p for p in shapely.get_parts(together) if not p.is_empty])
    return rest + [shapely.union_all(group) for group in groups]


def _connected(parts: list[BaseGeometry]) -> list[list[BaseGeometry]]:
    """Group geometries that touch."""
    groups: list[list[BaseGeometry]] = []
    for part in parts:
        mine = [g for g in groups if any(part.intersects(p) for p in g)]
        groups = [g for g in groups if g not in mine]
        groups.append([part, *(p for g in mine for p in g)])
    return groups


def _point_of(shape: BaseGeometry, ground: shapely.Polygon) -> tuple[float, float]:
    """A point of an anchor that lies within the ground, not on its border."""
    if shape.geom_type == "Polygon":
        xy = shapely.get_coordinates(shapely.point_on_surface(shape))
    elif shape.geom_type == "Point":
        xy = shapely.get_coordinates(shape)
    else:
        at, line = shapely.get_coordinates(shapely.get_parts(shape), return_index=True)
        follows = np.flatnonzero(line[1:] == line[:-1])
        xy = (at[follows] + at[follows + 1]) / 2
    far = shapely.distance(_points(xy), ground.boundary)
    best = xy[int(np.argmax(far))]
    if far.max() < _BESIDE_M:
        near = best + _BESIDE_M * _COMPASS
        near = near[shapely.contains_xy(ground, near)]
        if len(near):
            best = near[int(np.argmax(shapely.distance(_points(near), ground.boundary)))]
    return float(best[0]), float(best[1])


def _closed_walks(node: Ints, weight: Floats, bits: Ints, full: int) -> list[list[int]] | None:
    """
    Return the lightest closed walks that together have every bit of `full`.

    A walk's bits are the exclusive or of its legs' bits. Each walk is a shortest path from a node
    back to itself in the cover of the graph by bit patterns; a node is dropped once all walks
    through it are known. Walks are sought from one end of each leg that has bits: one without any
    such leg has none itself.
    """
    best: dict[int, tuple[float, list[int]]] = {}
    links: dict[int, list[tuple[float, int, int, int]]] = {}
    homes: set[int] = set()
    rows = zip(node.tolist(), weight.tolist(), bits.tolist(), strict=True)
    for leg, ((a, b), w, h) in enumerate(rows):
        if a == b:
            if h and w < best.get(h, (np.inf,))[0]:
                best[h] = (w, [leg])
        else:
            links.setdefault(a, []).append((w, b, h, leg))
            links.setdefault(b, []).append((w, a, h, leg))
        if a == b and h:
            links.setdefault(a, []).append((w, a, h, leg))
        if h:
            homes.add(min(a, b))
    bound, cover = _cover(best, full)
    gone: set[int] = set()
    for home in sorted(homes):
        found = _walks_home(links, home, gone, bound)
        better = {h: one for h, one in found.items() if one[0] < best.get(h, (np.inf,))[0]}
        if better:
            best |= better
            bound, cover = _cover(best, full)
        gone.add(home)
    return cover if np.isfinite(bound) else None


def _walks_home(
    links: Mapping[int, list[tuple[float, int, int, int]]], home: int, gone: set[int], bound: float
) -> dict[int, tuple[float, list[int]]]:
    """Lightest walks from a node back to it, by bits; none as heavy as `bound`."""
    done: dict[tuple[int, int], float] = {}
    came: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
    reached: dict[tuple[int, int], float] = {(home, 0): 0.0}
    queue = [(0.0, home, 0)]
    while queue:
        w, at, h = heapq.heappop(queue)
        if (at, h) in done:
            continue
        done[at, h] = w
        for step, to, change, leg in links[at]:
            total, state = w + step, (to, h ^ change)
            if to in gone or state in done or total >= min(bound, reached.get(state, np.inf)):
                continue
            reached[state] = total
            came[state] = ((at, h), leg)
            heapq.heappush(queue, (total, *state))
    found = {}
    for state, w in done.items():
        if state[0] != home or not state[1]:
            continue
        legs, back = [], state
        while back != (home, 0):
            back, leg = came[back]
            legs.append(leg)
        found[state[1]] = (w, legs)
    return found


def _cover(best: Mapping[int, tuple[float, list[int]]], full: int) -> tuple[float, list[list[int]]]:
    """Lightest set of walks whose bits together are `full`."""
    table: dict[int, tuple[float, list[list[int]]]] = {0: (0.0, [])}
    for want in range(1, full + 1):
        options = [
            (w + table[want & ~h][0], [legs, *table[want & ~h][1]])
            for h, (w, legs) in best.items()
            if h & want
        ]
        table[want] = min(options, key=lambda one: one[0], default=(np.inf, []))
    return table[full]


# ---------------------------------------------------------------- chambers


@dataclass(frozen=True, slots=True)
class _Chambers:
    """A point of each wide or long part of the ground; positions all over it and widths there."""

    point: Floats
    sample: Floats
    width: Floats


def _widest(piece: Piece) -> tuple[Floats, Floats]:
    """For each triangle the position in it farthest from the enemy, and twice that distance."""
    mesh = piece.mesh
    a, b, c = (mesh.xy[mesh.tri[:, k]] for k in range(3))
    ab, ac = b - a, c - a
    twice, bb, cc = 2 * _cross(ab, ac), _dot(ab, ab), _dot(ac, ac)
    x, y = ac[:, 1] * bb - ab[:, 1] * cc, ab[:, 0] * cc - ac[:, 0] * bb
    good = twice > 0
    centre = a[good] + np.stack([x, y], axis=1)[good] / twice[good, None]
    # The widest disc is centred where three borders are equally near: often not in their triangle.
    at = np.concatenate([(a + b + c) / 3, centre])
    triangle = np.concatenate([np.arange(len(a)), mesh.locate(centre)])
    at, triangle = at[triangle >= 0], triangle[triangle >= 0]
    border = np.stack([mesh.start, mesh.end], axis=1)[piece.free]
    if not len(border):
        return (a + b + c) / 3, np.full(len(a), np.inf)
    tree = shapely.STRtree(list(_lines(mesh.xy[border])))
    _, far = tree.query_nearest(_points(at), return_distance=True, all_matches=False)
    order = np.lexsort((far, triangle))
    last = np.append(np.flatnonzero(np.diff(triangle[order])), len(order) - 1)
    return at[order[last]], 2 * far[order[last]]


def _chambers(piece: Piece, min_area: float) -> _Chambers:
    """
    Divide the ground where it narrows.

    The triangles are joined through their widest passages first. Where two groups meet in a
    passage, both at least half as large as `min_area` (square metres), and the smaller one is
    `WIDENING` times as wide as the passage, or covers twice the square of its width, it becomes a
    chamber.
    """
    mesh = piece.mesh
    middle, wide = _widest(piece)
    corner = mesh.xy[mesh.tri]
    area = np.abs(_cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])) / 2
    t, k = np.nonzero(mesh.partner > np.arange(mesh.tri.size).reshape(-1, 3))
    span = mesh.xy[mesh.size[t, k, 0]] - mesh.xy[mesh.size[t, k, 1]]
    passage = np.hypot(span[:, 0], span[:, 1])
    order = np.lexsort((t, k, -passage))
    group = list(range(len(area)))
    peak, size, top = wide.tolist(), area.tolist(), list(range(len(area)))

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    found: set[int] = set()
    pairs = zip(t[order].tolist(), (mesh.partner[t, k][order] // 3).tolist(), strict=True)
    for (one, two), width in zip(pairs, passage[order].tolist(), strict=True):
        a, b = root(one), root(two)
        if a == b:
            continue
        if peak[a] < peak[b]:
            a, b = b, a
        least = min(size[a], size[b])
        is_room = peak[b] >= WIDENING * width or least >= 2 * width * width
        if is_room and least >= min_area / 2:
            found.add(top[b])
        group[b] = a
        size[a] += size[b]
    found.add(top[root(0)])
    which = np.array(sorted(found), np.int64)
    # Of the triangles, the widest in each square will do to see where the ground widens.
    square = np.floor(middle / np.sqrt(area.sum() / _SAMPLES)).astype(np.int64)
    order = np.lexsort((-wide, square[:, 1], square[:, 0]))
    first = np.append(True, (np.diff(square[order], axis=0) != 0).any(axis=1))
    sample = order[first]
    return _Chambers(middle[which], middle[sample], wide[sample])


@dataclass(frozen=True, slots=True)
class Neck:
    """A cut, the chambers and sampled positions that it severs, and the ground behind it."""

    cut: Cut
    chambers: Bools
    sampled: Bools
    ground: BaseGeometry


def _all_cuts(piece: Piece, chambers: _Chambers, max_width: float) -> list[Cut]:
    """Every single leg that severs a chamber, the shortest of its kind, and the shortest chains."""
    legs = piece._legs(max_width)
    points = np.concatenate([chambers.point, piece._anchor_points])
    parity = piece._parity(legs, points)
    kept = piece._classes(legs, parity)
    legs, parity = legs._take(kept), parity[kept]
    count = len(chambers.point)
    rooms, anchors = parity[:, :count], parity[:, count:]
    node = piece.node[legs.edge]
    whole = node[:, 0] == node[:, 1]
    if piece.has_outside:
        whole &= ~anchors.any(axis=1)
    else:
        whole &= (anchors == anchors[:, :1]).all(axis=1)
    cuts = [Cut((legs._take([i]),), anchors[i : i + 1]) for i in np.flatnonzero(whole).tolist()]
    seen = set()
    for room in range(count):
        chain = piece._sever(legs, rooms[:, room], anchors)
        if chain is None or len(chain.legs.edge) < 2 or chain.length > max_width:
            continue
        key = chain.legs.xy[np.lexsort(chain.legs.xy.reshape(-1, 4).T)].tobytes()
        if key not in seen:
            seen.add(key)
            cuts.append(chain)
    return cuts


def find_necks(
    piece: Piece, counted: shapely.Geometry, min_area: float, max_width: float
) -> list[Neck]:
    """
    Return the necks of a piece, the largest pocket for the length of its cut first.

    Parameters
    ----------
    piece
        Ground that is supplied.
    counted
        Ground whose area counts, metres.
    min_area
        Least area that counts behind a neck, square metres.
    max_width
        Longest cut, metres.

    Returns
    -------
    necks
        Of all cuts in one passage the best.
    """
    chambers, candidates = _candidates(piece, min_area, max_width)
    found = []
    for neck in candidates:
        held = shapely.intersection(neck.ground, counted).area
        if held >= min_area:
            found.append((held / max(neck.cut.length, 1.0), neck))
    found.sort(key=lambda one: (-one[0], one[1].cut.legs.xy.tobytes()))
    kept: list[Neck] = []
    for _, neck in found:
        if _is_neck(neck, kept, chambers):
            kept.append(neck)
    return kept


@lru_cache(maxsize=64)
def _candidates(
    piece: Piece, min_area: float, max_width: float
) -> tuple[_Chambers, tuple[Neck, ...]]:
    """Every cut that severs a chamber of a piece, whatever of its ground counts."""
    chambers = _chambers(piece, min_area)
    found = []
    for cut in _all_cuts(piece, chambers, max_width):
        rooms = piece._severed(cut, chambers.point)
        if rooms.any():
            ground = piece.behind(cut)
            shapely.prepare(ground)
            sampled = np.asarray(shapely.contains_xy(ground, chambers.sample))
            found.append(Neck(cut, rooms, sampled, ground))
    return chambers, tuple(found)


def _is_neck(neck: Neck, better: Sequence[Neck], chambers: _Chambers) -> bool:
    """Whether a cut is narrow for the ground behind it, and in no passage that is cut already."""
    if any(_same_neck(neck, other, chambers) for other in better):
        return False
    if (chambers.width[neck.sampled] >= WIDENING * neck.cut.length).any():
        return True
    inner = [n for n in better if not (n.chambers & ~neck.chambers).any()]
    beyond = shapely.union_all([n.ground for n in inner]).area
    return bool(neck.ground.area - beyond >= 2 * neck.cut.length**2)


def _same_neck(neck: Neck, better: Neck, chambers: _Chambers) -> bool:
    """Whether a better cut lies in the same passage: one in the other, no wider ground between."""
    one, two = neck.chambers, better.chambers
    nested = not (one & ~two).any() or not (two & ~one).any()
    between = chambers.width[neck.sampled ^ better.sampled]
    return nested and not (between >= WIDENING * min(neck.cut.length, better.cut.length)).any()


def minimum_cuts(piece: Piece, places: Floats) -> list[Cut | None]:
    """
    Return the shortest cut between each place and every anchor.

    Parameters
    ----------
    piece
        Ground that is supplied.
    places
        Positions in it, metres, shape (places, 2).

    Returns
    -------
    cuts
        One a place; None where no cut can sever it, as at an anchor.
    """
    places = piece._inward(places)
    near, anchor = piece._legs_at_obstacles(places)
    own = piece._legs(np.inf)
    # A leg held up by a point anchor may leave it on either side.
    shared = Legs._join([own, near, near._take(anchor >= 0)])
    anchors = piece._anchor_points
    parity = piece._parity(shared, np.concatenate([places, anchors]))
    twice = np.arange(len(own.edge) + len(near.edge), len(shared.edge))
    column = len(places) + anchor[anchor >= 0]
    parity[twice, column] ^= 1
    kept = piece._classes(shared, parity)
    shared, parity = shared._take(kept), parity[kept]
    to_place, to_anchor = parity[:, : len(places)], parity[:, len(places) :]
    cuts: list[Cut | None] = []
    for i, through in enumerate(piece._legs_through(places)):
        if piece._is_anchor(places[i]):
            cuts.append(None)
            continue
        none, some = np.zeros(len(through.edge), np.uint8), np.ones(len(through.edge), np.uint8)
        beside = piece._parity(through, anchors)
        legs = Legs._join([shared, through, through])
        to_this = np.concatenate([to_place[:, i], none, some])
        cuts.append(piece._sever(legs, to_this, np.concatenate([to_anchor, beside, beside])))
    return cuts
