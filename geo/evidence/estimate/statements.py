"""
Statements in force: whose word counts on a date, how much it weighs, what follows for a site.

Steps 3, 4 and 5 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from geo.model import Basis, Confidence, Row, Status, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from geo.evidence.estimate.parameters import Parameters
    from geo.model import Feature


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the statements about one site say on one date."""

    status: Status
    controller: str | None
    controllers: tuple[str, ...]
    shares: tuple[tuple[str, float], ...]
    statements: tuple[str, ...]
    sources: tuple[str, ...]


class Statements:
    """
    The statements of a theatre, asked what is in force on a date.

    Parameters
    ----------
    places
        Gazetteer, by id.
    rows
        Rows of `geo.model.STATEMENTS`.
    sources
        Rows of `geo.model.SOURCES`, by id.
    sides
        Side of each actor, by id.
    parameters
        The numbers of the method.

    Attributes
    ----------
    by_place
        The rows of each place.
    """

    def __init__(
        self,
        places: Mapping[str, Feature],
        rows: Sequence[Row],
        sources: Mapping[str, Row],
        sides: Mapping[str, str],
        parameters: Parameters,
    ) -> None:
        self._places, self._sources, self._sides = places, sources, sides
        self._parameters = parameters
        self.by_place: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            self.by_place[str(row.values["place_id"])].append(row)
        self._confirmed = self._confirmations()

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """Every side that a statement names, sorted."""
        rows = (row for rows in self.by_place.values() for row in rows)
        named = {self._sides.get(party, party) for row in rows for party, _ in _parties(row)}
        return tuple(sorted(named))

    def _confirmations(self) -> dict[str, dt.date]:
        """The date of the next word about a place, for statements whose holder it confirms."""
        confirmed = {}
        for rows in self.by_place.values():
            by_date: dict[str, list[Row]] = defaultdict(list)
            for row in rows:
                by_date[str(row.values["date"])].append(row)
            for day, following in pairwise(sorted(by_date)):
                holders = {self._holder(row) for row in by_date[following]}
                for row in by_date[day]:
                    if holders == {self._holder(row)} and "" not in holders:
                        confirmed[row.id] = parse_day(following)
        return confirmed

    def _holder(self, row: Row) -> str:
        """The side that a statement gives a place to; empty where it gives it to none alone."""
        controller = str(row.values["controller"] or "")
        return self._sides.get(controller, controller)

    def _age_days(self, row: Row, day: dt.date) -> int:
        """Days since a statement, or until the one that confirms it; negative before it."""
        age = (day - parse_day(str(row.values["date"]))).days
        confirmed = self._confirmed.get(row.id)
        if confirmed is not None and age >= 0 and day < confirmed:
            age = min(age, (confirmed - day).days)
        return age

    def in_force(self, place_id: str, day: dt.date) -> list[Row]:
        """Statements about a place that are neither later than the day nor too old."""
        limit = self._parameters.max_age_days
        return [row for row in self.by_place[place_id] if 0 <= self._age_days(row, day) <= limit]

    def judge(self, places: Sequence[str], day: dt.date) -> Verdict | None:
        """Weigh the word of each publisher about a site's places; None where nobody spoke."""
        rows = [row for place in places for row in self.in_force(place, day)]
        current = self.current_word(rows)
        weights, actors = self.weigh(current, day, self.weight)
        return self._verdict(weights, actors, current) if weights else None

    def weigh(
        self, rows: Sequence[Row], day: dt.date, weigh: Callable[[Row, dt.date], float]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """The weight of each side and of each actor in some statements about one site."""
        weights: dict[str, float] = defaultdict(float)
        actors: dict[str, float] = defaultdict(float)
        voices: dict[tuple[str, str], float] = defaultdict(float)
        for row in rows:
            weight = weigh(row, day)
            for party, share in _parties(row):
                side = self._sides.get(party, party)
                actors[party] += weight * share
                leaning = self._claims_for(row, side)
                if leaning:
                    voices[leaning, side] = max(voices[leaning, side], weight * share)
                else:
                    weights[side] += weight * share
        for (_, side), weight in voices.items():
            weights[side] += weight
        return dict(weights), dict(actors)

    def _verdict(
        self, weights: Mapping[str, float], actors: Mapping[str, float], rows: Sequence[Row]
    ) -> Verdict:
        """Who holds a site, from the weight of each side."""
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        shares = tuple((side, weight / total) for side, weight in ranked)
        contested = len(ranked) > 1 and shares[1][1] >= self._parameters.contested_share
        heads = []
        for side, _ in ranked:
            own = [
                (-w, actor) for actor, w in actors.items() if self._sides.get(actor, actor) == side
            ]
            heads.append(min(own)[1])
        ordered = sorted(rows, key=lambda row: (str(row.values["date"]), row.id), reverse=True)
        sources = dict.fromkeys(s for row in ordered for s in split_ids(row.values["source_ids"]))
        return Verdict(
            Status.CONTESTED if contested else Status.CONTROLLED,
            None if contested else heads[0],
            tuple(heads[:2]) if contested else (),
            shares,
            tuple(row.id for row in ordered),
            tuple(sources),
        )

    def current_word(self, rows: Sequence[Row]) -> list[Row]:
        """Of each publisher, the statements of its latest date, none older than the last change."""
        changes = [str(row.values["date"]) for row in rows if _reports_change(row)]
        rows = [row for row in rows if str(row.values["date"]) >= max(changes, default="")]
        latest: dict[str, str] = {}
        for row in rows:
            publisher = self._publisher(row)
            latest[publisher] = max(latest.get(publisher, ""), str(row.values["date"]))
        return [row for row in rows if row.values["date"] == latest[self._publisher(row)]]

    def _publisher(self, row: Row) -> str:
        first = split_ids(row.values["source_ids"])[0]
        source = self._sources.get(first)
        return str(source.values["publisher"]) if source else first

    def _claims_for(self, row: Row, side: str) -> str:
        """The side that all sources of a statement lean to, where it speaks in its favour."""
        leans = self._all_lean_to(side, split_ids(row.values["source_ids"]))
        return side if leans and row.values["status"] == Status.CONTROLLED else ""

    def weight(self, row: Row, day: dt.date) -> float:
        """Basis x confidence x age x position of one statement; see `Parameters`."""
        place = self._places[str(row.values["place_id"])]
        radius_km = float(place.properties.get("geo_radius_m") or 0) / 1e3
        return self.credence(row, day) / (1 + (radius_km / self._parameters.half_radius_km) ** 2)

    def credence(self, row: Row, day: dt.date) -> float:
        """The weight of a statement as if its place were located perfectly."""
        parameters, values = self._parameters, row.values
        basis = str(values["basis"])
        holder = self._holder(row)
        if holder and self._claims_for(row, holder):
            basis = Basis.CLAIMED
        return float(
            parameters.basis_weight[basis]
            * parameters.confidence_weight[str(values["confidence"])]
            * 0.5 ** (self._age_days(row, day) / parameters.half_life_days)
        )

    def only_claims(self, verdict: Verdict) -> bool:
        """Whether nobody but sources that lean to a side give it this ground."""
        return self._all_lean_to(verdict.shares[0][0], verdict.sources)

    def _all_lean_to(self, side: str, source_ids: Iterable[str]) -> bool:
        """Whether every one of some sources is known to lean to a side."""
        leanings = {
            str(self._sources[source].values["leaning"] or "") if source in self._sources else ""
            for source in source_ids
        }
        return leanings == {side}


def _reports_change(row: Row) -> bool:
    """Whether a statement firmly reports that a place changed hands on its date."""
    values = row.values
    return (
        bool(values.get("event_ids"))
        and values["status"] == Status.CONTROLLED
        and values["basis"] in {Basis.ASSESSED, Basis.REPORTED}
        and values["confidence"] != Confidence.LOW
    )


def _parties(row: Row) -> list[tuple[str, float]]:
    """Who a statement speaks for, and with which share of its weight."""
    if row.values["controller"]:
        return [(str(row.values["controller"]), 1.0)]
    parties = split_ids(row.values["controllers"])
    return [(party, 1 / len(parties)) for party in parties]
