"""Rules on dated layers as a whole: that they cover the ground, and that somebody looked."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.check.case import Finding, finding
from geo.coverage import BorderEdges, find_faults
from geo.evidence import PICTURE
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case
    from geo.model import Row


def coverage_faults(case: Case) -> Iterator[Finding]:
    """
    The patches of a date cover the study area once: no overlap, no gap, nothing outside.

    Ground that two patches claim would be counted twice, ground that none claims would be lost.
    Take the ground from one of them, or give it to one, with status unknown if need be. What is
    narrower than a few metres is noise of drawing and only a warning, ``layer.sliver``.
    """
    for day, layer in case.folder.control.items():
        by_id = {feature.id: feature for feature in layer.features}
        patches = case.folder.patches(day)
        edges = BorderEdges.of([patch.geometry for patch in patches])
        if not case.is_series:
            case.drawn[day] = patches, edges
        # What was read from bytes is valid; what somebody made in memory has no digest.
        read = bool(layer.digest)
        for issue in find_faults(case.folder.area, patches, edges=edges, valid=read):
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
    told = [{kinds.get(one) for one in split_ids(cell)} for cell in case.pieces["change_ids"]]
    real = np.array([not kind or not kind <= PICTURE for kind in told], bool)
    ground = case.pieces[real]
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in case.folder.assessments.rows:
        rows[str(row.values["date"])].append(row)
    for day, pieces in ground.groupby("to_date", sort=True):
        outcomes = {row.values["outcome"] for row in rows[str(day)]}
        area = pieces["area_km2"].sum()
        moved = {place for cell in pieces["place_ids"] for place in split_ids(cell)}
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
    pictures = {
        day: {(p.label, shapely.to_wkb(p.geometry)) for p in case.folder.patches(day)}
        for day in case.folder.control
    }
    for first, second in pairwise(pictures):
        if pictures[first] == pictures[second] and str(second) not in quiet:
            yield Finding(
                f"it equals the layer of {first}, and no assessment says no_change",
                "add the assessment, or remove the layer",
                file=case.layer_file(second),
            )
