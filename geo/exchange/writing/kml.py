"""Control, events and places as KML, each with its span of time, for Google Earth."""

from __future__ import annotations

import html
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import shapely

from geo.exchange.catalog import LAYERS
from geo.exchange.texts import xml_text
from geo.exchange.writing.geojson import json_value
from geo.exchange.writing.tables import ColumnType
from geo.model import shift_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo.exchange.writing.content import Content, Paint
    from geo.exchange.writing.tables import TypedTable


def render(content: Content, **_: str) -> dict[str, bytes]:
    """Return one document with a folder a layer."""
    control, events, places = (content.tables[name] for name in LAYERS)
    # Readers take the text of a document for HTML, as that of a placemark.
    said = html.escape(f"{content.credit} {content.about['how_to_read']}")
    title = html.escape(str(content.about["title"]), quote=False)
    paints = {p.key: p for p in (content.paint(row) for row in control.records())}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2">',
        "<Document>",
        f"<name>{xml_text(title)}</name>",
        "<open>1</open>",
        f"<description>{xml_text(said)}</description>",
        *(_style(paint) for _, paint in sorted(paints.items())),
        *(_schema(table) for table in (control, events, places)),
        *_control_folder(control, content),
        *_events_folder(events),
        *_places_folder(places),
        "</Document>",
        "</kml>",
    ]
    return {".kml": ("\n".join(lines) + "\n").encode()}


def _style(paint: Paint) -> str:
    red, green, blue = paint.fill[1:3], paint.fill[3:5], paint.fill[5:7]
    line = (paint.hatch or paint.fill)[1:]
    return (
        f"<Style id={quoteattr(paint.key)}>"
        f"<LineStyle><color>ff{line[4:6]}{line[2:4]}{line[0:2]}</color><width>1.5</width></LineStyle>"
        f"<PolyStyle><color>{round(paint.opacity * 255):02x}{blue}{green}{red}</color></PolyStyle>"
        "</Style>"
    )


def _schema(table: TypedTable) -> str:
    kinds = {ColumnType.INTEGER: "int", ColumnType.REAL: "double"}
    cells = "".join(
        f'<SimpleField type="{kinds.get(kind, "string")}" name={quoteattr(name)}/>'
        for name, kind, _ in table.columns
    )
    return f'<Schema name="{table.name}" id="{table.name}">{cells}</Schema>'


def _control_folder(table: TypedTable, content: Content) -> Iterator[str]:
    yield "<Folder>"
    yield "<name>Control</name>"
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        paint = content.paint(record)
        # A day of KML is a whole day: the last one on which the interval holds ends the span, or
        # two holders would be drawn on the day of the change.
        until = record["valid_to"] and shift_day(record["valid_to"], -1)
        end = f"<end>{until}</end>" if until else ""
        span = f"<TimeSpan><begin>{record['valid_from']}</begin>{end}</TimeSpan>"
        title = record["controller_name"] or paint.title
        yield from _placemark(title, record, span, paint.key, table, _area(geometry))
    yield "</Folder>"


def _events_folder(table: TypedTable) -> Iterator[str]:
    yield "<Folder>"
    yield "<name>Events</name>"
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        first, last = record["event_date"], record["end_date"] or record["event_date"]
        span = f"<TimeSpan><begin>{first}</begin><end>{last}</end></TimeSpan>"
        title = f"{record['sub_event_type']}, {record['location'] or 'no place'}"
        yield from _placemark(title, record, span, "", table, _point(geometry))
    yield "</Folder>"


def _places_folder(table: TypedTable) -> Iterator[str]:
    yield "<Folder>"
    yield "<name>Places</name>"
    yield "<visibility>0</visibility>"
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        yield from _placemark(record["name"], record, "", "", table, _shape(geometry))
    yield "</Folder>"


def _placemark(
    title: str, record: Mapping[str, Any], span: str, style: str, table: TypedTable, shape: str
) -> Iterator[str]:
    given = {name: value for name, value in record.items() if value is not None}
    # The balloon is HTML, so text is escaped for HTML first; the data below hold it as it is.
    shown = "<br>".join(f"{name}: {html.escape(str(value))}" for name, value in given.items())
    cells = "".join(
        f"<SimpleData name={quoteattr(name)}>{xml_text(json_value(value))}</SimpleData>"
        for name, value in given.items()
    )
    yield "<Placemark>"
    yield f"<name>{xml_text(html.escape(str(title), quote=False))}</name>"
    yield '<Snippet maxLines="0"></Snippet>'
    yield f"<description>{xml_text(shown)}</description>"
    if span:
        yield span
    if style:
        yield f"<styleUrl>#{xml_text(style)}</styleUrl>"
    yield (
        f'<ExtendedData><SchemaData schemaUrl="#{table.name}">{cells}</SchemaData></ExtendedData>'
    )
    if shape:
        yield shape
    yield "</Placemark>"


def _point(geometry: shapely.Geometry | None) -> str:
    if geometry is None:
        return ""
    return f"<Point><coordinates>{_coordinates(geometry)}</coordinates></Point>"


def _shape(geometry: shapely.Geometry | None) -> str:
    """A place: a point, or the lines or the outline that somebody drew."""
    if geometry is None or isinstance(geometry, shapely.Point):
        return _point(geometry)
    if shapely.get_dimensions(geometry) == 2:
        return _area(geometry)
    lines = [
        f"<LineString><coordinates>{_coordinates(line)}</coordinates></LineString>"
        for line in shapely.get_parts(geometry)
    ]
    return f"<MultiGeometry>{''.join(lines)}</MultiGeometry>"


def _coordinates(geometry: shapely.Geometry) -> str:
    return " ".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(geometry).tolist())


def _area(geometry: shapely.Geometry) -> str:
    parts = []
    for polygon in shapely.get_parts(geometry):
        names = chain(["outerBoundaryIs"], repeat("innerBoundaryIs"))
        rings = [
            f"<{name}><LinearRing><coordinates>{_coordinates(ring)}</coordinates></LinearRing></{name}>"
            for name, ring in zip(names, shapely.get_rings(polygon), strict=False)
        ]
        parts.append(f"<Polygon>{''.join(rings)}</Polygon>")
    return f"<MultiGeometry>{''.join(parts)}</MultiGeometry>"
