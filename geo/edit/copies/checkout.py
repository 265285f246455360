"""
A control layer copied: for a new date, or for QGIS with what it is a copy of.

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
from typing import TYPE_CHECKING, Any

import shapely

from geo import model
from geo.draw import side_colors
from geo.errors import DateError, GeoError, escape
from geo.exchange import (
    FACTS,
    ColumnType,
    FormField,
    Project,
    ProjectLayer,
    TypedColumn,
    TypedTable,
    context_tables,
    features_table,
    geopackage,
    place_tables,
    render_project,
)
from geo.layers import digest, dump_table, private_folder, read_bytes, save_file, write_control

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from geo.layers import Folder

ORIENTATION = "Orientation."
"""What the tables of borders and roads say of themselves."""

TABLE = "control"
"""The table of a working copy that is edited; the others are there to look at."""


_PLACES = ("places", "places_lines", "places_areas")
"""Their tables, by dimension."""


def project_text(folder: Folder, day: dt.date, name: str) -> str:
    """The project that opens the working copy, ready to be edited."""
    earlier = earlier_day(folder, day)
    values = folder.theatre.properties
    context = [table.name for table in context_tables(folder.context, ORIENTATION)]
    west, south, east, north = (float(v) for v in shapely.bounds(folder.area))
    return render_project(
        Project(
            title=f"{values['name']}: control on {day}, working copy",
            words=(
                f"A working copy of the control layer of {day}. Edit the layer `control {day}` "
                "only, save in QGIS, stop editing, then run `frontline save`. To move ground, "
                "split an area along the new border and give the part its holder in the form; "
                "the whole study area must stay covered once."
            ),
            package=name,
            fields=_form(folder),
            sides=folder.sides,
            colors=side_colors(folder.own_colors, set(folder.sides.values())),
            bounds=(west, south, east, north),
            edited=TABLE,
            edited_title=f"control {day}",
            above=(
                ProjectLayer("events", "events", 0),
                *(
                    ProjectLayer(one.name, one.name.replace("_", ", "), _PLACES.index(one.name))
                    for one in place_tables(tuple(folder.places.values()), "")
                ),
            ),
            previous=ProjectLayer("previous", f"border on {earlier}", 2) if earlier else None,
            below=(
                *(
                    ProjectLayer(one, one.replace("_", " "), ("points", "lines", "areas").index(k))
                    for one in context
                    for k in [one.removeprefix("context_")]
                ),
                ProjectLayer("sources", "sources", None),
                ProjectLayer("statements", "statements", None),
            ),
            credit=str(values["attribution"] or ""),
        )
    )


_RANDOM_ID = "'ctl-' || substr(uuid(), 2, 8)"


def _form(folder: Folder) -> list[FormField]:
    """One field a column: what the schema and the tables allow."""
    rows = folder.rows("actors")
    holders = sorted(
        (side != name, str(rows[side].values["name"]) if side in rows else side, name)
        for name, side in folder.sides.items()
    )
    choices = tuple(
        (
            str(rows[n].values["name"])
            if is_side is False
            else f"{side}: {rows[n].values['name']}",
            n,
        )
        for is_side, side, n in holders
    )
    listed = "|".join(sorted(folder.sides))
    words: dict[str, dict[str, Any]] = {
        "id": {"is_required": True, "is_unique": True, "is_locked": True, "default": _RANDOM_ID},
        "controller": {
            "choices": choices,
            "rule": "CASE WHEN \"status\" IN ('controlled', 'advance') THEN "
            "coalesce(\"controller\", '') <> '' WHEN \"status\" IN ('unknown', 'none') THEN "
            "coalesce(\"controller\", '') = '' ELSE true END",
            "rule_words": "who holds it; empty where the status is unknown or none",
        },
        "controllers": {
            "rule": "coalesce(\"controllers\", '') = '' AND "
            "coalesce(\"status\", '') NOT IN ('contested', 'mixed') "
            f"OR regexp_match(\"controllers\", '^({listed})(;({listed}))+$') > 0",
            "rule_words": "ids of the parties joined by ; such as government;opposition, "
            "where the status is contested or mixed",
        },
        "status": {"choices": _same(model.Status), "is_required": True},
        "basis": {"choices": _same(model.Basis), **_known("basis")},
        "confidence": {"choices": _same(model.Confidence), **_known("confidence")},
        "note": {"is_long": True},
    }
    return [
        FormField(column.name, column.name, **words.get(column.name, {}))
        for column in model.CONTROL.columns
    ]


def _known(name: str) -> dict[str, str]:
    return {
        "rule": f"\"status\" = 'unknown' OR coalesce(\"{name}\", '') <> ''",
        "rule_words": "must be said of everything but unknown ground",
    }


def _same(choices: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one), str(one)) for one in choices)


def layer_path(folder: Folder, day: dt.date) -> Path:
    """The file of a control layer."""
    return folder.root / "control" / f"{day.isoformat()}.geojson"


def earlier_day(folder: Folder, day: dt.date) -> dt.date | None:
    """The date of the layer before; None for the first."""
    return max((one for one in folder.control if one < day), default=None)


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
    day = model.parse_day(day)
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
        kept.append(features_table("previous", f"Control on {earlier}.", model.CONTROL, features))
    kept += [
        features_table("events", "Events.", model.EVENTS, folder.events),
        *place_tables(tuple(folder.places.values()), "Places."),
        *context_tables(folder.context, ORIENTATION),
        _rows_table(model.SOURCES, folder.sources.rows, "Who published what."),
        _rows_table(model.STATEMENTS, folder.statements.rows, "Who said that whom held a place."),
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


def _with_unknown(features: Sequence[model.Feature]) -> TypedTable:
    """The layer with the properties that its schema does not know: a person typed them."""
    unknown = sorted({key for f in features for key in f.properties} - set(model.CONTROL.names))
    table = features_table(TABLE, "The layer to edit.", model.CONTROL, features)
    more = tuple(TypedColumn(name, ColumnType.TEXT) for name in unknown)
    rows = [
        (*row, *(text_of(f.properties.get(name)) for name in unknown))
        for row, f in zip(table.rows, features, strict=True)
    ]
    return replace(table, columns=(*table.columns, *more), rows=rows)


def text_of(value: object) -> str | None:
    """A value as the text of a cell; None stays."""
    return None if value is None else str(value)


def _rows_table(schema: model.Schema, rows: Sequence[model.Row], doc: str) -> TypedTable:
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


def redate_ledger(folder: Folder, day: dt.date) -> tuple[str, ...]:
    """
    Let the rows of the ledger that span a new date begin at it.

    A layer put between two others is a copy of the former, so what changed between them changed
    after it; rows that tell of an earlier day then say so, and wait for the layer to be drawn.

    Parameters
    ----------
    folder
        The theatre, as read before the layer was written.
    day
        The new date.

    Returns
    -------
    ids
        Of the rows that were dated anew.

    Raises
    ------
    StaleLayerError
        If the ledger changed on disk meanwhile; it is not written.
    """
    before = earlier_day(folder, day)
    after = min((one for one in folder.control if one > day), default=None)
    if before is None or after is None:
        return ()
    span = (str(before), str(after))
    changed, rows = [], []
    for row in folder.changes.rows:
        if (row.values["from_date"], row.values["to_date"]) == span:
            changed.append(row.id)
            row = replace(row, values={**row.values, "from_date": str(day)})
        rows.append(row)
    if changed:
        data = dump_table(rows, schema=model.CHANGES)
        path = folder.root / model.CHANGES.path
        save_file(path, data, expected=folder.changes.digest, root=folder.root)
    return tuple(changed)


def new_layer(folder: Folder, day: str | dt.date, source: str | dt.date | None = None) -> Path:
    """
    Begin the control layer of a date as a copy of an earlier one.

    Patches keep their ids, and borders stay identical to the last digit: what is edited then is
    what changed.

    Parameters
    ----------
    folder
        The theatre.
    day
        The new date.
    source
        Date of the layer to copy; the default is the one in force on `day`.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    DateError
        If `day` has a layer already, or there is none to copy.
    StaleLayerError
        If the file appeared meanwhile; nothing is written.
    """
    date = model.parse_day(day)
    if date in folder.control:
        raise DateError(f"there is a layer of {date} already: edit that, or choose another date")
    if source is None:
        earlier = [known for known in folder.control if known < date]
        if not earlier:
            raise DateError(
                f"no layer is older than {date}; name one to copy with --from, or draft it with "
                f"`frontline estimate {date}`"
            )
        chosen = max(earlier)
    else:
        chosen = model.parse_day(source)
        if chosen not in folder.control:
            days = ", ".join(str(known) for known in folder.control) or "none"
            raise DateError(f"there is no layer of {chosen} to copy; there are: {days}")
    return write_control(folder, date, folder.control[chosen].features)
