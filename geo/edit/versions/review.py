"""A comparison of two versions, as a reviewer reads it: in words, as text, Markdown and JSON."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import shapely

from geo.crs import area_km2
from geo.edit.versions.compare import LayerFate
from geo.errors import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.edit.merge.by_id import Change, Difference
    from geo.edit.versions.compare import Comparison, LayerChange
    from geo.errors import Issue
    from geo.model import Feature, Row, Value


_NO_NAMES: Mapping[str, str] = {}
"""In a text ids stay ids: one looks for them."""


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
    paper.say(summarize(comparison))
    if len(comparison.grounds) > 2:
        paper.table("ground that changes sides on each date, km2", list_transfers(comparison))
    for ground in comparison.grounds:
        _write_ground(paper, ground, limit)
    for name, difference in comparison.records.items():
        paper.heading(2, f"{LAYER_NAMES[name].capitalize()}: {count_difference(difference)}")
        paper.list(list_entries(difference), limit)
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
        "added": [filled_values(one) for one in difference.added],
        "gone": [filled_values(one) for one in difference.gone],
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


def _write_ground(paper: _Plain, ground: LayerChange, limit: int) -> None:
    paper.heading(2, f"{ground.day}: {tell_kind(ground)}")
    if ground.transfers:
        paper.table("ground that changes sides, km2", sum_rows(pair_transfers(ground), limit))
    elif ground.against:
        paper.list(["no ground changes sides"], limit)
    if ground.surer:
        paper.table("same side, but, km2", sum_rows(ground.surer, limit))
    places = [
        f"place {flip.name} ({flip.id}): {flip.before} → {flip.after}" for flip in ground.flips
    ]
    paper.list(places, limit)
    if ground.patches:
        paper.list([f"patches {count_difference(ground.patches)}"], limit)
        paper.list(list_entries(ground.patches), limit)


MOST = 12
"""So many entries of a list are shown; of the rest the number."""


SMALL_KM2 = 0.01
"""Smaller sums are told together."""


LAYER_NAMES = {
    "theatre": "theatre",
    "events": "events",
    "places": "places",
    "statements": "statements",
    "changes": "rows of the ledger",
    "assessments": "assessments",
    "actors": "actors",
    "alignments": "alignments",
    "vocabulary": "words of reports",
    "sources": "sources",
    "context": "context features",
    "anchors": "anchors",
    "tour": "stops of the tour",
    "imports": "imported records",
}


_KEYS = (
    *("name", "kind", "status", "controller", "controllers", "from_controller", "to_controller"),
    *("event_type", "place_id", "place_ids", "location", "title", "source_ids"),
)


_PREFIXES = {"from_controller": "from ", "to_controller": "to "}


_DATES = ("date", "event_date", "from_date", "to_date", "published")


def filled_values(one: Feature | Row) -> dict[str, Value]:
    """What a record says, without what it leaves empty."""
    return {key: value for key, value in one.values.items() if value is not None}


def summarize(comparison: Comparison) -> str:
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
                f"({format_km2(most.moved_km2)} km2)"
            )
        if flips:
            parts.append(f"{_count(len(flips), 'place')} on it")
    for name, difference in comparison.records.items():
        parts.append(f"{LAYER_NAMES[name]} {count_difference(difference)}")
    errors = sum(issue.severity == "error" for issue in comparison.findings)
    if comparison.findings:
        parts.append(f"{_count(len(comparison.findings), 'new finding')} ({errors} errors)")
    return "; ".join(parts) + "."


def list_transfers(
    comparison: Comparison, names: Mapping[str, str] = _NO_NAMES
) -> list[tuple[str, str]]:
    """Each date, with what is most of it and the places on it."""
    rows = []
    for ground in comparison.grounds:
        words = [str(ground.day), "" if ground.kind == LayerFate.CHANGED else ground.kind]
        words += [words for words, _ in pair_transfers(ground, names)[:1]]
        if ground.flips:
            words.append(_count(len(ground.flips), "place"))
        rows.append((", ".join(filter(None, words)), format_km2(ground.moved_km2)))
    return rows


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def count_difference(difference: Difference) -> str:
    """How many records were added, are gone and were changed, in signs."""
    counts = (("+", difference.added), ("-", difference.gone), ("~", difference.changed))
    return " ".join(f"{sign}{len(some)}" for sign, some in counts if some)


def format_km2(value: float) -> str:
    """Square kilometres with as many digits as tell them from nothing."""
    return f"{value:,.1f}" if value >= 0.05 else f"{value:.3g}"


def pair_transfers(
    ground: LayerChange, names: Mapping[str, str] = _NO_NAMES
) -> list[tuple[str, float]]:
    """Transfers of ground in words, with their km2."""
    return [(f"{call(was, names)} → {call(now, names)}", km2) for was, now, km2 in ground.transfers]


def call(ids: str, names: Mapping[str, str]) -> str:
    """What ids are called; those that no name is known of stay ids."""
    parts = [one.strip() for one in ids.split(";")]
    return ", ".join(names.get(one, one) for one in parts) if names.keys() & parts else ids


def sum_rows(entries: Sequence[tuple[str, float]], limit: int) -> list[tuple[str, str]]:
    """Rows of a table, the largest first; what is small or too much in one row, and the sum."""
    shown = [entry for entry in entries if entry[1] >= SMALL_KM2][:limit]
    rows = [(words, format_km2(km2)) for words, km2 in shown]
    rest = [km2 for _, km2 in entries[len(shown) :]]
    if rest:
        rows.append((f"{len(rest)} smaller", format_km2(sum(rest))))
    if len(rows) > 1:
        rows.append(("together", format_km2(sum(km2 for _, km2 in entries))))
    return rows


def tell_kind(ground: LayerChange) -> str:
    """What became of a layer, in words."""
    if ground.kind == LayerFate.CHANGED:
        return "the layer was changed"
    if ground.kind == LayerFate.ADDED:
        if ground.against is None:
            return "a new layer, the first of all"
        return f"a new layer; against the one of {ground.against}, which was in force"
    if ground.against is None:
        return "the layer is gone, and none is in force"
    return f"the layer is gone; now the one of {ground.against} is in force"


def list_entries(difference: Difference, names: Mapping[str, str] = _NO_NAMES) -> list[str]:
    """A line for each record; what was changed most comes first, as there is most to decide."""
    order = sorted(
        difference.changed, key=lambda c: (not c.values, -(c.moved_km2 or c.moved_km or 0), c.id)
    )
    lines = [f"~ {_change(change, names)}" for change in order]
    lines += [f"+ {_named(one, names)}" for one in difference.added]
    return lines + [f"- {_named(one, names)}" for one in difference.gone]


def _change(change: Change, names: Mapping[str, str]) -> str:
    parts = [
        f"{name}: {_short(was, names)} → {_short(now, names)}" if name != "note" else "note changed"
        for name, was, now in change.values
    ]
    if change.moved_km2 is not None:
        sizes = f"{format_km2(change.before_km2 or 0)} → {format_km2(change.after_km2 or 0)} km2"
        parts.append(f"redrawn: {sizes}, {format_km2(change.moved_km2)} km2 gained or lost")
    if change.moved_km is not None:
        parts.append(f"moved by {change.moved_km:.3g} km")
    return f"{names.get(change.id, change.id)}  " + "; ".join(parts)


def _short(value: Value, names: Mapping[str, str]) -> str:
    if value is None:
        return "empty"
    shown = call(str(value), names) if names else str(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _named(one: Feature | Row, names: Mapping[str, str]) -> str:
    values, shape = one.values, one.geometry
    words = [
        f"{_PREFIXES.get(key, '')}{_short(values[key], names)}"
        for key in (*_DATES, *_KEYS)
        if values.get(key)
    ]
    if shape is not None and shapely.get_dimensions(shape) == 2:
        words.append(f"{format_km2(float(area_km2(shape)[0]))} km2")
    if not one.id:
        words = [str(value) for value in values.values() if value is not None]
    named = names.get(one.id, one.id)
    return f"{named}  {', '.join(_short(word, {}) for word in words)}".strip()
