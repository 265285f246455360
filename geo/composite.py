"""
The space-time composite: who held which ground, when.

The borders of all dated layers are noded together once into faces that never
split again (`geo.topology`). On each date a face has one label, so its history
is a short list of changes, and every question about time is a look-up or a sum
over arrays; polygons are assembled only for what is shown (Langran 1992, Time
in Geographic Information Systems).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import shapely

from geo.crs import LONLAT
from geo.errors import CoverageError, DateError, Issue
from geo.topology import Arcs, Arrangement, arrange, faults, shapes

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from geo.model import Label, Patch
    from geo.topology import Shapes

    Ints = NDArray[np.int64]

__all__ = ["Composite"]

By = Literal["label", "holder", "side"]
T = TypeVar("T", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class _Layers:
    """What stood in the layers: distinct shapes and labels, and which of them each date shows."""

    geometries: list[shapely.Geometry]
    labels: tuple[Label, ...]
    shape: tuple[Ints, ...]
    label: tuple[Ints, ...]


def _collect(area: shapely.Geometry, snapshots: Sequence[Sequence[Patch]]) -> _Layers:
    """Recognise equal geometries and labels; the first shape is the study area."""
    geometries, known, met = [area], {shapely.to_wkb(area): 0}, {id(area): 0}
    labels: dict[Label, int] = {}
    shape: list[Ints] = []
    label: list[Ints] = []
    for patches in snapshots:
        new = [p.geometry for p in patches if id(p.geometry) not in met]
        for geometry, text in zip(new, shapely.to_wkb(np.array(new, dtype=object)), strict=True):
            if text not in known:
                known[text] = len(geometries)
                geometries.append(geometry)
            met[id(geometry)] = known[text]
        shape.append(np.array([met[id(p.geometry)] for p in patches], np.int64))
        label.append(np.array([labels.setdefault(p.label, len(labels)) for p in patches], np.int64))
    order = sorted(labels)
    rank = np.empty(len(order), np.int64)
    rank[[labels[one] for one in order]] = np.arange(len(order))
    return _Layers(geometries, tuple(order), tuple(shape), tuple(rank[one] for one in label))


class Composite:
    """
    Dated layers as faces, shared arcs and labels; made by `build`.

    Attributes
    ----------
    dates
        The dates that have a layer, ascending. A layer holds until the next one; after the last
        the answer is as of its date.
    labels
        The distinct labels of all dates, ascending.
    sides
        Side of each controller; one that is not listed is its own side.
    """

    def __init__(
        self,
        area: shapely.Geometry,
        dates: tuple[dt.date, ...],
        labels: tuple[Label, ...],
        sides: Mapping[str, str],
        arrangement: Arrangement,
        rows: Ints,
    ) -> None:
        self.area = area
        self.dates = dates
        self.labels = labels
        self.sides = dict(sides)
        self._arrangement = arrangement
        self._rows = rows

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
            than a sliver (`geo.topology.SLIVER_M`); its issues name all of them.
        """
        dates = tuple(sorted(snapshots))
        layers = _collect(area, [snapshots[day] for day in dates])
        which = shapes(layers.geometries)
        arrangement = arrange(which)
        borders = arrangement.borders(which)
        labeller = _Labeller(arrangement, layers, borders)
        rows, issues = [], []
        for i, day in enumerate(dates):
            if not labeller.enter(i):
                found = faults(area, snapshots[day])
                issues += [(day, one) for one in found if one.severity == "error"]
                rows.append(labeller.repaired(i))
            else:
                rows.append(labeller.row())
        if issues:
            raise _coverage_error(issues)
        table = np.array(rows, np.int32).reshape(len(rows), arrangement.face_count)
        return cls(area, dates, layers.labels, sides or {}, arrangement, table)

    # ------------------------------------------------------------ faces and arcs

    @cached_property
    def _kept(self) -> Ints:
        """The faces of the study area, among those of the arrangement."""
        if not len(self._rows):
            return np.zeros(0, np.int64)
        return np.flatnonzero(self._rows[0] >= 0)

    @cached_property
    def _quantum(self) -> float:
        # All areas are whole multiples of this power of two, so that sums are exact in any order.
        total = float(self._arrangement.face_area_km2.sum())
        return float(2.0 ** (np.ceil(np.log2(max(total, 1e-9))) - 51))

    @cached_property
    def _area(self) -> NDArray[np.float64]:
        raw = self._arrangement.face_area_km2
        return np.rint(raw / self._quantum) * self._quantum

    @cached_property
    def face_area_km2(self) -> NDArray[np.float64]:
        """Square kilometres of each face, geodesic."""
        return self._area[self._kept]

    @cached_property
    def history(self) -> NDArray[np.int32]:
        """Index into `labels` of each face (row) at each date (column)."""
        return np.ascontiguousarray(self._rows[:, self._kept].T)

    @cached_property
    def arcs(self) -> Arcs:
        """The shared lines; faces are numbered as in `history`."""
        arrangement = self._arrangement
        number = np.full(arrangement.face_count + 1, -1, np.int32)
        number[self._kept] = np.arange(len(self._kept))
        left, right = number[arrangement.face[0::2]], number[arrangement.face[1::2]]
        keep = np.flatnonzero(left != right)
        size = np.diff(arrangement.lines.offsets)[keep]
        offsets = np.r_[0, np.cumsum(size)].astype(np.int64)
        at = np.repeat(arrangement.lines.offsets[keep] - offsets[:-1], size) + np.arange(
            offsets[-1]
        )
        _, node = np.unique(arrangement.node.reshape(-1, 2)[keep], return_inverse=True)
        node = node.reshape(-1, 2).astype(np.int32)
        return Arcs(
            arrangement.coords[at], offsets, left[keep], right[keep], node[:, 0], node[:, 1]
        )

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

    @cached_property
    def _holders(self) -> tuple[tuple[str, ...], Ints]:
        return _codes([label.holder for label in self.labels])

    @cached_property
    def _sides(self) -> tuple[tuple[str, ...], Ints]:
        return _codes([self._side(label) for label in self.labels])

    def _side(self, label: Label) -> str:
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
            Degrees.

        Returns
        -------
        labels
            Index into `labels` of each position; -1 outside the study area.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        row = np.append(self._rows[self.index(day)], np.int32(-1))
        return row[self._locate(lon, lat)]

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
        face = int(self._locate(lon, lat)[0])
        if face < 0 or not self.dates:
            return []
        column = self._rows[:, face]
        if column[0] < 0:
            return []
        begins = np.flatnonzero(np.r_[True, column[1:] != column[:-1]]).tolist()
        ends = [self.dates[i] for i in begins[1:]]
        return [
            (self.dates[i], end, self.labels[column[i]])
            for i, end in zip(begins, [*ends, None], strict=True)
        ]

    def _locate(self, lon: ArrayLike, lat: ArrayLike) -> Ints:
        """Face of each position; -1 outside. On a border the face of the lower number."""
        lon, lat = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        _, polygons = self._arrangement.dissolve(np.arange(self._arrangement.face_count))
        shapely.prepare(polygons)
        tree = shapely.STRtree(polygons)
        point, face = tree.query(shapely.points(lon, lat), predicate="intersects")
        found = np.full(len(lon), self._arrangement.face_count, np.int64)
        np.minimum.at(found, point, face)
        return np.where(found == self._arrangement.face_count, -1, found)

    # ------------------------------------------------------------ polygons and sums

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
            then ``area_km2`` (geodesic) and ``geometry`` (lon/lat).

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If `by` is none of the three.
        """
        import geopandas as gpd

        row = self._rows[self.index(day)]
        columns, codes = self._table(by)
        labels = np.where(row >= 0, codes[row], -1)
        values, polygons = self._arrangement.dissolve(labels)
        area = np.bincount(labels[labels >= 0], self._area[labels >= 0])
        data = {name: [column[i] for i in values] for name, column in columns.items()}
        data["area_km2"] = area[values]
        return gpd.GeoDataFrame(data, geometry=polygons, crs=LONLAT)

    def _table(self, by: By) -> tuple[dict[str, Sequence[str]], Ints]:
        """Columns of each value of an axis, and the value of each label."""
        if by == "label":
            names = ("controller", "controllers", "status", "basis", "confidence", "patch")
            table: dict[str, Sequence[str]] = {
                name: [str(getattr(label, name)) for label in self.labels] for name in names
            }
            table["side"] = [self._side(label) for label in self.labels]
            return table, np.arange(len(self.labels))
        if by == "holder":
            names, codes = self._holders
            side = {label.holder: self._side(label) for label in self.labels}
            return {"holder": names, "side": [side[name] for name in names]}, codes
        if by == "side":
            return {"side": self._sides[0]}, self._sides[1]
        raise ValueError(f"by is {by!r}; it must be label, holder or side")

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

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        import geopandas as gpd

        first, second = self._rows[self.index(before)], self._rows[self.index(after)]
        holder = self._holders[1]
        keys, state = _codes([(label.controller, str(label.status)) for label in self.labels])
        moved = (first >= 0) & (first != second)
        moved &= holder[first] != holder[second]
        pair = np.where(moved, state[first] * len(keys) + state[second], -1)
        part = np.where(moved, self._arrangement.parts(pair), -1)
        values, polygons = self._arrangement.dissolve(part)
        area = np.bincount(part[moved], self._area[moved])[values] if len(values) else np.zeros(0)
        was, now = state[first[values]], state[second[values]]
        frame = gpd.GeoDataFrame(
            {
                "id": _piece_ids(polygons, [(*keys[i], *keys[j]) for i, j in zip(was, now)]),
                "from_controller": [keys[i][0] for i in was],
                "to_controller": [keys[i][0] for i in now],
                "from_status": [keys[i][1] for i in was],
                "to_status": [keys[i][1] for i in now],
                "area_km2": area,
            },
            geometry=polygons,
            crs=LONLAT,
        )
        frame = frame[frame["area_km2"] >= min_area_km2]
        return frame.sort_values(["area_km2", "id"], ascending=[False, True], ignore_index=True)

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
            what stayed. Rows and columns add up to `areas`, exactly.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        import pandas as pd

        first, second = self._rows[self.index(before)], self._rows[self.index(after)]
        names, holder = self._holders
        kept = first >= 0
        pair = holder[first[kept]] * len(names) + holder[second[kept]]
        table = np.bincount(pair, self._area[kept], minlength=len(names) ** 2)
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

        keys, state = _codes([(label.controller, str(label.status)) for label in self.labels])
        kept = self._kept
        rows = []
        for day, row in zip(self.dates, self._rows, strict=True):
            total = np.bincount(state[row[kept]], self._area[kept], minlength=len(keys))
            rows += [(day, *keys[i], total[i]) for i in np.unique(state[row[kept]])]
        return pd.DataFrame(rows, columns=["date", "controller", "status", "area_km2"])

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
        import geopandas as gpd

        names = ("patch", "controller", "controllers", "status", "basis", "confidence")
        records, polygons = [], []
        for label, i, end, shape, area in self._spells():
            axes = tuple(str(getattr(self.labels[label], name)) for name in names)
            until = self.dates[end] if end < len(self.dates) else None
            records.append((*axes, self.dates[i], until, area))
            polygons.append(shape)
        columns = [*names, "valid_from", "valid_to", "area_km2"]
        order = sorted(range(len(records)), key=lambda k: (records[k][0], records[k][6]))
        data = {c: [records[k][n] for k in order] for n, c in enumerate(columns)}
        return gpd.GeoDataFrame(data, geometry=[polygons[k] for k in order], crs=LONLAT)

    def _spells(self) -> list[tuple[int, int, int, shapely.Geometry, float]]:
        """Label, first layer, first layer after, ground and area of each unchanged spell."""
        open_since: dict[int, tuple[int, shapely.Geometry, float]] = {}
        spells = []
        previous = np.full(self._arrangement.face_count, -1, np.int32)
        for i, row in enumerate(self._rows):
            moved = np.flatnonzero(row != previous)
            touched = np.unique(np.concatenate([row[moved], previous[moved]]))
            for label in touched[touched >= 0].tolist():
                if label in open_since:
                    since, shape, area = open_since.pop(label)
                    spells.append((label, since, i, shape, area))
            mine = np.where(np.isin(row, touched), row, -1)
            values, polygons = self._arrangement.dissolve(mine)
            area = np.bincount(mine[mine >= 0], self._area[mine >= 0])
            for label, shape in zip(values.tolist(), polygons, strict=True):
                open_since[label] = (i, shape, float(area[label]))
            previous = row
        last = len(self._rows)
        return spells + [
            (k, since, last, shape, area) for k, (since, shape, area) in open_since.items()
        ]


class _Labeller:
    """Labels of the faces, date by date, from what changed since the date before."""

    def __init__(
        self,
        arrangement: Arrangement,
        layers: _Layers,
        borders: tuple[Ints, Ints, NDArray[np.int8]],
    ) -> None:
        self.arrangement, self.layers = arrangement, layers
        self.offsets, self.arc, self.sign = borders
        self.inside = self.cover(np.zeros(1, np.int64)) > 0
        self.steps = np.zeros(arrangement.face_count + 1, np.int64)
        self.off = np.zeros(len(arrangement.twice), np.int64)
        self.balance(np.zeros(1, np.int64), -1)
        self.held = np.zeros(0, np.int64)

    def spans(self, shape: Ints) -> tuple[Ints, Ints]:
        """Entries of some shapes in `arc`, and which of the shapes each belongs to."""
        count = self.offsets[shape + 1] - self.offsets[shape]
        which = np.repeat(np.arange(len(shape)), count)
        at = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        return self.offsets[shape][which] + at, which

    def cover(self, shape: Ints) -> Ints:
        at, _ = self.spans(shape)
        return self.arrangement.cover(self.arc[at], self.sign[at])

    def balance(self, shape: Ints, factor: int) -> None:
        at, _ = self.spans(shape)
        np.add.at(self.off, self.arc[at], factor * self.sign[at].astype(np.int64))

    def enter(self, i: int) -> bool:
        """Take up the layer of one date; whether it covers the study area exactly once."""
        count = len(self.layers.labels)
        held = self.layers.shape[i] * count + self.layers.label[i]
        distinct = np.unique(held)
        for pairs, factor in (
            (np.setdiff1d(self.held, distinct, assume_unique=True), -1),
            (np.setdiff1d(distinct, self.held, assume_unique=True), 1),
        ):
            shape, label = pairs // count, pairs % count
            at, which = self.spans(shape)
            value = factor * (label[which] + 1) * self.sign[at]
            self.arrangement.enter(self.steps, self.arc[at], value)
            self.balance(shape, factor)
        self.held = distinct
        return len(distinct) == len(held) and not self.off.any()

    def row(self) -> NDArray[np.int32]:
        return (self.arrangement.settle(self.steps) - 1).astype(np.int32)

    def repaired(self, i: int) -> NDArray[np.int32]:
        """The row of a layer with slivers: overlaps to the first label, gaps to the neighbour."""
        shape, label = self.layers.shape[i], self.layers.label[i]
        row = np.where(self.inside, self.row(), -1)
        count = self.cover(shape)
        bad = np.flatnonzero(self.inside & (count != 1))
        row[bad] = np.iinfo(np.int32).max
        for one, name in zip(shape, label, strict=True):
            covered = bad[self.cover(np.array([one]))[bad] > 0]
            row[covered] = np.minimum(row[covered], name)
        row[row == np.iinfo(np.int32).max] = -1
        return self.arrangement.spread(row, self.inside)


def _codes(values: Sequence[T]) -> tuple[tuple[T, ...], Ints]:
    """Distinct values, ascending, and the place of each."""
    distinct = sorted(set(values))
    place = {value: i for i, value in enumerate(distinct)}
    return tuple(distinct), np.array([place[value] for value in values], np.int64)


def _piece_ids(polygons: NDArray[np.object_], hands: Sequence[tuple[str, ...]]) -> list[str]:
    """A name for each piece that holds while its outermost corners and its hands do."""
    ids: dict[str, int] = {}
    names = []
    for polygon, hand in zip(polygons, hands, strict=True):
        xy = np.rint(shapely.get_coordinates(polygon) * 1e6).astype(np.int64)
        rows = xy[np.lexsort(xy.T[::-1])[[0, -1]]].tolist()
        digest = hashlib.blake2b(repr((rows, hand)).encode(), digest_size=4).hexdigest()
        ids[digest] = ids.get(digest, 0) + 1
        names.append(f"piece-{digest}" + (f"-{ids[digest]}" if ids[digest] > 1 else ""))
    return names


def _coverage_error(found: Sequence[tuple[dt.date, Issue]]) -> CoverageError:
    lines = [f"{day}: {issue.message}" for day, issue in found]
    return CoverageError("\n".join(lines), [issue for _, issue in found])
