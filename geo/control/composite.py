"""
The space-time composite: who held which ground, when.

The borders of all dated layers are noded together once into faces that never
split again (`geo.coverage.topology`). On each date a face has one label, so its history
is a short list of changes, and every question about time is a look-up or a sum
over arrays; polygons are assembled only for what is shown (Langran 1992, Time
in Geographic Information Systems).

Where layer after layer is drawn anew, the faces of all of them would grow with
the square of the dates. Then the dates fall into epochs: each has faces and
arcs of its own, and two dates of different epochs are noded when they are asked
for together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import shapely

from geo.coverage import (
    PER_DEGREE,
    Arcs,
    Arrangement,
    BorderEdges,
    Lines,
    Segments,
    arrange,
    find_faults,
    outlines,
    pack,
    shapes,
    uniques,
)
from geo.crs import LONLAT, area_km2
from geo.errors import CoverageError, DateError, Issue
from geo.model import Confidence, Label, Patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from geo.coverage import Shapes
    from geo.crs import Edges

    Ints = NDArray[np.int64]
    Row = NDArray[np.int32]
    Borders = tuple[Ints, Ints, NDArray[np.int8]]

__all__ = [
    "ChangedGround",
    "Composite",
    "Ground",
    "HeldPatch",
    "Outline",
    "areas_as_drawn",
    "build_frame",
    "ground_of",
]

By = Literal["label", "holder", "side"]
Ground = Literal["patch", "holder", "side"]
T = TypeVar("T", str, tuple[str, str])

_FRESH = 0.25
"""A layer is drawn anew where it has more new segments than this share of its positions."""
_CROSSINGS = 50_000
"""An epoch ends at a layer drawn anew when about so many new crossings are to be expected."""
_REMEMBERED = 16
"""So many pairs of dates keep their changes in memory: those that one question asks for twice."""
_AXES = ("controller", "controllers", "status", "basis", "confidence", "patch")
_HANDS = ("id", "from_controller", "to_controller", "from_status", "to_status")


@dataclass(frozen=True, slots=True)
class HeldPatch(Patch):
    """
    The ground of one label at one date.

    Attributes
    ----------
    label
        Who, how, how sure.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    side
        The side that holds it; the status, where nobody is said to hold it alone.
    area_km2
        Geodesic.
    """

    side: str
    area_km2: float


@dataclass(frozen=True, slots=True)
class Outline:
    """
    The joined ground of one holder or side at one date.

    Attributes
    ----------
    holder
        The controller, or the status of ground that nobody holds alone; joined by side, the side.
    side
        Side of the holder.
    area_km2
        Geodesic.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    """

    holder: str
    side: str
    area_km2: float
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True)
class ChangedGround:
    """
    One connected piece of ground that changed hands between two dates.

    Attributes
    ----------
    id
        The same as long as the ground and the hands are.
    from_controller, from_status
        Who held it before, and how; no controller where nobody is said to have held it alone.
    to_controller, to_status
        The same afterwards.
    area_km2
        Geodesic.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    """

    id: str
    from_controller: str
    from_status: str
    to_controller: str
    to_status: str
    area_km2: float
    geometry: shapely.Geometry

    @property
    def from_holder(self) -> str:  # numpydoc ignore=RT01
        """Who held it before: the controller, or the status where nobody held it alone."""
        return self.from_controller or self.from_status

    @property
    def to_holder(self) -> str:  # numpydoc ignore=RT01
        """Who holds it afterwards: the controller, or the status where nobody holds it alone."""
        return self.to_controller or self.to_status


# ---------------------------------------------------------------- what the layers hold


@dataclass(frozen=True, slots=True)
class _Layers:
    """Distinct shapes, the first of which is the study area; distinct labels; and both by date."""

    geometries: list[shapely.Geometry]
    labels: tuple[Label, ...]
    shape: tuple[Ints, ...]
    label: tuple[Ints, ...]


def _collect(area: shapely.Geometry, snapshots: Sequence[Sequence[Patch]]) -> _Layers:
    """Recognise equal geometries and equal labels."""
    geometries, met = [area], {id(area): 0}
    alike = {_fingerprints([area])[0]: [0]}
    labels: dict[Label, int] = {}
    pairs: dict[int, tuple[int, int]] = {}
    by_date: list[Ints] = []
    last, held = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    for patches in snapshots:
        ids = np.fromiter(map(id, patches), np.int64, len(patches))
        # Most patches stand where they stood the day before.
        fresh = np.arange(len(ids)) if len(ids) != len(last) else np.flatnonzero(ids != last)
        moved = [patches[k] for k in fresh.tolist()]
        new = {id(p.geometry): p.geometry for p in moved if id(p.geometry) not in met}
        for (name, one), key in zip(new.items(), _fingerprints(list(new.values())), strict=True):
            numbers = alike.setdefault(key, [])
            same = (n for n in numbers if shapely.equals_identical(geometries[n], one))
            met[name] = next(same, len(geometries))
            if met[name] == len(geometries):
                geometries.append(one)
                numbers.append(met[name])
        for patch in moved:
            if id(patch) not in pairs:
                number = labels.setdefault(patch.label, len(labels))
                pairs[id(patch)] = met[id(patch.geometry)], number
        held = held.copy() if len(ids) == len(last) else np.empty((len(ids), 2), np.int64)
        held[fresh] = np.array([pairs[id(patch)] for patch in moved], np.int64).reshape(-1, 2)
        last = ids
        by_date.append(held)
    # By a key, as asking two labels which is less makes two tuples each time.
    order = sorted(labels, key=attrgetter(*Label.__slots__))
    rank = np.empty(len(order), np.int64)
    rank[[labels[one] for one in order]] = np.arange(len(order))
    shape = tuple(pair[:, 0] for pair in by_date)
    return _Layers(geometries, tuple(order), shape, tuple(rank[pair[:, 1]] for pair in by_date))


def _fingerprints(many: Sequence[shapely.Geometry]) -> list[bytes]:
    """What is equal for equal geometries, and hardly ever for others."""
    middle = shapely.centroid(many)
    rows = np.empty((len(many), 7))
    rows[:, :4] = shapely.bounds(many).reshape(-1, 4)
    rows[:, 4] = shapely.get_num_coordinates(many)
    rows[:, 5], rows[:, 6] = shapely.get_x(middle), shapely.get_y(middle)
    return [row.tobytes() for row in rows]


@dataclass(frozen=True, slots=True)
class _Load:
    """How much an epoch has taken up: layers drawn anew, and crossings to be expected of them."""

    redrawn: int = 0
    crossings: int = 0

    def more(self, fresh: int, positions: int) -> _Load | None:
        """The load with one layer more; None where that begins an epoch."""
        if fresh <= _FRESH * positions:
            return self
        crossings = self.crossings + fresh * self.redrawn
        if self.redrawn and crossings > _CROSSINGS:
            return None
        return _Load(self.redrawn + 1, crossings)


def _positions(patches: Sequence[shapely.Geometry]) -> int:
    return int(shapely.get_num_coordinates(patches).sum()) if len(patches) else 0


def _epochs(which: Shapes, layers: _Layers) -> list[tuple[int, int, _Load]]:
    """First and last layer but one of each epoch, and its load."""
    positions = np.array([shapely.get_num_coordinates(g) for g in layers.geometries], np.int64)
    found: list[tuple[int, int, _Load]] = []
    entered = np.full(len(layers.geometries), -1)
    seen = np.full(len(which.low), -1)
    begin, load = 0, _Load()

    def enter(shape: Ints, epoch: int) -> int:
        """Mark the segments of some shapes; how many are new in this epoch."""
        new = shape[entered[shape] != epoch]
        entered[new] = epoch
        span = [which.segment[which.offsets[k] : which.offsets[k + 1]] for k in uniques(new)]
        segment = np.concatenate([*span, which.segment[:0]])
        segment = uniques(segment[seen[segment] != epoch])
        seen[segment] = epoch
        return len(segment)

    area = np.zeros(1, np.int64)
    enter(area, 0)
    for i, shape in enumerate(layers.shape):
        total = int(positions[shape].sum())
        more = load.more(enter(shape, len(found)), total)
        if more is None:
            found.append((begin, i, load))
            enter(area, len(found))
            begin, more = i, _Load().more(enter(shape, len(found)), total) or _Load()
        load = more
    return [*found, (begin, len(layers.shape), load)]


@dataclass(frozen=True, slots=True)
class _History:
    """Labels of the faces at the first date, and what changed at each later one; -1 is outside."""

    first: Row
    offsets: Ints
    face: NDArray[np.int32]
    was: Row
    label: Row

    @classmethod
    def of(cls, rows: Iterator[Row]) -> _History:
        """Keep what differs from row to row."""
        first = previous = next(rows)
        face, was, label = [], [], []
        for row in rows:
            moved = np.flatnonzero(row != previous)
            face.append(moved)
            was.append(previous[moved])
            label.append(row[moved])
            previous = row
        offsets = np.cumsum([0, 0, *(len(moved) for moved in face)]).astype(np.int64)
        empty = [np.zeros(0, np.int32)]
        columns = [np.concatenate(empty + c).astype(np.int32) for c in (face, was, label)]
        return cls(first, offsets, *columns)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, i: int) -> Row:
        """The labels at one date."""
        row = self.first.copy()
        end = self.offsets[i + 1]
        # Of several changes of a face the last one stays.
        row[self.face[:end]] = self.label[:end]
        return row

    def rows(self) -> Iterator[Row]:
        """The labels at all dates; each one is valid until the next."""
        row = self.first.copy()
        for begin, end in zip(self.offsets, self.offsets[1:], strict=False):
            row[self.face[begin:end]] = self.label[begin:end]
            yield row

    def followed_by(self, row: Row) -> _History:
        """The history with one date more."""
        previous = self.row(len(self) - 1)
        moved = np.flatnonzero(row != previous).astype(np.int32)
        return _History(
            self.first,
            np.append(self.offsets, self.offsets[-1] + len(moved)),
            np.concatenate([self.face, moved]),
            np.concatenate([self.was, previous[moved]]),
            np.concatenate([self.label, row[moved]]),
        )

    def inherited(self, source: Ints) -> _History:
        """The history of faces that came from others; -1 was outside."""
        order = np.argsort(source, kind="stable")
        ordered = source[order]
        begin = np.searchsorted(ordered, self.face, side="left")
        count = np.searchsorted(ordered, self.face, side="right") - begin
        ends = np.cumsum(count)
        at = np.repeat(begin - (ends - count), count) + np.arange(int(count.sum()))
        bounds = np.concatenate([np.zeros(1, np.int64), ends])[self.offsets]
        return _History(
            np.append(self.first, np.int32(-1))[source],
            bounds,
            order[at].astype(np.int32),
            np.repeat(self.was, count),
            np.repeat(self.label, count),
        )

    def relabelled(self, number: Ints) -> _History:
        """The history with other numbers for the labels."""
        table = np.append(number, -1).astype(np.int32)
        return _History(
            table[self.first], self.offsets, self.face, table[self.was], table[self.label]
        )

    def at(self, faces: Ints) -> Row:
        """The labels of some faces, one row a face and one column a date."""
        place = np.full(len(self.first), -1, np.int64)
        wanted, back = np.unique(faces, return_inverse=True)
        place[wanted] = np.arange(len(wanted))
        mine = np.flatnonzero(place[self.face] >= 0)
        date = np.searchsorted(self.offsets, mine, side="right") - 1
        table = np.full((len(wanted), len(self)), -2, np.int32)
        table[:, 0] = self.first[wanted]
        table[place[self.face[mine]], date] = self.label[mine]
        filled = np.where(table == -2, 0, np.arange(len(self)))
        np.maximum.accumulate(filled, axis=1, out=filled)
        result: Row = np.take_along_axis(table, filled, axis=1)[back]
        return result


@dataclass(frozen=True, slots=True)
class _Epoch:
    """Some dates in a row with faces and arcs of their own."""

    begin: int
    arrangement: Arrangement
    history: _History
    load: _Load
    last: tuple[Patch, ...] | None = None
    """The patches of the last date, where their borders say it all; None after a repair."""

    @property
    def end(self) -> int:
        return self.begin + len(self.history)


# ---------------------------------------------------------------- labels from borders


class _Labeller:
    """Labels of the faces from the borders of labelled shapes, kept up from date to date."""

    def __init__(self, arrangement: Arrangement, borders: Borders, labels: int) -> None:
        self.arrangement = arrangement
        self.offsets, self.arc, self.sign = borders
        # Of a face that several shapes cover, or one covers twice, the label is a sum; the weights
        # of what was summed then do not add up to the weight of the sum.
        rng = np.random.default_rng(0)
        self.weight = np.append(0, rng.integers(1, 1 << 48, labels))
        self.count = labels

    def entries(self, shape: Ints) -> tuple[Ints, Ints]:
        """Places of some shapes' arcs, and which of the shapes each belongs to."""
        begin, count = self.offsets[shape], self.offsets[shape + 1] - self.offsets[shape]
        which = np.repeat(np.arange(len(shape)), count)
        return np.arange(len(which)) - np.repeat(np.cumsum(count) - count - begin, count), which

    def cover(self, shape: Ints, value: Ints | None = None) -> Ints:
        """Sum over the shapes that cover a face, of ones or of a value each."""
        at, which = self.entries(shape)
        ones: Ints = self.sign[at].astype(np.int64)
        change = ones if value is None else value[which] * ones
        return self.arrangement.cover(self.arc[at], change)

    def empty(self) -> Ints:
        """What `enter` adds to arcs for no shapes; the study area, the first shape, is wanted."""
        off = np.zeros(len(self.arrangement.lines.size), np.int64)
        at, _ = self.entries(np.zeros(1, np.int64))
        np.subtract.at(off, self.arc[at], self.sign[at])
        return off

    def enter(self, steps: Ints, off: Ints, shape: Ints, label: Ints, factor: Ints) -> None:
        """
        Add shapes to, or take them from, running sums.

        `steps` sum the labels and their weights; `off` sums how often shapes end
        on the left of an arc less how often on the right.
        """
        at, which = self.entries(shape)
        arc, sign = self.arc[at], self.sign[at] * factor[which]
        named = label[which] + 1
        self.arrangement.enter(steps, arc, [sign * named, sign * self.weight[named]])
        np.add.at(off, arc, sign)

    def row(self, steps: Ints, off: Ints, base: Row | None = None) -> Row | None:
        """Labels from the sums, and those before; None where a face has not just one."""
        if off.any():
            return None
        total, weights = self.arrangement.settle(steps)
        if base is not None:
            total, weights = total + base + 1, weights + self.weight[base + 1]
        if not np.array_equal(self.weight[np.clip(total, 0, self.count)], weights):
            return None
        row: Row = (total - 1).astype(np.int32)
        return row

    def repaired(self, shape: Ints, label: Ints, inside: NDArray[np.bool_]) -> Row:
        """A layer with slivers: overlaps go to the first label, gaps to the longest neighbour."""
        count = self.cover(shape)
        nothing = np.iinfo(np.int32).max
        row = np.full(len(inside), nothing, np.int32)
        good = inside & (count == 1)
        row[good] = (self.cover(shape, label + 1) - 1)[good]
        for one, name in zip(shape, label, strict=True):
            covered = inside & ~good & (self.cover(np.array([one])) > 0)
            row[covered] = np.minimum(row[covered], np.int32(name))
        row[row == nothing] = -1
        return self.arrangement.spread(row, inside)


def _label_dates(
    arrangement: Arrangement,
    which: Shapes,
    shape: Sequence[Ints],
    label: Sequence[Ints],
    labels: int,
) -> Iterator[tuple[Row, bool]]:
    """The labels at each date, and whether its patches cover the study area exactly once."""
    labeller = _Labeller(arrangement, arrangement.borders(which), labels)
    area = np.zeros(1, np.int64)
    inside = labeller.cover(area) > 0
    steps = np.zeros((2, len(inside) + 1), np.int64)
    off = labeller.empty()
    was = np.zeros((2, 0), np.int64)
    for now in map(np.stack, zip(shape, label, strict=True)):
        # What stands where it stood before need not be taken out and put in again.
        moved = np.ones(now.shape[1], bool) if was.shape != now.shape else (was != now).any(axis=0)
        gone, came = was if was.shape != now.shape else was[:, moved], now[:, moved]
        factor = np.repeat([-1, 1], [gone.shape[1], came.shape[1]])
        if len(factor):
            shown, named = np.concatenate([gone, came], axis=1)
            labeller.enter(steps, off, shown, named, factor)
        was = now
        row = labeller.row(steps, off)
        yield (labeller.repaired(now[0], now[1], inside), False) if row is None else (row, True)


def _composed(
    which: Shapes, layers: _Layers, span: slice
) -> tuple[Arrangement, _History, frozenset[int]]:
    """Faces and labels of some dates, and which of these do not cover the study area once."""
    shape, label = layers.shape[span], layers.label[span]
    used = uniques(np.concatenate([np.zeros(1, np.int64), *shape]))
    if len(used) < len(layers.geometries):
        which = which.take(used)
        shape = tuple(np.searchsorted(used, one) for one in shape)
    arrangement = arrange(which)
    unsound = set()

    def rows() -> Iterator[Row]:
        dates = _label_dates(arrangement, which, shape, label, len(layers.labels))
        for i, (row, sound) in enumerate(dates):
            if not sound:
                unsound.add(i)
            yield row

    history = _History.of(rows())
    # What only the shapes of these dates were looked up in.
    arrangement.pieces = None
    return arrangement, history, frozenset(unsound)


def _coverage_errors(area: shapely.Geometry, day: dt.date, patches: Sequence[Patch]) -> list[Issue]:
    """The errors of a layer that does not cover the study area exactly once."""
    return [
        Issue(i.code, i.severity, f"{day}: {i.message}", i.hint, i.file, i.line, i.ids, i.where)
        for i in find_faults(area, patches)
        if i.severity == "error"
    ]


def _raise_coverage(issues: Sequence[Issue]) -> None:
    if issues:
        raise CoverageError("\n".join(str(issue) for issue in issues), issues)


class Composite:
    """
    Dated layers as faces, shared arcs and labels; made by `build`.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    dates
        The dates that have a layer, ascending. A layer holds until the next one; after the last
        the answer is as of its date.
    labels
        The distinct labels of all dates, ascending.
    sides
        Side of each controller; one that is not listed is its own side.
    epochs
        Dates in a row that share faces and arcs.
    """

    def __init__(
        self,
        area: shapely.Geometry,
        dates: tuple[dt.date, ...],
        labels: tuple[Label, ...],
        sides: Mapping[str, str],
        epochs: tuple[_Epoch, ...],
    ) -> None:
        self.area = area
        self.dates = dates
        self.labels = labels
        self.sides = dict(sides)
        self._epochs = epochs
        self._changed: dict[tuple[int, int], tuple[ChangedGround, ...]] = {}

    def __repr__(self) -> str:
        span = f"{self.dates[0]} to {self.dates[-1]}, " if self.dates else ""
        return f"<Composite {span}{len(self.dates)} layers, {len(self.face_area_km2)} faces>"

    @classmethod
    def build(
        cls,
        area: shapely.Geometry,
        snapshots: Mapping[dt.date, Sequence[Patch]],
        sides: Mapping[str, str] | None = None,
    ) -> Composite:
        """
        Node dated layers together and label their faces.

        Parameters
        ----------
        area
            The study area, longitude, latitude.
        snapshots
            The patches of each date, in any order; they cover the study area once.
        sides
            Side of each controller; the default makes each its own side.

        Returns
        -------
        composite
            Ready to be asked.

        Raises
        ------
        CoverageError
            If the patches of a date overlap, leave a gap or reach outside the study area by more
            than a sliver (`geo.coverage.topology.SLIVER_M`); its issues name all of them.
        """
        dates = tuple(sorted(snapshots))
        ordered = [snapshots[day] for day in dates]
        layers = _collect(area, ordered)
        which = shapes(layers.geometries)
        epochs: list[_Epoch] = []
        issues: list[Issue] = []
        for begin, end, load in _epochs(which, layers) if dates else []:
            arrangement, history, unsound = _composed(which, layers, slice(begin, end))
            for i in unsound:
                issues += _coverage_errors(area, dates[begin + i], ordered[begin + i])
            last = None if end - begin - 1 in unsound else tuple(ordered[end - 1])
            epochs.append(_Epoch(begin, arrangement, history, load, last))
        _raise_coverage(issues)
        return cls(area, dates, layers.labels, sides or {}, tuple(epochs))

    def extend(self, day: dt.date, patches: Sequence[Patch]) -> Composite:
        """
        Return the composite with one date more; what is unchanged is not built anew.

        Parameters
        ----------
        day
            A date after the last one.
        patches
            Its patches; they cover the study area once.

        Returns
        -------
        composite
            Another one, with the same answers as one built anew.

        Raises
        ------
        ValueError
            If the day is not after the last date; build anew then.
        CoverageError
            As for `build`.
        """
        if not self.dates:
            return Composite.build(self.area, {day: patches}, self.sides)
        if day <= self.dates[-1]:
            raise ValueError(f"{day} is not after {self.dates[-1]}; build the composite anew")
        gone, came = _moved(self._epochs[-1].last or (), patches)
        labels, number = _inserted(self.labels, [patch.label for patch in came])
        epochs = self._epochs
        if len(labels) > len(self.labels):
            epochs = tuple(
                _Epoch(e.begin, e.arrangement, e.history.relabelled(number), e.load, e.last)
                for e in epochs
            )
        epoch = _extended(self.area, epochs[-1], (day, tuple(patches)), (gone, came), labels)
        if epoch is None:
            alone = Composite.build(self.area, {day: patches})
            (first,) = alone._epochs
            number = _places(labels, alone.labels)
            history = first.history.relabelled(number)
            epochs += (_Epoch(epochs[-1].end, first.arrangement, history, first.load, first.last),)
        else:
            epochs = (*epochs[:-1], epoch)
        return Composite(self.area, (*self.dates, day), labels, self.sides, epochs)

    # ------------------------------------------------------------ faces and arcs

    @cached_property
    def _quantum(self) -> float:
        # Areas are whole multiples of this power of two, so that sums are exact in any order.
        total = sum(float(e.arrangement.face_area_km2.sum()) for e in self._epochs[:1])
        return float(2.0 ** (np.ceil(np.log2(max(total, 1e-9))) - 51))

    def ground_km2(self, arrangement: Arrangement) -> NDArray[np.float64]:
        """
        Return the ground of faces, so that sums of it are exact in any order.

        Parameters
        ----------
        arrangement
            As from `at` or `between`.

        Returns
        -------
        ground_km2
            Geodesic square kilometres of each face, to a whole multiple of a tiny power of two.
        """
        return np.rint(arrangement.face_area_km2 / self._quantum) * self._quantum

    @cached_property
    def _areas(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(self.ground_km2(epoch.arrangement) for epoch in self._epochs)

    @cached_property
    def _kept(self) -> tuple[Ints, ...]:
        """The faces of the study area, among those of each epoch's arrangement."""
        return tuple(np.flatnonzero(epoch.history.first >= 0) for epoch in self._epochs)

    @cached_property
    def face_area_km2(self) -> NDArray[np.float64]:  # numpydoc ignore=RT01
        """Square kilometres of each face, geodesic."""
        found = [area[kept] for area, kept in zip(self._areas, self._kept, strict=True)]
        return np.concatenate([*found, np.zeros(0)])

    @cached_property
    def history(self) -> NDArray[np.int32]:  # numpydoc ignore=RT01
        """
        Index into `labels` of each face (row) at each date (column).

        -1 at the dates of other epochs: there the ground belongs to other faces.
        """
        table = np.full((len(self.dates), len(self.face_area_km2)), -1, np.int32)
        begin = 0
        for epoch, kept in zip(self._epochs, self._kept, strict=True):
            for i, row in enumerate(epoch.history.rows(), epoch.begin):
                table[i, begin : begin + len(kept)] = row[kept]
            begin += len(kept)
        return table.T

    @cached_property
    def arcs(self) -> Arcs:  # numpydoc ignore=RT01
        """The shared lines; faces are numbered as in `history`."""
        parts = [e.arrangement.arcs(kept) for e, kept in zip(self._epochs, self._kept, strict=True)]
        return Arcs.joined(parts, [len(kept) for kept in self._kept])

    # ------------------------------------------------------------ labels

    def index(self, day: dt.date) -> int:
        """
        Return which layer is in force on a day.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        index
            Into `dates`: the last layer that is not after the day.

        Raises
        ------
        DateError
            If the day is before the first layer, or there is no layer.
        """
        found = bisect_right(self.dates, day) - 1
        if found < 0:
            first = f"the first layer is of {self.dates[0]}" if self.dates else "there is no layer"
            raise DateError(f"nothing is known of {day}: {first}")
        return found

    def _layer(self, day: dt.date) -> tuple[_Epoch, Row]:
        """The epoch of the layer in force, and the labels of its faces."""
        i = self.index(day)
        epoch = self._epochs[bisect_right([e.begin for e in self._epochs], i) - 1]
        return epoch, epoch.history.row(i - epoch.begin)

    def at(self, day: dt.date) -> tuple[Arrangement, Row]:
        """
        Return the faces in force on a day, and what they are labelled.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        arrangement, labels
            Faces and arcs, and the index into `labels` of each face; -1 outside the study area.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        epoch, row = self._layer(day)
        return epoch.arrangement, row

    def between(self, before: dt.date, after: dt.date) -> tuple[Arrangement, Row, Row]:
        """
        Return the faces of two days together, and what they are labelled on each.

        Parameters
        ----------
        before, after
            The dates, in either order.

        Returns
        -------
        arrangement, labels_before, labels_after
            As from `at`.

        Raises
        ------
        DateError
            If a day is before the first layer.
        """
        (one, first), (two, second) = self._layer(before), self._layer(after)
        if one is two:
            return one.arrangement, first, second
        drawn = [e.arrangement.dissolve(row) for e, row in ((one, first), (two, second))]
        which = shapes([polygon for _, polygons in drawn for polygon in polygons])
        arrangement = arrange(which)
        offsets, arc, sign = arrangement.borders(which)
        rows, begin = [], 0
        for values, _ in drawn:
            span = slice(offsets[begin], offsets[begin + len(values)])
            count = np.diff(offsets[begin : begin + len(values) + 1])
            value = np.repeat(values + 1, count) * sign[span]
            rows.append((arrangement.cover(arc[span], value) - 1).astype(np.int32))
            begin += len(values)
        return arrangement, rows[0], rows[1]

    @cached_property
    def held_codes(self) -> Ints:  # numpydoc ignore=RT01
        """The side that holds ground of each label, as in `side_codes`; -1 where none does."""
        held = np.array([bool(label.controller) for label in self.labels], dtype=bool)
        return np.where(held, self.side_codes[1], -1)

    @cached_property
    def doubt_codes(self) -> Ints:  # numpydoc ignore=RT01
        """The confidence of each label: 0 is the best, and the worst stands where none is said."""
        place = {str(word): i for i, word in enumerate(Confidence)}
        return np.array([place.get(k.confidence, len(place) - 1) for k in self.labels], np.int64)

    @cached_property
    def _holders(self) -> tuple[tuple[str, ...], Ints]:
        return _codes([label.holder for label in self.labels])

    @cached_property
    def _states(self) -> tuple[tuple[tuple[str, str], ...], Ints]:
        return _codes([(label.controller, str(label.status)) for label in self.labels])

    @cached_property
    def side_codes(self) -> tuple[tuple[str, ...], Ints]:  # numpydoc ignore=RT01
        """The distinct sides, ascending, and the place in them of each label's side."""
        return _codes([self.side(label) for label in self.labels])

    def side(self, label: Label) -> str:
        """
        Return the side that holds ground of some label.

        Parameters
        ----------
        label
            One of `labels`.

        Returns
        -------
        side
            The controller's side; the status, where nobody is said to hold the ground alone.
        """
        held = label.controller
        return self.sides.get(held, held) if held else str(label.status)

    def labels_at(self, day: dt.date, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """
        Return the labels of many positions at one date.

        Parameters
        ----------
        day
            The date.
        lon, lat
            Degrees. A position on a border has the face of the lower number.

        Returns
        -------
        labels
            Index into `labels` of each position; -1 outside the study area.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        epoch, row = self._layer(day)
        return np.append(row, np.int32(-1))[epoch.arrangement.locate(lon, lat)]

    def histories_at(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """
        Return the labels of many positions at every date.

        Parameters
        ----------
        lon, lat
            Degrees.

        Returns
        -------
        labels
            Index into `labels`, one row a position and one column a date; -1 outside the study
            area.
        """
        found = [np.zeros((np.size(lon), 0), np.int32)]
        for epoch in self._epochs:
            face = epoch.arrangement.locate(lon, lat)
            labels = epoch.history.at(np.maximum(face, 0))
            found.append(np.where(face[:, None] < 0, np.int32(-1), labels))
        return np.concatenate(found, axis=1)

    def history_at(self, lon: float, lat: float) -> list[tuple[dt.date, dt.date | None, Label]]:
        """
        Return who held one position, and when.

        Parameters
        ----------
        lon, lat
            Degrees.

        Returns
        -------
        history
            Intervals ``(valid_from, valid_to, label)``, half-open; the last ``valid_to`` is None:
            as of the last layer. Empty outside the study area.
        """
        column = self.histories_at(lon, lat)[0]
        if not len(column) or column[0] < 0:
            return []
        begins = np.flatnonzero(np.append(True, column[1:] != column[:-1])).tolist()
        ends = [self.dates[i] for i in begins[1:]]
        return [
            (self.dates[i], end, self.labels[column[i]])
            for i, end in zip(begins, [*ends, None], strict=True)
        ]

    # ------------------------------------------------------------ polygons and sums

    def patches(self, day: dt.date) -> tuple[HeldPatch, ...]:
        """
        Return the ground of each label at one date as plain records.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        patches
            One a label that has ground, in the order of `labels`. They are patches, so a composite
            can be built of them.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        values, areas, polygons = self._dissolved(day, np.arange(len(self.labels)))
        return tuple(
            HeldPatch(self.labels[k], shape, self.side(self.labels[k]), area)
            for k, area, shape in zip(values, areas, polygons, strict=True)
        )

    def outlines(self, day: dt.date, by: Literal["holder", "side"]) -> tuple[Outline, ...]:
        """
        Return the ground of each holder or side at one date, joined, as plain records.

        Parameters
        ----------
        day
            The date.
        by
            What to join by; see `control`.

        Returns
        -------
        outlines
            One a holder or side that has ground, ascending.

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If `by` is neither of the two.
        """
        if by not in {"holder", "side"}:
            raise ValueError(f"by is {by!r}; it must be holder or side")
        names, codes = self._holders if by == "holder" else self.side_codes
        side = {label.holder: self.side(label) for label in self.labels}
        return tuple(
            Outline(names[k], side[names[k]] if by == "holder" else names[k], area, shape)
            for k, area, shape in zip(*self._dissolved(day, codes), strict=True)
        )

    def _dissolved(
        self, day: dt.date, codes: Ints
    ) -> tuple[list[int], list[float], NDArray[np.object_]]:
        """The distinct codes of the labels on a day, and the area and shape of their ground."""
        epoch, row = self._layer(day)
        coded = np.append(codes, -1)[row]
        values, polygons = epoch.arrangement.dissolve(coded)
        area = _sums(coded, self._areas[self._epochs.index(epoch)], len(codes))
        return values.tolist(), area[values].tolist(), polygons

    def control(self, day: dt.date, by: By = "label") -> gpd.GeoDataFrame:
        """
        Return the ground of each label, holder or side at one date.

        Parameters
        ----------
        day
            The date.
        by
            What to dissolve by: ``label`` (all axes and the patch), ``holder`` (the controller,
            or the status where nobody is said to hold the ground) or ``side``.

        Returns
        -------
        control
            One row a value, ascending: ``controller``, ``controllers``, ``status``, ``basis``,
            ``confidence``, ``patch`` and ``side``, or ``holder`` and ``side``, or ``side`` alone;
            then ``area_km2`` (geodesic) and ``geometry`` (lon/lat). `patches` and `outlines` give
            the same as plain records.

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If `by` is none of the three.
        """
        if by == "label":
            patches = self.patches(day)
            columns = {name: _texts(getattr(p.label, name) for p in patches) for name in _AXES}
            columns["side"] = _texts(p.side for p in patches)
            return _frame_of(columns, patches)
        if by not in {"holder", "side"}:
            raise ValueError(f"by is {by!r}; it must be label, holder or side")
        outlines = self.outlines(day, by)
        columns = {"holder": _texts(one.holder for one in outlines)} if by == "holder" else {}
        columns["side"] = _texts(one.side for one in outlines)
        return _frame_of(columns, outlines)

    def changes(
        self, before: dt.date, after: dt.date, min_area_km2: float = 0.0
    ) -> tuple[ChangedGround, ...]:
        """
        Return the ground that changed hands between two dates as plain records.

        The last few pairs of dates are remembered, as the ledger, the bands and the totals of one
        question all ask for them.

        Parameters
        ----------
        before, after
            The dates, in either order; each stands for the layer in force.
        min_area_km2
            Smaller pieces are left out.

        Returns
        -------
        changes
            One a connected piece, largest first.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        pair = self.index(before), self.index(after)
        found = self._changed.pop(pair, None)
        if found is None:
            found = self._find_changes(before, after)
        self._changed[pair] = found
        while len(self._changed) > _REMEMBERED:
            del self._changed[next(iter(self._changed))]
        return tuple(one for one in found if one.area_km2 >= min_area_km2)

    def _find_changes(self, before: dt.date, after: dt.date) -> tuple[ChangedGround, ...]:
        arrangement, first, second = self.between(before, after)
        holder, (keys, state) = self._holders[1], self._states
        moved = (first >= 0) & (second >= 0) & (holder[first] != holder[second])
        pair = np.where(moved, state[first] * len(keys) + state[second], -1)
        part = np.where(moved, arrangement.parts(pair), -1)
        values, polygons = arrangement.dissolve(part)
        area = _sums(part, self.ground_km2(arrangement), len(part))[values]
        was, now = state[first[values]], state[second[values]]
        ids = _piece_ids(polygons, was, now, keys)
        found = []
        for k in np.lexsort([ids, -area]).tolist():
            (held, how), (holds, how_now) = keys[was[k]], keys[now[k]]
            found.append(
                ChangedGround(str(ids[k]), held, how, holds, how_now, float(area[k]), polygons[k])
            )
        return tuple(found)

    def change(
        self, before: dt.date, after: dt.date, min_area_km2: float = 0.0
    ) -> gpd.GeoDataFrame:
        """
        Return the ground that changed hands between two dates.

        Parameters
        ----------
        before, after
            The dates, in either order; each stands for the layer in force.
        min_area_km2
            Smaller pieces are left out.

        Returns
        -------
        change
            One row a connected piece, largest first: ``id`` (the same as long as the ground and
            the hands are), ``from_controller``, ``to_controller`` (empty where nobody is said to
            hold it), ``from_status``, ``to_status``, ``area_km2`` (geodesic) and ``geometry``.
            `changes` gives the same as plain records.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        pieces = self.changes(before, after, min_area_km2)
        columns = {name: _texts(getattr(p, name) for p in pieces) for name in _HANDS}
        return _frame_of(columns, pieces)

    def transfers(self, before: dt.date, after: dt.date) -> pd.DataFrame:
        """
        Return how much ground went from whom to whom.

        Parameters
        ----------
        before, after
            The dates, in either order; each stands for the layer in force.

        Returns
        -------
        transfers
            Square kilometres: one row a holder before, one column a holder after. The diagonal is
            what stayed. Rows and columns add up to `areas`, exactly
            where both dates are of one epoch.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        import pandas as pd

        arrangement, first, second = self.between(before, after)
        names, holder = self._holders
        pair = np.where((first < 0) | (second < 0), -1, holder[first] * len(names) + holder[second])
        table = _sums(pair, self.ground_km2(arrangement), len(names) ** 2)
        table = table.reshape(len(names), len(names))
        rows, columns = table.any(axis=1), table.any(axis=0)
        held = np.array(names, dtype=object)
        return pd.DataFrame(
            table[np.ix_(rows, columns)],
            index=pd.Index(held[rows], name="before"),
            columns=pd.Index(held[columns], name="after"),
        )

    def areas(self) -> pd.DataFrame:
        """
        Return the ground of each controller and status at each date that has a layer.

        Returns
        -------
        areas
            ``date``, ``controller`` (empty where nobody is said to hold it alone), ``status`` and
            ``area_km2`` (geodesic); each date adds up to the study area.
        """
        import pandas as pd

        return pd.DataFrame(self.area_columns())

    def area_columns(self) -> dict[str, NDArray[Any]]:
        """
        Return what `areas` does as plain columns, for who needs no frame.

        Returns
        -------
        columns
            The same, by name.
        """
        keys, state = self._states
        tables = [np.zeros((0, len(keys)))]
        for epoch, area in zip(self._epochs, self._areas, strict=True):
            history = epoch.history
            table = np.zeros((len(history), len(keys)))
            kept = history.first >= 0
            table[0] = np.bincount(state[history.first[kept]], area[kept], minlength=len(keys))
            date = np.repeat(np.arange(len(history)), np.diff(history.offsets))
            np.add.at(table, (date, state[history.label]), area[history.face])
            np.subtract.at(table, (date, state[history.was]), area[history.face])
            # Sums of these areas are exact, so nothing is lost on the way.
            tables.append(table.cumsum(axis=0))
        table = np.concatenate(tables)
        date, key = np.nonzero(table > 0)
        column = [np.array([k[n] for k in keys], dtype=object) for n in (0, 1)]
        return {
            "date": np.array(self.dates, dtype=object)[date],
            "controller": column[0][key],
            "status": column[1][key],
            "area_km2": table[date, key],
        }

    def intervals(self) -> gpd.GeoDataFrame:
        """
        Return each patch's life: while it says the same of the same ground.

        Returns
        -------
        intervals
            One row a patch and spell, by patch and date: ``patch``, ``controller``,
            ``controllers``, ``status``, ``basis``, ``confidence``, ``valid_from``, ``valid_to``
            (half-open; None as of the last layer), ``area_km2`` (geodesic) and ``geometry``.
        """
        names = ("patch", "controller", "controllers", "status", "basis", "confidence")
        spells = sorted(self._spells(), key=lambda s: (self.labels[s[0]].patch, s[1], s[0]))
        until = [*self.dates, None]
        data: dict[str, Sequence[object] | NDArray[np.generic]] = {
            name: [str(getattr(self.labels[spell[0]], name)) for spell in spells] for name in names
        }
        data["valid_from"] = np.array([self.dates[spell[1]] for spell in spells], dtype=object)
        data["valid_to"] = np.array([until[spell[2]] for spell in spells], dtype=object)
        data["area_km2"] = np.array([spell[4] for spell in spells], dtype=float)
        ground = np.empty(len(spells), dtype=object)
        ground[:] = [spell[3] for spell in spells]
        return build_frame(data, ground)

    def _spells(self) -> list[tuple[int, int, int, shapely.Geometry, float]]:
        """Label, first layer, first layer after, ground and area of each unchanged spell."""
        since: dict[int, tuple[int, shapely.Geometry, float]] = {}
        spells = []
        for epoch, area in zip(self._epochs, self._areas, strict=True):
            history = epoch.history
            for k, row in enumerate(history.rows()):
                i, span = epoch.begin + k, slice(history.offsets[k], history.offsets[k + 1])
                touched = np.unique(np.concatenate([history.label[span], history.was[span]]))
                if k == 0:
                    touched = np.union1d(np.unique(row), list(since)).astype(np.int64)
                mine = np.where(np.isin(row, touched), row, -1)
                values, polygons = epoch.arrangement.dissolve(mine)
                drawn = dict(zip(values.tolist(), polygons, strict=True))
                for label in touched[touched >= 0].tolist():
                    # A new epoch draws the same ground with other vertices.
                    if (
                        label in since
                        and label in drawn
                        and shapely.equals(since[label][1], drawn[label])
                    ):
                        continue
                    if label in since:
                        first, shape, size = since.pop(label)
                        spells.append((label, first, i, shape, size))
                    if label in drawn:
                        since[label] = i, drawn[label], float(area[mine == label].sum())
        end = len(self.dates)
        return spells + [(label, i, end, shape, size) for label, (i, shape, size) in since.items()]

    def face_spells(self) -> Iterator[tuple[Arrangement, Ints, Ints, Ints, Ints]]:
        """
        Return how long each face says the same, epoch by epoch.

        Yields
        ------
        arrangement, face, label, first, after
            The faces and arcs of an epoch; then one entry a spell, by face and date: the face, the
            index into `labels`, and the indices into `dates` of its first layer and of the first
            layer after it (the number of dates where it lasts to the end). Faces outside the study
            area have none.
        """
        for epoch in self._epochs:
            history = epoch.history
            count = len(history.first)
            date = np.repeat(np.arange(len(history)), np.diff(history.offsets))
            face = np.concatenate([np.arange(count), history.face])
            label = np.concatenate([history.first, history.label]).astype(np.int64)
            first = epoch.begin + np.concatenate([np.zeros(count, np.int64), date])
            order = np.lexsort([first, face])
            face, label, first = face[order], label[order], first[order]
            goes_on = np.append(face[1:] == face[:-1], False)
            after = np.where(goes_on, np.append(first[1:], 0), epoch.end)
            kept = label >= 0
            yield epoch.arrangement, face[kept], label[kept], first[kept], after[kept]

    # ------------------------------------------------------------ bytes

    def to_bytes(self) -> bytes:
        """
        Return the composite as bytes, to be kept until the layers change.

        Returns
        -------
        data
            For `from_bytes`. The same composite gives the same bytes.
        """
        table = [[str(getattr(label, name)) for name in _AXES] for label in self.labels]
        arrays: dict[str, NDArray[np.generic]] = {
            "area": np.frombuffer(shapely.to_wkb(self.area), np.uint8),
            "dates": np.array([day.toordinal() for day in self.dates], np.int64),
            "labels": np.array(table, dtype=str).reshape(-1, len(_AXES)),
            "sides": np.array(sorted(self.sides.items()), dtype=str).reshape(-1, 2),
            "begins": np.array([e.begin for e in self._epochs], np.int64),
            "loads": np.array(
                [(e.load.redrawn, e.load.crossings) for e in self._epochs], np.int64
            ).reshape(-1, 2),
        }
        for n, epoch in enumerate(self._epochs):
            parts = (epoch.arrangement.segments, epoch.arrangement.lines, epoch.history)
            for part, (name, fields) in zip(parts, _STORED.items(), strict=True):
                arrays |= {f"{n}.{name}.{field}": getattr(part, field) for field in fields}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        data = buffer.getvalue()
        return _MAGIC + hashlib.blake2b(data, digest_size=16).digest() + data

    @classmethod
    def from_bytes(cls, data: bytes) -> Composite:
        """
        Return the composite that `to_bytes` gave the bytes of.

        Parameters
        ----------
        data
            The bytes.

        Returns
        -------
        composite
            With the same answers.

        Raises
        ------
        ValueError
            If the bytes are damaged, or of another version of this package.
        """
        start = len(_MAGIC)
        kept, payload = data[start : start + 16], data[start + 16 :]
        if data[:start] != _MAGIC or hashlib.blake2b(payload, digest_size=16).digest() != kept:
            raise ValueError("no composite of this version, or damaged; build it anew")
        with np.load(io.BytesIO(payload), allow_pickle=False) as stored:
            return cls._restored(stored)

    @classmethod
    def _restored(cls, stored: Mapping[str, NDArray[Any]]) -> Composite:
        epochs = []
        for n, begin in enumerate(stored["begins"].tolist()):
            segments, lines, history = (
                [stored[f"{n}.{name}.{field}"] for field in fields]
                for name, fields in _STORED.items()
            )
            arrangement = Arrangement(Segments(*segments), Lines(*lines))
            load = _Load(*stored["loads"][n].tolist())
            epochs.append(_Epoch(begin, arrangement, _History(*history), load))
        return cls(
            shapely.from_wkb(stored["area"].tobytes()),
            tuple(dt.date.fromordinal(n) for n in stored["dates"].tolist()),
            tuple(Label(*row) for row in stored["labels"].tolist()),
            dict(stored["sides"].tolist()),
            tuple(epochs),
        )


_MAGIC = b"geo-composite-01"
_STORED = {
    "segments": ("low", "high", "split", "split_at"),
    "lines": ("key", "offsets"),
    "history": ("first", "offsets", "face", "was", "label"),
}


def _extended(
    area: shapely.Geometry,
    epoch: _Epoch,
    layer: tuple[dt.date, tuple[Patch, ...]],
    moved: tuple[list[Patch], list[Patch]],
    labels: Sequence[Label],
) -> _Epoch | None:
    """An epoch with one date more; None where that begins a new one."""
    (day, patches), (gone, came) = layer, moved
    named = _places(labels, [patch.label for patch in (*gone, *came)])
    factor = np.repeat([-1, 1], [len(gone), len(came)])
    which = shapes([area, *(patch.geometry for patch in (*gone, *came))])
    known = epoch.arrangement.segments.find(which.low, which.high) >= 0
    fresh = int((~known).sum())
    # What a patch kept of its border changes nothing.
    which = which.net(np.append(-1, named), np.append(1, factor), known)
    load = epoch.load.more(fresh, _positions([patch.geometry for patch in patches]))
    if load is None:
        return None
    arrangement, source = epoch.arrangement.extended(which)
    history = epoch.history
    if arrangement is not epoch.arrangement:
        history = history.inherited(source)
    labeller = _Labeller(arrangement, arrangement.borders(which), len(labels))
    shape = np.arange(1, len(named) + 1)
    steps = np.zeros((2, arrangement.face_count + 1), np.int64)
    off = labeller.empty() if epoch.last is None else 0 * labeller.empty()
    labeller.enter(steps, off, shape, named, factor)
    base = None if epoch.last is None else history.row(len(history) - 1)
    twice = len({id(patch) for patch in patches}) < len(patches)
    row = None if twice else labeller.row(steps, off, base)
    last = None if row is None else patches
    if row is None:
        _raise_coverage(_coverage_errors(area, day, patches))
        which = shapes([area, *(patch.geometry for patch in patches)])
        labeller = _Labeller(arrangement, arrangement.borders(which), len(labels))
        named = _places(labels, [patch.label for patch in patches])
        row = labeller.repaired(np.arange(1, len(patches) + 1), named, history.first >= 0)
    return _Epoch(epoch.begin, arrangement, history.followed_by(row), load, last)


def _moved(last: Sequence[Patch], now: Sequence[Patch]) -> tuple[list[Patch], list[Patch]]:
    """Patches that are gone, and patches that came; equal ones are recognised by their bytes."""
    before, after = {id(patch) for patch in last}, {id(patch) for patch in now}
    gone = [patch for patch in last if id(patch) not in after]
    came = [patch for patch in now if id(patch) not in before]
    known = {(shapely.to_wkb(patch.geometry), patch.label): patch for patch in gone}
    same = {id(known.pop((shapely.to_wkb(p.geometry), p.label), None)): p for p in came}
    if len(same) > 1 or id(None) not in same:
        left = {id(patch) for patch in known.values()}
        stayed = {id(p) for key, p in same.items() if key != id(None)}
        return [p for p in gone if id(p) in left], [p for p in came if id(p) not in stayed]
    return gone, came


def _places(labels: Sequence[Label], wanted: Sequence[Label]) -> Ints:
    """The place of each wanted label among labels in order."""
    return np.array([bisect_left(labels, label) for label in wanted], np.int64)


def _inserted(labels: tuple[Label, ...], more: Sequence[Label]) -> tuple[tuple[Label, ...], Ints]:
    """Labels in order with some more, and where the old ones stand now."""
    new = [
        label
        for label in sorted(set(more))
        if (at := bisect_left(labels, label)) == len(labels) or labels[at] != label
    ]
    slots = _places(labels, new)
    joined = list(labels)
    for at, label in zip(reversed(slots.tolist()), reversed(new), strict=True):
        joined.insert(at, label)
    old = np.arange(len(labels))
    return tuple(joined), old + np.searchsorted(slots, old, side="right")


def _sums(codes: NDArray[np.integer], area: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Sum of the areas of each code; a negative one is left out."""
    kept = codes >= 0
    return np.bincount(codes[kept], area[kept], minlength=count).astype(np.float64)


def _codes(values: Sequence[T]) -> tuple[tuple[T, ...], Ints]:
    """Distinct values, ascending, and the place of each."""
    distinct = sorted(set(values))
    place = {value: i for i, value in enumerate(distinct)}
    return tuple(distinct), np.array([place[value] for value in values], np.int64)


def _piece_ids(
    polygons: NDArray[np.object_], was: Ints, now: Ints, keys: Sequence[tuple[str, str]]
) -> NDArray[np.str_]:
    """A name for each piece that holds while its outermost corners and its hands do."""
    if not len(polygons):
        return np.zeros(0, dtype=str)
    lonlat, piece = shapely.get_coordinates(polygons, return_index=True)
    x, y = np.rint(lonlat.T * PER_DEGREE).astype(np.int64)
    corner = pack(x, y)
    begin = np.searchsorted(piece, np.arange(len(polygons)))
    ends = np.minimum.reduceat(corner, begin), np.maximum.reduceat(corner, begin)
    ids: dict[str, int] = {}
    names = []
    for low, high, i, j in zip(*(column.tolist() for column in (*ends, was, now)), strict=True):
        text = "|".join((str(low), str(high), *keys[i], *keys[j]))
        digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        ids[digest] = ids.get(digest, 0) + 1
        names.append(f"piece-{digest}" + (f"-{ids[digest]}" if ids[digest] > 1 else ""))
    return np.array(names)


def ground_of(
    area: shapely.Geometry,
    patches: Sequence[Patch],
    sides: Mapping[str, str],
    *,
    by: Ground,
    segments: BorderEdges | None = None,
) -> tuple[dict[str, Any], NDArray[np.object_]]:
    """
    Return the ground of each holder or side in one layer, as it is drawn.

    No other date is needed, so no composite of all of them is built, and its nodes are not in
    the outlines.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    patches
        Those of the layer; they cover the study area once.
    sides
        Side of each controller; one that is not listed is its own side.
    by
        ``holder`` or ``side``.
    segments
        Those of the patches, where they are known already.

    Returns
    -------
    columns, geometries
        ``holder`` and ``side``, or ``side`` alone, and ``area_km2``; ascending. And the Polygon or
        MultiPolygon of each.

    Raises
    ------
    ValueError
        If `by` is neither of the two.
    CoverageError
        As for `Composite.build`.

    Examples
    --------
    >>> from geo.control.testing import area, grid
    >>> columns, shapes = ground_of(area("aab"), grid("aab"), {"a": "north"}, by="side")
    >>> columns["side"], shapely.area(shapes).round(3).tolist()
    (['b', 'north'], [0.01, 0.02])
    """
    if by not in {"holder", "side"}:
        raise ValueError(f"by is {by!r}; it must be patch, holder or side")
    side = {p.label.holder: sides.get(p.label.controller, p.label.holder) for p in patches}
    names, code = _codes(
        [p.label.holder if by == "holder" else side[p.label.holder] for p in patches]
    )
    drawn = outlines(area, segments or BorderEdges.of([patch.geometry for patch in patches]), code)
    if drawn is None:
        # Slivers: the composite says whose they are.
        day = dt.date.min
        composite = Composite.build(area, {day: patches}, sides)
        found = composite.outlines(day, by)
        names = tuple(one.holder for one in found)
        shapes_of = np.array([one.geometry for one in found], dtype=object)
    else:
        names, shapes_of = tuple(names[value] for value in drawn[0]), drawn[1]
    columns: dict[str, Any] = {by: list(names)}
    if by == "holder":
        columns["side"] = [side[name] for name in names]
    columns["area_km2"] = area_km2(shapes_of)
    return columns, shapes_of


def areas_as_drawn(
    snapshots: Mapping[dt.date, Sequence[Patch]], *, edges: Edges = "straight"
) -> pd.DataFrame:
    """
    Return the ground of each controller and status, patch by patch as the layers have it.

    The composite nodes the borders of all dates together, so it no longer knows between which
    corners an edge was drawn. Where edges are geodesics that matters, so they are measured here.

    Parameters
    ----------
    snapshots
        The patches of each date.
    edges
        What runs between two corners; see `geo.crs.area_km2`.

    Returns
    -------
    areas
        The columns of `Composite.areas`. With geodesic edges the sums of two dates differ a
        little: a corner more on the border of the study area is another border.

    Raises
    ------
    ValueError
        If `edges` is neither ``straight`` nor ``geodesic``.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, grid
    >>> areas_as_drawn({FIRST_DAY: grid("ab")}, edges="geodesic")["area_km2"].round(3).tolist()
    [103.586, 103.586]
    """
    import pandas as pd

    rows = []
    for day in sorted(snapshots):
        patches = snapshots[day]
        state = [(patch.label.controller, str(patch.label.status)) for patch in patches]
        keys, code = _codes(state)
        measured = area_km2([patch.geometry for patch in patches], edges=edges)
        total = _sums(code, measured, len(keys)).tolist()
        rows += [(day, *key, size) for key, size in zip(keys, total, strict=True)]
    return pd.DataFrame(rows, columns=["date", "controller", "status", "area_km2"])


def _texts(values: Iterable[str]) -> NDArray[np.object_]:
    """Plain text, as frames have it."""
    return np.array([str(value) for value in values], dtype=object)


def _frame_of(
    columns: dict[str, NDArray[np.object_]],
    records: Sequence[HeldPatch] | Sequence[Outline] | Sequence[ChangedGround],
) -> gpd.GeoDataFrame:
    """Columns of records as a frame, with their areas and shapes."""
    area_km2 = np.array([one.area_km2 for one in records], dtype=float)
    shapes_of = np.empty(len(records), dtype=object)
    shapes_of[:] = [one.geometry for one in records]
    return build_frame({**columns, "area_km2": area_km2}, shapes_of)


def build_frame(columns: dict[str, Any], shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """
    Return columns and shapes as a frame in longitude, latitude.

    Parameters
    ----------
    columns
        The columns before the geometry.
    shapes
        Geometries, longitude, latitude.

    Returns
    -------
    frame
        In the order given, its CRS set.
    """
    import geopandas as gpd
    from geopandas.array import from_shapely

    # A geometry array that knows its CRS spares the frame from asking twice: half the time.
    geometry = from_shapely(shapes, crs=LONLAT)
    return gpd.GeoDataFrame({**columns, "geometry": geometry}, geometry="geometry")
