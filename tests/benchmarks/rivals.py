"""Other models of who holds the ground between places, for comparison: written for it alone."""

from __future__ import annotations

import numpy as np

from tests.benchmarks import baseline_field

WORD = 0.8
"""Weight of a word that is reported with high confidence."""
DOUBT = 0.19
HALF_LIFE_DAYS = 30.0
# Of the Potts model: strength of the pull between neighbours, chance that a word says nothing, and
# the side of a cell. Of pulls from 0.2 to 0.8 the best in Brier, where a step of 0.05 makes 0.006,
# on 16 windows (seeds 2000 to 2015) that no figure comes from.
PULL, WRONG = 0.65, 0.07
CELL_M = 4e3
_CHAINS, _WARM, _SWEEPS = 8, 150, 150


def nearest(xy: np.ndarray, side: np.ndarray, sides: int, where: np.ndarray) -> np.ndarray:
    """The side of the nearest place, with certainty."""
    away = ((where[:, None] - xy) ** 2).sum(axis=2)
    return np.eye(sides)[side[away.argmin(axis=1)]]


def baseline(
    xy: np.ndarray,
    shares: np.ndarray,
    sides: tuple[str, ...],
    *,
    radius_m: np.ndarray | float,
    weight: np.ndarray | float = WORD,
) -> baseline_field.LatentField:
    """
    The field before it knew shapes and time, given what is said of some places.

    A word weighs its basis and confidence, and half as much after every 30 days.
    """
    count = len(xy)
    noise = np.exp(-np.broadcast_to(np.asarray(weight, float), (count,)) / DOUBT)
    radius = np.broadcast_to(np.asarray(radius_m, float), (count,))
    seen = baseline_field.Observations(np.asarray(xy), radius, np.asarray(shares), noise)
    return baseline_field.LatentField(seen, sides)


def aged(weight: float, days: np.ndarray) -> np.ndarray:
    """What a word weighs after so many days."""
    return weight * 0.5 ** (np.asarray(days) / HALF_LIFE_DAYS)


def potts(
    xy: np.ndarray,
    side: np.ndarray,
    sides: int,
    where: np.ndarray,
    *,
    radius_m: float,
    pull: float = PULL,
    seed: int = 0,
) -> np.ndarray:
    """
    A Potts model on a lattice of square cells, by Gibbs sampling.

    Neighbours, diagonal ones less, rather agree; a word speaks of the cells that its place may lie
    in. The probability of a side in a cell is how often the chains hold it.
    """
    low = np.minimum(where.min(axis=0), xy.min(axis=0)) - CELL_M
    size = np.ceil((np.maximum(where.max(axis=0), xy.max(axis=0)) - low) / CELL_M).astype(int) + 1
    middles = low + (np.stack(np.meshgrid(*map(np.arange, size)), axis=-1) + 0.5) * CELL_M
    likelihood = np.full((sides, sides), WRONG / sides) + (1 - WRONG) * np.eye(sides)
    field = np.zeros((*middles.shape[:2], sides), np.float32)
    variance = radius_m**2 / 2 + CELL_M**2 / 12
    for spot, said in zip(xy, side, strict=True):
        near = np.exp(-((middles - spot) ** 2).sum(axis=2) / (2 * variance))
        field += (near / near.sum())[:, :, None] * np.log(likelihood[:, said])
    rng = np.random.default_rng(seed)
    state = rng.integers(sides, size=(_CHAINS, *field.shape[:2]))
    counts = np.zeros(field.shape, np.float32)
    one_hot = np.eye(sides, dtype=np.float32)
    # Cells of one colour of four have no neighbour of the same colour, diagonally neither.
    colours = [(a, b) for a in (0, 1) for b in (0, 1)]
    for sweep in range(_WARM + _SWEEPS):
        for a, b in colours:
            padded = np.pad(one_hot[state], ((0, 0), (1, 1), (1, 1), (0, 0)))
            pulled = _neighbours(padded, a, b) * pull + field[a::2, b::2]
            gumbel = -np.log(rng.standard_exponential(pulled.shape, dtype=np.float32) + 1e-9)
            state[:, a::2, b::2] = (pulled + gumbel).argmax(axis=3)
        if sweep >= _WARM:
            counts += one_hot[state].sum(axis=0)
    column, row = ((where - low) / CELL_M).astype(int).T
    return counts[row, column] / (_CHAINS * _SWEEPS)


def _neighbours(padded: np.ndarray, a: int, b: int) -> np.ndarray:
    """How many neighbours of each side every other cell has; a diagonal one counts 0.7."""
    rows, columns = padded.shape[1] - 2, padded.shape[2] - 2

    def moved(down: int, right: int) -> np.ndarray:
        return padded[
            :, a + down : a + down + rows - a : 2, b + right : b + right + columns - b : 2
        ]

    straight = moved(0, 1) + moved(2, 1) + moved(1, 0) + moved(1, 2)
    diagonal = moved(0, 0) + moved(0, 2) + moved(2, 0) + moved(2, 2)
    return np.asarray(straight + np.float32(0.7) * diagonal)
