"""How heights at two places, and over two shapes, vary together."""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geo.evidence.field.observations import Observations

    Floats = NDArray[np.floating[Any]]

_OCTAVES = 8
"""The finest is a 128th of the range; a ninth would carry 0.1 % of the variance."""
_CHUNK = 256
"""Points at once: their covariances with a thousand positions stay in a processor's cache."""
_ROUND = 0.1
"""So much of the clock counts for little. Left-out words were foretold as well as with 0.05, and
better than with 0.4 or Matern's covariance."""
LEVEL = 0.5
"""Share of the variance that is the level of the whole theatre: alike everywhere."""


def octaves(range_m: float) -> Iterator[tuple[float, float]]:
    """Share of the variance and scale of each octave, the widest first; the rest is the level."""
    shares = [2.0**-k for k in range(_OCTAVES)]
    for k, share in enumerate(shares):
        yield (1 - LEVEL) * share / sum(shares), range_m * 2.0**-k


def between(
    xy: Floats,
    radius: Floats,
    other: Floats,
    other_radius: Floats,
    range_m: float,
    kind: type = np.float64,
) -> Floats:
    """
    Expected covariance of the field at uncertain positions, each apart from all others.

    With `kind` single precision it is good to 1e-6 and takes a third of the time.
    """
    return between_all(xy, radius, other, other_radius, [range_m], kind)[0]


def between_all(
    xy: Floats,
    radius: Floats,
    other: Floats,
    other_radius: Floats,
    ranges_m: Sequence[float],
    kind: type = np.float64,
) -> list[Floats]:
    """
    The same for several ranges.

    Ranges an octave apart have all their scales but one in common: each is worked out once.
    """
    east, north = (np.subtract.outer(xy[:, i], other[:, i]) for i in (0, 1))
    squared = ((east * east + north * north) / -2).astype(kind)
    blur: Floats = ((radius[:, None] ** 2 + other_radius[None, :] ** 2) / 2).astype(kind)
    found: list[Floats] = [np.full(squared.shape, LEVEL, kind) for _ in ranges_m]
    of_scale: dict[float, list[tuple[int, float]]] = defaultdict(list)
    for k, range_m in enumerate(ranges_m):
        for share, scale in octaves(range_m):
            of_scale[scale].append((k, share))
    for scale, uses in of_scale.items():
        wide = kind(scale**2) + blur
        term = np.exp(squared / wide)
        term *= kind(scale**2) / wide
        for k, share in uses:
            found[k] += kind(share) * term
    return found


def across(
    xy: Floats, seen: Observations, range_m: float, clock: Floats | float = 0.0
) -> NDArray[np.float64]:
    """Covariance of the field at points, and moments of their clocks, with each observation."""
    nodes = between(xy, np.zeros(len(xy)), seen.xy, seen.radius_m, range_m, np.float32)
    means = mean_columns(nodes, seen).astype(float)
    return fade(means, np.broadcast_to(clock, (len(xy),)), seen.clock)


class KeptColumns:
    """
    Covariances of the same points with observations of many moments, each worked out once.

    Parameters
    ----------
    xy
        The points, m x 2.
    """

    def __init__(self, xy: NDArray[np.float64]) -> None:
        self.xy = xy
        self._columns: dict[tuple[float, bytes], NDArray[np.float32]] = {}
        self._among: dict[float, NDArray[np.float64]] = {}

    def among(self, range_m: float, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """As `at_points` of some of the points, of one moment."""
        if range_m not in self._among:
            self._among[range_m] = at_points(self.xy, range_m)
        some: NDArray[np.float64] = self._among[range_m][np.ix_(rows, rows)]
        return some

    def across(self, seen: Observations, ranges_m: Sequence[float]) -> Iterator[Floats]:
        """As `across` of the points, whose clock is zero, for each of some ranges."""
        ends = np.cumsum(seen.count)
        looks = [
            seen.xy[a:b].tobytes() + seen.radius_m[a:b].tobytes()
            for a, b in zip(ends - seen.count, ends, strict=True)
        ]
        self._work_out(seen, looks, ranges_m)
        # Points after points, as a product with a matrix of the observations reads them.
        still, left = np.zeros(len(self.xy)), lasting(seen.clock).astype(np.float32)
        for range_m in ranges_m:
            found = np.empty((len(still), len(looks)), np.float32)
            for k, look in enumerate(looks):
                np.multiply(self._columns[range_m, look], left[k], out=found[:, k])
            yield found

    def _work_out(
        self, seen: Observations, looks: Sequence[bytes], ranges_m: Sequence[float]
    ) -> None:
        """Keep the columns of observations that were not asked for yet."""
        new = {
            look: k
            for k, look in enumerate(looks)
            if any((range_m, look) not in self._columns for range_m in ranges_m)
        }
        if not new:
            return
        some = seen.take(np.array(list(new.values())))
        for range_m, look in product(ranges_m, new):
            self._columns[range_m, look] = np.empty(len(self.xy), np.float32)
        for start in range(0, len(self.xy), _CHUNK):
            part = slice(start, start + _CHUNK)
            xy = self.xy[part]
            sharp = np.zeros(len(xy))
            nodes = between_all(xy, sharp, some.xy, some.radius_m, ranges_m, np.float32)
            for range_m, one in zip(ranges_m, nodes, strict=True):
                for look, column in zip(new, mean_columns(one, some).T, strict=True):
                    self._columns[range_m, look][part] = column


def among_all(seen: Observations, ranges_m: Sequence[float]) -> list[NDArray[np.float64]]:
    """
    Covariance of the observations with each other, for some ranges.

    A point varies wholly with itself.
    """
    left = lasting(np.subtract.outer(seen.clock, seen.clock))
    return [now * left for now in among_now_all(seen, ranges_m)]


def among_now(seen: Observations, range_m: float) -> NDArray[np.float64]:
    """The same for one range, as if all were of one moment."""
    return among_now_all(seen, [range_m])[0]


def among_now_all(seen: Observations, ranges_m: Sequence[float]) -> list[NDArray[np.float64]]:
    """The same for several."""
    found = [np.empty((len(seen), len(seen))) for _ in ranges_m]
    ends = np.cumsum(seen.count)
    start = 0
    while start < len(seen):
        # Observations whose positions, together, are not too many at once; one at least.
        first = int(seen.first[start])
        stop = max(int(np.searchsorted(ends, first + _CHUNK, side="right")), start + 1)
        part = slice(first, int(ends[stop - 1]))
        nodes = between_all(seen.xy[part], seen.radius_m[part], seen.xy, seen.radius_m, ranges_m)
        for whole, one in zip(found, nodes, strict=True):
            sums = np.add.reduceat(mean_columns(one, seen), seen.first[start:stop] - first, axis=0)
            whole[start:stop] = sums / seen.count[start:stop, None]
        start = stop
    single = np.flatnonzero(seen.count == 1)
    for whole in found:
        whole[single, single] = 1.0
    return found


def at_points(xy: Floats, range_m: float, clock: Floats | float = 0.0) -> NDArray[np.float64]:
    """Covariance of the field at points with each other."""
    sharp = np.zeros(len(xy))
    moment = np.broadcast_to(np.asarray(clock, float), (len(xy),))
    return fade(np.asarray(between(xy, sharp, xy, sharp, range_m), float), moment, moment)


def mean_columns(nodes: Floats, seen: Observations) -> Floats:
    """The mean over the positions of each observation, column by column."""
    if len(seen) == nodes.shape[1]:
        return nodes
    total: Floats = np.add.reduceat(nodes, seen.first, axis=1)
    return total / seen.count.astype(nodes.dtype)


def fade(found: NDArray[np.float64], one: Floats, other: Floats) -> NDArray[np.float64]:
    """What is left of a covariance between two moments of a clock."""
    if not (np.any(one) or np.any(other)):
        return found
    return np.asarray(found * lasting(np.subtract.outer(one, other)))


def lasting(clock: Floats | float) -> NDArray[np.float64]:
    """
    What is left of a covariance over a stretch of the clock: 1 / e over 1.

    Exponential, but round at its tip (the characteristic function of a normal inverse Gaussian, so
    a covariance). With exp(-|s|), whose paths are rough, two words of one place that contradict
    each other ten days apart read as a change in between, though nobody tells of one.
    """
    far = np.sqrt((1 + 2 * _ROUND) * np.square(clock) + _ROUND**2)
    return np.asarray(np.exp(_ROUND - far))
