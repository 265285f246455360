"""A merge of two files: canonical text, with marks where a person must decide."""

from __future__ import annotations

import difflib
from itertools import chain
from typing import TYPE_CHECKING

from geo.edit.merge.merged import merge_features, merge_rows
from geo.errors import SchemaError
from geo.layers import dump_geojson, dump_table, parse_geojson, parse_table, split_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.edit.merge.by_id import Conflict
    from geo.model import Feature, Row, Schema


def merge_bytes(
    base: bytes, ours: bytes, theirs: bytes, *, schema: Schema, file: str
) -> tuple[bytes, tuple[Conflict, ...]]:
    """
    Merge two versions of a file.

    Parameters
    ----------
    base
        The file that both sides began with; empty where both added it.
    ours, theirs
        The two versions.
    schema
        What the file is.
    file
        Its path, for messages.

    Returns
    -------
    data
        Canonical text. Where there are conflicts, both texts stand between the marks that git
        uses, and every reader refuses the file until one of them is chosen.
    conflicts
        What a person must decide; empty if the merge is clean.

    Raises
    ------
    SchemaError
        If a version cannot be read, or says something that only its text can carry.
    """
    if schema.geometry:
        layers = [_read_features(data, schema, file) for data in (base, ours, theirs)]
        merged = merge_features(*layers, schema=schema)
        text = dump_geojson(merged.features, schema=schema)
        if not merged.conflicts:
            return text, ()
        other = dump_geojson(merged.theirs, schema=schema)
        return _mark_units(_feature_texts(text), _feature_texts(other)), merged.conflicts
    rows = [_read_rows(data, schema, file) for data in (base, ours, theirs)]
    table = merge_rows(*rows, schema=schema)
    text = dump_table(table.rows, schema=schema)
    if not table.conflicts:
        return text, ()
    other = dump_table(table.theirs, schema=schema)
    return _mark_units(_row_texts(text, file), _row_texts(other, file)), table.conflicts


def _read_features(data: bytes, schema: Schema, file: str) -> tuple[Feature, ...]:
    if not data.strip():
        return ()
    layer = parse_geojson(data, schema=schema, file=file, repair=True)
    foreign = [issue for issue in layer.issues if issue.code == "root.foreign"]
    if foreign:
        raise SchemaError(foreign)
    return layer.features


def _read_rows(data: bytes, schema: Schema, file: str) -> tuple[Row, ...]:
    if not data.strip():
        return ()
    return parse_table(data, schema=schema, file=file, repair=True).rows


def _feature_texts(text: bytes) -> list[tuple[str, list[bytes]]]:
    """The lines of each feature with its id; those before and after under names that sort so."""
    lines = text.splitlines(keepends=True)
    begins = [i for i, line in enumerate(lines) if line == b"{\n" and i > 0]
    end = len(lines) - 2
    units = [("", lines[: begins[0] if begins else end])]
    for begin, until in zip(begins, [*begins[1:], end], strict=True):
        units.append((lines[begin + 3].decode(), lines[begin:until]))
    return [*units, ("~", lines[end:])]


def _row_texts(text: bytes, file: str) -> list[tuple[str, list[bytes]]]:
    """The lines of each row under a name that sorts as they do."""
    lines = text.splitlines(keepends=True)
    begins = [line - 1 for line, _ in split_rows(text.decode(), file=file)]
    spans = zip(begins, [*begins[1:], len(lines)], strict=True)
    whole = [lines[begin:until] for begin, until in spans]
    return [(b"".join(unit).decode(), unit) for unit in whole]


def _mark_units(
    ours: list[tuple[str, list[bytes]]], theirs: list[tuple[str, list[bytes]]]
) -> bytes:
    """Both texts; where they differ, each between marks."""
    matcher = difflib.SequenceMatcher(
        None, [name for name, _ in ours], [name for name, _ in theirs], autojunk=False
    )
    out: list[bytes] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        one = [unit for _, unit in ours[a:b]]
        two = [unit for _, unit in theirs[c:d]]
        if kind == "equal":
            for left, right in zip(one, two, strict=True):
                out += _mark_lines(left, right)
        else:
            out += _mark_block(list(chain(*one)), list(chain(*two)))
    return b"".join(out)


def _mark_lines(ours: list[bytes], theirs: list[bytes]) -> Iterator[bytes]:
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield from ours[a:b] if kind == "equal" else _mark_block(ours[a:b], theirs[c:d])


def _mark_block(ours: list[bytes], theirs: list[bytes]) -> list[bytes]:
    return [b"<<<<<<< ours\n", *ours, b"=======\n", *theirs, b">>>>>>> theirs\n"]
