"""
Moments with a zone, and the day that they are in the theatre.

Services send milliseconds since 1970, others a time of day with its zone. Where it is known in
which zone the theatre lives, its day counts; but a column of midnights is one of days, and stays
as written.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.exchange.reading.intake import Entry, Intake

_MILLISECONDS = re.compile(r"-?[0-9]{11,13}")
"""From 1973 on, and before 1967: no other date is a number of so many digits."""

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?"
    r" ?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})"
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment_text(value: object) -> object:
    """Milliseconds since 1970 as a moment in UTC; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return f"{_EPOCH + dt.timedelta(milliseconds=value):%Y-%m-%dT%H:%M:%SZ}".zfill(20)
    except (OverflowError, ValueError):
        return value


def read_moments(entries: Sequence[Entry], file: str, intake: Intake) -> None:
    """Write moments of date columns as the days that they are in the theatre."""
    for column in intake.layout.dates:
        found: list[tuple[Entry, dt.datetime]] = []
        counted = 0
        for entry in entries:
            text = entry.values.get(column, "")
            if _MILLISECONDS.fullmatch(text):
                text = str(moment_text(int(text)))
                counted += 1
            if (moment := _read_moment(text)) is not None:
                found.append((entry, moment))
        if counted:
            intake.note(f"{{n}} dates in {column} are milliseconds since 1970", file, counted)
        if not found:
            continue
        zone = _zone_of(intake, [moment for _, moment in found])
        for entry, moment in found:
            try:
                day = moment.astimezone(zone) if zone else moment
                entry.values[column] = day.date().isoformat()
            except OverflowError:
                continue
        where = f"its day in {zone.key} counts" if zone else "the day is the one written"
        intake.note(f"{{n}} moments with a zone in {column}; {where}", file, len(found))


def _read_moment(text: str) -> dt.datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    zone = "+00:00" if match[3] in {"Z", "UTC", "GMT"} else match[3]
    try:
        return dt.datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
    except ValueError:
        return None


def _zone_of(intake: Intake, moments: Sequence[dt.datetime]) -> ZoneInfo | None:
    """The zone whose days count; None where the days as written do."""
    if all(moment.time() == dt.time() for moment in moments) or not intake.zone:
        return None
    try:
        return ZoneInfo(intake.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
