"""
What statements say of how ground hangs together: gaps, and grounds that are severed.

The field reads words of who holds which ground, and such words are none. They weigh the maps that
are drawn from it: a map on which they do not hold counts by the chance that they say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

_SHIFTS = 11
"""So many lines across a gap are looked along, within the error of its drawing."""
_LEAST_M = 1000.0
"""A gap is at least so deep, either way from its line, however well it is drawn."""


@dataclass(frozen=True, slots=True)
class Link:
    """
    A statement of how a side's ground hangs together.

    Attributes
    ----------
    statement_id
        Which.
    side
        Whose ground.
    here
        The line across a gap, or the ground that is severed; metres in the plane.
    radius_m
        Error of its drawing.
    there
        From what it is severed; None for a gap.
    width_m
        Of a gap, from and to.
    doubt
        The chance that it says nothing of the map: its unreliability, and its age.
    """

    statement_id: str
    side: str
    here: shapely.Geometry
    radius_m: float
    there: shapely.Geometry | None
    width_m: tuple[float, float] | None
    doubt: float

    def holds(self, ground: shapely.Geometry, coarse_m: float) -> bool:
        """
        Say whether the words hold on a map.

        Parameters
        ----------
        ground
            What the side and its friends hold on the map, in the plane.
        coarse_m
            How fine the map is: a width is good to this.
        """
        if self.there is not None:
            return not self._is_joined(ground)
        if self.width_m is None:
            return True
        low, high = self.width_m
        width = self._way_through_m(ground)
        return width > 0 and low - coarse_m <= width <= high + coarse_m

    def _is_joined(self, ground: shapely.Geometry) -> bool:
        """Whether most of the ground in one place is one piece with most of that in the other."""
        parts = shapely.get_parts(ground)
        shapes = [shapely.buffer(one, self.radius_m) for one in (self.here, self.there)]
        held = [shapely.area(shapely.intersection(parts, one)) for one in shapes]
        if not len(parts) or not all(one.any() for one in held):
            return False
        return int(np.argmax(held[0])) == int(np.argmax(held[1]))

    def _way_through_m(self, ground: shapely.Geometry) -> float:
        """
        How wide the widest way through a gap is where it is narrowest; 0 where there is none.

        The line may lie elsewhere by the error of its drawing, so a way leads through all of that
        band, from one side of the line to the other.
        """
        xy = shapely.get_coordinates(self.here)[[0, -1]]
        along = (xy[1] - xy[0]) / max(float(np.hypot(*(xy[1] - xy[0]))), 1e-9)
        beside = np.array([-along[1], along[0]])
        wide = xy + self.radius_m * np.outer([-1, 1], along)
        reach = max(self.radius_m, _LEAST_M)
        lines = np.array(
            [shapely.LineString(wide + way * reach * beside) for way in np.linspace(-1, 1, _SHIFTS)]
        )
        corners = shapely.get_coordinates([lines[0], shapely.reverse(lines[-1])])
        inside = shapely.get_parts(shapely.intersection(ground, shapely.Polygon(corners)))
        through = [
            part
            for part in inside
            if shapely.dwithin(part, lines[0], 1.0) and shapely.dwithin(part, lines[-1], 1.0)
        ]
        widths = [
            min(
                max(shapely.length(shapely.get_parts(one)), default=0.0)
                for one in shapely.intersection(lines[1:-1], part)
            )
            for part in through
        ]
        return max(widths, default=0.0)
