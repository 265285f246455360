"""
Looks: what the statements that count on a date say of which ground, as the field reads it.

Steps 3 and 4 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.evidence.estimate.clock import Leaps
from geo.evidence.estimate.links import Link
from geo.evidence.estimate.shapes import look_at, spots, width_of
from geo.evidence.field.covariance import lasting
from geo.evidence.field.observations import Observations

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.crs import LocalPlane
    from geo.evidence.estimate.parameters import Parameters
    from geo.evidence.estimate.statements import Statements
    from geo.model import Feature, Row

    Floats = NDArray[np.float64]

_AS_A_WHOLE = frozenset({"", "all", "share", "None"})
"""Extents whose words are about all of a place, so that several of them can be weighed together."""
_OF_LINKS = frozenset({"gap", "severed"})
"""Extents whose words say how ground hangs together."""
_DAYS_KEPT = 64
"""A draft asks for the words of every date before it."""


@dataclass(frozen=True, slots=True)
class Unused:
    """
    A place that tells nothing of the ground, and why.

    Attributes
    ----------
    place_id
        The place.
    reason
        One sentence.
    """

    place_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """
    What was told of some ground on one day.

    Attributes
    ----------
    place_id
        Of which place.
    xy, radius_m
        Positions that stand for the ground, metres in the plane, and their errors.
    shares
        Weight of each side, adding up to 1; in the order of the sides.
    noise
        Chance that it says nothing about the truth.
    day
        The day that it is about.
    span_days
        How many days it may be about instead; 0 where it is known to the month.
    rows
        The statements.
    weights, actors
        Weight of each side and of each actor.
    """

    place_id: str
    xy: Floats
    radius_m: Floats
    shares: Floats
    noise: float
    day: dt.date
    span_days: int
    rows: tuple[Row, ...]
    weights: Mapping[str, float]
    actors: Mapping[str, float]

    @property
    def middle(self) -> Floats:  # numpydoc ignore=RT01
        """Mean position."""
        return np.asarray(self.xy.mean(axis=0))


_SPANS = {"season": 92, "year": 366}
"""Days of a date that is no day; a week or a month is short beside the months that words last."""


def _noise_in_time(told: Told, clock_days: float) -> float:
    """
    Chance that words say nothing of their day.

    Words of a season may be of any day in it, and what holds on one of them is only in part what
    holds on the middle one, by which they stand. So a vague date tells less, as a vague place does.
    """
    if not told.span_days:
        return told.noise
    off = np.linspace(-0.5, 0.5, 33) * told.span_days / clock_days
    return float(1 - (1 - told.noise) * lasting(off).mean())


def _tell_silent(rows: Sequence[Row]) -> str:
    """Say why words that name no side are left out."""
    said = ", ".join(dict.fromkeys(f"{r.values['status']} on {r.values['date']}" for r in rows[:3]))
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{said}{more} names no parties and is left out; say who they are in `controllers`"


class Looks:
    """
    What is told of the ground of a theatre, date by date.

    Parameters
    ----------
    area
        Study area, longitude, latitude.
    plane
        Where distances are taken.
    places
        Gazetteer, by id.
    statements
        The statements.
    parameters
        The numbers of the method.

    Attributes
    ----------
    located
        Shape in the plane and error of each place with a word in or near the area.
    unused
        Places that tell nothing, and why.
    of_day
        What the words in force on a day tell, and in hindsight the next ones after.
    """

    def __init__(
        self,
        area: shapely.Geometry,
        plane: LocalPlane,
        places: Mapping[str, Feature],
        statements: Statements,
        parameters: Parameters,
    ) -> None:
        self._statements, self._parameters = statements, parameters
        self._plane, self._places = plane, places
        self.unused: list[Unused] = []
        self.located = self._locate(area, places)
        self._spots = {
            place_id: spots(shape, radius_m) for place_id, (shape, radius_m) in self.located.items()
        }
        self._leaps = self._find_leaps()
        self.of_day = lru_cache(maxsize=_DAYS_KEPT)(self._of_day)

    def _locate(
        self, area: shapely.Geometry, places: Mapping[str, Feature]
    ) -> dict[str, tuple[shapely.Geometry, float]]:
        near = shapely.buffer(self._flat(area), self._parameters.near_km * 1e3)
        shapely.prepare(near)
        located = {}
        said = self._statements
        for place_id in sorted(said.by_place):
            place = places.get(place_id)
            if place is None or place.geometry is None:
                self.unused.append(Unused(place_id, "it was never located"))
                continue
            shape = self._flat(place.geometry)
            if not shapely.intersects(near, shape):
                self.unused.append(Unused(place_id, "it lies outside the study area"))
                continue
            if not shapely.contains(near, shape):
                shape = shapely.intersection(near, shape)
            radius = float(place.properties.get("geo_radius_m") or 0)
            located[place_id] = (shape, radius)
            silent = [row for row in said.by_place[place_id] if said.names_nobody(row)]
            if silent:
                self.unused.append(Unused(place_id, _tell_silent(silent)))
        return located

    def _flat(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A shape in the plane; its edges are straight in degrees, so they bend there."""
        return self._plane.forward(shapely.segmentize(shape, 0.1))

    # ------------------------------------------------------------ what is told

    def _of_day(self, day: dt.date) -> list[Told]:
        """What the words in force tell, and in hindsight the next ones after."""
        told: list[Told] = []
        for place_id in self.located:
            told += self._of_place(self._statements, place_id, day)
        return told

    def told_without(self, place_id: str, day: dt.date, ids: Collection[str]) -> list[Told]:
        """What is told of one place on a day, were it not for some statements."""
        return list(self._of_place(self._statements.of_place(place_id, ids), place_id, day))

    def _of_place(self, statements: Statements, place_id: str, day: dt.date) -> Iterator[Told]:
        said = statements.in_force(place_id, day)
        if statements.as_of is None:
            coming = statements.still_to_come(place_id, day)
            said, coming = statements.without_repeats(said, coming)
            yield from self._tell(place_id, coming)
        yield from self._tell(place_id, said)

    def nearest_word(self, day: dt.date) -> str:
        """Say what would reach a word on a day on which none is in force."""
        days = sorted((abs((one.day - day).days), one.day) for one in self._all_told)
        if not days:
            why = "; ".join(f"{u.place_id}: {u.reason}" for u in self.unused[:3])
            return f"no word tells of any ground ({why})" if why else "no word tells of any ground"
        away, nearest = days[0]
        return f"the nearest is of {nearest}, and --max-age {away} reaches it"

    def of_all_days(self) -> list[Told]:
        """What all words tell, each on its day."""
        rows = self._statements.by_place
        return [told for place in self.located for told in self._tell(place, rows[place])]

    def news(self, before: dt.date, after: dt.date) -> Floats:
        """Where something was told of a day after one date and not after another."""
        told = self.told_between(before, after)
        return np.concatenate([np.zeros((0, 2)), *(one.xy for one in told)])

    def told_between(self, before: dt.date, after: dt.date) -> list[Told]:
        """What was told of days after one date and not after another."""
        return [one for one in self._all_told if before < one.day <= after]

    @cached_property
    def _all_told(self) -> list[Told]:
        return self.of_all_days()

    def _tell(self, place_id: str, rows: Iterable[Row]) -> Iterator[Told]:
        shape, radius_m = self.located[place_id]
        whole: dict[dt.date, list[Row]] = defaultdict(list)
        for row in rows:
            if self._statements.names_nobody(row):
                continue
            if str(row.values.get("extent") or "") in _AS_A_WHOLE:
                whole[self._statements.day(row)].append(row)
                continue
            for look in look_at(row, shape, radius_m, self._other_end(row)):
                weight = self._statements.credence(row)
                weights = {self._statements.side(look.who): weight}
                yield self._told(place_id, (look.xy, look.radius_m), [row], (weights, {}))
        for same_day in whole.values():
            yield self._told(
                place_id, self._spots[place_id], same_day, self._statements.weigh(same_day)
            )

    def _told(
        self,
        place_id: str,
        ground: tuple[Floats, Floats],
        rows: Sequence[Row],
        weighed: tuple[Mapping[str, float], Mapping[str, float]],
    ) -> Told:
        weights, actors = weighed
        sides = self._statements.sides
        share = np.array([weights.get(side, 0.0) for side in sides])
        left = weights.get("", 0.0)
        if left:
            others = share == 0
            share = share + left * others / max(int(others.sum()), 1)
        total = float(share.sum())
        numbers = self._parameters
        unreliable = 1 - (1 - numbers.floor) * (1 - np.exp(-total / numbers.doubt))
        return Told(
            place_id,
            *ground,
            share / total,
            float(unreliable),
            self._statements.day(rows[0]),
            min(_SPANS.get(str(row.values.get("date_precision")), 0) for row in rows),
            tuple(rows),
            weights,
            actors,
        )

    def _other_end(self, row: Row) -> shapely.Geometry | None:
        """The ground that a place is severed from by a statement, if it is told and located."""
        other = self._places.get(str(row.values.get("to_place_id") or ""))
        return None if other is None or not other.geometry else self._flat(other.geometry)

    def links(self, day: dt.date, clock_days: float) -> list[Link]:
        """What the words in force say of how ground hangs together."""
        found: list[tuple[Told, Row, shapely.Geometry | None]] = []
        for place_id in self.located:
            for row in self._statements.in_force(place_id, day):
                if str(row.values.get("extent") or "") not in _OF_LINKS:
                    continue
                there = self._other_end(row)
                side = self._statements.side(str(row.values["controller"]))
                weights = {side: self._statements.credence(row)}
                told = self._told(place_id, self._spots[place_id], [row], (weights, {}))
                found.append((told, row, there))
        if not found:
            return []
        clocks = self.clocks([told for told, _, _ in found], day, clock_days)
        return [
            Link(
                row.id,
                self._statements.side(str(row.values["controller"])),
                *self.located[told.place_id],
                there,
                width_of(row),
                float(1 - (1 - told.noise) * lasting(clock)),
            )
            for (told, row, there), clock in zip(found, clocks, strict=True)
        ]

    # ------------------------------------------------------------ as the field reads it

    def observations(self, told: Sequence[Told], day: dt.date, clock_days: float) -> Observations:
        """Looks of a date; in an empty theatre none."""
        sides = self._statements.sides
        if not told:
            return Observations(
                np.zeros((0, 2)), np.zeros(0), np.zeros((0, len(sides))), np.zeros(0), sides=sides
            )
        return Observations(
            np.concatenate([one.xy for one in told]),
            np.concatenate([one.radius_m for one in told]),
            np.array([one.shares for one in told]),
            np.array([_noise_in_time(one, clock_days) for one in told]),
            np.array([len(one.xy) for one in told], np.intp),
            self.clocks(told, day, clock_days),
            sides,
        )

    def clocks(self, told: Sequence[Told], day: dt.date, clock_days: float) -> Floats:
        """How far each look is from the day, on the clock of its place."""
        middle = np.array([one.middle for one in told]).reshape(-1, 2)
        when = np.array([one.day.toordinal() for one in told], np.int64)
        shares = np.array([one.shares for one in told]).reshape(len(told), -1)
        side = np.where(shares.max(axis=1) > 0.6, shares.argmax(axis=1), -1)
        moment = day.toordinal()
        aged = (when - moment) / clock_days
        leap = self._leaps.between(middle, when, side, moment)
        leap[_confirmed(told, side, day)] = 0.0
        return np.asarray(aged + leap)

    def _find_leaps(self) -> Leaps:
        numbers = self._parameters
        taken: dict[tuple[str, int, int], float] = {}
        for row in self._statements.captures():
            place_id = str(row.values["place_id"])
            side = self._statements.side(str(row.values["controller"]))
            if place_id not in self.located:
                continue
            day = self._statements.day(row).toordinal()
            key = (place_id, day, self._statements.sides.index(side))
            told = 1 - np.exp(-self._statements.credence(row) / numbers.doubt)
            taken[key] = max(taken.get(key, 0.0), float(told))
        found = sorted(taken)
        xy = [self._spots[place_id][0] for place_id, _, _ in found]
        count = np.array([len(one) for one in xy], np.int64)
        return Leaps(
            np.concatenate([np.zeros((0, 2)), *xy]),
            np.cumsum(count) - count,
            np.array([day for _, day, _ in found], np.int64),
            np.array([side for _, _, side in found], np.int64),
            numbers.leap * np.array([taken[key] for key in found]),
            numbers.leap_km * 1e3,
        )


def _confirmed(told: Sequence[Told], side: NDArray[np.intp], day: dt.date) -> NDArray[np.intp]:
    """Looks at places that words before and after a day give to one and the same side."""
    held: dict[str, tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for one, mine in zip(told, side.tolist(), strict=True):
        held[one.place_id][one.day > day].add(mine)
    same = {
        place
        for place, (before, after) in held.items()
        if len(before) == 1 and before == after and -1 not in before
    }
    return np.flatnonzero([one.place_id in same for one in told])
