"""The nouns: a column and a schema, a feature and a row, a patch and its label."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from geo.model.words import Value, split_ids

if TYPE_CHECKING:
    import shapely

Edges = Literal["straight", "geodesic"]
"""What runs between two corners: a straight line in longitude-latitude, or the shortest way."""

Ground = Literal["patch", "holder", "side"]
"""Whether patches stay apart, or the ground of each holder or each side is joined."""

Kind = Literal["id", "ref", "refs", "text", "integer", "date", "choice", "url", "pattern"]


class Status(StrEnum):
    """How a patch is held."""

    CONTROLLED = "controlled"
    CONTESTED = "contested"
    MIXED = "mixed"
    ADVANCE = "advance"
    UNKNOWN = "unknown"
    NONE = "none"

    @property
    def is_held(self) -> bool:  # numpydoc ignore=RT01
        """Whether one side controls the ground, and no other is said to be on it."""
        return self is Status.CONTROLLED

    @property
    def is_shared(self) -> bool:  # numpydoc ignore=RT01
        """Whether several parties are on the ground."""
        return self in {Status.CONTESTED, Status.MIXED}

    @property
    def is_nobodys(self) -> bool:  # numpydoc ignore=RT01
        """Whether no party is said to be on the ground."""
        return self in {Status.UNKNOWN, Status.NONE}


class Basis(StrEnum):
    """What a statement or a patch rests on, best first."""

    ASSESSED = "assessed"
    REPORTED = "reported"
    CLAIMED = "claimed"
    INFERRED = "inferred"


class Confidence(StrEnum):
    """How sure, in words; best first."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table, or one property of a layer.

    Attributes
    ----------
    name
        The key in the file.
    kind
        ``id`` (of this row), ``ref`` (one id of another table), ``refs`` (ids joined by ``;``),
        ``text``, ``integer``, ``date`` (``YYYY-MM-DD``), ``choice``, ``url`` or ``pattern``.
    doc
        One line for the data dictionary.
    required
        Whether an empty cell is an error.
    choices
        The closed list of a ``choice``.
    refers_to
        Name of the schema whose ids a ``ref`` or ``refs`` holds.
    pattern
        Regular expression that the whole text of a ``pattern`` must match.
    minimum, maximum
        Bounds of an ``integer``, both inclusive.
    """

    name: str
    kind: Kind
    doc: str
    required: bool = False
    choices: tuple[str, ...] = ()
    refers_to: str = ""
    pattern: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """
    The columns of one kind of file, and the geometry that it may hold.

    Attributes
    ----------
    name
        What other schemas refer to: ``control``, ``places``, ``sources``, ...
    path
        Where it stands below the layers folder; ``*`` stands for the date, month or name.
    columns
        In the order in which they are written.
    geometry
        GeoJSON types allowed; empty for a CSV table.
    null_geometry
        Whether a feature may have no geometry (never located).
    required
        Whether a theatre must have the file.
    """

    name: str
    path: str
    columns: tuple[Column, ...]
    geometry: frozenset[str] = frozenset()
    null_geometry: bool = False
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """
        Return one column.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        column
            The column of that name.

        Raises
        ------
        KeyError
            If the schema has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Feature:
    """
    One feature of a layer, as read: every value checked, nothing guessed.

    Attributes
    ----------
    id
        Identity; `properties` holds it too.
    properties
        Schema order first, unknown keys behind; absent means None.
    geometry
        Longitude, latitude on the 1e-6 degree grid; None where never located.
    line
        Line of the file on which the feature begins; 0 for one made in memory.
    """

    id: str
    properties: dict[str, Value]
    geometry: shapely.Geometry | None
    line: int = 0

    @property
    def values(self) -> dict[str, Value]:  # numpydoc ignore=RT01
        """Its properties, as a row calls them."""
        return self.properties


@dataclass(frozen=True, slots=True)
class Row:
    """
    One row of a table, as read: every value checked, nothing guessed.

    Attributes
    ----------
    id
        Identity; empty in tables whose rows have none.
    values
        Schema order first, unknown columns behind; an empty cell is None.
    line
        Line of the file on which the row begins; 0 for one made in memory.
    """

    id: str
    values: dict[str, Value]
    line: int = 0

    @property
    def geometry(self) -> None:  # numpydoc ignore=RT01
        """None: a row has no shape, where a feature may have one."""


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """
    What is known of a piece of ground at one date: the four axes, and why.

    Attributes
    ----------
    controller
        Actor or side id; empty with status ``unknown`` or ``none``.
    controllers
        The parties of contested or mixed ground, joined by ``;``.
    status, basis, confidence
        See `Status`, `Basis` and `Confidence`; basis and confidence are empty for ``unknown``.
    patch
        Id of the patch that says so.
    """

    controller: str = ""
    controllers: str = ""
    status: str = Status.UNKNOWN
    basis: str = ""
    confidence: str = ""
    patch: str = ""

    @property
    def holder(self) -> str:  # numpydoc ignore=RT01
        """The controller, or the status of ground that nobody is said to hold alone."""
        return self.controller or self.status

    @property
    def is_held(self) -> bool:  # numpydoc ignore=RT01
        """Whether one side controls the ground, and no other is said to be on it."""
        return Status(self.status).is_held

    @property
    def is_shared(self) -> bool:  # numpydoc ignore=RT01
        """Whether several parties are on the ground."""
        return Status(self.status).is_shared

    @property
    def is_nobodys(self) -> bool:  # numpydoc ignore=RT01
        """Whether no party is said to be on the ground."""
        return Status(self.status).is_nobodys

    @property
    def parties(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """Who is said to be on the ground: the controller, then the parties that share it."""
        return tuple(filter(None, (self.controller, *split_ids(self.controllers))))


@dataclass(frozen=True, slots=True)
class Patch:
    """
    One area of control at one date.

    Attributes
    ----------
    label
        Who, how, how sure.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    """

    label: Label
    geometry: shapely.Geometry
