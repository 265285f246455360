"""
Ground of others on its way to a layer.

Where the borders of valid patches cancel out to those of ground that was joined before without
overlap, the patches cover that ground once, and nothing is noded again. Of a series in which only
the front moves that is every date but the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    import shapely

    from geo.exchange.reading.entry import Entry
    from geo.exchange.reading.words import Word


@dataclass(slots=True)
class DraftPatch:
    """Ground of one date, on its way to a layer."""

    entry: Entry
    word: Word
    geometry: shapely.Geometry
    key: str


@dataclass(slots=True)
class DatedArea:
    """Ground with a first and a last day."""

    entry: Entry
    word: Word
    start: dt.date
    end: dt.date | None
    geometry: shapely.Geometry
