"""
Pictures in letters: small theatres for tests and examples.

Each letter is a square of ground held by the controller of that name; the top
row lies in the north. ``?`` is ground of status unknown, ``.`` lies outside
the study area.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import shapely

from geo.control.composite import Composite
from geo.model import Label, Patch, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST_DAY = dt.date(2001, 1, 1)
"""Date of the first picture; each further one is a day later."""

_CELL_DEG = 0.1
_WEST, _SOUTH = 37.0, 33.0


def _cells(rows: Sequence[str]) -> dict[str, list[shapely.Polygon]]:
    cells: dict[str, list[shapely.Polygon]] = {}
    for up, row in enumerate(reversed(rows)):
        for across, letter in enumerate(row):
            west, south = _WEST + across * _CELL_DEG, _SOUTH + up * _CELL_DEG
            square = shapely.box(west, south, west + _CELL_DEG, south + _CELL_DEG)
            cells.setdefault(letter, []).append(square)
    return cells


def _joined(squares: Sequence[shapely.Polygon]) -> shapely.Geometry:
    return shapely.union_all(shapely.set_precision(squares, 1e-6))


def grid(*rows: str) -> list[Patch]:
    """
    Return the patches of a picture in letters.

    Parameters
    ----------
    *rows
        From north to south, one letter a square of a tenth of a degree.

    Returns
    -------
    patches
        One a letter, by letter; the id is ``patch-`` and the letter.

    Examples
    --------
    >>> [patch.label.controller for patch in grid("aba", "aaa")]
    ['a', 'b']
    """
    patches = []
    for letter, squares in sorted(_cells(rows).items()):
        if letter == ".":
            continue
        label = Label(letter, "", Status.CONTROLLED, "reported", "high", f"patch-{letter}")
        if letter == "?":
            label = Label(patch="patch-unknown")
        patches.append(Patch(label, _joined(squares)))
    return patches


def area(*rows: str) -> shapely.Geometry:
    """
    Return the study area of a picture in letters.

    Parameters
    ----------
    *rows
        As for `grid`.

    Returns
    -------
    area
        All squares but those of ``.``.

    Examples
    --------
    >>> area("ab.").bounds
    (37.0, 33.0, 37.2, 33.1)
    """
    cells = _cells(rows)
    return _joined([s for letter, squares in cells.items() if letter != "." for s in squares])


def theatre(*pictures: Sequence[str], sides: Mapping[str, str] | None = None) -> Composite:
    """
    Return the composite of some pictures in letters, a day apart.

    Parameters
    ----------
    *pictures
        The rows of each date.
    sides
        Side of each letter; the default makes each its own side.

    Returns
    -------
    composite
        From `FIRST_DAY` on.

    Examples
    --------
    >>> theatre(["ab"], ["aa"])
    <Composite 2001-01-01 to 2001-01-02, 2 layers, 2 faces>
    """
    days = [FIRST_DAY + dt.timedelta(days=i) for i in range(len(pictures))]
    snapshots = {day: grid(*rows) for day, rows in zip(days, pictures, strict=True)}
    return Composite.build(area(*pictures[0]), snapshots, sides)
