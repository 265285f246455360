"""Rules on the ledger: that every change is explained, and every explanation explains one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import shapely

from geo.check.case import PRECISION_DAYS, Finding, finding, position
from geo.evidence import DRAFT, PICTURE, idle_rows, nearest_place
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case


def unexplained_pieces(case: Case) -> Iterator[Finding]:
    """
    Every piece of change between two consecutive layers is explained by the ledger.

    Some row with these two dates and hands must speak of the piece, and every place on it must be
    named by one. ``frontline change BEFORE AFTER --ledger`` drafts what is missing. Smaller pieces
    than the limit need none.
    """
    if case.pieces is None:
        return
    # A row of the table has no line of its own to point at: the fault is what is not there.
    file = case.file("changes.csv")
    for (first, second), piece in case.pieces:
        if piece.change_ids and not piece.unnamed:
            continue
        ground = piece.ground
        hands = (
            f"{ground.from_controller or ground.from_status} to "
            f"{ground.to_controller or ground.to_status}"
        )
        what = f"{ground.area_km2:,.2f} km2 from {hands} between {first} and {second}"
        if piece.change_ids:
            message = f"{what}: no row names {', '.join(piece.unnamed)}"
        else:
            near = nearest_place(case.folder, ground.geometry)
            at = f", {near[1]:.0f} km from {near[0]}" if near and near[1] else ""
            on_it = f", with {', '.join(piece.place_ids)}" if piece.place_ids else at
            message = f"no row explains {what}{on_it}"
        yield Finding(
            message,
            f"add a row; `frontline change {first} {second} --ledger` drafts it",
            file=file,
            ids=(ground.id, *(piece.unnamed or piece.place_ids)),
            where=position(shapely.point_on_surface(ground.geometry)),
        )


def idle_ledger_rows(case: Case) -> Iterator[Finding]:
    """
    A ledger row explains something.

    A row that speaks of no piece of change is left over from a layer that was redrawn, or its
    dates, hands or places are wrong. A row of an advance, withdrawal or handover may stand if it
    names an event: it tells what happened on ground that could not be drawn.
    """
    if case.pieces is None:
        return
    used = {row for _, piece in case.pieces for row in piece.change_ids}
    for row in idle_rows(case.folder, used):
        values = row.values
        yield finding(
            f"no ground changed between {values['from_date']} and {values['to_date']} as it says",
            "mend its dates, hands or places, or remove it",
            (case.file("changes.csv"), row),
        )


def bare_ledger_rows(case: Case) -> Iterator[Finding]:
    """
    A ledger row rests on something.

    Ground changes by an event, or at least by a statement about one of the row's places that is
    dated between the two layers. A change of the picture has a note that says why.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for row in case.folder.statements.rows:
        said[str(row.values["place_id"])].append(str(row.values["date"]))
    for row in case.folder.changes.rows:
        values = row.values
        if values["kind"] in PICTURE:
            message = "" if values["note"] else f"a {values['kind']} without a note"
            hint = "say in our own words why the picture changed"
        else:
            first, last = str(values["from_date"]), str(values["to_date"])
            dates = [d for place in split_ids(values["place_ids"]) for d in said[place]]
            known = values["event_ids"] or any(first < d <= last for d in dates)
            message = "" if known else f"an {values['kind']} that no event and no statement tells"
            message = message.replace("an withdrawal", "a withdrawal").replace("an h", "a h")
            hint = "name its events, or make it a refinement"
        if message:
            at = (case.file("changes.csv"), row)
            yield finding(message, hint, at)


def drafted_ledger_rows(case: Case) -> Iterator[Finding]:
    """
    A drafted ledger row is completed by a person.

    A draft only says that ground changed, not why. Write the note anew, in our own words, and name
    the events if there are any.
    """
    for row in case.folder.changes.rows:
        if str(row.values["note"] or "").startswith(DRAFT):
            at = (case.file("changes.csv"), row)
            hint = "say why the picture changed, or name the events"
            yield finding("nobody has completed this draft", hint, at)


def misdated_ledger_rows(case: Case) -> Iterator[Finding]:
    """
    A ledger row stands between two consecutive layers, and its events between them.

    The change happened after the first layer and not after the second. A row over more than two
    layers cannot say in which step the ground changed: split it.
    """
    steps = {(str(a), str(b)) for a, b in pairwise(sorted(case.folder.control))}
    events = {event.id: event.properties for event in case.folder.events}
    for row in case.folder.changes.rows:
        values = row.values
        first, last = str(values["from_date"]), str(values["to_date"])
        at = (case.file("changes.csv"), row)
        if first >= last:
            continue  # date.order says so
        if (first, last) not in steps:
            message = f"{first} and {last} are not two consecutive layers"
            yield finding(message, "name the layers of one step", at)
            continue
        dated = [("date", values["date"]), ("date_end", values["date_end"])]
        for event in split_ids(values["event_ids"]):
            told = events.get(event, {})
            slack = dt.timedelta(days=PRECISION_DAYS[int(told.get("time_precision") or 1)])
            if told and parse_day(str(told["event_date"])) - slack > parse_day(last):
                dated.append((event, told["event_date"]))
            end = told.get("end_date") or told.get("event_date")
            if told and parse_day(str(end)) + slack <= parse_day(first):
                dated.append((event, end))
        for name, day in dated:
            if day and not first < str(day) <= last:
                message = f"{name}, {day}, is not after {first} and up to {last}"
                yield finding(message, "mend the date or the step", at)


def broken_links(case: Case) -> Iterator[Finding]:
    """
    An event and its ledger row name each other.

    ``change_id`` of the event and ``event_ids`` of the row are two ends of one link; with only one
    of them, the chain from the map to the source breaks in one direction.
    """
    rows = {row.id: set(split_ids(row.values["event_ids"])) for row in case.folder.changes.rows}
    named = {event.id: event.properties["change_id"] for event in case.folder.events}
    for file, event in case.events():
        row = event.properties["change_id"]
        if row in rows and event.id not in rows[str(row)]:
            message = f"it names {row}, whose event_ids lack it"
            yield finding(message, "add it there", (file, event))
    for change in case.folder.changes.rows:
        for event_id in sorted(rows[change.id] & named.keys()):
            if named[event_id] != change.id:
                yield finding(
                    f"it names {event_id}, whose change_id is {named[event_id] or 'empty'}",
                    "an event explains one row at most; set its change_id",
                    (case.file("changes.csv"), change),
                    ids=(change.id, event_id),
                )
