"""
A series as a folder of Parquet files: what other engines read of who held which ground, when.

Ground is written once, as faces that never split; time is intervals of faces. So a question of
many places and dates is one join of places with faces and one with intervals, wherever it runs:
``faces.parquet``, ``intervals.parquet``, ``labels.parquet``, ``places.parquet``, and for whoever
wants the map of a date ``control/date=YYYY-MM-DD/part-0.parquet``. Shapes are GeoParquet 1.1,
longitude, latitude. Every file carries its credits and licences in its metadata.
"""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.errors import GeoError, escape
from geo.exchange.catalog import import_library
from geo.exchange.writing.geoparquet import about_shapes
from geo.exchange.writing.tables import uniform_shapes
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.control import Composite

    Ints = NDArray[np.int64]

_LAYOUT = 1
"""Goes up when a table changes its columns: a series of another layout is not read."""

_ABOUT = "about.json"
_AXES = ("controller", "controllers", "status", "basis", "confidence", "patch")
_BLOCK = 100_000
"""Rows a group: a reader that asks for one place skips the groups that cannot hold it."""


@dataclass(frozen=True)
class Store:
    """
    A folder of Parquet files that `write_store` made.

    Attributes
    ----------
    root
        The folder.
    dates
        The dates that have a layer, ascending.
    epochs
        How many times the ground is divided anew. Faces of one epoch do not overlap; a place lies
        in a face of each.
    about
        Title, credits, licences and how to read it, as a STAC Collection.
    """

    root: Path
    dates: tuple[dt.date, ...]
    epochs: int
    about: Mapping[str, Any]

    @cached_property
    def faces(self) -> Any:  # numpydoc ignore=RT01
        """Arrow table: ``face``, ``epoch``, ``area_km2``, a box of degrees, ``geometry`` (WKB)."""
        return self._table("faces")

    @cached_property
    def intervals(self) -> Any:  # numpydoc ignore=RT01
        """Arrow table: ``face``, ``label``, ``holder``, ``valid_from``, ``valid_to``, by face."""
        return self._table("intervals")

    @cached_property
    def labels(self) -> Any:  # numpydoc ignore=RT01
        """Arrow table: ``label``, the axes of control, ``patch``, ``holder``, ``side``."""
        return self._table("labels")

    @cached_property
    def places(self) -> Any:  # numpydoc ignore=RT01
        """Arrow table: ``place_id``, ``lon``, ``lat``, ``geometry`` (WKB)."""
        return self._table("places")

    def path(self, name: str) -> Path:
        """
        Return where a table lies.

        Parameters
        ----------
        name
            ``faces``, ``intervals``, ``labels`` or ``places``.

        Returns
        -------
        path
            Its Parquet file.
        """
        return self.root / f"{name}.parquet"

    def _table(self, name: str) -> Any:
        _, parquet = _arrow()
        try:
            return parquet.ParquetFile(self.path(name)).read()
        except (OSError, ValueError) as error:
            where = escape(str(self.path(name)))
            raise GeoError(f"{where} cannot be read ({error}); export the series anew") from error


def read_store(root: str | Path) -> Store:
    """
    Return a series that lies on disk; its tables are read when they are asked for.

    Parameters
    ----------
    root
        The folder.

    Returns
    -------
    store
        With its dates and credits.

    Raises
    ------
    GeoError
        If it is no such folder, or of another version of this package.
    """
    root = Path(root)
    try:
        about = json.loads((root / _ABOUT).read_bytes())
        own = about["series"]
        known = own["layout"] == _LAYOUT
        store = Store(root, tuple(map(parse_day, own["dates"])), int(own["epochs"]), about)
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise GeoError(
            f"{escape(str(root))} is no series of this version; "
            "make one with `frontline export --to geoparquet-series`"
        )
    return store


def write_store(
    composite: Composite,
    root: str | Path,
    *,
    places: Iterable[tuple[str, float, float]] = (),
    about: Mapping[str, Any] | None = None,
    snapshots: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Store:
    """
    Write a composite as a series; one that lies there is replaced whole, when all is written.

    Parameters
    ----------
    composite
        The layers, noded together; it has at least one date.
    root
        The folder; the one that it lies in must exist.
    places
        Id, longitude and latitude of each place.
    about
        What a reader must know: title, credits, licences; goes into every file.
    snapshots
        Whether the map of every date is written too. It repeats the ground date by date.
    progress
        Told how many dates are written, and of how many.

    Returns
    -------
    store
        The same, on disk.

    Raises
    ------
    ValueError
        If the composite has no date.
    GeoError
        If the folder holds something else, pyarrow is not installed, or the system refuses to
        write.
    """
    root = Path(root)
    if not composite.dates:
        raise ValueError("the composite has no date; a series needs one")
    if root.exists() and (not root.is_dir() or (any(root.iterdir()) and not _is_series(root))):
        raise GeoError(f"{escape(str(root))} holds something else; name a new folder")
    beside = root.with_name(f".{root.name}-{secrets.token_hex(4)}.tmp")
    try:
        beside.mkdir()
        _write_all(composite, beside, list(places), dict(about or {}), snapshots, progress)
        if root.exists():
            old = root.with_name(f"{beside.name}-old")
            root.replace(old)
            beside.replace(root)
            shutil.rmtree(old)
        else:
            beside.replace(root)
    except OSError as error:
        raise GeoError(f"{escape(str(root))} cannot be written: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return read_store(root)


def _is_series(root: Path) -> bool:
    try:
        read_store(root)
    except GeoError:
        return False
    return True


def _write_all(
    composite: Composite,
    root: Path,
    places: Sequence[tuple[str, float, float]],
    about: dict[str, Any],
    snapshots: bool,
    progress: Callable[[int, int], None] | None,
) -> None:
    pa, _ = _arrow()
    faces, intervals, epochs = _face_columns(composite)
    about["series"] = {
        "layout": _LAYOUT,
        "dates": [str(day) for day in composite.dates],
        "epochs": epochs,
    }
    _save_table(root / "faces.parquet", *faces, about)
    _save_table(root / "intervals.parquet", intervals, None, about)
    _save_table(root / "labels.parquet", _label_columns(composite), None, about)
    names, lon, lat = zip(*places, strict=True) if places else ((), (), ())
    columns = {
        "place_id": pa.array(names, pa.string()),
        "lon": pa.array(lon, pa.float64()),
        "lat": pa.array(lat, pa.float64()),
    }
    _save_table(
        root / "places.parquet", columns, shapely.points(*np.array([lon, lat], float)), about
    )
    for n, day in enumerate(composite.dates if snapshots else (), 1):
        folder = root / "control" / f"date={day}"
        folder.mkdir(parents=True)
        _save_table(folder / "part-0.parquet", *_map_columns(composite, day), about)
        if progress:
            progress(n, len(composite.dates))
    (root / _ABOUT).write_text(json.dumps(about, ensure_ascii=False, indent=2), encoding="utf-8")


def _face_columns(
    composite: Composite,
) -> tuple[tuple[dict[str, Any], NDArray[np.object_]], dict[str, Any], int]:
    """Columns and shapes of the faces, columns of their intervals, and the number of epochs."""
    pa, _ = _arrow()
    shapes: list[NDArray[np.object_]] = []
    areas: list[NDArray[np.float64]] = []
    epochs: list[Ints] = []
    spells: list[tuple[Ints, Ints, Ints, Ints]] = []
    base = 0
    for arrangement, face, label, first, after in composite.face_spells():
        count = arrangement.face_count
        shapes.append(arrangement.dissolve(np.arange(count))[1])
        areas.append(composite.ground_km2(arrangement))
        epochs.append(np.full(count, len(epochs)))
        spells.append((face + base, label, first, after))
        base += count
    drawn = np.concatenate(shapes)
    faces = {
        "face": pa.array(np.arange(base), pa.int32()),
        "epoch": pa.array(np.concatenate(epochs), pa.int32()),
        "area_km2": pa.array(np.concatenate(areas), pa.float64()),
    }
    for name, bound in zip(("xmin", "ymin", "xmax", "ymax"), shapely.bounds(drawn).T, strict=True):
        faces[name] = pa.array(bound, pa.float64())
    face, label, first, after = (np.concatenate(column) for column in zip(*spells, strict=True))
    day = np.array([*composite.dates, composite.dates[-1]], "datetime64[D]")
    holders = pa.array([one.holder for one in composite.labels], pa.string())
    intervals = {
        "face": pa.array(face, pa.int32()),
        "label": pa.array(label, pa.int32()),
        "holder": holders.take(pa.array(label)),
        "valid_from": pa.array(day[first], pa.date32()),
        "valid_to": pa.array(day[after], pa.date32(), mask=after == len(composite.dates)),
    }
    return (faces, drawn), intervals, len(epochs)


def _label_columns(composite: Composite) -> dict[str, Any]:
    pa, _ = _arrow()
    columns = {"label": pa.array(np.arange(len(composite.labels)), pa.int32())}
    for name in _AXES:
        texts = [str(getattr(label, name)) or None for label in composite.labels]
        columns[name] = pa.array(texts, pa.string())
    columns["holder"] = pa.array([str(one.holder) for one in composite.labels], pa.string())
    columns["side"] = pa.array([composite.side(one) for one in composite.labels], pa.string())
    return columns


def _map_columns(composite: Composite, day: dt.date) -> tuple[dict[str, Any], NDArray[np.object_]]:
    pa, _ = _arrow()
    patches = composite.patches(day)
    columns = {
        name: pa.array([str(getattr(one.label, name)) or None for one in patches], pa.string())
        for name in _AXES
    }
    columns["side"] = pa.array([one.side or None for one in patches], pa.string())
    columns["area_km2"] = pa.array([one.area_km2 for one in patches], pa.float64())
    return columns, np.array([one.geometry for one in patches], dtype=object)


def _save_table(
    path: Path,
    columns: dict[str, Any],
    shapes: NDArray[np.object_] | None,
    about: Mapping[str, Any],
) -> None:
    """One Parquet file; its shapes as GeoParquet."""
    pa, parquet = _arrow()
    metadata = {"about": json.dumps(about, ensure_ascii=False)}
    if shapes is not None:
        wkb = shapely.to_wkb(uniform_shapes(shapes), flavor="iso")
        columns = {**columns, "geometry": pa.array(list(wkb), pa.binary())}
        types = ["Point"] if path.stem == "places" else ["MultiPolygon"]
        metadata["geo"] = json.dumps(about_shapes(shapes, types))
    table = pa.table(columns).replace_schema_metadata(metadata)
    parquet.write_table(table, path, compression="zstd", row_group_size=_BLOCK)


def _arrow() -> tuple[Any, Any]:
    """Import pyarrow, or say that it is not installed."""
    return import_library("pyarrow", "a series"), import_library("pyarrow.parquet", "a series")
