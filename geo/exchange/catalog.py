"""
What comes in and goes out, by name: every kind that is read, every format that is written.

The tables load no library, so that ``frontline --help`` prints them at once. What a kind or a
format needs stands in the module that is named here, and is loaded when it is used; a library that
not every user has is named when it is missing.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import GeoError

if TYPE_CHECKING:
    from types import ModuleType

LAYERS = ("control", "events", "places")
"""What a format that holds one layer can be asked for."""

SERIES = "geoparquet-series"
"""The one export that is a folder; all others are files. See `geo.exchange.series`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One way in.

    Attributes
    ----------
    doc
        What such files hold.
    module, reader
        Names of the module of `geo.exchange.reading` and of what takes them there.
    """

    doc: str
    module: str
    reader: str = "READER"


@dataclass(frozen=True, slots=True)
class Format:
    """
    One way out.

    Attributes
    ----------
    suffix
        How its files are called.
    doc
        One line: what it is and who reads it.
    module, function
        Names of the module of `geo.exchange.writing` and of what makes it there.
    limits
        What a reader of such files must know that they lose; empty for nothing.
    """

    suffix: str
    doc: str
    module: str
    function: str = "render"
    limits: str = ""


KINDS: dict[str, Kind] = {
    "acled": Kind("events as ACLED exports them", "events", "ACLED_READER"),
    "ucdp": Kind("events of the UCDP GED or its candidate events", "events", "UCDP_READER"),
    "events-csv": Kind("events of any table", "events"),
    "places-csv": Kind("places of any table", "places"),
    "statements-csv": Kind("lists of who holds which town", "places", "STATEMENT_READER"),
    "control-geojson": Kind("areas of control, one file a date", "control"),
    "intervals-geojson": Kind(
        "areas of control with a first and a last day", "control", "INTERVAL_READER"
    ),
    "kml": Kind("placemarks of Google Earth: areas are control, points are places", "kml"),
}
"""Every kind by its name."""

FORMATS: dict[str, Format] = {
    "geoparquet": Format(
        ".parquet", "One layer as GeoParquet 1.1, for DuckDB, geopandas, R.", "geoparquet"
    ),
    "gpkg": Format(
        ".gpkg", "All layers and tables as a GeoPackage, styled for QGIS.", "geopackage"
    ),
    "geojson-intervals": Format(
        ".geojson", "One layer as GeoJSON with valid_from and valid_to.", "geojson"
    ),
    "topojson": Format(
        ".topojson",
        "Control, events and places with shared arcs, for d3.",
        "geojson",
        "render_topojson",
    ),
    "kml": Format(".kml", "Control, events and places in time, for Google Earth.", "kml"),
    "csv": Format(".csv", "One layer as a table, with a position and km2.", "delimited"),
    "xlsx": Format(".xlsx", "All tables as a workbook, with areas and columns.", "workbook"),
    "flatgeobuf": Format(".fgb", "One layer as FlatGeobuf, for web maps and GDAL.", "gdal"),
    "shapefile": Format(
        ".zip",
        "One layer as Shapefiles in a zip, for programs that take nothing else.",
        "shapefile",
        limits="names are cut to ten letters and texts to 254 bytes; limits.txt in it says which",
    ),
    "qgis-temporal": Format(
        ".qgs",
        "A QGIS project set to step through time, and its GeoPackage.",
        "geopackage",
        "render_project",
    ),
    "acled-csv": Format(".csv", "Events in the columns of ACLED.", "delimited", "render_acled"),
}
"""Every format by its name."""


_PACKAGES = {"xlsxwriter": "XlsxWriter", "python_calamine": "python-calamine"}
"""Packages that are not called as their module is."""


def import_library(name: str, to: str) -> ModuleType:
    """
    Import a library that not every user has.

    Parameters
    ----------
    name
        The module to import.
    to
        What needs it, for the message.

    Returns
    -------
    module
        The library.

    Raises
    ------
    GeoError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        root = name.split(".")[0]
        package = _PACKAGES.get(root, root)
        raise GeoError(f"{to} needs {package}: `pip install 'geo-frontline[formats]'`") from error
