"""One value, one record: what a cell may hold, and how it is written."""

from __future__ import annotations

from geo.layers.fields.closed import FIRST_DAY, LAST_DAY, MAX_INTEGER, is_id, new_id
from geo.layers.fields.records import TOOL_COLUMNS, check_record, check_value
from geo.layers.fields.texts import compare_layout, place

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "MAX_INTEGER",
    "TOOL_COLUMNS",
    "check_record",
    "check_value",
    "compare_layout",
    "is_id",
    "new_id",
    "place",
]
