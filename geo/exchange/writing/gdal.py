"""FlatGeobuf, and what a GeoPackage is made by: tables as GDAL writes them, with the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.errors import GeoError
from geo.exchange.catalog import import_library
from geo.exchange.writing.tables import ColumnType, uniform_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.exchange.writing.content import Content
    from geo.exchange.writing.tables import TypedColumn, TypedTable

EPOCH = "1980-01-01T00:00:00.000Z"
"""Written where a format demands a time of writing: the same input gives the same bytes."""


def write_table(path: Path, table: TypedTable, driver: str, **options: Any) -> None:
    """
    Write one table to a new file, or beside those of a file that is there.

    It goes through the raw door of pyogrio: the one for frames turns dates into times of day.

    Raises
    ------
    GeoError
        If GDAL cannot.
    """
    gdal, raw = import_library("pyogrio", driver), import_library("pyogrio.raw", driver)
    errors = import_library("pyogrio.errors", driver)
    data, masks = zip(*(_arrays(table, column) for column in table.columns), strict=True)
    shape, kind = None, None
    if table.geometry is not None:
        uniform = uniform_shapes(table.geometry)
        shape = np.array(shapely.to_wkb(uniform), dtype=object)
        found = {str(g.geom_type) for g in uniform if g is not None}
        kind = found.pop() if len(found) == 1 else "Unknown"
    # A GeoPackage would hold the time of writing; and this file, in a folder of its own that goes
    # away, need not survive a crash.
    wanted = {"OGR_CURRENT_DATE": EPOCH, "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    before = {name: gdal.get_gdal_config_option(name) for name in wanted}
    try:
        gdal.set_gdal_config_options(wanted)
        raw.write(
            str(path),
            shape,
            list(data),
            table.names,
            field_mask=list(masks),
            layer=table.name,
            driver=driver,
            geometry_type=kind,
            crs="EPSG:4326" if shape is not None else None,
            append=path.exists(),
            **options,
        )
    except (errors.DataSourceError, errors.FeatureError, errors.FieldError) as error:
        raise GeoError(f"GDAL cannot write {table.name} as {driver}: {error}") from error
    finally:
        gdal.set_gdal_config_options(before)


def _arrays(table: TypedTable, column: TypedColumn) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values of a column as GDAL takes them, and which of them are missing."""
    values = table.values(column.name)
    missing = np.array([value is None for value in values], dtype=bool)
    if column.type == ColumnType.TEXT:
        return np.array(values, dtype=object), missing
    if column.type == ColumnType.DATE:
        return np.array(values, dtype="datetime64[D]"), missing
    filled = [0 if value is None else value for value in values]
    number = "int64" if column.type == ColumnType.INTEGER else "float64"
    return np.array(filled, dtype=number), missing


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, with its title and credits."""
    table = content.tables[layer]
    how = f"{content.credit} {content.about['how_to_read']}"
    facts = {"TITLE": str(content.about["title"]), "DESCRIPTION": how}
    if any(geometry is None for geometry in table.shapes):
        facts["SPATIAL_INDEX"] = "NO"  # GDAL cannot index what has no place
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{layer}.fgb"
        write_table(path, table, "FlatGeobuf", layer_options=facts)
        return {".fgb": path.read_bytes()}
