"""A GeoPackage with the styles that QGIS finds by itself, and a project that steps through time."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import shapely

from geo.draw import LOOKS
from geo.exchange.catalog import LAYERS
from geo.exchange.qgis import symbols
from geo.exchange.qgis.document import MapLayer, render_document
from geo.exchange.writing.gdal import EPOCH, write_table
from geo.exchange.writing.geojson import dump_json
from geo.exchange.writing.tables import ColumnType, TypedColumn, TypedTable, place_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.exchange.writing.content import Content


def render(content: Content, **_: str) -> dict[str, bytes]:
    """Return the GeoPackage."""
    tables = [*_uniform_tables(content).values(), styles_table(content)]
    return {".gpkg": geopackage(tables, about=content.about)}


def _uniform_tables(content: Content) -> dict[str, TypedTable]:
    """The tables, with places apart by kind of geometry: a desktop program shows one a layer."""
    tables = dict(content.tables)
    doc = tables.pop("places").doc
    places = place_tables(tuple(content.folder.places.values()), doc)
    return tables | {table.name: table for table in places}


def geopackage(tables: Iterable[TypedTable], *, about: Mapping[str, Any]) -> bytes:
    """
    Return tables as one GeoPackage.

    Parameters
    ----------
    tables
        With or without shapes.
    about
        Facts that it must name, by name.

    Returns
    -------
    data
        The same tables give the same bytes.

    Raises
    ------
    GeoError
        If GDAL cannot write them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "theatre.gpkg"
        named = {
            f"about_{key}": value if isinstance(value, str) else dump_json(value)
            for key, value in about.items()
        }
        for table in tables:
            facts = {"IDENTIFIER": table.name, "DESCRIPTION": table.doc} if table.doc else {}
            # Programs of the last years read this version without a warning.
            new = {} if path.exists() else {"dataset_options": {"VERSION": "1.2"}}
            write_table(path, table, "GPKG", dataset_metadata=named, layer_options=facts, **new)
        return path.read_bytes()


def styles_table(content: Content) -> TypedTable:
    """Return the table in which QGIS looks for the style of a layer of a GeoPackage."""
    names = (
        *("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName"),
        *("styleQML", "styleSLD", "description", "owner", "ui_form", "useAsDefault", "update_time"),
    )
    columns = tuple(
        TypedColumn(name, ColumnType.INTEGER if name == "useAsDefault" else ColumnType.TEXT)
        for name in names
    )
    rows = [
        ("", "", layer, "geom", layer, _qml(layer, content), "", "", "", None, 1, EPOCH)
        for layer in (*LAYERS, *(n for n in _uniform_tables(content) if n.startswith("places_")))
    ]
    return TypedTable("layer_styles", "Styles for QGIS.", columns, rows)


def _qml(layer: str, content: Content) -> str:
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.22.0">'
        f"{renderer(layer, content)}</qgis>"
    )


_NEVER = "make_datetime(2200, 1, 1, 0, 0, 0)"


def temporal_rule(layer: str) -> str:
    """Return when the features of a layer are shown; nothing for a layer without dates."""
    # By expressions, not by fields: QGIS would compare dates and times of day as text.
    start, end = {
        "control": ('to_datetime("valid_from")', f'coalesce(to_datetime("valid_to"), {_NEVER})'),
        "events": (
            'to_datetime("event_date")',
            'to_datetime(coalesce("end_date", "event_date")) + to_interval(\'1 day\')',
        ),
    }.get(layer, ("", ""))
    if not start:
        return ""
    # limitMode 0 is half-open: the first moment counts, the last does not.
    return (
        '<temporal enabled="1" mode="4" limitMode="0" startField="" endField="" '
        f"startExpression={quoteattr(start)} endExpression={quoteattr(end)} "
        'durationField="" durationUnit="days" fixedDuration="0" accumulate="0">'
        "<fixedRange><start/><end/></fixedRange></temporal>"
    )


def renderer(layer: str, content: Content) -> str:
    """Return how a layer is drawn: control by side and status, the others as points."""
    if layer in {"places_lines", "places_areas"}:
        return symbols.plain_renderer(("places_lines", "places_areas").index(layer) + 1)
    if layer == "places":
        return symbols.single("marker", symbols.marker("circle", LOOKS["paper"]["ink"]))
    if layer == "events":
        return event_renderer()
    found = {}
    for row in content.tables["control"].records():
        paint = content.paint(row)
        value = "|".join(str(row[name] or "") for name in ("side", "status", "controllers"))
        found[value] = paint
    items = sorted(found.items())
    return symbols.categorized(
        'concat("side", \'|\', "status", \'|\', "controllers")',
        [(value, paint.title) for value, paint in items],
        [symbols.fill(str(i), p.fill, p.opacity, p.hatch) for i, (_, p) in enumerate(items)],
    )


def event_renderer() -> str:
    """Return the marks of the page, by the type of an event."""
    looks = [(name, look) for look in LOOKS["events"].values() for name in look["types"] or [""]]
    return symbols.categorized(
        "event_type",
        [(name, name or "other") for name, _ in looks],
        [
            symbols.symbol("marker", str(i), symbols.marker(look["qgis"], look["color"]))
            for i, (_, look) in enumerate(looks)
        ],
    )


def render_project(content: Content, *, stem: str, **_: str) -> dict[str, bytes]:
    """Return the project, and the GeoPackage that it names by the same stem."""
    return {".qgs": _project(content, stem).encode(), **render(content)}


def _project(content: Content, stem: str) -> str:
    """Return a project with the study area in view, and the span of time to step through."""
    tables = _uniform_tables(content)
    names = (
        *(name for name in tables if name.startswith("places")),
        *("events", "control"),
        *(name for name in tables if name.startswith("context_")),
    )
    west, south, east, north = content.about["extent"]["spatial"]["bbox"][0]
    return render_document(
        [_map_layer(tables[name], content) for name in names],
        package=f"{stem}.gpkg",
        title=str(content.about["title"]),
        words=str(content.about["description"]),
        credit=content.credit,
        bounds=(west, south, east, north),
        properties=_span_of_time(content.composite.dates),
    )


def _map_layer(table: TypedTable, content: Content) -> MapLayer:
    name, shapes = table.name, table.shapes
    dimension = max((int(shapely.get_dimensions(g)) for g in shapes if g is not None), default=0)
    if name in LAYERS or name.startswith("places"):
        style = temporal_rule(name) + renderer(name, content)
    else:
        style = symbols.plain_renderer(dimension)
    style += f"<layerGeometryType>{dimension}</layerGeometryType>"
    return MapLayer(
        name, name, dimension, style, is_shown=not name.startswith("places"), is_locked=False
    )


def _span_of_time(days: Sequence[dt.date]) -> str:
    """The first and the last date of the temporal controller, and its step: a day."""
    start, end = (days[0], days[-1]) if days else (dt.date(2000, 1, 1), dt.date(2000, 1, 1))
    return (
        '<ProjectTimeSettings timeStep="1" timeStepUnit="d" frameRate="2" '
        'cumulativeTemporalRange="0">'
        f"<TemporalRange><start>{start}T00:00:00Z</start>"
        f"<end>{end + dt.timedelta(days=1)}T00:00:00Z</end></TemporalRange></ProjectTimeSettings>\n"
    )
