"""
What draws are taken with: a lattice of points, and smooth random noise.

Positions are metres in a local equal-area plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.evidence.field.covariance import KeptColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.crs import LocalPlane

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_CHUNK = 4096
"""So many positions at once: their waves take 13 MB."""


@dataclass(frozen=True)
class Lattice:
    """
    Points of a square lattice that lie in a shape; each stands for as much ground.

    Attributes
    ----------
    xy
        Metres in the plane.
    lonlat
        Degrees.
    step_m
        Between neighbours.
    cell
        Column and row of each point.
    """

    xy: Floats
    lonlat: Floats
    step_m: float
    cell: Ints

    @classmethod
    def over(cls, shape: shapely.Geometry, plane: LocalPlane, points: int) -> Lattice:
        """About so many points over a shape in the plane."""
        area = float(shapely.area(shape))
        step = math.sqrt(area / points) if area else 1.0
        west, south, east, north = shapely.bounds(shape).tolist() if area else [0.0] * 4
        columns = np.arange(np.floor(west / step), np.ceil(east / step))
        rows = np.arange(np.floor(south / step), np.ceil(north / step))
        cell = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        xy = (cell + 0.5) * step
        shapely.prepare(shape)
        inside = shapely.contains_xy(shape, xy[:, 0], xy[:, 1])
        xy, cell = xy[inside], cell[inside].astype(np.int64)
        lonlat = shapely.get_coordinates(plane.inverse(shapely.MultiPoint(xy)))
        return cls(xy, lonlat.reshape(-1, 2).astype(float), step, cell)

    @cached_property
    def kept(self) -> KeptColumns:
        """The points, with what of them is worked out once for the fields of many dates."""
        return KeptColumns(self.xy)

    @property
    def cell_km2(self) -> float:
        """The ground that a point stands for."""
        return self.step_m**2 / 1e6

    def pairs(self) -> tuple[Ints, Ints, Floats]:
        """
        Return neighbours across the four directions, and what a line between them is long, km.

        By the formula of Crofton: the length of a curve is the mean over directions of how often
        parallel lines cross it, times pi / 2 and their distance.
        """
        wide = int(np.ptp(self.cell[:, 0])) + 3 if len(self.cell) else 3
        key = (self.cell[:, 1] * wide + self.cell[:, 0]) if len(self.cell) else np.zeros(0, int)
        order = np.argsort(key)
        near, far, length = [], [], []
        for across, up in ((1, 0), (0, 1), (1, 1), (-1, 1)):
            wanted = key + up * wide + across
            at = np.minimum(np.searchsorted(key[order], wanted), max(len(key) - 1, 0))
            found = np.flatnonzero(key[order][at] == wanted) if len(key) else np.zeros(0, int)
            near.append(found)
            far.append(order[at[found]])
            spacing = self.step_m / np.hypot(across, up) / 1e3
            length.append(np.full(len(found), np.pi / 8 * spacing))
        return np.concatenate(near), np.concatenate(far), np.concatenate(length)


class Noise:
    """
    Smooth random fields of unit variance: draw k is one function of position.

    Half of the variance is shared over `scales_m[0]`, half over `scales_m[1]`: Fourier features of
    a Gaussian kernel (Rahimi and Recht 2007), their frequencies spread evenly.

    Parameters
    ----------
    count
        How many.
    seed
        The same seed gives the same fields.
    scales_m
        Correlation lengths.
    waves
        Of each scale.
    """

    def __init__(
        self,
        count: int,
        seed: int,
        scales_m: tuple[float, float] = (20e3, 100e3),
        waves: int = 100,
    ) -> None:
        self._seed, self._scales_m, self._waves = seed, scales_m, waves
        # The quantiles of a round Gaussian, turned by the golden angle: evener than chance.
        place = np.arange(2 * waves)
        far = np.sqrt(-2 * np.log1p(-(place % waves + 0.5) / waves)) / np.repeat(scales_m, waves)
        turn = place * np.pi * (3 - np.sqrt(5))
        self._wave = np.stack([far * np.cos(turn), far * np.sin(turn)])
        rng = np.random.default_rng([seed, 7])
        self._weight = rng.normal(size=(count, 4 * waves)) / math.sqrt(2 * waves)

    def features(self, xy: Floats) -> Floats:
        """The basis at some positions, one row a position."""
        phase = xy @ self._wave
        return np.concatenate([np.cos(phase), np.sin(phase)], axis=1)

    def at(self, xy: Floats) -> Floats:
        """All fields at some positions, one row a field."""
        values: Floats = self._weight @ self.features(xy).T
        return values

    def gather(self, xy: Floats, weight: Floats, owner: Ints, count: int) -> Floats:
        """Weighted sums of the basis over the positions of each owner, one row an owner."""
        total = np.zeros((count, self._weight.shape[1]))
        order = np.argsort(owner, kind="stable")
        for part in range(0, len(xy), _CHUNK):
            some = order[part : part + _CHUNK]
            owners, begin = np.unique(owner[some], return_index=True)
            terms = self.features(xy[some]) * weight[some, None]
            total[owners] += np.add.reduceat(terms, begin, axis=0)
        return total

    def of(self, total: Floats) -> Floats:
        """The fields' own sums, from those of their basis: one row a field, one column an owner."""
        values: Floats = self._weight @ total.T
        return values

    def sums(self, xy: Floats, weight: Floats, owner: Ints, count: int) -> Floats:
        """Weighted sums over the positions of each owner, one row a field, one column an owner."""
        return self.of(self.gather(xy, weight, owner, count))

    @property
    def swapped(self) -> Noise:
        """As many other fields, independent of these, for a second direction."""
        return Noise(len(self._weight), self._seed + 1_000_003, self._scales_m, self._waves)
