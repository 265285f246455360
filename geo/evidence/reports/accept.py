"""What a person lets through: reviewed drafts as events and as statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.crs import GRID_DEG, middle_of
from geo.errors import Issue, escape
from geo.evidence.reports.drafts import DRAFT_COLUMNS
from geo.model import EVENTS, STATEMENTS, Feature, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.model import Schema


@dataclass(frozen=True, slots=True)
class Accepted:
    """
    What came of a file of drafts.

    Attributes
    ----------
    events
        Reviewed drafts as events, without the columns of drafts.
    waiting
        Drafts that stay: not yet reviewed, or refused.
    issues
        Why reviewed drafts were refused.
    """

    events: tuple[Feature, ...]
    waiting: tuple[Feature, ...]
    issues: tuple[Issue, ...]


def accept_drafts(
    drafts: Iterable[Feature], *, places: Mapping[str, Feature], file: str = ""
) -> Accepted:
    """
    Return the reviewed drafts as events, and refuse those that still have an open choice.

    A person reviews by filling the columns that `draft_open` names and setting `draft_status`
    to ``reviewed``, or ``rejected`` to drop the draft. A column that shall stay empty is struck
    from `draft_open`.

    Parameters
    ----------
    drafts
        As read under `DRAFTS`.
    places
        Places of the project by id: an event takes the position of its place.
    file
        The file of drafts, for messages.

    Returns
    -------
    accepted
        Events, what stays, and why.
    """
    reviewed, waiting, issues = _sort_out(drafts, EVENTS, places, file)
    return Accepted(tuple(_event(draft, places) for draft in reviewed), waiting, issues)


@dataclass(frozen=True, slots=True)
class AcceptedStatements:
    """
    What came of a file of draft statements.

    Attributes
    ----------
    rows
        Reviewed drafts as rows of ``statements.csv``.
    waiting
        Drafts that stay.
    issues
        Why reviewed drafts were refused.
    """

    rows: tuple[Row, ...]
    waiting: tuple[Feature, ...]
    issues: tuple[Issue, ...]


def accept_statements(
    drafts: Iterable[Feature], *, places: Mapping[str, Feature], file: str = ""
) -> AcceptedStatements:
    """
    Return the reviewed draft statements as rows, and refuse those that have an open choice.

    Parameters
    ----------
    drafts
        As read under `STATEMENT_DRAFTS`.
    places
        Places of the project by id; a statement is about one of them.
    file
        The file of drafts, for messages.

    Returns
    -------
    accepted
        Rows, what stays, and why.
    """
    reviewed, waiting, issues = _sort_out(drafts, STATEMENTS, places, file)
    rows = (
        Row(draft.id, {name: draft.properties.get(name) for name in STATEMENTS.names})
        for draft in reviewed
    )
    return AcceptedStatements(tuple(rows), waiting, issues)


def _sort_out(
    drafts: Iterable[Feature], schema: Schema, places: Mapping[str, Feature], file: str
) -> tuple[list[Feature], tuple[Feature, ...], tuple[Issue, ...]]:
    """Drafts that are let through, those that stay, and why some of these do."""
    reviewed: list[Feature] = []
    waiting: list[Feature] = []
    issues: list[Issue] = []
    for draft in drafts:
        status = draft.properties.get("draft_status")
        faults = _faults(draft, schema, places, file) if status == "reviewed" else []
        issues += faults
        if status == "reviewed" and not faults:
            reviewed.append(draft)
        elif status != "rejected":
            waiting.append(draft)
    return reviewed, tuple(waiting), tuple(issues)


def _faults(
    draft: Feature, schema: Schema, places: Mapping[str, Feature], file: str
) -> list[Issue]:
    values = draft.properties
    place = values.get("place_id")
    named = [part.strip() for part in str(values.get("draft_open") or "").split(";")]
    still = [column for column in named if column and not values.get(column)]
    lacking = [
        column.name
        for column in schema.columns
        if column.required and not values.get(column.name) and column.name not in still
    ]

    def fault(code: str, message: str, hint: str) -> Issue:
        return Issue(code, "error", message, hint, file, draft.line, (draft.id,))

    faults = [
        fault("draft.open", f"{column} is open", f"fill {column}, or strike it from draft_open")
        for column in still
    ]
    faults += [fault("draft.missing", f"{c} is empty", f"fill {c}") for c in lacking]
    if place and str(place) not in places:
        message = f"place {escape(str(place))} is not in places.geojson"
        faults.append(fault("draft.place", message, "add the place, or name another"))
    return faults


def _event(draft: Feature, places: Mapping[str, Feature]) -> Feature:
    own = {column.name for column in DRAFT_COLUMNS}
    values = {name: value for name, value in draft.properties.items() if name not in own}
    place = places.get(str(values.get("place_id") or ""))
    geometry = place.geometry if place else draft.geometry
    if place and geometry is not None:
        geometry = shapely.set_precision(middle_of(geometry), GRID_DEG)
    if place and values.get("geo_radius_m") is None:
        values["geo_radius_m"] = place.properties.get("geo_radius_m")
    return Feature(draft.id, values, geometry)
