"""What is exported: the theatre as tables, its colours, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from geo._version import __version__
from geo.exchange.writing.control import areas_table, control_table
from geo.exchange.writing.paint import Paint, paint_ground, side_paint
from geo.exchange.writing.tables import TypedTable, context_tables, features_table, rows_table
from geo.model import (
    ACTORS,
    ALIGNMENTS,
    ASSESSMENTS,
    CHANGES,
    EVENTS,
    PLACES,
    SOURCES,
    STATEMENTS,
    THEATRE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.control import Composite
    from geo.layers import Folder


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
        features_table("events", "Events, one row each.", EVENTS, folder.events),
        features_table("places", "Places.", PLACES, tuple(folder.places.values())),
        areas_table(folder, composite),
        rows_table("Who said that whom held a place.", STATEMENTS, folder.statements.rows),
        rows_table("Why the ground or our picture of it changed.", CHANGES, folder.changes.rows),
        rows_table("Dates that somebody looked at.", ASSESSMENTS, folder.assessments.rows),
        rows_table("Who is who.", ACTORS, folder.actors.rows),
        rows_table("Who stands with whom, and when.", ALIGNMENTS, folder.alignments.rows),
        rows_table("Who published what.", SOURCES, folder.sources.rows),
        features_table("theatre", "The study area.", THEATRE, (folder.theatre,)),
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
            "Control holds from valid_from up to, but not on, valid_to; an empty valid_to means as "
            "of the last layer. A date is the end of a civil day in the time zone given. Areas are "
            "geodesic square kilometres on WGS 84; an edge is straight in longitude, latitude."
        ),
        "generator": f"geo-frontline {__version__}",
        "links": [],
    }
