"""Values of a closed form: one of a list, of a pattern, a web address, a whole number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rapidfuzz import process

from geo.errors import escape
from geo.layers.fields.findings import Result, mend, refuse, show_value, warn
from geo.layers.fields.texts import find_machine_made, trim_text

if TYPE_CHECKING:
    from geo.model import Column

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
