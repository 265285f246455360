"""
Dates that are no days: a month, a season, a year, a span, said as surely as they were.

People write `1917-05`, "May 2017", "spring 1915", `1917-05?` or `1917-05-02/1917-05-09`. What is
written as such becomes the middle of the span, with a word for how well it is known, and is never
sharper than that. The forms of EDTF (ISO 8601-2, level 1) are read by a library; words of months
and seasons are brought into its form first. Seasons are those of the northern half, as EDTF has it.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_SEASONS = {"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}
_DAY = r"(?:[0-9]{4}|[0-9]{3}X|[0-9]{2}XX)(?:-(?:[0-9]{2}|XX)(?:-(?:[0-9]{2}|XX))?)?[?~%]?"
_EDTF = re.compile(f"{_DAY}(?:/{_DAY})?")
_WORDS = re.compile(
    r"(?P<about>(?:c\.|ca\.?|circa|about|around|approximately)\s*)?"
    r"(?P<word>[a-z]{3,9})\.?,?(?: of)? (?P<year>[0-9]{4})(?P<doubt>\s*\(?\?\)?)?"
)
_YEAR = re.compile(r"(?:c\.|ca\.?|circa|about|around|approximately)\s*([0-9]{4})")
_MONTH_YEAR = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")

PRECISIONS = (("day", 1), ("week", 10), ("month", 31), ("season", 92), ("year", 366))
"""How well a day is known, and the longest span of days that is so well known."""


@dataclass(frozen=True, slots=True)
class Period:
    """
    A date that is no day.

    Attributes
    ----------
    text
        As it was written.
    first, last
        Its first and last day.
    precision
        One of `PRECISIONS`; a word coarser where it was doubted.
    """

    text: str
    first: dt.date
    last: dt.date
    precision: str

    @property
    def middle(self) -> dt.date:
        """The day that stands for it."""
        return self.first + (self.last - self.first) // 2


def read_period(text: str) -> Period | None:
    """Return what a text says of a time that is no day; None where it is none, or too wide."""
    edtf = _as_edtf(text)
    if edtf is None:
        return None
    bounds = _bounds(edtf)
    if bounds is None or bounds[1] < bounds[0]:
        return None
    first, last = bounds
    span = (last - first).days + 1
    names = [name for name, _ in PRECISIONS]
    known = next((k for k, (_, days) in enumerate(PRECISIONS) if span <= days), None)
    if known is None:
        return None
    if set(edtf) & set("?~%"):
        known = min(known + 1, len(names) - 1)
    return Period(text, first, last, names[known])


def _as_edtf(text: str) -> str | None:
    """The same in the form of EDTF."""
    if _EDTF.fullmatch(text):
        return text
    folded = " ".join(text.casefold().split())
    if match := _MONTH_YEAR.fullmatch(folded):
        return f"{match[2]}-{int(match[1]):02}" if 1 <= int(match[1]) <= 12 else None
    if match := _YEAR.fullmatch(folded):
        return f"{match[1]}~"
    match = _WORDS.fullmatch(folded)
    number = match and (_MONTHS.get(match["word"]) or _SEASONS.get(match["word"]))
    if not match or not number:
        return None
    mark = "?" if match["doubt"] else "~" if match["about"] else ""
    return f"{match['year']}-{number:02}{mark}"


def _exists(one: str) -> bool:
    """Whether the calendar has the month, season and day that are written; the library clamps."""
    year, *rest = one.rstrip("?~%").split("-")
    month, day = [*(int(part) if part.isdigit() else None for part in rest), None, None][:2]
    if month is None or day is None:
        return month is None or 1 <= month <= 12 or 21 <= month <= 24
    try:
        return bool(dt.date(int(year.replace("X", "0")) or 4, month, day))
    except ValueError:
        return False


def _bounds(edtf: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of a date of EDTF; None where there is no such date."""
    from edtf import parse_edtf

    if not all(_exists(one) for one in edtf.split("/")):
        return None
    try:
        # Seasons of this level bear no mark of doubt; what it does is done by the caller.
        date: Any = parse_edtf(re.sub("[?~%]", "", edtf))
        first, last = date.lower_strict(), date.upper_strict()
        return dt.date(*first[:3]), dt.date(*last[:3])
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return None
