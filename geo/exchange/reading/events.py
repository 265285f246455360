"""Events of any table, in the columns of ACLED; the codes of the UCDP GED become its words."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from geo.errors import DateError
from geo.exchange.reading.account import Reader
from geo.exchange.reading.intake import (
    LATITUDE,
    LONGITUDE,
    NOTE,
    TABLE_FILES,
    TABLE_OPTIONS,
    Entry,
    Layout,
    Outcome,
)
from geo.exchange.reading.places import read_position, read_whole_number
from geo.exchange.reading.tables import read_table
from geo.layers import digest
from geo.model import EVENTS, Feature, Value, parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.exchange.reading.account import Account

_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("event_id_cnty", "event_id", "data_id", "id"),
    "event_date": ("event_date", "date", "start_date", "day"),
    "end_date": ("end_date",),
    "time_precision": ("time_precision",),
    "event_type": ("event_type", "type"),
    "sub_event_type": ("sub_event_type", "subtype"),
    "actor1": ("actor1",),
    "assoc_actor_1": ("assoc_actor_1",),
    "inter1": ("inter1",),
    "actor2": ("actor2",),
    "assoc_actor_2": ("assoc_actor_2",),
    "inter2": ("inter2",),
    "location": ("location", "place", "where", "name"),
    "lon": LONGITUDE,
    "lat": LATITUDE,
    "geo_precision": ("geo_precision",),
    "geo_radius_m": ("geo_radius_m",),
    "source": ("source", "sources"),
    "notes": (*NOTE[:2], "description", "text"),
    "fatalities": ("fatalities", "deaths"),
    "tags": ("tags",),
    "confidence": ("confidence",),
}

_TAGGED_END = re.compile(r"end_date=([0-9]{4}-[0-9]{2}-[0-9]{2})")
"""ACLED has no column for a last day; our export writes it as a tag."""


def take_event(entry: Entry, account: Account) -> Outcome:
    """One event, in ACLED's columns."""
    values = entry.values
    point, fault = read_position(entry, account)
    if fault:
        return account.refuse(entry, "import.position", fault)
    _spread_periods(entry)
    fault = _outside_days(values, account)
    if fault:
        return account.refuse(entry, "import.window", fault)
    foreign = values.get("id") or json.dumps(values, ensure_ascii=False, sort_keys=True)
    name = account.new_id(EVENTS, foreign)
    content = json.dumps(values, ensure_ascii=False, sort_keys=True)
    if (earlier := account.events.get(foreign)) is not None and earlier[1] == content:
        account.mend(entry, "import.repeated", "another row is the same", earlier[0])
        return Outcome.REPEATED
    own: dict[str, Value] = {key: values.get(key) for key in EVENTS.names}
    for key in ("time_precision", "geo_precision", "geo_radius_m", "fatalities"):
        own[key], wrong = read_whole_number(account.value_of(entry, key))
        if wrong:
            return account.refuse(entry, "import.number", f"{key} is no whole number")
    for key in ("event_type", "sub_event_type", "confidence"):
        own[key] = account.value_of(entry, key) or None
    own["time_precision"] = own["time_precision"] or 1
    if match := _TAGGED_END.search(values.get("tags", "")):
        own["end_date"] = match[1]
    if own["end_date"] == own["event_date"]:
        own["end_date"] = None
    for key, kind in (("actor1", "inter1"), ("actor2", "inter2")):
        own[key] = account.find_actor(values[key], values.get(kind, "")) if key in values else None
    for key in ("assoc_actor_1", "assoc_actor_2"):
        ids = [account.find_actor(one, "actor") for one in split_ids(values.get(key))]
        own[key] = ";".join(dict.fromkeys(ids)) or None
    named = account.find_sources(values.get("source", ""))
    own["source_ids"] = ";".join(dict.fromkeys([account.own_source(), *named]))
    own["change_id"] = None
    own["place_id"] = account.places.at(values.get("location", ""), point)
    own["notes"] = _event_notes(entry, account, point)
    kept = account.keep(entry, EVENTS, Feature(name, own, point))
    if kept is None:
        return Outcome.REFUSED
    account.events[foreign] = (name, content)
    entry.made = EVENTS.name, name
    return Outcome.WRITTEN


def identify_event(entry: Entry) -> str:
    """What a source calls an event: its id; without one all that it says."""
    said = json.dumps(entry.values, ensure_ascii=False, sort_keys=True)
    return entry.values.get("id") or f"without an id, {digest(said.encode())[:16]}"


_WEEK, _MONTH = 2, 3


def _spread_periods(entry: Entry) -> None:
    """An event of a month lasts from its first day to its last, as far as anybody knows."""
    values = entry.values
    if last := entry.periods.get("end_date"):
        values["end_date"] = last.last.isoformat()
    if first := entry.periods.get("event_date"):
        values["event_date"] = first.first.isoformat()
        values.setdefault("end_date", first.last.isoformat())
        values.setdefault("time_precision", str(_WEEK if first.precision == "week" else _MONTH))


def _outside_days(values: Mapping[str, str], account: Account) -> str:
    """Say that it lies outside the days that are wanted; a date that is none is told later."""
    with contextlib.suppress(DateError):
        first = parse_day(values.get("event_date", ""))
        last = parse_day(values.get("end_date") or values["event_date"])
        return "it lies outside the days asked for" if account.outside(first, last) else ""
    return ""


def _event_notes(entry: Entry, account: Account, point: shapely.Geometry | None) -> str | None:
    """Their note, their id, and the events that may be the same."""
    values = entry.values
    parts = [values.get("notes", "")]
    if foreign := values.get("id"):
        parts.insert(0, f"{account.settings['publisher'] or 'Their'} id {foreign}.")
    key = tuple(values.get(k) for k in ("event_date", "sub_event_type", "actor1", "actor2"))
    where = None if point is None else (shapely.get_x(point), shapely.get_y(point))
    twins = account.twins[(*key, where)]
    if twins and where is not None:
        parts.append(f"Perhaps the same event as {twins[0]} by date, place and actors.")
    parts.append(entry.known_to("event_date", "end_date"))
    twins.append(values.get("id") or f"line {entry.line} of {entry.file}")
    return " ".join(part for part in parts if part) or None


READER = Reader(
    Layout(
        columns=_COLUMNS,
        needed=("event_date", "event_type", "sub_event_type"),
        dates=("event_date", "end_date"),
        options=TABLE_OPTIONS,
        inside=TABLE_FILES,
        layers=("events",),
    ),
    read_table,
    take_event,
    identify_event,
    EVENTS.name,
)


_UCDP_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "event_date": ("date_start",),
    "end_date": ("date_end",),
    "date_prec": ("date_prec",),
    "type_of_violence": ("type_of_violence",),
    "actor1": ("side_a",),
    "actor2": ("side_b",),
    "location": ("where_coordinates",),
    "lon": ("longitude",),
    "lat": ("latitude",),
    "where_prec": ("where_prec",),
    "source": ("source_office",),
    "best": ("best", "best_est"),
    "low": ("low", "low_est"),
    "high": ("high", "high_est"),
}

_TYPES = {
    "1": ("Battles", "Armed clash", "state-based conflict"),
    "2": ("Battles", "Armed clash", "non-state conflict"),
    "3": ("Violence against civilians", "Attack", "one-sided violence"),
}
"""Our type and sub-type of UCDP's type of violence, and its own word for it."""

_GEO_PRECISIONS = {"1": "1", "2": "2", "3": "3", "4": "3", "5": "3", "6": "3", "7": "3"}
_TIME_PRECISIONS = {"1": "1", "2": "2", "3": "2", "4": "3", "5": "3"}
"""Ours of its ``where_prec`` and ``date_prec``; the notes of an import say the same in words."""


def take_ucdp(entry: Entry, account: Account) -> Outcome:
    """One event of the UCDP GED; its codes become ACLED's words."""
    values = entry.values
    known = _TYPES.get(values.get("type_of_violence", ""))
    if known is None:
        return account.refuse(entry, "import.value", "type_of_violence is not 1, 2 or 3")
    account.note(
        "UCDP types of violence 1 and 2 become Battles / Armed clash, 3 becomes Violence against "
        "civilians / Attack"
    )
    account.note(
        "UCDP where_prec 1 becomes geo_precision 1, 2 becomes 2 with a radius of 25 km (as its "
        "codebook has it), 3 to 7 become 3; date_prec 1 becomes time_precision 1, 2 and 3 become "
        "2, 4 and 5 become 3; the best estimate of deaths becomes fatalities"
    )
    where = values.get("where_prec", "")
    deaths = ", ".join(f"{k} {values[k]}" for k in ("low", "best", "high") if k in values)
    values |= {
        "event_type": known[0],
        "sub_event_type": known[1],
        "geo_precision": _GEO_PRECISIONS.get(where, ""),
        "time_precision": _TIME_PRECISIONS.get(values.get("date_prec", ""), ""),
        "fatalities": values.get("best", ""),
        "notes": f"UCDP GED: {known[2]}; deaths: {deaths}; where_prec {where}.",
    }
    if where == "2":
        values["geo_radius_m"] = "25000"
    return take_event(entry, account)


UCDP_READER = Reader(
    Layout(
        columns=_UCDP_COLUMNS,
        needed=("event_date", "type_of_violence", "lon", "lat"),
        dates=("event_date", "end_date"),
        options=TABLE_OPTIONS,
        inside=TABLE_FILES,
        layers=("events",),
        publisher="Uppsala Conflict Data Program",
        licence="CC BY 4.0",
    ),
    read_table,
    take_ucdp,
    identify_event,
    EVENTS.name,
)


ACLED_READER = replace(READER, layout=replace(READER.layout, publisher="ACLED"))
