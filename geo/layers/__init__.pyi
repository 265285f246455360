from .cache import cache_is_on, cache_key, keep_cached, load_cached, load_or_keep
from .codes import READING
from .fields import FIRST_DAY, check_record, is_id, new_id
from .files import (
    Journal,
    add_files,
    decode_text,
    digest,
    list_backups,
    private_folder,
    read_bytes,
    save_file,
)
from .folder import (
    Folder,
    Progress,
    add_events,
    layer_paths,
    read_digests,
    read_folder,
    schema_of,
    write_control,
)
from .geojson import Layer, dump_geojson, fmt_geojson, parse_geojson, read_geojson
from .rings import split_rings
from .shapes import Rings, Shapes, flatten, spelt, unfold
from .tables import Table, dump_table, fmt_table, format_row, parse_table, split_rows

__all__ = [
    "FIRST_DAY",
    "READING",
    "Folder",
    "Journal",
    "Layer",
    "Progress",
    "Rings",
    "Shapes",
    "Table",
    "add_events",
    "add_files",
    "cache_is_on",
    "cache_key",
    "check_record",
    "decode_text",
    "digest",
    "dump_geojson",
    "dump_table",
    "flatten",
    "fmt_geojson",
    "fmt_table",
    "format_row",
    "is_id",
    "keep_cached",
    "layer_paths",
    "list_backups",
    "load_cached",
    "load_or_keep",
    "new_id",
    "parse_geojson",
    "parse_table",
    "private_folder",
    "read_bytes",
    "read_digests",
    "read_folder",
    "read_geojson",
    "save_file",
    "schema_of",
    "spelt",
    "split_rings",
    "split_rows",
    "unfold",
    "write_control",
]
