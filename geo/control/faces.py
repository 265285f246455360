"""
Dated layers noded together: faces that never split again, and the label of each at each date.

The borders of all layers are noded into faces (`geo.coverage`). On each date a face has one label,
so its history is a short list of changes, and every question about time is a look-up or a sum over
arrays (Langran 1992, Time in Geographic Information Systems).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from geo.coverage import Arcs, Arrangement, arrange, trace_borders
from geo.errors import DateError
from geo.model import Confidence, Label

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import shapely
    from numpy.typing import ArrayLike, NDArray

    from geo.control.epochs import Epoch

    Ints = NDArray[np.int64]
    Row = NDArray[np.int32]

T = TypeVar("T", str, tuple[str, str])


def index_in_force(dates: Sequence[dt.date], day: dt.date) -> int:
    """
    Return which of some layers is in force on a day.

    Parameters
    ----------
    dates
        The dates that have a layer, ascending.
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
    found = bisect_right(dates, day) - 1
    if found < 0:
        first = f"the first layer is of {dates[0]}" if dates else "there is no layer"
        raise DateError(f"nothing is known of {day}: {first}")
    return found


class LabelledFaces:
    """
    Dated layers as faces, shared arcs and labels.

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
        epochs: tuple[Epoch, ...],
    ) -> None:
        self.area = area
        self.dates = dates
        self.labels = labels
        self.sides = dict(sides)
        self.epochs = epochs

    def __repr__(self) -> str:
        span = f"{self.dates[0]} to {self.dates[-1]}, " if self.dates else ""
        return f"<Composite {span}{len(self.dates)} layers, {len(self.face_area_km2)} faces>"

    @cached_property
    def _quantum(self) -> float:
        # Areas are whole multiples of this power of two, so that sums are exact in any order.
        total = sum(float(e.arrangement.face_area_km2.sum()) for e in self.epochs[:1])
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
    def ground_by_epoch(self) -> tuple[NDArray[np.float64], ...]:  # numpydoc ignore=RT01
        """Square kilometres of the faces of each epoch, as `ground_km2` has them."""
        return tuple(self.ground_km2(epoch.arrangement) for epoch in self.epochs)

    @cached_property
    def faces_by_epoch(self) -> tuple[Ints, ...]:  # numpydoc ignore=RT01
        """The faces of the study area, among those of each epoch's arrangement."""
        return tuple(np.flatnonzero(epoch.history.first >= 0) for epoch in self.epochs)

    @cached_property
    def face_area_km2(self) -> NDArray[np.float64]:  # numpydoc ignore=RT01
        """Square kilometres of each face, geodesic."""
        found = [
            area[kept] for area, kept in zip(self.ground_by_epoch, self.faces_by_epoch, strict=True)
        ]
        return np.concatenate([*found, np.zeros(0)])

    @cached_property
    def history(self) -> NDArray[np.int32]:  # numpydoc ignore=RT01
        """
        Index into `labels` of each face (row) at each date (column).

        -1 at the dates of other epochs: there the ground belongs to other faces.
        """
        table = np.full((len(self.dates), len(self.face_area_km2)), -1, np.int32)
        begin = 0
        for epoch, kept in zip(self.epochs, self.faces_by_epoch, strict=True):
            for i, row in enumerate(epoch.history.rows(), epoch.begin):
                table[i, begin : begin + len(kept)] = row[kept]
            begin += len(kept)
        return table.T

    @cached_property
    def arcs(self) -> Arcs:  # numpydoc ignore=RT01
        """The shared lines; faces are numbered as in `history`."""
        parts = [
            e.arrangement.arcs(kept)
            for e, kept in zip(self.epochs, self.faces_by_epoch, strict=True)
        ]
        return Arcs.joined(parts, [len(kept) for kept in self.faces_by_epoch])

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
        return index_in_force(self.dates, day)

    def _layer(self, day: dt.date) -> tuple[Epoch, Row]:
        """The epoch of the layer in force, and the labels of its faces."""
        i = self.index(day)
        epoch = self.epochs[bisect_right([e.begin for e in self.epochs], i) - 1]
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
        which = trace_borders([polygon for _, polygons in drawn for polygon in polygons])
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
    def holder_codes(self) -> tuple[tuple[str, ...], Ints]:  # numpydoc ignore=RT01
        """The distinct holders, ascending, and the place in them of each label's holder."""
        return number_values([label.holder for label in self.labels])

    @cached_property
    def state_codes(self) -> tuple[tuple[tuple[str, str], ...], Ints]:  # numpydoc ignore=RT01
        """The distinct pairs of controller and status, ascending, and that of each label."""
        return number_values([(label.controller, str(label.status)) for label in self.labels])

    @cached_property
    def side_codes(self) -> tuple[tuple[str, ...], Ints]:  # numpydoc ignore=RT01
        """The distinct sides, ascending, and the place in them of each label's side."""
        return number_values([self.side(label) for label in self.labels])

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
        for epoch in self.epochs:
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


def sum_areas(
    codes: NDArray[np.integer], area: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Sum of the areas of each code; a negative one is left out."""
    kept = codes >= 0
    return np.bincount(codes[kept], area[kept], minlength=count).astype(np.float64)


def number_values(values: Sequence[T]) -> tuple[tuple[T, ...], Ints]:
    """Distinct values, ascending, and the place of each."""
    distinct = sorted(set(values))
    place = {value: i for i, value in enumerate(distinct)}
    return tuple(distinct), np.array([place[value] for value in values], np.int64)
