"""
Answers of ArcGIS as features: attributes, rings, points, and where their coordinates lie.

Esri's rings say by their turn what they are: shells run with the clock, holes against it. Curves
would have to be drawn anew, and are refused by name. Fields of the type date are milliseconds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.errors import CRSError, SchemaError, escape, refuse
from geo.exchange.reading.moments import moment_text
from geo.exchange.reading.systems import in_degrees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.exchange.reading.intake import Intake

_FARTHEST = 1e9
"""No system of coordinates counts farther, in whatever unit."""

_CURVES = ("curveRings", "curvePaths", "c", "a", "b")


def is_esri(root: Mapping[str, Any]) -> bool:
    """Whether an object is an answer of ArcGIS in its own form."""
    features = root.get("features")
    first = features[0] if isinstance(features, list) and features else None
    known = {"geometryType", "spatialReference", "objectIdFieldName"} & set(root)
    return "type" not in root and (
        (isinstance(first, dict) and "attributes" in first)
        or (isinstance(features, list) and bool(known))
    )


def read_esri(root: Mapping[str, Any], file: str, intake: Intake) -> list[dict[str, Any]]:
    """
    Return the features of an answer of ArcGIS, as GeoJSON has them.

    Raises
    ------
    SchemaError
        If its coordinates are of no system that is known.
    """
    code = _system(root, file, intake)
    fields = root.get("fields")
    dates = {
        str(one.get("name"))
        for one in (fields if isinstance(fields, list) else ())
        if isinstance(one, dict) and one.get("type") == "esriFieldTypeDate"
    }
    made = []
    for feature in root["features"]:
        inner = feature if isinstance(feature, dict) else {}
        attributes = inner.get("attributes")
        properties = dict(attributes) if isinstance(attributes, dict) else {}
        for name in dates & set(properties):
            properties[name] = moment_text(properties[name])
        shape = inner.get("geometry")
        geometry = _shape(shape, code) if isinstance(shape, dict) else None
        made.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return made


def _system(root: Mapping[str, Any], file: str, intake: Intake) -> str:
    """
    Name the system of coordinates, empty for longitude and latitude.

    Raises
    ------
    SchemaError
        If it is none that is known.
    """
    said = root.get("spatialReference")
    codes = [said.get("latestWkid"), said.get("wkid")] if isinstance(said, dict) else []
    codes = [c for c in codes if isinstance(c, int) and not isinstance(c, bool)]
    if not codes or codes[0] == 4326:
        return ""
    for code in codes:
        for authority in ("EPSG", "ESRI"):
            try:
                in_degrees([[0.0, 0.0]], f"{authority}:{code}")
            except CRSError:
                continue
            intake.note(f"coordinates of {authority}:{code} were turned into WGS 84", file)
            return f"{authority}:{code}"
    message = f"its coordinates are of the system {escape(str(codes[0]), 20)}, which is not known"
    hint = "ask the service for WGS 84 (outSR=4326)"
    raise SchemaError([refuse("root.crs", message, hint, file=file)])


def _shape(shape: Mapping[str, Any], code: str) -> dict[str, Any] | None:
    """A geometry as GeoJSON would hold it; one that cannot be drawn keeps its own name."""
    if curves := next((name for name in _CURVES if name in shape), None):
        return {"type": curves, "coordinates": []}
    try:
        if "x" in shape:
            if shape["x"] is None or shape["x"] == "NaN":
                return None
            return {"type": "Point", "coordinates": _positions([[shape["x"], shape["y"]]], code)[0]}
        if "points" in shape:
            return {"type": "MultiPoint", "coordinates": _positions(shape["points"], code)}
        if "paths" in shape:
            lines = [_positions(path, code) for path in shape["paths"]]
            return {"type": "MultiLineString", "coordinates": lines}
        if "rings" in shape:
            return _area([_positions(ring, code) for ring in shape["rings"]])
    except (ValueError, TypeError, KeyError, OverflowError, CRSError) as error:
        return {"type": "broken geometry", "coordinates": [], "why": str(error)}
    return {"type": next(iter(shape), "empty geometry"), "coordinates": []}


def _positions(given: Any, code: str) -> list[list[float]]:
    """
    Return positions in degrees, without heights.

    Raises
    ------
    ValueError
        If they are none.
    """
    pairs = [one[:2] for one in given]
    for pair in pairs:
        if len(pair) != 2 or any(
            isinstance(v, bool) or not isinstance(v, int | float) for v in pair
        ):
            raise ValueError("a position is none")
        if not all(map(math.isfinite, pair)) or max(map(abs, pair)) > _FARTHEST:
            raise ValueError("a position is of no system of coordinates")
    if not code or not pairs:
        return [[float(v) for v in pair] for pair in pairs]
    return [[round(v, 7) for v in pair] for pair in in_degrees(pairs, code).tolist()]


def _area(rings: Sequence[list[list[float]]]) -> dict[str, Any] | None:
    """Shells with the holes that lie in them; a hole in no shell stands for itself."""
    drawn = [ring for ring in rings if len(ring) >= 4]
    if not drawn:
        return (
            {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]} if rings else None
        )
    shells = [[ring] for ring in drawn if _turn(ring) <= 0]
    outlines = [shapely.Polygon(parts[0]) for parts in shells]
    alone = []
    for hole in (ring for ring in drawn if _turn(ring) > 0):
        inside = shapely.Point(hole[0])
        room = [n for n, one in enumerate(outlines) if shapely.intersects(one, inside)]
        if room:
            shells[min(room, key=lambda n: outlines[n].area)].append(hole)
        else:
            alone.append([hole])
    return {"type": "MultiPolygon", "coordinates": shells + alone}


def _turn(ring: list[list[float]]) -> float:
    """Twice the area of a ring: over zero where it runs against the clock."""
    x, y = np.array(ring).T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())
