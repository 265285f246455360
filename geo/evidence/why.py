"""
Why the map is as it is: the chain from a position down to who said so.

From the patch by the ledger, the events and the statements to the sources; and what was said
against it.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.errors import UnknownIdError
from geo.evidence.ledger import explain_ground
from geo.evidence.places import locate_place, nearest_place, shape_word
from geo.evidence.versions import record_versions
from geo.model import Label, Row, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo.control import Composite
    from geo.evidence.versions import Version
    from geo.layers import Folder
    from geo.model import Feature, Value


@dataclass(frozen=True, slots=True)
class Why:
    """
    Why the map shows a position as it does on a day.

    Attributes
    ----------
    day, as_of
        The day asked for, and the date of the layer in force.
    lon, lat
        The position, degrees.
    place
        The place asked for, where it was one.
    label
        Who holds it, how, how sure.
    patch
        The patch that says so.
    since
        Date of the first layer of an unbroken run in which the same hands hold it.
    until
        Date of the layer that ends the run; None where none does.
    before
        What stood there in the layer before `since`; None where there is none.
    changes
        Ledger rows that explain the change at `since`.
    events
        The events that these rows name.
    statements
        What the patch rests on, newest first, but for `against`.
    against
        Statements that give the ground to another side: those that the patch names, and any about
        its places since the first word after the layer before `since` that gives it to the holder.
    weights
        Weight of each statement by id, as the estimate reckons it on the layer's date.
    sources
        The sources of all these, by id.
    nearest
        The nearest place with evidence and its distance in kilometres: of the patch, or of the
        whole layer where the patch names none.
    versions
        Which version of its source each statement and event quotes, by id; of imported ones.
    """

    day: dt.date
    as_of: dt.date
    lon: float
    lat: float
    place: Feature | None
    label: Label
    patch: Feature
    since: dt.date
    until: dt.date | None
    before: Label | None
    changes: tuple[Row, ...]
    events: tuple[Feature, ...]
    statements: tuple[Row, ...]
    against: tuple[Row, ...]
    weights: Mapping[str, float]
    sources: Mapping[str, Row]
    nearest: tuple[str, float] | None
    versions: Mapping[str, Version] = field(default_factory=dict)

    @property
    def publishers(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """The publishers at the ends of the chain, but for what only speaks against it."""
        records = [row.values for row in (*self.changes, *self.statements)]
        records += [event.properties for event in self.events]
        ids = [i for values in records for i in split_ids(values["source_ids"])]
        named = {str(self.sources[i].values["publisher"]) for i in ids if i in self.sources}
        return tuple(sorted(named))

    def to_dict(self) -> dict[str, object]:
        """
        Return the chain as plain values.

        Returns
        -------
        chain
            Ready for JSON.
        """
        return {
            "day": str(self.day),
            "as_of": str(self.as_of),
            "position": [self.lon, self.lat],
            "place": None if self.place is None else dict(self.place.properties),
            "label": _list_axes(self.label),
            "patch": dict(self.patch.properties),
            "since": str(self.since),
            "until": None if self.until is None else str(self.until),
            "before": None if self.before is None else _list_axes(self.before),
            "changes": [dict(row.values) for row in self.changes],
            "events": [dict(event.properties) for event in self.events],
            "statements": [self._statement(row) for row in self.statements],
            "against": [self._statement(row) for row in self.against],
            "sources": [dict(row.values) for row in self.sources.values()],
            "publishers": list(self.publishers),
            "nearest_evidence": None
            if self.nearest is None
            else {"place_id": self.nearest[0], "distance_km": round(self.nearest[1], 3)},
            "versions": {
                name: {
                    "version": one.version,
                    "theirs": one.theirs,
                    "withdrawn": one.withdrawn,
                    "edited": list(one.edited),
                }
                for name, one in self.versions.items()
            },
        }

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Why: {self._where()} on {self.day}, {_tell_holder(self.label)}; print() tells it>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text())}</pre>"

    def text(self, width: int = 96) -> str:
        """
        Return the chain as lines of text.

        Parameters
        ----------
        width
            Columns; a longer line goes on below, further in. Addresses are never broken.

        Returns
        -------
        text
            From the patch down to the sources.
        """
        return "\n".join(folded for line in self._lines() for folded in _fold(line, width))

    def _statement(self, row: Row) -> dict[str, object]:
        weight = self.weights.get(row.id)
        return {**row.values, "weight": None if weight is None else round(weight, 4)}

    def _lines(self) -> Iterator[str]:
        yield f"{self._where()} on {self.day}, as of the layer of {self.as_of}"
        yield f"  {_tell_holder(self.label)}"
        if self.before is None:
            yield f"  since {self.since}, the first layer, or longer"
        else:
            yield f"  since the layer of {self.since}; before that {_tell_holder(self.before)}"
        if self.until is not None:
            yield f"  until the layer of {self.until}"
        if self.nearest is not None:
            yield f"  nearest evidence: {self.nearest[0]}, {self.nearest[1]:.1f} km away"
        yield f"patch {self.patch.id}"
        if self.patch.properties["note"]:
            yield from _wrap(str(self.patch.properties["note"]), 2)
        for row in self.changes:
            yield from self._change(row)
        if self.before is not None and not self.changes:
            yield "ledger: no row explains the change"
        yield "it rests on" if self.statements else "it rests on no statement"
        for row in self.statements:
            yield from self._said(row)
        later = [row for row in self.against if str(row.values["date"]) > str(self.day)]
        against = [row for row in self.against if row not in later]
        yield "against it" if against else "no statement in force speaks against it"
        for row in against:
            yield from self._said(row)
        if later:
            yield "of days after it, for others: what they say may have come later"
        for row in later:
            yield from self._said(row)
        yield "sources"
        for identity in self.sources:
            yield from self._source(identity)
        names = f"publishers: {len(self.publishers)} ({', '.join(self.publishers) or 'none'})"
        yield from _wrap(names, 0)

    def _where(self) -> str:
        at = f"{self.lon:g}, {self.lat:g}"
        if self.place is None:
            return at
        values = self.place.properties
        radius_km = float(values["geo_radius_m"] or 0) / 1e3
        if word := shape_word(self.place):
            at = f"the middle of {word}, {at}"
        return f"{values['name']} ({at}; {values['coord_method']}, to {radius_km:g} km)"

    def _change(self, row: Row) -> Iterator[str]:
        values = row.values
        hands = " to ".join(str(values[f"{way}_controller"] or "-") for way in ("from", "to"))
        days = _tell_days(values["date"], values["date_end"])
        between = f"between {values['from_date']} and {values['to_date']}"
        yield f"ledger {row.id}: {values['kind']}, {hands}, {days or between}"
        if values["note"]:
            yield from _wrap(str(values["note"]), 2)
        mine = split_ids(values["event_ids"])
        for event in self.events:
            if event.id in mine:
                told = event.properties
                days = _tell_days(told["event_date"], told["end_date"])
                yield f"  event {event.id}: {days}, {told['sub_event_type']}"
                yield from _wrap(f"{told['notes'] or ''} [{told['source_ids'] or ''}]", 4)
                yield from _wrap(str(self.versions.get(event.id, "")), 4)

    def _said(self, row: Row) -> Iterator[str]:
        values = row.values
        held = values["controller"] or f"{values['status']} ({values['controllers'] or ''})"
        weight = self.weights.get(row.id)
        sure = f"{values['basis']}, {values['confidence']}"
        heavy = "" if weight is None else f", weight {weight:.2f}"
        days = (parse_day(str(values["date"])) - self.day).days
        late = f", {days} {'day' if days == 1 else 'days'} later" if days > 0 else ""
        vague = str(values.get("date_precision") or "day")
        late = late if vague == "day" else f" (known to the {vague}){late}"
        yield f"  {row.id}: {values['date']}{late}, {values['place_id']}: {held}; {sure}{heavy}"
        yield from _wrap(f"{values['note'] or ''} [{values['source_ids']}]", 4)
        yield from _wrap(str(self.versions.get(row.id, "")), 4)

    def _source(self, identity: str) -> Iterator[str]:
        values = self.sources[identity].values
        leaning = f"leans to {values['leaning']}" if values["leaning"] else "no known leaning"
        day = f"published {values['published']}" if values["published"] else "undated"
        yield f"  {identity}: {values['publisher']} ({leaning}; {day})"
        if values["url"]:
            yield f"    {values['url']}"


def find_why(
    folder: Folder, composite: Composite, where: str | tuple[float, float], day: str | dt.date
) -> Why:
    """
    Return why the map shows a position as it does on a day.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    where
        As for `locate`.
    day
        The day; the layer in force is the last one not after it.

    Returns
    -------
    why
        The chain from the patch by the ledger, events and statements to the sources.

    Raises
    ------
    UnknownIdError
        If there is no such place, it was never located, or it lies outside the study area.
    DateError
        If `day` is before the first layer.
    ValueError
        If `where` is meant as a position and is none.
    """
    lon, lat, place = locate_place(folder, where)
    day = parse_day(day)
    as_of = composite.dates[composite.index(day)]
    history = composite.history_at(lon, lat)
    if not history:
        name = place.id if place is not None else f"{lon:g}, {lat:g}"
        raise UnknownIdError(f"{name} lies outside the study area, where nothing is drawn")
    at = next(i for i in reversed(range(len(history))) if history[i][0] <= as_of)
    label = history[at][2]
    first = last = at
    while first and history[first - 1][2].holder == label.holder:
        first -= 1
    while last + 1 < len(history) and history[last + 1][2].holder == label.holder:
        last += 1
    since, until = history[first][0], history[last][1]
    patch = next(f for f in folder.control[as_of].features if f.id == label.patch)
    earlier = composite.dates[composite.index(since) - 1] if first else None
    changes = _changes_at(folder, composite, (lon, lat, place), earlier, since)
    named = {i for row in changes for i in split_ids(row.values["event_ids"])}
    events = tuple(event for event in folder.events if event.id in named)
    said, against = _said_of(folder, label, patch, earlier, day)
    records = [row.values for row in (*changes, *said, *against)]
    records += [event.properties for event in events]
    records.append(patch.properties)
    every = {i for values in records for i in split_ids(values["source_ids"])}
    sources = {i: row for i, row in folder.rows("sources").items() if i in every}
    quoted = {row.id for row in (*said, *against)} | {event.id for event in events}
    versions = record_versions(folder) if folder.imports.rows else {}
    return Why(
        day=day,
        as_of=as_of,
        lon=lon,
        lat=lat,
        place=place,
        label=label,
        patch=patch,
        since=since,
        until=until,
        before=history[first - 1][2] if first else None,
        changes=changes,
        events=events,
        statements=said,
        against=against,
        weights=_weights(folder, (*said, *against), as_of),
        sources=sources,
        nearest=_nearest_evidence(folder, shapely.Point(lon, lat), patch, as_of),
        versions={name: one for name, one in versions.items() if name in quoted},
    )


def _changes_at(
    folder: Folder,
    composite: Composite,
    at: tuple[float, float, Feature | None],
    earlier: dt.date | None,
    since: dt.date,
) -> tuple[Row, ...]:
    """The rows that explain a change at one position: those that name its place, if any does."""
    if earlier is None:
        return ()
    lon, lat, place = at
    pieces = composite.changes(earlier, since)
    shapes = np.array([piece.geometry for piece in pieces], dtype=object)
    there = np.flatnonzero(shapely.intersects(shapes, shapely.Point(lon, lat)))
    explained = explain_ground(folder, [pieces[i] for i in there], earlier, since)
    ids = {i for piece in explained for i in piece.change_ids}
    rows = tuple(row for row in folder.changes.rows if row.id in ids)
    if place is not None:
        naming = tuple(r for r in rows if place.id in split_ids(r.values["place_ids"]))
        return naming or rows
    return rows


def _said_of(
    folder: Folder, label: Label, patch: Feature, earlier: dt.date | None, day: dt.date
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Statements for and against the holder of a patch, newest first."""
    sides = folder.sides
    statements = folder.rows("statements")
    named = [statements[i] for i in split_ids(patch.properties["statement_ids"])]
    places = {row.values["place_id"] for row in named}
    held = {sides.get(p, p) for p in (label.controller, *split_ids(label.controllers)) if p}
    said: dict[str, Row] = {}
    against: dict[str, Row] = {}
    for row in named:
        (said if _side_of(row, sides) in {"", *held} else against)[row.id] = row
    # What was said before the first word for the holder spoke of the state that it ended.
    words = [str(row.values["date"]) for row in said.values()]
    first = min((word for word in words if earlier is None or word > str(earlier)), default="9")
    for row in statements.values():
        others = row.values["place_id"] in places and _side_of(row, sides) not in {"", *held}
        if others and row.id not in said and first <= str(row.values["date"]) <= str(day):
            against[row.id] = row
    return _newest_first(said.values()), _newest_first(against.values())


def _side_of(row: Row, sides: Mapping[str, str]) -> str:
    holder = str(row.values["controller"] or "")
    return sides.get(holder, holder)


def _newest_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (str(row.values["date"]), row.id), reverse=True))


def _weights(folder: Folder, rows: Sequence[Row], day: dt.date) -> dict[str, float]:
    """The weight of each statement in the estimate of a date; none where nothing can be drawn."""
    if not rows:
        return {}
    from geo.evidence.estimate.draft import Estimator

    estimator = Estimator.of(folder)
    return {
        row.id: estimator.weight(row, day) for row in rows if str(row.values["date"]) <= str(day)
    }


def _nearest_evidence(
    folder: Folder, point: shapely.Geometry, patch: Feature, day: dt.date
) -> tuple[str, float] | None:
    """The nearest place that the patch rests on, or that anything in its layer does."""
    statements = folder.rows("statements")
    for features in ((patch,), folder.control[day].features):
        ids = {i for f in features for i in split_ids(f.properties["statement_ids"])}
        places = {str(statements[i].values["place_id"]) for i in ids}
        if (found := nearest_place(folder, point, places)) is not None:
            return found
    return None


def _list_axes(label: Label) -> dict[str, str]:
    names = ("controller", "controllers", "status", "basis", "confidence")
    return {name: str(getattr(label, name)) for name in names}


def _tell_holder(label: Label) -> str:
    words = [label.status, label.basis, label.confidence and f"confidence {label.confidence}"]
    holder = label.controller or label.controllers.replace(";", " and ")
    return ", ".join(filter(None, (holder, *words)))


def _tell_days(first: Value, last: Value) -> str:
    return f"{first} to {last}" if first and last and first != last else str(first or "")


def _wrap(text: str, indent: int) -> list[str]:
    """A paragraph some way in."""
    return [" " * indent + text] if text.strip() else []


def _fold(line: str, width: int) -> list[str]:
    gap = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(
        line.strip(),
        width,
        initial_indent=gap,
        subsequent_indent=gap + "  " * (not gap.startswith("    ")),
        break_on_hyphens=False,
        break_long_words=False,
    )
