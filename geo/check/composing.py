"""
The composite of a folder, kept for the next command: as it was, or longer by the days added since.

It follows from the study area, the sides and the control layers alone, so it is kept under the
digests of these files; that a whole folder was found sound is kept beside it, under the digests of
all its files. What daily work does to a series is to add a day: then the composite of the days
before is made longer, which gives the same answers as building anew (`Composite.extend`).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from geo.check.case import build_composite
from geo.control import Composite
from geo.errors import CoverageError
from geo.layers import cache_key, keep_cached, load_cached
from geo.model import ACTORS, CONTROL, THEATRE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from geo.layers import Folder

_SOUND = b"sound"
_FOLDER = CONTROL.path.partition("*")[0]
_MOST_ADDED = 31
"""
So many days are added to what was kept; more are rare, and looked for in vain. Adding one to 769
dates of 3,000 vertices takes 0.03 s, building anew 2.7 s and reading the files 6.7 s.
"""


def load_sound(digests: Mapping[str, str]) -> Composite | None:
    """
    Return the composite of a folder that was found sound and has not changed since.

    Parameters
    ----------
    digests
        SHA-256 of every file, by its path below the layers folder.

    Returns
    -------
    composite
        None where the folder must be read and checked.
    """
    return _load(digests) if load_cached(cache_key(digests)) == _SOUND else None


def keep_composite(digests: Mapping[str, str], composite: Composite) -> None:
    """
    Keep the composite of a folder that was found sound.

    Parameters
    ----------
    digests
        SHA-256 of every file, by its path below the layers folder.
    composite
        Of its control layers.
    """
    keep_cached(_key(digests), composite.to_bytes())
    keep_cached(cache_key(digests), _SOUND)


def compose_layers(folder: Folder) -> Composite:
    """
    Node the control layers of a folder together, from what was kept as far as possible.

    Parameters
    ----------
    folder
        As read: its digests are those of what it holds.

    Returns
    -------
    composite
        The same answers as from `Composite.build`.

    Raises
    ------
    CoverageError
        If the patches of a date do not cover the study area once.
    """
    days = list(folder.control)
    for added in range(min(_MOST_ADDED + 1, len(days))):
        earlier, later = days[: len(days) - added], days[len(days) - added :]
        kept = _load(folder.digests, [*later])
        # A day that is no coverage is built with all others, so that every fault is named.
        with contextlib.suppress(CoverageError):
            if kept is not None and list(kept.dates) == earlier:
                for day in later:
                    kept = kept.extend(day, folder.patches(day))
                return kept
    return build_composite(folder)


def _load(digests: Mapping[str, str], without: Collection[dt.date] = ()) -> Composite | None:
    """The composite that was kept of these layers, or of these without some days."""
    if kept := load_cached(_key(digests, without)):
        with contextlib.suppress(ValueError):
            return Composite.from_bytes(kept)
    return None


def _key(digests: Mapping[str, str], without: Collection[dt.date] = ()) -> str:
    """The name of what the composite follows from."""
    left_out = {CONTROL.path.replace("*", day.isoformat()) for day in without}
    return cache_key(
        {
            name: digest
            for name, digest in digests.items()
            if name not in left_out
            and (name in {THEATRE.path, ACTORS.path} or name.startswith(_FOLDER))
        }
        | {"composite": ""}
    )
