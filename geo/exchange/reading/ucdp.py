"""Events of the UCDP GED; its codes become the words of ACLED."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.exchange.reading.events import take_event
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.reader import Reader
from geo.exchange.reading.tables import read_table

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account
    from geo.exchange.reading.entry import Entry, Outcome

_COLUMNS: dict[str, tuple[str, ...]] = {
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


READER = Reader(
    Layout(
        columns=_COLUMNS,
        needed=("event_date", "type_of_violence", "lon", "lat"),
        dates=("event_date", "end_date"),
        publisher="Uppsala Conflict Data Program",
        licence="CC BY 4.0",
    ),
    read_table,
    take_ucdp,
)
