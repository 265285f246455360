"""
What a notebook sees: one theatre, and the questions that it answers.

Every method returns a frame or a plain value, takes dates as ``YYYY-MM-DD`` or `datetime.date`,
and changes nothing on disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from bisect import bisect_right
from datetime import timedelta
from functools import cached_property
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.check import Case, Limits, check_folder, patches_of, require_sound
from geo.control import Composite, areas_as_drawn, front_lines, ground_of, measure_movement
from geo.control import build_frame as composite_frame
from geo.crs import area_km2
from geo.errors import DateError, Issue, LayerError, UnknownIdError
from geo.evidence import Why, explain_pieces, find_why, locate_place, provenance
from geo.layers import (
    cache_is_on,
    cache_key,
    keep_cached,
    load_cached,
    read_bytes,
    read_digests,
    read_folder,
    write_control,
)
from geo.model import Label, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from geo.control import Ground, Movement, WhatIf
    from geo.coverage import BorderEdges
    from geo.crs import Edges
    from geo.draw import Animation, Page, Plots, Still
    from geo.evidence import (
        Draft,
        Ensemble,
        Estimator,
        Gazetteer,
        Parameters,
    )
    from geo.exchange import Import, Options
    from geo.layers import Folder, Progress
    from geo.model import Patch

__all__ = ["Theatre", "import_into", "open_layers"]


def open_layers(path: str | Path = "layers", *, progress: Progress | None = None) -> Theatre:
    """
    Read and check a layers folder.

    Parameters
    ----------
    path
        The folder that holds ``theatre.geojson``.
    progress
        Told what is done, how much of it, and of how much; a long series takes its time.

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
    root = Path(path)
    digests = read_digests(root) if cache_is_on() else {}
    if digests and (kept := load_cached(cache_key(digests))):
        # Only sound layers are ever kept, and these are the same bytes.
        with contextlib.suppress(ValueError):
            return Theatre(root=root, composite=Composite.from_bytes(kept), digests=digests)
    folder = read_folder(root, progress=progress)
    if progress:
        progress("composing", 0, len(folder.control))
    case = Case(folder, Limits())
    require_sound(folder, case)
    composite = case.composite if case.is_series else None
    if composite is not None:
        keep_cached(cache_key(folder.digests), composite.to_bytes())
    return Theatre(folder, composite=composite, drawn=case.drawn)


def import_into(
    path: str | Path,
    kind: str,
    *paths: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
    **fixed: str,
) -> Import:
    """
    Read files of others into a layers folder, new or existing.

    Parameters
    ----------
    path
        The layers folder; begun if it is not there.
    kind
        One of `geo.exchange.imports.KINDS`, such as ``statements-csv`` or ``ucdp``.
    *paths
        The files.
    options
        What the user decides; the default decides nothing.
    progress
        Told what is done, how much of it, and of how much.
    **fixed
        One value for all records, such as ``publisher``, ``licence`` or ``confidence``.

    Returns
    -------
    imported
        What was written; ``report()`` accounts for every record.

    Raises
    ------
    LayerError
        If a file cannot be read, or the folder has faults.
    ValueError
        If there is no such kind, an option is none, or no file is given.
    """
    from geo.exchange import Options, run_import, save_import

    root = Path(path)
    into = read_folder(root) if (root / "theatre.geojson").exists() else None
    chosen = options or Options()
    chosen = dataclasses.replace(chosen, fixed={**chosen.fixed, **fixed})
    files = [Path(one) for one in paths]
    imported = run_import(kind, files, options=chosen, into=into, progress=progress)
    save_import(imported, root, into=into, progress=progress)
    return imported


class Theatre:
    """
    One theatre: its layers, and what follows from them.

    Parameters
    ----------
    folder
        As read, without errors.
    root
        Where to read it from when it is first needed, instead.
    composite
        All layers noded together, where that is known already.
    digests
        SHA-256 of every file below `root`, where that is known already.
    drawn
        The patches of each date and their segments, where they are known already.
    """

    def __init__(
        self,
        folder: Folder | None = None,
        *,
        root: Path | None = None,
        composite: Composite | None = None,
        digests: Mapping[str, str] | None = None,
        drawn: Mapping[dt.date, tuple[list[Patch], BorderEdges]] | None = None,
    ) -> None:
        if folder is None and root is None:
            raise ValueError("give a folder, or where to read it from")
        self._folder = folder
        self._root = root if folder is None else folder.root
        self._composite = composite
        self._digests = digests
        self._drawn = drawn or {}

    @property
    def folder(self) -> Folder:  # numpydoc ignore=RT01
        """Everything that the layers folder holds."""
        if self._folder is None:
            assert self._root is not None
            self._folder = read_folder(self._root)
        return self._folder

    @cached_property
    def warnings(self) -> tuple[Issue, ...]:  # numpydoc ignore=RT01
        """What the checks have to say that is no error."""
        return tuple(check_folder(self.folder))

    def __repr__(self) -> str:
        days = self.dates
        span = f"{days[0]} to {days[-1]}, {len(days)} layers" if days else "no control layer yet"
        return f"<Theatre {self.folder.theatre.id}: {span}, {len(self.folder.events)} events>"

    def _repr_html_(self) -> str:
        from geo.draw import card, swatch

        name = str(self.folder.theatre.properties["name"])
        if not self.dates:
            return card(name, "<p>no control layer yet</p>")
        held = self.areas(bands=False)
        held = held[held["date"] == self.dates[-1]].sort_values("area_km2", ascending=False)
        colors = self._colors
        ground = "".join(
            f"<li>{swatch(row['controller'] or row['status'], colors)} "
            f"{row['area_km2']:,.0f} km²</li>"
            for row in held.to_dict("records")
        )
        span = f"{self.dates[0]} to {self.dates[-1]}: {len(self.dates)} layers"
        events, places = len(self.folder.events), len(self.folder.places)
        counts = f"{events} events, {places} places, {len(self.folder.statements.rows)} statements"
        body = (
            f"<p>{span}; {counts}</p><p>as of {self.dates[-1]}</p>"
            f'<ul style="list-style:none;padding:0">{ground}</ul>'
        )
        return card(name, body)

    @cached_property
    def _colors(self) -> dict[str, str]:
        """The colour of each actor: its own, or that of its side."""
        rows = self.folder.rows("actors")
        own = {key: str(row.values.get("color") or "") for key, row in rows.items()}
        named = {key: own[key] or own.get(self.folder.sides.get(key, key), "") for key in own}
        return {key: color for key, color in named.items() if color}

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

    @property
    def composite(self) -> Composite:  # numpydoc ignore=RT01
        """All layers noded together; what every answer over time is read from."""
        if self._composite is None:
            self._require_layers()
            self._composite = Composite.build(self.area, self._snapshots(), self.folder.sides)
            keep_cached(cache_key(self.folder.digests), self._composite.to_bytes())
        return self._composite

    def _snapshots(self) -> dict[dt.date, list[Patch]]:
        """The patches of each date, as they are drawn."""
        layers = self.folder.control.items()
        return {day: patches_of(layer.features) for day, layer in layers}

    def control(self, day: str | dt.date, *, by: Ground = "patch") -> gpd.GeoDataFrame:
        """
        Return who held which ground at the end of a day.

        Parameters
        ----------
        day
            The date; the layer in force is the last one not after it.
        by
            Whether patches stay apart, or are joined by ``holder`` (the controller; the status
            where nobody is said to hold the ground alone) or by ``side``.

        Returns
        -------
        control
            One row a patch, by id: ``id``, ``as_of`` (date of the layer), ``controller``, ``side``,
            ``controllers``, ``status``, ``basis``, ``confidence``, ``statement_ids``,
            ``source_ids``, ``note``, ``area_km2`` (on the ellipsoid) and ``geometry`` (lon/lat).
            One row a holder, in order: ``holder``, ``as_of``, ``side``, ``area_km2`` and
            ``geometry``; the same by side, without ``holder``.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        ValueError
            If `by` is none of the three.
        """
        columns, shapes = self.control_columns(day, by=by)
        return composite_frame(columns, shapes)

    def control_columns(
        self, day: str | dt.date, *, by: Ground = "patch"
    ) -> tuple[dict[str, Any], NDArray[np.object_]]:
        """
        Return what `control` does as plain columns, for who needs no frame.

        Parameters
        ----------
        day, by
            As for `control`.

        Returns
        -------
        columns, geometries
            The values of each column but the geometry, and the geometries, in the same order.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        ValueError
            If `by` is none of the three.
        """
        layer_day = self._in_force(day)
        features = self.folder.control[layer_day].features
        known = self._drawn.get(layer_day)
        patches, segments = known or (patches_of(features), None)
        sides = self.folder.sides
        if by != "patch":
            columns, shapes = ground_of(self.area, patches, sides, by=by, segments=segments)
            first = next(iter(columns))
            return {first: columns.pop(first), "as_of": [layer_day] * len(shapes)} | columns, shapes
        shapes = np.empty(len(patches), dtype=object)
        shapes[:] = [patch.geometry for patch in patches]
        names = dict.fromkeys(chain.from_iterable(f.properties for f in features))
        columns = {name: [f.properties.get(name) for f in features] for name in names}
        columns["side"] = [sides.get(c, c) if c else None for c in columns["controller"]]
        columns["as_of"] = [layer_day] * len(features)
        columns["area_km2"] = area_km2(shapes)
        order = ["id", "as_of", "controller", "side"]
        rest = [name for name in names if name not in order]
        return {name: columns[name] for name in [*order, *rest, "area_km2"]}, shapes

    def change(
        self,
        before: str | dt.date,
        after: str | dt.date,
        *,
        min_area_km2: float = 0.01,
        bands: bool = True,
    ) -> gpd.GeoDataFrame:
        """
        Return the ground that changed hands between two dates.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.
        min_area_km2
            Smaller pieces are left out; their sum is in ``attrs["left_out_km2"]``.
        bands
            Whether to say how sure each figure is.

        Returns
        -------
        change
            One row a connected piece, largest first: ``id``, ``from_controller``,
            ``to_controller``, ``from_status``, ``to_status``, ``area_km2`` and, with `bands`,
            ``low_km2`` and ``high_km2`` (the 90 % band of `bands`), ``place_ids`` (places
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
        from geo.draw import ChangeFrame

        pieces = explain_pieces(
            self.folder, self.composite, first, second, min_area_km2=min_area_km2
        )
        if bands:
            known = self._ensemble.change(first, second)[0].set_index("id")
            for place, name in enumerate(("low_km2", "high_km2")):
                at = pieces.columns.get_loc("area_km2") + 1 + place
                pieces.insert(at, name, known[name].reindex(pieces["id"]).to_numpy())
        change = ChangeFrame(pieces)
        title = f"Change from {self._in_force(first)} to {self._in_force(second)}"
        change.attrs |= pieces.attrs | {"title": title, "colors": self._colors}
        return change

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

    def totals(self, before: str | dt.date, after: str | dt.date) -> pd.DataFrame:
        """
        Return how much ground each took from whom, and how sure that is.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.

        Returns
        -------
        totals
            One row a pair of hands, largest first: ``from``, ``to`` (a controller, or the status
            of ground without one), ``area_km2`` (geodesic), ``low_km2`` and ``high_km2`` (the 90 %
            band of `geo.evidence.bands`).

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        """
        return self._ensemble.change(*self._pair(before, after))[1]

    def disagreement(self, day: str | dt.date) -> gpd.GeoDataFrame:
        """
        Return the ground on which sources in force on a date disagree.

        Parameters
        ----------
        day
            The date; it needs no layer.

        Returns
        -------
        disagreement
            One row a piece, largest first: places, who says what, with which share of the weight;
            the columns stand at `geo.evidence.disagreement.find_disagreement`.

        Raises
        ------
        DateError
            If `day` is no date.
        """
        from geo.evidence import find_disagreement

        return find_disagreement(self.folder, parse_day(day))

    def areas(self, *, bands: bool = True, edges: Edges = "straight") -> pd.DataFrame:
        """
        Return the ground of each controller at each date that has a layer.

        Parameters
        ----------
        bands
            Whether to say how sure each figure is; computed once, then kept until layers change.
        edges
            What runs between two corners of a patch: a line ``straight`` in longitude-latitude, as
            it is drawn, or the ``geodesic``, to compare with figures of PostGIS's ``geography`` or
            ``pyproj.Geod`` (`geo.crs.area_km2`). Geodesics are measured patch by patch as they
            stand in the layers, without a band, and the dates need not add up to one sum.

        Returns
        -------
        areas
            ``date``, ``controller`` (empty where nobody holds it alone), ``status``,
            ``area_km2`` (with straight edges each date adds up to the study area) and, with
            `bands`, ``low_km2`` and ``high_km2``: the 90 % band of `geo.evidence.bands`.

        Raises
        ------
        DateError
            If there is no layer.
        ValueError
            If `edges` is neither ``straight`` nor ``geodesic``.
        """
        if edges != "straight":
            self._require_layers()
            return areas_as_drawn(self._snapshots(), edges=edges)
        import pandas as pd

        return pd.DataFrame(self.area_columns() if bands else self.composite.area_columns())

    def area_columns(self) -> dict[str, Any]:
        """
        Return what `areas` does, with bands and straight edges, as plain columns.

        Returns
        -------
        columns
            The values of each column, by name.

        Raises
        ------
        DateError
            If there is no layer.
        """
        low, high = self._bands["areas"]
        return self.composite.area_columns() | {"low_km2": low, "high_km2": high}

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
        from geo.draw import HistoryFrame

        lon, lat = self.position(place_id)
        intervals = self.composite.history_at(lon, lat)
        if not intervals:
            raise UnknownIdError(f"{place_id} lies outside the study area, where nothing is drawn")
        rows: list[dict[str, str | dt.date | None]] = []
        for key, run in groupby(intervals, key=lambda item: _axes(item[2])):
            pieces = list(run)
            rows.append(self._interval(key, pieces))
        history = HistoryFrame(rows)
        name = self.folder.places[place_id].properties["name"]
        history.attrs |= {"title": f"Who held {name}", "colors": self._colors}
        return history

    def holder(self, lon: float | None, lat: float | None, day: str | dt.date) -> str | None:
        """
        Return who held a position at the end of a day.

        Parameters
        ----------
        lon, lat
            Degrees; None for a place never located.
        day
            The date; the layer in force answers.

        Returns
        -------
        holder
            The controller, or the status where no side holds it alone; None without a position,
            or outside the study area.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        """
        if lon is None or lat is None:
            return None
        label = int(self.composite.labels_at(parse_day(day), [lon], [lat])[0])
        return None if label < 0 else self.composite.labels[label].holder

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
        lon, lat, _ = locate_place(self.folder, place_id)
        return lon, lat

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

    def estimate(
        self, day: str | dt.date, *, parameters: Parameters | None = None, **numbers: Any
    ) -> Draft:
        """
        Draft a control layer from the statements in force on a date.

        Parameters
        ----------
        day
            The date.
        parameters
            The numbers of the method; the default are those of `geo.evidence.estimate.Parameters`.
        **numbers
            Single numbers of it instead, such as ``reach_km``.

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
        from geo.evidence import Parameters

        return self._estimator(dataclasses.replace(parameters or Parameters(), **numbers)).draft(
            day
        )

    def probabilities(
        self, day: str | dt.date, points: Sequence[tuple[float, float]]
    ) -> pd.DataFrame:
        """
        Return how likely each side held some points, from the statements in force on a date.

        Parameters
        ----------
        day
            The date.
        points
            Longitude, latitude of each.

        Returns
        -------
        probabilities
            One row a point: ``lon``, ``lat`` and a column for each side, which add up to 1. The
            method, and how well it keeps its word, stand in `estimate` and ``DESIGN.md``.

        Raises
        ------
        CRSError
            If a point is no longitude and latitude in degrees.
        DateError
            If `day` is no date.
        ValueError
            If there is no evidence to estimate from.
        """
        from geo.evidence import Parameters

        return self._estimator(Parameters()).probabilities(day, points)

    def _estimator(self, parameters: Parameters) -> Estimator:
        from geo.evidence import Estimator

        folder = self.folder
        return Estimator(
            self.area,
            folder.places,
            folder.statements.rows,
            folder.rows("sources"),
            folder.sides,
            parameters=parameters,
        )

    def write_estimate(
        self,
        day: str | dt.date,
        *,
        parameters: Parameters | None = None,
        replace: bool = False,
        **numbers: Any,
    ) -> Path:
        """
        Draft a control layer and write it into the folder.

        Parameters
        ----------
        day
            The date.
        parameters
            The numbers of the method; the default are those of `geo.evidence.estimate.Parameters`.
        replace
            Whether a layer that stands there already gives way to the draft.
        **numbers
            Single numbers of it instead, such as ``reach_km``.

        Returns
        -------
        path
            The file; open the layers again to ask about it.

        Raises
        ------
        DateError
            If `day` is no date.
        LayerError
            If there is a layer of that date and `replace` is false, or the file changed meanwhile.
        ValueError
            If there is no evidence to draw from.
        """
        draft = self.estimate(day, parameters=parameters, **numbers)
        if draft.day in self.folder.control and not replace:
            raise LayerError(
                [
                    Issue(
                        "layer.exists",
                        "error",
                        f"there is a layer of {draft.day} already, perhaps edited by hand",
                        "replace it on purpose, or draft another date",
                        file=f"control/{draft.day}.geojson",
                    )
                ]
            )
        return write_control(self.folder, draft.day, draft.features)

    def fronts(
        self,
        day: str | dt.date,
        left: str | None = None,
        right: str | None = None,
        *,
        bands: bool = True,
    ) -> gpd.GeoDataFrame:
        """
        Return the lines along which sides met at the end of a day.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        left, right
            Sides; `left` lies on the left hand. Without them the fronts of all pairs.
        bands
            Whether to say how sure each length is.

        Returns
        -------
        fronts
            One row a line, longest first: ``left``, ``right``, ``length_km`` (geodesic)
            and, with `bands`, ``low_km`` and ``high_km`` (the 90 % band of `geo.evidence.bands`),
            ``certainty`` (the weaker of its two hands) and ``geometry``.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If a side is none of the theatre's.
        """
        self._require_sides(left, right)
        if not bands:
            return front_lines(self.composite, parse_day(day), left, right)
        return self._ensemble.fronts(parse_day(day), left, right)[0]

    def front_totals(
        self, day: str | dt.date, left: str | None = None, right: str | None = None
    ) -> pd.DataFrame:
        """
        Return how long the whole front of each pair of sides was, and how sure that is.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        left, right
            As for `fronts`.

        Returns
        -------
        totals
            One row a pair: ``left``, ``right``, ``length_km``, ``low_km`` and ``high_km``.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If a side is none of the theatre's.
        """
        self._require_sides(left, right)
        return self._ensemble.fronts(parse_day(day), left, right)[1]

    def movement(
        self, before: str | dt.date, after: str | dt.date, left: str, right: str
    ) -> Movement:
        """
        Return how the front of two sides moved between two dates.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.
        left, right
            The sides; the answer is seen from `left`.

        Returns
        -------
        movement
            Swept ground in both directions, and displacement along the front; ``bands`` says how
            sure the figures are.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        UnknownIdError
            If a side is none of the theatre's.
        """
        self._require_sides(left, right)
        first, second = self._pair(before, after)
        moved = measure_movement(self.composite, first, second, left, right, self._positions)
        return self._ensemble.movement(moved)

    def events(self) -> gpd.GeoDataFrame:
        """
        Return every event with what the map says of its ground.

        Returns
        -------
        events
            One row an event, by date; the columns stand at `events_beside_control`.

        Raises
        ------
        DateError
            If there is no layer.
        """
        from geo.control import events_beside_control

        return events_beside_control(self.folder, self.composite)

    def fronts_near(self, events: gpd.GeoDataFrame) -> pd.DataFrame:
        """
        Return how near events lay to the fronts, layer by layer, beside all places.

        Parameters
        ----------
        events
            Rows of `events`.

        Returns
        -------
        nearness
            One row a layer; the columns stand at `geo.control.points.nearness_to_fronts`.

        Raises
        ------
        DateError
            If there is no layer.
        """
        from geo.control import nearness_to_fronts

        return nearness_to_fronts(self.folder, self.composite, events)

    def places(self) -> pd.DataFrame:
        """
        Return every located place of the study area with how often it changed hands.

        Returns
        -------
        places
            One row a place, most changes first; the columns stand at
            `geo.control.points.places_beside_control`.

        Raises
        ------
        DateError
            If there is no layer.
        """
        from geo.control import places_beside_control

        return places_beside_control(self.folder, self.composite)

    def why(self, where: str | tuple[float, float], day: str | dt.date) -> Why:
        """
        Return why the map says what it says at a place: from the patch down to the sources.

        Parameters
        ----------
        where
            A place's id, or longitude and latitude.
        day
            The date.

        Returns
        -------
        why
            The patch, the ledger, events, statements, sources, and what speaks against it; prints
            as text.

        Raises
        ------
        UnknownIdError
            If there is no such place, it was never located, or it lies outside the study area.
        DateError
            If `day` is before the first layer, or no date.
        ValueError
            If `where` is no position.
        """
        return find_why(self.folder, self.composite, where, parse_day(day))

    def provenance(self) -> pd.DataFrame:
        """
        Return on what the ground of each date rests.

        Returns
        -------
        provenance
            ``date``, ``measure`` (publishers, leaning, age_days, distance_km), ``value``,
            ``area_km2`` and ``share`` of the controlled ground.

        Raises
        ------
        DateError
            If there is no layer.
        """
        return provenance(self.folder, self.composite)

    def gazetteer(self, tables: Sequence[Path] = ()) -> Gazetteer:
        """
        Return the places of the theatre as a gazetteer that finds names.

        Parameters
        ----------
        tables
            Further tables of places; the theatre's own come first.

        Returns
        -------
        gazetteer
            See `geo.evidence.gazetteer`.

        Raises
        ------
        LayerError
            If a table cannot be read.
        """
        from geo.evidence import Gazetteer, read_gazetteer

        others = [
            entry
            for path in tables
            for entry in read_gazetteer(read_bytes(path, root=path.parent), file=str(path))
        ]
        return Gazetteer([*self.folder.places.values(), *others])

    def necks(self, day: str | dt.date, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return where the ground of a side could be cut off, and by how short a line.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose ground.
        **rules
            ``unknown``, ``edge``, ``min_area_km2`` and ``max_width_km`` of `necks`.

        Returns
        -------
        necks
            One row a neck, best first, with the events of the 30 days up to `day` behind it; see
            `geo.control.siege.necks`.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If the side is none of the theatre's.
        ValueError
            If a rule is none of those listed.
        """
        from geo.control import necks

        supply = self._supply(day, side) | {"events": self._recent(day)}
        return necks(self.composite, parse_day(day), side, **supply, **rules)

    def pockets(self, day: str | dt.date, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return the ground of a side that is already cut off.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose ground.
        **rules
            ``unknown``, ``edge`` and ``min_area_km2`` of `geo.control.siege.pockets`.

        Returns
        -------
        pockets
            One row a pocket; see `geo.control.siege.pockets`.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If the side is none of the theatre's.
        ValueError
            If a rule is none of those listed.
        """
        from geo.control import pockets

        return pockets(self.composite, parse_day(day), side, **self._supply(day, side), **rules)

    def isolation(self, day: str | dt.date, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return, for each place that a side holds, the shortest cut that severs it from supply.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose places.
        **rules
            ``unknown`` and ``edge`` of `geo.control.siege.isolation`.

        Returns
        -------
        isolation
            One row a place, the most exposed first; see `geo.control.siege.isolation`.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If the side is none of the theatre's.
        ValueError
            If a rule is none of those listed.
        """
        from geo.control import isolation

        return isolation(self.composite, parse_day(day), side, **self._supply(day, side), **rules)

    def narrowest(self, side: str, **rules: Any) -> pd.DataFrame:
        """
        Return the narrowest neck of a side at each date that has a layer.

        Parameters
        ----------
        side
            Whose ground.
        **rules
            ``unknown``, ``edge``, ``min_area_km2`` and ``max_width_km`` of `narrowest`.

        Returns
        -------
        narrowest
            One row a date; see `geo.control.siege.narrowest`.

        Raises
        ------
        DateError
            If there is no layer.
        UnknownIdError
            If the side is none of the theatre's.
        ValueError
            If a rule is none of those listed.
        """
        from geo.control import narrowest

        series = self.composite
        return narrowest(series, side, supply=lambda day: self._supply(day, side), **rules)

    def what_if(
        self,
        day: str | dt.date,
        side: str,
        *through: Sequence[tuple[float, float] | str],
        width_km: float = 2.0,
    ) -> WhatIf:
        """
        Return control as it would be if a side advanced, and what that would cut off.

        Parameters
        ----------
        day
            The date; the layer in force is where it departs from.
        side
            Who advances.
        *through
            For each prong of the advance the positions that it passes in order: longitude and
            latitude, or ids of places.
        width_km
            Breadth of the ground taken.

        Returns
        -------
        what_if
            Ask it for `change`, `sieges` and `places_taken`; `save` writes it, outside the layers.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        UnknownIdError
            If the side is none of the theatre's, or there is no such place.
        ValueError
            If a prong is empty or lies outside the study area, or `width_km` is not positive.
        """
        from geo.control import WhatIf

        self._require_sides(side)
        prongs = [[locate_place(self.folder, where)[:2] for where in prong] for prong in through]
        return WhatIf.of(
            self.composite,
            parse_day(day),
            side,
            prongs,
            width_km=width_km,
            supply=self._supply,
        )

    def read_what_if(self, path: str | Path) -> WhatIf:
        """
        Return a what-if that was saved.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        what_if
            As it was asked; beside the layers as they are now.

        Raises
        ------
        LayerNotFoundError
            If there is no such file.
        SchemaError
            If it holds faults, is no what-if, or is one of another theatre.
        """
        from geo.control import read_what_if

        sides = {row.id for row in self.folder.actors.rows if row.values["kind"] == "side"}
        return read_what_if(Path(path), self.composite, sides=sides, supply=self._supply)

    @cached_property
    def plot(self) -> Plots:  # numpydoc ignore=RT01
        """Matplotlib axes: ``plot(day)``, ``plot.areas()`` and more (`geo.draw.plots`)."""
        from geo.draw import Plots

        return Plots(self.folder, self.composite, self.areas)

    def slider(self, day: str | dt.date | None = None, *, language: str = "en") -> Any:
        """
        Return a widget for a notebook that shows the layers under a slider of dates.

        Parameters
        ----------
        day
            The date shown at first; the default is the theatre's own `after`.
        language
            ``en`` or ``ar``.

        Returns
        -------
        widget
            Its trait ``date`` follows the hand; see `geo.draw.widget.slider.slider`.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        GeoError
            If anywidget is not installed.
        """
        from geo.draw import slider

        return slider(
            self.folder,
            self.composite,
            parse_day(day or self.after),
            picture=lambda shown: self.still(shown, language=language).render("png"),
            language=language,
        )

    def still(
        self,
        day: str | dt.date,
        *,
        before: str | dt.date | None = None,
        language: str = "en",
        size: tuple[int, int] = (1600, 1000),
    ) -> Still:
        """
        Draw a date, or a change, as one picture.

        Parameters
        ----------
        day
            The date; the layer in force is drawn.
        before
            Show what changed hands since this date; the default shows who holds what.
        language
            ``en`` or ``ar``.
        size
            Width and height, pixels.

        Returns
        -------
        still
            Shown as it is in a notebook; `save` writes PNG, SVG or PDF.

        Raises
        ------
        DateError
            If a date is before the first layer, or `before` is after `day`.
        ValueError
            If the language or the size is none that can be drawn.
        """
        from geo.draw import draw_still

        first = None if before is None else parse_day(before)
        return draw_still(
            self.folder, self.composite, parse_day(day), before=first, language=language, size=size
        )

    def animate(self, *, step: str = "layer", language: str = "en") -> Animation:
        """
        Draw the layers one after the other.

        Parameters
        ----------
        step
            ``layer``, ``week`` or ``month`` between frames.
        language
            ``en`` or ``ar``.

        Returns
        -------
        animation
            `save` writes a GIF.

        Raises
        ------
        DateError
            If there is no layer.
        ValueError
            If the language or the step is none of those listed.
        """
        from geo.draw import animate

        chosen: Any = step
        return animate(self.folder, self.composite, step=chosen, language=language)

    def map(
        self,
        before: str | dt.date | None = None,
        after: str | dt.date | None = None,
        *,
        language: str = "en",
        tiles: str | None = None,
        attribution: str | None = None,
        corridors: bool = True,
        what_if: str | Path | None = None,
    ) -> Page:
        """
        Draw the theatre as one HTML page that opens without a network.

        Parameters
        ----------
        before, after
            The dates compared at first; the default are the theatre's.
        language
            ``en`` or ``ar``; the page can switch.
        tiles
            Address of online map tiles to lie below, ``https://host/{z}/{x}/{y}.png``; the default
            is none, and a page that needs no network.
        attribution
            Whose tiles they are; required with `tiles`.
        corridors
            Whether the page can show where ground could be cut off; computed once, then kept until
            layers change.
        what_if
            The file of a what-if to be shown as what it is: nobody reported it.

        Returns
        -------
        page
            With `save`, and shown as it is in a notebook.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        LayerNotFoundError
            If there is no file of a what-if.
        SchemaError
            If it holds faults, is no what-if, or is one of another theatre.
        ValueError
            If the language is none of the two, or `tiles` is no such address or has no
            attribution.
        """
        from geo.draw import draw_page

        first, second = self._pair(before or self.before, after or self.after)
        return draw_page(
            self.folder,
            self.composite,
            before=first,
            after=second,
            language=language,
            tiles=tiles,
            attribution=attribution,
            bands=self._bands["holders"],
            corridors=self._corridors if corridors else None,
            what_if=None if what_if is None else self._what_if_record(what_if),
            picture=lambda: self.still(second, before=first, language=language).render("png"),
        )

    @cached_property
    def _ensemble(self) -> Ensemble:
        """Maps that the evidence allows."""
        from geo.evidence import Ensemble, Memory

        memory = Memory(
            lambda question: load_cached(self._key_of_bands(question)),
            lambda question, data: keep_cached(self._key_of_bands(question), data),
        )
        return Ensemble.of(self.folder, self.composite, memory=memory)

    def _key_of_bands(self, question: str) -> str:
        """The name of what the maps that the evidence allows answer to a question."""
        from geo.evidence import Judgements

        digests = self._digests or self.folder.digests
        return cache_key({**digests, f"bands of {question}": repr(Judgements())})

    @cached_property
    def _bands(self) -> dict[str, Any]:
        """The bands of areas and of sides, read back where these layers were asked before."""
        from geo.evidence import pack, unpack

        key = self._key_of_bands("all areas")
        if kept := load_cached(key):
            with contextlib.suppress(ValueError):
                return unpack(kept)
        bands = self._ensemble.bands()
        keep_cached(key, pack(bands))
        return bands

    @cached_property
    def _corridors(self) -> list[list[dict[str, Any]]]:
        """The necks of all dates for the page, read back where these layers were asked before."""
        from geo.draw import necks_by_date

        key = cache_key({**(self._digests or self.folder.digests), "necks": "of all dates"})
        if kept := load_cached(key):
            with contextlib.suppress(ValueError):
                return list(json.loads(kept))
        found = necks_by_date(
            self.composite,
            lambda day, side: self._supply(day, side) | {"events": self._recent(day)},
        )
        keep_cached(key, json.dumps(found).encode())
        return found

    def _what_if_record(self, path: str | Path) -> dict[str, Any]:
        from geo.draw import what_if_record

        return what_if_record(self.read_what_if(path), self.composite)

    @cached_property
    def _positions(self) -> dict[str, tuple[float, float]]:
        """Longitude and latitude of every located place."""
        return {
            place.id: (float(shapely.get_x(place.geometry)), float(shapely.get_y(place.geometry)))
            for place in self.folder.places.values()
            if place.geometry is not None
        }

    def _supply(self, day: str | dt.date, side: str) -> dict[str, Any]:
        """Anchors of a side that hold on a day, its friends, and the places."""
        self._require_sides(side)
        text = parse_day(day).isoformat()
        anchors = {}
        friends = set()
        for anchor in self.folder.anchors:
            values = anchor.properties
            first, last = str(values["valid_from"] or ""), str(values["valid_to"] or "9999")
            if side in split_ids(values["sides"]) and first <= text < last:
                anchors[anchor.id] = anchor.geometry
                friends |= set(split_ids(values["sides"])) - {side}
        return {"anchors": anchors, "places": self._positions, "friends": sorted(friends)}

    def _recent(self, day: str | dt.date) -> dict[str, tuple[float, float]]:
        """Longitude and latitude of the located events of the last 30 days, by id."""
        last = parse_day(day)
        first = last - timedelta(days=29)
        return {
            event.id: (float(shapely.get_x(event.geometry)), float(shapely.get_y(event.geometry)))
            for event in self.folder.events
            if event.geometry is not None
            and parse_day(str(event.properties["event_date"])) <= last
            and parse_day(str(event.properties["end_date"] or event.properties["event_date"]))
            >= first
        }

    def _require_sides(self, *sides: str | None) -> None:
        known = {row.id for row in self.folder.actors.rows if row.values["kind"] == "side"}
        for side in sides:
            if side is not None and side not in known:
                raise UnknownIdError(
                    f"no side is called {side!r}; there are {', '.join(sorted(known))}"
                )

    def _require_layers(self) -> None:
        if not self.folder.control:
            raise DateError(
                "there is no control layer yet; draft one with `frontline estimate DATE`"
            )

    def _in_force(self, day: str | dt.date) -> dt.date:
        # The last layer not after the day; read from the file names where that is enough.
        asked = parse_day(day)
        if self._composite is not None:
            return self._composite.dates[self._composite.index(asked)]
        self._require_layers()
        dates = self.dates
        if asked < dates[0]:
            raise DateError(f"nothing is known of {asked}: the first layer is of {dates[0]}")
        return dates[bisect_right(dates, asked) - 1]

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


_AXES = ("controller", "controllers", "status", "basis", "confidence")


def _axes(label: Label) -> tuple[str, ...]:
    return tuple(getattr(label, name) for name in _AXES)
