"""What a record of ours needs that others do not have: an id from a name, and every column."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from geo.layers import is_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.model import Schema, Value

_NOT_IN_SLUG = re.compile("[^a-z0-9]+")


def make_slug(text: str) -> str:
    """A readable id for a name; an id is its own, and letters that are not Latin become digits."""
    if is_id(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _NOT_IN_SLUG.sub("_", plain).strip("_")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    if not is_id(name):
        name = f"{name[:50].strip('_') or 'name'}_{digest}"
    return name


def fold_name(name: str) -> str:
    """A name as it is compared: without regard to case, blanks and forms of one letter."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def fill_columns(schema: Schema, name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Every column of a schema, in its order."""
    full = {column: values.get(column) for column in schema.names}
    return {**full, "id": name} if "id" in full else full
