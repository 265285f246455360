"""
Statements that count on a date: whose word, how much it weighs, and when it ended.

Steps 1 and 2 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from geo.model import Basis, Confidence, Row, Status, parse_day, shift_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from geo.evidence.estimate.parameters import Parameters
    from geo.model import Feature

ANY_OTHER = ""
"""Stands in shares for whatever other sides there are."""


class Statements:
    """
    The statements of a theatre, asked which count on a date.

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
    as_of
        Only what was published by then counts, and no word about a later day; None for hindsight.

    Attributes
    ----------
    by_place
        The rows of each place.
    undated
        Ids of rows whose sources have no day of publication: they count from their own day.
    """

    def __init__(
        self,
        places: Mapping[str, Feature],
        rows: Sequence[Row],
        sources: Mapping[str, Row],
        sides: Mapping[str, str],
        parameters: Parameters,
        as_of: dt.date | None = None,
    ) -> None:
        self._places, self._sources, self._sides = places, sources, sides
        self._parameters = parameters
        self.as_of = as_of
        self.undated: list[str] = []
        self.by_place: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if as_of is None or self._known_by(row, as_of):
                self.by_place[str(row.values["place_id"])].append(row)
        for said in self.by_place.values():
            said.sort(key=lambda row: (str(row.values["date"]), row.id))
        self._day = {row.id: parse_day(str(row.values["date"])) for row in rows}
        self._taking = {
            row.id for rows in self.by_place.values() for row in self._find_taking(rows)
        }

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """Every side that a statement names, sorted."""
        rows = [row for rows in self.by_place.values() for row in rows]
        named = {party for row in rows for party, _ in self.parties(row)}
        named |= {str(row.values.get("opposite") or "") for row in rows}
        return tuple(sorted({self.side(party) for party in named if party}))

    def day(self, row: Row) -> dt.date:
        """The day that a statement is about."""
        return self._day[row.id]

    def side(self, actor: str) -> str:
        """The side of an actor; an actor that is not known is its own."""
        return self._sides.get(actor, actor)

    def of_place(self, place_id: str, without: Collection[str]) -> Statements:
        """Those of one place, but for some."""
        rows = [row for row in self.by_place.get(place_id, ()) if row.id not in without]
        given = self._places, rows, self._sources, self._sides, self._parameters, self.as_of
        return Statements(*given)

    def _known_by(self, row: Row, as_of: dt.date) -> bool:
        """Whether a statement could be read by a day."""
        days = [
            str(self._sources[source].values.get("published") or "")
            for source in split_ids(row.values["source_ids"])
            if source in self._sources
        ]
        published = min(filter(None, days), default="")
        if not published:
            self.undated.append(row.id)
        day = str(row.values["date"])
        return day <= str(as_of) and (published or day) <= str(as_of)

    def names_nobody(self, row: Row) -> bool:
        """Whether a statement about a whole place speaks for no side, so that it tells nothing."""
        whole = str(row.values.get("extent") or "all") in {"all", "share"}
        return whole and not any(share for _, share in self.parties(row))

    def nameless(self, place_id: str, day: dt.date) -> list[Row]:
        """What is in force about a place and names nobody."""
        return [row for row in self.in_force(place_id, day) if self.names_nobody(row)]

    def parties(self, row: Row) -> list[tuple[str, float]]:
        """Who a statement speaks for, and with which share of its weight."""
        values = row.values
        if values["controller"]:
            controller = str(values["controller"])
            if values.get("extent") == "share":
                share = int(str(values["share_pct"])) / 100
                return [(controller, share), (str(values.get("opposite") or ANY_OTHER), 1 - share)]
            if values["status"] == Status.ADVANCE:
                # It operates there: likelier its own than not, and no more than that.
                return [(controller, 0.75), (ANY_OTHER, 0.25)]
            return [(controller, 1.0)]
        parties = split_ids(row.values["controllers"])
        return [(party, 1 / len(parties)) for party in parties]

    # ------------------------------------------------------------ which count

    def in_force(self, place_id: str, day: dt.date) -> list[Row]:
        """The last word of each publisher about a place on a day, of each kind of extent."""
        oldest = shift_day(day, -self._parameters.max_age_days)
        rows = [row for row in self.by_place[place_id] if oldest <= self.day(row) <= day]
        return self.current_word(rows)

    def current_word(self, rows: Sequence[Row]) -> list[Row]:
        """Of each publisher, the statements of its latest date, none older than the last change."""
        changes = [self.day(row) for row in rows if self._turns(row)]
        rows = [row for row in rows if self.day(row) >= max(changes, default=dt.date.min)]
        latest: dict[tuple[str, str], dt.date] = {}
        for row in rows:
            voice = self._voice(row)
            latest[voice] = max(latest.get(voice, dt.date.min), self.day(row))
        return [row for row in rows if self.day(row) == latest[self._voice(row)]]

    def still_to_come(self, place_id: str, day: dt.date) -> list[Row]:
        """
        The next word of each publisher about a place after a day.

        Words that ground was taken tell who holds it from then on, and nothing of the day; where
        they are firm they end what later words can tell of it.
        """
        latest = shift_day(day, self._parameters.max_age_days)
        rows = [row for row in self.by_place[place_id] if day < self.day(row) <= latest]
        change = min((self.day(row) for row in rows if self._turns(row)), default=dt.date.max)
        rows = [row for row in rows if self.day(row) <= change and row.id not in self._taking]
        soonest: dict[tuple[str, str], dt.date] = {}
        for row in rows:
            voice = self._voice(row)
            soonest[voice] = min(soonest.get(voice, dt.date.max), self.day(row))
        return [row for row in rows if self.day(row) == soonest[self._voice(row)]]

    def without_repeats(
        self, said: Sequence[Row], coming: Sequence[Row]
    ) -> tuple[list[Row], list[Row]]:
        """
        Words before and after a day, each reading once: where it weighs most.

        "It was theirs before, too" is entered for an earlier day and rests on the report of the
        later: one report, and so one word, however many dates it is entered for.
        """
        kept, repeats = list(said), []
        for row in coming:
            same = [one for one in kept if _is_same_reading(one, row)]
            if any(self.credence(one) >= self.credence(row) for one in same):
                repeats.append(row)
            else:
                kept = [one for one in kept if one not in same]
        return kept, [row for row in coming if row not in repeats]

    def captures(self) -> list[Row]:
        """Statements by which ground was taken."""
        return [row for rows in self.by_place.values() for row in rows if row.id in self._taking]

    def _turns(self, row: Row) -> bool:
        """Whether a place firmly changed hands by a statement."""
        return row.id in self._taking and is_firm(row)

    def _find_taking(self, rows: Sequence[Row]) -> Iterator[Row]:
        """Words that ground was taken, but for those that the words before them said too."""
        for row in filter(tells_of_taking, rows):
            day = self.day(row)
            before = max((self.day(one) for one in rows if self.day(one) < day), default=None)
            held = {
                self.side(str(one.values["controller"] or ""))
                for one in rows
                if self.day(one) == before
            }
            if held != {self.side(str(row.values["controller"]))}:
                yield row

    def _voice(self, row: Row) -> tuple[str, str]:
        """Who speaks, and in which kind of words."""
        first = split_ids(row.values["source_ids"])[0]
        source = self._sources.get(first)
        publisher = str(source.values["publisher"]) if source else first
        return publisher, str(row.values.get("extent") or "")

    # ------------------------------------------------------------ how much they weigh

    def weigh(self, rows: Sequence[Row]) -> tuple[dict[str, float], dict[str, float]]:
        """
        The weight of each side and of each actor in some statements about one place.

        Outlets that lean to one side are one voice where they speak in its favour: the heaviest
        counts.
        """
        weights: dict[str, float] = defaultdict(float)
        actors: dict[str, float] = defaultdict(float)
        voices: dict[tuple[str, str], float] = defaultdict(float)
        for row in rows:
            weight = self.credence(row)
            for party, share in self.parties(row):
                side = self.side(party)
                actors[party] += weight * share
                leaning = self._claims_for(row, side)
                if leaning:
                    voices[leaning, side] = max(voices[leaning, side], weight * share)
                else:
                    weights[side] += weight * share
        for (_, side), weight in voices.items():
            weights[side] += weight
        return dict(weights), dict(actors)

    def credence(self, row: Row) -> float:
        """Basis x confidence of one statement; what leans to a side claims in its favour."""
        parameters, values = self._parameters, row.values
        basis = str(values["basis"])
        holder = self.side(str(values["controller"] or ""))
        if holder and self._claims_for(row, holder):
            basis = Basis.CLAIMED
        return float(
            parameters.basis_weight[basis] * parameters.confidence_weight[str(values["confidence"])]
        )

    def sharpness(self, row: Row) -> float:
        """What is left of a statement's weight by the error of its place."""
        place = self._places[str(row.values["place_id"])]
        radius_km = float(place.properties.get("geo_radius_m") or 0) / 1e3
        return 1 / (1 + (radius_km / self._parameters.half_radius_km) ** 2)

    def _claims_for(self, row: Row, side: str) -> str:
        """The side that all sources of a statement lean to, where it speaks in its favour."""
        leans = self.all_lean_to(side, split_ids(row.values["source_ids"]))
        return side if leans and row.values["status"] == Status.CONTROLLED else ""

    def all_lean_to(self, side: str, source_ids: Iterable[str]) -> bool:
        """Whether every one of some sources is known to lean to a side."""
        leanings = {
            str(self._sources[source].values["leaning"] or "") if source in self._sources else ""
            for source in source_ids
        }
        return leanings == {side}


_OF_GROUND_TAKEN = frozenset({"", "all", "share", "track"})
"""Extents of words that can report a change of hands; the others say where sides stand."""


def tells_of_taking(row: Row) -> bool:
    """Whether a statement says that a place was taken on its date: it names the event."""
    values = row.values
    return (
        bool(values.get("event_ids"))
        and str(values.get("extent") or "") in _OF_GROUND_TAKEN
        and values["status"] == Status.CONTROLLED
        and values["basis"] != Basis.INFERRED
    )


def is_firm(row: Row) -> bool:
    """Whether a statement is no claim, no inference and not of low confidence."""
    values = row.values
    return (
        values["basis"] in {Basis.ASSESSED, Basis.REPORTED}
        and values["confidence"] != Confidence.LOW
    )


def _is_same_reading(one: Row, other: Row) -> bool:
    """Whether two statements about one place say the same of it from the same sources."""
    names = ("controller", "controllers", "extent", "opposite", "status", "source_ids")
    return all((one.values.get(name) or "") == (other.values.get(name) or "") for name in names)
