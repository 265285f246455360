"""All layers and tables in one GeoPackage, with the styles that QGIS finds by itself."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.exchange.writing.gdal import write_table
from geo.exchange.writing.jsontext import dump_json
from geo.exchange.writing.styles import styles_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.exchange.writing.content import Content
    from geo.exchange.writing.tables import TypedTable


def render(content: Content, **_: str) -> dict[str, bytes]:
    """Return the GeoPackage."""
    tables = [*content.tables.values(), styles_table(content)]
    return {".gpkg": geopackage(tables, about=content.about)}


def geopackage(tables: Iterable[TypedTable], *, about: Mapping[str, Any]) -> bytes:
    """
    Return tables as one GeoPackage.

    Parameters
    ----------
    tables
        With or without shapes.
    about
        Facts that it must name, by name.

    Returns
    -------
    data
        The same tables give the same bytes.

    Raises
    ------
    GeoError
        If GDAL cannot write them.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "theatre.gpkg"
        named = {
            f"about_{key}": value if isinstance(value, str) else dump_json(value)
            for key, value in about.items()
        }
        for table in tables:
            facts = {"IDENTIFIER": table.name, "DESCRIPTION": table.doc} if table.doc else {}
            # Programs of the last years read this version without a warning.
            new = {} if path.exists() else {"dataset_options": {"VERSION": "1.2"}}
            write_table(path, table, "GPKG", dataset_metadata=named, layer_options=facts, **new)
        return path.read_bytes()
