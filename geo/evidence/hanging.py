"""
How much of the map hangs on some words: what would be drawn otherwise without them.

Two answers. A quick one for many sets of words at once: the field of a date without each, in closed
form, on a coarse grid; it ranks. And a slow one: the layer is drafted anew without the words, the
dates before it too, and compared with the draft of all words, as `frontline estimate` would draw
both; that is what is told.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import area_km2
from geo.evidence.drafted import draw, estimator_without
from geo.evidence.estimate.draft import Estimator
from geo.evidence.estimate.ground import Grid
from geo.model import Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from geo.evidence.estimate.looks import Told
    from geo.layers import Folder
    from geo.model import Feature

    Floats = NDArray[np.float64]

_CELLS = 1600
"""Cells of the coarse grid: each is a sixteen-hundredth of the study area."""
_LOT = 900
"""So many observations answer together; of more those nearest to the words that are left out."""
_NEAR = 200
"""Of more observations so many, the nearest to the words."""
_RADIUS_M = 3000
"""Error of a place that is tried somewhere, where it has none."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    What would be otherwise.

    Attributes
    ----------
    without
        Ids of statements that do not count.
    place, beside
        A place that was never located, and the one beside which it is tried.
    """

    without: tuple[str, ...] = ()
    place: str = ""
    beside: str = ""


class Hanging:
    """
    What of a draft hangs on which words.

    Parameters
    ----------
    folder
        The layers.
    day
        Date of the draft.

    Raises
    ------
    ValueError
        If there is nothing to draw from.
    """

    def __init__(self, folder: Folder, day: dt.date) -> None:
        self._folder, self._day = folder, day
        self._estimator = Estimator.of(folder)
        self.told: list[Told] = self._estimator.told(day)
        self._trials: dict[str, list[Told]] = {}

    # ------------------------------------------------------------ quickly, to rank

    def rank(self, changes: Sequence[Change]) -> list[float]:
        """
        Return about how much ground would be drawn otherwise for some changes, quickly.

        Parameters
        ----------
        changes
            What would be otherwise, each for itself.

        Returns
        -------
        areas
            Square kilometres by the field of the date alone, on a coarse grid; to rank by. Nothing
            of a place that is tried somewhere where there are very many words.
        """
        count = len(self.told)
        drops = [self._drops(one) for one in changes]
        adds = [self._adds(one, rows) for one, rows in zip(changes, drops, strict=True)]
        if count + sum(map(len, adds)) > _LOT:
            return [self._moved_near(rows) for rows in drops]
        # All that might be told is one field, of which each change leaves out what is not so.
        ends = count + np.cumsum([len(more) for more in adds], dtype=np.intp)
        every = np.arange(count, ends[-1] if len(ends) else count)
        left_out = [every]
        for rows, more, end in zip(drops, adds, ends, strict=True):
            mine = np.arange(end - len(more), end)
            left_out.append(np.concatenate([rows, np.setdiff1d(every, mine)]))
        told = [*self.told, *(one for more in adds for one in more)]
        return self._moved(told, left_out, self._points)

    def _drops(self, change: Change) -> NDArray[np.intp]:
        """What is told of the places of words that are left out."""
        ids = set(change.without)
        places = {o.place_id for o in self.told if ids and any(row.id in ids for row in o.rows)}
        return np.flatnonzero([one.place_id in places for one in self.told])

    def _adds(self, change: Change, drops: NDArray[np.intp]) -> list[Told]:
        """What would be told of them instead, and of a place that is tried somewhere."""
        if change.place:
            tried = self._tried(change.beside)
            return [one for one in tried if one.place_id == change.place]
        places = dict.fromkeys(self.told[k].place_id for k in drops)
        given = [self._estimator.looks.told_without(p, self._day, change.without) for p in places]
        return [one for told in given for one in told]

    def _tried(self, beside: str) -> list[Told]:
        """What is told of places that nobody located, all of them tried beside one place."""
        if beside not in self._trials:
            folder = self._folder
            spot = folder.places[beside].geometry
            shape = None if spot is None else shapely.point_on_surface(spot)
            places = dict(folder.places)
            for name, place in folder.places.items():
                if place.geometry is None:
                    radius = place.properties["geo_radius_m"] or _RADIUS_M
                    values = {**place.properties, "geo_radius_m": radius}
                    places[name] = dataclasses.replace(place, geometry=shape, properties=values)
            other = Estimator.of(dataclasses.replace(folder, places=places))
            self._trials[beside] = other.told(self._day)
        return self._trials[beside]

    @cached_property
    def _points(self) -> Floats:
        grid = Grid(self._folder.area, self._estimator.plane, cells=_CELLS)
        inside = shapely.contains_xy(grid.flat, *grid.asked.T)
        return np.asarray(grid.asked[inside])

    @cached_property
    def _cell_km2(self) -> float:
        """Ground of a point: all of them are the study area."""
        return float(area_km2([self._folder.area])[0]) / max(len(self._points), 1)

    def _moved_near(self, mine: NDArray[np.intp]) -> float:
        """Of many observations those near some words, and the ground near these, answer."""
        if not len(mine):
            return 0.0
        middle = np.array([one.middle for one in self.told])
        spot = middle[mine].mean(axis=0)
        near = np.argsort(((middle - spot) ** 2).sum(axis=1), kind="stable")[:_NEAR]
        near = np.unique(np.concatenate([near, mine]))
        reach = ((middle[near] - spot) ** 2).sum(axis=1).max()
        points = self._points[((self._points - spot) ** 2).sum(axis=1) <= reach]
        none = np.zeros(0, np.intp)
        told = [self.told[k] for k in near]
        return self._moved(told, [none, np.searchsorted(near, mine)], points)[0]

    def _moved(
        self, told: Sequence[Told], left_out: Sequence[NDArray[np.intp]], points: Floats
    ) -> list[float]:
        """km2 drawn otherwise without some of what is told than without the first of them."""
        if not len(told):
            return [0.0] * (len(left_out) - 1)
        field = self._estimator.field_of(told, self._day, self.told)
        pictures = [self._picture(*left) for left in field.left_out(points, left_out)]
        return [float((one != pictures[0]).sum()) * self._cell_km2 for one in pictures[1:]]

    def _picture(self, chance: Floats, told: Floats) -> NDArray[np.intp]:
        """The side that is drawn with each point; -1 where none is."""
        numbers = self._estimator.parameters
        drawn = (chance.max(axis=1) >= numbers.at_least) & (told >= numbers.told)
        return np.where(drawn, chance.argmax(axis=1), -1)

    # ------------------------------------------------------------ as it would be drawn

    def measure(self, without: Collection[str]) -> dict[tuple[str, str], float]:
        """
        Return what would be drawn otherwise without some words.

        Parameters
        ----------
        without
            Ids of statements.

        Returns
        -------
        moved
            Square kilometres by who is drawn with the ground, and who would be (sides, or
            statuses); the most first.
        """
        folder = self._folder
        try:
            less = estimator_without(folder, without, self._estimator)
            other = _holders(folder, draw(less, folder, self._day).features)
        except ValueError:
            other = {str(Status.UNKNOWN): folder.area}
        found = {}
        for was, ground in self._drawn.items():
            for now, there in other.items():
                if was != now:
                    km2 = float(area_km2([shapely.intersection(ground, there)])[0])
                    found[was, now] = km2
        ranked = sorted(found.items(), key=lambda one: (-one[1], one[0]))
        return {pair: km2 for pair, km2 in ranked if km2 >= _LEAST_KM2}

    @cached_property
    def _drawn(self) -> dict[str, shapely.Geometry]:
        return _holders(self._folder, draw(self._estimator, self._folder, self._day).features)


_LEAST_KM2 = 0.01


def _holders(folder: Folder, features: Iterable[Feature]) -> dict[str, shapely.Geometry]:
    """The ground of each side, and of each status that no side holds alone."""
    ground: dict[str, list[shapely.Geometry]] = {}
    for one in features:
        name = str(one.properties["controller"] or "")
        holder = folder.sides.get(name, name) or str(one.properties["status"])
        if one.geometry is not None:
            ground.setdefault(holder, []).append(one.geometry)
    return {holder: shapely.union_all(many) for holder, many in ground.items()}
