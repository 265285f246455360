"""The collection itself: what it is, and what stands beside its features."""

from __future__ import annotations

import math
import re
from typing import Any

from geo.errors import Issue, escape
from geo.layers import shapes
from geo.layers.geojson.draft import DERIVED, type_of

_CRS84 = frozenset(
    {
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "OGC:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
    }
)
_OTHERS = frozenset({"coordinates", "features", "geometries", "geometry", "properties"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_root(members: dict[str, Any]) -> list[Issue]:
    """Find what is wrong with the collection itself; it is used only if it is one."""
    kind = type_of(members)
    if kind != "FeatureCollection":
        other = kind in shapes.KINDS or kind in {"Feature", "GeometryCollection", "Topology"}
        if other or members.keys() & {"geometryType", "spatialReference", "arcs"}:
            what = f"a {kind}" if other else "made for another program"
            hint = "the file must hold one FeatureCollection; convert it first"
            return [Issue("root.notfc", "error", f"the file is {what}", hint, line=1)]
        hint = 'it must be "FeatureCollection", in this spelling'
        message = "the type of the file is not FeatureCollection"
        return [Issue("root.type", "error", message, hint, line=1)]
    if not isinstance(members.get("features"), list):
        return [Issue("root.features", "error", "there is no list of features", line=1)]
    issues = []
    for key, value in members.items():
        if key in {"type", "features"}:
            continue
        shown = escape(key, 60)
        if key in DERIVED:
            message = f"the member {shown} was added by a program"
            issues.append(Issue("root.artefact", "warning", message, line=1, fixable=True))
        elif key == "crs":
            issues.append(_check_crs(value))
        elif key in _OTHERS or not _is_writable([key, value]):
            message = f"a collection cannot have the member {shown}"
            issues.append(Issue("root.member", "error", message, "delete it", line=1))
        else:
            message = f"the member {shown} will be lost in other programs"
            hint = "facts about a layer belong in the tables"
            issues.append(Issue("root.foreign", "warning", message, hint, line=1))
    return issues


def _check_crs(value: Any) -> Issue:
    """Tell a statement of what is true anyway from a real other system."""
    try:
        name = value["properties"]["name"] if value["type"] == "name" else None
    except (TypeError, KeyError):
        name = None
    if isinstance(name, str) and name in _CRS84:
        message = "the member crs says what is always true"
        return Issue("root.crs84", "warning", message, line=1, fixable=True)
    hint = "export the layer again as longitude, latitude on WGS 84 (EPSG:4326)"
    message = "the member crs names another coordinate system, or none"
    return Issue("root.crs", "error", message, hint, line=1)


def _is_writable(value: Any) -> bool:
    """Whether it holds no infinite number and no half character."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return all(_is_writable(item) for item in value)
    if isinstance(value, str):
        return not _SURROGATE.search(value)
    return not isinstance(value, float) or math.isfinite(value)
