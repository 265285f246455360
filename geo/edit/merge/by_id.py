"""
Records of any kind, read, compared by id and merged by id: each property on its own.

Shapes are one value here. Private to `geo.edit.merge`, but for what reads and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeVar

import shapely

from geo.crs import area_km2, distance_km
from geo.layers import parse_geojson, parse_table
from geo.model import Feature, Row, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.model import Schema, Value

HOLDER = ("controller", "controllers", "status")
"""Who holds it: one answer, so these merge as one value."""

QUALITY = ("basis", "confidence")
"""How sure that answer is: it belongs to the holder that it was given for."""

_SETS = frozenset({"statement_ids", "source_ids", "event_ids", "place_ids", "alternatenames"})
"""Lists whose entries stand for themselves: what either side adds or takes away counts."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    What two analysts said differently, and only a person can decide.

    Attributes
    ----------
    ids
        Of the feature or row; of all patches that meet there where ground is meant.
    what
        ``property`` and its name, ``holder``, ``geometry``, ``ground``, ``added on both sides``
        or ``deleted and changed``.
    base, ours, theirs
        The three values, shapes in words; None for nothing.
    message
        One sentence that says all of it.
    where
        Longitude, latitude of a point on the ground that is meant; None where there is none.
    """

    ids: tuple[str, ...]
    what: str
    base: Value
    ours: Value
    theirs: Value
    message: str
    where: tuple[float, float] | None = None


# --- records, whatever they are ----------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """A feature or a row: its values, and its shape in canonical form."""

    values: Mapping[str, Value]
    geometry: shapely.Geometry | None = None


States = dict[str, State]


@dataclass(frozen=True, slots=True)
class Versions:
    """The three versions that a merge begins with, each by id."""

    base: States
    ours: States
    theirs: States

    def __iter__(self) -> Iterator[States]:
        return iter((self.base, self.ours, self.theirs))


Choose = Callable[[Conflict], 'Literal["ours", "theirs"] | None']
"""Whose word counts in a conflict; None leaves it to a person."""

WHOLE = frozenset({"added on both sides", "deleted and changed"})
"""Conflicts about whether a record is there at all."""


@dataclass(slots=True)
class Outcome:
    """The merge as either side would have it, what they differ in, and what was settled."""

    ours: States
    theirs: States
    conflicts: list[Conflict]
    settled: list[tuple[Conflict, Literal["ours", "theirs"]]] = field(default_factory=list)

    def __iter__(self) -> Iterator[States]:
        return iter((self.ours, self.theirs))


def state_of(record: Feature | Row) -> State:
    """Return a feature or a row as a record."""
    shape = record.geometry
    return State(record.values, None if shape is None else canonical(shape))


def canonical(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a shape with its rings in one order and direction; a line keeps its own."""
    if shapely.get_dimensions(shape) < 2:
        return shape
    canonical: shapely.Geometry = shapely.orient_polygons(shapely.normalize(shape))
    return canonical


def states_of(features: Sequence[Feature]) -> States:
    """Return features as records, by id."""
    return {feature.id: state_of(feature) for feature in features}


# --- merging by id ------------------------------------------------------------


def merged_by_id(versions: Versions, choose: Choose | None = None) -> Outcome:
    """Merge record by record; shapes as one value each."""
    outcome = Outcome({}, {}, [])
    for name in sorted(versions.base.keys() | versions.ours.keys() | versions.theirs.keys()):
        base, ours, theirs = (records.get(name) for records in versions)
        one, two, conflicts = _merged_record(name, base, ours, theirs)
        for conflict in conflicts:
            side = choose(conflict) if choose else None
            if side is None:
                outcome.conflicts.append(conflict)
                continue
            outcome.settled.append((conflict, side))
            chosen = ours if side == "ours" else theirs
            one, two = (_settled(conflict, record, chosen) for record in (one, two))
        for records, record in zip(outcome, (one, two), strict=True):
            if record is not None:
                records[name] = record
    return outcome


def _merged_record(
    name: str, base: State | None, ours: State | None, theirs: State | None
) -> tuple[State | None, State | None, list[Conflict]]:
    """One record as either side would have it, and what they differ in."""
    if theirs in (base, ours):
        return ours, ours, []
    if ours == base:
        return theirs, theirs, []
    if base is None:
        message = f"{name} was added on both sides, and they differ; give one of them a new id"
        what = "added on both sides"
        return ours, theirs, [Conflict((name,), what, None, "added", "added", message)]
    if ours is None or theirs is None:
        said = "deleted" if ours is None else "changed", "deleted" if theirs is None else "changed"
        message = f"{name} was {said[0]} by ours and {said[1]} by theirs"
        what = "deleted and changed"
        return ours, theirs, [Conflict((name,), what, "there", *said, message)]
    one, two, conflicts = _merged_values(name, base.values, ours.values, theirs.values)
    shape, other, clash = three(base.geometry, ours.geometry, theirs.geometry)
    if clash:
        words = [shape_in_words(record.geometry) for record in (base, ours, theirs)]
        message = f"{name} was drawn anew by both: {words[1]} by ours, {words[2]} by theirs"
        conflicts.append(Conflict((name,), "geometry", words[0], words[1], words[2], message))
    return State(one, shape), State(two, other), conflicts


def _settled(conflict: Conflict, record: State | None, chosen: State | None) -> State | None:
    """A record with what one side says where the two said different things."""
    if conflict.what in WHOLE or record is None or chosen is None:
        return chosen
    if conflict.what == "geometry":
        return replace(record, geometry=chosen.geometry)
    keys: tuple[str, ...] = (*HOLDER, *QUALITY)
    if conflict.what.startswith("property "):
        keys = (conflict.what.removeprefix("property "),)
    values = dict(record.values)
    for key in keys:
        if key in chosen.values:
            values[key] = chosen.values[key]
        else:
            values.pop(key, None)
    return replace(record, values=values)


T = TypeVar("T")


def three(base: T, ours: T, theirs: T) -> tuple[T, T, bool]:
    """A value as either side would have it, and whether they differ."""
    if theirs in (base, ours):
        return ours, ours, False
    if ours == base:
        return theirs, theirs, False
    return ours, theirs, True


def _merged_values(
    name: str, base: Mapping[str, Value], ours: Mapping[str, Value], theirs: Mapping[str, Value]
) -> tuple[dict[str, Value], dict[str, Value], list[Conflict]]:
    """All properties of one record."""
    keys = [*ours, *(key for key in theirs if key not in ours)]
    conflicts = []
    one: dict[str, Value] = {}
    two: dict[str, Value] = {}
    holder = [key for key in HOLDER if key in keys]
    answers = [tuple(values.get(key) for key in holder) for values in (base, ours, theirs)]
    for key in keys:
        values = base.get(key), ours.get(key), theirs.get(key)
        if key in _SETS:
            one[key] = two[key] = _merged_list(*values)
            continue
        one[key], two[key], clash = three(*values)
        if key in holder:
            mine, other, _ = three(*answers)
            at = holder.index(key)
            one[key], two[key], clash = mine[at], other[at], False
        elif key in QUALITY and not clash:
            clash = _is_misplaced(values, answers)
            one[key], two[key] = (values[1], values[2]) if clash else (one[key], two[key])
        if clash:
            message = (
                f"{key} of {name} is {_said(values[1])} for ours, {_said(values[2])} for theirs"
            )
            conflicts.append(Conflict((name,), f"property {key}", *values, message))
    if three(*answers)[2]:
        words = [held(values) for values in (base, ours, theirs)]
        message = f"{name} is {words[1]} for ours, {words[2]} for theirs; it was {words[0]}"
        conflicts.append(Conflict((name,), "holder", words[0], words[1], words[2], message))
    return one, two, conflicts


def _is_misplaced(values: tuple[Value, Value, Value], answers: Sequence[tuple[Value, ...]]) -> bool:
    """Whether one side says how sure a holder is whom the other side replaced."""
    base, ours, theirs = values
    was, mine, other = answers
    if mine == other or ours == theirs:
        return False
    return (mine != was and theirs != base) or (other != was and ours != base)


def _merged_list(base: Value, ours: Value, theirs: Value) -> Value:
    """A list with what either side added, and without what either took away."""
    merged, _, clash = three(base, ours, theirs)
    if not clash:
        return merged
    was, one, two = (split_ids(value) for value in (base, ours, theirs))
    kept = [entry for entry in was if entry in one and entry in two]
    return ";".join([*kept, *sorted({*one, *two}.difference(was))]) or None


def held(values: Mapping[str, Value]) -> str:
    """Who holds something, in words."""
    parts = [str(values.get(key)) for key in HOLDER if values.get(key)]
    return " ".join(parts) or "held by nobody"


def _said(value: Value) -> str:
    return "empty" if value is None else repr(value)


def shape_in_words(shape: shapely.Geometry | None) -> str | None:
    """A shape in words."""
    if shape is None:
        return None
    if shapely.get_dimensions(shape) == 2:
        corners = int(shapely.get_num_coordinates(shape))
        return f"{float(area_km2(shape)[0]):,.6g} km2 of {corners} corners"
    lon, lat = shapely.get_coordinates(shape)[0].tolist()
    return f"at {lon:g}, {lat:g}"


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


def read_records(
    data: bytes, *, schema: Schema, file: str, repair: bool = False
) -> tuple[Feature, ...] | tuple[Row, ...]:
    """
    Return what a file holds, read strictly.

    Raises
    ------
    SchemaError
        If it cannot be read; with `repair`, if it holds what has more than one repair.
    """
    if schema.geometry:
        return parse_geojson(data, schema=schema, file=file, repair=repair).features
    return parse_table(data, schema=schema, file=file, repair=repair).rows
