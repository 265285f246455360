"""A drafted control layer of a folder, and how it is written there."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from geo.errors import Issue, LayerError, UnknownIdError, escape
from geo.evidence.estimate.draft import Estimator
from geo.layers import write_control

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection
    from pathlib import Path

    from geo.evidence.estimate.draft import Draft
    from geo.evidence.estimate.parameters import Parameters
    from geo.layers import Folder


def draft_layer(
    folder: Folder,
    day: dt.date,
    *,
    parameters: Parameters | None = None,
    as_of: dt.date | None = None,
    without: Collection[str] = (),
) -> Draft:
    """
    Draft the control layer of a date, following the layer before it and what was drawn by hand.

    Parameters
    ----------
    folder
        The layers.
    day
        The date.
    parameters
        The numbers of the method; the default is `Parameters()`.
    as_of
        Only what was published by then counts (foresight); without it later words do too.
    without
        Ids of statements that do not count: what would be drawn if they were wrong.

    Returns
    -------
    draft
        As from `geo.evidence.Estimator.draft`.

    Raises
    ------
    ValueError
        If there is nothing to draw from.
    UnknownIdError
        If one of the words to leave out is no statement.
    """
    estimator = Estimator.of(folder, parameters=parameters, as_of=as_of)
    if without:
        estimator = estimator_without(folder, without, estimator)
    return draw(estimator, folder, day)


def draw(estimator: Estimator, folder: Folder, day: dt.date) -> Draft:
    """The draft of an estimator, which follows the layer before and keeps what hands drew."""
    layers = folder.control
    earlier = max((one for one in layers if one < day), default=None)
    return estimator.draft(
        day,
        kept=layers[day].features if day in layers else (),
        before=() if earlier is None else layers[earlier].features,
    )


def estimator_without(folder: Folder, ids: Collection[str], estimator: Estimator) -> Estimator:
    """
    The estimator without some statements, with the numbers that were fitted to all of them.

    Raises
    ------
    UnknownIdError
        If one of them is no statement.
    ValueError
        If no place with a statement is left.
    """
    table = folder.statements
    if unknown := sorted(set(ids) - {row.id for row in table.rows}):
        raise UnknownIdError(
            f"{', '.join(map(escape, unknown))}: no such statement in {table.schema.path}; "
            "`frontline why PLACE DATE` names those of a place"
        )
    kept = tuple(row for row in table.rows if row.id not in set(ids))
    less = dataclasses.replace(folder, statements=dataclasses.replace(table, rows=kept))
    other = Estimator.of(less, parameters=estimator.parameters, as_of=estimator.as_of)
    other.take_numbers(estimator)
    return other


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
