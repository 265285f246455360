"""
A field of control: who holds any point, how surely, and random maps that fit the evidence.

Each side has a latent height over the plane, a Gaussian process, and ground belongs to the side
whose height is greatest there. Evidence pulls the heights: a statement about a place is a noisy
look at the one-hot vector of sides (least-squares classification; Rasmussen and Williams 2006,
section 6.5), so that one linear solve gives the joint posterior of all heights.

1. **Roughness.** The covariance is a sum of Gaussians an octave apart, the finer ones fainter, as
   fronts are: smooth at no scale (`FieldParameters.roughness` is the exponent of Hurst).
2. **Position error.** A place located to r lies within a round Gaussian whose root mean square
   distance is r. For Gaussians the expected covariance under such errors is exact and closed
   (Girard 2004), so a vague place pulls widely and weakly.
3. **Unreliable words.** An observation of unreliability q says nothing with probability q: its
   target is stretched by 1 / (1 - q) and its variance grows by 1 / (1 - q)^2 - 1, the best linear
   use of such a word.
4. **Probability** of a side: that its height is the greatest, by Gauss-Hermite quadrature.
5. **Calibration.** Range, roughness, noise and spread (the height of the field against the labels,
   which works as a temperature) are those with the best logarithmic score when each observation
   in turn is left out, all in closed form; weak priors decide where observations are few.
6. **Draws.** Prior heights from random Fourier features (Rahimi and Recht 2007), looked at with
   the positions' and the words' errors of this draw, then moved to agree with the evidence
   (Matheron's rule; Wilson et al. 2020, ICML). How often a side holds a point in the draws is its
   probability there.

Positions are metres in a local plane; nothing here knows longitudes, dates or sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["FieldParameters", "LatentField", "Observations"]

_OCTAVES = 8
_FEATURES = 768
_FIT_AT_MOST = 500
_CHUNK = 4096

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(32)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_NORMAL_X = np.linspace(-9.0, 9.0, 18_001)
_NORMAL_P = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in _NORMAL_X])


@dataclass(frozen=True, slots=True)
class Observations:
    """
    What is known of who holds some points on one date.

    Attributes
    ----------
    xy
        Positions, metres in a local plane, n x 2.
    radius_m
        Root mean square error of each position, metres.
    shares
        What is said of each: its shares of the sides, n x sides, rows add up to 1.
    noise
        Unreliability of each, 0 to under 1: the chance that it says nothing about the truth.
    """

    xy: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    shares: NDArray[np.float64]
    noise: NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.xy)
        if self.xy.shape != (count, 2) or self.shares.ndim != 2:
            raise ValueError(
                f"xy is {self.xy.shape} and shares {self.shares.shape}, not n x 2, n x k"
            )
        if not len(self.radius_m) == len(self.shares) == len(self.noise) == count:
            raise ValueError("xy, radius_m, shares and noise are not of one length")
        for name in ("xy", "radius_m", "shares", "noise"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} holds a value that is no finite number")
        if (self.radius_m < 0).any() or (self.shares < 0).any():
            raise ValueError("radius_m and shares cannot be negative")
        if not np.allclose(self.shares.sum(axis=1), 1):
            raise ValueError("the shares of an observation do not add up to 1")
        if ((self.noise < 0) | (self.noise >= 1)).any():
            raise ValueError("noise lies outside 0 to under 1")

    def __len__(self) -> int:
        return len(self.xy)

    @classmethod
    def of_sides(
        cls,
        xy: NDArray[np.float64],
        side: NDArray[np.intp],
        sides: int,
        *,
        radius_m: float | NDArray[np.float64] = 0.0,
        noise: float | NDArray[np.float64] = 0.0,
    ) -> Observations:
        """Observations that each name one side, by its index among `sides`."""
        count = len(xy)
        shares = np.eye(sides)[np.asarray(side, dtype=np.intp)].reshape(count, sides)
        radius = np.broadcast_to(np.asarray(radius_m, dtype=float), (count,))
        unreliable = np.broadcast_to(np.asarray(noise, dtype=float), (count,))
        return cls(np.asarray(xy, dtype=float).reshape(count, 2), radius, shares, unreliable)

    def _sorted(self) -> Observations:
        """The same in an order that follows from the values alone."""
        keys = (*self.shares.T[::-1], self.noise, self.radius_m, self.xy[:, 1], self.xy[:, 0])
        order = np.lexsort(keys)
        return Observations(
            self.xy[order], self.radius_m[order], self.shares[order], self.noise[order]
        )


@dataclass(frozen=True, slots=True)
class FieldParameters:
    """
    The numbers of a field.

    Attributes
    ----------
    range_m
        Scale of the widest octave, metres: how far a place tells of others.
    roughness
        Exponent of Hurst: 1 is smooth, 0.5 rough.
    noise
        Variance of a perfectly reliable look against that of the field: what a place says about
        the ground beside it that is not so.
    spread
        Standard deviation of the heights, where the labels are 0 and 1: a temperature.
    """

    range_m: float
    roughness: float = 0.5
    noise: float = 0.15
    spread: float = 1.0

    @classmethod
    def fitted(cls, observations: Observations) -> FieldParameters:
        """The parameters with the best score when each observation in turn is left out."""
        observations = _thinned(observations._sorted())
        usual = _extent(observations) * _USUAL_RANGE
        if len(observations) < 2 or observations.shares.shape[1] < 2:
            return cls(usual)
        scores = (
            (score - parameters._surprise(usual), -i, parameters)
            for i, (parameters, score) in enumerate(_scores(observations, usual))
        )
        return max(scores)[2]

    def _surprise(self, usual_range: float) -> float:
        """How far from the usual numbers: minus the logarithm of a weak prior."""
        off = (
            math.log(self.range_m / usual_range) / math.log(2),
            math.log(self.spread) / math.log(2),
        )
        return 0.5 * sum(x * x for x in off)


_USUAL_RANGE = 0.12
_RANGES = tuple(_USUAL_RANGE * 2.0**k for k in (-2, -1, 0, 1, 2))
_ROUGHNESS = (0.25, 0.5, 1.0)
_SPREADS = (0.4, 0.63, 1.0, 1.6, 2.5)


class LatentField:
    """
    The posterior of control over the plane, given observations of one date.

    Parameters
    ----------
    observations
        The evidence; its order does not matter.
    sides
        Names of the sides, in the order of the shares.
    parameters
        The numbers of the field; the default estimates them from the observations.

    Raises
    ------
    ValueError
        If there is no side, or the shares have another number of sides.
    """

    def __init__(
        self,
        observations: Observations,
        sides: Sequence[str],
        *,
        parameters: FieldParameters | None = None,
    ) -> None:
        if not sides or observations.shares.shape[1] != len(sides):
            raise ValueError(
                f"shares have {observations.shares.shape[1]} columns for {len(sides)} sides"
            )
        self.sides = tuple(sides)
        self.observations = observations._sorted()
        self.parameters = parameters or FieldParameters.fitted(observations)
        self._mean = _mean(self.observations)
        self._noise = _noise(self.observations, self.parameters.noise)
        self._inverse = np.linalg.inv(
            _among(self.observations, self.parameters) + np.diag(self._noise)
        )
        self._target = _targets(self.observations, self._mean)
        self._weights = self._inverse @ self._target

    def probabilities(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Probability of each side at points, m x sides; rows add up to 1.

        Far from all evidence it goes back to the sides' shares of the evidence, made blunt.
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        found = np.empty((len(xy), len(self.sides)))
        for part in _chunks(len(xy)):
            across = self._across(xy[part])
            heights = self._mean + across @ self._weights
            left = 1 - np.einsum("ij,ij->i", across @ self._inverse, across)
            found[part] = _greatest(heights, self.parameters.spread * _root(left))
        return found

    def draws(self, xy: NDArray[np.float64], *, count: int, seed: int) -> NDArray[np.intp]:
        """
        Index of the holder at points in random maps that fit the evidence, count x m.

        One row is one map: points of it belong together. Positions are resampled in their errors,
        and so are the words' errors. The same seed gives the same maps.
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        rng = np.random.default_rng(seed)
        kinds = len(self.sides)
        omega = _frequencies(self.parameters, rng)
        amplitude = rng.standard_normal((2 * len(omega), count * kinds)) / math.sqrt(len(omega))
        spread = self.parameters.spread
        shift = self._misfit(omega, amplitude, rng)
        weights = np.repeat(self._weights[:, None, :], count, axis=1).reshape(-1, count * kinds)
        weights -= spread * (self._inverse @ shift)
        held = np.empty((count, len(xy)), dtype=np.intp)
        for part in _chunks(len(xy)):
            heights = spread * (_features(xy[part], omega) @ amplitude)
            heights += self._across(xy[part]) @ weights
            by_draw = heights.reshape(-1, count, kinds) + self._mean
            held[:, part] = by_draw.argmax(axis=2).T
        return held

    def _across(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of the field at points with each observation, m x n."""
        seen = self.observations
        return _covariance(xy, np.zeros(len(xy)), seen.xy, seen.radius_m, self.parameters)

    def _misfit(
        self,
        omega: NDArray[np.float64],
        amplitude: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """What the observations would have shown in each prior map, n x (count x sides)."""
        seen = self.observations
        # A wave looked at from a place known to r is damped; what it loses is noise of that place
        # alone. First and second moments are those of a position drawn anew for each map.
        damped = np.exp(-np.outer(seen.radius_m**2, (omega**2).sum(axis=1)) / 4)
        shown = (_features(seen.xy, omega) * np.tile(damped, 2)) @ amplitude
        lost = np.zeros(len(seen))
        for share, scale in _octaves(self.parameters):
            lost += share * seen.radius_m**2 / (scale**2 + seen.radius_m**2)
        error = rng.standard_normal(shown.shape) * np.sqrt(self._noise + lost)[:, None]
        return np.asarray(shown + error)


def _scores(observations: Observations, usual: float) -> Iterator[tuple[FieldParameters, float]]:
    """Each candidate with the summed logarithmic score of the observations left out in turn."""
    mean = _mean(observations)
    target = _targets(observations, mean)
    kinds = observations.shares.shape[1]
    unreliable = observations.noise[:, None]
    for fraction, roughness in product(_RANGES, _ROUGHNESS):
        range_m = usual / _USUAL_RANGE * fraction
        parameters = FieldParameters(range_m, roughness)
        among = _among(observations, parameters)
        noise = _noise(observations, parameters.noise)
        inverse = np.linalg.inv(among + np.diag(noise))
        precision = np.diag(inverse)
        # Left out in closed form: Rasmussen and Williams 2006, equation 5.12.
        heights = mean + target - inverse @ target / precision[:, None]
        deviation = _root(1 / precision - noise)
        for spread in _SPREADS:
            chance = _greatest(heights, spread * deviation)
            said = (1 - unreliable) * chance + unreliable / kinds
            score = float((observations.shares * np.log(said)).sum())
            yield replace(parameters, spread=spread), score


def _thinned(observations: Observations) -> Observations:
    """At most as many as a fit can afford, evenly from the whole."""
    if len(observations) <= _FIT_AT_MOST:
        return observations
    kept = np.random.default_rng(0).choice(len(observations), _FIT_AT_MOST, replace=False)
    kept.sort()
    return Observations(
        observations.xy[kept],
        observations.radius_m[kept],
        observations.shares[kept],
        observations.noise[kept],
    )


def _extent(observations: Observations) -> float:
    """Diagonal of the evidence, metres; 100 km where it has none."""
    if not len(observations):
        return 1e5
    return float(np.hypot(*np.ptp(observations.xy, axis=0))) or 1e5


def _mean(observations: Observations) -> NDArray[np.float64]:
    """Shares of the sides in the evidence, one word of doubt added for each side."""
    weight = 1 - observations.noise
    kinds = observations.shares.shape[1]
    return np.asarray((weight @ observations.shares + 1) / (weight.sum() + kinds))


def _targets(observations: Observations, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((observations.shares - mean) / (1 - observations.noise)[:, None])


def _noise(observations: Observations, level: float) -> NDArray[np.float64]:
    return np.asarray(level + (1 - observations.noise) ** -2 - 1)


def _octaves(parameters: FieldParameters) -> Iterator[tuple[float, float]]:
    """Share of the variance and scale of each octave."""
    shares = [2.0 ** (-2 * parameters.roughness * k) for k in range(_OCTAVES)]
    for k, share in enumerate(shares):
        yield share / sum(shares), parameters.range_m * 2.0**-k


def _covariance(
    xy: NDArray[np.float64],
    radius: NDArray[np.float64],
    other: NDArray[np.float64],
    other_radius: NDArray[np.float64],
    parameters: FieldParameters,
) -> NDArray[np.float64]:
    """Expected covariance of the field at uncertain positions, each apart from all others."""
    squared = ((xy[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    blur = (radius[:, None] ** 2 + other_radius[None, :] ** 2) / 2
    total = np.zeros_like(squared)
    for share, scale in _octaves(parameters):
        wide = scale**2 + blur
        total += share * scale**2 / wide * np.exp(-squared / (2 * wide))
    return total


def _among(observations: Observations, parameters: FieldParameters) -> NDArray[np.float64]:
    """Covariance of the observations with each other; a point varies wholly with itself."""
    xy, radius = observations.xy, observations.radius_m
    among = _covariance(xy, radius, xy, radius, parameters)
    np.fill_diagonal(among, 1.0)
    return among


def _frequencies(parameters: FieldParameters, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random frequencies of the covariance, each octave with its share of them."""
    shares = np.array([share for share, _ in _octaves(parameters)])
    ends = np.rint(np.cumsum(shares) * _FEATURES).astype(int)
    scale = np.repeat([s for _, s in _octaves(parameters)], np.diff(ends, prepend=0))
    return np.asarray(rng.standard_normal((_FEATURES, 2)) / scale[:, None])


def _features(xy: NDArray[np.float64], omega: NDArray[np.float64]) -> NDArray[np.float64]:
    phase = xy @ omega.T
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)


def _greatest(heights: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that each of some independent normal heights of one deviation is greatest."""
    lead = (heights[:, :, None] - heights[:, None, :]) / deviation[:, None, None]
    chance = np.empty_like(heights)
    for k in range(heights.shape[1]):
        above = np.delete(lead[:, k, :], k, axis=1)
        if above.shape[1] == 1:
            chance[:, k] = _normal(above[:, 0] / math.sqrt(2))
            continue
        each = _normal(above[:, :, None] + _NODES)
        chance[:, k] = each.prod(axis=1) @ _WEIGHTS
    chance = np.maximum(chance, 1e-12)
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _normal(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The normal distribution function, to 3e-8."""
    return np.interp(x, _NORMAL_X, _NORMAL_P)


def _root(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.maximum(variance, 1e-6))


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))
