"""One layer as GeoParquet 1.1: WKB, one row group a file, the facts in its metadata."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import shapely

from geo.exchange.catalog import import_library
from geo.exchange.writing.geojson import dump_json
from geo.exchange.writing.tables import ColumnType, uniform_shapes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from geo.exchange.writing.content import Content


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer."""
    pa = import_library("pyarrow", "geoparquet")
    parquet = import_library("pyarrow.parquet", "geoparquet")
    types = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.REAL: pa.float64(),
        ColumnType.DATE: pa.date32(),
    }
    table = content.tables[layer]
    fields = [pa.field(column.name, types[column.type]) for column in table.columns]
    columns = [pa.array(table.values(field.name), field.type) for field in fields]
    shapes = uniform_shapes(table.shapes)
    fields.append(pa.field("geometry", pa.binary()))
    columns.append(pa.array(shapely.to_wkb(shapes, flavor="iso").tolist(), pa.binary()))
    found = sorted({str(g.geom_type) for g in shapes if g is not None})
    more = {"orientation": "counterclockwise"} if "MultiPolygon" in found else {}
    metadata = {
        "geo": dump_json(about_shapes(shapes, found, **more)),
        "about": dump_json(content.about),
    }
    sink = BytesIO()
    schema = pa.schema(fields, metadata=metadata)
    parquet.write_table(pa.Table.from_arrays(columns, schema=schema), sink, compression="zstd")
    return {".parquet": sink.getvalue()}


def about_shapes(shapes: NDArray[np.object_], types: Sequence[str], **more: str) -> dict[str, Any]:
    """Return what a file says of its column of shapes."""
    # No crs member: the format's default is longitude, latitude on WGS 84.
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": types, "edges": "planar"}
    if any(shape is not None for shape in shapes):
        column["bbox"] = [float(v) for v in shapely.total_bounds(shapes)]
    columns = {"geometry": column | more}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
