"""
A map that follows the one before: ground moves only where evidence moved it.

Step 7 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.evidence.estimate.ground import Grid
    from geo.evidence.estimate.parameters import Parameters

    Floats = NDArray[np.float64]


def follow(
    grid: Grid,
    drawn: tuple[Floats, Floats],
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    news: Floats,
    numbers: Parameters,
) -> tuple[Floats, Floats]:
    """
    Let the picture of one date follow that of the date before.

    Ground is drawn anew in connected regions where new words, not far away, moved a chance
    somewhere by what is material; a region reaches as far as the picture would change by what is
    noticed. Elsewhere the picture is exactly the one before. At the rim of a region one fades into
    the other, so that no border follows a circle of reach and none runs beside its older self.

    Parameters
    ----------
    grid
        Where the fields were asked.
    drawn
        Chance of each side at its points, and how much is known there: as drawn before.
    before, after
        The same by the fields of both dates.
    news
        Where something new was told, metres.
    numbers
        The numbers of the method.

    Returns
    -------
    drawn
        Chance of each side, and how much is known.
    """
    if not len(news):
        return drawn
    tree = shapely.STRtree(np.asarray(shapely.points(news)))
    (_, _), distance = tree.query_nearest(
        np.asarray(shapely.points(grid.asked)), all_matches=False, return_distance=True
    )
    near = _ease(2 * (1 - np.asarray(distance) / (numbers.moved_km * 1e3)))
    was_drawn, had, has = (_picture(*one, numbers) for one in (drawn, before, after))
    material = near * np.abs(has - had).max(axis=1) >= numbers.moved
    differs = near * np.abs(has - was_drawn).max(axis=1)
    share = _ease(differs / numbers.noticed - 1)
    regions = shapely.get_parts(grid.contour(grid.spread(differs, 0.0), numbers.noticed))
    kept = np.zeros(len(share), bool)
    if material.any() and len(regions):
        seeds = shapely.points(grid.asked[material])
        for region in regions[np.unique(shapely.STRtree(regions).query(seeds, "within")[1])]:
            shapely.prepare(region)
            kept |= shapely.contains_xy(region, *grid.asked.T)
    share = np.where(kept, share, 0.0)
    return (
        drawn[0] + (after[0] - drawn[0]) * share[:, None],
        drawn[1] + (after[1] - drawn[1]) * share,
    )


def _picture(chance: Floats, told: Floats, numbers: Parameters) -> Floats:
    """What is drawn of chances: nothing where no evidence tells of the ground, however likely."""
    return np.asarray(chance * np.clip(told / numbers.told - 0.5, 0, 1)[:, None])


def _ease(x: Floats) -> Floats:
    """From 0 to 1 without a corner, as x goes from 0 to 1."""
    held = np.clip(x, 0, 1)
    return np.asarray(held * held * (3 - 2 * held))
