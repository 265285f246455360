"""A drafted control layer, written into the folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.errors import Issue, LayerError
from geo.layers import write_control

if TYPE_CHECKING:
    from pathlib import Path

    from geo.evidence.estimate.draft import Draft
    from geo.layers import Folder


def write_draft(folder: Folder, draft: Draft, *, replace: bool = False) -> Path:
    """
    Write a drafted control layer into the folder.

    Parameters
    ----------
    folder
        The layers, as read.
    draft
        From `geo.evidence.Estimator.draft`.
    replace
        Whether a layer of that date gives way to the draft; perhaps somebody edited it.

    Returns
    -------
    path
        The file.

    Raises
    ------
    LayerError
        If there is a layer of that date and `replace` is false, or the file changed meanwhile.
    """
    if draft.day in folder.control and not replace:
        issue = Issue(
            "layer.exists",
            "error",
            f"there is a layer of {draft.day} already, perhaps edited by hand",
            "replace it on purpose, or draft another date",
            file=f"control/{draft.day}.geojson",
        )
        raise LayerError([issue])
    return write_control(folder, draft.day, draft.features)
