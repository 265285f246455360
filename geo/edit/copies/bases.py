"""
Of which version of a layer a file from elsewhere is a copy, and what saving it would take back.

A GeoPackage of ours carries what it was made of. Another file does not, so its base is looked for
among what the layer held before, and the person is asked where two would do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geo.edit.copies.checkout import earlier_day, layer_path
from geo.edit.merge.by_id import compare_records, states_of
from geo.edit.versions.git import Repository
from geo.edit.versions.origins import (
    NOW,
    Version,
    common_beginning,
    find_origin,
    read_version,
    versions_of,
)
from geo.errors import GeoError, escape
from geo.layers import dump_geojson, read_bytes
from geo.model import CONTROL

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from geo.edit.copies.reading import Copy
    from geo.layers import Folder
    from geo.model import Feature

_NAMED = 4


def settle_base(folder: Folder, copy: Copy, day: dt.date) -> tuple[Copy, list[str]]:
    """
    Give a copy the content that it was taken from, where it does not carry that.

    Parameters
    ----------
    folder
        The theatre, as read.
    copy
        From `read_copy`.
    day
        Date of the layer.

    Returns
    -------
    copy
        With a base, where it is a copy of something else than what lies on the disk.
    notes
        What was found, one sentence.

    Raises
    ------
    GeoError
        If the copy says what a former version said and nothing else, or may be a copy of a
        version that somebody else has changed since.
    """
    layer = folder.control.get(day)
    if copy.base is not None or layer is None:
        return copy, []
    versions = versions_of(folder.root, f"control/{day}.geojson")
    me = own_email(folder.root)
    origin = find_origin(
        states_of(copy.features), states_of(layer.features), versions, columns=copy.columns
    )
    if origin.is_exact and origin.version is not None:
        raise GeoError(_tell_old(copy, origin.version, layer.features, versions))
    if origin.version is None and any(v.email and v.email != me for v in versions):
        begun = _began_elsewhere(folder, copy, day)
        if begun is not None:
            origin = replace(origin, version=begun, rivals=())
    if origin.version is not None:
        since = _tell_since(origin.version, versions)
        note = (
            f"{escape(str(copy.path))} was taken from {origin.version}, from which it differs "
            f"least; what the layer says since{since} is merged in"
        )
        base = dump_geojson(read_version(origin.version), schema=CONTROL)
        return replace(copy, base=base), [note]
    for rival in origin.rivals:
        between = _since(rival, versions)
        if any(version.email and version.email != me for version in between):
            raise GeoError(_tell_tie(copy, rival, layer.features, versions))
    return copy, []


def own_email(root: Path) -> str:
    """Who commits here; empty where nobody does."""
    try:
        told = Repository.around(root).run(["var", "GIT_AUTHOR_IDENT"])
    except GeoError:
        return ""
    return told.decode("utf-8", "replace").rpartition("<")[2].partition(">")[0]


def _began_elsewhere(folder: Folder, copy: Copy, day: dt.date) -> Version | None:
    """The earlier layer that a copy was begun from, where somebody else began this one too."""
    layer, before = folder.control[day], earlier_day(folder, day)
    if before is None:
        return None
    file = f"control/{before}.geojson"
    candidates = versions_of(folder.root, file)
    begun = common_beginning(copy.features, layer.features, {file: candidates})
    if begun is None:
        return None
    # As a copy of the layer itself it must not differ less.
    now = replace(begun, data=read_bytes(layer_path(folder, day), root=folder.root))
    found = find_origin(
        states_of(copy.features), states_of(read_version(begun)), [now], columns=copy.columns
    )
    return None if found.version is not None or found.rivals else begun


def _since(version: Version, versions: Sequence[Version]) -> list[Version]:
    return list(versions[: versions.index(version)]) if version in versions else []


def _tell_since(version: Version, versions: Sequence[Version]) -> str:
    later = [str(one) for one in _since(version, versions) if one.author]
    if not later:
        return ""
    more = f" and {len(later) - _NAMED} more" if len(later) > _NAMED else ""
    return f", in {', '.join(later[:_NAMED])}{more},"


def _tell_undone(version: Version, on_disk: Sequence[Feature]) -> str:
    difference = compare_records(read_version(version), on_disk)
    told = [
        f"{one.id} ({', '.join(n for n, _, _ in one.values) or 'its border'})"
        for one in difference.changed
    ]
    told += [f"{one.id} (added)" for one in difference.added]
    told += [f"{one.id} (gone)" for one in difference.gone]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{', '.join(told[:_NAMED])}{more}"


def _tell_old(
    copy: Copy, version: Version, on_disk: Sequence[Feature], versions: Sequence[Version]
) -> str:
    return (
        f"{escape(str(copy.path))} says what the layer said in {version}, and nothing was edited "
        f"in it; saving it would undo what was said since{_tell_since(version, versions)} of "
        f"{_tell_undone(version, on_disk)}. If that is meant, say --base {NOW}"
    )


def _tell_tie(
    copy: Copy, version: Version, on_disk: Sequence[Feature], versions: Sequence[Version]
) -> str:
    return (
        f"{escape(str(copy.path))} may have been taken from {version}, or from the layer as it is; "
        f"in between{_tell_since(version, versions)} others changed "
        f"{_tell_undone(version, on_disk)}. Nothing was written: --base {version.name} merges with "
        f"that, --base {NOW} puts the file in its place"
    )
