"""
Draws: maps that the evidence allows, and by how much a figure of theirs differs from the drawn one.

The second of three steps: a field of control (`field`, for a date of a theatre `dated_field`) says
who may hold any point; here maps are drawn from it, and borders drawn by hand are moved; `bands`
makes a low and a high of the draws, and says what is sampled and why. Every answer is an array
with one row a draw: what is more than drawn.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.evidence.lattice import Lattice, Noise
from geo.model import Basis, Confidence, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.coverage import Arrangement
    from geo.evidence.field.covariance import KeptColumns
    from geo.model import Label

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_STRETCH_KM = 2.0
"""Borders are moved by such pieces: the noise that moves them is as good as straight over 20 km."""
_OPEN = frozenset({Status.CONTESTED, Status.MIXED, Status.ADVANCE, Status.UNKNOWN})


class Field(Protocol):
    """Random maps of who holds what, as `geo.evidence.field.LatentField` draws them."""

    @property
    def sides(self) -> Sequence[str]:  # numpydoc ignore=RT01
        """Who may hold ground."""

    def draws(  # numpydoc ignore=PR01,RT01
        self, xy: Floats, *, count: int, seed: int, kept: tuple[KeptColumns, Ints] | None = None
    ) -> NDArray[np.integer]:
        """Place in `sides` of the holder of each point, one row a map."""

    def heights(  # numpydoc ignore=PR01,RT01
        self, xy: Floats, *, count: int, seed: int, radius_m: float = 0.0
    ) -> NDArray[np.float32]:
        """Heights of each side about each point, maps x sides x points."""


@dataclass(frozen=True, slots=True)
class Judgements:
    """
    The numbers of the bands, in one place; stated judgements, none is fitted.

    Attributes
    ----------
    draws
        Maps drawn for each question.
    points
        Points of the lattice over the study area, about.
    near_points
        Points of the lattice round changes or fronts.
    reach_km
        How far from a drawn piece or front the real one may lie.
    border_km
        How far off a border drawn by hand is (one standard deviation), by confidence.
    basis_factor
        Times this, by basis.
    seed
        The same seed gives the same bands.
    """

    draws: int = 2000
    points: int = 600
    near_points: int = 1200
    reach_km: float = 10.0
    border_km: Mapping[str, float] = field(
        default_factory=lambda: {
            Confidence.HIGH: 1.0,
            Confidence.MODERATE: 3.0,
            Confidence.LOW: 6.0,
        }
    )
    basis_factor: Mapping[str, float] = field(
        default_factory=lambda: {
            Basis.ASSESSED: 1.0,
            Basis.REPORTED: 1.0,
            Basis.CLAIMED: 1.5,
            Basis.INFERRED: 1.5,
        }
    )
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DrawnDate:
    """What each label means on one date: can it be another's, how sharp are its borders."""

    day: dt.date
    arrangement: Arrangement
    face: Ints
    """Label of each face, -1 outside and at the end."""
    open: Bools
    """By label; the last one is for what lies outside."""
    border_km: Floats
    """By label; 0 where the ground is open."""
    row: Ints
    """By label: the controller that holds it alone, or -1."""
    field: Field | None


class Draws:
    """
    What draws of the map hold more than the map, for areas, changes and fronts.

    Parameters
    ----------
    composite
        The layers, noded together.
    supported
        For each date the ids of the patches that rest on statements.
    field
        Gives the field of control of a date, or None.
    judgements
        The numbers.
    sides
        Who is said to hold ground: one whose ground is drawn on no date may hold some.

    Attributes
    ----------
    controllers
        Who holds ground alone on some date, or might, ascending.
    side_of
        The side of each.
    """

    def __init__(
        self,
        composite: Composite,
        supported: Mapping[dt.date, frozenset[str]],
        field: Callable[[dt.date], Field | None],
        judgements: Judgements,
        sides: Sequence[str] = (),
    ) -> None:
        self.composite = composite
        self.judgements = judgements
        self._supported = supported
        self._field = field
        self._plane = LocalPlane.around(composite.area)
        alone = [k.controller if k.is_held else "" for k in composite.labels]
        drawn = set(alone) - {""}
        undrawn = set(sides) - {composite.sides.get(name, name) for name in drawn}
        self.controllers = sorted(drawn | undrawn)
        self.side_of = [composite.sides.get(name, name) for name in self.controllers]
        place = {name: i for i, name in enumerate(self.controllers)}
        self._label_row = np.array([place.get(name, -1) for name in [*alone, ""]], np.int64)
        self._dates: dict[dt.date, DrawnDate] = {}
        self._areas: dict[dt.date, Floats] = {}
        # Of the arcs of the last date that was asked: see `_along_arcs`.
        self._summed: tuple[Arrangement | None, Ints, Floats] = (
            None,
            np.zeros(0, np.int64),
            np.zeros((0, 0)),
        )

    # ------------------------------------------------------------ one date

    @cached_property
    def _noise(self) -> Noise:
        return Noise(self.judgements.draws, self.judgements.seed)

    @cached_property
    def _lattice(self) -> Lattice:
        return self._over(self.composite.area)

    def _over(self, shape: shapely.Geometry) -> Lattice:
        """A lattice over a shape in longitude, latitude."""
        return Lattice.over(self._flat(shape), self._plane, self.judgements.points)

    def _flat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A shape in the plane; its edges are straight in degrees, so they bend there."""
        return self._plane.forward(shapely.segmentize(shape, 0.1))

    def _near(self, shapes: NDArray[np.object_]) -> Lattice:
        """A lattice over the ground within reach of some shapes in the plane."""
        reach = self.judgements.reach_km * 1e3
        ground = shapely.union_all(shapely.buffer(shapes, reach, quad_segs=4))
        ground = shapely.intersection(ground, shapely.buffer(self._flat(self.composite.area), 0))
        return Lattice.over(ground, self._plane, self.judgements.near_points)

    def at(self, day: dt.date) -> DrawnDate:
        """The layer in force, and what its labels mean."""
        layer = self.composite.dates[self.composite.index(day)]
        if layer not in self._dates:
            arrangement, row = self.composite.at(layer)
            held = self._supported.get(layer, frozenset())
            labels = self.composite.labels
            is_open = [_is_open(label, held) for label in labels]
            width = [0.0 if o else self._border_km(k) for o, k in zip(is_open, labels, strict=True)]
            self._dates[layer] = DrawnDate(
                layer,
                arrangement,
                np.append(row, -1).astype(np.int64),
                np.array([*is_open, False], dtype=bool),
                np.array([*width, 0.0]),
                self._label_row,
                self._field(layer),
            )
        return self._dates[layer]

    def _border_km(self, label: Label) -> float:
        numbers = self.judgements
        worst = max(numbers.border_km.values())
        factor = numbers.basis_factor.get(label.basis, 1.0)
        return numbers.border_km.get(label.confidence, worst) * factor

    def _draws(
        self, date: DrawnDate, lattice: Lattice, label: Ints
    ) -> tuple[Ints, NDArray[np.int16]]:
        """The controller of each point as drawn, and in each draw; -1 where none holds it alone."""
        drawn = date.row[label]
        draws = np.repeat(drawn[None, :].astype(np.int16), self.judgements.draws, axis=0)
        can_differ = np.flatnonzero(date.open[label])
        if date.field is not None and len(can_differ):
            spots = lattice.xy[can_differ]
            numbers = {"count": self.judgements.draws, "seed": self.judgements.seed}
            kept = (lattice.kept, can_differ) if lattice is self._lattice else None
            side = date.field.draws(spots, **numbers, kept=kept)
            actor = self._actors(date, lattice.xy[can_differ], lattice.xy, drawn)
            draws[:, can_differ] = actor[np.arange(len(can_differ)), side]
        return drawn, draws

    def _actors(self, date: DrawnDate, xy: Floats, where: Floats, drawn: Ints) -> NDArray[np.int16]:
        """For each point and side of the field, the controller that would hold it: the nearest."""
        assert date.field is not None
        sides = list(date.field.sides)
        actor = np.full((len(xy), len(sides)), -1, np.int16)
        held = set(date.row[np.unique(date.face[date.face >= 0])].tolist())
        for column, side in enumerate(sides):
            ever = [row for row, own in enumerate(self.side_of) if own == side]
            # Who has ground of the side on this date; else who has some on another, or the side.
            mine = [row for row in ever if row in held] or ever
            spots = np.flatnonzero(np.isin(drawn, mine))
            if len(mine) == 1 or not len(spots):
                actor[:, column] = max(mine, default=-1)
                continue
            tree = shapely.STRtree(np.asarray(shapely.points(where[spots])))
            nearest = tree.query_nearest(np.asarray(shapely.points(xy)), all_matches=False)[1]
            actor[:, column] = drawn[spots[nearest]]
        return actor

    # ------------------------------------------------------------ areas

    def areas(self, day: dt.date) -> Floats:
        """What each controller holds more than drawn, km2: one column a controller."""
        date = self.at(day)
        if date.day not in self._areas:
            spread = self._border_spread(date)
            if date.open[date.face[date.face >= 0]].any():
                found = self._field_spread if date.field is not None else self._share_spread
                spread += found(date)
            self._areas[date.day] = spread
        return self._areas[date.day]

    def shown_km2(self, day: dt.date) -> Floats:
        """What direct evidence shows of each controller's ground: its basis is not inferred."""
        date = self.at(day)
        inside = date.face[:-1] >= 0
        label = date.face[:-1][inside]
        ground = self.composite.ground_km2(date.arrangement)[inside]
        direct = np.array([k.basis != Basis.INFERRED for k in self.composite.labels])
        kept = direct[label] & (date.row[label] >= 0)
        return np.bincount(date.row[label[kept]], ground[kept], len(self.controllers)).astype(float)

    def _field_spread(self, date: DrawnDate) -> Floats:
        """Ground that the draws of the field give to others than the map does."""
        lattice = self._lattice
        label = self.composite.labels_at(date.day, *lattice.lonlat.T).astype(np.int64)
        open_ = np.flatnonzero(date.open[label])
        drawn, draws = self._draws(date, lattice, label)
        drawn, draws = drawn[open_], draws[:, open_]
        # Points share what their controller is drawn to hold, so that a figure can go to nothing.
        rows = len(self.controllers)
        points = np.bincount(drawn + 1, minlength=rows + 1)
        area = self._open_km2(date)
        weight = (area / np.maximum(points, 1))[drawn + 1]
        held = [((draws == row) * weight).sum(axis=1) for row in range(rows)]
        return np.array(held, dtype=float).reshape(rows, -1).T - (area * (points > 0))[1:]

    def _open_km2(self, date: DrawnDate) -> Floats:
        """Open ground of each controller on the map; before them, that which none holds alone."""
        inside = date.face[:-1] >= 0
        label = date.face[:-1][inside]
        ground = self.composite.ground_km2(date.arrangement)[inside]
        row = date.row[label] + 1
        area = np.bincount(row, ground * date.open[label], minlength=len(self.controllers) + 1)
        return area.astype(np.float64)

    def _share_spread(self, date: DrawnDate) -> Floats:
        """Open ground without a field: each patch goes to its parties in random shares."""
        inside = date.face[:-1] >= 0
        ground = self.composite.ground_km2(date.arrangement)[inside]
        area = np.bincount(date.face[:-1][inside], ground, minlength=len(self.composite.labels))
        held = sorted({int(r) for r in date.row[np.flatnonzero(area)] if r >= 0})
        spread = np.zeros((self.judgements.draws, len(self.controllers)))
        for k in np.flatnonzero(date.open[:-1] & (area > 0)).tolist():
            label = self.composite.labels[k]
            own = int(date.row[k])
            rng = np.random.default_rng([self.judgements.seed, zlib.crc32(label.patch.encode())])
            for row, share in self._shares(label, own, held, rng).items():
                spread[:, row] += area[k] * (share - (row == own))
        return spread

    def _shares(
        self, label: Label, own: int, held: Sequence[int], rng: np.random.Generator
    ) -> dict[int, Floats]:
        """A random share of a patch for each controller that may hold it."""
        draws = self.judgements.draws
        if own >= 0:
            others = [row for row in held if row != own]
            mine = rng.uniform(size=draws)
            rest = rng.dirichlet(np.ones(len(others) + 1), draws) * (1 - mine)[:, None]
            return {own: mine, **{row: rest[:, i] for i, row in enumerate(others)}}
        parties = [self.controllers.index(one) for one in label.parties if one in self.controllers]
        surely_theirs = label.is_shared and len(parties) > 1
        parties = parties or list(held)
        share = rng.dirichlet(np.ones(len(parties) + (not surely_theirs)), draws)
        return {row: share[:, i] for i, row in enumerate(parties)}

    def _border_spread(self, date: DrawnDate) -> Floats:
        """Ground that controllers gain as borders drawn by hand move."""
        left, right = date.face[date.arrangement.left], date.face[date.arrangement.right]
        width = np.maximum(date.border_km[left], date.border_km[right])
        apart = (left >= 0) & (right >= 0) & (date.row[left] != date.row[right]) & (width > 0)
        arc = np.flatnonzero(apart)
        here, there = left[arc], right[arc]
        # The field lifts the border towards the controller later in the alphabet.
        push = width[arc] * np.where(date.row[here] < date.row[there], 1.0, -1.0)
        gain = np.zeros((len(self.controllers), len(arc)))
        for label, sign in ((here, 1.0), (there, -1.0)):
            sharp = np.flatnonzero(~date.open[label] & (date.row[label] >= 0))
            gain[date.row[label[sharp]], sharp] += sign * push[sharp]
        return self._noise.of(gain @ self._along_arcs(date.arrangement, arc))

    def _along_arcs(self, arrangement: Arrangement, arc: Ints) -> Floats:
        """
        The basis of the noise summed along arcs, km; one row an arc, ascending.

        Most arcs of a date were there on the date before: those are not summed again.
        """
        whose, known, sums = self._summed
        if whose is not arrangement:
            known, sums = np.zeros(0, np.int64), np.zeros((0, 0))
        fresh = np.setdiff1d(arc, known, assume_unique=True)
        xy, length, of = self._pieces(arrangement, fresh)
        found = self._noise.gather(xy, length, of, len(fresh))
        if len(fresh) < len(arc):
            kept = np.isin(known, arc, assume_unique=True)
            order = np.argsort(np.concatenate([known[kept], fresh]))
            found = np.concatenate([sums[kept], found])[order]
        self._summed = arrangement, arc, found
        return found

    def _pieces(self, arrangement: Arrangement, arc: Ints) -> tuple[Floats, Floats, Ints]:
        """Pieces of arcs: middles in the plane, lengths in km, and which arc each is of."""
        if not len(arc):
            return np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64)
        lines = self._flat_lines(arrangement.linestrings(2 * arc, np.arange(len(arc))))
        xy, of = shapely.get_coordinates(lines, return_index=True)
        inner = np.flatnonzero(of[1:] == of[:-1])
        of = of[inner]
        along = xy[inner + 1] - xy[inner]
        length = np.hypot(*along.T) / 1e3
        # Edges that begin in the same stretch of an arc are one piece.
        end = np.cumsum(length)
        fresh = np.append(True, of[1:] != of[:-1])
        passed = end - length - (end - length)[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
        stretch = (passed / _STRETCH_KM).astype(np.int64)
        begin = np.flatnonzero(fresh | np.append(True, stretch[1:] != stretch[:-1]))
        weight = np.column_stack([(xy[inner] + xy[inner + 1]) / 2 * length[:, None], length])
        sums = np.add.reduceat(weight, begin, axis=0)
        middle = sums[:, :2] / np.maximum(sums[:, 2:], 1e-12)
        return middle, sums[:, 2], of[begin]

    def _flat_lines(self, lines: NDArray[np.object_]) -> NDArray[np.object_]:
        """Lines in the plane, with a vertex at least every 5 km."""
        flat = self._plane.forward(shapely.MultiLineString(list(shapely.segmentize(lines, 0.1))))
        return np.asarray(shapely.segmentize(shapely.get_parts(flat), 5e3))

    # ------------------------------------------------------------ change

    def change(self, before: dt.date, after: dt.date, pieces: gpd.GeoDataFrame) -> Floats:
        """How much more than drawn went the way of each piece, km2: one column a piece."""
        spread = np.zeros((self.judgements.draws, len(pieces)))
        was, now = (self._held_rows(pieces, way) for way in ("from", "to"))
        side = np.array([*self.side_of, ""], dtype=object)
        real = np.flatnonzero((was >= 0) & (now >= 0) & (side[was] != side[now]))
        if not len(real):
            return spread
        arrangement, first, second = self.composite.between(before, after)
        labels = [np.append(row, -1).astype(np.int64) for row in (first, second)]
        dates = [self.at(day) for day in (before, after)]
        piece = self._piece_of_faces(arrangement, labels, pieces, real)
        hands = np.stack([was, now])
        spread += self._moved_borders(arrangement, labels, dates, piece, hands)
        if any(d.field is not None and d.open[d.face[d.face >= 0]].any() for d in dates):
            spread[:, real] += self._moved_ground(
                pieces, real, dates, hands[:, real], labels, arrangement
            )
        return spread

    def _held_rows(self, pieces: gpd.GeoDataFrame, way: str) -> Ints:
        """The controller that held each piece alone, or -1."""
        place = {name: i for i, name in enumerate(self.controllers)}
        alone = pieces[f"{way}_status"] == Status.CONTROLLED
        return np.where(
            alone, [place.get(name, -1) for name in pieces[f"{way}_controller"]], -1
        ).astype(np.int64)

    def _piece_of_faces(
        self,
        arrangement: Arrangement,
        labels: Sequence[Ints],
        pieces: gpd.GeoDataFrame,
        real: Ints,
    ) -> Ints:
        """The piece that each face belongs to, -1 where none; one more for the outside."""
        states = [(k.controller, str(k.status)) for k in self.composite.labels]
        number = {state: i for i, state in enumerate(sorted(set(states)))}
        code = np.array([number[state] for state in states] + [-1], np.int64)
        was, now = (code[label[:-1]] for label in labels)
        pair = np.where((was >= 0) & (now >= 0), was * len(number) + now, -1)
        part = arrangement.ground_parts(pair)
        inside = shapely.get_coordinates(shapely.point_on_surface(pieces.geometry.to_numpy()[real]))
        of = np.full(arrangement.face_count + 1, -1, np.int64)
        of[part[arrangement.locate(*inside.T)]] = real
        piece = np.full(arrangement.face_count + 1, -1, np.int64)
        piece[:-1] = of[part]
        return piece

    def _moved_borders(
        self,
        arrangement: Arrangement,
        labels: Sequence[Ints],
        dates: Sequence[DrawnDate],
        piece: Ints,
        hands: Ints,
    ) -> Floats:
        """Ground that pieces gain as borders drawn by hand move, on the first date and the last."""
        where, weight, owner = [np.zeros((0, 2))], [np.zeros(0)], [np.zeros(0, np.int64)]
        left, right = arrangement.left, arrangement.right
        for label, date, hand in zip(labels, dates, hands, strict=True):
            width = np.maximum(date.border_km[label[left]], date.border_km[label[right]])
            for inner, outer in ((left, right), (right, left)):
                mine = piece[inner]
                holder, other = hand[mine], date.row[label[outer]]
                arc = np.flatnonzero(
                    (mine >= 0) & (label[outer] >= 0) & (holder != other) & (width > 0)
                )
                xy, length, of = self._pieces(arrangement, arc)
                push = length * width[arc][of]
                where.append(xy)
                weight.append(push * np.where(holder[arc] < other[arc], 1.0, -1.0)[of])
                owner.append(mine[arc][of])
        return self._noise.sums(
            np.concatenate(where), np.concatenate(weight), np.concatenate(owner), hands.shape[1]
        )

    def _moved_ground(
        self,
        pieces: gpd.GeoDataFrame,
        real: Ints,
        dates: Sequence[DrawnDate],
        hands: Ints,
        labels: Sequence[Ints],
        arrangement: Arrangement,
    ) -> Floats:
        """Ground near each piece that goes the same way in the draws, less what is drawn so."""
        area = pieces["area_km2"].to_numpy()[real]
        shapes = np.array([self._flat(s) for s in pieces.geometry.to_numpy()[real]], dtype=object)
        lattice = self._near(shapes)
        face = arrangement.locate(*lattice.lonlat.T)
        # The same random numbers for both dates: what differs is what the evidence makes differ.
        found = [
            self._draws(date, lattice, label[face])
            for label, date in zip(labels, dates, strict=True)
        ]
        spots = np.asarray(shapely.points(lattice.xy))
        spread = np.zeros((self.judgements.draws, len(real)))
        for was, now in np.unique(hands, axis=1).T.tolist():
            same = np.flatnonzero((hands[0] == was) & (hands[1] == now))
            point, nearest = _nearest(spots, shapes[same], self.judgements.reach_km * 1e3)
            drawn = (found[0][0][point] == was) & (found[1][0][point] == now)
            draws = (found[0][1][:, point] == was) & (found[1][1][:, point] == now)
            # Points in a piece share what it is drawn to measure, so that it can go to nothing.
            inside = np.bincount(nearest[drawn], minlength=len(same))
            weight = np.full(len(point), lattice.cell_km2)
            weight[drawn] = (area[same] / np.maximum(inside, 1))[nearest[drawn]]
            spread[:, same] = sums((draws.astype(float) - drawn) * weight, nearest, len(same))
        return spread

    # ------------------------------------------------------------ fronts

    def fronts(self, day: dt.date, lines: gpd.GeoDataFrame) -> Floats:
        """By how much each line is longer than drawn, km: one column a line."""
        spread = np.zeros((self.judgements.draws, len(lines)))
        if not len(lines):
            return spread
        date = self.at(day)
        shapes = self._flat_lines(lines.geometry.to_numpy())
        spread += self._bent_lines(date, shapes)
        if date.field is None or not date.open[date.face[date.face >= 0]].any():
            return spread
        lattice = self._near(shapes)
        label = self.composite.labels_at(day, *lattice.lonlat.T).astype(np.int64)
        drawn, draws = self._draws(date, lattice, label)
        names = sorted(set(self.side_of))
        code = np.array([names.index(side) for side in self.side_of] + [-1])
        drawn, draws = code[drawn], code[draws]
        near, far, length = lattice.pairs()
        middle = np.asarray(shapely.points((lattice.xy[near] + lattice.xy[far]) / 2))
        for (left, right), index in lines.groupby(["left", "right"]).indices.items():
            edge, nearest = _nearest(middle, shapes[index], self.judgements.reach_km * 1e3)
            a, b, km = near[edge], far[edge], length[edge]
            one, two = names.index(left), names.index(right)
            cut = _between(draws, a, b, one, two).astype(float)
            more = (cut - _between(drawn[None], a, b, one, two)) * km
            spread[:, index] += sums(more, nearest, len(index))
        return spread

    def _bent_lines(self, date: DrawnDate, shapes: NDArray[np.object_]) -> Floats:
        """How much longer lines become as their points move, where they are drawn by hand."""
        xy, of = shapely.get_coordinates(shapes, return_index=True)
        inner = np.flatnonzero(of[1:] == of[:-1])
        along = xy[inner + 1] - xy[inner]
        length = np.hypot(*along.T)
        beside = np.stack([-along[:, 1], along[:, 0]], axis=1) * (50.0 / length)[:, None]
        middle = (xy[inner] + xy[inner + 1]) / 2
        width = np.zeros(len(inner))
        for side in (1, -1):
            lonlat = shapely.get_coordinates(
                self._plane.inverse(shapely.MultiPoint(middle + side * beside))
            )
            width = np.maximum(width, date.border_km[self.composite.labels_at(date.day, *lonlat.T)])
        longer = np.zeros((self.judgements.draws, len(shapes)))
        if width.any():
            sway = self._noise.at(xy), self._noise.swapped.at(xy)
            dx, dy = (field[:, inner + 1] - field[:, inner] for field in sway)
            push = width * 1e3 / np.sqrt(2)
            bent = np.hypot(along[:, 0] + push * dx, along[:, 1] + push * dy) - length
            longer = sums(bent / 1e3, of[inner], len(shapes))
        return longer


def _is_open(label: Label, supported: frozenset[str]) -> bool:
    """Whether ground can be another's than is drawn, not only at its border."""
    if label.is_held:
        return label.patch in supported or label.basis == Basis.CLAIMED
    return label.status in _OPEN


def _nearest(
    spots: NDArray[np.object_], shapes: NDArray[np.object_], reach_m: float
) -> tuple[Ints, Ints]:
    """Points within reach of any shape, and the shape nearest to each."""
    tree = shapely.STRtree(shapes)
    point, shape = tree.query_nearest(spots, max_distance=reach_m, all_matches=False)
    return point, shape


def sums(values: Floats, owner: Ints, count: int) -> Floats:
    """Columns added up by their owner."""
    sums = np.zeros((len(values), count))
    order = np.argsort(owner, kind="stable")
    owners, begin = np.unique(owner[order], return_index=True)
    if len(owners):
        sums[:, owners] = np.add.reduceat(values[:, order], begin, axis=1)
    return sums


def _between(held: NDArray[np.integer], a: Ints, b: Ints, one: int, two: int) -> NDArray[np.bool_]:
    """Whether one side holds a and the other b."""
    here, there = held[:, a], held[:, b]
    cut: Bools = ((here == one) & (there == two)) | ((here == two) & (there == one))
    return cut
