"""Places of any table, and lists of who holds which of them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import shapely

from geo.errors import DateError, escape
from geo.exchange.reading.account import Reader, fill_columns
from geo.exchange.reading.intake import (
    HOLDER,
    NOTE,
    PLACE_COLUMNS,
    TABLE_FILES,
    TABLE_OPTIONS,
    Entry,
    Layout,
    Outcome,
)
from geo.exchange.reading.shapes import turn_longitude
from geo.exchange.reading.tables import read_table
from geo.model import PLACES, STATEMENTS, Feature, Row, Value, parse_day

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account


_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]*)?|[+-]?\.[0-9]+")
_POWER = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")


def read_position(entry: Entry, account: Account) -> tuple[shapely.Geometry | None, str]:
    """The point of an entry, or what is wrong with it; no point where none is given."""
    texts = [entry.values.get(name, "") for name in ("lon", "lat")]
    if not any(texts):
        return None, ""
    if not all(texts):
        return None, "only one of longitude and latitude is given"
    numbers = [_read_degrees(text) for text in texts]
    lon, lat = numbers
    if lon is None or lat is None:
        bad = escape(texts[numbers.index(None)], 40)
        return None, f"longitude or latitude is no decimal number: {bad}"
    if abs(lon) > 360 or abs(lat) > 90:
        return None, "longitude or latitude is out of range; are the two exchanged?"
    if abs(lon) > 180:
        account.note("{n} longitudes over 180 were turned by 360", entry.file, 1)
    return shapely.Point(round(turn_longitude(lon), 6) + 0.0, round(lat, 6) + 0.0), ""


def _read_degrees(text: str) -> float | None:
    """A decimal number; None for what is none."""
    if not text.isascii():
        # Digits of other alphabets are digits; other signs are none.
        text = "".join(str(unicodedata.digit(c, c)) for c in text).replace("\u2212", "-")
        text = text.replace("\u066b", ".")
    if _DECIMAL.fullmatch(text):
        return float(text)
    return float(text) if _POWER.fullmatch(text) else None


def read_whole_number(text: str) -> tuple[int | None, bool]:
    """The number, none for empty text, and whether it is something else."""
    if not text:
        return None, False
    match = re.fullmatch(r"([0-9]+)(?:\.0+)?", text)
    return (int(match[1]), False) if match else (None, True)


def take_place(entry: Entry, account: Account) -> Outcome:
    """One place of a list."""
    outcome, _ = find_or_make_place(entry, account)
    return outcome


def find_or_make_place(entry: Entry, account: Account) -> tuple[Outcome, str]:
    """Find or make the place of an entry: what became of it, and its id."""
    name = entry.values.get("name", "")
    if not name:
        return account.refuse(entry, "import.value", "there is no name"), ""
    point, fault = read_position(entry, account)
    if fault:
        return account.refuse(entry, "import.position", fault), ""
    known = account.places.find(name, point)
    again = account.options.update and known in account.revisable
    if known is not None and (not again or known in account.records[PLACES.name]):
        return Outcome.REPEATED, known
    identity = known or account.places.new_id(name)
    radius, wrong = read_whole_number(account.value_of(entry, "geo_radius_m"))
    if wrong:
        return account.refuse(entry, "import.number", "geo_radius_m is no whole number"), ""
    others = [one for one in account.places.namesakes(name) if one != identity]
    values: dict[str, Value] = {
        "name": name,
        "name_ar": entry.values.get("name_ar"),
        "alternatenames": entry.values.get("alternatenames"),
        "kind": entry.values.get("kind", "").lower() or account.settings["place_kind"],
        "admin1": entry.values.get("admin1"),
        "geo_radius_m": radius,
        "coord_method": "none" if point is None else "located",
        "coord_source": None if point is None else account.settings["publisher"] or entry.file,
        "source_ids": account.own_source(),
        "note": f"Another place of the name: {', '.join(others)}." if others else None,
    }
    kept = account.keep(entry, PLACES, Feature(identity, values, point))
    if kept is None:
        return Outcome.REFUSED, ""
    if known is None:
        account.add_place(identity, name, point)
    entry.made = PLACES.name, identity
    return Outcome.WRITTEN, identity


def identify_place(entry: Entry) -> str:
    """What a list calls a place: its name, with that of its district."""
    values = entry.values
    return ", ".join(filter(None, (values.get("name", ""), values.get("admin1"))))


def identify_statement(entry: Entry) -> str:
    """What a list calls a row: the place and the day."""
    return " ".join(filter(None, (identify_place(entry), entry.values.get("date"))))


READER = Reader(
    Layout(
        columns=PLACE_COLUMNS,
        needed=("name", "lon", "lat"),
        options=("encoding", "update"),
        inside=TABLE_FILES,
        layers=("places",),
    ),
    read_table,
    take_place,
    identify_place,
    PLACES.name,
)


def take_statement(entry: Entry, account: Account) -> Outcome:
    """One row of a list of who holds what: a place, and a statement about it."""
    text = entry.values.get("controller", "")
    if not text:
        return account.refuse(entry, "import.value", "nothing says who holds it")
    day = account.value_of(entry, "date")
    try:
        when = parse_day(day)
    except DateError as error:
        return account.refuse(entry, "import.date", str(error) if day else "there is no date")
    if account.outside(when, when):
        return account.refuse(entry, "import.window", "it lies outside the days asked for")
    outcome, place = find_or_make_place(entry, account)
    if outcome == Outcome.REFUSED:
        return outcome
    word = account.meaning_of(text)
    note = entry.values.get("note")
    earlier = account.statements[place, day]
    for name, said in earlier:
        if said == text:
            account.mend(entry, "import.repeated", "another row says the same", name)
            return Outcome.REPEATED
    if earlier:
        more = f"Another row of the same day says otherwise: {earlier[0][0]}."
        note = f"{note} {more}" if note else more
    told = entry.known_to("date")
    note = " ".join(filter(None, (note, told))) or None
    precision = account.value_of(entry, "date_precision")
    if told and "date_precision" not in entry.values:
        precision = entry.periods["date"].precision
    name = account.new_id(STATEMENTS, place, day, text)
    values: dict[str, Value] = {
        "place_id": place,
        "date": day,
        "date_precision": precision,
        "status": word.status,
        "controller": word.controller or None,
        "controllers": word.controllers or None,
        "basis": account.value_of(entry, "basis"),
        "confidence": account.value_of(entry, "confidence"),
        "source_ids": account.own_source(),
        "note": note,
    }
    if account.keep(entry, STATEMENTS, Row(name, fill_columns(STATEMENTS, name, values))) is None:
        return Outcome.REFUSED
    account.statements[place, day].append((name, text))
    entry.made = STATEMENTS.name, name
    return Outcome.WRITTEN


_COLUMNS = {
    **PLACE_COLUMNS,
    "controller": HOLDER,
    "date": ("date", "day", "as_of", "update", "updated"),
    "date_precision": ("date_precision",),
    "basis": ("basis",),
    "confidence": ("confidence",),
    "note": NOTE,
}
STATEMENT_READER = Reader(
    Layout(
        columns=_COLUMNS,
        needed=("name", "controller", "date"),
        dates=("date",),
        options=(*TABLE_OPTIONS, "words"),
        inside=TABLE_FILES,
        layers=("statements",),
    ),
    read_table,
    take_statement,
    identify_statement,
    STATEMENTS.name,
)
