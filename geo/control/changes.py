"""What changed hands between two dates."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.faces import LabelledFaces, sum_areas
from geo.control.records import ChangedGround
from geo.coverage import PER_DEGREE, pack

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def find_changes(
    faces: LabelledFaces, before: dt.date, after: dt.date
) -> tuple[ChangedGround, ...]:
    """Return each connected piece of ground that changed hands, largest first."""
    arrangement, first, second = faces.between(before, after)
    holder, (keys, state) = faces.holder_codes[1], faces.state_codes
    moved = (first >= 0) & (second >= 0) & (holder[first] != holder[second])
    pair = np.where(moved, state[first] * len(keys) + state[second], -1)
    part = np.where(moved, arrangement.ground_parts(pair), -1)
    values, polygons = arrangement.dissolve(part)
    area = sum_areas(part, faces.ground_km2(arrangement), len(part))[values]
    was, now = state[first[values]], state[second[values]]
    ids = _name_pieces(polygons, was, now, keys)
    found = []
    for k in np.lexsort([ids, -area]).tolist():
        (held, how), (holds, how_now) = keys[was[k]], keys[now[k]]
        found.append(
            ChangedGround(str(ids[k]), held, how, holds, how_now, float(area[k]), polygons[k])
        )
    return tuple(found)


def tabulate_transfers(faces: LabelledFaces, before: dt.date, after: dt.date) -> pd.DataFrame:
    """Return how much ground went from whom to whom; see `Composite.transfers`."""
    import pandas as pd

    arrangement, first, second = faces.between(before, after)
    names, holder = faces.holder_codes
    pair = np.where((first < 0) | (second < 0), -1, holder[first] * len(names) + holder[second])
    table = sum_areas(pair, faces.ground_km2(arrangement), len(names) ** 2)
    table = table.reshape(len(names), len(names))
    rows, columns = table.any(axis=1), table.any(axis=0)
    held = np.array(names, dtype=object)
    return pd.DataFrame(
        table[np.ix_(rows, columns)],
        index=pd.Index(held[rows], name="before"),
        columns=pd.Index(held[columns], name="after"),
    )


def _name_pieces(
    polygons: NDArray[np.object_], was: Ints, now: Ints, keys: Sequence[tuple[str, str]]
) -> NDArray[np.str_]:
    """A name for each piece that holds while its outermost corners and its hands do."""
    if not len(polygons):
        return np.zeros(0, dtype=str)
    lonlat, piece = shapely.get_coordinates(polygons, return_index=True)
    x, y = np.rint(lonlat.T * PER_DEGREE).astype(np.int64)
    corner = pack(x, y)
    begin = np.searchsorted(piece, np.arange(len(polygons)))
    ends = np.minimum.reduceat(corner, begin), np.maximum.reduceat(corner, begin)
    ids: dict[str, int] = {}
    names = []
    for low, high, i, j in zip(*(column.tolist() for column in (*ends, was, now)), strict=True):
        text = "|".join((str(low), str(high), *keys[i], *keys[j]))
        digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        ids[digest] = ids.get(digest, 0) + 1
        names.append(f"piece-{digest}" + (f"-{ids[digest]}" if ids[digest] > 1 else ""))
    return np.array(names)
