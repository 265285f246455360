"""Ids: what may be one, how a new one is made, and references to those of other tables."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeGuard

from geo.layers.fields.findings import Result, mend, refuse, show_value, tell_missing
from geo.layers.fields.texts import find_machine_made, trim_text
from geo.model import ID_PATTERN, RESERVED_IDS, Column, Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from geo.errors import Issue


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
        message = f"{column.name} is not a plain list"
        hint = "ids are joined by `;`, without spaces, empty items or repeats"
        issues.append(mend("refs.layout", message, hint))
    return joined or None, issues + ([] if joined else tell_missing(column))
