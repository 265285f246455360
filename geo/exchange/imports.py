"""
Other people's data in: their tables and shapes as records of a theatre.

Nothing is guessed silently. How the bytes were read, which of their columns became which of ours,
how their dates are written and what their words for control were taken to mean is all in the
`Import`, with what was refused and why; read is always written plus repeated plus refused. What an
import cannot know (the kind of a place, how sure a word is) is set by the user or by `DEFAULTS`,
and said. `save` adds to a folder, and never changes what stands there.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
import tempfile
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Literal

import numpy as np
import shapely

from geo.coverage import BorderEdges
from geo.crs import GRID_DEG, area_km2, distance_km
from geo.errors import DateError, Issue, LayerError, SchemaError, escape
from geo.exchange.cells import guard_formula, unguard_formula
from geo.exchange.foreign import Desk, Mapped, Record, read_features, read_placemarks, read_table
from geo.layers import (
    FIRST_DAY,
    add_files,
    check_record,
    decode_text,
    dump_geojson,
    dump_table,
    is_id,
    new_id,
    read_bytes,
    save_file,
    split_rows,
)
from geo.model import (
    ACTORS,
    CONTROL,
    EVENTS,
    PLACES,
    SCHEMAS,
    SOURCES,
    STATEMENTS,
    THEATRE,
    Feature,
    Row,
    Schema,
    Status,
    Value,
    parse_day,
    split_ids,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geo.layers import Folder, Progress

__all__ = [
    "DEFAULTS",
    "KINDS",
    "Count",
    "Import",
    "Mapped",
    "Options",
    "Saved",
    "Word",
    "read_words",
    "run_import",
    "save_import",
    "words_table",
]

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

_PUBLISHERS = {
    "acled": ("ACLED", ""),
    "ucdp": ("Uppsala Conflict Data Program", "CC BY 4.0"),
}
_PALETTE = ("#3b6fb6", "#c8553d", "#4f9d69", "#8d6cab", "#b8892f", "#4aa3a2", "#a34f7f", "#6b7d2a")
"""Colours of sides that an import draws up, in order of id; anyone may change them."""

_SAME_PLACE_KM = 2.0
_SAMPLE = 3


@dataclass(frozen=True, slots=True)
class Word:
    """
    What one of their words for control means.

    Attributes
    ----------
    text
        Their word, as it stands.
    status, controller, controllers
        Ours.
    count
        How often it was met.
    given
        Whether a person said so; otherwise it is our reading.
    """

    text: str
    status: str
    controller: str = ""
    controllers: str = ""
    count: int = 0
    given: bool = False


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
    mapping: tuple[Mapped, ...]
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


@dataclass(frozen=True, slots=True)
class Saved:
    """
    What a folder took of an import.

    Attributes
    ----------
    paths
        Files written.
    added
        Records added, by the name of their schema.
    present
        Records that stood there already with the same values.
    kept
        Ids whose record in the folder says otherwise; the folder's was kept.
    """

    paths: tuple[Path, ...]
    added: Mapping[str, int]
    present: int
    kept: tuple[str, ...]


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
    reader = _Reader(kind, options, into, [path.name for path in sorted(paths)])
    for n, path in enumerate(sorted(paths), 1):
        reader.read(path)
        if progress:
            progress("reading", n, len(paths))
    return reader.result()


class _Reader(Desk):
    """Reads file after file, and keeps account."""

    def __init__(
        self, kind: str, options: Options, into: Folder | None, names: Sequence[str]
    ) -> None:
        spec = KINDS[kind]
        super().__init__(
            columns=spec.columns,
            needed=spec.needed,
            dates=spec.dates,
            mapping=options.mapping,
            encoding=options.encoding,
            day_order=options.day_order,
            repair=options.repair,
        )
        self.kind, self.options, self.into = kind, options, into
        publisher, licence = _PUBLISHERS.get(kind, ("", ""))
        self.settings = DEFAULTS | {"publisher": publisher, "licence": licence}
        known = set(DEFAULTS) | set(spec.columns)
        for name, value in options.fixed.items():
            if name not in known:
                raise ValueError(f"{name!r} cannot be set; choose from {', '.join(sorted(known))}")
            self.settings[name] = value
        self.names = names
        if not self.settings["publisher"]:
            self.settings["publisher"] = names[0].rsplit(".", 1)[0]
            self.note("no publisher is told: the source is called by the first file")
        self.counts: dict[str, Counter[str]] = {}
        self.words = {word.text: word for word in options.words}
        self.met: Counter[str] = Counter()
        self.records: dict[str, dict[str, Feature | Row]] = defaultdict(dict)
        self.control: dict[dt.date, list[_Patch]] = defaultdict(list)
        self.spells: list[_Spell] = []
        self.places = _Places(into)
        self.actors = {} if into is None else _names_of(into)
        self.events: dict[str, tuple[str, str]] = {}
        self.twins: dict[tuple[object, ...], list[str]] = defaultdict(list)
        self.stated: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)

    def read(self, path: Path) -> None:
        """Read one file."""
        self.counts[path.name] = Counter(read=0, written=0, repeated=0, refused=0)
        data = read_bytes(path, root=path.parent)
        spec = KINDS[self.kind]
        for record in spec.parse(data, path.name, self):
            self.counts[record.file]["read"] += 1
            outcome = spec.take(record, self)
            self.counts[record.file][outcome] += 1
        # Rows that are no records at all.
        lost = self.lost[path.name]
        self.counts[path.name].update(read=lost, refused=lost)

    def refuse(self, record: Record, code: str, message: str) -> str:
        self.issues.append(record.issue(code, message))
        return "refused"

    def value(self, record: Record, name: str) -> str:
        """What a record says, or what is set for all."""
        return record.values.get(name) or self.settings.get(name, "")

    def keep(self, record: Record, schema: Schema, one: Feature | Row) -> str | None:
        """Check a record of ours against its schema and keep it; None if it is refused."""
        values = one.properties if isinstance(one, Feature) else one.values
        checked, found = check_record({**values, "id": one.id}, schema)
        for issue in found:
            if issue.severity == "error" and not issue.fixable:
                hint = f" ({issue.hint})" if issue.hint else ""
                self.refuse(record, issue.code, issue.message + hint)
                return None
        if isinstance(one, Feature):
            one = Feature(one.id, checked, one.geometry)
        else:
            one = Row(one.id, checked)
        self.records[schema.name][one.id] = one
        return one.id

    def new_id(self, schema: Schema, *parts: object) -> str:
        """An id made from what the record is; the same record gives the same one."""
        content = json.dumps([self.kind, *parts], ensure_ascii=False, default=str).encode()
        return new_id(schema, content, self.records[schema.name])

    def source(self) -> str:
        """The source that the files are."""
        name = _slug(self.settings["publisher"])
        several = f"{self.names[0]} and {len(self.names) - 1} other files"
        values: dict[str, Value] = {
            "publisher": self.settings["publisher"],
            "title": several if len(self.names) > 1 else self.names[0],
            **{key: self.settings[key] or None for key in ("licence", "url", "leaning")},
        }
        self.records[SOURCES.name][name] = Row(name, _full(SOURCES, name, values))
        return name

    def publishers(self, text: str) -> list[str]:
        """Sources by the names that they give."""
        ids = []
        for name in split_ids(text):
            one = _slug(name)
            ids.append(one)
            if one not in self.records[SOURCES.name]:
                self.records[SOURCES.name][one] = Row(one, _full(SOURCES, one, {"publisher": name}))
        return ids

    def actor(self, text: str, kind: str) -> str:
        """The id of an actor by the name that they give; one of the theatre if it has the name."""
        if (known := self.actors.get(_fold(text))) is not None:
            return known
        name = _slug(text)
        row = Row(name, _full(ACTORS, name, {"name": text, "kind": kind or "actor"}))
        self.records[ACTORS.name].setdefault(name, row)
        return name

    def side(self, name: str, title: str) -> str:
        """A holder by its id; one that the theatre does not know becomes a side."""
        if name not in self.actors.values():
            values: dict[str, Value] = {"name": title, "kind": "side", "side": name}
            row = Row(name, _full(ACTORS, name, values))
            self.records[ACTORS.name].setdefault(name, row)
        return name

    def word(self, text: str) -> Word:
        """What their word for control means; its holders become sides, unless they are known."""
        self.met[text] += 1
        if text not in self.words:
            word = _meaning(text)
            known = self.actors.get(_fold(text), word.controller) if word.controller else ""
            self.words[text] = replace(word, controller=known)
        word = self.words[text]
        for name in filter(None, (word.controller, *split_ids(word.controllers))):
            self.side(name, name if word.given else text)
        return word

    def result(self) -> Import:
        """Everything read, in order."""
        if self.spells:
            _layers_from_spells(self)
        control, ground = _finished_layers(self)
        self._colour()
        if self.records or control:
            self.source()
        words = [replace(self.words[text], count=n) for text, n in self.met.items()]
        for word in words:
            if word.status in {Status.CONTESTED, Status.MIXED} and not word.controllers:
                self.note(
                    f"{word.text!r} names no parties: say who they are in the table of words, or "
                    "the checks will refuse the result"
                )
        for name in ("basis", "confidence", "place_kind", "timezone"):
            if name not in self.options.fixed and self._uses(name):
                self.note(f"{name} is not told: {self.settings[name]!r} is written for all")
        return Import(
            kind=self.kind,
            records={
                name: tuple(self.records[name][i] for i in sorted(self.records[name]))
                for name in SCHEMAS
                if self.records.get(name)
            },
            control=control,
            counts=tuple(Count(name, **count) for name, count in self.counts.items()),
            mapping=tuple(Mapped(a, b, given) for (a, b), given in sorted(self.mapped.items())),
            words=tuple(sorted(words, key=lambda word: word.text)),
            notes=self.said(),
            issues=tuple(self.issues),
            settings=self.settings,
            ground=ground,
        )

    def _uses(self, name: str) -> bool:
        taken = {ours for _, ours in self.mapped}
        if name == "timezone":
            return self.into is None
        if name == "place_kind":
            return bool(self.records.get(PLACES.name)) and "kind" not in taken
        if name == "basis":
            return bool(self.control or self.records.get(STATEMENTS.name)) and name not in taken
        return name not in taken

    def _colour(self) -> None:
        # A side without a colour cannot be drawn.
        rows = self.records.get(ACTORS.name, {})
        sides = [row for _, row in sorted(rows.items()) if isinstance(row, Row)]
        sides = [row for row in sides if row.values["kind"] == "side"]
        for n, row in enumerate(sides):
            row.values["color"] = _PALETTE[n % len(_PALETTE)]


def _names_of(folder: Folder) -> dict[str, str]:
    """Actors of a theatre by every name that it gives them."""
    names: dict[str, str] = {}
    for row in folder.actors.rows:
        given = (row.id, row.values["name"], row.values["name_ar"])
        for name in (*filter(None, given), *split_ids(row.values["alternatenames"])):
            names.setdefault(_fold(str(name)), row.id)
    return names


def _full(schema: Schema, name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Every column of a schema, in its order."""
    full = {column: values.get(column) for column in schema.names}
    return {**full, "id": name} if "id" in full else full


_WORDLESS = re.compile("[^a-z0-9]+")


def _slug(text: str) -> str:
    """A readable id for a name; an id is its own, and letters that are not Latin become digits."""
    if is_id(text):
        return text
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = _WORDLESS.sub("_", plain).strip("_")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    if not is_id(name):
        name = f"{name[:50].strip('_') or 'name'}_{digest}"
    return name


# --- words for control ------------------------------------------------------------

_GUESSES = {
    **dict.fromkeys(("contested", "disputed", "frontline", "fighting"), Status.CONTESTED),
    **dict.fromkeys(("mixed", "shared", "mixed control"), Status.MIXED),
    **dict.fromkeys(("unknown", "unclear", "no data", "n/a", "?"), Status.UNKNOWN),
    **dict.fromkeys(("uncontrolled", "none", "nobody", "no control"), Status.NONE),
}


def _meaning(text: str) -> Word:
    status = _GUESSES.get(" ".join(text.casefold().split()))
    return Word(text, status) if status else Word(text, Status.CONTROLLED, _slug(text))


_WORD_COLUMNS = ("text", "status", "controller", "controllers", "count")


def words_table(words: Iterable[Word]) -> bytes:
    """
    Return words for control as a CSV that a person can edit.

    Parameters
    ----------
    words
        As an `Import` has them.

    Returns
    -------
    data
        UTF-8; `read_words` reads it back.
    """
    rows = [list(_WORD_COLUMNS)]
    rows += [[guard_formula(str(getattr(word, name))) for name in _WORD_COLUMNS] for word in words]
    cells = (['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows)
    return "".join(",".join(row) + "\n" for row in cells).encode()


def read_words(data: bytes, *, file: str) -> tuple[Word, ...]:
    """
    Read a table of words for control.

    Parameters
    ----------
    data
        CSV in UTF-8 with the columns ``text``, ``status`` and, where there is one, ``controller``
        or ``controllers``; others are not looked at.
    file
        Its path, for messages.

    Returns
    -------
    words
        One a row.

    Raises
    ------
    SchemaError
        If it is no such table, a status is none of ours or an id is none; all faults are in it.
    """
    text, found = decode_text(data, kind="csv")
    if not text:
        raise SchemaError([replace(issue, file=file) for issue in found])
    (_, header), *rows = split_rows(text, file=file)
    faults, words = [], []
    if lacking := {"text", "status"} - set(header):
        message = f"there is no column {' and no column '.join(sorted(lacking))}"
        raise SchemaError([Issue("csv.column", "error", message, file=file, line=1)])
    for line, cells in rows:
        row = dict(zip(header, cells, strict=False))
        status = row["status"]
        ids = [*split_ids(row.get("controllers")), *split_ids(row.get("controller"))]
        bad = [i for i in ids if not is_id(i)]
        if status not in set(Status) or bad:
            what = f"{bad[0]!r} is no id" if bad else f"{status!r} is none of {', '.join(Status)}"
            faults.append(Issue("words.value", "error", what, file=file, line=line))
            continue
        word = Word(
            unguard_formula(row["text"]),
            status,
            row.get("controller", ""),
            row.get("controllers", ""),
        )
        words.append(replace(word, given=True))
    if faults:
        raise SchemaError(faults)
    return tuple(words)


# --- events -------------------------------------------------------------------------


def _take_event(record: Record, reader: _Reader) -> str:
    """One event, in ACLED's columns."""
    values = record.values
    point, fault = _position(values)
    if fault:
        return reader.refuse(record, "import.position", fault)
    foreign = values.get("id") or json.dumps(values, ensure_ascii=False, sort_keys=True)
    name = reader.new_id(EVENTS, foreign)
    content = json.dumps(values, ensure_ascii=False, sort_keys=True)
    if (earlier := reader.events.get(foreign)) is not None:
        if earlier[1] == content:
            reader.mend(record, "import.repeated", "another row is the same", earlier[0])
            return "repeated"
        values = values | {"twin": f"Another record of the same id is {earlier[0]}."}
    own: dict[str, Value] = {key: values.get(key) for key in EVENTS.names}
    for key in ("time_precision", "geo_precision", "geo_radius_m", "fatalities"):
        own[key], wrong = _integer(reader.value(record, key))
        if wrong:
            return reader.refuse(record, "import.number", f"{key} is no whole number")
    for key in ("event_type", "sub_event_type", "confidence"):
        own[key] = reader.value(record, key) or None
    own["time_precision"] = own["time_precision"] or 1
    if match := _TAGGED_END.search(values.get("tags", "")):
        own["end_date"] = match[1]
    if own["end_date"] == own["event_date"]:
        own["end_date"] = None
    for key, kind in (("actor1", "inter1"), ("actor2", "inter2")):
        own[key] = reader.actor(values[key], values.get(kind, "")) if key in values else None
    for key in ("assoc_actor_1", "assoc_actor_2"):
        ids = [reader.actor(one, "actor") for one in split_ids(values.get(key))]
        own[key] = ";".join(dict.fromkeys(ids)) or None
    named = reader.publishers(values.get("source", ""))
    own["source_ids"] = ";".join(dict.fromkeys([reader.source(), *named]))
    own["change_id"] = None
    own["place_id"] = reader.places.at(values.get("location", ""), point)
    own["notes"] = _event_notes(record, reader, point)
    kept = reader.keep(record, EVENTS, Feature(name, own, point))
    if kept is None:
        return "refused"
    reader.events[foreign] = (name, content)
    return "written"


_TAGGED_END = re.compile(r"end_date=([0-9]{4}-[0-9]{2}-[0-9]{2})")
"""ACLED has no column for a last day; our export writes it as a tag."""


def _event_notes(record: Record, reader: _Reader, point: shapely.Geometry | None) -> str | None:
    """Their note, their id, and the events that may be the same."""
    values = record.values
    parts = [values.get("notes", "")]
    if foreign := values.get("id"):
        parts.insert(0, f"{reader.settings['publisher'] or 'Their'} id {foreign}.")
    parts.append(values.get("twin", ""))
    key = tuple(values.get(k) for k in ("event_date", "sub_event_type", "actor1", "actor2"))
    where = None if point is None else (shapely.get_x(point), shapely.get_y(point))
    twins = reader.twins[(*key, where)]
    if twins and where is not None:
        parts.append(f"Perhaps the same event as {twins[0]} by date, place and actors.")
    twins.append(values.get("id") or f"line {record.line} of {record.file}")
    return " ".join(part for part in parts if part) or None


def _position(values: Mapping[str, str]) -> tuple[shapely.Geometry | None, str]:
    """The point of a record, or what is wrong with it; no point where none is given."""
    texts = [values.get(name, "") for name in ("lon", "lat")]
    if not any(texts):
        return None, ""
    if not all(texts):
        return None, "only one of longitude and latitude is given"
    try:
        lon, lat = (float(text) for text in texts)
    except ValueError:
        return None, "longitude or latitude is no decimal number"
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        return None, "longitude or latitude is out of range; are the two exchanged?"
    return shapely.Point(round(lon, 6) + 0.0, round(lat, 6) + 0.0), ""


def _integer(text: str) -> tuple[int | None, bool]:
    if not text:
        return None, False
    match = re.fullmatch(r"([0-9]+)(?:\.0+)?", text)
    return (int(match[1]), False) if match else (None, True)


_UCDP_TYPES = {
    "1": ("Battles", "Armed clash", "state-based conflict"),
    "2": ("Battles", "Armed clash", "non-state conflict"),
    "3": ("Violence against civilians", "Attack", "one-sided violence"),
}
_UCDP_WHERE = {"1": "1", "2": "2", "3": "3", "4": "3", "5": "3", "6": "3", "7": "3"}
_UCDP_DATE = {"1": "1", "2": "2", "3": "2", "4": "3", "5": "3"}


def _take_ucdp(record: Record, reader: _Reader) -> str:
    """One event of the UCDP GED; its codes become ACLED's words."""
    values = record.values
    known = _UCDP_TYPES.get(values.get("type_of_violence", ""))
    if known is None:
        return reader.refuse(record, "import.value", "type_of_violence is not 1, 2 or 3")
    reader.note(
        "UCDP types of violence 1 and 2 become Battles / Armed clash, 3 becomes Violence against "
        "civilians / Attack"
    )
    reader.note(
        "UCDP where_prec 1 becomes geo_precision 1, 2 becomes 2 with a radius of 25 km (as its "
        "codebook has it), 3 to 7 become 3; date_prec 1 becomes time_precision 1, 2 and 3 become "
        "2, 4 and 5 become 3; the best estimate of deaths becomes fatalities"
    )
    where = values.get("where_prec", "")
    deaths = ", ".join(f"{k} {values[k]}" for k in ("low", "best", "high") if k in values)
    values |= {
        "event_type": known[0],
        "sub_event_type": known[1],
        "geo_precision": _UCDP_WHERE.get(where, ""),
        "time_precision": _UCDP_DATE.get(values.get("date_prec", ""), ""),
        "fatalities": values.get("best", ""),
        "notes": f"UCDP GED: {known[2]}; deaths: {deaths}; where_prec {where}.",
    }
    if where == "2":
        values["geo_radius_m"] = "25000"
    return _take_event(record, reader)


# --- places and statements ------------------------------------------------------------


class _Places:
    """Places met so far, by name and position, so that one place is one record."""

    def __init__(self, into: Folder | None) -> None:
        self._known: dict[str, list[tuple[str, shapely.Geometry | None]]] = defaultdict(list)
        self._ids: set[str] = set()
        for place in into.places.values() if into else ():
            names = {str(place.properties["name"]), *split_ids(place.properties["alternatenames"])}
            for name in names:
                self.add(place.id, name, place.geometry)

    def add(self, identity: str, name: str, point: shapely.Geometry | None) -> None:
        self._ids.add(identity)
        self._known[_fold(name)].append((identity, point))

    def find(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name there; one without a position if it alone has the name."""
        known = self._known[_fold(name)]
        if point is None:
            return known[0][0] if len({one for one, _ in known}) == 1 else None
        near = [(_km(point, at), one) for one, at in known if at is not None]
        best = min(near, default=(math.inf, ""))
        return best[1] if best[0] <= _SAME_PLACE_KM else None

    def at(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name at exactly that position."""
        for identity, known in self._known.get(_fold(name), ()):
            if point is not None and known is not None and shapely.equals(point, known):
                return identity
        return None

    def namesakes(self, name: str) -> list[str]:
        return sorted({one for one, _ in self._known[_fold(name)]})

    def new_id(self, name: str) -> str:
        start, n = _slug(name)[:60], 1
        while (identity := start if n == 1 else f"{start}_{n}") in self._ids:
            n += 1
        return identity


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _km(one: shapely.Geometry, other: shapely.Geometry) -> float:
    lon, lat = zip(*((shapely.get_x(p), shapely.get_y(p)) for p in (one, other)), strict=True)
    return float(distance_km(lon[0], lat[0], lon[1], lat[1]))


def _take_place(record: Record, reader: _Reader) -> str:
    """One place of a list."""
    outcome, _ = _placed(record, reader)
    return outcome


def _placed(record: Record, reader: _Reader) -> tuple[str, str]:
    """Find or make the place of a record: what became of it, and its id."""
    name = record.values.get("name", "")
    if not name:
        return reader.refuse(record, "import.value", "there is no name"), ""
    point, fault = _position(record.values)
    if fault:
        return reader.refuse(record, "import.position", fault), ""
    if (known := reader.places.find(name, point)) is not None:
        return "repeated", known
    identity = reader.places.new_id(name)
    radius, wrong = _integer(reader.value(record, "geo_radius_m"))
    if wrong:
        return reader.refuse(record, "import.number", "geo_radius_m is no whole number"), ""
    others = reader.places.namesakes(name)
    values: dict[str, Value] = {
        "name": name,
        "name_ar": record.values.get("name_ar"),
        "alternatenames": record.values.get("alternatenames"),
        "kind": record.values.get("kind", "").lower() or reader.settings["place_kind"],
        "admin1": record.values.get("admin1"),
        "geo_radius_m": radius,
        "coord_method": "none" if point is None else "located",
        "coord_source": None if point is None else reader.settings["publisher"] or record.file,
        "source_ids": reader.source(),
        "note": f"Another place of the name: {', '.join(others)}." if others else None,
    }
    kept = reader.keep(record, PLACES, Feature(identity, values, point))
    if kept is None:
        return "refused", ""
    reader.places.add(identity, name, point)
    return "written", identity


def _take_statement(record: Record, reader: _Reader) -> str:
    """One row of a list of who holds what: a place, and a statement about it."""
    text = record.values.get("controller", "")
    if not text:
        return reader.refuse(record, "import.value", "nothing says who holds it")
    day = reader.value(record, "date")
    try:
        parse_day(day)
    except DateError as error:
        return reader.refuse(record, "import.date", str(error) if day else "there is no date")
    outcome, place = _placed(record, reader)
    if outcome == "refused":
        return outcome
    word = reader.word(text)
    note = record.values.get("note")
    earlier = reader.stated[place, day]
    for name, said in earlier:
        if said == text:
            reader.mend(record, "import.repeated", "another row says the same", name)
            return "repeated"
    if earlier:
        more = f"Another row of the same day says otherwise: {earlier[0][0]}."
        note = f"{note} {more}" if note else more
    name = reader.new_id(STATEMENTS, place, day, text)
    values: dict[str, Value] = {
        "place_id": place,
        "date": day,
        "date_precision": reader.value(record, "date_precision"),
        "status": word.status,
        "controller": word.controller or None,
        "controllers": word.controllers or None,
        "basis": reader.value(record, "basis"),
        "confidence": reader.value(record, "confidence"),
        "source_ids": reader.source(),
        "note": note,
    }
    if reader.keep(record, STATEMENTS, Row(name, _full(STATEMENTS, name, values))) is None:
        return "refused"
    reader.stated[place, day].append((name, text))
    return "written"


# --- shapes ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Patch:
    """Ground of one date, on its way to a layer."""

    record: Record
    word: Word
    geometry: shapely.Geometry
    key: str


@dataclass(slots=True)
class _Spell:
    """Ground with a first and a last day."""

    record: Record
    word: Word
    start: dt.date
    end: dt.date | None
    geometry: shapely.Geometry


def _ground(record: Record, reader: _Reader) -> shapely.Geometry | None:
    """The area of a record; refused with a reason where it has none."""
    geometry = record.geometry
    if geometry is None or shapely.is_empty(geometry):
        fault = record.values.get("fault", "geom.null: it has no area")
        code, message = fault.split(": ", 1)
        reader.refuse(record, code, message)
        return None
    if shapely.get_dimensions(geometry) != _AREA:
        reader.refuse(record, "geom.kind", "it is no area")
        return None
    if record.values.get("status", Status.UNKNOWN) not in set(Status):
        reader.note("{n} values of status are none of ours and are left out", record.file, 1)
    return geometry


_AREA = 2
"""Dimension of polygons, as shapely counts."""

_FILE_DAY = re.compile(r"(?<![0-9])([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?![0-9])")


def _take_control(record: Record, reader: _Reader) -> str:
    """One patch of a dated layer."""
    word = _holder(record, reader)
    if word is None:
        return reader.refuse(record, "import.value", "nothing says who holds it")
    day, fault = _layer_day(record, reader)
    if day is None:
        return reader.refuse(record, "import.date", fault)
    geometry = _ground(record, reader)
    if geometry is None:
        return "refused"
    reader.control[day].append(_Patch(record, word, geometry, _key(record)))
    return "written"


def _holder(record: Record, reader: _Reader) -> Word | None:
    """Who holds an area: their word for it, or our status and parties where there is none."""
    if text := record.values.get("controller"):
        return reader.word(text)
    status, parties = record.values.get("status", ""), record.values.get("controllers", "")
    if status not in set(Status):
        return None
    for name in split_ids(parties):
        reader.side(name, name)
    return Word("", status, controllers=parties)


def _key(record: Record) -> str:
    """What a patch is called by from date to date."""
    values = record.values
    return values.get("id") or values.get("controller") or values.get("controllers", "")


def _layer_day(record: Record, reader: _Reader) -> tuple[dt.date | None, str]:
    """The date of a layer, and why there is none."""
    wish = reader.options.date_from
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", wish):
        return parse_day(wish), ""
    named = [f"{y}-{m}-{d}" for y, m, d in _FILE_DAY.findall(record.file)]
    said = record.values.get("date", "")
    if said and len(named) == 1 and not wish and said != named[0]:
        return None, f"its date is {said}, but the file's name says {named[0]}; say which counts"
    text = said if said and wish != "name" else named[0] if len(named) == 1 else ""
    if not text:
        return None, "neither a property nor the file's name says the date"
    try:
        day = parse_day(text)
    except DateError as error:
        return None, str(error)
    reader.note("dates of layers: " + ("a property" if text == said else "the file's name"))
    return day, ""


def _take_interval(record: Record, reader: _Reader) -> str:
    """One area with a first and a last day."""
    word = _holder(record, reader)
    if word is None:
        return reader.refuse(record, "import.value", "nothing says who holds it")
    days: list[dt.date | None] = []
    for name in ("start", "end"):
        text = record.values.get(name, "")
        try:
            days.append(parse_day(text) if text else None)
        except DateError as error:
            return reader.refuse(record, "import.date", f"{name}: {error}")
    start, end = days
    if start is None:
        return reader.refuse(record, "import.date", "there is no first day")
    if end is not None and end < start:
        return reader.refuse(record, "import.date", "the last day is before the first")
    since, until = reader.options.since, reader.options.until
    if (until and start > until) or (since and end and end < since):
        return reader.refuse(record, "import.window", "it lies outside the days asked for")
    geometry = _ground(record, reader)
    if geometry is None:
        return "refused"
    reader.spells.append(_Spell(record, word, start, end, geometry))
    return "written"


def _layers_from_spells(reader: _Reader) -> None:
    """
    Make a layer of every day on which an interval begins or has ended.

    Raises
    ------
    SchemaError
        If nothing says whether a last day still counts, or a layer would be older than any may be.
    """
    inclusive = reader.options.end or _end_of(reader)
    step = dt.timedelta(days=1 if inclusive == "inclusive" else 0)
    since, until = reader.options.since, reader.options.until
    lives = []
    for spell in reader.spells:
        start = max(spell.start, since) if since else spell.start
        end = spell.end + step if spell.end else None
        lives.append((start, end, spell))
    days = {start for start, _, _ in lives} | {end for _, end, _ in lives if end}
    days = {day for day in days if until is None or day <= until}
    early = [day for day in days if day < FIRST_DAY]
    if early:
        message = f"the first interval begins on {min(early)}; layers begin in {FIRST_DAY}"
        hint = "say since when they are wanted"
        raise SchemaError([Issue("import.window", "error", message, hint)])
    for day in sorted(days):
        for start, end, spell in lives:
            if start <= day and (end is None or day < end):
                key = f"{_key(spell.record)} {spell.start} {spell.record.line}"
                reader.control[day].append(_Patch(spell.record, spell.word, spell.geometry, key))
        if day not in reader.control:
            reader.note(f"no interval holds on {day}: it has no layer")


def _end_of(reader: _Reader) -> str:
    """
    Find out whether last days still count, from intervals of one holder that follow on.

    Raises
    ------
    SchemaError
        If there are none, or they disagree.
    """
    by_holder: dict[str, list[_Spell]] = defaultdict(list)
    for spell in reader.spells:
        by_holder[_key(spell.record)].append(spell)
    gaps: Counter[int] = Counter()
    for spells in by_holder.values():
        starts = {spell.start for spell in spells}
        for spell in spells:
            if spell.end:
                gaps.update(n for n in (0, 1) if spell.end + dt.timedelta(days=n) in starts)
    if all(spell.end is None for spell in reader.spells):
        return "exclusive"
    if bool(gaps[0]) == bool(gaps[1]):
        why = f"{gaps[1]} follow on the day after, {gaps[0]} on the day itself"
        message = f"it is not clear whether the last day of an interval still counts: {why}"
        raise SchemaError([Issue("import.end", "error", message, "say inclusive or exclusive")])
    found = "inclusive" if gaps[1] else "exclusive"
    reader.note(f"last days are {found}: {gaps[0] + gaps[1]} intervals follow on so")
    return found


def _finished_layers(
    reader: _Reader,
) -> tuple[dict[dt.date, tuple[Feature, ...]], shapely.Geometry | None]:
    """
    Patches of every date as features, and the ground of all of them.

    What a layer leaves out is filled by the rule of the user.
    """
    if not reader.control:
        return {}, None
    grounds = _Grounds()
    joined = {day: grounds.join([p.geometry for p in ps]) for day, ps in reader.control.items()}
    area = reader.into.area if reader.into else _union_of_layers(u for u, _ in joined.values())
    sizes: dict[int, float] = {}
    finished, gaps, doubles = {}, [], []
    for day, patches in sorted(reader.control.items()):
        ground = [patch.geometry for patch in patches]
        union, fits = joined[day]
        whole = area is union or shapely.equals_exact(area, union, tolerance=0, normalize=True)
        rest = shapely.Polygon() if whole else shapely.difference(area, union, grid_size=GRID_DEG)
        gaps.append(float(area_km2(rest)[0]))
        doubles.append(0.0 if fits else _twice_km2(ground, union, sizes))
        if reader.options.overlap == "first":
            patches = _cut(patches)
        made = _patch_features(patches, reader)
        if gaps[-1] > _NOTHING_KM2 and reader.options.rest:
            made += _rest_features(rest, reader)
        finished[day] = tuple(made)
    _note_coverage(gaps, doubles, reader)
    return finished, area


def _twice_km2(
    ground: Sequence[shapely.Geometry], union: shapely.Geometry, sizes: dict[int, float]
) -> float:
    """How much of a layer is claimed twice; shapes are measured once for all layers."""
    new = {id(shape): shape for shape in ground if id(shape) not in sizes}
    sizes |= zip(new, map(float, area_km2([*new.values()])), strict=True)
    return sum(sizes[id(shape)] for shape in ground) - float(area_km2(union)[0])


def _joined(ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
    """The ground of a layer, and whether its patches meet along equal edges, without overlap."""
    shapes = np.empty(len(ground), dtype=object)
    shapes[:] = ground
    if shapely.coverage_is_valid(shapes):
        # Then there is nothing to node.
        return shapely.set_precision(shapely.coverage_union_all(shapes), GRID_DEG), True
    return shapely.union_all(shapes, grid_size=GRID_DEG), False


class _Grounds:
    """Joins the ground of layer after layer; many have the same, however it is divided."""

    def __init__(self) -> None:
        self.known: dict[bytes, shapely.Geometry] = {}

    def join(self, ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
        """The ground of a layer, and whether its patches meet along equal edges."""
        edges = BorderEdges.of(ground)
        rim = edges.twin < 0
        # Where edges cancel out to those of ground that was joined without overlap, so do areas:
        # each point has as many patches over it as there, one.
        start, end = edges.start[rim], edges.end[rim]
        order = np.lexsort((end, start))
        key = start[order].tobytes() + end[order].tobytes()
        if (known := self.known.get(key)) is not None:
            return known, True
        union, fits = _joined(ground)
        if fits:
            self.known[key] = union
        return union, fits


def _union_of_layers(unions: Iterable[shapely.Geometry]) -> shapely.Geometry:
    """The ground of all layers; most of them have the same."""
    distinct = [*{id(union): union for union in unions}.values()]
    distinct = [*{shapely.to_wkb(shapely.normalize(one)): one for one in distinct}.values()]
    return distinct[0] if len(distinct) == 1 else _joined(distinct)[0]


_NOTHING_KM2 = 1e-3


def _note_coverage(gaps: Sequence[float], doubles: Sequence[float], reader: _Reader) -> None:
    left = [km2 for km2 in gaps if km2 > _NOTHING_KM2]
    if left:
        rule = f"is {reader.options.rest}, as told" if reader.options.rest else "is left open"
        reader.note(
            f"{len(left)} of {len(gaps)} layers do not cover the study area, by {min(left):,.3f} "
            f"to {max(left):,.3f} km2: the rest {rule}"
        )
    twice = [km2 for km2 in doubles if km2 > _NOTHING_KM2]
    if twice:
        reader.note(
            f"{len(twice)} of {len(doubles)} layers have ground that two patches claim, up to "
            f"{max(twice):,.3f} km2"
        )


def _cut(patches: Sequence[_Patch]) -> list[_Patch]:
    """Give ground that two patches claim to the earlier one."""
    kept: list[_Patch] = []
    for patch in patches:
        geometry = patch.geometry
        for other in kept:
            if shapely.intersects(geometry, other.geometry):
                geometry = shapely.difference(geometry, other.geometry, grid_size=GRID_DEG)
        if not shapely.is_empty(geometry):
            kept.append(_Patch(patch.record, patch.word, geometry, patch.key))
    return kept


def _patch_features(patches: Sequence[_Patch], reader: _Reader) -> list[Feature]:
    keys = Counter(patch.key for patch in patches)
    taken: set[str] = set()
    made = []
    for patch in patches:
        # A patch that alone has its key keeps its id from date to date.
        alone = keys[patch.key] == 1
        content = [reader.kind, patch.key, "" if alone else shapely.to_wkt(patch.geometry)]
        name = new_id(CONTROL, json.dumps(content, ensure_ascii=False).encode(), taken)
        taken.add(name)
        values = patch.record.values
        status = values.get("status", "")
        own: dict[str, Value] = {
            "controller": patch.word.controller or None,
            "controllers": patch.word.controllers or values.get("controllers"),
            "status": status if status in set(Status) else patch.word.status,
            "basis": reader.value(patch.record, "basis"),
            "confidence": reader.value(patch.record, "confidence"),
            "source_ids": reader.source(),
            "note": values.get("note"),
        }
        if own["status"] in {Status.UNKNOWN, Status.NONE}:
            own |= {"controller": None, "controllers": None}
        if own["status"] == Status.UNKNOWN:
            own |= {"basis": None, "confidence": None}
        made.append(Feature(name, _full(CONTROL, name, own), patch.geometry))
    return made


def _rest_features(rest: shapely.Geometry, reader: _Reader) -> list[Feature]:
    """The ground that a layer leaves out."""
    parts = [p for p in shapely.get_parts(rest) if p.geom_type == "Polygon"]
    whole = shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]
    own: dict[str, Value] = {"status": Status.UNKNOWN}
    if reader.options.rest == "none":
        own = {"status": Status.NONE, "basis": "inferred", "confidence": "low"}
    elif reader.options.rest != "unknown":
        holder = reader.side(_slug(reader.options.rest), reader.options.rest)
        own = {"status": Status.CONTROLLED, "basis": "inferred", "confidence": "low"}
        own["controller"] = holder
    own["note"] = "Ground that the imported layer leaves out."
    name = new_id(CONTROL, b"rest " + reader.options.rest.encode(), ())
    return [Feature(name, _full(CONTROL, name, own), whole)]


# --- KML ------------------------------------------------------------------------------


def _take_kml(record: Record, reader: _Reader) -> str:
    """One placemark: an area is control, a point is a place."""
    point = record.geometry
    if point is not None and shapely.get_dimensions(point) == 0:
        lon, lat = float(shapely.get_x(point)), float(shapely.get_y(point))
        record.values |= {"lon": repr(lon), "lat": repr(lat)}
        return _take_place(record, reader)
    if not {"controller", "status"} & set(record.values):
        record.values["controller"] = record.values.get("name", "")
    if "start" in record.values:
        return _take_interval(record, reader)
    return _take_control(record, reader)


# --- kinds ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an import knows of one kind of file."""

    doc: str
    columns: dict[str, tuple[str, ...]]
    needed: tuple[str, ...]
    dates: tuple[str, ...]
    parse: Callable[[bytes, str, _Reader], Iterator[Record]]
    take: Callable[[Record, _Reader], str]


_LON = ("lon", "longitude", "lng", "long", "x", "point_x")
_LAT = ("lat", "latitude", "y", "point_y")
_NAME = ("name", "place", "location", "city", "town", "settlement", "asciiname", "placename")
_HOLDER = (
    *("controller", "held by", "held_by", "control", "controlled by", "controlled_by"),
    *("holder", "actor", "side", "occupied by", "country_name", "country", "state", "owner"),
)
_NOTE = ("note", "notes", "more information", "comment", "remarks")
_PLACE_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": _NAME,
    "lon": _LON,
    "lat": _LAT,
    "name_ar": ("name_ar", "arabic"),
    "alternatenames": ("alternatenames", "alternate_names", "aliases"),
    "kind": ("kind", "place_kind"),
    "admin1": ("admin1", "governorate", "oblast", "province"),
    "geo_radius_m": ("geo_radius_m",),
}
_EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("event_id_cnty", "event_id", "data_id", "id"),
    "event_date": ("event_date", "date", "start_date", "day"),
    "end_date": ("end_date",),
    "time_precision": ("time_precision",),
    "event_type": ("event_type", "type"),
    "sub_event_type": ("sub_event_type", "subtype"),
    "actor1": ("actor1",),
    "assoc_actor_1": ("assoc_actor_1",),
    "inter1": ("inter1",),
    "actor2": ("actor2",),
    "assoc_actor_2": ("assoc_actor_2",),
    "inter2": ("inter2",),
    "location": ("location", "place", "where", "name"),
    "lon": _LON,
    "lat": _LAT,
    "geo_precision": ("geo_precision",),
    "geo_radius_m": ("geo_radius_m",),
    "source": ("source", "sources"),
    "notes": (*_NOTE[:2], "description", "text"),
    "fatalities": ("fatalities", "deaths"),
    "tags": ("tags",),
    "confidence": ("confidence",),
}
_UCDP_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "event_date": ("date_start",),
    "end_date": ("date_end",),
    "date_prec": ("date_prec",),
    "type_of_violence": ("type_of_violence",),
    "actor1": ("side_a",),
    "actor2": ("side_b",),
    "location": ("where_coordinates",),
    "lon": ("longitude",),
    "lat": ("latitude",),
    "where_prec": ("where_prec",),
    "source": ("source_office",),
    "best": ("best", "best_est"),
    "low": ("low", "low_est"),
    "high": ("high", "high_est"),
}
_CONTROL_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "patch"),
    "controller": _HOLDER,
    "controllers": ("controllers",),
    "status": ("status",),
    "basis": ("basis",),
    "confidence": ("confidence",),
    "note": _NOTE,
}
_SPAN = {
    "start": ("valid_from", "start", "begin", "from", "gwsdate", "date_start"),
    "end": ("valid_to", "end", "to", "gwedate", "date_end"),
}

KINDS: dict[str, _Kind] = {
    "acled": _Kind(
        "events as ACLED exports them",
        _EVENT_COLUMNS,
        ("event_date", "event_type", "sub_event_type"),
        ("event_date", "end_date"),
        read_table,
        _take_event,
    ),
    "ucdp": _Kind(
        "events of the UCDP GED or its candidate events",
        _UCDP_COLUMNS,
        ("event_date", "type_of_violence", "lon", "lat"),
        ("event_date", "end_date"),
        read_table,
        _take_ucdp,
    ),
    "events-csv": _Kind(
        "events of any table",
        _EVENT_COLUMNS,
        ("event_date", "event_type", "sub_event_type"),
        ("event_date", "end_date"),
        read_table,
        _take_event,
    ),
    "places-csv": _Kind(
        "places of any table", _PLACE_COLUMNS, ("name", "lon", "lat"), (), read_table, _take_place
    ),
    "statements-csv": _Kind(
        "lists of who holds which town",
        {
            **_PLACE_COLUMNS,
            "controller": _HOLDER,
            "date": ("date", "day", "as_of", "update", "updated"),
            "date_precision": ("date_precision",),
            "basis": ("basis",),
            "confidence": ("confidence",),
            "note": _NOTE,
        },
        ("name", "controller", "date"),
        ("date",),
        read_table,
        _take_statement,
    ),
    "control-geojson": _Kind(
        "areas of control, one file a date",
        {**_CONTROL_COLUMNS, "date": ("date", "day")},
        ("controller",),
        ("date",),
        read_features,
        _take_control,
    ),
    "intervals-geojson": _Kind(
        "areas of control with a first and a last day",
        {**_CONTROL_COLUMNS, **_SPAN},
        ("controller", "start"),
        ("start", "end"),
        read_features,
        _take_interval,
    ),
    "kml": _Kind(
        "placemarks of Google Earth: areas are control, points are places",
        {
            **_PLACE_COLUMNS,
            **_CONTROL_COLUMNS,
            "start": ("valid_from", "begin"),
            "end": ("valid_to", "end"),
            "date": ("date", "when"),
        },
        (),
        ("start", "end", "date"),
        read_placemarks,
        _take_kml,
    ),
}
"""Every kind by its name."""


# --- into a folder ------------------------------------------------------------------------


def save_import(
    imported: Import,
    root: Path,
    *,
    into: Folder | None = None,
    progress: Progress | None = None,
) -> Saved:
    """
    Add an import to a folder, or begin one with it; what stands there is not changed.

    A save that was stopped goes on where it stopped when the same import is saved again: a file
    that holds what it shall hold is not written anew. A new theatre gets its ``theatre.geojson``
    last, so one that is half written is no theatre yet.

    Parameters
    ----------
    imported
        As `run` returned it.
    root
        The layers folder; made if it is not there.
    into
        The same folder as read; None begins a new theatre.
    progress
        Told what is done, how much of it, and of how much.

    Returns
    -------
    saved
        What was written.

    Raises
    ------
    LayerError
        If `root` holds something else already, a date has another layer already, or the system
        refuses to write.
    SchemaError
        If a record would not be read back as it is.
    StaleLayerError
        If a file changed on disk after it was read; it is not overwritten.
    """
    merge = _Merge(imported, into, root)
    with tempfile.TemporaryFile() as file:
        spool = _Spool(file)
        for n, (name, data) in enumerate(merge.texts(), 1):
            spool.add(name, data)
            if progress:
                progress("checking", n, merge.count)
        if into is None:
            spool.add("theatre.geojson", dump_geojson([_theatre(imported)], schema=THEATRE))
            _require_room(root, spool)
        paths = []
        for n, path in enumerate(_written(spool, root, into), 1):
            paths += [path] if path else []
            if progress:
                progress("writing", n, len(spool.names))
    return Saved(tuple(paths), merge.added, merge.present, tuple(merge.kept))


def _written(spool: _Spool, root: Path, into: Folder | None) -> Iterator[Path | None]:
    """Write all files, and return each; None for one that is there as it shall be."""
    if into is None:
        there = {name for name in spool.names if (root / name).exists()}
        yield from [None] * len(there)
        yield from add_files(
            root, ((name, spool[name]) for name in spool.names if name not in there)
        )
        return
    for name, data in spool:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(path, data, expected=into.digests.get(name))
        yield path


class _Spool:
    """Contents of files on their way to the folder; a long series does not fit into memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.names: dict[str, tuple[int, int]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Keep the content of one more file."""
        self.names[name] = self.file.tell(), len(data)
        self.file.write(data)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for name in self.names:
            yield name, self[name]

    def __getitem__(self, name: str) -> bytes:
        begin, size = self.names[name]
        self.file.seek(begin)
        return self.file.read(size)


def _require_room(root: Path, spool: _Spool) -> None:
    """
    Pass if a folder holds nothing but what an unfinished save of the same import left there.

    Raises
    ------
    LayerError
        If it holds something else.
    """
    found = (path for path in root.rglob("*") if not path.is_dir()) if root.exists() else ()
    for path in found:
        name = path.relative_to(root).as_posix()
        if path.name.startswith(".frontline"):
            continue
        if name not in spool.names or path.read_bytes() != spool[name]:
            hint = "read it first, to add to it, or name a new folder"
            message = f"the folder is not empty: it holds {escape(name)}"
            raise LayerError([Issue("import.folder", "error", message, hint, str(root))])


class _Merge:
    """Adds records to those of a folder."""

    def __init__(self, imported: Import, into: Folder | None, root: Path) -> None:
        self.imported, self.into, self.root = imported, into, root
        self.added: Counter[str] = Counter()
        self.present = 0
        self.kept: list[str] = []

    @property
    def count(self) -> int:
        """How many texts there are at most."""
        return 4 + len(self.imported.control) + len(self.imported.records.get(EVENTS.name, ()))

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """
        Return the path below the folder and the content of every file that changes.

        Raises
        ------
        LayerError
            If a date has another layer already.
        """
        for schema in (PLACES, STATEMENTS, ACTORS, SOURCES):
            old = self._old(schema)
            new = self._joined(schema, old, self.imported.records.get(schema.name, ()))
            if len(new) > len(old) or self.into is None:
                yield schema.path, _dump(schema, new)
        yield from self._events().items()
        for day, features in self.imported.control.items():
            name = f"control/{day}.geojson"
            data = dump_geojson(features, schema=CONTROL)
            if self.into and day in self.into.control:
                if (self.root / name).read_bytes() != data:
                    message = "the date has a layer already, another one, which stays as it is"
                    raise LayerError([Issue("import.layer", "error", message, file=name)])
                self.present += len(features)
                continue
            self.added[CONTROL.name] += len(features)
            yield name, data

    def _events(self) -> dict[str, bytes]:
        """Files of the months that get an event."""
        old: dict[str, list[Feature | Row]] = defaultdict(list)
        for event in self.into.events if self.into else ():
            old[str(event.properties["event_date"])[:7]].append(event)
        new: dict[str, list[Feature | Row]] = defaultdict(list)
        for one in self.imported.records.get(EVENTS.name, ()):
            assert isinstance(one, Feature)
            new[str(one.properties["event_date"])[:7]].append(one)
        texts = {}
        for month, events in sorted(new.items()):
            joined = self._joined(EVENTS, old[month], events)
            if len(joined) > len(old[month]):
                texts[f"events/{month}.geojson"] = _dump(EVENTS, joined)
        return texts

    def _old(self, schema: Schema) -> list[Feature | Row]:
        if self.into is None:
            return []
        if schema is PLACES:
            return list(self.into.places.values())
        return list(self.into.rows(schema.name).values())

    def _joined(
        self, schema: Schema, old: Sequence[Feature | Row], new: Iterable[Feature | Row]
    ) -> list[Feature | Row]:
        by_id = {one.id: one for one in old}
        for one in new:
            if one.id not in by_id:
                by_id[one.id] = one
                self.added[schema.name] += 1
            elif _says(by_id[one.id]) == _says(one):
                self.present += 1
            else:
                self.kept.append(one.id)
        return list(by_id.values())


def _says(one: Feature | Row) -> object:
    if isinstance(one, Feature):
        return one.properties, one.geometry
    return one.values


def _dump(schema: Schema, records: Sequence[Feature | Row]) -> bytes:
    if schema.geometry:
        return dump_geojson([one for one in records if isinstance(one, Feature)], schema=schema)
    return dump_table([one for one in records if isinstance(one, Row)], schema=schema)


def _theatre(imported: Import) -> Feature:
    """A new theatre round what was imported."""
    settings = imported.settings
    ground = imported.ground is not None
    area = imported.ground if imported.ground is not None else _round_points(imported)
    days = sorted({str(day) for day in imported.control} or _days(imported))
    if len(days) == 1:  # a comparison needs two
        days.append(str(parse_day(days[0]) + dt.timedelta(days=1)))
    publisher = settings["publisher"] or "import"
    name = settings["id"] or _slug(settings["name"] or f"{publisher} {imported.kind}")
    credit = ": ".join(filter(None, (settings["publisher"], settings["licence"])))
    values: dict[str, Value] = {
        "name": settings["name"] or f"{publisher}, {days[0]} to {days[-1]}",
        "timezone": settings["timezone"],
        "before": days[0],
        "after": days[-1],
        "attribution": settings["attribution"] or credit or None,
        "note": "The study area is the ground of all imported layers together."
        if ground
        else "The study area is the box round all imported positions.",
    }
    return Feature(name, _full(THEATRE, name, values), area)


def _days(imported: Import) -> set[str]:
    days = {"2000-01-01"}
    found = set()
    for name, column in ((EVENTS.name, "event_date"), (STATEMENTS.name, "date")):
        for one in imported.records.get(name, ()):
            values = one.properties if isinstance(one, Feature) else one.values
            found.add(str(values[column]))
    return found or days


def _round_points(imported: Import) -> shapely.Geometry:
    """
    Return the box round all positions, to a tenth of a degree.

    Raises
    ------
    LayerError
        If there is no position to draw a study area round.
    """
    points = [
        one.geometry
        for name in (EVENTS.name, PLACES.name)
        for one in imported.records.get(name, ())
        if isinstance(one, Feature) and one.geometry is not None
    ]
    if not points:
        message = "nothing of it has a position to draw a study area round"
        raise LayerError([Issue("import.area", "error", message, "add it to a theatre")])
    west, south, east, north = shapely.total_bounds(np.array(points))
    low = [max(math.floor(v * 10 - 1) / 10, w) for v, w in ((west, -180), (south, -90))]
    high = [min(math.ceil(v * 10 + 1) / 10, w) for v, w in ((east, 180), (north, 90))]
    corners = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
    return shapely.Polygon(corners)
