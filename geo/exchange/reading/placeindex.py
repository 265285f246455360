"""Places met so far, so that one place is one record."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import shapely

from geo.crs import distance_km
from geo.exchange.reading.records import fold_name, make_slug
from geo.model import split_ids

if TYPE_CHECKING:
    from geo.layers import Folder

_SAME_PLACE_KM = 2.0
"""Lists put a town's point now here, now there; places of one name farther apart are two."""


class PlaceIndex:
    """Places by name and position: those of a theatre, and those that an import makes."""

    def __init__(self, into: Folder | None) -> None:
        self._known: dict[str, list[tuple[str, shapely.Geometry | None]]] = defaultdict(list)
        self._ids: set[str] = set()
        for place in into.places.values() if into else ():
            names = {str(place.properties["name"]), *split_ids(place.properties["alternatenames"])}
            for name in names:
                self.add(place.id, name, place.geometry)

    def add(self, identity: str, name: str, point: shapely.Geometry | None) -> None:
        """Keep one more place, under one of its names."""
        self._ids.add(identity)
        self._known[fold_name(name)].append((identity, point))

    def find(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name there; one without a position if it alone has the name."""
        known = self._known[fold_name(name)]
        if point is None:
            return known[0][0] if len({one for one, _ in known}) == 1 else None
        near = [(_distance_km(point, at), one) for one, at in known if at is not None]
        best = min(near, default=(math.inf, ""))
        return best[1] if best[0] <= _SAME_PLACE_KM else None

    def at(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name at exactly that position."""
        for identity, known in self._known.get(fold_name(name), ()):
            if point is not None and known is not None and shapely.equals(point, known):
                return identity
        return None

    def namesakes(self, name: str) -> list[str]:
        """Places of that name, wherever they are."""
        return sorted({one for one, _ in self._known[fold_name(name)]})

    def new_id(self, name: str) -> str:
        """An id for a new place of that name."""
        start, n = make_slug(name)[:60], 1
        while (identity := start if n == 1 else f"{start}_{n}") in self._ids:
            n += 1
        return identity


def _distance_km(one: shapely.Geometry, other: shapely.Geometry) -> float:
    lon, lat = zip(*((shapely.get_x(p), shapely.get_y(p)) for p in (one, other)), strict=True)
    return float(distance_km(lon[0], lat[0], lon[1], lat[1]))
