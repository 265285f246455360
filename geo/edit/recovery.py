"""
The day after a crash, or a mistake: what can be put back.

Every save keeps what it replaces (`list_backups`). Beside that lie saves that broke off, of
ours or of another program, edits that the editor had not saved yet, and working copies.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from geo.edit.copies.checkout import open_copies
from geo.edit.copies.plan import unsaved
from geo.edit.copies.reading import read_copy
from geo.edit.merge.by_id import Difference, compare_records, read_records
from geo.errors import LayerError, LayerNotFoundError, UnknownIdError, escape
from geo.layers import Journal, digest, layer_paths, list_backups, read_bytes, save_file, schema_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Leftover:
    """
    Something that a save, a crash or another program left behind.

    Attributes
    ----------
    name
        What `restore` takes; such as ``control/2017-08-02.geojson@3``.
    kind
        ``backup`` (what a file held before a save), ``unfinished`` (a save that broke off),
        ``journal`` (edits in the editor that were not saved) or ``copy`` (a working copy).
    file
        The layer or table that it belongs to, below the folder; empty where it is not known.
    path
        Where it lies.
    saved_at
        When it was written.
    says
        What is in it, compared with what stands there now.
    is_usable
        Whether `restore` can put it back.
    """

    name: str
    kind: Literal["backup", "unfinished", "journal", "copy"]
    file: str
    path: Path
    saved_at: dt.datetime
    says: str
    is_usable: bool


def leftovers(root: Path, *, latest: int | None = None) -> list[Leftover]:
    """
    Find everything from which work can be restored.

    Parameters
    ----------
    root
        The layers folder; its files may be damaged.
    latest
        So many former contents of each file; None takes all.

    Returns
    -------
    leftovers
        Unfinished saves and journals first, then working copies, then backups, latest first.

    Raises
    ------
    LayerNotFoundError
        If there is no such folder.
    """
    layer_paths(root)
    found: list[Leftover] = []
    for pattern in ("*.tmp", ".frontline-*.tmp", "*/*.tmp"):
        for path in sorted(set(root.glob(pattern))):
            if path.parent.name != ".frontline" and all(path != one.path for one in found):
                found.append(_unfinished(path, root))
    private = root / ".frontline"
    for path in sorted(private.glob("*.journal")) if private.is_dir() else ():
        count = len(Journal(path).records())
        again = "geocode REPORT --review" if path.name.startswith("review-") else "edit"
        says = f"{count} records; start `frontline {again}` again, it offers them"
        says = says if count else "empty"
        found.append(Leftover(path.name, "journal", "", path, _written(path), says, False))
    found += [_copy_left(path) for path in open_copies(root)]
    seen: Counter[str] = Counter()
    for one in list_backups(root):
        seen[one.file] += 1
        if latest is not None and seen[one.file] > latest:
            continue
        says, usable = _compared(one.path, one.file, root)
        found.append(
            Leftover(one.name, "backup", one.file, one.path, _written(one.path), says, usable)
        )
    return found


def _unfinished(path: Path, root: Path) -> Leftover:
    """A file that a save left behind: of ours, or of a program that writes NAME.tmp."""
    beside = path.with_suffix("")
    is_ours = path.name.startswith(".frontline-")
    file = "" if is_ours or not beside.exists() else beside.relative_to(root).as_posix()
    says, usable = "a save of this program broke off; the file itself is as it was", False
    if file:
        says, usable = _compared(path, file, root)
    name = path.relative_to(root).as_posix()
    return Leftover(name, "unfinished", file, path, _written(path), says, usable)


def _copy_left(path: Path) -> Leftover:
    says, file = "", ""
    try:
        copy = read_copy(path)
        file = f"control/{copy.day}.geojson" if copy.day else ""
        says = _counted(unsaved(copy), "not saved")
    except LayerError as error:
        says = f"it has faults: {escape(str(error).splitlines()[0], 200)}"
    return Leftover(str(path), "copy", file, path, _written(path), says, False)


def _written(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC)


def _compared(path: Path, file: str, root: Path) -> tuple[str, bool]:
    """What a former or unfinished content of a file says beside the present one."""
    schema = schema_of(root / file, root)
    if schema is None:
        return "it belongs to no layer or table", False
    try:
        data = read_bytes(path, root=root)
        then = read_records(data, schema=schema, file=str(path))
    except LayerError as error:
        return f"not whole: {escape(str(error).splitlines()[0], 200)}", False
    try:
        current = read_bytes(root / file, root=root)
        now = read_records(current, schema=schema, file=file)
    except LayerError:
        return "whole, while the file itself is missing or damaged", True
    if data == current:
        return "the same as the file now", True
    return _counted(compare_records(now, then), "if it is put back"), True


def describe_restore(root: Path, one: Leftover) -> list[str]:
    """
    Return what putting a leftover back would change, one line a record.

    Parameters
    ----------
    root
        The layers folder.
    one
        From `leftovers`.

    Returns
    -------
    lines
        Records that would be added, gone and changed; none where that cannot be told.
    """
    schema = schema_of(root / one.file, root) if one.file and one.is_usable else None
    if schema is None:
        return []
    try:
        then = read_records(read_bytes(one.path, root=root), schema=schema, file=str(one.path))
        now = read_records(read_bytes(root / one.file, root=root), schema=schema, file=one.file)
    except LayerError:
        return []
    found = compare_records(now, then)
    lines = [f"+ {record.id}" for record in found.added]
    lines += [f"- {record.id}" for record in found.gone]
    for change in found.changed:
        said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
        if change.moved_km2 is not None:
            said.append(f"{change.moved_km2:,.3f} km2 redrawn")
        if change.moved_km is not None:
            said.append(f"moved by {change.moved_km:,.2f} km")
        lines.append(f"~ {change.id}  {'; '.join(said)}")
    return lines


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 60)


def _counted(difference: Difference, when: str) -> str:
    counts = {
        "added": len(difference.added),
        "gone": len(difference.gone),
        "changed": len(difference.changed),
    }
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{said} {when}" if said else "no difference"


def restore(root: Path, name: str) -> Path:
    """
    Put back what a file held before, or what an unfinished save would have written.

    The content that is there now is kept as a backup, so that this can be undone.

    Parameters
    ----------
    root
        The layers folder.
    name
        Name of a leftover.

    Returns
    -------
    path
        The file that was written.

    Raises
    ------
    UnknownIdError
        If there is no such leftover, or nothing can be put back from it.
    SchemaError
        If its content is not whole.
    LayerError
        If the system refuses to write.
    """
    one = next((o for o in leftovers(root) if o.name == name and o.is_usable), None)
    if one is None:
        raise UnknownIdError(
            f"nothing can be put back by the name {escape(name)}; `frontline recover` lists names"
        )
    data = read_bytes(one.path, root=root)
    path = root / one.file
    current = None
    try:
        current = digest(read_bytes(path, root=root))
    except LayerNotFoundError:
        path.parent.mkdir(exist_ok=True)
    save_file(path, data, expected=current, root=root)
    return path
