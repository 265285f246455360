"""Placemarks of KML and KMZ, by a parser that resolves no entity and opens no address."""

from __future__ import annotations

import html
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
from geo.exchange.reading.intake import (
    AREA_OPTIONS,
    CONTROL_COLUMNS,
    PLACE_COLUMNS,
    Entry,
    Intake,
    Layout,
    fill_cells,
    map_columns,
)
from geo.exchange.reading.packing import ARCHIVE_FAULTS, inflate
from geo.exchange.reading.places import take_place
from geo.exchange.reading.shapes import read_shapes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from geo.exchange.reading.account import Account
    from geo.exchange.reading.intake import Outcome

_MAX_MEMBER = 50_000_000
"""Bytes of KML in a KMZ; a small archive may hold more than any memory."""

_HTML_TAG = re.compile("<[^>]*>")


def read_placemarks(data: bytes, file: str, intake: Intake) -> Iterator[Entry]:
    """Read KML or KMZ: its placemarks, dates as YYYY-MM-DD."""
    names: list[str] = []
    found = []
    members = _members(data, file)
    linked: list[str] = []
    for root in (_parse_kml(text, file) for text in members.values()):
        linked += _links(root)
        for mark, folder in _find_placemarks(root):
            values = _placemark_values(mark, folder)
            found.append((values, *_placemark_shape(mark)))
            names += values
        for document in (e for e in root if _local_name(e) == "Document"):
            intake.know_own(_own_text(document, "description"), file)
    if len(members) > 1:
        listed = ", ".join(escape(name, 40) for name in list(members)[:_LISTED])
        intake.note(f"it holds {len(members)} files of KML, all of which are read: {listed}", file)
    if elsewhere := [link for link in linked if not _is_inside(link, members)]:
        shown = ", ".join(escape(link, 60) for link in elsewhere[:_LISTED])
        message = f"it is not all: it links to {len(elsewhere)} other files ({shown})"
        hint = "fetch and import them too; no address is opened"
        intake.issues.append(refuse("import.partial", message, hint, file=file))
    ours = map_columns(list(dict.fromkeys(names)), file, intake)
    entries = []
    for n, (values, shape, fault) in enumerate(found, 1):
        texts = {own: values[name] for name, own in ours.items() if name in values}
        entry = Entry(file, n, fill_cells(texts, intake), shape, noun="placemark")
        entry.fault = fault
        entries.append(entry)
    read_dates(entries, file, intake)
    read_shapes(entries, intake)
    yield from entries


_LISTED = 4
_MOST_MEMBERS = 200


def _members(data: bytes, file: str) -> dict[str, bytes]:
    """
    Return the KML of a file by its name: of a KMZ every one that it holds.

    Raises
    ------
    SchemaError
        If it is an archive that is damaged, locked or too large, or holds no KML.
    """
    if not data.startswith(b"PK"):
        return {file: data}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = _choose_members(archive)
            held_bytes = {info.filename: inflate(archive, info) for info in inside}
    except ARCHIVE_FAULTS as error:
        message = f"the archive is not read: {escape(str(error)) or type(error).__name__}"
        raise SchemaError([refuse("kml.archive", message, file=file)]) from error
    return held_bytes


def _choose_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """
    Return what an archive holds of KML, that first which Google Earth opens.

    Raises
    ------
    ValueError
        If that is nothing, too much, or not clear.
    """
    inside = [i for i in archive.infolist() if i.filename.lower().endswith(".kml")]
    size = sum(info.file_size for info in inside)
    if not inside:
        held = ", ".join(escape(i.filename, 40) for i in archive.infolist()[:_LISTED])
        raise ValueError(f"it holds no KML, but {held or 'nothing'}")
    if size > _MAX_MEMBER or len(inside) > _MOST_MEMBERS:
        raise ValueError(f"it holds {len(inside)} files of KML, {size:,} bytes: too much")
    if len({info.filename for info in inside}) < len(inside):
        raise ValueError("two files in it have the same name")
    return sorted(inside, key=lambda info: (info.filename.lower() != "doc.kml", info.filename))


def _parse_kml(data: bytes, file: str) -> Any:
    """
    Parse KML.

    Raises
    ------
    SchemaError
        If it is none.
    GeoError
        If the parser is not installed.
    """
    defused = import_library("defusedxml", "kml")
    tree = import_library("defusedxml.ElementTree", "kml")
    faults = (tree.ParseError, defused.DefusedXmlException, ValueError, LookupError)
    try:
        root = tree.fromstring(_as_utf8(data), forbid_dtd=True)
    except (*faults, RecursionError) as error:
        message = f"it is no KML: {escape(str(error)) or 'it is nested too deeply'}"
        raise SchemaError([refuse("kml.syntax", message, file=file)]) from error
    if _local_name(root) != "kml":
        message = f"it is XML, but no KML: its root is {escape(_local_name(root), 40)}"
        raise SchemaError([refuse("kml.root", message, file=file)])
    _require_shallow(root, file)
    return root


_ENCODED = re.compile(rb"<\?xml[^>]{0,80}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]*\?>")


def _as_utf8(data: bytes) -> bytes:
    """
    Return a document of another declared encoding in UTF-8; the parser knows few.

    Raises
    ------
    ValueError
        If it is not what it declares.
    """
    match = _ENCODED.match(data.lstrip())
    if not match or match[1].lower().startswith((b"utf", b"us-ascii", b"iso-10646")):
        return data
    name = match[1].decode()
    try:
        text = data.lstrip()[match.end() :].decode(name)
    except (UnicodeError, LookupError, ValueError) as error:
        raise ValueError(f"unknown or wrong encoding {name}: {error}") from error
    return text.encode("utf-8", "surrogatepass")


_DEEPEST = 100


def _require_shallow(root: Any, file: str) -> None:
    """
    Pass if elements stand in no more of each other than any map needs.

    Raises
    ------
    SchemaError
        If they do.
    """
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise SchemaError([refuse("kml.syntax", "it is nested too deeply", file=file)])


def _links(root: Any) -> list[str]:
    """Where network links lead."""
    links = [e for e in root.iter() if _local_name(e) == "NetworkLink"]
    inner = [e for link in links for e in link.iter() if _local_name(e) == "href"]
    return [(e.text or "").strip() for e in inner if (e.text or "").strip()]


def _is_inside(link: str, members: Mapping[str, bytes]) -> bool:
    """Whether a link leads to a file that was read with this one."""
    name = link.split("#", 1)[0]
    name = name.removeprefix("./")
    return len(members) > 1 and name in members


def _local_name(element: Any) -> str:
    """The name of an element without its namespace: KML has had several."""
    return str(element.tag).rsplit("}", 1)[-1]


def _own_text(element: Any, name: str) -> str:
    """The text of a child."""
    return next((c.text or "" for c in element if _local_name(c) == name), "")


def _find_placemarks(root: Any) -> Iterator[tuple[Any, str]]:
    """Every placemark with the name of the folder that it lies in."""
    stack = [(root, "")]
    while stack:
        element, folder = stack.pop()
        if _local_name(element) == "Placemark":
            yield element, folder
            continue
        if _local_name(element) == "Folder":
            folder = _own_text(element, "name").strip()
        kinds = {"Document", "Folder", "Placemark"}
        stack += [(child, folder) for child in element[::-1] if _local_name(child) in kinds]


def _placemark_values(mark: Any, folder: str) -> dict[str, str]:
    """Name, description, times and extended data of a placemark."""
    values = {"folder": folder} if folder else {}
    for element in mark.iter():
        kind, text = _local_name(element), (element.text or "").strip()
        if kind in {"name", "begin", "end", "when"} and text:
            values.setdefault(kind, text)
        elif kind == "description" and text:
            values.setdefault(kind, html.unescape(_HTML_TAG.sub(" ", text)))
        elif kind == "SimpleData" and text:
            values[element.get("name", "")] = text
        elif kind == "Data":
            values[element.get("name", "")] = _own_text(element, "value")
    return {name: text for name, text in values.items() if name and text}


_Fault = tuple[str, str] | None


def _placemark_shape(mark: Any) -> tuple[dict[str, object] | None, _Fault]:
    """The geometry as GeoJSON would hold it, several areas as one; and what is wrong with it."""
    kinds = [_local_name(e) for e in mark.iter()]
    odd = next((kind for kind in kinds if kind in {"Model", "Track", "MultiTrack"}), "")
    polygons = [e for e in mark.iter() if _local_name(e) == "Polygon"]
    try:
        if polygons:
            rings = [_polygon_rings(polygon) for polygon in polygons]
            if len(rings) == 1:
                return {"type": "Polygon", "coordinates": rings[0]}, None
            return {"type": "MultiPolygon", "coordinates": rings}, None
        for element in mark.iter():
            kind = _local_name(element)
            if kind in {"Point", "LineString"}:
                xy = _read_positions(element)
                at = xy[0] if kind == "Point" and len(xy) == 1 else xy
                return {"type": kind, "coordinates": at}, None
    except ValueError as error:
        return None, ("coord.type", str(error))
    return None, ("geom.kind", f"its geometry is a {odd}, which is not read") if odd else None


def _polygon_rings(polygon: Any) -> list[list[list[float]]]:
    """The shell of a polygon, then its holes."""
    outer = [e for e in polygon.iter() if _local_name(e) == "outerBoundaryIs"]
    inner = [e for e in polygon.iter() if _local_name(e) == "innerBoundaryIs"]
    return [_read_positions(ring) for ring in (*outer, *inner)]


_POSITION = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NEAR_COMMA = re.compile(r"\s*,\s*")


def _read_positions(element: Any) -> list[list[float]]:
    """
    Positions of the first list of coordinates.

    Raises
    ------
    ValueError
        If any is none.
    """
    text = next((e.text or "" for e in element.iter() if _local_name(e) == "coordinates"), "")
    # Some write a blank behind the comma, which the standard forbids and Google Earth takes.
    made = []
    for one in _NEAR_COMMA.sub(",", text).split():
        numbers = one.rstrip(",").split(",")
        if len(numbers) not in {2, 3} or not all(map(_POSITION.fullmatch, numbers)):
            raise ValueError(f"{escape(one, 40)} is no position: longitude,latitude")
        made.append([float(v) for v in numbers])
    return made


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
        options=("date_from", "end", *AREA_OPTIONS),
        inside=(".kml", ".kmz"),
    ),
    read_placemarks,
    take_placemark,
)
