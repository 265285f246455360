"""The page of conflicts: the server of the border editor, with another page and who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.edit.editor.serve import IDLE_SECONDS, serve_site
from geo.edit.editor.site import Site
from geo.edit.resolve.session import ResolveSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def resolve_site(session: ResolveSession) -> Site:
    """
    Return the site of a folder's conflicts.

    Parameters
    ----------
    session
        Who answers.

    Returns
    -------
    site
        Its page.
    """
    return Site(
        packages=("geo.edit.editor", "geo.edit.resolve"),
        page="resolve.html",
        words=("page", "editor", "resolve"),
        gets={"state": session.state, "ping": session.ping},
        posts={"choose": session.choose, "save": session.save},
    )


def serve_resolve(
    root: Path,
    *,
    port: int = 0,
    idle_seconds: float = IDLE_SECONDS,
    on_ready: Callable[[str], None],
) -> None:
    """
    Settle what git could not merge in the browser, until the page closes.

    Parameters
    ----------
    root
        The layers folder.
    port
        On 127.0.0.1; 0 takes a free one.
    idle_seconds
        It ends when nobody has asked for so long.
    on_ready
        Is told the address that opens the page, once, as soon as it answers.

    Raises
    ------
    GeoError
        If git has nothing to settle there.
    LayerError
        If a version cannot be read.
    OSError
        If the port is taken.
    """
    site = resolve_site(ResolveSession(root))
    serve_site(site, port=port, idle_seconds=idle_seconds, on_ready=on_ready)
