from .engines import histories
from .export import Columns, Table, export_series, features_table, geopackage, write_export
from .imports import Import, Options, Word, read_words, run_import, save_import, words_table
from .into import import_into
from .qgis.package import FACTS, read_package, refresh_package
from .qgis.project import FormField, Project, ProjectLayer, render_project

__all__ = [
    "FACTS",
    "Columns",
    "FormField",
    "Import",
    "Options",
    "Project",
    "ProjectLayer",
    "Table",
    "Word",
    "export_series",
    "features_table",
    "geopackage",
    "histories",
    "import_into",
    "read_package",
    "read_words",
    "refresh_package",
    "render_project",
    "run_import",
    "save_import",
    "words_table",
    "write_export",
]
