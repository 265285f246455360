"""Shapes of others: checked, and mended where the user wishes it or refused with a reason."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import shapely

from geo.crs import GRID_DEG, area_km2
from geo.layers import Rings, flatten, spelt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.errors import Issue
    from geo.exchange.reading.entry import Entry
    from geo.exchange.reading.intake import Intake


def read_shapes(entries: Sequence[Entry], intake: Intake, rings: Rings | None = None) -> None:
    """Check the shapes of all entries; one that cannot be used stays without a geometry."""
    for entry in entries:
        if rings is None and entry.shape is not None and _drop_heights(entry.shape):
            intake.mend(entry, "import.z", "heights were left out")
    _, built, found = flatten([entry.shape for entry in entries], rings=rings)
    errors = defaultdict(list)
    for n, issue in found:
        if issue.severity == "error":
            errors[n].append(issue)
    for n, entry in enumerate(entries):
        entry.geometry = built[n]
        if n in errors:
            entry.shape = spelt(entry.shape, rings)
            entry.geometry = _mend_area(entry, errors[n], intake)
        # Kept as lists of numbers, the positions of a long series would fill the memory.
        entry.shape = None


def _drop_heights(shape: Mapping[str, object]) -> bool:
    """Drop the third number of all positions; whether any of them said something."""
    said = False
    stack = [shape.get("coordinates")]
    while stack:
        item = stack.pop()
        if not isinstance(item, list):
            continue
        if len(item) == 3 and all(isinstance(v, int | float) for v in item):
            said = item.pop() != 0 or said
        elif not _is_flat_ring(item):
            stack += item
    return said


def _is_flat_ring(ring: Sequence[Any]) -> bool:
    """Whether it is a list of positions of two numbers, without a look at each number."""
    if not ring or not isinstance(ring[0], list) or not ring[0] or isinstance(ring[0][0], list):
        return False
    # Most rings are; what else lies in one is refused later.
    return set(map(type, ring)) == {list} and set(map(len, ring)) == {2}


def _mend_area(entry: Entry, issues: Sequence[Issue], intake: Intake) -> shapely.Geometry | None:
    """An area that was not valid: repaired if the user wishes, refused otherwise."""
    issue = issues[0]
    shape = _area_as_drawn(entry.shape) if intake.repair else None
    if shape is None:
        entry.fault = issue.code, issue.message
        return None
    fixed = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [p for p in shapely.get_parts(fixed) if p.geom_type in {"Polygon", "MultiPolygon"}]
    whole = shapely.union_all(parts, grid_size=GRID_DEG) if parts else None
    if whole is None or whole.is_empty:
        entry.fault = issue.code, f"{issue.message}; nothing is left after repair"
        return None
    after = area_km2(whole)[0]
    before = abs(area_km2(shape)[0])
    message = f"{issue.code}: repaired; {before:.3f} km2 before, {after:.3f} km2 after"
    intake.mend(entry, "import.repaired", message)
    return whole


def _area_as_drawn(shape: Mapping[str, object] | None) -> shapely.Geometry | None:
    """An area as drawn, valid or not."""
    if shape is None or shape.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    rings: Any = shape.get("coordinates")
    try:
        parts = rings if shape["type"] == "MultiPolygon" else [rings]
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts if part]
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError):
        return None
    return shapely.MultiPolygon(polygons) if len(polygons) > 1 else next(iter(polygons), None)
