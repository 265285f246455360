"""What the records are that sentences rest on, in words, so that a reader can follow each back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.desk.brief.sentences import Reference
from geo.errors import escape
from geo.model import Status, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.desk.brief.telling import Teller
    from geo.model import Feature, Row

_NOBODY = "–"
"""Stands where the ledger names no side."""
_SOURCES = 8
"""So many ids of sources of a record are listed."""


def list_references(teller: Teller, ids: Iterable[str]) -> tuple[Reference, ...]:
    """
    Return what records are, in the order in which they are named first.

    Raises
    ------
    ValueError
        If an id is of no record of the layers: a sentence would rest on nothing.
    """
    known = _Records(teller)
    return tuple(known.reference(one) for one in dict.fromkeys(ids))


class _Records:
    """Every record of the layers that a sentence may name."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        folder = teller.facts.folder
        self._events = {one.id: one for one in folder.events}
        self._anchors = {one.id: one for one in folder.anchors}
        self._layers = {f"control/{day}.geojson": day for day in folder.control}
        self._folder = folder

    def reference(self, one: str) -> Reference:
        folder, say = self._folder, self._teller.say
        if one in self._layers:
            text = say("brief.ref.layer", date=self._teller.date(self._layers[one]))
            return Reference(one, "layer", text)
        if row := folder.rows("sources").get(one):
            return self._source(row)
        if event := self._events.get(one):
            return self._event(event)
        if row := folder.rows("statements").get(one):
            return self._statement(row)
        if row := folder.rows("changes").get(one):
            return self._change(row)
        if one in folder.places:
            return self._place(folder.places[one])
        if anchor := self._anchors.get(one):
            name = self._teller.words.name(anchor.properties, one)
            return Reference(one, "anchor", say("brief.ref.anchor", name=name))
        if one == folder.theatre.id:
            name = self._teller.words.name(folder.theatre.properties, one)
            return Reference(one, "theatre", say("brief.ref.theatre", name=name))
        tables = (folder.statements, folder.assessments)
        if any(table.schema.path == one for table in tables):
            return Reference(one, "table", say("brief.ref.table", name=one))
        raise ValueError(f"{one!r} is no record of the layers, and a sentence rests on it")

    def _source(self, row: Row) -> Reference:
        values = row.values
        parts = [str(values[name]) for name in ("publisher", "title") if values[name]]
        day = values["published"] or values["accessed"]
        if day:
            parts.append(self._teller.date(str(day)))
        url = str(values["url"] or values["archived_url"] or "")
        is_web = url.startswith(("https://", "http://"))
        return Reference(row.id, "source", escape(", ".join(parts), 400), url if is_web else "")

    def _event(self, event: Feature) -> Reference:
        values, teller = event.properties, self._teller
        place = str(values["place_id"] or "")
        kind = f"sub.{values['sub_event_type']}"
        what = teller.say(kind) if teller.words.knows(kind) else str(values["sub_event_type"])
        parts = [
            teller.date(str(values["event_date"])),
            teller.place(place) if place in self._folder.places else str(values["location"] or ""),
            what,
        ]
        text = teller.say("brief.ref.event", what=self._joined(parts, values["source_ids"]))
        return Reference(event.id, "event", text)

    def _statement(self, row: Row) -> Reference:
        values, teller = row.values, self._teller
        named = split_ids(values["controller"]) or split_ids(values["controllers"])
        holder = teller.listed([teller.holder(one) for one in named]) or str(values["status"])
        status = str(values["status"])
        if status != Status.CONTROLLED and teller.words.knows(f"status.{status}") and named:
            holder = f"{teller.say('status.' + status)} ({holder})"
        parts = [
            teller.place(str(values["place_id"])),
            holder,
            teller.date(str(values["date"])),
            teller.say(f"basis.{values['basis']}"),
        ]
        text = teller.say("brief.ref.statement", what=self._joined(parts, values["source_ids"]))
        return Reference(row.id, "statement", text)

    def _change(self, row: Row) -> Reference:
        values, teller = row.values, self._teller
        was, now = (
            teller.holder(str(values[f"{way}_controller"]))
            if values[f"{way}_controller"]
            else _NOBODY
            for way in ("from", "to")
        )
        parts = [
            teller.say(f"change.{values['kind']}"),
            teller.say("tip.changed", to=now, **{"from": was}),
        ]
        text = teller.say("brief.ref.change", what=self._joined(parts, values["source_ids"]))
        return Reference(row.id, "change", text)

    def _place(self, place: Feature) -> Reference:
        values, teller = place.properties, self._teller
        radius = float(values["geo_radius_m"] or 0) / 1e3
        how = f"coord.{values['coord_method']}"
        parts = [teller.place(place.id)]
        if teller.words.knows(how):
            parts.append(teller.say(how))
        if place.geometry is not None and radius:
            km = f"{teller.words.number(radius, 0 if radius >= 1 else 1)} {teller.say('km')}"
            parts.append(teller.say("within", distance=km))
        text = teller.say("brief.ref.place", what=teller.words.comma.join(parts))
        return Reference(place.id, "place", text)

    def _joined(self, parts: Iterable[str], source_ids: object) -> str:
        """Some words, and behind them who says so."""
        names = self._teller.publishers(split_ids(source_ids))  # type: ignore[arg-type]
        told = self._teller.words.comma.join(escape(part) for part in parts if part)
        return f"{told} ({self._teller.listed(names, _SOURCES)})" if names else told
