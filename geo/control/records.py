"""Ground as plain records, and as the frames that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.crs import LONLAT
from geo.model import Patch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    import shapely
    from numpy.typing import NDArray

AXES = ("controller", "controllers", "status", "basis", "confidence", "patch")
HANDS = ("id", "from_controller", "to_controller", "from_status", "to_status")


@dataclass(frozen=True, slots=True)
class HeldPatch(Patch):
    """
    The ground of one label at one date.

    Attributes
    ----------
    label
        Who, how, how sure.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    side
        The side that holds it; the status, where nobody is said to hold it alone.
    area_km2
        Geodesic.
    """

    side: str
    area_km2: float


@dataclass(frozen=True, slots=True)
class Outline:
    """
    The joined ground of one holder or side at one date.

    Attributes
    ----------
    holder
        The controller, or the status of ground that nobody holds alone; joined by side, the side.
    side
        Side of the holder.
    area_km2
        Geodesic.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    """

    holder: str
    side: str
    area_km2: float
    geometry: shapely.Geometry


@dataclass(frozen=True, slots=True)
class ChangedGround:
    """
    One connected piece of ground that changed hands between two dates.

    Attributes
    ----------
    id
        The same as long as the ground and the hands are.
    from_controller, from_status
        Who held it before, and how; no controller where nobody is said to have held it alone.
    to_controller, to_status
        The same afterwards.
    area_km2
        Geodesic.
    geometry
        Polygon or MultiPolygon in longitude, latitude.
    """

    id: str
    from_controller: str
    from_status: str
    to_controller: str
    to_status: str
    area_km2: float
    geometry: shapely.Geometry

    @property
    def from_holder(self) -> str:  # numpydoc ignore=RT01
        """Who held it before: the controller, or the status where nobody held it alone."""
        return self.from_controller or self.from_status

    @property
    def to_holder(self) -> str:  # numpydoc ignore=RT01
        """Who holds it afterwards: the controller, or the status where nobody holds it alone."""
        return self.to_controller or self.to_status


def list_texts(values: Iterable[str]) -> NDArray[np.object_]:
    """Plain text, as frames have it."""
    return np.array([str(value) for value in values], dtype=object)


def frame_records(
    columns: dict[str, NDArray[np.object_]],
    records: Sequence[HeldPatch] | Sequence[Outline] | Sequence[ChangedGround],
) -> gpd.GeoDataFrame:
    """Columns of records as a frame, with their areas and shapes."""
    area_km2 = np.array([one.area_km2 for one in records], dtype=float)
    shapes_of = np.empty(len(records), dtype=object)
    shapes_of[:] = [one.geometry for one in records]
    return build_frame({**columns, "area_km2": area_km2}, shapes_of)


def build_frame(columns: dict[str, Any], shapes: NDArray[np.object_]) -> gpd.GeoDataFrame:
    """
    Return columns and shapes as a frame in longitude, latitude.

    Parameters
    ----------
    columns
        The columns before the geometry.
    shapes
        Geometries, longitude, latitude.

    Returns
    -------
    frame
        In the order given, its CRS set.
    """
    import geopandas as gpd
    from geopandas.array import from_shapely

    # A geometry array that knows its CRS spares the frame from asking twice: half the time.
    geometry = from_shapely(shapes, crs=LONLAT)
    return gpd.GeoDataFrame({**columns, "geometry": geometry}, geometry="geometry")
