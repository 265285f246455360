"""
Other people's tools: what a theatre says, in the formats that they read.

Control leaves as dated intervals ``[valid_from, valid_to)``: a patch holds from the first day up
to, but not on, the second; an empty second means as of the last layer. Every file names its dates,
its credits and the licences of its sources; coordinates are longitude, latitude on WGS 84. The same
theatre gives the same bytes, whoever asks and when. Text that a spreadsheet would run as a formula
is neutralised, and no path, user or clock gets into a file.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import tempfile
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely

from geo._version import __version__
from geo.errors import GeoError, escape
from geo.exchange import series
from geo.exchange.qgis import symbols
from geo.layers import digest, save_file, unfold
from geo.model import (
    ACTORS,
    ALIGNMENTS,
    ASSESSMENTS,
    CHANGES,
    CONTEXT,
    CONTROL,
    EVENTS,
    PLACES,
    SOURCES,
    STATEMENTS,
    THEATRE,
    Feature,
    Schema,
    Status,
    parse_day,
    split_ids,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.layers import Folder

__all__ = [
    "FORMATS",
    "LAYERS",
    "Columns",
    "Format",
    "Table",
    "about",
    "export_series",
    "features_table",
    "geopackage",
    "render",
    "spreadsheet_safe",
    "write_export",
]

Type = Literal["text", "integer", "real", "date"]

Columns = tuple[tuple[str, Type, str], ...]
"""Name, type and meaning of each column."""

LAYERS = ("control", "events", "places")
"""What a format that holds one layer can be asked for."""

_CRS = "OGC:CRS84"
_EPOCH = "1980-01-01T00:00:00.000Z"
"""Written where a format demands a time of writing: the same input gives the same bytes."""

_FALLBACK = ("#4477aa", "#cc6677", "#228833", "#aa7733", "#66ccee", "#aa3377")
"""Colours of sides that have none of their own (Tol, bright), in order of id."""

_GREY = "#b8b8b8"
_SHARED = frozenset({Status.CONTESTED, Status.MIXED, Status.ADVANCE})


@dataclass(frozen=True, slots=True)
class Format:
    """
    One way out.

    Attributes
    ----------
    suffix
        How its files are called.
    doc
        One line: what it is and who reads it.
    layered
        Whether one file holds one layer, which the caller chooses.
    make
        From the content and the name of the file without its suffix, to the bytes of each file by
        its suffix.
    """

    suffix: str
    doc: str
    layered: bool
    make: Callable[[_Content, str, str], dict[str, bytes]]


@dataclass(frozen=True, slots=True)
class Table:
    """
    Rows of one kind with typed columns; the common ground of all formats.

    Attributes
    ----------
    name
        What other programs call the layer.
    doc
        One line: what it holds.
    columns
        Name, type and meaning of each.
    rows
        One value a column; None where there is none.
    geometry
        One shape a row; None for a table without any.
    """

    name: str
    doc: str
    columns: Columns
    rows: list[tuple[Any, ...]]
    geometry: NDArray[np.object_] | None = None

    @property
    def names(self) -> list[str]:  # numpydoc ignore=RT01
        """The names of the columns, in order."""
        return [name for name, _, _ in self.columns]

    def column(self, name: str) -> list[Any]:
        """
        Return the values of one column.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        values
            One a row.
        """
        at = self.names.index(name)
        return [row[at] for row in self.rows]

    def records(self) -> Iterator[dict[str, Any]]:
        """
        Return the rows, each with the names of its columns.

        Returns
        -------
        records
            One a row.
        """
        names = self.names
        return (dict(zip(names, row, strict=True)) for row in self.rows)


@dataclass(frozen=True, slots=True)
class _Content:
    """What is exported: the theatre as tables, its colours, and what is said about it."""

    folder: Folder
    composite: Composite
    about: dict[str, Any]
    colors: dict[str, str]
    tables: dict[str, Table]


def render(
    folder: Folder, composite: Composite, *, to: str, layer: str = "control", stem: str = "theatre"
) -> dict[str, bytes]:
    """
    Return a theatre in a format of others.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    to
        One of `FORMATS`.
    layer
        One of `LAYERS`, for a format that holds one.
    stem
        Name of the file without its suffix; a project file names its neighbour by it.

    Returns
    -------
    files
        Content by suffix; one file, but for ``qgis-temporal``.

    Raises
    ------
    ValueError
        If there is no such format or layer.
    GeoError
        If a library that the format needs is not installed, or GDAL cannot write it.
    """
    if to not in FORMATS:
        raise ValueError(f"to is {to!r}; it must be one of {', '.join(FORMATS)}")
    if layer not in LAYERS:
        raise ValueError(f"layer is {layer!r}; it must be one of {', '.join(LAYERS)}")
    return FORMATS[to].make(_content(folder, composite), layer, stem)


def write_export(
    folder: Folder, composite: Composite, path: Path, *, to: str, layer: str = "control"
) -> tuple[Path, ...]:
    """
    Write a theatre in a format of others; files that are there are replaced whole.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    path
        The file to write; its folder must exist.
    to
        One of `FORMATS`.
    layer
        One of `LAYERS`, for a format that holds one.

    Returns
    -------
    paths
        The files written; `path` comes first.

    Raises
    ------
    ValueError
        If there is no such format or layer, or `path` does not end as the format's files do.
    GeoError
        If `path` lies among the layers, a library that the format needs is not installed, or the
        system refuses to write.
    """
    suffix = FORMATS[to].suffix if to in FORMATS else path.suffix
    if not path.name.endswith(suffix) or path.name == suffix:
        raise ValueError(f"{path.name!r} is no name for {to}; let it end in {suffix}")
    if path.resolve().is_relative_to(folder.root.resolve()):
        raise GeoError(
            f"{escape(str(path))} lies among the layers; an export is derived, write it elsewhere"
        )
    stem = path.name.removesuffix(suffix)
    made = render(folder, composite, to=to, layer=layer, stem=stem)
    targets = {path.with_name(stem + ending): data for ending, data in made.items()}
    for target, data in targets.items():
        current = digest(target.read_bytes()) if target.is_file() else None
        save_file(target, data, expected=current)
    return tuple(sorted(targets, key=lambda target: target != path))


def export_series(
    folder: Folder,
    composite: Composite,
    root: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> series.Store:
    """
    Write a theatre as a folder of GeoParquet, partitioned by date; see `geo.exchange.series`.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    root
        The folder; a series that lies there is replaced whole.
    progress
        Told how many dates are written, and of how many.

    Returns
    -------
    store
        The series, on disk.

    Raises
    ------
    ValueError
        If there is no control layer.
    GeoError
        If `root` lies among the layers or holds something else, pyarrow is not installed, or the
        system refuses to write.
    """
    if root.resolve().is_relative_to(folder.root.resolve()):
        raise GeoError(
            f"{escape(str(root))} lies among the layers; an export is derived, write it elsewhere"
        )
    places = [
        (place.id, place.geometry.x, place.geometry.y)
        for place in folder.places.values()
        if isinstance(place.geometry, shapely.Point)
    ]
    return series.write_store(
        composite, root, places=places, about=about(folder, composite), progress=progress
    )


def about(folder: Folder, composite: Composite) -> dict[str, Any]:
    """
    Return what a reader must know of an export, as a STAC Collection.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.

    Returns
    -------
    about
        JSON values only: title, description, extent in space and time, providers, and beside the
        words of STAC ``attribution``, ``licences`` (by publisher, where a source names one) and
        ``how_to_read``.
    """
    values = folder.theatre.properties
    west, south, east, north = (float(v) for v in shapely.bounds(folder.area))
    first = f"{composite.dates[0]}T00:00:00Z" if composite.dates else None
    last = f"{composite.dates[-1]}" if composite.dates else None
    rows = [row.values for row in folder.sources.rows]
    publishers = sorted({str(row["publisher"]) for row in rows})
    licences = sorted({(str(r["publisher"]), str(r["licence"])) for r in rows if r["licence"]})
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": folder.theatre.id,
        "title": values["name"],
        "description": values["summary"] or values["name"],
        "license": "various",
        "attribution": values["attribution"] or "",
        "licences": [{"publisher": name, "licence": text} for name, text in licences],
        "providers": [{"name": name, "roles": ["producer"]} for name in publishers],
        "extent": {
            "spatial": {"bbox": [[west, south, east, north]]},
            "temporal": {"interval": [[first, None]]},
        },
        "crs": _CRS,
        "timezone": values["timezone"],
        "as_of": last,
        "how_to_read": (
            "Control holds from valid_from up to, but not on, valid_to; an empty valid_to means as "
            "of the last layer. A date is the end of a civil day in the time zone given. Areas are "
            "geodesic square kilometres on WGS 84; an edge is straight in longitude, latitude."
        ),
        "generator": f"geo-frontline {__version__}",
        "links": [],
    }


def spreadsheet_safe(text: str) -> str:
    """
    Return text that no spreadsheet runs as a formula.

    Parameters
    ----------
    text
        Anything.

    Returns
    -------
    text
        With an apostrophe before every sign that could begin a formula: at the beginning, or after
        what another program may take for the end of a cell.

    Examples
    --------
    >>> spreadsheet_safe("=1+1"), spreadsheet_safe("a;=1+1"), spreadsheet_safe("5 - 3")
    ("'=1+1", "a;'=1+1", '5 - 3')
    """
    return _FORMULA.sub(r"\1'", text)


_FORMULA = re.compile("(^|[;\\t\\r\\n|])(?=[=+\\-@\\t\\r＝＋－＠])")


# --- the theatre as tables ----------------------------------------------------


def _content(folder: Folder, composite: Composite) -> _Content:
    colors = _colors(folder)
    made = [
        _control(folder, composite, colors),
        features_table("events", "Events, one row each.", EVENTS, folder.events),
        features_table("places", "Places.", PLACES, tuple(folder.places.values())),
        _areas(folder, composite),
        *(
            _records(folder, schema, doc)
            for schema, doc in (
                (STATEMENTS, "Who said that whom held a place."),
                (CHANGES, "Why the ground or our picture of it changed."),
                (ASSESSMENTS, "Dates that somebody looked at."),
                (ACTORS, "Who is who."),
                (ALIGNMENTS, "Who stands with whom, and when."),
                (SOURCES, "Who published what."),
            )
        ),
        features_table("theatre", "The study area.", THEATRE, (folder.theatre,)),
        *_context(folder),
    ]
    return _Content(
        folder, composite, about(folder, composite), colors, {table.name: table for table in made}
    )


def _typed(schema: Schema) -> tuple[tuple[str, Type, str], ...]:
    kinds: dict[str, Type] = {"integer": "integer", "date": "date"}
    return tuple((c.name, kinds.get(c.kind, "text"), c.doc) for c in schema.columns)


def _row(schema: Schema, values: Mapping[str, Any]) -> tuple[Any, ...]:
    dates = {column.name for column in schema.columns if column.kind == "date"}
    return tuple(
        parse_day(str(values[name])) if name in dates and values[name] else values[name]
        for name in schema.names
    )


def features_table(name: str, doc: str, schema: Schema, features: Sequence[Feature]) -> Table:
    """
    Return features as a table; properties that the schema does not know are left out.

    Parameters
    ----------
    name
        Name of the table.
    doc
        One line: what it holds.
    schema
        What the features are.
    features
        One a row.

    Returns
    -------
    table
        A column for each of the schema.
    """
    geometry = np.empty(len(features), dtype=object)
    geometry[:] = [feature.geometry for feature in features]
    rows = [_row(schema, feature.properties) for feature in features]
    return Table(name, doc, _typed(schema), rows, geometry)


def _records(folder: Folder, schema: Schema, doc: str) -> Table:
    rows = [_row(schema, row.values) for row in getattr(folder, schema.name).rows]
    return Table(schema.name, doc, _typed(schema), rows)


def _context(folder: Folder) -> Iterator[Table]:
    """BorderEdges and roads: one table a kind of geometry, as desktop programs want it."""
    for dimension, name in enumerate(("points", "lines", "areas")):
        features = [
            f
            for f in folder.context
            if f.geometry is not None and shapely.get_dimensions(f.geometry) == dimension
        ]
        if features:
            yield features_table(f"context_{name}", "For orientation only.", CONTEXT, features)


_CONTROL_COLUMNS: tuple[tuple[str, Type, str], ...] = (
    ("id", "text", "Identity of the interval: patch and first day."),
    ("patch", "text", "Identity of the patch."),
    ("controller", "text", CONTROL.column("controller").doc),
    ("controller_name", "text", "Its name in Latin script."),
    ("controller_name_ar", "text", "Its name in Arabic script."),
    ("side", "text", "The side of the controller."),
    ("controllers", "text", CONTROL.column("controllers").doc),
    ("status", "text", CONTROL.column("status").doc),
    ("basis", "text", CONTROL.column("basis").doc),
    ("confidence", "text", CONTROL.column("confidence").doc),
    ("valid_from", "date", "First day on which it holds."),
    ("valid_to", "date", "First day on which it holds no longer; empty: as of the last layer."),
    ("area_km2", "real", "Geodesic area, square kilometres."),
    ("statement_ids", "text", CONTROL.column("statement_ids").doc),
    ("source_ids", "text", CONTROL.column("source_ids").doc),
    ("note", "text", "Note of its last layer."),
    ("color", "text", "Colour of the side."),
)


def _control(folder: Folder, composite: Composite, colors: Mapping[str, str]) -> Table:
    frame = composite.intervals()
    patches = {
        day: {feature.id: feature.properties for feature in layer.features}
        for day, layer in folder.control.items()
    }
    rows = []
    for spell in frame.drop(columns="geometry").to_dict("records"):
        start, end = spell["valid_from"], spell["valid_to"]
        spell["valid_to"] = None if end is None or end != end else end
        days = [d for d in composite.dates if start <= d and (end is None or d < end)]
        lives = [patches[day][spell["patch"]] for day in days]
        row = spell | _named(spell["controller"], folder, colors) | _reasons(lives)
        row |= {"id": f"{spell['patch']}@{start}", "area_km2": float(spell["area_km2"])}
        rows.append(tuple(row[name] or None for name, _, _ in _CONTROL_COLUMNS))
    geometry = shapely.orient_polygons(np.array(frame.geometry, dtype=object))
    doc = "Who held which ground from when to when, one row an interval."
    return Table("control", doc, _CONTROL_COLUMNS, rows, geometry)


def _named(controller: str, folder: Folder, colors: Mapping[str, str]) -> dict[str, Any]:
    """What the table of actors says of a controller."""
    actor = folder.rows("actors").get(controller)
    side = folder.sides.get(controller, controller)
    return {
        "controller_name": actor and actor.values["name"],
        "controller_name_ar": actor and actor.values["name_ar"],
        "side": side,
        "color": colors.get(side, _GREY),
    }


def _reasons(lives: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Why a patch was drawn so, over all layers of an interval."""
    reasons = {
        name: ";".join(dict.fromkeys(i for life in lives for i in split_ids(life[name])))
        for name in ("statement_ids", "source_ids")
    }
    return {**reasons, "note": lives[-1]["note"]}


def _areas(folder: Folder, composite: Composite) -> Table:
    actors = folder.rows("actors")
    rows = []
    for item in composite.areas().to_dict("records"):
        name = actors[item["controller"]].values["name"] if item["controller"] in actors else None
        area = float(item["area_km2"])
        rows.append((item["date"], item["controller"] or None, name, item["status"], area))
    columns: tuple[tuple[str, Type, str], ...] = (
        ("date", "date", "Date of the layer."),
        ("controller", "text", "Who held it; empty where nobody held it alone."),
        ("controller_name", "text", "Its name in Latin script."),
        ("status", "text", CONTROL.column("status").doc),
        ("area_km2", "real", "Geodesic area, square kilometres."),
    )
    return Table("areas", "Ground of each controller at each date.", columns, rows)


def _colors(folder: Folder) -> dict[str, str]:
    """Colour of every side; one without its own takes the next of a palette."""
    actors = folder.rows("actors")
    sides = sorted({folder.sides.get(name, name) for name in actors})
    spare = iter(_FALLBACK * (len(sides) // len(_FALLBACK) + 1))
    own = {s: actors[s].values["color"] for s in sides if s in actors and actors[s].values["color"]}
    return {side: str(own.get(side) or next(spare)) for side in sides}


@dataclass(frozen=True, slots=True)
class _Paint:
    """How ground is drawn: a fill, how opaque, and the second colour of shared ground."""

    key: str
    title: str
    fill: str
    opacity: float
    hatch: str = ""


def _paint(row: Mapping[str, Any], content: _Content) -> _Paint:
    sides, colors = content.folder.sides, content.colors
    status = row["status"]
    if status in {Status.UNKNOWN, Status.NONE}:
        return _Paint(status, status, _GREY, 0.25)
    parties = [sides.get(p, p) for p in split_ids(row["controllers"])]
    first = row["side"] or (parties[0] if parties else "")
    fill = colors.get(first, _GREY)
    if status not in _SHARED:
        return _Paint(f"{first}-{status}", first, fill, 0.55)
    second = next((p for p in parties if p != first), first)
    key = "-".join(dict.fromkeys((first, second, status)))
    title = f"{status}: {' and '.join(dict.fromkeys((first, second)))}"
    return _Paint(key, title, fill, 0.3, colors.get(second, _GREY))


# --- text formats ---------------------------------------------------------------


def _text(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, dt.date) else value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _geojson(content: _Content, layer: str, _: str) -> dict[str, bytes]:
    table = content.tables[layer]
    assert table.geometry is not None
    lines = []
    for record, geometry in zip(table.records(), table.geometry, strict=True):
        properties = {name: _text(value) for name, value in record.items()}
        if "area_km2" in properties:
            properties["area_km2"] = round(properties["area_km2"], 6)
        shape = None if geometry is None else unfold(geometry)
        feature = {"type": "Feature", "properties": properties, "geometry": shape}
        lines.append(_json(feature))
    head = f'{{"type":"FeatureCollection","metadata":{_json(content.about)},"features":[\n'
    return {".geojson": (head + ",\n".join(lines) + "\n]}\n").encode()}


def _csv(content: _Content, layer: str, _: str) -> dict[str, bytes]:
    table = content.tables[layer]
    assert table.geometry is not None
    points = [_inside(geometry) for geometry in table.geometry]
    columns = {name: table.column(name) for name in table.names}
    columns["lon"] = [point[0] for point in points]
    columns["lat"] = [point[1] for point in points]
    return {".csv": _delimited(columns, content)}


def _inside(geometry: shapely.Geometry | None) -> tuple[float | None, float | None]:
    """A position on the ground itself; a point is its own."""
    if geometry is None:
        return None, None
    point = shapely.point_on_surface(geometry)
    return round(float(shapely.get_x(point)), 6), round(float(shapely.get_y(point)), 6)


def _delimited(columns: Mapping[str, Sequence[Any]], content: _Content) -> bytes:
    """CSV that a spreadsheet opens without harm; UTF-8 with the mark that it looks for."""
    import pandas as pd

    count = len(next(iter(columns.values())))
    credit = _credit(content)
    cells = {
        name: [_cell(value) for value in values]
        for name, values in {**columns, "attribution": [credit] * count}.items()
    }
    text = StringIO()
    pd.DataFrame(cells, dtype=object).to_csv(text, index=False, lineterminator="\n")
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}"
    return spreadsheet_safe(value) if isinstance(value, str) else str(value)


def _credit(content: _Content) -> str:
    said = content.about
    licences = "; ".join(f"{one['publisher']}: {one['licence']}" for one in said["licences"])
    parts = [f"{said['title']}, as of {said['as_of']}.", said["attribution"]]
    if licences:
        parts.append(f"Licences: {licences}.")
    return " ".join(part for part in parts if part)


_ACLED_COLUMNS = (
    *("event_id_cnty", "event_date", "year", "time_precision", "disorder_type", "event_type"),
    *("sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2"),
    *("interaction", "civilian_targeting", "iso", "region", "country", "admin1", "admin2"),
    *("admin3", "location", "latitude", "longitude", "geo_precision", "source", "source_scale"),
    *("notes", "fatalities", "tags", "timestamp"),
)


def _acled(content: _Content, _: str, __: str) -> dict[str, bytes]:
    rows = [_acled_row(event, content.folder) for event in content.folder.events]
    columns = {name: [row.get(name) for row in rows] for name in _ACLED_COLUMNS}
    return {".csv": _delimited(columns, content)}


def _acled_row(event: Feature, folder: Folder) -> dict[str, Any]:
    """One event in ACLED's columns; what ACLED codes and we do not stays empty."""
    values = event.properties
    actors, sources = folder.rows("actors"), folder.rows("sources")
    place = folder.places.get(str(values["place_id"] or ""))
    row = {name: values[name] for name in _ACLED_COLUMNS if name in EVENTS.names}
    for name in ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2"):
        known = [actors[i].values["name"] for i in split_ids(values[name]) if i in actors]
        row[name] = "; ".join(str(one) for one in known) or None
    lon, lat = _inside(event.geometry)
    published = [str(sources[i].values["publisher"]) for i in split_ids(values["source_ids"])]
    kind = str(values["event_type"])
    return row | {
        "event_id_cnty": event.id,
        "year": str(values["event_date"])[:4],
        "disorder_type": _disorder(kind, str(values["sub_event_type"])),
        "civilian_targeting": "Civilian targeting" if kind.endswith("civilians") else None,
        "admin1": place.properties["admin1"] if place else None,
        "location": values["location"] or (place.properties["name"] if place else None),
        "latitude": lat,
        "longitude": lon,
        "source": "; ".join(dict.fromkeys(published)) or None,
        "tags": f"end_date={values['end_date']}" if values["end_date"] else None,
    }


def _disorder(event_type: str, sub_event_type: str) -> str:
    """ACLED's disorder type, as its codebook derives it."""
    if event_type == "Strategic developments":
        return event_type
    if sub_event_type == "Excessive force against protesters":
        return "Political violence; Demonstrations"
    if event_type == "Protests" or sub_event_type == "Violent demonstration":
        return "Demonstrations"
    return "Political violence"


# --- TopoJSON -------------------------------------------------------------------


def _topojson(content: _Content, _: str, __: str) -> dict[str, bytes]:
    """Shared arcs, so that a web map can take fronts with ``topojson.mesh``."""
    arcs = content.composite.arcs
    control = content.tables["control"]
    assert control.geometry is not None
    walker = _Walker(arcs.coords, arcs.offsets)
    west, south = np.rint(shapely.total_bounds(content.folder.area)[:2] * 1e6).astype(np.int64)
    origin = np.array([west, south])

    def grid(xy: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.asarray(np.rint(xy * 1e6).astype(np.int64) - origin)

    geometries = []
    for record, geometry in zip(control.records(), control.geometry, strict=True):
        parts = [
            [walker.walk(shapely.get_coordinates(ring)[::-1]) for ring in _rings(part)]
            for part in shapely.get_parts(geometry)
        ]
        properties = {name: _text(value) for name, value in record.items()}
        properties["area_km2"] = round(properties["area_km2"], 6)
        geometries.append({"type": "MultiPolygon", "arcs": parts, "properties": properties})
    objects = {"control": {"type": "GeometryCollection", "geometries": geometries}}
    for name in ("events", "places"):
        table = content.tables[name]
        assert table.geometry is not None
        objects[name] = {
            "type": "GeometryCollection",
            "geometries": [
                {
                    **_quantized(geometry, grid),
                    "properties": {key: _text(value) for key, value in record.items()},
                }
                for record, geometry in zip(table.records(), table.geometry, strict=True)
            ],
        }
    steps = []
    for start, end in pairwise(arcs.offsets):
        points = grid(arcs.coords[start:end])
        steps.append(np.diff(points, axis=0, prepend=[[0, 0]]).tolist())
    topology = {
        "type": "Topology",
        "metadata": content.about,
        "bbox": [float(v) for v in shapely.total_bounds(content.folder.area)],
        "transform": {"scale": [1e-6, 1e-6], "translate": [west / 1e6, south / 1e6]},
        "objects": objects,
        "arcs": steps,
    }
    return {".topojson": (_json(topology) + "\n").encode()}


def _quantized(
    geometry: shapely.Geometry | None,
    grid: Callable[[NDArray[np.float64]], NDArray[np.int64]],
) -> dict[str, Any]:
    if geometry is None:
        return {"type": None}
    return {"type": "Point", "coordinates": grid(shapely.get_coordinates(geometry))[0].tolist()}


def _rings(polygon: shapely.Geometry) -> list[shapely.Geometry]:
    """The shell of a polygon, then its holes."""
    return list(shapely.get_rings(polygon))


class _Walker:
    """Finds the arcs that a ring runs along, by the first two vertices of each."""

    def __init__(self, coords: NDArray[np.float64], offsets: NDArray[np.int64]) -> None:
        self._runs: dict[tuple[float, ...], tuple[int, int]] = {}
        self._nodes: set[tuple[float, float]] = set()
        for arc, (start, end) in enumerate(pairwise(offsets)):
            points = coords[start:end]
            steps = end - start - 1
            self._runs[*points[0], *points[1]] = (arc, steps)
            self._runs[*points[-1], *points[-2]] = (~arc, steps)
            self._nodes.update({tuple(points[0]), tuple(points[-1])})

    def walk(self, ring: NDArray[np.float64]) -> list[int]:
        """Indexes of the arcs of a closed ring; the complement of one that is run backwards."""
        points = [tuple(xy) for xy in ring[:-1].tolist()]
        first = next(i for i, point in enumerate(points) if point in self._nodes)
        points = points[first:] + points[: first + 1]
        at, found = 0, []
        while at < len(points) - 1:
            arc, steps = self._runs[*points[at], *points[at + 1]]
            found.append(arc)
            at += steps
        return found


# --- KML ------------------------------------------------------------------------

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: object) -> str:
    """Text for an XML element; what XML cannot hold is shown as the replacement character."""
    return xml_escape(_NOT_XML.sub("\ufffd", str(text)))


def _kml(content: _Content, _: str, __: str) -> dict[str, bytes]:
    control, events, places = (content.tables[name] for name in LAYERS)
    paints = {p.key: p for p in (_paint(row, content) for row in control.records())}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<kml xmlns="http://www.opengis.net/kml/2.2">',
        "<Document>",
        f"<name>{_xml(content.about['title'])}</name>",
        "<open>1</open>",
        f"<description>{_xml(_credit(content) + ' ' + content.about['how_to_read'])}</description>",
        *(_kml_style(paint) for _, paint in sorted(paints.items())),
        *(_kml_schema(table) for table in (control, events, places)),
        *_kml_control(control, content),
        *_kml_events(events),
        *_kml_places(places),
        "</Document>",
        "</kml>",
    ]
    return {".kml": ("\n".join(lines) + "\n").encode()}


def _kml_style(paint: _Paint) -> str:
    red, green, blue = paint.fill[1:3], paint.fill[3:5], paint.fill[5:7]
    line = (paint.hatch or paint.fill)[1:]
    return (
        f"<Style id={quoteattr(paint.key)}>"
        f"<LineStyle><color>ff{line[4:6]}{line[2:4]}{line[0:2]}</color><width>1.5</width></LineStyle>"
        f"<PolyStyle><color>{round(paint.opacity * 255):02x}{blue}{green}{red}</color></PolyStyle>"
        "</Style>"
    )


def _kml_schema(table: Table) -> str:
    kinds = {"integer": "int", "real": "double"}
    cells = "".join(
        f'<SimpleField type="{kinds.get(kind, "string")}" name={quoteattr(name)}/>'
        for name, kind, _ in table.columns
    )
    return f'<Schema name="{table.name}" id="{table.name}">{cells}</Schema>'


def _kml_control(table: Table, content: _Content) -> Iterator[str]:
    assert table.geometry is not None
    yield "<Folder>"
    yield "<name>Control</name>"
    for record, geometry in zip(table.records(), table.geometry, strict=True):
        paint = _paint(record, content)
        # A day of KML is a whole day: the last one on which the interval holds ends the span, or
        # two holders would be drawn on the day of the change.
        until = record["valid_to"] and record["valid_to"] - dt.timedelta(days=1)
        end = f"<end>{until}</end>" if until else ""
        span = f"<TimeSpan><begin>{record['valid_from']}</begin>{end}</TimeSpan>"
        title = record["controller_name"] or paint.title
        yield from _placemark(title, record, span, paint.key, table, _kml_area(geometry))
    yield "</Folder>"


def _kml_events(table: Table) -> Iterator[str]:
    assert table.geometry is not None
    yield "<Folder>"
    yield "<name>Events</name>"
    for record, geometry in zip(table.records(), table.geometry, strict=True):
        first, last = record["event_date"], record["end_date"] or record["event_date"]
        span = f"<TimeSpan><begin>{first}</begin><end>{last}</end></TimeSpan>"
        title = f"{record['sub_event_type']}, {record['location'] or 'no place'}"
        yield from _placemark(title, record, span, "", table, _kml_point(geometry))
    yield "</Folder>"


def _kml_places(table: Table) -> Iterator[str]:
    assert table.geometry is not None
    yield "<Folder>"
    yield "<name>Places</name>"
    yield "<visibility>0</visibility>"
    for record, geometry in zip(table.records(), table.geometry, strict=True):
        yield from _placemark(record["name"], record, "", "", table, _kml_point(geometry))
    yield "</Folder>"


def _placemark(
    title: str, record: Mapping[str, Any], span: str, style: str, table: Table, shape: str
) -> Iterator[str]:
    given = {name: value for name, value in record.items() if value is not None}
    # The balloon is HTML, so text is escaped for HTML first; the data below hold it as it is.
    shown = "<br>".join(f"{name}: {html.escape(str(value))}" for name, value in given.items())
    cells = "".join(
        f"<SimpleData name={quoteattr(name)}>{_xml(_text(value))}</SimpleData>"
        for name, value in given.items()
    )
    yield "<Placemark>"
    yield f"<name>{_xml(html.escape(str(title), quote=False))}</name>"
    yield '<Snippet maxLines="0"></Snippet>'
    yield f"<description>{_xml(shown)}</description>"
    if span:
        yield span
    if style:
        yield f"<styleUrl>#{_xml(style)}</styleUrl>"
    yield (
        f'<ExtendedData><SchemaData schemaUrl="#{table.name}">{cells}</SchemaData></ExtendedData>'
    )
    if shape:
        yield shape
    yield "</Placemark>"


def _kml_point(geometry: shapely.Geometry | None) -> str:
    if geometry is None:
        return ""
    return f"<Point><coordinates>{_kml_xy(geometry)}</coordinates></Point>"


def _kml_xy(geometry: shapely.Geometry) -> str:
    return " ".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(geometry).tolist())


def _kml_area(geometry: shapely.Geometry) -> str:
    parts = []
    for polygon in shapely.get_parts(geometry):
        rings = [
            f"<{name}><LinearRing><coordinates>{_kml_xy(ring)}</coordinates></LinearRing></{name}>"
            for name, ring in zip(_ring_names(), _rings(polygon), strict=False)
        ]
        parts.append(f"<Polygon>{''.join(rings)}</Polygon>")
    return f"<MultiGeometry>{''.join(parts)}</MultiGeometry>"


def _ring_names() -> Iterator[str]:
    yield "outerBoundaryIs"
    while True:
        yield "innerBoundaryIs"


# --- GeoParquet -----------------------------------------------------------------


def _geoparquet(content: _Content, layer: str, _: str) -> dict[str, bytes]:
    """GeoParquet 1.1: WKB, one row group a file, the facts in its metadata."""
    pa = _library("pyarrow", "geoparquet")
    parquet = _library("pyarrow.parquet", "geoparquet")
    table = content.tables[layer]
    assert table.geometry is not None
    kinds = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64(), "date": pa.date32()}
    fields = [pa.field(name, kinds[kind]) for name, kind, _ in table.columns]
    columns = [pa.array(table.column(f.name), f.type) for f in fields]
    shape = _uniform(table)
    fields.append(pa.field("geometry", pa.binary()))
    columns.append(pa.array(shapely.to_wkb(shape, flavor="iso").tolist(), pa.binary()))
    types = sorted({str(g.geom_type) for g in shape if g is not None})
    # No crs member: the format's default is longitude, latitude on WGS 84.
    geometry: dict[str, Any] = {"encoding": "WKB", "geometry_types": types, "edges": "planar"}
    if any(g is not None for g in shape):
        geometry["bbox"] = [float(v) for v in shapely.total_bounds(shape)]
    if "MultiPolygon" in types:
        geometry["orientation"] = "counterclockwise"
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
    metadata = {"geo": _json(geo), "about": _json(content.about)}
    sink = BytesIO()
    schema = pa.schema(fields, metadata=metadata)
    parquet.write_table(pa.Table.from_arrays(columns, schema=schema), sink, compression="zstd")
    return {".parquet": sink.getvalue()}


def _uniform(table: Table) -> NDArray[np.object_]:
    """Geometries of one type: many parts wherever one has many."""
    assert table.geometry is not None
    shape = table.geometry.copy()
    for single, make in (
        ("Polygon", shapely.multipolygons),
        ("LineString", shapely.multilinestrings),
    ):
        if any(g is not None and g.geom_type in {single, f"Multi{single}"} for g in shape):
            shape[:] = [make([g]) if g is not None and g.geom_type == single else g for g in shape]
    return shape


def _library(name: str, to: str) -> ModuleType:
    """
    Import a library that only some formats need.

    Raises
    ------
    GeoError
        If it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = {"xlsxwriter": "XlsxWriter"}.get(name, name.split(".")[0])
        raise GeoError(f"{to} needs {package}: `pip install 'geo-frontline[formats]'`") from error


# --- GDAL: GeoPackage, FlatGeobuf -------------------------------------------------


def geopackage(tables: Iterable[Table], *, about: Mapping[str, Any]) -> bytes:
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
        named = {f"about_{key}": _text_of(value) for key, value in about.items()}
        for table in tables:
            facts = {"IDENTIFIER": table.name, "DESCRIPTION": table.doc} if table.doc else {}
            # Programs of the last years read this version without a warning.
            new = {} if path.exists() else {"dataset_options": {"VERSION": "1.2"}}
            _gdal_write(path, table, "GPKG", dataset_metadata=named, layer_options=facts, **new)
        return path.read_bytes()


def _gpkg(content: _Content, _: str, __: str) -> dict[str, bytes]:
    """All tables in one GeoPackage, with the styles that QGIS finds by itself."""
    tables = [*content.tables.values(), _styles(content)]
    return {".gpkg": geopackage(tables, about=content.about)}


def _flatgeobuf(content: _Content, layer: str, _: str) -> dict[str, bytes]:
    table = content.tables[layer]
    assert table.geometry is not None
    facts = {"TITLE": str(content.about["title"]), "DESCRIPTION": _credit(content)}
    if any(geometry is None for geometry in table.geometry):
        facts["SPATIAL_INDEX"] = "NO"  # GDAL cannot index what has no place
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{layer}.fgb"
        _gdal_write(path, table, "FlatGeobuf", layer_options=facts)
        return {".fgb": path.read_bytes()}


def _text_of(value: object) -> str:
    return value if isinstance(value, str) else _json(value)


def _gdal_write(path: Path, table: Table, driver: str, **options: Any) -> None:
    """
    Write one table with its types, through the raw door that keeps dates as dates.

    Raises
    ------
    GeoError
        If GDAL cannot.
    """
    gdal, raw = _library("pyogrio", driver), _library("pyogrio.raw", driver)
    errors = _library("pyogrio.errors", driver)
    data, masks = zip(*(_gdal_column(table, name) for name in table.names), strict=True)
    shape, kind = None, None
    if table.geometry is not None:
        uniform = _uniform(table)
        shape = np.array(shapely.to_wkb(uniform), dtype=object)
        found = {str(g.geom_type) for g in uniform if g is not None}
        kind = found.pop() if len(found) == 1 else "Unknown"
    # A GeoPackage would hold the time of writing; and this one need not survive a crash.
    wanted = {"OGR_CURRENT_DATE": _EPOCH, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: gdal.get_gdal_config_option(name) for name in wanted}
    try:
        gdal.set_gdal_config_options(wanted)
        raw.write(
            str(path),
            shape,
            list(data),
            table.names,
            field_mask=list(masks),
            layer=table.name,
            driver=driver,
            geometry_type=kind,
            crs="EPSG:4326" if shape is not None else None,
            append=path.exists(),
            **options,
        )
    except (errors.DataSourceError, errors.FeatureError, errors.FieldError) as error:
        raise GeoError(f"GDAL cannot write {table.name} as {driver}: {error}") from error
    finally:
        gdal.set_gdal_config_options(before)


def _gdal_column(table: Table, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    kind = next(kind for column, kind, _ in table.columns if column == name)
    values = table.column(name)
    missing = np.array([value is None for value in values], dtype=bool)
    if kind == "text":
        return np.array(values, dtype=object), missing
    if kind == "date":
        return np.array(values, dtype="datetime64[D]"), missing
    filled = [0 if value is None else value for value in values]
    return np.array(filled, dtype="int64" if kind == "integer" else "float64"), missing


# --- QGIS -----------------------------------------------------------------------


def _qgis(content: _Content, _: str, stem: str) -> dict[str, bytes]:
    """A project whose temporal controller is set, and the GeoPackage that it draws."""
    return {".qgs": _project(content, stem).encode(), **_gpkg(content, "", stem)}


def _styles(content: _Content) -> Table:
    """The table in which QGIS looks for the style of a layer of a GeoPackage."""
    names = (
        *("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName"),
        *("styleQML", "styleSLD", "description", "owner", "ui_form", "useAsDefault", "update_time"),
    )
    columns: tuple[tuple[str, Type, str], ...] = tuple(
        (name, "integer" if name == "useAsDefault" else "text", "") for name in names
    )
    rows = [
        ("", "", layer, "geom", layer, _qml(layer, content), "", "", "", None, 1, _EPOCH)
        for layer in LAYERS
    ]
    return Table("layer_styles", "Styles for QGIS.", columns, rows)


def _qml(layer: str, content: _Content) -> str:
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.22.0">'
        f"{_renderer(layer, content)}</qgis>"
    )


_NEVER = "make_datetime(2200, 1, 1, 0, 0, 0)"


def _temporal(layer: str) -> str:
    """When a feature is shown. By expressions: QGIS compares dates and times of day as text."""
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


def _renderer(layer: str, content: _Content) -> str:
    if layer != "control":
        color = "#b03030" if layer == "events" else "#333333"
        return (
            '<renderer-v2 type="singleSymbol" forceraster="0" symbollevels="0" enableorderby="0">'
            f'<symbols><symbol type="marker" name="0" alpha="1" clip_to_extent="1">'
            f"{symbols.layer('SimpleMarker', color=symbols.rgba(color, 1), size='2.2')}"
            "</symbol></symbols></renderer-v2>"
        )
    found = {}
    for row in content.tables["control"].records():
        paint = _paint(row, content)
        value = "|".join(str(row[name] or "") for name in ("side", "status", "controllers"))
        found[value] = paint
    items = sorted(found.items())
    categories = "".join(
        f'<category render="true" symbol="{i}" value={quoteattr(value)} '
        f"label={quoteattr(paint.title)}/>"
        for i, (value, paint) in enumerate(items)
    )
    fills = "".join(
        symbols.fill(str(i), paint.fill, paint.opacity, paint.hatch)
        for i, (_, paint) in enumerate(items)
    )
    key = 'concat("side", \'|\', "status", \'|\', "controllers")'
    return (
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(key)} forceraster="0" '
        f'symbollevels="0" enableorderby="0"><categories>{categories}</categories>'
        f"<symbols>{fills}</symbols></renderer-v2>"
    )


def _project(content: _Content, stem: str) -> str:
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
    title = _xml(content.about["title"])
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
        f"<title>{title}</title><abstract>{_xml(content.about['description'])}</abstract>"
        f"<rights>{_xml(_credit(content))}</rights></resourceMetadata>\n"
        '<ProjectTimeSettings timeStep="1" timeStepUnit="d" frameRate="2" '
        'cumulativeTemporalRange="0">'
        f"<TemporalRange><start>{start}T00:00:00Z</start>"
        f"<end>{end + dt.timedelta(days=1)}T00:00:00Z</end></TemporalRange></ProjectTimeSettings>\n"
        "</qgis>\n"
    )


def _map_layer(name: str, content: _Content, source: str) -> str:
    geometry = content.tables[name].geometry
    assert geometry is not None
    dimension = max((int(shapely.get_dimensions(g)) for g in geometry if g is not None), default=0)
    kind = ("Point", "Line", "Polygon")[dimension]
    if name in LAYERS:
        style = _temporal(name) + _renderer(name, content)
    else:
        style = symbols.plain_renderer(dimension)
    return (
        f'<maplayer type="vector" geometry="{kind}" autoRefreshEnabled="0">'
        f"<id>frontline_{name}</id><datasource>{source[1:-1]}</datasource><layername>{name}</layername>"
        f'<srs>{symbols.SRS}</srs><provider encoding="UTF-8">ogr</provider>{style}'
        f"<layerGeometryType>{dimension}</layerGeometryType></maplayer>"
    )


# --- spreadsheets ---------------------------------------------------------------

_EXCEL_TEXT = 32_767
_EXCEL_FIRST_DAY = dt.date(1900, 3, 1)
"""Spreadsheets disagree on the days before."""


def _xlsx(content: _Content, _: str, __: str) -> dict[str, bytes]:
    """One sheet a table, a sheet on how to read them, and the data dictionary."""
    xlsxwriter = _library("xlsxwriter", "xlsx")
    sink = BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties(
        {
            "title": str(content.about["title"]),
            "comments": _credit(content),
            "created": dt.datetime(1980, 1, 1),  # noqa: DTZ001 - the format has no zone
        }
    )
    formats = {
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "real": book.add_format({"num_format": "#,##0.000"}),
        "integer": book.add_format({"num_format": "0"}),
    }
    tables = [t for t in content.tables.values() if not t.name.startswith(("context_", "theatre"))]
    for table in (_about_table(content), *tables, _dictionary(tables)):
        _sheet(book, table, formats)
    book.close()
    return {".xlsx": sink.getvalue()}


def _about_table(content: _Content) -> Table:
    columns: tuple[tuple[str, Type, str], ...] = (
        ("what", "text", "What is said."),
        ("text", "text", "The text."),
    )
    kept = ("title", "description", "attribution", "licences", "as_of", "timezone", "crs")
    rows = [(key, _text_of(content.about[key])) for key in (*kept, "how_to_read", "generator")]
    return Table("about", "", columns, rows)


def _dictionary(tables: Iterable[Table]) -> Table:
    columns: tuple[tuple[str, Type, str], ...] = (
        ("sheet", "text", ""),
        ("column", "text", ""),
        ("type", "text", ""),
        ("meaning", "text", ""),
    )
    rows = [(t.name, name, kind, doc) for t in tables for name, kind, doc in t.columns]
    return Table("columns", "", columns, rows)


def _sheet(book: Any, table: Table, formats: Mapping[str, Any]) -> None:
    if table.geometry is not None:
        table = _with_position(table)
    sheet = book.add_worksheet(table.name)
    for across, (name, kind, _) in enumerate(table.columns):
        sheet.write_string(0, across, name, formats["head"])
        sheet.set_column(across, across, 40 if name in {"note", "notes", "text", "meaning"} else 16)
        for down, value in enumerate(table.column(name), 1):
            if value is None:
                continue
            if kind == "date" and value >= _EXCEL_FIRST_DAY:
                sheet.write_datetime(down, across, value, formats["date"])
            elif kind in {"integer", "real"}:
                sheet.write_number(down, across, value, formats[kind])
            else:
                # Text-typed, so that what begins with = stays text; the writer drops longer ones.
                cell = str(value)
                cut = cell if len(cell) <= _EXCEL_TEXT else cell[: _EXCEL_TEXT - 1] + "…"
                sheet.write_string(down, across, cut, formats["text"])
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _with_position(table: Table) -> Table:
    assert table.geometry is not None
    points = [_inside(geometry) for geometry in table.geometry]
    more: tuple[tuple[str, Type, str], ...] = (
        ("lon", "real", "Longitude of a position on it, degrees."),
        ("lat", "real", "Latitude of the same."),
    )
    rows = [(*row, *point) for row, point in zip(table.rows, points, strict=True)]
    return replace(table, columns=(*table.columns, *more), rows=rows, geometry=None)


FORMATS: dict[str, Format] = {
    "geoparquet": Format(
        ".parquet", "One layer as GeoParquet 1.1, for DuckDB, geopandas, R.", True, _geoparquet
    ),
    "gpkg": Format(
        ".gpkg", "All layers and tables as a GeoPackage, styled for QGIS.", False, _gpkg
    ),
    "geojson-intervals": Format(
        ".geojson", "One layer as GeoJSON with valid_from and valid_to.", True, _geojson
    ),
    "topojson": Format(
        ".topojson", "Control, events and places with shared arcs, for d3.", False, _topojson
    ),
    "kml": Format(".kml", "Control, events and places in time, for Google Earth.", False, _kml),
    "csv": Format(".csv", "One layer as a table, with a position and km2.", True, _csv),
    "xlsx": Format(".xlsx", "All tables as a workbook, with areas and columns.", False, _xlsx),
    "flatgeobuf": Format(
        ".fgb", "One layer as FlatGeobuf, for web maps and GDAL.", True, _flatgeobuf
    ),
    "qgis-temporal": Format(
        ".qgs", "A QGIS project set to step through time, and its GeoPackage.", False, _qgis
    ),
    "acled-csv": Format(".csv", "Events in the columns of ACLED.", False, _acled),
}
"""Every format by its name."""
