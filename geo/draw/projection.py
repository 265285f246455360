"""
Where positions lie on a web map, whose plane is Web Mercator's.

Ground over longitude 180 is drawn in one piece: what lies west of the line's far side is moved by
360 degrees, which web maps allow. Towards a pole Mercator stretches without end, and beyond 85
degrees it shows nothing. A theatre that reaches there is drawn in a plane of its own, the
stereographic one about its middle (Snyder 1987, USGS Professional Paper 1395, 21-2 to 21-4, on a
sphere, as Web Mercator is): each position is given the longitude and latitude that Mercator draws
where the plane has it, so that everything which draws on a web map draws this plane unawares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.crs import LocalPlane, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MERCATOR_TO_DEG = 84.0
"""A theatre that reaches beyond has a plane of its own; Mercator ends at 85.05."""

_STEP_DEG = 0.5
"""Edges are cut this fine for the plane: at 80 degrees they lie within 11 m of their arc."""


class Projection:
    """
    How a theatre lies on a web map.

    Parameters
    ----------
    area
        The study area, longitude, latitude.

    Attributes
    ----------
    over_from
        Positions west of this longitude are moved by 360 degrees; None where nothing is.
    centre
        Longitude, latitude of the plane's middle; None where the map is plain Mercator.

    Examples
    --------
    >>> halves = [shapely.box(177, -19, 180, -16), shapely.box(-180, -19, -178, -16)]
    >>> islands = shapely.MultiPolygon(halves)
    >>> shown = Projection(islands)
    >>> shown.point(-179.5, -17)
    [180.5, -17.0]
    >>> shown.forward(islands).bounds
    (177.0, -19.0, 182.0, -16.0)
    """

    def __init__(self, area: shapely.Geometry) -> None:
        self.over_from: float | None = None
        self.centre: tuple[float, float] | None = None
        if shapely.is_empty(area):
            return
        west, south, east, north = span_of(area)
        if max(north, -south) > MERCATOR_TO_DEG:
            plane = LocalPlane.around(area)
            self.centre = (plane.lon, plane.lat)
        elif east > 180:
            self.over_from = (west + east) / 2 - 180

    @property
    def is_plain(self) -> bool:
        """Whether positions are drawn as they are."""
        return self.over_from is None and self.centre is None

    def record(self) -> dict[str, Any]:
        """
        Return what a page needs to know of it.

        Returns
        -------
        record
            ``over`` or ``centre``; empty where the map is plain Mercator.
        """
        if self.centre is not None:
            return {"centre": list(self.centre)}
        return {} if self.over_from is None else {"over": self.over_from}

    def positions(self, lonlat: ArrayLike) -> Floats:
        """
        Return where positions are drawn.

        Parameters
        ----------
        lonlat
            Longitude, latitude, in rows.

        Returns
        -------
        shown
            The same number of rows, for a web map: longitude, latitude.
        """
        xy = np.asarray(lonlat, dtype=float).reshape(-1, 2)
        if self.centre is not None:
            return _in_plane(xy, self.centre)
        if self.over_from is not None:
            return xy + np.where(xy[:, :1] < self.over_from, [360.0, 0.0], [0.0, 0.0])
        return xy

    def point(self, lon: float, lat: float) -> list[float]:
        """
        Return where one position is drawn.

        Parameters
        ----------
        lon, lat
            Degrees.

        Returns
        -------
        shown
            Longitude, latitude, for a web map.
        """
        return [round(v, 6) for v in self.positions([[lon, lat]])[0].tolist()]

    def line(self, lonlat: Sequence[Sequence[float]], decimals: int = 5) -> list[list[float]]:
        """
        Return where a line of positions is drawn.

        Parameters
        ----------
        lonlat
            Longitude, latitude, in rows.
        decimals
            How finely the answer is rounded.

        Returns
        -------
        shown
            As many rows.
        """
        rows: list[list[float]] = self.positions(lonlat).round(decimals).tolist()
        return rows

    def flat(self, lonlat: ArrayLike) -> Floats:
        """
        Return where positions lie on paper, which stretches nothing towards a pole.

        Parameters
        ----------
        lonlat
            Longitude, latitude, in rows.

        Returns
        -------
        flat
            As many rows: degrees of longitude and latitude; in a plane of its own, radii of the
            Earth as degrees.
        """
        shown = self.positions(lonlat)
        if self.centre is None:
            return shown
        up = np.degrees(np.arcsinh(np.tan(np.radians(shown[:, 1]))))
        return np.column_stack([shown[:, 0], up])

    def forward(self, geometry: shapely.Geometry, *, flat: bool = False) -> shapely.Geometry:
        """
        Return a geometry where it is drawn; longitude 180 and a pole part nothing.

        Parameters
        ----------
        geometry
            Longitude, latitude.
        flat
            For paper, as `flat` has it.

        Returns
        -------
        shown
            For a web map or paper; the same one where the map is plain Mercator.
        """
        if self.is_plain or shapely.is_empty(geometry):
            return geometry
        if self.over_from is not None:
            return _unparted(geometry, self.over_from)
        fine = shapely.segmentize(geometry, _STEP_DEG)
        moved = shapely.transform(fine, self.flat if flat else self.positions)
        if shapely.get_dimensions(geometry) != 2:
            return moved
        sound = shapely.make_valid(moved, method="structure", keep_collapsed=False)
        return shapely.union_all(shapely.get_parts(sound), grid_size=1e-7)


def _in_plane(xy: Floats, centre: tuple[float, float]) -> Floats:
    middle, north = np.radians(centre)
    lon, lat = np.radians(xy[:, 0]) - middle, np.radians(xy[:, 1])
    towards = np.sin(north) * np.sin(lat) + np.cos(north) * np.cos(lat) * np.cos(lon)
    # The far side of the Earth would lie without end: nothing that is drawn does.
    scale = 2 / (1 + np.maximum(towards, -0.99))
    x = scale * np.cos(lat) * np.sin(lon)
    y = scale * (np.cos(north) * np.sin(lat) - np.sin(north) * np.cos(lat) * np.cos(lon))
    shown: Floats = np.degrees(np.column_stack([x, 2 * np.arctan(np.exp(y)) - np.pi / 2]))
    return shown


def _unparted(shape: shapely.Geometry, over_from: float) -> shapely.Geometry:
    """A geometry that longitude 180 parts, in one piece."""
    near = shapely.intersection(shape, shapely.box(over_from, -90, 180, 90))
    far = shapely.intersection(shape, shapely.box(-180, -90, over_from, 90))
    far = shapely.transform(far, lambda xy: xy + np.array([360.0, 0.0]))
    dimension = shapely.get_dimensions(shape)
    parts = [part for half in (near, far) for part in shapely.get_parts(half)]
    return shapely.union_all([p for p in parts if shapely.get_dimensions(p) == dimension])
