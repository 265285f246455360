"""Bars on standard error, for who waits and looks."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Told = Callable[[str, int, int], None]
    """Called with what is done, how much of it, and of how much."""

_MANY_FILES = 60
"""So many take long enough to be read that a bar is shown."""


@contextlib.contextmanager
def progress_bar() -> Iterator[Told | None]:
    """A bar on standard error for as long as something lasts; none where nobody looks at it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            task = tasks[what] if what in tasks else bar.add_task(what, total=total)
            tasks[what] = task
            bar.update(task, completed=done, total=total)

        yield progress


def late_bar(stack: contextlib.ExitStack) -> Told:
    """A bar that appears where there is enough to do that somebody would wait."""
    bars: list[Told | None] = []

    def progress(what: str, done: int, total: int) -> None:
        if total < _MANY_FILES:
            return
        if not bars:
            bars.append(stack.enter_context(progress_bar()))
        if bars[0]:
            bars[0](what, done, total)

    return progress


_PATIENCE_S = 2.0
"""Whoever waits longer sees a bar."""


@contextlib.contextmanager
def slow_bar() -> Iterator[Told]:
    """A bar that appears once something has lasted a while and is not done."""
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        bars: list[Told | None] = []

        def progress(what: str, done: int, total: int) -> None:
            if not bars and (time.monotonic() - begun < _PATIENCE_S or done >= total):
                return
            if not bars:
                bars.append(stack.enter_context(progress_bar()))
            if bars[0]:
                bars[0](what, done, total)

        yield progress
