"""
What the page sent, looked at before anything is done with it, and the files that it becomes.

Features and rows are read as strictly as a file; what has the wrong form is refused by name. A
save writes several files together or none.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.edit.editor.parts import SCHEMAS, Record
from geo.errors import LayerError
from geo.layers import digest, parse_features, parse_rows, save_file
from geo.model import Feature, Row

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo.errors import Issue

    Answer = dict[str, Any]

MAX_RECORDS = 20_000
"""More features or rows than this are not taken from the page."""


class RequestError(ValueError):
    """What the page sent is not what it should send."""


def read_records_of(part: str, sent: object, *, file: str) -> tuple[Record, ...]:
    """
    Read what the page sent as strictly as a file.

    Parameters
    ----------
    part
        Its name.
    sent
        GeoJSON features, or rows as objects.
    file
        What messages call it.

    Returns
    -------
    records
        Sorted by id.

    Raises
    ------
    RequestError
        If it is no list of objects, or too long.
    SchemaError
        If it could not stand in the file.
    """
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise RequestError(f"{part} must be a list of objects")
    if len(sent) > MAX_RECORDS:
        raise RequestError(f"{part} has {len(sent)} entries; the limit is {MAX_RECORDS}")
    schema = SCHEMAS[part]
    if schema.geometry:
        return parse_features(sent, schema=schema, file=file).features
    for row in sent:
        if bad := [v for v in row.values() if v is not None and type(v) not in {str, int}]:
            raise RequestError(f"a row holds {json.dumps(bad[0])[:40]}, not text, integer or null")
    rows = [Row(str(row.get("id") or ""), {**row}) for row in sent]
    # Numbered as they will stand in the file: findings are told in that order.
    rows.sort(key=lambda row: row.id)
    numbered = [dataclasses.replace(row, line=line) for line, row in enumerate(rows, 2)]
    return parse_rows(numbered, schema=schema, file=file).rows


def read_part(part: str, value: object) -> object:
    """
    The records of a part, with or without an etag beside them.

    Raises
    ------
    RequestError
        If they are not there.
    """
    if isinstance(value, dict):
        key = "rows" if part == "changes" else "features"
        if key not in value:
            raise RequestError(f"{part} must hold {key}")
        return value[key]
    return value


def read_etag(part: str, value: object) -> str:
    """
    The etag of a part.

    Raises
    ------
    RequestError
        If it has none.
    """
    etag = value.get("etag") if isinstance(value, dict) else None
    if not isinstance(etag, str):
        raise RequestError(f"{part} must hold the etag that it was read with")
    return etag


def read_line(value: object) -> list[tuple[float, float]]:
    """
    The positions of a line.

    Raises
    ------
    RequestError
        If they are none, or all the same.
    """
    if not isinstance(value, list) or len(value) > MAX_RECORDS:
        raise RequestError("line must be a list of positions")
    line = []
    for position in value:
        if not isinstance(position, list) or len(position) != 2:
            raise RequestError("a position of the line must be [longitude, latitude]")
        lon, lat = position
        if not all(type(number) in {int, float} for number in position):
            raise RequestError("a position of the line must be two numbers")
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise RequestError(f"{lon}, {lat} is no longitude and latitude")
        line.append((round(float(lon), 6), round(float(lat), 6)))
    if len(set(line)) < 2:
        raise RequestError("line must have two positions or more")
    return line


def read_patches(sent: object, file: str) -> list[Feature]:
    """The patches that the page sent, in its order."""
    found = {record.id: record for record in read_records_of("control", sent, file=file)}
    order = [item["properties"]["id"] for item in sent] if isinstance(sent, list) else []
    return [feature for feature in map(found.get, order) if isinstance(feature, Feature)]


class ConflictError(Exception):
    """
    Files changed on disk since the page read them; nothing was written.

    Parameters
    ----------
    answer
        What the page needs to go on.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer["error"])
        self.answer = answer


class RefusedError(Exception):
    """
    What the page sent cannot be saved; nothing was written.

    Parameters
    ----------
    issues
        Why not.
    """

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__(str(issues[0]))
        self.issues = tuple(issues)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file below the layers folder, what it holds and what it is to hold; None for no file."""

    path: str
    before: bytes | None
    after: bytes


def write_together(root: Path, changes: Sequence[FileChange]) -> None:
    """
    Write files; what is written is taken back if another file refuses.

    Raises
    ------
    LayerError
        If a file refuses, or holds something else than it should; all are as before.
    """
    done: list[FileChange] = []
    try:
        for change in changes:
            target = root / change.path
            target.parent.mkdir(exist_ok=True)
            expected = None if change.before is None else digest(change.before)
            save_file(target, change.after, expected=expected, root=root)
            done.append(change)
    except LayerError:
        for change in done:
            if change.before is None:
                (root / change.path).unlink(missing_ok=True)
            else:
                expected = digest(change.after)
                save_file(root / change.path, change.before, expected=expected, root=root)
        raise
