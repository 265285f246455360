"""What an import knows of its files before any is read, and what is found out while they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import shapely

    from geo.exchange.reading.periods import Period
    from geo.exchange.reading.words import Word


import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING

from geo.errors import Issue, SchemaError, escape, refuse
from geo.exchange.texts import HALF_OPEN, unguard_formula

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
    "version": "",
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
    update
        Whether this is a later pull of a source that is there: what it changed is taken.
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
    update: bool = False


class Outcome(StrEnum):
    """What became of an entry."""

    WRITTEN = "written"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(slots=True)
class Entry:
    """
    One row or feature of theirs.

    Attributes
    ----------
    file, line
        Where it stood; features are counted instead of lines.
    values
        Text by our names.
    shape
        As parsed, until it is checked.
    geometry
        What it draws; None where that cannot be used.
    fault
        Code and message of what is wrong with its shape; None where nothing is.
    noun
        What it is called in messages.
    periods
        Dates that are no days, by our names; in `values` their middle stands for them.
    made
        Layer and id of the record that it became.
    """

    file: str
    line: int
    values: dict[str, str]
    shape: Mapping[str, object] | None = None
    geometry: shapely.Geometry | None = None
    fault: tuple[str, str] | None = None
    noun: str = "row"
    periods: dict[str, Period] = field(default_factory=dict)
    made: tuple[str, str] | None = None

    def known_to(self, *columns: str) -> str:
        """Say how its dates were written, where they are no days; empty otherwise."""
        said = [self.periods[name] for name in columns if name in self.periods]
        return " ".join(f"Dated {one.text}: known to the {one.precision}." for one in said)

    def issue(self, code: str, message: str, *, warning: bool = False, about: str = "") -> Issue:
        """Return what is to say about it, and what other one it concerns."""
        shown = f"{self.noun} {self.line}" if self.noun != "row" else ""
        ids = tuple(filter(None, (shown, about)))
        line = self.line if self.noun == "row" else 0
        return Issue(code, "warning" if warning else "error", message, "", self.file, line, ids)


LONGITUDE = ("lon", "longitude", "lng", "long", "x", "point_x")
LATITUDE = ("lat", "latitude", "y", "point_y")
NAME = ("name", "place", "location", "city", "town", "settlement", "asciiname", "placename")
HOLDER = (
    *("controller", "held by", "held_by", "control", "controlled by", "controlled_by"),
    *("holder", "actor", "side", "occupied by", "country_name", "country", "state", "owner"),
)
NOTE = ("note", "notes", "more information", "comment", "remarks")
PLACE_COLUMNS: dict[str, tuple[str, ...]] = {
    "name": NAME,
    "lon": LONGITUDE,
    "lat": LATITUDE,
    "name_ar": ("name_ar", "arabic"),
    "alternatenames": ("alternatenames", "alternate_names", "aliases"),
    "kind": ("kind", "place_kind"),
    "admin1": ("admin1", "governorate", "oblast", "province"),
    "geo_radius_m": ("geo_radius_m",),
}
FEATURE_FILES = (
    *(".geojson", ".json", ".topojson", ".geojsonl", ".geojsons", ".ndjson", ".jsonl", ".umap"),
    *(".shp", ".gpkg", ".fgb"),
)
TABLE_FILES = (".csv", ".tsv", ".tab", ".xlsx", ".xls", ".ods", *FEATURE_FILES)
TABLE_OPTIONS = ("encoding", "day_order", "since", "until", "update")
AREA_OPTIONS = ("day_order", "since", "until", "rest", "overlap", "repair", "words")
CONTROL_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "patch"),
    "controller": HOLDER,
    "controllers": ("controllers",),
    "status": ("status",),
    "basis": ("basis",),
    "confidence": ("confidence",),
    "note": NOTE,
}


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """
    One of their columns, and what became of it.

    Attributes
    ----------
    theirs
        Its name in the files.
    ours
        Ours; empty where it is not taken.
    given
        Whether the user said so; otherwise the name is known.
    """

    theirs: str
    ours: str
    given: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """
    What is known of the files of one kind before any is read.

    Attributes
    ----------
    columns
        Our names, each with theirs that are known, in order of preference.
    needed
        Names of ours without which nothing can be read, unless the user set a value for all.
    dates
        Those that hold dates; where there are two or more, the second is not before the first.
    options
        What of `Options` such files can follow, beside a mapping and fixed values.
    publisher, licence
        Of whoever alone publishes such files; empty where anybody may.
    inside
        Endings of what is read of an archive.
    layers
        What such records are called in files that hold several layers, as ours do.
    """

    columns: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    publisher: str = ""
    licence: str = ""
    inside: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()


class Intake:
    """
    What holds for all files of one import.

    Parameters
    ----------
    layout
        Of their kind.
    options
        What the user decides.
    """

    def __init__(self, layout: Layout, options: Options) -> None:
        self.layout, self.options = layout, options
        self.settings: dict[str, str] = {}
        self.zone = options.fixed.get("timezone", "")
        # `id` and `name` are the theatre's; see `DEFAULTS`.
        self.fixed = {
            name: _clean_cell(value)
            for name, value in options.fixed.items()
            if name in layout.columns and name not in {"id", "name"} and value.strip()
        }
        self.unmet = set(options.mapping)
        self.half_open: set[str] = set()
        self.mapped: dict[tuple[str, str], bool] = {}
        self.issues: list[Issue] = []
        self.notes: dict[str, Counter[str]] = defaultdict(Counter)
        self.lost: Counter[str] = Counter()

    def note(self, text: str, file: str = "", count: int = 0) -> None:
        """Say something once, of all files that it is true of; ``{n}`` is the sum of all counts."""
        self.notes[text].update({file: count} if file else {})

    def know_own(self, said: object, file: str) -> None:
        """Know one of our exports again by what it says of itself."""
        if isinstance(said, str) and HALF_OPEN in said:
            self.half_open.add(file)

    def said(self) -> tuple[str, ...]:
        """Return all notes, each with its files, in the order in which they were met."""
        lines = []
        for text, counts in self.notes.items():
            of = f"{len(counts)} files: " if len(counts) > 1 else "".join(f"{f}: " for f in counts)
            lines.append(of + text.replace("{n}", f"{counts.total():,}"))
        return tuple(lines)

    def mend(self, entry: Entry, code: str, message: str, about: str = "") -> None:
        """Note what is worth knowing of an entry that is kept, and what other one it concerns."""
        self.issues.append(entry.issue(code, message, warning=True, about=about))


def map_columns(header: Sequence[str], file: str, intake: Intake) -> dict[str, str]:
    """
    Give our names to their columns.

    Raises
    ------
    SchemaError
        If a column that the kind needs is not there, or the user named one that is not.
    """
    given = intake.options.mapping
    taken: dict[str, str] = {}
    intake.unmet -= set(header)
    for theirs, own in given.items():
        if theirs in header and own:
            taken[own] = theirs
        if own and own not in intake.layout.columns:
            message = (
                f"{own!r} is no column of ours; choose from {', '.join(intake.layout.columns)}"
            )
            raise SchemaError([refuse("import.mapping", message, file=file)])
    folded = {name.casefold(): name for name in reversed(header)}
    for own, known in intake.layout.columns.items():
        if own in taken or own in given.values():
            continue
        there = [folded[name] for name in known if name in folded and folded[name] not in given]
        if there:
            taken[own] = there[0]
    for theirs in header:
        match = next((own for own, name in taken.items() if name == theirs), "")
        intake.mapped[theirs, match] = theirs in given
    missing = [n for n in intake.layout.needed if n not in taken and not intake.settings.get(n)]
    if missing:
        names = "; ".join(
            f"{name}: {', '.join(intake.layout.columns[name][:4])}" for name in missing
        )
        message = f"no column for {', '.join(missing)} among {', '.join(map(escape, header))}"
        hint = f"map one (theirs=ours), or set a value; known names are {names}"
        raise SchemaError([refuse("import.mapping", message, hint, file=file, line=1)])
    return {theirs: own for own, theirs in taken.items()}


def fill_cells(texts: Mapping[str, str], intake: Intake) -> dict[str, str]:
    """Return the cells that hold something, cleaned; where none does, what is set for all."""
    cells = intake.fixed | {name: _clean_cell(text) for name, text in texts.items() if text}
    return {name: cell or intake.fixed.get(name, "") for name, cell in cells.items() if cell}


def _clean_cell(cell: str) -> str:
    """Text without the blanks that pages leave in it; a neutralised formula as it was."""
    return unguard_formula(unicodedata.normalize("NFC", " ".join(cell.split())))
