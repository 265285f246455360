"""
What a notebook sees: one theatre, and the questions that it answers.

Every method returns a frame or a plain value, takes dates as ``YYYY-MM-DD`` or `datetime.date`,
and changes nothing on disk.
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import shapely
from rapidfuzz import process

from geo import validation
from geo.composite import Composite
from geo.errors import DateError, UnknownIdError
from geo.estimate import Estimator
from geo.layers import read_folder
from geo.model import Label, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

    from geo.errors import Issue
    from geo.estimate import Draft, Parameters
    from geo.layers import Folder
    from geo.maps import Page

__all__ = ["Theatre", "open_layers"]


def open_layers(path: str | Path = "layers") -> Theatre:
    """
    Read and check a layers folder.

    Parameters
    ----------
    path
        The folder that holds ``theatre.geojson``.

    Returns
    -------
    theatre
        Ready to be asked.

    Raises
    ------
    LayerNotFoundError
        If the folder, or a file that a theatre must have, is not there.
    SchemaError
        If a file holds faults, or files contradict each other; all faults are in it.

    Examples
    --------
    >>> open_layers("layers").history("bir_mahruthah")["controller"].iloc[0]  # doctest: +SKIP
    'opposition'
    """
    folder = read_folder(Path(path))
    return Theatre(folder, validation.require_sound(folder))


class Theatre:
    """
    One theatre: its layers, and what follows from them.

    Parameters
    ----------
    folder
        As read, without errors.
    warnings
        What the checks still have to say.
    """

    def __init__(self, folder: Folder, warnings: Sequence[Issue] = ()) -> None:
        self.folder = folder
        self.warnings = tuple(warnings)

    def __repr__(self) -> str:
        days = self.dates
        span = f"{days[0]} to {days[-1]}, {len(days)} layers" if days else "no control layer yet"
        return f"<Theatre {self.folder.theatre.id}: {span}, {len(self.folder.events)} events>"

    @property
    def dates(self) -> tuple[dt.date, ...]:  # numpydoc ignore=RT01
        """The dates that have a control layer."""
        return tuple(self.folder.control)

    @property
    def before(self) -> dt.date:  # numpydoc ignore=RT01
        """The default first date of a comparison."""
        return parse_day(str(self.folder.theatre.properties["before"]))

    @property
    def after(self) -> dt.date:  # numpydoc ignore=RT01
        """The default second date of a comparison."""
        return parse_day(str(self.folder.theatre.properties["after"]))

    @property
    def area(self) -> shapely.Geometry:  # numpydoc ignore=RT01
        """The study area, longitude, latitude."""
        return self.folder.area

    @cached_property
    def composite(self) -> Composite:  # numpydoc ignore=RT01
        """All layers noded together; what every answer over time is read from."""
        self._require_layers()
        snapshots = {
            day: validation.patches_of(layer.features) for day, layer in self.folder.control.items()
        }
        return Composite.build(self.area, snapshots, self.folder.sides)

    def control(self, day: str | dt.date) -> gpd.GeoDataFrame:
        """
        Return who held which ground at the end of a day.

        Parameters
        ----------
        day
            The date; the layer in force is the last one not after it.

        Returns
        -------
        control
            One row a patch, by id: ``id``, ``as_of`` (date of the layer), ``controller``, ``side``,
            ``controllers``, ``status``, ``basis``, ``confidence``, ``statement_ids``,
            ``source_ids``, ``note``, ``area_km2`` (geodesic) and ``geometry`` (lon/lat).

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        """
        import geopandas as gpd

        from geo.crs import LONLAT, area_km2

        layer_day = self._in_force(day)
        features = self.folder.control[layer_day].features
        shapes = [patch.geometry for patch in validation.patches_of(features)]
        frame = gpd.GeoDataFrame(
            [feature.properties for feature in features], geometry=shapes, crs=LONLAT
        )
        side = [self.folder.sides.get(c, c) if c else None for c in frame["controller"]]
        frame.insert(1, "as_of", layer_day)
        frame.insert(3, "side", side)
        frame.insert(len(frame.columns) - 1, "area_km2", area_km2(shapes))
        return frame

    def change(
        self, before: str | dt.date, after: str | dt.date, *, min_area_km2: float = 0.01
    ) -> gpd.GeoDataFrame:
        """
        Return the ground that changed hands between two dates.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.
        min_area_km2
            Smaller pieces are left out; their sum is in ``attrs["left_out_km2"]``.

        Returns
        -------
        change
            One row a connected piece, largest first: ``id``, ``from_controller``,
            ``to_controller``, ``from_status``, ``to_status``, ``area_km2``, ``place_ids`` (places
            on it, ``;``-joined), ``change_ids`` (ledger rows that explain it) and ``geometry``.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        ValueError
            If `min_area_km2` is negative.
        """
        first, second = self._pair(before, after)
        if min_area_km2 < 0:
            raise ValueError(f"min_area_km2 is {min_area_km2}; it cannot be negative")
        whole = self.composite.change(first, second)
        frame = whole[whole["area_km2"] >= min_area_km2].reset_index(drop=True)
        places = [";".join(self.places_in(shape)) for shape in frame.geometry]
        frame.insert(len(frame.columns) - 1, "place_ids", places)
        ledger = [
            ";".join(self._explained(row, split_ids(row.place_ids), first, second))
            for row in frame.itertuples()
        ]
        frame.insert(len(frame.columns) - 1, "change_ids", ledger)
        frame.attrs["left_out_km2"] = float(whole["area_km2"].sum() - frame["area_km2"].sum())
        return frame

    def transfers(self, before: str | dt.date, after: str | dt.date) -> pd.DataFrame:
        """
        Return how much ground went from whom to whom.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.

        Returns
        -------
        transfers
            Square kilometres, one row a holder before, one column a holder after; the diagonal is
            what stayed. Ground without a controller stands under its status.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        """
        return self.composite.transfers(*self._pair(before, after))

    def areas(self) -> pd.DataFrame:
        """
        Return the ground of each controller at each date that has a layer.

        Returns
        -------
        areas
            ``date``, ``controller`` (empty where nobody holds it alone), ``status`` and
            ``area_km2`` (geodesic); each date adds up to the study area.

        Raises
        ------
        DateError
            If there is no layer.
        """
        return self.composite.areas()

    def history(self, place_id: str) -> pd.DataFrame:
        """
        Return who held a place, and when.

        Parameters
        ----------
        place_id
            Its id in ``places.geojson``.

        Returns
        -------
        history
            One row an interval ``[valid_from, valid_to)``; an empty ``valid_to`` means as of the
            last layer. ``controller``, ``controllers``, ``status``, ``basis``, ``confidence``, and
            why: ``statement_ids``, ``source_ids`` (both ``;``-joined, over the whole interval) and
            the ``note`` of its last patch.

        Raises
        ------
        UnknownIdError
            If there is no such place, it was never located, or it lies outside the study area.
        DateError
            If there is no layer.
        """
        import pandas as pd

        lon, lat = self.position(place_id)
        intervals = self.composite.history_at(lon, lat)
        if not intervals:
            raise UnknownIdError(f"{place_id} lies outside the study area, where nothing is drawn")
        rows: list[dict[str, str | dt.date | None]] = []
        for key, run in groupby(intervals, key=lambda item: _axes(item[2])):
            pieces = list(run)
            rows.append(self._interval(key, pieces))
        return pd.DataFrame(rows)

    def position(self, place_id: str) -> tuple[float, float]:
        """
        Return where a place lies.

        Parameters
        ----------
        place_id
            Its id in ``places.geojson``.

        Returns
        -------
        lon, lat
            Degrees.

        Raises
        ------
        UnknownIdError
            If there is no such place, or it was never located.
        """
        place = self.folder.places.get(place_id)
        if place is None:
            near = process.extract(place_id, sorted(self.folder.places), limit=3, score_cutoff=60)
            hint = f"; did you mean {', '.join(name for name, _, _ in near)}?" if near else ""
            raise UnknownIdError(f"no place has the id {place_id!r}{hint}")
        if place.geometry is None:
            count = sum(r.values["place_id"] == place_id for r in self.folder.statements.rows)
            raise UnknownIdError(
                f"{place_id} was never located, so no ground can be read there; "
                f"statements.csv holds {count} statements about it"
            )
        return float(shapely.get_x(place.geometry)), float(shapely.get_y(place.geometry))

    def places_in(self, shape: shapely.Geometry) -> list[str]:
        """
        Return the places that lie on some ground.

        Parameters
        ----------
        shape
            Polygon or MultiPolygon, longitude, latitude.

        Returns
        -------
        place_ids
            In order of id.
        """
        shapely.prepare(shape)
        return [
            place.id
            for place in self.folder.places.values()
            if place.geometry is not None and shapely.covers(shape, place.geometry)
        ]

    def estimate(self, day: str | dt.date, *, parameters: Parameters | None = None) -> Draft:
        """
        Draft a control layer from the statements in force on a date.

        Parameters
        ----------
        day
            The date.
        parameters
            The numbers of the method (`geo.estimate`); the default are its own.

        Returns
        -------
        draft
            Patches, and the places that drew nothing.

        Raises
        ------
        DateError
            If `day` is no date.
        ValueError
            If there is no evidence to draw from.
        """
        folder = self.folder
        return Estimator(
            self.area,
            folder.places,
            folder.statements.rows,
            folder.rows("sources"),
            folder.sides,
            parameters=parameters,
        ).draft(day)

    def map(
        self,
        before: str | dt.date | None = None,
        after: str | dt.date | None = None,
        *,
        language: str = "en",
    ) -> Page:
        """
        Draw the theatre as one HTML page that opens without a network.

        Parameters
        ----------
        before, after
            The dates compared at first; the default are the theatre's.
        language
            ``en`` or ``ar``; the page can switch.

        Returns
        -------
        page
            With `save`, and shown as it is in a notebook.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        ValueError
            If the language is none of the two.
        """
        from geo import maps

        first, second = self._pair(before or self.before, after or self.after)
        return maps.draw(self.folder, self.composite, before=first, after=second, language=language)

    def _require_layers(self) -> None:
        if not self.folder.control:
            raise DateError(
                "there is no control layer yet; draft one with `frontline estimate DATE`"
            )

    def _in_force(self, day: str | dt.date) -> dt.date:
        return self.composite.dates[self.composite.index(parse_day(day))]

    def _pair(self, before: str | dt.date, after: str | dt.date) -> tuple[dt.date, dt.date]:
        first, second = parse_day(before), parse_day(after)
        if second < first:
            raise DateError(f"after {second} is before {first}; exchange the two dates")
        self._in_force(first)
        return first, second

    def _interval(
        self,
        axes: tuple[str, ...],
        pieces: Sequence[tuple[dt.date, dt.date | None, Label]],
    ) -> dict[str, str | dt.date | None]:
        """One row of a history, with the reasons that its patches give on every date of it."""
        start, end = pieces[0][0], pieces[-1][1]
        reasons: dict[str, dict[str, None]] = {"statement_ids": {}, "source_ids": {}}
        note = None
        for first, last, label in pieces:
            for day, layer in self.folder.control.items():
                if day < first or (last is not None and day >= last):
                    continue
                patch = next(f.properties for f in layer.features if f.id == label.patch)
                note = patch["note"]
                for name, ids in reasons.items():
                    ids.update(dict.fromkeys(split_ids(patch[name])))
        row: dict[str, str | dt.date | None] = {"valid_from": start, "valid_to": end}
        row.update(zip(_AXES, (value or None for value in axes), strict=True))
        row.update({name: ";".join(ids) or None for name, ids in reasons.items()})
        row["note"] = None if note is None else str(note)
        return row

    def _explained(
        self, piece: object, places: Sequence[str], first: dt.date, second: dt.date
    ) -> list[str]:
        """Ledger rows between two dates that speak of a piece of change."""
        found = []
        for row in self.folder.changes.rows:
            values = row.values
            inside = str(first) <= str(values["from_date"]) and str(values["to_date"]) <= str(
                second
            )
            shared = set(split_ids(values["place_ids"])) & set(places)
            gains = values["to_controller"] in {None, getattr(piece, "to_controller", None)}
            if inside and shared and gains:
                found.append(row.id)
        return found


_AXES = ("controller", "controllers", "status", "basis", "confidence")


def _axes(label: Label) -> tuple[str, ...]:
    return tuple(getattr(label, name) for name in _AXES)
