"""One value, one record: what a cell may hold, and how it is written."""

from __future__ import annotations

from geo.layers.fields.closed import MAX_INTEGER
from geo.layers.fields.dates import FIRST_DAY, LAST_DAY
from geo.layers.fields.findings import place
from geo.layers.fields.ids import is_id, new_id
from geo.layers.fields.records import TOOL_COLUMNS, check_record, check_value

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_INTEGER",
    "TOOL_COLUMNS",
    "check_record",
    "check_value",
    "is_id",
    "new_id",
    "place",
]
