"""
A field of control: who holds any point, how surely, and random maps that fit the evidence.

Each side has a latent height over the plane, a Gaussian process, and ground belongs to the side
whose height is greatest there. Evidence pulls the heights: a statement about a place is a noisy
look at the one-hot vector of sides (least-squares classification; Rasmussen and Williams 2006,
section 6.5), so that one linear solve gives the joint posterior of all heights.

1. **Roughness.** Half of the variance is one level for the whole theatre, as nobody knows the
   balance of the sides beforehand. The other half is a sum of Gaussians an octave apart, the finer
   ones fainter by the square root of a half in height (Hurst 0.5, near exp(-d / range)): fronts
   are smooth at no scale.
2. **Position error.** A place located to r lies within a round Gaussian whose root mean square
   distance is r. For Gaussians the expected covariance under such errors is exact and closed
   (Girard 2004), so a vague place pulls widely and weakly.
3. **Unreliable words.** An observation of unreliability q says nothing with probability q: its
   target is stretched by 1 / (1 - q) and its variance grows by 1 / (1 - q)^2 - 1, the best linear
   use of such a word.
4. **Probability** of a side: that its height is the greatest, by Gauss-Hermite quadrature.
5. **Calibration.** The range, and the spread (the height of the field against labels of 0 and 1: a
   temperature), are scored by leaving out each observation in turn, in closed form. The field is
   the average over the plausible pairs, weighed by the square root of their score, as the scores
   of neighbours are not independent, and by a weak prior that decides where observations are few.
   One best pair would give probabilities as good, but totals of ground that are too sure: in
   theatres of known truth (`tests/theatres.py`) 78 of 100 lay between the 5th and the 95th
   percentile of the draws, and 85 with the average.
6. **Draws.** Prior heights from random Fourier features (Rahimi and Recht 2007), looked at with
   the positions' and the words' errors of this draw, then moved to agree with the evidence
   (Matheron's rule; Wilson et al. 2020, ICML). How often a side holds a point in the draws is its
   probability there.

Positions are metres in a local plane; nothing here knows longitudes, dates or sources.

What was tried, on the town lists of another war with 30 % of the places hidden (``make
bench-estimate``): one Gaussian covariance has a score of Brier of 0.148, four octaves 0.130,
eight 0.12. Labels turned into Dirichlet counts instead of least squares do no better. The field
takes the ages of neighbouring words for independent, which an offensive is not; yet it is
calibrated a month ahead. Where nothing moves, repeating the list of the month before is better
than the field: it lets neighbours talk an outdated place round too easily.
"""

from __future__ import annotations

import math
import threading
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

_OCTAVES = 8
"""The finest is a 128th of the range; a ninth would carry 0.1 % of the variance."""
_LEVEL, _LEVEL_SCALE = 0.5, 1e3
"""Share of the variance that is the level of the whole theatre, and its scale in ranges."""
_FEATURES = 512
"""Waves of a random map; the level and each octave have their share of the variance of them."""
_CHUNK = 4096
"""Points at once: the waves of one chunk, in single precision, take 16 MB."""
_KEPT = 4096
"""Positions whose prior heights are kept; one of 2,000 maps and four sides takes 16 kB."""

_USUAL_RANGE = 0.24
"""Of the diagonal of the evidence."""
# What is tried when a field is fitted: ranges an octave apart, spreads half an octave. Where the
# best pair stands at an end of either list, the list is too short.
_RANGES = tuple(_USUAL_RANGE * 2.0**k for k in (-3, -2, -1, 0, 1, 2))
_SPREADS = (0.5, 0.7, 1.0, 1.4, 2.0)
_FIT_AT_MOST = 500
"""A fit inverts a matrix of so many observations for each range; its cost grows with their cube."""
_PLAUSIBLE = 0.02
"""Pairs with less than this share of the best one's weight are left out."""

# Of the Gauss-Hermite quadrature, and a table of the normal distribution: numpy has no function
# for it, and a step of a thousandth of a deviation is off by less than `_normal` promises.
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
    sides
        What the columns of `shares` are, where that is known.
    keys
        Name of each, such as its place. What has a name errs in draw k of one field as in draw k
        of another, so that maps of two dates differ where the evidence does.
    """

    xy: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    shares: NDArray[np.float64]
    noise: NDArray[np.float64]
    sides: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

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
        if self.keys and len(self.keys) != count:
            raise ValueError(f"{len(self.keys)} keys for {count} observations")

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
        order = (*self.shares.T[::-1], self.noise, self.radius_m, self.xy[:, 1], self.xy[:, 0])
        return self._taken(np.lexsort(order))

    def _taken(self, rows: NDArray[np.intp]) -> Observations:
        return replace(
            self,
            xy=self.xy[rows],
            radius_m=self.radius_m[rows],
            shares=self.shares[rows],
            noise=self.noise[rows],
            keys=tuple(self.keys[row] for row in rows) if self.keys else (),
        )


@dataclass(frozen=True, slots=True)
class FieldParameters:
    """
    The numbers of a field.

    Attributes
    ----------
    range_m
        Scale of the widest octave, metres: how far a place tells of others.
    spread
        Standard deviation of the heights, where the labels are 0 and 1: a temperature.
    noise
        Variance of a perfectly reliable look against that of the field. A judgement: what is left
        out cannot tell noise from finer octaves.
    weight
        Weight of this pair in the average, against others.
    """

    range_m: float
    spread: float = 1.0
    noise: float = 0.05
    weight: float = 1.0


def fitted(observations: Observations) -> tuple[FieldParameters, ...]:
    """The plausible parameters of a field, best first; their weights add up to 1."""
    seen = _thinned(observations._sorted())
    usual = _extent(seen) * _USUAL_RANGE
    if len(seen) < 2 or seen.shares.shape[1] < 2:
        return (FieldParameters(usual),)
    pairs, scores = zip(*_scores(seen), strict=True)
    prior = [math.log2(p.range_m / usual) ** 2 + math.log2(p.spread) ** 2 for p in pairs]
    weights = np.exp((np.array(scores) - prior) / 2 - max(scores) / 2)
    best = [
        k for k in np.argsort(-weights, kind="stable") if weights[k] > _PLAUSIBLE * weights.max()
    ]
    total = weights[best].sum()
    return tuple(replace(pairs[k], weight=float(weights[k] / total)) for k in best)


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
        The numbers of the field, one set or several to average; the default is
        ``fitted(observations)``.

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
        parameters: Sequence[FieldParameters] | None = None,
    ) -> None:
        if not sides or observations.shares.shape[1] != len(sides):
            raise ValueError(
                f"shares have {observations.shares.shape[1]} columns for {len(sides)} sides"
            )
        self.sides = tuple(sides)
        self.observations = observations._sorted()
        self.parameters = tuple(parameters or fitted(observations))
        weights = np.array([each.weight for each in self.parameters])
        self._shares = weights / weights.sum()
        prior = _prior(self.observations)
        inverses = {
            (each.range_m, each.noise): _inverse(self.observations, each)
            for each in self.parameters
        }
        self._posteriors = [
            _Posterior(self.observations, prior, each, inverses[each.range_m, each.noise])
            for each in self.parameters
        ]

    def probabilities(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Probability of each side at points, m x sides; rows add up to 1.

        Far from all evidence it goes back to about the sides' shares of the evidence: a guess.
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        found = np.zeros((len(xy), len(self.sides)))
        for part in _chunks(len(xy)):
            across = self._across(xy[part])
            for share, posterior in zip(self._shares, self._posteriors, strict=True):
                near = across[posterior.parameters.range_m]
                found[part] += share * posterior.probabilities(near)
        return found

    def draws(self, xy: NDArray[np.float64], *, count: int, seed: int) -> NDArray[np.intp]:
        """
        Index of the holder at points in random maps that fit the evidence, count x m.

        One row is one map: its points belong together, and row k of a seed is the same map at
        whatever points it is asked for. The first few rows are as fair a sample as all.
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        ends = np.rint(np.cumsum(self._shares) * count).astype(int)
        order = np.random.default_rng([seed, 0]).permutation(count)
        rows = np.split(order, ends[:-1])
        held = np.empty((count, len(xy)), dtype=np.intp)
        shifts = [
            each.shift(len(mine), (seed, k + 1))
            for k, (each, mine) in enumerate(zip(self._posteriors, rows, strict=True))
        ]
        for part in _chunks(len(xy)):
            across = self._across(xy[part])
            for k, (each, mine, shift) in enumerate(
                zip(self._posteriors, rows, shifts, strict=True)
            ):
                if len(mine):
                    near = across[each.parameters.range_m]
                    maps = each.draws(xy[part], near, shift, len(mine), (seed, k + 1))
                    held[mine, part] = maps
        return held

    def _across(self, xy: NDArray[np.float64]) -> dict[float, NDArray[np.float64]]:
        """By range, covariance of the field at points with each observation, m x n."""
        seen, nowhere_vague = self.observations, np.zeros(len(xy))
        return {
            range_m: _covariance(xy, nowhere_vague, seen.xy, seen.radius_m, range_m)
            for range_m in {each.range_m for each in self.parameters}
        }


class _Posterior:
    """The field under one set of parameters."""

    def __init__(
        self,
        seen: Observations,
        prior: NDArray[np.float64],
        parameters: FieldParameters,
        inverse: NDArray[np.float64],
    ) -> None:
        self.seen = seen
        self.parameters = parameters
        self.mean = _mean(prior, parameters.spread)
        self.noise = _noise(seen, parameters.noise)
        self.inverse = inverse
        self.weights = self.inverse @ _targets(seen, self.mean)

    def probabilities(self, across: NDArray[np.float64]) -> NDArray[np.float64]:
        heights = self.mean + across @ self.weights
        left = 1 - np.einsum("ij,ij->i", across @ self.inverse, across)
        return _greatest(heights, self.parameters.spread * _root(left))

    def shift(self, count: int, seed: tuple[int, int]) -> NDArray[np.float32]:
        """What moves each prior map to the evidence, n x (pairs x sides)."""
        return np.asarray(self.inverse @ self._misfit(count, seed), dtype=np.float32)

    def draws(
        self,
        xy: NDArray[np.float64],
        across: NDArray[np.float64],
        shift: NDArray[np.float32],
        count: int,
        seed: tuple[int, int],
    ) -> NDArray[np.intp]:
        """Mirrored pairs of maps: what one has above the mean, the other has below."""
        level = (self.mean + across @ self.weights)[:, None, :]
        off = self._prior(count, seed).at(xy, np.zeros(len(xy))) - across.astype(np.float32) @ shift
        off *= np.float32(self.parameters.spread)
        off = off.reshape(len(xy), -1, len(self.mean))
        held = np.empty((2 * off.shape[1], len(xy)), dtype=np.intp)
        held[::2] = (level + off).argmax(axis=2).T
        held[1::2] = (level - off).argmax(axis=2).T
        return held[:count]

    def _prior(self, count: int, seed: tuple[int, int]) -> _PriorMaps:
        return _prior_maps(self.parameters.range_m, (count + 1) // 2, len(self.mean), seed)

    def _misfit(self, count: int, seed: tuple[int, int]) -> NDArray[np.float64]:
        """What the observations would have shown in each prior map of spread 1."""
        seen, prior = self.seen, self._prior(count, seed)
        # A wave looked at from a place known to r is damped; what it loses is noise of that place
        # alone. First and second moments are those of a position drawn anew for each map.
        shown = prior.at(seen.xy, seen.radius_m).astype(float)
        lost = np.zeros(len(seen))
        for share, scale in _octaves(self.parameters.range_m):
            lost += share * seen.radius_m**2 / (scale**2 + seen.radius_m**2)
        deviation = np.sqrt(self.noise + lost)
        for row, key in enumerate(seen.keys or map(str, range(len(seen)))):
            shown[row] += deviation[row] * prior.errors(key)
        return shown


class _PriorMaps:
    """
    Random heights before any evidence, of spread 1, in pairs of maps and by side.

    The maps of one seed are the same on every date, so what they are at a position is kept.
    """

    def __init__(self, range_m: float, pairs: int, kinds: int, seed: tuple[int, int]) -> None:
        rng = np.random.default_rng(seed)
        self._seed = seed
        self._omega = _frequencies(range_m, rng)
        size = (2 * len(self._omega), pairs * kinds)
        self._amplitude = rng.standard_normal(size, dtype=np.float32)
        self._amplitude /= np.float32(math.sqrt(len(self._omega)))
        self._place: dict[tuple[float, ...], int] = {}
        self._heights = np.empty((0, pairs * kinds), np.float32)
        self._errors: dict[str, NDArray[np.float32]] = {}
        self._lock = threading.Lock()

    def at(self, xy: NDArray[np.float64], radius_m: NDArray[np.float64]) -> NDArray[np.float32]:
        """The heights at positions known to so many metres, m x (pairs x sides)."""
        if len(xy) > _KEPT:
            return np.concatenate([self._waves(xy[p], radius_m[p]) for p in _chunks(len(xy))])
        keys = list(map(tuple, np.column_stack([xy, radius_m]).tolist()))
        with self._lock:
            fresh = [n for n, key in enumerate(keys) if key not in self._place]
            if len(self._place) + len(fresh) > _KEPT:
                self._place, self._heights = {}, self._heights[:0]
                fresh = list(range(len(keys)))
            if fresh:
                known = len(self._heights)
                self._place |= {keys[n]: known + k for k, n in enumerate(fresh)}
                more = self._waves(xy[fresh], radius_m[fresh])
                self._heights = np.concatenate([self._heights, more])
            return self._heights[[self._place[key] for key in keys]]

    def errors(self, key: str) -> NDArray[np.float32]:
        """What is wrong with the word of one observation, of deviation 1, in each map."""
        found = self._errors.get(key)
        if found is None:
            rng = np.random.default_rng([*self._seed, zlib.crc32(key.encode())])
            drawn: NDArray[np.float64] = rng.standard_normal((1, self._amplitude.shape[1]))
            found = drawn[0].astype(np.float32)
            if len(self._errors) < _KEPT:
                self._errors[key] = found
        return found

    def _waves(self, xy: NDArray[np.float64], radius_m: NDArray[np.float64]) -> NDArray[np.float32]:
        waves = _features(xy, self._omega)
        if radius_m.any():
            damped = np.exp(-np.outer(radius_m**2, (self._omega**2).sum(axis=1)) / 4)
            waves *= np.tile(damped.astype(np.float32), 2)
        return np.asarray(waves @ self._amplitude)


@lru_cache(maxsize=16)
def _prior_maps(range_m: float, pairs: int, kinds: int, seed: tuple[int, int]) -> _PriorMaps:
    return _PriorMaps(range_m, pairs, kinds, seed)


def _inverse(seen: Observations, parameters: FieldParameters) -> NDArray[np.float64]:
    noise = _noise(seen, parameters.noise)
    return np.asarray(np.linalg.inv(_among(seen, parameters.range_m) + np.diag(noise)), dtype=float)


def _scores(seen: Observations) -> Iterator[tuple[FieldParameters, float]]:
    """Candidates, each with the summed logarithmic score of observations left out in turn."""
    kinds, prior = seen.shares.shape[1], _prior(seen)
    for fraction in _RANGES:
        parameters = FieldParameters(_extent(seen) * fraction)
        noise = _noise(seen, parameters.noise)
        inverse = _inverse(seen, parameters)
        precision = np.diag(inverse)
        deviation = _root(1 / precision - noise)
        for spread in _SPREADS:
            mean = _mean(prior, spread)
            target = _targets(seen, mean)
            # Left out in closed form: Rasmussen and Williams 2006, equation 5.12.
            heights = mean + target - inverse @ target / precision[:, None]
            chance = _greatest(heights, spread * deviation)
            said = chance + seen.noise[:, None] * (1 / kinds - chance)
            yield replace(parameters, spread=spread), float((seen.shares * np.log(said)).sum())


def _thinned(observations: Observations) -> Observations:
    """At most as many as a fit can afford, evenly from the whole."""
    if len(observations) <= _FIT_AT_MOST:
        return observations
    kept = np.random.default_rng(0).choice(len(observations), _FIT_AT_MOST, replace=False)
    return observations._taken(np.sort(kept))


def _extent(observations: Observations) -> float:
    """Diagonal of the evidence, metres; 100 km where it has none."""
    if not len(observations):
        return 1e5
    return float(np.hypot(*np.ptp(observations.xy, axis=0))) or 1e5


def _mean(prior: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Heights of the sides far from all evidence, among labels of 0 and 1."""
    return np.asarray(spread * prior + 1 / len(prior))


def _prior(observations: Observations) -> NDArray[np.float64]:
    """
    Heights, at spread 1, under which each side is as likely as its share of the evidence.

    One word of doubt is added for each side.
    """
    weight = 1 - observations.noise
    kinds = observations.shares.shape[1]
    shares = (weight @ observations.shares + 1) / (weight.sum() + kinds)
    heights = np.zeros((1, kinds))
    for _ in range(100):
        step = 0.7 * np.log(shares / _greatest(heights, np.ones(1)))
        heights += step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(heights[0] - heights.mean())


def _targets(observations: Observations, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((observations.shares - mean) / (1 - observations.noise)[:, None])


def _noise(observations: Observations, level: float) -> NDArray[np.float64]:
    return np.asarray(level + (1 - observations.noise) ** -2 - 1)


def _octaves(range_m: float) -> Iterator[tuple[float, float]]:
    """Share of the variance and scale of the level and of each octave."""
    yield _LEVEL, range_m * _LEVEL_SCALE
    shares = [2.0**-k for k in range(_OCTAVES)]
    for k, share in enumerate(shares):
        yield (1 - _LEVEL) * share / sum(shares), range_m * 2.0**-k


def _covariance(
    xy: NDArray[np.float64],
    radius: NDArray[np.float64],
    other: NDArray[np.float64],
    other_radius: NDArray[np.float64],
    range_m: float,
) -> NDArray[np.float64]:
    """Expected covariance of the field at uncertain positions, each apart from all others."""
    squared = ((xy[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    blur = (radius[:, None] ** 2 + other_radius[None, :] ** 2) / 2
    total = np.zeros_like(squared)
    for share, scale in _octaves(range_m):
        wide = scale**2 + blur
        total += share * scale**2 / wide * np.exp(-squared / (2 * wide))
    return np.asarray(total)


def _among(observations: Observations, range_m: float) -> NDArray[np.float64]:
    """Covariance of the observations with each other; a point varies wholly with itself."""
    xy, radius = observations.xy, observations.radius_m
    among = _covariance(xy, radius, xy, radius, range_m)
    np.fill_diagonal(among, 1.0)
    return among


def _frequencies(range_m: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Random frequencies of the covariance, each octave with its share of them."""
    shares = np.array([share for share, _ in _octaves(range_m)])
    ends = np.rint(np.cumsum(shares) * _FEATURES).astype(int)
    scale = np.repeat([s for _, s in _octaves(range_m)], np.diff(ends, prepend=0))
    return np.asarray(rng.standard_normal((_FEATURES, 2)) / scale[:, None])


def _features(xy: NDArray[np.float64], omega: NDArray[np.float64]) -> NDArray[np.float32]:
    turns = xy @ omega.T / math.tau
    # Within half a turn, single precision is exact to 4e-7 and several times as fast.
    phase = (turns - np.rint(turns)).astype(np.float32) * np.float32(math.tau)
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
    return np.asarray(np.interp(x, _NORMAL_X, _NORMAL_P), dtype=float)


def _root(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.maximum(variance, 1e-6)), dtype=float)


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))
