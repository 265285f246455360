"""What is found wrong with a value, in the words of all kinds of columns."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from geo.errors import Issue, escape
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


def refuse(code: str, message: str, hint: str = "", *, fixable: bool = False) -> Issue:
    """Return an error."""
    return Issue(code, "error", message, hint, fixable=fixable)


def warn(code: str, message: str, hint: str = "") -> Issue:
    """Return a warning."""
    return Issue(code, "warning", message, hint)


def mend(code: str, message: str, hint: str = "") -> Issue:
    """Return what has one reading and is put right."""
    return Issue(code, "warning", message, hint, fixable=True)


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
