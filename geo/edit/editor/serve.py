"""
The border editor: a page on this machine, and the small server behind it.

`serve` opens the layers, listens on 127.0.0.1 and answers until the page closes or nobody asks any
more. What the page saves goes through the same strict doors as everything else: it is read as a
file would be, checked as a whole, and written only if the files are still the ones that it read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.edit.editor.server import App, listening, run
from geo.edit.editor.session import Session
from geo.edit.editor.site import editor_site

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

    from geo.edit.editor.site import Site

IDLE_SECONDS = 1800.0
"""The server ends when no page has asked for so long; an open page asks every minute."""


def serve(
    root: Path,
    day: dt.date | None = None,
    *,
    port: int = 0,
    idle_seconds: float = IDLE_SECONDS,
    on_ready: Callable[[str], None],
) -> None:
    """
    Edit the layers of a folder until the page closes, or nobody asks any more.

    Parameters
    ----------
    root
        The layers folder.
    day
        Date of the control layer to begin with; None takes the last.
    port
        On 127.0.0.1; 0 takes a free one.
    idle_seconds
        It ends when nobody has asked for so long.
    on_ready
        Is told the address that opens the page, once, as soon as it answers.

    Raises
    ------
    LayerNotFoundError
        If there is no such folder, or a file that a theatre must have is not there.
    SchemaError
        If any file cannot be read.
    DateError
        If no layer has that date, or there is none at all.
    OSError
        If the port is taken.
    """
    site = editor_site(Session(root, day))
    serve_site(site, port=port, idle_seconds=idle_seconds, on_ready=on_ready)


def serve_site(
    site: Site, *, port: int, idle_seconds: float = IDLE_SECONDS, on_ready: Callable[[str], None]
) -> None:
    """
    Answer for a page until it closes, or nobody asks any more.

    Parameters
    ----------
    site
        What is shown, and who answers.
    port
        On 127.0.0.1; 0 takes a free one.
    idle_seconds
        It ends when nobody has asked for so long.
    on_ready
        Is told the address that opens the page, once, as soon as it answers.

    Raises
    ------
    OSError
        If the port is taken.
    """
    with listening(port) as door:
        number = door.getsockname()[1]
        app = App(site, port=number, idle_seconds=idle_seconds)
        run(app, door, lambda: on_ready(f"http://127.0.0.1:{number}/?token={app.token}"))
