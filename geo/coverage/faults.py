"""
Where the patches of one layer overlap, leave a gap or reach outside the study area.

Where every segment has a twin that runs the other way, borders cancel out and only the rest,
mostly the rim, is noded: valid polygons whose borders cancel to that of the study area cover it
exactly once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage.arrangement import Arrangement, arrange
from geo.coverage.edges import BorderEdges, trace_borders
from geo.coverage.grid import Ints, distinct
from geo.coverage.noding import Segments
from geo.crs import length_km
from geo.errors import Issue, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.model import Patch


SLIVER_M = 5.0
"""A gap or an overlap of less mean width than this is a sliver: reported, not refused."""


_KINDS = {
    "overlap": "take the ground from one of them",
    "gap": "give the ground to a patch, with status unknown if need be",
    "outside": "cut the patch at the border of the study area",
}


def find_faults(
    area: shapely.Geometry,
    patches: Sequence[Patch],
    *,
    edges: BorderEdges | None = None,
    valid: bool = False,
) -> list[Issue]:
    """
    Return where the patches of one layer overlap, leave a gap or reach outside.

    Parameters
    ----------
    area
        The study area, longitude, latitude.
    patches
        The patches of one date.
    edges
        The segments of the patches, where they are known already.
    valid
        Whether every patch is known to be valid, as what the strict reader returns is.

    Returns
    -------
    issues
        One a connected piece: ``layer.overlap``, ``layer.gap`` and ``layer.outside`` are errors;
        ``layer.sliver`` is a warning, for pieces of less than `SLIVER_M` mean width;
        ``layer.crossing`` is an error, for a patch whose border crosses itself. Largest first.
    """
    shown = np.empty(len(patches) + 1, dtype=object)
    shown[:] = [area, *(patch.geometry for patch in patches)]
    sound = np.ones(len(shown), bool)
    doubted = slice(1 if valid else len(shown))
    sound[doubted] = shapely.is_valid(shown[doubted])
    if sound.all() and _is_covered(area, edges or BorderEdges.of(shown[1:])):
        return []
    which = trace_borders(shown)
    if not len(which.low):
        return [] if not patches else [_empty_area()]
    arrangement = arrange(which)
    offsets, arc, sign = arrangement.borders(which)
    inside = arrangement.cover(arc[: offsets[1]], sign[: offsets[1]])
    count = arrangement.cover(arc[offsets[1] :], sign[offsets[1] :])
    found: list[tuple[float, Issue]] = []
    for i in np.flatnonzero(~sound[1:]).tolist():
        span = slice(offsets[i + 1], offsets[i + 2])
        found += _crossed(arrangement, arrangement.cover(arc[span], sign[span]), patches[i])
    owners = _owners(arrangement, offsets, arc, sign, np.flatnonzero(inside != count))
    for kind, bad in (
        ("overlap", count > 1),
        ("gap", (inside > 0) & (count < 1)),
        ("outside", (inside < 1) & (count > 0)),
    ):
        found += _pieces(arrangement, kind, bad, owners, patches)
    found.sort(key=lambda item: (-item[0], item[1].ids, item[1].where))
    return [issue for _, issue in found]


def _is_covered(area: shapely.Geometry, edges: BorderEdges) -> bool:
    """
    Whether valid polygons cover the study area exactly once, where that shows without much noding.

    They are given by their segments. Valid polygons whose borders cancel out to that of the study
    area do. Only the segments that have no twin as they are drawn need noding.
    """
    left = np.flatnonzero(edges.twin < 0)
    if 2 * len(left) > len(edges.start):
        return False
    rim = BorderEdges.of([area])
    # What the patches have on the left hand, the study area has on the right.
    start, end = np.append(rim.end, edges.start[left]), np.append(rim.start, edges.end[left])
    up = start < end
    low, high = np.where(up, start, end), np.where(up, end, start)
    first, pair = distinct(low, high)
    net = np.bincount(pair, np.where(up, 1, -1), minlength=len(first))
    first, net = first[net != 0], net[net != 0].astype(np.int64)
    start, end, owner = Segments.noded(low[first], high[first]).edges()
    up = start < end
    _, pair = distinct(np.where(up, start, end), np.where(up, end, start))
    total = np.bincount(pair, np.where(up, 1, -1) * net[owner])
    return not total.any()


def _crossed(arrangement: Arrangement, cover: Ints, patch: Patch) -> Iterator[tuple[float, Issue]]:
    """What a patch covers twice, or the wrong way round: its border crosses itself."""
    bad = (cover < 0) | (cover > 1)
    if not bad.any():
        return
    _, polygons = arrangement.dissolve(np.where(bad, 0, -1))
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygons[0]))[0]
    size = float(arrangement.face_area_km2[bad].sum())
    name = patch.label.patch or "a patch"
    yield (
        size,
        refuse(
            "layer.crossing",
            f"the border of {name} crosses itself round {size:.6g} km2",
            "draw it without the loop",
            ids=(patch.label.patch,) if patch.label.patch else (),
            where=(round(x, 6), round(y, 6)),
        ),
    )


def _empty_area() -> Issue:
    return refuse("layer.outside", "the study area is empty, so every patch lies outside it")


def _owners(
    arrangement: Arrangement, offsets: Ints, arc: Ints, sign: NDArray[np.int8], faces: Ints
) -> dict[int, tuple[int, ...]]:
    """Which patches cover each of some faces."""
    owners: dict[int, list[int]] = {int(face): [] for face in faces}
    for patch in range(len(offsets) - 2):
        span = slice(offsets[patch + 1], offsets[patch + 2])
        covered = arrangement.cover(arc[span], sign[span])[faces] > 0
        for face in faces[covered].tolist():
            owners[face].append(patch)
    return {face: tuple(found) for face, found in owners.items()}


def _pieces(
    arrangement: Arrangement,
    kind: str,
    bad: NDArray[np.bool_],
    owners: dict[int, tuple[int, ...]],
    patches: Sequence[Patch],
) -> Iterator[tuple[float, Issue]]:
    sets = {owner: number for number, owner in enumerate(sorted(set(owners.values())))}
    labels = np.full(arrangement.face_count, -1, np.int64)
    for face in np.flatnonzero(bad).tolist():
        labels[face] = sets[owners.get(face, ())] if face in owners else -1
    part = arrangement.parts(labels)
    labels = np.where(labels >= 0, part, -1)
    values, polygons = arrangement.dissolve(labels)
    area = np.bincount(labels[labels >= 0], arrangement.face_area_km2[labels >= 0])
    for face, polygon in zip(values.tolist(), polygons, strict=True):
        ids = tuple(sorted({patches[i].label.patch or f"#{i}" for i in owners[face]}))
        yield float(area[face]), _fault(kind, ids, polygon, float(area[face]))


def _fault(kind: str, ids: tuple[str, ...], polygon: shapely.Geometry, area: float) -> Issue:
    width = 2e3 * area / max(float(length_km(shapely.boundary(polygon))[0]), 1e-12)
    sliver = width < SLIVER_M
    size = f"{area:.6g} km2, on the mean {width:.3g} m wide"
    who = " and ".join(ids)
    text = {
        "overlap": f"{who} overlap: {size}",
        "gap": f"no patch covers this ground: {size}",
        "outside": f"{who} reaches outside the study area: {size}",
    }[kind]
    x, y = shapely.get_coordinates(shapely.point_on_surface(polygon))[0]
    return Issue(
        "layer.sliver" if sliver else f"layer.{kind}",
        "warning" if sliver else "error",
        text,
        _KINDS[kind],
        ids=ids,
        where=(round(x, 6), round(y, 6)),
    )
