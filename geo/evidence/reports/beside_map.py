"""
A draft beside the map: what the theatre's own control says against what a sentence tells.

A report may be right and the map wrong, so nothing is changed here: what does not go together is
said in the draft, which is then less sure. A vague place says nothing, for who holds its middle
need not hold the rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import shapely

from geo.model import parse_day

if TYPE_CHECKING:
    from geo.evidence.reports.actors import Actors
    from geo.model import Value

History = Callable[[float, float], Sequence[tuple[dt.date, dt.date | None, str]]]
"""Who held a position: first day, the day after the last, and the side or the status."""

_VAGUE_M = 5_000
"""A position no better than this is not compared."""
_CHANGES_HANDS = frozenset({"take", "fall", "lose", "expel", "give"})


def doubts_of_map(
    values: dict[str, Value],
    frame: str,
    geometry: shapely.Geometry | None,
    actors: Actors,
    history: History,
) -> list[str]:
    """
    Return what the map says against ground that is told to have changed hands.

    Parameters
    ----------
    values
        Columns of the draft.
    frame
        Of its cue.
    geometry
        Where it is.
    actors
        Who belongs to which side.
    history
        Who held the ground.

    Returns
    -------
    doubts
        Sentences; none where the map agrees, or does not say.
    """
    radius = values["geo_radius_m"]
    if frame not in _CHANGES_HANDS or not isinstance(geometry, shapely.Point):
        return []
    if not values["event_date"] or (isinstance(radius, int) and radius > _VAGUE_M):
        return []
    day = parse_day(str(values["event_date"])) - dt.timedelta(days=1)
    held = [one for one in history(geometry.x, geometry.y) if one[0] <= day]
    now = next((one for one in held if one[1] is None or day < one[1]), None)
    if now is None:
        return []
    taker, loser = (actors.side(str(values[c])) if values[c] else "" for c in ("actor1", "actor2"))
    holder = actors.side(now[2]) if now[2] in actors.rows else ""
    if not holder:
        return []
    named = {
        side: str(actors.rows[side].values["name"])
        for side in (holder, loser)
        if side in actors.rows
    }
    found = []
    if holder == taker:
        found.append(f"the map has it as held by {named[holder]} already, since {now[0]}")
        if loser and all(actors.side(one[2]) != loser for one in held):
            found.append(f"the map never has {named.get(loser, loser)} there before")
    elif loser and holder != loser:
        found.append(f"the map has it as ground of {named[holder]} since {now[0]}, neither of them")
    return found
