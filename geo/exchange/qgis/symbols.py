"""Pieces of QGIS's XML that every project needs: symbols, plain renderers, the reference system."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from geo.draw import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_OUTLINE, _CONTEXT = LOOKS["desk"]["outline"], LOOKS["desk"]["context"]

SRS = (
    "<spatialrefsys><authid>EPSG:4326</authid><srsid>3452</srsid><srid>4326</srid>"
    "<proj4>+proj=longlat +datum=WGS84 +no_defs</proj4><geographicflag>true</geographicflag>"
    "</spatialrefsys>"
)


def layer(kind: str, **properties: str) -> str:
    """One layer of a symbol, of a class such as SimpleFill."""
    cells = "".join(f"<prop k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in properties.items())
    return f'<layer class="{kind}" enabled="1" locked="0" pass="0">{cells}</layer>'


def rgba(color: str, opacity: float) -> str:
    """A colour as QGIS spells it."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"{red},{green},{blue},{round(opacity * 255)}"


def fill(name: str, color: str, opacity: float, hatch: str = "") -> str:
    """The symbol of an area; `hatch` is a second colour, in stripes."""
    layers = ground(color, opacity, _OUTLINE, width="0.2")
    if hatch:
        line = layer("SimpleLine", line_color=rgba(hatch, 1), line_width="0.5")
        layers += stripes(f"@{name}@1", line, distance="2.5")
    return symbol("fill", name, layers)


def ground(color: str, opacity: float, outline: str, *, width: str) -> str:
    """The colour of an area with a line round it."""
    look = {"color": rgba(color, opacity), "style": "solid", "outline_color": rgba(outline, 1)}
    return layer("SimpleFill", **look, outline_width=width, outline_style="solid")


def stripes(name: str, line: str, *, distance: str) -> str:
    """Lines across an area, rising to the right."""
    return (
        '<layer class="LinePatternFill" enabled="1" locked="0" pass="0"><prop k="angle" v="45"/>'
        f'<prop k="distance" v="{distance}"/>{symbol("line", name, line)}</layer>'
    )


def outline(color: str, width_mm: float, style: str = "dash") -> str:
    """A renderer that draws the border of areas and nothing of their ground."""
    border = layer(
        "SimpleFill",
        style="no",
        outline_color=rgba(color, 1),
        outline_width=f"{width_mm:g}",
        outline_style=style,
    )
    return single("fill", border)


def plain_renderer(dimension: int) -> str:
    """Thin and grey: for orientation only."""
    kind = ("marker", "line", "fill")[dimension]
    cells = (
        layer("SimpleMarker", color=rgba(_CONTEXT, 1), size="1.6"),
        layer("SimpleLine", line_color=rgba(_CONTEXT, 1), line_width="0.3"),
        layer("SimpleFill", style="no", outline_color=rgba(_CONTEXT, 1)),
    )[dimension]
    return single(kind, cells)


def marker(name: str, color: str) -> str:
    """One layer of a symbol of points; `name` is a shape that QGIS knows."""
    return layer("SimpleMarker", name=name, color=rgba(color, 1), size="2.2")


def symbol(kind: str, name: str, cells: str) -> str:
    """A symbol of layers: a fill, a line or a marker."""
    return f'<symbol type="{kind}" name="{name}" alpha="1" clip_to_extent="1">{cells}</symbol>'


def categorized(key: str, items: Iterable[tuple[str, str]], drawn: Sequence[str]) -> str:
    """A renderer with a symbol for each value of an expression; `items` are values and titles."""
    categories = "".join(
        f'<category render="true" symbol="{i}" value={quoteattr(value)} label={quoteattr(title)}/>'
        for i, (value, title) in enumerate(items)
    )
    return (
        f'<renderer-v2 type="categorizedSymbol" attr={quoteattr(key)} forceraster="0" '
        f'symbollevels="0" enableorderby="0"><categories>{categories}</categories>'
        f"<symbols>{''.join(drawn)}</symbols></renderer-v2>"
    )


def single(kind: str, cells: str) -> str:
    """A renderer with one symbol for all."""
    return (
        '<renderer-v2 type="singleSymbol" forceraster="0" symbollevels="0" enableorderby="0">'
        f"<symbols>{symbol(kind, '0', cells)}</symbols></renderer-v2>"
    )
