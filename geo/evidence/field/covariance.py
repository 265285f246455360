"""How heights at two places, and over two shapes, vary together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geo.evidence.field.observations import Observations

    Floats = NDArray[np.floating[Any]]

_OCTAVES = 8
"""The finest is a 128th of the range; a ninth would carry 0.1 % of the variance."""
_CHUNK = 4096
"""Points at once: their covariances with 500 observations take 8 MB."""
_LEVEL, _LEVEL_SCALE = 0.5, 1e3
"""Share of the variance that is the level of the whole theatre, and its scale in ranges."""


def octaves(range_m: float) -> Iterator[tuple[float, float]]:
    """Share of the variance and scale of the level and of each octave."""
    yield _LEVEL, range_m * _LEVEL_SCALE
    shares = [2.0**-k for k in range(_OCTAVES)]
    for k, share in enumerate(shares):
        yield (1 - _LEVEL) * share / sum(shares), range_m * 2.0**-k


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
    east, north = (np.subtract.outer(xy[:, i], other[:, i]) for i in (0, 1))
    squared = (east * east + north * north).astype(kind)
    blur: Floats = ((radius[:, None] ** 2 + other_radius[None, :] ** 2) / 2).astype(kind)
    total: Floats = np.zeros_like(squared)
    for share, scale in octaves(range_m):
        wide = kind(scale**2) + blur
        total += kind(share * scale**2) / wide * np.exp(squared / (-2 * wide))
    return total


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

    def across(self, seen: Observations, range_m: float) -> NDArray[np.float64]:
        """As `across` of the points, whose clock is zero."""
        ends = np.cumsum(seen.count)
        keys = [
            (range_m, seen.xy[a:b].tobytes() + seen.radius_m[a:b].tobytes())
            for a, b in zip(ends - seen.count, ends, strict=True)
        ]
        new = {key: k for k, key in enumerate(keys) if key not in self._columns}
        if new:
            still = replace(seen.take(np.array(list(new.values()))), clock=np.zeros(len(new)))
            for part in range(0, len(self.xy), _CHUNK):
                some = across(self.xy[part : part + _CHUNK], still, range_m).astype(np.float32)
                for key, column in zip(new, some.T, strict=True):
                    kept = self._columns.setdefault(key, np.empty(len(self.xy), np.float32))
                    kept[part : part + _CHUNK] = column
        found = np.stack([self._columns[key] for key in keys], axis=1).astype(float)
        return fade(found, np.zeros(len(self.xy)), seen.clock)


def among(seen: Observations, range_m: float) -> NDArray[np.float64]:
    """Covariance of the observations with each other; a point varies wholly with itself."""
    return fade(among_now(seen, range_m), seen.clock, seen.clock)


def among_now(seen: Observations, range_m: float) -> NDArray[np.float64]:
    """The same as if all were of one moment."""
    nodes = between(seen.xy, seen.radius_m, seen.xy, seen.radius_m, range_m)
    single = np.repeat(seen.count == 1, seen.count)
    nodes[single, single] = 1.0
    return np.asarray(mean_columns(mean_columns(nodes, seen).T, seen).T, float)


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
    return np.asarray(found * np.exp(-np.abs(np.subtract.outer(one, other))))
