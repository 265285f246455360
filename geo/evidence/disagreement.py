"""
Where sources disagree: the places about which words in force give different answers.

The answer of a statement is the side, or the sides, that it gives a place to. Which words are in
force on a date is the estimate's to say (`estimate`): the latest word of each publisher, none older
than a reported change of hands. One source that reports fighting inside a place does not disagree
with anybody; one that says so beside another that gives the place to one side does. The ground is
that of the place, as widely as its position is known.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.control import build_frame
from geo.crs import area_km2
from geo.evidence.estimate.draft import Estimator
from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import shapely

    from geo.layers import Folder
    from geo.model import Row


def find_disagreement(folder: Folder, day: dt.date) -> gpd.GeoDataFrame:
    """
    Return the ground on which sources in force on a date disagree.

    Parameters
    ----------
    folder
        The layers.
    day
        The date; it needs no layer.

    Returns
    -------
    disagreement
        One row a place, largest first: ``id`` (of the place),
        ``place_ids``, ``holders`` (the different answers, the weightiest first, joined by `` | ``),
        ``share`` (of the weight of all words, what speaks against the weightiest answer),
        ``statement_ids``, ``says`` (a list of records: ``statement``, ``place``, ``publisher``,
        ``leaning``, ``holder``, ``status``, ``date``, ``basis``, ``confidence``, ``share``),
        ``area_km2`` (geodesic) and ``geometry``. No rows where there is no evidence.
    """
    found = []
    words = _Words(folder, day)
    for place_id, shape, rows in words.places:
        says = words.of(rows)
        weight: dict[str, float] = {}
        for word in says:
            weight[word["holder"]] = weight.get(word["holder"], 0.0) + word["share"]
        if len(weight) > 1:
            answers = sorted(weight, key=lambda answer: (-weight[answer], answer))
            area = float(area_km2([shape])[0])
            found.append((-area, place_id, shape, answers, weight[answers[0]], says))
    found.sort(key=lambda piece: piece[:2])
    ground = np.empty(len(found), dtype=object)
    ground[:] = [piece[2] for piece in found]
    spoken = [piece[5] for piece in found]
    return build_frame(
        {
            "id": [piece[1] for piece in found],
            "place_ids": [";".join(dict.fromkeys(w["place"] for w in says)) for says in spoken],
            "holders": [" | ".join(piece[3]) for piece in found],
            "share": np.array([1 - piece[4] for piece in found], dtype=float),
            "statement_ids": [";".join(word["statement"] for word in says) for says in spoken],
            "says": spoken,
            "area_km2": np.array([-piece[0] for piece in found], dtype=float),
        },
        ground,
    )


class _Words:
    """The words in force on a date, by the places that they speak of."""

    def __init__(self, folder: Folder, day: dt.date) -> None:
        self._day = day
        self._sources, self._sides = folder.rows("sources"), folder.sides
        self.places: list[tuple[str, shapely.Geometry, list[Row]]] = []
        # Where nothing can be drawn, nobody disagrees.
        with contextlib.suppress(ValueError):
            self._estimator = Estimator.of(folder)
            self.places = self._estimator.spoken_of(day)

    def of(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """What each statement about a place says, and its share of the weight."""
        weights = [self._estimator.weight(row, self._day) for row in rows]
        return [
            {
                "statement": row.id,
                "place": str(row.values["place_id"]),
                "publisher": self._cited(row, "publisher"),
                "leaning": self._cited(row, "leaning"),
                "holder": _answer(row, self._sides),
                "status": str(row.values["status"]),
                "date": str(row.values["date"]),
                "basis": str(row.values["basis"]),
                "confidence": str(row.values["confidence"]),
                "share": weight / sum(weights),
            }
            for row, weight in zip(rows, weights, strict=True)
        ]

    def _cited(self, row: Row, column: str) -> str:
        """A column of the sources of a statement, without what recurs."""
        ids = split_ids(row.values["source_ids"])
        cited = [self._sources[i] for i in ids if i in self._sources]
        found = dict.fromkeys(str(source.values[column] or "") for source in cited)
        return ";".join(filter(None, found))


def _answer(row: Row, sides: Mapping[str, str]) -> str:
    """The side, or the sides in order, that a statement gives its place to; or its status."""
    named = [str(row.values["controller"] or ""), *split_ids(row.values["controllers"])]
    found = sorted({sides.get(name, name) for name in named if name})
    return ";".join(found) or str(row.values["status"])
