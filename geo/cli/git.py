"""Versions: what a change to the layers means, a new date, and what git itself calls."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import click

from geo.cli.opening import open_theatre, opener, without_collection
from geo.cli.options import FOLDER, command, format_option, layers_option, name_values
from geo.cli.printing import answer, say, show_json
from geo.errors import LayerError, UnknownIdError, escape

if TYPE_CHECKING:
    from pathlib import Path

    from geo.edit import Unmerged


@command.command()
@click.argument("before", metavar="REV")
@click.argument("after", metavar="[REV]", required=False)
@click.option("--html", "page", type=FOLDER, metavar="FILE", help="Write a page with maps, too.")
@format_option("text", "markdown", "json")
@click.option("--full", is_flag=True, help="Every entry, however many there are.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything differs.")
@layers_option
def diff(
    before: str,
    after: str | None,
    page: Path | None,
    form: str,
    full: bool,
    exit_code: bool,
    layers: Path,
) -> None:
    """Say what a change to the layers means: REV against the folder on disk, or against a REV."""
    from geo.edit import compare_versions, review_page, review_record, review_text
    from geo.layers import digest, save_file

    without_collection()
    comparison = compare_versions(layers, before, after)
    if form == "json":
        show_json(review_record(comparison))
    else:
        click.echo(review_text(comparison, markdown=form == "markdown", full=full), nl=False)
    if page is not None:
        old = digest(page.read_bytes()) if page.exists() else None
        save_file(page, review_page(comparison).encode(), expected=old)
        say(f"{page}: open it in a browser")
    if exit_code and comparison:
        sys.exit(1)


@command.command()
@click.argument("date")
@click.option("--from", "source", metavar="DATE", help="Layer to copy; the default is in force.")
@layers_option
def new(date: str, source: str | None, layers: Path) -> None:
    """Begin the control layer of DATE as a copy of an earlier one, to be edited."""
    from geo.edit import new_layer, redate_ledger
    from geo.model import parse_day

    theatre = open_theatre(layers)
    path = new_layer(theatre.folder, date, source)
    click.echo(str(path))
    if dated := redate_ledger(theatre.folder, parse_day(date)):
        say(
            f"it stands between two layers: {', '.join(dated)} of changes.csv now begin at {date}; "
            "what happened by then is drawn here, and its rows end here"
        )
    say("patches keep their ids and borders: what you edit now is what changed")
    say(
        f"then explain it: a row of {layers}/assessments.csv says that {date} was looked at "
        "(no_change if it stays as it is), and `frontline change DATE DATE --ledger` drafts rows "
        "of changes.csv for what moved"
    )
    say(f"`frontline check {layers}` says what is missing")


@command.command()
@click.argument("subject", metavar="PLACE|ID|DATE")
@click.option("--all", "every", is_flag=True, help="All of it, not the last twenty.")
@format_option("text", "json")
@layers_option
def log(subject: str, every: bool, form: str, layers: Path) -> None:
    """Say who changed what about a place, an id or a date, when, and with which words."""
    from geo.edit import describe_history, tell_history

    without_collection()
    found = tell_history(layers, subject)
    if form == "json":
        show_json([{**dataclasses.asdict(one), "when": one.when.isoformat()} for one in found])
        return
    for line in describe_history(found, most=None if every else _LAST):
        answer(line)
    if not found:
        say("nothing was changed about it since it is there")


_LAST = 20


_CONFIRMABLE = {"id.vanished", "id.resurrected", "id.reused", "merge.lost", "column.emptied"}
_CONFIRMABLE |= {"column.shuffled"}


@command.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@layers_option
def gone(ids: tuple[str, ...], layers: Path) -> None:
    """Say that IDs are gone, or back, on purpose: the next commit may lose them; `all` for any."""
    from geo.edit import confirm_ids

    path = confirm_ids(layers, ids)
    click.echo(str(path))
    say("the next commit may lose them; after it they are asked about again")


@command.command()
@click.argument("file", type=FOLDER, required=False)
@click.option("--list", "listed", is_flag=True, help="List the conflicts, and decide nothing.")
@click.option(
    "--take",
    "taken",
    multiple=True,
    metavar="ID=SIDE",
    help="Whose word counts: `mine` or `theirs`, or the name of a branch, for the conflicts of an "
    "id, of one property (ID.note), of a number of the list, or `all`.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The default is a free one.")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@layers_option
def resolve(
    file: Path | None,
    listed: bool,
    taken: tuple[str, ...],
    port: int,
    no_browser: bool,
    layers: Path,
) -> None:
    """
    Settle what git could not merge, conflict by conflict: on the map in the browser, or by --take.

    What only one of the two changed is merged already. A file whose conflicts are all decided is
    written, and added to the commit if it is sound.
    """
    from geo.edit import (
        choose_sides,
        describe_unmerged,
        serve_resolve,
        settle_file,
        unmerged_files,
    )

    found = unmerged_files(layers)
    if file is not None:
        where = file.resolve()
        found = [
            one for one in found if (layers / one.file).resolve() == where or one.file == str(file)
        ]
    if not found:
        say(
            "git has nothing to settle here"
            if file is None
            else f"git has nothing to settle in {file}"
        )
        return
    if taken:
        found = _take(found, name_values(taken), choose_sides)
    if listed:
        for line in describe_unmerged(found):
            answer(line)
    if not (taken or listed):
        serve_resolve(layers, port=port, on_ready=opener(no_browser=no_browser))
        say("the page has ended; `git status` says how to go on")
    if not taken:
        return
    for one in found:
        if one.open:
            say(f"{one.file}: {len(one.open)} conflicts are open; `--list` shows them")
            continue
        path, issues = settle_file(one)
        if issues:
            say(f"{path} is written, and not added, for it is not sound:")
            raise LayerError(issues)
        say(f"{path} is settled and added; `git status` says how to go on")


def _take(found: list[Unmerged], choices: dict[str, str], choose: Any) -> list[Unmerged]:
    """The files with what was chosen; a name must be meant in one of them."""
    left = dict(choices)
    done = []
    for one in found:
        own = {}
        for name, side in choices.items():
            try:
                one = choose(one, {name: side})
            except UnknownIdError as error:
                if "is called" not in str(error):
                    raise
            else:
                own[name] = side
                left.pop(name, None)
        done.append(one)
    if left:
        raise UnknownIdError(
            f"no conflict is called {', '.join(map(escape, left))}; "
            "`frontline resolve --list` lists them"
        )
    return done


@command.command(name="git-setup")
@click.option("--undo", is_flag=True, help="Take it all away again.")
@layers_option
def git_setup(undo: bool, layers: Path) -> None:
    """Let git merge the layers by id, show readable diffs and check commits, in this clone."""
    from geo.edit import install_git, remove_git

    report = remove_git(layers) if undo else install_git(layers)
    for line in report:
        answer(line)


@command.group(name="git-driver", hidden=True)
def git_driver() -> None:
    """Answer git, which calls this once `git-setup` has registered it."""


@git_driver.command()
@click.argument("base", type=FOLDER)
@click.argument("ours", type=FOLDER)
@click.argument("theirs", type=FOLDER)
@click.argument("name")
def merge(base: Path, ours: Path, theirs: Path, name: str) -> None:
    """Merge one file by id; the answer replaces OURS."""
    from geo.edit import REFUSED, merge_files

    try:
        conflicts = merge_files(base, ours, theirs, name)
    except LayerError as error:
        say(f"{name} is merged as text, as a version of it cannot be read by id:")
        for issue in error.issues[:5]:
            say(f"  {issue}")
        sys.exit(1)
    for conflict in conflicts:
        say(f"{name}: {conflict.message}")
    if conflicts:
        sys.exit(REFUSED)


@git_driver.command()
@click.argument("path", type=FOLDER)
def show(path: Path) -> None:
    """Print one file as lines that a person reads."""
    from geo.edit import readable_text

    click.echo(readable_text(path.read_bytes()), nl=False)


@git_driver.command()
@click.argument("name")
def clean(name: str) -> None:
    """Turn a file from standard input into its canonical text."""
    from geo.edit import canonical_text

    sys.stdout.buffer.write(canonical_text(sys.stdin.buffer.read(), name))


@git_driver.command(name="pre-commit")
@click.argument("message", type=FOLDER, required=False)
def pre_commit(message: Path | None) -> None:
    """Check the layers as they are staged; MESSAGE holds the words of the commit."""
    from geo.edit import REFUSED, check_staged

    without_collection()
    try:
        issues = check_staged(message)
    except LayerError as error:
        issues = list(error.issues)
        if not issues:
            raise
    if not issues:
        return
    for issue in issues:
        say(str(issue))
    say(f"{len(issues)} errors in the layers; nothing was committed")
    if any(issue.code in _CONFIRMABLE for issue in issues):
        say("if that is meant, `frontline gone ID ...` says so, and then commit again")
    sys.exit(REFUSED)
