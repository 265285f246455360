"""The ground of whole layers, joined from their patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import BorderEdges
from geo.crs import GRID_DEG

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class GroundJoiner:
    """
    Joins the ground of layer after layer; many have the same, however it is divided.

    A union costs most of an import of large areas, so one is made for each outline that is met.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, shapely.Geometry] = {}

    def join(self, ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
        """The ground of a layer, and whether its patches meet along equal edges."""
        edges = BorderEdges.of(ground)
        rim = edges.twin < 0
        # Where edges cancel out to those of ground that was joined without overlap, so do areas:
        # each point has as many patches over it as there, one.
        start, end = edges.start[rim], edges.end[rim]
        order = np.lexsort((end, start))
        key = start[order].tobytes() + end[order].tobytes()
        if (known := self.known.get(key)) is not None:
            return known, True
        union, fits = _join_ground(ground)
        if fits:
            self.known[key] = union
        return union, fits


def join_layers(unions: Iterable[shapely.Geometry]) -> shapely.Geometry:
    """The ground of all layers; most of them have the same."""
    distinct = [*{shapely.to_wkb(shapely.normalize(one)): one for one in unions}.values()]
    return distinct[0] if len(distinct) == 1 else _join_ground(distinct)[0]


def _join_ground(ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
    """The ground of a layer, and whether its patches meet along equal edges, without overlap."""
    shapes = np.empty(len(ground), dtype=object)
    shapes[:] = ground
    if shapely.coverage_is_valid(shapes):
        # Then there is nothing to node.
        return shapely.set_precision(shapely.coverage_union_all(shapes), GRID_DEG), True
    return shapely.union_all(shapes, grid_size=GRID_DEG), False
