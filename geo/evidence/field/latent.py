"""The posterior of control over the plane: probabilities, and random maps."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.evidence.field.covariance import LEVEL, KeptColumns, across, at_points
from geo.evidence.field.fitting import (
    far_heights,
    fitted,
    greatest,
    invert,
    prior_heights,
    root,
    targets,
    thinned,
)
from geo.evidence.field.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from geo.evidence.field.fitting import FieldParameters
    from geo.evidence.field.observations import Observations

    Floats = NDArray[np.float64]

_CHUNK = 4096
"""Points at once: their covariances with 500 observations take 16 MB."""
_MOST = 900
"""Observations that are solved for at once: the time grows with their cube."""
_NEAR, _FAR, _LOT = 300, 100, 500
"""Where there are more: observations that answer for a lot of points as they are near, and as they
tell of the theatre as a whole, and points of a lot. On 3,463 observations it took an eighth of the
time of one exact solution and named another side on 2 % of the ground; with 450 and 150, twice as
long and 4 %: what is left out is the far, which tells of the level alone."""
_ALIKE = 1e-4
"""Heights, and variances, that differ by less are the same chance to a thousandth."""
_JITTER = 1e-5
"""Added to the variance of drawn heights, so that rounding leaves it a variance."""


class LatentField:
    """
    The posterior of control over the plane, given observations of a moment and others near it.

    Parameters
    ----------
    observations
        The evidence; its order does not matter.
    sides
        Names of the sides, in the order of the shares.
    parameters
        The numbers of the field, one set or several to average; the default is
        ``fitted(observations)``.
    prior
        Heights of the sides far from all evidence, at spread 1; the default follows from the
        observations.

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
        prior: Floats | None = None,
    ) -> None:
        if not sides or observations.shares.shape[1] != len(sides):
            raise ValueError(
                f"shares have {observations.shares.shape[1]} columns for {len(sides)} sides"
            )
        self.sides = tuple(sides)
        order = observations.order()
        self.observations = observations.take(order)
        self._place = np.argsort(order)
        self.parameters = tuple(parameters or fitted(observations))
        weights = np.array([each.weight for each in self.parameters])
        self._shares = weights / weights.sum()
        self._prior = prior_heights(self.observations) if prior is None else prior
        self._solve(self.observations)

    def _solve(self, seen: Observations) -> None:
        """Condition on observations; of more than can be solved at once, on some evenly."""
        seen = seen.take(thinned(len(seen), _MOST))
        self._seen = seen
        keys = dict.fromkeys((each.range_m, each.noise) for each in self.parameters)
        self._inverse: dict[tuple[float, float], Floats] = invert(seen, list(keys))
        self._mean: list[Floats] = []
        self._solved: list[Floats] = []
        for each in self.parameters:
            mean = far_heights(self._prior, each.spread)
            self._mean.append(mean)
            self._solved.append(self._inverse[each.range_m, each.noise] @ targets(seen, mean))

    def probabilities(self, xy: Floats) -> Floats:
        """
        Probability of each side at points, m x sides; rows add up to 1.

        Far from all evidence it goes back to about the sides' shares of the evidence: a guess.
        """
        return self.assess(xy)[0]

    def assess(self, points: Floats | KeptColumns) -> tuple[Floats, Floats]:
        """
        Probability of each side at points, and how much of the local doubt evidence took away.

        The second is 0 where no word tells more of the ground than of the theatre as a whole, and
        1 where its height is known exactly. Points that many fields are asked for come with the
        covariances that were worked out for them.

        Of very many observations those nearest to some points are asked: what lies behind them
        tells little that they do not tell (the screening effect; Chiles and Delfiner 1999, 3.6.1).
        """
        kept = points if isinstance(points, KeptColumns) else None
        xy = kept.xy if kept else np.asarray(points, dtype=float).reshape(-1, 2)
        if len(self.observations) > _MOST:
            return self._assess_in_parts(xy)
        seen = self._seen
        found = np.zeros((len(xy), len(self.sides)))
        told = np.zeros(len(xy))
        ranges = [range_m for range_m, _ in self._inverse]
        whole = kept.across(seen, ranges) if kept else repeat(None)
        for (key, inverse), columns in zip(self._inverse.items(), whole, strict=False):
            for part in _chunks(len(xy)):
                near = across(xy[part], seen, key[0]) if columns is None else columns[part]
                left = 1 - np.einsum("ij,ij->i", near @ inverse, near)
                for k, each in enumerate(self.parameters):
                    if (each.range_m, each.noise) != key:
                        continue
                    heights = self._mean[k] + near @ self._solved[k]
                    deviation = each.spread * root(left)
                    found[part] += self._shares[k] * greatest(heights, deviation)
                    local = np.clip(1 - left / (1 - LEVEL), 0, 1)
                    told[part] += self._shares[k] * local
        return found, told

    def left_out(
        self, xy: Floats, groups: Iterable[NDArray[np.intp]]
    ) -> Iterator[tuple[Floats, Floats]]:
        """
        `assess` of points, each time without some observations: in closed form.

        As if the field were made of the rest, with its numbers, and its heights far from all
        evidence, as they are (Rasmussen and Williams 2006, equation 5.12, by blocks). A group is
        of places among the observations as they were given.

        Raises
        ------
        ValueError
            If there are more observations than are solved for at once.
        """
        if len(self.observations) > _MOST:
            raise ValueError(f"{len(self.observations)} observations; leave out of {_MOST} at most")
        parts = []
        for key, inverse in self._inverse.items():
            near = across(xy, self._seen, key[0])
            pull = near @ inverse
            left = 1 - np.einsum("ij,ij->i", pull, near)
            mine = [k for k, one in enumerate(self.parameters) if (one.range_m, one.noise) == key]
            heights = {k: self._mean[k] + near @ self._solved[k] for k in mine}
            chances = {
                k: greatest(whole, self.parameters[k].spread * root(left))
                for k, whole in heights.items()
            }
            parts.append((inverse, pull, left, heights, chances))
        for group in groups:
            yield self._without(parts, self._place[group])

    def _without(self, parts: Sequence[Any], rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """What is left without some observations; `parts` are of all of them, by range."""
        count = len(parts[0][1])
        found, told = np.zeros((count, len(self.sides))), np.zeros(count)
        for inverse, pull, left, heights, chances in parts:
            back = pull[:, rows] @ np.linalg.inv(inverse[np.ix_(rows, rows)])
            rest = left + np.einsum("ij,ij->i", back, pull[:, rows])
            for k, whole in heights.items():
                less, chance = back @ self._solved[k][rows], chances[k].copy()
                # Elsewhere the rest says the same.
                near = (np.abs(less) > _ALIKE).any(axis=1) | (rest - left > _ALIKE)
                deviation = self.parameters[k].spread * root(rest[near])
                chance[near] = greatest(whole[near] - less[near], deviation)
                found += self._shares[k] * chance
                told += self._shares[k] * np.clip(1 - rest / (1 - LEVEL), 0, 1)
        return found, told

    def _assess_in_parts(self, xy: Floats) -> tuple[Floats, Floats]:
        """Points some at once, each lot by a field of the observations nearest to it."""
        middle = self.observations.middle
        found = np.zeros((len(xy), len(self.sides)))
        told = np.zeros(len(xy))
        for rows in _lots(xy, np.arange(len(xy)), middle):
            part = LatentField(
                self.observations.take(_nearest(middle, xy[rows])),
                self.sides,
                parameters=self.parameters,
                prior=self._prior,
            )
            found[rows], told[rows] = part.assess(xy[rows])
        return found, told

    def draws(
        self,
        xy: Floats,
        *,
        count: int,
        seed: int,
        clock: Floats | float = 0.0,
        kept: tuple[KeptColumns, NDArray[np.integer]] | None = None,
    ) -> NDArray[np.intp]:
        """
        Index of the holder at points in random maps that fit the evidence, count x m.

        One row is one map: its points belong together. The first few rows are as fair a sample as
        all. With a `clock` for each point the map is of several moments. Points of one moment that
        many fields are drawn for come with all points and with which of them they are.
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        clock = np.broadcast_to(np.asarray(clock, dtype=float), (len(xy),))
        rows = self._shared_out(count, seed)
        held = np.empty((count, len(xy)), dtype=np.intp)
        kinds = len(self.sides)
        for key, inverse in self._inverse.items():
            mine = [k for k, p in enumerate(self.parameters) if (p.range_m, p.noise) == key]
            if not any(len(rows[k]) for k in mine):
                continue
            near = across(xy, self._seen, key[0], clock)
            now = kept[0].among(key[0], kept[1]) if kept else at_points(xy, key[0], clock)
            left = now - near @ inverse @ near.T
            left[np.diag_indices(len(xy))] += _JITTER
            factor = np.linalg.cholesky(left).T.astype(np.float32)
            for k in mine:
                pairs = (len(rows[k]) + 1) // 2
                noise = _noise(pairs, kinds, len(xy), (seed, k + 1))
                off = noise @ factor * np.float32(self.parameters[k].spread)
                level = (self._mean[k] + near @ self._solved[k]).T.astype(np.float32)
                # Mirrored pairs of maps: what one has above the mean, the other has below.
                maps = np.empty((2 * pairs, len(xy)), dtype=np.intp)
                maps[::2] = (level + off).argmax(axis=1)
                maps[1::2] = (level - off).argmax(axis=1)
                held[rows[k]] = maps[: len(rows[k])]
        return held

    def heights(
        self, xy: Floats, *, count: int, seed: int, radius_m: float = 0.0
    ) -> NDArray[np.float32]:
        """
        Heights at many points in random maps that fit the evidence, count x sides x m.

        Of the moment of the field; the side whose height is greatest holds the ground. With a
        `radius_m` each point stands for the ground about it, so that nothing finer is drawn. The
        cost grows with the points and not with their cube (`geo.evidence.field.paths`).
        """
        xy = np.asarray(xy, dtype=float).reshape(-1, 2)
        found = np.empty((count, len(self.sides), len(xy)), dtype=np.float32)
        rows = self._shared_out(count, seed)
        kept: dict[tuple[float, float], tuple[Paths, NDArray[np.float32]]] = {}
        bases: dict[float, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        for k, one in enumerate(self.parameters):
            key = (one.range_m, one.noise)
            if not len(rows[k]):
                continue
            if key not in kept:
                paths = Paths(self._seen, self._inverse[key], *key)
                kept[key] = paths, paths.near(xy, radius_m)
            paths, near = kept[key]
            if one.range_m not in bases:
                bases[one.range_m] = paths.basis(xy, radius_m)
            pairs = (len(rows[k]) + 1) // 2
            rng = np.random.default_rng((seed, k + 1))
            off = paths.off(near, bases[one.range_m], radius_m, pairs * len(self.sides), rng)
            off = off.reshape(pairs, len(self.sides), len(xy)) * np.float32(one.spread)
            mean = paths.mean(near, self._mean[k]).T
            # Mirrored pairs of maps, as in `draws`.
            found[rows[k][::2]] = mean + off
            found[rows[k][1::2]] = mean - off[: len(rows[k]) // 2]
        return found

    def _shared_out(self, count: int, seed: int) -> list[NDArray[np.intp]]:
        """Which of so many maps are drawn with which parameters."""
        ends = np.rint(np.cumsum(self._shares) * count).astype(int)
        order = np.random.default_rng([seed, 0]).permutation(count)
        return np.split(order, ends[:-1])


def _noise(pairs: int, kinds: int, points: int, seed: tuple[int, int]) -> NDArray[np.float32]:
    """Independent normal numbers, by pair of maps, side and point."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((pairs, kinds, points), dtype=np.float32)


def _lots(xy: Floats, rows: NDArray[np.intp], seen: Floats) -> Iterator[NDArray[np.intp]]:
    """Points halved by the longer side of their box until they, and observations in it, are few."""
    low, high = xy[rows].min(axis=0), xy[rows].max(axis=0)
    inside = seen[((seen >= low) & (seen <= high)).all(axis=1)]
    if len(rows) == 1 or (len(rows) <= _LOT and len(inside) <= _NEAR // 2):
        yield rows
        return
    axis = int((high - low).argmax())
    order = rows[np.argsort(xy[rows, axis], kind="stable")]
    half = len(order) // 2
    yield from _lots(xy, order[:half], inside)
    yield from _lots(xy, order[half:], inside)


def _nearest(seen: Floats, xy: Floats) -> NDArray[np.intp]:
    """The observations nearest to the box of some points, and some of the others evenly."""
    low, high = xy.min(axis=0), xy.max(axis=0)
    beyond = np.hypot(*(seen - np.clip(seen, low, high)).T)
    order = np.lexsort((np.hypot(*(seen - (low + high) / 2).T), beyond))
    far = np.sort(order[_NEAR:])
    return np.sort(np.concatenate([order[:_NEAR], far[thinned(len(far), _FAR)]]))


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))
