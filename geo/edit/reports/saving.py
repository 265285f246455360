"""
What was accepted as files of the layers: events, statements, sources of events, new sources.

Everything is planned in memory and checked as a whole before a file is touched.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.check import check_folder
from geo.edit.editor import parts
from geo.edit.editor.requests import FileChange, RequestError
from geo.errors import Issue, StaleLayerError, escape
from geo.evidence import accept_drafts, accept_statements
from geo.layers import check_record, digest, dump_table, is_id, read_bytes
from geo.model import SOURCES, Feature, Row, split_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from geo.edit.reports.decisions import Decider, Draft
    from geo.layers import Folder, Table

_DAY = dt.date.min
"""Events and places belong to no control layer: which day is asked with does not matter."""
_NEW_SOURCE = frozenset({"id", "publisher", "title", "url", "published", "leaning"})


def require_source(sent: object, known: Collection[str]) -> None:
    """
    Refuse a source that could not be a row of ``sources.csv``.

    Parameters
    ----------
    sent
        Its columns.
    known
        Ids that are in use.

    Raises
    ------
    RequestError
        If it could not.
    """
    if not isinstance(sent, dict) or sent.keys() - _NEW_SOURCE:
        raise RequestError("a source has id, publisher, title, url, published and leaning")
    name = sent.get("id")
    if not isinstance(name, str) or not is_id(name):
        raise RequestError("the id of a source is lower case letters, digits, - and _")
    if name in known:
        raise RequestError(f"a source {name} is there already; choose it")
    _, faults = check_record(_source(sent), SOURCES)
    if wrong := [one for one in faults if one.severity == "error"]:
        raise RequestError(wrong[0].message)


def _source(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(SOURCES.names), **{k: v or None for k, v in sent.items()}}


@dataclass(frozen=True)
class Taken:
    """
    What was accepted of one report.

    Attributes
    ----------
    name
        Of the report.
    source_id, source
        Who said so; a row where the source is new.
    drafts
        Those that go into the layers.
    places
        Places that were made for them.
    """

    name: str
    source_id: str | None
    source: Mapping[str, Any] | None
    drafts: tuple[Draft, ...]
    places: Mapping[str, Feature]

    @classmethod
    def of(cls, name: str, settings: Mapping[str, Any], decider: Decider) -> Taken:
        """
        Return what was accepted.

        Parameters
        ----------
        name
            Of the report.
        settings
            Its day and source.
        decider
            All of it, decided.

        Returns
        -------
        taken
            The accepted ones.

        Raises
        ------
        RequestError
            If something was accepted and nobody says whose report it is.
        """
        found = tuple(one for one in decider.drafts if one.status in {"reviewed", "same"})
        if found and not settings["source_id"]:
            raise RequestError(f"say whose report {escape(name)} is before it is saved")
        needed = {one.values["place_id"] for one in found}
        drawn = {name: place for name, place in decider.drawn.items() if name in needed}
        return cls(name, settings["source_id"], settings["source"], found, drawn)


@dataclass(frozen=True)
class Plan:
    """
    What a save writes.

    Attributes
    ----------
    changes
        The files.
    counts
        Events, statements, and sources added to events.
    issues
        Why it must not be.
    """

    changes: tuple[FileChange, ...]
    counts: Mapping[str, int]
    issues: tuple[Issue, ...]


def plan(folder: Folder, taken: Sequence[Taken]) -> Plan:
    """
    Return what a save of accepted drafts writes.

    Parameters
    ----------
    folder
        The layers as read.
    taken
        What was accepted, by report.

    Returns
    -------
    plan
        Files, or why not.

    Raises
    ------
    StaleLayerError
        If another program saved meanwhile.
    """
    events = {event.id: event for event in folder.events}
    statements, sources = list(folder.statements.rows), list(folder.sources.rows)
    places = dict(folder.places)
    issues: list[Issue] = []
    counts = {"events": 0, "statements": 0, "sources": 0}
    for one in taken:
        if one.drafts and one.source and all(row.id != one.source["id"] for row in sources):
            sources.append(Row(str(one.source["id"]), _source(one.source)))
        for place in one.places.values():
            values = {**place.properties, "source_ids": one.source_id}
            places[place.id] = dataclasses.replace(place, properties=values)
        issues += _take_events(one, places, events, counts)
        issues += _take_statements(one, places, statements, counts)
    order = tuple(sorted(events.values(), key=lambda e: (str(e.properties["event_date"]), e.id)))
    after = parts.apply_drafts(
        folder,
        _DAY,
        {"events": order, "places": tuple(places.values())},
    )
    after = dataclasses.replace(
        after,
        statements=dataclasses.replace(folder.statements, rows=tuple(statements)),
        sources=dataclasses.replace(folder.sources, rows=tuple(sources)),
    )
    if not issues:
        issues = _new_errors(folder, after)
    changes = (
        ()
        if issues
        else tuple(
            _changes(
                folder, {"events": order, "places": tuple(places.values())}, (statements, sources)
            )
        )
    )
    return Plan(changes, counts, tuple(issues))


def _take_events(
    taken: Taken, places: Mapping[str, Feature], events: dict[str, Feature], counts: dict[str, int]
) -> Sequence[Issue]:
    drafts = [_ready(one, taken) for one in taken.drafts if one.kind == "event"]
    accepted = accept_drafts(
        [d for d, one in zip(drafts, _of(taken, "event"), strict=True) if one.status == "reviewed"],
        places=places,
        file=taken.name,
    )
    for event in accepted.events:
        events[event.id] = event
        counts["events"] += 1
    for one in _of(taken, "event"):
        if one.status != "same":
            continue
        known_as = events.get(one.other)
        if known_as is None:
            message = f"event {one.other} is not there any more"
            return (Issue("draft.same", "error", message, "", taken.name, 0, (one.id,)),)
        known = split_ids(known_as.properties["source_ids"])
        if taken.source_id not in known:
            joined = ";".join([*known, str(taken.source_id)])
            values = {**known_as.properties, "source_ids": joined}
            events[known_as.id] = dataclasses.replace(known_as, properties=values)
            counts["sources"] += 1
    return accepted.issues


def _take_statements(
    taken: Taken, places: Mapping[str, Feature], rows: list[Row], counts: dict[str, int]
) -> Sequence[Issue]:
    drafts = [_ready(one, taken) for one in _of(taken, "statement")]
    accepted = accept_statements(drafts, places=places, file=taken.name)
    rows += accepted.rows
    counts["statements"] += len(accepted.rows)
    return accepted.issues


def _of(taken: Taken, kind: str) -> list[Draft]:
    return [one for one in taken.drafts if one.kind == kind]


def _ready(draft: Draft, taken: Taken) -> Feature:
    """A draft as the terminal way accepts it."""
    values = {**draft.values, "source_ids": draft.values["source_ids"] or taken.source_id}
    values |= {"draft_status": "reviewed", "draft_open": None}
    return Feature(draft.id, values, draft.geometry)


def _new_errors(before: Folder, after: Folder) -> list[Issue]:
    """What `check` would call an error that is not there already."""

    def told(issue: Issue) -> tuple[object, ...]:
        return issue.code, issue.message, issue.ids

    known = {told(issue) for issue in check_folder(before)}
    found = check_folder(after)
    return [issue for issue in found if issue.severity == "error" and told(issue) not in known]


def _changes(
    folder: Folder, features: Mapping[str, Sequence[Feature]], rows: tuple[list[Row], list[Row]]
) -> Iterable[FileChange]:
    for part, records in features.items():
        paths = parts.paths_of(part, folder, _DAY)
        before = {path: _as_read(folder, path) for path in paths}
        for path, data in parts.dump_files(part, records, folder, _DAY, before):
            yield FileChange(path, before.get(path), data)
    for table, now in zip((folder.statements, folder.sources), rows, strict=True):
        if len(now) != len(table.rows):
            yield _table_change(folder, table, now)


def _table_change(folder: Folder, table: Table, rows: list[Row]) -> FileChange:
    path = table.schema.path
    before = _as_read(folder, path) if path in folder.digests else None
    return FileChange(path, before, dump_table(rows, schema=table.schema))


def _as_read(folder: Folder, path: str) -> bytes:
    """
    The bytes of a file that the folder was read from.

    Raises
    ------
    StaleLayerError
        If it holds others now.
    """
    data = read_bytes(folder.root / path, root=folder.root)
    if digest(data) != folder.digests[path]:
        raise StaleLayerError(f"{path} changed while it was saved; try again")
    return data
