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
from geo.exchange.reading.intake import (
    AREA_OPTIONS,
    CONTROL_COLUMNS,
    FEATURE_FILES,
    Entry,
    Layout,
    Outcome,
)
from geo.exchange.reading.words import Word
from geo.layers import FIRST_DAY
from geo.model import Status, parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from geo.exchange.reading.account import Account

_LAST_END = dt.date.max - dt.timedelta(days=1)

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
    if account.outside(day, day):
        return account.refuse(entry, "import.window", "it lies outside the days asked for")
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
    ids = [account.find_side(name) for name in split_ids(parties)]
    return Word("", status, controllers=";".join(dict.fromkeys(ids)))


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
        options=("encoding", "date_from", *AREA_OPTIONS),
        inside=FEATURE_FILES,
        layers=("control",),
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
        if name == "end" and (open_end := _OPEN_END.fullmatch(text.casefold())):
            account.note(f"{{n}} ends as {open_end[0]} are open: it still held", entry.file, 1)
            text = ""
        try:
            days.append(parse_day(text) if text else None)
        except DateError as error:
            return account.refuse(entry, "import.date", f"{name}: {error}")
    start, end = days
    if start is None:
        return account.refuse(entry, "import.date", "there is no first day")
    if end is not None and end < start:
        return account.refuse(entry, "import.date", "the last day is before the first")
    if account.outside(start, end):
        return account.refuse(entry, "import.window", "it lies outside the days asked for")
    geometry = usable_ground(entry, account)
    if geometry is None:
        return Outcome.REFUSED
    account.spans.append(DatedArea(entry, word, start, end, geometry))
    return Outcome.WRITTEN


_OPEN_END = re.compile(
    r"(?:[3-9][0-9]{3}|2[2-9][0-9]{2})-[0-9]{2}-[0-9]{2}|present|ongoing|now|today|current|open|"
    r"\.\.|-|none|null|n/a|nan|nat|infinity"
)
"""How others write that something still holds; no map knows of a day two centuries from now."""


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
        end = min(span.end, _LAST_END) + step if span.end else None
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
    if all(span.end is None for span in account.spans):
        return "exclusive"
    if {span.entry.file for span in account.spans} <= account.half_open:
        account.note("last days are exclusive: the files say so, as our exports do")
        return "exclusive"
    # Each record may have an id of its own, and one holder many areas; what follows on is what
    # the same patch does, or where no patch does, the same holder.
    for key in (patch_key, _holder_key):
        gaps = _gaps_between(account.spans, key)
        if bool(gaps[0]) != bool(gaps[1]):
            found = "inclusive" if gaps[1] else "exclusive"
            account.note(f"last days are {found}: {gaps[0] + gaps[1]} intervals follow on so")
            return found
        if gaps[0]:
            break
    why = f"{gaps[1]} follow on the day after, {gaps[0]} on the day itself"
    message = f"it is not clear whether the last day of an interval still counts: {why}"
    raise SchemaError([refuse("import.end", message, "say inclusive or exclusive")])


def _holder_key(entry: Entry) -> str:
    return entry.values.get("controller") or entry.values.get("controllers", "")


def _gaps_between(spans: Sequence[DatedArea], key: Callable[[Entry], str]) -> Counter[int]:
    """How many intervals of one key begin on the last day of another, and on the day after."""
    by_key: dict[str, list[DatedArea]] = defaultdict(list)
    for span in spans:
        by_key[key(span.entry)].append(span)
    gaps: Counter[int] = Counter()
    for one in by_key.values():
        starts = {span.start for span in one}
        for span in one:
            if span.end and span.end < dt.date.max:
                gaps.update(n for n in (0, 1) if span.end + dt.timedelta(days=n) in starts)
    return gaps


INTERVAL_READER = Reader(
    Layout(
        columns={
            **CONTROL_COLUMNS,
            "start": (
                "valid_from",
                "start",
                "begin",
                "from",
                "gwsdate",
                "date_start",
                "start_date",
            ),
            "end": ("valid_to", "end", "to", "gwedate", "date_end", "end_date"),
        },
        needed=("controller", "start"),
        dates=("start", "end"),
        options=("encoding", "end", *AREA_OPTIONS),
        inside=FEATURE_FILES,
        layers=("control",),
    ),
    read_features,
    take_interval,
)
