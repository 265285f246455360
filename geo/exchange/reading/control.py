"""Areas of control: one file a date, or with a first and a last day, and the layers that follow."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import shapely

from geo.errors import DateError, SchemaError, refuse
from geo.exchange.reading.account import DatedArea, DraftPatch, Reader
from geo.exchange.reading.geojson import read_features
from geo.exchange.reading.intake import CONTROL_COLUMNS, Entry, Layout, Outcome
from geo.exchange.reading.words import Word
from geo.layers import FIRST_DAY
from geo.model import Status, parse_day, split_ids

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account

_POLYGONS = 2
"""Dimension of polygons, as shapely counts."""

_FILE_DAY = re.compile(r"(?<![0-9])([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?![0-9])")


def take_control(entry: Entry, account: Account) -> Outcome:
    """One patch of a dated layer."""
    word = find_holder(entry, account)
    if word is None:
        return account.refuse(entry, "import.value", "nothing says who holds it")
    day, fault = _layer_day(entry, account)
    if day is None:
        return account.refuse(entry, "import.date", fault)
    geometry = usable_ground(entry, account)
    if geometry is None:
        return Outcome.REFUSED
    account.control[day].append(DraftPatch(entry, word, geometry, patch_key(entry)))
    return Outcome.WRITTEN


def find_holder(entry: Entry, account: Account) -> Word | None:
    """Who holds an area: their word for it, or our status and parties where there is none."""
    if text := entry.values.get("controller"):
        return account.meaning_of(text)
    status, parties = entry.values.get("status", ""), entry.values.get("controllers", "")
    if status not in set(Status):
        return None
    for name in split_ids(parties):
        account.add_side(name, name)
    return Word("", status, controllers=parties)


def patch_key(entry: Entry) -> str:
    """What a patch is called by from date to date."""
    values = entry.values
    return values.get("id") or values.get("controller") or values.get("controllers", "")


def _layer_day(entry: Entry, account: Account) -> tuple[dt.date | None, str]:
    """The date of a layer, and why there is none."""
    wish = account.options.date_from
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", wish):
        return parse_day(wish), ""
    named = [f"{y}-{m}-{d}" for y, m, d in _FILE_DAY.findall(entry.file)]
    said = entry.values.get("date", "")
    if said and len(named) == 1 and not wish and said != named[0]:
        return None, f"its date is {said}, but the file's name says {named[0]}; say which counts"
    text = said if said and wish != "name" else named[0] if len(named) == 1 else ""
    if not text:
        return None, "neither a property nor the file's name says the date"
    try:
        day = parse_day(text)
    except DateError as error:
        return None, str(error)
    account.note("dates of layers: " + ("a property" if text == said else "the file's name"))
    return day, ""


def usable_ground(entry: Entry, account: Account) -> shapely.Geometry | None:
    """The area of an entry; refused with a reason where it has none."""
    geometry = entry.geometry
    if geometry is None or shapely.is_empty(geometry):
        code, message = entry.fault or ("geom.null", "it has no area")
        account.refuse(entry, code, message)
        return None
    if shapely.get_dimensions(geometry) != _POLYGONS:
        account.refuse(entry, "geom.kind", "it is no area")
        return None
    if entry.values.get("status", Status.UNKNOWN) not in set(Status):
        account.note("{n} values of status are none of ours and are left out", entry.file, 1)
    return geometry


READER = Reader(
    Layout(
        columns={**CONTROL_COLUMNS, "date": ("date", "day")},
        needed=("controller",),
        dates=("date",),
    ),
    read_features,
    take_control,
)


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
        raise SchemaError([refuse("import.window", message, "say since when they are wanted")])
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
        raise SchemaError([refuse("import.end", message, "say inclusive or exclusive")])
    found = "inclusive" if gaps[1] else "exclusive"
    account.note(f"last days are {found}: {gaps[0] + gaps[1]} intervals follow on so")
    return found


INTERVAL_READER = Reader(
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
