"""What the user decides of an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from geo.exchange.reading.words import Word

DEFAULTS: dict[str, str] = {
    "basis": "reported",
    "confidence": "low",
    "date_precision": "day",
    "place_kind": "town",
    "publisher": "",
    "licence": "",
    "url": "",
    "leaning": "",
    "id": "",
    "name": "",
    "timezone": "UTC",
    "attribution": "",
}
"""What the user may set for a whole import, and what it is otherwise."""


@dataclass(frozen=True, slots=True)
class Options:
    """
    What the user decides.

    Attributes
    ----------
    mapping
        Our name of a column by theirs; an empty one leaves theirs out.
    fixed
        A value for every record, by a name of `DEFAULTS` or of one of our columns.
    words
        What their words for control mean.
    encoding
        Of tables; empty to find out, and to refuse where it cannot be found out.
    day_order
        ``month-first`` or ``day-first`` for dates such as 3/4/2022; empty to find out likewise.
    date_from
        Where control layers have their date: ``name`` (of the file), a date for all, or the name of
        a property; empty takes a property `date` if all have it, else the name.
    end
        Whether the last day of an interval still counts, ``inclusive``, or not, ``exclusive``;
        empty to find out from intervals that follow on each other.
    since, until
        Days between which intervals are taken; None does not look.
    rest
        Whose ground that a control layer leaves out is: ``unknown``, ``none`` or an actor's; empty
        leaves a gap, which the checks name.
    overlap
        ``first`` gives ground that two patches claim to the earlier one; empty leaves both.
    repair
        Whether areas that are not valid are mended; otherwise they are refused.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[Word] = ()
    encoding: str = ""
    day_order: Literal["", "month-first", "day-first"] = ""
    date_from: str = ""
    end: Literal["", "inclusive", "exclusive"] = ""
    since: dt.date | None = None
    until: dt.date | None = None
    rest: str = ""
    overlap: Literal["", "first"] = ""
    repair: bool = False
