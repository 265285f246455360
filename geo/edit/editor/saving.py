"""Saving: several files together or none, and the two answers that are no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.errors import LayerError
from geo.layers import digest, save_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from geo.errors import Issue

    Answer = dict[str, Any]


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
