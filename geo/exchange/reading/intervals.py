"""Areas of control with a first and a last day, and the layers that follow from them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from geo.errors import DateError, Issue, SchemaError
from geo.exchange.reading.columns import CONTROL_COLUMNS
from geo.exchange.reading.control import find_holder, patch_key, usable_ground
from geo.exchange.reading.entry import Entry, Outcome
from geo.exchange.reading.geojson import read_features
from geo.exchange.reading.ground import DatedArea, DraftPatch
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.reader import Reader
from geo.layers import FIRST_DAY
from geo.model import parse_day

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account


def take_interval(entry: Entry, account: Account) -> Outcome:
    """One area with a first and a last day."""
    word = find_holder(entry, account)
    if word is None:
        return account.refuse(entry, "import.value", "nothing says who holds it")
    days: list[dt.date | None] = []
    for name in ("start", "end"):
        text = entry.values.get(name, "")
        try:
            days.append(parse_day(text) if text else None)
        except DateError as error:
            return account.refuse(entry, "import.date", f"{name}: {error}")
    start, end = days
    if start is None:
        return account.refuse(entry, "import.date", "there is no first day")
    if end is not None and end < start:
        return account.refuse(entry, "import.date", "the last day is before the first")
    since, until = account.options.since, account.options.until
    if (until and start > until) or (since and end and end < since):
        return account.refuse(entry, "import.window", "it lies outside the days asked for")
    geometry = usable_ground(entry, account)
    if geometry is None:
        return Outcome.REFUSED
    account.spans.append(DatedArea(entry, word, start, end, geometry))
    return Outcome.WRITTEN


def layers_from_spans(account: Account) -> None:
    """
    Make a layer of every day on which an interval begins or has ended.

    Raises
    ------
    SchemaError
        If nothing says whether a last day still counts, or a layer would be older than any may be.
    """
    inclusive = account.options.end or _find_end(account)
    step = dt.timedelta(days=1 if inclusive == "inclusive" else 0)
    since, until = account.options.since, account.options.until
    lives = []
    for span in account.spans:
        start = max(span.start, since) if since else span.start
        end = span.end + step if span.end else None
        lives.append((start, end, span))
    days = {start for start, _, _ in lives} | {end for _, end, _ in lives if end}
    days = {day for day in days if until is None or day <= until}
    early = [day for day in days if day < FIRST_DAY]
    if early:
        message = f"the first interval begins on {min(early)}; layers begin in {FIRST_DAY}"
        hint = "say since when they are wanted"
        raise SchemaError([Issue("import.window", "error", message, hint)])
    for day in sorted(days):
        for start, end, span in lives:
            if start <= day and (end is None or day < end):
                key = f"{patch_key(span.entry)} {span.start} {span.entry.line}"
                account.control[day].append(DraftPatch(span.entry, span.word, span.geometry, key))
        if day not in account.control:
            account.note(f"no interval holds on {day}: it has no layer")


def _find_end(account: Account) -> str:
    """
    Find out whether last days still count, from intervals of one holder that follow on.

    Raises
    ------
    SchemaError
        If there are none, or they disagree.
    """
    by_holder: dict[str, list[DatedArea]] = defaultdict(list)
    for span in account.spans:
        by_holder[patch_key(span.entry)].append(span)
    gaps: Counter[int] = Counter()
    for spans in by_holder.values():
        starts = {span.start for span in spans}
        for span in spans:
            if span.end:
                gaps.update(n for n in (0, 1) if span.end + dt.timedelta(days=n) in starts)
    if all(span.end is None for span in account.spans):
        return "exclusive"
    if bool(gaps[0]) == bool(gaps[1]):
        why = f"{gaps[1]} follow on the day after, {gaps[0]} on the day itself"
        message = f"it is not clear whether the last day of an interval still counts: {why}"
        raise SchemaError([Issue("import.end", "error", message, "say inclusive or exclusive")])
    found = "inclusive" if gaps[1] else "exclusive"
    account.note(f"last days are {found}: {gaps[0] + gaps[1]} intervals follow on so")
    return found


READER = Reader(
    Layout(
        columns={
            **CONTROL_COLUMNS,
            "start": ("valid_from", "start", "begin", "from", "gwsdate", "date_start"),
            "end": ("valid_to", "end", "to", "gwedate", "date_end"),
        },
        needed=("controller", "start"),
        dates=("start", "end"),
    ),
    read_features,
    take_interval,
)
