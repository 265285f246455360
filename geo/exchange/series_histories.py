"""
Millions of places by thousands of dates: who held each of them, and when.

Each place is located once in the faces of a series (`series`), and only then joined with the
intervals of its face: no date is visited, no polygon drawn. Locating is what costs, so that is what
an engine does (`engines`); the rest is the same few array operations for all of them. Sums of areas
are exact in any order. So the answers are equal, whoever gives them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import GeoError
from geo.exchange.engines import require_engine
from geo.exchange.series import Store, read_store

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from geo.exchange.engines import EngineName, Ints

_STILL_HOLDS = np.iinfo(np.int32).max
"""The day on which an interval ends that holds as of the last layer."""


def histories(
    store: Store | str | Path,
    places: Any = None,
    *,
    engine: EngineName = "here",
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
    store = store if isinstance(store, Store) else read_store(store)
    names, lon, lat = _place_columns(store.places if places is None else places)
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    locate = require_engine(engine).locate
    place, face = locate(store, lon[known], lat[known], client)
    return _join_intervals(store, names, known[place], face)


def series_areas(
    store: Store | str | Path, *, engine: EngineName = "here", client: Any = None
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

    store = store if isinstance(store, Store) else read_store(store)
    labels = store.labels
    pairs = [
        (controller or "", status)
        for controller, status in zip(
            labels["controller"].to_pylist(), labels["status"].to_pylist(), strict=True
        )
    ]
    keys = sorted(set(pairs))
    number = {key: n for n, key in enumerate(keys)}
    state = np.array([number[pair] for pair in pairs], np.int64)
    label, day, change = require_engine(engine).sum_areas(store, client)
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


def _place_columns(places: Any) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
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


def _join_intervals(store: Store, names: Any, place: Ints, face: Ints) -> Any:
    """Located places with the intervals of their faces; equal ones that meet are one."""
    import pyarrow as pa

    table = store.intervals
    columns = {n: table[n].to_numpy() for n in ("face", "label")}
    days = {
        n: table[n].cast(pa.int32()).fill_null(_STILL_HOLDS).to_numpy()
        for n in ("valid_from", "valid_to")
    }
    # Both are by face, so a place's intervals lie together.
    begin = np.searchsorted(columns["face"], face, side="left")
    count = np.searchsorted(columns["face"], face, side="right") - begin
    ends = np.cumsum(count)
    at = np.arange(int(count.sum())) + np.repeat(begin - (ends - count), count)
    row = np.repeat(place, count)
    label, first, last = columns["label"][at], days["valid_from"][at], days["valid_to"][at]
    if store.epochs > 1:
        # Where the ground is divided anew, a place passes from face to face though nothing changed.
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
            "valid_to": pa.array(last, pa.int32(), mask=last == _STILL_HOLDS).cast(pa.date32()),
        }
    )
