"""Values of tables as JSON."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dump_json(value: object) -> str:
    """Return a value as JSON on one line, without blanks."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_value(value: Any) -> Any:
    """Return a value as JSON has it: a day is text."""
    return value.isoformat() if isinstance(value, dt.date) else value


def json_properties(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the properties of a feature; areas to a square metre."""
    properties = {name: json_value(value) for name, value in record.items()}
    if "area_km2" in properties:
        properties["area_km2"] = round(properties["area_km2"], 6)
    return properties
