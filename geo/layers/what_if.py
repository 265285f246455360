"""
The file of a what-if: control as it would be if a side advanced, which nobody reported.

It lies outside of the layers folder; each patch has an id that begins with ``what-if-`` and says
in ``what_if`` which question it answers. No layer of control may hold such a patch: every reader
and writer of control refuses it (`geo.layers.geojson`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import GeoError, SchemaError, escape
from geo.layers.files import digest, read_bytes, save_file
from geo.layers.geojson import dump_geojson, read_geojson
from geo.model import CONTROL, WHAT_IF_ID, WHAT_IF_MARK, Column, Feature, Label, Patch, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection
    from os import PathLike

    from geo.model import Value

WHAT_IF = replace(
    CONTROL,
    name="what-if",
    path="what-if/*.geojson",
    columns=(
        *CONTROL.columns,
        Column(WHAT_IF_MARK, "text", "The question that the layer answers.", required=True),
        Column("from_date", "date", "The date from which it departs.", required=True),
        Column("advancing", "ref", "The side that advances.", required=True, refers_to="actors"),
    ),
)
"""A patch of a what-if: those of control, and which question it answers."""


@dataclass(frozen=True, slots=True)
class Advance:
    """
    What a what-if asks, and the ground as it would be.

    Attributes
    ----------
    day
        Date of the layer from which it departs.
    side
        Who advances.
    question
        The what-if in words; it stands in every patch.
    patches
        Control of the whole study area, one patch a label.
    """

    day: dt.date
    side: str
    question: str
    patches: tuple[Patch, ...]


def save_advance(
    advance: Advance, folder: str | PathLike[str], *, layers: str | PathLike[str]
) -> Path:
    """
    Write a what-if into a folder of its own.

    Parameters
    ----------
    advance
        What is asked.
    folder
        Made if it is not there.
    layers
        The layers folder; nothing is written into it.

    Returns
    -------
    path
        The file; the same question has the same name.

    Raises
    ------
    GeoError
        If the folder lies in the layers folder.
    SchemaError
        If the layer would not be read back as it is.
    """
    folder = Path(folder)
    if folder.resolve().is_relative_to(Path(layers).resolve()):
        raise GeoError(
            f"{escape(str(folder), 200)} lies in the layers folder, which holds only what was "
            "reported; choose a folder outside of it"
        )
    data = dump_geojson([_feature(advance, patch) for patch in advance.patches], schema=WHAT_IF)
    folder.mkdir(parents=True, exist_ok=True)
    short = hashlib.sha256(advance.question.encode()).hexdigest()[:6]
    path = folder / f"{WHAT_IF_ID}{advance.day.isoformat()}-{advance.side}-{short}.geojson"
    old = read_bytes(path, root=folder) if path.exists() else None
    if data != old:
        save_file(path, data, expected=None if old is None else digest(old))
    return path


def read_advance(path: Path, *, sides: Collection[str], days: Collection[dt.date]) -> Advance:
    """
    Read a what-if back from its file.

    Parameters
    ----------
    path
        As `save_advance` wrote it.
    sides
        The sides there are.
    days
        The dates that have a layer.

    Returns
    -------
    advance
        What was asked.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it holds faults, is no what-if, or is one of another theatre.
    """
    layer = read_geojson(path, root=path.parent, schema=WHAT_IF)
    ids = [feature.id for feature in layer.features]
    asked = {
        tuple(str(feature.properties[name]) for name in (WHAT_IF_MARK, "from_date", "advancing"))
        for feature in layer.features
    }
    where = escape(str(path), 200)
    if len(asked) != 1 or not all(name.startswith(WHAT_IF_ID) for name in ids):
        raise SchemaError(f"{where} is no what-if; make one with `frontline what-if`")
    question, day, side = asked.pop()
    start = parse_day(day)
    if side not in sides or start not in days:
        raise SchemaError(
            f"{where} departs from {escape(side)} on {escape(day)}, which this theatre does not "
            "have; ask the question again with `frontline what-if`"
        )
    patches = tuple(Patch(_label(one), one.geometry) for one in layer.features if one.geometry)
    return Advance(start, side, question, patches)


def _feature(advance: Advance, patch: Patch) -> Feature:
    label = patch.label
    values: dict[str, Value] = {
        "id": label.patch,
        "controller": label.controller or None,
        "controllers": label.controllers or None,
        "status": str(label.status),
        "basis": str(label.basis) or None,
        "confidence": str(label.confidence) or None,
        WHAT_IF_MARK: advance.question,
        "from_date": advance.day.isoformat(),
        "advancing": advance.side,
    }
    named = {name: values.get(name) for name in WHAT_IF.names}
    return Feature(label.patch, named, patch.geometry)


def _label(feature: Feature) -> Label:
    names = ("controller", "controllers", "status", "basis", "confidence")
    return Label(*(*(str(feature.properties[name] or "") for name in names), feature.id))
