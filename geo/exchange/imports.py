"""
Other people's data in: their tables and shapes as records of a theatre.

Nothing is guessed silently. How the bytes were read, which of their columns became which of ours,
how their dates are written and what their words for control were taken to mean is all in the
`Import`, with what was refused and why; read is always written plus repeated plus refused. What an
import cannot know (the kind of a place, how sure a word is) is set by the user or by `DEFAULTS`,
and said. `save_import` adds to a folder, and never changes what stands there.

A kind is a line of `KINDS` and the module of `geo.exchange.reading` that it names.
"""

from __future__ import annotations

import importlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geo.draw import side_colors
from geo.errors import Issue, SchemaError, escape, refuse
from geo.exchange.catalog import KINDS
from geo.exchange.reading.account import Account
from geo.exchange.reading.control import layers_from_spans
from geo.exchange.reading.dated_layers import finish_layers
from geo.exchange.reading.intake import MappedColumn, Options, Outcome
from geo.exchange.reading.packing import read_served
from geo.model import ACTORS, PLACES, SCHEMAS, STATEMENTS, Row, Status

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import shapely

    from geo.exchange.reading.account import Reader
    from geo.exchange.reading.words import Word
    from geo.layers import Folder, Progress
    from geo.model import Feature


def reader_of(kind: str) -> Reader:
    """Return how files of a kind, one of `KINDS`, are read; its module is loaded now."""
    module = importlib.import_module(f"geo.exchange.reading.{KINDS[kind].module}")
    reader: Reader = getattr(module, KINDS[kind].reader)
    return reader


def run_import(
    kind: str,
    paths: Sequence[Path],
    *,
    options: Options | None = None,
    into: Folder | None = None,
    progress: Progress | None = None,
) -> Import:
    """
    Read files of others; nothing is written.

    Parameters
    ----------
    kind
        One of `KINDS`.
    paths
        The files, in any order.
    options
        What the user decides; the default decides nothing.
    into
        The theatre that they shall be added to: its places and study area are used.
    progress
        Told what is done, how much of it, and of how much.

    Returns
    -------
    imported
        Records, and the reconciliation.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If a file as a whole cannot be read: no table, an encoding or dates that could be read in
        two ways, no column for something that is needed.
    ValueError
        If there is no such kind, an option is none, or no file is given.
    GeoError
        If a library that the kind needs is not installed.
    """
    options = options or Options()
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}")
    if not paths:
        raise ValueError("no file is given")
    files = sorted(paths)
    reader = reader_of(kind)
    names = [path.name for path in files]
    account = Account(kind, reader.layout, options=options, into=into, names=names)
    for n, path in enumerate(files, 1):
        _read_file(path, reader, account)
        if progress:
            progress("reading", n, len(files))
    if account.unmet:
        shown = ", ".join(escape(name, 40) for name in sorted(account.unmet))
        message = f"no file has the columns that you map: {shown}"
        raise SchemaError([refuse("import.mapping", message, "see how the files spell them")])
    return _finish(account, reader)


def _read_file(path: Path, reader: Reader, account: Account) -> None:
    """Read one file, or all that it holds, and count what became of the entries."""
    for name, data in read_served(path, account):
        counts: Counter[str] = Counter(dict.fromkeys(("read", *Outcome), 0))
        account.counts[name] = counts
        account.pull.update(data)
        for entry in reader.parse(data, name, account):
            counts["read"] += 1
            counts[account.attempt(entry, reader)] += 1
        # Rows that are no entries at all.
        lost = account.lost[name]
        counts.update({"read": lost, Outcome.REFUSED: lost})


def _finish(account: Account, reader: Reader) -> Import:
    """Return everything read, in order."""
    if account.spans:
        layers_from_spans(account)
    control, ground = finish_layers(account)
    _color_sides(account)
    if control or any(account.records.values()):
        account.own_source()
    words = [replace(account.words[text], count=n) for text, n in account.met.items()]
    for word in words:
        if Status(word.status).is_shared and not word.controllers:
            account.note(
                f"{word.text!r} names no parties: say who they are in the table of words, or "
                "the checks will refuse the result"
            )
    for name in ("basis", "confidence", "place_kind", "timezone"):
        if name not in account.options.fixed and _uses(account, name):
            account.note(f"{name} is not told: {account.settings[name]!r} is written for all")
    return Import(
        kind=account.kind,
        records={
            name: tuple(one for _, one in sorted(account.records[name].items()))
            for name in SCHEMAS
            if account.records.get(name)
        },
        control=control,
        counts=tuple(Count(name, **count) for name, count in account.counts.items()),
        mapping=tuple(
            MappedColumn(*names, given) for names, given in sorted(account.mapped.items())
        ),
        words=tuple(sorted(words, key=lambda word: word.text)),
        notes=account.said(),
        issues=tuple(account.issues),
        settings=account.settings,
        ground=ground,
        layer=reader.layer,
        tracked=account.tracked,
        unread=frozenset(account.unread),
        source_id=account.own_source() if account.tracked else "",
        version=account.settings["version"] or account.pull_name(),
        window=(account.options.since, account.options.until),
    )


def _uses(account: Account, name: str) -> bool:
    """Whether the value that is set for all got into any record."""
    taken = {ours for _, ours in account.mapped}
    if name == "timezone":
        return account.into is None
    if name == "place_kind":
        return bool(account.records.get(PLACES.name)) and "kind" not in taken
    if name == "basis":
        said = account.control or account.records.get(STATEMENTS.name)
        return bool(said) and name not in taken
    return name not in taken


def _color_sides(account: Account) -> None:
    """Give every new side a colour; without one it could not be told from another."""
    rows = account.records.get(ACTORS.name, {})
    sides = [row for _, row in sorted(rows.items()) if isinstance(row, Row)]
    sides = [row for row in sides if row.values["kind"] == "side"]
    colors = side_colors({}, [row.id for row in sides])
    for row in sides:
        row.values["color"] = colors[row.id]


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
    layer
        The layer whose records the source may revise; empty for none.
    tracked, unread
        Layer and id of each such record by what the source calls it, and what was refused.
    source_id, version
        Whose they are, and what this version of them is called.
    window
        First and last day that were asked for; None for any.
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
    layer: str = ""
    tracked: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    source_id: str = ""
    version: str = ""
    window: tuple[dt.date | None, dt.date | None] = (None, None)

    def __repr__(self) -> str:
        sums = ", ".join(f"{sum(getattr(c, name) for c in self.counts)} {name}" for name in _SUMS)
        return f"<Import of {self.kind}, {len(self.counts)} files: {sums}; see report()>"

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
        sums = (sum(getattr(count, name) for count in self.counts) for name in _SUMS)
        total = Count("together", *sums)
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


def _grouped(issues: Sequence[Issue]) -> dict[tuple[str, str, str], list[str]]:
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for issue in issues:
        place = escape(issue.file) + (f":{issue.line}" if issue.line else "")
        if issue.ids:
            place += f" [{', '.join(escape(i, 70) for i in issue.ids)}]"
        groups[issue.severity, issue.code, issue.message].append(place)
    return groups


_SAMPLE = 3
