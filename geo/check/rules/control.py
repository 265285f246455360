"""Rules on who holds the ground: what a patch or a statement says, and what others say of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import shapely

from geo.check.case import Finding, finding, position, values_of
from geo.model import Basis, Confidence, Status, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from geo.check.case import Case
    from geo.model import Feature, Row, Value


def unfit_axes(case: Case) -> Iterator[Finding]:
    """
    Status, controller, basis and confidence must fit each other.

    Controlled ground has a controller, unknown ground has none; and whatever is said to be known
    says on what it rests and how sure it is.
    """
    for schema, file, record in case.records:
        if schema.name in {"control", "statements"}:
            for message, hint in _axis_faults(values_of(record)):
                yield finding(message, hint, (file, record))


def _axis_faults(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    status = str(values["status"])
    if status in {Status.CONTROLLED, Status.ADVANCE} and not values["controller"]:
        yield f"status {status} without a controller", "say who holds it, or set status unknown"
    if status in {Status.UNKNOWN, Status.NONE} and (values["controller"] or values["controllers"]):
        yield f"status {status} with a controller", "clear the controller, or change the status"
    if status != Status.UNKNOWN and not (values["basis"] and values["confidence"]):
        yield f"status {status} without basis or confidence", "say what it rests on, and how sure"


def lone_parties(case: Case) -> Iterator[Finding]:
    """
    Contested ground, and ground that is shared, should name at least two parties.

    Many lists say no more than that a place is contested; that nobody holds it alone is known then.
    """
    for schema, file, record in case.records:
        if schema.name not in {"control", "statements"}:
            continue
        values = values_of(record)
        status, parties = values["status"], split_ids(values["controllers"])
        if status in {Status.CONTESTED, Status.MIXED} and len(parties) < 2:
            message = f"status {status} with fewer than two controllers"
            hint = "name the parties where they are known, joined by ;"
            yield finding(message, hint, (file, record))


def contradicted_statements(case: Case) -> Iterator[Finding]:
    """
    A firm statement of a layer's date agrees with the patch on which its place lies.

    Firm is: controlled, assessed or reported, not of low confidence, dated to the day of the
    layer. Mend the patch or the statement, or say in the note of the patch why they differ.
    """
    for day, layer in case.folder.control.items():
        firm = [row for row in case.folder.statements.rows if _is_firm(row, str(day))]
        tree = shapely.STRtree([p.geometry for p in case.folder.patches(day)])
        for row in firm:
            place = case.folder.places.get(str(row.values["place_id"]))
            if place is None or place.geometry is None:
                continue
            for index in tree.query(place.geometry, predicate="within")[:1]:
                patch = layer.features[index]
                if patch.properties["controller"] != row.values["controller"]:
                    held = patch.properties["controller"] or patch.properties["status"]
                    yield finding(
                        f"{place.id} lies in ground that is {held}, but a firm statement says "
                        f"{row.values['controller']}",
                        _why_not(place),
                        (case.layer_file(day), patch),
                        ids=(patch.id, row.id),
                        where=position(place.geometry),
                    )


def _is_firm(row: Row, day: str) -> bool:
    values = row.values
    return (
        values["date"] == day
        and values["status"] == Status.CONTROLLED
        and values["extent"] in {None, "all"}
        and values["basis"] in {Basis.ASSESSED, Basis.REPORTED}
        and values["confidence"] != Confidence.LOW
    )


def _why_not(place: Feature) -> str:
    radius_km = float(place.properties["geo_radius_m"] or 0) / 1e3
    if place.properties["coord_method"] == "inferred":
        return f"its position is inferred, to {radius_km:g} km, so the patch need not be wrong"
    return "mend the patch or the statement, or say in the patch's note why they differ"


def partisan_patches(case: Case) -> Iterator[Finding]:
    """
    Ground that only its holder's own media give to the holder is claimed.

    A source that leans to a side can support what is unfavourable to it; alone, it can only claim
    what favours it. Set the basis to ``claimed``, or cite another source. An inferred patch of
    low confidence claims no more than that already. One finding a layer: the largest patch is
    named, the others counted.
    """
    leanings = {row.id: row.values["leaning"] for row in case.folder.sources.rows}
    for day, layer in case.folder.control.items():
        found = [f for f in layer.features if _rests_on_own_side(case, f.properties, leanings)]
        if not found:
            continue
        found.sort(key=lambda f: (-shapely.area(f.geometry), f.id))
        first, others = found[0], f", and {len(found) - 1} patches more" * (len(found) > 1)
        yield finding(
            f"it rests only on sources that lean to {first.properties['controller']}, and is "
            f"{first.properties['basis']}, not claimed{others}",
            "set basis to claimed, or cite a source that does not",
            (case.layer_file(day), first),
        )


def _rests_on_own_side(
    case: Case, values: Mapping[str, Value], leanings: Mapping[str, Value]
) -> bool:
    modest = values["basis"] == Basis.INFERRED and values["confidence"] == Confidence.LOW
    if not values["controller"] or values["basis"] == Basis.CLAIMED or modest:
        return False
    cited = {leanings.get(source) for source in split_ids(values["source_ids"])}
    return cited == {case.side(values["controller"])}


def flipping_places(case: Case) -> Iterator[Finding]:
    """
    A place that changes hands and back within days is asked about.

    Often one of the dates is wrong, or a claim was taken for a fact. Contested and unknown times
    in between do not count as a change. Look at the ledger rows of both changes.
    """
    if case.composite is None:
        return
    found: dict[tuple[dt.date, dt.date, str, str], list[str]] = defaultdict(list)
    for place, labels in case.place_labels.items():
        runs: list[tuple[str, dt.date]] = []
        for start, label in zip(case.composite.dates, labels, strict=True):
            side = case.side(label.controller)
            if side and (not runs or runs[-1][0] != side):
                runs.append((side, start))
        for (one, _), (two, since), (three, until) in zip(runs, runs[1:], runs[2:], strict=False):
            if one == three and (until - since).days <= case.limits.flip_days:
                found[since, until, one, two].append(place)
    for (since, until, one, two), places in sorted(found.items()):
        yield Finding(
            f"from {one} to {two} in the layer of {since}, and back "
            f"{(until - since).days} days later",
            "look at both changes in the ledger: is one of the dates wrong, or only a claim?",
            file=case.layer_file(until),
            ids=tuple(sorted(places)),
            where=position(case.place_shapes[min(places)]),
        )
