"""What a theatre gives to somebody else's map of folium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from geo.control import Composite
    from geo.layers import Folder

    Day = str | dt.date | np.datetime64 | pd.Period

    class _Asked(Protocol):
        """What a theatre answers."""

        @property
        def folder(self) -> Folder:
            """The layers."""

        @property
        def composite(self) -> Composite:
            """Its control layers, noded together."""

        def change(self, before: Day, after: Day, *, bands: bool) -> gpd.GeoDataFrame:
            """What changed hands."""

        def fronts(
            self, day: Day, left: str | None, right: str | None, *, bands: bool
        ) -> gpd.GeoDataFrame:
            """Where sides met."""


class MapElements:
    """
    The layers that a theatre gives to a map of folium; `geo.Theatre` is one.

    Each is a layer of folium: ``.add_to(m)`` puts it on a map beside anything else, and it stands
    in ``LayerControl``, on a half of ``DualMap`` and under ``SideBySideLayers`` as others do. All
    take ``name`` (in ``LayerControl``), ``language``, ``key`` (False: the map does not explain its
    looks), ``overlay``, ``control`` and ``show``. Texts of the layers are shown as they stand and
    never run.
    """

    def layer(self: _Asked, day: Day, *, opacity: float = 0.75, **how: Any) -> Any:
        """
        Return who held which ground at the end of a day, as a layer of folium.

        Parameters
        ----------
        day
            The date; the layer in force is drawn.
        opacity
            Of the ground, 0 to 1: what lies below shines through.
        **how
            As of every element: ``name``, ``language``, ``key``, ``overlay``, ``control``,
            ``show``.

        Returns
        -------
        element
            A ``folium.map.Layer``. Hover tells who and how sure, a click why and who says so.

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If there is no such language, or `opacity` is out of range.
        """
        from geo.draw.elements.elements import ground_element

        asked = parse_day(day, _zone(self.folder))
        return ground_element(self.folder, self.composite, asked, opacity=opacity, **how)

    def change_layer(
        self: _Asked,
        before: Day,
        after: Day,
        *,
        opacity: float = 0.75,
        bands: bool = True,
        **how: Any,
    ) -> Any:
        """
        Return the ground that was taken, became known or is no longer, as a layer of folium.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.
        opacity
            Of the ground, 0 to 1.
        bands
            Tell the middle and the 90 % band of ground that was taken; worked out once, then kept.
        **how
            As of `layer`.

        Returns
        -------
        element
            A ``folium.map.Layer``: the colour of who holds it now, striped with who did before.

        Raises
        ------
        DateError
            If a date is before the first layer, or `after` is before `before`.
        ValueError
            If there is no such language, or `opacity` is out of range.
        """
        from geo.draw.elements.elements import change_element

        pieces = self.change(before, after, bands=bands)
        zone = _zone(self.folder)
        dates = (parse_day(before, zone), parse_day(after, zone))
        return change_element(self.folder, self.composite, dates, pieces, opacity=opacity, **how)

    def fronts_layer(
        self: _Asked,
        day: Day,
        left: str | None = None,
        right: str | None = None,
        *,
        bands: bool = True,
        **how: Any,
    ) -> Any:
        """
        Return where sides met at the end of a day, as a layer of folium.

        Parameters
        ----------
        day
            The date.
        left, right
            Sides, as for ``fronts``; the default are all pairs.
        bands
            Tell the band of each length; worked out once, then kept.
        **how
            As of `layer`.

        Returns
        -------
        element
            A ``folium.map.Layer``: whole lines where both sides are sure, else dashed or broken.

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If there is no such side or language.
        """
        from geo.draw.elements.elements import fronts_element

        lines = self.fronts(day, left, right, bands=bands)
        return fronts_element(
            self.folder, self.composite, parse_day(day, _zone(self.folder)), lines, **how
        )

    def events_layer(
        self: _Asked,
        first: Day | None = None,
        last: Day | None = None,
        *,
        timed: bool = False,
        **how: Any,
    ) -> Any:
        """
        Return what happened, as a layer of folium.

        Parameters
        ----------
        first, last
            The days; the default are all events.
        timed
            Give folium's ``TimestampedGeoJson`` instead, in which events come and go under a
            control of time: one mark an event, seven days each. Then `how` is what that takes
            (``period``, ``duration``, ``auto_play`` ...), and ``language``.
        **how
            As of `layer`.

        Returns
        -------
        element
            A ``folium.map.Layer``: one mark a place, hollow where only the region is known.

        Raises
        ------
        DateError
            If a text is no date.
        ValueError
            If there is no such language.
        """
        from geo.draw.elements.elements import events_element

        zone = _zone(self.folder)
        days = tuple(None if day is None else parse_day(day, zone) for day in (first, last))
        return events_element(self.folder, self.composite, *days, timed=timed, **how)


def _zone(folder: Folder) -> str:
    """Where a day of the theatre is one."""
    return str(folder.theatre.properties["timezone"])
