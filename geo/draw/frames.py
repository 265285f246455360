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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ChangeFrame", "HistoryFrame", "card", "swatch"]

_ROWS = 30
"""So many rows are shown; the rest are counted."""

_STYLE = "border-collapse:collapse;font:13px/1.45 system-ui,sans-serif"
_CELL = "text-align:left;padding:3px 10px 3px 0;vertical-align:top;border-top:1px solid #8884"


_CHANGE = {
    "from_controller",
    "from_status",
    "to_controller",
    "to_status",
    "area_km2",
    "place_ids",
    "change_ids",
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
            words = [swatch(holder, colors), _text(row["status"]), _text(sure)]
            rows.append([_day(row["valid_from"]), _day(until), *words, _text(row["note"])])
        head = ("from", "until", "holder", "status", "how sure", "why")
        return card(self.attrs.get("title", "History"), _table(head, rows, len(self)))


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
            area = f"{row['area_km2']:,.1f}"
            if "low_km2" in row:
                area += f" ({row['low_km2']:,.0f}–{row['high_km2']:,.0f})"
            ids = [_text(str(row[n] or "").replace(";", ", ")) for n in ("place_ids", "change_ids")]
            rows.append([swatch(h, colors) for h in held] + [_text(area), *ids])
        head = ("from", "to", "km²", "places", "ledger")
        return card(self.attrs.get("title", "Change"), _table(head, rows, len(self)))


def card(title: str, body: str) -> str:
    """
    Return a titled piece of a notebook's output.

    Parameters
    ----------
    title
        Plain text.
    body
        HTML, already escaped.

    Returns
    -------
    html
        One ``div`` that brings its own style, readable on light and dark ground.
    """
    return (
        '<div style="font:13px/1.45 system-ui,sans-serif;overflow-x:auto">'
        f'<div style="font-weight:600;margin:4px 0">{_text(title)}</div>{body}</div>'
    )


def swatch(holder: str, colors: Mapping[str, str]) -> str:
    """
    Return a holder with its colour beside it.

    Parameters
    ----------
    holder
        A controller, several joined by ``;``, or a status.
    colors
        A colour by controller, ``#rrggbb``.

    Returns
    -------
    html
        The text stays beside the colour, so that nothing is said by colour alone.
    """
    boxes = "".join(
        f'<span style="display:inline-block;width:11px;height:11px;margin-right:5px;'
        f'border:1px solid #8888;background:{colors.get(part, "#e3e3de")}"></span>'
        for part in str(holder).split(";")
    )
    return f'<span style="white-space:nowrap">{boxes}{_text(str(holder).replace(";", ", "))}</span>'


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
