"""
One value, one record: what a cell may hold, and how it is written.

Every value of a layer or a table comes through here, so that a date or an id means
the same in both. Nothing is guessed: a value is taken as it is, repaired where only one
reading is possible (and reported as fixable), or refused with the reason.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
import unicodedata
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import urlsplit

from rapidfuzz import process

from geo.errors import Issue
from geo.errors import escape
from geo.model import ID_PATTERN
from geo.model import RESERVED_IDS
from geo.model import Column
from geo.model import Schema
from geo.model import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_INTEGER",
    "TOOL_COLUMNS",
    "check_record",
    "check_value",
    "is_id",
    "new_id",
    "place",
]

FIRST_DAY = dt.date(1900, 1, 1)
"""Earlier dates are refused."""

LAST_DAY = dt.date(2100, 1, 1)
"""Later dates are refused: a sentinel such as 9999-12-31, or a typo. Not bound to the clock."""

MAX_INTEGER = 2**53
"""Larger integers are changed by programs that keep numbers as floats."""

TOOL_COLUMNS = frozenset({"FID", "OBJECTID", "fid", "layer", "ogc_fid", "path"})
"""Columns that desktop programs and format conversions add; never data of ours."""

_ID_STARTS = {"control": "ctl", "events": "evt", "statements": "stm", "changes": "chg"}
_LONG = 20_000
_CONFLICT = "_conflict"
_FORBIDDEN_KEYS = frozenset({"__proto__", "constructor", "prototype"})
_HIJRI_YEARS = range(1300, 1501)

_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
_MARKS = frozenset("\u200e\u200f\u061c\u2066\u2067\u2068\u2069")
_ZERO_WIDTH = frozenset("\u200b\u2060\ufeff")
_JOINERS = frozenset("\u200c\u200d")
_PRESENTATION = re.compile("[\ufb50-\ufdcf\ufdf0-\ufdf1\ufdf3-\ufdf9\ufe70-\ufefc]")
_LATIN = re.compile("[\u00c2-\u00f4]")

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_SLASHED = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})")
_MIDNIGHT = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})[T ]00:00(?::00(?:\.0+)?)?")
_MOMENT = re.compile(r"[0-9]{4}[-/]?[0-9]{2}[-/]?[0-9]{2}[T ].*(?:Z|z|UTC|GMT|[+-][0-9:]{2,5})")
_PARTIAL = re.compile(r"[0-9]{4}(?:[-/][0-9]{1,2})?|[0-9]{1,2}[-/.][0-9]{4}")
_DAY_LAST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_INTEGER_WITH_ZEROS = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0+")
_QUOTED_LIST = re.compile(r"\[\s*(?:'[^']*'|\"[^\"]*\")(?:[\s,]+(?:'[^']*'|\"[^\"]*\"))*\s*\]")
_COUNTED_LIST = re.compile(r"\([0-9]+:.*\)", re.DOTALL)

Result = tuple[Value, list[Issue]]


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


def check_value(value: object, column: Column) -> Result:
    """
    Check one value against its column.

    Parameters
    ----------
    value
        As parsed: text, number, None, or whatever else stood there.
    column
        What it must be.

    Returns
    -------
    value
        The value to keep: normalised where a finding is fixable, None where it is refused.
    issues
        Findings without file, line and id; none for a value that is right as it stands.

    Examples
    --------
    >>> check_value("2017-08-02", Column("date", "date", "Day."))
    ('2017-08-02', [])
    >>> check_value("2017-08", Column("date", "date", "Day."))[1][0].code
    'date.partial'
    """
    if value is None:
        return None, _missing(column)
    if type(value) is list and column.kind not in {"integer", "date", "id"}:
        return _joined(value, column)
    if isinstance(value, dict | list | tuple):
        shown = "an object" if isinstance(value, dict) else "a list"
        code = {"date": "date.type", "id": "id.type"}.get(column.kind, "props.nested")
        return None, [
            _error(
                code,
                f"{column.name} is {shown}",
                "values are text, integers or null; other programs lose what is nested",
            )
        ]
    return _CHECKS[column.kind](value, column)


def check_record(
    record: Mapping[str, object], schema: Schema, *, text: bool = False
) -> tuple[dict[str, Value], list[Issue]]:
    """
    Check all values of one feature or row.

    Parameters
    ----------
    record
        As parsed; keys in the order of the file.
    schema
        What the keys must be.
    text
        Whether every value is text, as in a table: integers are then read from their digits, and
        an empty cell is None.

    Returns
    -------
    values
        Every column of the schema in its order, then unknown keys with a value by code point.
    issues
        Findings without file, line and id.
    """
    values: dict[str, Value] = {}
    issues: list[Issue] = []
    for column in schema.columns:
        name = column.name
        if name in record:
            value = record[name]
            if text:
                value, found = _cell(value, column)
                issues += found
            right = _RIGHT.get(id(column))
            if right is not None and type(value) is str and value in right[1]:
                values[name] = value
                continue
            values[name], found = check_value(value, column)
            if found:
                issues += found
            elif column.kind in _REPEATED and type(value) is str and values[name] == value:
                right = right or _RIGHT.setdefault(id(column), (column, set()))
                if len(right[1]) < _REMEMBERED:
                    right[1].add(value)
        else:
            values[name] = None
            if column.kind == "id":
                issues += _missing(column)
            else:
                if column.required:
                    issues += _missing(column)
                issues.append(_repair("props.missing", f"the key {name} is not there"))
    if len(record) + sum(issue.code == "props.missing" for issue in issues) > len(values):
        unknown, found = _unknown(record, schema, text=text)
        values |= unknown
        issues += found
    return values, issues


_REPEATED = frozenset({"choice", "date", "ref", "refs"})
"""Kinds of which record after record has the same few values."""

_REMEMBERED = 1_000
_RIGHT: dict[int, tuple[Column, set[str]]] = {}
"""By the identity of a column: the column, which so stays what it is, and values that are right."""


def place(
    found: Sequence[tuple[int, Issue]],
    *,
    file: str,
    ids: Sequence[str],
    lines: Sequence[int],
    noun: str,
) -> list[Issue]:
    """
    Return findings with their file, line and id, in the order in which to read them.

    Parameters
    ----------
    found
        Findings, each with the number of its feature or row; -1 stands for the file.
    file
        Path, for messages.
    ids
        Id of each feature or row; empty where it has none.
    lines
        Line on which each begins.
    noun
        What has no id, in messages: ``feature`` or ``row``.

    Returns
    -------
    issues
        Errors first, then by line; a warning that many give is said once, with all their ids.
    """
    groups: dict[tuple[object, ...], tuple[Issue, dict[str, None]]] = {}
    for i, issue in found:
        name = ids[i] if i >= 0 else ""
        line = lines[i] if i >= 0 else issue.line
        message = issue.message if name or i < 0 else f"{noun} {i + 1}: {issue.message}"
        key: tuple[object, ...] = (issue.code, message, issue.hint)
        if issue.severity == "error":
            key = (len(groups),)
        if key not in groups:
            first = dataclasses.replace(issue, message=message, file=file, line=line)
            groups[key] = (first, {})
        if name:
            groups[key][1][name] = None
    issues = [dataclasses.replace(issue, ids=tuple(names)) for issue, names in groups.values()]
    return sorted(issues, key=lambda issue: (issue.severity, issue.line == 0, issue.line))


# --- findings ---------------------------------------------------------------


def _error(code: str, message: str, hint: str = "", *, fixable: bool = False) -> Issue:
    return Issue(code, "error", message, hint, fixable=fixable)


def _warning(code: str, message: str, hint: str = "") -> Issue:
    return Issue(code, "warning", message, hint)


def _repair(code: str, message: str, hint: str = "") -> Issue:
    return Issue(code, "warning", message, hint, fixable=True)


def _shown(value: object) -> str:
    return f'"{escape(value, 60)}"' if isinstance(value, str) else escape(repr(value), 60)


def _missing(column: Column) -> list[Issue]:
    if not column.required:
        return []
    if column.kind == "id":
        hint = "`frontline fmt --assign-ids` gives one"
        return [_error("id.missing", f"{column.name} is empty", hint)]
    code = "date.missing" if column.kind == "date" else "props.required"
    return [_error(code, f"{column.name} is empty", f"it must be given: {column.doc}")]


# --- text -------------------------------------------------------------------


def _is_plain(text: str) -> bool:
    """Whether nothing can be wrong with a text; most texts, quickly."""
    return (
        text.isascii()
        and text.isprintable()
        and text[:1] not in {"", " ", "{", "[", "("}
        and text[-1:] != " "
        and len(text) < _LONG
    )


def _clean(text: str, name: str, *, prose: bool) -> Result:
    """Text with only one reading: NFC, no outer space; refused where characters are damaged."""
    issues = _damage(text, name) or _invisible(text, name, prose=prose)
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        issues.append(_repair("str.newline", f"{name} has carriage returns"))
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        issues.append(_repair("str.nfc", f"{name} is not in Unicode normal form C"))
    if text != text.strip():
        text = text.strip()
        issues.append(_repair("str.space", f"{name} begins or ends with white space"))
    return text, issues


def _damage(text: str, name: str) -> list[Issue]:
    """Characters that no text may hold."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return [_error("str.surrogate", f"{name} holds half a character (a lone surrogate)")]
    bad = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t\r"), None)
    if bad is not None:
        return [_error("str.control", f"{name} holds the control character U+{ord(bad):04X}")]
    if "\ufffd" in text:
        hint = "the text was damaged before it came here; type it again from the source"
        return [_error("str.replacement", f"{name} holds U+FFFD", hint)]
    return []


def _invisible(text: str, name: str, *, prose: bool) -> list[Issue]:
    """Characters that cannot be seen; some are right in prose, none elsewhere."""
    found = {c for c in text if c in _OVERRIDES or c in _MARKS or c in _ZERO_WIDTH}
    if not prose:
        found |= _JOINERS.intersection(text)
    if not found:
        return []
    listed = ", ".join(f"U+{ord(c):04X}" for c in sorted(found))
    shown = f"{name} holds invisible characters ({listed}): {_shown(text)}"
    if found & _OVERRIDES or not prose:
        return [_error("str.bidi", shown, "delete them; the text may not be what it seems")]
    if found & _MARKS:
        return [_warning("str.bidi", shown)]
    return [_warning("str.invisible", shown)]


def _text(value: object, column: Column) -> Result:
    if not isinstance(value, str):
        return None, [_not_text(value, column)]
    if _is_plain(value):
        return value, []
    text, issues = _clean(value, column.name, prose=True)
    if not isinstance(text, str):
        return None, issues
    if not text:
        issues = [issue for issue in issues if issue.code != "str.space"]
        issues.append(_repair("str.empty", f"{column.name} is empty text, not null"))
        return None, issues + _missing(column)
    refused = _machine_made(text, column.name)
    if refused:
        return None, issues + refused
    if _PRESENTATION.search(text):
        hint = "copied from a PDF? type it again in plain Arabic letters"
        issues.append(_warning("str.presentation", f"{column.name} holds letter shapes", hint))
    if _is_mojibake(text):
        hint = f"it may have been {_shown(_mended(text))}"
        issues.append(
            _warning("str.mojibake", f"{column.name} looks like UTF-8 read as Latin-1", hint)
        )
    if len(text) > _LONG:
        hint = "a note of this length belongs in a document of its own"
        issues.append(_warning("str.long", f"{column.name} has {len(text)} characters", hint))
    return text, issues


def _not_text(value: object, column: Column) -> Issue:
    return _error("props.type", f"{column.name} is {_shown(value)}", "it must be text")


def _machine_made(text: str, name: str) -> list[Issue]:
    """Text that another program made out of a list, or would make into an object."""
    if _QUOTED_LIST.fullmatch(text):
        hint = "a list was damaged when a data frame was saved; write its items joined by `;`"
        return [_error("props.numpy", f"{name} is a printed list: {_shown(text)}", hint)]
    if _COUNTED_LIST.fullmatch(text):
        hint = "a list was damaged by a conversion; write its items joined by `;`"
        return [_error("props.ogrlist", f"{name} is a counted list: {_shown(text)}", hint)]
    if text[0] in "{[" and text[-1] in "}]":
        try:
            json.loads(text)
        except ValueError:
            return []
        except RecursionError:
            pass
        hint = "other programs turn it into an object on their next save; write it as words"
        return [_error("str.json", f"{name} is JSON inside text: {_shown(text)}", hint)]
    return []


def _mended(text: str) -> str:
    """Text read as Latin-1 or Windows-1252, read again as UTF-8; unchanged if that fails."""
    for codec in ("latin-1", "cp1252"):
        try:
            return text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _is_mojibake(text: str) -> bool:
    return _LATIN.search(text) is not None and _mended(text) != text


def _joined(values: list[object], column: Column) -> Result:
    """Join a list of texts; other programs tear lists apart."""
    hint = "a list is written as one text, its items joined by `;`"
    if not values or not all(isinstance(v, str) and v and ";" not in v for v in values):
        return None, [_error("props.nested", f"{column.name} is a list", hint)]
    value, issues = check_value(";".join(str(v) for v in values), column)
    return value, [_error("props.type", f"{column.name} is a list", hint, fixable=True), *issues]


# --- ids and choices --------------------------------------------------------


def _id(value: object, column: Column) -> Result:
    if is_id(value):
        return value, []
    if not isinstance(value, str):
        message = f"{column.name} is {_shown(value)}, not text"
        return None, [_error("id.type", message, "put quotes round it, and letters before it")]
    if is_id(value.strip()):
        name = column.name
        return value.strip(), [_repair("str.space", f"{name} begins or ends with white space")]
    if not value.strip():
        return None, _missing(column)
    hint = "use lower case ASCII letters, digits, hyphen and underscore, 2 to 64 of them"
    if value.lower() in RESERVED_IDS:
        hint = "some systems cannot write a file of this name; choose another"
    return None, [_error("id.format", f"{column.name} {_shown(value)} is no id", hint)]


def _trimmed(value: object, column: Column) -> Result:
    """Text of a closed kind: clean, not empty, no invisible characters."""
    if not isinstance(value, str):
        return None, [_not_text(value, column)]
    text, issues = _clean(value, column.name, prose=False)
    if text == "":
        issues = [_repair("str.empty", f"{column.name} is empty text, not null")]
        return None, issues + _missing(column)
    return text, issues


def _ref(value: object, column: Column) -> Result:
    if is_id(value):
        return value, []
    text, issues = _trimmed(value, column)
    if text is None or is_id(text):
        return text, issues
    return None, [*issues, *_bad_refs([str(text)], column)]


def _bad_refs(parts: Iterable[str], column: Column) -> list[Issue]:
    hint = f"it must be an id of {column.refers_to}" if column.refers_to else ""
    return [
        _error("ref.format", f"{column.name} {_shown(part)} is no id", hint)
        for part in parts
        if not is_id(part)
    ]


def _refs(value: object, column: Column) -> Result:
    if is_id(value):
        return value, []
    text, issues = _trimmed(value, column)
    if not isinstance(text, str):
        return None, issues
    damaged = _machine_made(text, column.name)
    if damaged:
        return None, issues + damaged
    parts = [part.strip() for part in text.split(";")]
    kept = list(dict.fromkeys(part for part in parts if part))
    refused = _bad_refs(kept, column)
    if refused:
        return None, issues + refused
    joined = ";".join(kept)
    if joined != text:
        message = f"{column.name} is not a plain list"
        hint = "ids are joined by `;`, without spaces, empty items or repeats"
        issues.append(_repair("refs.layout", message, hint))
    return joined or None, issues + ([] if joined else _missing(column))


def _choice(value: object, column: Column) -> Result:
    if isinstance(value, str) and value in column.choices:
        return str(value), []
    text, issues = _trimmed(value, column)
    if text is None or text in column.choices:
        return text, issues
    near = process.extractOne(str(text).lower(), column.choices, score_cutoff=60)
    hint = f"did you mean {near[0]}? " if near else ""
    listed = ", ".join(column.choices)
    hint += f"one of: {listed}" if len(listed) < 200 else "see the data dictionary"
    return None, [
        *issues,
        _error("choice.unknown", f"{column.name} {_shown(text)} is not on its list", hint),
    ]


def _pattern(value: object, column: Column) -> Result:
    text, issues = _trimmed(value, column)
    if text is None or re.fullmatch(column.pattern, str(text)):
        return text, issues
    message = f"{column.name} {_shown(text)} has not the form {column.pattern}"
    return None, [*issues, _error("pattern.mismatch", message, column.doc)]


def _url(value: object, column: Column) -> Result:
    text, issues = _trimmed(value, column)
    if not isinstance(text, str):
        return None, issues
    damaged = _machine_made(text, column.name)
    if damaged:
        return None, issues + damaged
    shown = f"{column.name} {_shown(text)}"
    scheme, colon, _ = text.partition(":")
    if not colon or scheme.lower() not in {"http", "https"}:
        hint = "only http and https addresses become links"
        return None, [*issues, _error("url.scheme", f"{shown} is no web address", hint)]
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or not host or any(c.isspace() or c in '<>"`\\' for c in text):
        hint = "copy it again from the browser; spaces are written %20"
        return None, [*issues, _error("url.format", f"{shown} is no whole web address", hint)]
    if parts.username is not None or parts.password is not None:
        message = f"{shown} leads to {escape(host, 60)}; what stands before the @ is a user name"
        issues.append(_warning("url.userinfo", message))
    return text, issues


# --- numbers ----------------------------------------------------------------


def _cell(value: object, column: Column) -> Result:
    """Read a cell of a table: empty is None, an integer is read from its digits."""
    if value == "" or not isinstance(value, str):
        return None, []
    if column.kind != "integer":
        return value, []
    digits = value.strip()
    issues = []
    if digits != value:
        issues.append(_repair("str.space", f"{column.name} begins or ends with white space"))
    if not digits:
        return None, issues
    if match := _INTEGER_WITH_ZEROS.fullmatch(digits):
        issues.append(_repair("props.type", f"{column.name} {_shown(value)} is not an integer"))
        digits = match[1]
    if not _INTEGER.fullmatch(digits) or digits == "-0":
        return value, issues
    return (int(digits) if len(digits) < 20 else MAX_INTEGER * 2), issues


def _integer(value: object, column: Column) -> Result:
    issues = []
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        issues.append(_repair("props.type", f"{column.name} is {value!r}, not an integer"))
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        hint = "write a whole number without quotes, or leave it empty"
        return None, [_error("props.type", f"{column.name} is {_shown(value)}", hint)]
    if abs(value) > MAX_INTEGER:
        hint = "other programs would change it; keep numbers of this size as text"
        return None, [_error("num.range", f"{column.name} is beyond 2^53", hint)]
    low, high = column.minimum, column.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"{'' if low is None else low} to {'' if high is None else high}".strip()
        message = f"{column.name} is {value}; it must be in the range {bounds}"
        return None, [*issues, _error("num.bounds", message)]
    return value, issues


# --- dates ------------------------------------------------------------------


def _date(value: object, column: Column) -> Result:
    if not isinstance(value, str):
        message = f"{column.name} is {_shown(value)}, not text"
        return None, [_error("date.type", message, "write it as YYYY-MM-DD in quotes")]
    if match := _DAY.fullmatch(value):
        return _day(match, column, [])
    if not value.strip():
        issues = [_repair("date.empty", f"{column.name} is empty text, not null")]
        return None, issues + _missing(column)
    text, issues = _clean(value, column.name, prose=False)
    if not isinstance(text, str):
        return None, issues
    western = "".join(
        str(unicodedata.decimal(c)) if not c.isascii() and c.isdecimal() else c for c in text
    )
    if western != text:
        message = f"{column.name} {_shown(text)} has digits other than 0 to 9"
        issues.append(_error("date.digits", message, f"write {western}", fixable=True))
    if match := _DAY.fullmatch(western):
        return _day(match, column, issues)
    if match := _DAY_SLASHED.fullmatch(western) or _MIDNIGHT.fullmatch(western):
        day = "-".join(match.groups())
        message = f"{column.name} {_shown(text)} is not in the form YYYY-MM-DD"
        issues.append(_error("date.format", message, f"write {day}", fixable=True))
        return _day(match, column, issues)
    return None, [*issues, _no_date(western, column)]


def _day(match: re.Match[str], column: Column, issues: list[Issue]) -> Result:
    """Take a date in figures, if the calendar has it and it is near enough."""
    year, month, day = (int(part) for part in match.groups())
    shown = f"{column.name} {match[1]}-{match[2]}-{match[3]}"
    if year in _HIJRI_YEARS:
        hint = "it looks like a Hijri year; write the Gregorian date"
        return None, [*issues, _error("date.hijri", f"{shown} is out of range", hint)]
    try:
        date = dt.date(year or 1, month, day)
    except ValueError as error:
        return None, [*issues, _error("date.invalid", f"{shown} does not exist: {error}")]
    if not year or not FIRST_DAY <= date <= LAST_DAY:
        hint = f"dates run from {FIRST_DAY} to {LAST_DAY}; leave an open end empty"
        return None, [*issues, _error("date.range", f"{shown} is out of range", hint)]
    return date.isoformat(), issues


def _no_date(text: str, column: Column) -> Issue:
    """Why a text is no date."""
    shown = f"{column.name} {_shown(text)}"
    if _MOMENT.fullmatch(text):
        hint = "which day is it at the place? write that day as YYYY-MM-DD"
        return _error("date.timezone", f"{shown} is a moment with a time zone, not a day", hint)
    if _PARTIAL.fullmatch(text):
        hint = "write a full date and say in the precision column how well it is known"
        return _error("date.partial", f"{shown} is not a whole date", hint)
    if match := _DAY_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12 and first != second:
            hint = "is it the day or the month that stands first? write YYYY-MM-DD"
            return _error("date.ambiguous", f"{shown} can be two dates", hint)
    hint = "write it as YYYY-MM-DD, or leave it empty where it is not known"
    return _error("date.format", f"{shown} is no date", hint)


# --- keys -------------------------------------------------------------------


def _unknown(
    record: Mapping[str, object], schema: Schema, *, text: bool
) -> tuple[dict[str, Value], list[Issue]]:
    """Keys that the schema does not know: kept if a person may have typed them."""
    known = frozenset(schema.names)
    values: dict[str, Value] = {}
    issues: list[Issue] = []
    for key in sorted(record.keys() - known):
        value = record[key]
        if fault := _bad_key(key):
            issues.append(fault)
        elif key == _CONFLICT:
            message = f"a merge left a conflict here: {_shown(value)}"
            hint = f"keep one of the two versions and delete the key {_CONFLICT}"
            issues.append(_error("git.conflict", message, hint))
        elif key in TOOL_COLUMNS:
            issues.append(_repair("props.artefact", f"the key {key} was added by a program"))
        elif value is None or (text and value == ""):
            if not text:
                message = f"the unknown key {escape(key)} is null"
                issues.append(_repair("props.extra_null", message))
        else:
            values[key], found = _unknown_value(value, key, known)
            issues += found
    return values, issues


def _unknown_value(value: object, key: str, known: frozenset[str]) -> Result:
    name = escape(key, 60)
    near = process.extractOne(key.lower(), sorted(known), score_cutoff=80)
    hint = f"did you mean {near[0]}?" if near else "it is kept as it is"
    notice = _warning("props.unknown", f"the key {name} is not in the data dictionary", hint)
    if isinstance(value, int) and not isinstance(value, bool):
        value, issues = _integer(value, Column(name, "integer", ""))
    else:
        value, issues = check_value(value, Column(name, "text", ""))
    return value, [notice, *issues]


def _bad_key(key: str) -> Issue | None:
    if key in _FORBIDDEN_KEYS:
        message = f"the key {key} is refused: it can change programs that read it"
        return _error("props.key", message, "rename it")
    text, issues = _clean(key, "the key", prose=False) if key else ("", [])
    if not key or text != key or issues or "\n" in key or "\t" in key or len(key) > 100:
        message = f"the key {_shown(key)} is empty, too long, or holds invisible characters"
        return _error("props.key", message, "rename it")
    return None


_CHECKS: dict[str, Callable[[object, Column], Result]] = {
    "id": _id,
    "ref": _ref,
    "refs": _refs,
    "text": _text,
    "integer": _integer,
    "date": _date,
    "choice": _choice,
    "url": _url,
    "pattern": _pattern,
}
