"""Bytes on disk: read within limits, saved whole or not at all, kept before they are replaced."""

from __future__ import annotations

from geo.layers.files.journal import Journal
from geo.layers.files.reading import MAX_BYTES, decode_text, digest, read_bytes
from geo.layers.files.saving import (
    KEPT,
    Backup,
    add_files,
    backup,
    list_backups,
    make_folder,
    private_folder,
    save_file,
    tell_half,
)

__all__ = [
    "KEPT",
    "MAX_BYTES",
    "Backup",
    "Journal",
    "add_files",
    "backup",
    "decode_text",
    "digest",
    "list_backups",
    "make_folder",
    "private_folder",
    "read_bytes",
    "save_file",
    "tell_half",
]
