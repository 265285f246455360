"""What ids, dates and lists of ids look like as text."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from geo.errors import DateError, escape

Value = str | int | None
"""What a cell holds: text, an integer, or nothing."""

_ID = "[a-z0-9][a-z0-9_-]{1,63}"
ID_PATTERN = re.compile(_ID)
"""Ids: lower case ASCII letters, digits, hyphen and underscore, 2 to 64 characters."""

RESERVED_IDS = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
"""File names that some systems cannot write; ids become file names."""

WHAT_IF_ID = "what-if-"
"""So begins the id of a patch that nobody reported; no layer of control may hold one."""

WHAT_IF_MARK = "what_if"
"""The key that says of a patch which what-if it comes from; no layer of control may hold it."""

CONSENSUS_ID = "consensus-"
"""So begins the id of a patch on which two maps were laid; no layer of control may hold one."""

CONSENSUS_MARK = "consensus"
"""The key that says of a patch which maps it was made from; no layer of control may hold it."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_day(day: Any, zone: str = "") -> dt.date:
    """
    Return a civil date.

    Parameters
    ----------
    day
        A date, or text such as ``2017-08-02`` and no other spelling; or a day as numpy and pandas
        have it: ``datetime64``, ``Timestamp``, a ``Period`` of one day. Of a moment it is the day
        written.
    zone
        IANA zone; a moment that has a zone of its own is turned into the day there. Without it such
        a moment is refused.

    Returns
    -------
    day
        The date.

    Raises
    ------
    DateError
        If it is no Gregorian date in one of these forms.

    Examples
    --------
    >>> parse_day("2017-08-02")
    datetime.date(2017, 8, 2)
    """
    if isinstance(day, dt.datetime):
        return _day_of_moment(day, zone)
    if isinstance(day, dt.date):
        return day
    if not isinstance(day, str):
        day = _as_text(day)
    if not _DAY.fullmatch(str(day)):
        raise DateError(f"{escape(str(day))!r} is no date; write it as YYYY-MM-DD")
    try:
        return dt.date(int(day[:4]), int(day[5:7]), int(day[8:]))
    except ValueError as error:
        raise DateError(f"{day} does not exist: {error}") from error


def shift_day(day: dt.date, days: int) -> dt.date:
    """
    Return a day some days later, or at the end of the calendar.

    Parameters
    ----------
    day
        A date.
    days
        How many; negative for earlier.

    Returns
    -------
    day
        Never before the year 1 or after the year 9999, which no calendar of this package reaches.

    Examples
    --------
    >>> shift_day(parse_day("0001-01-05"), -30)
    datetime.date(1, 1, 1)
    """
    first, last = dt.date.min.toordinal(), dt.date.max.toordinal()
    return dt.date.fromordinal(min(max(day.toordinal() + days, first), last))


def _day_of_moment(moment: dt.datetime, zone: str) -> dt.date:
    """
    Return the day of a moment.

    Raises
    ------
    DateError
        If it is none, or nobody knows in which zone its day is asked for.
    """
    if moment != moment:  # pandas' NaT is a moment that equals nothing
        raise DateError("NaT is no date")
    if moment.tzinfo is None:
        return moment.date()
    if not zone:
        raise DateError(f"{moment!r} is a moment, not a day; give its date in the theatre's zone")
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError, OverflowError) as error:
        raise DateError(f"{zone!r} is no zone of IANA") from error


def _as_text(day: Any) -> str:
    """A day of numpy or pandas as text; what is none of theirs as it prints."""
    kind = type(day)
    if kind.__name__ == "datetime64":
        return str(day.astype("datetime64[D]"))
    if kind.__name__ == "Period":
        # Of a longer period no day is meant.
        return str(day) if day.start_time.date() == day.end_time.date() else f"{day} (a period)"
    return str(day)


def split_ids(text: Value) -> tuple[str, ...]:
    """
    Return the ids of a ``;``-joined list.

    Parameters
    ----------
    text
        The cell; None is an empty list.

    Returns
    -------
    ids
        In the order of the cell, without blanks.

    Examples
    --------
    >>> split_ids("sohr-71105; ucdp-ged")
    ('sohr-71105', 'ucdp-ged')
    """
    if text is None:
        return ()
    return tuple(part.strip() for part in str(text).split(";") if part.strip())
