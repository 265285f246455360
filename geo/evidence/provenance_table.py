"""Provenance in numbers: on what the ground of each date rests."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    import pandas as pd

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Feature, Value


def provenance(folder: Folder, composite: Composite) -> pd.DataFrame:
    """
    Return on what the controlled ground of each date rests.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.

    Returns
    -------
    provenance
        ``date``, ``measure``, ``value``, ``area_km2`` and ``share``. For each date and measure the
        areas add up to the ground that has a controller in `Composite.areas`. The measures:

        ``publishers``
            how many independent publishers: those that lean to the holder's side are one voice;
        ``leaning``
            ``none known`` where one source leans to nobody; else ``other side`` where one leans
            to another side than the holder's; else ``own side``; ``no source``;
        ``age_days``
            days from the newest statement to the layer's date;
        ``distance_km``
            from the ground to the nearest place that its patch has a statement of.
    """
    import pandas as pd

    measures = _Measures(folder)
    rows: list[tuple[dt.date, str, str, float]] = []
    for day in composite.dates:
        features = {f.id: f for f in folder.control[day].features}
        frame = composite.control(day)
        frame = frame[frame["controller"] != ""]
        sums: dict[tuple[str, str], list[float]] = {}
        for patch, area in zip(frame["patch"], frame["area_km2"], strict=True):
            for measure, value, share in measures.of(features[patch], day):
                sums.setdefault((measure, value), []).append(float(area) * share)
        order = {value: i for i, value in enumerate(_VALUES)}
        for (measure, value), parts in sorted(
            sums.items(), key=lambda item: (item[0][0], order[item[0][1]])
        ):
            rows.append((day, measure, value, math.fsum(parts)))
    table = pd.DataFrame(rows, columns=["date", "measure", "value", "area_km2"])
    whole = table.groupby(["date", "measure"])["area_km2"].transform("sum")
    return table.assign(share=table["area_km2"] / whole)


_AGES = (7, 30, 90)
_AGE_BANDS = ("0-7", "8-30", "31-90", "over 90")
_DISTANCES_KM = (2.0, 5.0, 10.0, 15.0)
_DISTANCE_BANDS = ("0-2", "2-5", "5-10", "10-15", "over 15")
_NO_STATEMENT = "no statement"
_VALUES = (
    *("0", "1", "2", "3 or more"),
    *("none known", "other side", "own side", "no source"),
    *_AGE_BANDS,
    *_DISTANCE_BANDS,
    _NO_STATEMENT,
)


class _Measures:
    """What a patch rests on, by measure: values and the shares of its ground that have them."""

    def __init__(self, folder: Folder) -> None:
        self._sources = folder.rows("sources")
        self._statements = folder.rows("statements")
        self._sides = folder.sides
        self._places = folder.places
        self._plane = LocalPlane.around(folder.area)
        self._shares: dict[tuple[bytes, tuple[str, ...]], list[tuple[str, float]]] = {}

    def of(self, patch: Feature, day: dt.date) -> Iterator[tuple[str, str, float]]:
        """Measure, value, share; the shares of one measure add up to 1."""
        values = patch.properties
        holder = str(values["controller"])
        side = self._sides.get(holder, holder)
        cited = [self._sources[i].values for i in split_ids(values["source_ids"])]
        voices = {str(side if s["leaning"] == side else s["publisher"]) for s in cited}
        yield "publishers", str(len(voices)) if len(voices) < 3 else "3 or more", 1.0
        yield "leaning", _leaning({s["leaning"] for s in cited}, side), 1.0
        said = [self._statements[i].values for i in split_ids(values["statement_ids"])]
        dates = [str(v["date"]) for v in said if str(v["date"]) <= str(day)]
        age = (day - parse_day(max(dates))).days if dates else None
        yield "age_days", _NO_STATEMENT if age is None else _AGE_BANDS[bisect_left(_AGES, age)], 1.0
        for band, share in self._distances(patch, {str(v["place_id"]) for v in said}):
            yield "distance_km", band, share

    def _distances(self, patch: Feature, place_ids: set[str]) -> list[tuple[str, float]]:
        """Shares by distance to the nearest of some places, in an equal-area plane."""
        points = [self._places[i].geometry for i in sorted(place_ids)]
        points = [point for point in points if point is not None]
        if not points or patch.geometry is None:
            return [(_NO_STATEMENT, 1.0)]
        key = (shapely.to_wkb(patch.geometry), tuple(sorted(place_ids)))
        if key not in self._shares:
            ground = self._plane.forward(patch.geometry)
            spots = self._plane.forward(shapely.union_all(points))
            circles = shapely.buffer(spots, np.array(_DISTANCES_KM) * _REACH_M, quad_segs=_QUAD)
            within = shapely.area(shapely.intersection(ground, circles))
            parts = np.diff([0.0, *within, shapely.area(ground)]) / shapely.area(ground)
            self._shares[key] = [
                (band, float(part))
                for band, part in zip(_DISTANCE_BANDS, parts, strict=True)
                if part > 1e-9
            ]
        return self._shares[key]


_QUAD = 32
# A polygon round the circle, not in it: ground just within a distance must not count as beyond.
_REACH_M = 1e3 / math.cos(math.pi / (4 * _QUAD))


def _leaning(leanings: set[Value], side: str) -> str:
    if not leanings:
        return "no source"
    if None in leanings:
        return "none known"
    return "own side" if leanings == {side} else "other side"
