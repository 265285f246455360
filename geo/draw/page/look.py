"""What the map and the editor share of their looks: the colours of sides, and Leaflet's files."""

from __future__ import annotations

import hashlib
import math
import re
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING

from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FALLBACK_COLORS = ("#af3c1c", "#4eaf97", "#dfb338", "#2a2729", "#0822f6", "#7b478d")
"""For sides without a colour of their own; told apart with every kind of colour vision."""

LEAFLET = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
}
"""SHA-256 of the files of Leaflet that pages carry."""

_COLOR = re.compile(r"#[0-9a-f]{6}")


def side_colors(own: Mapping[str, str], sides: Iterable[str]) -> dict[str, str]:
    """
    Return a colour for every side.

    Parameters
    ----------
    own
        What `actors.csv` says, by id; anything but ``#rrggbb`` counts for nothing.
    sides
        The sides to be told apart.

    Returns
    -------
    colors
        By side, in order of id: its own, or else the one of `FALLBACK_COLORS` that is the least
        like those of the others.
    """
    sides = sorted(sides)
    colors = {side: own[side] for side in sides if _COLOR.fullmatch(own.get(side, ""))}
    for side in sides:
        if side not in colors:
            taken = list(colors.values())
            colors[side] = max(FALLBACK_COLORS, key=partial(_nearest, others=taken))
    return dict(sorted(colors.items()))


def _nearest(color: str, others: list[str]) -> float:
    """How far a colour is from the nearest of others, in red, green and blue."""
    rgb = [bytes.fromhex(one[1:]) for one in (color, *others)]
    return min((math.dist(rgb[0], one) for one in rgb[1:]), default=math.inf)


def leaflet_text(name: str) -> str:
    """
    Return the text of a file of Leaflet.

    Parameters
    ----------
    name
        ``leaflet.js`` or ``leaflet.css``.

    Returns
    -------
    text
        As it was published, without the pictures, which belong to controls that no page has.

    Raises
    ------
    GeoError
        If it is not there, or another one: a page must not carry a script that nobody has seen.
    """
    try:
        found = [f for f in distribution("XStatic-Leaflet").files or () if f.name == name]
    except PackageNotFoundError as error:
        raise GeoError("XStatic-Leaflet is not installed; maps need 1.9.3.0") from error
    data = found[0].read_binary() if found else b""
    if hashlib.sha256(data).hexdigest() != LEAFLET[name]:
        raise GeoError(f"{name} is not the one of Leaflet 1.9.3; install XStatic-Leaflet==1.9.3.0")
    # Its images belong to controls that the page does not have, and nothing may be fetched.
    text = data.decode().replace("\r\n", "\n")
    return re.sub(r"url\(images/[^)]*\)", "none", text)
