"""
Text: what may stand in a cell, what was done to it on its way here, and how a finding is told.

Damage is refused, invisible characters and the traces of other programs are told, and white space
and Unicode forms that have one reading are repaired.
"""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from typing import TYPE_CHECKING

from geo.errors import Issue, escape, mend, refuse, warn
from geo.model import Column, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

Result = tuple[Value, list[Issue]]


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


def compare_layout(
    data: bytes, text: bytes, found: Sequence[tuple[int, Issue]]
) -> list[tuple[int, Issue]]:
    """What is told of a file whose bytes are not those that would be written."""
    is_mended = any(issue.fixable for _, issue in found)
    told = []
    if not data.endswith(b"\n"):
        told.append((-1, mend("fmt.newline", "the file does not end with a line feed")))
    if text and text not in {data, data + b"\n"} and not is_mended:
        told.append((-1, mend("fmt.layout", "the file is not in canonical layout")))
    return told


def show_value(value: object) -> str:
    """Return a value as messages show it."""
    return f'"{escape(value, 60)}"' if isinstance(value, str) else escape(repr(value), 60)


def tell_missing(column: Column) -> list[Issue]:
    """Return what is wrong with an empty cell, if anything is."""
    if not column.required:
        return []
    if column.kind == "id":
        hint = "`frontline fmt --assign-ids` gives one"
        return [refuse("id.missing", f"{column.name} is empty", hint)]
    code = "date.missing" if column.kind == "date" else "props.required"
    return [refuse(code, f"{column.name} is empty", f"it must be given: {column.doc}")]


_LONG = 20_000
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
_MARKS = frozenset("\u200e\u200f\u061c\u2066\u2067\u2068\u2069")
_ZERO_WIDTH = frozenset("\u200b\u2060\ufeff")
_JOINERS = frozenset("\u200c\u200d")
_PRESENTATION = re.compile("[\ufb50-\ufdcf\ufdf0-\ufdf1\ufdf3-\ufdf9\ufe70-\ufefc]")
_LATIN = re.compile("[\u00c2-\u00f4]")
_QUOTED_LIST = re.compile(r"\[\s*(?:'[^']*'|\"[^\"]*\")(?:[\s,]+(?:'[^']*'|\"[^\"]*\"))*\s*\]")
_COUNTED_LIST = re.compile(r"\([0-9]+:.*\)", re.DOTALL)


def _is_plain(text: str) -> bool:
    """Whether nothing can be wrong with a text; most texts, quickly."""
    return (
        text.isascii()
        and text.isprintable()
        and text[:1] not in {"", " ", "{", "[", "("}
        and text[-1:] != " "
        and len(text) < _LONG
    )


def clean_text(text: str, name: str, *, prose: bool) -> Result:
    """Text with only one reading: NFC, no outer space; refused where characters are damaged."""
    issues = _damage(text, name) or _invisible(text, name, prose=prose)
    if any(issue.severity == "error" for issue in issues):
        return None, issues
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        issues.append(mend("str.newline", f"{name} has carriage returns"))
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
        issues.append(mend("str.nfc", f"{name} is not in Unicode normal form C"))
    if text != text.strip():
        text = text.strip()
        issues.append(mend("str.space", f"{name} begins or ends with white space"))
    return text, issues


def _damage(text: str, name: str) -> list[Issue]:
    """Characters that no text may hold."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        return [refuse("str.surrogate", f"{name} holds half a character (a lone surrogate)")]
    bad = next((c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t\r"), None)
    if bad is not None:
        return [refuse("str.control", f"{name} holds the control character U+{ord(bad):04X}")]
    if "\ufffd" in text:
        hint = "the text was damaged before it came here; type it again from the source"
        return [refuse("str.replacement", f"{name} holds U+FFFD", hint)]
    return []


def _invisible(text: str, name: str, *, prose: bool) -> list[Issue]:
    """Characters that cannot be seen; some are right in prose, none elsewhere."""
    found = {c for c in text if c in _OVERRIDES or c in _MARKS or c in _ZERO_WIDTH}
    if not prose:
        found |= _JOINERS.intersection(text)
    if not found:
        return []
    listed = ", ".join(f"U+{ord(c):04X}" for c in sorted(found))
    shown = f"{name} holds invisible characters ({listed}): {show_value(text)}"
    if found & _OVERRIDES or not prose:
        return [refuse("str.bidi", shown, "delete them; the text may not be what it seems")]
    if found & _MARKS:
        return [warn("str.bidi", shown)]
    return [warn("str.invisible", shown)]


def check_text(value: object, column: Column) -> Result:
    """Check prose."""
    if not isinstance(value, str):
        return None, [_not_text(value, column)]
    if _is_plain(value):
        return value, []
    text, issues = clean_text(value, column.name, prose=True)
    if not isinstance(text, str):
        return None, issues
    if not text:
        issues = [issue for issue in issues if issue.code != "str.space"]
        issues.append(mend("str.empty", f"{column.name} is empty text, not null"))
        return None, issues + tell_missing(column)
    refused = find_machine_made(text, column.name)
    if refused:
        return None, issues + refused
    if _PRESENTATION.search(text):
        hint = "copied from a PDF? type it again in plain Arabic letters"
        issues.append(warn("str.presentation", f"{column.name} holds letter shapes", hint))
    if _LATIN.search(text) and (meant := _mended(text)) != text:
        hint = f"it may have been {show_value(meant)}"
        issues.append(warn("str.mojibake", f"{column.name} looks like UTF-8 read as Latin-1", hint))
    if len(text) > _LONG:
        hint = "a note of this length belongs in a document of its own"
        issues.append(warn("str.long", f"{column.name} has {len(text)} characters", hint))
    return text, issues


def _not_text(value: object, column: Column) -> Issue:
    return refuse("props.type", f"{column.name} is {show_value(value)}", "it must be text")


def find_machine_made(text: str, name: str) -> list[Issue]:
    """Text that another program made out of a list, or would make into an object."""
    if _QUOTED_LIST.fullmatch(text):
        hint = "a list was damaged when a data frame was saved; write its items joined by `;`"
        return [refuse("props.numpy", f"{name} is a printed list: {show_value(text)}", hint)]
    if _COUNTED_LIST.fullmatch(text):
        hint = "a list was damaged by a conversion; write its items joined by `;`"
        return [refuse("props.ogrlist", f"{name} is a counted list: {show_value(text)}", hint)]
    if text[0] in "{[" and text[-1] in "}]":
        try:
            json.loads(text)
        except ValueError:
            return []
        except RecursionError:
            pass
        hint = "other programs turn it into an object on their next save; write it as words"
        return [refuse("str.json", f"{name} is JSON inside text: {show_value(text)}", hint)]
    return []


def _mended(text: str) -> str:
    """Text read as Latin-1 or Windows-1252, read again as UTF-8; unchanged if that fails."""
    for codec in ("latin-1", "cp1252"):
        try:
            return text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return text


def trim_text(value: object, column: Column) -> Result:
    """Text of a closed kind: clean, not empty, no invisible characters."""
    if not isinstance(value, str):
        return None, [_not_text(value, column)]
    text, issues = clean_text(value, column.name, prose=False)
    if text == "":
        issues = [mend("str.empty", f"{column.name} is empty text, not null")]
        return None, issues + tell_missing(column)
    return text, issues
