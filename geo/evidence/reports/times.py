"""When it happened: the time of a clause, of its sentence, of the sentence before, or none."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.evidence.reports.clauses import Clause
    from geo.evidence.reports.mentions import Mention


@dataclass(slots=True)
class Dated:
    """
    The days of a draft.

    Attributes
    ----------
    first, last
        None where there is none.
    precision
        ACLED's.
    sure
        Whether the sentence says so itself.
    notes
        What is not sure.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    precision: int | None = None
    sure: bool = False
    notes: list[str] = field(default_factory=list)


class Times:
    """The times of a text, sentence by sentence."""

    def __init__(self, published: dt.date | None) -> None:
        self.published = published
        self._last: Mention | None = None

    def end(self, inside: Sequence[Mention]) -> None:
        """Keep the time of a sentence for those that have none."""
        own = [m for m in inside if m.kind == "date" and m.when and m.when.first]
        if own:
            self._last = own[0]

    def of(self, clause: Clause, dates: Sequence[Mention]) -> Dated:
        """The days of a clause."""
        dated = [m for m in dates if m.when is not None]
        counted = [m for m in dated if m.when and m.when.before]
        dated = [m for m in dated if m not in counted]
        own = [m for m in dated if clause.start <= m.start < clause.end]
        # "What was lost in the past weeks" elsewhere in the sentence dates nothing here.
        dated = [m for m in dated if m in own or (m.when and m.when.first)]
        earlier = next((m for m in counted if _is_of(m, clause)), None)
        if earlier:
            return self._counted(earlier, dated)
        if own:
            return _read(min(own, key=lambda m: abs(m.start - clause.cue.start)), sure=True)
        if dated:
            head = [m for m in dated if m.start < clause.start]
            alone = len({m.value for m in dated}) == 1 or bool(head)
            chosen = head[0] if head else dated[-1]
            found = _read(chosen, sure=alone and clause.joint != "back")
            if not found.sure and found.first:
                found.notes.append("it may have happened before: the time is that of the sentence")
            return found
        return self._inherited()

    def _inherited(self) -> Dated:
        if self._last is not None:
            found = _read(self._last, sure=False)
            words = " ".join(self._last.text.split())
            found.notes.append(f"the date is that of an earlier sentence, '{words}'")
            return found
        if self.published is None:
            return Dated(notes=["no date in the sentence or before it"])
        note = "no date in the sentence or before it: the day of publication stands in"
        return Dated(self.published, self.published, 2, False, [note])

    def _counted(self, earlier: Mention, others: Sequence[Mention]) -> Dated:
        base = next((m.when for m in others if m.when and m.when.first), None)
        first = base.first if base else None
        if first is None or earlier.when is None:
            return Dated(notes=[f"'{earlier.text}': counted from a time that is not told"])
        day = first - dt.timedelta(days=earlier.when.before)
        return Dated(day, day, earlier.when.precision, base is not None and base.first == base.last)


def _is_of(mention: Mention, clause: Clause) -> bool:
    """Whether so many days are counted for a clause: in it, or "a week after" right before it."""
    if mention.text.split()[-1].casefold() in {"after", "later"} or mention.end >= clause.start:
        return mention.end <= clause.cue.start and mention.end >= clause.start - 2
    return clause.start <= mention.start < clause.end


def _read(mention: Mention, *, sure: bool) -> Dated:
    when = mention.when
    if when is None:
        return Dated()
    notes = [f"'{' '.join(mention.text.split())}': {when.problem}"] if when.problem else []
    return Dated(when.first, when.last, when.precision, sure and when.first is not None, notes)
