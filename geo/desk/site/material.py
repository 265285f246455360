"""What the pages of a site are made from: the theatre, its figures and bands, in one place."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from geo.errors import UnknownIdError
from geo.evidence import (
    PICTURE,
    Ensemble,
    area_columns,
    kept_bands,
    kept_draws,
    place_history,
    tell_moves,
)
from geo.layers import evidence_digests
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo.control import Composite
    from geo.draw import Page
    from geo.layers import Folder
    from geo.model import Feature, Row

    Figure = tuple[float, float | None, float | None]

MANY_DATES = 40
"""Of a theatre with more layers only the newest change has bands: each takes seconds, then kept."""

_ELSEWHERE = (
    *("control/", "events/", "statements.csv", "changes.csv", "assessments.csv", "tour.csv"),
    *("sources.csv", "imports.csv", "vocabulary.csv"),
)
"""What is told by date, or not drawn; a picture of one date follows from its own part of these."""

EVENT_DAYS = 7
"""A picture marks events of so many days before and after its dates."""


@dataclass(frozen=True)
class Material:
    """
    A theatre, ready to be told.

    Attributes
    ----------
    folder
        The layers as read.
    composite
        Of its control layers.
    map_page
        Makes the page that can be explored, for the two dates that it opens with.
    url
        Where the site will be, with a slash at its end; empty where nobody said.
    licence
        Under which its maps may be used, in words; empty where nobody said.
    """

    folder: Folder
    composite: Composite
    map_page: Callable[[dt.date, dt.date], Page]
    url: str = ""
    licence: str = ""

    @property
    def dates(self) -> tuple[dt.date, ...]:  # numpydoc ignore=RT01
        """The dates of the layers."""
        return self.composite.dates

    @cached_property
    def pairs(self) -> tuple[tuple[dt.date, dt.date], ...]:  # numpydoc ignore=RT01
        """Every two layers that follow on, and the two dates of the theatre."""
        given = self.folder.theatre.properties
        first, last = (
            self.composite.dates[self.composite.index(max(parse_day(given[name]), self.dates[0]))]
            for name in ("before", "after")
        )
        found = {*pairwise(self.dates), (first, last)}
        return tuple(sorted(pair for pair in found if pair[0] < pair[1]))

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        return evidence_digests(self.folder.digests)

    @cached_property
    def _ensemble(self) -> Ensemble:
        memory = kept_draws(self._digests)
        return Ensemble.of(self.folder, self.composite, memory=memory)

    @cached_property
    def _bands(self) -> dict[str, Any]:
        return kept_bands(self._digests, lambda: self._ensemble)

    @property
    def holders(self) -> Mapping[str, Mapping[str, Any]]:  # numpydoc ignore=RT01
        """Low, middle and high of the ground of each side, km2, by date."""
        found: Mapping[str, Mapping[str, Any]] = self._bands["holders"]
        return found

    @cached_property
    def areas(self) -> dict[dt.date, list[dict[str, Any]]]:  # numpydoc ignore=RT01
        """The ground of each controller with its band, by date."""
        columns = area_columns(self._bands)
        found: dict[dt.date, list[dict[str, Any]]] = {day: [] for day in self.dates}
        for row in zip(*columns.values(), strict=True):
            values = dict(zip(columns, row, strict=True))
            found[values["date"]].append(values)
        return found

    def moves(self, pair: tuple[dt.date, dt.date]) -> dict[tuple[str, str, str], Figure] | None:
        """
        Return what went from whom to whom, with bands.

        Parameters
        ----------
        pair
            One of `pairs`.

        Returns
        -------
        moves
            As from `geo.evidence.tell_moves`; None where bands are not worked out.
        """
        newest = pair in {self.pairs[-1], (self.dates[-2:] or (None,))}
        if len(self.dates) > MANY_DATES and not newest:
            return None
        given = self.folder, self.composite, self._digests, pair
        return dict(tell_moves(*given, lambda: self._ensemble))

    # ------------------------------------------------------------ records by date

    @cached_property
    def ledger(self) -> tuple[Row, ...]:  # numpydoc ignore=RT01
        """Rows of the ledger that no other replaces, in order of the days that they tell of."""
        rows = self.folder.changes.rows
        replaced = {row.values["supersedes"] for row in rows}
        kept = [row for row in rows if row.id not in replaced]
        return tuple(sorted(kept, key=lambda row: (_text(row, "to_date"), row.id)))

    def told_between(self, before: dt.date, after: dt.date) -> list[Row]:
        """
        Return rows of the ledger about what lies between two layers.

        Parameters
        ----------
        before, after
            Dates of the layers.

        Returns
        -------
        rows
            What is said to have happened, then what only the picture has; each in order of time.
        """
        found = [
            row
            for row in self.ledger
            if _text(row, "from_date") < str(after) and _text(row, "to_date") > str(before)
        ]
        return sorted(found, key=lambda row: row.values["kind"] in PICTURE)

    def events_between(self, before: dt.date | None, after: dt.date) -> list[Feature]:
        """
        Return events after a day, up to another.

        Parameters
        ----------
        before, after
            The days; None begins with the first event.

        Returns
        -------
        events
            In order of date.
        """
        first = "" if before is None else str(before + dt.timedelta(days=1))
        return [
            event
            for event in self.folder.events
            if first <= _text(event, "event_date") <= str(after)
        ]

    @cached_property
    def statements_of(self) -> dict[str, list[Row]]:  # numpydoc ignore=RT01
        """Statements by place, the newest first."""
        found: dict[str, list[Row]] = defaultdict(list)
        rows = self.folder.statements.rows
        for row in sorted(rows, key=lambda row: (_text(row, "date"), row.id), reverse=True):
            found[_text(row, "place_id")].append(row)
        return found

    @cached_property
    def events_of(self) -> dict[str, list[Feature]]:  # numpydoc ignore=RT01
        """Events by place."""
        found: dict[str, list[Feature]] = defaultdict(list)
        for event in self.folder.events:
            found[_text(event, "place_id")].append(event)
        return found

    @cached_property
    def rows_of_event(self) -> dict[str, list[Row]]:  # numpydoc ignore=RT01
        """Rows of the ledger by the events that they name."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.ledger:
            for event in split_ids(row.values["event_ids"]):
                found[event].append(row)
        return found

    def history(self, place: Feature) -> list[dict[str, Any]]:
        """
        Return who held a place, interval by interval.

        Parameters
        ----------
        place
            The place.

        Returns
        -------
        history
            As from `geo.evidence.place_history`; nothing where no map tells of the place.
        """
        try:
            return [dict(row) for row in place_history(self.folder, self.composite, place.id)]
        except UnknownIdError:
            return []

    # ------------------------------------------------------------ what a picture follows from

    @cached_property
    def _around(self) -> str:
        """What every picture follows from."""
        digests = {
            name: digest
            for name, digest in self.folder.digests.items()
            if not name.startswith(_ELSEWHERE)
        }
        largest: dict[str, float] = {}
        for rows in self.areas.values():
            for row in rows:
                holder = str(row["controller"] or row["status"])
                largest[holder] = max(largest.get(holder, 0.0), float(row["drawn_km2"] or 0))
        order = sorted(largest, key=lambda one: (-largest[one], one))
        return json.dumps([digests, order], sort_keys=True)

    def picture_key(self, language: str, *days: dt.date, figures: object = None) -> str:
        """
        Return a name of what a picture of a date, or of two, follows from.

        Another layer, event or statement elsewhere in time changes it only where a figure of its
        own dates moves.

        Parameters
        ----------
        language
            Of the picture.
        *days
            Its dates.
        figures
            What it tells of the change.

        Returns
        -------
        key
            The same as long as the picture is.
        """
        span = [
            day + dt.timedelta(days=n)
            for day, n in ((days[0], -EVENT_DAYS), (days[-1], EVENT_DAYS))
        ]
        marked = [
            [event.id, *map(str, event.properties.values())]
            for event in self.folder.events
            if str(span[0]) <= str(event.properties["end_date"] or event.properties["event_date"])
            and str(event.properties["event_date"]) <= str(span[1])
        ]
        at = [self.composite.index(day) for day in days]
        before = self.dates[max(at[0] - 1, 0)]
        layers = {str(d): self.folder.digests.get(f"control/{d}.geojson") for d in (before, *days)}
        told = [sorted(map(str, row.values.items())) for row in self.told_between(before, days[-1])]
        bands = [self.holders.get(str(day)) for day in days]
        told.append(self._publishers(self.dates[at[-1]]))
        parts = [self._around, language, list(map(str, days)), marked, layers, told, bands]
        text = json.dumps([*parts, repr(figures)], sort_keys=True, default=list)
        return hashlib.sha256(text.encode()).hexdigest()

    def _publishers(self, day: dt.date) -> list[str]:
        """Who a layer rests on, source by source, as its picture names them."""
        rows = self.folder.rows("sources")
        cited = {
            source
            for feature in self.folder.control[day].features
            for source in split_ids(feature.properties["source_ids"])
        }
        return [f"{one} {rows[one].values['publisher']}" for one in sorted(cited) if one in rows]


def _text(record: Feature | Row, column: str) -> str:
    return str(record.values[column] or "")
