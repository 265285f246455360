"""Control as it would be if a side advanced along lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.siege.ground import EDGE_DEG
from geo.control.siege.rules import require_positive
from geo.crs import LocalPlane
from geo.model import Basis, Confidence, Label, Patch, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from geo.control.composite import Composite


def advance_along(
    composite: Composite,
    day: dt.date,
    side: str,
    *through: Sequence[tuple[float, float]],
    width_km: float = 2.0,
    friends: Collection[str] = (),
) -> tuple[Patch, ...]:
    """
    Return the control of a date as it would be if a side advanced along lines.

    Every patch of the result carries an id that begins with ``what-if-``, and the ground taken is
    ``inferred`` with ``low`` confidence: nobody has assessed it, and nothing here says that it
    will happen. Build a `Composite` from the patches to ask what they would isolate.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force is where the advance starts from.
    side
        Who advances; the ground taken is held by this side.
    *through
        For each prong of the advance the positions that it passes, longitude, latitude, in order;
        one position is a spot.
    width_km
        Breadth of the ground taken, kilometres.
    friends
        Sides whose ground the advance leaves as it is.

    Returns
    -------
    patches
        Control of the whole study area, one patch a label, by id.

    Raises
    ------
    DateError
        If `day` is before the first layer.
    ValueError
        If a prong is empty or lies outside the study area, there is none, or `width_km` is not
        positive.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> patches = advance_along(theatre(["ab"]), FIRST_DAY, "a", [(37.05, 33.05), (37.15, 33.05)])
    >>> [patch.label.patch for patch in patches]
    ['what-if-a', 'what-if-patch-a', 'what-if-patch-b']
    """
    require_positive(width_km=width_km)
    if not through or not all(through):
        raise ValueError("an advance needs at least one position to pass through")
    plane = LocalPlane.around(composite.area)
    prongs = [_corridor(plane, prong, width_km) for prong in through]
    for prong, shape in zip(through, prongs, strict=True):
        if not shapely.intersects(shape, composite.area):
            raise ValueError(f"an advance through {list(prong)} lies outside the study area")
    corridor = shapely.union_all(prongs)
    patches = composite.patches(day)
    kept = {side, *friends}
    stays = [p.label.is_held and p.side in kept for p in patches]
    taken = Label(side, "", Status.CONTROLLED, Basis.INFERRED, Confidence.LOW, f"what-if-{side}")
    shapes = np.array([patch.geometry for patch in patches], dtype=object)
    # All borders are noded together once, so that neighbours still share every vertex.
    borders = [*shapely.boundary(shapes), shapely.boundary(corridor)]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(borders, grid_size=1e-6)]))
    points = shapely.point_on_surface(faces)
    face, patch = shapely.STRtree(shapes).query(points, predicate="intersects")
    reached = shapely.intersects(corridor, points)
    after: dict[Label, list[shapely.Geometry]] = {}
    for i, j in zip(face.tolist(), patch.tolist(), strict=True):
        label = patches[j].label
        old = replace(label, patch=f"what-if-{label.patch}")
        after.setdefault(taken if reached[i] and not stays[j] else old, []).append(faces[i])
    return tuple(
        Patch(label, shapely.coverage_union_all(after[label]))
        for label in sorted(after, key=lambda one: one.patch)
    )


def _corridor(
    plane: LocalPlane, through: Sequence[tuple[float, float]], width_km: float
) -> shapely.Geometry:
    """The ground within half a width of a line or a position, lon/lat."""
    line = shapely.LineString(through) if len(through) > 1 else shapely.Point(through[0])
    axis = plane.forward(shapely.segmentize(line, EDGE_DEG))
    return plane.inverse(shapely.buffer(axis, width_km * 500.0))
