"""
An import into a folder: what is new is added, what stands there stays.

In a new theatre ``theatre.geojson`` is written last: one whose import was killed is none yet. The
same import, run again, finds files that hold what it would write and leaves them. There is no
journal that could disagree with the files.
"""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import cut_at_180, span_of
from geo.errors import LayerError, escape, refuse
from geo.exchange.imports import run_import
from geo.exchange.reading.account import fill_columns
from geo.exchange.reading.intake import Options
from geo.exchange.reading.words import make_slug
from geo.exchange.revising import Revision, first_versions, revise
from geo.layers import (
    Folder,
    Progress,
    add_files,
    dump_geojson,
    dump_table,
    make_folder,
    read_bytes,
    read_folder,
    save_file,
    tell_half,
)
from geo.model import (
    ACTORS,
    CONTROL,
    EVENTS,
    IMPORTS,
    PLACES,
    SOURCES,
    STATEMENTS,
    THEATRE,
    Feature,
    Row,
    Schema,
    Value,
    parse_day,
    shift_day,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo.exchange.imports import Import


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
    revision
        What an update made of the records; None for a plain import.
    """

    paths: tuple[Path, ...]
    added: Mapping[str, int]
    present: int
    kept: tuple[str, ...]
    revision: Revision | None = None


def save_import(
    imported: Import,
    root: Path,
    *,
    into: Folder | None = None,
    update: bool = False,
    progress: Progress | None = None,
) -> Saved:
    """
    Add an import to a folder, or begin one with it.

    What stands there is changed by an update alone, and only where nobody edited it.

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
    update
        Whether it is a later pull of a source that is there; see `revise`.
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
    revision = revise(imported, into) if update and into is not None else None
    if not imported.control and not any(imported.records.values()):
        hint = "the account above says why"
        raise LayerError([refuse("import.nothing", "no record of any file was taken", hint)])
    addition = _Addition(imported, into, root, revision)
    with tempfile.TemporaryFile() as file:
        spool = _Spool(file)
        for n, (name, data) in enumerate(addition.texts(), 1):
            spool.add(name, data)
            if progress:
                progress("checking", n, addition.count)
        if into is None:
            spool.add("theatre.geojson", dump_geojson([found_theatre(imported)], schema=THEATRE))
            _require_room(root, spool)
        paths: list[Path] = []
        try:
            for n, path in enumerate(_write_files(spool, root, into), 1):
                paths += [path] if path else []
                if progress:
                    progress("writing", n, len(spool.names))
        except LayerError as error:
            again = "make room, and run the same import again: it goes on from there"
            half: LayerError = tell_half(error, len(paths), len(spool.names), again)
            raise half from error
    kept = tuple(addition.kept)
    return Saved(tuple(paths), addition.added, addition.present, kept, revision)


def _write_files(spool: _Spool, root: Path, into: Folder | None) -> Iterator[Path | None]:
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
        make_folder(path.parent)
        save_file(path, data, expected=into.digests.get(name))
        yield path


class _Spool:
    """
    Contents of files on their way to the folder.

    All are checked before the first is written, and a long series does not fit into memory.
    """

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
        """Return the content of a file."""
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
        if name not in spool.names or read_bytes(path, root=root) != spool[name]:
            hint = "read it first, to add to it, or name a new folder"
            message = f"the folder is not empty: it holds {escape(name)}"
            raise LayerError([refuse("import.folder", message, hint, file=str(root))])


class _Addition:
    """Adds records to those of a folder."""

    def __init__(
        self, imported: Import, into: Folder | None, root: Path, revision: Revision | None
    ) -> None:
        self.imported, self.into, self.root, self.revision = imported, into, root, revision
        self.added: Counter[str] = Counter()
        self.present = 0
        self.kept: list[str] = []

    @property
    def count(self) -> int:
        """How many texts there are at most."""
        return 5 + len(self.imported.control) + len(self.imported.records.get(EVENTS.name, ()))

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """
        Return the path below the folder and the content of every file that changes.

        Raises
        ------
        LayerError
            If a date has another layer already.
        """
        for schema in (PLACES, STATEMENTS, ACTORS, SOURCES):
            old = self._standing(schema)
            if self.revision and schema.name == self.revision.layer:
                if list(self.revision.records) != old:
                    yield schema.path, _dump_records(schema, self.revision.records)
                continue
            new = self._add_records(schema, old, self.imported.records.get(schema.name, ()))
            if len(new) > len(old) or self.into is None:
                yield schema.path, _dump_records(schema, new)
        yield from self._event_files().items()
        known = list(self.into.imports.rows) if self.into else []
        told = self.revision.versions if self.revision else first_versions(self.imported, self.into)
        if list(told) != known:
            yield IMPORTS.path, _dump_records(IMPORTS, told)
        for day, features in self.imported.control.items():
            name = f"control/{day}.geojson"
            data = dump_geojson(features, schema=CONTROL)
            if self.into and day in self.into.control:
                if (self.root / name).read_bytes() != data:
                    message = "the date has a layer already, another one, which stays as it is"
                    raise LayerError([refuse("import.layer", message, file=name)])
                self.present += len(features)
                continue
            self.added[CONTROL.name] += len(features)
            yield name, data

    def _event_files(self) -> dict[str, bytes]:
        """Files of the months that get an event."""
        old: dict[str, list[Feature | Row]] = defaultdict(list)
        for event in self.into.events if self.into else ():
            old[str(event.properties["event_date"])[:7]].append(event)
        if self.revision and self.revision.layer == EVENTS.name:
            return self._revised_months(old)
        new: dict[str, list[Feature | Row]] = defaultdict(list)
        for one in self.imported.records.get(EVENTS.name, ()):
            assert isinstance(one, Feature)
            new[str(one.properties["event_date"])[:7]].append(one)
        texts = {}
        for month, events in sorted(new.items()):
            joined = self._add_records(EVENTS, old[month], events)
            if len(joined) > len(old[month]):
                texts[f"events/{month}.geojson"] = _dump_records(EVENTS, joined)
        return texts

    def _revised_months(self, old: Mapping[str, Sequence[Feature | Row]]) -> dict[str, bytes]:
        """Files of the months of which an update changes anything; one may become empty."""
        assert self.revision is not None
        new: dict[str, list[Feature | Row]] = {month: [] for month in old}
        for one in self.revision.records:
            new.setdefault(str(one.values["event_date"])[:7], []).append(one)
        return {
            f"events/{month}.geojson": _dump_records(EVENTS, events)
            for month, events in sorted(new.items())
            if events != list(old.get(month, ()))
        }

    def _standing(self, schema: Schema) -> list[Feature | Row]:
        """What the folder holds already."""
        if self.into is None:
            return []
        if schema is PLACES:
            return list(self.into.places.values())
        return list(self.into.rows(schema.name).values())

    def _add_records(
        self, schema: Schema, old: Sequence[Feature | Row], new: Iterable[Feature | Row]
    ) -> list[Feature | Row]:
        """Put new records behind the old; the old one stays where both have an id."""
        by_id = {one.id: one for one in old}
        for one in new:
            if one.id not in by_id:
                by_id[one.id] = one
                self.added[schema.name] += 1
            elif (one.values, one.geometry) == (by_id[one.id].values, by_id[one.id].geometry):
                self.present += 1
            elif self.revision and schema is SOURCES:
                continue  # its title is the name of the first pull
            else:
                self.kept.append(one.id)
        return list(by_id.values())


def _dump_records(schema: Schema, records: Sequence[Feature | Row]) -> bytes:
    if schema.geometry:
        return dump_geojson([one for one in records if isinstance(one, Feature)], schema=schema)
    return dump_table([one for one in records if isinstance(one, Row)], schema=schema)


_SOME_DAY = "2000-01-01"
"""A theatre names two days; this stands for the first where no record has any."""


def found_theatre(imported: Import) -> Feature:
    """Return the theatre: its study area, its first and last day, its credits."""
    settings = imported.settings
    ground = imported.ground is not None
    area = imported.ground if imported.ground is not None else _box_round_points(imported)
    days = sorted({str(day) for day in imported.control} or _days(imported))
    if len(days) == 1:  # a comparison needs two
        days.append(str(shift_day(parse_day(days[0]), 1)))
    publisher = settings["publisher"] or "import"
    name = settings["id"] or make_slug(settings["name"] or f"{publisher} {imported.kind}")
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
    return Feature(name, fill_columns(THEATRE, name, values), area)


def _days(imported: Import) -> set[str]:
    """Days of events and statements."""
    found = set()
    for name, column in ((EVENTS.name, "event_date"), (STATEMENTS.name, "date")):
        for one in imported.records.get(name, ()):
            found.add(str(one.values[column]))
    return found or {_SOME_DAY}


_MOST_ROUND = 300.0
"""A box that spans more degrees than this goes all round the world."""


def _box_round_points(imported: Import) -> shapely.Geometry:
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
        raise LayerError([refuse("import.area", message, "add it to a theatre")])
    west, south, east, north = span_of(shapely.union_all(points))
    south, north = (
        max(math.floor(south * 10 - 1) / 10, -90),
        min(math.ceil(north * 10 + 1) / 10, 90),
    )
    west, east = math.floor(west * 10 - 1) / 10, math.ceil(east * 10 + 1) / 10
    if east - west > _MOST_ROUND:
        west, east = -180.0, 180.0
    # Corners on the way keep its edges shorter than half round the world.
    across = np.linspace(west, east, 2 + int((east - west) / 90)).round(6).tolist()
    corners = [(x, south) for x in across] + [(x, north) for x in across[::-1]]
    return cut_at_180(shapely.Polygon(corners))


def import_into(
    path: str | Path,
    kind: str,
    *paths: str | Path,
    options: Options | None = None,
    progress: Progress | None = None,
    **fixed: str,
) -> Import:
    """
    Read files of others into a layers folder, new or existing.

    Parameters
    ----------
    path
        The layers folder; begun if it is not there.
    kind
        What the files are, such as ``statements-csv`` or ``ucdp``; see `geo.run_import`.
    *paths
        The files.
    options
        What the user decides; the default decides nothing.
    progress
        Told what is done, how much of it, and of how much.
    **fixed
        One value for all records, such as ``publisher``, ``licence`` or ``confidence``.

    Returns
    -------
    imported
        What was written; ``report()`` accounts for every record.

    Raises
    ------
    LayerError
        If a file cannot be read, or the folder has faults.
    ValueError
        If there is no such kind, an option is none, or no file is given.
    """
    root = Path(path)
    into = read_folder(root) if (root / "theatre.geojson").exists() else None
    chosen = options or Options()
    chosen = dataclasses.replace(chosen, fixed={**chosen.fixed, **fixed})
    files = [Path(one) for one in paths]
    imported = run_import(kind, files, options=chosen, into=into, progress=progress)
    save_import(imported, root, into=into, update=chosen.update, progress=progress)
    return imported
