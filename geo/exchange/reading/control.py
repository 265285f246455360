"""Areas of control, one file a date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import shapely

from geo.errors import DateError
from geo.exchange.reading.columns import CONTROL_COLUMNS
from geo.exchange.reading.entry import Entry, Outcome
from geo.exchange.reading.geojson import read_features
from geo.exchange.reading.ground import DraftPatch
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.reader import Reader
from geo.exchange.reading.words import Word
from geo.model import Status, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt

    from geo.exchange.reading.account import Account

_POLYGONS = 2
"""Dimension of polygons, as shapely counts."""

_FILE_DAY = re.compile(r"(?<![0-9])([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?![0-9])")


def take_control(entry: Entry, account: Account) -> Outcome:
    """One patch of a dated layer."""
    word = find_holder(entry, account)
    if word is None:
        return account.refuse(entry, "import.value", "nothing says who holds it")
    day, fault = _layer_day(entry, account)
    if day is None:
        return account.refuse(entry, "import.date", fault)
    geometry = usable_ground(entry, account)
    if geometry is None:
        return Outcome.REFUSED
    account.control[day].append(DraftPatch(entry, word, geometry, patch_key(entry)))
    return Outcome.WRITTEN


def find_holder(entry: Entry, account: Account) -> Word | None:
    """Who holds an area: their word for it, or our status and parties where there is none."""
    if text := entry.values.get("controller"):
        return account.meaning_of(text)
    status, parties = entry.values.get("status", ""), entry.values.get("controllers", "")
    if status not in set(Status):
        return None
    for name in split_ids(parties):
        account.add_side(name, name)
    return Word("", status, controllers=parties)


def patch_key(entry: Entry) -> str:
    """What a patch is called by from date to date."""
    values = entry.values
    return values.get("id") or values.get("controller") or values.get("controllers", "")


def _layer_day(entry: Entry, account: Account) -> tuple[dt.date | None, str]:
    """The date of a layer, and why there is none."""
    wish = account.options.date_from
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", wish):
        return parse_day(wish), ""
    named = [f"{y}-{m}-{d}" for y, m, d in _FILE_DAY.findall(entry.file)]
    said = entry.values.get("date", "")
    if said and len(named) == 1 and not wish and said != named[0]:
        return None, f"its date is {said}, but the file's name says {named[0]}; say which counts"
    text = said if said and wish != "name" else named[0] if len(named) == 1 else ""
    if not text:
        return None, "neither a property nor the file's name says the date"
    try:
        day = parse_day(text)
    except DateError as error:
        return None, str(error)
    account.note("dates of layers: " + ("a property" if text == said else "the file's name"))
    return day, ""


def usable_ground(entry: Entry, account: Account) -> shapely.Geometry | None:
    """The area of an entry; refused with a reason where it has none."""
    geometry = entry.geometry
    if geometry is None or shapely.is_empty(geometry):
        code, message = entry.fault or ("geom.null", "it has no area")
        account.refuse(entry, code, message)
        return None
    if shapely.get_dimensions(geometry) != _POLYGONS:
        account.refuse(entry, "geom.kind", "it is no area")
        return None
    if entry.values.get("status", Status.UNKNOWN) not in set(Status):
        account.note("{n} values of status are none of ours and are left out", entry.file, 1)
    return geometry


READER = Reader(
    Layout(
        columns={**CONTROL_COLUMNS, "date": ("date", "day")},
        needed=("controller",),
        dates=("date",),
    ),
    read_features,
    take_control,
)
