"""
A QGIS project as a file: its layers in order, what is in view, and the words about it.

Written for QGIS 3.22 and read by later ones. How a layer is drawn, edited or stepped through comes
from whoever makes the project: a working copy or an export.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.exchange.qgis import symbols
from geo.exchange.texts import xml_attribute, xml_text

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class MapLayer:
    """
    One layer, the uppermost first.

    Attributes
    ----------
    name
        Its table in the GeoPackage.
    title
        What QGIS calls it.
    dimension
        0 points, 1 lines, 2 areas; None for a table without shapes.
    style
        XML of how it is drawn and edited.
    is_shown
        Whether it is ticked when the project is opened.
    is_locked
        Whether QGIS lets nobody change it.
    is_labelled
        Whether its labels are drawn.
    """

    name: str
    title: str
    dimension: int | None
    style: str
    is_shown: bool = True
    is_locked: bool = True
    is_labelled: bool = False


def layer_id(name: str) -> str:
    """Return what other parts of a project call a layer."""
    return f"frontline_{name}"


def qgis_text(value: object) -> str:
    """Return text for an element; QGIS would evaluate what stands between ``[%`` and ``%]``."""
    return xml_text(str(value).replace("[%", "[ %"))


def qgis_attribute(value: object) -> str:
    """Return text for an attribute, in its quotes, that QGIS does not evaluate."""
    return xml_attribute(str(value).replace("[%", "[ %"))


def render_document(
    layers: Sequence[MapLayer],
    *,
    package: str,
    title: str,
    words: str,
    credit: str,
    bounds: tuple[float, float, float, float],
    behaviour: str = "",
    properties: str = "",
) -> str:
    """
    Return a project as QGIS reads it.

    Parameters
    ----------
    layers
        The uppermost first.
    package
        Name of the GeoPackage beside it that holds them.
    title, words, credit
        What QGIS says about the project.
    bounds
        West, south, east, north of what is in view.
    behaviour, properties
        XML of what the project does beside drawing: elements before and after the layers.
    """
    tree = "".join(_tree_item(layer, package) for layer in layers)
    maps = "".join(_map_layer(layer, package) for layer in layers)
    west, south, east, north = bounds
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis version="3.22.0" projectname={qgis_attribute(title)}>\n'
        f"<title>{qgis_text(title)}</title>\n"
        f"<projectCrs>{symbols.SRS}</projectCrs>\n"
        f"<layer-tree-group>{tree}</layer-tree-group>\n"
        f"{behaviour}"
        '<mapcanvas name="theMapCanvas"><units>degrees</units><extent>'
        f"<xmin>{west}</xmin><ymin>{south}</ymin><xmax>{east}</xmax><ymax>{north}</ymax></extent>"
        f"<destinationsrs>{symbols.SRS}</destinationsrs></mapcanvas>\n"
        f"<projectlayers>{maps}</projectlayers>\n"
        f"{properties}"
        f"<projectMetadata><title>{qgis_text(title)}</title>"
        f"<abstract>{qgis_text(words)}</abstract>"
        f"<rights>{qgis_text(credit)}</rights></projectMetadata>\n"
        "</qgis>\n"
    )


def _source(layer: MapLayer, package: str) -> str:
    return f"./{package}|layername={layer.name}"


def _tree_item(layer: MapLayer, package: str) -> str:
    # Any other word than this for unticked, QGIS takes for ticked.
    checked = "Qt::Checked" if layer.is_shown else "Qt::Unchecked"
    return (
        f'<layer-tree-layer id="{layer_id(layer.name)}" name={qgis_attribute(layer.title)} '
        f"source={qgis_attribute(_source(layer, package))} "
        f'providerKey="ogr" checked="{checked}" expanded="0"/>'
    )


def _map_layer(layer: MapLayer, package: str) -> str:
    kinds = {None: "No geometry", 0: "Point", 1: "Line", 2: "Polygon"}
    return (
        f'<maplayer type="vector" geometry="{kinds[layer.dimension]}" autoRefreshEnabled="0" '
        f'readOnly="{int(layer.is_locked)}" labelsEnabled="{int(layer.is_labelled)}">'
        f"<id>{layer_id(layer.name)}</id>"
        f"<datasource>{qgis_text(_source(layer, package))}</datasource>"
        f"<layername>{qgis_text(layer.title)}</layername>"
        f'<srs>{symbols.SRS}</srs><provider encoding="UTF-8">ogr</provider>'
        f"{layer.style}</maplayer>\n"
    )
