"""
Two maps of one day as pictures: each by itself in the same frame, and where they differ.

The maps stand in a composite of two layers, whose dates are only names; so the pictures speak of
maps where others speak of dates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import shapely

from geo.draw import looks
from geo.draw.still.legend import Legend
from geo.draw.still.paper import style
from geo.draw.still.scene import Move, Scene
from geo.draw.still.still import Still, draw_scene, require_drawable
from geo.draw.still.wording import Words

if TYPE_CHECKING:
    import datetime as dt

    from geo.control import Composite
    from geo.draw.still.legend import Row
    from geo.layers import Folder

DIFFERS = "differs"
"""The effect of a `Move` that is none: two maps, and no time between them."""


@dataclass(frozen=True, slots=True)
class TwoMaps:
    """
    What is contrasted.

    Attributes
    ----------
    composite
        Both maps as a series of two layers, on the ground that both reach.
    dates
        The dates that stand for the maps in it.
    day
        The day for which they are compared.
    names
        What the maps are called.
    as_of
        Dates of the layers that they have in force.
    """

    composite: Composite
    dates: tuple[dt.date, dt.date]
    day: dt.date
    names: tuple[str, str]
    as_of: tuple[dt.date, dt.date]


def draw_contrast(
    folder: Folder,
    maps: TwoMaps,
    *,
    shown: int | None = None,
    language: str = "en",
    size: tuple[int, int] = (1600, 1000),
) -> Still:
    """
    Draw where two maps differ, or one of them in the same frame.

    Parameters
    ----------
    folder
        Our layers: names, colours and context are theirs.
    maps
        The two maps.
    shown
        0 or 1 draws this map alone; the default draws both and outlines where they differ.
    language
        One of `geo.draw.LANGUAGES`.
    size
        Width and height, pixels.

    Returns
    -------
    still
        The same input gives the same picture.

    Raises
    ------
    ValueError
        If there is no such language, or the size is below 800 x 600.
    """
    require_drawable(language, size)
    if not shapely.is_empty(maps.composite.area):
        # One map may reach much farther; the frame holds what both draw.
        theatre = replace(folder.theatre, geometry=maps.composite.area)
        folder = replace(folder, theatre=theatre)
    with style():
        scene = _ContrastScene(folder, maps, shown, Words(language))
        return draw_scene(scene, size, legend=_ContrastLegend, axis=False)


class _ContrastScene(Scene):
    """A picture of two maps, or of one of them."""

    def __init__(self, folder: Folder, maps: TwoMaps, shown: int | None, words: Words) -> None:
        self.maps, self.shown = maps, shown
        before = maps.dates[0] if shown is None else None
        super().__init__(folder, maps.composite, maps.dates[shown or 0], before, words)
        self.reference = None

    @property
    def names(self) -> tuple[str, str]:
        """What the maps are called."""
        return self.maps.names

    @cached_property
    def changes(self) -> list[Move]:
        """Ground that the maps give to different holders, the most first."""
        if self.shown is not None:
            return []
        found: dict[tuple[str, str], list[Any]] = {}
        for piece in self.composite.changes(*self.maps.dates):
            old = self._side(piece.from_controller, piece.from_status)
            new = self._side(piece.to_controller, piece.to_status)
            if old != new:
                found.setdefault((old, new), []).append(piece)
        moves = [
            Move(
                old,
                new,
                DIFFERS,
                (sum(one.area_km2 for one in many), None, None),
                sum(one.area_km2 for one in many),
                shapely.union_all([one.geometry for one in many]),
            )
            for (old, new), many in found.items()
        ]
        return sorted(moves, key=lambda move: (-move.drawn_km2, move.old, move.new))

    @property
    def headline(self) -> str:
        """How much of the ground the maps see alike."""
        if self.shown is not None:
            return ""
        total = sum(self.totals[self.layer].values())
        other = sum(move.drawn_km2 for move in self.changes)
        share = self.words.percent(1 - other / total) if total else ""
        return self.words.say("contrast.agree", share=share)

    @property
    def title(self) -> str:
        """The title of the picture."""
        date = self.words.date(self.maps.day)
        if self.shown is not None:
            return self.words.say("contrast.one", name=self.names[self.shown], date=date)
        here, there = self.names
        return self.words.say("contrast.title", here=here, there=there, date=date)

    def as_of(self, day: dt.date) -> str:  # noqa: ARG002
        """Say which layer of the map is shown."""
        here, there = (self.words.date(one) for one in self.maps.as_of)
        if self.shown is None and here != there:
            said = (f"{n}: {d}" for n, d in zip(self.names, (here, there), strict=True))
            return self.words.comma.join(said)
        return self.words.say("as.of", date=there if self.shown else here)

    @property
    def event_span(self) -> tuple[dt.date, dt.date]:
        """No events: they belong to no map."""
        return self.maps.dates[1], self.maps.dates[1]

    def tell(self, move: Move) -> str:
        """Return what each map says of some ground."""
        here, there = self.names
        return self.words.say(
            "effect.differs",
            here=here,
            there=there,
            old=self.holder_name(move.old),
            new=self.holder_name(move.new),
        )

    @cached_property
    def publishers(self) -> list[str]:
        """The maps themselves."""
        return list(self.names)


class _ContrastLegend(Legend):
    """A legend with a column for each map."""

    scene: _ContrastScene

    def blocks(self) -> list[list[Row]]:
        """Parts that stay together, the most important first."""
        found = [self._control(), *self._transfers(), self._doubt()]
        return [rows for rows in (*found, self._lines()) if rows]

    @property
    def _stops(self) -> tuple[float, ...]:
        return self.width - 84 * self.unit, self.width

    def _columns(self, x: float, y: float) -> None:
        for stop, name in zip(self._stops, self.scene.names, strict=True):
            short = self.sheet.fit(name, 12.5 * self.unit, 78 * self.unit)
            self._put(x, y + 8 * self.unit, stop, short, 12.5, end=True)

    def _figures(self, holder: str, area: float) -> tuple[str, ...]:  # noqa: ARG002
        both = (self.scene.totals[day].get(holder, 0.0) for day in self.scene.maps.dates)
        return tuple(self.words.km2(one) for one in both)

    def _transfers(self) -> list[list[Row]]:
        if self.scene.shown is not None:
            return []
        if not self.scene.changes:
            return [self._note(self.words.say("contrast.none"))]
        here, there = self.scene.names
        heading, *rows = self._table(self.words.say("contrast.differ"), self.scene.changes)
        key = self.words.say("contrast.key", here=here, there=there)
        return [[heading, *self._note(key, 12.5, looks.QUIET), *rows]]

    def _pair_of(self, move: Move) -> str:
        """Who has it on the first map, and who on the second."""
        scene = self.scene
        return self.words.say(
            "contrast.pair", old=scene.holder_title(move.old), new=scene.holder_name(move.new)
        )
