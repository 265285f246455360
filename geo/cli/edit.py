"""Editing the layers: by hand in the editor's page, or in other programs and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import opener, without_collection
from geo.cli.options import FOLDER, command, layers_option
from geo.cli.printing import answer, say
from geo.errors import DateError, GeoError, LayerError, escape
from geo.model import CONTROL, parse_day

if TYPE_CHECKING:
    from geo.edit import Copy, Plan
    from geo.model import Schema


@command.command()
@click.argument("date", required=False)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The default is a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@layers_option
def edit(date: str | None, port: int, no_browser: bool, layers: Path) -> None:
    """Edit the control layer of DATE in the browser; the default is the last."""
    from geo.edit import serve, serve_resolve, unmerged_files

    ready = opener(no_browser=no_browser)
    try:
        day = parse_day(date) if date else None
    except DateError as error:
        raise click.UsageError(str(error)) from error
    if _is_in_conflict(layers):
        say("git has left conflicts in these layers: they are settled first")
        serve_resolve(layers, port=port, on_ready=ready)
        if unmerged_files(layers):
            say("conflicts are left; what was chosen is kept")
            return
    serve(layers, day, port=port, on_ready=ready)
    say("the editor has ended")


def _is_in_conflict(layers: Path) -> bool:
    """Whether git stopped in the middle of these layers."""
    from geo.edit import unmerged_files

    try:
        return bool(unmerged_files(layers))
    except GeoError:
        return False


@command.command()
@click.argument("date")
@click.option(
    "-o",
    "--output",
    type=FOLDER,
    help="Folder to make; the default is qgis-DATE here.",
)
@layers_option
def qgis(date: str, output: Path | None, layers: Path) -> None:
    """Make a working copy of the control layer of DATE for QGIS; `save` brings it back."""
    from geo.edit import checkout
    from geo.layers import read_folder

    folder = read_folder(layers, partial=True)
    broken = [issue for issue in folder.issues if issue.severity == "error"]
    if own := [issue for issue in broken if Path(issue.file).stem == date]:
        raise LayerError(own)
    for issue in broken:
        say(f"left out: {issue}")
    project, _ = checkout(folder, date, output or Path(f"qgis-{date}"))
    say("open this in QGIS, edit, save there, then run `frontline save`:")
    click.echo(str(project))


@command.command()
@click.argument("path", type=FOLDER, required=False)
@click.argument("date", required=False)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before writing.")
@click.option("--dry-run", is_flag=True, help="Say what would change and write nothing.")
@click.option(
    "--snap",
    "snap_m",
    type=click.FloatRange(min=0),
    help="New borders nearer than this to old ones run along them, metres; the default is 5.",
)
@click.option(
    "--prefer",
    type=click.Choice(["mine", "theirs"]),
    help="Whose word counts where the layer was changed meanwhile; mine is the copy's.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Mend areas that are not valid, and say their areas before and after.",
)
@click.option(
    "--base",
    metavar="REV",
    help="What a GeoJSON file was copied from: a git revision, a backup as `recover` names it, or "
    "`now`. Without it, the version that it differs least from.",
)
@click.option(
    "--empty",
    "emptied",
    metavar="COLUMN",
    multiple=True,
    help="This column of a table may be emptied, or sorted by itself.",
)
@click.option("--encoding", default="", help="Of a table's text, where it cannot be found out.")
@layers_option
def save(
    path: Path | None,
    date: str | None,
    yes: bool,
    dry_run: bool,
    snap_m: float | None,
    prefer: Any,
    repair: bool,
    base: str | None,
    emptied: tuple[str, ...],
    encoding: str,
    layers: Path,
) -> None:
    """
    Bring back a working copy, or a GeoJSON file or table edited anywhere, as the layer of DATE.

    PATH is a GeoPackage that `qgis` made, a GeoJSON file, or a table that a spreadsheet wrote, of
    any form, which is known by its name or by that of the table in the place of DATE; without it,
    the working copy that was edited. What programs do to a file is undone, new borders run along
    old ones, and what others saved meanwhile is merged. Then it says, feature by feature or row by
    row, what will change, and asks.
    """
    from geo.edit import SNAP_M, plan_save, read_copy, table_of, write_plan
    from geo.layers import read_folder

    without_collection()
    if path is not None and (schema := table_of(path, date)) is not None:
        _save_table(layers, path, schema, base, prefer, emptied, encoding, yes=yes, dry_run=dry_run)
        return

    if path is not None and date is None and not path.exists() and _is_date(path.name):
        date, path = path.name, None
    folder = read_folder(layers)
    taken = {feature.id for layer in folder.control.values() for feature in layer.features}
    copy = read_copy(path or _edited_copy(layers, date), taken=taken, repair=repair)
    if base is not None:
        copy = _copied_from(layers, base, copy, date)
    snap = SNAP_M if snap_m is None else snap_m
    plan = plan_save(folder, copy, day=date, snap_m=snap, prefer=prefer)
    _tell_plan(plan)
    if plan.conflicts:
        raise GeoError(
            f"{len(plan.conflicts)} conflicts: the layer was changed meanwhile; nothing was "
            "written. Decide with --prefer mine or --prefer theirs, or make a new working copy "
            "and draw the edit again"
        )
    if dry_run:
        say("nothing was written (--dry-run)")
        return
    if plan.difference and not yes:
        _ask(f"Write the layer of {plan.day}?")
    written = write_plan(folder, plan)
    if plan.difference:
        click.echo(str(written))


def _save_table(
    layers: Path,
    path: Path,
    schema: Schema,
    base: str | None,
    prefer: Any,
    emptied: tuple[str, ...],
    encoding: str,
    *,
    yes: bool,
    dry_run: bool,
) -> None:
    """Bring back a table."""
    from geo.edit import describe_table, plan_table, read_base, write_table

    begun = None if base is None else read_base(layers, schema.path, base, schema=schema)
    plan = plan_table(
        layers, path, schema, base=begun, prefer=prefer, allowed=emptied, encoding=encoding
    )
    for note in plan.notes:
        say(note)
    for conflict in plan.conflicts:
        say(f"conflict: {conflict.message}")
    for line in describe_table(plan):
        answer(line)
    if plan.losses:
        raise LayerError(plan.losses)
    if plan.conflicts:
        raise GeoError(
            f"{len(plan.conflicts)} conflicts: the table was changed meanwhile; nothing was "
            "written. Decide with --prefer mine or --prefer theirs"
        )
    for issue in plan.findings:
        say(str(issue))
    if not plan.difference:
        say(f"{schema.path} says all of it already")
    else:
        found = plan.difference
        counts = ((found.added, "added"), (found.gone, "gone"), (found.changed, "changed"))
        said = ", ".join(f"{len(rows)} {word}" for rows, word in counts if rows)
        say(f"{schema.path}: {said}")
    if dry_run:
        say("nothing was written (--dry-run)")
        return
    if plan.difference and not yes:
        _ask(f"Write {schema.path}?")
    click.echo(str(write_table(layers, plan)))


def _copied_from(layers: Path, revision: str, copy: Copy, date: str | None) -> Copy:
    """A file from elsewhere as a copy of what the layer was at a revision."""
    import dataclasses

    from geo.edit import read_base

    if copy.base is not None:
        raise click.UsageError("a working copy knows what it is a copy of; leave --base out")
    day = parse_day(date) if date else copy.day
    if day is None:
        raise GeoError(f"{escape(str(copy.path))} does not say of which date it is; give a DATE")
    return dataclasses.replace(
        copy, base=read_base(layers, f"control/{day}.geojson", revision, schema=CONTROL)
    )


def _ask(question: str) -> None:
    """Go on only if somebody says yes; without anybody to ask, nothing is written."""
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort as error:
        raise GeoError("nobody answered, and nothing was written; --yes writes") from error
    if not agreed:
        raise GeoError("nothing was written")


def _is_date(text: str) -> bool:

    try:
        parse_day(text)
    except DateError:
        return False
    return True


def _edited_copy(layers: Path, date: str | None) -> Path:
    """The working copy that is meant where none was named."""
    from geo.edit import open_copies

    copies = open_copies(layers)
    if date is not None:
        copies = [copy for copy in copies if copy.stem == f"control-{date}"]
    if len(copies) == 1:
        return copies[0]
    if not copies:
        raise GeoError("there is no working copy; `frontline qgis DATE` makes one, or name a file")
    listed = ", ".join(escape(str(copy)) for copy in copies)
    raise GeoError(f"there are {len(copies)} working copies; name one of {listed}")


def _tell_plan(plan: Plan) -> None:
    from geo.edit import describe_plan

    for note in plan.notes:
        say(note)
    for conflict in plan.conflicts:
        say(f"conflict: {conflict.message}")
    for line in describe_plan(plan):
        answer(line)
    for issue in plan.findings:
        say(str(issue))
    if not plan.difference:
        say(f"the layer of {plan.day} says all of it already; nothing to write")
        return
    counts = (
        (len(plan.difference.added), "added"),
        (len(plan.difference.gone), "gone"),
        (len(plan.difference.changed), "changed"),
    )
    said = ", ".join(f"{count} {word}" for count, word in counts if count)
    say(f"{plan.day}: {said}, of {len(plan.before)} features")


@command.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="List all former contents, not the last three.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before writing.")
@layers_option
def recover(name: str | None, every: bool, yes: bool, layers: Path) -> None:
    """
    List what can be restored after a crash or a mistake, or put NAME back.

    Every save keeps what it replaces. Listed are these former contents, saves that broke off,
    edits in the editor that were not saved, and working copies.
    """
    from geo.edit import describe_restore, leftovers, restore

    found = leftovers(layers, latest=None if every or name else 3)
    if name is None:
        for one in found:
            when = one.saved_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
            answer(f"{one.kind:<10} {when}  {escape(one.name, 200)}: {one.says}")
        say(f"{len(found)} found; `frontline recover NAME` puts a backup back" if found else "none")
        return
    for item in found:
        if item.name == name:
            say(f"{item.file}: {item.says}")
            for line in describe_restore(layers, item):
                answer(line)
    if not yes:
        _ask(f"Put {name} back?")
    click.echo(str(restore(layers, name)))
