"""One layer as FlatGeobuf, for web maps and GDAL."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from geo.exchange.writing.gdal import write_table

if TYPE_CHECKING:
    from geo.exchange.writing.content import Content


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, with its title and credits."""
    table = content.tables[layer]
    facts = {"TITLE": str(content.about["title"]), "DESCRIPTION": content.credit}
    if any(geometry is None for geometry in table.shapes):
        facts["SPATIAL_INDEX"] = "NO"  # GDAL cannot index what has no place
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{layer}.fgb"
        write_table(path, table, "FlatGeobuf", layer_options=facts)
        return {".fgb": path.read_bytes()}
