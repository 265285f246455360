"""
Millions of places by thousands of dates, on whatever engine is at hand.

Each place is located once in the faces of a series (`series`), and only then joined with the
intervals of its face: no date is visited, no polygon drawn. Locating is what costs, so that is what
an engine does: this process, DuckDB, SedonaDB, or the workers of a dask cluster. The rest is the
same few array operations for all of them.

A place on a border belongs to the face of the lowest number there, as in `Composite.labels_at`:
each engine is asked for every face that touches the place, border included, and the lowest is
taken. Sums of areas are exact in any order. So the answers are equal, whoever gives them.
"""

from __future__ import annotations

import contextlib
import importlib.util
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import shapely

from geo.errors import GeoError
from geo.exchange import series

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from geo.exchange.series import Store

    Ints = NDArray[np.int64]
    Found = tuple[Ints, Ints]

__all__ = ["ENGINES", "areas", "histories"]

Engine = Literal["here", "duckdb", "sedona", "dask"]

ENGINES: dict[str, tuple[str, ...]] = {
    "here": (),
    "duckdb": ("duckdb",),
    "sedona": ("sedonadb", "geoarrow-pyarrow"),
    "dask": ("distributed",),
}
"""What each engine needs to be installed."""

_BLOCK = 100_000
"""Places located at a time, so that memory does not grow with them."""


def histories(
    store: Store | str | Path,
    places: Any = None,
    *,
    engine: Engine = "here",
    client: Any = None,
) -> Any:
    """
    Return who held each of many places, and when.

    Parameters
    ----------
    store
        A series, as read or its folder.
    places
        A frame or Arrow table with the columns ``place_id``, ``lon``, ``lat``, or the path of a
        Parquet file of them; the default takes the places of the series. Where ``lon`` or ``lat``
        is missing, and outside the study area, a place has no history.
    engine
        Who locates the places: ``here``, this process, was the fastest on one machine of two cores;
        another is worth its start where the places lie there already, or the machine is larger.
    client
        For ``dask``: a `distributed.Client`, wherever its workers are; the default starts two of
        them on this machine for as long as the call lasts.

    Returns
    -------
    histories
        Arrow table, one row a place and interval, in the order of the places and by date:
        ``place_id``, ``face``, ``label`` (a row of the series' ``labels``), ``holder``,
        ``valid_from``, ``valid_to`` (half-open; null as of the last layer).

    Raises
    ------
    GeoError
        If the store is none, or what the engine needs is not installed.
    ValueError
        If there is no such engine, or a column of the places is missing.
    """
    store = store if isinstance(store, series.Store) else series.read_store(store)
    names, lon, lat = _columns(store.places if places is None else places)
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    locate = _LOCATE[_chosen(engine)]
    place, face = locate(store, lon[known], lat[known], client)
    return _joined(store, names, known[place], face)


def areas(
    store: Store | str | Path, *, engine: Engine = "here", client: Any = None
) -> pd.DataFrame:
    """
    Return the ground of each controller and status at each date of a series.

    Parameters
    ----------
    store
        A series, as read or its folder.
    engine
        Who sums.
    client
        Taken and not needed: so few sums are not worth their way to a worker.

    Returns
    -------
    areas
        The rows and columns of `Composite.areas`: ``date``, ``controller``, ``status``,
        ``area_km2``.

    Raises
    ------
    GeoError
        If the store is none, or what the engine needs is not installed.
    ValueError
        If there is no such engine.
    """
    import pandas as pd

    store = store if isinstance(store, series.Store) else series.read_store(store)
    labels = store.labels
    pairs = [
        (controller or "", status)
        for controller, status in zip(
            labels["controller"].to_pylist(), labels["status"].to_pylist(), strict=True
        )
    ]
    keys = sorted(set(pairs))
    state = np.array([keys.index(pair) for pair in pairs], np.int64)
    label, day, change = _SUMS[_chosen(engine)](store, client)
    dates = np.array(store.dates, "datetime64[D]")
    table = np.zeros((len(dates), len(keys)))
    np.add.at(table, (np.searchsorted(dates, day), state[label]), change)
    # Areas are whole multiples of one power of two: sums of them are exact in any order.
    table = table.cumsum(axis=0)
    date, key = np.nonzero(table > 0)
    texts = [np.array([k[n] for k in keys], dtype=object) for n in (0, 1)]
    return pd.DataFrame(
        {
            "date": np.array(store.dates, dtype=object)[date],
            "controller": texts[0][key],
            "status": texts[1][key],
            "area_km2": table[date, key],
        }
    )


# --- what all engines share -----------------------------------------------------


def _chosen(engine: str) -> str:
    """
    Return the engine to run, if it is there.

    Raises
    ------
    GeoError
        If what it needs is not installed.
    ValueError
        If there is none of that name.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}; it must be {', '.join(ENGINES)}")
    if missing := _missing(engine):
        needed = " ".join(missing)
        raise GeoError(f"the engine {engine} needs what is not installed: `pip install {needed}`")
    return engine


def _missing(engine: str) -> list[str]:
    modules = {"geoarrow-pyarrow": "geoarrow"}
    return [
        package
        for package in ENGINES[engine]
        if importlib.util.find_spec(modules.get(package, package.replace("-", "_"))) is None
    ]


def _columns(places: Any) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
    """
    Return ids, longitudes and latitudes of places.

    Raises
    ------
    GeoError
        If the file cannot be read.
    ValueError
        If a column is missing.
    """
    import pyarrow as pa
    import pyarrow.parquet

    if isinstance(places, str | Path):
        try:
            places = pyarrow.parquet.ParquetFile(places).read(["place_id", "lon", "lat"])
        except (OSError, pa.ArrowInvalid) as error:
            raise GeoError(f"{places}: the places cannot be read: {error}") from error
    elif not isinstance(places, pa.Table):
        wanted = [name for name in ("place_id", "lon", "lat") if name in places]
        places = pa.Table.from_pandas(places[wanted], preserve_index=False)
    missing = {"place_id", "lon", "lat"} - set(places.column_names)
    if missing:
        raise ValueError(f"the places have no column {', '.join(sorted(missing))}")
    lon, lat = (
        places[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in ("lon", "lat")
    )
    return places["place_id"].cast(pa.string()).combine_chunks(), lon, lat


def _joined(store: Store, names: Any, place: Ints, face: Ints) -> Any:
    """Located places with the intervals of their faces; equal ones that meet are one."""
    import pyarrow as pa

    table = store.intervals
    columns = {n: table[n].to_numpy() for n in ("face", "label")}
    days = {n: table[n].cast(pa.int32()).fill_null(_OPEN).to_numpy() for n in _DAYS}
    # Both are by face, so a place's intervals lie together.
    begin = np.searchsorted(columns["face"], face, side="left")
    count = np.searchsorted(columns["face"], face, side="right") - begin
    ends = np.cumsum(count)
    at = np.arange(int(count.sum())) + np.repeat(begin - (ends - count), count)
    row = np.repeat(place, count)
    label, first, last = columns["label"][at], days["valid_from"][at], days["valid_to"][at]
    if store.epochs > 1:
        order = np.lexsort([first, row])
        at, row, label, first, last = (c[order] for c in (at, row, label, first, last))
        again = (row[1:] == row[:-1]) & (label[1:] == label[:-1]) & (first[1:] == last[:-1])
        starts = np.flatnonzero(np.append(True, ~again)[: len(row)])
        stops = np.append(starts[1:], len(row)) - 1
        last, at, row, first = last[stops[: len(starts)]], at[starts], row[starts], first[starts]
        label = label[starts]
    return pa.table(
        {
            "place_id": names.take(pa.array(row)),
            "face": pa.array(columns["face"][at]),
            "label": pa.array(label),
            "holder": store.labels["holder"]
            .combine_chunks()
            .dictionary_encode()
            .take(pa.array(label)),
            "valid_from": pa.array(first, pa.int32()).cast(pa.date32()),
            "valid_to": pa.array(last, pa.int32(), mask=last == _OPEN).cast(pa.date32()),
        }
    )


_DAYS = ("valid_from", "valid_to")
_OPEN = np.iinfo(np.int32).max


def _lowest(place: Ints, face: Ints, epoch: Ints) -> Found:
    """Of the faces that touch a place the lowest of each epoch; by place and face."""
    order = np.lexsort([face, place])
    place, face = place[order], face[order]
    # Faces of an epoch are numbered in a row, so the lowest of each comes first.
    part = epoch[face]
    first = np.append(True, (place[1:] != place[:-1]) | (part[1:] != part[:-1]))[: len(place)]
    return place[first], face[first]


def _epoch(store: Store) -> Ints:
    return np.asarray(store.faces["epoch"].to_numpy(), np.int64)


# --- locating -------------------------------------------------------------------


def _locate_here(store: Store, lon: Any, lat: Any, _: Any) -> Found:
    shapes = _prepared(store.faces["geometry"])
    epoch = _epoch(store)
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for begin in range(0, len(lon), _BLOCK):
        span = slice(begin, begin + _BLOCK)
        place, face = _touching(shapes, lon[span], lat[span])
        place, face = _lowest(place, face, epoch)
        found.append((place + begin, face))
    place, face = (np.concatenate(column) for column in zip(*found, strict=True))
    return place, face


def _prepared(wkb: Any) -> NDArray[np.object_]:
    shapes = np.asarray(shapely.from_wkb(wkb.to_numpy(zero_copy_only=False)))
    shapely.prepare(shapes)
    return shapes


def _touching(shapes: NDArray[np.object_], lon: Any, lat: Any) -> Found:
    """Every place with every face that it lies in or on the border of."""
    # The other way round, places against a tree of faces, no face would be prepared.
    tree = shapely.STRtree(shapely.points(lon, lat))
    face, place = tree.query(shapes, predicate="intersects")
    return place.astype(np.int64), face.astype(np.int64)


def _locate_duckdb(store: Store, lon: Any, lat: Any, _: Any) -> Found:
    import pyarrow as pa

    with _duckdb() as connection:
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
    return _lowest(found["n"].to_numpy(), found["face"].to_numpy(), _epoch(store))


def _duckdb() -> Any:
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


def _locate_sedona(store: Store, lon: Any, lat: Any, _: Any) -> Found:
    import pyarrow as pa

    context = _sedona()
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
    return _lowest(place, found["face"].to_numpy().astype(np.int64), _epoch(store))


def _sedona() -> Any:
    import sedonadb

    context = sedonadb.connect()
    # Its default is fast and inexact: it loses places that lie on a border.
    context.sql("SET sedona.spatial_join.spatial_library = 'geos'").to_arrow_table()
    return context


def _locate_dask(store: Store, lon: Any, lat: Any, client: Any) -> Found:
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
        ground = client.scatter(_Ground(store.faces["geometry"], _epoch(store)), broadcast=True)
        tasks = [client.submit(_part, ground, lon[s], lat[s], pure=False) for s in spans]
        parts = client.gather(tasks)
    finally:
        if own:
            client.close()
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    found += [(place + s.start, face) for s, (place, face) in zip(spans, parts, strict=True)]
    place, face = (np.concatenate(column) for column in zip(*found, strict=True))
    return place, face


class _Ground:
    """The faces, on their way to a worker; prepared there once, for all parts."""

    def __init__(self, wkb: Any, epoch: Ints) -> None:
        self.wkb, self.epoch = wkb, epoch

    def __getstate__(self) -> dict[str, Any]:
        return {"wkb": self.wkb, "epoch": self.epoch}

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        return _prepared(self.wkb)


def _part(ground: _Ground, lon: Any, lat: Any) -> Found:
    """Locate some places, on a worker."""
    return _lowest(*_touching(ground.shapes, lon, lat), ground.epoch)


# --- sums -----------------------------------------------------------------------


def _sums_here(store: Store, _: Any) -> tuple[Any, Any, Any]:
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


def _sums_duckdb(store: Store, _: Any) -> tuple[Any, Any, Any]:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("intervals", store.intervals)
        connection.register("faces", store.faces.select(["face", "area_km2"]))
        return _three(connection.execute(_CHANGES).to_arrow_table())


def _sums_sedona(store: Store, _: Any) -> tuple[Any, Any, Any]:
    context = _sedona()
    for name, table in (
        ("intervals", store.intervals),
        ("faces", store.faces.select(["face", "area_km2"])),
    ):
        plain = table.replace_schema_metadata(None)
        context.create_data_frame(plain).to_view(name, overwrite=True)
    return _three(context.sql(_CHANGES).to_arrow_table())


def _three(table: Any) -> tuple[Any, Any, Any]:
    label, day, km2 = (table[name].to_numpy() for name in ("label", "day", "km2"))
    return label, day, km2


_LOCATE: dict[str, Callable[[Store, Any, Any, Any], Found]] = {
    "here": _locate_here,
    "duckdb": _locate_duckdb,
    "sedona": _locate_sedona,
    "dask": _locate_dask,
}
_SUMS: dict[str, Callable[[Store, Any], tuple[Any, Any, Any]]] = {
    "here": _sums_here,
    "duckdb": _sums_duckdb,
    "sedona": _sums_sedona,
    "dask": _sums_here,
}
