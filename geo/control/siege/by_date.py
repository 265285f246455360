"""
The necks of every date: each cut once, with the answer of each rule.

What counts as the side's ground where nobody is known to hold it decides which necks there are.
A cut that is a neck under several rules is one line with several answers; where a rule has no
answer, the ground behind is either cut off already or can be reached by another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import shapely

from geo.control.siege.ground import SideGround
from geo.control.siege.necks import find_side_necks
from geo.control.siege.pockets import POCKET_KM2
from geo.control.siege.rules import EdgeRule, Rules, Standing, UnknownRule

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from geo.control.composite import Composite
    from geo.control.siege.necks import Neck
    from geo.control.siege.rules import SupplyOf

_SAME_DEG = 1e-5
"""Cuts that are the same to a metre are one cut: rules differ in what lies beside them."""

_CUT_OFF = 0.1
"""A pocket of which more than this share is cut off already is cut off; slivers are less."""


class NoNeck(StrEnum):
    """Why a cut is no neck under a rule."""

    CUT_OFF = "off"
    ANOTHER_WAY = "none"


@dataclass(frozen=True, slots=True)
class AnsweredNeck:
    """
    A neck of a date, and what each rule says of it.

    Attributes
    ----------
    sides
        Whose ground: friends stand together.
    neck
        The cut, as the first rule that knows it tells it.
    answers
        For each rule the held ground behind the cut, km2, or why there is none.
    """

    sides: tuple[str, ...]
    neck: Neck
    answers: Mapping[UnknownRule, float | NoNeck]


def necks_of_all_dates(
    composite: Composite, supply: SupplyOf, days: Sequence[dt.date] | None = None
) -> list[tuple[dt.date, list[AnsweredNeck]]]:
    """
    Return the necks of each date; sides that are friends stand together.

    Parameters
    ----------
    composite
        Control at every date.
    supply
        Gives ``anchors``, ``places`` and ``friends`` of `necks` on a day for a side; and
        ``events``, where they are wanted.
    days
        Dates that have a layer; the default is all.

    Returns
    -------
    days
        Each date that has a layer, and its necks, side by side.

    Raises
    ------
    ValueError
        If more than 8 separate anchors lie inside one piece of ground.
    """
    answered = []
    for day in composite.dates if days is None else days:
        waiting = sorted({p.side for p in composite.patches(day) if p.label.is_held} - {""})
        found: list[AnsweredNeck] = []
        while waiting:
            side, given = waiting[0], supply(day, waiting[0])
            # The ground of friends is one, but only if they are friends in both directions.
            sides = [one for one in waiting if one == side or _same(supply(day, one), given, side)]
            waiting = [one for one in waiting if one not in sides]
            found += _answered(composite, day, tuple(sides), given)
        answered.append((day, found))
    return answered


def _same(theirs: Mapping[str, Any], ours: Mapping[str, Any], side: str) -> bool:
    """Whether two sides hold the same ground and are supplied from the same anchors."""
    return side in theirs["friends"] and set(theirs["anchors"]) == set(ours["anchors"])


def _answered(
    composite: Composite, day: dt.date, sides: tuple[str, ...], given: Mapping[str, Any]
) -> list[AnsweredNeck]:
    """The cuts of one side and its friends."""
    cuts: dict[bytes, Neck] = {}
    answers: dict[bytes, dict[UnknownRule, float | NoNeck]] = {}
    grounds: dict[UnknownRule, SideGround] = {}
    found: Sequence[Neck] | None = None
    for rule in UnknownRule:
        rules = Rules.of(sides[0], given["anchors"], rule, EdgeRule.OPEN, given["friends"])
        standings = {rules.standing(p, composite.sides) for p in composite.patches(day)}
        if found is None or Standing.UNDECIDED in standings:
            grounds[rule] = SideGround(composite, day, rules)
            found = find_side_necks(grounds[rule], given["places"], given.get("events"))
        # Where nobody's ground is undecided, all rules say the same.
        for neck in found:
            key = shapely.to_wkb(shapely.set_precision(neck.line, _SAME_DEG))
            cuts.setdefault(key, neck)
            answers.setdefault(key, {})[rule] = neck.area_km2
    for rule, ground in grounds.items():
        missing = [key for key in cuts if rule not in answers[key]]
        if missing:
            pockets = [ground.lonlat(piece.polygon) for piece, _ in ground.pockets(POCKET_KM2)]
            off = shapely.union_all(pockets)
            for key in missing:
                answers[key][rule] = _without_answer(cuts[key], off)
    return [AnsweredNeck(sides, neck, answers[key]) for key, neck in cuts.items()]


def _without_answer(neck: Neck, cut_off: shapely.Geometry) -> NoNeck:
    """Say why a rule has no answer: the ground is cut off already, or another way leads there."""
    largest = max(_polygons(neck.pocket), key=shapely.area)
    pocket = shapely.Polygon(shapely.get_exterior_ring(largest))
    share = shapely.area(shapely.intersection(cut_off, pocket))
    return NoNeck.CUT_OFF if share > _CUT_OFF * shapely.area(pocket) else NoNeck.ANOTHER_WAY


def _polygons(shape: shapely.Geometry) -> Sequence[shapely.Geometry]:
    return [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
