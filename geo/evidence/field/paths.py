"""
Random maps of many points: drawn from the prior, and bent to the evidence.

Cholesky's factor of the posterior of m points costs m cubed. Here a map is drawn from the prior by
Fourier features (Rahimi and Recht 2007), which costs m, and then moved by what its own looks at the
evidence missed of it (Matheron's rule; Wilson et al. 2020, section 3). The second step is exact, so
that a map is as sure near evidence as the field; the first is good to 3 % of the variance.

The prior is drawn at the moment of the map. A look at another moment sees what is left of it by
then, and beside it something of its own; the looks share that as the field has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.evidence.field.covariance import (
    LEVEL,
    among_now,
    between,
    lasting,
    mean_columns,
    octaves,
)
from geo.evidence.field.fitting import look_noise, targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.evidence.field.observations import Observations

    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

_WAVES = 128
"""Of each octave: the covariance of two points is then good to 3 % of the variance."""
_CHUNK = 256
"""Points at once: their covariances with a thousand positions stay in a processor's cache."""
_GOLDEN_TURN = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True, slots=True)
class Paths:
    """
    Random maps of heights of deviation 1, at one range and level of noise.

    Attributes
    ----------
    seen
        The evidence.
    inverse
        Its precision.
    range_m, noise
        As in `FieldParameters`.
    """

    seen: Observations
    inverse: Floats
    range_m: float
    noise: float

    def near(self, xy: Floats, radius_m: float) -> Singles:
        """Covariance of the ground about some points, at the moment of the map, with each look."""
        seen, left = self.seen, lasting(self.seen.clock).astype(np.float32)
        near = np.empty((len(xy), len(seen)), np.float32)
        for part in range(0, len(xy), _CHUNK):
            some = xy[part : part + _CHUNK]
            sharp = np.full(len(some), radius_m)
            nodes = between(some, sharp, seen.xy, seen.radius_m, self.range_m, np.float32)
            near[part : part + _CHUNK] = mean_columns(nodes, seen) * left
        return near

    def mean(self, near: Singles, far: Floats) -> Singles:
        """Mean heights, m x sides, given the covariances and the heights far from all evidence."""
        return (far + near @ (self.inverse @ targets(self.seen, far))).astype(np.float32)

    def basis(self, xy: Floats, radius_m: float) -> tuple[Singles, Singles]:
        """Of the prior of this range: its waves at the looks, and at points; for any noise."""
        wave, share = _waves(self._octaves(radius_m))
        looks = _features(self.seen.xy, self.seen.radius_m, wave, share)
        looks = mean_columns(looks.T, self.seen).T
        looks = looks * lasting(self.seen.clock)[:, None].astype(np.float32)
        return looks, _features(xy, np.full(len(xy), radius_m), wave, share)

    def off(
        self,
        near: Singles,
        basis: tuple[Singles, Singles],
        radius_m: float,
        rows: int,
        rng: np.random.Generator,
    ) -> Singles:
        """By how much each of so many maps differs from the mean, rows x m."""
        looks, points = basis
        weight = rng.standard_normal((rows, points.shape[1]), np.float32)
        beside = rng.standard_normal((rows, len(self.seen)), np.float32)
        seen = weight @ looks.T + beside @ self._beside(self._octaves(radius_m))
        prior = weight @ points.T
        return np.asarray(prior - (seen @ self.inverse.astype(np.float32)) @ near.T, np.float32)

    def _octaves(self, radius_m: float) -> list[tuple[float, float]]:
        """Share and scale of the octaves that ground of some radius shows."""
        return [(share, scale) for share, scale in octaves(self.range_m) if scale > radius_m / 2]

    def _beside(self, drawn: list[tuple[float, float]]) -> Singles:
        """
        A root of the covariance of what looks see beside the map, transposed.

        That is what was at other moments, what is finer than the map, and their noise.
        """
        seen = self.seen
        left = lasting(seen.clock)
        apart = lasting(np.subtract.outer(seen.clock, seen.clock))
        found = among_now(seen, self.range_m) * (apart - np.multiply.outer(left, left))
        # A point varies wholly with itself, wherever it lies: of that the map knows a part.
        single = seen.count == 1
        radius = seen.radius_m[seen.first[single]]
        known = LEVEL + sum(s * scale**2 / (scale**2 + radius**2) for s, scale in drawn)
        own = look_noise(seen, self.noise)
        own[single] += (1 - known) * left[single] ** 2
        found[np.diag_indices(len(seen))] += own
        return np.linalg.cholesky(found).T.astype(np.float32)


def _waves(drawn: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    """Frequencies of the octaves, and the share of the variance of each."""
    # The quantiles of a round Gaussian, turned by the golden angle: evener than chance.
    place = np.arange(_WAVES)
    far = np.sqrt(-2 * np.log1p(-(place + 0.5) / _WAVES))
    waves, shares = [], []
    for k, (share, scale) in enumerate(drawn):
        turn = (place + k / 3) * _GOLDEN_TURN
        waves.append(np.stack([far * np.cos(turn), far * np.sin(turn)]) / scale)
        shares.append(np.full(_WAVES, share / _WAVES))
    return np.concatenate(waves, axis=1), np.concatenate(shares)


def _features(xy: Floats, radius_m: Floats, wave: Floats, share: Floats) -> Singles:
    """The basis of the prior at positions that are uncertain by a radius, or stand for so much."""
    # In single precision a phase of a thousand turns is still good to a ten-thousandth of a turn.
    phase = xy.astype(np.float32) @ wave.astype(np.float32)
    # Mostly all have one radius, or one of a few.
    radii, row = np.unique(radius_m, return_inverse=True)
    blur = np.multiply.outer(radii**2 / -4, (wave**2).sum(axis=0))
    size = (np.sqrt(share) * np.exp(blur)).astype(np.float32)
    if len(radii) > 1:
        size = size[row]
    flat = np.full((len(xy), 1), np.sqrt(LEVEL), np.float32)
    return np.concatenate([np.cos(phase) * size, np.sin(phase) * size, flat], axis=1)
