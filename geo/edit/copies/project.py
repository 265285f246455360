"""The QGIS project of a working copy: what is drawn, and the form with the rules of the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from geo.draw import side_colors
from geo.exchange import (
    FormField,
    Project,
    ProjectLayer,
    context_tables,
    render_project,
)
from geo.model import CONTROL, Basis, Confidence, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    from geo.layers import Folder

ORIENTATION = "Orientation."
"""What the tables of borders and roads say of themselves."""

TABLE = "control"
"""The table of a working copy that is edited; the others are there to look at."""


def project_text(folder: Folder, day: dt.date, name: str) -> str:
    """The project that opens the working copy, ready to be edited."""
    earlier = earlier_day(folder, day)
    values = folder.theatre.properties
    own = {row.id: str(row.values["color"]) for row in folder.actors.rows if row.values["color"]}
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
            colors=side_colors(own, set(folder.sides.values())),
            bounds=(west, south, east, north),
            edited=TABLE,
            edited_title=f"control {day}",
            above=(ProjectLayer("events", "events", 0), ProjectLayer("places", "places", 0)),
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
        "status": {"choices": _same(Status), "is_required": True},
        "basis": {"choices": _same(Basis), **_known("basis")},
        "confidence": {"choices": _same(Confidence), **_known("confidence")},
        "note": {"is_long": True},
    }
    return [
        FormField(column.name, column.name, **words.get(column.name, {}))
        for column in CONTROL.columns
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
