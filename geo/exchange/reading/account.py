"""What an import has so far: records of ours, ground of its layers, and what became of entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.exchange.reading.intake import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import shapely


import hashlib
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from geo.crs import distance_km, middle_of
from geo.errors import SchemaError
from geo.exchange.reading.intake import Entry, Intake, Layout, Outcome
from geo.exchange.reading.words import Word, fold_name, guess_meaning, make_slug, tell_apart
from geo.layers import Folder, check_record, new_id
from geo.model import ACTORS, SOURCES, Feature, Row, Schema, Value, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Reader:
    """
    What an import knows of one kind of file.

    Attributes
    ----------
    layout
        Its columns.
    parse
        From the bytes of a file and its name to its entries.
    take
        Adds one entry to the account, and says what became of it.
    identify
        What the source calls an entry; None for a kind whose source does not revise records.
    layer
        The layer that its entries become records of.
    """

    layout: Layout
    parse: Callable[[bytes, str, Intake], Iterator[Entry]]
    take: Callable[[Entry, Account], Outcome]
    identify: Callable[[Entry], str] | None = None
    layer: str = ""


class Account(Intake):
    """
    What was made of the files so far.

    Parameters
    ----------
    kind
        Name of the kind; ids are made from it.
    layout
        Of its files.
    options
        What the user decides.
    into
        The theatre that the import is added to; None for a new one.
    names
        Names of all files, in order.

    Attributes
    ----------
    counts
        Entries read, written, repeated and refused, by file.
    words, met
        What words for control mean, and how often each was met.
    records
        By the name of their schema, by id.
    control
        Ground of each date.
    spans
        Ground with a first and a last day, to become layers when all files are read.
    places, actors
        Of the theatre, and those made.
    pull
        Digest of what was read.
    tracked
        Layer and id of each record made, by what the source calls it.
    unread
        What the source calls entries that were refused.
    revisable
        Ids of records of the theatre that an import of the kind made.
    events, twins, statements
        What was said already: events by their id and by what they are, statements by place and day.
    """

    def __init__(
        self,
        kind: str,
        layout: Layout,
        *,
        options: Options,
        into: Folder | None,
        names: Sequence[str],
    ) -> None:
        super().__init__(layout, options)
        self.kind, self.into, self.names = kind, into, names
        if into is not None:
            self.zone = str(into.theatre.properties["timezone"] or self.zone)
        self.settings = DEFAULTS | {"publisher": layout.publisher, "licence": layout.licence}
        _require_options(kind, layout, options)
        known = set(DEFAULTS) | set(layout.columns)
        for name, value in options.fixed.items():
            if name not in known:
                raise ValueError(f"{name!r} cannot be set; choose from {', '.join(sorted(known))}")
            self.settings[name] = value
        rows = into.imports.rows if into and options.update else ()
        earlier = {str(r.values["source_id"]) for r in rows if r.values["kind"] == kind}
        if not self.settings["publisher"] and len(earlier) > 1:
            shown = ", ".join(sorted(earlier))
            raise ValueError(f"say of which publisher it is a later pull: there are {shown}")
        if not self.settings["publisher"] and into and earlier:
            source = into.rows(SOURCES.name)[earlier.pop()]
            self.settings["publisher"] = str(source.values["publisher"])
        if not self.settings["publisher"]:
            self.settings["publisher"] = names[0].rsplit(".", 1)[0]
            self.note("no publisher is told: the source is called by the first file")
        self.counts: dict[str, Counter[str]] = {}
        self.words = {word.text: word for word in options.words}
        self.met: Counter[str] = Counter()
        self.records: dict[str, dict[str, Feature | Row]] = defaultdict(dict)
        self.control: dict[dt.date, list[DraftPatch]] = defaultdict(list)
        self.spans: list[DatedArea] = []
        self.places = PlaceIndex(into)
        self.actors = {} if into is None else _actor_names(into)
        self.ids = {
            ACTORS.name: NamedIds(into.actors.rows if into else (), "name"),
            SOURCES.name: NamedIds(into.sources.rows if into else (), "publisher"),
        }
        self.pull = hashlib.sha256()
        self.tracked: dict[str, tuple[str, str]] = {}
        self.unread: set[str] = set()
        rows = into.imports.rows if into else ()
        self.revisable = {row.id for row in rows if row.values["kind"] == kind}
        self._undo: list[Callable[[], object]] = []
        self.events: dict[str, tuple[str, str]] = {}
        self.twins: dict[tuple[object, ...], list[str]] = defaultdict(list)
        self.statements: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)

    def pull_name(self) -> str:
        """What the version of the source is called that the files are."""
        more = f" and {len(self.names) - 1} other files" if len(self.names) > 1 else ""
        return f"{self.names[0]}{more}, sha256 {self.pull.hexdigest()[:12]}"

    def attempt(self, entry: Entry, reader: Reader) -> Outcome:
        """Take an entry; one that is refused leaves nothing behind but the reason."""
        self._undo.clear()
        theirs = reader.identify(entry) if reader.identify else ""
        try:
            outcome = reader.take(entry, self)
        except SchemaError as error:
            # A name that it gives cannot stand in any table.
            issue = error.issues[0]
            outcome = self.refuse(entry, issue.code, issue.message)
        if outcome == Outcome.REFUSED:
            for undo in reversed(self._undo):
                undo()
            self.unread.add(theirs)
        elif outcome == Outcome.WRITTEN and reader.identify and entry.made:
            # A source may use one name for several records; they are counted in their order.
            name, n = theirs, 1
            while name in self.tracked:
                n += 1
                name = f"{theirs} #{n}"
            self.tracked[name] = entry.made
        return outcome

    def outside(self, first: dt.date, last: dt.date | None) -> bool:
        """Whether days lie outside of those that are wanted."""
        since, until = self.options.since, self.options.until
        return bool((until and first > until) or (since and last and last < since))

    def refuse(self, entry: Entry, code: str, message: str) -> Outcome:
        """Leave an entry out, and say why."""
        self.issues.append(entry.issue(code, message))
        return Outcome.REFUSED

    def value_of(self, entry: Entry, name: str) -> str:
        """What an entry says, or what is set for all."""
        return entry.values.get(name) or self.settings.get(name, "")

    def keep(self, entry: Entry, schema: Schema, one: Feature | Row) -> str | None:
        """Check a record of ours against its schema and keep it; None if it is refused."""
        checked, found = check_record({**one.values, "id": one.id}, schema)
        for issue in found:
            if issue.severity == "error" and not issue.fixable:
                hint = f" ({issue.hint})" if issue.hint else ""
                self.refuse(entry, issue.code, issue.message + hint)
                return None
        self._add(
            schema,
            Feature(one.id, checked, one.geometry) if schema.geometry else Row(one.id, checked),
        )
        return one.id

    def _add(self, schema: Schema, one: Feature | Row) -> None:
        """
        Keep a record, unless the entry that is taken is refused in the end.

        Raises
        ------
        SchemaError
            If a row made of a name holds what no table can.
        """
        held = self.records[schema.name]
        if one.id not in held:
            if isinstance(one, Row):
                values, found = check_record(one.values, schema)
                faults = [i for i in found if i.severity == "error" and not i.fixable]
                if faults:
                    raise SchemaError(faults)
                one = Row(one.id, values)
            self._undo.append(lambda: held.pop(one.id, None))
            held[one.id] = one

    def new_id(self, schema: Schema, *parts: object) -> str:
        """An id made from what the record is; the same record gives the same one."""
        content = json.dumps([self.kind, *parts], ensure_ascii=False, default=str).encode(
            "utf-8", "replace"
        )
        return new_id(schema, content, self.records[schema.name])

    def own_source(self) -> str:
        """The source that the files are."""
        name = self.ids[SOURCES.name].of(self.settings["publisher"])
        several = f"{self.names[0]} and {len(self.names) - 1} other files"
        values: dict[str, Value] = {
            "publisher": self.settings["publisher"],
            "title": several if len(self.names) > 1 else self.names[0],
            **{key: self.settings[key] or None for key in ("licence", "url", "leaning")},
        }
        self._add(SOURCES, Row(name, fill_columns(SOURCES, name, values)))
        return name

    def find_sources(self, text: str) -> list[str]:
        """Sources by the names that they give."""
        ids = []
        for name in split_ids(text):
            one = self.ids[SOURCES.name].of(name)
            ids.append(one)
            self._add(SOURCES, Row(one, fill_columns(SOURCES, one, {"publisher": name})))
        return ids

    def find_actor(self, text: str, kind: str) -> str:
        """The id of an actor by the name that they give; one of the theatre if it has the name."""
        if (known := self.actors.get(fold_name(text))) is not None:
            return known
        name = self.ids[ACTORS.name].of(text)
        values: dict[str, Value] = {"name": text, "kind": kind or "actor"}
        self._add(ACTORS, Row(name, fill_columns(ACTORS, name, values)))
        return name

    def find_side(self, text: str) -> str:
        """The id of a holder by the name that they give; a new one becomes a side."""
        known = self.actors.get(fold_name(text))
        return self.add_side(known or self.ids[ACTORS.name].of(text), text)

    def add_side(self, name: str, title: str) -> str:
        """A holder by its id; one that the theatre does not know becomes a side."""
        if name not in self.actors.values():
            values: dict[str, Value] = {"name": title, "kind": "side", "side": name}
            self._add(ACTORS, Row(name, fill_columns(ACTORS, name, values)))
        return name

    def meaning_of(self, text: str) -> Word:
        """What their word for control means; its holders become sides, unless they are known."""
        self.met[text] += 1
        self._undo.append(lambda: self._forget(text))
        if text not in self.words:
            word = guess_meaning(text)
            if word.controller:
                word = replace(word, controller=self.find_side(text))
            self.words[text] = word
            self._undo.append(lambda: self.words.pop(text, None))
        word = self.words[text]
        for name in filter(None, (word.controller, *split_ids(word.controllers))):
            self.add_side(name, name if word.given else text)
        return word

    def _forget(self, text: str) -> None:
        """Take back that a word was met."""
        self.met[text] -= 1
        if not self.met[text]:
            del self.met[text]

    def add_place(self, identity: str, name: str, point: shapely.Geometry | None) -> None:
        """Know a place by its name, unless the entry that is taken is refused in the end."""
        self.places.add(identity, name, point)
        self._undo.append(lambda: self.places.drop(identity, name))


_OPTIONS = {
    "encoding": "--encoding",
    "day_order": "--dates",
    "date_from": "--date-from",
    "end": "--end",
    "since": "--since",
    "until": "--until",
    "rest": "--rest",
    "overlap": "--overlap",
    "repair": "--repair",
    "words": "--words",
    "update": "--update",
}


def _require_options(kind: str, layout: Layout, options: Options) -> None:
    """
    Pass if files of a kind can do what the user wishes; no wish is passed over in silence.

    Raises
    ------
    ValueError
        If they cannot.
    """
    for name, shown in _OPTIONS.items():
        if getattr(options, name) and name not in layout.options:
            fits = ", ".join(_OPTIONS[one] for one in layout.options)
            raise ValueError(f"{shown} says nothing about {kind}, which takes {fits}")


class NamedIds:
    """
    Ids that are made of names; two names that differ have two, however much an id leaves out.

    Parameters
    ----------
    rows
        Those that are there.
    column
        The one that holds their name.
    """

    def __init__(self, rows: Iterable[Row], column: str) -> None:
        # An id that was made of another name than it has now stands for both.
        names = ((row.id, str(row.values[column] or "")) for row in rows)
        self._named = {one: fold_name(name) for one, name in names if make_slug(name) == one}

    def of(self, name: str) -> str:
        """Return the id of a name."""
        slug, folded = make_slug(name), fold_name(name)
        if self._named.setdefault(slug, folded) == folded:
            return slug
        return tell_apart(name)


def _actor_names(folder: Folder) -> dict[str, str]:
    """Actors of a theatre by every name that it gives them."""
    names: dict[str, str] = {}
    for row in folder.actors.rows:
        given = (row.id, row.values["name"], row.values["name_ar"])
        for name in (*filter(None, given), *split_ids(row.values["alternatenames"])):
            names.setdefault(fold_name(str(name)), row.id)
    return names


def fill_columns(schema: Schema, name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Every column of a schema, in its order."""
    full = {column: values.get(column) for column in schema.names}
    return {**full, "id": name} if "id" in full else full


_SAME_PLACE_KM = 2.0
"""Lists put a town's point now here, now there; places of one name farther apart are two."""


class PlaceIndex:
    """Places by name and position: those of a theatre, and those that an import makes."""

    def __init__(self, into: Folder | None) -> None:
        self._known: dict[str, list[tuple[str, shapely.Geometry | None]]] = defaultdict(list)
        self._ids: set[str] = set()
        for place in into.places.values() if into else ():
            names = {str(place.properties["name"]), *split_ids(place.properties["alternatenames"])}
            for name in names:
                self.add(place.id, name, middle_of(place.geometry) if place.geometry else None)

    def add(self, identity: str, name: str, point: shapely.Geometry | None) -> None:
        """Keep one more place, under one of its names."""
        self._ids.add(identity)
        self._known[fold_name(name)].append((identity, point))

    def drop(self, identity: str, name: str) -> None:
        """Forget a place under one of its names."""
        self._ids.discard(identity)
        known = self._known[fold_name(name)]
        self._known[fold_name(name)] = [one for one in known if one[0] != identity]

    def find(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name there; one without a position if it alone has the name."""
        known = self._known[fold_name(name)]
        if point is None:
            return known[0][0] if len({one for one, _ in known}) == 1 else None
        near = [(_distance_km(point, at), one) for one, at in known if at is not None]
        best = min(near, default=(math.inf, ""))
        return best[1] if best[0] <= _SAME_PLACE_KM else None

    def at(self, name: str, point: shapely.Geometry | None) -> str | None:
        """The place of that name at exactly that position."""
        for identity, known in self._known.get(fold_name(name), ()):
            if point is not None and known is not None and shapely.equals(point, known):
                return identity
        return None

    def namesakes(self, name: str) -> list[str]:
        """Places of that name, wherever they are."""
        return sorted({one for one, _ in self._known[fold_name(name)]})

    def new_id(self, name: str) -> str:
        """An id for a new place of that name."""
        start, n = make_slug(name)[:60], 1
        while (identity := start if n == 1 else f"{start}_{n}") in self._ids:
            n += 1
        return identity


def _distance_km(one: shapely.Geometry, other: shapely.Geometry) -> float:
    lon, lat = zip(*((shapely.get_x(p), shapely.get_y(p)) for p in (one, other)), strict=True)
    return float(distance_km(lon[0], lat[0], lon[1], lat[1]))


@dataclass(slots=True)
class DraftPatch:
    """Ground of one date, on its way to a layer."""

    entry: Entry
    word: Word
    geometry: shapely.Geometry
    key: str


@dataclass(slots=True)
class DatedArea:
    """Ground with a first and a last day."""

    entry: Entry
    word: Word
    start: dt.date
    end: dt.date | None
    geometry: shapely.Geometry
