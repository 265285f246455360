"""
Straight legs through one piece of ground: those in sight of a corner, and those through a point.

A leg is kept where no small shift of its ends can shorten it; why these are all that a shortest
cut is made of stands in `geo.control.siege`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geo.control.siege.mesh import Mesh, cross, dot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

_GRAZE = 1e-9
"""A corner this near to the limit of sight, in radians, is grazed and not seen."""
SLACK = 1e-6
"""By this much, in radians, a leg may still be shortened, and keeps clear of what stops it."""
_AT_ONCE = 512
"""So many points look round together."""


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

    def take(self, which: Any) -> Legs:
        """Return some of the legs."""
        return Legs(self.edge[which], self.at[which], self.xy[which])

    @staticmethod
    def join(parts: Sequence[Legs]) -> Legs:
        """Return all legs of all parts."""
        if not parts:
            return Legs(np.zeros((0, 2), np.int64), np.zeros((0, 2)), np.zeros((0, 2, 2)))
        return Legs(
            np.concatenate([p.edge for p in parts]),
            np.concatenate([p.at for p in parts]),
            np.concatenate([p.xy for p in parts]),
        )


def find_sighted(mesh: Mesh, free: Bools, reach: float) -> Legs:
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
            at = dot(here - begin, along) / dot(along, along)
            there = begin + at[:, None] * along
            kept = free[edge] & (at > 1e-12) & (at < 1 - 1e-12)
            kept &= cross(beam.right, there - here) >= 0
            kept &= cross(there - here, beam.left) >= 0
        at_here = _corner_end(mesh, free, ts, ks)
        parts.append(
            Legs(
                np.stack([at_here[0], edge], axis=1)[kept],
                np.stack([at_here[1], at], axis=1)[kept],
                np.stack([here, there], axis=1)[kept],
            )
        )
    legs = Legs.join(parts)
    return legs.take(legs.length <= reach)


def _diagonals(mesh: Mesh, free: Bools) -> Legs:
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


def _touching(mesh: Mesh, free: Bools) -> Legs:
    """Legs of no length, where rings touch in a point."""
    last = np.flatnonzero(free & ~free[mesh.following])
    edge = np.concatenate([np.flatnonzero(free), last])
    at = np.concatenate([np.zeros(len(edge) - len(last)), np.ones(len(last))])
    vertex = np.where(at == 0, mesh.start[edge], mesh.end[edge])
    order = np.argsort(vertex, kind="stable")
    same = np.flatnonzero(vertex[order][1:] == vertex[order][:-1])
    pair = np.stack([order[same], order[same + 1]], axis=1)
    return Legs(edge[pair], at[pair], mesh.xy[vertex[pair]])


def _first_beams(mesh: Mesh, free: Bools) -> _Beam:
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


def _holds(mesh: Mesh, free: Bools, t: Ints, k: Ints, toward: Floats) -> Bools:
    """Whether a leg in the direction `toward` cannot be shortened by moving its end at a corner."""
    out, into = mesh.corner_out[t, k], mesh.corner_in[t, k]
    at = mesh.xy[mesh.tri[t, k]]
    holds = free[out] | free[into]
    for edge, to in ((out, mesh.end[out]), (into, mesh.start[into])):
        along = mesh.xy[to] - at
        limit = SLACK * np.sqrt(dot(along, along) * dot(toward, toward))
        holds &= ~free[edge] | (dot(along, toward) <= limit)
    return np.asarray(holds)


def _corner_end(mesh: Mesh, free: Bools, t: Ints, k: Ints) -> tuple[Ints, Floats]:
    """Border edge and position of legs that end at a corner."""
    out, into = mesh.corner_out[t, k], mesh.corner_in[t, k]
    return np.where(free[out], out, into), np.where(free[out], 0.0, 1.0)


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


def _sweep(mesh: Mesh, origin: Floats, beam: _Beam, reach: float) -> Iterator[tuple[str, _Beam]]:
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
        of_right, of_left = cross(beam.right, ahead), cross(ahead, beam.left)
        # What merely grazes a corner is no leg: it is two, or it runs along the border.
        far = np.sqrt(dot(ahead, ahead)) * _GRAZE
        seen = of_right > far * np.sqrt(dot(beam.right, beam.right))
        seen &= of_left > far * np.sqrt(dot(beam.left, beam.left))
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
    t = np.clip(dot(point - segment[:, 0], d) / np.maximum(dot(d, d), 1e-300), 0, 1)
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
    return np.asarray(np.arctan2(cross(a, b), dot(a, b)) % (2 * np.pi))


def find_through(
    mesh: Mesh, free: Bools, points: Floats, others: Floats, arms: Sequence[Floats]
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
    return [legs.take(slice(end - n, end)) for n, end in zip(counts, ends, strict=True)]


@dataclass(frozen=True, slots=True)
class _Sight:
    """Border edges in sight from a point, each with the right and left limit of where it is."""

    edge: Ints
    right: Floats
    left: Floats


def _sights(mesh: Mesh, points: Floats) -> list[_Sight]:
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
        side = np.sign(cross(u[:, None], arms[None]))
        clear = (side >= 0).all(axis=1) | (side <= 0).all(axis=1)
        low, high, middle = low[clear], high[clear], middle[clear]
    ahead, behind = (_facing(begins, width, middle + turn) for turn in (0, np.pi))
    # A leg keeps clear of what stops it, so that it lies on one side of it for certain.
    low, high = low + SLACK, high - SLACK
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


def _minimised(mesh: Mesh, pair: Ints, point: Floats, low: Floats, high: Floats) -> Legs:
    """Turn legs, each about its point between two angles, to where it is shortest."""
    begin, point = mesh.xy[mesh.start[pair]], point[:, None]
    along = mesh.xy[mesh.end[pair]] - begin

    def ends(angle: Floats) -> tuple[Floats, Floats]:
        u = np.stack([np.cos(angle), np.sin(angle)], axis=1)[:, None, :]
        u = u * np.array([1.0, -1.0])[None, :, None]
        turn = cross(u, along)
        turn = np.where(np.abs(turn) < 1e-300, 1e-300, turn)
        far = cross(begin - point, along) / turn
        return np.maximum(far, 0), cross(begin - point, u) / turn

    # Golden section.
    inner = (np.sqrt(5) - 1) / 2
    low, high = low.copy(), high.copy()
    for _ in range(45):
        one, two = high - inner * (high - low), low + inner * (high - low)
        down = ends(one)[0].sum(axis=1) < ends(two)[0].sum(axis=1)
        low, high = np.where(down, low, one), np.where(down, two, high)
    at = np.clip(ends((low + high) / 2)[1], 0, 1)
    return Legs(pair, at, begin + at[..., None] * along)
