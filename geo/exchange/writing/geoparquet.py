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
    fields.append(pa.field("bbox", pa.struct([(name, pa.float64()) for name in _BOX])))
    columns.append(pa.array(_boxes(shapes), fields[-1].type))
    found = sorted({str(g.geom_type) for g in shapes if g is not None})
    # Readers that ask for a part of the world look at these columns and skip the rest.
    more: dict[str, Any] = {"covering": {"bbox": {name: ["bbox", name] for name in _BOX}}}
    if "MultiPolygon" in found:
        more["orientation"] = "counterclockwise"
    metadata = {
        "geo": dump_json(about_shapes(shapes, found, **more)),
        "about": dump_json(content.about),
    }
    sink = BytesIO()
    schema = pa.schema(fields, metadata=metadata)
    parquet.write_table(pa.Table.from_arrays(columns, schema=schema), sink, compression="zstd")
    return {".parquet": sink.getvalue()}


_BOX = ("xmin", "ymin", "xmax", "ymax")


def _boxes(shapes: NDArray[np.object_]) -> list[dict[str, float] | None]:
    """The box of each shape; none where there is no ground."""
    bounds = shapely.bounds(shapes).tolist()
    return [
        None if shape is None or shape.is_empty else dict(zip(_BOX, box, strict=True))
        for shape, box in zip(shapes, bounds, strict=True)
    ]


def about_shapes(shapes: NDArray[np.object_], types: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return what a file says of its column of shapes."""
    # No crs member: the format's default is longitude, latitude on WGS 84.
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": types, "edges": "planar"}
    if any(shape is not None for shape in shapes):
        column["bbox"] = [float(v) for v in shapely.total_bounds(shapes)]
    columns = {"geometry": column | more}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
