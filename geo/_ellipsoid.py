"""
Areas and lengths of many edges at once, on WGS 84.

Private to `geo.topology`. Edges are straight in longitude-latitude, as in
`geo.crs`, but are integrated instead of cut into geodesics: that is the limit
of cutting them ever finer, and it costs no call per polygon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_AXIS_KM = 6378.137
_FLATTENING = 1 / 298.257223563
_ECC2 = _FLATTENING * (2 - _FLATTENING)
_SERIES = np.array([_ECC2**k * (2 * k + 2) / (2 * k + 1) for k in range(8)])
"""Ground between the equator and a parallel of sine s: a**2 (1 - e**2) / 2 * s * sum(c_k s**2k)."""
_LONG_EDGE_DEG = 0.1


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
    base = _zone(np.sin(np.radians(coords[:, 1].min())))

    def strip(phi: Floats, lon: Floats, lat: Floats) -> Floats:
        del lat
        return (base - _zone(np.sin(phi))) * lon

    return _integrated(coords, offsets, strip)


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

    return _integrated(coords, offsets, step)


def _integrated(
    coords: Floats, offsets: Ints, element: Callable[[Floats, Floats, Floats], Floats]
) -> Floats:
    """
    Sum of an element over the edges of each arc.

    The element is a function of the latitude and of the whole steps of the edge,
    in radians. Gauss-Legendre: two points are exact to 1e-14 on an edge below a
    tenth of a degree, twelve on any of a few dozen degrees.
    """
    lon, lat = np.radians(coords[:, 0]), np.radians(coords[:, 1])
    dlon, dlat = np.diff(lon), np.diff(lat)
    terms = np.zeros(len(lon))
    short = np.maximum(np.abs(dlon), np.abs(dlat)) <= np.radians(_LONG_EDGE_DEG)
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


def _zone(sine: Floats) -> Floats:
    """Square kilometres between the equator and a parallel, for one radian of longitude."""
    square = sine * sine
    total = np.zeros_like(square)
    for factor in _SERIES[::-1]:
        total = total * square + factor
    return _AXIS_KM**2 * (1 - _ECC2) / 2 * sine * total
