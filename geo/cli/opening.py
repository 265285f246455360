"""Opening the theatre that a command asks."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

import click

from geo.cli.options import wrong_usage
from geo.cli.printing import say
from geo.cli.progress import late_bar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from geo.theatre import Theatre


def open_theatre(layers: Path) -> Theatre:
    """Read and check a layers folder, with a bar where that takes long."""
    # What is read stays until the end, so nobody looks for garbage in it: 0.9 s of processor time
    # instead of 1.1 for `areas` of the shipped case, 3.4 instead of 3.6 for a layer of 45 MB. Huge
    # pages and the allocator of glibc are left alone: together they would spare the latter 0.3 s.
    gc.disable()
    try:
        from geo.theatre import open_layers

        with contextlib.ExitStack() as stack:
            return open_layers(layers, progress=late_bar(stack))
    finally:
        gc.freeze()
        gc.enable()


def without_collection() -> None:
    """
    Look for no garbage until the command ends: what it reads stays, and a command is short.

    Of the time of checking a year of layers that is a sixth.
    """
    gc.disable()


def position(theatre: Theatre, where: str | None) -> tuple[float, float] | None:
    """The longitude and latitude of a place id, or of a pair LON,LAT; None without either."""
    if where is None:
        return None
    from geo.evidence import locate_place

    with wrong_usage():
        lon, lat, _ = locate_place(theatre.folder, where)
    return lon, lat


def opener(*, no_browser: bool) -> Callable[[str], None]:
    """What tells the address of a page that is served, and opens it."""

    def ready(address: str) -> None:
        import webbrowser

        click.echo(address)
        say("this address opens the page once, in one browser; Ctrl-C ends it")
        if not no_browser:
            webbrowser.open(address)

    return ready
