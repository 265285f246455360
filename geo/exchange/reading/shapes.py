"""
Shapes of others: each is taken, mended and said, or refused with a reason.

What is not as the strict reader wants it is looked at as it was drawn. Parts that vanish on the
grid of six decimals do not condemn the sound rest; longitudes over 180 are turned, and what lies
over longitude 180 is cut there. Only the user can ask for more: areas that are not valid are
repaired if he does, and refused otherwise.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import shapely

from geo.crs import GRID_DEG, area_km2, cut_at_180
from geo.errors import escape
from geo.exchange.reading.intake import Entry
from geo.layers import GEOMETRY_TYPES, flatten, spelt, unfold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.errors import Issue
    from geo.exchange.reading.intake import Intake
    from geo.layers import Rings

_AREAS = ("Polygon", "MultiPolygon")
_DEPTH = 8
"""Collections in collections; more is no map."""


def read_shapes(entries: Sequence[Entry], intake: Intake, rings: Rings | None = None) -> None:
    """Check the shapes of all entries; one that cannot be used stays without a geometry."""
    if rings is None:
        for entry in entries:
            _prepare_shape(entry, intake)
    _, built, found = flatten([entry.shape for entry in entries], rings=rings)
    errors = defaultdict(list)
    for n, issue in found:
        if issue.severity == "error":
            errors[n].append(issue)
    for n, entry in enumerate(entries):
        entry.geometry = built[n]
        if n in errors:
            entry.shape = spelt(entry.shape, rings)
            entry.geometry = _mend_shape(entry, errors[n], intake)
        # Kept as lists of numbers, the positions of a long series would fill the memory.
        entry.shape = None


def _prepare_shape(entry: Entry, intake: Mender) -> None:
    """Leave a shape that can be looked at, or say why it cannot."""
    shape = entry.shape
    if shape is None:
        return
    if shape.get("type") == "GeometryCollection":
        shape = _join_collection(shape, entry, intake)
    if shape is not None and (fault := _shape_fault(shape)):
        entry.fault = fault
        shape = None
    entry.shape = shape
    if shape is not None and _drop_heights(shape):
        intake.mend(entry, "import.z", "heights were left out")


def _shape_fault(shape: Mapping[str, object]) -> tuple[str, str] | None:
    """What is wrong with a geometry before any of its positions is looked at."""
    kind = shape.get("type")
    if not isinstance(kind, str):
        return "geom.type", "its geometry has no type"
    if kind not in GEOMETRY_TYPES:
        return "geom.kind", f"its geometry is a {escape(kind, 40)}, which is not read"
    if not isinstance(shape.get("coordinates"), list):
        return "geom.coordinates", "its geometry has no list of coordinates"
    return None


def _join_collection(
    shape: Mapping[str, object], entry: Entry, intake: Mender
) -> dict[str, object] | None:
    """The areas of a collection as one; overlays leave lines and points beside them."""
    parts: list[object] = []
    left = 0
    for member in _members(shape, _DEPTH):
        if fault := _shape_fault(member):
            entry.fault = fault
            return None
        if member["type"] == "Polygon":
            parts.append(member["coordinates"])
        elif member["type"] == "MultiPolygon":
            areas = member["coordinates"]
            parts += areas if isinstance(areas, list) else ()
        else:
            left += 1
    if not parts:
        entry.fault = "geom.kind", "its geometry is a collection without an area"
        return None
    if left:
        said = f"{left} lines and points beside the areas of a collection were left out"
        intake.mend(entry, "import.collection", said)
    return {"type": "MultiPolygon", "coordinates": parts}


def _members(shape: Mapping[str, object], depth: int) -> Iterable[Mapping[str, object]]:
    """What a collection holds, and what collections in it hold."""
    members = shape.get("geometries")
    for member in members if isinstance(members, list) else ():
        if not isinstance(member, dict):
            yield {}
        elif member.get("type") == "GeometryCollection" and depth:
            yield from _members(member, depth - 1)
        else:
            yield member


def _drop_heights(shape: Mapping[str, object]) -> bool:
    """Drop the third number of all positions; whether any of them said something."""
    said = False
    stack = [shape.get("coordinates")]
    while stack:
        item = stack.pop()
        if not isinstance(item, list):
            continue
        if len(item) == 3 and all(_is_number(v) for v in item):
            said = item.pop() != 0 or said
        elif not _is_flat_ring(item):
            stack += item
    return said


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_flat_ring(ring: Sequence[Any]) -> bool:
    """Whether it is a list of positions of two numbers, without a look at each number."""
    if not ring or not isinstance(ring[0], list) or not ring[0] or isinstance(ring[0][0], list):
        return False
    # Most rings are; what else lies in one is refused later.
    return set(map(type, ring)) == {list} and set(map(len, ring)) == {2}


@dataclass(slots=True)
class _Alone:
    """One geometry that belongs to no import: what is said of it is kept here."""

    repair: bool
    said: list[str] = field(default_factory=list)

    @property
    def options(self) -> _Alone:
        return self

    def mend(self, entry: Entry, code: str, message: str, about: str = "") -> None:  # noqa: ARG002
        self.said.append(message)


def mend_geometry(
    geometry: Mapping[str, object], *, repair: bool = False
) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """
    Return a geometry of others as a layer can hold it.

    Parameters
    ----------
    geometry
        An object of GeoJSON, or what was meant for one.
    repair
        Whether an area that is not valid is repaired.

    Returns
    -------
    geometry
        The same object where nothing is wrong with it, another where that was mended; None where it
        was not.
    said
        What was mended, or what is wrong, a sentence each.
    """
    entry = Entry("", 0, {}, geometry, noun="feature")
    alone = _Alone(repair)
    _prepare_shape(entry, alone)
    if entry.shape is None:
        return None, ((entry.fault or ("", "it has no geometry"))[1],)
    _, _, found = flatten([entry.shape])
    errors = [one for _, one in found if one.severity == "error" and not one.fixable]
    if not errors:
        return dict(entry.shape), tuple(alone.said)
    mended = _mend_shape(entry, errors, alone)
    if mended is None:
        return None, ((entry.fault or ("", errors[0].message))[1],)
    return unfold(mended), tuple(alone.said)


class Mender(Protocol):
    """Who is told what was mended, and knows whether the user wishes more."""

    @property
    def options(self) -> Any:
        """Of which `repair` is looked at."""

    def mend(self, entry: Entry, code: str, message: str, about: str = "") -> None:
        """Note what was mended."""


# ------------------------------------------------------------ what is not as it should be


def _mend_shape(entry: Entry, issues: Sequence[Issue], intake: Mender) -> shapely.Geometry | None:
    """What was not as it should be: sound ground is taken, the rest mended if the user wishes."""
    issue = issues[0]
    entry.fault = issue.code, issue.message
    if entry.shape is None:
        return None
    if entry.shape.get("type") not in _AREAS:
        return _turned_position(entry, intake)
    parts = _parts_as_drawn(entry.shape)
    repair = intake.options.repair
    unclosed = next((one for one in issues if one.code == "ring.unclosed"), None)
    if unclosed and not repair:
        entry.fault = unclosed.code, unclosed.message
        return None
    if parts is None:
        return None
    shape = _over_the_line(parts, entry, intake)
    if shape is None:
        return None
    whole, speck = _without_specks(shape)
    if whole is None:
        if not shapely.is_valid(shape) or repair:
            entry.fault = issue.code, f"{issue.message}; nothing is left after repair"
        return None
    if shapely.is_valid(whole):
        whole = shapely.set_precision(whole, GRID_DEG)
    elif repair:
        whole = _repaired(whole)
    else:
        return None
    if whole is None or (drawn := _as_read_back(whole)) is None:
        entry.fault = issue.code, f"{issue.message}; nothing is left after repair"
        return None
    if speck:
        left = f"{_km2(drawn):.3f} km2 of {abs(_km2(shape)):.3f} are left"
        intake.mend(entry, "import.speck", f"{left}: {speck}")
    elif repair:
        before = f"{abs(_km2(shape)):.3f} km2 before, {_km2(drawn):.3f} km2 after"
        intake.mend(entry, "import.repaired", f"{issue.code}: repaired; {before}")
    entry.fault = None
    return drawn


def _km2(shape: shapely.Geometry) -> float:
    return float(area_km2(shape)[0])


def _repaired(shape: shapely.Geometry) -> shapely.Geometry | None:
    """A valid area on the grid; None where nothing is left."""
    try:
        fixed = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        parts = [p for p in shapely.get_parts(fixed) if p.geom_type in _AREAS]
        # A union of one is not put on the grid.
        whole = shapely.set_precision(shapely.union_all(parts), GRID_DEG) if parts else None
    except shapely.errors.GEOSException:
        return None
    return None if whole is None or whole.is_empty else whole


def _as_read_back(shape: shapely.Geometry) -> shapely.Geometry | None:
    """An area as a layer holds it, less what would vanish there; None where it takes none of it."""
    parts = [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"]
    kept = []
    for part in parts:
        _, built, found = flatten([unfold(part)])
        if built[0] is not None and not any(issue.severity == "error" for _, issue in found):
            kept.append(built[0])
    if not kept:
        return None
    if len(kept) == 1:
        alone: shapely.Geometry = kept[0]
        return alone
    _, built, found = flatten([unfold(shapely.MultiPolygon(kept))])
    whole: shapely.Geometry | None = built[0]
    return None if any(issue.severity == "error" for _, issue in found) else whole


def _parts_as_drawn(shape: Mapping[str, object]) -> list[list[list[tuple[float, float]]]] | None:
    """Rings of each part, all numbers; None where it is no area of positions."""
    rings: Any = shape.get("coordinates")
    parts = rings if shape["type"] == "MultiPolygon" else [rings]
    if not isinstance(parts, list):
        return None
    read = []
    for part in parts:
        if not isinstance(part, list):
            return None
        own = [_ring_as_drawn(ring) for ring in part]
        if any(ring is None for ring in own):
            return None
        rings_of_part = [ring for ring in own if ring]
        if not rings_of_part or own[0] != rings_of_part[0]:
            return None
        read.append(rings_of_part)
    return read or None


def _ring_as_drawn(ring: object) -> list[tuple[float, float]] | None:
    """Positions of a ring; None where any of them is none."""
    if not isinstance(ring, list):
        return None
    xy = []
    for position in ring:
        if not isinstance(position, list) or len(position) not in {2, 3}:
            return None
        if not all(_is_number(v) and abs(v) <= _MOST_DEG for v in position[:2]):
            return None
        xy.append((float(position[0]), float(position[1])))
    return xy


_MOST_DEG = 540.0
"""Farther east than once and a half round the world nobody counts: such numbers are metres."""


def _without_specks(shape: shapely.Geometry) -> tuple[shapely.Geometry | None, str]:
    """An area less the parts and holes that vanish on the grid, and what was left out."""
    kept, km2, parts, holes = [], 0.0, 0, 0
    every = shapely.get_parts(shape)
    for part in every:
        shell, *inner = [shapely.Polygon(ring) for ring in shapely.get_rings(part)]
        if _repaired(shell) is None:
            parts += 1
            km2 += abs(_km2(part))
            continue
        lasting = [hole for hole in inner if _repaired(hole) is not None]
        if len(lasting) < len(inner):
            gone = [hole for hole in inner if _repaired(hole) is None]
            holes += len(gone)
            km2 += sum(abs(_km2(hole)) for hole in gone)
        kept.append(shapely.Polygon(shell.exterior, [hole.exterior for hole in lasting]))
    said = []
    if parts:
        said.append(f"{parts} of {len(every)} parts")
    if holes:
        said.append(f"{holes} holes" if holes > 1 else "1 hole")
    speck = f"{' and '.join(said)}, {km2:.2g} km2, vanish in rounding to six decimals"
    if not kept:
        return None, speck
    return (kept[0] if len(kept) == 1 else shapely.MultiPolygon(kept)), speck if said else ""


# ------------------------------------------------------------ longitude 180


def _turned_position(entry: Entry, intake: Mender) -> shapely.Geometry | None:
    """A point east of longitude 180, turned; None for what cannot be."""
    shape = entry.shape
    assert shape is not None
    xy = shape.get("coordinates")
    if shape.get("type") != "Point" or not isinstance(xy, list) or len(xy) != 2:
        return None
    if not all(_is_number(v) for v in xy) or not (180 < abs(xy[0]) <= 360 and abs(xy[1]) <= 90):
        return None
    _note_turned(entry, intake)
    entry.fault = None
    return shapely.Point(round(turn_longitude(xy[0]), 6), round(xy[1], 6))


def turn_longitude(degrees: float) -> float:
    """Return a longitude between -180 and 180; one between them stays as it is."""
    if abs(degrees) <= 180:
        return degrees
    return math.remainder(degrees, 360)


def _note_turned(entry: Entry, intake: Mender, more: str = "") -> None:
    intake.mend(entry, "import.turned", f"longitudes over 180 were turned by 360{more}")


def _over_the_line(
    parts: list[list[list[tuple[float, float]]]], entry: Entry, intake: Mender
) -> shapely.Geometry | None:
    """The parts as one area, cut at longitude 180 where they lie over it."""
    flat = list(itertools.chain.from_iterable(itertools.chain.from_iterable(parts)))
    x = np.array([position[0] for position in flat])
    y = np.array([position[1] for position in flat])
    if np.abs(y).max() > 90:
        return None
    parts = [[_by_quarters(_long_enough(ring)) for ring in part] for part in parts]
    polygons = [shapely.Polygon(part[0], part[1:]) for part in parts]
    leaps = any(
        abs(b[0] - a[0]) > 180
        for part in parts
        for ring in part
        for a, b in itertools.pairwise(ring)
    )
    if np.abs(x).max() <= 180 and not leaps:
        return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    try:
        whole = cut_at_180(shapely.multipolygons(polygons))
    except (ValueError, AssertionError, LookupError, shapely.errors.GEOSException):
        return None
    _note_turned(entry, intake, f", and the area cut at 180: {abs(_km2(whole)):,.0f} km2")
    return whole


def _long_enough(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A ring that can be built: one of fewer corners is a needle, or a point."""
    return ring if len(ring) > 3 else [*ring, ring[-1], ring[-1], ring[0]]


def _by_quarters(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """
    A ring with corners on the way of edges that run more than half round the world.

    Only where it has corners at 180 itself: it was cut there, so its edges do not lead over it.
    """
    if not any(abs(x) == _HALF for x, _ in ring):
        return ring
    made = ring[:1]
    closed = ring if ring[0] == ring[-1] else [*ring, ring[0]]
    for (x0, y0), (x1, y1) in itertools.pairwise(closed):
        if abs(x1 - x0) > _HALF:
            made += [(x0 + (x1 - x0) * k / 4, y0 + (y1 - y0) * k / 4) for k in (1, 2, 3)]
        made.append((x1, y1))
    return made


_HALF = 180
