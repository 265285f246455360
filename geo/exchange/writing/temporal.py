"""A QGIS project whose temporal controller is set, and the GeoPackage that it draws."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import shapely

from geo.exchange.catalog import LAYERS
from geo.exchange.qgis import symbols
from geo.exchange.qgis.document import MapLayer, render_document
from geo.exchange.writing import geopackage
from geo.exchange.writing.styles import renderer, temporal_rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.exchange.writing.content import Content


def render(content: Content, *, stem: str, **_: str) -> dict[str, bytes]:
    """Return the project, and the GeoPackage that it names by the same stem."""
    return {".qgs": _project(content, stem).encode(), **geopackage.render(content)}


def _project(content: Content, stem: str) -> str:
    """Return a project with the study area in view, and the span of time to step through."""
    names = (
        *("places", "events", "control"),
        *(name for name in content.tables if name.startswith("context_")),
    )
    west, south, east, north = content.about["extent"]["spatial"]["bbox"][0]
    return render_document(
        [_layer(name, content) for name in names],
        package=f"{stem}.gpkg",
        title=str(content.about["title"]),
        words=str(content.about["description"]),
        credit=content.credit,
        bounds=(west, south, east, north),
        properties=_span_of_time(content.composite.dates),
    )


def _layer(name: str, content: Content) -> MapLayer:
    shapes = content.tables[name].shapes
    dimension = max((int(shapely.get_dimensions(g)) for g in shapes if g is not None), default=0)
    if name in LAYERS:
        style = temporal_rule(name) + renderer(name, content)
    else:
        style = symbols.plain_renderer(dimension)
    style += f"<layerGeometryType>{dimension}</layerGeometryType>"
    return MapLayer(name, name, dimension, style, is_shown=name != "places", is_locked=False)


def _span_of_time(days: Sequence[dt.date]) -> str:
    """The first and the last date of the temporal controller, and its step: a day."""
    start, end = (days[0], days[-1]) if days else (dt.date(2000, 1, 1), dt.date(2000, 1, 1))
    return (
        '<ProjectTimeSettings timeStep="1" timeStepUnit="d" frameRate="2" '
        'cumulativeTemporalRange="0">'
        f"<TemporalRange><start>{start}T00:00:00Z</start>"
        f"<end>{end + dt.timedelta(days=1)}T00:00:00Z</end></TemporalRange></ProjectTimeSettings>\n"
    )
