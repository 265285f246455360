"""Rules on the guided tour and a theatre's own words: that they fit the layers and rest on them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from geo.check.case import finding
from geo.evidence import DRAFT
from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding
    from geo.model import Row


def _stops(case: Case) -> Iterator[tuple[str, Row]]:
    """Each row with its file."""
    for row in case.folder.tour.rows:
        yield case.file("tour.csv"), row


def impossible_stops(case: Case) -> Iterator[Finding]:
    """
    The dates of a stop can be shown.

    Before the first layer there is nothing to show. One date is shown with `after` alone and the
    view `one`; every other view compares two dates, the earlier one first.
    """
    first = str(min(case.folder.control, default=""))
    for at in _stops(case):
        before, after, view = (at[1].values[name] for name in ("before", "after", "view"))
        if view == "one" and before:
            message, hint = f"view one shows no before, {before}", "clear it, or choose story"
        elif view != "one" and not before:
            message, hint = f"view {view} compares two dates, before is empty", "give before"
        elif before and str(before) >= str(after):
            message, hint = f"after {after} is not later than before {before}", "exchange the dates"
        elif first and min(filter(None, (str(before or ""), str(after)))) < first:
            day = before or after
            message, hint = f"{day} is before the first layer, {first}", "choose a later date"
        else:
            continue
        yield finding(message, hint, at)


def repeated_stops(case: Case) -> Iterator[Finding]:
    """
    A tour has one stop of a number, and a pair of dates one text that is no stop.

    Stops are shown in the order of their numbers. A row without a number is what the theatre says
    of its two dates whenever somebody compares them.
    """
    seen: dict[object, str] = {}
    for at in _stops(case):
        values = at[1].values
        stop, pair = values["stop"], f"{values['before'] or ''} to {values['after']}"
        what = f"words on {pair}" if stop is None else f"stop {stop}"
        other = seen.setdefault(what, at[1].id)
        if other != at[1].id:
            hint = "number it anew" if stop is not None else "keep one, or make one a stop"
            yield finding(f"{what}: {other} is that already", hint, at)


def bare_stops(case: Case) -> Iterator[Finding]:
    """
    What a tour says rests on something in the layers.

    Name the rows of the ledger, the events or the sources from which the sentence is taken: readers
    open them beside it.
    """
    for at in _stops(case):
        if not any(at[1].values[name] for name in ("change_ids", "event_ids", "source_ids")):
            hint = "name the rows of the ledger, the events or the sources that say so"
            yield finding("the sentence rests on nothing", hint, at)


def misplaced_stops(case: Case) -> Iterator[Finding]:
    """
    What a stop rests on belongs to the dates that it shows, and still holds.

    A row of the ledger lies between the two dates, or up to the one date; an event has begun by the
    later one; a row that another supersedes says no longer what we think.
    """
    folder = case.folder
    changes = {row.id: row.values for row in folder.changes.rows}
    events = {event.id: event.properties for event in folder.events}
    newer = defaultdict(list)
    for row in folder.changes.rows:
        newer[row.values["supersedes"]].append(row.id)
    for at in _stops(case):
        values = at[1].values
        before, after = str(values["before"] or ""), str(values["after"])
        for name in split_ids(values["change_ids"]):
            told = changes.get(name)
            if told and not (str(told["from_date"]) < after and str(told["to_date"]) > before):
                span = f"{told['from_date']} to {told['to_date']}"
                hint = "name another, or mend the dates"
                yield finding(f"{name} is of {span}, outside of the dates", hint, at)
            if name in newer:
                hint = "name that one, if the sentence still holds"
                yield finding(f"{name} is superseded by {', '.join(newer[name])}", hint, at)
        for name in split_ids(values["event_ids"]):
            if name in events and str(day := events[name]["event_date"]) > after:
                hint = "name another, or mend the dates"
                yield finding(f"{name} is of {day}, after the dates", hint, at)


def drafted_stops(case: Case) -> Iterator[Finding]:
    """
    A drafted stop is completed by a person.

    A draft repeats the ledger. Write the sentence anew, and the note.
    """
    for at in _stops(case):
        if str(at[1].values["note"] or "").startswith(DRAFT):
            yield finding("nobody has completed this draft", "say it in our own words", at)
