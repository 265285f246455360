"""
A later pull of a source that revises itself: what is new, changed and withdrawn, record by record.

Three versions of each record are compared, column by column: what the source said last (kept in
``imports.csv``), what it says now, and what stands in the folder. Where the folder still says what
the source said, it follows the source; where somebody edited it, it stays, and both are told. A
record that the source withdrew goes only if nobody edited it and nothing names it. What the source
says now is kept in any case, so that the next pull is compared with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geo.errors import escape
from geo.evidence import read_said, said_values, spell_said
from geo.exchange.reading.account import fill_columns
from geo.model import EVENTS, IMPORTS, PLACES, SCHEMAS, STATEMENTS, Feature, Row, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from geo.exchange.imports import Import
    from geo.layers import Folder

Record = Feature | Row

_SCHEMAS = {schema.name: schema for schema in (EVENTS, PLACES, STATEMENTS)}
_DAYS = {EVENTS.name: "event_date", STATEMENTS.name: "date"}

WORDS = {
    "new": "new",
    "changed": "changed",
    "kept": "changed by the source and edited here",
    "same": "unchanged",
    "removed": "removed here",
    "withdrawn": "withdrawn",
    "stays": "withdrawn by the source, kept here",
    "outside": "outside the days of this pull",
    "unread": "refused now, kept as it was",
    "gone": "withdrawn before",
}
"""What can become of a record, in the order in which it is told."""

_OF_THE_PULL = ("new", "changed", "kept", "same", "removed")
_OF_BEFORE = ("changed", "kept", "same", "removed", "withdrawn", "stays", "outside", "unread")


@dataclass(frozen=True, slots=True)
class Revised:
    """
    What became of one record.

    Attributes
    ----------
    what
        One of `WORDS`.
    layer, id
        Where it is, and what it is called here.
    theirs
        What the source calls it.
    columns
        Column, value here, value of the source now, and whether the source's was taken.
    why
        Why it stays, where it was withdrawn.
    known
        Whether the source had it in the version before.
    """

    what: str
    layer: str
    id: str
    theirs: str
    columns: tuple[tuple[str, str | None, str | None, bool], ...] = ()
    why: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Revision:
    """
    What an update makes of a folder.

    Attributes
    ----------
    layer
        The layer that it is about.
    records
        All records of it, as they shall stand.
    versions
        All rows of ``imports.csv``, as they shall stand.
    revised
        One a record.
    version
        What the version of the source is called.
    partial
        Whether the pull is said not to be whole; nothing counts as withdrawn then.
    """

    layer: str
    records: tuple[Record, ...]
    versions: tuple[Row, ...]
    revised: tuple[Revised, ...]
    version: str
    partial: bool

    def counts(self) -> Counter[str]:
        """
        Return how many records each thing became of.

        Returns
        -------
        counts
            By the names of `WORDS`.
        """
        return Counter(one.what for one in self.revised)

    def report(self) -> str:
        """
        Return what happened, record by record, and the sums.

        Returns
        -------
        text
            Without the records of which nothing is to say.
        """
        lines = [f"Update to {escape(self.version)}"]
        if self.partial:
            lines.append("  the pull is not whole: nothing counts as withdrawn")
        for what, words in WORDS.items():
            if what in {"same", "outside", "gone"}:
                continue
            for one in (r for r in self.revised if r.what == what):
                why = f" ({one.why})" if one.why else ""
                lines.append(f"  {words}: {one.layer} {one.id} [{escape(one.theirs, 60)}]{why}")
                for column, here, theirs, taken in one.columns:
                    verb = "now" if taken else "kept; the source says"
                    lines.append(f"    {column}: {_shown(here)} {verb} {_shown(theirs)}")
        counts = self.counts()
        known = Counter(one.what for one in self.revised if one.known)
        for title, names, of in (
            ("of this pull", _OF_THE_PULL, counts),
            ("of the version before", _OF_BEFORE, known),
        ):
            sums = " + ".join(f"{of[name]} {WORDS[name]}" for name in names)
            lines.append(f"  {sum(of[name] for name in names)} records {title} = {sums}")
        return "\n".join(lines)


def _shown(value: str | None) -> str:
    return "(empty)" if value is None else escape(value, 60)


def first_versions(imported: Import, into: Folder | None) -> tuple[Row, ...]:
    """
    Return what a plain import keeps of its source: the rows there are, and one a record taken.

    Parameters
    ----------
    imported
        As read.
    into
        The folder; None for a new one.

    Returns
    -------
    rows
        Of ``imports.csv``.
    """
    rows = dict(into.rows(IMPORTS.name)) if into else {}
    made = _made(imported)
    for theirs, (layer, identity) in imported.tracked.items():
        record = made.get((layer, identity))
        if record is None or identity in rows:
            continue
        standing = _standing(into, layer).get(identity)
        if standing is None or said_values(standing) == said_values(record):
            rows[identity] = _version_row(imported, layer, identity, theirs, said_values(record))
    return tuple(rows.values())


def _made(imported: Import) -> dict[tuple[str, str], Record]:
    return {(n, r.id): r for n, records in imported.records.items() for r in records}


def _standing(into: Folder | None, layer: str) -> dict[str, Record]:
    """The records of a layer of a folder by id."""
    if into is None:
        return {}
    if layer == PLACES.name:
        return dict(into.places)
    if layer == EVENTS.name:
        return {event.id: event for event in into.events}
    return dict(into.rows(layer))


def _version_row(
    imported: Import, layer: str, identity: str, theirs: str, said: Mapping[str, str]
) -> Row:
    values = {
        "layer": layer,
        "kind": imported.kind,
        "source_id": imported.source_id,
        "theirs": theirs,
        "version": imported.version,
        "state": "current",
        "said": spell_said(said),
    }
    return Row(identity, fill_columns(IMPORTS, identity, values))


def revise(imported: Import, into: Folder) -> Revision:
    """
    Return what a later pull makes of a folder.

    Parameters
    ----------
    imported
        The pull as read, with ``update``.
    into
        The folder; not changed.

    Returns
    -------
    revision
        Records and versions as they shall stand, and what became of each.
    """
    return _Reviser(imported, into).run()


class _Reviser:
    """Compares a pull with what its source said before and with what stands here."""

    def __init__(self, imported: Import, into: Folder) -> None:
        self.imported, self.into = imported, into
        self.versions = dict(into.rows(IMPORTS.name))
        mine = (imported.kind, imported.source_id)
        self.before = {
            str(row.values["theirs"]): row
            for row in self.versions.values()
            if (row.values["kind"], row.values["source_id"]) == mine
        }
        self.layer = imported.layer
        self.here = _standing(into, self.layer)
        self.revised: list[Revised] = []

    def run(self) -> Revision:
        """Compare all records."""
        made = _made(self.imported)
        partial = any(issue.code == "import.partial" for issue in self.imported.issues)
        for theirs, (layer, identity) in self.imported.tracked.items():
            self.revised.append(self._compare(theirs, made[layer, identity]))
        days = self._days(made.values())
        named = _named_ids(self.into, self.layer)
        for theirs, row in self.before.items():
            if theirs not in self.imported.tracked:
                self.revised.append(self._missing(theirs, row, days, named, partial))
        return Revision(
            self.layer,
            tuple(self.here.values()),
            tuple(self.versions.values()),
            tuple(self.revised),
            self.imported.version,
            partial,
        )

    def _compare(self, theirs: str, record: Record) -> Revised:
        """One record of the pull."""
        row = self.before.get(theirs)
        was_withdrawn = row is not None and row.values["state"] == "withdrawn"
        identity = record.id if row is None else row.id
        record = _called(record, identity)
        standing = self.here.get(identity)
        now = said_values(record)
        said = {} if row is None else read_said(row)
        if row is None or was_withdrawn or now != said:
            self.versions[identity] = _version_row(self.imported, self.layer, identity, theirs, now)
        known = row is not None and not was_withdrawn
        if standing is None:
            if known:
                return Revised("removed", self.layer, identity, theirs)
            self.here[identity] = record
            return Revised("new", self.layer, identity, theirs, known=False)
        own = said_values(standing)
        # Without a word of what the source said before, all that differs counts as edited here.
        columns = [
            (
                name,
                own.get(name),
                now.get(name),
                row is not None and own.get(name) == said.get(name),
            )
            for name in sorted(now.keys() | own.keys())
            if own.get(name) != now.get(name) and (row is None or now.get(name) != said.get(name))
        ]
        taken = [name for name, _, _, was_taken in columns if was_taken]
        if taken:
            self.here[identity] = _with_columns(standing, record, taken)
        what = "same" if not columns else "changed" if len(taken) == len(columns) else "kept"
        return Revised(what, self.layer, identity, theirs, tuple(columns), known=known)

    def _missing(
        self,
        theirs: str,
        row: Row,
        days: tuple[str, str] | None,
        named: Mapping[str, str],
        partial: bool,
    ) -> Revised:
        """One record that the pull does not have."""
        said = read_said(row)
        if row.values["state"] == "withdrawn":
            return Revised("gone", self.layer, row.id, theirs, known=False)
        if theirs in self.imported.unread:
            return Revised("unread", self.layer, row.id, theirs)
        day = str(said.get(_DAYS.get(self.layer, ""), ""))
        if partial or (days is not None and not days[0] <= day <= days[1]):
            return Revised("outside", self.layer, row.id, theirs)
        values = {**row.values, "state": "withdrawn", "version": self.imported.version}
        self.versions[row.id] = replace(row, values=values)
        standing = self.here.get(row.id)
        if standing is None:
            return Revised("withdrawn", self.layer, row.id, theirs, why="removed here already")
        own = said_values(standing)
        if edited := sorted(n for n in own.keys() | said.keys() if own.get(n) != said.get(n)):
            why = f"edited here: {', '.join(edited)}"
            return Revised("stays", self.layer, row.id, theirs, why=why)
        if (where := named.get(row.id)) is not None:
            return Revised("stays", self.layer, row.id, theirs, why=f"named by {where}")
        del self.here[row.id]
        return Revised("withdrawn", self.layer, row.id, theirs)

    def _days(self, records: Iterable[Record]) -> tuple[str, str] | None:
        """The days that the pull is about; None where its records have none."""
        column = _DAYS.get(self.layer)
        if column is None:
            return None
        since, until = self.imported.window
        found = sorted(str(r.values[column]) for r in records if column in r.values)
        first = str(since) if since else found[0] if found else "9"
        last = str(until) if until else found[-1] if found else ""
        return first, last


def _called(record: Record, identity: str) -> Record:
    """The same record under the id that it has here."""
    if isinstance(record, Feature):
        return Feature(identity, {**record.properties, "id": identity}, record.geometry)
    return Row(identity, {**record.values, "id": identity})


def _with_columns(standing: Record, record: Record, names: Iterable[str]) -> Record:
    """What stands here, with some columns as the source has them now."""
    taken = set(names)
    values = {**standing.values, **{n: record.values.get(n) for n in taken - {"geometry"}}}
    if isinstance(standing, Feature) and isinstance(record, Feature):
        shape = record.geometry if "geometry" in taken else standing.geometry
        return Feature(standing.id, values, shape)
    return Row(standing.id, values)


def _named_ids(folder: Folder, layer: str) -> dict[str, str]:
    """Ids of a layer that other records name, and the file of one that does."""
    columns: dict[str, list[str]] = defaultdict(list)
    for schema in SCHEMAS.values():
        columns[schema.name] += [c.name for c in schema.columns if c.refers_to == layer]
    named: dict[str, str] = {}
    for name, file, record in _all_records(folder):
        for column in columns[name]:
            for identity in split_ids(record.values.get(column)):
                named.setdefault(identity, f"{file}, {record.id}" if record.id else file)
    return named


def _all_records(folder: Folder) -> Iterator[tuple[str, str, Record]]:
    """Every record of a folder that may name others, with its schema and file."""
    for day, held in folder.control.items():
        yield from (("control", f"control/{day}.geojson", one) for one in held.features)
    yield from (("events", "events", one) for one in folder.events)
    yield from (("places", "places.geojson", one) for one in folder.places.values())
    for name in ("statements", "changes"):
        yield from ((name, f"{name}.csv", row) for row in folder.rows(name).values())
