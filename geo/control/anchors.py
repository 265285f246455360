"""
What the layers say of supply: which anchors of a side hold on a day, its friends, places, events.

`geo.control.necks` and its like ask for anchors, places and friends, and know no folder. Here they
are read from one, the same for every question.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from geo.crs import middle_of
from geo.errors import UnknownIdError
from geo.model import parse_day, shift_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from geo.layers import Folder
    from geo.model import Feature

_RECENT_DAYS = 30
"""Events of so many days, the day itself among them, are told beside a neck."""


class TheatreSupply:
    """
    Supply as a theatre's layers have it, asked by day and side.

    Parameters
    ----------
    folder
        The layers.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def __call__(self, day: str | dt.date, side: str) -> dict[str, Any]:
        """
        Return what supplies a side on a day.

        Parameters
        ----------
        day
            The date.
        side
            Whose ground.

        Returns
        -------
        supply
            ``anchors``, ``places`` and ``friends``, as `geo.control.necks` takes them; two sides
            with one anchor are friends.

        Raises
        ------
        DateError
            If `day` is no date.
        UnknownIdError
            If the side is none of the theatre's.
        """
        self.require_sides(side)
        text = parse_day(day).isoformat()
        anchors = {}
        friends = set()
        for anchor in self._folder.anchors:
            values = anchor.properties
            first, last = str(values["valid_from"] or ""), str(values["valid_to"] or "9999")
            if side in split_ids(values["sides"]) and first <= text < last:
                anchors[anchor.id] = anchor.geometry
                friends |= set(split_ids(values["sides"])) - {side}
        return {"anchors": anchors, "places": self.places, "friends": sorted(friends)}

    def with_events(self, day: str | dt.date, side: str) -> dict[str, Any]:
        """
        Return what supplies a side on a day, and the events of the 30 days up to it.

        Parameters
        ----------
        day
            The date.
        side
            Whose ground.

        Returns
        -------
        supply
            As when called, with ``events``: longitude and latitude by id.

        Raises
        ------
        DateError
            If `day` is no date.
        UnknownIdError
            If the side is none of the theatre's.
        """
        return self(day, side) | {"events": self._recent_events(parse_day(day))}

    @cached_property
    def places(self) -> dict[str, tuple[float, float]]:  # numpydoc ignore=RT01
        """Longitude and latitude of every located place, by id."""
        return _positions(self._folder.places.values())

    @cached_property
    def sides(self) -> frozenset[str]:  # numpydoc ignore=RT01
        """The sides of the theatre, by id."""
        rows = self._folder.actors.rows
        return frozenset(row.id for row in rows if row.values["kind"] == "side")

    def require_sides(self, *sides: str | None) -> None:
        """
        Pass where every side is one of the theatre's.

        Parameters
        ----------
        *sides
            Ids; None stands for all sides and passes.

        Raises
        ------
        UnknownIdError
            If one is not.
        """
        for side in sides:
            if side is not None and side not in self.sides:
                raise UnknownIdError(
                    f"no side is called {side!r}; there are {', '.join(sorted(self.sides))}"
                )

    def _recent_events(self, last: dt.date) -> dict[str, tuple[float, float]]:
        first = shift_day(last, 1 - _RECENT_DAYS)
        return _positions(
            event
            for event in self._folder.events
            if parse_day(str(event.properties["event_date"])) <= last
            and parse_day(str(event.properties["end_date"] or event.properties["event_date"]))
            >= first
        )


def _positions(features: Iterable[Feature]) -> dict[str, tuple[float, float]]:
    middles = {one.id: middle_of(one.geometry) for one in features if one.geometry is not None}
    return {name: (point.x, point.y) for name, point in middles.items()}
