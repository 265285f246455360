"""
Two versions of a theatre in git: what a change to the layers means.

Lines of coordinates tell a reviewer nothing. Here both versions are read as theatres, and what
comes out is ground that changed hands, places that flip, features and rows that came, went or
changed, and what the checks have to say that they did not say before.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.check import check_folder, patches_of
from geo.control import Composite
from geo.edit import merge
from geo.edit.git import Repository
from geo.errors import DateError, Issue, LayerError, LayerNotFoundError, escape
from geo.layers import (
    Table,
    fmt_geojson,
    fmt_table,
    layer_paths,
    parse_geojson,
    parse_table,
    read_folder,
    schema_of,
    write_control,
)
from geo.model import CONTROL, SCHEMAS, Feature, Label, Patch, Row, Schema, Status, parse_day

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from geo.layers import Folder

__all__ = [
    "Comparison",
    "Flip",
    "Ground",
    "compare_versions",
    "guard_commit",
    "guard_ids",
    "new_layer",
    "read_revision",
]

WORKING_TREE = "working tree"
_MOVED, _RETOLD = 0, 1
_ONE, _TWO = dt.date(1, 1, 1), dt.date(1, 1, 2)
"""Stand for the two versions in a composite; they are no dates of the theatre."""


@dataclass(frozen=True, slots=True)
class Flip:
    """
    A place on ground that is another's now.

    Attributes
    ----------
    id, name
        The place.
    before, after
        Who holds it in each version: a side, or the status where none holds it alone.
    where
        Longitude, latitude.
    """

    id: str
    name: str
    before: str
    after: str
    where: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """
    What became of the control layer of one date.

    Attributes
    ----------
    day
        The date.
    kind
        ``changed``, ``added`` or ``gone``.
    against
        Date of the layer that it is compared with: its own, or for a date that only one version
        has the layer in force before it; None where there is none.
    transfers
        Side before, side after and km2, largest first; a status stands for a side where none
        holds the ground alone.
    surer
        What else changed where the side did not: in words, and km2, largest first.
    flips
        Places that changed sides.
    patches
        By id.
    shapes
        For each version the ground of each side, longitude, latitude.
    moved
        The ground that changed sides; None where none did.
    retold
        The ground of which something else is said; None where there is none.
    """

    day: dt.date
    kind: str
    against: dt.date | None
    transfers: tuple[tuple[str, str, float], ...]
    surer: tuple[tuple[str, float], ...]
    flips: tuple[Flip, ...]
    patches: merge.Difference
    shapes: tuple[Mapping[str, shapely.Geometry], Mapping[str, shapely.Geometry]]
    moved: shapely.Geometry | None
    retold: shapely.Geometry | None

    @property
    def moved_km2(self) -> float:  # numpydoc ignore=RT01
        """All ground that changed sides."""
        return sum(km2 for _, _, km2 in self.transfers)


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    How two versions of a theatre differ.

    Attributes
    ----------
    before, after
        What the versions are called.
    grounds
        One a control layer that differs, in order of time.
    records
        Name of each other layer or table that differs, and how.
    findings
        What the checks say of the second version and not of the first.
    mended
        What they said of the first and not of the second.
    area
        The study area of the second version.
    colors
        Of each side that has one.
    """

    before: str
    after: str
    grounds: tuple[Ground, ...]
    records: Mapping[str, merge.Difference]
    findings: tuple[Issue, ...]
    mended: tuple[Issue, ...]
    area: shapely.Geometry
    colors: Mapping[str, str]

    def __bool__(self) -> bool:
        return bool(self.grounds or self.records)


def compare_versions(layers: Path, before: str, after: str | None = None) -> Comparison:
    """
    Compare two versions of a layers folder.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    before
        A commit, branch or tag.
    after
        Another; the default is the folder as it lies on disk.

    Returns
    -------
    comparison
        False where nothing differs.

    Raises
    ------
    GeoError
        If git knows no such commit, or the folder was not there.
    LayerError
        If one of the versions cannot be read.
    """
    names = before, after or WORKING_TREE
    first = read_revision(layers, before)
    second = read_folder(layers) if after is None else read_revision(layers, after)
    findings = [_findings(folder) for folder in (first, second)]
    return Comparison(
        *names,
        grounds=tuple(_grounds(first, second)),
        records=_record_differences(first, second),
        findings=_surplus(findings[1], findings[0]),
        mended=_surplus(findings[0], findings[1]),
        area=second.area,
        colors=_colors(second),
    )


def read_revision(layers: Path, revision: str) -> Folder:
    """
    Read a layers folder as it was in a commit.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    revision
        A commit, branch or tag.

    Returns
    -------
    folder
        All of it, in memory; its `root` is gone.

    Raises
    ------
    GeoError
        If git knows no such commit.
    LayerNotFoundError
        If the folder was not there.
    LayerError
        If a file of that version holds faults.
    """
    repository = Repository.around(layers)
    commit, path = repository.commit(revision), repository.relative(layers)
    with tempfile.TemporaryDirectory(prefix="frontline-") as name:
        root = Path(name) / "layers"
        if not repository.write_out(commit, path, root):
            raise LayerNotFoundError(f"{escape(revision)} has no folder {escape(path or '.')}")
        try:
            return read_folder(root)
        except LayerError as error:
            moved = [_of(issue, root, f"{revision}:{path}") for issue in error.issues]
            raise type(error)(moved or str(error)) from error


def _of(issue: Issue, root: Path, name: str) -> Issue:
    return dataclasses.replace(issue, file=issue.file.replace(str(root), name))


def _colors(folder: Folder) -> dict[str, str]:
    rows = folder.actors.rows
    return {row.id: str(row.values["color"]) for row in rows if row.values["color"]}


def _findings(folder: Folder) -> dict[tuple[str, ...], list[Issue]]:
    """What the checks say of a version, by rule and by the first of the ids concerned."""
    found: dict[tuple[str, ...], list[Issue]] = defaultdict(list)
    for issue in check_folder(folder):
        here = _of(issue, folder.root, "").file.lstrip("/")
        message = issue.message.replace(f"{folder.root}/", "")
        key = issue.code, here, issue.ids[0] if issue.ids else message
        found[key].append(dataclasses.replace(issue, file=here, message=message))
    return found


def _surplus(
    some: Mapping[tuple[str, ...], list[Issue]], others: Mapping[tuple[str, ...], list[Issue]]
) -> tuple[Issue, ...]:
    """Findings that others do not have, whatever the words: the numbers in them change easily."""
    found = []
    for key, issues in some.items():
        known = [issue.message for issue in others.get(key, [])]
        fresh = [issue for issue in issues if issue.message not in known]
        found += fresh[: max(0, len(issues) - len(known))]
    return tuple(found)


# --- ground -------------------------------------------------------------------


def _grounds(first: Folder, second: Folder) -> Iterator[Ground]:
    for day in sorted(first.control.keys() | second.control.keys()):
        one, two = first.control.get(day), second.control.get(day)
        if one is None and two is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = "added", second.control[against].features if against else ()
            new = two.features
        elif two is None and one is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = "gone", one.features
            new = second.control[against].features if against else ()
        else:
            assert one is not None and two is not None
            kind, against, old, new = "changed", day, one.features, two.features
            if not merge.difference(old, new) and first.area == second.area:
                continue
        yield _ground(day, kind, against, (first, second), (old, new))


def _ground(
    day: dt.date,
    kind: str,
    against: dt.date | None,
    folders: tuple[Folder, Folder],
    features: tuple[Sequence[Feature], Sequence[Feature]],
) -> Ground:
    patches = merge.difference(*features)
    if not (features[0] and features[1]):
        return Ground(day, kind, against, (), (), (), patches, ({}, {}), None, None)
    area, layers = _common_area(folders, features)
    sides = folders[0].sides | folders[1].sides
    composite = Composite.build(area, dict(zip((_ONE, _TWO), layers, strict=True)), sides)
    arrangement, one, two = composite.between(_ONE, _TWO)
    km2 = composite.ground_km2(arrangement)
    sums: dict[tuple[str, str], float] = defaultdict(float)
    surer: dict[str, float] = defaultdict(float)
    kinds = np.full(len(one), -1)
    inside = np.flatnonzero((one >= 0) & (two >= 0))
    pairs, inverse = np.unique(np.stack([one, two])[:, inside], axis=1, return_inverse=True)
    for i, (was, now) in enumerate(pairs.T.tolist()):
        old, new = composite.labels[was], composite.labels[now]
        faces = inside[inverse.ravel() == i]
        hands = composite.side(old), composite.side(new)
        if hands[0] != hands[1]:
            sums[hands] += float(km2[faces].sum())
            kinds[faces] = _MOVED
        elif words := _axes_changed(old, new):
            surer[words] += float(km2[faces].sum())
            kinds[faces] = _RETOLD
    drawn = [_side_shapes(composite, arrangement, row) for row in (one, two)]
    changed = dict(zip(*arrangement.dissolve(kinds), strict=True))
    return Ground(
        day=day,
        kind=kind,
        against=against,
        transfers=tuple(sorted(((*k, v) for k, v in sums.items()), key=lambda t: (-t[2], t))),
        surer=tuple(sorted(surer.items(), key=lambda item: (-item[1], item))),
        flips=tuple(_flips(composite, folders[1])),
        patches=patches,
        shapes=(drawn[0], drawn[1]),
        moved=changed.get(_MOVED),
        retold=changed.get(_RETOLD),
    )


def _common_area(
    folders: tuple[Folder, Folder], features: tuple[Sequence[Feature], Sequence[Feature]]
) -> tuple[shapely.Geometry, list[list[Patch]]]:
    """One study area for both versions, and their patches; what only one has is not assessed."""
    layers = [patches_of(tuple(some)) for some in features]
    if folders[0].area == folders[1].area:
        return folders[1].area, layers
    area = shapely.union(folders[0].area, folders[1].area, grid_size=1e-6)
    for patches in layers:
        whole = shapely.union_all([patch.geometry for patch in patches], grid_size=1e-6)
        rest = shapely.difference(area, whole, grid_size=1e-6)
        if not rest.is_empty:
            patches.append(Patch(Label(status=Status.UNKNOWN, patch="outside"), rest))
    return area, layers


def _axes_changed(old: Label, new: Label) -> str:
    """What else two labels of one side differ in, in words."""
    names = ("controller", "controllers", "status", "basis", "confidence")
    words = []
    for name in names:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            words.append(f"{name} {was or 'empty'} → {now or 'empty'}")
    return ", ".join(words)


def _side_shapes(composite: Composite, arrangement: Any, row: Any) -> dict[str, shapely.Geometry]:
    names, side = composite.side_codes
    codes, polygons = arrangement.dissolve(np.where(row >= 0, side[row], -1))
    return {names[code]: polygon for code, polygon in zip(codes.tolist(), polygons, strict=True)}


def _flips(composite: Composite, folder: Folder) -> Iterator[Flip]:
    located = [place for place in folder.places.values() if place.geometry is not None]
    if not located:
        return
    lon, lat = shapely.get_coordinates([place.geometry for place in located]).T
    found = [composite.labels_at(day, lon, lat).tolist() for day in (_ONE, _TWO)]
    for i, (place, was, now) in enumerate(zip(located, *found, strict=True)):
        if was < 0 or now < 0:
            continue
        hands = [composite.side(composite.labels[label]) for label in (was, now)]
        if hands[0] != hands[1]:
            where = float(lon[i]), float(lat[i])
            yield Flip(place.id, str(place.properties["name"]), hands[0], hands[1], where)


# --- everything else ----------------------------------------------------------


def _record_differences(first: Folder, second: Folder) -> dict[str, merge.Difference]:
    found = {}
    for name in SCHEMAS:
        if name == CONTROL.name:
            continue
        one, two = (_records(folder, name) for folder in (first, second))
        if "id" in SCHEMAS[name].names:
            different = merge.difference(one, two)
        else:
            different = _row_difference(one, two)
        if different:
            found[name] = different
    return found


def _records(folder: Folder, name: str) -> Any:
    if name == "theatre":
        return [folder.theatre]
    held = getattr(folder, name)
    if isinstance(held, Table):
        return held.rows
    return list(held.values()) if name == "places" else held


def _row_difference(one: Sequence[Row], two: Sequence[Row]) -> merge.Difference:
    """Rows without ids: there or not."""
    was = {tuple(row.values.items()): row for row in one}
    now = {tuple(row.values.items()): row for row in two}
    return merge.Difference(
        added=tuple(row for key, row in now.items() if key not in was),
        gone=tuple(row for key, row in was.items() if key not in now),
        changed=(),
    )


# --- ids ----------------------------------------------------------------------


def guard_ids(
    layers: Path, revision: str, *, staged: bool = False, confirmed: Collection[str] = ()
) -> list[Issue]:
    """
    Find ids that a commit has and the layers have not, and ids that came back.

    A program that saves an old copy of a layer deletes what others added since, and brings back
    what they deleted, without a word. An id stands for one thing for ever.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    revision
        The commit to compare with.
    staged
        Whether what is staged counts, instead of what lies on disk.
    confirmed
        Ids that may vanish or return; ``all`` stands for any.

    Returns
    -------
    issues
        Errors: ``id.vanished`` for each file, ``id.resurrected`` and ``id.reused`` for each id.

    Raises
    ------
    GeoError
        If git knows no such commit.
    LayerNotFoundError
        If there is no such folder.
    """
    repository = Repository.around(layers)
    commit, path = repository.commit(revision), repository.relative(layers)
    before = _files_at(repository, commit, path)
    now = _files_at(repository, None, path) if staged else _files_on_disk(layers)
    issues = [*_vanished(before, now, f"{revision}:{path}"), *_reused(before, now, revision)]
    issues += _resurrected(before, now, repository, commit, path)
    kept = []
    for issue in issues:
        ids = tuple(name for name in issue.ids if name not in confirmed)
        if ids and "all" not in confirmed:
            file = str(layers / issue.file)
            kept.append(dataclasses.replace(issue, ids=ids, file=file))
    return kept


def guard_commit(layers: Path, *, confirmed: Collection[str] = ()) -> list[Issue]:
    """
    Find ids that the commit which is staged would lose, or bring back.

    Where a merge is being committed, what either side deleted may be gone.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    confirmed
        Ids that may vanish or return; ``all`` stands for any.

    Returns
    -------
    issues
        As from `guard`; none before the first commit.

    Raises
    ------
    GeoError
        If git refuses.
    """
    repository = Repository.around(layers)
    if not repository.has("HEAD"):
        return []
    if not repository.has("MERGE_HEAD"):
        return guard_ids(layers, "HEAD", staged=True, confirmed=confirmed)
    path = repository.relative(layers)
    base = repository.merge_base("HEAD", "MERGE_HEAD")
    before = {} if base is None else _files_at(repository, base, path)
    issues = []
    for side, other in (("HEAD", "MERGE_HEAD"), ("MERGE_HEAD", "HEAD")):
        there = _files_at(repository, repository.commit(other), path)
        deleted = {name for issue in _vanished(before, there, other) for name in issue.ids}
        found = guard_ids(layers, side, staged=True, confirmed=[*confirmed, *deleted])
        issues += [issue for issue in found if issue.code == "id.vanished"]
    return issues


_Files = dict[str, tuple[Schema, dict[str, Feature | Row]]]


def _files_at(repository: Repository, commit: str | None, path: str) -> _Files:
    entries = repository.entries(commit, path)
    found: _Files = {}
    for entry, data in zip(entries, repository.contents(entries), strict=True):
        inner = Path(entry.path).relative_to(path)
        schema = schema_of(inner, Path())
        if schema is not None and "id" in schema.names:
            found[inner.as_posix()] = schema, _by_id(data, schema)
    return found


def _files_on_disk(layers: Path) -> _Files:
    return {
        path.relative_to(layers).as_posix(): (schema, _by_id(path.read_bytes(), schema))
        for path, schema in layer_paths(layers)
        if "id" in schema.names
    }


def _by_id(data: bytes, schema: Schema) -> dict[str, Feature | Row]:
    """The records of a file; none where it has faults, which are reported elsewhere."""
    try:
        if schema.geometry:
            text, _ = fmt_geojson(data, schema=schema, file="")
            layer = parse_geojson(text, schema=schema, file="")
            return {feature.id: feature for feature in layer.features}
        text, _ = fmt_table(data, schema=schema, file="")
        return {row.id: row for row in parse_table(text, schema=schema, file="").rows}
    except LayerError:
        return {}


def _homes(files: _Files) -> dict[tuple[str, str], list[str]]:
    """The files in which each id stands, by kind and id."""
    homes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, (schema, records) in files.items():
        for name in records:
            homes[schema.name, name].append(file)
    return homes


def _vanished(before: _Files, now: _Files, origin: str) -> Iterator[Issue]:
    homes = _homes(now)
    revision = origin.split(":")[0]
    for file, (schema, records) in sorted(before.items()):
        if file in now and not now[file][1] and records:
            message = f"it cannot be read, and {len(records)} ids of {revision} were in it"
            hint = "mend it first: `frontline check` says what is wrong"
            yield Issue("id.vanished", "error", message, hint, file, ids=tuple(sorted(records)))
            continue
        here = now[file][1] if file in now else {}
        gone = []
        for name in sorted(records):
            # A patch keeps its id from date to date; anything else may move to another file.
            elsewhere = homes.get((schema.name, name), [])
            if name not in here and (schema.name == CONTROL.name or not elsewhere):
                gone.append(name)
        if gone:
            what = "the file is gone, and" if file not in now else "it has lost"
            message = f"{what} {len(gone)} of the ids that {revision} has"
            hint = f"if that was meant, name them; else `git show '{origin}/{file}'` has them"
            yield Issue("id.vanished", "error", message, hint, file, ids=tuple(gone))


def _reused(before: _Files, now: _Files, revision: str) -> Iterator[Issue]:
    for file, (schema, records) in sorted(now.items()):
        if schema.name != CONTROL.name or file not in before:
            continue
        for name, record in sorted(records.items()):
            old = before[file][1].get(name)
            if not (isinstance(old, Feature) and isinstance(record, Feature)):
                continue
            if old.geometry is None or record.geometry is None or old.geometry == record.geometry:
                continue
            if not shapely.area(shapely.intersection(old.geometry, record.geometry)):
                message = f"it lies on other ground than in {revision}, and shares none with it"
                hint = "an id stands for one patch; give this one a new id"
                yield Issue("id.reused", "error", message, hint, file, record.line, (name,))


def _resurrected(
    before: _Files, now: _Files, repository: Repository, commit: str, path: str
) -> Iterator[Issue]:
    known = _homes(before)
    fresh = {key: homes[0] for key, homes in _homes(now).items() if key not in known}
    if not fresh:
        return
    wanted: dict[str, tuple[str, str]] = {name: (name, home) for (_, name), home in fresh.items()}
    for short, line in repository.removed_lines(commit, path):
        name = _id_in(line)
        if name in wanted:
            name, home = wanted.pop(name)
            message = f"it was there before, and {short} removed it"
            hint = "did a program save an old copy? a new thing needs a new id"
            line_number = now[home][1][name].line
            yield Issue("id.resurrected", "error", message, hint, home, line_number, (name,))


def _id_in(line: str) -> str:
    """The id on a line of a layer or table; empty where there is none."""
    text = line.strip()
    if text.startswith('"id": "'):
        return text[7:].split('"')[0]
    return text.split(",")[0] if text[:1].isalnum() else ""


# --- a new date ---------------------------------------------------------------


def new_layer(folder: Folder, day: str | dt.date, source: str | dt.date | None = None) -> Path:
    """
    Begin the control layer of a date as a copy of an earlier one.

    Patches keep their ids, and borders stay identical to the last digit: what is edited then is
    what changed.

    Parameters
    ----------
    folder
        The theatre.
    day
        The new date.
    source
        Date of the layer to copy; the default is the one in force on `day`.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    DateError
        If `day` has a layer already, or there is none to copy.
    StaleLayerError
        If the file appeared meanwhile; nothing is written.
    """
    date = parse_day(day)
    if date in folder.control:
        raise DateError(f"there is a layer of {date} already: edit that, or choose another date")
    if source is None:
        earlier = [known for known in folder.control if known < date]
        if not earlier:
            raise DateError(
                f"no layer is older than {date}; name one to copy with --from, or draft it with "
                f"`frontline estimate {date}`"
            )
        chosen = max(earlier)
    else:
        chosen = parse_day(source)
        if chosen not in folder.control:
            days = ", ".join(str(known) for known in folder.control) or "none"
            raise DateError(f"there is no layer of {chosen} to copy; there are: {days}")
    return write_control(folder, date, folder.control[chosen].features)
