"""Bands that were worked out for a state of the layers, kept for the next command that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.evidence.bands import Memory, pack, unpack
from geo.evidence.spread import Judgements
from geo.layers import cache_key, keep_cached, load_cached, load_or_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from geo.evidence.bands import Ensemble

__all__ = ["kept_bands", "kept_draws"]


def kept_draws(digests: Mapping[str, str]) -> Memory:
    """
    Return where the draws of an ensemble are kept, for layers with these digests.

    Parameters
    ----------
    digests
        SHA-256 of every file of the layers, as in `geo.layers.Folder.digests`.

    Returns
    -------
    memory
        For `geo.evidence.Ensemble.of`.
    """
    return Memory(
        lambda question: load_cached(_key(digests, question)),
        lambda question, data: keep_cached(_key(digests, question), data),
    )


def kept_bands(digests: Mapping[str, str], ensemble: Callable[[], Ensemble]) -> dict[str, Any]:
    """
    Return the bands of areas and of sides, read back where these layers were asked before.

    Parameters
    ----------
    digests
        SHA-256 of every file of the layers.
    ensemble
        Makes the maps that the evidence allows; called where nothing was kept.

    Returns
    -------
    bands
        As from `geo.evidence.Ensemble.bands`.
    """
    key = _key(digests, "all areas")
    return load_or_keep(key, lambda: ensemble().bands(), pack=pack, unpack=unpack)


def _key(digests: Mapping[str, str], question: str) -> str:
    # Other judgements give other bands of the same layers.
    return cache_key({**digests, f"bands of {question}": repr(Judgements())})
