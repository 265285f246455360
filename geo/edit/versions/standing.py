"""
What git is in the middle of, and who the two sides are: a merge, a rebase, a pick, a revert.

In a rebase git calls `ours` what others wrote, for it stands on their commits and puts mine on
top. Here *mine* is always what the person who works wrote, and *theirs* what the others did.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from pathlib import Path

    from geo.edit.versions.git import Repository


@dataclass(frozen=True, slots=True)
class Side:
    """
    One side of what is being merged.

    Attributes
    ----------
    name
        A branch, or the short name of a commit.
    commit
        Its full name.
    author, when, subject
        Of its last commit.
    """

    name: str
    commit: str
    author: str
    when: str
    subject: str

    def __str__(self) -> str:
        return (
            f"{escape(self.name, 60)} ({self.commit[:10]} by {escape(self.author, 60)}, "
            f"{self.when}: {escape(self.subject, 80)})"
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A merge that is not committed yet.

    Attributes
    ----------
    kind
        ``merge``, ``rebase``, ``cherry-pick`` or ``revert``.
    base
        The commit that both sides go back to; None where there is none.
    ours, theirs
        As git calls them: the commit that stands here, and what is put on it.
    """

    kind: str
    base: str | None
    ours: Side
    theirs: Side

    @property
    def is_turned(self) -> bool:  # numpydoc ignore=RT01
        """Whether what git calls theirs is the own work."""
        return self.kind == "rebase"

    @property
    def mine(self) -> Side:  # numpydoc ignore=RT01
        """What the person who works wrote."""
        return self.theirs if self.is_turned else self.ours

    @property
    def others(self) -> Side:  # numpydoc ignore=RT01
        """What the others wrote."""
        return self.ours if self.is_turned else self.theirs


def find_standing(repository: Repository, message: Path | None = None) -> Standing | None:
    """Return what git is in the middle of; None where it is in the middle of nothing."""
    if not repository.has("HEAD"):
        return None
    rebase = repository.path("rebase-merge")
    if repository.has("MERGE_HEAD"):
        base = repository.merge_base("HEAD", "MERGE_HEAD")
        return _standing(repository, "merge", base, "MERGE_HEAD", name=_merged_name(repository))
    for ref in ("REBASE_HEAD", "CHERRY_PICK_HEAD"):
        if not repository.has(ref) or (ref == "REBASE_HEAD" and not rebase.is_dir()):
            continue
        base = f"{ref}^" if repository.has(f"{ref}^") else None
        if not rebase.is_dir():
            return _standing(repository, "cherry-pick", base, ref)
        own = _line(rebase / "head-name").removeprefix("refs/heads/")
        onto = _line(rebase / "onto")
        return _standing(repository, "rebase", base, ref, name=own, here=_branch(repository, onto))
    reverted = "REVERT_HEAD" if repository.has("REVERT_HEAD") else _reverted(message)
    if reverted and repository.has(reverted) and repository.has(f"{reverted}^"):
        return _standing(repository, "revert", reverted, f"{reverted}^")
    return None


def _standing(
    repository: Repository, kind: str, base: str | None, ref: str, *, name: str = "", here: str = ""
) -> Standing:
    if not here:
        here = repository.run(["rev-parse", "--abbrev-ref", "HEAD"]).decode().strip()
    full = None if base is None else repository.commit(base)
    return Standing(kind, full, _side(repository, "HEAD", here), _side(repository, ref, name))


def _side(repository: Repository, ref: str, name: str) -> Side:
    words = ["log", "-1", "--date=format:%Y-%m-%d %H:%M", "--format=%H%x1f%an%x1f%ad%x1f%s", ref]
    told = repository.run(words).decode("utf-8", "replace").strip("\n").split("\x1f")
    commit, author, when, subject = told
    return Side(name or commit[:10], commit, author, when, subject)


def _merged_name(repository: Repository) -> str:
    """The branch that is merged, as the words of the merge name it."""
    found = re.match(
        r"Merge (?:remote-tracking )?branch '([^']+)'", _line(repository.path("MERGE_MSG"))
    )
    return found[1] if found else _branch(repository, "MERGE_HEAD")


def _branch(repository: Repository, ref: str) -> str:
    """A branch that ends at a commit; empty where none does."""
    if not ref or not repository.has(ref):
        return ""
    words = ["for-each-ref", "--points-at", ref, "--format=%(refname:short)"]
    try:
        told = repository.run([*words, "refs/heads", "refs/remotes"]).decode().split()
    except GeoError:
        return ""
    return told[0] if told else ""


def _reverted(message: Path | None) -> str:
    """The commit that the words of a commit say it reverts; git leaves no other sign."""
    try:
        text = message.read_text(encoding="utf-8", errors="replace") if message else ""
    except OSError:
        return ""
    found = re.search(r"^This reverts commit ([0-9a-f]{40})", text, re.MULTILINE)
    return found[1] if found else ""


def _line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except OSError:
        return ""
