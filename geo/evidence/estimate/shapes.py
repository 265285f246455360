"""
What a statement says of a shape, as looks at the field: which ground, and whose.

Step 3 of the method (`geo.evidence.estimate`). Positions are metres in a local plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.model import Row

    Floats = NDArray[np.float64]

_ALONG = 16
"""So many positions stand for a line at most, and about so many for an area."""
_HAND_M = 1500.0
"""How far from a front line the ground of either hand is looked at, beside the line's error."""
_BESIDE = 0.5
"""How far beyond the ends of a gap, in widths of it, the ground of the other side begins."""


@dataclass(frozen=True, slots=True)
class Look:
    """
    One look at the field.

    Attributes
    ----------
    xy
        Positions that stand for the ground.
    radius_m
        Error of each, or half their spacing.
    who
        The actor that holds it.
    """

    xy: Floats
    radius_m: Floats
    who: str


def look_at(
    row: Row, shape: shapely.Geometry, radius_m: float, there: shapely.Geometry | None = None
) -> Iterator[Look]:
    """
    The looks of a statement whose words are about more than a place as a whole.

    Parameters
    ----------
    row
        The statement.
    shape
        Its place, in the plane.
    radius_m
        Error of the drawing.
    there
        The ground that the place is severed from, in the plane.

    Yields
    ------
    look
        For a front one on either hand; for a gap its middle and its two ends; for a ring its
        inside and its rim; for grounds that are severed each of the two, as what is no longer
        connected is a side's on both ends.
    """
    mine, other = str(row.values["controller"]), str(row.values.get("opposite") or "")
    match row.values.get("extent"):
        case "front":
            away = radius_m + _HAND_M
            for side, who in ((away, mine), (-away, other)):
                if not shapely.is_empty(hand := _hand(shape, side)):
                    yield Look(*spots(hand, radius_m), who)
        case "track":
            half = _width_m(row) / 2
            yield Look(*spots(shape, float(np.hypot(radius_m, half / 2))), mine)
        case "gap":
            yield from _look_at_gap(row, shape, radius_m)
        case "ring":
            area = (
                shape
                if shapely.get_dimensions(shape) == 2
                else shapely.Polygon(shapely.get_coordinates(shape))
            )
            yield Look(*spots(area, radius_m), mine)
            rim = shapely.boundary(shapely.buffer(area, radius_m + _HAND_M))
            yield Look(*spots(rim, radius_m), other)
        case "severed":
            for ground in (shape, there):
                if ground is not None:
                    yield Look(*spots(ground, radius_m), mine)


def _hand(line: shapely.Geometry, away: float) -> shapely.Geometry:
    """A line beside a front, on its left hand, or where `away` is negative on its right."""
    beside: shapely.Geometry = shapely.offset_curve(line, away)
    if not shapely.is_empty(beside):
        return beside
    # A line that turns back within that distance has no curve beside it; its chord does.
    ends = shapely.get_coordinates(line)[[0, -1]]
    return shapely.offset_curve(shapely.LineString(ends), away)


def _look_at_gap(row: Row, line: shapely.Geometry, radius_m: float) -> Iterator[Look]:
    """The middle of a line across a gap, and the ground beyond its two ends."""
    mine, other = str(row.values["controller"]), str(row.values["opposite"])
    width = _width_m(row)
    # The whole may lie elsewhere, by the error of its drawing; its parts move together, so that
    # they keep their places to each other.
    error = min(radius_m, width / 2)
    middle = float(shapely.length(line)) / 2
    cuts = [min(max(middle + way * width * (0.5 + _BESIDE), 0), 2 * middle) for way in (-1, 1)]
    centre, *ends = np.asarray(shapely.line_interpolate_point(line, [middle, *cuts]))  # type: ignore[call-overload]
    yield Look(*spots(centre, error), mine)
    for end in ends:
        yield Look(*spots(end, error), other)


def _width_m(row: Row) -> float:
    """The middle of the width that a statement gives, or nothing."""
    ends = width_of(row)
    return sum(ends) / 2 if ends else 0.0


def width_of(row: Row) -> tuple[float, float] | None:
    """The least and the greatest width that a statement gives, metres, if it gives any."""
    ends = [row.values.get(name) for name in ("width_from_m", "width_to_m")]
    return None if None in ends or "" in ends else (float(str(ends[0])), float(str(ends[1])))


def spots(shape: shapely.Geometry, radius_m: float) -> tuple[Floats, Floats]:
    """
    Positions that stand for a shape, and how far the ground of each reaches.

    A point is itself; a line is cut into equal lengths; an area into equal squares of a lattice.
    """
    dimension = int(shapely.get_dimensions(shape))
    if dimension == 0:
        xy = shapely.get_coordinates(shape)
        return xy, np.full(len(xy), radius_m)
    if dimension == 1:
        length = float(shapely.length(shape))
        count = int(np.clip(np.ceil(length / max(2 * radius_m, 1.0)), 2, _ALONG))
        parts = shapely.get_parts(shape)
        share = np.maximum(np.rint(count * shapely.length(parts) / max(length, 1e-9)), 1)
        found = [
            shapely.line_interpolate_point(part, (np.arange(n) + 0.5) / n, normalized=True)
            for part, n in zip(parts, share.astype(int), strict=True)
        ]
        xy = shapely.get_coordinates(np.concatenate(found))
        return xy, np.full(len(xy), np.hypot(radius_m, length / count / 2))
    area = float(shapely.area(shape))
    step = float(np.sqrt(area / _ALONG))
    west, south, east, north = shapely.bounds(shape)
    grid = np.meshgrid(
        np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    )
    xy = np.stack(grid, axis=-1).reshape(-1, 2)
    xy = xy[shapely.contains_xy(shape, xy[:, 0], xy[:, 1])]
    if not len(xy):
        xy = shapely.get_coordinates(shapely.point_on_surface(shape))
    return xy, np.full(len(xy), np.hypot(radius_m, step / 2))
