"""The facts of a brief: figures and records between two dates, before they are put in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from geo.control import front_lines, measure_movement
from geo.desk.brief.grouping import Told, group_events
from geo.evidence import EFFECTS, PICTURE, explain_changes, find_disagreement, tell_pair
from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from geo.control import Composite, Movement, TheatreSupply
    from geo.evidence import Ensemble, Sieges
    from geo.layers import Folder
    from geo.model import Row

Figure = tuple[float, "float | None", "float | None"]
"""A middle, and the ends of its band, or None."""

_MANY_FRONTS = 6
"""Fronts of so many pairs of sides are told, the longest first."""


@dataclass(frozen=True, slots=True)
class Measures:
    """
    What the figures of a brief are asked of: what the commands ask.

    Attributes
    ----------
    digests
        SHA-256 of every file of the layers, by which answers are kept.
    supply
        What supplies a side.
    ensemble, sieges
        Give the maps that the evidence allows.
    holders
        Low, middle and high of the ground of each side, km2, by date.
    """

    digests: Mapping[str, str]
    supply: TheatreSupply
    ensemble: Callable[[], Ensemble]
    sieges: Callable[[], Sieges]
    holders: Mapping[str, Mapping[str, Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Front:
    """
    The front of two sides at two dates.

    Attributes
    ----------
    left, right
        The sides.
    before, after
        Its length, km.
    moved
        How it moved, where there was one on either date and the layers differ.
    """

    left: str
    right: str
    before: Figure
    after: Figure
    moved: Movement | None


@dataclass(frozen=True, slots=True)
class Ground:
    """
    Ground that one holder had and another has.

    Attributes
    ----------
    old, new
        Sides, or statuses.
    effect
        What became of it.
    figure
        km2.
    drawn_km2
        As it is drawn.
    change_ids, place_ids
        Rows of the ledger that speak of it, and places that lie on it.
    """

    old: str
    new: str
    effect: str
    figure: Figure
    drawn_km2: float
    change_ids: tuple[str, ...]
    place_ids: tuple[str, ...]


class Facts:
    """
    What the layers say of a span.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    before, after
        The dates, in order.
    measures
        What figures are asked of.
    """

    def __init__(
        self,
        folder: Folder,
        composite: Composite,
        before: dt.date,
        after: dt.date,
        measures: Measures,
    ) -> None:
        self.folder, self.composite, self.measures = folder, composite, measures
        self.before, self.after = before, after
        self.first, self.last = (composite.dates[composite.index(d)] for d in (before, after))

    def layer(self, day: dt.date) -> str:
        """The path of a layer, by which sentences name it."""
        return f"control/{day}.geojson"

    @property
    def layers(self) -> tuple[str, ...]:
        """The paths of the two layers in force; one where they are the same."""
        return tuple(dict.fromkeys(map(self.layer, (self.first, self.last))))

    @cached_property
    def ledger(self) -> list[Row]:
        """Rows that speak of the spans between the two layers, but for those superseded."""
        rows = self.folder.changes.rows
        superseded = {row.values["supersedes"] for row in rows}
        span = str(self.first), str(self.last)
        return [
            row
            for row in rows
            if row.id not in superseded
            and str(row.values["from_date"]) < span[1]
            and str(row.values["to_date"]) > span[0]
        ]

    @cached_property
    def moves(self) -> list[Row]:
        """Rows by which somebody moved: first the one that most ground goes with."""
        moves = [row for row in self.ledger if row.values["kind"] not in PICTURE]

        def rank(row: Row) -> tuple[float, int, str]:
            values = row.values
            known = [*split_ids(values["source_ids"]), *split_ids(values["event_ids"])]
            pair = self.side(values["from_controller"]), self.side(values["to_controller"])
            taken = sum(
                one.figure[0]
                for one in self.ground
                if one.effect == EFFECTS[0] and (one.old, one.new) == pair
            )
            return -(taken if values["to_controller"] else -1), -len(known), row.id

        return sorted(moves, key=rank)

    def side(self, actor: object) -> str:
        """The side of an actor."""
        return self.folder.sides.get(str(actor or ""), str(actor or ""))

    @cached_property
    def _pair(self) -> dict[str, Any]:
        given = self.measures
        return tell_pair(
            self.folder,
            self.composite,
            given.supply.with_events,
            given.digests,
            (self.before, self.after),
            given.ensemble,
            given.sieges,
        )

    @cached_property
    def ground(self) -> list[Ground]:
        """What became of ground, the most first."""
        groups: dict[tuple[str, str, str], list[Any]] = {}
        for piece in explain_changes(self.folder, self.composite, self.before, self.after):
            was, now = (
                self.side(getattr(piece.ground, f"{way}_controller"))
                or getattr(piece.ground, f"{way}_status")
                for way in ("from", "to")
            )
            groups.setdefault((was, now, piece.effect), []).append(piece)
        found = []
        for old, new, effect, *figure in self._pair["rows"]:
            pieces = groups.get((old, new, effect), [])
            found.append(
                Ground(
                    old,
                    new,
                    effect,
                    (figure[0], figure[1], figure[2]),
                    sum(piece.ground.area_km2 for piece in pieces),
                    tuple(dict.fromkeys(i for piece in pieces for i in piece.change_ids)),
                    tuple(dict.fromkeys(i for piece in pieces for i in piece.place_ids)),
                )
            )
        return found

    @property
    def holds(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Which ground was cut off, or could be, before and after."""
        before, after = self._pair["holds"]
        return before, after

    @cached_property
    def fronts(self) -> list[Front]:
        """The fronts at both dates, the longest first."""
        lengths: dict[tuple[str, str], float] = {}
        for day in {self.first, self.last}:
            lines = front_lines(self.composite, day)
            drawn = lines.groupby(["left", "right"])["length_km"].sum()
            for pair, km in drawn.items():
                lengths[pair] = max(lengths.get(pair, 0.0), float(km))
        pairs = sorted(lengths, key=lambda pair: (-lengths[pair], pair))
        return [self._front(*pair) for pair in pairs[:_MANY_FRONTS]]

    def _front(self, left: str, right: str) -> Front:
        """As `frontline fronts DATE LEFT RIGHT --since DATE` has it."""
        if self.first == self.last:
            _, totals = self.measures.ensemble().fronts(self.last, left, right)
            names = ["length_km", "low_km", "high_km"]
            middle, low, high = totals[names].to_numpy().reshape(-1, 3)[0].tolist()
            return Front(left, right, (middle, low, high), (middle, low, high), None)
        places = self.measures.supply.places
        given = self.composite, self.before, self.after, left, right, places
        moved = self.measures.ensemble().movement(measure_movement(*given))
        was, now = (
            (getattr(moved, name), *moved.bands[name])
            for name in ("length_before_km", "length_after_km")
        )
        return Front(left, right, was, now, moved)

    @cached_property
    def told(self) -> list[Told]:
        """What events of the span tell of."""
        return group_events(
            self.folder.events,
            self.folder.rows("changes"),
            self.folder.sides,
            self.before,
            self.after,
        )

    @cached_property
    def disagreement(self) -> list[dict[str, Any]]:
        """Where words in force on the later date contradict each other, the most ground first."""
        frame = find_disagreement(self.folder, self.after)
        return [dict(row) for row in frame.drop(columns="geometry").to_dict("records")]
