"""
Which version of its source a record quotes.

Sources revise themselves: an import keeps, record by record, what the source said last, in
``imports.csv``. A record of ours that says otherwise was edited here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.model import Feature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.layers import Folder
    from geo.model import Row


@dataclass(frozen=True, slots=True)
class Version:
    """
    What a source said last of a record.

    Attributes
    ----------
    theirs
        What the source calls it.
    version
        The version of the source that said so, or that does not have it any more.
    withdrawn
        Whether it does not.
    edited
        Columns in which the record here says otherwise.
    """

    theirs: str
    version: str
    withdrawn: bool
    edited: tuple[str, ...]

    def __str__(self) -> str:
        lead = "withdrawn by its source in" if self.withdrawn else "as its source has it in"
        edited = f"; edited here: {', '.join(self.edited)}" if self.edited else ""
        return f"{lead} {self.version} ({self.theirs}){edited}"


def said_values(record: Feature | Row) -> dict[str, str]:
    """
    Return what a record says, as it is kept for later comparison.

    Parameters
    ----------
    record
        Of an import, or of a folder.

    Returns
    -------
    values
        Text by column, without the id and what is empty; a shape as WKT under ``geometry``.
    """
    values = {k: str(v) for k, v in record.values.items() if v not in {None, ""} and k != "id"}
    if isinstance(record, Feature) and record.geometry is not None:
        values["geometry"] = shapely.to_wkt(record.geometry, rounding_precision=6)
    return values


_KEPT_OUT = str.maketrans({"%": "%25", ";": "%3B"})


def spell_said(values: Mapping[str, str]) -> str:
    """
    Return what a record says as one cell that a person can read.

    Parameters
    ----------
    values
        As `said_values` returns them.

    Returns
    -------
    text
        ``column=value`` for each, set apart by semicolons; those inside of a value are ``%3B``.

    Examples
    --------
    >>> spell_said({"notes": "one; two", "fatalities": "3"})
    'fatalities=3; notes=one%3B two'
    """
    return "; ".join(f"{name}={values[name].translate(_KEPT_OUT)}" for name in sorted(values))


def record_versions(folder: Folder) -> dict[str, Version]:
    """
    Return which version of its source each imported record quotes.

    Parameters
    ----------
    folder
        The layers.

    Returns
    -------
    versions
        By the id of the record; only of records that are there.
    """
    here: dict[tuple[str, str], Feature | Row] = {("events", e.id): e for e in folder.events}
    here |= {("places", name): place for name, place in folder.places.items()}
    here |= {("statements", row.id): row for row in folder.statements.rows}
    found = {}
    for row in folder.imports.rows:
        record = here.get((str(row.values["layer"]), row.id))
        if record is None:
            continue
        said, own = read_said(row), said_values(record)
        names = said.keys() | own.keys()
        found[row.id] = Version(
            str(row.values["theirs"]),
            str(row.values["version"]),
            row.values["state"] == "withdrawn",
            tuple(sorted(name for name in names if said.get(name) != own.get(name))),
        )
    return found


def read_said(row: Row) -> dict[str, str]:
    """
    Return what a source said last.

    Parameters
    ----------
    row
        Of ``imports.csv``.

    Returns
    -------
    values
        As `said_values` returned them.
    """
    pairs = (part.partition("=") for part in str(row.values["said"]).split("; "))
    return {k: v.replace("%3B", ";").replace("%25", "%") for k, _, v in pairs if k}
