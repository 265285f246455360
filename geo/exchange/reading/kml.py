"""Placemarks of KML and KMZ, by a parser that resolves no entity and opens no address."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import shapely

from geo.errors import SchemaError, escape, refuse
from geo.exchange.catalog import import_library
from geo.exchange.reading.account import Reader
from geo.exchange.reading.control import take_control, take_interval
from geo.exchange.reading.dates import read_dates
from geo.exchange.reading.geojson import read_shapes
from geo.exchange.reading.intake import (
    CONTROL_COLUMNS,
    PLACE_COLUMNS,
    Entry,
    Intake,
    Layout,
    fill_cells,
    map_columns,
)
from geo.exchange.reading.places import take_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.exchange.reading.account import Account
    from geo.exchange.reading.intake import Outcome

_MAX_MEMBER = 50_000_000
"""Bytes of KML in a KMZ; a small archive may hold more than any memory."""

_HTML_TAG = re.compile("<[^>]*>")


def read_placemarks(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """Read KML or KMZ: its placemarks, dates as YYYY-MM-DD."""
    root = _parse_kml(data, file)
    names: list[str] = []
    found = []
    for mark, folder in _find_placemarks(root, ""):
        values = _placemark_values(mark, folder)
        found.append((values, _placemark_shape(mark)))
        names += values
    ours = map_columns(list(dict.fromkeys(names)), file, intake)
    entries = []
    for n, (values, shape) in enumerate(found, 1):
        texts = {own: values[name] for name, own in ours.items() if name in values}
        entries.append(Entry(file, n, fill_cells(texts), shape, noun="placemark"))
    read_dates(entries, file, intake)
    read_shapes(entries, intake)
    yield from entries


def _parse_kml(data: bytes, file: str) -> Any:
    """
    Parse KML, out of a KMZ if it is one.

    Raises
    ------
    SchemaError
        If it is neither, or too large.
    GeoError
        If the parser is not installed.
    """
    defused = import_library("defusedxml", "kml")
    tree = import_library("defusedxml.ElementTree", "kml")
    try:
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [i for i in archive.infolist() if i.filename.lower().endswith(".kml")]
                if not inside or inside[0].file_size > _MAX_MEMBER:
                    message = "it holds no KML of a size that is read"
                    raise SchemaError([refuse("kml.archive", message, file=file)])
                with archive.open(inside[0]) as member:
                    data = member.read(_MAX_MEMBER + 1)
        root = tree.fromstring(data, forbid_dtd=True)
    except (tree.ParseError, defused.DefusedXmlException, zipfile.BadZipFile, ValueError) as error:
        message = f"it is no KML: {escape(str(error))}"
        raise SchemaError([refuse("kml.syntax", message, file=file)]) from error
    if _local_name(root) != "kml":
        message = f"it is XML, but no KML: its root is {escape(_local_name(root), 40)}"
        raise SchemaError([refuse("kml.root", message, file=file)])
    return root


def _local_name(element: Any) -> str:
    """The name of an element without its namespace: KML has had several."""
    return str(element.tag).rsplit("}", 1)[-1]


def _find_placemarks(element: Any, folder: str) -> Iterator[tuple[Any, str]]:
    """Every placemark with the name of the folder that it lies in."""
    for child in element:
        kind = _local_name(child)
        if kind == "Placemark":
            yield child, folder
        elif kind in {"Document", "Folder"}:
            name = next((c.text or "" for c in child if _local_name(c) == "name"), "")
            yield from _find_placemarks(child, name if kind == "Folder" else folder)


def _placemark_values(mark: Any, folder: str) -> dict[str, str]:
    """Name, description, times and extended data of a placemark."""
    values = {"folder": folder} if folder else {}
    for element in mark.iter():
        kind, text = _local_name(element), (element.text or "").strip()
        if kind in {"name", "begin", "end", "when"} and text:
            values.setdefault(kind, text)
        elif kind == "description" and text:
            values.setdefault(kind, _HTML_TAG.sub(" ", text))
        elif kind == "SimpleData" and text:
            values[element.get("name", "")] = text
        elif kind == "Data":
            inner = next((c.text or "" for c in element if _local_name(c) == "value"), "")
            values[element.get("name", "")] = inner
    return {name: text for name, text in values.items() if name and text}


def _placemark_shape(mark: Any) -> dict[str, object] | None:
    """The geometry of a placemark as GeoJSON would hold it; several areas become one."""
    polygons = [_polygon_rings(e) for e in mark.iter() if _local_name(e) == "Polygon"]
    if polygons:
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}
    for element in mark.iter():
        kind = _local_name(element)
        if kind in {"Point", "LineString"}:
            xy = _read_positions(element)
            return {"type": kind, "coordinates": xy[0] if kind == "Point" and xy else xy}
    return None


def _polygon_rings(polygon: Any) -> list[list[list[float]]]:
    """The shell of a polygon, then its holes."""
    outer = [e for e in polygon.iter() if _local_name(e) == "outerBoundaryIs"]
    inner = [e for e in polygon.iter() if _local_name(e) == "innerBoundaryIs"]
    return [_read_positions(ring) for ring in (*outer, *inner)]


def _read_positions(element: Any) -> list[list[float]]:
    """Positions of the first list of coordinates; an empty list if any is no number."""
    text = next((e.text or "" for e in element.iter() if _local_name(e) == "coordinates"), "")
    try:
        return [[float(v) for v in one.split(",")] for one in text.split()]
    except ValueError:
        return []


def take_placemark(entry: Entry, account: Account) -> Outcome:
    """One placemark: a point is a place, an area is control unless it says what kind of place."""
    point = entry.geometry
    if point is not None and shapely.get_dimensions(point) == 0:
        lon, lat = float(shapely.get_x(point)), float(shapely.get_y(point))
        entry.values |= {"lon": repr(lon), "lat": repr(lat)}
        return take_place(entry, account)
    if "kind" in entry.values and not {"controller", "status"} & set(entry.values):
        if point is None:
            return take_place(entry, account)
        what = "a place that is a line or an area is not read from KML; draw it in places.geojson"
        return account.refuse(entry, "import.position", what)
    if not {"controller", "status"} & set(entry.values):
        entry.values["controller"] = entry.values.get("name", "")
    if "start" in entry.values:
        return take_interval(entry, account)
    return take_control(entry, account)


READER = Reader(
    Layout(
        columns={
            **PLACE_COLUMNS,
            **CONTROL_COLUMNS,
            "start": ("valid_from", "begin"),
            "end": ("valid_to", "end"),
            "date": ("date", "when"),
        },
        dates=("start", "end", "date"),
    ),
    read_placemarks,
    take_placemark,
)
