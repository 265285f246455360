"""A comparison of two versions, as a reviewer reads it: text, Markdown, JSON."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from geo.edit.versions.words import (
    LAYER_NAMES,
    MOST,
    count_difference,
    filled_values,
    list_entries,
    list_transfers,
    pair_transfers,
    sum_rows,
    summarize,
    tell_kind,
)
from geo.errors import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.edit.merge.difference import Difference
    from geo.edit.versions.compare import Comparison
    from geo.edit.versions.ground import LayerChange
    from geo.errors import Issue


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
