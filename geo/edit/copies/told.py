"""A planned save in words, one line a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.crs import area_km2
from geo.errors import escape
from geo.model import Feature, Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.edit.copies.plan import Plan

_UNSEEN_KM2 = 0.0005
"""Less than this is not told from nothing in the digits that are printed."""


def describe_plan(plan: Plan) -> list[str]:
    """
    Return what will change in words, one line a feature.

    Parameters
    ----------
    plan
        What saving will do.

    Returns
    -------
    lines
        Added, gone and changed features with their ground; empty where nothing changes.
    """
    difference = plan.difference
    lines = [f"+ {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.added)]
    lines += [f"- {f.id}  {_held(f)}, {_km2(f):,.3f} km2" for f in _features(difference.gone)]
    for change in difference.changed:
        said = [f"{name}: {_shown(a)} -> {_shown(b)}" for name, a, b in change.values]
        if change.moved_km2 is not None and change.moved_km2 < _UNSEEN_KM2:
            said.append("corners on its border, its ground is the same")
        elif change.moved_km2 is not None:
            said.append(
                f"{change.before_km2:,.3f} -> {change.after_km2:,.3f} km2 "
                f"({change.moved_km2:,.3f} km2 redrawn)"
            )
        lines.append(f"~ {change.id}  {'; '.join(said)}")
    return lines


def _features(records: Iterable[Feature | Row]) -> list[Feature]:
    return [record for record in records if isinstance(record, Feature)]


def _held(feature: Feature) -> str:
    values = feature.properties
    who = values["controller"] or values["controllers"] or ""
    return " ".join(escape(str(part), 60) for part in (who, values["status"]) if part)


def _km2(feature: Feature) -> float:
    return 0.0 if feature.geometry is None else float(area_km2([feature.geometry])[0])


def _shown(value: object) -> str:
    return "nothing" if value is None else escape(str(value), 60)
