"""
Seeded theatres whose truth is known: who really holds every point, and noisy evidence of it.

Three kinds, none drawn from the field that is tested against them: cells of seeds with warped
borders, a jagged front line with pockets behind it, and the highest of some sums of plane waves.
Positions are metres in a local plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.evidence.field.observations import Observations

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Holder = Callable[[NDArray[np.float64]], NDArray[np.intp]]

KINDS = ("cells", "front", "waves")
SIDES = ("red", "blue", "green")


@dataclass(frozen=True)
class KnownTheatre:
    """
    A square of ground, its true holder everywhere, and what was said of some places.

    `holder` maps n x 2 metres to an index of `sides`; the square reaches from 0 to `width_m` both
    ways. Each place is recorded at `xy` but lies at `true_xy`, off by `radius_m` in the root mean
    square; `said` is the side somebody gives it, wrong with probability `error`.
    """

    kind: str
    sides: tuple[str, ...]
    width_m: float
    holder: Holder
    xy: NDArray[np.float64]
    true_xy: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    said: NDArray[np.intp]
    error: NDArray[np.float64]

    def observations(self) -> Observations:
        """The evidence, with its unreliability as it really is."""
        noise = self.error * len(self.sides) / (len(self.sides) - 1)
        return Observations.of_sides(
            self.xy, self.said, len(self.sides), radius_m=self.radius_m, noise=noise
        )

    def lattice(self, across: int) -> NDArray[np.float64]:
        """Middles of across x across equal squares that tile the ground."""
        middle = (np.arange(across) + 0.5) * self.width_m / across
        return np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)

    def shares(self, across: int = 400) -> NDArray[np.float64]:
        """The true share of the ground of each side, on a fine lattice."""
        held = self.holder(self.lattice(across))
        return np.bincount(held, minlength=len(self.sides)) / across**2


def known(seed: int, *, kind: str | None = None, places: int | None = None) -> KnownTheatre:
    """A theatre by its seed: 25 to 150 places of 2 or 3 sides on 60 to 400 km."""
    rng = np.random.default_rng([seed, 9])
    kind = kind or KINDS[seed % len(KINDS)]
    width = float(np.exp(rng.uniform(np.log(6e4), np.log(4e5))))
    count = 2 if kind == "front" else int(rng.integers(2, 4))
    truth = {"cells": _cells, "front": _front, "waves": _waves}[kind](rng, width, count)
    number = places or int(rng.integers(25, 151))
    true_xy = _settlements(rng, width, number)
    radius = width * rng.choice([0.0, 0.004, 0.01, 0.03], number, p=[0.2, 0.4, 0.3, 0.1])
    xy = true_xy + rng.standard_normal((number, 2)) * radius[:, None] / np.sqrt(2)
    error = rng.choice([0.02, 0.1, 0.25], number, p=[0.6, 0.3, 0.1])
    said = truth(true_xy)
    wrong = rng.random(number) < error
    said = np.where(wrong, (said + rng.integers(1, count, number)) % count, said)
    return KnownTheatre(
        kind, SIDES[:count], width, truth, xy, true_xy, radius, said.astype(np.intp), error
    )


def _settlements(rng: np.random.Generator, width: float, count: int) -> NDArray[np.float64]:
    """Half of them anywhere, half of them in clusters round some towns; all inside."""
    towns = rng.uniform(0, width, (6, 2))
    near = towns[rng.integers(0, 6, count)] + rng.standard_normal((count, 2)) * width / 12
    anywhere = rng.uniform(0, width, (count, 2))
    spots = np.where(rng.random((count, 1)) < 0.5, near, anywhere)
    inside = ((spots >= 0) & (spots <= width)).all(axis=1, keepdims=True)
    return np.where(inside, spots, anywhere)


def _warp(rng: np.random.Generator, width: float, strength: float) -> Holder:
    """Moves of points along sines of ever shorter wave, each octave half as strong."""
    octaves = [
        (strength * 0.5**k, rng.uniform(0, 2 * np.pi, (2, 2)), 2 * np.pi * 2**k / width)
        for k in range(1, 7)
    ]

    def moved(xy):
        out = np.array(xy, dtype=float)
        for size, phase, wave in octaves:
            turned = out @ np.array([[0.8, -0.6], [0.6, 0.8]])
            out = out + size * (
                np.sin(turned * wave + phase[0]) + np.cos(turned[:, ::-1] * wave + phase[1])
            )
        return out

    return moved


def _cells(rng: np.random.Generator, width: float, count: int) -> Holder:
    """Cells of seeds, each held by the side of the nearest capital, their borders warped."""
    seeds = rng.uniform(0, width, (int(rng.integers(12, 60)), 2))
    capitals = rng.uniform(0, width, (2 * count, 2))
    near = ((seeds[:, None] - capitals) ** 2).sum(axis=2).argmin(axis=1)
    of_seed = near % count
    of_seed[:count] = np.arange(count)
    warp = _warp(rng, width, width / 25)

    def holder(xy):
        moved = warp(xy)
        squared = (moved**2).sum(axis=1)[:, None] - 2 * moved @ seeds.T + (seeds**2).sum(axis=1)
        return of_seed[squared.argmin(axis=1)]

    return holder


def _front(rng: np.random.Generator, width: float, _: int) -> Holder:
    """A line of random midpoints from west to east, and some round pockets behind it."""
    heights = rng.uniform(0.3, 0.7, 2)
    push = 0.12
    for _ in range(8):
        middle = (heights[1:] + heights[:-1]) / 2 + push * rng.standard_normal(len(heights) - 1)
        joined = np.empty(len(heights) + len(middle))
        joined[::2], joined[1::2] = heights, middle
        heights, push = joined, push * 0.6
    along = np.linspace(0, width, len(heights))
    pockets = rng.uniform(0, width, (int(rng.integers(0, 4)), 2))
    size = rng.uniform(0.03, 0.1, len(pockets)) * width

    def holder(xy):
        north = xy[:, 1] > np.interp(xy[:, 0], along, heights * width)
        away = np.hypot(*(xy[:, None] - pockets).transpose(2, 0, 1))
        return (north ^ (away < size).any(axis=1)).astype(np.intp)

    return holder


def _waves(rng: np.random.Generator, width: float, count: int) -> Holder:
    """Each side's height is a sum of plane waves of many lengths; the highest holds."""
    length = width * np.exp(rng.uniform(np.log(0.25), np.log(2.0), (count, 24)))
    angle = rng.uniform(0, 2 * np.pi, (count, 24))
    phase = rng.uniform(0, 2 * np.pi, (count, 24))
    waves = 2 * np.pi / length[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    def holder(xy):
        return np.stack(
            [np.cos(xy @ waves[k].T + phase[k]) @ (length[k] / width) for k in range(count)]
        ).argmax(axis=0)

    return holder
