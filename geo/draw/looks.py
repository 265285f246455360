"""
How things look: the one table of colours, textures, marks and line styles, and what follows.

The table is ``looks.json`` beside this file. The page and the editor are given it as it stands;
what is drawn in Python (stills, plots, notebooks, KML, QGIS) reads it here, as paints and parallel
lines. To change a look, change the table: nothing else spells a colour out but the style sheets,
whose colours are those of buttons and of text.

Colours go by side: a handover inside a side is a row of a change and no change of colour. Fills
are drawn at 0.70 where firm and 0.60 where inferred or claimed; fainter, green comes too near
"not assessed" for readers without red cones.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Label, Value

LOOKS: dict[str, Any] = json.loads((files("geo.draw") / "looks.json").read_text(encoding="utf-8"))
"""The table of looks, as it stands."""

_PAPER, _STRENGTH = LOOKS["paper"], LOOKS["strength"]
WHITE, INK, QUIET = _PAPER["white"], _PAPER["ink"], _PAPER["quiet"]
LAND, OUTSIDE, COUNTRY = _PAPER["land"], _PAPER["outside"], _PAPER["country"]
GAIN, LOSS = _PAPER["gain"], _PAPER["loss"]
OTHER_SIDE: str = LOOKS["sides"]["other"]
"""A side that holds nothing on any date, and so was given no colour."""

SPARE_COLORS: tuple[str, ...] = tuple(LOOKS["sides"]["spare"])
"""For sides without a colour of their own; told apart with every kind of colour vision."""

LATE: tuple[str, ...] = tuple(LOOKS["statuses"])
"""The statuses of ground that no side holds alone, in the order in which a legend ends."""

EVENT_KINDS: tuple[str, ...] = tuple(LOOKS["events"])
"""Kinds of event marks; where several events share a place, the first of these gives the mark."""

_KIND_OF = {name: kind for kind, look in LOOKS["events"].items() for name in look["types"]}
_COLOR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Lines:
    """A family of parallel lines; with a dash, also rows of dots. Lengths in page pixels."""

    color: str
    width: float
    step: float
    way: int  # 1 rises, -1 falls, 0 stands, 2 lies
    shift: float = 0.0
    dash: tuple[float, float] | None = None
    alpha: float = 1.0


Look = tuple[str, ...]
"""What makes two labels look the same; its first word is the status."""

Paint = str | Lines

Stroke = tuple[str, float, "Sequence[float]", float]
"""One stroke of a line: colour, width, dash, opacity."""


# --- colours ------------------------------------------------------------------------------------
# Mixing two colours and the distance of two are a line each; a library of colours would be loaded
# (0.3 s) for these alone.


def mix(color: str, alpha: float, base: str = LAND) -> str:
    """A colour laid over another, as one opaque colour: neighbours leave no seam."""
    pairs = zip(rgb(color), rgb(base), strict=True)
    return "#" + "".join(f"{math.floor(v * alpha + b * (1 - alpha) + 0.5):02x}" for v, b in pairs)


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``, 0 to 255."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue


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
        By side, in order of id: its own, or else the one of `SPARE_COLORS` that is the least
        like those of the others.
    """
    sides = sorted(sides)
    colors = {side: own[side] for side in sides if _COLOR.fullmatch(own.get(side, ""))}
    for side in sides:
        if side not in colors:
            taken = list(colors.values())
            colors[side] = max(SPARE_COLORS, key=partial(_spare, taken=taken))
    return dict(sorted(colors.items()))


def _spare(color: str, taken: list[str]) -> tuple[int, float]:
    """How fit a colour is: seldom taken, then far from the nearest of those in use, in RGB."""
    near = min((math.dist(rgb(color), rgb(one)) for one in taken), default=math.inf)
    return -taken.count(color), near


def held_colors(folder: Folder, composite: Composite) -> dict[str, str]:
    """
    Return a colour for every side that holds or contests ground on some date.

    Parameters
    ----------
    folder
        The layers, of which the table of actors is read.
    composite
        Its control layers, noded together.

    Returns
    -------
    colors
        By side, as `side_colors` gives them.
    """
    held = {actor for label in composite.labels for actor in label.parties}
    sides = {composite.sides.get(actor, actor) for actor in held}
    return side_colors(folder.own_colors, sides)


def flat_color(status: str) -> str:
    """
    Return the colour of ground that no side holds, where there is no room for its texture.

    Parameters
    ----------
    status
        Of the ground; one that a side holds alone has the colour of the side instead.

    Returns
    -------
    color
        As ``#rrggbb``.
    """
    look = LOOKS["statuses"].get(status, LOOKS["statuses"]["none"])
    return str(look["flat"])


# --- ground -------------------------------------------------------------------------------------


def _bands(
    colors: Sequence[str], width: float, way: int, *, clear: int = 0, alpha: float = 1.0
) -> list[Paint]:
    """Bands side by side, one a colour, then some that stay clear; `width` is measured across."""
    lean = 1.0 if way == 0 else math.sqrt(0.5)
    step = width * (len(colors) + clear) * lean
    return [
        Lines(color, width * lean, step, way, shift=(i + 0.5) * width * lean, alpha=alpha)
        for i, color in enumerate(colors)
    ]


def _dots(step: float, color: str, alpha: float = 1.0) -> list[Paint]:
    width = LOOKS["textures"]["dots"]["width"]
    return [Lines(color, width, step / 2, 2, shift=step / 4, dash=(0.01, step), alpha=alpha)]


def _dashes(step: float, color: str, alpha: float) -> list[Paint]:
    look = LOOKS["textures"]["dashes"]
    dash = (step * look["length"], step * (1 - look["length"]))
    return [Lines(color, look["width"], step / 2, 2, shift=step / 4, dash=dash, alpha=alpha)]


def texture(label: Label) -> tuple[str, str]:
    """Plain, dots or dashes, and how dense: the less sure, the denser."""
    table = LOOKS["textures"]
    if kind := table["bases"].get(label.basis):
        return kind, str(table["steps"].get(label.confidence, table["step"]))
    kind, step = table["unsure"].get(label.confidence, ("plain", 0))
    return kind, str(step)


def texture_key(look: tuple[str, str]) -> str:
    """Under which key a texture is explained: dense dots are presumed ground, others inferred."""
    kind, step = look
    if kind == "dots":
        return "presumed" if float(step) <= LOOKS["textures"]["steps"]["low"] else "inferred"
    return "reported" if kind == "plain" else "claimed"


def look_of(label: Label, sides: Mapping[str, str]) -> Look:
    """What makes two labels look the same: status, sides, the texture of their certainty."""
    actors = split_ids(label.controllers) or tuple(filter(None, (label.controller,)))
    held = tuple(dict.fromkeys(sides.get(actor, actor) for actor in actors))
    if label.is_nobodys:
        return (label.status,)
    if label.is_shared:
        return (label.status, *held)
    side = sides.get(label.controller, label.controller)
    if label.status == "advance":
        return ("advance", side)
    return ("controlled", side, *texture(label))


def paints_of(look: Look, colors: Mapping[str, str], *, faded: bool = False) -> list[Paint]:
    """The layers of paint of one look, from the ground up."""
    status, *rest = look

    def tint(side: str, strength: str) -> str:
        return mix(colors.get(side, OTHER_SIDE), _STRENGTH["faded" if faded else strength])

    if status == "controlled":
        side, kind, step = rest
        # What is only presumed is paler than what is likely, so that both are told apart in print.
        weak = kind == "dots" and float(step) <= LOOKS["textures"]["steps"]["low"]
        strength = "plain" if kind == "plain" else "weak" if weak else "unsure"
        ground: list[Paint] = [tint(side, strength)]
        if faded or kind == "plain":
            return ground
        ink, alpha = LOOKS["textures"]["ink"], LOOKS["textures"]["alpha"]
        return ground + (_dots if kind == "dots" else _dashes)(float(step), ink, alpha)
    table = LOOKS["statuses"][status]
    if "dots" in table:
        return [table["ground"], *_dots(**table["dots"])]
    bands = dict(table["bands"])
    if status == "unknown":
        return [table["ground"], *_bands([bands.pop("color")], **bands)]
    if status == "advance":
        return [table["ground"], *_bands([tint(rest[0], "advance")], **bands)]
    tints = [tint(side, "shared") for side in rest or ["unknown"]]
    tints += [LAND] if len(tints) == 1 else []
    return [table["ground"], *_bands(tints, **bands)]


def change_paints(
    old: str, new: str, colors: Mapping[str, str], *, taken: bool = True
) -> list[Paint]:
    """Fill of the new holder, wide stripes of the old; what only the map learned is paler."""
    table = LOOKS["change"]
    if taken and old in colors and new in colors:
        now, then = (mix(colors[holder], _STRENGTH["changed"]) for holder in (new, old))
        return [now, *_bands([then], **table["hands"]["bands"])]
    known = table["known"]
    ground = mix(colors[new], _STRENGTH["faded"] * 2) if new in colors else known["ground"]
    stripe = mix(colors[old], _STRENGTH["plain"]) if old in colors else LOOKS["sides"]["nobody"]
    return [ground, *_bands([stripe], **known["bands"])]


def change_line(*, hands: bool) -> tuple[str, float]:
    """Colour and width of the outline of changed ground; heavier where it changed hands."""
    color, width = LOOKS["change"]["hands" if hands else "known"]["line"]
    return color, width


def unseen_paints() -> list[Paint]:
    """Hatching over spans of time in which nobody looked."""
    look = LOOKS["axis"]["unseen"]
    return _bands(
        [look["color"]], look["width"], look["way"], clear=look["clear"], alpha=look["alpha"]
    )


def one_hatching(paints: Sequence[Paint]) -> tuple[str, Lines | None]:
    """The same paints for those who know one colour of ground and one family of lines over it."""
    lines = [paint for paint in paints if isinstance(paint, Lines)]
    if len(lines) > 1:  # bands without a gap: the first is the ground of the second
        return lines[0].color, lines[1]
    return str(paints[0]), lines[0] if lines else None


# --- lines and marks ----------------------------------------------------------------------------


def line_styles(properties: Mapping[str, Value]) -> list[Stroke]:
    """Strokes of a context line, the lowest first; a kind without a style is drawn as a zone."""
    table, kind = LOOKS["lines"], properties["kind"]
    rough = f"{kind}.{properties['accuracy']}"
    styles = table.get(rough) or table.get(kind) or table["zone"]
    return [tuple(stroke) for stroke in styles]


def event_kind(event_type: object) -> str:
    """
    Return the kind of mark of an event type.

    Parameters
    ----------
    event_type
        As in the column of events.

    Returns
    -------
    kind
        ``other`` where it is none of ours.
    """
    return str(_KIND_OF.get(str(event_type), "other"))


def event_color(kind: str) -> str:
    """The colour of a kind of event mark."""
    return str(LOOKS["events"][kind]["color"])


def mark_corners(kind: str) -> list[tuple[float, float]]:
    """The corners of an event mark of radius 1, y down; none for a disc."""
    look = LOOKS["events"][kind]
    if "star" in look:
        rays, far, near = look["star"]
        turns = [(i * math.pi / rays, near if i % 2 else far) for i in range(2 * rays)]
        return [(r * math.sin(turn), -r * math.cos(turn)) for turn, r in turns]
    return [(x, y) for x, y in look.get("corners", ())]


def place_rank(kind: object) -> int:
    """How important a kind of place is: 0 is first."""
    return int(LOOKS["places"]["ranks"].get(kind, LOOKS["places"]["rank"]))


def is_major(kind: object) -> bool:
    """Whether a place of a kind is named wherever there is room."""
    return bool(place_rank(kind) <= LOOKS["places"]["major"])


def lowest_rank(zoom: float) -> int:
    """The least important places that are shown at a zoom of the page."""
    table = LOOKS["places"]
    return int(next((rank for below, rank in table["zooms"] if zoom < below), table["rank"]))
