"""The review page: the server of the border editor, with another page and another who answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.edit.editor.serve import IDLE_SECONDS, serve_site
from geo.edit.editor.site import Site
from geo.edit.reports.session import Report, ReviewSession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from geo.evidence import Gazetteer, History


def review_site(session: ReviewSession) -> Site:
    """
    Return the site of a review.

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
        packages=("geo.edit.editor", "geo.edit.reports"),
        page="review.html",
        words=("page", "editor", "review"),
        gets={"state": session.state, "ping": session.ping, "ground": session.ground},
        posts={"decide": session.decide, "undo": session.undo, "save": session.save},
    )


def serve_review(
    root: Path,
    reports: Sequence[Report],
    *,
    gazetteer: Gazetteer,
    near: tuple[float, float] | None = None,
    source_id: str | None = None,
    history: History | None = None,
    port: int = 0,
    idle_seconds: float = IDLE_SECONDS,
    on_ready: Callable[[str], None],
) -> None:
    """
    Review reports in the browser until the page closes, or nobody asks any more.

    Parameters
    ----------
    root
        The layers folder.
    reports
        The queue, in the order in which they are reviewed.
    gazetteer
        Places that names are looked up in.
    near
        Longitude and latitude that the reports are about.
    source_id
        Their source, if all have one.
    history
        Who held a position, to compare drafts with; None compares nothing.
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
    OSError
        If the port is taken.
    """
    session = ReviewSession(
        root, reports, gazetteer=gazetteer, near=near, source_id=source_id, history=history
    )
    serve_site(review_site(session), port=port, idle_seconds=idle_seconds, on_ready=on_ready)
