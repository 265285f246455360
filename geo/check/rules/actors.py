"""Rules on actors: their sides and colours, and with whom they are allied."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from geo.check.case import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding
    from geo.model import Row, Value


def sideless_actors(case: Case) -> Iterator[Finding]:
    """
    The side of an actor is a row of kind ``side``, and a side has a colour.

    ``actors.color``: a side without a colour cannot be drawn.
    """
    actors = case.folder.rows("actors")
    file = case.file("actors.csv")
    for row in actors.values():
        side = actors.get(str(row.values["side"] or ""))
        if side is not None and side.values["kind"] != "side":
            message = f"its side {side.id} is itself no side"
            yield finding(message, "name a row of kind `side`", (file, row))
        if row.values["kind"] == "side" and not row.values["color"]:
            message = "a side without a colour cannot be drawn"
            hint = "give color, such as #bf4522"
            yield finding(message, hint, (file, row), code="actors.color")


def overlapping_alignments(case: Case) -> Iterator[Finding]:
    """
    An alliance is recorded once for any one day.

    Two rows for the same actor, relation and other whose days overlap say the same thing twice, or
    contradict each other about its end. Join them, or end the first where the second begins.
    """
    rows: dict[tuple[Value, ...], list[Row]] = defaultdict(list)
    for row in case.folder.alignments.rows:
        rows[tuple(row.values[name] for name in ("actor", "relation", "other"))].append(row)
    for (actor, relation, other), same in rows.items():
        same.sort(key=lambda row: (str(row.values["valid_from"] or ""), row.line))
        for one, two in pairwise(same):
            until = one.values["valid_to"]
            if until is None or str(two.values["valid_from"] or "") < str(until):
                yield finding(
                    f"{actor} {relation} {other} stands in line {one.line} for some of the same "
                    "days",
                    "join the two rows, or end the first where the second begins",
                    (case.file("alignments.csv"), two),
                    ids=(str(actor), str(other)),
                )
