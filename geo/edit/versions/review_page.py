"""
A comparison of two versions as a page with maps.

The page is one file without scripts that refers to nothing outside. Text out of layers is escaped
where it is put in, and passes through no template.
"""

from __future__ import annotations

import html
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.draw import LOOKS, flat_color, side_colors
from geo.edit.versions import review
from geo.errors import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.edit.versions.compare import Comparison, Flip, LayerChange

_WIDTH = 420


_STYLE = (files("geo.edit.versions") / "review.css").read_text(encoding="utf-8").strip()
_INK, _WHITE = LOOKS["paper"]["ink"], LOOKS["paper"]["white"]


def review_page(comparison: Comparison) -> str:
    """
    Return a comparison as a page: before, after and what changed, for each date.

    Parameters
    ----------
    comparison
        From `geo.edit.versions.compare_versions`.

    Returns
    -------
    html
        A whole document without scripts; the same input gives the same text.
    """
    title = f"Layers: {comparison.before} → {comparison.after}"
    sides = {side for ground in comparison.grounds for drawn in ground.shapes for side in drawn}
    colors = side_colors(comparison.colors, sides - {"unknown", "none", "contested", "mixed"})
    body = [f"<h1>{_safe(title)}</h1>", f"<p>{_safe(review.summarize(comparison))}</p>"]
    body += _legend({comparison.names.get(s, s): color for s, color in colors.items()})
    if len(comparison.grounds) > 2:
        body += _html_table(
            "Ground that changes sides", review.list_transfers(comparison, comparison.names)
        )
    for ground in comparison.grounds:
        body += _ground_section(ground, comparison, colors)
    for name, difference in comparison.records.items():
        layer = review.LAYER_NAMES[name].capitalize()
        body.append(f"<h2>{_safe(layer)}: {_safe(review.count_difference(difference))}</h2>")
        body += _html_list(review.list_entries(difference, comparison.names))
    if comparison.findings:
        body.append("<h2>New findings of the checks</h2>")
        body += _html_list([str(issue) for issue in comparison.findings])
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(title)}</title><style>{_STYLE}</style></head>\n<body>"
    )
    return "\n".join([head, *body, "</body></html>", ""])


def _legend(colors: Mapping[str, str]) -> Iterator[str]:
    if colors:
        keys = "".join(
            f'<span class="key" style="background:{color}"></span>{_safe(side)}'
            for side, color in colors.items()
        )
        key = '<span class="key" style="background:{}"></span>{}'.format
        other = key(flat_color("contested"), "held by no side alone")
        ring = key(f"{_WHITE};border:2px solid {_INK}", "changes sides")
        yield f"<p>{keys}{other}{ring}</p>"


def _ground_section(
    ground: LayerChange, comparison: Comparison, colors: Mapping[str, str]
) -> Iterator[str]:
    area, names = comparison.area, comparison.names
    yield f"<h2>{ground.day}: {_safe(review.tell_kind(ground))}</h2>"
    if ground.moved is not None:
        view = _View(area, pad=0.08)
        yield '<div class="maps">'
        for caption, drawn in zip(("before", "after"), ground.shapes, strict=True):
            yield view.figure(caption, drawn, colors, ground.moved, ())
        caption = "what changes sides, nearer, drawn as after"
        nearer = _View(ground.moved, pad=0.3)
        yield nearer.figure(caption, ground.shapes[1], colors, ground.moved, ground.flips)
        yield "</div>"
    elif ground.retold is not None:
        caption = "no ground changes sides; of the ground in the outline something else is said"
        yield _View(area, pad=0.08).figure(caption, ground.shapes[1], colors, ground.retold, ())
    yield from _html_table(
        "Ground that changes sides",
        review.sum_rows(review.pair_transfers(ground, names), review.MOST),
    )
    yield from _html_table("Same side, but", review.sum_rows(ground.surer, review.MOST))
    flips = [
        (f.name, *(review.call(held, names) for held in (f.before, f.after))) for f in ground.flips
    ]
    yield from _html_list([f"{name}: {was} → {now}" for name, was, now in flips])
    yield from _html_list(review.list_entries(ground.patches, names))


def _html_table(title: str, rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    if rows:
        cells = "".join(f"<tr><td>{_safe(w)}</td><td>{v}</td></tr>" for w, v in rows)
        yield f"<table><tr><th align=left>{_safe(title)}</th><th>km²</th></tr>{cells}</table>"


def _html_list(entries: Sequence[str], most: int = 40) -> Iterator[str]:
    if entries:
        items = "".join(f'<li dir="auto">{_safe(entry)}</li>' for entry in entries[:most])
        rest = f"<li>... and {len(entries) - most} more</li>" if len(entries) > most else ""
        yield f"<ul>{items}{rest}</ul>"


def _safe(words: str) -> str:
    return html.escape(escape(words, 1000))


class _View:
    """A window on the map: longitude and latitude as pixels, one degree each way equally long."""

    def __init__(self, shown: shapely.Geometry, *, pad: float) -> None:
        west, south, east, north = shapely.bounds(shown).tolist()
        pad *= max(east - west, north - south, 0.02)
        self.west, self.north = west - pad, north + pad
        self.squeeze = float(np.cos(np.radians((south + north) / 2)))
        span = max((east - west + 2 * pad) * self.squeeze, (north - south + 2 * pad) * 0.6)
        self.scale = _WIDTH / span
        self.height = max(120, round((north - south + 2 * pad) * self.scale))

    def xy(self, lonlat: Any) -> Any:
        x = (lonlat[:, 0] - self.west) * self.squeeze * self.scale
        y = (self.north - lonlat[:, 1]) * self.scale
        return np.stack([x, y], axis=1)

    def figure(
        self,
        caption: str,
        drawn: Mapping[str, shapely.Geometry],
        colors: Mapping[str, str],
        moved: shapely.Geometry | None,
        flips: Sequence[Flip],
    ) -> str:
        parts = [
            f'<path d="{self.path(shape)}" fill="{colors.get(side) or flat_color(side)}" '
            f'fill-opacity="0.75" stroke="{_WHITE}" stroke-width="0.7" fill-rule="evenodd"/>'
            for side, shape in sorted(drawn.items())
        ]
        if moved is not None:
            parts.append(
                f'<path d="{self.path(moved)}" fill="none" stroke="{_INK}" stroke-width="1.4"/>'
            )
        parts += self.names(flips)
        inside = "".join(parts)
        label = _safe(caption)
        return (
            f'<figure><figcaption>{label}</figcaption><svg role="img" aria-label="{label}" '
            f'width="{_WIDTH}" height="{self.height}" viewBox="0 0 {_WIDTH} {self.height}">'
            f"{inside}</svg></figure>"
        )

    def names(self, flips: Sequence[Flip]) -> Iterator[str]:
        """A dot for each place, and its name where there is room for it."""
        taken: list[tuple[float, float, float, float]] = []
        for flip in flips:
            x, y = self.xy(np.array([flip.where]))[0].tolist()
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_INK}"/>'
            long = 6.5 * len(flip.name)
            left = x + 6 if x + 6 + long < _WIDTH else x - 6 - long
            box = left, y - 7, left + long, y + 7
            if any(a < box[2] and box[0] < c and b < box[3] and box[1] < d for a, b, c, d in taken):
                continue
            taken.append(box)
            yield (
                f'<text x="{left:.1f}" y="{y + 4:.1f}" font-size="11" textLength="{long:.0f}" '
                f'lengthAdjust="spacingAndGlyphs" stroke="{_WHITE}" stroke-width="3" '
                f'paint-order="stroke">{_safe(flip.name)}</text>'
            )

    def path(self, shape: shapely.Geometry) -> str:
        window = shapely.box(-50, -50, _WIDTH + 50, self.height + 50)
        flat = shapely.transform(shape, self.xy)
        flat = shapely.make_valid(shapely.simplify(flat, 0.2))
        cut = shapely.intersection(flat, window)
        rings = shapely.get_rings(shapely.get_parts(shapely.get_parts(cut)))
        pieces = []
        for ring in rings:
            points = shapely.get_coordinates(ring)[:-1].round(1)
            pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points.tolist()) + "Z")
        return "".join(pieces)
