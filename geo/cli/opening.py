"""Opening the theatre that a command asks."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

from geo.cli.options import wrong_usage
from geo.cli.progress import late_bar

if TYPE_CHECKING:
    from pathlib import Path

    from geo.theatre import Theatre


def open_theatre(layers: Path) -> Theatre:
    """Read and check a layers folder, with a bar where that takes long."""
    # Huge pages in memory that is used once cost more than they spare; numpy looks at this when
    # it is imported.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    # What is read stays until the end, so nobody looks for garbage in it.
    gc.disable()
    try:
        from geo.theatre import open_layers

        _keep_freed_memory()
        with contextlib.ExitStack() as stack:
            return open_layers(layers, progress=late_bar(stack))
    finally:
        gc.freeze()
        gc.enable()


def _keep_freed_memory() -> None:
    """
    Have the C library keep what large arrays leave for the next ones; glibc only.

    Else it gives every one of them back to the system at once, and a command on a large layer
    spends a sixth of its time on getting the same pages again.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def position(theatre: Theatre, where: str | None) -> tuple[float, float] | None:
    """The longitude and latitude of a place id, or of a pair LON,LAT; None without either."""
    if where is None:
        return None
    from geo.evidence import locate_place

    with wrong_usage():
        lon, lat, _ = locate_place(theatre.folder, where)
    return lon, lat
