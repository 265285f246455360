"""
The file of a consensus: the ground that two maps give to the same side, and where they differ.

It is nobody's report. It lies outside of the layers folder; each patch has an id that begins with
``consensus-`` and says in ``consensus`` which maps it was made from. No layer of control may hold
such a patch: every reader and writer of control refuses it (`geo.layers.geojson`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import GeoError, escape
from geo.layers.files import digest, read_bytes, save_file
from geo.layers.geojson import dump_geojson
from geo.model import CONSENSUS_ID, CONSENSUS_MARK, CONTROL, Column, Feature, Label

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from os import PathLike

    import shapely

    from geo.model import Value

CONSENSUS = replace(
    CONTROL,
    name="consensus",
    path="consensus/*.geojson",
    columns=(
        *CONTROL.columns,
        Column(CONSENSUS_MARK, "text", "The maps that were laid on each other.", required=True),
        Column("date", "date", "The day for which they were.", required=True),
    ),
)
"""A patch of a consensus: those of control, and which maps it was made from."""


@dataclass(frozen=True, slots=True)
class ConsensusPatch:
    """
    Ground of which two maps say one thing, or two.

    Attributes
    ----------
    label
        What both say; of status ``unknown`` where they differ.
    note
        What each says.
    geometry
        Longitude, latitude.
    """

    label: Label
    note: str
    geometry: shapely.Geometry


def save_consensus(
    path: str | PathLike[str],
    patches: Iterable[ConsensusPatch],
    *,
    day: dt.date,
    maps: str,
    layers: str | PathLike[str],
) -> Path:
    """
    Write a consensus into a file outside of the layers.

    Parameters
    ----------
    path
        The file; one that is there is replaced whole.
    patches
        What the maps say.
    day
        The day for which they were compared.
    maps
        The maps, in words.
    layers
        The layers folder; nothing is written into it.

    Returns
    -------
    path
        The file.

    Raises
    ------
    GeoError
        If the file lies in the layers folder, or its folder is not there.
    SchemaError
        If the layer would not be read back as it is.
    """
    path = Path(path)
    if path.resolve().is_relative_to(Path(layers).resolve()):
        raise GeoError(
            f"{escape(str(path), 200)} lies in the layers folder, which holds only what was "
            "reported; choose a file outside of it"
        )
    if not path.parent.is_dir():
        raise GeoError(f"there is no folder {escape(str(path.parent), 200)}; make it first")
    data = dump_geojson([_feature(one, day, maps) for one in patches], schema=CONSENSUS)
    old = read_bytes(path, root=path.parent) if path.exists() else None
    if data != old:
        save_file(path, data, expected=None if old is None else digest(old))
    return path


def _feature(patch: ConsensusPatch, day: dt.date, maps: str) -> Feature:
    label = patch.label
    said = "|".join((label.controller, label.status, label.basis, label.confidence, patch.note))
    name = CONSENSUS_ID + hashlib.sha256(said.encode()).hexdigest()[:12]
    values: dict[str, Value] = {
        "id": name,
        "controller": label.controller or None,
        "controllers": label.controllers or None,
        "status": str(label.status),
        "basis": str(label.basis) or None,
        "confidence": str(label.confidence) or None,
        "note": patch.note,
        CONSENSUS_MARK: maps,
        "date": day.isoformat(),
    }
    return Feature(name, {key: values.get(key) for key in CONSENSUS.names}, patch.geometry)
