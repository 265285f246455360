"""
What became of ground between two dates: taken, only known or unknown, shared, or redrawn.

Ground that one side holds after another is *taken* where some row of the ledger says that it moved,
or where no row speaks of it at all; where only corrections and refinements speak of it, the picture
moved and not the war: it is *redrawn*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.model import Status

if TYPE_CHECKING:
    from collections.abc import Collection

TAKEN = "taken"
REDRAWN = "redrawn"
HANDS = frozenset({TAKEN, REDRAWN})
"""Effects on ground that one side has after another; of the others there is no band."""

EFFECTS = (TAKEN, "contested", "became known", "became unknown", REDRAWN, "same")
"""Everything that may become of ground: what happened, what was learned, what was redrawn."""

PICTURE = frozenset({"correction", "refinement"})
"""Kinds of ledger rows that say that our picture changed, not the ground."""


def tell_effect(
    before: tuple[str, str], after: tuple[str, str], kinds: Collection[str] = ()
) -> str:
    """
    Return what became of ground.

    Parameters
    ----------
    before, after
        Side and status.
    kinds
        Of the rows of the ledger that speak of it.

    Returns
    -------
    effect
        ``taken`` where one side lost it to another, ``redrawn`` where that is so on the map
        alone: every row that speaks of it is a correction or a refinement; ``became known`` or
        ``became unknown`` where the picture changed, ``contested`` where sides began or ended to
        share it, else ``same``.

    Examples
    --------
    >>> tell_effect(("red", "controlled"), ("blue", "controlled"))
    'taken'
    >>> tell_effect(("red", "controlled"), ("blue", "controlled"), ["refinement"])
    'redrawn'
    >>> tell_effect(("", "unknown"), ("blue", "controlled"))
    'became known'
    """
    if before[1] == after[1] == Status.CONTROLLED:
        if before[0] == after[0]:
            return "same"
        return REDRAWN if kinds and set(kinds) <= PICTURE else TAKEN
    if before[1] == Status.UNKNOWN:
        return "became known"
    return "became unknown" if after[1] == Status.UNKNOWN else "contested"
