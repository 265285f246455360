"""
The slider of a notebook: who held what, date by date, under the hand.

It draws itself in the browser from what it was given once, so it goes on working in a notebook that
is only read; where no widget can run, a picture of its date stands in its place.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import shapely

from geo.draw.looks import INK, LOOKS, OUTSIDE, WHITE, is_major, one_hatching, paints_of
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.errors import GeoError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from geo.control import Composite
    from geo.draw.looks import Look
    from geo.draw.still.scene import Bands
    from geo.layers import Folder

_WIDTH = 720


def slider(
    folder: Folder,
    composite: Composite,
    day: dt.date,
    *,
    picture: Callable[[dt.date], bytes],
    language: str = "en",
    bands: Bands | None = None,
) -> Any:
    """
    Return a widget that shows the layers, one at a time.

    Parameters
    ----------
    folder
        The layers as read.
    composite
        Its control layers, noded together.
    day
        The date shown at first; the layer in force.
    picture
        Draws a date as PNG, for places where no widget runs.
    language
        One of `geo.draw.LANGUAGES`.
    bands
        Low, middle and high of the ground of each side, km2, by date; without them what is drawn
        is told alone.

    Returns
    -------
    widget
        An ``anywidget.AnyWidget``: its trait ``date`` (``YYYY-MM-DD``) follows the hand and may be
        set; ``dates`` has them all.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    GeoError
        If anywidget is not installed.
    """
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise GeoError(
            "the slider needs anywidget; install it, or the extra `notebook` of this package"
        ) from error

    class Slider(anywidget.AnyWidget):
        """Who held what, date by date."""

        _esm = (files("geo.draw.widget") / "slider.js").read_text(encoding="utf-8")
        date = traitlets.Unicode().tag(sync=True)
        dates = traitlets.List(traitlets.Unicode()).tag(sync=True)
        scene = traitlets.Dict().tag(sync=True)

        @traitlets.validate("date")
        def _known(self, proposal: Any) -> str:
            value = str(proposal["value"])
            if self.dates and value not in self.dates:
                raise traitlets.TraitError(f"date is {value!r}; there are {', '.join(self.dates)}")
            return value

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:
            bundle = super()._repr_mimebundle_(**kwargs)
            data, meta = bundle if isinstance(bundle, tuple) else (bundle, {})
            shown = composite.dates[self.dates.index(self.date)]
            return {**(data or {}), "image/png": picture(shown)}, meta

    scene = _Drawn(folder, composite, Words(language), bands).scene()
    first = composite.dates[composite.index(day)].isoformat()
    dates = [one.isoformat() for one in composite.dates]
    return Slider(scene=scene, dates=dates, date=first)


class _Drawn:
    """All dates as paths in pixels; a path that several dates share is kept once."""

    def __init__(
        self, folder: Folder, composite: Composite, words: Words, bands: Bands | None = None
    ) -> None:
        self._bands = bands
        self._folder, self._composite, self._words = folder, composite, words
        west, south, east, north = shapely.bounds(folder.area).tolist()
        self._west, self._north = west, north
        cosine = math.cos(math.radians((south + north) / 2))
        self._scale = _WIDTH / ((east - west) * cosine)
        self._across = self._scale * cosine
        self._height = math.ceil(self._scale * (north - south))
        self._paths: dict[str, int] = {}
        self._fills: dict[Look, int] = {}

    def scene(self) -> dict[str, Any]:
        """Everything that the browser needs, as JSON has it."""
        frames = [self._frame(day) for day in self._composite.dates]
        last = Scene(self._folder, self._composite, self._composite.dates[-1], None, self._words)
        return {
            "width": _WIDTH,
            "height": self._height,
            "outside": OUTSIDE,
            "ink": INK,
            "white": WHITE,
            "rim": LOOKS["notebook"]["rim"],
            "words": {"date": self._words.say("date")},
            "fills": [_fill(look, last.colors) for look in self._fills],
            "paths": list(self._paths),
            "frames": frames,
            "places": [
                [*self._at(place.geometry.x, place.geometry.y), name]
                for place in self._folder.places.values()
                if isinstance(place.geometry, shapely.Point)
                and is_major(place.properties["kind"])
                and shapely.covers(self._folder.area, place.geometry)
                and (name := self._words.name(place.properties, place.id))
            ],
        }

    def _frame(self, day: dt.date) -> dict[str, Any]:
        scene = Scene(self._folder, self._composite, day, None, self._words, bands=self._bands)
        totals, unit = scene.totals[scene.layer], self._words.say("km2")
        return {
            "title": self._words.date(day),
            "ground": [
                [self._fills.setdefault(look, len(self._fills)), self._path(shape)]
                for look, shape in scene.looks.items()
            ],
            "fronts": [[sure, self._path(line)] for sure, line in scene.fronts.items()],
            "held": [
                [
                    str(paints_of(scene.holder_look(holder), scene.colors)[0]),
                    f"{scene.holder_title(holder)} "
                    + (
                        self._words.figure(*band)
                        if (band := scene.band(holder))
                        else f"{self._words.km2(totals[holder])} {unit}"
                    ),
                ]
                for holder in scene.holders
                if totals.get(holder, 0.0) > 1e-9
            ],
        }

    def _at(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = (lon - self._west) * self._across, (self._north - lat) * self._scale
        return round(x, 1), round(y, 1)

    def _path(self, shape: shapely.Geometry) -> int:
        """The number of a geometry's path."""
        pieces = []
        for part in shapely.get_parts(shape):
            closed = shapely.get_dimensions(part) == 2
            for line in shapely.get_rings(part) if closed else [part]:
                points = [self._at(*xy) for xy in shapely.get_coordinates(line).tolist()]
                text = "L".join(f"{x:g} {y:g}" for x, y in points)
                pieces.append(f"M{text}" + ("Z" if closed else ""))
        return self._paths.setdefault("".join(pieces), len(self._paths))


def _fill(look: Look, colors: dict[str, str]) -> dict[str, Any]:
    """A look as the browser paints it: ground, and lines or dots over it."""
    color, lines = one_hatching(paints_of(look, colors))
    if lines is None:
        return {"color": color}
    dots = lines.dash is not None and lines.dash[0] < 0.1
    return {
        "color": color,
        "lines": f"{lines.color}{round(lines.alpha * 255):02x}",
        "wide": min(3.5, max(1.0, round(lines.width, 1))),
        "turn": 45 * lines.way if lines.way != 2 else 0,
        "dots": dots,
    }
