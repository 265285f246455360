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
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.check import check_folder
from geo.control import Composite
from geo.crs import middle_of
from geo.edit.merge.by_id import Difference, compare_records
from geo.edit.versions.git import Repository
from geo.errors import Issue, LayerError, LayerNotFoundError, escape
from geo.layers import Table, patches_of, read_folder
from geo.model import CONTROL, SCHEMAS, Feature, Label, Patch, Row, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.layers import Folder


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
    names
        Of actors, places and the publishers of sources, by id; of the second version first.
    """

    before: str
    after: str
    grounds: tuple[LayerChange, ...]
    records: Mapping[str, Difference]
    findings: tuple[Issue, ...]
    mended: tuple[Issue, ...]
    area: shapely.Geometry
    colors: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)

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
    second = read_folder(layers, partial=True) if after is None else read_revision(layers, after)
    first, second = _without_broken(first, second)
    findings = [_findings(folder) for folder in (first, second)]
    return Comparison(
        *names,
        grounds=tuple(layer_changes(first, second)),
        records=_record_differences(first, second),
        findings=_surplus(findings[1], findings[0]),
        mended=_surplus(findings[0], findings[1]),
        area=second.area,
        colors={side: color for side, color in second.own_colors.items() if color},
        names=_names(first) | _names(second),
    )


def _without_broken(first: Folder, second: Folder) -> tuple[Folder, Folder]:
    """Both versions without the dated layers that cannot be read in one; their faults stay told."""
    broken = {
        issue.file.replace(str(folder.root), "", 1).lstrip("/")
        for folder in (first, second)
        for issue in folder.issues
        if issue.severity == "error"
    }
    if not broken:
        return first, second
    rest = []
    for folder in (first, second):
        control = {
            d: one for d, one in folder.control.items() if f"control/{d}.geojson" not in broken
        }
        layers = [one for one in folder.event_layers if not one.file.endswith(tuple(broken))]
        events = tuple(event for layer in layers for event in layer.features)
        rest.append(
            dataclasses.replace(folder, control=control, event_layers=tuple(layers), events=events)
        )
    return rest[0], rest[1]


def _names(folder: Folder) -> dict[str, str]:
    """What people call the things that ids stand for."""
    records = [(place.id, place.properties["name"]) for place in folder.places.values()]
    records += [(row.id, row.values["publisher"]) for row in folder.sources.rows]
    records += [(row.id, row.values["name"]) for row in folder.actors.rows]
    return {identity: str(name) for identity, name in records if name}


def _findings(folder: Folder) -> dict[tuple[str, ...], list[Issue]]:
    """What the checks say of a version, by rule and by the first of the ids concerned."""
    found: dict[tuple[str, ...], list[Issue]] = defaultdict(list)
    for issue in check_folder(folder, kept=True):
        here = rename_file(issue, folder.root, "").file.lstrip("/")
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


def _record_differences(first: Folder, second: Folder) -> dict[str, Difference]:
    found = {}
    for name in SCHEMAS:
        if name == CONTROL.name:
            continue
        one, two = (_records_of(folder, name) for folder in (first, second))
        if "id" in SCHEMAS[name].names:
            different = compare_records(one, two)
        else:
            different = _row_difference(one, two)
        if different:
            found[name] = different
    return found


def _records_of(folder: Folder, name: str) -> Any:
    if name == "theatre":
        return [folder.theatre]
    held = getattr(folder, name)
    if isinstance(held, Table):
        return held.rows
    return list(held.values()) if name == "places" else held


def _row_difference(one: Sequence[Row], two: Sequence[Row]) -> Difference:
    """Rows without ids: there or not."""
    was = {tuple(row.values.items()): row for row in one}
    now = {tuple(row.values.items()): row for row in two}
    return Difference(
        added=tuple(row for key, row in now.items() if key not in was),
        gone=tuple(row for key, row in was.items() if key not in now),
        changed=(),
    )


WORKING_TREE = "working tree"


_MOVED, _RETOLD = 0, 1


_ONE, _TWO = dt.date(1, 1, 1), dt.date(1, 1, 2)
"""Stand for the two versions in a composite; they are no dates of the theatre."""


class LayerFate(StrEnum):
    """What became of a layer."""

    CHANGED = "changed"
    ADDED = "added"
    GONE = "gone"


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
class LayerChange:
    """
    What became of the control layer of one date.

    Attributes
    ----------
    day
        The date.
    kind
        What became of it.
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
    kind: LayerFate
    against: dt.date | None
    transfers: tuple[tuple[str, str, float], ...]
    surer: tuple[tuple[str, float], ...]
    flips: tuple[Flip, ...]
    patches: Difference
    shapes: tuple[Mapping[str, shapely.Geometry], Mapping[str, shapely.Geometry]]
    moved: shapely.Geometry | None
    retold: shapely.Geometry | None

    @property
    def moved_km2(self) -> float:  # numpydoc ignore=RT01
        """All ground that changed sides."""
        return sum(km2 for _, _, km2 in self.transfers)


def layer_changes(first: Folder, second: Folder) -> Iterator[LayerChange]:
    """What became of every control layer that is not the same in both versions."""
    for day in sorted(first.control.keys() | second.control.keys()):
        one, two = first.control.get(day), second.control.get(day)
        if one is None and two is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = LayerFate.ADDED, second.control[against].features if against else ()
            new = two.features
        elif two is None and one is not None:
            against = max((d for d in second.control if d < day), default=None)
            kind, old = LayerFate.GONE, one.features
            new = second.control[against].features if against else ()
        else:
            assert one is not None and two is not None
            kind, against, old, new = LayerFate.CHANGED, day, one.features, two.features
            if one.digest and one.digest == two.digest and first.area == second.area:
                continue
            if not compare_records(old, new) and first.area == second.area:
                continue
        yield _ground(day, kind, against, (first, second), (old, new))


def _ground(
    day: dt.date,
    kind: LayerFate,
    against: dt.date | None,
    folders: tuple[Folder, Folder],
    features: tuple[Sequence[Feature], Sequence[Feature]],
) -> LayerChange:
    patches = compare_records(*features)
    if not (features[0] and features[1]):
        return LayerChange(day, kind, against, (), (), (), patches, ({}, {}), None, None)
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
    return LayerChange(
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
    layers = [patches_of(some) for some in features]
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
    shaped = [(p, p.geometry) for p in folder.places.values() if p.geometry is not None]
    if not shaped:
        return
    located = [place for place, _ in shaped]
    lon, lat = shapely.get_coordinates([middle_of(shape) for _, shape in shaped]).T
    found = [composite.labels_at(day, lon, lat).tolist() for day in (_ONE, _TWO)]
    for i, (place, was, now) in enumerate(zip(located, *found, strict=True)):
        if was < 0 or now < 0:
            continue
        hands = [composite.side(composite.labels[label]) for label in (was, now)]
        if hands[0] != hands[1]:
            where = float(lon[i]), float(lat[i])
            yield Flip(place.id, str(place.properties["name"]), hands[0], hands[1], where)


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
        If a file of that version holds faults, other than a dated layer: these are left out, and
        told among its issues.
    """
    repository = Repository.around(layers)
    commit, path = repository.commit(revision), repository.relative(layers)
    with tempfile.TemporaryDirectory(prefix="frontline-") as name:
        root = Path(name) / "layers"
        if not repository.write_out(commit, path, root):
            raise LayerNotFoundError(f"{escape(revision)} has no folder {escape(path or '.')}")
        try:
            folder = read_folder(root, partial=True)
        except LayerError as error:
            moved = [rename_file(issue, root, f"{revision}:{path}") for issue in error.issues]
            raise type(error)(moved or str(error)) from error
        return folder


def rename_file(issue: Issue, root: Path, name: str) -> Issue:
    """A finding with another name for the folder that its file lies in."""
    return dataclasses.replace(issue, file=issue.file.replace(str(root), name))
