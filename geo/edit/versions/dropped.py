"""
What one side of a merge said alone, and its result does not say.

Who settles a conflict by taking one side's file whole drops what the other side wrote elsewhere in
it. git cannot tell that from a choice; here the merge is done once more, and what it takes from one
side without a question must be in the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.edit.merge.by_id import HOLDER, QUALITY, State, state_of
from geo.edit.merge.merged import Merged, merge_features, merge_rows
from geo.errors import Issue, refuse
from geo.model import Feature, Row, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.edit.versions.standing import Standing

Files = dict[str, tuple[Schema, dict[str, Feature | Row]]]
"""Schema and records by id of each file, by its path below the layers folder."""


def dropped_edits(
    before: Files, ours: Files, theirs: Files, now: Files, standing: Standing
) -> Iterator[Issue]:
    """Yield, for each file and side, the records of which a merge dropped an edit of that side."""
    for file, (schema, records) in sorted(now.items()):
        if file not in ours or file not in theirs or not records:
            continue
        base = before[file][1] if file in before else {}
        sides = ours[file][1], theirs[file][1]
        if base in sides or sides[0] == sides[1]:
            continue
        told = _dropped(schema, base, sides, records)
        for side, lost in zip((standing.ours, standing.theirs), told, strict=True):
            if not lost:
                continue
            what = "; ".join(f"{name} ({', '.join(keys)})" for name, keys in sorted(lost.items()))
            message = f"edits of {side} are lost: {what}"
            hint = (
                f"was a whole file taken from one side? `git checkout --merge -- {file}` brings "
                "the conflict back; if it is meant, `frontline gone ID` says so"
            )
            yield refuse("merge.lost", message, hint, file=file, ids=tuple(sorted(lost)))


def _dropped(
    schema: Schema,
    base: dict[str, Feature | Row],
    sides: tuple[dict[str, Feature | Row], dict[str, Feature | Row]],
    now: dict[str, Feature | Row],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """For each side the records of which an edit is lost, and of what."""
    merge: Any = merge_features if schema.geometry else merge_rows
    lists = [list(records.values()) for records in (base, *sides)]
    outcome: Merged[Any] = merge(*lists, schema=schema)
    wanted = {record.id: state_of(record) for record in outcome.records}
    open_keys: dict[str, set[str]] = {}
    for conflict in outcome.conflicts:
        for name in conflict.ids:
            open_keys.setdefault(name, set()).update(_keys_of(conflict.what))
    lost: tuple[dict[str, list[str]], dict[str, list[str]]] = {}, {}
    for name in sides[0].keys() | sides[1].keys():
        states = [state_of(r[name]) if name in r else None for r in (base, *sides, now)]
        want = wanted.get(name)
        skipped = open_keys.get(name, set())
        if "*" in skipped or states[3] is None:
            continue
        if want is None:
            # One side deleted it and the other left it alone; it is there again.
            lost[0 if states[1] is None else 1].setdefault(name, []).append("deleted")
            continue
        for key in _differing(want, states[3]):
            if key in skipped:
                continue
            values = [None if state is None else _value(state, key) for state in states]
            for i in (0, 1):
                own, other = values[1 + i], values[2 - i]
                if own != values[0] and own != values[3] and values[3] in (values[0], other):
                    lost[i].setdefault(name, []).append(key)
    return lost


def _keys_of(what: str) -> set[str]:
    if what.startswith("property "):
        return {what.removeprefix("property ")}
    if what == "holder":
        return {*HOLDER, *QUALITY, "geometry"}
    if what in {"ground", "geometry"}:
        return {"geometry"}
    return {"*"}


def _differing(one: State, other: State) -> list[str]:
    keys = [key for key in {**one.values, **other.values} if _value(one, key) != _value(other, key)]
    return [*keys, *(["geometry"] if one.geometry != other.geometry else [])]


def _value(state: State, key: str) -> Any:
    return state.geometry if key == "geometry" else state.values.get(key)
