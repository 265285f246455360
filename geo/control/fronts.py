"""
Front lines: where two sides meet, how sure that is, and how it moved.

A front is read from the arcs of the composite: those with a face of one side on
the left hand and a face of the other on the right. The edge of the study area
is no front, nor is the border of ground that no side is said to hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.records import build_frame
from geo.crs import LocalPlane, distance_km, length_km
from geo.model import Confidence

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

    from geo.control.composite import Composite
    from geo.coverage import Seam

    Ints = NDArray[np.int64]

_WORDS = np.array([str(word) for word in Confidence], dtype=object)
_STEP_KM = 0.25
"""Points along a front stand no further apart than this, up to `_POINTS` of them."""
_POINTS = 4000


def front_lines(
    composite: Composite, day: dt.date, left: str | None = None, right: str | None = None
) -> gpd.GeoDataFrame:
    """
    Return the lines along which sides meet at one date.

    A front line is the longest chain of arcs with `left` on the left hand,
    `right` on the right and one certainty. It ends where four fronts meet.

    Parameters
    ----------
    composite
        The layers.
    day
        The date.
    left, right
        Sides. With both, the fronts of this pair; swapping them reverses every line and changes
        nothing else. With `left` alone, its fronts against all others. With neither, the fronts
        of all pairs, the side earlier in the alphabet on the left.

    Returns
    -------
    fronts
        One row a line, longest first: ``left``, ``right``, ``length_km`` (geodesic),
        ``certainty`` (the weaker confidence of the two hands) and ``geometry`` (LineString,
        lon/lat). No rows where the two do not touch, or one of them holds nothing.

    Raises
    ------
    DateError
        If the day is before the first layer.
    ValueError
        If `left` is `right`, or `right` is given alone.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> fronts = front_lines(theatre(["ab"]), FIRST_DAY, "a", "b")
    >>> fronts.geometry.to_wkt().item()
    'LINESTRING (37.1 33, 37.1 33.1)'
    """
    arrangement, row = composite.at(day)
    names, face = composite.side_codes[0], np.append(row, -1)
    side = np.append(composite.held_codes, -1)[face]
    half = _front(side[arrangement.left], side[arrangement.right], _codes(names, left, right))
    here, there = arrangement.face[half], arrangement.face[half ^ 1]
    doubt = np.maximum(*(composite.doubt_codes[row[f]] for f in (here, there)))
    order, strand = arrangement.strands(half, side[here] * len(names) + side[there], doubt)
    half, here, there, doubt = half[order], here[order], there[order], doubt[order]
    lines = arrangement.linestrings(half, strand)
    length = np.bincount(strand, arrangement.arc_km[half >> 1], minlength=len(lines))
    begin = np.searchsorted(strand, np.arange(len(lines)))
    ends = shapely.get_coordinates(shapely.get_point(lines, 0)).reshape(-1, 2)
    order = np.lexsort([*ends.T[::-1], -length])
    first = begin[order]
    word = np.array(names, dtype=object)
    columns = {
        "left": word[side[here[first]]],
        "right": word[side[there[first]]],
        "length_km": length[order],
        "certainty": _WORDS[doubt[first]],
    }
    if not len(arrangement.seam.low):
        return build_frame(columns, lines[order])
    pair = _codes(names, left, right)
    over = _over_the_seam(arrangement.seam, side, composite.doubt_codes[row], pair)
    found = [
        (word[one], word[two], float(length_km(line)[0]), _WORDS[doubt], line)
        for one, two, doubt, line in over
    ]
    found += zip(*columns.values(), lines[order], strict=True)
    found.sort(key=lambda one: -one[2])
    shapes = np.array([one[-1] for one in found] + [None], dtype=object)[:-1]
    return build_frame(
        {name: np.array([one[k] for one in found]) for k, name in enumerate(columns)}, shapes
    )


def _over_the_seam(
    seam: Seam, side: Ints, doubt: Ints, pair: tuple[int | None, int | None]
) -> Iterator[tuple[int, int, int, shapely.LineString]]:
    """Fronts along longitude 180: sides on the left and right, doubt, and the line."""
    left, right = pair
    runs: list[tuple[tuple[int, int, int], float, float]] = []
    for west, east, low, high in zip(
        seam.west.tolist(), seam.east.tolist(), seam.low, seam.high, strict=True
    ):
        # Northwards the west is on the left hand.
        one, two = int(side[west]), int(side[east])
        if one < 0 or two < 0 or one == two:
            continue
        what = (one, two, int(max(doubt[west], doubt[east])))
        if runs and runs[-1][0] == what and runs[-1][2] == low:
            runs[-1] = (what, runs[-1][1], float(high))
        else:
            runs.append((what, float(low), float(high)))
    for (one, two, shade), low, high in runs:
        back = one > two if left is None else one != left
        here, there = (two, one) if back else (one, two)
        if (left is None or here == left) and (right is None or there == right):
            ends = [(180.0, low), (180.0, high)]
            yield here, there, shade, shapely.LineString(ends[::-1] if back else ends)


def distance_to_front(
    composite: Composite, day: dt.date, lon: ArrayLike, lat: ArrayLike
) -> NDArray[np.float64]:
    """
    Return how far positions lie from the nearest front at one date.

    Parameters
    ----------
    composite
        The layers.
    day
        The date; the layer in force answers.
    lon, lat
        Positions, degrees.

    Returns
    -------
    distance_km
        Kilometres in a local equal-area plane (off by less than 0.03 % within 300 km of the middle
        of the study area); ``nan`` where there is no front on that date.

    Raises
    ------
    DateError
        If the day is before the first layer.

    Examples
    --------
    >>> from geo.control.testing import FIRST_DAY, theatre
    >>> distance_to_front(theatre(["ab"]), FIRST_DAY, [37.0], [33.05]).round(1)
    array([9.3])
    """
    xy = np.column_stack([np.atleast_1d(lon), np.atleast_1d(lat)])
    lines = front_lines(composite, day).geometry.to_numpy()
    if not len(lines):
        return np.full(len(xy), np.nan)
    plane = LocalPlane.around(composite.area)
    # A front is straight in degrees; fine steps keep it so in the plane.
    drawn = plane.forward(shapely.MultiLineString(list(shapely.segmentize(lines, 0.02))))
    tree = shapely.STRtree(shapely.get_parts(drawn))
    there = shapely.get_parts(plane.forward(shapely.MultiPoint(xy)))
    _, metres = tree.query_nearest(there, return_distance=True, all_matches=False)
    return np.asarray(metres, dtype=float) / 1e3


def _codes(
    names: tuple[str, ...], left: str | None, right: str | None
) -> tuple[int | None, int | None]:
    if right is not None and left is None:
        raise ValueError(f"right is {right!r} and left is not given; give both, or left alone")
    if left is not None and left == right:
        raise ValueError(f"left and right are both {left!r}; a front has two sides")
    place = {name: i for i, name in enumerate(names)}
    one = None if left is None else place.get(left, -2)
    return one, None if right is None else place.get(right, -2)


def _front(here: Ints, there: Ints, pair: tuple[int | None, int | None]) -> Ints:
    """Half-arcs of the fronts, from the sides on the left and on the right of each arc."""
    left, right = pair
    if left is None:
        arc = np.flatnonzero((here != there) & (here >= 0) & (there >= 0))
        return 2 * arc + (here[arc] > there[arc])
    half = []
    for back, (one, two) in enumerate(((here, there), (there, here))):
        other = (two >= 0) & (two != left) if right is None else two == right
        half.append(2 * np.flatnonzero((one == left) & other) + back)
    return np.sort(np.concatenate(half))


# ---------------------------------------------------------------- movement


@dataclass(frozen=True, slots=True)
class Movement:
    """
    How the front of two sides moved between two dates, seen from the left side.

    Attributes
    ----------
    left, right
        The sides.
    before, after
        Dates of the layers compared.
    days
        Days between the dates asked for.
    gained_km2, lost_km2
        Ground that went from right to left, and from left to right, at once.
    length_before_km, length_after_km
        Length of the front.
    mean_km
        Mean displacement along the front after, unmoved parts included; positive is an advance.
    largest_km
        The largest displacement, signed; 0 where nothing moved, or one date has no front.
    largest_at
        Where it ended: longitude, latitude.
    place_id, place_km
        The place nearest to there, and how far it is.
    points
        Points along the front after: ``displacement_km`` (signed), ``km_per_day`` and
        ``geometry``.
    sweeps
        Connected swept ground, largest first: ``side`` (who gained it), ``kind`` (``salient`` for
        the left side's gain, ``re-entrant`` for its loss), ``area_km2``, ``base_km`` (front before
        along it), ``depth_km`` (furthest from there), ``place_id`` (nearest to the furthest
        point) and ``geometry``.
    bands
        Low and high of the figures above, by their name, where they were asked for
        (`geo.evidence.bands`).
    """

    left: str
    right: str
    before: dt.date
    after: dt.date
    days: int
    gained_km2: float
    lost_km2: float
    length_before_km: float
    length_after_km: float
    mean_km: float
    largest_km: float
    largest_at: tuple[float, float] | None
    place_id: str
    place_km: float | None
    points: gpd.GeoDataFrame
    sweeps: gpd.GeoDataFrame
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def km_per_day(self) -> float:  # numpydoc ignore=RT01
        """The largest displacement over the days between the dates."""
        return self.largest_km / self.days if self.days else 0.0


def measure_movement(
    composite: Composite,
    before: dt.date,
    after: dt.date,
    left: str,
    right: str,
    places: Mapping[str, tuple[float, float]],
) -> Movement:
    """
    Return how the front of two sides moved between two dates.

    Parameters
    ----------
    composite
        The layers.
    before, after
        The dates.
    left, right
        Sides; advances of `left` count as positive.
    places
        Longitude and latitude of each place, by id.

    Returns
    -------
    movement
        Swept ground, displacement, and where it was largest.

    Raises
    ------
    DateError
        If a date is before the first layer.
    ValueError
        If `left` is `right`, or `after` is before `before`.
    """
    if after < before:
        raise ValueError(f"after {after} is before {before}; exchange the two dates")
    first = front_lines(composite, before, left, right)
    last = front_lines(composite, after, left, right)
    sweeps = _sweeps(composite, before, after, (left, right), first, places)
    days = (after - before).days
    points = _displacements(composite, before, left, first, last, days)
    at, largest, mean = None, 0.0, 0.0
    if len(points):
        moved = points["displacement_km"].to_numpy()
        mean, k = float(moved.mean()), int(np.argmax(np.abs(moved)))
        if moved[k]:
            largest, at = float(moved[k]), (points.geometry.x[k], points.geometry.y[k])
    place, far = nearest_of(places, at)
    swept = {
        side: float(sweeps["area_km2"][sweeps["side"] == side].sum()) for side in (left, right)
    }
    return Movement(
        left,
        right,
        composite.dates[composite.index(before)],
        composite.dates[composite.index(after)],
        days,
        swept[left],
        swept[right],
        float(first["length_km"].sum()),
        float(last["length_km"].sum()),
        mean,
        largest,
        at,
        place,
        far,
        points,
        sweeps,
    )


def _sweeps(
    composite: Composite,
    before: dt.date,
    after: dt.date,
    sides: tuple[str, str],
    front: gpd.GeoDataFrame,
    places: Mapping[str, tuple[float, float]],
) -> gpd.GeoDataFrame:
    """Connected ground that went straight from one of the sides to the other."""
    arrangement, first, second = composite.between(before, after)
    code = composite.held_codes
    place = {name: i for i, name in enumerate(composite.side_codes[0])}
    one, two = (place.get(side, -2) for side in sides)
    was, now = np.append(code, -1)[first], np.append(code, -1)[second]
    to = np.full(len(was), -1, np.int64)
    to[(was == two) & (now == one)] = 0
    to[(was == one) & (now == two)] = 1
    part = np.where(to >= 0, arrangement.ground_parts(to), -1)
    values, polygons = arrangement.dissolve(part)
    ground = composite.ground_km2(arrangement)
    area = np.bincount(part[part >= 0], ground[part >= 0], minlength=len(part))[values]
    side = to[values]
    order = np.lexsort([values, -area])
    rows = [_shape_of(polygons[k], front, places) for k in order]
    return build_frame(
        {
            "side": [sides[side[k]] for k in order],
            "kind": [("salient", "re-entrant")[side[k]] for k in order],
            "area_km2": area[order],
            "base_km": np.array([row[0] for row in rows], dtype=float),
            "depth_km": np.array([row[1] for row in rows], dtype=float),
            "place_id": np.array([row[2] for row in rows], dtype=object),
        },
        polygons[order],
    )


def _shape_of(
    polygon: shapely.Geometry, front: gpd.GeoDataFrame, places: Mapping[str, tuple[float, float]]
) -> tuple[float, float, str]:
    """Length of the front along some swept ground, its depth, and the place at its far end."""
    if front.empty:
        return 0.0, 0.0, ""
    lines = shapely.multilinestrings(front.geometry.array)
    base = shapely.intersection(lines, shapely.boundary(polygon), grid_size=1e-6)
    base_km = float(length_km(base)[0])
    far = np.asarray(shapely.points(shapely.get_coordinates(polygon)))
    distance = distances_km(far, lines)
    k = int(np.argmax(distance))
    return base_km, float(distance[k]), nearest_of(places, (far[k].x, far[k].y))[0]


def _displacements(
    composite: Composite,
    before: dt.date,
    left: str,
    first: gpd.GeoDataFrame,
    last: gpd.GeoDataFrame,
    days: int,
) -> gpd.GeoDataFrame:
    """Points along the front after, with how far they are from the front before."""
    points = np.zeros(0, dtype=object)
    moved = np.zeros(0)
    if len(first) and len(last):
        points = points_along(last)
        moved = distances_km(points, shapely.multilinestrings(first.geometry.array))
        # Within the grid a point of an unmoved front may lie beside the line.
        moved[moved < 2e-4] = 0.0
        labels = composite.labels_at(before, shapely.get_x(points), shapely.get_y(points))
        side = np.append(composite.held_codes, -1)[labels]
        ours = side == composite.side_codes[0].index(left)
        moved = np.where(ours, -moved, moved) + 0.0
    data = {"displacement_km": moved, "km_per_day": moved / days if days else 0.0 * moved}
    return build_frame(data, points)


def points_along(fronts: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Points at equal steps along each line, both ends among them."""
    total = float(fronts["length_km"].sum())
    step = max(_STEP_KM, total / _POINTS)
    points = []
    for line, size in zip(fronts.geometry, fronts["length_km"], strict=True):
        share = np.linspace(0, 1, max(2, int(np.ceil(size / step)) + 1))
        points.append(shapely.line_interpolate_point(line, share, normalized=True))
    return np.concatenate(points)


def distances_km(points: NDArray[np.object_], lines: shapely.Geometry) -> NDArray[np.float64]:
    """Geodesic distance of each point to the nearest position of the lines."""
    plane = LocalPlane.around(lines)
    here = shapely.get_coordinates(points)
    ours = shapely.points(shapely.get_coordinates(plane.forward(shapely.MultiPoint(here))))
    pieces = shapely.segmentize(lines, 0.05)
    ends = shapely.get_coordinates(plane.forward(pieces))
    _, number = shapely.get_coordinates(shapely.get_parts(pieces), return_index=True)
    inner = np.flatnonzero(number[1:] == number[:-1])
    edges = np.asarray(shapely.linestrings(np.stack([ends[inner], ends[inner + 1]], axis=1)))
    nearest = shapely.STRtree(edges).query_nearest(ours, all_matches=False)[1]
    there = shapely.get_point(shapely.shortest_line(ours, edges[nearest]), 1)
    back = shapely.get_coordinates(
        plane.inverse(shapely.MultiPoint(shapely.get_coordinates(there)))
    )
    return distance_km(here[:, 0], here[:, 1], back[:, 0], back[:, 1])


def nearest_of(
    places: Mapping[str, tuple[float, float]], at: tuple[float, float] | None
) -> tuple[str, float | None]:
    """The place nearest to a position, and its distance; of equals the first by id."""
    if at is None or not places:
        return "", None
    ids = sorted(places)
    lonlat = np.array([places[one] for one in ids], dtype=float)
    far = distance_km(lonlat[:, 0], lonlat[:, 1], at[0], at[1])
    k = int(np.argmin(far))
    return ids[k], float(far[k])
