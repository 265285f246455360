"""
Two versions of a theatre in git: what a change to the layers means.

Lines of coordinates tell a reviewer nothing. Here both versions are read as theatres, and what
comes out is ground that changed hands, places that flip, features and rows that came, went or
changed, and what the checks have to say that they did not say before.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.check import check_folder
from geo.edit.merge.difference import Difference, compare_records
from geo.edit.versions.ground import LayerChange, layer_changes
from geo.edit.versions.revision import read_revision, rename_file
from geo.layers import Table, read_folder
from geo.model import CONTROL, SCHEMAS, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import shapely

    from geo.errors import Issue
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
    """

    before: str
    after: str
    grounds: tuple[LayerChange, ...]
    records: Mapping[str, Difference]
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
        grounds=tuple(layer_changes(first, second)),
        records=_record_differences(first, second),
        findings=_surplus(findings[1], findings[0]),
        mended=_surplus(findings[0], findings[1]),
        area=second.area,
        colors=_colors(second),
    )


def _colors(folder: Folder) -> dict[str, str]:
    rows = folder.actors.rows
    return {row.id: str(row.values["color"]) for row in rows if row.values["color"]}


def _findings(folder: Folder) -> dict[tuple[str, ...], list[Issue]]:
    """What the checks say of a version, by rule and by the first of the ids concerned."""
    found: dict[tuple[str, ...], list[Issue]] = defaultdict(list)
    for issue in check_folder(folder):
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
