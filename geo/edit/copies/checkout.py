"""
A control layer handed to QGIS: a GeoPackage that remembers what it is a copy of.

The layer itself is never opened elsewhere: drawing programs keep old content in memory, drop what
they do not know, and write files in ways of their own.

QGIS keeps the old file in memory: a layer that changes under it is overwritten, or the edit lands
on another feature. So it edits a copy, which holds the content that it is a copy of, and a save
merges three ways. The copy is brought up to date in place, in one transaction, as it may still be
open; it is read as SQLite, not by GDAL, because the file may come from anybody.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.edit.copies.project import ORIENTATION, TABLE, earlier_day, layer_path, project_text
from geo.errors import DateError, GeoError, escape
from geo.exchange import (
    FACTS,
    ColumnType,
    TypedColumn,
    TypedTable,
    context_tables,
    features_table,
    geopackage,
)
from geo.layers import digest, private_folder, read_bytes, save_file
from geo.model import CONTROL, EVENTS, PLACES, SOURCES, STATEMENTS, Feature, Row, Schema, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from geo.layers import Folder

_REGISTER = "workcopies.json"


def checkout(folder: Folder, day: str | dt.date, output: Path) -> tuple[Path, ...]:
    """
    Copy a control layer into a folder that QGIS edits: a GeoPackage and a project.

    Parameters
    ----------
    folder
        The theatre, as read.
    day
        Date of the layer.
    output
        The folder to make; it must not lie among the layers, nor hold a working copy.

    Returns
    -------
    paths
        The project and the GeoPackage.

    Raises
    ------
    DateError
        If there is no layer of that date.
    GeoError
        If `output` lies among the layers or holds a working copy, GDAL cannot write, or the
        system refuses to.
    """
    day = parse_day(day)
    layer = folder.control.get(day)
    if layer is None:
        dates = ", ".join(str(one) for one in folder.control)
        raise DateError(f"there is no control layer of {day}; there are {dates}")
    if output.resolve().is_relative_to(folder.root.resolve()):
        raise GeoError(
            f"{escape(str(output))} lies among the layers; a working copy belongs elsewhere"
        )
    data = read_bytes(layer_path(folder, day), root=folder.root)
    if digest(data) != layer.digest:
        raise GeoError(f"the layer of {day} changed while it was read; try again")
    base = f"control-{day}"
    paths = output / f"{base}.qgs", output / f"{base}.gpkg"
    if any(path.exists() for path in paths):
        raise GeoError(
            f"{escape(str(output))} holds a working copy of {day} already; "
            "`frontline save` it, or delete the folder to begin anew"
        )
    made = _package(folder, day, data)
    if not output.exists():
        # Beside the layers it would be committed one day; a folder that is there is left alone.
        output.mkdir(parents=True)
        save_file(output / ".gitignore", b"*\n", expected=None)
    save_file(paths[1], made, expected=None)
    save_file(paths[0], project_text(folder, day, paths[1].name).encode(), expected=None)
    _remember(folder.root, paths[1])
    return paths


def _package(folder: Folder, day: dt.date, data: bytes) -> bytes:
    """The GeoPackage: the layer, what lies round it, and what it is a copy of."""
    earlier = earlier_day(folder, day)
    kept = [_with_unknown(folder.control[day].features)]
    if earlier:
        features = folder.control[earlier].features
        kept.append(features_table("previous", f"Control on {earlier}.", CONTROL, features))
    kept += [
        features_table("events", "Events.", EVENTS, folder.events),
        features_table("places", "Places.", PLACES, tuple(folder.places.values())),
        *context_tables(folder.context, ORIENTATION),
        _rows_table(SOURCES, folder.sources.rows, "Who published what."),
        _rows_table(STATEMENTS, folder.statements.rows, "Who said that whom held a place."),
    ]
    facts = copy_facts(folder, day, data)
    columns = tuple(TypedColumn(name, ColumnType.TEXT) for name in facts)
    kept.append(TypedTable(FACTS, "", columns, [tuple(facts.values())]))
    about = {"title": folder.theatre.properties["name"], "working_copy_of": str(day)}
    return geopackage(kept, about=about)


def copy_facts(folder: Folder, day: dt.date, data: bytes) -> dict[str, str]:
    """What a working copy remembers of the layer that it was made of."""
    return {
        "theatre": folder.theatre.id,
        "date": day.isoformat(),
        "digest": digest(data),
        "content": data.decode("utf-8"),
    }


def _with_unknown(features: Sequence[Feature]) -> TypedTable:
    """The layer with the properties that its schema does not know: a person typed them."""
    unknown = sorted({key for f in features for key in f.properties} - set(CONTROL.names))
    table = features_table(TABLE, "The layer to edit.", CONTROL, features)
    more = tuple(TypedColumn(name, ColumnType.TEXT) for name in unknown)
    rows = [
        (*row, *(text_of(f.properties.get(name)) for name in unknown))
        for row, f in zip(table.rows, features, strict=True)
    ]
    return replace(table, columns=(*table.columns, *more), rows=rows)


def text_of(value: object) -> str | None:
    """A value as the text of a cell; None stays."""
    return None if value is None else str(value)


def _rows_table(schema: Schema, rows: Sequence[Row], doc: str) -> TypedTable:
    columns = tuple(TypedColumn(c.name, ColumnType.TEXT, c.doc) for c in schema.columns)
    cells = [tuple(text_of(row.values[name]) for name in schema.names) for row in rows]
    return TypedTable(schema.name, doc, columns, cells)


def _remember(root: Path, copy: Path) -> None:
    """Keep in mind where a working copy lies."""
    register = private_folder(root) / _REGISTER
    known = [str(path) for path in open_copies(root)]
    place = str(copy.resolve())
    if place not in known:
        current = digest(register.read_bytes()) if register.exists() else None
        save_file(register, json.dumps([*known, place], indent=1).encode(), expected=current)


def open_copies(root: Path) -> list[Path]:
    """
    Return the working copies that were made of a theatre and are still there.

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    paths
        Their GeoPackages, in the order in which they were made.
    """
    from pathlib import Path

    register = root / ".frontline" / _REGISTER
    try:
        known = json.loads(register.read_bytes())
    except (OSError, ValueError):
        return []
    return [Path(place) for place in known if isinstance(place, str) and Path(place).is_file()]
