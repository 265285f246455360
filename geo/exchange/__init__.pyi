from .catalog import FORMATS, KINDS, LAYERS, SERIES
from .export import export_series, render_export, write_export
from .imports import Import, run_import
from .qgis.package import FACTS, read_package, refresh_package
from .qgis.project import FormField, Project, ProjectLayer, render_project
from .reading.back import ReturnedTable, read_returned
from .reading.intake import Options
from .reading.shapes import mend_geometry
from .reading.words import Word, read_words, words_table
from .report_text import ReportText, read_report_text
from .revising import revise
from .saving import import_into, save_import
from .series_histories import histories, series_areas
from .texts import guard_formula
from .writing.geopackage import geopackage
from .writing.tables import (
    ColumnType,
    TypedColumn,
    TypedTable,
    context_tables,
    features_table,
    place_tables,
)

__all__ = [
    "FACTS",
    "FORMATS",
    "KINDS",
    "LAYERS",
    "SERIES",
    "ColumnType",
    "FormField",
    "Import",
    "Options",
    "Project",
    "ProjectLayer",
    "ReportText",
    "ReturnedTable",
    "TypedColumn",
    "TypedTable",
    "Word",
    "context_tables",
    "export_series",
    "features_table",
    "geopackage",
    "guard_formula",
    "histories",
    "import_into",
    "mend_geometry",
    "place_tables",
    "read_package",
    "read_report_text",
    "read_returned",
    "read_words",
    "refresh_package",
    "render_export",
    "render_project",
    "revise",
    "run_import",
    "save_import",
    "series_areas",
    "words_table",
    "write_export",
]
