"""Who held which ground from when to when, and how much of it: the two tables of control."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.draw import flat_color
from geo.exchange.writing.tables import ColumnType, TypedColumn, TypedTable
from geo.model import CONTROL, split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder

_TEXT, _REAL, _DATE = ColumnType.TEXT, ColumnType.REAL, ColumnType.DATE


def _as_in_layers(name: str) -> TypedColumn:
    """A column that means what it means in a control layer."""
    return TypedColumn(name, _TEXT, CONTROL.column(name).doc)


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
        name: ";".join(dict.fromkeys(i for life in lives for i in split_ids(life[name])))
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
