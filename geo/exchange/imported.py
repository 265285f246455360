"""What was read of others, and the account of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import Issue, escape

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import shapely

    from geo.exchange.reading.intake import MappedColumn
    from geo.exchange.reading.words import Word
    from geo.model import Feature, Row


@dataclass(frozen=True, slots=True)
class Count:
    """
    What became of the records of one file.

    Attributes
    ----------
    file
        Its name.
    read
        Records found in it.
    written
        Records that are in the import.
    repeated
        Records that say what another said already.
    refused
        Records left out; an issue says why.
    """

    file: str
    read: int
    written: int
    repeated: int
    refused: int


@dataclass(frozen=True, slots=True)
class Import:
    """
    What was read, ready to be written.

    Attributes
    ----------
    kind
        One of `KINDS`.
    records
        Features and rows by the name of their schema, by id.
    control
        Patches of each date.
    counts
        One a file.
    mapping
        Their columns.
    words
        Their words for control.
    notes
        What was found out or assumed, a sentence each.
    issues
        Errors for what was refused, warnings for what was mended.
    settings
        The values of `DEFAULTS` as used.
    ground
        The ground of all control layers together; None where there is none.
    """

    kind: str
    records: Mapping[str, tuple[Feature | Row, ...]]
    control: Mapping[dt.date, tuple[Feature, ...]]
    counts: tuple[Count, ...]
    mapping: tuple[MappedColumn, ...]
    words: tuple[Word, ...]
    notes: tuple[str, ...]
    issues: tuple[Issue, ...]
    settings: Mapping[str, str]
    ground: shapely.Geometry | None = None

    def report(self) -> str:
        """
        Return the reconciliation as text.

        Returns
        -------
        text
            Mapping, words, notes, what was refused and why, and the sums.
        """
        lines = ["Columns (theirs -> ours)"]
        for one in self.mapping:
            if one.ours:
                told = ", as told" if one.given else ""
                lines.append(f"  {escape(one.theirs)} -> {one.ours}{told}")
        if left := [escape(one.theirs) for one in self.mapping if not one.ours]:
            lines.append(f"  not taken: {', '.join(left)}")
        if self.words:
            lines.append("Words for control")
        for word in self.words:
            holder = word.controller or word.controllers
            meaning = f"{word.status} {holder}".strip() + (", as told" if word.given else "")
            lines.append(f"  {escape(word.text)} ({word.count}) -> {meaning}")
        lines += ["Notes", *(f"  {note}" for note in self.notes)]
        lines += ["Refused and noted"] * bool(self.issues)
        for (severity, code, message), where in _grouped(self.issues).items():
            verb = "refused" if severity == "error" else "noted"
            more = f" and {len(where) - _SAMPLE} more" if len(where) > _SAMPLE else ""
            lines.append(f"  {verb}: {len(where)} x {code}: {message}")
            lines.append(f"    {', '.join(where[:_SAMPLE])}{more}")
        lines.append("Files")
        total = Count("together", *(_total(self.counts, n) for n in _SUMS))
        for count in (*self.counts, total):
            lines.append(
                f"  {escape(count.file)}: {count.read} read = {count.written} written + "
                f"{count.repeated} repeated + {count.refused} refused"
            )
        held = {name: len(records) for name, records in self.records.items() if records}
        if self.control:
            held["control layers"] = len(self.control)
            held["patches"] = sum(map(len, self.control.values()))
        lines.append("Made: " + ", ".join(f"{count} {name}" for name, count in held.items()))
        return "\n".join(lines)


_SUMS = ("read", "written", "repeated", "refused")


def _total(counts: Sequence[Count], name: str) -> int:
    return sum(getattr(count, name) for count in counts)


def _grouped(issues: Sequence[Issue]) -> dict[tuple[str, str, str], list[str]]:
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for issue in issues:
        place = escape(issue.file) + (f":{issue.line}" if issue.line else "")
        if issue.ids:
            place += f" [{', '.join(escape(i, 70) for i in issue.ids)}]"
        groups[issue.severity, issue.code, issue.message].append(place)
    return groups


_SAMPLE = 3
