"""
Two versions of a layer that go back to a third: merged by id, and compared by id.

Text can be merged line by line, ground cannot: two edits that touch different lines may both
give the same village away. So features and rows are merged by id and property, and the patches of
a control layer by ground as well: at every point the merged map says what the one analyst said who
changed it there. Where both did, or where one moved a border along ground that the other moved
too, nothing is decided here: it is a `Conflict`, with its place.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely

from geo import geojson, tables, topology
from geo.crs import area_km2, distance_km
from geo.errors import SchemaError
from geo.model import CONTROL, Feature, Row, Schema, Value, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "Change",
    "Conflict",
    "Difference",
    "Merged",
    "MergedRows",
    "difference",
    "merge_bytes",
    "merge_features",
    "merge_rows",
]

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
    id
        Of the feature or row; several are joined by ``;`` where ground is meant.
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

    id: str
    what: str
    base: Value
    ours: Value
    theirs: Value
    message: str
    where: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """
    Features merged by id.

    Attributes
    ----------
    features
        By id. Where there is a conflict, as `ours` has it: not to be saved as the answer.
    theirs
        The same with each conflict as `theirs` has it; equal to `features` if there is none.
    conflicts
        What a person must decide; empty if the merge is clean.
    """

    features: tuple[Feature, ...]
    theirs: tuple[Feature, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class MergedRows:
    """
    Rows merged by id.

    Attributes
    ----------
    rows
        In order of id. Where there is a conflict, as `ours` has it.
    theirs
        The same with each conflict as `theirs` has it.
    conflicts
        What a person must decide; empty if the merge is clean.
    """

    rows: tuple[Row, ...]
    theirs: tuple[Row, ...]
    conflicts: tuple[Conflict, ...]


def merge_features(
    base: Sequence[Feature],
    ours: Sequence[Feature],
    theirs: Sequence[Feature],
    *,
    schema: Schema = CONTROL,
) -> Merged:
    """
    Merge two versions of a layer.

    What one side alone changed is taken. Control layers are merged by ground: two analysts may
    move different borders of one patch, but not the same border.

    Parameters
    ----------
    base
        The features that both sides began with.
    ours, theirs
        The two versions.
    schema
        What they are.

    Returns
    -------
    merged
        The features, and what could not be merged. Exchanging `ours` and `theirs` exchanges them
        in the answer and changes nothing else.
    """
    versions = _Versions(*(_records_of(features) for features in (base, ours, theirs)))
    outcome = _merged_by_id(versions)
    if schema.name == CONTROL.name:
        _Ground(versions, outcome).settle()
    return Merged(_features(outcome.ours), _features(outcome.theirs), tuple(outcome.conflicts))


def merge_rows(
    base: Sequence[Row], ours: Sequence[Row], theirs: Sequence[Row], *, schema: Schema
) -> MergedRows:
    """
    Merge two versions of a table.

    Parameters
    ----------
    base
        The rows that both sides began with.
    ours, theirs
        The two versions.
    schema
        What they are. Rows without an id are told apart by their first columns, as many as it
        takes.

    Returns
    -------
    merged
        The rows, and what could not be merged.
    """
    tables_of = (base, ours, theirs)
    keys = _row_keys(tables_of, schema)
    versions = _Versions(
        *(
            {key: _Record(row.values) for key, row in zip(names, rows, strict=True)}
            for names, rows in zip(keys, tables_of, strict=True)
        )
    )
    outcome = _merged_by_id(versions)
    keyed = "id" in schema.names
    return MergedRows(
        _rows(outcome.ours, keyed=keyed),
        _rows(outcome.theirs, keyed=keyed),
        tuple(outcome.conflicts),
    )


def merge_bytes(
    base: bytes, ours: bytes, theirs: bytes, *, schema: Schema, file: str
) -> tuple[bytes, tuple[Conflict, ...]]:
    """
    Merge two versions of a file.

    Parameters
    ----------
    base
        The file that both sides began with; empty where both added it.
    ours, theirs
        The two versions.
    schema
        What the file is.
    file
        Its path, for messages.

    Returns
    -------
    data
        Canonical text. Where there are conflicts, both texts stand between the marks that git
        uses, and every reader refuses the file until one of them is chosen.
    conflicts
        What a person must decide; empty if the merge is clean.

    Raises
    ------
    SchemaError
        If a version cannot be read, or says something that only its text can carry.
    """
    if schema.geometry:
        layers = [_parsed(data, schema, file) for data in (base, ours, theirs)]
        merged = merge_features(*layers, schema=schema)
        text = geojson.dump(merged.features, schema=schema)
        if not merged.conflicts:
            return text, ()
        other = geojson.dump(merged.theirs, schema=schema)
        return _marked(_feature_texts(text), _feature_texts(other)), merged.conflicts
    rows = [_parsed_rows(data, schema, file) for data in (base, ours, theirs)]
    table = merge_rows(*rows, schema=schema)
    text = tables.dump(table.rows, schema=schema)
    if not table.conflicts:
        return text, ()
    other = tables.dump(table.theirs, schema=schema)
    return _marked(_row_texts(text, file), _row_texts(other, file)), table.conflicts


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


def difference(
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
    was, now = _record(old), _record(new)
    names = [*was.values, *(name for name in now.values if name not in was.values)]
    pairs = ((name, was.values.get(name), now.values.get(name)) for name in names)
    values = tuple(pair for pair in pairs if pair[1] != pair[2])
    one, two = was.geometry, now.geometry
    if one == two:
        return Change(old.id, values) if values else None
    if one is None or two is None:
        return Change(old.id, (*values, ("geometry", _shape(one), _shape(two))))
    if shapely.get_dimensions(one) < 2 or shapely.get_dimensions(two) < 2:
        ends = [shapely.get_coordinates(shapely.centroid(shape))[0] for shape in (one, two)]
        return Change(old.id, values, moved_km=float(distance_km(*ends[0], *ends[1])))
    areas = area_km2([one, two, shapely.symmetric_difference(one, two)]).tolist()
    return Change(old.id, values, areas[0], areas[1], areas[2])


# --- records, whatever they are ----------------------------------------------


@dataclass(frozen=True, slots=True)
class _Record:
    """A feature or a row: its values, and its shape in canonical form."""

    values: Mapping[str, Value]
    geometry: shapely.Geometry | None = None


_Records = dict[str, _Record]


@dataclass(frozen=True, slots=True)
class _Versions:
    """The three versions that a merge begins with, each by id."""

    base: _Records
    ours: _Records
    theirs: _Records

    def __iter__(self) -> Iterator[_Records]:
        return iter((self.base, self.ours, self.theirs))


@dataclass(slots=True)
class _Outcome:
    """The merge as either side would have it, and what they differ in."""

    ours: _Records
    theirs: _Records
    conflicts: list[Conflict]

    def __iter__(self) -> Iterator[_Records]:
        return iter((self.ours, self.theirs))


def _record(record: Feature | Row) -> _Record:
    if isinstance(record, Row):
        return _Record(record.values)
    shape = record.geometry
    return _Record(record.properties, None if shape is None else _canonical(shape))


def _canonical(shape: shapely.Geometry) -> shapely.Geometry:
    canonical: shapely.Geometry = shapely.orient_polygons(shapely.normalize(shape))
    return canonical


def _records_of(features: Sequence[Feature]) -> _Records:
    return {feature.id: _record(feature) for feature in features}


def _features(records: _Records) -> tuple[Feature, ...]:
    return tuple(
        Feature(name, dict(record.values), record.geometry)
        for name, record in sorted(records.items())
    )


def _rows(records: _Records, *, keyed: bool) -> tuple[Row, ...]:
    return tuple(
        Row(name if keyed else "", dict(record.values)) for name, record in sorted(records.items())
    )


def _row_keys(versions: Sequence[Sequence[Row]], schema: Schema) -> list[list[str]]:
    """What tells the rows of a table apart: ids, or as many first columns as it takes."""
    if "id" in schema.names:
        return [[row.id for row in rows] for rows in versions]
    for count in range(1, len(schema.names) + 1):
        names = schema.names[:count]
        keys = [
            [", ".join(str(row.values.get(n) or "") for n in names) for row in rows]
            for rows in versions
        ]
        if all(len(set(key)) == len(key) for key in keys):
            return keys
    # Rows that are equal in all columns: the second of them is another one.
    seen = [Counter[str]() for _ in versions]
    for key, count_of in zip(keys, seen, strict=True):
        for i, text in enumerate(key):
            count_of[text] += 1
            key[i] = text if count_of[text] == 1 else f"{text} ({count_of[text]})"
    return keys


# --- merging by id ------------------------------------------------------------


def _merged_by_id(versions: _Versions) -> _Outcome:
    """Merge record by record; shapes as one value each."""
    outcome = _Outcome({}, {}, [])
    for name in sorted(versions.base.keys() | versions.ours.keys() | versions.theirs.keys()):
        base, ours, theirs = (records.get(name) for records in versions)
        one, two, conflicts = _merged_record(name, base, ours, theirs)
        outcome.conflicts += conflicts
        for records, record in zip(outcome, (one, two), strict=True):
            if record is not None:
                records[name] = record
    return outcome


def _merged_record(
    name: str, base: _Record | None, ours: _Record | None, theirs: _Record | None
) -> tuple[_Record | None, _Record | None, list[Conflict]]:
    """One record as either side would have it, and what they differ in."""
    if theirs in (base, ours):
        return ours, ours, []
    if ours == base:
        return theirs, theirs, []
    if base is None:
        message = f"{name} was added on both sides, and they differ; give one of them a new id"
        what = "added on both sides"
        return ours, theirs, [Conflict(name, what, None, "added", "added", message)]
    if ours is None or theirs is None:
        said = "deleted" if ours is None else "changed", "deleted" if theirs is None else "changed"
        message = f"{name} was {said[0]} by ours and {said[1]} by theirs"
        what = "deleted and changed"
        return ours, theirs, [Conflict(name, what, "there", *said, message)]
    one, two, conflicts = _merged_values(name, base.values, ours.values, theirs.values)
    shape, other, clash = _three(base.geometry, ours.geometry, theirs.geometry)
    if clash:
        words = [_shape(record.geometry) for record in (base, ours, theirs)]
        message = f"{name} was drawn anew by both: {words[1]} by ours, {words[2]} by theirs"
        conflicts.append(Conflict(name, "geometry", words[0], words[1], words[2], message))
    return _Record(one, shape), _Record(two, other), conflicts


T = TypeVar("T")


def _three(base: T, ours: T, theirs: T) -> tuple[T, T, bool]:
    """A value as either side would have it, and whether they differ."""
    if theirs in (base, ours):
        return ours, ours, False
    if ours == base:
        return theirs, theirs, False
    return ours, theirs, True


def _merged_values(
    name: str,
    base: Mapping[str, Value],
    ours: Mapping[str, Value],
    theirs: Mapping[str, Value],
) -> tuple[dict[str, Value], dict[str, Value], list[Conflict]]:
    """All properties of one record."""
    keys = [*ours, *(key for key in theirs if key not in ours)]
    conflicts = []
    one: dict[str, Value] = {}
    two: dict[str, Value] = {}
    holder = [key for key in HOLDER if key in keys]
    held = [tuple(values.get(key) for key in holder) for values in (base, ours, theirs)]
    for key in keys:
        values = base.get(key), ours.get(key), theirs.get(key)
        if key in _SETS:
            one[key] = two[key] = _merged_list(*values)
            continue
        one[key], two[key], clash = _three(*values)
        if key in holder:
            mine, other, _ = _three(*held)
            at = holder.index(key)
            one[key], two[key], clash = mine[at], other[at], False
        elif key in QUALITY and not clash:
            clash = _is_misplaced(values, held)
            one[key], two[key] = (values[1], values[2]) if clash else (one[key], two[key])
        if clash:
            message = (
                f"{key} of {name} is {_said(values[1])} for ours, {_said(values[2])} for theirs"
            )
            conflicts.append(Conflict(name, f"property {key}", *values, message))
    if _three(*held)[2]:
        words = [_held(values) for values in (base, ours, theirs)]
        message = f"{name} is {words[1]} for ours, {words[2]} for theirs; it was {words[0]}"
        conflicts.append(Conflict(name, "holder", words[0], words[1], words[2], message))
    return one, two, conflicts


def _is_misplaced(values: tuple[Value, Value, Value], held: Sequence[tuple[Value, ...]]) -> bool:
    """Whether one side says how sure a holder is whom the other side replaced."""
    base, ours, theirs = values
    if held[1] == held[2] or ours == theirs:
        return False
    return (held[1] != held[0] and theirs != base) or (held[2] != held[0] and ours != base)


def _merged_list(base: Value, ours: Value, theirs: Value) -> Value:
    """A list with what either side added, and without what either took away."""
    merged, _, clash = _three(base, ours, theirs)
    if not clash:
        return merged
    was, one, two = (split_ids(value) for value in (base, ours, theirs))
    kept = [entry for entry in was if entry in one and entry in two]
    return ";".join([*kept, *sorted({*one, *two}.difference(was))]) or None


def _held(values: Mapping[str, Value]) -> str:
    """Who holds something, in words."""
    parts = [str(values.get(key)) for key in HOLDER if values.get(key)]
    return " ".join(parts) or "held by nobody"


def _said(value: Value) -> str:
    return "empty" if value is None else repr(value)


def _shape(shape: shapely.Geometry | None) -> str | None:
    """A shape in words."""
    if shape is None:
        return None
    if shapely.get_dimensions(shape) == 2:
        corners = int(shapely.get_num_coordinates(shape))
        return f"{float(area_km2(shape)[0]):,.6g} km2 of {corners} corners"
    lon, lat = shapely.get_coordinates(shape)[0].tolist()
    return f"at {lon:g}, {lat:g}"


# --- merging by ground --------------------------------------------------------


def _drawn(record: _Record | None) -> shapely.Geometry | None:
    return None if record is None else record.geometry


class _Ground:
    """
    The patches on which three versions of a control layer differ, as faces that each owns.

    The borders of all versions are noded together. Connected ground that one side alone changed
    goes to that side; connected ground that both changed, and not in the same way, is in dispute.
    """

    def __init__(self, versions: _Versions, outcome: _Outcome) -> None:
        self.versions = versions
        self.outcome = outcome
        # A shape that both redrew may still merge, border by border; that is found out below.
        outcome.conflicts[:] = [c for c in outcome.conflicts if c.what != "geometry"]
        ids = sorted(versions.base.keys() | versions.ours.keys() | versions.theirs.keys())
        self.names = [name for name in ids if self._differs(name)]
        self.sets: list[tuple[str, ...]] = [(), *((name,) for name in self.names)]
        self._number: dict[shapely.Geometry, int] = {}
        drawn = [
            shape
            for records in versions
            for name in self.names
            if (shape := _drawn(records.get(name))) is not None and self._is_new(shape)
        ]
        which = topology.shapes(drawn)
        self.arrangement = topology.arrange(which)
        offsets, arc, sign = self.arrangement.borders(which)
        spans = [slice(a, b) for a, b in pairwise(offsets.tolist())]
        covers = (self.arrangement.cover(arc[span], sign[span]) for span in spans)
        self.covered = [np.flatnonzero(cover > 0) for cover in covers]
        self.base, self.ours, self.theirs = (self._owners(records) for records in versions)

    def settle(self) -> None:
        """Give the outcome its shapes, and add what is in dispute."""
        if not self.names:
            return
        part = self.arrangement.parts(np.where(self.is_changed, 0, -1))
        disputed = self._both_changed(part)
        self._report(part, disputed)
        for name in self._torn():
            disputed |= np.isin(part, part[self._faces_of(name)]) & self.is_changed
        while True:
            more = disputed | self._lost(part, disputed)
            if (more == disputed).all():
                break
            self._report(part, more & ~disputed)
            disputed = more
        disputed |= self._misheld(part, disputed)
        self._write(part, disputed)

    @cached_property
    def is_changed(self) -> NDArray[np.bool_]:
        changed: NDArray[np.bool_] = (self.ours != self.base) | (self.theirs != self.base)
        return changed

    def _differs(self, name: str) -> bool:
        records = [version.get(name) for version in self.versions]
        shown = [
            None if r is None else (r.geometry, *(r.values.get(key) for key in HOLDER))
            for r in records
        ]
        return not (shown[0] == shown[1] == shown[2])

    def _is_new(self, shape: shapely.Geometry) -> bool:
        if shape in self._number:
            return False
        self._number[shape] = len(self._number)
        return True

    def _covered(self, record: _Record | None) -> Ints:
        """The faces of a record's own shape."""
        shape = _drawn(record)
        return np.zeros(0, np.int64) if shape is None else self.covered[self._number[shape]]

    def _owners(self, records: _Records) -> Ints:
        """Who owns each face, as a number in `sets`."""
        owner = np.zeros(self.arrangement.face_count, np.int64)
        for number, name in enumerate(self.names, 1):
            faces = self._covered(records.get(name))
            taken = owner[faces] > 0
            # Patches that overlap own their common ground together.
            for face in faces[taken].tolist():
                owner[face] = self._set((*self.sets[owner[face]], name))
            owner[faces[~taken]] = number
        return owner

    def _set(self, names: tuple[str, ...]) -> int:
        if names not in self.sets:
            self.sets.append(names)
        return self.sets.index(names)

    def _faces_of(self, name: str) -> Ints:
        """Every face that one of the versions gives to a patch."""
        own = [self._covered(records.get(name)) for records in self.versions]
        return np.unique(np.concatenate(own))

    def _within(self, part: Ints, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether any face of the connected ground that a face belongs to has a flag."""
        return self.is_changed & np.isin(part, part[flags & self.is_changed])

    def _both_changed(self, part: Ints) -> NDArray[np.bool_]:
        return (
            self._within(part, self.ours != self.base)
            & self._within(part, self.theirs != self.base)
            & self._within(part, self.ours != self.theirs)
        )

    def _torn(self) -> set[str]:
        """Patches of which it is disputed whether they are there at all."""
        whole = {"added on both sides", "deleted and changed"}
        return {c.id for c in self.outcome.conflicts if c.what in whole}.intersection(self.names)

    def _owner(self, part: Ints, disputed: NDArray[np.bool_], own: Ints) -> Ints:
        """Who owns each face after the merge, disputed ground as one side has it."""
        theirs_alone = ~self._within(part, self.ours != self.base)
        return np.where(disputed, own, np.where(theirs_alone, self.theirs, self.ours))

    def _lost(self, part: Ints, disputed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Ground whose merge would leave nothing of a patch that neither side deleted."""
        lost = np.zeros(len(part), bool)
        for own, records in zip((self.ours, self.theirs), self.versions_of_sides, strict=True):
            left = {
                n
                for code in set(self._owner(part, disputed, own).tolist())
                for n in self.sets[code]
            }
            for name in self.names:
                if name not in left and all(name in r for r in self.outcome) and name in records:
                    lost[self._faces_of(name)] = True
        return self._within(part, lost)

    @property
    def versions_of_sides(self) -> tuple[_Records, _Records]:
        return self.versions.ours, self.versions.theirs

    def _misheld(self, part: Ints, disputed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Ground that the merge would give to a holder whom nobody named for it."""
        merged = self._owner(part, disputed, self.ours)
        codes = np.stack([self.base, self.ours, self.theirs, merged], axis=1)
        known = {c.id for c in self.outcome.conflicts if c.what == "holder"}
        bad = np.zeros(len(part), bool)
        rows, inverse = np.unique(codes[~disputed], axis=0, return_inverse=True)
        at = np.flatnonzero(~disputed)
        for i, row in enumerate(rows.tolist()):
            names = {name for code in row for name in self.sets[code]}
            if names & known:
                continue
            sources = (*self.versions, self.outcome.ours)
            base, ours, theirs, got = (
                self._holders(code, records) for code, records in zip(row, sources, strict=True)
            )
            wanted, _, clash = _three(base, ours, theirs)
            if clash or wanted != got:
                faces = at[inverse.ravel() == i]
                bad[faces] = True
                self._report_holder(names, (base, ours, theirs), faces)
                for name in self.sets[row[3]]:
                    self._take_back(name)
        return self._within(part, bad)

    def _holders(self, code: int, records: _Records) -> tuple[str, ...]:
        return tuple(_held(records[name].values) for name in self.sets[code] if name in records)

    def _take_back(self, name: str) -> None:
        """Let each side say what it said of a patch, as the two do not go together."""
        for records, own in zip(self.outcome, self.versions_of_sides, strict=True):
            if name in records and name in own:
                label = {key: own[name].values.get(key) for key in (*HOLDER, *QUALITY)}
                values = {**records[name].values, **label}
                records[name] = _Record(values, records[name].geometry)

    def _report(self, part: Ints, flags: NDArray[np.bool_]) -> None:
        """One conflict for each connected piece of disputed ground."""
        for number in np.unique(part[flags]).tolist():
            faces = np.flatnonzero((part == number) & self.is_changed)
            named = [self._names(own[faces]) for own in (self.base, self.ours, self.theirs)]
            names = ", ".join(sorted({*chain(*named)}))
            size, where = self._place(faces)
            message = (
                f"both moved the borders of {names} on the same {size:,.6g} km2 "
                f"round {where[0]:g}, {where[1]:g}, and not in the same way"
            )
            base, ours, theirs = (" and ".join(own) or None for own in named)
            shown = names.replace(", ", ";")
            self.outcome.conflicts.append(
                Conflict(shown, "ground", base, ours, theirs, message, where)
            )

    def _names(self, codes: Ints) -> list[str]:
        """Whose some ground is."""
        return sorted({name for code in np.unique(codes).tolist() for name in self.sets[code]})

    def _report_holder(self, names: set[str], held: Sequence[tuple[str, ...]], faces: Ints) -> None:
        size, where = self._place(faces)
        was, ours, theirs = (" and ".join(holders) or "nobody's" for holders in held)
        message = (
            f"{size:,.6g} km2 round {where[0]:g}, {where[1]:g} was {was}; it is {ours} for ours, "
            f"{theirs} for theirs: a border was moved, and who holds the patch behind it changed"
        )
        shown = ";".join(sorted(names))
        self.outcome.conflicts.append(Conflict(shown, "holder", was, ours, theirs, message, where))

    def _place(self, faces: Ints) -> tuple[float, tuple[float, float]]:
        """How large some faces are, and a point on them."""
        labels = np.full(self.arrangement.face_count, -1, np.int64)
        labels[faces] = 0
        _, polygons = self.arrangement.dissolve(labels)
        x, y = shapely.get_coordinates(shapely.point_on_surface(polygons[0]))[0].tolist()
        return float(self.arrangement.face_area_km2[faces].sum()), (round(x, 6), round(y, 6))

    def _write(self, part: Ints, disputed: NDArray[np.bool_]) -> None:
        """Put patches with their new shapes into the outcome."""
        for records, own, side in zip(
            self.outcome, (self.ours, self.theirs), self.versions_of_sides, strict=True
        ):
            owner = self._owner(part, disputed, own)
            for name in self.names:
                kept = [code for code, names in enumerate(self.sets) if name in names]
                faces = np.flatnonzero(np.isin(owner, kept))
                record = records.pop(name, None) or side.get(name)
                if len(faces) and record is not None:
                    shape = self._shape(name, faces, side)
                    records[name] = _Record(record.values, shape)

    def _shape(self, name: str, faces: Ints, side: _Records) -> shapely.Geometry:
        """The shape of a patch: as somebody drew it, where somebody drew just that."""
        shapes = [_drawn(version.get(name)) for version in self.versions]
        merged, other, _ = _three(*shapes)
        chosen = merged if side is self.versions.ours else other
        for shape in (chosen, *shapes):
            if shape is not None and np.array_equal(self._covered(_Record({}, shape)), faces):
                return shape
        labels = np.full(self.arrangement.face_count, -1, np.int64)
        labels[faces] = 0
        _, polygons = self.arrangement.dissolve(labels)
        return _canonical(polygons[0])


# --- text ---------------------------------------------------------------------


def _parsed(data: bytes, schema: Schema, file: str) -> tuple[Feature, ...]:
    if not data.strip():
        return ()
    text, _ = geojson.fmt(data, schema=schema, file=file)
    layer = geojson.parse(text, schema=schema, file=file)
    foreign = [issue for issue in layer.issues if issue.code == "root.foreign"]
    if foreign:
        raise SchemaError(foreign)
    return layer.features


def _parsed_rows(data: bytes, schema: Schema, file: str) -> tuple[Row, ...]:
    if not data.strip():
        return ()
    text, _ = tables.fmt(data, schema=schema, file=file)
    return tables.parse(text, schema=schema, file=file).rows


def _feature_texts(text: bytes) -> list[tuple[str, list[bytes]]]:
    """The lines of each feature with its id; those before and after under names that sort so."""
    lines = text.splitlines(keepends=True)
    begins = [i for i, line in enumerate(lines) if line == b"{\n" and i > 0]
    end = len(lines) - 2
    units = [("", lines[: begins[0] if begins else end])]
    for begin, until in zip(begins, [*begins[1:], end], strict=True):
        units.append((lines[begin + 3].decode(), lines[begin:until]))
    return [*units, ("~", lines[end:])]


def _row_texts(text: bytes, file: str) -> list[tuple[str, list[bytes]]]:
    """The lines of each row under a name that sorts as they do."""
    lines = text.splitlines(keepends=True)
    begins = [line - 1 for line, _ in tables.split(text.decode(), file=file)]
    spans = zip(begins, [*begins[1:], len(lines)], strict=True)
    whole = [lines[begin:until] for begin, until in spans]
    return [(b"".join(unit).decode(), unit) for unit in whole]


def _marked(ours: list[tuple[str, list[bytes]]], theirs: list[tuple[str, list[bytes]]]) -> bytes:
    """Both texts; where they differ, each between marks."""
    matcher = difflib.SequenceMatcher(
        None, [name for name, _ in ours], [name for name, _ in theirs], autojunk=False
    )
    out: list[bytes] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        one = [unit for _, unit in ours[a:b]]
        two = [unit for _, unit in theirs[c:d]]
        if kind == "equal":
            for left, right in zip(one, two, strict=True):
                out += _marked_lines(left, right)
        else:
            out += _block(list(chain(*one)), list(chain(*two)))
    return b"".join(out)


def _marked_lines(ours: list[bytes], theirs: list[bytes]) -> Iterator[bytes]:
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield from ours[a:b] if kind == "equal" else _block(ours[a:b], theirs[c:d])


def _block(ours: list[bytes], theirs: list[bytes]) -> list[bytes]:
    return [b"<<<<<<< ours\n", *ours, b"=======\n", *theirs, b">>>>>>> theirs\n"]
