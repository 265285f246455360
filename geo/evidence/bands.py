"""
How sure a figure is: the middle and the band of areas, changes and fronts.

**What a figure says.** The middle of the maps that the evidence allows, and between low and high
the middle 90 % of them. The side's real ground should lie there in 90 of 100 cases; how often it
did in theatres of known truth and on real polygons, ``make bench-bands`` and ``make
bench-estimate`` print. Beside it stands what is drawn, and as a floor what direct evidence shows.

**What can be otherwise**, and how it is sampled:

1. *Ground that rests on statements* (it names them), and ground that nobody is said to hold alone
   (contested, mixed, advance, unknown): whoever holds it in a draw of the field of control
   (`geo.evidence.field`), which moves every place within its error, lets every statement be wrong
   as often as its basis, confidence and age suggest, and goes back to the sides' shares of the
   evidence far from all of it. Unknown ground could be anyone's, and is.
2. *Ground drawn by hand* is as drawn, but its borders are known to kilometres only. They move by
   a smooth random field, by so much as `Judgements` says for the weaker confidence and basis of
   the two hands. Hand-drawn ground also informs the field beside it.
3. *Ground that is only claimed*, and, where a theatre has no statements to make a field of, all
   ground that nobody is said to hold alone: each patch goes to its parties in random shares.

Figures differ from the drawn ones by what differs on a lattice of points and along the borders,
so that a lattice never changes a figure on which everybody agrees.

**Change** comes from the draws of both dates, drawn with the same random numbers, so that what
the evidence allows on one date goes with what it allows on the other, and each date has the
figures that it has alone. A piece that one side took from another has the chance that it gained
ground there at all. Where ground only became known, or is no longer, the picture changed: that is
what is drawn, and there is no band of it.

**Other rows.** How much ground is contested or unknown says how much of the picture is open; that
is counted, not estimated. The ground itself is in the bands of all who may hold it.

**Choices that need an argument.** A draw is compared with the map on one lattice, and the
difference added to the exact figure, so that a coarse and quick lattice moves no figure that
nobody doubts. Ground drawn by hand without statements is taken at its word but for its borders: a
kilometre for high confidence, three for moderate, six for low, half as much again where it is
inferred or claimed. Nothing measures these numbers; they stand in `Judgements`. A series of real
maps with independent ground truth would.
"""

from __future__ import annotations

import contextlib
import dataclasses
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import front_lines
from geo.evidence.dated_field import DatedField, supported_patches
from geo.evidence.draws import Draws, Field, Judgements, sums
from geo.evidence.effects import HANDS, tell_effect
from geo.evidence.kept import Memory, pack_draws, unpack_draws
from geo.evidence.ledger import explain_changes
from geo.model import Status, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from geo.control import Composite, Movement
    from geo.layers import Folder

    Floats = NDArray[np.float64]

LEVEL = 0.9
"""So many of the draws lie in a band."""

_AREA_COLUMNS = (
    *("date", "controller", "status"),
    *("area_km2", "low_km2", "high_km2", "drawn_km2", "shown_km2"),
)
"""Columns of `Ensemble.areas`, in order."""
DOUBT = ("low_km2", "high_km2", "chance", "drawn_km2")
"""Columns of `Ensemble.change` that say how sure its areas are."""
_AXES = ("controller", "status")

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
    ledger
        Gives what the ledger says became of the pieces of a change (`tell_effect`), by id; the
        default knows of nothing that was only corrected.
    sides
        Who is said to hold ground: a side whose ground is too little to be drawn has its figures.
    """

    def __init__(
        self,
        composite: Composite,
        *,
        supported: Mapping[dt.date, frozenset[str]] | None = None,
        field: Callable[[dt.date], Field | None] | None = None,
        judgements: Judgements | None = None,
        memory: Memory | None = None,
        ledger: Callable[[dt.date, dt.date], Mapping[str, str]] | None = None,
        sides: Sequence[str] = (),
    ) -> None:
        self.composite = composite
        self._ledger = ledger or (lambda *_: {})
        self._memory = memory or Memory()
        self._draws = Draws(
            composite,
            supported or {},
            field or (lambda _: None),
            judgements or Judgements(),
            sides,
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
        supported = supported_patches(folder)
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
            ledger=lambda *dates: ledger_effects(folder, composite, *dates),
            sides=dated.sides,
        )

    # ------------------------------------------------------------ questions

    def areas(self) -> pd.DataFrame:
        """
        Return the ground of each controller and status at each date, with its band.

        Returns
        -------
        areas
            The rows of `geo.control.composite.Composite.areas`: ``date``, ``controller``,
            ``status``, ``area_km2`` (the middle of the draws), ``low_km2``, ``high_km2``,
            ``drawn_km2`` (as it is drawn) and ``shown_km2`` (of that, what direct evidence shows:
            whose basis is not ``inferred``). Of ground that nobody holds alone all but
            ``shown_km2`` are what is drawn. A side that may hold ground of which none is drawn has
            a row too.
        """
        import pandas as pd

        frame = self._drawn
        drawn = frame["area_km2"].to_numpy()
        found = [(area, area, area) for area in drawn]
        shown = np.zeros(len(drawn))
        rest = {day: set(self._draws.controllers) for day in self.composite.dates}
        for i, (day, name, status) in enumerate(
            zip(frame["date"], frame["controller"], frame["status"], strict=True)
        ):
            if name and status == Status.CONTROLLED:
                column = self._draws.controllers.index(name)
                found[i] = self._figure(drawn[i], self._draws.areas(day)[:, column])
                shown[i] = self._draws.shown_km2(day)[column]
                rest[day].discard(name)
        middle, low, high = np.array(found, dtype=float).reshape(-1, 3).T
        frame = frame.assign(
            area_km2=middle, low_km2=low, high_km2=high, drawn_km2=drawn, shown_km2=shown
        )
        more = [(*row, 0.0, 0.0) for day in rest for row in self._undrawn(day, rest[day])]
        if not more:
            return frame
        whole = pd.concat([frame, pd.DataFrame(more, columns=frame.columns)])
        return whole.sort_values(["date", "controller", "status"], ignore_index=True)

    def _undrawn(
        self, day: dt.date, names: Iterable[str]
    ) -> Iterator[tuple[dt.date, str, str, float, float, float]]:
        """Figures of those who may hold ground on a date though none of it is drawn."""
        for name in sorted(names):
            column = self._draws.controllers.index(name)
            middle, low, high = self._figure(0.0, self._draws.areas(day)[:, column])
            if high > 0:
                yield day, name, str(Status.CONTROLLED), middle, low, high

    def holders(self, day: dt.date) -> dict[str, tuple[float, float, float]]:
        """
        Return the band of all the ground of each side at one date.

        Parameters
        ----------
        day
            The date; the layer in force answers.

        Returns
        -------
        holders
            Low, middle and high, km2, by side. All ground with a controller of the side counts,
            and a side of which nothing is drawn may have some.

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
        found = {}
        for side, area in drawn.items():
            middle, low, high = self._figure(area, more[:, of == side].sum(axis=1))
            found[side] = (low, middle, high)
        for side in sorted(set(self._draws.side_of) - set(drawn)):
            middle, low, high = self._figure(0.0, more[:, of == side].sum(axis=1))
            if high > 0:
                found[side] = (low, middle, high)
        return found

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
            The rows of `Composite.change`. Where one side took ground from another ``area_km2`` is
            the middle of the draws: the ground near the piece that went that way. ``low_km2`` and
            ``high_km2`` follow, ``chance`` (that the side gained ground there at all) and
            ``drawn_km2``. Where the picture changed, ``area_km2`` is what is drawn, and there is no
            band and no chance.
        totals
            One row a pair of hands, largest first: ``from``, ``to`` (a controller, or a status),
            ``effect`` (see `tell_effect`), ``area_km2``, ``low_km2``, ``high_km2``, ``chance`` and
            ``drawn_km2``.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        import pandas as pd

        pieces, spread = self._changes(before, after)
        drawn = pieces["area_km2"].to_numpy()
        hands = {
            way: pieces[f"{way}_controller"].where(
                pieces[f"{way}_controller"] != "", pieces[f"{way}_status"]
            )
            for way in ("from", "to")
        }
        effect = self._effects(pieces, self._ledger(before, after))
        figures = [
            self._gain(area, more, kind)
            for area, more, kind in zip(drawn, spread.T, effect, strict=True)
        ]
        rows = []
        for (was, now, kind), index in pieces.groupby(
            [hands["from"], hands["to"], effect]
        ).indices.items():
            area = float(drawn[index].sum())
            figure = self._gain(area, spread[:, index].sum(axis=1), kind)
            rows.append((was, now, kind, *figure, area))
        names = ["area_km2", "low_km2", "high_km2", "chance"]
        totals = pd.DataFrame(rows, columns=["from", "to", "effect", *names, "drawn_km2"])
        totals = totals.sort_values(["drawn_km2", "from", "to"], ascending=[False, True, True])
        columns = dict(zip(names, np.array(figures, dtype=float).reshape(-1, 4).T, strict=True))
        pieces = pieces.assign(area_km2=columns.pop("area_km2"))
        columns["drawn_km2"] = drawn
        return _insert_after(pieces, "area_km2", columns), totals.reset_index(drop=True)

    def sums(
        self, before: dt.date, after: dt.date, groups: Sequence[Sequence[str]]
    ) -> list[tuple[float, float, float]]:
        """
        Return how much ground some pieces of a change are together.

        Parameters
        ----------
        before, after
            The dates; each stands for the layer in force.
        groups
            Ids of pieces, as `change` has them.

        Returns
        -------
        figures
            Middle, low and high, km2, of each group.

        Raises
        ------
        DateError
            If a date is before the first layer.
        """
        pieces, spread = self._changes(before, after)
        place = {name: i for i, name in enumerate(pieces["id"])}
        drawn = pieces["area_km2"].to_numpy()
        index = [[place[name] for name in group] for group in groups]
        return [self._figure(drawn[i].sum(), spread[:, i].sum(axis=1)) for i in index]

    def _effects(self, pieces: gpd.GeoDataFrame, known: Mapping[str, str]) -> list[str]:
        """What became of the ground of each piece, by the ledger or else by its hands alone."""
        sides = self.composite.sides
        rows = zip(
            *(pieces[f"{way}_{name}"] for way in ("from", "to") for name in _AXES), strict=True
        )
        told = [tell_effect((sides.get(a, a), b), (sides.get(c, c), d)) for a, b, c, d in rows]
        return [known.get(one, effect) for one, effect in zip(pieces["id"], told, strict=True)]

    def _gain(
        self, drawn: float, more: Floats, effect: str
    ) -> tuple[float, float | None, float | None, float | None]:
        """Middle, ends of the band, and the chance that any ground was gained."""
        if effect not in HANDS:
            return drawn, None, None, None
        middle, low, high = self._figure(drawn, more)
        return middle, low, high, float(np.mean(drawn + more > 0))

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
            The rows of `front_lines`; ``length_km`` is the middle of the draws, the length of the
            real front near that line, ``low_km`` and ``high_km`` follow, and ``drawn_km``.
        totals
            One row a pair of sides: ``left``, ``right``, ``length_km``, ``low_km``, ``high_km``,
            ``drawn_km``.

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
        figures = [
            figure(np.maximum(km + more, 0)) for km, more in zip(drawn, spread.T, strict=True)
        ]
        middle, low, high = np.array(figures, dtype=float).reshape(-1, 3).T
        rows = []
        for pair, index in lines.groupby(["left", "right"]).indices.items():
            length = float(drawn[index].sum())
            draws = np.maximum(length + spread[:, index].sum(axis=1), 0)
            rows.append((*pair, *figure(draws), length))
        names = ["length_km", "low_km", "high_km", "drawn_km"]
        totals = pd.DataFrame(rows, columns=["left", "right", *names])
        columns = {"low_km": low, "high_km": high, "drawn_km": drawn}
        return _insert_after(lines.assign(length_km=middle), "length_km", columns), totals

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
        figures = [self._figure(area, one) for area, one in zip(drawn, more.T, strict=True)]
        middle, low, high = np.array(figures, dtype=float).reshape(-1, 3).T
        mine = (moved.sweeps["side"] == moved.left).to_numpy()
        swept = {
            "gained_km2": self._figure(moved.gained_km2, more[:, mine].sum(axis=1)),
            "lost_km2": self._figure(moved.lost_km2, more[:, ~mine].sum(axis=1)),
        }
        found = {name: (low, high) for name, (_, low, high) in swept.items()}
        middles = {name: middle for name, (middle, _, _) in swept.items()}
        for name, day in (("before", moved.before), ("after", moved.after)):
            length = getattr(moved, f"length_{name}_km")
            _, totals = self.fronts(day, moved.left, moved.right)
            ends = totals[["length_km", "low_km", "high_km"]].to_numpy().reshape(-1, 3)
            now = tuple(ends[0].tolist()) if len(ends) else (length, length, length)
            middles[f"length_{name}_km"], found[f"length_{name}_km"] = now[0], now[1:]
        columns = {"low_km2": low, "high_km2": high, "drawn_km2": drawn}
        sweeps = _insert_after(moved.sweeps.assign(area_km2=middle), "area_km2", columns)
        return dataclasses.replace(
            moved,
            sweeps=sweeps,
            bands=found,
            gained_km2=middles["gained_km2"],
            lost_km2=middles["lost_km2"],
            length_before_km=middles["length_before_km"],
            length_after_km=middles["length_after_km"],
        )

    def bands(self) -> dict[str, Any]:
        """
        Return what is worth keeping: the bands of `areas` and of `holders`.

        Returns
        -------
        bands
            ``areas``: columns of `areas` by name; ``holders``: by date and side. Dates are text.
        """
        frame = self.areas()
        holders = {
            str(day): {side: list(ends) for side, ends in self.holders(day).items()}
            for day in self.composite.dates
        }
        areas = {name: frame[name].tolist() for name in _AREA_COLUMNS}
        areas["date"] = list(map(str, areas["date"]))
        return {"areas": areas, "holders": holders}

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

    def _figure(self, drawn: float, spread: Floats) -> tuple[float, float, float]:
        """Middle and band of an area: no draw is negative, or larger than the study area."""
        return figure(np.clip(drawn + spread, 0, self._total_km2))

    @cached_property
    def _drawn(self) -> pd.DataFrame:
        return self.composite.areas()

    @cached_property
    def _total_km2(self) -> float:
        arrangement, row = self.composite.at(self.composite.dates[0])
        return float(self.composite.ground_km2(arrangement)[row >= 0].sum())


def area_columns(bands: Mapping[str, Any]) -> dict[str, list[Any]]:
    """
    Return the columns of `Ensemble.areas` from what was kept.

    Parameters
    ----------
    bands
        As from `Ensemble.bands`, in whatever order it came back.

    Returns
    -------
    columns
        In order, with dates.
    """
    columns = {name: list(bands["areas"][name]) for name in _AREA_COLUMNS}
    columns["date"] = list(map(parse_day, columns["date"]))
    return columns


def figure(draws: Floats) -> tuple[float, float, float]:
    """
    Return the middle of a figure and the ends of its band.

    Parameters
    ----------
    draws
        What it is on maps that the evidence allows.

    Returns
    -------
    middle, low, high
        The median, and the ends of the middle `LEVEL` of the draws.
    """
    tail = (1 - LEVEL) / 2
    low, middle, high = np.quantile(draws, [tail, 0.5, 1 - tail]).tolist()
    return middle, low, high


def ledger_effects(
    folder: Folder, composite: Composite, before: dt.date, after: dt.date
) -> dict[str, str]:
    """What the ledger says became of each piece of a change, by its id."""
    pieces = explain_changes(folder, composite, before, after)
    return {piece.ground.id: piece.effect for piece in pieces}


def _insert_after(
    frame: gpd.GeoDataFrame, column: str, more: Mapping[str, Floats]
) -> gpd.GeoDataFrame:
    """The frame with further columns after one of its own."""
    at = list(frame.columns).index(column) + 1
    frame = frame.copy()
    for i, (name, values) in enumerate(more.items()):
        frame.insert(at + i, name, values)
    return frame
