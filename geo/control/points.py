"""
Points beside control: what the map says of the ground of every event and every place.

An event is a point with an error radius and control is a drawing from evidence, part of it the very
events in question. So a short distance says that the two agree, not that one proves the other.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import fronts
from geo.crs import LONLAT
from geo.model import Status, parse_day

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import pandas as pd

    from geo.control.composite import Composite
    from geo.layers import Folder

_KEPT = (
    "id",
    "event_date",
    "end_date",
    "event_type",
    "sub_event_type",
    "actor1",
    "actor2",
    "place_id",
    "geo_radius_m",
    "change_id",
)


def events_beside_control(folder: Folder, composite: Composite) -> gpd.GeoDataFrame:
    """
    Return every event with what the map says of its ground.

    Parameters
    ----------
    folder
        The layers.
    composite
        Its control layers, noded together.

    Returns
    -------
    events
        One row an event, by date: ``id``, ``event_date`` and ``end_date`` (`datetime.date`),
        ``event_type``, ``sub_event_type``, ``actor1``, ``actor2``, ``place_id``,
        ``geo_radius_m``, ``change_id``; ``as_of`` (date of the layer in force), ``holder`` (then,
        at the position), ``front_km`` (kilometres to the nearest front of any two sides in that
        layer), ``next_change`` (date of the first later layer in which somebody else holds the
        position; the day itself lies between that layer and the one before), ``lag_days`` (until
        then) and ``geometry`` (lon/lat). What cannot be said is missing: before the first layer,
        outside the study area, without a position.
    """
    import geopandas as gpd

    features = sorted(folder.events, key=lambda one: (str(one.properties["event_date"]), one.id))
    rows: list[dict[str, Any]] = [
        {name: one.properties.get(name) for name in _KEPT} for one in features
    ]
    shapes = [one.geometry for one in features]
    for row, shape in zip(rows, shapes, strict=True):
        for name in ("event_date", "end_date"):
            row[name] = parse_day(str(row[name])) if row[name] else None
        row |= _ground(composite, row["event_date"], shape)
    columns = [*_KEPT, "as_of", "holder", "front_km", "next_change", "lag_days"]
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry=shapes, crs=LONLAT)
    located = frame["as_of"].notna().to_numpy()
    for day, part in frame[located].groupby("as_of"):
        lon, lat = part.geometry.x.to_numpy(), part.geometry.y.to_numpy()
        frame.loc[part.index, "front_km"] = fronts.distance_to_front(composite, day, lon, lat)
    frame["front_km"] = frame["front_km"].astype(float)
    frame["lag_days"] = frame["lag_days"].astype("Int64")
    return frame


def nearness_to_fronts(
    folder: Folder, composite: Composite, events: gpd.GeoDataFrame
) -> pd.DataFrame:
    """
    Return how near events lay to the fronts, layer by layer, beside all places.

    Parameters
    ----------
    folder
        The layers.
    composite
        Its control layers, noded together.
    events
        Rows of `events_beside_control`.

    Returns
    -------
    nearness
        One row a layer, by date: ``fronts_km`` (length of all fronts), ``events`` (how many the
        layer is in force for), ``events_median_km`` and ``places_median_km`` (distance to the
        nearest front; missing without events or fronts) and ``assessed_share`` (of the study
        area).
    """
    import pandas as pd

    spots = [p.geometry for p in folder.places.values() if isinstance(p.geometry, shapely.Point)]
    inside = shapely.get_coordinates([s for s in spots if shapely.covers(folder.area, s)])
    near = events.dropna(subset=["front_km"]).groupby("as_of")["front_km"]
    counts, medians = near.size(), near.median()
    areas = composite.areas()
    known = areas[areas["status"] != Status.UNKNOWN].groupby("date")["area_km2"].sum()
    shares = known / areas.groupby("date")["area_km2"].sum()
    rows = [
        {
            "fronts_km": float(fronts.front_lines(composite, day)["length_km"].sum()),
            "events": int(counts.get(day, 0)),
            "events_median_km": float(medians.get(day, np.nan)),
            "places_median_km": float(
                np.median(fronts.distance_to_front(composite, day, *inside.T))
            ),
            "assessed_share": float(shares.get(day, 0.0)),
        }
        for day in composite.dates
    ]
    return pd.DataFrame(rows, index=pd.Index(composite.dates, name="date"))


def places_beside_control(folder: Folder, composite: Composite) -> pd.DataFrame:
    """
    Return every located place of the study area with how often it changed hands.

    Parameters
    ----------
    folder
        The layers.
    composite
        Its control layers, noded together.

    Returns
    -------
    places
        One row a place, most changes first: ``place_id``, ``name``, ``name_ar``, ``kind``,
        ``geo_radius_m``, ``changes`` (from one known controller to another; not assessed or
        contested in between counts as neither gain nor loss), ``holders`` (the known controllers
        in order, joined by ``;``), ``contested_layers`` and ``assessed_layers`` (of how many
        layers that is true).
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for place in folder.places.values():
        if not isinstance(place.geometry, shapely.Point):
            continue
        column = composite.histories_at(place.geometry.x, place.geometry.y)[0]
        if not len(column) or column[0] < 0:
            continue
        labels = [composite.labels[i] for i in column]
        held = [label.controller for label in labels if label.controller]
        kept = held[:1] + [b for a, b in pairwise(held) if a != b]
        values = place.properties
        row = {"place_id": place.id} | {n: values[n] for n in ("name", "name_ar", "kind")}
        row |= {"geo_radius_m": values["geo_radius_m"], "changes": max(0, len(kept) - 1)}
        contested = sum(label.status == Status.CONTESTED for label in labels)
        assessed = sum(label.status != Status.UNKNOWN for label in labels)
        row |= {"holders": ";".join(kept), "contested_layers": contested}
        rows.append(row | {"assessed_layers": assessed})
    rows.sort(key=lambda r: (-r["changes"], -r["contested_layers"], r["place_id"]))
    columns = [
        "place_id", "name", "name_ar", "kind", "geo_radius_m", "changes", "holders",
        "contested_layers", "assessed_layers",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _ground(composite: Composite, day: dt.date, shape: shapely.Geometry | None) -> dict[str, Any]:
    """Who held the ground of one event, and when that changes next."""
    found: dict[str, Any] = dict.fromkeys(
        ("as_of", "holder", "front_km", "next_change", "lag_days")
    )
    if not isinstance(shape, shapely.Point) or shape.is_empty or day < composite.dates[0]:
        return found
    held = composite.history_at(shape.x, shape.y)
    if not held:
        return found
    index = composite.index(day)
    now = next(label for first, last, label in held if first <= day and (not last or day < last))
    later = [first for first, _, label in held if first > day and label.holder != now.holder]
    found |= {"as_of": composite.dates[index], "holder": now.holder, "front_km": np.nan}
    if later:
        found |= {"next_change": later[0], "lag_days": (later[0] - day).days}
    return found
