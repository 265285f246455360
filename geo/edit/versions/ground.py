"""What became of each control layer from one version to another: ground, sides, places."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import Composite
from geo.crs import middle_of
from geo.edit.merge.difference import Difference, compare_records
from geo.layers import patches_of
from geo.model import Feature, Label, Patch, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.layers import Folder

_MOVED, _RETOLD = 0, 1


_ONE, _TWO = dt.date(1, 1, 1), dt.date(1, 1, 2)
"""Stand for the two versions in a composite; they are no dates of the theatre."""


class LayerFate(StrEnum):
    """What became of a layer."""

    CHANGED = "changed"
    ADDED = "added"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Flip:
    """
    A place on ground that is another's now.

    Attributes
    ----------
    id, name
        The place.
    before, after
        Who holds it in each version: a side, or the status where none holds it alone.
    where
        Longitude, latitude.
    """

    id: str
    name: str
    before: str
    after: str
    where: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LayerChange:
    """
    What became of the control layer of one date.

    Attributes
    ----------
    day
        The date.
    kind
        What became of it.
    against
        Date of the layer that it is compared with: its own, or for a date that only one version
        has the layer in force before it; None where there is none.
    transfers
        Side before, side after and km2, largest first; a status stands for a side where none
        holds the ground alone.
    surer
        What else changed where the side did not: in words, and km2, largest first.
    flips
        Places that changed sides.
    patches
        By id.
    shapes
        For each version the ground of each side, longitude, latitude.
    moved
        The ground that changed sides; None where none did.
    retold
        The ground of which something else is said; None where there is none.
    """

    day: dt.date
    kind: LayerFate
    against: dt.date | None
    transfers: tuple[tuple[str, str, float], ...]
    surer: tuple[tuple[str, float], ...]
    flips: tuple[Flip, ...]
    patches: Difference
    shapes: tuple[Mapping[str, shapely.Geometry], Mapping[str, shapely.Geometry]]
    moved: shapely.Geometry | None
    retold: shapely.Geometry | None

    @property
    def moved_km2(self) -> float:  # numpydoc ignore=RT01
        """All ground that changed sides."""
        return sum(km2 for _, _, km2 in self.transfers)


def layer_changes(first: Folder, second: Folder) -> Iterator[LayerChange]:
    """What became of every control layer that is not the same in both versions."""
    for day in sorted(first.control.keys() | second.control.keys()):
        one, two = first.control.get(day), second.control.get(day)
        if one is None and two is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = LayerFate.ADDED, second.control[against].features if against else ()
            new = two.features
        elif two is None and one is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = LayerFate.GONE, one.features
            new = second.control[against].features if against else ()
        else:
            assert one is not None and two is not None
            kind, against, old, new = LayerFate.CHANGED, day, one.features, two.features
            if not compare_records(old, new) and first.area == second.area:
                continue
        yield _ground(day, kind, against, (first, second), (old, new))


def _ground(
    day: dt.date,
    kind: LayerFate,
    against: dt.date | None,
    folders: tuple[Folder, Folder],
    features: tuple[Sequence[Feature], Sequence[Feature]],
) -> LayerChange:
    patches = compare_records(*features)
    if not (features[0] and features[1]):
        return LayerChange(day, kind, against, (), (), (), patches, ({}, {}), None, None)
    area, layers = _common_area(folders, features)
    sides = folders[0].sides | folders[1].sides
    composite = Composite.build(area, dict(zip((_ONE, _TWO), layers, strict=True)), sides)
    arrangement, one, two = composite.between(_ONE, _TWO)
    km2 = composite.ground_km2(arrangement)
    sums: dict[tuple[str, str], float] = defaultdict(float)
    surer: dict[str, float] = defaultdict(float)
    kinds = np.full(len(one), -1)
    inside = np.flatnonzero((one >= 0) & (two >= 0))
    pairs, inverse = np.unique(np.stack([one, two])[:, inside], axis=1, return_inverse=True)
    for i, (was, now) in enumerate(pairs.T.tolist()):
        old, new = composite.labels[was], composite.labels[now]
        faces = inside[inverse.ravel() == i]
        hands = composite.side(old), composite.side(new)
        if hands[0] != hands[1]:
            sums[hands] += float(km2[faces].sum())
            kinds[faces] = _MOVED
        elif words := _axes_changed(old, new):
            surer[words] += float(km2[faces].sum())
            kinds[faces] = _RETOLD
    drawn = [_side_shapes(composite, arrangement, row) for row in (one, two)]
    changed = dict(zip(*arrangement.dissolve(kinds), strict=True))
    return LayerChange(
        day=day,
        kind=kind,
        against=against,
        transfers=tuple(sorted(((*k, v) for k, v in sums.items()), key=lambda t: (-t[2], t))),
        surer=tuple(sorted(surer.items(), key=lambda item: (-item[1], item))),
        flips=tuple(_flips(composite, folders[1])),
        patches=patches,
        shapes=(drawn[0], drawn[1]),
        moved=changed.get(_MOVED),
        retold=changed.get(_RETOLD),
    )


def _common_area(
    folders: tuple[Folder, Folder], features: tuple[Sequence[Feature], Sequence[Feature]]
) -> tuple[shapely.Geometry, list[list[Patch]]]:
    """One study area for both versions, and their patches; what only one has is not assessed."""
    layers = [patches_of(some) for some in features]
    if folders[0].area == folders[1].area:
        return folders[1].area, layers
    area = shapely.union(folders[0].area, folders[1].area, grid_size=1e-6)
    for patches in layers:
        whole = shapely.union_all([patch.geometry for patch in patches], grid_size=1e-6)
        rest = shapely.difference(area, whole, grid_size=1e-6)
        if not rest.is_empty:
            patches.append(Patch(Label(status=Status.UNKNOWN, patch="outside"), rest))
    return area, layers


def _axes_changed(old: Label, new: Label) -> str:
    """What else two labels of one side differ in, in words."""
    names = ("controller", "controllers", "status", "basis", "confidence")
    words = []
    for name in names:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            words.append(f"{name} {was or 'empty'} → {now or 'empty'}")
    return ", ".join(words)


def _side_shapes(composite: Composite, arrangement: Any, row: Any) -> dict[str, shapely.Geometry]:
    names, side = composite.side_codes
    codes, polygons = arrangement.dissolve(np.where(row >= 0, side[row], -1))
    return {names[code]: polygon for code, polygon in zip(codes.tolist(), polygons, strict=True)}


def _flips(composite: Composite, folder: Folder) -> Iterator[Flip]:
    shaped = [(p, p.geometry) for p in folder.places.values() if p.geometry is not None]
    if not shaped:
        return
    located = [place for place, _ in shaped]
    lon, lat = shapely.get_coordinates([middle_of(shape) for _, shape in shaped]).T
    found = [composite.labels_at(day, lon, lat).tolist() for day in (_ONE, _TWO)]
    for i, (place, was, now) in enumerate(zip(located, *found, strict=True)):
        if was < 0 or now < 0:
            continue
        hands = [composite.side(composite.labels[label]) for label in (was, now)]
        if hands[0] != hands[1]:
            where = float(lon[i]), float(lat[i])
            yield Flip(place.id, str(place.properties["name"]), hands[0], hands[1], where)
