"""
Files that git could not merge, settled conflict by conflict.

git keeps the three versions of such a file in its index. Here they are merged once more, with whose
word counts in each conflict, and the rest is as the merge has it. What was chosen so far is kept
beside the layers until the file is settled; then it is written, and added to what will be
committed if it is sound.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from geo.check import check_folder
from geo.coverage import find_faults
from geo.edit.merge.by_id import Conflict, read_records
from geo.edit.merge.merged import Merged, merge_bytes, merge_features, merge_rows
from geo.edit.versions.git import Entry, Repository
from geo.edit.versions.origins import beginning_in_git
from geo.edit.versions.standing import Side, Standing, find_standing
from geo.errors import GeoError, Issue, LayerError, UnknownIdError, escape
from geo.layers import (
    digest,
    dump_geojson,
    dump_table,
    patches_of,
    private_folder,
    read_bytes,
    read_folder,
    read_geojson,
    save_file,
    schema_of,
)
from geo.model import CONTROL, THEATRE, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from geo.model import Feature, Row

Whose = Literal["mine", "theirs"]

_CHOICES = "resolve.json"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """
    A file that git could not merge.

    Attributes
    ----------
    root
        The layers folder.
    file
        Its path below that.
    schema
        What it is.
    standing
        What git is in the middle of; None where that is not known.
    stages
        The versions base, ours and theirs as git calls them; empty where one has no such file.
    conflicts
        What a person must decide.
    choices
        What was decided, by the key of each conflict.
    """

    root: Path
    file: str
    schema: Schema
    standing: Standing | None
    stages: tuple[bytes, bytes, bytes]
    conflicts: tuple[Conflict, ...]
    choices: Mapping[str, Whose] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Conflict, ...]:  # numpydoc ignore=RT01
        """The conflicts that nobody has decided yet."""
        return tuple(one for one in self.conflicts if key_of(one) not in self.choices)

    @property
    def is_turned(self) -> bool:  # numpydoc ignore=RT01
        """Whether what git calls theirs is the own work, as in a rebase."""
        return bool(self.standing and self.standing.is_turned)

    def side(self, whose: Whose) -> Side | None:
        """
        Return who wrote one of the two versions.

        Parameters
        ----------
        whose
            Which one.

        Returns
        -------
        side
            Branch, commit, author and time; None where that is not known.
        """
        if self.standing is None:
            return None
        return self.standing.mine if whose == "mine" else self.standing.others

    def said(self, conflict: Conflict, whose: Whose) -> Any:
        """
        Return what one of the two says in a conflict.

        Parameters
        ----------
        conflict
            One of `conflicts`.
        whose
            Which one.

        Returns
        -------
        value
            In words; None for nothing.
        """
        is_ours = (whose == "mine") != self.is_turned
        return conflict.ours if is_ours else conflict.theirs


def key_of(conflict: Conflict) -> str:
    """
    Return what tells a conflict from the others of its file.

    Parameters
    ----------
    conflict
        The conflict.

    Returns
    -------
    key
        Its ids, what it is about, and where.
    """
    where = "" if conflict.where is None else f" {conflict.where[0]:g},{conflict.where[1]:g}"
    return f"{';'.join(conflict.ids)} {conflict.what}{where}"


def unmerged_files(layers: Path) -> list[Unmerged]:
    """
    Return the layers and tables that git could not merge.

    Parameters
    ----------
    layers
        The layers folder, in a git repository.

    Returns
    -------
    files
        In order of path; none where nothing is left to settle.

    Raises
    ------
    GeoError
        If the folder lies in no repository.
    LayerError
        If a version cannot be read.
    """
    repository = Repository.around(layers)
    path = repository.relative(layers)
    words = ["ls-files", "-z", "--unmerged", "--", f":(top,literal){path}" if path else ":(top)"]
    found: dict[str, dict[int, str]] = {}
    for line in repository.run(words).decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = line.partition("\t")
        if name:
            _, content, stage = facts.split()
            found.setdefault(name, {})[int(stage)] = content
    standing = find_standing(repository)
    files = []
    for name, stages in sorted(found.items()):
        inner = name.removeprefix(f"{path}/") if path else name
        schema = schema_of(layers / inner, layers)
        if schema is not None:
            files.append(_unmerged(repository, layers, inner, schema, standing, name, stages))
    return files


def _unmerged(
    repository: Repository,
    layers: Path,
    file: str,
    schema: Schema,
    standing: Standing | None,
    name: str,
    stages: Mapping[int, str],
) -> Unmerged:
    entries = {stage: Entry(name, content) for stage, content in stages.items()}
    texts = dict(zip(entries, repository.contents(list(entries.values())), strict=True))
    base, ours, theirs = (texts.get(stage, b"") for stage in (1, 2, 3))
    if not base and ours and theirs and schema.name == CONTROL.name:
        base = beginning_in_git(repository, name, (ours, theirs)) or b""
    one = Unmerged(layers, file, schema, standing, (base, ours, theirs), ())
    one = replace(one, conflicts=_merged(one, {}).conflicts)
    known = {key_of(conflict) for conflict in one.conflicts}
    kept = {key: side for key, side in _kept_choices(one).items() if key in known}
    return replace(one, choices=kept)


def _merged(one: Unmerged, choices: Mapping[str, Whose]) -> Merged[Any]:
    """The file merged, with what was chosen."""
    base, ours, theirs = (
        ()
        if not data.strip()
        else read_records(data, schema=one.schema, file=one.file, repair=True)
        for data in one.stages
    )
    gone = [not data for data in one.stages[1:]]
    if any(gone):
        return _whole_file(one, ours, theirs, choices)
    merge: Any = merge_features if one.schema.geometry else merge_rows

    def choose(conflict: Conflict) -> Literal["ours", "theirs"] | None:
        whose = choices.get(key_of(conflict))
        if whose is None:
            return None
        return "ours" if (whose == "mine") != one.is_turned else "theirs"

    merged: Merged[Any] = merge(base, ours, theirs, schema=one.schema, choose=choose)
    return merged


def _whole_file(
    one: Unmerged,
    ours: Sequence[Feature] | Sequence[Row],
    theirs: Sequence[Feature] | Sequence[Row],
    choices: Mapping[str, Whose],
) -> Merged[Any]:
    """A file that one side deleted and the other changed."""
    said = ["changed" if data else "deleted" for data in one.stages[1:]]
    message = f"the file was {said[0]} by ours and {said[1]} by theirs"
    conflict = Conflict((one.file,), "deleted and changed", "there", said[0], said[1], message)
    whose = choices.get(key_of(conflict))
    if whose is None:
        return Merged(tuple(ours), tuple(theirs), (conflict,))
    chosen = tuple(ours if (whose == "mine") != one.is_turned else theirs)
    return Merged(chosen, chosen, ())


def merged_records(one: Unmerged) -> tuple[Any, ...]:
    """
    Return a file merged, with what was chosen; where nothing was yet, as it is mine.

    Parameters
    ----------
    one
        From `unmerged_files`.

    Returns
    -------
    records
        Features or rows.
    """
    merged = _merged(one, one.choices)
    return merged.theirs if one.is_turned else merged.records


def choose_sides(one: Unmerged, choices: Mapping[str, str]) -> Unmerged:
    """
    Decide conflicts, and keep what was decided until the file is settled.

    Parameters
    ----------
    one
        From `unmerged_files`.
    choices
        ``mine`` or ``theirs``, or the name of a branch or author, by the number of a conflict (from
        1), the id of a record, that and a property as in ``ctl-9f3ac2e1.note``, or ``all``.

    Returns
    -------
    one
        The same, with these choices.

    Raises
    ------
    UnknownIdError
        If nothing in conflict is called so, or neither side is.
    LayerError
        If the choices cannot be kept.
    """
    chosen: dict[str, Whose] = dict(one.choices)
    for name, side in choices.items():
        whose = _whose(one, side)
        meant = [c for n, c in enumerate(one.conflicts, 1) if _is_meant(c, n, name)]
        if not meant:
            raise UnknownIdError(
                f"no conflict of {one.file} is called {escape(name)}; "
                "`frontline resolve --list` lists them"
            )
        chosen |= {key_of(conflict): whose for conflict in meant}
    _keep_choices(one, chosen)
    return replace(one, choices=chosen)


def _is_meant(conflict: Conflict, number: int, name: str) -> bool:
    what = conflict.what.removeprefix("property ")
    return name in {"all", str(number), *conflict.ids, *(f"{i}.{what}" for i in conflict.ids)}


def _whose(one: Unmerged, side: str) -> Whose:
    """
    Which side is meant.

    Raises
    ------
    UnknownIdError
        If neither is, or both may be.
    """
    if side == "mine" or (side == "ours" and not one.is_turned):
        return "mine"
    if side == "theirs":
        return "theirs"
    sides: dict[Whose, Side | None] = {"mine": one.side("mine"), "theirs": one.side("theirs")}
    meant = [
        whose
        for whose, who in sides.items()
        if who and side and (side in {who.name, who.author} or who.commit.startswith(side))
    ]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(f"{whose} is {who}" for whose, who in sides.items() if who)
    raise UnknownIdError(f"{escape(side)!r} is neither side; say mine or theirs: {known}")


def settle_file(one: Unmerged) -> tuple[Path, list[Issue]]:
    """
    Write a file whose conflicts are all decided; git gets it if it is sound.

    Parameters
    ----------
    one
        With no open conflicts.

    Returns
    -------
    path
        The file.
    issues
        Why it was not added; none where it was.

    Raises
    ------
    GeoError
        If a conflict is open, or the file was edited by hand since git stopped; nothing is written.
    LayerError
        If the file cannot be written.
    """
    if one.open:
        raise GeoError(f"{one.file} has {len(one.open)} open conflicts; decide them first")
    _require_untouched(one)
    merged = _merged(one, one.choices)
    path = one.root / one.file
    if merged.conflicts:
        raise GeoError(f"{one.file} still has {len(merged.conflicts)} conflicts; decide them, too")
    repository = Repository.around(one.root)
    inner = "/".join(filter(None, [repository.relative(one.root), one.file]))
    if not merged.records and any(not data for data in one.stages[1:]):
        repository.run(["rm", "-q", "--cached", "--", f":(top,literal){inner}"])
        path.unlink(missing_ok=True)
        _keep_choices(one, {})
        return path, []
    dump: Any = dump_geojson if one.schema.geometry else dump_table
    data = dump(merged.records, schema=one.schema)
    current = digest(read_bytes(path, root=one.root)) if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    save_file(path, data, expected=current, root=one.root)
    issues = _faults(one)
    if not issues:
        repository.run(["add", "--", f":(top,literal){inner}"])
        _keep_choices(one, {})
    return path, issues


def _require_untouched(one: Unmerged) -> None:
    """
    Pass if the file on disk holds nothing that somebody typed since git stopped.

    Raises
    ------
    GeoError
        If it does.
    """
    path = one.root / one.file
    if not path.exists():
        return
    known: set[bytes] = set()
    texts = [*one.stages]
    if all(one.stages[1:]):
        texts.append(merge_bytes(*one.stages, schema=one.schema, file=one.file)[0])
        texts.append(_text(one, _merged(one, one.choices)))
    for text in texts:
        known.update(line.rstrip() for line in text.splitlines())
    lines = (line.rstrip() for line in path.read_bytes().splitlines())
    if own := [line for line in lines if line not in known and not line.startswith(_MARKS)]:
        name = escape(str(path))
        shown = escape(own[0].decode("utf-8", "replace").strip(), 80)
        more = f", and {len(own) - 1} lines more" if len(own) > 1 else ""
        raise GeoError(
            f"{name} was edited since git stopped ({shown}{more}). Is it settled by hand? Then "
            f"`git add` it; `git checkout --merge -- {name}` begins anew"
        )


_MARKS = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")


def _text(one: Unmerged, merged: Merged[Any]) -> bytes:
    dump: Any = dump_geojson if one.schema.geometry else dump_table
    text: bytes = dump(merged.records, schema=one.schema)
    return text


def _faults(one: Unmerged) -> list[Issue]:
    """What is wrong with the file as it was settled."""
    where = str(one.root / one.file)
    try:
        folder = read_folder(one.root)
    except LayerError as error:
        # Others may still be in conflict; of these nothing is said here.
        own = [issue for issue in error.issues if issue.file == where and issue.severity == "error"]
        return own or _coverage_faults(one, where)
    return [i for i in check_folder(folder) if i.severity == "error" and i.file == where]


def _coverage_faults(one: Unmerged, where: str) -> list[Issue]:
    """Gaps and overlaps of a control layer whose folder cannot be read whole yet."""
    if one.schema.name != CONTROL.name:
        return []
    try:
        theatre = read_geojson(one.root / THEATRE.path, root=one.root, schema=THEATRE)
        layer = read_geojson(one.root / one.file, root=one.root, schema=CONTROL)
    except LayerError as error:
        return list(error.issues)
    area = theatre.features[0].geometry
    found = [] if area is None else find_faults(area, patches_of(layer.features))
    return [replace(issue, file=where) for issue in found if issue.severity == "error"]


# --- what was chosen so far ---------------------------------------------------------


def _mark(one: Unmerged) -> str:
    """Tells this conflict from any other of the same file."""
    return digest(b"\0".join(digest(data).encode() for data in one.stages))


def _read_choices(root: Path) -> dict[str, Any]:
    try:
        held = json.loads((root / ".frontline" / _CHOICES).read_bytes())
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _kept_choices(one: Unmerged) -> dict[str, Whose]:
    held = _read_choices(one.root).get(one.file)
    if not isinstance(held, dict) or held.get("mark") != _mark(one):
        return {}
    choices = held.get("choices")
    if not isinstance(choices, dict):
        return {}
    return {key: side for key, side in choices.items() if side in {"mine", "theirs"}}


def _keep_choices(one: Unmerged, choices: Mapping[str, Whose]) -> None:
    path = private_folder(one.root) / _CHOICES
    held = _read_choices(one.root)
    held.pop(one.file, None)
    if choices:
        held[one.file] = {"mark": _mark(one), "choices": dict(choices)}
    current = digest(path.read_bytes()) if path.exists() else None
    save_file(path, json.dumps(held, indent=1).encode(), expected=current)


def describe_unmerged(files: Iterable[Unmerged]) -> list[str]:
    """
    Return the conflicts of some files in words.

    Parameters
    ----------
    files
        From `unmerged_files`.

    Returns
    -------
    lines
        For each file who the two sides are; for each conflict what it was, and what either says.
    """
    lines = []
    for one in files:
        lines.append(f"{one.file}: {len(one.conflicts)} conflicts, {len(one.open)} of them open")
        for whose in _SIDES:
            who = one.side(whose)
            lines.append(f"  {whose:<7} {who or 'not known'}")
        for number, conflict in enumerate(one.conflicts, 1):
            chosen = one.choices.get(key_of(conflict))
            at = f" round {conflict.where[0]:g}, {conflict.where[1]:g}" if conflict.where else ""
            what = conflict.what.removeprefix("property ")
            lines.append(f"{number}  {', '.join(conflict.ids)}  {what}{at}")
            lines.append(f"     was     {_shown(conflict.base)}")
            for whose in _SIDES:
                mark = "  <- chosen" if chosen == whose else ""
                lines.append(f"     {whose:<7} {_shown(one.said(conflict, whose))}{mark}")
    return lines


_SIDES: tuple[Whose, Whose] = ("mine", "theirs")


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 300)
