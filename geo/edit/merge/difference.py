"""Two versions of a layer or table compared by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.crs import area_km2, distance_km
from geo.edit.merge.by_id import shape_in_words, state_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Feature, Row, Value


@dataclass(frozen=True, slots=True)
class Change:
    """
    What became of one feature or row.

    Attributes
    ----------
    id
        Whose.
    values
        Name, value before and value after of each property that changed.
    before_km2, after_km2
        Its ground, where that changed; None where it did not, or it has none.
    moved_km2
        Ground that it gained and ground that it lost, together.
    moved_km
        How far a point moved.
    """

    id: str
    values: tuple[tuple[str, Value, Value], ...]
    before_km2: float | None = None
    after_km2: float | None = None
    moved_km2: float | None = None
    moved_km: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """
    How one version differs from another.

    Attributes
    ----------
    added, gone
        Features or rows that one of the two lacks, by id.
    changed
        The others that are not the same.
    """

    added: tuple[Feature | Row, ...]
    gone: tuple[Feature | Row, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.changed)


def compare_records(
    before: Sequence[Feature] | Sequence[Row], after: Sequence[Feature] | Sequence[Row]
) -> Difference:
    """
    Compare two versions by id.

    Parameters
    ----------
    before, after
        Features or rows that have ids.

    Returns
    -------
    difference
        What was added, what is gone, what changed; false where nothing did.
    """
    old = {record.id: record for record in before}
    new = {record.id: record for record in after}
    changes = [_change(old[name], new[name]) for name in sorted(old.keys() & new.keys())]
    return Difference(
        added=tuple(new[name] for name in sorted(new.keys() - old.keys())),
        gone=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        changed=tuple(change for change in changes if change is not None),
    )


def _change(old: Feature | Row, new: Feature | Row) -> Change | None:
    """What became of a record; None where nothing did."""
    was, now = state_of(old), state_of(new)
    names = [*was.values, *(name for name in now.values if name not in was.values)]
    pairs = ((name, was.values.get(name), now.values.get(name)) for name in names)
    values = tuple(pair for pair in pairs if pair[1] != pair[2])
    one, two = was.geometry, now.geometry
    if one == two:
        return Change(old.id, values) if values else None
    if one is None or two is None:
        return Change(old.id, (*values, ("geometry", shape_in_words(one), shape_in_words(two))))
    if shapely.get_dimensions(one) < 2 or shapely.get_dimensions(two) < 2:
        ends = [shapely.get_coordinates(shapely.centroid(shape))[0] for shape in (one, two)]
        return Change(old.id, values, moved_km=float(distance_km(*ends[0], *ends[1])))
    areas = area_km2([one, two, shapely.symmetric_difference(one, two)]).tolist()
    return Change(old.id, values, areas[0], areas[1], areas[2])
