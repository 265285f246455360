"""
How surely ground hangs together: necks, pockets and isolation over the maps the evidence allows.

The drawn map has one narrowest cut, to a metre. The evidence knows fronts to kilometres, so that a
neck of 3 km may be shut, or 10 km wide, or elsewhere. Here some maps are drawn
(`geo.evidence.side_maps`), and on each the shortest cut behind which the widest part of the same
ground lies is measured (`geo.control.Ways`). What is told of a neck is told of these maps:

- ``joined``, how often the ground hangs together with what supplies it at all;
- ``width_km``, the middle of the width where it does, and ``low_km`` to ``high_km``, the middle
  90 % over all maps, where the width of what is cut off is 0;
- ``chance``, how often it is a neck: it hangs together, by no more than the greatest width;
- how often each place lies behind the cut, or is cut off.

Only maps count on which the side holds something of the ground. Words that grounds are severed, or
how wide a gap is, weigh the maps: one on which they do not hold counts by the chance that they say
nothing (`geo.evidence.estimate.links`).
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.evidence.bands import LEVEL
from geo.evidence.kept import Memory, pack, unpack
from geo.evidence.side_maps import SideMaps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.control import SideOnMap, Way, Ways
    from geo.evidence.draws import Draws
    from geo.evidence.estimate.links import Link

    Floats = NDArray[np.float64]
    _OnMaps = tuple[list[SideOnMap], Floats, list[str]]
    _Asked = tuple[shapely.Geometry, Callable[[SideOnMap], Way]]

MAPS = 160
"""So many: a chance of one half is then good to 4 %, where nothing weighs them."""
_FINER = 6
_REACH = 1.2
"""Legs longer than the greatest width by this factor are not sought."""
_TAIL = (1 - LEVEL) / 2
_PLACES, _LEAST = 7000, 40
"""With many places fewer maps are asked: so many answers in all, but on so many maps at least."""
_NAMED = 0.05
"""Places that lie behind a cut less often are not named."""


@dataclass(frozen=True, slots=True)
class Hold:
    """
    How surely some ground hangs together with what supplies it.

    Attributes
    ----------
    held
        Chance that the side holds anything of it; the rest is told of that.
    joined
        Chance that it hangs together at all.
    chance
        Chance that it hangs together by a neck: no wider than the greatest width.
    width_km
        Middle of the width where it hangs together; None where it never does. Infinite where no
        cut within reach severs it.
    low_km, high_km
        The middle 90 % of the width, 0 where it is cut off.
    apart_km
        Middle of how far it is from supplied ground where it is cut off; None where it never is.
    low_km2, high_km2
        The middle 90 % of the ground behind the cut, or cut off.
    places
        Chance of each place to lie on that ground.
    where
        Longitude and latitude of the midmost of the cuts, and how many km half of them lie from it
        at most; None where there is none.
    against
        Statements of how ground hangs together that hold on next to no map: other evidence speaks
        against them, and weighing maps by them can say nothing.
    """

    held: float
    joined: float
    chance: float
    width_km: float | None
    low_km: float
    high_km: float
    apart_km: float | None
    low_km2: float
    high_km2: float
    places: Mapping[str, float]
    where: tuple[float, float, float] | None = None
    against: Sequence[str] = ()

    @property
    def error_km(self) -> float:  # numpydoc ignore=RT01
        """How well the ends of a cut are known: half of the interval of its width."""
        return (self.high_km - self.low_km) / 2


class SiegeDraws:
    """
    Random maps of a theatre, asked how ground hangs together.

    Parameters
    ----------
    draws
        What can be otherwise.
    links
        Words of a date on how ground hangs together.
    memory
        Where answers are kept, by question; the default keeps nothing.
    count
        How many maps.
    """

    def __init__(
        self,
        draws: Draws,
        links: Callable[[dt.date], Sequence[Link]],
        *,
        memory: Memory | None = None,
        count: int = MAPS,
    ) -> None:
        self._draws, self._links = draws, links
        self._memory = memory or Memory()
        self._count = count
        self._known: dict[tuple[int, bytes], _OnMaps] = {}

    @property
    def coarse_m(self) -> float:
        """
        To what the borders of a map may be simplified: a cell is far coarser.

        Returns
        -------
        coarse_m
            Metres.
        """
        return self._maps.grid.step_m / _FINER

    @cached_property
    def _maps(self) -> SideMaps:
        return SideMaps(self._draws, self._count)

    def grounds(
        self, ways: Ways, grounds: Sequence[shapely.Geometry], max_width_km: float
    ) -> list[Hold]:
        """
        Return how surely each of some grounds hangs together with what supplies it.

        Parameters
        ----------
        ways
            What supplies a side on a date.
        grounds
            Longitude, latitude.
        max_width_km
            The greatest width of a neck.

        Returns
        -------
        holds
            One for each.
        """
        flat = [_flat(ways, one) for one in grounds]
        reach = _REACH * max_width_km * 1e3
        asked = [(one, lambda on, one=one: on.behind(one, reach)) for one in flat]
        return self._kept(ways, f"{max_width_km}", asked, self._count, max_width_km)

    def places(
        self,
        ways: Ways,
        places: Mapping[str, shapely.Geometry],
        max_width_km: float,
    ) -> list[Hold]:
        """
        Return how surely each of some places hangs together with what supplies it.

        Parameters
        ----------
        ways
            What supplies a side on a date.
        places
            Names, and the ground about each that hangs together with it as drawn, longitude,
            latitude.
        max_width_km
            The greatest width of a neck.

        Returns
        -------
        holds
            One for each.
        """
        number = {name: k for k, name in enumerate(ways.places)}
        reach = _REACH * max_width_km * 1e3
        asked = [
            (_flat(ways, one), lambda on, k=number[name]: on.at(k, reach))
            for name, one in places.items()
        ]
        count = int(np.clip(_PLACES // max(len(places), 1), _LEAST, self._count))
        question = f"{max_width_km} {sorted(places)}"
        return self._kept(ways, question, asked, min(count, self._count), max_width_km)

    def _kept(
        self, ways: Ways, question: str, asked: Sequence[_Asked], count: int, width_km: float
    ) -> list[Hold]:
        """Answers as they were kept, or worked out now and kept."""
        if not asked:
            return []
        digest = hashlib.blake2b(ways.supply + question.encode(), digest_size=16)
        for shape in (ways.drawn, *(ground for ground, _ in asked)):
            digest.update(shapely.to_wkb(shape))
        key = f"how ground hangs together on {count} maps, {digest.hexdigest()}"
        if data := self._memory.load(key):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                return [Hold(**one) for one in unpack(data)["holds"]]
        holds = self._measure(ways, asked, count, width_km)
        self._memory.keep(key, pack({"holds": [asdict(one) for one in holds]}))
        return holds

    def _measure(
        self, ways: Ways, asked: Sequence[_Asked], count: int, width_km: float
    ) -> list[Hold]:
        maps, weight, against = self._on_maps(ways)
        maps, weight = maps[:count], weight[:count]
        holds = []
        for _, ask in asked:
            found = [ask(one) for one in maps]
            hold = sum_up(found, weight, ways.places, width_km)
            holds.append(replace(hold, where=_midmost(ways, found, weight), against=against))
        return holds

    def _on_maps(self, ways: Ways) -> _OnMaps:
        """The side's ground on each map, how much each counts, and words that hold on none."""
        maps = self._maps.grounds(ways)
        key = (id(maps), ways.supply)
        if key not in self._known:
            weight, against = np.ones(len(maps)), []
            for link in self._links(ways.day):
                if link.side in ways.friends:
                    holds = np.array([link.holds(one, self._maps.grid.step_m / 2) for one in maps])
                    weight *= np.where(holds, 1.0, link.doubt)
                    against += [link.statement_id] if holds.mean() < _TAIL else []
            self._known[key] = [ways.over(one) for one in maps], weight, against
        return self._known[key]


def _flat(ways: Ways, shape: shapely.Geometry) -> shapely.Geometry:
    """A shape in the plane; its edges are straight in degrees, so they bend there."""
    return ways.plane.forward(shapely.segmentize(shape, 0.05))


def _midmost(ways: Ways, found: Sequence[Way], weight: Floats) -> tuple[float, float, float] | None:
    """The cut that is nearest to all, and how far half of them lie from it."""
    xy = np.array([one.middle for one in found])
    some = np.flatnonzero(~np.isnan(xy[:, 0]) & (weight > 0))
    if not len(some):
        return None
    apart = np.hypot(*(xy[some, None] - xy[some]).transpose(2, 0, 1)) / 1e3
    k = int(np.argmin(apart @ weight[some]))
    spot = ways.plane.inverse(shapely.Point(xy[some[k]]))
    half = quantile(apart[k], weight[some], 0.5) or 0.0
    return float(shapely.get_x(spot)), float(shapely.get_y(spot)), half


def sum_up(ways: Sequence[Way], weight: Floats, places: Sequence[str], max_width_km: float) -> Hold:
    """
    Return what some maps say together of one ground.

    Parameters
    ----------
    ways
        How it hangs together on each map.
    weight
        How much each counts.
    places
        Names of the places.
    max_width_km
        The greatest width of a neck.
    """
    width = np.array([one.width_m for one in ways]) / 1e3
    area = np.array([one.area_m2 for one in ways]) / 1e6
    apart = np.array([one.apart_m for one in ways]) / 1e3
    mine = ~np.isnan(width)
    held = _chance(weight[mine] / weight.sum())
    if not mine.any():
        return Hold(0.0, 0.0, 0.0, None, 0.0, 0.0, None, 0.0, 0.0, {})
    share = np.where(mine, weight, 0.0) / weight[mine].sum()
    joined = width > 0
    # Behind no cut at all lies nothing.
    severed = mine & np.isfinite(width)
    behind = np.array([one.behind for one in ways]).reshape(len(ways), -1)
    chance = (share[severed, None] * behind[severed]).sum(axis=0)
    rows = zip(places, np.round(chance, 9).tolist(), strict=True)
    return Hold(
        held=held,
        joined=_chance(share[joined]),
        chance=_chance(share[joined & (width <= max_width_km)]),
        width_km=quantile(width, share * joined, 0.5),
        low_km=quantile(width, share, _TAIL) or 0.0,
        high_km=quantile(width, share, 1 - _TAIL) or 0.0,
        apart_km=quantile(apart, share * (width == 0), 0.5),
        low_km2=quantile(area, share * severed, _TAIL) or 0.0,
        high_km2=quantile(area, share * severed, 1 - _TAIL) or 0.0,
        places={name: part for name, part in rows if part >= _NAMED},
    )


def _chance(share: Floats) -> float:
    """A sum of shares, as exact as it is: all of them are 1."""
    return round(float(share.sum()), 9)


def quantile(values: Floats, weight: Floats, level: float) -> float | None:
    """
    Return a quantile of weighted values; None where none has a weight.

    Parameters
    ----------
    values
        Numbers; those without a weight may be anything.
    weight
        How much each counts.
    level
        0 to 1.

    Examples
    --------
    >>> quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.5)
    2.0
    """
    some = np.flatnonzero(weight > 0)
    if not len(some):
        return None
    order = some[np.argsort(values[some], kind="stable")]
    passed = np.cumsum(weight[order]) - weight[order] / 2
    at = np.searchsorted(passed, level * weight[order].sum())
    return float(values[order[min(int(at), len(order) - 1)]])
