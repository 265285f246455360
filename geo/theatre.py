"""
What a notebook sees: one theatre, and the questions that it answers.

Every method returns a frame or a plain value, takes dates as ``YYYY-MM-DD`` or `datetime.date`,
and changes nothing on disk but where its name says ``write``. Nothing is computed here: a method
hands on to a room, and its help names the function whose help says the rest.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

# What stands behind these doors is loaded when it is asked for.
from geo import check, control, desk, draw, evidence, layers
from geo.errors import DateError, Issue
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import numpy as np
    import pandas as pd
    import shapely
    from numpy.typing import NDArray

    from geo.control import Composite, Movement, TheatreSupply, WhatIf
    from geo.coverage import BorderEdges
    from geo.crs import Edges
    from geo.draw import Animation, Page, Plots, Still
    from geo.evidence import Draft, Ensemble, Gazetteer, Parameters, Sieges, Why
    from geo.layers import Folder, Progress
    from geo.model import Ground, Patch

    Day = str | dt.date | np.datetime64 | pd.Period
    """A date in any form of `geo.model.parse_day`; a moment is turned into the theatre's day."""

__all__ = ["Theatre", "open_layers"]


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
    digests = layers.read_digests(root) if layers.cache_is_on() else {}
    if digests and (known := check.load_sound(digests)):
        return Theatre(root=root, composite=known, digests=digests)
    folder = layers.read_folder(root, progress=progress)
    if progress:
        progress("composing", 0, len(folder.control))
    case = check.Case(folder, check.Limits(), check.compose_layers)
    check.require_sound(folder, case)
    made = case.composite if case.is_series else None
    if made is not None:
        check.keep_composite(folder.digests, made)
    return Theatre(folder, composite=made, drawn=case.drawn)


class Theatre(draw.MapElements, desk.DeskQuestions):
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
        self._folder, self._root = folder, root if folder is None else folder.root
        self._composite, self._digests, self._drawn = composite, digests, drawn or {}

    def __repr__(self) -> str:
        days = self.dates
        span = f"{days[0]} to {days[-1]}, {len(days)} layers" if days else "no control layer yet"
        return f"<Theatre {self.folder.theatre.id}: {span}, {len(self.folder.events)} events>"

    def _repr_html_(self) -> str:
        return draw.theatre_card(self.folder, self.areas(bands=False) if self.dates else None)

    # ------------------------------------------------------------ what it holds

    @property
    def folder(self) -> Folder:
        """Everything that the layers folder holds."""
        if self._folder is None:
            assert self._root is not None
            self._folder = layers.read_folder(self._root)
        return self._folder

    @cached_property
    def warnings(self) -> tuple[Issue, ...]:
        """What the checks have to say that is no error."""
        return tuple(check.check_folder(self.folder))

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The dates that have a control layer."""
        return tuple(self.folder.control)

    def _day(self, day: Any) -> dt.date:
        zone = self.folder.theatre.properties["timezone"] if getattr(day, "tzinfo", None) else ""
        return parse_day(day, str(zone))

    def as_of(self, day: Day) -> dt.date:
        """Return the date of the layer in force on a day: the last one not after it."""
        if self._composite is None:
            self._require_layers()
        # A composite that was kept knows its dates without a look into the folder.
        dates = self.dates if self._composite is None else self._composite.dates
        return dates[control.index_in_force(dates, self._day(day))]

    @property
    def before(self) -> dt.date:
        """The default first date of a comparison; not before the first layer."""
        return max([self._day(self.folder.theatre.properties["before"]), *self.dates[:1]])

    @property
    def after(self) -> dt.date:
        """The default second date of a comparison; not before the first layer."""
        return max([self._day(self.folder.theatre.properties["after"]), *self.dates[:1]])

    @property
    def area(self) -> shapely.Geometry:
        """The study area, longitude, latitude."""
        return self.folder.area

    @property
    def composite(self) -> Composite:
        """All layers noded together; what every answer over time is read from."""
        if self._composite is None:
            self._require_layers()
            self._composite = check.compose_layers(self.folder)
            check.keep_composite(self.folder.digests, self._composite)
        return self._composite

    # ------------------------------------------------------------ who held what

    def control(self, day: Day, *, by: Ground = "patch") -> gpd.GeoDataFrame:
        """
        Return who held which ground at the end of a day; see `geo.control.control_as_drawn`.

        The layer in force is the last one not after the day. Patches stay apart, or are joined
        `by` ``holder`` or ``side``. A frame: the columns named there, then ``geometry`` (lon/lat).
        """
        return control.build_frame(*self.control_columns(day, by=by))

    def control_columns(
        self, day: Day, *, by: Ground = "patch"
    ) -> tuple[dict[str, Any], NDArray[np.object_]]:
        """Return `control` (`by` the same) as columns and geometries, for who needs no frame."""
        layer_day = self.as_of(day)
        features = self.folder.control[layer_day].features
        patches, segments = self._drawn.get(layer_day) or (self.folder.patches(layer_day), None)
        return control.control_as_drawn(
            self.area, layer_day, features, patches, self.folder.sides, by=by, segments=segments
        )

    def areas(self, *, bands: bool = True, edges: Edges = "straight") -> pd.DataFrame:
        """
        Return the ground of each controller at each date; see `geo.control.Composite.areas`.

        With `bands` (worked out once, then kept until layers change) the columns ``low_km2`` and
        ``high_km2`` follow: the 90 % band of `geo.evidence.Ensemble.areas`. With `edges`
        ``geodesic``, to compare with figures of PostGIS's ``geography`` or ``pyproj.Geod``, patches
        are measured as they stand in the layers, without a band (`geo.control.areas_as_drawn`),
        and the dates need not add up to one sum. Without a layer it raises `DateError`.
        """
        if edges != "straight":
            self._require_layers()
            drawn = {day: self.folder.patches(day) for day in self.folder.control}
            return control.areas_as_drawn(drawn, edges=edges)
        import pandas as pd

        return pd.DataFrame(self.area_columns() if bands else self.composite.area_columns())

    def area_columns(self) -> dict[str, Any]:
        """Return what `areas` does, with bands and straight edges, as plain columns."""
        return evidence.area_columns(self._bands)

    def history(self, place_id: str) -> pd.DataFrame:
        """Return who held a place, when, and why; see `geo.evidence.place_history`."""
        history = draw.HistoryFrame(evidence.place_history(self.folder, self.composite, place_id))
        title = f"Who held {self.folder.places[place_id].properties['name']}"
        history.attrs |= {"title": title, "colors": draw.actor_colors(self.folder)}
        return history

    def holder(self, lon: float | None, lat: float | None, day: Day) -> str | None:
        """
        Return who held the position `lon`, `lat` (degrees) at the end of a day.

        The controller, or the status where no side holds it alone; None without a position (of a
        place never located), or outside the study area.
        """
        if lon is None or lat is None:
            return None
        label = int(self.composite.labels_at(self._day(day), [lon], [lat])[0])
        return None if label < 0 else self.composite.labels[label].holder

    def position(self, place_id: str) -> tuple[float, float]:
        """Return longitude and latitude of `place_id`; see `geo.evidence.locate_place`."""
        lon, lat, _ = evidence.locate_place(self.folder, place_id)
        return lon, lat

    def events(self) -> gpd.GeoDataFrame:
        """Return every event beside control; see `geo.control.events_beside_control`."""
        return control.events_beside_control(self.folder, self.composite)

    def fronts_near(self, events: gpd.GeoDataFrame) -> pd.DataFrame:
        """Return how near rows of `events` lay to fronts; see `geo.control.nearness_to_fronts`."""
        return control.nearness_to_fronts(self.folder, self.composite, events)

    def places(self) -> pd.DataFrame:
        """Return how often each place changed hands; see `geo.control.places_beside_control`."""
        return control.places_beside_control(self.folder, self.composite)

    # ------------------------------------------------------------ what changed

    def change(
        self, before: Day, after: Day, *, min_area_km2: float = 0.01, bands: bool = True
    ) -> gpd.GeoDataFrame:
        """
        Return the ground that changed hands between two dates; see `geo.evidence.explain_pieces`.

        With `bands`, ``area_km2`` is the middle of the draws where one side took ground from
        another, and ``low_km2``, ``high_km2``, ``chance`` and ``drawn_km2`` follow: see
        `geo.evidence.Ensemble.change`.
        """
        first, second = self._pair(before, after)
        # The bands first: the ledger asks for every step between the dates, and the composite
        # remembers only the last few pairs.
        known = self._ensemble.change(first, second)[0].set_index("id") if bands else None
        pieces = evidence.explain_pieces(
            self.folder, self.composite, first, second, min_area_km2=min_area_km2
        )
        if known is not None:
            at = pieces.columns.get_loc("area_km2")
            known = known.reindex(pieces["id"])
            pieces["area_km2"] = known["area_km2"].to_numpy()
            for place, name in enumerate(evidence.DOUBT, at + 1):
                pieces.insert(place, name, known[name].to_numpy())
        change = draw.ChangeFrame(pieces)
        title = f"Change from {self.as_of(first)} to {self.as_of(second)}"
        change.attrs |= pieces.attrs | {"title": title, "colors": draw.actor_colors(self.folder)}
        return change

    def transfers(self, before: Day, after: Day) -> pd.DataFrame:
        """Return how much went from whom to whom; see `geo.control.Composite.transfers`."""
        return self.composite.transfers(*self._pair(before, after))

    def totals(self, before: Day, after: Day) -> pd.DataFrame:
        """Return how much each took from whom: ``totals`` of `geo.evidence.Ensemble.change`."""
        return self._ensemble.change(*self._pair(before, after))[1]

    def fronts(
        self, day: Day, left: str | None = None, right: str | None = None, *, bands: bool = True
    ) -> gpd.GeoDataFrame:
        """
        Return the lines along which sides met at the end of a day; see `geo.control.front_lines`.

        With `bands`, ``low_km`` and ``high_km`` follow ``length_km``: how sure each length is, by
        `geo.evidence.Ensemble.fronts`.
        """
        self._supply.require_sides(left, right)
        if not bands:
            return control.front_lines(self.composite, self._day(day), left, right)
        return self._ensemble.fronts(self._day(day), left, right)[0]

    def front_totals(
        self, day: Day, left: str | None = None, right: str | None = None
    ) -> pd.DataFrame:
        """Return how long whole fronts were: ``totals`` of `geo.evidence.Ensemble.fronts`."""
        self._supply.require_sides(left, right)
        return self._ensemble.fronts(self._day(day), left, right)[1]

    def movement(self, before: Day, after: Day, left: str, right: str) -> Movement:
        """
        Return how the front of two sides moved, seen from `left`; see `geo.control.Movement`.

        ``bands`` of the answer says how sure the figures are.
        """
        self._supply.require_sides(left, right)
        first, second = self._pair(before, after)
        given = self.composite, first, second, left, right, self._supply.places
        return self._ensemble.movement(control.measure_movement(*given))

    # ------------------------------------------------------------ on what it rests

    def why(self, where: str | tuple[float, float], day: Day) -> Why:
        """
        Return why the map says what it says at a place or position; see `geo.evidence.find_why`.

        The patch, the ledger, events, statements, sources, and what speaks against it; prints as
        text (`geo.evidence.Why`).
        """
        return evidence.find_why(self.folder, self.composite, where, self._day(day))

    def provenance(self) -> pd.DataFrame:
        """Return on what the ground of each date rests; see `geo.evidence.provenance`."""
        return evidence.provenance(self.folder, self.composite)

    def disagreement(self, day: Day) -> gpd.GeoDataFrame:
        """Return where words in force on a day disagree; see `geo.evidence.find_disagreement`."""
        return evidence.find_disagreement(self.folder, self._day(day))

    def gazetteer(self, tables: Sequence[Path] = ()) -> Gazetteer:
        """
        Return the places as a gazetteer that finds names; see `geo.evidence.Gazetteer`.

        Further `tables` of places may follow the theatre's own (`geo.evidence.read_gazetteers`).
        """
        others = evidence.read_gazetteers(tables)
        return evidence.Gazetteer([*self.folder.places.values(), *others])

    def estimate(
        self,
        day: Day,
        *,
        as_of: Day | None = None,
        parameters: Parameters | None = None,
        without: Sequence[str] = (),
        **numbers: Any,
    ) -> Draft:
        """
        Draft a control layer from what statements tell of a date.

        See `geo.evidence.draft_layer`, for `as_of` and `without` too. `numbers` are single ones of
        `geo.evidence.Parameters`, such as ``at_least``, instead of those in `parameters`.
        """
        chosen = dataclasses.replace(parameters or evidence.Parameters(), **numbers)
        known = None if as_of is None else self._day(as_of)
        how: Any = {"parameters": chosen, "as_of": known, "without": without}
        return evidence.draft_layer(self.folder, self._day(day), **how)

    def probabilities(
        self, day: Day, points: Sequence[tuple[float, float]], *, as_of: Day | None = None
    ) -> pd.DataFrame:
        """
        Return how likely each side held `points` (longitude, latitude) on a day.

        See `geo.evidence.Estimator.probabilities`; `as_of` as for `estimate`.
        """
        known = None if as_of is None else self._day(as_of)
        return evidence.Estimator.of(self.folder, as_of=known).probabilities(self._day(day), points)

    def write_estimate(
        self,
        day: Day,
        *,
        parameters: Parameters | None = None,
        replace: bool = False,
        **numbers: Any,
    ) -> Path:
        """
        Write what `estimate` drafts, `parameters` and `numbers` likewise.

        See `geo.evidence.write_draft`, for `replace` too; open the layers again to ask of it.
        """
        draft = self.estimate(day, parameters=parameters, **numbers)
        return evidence.write_draft(self.folder, draft, replace=replace)

    # ------------------------------------------------------------ what could be cut off

    def necks(self, day: Day, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return where the ground of a side could be cut off, by how short a line, and how surely.

        See `geo.evidence.Sieges.necks`; the `rules` are ``unknown``, ``edge``, ``min_area_km2``,
        ``max_width_km`` and ``bands``. The events of the 30 days up to `day` are told.
        """
        supply = self._supply.with_events(self._day(day), side)
        return self._sieges.necks(self._day(day), side, supply, **rules)

    def pockets(self, day: Day, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return the ground of a side that is already cut off, and how surely.

        See `geo.evidence.Sieges.pockets`; `rules` as of `necks`, without ``max_width_km``.
        """
        return self._sieges.pockets(d := self._day(day), side, self._supply(d, side), **rules)

    def isolation(self, day: Day, side: str, **rules: Any) -> gpd.GeoDataFrame:
        """
        Return, for each place that a side holds, the shortest cut that severs it from supply.

        See `geo.evidence.Sieges.isolation`; the `rules` are ``unknown``, ``edge`` and ``bands``.
        """
        return self._sieges.isolation(d := self._day(day), side, self._supply(d, side), **rules)

    def narrowest(self, side: str, **rules: Any) -> pd.DataFrame:
        """
        Return the narrowest neck of a side at each date that has a layer, as drawn.

        See `geo.control.narrowest`, whose ``unknown``, ``edge`` and limits are the `rules`.
        """
        return control.narrowest(
            self.composite, side, supply=lambda day: self._supply(day, side), **rules
        )

    def what_if(
        self,
        day: Day,
        side: str,
        *through: Sequence[tuple[float, float] | str],
        width_km: float = 2.0,
    ) -> WhatIf:
        """
        Return control as it would be if a side advanced, and what that would cut off.

        See `geo.control.WhatIf`. A prong of the advance passes `through` positions in order:
        longitude and latitude, or ids of places. `width_km` is the breadth of the ground taken.
        """
        self._supply.require_sides(side)
        place = partial(evidence.locate_place, self.folder)
        prongs = [[place(where)[:2] for where in prong] for prong in through]
        return control.WhatIf.of(
            self.composite, self._day(day), side, prongs, width_km=width_km, supply=self._supply
        )

    def read_what_if(self, path: str | Path) -> WhatIf:
        """Return a what-if that was saved; see `geo.layers.read_advance`."""
        asked = layers.read_advance(Path(path), sides=self._supply.sides, days=self.composite.dates)
        return control.WhatIf.beside(self.composite, asked, self._supply)

    # ------------------------------------------------------------ what is drawn

    @cached_property
    def plot(self) -> Plots:
        """Matplotlib axes: ``plot(day)``, ``plot.areas()`` and more (`geo.draw.Plots`)."""
        given = self.folder, self.composite, self.areas
        return draw.Plots(*given, bands=lambda: self._bands["holders"])

    def slider(self, day: Day | None = None, *, language: str = "en") -> Any:
        """Return the layers under a slider of dates, for a notebook; see `geo.draw.slider`."""
        return draw.slider(
            self.folder,
            self.composite,
            self._day(day or self.after),
            picture=lambda shown: self.still(shown, language=language).render("png"),
            language=language,
            bands=self._bands["holders"],
        )

    def still(
        self,
        day: Day,
        *,
        before: Day | None = None,
        language: str = "en",
        size: tuple[int, int] = (1600, 1000),
    ) -> Still:
        """Draw a date, or with `before` a change, as one picture; see `geo.draw.draw_still`."""
        first, last = None if before is None else self._day(before), self._day(day)
        told = {"bands": self._bands["holders"]}
        if first is not None and first <= last:
            given = self.folder, self.composite, self._known_digests, (first, last)
            told["figures"] = evidence.tell_moves(*given, lambda: self._ensemble)
        return draw.draw_still(
            self.folder, self.composite, last, before=first, language=language, size=size, **told
        )

    def animate(self, *, step: str = "layer", language: str = "en") -> Animation:
        """Draw the layers one after the other; see `geo.draw.animate`."""
        how: Any = {"step": step, "language": language, "bands": self._bands["holders"]}
        return draw.animate(self.folder, self.composite, **how)

    def map(
        self,
        before: Day | None = None,
        after: Day | None = None,
        *,
        language: str = "en",
        tiles: str | None = None,
        attribution: str | None = None,
        corridors: bool = True,
        every_date: bool = False,
        every_band: bool = False,
        what_if: str | Path | None = None,
    ) -> Page:
        """
        Draw the theatre as one HTML page that opens without a network; see `geo.draw.draw_page`.

        The dates compared at first are the theatre's, unless given. With `corridors` the page can
        show where ground could be cut off, worked out once for each layer: with more than forty
        layers for these dates, with `every_date` for all. Bands of what changed are for these
        dates, with `every_band` for every two. `what_if` is the file of one (`read_what_if`), to be
        shown as what nobody reported.
        """
        first, second = self._pair(before or self.before, after or self.after)
        asked = None if what_if is None else self.read_what_if(what_if)
        given = self.folder, self.composite, self._supply.with_events, self._known_digests
        sure = (lambda: self._ensemble), (lambda: self._sieges)
        return draw.draw_page(
            self.folder,
            self.composite,
            before=first,
            after=second,
            language=language,
            tiles=tiles,
            attribution=attribution,
            bands=self._bands["holders"],
            corridors=draw.kept_necks(
                self._known_digests,
                self.composite,
                self._supply.with_events,
                None if every_date else (first, second),
            )
            if corridors
            else None,
            what_if=None if asked is None else draw.what_if_record(asked, self.composite),
            told=evidence.tell_all(*given, (first, second), *sure, every=every_band),
            picture=lambda: self.still(second, before=first, language=language).render("png"),
        )

    # ------------------------------------------------------------ what several questions share

    @property
    def _known_digests(self) -> Mapping[str, str]:
        """SHA-256 of every file that answers rest on, by its path below the folder."""
        return layers.evidence_digests(self._digests or self.folder.digests)

    @cached_property
    def _supply(self) -> TheatreSupply:
        return control.TheatreSupply(self.folder)

    @cached_property
    def _ensemble(self) -> Ensemble:
        """Maps that the evidence allows."""
        memory = evidence.kept_draws(self._known_digests)
        return evidence.Ensemble.of(self.folder, self.composite, memory=memory)

    @cached_property
    def _sieges(self) -> Sieges:
        """How surely ground hangs together."""
        memory = evidence.kept_draws(self._known_digests)
        return evidence.Sieges.of(self.folder, self.composite, memory=memory)

    @cached_property
    def _bands(self) -> dict[str, Any]:
        """The bands of areas and of sides."""
        return evidence.kept_bands(self._known_digests, lambda: self._ensemble)

    def _require_layers(self) -> None:
        if not self.folder.control:
            raise DateError("there is no layer yet; draft one with `frontline estimate DATE`")

    def _pair(self, before: Day, after: Day) -> tuple[dt.date, dt.date]:
        first, second = self._day(before), self._day(after)
        if second < first:
            raise DateError(f"after {second} is before {first}; exchange the two dates")
        self.as_of(first)
        return first, second
