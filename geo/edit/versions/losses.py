"""
What a spreadsheet does to a table without being asked: a column emptied, a column sorted alone.

Either leaves a table that every rule finds sound, and a history in which the words are gone or
stand at other rows.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from geo.edit.merge.merged import row_keys
from geo.errors import Issue, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.model import Row, Schema, Value

_FEW = 3
"""Fewer cells than this are edited by hand."""


def lost_columns(schema: Schema, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Issue]:
    """
    Find columns that were emptied, or whose values stand at other rows now.

    Parameters
    ----------
    schema
        What the table is.
    before, after
        Its rows in two versions.

    Yields
    ------
    issue
        ``column.emptied`` or ``column.shuffled``; its first id is the name of the column.
    """
    keys = row_keys([before, after], schema)
    old = dict(zip(keys[0], before, strict=True))
    new = dict(zip(keys[1], after, strict=True))
    both = [name for name in old if name in new]
    for column in dict.fromkeys(name for row in before for name in row.values):
        if column == "id":
            continue
        pairs = [(old[n].values.get(column), new[n].values.get(column)) for n in both]
        yield from _emptied(column, pairs)
        yield from _shuffled(column, pairs)


def _emptied(column: str, pairs: Sequence[tuple[Value, Value]]) -> Iterator[Issue]:
    had = sum(was is not None for was, _ in pairs)
    gone = sum(was is not None and now is None for was, now in pairs)
    if gone < _FEW or 2 * gone < had:
        return
    message = f"{gone} cells of {column} are emptied, of {had} that said something"
    hint = f"did a program drop the column? If it is meant, name it: --empty {column}"
    yield refuse("column.emptied", message, hint, ids=(column,))


def _shuffled(column: str, pairs: Sequence[tuple[Value, Value]]) -> Iterator[Issue]:
    changed = [(was, now) for was, now in pairs if was != now]
    if len(changed) < _FEW:
        return
    was, now = (Counter(pair[i] for pair in changed) for i in (0, 1))
    if was != now or len(was) < _FEW:
        return
    message = (
        f"{len(changed)} cells of {column} stand at other rows than before, and none of them says "
        "anything new"
    )
    hint = (
        f"was the column sorted without the others? Undo that; if it is meant, name it: "
        f"--empty {column}"
    )
    yield refuse("column.shuffled", message, hint, ids=(column,))
