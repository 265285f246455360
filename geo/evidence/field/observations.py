"""What is known of who holds some ground: points, lines and areas, each one look at the field."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Observations:
    """
    What is known of who holds some ground.

    An observation is one place, or several that stand for a line or an area; such places are next
    to each other in `xy`, and `count` says how many each observation has.

    Attributes
    ----------
    xy
        Positions, metres in a local plane, m x 2.
    radius_m
        Root mean square error of each position, metres, or half the spacing of those of a shape; m.
    shares
        What is said of each observation: its shares of the sides, n x sides, rows add up to 1.
    noise
        Unreliability of each, 0 to under 1: the chance that it says nothing about the truth; n.
    count
        How many positions each observation has; n, adds up to m. The default is one each.
    clock
        Moment of each on the clock of the place where it was taken, where 0 is the moment of the
        map, negative before it; n. The default is 0.
    sides
        What the columns of `shares` are, where that is known.
    """

    xy: Floats
    radius_m: Floats
    shares: Floats
    noise: Floats
    count: Ints = field(default_factory=lambda: np.zeros(0, np.intp))
    clock: Floats = field(default_factory=lambda: np.zeros(0))
    sides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.shares.ndim != 2 or self.xy.ndim != 2 or self.xy.shape[1] != 2:
            raise ValueError(
                f"xy is {self.xy.shape} and shares {self.shares.shape}, not m x 2, n x k"
            )
        n = len(self.shares)
        for name, default in (("count", np.ones(n, np.intp)), ("clock", np.zeros(n))):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, default)
        if not len(self.xy) == len(self.radius_m) == self.count.sum():
            raise ValueError("xy and radius_m are not of the length that count adds up to")
        if not len(self.noise) == len(self.clock) == len(self.count) == n:
            raise ValueError("shares, noise, count and clock are not of one length")
        for name in ("xy", "radius_m", "shares", "noise", "clock"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} holds a value that is no finite number")
        if (self.radius_m < 0).any() or (self.shares < 0).any():
            raise ValueError("radius_m and shares cannot be negative")
        if n and (self.count < 1).any():
            raise ValueError("an observation has no position")
        if not np.allclose(self.shares.sum(axis=1), 1):
            raise ValueError("the shares of an observation do not add up to 1")
        if ((self.noise < 0) | (self.noise >= 1)).any():
            raise ValueError("noise lies outside 0 to under 1")

    def __len__(self) -> int:
        return len(self.shares)

    @classmethod
    def of_sides(
        cls,
        xy: Floats,
        side: Ints,
        sides: int,
        *,
        radius_m: float | Floats = 0.0,
        noise: float | Floats = 0.0,
    ) -> Observations:
        """Observations of points that each name one side, by its index among `sides`."""
        count = len(xy)
        shares = np.eye(sides)[np.asarray(side, dtype=np.intp)].reshape(count, sides)
        radius = np.broadcast_to(np.asarray(radius_m, dtype=float), (count,))
        unreliable = np.broadcast_to(np.asarray(noise, dtype=float), (count,))
        return cls(np.asarray(xy, dtype=float).reshape(count, 2), radius, shares, unreliable)

    @property
    def first(self) -> Ints:  # numpydoc ignore=RT01
        """Where the positions of each observation begin."""
        return np.asarray(np.cumsum(self.count) - self.count, np.intp)

    @property
    def middle(self) -> Floats:  # numpydoc ignore=RT01
        """The mean position of each observation, n x 2."""
        if not len(self):
            return np.zeros((0, 2))
        total: Floats = np.add.reduceat(self.xy, self.first, axis=0)
        return total / self.count[:, None]

    def sort(self) -> Observations:
        """Return the same in an order that follows from the values alone."""
        return self.take(self.order())

    def order(self) -> Ints:
        """Return the places of observations in an order that follows from their values alone."""
        middle = self.middle
        keys = (*self.shares.T[::-1], self.noise, self.clock, self.count, *middle.T[::-1])
        return np.asarray(np.lexsort(keys), np.intp)

    def take(self, rows: Ints) -> Observations:
        """Return some of them."""
        first = self.first[rows]
        count = self.count[rows]
        offset = np.repeat(first - (np.cumsum(count) - count), count)
        nodes = np.arange(count.sum()) + offset
        return replace(
            self,
            xy=self.xy[nodes],
            radius_m=self.radius_m[nodes],
            shares=self.shares[rows],
            noise=self.noise[rows],
            count=count,
            clock=self.clock[rows],
        )

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Return all that they say."""
        return self.xy, self.radius_m, self.shares, self.noise, self.count, self.clock

    @classmethod
    def join(cls, parts: Sequence[Observations]) -> Observations:
        """Return several as one; their columns are the same sides."""
        names = ("xy", "radius_m", "shares", "noise", "count", "clock")
        joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
        return cls(**joined, sides=parts[0].sides)
