"""
Bytes of others as records under our names: encodings, tables, dates, GeoJSON, KML.

Nothing here knows what the records are for; `imports` does. A `Desk` holds what the user told,
and keeps what was found out. Where bytes, or dates, can be read in two ways and nothing in them
decides it, they are refused, not guessed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib
import io
import json
import math
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geo.crs import GRID_DEG, area_km2
from geo.errors import GeoError, Issue, SchemaError, escape
from geo.exchange.cells import unguard_formula
from geo.layers import Rings, decode_text, flatten, spelt, split_rings, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "Desk",
    "Mapped",
    "Record",
    "read_features",
    "read_placemarks",
    "read_table",
]


@dataclass(frozen=True, slots=True)
class Mapped:
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


@dataclass(slots=True)
class Record:
    """One row or feature of theirs: text by our names, and where it stood."""

    file: str
    line: int
    values: dict[str, str]
    shape: Mapping[str, object] | None = None
    geometry: shapely.Geometry | None = None
    noun: str = "row"

    def issue(self, code: str, message: str, *, warning: bool = False, about: str = "") -> Issue:
        """
        Return what is to say about it.

        Parameters
        ----------
        code
            Rule code.
        message
            What is wrong.
        warning
            Whether it is no error.
        about
            Another record that it concerns.

        Returns
        -------
        issue
            With its place.
        """
        shown = f"{self.noun} {self.line}" if self.noun != "row" else ""
        ids = tuple(filter(None, (shown, about)))
        line = self.line if self.noun == "row" else 0
        return Issue(code, "warning" if warning else "error", message, "", self.file, line, ids)


class Desk:
    """
    What the user told of some files, and what was found out while they were read.

    Parameters
    ----------
    columns
        Our names, each with theirs that are known, in order of preference.
    needed
        Names of ours without which nothing can be read, unless `settings` has a value.
    dates
        Those that hold dates; where there are two or more, the second is not before the first.
    mapping
        Our name by theirs, as told.
    encoding, day_order
        As told; empty to find out.
    repair
        Whether areas that are not valid are mended.
    """

    def __init__(
        self,
        *,
        columns: Mapping[str, tuple[str, ...]],
        needed: Sequence[str] = (),
        dates: Sequence[str] = (),
        mapping: Mapping[str, str] | None = None,
        encoding: str = "",
        day_order: str = "",
        repair: bool = False,
    ) -> None:
        self.columns, self.needed, self.dates = columns, needed, dates
        self.given = mapping or {}
        self.encoding, self.day_order, self.repair = encoding, day_order, repair
        self.settings: dict[str, str] = {}
        self.mapped: dict[tuple[str, str], bool] = {}
        self.issues: list[Issue] = []
        self.notes: dict[str, Counter[str]] = defaultdict(Counter)
        self.lost: Counter[str] = Counter()

    def note(self, text: str, file: str = "", count: int = 0) -> None:
        """
        Say something once, of all files that it is true of.

        Parameters
        ----------
        text
            The sentence; ``{n}`` stands for the sum of all counts.
        file
            The file, if it is about one.
        count
            How many of them.
        """
        self.notes[text].update({file: count} if file else {})

    def said(self) -> tuple[str, ...]:
        """
        Return all notes, each with its files.

        Returns
        -------
        notes
            In the order in which they were met.
        """
        lines = []
        for text, counts in self.notes.items():
            of = f"{len(counts)} files: " if len(counts) > 1 else "".join(f"{f}: " for f in counts)
            lines.append(of + text.replace("{n}", f"{counts.total():,}"))
        return tuple(lines)

    def mend(self, record: Record, code: str, message: str, about: str = "") -> None:
        """
        Note what is worth knowing of a record that is not refused.

        Parameters
        ----------
        record
            The record.
        code
            Rule code.
        message
            What was done.
        about
            Another record that it concerns.
        """
        self.issues.append(record.issue(code, message, warning=True, about=about))


def _in(issue: Issue, file: str) -> Issue:
    return Issue(issue.code, issue.severity, issue.message, issue.hint, file, issue.line)


# --- tables -----------------------------------------------------------------------


def read_table(data: bytes, file: str, desk: Desk) -> Iterator[Record]:
    """
    Read a table of any encoding and delimiter.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name.
    desk
        What the user told; keeps what is found out.

    Returns
    -------
    records
        In the order of the file, dates as ``YYYY-MM-DD``.

    Raises
    ------
    SchemaError
        If its encoding, its dates or a column that is needed cannot be made out.
    """
    text = _decoded(data, file, desk)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    desk.note(f"cells are set apart by {names[delimiter]}", file)
    (_, header), *rows = split_rows(text, file=file, delimiter=delimiter)
    header = [name.strip() for name in header]
    ours = _mapped(header, file, desk)
    records = []
    for line, cells in rows:
        if not any(cells):
            continue
        if len(cells) > len(header):
            desk.lost[file] += 1
            message = f"the row has {len(cells)} cells, the header {len(header)}"
            desk.issues.append(Issue("csv.ragged", "error", message, file=file, line=line))
            continue
        # A short row lacks its last cells; spreadsheets write no empty ones at the end.
        texts = {ours[n]: cell for n, cell in zip(header, cells, strict=False) if n in ours}
        records.append(Record(file, line, _filled(texts)))
    _read_dates(records, file, desk)
    yield from records


def _clean(cell: str) -> str:
    """Text without the blanks that pages leave in it; a neutralised formula as it was."""
    return unguard_formula(unicodedata.normalize("NFC", " ".join(cell.split())))


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    cells = {name: _clean(text) for name, text in texts.items()}
    return {name: cell for name, cell in cells.items() if cell}


def _mapped(header: Sequence[str], file: str, desk: Desk) -> dict[str, str]:
    """
    Give our names to their columns.

    Raises
    ------
    SchemaError
        If a column that the kind needs is not there, or the user named one that is not.
    """
    given = desk.given
    taken: dict[str, str] = {}
    for theirs, own in given.items():
        if theirs in header and own:
            taken[own] = theirs
        if own and own not in desk.columns:
            message = f"{own!r} is no column of ours; choose from {', '.join(desk.columns)}"
            raise SchemaError([Issue("import.mapping", "error", message, file=file)])
    folded = {name.casefold(): name for name in reversed(header)}
    for own, known in desk.columns.items():
        if own in taken or own in given.values():
            continue
        there = [folded[name] for name in known if name in folded and folded[name] not in given]
        if there:
            taken[own] = there[0]
    for theirs in header:
        match = next((own for own, name in taken.items() if name == theirs), "")
        desk.mapped[theirs, match] = theirs in given
    missing = [n for n in desk.needed if n not in taken and not desk.settings.get(n)]
    if missing:
        names = "; ".join(f"{name}: {', '.join(desk.columns[name][:4])}" for name in missing)
        message = f"no column for {', '.join(missing)} among {', '.join(map(escape, header))}"
        hint = f"map one (theirs=ours), or set a value; known names are {names}"
        raise SchemaError([Issue("import.mapping", "error", message, hint, file, 1)])
    return {theirs: own for own, theirs in taken.items()}


_HIGH_RUN = re.compile(rb"[\x80-\xff]{4,}")
_CANDIDATES = ("windows-1252", "windows-1251", "windows-1256", "iso-8859-1", "utf-16")


def _decoded(data: bytes, file: str, desk: Desk) -> str:
    """
    Find out how bytes are to be read as text.

    Raises
    ------
    SchemaError
        If they are no text, or could be read in several ways.
    """
    if told := desk.encoding:
        try:
            text = data.decode(told)
        except (UnicodeDecodeError, LookupError) as error:
            message = f"it is not {escape(told)}: {error}"
            raise SchemaError([Issue("import.encoding", "error", message, file=file)]) from error
        desk.note(f"read as {told}, as told", file)
        return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text, found = decode_text(data, kind="csv")
    if text:
        desk.note("UTF-8", file)
        return text.replace("\r\n", "\n").replace("\r", "\n")
    if found[0].code != "csv.encoding" or b"\0" in data:
        raise SchemaError([_in(issue, file) for issue in found])
    try:
        text = data.decode("windows-1252")
    except UnicodeDecodeError:
        text = ""
    if text and not _HIGH_RUN.search(data):
        lines = [line for line in text.split("\n") if not line.isascii()]
        words = [word for line in lines for word in line.split() if not word.isascii()]
        shown = ", ".join(escape(word, 30) for word in dict.fromkeys(words[:20]))
        desk.note(
            f"not UTF-8; read as windows-1252, in which {len(lines)} lines differ from ASCII: "
            f"{escape(shown, 200)}. If these are wrong, name the encoding",
            file,
        )
        return text.replace("\r\n", "\n").replace("\r", "\n")
    samples = []
    run = _HIGH_RUN.search(data)
    piece = data[run.start() : run.end()] if run else data[:20]
    for name in _CANDIDATES[:3]:
        samples.append(f"{name}: {escape(piece.decode(name, 'replace'), 20)}")
    message = f"it is not UTF-8, and could be several encodings ({'; '.join(samples)})"
    raise SchemaError([Issue("import.encoding", "error", message, "name the encoding", file)])


# --- dates of others ----------------------------------------------------------------

_MONTHS = {
    name[:n]: number
    for number, name in enumerate(
        (
            *("january", "february", "march", "april", "may", "june", "july", "august"),
            *("september", "october", "november", "december"),
        ),
        1,
    )
    for n in (3, len(name))
} | {"sept": 9}
_TAIL = (
    r"(?P<tail>[T ,]+[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:UTC|GMT|Z|[+-][0-9]{2}:?[0-9]{2}))?)?"
)
_ISO = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _TAIL)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMERIC = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})" + _TAIL)
_DAY_MONTH = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3,9})\.?,? ([0-9]{4})" + _TAIL)
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? ([0-9]{1,2}),? ([0-9]{4})" + _TAIL)

Form = tuple[str, tuple[int, int, int]]
"""How a date is written, and its numbers: year, month, day; or year, first, second."""


def _form(text: str) -> Form | None:
    """Read the form of a date; None for text that is none of them."""
    if match := _ISO.fullmatch(text):
        form = f"year{match[2]}month{match[2]}day"
        return form + _tail(match), (int(match[1]), int(match[3]), int(match[4]))
    if match := _COMPACT.fullmatch(text):
        return "yearmonthday", (int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.fullmatch(text):
        form = f"first{match[2]}second{match[2]}year"
        return form + _tail(match), (int(match[4]), int(match[1]), int(match[3]))
    if (match := _DAY_MONTH.fullmatch(text)) and match[2].lower() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[2].lower()], int(match[1]))
        return "day Month year" + _tail(match), numbers
    if (match := _MONTH_DAY.fullmatch(text)) and match[1].lower() in _MONTHS:
        numbers = (int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
        return "Month day year" + _tail(match), numbers
    return None


def _tail(match: re.Match[str]) -> str:
    if not match["tail"]:
        return ""
    half = " and AM or PM" if match["half"] else ""
    zone = f" in {match['zone'].strip()}" if match["zone"] else ""
    return f" with a time{half}{zone}"


@dataclass(slots=True)
class _Written:
    """One date as it stands in a column: year, then month and day in the order written."""

    record: Record
    column: str
    numbers: tuple[int, int, int]

    def read(self, order: str) -> dt.date | None:
        """The day, or None where there is no such day."""
        year, month, day = self.numbers
        if order == "day-first":
            month, day = day, month
        try:
            return dt.date(year, month, day)
        except ValueError:
            return None


def _read_dates(records: Sequence[Record], file: str, desk: Desk) -> None:
    """Write the dates of all records as YYYY-MM-DD; what is no date is left, to be refused."""
    columns = desk.dates
    forms: dict[str, list[_Written]] = defaultdict(list)
    for column in columns:
        for record in records:
            if (text := record.values.get(column)) and (read := _form(text)):
                forms[read[0]].append(_Written(record, column, read[1]))
    days: dict[tuple[int, str], dt.date] = {}
    # Forms that say by themselves how they are to be read come first: they help with the others.
    for form, met in sorted(forms.items(), key=lambda item: (not _evidence(item), item[0])):
        order = _order(form, met, days, file, desk) if form.startswith("first") else ""
        for one in met:
            if (day := one.read(order)) is not None:
                days[id(one.record), one.column] = day
        used = ", ".join(dict.fromkeys(one.column for one in met))
        where = "; the day is the one written" if "with a time" in form else ""
        said = f" ({order})" if order else ""
        desk.note(f"{{n}} dates as {form}{said} in {used}{where}", file, len(met))
    for record in records:
        for column in columns:
            if (found := days.get((id(record), column))) is not None:
                record.values[column] = found.isoformat()


def _evidence(item: tuple[str, list[_Written]]) -> bool:
    form, met = item
    return not form.startswith("first") or any(max(one.numbers[1:]) > 12 for one in met)


def _order(
    form: str,
    met: Sequence[_Written],
    days: Mapping[tuple[int, str], dt.date],
    file: str,
    desk: Desk,
) -> str:
    """
    Find out whether day or month stands first: from days that can be no month, or from ends.

    Raises
    ------
    SchemaError
        If the dates do not say, contradict each other, or cannot be read as the user told.
    """
    against = {
        "month-first": [one for one in met if one.numbers[1] > 12],
        "day-first": [one for one in met if one.numbers[2] > 12],
    }
    why = "the line shows a day above 12"
    if not any(against.values()):
        against = {order: _ends_before(met, order, days, desk) for order in against}
        why = "else the record of the line would end before it begins"
    fits = [order for order, contrary in against.items() if not contrary]
    told = desk.day_order
    if told in fits:
        desk.note(f"{told}, as told", file)
        return told
    if len(fits) == 1 and not told:
        other = next(iter(contrary for contrary in against.values() if contrary))[0]
        shown = escape(other.record.values[other.column], 30)
        desk.note(f"{fits[0]} by line {other.record.line} ({shown}): {why}", file)
        return fits[0]
    lines = [contrary[0].record.line for contrary in against.values() if contrary]
    message = f"{len(met)} dates ({form}) could be read in two ways: no line decides it"
    if told:
        message = f"dates cannot be read {told}, as told: see line {lines[0]}"
    elif lines:
        message = f"dates ({form}) contradict each other: see lines {lines[0]} and {lines[-1]}"
    hint = "say month-first or day-first, or split the file"
    raise SchemaError([Issue("import.dates", "error", message, hint, file)])


def _ends_before(
    met: Sequence[_Written],
    order: str,
    days: Mapping[tuple[int, str], dt.date],
    desk: Desk,
) -> list[_Written]:
    """Dates that read so would let a record end before it begins."""
    columns = desk.dates
    if len(columns) < 2:
        return []
    mine = {(id(one.record), one.column): one.read(order) for one in met}
    found = []
    for one in met:
        first, last = (
            mine.get((id(one.record), column)) or days.get((id(one.record), column))
            for column in columns[:2]
        )
        if first and last and last < first:
            found.append(one)
    return found


# --- GeoJSON ----------------------------------------------------------------------


def read_features(data: bytes, file: str, desk: Desk) -> Iterator[Record]:
    """
    Read anybody's GeoJSON.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name.
    desk
        What the user told; keeps what is found out.

    Returns
    -------
    records
        In the order of the file, dates as ``YYYY-MM-DD``.

    Raises
    ------
    SchemaError
        If it is no feature collection, or not in longitude and latitude.
    """
    text, found = decode_text(data, kind="json")
    if not text:
        raise SchemaError([_in(issue, file) for issue in found])
    try:
        root, rings = _parsed(text)
    except (ValueError, RecursionError) as error:
        message = escape(str(error)) or "it is nested too deeply"
        raise SchemaError([Issue("json.syntax", "error", message, file=file)]) from error
    features = root.get("features") if isinstance(root, dict) else None
    if not isinstance(features, list) or root.get("type") != "FeatureCollection":
        message = "it is no FeatureCollection"
        raise SchemaError([Issue("root.type", "error", message, file=file)])
    if (
        "crs" in root
        and "CRS84" not in json.dumps(root["crs"])
        and "4326" not in json.dumps(root["crs"])
    ):
        message = f"its coordinates are {escape(json.dumps(root['crs']))}"
        hint = "export it in WGS 84, longitude and latitude"
        raise SchemaError([Issue("root.crs", "error", message, hint, file)])
    raw = [feature if isinstance(feature, dict) else {} for feature in features]
    properties = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in raw]
    header = list(dict.fromkeys(name for one in properties for name in one))
    ours = _mapped(header, file, desk)
    records = []
    for n, (feature, values) in enumerate(zip(raw, properties, strict=True), 1):
        texts = {own: _plain(values[name]) for name, own in ours.items() if name in values}
        geometry = feature.get("geometry")
        shape = geometry if isinstance(geometry, dict) else None
        records.append(Record(file, n, _filled(texts), shape, noun="feature"))
    _read_dates(records, file, desk)
    _read_shapes(records, desk, rings)
    yield from records


def _parsed(text: str) -> tuple[Any, Rings | None]:
    """Parse JSON of which no key stands twice, in the fast way where that loses nothing."""
    with contextlib.suppress(ValueError, RecursionError):
        data = text.encode()
        root, rings = split_rings(data) or (orjson.loads(data), None)
        # Of keys that stand twice the parser keeps one, so there are fewer than in the text.
        if _keys(root) == len(_KEY_ENDS.findall(text)):
            return root, rings
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant), None


_KEY_ENDS = re.compile(r'"\s*:')
_EXACT = 2.0**63


def _keys(value: object) -> float:
    """How many keys there are, but in coordinates; more than any where a number is too large."""
    if isinstance(value, dict):
        inside = (_keys(v) for k, v in value.items() if k != "coordinates")
        return len(value) + sum(inside)
    if isinstance(value, list):
        return sum(map(_keys, value))
    return math.inf if isinstance(value, float) and abs(value) >= _EXACT else 0


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    Make an object of which no key stands twice.

    Raises
    ------
    ValueError
        If one does.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(
            f"a key stands twice among {', '.join(escape(k, 30) for k, _ in pairs[:8])}"
        )
    return made


def _no_constant(text: str) -> None:
    """
    Refuse what is no JSON.

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(f"{text} is no JSON number")


def _plain(value: object) -> str:
    """A property as text; whole numbers without a point, lists and objects as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _read_shapes(records: Sequence[Record], desk: Desk, rings: Rings | None = None) -> None:
    """Check the shapes of all records; one that cannot be used stays without a geometry."""
    for record in records:
        if rings is None and record.shape is not None and _flattened(record.shape):
            desk.mend(record, "import.z", "heights were left out")
    _, built, found = flatten([record.shape for record in records], rings=rings)
    errors = defaultdict(list)
    for n, issue in found:
        if issue.severity == "error":
            errors[n].append(issue)
    for n, record in enumerate(records):
        record.geometry = built[n]
        if n in errors:
            record.shape = spelt(record.shape, rings)
            record.geometry = _mended(record, errors[n], desk)
        # As lists of numbers a long series would fill the memory.
        record.shape = None


def _flattened(shape: Mapping[str, object]) -> bool:
    """Drop the third number of all positions; whether any of them said something."""
    said = False
    stack = [shape.get("coordinates")]
    while stack:
        item = stack.pop()
        if not isinstance(item, list):
            continue
        if len(item) == 3 and all(isinstance(v, int | float) for v in item):
            said = item.pop() != 0 or said
        elif not _is_flat(item):
            stack += item
    return said


def _is_flat(ring: Sequence[Any]) -> bool:
    """Whether it is a list of positions of two numbers, without a look at each number."""
    if not ring or not isinstance(ring[0], list) or not ring[0] or isinstance(ring[0][0], list):
        return False
    # Most rings are; what else lies in one is refused later.
    return set(map(type, ring)) == {list} and set(map(len, ring)) == {2}


def _mended(record: Record, issues: Sequence[Issue], desk: Desk) -> shapely.Geometry | None:
    """An area that was not valid: repaired if the user wishes, refused otherwise."""
    issue = issues[0]
    shape = _raw_area(record.shape) if desk.repair else None
    if shape is None:
        record.values["fault"] = f"{issue.code}: {issue.message}"
        return None
    fixed = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [p for p in shapely.get_parts(fixed) if p.geom_type in {"Polygon", "MultiPolygon"}]
    whole = shapely.union_all(parts, grid_size=GRID_DEG) if parts else None
    if whole is None or whole.is_empty:
        record.values["fault"] = f"{issue.code}: {issue.message}; nothing is left after repair"
        return None
    after = area_km2(whole)[0]
    before = abs(area_km2(shape)[0])
    message = f"{issue.code}: repaired; {before:.3f} km2 before, {after:.3f} km2 after"
    desk.mend(record, "import.repaired", message)
    return whole


def _raw_area(shape: Mapping[str, object] | None) -> shapely.Geometry | None:
    """An area as drawn, valid or not."""
    if shape is None or shape.get("type") not in {"Polygon", "MultiPolygon"}:
        return None
    rings: Any = shape.get("coordinates")
    try:
        parts = rings if shape["type"] == "MultiPolygon" else [rings]
        polygons = [shapely.Polygon(part[0], part[1:]) for part in parts if part]
    except (TypeError, ValueError, IndexError, shapely.errors.ShapelyError):
        return None
    return shapely.MultiPolygon(polygons) if len(polygons) > 1 else next(iter(polygons), None)


# --- KML --------------------------------------------------------------------------

_MAX_MEMBER = 50_000_000
_TAG = re.compile("<[^>]*>")


def read_placemarks(data: bytes, file: str, desk: Desk) -> Iterator[Record]:
    """
    Read KML or KMZ by a parser that resolves no entity and opens no address.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name.
    desk
        What the user told; keeps what is found out.

    Returns
    -------
    records
        In the order of the file, dates as ``YYYY-MM-DD``.

    Raises
    ------
    SchemaError
        If it is no KML.
    """
    root = _kml_root(data, file)
    names: list[str] = []
    found = []
    for mark, folder in _placemarks(root, ""):
        values = _kml_values(mark, folder)
        found.append((values, _kml_shape(mark)))
        names += values
    ours = _mapped(list(dict.fromkeys(names)), file, desk)
    records = []
    for n, (values, shape) in enumerate(found, 1):
        texts = {own: values[name] for name, own in ours.items() if name in values}
        records.append(Record(file, n, _filled(texts), shape, noun="placemark"))
    _read_dates(records, file, desk)
    _read_shapes(records, desk)
    yield from records


def _kml_root(data: bytes, file: str) -> Any:
    """
    Parse KML, out of a KMZ if it is one.

    Raises
    ------
    SchemaError
        If it is neither, or too large.
    GeoError
        If the parser is not installed.
    """
    try:
        defused = importlib.import_module("defusedxml")
        tree = importlib.import_module("defusedxml.ElementTree")
    except ImportError as error:
        raise GeoError("kml needs defusedxml: `pip install 'geo-frontline[formats]'`") from error
    try:
        if data.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [i for i in archive.infolist() if i.filename.lower().endswith(".kml")]
                if not inside or inside[0].file_size > _MAX_MEMBER:
                    message = "it holds no KML of a size that is read"
                    raise SchemaError([Issue("kml.archive", "error", message, file=file)])
                with archive.open(inside[0]) as member:
                    data = member.read(_MAX_MEMBER + 1)
        root = tree.fromstring(data, forbid_dtd=True)
    except (tree.ParseError, defused.DefusedXmlException, zipfile.BadZipFile, ValueError) as error:
        message = f"it is no KML: {escape(str(error))}"
        raise SchemaError([Issue("kml.syntax", "error", message, file=file)]) from error
    if _local(root) != "kml":
        message = f"it is XML, but no KML: its root is {escape(_local(root), 40)}"
        raise SchemaError([Issue("kml.root", "error", message, file=file)])
    return root


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _placemarks(element: Any, folder: str) -> Iterator[tuple[Any, str]]:
    for child in element:
        kind = _local(child)
        if kind == "Placemark":
            yield child, folder
        elif kind in {"Document", "Folder"}:
            name = next((c.text or "" for c in child if _local(c) == "name"), "")
            yield from _placemarks(child, name if kind == "Folder" else folder)


def _kml_values(mark: Any, folder: str) -> dict[str, str]:
    """Name, description, times and extended data of a placemark."""
    values = {"folder": folder} if folder else {}
    for element in mark.iter():
        kind, text = _local(element), (element.text or "").strip()
        if kind in {"name", "begin", "end", "when"} and text:
            values.setdefault(kind, text)
        elif kind == "description" and text:
            values.setdefault(kind, _TAG.sub(" ", text))
        elif kind == "SimpleData" and text:
            values[element.get("name", "")] = text
        elif kind == "Data":
            inner = next((c.text or "" for c in element if _local(c) == "value"), "")
            values[element.get("name", "")] = inner
    return {name: text for name, text in values.items() if name and text}


def _kml_shape(mark: Any) -> dict[str, object] | None:
    """The geometry of a placemark as GeoJSON would hold it; several areas become one."""
    polygons = [_kml_rings(e) for e in mark.iter() if _local(e) == "Polygon"]
    if polygons:
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}
    for element in mark.iter():
        kind = _local(element)
        if kind in {"Point", "LineString"}:
            xy = _kml_positions(element)
            return {"type": kind, "coordinates": xy[0] if kind == "Point" and xy else xy}
    return None


def _kml_rings(polygon: Any) -> list[list[list[float]]]:
    outer = [e for e in polygon.iter() if _local(e) == "outerBoundaryIs"]
    inner = [e for e in polygon.iter() if _local(e) == "innerBoundaryIs"]
    return [_kml_positions(ring) for ring in (*outer, *inner)]


def _kml_positions(element: Any) -> list[list[float]]:
    """Positions of the first list of coordinates; an empty list if any is no number."""
    text = next((e.text or "" for e in element.iter() if _local(e) == "coordinates"), "")
    try:
        return [[float(v) for v in one.split(",")] for one in text.split()]
    except ValueError:
        return []
