"""
Our layers as elements of folium, for anybody's map.

What an element holds never meets a template as it is: branca compiles what an element has rendered
once more, so that two braces in the name of a place would run as Python, and a closing tag would
end the script. It is written as one literal of JavaScript in which every such character is a
number; the texts are put into text nodes in the browser.
"""

from __future__ import annotations

import html
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import folium
from branca.element import Element, Figure
from folium.plugins import TimestampedGeoJson
from folium.template import Template

from geo.draw.elements.content import Teller, mark_shapes
from geo.draw.looks import LOOKS
from geo.draw.words.languages import require_language

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd

    from geo.control import Composite
    from geo.draw.elements.content import Content
    from geo.layers import Folder

_HEIGHTS = {"ground": 390, "change": 395, "fronts": 410, "events": 610}
"""Where each lies among Leaflet's panes: ground under, marks over what others draw (400, 600)."""


class MapElement(folium.map.Layer):
    """
    A layer of ours on a map of folium.

    It goes wherever a layer of folium goes: on a map or a feature group, into ``LayerControl``,
    on one or both halves of ``DualMap``, under ``SideBySideLayers``.

    Parameters
    ----------
    content
        What it shows.
    kind
        ``ground``, ``change``, ``fronts`` or ``events``.
    name
        Its name in ``LayerControl``; the default says what it shows.
    opacity
        Of ground, 0 to 1.
    key
        Whether the map explains its looks.
    overlay, control, show
        As of every layer of folium.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = frontlineLayer("
        "JSON.parse({{ this.literal }}), {{ this.options|tojson }});"
        "{% endmacro %}"
    )

    def __init__(
        self,
        content: Content,
        kind: str,
        *,
        name: str | None = None,
        opacity: float = 0.75,
        key: bool = True,
        overlay: bool = True,
        control: bool = True,
        show: bool = True,
    ) -> None:
        if not 0 <= opacity <= 1:
            raise ValueError(f"opacity is {opacity}; it is from 0 to 1")
        # The control of layers takes its names for HTML and keys, and branca for a template.
        shown = html.escape(content.title if name is None else name)
        for character in "{}_":
            shown = shown.replace(character, f"&#{ord(character)};")
        super().__init__(name=shown, overlay=overlay, control=control, show=show)
        self._name = "FrontlineLayer"
        self._bounds = content.bounds()
        self.options = {"height": _HEIGHTS[kind], "opacity": opacity, "key": key}
        parts = ("title", "attribution", "direction", "word", "features", "fills", "key")
        self.literal = _literal(
            {name: getattr(content, name) for name in parts}
            | {"marks": mark_shapes(), "paper": LOOKS["paper"]}
        )

    def render(self, **kwargs: Any) -> str:
        """Render it into the figure that it stands in; the script that draws comes once."""
        figure = self.get_root()
        assert isinstance(figure, Figure)
        figure.script.add_child(Element(_script()), name="frontline_layers", index=0)
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        return ""

    def _get_self_bounds(self) -> list[list[float | None]]:
        return _turned(self._bounds)


@cache
def _script() -> str:
    return (files("geo.draw.elements") / "elements.js").read_text(encoding="utf-8")


def _literal(value: object) -> str:
    """A value as JSON in a literal of JavaScript, without a character that anything would read."""
    text = json.dumps(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    for character in "{}<>&%#'`":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def ground_element(
    folder: Folder, composite: Composite, day: dt.date, *, language: str = "en", **how: Any
) -> MapElement:
    """Who held what at the end of a day; see `MapElements.layer`."""
    return MapElement(_teller(folder, composite, language).ground(day), "ground", **how)


def change_element(
    folder: Folder,
    composite: Composite,
    dates: tuple[dt.date, dt.date],
    pieces: gpd.GeoDataFrame,
    *,
    language: str = "en",
    **how: Any,
) -> MapElement:
    """What changed between two dates; see `MapElements.change_layer`."""
    content = _teller(folder, composite, language).changed(*dates, pieces)
    return MapElement(content, "change", **how)


def fronts_element(
    folder: Folder,
    composite: Composite,
    day: dt.date,
    lines: gpd.GeoDataFrame,
    *,
    language: str = "en",
    **how: Any,
) -> MapElement:
    """Where sides met; see `MapElements.fronts_layer`."""
    return MapElement(_teller(folder, composite, language).fronts(day, lines), "fronts", **how)


def events_element(
    folder: Folder,
    composite: Composite,
    first: dt.date | None,
    last: dt.date | None,
    *,
    timed: bool = False,
    language: str = "en",
    **how: Any,
) -> MapElement | TimestampedGeoJson:
    """What happened; see `MapElements.events_layer`."""
    content = _teller(folder, composite, language).events(first, last, apart=timed)
    return _TimedEvents(content, **how) if timed else MapElement(content, "events", **how)


def _teller(folder: Folder, composite: Composite, language: str) -> Teller:
    require_language(language, speaker="an element")
    return Teller(folder, composite, language)


class _TimedEvents(TimestampedGeoJson):
    """Events under folium's control of time."""

    def __init__(self, content: Content, **how: Any) -> None:
        marks = mark_shapes()
        features = [
            {
                "type": "Feature",
                "geometry": one["geometry"],
                "properties": {
                    "times": [one["properties"]["time"]],
                    "icon": "circle",
                    "iconstyle": {
                        "radius": 6,
                        "color": LOOKS["paper"]["white"],
                        "weight": 1.5,
                        "fillColor": marks[one["properties"]["mark"]]["color"],
                        "fillOpacity": 0.25 if one["properties"].get("vague") else 0.9,
                    },
                    # The plugin takes its tooltips for HTML.
                    "tooltip": "<br>".join(map(html.escape, one["properties"]["tip"])),
                },
            }
            for one in content.features
        ]
        data = {"type": "FeatureCollection", "features": features}
        defaults = {"period": "P1D", "duration": "P7D", "auto_play": False, "loop": False}
        text = f"JSON.parse({_literal(data)})"
        super().__init__(text, **{**defaults, **how})  # type: ignore[no-untyped-call]
        self._bounds = content.bounds()

    def _get_self_bounds(self) -> list[list[float | None]]:
        return _turned(self._bounds)


def _turned(bounds: tuple[float, float, float, float] | None) -> list[list[float | None]]:
    """Bounds as folium has them: here alone latitude comes first."""
    if bounds is None:
        return [[None, None], [None, None]]
    west, south, east, north = bounds
    return [[south, west], [north, east]]
