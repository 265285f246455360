"""How long ground says the same: the lives of patches, and of faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.records import build_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.control.faces import LabelledFaces
    from geo.coverage import Arrangement

    Ints = NDArray[np.int64]


def tabulate_spells(faces: LabelledFaces) -> gpd.GeoDataFrame:
    """Return each patch's life; see `Composite.intervals`."""
    names = ("patch", "controller", "controllers", "status", "basis", "confidence")
    spells = sorted(_find_spells(faces), key=lambda s: (faces.labels[s[0]].patch, s[1], s[0]))
    until = [*faces.dates, None]
    data: dict[str, Sequence[object] | NDArray[np.generic]] = {
        name: [str(getattr(faces.labels[spell[0]], name)) for spell in spells] for name in names
    }
    data["valid_from"] = np.array([faces.dates[spell[1]] for spell in spells], dtype=object)
    data["valid_to"] = np.array([until[spell[2]] for spell in spells], dtype=object)
    data["area_km2"] = np.array([spell[4] for spell in spells], dtype=float)
    ground = np.empty(len(spells), dtype=object)
    ground[:] = [spell[3] for spell in spells]
    return build_frame(data, ground)


def _find_spells(faces: LabelledFaces) -> list[tuple[int, int, int, shapely.Geometry, float]]:
    """Label, first layer, first layer after, ground and area of each unchanged spell."""
    since: dict[int, tuple[int, shapely.Geometry, float]] = {}
    spells = []
    for epoch, area in zip(faces.epochs, faces.ground_by_epoch, strict=True):
        history = epoch.history
        for k, row in enumerate(history.rows()):
            i, span = epoch.begin + k, slice(history.offsets[k], history.offsets[k + 1])
            touched = np.unique(np.concatenate([history.label[span], history.was[span]]))
            if k == 0:
                touched = np.union1d(np.unique(row), list(since)).astype(np.int64)
            mine = np.where(np.isin(row, touched), row, -1)
            values, polygons = epoch.arrangement.dissolve(mine)
            drawn = dict(zip(values.tolist(), polygons, strict=True))
            for label in touched[touched >= 0].tolist():
                # A new epoch draws the same ground with other vertices.
                if (
                    label in since
                    and label in drawn
                    and shapely.equals(since[label][1], drawn[label])
                ):
                    continue
                if label in since:
                    first, shape, size = since.pop(label)
                    spells.append((label, first, i, shape, size))
                if label in drawn:
                    since[label] = i, drawn[label], float(area[mine == label].sum())
    end = len(faces.dates)
    return spells + [(label, i, end, shape, size) for label, (i, shape, size) in since.items()]


def find_face_spells(
    faces: LabelledFaces,
) -> Iterator[tuple[Arrangement, Ints, Ints, Ints, Ints]]:
    """Yield how long each face says the same; see `Composite.face_spells`."""
    for epoch in faces.epochs:
        history = epoch.history
        count = len(history.first)
        date = np.repeat(np.arange(len(history)), np.diff(history.offsets))
        face = np.concatenate([np.arange(count), history.face])
        label = np.concatenate([history.first, history.label]).astype(np.int64)
        first = epoch.begin + np.concatenate([np.zeros(count, np.int64), date])
        order = np.lexsort([first, face])
        face, label, first = face[order], label[order], first[order]
        goes_on = np.append(face[1:] == face[:-1], False)
        after = np.where(goes_on, np.append(first[1:], 0), epoch.end)
        kept = label >= 0
        yield epoch.arrangement, face[kept], label[kept], first[kept], after[kept]
