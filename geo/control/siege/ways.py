"""
How ground hangs together on maps that are not drawn: narrowest cuts of many maps, quickly.

The shortest cut is that of `geo.control.siege`, with three short cuts: borders are simplified to
`coarse_m`, as random maps are no finer; legs longer than a reach are left out; and legs that are
held up by an anchor amid the ground, or by a corner of the edge, are not sought, and those through
a position only in some directions. A cut is never found shorter than it is on the simplified map,
and beside an anchor or a corner of the edge it may be found longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.siege.ground import REACH_KM, SideGround
from geo.control.siege.mesh import cross
from geo.control.siege.piece import Piece
from geo.control.siege.rules import EdgeRule, Rules, UnknownRule
from geo.control.siege.sight import Legs

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from geo.control.composite import Composite
    from geo.control.siege.piece import Cut
    from geo.control.siege.rules import Positions, Shapes

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

_ROUND = np.stack([f(np.arange(24) * np.pi / 24 + 0.01) for f in (np.cos, np.sin)], axis=1)
"""Directions of legs through a position: the shortest of them is at most 0.2 % too long."""
_PARALLEL = 1e-12
_MOORINGS = 4
"""So many separate parts of anchors count in one piece: the largest. The work doubles with each."""


@dataclass(frozen=True, slots=True)
class Way:
    """
    How some ground hangs together with what supplies it, on one map.

    Attributes
    ----------
    width_m
        Length of the shortest cut that severs the widest part of it; 0 where it is cut off, NaN
        where the side holds nothing there, infinite where no cut of legs within reach severs it.
    apart_m
        Where it is cut off, how far from ground that is supplied; infinite where there is none.
    area_m2
        The ground behind the cut, or cut off.
    behind
        Whether each place lies on that ground.
    middle
        Of the longest leg of the cut, in the plane; NaN without one.
    """

    width_m: float
    apart_m: float
    area_m2: float
    behind: Bools
    middle: tuple[float, float] = (np.nan, np.nan)


class Ways:
    """
    What supplies a side at a date, asked how ground that it may hold hangs together with it.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force answers.
    side
        Whose ground.
    anchors
        Where supply comes from, by name; see `geo.control.necks`.
    places
        Longitude and latitude of places by name.
    unknown
        What ground is that no single side controls; see `geo.control.siege`.
    edge
        What the edge of the study area is; see `geo.control.siege`.
    friends
        Sides whose ground counts as the side's own.
    coarse_m
        Borders are simplified to this.

    Attributes
    ----------
    day
        Date of the layer.
    friends
        The side and its friends.
    plane
        Where lengths are taken, metres.
    area
        The study area in the plane.
    drawn
        The ground that is drawn as the side's, or lets it through, in the plane.
    places
        Names of the places, in the order of `Way.behind`.
    spots
        Their positions in the plane.
    coarse_m
        Borders are simplified to this.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a rule is none of those listed.
    """

    def __init__(
        self,
        composite: Composite,
        day: dt.date,
        side: str,
        *,
        anchors: Shapes,
        places: Positions | None = None,
        unknown: str = UnknownRule.PASSABLE,
        edge: str = EdgeRule.OPEN,
        friends: Collection[str] = (),
        coarse_m: float,
    ) -> None:
        rules = Rules.of(side, anchors, unknown, edge, friends)
        ground = SideGround(composite, day, rules)
        self.day, self.plane, self.friends = ground.day, ground.plane, rules.friends
        self.coarse_m, self._is_open = coarse_m, rules.edge is EdgeRule.OPEN
        self.area = shapely.buffer(ground.flat(composite.area), 0)
        self._edge = shapely.boundary(self.area)
        rim = shapely.buffer(self._edge, REACH_KM * 1e3)
        flat = {name: ground.flat(shape) for name, shape in sorted(rules.anchors.items())}
        self._amid = {name: shapely.difference(shape, rim) for name, shape in flat.items()}
        # Where the edge itself supplies, what lies on it adds nothing.
        at_edge = {} if self._is_open else flat
        self._at_edge = {name: shapely.intersection(one, rim) for name, one in at_edge.items()}
        self._near_m = 1.0 if self._is_open else REACH_KM * 1e3
        edge_too = [self._edge] if self._is_open else []
        self._suppliers = np.array([*self._at_edge.values(), *self._amid.values(), *edge_too])
        self.drawn = ground.flat(shapely.coverage_union_all(ground.passable.shapes))
        self.places = tuple(sorted(places or {}))
        points = shapely.MultiPoint([(places or {})[name] for name in self.places])
        self.spots = shapely.get_coordinates(self.plane.forward(points))

    @property
    def supply(self) -> bytes:
        """
        All that answers on a map depend on beside it.

        Returns
        -------
        supply
            As bytes to compare.
        """
        told = (self.day, sorted(self.friends), self._is_open, self.coarse_m, self.places)
        shapes = [*self._at_edge.values(), *self._amid.values()]
        return repr(told).encode() + b"".join(shapely.to_wkb(one) for one in shapes)

    def over(self, ground: shapely.Geometry) -> SideOnMap:
        """
        Return the ground of a map, to be asked how it hangs together.

        Parameters
        ----------
        ground
            What the side holds on the map, in the plane.

        Returns
        -------
        ground
            Inside the study area.
        """
        whole = shapely.intersection(shapely.simplify(ground, self.coarse_m), self.area)
        parts = [p for p in shapely.get_parts(shapely.make_valid(whole)) if _is_ground(p)]
        return SideOnMap(self, np.array(parts, dtype=object))

    def is_fed(self, part: shapely.Polygon) -> bool:
        """
        Say whether anything that supplies is next to a part of the ground.

        Parameters
        ----------
        part
            In the plane.

        Returns
        -------
        is_fed
            Where not, it is cut off.
        """
        return bool(shapely.dwithin(part, self._suppliers, self._near_m).any())

    def piece(self, part: shapely.Polygon) -> Piece:
        """
        Return one part of the ground, with what supplies it.

        Parameters
        ----------
        part
            In the plane.

        Returns
        -------
        piece
            To be cut.
        """
        try:
            return self._build(part, _MOORINGS, self._at_edge)
        except ValueError:
            # Ground that touches an anchor here and there: the largest stretch is enough.
            return self._build(part, 1, {})

    def inside(self, shape: shapely.Geometry) -> Bools:
        """
        Say which of the places lie on some ground.

        Parameters
        ----------
        shape
            In the plane.

        Returns
        -------
        inside
            One a place.
        """
        shapely.prepare(shape)
        return np.asarray(shapely.intersects_xy(shape, *self.spots.T))

    def _build(
        self, part: shapely.Polygon, most: int, at_edge: Mapping[str, shapely.Geometry]
    ) -> Piece:
        """One part of the ground with so many moorings amid it, and those at the edge."""
        inside = [
            (one.geom_type != "Point", -float(shapely.length(one)), name, one)
            for name, shape in self._amid.items()
            for one in shapely.get_parts(shapely.intersection(shape, part)).tolist()
            if not shapely.is_empty(one)
        ]
        anchors = dict(at_edge)
        for _, _, name, one in sorted(inside, key=lambda one: one[:3])[:most]:
            anchors[name] = shapely.union(anchors.get(name, one), one)
        return Piece(
            part,
            edge=self._edge,
            anchors=anchors,
            open_edge=self._is_open,
            reach=REACH_KM * 1e3,
        )


class SideOnMap:
    """
    The ground of a side on one map.

    Parameters
    ----------
    ways
        What supplies it.
    parts
        Connected pieces of it, in the plane.
    """

    def __init__(self, ways: Ways, parts: NDArray[np.object_]) -> None:
        self._ways, self._parts = ways, parts
        self._tree = shapely.STRtree(parts)
        self._pieces: dict[int, Piece] = {}
        self._legs: dict[tuple[int, float], Legs] = {}
        self._found: dict[tuple[int, float, float, float], Way] = {}

    def behind(self, ground: shapely.Geometry, reach_m: float) -> Way:
        """
        Return how the widest part of some ground that the side holds hangs together.

        Parameters
        ----------
        ground
            In the plane.
        reach_m
            Longer legs are not sought.

        Returns
        -------
        way
            Of that part.
        """
        near = self._tree.query(ground)
        shared = shapely.intersection(self._parts[near], ground)
        size = shapely.area(shared)
        if not len(near) or not size.max() > self._ways.coarse_m**2:
            return Way(np.nan, np.nan, 0.0, np.zeros(len(self._ways.places), bool))
        k = int(np.argmax(size))
        return self._way(int(near[k]), _widest(shared[k], self._ways.coarse_m), reach_m)

    def at(self, place: int, reach_m: float) -> Way:
        """
        Return how a place hangs together, if the side holds it.

        Parameters
        ----------
        place
            Its number among the places.
        reach_m
            Longer legs are not sought.

        Returns
        -------
        way
            Of the place itself.
        """
        spot = self._ways.spots[place]
        found = self._tree.query(shapely.Point(spot), predicate="intersects")
        if not len(found):
            return Way(np.nan, np.nan, 0.0, np.zeros(len(self._ways.places), bool))
        return self._way(int(found[0]), spot[None], reach_m)

    def _way(self, k: int, core: Floats, reach_m: float) -> Way:
        """How a position in a part hangs together."""
        key = (k, *core[0].round(1).tolist(), reach_m)
        if key not in self._found:
            if k not in self._pieces and self._ways.is_fed(self._parts[k]):
                self._pieces[k] = self._ways.piece(self._parts[k])
            if k not in self._pieces or not self._pieces[k].is_supplied:
                self._found[key] = self._cut_off(k)
            else:
                self._found[key] = self._severed_by(self._shortest_cut(k, core, reach_m), k)
        return self._found[key]

    def _cut_off(self, k: int) -> Way:
        """Of a part without supply, how far it is from one with some."""
        part = self._parts[k]
        away = shapely.distance(part, self._parts)
        apart = np.inf
        for j in np.argsort(away, kind="stable").tolist():
            if j != k and self._ways.is_fed(self._parts[j]):
                apart = float(away[j])
                break
        return Way(0.0, apart, float(shapely.area(part)), self._ways.inside(part))

    def _severed_by(self, cut: Cut | None, k: int) -> Way:
        """Of a part with supply, what the shortest cut is and severs."""
        if cut is None:
            return Way(np.inf, 0.0, 0.0, np.zeros(len(self._ways.places), bool))
        ground, legs = self._pieces[k].behind(cut), cut.legs
        east, north = legs.xy[int(np.argmax(legs.length))].mean(axis=0).tolist()
        inside = self._ways.inside(ground)
        return Way(cut.length, 0.0, float(shapely.area(ground)), inside, (east, north))

    def _shortest_cut(self, k: int, core: Floats, reach_m: float) -> Cut | None:
        """The shortest cut between a position and every anchor, of the legs that are sought."""
        piece = self._pieces[k]
        if piece.is_anchor(core[0]):
            return None
        if (k, reach_m) not in self._legs:
            self._legs[k, reach_m] = piece.own_legs(reach_m)
        core, own, anchors = piece.move_inward(core), self._legs[k, reach_m], piece.anchor_points
        parity = piece.parity(own, np.concatenate([core, anchors]))
        kept = piece.shortest_of_classes(own, parity)
        own, parity = own.take(kept), parity[kept]
        through = _across(piece, core[0], reach_m)
        beside = piece.parity(through, anchors)
        none, some = (np.full(len(through.edge), bit, np.uint8) for bit in (0, 1))
        return piece.sever(
            Legs.join([own, through, through]),
            np.concatenate([parity[:, 0], none, some]),
            np.concatenate([parity[:, 1:], beside, beside]),
        )


def _across(piece: Piece, at: Floats, reach_m: float) -> Legs:
    """Legs through a position, in directions all round."""
    mesh = piece.mesh
    begin, along = mesh.xy[mesh.start] - at, mesh.xy[mesh.end] - mesh.xy[mesh.start]
    toward = np.concatenate([_ROUND, -_ROUND])[:, None, :]
    turn = cross(toward, along[None])
    turn = np.where(np.abs(turn) < _PARALLEL, _PARALLEL, turn)
    far, place = cross(begin, along)[None] / turn, cross(begin[None], toward) / turn
    far = np.where((far > 0) & (place >= 0) & (place <= 1), far, np.inf)
    edge = far.argmin(axis=1)
    far, place = (np.take_along_axis(one, edge[:, None], 1)[:, 0] for one in (far, place))
    hit = at + np.where(np.isfinite(far), far, 0)[:, None] * toward[:, 0]
    pairs = np.arange(len(edge)).reshape(2, -1).T
    kept = pairs[piece.free[edge[pairs]].all(axis=1) & (far[pairs].sum(axis=1) <= reach_m)]
    return Legs(edge[kept], place[kept], hit[kept])


def _is_ground(part: shapely.Geometry) -> bool:
    return bool(shapely.get_dimensions(part) == 2 and shapely.area(part) > 1.0)


def _widest(shape: shapely.Geometry, tolerance_m: float) -> Floats:
    """The middle of the largest circle in a shape."""
    parts = [part for part in shapely.get_parts(shape) if _is_ground(part)]
    largest = max(parts, key=shapely.area)
    radius = shapely.maximum_inscribed_circle(largest, tolerance=tolerance_m)
    return np.asarray(shapely.get_coordinates(radius)[:1])
