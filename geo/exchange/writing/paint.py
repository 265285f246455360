"""How ground is drawn by programs that take their colours from the file: KML and QGIS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.draw import flat_color, side_colors
from geo.model import Status, split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.layers import Folder

_STRIPED = frozenset({Status.CONTESTED, Status.MIXED, Status.ADVANCE})


@dataclass(frozen=True, slots=True)
class Paint:
    """
    How one kind of ground is drawn.

    Attributes
    ----------
    key
        What the style is called in a file.
    title
        What a legend says.
    fill
        Its colour.
    opacity
        From 0 to 1.
    hatch
        The second colour of shared ground; empty where there is none.
    """

    key: str
    title: str
    fill: str
    opacity: float
    hatch: str = ""


def side_paint(folder: Folder) -> dict[str, str]:
    """Return the colour of every side."""
    own = {row.id: str(row.values["color"] or "") for row in folder.actors.rows}
    return side_colors(own, {folder.sides.get(name, name) for name in own})


def paint_ground(
    row: Mapping[str, Any], sides: Mapping[str, str], colors: Mapping[str, str]
) -> Paint:
    """Return how a row of the table of control is drawn."""
    status = row["status"]
    if Status(status).is_nobodys:
        return Paint(status, status, flat_color(status), 0.25)
    parties = [sides.get(p, p) for p in split_ids(row["controllers"])]
    first = row["side"] or (parties[0] if parties else "")
    fill = colors.get(first) or flat_color(status)
    if status not in _STRIPED:
        return Paint(f"{first}-{status}", first, fill, 0.55)
    second = next((p for p in parties if p != first), first)
    key = "-".join(dict.fromkeys((first, second, status)))
    title = f"{status}: {' and '.join(dict.fromkeys((first, second)))}"
    return Paint(key, title, fill, 0.3, colors.get(second) or flat_color(status))
