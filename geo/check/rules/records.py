"""Rules on any record, whatever its layer: what it names, its id, its dates."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from rapidfuzz import process

from geo.check.case import finding, values_of
from geo.model import CONTROL, SCHEMAS, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding

_ORDERED = {
    "theatre": ("before", "after", False),
    "events": ("event_date", "end_date", True),
    "changes": ("from_date", "to_date", False),
    "alignments": ("valid_from", "valid_to", False),
}


def dangling_references(case: Case) -> Iterator[Finding]:
    """
    An id that is named must stand in the table it belongs to.

    A misspelt id would silently cut a patch from its sources, or an actor from its side. Mend the
    spelling, or add the row. An actor's other names are looked at for the hint, never followed.
    """
    ids: dict[str, set[str]] = defaultdict(set)
    for schema, _, record in case.records:
        ids[schema.name].add(record.id)
    columns = {
        s.name: [c for c in s.columns if c.kind in {"ref", "refs"}] for s in SCHEMAS.values()
    }
    for schema, file, record in case.records:
        for column in columns[schema.name]:
            value = values_of(record).get(column.name)
            if value is None:
                continue
            parts = split_ids(value) if column.kind == "refs" else [str(value)] if value else []
            for part in parts:
                if part not in ids[column.refers_to]:
                    yield finding(
                        f"{column.name} names {part!r}, which {_home(column.refers_to)} lacks",
                        _suggest(case, part, column.refers_to, ids[column.refers_to]),
                        (file, record),
                    )


def _home(name: str) -> str:
    return SCHEMAS[name].path


def _suggest(case: Case, word: str, name: str, known: set[str]) -> str:
    if name == "actors":
        for row in case.folder.actors.rows:
            if word in split_ids(row.values["alternatenames"]):
                return f"it is another name of {row.id!r}; write that"
    best = process.extractOne(word, sorted(known), score_cutoff=60)
    return f"did you mean {best[0]!r}?" if best else "add it there, or mend the spelling"


def duplicate_ids(case: Case) -> Iterator[Finding]:
    """
    An id stands for one record, whatever the file.

    Two records with one id cannot be told apart by anything that names them. Give one of them a
    new id. Patches are excepted: a patch keeps its id from date to date.
    """
    seen: dict[tuple[str, str], str] = {}
    for schema, file, record in case.records:
        if schema is CONTROL or not record.id:
            continue
        first = seen.setdefault((schema.name, record.id), file)
        if first != file:
            yield finding(
                f"the id stands in {first} too", "give one of them a new id", (file, record)
            )


_OTHERS = {
    "changes": ("id", "supersedes"),
    "statements": ("place_id", "to_place_id"),
}
"""Two columns of a table that never name the same."""


def own_references(case: Case) -> Iterator[Finding]:
    """
    A record names another one where it must, not itself.

    A row that supersedes itself, or rows that do so in a ring, leave none that holds; and no ground
    is severed from itself.
    """
    older: dict[str, str] = {}
    for schema, file, record in case.records:
        if schema.name not in _OTHERS:
            continue
        one, other = _OTHERS[schema.name]
        named = values_of(record).get(other)
        if not named:
            continue
        if schema.name == "changes":
            older[record.id] = str(named)
        if str(values_of(record)[one]) == str(named):
            yield finding(f"{other} names {named!r} itself", "name another", (file, record))
    for start in sorted(older):
        ring = [start]
        while (named := older.get(ring[-1])) and named not in ring:
            ring.append(named)
        # Each ring is told once, by the first of its rows.
        if named == start and len(ring) > 1 and start == min(ring):
            row = case.folder.rows("changes")[start]
            message = f"rows supersede each other in a ring: {', '.join(ring)}"
            yield finding(message, "clear one", (case.file("changes.csv"), row))


def unknown_zones(case: Case) -> Iterator[Finding]:
    """
    The time zone of the theatre is one that IANA names.

    A date is the end of a civil day there; with another name nobody can tell which moment that is.
    """
    theatre = case.folder.theatre
    zone = str(theatre.properties["timezone"])
    known = available_timezones()
    if known and zone not in known:
        best = process.extractOne(zone, sorted(known), score_cutoff=70)
        hint = f"did you mean {best[0]}?" if best else "such as Asia/Damascus, or UTC"
        at = (case.file("theatre.geojson"), theatre)
        yield finding(f"timezone {zone!r} is no zone of IANA", hint, at)


def reversed_dates(case: Case) -> Iterator[Finding]:
    """
    The second date of an interval comes after the first.

    Intervals are half-open: they run from their first day to the day after their last, so one that
    begins and ends on the same date is empty. The last day of an event is inclusive.
    """
    for schema, file, record in case.records:
        if schema.name not in _ORDERED:
            continue
        first, second, equal = _ORDERED[schema.name]
        a, b = values_of(record)[first], values_of(record)[second]
        if a and b and (str(a) > str(b) or (str(a) == str(b) and not equal)):
            yield finding(
                f"{second} {b} is not after {first} {a}",
                "an interval runs from its first day to the day after its last"
                if not equal
                else "exchange them, or clear the second",
                (file, record),
            )
