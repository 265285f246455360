"""What is exported: the theatre as tables, its colours, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo import model
from geo._version import __version__
from geo.draw import flat_color, side_colors
from geo.exchange.texts import HALF_OPEN
from geo.exchange.writing.tables import (
    ColumnType,
    TypedColumn,
    TypedTable,
    context_tables,
    features_table,
    rows_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder

_STRIPED = frozenset({model.Status.CONTESTED, model.Status.MIXED, model.Status.ADVANCE})


@dataclass(frozen=True, slots=True)
class Paint:
    """
    How one kind of ground is drawn.

    Attributes
    ----------
    key
        What the style is called in a file.
    title
        What a legend says.
    fill
        Its colour.
    opacity
        From 0 to 1.
    hatch
        The second colour of shared ground; empty where there is none.
    """

    key: str
    title: str
    fill: str
    opacity: float
    hatch: str = ""


def side_paint(folder: Folder) -> dict[str, str]:
    """Return the colour of every side."""
    own = folder.own_colors
    return side_colors(own, {folder.sides.get(name, name) for name in own})


def paint_ground(
    row: Mapping[str, Any], sides: Mapping[str, str], colors: Mapping[str, str]
) -> Paint:
    """Return how a row of the table of control is drawn."""
    status = row["status"]
    if model.Status(status).is_nobodys:
        return Paint(status, status, flat_color(status), 0.25)
    parties = [sides.get(p, p) for p in model.split_ids(row["controllers"])]
    first = row["side"] or (parties[0] if parties else "")
    fill = colors.get(first) or flat_color(status)
    if status not in _STRIPED:
        return Paint(f"{first}-{status}", first, fill, 0.55)
    second = next((p for p in parties if p != first), first)
    key = "-".join(dict.fromkeys((first, second, status)))
    title = f"{status}: {' and '.join(dict.fromkeys((first, second)))}"
    return Paint(key, title, fill, 0.3, colors.get(second) or flat_color(status))


_TEXT, _REAL, _DATE = ColumnType.TEXT, ColumnType.REAL, ColumnType.DATE


def _as_in_layers(name: str) -> TypedColumn:
    """A column that means what it means in a control layer."""
    return TypedColumn(name, _TEXT, model.CONTROL.column(name).doc)


_CONTROL_COLUMNS = (
    TypedColumn("id", _TEXT, "Identity of the interval: patch and first day."),
    TypedColumn("patch", _TEXT, "Identity of the patch."),
    _as_in_layers("controller"),
    TypedColumn("controller_name", _TEXT, "Its name in Latin script."),
    TypedColumn("controller_name_ar", _TEXT, "Its name in Arabic script."),
    TypedColumn("side", _TEXT, "The side of the controller."),
    _as_in_layers("controllers"),
    _as_in_layers("status"),
    _as_in_layers("basis"),
    _as_in_layers("confidence"),
    TypedColumn("valid_from", _DATE, "First day on which it holds."),
    TypedColumn(
        "valid_to", _DATE, "First day on which it holds no longer; empty: as of the last layer."
    ),
    TypedColumn("area_km2", _REAL, "Geodesic area, square kilometres."),
    _as_in_layers("statement_ids"),
    _as_in_layers("source_ids"),
    TypedColumn("note", _TEXT, "Note of its last layer."),
    TypedColumn("color", _TEXT, "Colour of the side."),
)
_AREA_COLUMNS = (
    TypedColumn("date", _DATE, "Date of the layer."),
    TypedColumn("controller", _TEXT, "Who held it; empty where nobody held it alone."),
    TypedColumn("controller_name", _TEXT, "Its name in Latin script."),
    _as_in_layers("status"),
    TypedColumn("area_km2", _REAL, "Geodesic area, square kilometres."),
)


def control_table(folder: Folder, composite: Composite, colors: Mapping[str, str]) -> TypedTable:
    """Return the intervals of control, one row each, with their ground."""
    actors, sides = folder.rows("actors"), folder.sides
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
        actor = actors.get(spell["controller"])
        side = sides.get(spell["controller"], spell["controller"])
        row = spell | _reasons(lives)
        row |= {
            "id": f"{spell['patch']}@{start}",
            "controller_name": actor and actor.values["name"],
            "controller_name_ar": actor and actor.values["name_ar"],
            "side": side,
            "area_km2": float(spell["area_km2"]),
            "color": colors.get(side) or flat_color(spell["status"]),
        }
        rows.append(tuple(row[name] or None for name, _, _ in _CONTROL_COLUMNS))
    geometry = shapely.orient_polygons(np.array(frame.geometry, dtype=object))
    doc = "Who held which ground from when to when, one row an interval."
    return TypedTable("control", doc, _CONTROL_COLUMNS, rows, geometry)


def _reasons(lives: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Why a patch was drawn so, over all layers of an interval."""
    reasons = {
        name: ";".join(dict.fromkeys(i for life in lives for i in model.split_ids(life[name])))
        for name in ("statement_ids", "source_ids")
    }
    return {**reasons, "note": lives[-1]["note"]}


def areas_table(folder: Folder, composite: Composite) -> TypedTable:
    """Return the ground of each controller and status at each date."""
    actors = folder.rows("actors")
    rows = []
    for item in composite.areas().to_dict("records"):
        name = actors[item["controller"]].values["name"] if item["controller"] in actors else None
        area = float(item["area_km2"])
        rows.append((item["date"], item["controller"] or None, name, item["status"], area))
    return TypedTable("areas", "Ground of each controller at each date.", _AREA_COLUMNS, rows)


@dataclass(frozen=True, slots=True)
class Content:
    """
    What every format is made from.

    Attributes
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    about
        What `about_theatre` says.
    sides
        Side of each actor.
    colors
        Colour of each side.
    tables
        By name: ``control``, ``areas``, the layers and the tables of the folder.
    """

    folder: Folder
    composite: Composite
    about: dict[str, Any]
    sides: Mapping[str, str]
    colors: dict[str, str]
    tables: dict[str, TypedTable]

    @property
    def credit(self) -> str:
        """Title, credits and licences in one line."""
        said = self.about
        licences = "; ".join(f"{one['publisher']}: {one['licence']}" for one in said["licences"])
        parts = [f"{said['title']}, as of {said['as_of']}.", said["attribution"]]
        if licences:
            parts.append(f"Licences: {licences}.")
        return " ".join(part for part in parts if part)

    def paint(self, row: Mapping[str, Any]) -> Paint:
        """Return how a row of the table of control is drawn."""
        return paint_ground(row, self.sides, self.colors)


def gather_content(folder: Folder, composite: Composite) -> Content:
    """Return a theatre as tables."""
    colors = side_paint(folder)
    made = [
        control_table(folder, composite, colors),
        features_table("events", "Events, one row each.", model.EVENTS, folder.events),
        features_table("places", "Places.", model.PLACES, tuple(folder.places.values())),
        areas_table(folder, composite),
        rows_table("Who said that whom held a place.", model.STATEMENTS, folder.statements.rows),
        rows_table(
            "Why the ground or our picture of it changed.", model.CHANGES, folder.changes.rows
        ),
        rows_table("Dates that somebody looked at.", model.ASSESSMENTS, folder.assessments.rows),
        rows_table("Who is who.", model.ACTORS, folder.actors.rows),
        rows_table("Who stands with whom, and when.", model.ALIGNMENTS, folder.alignments.rows),
        rows_table("Who published what.", model.SOURCES, folder.sources.rows),
        features_table("theatre", "The study area.", model.THEATRE, (folder.theatre,)),
        *context_tables(folder.context, "For orientation only."),
    ]
    return Content(
        folder=folder,
        composite=composite,
        about=about_theatre(folder, composite),
        sides=folder.sides,
        colors=colors,
        tables={table.name: table for table in made},
    )


def about_theatre(folder: Folder, composite: Composite) -> dict[str, Any]:
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
        "crs": "OGC:CRS84",
        "timezone": values["timezone"],
        "as_of": last,
        "how_to_read": (
            f"Control holds from valid_from {HALF_OPEN}; an empty valid_to means as "
            "of the last layer. A date is the end of a civil day in the time zone given. Areas are "
            "geodesic square kilometres on WGS 84; an edge is straight in longitude, latitude."
        ),
        "generator": f"geo-frontline {__version__}",
        "links": [],
    }
