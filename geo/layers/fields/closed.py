"""Values of closed kinds: words of a list, patterns, addresses, numbers, dates and ids."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import urlsplit

from rapidfuzz import process

from geo.errors import escape, mend, refuse, warn
from geo.layers.fields.texts import (
    Result,
    clean_text,
    find_machine_made,
    show_value,
    tell_missing,
    trim_text,
)
from geo.model import ID_PATTERN, RESERVED_IDS, Column, Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from geo.errors import Issue

MAX_INTEGER = 2**53
"""Larger integers are changed by programs that keep numbers as floats."""

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_INTEGER_WITH_ZEROS = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")


def check_choice(value: object, column: Column) -> Result:
    """Check one of a closed list."""
    if isinstance(value, str) and value in column.choices:
        return str(value), []
    text, issues = trim_text(value, column)
    if text is None or text in column.choices:
        return text, issues
    near = process.extractOne(str(text).lower(), column.choices, score_cutoff=60)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(column.choices)
    hint += f"one of: {listed}" if len(listed) < 200 else "see the data dictionary"
    return None, [
        *issues,
        refuse("choice.unknown", f"{column.name} {show_value(text)} is not on its list", hint),
    ]


def check_pattern(value: object, column: Column) -> Result:
    """Check text of a form."""
    text, issues = trim_text(value, column)
    if text is None or re.fullmatch(column.pattern, str(text)):
        return text, issues
    message = f"{column.name} {show_value(text)} has not the form {column.pattern}"
    return None, [*issues, refuse("pattern.mismatch", message, column.doc)]


def check_url(value: object, column: Column) -> Result:
    """Check a web address."""
    text, issues = trim_text(value, column)
    if not isinstance(text, str):
        return None, issues
    damaged = find_machine_made(text, column.name)
    if damaged:
        return None, issues + damaged
    shown = f"{column.name} {show_value(text)}"
    scheme, colon, _ = text.partition(":")
    if not colon or scheme.lower() not in {"http", "https"}:
        hint = "only http and https addresses become links"
        return None, [*issues, refuse("url.scheme", f"{shown} is no web address", hint)]
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or not host or any(c.isspace() or c in '<>"`\\' for c in text):
        hint = "copy it again from the browser; spaces are written %20"
        return None, [*issues, refuse("url.format", f"{shown} is no whole web address", hint)]
    if parts.username is not None or parts.password is not None:
        message = f"{shown} leads to {escape(host, 60)}; what stands before the @ is a user name"
        issues.append(warn("url.userinfo", message))
    return text, issues


def read_cell(value: object, column: Column) -> Result:
    """Read a cell of a table: empty is None, an integer is read from its digits."""
    if value == "" or not isinstance(value, str):
        return None, []
    if column.kind != "integer":
        return value, []
    digits = value.strip()
    issues = []
    if digits != value:
        issues.append(mend("str.space", f"{column.name} begins or ends with white space"))
    if not digits:
        return None, issues
    if match := _INTEGER_WITH_ZEROS.fullmatch(digits):
        issues.append(mend("props.type", f"{column.name} {show_value(value)} is not an integer"))
        digits = match[1]
    if not _INTEGER.fullmatch(digits) or digits == "-0":
        return value, issues
    return (int(digits) if len(digits) < 20 else MAX_INTEGER * 2), issues


def check_integer(value: object, column: Column) -> Result:
    """Check a whole number."""
    issues = []
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        issues.append(mend("props.type", f"{column.name} is {value!r}, not an integer"))
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        hint = "write a whole number without quotes, or leave it empty"
        return None, [refuse("props.type", f"{column.name} is {show_value(value)}", hint)]
    if abs(value) > MAX_INTEGER:
        hint = "other programs would change it; keep numbers of this size as text"
        return None, [refuse("num.range", f"{column.name} is beyond 2^53", hint)]
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{'' if low is None else low} to {'' if high is None else high}".strip()
        message = f"{column.name} is {value}; it must be in the range {bounds}"
        return None, [*issues, refuse("num.bounds", message)]
    return value, issues


FIRST_DAY = dt.date(1, 1, 1)
"""The calendar's first: Gregorian throughout, also before 1582. Before it there is no date."""

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


_ID_STARTS = {"control": "ctl", "events": "evt", "statements": "stm", "changes": "chg"}


def is_id(value: object) -> TypeGuard[str]:
    """
    Tell whether a value may be an id.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    is_id
        Whether it is text of lower case ASCII letters, digits, hyphens and underscores, 2 to
        64 long, and no name that a file system keeps for itself.

    Examples
    --------
    >>> is_id("ctl-9f3ac2e1"), is_id("con"), is_id("Ctl")
    (True, False, False)
    """
    return (
        isinstance(value, str)
        and ID_PATTERN.fullmatch(value) is not None
        and value not in RESERVED_IDS
    )


def new_id(schema: Schema, content: bytes, taken: Collection[str]) -> str:
    """
    Return an id for something that has none.

    Parameters
    ----------
    schema
        What it is; decides how the id begins.
    content
        What it holds: the same content gives the same id, whoever asks.
    taken
        Ids that are in use.

    Returns
    -------
    id
        Such as ``ctl-9f3ac2e1``.

    Examples
    --------
    >>> from geo.model import CONTROL
    >>> new_id(CONTROL, b"a", ())
    'ctl-ca978112'
    """
    start = _ID_STARTS.get(schema.name, schema.name.rstrip("s"))
    while True:
        name = f"{start}-{hashlib.sha256(content).hexdigest()[:8]}"
        if name not in taken:
            return name
        content += b"+"


def check_id(value: object, column: Column) -> Result:
    """Check the id of a record."""
    if is_id(value):
        return value, []
    if not isinstance(value, str):
        message = f"{column.name} is {show_value(value)}, not text"
        return None, [refuse("id.type", message, "put quotes round it, and letters before it")]
    if is_id(value.strip()):
        name = column.name
        return value.strip(), [mend("str.space", f"{name} begins or ends with white space")]
    if not value.strip():
        return None, tell_missing(column)
    hint = "use lower case ASCII letters, digits, hyphen and underscore, 2 to 64 of them"
    if value.lower() in RESERVED_IDS:
        hint = "some systems cannot write a file of this name; choose another"
    return None, [refuse("id.format", f"{column.name} {show_value(value)} is no id", hint)]


def check_ref(value: object, column: Column) -> Result:
    """Check the id of another record."""
    if is_id(value):
        return value, []
    text, issues = trim_text(value, column)
    if text is None or is_id(text):
        return text, issues
    return None, [*issues, *_bad_refs([str(text)], column)]


def _bad_refs(parts: Iterable[str], column: Column) -> list[Issue]:
    hint = f"it must be an id of {column.refers_to}" if column.refers_to else ""
    return [
        refuse("ref.format", f"{column.name} {show_value(part)} is no id", hint)
        for part in parts
        if not is_id(part)
    ]


def check_refs(value: object, column: Column) -> Result:
    """Check ids joined by ``;``."""
    if is_id(value):
        return value, []
    text, issues = trim_text(value, column)
    if not isinstance(text, str):
        return None, issues
    damaged = find_machine_made(text, column.name)
    if damaged:
        return None, issues + damaged
    parts = [part.strip() for part in text.split(";")]
    kept = list(dict.fromkeys(part for part in parts if part))
    refused = _bad_refs(kept, column)
    if refused:
        return None, issues + refused
    joined = ";".join(kept)
    if joined != text:
        hint = "ids are joined by `;`, without spaces, empty items or repeats"
        issues.append(mend("refs.layout", f"{column.name} is not a plain list", hint))
    return joined or None, issues + ([] if joined else tell_missing(column))
