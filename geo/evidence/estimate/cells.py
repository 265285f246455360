"""
Sites and cells: which ground a place with a word about it speaks for, whatever the date.

Steps 1, 2 and 6 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, LocalPlane, snap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from geo.model import Feature


@dataclass(frozen=True, slots=True)
class Unused:
    """
    A place that draws no ground, and why.

    Attributes
    ----------
    place_id
        The place.
    reason
        One sentence.
    """

    place_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Faces of the study area: cell, distance to each site, a point inside (m), area (m2)."""

    faces: NDArray[np.object_]
    site: NDArray[np.intp]
    distance: NDArray[np.float64]
    inside: NDArray[np.float64]
    area: NDArray[np.float64]


class Sites:
    """
    Places that own ground, and the cells of the study area that are theirs.

    Parameters
    ----------
    area
        Study area, longitude, latitude.
    plane
        Where distances are taken.
    places
        Gazetteer, by id.
    spoken_of
        Ids of the places with a statement.
    reach_km
        Farthest ground that a perfectly located place speaks for.

    Attributes
    ----------
    located
        Places with a word and a position in or near the area: x, y, r in metres.
    sites
        Those of them that own ground.
    members
        The places that count in each site.
    unused
        Places that draw no ground, and why.
    """

    def __init__(
        self,
        area: shapely.Geometry,
        plane: LocalPlane,
        places: Mapping[str, Feature],
        spoken_of: Iterable[str],
        reach_km: float,
    ) -> None:
        self._area, self._plane, self._places = area, plane, places
        self._spoken_of = sorted(spoken_of)
        self._reach_m = reach_km * 1e3
        self.unused: list[Unused] = []
        self.located = self._positions()
        self.sites, self.members = self._found_sites()

    def _positions(self) -> dict[str, tuple[float, float, float]]:
        """Places with a word and a position in or near the area: x, y, r in metres."""
        near = shapely.buffer(self._plane.forward(self._area), self._reach_m)
        located: dict[str, tuple[float, float, float]] = {}
        for place_id in self._spoken_of:
            place = self._places.get(place_id)
            if place is None or place.geometry is None:
                self.unused.append(Unused(place_id, "it was never located"))
                continue
            if not isinstance(place.geometry, shapely.Point):
                self.unused.append(Unused(place_id, "it is a line or an area"))
                continue
            point = self._plane.forward(place.geometry)
            radius = float(place.properties.get("geo_radius_m") or 0)
            if shapely.contains(near, point):
                located[place_id] = (shapely.get_x(point), shapely.get_y(point), radius)
            elif radius < self._reach_m:
                self.unused.append(Unused(place_id, "it lies outside the study area"))
            if radius >= self._reach_m:
                reason = f"its position is known only to {radius / 1e3:g} km"
                self.unused.append(Unused(place_id, reason))
        return located

    def _found_sites(self) -> tuple[dict[str, tuple[float, float, float]], dict[str, list[str]]]:
        """Places that own ground (x, y, r in metres), and the places that count in each."""
        sharp = [(r, place, x, y) for place, (x, y, r) in self.located.items() if r < self._reach_m]
        sites: dict[str, tuple[float, float, float]] = {}
        members: dict[str, list[str]] = {}
        # Only a sharper place can own another's point, so one pass from sharp to vague is exact.
        for radius, place_id, x, y in sorted(sharp):
            owners = [((x - u) ** 2 + (y - v) ** 2 + r**2, s) for s, (u, v, r) in sites.items()]
            power, owner = min(owners, default=(np.inf, ""))
            if power <= radius**2:
                members[owner].append(place_id)
                reason = f"a sharper place owns its position: its statements count at {owner}"
                self.unused.append(Unused(place_id, reason))
            else:
                sites[place_id] = (x, y, radius)
                members[place_id] = [place_id]
        return sites, members

    @cached_property
    def cells(self) -> Cells:
        """
        The study area, cut once by all cells and all circles of reach.

        Each face then has one cell and lies wholly in or out of reach of each site, so a draft is
        a choice of faces and its borders are the same on every date.
        """
        xyr = np.array(list(self.sites.values()))
        frame = shapely.buffer(self._plane.forward(self._area), 1e3).envelope
        cells = np.array([_power_cell(i, xyr, frame) for i in range(len(xyr))], dtype=object)
        circles = shapely.buffer(
            shapely.points(xyr[:, :2]), self._reach_m - xyr[:, 2], quad_segs=16
        )
        lines = np.concatenate([cells[~shapely.is_empty(cells)], circles])
        lines = shapely.segmentize(shapely.boundary(lines), 5e3)
        drawn = [shapely.boundary(self._area), *(self._plane.inverse(line) for line in lines)]
        noded = shapely.union_all(np.array(drawn, dtype=object), grid_size=GRID_DEG)
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        inside = shapely.point_on_surface(faces)
        kept = shapely.contains_properly(self._area, inside)
        faces = faces[kept]
        spots: shapely.Geometry = shapely.MultiPoint(shapely.get_coordinates(inside[kept]))
        xy = shapely.get_coordinates(self._plane.forward(spots))
        squared = (xy[:, None, 0] - xyr[:, 0]) ** 2 + (xy[:, None, 1] - xyr[:, 1]) ** 2
        return Cells(
            faces,
            np.argmin(squared + xyr[:, 2] ** 2, axis=1),
            np.sqrt(squared),
            xy,
            np.array([shapely.area(self._plane.forward(face)) for face in faces]),
        )

    def lenders(self, judged: tuple[str, ...]) -> NDArray[np.intp]:
        """For each site, the site whose verdict it takes: its own, or its nearest neighbour's."""
        names = list(self.sites)
        xyr = np.array(list(self.sites.values()))
        have = np.array([names.index(site) for site in judged])
        squared = (xyr[:, None, 0] - xyr[have, 0]) ** 2 + (xyr[:, None, 1] - xyr[have, 1]) ** 2
        lenders: NDArray[np.intp] = have[np.argmin(squared + xyr[have, 2] ** 2, axis=1)]
        lenders[have] = have
        return lenders

    def ground(
        self, lenders: NDArray[np.intp]
    ) -> dict[str | None, tuple[NDArray[np.intp], shapely.Geometry]]:
        """The ground (faces, shape) of each site that lends; under None, what is out of reach."""
        names, cells = list(self.sites), self.cells
        source = lenders[cells.site]
        distance = cells.distance[np.arange(len(source)), source]
        radius = np.array([r for _, _, r in self.sites.values()])[source]
        source = np.where(distance <= self._reach_m - radius, source, -1)
        ground: dict[str | None, tuple[NDArray[np.intp], shapely.Geometry]] = {}
        for index in np.unique(source):
            own = np.flatnonzero(source == index)
            shape = snap(shapely.coverage_union_all(cells.faces[own]))
            ground[None if index < 0 else names[index]] = (own, shape)
        return ground


def _power_cell(i: int, xyr: NDArray[np.float64], frame: shapely.Geometry) -> shapely.Geometry:
    """The ground where site i has the smallest expected squared distance, inside the frame."""
    ring = shapely.get_coordinates(frame)[:-1]
    here, radius = xyr[i, :2], xyr[i, 2]
    away = np.hypot(*(xyr[:, :2] - here).T)
    for j in np.argsort(away, kind="stable"):
        if j == i or not len(ring):
            continue
        # Neighbours come by distance; past this one, no bisector can reach the cell any more.
        farthest = np.hypot(*(ring - here).T).max()
        if away[j] / 2 - radius**2 / (2 * away[j]) > farthest:
            break
        normal = xyr[j, :2] - here
        level = (xyr[j, :2] @ xyr[j, :2] + xyr[j, 2] ** 2 - here @ here - radius**2) / 2
        ring = _clip(ring, normal, level)
    return shapely.Polygon(ring) if len(ring) > 2 else shapely.Polygon()


def _clip(
    ring: NDArray[np.float64], normal: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """The part of a convex ring where normal . x <= level (Sutherland and Hodgman 1974)."""
    height = ring @ normal - level
    if (height <= 0).all():
        return ring
    kept: list[NDArray[np.float64]] = []
    for k in range(len(ring)):
        a, b = height[k - 1], height[k]
        if (a <= 0) != (b <= 0):
            kept.append(ring[k - 1] + (ring[k] - ring[k - 1]) * (a / (a - b)))
        if b <= 0:
            kept.append(ring[k])
    return np.array(kept).reshape(-1, 2)
