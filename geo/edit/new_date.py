"""A control layer for a new date, begun as a copy of an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.errors import DateError
from geo.layers import write_control
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from geo.layers import Folder


def new_layer(folder: Folder, day: str | dt.date, source: str | dt.date | None = None) -> Path:
    """
    Begin the control layer of a date as a copy of an earlier one.

    Patches keep their ids, and borders stay identical to the last digit: what is edited then is
    what changed.

    Parameters
    ----------
    folder
        The theatre.
    day
        The new date.
    source
        Date of the layer to copy; the default is the one in force on `day`.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    DateError
        If `day` has a layer already, or there is none to copy.
    StaleLayerError
        If the file appeared meanwhile; nothing is written.
    """
    date = parse_day(day)
    if date in folder.control:
        raise DateError(f"there is a layer of {date} already: edit that, or choose another date")
    if source is None:
        earlier = [known for known in folder.control if known < date]
        if not earlier:
            raise DateError(
                f"no layer is older than {date}; name one to copy with --from, or draft it with "
                f"`frontline estimate {date}`"
            )
        chosen = max(earlier)
    else:
        chosen = parse_day(source)
        if chosen not in folder.control:
            days = ", ".join(str(known) for known in folder.control) or "none"
            raise DateError(f"there is no layer of {chosen} to copy; there are: {days}")
    return write_control(folder, date, folder.control[chosen].features)
