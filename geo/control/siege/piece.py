"""
One connected piece of passable ground in a plane, its anchors, and the cuts that sever it.

Everything here is in metres and knows nothing of dates, sides or degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.siege.mesh import Mesh, cross, draw_points, draw_segments
from geo.control.siege.sight import SLACK, Legs, find_sighted, find_through
from geo.control.siege.walks import find_closed_walks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Bits = NDArray[np.uint8]

MAX_ANCHORS = 8
"""Separate anchors inside one piece; the work doubles with each."""
_TOUCH_M = 0.5
"""Border this near to the edge of the study area lies on it; rounding to the grid moves both."""
_OVERSHOOT_M = 0.01
"""A cut is drawn out by this at both ends, so that it surely divides the ground."""
_BESIDE_M = 0.01
"""So far from a border or a corner is beside it, and no longer on it."""
_NODED_M = 1e-3
"""
Barriers are noded on a grid of this. Rounding alone can leave an overshoot of a picometre where one
meets another, and a leg that turns about its end would pass through the joint.
"""
_ASIDE = 1e-4
"""A leg within this of a barrier, in radians, runs along it and not between it and another."""
_TURN = np.arange(8) * np.pi / 4 + 0.1
_COMPASS = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)
"""Eight directions, none along a grid line, to look for ground beside a position."""
_NUDGE = np.array([1.37e-3, 0.71e-3])
"""Positions move by this, metres, before sight runs from them, so as to lie within a triangle."""


@dataclass(frozen=True, slots=True)
class Anchor:
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
        return Legs.join(self.walks)

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
        self.anchors: list[Anchor] = []
        self._moored: list[Anchor] = []
        parts = [
            (name, part)
            for name, shape in sorted((anchors or {}).items())
            for part in _separate(shapely.intersection(shape, polygon))
        ]
        self.mesh = Mesh(polygon)
        self.polygon = self.mesh.polygon
        self.free: Bools = np.ones(len(self.mesh.start), bool)
        ways = self._edges(edge, anchors or {}, open_edge, reach)
        around = shapely.buffer(self.polygon, _BESIDE_M, quad_segs=1) if ways else None
        for name, part in parts:
            link = shapely.shortest_line(part, ways[name]) if name in ways else None
            # A link over enemy ground ties nothing: a cut could end on the border that it passes.
            tied = link is not None and link.length <= reach and shapely.covers(around, link)
            self._place(name, part, link if tied else None)
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
        middle = draw_points((mesh.xy[mesh.start] + mesh.xy[mesh.end]) / 2)
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
        anchor = Anchor(_point_of(part, self.polygon), part)
        if link is not None:
            # It is one way out together with all else at the edge, and no cut passes between.
            self._moored += [anchor, Anchor(anchor.point, link)]
        elif anchor not in self.anchors:
            self.anchors.append(anchor)

    def _edge_within(self, ring: Sequence[int]) -> Anchor:
        """The edge of a hole in the study area, as an anchor."""
        mesh = self.mesh
        e = next(e for e in ring if not self.free[e])
        line = mesh.xy[[mesh.start[e], mesh.end[e]]]
        step = line[1] - line[0]
        inward = np.array([-step[1], step[0]]) / np.hypot(*step) * _BESIDE_M
        x, y = line.mean(axis=0) + inward
        return Anchor((float(x), float(y)), shapely.LineString(line))

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

    def parity(self, legs: Legs, points: Floats) -> Bits:
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
                one = legs.take(slice(i, i + 8192))
                total = _passes(one.xy[:, 0], one.xy[:, 1], some)
                for side in (0, 1):
                    e = one.edge[:, side]
                    total += before[:, self.place[e]]
                    total += _passes(mesh.xy[mesh.start[e]], one.xy[:, side], some)
                result[i : i + 8192, j : j + 64] = (total & 1).T
        return result

    # ------------------------------------------------------------ legs

    def own_legs(self, reach: float) -> Legs:
        """Return the legs that are shortest by themselves and cross no anchor."""
        legs = Legs.join([find_sighted(self.mesh, self.free, reach), self._along_edge(reach)])
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
                    away = shapely.distance(draw_points(mesh.xy[mesh.start[run]]), line)
                    straight = 0 < line.length <= reach and (away < 1e-3).all()
                    if straight and not shapely.dwithin(moored, line, _BESIDE_M):
                        pairs.append((ring[i], ring[j]))
        edge = np.array(pairs, np.int64).reshape(-1, 2)
        ends = np.stack([mesh.xy[mesh.end[edge[:, 0]]], mesh.xy[mesh.start[edge[:, 1]]]], axis=1)
        return Legs(edge, np.tile([1.0, 0.0], (len(edge), 1)), ends)

    def legs_at_obstacles(self, places: Floats) -> tuple[Legs, Ints]:
        """
        Return the shortest legs that touch an anchor or a corner of what supplies.

        Also says for each which point anchor it touches, -1 for none.
        """
        others = np.concatenate([places, self.anchor_points, self._walls.reshape(-1, 2)])
        parts: list[Legs] = []
        anchor: list[int] = []
        obstacles = list(self._obstacles())
        points = np.array([xy for _, xy, _ in obstacles], float).reshape(-1, 2)
        through = find_through(
            self.mesh, self.free, points, others, [arms for *_, arms in obstacles]
        )
        for (number, _, _), found in zip(obstacles, through, strict=True):
            legs = self._lawful(found)
            parts.append(legs)
            anchor += [number] * len(legs.edge)
        return Legs.join(parts), np.array(anchor, np.int64)

    def legs_through(self, places: Floats) -> Iterator[Legs]:
        """Yield the shortest legs through each place."""
        others = np.concatenate([self.anchor_points, self._walls.reshape(-1, 2)])
        none = [np.zeros((0, 2))] * len(places)
        yield from map(
            self._lawful, find_through(self.mesh, self.free, places + _NUDGE, others, none)
        )

    @property
    def anchor_points(self) -> Floats:
        """One point of each anchor inside, shape (anchors, 2)."""
        return np.array([a.point for a in self.anchors], float).reshape(-1, 2)

    def is_anchor(self, point: Floats) -> bool:
        """Say whether a position is an anchor itself, to a metre."""
        shapes = [anchor.shape for anchor in (*self.anchors, *self._moored)]
        return bool((shapely.distance(shapes, shapely.Point(point)) <= 1.0).any())

    def move_inward(self, points: Floats) -> Floats:
        """Return positions, those outside the triangulation moved into the nearest triangle."""
        points, out = points.copy(), self.mesh.locate(points) < 0
        if out.any():
            near = self.mesh.tree.nearest(draw_points(points[out]))
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
        amid = shapely.distance(draw_points(vertex), self.polygon.boundary) > _BESIDE_M
        for v in np.flatnonzero(amid).tolist():
            yield -1, vertex[v], other[which == v] - vertex[v]
        # Where a barrier meets the border, a leg may end on either side of it.
        leaves = shapely.distance(draw_points(self._walls.mean(axis=1)), self.polygon.boundary)
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
            if cross(ahead, back) < -SLACK * np.hypot(*ahead) * np.hypot(*back):
                outward = ahead / np.hypot(*ahead) + back / np.hypot(*back)
                yield -1, at - outward / np.hypot(*outward) * _BESIDE_M, np.zeros((0, 2))

    @cached_property
    def _walls(self) -> Floats:
        """Segments that no leg may cross, shape (n, 2, 2), noded where they meet."""
        shapes = [a.shape for a in (*self.anchors, *self._moored) if a.shape.geom_type != "Point"]
        if not shapes:
            return np.zeros((0, 2, 2))
        lines = [s.boundary if s.geom_type == "Polygon" else s for s in shapes]
        parts = shapely.get_parts(shapely.union_all(lines, grid_size=_NODED_M))
        xy, line = shapely.get_coordinates(parts, return_index=True)
        follows = np.flatnonzero(line[1:] == line[:-1])
        return np.stack([xy[follows], xy[follows + 1]], axis=1)

    def _lawful(self, legs: Legs) -> Legs:
        """Drop legs that cross an anchor."""
        if not len(self._walls) or not len(legs.edge):
            return legs
        wall = self._walls
        tree = shapely.STRtree(list(draw_segments(wall)))
        leg, segment = tree.query(draw_segments(legs.xy), predicate="intersects")
        crossed = _crosses(legs.xy[leg], wall[segment])
        bad = np.zeros(len(legs.edge), bool)
        bad[leg[crossed]] = True
        for anchor in (*self.anchors, *self._moored):
            if anchor.shape.geom_type == "Polygon":
                bad |= shapely.contains_properly(anchor.shape, draw_points(legs.xy.mean(axis=1)))
        return legs.take(~(bad | self._between(legs)))

    @cached_property
    def _joints(self) -> list[tuple[Floats, float, float]]:
        """Where barriers meet on the border: position, first angle and width of what they close."""
        if not len(self._walls):
            return []
        ends, others = self._walls.reshape(-1, 2), self._walls[:, ::-1].reshape(-1, 2)
        vertex, which, count = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
        border, found = self.polygon.boundary, []
        on_border = shapely.distance(draw_points(vertex), border) <= _BESIDE_M
        for v in np.flatnonzero(on_border & (count > 1)).tolist():
            arms = others[which.ravel() == v] - vertex[v]
            angle = np.sort(np.arctan2(arms[:, 1], arms[:, 0]))
            apart = np.diff(angle, append=angle[0] + 2 * np.pi)
            for begin, width in zip(angle, apart, strict=True):
                turn = begin + np.linspace(0, width, 33)
                arc = vertex[v] + 2 * _BESIDE_M * np.stack([np.cos(turn), np.sin(turn)], axis=1)
                if not shapely.intersects(shapely.LineString(arc), border):
                    found.append((vertex[v], float(begin), float(width)))
        return found

    def _between(self, legs: Legs) -> Bools:
        """Whether each leg ends where barriers meet on the border, in the corner between them."""
        between = np.zeros(len(legs.edge), bool)
        for vertex, begin, width in self._joints:
            for end, other in ((0, 1), (1, 0)):
                at, step = legs.xy[:, end], legs.xy[:, other] - legs.xy[:, end]
                size = np.hypot(step[:, 0], step[:, 1])
                near = (np.hypot(*(at - vertex).T) <= 2 * _BESIDE_M) & (size > 8 * _BESIDE_M)
                inward = at[near] + step[near] / size[near, None] * 4 * _BESIDE_M - vertex
                turned = (np.arctan2(inward[:, 1], inward[:, 0]) - begin) % (2 * np.pi)
                between[near] |= (turned > _ASIDE) & (turned < width - _ASIDE)
        return between

    # ------------------------------------------------------------ cuts

    def shortest_of_classes(self, legs: Legs, parity: Bits) -> Ints:
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
        before = np.append(0.0, np.cumsum(cross(begin, end)))
        xy = legs.xy - centre
        part = before[self.place[legs.edge]]
        part += cross(mesh.xy[mesh.start[legs.edge]] - centre, xy)
        area = np.abs(part[:, 1] - part[:, 0] + cross(xy[:, 1], xy[:, 0])) / 2
        node = self.node[legs.edge]
        if not self.has_outside and self.anchors:
            # A closed ring has two sides; the anchor lies on the other one.
            with_anchor = self.parity(legs, self.anchor_points[:1])[:, 0] == 1
            area = np.where(with_anchor, shapely.Polygon(self.polygon.exterior).area - area, area)
        return np.where(node[:, 0] == node[:, 1], area.round(), 0.0)

    def sever(self, legs: Legs, place: Bits, anchors: Bits) -> Cut | None:
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
        walks = find_closed_walks(self.node[legs.edge], legs.length, bits, full)
        if walks is None:
            return None
        beyond = [np.bitwise_xor.reduce(anchors[walk], axis=0) for walk in walks]
        shape = (len(walks), len(self.anchors))
        return Cut(
            tuple(legs.take(walk) for walk in walks), np.array(beyond, np.uint8).reshape(shape)
        )

    def is_severed(self, cut: Cut, points: Floats) -> Bools:
        """Whether a cut lies between each point and every anchor."""
        parity = [np.bitwise_xor.reduce(self.parity(w, points), axis=0) for w in cut.walks]
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
        lines = draw_segments(ends[size > 0])
        noded = shapely.union_all([self.polygon.boundary, *lines])
        faces = shapely.get_parts(shapely.polygonize([noded]))
        points = shapely.get_coordinates(shapely.point_on_surface(faces))
        shapely.prepare(self.polygon)
        inside = shapely.contains_xy(self.polygon, points)
        faces, points = faces[inside], points[inside]
        return shapely.union_all(faces[self.is_severed(cut, points)])


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
        one, two = (cross(d, ends[:, i] - line[:, 0]) / size for i in (0, 1))
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
    far = shapely.distance(draw_points(xy), ground.boundary)
    best = xy[int(np.argmax(far))]
    if far.max() < _BESIDE_M:
        near = best + _BESIDE_M * _COMPASS
        near = near[shapely.contains_xy(ground, near)]
        if len(near):
            best = near[int(np.argmax(shapely.distance(draw_points(near), ground.boundary)))]
    return float(best[0]), float(best[1])
