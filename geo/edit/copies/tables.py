"""
A table that came back from a spreadsheet: what saving it will change, and the save.

It is read in whatever form the program wrote, merged row by row and cell by cell with what others
wrote since it was taken, and looked at for what spreadsheets do without being asked: a column that
is empty now, and a column that was sorted without the others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from geo.check import BLOCKING, check_folder
from geo.edit.copies.bases import own_email
from geo.edit.merge.by_id import Difference, State, compare_records
from geo.edit.merge.merged import merge_rows, row_keys
from geo.edit.versions.confirmed import confirm_ids
from geo.edit.versions.losses import lost_columns
from geo.edit.versions.origins import find_origin, versions_of
from geo.errors import GeoError, Issue, SchemaError, escape, refuse
from geo.exchange import ReturnedTable, read_returned
from geo.layers import (
    digest,
    fmt_table,
    format_row,
    parse_table,
    read_bytes,
    read_folder,
    save_file,
)
from geo.model import SCHEMAS, Row, Schema

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from geo.edit.merge.by_id import Conflict
    from geo.edit.versions.origins import Version
    from geo.layers import Folder

TABLES = {name: schema for name, schema in SCHEMAS.items() if not schema.geometry}
"""What a table may be, by name."""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """
    What saving a table will do.

    Attributes
    ----------
    schema
        What it is.
    target
        The file in the layers folder.
    data
        Its canonical text, as it will be.
    expected
        Digest of what stands there now; None for a new file.
    difference
        Between the two, by id.
    conflicts
        What others changed too since the table was taken.
    losses
        What a spreadsheet may have lost: none may stay unsaid.
    findings
        What `check` will say that it does not say now.
    notes
        What was put right and merged, one sentence each.
    """

    schema: Schema
    target: Path
    data: bytes
    expected: str | None
    difference: Difference
    conflicts: tuple[Conflict, ...]
    losses: tuple[Issue, ...]
    findings: tuple[Issue, ...]
    notes: tuple[str, ...]


def table_of(path: Path, name: str | None) -> Schema | None:
    """
    Return which table a file is a copy of.

    Parameters
    ----------
    path
        The file.
    name
        What the user calls it; None to go by the name of the file.

    Returns
    -------
    schema
        None where it is a copy of none.
    """
    if name is not None:
        return TABLES.get(name)
    if path.suffix.casefold() not in _SUFFIXES:
        return None
    return next((s for n, s in TABLES.items() if n in path.stem.casefold()), None)


_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})


def plan_table(
    root: Path,
    path: Path,
    schema: Schema,
    *,
    base: bytes | None = None,
    prefer: Literal["mine", "theirs"] | None = None,
    allowed: Collection[str] = (),
    encoding: str = "",
) -> TablePlan:
    """
    Work out what saving a table will change; nothing is written.

    Parameters
    ----------
    root
        The layers folder.
    path
        The table, in any form.
    schema
        What it is.
    base
        What it was taken from; None to find that out.
    prefer
        Whose word counts where both sides changed the same: ``mine`` is the table's.
    allowed
        Columns that may be emptied, or sorted by themselves.
    encoding
        Of its text; empty to find out.

    Returns
    -------
    plan
        For `write_table`, unless it has conflicts or losses.

    Raises
    ------
    GeoError
        If it may have been taken before or after others changed the table.
    LayerError
        If it, or what stands there, cannot be read.
    """
    target = root / schema.path
    source = read_bytes(path, root=path.parent)
    versions = versions_of(root, schema.path)
    current = read_bytes(target, root=root) if target.exists() else None
    expected = None if current is None else digest(current)
    # Who saved over the table itself: what stood there is the last sound version.
    is_target = path.resolve() == target.resolve()
    on_disk = () if current is None else _sound_rows(current, schema, is_target, versions)
    table = _read(source, schema, path, encoding, on_disk)
    mine = _parse(_as_text(table.header, table.rows), schema, path)
    notes = [*table.notes]
    begun: Sequence[Row] = on_disk
    if base is not None:
        begun = parse_table(base, schema=schema, file="base", repair=True).rows
    elif on_disk:
        begun, found = _find_base(root, path, mine, on_disk, versions, schema, table.header)
        notes += found
    mine = _restored(mine, begun, schema, table.header, notes)
    merged = merge_rows(begun, mine, on_disk, schema=schema)
    if begun != on_disk and not merged.conflicts:
        notes.append("the table was changed since it was taken; both were merged")
    rows = merged.theirs if prefer == "theirs" else merged.records
    data = _text_of(rows, schema, target)
    difference = compare_rows(on_disk, rows, schema)
    conflicts = () if prefer else merged.conflicts
    losses = [one for one in lost_columns(schema, on_disk, rows) if one.ids[0] not in allowed]
    losses = [replace(issue, file=str(path)) for issue in losses]
    findings: tuple[Issue, ...] = ()
    if difference and not conflicts and not losses:
        findings = _judge(root, schema, data, is_target)
    return TablePlan(
        schema, target, data, expected, difference, conflicts, tuple(losses), findings, tuple(notes)
    )


def _read(
    source: bytes, schema: Schema, path: Path, encoding: str, on_disk: Sequence[Row]
) -> ReturnedTable:
    """
    The table; whether its dates have the day first is told by those that stand there already.

    Raises
    ------
    SchemaError
        If it cannot be read.
    """
    try:
        return read_returned(source, schema=schema, file=str(path), encoding=encoding)
    except SchemaError as error:
        if {issue.code for issue in error.issues} != {"import.dates"}:
            raise
        known = {
            (row.id, name, str(value)) for row in on_disk for name, value in row.values.items()
        }
        found = []
        for order in ("day-first", "month-first"):
            table = read_returned(
                source, schema=schema, file=str(path), encoding=encoding, day_order=order
            )
            cells = (
                (cells[table.header.index("id")], name, cell)
                for _, cells in table.rows
                for name, cell in zip(table.header, cells, strict=True)
                if "id" in table.header
            )
            found.append((sum(cell in known for cell in cells), table))
        if found[0][0] == found[1][0]:
            raise
        return max(found, key=lambda one: one[0])[1]


def _sound_rows(
    current: bytes, schema: Schema, is_target: bool, versions: Sequence[Version]
) -> tuple[Row, ...]:
    """
    The rows that stand in the folder, or stood there before the table was saved over them.

    Raises
    ------
    SchemaError
        If they cannot be read.
    """
    if not is_target:
        return parse_table(current, schema=schema, file=schema.path, repair=True).rows
    for version in versions:
        try:
            return parse_table(version.data, schema=schema, file=schema.path, repair=True).rows
        except SchemaError:
            continue
    message = "no version of the table is known that it could be compared with"
    raise SchemaError([refuse("csv.base", message, "move it elsewhere first", file=schema.path)])


def _as_text(header: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]]) -> bytes:
    return "".join(map(format_row, [header, *(cells for _, cells in rows)])).encode()


def _parse(text: bytes, schema: Schema, path: Path) -> tuple[Row, ...]:
    data, _ = fmt_table(text, schema=schema, file=str(path), assign_ids="id" in schema.names)
    return parse_table(data, schema=schema, file=str(path)).rows


def _text_of(rows: Sequence[Row], schema: Schema, target: Path) -> bytes:
    names = list(dict.fromkeys([*schema.names, *(key for row in rows for key in row.values)]))
    cells = [["" if (v := row.values.get(n)) is None else str(v) for n in names] for row in rows]
    data, _ = fmt_table(
        "".join(map(format_row, [names, *cells])).encode(), schema=schema, file=str(target)
    )
    return data


def _find_base(
    root: Path,
    path: Path,
    mine: Sequence[Row],
    on_disk: Sequence[Row],
    versions: Sequence[Version],
    schema: Schema,
    header: Sequence[str],
) -> tuple[Sequence[Row], list[str]]:
    """
    What a table was taken from.

    Raises
    ------
    GeoError
        If it is an old table, or may have been taken before others changed it.
    """

    def states(rows: Sequence[Row]) -> dict[str, State]:
        keys = row_keys([rows], schema)[0]
        return {key: State(row.values) for key, row in zip(keys, rows, strict=True)}

    def read(version: Version) -> dict[str, State]:
        try:
            table = parse_table(version.data, schema=schema, file=schema.path, repair=True)
        except SchemaError:
            return {}
        return states(table.rows)

    origin = find_origin(
        states(mine), states(on_disk), versions, columns=frozenset(header), read=read
    )
    name = escape(str(path))
    if origin.version is None:
        me = own_email(root)
        for rival in origin.rivals:
            between = versions[: versions.index(rival)]
            if any(one.email and one.email != me for one in between):
                raise GeoError(
                    f"{name} may have been taken from {rival}, or from the table as it is, and "
                    f"others changed it in between. Nothing was written: --base {rival.name} "
                    "merges with that, --base now puts it in its place"
                )
        return on_disk, []
    if origin.is_exact:
        raise GeoError(
            f"{name} says what the table said in {origin.version}, and nothing was edited in it; "
            "saving it would undo what was said since. If that is meant, say --base now"
        )
    note = f"{name} was taken from {origin.version}, from which it differs least"
    rows = parse_table(origin.version.data, schema=schema, file=schema.path, repair=True).rows
    return rows, [note]


def _restored(
    mine: Sequence[Row],
    base: Sequence[Row],
    schema: Schema,
    header: Sequence[str],
    notes: list[str],
) -> tuple[Row, ...]:
    """The rows, with the columns that the table does not have as they were."""
    known = {key for row in base for key in row.values}
    lacking = [name for name in (*schema.names, *sorted(known)) if name not in header]
    lacking = [n for n in dict.fromkeys(lacking) if any(r.values.get(n) is not None for r in base)]
    if not lacking:
        return tuple(mine)
    keys = row_keys([base, mine], schema)
    old = dict(zip(keys[0], base, strict=True))
    restored = []
    for key, row in zip(keys[1], mine, strict=True):
        was = old[key].values if key in old else {}
        more = {name: was[name] for name in lacking if was.get(name) is not None}
        restored.append(replace(row, values={**row.values, **more}))
    notes.append(f"it has no column {', '.join(lacking)}: what these say stays as it is")
    return tuple(restored)


def compare_rows(before: Sequence[Row], after: Sequence[Row], schema: Schema) -> Difference:
    """Compare two versions of a table, whatever tells its rows apart."""
    keys = row_keys([before, after], schema)
    named = [
        [replace(row, id=key) for key, row in zip(names, rows, strict=True)]
        for names, rows in zip(keys, (before, after), strict=True)
    ]
    return compare_records(*named)


def _judge(root: Path, schema: Schema, data: bytes, is_target: bool) -> tuple[Issue, ...]:
    """
    What the checks say of the folder with this table in it, and did not say before.

    Raises
    ------
    SchemaError
        If any of it keeps a theatre shut.
    """
    if is_target:
        return ()
    folder = read_folder(root)
    table = parse_table(data, schema=schema, file=str(root / schema.path))
    before = Counter(_told(issue) for issue in check_folder(folder))
    after: Folder = replace(folder, **{schema.name: table})  # type: ignore[arg-type]
    found = [issue for issue in check_folder(after) if _told(issue) not in before]
    if stops := [i for i in found if i.severity == "error" and i.code in BLOCKING]:
        raise SchemaError(stops)
    return tuple(found)


def _told(issue: Issue) -> tuple[Any, ...]:
    return issue.code, issue.ids, issue.message


def write_table(root: Path, plan: TablePlan) -> Path:
    """
    Save what was planned.

    Parameters
    ----------
    root
        The layers folder.
    plan
        Without conflicts and losses.

    Returns
    -------
    path
        The file that was written.

    Raises
    ------
    ValueError
        If there are conflicts or losses.
    StaleLayerError
        If the table changed on disk since it was read; nothing is written.
    LayerError
        If it cannot be written; nothing is.
    """
    if plan.conflicts or plan.losses:
        raise ValueError("the plan has conflicts or losses; decide them first")
    save_file(plan.target, plan.data, expected=plan.expected, root=root)
    if plan.difference.gone:
        confirm_ids(root, [row.id for row in plan.difference.gone])
    return plan.target


def describe_table(plan: TablePlan) -> list[str]:
    """
    Return what saving a table will change in words, one line a row.

    Parameters
    ----------
    plan
        What saving will do.

    Returns
    -------
    lines
        Added, gone and changed rows, with each cell that changes.
    """
    lines = [f"+ {escape(row.id, 70)}" for row in plan.difference.added]
    lines += [f"- {escape(row.id, 70)}" for row in plan.difference.gone]
    for change in plan.difference.changed:
        said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
        lines.append(f"~ {escape(change.id, 70)}  {'; '.join(said)}")
    return lines


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 60)
