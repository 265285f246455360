"""
Other people's tools: what a theatre says, in the formats that they read.

Control leaves as dated intervals ``[valid_from, valid_to)``: a patch holds from the first day up
to, but not on, the second; an empty second means as of the last layer. Every file names its dates,
its credits and the licences of its sources; coordinates are longitude, latitude on WGS 84. The same
theatre gives the same bytes, whoever asks and when. Text that a spreadsheet would run as a formula
is neutralised, and no path, user or clock gets into a file.

A format is a line of `FORMATS` and the module of `geo.exchange.writing` that it names.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from geo.crs import middle_of
from geo.errors import GeoError, escape
from geo.exchange import series
from geo.exchange.catalog import FORMATS, LAYERS
from geo.exchange.writing.content import about_theatre, gather_content
from geo.layers import digest, save_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.control import Composite
    from geo.layers import Folder


def render_export(
    folder: Folder, composite: Composite, *, to: str, layer: str = "control", stem: str = "theatre"
) -> dict[str, bytes]:
    """
    Return a theatre in a format of others.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    to
        One of `FORMATS`.
    layer
        One of `LAYERS`, for a format that holds one.
    stem
        Name of the file without its suffix; a project file names its neighbour by it.

    Returns
    -------
    files
        Content by suffix; one file, but for ``qgis-temporal``.

    Raises
    ------
    ValueError
        If there is no such format or layer.
    GeoError
        If a library that the format needs is not installed, or GDAL cannot write it.
    """
    if to not in FORMATS:
        raise ValueError(f"to is {to!r}; it must be one of {', '.join(FORMATS)}")
    if layer not in LAYERS:
        raise ValueError(f"layer is {layer!r}; it must be one of {', '.join(LAYERS)}")
    module = importlib.import_module(f"geo.exchange.writing.{FORMATS[to].module}")
    render: Callable[..., dict[str, bytes]] = getattr(module, FORMATS[to].function)
    return render(gather_content(folder, composite), layer=layer, stem=stem)


def write_export(
    folder: Folder, composite: Composite, path: Path, *, to: str, layer: str = "control"
) -> tuple[Path, ...]:
    """
    Write a theatre in a format of others; files that are there are replaced whole.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    path
        The file to write; its folder must exist.
    to
        One of `FORMATS`.
    layer
        One of `LAYERS`, for a format that holds one.

    Returns
    -------
    paths
        The files written; `path` comes first.

    Raises
    ------
    ValueError
        If there is no such format or layer, or `path` does not end as the format's files do.
    GeoError
        If `path` lies among the layers, a library that the format needs is not installed, or the
        system refuses to write.
    """
    suffix = FORMATS[to].suffix if to in FORMATS else path.suffix
    if not path.name.endswith(suffix) or path.name == suffix:
        raise ValueError(f"{path.name!r} is no name for {to}; let it end in {suffix}")
    _require_outside(folder, path)
    stem = path.name.removesuffix(suffix)
    made = render_export(folder, composite, to=to, layer=layer, stem=stem)
    targets = {path.with_name(stem + ending): data for ending, data in made.items()}
    for target, data in targets.items():
        current = digest(target.read_bytes()) if target.is_file() else None
        save_file(target, data, expected=current)
    return tuple(sorted(targets, key=lambda target: target != path))


def export_series(
    folder: Folder,
    composite: Composite,
    root: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> series.Store:
    """
    Write a theatre as a folder of GeoParquet, partitioned by date; see `geo.exchange.series`.

    Parameters
    ----------
    folder
        The theatre, as read.
    composite
        Its control layers, noded together.
    root
        The folder; a series that lies there is replaced whole.
    progress
        Told how many dates are written, and of how many.

    Returns
    -------
    store
        The series, on disk.

    Raises
    ------
    ValueError
        If there is no control layer.
    GeoError
        If `root` lies among the layers or holds something else, pyarrow is not installed, or the
        system refuses to write.
    """
    _require_outside(folder, root)
    places = [
        (place.id, middle.x, middle.y)
        for place in folder.places.values()
        if place.geometry is not None and (middle := middle_of(place.geometry))
    ]
    return series.write_store(
        composite, root, places=places, about=about_theatre(folder, composite), progress=progress
    )


def _require_outside(folder: Folder, path: Path) -> None:
    """
    Pass if a path does not lie among the layers.

    Raises
    ------
    GeoError
        If it does.
    """
    if path.resolve().is_relative_to(folder.root.resolve()):
        raise GeoError(
            f"{escape(str(path))} lies among the layers; an export is derived, write it elsewhere"
        )
