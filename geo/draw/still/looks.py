"""Colours and patterns: those of the page, in terms of paints and parallel lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.model import split_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.model import Label

Look = tuple[str, ...]
"""What makes two labels look the same; its first word is the status."""

LAND, OUTSIDE, COUNTRY, INK, QUIET = "#f6f4ee", "#e6e8e4", "#eef0ec", "#1b1f27", "#565d68"
UP, DOWN = "#0b6b2e", "#a3142e"
_FILL, _FILL_UNSURE, _FILL_FADED, _FILL_CHANGED = 0.7, 0.6, 0.2, 0.88
PALETTE = ("#af3c1c", "#4eaf97", "#dfb338", "#2a2729", "#0822f6", "#7b478d")
EVENTS = {
    "Battles": ("battle", "#9c1127"),
    "Explosions/Remote violence": ("blast", "#5b2a8c"),
    "Violence against civilians": ("civilians", "#7a3d00"),
    "Protests": ("protest", "#28543b"),
    "Riots": ("protest", "#28543b"),
    "Strategic developments": ("strategic", "#173f73"),
}
EVENT_ORDER = ("battle", "strategic", "blast", "civilians", "protest")


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


Paint = str | Lines


def mix(color: str, alpha: float, base: str = LAND) -> str:
    """A colour laid over another, as one opaque colour: neighbours leave no seam."""
    pairs = [(int(color[i : i + 2], 16), int(base[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{math.floor(v * alpha + b * (1 - alpha) + 0.5):02x}" for v, b in pairs)


def _bands(colors: Sequence[str | None], width: float, way: int) -> list[Paint]:
    """Bands side by side, one a colour; None stays clear. The page measures across, so do we."""
    lean = 1.0 if way == 0 else math.sqrt(0.5)
    step = width * len(colors) * lean
    return [
        Lines(color, width * lean, step, way, shift=(i + 0.5) * width * lean)
        for i, color in enumerate(colors)
        if color
    ]


def _dots(step: float, color: str, alpha: float) -> list[Paint]:
    return [Lines(color, 1.9, step / 2, 2, shift=step / 4, dash=(0.01, step), alpha=alpha)]


def _dashes(step: float, color: str, alpha: float) -> list[Paint]:
    dash = (step * 0.4, step * 0.6)
    return [Lines(color, 1.2, step / 2, 2, shift=step / 4, dash=dash, alpha=alpha)]


def texture(label: Label) -> tuple[str, str]:
    """Plain, dots or dashes, and how dense: the less sure, the denser."""
    step = {"low": "8", "moderate": "12", "high": "17"}.get(label.confidence, "12")
    if label.basis == "inferred":
        return "dots", step
    if label.basis == "claimed":
        return "dashes", step
    return ("dots", "17") if label.confidence == "low" else ("plain", "0")


def look_of(label: Label, sides: Mapping[str, str]) -> Look:
    """What makes two labels look the same: status, sides, the texture of their certainty."""
    actors = split_ids(label.controllers) or tuple(filter(None, (label.controller,)))
    held = tuple(dict.fromkeys(sides.get(actor, actor) for actor in actors))
    if label.status in {"unknown", "none"}:
        return (label.status,)
    if label.status in {"contested", "mixed"}:
        return (label.status, *held)
    side = sides.get(label.controller, label.controller)
    if label.status == "advance":
        return ("advance", side)
    return ("controlled", side, *texture(label))


def paints_of(look: Look, colors: Mapping[str, str], *, faded: bool = False) -> list[Paint]:
    """The layers of paint of one look, from the ground up."""
    status, *rest = look

    def tint(side: str, alpha: float) -> str:
        return mix(colors.get(side, "#8a8f98"), _FILL_FADED if faded else alpha)

    if status == "unknown":
        return ["#efefec", *_bands(["#c9c9c4", *[None] * 6], 1.1, -1)]
    if status == "none":
        return ["#f4f3f0", *_dots(14, "#b9b9b2", 1.0)]
    if status in {"contested", "mixed"}:
        tints = [tint(side, 0.74) for side in rest or ["unknown"]]
        tints += [LAND] if len(tints) == 1 else []
        return [LAND, *_bands(tints, 6, 0 if status == "mixed" else 1)]
    if status == "advance":
        return ["#faf9f5", *_bands([tint(rest[0], 0.8), None, None], 3.5, 1)]
    side, kind, step = rest
    ground: list[Paint] = [tint(side, _FILL if kind == "plain" else _FILL_UNSURE)]
    if faded or kind == "plain":
        return ground
    return ground + (_dots if kind == "dots" else _dashes)(float(step), "#14161e", 0.34)


def change_paints(old: str, new: str, colors: Mapping[str, str]) -> list[Paint]:
    """Fill of the new holder, wide stripes of the old; what only became known is told apart."""
    if old in colors and new in colors:
        stripes = _bands([mix(colors[old], _FILL_CHANGED), None, None], 4, 1)
        return [mix(colors[new], _FILL_CHANGED), *stripes]
    ground = mix(colors[new], _FILL_FADED * 2) if new in colors else "#e6e6e2"
    stripe = mix(colors[old], _FILL) if old in colors else "#9a9a95"
    return [ground, *_bands([stripe, *[None] * 5], 1.8, -1)]


def line_styles(properties: Mapping[str, object]) -> list[tuple[str, float, list[float], float]]:
    """Strokes of a context line, the lowest first: colour, width, dash, opacity."""
    kind, rough = properties["kind"], properties["accuracy"] == "schematic"
    if kind == "road":
        line = ("#7a6a55", 1.8, [9.0, 4.0], 1.0) if rough else ("#5f5244", 2.2, [], 1.0)
        return [("white", 4.0, [], 0.85), line]
    if kind == "country":
        return [("white", 4.0, [], 0.7), ("#3b2a5c", 1.8, [10.0, 3.0, 2.0, 3.0], 1.0)]
    if kind == "admin1":
        return [("#3b2a5c", 1.0, [5.0, 4.0], 0.55)]
    if kind == "water":
        return [("#6aa0c4", 1.4, [6.0, 3.0] if rough else [], 1.0)]
    return [("white", 3.0, [], 0.7), ("#0f5c66", 1.5, [3.0, 4.0], 1.0)]
