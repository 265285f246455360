"""One layer as GeoJSON, control with its interval; what it is stands in a member ``metadata``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.exchange.writing.jsontext import dump_json, json_properties
from geo.layers import unfold

if TYPE_CHECKING:
    from geo.exchange.writing.content import Content


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, one feature a line."""
    table = content.tables[layer]
    lines = []
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        shape = None if geometry is None else unfold(geometry)
        feature = {"type": "Feature", "properties": json_properties(record), "geometry": shape}
        lines.append(dump_json(feature))
    head = f'{{"type":"FeatureCollection","metadata":{dump_json(content.about)},"features":[\n'
    return {".geojson": (head + ",\n".join(lines) + "\n]}\n").encode()}
