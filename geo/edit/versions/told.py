"""
Who changed what about one thing, when, and with which words: from git, the ledger and the backups.

A commit is told by what became of records, not of lines: of the record itself, of those that name
it, and, of a place, by who held its ground in the layers before and after.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from geo.crs import middle_of
from geo.edit.merge.by_id import compare_records, held, read_records
from geo.edit.merge.merged import row_keys
from geo.edit.versions.git import Entry, Repository
from geo.errors import GeoError, LayerError, UnknownIdError, escape
from geo.layers import layer_paths, list_backups, schema_of
from geo.model import CHANGES, CONTROL, Feature, Row, Schema, parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geo.edit.merge.by_id import Change

    Records = tuple[Feature, ...] | tuple[Row, ...]

_KEPT = 400
"""So many versions of files are held while a history is told: neighbours share most of them."""


@dataclass(frozen=True, slots=True)
class Telling:
    """
    What somebody did about one thing.

    Attributes
    ----------
    when
        The moment; of the ledger, the day of the entry.
    who
        The author; empty where nobody is named.
    origin
        The short name of a commit, a backup, ``changes.csv``, or ``not committed``.
    words
        Why: the words of the commit, or the note of the ledger.
    changes
        What became of it, one sentence each.
    """

    when: dt.datetime
    who: str
    origin: str
    words: str
    changes: tuple[str, ...]


def tell_history(layers: Path, subject: str) -> list[Telling]:
    """
    Tell who changed what about a place, an id or a date.

    Parameters
    ----------
    layers
        The layers folder.
    subject
        Id of a place, patch, event, statement, row or any other record; or ``YYYY-MM-DD``.

    Returns
    -------
    tellings
        Latest first.

    Raises
    ------
    UnknownIdError
        If nothing that is or was in the layers is called so.
    LayerNotFoundError
        If there is no such folder.
    """
    told = _Told(layers, subject)
    found = [*told.uncommitted(), *told.commits(), *told.backups(), *told.ledger()]
    if not found and not told.is_known:
        raise UnknownIdError(
            f"nothing is or was called {escape(subject)} in {escape(str(layers))}; give the id "
            "of a place or record, or a date"
        )
    return sorted(found, key=lambda one: one.when, reverse=True)


class _Told:
    """One subject, and how versions of files differ about it."""

    def __init__(self, layers: Path, subject: str) -> None:
        self.layers = layers
        self.subject = subject
        self.day = _as_day(subject)
        self.is_known = False
        self.now = {
            path.relative_to(layers).as_posix(): schema for path, schema in layer_paths(layers)
        }
        self._read: OrderedDict[str, Records] = OrderedDict()
        self.spot = self._place()
        try:
            self.repository: Repository | None = Repository.around(layers)
            self.folder = self.repository.relative(layers)
        except GeoError:
            self.repository, self.folder = None, ""

    def _place(self) -> shapely.Geometry | None:
        for place in self._on_disk("places.geojson"):
            if place.id == self.subject and isinstance(place, Feature):
                return None if place.geometry is None else middle_of(place.geometry)
        return None

    def _on_disk(self, file: str) -> Records:
        path = self.layers / file
        schema = schema_of(path, self.layers)
        if schema is None or not path.is_file():
            return ()
        return _records(path.read_bytes(), schema)

    # ------------------------------------------------------------ where it is told

    def commits(self) -> Iterator[Telling]:
        """What each commit that leads here did."""
        if self.repository is None or not self.repository.has("HEAD"):
            return
        # The commits of a branch that was merged are told by themselves, not by the merge.
        words = [
            *("log", "-z", "--full-history", "--no-merges", "--raw", "--no-abbrev", "--no-renames"),
            *("--format=%x1e%H%x1f%an%x1f%cI%x1f%s", "HEAD", "--"),
            f":(top,literal){self.folder}" if self.folder else ":(top)",
        ]
        for part in self.repository.run(words).decode("utf-8", "surrogateescape").split("\x1e")[1:]:
            facts, *pieces = [piece.lstrip("\n") for piece in part.split("\0")]
            commit, who, when, subject = facts.split("\x1f")
            files = [piece for piece in pieces if piece]
            changes = [
                line
                for facts, path in zip(files[::2], files[1::2], strict=False)
                for line in self._between(path, *facts.split()[2:4])
            ]
            if changes:
                moment = dt.datetime.fromisoformat(when)
                yield Telling(moment, who, commit[:10], subject, tuple(changes))

    def _between(self, path: str, before: str, after: str) -> list[str]:
        file = path.removeprefix(f"{self.folder}/") if self.folder else path
        schema = schema_of(Path(file), Path())
        if schema is None or not self._concerns(file, schema):
            return []
        versions = [self._version(content, schema) for content in (before, after)]
        return self._lines(file, schema, versions[0], versions[1])

    def _version(self, content: str, schema: Schema) -> Records:
        if not content.strip("0"):
            return ()
        if content not in self._read:
            assert self.repository is not None
            (data,) = self.repository.contents([Entry("", content)])
            self._read[content] = _records(data, schema)
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        return self._read[content]

    def uncommitted(self) -> Iterator[Telling]:
        """What lies on the disk and in no commit."""
        if self.repository is None or not self.repository.has("HEAD"):
            return
        entries = self.repository.entries("HEAD", self.folder)
        known = {
            e.path.removeprefix(f"{self.folder}/") if self.folder else e.path: e for e in entries
        }
        for file, schema in self.now.items():
            if not self._concerns(file, schema):
                continue
            before: Records = ()
            path = self.layers / file
            if file in known:
                (data,) = self.repository.contents([known[file]])
                if data == path.read_bytes():
                    continue
                before = _records(data, schema)
            if lines := self._lines(file, schema, before, self._on_disk(file)):
                when = dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)
                yield Telling(when, "", "not committed", "", tuple(lines))

    def backups(self) -> Iterator[Telling]:
        """What saves on this machine replaced."""
        by_file: dict[str, list[Any]] = {}
        for one in reversed(list_backups(self.layers)):
            by_file.setdefault(one.file, []).append(one)
        for file, kept in by_file.items():
            schema = self.now.get(file)
            if schema is None or not self._concerns(file, schema):
                continue
            versions = [_records(one.path.read_bytes(), schema) for one in kept]
            for one, before, after in zip(
                kept, versions, [*versions[1:], self._on_disk(file)], strict=True
            ):
                if lines := self._lines(file, schema, before, after):
                    when = dt.datetime.fromtimestamp(one.path.stat().st_mtime, tz=dt.UTC)
                    yield Telling(when, "", f"a save on this machine, {one.name}", "", tuple(lines))

    def ledger(self) -> Iterator[Telling]:
        """What the ledger says of it."""
        for row in self._on_disk(CHANGES.path):
            values = row.values
            named = {row.id, str(values["to_date"]), *split_ids(values["place_ids"])}
            named |= set(split_ids(values["event_ids"]))
            if self.subject not in named:
                continue
            self.is_known = True
            day = parse_day(str(values["recorded_at"] or values["to_date"]))
            hands = (
                f"{values['from_controller'] or 'nobody'} to {values['to_controller'] or 'nobody'}"
            )
            line = (
                f"{row.id}: {values['kind']}, {hands}, {values['from_date']} to {values['to_date']}"
            )
            when = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
            who, note = (str(values[name] or "") for name in ("recorded_by", "note"))
            yield Telling(when, who, CHANGES.path, note, (line,))

    # ------------------------------------------------------------ what it is about

    def _concerns(self, file: str, schema: Schema) -> bool:
        if self.day is None:
            return True
        return schema.name != CONTROL.name or file == f"control/{self.day}.geojson"

    def _lines(self, file: str, schema: Schema, before: Records, after: Records) -> list[str]:
        """What became of the subject between two versions of a file."""
        if self.day is not None:
            return self._about_day(file, schema, before, after)
        keyed = "id" in schema.names
        old, new = (self._named(rows, schema) for rows in (before, after)) if keyed else ((), ())
        lines = [f"{file}: {line}" for line in _difference(old, new)]
        self.is_known = self.is_known or bool(lines or new)
        if schema.name == CONTROL.name and self.spot is not None:
            hands = [_holder(records, self.spot) for records in (before, after)]
            if hands[0] != hands[1] and all(hands):
                lines.append(f"{file}: its ground was {hands[0]}, is {hands[1]}")
        return lines

    def _about_day(self, file: str, schema: Schema, before: Records, after: Records) -> list[str]:
        if schema.name == CONTROL.name:
            self.is_known = True
            return [f"{file}: {line}" for line in _difference(before, after)]
        if schema.name not in {"assessments", CHANGES.name}:
            return []
        versions = [[row for row in rows if isinstance(row, Row)] for rows in (before, after)]
        sides = []
        for names, rows in zip(row_keys(versions, schema), versions, strict=True):
            sides.append(
                [
                    Row(name, dict(row.values))
                    for name, row in zip(names, rows, strict=True)
                    if str(self.day) in {str(row.values.get(k)) for k in ("date", "to_date")}
                ]
            )
        return [f"{file}: {line}" for line in _difference(*sides)]

    def _named(self, records: Records, schema: Schema) -> list[Any]:
        """The record that is called so, and those that name it."""
        columns = [c.name for c in schema.columns if c.kind in {"ref", "refs"}]
        return [
            record
            for record in records
            if record.id == self.subject
            or any(self.subject in split_ids(record.values.get(name)) for name in columns)
        ]


def _as_day(text: str) -> dt.date | None:
    try:
        return parse_day(text)
    except GeoError:
        return None


def _records(data: bytes, schema: Schema) -> Records:
    """The records of a version; none where it cannot be read."""
    try:
        return read_records(data, schema=schema, file="", repair=True)
    except LayerError:
        return ()


def _difference(before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    found = compare_records(before, after)
    yield from (f"{record.id} added" for record in found.added)
    yield from (f"{record.id} gone" for record in found.gone)
    yield from (_told_change(change) for change in found.changed)


def _told_change(change: Change) -> str:
    said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
    if change.moved_km2 is not None:
        said.append(f"{change.moved_km2:,.3f} km2 redrawn")
    if change.moved_km is not None:
        said.append(f"moved by {change.moved_km:,.2f} km")
    return f"{change.id} {'; '.join(said)}"


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 80)


def _holder(records: Records, spot: shapely.Geometry) -> str:
    """Who holds a spot in a version of a layer; empty where no patch covers it."""
    for record in records:
        if record.geometry is not None and shapely.covers(record.geometry, spot):
            return held(record.values)
    return ""


def describe_history(tellings: Sequence[Telling], *, most: int | None = None) -> list[str]:
    """
    Return a history in words.

    Parameters
    ----------
    tellings
        From `tell_history`.
    most
        So many of them; None for all.

    Returns
    -------
    lines
        One a telling, and below it one a change.
    """
    lines = []
    for one in tellings[:most]:
        when = one.when.astimezone().strftime("%Y-%m-%d %H:%M")
        who = f" {escape(one.who, 60)}" if one.who else ""
        words = f": {escape(one.words, 200)}" if one.words else ""
        lines.append(f"{when}{who} ({one.origin}){words}")
        lines += [f"    {line}" for line in one.changes]
    if most is not None and len(tellings) > most:
        lines.append(f"... and {len(tellings) - most} earlier; --all tells them")
    return lines
