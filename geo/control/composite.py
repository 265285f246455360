"""
The space-time composite: who held which ground, when.

The borders of all dated layers are noded together once into faces that never
split again (`geo.control.faces`). On each date a face has one label, so its history
is a short list of changes, and every question about time is a look-up or a sum
over arrays; polygons are assembled only for what is shown (Langran 1992, Time
in Geographic Information Systems).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geo.control.changes import find_changes, tabulate_transfers
from geo.control.epochs import Epoch, collect_layers, find_epochs
from geo.control.faces import LabelledFaces, sum_areas
from geo.control.labelling import (
    compose_epoch,
    extend_epoch,
    find_coverage_errors,
    find_labels,
    find_moved,
    insert_labels,
    raise_coverage,
)
from geo.control.records import (
    AXES,
    HANDS,
    ChangedGround,
    HeldPatch,
    Outline,
    frame_records,
    list_texts,
)
from geo.control.spells import find_face_spells, tabulate_spells
from geo.control.storing import restore_faces, store_faces
from geo.coverage import Arrangement, trace_borders

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    import shapely
    from numpy.typing import NDArray

    from geo.errors import Issue
    from geo.model import Label, Patch

    Ints = NDArray[np.int64]

By = Literal["label", "holder", "side"]

_REMEMBERED = 16
"""So many pairs of dates keep their changes in memory: those that one question asks for twice."""


class Composite(LabelledFaces):
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
        epochs: tuple[Epoch, ...],
    ) -> None:
        super().__init__(area, dates, labels, sides, epochs)
        self._changed: dict[tuple[int, int], tuple[ChangedGround, ...]] = {}

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
            than a sliver (`geo.coverage.SLIVER_M`); its issues name all of them.
        """
        dates = tuple(sorted(snapshots))
        ordered = [snapshots[day] for day in dates]
        layers = collect_layers(area, ordered)
        which = trace_borders(layers.geometries)
        epochs: list[Epoch] = []
        issues: list[Issue] = []
        for begin, end, load in find_epochs(which, layers) if dates else []:
            arrangement, history, unsound = compose_epoch(which, layers, slice(begin, end))
            for i in unsound:
                issues += find_coverage_errors(area, dates[begin + i], ordered[begin + i])
            last = None if end - begin - 1 in unsound else tuple(ordered[end - 1])
            epochs.append(Epoch(begin, arrangement, history, load, last))
        raise_coverage(issues)
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
        gone, came = find_moved(self.epochs[-1].last or (), patches)
        labels, number = insert_labels(self.labels, [patch.label for patch in came])
        epochs = self.epochs
        if len(labels) > len(self.labels):
            epochs = tuple(
                Epoch(e.begin, e.arrangement, e.history.relabelled(number), e.load, e.last)
                for e in epochs
            )
        epoch = extend_epoch(self.area, epochs[-1], (day, tuple(patches)), (gone, came), labels)
        if epoch is None:
            alone = Composite.build(self.area, {day: patches})
            (first,) = alone.epochs
            number = find_labels(labels, alone.labels)
            history = first.history.relabelled(number)
            epochs += (Epoch(epochs[-1].end, first.arrangement, history, first.load, first.last),)
        else:
            epochs = (*epochs[:-1], epoch)
        return Composite(self.area, (*self.dates, day), labels, self.sides, epochs)

    # ------------------------------------------------------------ polygons

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
        names, codes = self.holder_codes if by == "holder" else self.side_codes
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
        area = sum_areas(coded, self.ground_by_epoch[self.epochs.index(epoch)], len(codes))
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
            columns = {name: list_texts(getattr(p.label, name) for p in patches) for name in AXES}
            columns["side"] = list_texts(p.side for p in patches)
            return frame_records(columns, patches)
        if by not in {"holder", "side"}:
            raise ValueError(f"by is {by!r}; it must be label, holder or side")
        outlines = self.outlines(day, by)
        columns = {"holder": list_texts(one.holder for one in outlines)} if by == "holder" else {}
        columns["side"] = list_texts(one.side for one in outlines)
        return frame_records(columns, outlines)

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
            found = find_changes(self, before, after)
        self._changed[pair] = found
        while len(self._changed) > _REMEMBERED:
            del self._changed[next(iter(self._changed))]
        return tuple(one for one in found if one.area_km2 >= min_area_km2)

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
        columns = {name: list_texts(getattr(p, name) for p in pieces) for name in HANDS}
        return frame_records(columns, pieces)

    # ------------------------------------------------------------ sums and spells

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
        return tabulate_transfers(self, before, after)

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
        keys, state = self.state_codes
        tables = [np.zeros((0, len(keys)))]
        for epoch, area in zip(self.epochs, self.ground_by_epoch, strict=True):
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
        return tabulate_spells(self)

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
        yield from find_face_spells(self)

    # ------------------------------------------------------------ bytes

    def to_bytes(self) -> bytes:
        """
        Return the composite as bytes, to be kept until the layers change.

        Returns
        -------
        data
            For `from_bytes`. The same composite gives the same bytes.
        """
        return store_faces(self)

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
        kept = restore_faces(data)
        return cls(kept.area, kept.dates, kept.labels, kept.sides, kept.epochs)
