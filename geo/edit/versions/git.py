"""
The one door to git: what a repository holds, asked of git itself.

git runs what its configuration names: monitors, hooks, pagers, drivers. A folder that somebody sent
must not run anything, so the questions are asked with all of these switched off; a repository that
belongs to another user is refused by git (``safe.directory``), and that is left so.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_QUIET = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "log.showSignature=false", "-c", "core.quotePath=false", "--no-pager"),
)
_FILE = "100"
"""How the mode of a regular file begins; links and submodules are not followed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as git knows it: its path from the top, and the name of its content."""

    path: str
    content: str


class Repository:
    """One working tree and its history."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder lies in."""
        where = folder.resolve()
        while not where.is_dir():
            where = where.parent
        top = run(["rev-parse", "--show-toplevel"], cwd=where).decode().rstrip("\n")
        return cls(Path(top))

    def relative(self, folder: Path) -> str:
        """
        The path of a folder from the top, as git writes it; empty for the top itself.

        Raises
        ------
        GeoError
            If a link leads out of the repository.
        """
        real = folder.resolve()
        if not real.is_relative_to(self.top.resolve()):
            raise GeoError(f"{escape(str(folder))} leads out of the repository {self.top}")
        path = real.relative_to(self.top.resolve()).as_posix()
        return "" if path == "." else path

    def run(self, words: Sequence[str], *, data: bytes | None = None) -> bytes:
        """What git answers."""
        return run(words, cwd=self.top, data=data)

    def answer(self, words: Sequence[str]) -> bytes:
        """What git answers; nothing where it says no."""
        done = _call([*_QUIET, *words], self.top, None)
        return b"" if done.returncode else done.stdout

    def succeeds(self, words: Sequence[str]) -> bool:
        """Whether git says yes."""
        return _call([*_QUIET, *words], self.top, None).returncode == 0

    def commit(self, revision: str) -> str:
        """
        The full name of a commit.

        Raises
        ------
        GeoError
            If git knows none of that name.
        """
        # A name that begins with a hyphen would be an option.
        if not revision or revision.startswith("-"):
            raise GeoError(f"{escape(revision)!r} is no revision")
        words = [*_QUIET, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]
        done = _call(words, self.top, None)
        if done.returncode:
            raise GeoError(
                f"git knows no commit {escape(revision)!r} in {self.top}; "
                "`git log --oneline` lists them"
            )
        return done.stdout.decode().strip()

    def has(self, revision: str) -> bool:
        """Whether there is such a commit."""
        return self.succeeds(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"])

    def merge_base(self, one: str, other: str) -> str | None:
        """The commit that two go back to; None where they have nothing in common."""
        done = _call([*_QUIET, "merge-base", one, other], self.top, None)
        return None if done.returncode else done.stdout.decode().strip()

    def entries(self, commit: str | None, folder: str) -> list[Entry]:
        """The regular files below a folder in a commit; None stands for what is staged."""
        below = _literal(folder)
        if commit is None:
            listed = self.run(["ls-files", "-z", "--stage", "--", below])
        else:
            listed = self.run(
                ["ls-tree", "-r", "-z", "--full-tree", commit, *filter(None, [folder])]
            )
        found = []
        for line in listed.split(b"\0"):
            if line.startswith(_FILE.encode()):
                facts, _, path = line.partition(b"\t")
                # Index: mode, content, stage. Tree: mode, type, content.
                content = facts.split()[1 if commit is None else 2]
                found.append(Entry(os.fsdecode(path), content.decode()))
        return found

    def contents(self, entries: Sequence[Entry]) -> Iterator[bytes]:
        """The bytes of some files, in order."""
        names = b"".join(f"{entry.content}\n".encode() for entry in entries)
        answer = self.run(["cat-file", "--batch"], data=names) if entries else b""
        at = 0
        for _ in entries:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split()[2])
            yield answer[end + 1 : end + 1 + size]
            at = end + size + 2

    def write_out(self, commit: str | None, folder: str, into: Path) -> int:
        """Write the files below a folder of a commit into another folder; how many there are."""
        entries = self.entries(commit, folder)
        for entry, data in zip(entries, self.contents(entries), strict=True):
            path = into / Path(entry.path).relative_to(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return len(entries)

    def removed_lines(self, commit: str, folder: str) -> Iterator[tuple[str, str]]:
        """Every line that a commit of the history took away: the commit, and the line."""
        words = [
            *("log", "--format=commit %h", "--patch", "--unified=0", "--no-color"),
            *("--no-ext-diff", "--no-textconv", "--no-renames"),
            *(commit, "--", _literal(folder)),
        ]
        at = ""
        for line in self.run(words).decode("utf-8", "replace").split("\n"):
            if line.startswith("commit "):
                at = line[7:]
            elif line.startswith("-") and not line.startswith("--- "):
                yield at, line[1:]

    def path(self, name: str) -> Path:
        """Where git keeps something: shared by all working trees where git shares it."""
        words = ["rev-parse", "--path-format=absolute", "--git-path", name]
        # Asked as git is: where the hooks lie is a matter of its configuration.
        return Path(os.fsdecode(_checked(words, self.top, None)).rstrip("\n"))

    def settings(self, name: str) -> list[str]:
        """All values of a setting of this clone."""
        done = _call([*_QUIET, "config", "--local", "-z", "--get-all", name], self.top, None)
        return [value for value in os.fsdecode(done.stdout).split("\0") if value]

    def set_all(self, settings: Mapping[str, str]) -> None:
        """Set some settings of this clone."""
        for name, value in settings.items():
            self.run(["config", "--local", "--replace-all", name, value])

    def unset_section(self, name: str) -> bool:
        """Take a whole section away; whether there was one."""
        return self.succeeds(["config", "--local", "--remove-section", name])


def run(words: Sequence[str], *, cwd: Path, data: bytes | None = None) -> bytes:
    """What git answers, with nothing of a repository's own run on the way."""
    return _checked([*_QUIET, *words], cwd, data)


def _checked(words: Sequence[str], cwd: Path, data: bytes | None) -> bytes:
    done = _call(words, cwd, data)
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise GeoError(f"git says: {escape(said or 'nothing', 500)}")
    return done.stdout


def _call(
    words: Sequence[str], cwd: Path, data: bytes | None
) -> subprocess.CompletedProcess[bytes]:
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    try:
        return subprocess.run(
            ["git", *words], cwd=cwd, input=data or b"", capture_output=True, env=env, check=False
        )
    except FileNotFoundError as error:
        raise GeoError("there is no git here; install it, or work without versions") from error


def _literal(path: str) -> str:
    """A path that is no pattern, counted from the top."""
    return f":(top,literal){path}" if path else ":(top)"
