"""What stands in a file of others: one row or feature, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from geo.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping

    import shapely


class Outcome(StrEnum):
    """What became of an entry."""

    WRITTEN = "written"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(slots=True)
class Entry:
    """
    One row or feature of theirs.

    Attributes
    ----------
    file, line
        Where it stood; features are counted instead of lines.
    values
        Text by our names.
    shape
        As parsed, until it is checked.
    geometry
        What it draws; None where that cannot be used.
    fault
        Code and message of what is wrong with its shape; None where nothing is.
    noun
        What it is called in messages.
    """

    file: str
    line: int
    values: dict[str, str]
    shape: Mapping[str, object] | None = None
    geometry: shapely.Geometry | None = None
    fault: tuple[str, str] | None = None
    noun: str = "row"

    def issue(self, code: str, message: str, *, warning: bool = False, about: str = "") -> Issue:
        """Return what is to say about it, and what other one it concerns."""
        shown = f"{self.noun} {self.line}" if self.noun != "row" else ""
        ids = tuple(filter(None, (shown, about)))
        line = self.line if self.noun == "row" else 0
        return Issue(code, "warning" if warning else "error", message, "", self.file, line, ids)
