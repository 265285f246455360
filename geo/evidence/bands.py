"""
How sure a figure is: a low and a high for areas, changes and fronts, and where sources disagree.

**What a band says.** The side's real ground on that date should lie between low and high in 90 of
100 cases; in theatres of known truth it did in 87 (``make bench-bands``). The drawn figure always
lies inside: the band holds the middle 90 % of the maps that the evidence allows, shifted as little
as it takes to reach the figure.

**What can be otherwise**, and how it is sampled:

1. *Ground that rests on statements* (basis ``inferred``, with ``statement_ids``), and ground that
   nobody is said to hold alone (contested, mixed, advance, unknown): whoever holds it in a draw of
   the field of control (`geo.evidence.field`), which moves every place within its error, lets every
   statement be wrong as often as its basis, confidence and age suggest, and goes back to the
   sides' shares of the evidence far from all of it. Unknown ground could be anyone's, and is.
2. *Ground drawn by hand* is as drawn, but its borders are known to kilometres only. They move by
   a smooth random field, by so much as `Judgements` says for the weaker confidence and basis of
   the two hands. Hand-drawn ground also informs the field beside it.
3. *Ground that is only claimed*, and, where a theatre has no statements to make a field of, all
   ground that nobody is said to hold alone: each patch goes to its parties in random shares.

Figures differ from the drawn ones by what differs on a lattice of points and along the borders,
so that a lattice never changes a figure on which everybody agrees.

**Other rows.** How much ground is contested or unknown says how much of the picture is open; that
is counted, not estimated, so its low and high are the figure. The ground itself is in the bands of
all who may hold it. A piece of change has a band where one side took it from another; where ground
only became known, or is no longer, the picture changed, and low and high are the figure.

**Dates** share the random numbers, so a border that nothing new is known of does not seem to move.

**Choices that need an argument.** The drawn map is no mean of the draws, as it leaves far ground
open; so the band is shifted to reach the figure, and keeps its 90 %: widened, it would be right
too often, which ``make bench-bands`` would show. A draw is compared with the map on one lattice,
and the difference added to the exact figure, so that a coarse and quick lattice moves no figure
that nobody doubts. Ground drawn by hand without statements is taken at its word but for its
borders: a kilometre for high confidence, three for moderate, six for low, half as much again
where it is inferred or claimed. Nothing measures these numbers; they stand in `Judgements`. A
series of real maps with independent ground truth would.
"""

from __future__ import annotations

import contextlib
import dataclasses
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import front_lines
from geo.evidence.dated_field import DatedField
from geo.evidence.draws import Draws, Field, Judgements, sums
from geo.evidence.kept import Memory, pack_draws, unpack_draws
from geo.model import Basis, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from geo.control import Composite, Movement
    from geo.layers import Folder

    Floats = NDArray[np.float64]

LEVEL = 0.9
"""So many of the draws lie in a band."""

_MANY_DATES = 40
"""With so many dates more, the draws of each are halved, thirded, ...: all shall be answered."""


class Ensemble:
    """
    Maps of a theatre that its evidence allows, asked for the spread of every figure.

    Parameters
    ----------
    composite
        The layers, noded together.
    supported
        For each date the ids of the patches that rest on statements.
    field
        Gives the field of control of a date, or None where there is no evidence for one.
    judgements
        The numbers; the default are `Judgements()`.
    memory
        Where draws of changes and fronts are kept, by question; the default keeps nothing.
    """

    def __init__(
        self,
        composite: Composite,
        *,
        supported: Mapping[dt.date, frozenset[str]] | None = None,
        field: Callable[[dt.date], Field | None] | None = None,
        judgements: Judgements | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.composite = composite
        self._memory = memory or Memory()
        self._draws = Draws(
            composite, supported or {}, field or (lambda _: None), judgements or Judgements()
        )
        self._changes = lru_cache(maxsize=4)(self._change)
        self._lines = lru_cache(maxsize=16)(self._front)

    @classmethod
    def of(
        cls,
        folder: Folder,
        composite: Composite,
        *,
        judgements: Judgements | None = None,
        memory: Memory | None = None,
    ) -> Ensemble:
        """
        Return the maps that the evidence of a theatre allows.

        Parameters
        ----------
        folder
            The layers.
        composite
            Of its control layers.
        judgements
            The numbers; the default are `Judgements()`, with fewer draws for more than forty dates.
        memory
            Where draws of changes and fronts are kept, by question, for these layers and
            judgements; the default keeps nothing.

        Returns
        -------
        ensemble
            Ready to be asked.
        """
        supported = {
            day: frozenset(
                patch.id
                for patch in layer.features
                if patch.properties["basis"] == Basis.INFERRED and patch.properties["statement_ids"]
            )
            for day, layer in folder.control.items()
        }
        dated = DatedField(folder, composite, supported)
        if judgements is None:
            many = max(1, len(composite.dates) // _MANY_DATES)
            judgements = Judgements(draws=max(200, Judgements().draws // many))
        return cls(
            composite,
            supported=supported,
            field=dated.field,
            judgements=judgements,
            memory=memory,
        )

    # ------------------------------------------------------------ questions

    def areas(self) -> pd.DataFrame:
        """
        Return the ground of each controller and status at each date, with its band.

        Returns
        -------
        areas
            The rows of `geo.control.composite.Composite.areas`, with ``low_km2`` and ``high_km2``.
        """
        frame = self._drawn
        drawn = frame["area_km2"].to_numpy()
        bands = [(area, area) for area in drawn]
        for i, (day, name, status) in enumerate(
            zip(frame["date"], frame["controller"], frame["status"], strict=True)
        ):
            if name and status == Status.CONTROLLED:
                column = self._draws.controllers.index(name)
                bands[i] = self._band(drawn[i], self._draws.areas(day)[:, column])
        low, high = np.array(bands, dtype=float).reshape(-1, 2).T
        return frame.assign(low_km2=low, high_km2=high)

    def holders(self, day: dt.date) -> dict[str, tuple[float, float]]:
        """
        Return the band of all the ground of each side at one date.

        Parameters
        ----------
        day
            The date; the layer in force answers.

        Returns
        -------
        holders
            Low and high, km2, by side. All ground with a controller of the side counts.

        Raises
        ------
        DateError
            If the day is before the first layer.
        """
        layer = self.composite.dates[self.composite.index(day)]
        frame = self._drawn
        frame = frame[(frame["date"] == layer) & (frame["controller"] != "")]
        sides = self.composite.sides
        drawn: dict[str, float] = {}
        for name, area in zip(frame["controller"], frame["area_km2"], strict=True):
            side = sides.get(name, name)
            drawn[side] = drawn.get(side, 0.0) + float(area)
        more, of = self._draws.areas(layer), np.array(self._draws.side_of, dtype=object)
        return {
            side: self._band(area, more[:, of == side].sum(axis=1)) for side, area in drawn.items()
        }

    def change(self, before: dt.date, after: dt.date) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
        """
        Return the ground that changed hands between two dates, with its bands.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.

        Returns
        -------
        pieces
            The rows of `Composite.change`, with ``low_km2`` and ``high_km2``: the
            ground near the piece that really went that way.
        totals
            One row a pair of hands, largest first: ``from``, ``to`` (a controller, or a status),
            ``area_km2``, ``low_km2`` and ``high_km2``.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        import pandas as pd

        pieces, spread = self._changes(before, after)
        drawn = pieces["area_km2"].to_numpy()
        bands = [self._band(area, more) for area, more in zip(drawn, spread.T, strict=True)]
        low, high = np.array(bands, dtype=float).reshape(-1, 2).T
        hands = {
            way: pieces[f"{way}_controller"].where(
                pieces[f"{way}_controller"] != "", pieces[f"{way}_status"]
            )
            for way in ("from", "to")
        }
        rows = []
        for (was, now), index in pieces.groupby([hands["from"], hands["to"]]).indices.items():
            area = float(drawn[index].sum())
            rows.append((was, now, area, *self._band(area, spread[:, index].sum(axis=1))))
        columns = ["from", "to", "area_km2", "low_km2", "high_km2"]
        totals = pd.DataFrame(rows, columns=columns)
        totals = totals.sort_values(["area_km2", "from", "to"], ascending=[False, True, True])
        return (
            _insert_after(pieces, "area_km2", {"low_km2": low, "high_km2": high}),
            totals.reset_index(drop=True),
        )

    def fronts(
        self, day: dt.date, left: str | None = None, right: str | None = None
    ) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
        """
        Return where sides met, with the bands of the lengths.

        Parameters
        ----------
        day
            The date.
        left, right
            Sides, as for `geo.control.fronts.front_lines`.

        Returns
        -------
        fronts
            The rows of `front_lines`, with ``low_km`` and ``high_km``: the length of
            the real front near that line.
        totals
            One row a pair of sides: ``left``, ``right``, ``length_km``, ``low_km``, ``high_km``.

        Raises
        ------
        DateError
            If the day is before the first layer.
        ValueError
            If `left` is `right`, or `right` is given alone.
        """
        import pandas as pd

        lines, spread = self._lines(day, left, right)
        drawn = lines["length_km"].to_numpy()
        bands = [
            band(km, np.maximum(km + more, 0)) for km, more in zip(drawn, spread.T, strict=True)
        ]
        low, high = np.array(bands, dtype=float).reshape(-1, 2).T
        rows = []
        for pair, index in lines.groupby(["left", "right"]).indices.items():
            length = float(drawn[index].sum())
            draws = np.maximum(length + spread[:, index].sum(axis=1), 0)
            rows.append((*pair, length, *band(length, draws)))
        totals = pd.DataFrame(rows, columns=["left", "right", "length_km", "low_km", "high_km"])
        return _insert_after(lines, "length_km", {"low_km": low, "high_km": high}), totals

    def movement(self, moved: Movement) -> Movement:
        """
        Return how a front moved, with the bands of its figures.

        Parameters
        ----------
        moved
            As from `geo.control.fronts.measure_movement`.

        Returns
        -------
        moved
            The same with ``bands``, and with ``low_km2`` and ``high_km2`` in its ``sweeps``.
        """
        pieces, spread = self._changes(moved.before, moved.after)
        shapes = moved.sweeps.geometry.to_numpy()
        inside = np.asarray(shapely.point_on_surface(pieces.geometry.to_numpy()))
        piece, sweep = shapely.STRtree(shapes).query(inside, predicate="within")
        more = sums(spread[:, piece], sweep, len(shapes))
        drawn = moved.sweeps["area_km2"].to_numpy()
        bands = [self._band(area, one) for area, one in zip(drawn, more.T, strict=True)]
        low, high = np.array(bands, dtype=float).reshape(-1, 2).T
        mine = (moved.sweeps["side"] == moved.left).to_numpy()
        found = {
            "gained_km2": self._band(moved.gained_km2, more[:, mine].sum(axis=1)),
            "lost_km2": self._band(moved.lost_km2, more[:, ~mine].sum(axis=1)),
        }
        for name, day in (("before", moved.before), ("after", moved.after)):
            length = getattr(moved, f"length_{name}_km")
            _, totals = self.fronts(day, moved.left, moved.right)
            ends = totals[["low_km", "high_km"]].to_numpy().reshape(-1, 2)
            found[f"length_{name}_km"] = tuple(ends[0].tolist()) if len(ends) else (length, length)
        sweeps = _insert_after(moved.sweeps, "area_km2", {"low_km2": low, "high_km2": high})
        return dataclasses.replace(moved, sweeps=sweeps, bands=found)

    def bands(self) -> dict[str, Any]:
        """
        Return what is worth keeping: the bands of `areas` and of `holders`.

        Returns
        -------
        bands
            ``areas``: low and high of each row; ``holders``: by date and side, as text.
        """
        frame = self.areas()
        holders = {
            str(day): {side: list(ends) for side, ends in self.holders(day).items()}
            for day in self.composite.dates
        }
        ends = [frame[name].tolist() for name in ("low_km2", "high_km2")]
        return {"areas": ends, "holders": holders}

    # ------------------------------------------------------------ what is asked of draws

    def _change(self, before: dt.date, after: dt.date) -> tuple[gpd.GeoDataFrame, Floats]:
        pieces = self.composite.change(before, after)
        question = f"change {self._layer(before)} {self._layer(after)}"
        return pieces, self._asked(
            question, len(pieces), lambda: self._draws.change(before, after, pieces)
        )

    def _front(
        self, day: dt.date, left: str | None, right: str | None
    ) -> tuple[gpd.GeoDataFrame, Floats]:
        lines = front_lines(self.composite, day, left, right)
        question = f"fronts {self._layer(day)} {left} {right}"
        return lines, self._asked(question, len(lines), lambda: self._draws.fronts(day, lines))

    def _layer(self, day: dt.date) -> dt.date:
        return self.composite.dates[self.composite.index(day)]

    def _asked(self, question: str, count: int, ask: Callable[[], Floats]) -> Floats:
        """Draws for so many figures, as they were kept, or asked for now and kept."""
        if count and (data := self._memory.load(question)):
            with contextlib.suppress(ValueError):
                draws = unpack_draws(data)
                if draws.shape[1:] == (count,):
                    return draws
        draws = ask()
        if count:
            self._memory.keep(question, pack_draws(draws))
        return draws

    def _band(self, drawn: float, spread: Floats) -> tuple[float, float]:
        """The band of an area: no draw is negative, or larger than the study area."""
        return band(drawn, np.clip(drawn + spread, 0, self._total_km2))

    @cached_property
    def _drawn(self) -> pd.DataFrame:
        return self.composite.areas()

    @cached_property
    def _total_km2(self) -> float:
        arrangement, row = self.composite.at(self.composite.dates[0])
        return float(self.composite.ground_km2(arrangement)[row >= 0].sum())


def band(drawn: float, draws: Floats) -> tuple[float, float]:
    """
    Return the ends of the band of a figure.

    It holds `LEVEL` of the draws and the figure itself: the middle ones where that will do, else
    those next to the figure.

    Parameters
    ----------
    drawn
        The figure.
    draws
        What it is on other maps that the evidence allows.

    Returns
    -------
    low, high
        Ends, `drawn` between them.
    """
    tail = (1 - LEVEL) / 2
    below = float(np.mean(draws < drawn) + np.mean(draws == drawn) / 2)
    start = min(tail, below) if below < LEVEL + tail else below - LEVEL
    low, high = np.quantile(draws, [start, min(start + LEVEL, 1.0)])
    return min(float(low), drawn), max(float(high), drawn)


def _insert_after(
    frame: gpd.GeoDataFrame, column: str, more: Mapping[str, Floats]
) -> gpd.GeoDataFrame:
    """The frame with further columns after one of its own."""
    at = list(frame.columns).index(column) + 1
    frame = frame.copy()
    for i, (name, values) in enumerate(more.items()):
        frame.insert(at + i, name, values)
    return frame
