"""
The folder on disk: which file is where, and all of them read together.

One folder is one theatre. Nothing here judges what the files say of each other; that is
`geo.check`. Here they are found, read strictly, and written back whole.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rapidfuzz import process

from geo import model
from geo.errors import (
    DateError,
    Issue,
    LayerError,
    LayerNotFoundError,
    SchemaError,
    escape,
    refuse,
    warn,
)
from geo.layers import files, geojson, relief, tables
from geo.layers.kept import KeptLayers, kept_of, read_kept

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    import shapely

Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it, and of how much."""


@dataclass(frozen=True)
class Folder:
    """
    Everything that a layers folder holds.

    Attributes
    ----------
    root
        The folder.
    theatre
        The study area and the defaults.
    control
        Layers by date, in order of time.
    events
        All months, in order of date and id.
    places
        Gazetteer by id.
    statements, changes, assessments, actors, alignments, vocabulary, sources, imports
        The tables; an optional one that is not there is empty.
    context
        BorderEdges and roads, of all files.
    reliefs
        Rectangles of context that pictures of relief fill; see `geo.layers.read_reliefs`.
    anchors
        Where sides are supplied from.
    event_layers
        Events as they stand in the files of the months.
    context_layers
        Context as it stands in its files.
    issues
        Warnings of the readers.
    digests
        SHA-256 of every file read, by its path below the folder.
    tour
        Words on pairs of dates, and the stops of the guided tour.
    """

    root: Path
    theatre: model.Feature
    control: Mapping[dt.date, geojson.Layer]
    events: tuple[model.Feature, ...]
    places: Mapping[str, model.Feature]
    statements: tables.Table
    changes: tables.Table
    assessments: tables.Table
    actors: tables.Table
    alignments: tables.Table
    vocabulary: tables.Table
    sources: tables.Table
    context: tuple[model.Feature, ...]
    anchors: tuple[model.Feature, ...]
    event_layers: tuple[geojson.Layer, ...]
    issues: tuple[Issue, ...]
    digests: Mapping[str, str]
    context_layers: tuple[geojson.Layer, ...] = ()
    reliefs: tuple[model.Feature, ...] = ()
    tour: tables.Table = field(default_factory=lambda: _no_rows(model.TOUR))
    imports: tables.Table = field(default_factory=lambda: _no_rows(model.IMPORTS))

    def __repr__(self) -> str:
        return f"<Folder {self.theatre.id}: {len(self.control)} layers, {len(self.digests)} files>"

    @property
    def area(self) -> shapely.Geometry:  # numpydoc ignore=RT01
        """The study area, longitude, latitude."""
        assert self.theatre.geometry is not None
        return self.theatre.geometry

    @cached_property
    def sides(self) -> dict[str, str]:  # numpydoc ignore=RT01
        """The side of every actor that has one, by actor id; a side is its own."""
        return {row.id: str(row.values["side"]) for row in self.actors.rows if row.values["side"]}

    @cached_property
    def own_colors(self) -> dict[str, str]:  # numpydoc ignore=RT01
        """The colour that the table of actors gives to each, by id; empty where it gives none."""
        return {row.id: str(row.values["color"] or "") for row in self.actors.rows}

    def rows(self, name: str) -> dict[str, model.Row]:
        """
        Return the rows of one table by id.

        Parameters
        ----------
        name
            Name of a table's schema, such as ``sources``.

        Returns
        -------
        rows
            By id, in the order of the file.
        """
        if name not in self._rows:
            table: tables.Table = getattr(self, name)
            self._rows[name] = {row.id: row for row in table.rows}
        return self._rows[name]

    def patches(self, day: dt.date) -> list[model.Patch]:
        """
        Return the patches of the layer of one date.

        Parameters
        ----------
        day
            A date that has a layer.

        Returns
        -------
        patches
            In the order of its features.
        """
        if day not in self._patches:
            self._patches[day] = patches_of(self.control[day].features)
        return self._patches[day]

    @cached_property
    def _rows(self) -> dict[str, dict[str, model.Row]]:
        """The tables asked for so far."""
        return {}

    @cached_property
    def _patches(self) -> dict[dt.date, list[model.Patch]]:
        """The dates asked for so far."""
        return {}


_TABLES = (
    *(model.STATEMENTS, model.CHANGES, model.ASSESSMENTS, model.ACTORS, model.ALIGNMENTS),
    *(model.VOCABULARY, model.SOURCES, model.TOUR, model.IMPORTS),
)
"""The tables of a theatre."""


def _no_rows(schema: model.Schema) -> tables.Table:
    """An optional table that is not there."""
    return tables.Table(schema.path, schema, (), (), "")


def schema_of(path: Path, root: Path) -> model.Schema | None:
    """
    Return the schema of a file by its place in the folder.

    Parameters
    ----------
    path
        The file.
    root
        The layers folder.

    Returns
    -------
    schema
        None for a file that is no layer or table.
    """
    relative = path.relative_to(root)
    for schema in model.SCHEMAS.values():
        if relative.match(schema.path) and len(relative.parts) == schema.path.count("/") + 1:
            return schema
    return None


def layer_paths(root: Path) -> list[tuple[Path, model.Schema]]:
    """
    Return every layer and table of a folder.

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    paths
        Path and schema, in order of path.

    Raises
    ------
    LayerNotFoundError
        If there is no such folder.
    """
    if not root.is_dir():
        raise LayerNotFoundError(
            f"{escape(str(root))} is no folder; give the folder that holds theatre.geojson"
        )
    found = []
    for schema in model.SCHEMAS.values():
        found += [(path, schema) for path in root.glob(schema.path)]
    return sorted(found, key=lambda item: item[0].relative_to(root).as_posix())


def read_digests(root: Path) -> dict[str, str]:
    """
    Return the digest of every layer and table, without reading what they say.

    Where nothing is kept for these digests, `read_folder` reads the files once more. To hold all
    text in between would save a twelfth of the time of parsing it (0.3 s of 3.6 s for 39 MB).

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    digests
        SHA-256 by path below the folder, as in `Folder.digests`.

    Raises
    ------
    LayerNotFoundError
        If there is no such folder.
    LayerError
        If a file cannot be read.
    """
    return {
        path.relative_to(root).as_posix(): files.digest(files.read_bytes(path, root=root))
        for path, _ in layer_paths(root)
    }


def read_folder(root: Path, *, progress: Progress | None = None, partial: bool = False) -> Folder:
    """
    Read a whole layers folder, strictly.

    Parameters
    ----------
    root
        The folder that holds ``theatre.geojson``.
    progress
        Told what is done, how much of it, and of how much.
    partial
        Whether dated layers with faults are left out; these are then among the issues.

    Returns
    -------
    folder
        All files.

    Raises
    ------
    LayerNotFoundError
        If the folder, or a file that a theatre must have, is not there.
    SchemaError
        If any file holds faults; all faults of all files are in it.
    """
    found = layer_paths(root)
    reader = _Reader(root, kept_of(root, found))
    present = {schema.name for _, schema in found}
    missing = []
    for schema in model.SCHEMAS.values():
        if schema.required and schema.name not in present and schema != model.CONTROL:
            hint = f"a theatre needs it; its columns are {', '.join(schema.names[:4])}, ..."
            where = str(root / schema.path)
            missing.append(refuse("file.missing", "there is no such file", hint, file=where))
    if missing:
        raise LayerNotFoundError(missing)
    layers: dict[str, list[tuple[Path, geojson.Layer]]] = {}
    rows: dict[str, tables.Table] = {}
    for n, (path, schema) in enumerate(found, 1):
        if progress:
            progress("reading", n, len(found))
        held = reader.read(path, schema)
        if isinstance(held, geojson.Layer):
            layers.setdefault(schema.name, []).append((path, held))
        elif held is not None:
            rows[schema.name] = held
    if reader.kept:
        reader.kept.flush()
    control = reader.dated(layers.get(model.CONTROL.name, []))
    theatre = reader.one(layers.get(model.THEATRE.name, []))
    reader.leftovers()
    reader.names()
    around = [f for _, layer in layers.get(model.CONTEXT.name, []) for f in layer.features]
    reader.strays(reader.pictures(around))
    reader.require_clean(partial=partial)
    assert theatre is not None
    every = {
        name: tuple(layer for _, layer in layers.get(name, []))
        for name in (model.EVENTS.name, model.PLACES.name, model.CONTEXT.name, model.ANCHORS.name)
    }
    events = [feature for layer in every[model.EVENTS.name] for feature in layer.features]
    return Folder(
        root=root,
        theatre=theatre,
        control=control,
        events=tuple(sorted(events, key=lambda e: (str(e.properties["event_date"]), e.id))),
        places={f.id: f for layer in every[model.PLACES.name] for f in layer.features},
        **{schema.name: rows.get(schema.name) or _no_rows(schema) for schema in _TABLES},
        context=tuple(f for f in around if f.properties["kind"] != relief.KIND),
        reliefs=tuple(f for f in around if f.properties["kind"] == relief.KIND),
        anchors=tuple(f for layer in every[model.ANCHORS.name] for f in layer.features),
        event_layers=every[model.EVENTS.name],
        issues=tuple(reader.issues),
        digests=dict(sorted(reader.digests.items())),
        context_layers=every[model.CONTEXT.name],
    )


def write_control(folder: Folder, day: dt.date, features: Sequence[model.Feature]) -> Path:
    """
    Write the control layer of one date.

    Parameters
    ----------
    folder
        The folder as read: a layer that has changed on disk since is not overwritten.
    day
        Its date.
    features
        All patches.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    SchemaError
        If the features would not be read back as they are, or the file has members beside them,
        which would be lost.
    StaleLayerError
        If the file changed on disk after it was read; nothing is written.
    """
    path = folder.root / "control" / f"{day.isoformat()}.geojson"
    data = geojson.dump_geojson(features, schema=model.CONTROL)
    layer = folder.control.get(day)
    if layer and (lost := [issue for issue in layer.issues if issue.code == "root.foreign"]):
        # Features do not hold what somebody typed beside them.
        raise SchemaError([replace(issue, severity="error", file=str(path)) for issue in lost])
    path.parent.mkdir(exist_ok=True)
    files.save_file(path, data, expected=layer.digest if layer else None)
    return path


def add_events(folder: Folder, events: Sequence[model.Feature]) -> list[Path]:
    """
    Add events to the files of their months.

    Parameters
    ----------
    folder
        The folder as read: a file that has changed on disk since is not overwritten.
    events
        New events.

    Returns
    -------
    paths
        The files written.

    Raises
    ------
    SchemaError
        If the events would not be read back as they are, or an id is there already.
    StaleLayerError
        If a file changed on disk after it was read; that file is not written.
    LayerError
        If the system refuses to write.
    """
    known = {event.id for event in folder.events}
    if twice := sorted(known & {event.id for event in events}):
        raise SchemaError(f"{', '.join(twice)} stand among the events already; accept them once")
    months: dict[str, list[model.Feature]] = {}
    for event in events:
        months.setdefault(str(event.properties["event_date"])[:7], []).append(event)
    layers = {layer.file.rsplit("/", 1)[-1]: layer for layer in folder.event_layers}
    written: list[Path] = []
    texts = []
    for month, new in sorted(months.items()):
        path = folder.root / "events" / f"{month}.geojson"
        layer = layers.get(path.name)
        data = geojson.dump_geojson([*(layer.features if layer else ()), *new], schema=model.EVENTS)
        texts.append((path, data, layer.digest if layer else None))
    for path, data, expected in texts:
        path.parent.mkdir(exist_ok=True)
        try:
            files.save_file(path, data, expected=expected)
        except LayerError as error:
            again = "take the events of the months that were written out of the drafts"
            half = files.tell_half(error, len(written), len(texts), again)
            raise half from error
        written.append(path)
    return written


_ODD_NAME = re.compile(r'^[- ]|[. ]$|[<>:"\\|?*\x00-\x1f]')


class _Reader:
    """Reads file after file and keeps what it finds wrong, to say it all at once."""

    def __init__(self, root: Path, kept: KeptLayers | None) -> None:
        self.root = root
        self.kept = kept
        self.issues: list[Issue] = []
        self.digests: dict[str, str] = {}

    def read(self, path: Path, schema: model.Schema) -> geojson.Layer | tables.Table | None:
        """Read one layer or table, or keep its faults."""
        read = geojson.read_geojson if schema.geometry else tables.read_table
        before = self.kept if schema.name == model.CONTROL.name else None
        held: geojson.Layer | tables.Table
        try:
            if before is None:
                held = read(path, root=self.root, schema=schema)
            else:
                held = read_kept(path, self.root, before)
        except (SchemaError, LayerNotFoundError) as error:
            self.issues += error.issues
            return None
        self.issues += held.issues
        self.digests[path.relative_to(self.root).as_posix()] = held.digest
        return held

    def dated(self, layers: Sequence[tuple[Path, geojson.Layer]]) -> dict[dt.date, geojson.Layer]:
        """Order control layers by the date in their names."""
        control = {}
        for path, layer in layers:
            try:
                control[model.parse_day(path.stem)] = layer
            except DateError as error:
                self._error("file.name", f"{error}; a control layer is named by its date", path)
        return dict(sorted(control.items()))

    def one(self, layers: Sequence[tuple[Path, geojson.Layer]]) -> model.Feature | None:
        """The only feature of the theatre file."""
        for path, layer in layers:
            if len(layer.features) == 1:
                return layer.features[0]
            count = len(layer.features)
            self._error("theatre.one", f"it holds {count} features, not one study area", path)
        return None

    def leftovers(self) -> None:
        """Warn of files that a failed save left behind: they may hold the only copy of an edit."""
        message = "a failed save left this file behind; the only copy of an edit may be in it"
        hint = "`frontline recover` says what is in it and can put it back; then delete it"
        for path in sorted(self._walk("*.geojson.tmp")):
            self.issues.append(warn("file.leftover", message, hint, file=str(path)))

    def names(self) -> None:
        """Find names that other systems cannot write, or take for one another."""
        seen: dict[str, str] = {}
        for path in sorted(self._walk("*")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(".") or "/." in name:
                continue
            key = unicodedata.normalize("NFC", name).casefold()
            if key in seen:
                twin = escape(seen[key])
                self._error("file.twin", f"other systems take it for the same as {twin}", path)
            elif escape(path.name, len(path.name) + 1) != path.name:
                message = (
                    "its name holds characters that cannot be seen: it may not be what it seems"
                )
                self._warn("file.odd", message, path)
            elif _ODD_NAME.search(path.name) or path.stem.casefold() in model.RESERVED_IDS:
                self._warn("file.odd", "other systems cannot write a file of this name", path)
            elif not unicodedata.is_normalized("NFC", name):
                self._warn("file.odd", "other systems write the accents of its name anew", path)
            seen[key] = name

    def pictures(self, context: Sequence[model.Feature]) -> set[Path]:
        """Pictures of relief; one that cannot be drawn makes no answer wrong."""
        for name, fault, hint in relief.relief_faults(context, self.root):
            self._warn("context.relief", f"{name}: {fault}", self.root / "context", hint)
        return relief.relief_paths(context, self.root)

    def strays(self, known: set[Path]) -> None:
        """Find data that nobody reads: in the wrong folder, of the wrong kind or name."""
        paths = {schema.path for schema in model.SCHEMAS.values()}
        rooms = {name.split("/")[0] for name in paths if "/" in name}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(".") or "/." in name or path.is_dir() or schema_of(path, self.root):
                continue
            if path in known:
                continue
            among = name.split("/")[0] in rooms
            if path.suffix.casefold() in _DATA or (among and path.suffix.casefold() not in _PROSE):
                message = "no layer or table is read from here: its place, kind or name is another"
                self._warn("file.stray", message, path, _place_for(path, sorted(paths)))

    def require_clean(self, *, partial: bool) -> None:
        # All faults at once, so that nobody mends them one by one.
        rooms = {Path(i.file).parent for i in self.issues if i.severity == "error"}
        if rooms and not (partial and rooms <= {self.root / "control", self.root / "events"}):
            raise SchemaError(sorted(self.issues, key=lambda i: (i.severity, i.file, i.line)))

    def _walk(self, pattern: str) -> Iterator[Path]:
        yield from self.root.glob(pattern)
        yield from self.root.glob(f"*/{pattern}")

    def _error(self, code: str, message: str, path: Path) -> None:
        self.issues.append(refuse(code, message, file=str(path)))

    def _warn(self, code: str, message: str, path: Path, hint: str = "rename it") -> None:
        self.issues.append(warn(code, message, hint, file=str(path)))


_DATA = frozenset(
    {
        *(".geojson", ".json", ".geojsonl", ".topojson", ".csv", ".tsv", ".xlsx", ".xls", ".ods"),
        *(".kml", ".kmz", ".gpkg", ".shp", ".dbf", ".fgb", ".gml", ".gpx", ".zip", ".gz"),
        *(".parquet", ".txt"),
    }
)
_PROSE = frozenset({".md", ".rst", ".license"})


def _place_for(path: Path, paths: Sequence[str]) -> str:
    """Where a file that is read by nobody may belong."""
    if _DAY_NAME.fullmatch(path.stem):
        return f"a layer of that date is control/{path.stem}.geojson"
    if _MONTH_NAME.fullmatch(path.stem):
        return f"events of that month are events/{path.stem}.geojson"
    files = [name for name in paths if "*" not in name]
    near = process.extractOne(path.name.casefold(), files, score_cutoff=75)
    if near:
        return f"did you mean {near[0]}?"
    return "move it out of the layers, or import it"


_DAY_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH_NAME = re.compile(r"[0-9]{4}-[0-9]{2}")


def patches_of(features: Sequence[model.Feature]) -> list[model.Patch]:
    """
    Return the patches of a control layer.

    Parameters
    ----------
    features
        Its features.

    Returns
    -------
    patches
        In the same order; a feature without a geometry has none.
    """
    return [
        model.Patch(
            model.Label(
                controller=str(f.properties["controller"] or ""),
                controllers=str(f.properties["controllers"] or ""),
                status=str(f.properties["status"]),
                basis=str(f.properties["basis"] or ""),
                confidence=str(f.properties["confidence"] or ""),
                patch=f.id,
            ),
            f.geometry,
        )
        for f in features
        if f.geometry is not None
    ]
