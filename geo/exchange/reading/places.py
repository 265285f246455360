"""Places of any table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.exchange.reading.columns import PLACE_COLUMNS
from geo.exchange.reading.entry import Entry, Outcome
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.numerals import read_position, read_whole_number
from geo.exchange.reading.reader import Reader
from geo.exchange.reading.tables import read_table
from geo.model import PLACES, Feature, Value

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account


def take_place(entry: Entry, account: Account) -> Outcome:
    """One place of a list."""
    outcome, _ = find_or_make_place(entry, account)
    return outcome


def find_or_make_place(entry: Entry, account: Account) -> tuple[Outcome, str]:
    """Find or make the place of an entry: what became of it, and its id."""
    name = entry.values.get("name", "")
    if not name:
        return account.refuse(entry, "import.value", "there is no name"), ""
    point, fault = read_position(entry.values)
    if fault:
        return account.refuse(entry, "import.position", fault), ""
    if (known := account.places.find(name, point)) is not None:
        return Outcome.REPEATED, known
    identity = account.places.new_id(name)
    radius, wrong = read_whole_number(account.value_of(entry, "geo_radius_m"))
    if wrong:
        return account.refuse(entry, "import.number", "geo_radius_m is no whole number"), ""
    others = account.places.namesakes(name)
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
    account.places.add(identity, name, point)
    return Outcome.WRITTEN, identity


READER = Reader(
    Layout(columns=PLACE_COLUMNS, needed=("name", "lon", "lat")), read_table, take_place
)
