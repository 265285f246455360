"""Placemarks of Google Earth: an area is control, a point is a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from geo.exchange.reading.columns import CONTROL_COLUMNS, PLACE_COLUMNS
from geo.exchange.reading.control import take_control
from geo.exchange.reading.intake import Layout
from geo.exchange.reading.intervals import take_interval
from geo.exchange.reading.kml import read_placemarks
from geo.exchange.reading.places import take_place
from geo.exchange.reading.reader import Reader

if TYPE_CHECKING:
    from geo.exchange.reading.account import Account
    from geo.exchange.reading.entry import Entry, Outcome


def take_placemark(entry: Entry, account: Account) -> Outcome:
    """One placemark: an area is control, a point is a place."""
    point = entry.geometry
    if point is not None and shapely.get_dimensions(point) == 0:
        lon, lat = float(shapely.get_x(point)), float(shapely.get_y(point))
        entry.values |= {"lon": repr(lon), "lat": repr(lat)}
        return take_place(entry, account)
    if not {"controller", "status"} & set(entry.values):
        entry.values["controller"] = entry.values.get("name", "")
    if "start" in entry.values:
        return take_interval(entry, account)
    return take_control(entry, account)


READER = Reader(
    Layout(
        columns={
            **PLACE_COLUMNS,
            **CONTROL_COLUMNS,
            "start": ("valid_from", "begin"),
            "end": ("valid_to", "end"),
            "date": ("date", "when"),
        },
        dates=("start", "end", "date"),
    ),
    read_placemarks,
    take_placemark,
)
