"""Forecasts of who holds places: how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 10


@dataclass(frozen=True)
class Forecast:
    """Probabilities of holders for hidden places, and who really holds them."""

    chance: np.ndarray
    truth: np.ndarray

    @property
    def hits(self):
        return self.chance.argmax(axis=1) == self.truth

    @property
    def accuracy(self):
        return self.hits.mean()

    @property
    def brier(self):
        """Squared distance to what is, over all holders: 0 is perfect, 2 is sure and wrong."""
        real = np.eye(self.chance.shape[1])[self.truth]
        return ((self.chance - real) ** 2).sum(axis=1).mean()

    def bins(self):
        """Of each tenth of confidence: places, mean probability of the likeliest, share right."""
        sure = self.chance.max(axis=1)
        tenth = np.minimum((sure * BINS).astype(int), BINS - 1)
        return [
            (k, (tenth == k).sum(), sure[tenth == k].mean(), self.hits[tenth == k].mean())
            for k in np.unique(tenth)
        ]

    @property
    def calibration_error(self):
        """Mean gap between how sure it is and how often it is right (ECE, ten bins)."""
        bins = self.bins()
        return sum(n * abs(said - right) for _, n, said, right in bins) / len(self.truth)


def together(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> Forecast:
    """One forecast of many, whose columns may differ where a holder is rare."""
    width = max(chance.shape[1] for chance, _ in parts)
    padded = [np.pad(chance, ((0, 0), (0, width - chance.shape[1]))) for chance, _ in parts]
    return Forecast(np.concatenate(padded), np.concatenate([truth for _, truth in parts]))
