"""Control layers from the ground of each date: ids, what two claim, what nobody does."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.coverage import BorderEdges
from geo.crs import GRID_DEG, area_km2
from geo.exchange.reading.account import DraftPatch, fill_columns
from geo.exchange.reading.words import make_slug
from geo.layers import new_id
from geo.model import CONTROL, Feature, Status, Value

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from geo.exchange.reading.account import Account

_NOTHING_KM2 = 1e-3
"""Ground of less than a thousand square metres is what rounding left, and is not spoken of."""


def finish_layers(
    account: Account,
) -> tuple[dict[dt.date, tuple[Feature, ...]], shapely.Geometry | None]:
    """Patches of every date, gaps filled by the rule of the user, and the ground of all of them."""
    if not account.control:
        return {}, None
    grounds = GroundJoiner()
    joined = {day: grounds.join([p.geometry for p in ps]) for day, ps in account.control.items()}
    area = account.into.area if account.into else join_layers(u for u, _ in joined.values())
    finished, gaps, doubles = {}, [], []
    for day, patches in sorted(account.control.items()):
        ground = [patch.geometry for patch in patches]
        union, fits = joined[day]
        whole = shapely.equals_exact(area, union, tolerance=0, normalize=True)
        rest = shapely.Polygon() if whole else shapely.difference(area, union, grid_size=GRID_DEG)
        gaps.append(float(area_km2(rest)[0]))
        twice = 0.0 if fits else sum(map(float, area_km2(ground))) - float(area_km2(union)[0])
        doubles.append(twice)
        if account.options.overlap == "first":
            patches = _cut_overlaps(patches)
        made = _make_features(patches, account)
        if gaps[-1] > _NOTHING_KM2 and account.options.rest:
            made += _make_rest(rest, account)
        finished[day] = tuple(made)
    _note_coverage(gaps, doubles, account)
    return finished, area


def _note_coverage(gaps: Sequence[float], doubles: Sequence[float], account: Account) -> None:
    """Say how much the layers leave out, and how much they claim twice."""
    left = [km2 for km2 in gaps if km2 > _NOTHING_KM2]
    if left:
        rule = f"is {account.options.rest}, as told" if account.options.rest else "is left open"
        account.note(
            f"{len(left)} of {len(gaps)} layers do not cover the study area, by {min(left):,.3f} "
            f"to {max(left):,.3f} km2: the rest {rule}"
        )
    twice = [km2 for km2 in doubles if km2 > _NOTHING_KM2]
    if twice:
        account.note(
            f"{len(twice)} of {len(doubles)} layers have ground that two patches claim, up to "
            f"{max(twice):,.3f} km2"
        )


def _cut_overlaps(patches: Sequence[DraftPatch]) -> list[DraftPatch]:
    """Give ground that two patches claim to the earlier one."""
    kept: list[DraftPatch] = []
    for patch in patches:
        geometry = patch.geometry
        for other in kept:
            if shapely.intersects(geometry, other.geometry):
                geometry = shapely.difference(geometry, other.geometry, grid_size=GRID_DEG)
        if not shapely.is_empty(geometry):
            kept.append(DraftPatch(patch.entry, patch.word, geometry, patch.key))
    return kept


def _make_features(patches: Sequence[DraftPatch], account: Account) -> list[Feature]:
    """The patches of one date as features of ours."""
    keys = Counter(patch.key for patch in patches)
    taken: set[str] = set()
    made = []
    for patch in patches:
        # A patch that alone has its key keeps its id from date to date.
        alone = keys[patch.key] == 1
        content = [account.kind, patch.key, "" if alone else shapely.to_wkt(patch.geometry)]
        name = new_id(
            CONTROL, json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"), taken
        )
        taken.add(name)
        values = patch.entry.values
        status = values.get("status", "")
        told = patch.entry.known_to("date", "start", "end")
        own: dict[str, Value] = {
            "controller": patch.word.controller or None,
            "controllers": patch.word.controllers or None,
            "status": status if status in set(Status) else patch.word.status,
            "basis": account.value_of(patch.entry, "basis"),
            "confidence": account.value_of(patch.entry, "confidence"),
            "source_ids": account.own_source(),
            "note": " ".join(filter(None, (values.get("note"), told))) or None,
        }
        if Status(str(own["status"])).is_nobodys:
            own |= {"controller": None, "controllers": None}
        if own["status"] == Status.UNKNOWN:
            own |= {"basis": None, "confidence": None}
        made.append(Feature(name, fill_columns(CONTROL, name, own), patch.geometry))
    return made


def _make_rest(rest: shapely.Geometry, account: Account) -> list[Feature]:
    """The ground that a layer leaves out."""
    parts = [p for p in shapely.get_parts(rest) if p.geom_type == "Polygon"]
    whole = shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]
    own: dict[str, Value] = {"status": Status.UNKNOWN}
    if account.options.rest == "none":
        own = {"status": Status.NONE, "basis": "inferred", "confidence": "low"}
    elif account.options.rest != "unknown":
        holder = account.add_side(make_slug(account.options.rest), account.options.rest)
        own = {"status": Status.CONTROLLED, "basis": "inferred", "confidence": "low"}
        own["controller"] = holder
    own["note"] = "Ground that the imported layer leaves out."
    name = new_id(CONTROL, b"rest " + account.options.rest.encode(), ())
    return [Feature(name, fill_columns(CONTROL, name, own), whole)]


class GroundJoiner:
    """
    Joins the ground of layer after layer; many have the same, however it is divided.

    A union costs most of an import of large areas, so one is made for each outline that is met.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, shapely.Geometry] = {}

    def join(self, ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
        """The ground of a layer, and whether its patches meet along equal edges."""
        edges = BorderEdges.of(ground)
        rim = edges.twin < 0
        # Where edges cancel out to those of ground that was joined without overlap, so do areas:
        # each point has as many patches over it as there, one.
        start, end = edges.start[rim], edges.end[rim]
        order = np.lexsort((end, start))
        key = start[order].tobytes() + end[order].tobytes()
        if (known := self.known.get(key)) is not None:
            return known, True
        union, fits = _join_ground(ground)
        if fits:
            self.known[key] = union
        return union, fits


def join_layers(unions: Iterable[shapely.Geometry]) -> shapely.Geometry:
    """The ground of all layers; most of them have the same."""
    distinct = [*{shapely.to_wkb(shapely.normalize(one)): one for one in unions}.values()]
    return distinct[0] if len(distinct) == 1 else _join_ground(distinct)[0]


def _join_ground(ground: Sequence[shapely.Geometry]) -> tuple[shapely.Geometry, bool]:
    """The ground of a layer, and whether its patches meet along equal edges, without overlap."""
    shapes = np.empty(len(ground), dtype=object)
    shapes[:] = ground
    if shapely.coverage_is_valid(shapes):
        # Then there is nothing to node.
        return shapely.set_precision(shapely.coverage_union_all(shapes), GRID_DEG), True
    return shapely.union_all(shapes, grid_size=GRID_DEG), False
