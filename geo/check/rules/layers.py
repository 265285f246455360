"""Rules on dated layers as a whole: that they cover the ground, and that somebody looked."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import shapely

from geo.check.case import Finding, finding
from geo.coverage import BorderEdges, find_faults
from geo.evidence import PICTURE
from geo.layers import cache_key, digest, keep_cached, load_cached
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from geo.check.case import Case
    from geo.evidence import ExplainedGround
    from geo.model import Row


def coverage_faults(case: Case) -> Iterator[Finding]:
    """
    The patches of a date cover the study area once: no overlap, no gap, nothing outside.

    Ground that two patches claim would be counted twice, ground that none claims would be lost.
    Take the ground from one of them, or give it to one, with status unknown if need be. What is
    narrower than a few metres is noise of drawing and only a warning, ``layer.sliver``.
    """
    covering = Covering(case.folder.area) if case.is_series else None
    for day, layer in case.folder.control.items():
        if covering is not None and covering.knows(layer.digest):
            continue
        by_id = {feature.id: feature for feature in layer.features}
        patches = case.folder.patches(day)
        edges = BorderEdges.of([patch.geometry for patch in patches])
        if not case.is_series:
            case.drawn[day] = patches, edges
        # What was read from bytes is valid; what somebody made in memory has no digest.
        read = bool(layer.digest)
        found = find_faults(case.folder.area, patches, edges=edges, valid=read)
        if covering is not None and not found:
            covering.add(layer.digest)
        for issue in found:
            line = by_id[issue.ids[0]].line if issue.ids else 0
            yield Finding(
                issue.message,
                issue.hint,
                case.layer_file(day),
                line,
                issue.ids,
                issue.where,
                code=issue.code,
                severity=issue.severity,
            )
    if covering is not None:
        covering.flush()


class Covering:
    """Which layers cover a study area without a fault, by the digests of their bytes."""

    def __init__(self, area: shapely.Geometry) -> None:
        self._key = cache_key({"layers without a fault over": digest(shapely.to_wkb(area))})
        self._known = set((load_cached(self._key) or b"").decode("ascii", "replace").split())
        self._new: set[str] = set()

    def knows(self, name: str) -> bool:
        """Whether a layer was looked at before, and had none."""
        return name in self._known

    def add(self, name: str) -> None:
        """Note that a layer has none; one that was made in memory has no name."""
        if name:
            self._new.add(name)

    def flush(self) -> None:
        """Keep what is new."""
        if self._new:
            kept = sorted(self._known)[: _MOST - len(self._new)]
            keep_cached(self._key, "\n".join([*self._new, *kept]).encode())


_MOST = 4000


def early_defaults(case: Case) -> Iterator[Finding]:
    """
    The default dates of the theatre are not before its first control layer.

    Before the first layer nothing is known: a map begins with the first layer then. Draft a layer
    of that date, or choose a later one.
    """
    folder = case.folder
    if not folder.control:
        return
    first = min(folder.control)
    for name in ("before", "after"):
        day = parse_day(str(folder.theatre.properties[name]))
        if day < first:
            yield finding(
                f"{name} {day} is before the first control layer, {first}",
                f"`frontline estimate {day}` drafts a layer; or choose a later date",
                (case.file("theatre.geojson"), folder.theatre),
            )


def unassessed_layers(case: Case) -> Iterator[Finding]:
    """
    Every date that has a layer was looked at by somebody, and says so.

    A row of ``assessments.csv`` tells that nothing moved from that nobody looked; without one a
    change of ground has no cut-off and no scope. Add a row for the date.
    """
    looked = {str(row.values["date"]) for row in case.folder.assessments.rows}
    for day in case.folder.control:
        if str(day) not in looked:
            yield Finding(
                "no row of assessments.csv says that anybody looked at this date",
                "add one, so that `nothing moved` is told from `nobody looked`",
                file=case.layer_file(day),
            )


def denied_assessments(case: Case) -> Iterator[Finding]:
    """
    Ground does not change on a date of which the assessment says that nothing did.

    Either all assessments of a date say ``no_change`` and the layer differs from the one before,
    or one of them names a place that lies on ground which changed. Mend the layer or the row.
    Where the ledger says of all that it was the picture that changed, the ground did not.
    """
    if case.pieces is None:
        return
    kinds = {row.id: row.values["kind"] for row in case.folder.changes.rows}
    ground: dict[dt.date, list[ExplainedGround]] = defaultdict(list)
    for (_, second), piece in case.pieces:
        told = {kinds.get(one) for one in piece.change_ids}
        if not told or not told <= PICTURE:
            ground[second].append(piece)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in case.folder.assessments.rows:
        rows[str(row.values["date"])].append(row)
    for day, pieces in sorted(ground.items()):
        outcomes = {row.values["outcome"] for row in rows[str(day)]}
        area = sum(piece.ground.area_km2 for piece in pieces)
        moved = {place for piece in pieces for place in piece.place_ids}
        for row in rows[str(day)]:
            if row.values["outcome"] != "no_change":
                continue
            named = sorted(moved.intersection(_words(str(row.values["scope"]))))
            if named or outcomes == {"no_change"}:
                what = ", ".join(named) or f"{area:,.1f} km2"
                yield finding(
                    f"it says no_change of {day}, but {what} changed hands in the layer",
                    "mend the layer, or the outcome",
                    (case.file("assessments.csv"), row),
                    ids=(str(day), *named),
                )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_-]+", text))


def repeated_layers(case: Case) -> Iterator[Finding]:
    """
    A layer equal to the one before says that nothing moved, or it is a copy that nobody edited.

    Add a row with the outcome ``no_change`` to ``assessments.csv``, or remove the layer: the one
    before holds until the next.
    """
    quiet = {
        str(row.values["date"])
        for row in case.folder.assessments.rows
        if row.values["outcome"] == "no_change"
    }
    for first, second in pairwise(case.folder.control):
        if str(second) not in quiet and _is_repeated(case, first, second):
            yield Finding(
                f"it equals the layer of {first}, and no assessment says no_change",
                "add the assessment, or remove the layer",
                file=case.layer_file(second),
            )


def _is_repeated(case: Case, first: dt.date, second: dt.date) -> bool:
    """Whether two layers draw the same patches and say the same of them."""
    one, other = (case.folder.patches(day) for day in (first, second))
    # Labels are told apart in less time than shapes, and hold the id.
    if len(one) != len(other) or {p.label for p in one} != {p.label for p in other}:
        return False
    pictures = [
        {(p.label, shapely.to_wkb(p.geometry)) for p in patches} for patches in (one, other)
    ]
    return pictures[0] == pictures[1]
