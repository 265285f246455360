"""
Ids that vanish or return: a program that saved an old copy of a layer.

An id stands for one thing for ever, so one that is gone, or back, is asked about.

An id that vanished is an error until a person lists it: a program that saves an old copy deletes
what others added without a word.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import shapely

from geo.edit.merge.by_id import read_records
from geo.edit.versions.dropped import Files, dropped_edits
from geo.edit.versions.git import Repository
from geo.edit.versions.losses import lost_columns
from geo.edit.versions.standing import Standing, find_standing
from geo.errors import Issue, LayerError, refuse
from geo.layers import KeptLayers, digest, kept_layers, layer_paths, schema_of
from geo.model import CONTROL, THEATRE, Feature, Row, Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence


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
        Errors: ``id.vanished`` for each file, ``id.resurrected`` and ``id.reused`` for each id;
        while `revision` is a side of a merge that is not committed yet, what `guard_merge` finds.

    Raises
    ------
    GeoError
        If git knows no such commit.
    LayerNotFoundError
        If there is no such folder.
    """
    repository = Repository.around(layers)
    commit, path = repository.commit(revision), repository.relative(layers)
    standing = None if staged else find_standing(repository)
    if standing and commit in {standing.ours.commit, standing.theirs.commit}:
        return guard_merge(layers, standing, confirmed=confirmed)
    before = _files_at(repository, commit, path)
    now = _files_at(repository, None, path) if staged else _files_on_disk(layers)
    issues = [*_vanished(before, now, f"{revision}:{path}"), *_reused(before, now, revision)]
    issues += _resurrected(before, now, repository, commit, path)
    issues += _losses(before, now, revision)
    return _unconfirmed(issues, layers, confirmed)


def guard_commit(
    layers: Path, standing: Standing | None, *, confirmed: Collection[str] = ()
) -> list[Issue]:
    """
    Find ids that the commit which is staged would lose, or bring back, and edits that it drops.

    Where a merge is being committed, what either side deleted may be gone.

    Parameters
    ----------
    layers
        The folder, in a git repository.
    standing
        The merge that is being committed; None where it is none.
    confirmed
        Ids that may vanish or return; ``all`` stands for any.

    Returns
    -------
    issues
        As from `guard`, and ``merge.lost``; none before the first commit.

    Raises
    ------
    GeoError
        If git refuses.
    """
    repository = Repository.around(layers)
    if not repository.has("HEAD"):
        return []
    if standing is None:
        return guard_ids(layers, "HEAD", staged=True, confirmed=confirmed)
    return guard_merge(layers, standing, staged=True, confirmed=confirmed)


def guard_merge(
    layers: Path, standing: Standing, *, staged: bool = False, confirmed: Collection[str] = ()
) -> list[Issue]:
    """Find ids that are gone and that neither side of a merge deleted, and edits that it drops."""
    repository = Repository.around(layers)
    path = repository.relative(layers)
    versions = [
        {} if commit is None else _files_at(repository, commit, path)
        for commit in (standing.base, standing.ours.commit, standing.theirs.commit)
    ]
    before, ours, theirs = versions
    now = _files_at(repository, None, path) if staged else _files_on_disk(layers)
    issues: list[Issue] = []
    for one, other, side in ((ours, theirs, standing.ours), (theirs, ours, standing.theirs)):
        gone = {name for issue in _vanished(before, other, "") for name in issue.ids}
        issues += [
            dataclasses.replace(issue, ids=tuple(name for name in issue.ids if name not in gone))
            for issue in _vanished(one, now, f"{side.name}:{path}")
            if not gone.issuperset(issue.ids)
        ]
    issues += dropped_edits(before, ours, theirs, now, standing)
    return _unconfirmed(issues, layers, confirmed)


def _unconfirmed(issues: Iterable[Issue], layers: Path, confirmed: Collection[str]) -> list[Issue]:
    kept = []
    for issue in issues:
        ids = tuple(name for name in issue.ids if name not in confirmed)
        if ids and "all" not in confirmed:
            file = str(layers / issue.file)
            kept.append(dataclasses.replace(issue, ids=ids, file=file))
    return kept


def _files_at(repository: Repository, commit: str | None, path: str) -> Files:
    entries = repository.entries(commit, path)
    return _by_file(
        (Path(entry.path).relative_to(path).as_posix(), data)
        for entry, data in zip(entries, repository.contents(entries), strict=True)
    )


def _files_on_disk(layers: Path) -> Files:
    return _by_file(
        (path.relative_to(layers).as_posix(), path.read_bytes()) for path, _ in layer_paths(layers)
    )


def _by_file(files: Iterable[tuple[str, bytes]]) -> Files:
    """The files that have ids; the same text of a version is the same object in all."""
    texts = {file: data for file, data in files if (schema := schema_of(Path(file), Path()))}
    theatre = texts.get(THEATRE.path)
    kept = None if theatre is None else kept_layers(theatre)
    found: Files = {}
    for file, data in texts.items():
        schema = schema_of(Path(file), Path())
        if schema is not None and "id" in schema.names:
            found[file] = schema, _by_id(data, schema, kept)
    return found


_READ: WeakValueDictionary[tuple[str, str], _Records] = WeakValueDictionary()
"""Versions that were read: of two commits most files are the same."""


class _Records(dict[str, Feature | Row]):
    """Records by id, which one may refer to weakly."""


def _by_id(data: bytes, schema: Schema, kept: KeptLayers | None) -> dict[str, Feature | Row]:
    """The records of a file; none where it has faults, which are reported elsewhere."""
    mark = digest(data)
    known = _READ.get((schema.name, mark))
    if known is not None:
        return known
    records: Sequence[Feature] | Sequence[Row] | None = None
    if kept is not None and schema.name == CONTROL.name:
        records = kept.features(mark)
    if records is None:
        try:
            records = read_records(data, schema=schema, file="", repair=True)
        except LayerError:
            records = ()
    read = _Records((record.id, record) for record in records)
    _READ[schema.name, mark] = read
    return read


def _homes(files: Files) -> dict[tuple[str, str], list[str]]:
    """The files in which each id stands, by kind and id."""
    homes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for file, (schema, records) in files.items():
        for name in records:
            homes[schema.name, name].append(file)
    return homes


def _vanished(before: Files, now: Files, origin: str) -> Iterator[Issue]:
    homes = _homes(now)
    revision = origin.split(":")[0]
    for file, (schema, records) in sorted(before.items()):
        if file in now and now[file][1] is records:
            continue
        if file in now and not now[file][1] and records:
            message = f"it cannot be read, and {len(records)} ids of {revision} were in it"
            hint = "mend it first: `frontline check` says what is wrong"
            yield refuse("id.vanished", message, hint, file=file, ids=tuple(sorted(records)))
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
            yield refuse("id.vanished", message, hint, file=file, ids=tuple(gone))


def _reused(before: Files, now: Files, revision: str) -> Iterator[Issue]:
    for file, (schema, records) in sorted(now.items()):
        if schema.name != CONTROL.name or file not in before or before[file][1] is records:
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
                yield refuse("id.reused", message, hint, file=file, line=record.line, ids=(name,))


def _losses(before: Files, now: Files, revision: str) -> Iterator[Issue]:
    """Columns of tables that were emptied, or sorted without the others."""
    for file, (schema, records) in sorted(now.items()):
        if schema.geometry or file not in before or not records or before[file][1] is records:
            continue
        rows = [
            [r for r in some.values() if isinstance(r, Row)] for some in (before[file][1], records)
        ]
        for issue in lost_columns(schema, rows[0], rows[1]):
            message = f"{issue.message}, against {revision}"
            hint = f"if it is meant, `frontline gone {issue.ids[0]}` says so"
            yield dataclasses.replace(issue, message=message, hint=hint, file=file)


def _resurrected(
    before: Files, now: Files, repository: Repository, commit: str, path: str
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
            yield refuse("id.resurrected", message, hint, file=home, line=line_number, ids=(name,))


def _id_in(line: str) -> str:
    """The id on a line of a layer or table; empty where there is none."""
    text = line.strip()
    if text.startswith('"id": "'):
        return text[7:].split('"')[0]
    return text.split(",")[0] if text[:1].isalnum() else ""
