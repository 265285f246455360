"""The numbers of a field, from what its observations say of each other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geo.evidence.field.covariance import among_all, among_now_all, fade, lasting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.evidence.field.observations import Observations

_USUAL_RANGE = 0.24
"""Of the diagonal of the evidence."""
# What is tried when a field is fitted: ranges an octave apart, spreads half an octave. Where the
# best pair stands at an end of either list, the list is too short.
_RANGES = tuple(_USUAL_RANGE * 2.0**k for k in (-3, -2, -1, 0, 1, 2))
_SPREADS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
_FIT_AT_MOST = 500
"""A fit inverts a matrix of so many observations for each range; its cost grows with their cube."""
_TEMPER = 0.25
"""Power of the scores that pairs are weighed by, as the scores of neighbours are not independent.
On windows of real polygons the truth lay in more of the bands with 0.25 than with 0.5."""
_PLAUSIBLE = 0.02
"""Pairs with less than this share of the best one's weight are left out."""

_STEPS, _FARTHEST = 1000, 12
"""Tables have a thousand rows a deviation; linear between them, they are good to 1e-7."""
_NODES = np.arange(-7, 9) * 0.75
_MIDDLE = 7
"""
Deviations from the highest of some heights at which what is greatest is summed.

The sum of so smooth a function at even steps is its integral (Trefethen and Weideman 2014, SIAM
Review 56, 385-458); beyond the ends lies less than 1e-7 of it.
"""
_APART = 750
"""Rows of the tables from one node to the next."""
_AT = np.arange(_FARTHEST * _STEPS + 2)[:, None] + np.arange(len(_NODES)) * _APART
_LEVELS = _AT / _STEPS + _NODES[0]
_BELOW = np.array(
    [0.5 * (1 + math.erf((k / _STEPS + _NODES[0]) / math.sqrt(2))) for k in range(_AT[-1, -1] + 1)]
)[_AT]
"""By how far a height's mean lies under the highest, in rows: its chance to be under each node."""
_RATE = np.exp(_LEVELS**2 / -2) / math.sqrt(2 * math.pi) / _BELOW * 0.75
"""And its density there, by that chance."""


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
        Variance of a perfectly reliable look against that of the field: what its words round off.
        What is left out cannot tell noise from finer octaves, so it is set by polygons that
        somebody else drew: on 30 windows that are in no table, with 0.02 and 0.05 the sides' areas
        were off by 16 % and the truth lay in 90 % of the bands, with 0.15 by 18 %, in 94 %; with
        one word in twenty wrong by 16 to 17 %, in 96 %, and by 18 %, in 94 %.
    weight
        Weight of this pair in the average, against others.
    """

    range_m: float
    spread: float = 1.0
    noise: float = 0.03
    weight: float = 1.0


def fitted(observations: Observations) -> tuple[FieldParameters, ...]:
    """Return the plausible parameters of a field, best first; their weights add up to 1."""
    return fit(observations, [observations.clock])[0][0]


def fit(
    observations: Observations,
    clocks: Sequence[NDArray[np.float64]],
    groups: NDArray[np.intp] | None = None,
) -> list[tuple[tuple[FieldParameters, ...], float]]:
    """
    For each of some clocks, the plausible parameters and their best score, to compare clocks by.

    A score is that of observations left out in turn, less a weak prior. Those of one of the
    `groups` (each observation's, by number) are left out together: words about one place would
    else foretell each other, and ground would seem as smooth as they agree.
    """
    if groups is None:
        groups = np.arange(len(observations))
    usual = extent_m(observations) * _USUAL_RANGE
    if len(observations) < 2 or observations.shares.shape[1] < 2:
        return [((FieldParameters(usual),), 0.0) for _ in clocks]
    # Sorted once, so that all clocks share their covariances at one moment, and sums round alike.
    order = replace(observations, clock=clocks[0]).order()
    kept = order[thinned(len(observations), _FIT_AT_MOST)]
    ranges = [extent_m(observations) * fraction for fraction in _RANGES]
    now = among_now_all(observations.take(kept), ranges)
    together = dict(zip(ranges, now, strict=True))
    found = []
    for clock in clocks:
        seen = replace(observations, clock=clock).take(kept)
        pairs, scores = zip(*_score_pairs(seen, groups[kept], together), strict=True)
        prior = [math.log2(p.range_m / usual) ** 2 + math.log2(p.spread) ** 2 for p in pairs]
        score = np.array(scores) - prior
        weights = np.exp((score - score.max()) * _TEMPER)
        ranked = np.argsort(-weights, kind="stable")
        best = [k for k in ranked if weights[k] > _PLAUSIBLE * weights.max()]
        total = weights[best].sum()
        chosen = tuple(replace(pairs[k], weight=float(weights[k] / total)) for k in best)
        found.append((chosen, float(score.max())))
    return found


def _score_pairs(
    seen: Observations, groups: NDArray[np.intp], now: dict[float, NDArray[np.float64]]
) -> Iterator[tuple[FieldParameters, float]]:
    """Candidates, each with the summed logarithmic score of observations left out in turn."""
    kinds, prior = seen.shares.shape[1], prior_heights(seen)
    together_out = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    for range_m, one in now.items():
        parameters = FieldParameters(range_m)
        noise = look_noise(seen, parameters.noise)
        together = fade(one, seen.clock, seen.clock)
        inverse = np.linalg.inv(together + np.diag(noise))
        # Left out in closed form: Rasmussen and Williams 2006, equation 5.12, by blocks.
        blocks = [np.linalg.inv(inverse[np.ix_(rows, rows)]) for rows in together_out]
        left = np.empty(len(seen))
        for rows, block in zip(together_out, blocks, strict=True):
            left[rows] = np.diag(block)
        deviation = root(left - noise)
        for spread in _SPREADS:
            mean = far_heights(prior, spread)
            target = targets(seen, mean)
            heights, solved = mean + target, inverse @ target
            for rows, block in zip(together_out, blocks, strict=True):
                heights[rows] -= block @ solved[rows]
            chance = greatest(heights, spread * deviation)
            said = chance + seen.noise[:, None] * (1 / kinds - chance)
            yield replace(parameters, spread=spread), float((seen.shares * np.log(said)).sum())


def thinned(count: int, most: int) -> NDArray[np.intp]:
    """Indices of at most so many, evenly from the whole."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))


def extent_m(observations: Observations) -> float:
    """Diagonal of the evidence, metres; 100 km where it has none."""
    if not len(observations):
        return 1e5
    return float(np.hypot(*np.ptp(observations.xy, axis=0))) or 1e5


def invert(
    seen: Observations, keys: Sequence[tuple[float, float]]
) -> dict[tuple[float, float], NDArray[np.float64]]:
    """The precision of the observations, for some ranges and levels of noise."""
    together = among_all(seen, [range_m for range_m, _ in keys])
    return {
        key: np.asarray(np.linalg.inv(one + np.diag(look_noise(seen, key[1]))), float)
        for key, one in zip(keys, together, strict=True)
    }


def look_noise(seen: Observations, level: float) -> NDArray[np.float64]:
    """Variance of each look against that of the field."""
    return np.asarray(level + (1 - seen.noise) ** -2 - 1)


def targets(seen: Observations, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each look shows above the mean, stretched by how seldom it says anything."""
    return np.asarray((seen.shares - mean) / (1 - seen.noise)[:, None])


def far_heights(prior: NDArray[np.float64], spread: float) -> NDArray[np.float64]:
    """Heights of the sides far from all evidence, among labels of 0 and 1."""
    return np.asarray(spread * prior + 1 / len(prior))


def prior_heights(observations: Observations) -> NDArray[np.float64]:
    """
    Heights, at spread 1, under which each side is as likely as its share of the evidence.

    One word of doubt is added for each side; a look counts less the farther its moment is.
    """
    weight = (1 - observations.noise) * lasting(observations.clock)
    kinds = observations.shares.shape[1]
    shares = (weight @ observations.shares + 1) / (weight.sum() + kinds)
    heights = np.zeros((1, kinds))
    for _ in range(100):
        step = 0.7 * np.log(shares / greatest(heights, np.ones(1)))
        heights += step
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(heights[0] - heights.mean())


def greatest(heights: NDArray[np.float64], deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that each of some independent normal heights of one deviation is greatest."""
    kinds = heights.shape[1]
    if kinds == 1:
        return np.ones_like(heights)
    behind = (heights.max(axis=1, keepdims=True) - heights) / deviation[:, None]
    if kinds == 2:
        behind /= math.sqrt(2)
    steps = np.minimum(behind, _FARTHEST) * _STEPS
    row = steps.astype(np.intp)
    part = (steps - row)[:, :, None]
    if kinds == 2:
        above = _between_rows(_BELOW[:, _MIDDLE], row, part[:, :, 0])
        return np.maximum(np.where(behind > 0, 1 - above, above[:, ::-1]), 1e-12)
    # That one is at a node and all others below it: its rate there, and all of them below.
    all_below = np.ones((len(heights), len(_NODES)))
    rates = []
    for k in range(kinds):
        all_below *= _between_rows(_BELOW, row[:, k], part[:, k])
        rates.append(_between_rows(_RATE, row[:, k], part[:, k]))
    chance = np.stack([np.einsum("ij,ij->i", rate, all_below) for rate in rates], axis=1)
    np.maximum(chance, 1e-12, out=chance)
    chance /= chance.sum(axis=1, keepdims=True)
    return chance


def _between_rows(
    table: NDArray[np.float64], row: NDArray[np.intp], part: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows of a table, and so much of the way to the next."""
    found = table.take(row, axis=0)
    step = table.take(row + 1, axis=0)
    step -= found
    step *= part
    found += step
    return found


def root(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The deviation, never quite zero."""
    return np.asarray(np.sqrt(np.maximum(variance, 1e-6)), dtype=float)
