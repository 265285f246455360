"""A QGIS project whose temporal controller is set, and the GeoPackage that it draws."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import shapely

from geo.exchange.catalog import LAYERS
from geo.exchange.qgis import symbols
from geo.exchange.writing import geopackage
from geo.exchange.writing.styles import renderer, temporal_rule
from geo.exchange.xmltext import xml_text

if TYPE_CHECKING:
    from geo.exchange.writing.content import Content

__all__ = ["render"]


def render(content: Content, *, stem: str, **_: str) -> dict[str, bytes]:
    """Return the project, and the GeoPackage that it names by the same stem."""
    return {".qgs": _project(content, stem).encode(), **geopackage.render(content)}


def _project(content: Content, stem: str) -> str:
    """A QGIS project: its layers, the study area in view, and the span of time to step through."""
    names = [
        *(name for name in ("places", "events", "control")),
        *(name for name in content.tables if name.startswith("context_")),
    ]
    tree, maps = [], []
    for name in names:
        source = quoteattr(f"./{stem}.gpkg|layername={name}")
        shown = "Unchecked" if name == "places" else "Checked"
        tree.append(
            f'<layer-tree-layer id="frontline_{name}" name="{name}" source={source} '
            f'providerKey="ogr" checked="{shown}" expanded="0"/>'
        )
        maps.append(_map_layer(name, content, source))
    west, south, east, north = content.about["extent"]["spatial"]["bbox"][0]
    days = content.composite.dates
    start, end = (days[0], days[-1]) if days else (dt.date(2000, 1, 1), dt.date(2000, 1, 1))
    title = xml_text(content.about["title"])
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis version="3.22.0" projectname={quoteattr(str(content.about["title"]))}>\n'
        f"<title>{title}</title>\n<projectCrs>{symbols.SRS}</projectCrs>\n"
        f"<layer-tree-group>{''.join(tree)}</layer-tree-group>\n"
        '<mapcanvas name="theMapCanvas"><units>degrees</units><extent>'
        f"<xmin>{west}</xmin><ymin>{south}</ymin><xmax>{east}</xmax><ymax>{north}</ymax></extent>"
        f"<destinationsrs>{symbols.SRS}</destinationsrs></mapcanvas>\n"
        f"<projectlayers>{''.join(maps)}</projectlayers>\n"
        "<resourceMetadata>"
        f"<title>{title}</title><abstract>{xml_text(content.about['description'])}</abstract>"
        f"<rights>{xml_text(content.credit)}</rights></resourceMetadata>\n"
        '<ProjectTimeSettings timeStep="1" timeStepUnit="d" frameRate="2" '
        'cumulativeTemporalRange="0">'
        f"<TemporalRange><start>{start}T00:00:00Z</start>"
        f"<end>{end + dt.timedelta(days=1)}T00:00:00Z</end></TemporalRange></ProjectTimeSettings>\n"
        "</qgis>\n"
    )


def _map_layer(name: str, content: Content, source: str) -> str:
    geometry = content.tables[name].shapes
    dimension = max((int(shapely.get_dimensions(g)) for g in geometry if g is not None), default=0)
    kind = ("Point", "Line", "Polygon")[dimension]
    if name in LAYERS:
        style = temporal_rule(name) + renderer(name, content)
    else:
        style = symbols.plain_renderer(dimension)
    return (
        f'<maplayer type="vector" geometry="{kind}" autoRefreshEnabled="0">'
        f"<id>frontline_{name}</id><datasource>{source[1:-1]}</datasource><layername>{name}</layername>"
        f'<srs>{symbols.SRS}</srs><provider encoding="UTF-8">ogr</provider>{style}'
        f"<layerGeometryType>{dimension}</layerGeometryType></maplayer>"
    )
