"""Places and positions: what a person names, what is nearest to some ground, what lies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane, distance_km, middle_of
from geo.errors import UnknownIdError, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.layers import Folder
    from geo.model import Feature


def locate_place(
    folder: Folder, where: str | tuple[float, float]
) -> tuple[float, float, Feature | None]:
    """
    Return the position that a person names.

    Parameters
    ----------
    folder
        The layers.
    where
        The id of a place (of a line or an area its middle is taken), text such as ``37.3,32.9``
        (longitude, latitude), or the two numbers.

    Returns
    -------
    lon, lat, place
        Degrees, and the place where one was named.

    Raises
    ------
    UnknownIdError
        If there is no such place, or it was never located.
    ValueError
        If it is meant as a position and is none.
    """
    if not isinstance(where, str):
        lon, lat = where
        return float(lon), float(lat), None
    if "," in where:
        try:
            lon, lat = (float(part) for part in where.split(","))
        except ValueError as error:
            raise ValueError(
                f"{escape(where)!r} is no position; write longitude,latitude such as 37.3,32.9"
            ) from error
        return lon, lat, None
    place = folder.places.get(where)
    if place is None:
        from rapidfuzz import process

        near = process.extract(where, sorted(folder.places), limit=3, score_cutoff=60)
        hint = f"; did you mean {', '.join(name for name, _, _ in near)}?" if near else ""
        raise UnknownIdError(f"no place has the id {escape(where)!r}{hint}")
    if place.geometry is None:
        said = sum(row.values["place_id"] == where for row in folder.statements.rows)
        raise UnknownIdError(
            f"{where} was never located, so no ground can be read there; "
            f"statements.csv holds {said} statements about it"
        )
    middle = middle_of(place.geometry)
    return middle.x, middle.y, place


def shape_word(place: Feature) -> str:
    """
    Say what a place is that is more than one position.

    Parameters
    ----------
    place
        A place.

    Returns
    -------
    word
        ``a line`` or ``an area``; empty for a point, and for a place never located.
    """
    if place.geometry is None:
        return ""
    return ("", "a line", "an area")[int(shapely.get_dimensions(place.geometry))]


def nearest_place(
    folder: Folder, shape: shapely.Geometry, among: Iterable[str] | None = None
) -> tuple[str, float] | None:
    """
    Return the place nearest to some ground.

    Parameters
    ----------
    folder
        The layers.
    shape
        Any geometry, longitude, latitude.
    among
        Ids of the places that count; the default is all.

    Returns
    -------
    place
        Its id and the distance in kilometres, 0 on the ground or on the line or area that the
        place is; of several on it a point comes first. None where no place is located.
    """
    ids = folder.places if among is None else sorted(set(among) & folder.places.keys())
    located = [p for p in (folder.places[i] for i in ids) if p.geometry is not None]
    if not located:
        return None
    shapes = np.array([p.geometry for p in located], dtype=object)
    is_point = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    on_it = shapely.STRtree(shapes).query(shape, predicate="intersects")
    if len(on_it):
        return min((not is_point[i], located[i].id) for i in on_it)[1], 0.0
    plane = LocalPlane.around(shape)
    far = np.empty(len(located))
    xy = shapely.get_coordinates(shapes[is_point])
    if isinstance(shape, shapely.Point):
        far[is_point] = distance_km(shape.x, shape.y, xy[:, 0], xy[:, 1])
    elif len(xy):
        spots = shapely.get_parts(plane.forward(shapely.MultiPoint(xy)))
        far[is_point] = shapely.distance(spots, plane.forward(shape)) / 1e3
    for i in np.flatnonzero(~is_point):
        far[i] = shapely.distance(plane.forward(shapes[i]), plane.forward(shape)) / 1e3
    best = int(np.argmin(far))
    return located[best].id, float(far[best])


def places_on(folder: Folder, shapes: Iterable[shapely.Geometry]) -> list[tuple[str, ...]]:
    """The places that lie on each shape, in order of id; lines and areas are no spots on it."""
    located = [p for p in folder.places.values() if isinstance(p.geometry, shapely.Point)]
    targets = np.array(list(shapes), dtype=object)
    found: list[list[str]] = [[] for _ in targets]
    if not located or not len(targets):
        return [()] * len(targets)
    tree = shapely.STRtree(np.array([place.geometry for place in located], dtype=object))
    for i, j in tree.query(targets, predicate="covers").T:
        found[i].append(located[j].id)
    return [tuple(sorted(ids)) for ids in found]
