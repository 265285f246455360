"""Lists of who holds which town: each row is a place, and a statement about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.errors import DateError
from geo.exchange.reading.columns import HOLDER, NOTE, PLACE_COLUMNS
from geo.exchange.reading.entry import Entry, Outcome
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.places import find_or_make_place
from geo.exchange.reading.reader import Reader
from geo.exchange.reading.records import fill_columns
from geo.exchange.reading.tables import read_table
from geo.model import STATEMENTS, Row, Value, parse_day

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account


def take_statement(entry: Entry, account: Account) -> Outcome:
    """One row of a list of who holds what: a place, and a statement about it."""
    text = entry.values.get("controller", "")
    if not text:
        return account.refuse(entry, "import.value", "nothing says who holds it")
    day = account.value_of(entry, "date")
    try:
        parse_day(day)
    except DateError as error:
        return account.refuse(entry, "import.date", str(error) if day else "there is no date")
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
    name = account.new_id(STATEMENTS, place, day, text)
    values: dict[str, Value] = {
        "place_id": place,
        "date": day,
        "date_precision": account.value_of(entry, "date_precision"),
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
READER = Reader(
    Layout(columns=_COLUMNS, needed=("name", "controller", "date"), dates=("date",)),
    read_table,
    take_statement,
)
