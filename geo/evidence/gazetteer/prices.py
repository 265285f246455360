"""
What it costs to take one sound for another: letters that transliterations mix up cost little.

The prices are judgements, tried on the spellings that sources use of the places of the shipped
theatre (``tests/benchmarks/names.py``); they stand in ``prices.toml``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from geo.evidence.words.languages import pairs


@cache
def _tables() -> dict[str, dict[str, float]]:
    read = tomllib.loads((resources.files(__package__) / "prices.toml").read_text("utf-8"))
    return {
        name: {w: float(price) for w, price in pairs(text).items()} for name, text in read.items()
    }


@cache
def left_out(sound: str) -> float:
    """What it costs to leave a sound out: 1 for most."""
    return _tables()["left_out"].get(sound, 1.0)


@cache
def mixed_up(sound: str) -> dict[str, float]:
    """What it costs to take others for this sound; who is not there costs 2: leaving out both."""
    pairs_of = _tables()["mixed_up"].items()
    ways = [(pair, price) for pair, price in pairs_of if sound in pair]
    return {pair.replace(sound, "", 1): price for pair, price in ways}
