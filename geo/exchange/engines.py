"""
Engines that locate places in the faces of a series: this process, DuckDB, SedonaDB, or dask.

A place on a border belongs to the face of the lowest number there, as in `Composite.labels_at`:
each engine is asked for every face that touches the place, border included, and the lowest is
taken. So all of them find the same.

None is chosen by itself: on two cores this process was the fastest (``make bench-distributed``),
and what pays is the same for all, locating once. SedonaDB's default join is inexact on borders
(15 of 22,086 intervals were lost in a trial), so its GEOS join is chosen. dask runs our own
function on its workers: a join of dask-geopandas is fast only with ``within``, which leaves
borders out. Areas of faces are multiples of one power of two, so sums by any engine are equal to
the last bit.
"""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geo.exchange.series import Store

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Located = tuple[Ints, Ints]
    """Places, and the face that each lies in; by place and face."""

    Changes = tuple[Ints, NDArray[np.datetime64], Floats]
    """Label, day and square kilometres of what begins (more) or ends (less)."""

EngineName = Literal["here", "duckdb", "sedona", "dask"]

_BLOCK = 100_000
"""Places located at a time, so that memory does not grow with them."""


@dataclass(frozen=True, slots=True)
class Engine:
    """
    Who answers.

    Attributes
    ----------
    locate
        From a series, longitudes, latitudes and a client to the faces that places lie in.
    sum_areas
        From a series and a client to the changes of each label's ground.
    packages
        What must be installed.
    """

    locate: Callable[[Store, Floats, Floats, Any], Located]
    sum_areas: Callable[[Store, Any], Changes]
    packages: tuple[str, ...] = ()


def require_engine(name: str) -> Engine:
    """
    Return the engine of a name, if what it needs is there.

    Raises
    ------
    GeoError
        If what it needs is not installed.
    ValueError
        If there is none of that name.
    """
    if name not in ENGINES:
        raise ValueError(f"engine is {name!r}; it must be {', '.join(ENGINES)}")
    engine = ENGINES[name]
    if missing := _missing_packages(engine):
        needed = " ".join(missing)
        raise GeoError(f"the engine {name} needs what is not installed: `pip install {needed}`")
    return engine


def _missing_packages(engine: Engine) -> list[str]:
    modules = {"geoarrow-pyarrow": "geoarrow"}
    return [
        package
        for package in engine.packages
        if importlib.util.find_spec(modules.get(package, package.replace("-", "_"))) is None
    ]


def _keep_lowest(place: Ints, face: Ints, epoch: Ints) -> Located:
    """Of the faces that touch a place the lowest of each epoch; by place and face."""
    order = np.lexsort([face, place])
    place, face = place[order], face[order]
    # Faces of an epoch are numbered in a row, so the lowest of each comes first.
    part = epoch[face]
    first = np.append(True, (place[1:] != place[:-1]) | (part[1:] != part[:-1]))[: len(place)]
    return place[first], face[first]


def _face_epochs(store: Store) -> Ints:
    return np.asarray(store.faces["epoch"].to_numpy(), np.int64)


# --- locating -------------------------------------------------------------------


def _locate_here(store: Store, lon: Floats, lat: Floats, _: Any) -> Located:
    shapes = _prepare_faces(store.faces["geometry"])
    epoch = _face_epochs(store)
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for begin in range(0, len(lon), _BLOCK):
        span = slice(begin, begin + _BLOCK)
        place, face = _find_touching(shapes, lon[span], lat[span])
        place, face = _keep_lowest(place, face, epoch)
        found.append((place + begin, face))
    place, face = (np.concatenate(column) for column in zip(*found, strict=True))
    return place, face


def _prepare_faces(wkb: Any) -> NDArray[np.object_]:
    shapes = np.asarray(shapely.from_wkb(wkb.to_numpy(zero_copy_only=False)))
    shapely.prepare(shapes)
    return shapes


def _find_touching(shapes: NDArray[np.object_], lon: Floats, lat: Floats) -> Located:
    """Every place with every face that it lies in or on the border of."""
    # The other way round, places against a tree of faces, no face would be prepared.
    tree = shapely.STRtree(np.asarray(shapely.points(lon, lat)))
    face, place = tree.query(shapes, predicate="intersects")
    return place.astype(np.int64), face.astype(np.int64)


def _locate_duckdb(store: Store, lon: Floats, lat: Floats, _: Any) -> Located:
    import pyarrow as pa

    with open_duckdb() as connection:
        connection.register("spots", pa.table({"n": np.arange(len(lon)), "lon": lon, "lat": lat}))
        plain = store.faces.select(["face", "geometry"]).replace_schema_metadata(None)
        connection.register("faces", plain)
        connection.execute(
            "CREATE TEMP TABLE grounds AS "
            "SELECT face, ST_GeomFromWKB(geometry::BLOB) AS shape FROM faces"
        )
        found = connection.execute(
            "SELECT s.n, g.face::BIGINT AS face FROM "
            "(SELECT n, ST_Point(lon, lat) AS spot FROM spots) s "
            "JOIN grounds g ON ST_Intersects(g.shape, s.spot)"
        ).to_arrow_table()
    return _keep_lowest(found["n"].to_numpy(), found["face"].to_numpy(), _face_epochs(store))


def open_duckdb() -> Any:
    """
    Return a connection with the spatial extension.

    Raises
    ------
    GeoError
        If the extension is not installed.
    """
    import duckdb

    connection = duckdb.connect()
    found = importlib.util.find_spec("duckdb_extension_spatial")
    roots = found.submodule_search_locations if found else None
    paths = [str(path) for root in roots or () for path in Path(root).rglob("*.duckdb_extension")]
    for name in ("spatial", *paths):
        with contextlib.suppress(duckdb.Error):
            connection.execute(f"LOAD '{name}'")
            return connection
    connection.close()
    raise GeoError(
        "the engine duckdb needs its spatial extension: `INSTALL spatial` in DuckDB, "
        "or `pip install duckdb-extension-spatial`"
    )


def _locate_sedona(store: Store, lon: Floats, lat: Floats, _: Any) -> Located:
    import pyarrow as pa

    context = _open_sedona()
    spots = pa.table({"n": np.arange(len(lon)), "lon": lon, "lat": lat})
    context.create_data_frame(spots).to_view("spots", overwrite=True)
    grounds = store.faces.select(["face", "geometry"]).replace_schema_metadata(None)
    context.create_data_frame(grounds).to_view("grounds", overwrite=True)
    found = context.sql(
        "SELECT s.n, g.face FROM (SELECT n, ST_Point(lon, lat) AS spot FROM spots) s "
        "JOIN (SELECT face, ST_GeomFromWKB(geometry) AS shape FROM grounds) g "
        "ON ST_Intersects(g.shape, s.spot)"
    ).to_arrow_table()
    place = found["n"].to_numpy().astype(np.int64)
    return _keep_lowest(place, found["face"].to_numpy().astype(np.int64), _face_epochs(store))


def _open_sedona() -> Any:
    import sedonadb

    context = sedonadb.connect()
    # Its default is fast and inexact: it loses places that lie on a border.
    context.sql("SET sedona.spatial_join.spatial_library = 'geos'").to_arrow_table()
    return context


def _locate_dask(store: Store, lon: Floats, lat: Floats, client: Any) -> Located:
    from distributed import Client

    own = client is None
    client = (
        Client(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0")
        if own
        else client
    )
    try:
        workers = max(1, len(client.scheduler_info()["workers"]))
        # Few enough to be worth their way, enough for all to be busy to the end.
        size = max(1, min(_BLOCK, -(-len(lon) // (4 * workers))))
        spans = [slice(begin, begin + size) for begin in range(0, len(lon), size)]
        ground = client.scatter(
            _ScatteredFaces(store.faces["geometry"], _face_epochs(store)), broadcast=True
        )
        tasks = [client.submit(_locate_part, ground, lon[s], lat[s], pure=False) for s in spans]
        parts = client.gather(tasks)
    finally:
        if own:
            client.close()
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    found += [(place + s.start, face) for s, (place, face) in zip(spans, parts, strict=True)]
    place, face = (np.concatenate(column) for column in zip(*found, strict=True))
    return place, face


class _ScatteredFaces:
    """The faces, on their way to a worker; prepared there once, for all parts."""

    def __init__(self, wkb: Any, epoch: Ints) -> None:
        self.wkb, self.epoch = wkb, epoch

    def __getstate__(self) -> dict[str, Any]:
        return {"wkb": self.wkb, "epoch": self.epoch}

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        return _prepare_faces(self.wkb)


def _locate_part(ground: _ScatteredFaces, lon: Floats, lat: Floats) -> Located:
    """Locate some places, on a worker."""
    return _keep_lowest(*_find_touching(ground.shapes, lon, lat), ground.epoch)


# --- sums -----------------------------------------------------------------------


def _sums_here(store: Store, _: Any) -> Changes:
    """Label, day and square kilometres of everything that begins (more) or ends (less)."""
    table = store.intervals
    area = store.faces["area_km2"].to_numpy()[table["face"].to_numpy()]
    label = table["label"].to_numpy()
    ended = table["valid_to"].is_valid().to_numpy(zero_copy_only=False)
    return (
        np.concatenate([label, label[ended]]),
        np.concatenate(
            [
                table["valid_from"].to_numpy(),
                table["valid_to"].to_numpy(zero_copy_only=False)[ended],
            ]
        ),
        np.concatenate([area, -area[ended]]),
    )


_CHANGES = """
SELECT label, day, SUM(km2) AS km2 FROM (
    SELECT i.label, i.valid_from AS day, f.area_km2 AS km2
    FROM intervals i JOIN faces f ON i.face = f.face
    UNION ALL
    SELECT i.label, i.valid_to AS day, -f.area_km2 AS km2
    FROM intervals i JOIN faces f ON i.face = f.face WHERE i.valid_to IS NOT NULL
) AS changes GROUP BY label, day
"""


def _sums_duckdb(store: Store, _: Any) -> Changes:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("intervals", store.intervals)
        connection.register("faces", store.faces.select(["face", "area_km2"]))
        return _as_changes(connection.execute(_CHANGES).to_arrow_table())


def _sums_sedona(store: Store, _: Any) -> Changes:
    context = _open_sedona()
    for name, table in (
        ("intervals", store.intervals),
        ("faces", store.faces.select(["face", "area_km2"])),
    ):
        plain = table.replace_schema_metadata(None)
        context.create_data_frame(plain).to_view(name, overwrite=True)
    return _as_changes(context.sql(_CHANGES).to_arrow_table())


def _as_changes(table: Any) -> Changes:
    label, day, km2 = (table[name].to_numpy() for name in ("label", "day", "km2"))
    return label, day, km2


ENGINES: dict[str, Engine] = {
    "here": Engine(_locate_here, _sums_here),
    "duckdb": Engine(_locate_duckdb, _sums_duckdb, ("duckdb",)),
    "sedona": Engine(_locate_sedona, _sums_sedona, ("sedonadb", "geoarrow-pyarrow")),
    "dask": Engine(_locate_dask, _sums_here, ("distributed",)),
}
"""Every engine by its name."""
