"""A file on its way: what was parsed, what is checked of it, and all findings."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.layers import fields, shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.errors import Issue
    from geo.model import Feature, Schema


AREAS = frozenset({"Polygon", "MultiPolygon"})
DERIVED = frozenset({"bbox", "name", "xy_coordinate_resolution"})


@dataclass(frozen=True, slots=True)
class Layer:
    """
    One GeoJSON file, as read.

    Attributes
    ----------
    file
        Its path, for messages.
    schema
        What it was read as.
    features
        Sorted by id.
    issues
        Warnings, and what ``fmt`` would repair; no errors.
    digest
        SHA-256 of the bytes read, in hexadecimal.
    """

    file: str
    schema: Schema
    features: tuple[Feature, ...]
    issues: tuple[Issue, ...]
    digest: str


@dataclass(slots=True)
class Document:
    """JSON as parsed, the features apart."""

    features: list[Any]
    lines: list[int]
    members: dict[str, Any] = dataclasses.field(default_factory=dict)
    rings: shapes.Rings | None = None
    """Where there are any, the geometries hold numbers in place of rings."""
    data: bytes = b""
    """The whole text, if it was read with `rings`: each is spelt there as it would be written."""
    around: list[bytes] = dataclasses.field(default_factory=list)
    """With `data`: what stands before, between and behind the rings."""


@dataclass(slots=True)
class Draft:
    """Features checked so far, and all findings; -1 stands for the file."""

    document: Document
    ids: list[str]
    found: list[tuple[int, Issue]]
    features: tuple[Feature, ...] = ()
    shaped: shapes.Shapes | None = None
    text: bytes = b""

    def add(self, feature: int, issue: Issue) -> None:
        """Keep a finding."""
        self.found.append((feature, issue))

    @property
    def is_refused(self) -> bool:
        """Whether there is an error that nothing can repair."""
        return any(issue.severity == "error" and not issue.fixable for _, issue in self.found)


def place_findings(draft: Draft, file: str) -> list[Issue]:
    """Return the findings of a draft with their file, line and id."""
    return fields.place(
        draft.found, file=file, ids=draft.ids, lines=draft.document.lines, noun="feature"
    )


def type_of(value: Any) -> str:
    """The type that an object says it has; nothing where it says none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def foreign_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members that a person may have put there, by name."""
    known = DERIVED | {"type", "features", "crs"}
    return {key: members[key] for key in sorted(members) if key not in known}
