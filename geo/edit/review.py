"""
A comparison of two versions, as a reviewer reads it: text, Markdown, JSON, a page with maps.

The page is one file without scripts that refers to nothing outside. Text out of layers is escaped
where it is put in, and passes through no template.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.crs import area_km2
from geo.draw import side_colors
from geo.errors import escape
from geo.model import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.edit.merge import Change, Difference
    from geo.edit.versions import Comparison, Flip, Ground
    from geo.errors import Issue
    from geo.model import Row, Value

__all__ = ["review_page", "review_record", "review_text"]

MOST = 12
"""So many entries of a list are shown; of the rest the number."""

SMALL_KM2 = 0.01
"""Smaller sums are told together."""

_NAMES = {
    "theatre": "theatre",
    "events": "events",
    "places": "places",
    "statements": "statements",
    "changes": "rows of the ledger",
    "assessments": "assessments",
    "actors": "actors",
    "alignments": "alignments",
    "sources": "sources",
    "context": "context features",
    "anchors": "anchors",
}
_KEYS = (
    *("name", "kind", "status", "controller", "controllers", "from_controller", "to_controller"),
    *("event_type", "place_id", "place_ids", "location", "title", "source_ids"),
)
_PREFIXES = {"from_controller": "from ", "to_controller": "to "}
_DATES = ("date", "event_date", "from_date", "to_date", "published")


def review_text(comparison: Comparison, *, markdown: bool = False, full: bool = False) -> str:
    """
    Return a comparison as lines of text.

    Parameters
    ----------
    comparison
        From `geo.edit.versions.compare_versions`.
    markdown
        With headings and tables, for a pull request.
    full
        Every entry, however many there are.

    Returns
    -------
    text
        Ends with a line feed.
    """
    paper = _Markdown() if markdown else _Plain()
    limit = 10**9 if full else MOST
    paper.heading(1, f"Layers: {comparison.before} → {comparison.after}")
    paper.say(_summary(comparison))
    if len(comparison.grounds) > 2:
        paper.table("ground that changes sides on each date, km2", _overview(comparison))
    for ground in comparison.grounds:
        _write_ground(paper, ground, limit)
    for name, difference in comparison.records.items():
        paper.heading(2, f"{_NAMES[name].capitalize()}: {_counts(difference)}")
        paper.list(_entries(difference), limit)
    for title, issues in (("New findings", comparison.findings), ("Mended", comparison.mended)):
        if issues:
            paper.heading(2, f"{title}: {len(issues)}")
            paper.list([str(issue) for issue in issues], limit)
    return paper.text()


def review_record(comparison: Comparison) -> dict[str, Any]:
    """
    Return a comparison as plain values.

    Parameters
    ----------
    comparison
        From `geo.edit.versions.compare_versions`.

    Returns
    -------
    record
        Ready for JSON; complete.
    """
    return {
        "before": comparison.before,
        "after": comparison.after,
        "control": [
            {
                "date": str(ground.day),
                "kind": ground.kind,
                "against": str(ground.against) if ground.against else None,
                "transfers": [
                    {"from": was, "to": now, "area_km2": round(km2, 6)}
                    for was, now, km2 in ground.transfers
                ],
                "same_side": [
                    {"what": what, "area_km2": round(km2, 6)} for what, km2 in ground.surer
                ],
                "places": [
                    {"id": flip.id, "name": flip.name, "from": flip.before, "to": flip.after}
                    for flip in ground.flips
                ],
                "patches": _difference_record(ground.patches),
            }
            for ground in comparison.grounds
        ],
        "records": {
            name: _difference_record(difference) for name, difference in comparison.records.items()
        },
        "findings": [_issue_record(issue) for issue in comparison.findings],
        "mended": [_issue_record(issue) for issue in comparison.mended],
    }


def _difference_record(difference: Difference) -> dict[str, Any]:
    return {
        "added": [_values(one) for one in difference.added],
        "gone": [_values(one) for one in difference.gone],
        "changed": [
            {
                "id": change.id,
                "values": {name: [was, now] for name, was, now in change.values},
                "before_km2": change.before_km2,
                "after_km2": change.after_km2,
                "moved_km2": change.moved_km2,
                "moved_km": change.moved_km,
            }
            for change in difference.changed
        ],
    }


def _issue_record(issue: Issue) -> dict[str, Any]:
    names = ("code", "severity", "message", "hint", "file", "line", "ids", "where")
    return {name: getattr(issue, name) for name in names}


def _values(one: Feature | Row) -> dict[str, Value]:
    values = one.properties if isinstance(one, Feature) else one.values
    return {key: value for key, value in values.items() if value is not None}


# --- words --------------------------------------------------------------------


class _Plain:
    """Lines for a terminal."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def text(self) -> str:
        return "\n".join(self.lines).strip("\n") + "\n"

    def heading(self, level: int, words: str) -> None:
        self.lines += ["", self.safe(words)] if level > 1 else [self.safe(words)]

    def say(self, words: str) -> None:
        self.lines.append(self.safe(words))

    def list(self, entries: Sequence[str], limit: int) -> None:
        self.lines += [f"  {self.safe(entry)}" for entry in entries[:limit]]
        if len(entries) > limit:
            self.lines.append(f"  ... and {len(entries) - limit} more (--full shows them)")

    def table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.lines.append(f"  {title}")
        width = max((len(words) for words, _ in rows), default=0)
        self.lines += [f"    {self.safe(words):{width}}  {number:>12}" for words, number in rows]

    def safe(self, words: str) -> str:
        return escape(words, 1000)


class _Markdown(_Plain):
    """The same for a pull request."""

    def text(self) -> str:
        return re.sub("\n{3,}", "\n\n", super().text())

    def heading(self, level: int, words: str) -> None:
        self.lines += ["", f"{'#' * (level + 1)} {self.safe(words)}", ""]

    def list(self, entries: Sequence[str], limit: int) -> None:
        self.lines += [f"- {self.safe(entry)}" for entry in entries[:limit]]
        if len(entries) > limit:
            self.lines.append(f"- ... and {len(entries) - limit} more")

    def table(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        self.lines += ["", f"| {title.removesuffix(', km2')} | km² |", "|---|---:|"]
        self.lines += [f"| {self.safe(words)} | {number} |" for words, number in rows]
        self.lines.append("")

    def safe(self, words: str) -> str:
        # What Markdown or HTML would take for its own; a sentence in a note stays a sentence.
        shown = html.escape(escape(words, 1000), quote=False)
        shown = "".join(f"\\{c}" if c in "\\`*_[]|#!~" else c for c in shown)
        return shown.replace("@", "&#64;")


def _summary(comparison: Comparison) -> str:
    """What a reviewer must know first, in a line."""
    if not comparison:
        return "Nothing differs."
    parts = []
    if comparison.grounds:
        flips = {flip.id for ground in comparison.grounds for flip in ground.flips}
        parts.append(_count(len(comparison.grounds), "control layer"))
        moved = [ground for ground in comparison.grounds if ground.moved_km2 >= SMALL_KM2]
        most = max(moved, key=lambda ground: ground.moved_km2, default=None)
        if most is None:
            parts.append("no ground changes sides")
        else:
            parts.append(
                f"ground changes sides on {_count(len(moved), 'date')}, most on {most.day} "
                f"({_km2(most.moved_km2)} km2)"
            )
        if flips:
            parts.append(f"{_count(len(flips), 'place')} on it")
    for name, difference in comparison.records.items():
        parts.append(f"{_NAMES[name]} {_counts(difference)}")
    errors = sum(issue.severity == "error" for issue in comparison.findings)
    if comparison.findings:
        parts.append(f"{_count(len(comparison.findings), 'new finding')} ({errors} errors)")
    return "; ".join(parts) + "."


def _overview(comparison: Comparison) -> list[tuple[str, str]]:
    """Each date, with what is most of it and the places on it."""
    rows = []
    for ground in comparison.grounds:
        words = [str(ground.day), "" if ground.kind == "changed" else ground.kind]
        words += [words for words, _ in _transfers(ground)[:1]]
        if ground.flips:
            words.append(_count(len(ground.flips), "place"))
        rows.append((", ".join(filter(None, words)), _km2(ground.moved_km2)))
    return rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _counts(difference: Difference) -> str:
    counts = (("+", difference.added), ("-", difference.gone), ("~", difference.changed))
    return " ".join(f"{sign}{len(some)}" for sign, some in counts if some)


def _km2(value: float) -> str:
    return f"{value:,.1f}" if value >= 0.05 else f"{value:.3g}"


def _write_ground(paper: _Plain, ground: Ground, limit: int) -> None:
    paper.heading(2, f"{ground.day}: {_kind(ground)}")
    if ground.transfers:
        paper.table("ground that changes sides, km2", _sums(_transfers(ground), limit))
    elif ground.against:
        paper.list(["no ground changes sides"], limit)
    if ground.surer:
        paper.table("same side, but, km2", _sums(ground.surer, limit))
    places = [
        f"place {flip.name} ({flip.id}): {flip.before} → {flip.after}" for flip in ground.flips
    ]
    paper.list(places, limit)
    if ground.patches:
        paper.list([f"patches {_counts(ground.patches)}"], limit)
        paper.list(_entries(ground.patches), limit)


def _transfers(ground: Ground) -> list[tuple[str, float]]:
    return [(f"{was} → {now}", km2) for was, now, km2 in ground.transfers]


def _sums(entries: Sequence[tuple[str, float]], limit: int) -> list[tuple[str, str]]:
    """Rows of a table, the largest first; what is small or too much in one row, and the sum."""
    shown = [entry for entry in entries if entry[1] >= SMALL_KM2][:limit]
    rows = [(words, _km2(km2)) for words, km2 in shown]
    rest = [km2 for _, km2 in entries[len(shown) :]]
    if rest:
        rows.append((f"{len(rest)} smaller", _km2(sum(rest))))
    if len(rows) > 1:
        rows.append(("together", _km2(sum(km2 for _, km2 in entries))))
    return rows


def _kind(ground: Ground) -> str:
    if ground.kind == "changed":
        return "the layer was changed"
    if ground.kind == "added":
        if ground.against is None:
            return "a new layer, the first of all"
        return f"a new layer; against the one of {ground.against}, which was in force"
    if ground.against is None:
        return "the layer is gone, and none is in force"
    return f"the layer is gone; now the one of {ground.against} is in force"


def _entries(difference: Difference) -> list[str]:
    """A line for each record; what was changed most comes first, as there is most to decide."""
    order = sorted(
        difference.changed, key=lambda c: (not c.values, -(c.moved_km2 or c.moved_km or 0), c.id)
    )
    lines = [f"~ {_change(change)}" for change in order]
    lines += [f"+ {_named(one)}" for one in difference.added]
    return lines + [f"- {_named(one)}" for one in difference.gone]


def _change(change: Change) -> str:
    parts = [
        f"{name}: {_short(was)} → {_short(now)}" if name != "note" else "note changed"
        for name, was, now in change.values
    ]
    if change.moved_km2 is not None:
        sizes = f"{_km2(change.before_km2 or 0)} → {_km2(change.after_km2 or 0)} km2"
        parts.append(f"redrawn: {sizes}, {_km2(change.moved_km2)} km2 gained or lost")
    if change.moved_km is not None:
        parts.append(f"moved by {change.moved_km:.3g} km")
    return f"{change.id}  " + "; ".join(parts)


def _short(value: Value) -> str:
    if value is None:
        return "empty"
    shown = str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _named(one: Feature | Row) -> str:
    values = one.properties if isinstance(one, Feature) else one.values
    words = [
        f"{_PREFIXES.get(key, '')}{values[key]}" for key in (*_DATES, *_KEYS) if values.get(key)
    ]
    shape = one.geometry if isinstance(one, Feature) else None
    if shape is not None and shapely.get_dimensions(shape) == 2:
        words.append(f"{_km2(float(area_km2(shape)[0]))} km2")
    if not one.id:
        words = [str(value) for value in values.values() if value is not None]
    return f"{one.id}  {', '.join(_short(word) for word in words)}".strip()


# --- a page -------------------------------------------------------------------

_WIDTH = 420
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 1320px;
  padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
.maps { display: flex; flex-wrap: wrap; gap: 12px; }
figure { margin: 0; } figcaption { font-size: 13px; color: #444; margin-bottom: 2px; }
svg { border: 1px solid #bbb; background: #fafafa; max-width: 100%; height: auto; }
table { border-collapse: collapse; margin: .6rem 0; } td, th { padding: 1px 14px 1px 0; }
td:last-child, th:last-child { text-align: right; font-variant-numeric: tabular-nums; }
ul { margin: .4rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
.key { display: inline-block; width: 14px; height: 14px; vertical-align: -2px;
  border: 1px solid #777; margin: 0 4px 0 14px; }
""".strip()


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
    body = [f"<h1>{_safe(title)}</h1>", f"<p>{_safe(_summary(comparison))}</p>"]
    body += _legend(colors)
    if len(comparison.grounds) > 2:
        body += _html_table("Ground that changes sides", _overview(comparison))
    for ground in comparison.grounds:
        body += _ground_section(ground, comparison.area, colors)
    for name, difference in comparison.records.items():
        body.append(f"<h2>{_safe(_NAMES[name].capitalize())}: {_safe(_counts(difference))}</h2>")
        body += _html_list(_entries(difference))
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
        other = '<span class="key" style="background:#e8e8e8"></span>held by no side alone'
        ring = (
            '<span class="key" style="background:#fff;border:2px solid #111"></span>changes sides'
        )
        yield f"<p>{keys}{other}{ring}</p>"


def _ground_section(
    ground: Ground, area: shapely.Geometry, colors: Mapping[str, str]
) -> Iterator[str]:
    yield f"<h2>{ground.day}: {_safe(_kind(ground))}</h2>"
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
    yield from _html_table("Ground that changes sides", _sums(_transfers(ground), MOST))
    yield from _html_table("Same side, but", _sums(ground.surer, MOST))
    yield from _html_list([f"{f.name} ({f.id}): {f.before} → {f.after}" for f in ground.flips])
    yield from _html_list(_entries(ground.patches))


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
            f'<path d="{self.path(shape)}" fill="{colors.get(side, "#e8e8e8")}" '
            'fill-opacity="0.75" stroke="#fff" stroke-width="0.7" fill-rule="evenodd"/>'
            for side, shape in sorted(drawn.items())
        ]
        if moved is not None:
            parts.append(
                f'<path d="{self.path(moved)}" fill="none" stroke="#111" stroke-width="1.4"/>'
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
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#111"/>'
            long = 6.5 * len(flip.name)
            left = x + 6 if x + 6 + long < _WIDTH else x - 6 - long
            box = left, y - 7, left + long, y + 7
            if any(a < box[2] and box[0] < c and b < box[3] and box[1] < d for a, b, c, d in taken):
                continue
            taken.append(box)
            yield (
                f'<text x="{left:.1f}" y="{y + 4:.1f}" font-size="11" textLength="{long:.0f}" '
                'lengthAdjust="spacingAndGlyphs" stroke="#fff" stroke-width="3" '
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
