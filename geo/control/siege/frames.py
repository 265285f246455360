"""Answers about supply as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.crs import LONLAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import shapely


def build_cut_frame(
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    geometry: Sequence[shapely.Geometry | None],
    pocket: Sequence[shapely.Geometry | None] | None = None,
) -> gpd.GeoDataFrame:
    """Build a frame whose columns are there even without rows."""
    import geopandas as gpd

    data: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    if pocket is not None:
        data["pocket"] = gpd.GeoSeries(list(pocket), crs=LONLAT)
    return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(list(geometry), crs=LONLAT), crs=LONLAT)
