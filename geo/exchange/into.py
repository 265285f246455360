"""Files of others into a layers folder in one step: read, judge, write."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from geo.exchange.imports import run_import
from geo.exchange.reading.options import Options
from geo.exchange.saving import save_import
from geo.layers import read_folder

if TYPE_CHECKING:
    from geo.exchange.imported import Import
    from geo.layers import Progress


def import_into(
    path: str | Path,
    kind: str,
    *paths: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
    **fixed: str,
) -> Import:
    """
    Read files of others into a layers folder, new or existing.

    Parameters
    ----------
    path
        The layers folder; begun if it is not there.
    kind
        What the files are, such as ``statements-csv`` or ``ucdp``; see `geo.run_import`.
    *paths
        The files.
    options
        What the user decides; the default decides nothing.
    progress
        Told what is done, how much of it, and of how much.
    **fixed
        One value for all records, such as ``publisher``, ``licence`` or ``confidence``.

    Returns
    -------
    imported
        What was written; ``report()`` accounts for every record.

    Raises
    ------
    LayerError
        If a file cannot be read, or the folder has faults.
    ValueError
        If there is no such kind, an option is none, or no file is given.
    """
    root = Path(path)
    into = read_folder(root) if (root / "theatre.geojson").exists() else None
    chosen = options or Options()
    chosen = dataclasses.replace(chosen, fixed={**chosen.fixed, **fixed})
    files = [Path(one) for one in paths]
    imported = run_import(kind, files, options=chosen, into=into, progress=progress)
    save_import(imported, root, into=into, progress=progress)
    return imported
