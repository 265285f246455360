"""
Working copies: a control layer handed to another program, and what came back.

The layer itself is never opened elsewhere: drawing programs keep old content in memory, drop what
they do not know, and write files in ways of their own. `checkout` makes a copy for QGIS that
remembers what it is a copy of. `read_copy` takes it back, or a GeoJSON file from anywhere, and
undoes what programs do to a file. `plan` sews new borders to old ones, merges with what others
saved meanwhile, and says what will change; `write` does it.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import shapely

from geo.check import BLOCKING, check_folder, patches_of
from geo.coverage import SLIVER_M, find_faults
from geo.crs import area_km2
from geo.draw import side_colors
from geo.edit import merge
from geo.edit import stitch as _stitch
from geo.errors import CoverageError, DateError, GeoError, Issue, SchemaError, escape
from geo.exchange import (
    FACTS,
    ColumnType,
    FormField,
    Project,
    ProjectLayer,
    TypedColumn,
    TypedTable,
    features_table,
    geopackage,
    read_package,
    refresh_package,
    render_project,
)
from geo.layers import (
    digest,
    dump_geojson,
    fmt_geojson,
    new_id,
    parse_geojson,
    private_folder,
    read_bytes,
    save_file,
    write_control,
)
from geo.model import (
    CONTEXT,
    CONTROL,
    EVENTS,
    PLACES,
    SOURCES,
    STATEMENTS,
    Basis,
    Confidence,
    Feature,
    Row,
    Schema,
    Status,
    parse_day,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geo.layers import Folder

__all__ = [
    "SNAP_M",
    "Copy",
    "Plan",
    "checkout",
    "described",
    "open_copies",
    "plan_save",
    "read_copy",
    "unsaved",
    "write_plan",
]

SNAP_M = SLIVER_M
"""BorderEdges nearer to each other than this, metres, are one border drawn twice."""

_UNSEEN_KM2 = 0.0005
"""Less than this is not told from nothing in the digits that are printed."""

_TABLE = "control"
_REGISTER = "workcopies.json"
_PREFER = {"mine", "theirs"}


# --- out ----------------------------------------------------------------------------


def checkout(folder: Folder, day: str | dt.date, output: Path) -> tuple[Path, ...]:
    """
    Copy a control layer into a folder that QGIS edits: a GeoPackage and a project.

    Parameters
    ----------
    folder
        The theatre, as read.
    day
        Date of the layer.
    output
        The folder to make; it must not lie among the layers, nor hold a working copy.

    Returns
    -------
    paths
        The project and the GeoPackage.

    Raises
    ------
    DateError
        If there is no layer of that date.
    GeoError
        If `output` lies among the layers or holds a working copy, GDAL cannot write, or the
        system refuses to.
    """
    day = parse_day(day)
    layer = folder.control.get(day)
    if layer is None:
        dates = ", ".join(str(one) for one in folder.control)
        raise DateError(f"there is no control layer of {day}; there are {dates}")
    if output.resolve().is_relative_to(folder.root.resolve()):
        raise GeoError(
            f"{escape(str(output))} lies among the layers; a working copy belongs elsewhere"
        )
    data = read_bytes(_layer_path(folder, day), root=folder.root)
    if digest(data) != layer.digest:
        raise GeoError(f"the layer of {day} changed while it was read; try again")
    base = f"control-{day}"
    paths = output / f"{base}.qgs", output / f"{base}.gpkg"
    if any(path.exists() for path in paths):
        raise GeoError(
            f"{escape(str(output))} holds a working copy of {day} already; "
            "`frontline save` it, or delete the folder to begin anew"
        )
    made = _package(folder, day, data)
    if not output.exists():
        # Beside the layers it would be committed one day; a folder that is there is left alone.
        output.mkdir(parents=True)
        save_file(output / ".gitignore", b"*\n", expected=None)
    save_file(paths[1], made, expected=None)
    save_file(paths[0], _project(folder, day, paths[1].name).encode(), expected=None)
    _remember(folder.root, paths[1])
    return paths


def _layer_path(folder: Folder, day: dt.date) -> Path:
    return folder.root / "control" / f"{day.isoformat()}.geojson"


def _before(folder: Folder, day: dt.date) -> dt.date | None:
    return max((one for one in folder.control if one < day), default=None)


def _package(folder: Folder, day: dt.date, data: bytes) -> bytes:
    """The GeoPackage: the layer, what lies round it, and what it is a copy of."""
    earlier = _before(folder, day)
    kept = [_with_unknown(folder.control[day].features)]
    if earlier:
        features = folder.control[earlier].features
        kept.append(features_table("previous", f"Control on {earlier}.", CONTROL, features))
    kept += [
        features_table("events", "Events.", EVENTS, folder.events),
        features_table("places", "Places.", PLACES, tuple(folder.places.values())),
        *_orientation(folder),
        _rows_table(SOURCES, folder.sources.rows, "Who published what."),
        _rows_table(STATEMENTS, folder.statements.rows, "Who said that whom held a place."),
    ]
    facts = _facts(folder, day, data)
    columns = tuple(TypedColumn(name, ColumnType.TEXT) for name in facts)
    kept.append(TypedTable(FACTS, "", columns, [tuple(facts.values())]))
    about = {"title": folder.theatre.properties["name"], "working_copy_of": str(day)}
    return geopackage(kept, about=about)


def _facts(folder: Folder, day: dt.date, data: bytes) -> dict[str, str]:
    return {
        "theatre": folder.theatre.id,
        "date": day.isoformat(),
        "digest": digest(data),
        "content": data.decode("utf-8"),
    }


def _with_unknown(features: Sequence[Feature]) -> TypedTable:
    """The layer with the properties that its schema does not know: a person typed them."""
    unknown = sorted({key for f in features for key in f.properties} - set(CONTROL.names))
    table = features_table(_TABLE, "The layer to edit.", CONTROL, features)
    more = tuple(TypedColumn(name, ColumnType.TEXT) for name in unknown)
    rows = [
        (*row, *(_as_text(f.properties.get(name)) for name in unknown))
        for row, f in zip(table.rows, features, strict=True)
    ]
    return replace(table, columns=(*table.columns, *more), rows=rows)


def _as_text(value: object) -> str | None:
    return None if value is None else str(value)


def _orientation(folder: Folder) -> Iterator[TypedTable]:
    for dimension, name in enumerate(("points", "lines", "areas")):
        features = [
            feature
            for feature in folder.context
            if feature.geometry is not None
            and shapely.get_dimensions(feature.geometry) == dimension
        ]
        if features:
            yield features_table(f"context_{name}", "Orientation.", CONTEXT, features)


def _rows_table(schema: Schema, rows: Sequence[Row], doc: str) -> TypedTable:
    columns = tuple(TypedColumn(c.name, ColumnType.TEXT, c.doc) for c in schema.columns)
    cells = [tuple(_as_text(row.values[name]) for name in schema.names) for row in rows]
    return TypedTable(schema.name, doc, columns, cells)


def _project(folder: Folder, day: dt.date, name: str) -> str:
    earlier = _before(folder, day)
    values = folder.theatre.properties
    own = {row.id: str(row.values["color"]) for row in folder.actors.rows if row.values["color"]}
    context = [table.name for table in _orientation(folder)]
    west, south, east, north = (float(v) for v in shapely.bounds(folder.area))
    return render_project(
        Project(
            title=f"{values['name']}: control on {day}, working copy",
            words=(
                f"A working copy of the control layer of {day}. Edit the layer `control {day}` "
                "only, save in QGIS, stop editing, then run `frontline save`. To move ground, "
                "split an area along the new border and give the part its holder in the form; "
                "the whole study area must stay covered once."
            ),
            package=name,
            fields=_form(folder),
            sides=folder.sides,
            colors=side_colors(own, set(folder.sides.values())),
            bounds=(west, south, east, north),
            edited=_TABLE,
            edited_title=f"control {day}",
            above=(
                ProjectLayer("events", "events", 0),
                ProjectLayer("places", "places", 0),
            ),
            previous=ProjectLayer("previous", f"border on {earlier}", 2) if earlier else None,
            below=(
                *(
                    ProjectLayer(one, one.replace("_", " "), ("points", "lines", "areas").index(k))
                    for one in context
                    for k in [one.removeprefix("context_")]
                ),
                ProjectLayer("sources", "sources", None),
                ProjectLayer("statements", "statements", None),
            ),
            credit=str(values["attribution"] or ""),
        )
    )


_RANDOM_ID = "'ctl-' || substr(uuid(), 2, 8)"


def _form(folder: Folder) -> list[FormField]:
    """One field a column: what the schema and the tables allow."""
    rows = folder.rows("actors")
    holders = sorted(
        (side != name, str(rows[side].values["name"]) if side in rows else side, name)
        for name, side in folder.sides.items()
    )
    choices = tuple(
        (
            str(rows[n].values["name"])
            if is_side is False
            else f"{side}: {rows[n].values['name']}",
            n,
        )
        for is_side, side, n in holders
    )
    listed = "|".join(sorted(folder.sides))
    words: dict[str, dict[str, Any]] = {
        "id": {"is_required": True, "is_unique": True, "is_locked": True, "default": _RANDOM_ID},
        "controller": {
            "choices": choices,
            "rule": "CASE WHEN \"status\" IN ('controlled', 'advance') THEN "
            "coalesce(\"controller\", '') <> '' WHEN \"status\" IN ('unknown', 'none') THEN "
            "coalesce(\"controller\", '') = '' ELSE true END",
            "rule_words": "who holds it; empty where the status is unknown or none",
        },
        "controllers": {
            "rule": "coalesce(\"controllers\", '') = '' AND "
            "coalesce(\"status\", '') NOT IN ('contested', 'mixed') "
            f"OR regexp_match(\"controllers\", '^({listed})(;({listed}))+$') > 0",
            "rule_words": "ids of the parties joined by ; such as government;opposition, "
            "where the status is contested or mixed",
        },
        "status": {"choices": _same(Status), "is_required": True},
        "basis": {"choices": _same(Basis), **_known("basis")},
        "confidence": {"choices": _same(Confidence), **_known("confidence")},
        "note": {"is_long": True},
    }
    return [
        FormField(column.name, column.name, **words.get(column.name, {}))
        for column in CONTROL.columns
    ]


def _known(name: str) -> dict[str, str]:
    return {
        "rule": f"\"status\" = 'unknown' OR coalesce(\"{name}\", '') <> ''",
        "rule_words": "must be said of everything but unknown ground",
    }


def _same(choices: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one), str(one)) for one in choices)


def _remember(root: Path, copy: Path) -> None:
    """Keep in mind where a working copy lies."""
    register = private_folder(root) / _REGISTER
    known = [str(path) for path in open_copies(root)]
    place = str(copy.resolve())
    if place not in known:
        current = digest(register.read_bytes()) if register.exists() else None
        save_file(register, json.dumps([*known, place], indent=1).encode(), expected=current)


def open_copies(root: Path) -> list[Path]:
    """
    Return the working copies that were made of a theatre and are still there.

    Parameters
    ----------
    root
        The layers folder.

    Returns
    -------
    paths
        Their GeoPackages, in the order in which they were made.
    """
    from pathlib import Path

    register = root / ".frontline" / _REGISTER
    try:
        known = json.loads(register.read_bytes())
    except (OSError, ValueError):
        return []
    return [Path(place) for place in known if isinstance(place, str) and Path(place).is_file()]


# --- back ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A layer as it came back from another program, read strictly.

    Attributes
    ----------
    path
        The file.
    day
        Date that it is a copy of; None where the file does not say.
    theatre
        Id of the theatre that it is a copy of; empty where the file does not say.
    base
        Content of the layer that it was copied from; None where that is not known.
    features
        Sorted by id.
    notes
        What was put right, one sentence each.
    columns
        Properties that the file knows at all: of others it says nothing.
    rows
        Number of each feature's row in a working copy of ours, by id; empty for another file.
    """

    path: Path
    day: dt.date | None
    theatre: str
    base: bytes | None
    features: tuple[Feature, ...]
    notes: tuple[str, ...]
    columns: frozenset[str]
    rows: Mapping[str, int]


def read_copy(path: Path, *, taken: Collection[str] = ()) -> Copy:
    """
    Read a working copy, or a GeoJSON file that any program wrote.

    Values, shapes and identity are taken as they stand; what programs do to a file is undone: row
    numbers, empty text, more decimals, the winding of rings, members that repeat what is known. A
    feature without an id gets one. Of features with the same id, which splitting leaves behind,
    the largest keeps it.

    Parameters
    ----------
    path
        A GeoPackage or a GeoJSON file.
    taken
        Ids that no new feature may get.

    Returns
    -------
    copy
        Nothing is written anywhere.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If there is anything in it that cannot be put right without guessing; all findings are
        in it.
    """
    if _is_package(path):
        return _read_package(path, taken)
    data = read_bytes(path, root=path.parent)
    features, notes, columns, _ = _identified(data, str(path), taken)
    day = None
    with contextlib.suppress(DateError):
        day = parse_day(path.stem)
    return Copy(path, day, "", None, features, notes, columns, {})


def unsaved(copy: Copy) -> merge.Difference:
    """
    Return what a working copy says that the layer it was made of does not.

    Parameters
    ----------
    copy
        From `read_copy`.

    Returns
    -------
    difference
        False where there is none, or it is not known what the copy was made of.
    """
    if copy.base is None:
        return merge.difference((), ())
    base = parse_geojson(copy.base, schema=CONTROL, file=str(copy.path)).features
    return merge.difference(base, _as_before(copy.features, base, copy.columns))


def _is_package(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(16) == b"SQLite format 3\0"
    except OSError:
        return False


def _read_package(path: Path, taken: Collection[str]) -> Copy:
    held = read_package(path, table=_TABLE)
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": record.values, "geometry": record.geometry}
            for record in held.records
        ],
    }
    try:
        data = json.dumps(document, ensure_ascii=False).encode("utf-8")
    except (TypeError, UnicodeEncodeError) as error:
        message = f"a value is neither text nor a number: {error}"
        raise SchemaError([Issue("props.type", "error", message, file=str(path))]) from error
    try:
        features, notes, columns, ids = _identified(data, str(path), taken)
    except SchemaError as error:
        raise SchemaError([replace(issue, line=0) for issue in error.issues]) from error
    facts = held.facts
    rows = {}
    if facts:
        rows = {name: record.fid for name, record in zip(ids, held.records, strict=True)}
    base = facts["content"].encode("utf-8") if "content" in facts else None
    day = parse_day(facts["date"]) if "date" in facts else None
    return Copy(path, day, facts.get("theatre", ""), base, features, notes, columns, rows)


_QUIET = frozenset(
    {
        *("fmt.order", "fmt.layout", "fmt.newline", "props.missing", "props.extra_null"),
        *("str.empty", "coord.precision", "ring.winding", "ring.duplicate_vertex", "id.member"),
        *("root.artefact", "root.crs84", "feature.artefact", "props.artefact"),
    }
)
"""Repairs that change nothing that anybody meant."""


def _identified(
    data: bytes, file: str, taken: Collection[str]
) -> tuple[tuple[Feature, ...], tuple[str, ...], frozenset[str], list[str]]:
    # The features; what was put right; all properties; the ids in the order of the file.
    try:
        text, repairs = fmt_geojson(data, schema=CONTROL, file=file, assign_ids=True)
    except SchemaError as error:
        stops = {i.code for i in error.issues if i.severity == "error" and not i.fixable}
        if stops != {"id.duplicate"}:
            raise
        text, repairs = b"", ()
    notes: list[str] = []
    document = json.loads(data.decode("utf-8-sig"))
    columns = frozenset(key for f in document["features"] for key in f["properties"])
    ids = _with_ids(document["features"], taken, notes)
    if not text or any(issue.code == "id.missing" for issue in repairs):
        again = json.dumps(document, ensure_ascii=False).encode("utf-8")
        text, repairs = fmt_geojson(again, schema=CONTROL, file=file)
    counts = Counter(issue.message for issue in repairs if issue.code not in _QUIET)
    notes += [f"{message}; put right" for message in counts]
    layer = parse_geojson(text, schema=CONTROL, file=file)
    return layer.features, tuple(notes), columns, ids


def _with_ids(
    features: list[dict[str, Any]], taken: Collection[str], notes: list[str]
) -> list[str]:
    """Give each feature an id of its own, in place; the largest of several keeps theirs."""
    ids = [_own_id(feature) for feature in features]
    reserved = {*taken, *ids}
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(ids):
        groups.setdefault(name, []).append(i)
    for name, members in groups.items():
        if name:
            members = sorted(members, key=lambda i: -_size(features[i]))[1:]
        for i in members:
            content = json.dumps([features[i]["properties"], features[i]["geometry"]])
            ids[i] = new_id(CONTROL, content.encode(), reserved)
            reserved.add(ids[i])
            features[i].pop("id", None)
            features[i]["properties"] = {**features[i]["properties"], "id": ids[i]}
            was = f"a part split from {name}" if name else "a new feature"
            notes.append(f"{was} is now {ids[i]}")
    return ids


def _own_id(feature: Mapping[str, Any]) -> str:
    own = feature["properties"].get("id")
    member = feature.get("id")
    if own in {None, ""} and isinstance(member, str) and not member.isdecimal():
        own = member
    return str(own or "").strip()


def _size(feature: Mapping[str, Any]) -> float:
    shape = feature["geometry"]
    return 0.0 if shape is None else float(area_km2([shapely.geometry.shape(shape)])[0])


# --- what will change ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What saving a copy will do.

    Attributes
    ----------
    copy
        What came back.
    day
        Date of the layer.
    features
        The layer as it will be.
    before
        The layer as it is on the disk; empty for a new date.
    difference
        Between the two, by id; false where there is none.
    conflicts
        What others changed too since the copy was made: a person must decide.
    findings
        What `geo.check.check_folder` will say that it does not say now.
    notes
        What was put right, merged or sewn, one sentence each.
    """

    copy: Copy
    day: dt.date
    features: tuple[Feature, ...]
    before: tuple[Feature, ...]
    difference: merge.Difference
    conflicts: tuple[merge.Conflict, ...]
    findings: tuple[Issue, ...]
    notes: tuple[str, ...]


def plan_save(
    folder: Folder,
    copy: Copy,
    *,
    day: str | dt.date | None = None,
    snap_m: float = SNAP_M,
    prefer: Literal["mine", "theirs"] | None = None,
) -> Plan:
    """
    Work out what saving a copy will change; nothing is written.

    Parameters
    ----------
    folder
        The theatre, as read just now.
    copy
        From `read_copy`.
    day
        Date of the layer; the default is what the copy says.
    snap_m
        New borders nearer than this to old ones, metres, are drawn along them; 0 leaves them.
    prefer
        Whose word counts where both sides changed the same: ``mine`` is the copy's. None leaves it
        to a person.

    Returns
    -------
    plan
        For `write`, unless it has conflicts.

    Raises
    ------
    GeoError
        If no date is known, the copy is of another theatre or date, or its layer is gone.
    SchemaError
        If the layer would overlap, leave a gap, or contradict the tables; all findings are in it.
    ValueError
        If `prefer` is none of the words.
    """
    if prefer is not None and prefer not in _PREFER:
        raise ValueError(f"prefer is {prefer!r}; it must be mine or theirs")
    day = _date_of(folder, copy, day)
    layer = folder.control.get(day)
    on_disk = layer.features if layer else ()
    file = str(_layer_path(folder, day))
    base = on_disk
    if copy.base is not None:
        base = parse_geojson(copy.base, schema=CONTROL, file=str(copy.path)).features
    ours = _as_before(copy.features, base, copy.columns)
    _require_coverage(folder, ours, str(copy.path))
    ours, notes = _sewn(folder, day, ours, base, snap_m)
    conflicts: tuple[merge.Conflict, ...] = ()
    if layer and copy.base is not None and digest(copy.base) != layer.digest:
        merged = merge.merge_features(base, ours, on_disk)
        notes.append("the layer was changed since the copy was made; both were merged")
        ours = merged.theirs if prefer == "theirs" else merged.features
        conflicts = () if prefer else merged.conflicts
        ours = _as_before(ours, on_disk)
        if not conflicts:
            _require_coverage(folder, ours, file)
    difference = merge.difference(on_disk, ours)
    findings = () if conflicts or not difference else _judged(folder, day, ours, file)
    return Plan(copy, day, ours, on_disk, difference, conflicts, findings, (*copy.notes, *notes))


def _date_of(folder: Folder, copy: Copy, day: str | dt.date | None) -> dt.date:
    if copy.theatre and copy.theatre != folder.theatre.id:
        raise GeoError(
            f"{escape(str(copy.path))} is a copy of the theatre {escape(copy.theatre)}, "
            f"not of {folder.theatre.id}; give its folder with --layers"
        )
    wanted = parse_day(day) if day is not None else copy.day
    if wanted is None:
        raise GeoError(f"{escape(str(copy.path))} does not say of which date it is; give a DATE")
    if copy.rows and wanted != copy.day:
        raise GeoError(
            f"{escape(str(copy.path))} is a copy of the layer of {copy.day}, not of {wanted}; "
            "save it there, then `frontline new` copies a layer to another date"
        )
    if copy.rows and wanted not in folder.control:
        raise GeoError(
            f"the layer of {wanted} was deleted since {escape(str(copy.path))} was made; bring it "
            "back with git, or give the copy as a GeoJSON file"
        )
    return wanted


def _as_before(
    features: Sequence[Feature], before: Sequence[Feature], columns: frozenset[str] | None = None
) -> tuple[Feature, ...]:
    """
    The features, each that says the same as before in the very same words and corners.

    Of properties that are none of `columns` they say nothing.
    """
    old = {feature.id: feature for feature in before}
    return tuple(
        _restored(feature, old[feature.id], columns) if feature.id in old else feature
        for feature in features
    )


def _restored(feature: Feature, old: Feature, columns: frozenset[str] | None) -> Feature:
    values = dict(feature.properties)
    for key, was in old.properties.items():
        # A program that drops a column has not emptied it; and a GeoPackage has one type a column.
        lost = columns is not None and key not in columns
        if lost or (isinstance(was, int) and values.get(key) == str(was)):
            values[key] = was
    names = [*CONTROL.names, *sorted(values.keys() - set(CONTROL.names))]
    values = {name: values[name] for name in names if name in values}
    shape = feature.geometry
    if shape is not None and old.geometry is not None and _is_same(shape, old.geometry):
        shape = old.geometry
    if shape is old.geometry and values == old.properties:
        return old
    return replace(feature, properties=values, geometry=shape)


def _is_same(one: shapely.Geometry, two: shapely.Geometry) -> bool:
    """Whether two areas have the same rings; one may be a collection of a single part."""
    parts = [shapely.get_parts(shape) for shape in (one, two)]
    if len(parts[0]) != len(parts[1]):
        return False
    one, two = (shapely.normalize(shapely.MultiPolygon(list(part))) for part in parts)
    return bool(shapely.equals_exact(one, two, tolerance=0.0))


def _require_coverage(folder: Folder, features: Sequence[Feature], file: str) -> None:
    found = find_faults(folder.area, patches_of(tuple(features)))
    errors = [replace(issue, file=file) for issue in found if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)


def _sewn(
    folder: Folder, day: dt.date, ours: Sequence[Feature], base: Sequence[Feature], snap_m: float
) -> tuple[tuple[Feature, ...], list[str]]:
    """Draw new borders along old ones, where that leaves a sound layer."""
    ours = tuple(ours)
    earlier = _before(folder, day)
    guides = folder.control[earlier].features if earlier else ()
    shapes = [[f.geometry for f in some if f.geometry is not None] for some in (ours, base, guides)]
    try:
        sewn = _stitch.stitched(folder.area, *shapes, tolerance_m=snap_m)
        after = tuple(
            feature if shape is feature.geometry else replace(feature, geometry=shape)
            for feature, shape in zip(ours, sewn, strict=True)
        )
        data = dump_geojson(after, schema=CONTROL)
        after = parse_geojson(data, schema=CONTROL, file="").features
        _require_coverage(folder, after, "")
    except (SchemaError, CoverageError, shapely.errors.GEOSException, ValueError):
        note = f"borders were not snapped: within {snap_m:g} m it would not be a sound layer"
        return ours, [note]
    by_id = {feature.id: feature for feature in ours}
    kept = tuple(_restored(feature, by_id[feature.id], None) for feature in after)
    moved = [f.id for f in kept if f.geometry is not by_id[f.id].geometry]
    notes = [f"new borders were snapped within {snap_m:g} m: {', '.join(moved)}"] if moved else []
    return kept, notes


def _judged(
    folder: Folder, day: dt.date, features: Sequence[Feature], file: str
) -> tuple[Issue, ...]:
    # What the checks say of the theatre with this layer in it, and did not say before.
    data = dump_geojson(features, schema=CONTROL)
    layer = parse_geojson(data, schema=CONTROL, file=file)
    after = replace(folder, control=dict(sorted({**folder.control, day: layer}.items())))
    known = {(issue.code, issue.ids, issue.message) for issue in check_folder(folder)}
    found = [
        issue
        for issue in check_folder(after)
        if (issue.code, issue.ids, issue.message) not in known
    ]
    # What the ledger lacks is written after the layer, so it does not stop the layer.
    if stops := [i for i in found if i.severity == "error" and i.code in BLOCKING]:
        raise SchemaError(stops)
    return tuple(found)


def write_plan(folder: Folder, plan: Plan) -> Path:
    """
    Save what was planned: the layer, then the working copy's memory of what it is a copy of.

    Parameters
    ----------
    folder
        As it was given to `plan`: a layer that has changed on disk since is not overwritten.
    plan
        Without conflicts.

    Returns
    -------
    path
        The layer.

    Raises
    ------
    ValueError
        If there are conflicts.
    StaleLayerError
        If the layer changed on disk since it was read; nothing is written.
    LayerError
        If the layer cannot be written; nothing is.
    GeoError
        If the layer was written, but the working copy cannot be brought up to date.
    """
    if plan.conflicts:
        raise ValueError("the plan has conflicts; decide them first")
    path = _layer_path(folder, plan.day)
    if plan.difference:
        path = write_control(folder, plan.day, plan.features)
    if plan.copy.rows:
        _bring_up_to_date(folder, plan, path)
    return path


def _bring_up_to_date(folder: Folder, plan: Plan, path: Path) -> None:
    data = read_bytes(path, root=folder.root)
    rows = []
    for feature in plan.features:
        values = {key: _as_text(value) for key, value in feature.properties.items()}
        assert feature.geometry is not None
        many = shapely.MultiPolygon(list(shapely.get_parts(feature.geometry)))
        wkb = many.wkb
        rows.append((plan.copy.rows.get(feature.id), values, wkb))
    try:
        refresh_package(
            plan.copy.path, table=_TABLE, rows=rows, facts=_facts(folder, plan.day, data)
        )
    except SchemaError as error:
        raise GeoError(
            f"the layer of {plan.day} is saved, but {escape(str(plan.copy.path))} could not be "
            "brought up to date; stop editing in the other program and run `frontline save` once "
            f"more ({error.issues[0].message})"
        ) from error


def described(plan: Plan) -> list[str]:
    """
    Return what will change in words, one line a feature.

    Parameters
    ----------
    plan
        What saving will do.

    Returns
    -------
    lines
        Added, gone and changed features with their ground; empty where nothing changes.
    """
    difference = plan.difference
    lines = [f"+ {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.added)]
    lines += [f"- {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.gone)]
    for change in difference.changed:
        said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
        if change.moved_km2 is not None and change.moved_km2 < _UNSEEN_KM2:
            said.append("corners on its border, its ground is the same")
        elif change.moved_km2 is not None:
            said.append(
                f"{change.before_km2:,.3f} -> {change.after_km2:,.3f} km2 "
                f"({change.moved_km2:,.3f} km2 redrawn)"
            )
        lines.append(f"~ {change.id}  {'; '.join(said)}")
    return lines


def _features(records: Iterable[Feature | Row]) -> list[Feature]:
    return [record for record in records if isinstance(record, Feature)]


def _held(feature: Feature) -> str:
    values = feature.properties
    who = values["controller"] or values["controllers"] or ""
    return " ".join(escape(str(part), 60) for part in (who, values["status"]) if part)


def _km2(feature: Feature) -> float:
    return 0.0 if feature.geometry is None else float(area_km2([feature.geometry])[0])


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 60)
