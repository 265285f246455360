"""
The clock of the ground: time in units of how fast words age, with a leap where ground is taken.

Step 4 of the method (`geo.evidence.estimate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MOST = 2.0
"""Leaps near each other add up to this at most: 13 % of a covariance stays."""


@dataclass(frozen=True, slots=True)
class Leaps:
    """
    Where and when ground was taken, and by whom.

    Attributes
    ----------
    xy
        Positions that stand for what was taken, metres in the plane, one capture after another.
    first
        Where those of each capture begin.
    day
        When: the day's ordinal number.
    side
        Who took it: an index of the sides.
    size
        By how much the clock leaps there; what is told with doubt leaps less.
    reach_m
        How far the leap is felt: one standard deviation.
    """

    xy: Floats
    first: Ints
    day: Ints
    side: Ints
    size: Floats
    reach_m: float

    def between(self, xy: Floats, day: Ints, side: Ints, moment: int) -> Floats:
        """
        By how much clocks leap between looks and a moment, negative for looks before it.

        A look that gives its ground to a side is not doubted where that side takes more ground
        near it afterwards, or where it still holds after another took some.

        Parameters
        ----------
        xy
            Where each look was taken, n x 2.
        day
            When: ordinal numbers.
        side
            Whom each gives the ground to, -1 for nobody.
        moment
            The day's ordinal number.
        """
        if not len(self.day):
            return np.zeros(len(xy))
        squared = ((xy[:, None, :] - self.xy) ** 2).sum(axis=2)
        squared = np.minimum.reduceat(squared, self.first, axis=1)
        felt = self.size * np.exp(-squared / (2 * self.reach_m**2))
        after = (day[:, None] < self.day) & (self.day <= moment)
        before = (moment < self.day) & (self.day <= day[:, None])
        its_own = side[:, None] == self.side
        felt *= (after & ~its_own) | (before & its_own)
        leap = np.minimum(felt.sum(axis=1), _MOST)
        signed: Floats = np.where(day <= moment, -leap, leap)
        return signed
