"""Who held a place, interval by interval, with what the patches of each interval rest on."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from geo.errors import UnknownIdError
from geo.evidence.places import locate_place
from geo.model import split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Label

    Interval = tuple[dt.date, dt.date | None, Label]
    Cell = str | dt.date | None

_AXES = ("controller", "controllers", "status", "basis", "confidence")
"""What makes an interval: a border that moved elsewhere, or another note, begins none."""

_axes = attrgetter(*_AXES)


def place_history(folder: Folder, composite: Composite, place_id: str) -> list[dict[str, Cell]]:
    """
    Return who held a place, when, and why.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    place_id
        Its id in ``places.geojson``.

    Returns
    -------
    history
        One row an interval ``[valid_from, valid_to)``; an empty ``valid_to`` means as of the last
        layer. ``controller``, ``controllers``, ``status``, ``basis``, ``confidence``, and why:
        ``statement_ids``, ``source_ids`` (both ``;``-joined, over the whole interval) and the
        ``note`` of its last patch, which also names words that are known to the month or worse.

    Raises
    ------
    UnknownIdError
        If there is no such place, it was never located, or it lies outside the study area.
    """
    lon, lat, _ = locate_place(folder, place_id)
    intervals = composite.history_at(lon, lat)
    if not intervals:
        raise UnknownIdError(f"{place_id} lies outside the study area, where nothing is drawn")
    runs = groupby(intervals, key=lambda interval: _axes(interval[2]))
    return [_row(folder, axes, list(run)) for axes, run in runs]


def _row(folder: Folder, axes: tuple[str, ...], run: Sequence[Interval]) -> dict[str, Cell]:
    """One row of a history, with the reasons that its patches give on every date of it."""
    reasons: dict[str, dict[str, None]] = {"statement_ids": {}, "source_ids": {}}
    note = ""
    for first, last, label in run:
        for day, layer in folder.control.items():
            if day < first or (last is not None and day >= last):
                continue
            patch = next(one.properties for one in layer.features if one.id == label.patch)
            note = str(patch["note"] or "")
            for name, ids in reasons.items():
                ids.update(dict.fromkeys(split_ids(patch[name])))
    told = " ".join(filter(None, (note, _vague_words(folder, reasons["statement_ids"]))))
    return {
        "valid_from": run[0][0],
        "valid_to": run[-1][1],
        **dict(zip(_AXES, (value or None for value in axes), strict=True)),
        **{name: ";".join(ids) or None for name, ids in reasons.items()},
        "note": told or None,
    }


_VAGUE = ("month", "season", "year")


def _vague_words(folder: Folder, ids: Iterable[str]) -> str:
    """Name the statements whose day is known to the month or worse."""
    statements = folder.rows("statements")
    said: dict[str, list[str]] = {}
    for name in ids:
        known = str(statements[name].values["date_precision"] or "")
        if known in _VAGUE:
            said.setdefault(known, []).append(name)
    return " ".join(f"Dated to the {known}: {', '.join(n)}." for known, n in said.items())
