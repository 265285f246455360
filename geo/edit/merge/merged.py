"""
Two versions of a layer or table that go back to a third, merged by id and by ground.

Text can be merged line by line, ground cannot: two edits that touch different lines may both
give the same village away. So features and rows are merged by id and property, and the patches of
a control layer by ground as well: at every point the merged map says what the one analyst said who
changed it there. Where both did, or where one moved a border along ground that the other moved
too, nothing is decided here: it is a `Conflict`, with its place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.edit.merge.by_ground import GroundMerge
from geo.edit.merge.by_id import Conflict, State, States, Versions, merged_by_id, states_of
from geo.model import CONTROL, Feature, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Schema


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
    versions = Versions(*(states_of(features) for features in (base, ours, theirs)))
    outcome = merged_by_id(versions)
    if schema.name == CONTROL.name:
        GroundMerge(versions, outcome).settle()
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
            {key: State(row.values) for key, row in zip(names, rows, strict=True)}
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


def _features(records: States) -> tuple[Feature, ...]:
    return tuple(
        Feature(name, dict(record.values), record.geometry)
        for name, record in sorted(records.items())
    )


def _rows(records: States, *, keyed: bool) -> tuple[Row, ...]:
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
