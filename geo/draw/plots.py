"""
Plots for notebooks: matplotlib axes in our colours, to look at and to add to.

`still` makes a finished picture of one date; here a notebook gets the axes themselves.
Time runs in steps wherever a layer holds until the next one: nothing is interpolated.
"""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import front_lines
from geo.draw import looks
from geo.draw.still.paper import families, lay, months, new_axes, patch, rim, shown, style
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.evidence import locate_place
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    import pandas as pd

    from geo.control import Composite
    from geo.draw.still.paper import Axes
    from geo.draw.still.scene import Bands
    from geo.layers import Folder

    Day = str | dt.date | np.datetime64 | pd.Period

_CERTAINTY: dict[str, tuple[str, str]] = looks.LOOKS["certainty"]
"""How a length is filled, by the weaker confidence of its two hands."""


class Plots:
    """
    Plots of one theatre; call it with a date for a map.

    Every method draws on `ax`, or on new axes, and returns them.

    Parameters
    ----------
    folder
        The layers as read.
    composite
        Its control layers, noded together.
    areas
        Gives the ground of each controller and date: ``date``, ``controller``, ``status``,
        ``area_km2``, and its band ``low_km2``, ``high_km2`` where that is known.
    bands
        Gives low, middle and high of the ground of each side, km2, by date, for the key of a map;
        the default tells what is drawn.
    language
        One of `geo.draw.LANGUAGES`.
    """

    def __init__(
        self,
        folder: Folder,
        composite: Composite,
        areas: Callable[[], pd.DataFrame],
        *,
        bands: Callable[[], Bands] | None = None,
        language: str = "en",
    ) -> None:
        self._folder, self._composite, self._areas = folder, composite, areas
        self._bands = bands or dict
        self._words = Words(language)

    def __call__(self, day: Day, *, ax: Axes | None = None) -> Axes:
        """
        Draw who held what at the end of a day, in degrees.

        Parameters
        ----------
        day
            The date; the layer in force is drawn.
        ax
            Axes to draw on; the default makes new ones.

        Returns
        -------
        ax
            Longitude across, latitude up, true to scale at the middle of the study area.

        Raises
        ------
        DateError
            If `day` is before the first layer, or no date.
        """
        date = parse_day(day, str(self._folder.theatre.properties["timezone"]))
        scene = Scene(self._folder, self._composite, date, None, self._words, bands=self._bands())
        west, south, east, north = shapely.bounds(self._folder.area).tolist()
        cosine = math.cos(math.radians((south + north) / 2))
        height = 7.5 * (north - south) / ((east - west) * cosine)
        axes = ax or new_axes(11.0, min(max(height, 3.0), 10.0), "compressed")
        with style():
            axes.set_facecolor(looks.OUTSIDE)
            for look, shape in scene.looks.items():
                self._ground(axes, scene, look, shape)
            for sure, line in scene.fronts.items():
                for color, width in ((looks.WHITE, 3.4), (looks.INK, 1.6)):
                    dashes: Any = "solid" if sure or color == looks.WHITE else (0, (4, 2))
                    _line(axes, line, color, width, dashes)
            _line(axes, shapely.boundary(self._folder.area), looks.QUIET, 1.0, "solid")
            self._places(axes)
            pad = 0.02
            axes.set_xlim(west - pad * (east - west), east + pad * (east - west))
            axes.set_ylim(south - pad * (north - south), north + pad * (north - south))
            axes.set_aspect(1 / cosine)
            axes.xaxis.set_major_formatter(_degrees("E", "W"))
            axes.yaxis.set_major_formatter(_degrees("N", "S"))
            axes.legend(
                handles=self._key(scene),
                loc="upper left",
                bbox_to_anchor=(1.01, 1.0),
                frameon=False,
                fontsize=9,
            )
            _title(axes, scene.title, f"{scene.name} · {scene.as_of(date)}")
            _credit(axes, scene.publishers, self._words)
        return axes

    def areas(self, *, ax: Axes | None = None) -> Axes:
        """
        Draw how much ground each side held, date by date, with its band where one is known.

        Parameters
        ----------
        ax
            Axes to draw on; the default makes new ones.

        Returns
        -------
        ax
            Time across, square kilometres up. Ground that nobody assessed is left out.

        Raises
        ------
        DateError
            If there is no layer.
        """
        import pandas as pd

        frame = self._areas()
        scene = Scene(self._folder, self._composite, self._composite.dates[-1], None, self._words)
        sides = self._composite.sides
        known = frame["controller"].replace("", pd.NA)
        frame = frame.assign(holder=known.map(lambda c: sides.get(c, c)).fillna(frame["status"]))
        banded = "low_km2" in frame.columns
        names = ["area_km2", *(["low_km2", "high_km2"] if banded else [])]
        table = frame.groupby(["holder", "date"])[names].sum()
        axes = ax or new_axes(9.5, 4.6)
        with style():
            ends: dict[str, float] = {}
            for holder in [h for h in scene.holders if h != "unknown"]:
                color = scene.colors.get(holder, looks.OTHER_SIDE)
                held = table.loc[holder].reindex(self._composite.dates, fill_value=0.0)
                days = list(held.index)
                if banded:
                    axes.fill_between(
                        days,
                        held["low_km2"],
                        held["high_km2"],
                        step="post",
                        color=color,
                        alpha=0.16,
                        linewidth=0,
                    )
                axes.step(days, held["area_km2"], where="post", color=color, linewidth=2)
                axes.plot(days, held["area_km2"], "o", color=color, markersize=4)
                ends[scene.holder_title(holder)] = float(held["area_km2"].iloc[-1])
            _label_ends(axes, self._composite.dates[-1], ends)
            months(axes)
            axes.set_ylabel("km²")
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
            band = "; the shade is the 90 % band" if banded else ""
            _title(axes, "Ground of each side", f"{scene.name} · ● a layer{band}")
        return axes

    def front(self, left: str, right: str, *, ax: Axes | None = None) -> Axes:
        """
        Draw how long the front of two sides was, date by date.

        Parameters
        ----------
        left, right
            The sides.
        ax
            Axes to draw on; the default makes new ones.

        Returns
        -------
        ax
            Layers across, geodesic kilometres up; each bar is parted by certainty.

        Raises
        ------
        DateError
            If there is no layer.
        """
        days = self._composite.dates
        parts = {word: np.zeros(len(days)) for word in _CERTAINTY}
        for i, day in enumerate(days):
            lines = front_lines(self._composite, day, left, right)
            for word, length in lines.groupby("certainty")["length_km"].sum().items():
                parts[str(word)][i] = length
        scene = Scene(self._folder, self._composite, days[-1], None, self._words)
        axes = ax or new_axes(9.5, 4.0)
        with style():
            spots, below = np.arange(len(days)), np.zeros(len(days))
            for word, (color, hatch) in _CERTAINTY.items():
                axes.bar(
                    spots, parts[word], bottom=below, facecolor=color, edgecolor=looks.INK,
                    hatch=hatch, width=0.62, label=f"{word} confidence",
                )  # fmt: skip
                below = below + parts[word]
            for spot, length in zip(spots, below, strict=True):
                axes.annotate(
                    f"{length:,.0f}",
                    (spot, length),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                )
            axes.set_xticks(spots, [self._words.date(day, short=True) for day in days], rotation=30)
            for tick in axes.get_xticklabels():
                tick.set_horizontalalignment("right")
            axes.set_ylabel("km")
            axes.legend(frameon=False, fontsize=9)
            both = f"{scene.holder_name(left)} and {scene.holder_name(right)}"
            _title(axes, f"Length of the front of {both}", scene.name)
        return axes

    def places(self, place_ids: Sequence[str], *, ax: Axes | None = None) -> Axes:
        """
        Draw who held some places, and when: one strip a place.

        Parameters
        ----------
        place_ids
            Ids of ``places.geojson``, from top to bottom.
        ax
            Axes to draw on; the default makes new ones.

        Returns
        -------
        ax
            Time across. A strip ends where the study area's last layer is; hatching tells
            what was contested.

        Raises
        ------
        UnknownIdError
            If there is no such place, or it was never located.
        """
        scene = Scene(self._folder, self._composite, self._composite.dates[-1], None, self._words)
        spots = [locate_place(self._folder, one) for one in place_ids]
        found = [self._folder.places[one] for one in place_ids]
        days = self._composite.dates
        spare = (days[-1] - days[0]) / 12
        axes: Any = ax or new_axes(9.5, 1.4 + 0.36 * len(found))
        with style():
            for row, (lon, lat, _) in enumerate(spots):
                lives = self._composite.history_at(lon, lat)
                spans = [(a, b, looks.look_of(label, scene.sides)) for a, b, label in lives]
                for look, run in groupby(spans, key=lambda one: _plain(one[2])):
                    many = list(run)
                    first, last = many[0][0], many[-1][1] or days[-1] + spare
                    face, lines = _paint(look, scene.colors)
                    axes.barh(
                        row, last - first, left=first, height=0.66, color=face,
                        hatch=lines and lines[0], hatchcolor=lines[1] if lines else None,
                        edgecolor=looks.WHITE,
                    )  # fmt: skip
            names = [self._words.name(place.properties, place.id) for place in found]
            axes.set_yticks(range(len(found)), [shown(name) for name in names], family=families())
            axes.set_ylim(len(found) - 0.5, -0.5)
            axes.set_xlim(days[0], days[-1] + spare)
            months(axes)
            for day in days:
                axes.axvline(day, color=looks.INK, linewidth=0.6, alpha=0.35)
            axes.legend(
                handles=self._key(scene, plain=True), loc="upper left", bbox_to_anchor=(1.01, 1.0),
                frameon=False, fontsize=9,
            )  # fmt: skip
            _title(
                axes, "Who held these places", f"{scene.name} · | a layer; it holds until the next"
            )
        drawn: Axes = axes
        return drawn

    def necks(self, narrowest: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
        """
        Draw the narrowest neck of a side, date by date.

        Parameters
        ----------
        narrowest
            As `geo.theatre.Theatre.narrowest` returns it: ``day``, ``side``, ``length_km``.
        ax
            Axes to draw on; the default makes new ones.

        Returns
        -------
        ax
            Time across, kilometres up; a date without a neck has no dot.

        Raises
        ------
        ValueError
            If there is no row.
        """
        if not len(narrowest):
            raise ValueError("there is no date to draw; ask for a theatre that has layers")
        side = str(narrowest["side"].iloc[0])
        scene = Scene(self._folder, self._composite, self._composite.dates[-1], None, self._words)
        color = scene.colors.get(side, looks.OTHER_SIDE)
        axes: Any = ax or new_axes(9.5, 4.0)
        with style():
            length = narrowest["length_km"].astype(float)
            axes.vlines(narrowest["day"], 0, length, color=color, linewidth=3, alpha=0.5)
            axes.plot(narrowest["day"], length, "o", color=color, markersize=7)
            texts = [f"{km:.1f}" if km == km else "" for km in length]
            for i, (day, km) in enumerate(zip(narrowest["day"], length, strict=True)):
                if texts[i] and texts[i] != (texts[i - 1] if i else ""):
                    axes.annotate(
                        texts[i], (day, km), (0, 6), textcoords="offset points", ha="center"
                    )
            axes.set_ylim(bottom=0, top=1.1 * length.max() if length.notna().any() else None)
            first, last = self._composite.dates[0], self._composite.dates[-1]
            days = max((last - first).days // 40, 1)
            axes.set_xlim(np.datetime64(first) - days, np.datetime64(last) + days)
            axes.margins(x=0.05)
            months(axes)
            axes.set_ylabel("km")
            _title(axes, f"The narrowest neck: {scene.holder_name(side)}", scene.name)
        drawn: Axes = axes
        return drawn

    def _ground(self, ax: Axes, scene: Scene, look: looks.Look, shape: Any) -> None:
        """One look on the map: its fill, and lines over it."""
        face, lines = _paint(look, scene.colors)
        lay(ax, shape, facecolor=face, edgecolor=face, linewidth=0.3, zorder=1)
        if lines:
            plain = {"facecolor": "none", "edgecolor": "none", "linewidth": 0, "zorder": 1}
            lay(ax, shape, hatch=lines[0], hatchcolor=lines[1], **plain)

    def _places(self, ax: Axes) -> None:
        """Dots of all places, names of the larger ones where there is room."""
        west, south, east, north = shapely.bounds(self._folder.area).tolist()
        wide, high = (east - west) / 90, (north - south) / 36
        taken: list[shapely.Geometry] = []
        for place in self._folder.places.values():
            if not isinstance(place.geometry, shapely.Point):
                continue
            if not shapely.covers(self._folder.area, place.geometry):
                continue
            lon, lat = place.geometry.x, place.geometry.y
            key = looks.is_major(place.properties["kind"])
            ax.plot(lon, lat, "o", color=looks.INK, markersize=3.2 if key else 1.6, zorder=5)
            name = self._words.name(place.properties, place.id)
            room = shapely.box(lon, lat, lon + wide * len(name), lat + high)
            if key and not shapely.intersects(taken, room).any():
                _named(ax, lon, lat, name)
                taken.append(room)

    def _key(self, scene: Scene, *, plain: bool = False) -> list[Any]:
        """The legend: one swatch a holder, with its ground unless `plain`."""
        totals = scene.totals[scene.layer]
        handles = []
        for holder in scene.holders:
            if not plain and totals.get(holder, 0.0) <= 1e-9:
                continue
            face, lines = _paint(scene.holder_look(holder), scene.colors)
            name = shown(scene.holder_title(holder))
            band = scene.band(holder)
            drawn = f"{totals.get(holder, 0.0):,.0f} km² drawn"
            text = name if plain else f"{name}  {self._words.figure(*band) if band else drawn}"
            handles.append(patch(face, lines, text))
        return handles


def _degrees(east: str, west: str) -> Callable[[float, object], str]:
    """A formatter of degrees with the letter of the hemisphere."""
    return lambda value, _: f"{abs(value):g}°{east if value >= 0 else west}"


def _plain(look: looks.Look) -> looks.Look:
    """A look without the texture of its certainty."""
    return (*look[:2], "plain", "0") if look[0] == "controlled" else look


def _paint(look: looks.Look, colors: dict[str, str]) -> tuple[str, tuple[str, str] | None]:
    """Fill and hatching of a look, as matplotlib knows them."""
    face, lines = looks.one_hatching(looks.paints_of(look, colors))
    if lines is None:
        return face, None
    return face, (_hatch(lines), looks.mix(lines.color, lines.alpha, face))


def _hatch(lines: looks.Lines) -> str:
    """Lines as matplotlib's letters for hatching; each letter more makes them denser."""
    if lines.dash:
        return "..." if lines.dash[0] < 0.1 else "---"
    return {1: "/", -1: "\\", 0: "|"}[lines.way] * (4 if lines.width > 4 else 2)


def _line(ax: Axes, line: Any, color: str, width: float, dashes: Any) -> None:
    if not line.is_empty:
        ends = {"joinstyle": "round", "capstyle": "butt"}
        drawn = {"facecolor": "none", "edgecolor": color, "linewidth": width, "zorder": 3}
        lay(ax, line, linestyle=dashes, **drawn, **ends)


def _named(ax: Axes, x: Any, y: Any, text: str) -> None:
    """A name beside a point, with a light rim."""
    ax.annotate(
        shown(text), (x, y), (4, 3), textcoords="offset points", fontsize=8, zorder=6,
        color=looks.INK, family=families(), path_effects=rim(2),
    )  # fmt: skip


def _label_ends(ax: Axes, day: Any, ends: dict[str, float]) -> None:
    """Names at the ends of lines, kept apart where the lines end close together."""
    ax.set_ylim(bottom=0)
    gap = ax.get_ylim()[1] * 0.055
    low = -gap
    for text, value in sorted(ends.items(), key=lambda item: item[1]):
        low = max(value, low + gap)
        ax.annotate(
            shown(text), (day, low), (8, 0), textcoords="offset points", va="center",
            color=looks.INK, fontsize=9, family=families(), annotation_clip=False,
        )  # fmt: skip


def _title(ax: Axes, title: str, below: str) -> None:
    ax.set_title(shown(title), loc="left", fontsize=13, weight="bold", pad=22, family=families())
    ax.annotate(
        shown(below), (0, 1), (0, 7), xycoords="axes fraction", textcoords="offset points",
        fontsize=9, color=looks.QUIET, family=families(), annotation_clip=False,
    )  # fmt: skip


def _credit(ax: Axes, publishers: Sequence[str], words: Words) -> None:
    """Who the layer rests on, under the axes."""
    names = words.comma.join(publishers[:4])
    if more := len(publishers[4:]):
        names += f" {words.say('still.more', count=more)}"
    if names:
        ax.set_xlabel(
            shown(words.say("still.sources", names=names)), fontsize=7.5, color=looks.QUIET,
            loc="left", family=families(),
        )  # fmt: skip
