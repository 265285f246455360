"""
Two versions of a layer or table that go back to a third, merged by id and by ground.

Text can be merged line by line, ground cannot: two edits that touch different lines may both
give the same village away. So features and rows are merged by id and property, and the patches of
a control layer by ground as well: at every point the merged map says what the one analyst said who
changed it there. Where both did, or where one moved a border along ground that the other moved
too, nothing is decided here: it is a `Conflict`, with its place. A merge of two files is canonical
text, with marks where a person must decide.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from geo.edit.merge.by_ground import GroundMerge
from geo.edit.merge.by_id import Choose, Conflict, State, States, Versions, merged_by_id, states_of
from geo.errors import SchemaError
from geo.layers import dump_geojson, dump_table, parse_geojson, parse_table, split_rows
from geo.model import CONTROL, Feature, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.model import Schema


Record = TypeVar("Record", Feature, Row)


@dataclass(frozen=True, slots=True)
class Merged(Generic[Record]):
    """
    Features or rows merged by id.

    Attributes
    ----------
    records
        By id. Where there is a conflict, as `ours` has it: not to be saved as the answer.
    theirs
        The same with each conflict as `theirs` has it; the same map as `records` if there is
        none.
    conflicts
        What a person must decide; empty if the merge is clean.
    """

    records: tuple[Record, ...]
    theirs: tuple[Record, ...]
    conflicts: tuple[Conflict, ...]


def merge_features(
    base: Sequence[Feature],
    ours: Sequence[Feature],
    theirs: Sequence[Feature],
    *,
    schema: Schema = CONTROL,
    choose: Choose | None = None,
) -> Merged[Feature]:
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
    choose
        Whose word counts in a conflict; the default leaves each to a person.

    Returns
    -------
    merged
        The features, and what could not be merged. Exchanging `ours` and `theirs` exchanges them
        in the answer and changes nothing else.
    """
    versions = Versions(*(states_of(features) for features in (base, ours, theirs)))
    if schema.name != CONTROL.name:
        outcome = merged_by_id(versions, choose)
    else:
        # Whose shape it is is asked of the ground, piece by piece.
        outcome = merged_by_id(
            versions, choose and (lambda one: None if one.what == "geometry" else choose(one))
        )
        GroundMerge(versions, outcome, choose).settle()
    merged = _features(outcome.ours)
    # With nothing left to decide there is one answer, also where either drew a border of its own.
    other = _features(outcome.theirs) if outcome.conflicts else merged
    return Merged(merged, other, tuple(outcome.conflicts))


def merge_rows(
    base: Sequence[Row],
    ours: Sequence[Row],
    theirs: Sequence[Row],
    *,
    schema: Schema,
    choose: Choose | None = None,
) -> Merged[Row]:
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
    choose
        Whose word counts in a conflict; the default leaves each to a person.

    Returns
    -------
    merged
        The rows, and what could not be merged.
    """
    tables_of = (base, ours, theirs)
    keys = row_keys(tables_of, schema)
    versions = Versions(
        *(
            {key: State(row.values) for key, row in zip(names, rows, strict=True)}
            for names, rows in zip(keys, tables_of, strict=True)
        )
    )
    outcome = merged_by_id(versions, choose)
    keyed = "id" in schema.names
    merged, other = (_rows(records, keyed=keyed) for records in outcome)
    return Merged(merged, other, tuple(outcome.conflicts))


def _features(records: States) -> tuple[Feature, ...]:
    return tuple(
        Feature(name, dict(record.values), record.geometry)
        for name, record in sorted(records.items())
    )


def _rows(records: States, *, keyed: bool) -> tuple[Row, ...]:
    return tuple(
        Row(name if keyed else "", dict(record.values)) for name, record in sorted(records.items())
    )


def row_keys(versions: Sequence[Sequence[Row]], schema: Schema) -> list[list[str]]:
    """What tells the rows of a table apart: ids, or as many first columns as it takes."""
    if "id" in schema.names:
        return [[row.id for row in rows] for rows in versions]
    for count in range(1, len(schema.names) + 1):
        names = schema.names[:count]
        keys = [
            [", ".join(str(row.values.get(n) or "") for n in names) for row in rows]
            for rows in versions
        ]
        # Two who look at one date write of two places; of one place they contradict each other.
        is_unique = all(len(set(key)) == len(key) for key in keys)
        if is_unique and (count >= _ABOUT or not _meet(keys, versions)):
            return keys
    # Rows that are equal in all columns: the second of them is another one.
    seen = [Counter[str]() for _ in versions]
    for key, count_of in zip(keys, seen, strict=True):
        for i, text in enumerate(key):
            count_of[text] += 1
            key[i] = text if count_of[text] == 1 else f"{text} ({count_of[text]})"
    return keys


def _meet(keys: Sequence[Sequence[str]], versions: Sequence[Sequence[Row]]) -> bool:
    """Whether two sides of a merge added rows that differ and would be taken for one."""
    if len(versions) != _SIDES:
        return False
    base, ours, theirs = (
        {key: row.values for key, row in zip(names, rows, strict=True)}
        for names, rows in zip(keys, versions, strict=True)
    )
    new = (ours.keys() & theirs.keys()) - base.keys()
    return any(ours[key] != theirs[key] for key in new)


_SIDES = 3
_ABOUT = 2
"""So many first columns say what a row without an id is about."""


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
    merge, dump, units_of = _WAYS[bool(schema.geometry)]
    versions = (_read_version(data, schema, file) for data in (base, ours, theirs))
    merged: Merged[Any] = merge(*versions, schema=schema)
    text = dump(merged.records, schema=schema)
    if not merged.conflicts:
        return text, ()
    other = dump(merged.theirs, schema=schema)
    return _mark_units(units_of(text), units_of(other)), merged.conflicts


def _read_version(data: bytes, schema: Schema, file: str) -> tuple[Feature, ...] | tuple[Row, ...]:
    if not data.strip():
        return ()
    if not schema.geometry:
        return parse_table(data, schema=schema, file=file, repair=True).rows
    layer = parse_geojson(data, schema=schema, file=file, repair=True)
    if foreign := [issue for issue in layer.issues if issue.code == "root.foreign"]:
        raise SchemaError(foreign)
    return layer.features


def _feature_texts(text: bytes) -> list[tuple[str, list[bytes]]]:
    """The lines of each feature with its id; those before and after under names that sort so."""
    lines = text.splitlines(keepends=True)
    begins = [i for i, line in enumerate(lines) if line == b"{\n" and i > 0]
    end = len(lines) - 2
    units = [("", lines[: begins[0] if begins else end])]
    for begin, until in zip(begins, [*begins[1:], end], strict=True):
        units.append((lines[begin + 3].decode(), lines[begin:until]))
    return [*units, ("~", lines[end:])]


def _row_texts(text: bytes) -> list[tuple[str, list[bytes]]]:
    """The lines of each row under a name that sorts as they do."""
    lines = text.splitlines(keepends=True)
    begins = [line - 1 for line, _ in split_rows(text.decode(), file="")]
    spans = zip(begins, [*begins[1:], len(lines)], strict=True)
    whole = [lines[begin:until] for begin, until in spans]
    return [(b"".join(unit).decode(), unit) for unit in whole]


_WAYS: dict[bool, tuple[Any, Any, Any]] = {
    True: (merge_features, dump_geojson, _feature_texts),
    False: (merge_rows, dump_table, _row_texts),
}
"""How a layer and how a table is merged, written and parted into records."""


def _mark_units(
    ours: list[tuple[str, list[bytes]]], theirs: list[tuple[str, list[bytes]]]
) -> bytes:
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
                out += _mark_lines(left, right)
        else:
            out += _mark_block(list(chain(*one)), list(chain(*two)))
    return b"".join(out)


def _mark_lines(ours: list[bytes], theirs: list[bytes]) -> Iterator[bytes]:
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield from ours[a:b] if kind == "equal" else _mark_block(ours[a:b], theirs[c:d])


def _mark_block(ours: list[bytes], theirs: list[bytes]) -> list[bytes]:
    return [b"<<<<<<< ours\n", *ours, b"=======\n", *theirs, b">>>>>>> theirs\n"]
