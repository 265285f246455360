"""
Longitude and latitude, metres, and the ellipsoid: the one door to pyproj.

Everywhere in this package a position is longitude, latitude in degrees on WGS 84, in that order.
Areas and lengths are those of the ellipsoid. An edge is a straight line in longitude-latitude (RFC
7946, 3.1.1), so that splitting it changes no total. Other tools take the geodesic between two
corners for the edge (Karney 2013, J. Geodesy 87, 43-55, as in PROJ and in PostGIS's geography): the
two agree where edges are short, and `area_km2` measures either. Straight edges are measured here,
by integrals over many edges at once; geodesics and the plane are PROJ's, which takes as long to
import as numpy does and is imported when it is first asked.

The ground between a straight edge and the geodesic grows with the cube of the edge: some 0.01 km2
for 10 km, thousands for ten degrees, so areas of a coarse layer differ by up to 0.8 % from what
PostGIS prints. Geodesic figures are taken patch by patch as drawn, never from the composite,
which has cut the edges of all dates at each other. The integral of the zone below an edge, by two
points of Gauss and Legendre, is right to 1e-14 for edges under a tenth of a degree: the limit of
cutting an edge ever finer and measuring the pieces as geodesics, at a tenth of the cost.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import shapely
import shapely.affinity

from geo.errors import CRSError
from geo.model import Edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from pyproj import Geod, Transformer

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Way = Literal["in", "out"]
    Element = Callable[[Floats, Floats, Floats], Floats]
    """Of a latitude and the whole steps of an edge in longitude and latitude, all in radians."""

__all__ = [
    "GRID_DEG", "LONLAT", "Edges", "LocalPlane", "arc_length_km", "area_km2", "cut_at_180",
    "distance_km", "ground_km2", "length_km", "middle_of", "snap", "span_of", "to_lonlat",
]  # fmt: skip

LONLAT = "EPSG:4326"
"""The only CRS of a frame that leaves this package; axes are longitude, latitude."""

GRID_DEG = 1e-6
"""Coordinates are kept on this grid: about 0.1 m."""

_DECIMALS = 6
"""The same grid as decimals of the text in the layers."""

_AXIS_KM = 6378.137
_FLATTENING = 1 / 298.257223563
"""The two numbers that define the ellipsoid of WGS 84 (NGA.STND.0036, table 3.1)."""

_ECC2 = _FLATTENING * (2 - _FLATTENING)
_ZONE_TERMS = np.array([_ECC2**k * (2 * k + 2) / (2 * k + 1) for k in range(8)])
"""
Ground between the equator and a parallel of sine s is ``a**2 (1 - e**2) / 2 * s * sum(c_k s**2k)``.

It is the series of the closed form with logarithms (Snyder 1987, 3-12); the first term left out is
below 1e-17 of the sum, less than a double can hold.
"""

_LONG_EDGE_DEG = 0.1
"""
Up to this length two points of Gauss-Legendre are exact to 1e-14, above it twelve are taken.

Nearly all edges of layers are far shorter. Twelve give an edge of 60 degrees the ground of the
same edge cut into short ones, to the last digit.
"""

_MAX_EDGE_DEG = 0.05
"""
Lines are measured in geodesics no longer than this, about 5 km.

Their sum is the length of the straight edge to 1e-7 of itself, at any latitude.
"""

_POLYGON = shapely.GeometryType.POLYGON
"""Types of a higher number have parts."""


def middle_of(shape: shapely.Geometry) -> shapely.Point:
    """
    Return the one position that stands for a shape where only a position will do.

    Parameters
    ----------
    shape
        Longitude, latitude; not empty.

    Returns
    -------
    point
        A point itself; half-way along a line, as measured in degrees; a point inside of an area,
        which a centroid need not be. Of many lines the one half-way along all of them.

    Examples
    --------
    >>> from shapely import LineString, box
    >>> print(middle_of(LineString([(36, 33), (36, 33.5), (37, 33.5)])))
    POINT (36.25 33.5)
    >>> print(middle_of(box(36, 33, 37, 34)))
    POINT (36.5 33.5)
    """
    if isinstance(shape, shapely.Point):
        return shape
    if isinstance(shape, shapely.LineString | shapely.MultiLineString):
        return shapely.line_interpolate_point(shape, 0.5, normalized=True)
    inside = shapely.point_on_surface(shape)
    assert isinstance(inside, shapely.Point)
    return inside


def snap(geometry: shapely.Geometry) -> shapely.Geometry:
    """
    Return a geometry with every coordinate on the 1e-6 degree grid.

    Parameters
    ----------
    geometry
        Longitude, latitude.

    Returns
    -------
    geometry
        Rounded vertex by vertex; validity is not kept by force, so check it afterwards.
    """
    # Rounding to decimals gives the double that their text parses to; + 0.0 makes -0.0 plain 0.0.
    return shapely.transform(geometry, lambda xy: np.round(xy, _DECIMALS) + 0.0)


# ---------------------------------------------------------------- areas


def area_km2(
    geometries: shapely.Geometry | Sequence[shapely.Geometry] | NDArray[np.object_],
    *,
    edges: Edges = "straight",
) -> NDArray[np.float64]:
    """
    Return areas on the ellipsoid.

    Parameters
    ----------
    geometries
        One geometry or many, longitude, latitude.
    edges
        What an edge is: ``straight`` in longitude-latitude, as it is drawn and as everything else
        here takes it, or the ``geodesic`` between its corners, as ``pyproj.Geod`` and PostGIS's
        ``geography`` take it. Of an edge of 10 km the difference is some 0.01 km2; it grows with
        the cube of the length, and of an edge along a parallel of ten degrees it is thousands.

    Returns
    -------
    area_km2
        One number a geometry, square kilometres, never negative; 0 for lines and points.

    Raises
    ------
    CRSError
        If a coordinate lies outside [-180, 180] x [-90, 90]: metres were given for degrees.
    ValueError
        If `edges` is neither of the two.

    Examples
    --------
    >>> square = shapely.box(0, 45, 10, 50)
    >>> float(area_km2(square)[0].round()), float(area_km2(square, edges="geodesic")[0].round())
    (418700.0, 418031.0)
    """
    if edges not in get_args(Edges):
        raise ValueError(f"edges is {edges!r}; it must be {' or '.join(get_args(Edges))}")
    many = np.atleast_1d(np.asarray(geometries, dtype=object))
    _require_lonlat(many)
    if edges == "geodesic":
        # PROJ subtracts what turns the other way: shells must run counter-clockwise, holes not.
        wound = shapely.orient_polygons(many)
        return np.array([abs(_geod().geometry_area_perimeter(g)[0]) / 1e6 for g in wound])
    rings, owner, hole = _split_rings(many)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    offsets = np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64)
    ground = np.abs(ground_km2(coords, offsets))
    total = np.bincount(owner, np.where(hole, -ground, ground), minlength=len(many))
    return np.abs(total)


def _split_rings(
    many: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.bool_]]:
    """The rings of all areas, whose they are, and which of them are holes."""
    parts, owner = many, np.arange(len(many))
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts, index = shapely.get_parts(parts, return_index=True)
        owner = owner[index]
    kept = (shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)
    rings, part = shapely.get_rings(parts[kept], return_index=True)
    hole = np.zeros(len(rings), bool)
    hole[1:] = part[1:] == part[:-1]
    return rings, owner[kept][part], hole


def ground_km2(coords: Floats, offsets: Ints) -> Floats:
    """
    Return the ground between arcs and one parallel for all.

    Parameters
    ----------
    coords
        Longitude, latitude of all arcs, one after the other.
    offsets
        Where each arc begins; one more than there are arcs.

    Returns
    -------
    ground_km2
        Square kilometres, so signed that round a ring they add up to its area where it runs
        counter-clockwise.
    """
    if len(offsets) < 2:
        return np.zeros(0)
    base = _zone_km2(np.sin(np.radians(coords[:, 1].min())))

    def strip(phi: Floats, lon: Floats, lat: Floats) -> Floats:
        del lat
        return (base - _zone_km2(np.sin(phi))) * lon

    return _integrate_edges(coords, offsets, strip)


def _zone_km2(sine: Floats) -> Floats:
    """Square kilometres between the equator and a parallel, for one radian of longitude."""
    square = sine * sine
    total = np.zeros_like(square)
    for factor in _ZONE_TERMS[::-1]:
        total = total * square + factor
    return _AXIS_KM**2 * (1 - _ECC2) / 2 * sine * total


def length_km(geometries: shapely.Geometry | Sequence[shapely.Geometry]) -> NDArray[np.float64]:
    """
    Return geodesic lengths.

    Parameters
    ----------
    geometries
        One geometry or many, longitude, latitude.

    Returns
    -------
    length_km
        One number a geometry, kilometres; the perimeter of an area.

    Raises
    ------
    CRSError
        If a coordinate lies outside [-180, 180] x [-90, 90]: metres were given for degrees.
    """
    many = np.atleast_1d(np.asarray(geometries, dtype=object))
    _require_lonlat(many)
    pieces = shapely.segmentize(many, _MAX_EDGE_DEG)
    geod = _geod()
    return np.array([geod.geometry_length(g) / 1e3 if not g.is_empty else 0.0 for g in pieces])


def distance_km(
    lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike
) -> NDArray[np.float64]:
    """
    Return geodesic distances between positions.

    Parameters
    ----------
    lon1, lat1
        From here, degrees; broadcast against the others.
    lon2, lat2
        To there, degrees.

    Returns
    -------
    distance_km
        Kilometres, in the broadcast shape.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (lon1, lat1, lon2, lat2)))
    shape = arrays[0].shape
    from_lon, from_lat, to_lon, to_lat = (np.ravel(a) for a in arrays)
    metres = _geod().inv(from_lon, from_lat, to_lon, to_lat)[2]
    return np.asarray(metres, dtype=float).reshape(shape) / 1e3


def arc_length_km(coords: Floats, offsets: Ints) -> Floats:
    """
    Return the length of arcs.

    Parameters
    ----------
    coords
        Longitude, latitude of all arcs, one after the other.
    offsets
        Where each arc begins; one more than there are arcs.

    Returns
    -------
    length_km
        Kilometres.
    """
    if len(offsets) < 2:
        return np.zeros(0)

    def step(phi: Floats, lon: Floats, lat: Floats) -> Floats:
        sine = np.sin(phi)
        square = 1 - _ECC2 * sine * sine
        north = (1 - _ECC2) / square * lat
        return _AXIS_KM * np.sqrt((north * north + (1 - sine * sine) * lon * lon) / square)

    return _integrate_edges(coords, offsets, step)


def _integrate_edges(coords: Floats, offsets: Ints, element: Element) -> Floats:
    """Sums over the edges of each arc of an element, integrated along the edge."""
    lon, lat = np.radians(coords[:, 0]), np.radians(coords[:, 1])
    dlon, dlat = np.diff(lon), np.diff(lat)
    terms = np.zeros(len(lon))
    short = np.maximum(np.abs(dlon), np.abs(dlat)) <= np.radians(_LONG_EDGE_DEG)
    # From the end of one arc to the begin of the next there is no edge, however long it would be.
    short[offsets[1:-1] - 1] = True
    for chosen, points in ((short, 2), (~short, 12)):
        at = np.flatnonzero(chosen)
        if not len(at):
            continue
        nodes, weights = np.polynomial.legendre.leggauss(points)
        total = np.zeros(len(at))
        begin, across, up = lat[at], dlon[at], dlat[at]
        for node, weight in zip(nodes, weights, strict=True):
            total += weight / 2 * element(begin + (node + 1) / 2 * up, across, up)
        terms[at] = total
    terms[offsets[1:] - 1] = 0.0
    return np.add.reduceat(terms, offsets[:-1])


# ---------------------------------------------------------------- the plane, and PROJ


class LocalPlane:
    """
    An equal-area plane round one position, in metres.

    Lambert azimuthal equal-area on WGS 84. Within 300 km of the centre distances
    are off by less than 0.03 % (Snyder 1987, USGS Professional Paper 1395, 182-190).

    Parameters
    ----------
    lon, lat
        Centre, degrees.

    Examples
    --------
    >>> plane = LocalPlane(37.5, 33.2)
    >>> plane.forward(shapely.Point(37.5, 33.2)).wkt
    'POINT (0 0)'
    """

    def __init__(self, lon: float, lat: float) -> None:
        self.lon, self.lat = float(lon), float(lat)

    @classmethod
    def around(cls, geometry: shapely.Geometry) -> LocalPlane:
        """
        Return the plane round the middle of a geometry's bounds.

        Parameters
        ----------
        geometry
            Longitude, latitude.

        Returns
        -------
        plane
            Centred there, to a tenth of a degree; of ground over longitude 180 on its own side of
            the world, and of ground all round a pole there.
        """
        west, south, east, north = span_of(geometry)
        if east - west > _HALF_ROUND and max(north, -south) > _POLAR:
            return cls(0.0, 90.0 if north > -south else -90.0)
        return cls(round(_turned((west + east) / 2), 1), round((south + north) / 2, 1))

    def forward(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """
        Return the geometry in metres.

        Parameters
        ----------
        geometry
            Longitude, latitude.

        Returns
        -------
        geometry
            Metres; x to the east, y to the north.
        """
        return _joined(geometry, self._transform(geometry, "in"))

    def inverse(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """
        Return the geometry in longitude, latitude.

        Parameters
        ----------
        geometry
            Metres in this plane.

        Returns
        -------
        geometry
            Degrees.
        """
        if abs(self.lat) == 90 and shapely.get_dimensions(geometry) > 0:
            return self._cut_round_pole(geometry)
        return cut_at_180(self._transform(geometry, "out"))

    def _cut_round_pole(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Quarter by quarter, with a dot for the pole cut out: on the map it is an edge."""
        transform = _transformer(self.lon, self.lat, "out").transform
        parts: list[shapely.Geometry] = []
        for east, up in ((1, 1), (1, -1), (-1, 1), (-1, -1)):

            def unroll(xy: Floats, east: int = east) -> Floats:
                lon, lat = transform(*xy.T)
                lon = np.clip(np.abs(np.where(east * lon < -90, 180, lon)), 0, 180) * east
                return np.column_stack([lon, np.where(np.hypot(*xy.T) < 2 * _DOT_M, self.lat, lat)])

            quarter = shapely.affinity.scale(_QUARTER, east, up, origin=(0, 0))
            some = shapely.get_parts(shapely.intersection(geometry, quarter))
            same = shapely.get_dimensions(some) == shapely.get_dimensions(geometry)
            parts += list(shapely.transform(some[same & ~shapely.is_empty(some)], unroll))
        return shapely.union_all(parts)

    def _transform(self, geometry: shapely.Geometry, way: Way) -> shapely.Geometry:
        transform = _transformer(self.lon, self.lat, way).transform
        return shapely.transform(geometry, lambda xy: np.column_stack(transform(*xy.T)))


_HALF_ROUND = 180.0
_POLAR = 60.0
_DOT_M = 0.1
_QUARTER = shapely.box(0, 0, 3e7, 3e7) - shapely.Point(0, 0).buffer(_DOT_M)
_JOINED_M = 1e-3
"""What longitude 180 parted is joined on this grid: the two halves differ by rounding."""


def _turned(degrees: float) -> float:
    return (degrees + 180) % 360 - 180 if abs(degrees) > 180 else degrees


def span_of(geometry: shapely.Geometry) -> tuple[float, float, float, float]:
    """
    Return the bounds of a geometry on the globe.

    Parameters
    ----------
    geometry
        Longitude, latitude; not empty.

    Returns
    -------
    west, south, east, north
        The shortest span of longitudes that holds all of it: its east may lie over 180.
    """
    west, south, east, north = shapely.bounds(geometry).tolist()
    if east - west > _HALF_ROUND:
        west, east = _span_over_the_line(geometry)
    return west, south, east, north


def _span_over_the_line(geometry: shapely.Geometry) -> tuple[float, float]:
    """The shortest span of longitudes with all parts of a geometry."""
    parts = shapely.bounds(shapely.get_parts(geometry))
    begin = np.sort(parts[:, 0])
    reach = np.maximum.accumulate(parts[np.argsort(parts[:, 0]), 2])
    gaps = np.append(begin[1:] - reach[:-1], begin[0] + 360 - reach[-1])
    widest = int(np.argmax(gaps))
    if widest == len(gaps) - 1:
        return float(begin[0]), float(reach[-1])
    return float(begin[widest + 1]), float(reach[widest] + 360)


def _joined(lonlat: shapely.Geometry, flat: shapely.Geometry) -> shapely.Geometry:
    """Ground in the plane, whole again where longitude 180 or a pole parts it on the map."""
    if shapely.get_dimensions(lonlat) != 2:
        return flat
    west, _, east, _ = shapely.bounds(lonlat)
    if west > -180 or east < 180:
        return flat
    sound = shapely.make_valid(flat, method="structure", keep_collapsed=False)
    return shapely.union_all(shapely.get_parts(sound), grid_size=_JOINED_M)


def cut_at_180(geometry: shapely.Geometry) -> shapely.Geometry:
    """
    Return a geometry cut at longitude 180 where it lies over it.

    Parameters
    ----------
    geometry
        Longitude, latitude; longitudes may reach over 180, or leap by more than half the world from
        one position to the next, which is taken for the short way.

    Returns
    -------
    geometry
        Between -180 and 180, its edges straight; of ground that holds a pole, along it. The same
        one where nothing lies over the line.
    """
    if not _lies_over_the_line(geometry):
        return geometry
    import antimeridian

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts: list[shapely.Geometry] = []
        for part in shapely.get_parts(geometry):
            cut = part
            if not _lies_over_the_line(part):
                pass
            elif isinstance(part, shapely.Polygon):
                cut = antimeridian.fix_polygon(part, great_circle=False)
            elif isinstance(part, shapely.LineString):
                cut = antimeridian.fix_line_string(part, great_circle=False)
            elif isinstance(part, shapely.Point):
                cut = shapely.Point(_turned(part.x), part.y)
            parts.extend(shapely.get_parts(cut))
    if len(parts) == 1:
        return parts[0]
    kinds: list[Any] = [shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon]
    whole: shapely.Geometry = kinds[int(shapely.get_dimensions(parts[0]))](parts)
    return whole


def _lies_over_the_line(geometry: shapely.Geometry) -> bool:
    """Whether a longitude is over 180, or an edge leaps over the line."""
    xy = shapely.get_coordinates(geometry)
    if not len(xy) or not np.isfinite(xy).all():
        return False
    if np.abs(xy[:, 0]).max() > 180:
        return True
    if np.ptp(xy[:, 0]) <= _HALF_ROUND:
        return False
    parts = shapely.get_parts(geometry)
    if shapely.get_dimensions(geometry) == 2:
        parts = shapely.get_rings(parts)
    x, line = shapely.get_coordinates(parts, return_index=True)
    same = line[1:] == line[:-1]
    return bool((same & (np.abs(np.diff(x[:, 0])) > _HALF_ROUND)).any())


@lru_cache(maxsize=1)
def _geod() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


@lru_cache(maxsize=32)
def _transformer(lon: float, lat: float, way: Way) -> Transformer:
    """From longitude, latitude into the plane round a position, or out of it."""
    from pyproj import CRS, Transformer

    plane = CRS.from_proj4(f"+proj=laea +lon_0={lon} +lat_0={lat} +datum=WGS84 +units=m")
    source, target = (LONLAT, plane) if way == "in" else (plane, LONLAT)
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=8)
def to_lonlat(system: str) -> Transformer:
    """Return what turns east, north of a system, a code or WKT, into longitude, latitude."""
    from pyproj import Transformer

    return Transformer.from_crs(system, LONLAT, always_xy=True)


def _require_lonlat(geometries: NDArray[np.object_]) -> None:
    if not len(geometries):
        return
    bounds = shapely.total_bounds(geometries)
    if np.isfinite(bounds).all() and (
        bounds[0] < -180 or bounds[2] > 180 or bounds[1] < -90 or bounds[3] > 90
    ):
        raise CRSError(
            f"coordinates reach from {bounds[0]:g}, {bounds[1]:g} to {bounds[2]:g}, "
            f"{bounds[3]:g}: that is not longitude and latitude in degrees"
        )
