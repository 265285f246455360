"""Dates: a Gregorian day in one form, and why anything else is none."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import TYPE_CHECKING

from geo.layers.fields.findings import Result, mend, refuse, show_value, tell_missing
from geo.layers.fields.texts import clean_text

if TYPE_CHECKING:
    from geo.errors import Issue
    from geo.model import Column


FIRST_DAY = dt.date(1900, 1, 1)
"""Earlier dates are refused."""

LAST_DAY = dt.date(2100, 1, 1)
"""Later dates are refused: a sentinel such as 9999-12-31, or a typo. Not bound to the clock."""

_HIJRI_YEARS = range(1300, 1501)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_SLASHED = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")
_MIDNIGHT = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})[T ]00:00(?::00(?:\.0+)?)?")
_MOMENT = re.compile(r"[0-9]{4}[-/]?[0-9]{2}[-/]?[0-9]{2}[T ].*(?:Z|z|UTC|GMT|[+-][0-9:]{2,5})")
_PARTIAL = re.compile(r"[0-9]{4}(?:[-/][0-9]{1,2})?|[0-9]{1,2}[-/.][0-9]{4}")
_DAY_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})")


def check_date(value: object, column: Column) -> Result:
    """Check a day."""
    if not isinstance(value, str):
        message = f"{column.name} is {show_value(value)}, not text"
        return None, [refuse("date.type", message, "write it as YYYY-MM-DD in quotes")]
    if match := _DAY.fullmatch(value):
        return _day(match, column, [])
    if not value.strip():
        issues = [mend("date.empty", f"{column.name} is empty text, not null")]
        return None, issues + tell_missing(column)
    text, issues = clean_text(value, column.name, prose=False)
    if not isinstance(text, str):
        return None, issues
    western = "".join(
        str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text
    )
    if western != text:
        message = f"{column.name} {show_value(text)} has digits other than 0 to 9"
        issues.append(refuse("date.digits", message, f"write {western}", fixable=True))
    if match := _DAY.fullmatch(western):
        return _day(match, column, issues)
    if match := _DAY_SLASHED.fullmatch(western) or _MIDNIGHT.fullmatch(western):
        day = "-".join(match.groups())
        message = f"{column.name} {show_value(text)} is not in the form YYYY-MM-DD"
        issues.append(refuse("date.format", message, f"write {day}", fixable=True))
        return _day(match, column, issues)
    return None, [*issues, _no_date(western, column)]


def _day(match: re.Match[str], column: Column, issues: list[Issue]) -> Result:
    """Take a date in figures, if the calendar has it and it is near enough."""
    year, month, day = (int(part) for part in match.groups())
    shown = f"{column.name} {match[1]}-{match[2]}-{match[3]}"
    if year in _HIJRI_YEARS:
        hint = "it looks like a Hijri year; write the Gregorian date"
        return None, [*issues, refuse("date.hijri", f"{shown} is out of range", hint)]
    try:
        date = dt.date(year or 1, month, day)
    except ValueError as error:
        return None, [*issues, refuse("date.invalid", f"{shown} does not exist: {error}")]
    if not year or not FIRST_DAY <= date <= LAST_DAY:
        hint = f"dates run from {FIRST_DAY} to {LAST_DAY}; leave an open end empty"
        return None, [*issues, refuse("date.range", f"{shown} is out of range", hint)]
    return date.isoformat(), issues


def _no_date(text: str, column: Column) -> Issue:
    """Why a text is no date."""
    shown = f"{column.name} {show_value(text)}"
    if _MOMENT.fullmatch(text):
        hint = "which day is it at the place? write that day as YYYY-MM-DD"
        return refuse("date.timezone", f"{shown} is a moment with a time zone, not a day", hint)
    if _PARTIAL.fullmatch(text):
        hint = "write a full date and say in the precision column how well it is known"
        return refuse("date.partial", f"{shown} is not a whole date", hint)
    if match := _DAY_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12 and first != second:
            hint = "is it the day or the month that stands first? write YYYY-MM-DD"
            return refuse("date.ambiguous", f"{shown} can be two dates", hint)
    hint = "write it as YYYY-MM-DD, or leave it empty where it is not known"
    return refuse("date.format", f"{shown} is no date", hint)
