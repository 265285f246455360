"""Numbers as others write them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_position(values: Mapping[str, str]) -> tuple[shapely.Geometry | None, str]:
    """The point of an entry, or what is wrong with it; no point where none is given."""
    texts = [values.get(name, "") for name in ("lon", "lat")]
    if not any(texts):
        return None, ""
    if not all(texts):
        return None, "only one of longitude and latitude is given"
    try:
        lon, lat = (float(text) for text in texts)
    except ValueError:
        return None, "longitude or latitude is no decimal number"
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None, "longitude or latitude is out of range; are the two exchanged?"
    return shapely.Point(round(lon, 6) + 0.0, round(lat, 6) + 0.0), ""


def read_whole_number(text: str) -> tuple[int | None, bool]:
    """The number, none for empty text, and whether it is something else."""
    if not text:
        return None, False
    match = re.fullmatch(r"([0-9]+)(?:\.0+)?", text)
    return (int(match[1]), False) if match else (None, True)
