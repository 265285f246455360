"""How QGIS draws the exported layers, and on which days it shows what."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from geo.draw import LOOKS
from geo.exchange.catalog import LAYERS
from geo.exchange.qgis import symbols
from geo.exchange.writing.gdal import EPOCH
from geo.exchange.writing.tables import ColumnType, TypedColumn, TypedTable

if TYPE_CHECKING:
    from geo.exchange.writing.content import Content


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
        for layer in LAYERS
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
