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
from itertools import chain
from typing import TYPE_CHECKING

import shapely

from geo.crs import area_km2, distance_km
from geo.edit.by_ground import Ground
from geo.edit.by_id import (
    Conflict,
    Record,
    Records,
    Versions,
    merged_by_id,
    record_of,
    records_of,
    shape_in_words,
)
from geo.errors import SchemaError
from geo.layers import (
    dump_geojson,
    dump_table,
    fmt_geojson,
    fmt_table,
    parse_geojson,
    parse_table,
    split_rows,
)
from geo.model import CONTROL, Feature, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.model import Schema, Value

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


@dataclass(frozen=True, slots=True)
class Merged:
    """
    Features merged by id.

    Attributes
    ----------
    features
        By id. Where there is a conflict, as `ours` has it: not to be saved as the answer.
    theirs
        The same with each conflict as `theirs` has it; the same map as `features` if there is
        none.
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
    versions = Versions(*(records_of(features) for features in (base, ours, theirs)))
    outcome = merged_by_id(versions)
    if schema.name == CONTROL.name:
        Ground(versions, outcome).settle()
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
    versions = Versions(
        *(
            {key: Record(row.values) for key, row in zip(names, rows, strict=True)}
            for names, rows in zip(keys, tables_of, strict=True)
        )
    )
    outcome = merged_by_id(versions)
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
        text = dump_geojson(merged.features, schema=schema)
        if not merged.conflicts:
            return text, ()
        other = dump_geojson(merged.theirs, schema=schema)
        return _marked(_feature_texts(text), _feature_texts(other)), merged.conflicts
    rows = [_parsed_rows(data, schema, file) for data in (base, ours, theirs)]
    table = merge_rows(*rows, schema=schema)
    text = dump_table(table.rows, schema=schema)
    if not table.conflicts:
        return text, ()
    other = dump_table(table.theirs, schema=schema)
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
    was, now = record_of(old), record_of(new)
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


# --- records -----------------------------------------------------------------


def _features(records: Records) -> tuple[Feature, ...]:
    return tuple(
        Feature(name, dict(record.values), record.geometry)
        for name, record in sorted(records.items())
    )


def _rows(records: Records, *, keyed: bool) -> tuple[Row, ...]:
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


# --- text ---------------------------------------------------------------------


def _parsed(data: bytes, schema: Schema, file: str) -> tuple[Feature, ...]:
    if not data.strip():
        return ()
    text, _ = fmt_geojson(data, schema=schema, file=file)
    layer = parse_geojson(text, schema=schema, file=file)
    foreign = [issue for issue in layer.issues if issue.code == "root.foreign"]
    if foreign:
        raise SchemaError(foreign)
    return layer.features


def _parsed_rows(data: bytes, schema: Schema, file: str) -> tuple[Row, ...]:
    if not data.strip():
        return ()
    text, _ = fmt_table(data, schema=schema, file=file)
    return parse_table(text, schema=schema, file=file).rows


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
    begins = [line - 1 for line, _ in split_rows(text.decode(), file=file)]
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
