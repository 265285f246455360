"""
What a file held before, and from which of these contents a copy was taken.

A merge needs what both sides began with. A copy that went through another program does not say of
what it is a copy, and a layer that two people began has no common version in git. Yet what either
says was copied from something that git, or the backups beside the layers, still have: the content
that it differs least from. Where a copy differs as little from two, it is asked about: to choose
the later one would take back what somebody wrote between.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from rapidfuzz import fuzz

from geo.edit.merge.by_id import State, read_records, states_of
from geo.edit.versions.git import Entry, Repository
from geo.errors import GeoError, LayerError, escape
from geo.layers import (
    digest,
    dump_geojson,
    dump_table,
    list_backups,
    parse_geojson,
    read_bytes,
)
from geo.model import CONTROL

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from geo.model import Feature, Schema, Value

    States = Mapping[str, State]

_MOST = 60
"""So many commits of a file are looked at; who works on an older copy says so."""


@dataclass(frozen=True, slots=True)
class Version:
    """
    A content that a file had once.

    Attributes
    ----------
    file
        Its path below the layers folder.
    name
        What brings it back: the name of a commit, or of a backup.
    author, email
        Who wrote it; empty for a backup, which this machine wrote.
    when
        And when.
    subject
        With which words; empty for a backup.
    data
        The content.
    """

    file: str
    name: str
    author: str
    email: str
    when: dt.datetime
    subject: str
    data: bytes

    def __str__(self) -> str:
        when = self.when.astimezone().strftime("%Y-%m-%d %H:%M")
        if not self.author:
            return f"the backup {self.name} of {when}"
        return f"{self.name} ({escape(self.author, 60)}, {when}: {escape(self.subject, 80)})"


def versions_of(layers: Path, file: str, *, most: int = _MOST) -> list[Version]:
    """Return what a file held, latest first: as committed up to here, and as kept by saves."""
    kept = []
    for one in list_backups(layers):
        if one.file == file:
            when = dt.datetime.fromtimestamp(one.path.stat().st_mtime, tz=dt.UTC)
            kept.append(Version(file, one.name, "", "", when, "", one.path.read_bytes()))
    known: set[str] = set()
    found = []
    # What is committed says who wrote it, so of equal contents that is kept.
    for version in [*_committed(layers, file, most), *kept]:
        if (mark := digest(version.data)) not in known:
            known.add(mark)
            found.append(version)
    return sorted(found, key=lambda one: one.when, reverse=True)


def _committed(layers: Path, file: str, most: int) -> list[Version]:
    """What commits that lead here made of a file; nothing where there is no git."""
    try:
        repository = Repository.around(layers)
        path = "/".join(filter(None, [repository.relative(layers), file]))
        return list(repository_versions(repository, "HEAD", path, file, most))
    except GeoError:
        return []


def repository_versions(
    repository: Repository, commit: str, path: str, file: str, most: int = _MOST
) -> Iterator[Version]:
    """Yield what commits that lead to one made of a path, latest first."""
    words = [
        *("log", "-z", "--full-history", f"--max-count={most}", "--diff-filter=AM", "--no-renames"),
        *("--format=%H%x1f%an%x1f%ae%x1f%cI%x1f%s", commit, "--", f":(top,literal){path}"),
    ]
    listed = repository.run(words).decode("utf-8", "replace").split("\0")
    facts = [line.split("\x1f") for line in listed if line.count("\x1f") == 4]
    contents = repository.contents([Entry(path, f"{full}:{path}") for full, *_ in facts])
    for (full, author, email, when, subject), data in zip(facts, contents, strict=True):
        moment = dt.datetime.fromisoformat(when)
        yield Version(file, full[:10], author, email, moment, subject, data)


def find_content(layers: Path, file: str, wanted: str) -> bytes | None:
    """Return the content of a file that has a digest; None where nobody has it any more."""
    found = (one.data for one in versions_of(layers, file, most=1000) if digest(one.data) == wanted)
    return next(found, None)


NOW = "now"
"""Stands for what lies on the disk."""


def read_base(layers: Path, file: str, name: str, *, schema: Schema) -> bytes:
    """
    Return what a file held in a version that a person names.

    Parameters
    ----------
    layers
        The layers folder.
    file
        Path of the file below it.
    name
        A git revision, a backup as `list_backups` names it, or ``now``.
    schema
        What the file is.

    Returns
    -------
    data
        Canonical text.

    Raises
    ------
    GeoError
        If there is no such version, or it has no such file.
    LayerError
        If it cannot be read.
    """
    if name == NOW:
        data = read_bytes(layers / file, root=layers)
    elif kept := [one for one in list_backups(layers) if one.name == name and one.file == file]:
        data = kept[0].path.read_bytes()
    else:
        repository = Repository.around(layers)
        path = "/".join(filter(None, [repository.relative(layers), file]))
        entries = [e for e in repository.entries(repository.commit(name), path) if e.path == path]
        if not entries:
            raise GeoError(f"there is no {file} at {escape(name)}")
        data = next(repository.contents(entries))
    records: Any = read_records(data, schema=schema, file=f"{name}:{file}", repair=True)
    return (
        dump_geojson(records, schema=schema)
        if schema.geometry
        else dump_table(records, schema=schema)
    )


def tell_last_word(layers: Path, file: str) -> str:
    """Who wrote what a file holds now, when, and with which words; empty where it is not there."""
    path = layers / file
    try:
        data, moment = path.read_bytes(), path.stat().st_mtime
    except OSError:
        return ""
    mark = digest(data)
    for version in _committed(layers, file, 1):
        if digest(version.data) == mark:
            return str(version)
    when = dt.datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    return f"saved at {when}, not committed"


def read_version(version: Version) -> tuple[Feature, ...]:
    """The patches of a version; none where it has faults."""
    try:
        return parse_geojson(version.data, schema=CONTROL, file="", repair=True).features
    except LayerError:
        return ()


# --- of what a file is a copy ------------------------------------------------------

_TIE = 0.05
"""Two distances nearer to each other than this are as good as the same."""


def distance(one: States, other: States, keys: Collection[str] | None = None) -> float:
    """
    How much two versions differ: a record that only one has counts one, a value up to one.

    Values that are much alike count less: who edits a sentence leaves most of its words.
    """
    one = with_ids_of(one, other)
    total = float(len(one.keys() ^ other.keys()))
    for name in one.keys() & other.keys():
        total += _apart(one[name], other[name], keys)
    return total


def with_ids_of(one: States, other: States) -> States:
    """
    Give records of a version that is nowhere else by its id the id of the same ground there.

    Programs drop ids, or number features anew; ground that is the same to the last digit is the
    same patch.
    """
    lost = {
        shapely.to_wkb(state.geometry): name
        for name, state in other.items()
        if name not in one and state.geometry is not None
    }
    if not lost:
        return one
    named: dict[str, State] = {}
    for name, state in one.items():
        own = name
        if name not in other and state.geometry is not None:
            own = lost.pop(shapely.to_wkb(state.geometry), name)
        named[own] = State({**state.values, "id": own}, state.geometry) if own != name else state
    return named


def _apart(one: State, other: State, keys: Collection[str] | None) -> float:
    total = 0.0
    for key in one.values.keys() | other.values.keys():
        a, b = one.values.get(key), other.values.get(key)
        if a != b and (keys is None or key in keys):
            total += 1 - _ALIKE * _likeness(a, b)
    if one.geometry != other.geometry:
        corners = [_corners(state.geometry) for state in (one, other)]
        alike = len(corners[0] & corners[1]) / max(1, len(corners[0] | corners[1]))
        total += 1 - _ALIKE * alike
    return total


_ALIKE = 0.9
_SENTENCE = 20


def _likeness(one: Value, other: Value) -> float:
    """How much two texts are alike, 0 to 1; words of a closed list are not."""
    if not isinstance(one, str) or not isinstance(other, str) or len(one) < _SENTENCE:
        return 0.0
    return fuzz.ratio(one, other) / 100


def _corners(shape: shapely.Geometry | None) -> set[tuple[float, ...]]:
    return set() if shape is None else set(map(tuple, shapely.get_coordinates(shape).tolist()))


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Of what a copy is one, and what stands against it.

    Attributes
    ----------
    version
        That it was taken from; None for what lies on the disk.
    rivals
        Others that it may as well have been taken from.
    is_exact
        Whether the copy says just what that version said.
    """

    version: Version | None
    rivals: tuple[Version, ...] = ()
    is_exact: bool = False


def find_origin(
    mine: States,
    now: States,
    versions: Iterable[Version],
    *,
    columns: Collection[str] | None = None,
    read: Callable[[Version], States] | None = None,
) -> Origin:
    """
    Find which version of a file a copy was taken from.

    Parameters
    ----------
    mine
        The copy.
    now
        The file as it is now.
    versions
        What it held before, latest first.
    columns
        Properties of which the copy says anything; None for all.
    read
        The records of a version; the default reads a control layer.

    Returns
    -------
    origin
        The version that it differs least from.
    """
    read = read or (lambda version: states_of(read_version(version)))
    here = distance(mine, now, columns)
    found = []
    for version in versions:
        then = read(version)
        if then and then != now:
            found.append((distance(mine, then, columns), version))
    if not found:
        return Origin(None)
    least = min(away for away, _ in found)
    # Of versions that are as near the latest: it holds most of what others wrote.
    nearest = next(version for away, version in found if away <= least + 1e-9)
    if least < here - _TIE:
        return Origin(nearest, is_exact=least == 0)
    if here == 0:
        return Origin(None)
    return Origin(None, tuple(v for away, v in found if away <= here + _TIE))


def common_beginning(
    one: Sequence[Feature], other: Sequence[Feature], candidates: Mapping[str, Sequence[Version]]
) -> Version | None:
    """
    Find what two layers of one date were both copied from.

    Parameters
    ----------
    one, other
        The layers.
    candidates
        Versions that either may be a copy of, by file, latest first.

    Returns
    -------
    version
        None where they are no copies of one layer. Where one was copied from an earlier version
        than the other, the earlier: what was written between is then an edit of the latter.
    """
    sides = [states_of(features) for features in (one, other)]
    best: tuple[float, Version] | None = None
    for versions in candidates.values():
        read = [(states_of(read_version(version)), version) for version in versions]
        read = [(then, v) for then, v in read if all(_is_kin(then, side) for side in sides)]
        if not read:
            continue
        away = [[distance(side, then) for then, _ in read] for side in sides]
        # The last of the nearest is the earliest of them: an edit too many is a question, an
        # edit too few is a loss.
        at = [max(i for i, a in enumerate(row) if a <= min(row) + _TIE) for row in away]
        total = sum(min(row) for row in away)
        if best is None or total < best[0] - _TIE:
            best = total, read[max(at)][1]
    return None if best is None else best[1]


_LAYERS_BEFORE = 4
_VERSIONS = 12
"""So many layers before a new one, and versions of each, are looked at."""


def beginning_in_git(repository: Repository, path: str, sides: Sequence[bytes]) -> bytes | None:
    """
    Return what two layers of one date, that two people began, were both copied from.

    Parameters
    ----------
    repository
        Where they are merged.
    path
        Of the layer, from the top.
    sides
        The two layers.

    Returns
    -------
    data
        Content of an earlier layer; None where they are no copies of one.
    """
    folder, _, name = path.rpartition("/")
    entries = repository.entries(repository.commit("HEAD"), folder)
    names = sorted(e.path for e in entries if e.path.endswith(".geojson"))
    earlier = [one for one in names if one.rpartition("/")[2] < name][-_LAYERS_BEFORE:]
    later = [one for one in names if one.rpartition("/")[2] > name][:1]
    candidates = {
        one: list(repository_versions(repository, "HEAD", one, one, _VERSIONS))
        for one in [*reversed(earlier), *later]
    }
    layers = [parse_geojson(d, schema=CONTROL, file=path, repair=True).features for d in sides]
    begun = common_beginning(layers[0], layers[1], candidates)
    return None if begun is None else begun.data


def _is_kin(one: States, other: States) -> bool:
    """Whether one may be a copy of the other: most of the ids of either are in both."""
    shared = len(one.keys() & other.keys())
    return 2 * shared > max(1, min(len(one), len(other)))
