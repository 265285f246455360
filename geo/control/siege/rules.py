"""What counts as whose ground when supply is asked about: the one table of these rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    import shapely

    from geo.control.records import HeldPatch

    Positions = Mapping[str, tuple[float, float]]
    Shapes = Mapping[str, shapely.Geometry]

SupplyOf = Callable[["dt.date", str], Mapping[str, Any]]
"""Gives ``anchors``, ``places`` and ``friends`` of a side on a day, as `necks` takes them."""


class UnknownRule(StrEnum):
    """What ground is that no single side controls."""

    PASSABLE = "passable"
    ENEMY = "enemy"
    OWN = "own"


class EdgeRule(StrEnum):
    """What the edge of the study area is."""

    OPEN = "open"
    CLOSED = "closed"


class Standing(StrEnum):
    """What a patch is to a side."""

    OWN = "own"
    ENEMY = "enemy"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Rules:
    """Whose ground is asked about, and what counts as what."""

    side: str
    anchors: Shapes
    unknown: UnknownRule
    edge: EdgeRule
    friends: frozenset[str]

    @classmethod
    def of(
        cls, side: str, anchors: Shapes, unknown: str, edge: str, friends: Collection[str]
    ) -> Rules:
        """
        Check the rules.

        Raises
        ------
        ValueError
            If one is none of those there are.
        """
        if unknown not in list(UnknownRule):
            raise ValueError(f"unknown is {unknown!r}; it must be passable, enemy or own")
        if edge not in list(EdgeRule):
            raise ValueError(f"edge is {edge!r}; it must be open or closed")
        friends = frozenset({side, *friends})
        return cls(side, anchors, UnknownRule(unknown), EdgeRule(edge), friends)

    def standing(self, patch: HeldPatch, sides: Mapping[str, str]) -> Standing:
        """Say what a patch is to the side; `sides` are those of controllers."""
        label = patch.label
        if label.is_held:
            return Standing.OWN if patch.side in self.friends else Standing.ENEMY
        parties = {sides.get(party, party) for party in split_ids(label.controllers)}
        if label.is_shared and parties and not parties & self.friends:
            return Standing.ENEMY
        return Standing.UNDECIDED

    def passes(self, standing: Standing) -> bool:
        """Say whether supply passes through such ground."""
        if standing is Standing.UNDECIDED:
            return self.unknown is not UnknownRule.ENEMY
        return standing is Standing.OWN

    def counts(self, standing: Standing) -> bool:
        """Say whether such ground counts as held."""
        if standing is Standing.UNDECIDED:
            return self.unknown is UnknownRule.OWN
        return standing is Standing.OWN


def require_positive(**limits: float) -> None:
    """
    Refuse limits that leave nothing.

    Raises
    ------
    ValueError
        If one is not above 0.
    """
    for name, value in limits.items():
        if not value > 0:
            raise ValueError(f"{name} is {value}; it must be more than 0")
