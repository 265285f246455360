"""
What a notebook shows of an answer: tables with the colour of each side, names before ids.

An answer is a frame like any other; only the way it is shown is ours. What is cut from it
(columns, rows) is a plain frame again.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geo.draw.looks import LOOKS, flat_color, side_colors
from geo.evidence import round_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.layers import Folder

_ROWS = 30
"""So many rows are shown; the rest are counted."""

_STYLE = "border-collapse:collapse;font:13px/1.45 system-ui,sans-serif"
_RULE, _RIM = LOOKS["notebook"]["rule"], LOOKS["notebook"]["rim"]
_CELL = f"text-align:left;padding:3px 10px 3px 0;vertical-align:top;border-top:1px solid {_RULE}"


_CHANGE = {
    *("from_controller", "from_status", "to_controller", "to_status"),
    *("area_km2", "place_ids", "change_ids"),
}


class HistoryFrame(pd.DataFrame):
    """
    Who held a place, interval by interval; shown with the colours of the sides.

    ``attrs`` has ``title`` and ``colors`` (a colour by holder).
    """

    def _repr_html_(self) -> str:
        colors = self.attrs.get("colors", {})
        rows = []
        for row in self.head(_ROWS).to_dict("records"):
            holder = _known(row["controller"]) or _known(row["controllers"]) or row["status"]
            until = _known(row["valid_to"]) or "as of the last layer"
            sure = ", ".join(filter(None, (_known(row[n]) for n in ("basis", "confidence"))))
            words = [_swatch(holder, colors), _text(row["status"]), _text(sure)]
            rows.append([_day(row["valid_from"]), _day(until), *words, _text(row["note"])])
        head = ("from", "until", "holder", "status", "how sure", "why")
        return _card(self.attrs.get("title", "History"), _table(head, rows, len(self)))


class ChangeFrame(gpd.GeoDataFrame):  # type: ignore[misc]  # geopandas ships no types
    """
    What changed hands between two dates; shown with the colours of the sides.

    ``attrs`` has ``title``, ``colors`` (a colour by holder) and ``left_out_km2``.
    """

    def _repr_html_(self) -> str:
        if not set(self.columns) >= _CHANGE:
            return str(super()._repr_html_())
        colors = self.attrs.get("colors", {})
        rows = []
        for row in self.drop(columns="geometry").head(_ROWS).to_dict("records"):
            held = [row[f"{way}_controller"] or row[f"{way}_status"] for way in ("from", "to")]
            area = _figure(row["area_km2"], row.get("low_km2"), row.get("high_km2"))
            ids = [_text(str(row[n] or "").replace(";", ", ")) for n in ("place_ids", "change_ids")]
            effect = _text(row.get("effect"))
            rows.append([effect, *(_swatch(h, colors) for h in held), _text(area), *ids])
        head = ("", "from", "to", "km²", "places", "ledger")
        return _card(self.attrs.get("title", "Change"), _table(head, rows, len(self)))


def actor_colors(folder: Folder) -> dict[str, str]:
    """
    Return the colour of each actor that has one: its own, or that of its side.

    Parameters
    ----------
    folder
        The layers.

    Returns
    -------
    colors
        ``#rrggbb`` by actor.
    """
    own, sides = folder.own_colors, folder.sides
    colors = side_colors(own, set(sides.values()))
    named = {key: own[key] or colors.get(sides.get(key, key), "") for key in own}
    return {key: color for key, color in named.items() if color}


def theatre_card(folder: Folder, areas: pd.DataFrame | None) -> str:
    """
    Return a theatre as a notebook shows it: what it holds, and who holds it at the last date.

    Parameters
    ----------
    folder
        The layers.
    areas
        The ground of each controller at each date; None where there is no control layer.

    Returns
    -------
    html
        A titled piece of output.
    """
    name = str(folder.theatre.properties["name"])
    if areas is None:
        return _card(name, "<p>no control layer yet</p>")
    days = tuple(folder.control)
    # The bands would have to be worked out first: a card shows at once what is drawn.
    held = areas[areas["date"] == days[-1]].sort_values("area_km2", ascending=False)
    colors = actor_colors(folder)
    ground = "".join(
        f"<li>{_swatch(row['controller'] or row['status'], colors)} {row['area_km2']:,.0f} km²</li>"
        for row in held.to_dict("records")
    )
    events, places = len(folder.events), len(folder.places)
    counts = f"{events} events, {places} places, {len(folder.statements.rows)} statements"
    body = (
        f"<p>{days[0]} to {days[-1]}: {len(days)} layers; {counts}</p>"
        f"<p>as of {days[-1]}, as drawn</p>"
        f'<ul style="list-style:none;padding:0">{ground}</ul>'
    )
    return _card(name, body)


def _card(title: str, body: str) -> str:
    """A titled ``div`` that brings its own style, readable on light and dark ground."""
    return (
        '<div style="font:13px/1.45 system-ui,sans-serif;overflow-x:auto">'
        f'<div style="font-weight:600;margin:4px 0">{_text(title)}</div>{body}</div>'
    )


def _swatch(holder: str, colors: Mapping[str, str]) -> str:
    """Holders with their colours; the words stay, so that nothing is said by colour alone."""
    boxes = "".join(
        f'<span style="display:inline-block;width:11px;height:11px;margin-right:5px;'
        f'border:1px solid {_RIM};background:{colors.get(part) or flat_color(part)}"></span>'
        for part in str(holder).split(";")
    )
    return f'<span style="white-space:nowrap">{boxes}{_text(str(holder).replace(";", ", "))}</span>'


def _figure(middle: float, low: float | None, high: float | None) -> str:
    """A figure and its band, rounded as the band allows."""
    decimals, *ends = round_figure(middle, low, high)
    first, *band = (f"{end:,.{decimals}f}" for end in ends if end is not None)
    return f"{first} ({'–'.join(band)})" if band else first


def _known(value: Any) -> Any:
    """A value, or None where it is missing."""
    return None if value is None or value != value or value == "" else value


def _text(value: Any) -> str:
    return "" if _known(value) is None else html.escape(str(value))


def _day(value: Any) -> str:
    return f'<span style="white-space:nowrap">{_text(value)}</span>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], whole: int) -> str:
    """An HTML table of cells that are HTML already."""
    top = "".join(f'<th style="{_CELL};border-top:0">{_text(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    more = f"<div>and {whole - len(rows)} more rows</div>" if whole > len(rows) else ""
    return f'<table style="{_STYLE}"><tr>{top}</tr>{body}</table>{more}'
