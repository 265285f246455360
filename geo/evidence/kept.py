"""
What was worked out of evidence, kept for the next command that asks.

Bands and draws are kept for a state of the layers; a field, which rests on words alone, for the
very numbers that it is made from, so that an edit elsewhere leaves it. All are kept for this very
code of the room: what another method gave is never read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from geo.evidence.draws import Judgements
from geo.layers import cache_is_on, cache_key, keep_cached, load_cached, load_or_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Memory:
    """
    Where answers are kept from one process to the next.

    Attributes
    ----------
    load
        Returns what was kept for a question, or None.
    keep
        Keeps bytes for a question.
    """

    load: Callable[[str], bytes | None] = lambda _: None
    keep: Callable[[str, bytes], None] = lambda *_: None


class _Banded(Protocol):
    """What can be asked for the bands worth keeping: `geo.evidence.Ensemble`."""

    def bands(self) -> dict[str, Any]:  # numpydoc ignore=RT01
        """The bands of all areas and sides."""


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


def kept_bands(digests: Mapping[str, str], ensemble: Callable[[], _Banded]) -> dict[str, Any]:
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
    bands: dict[str, Any] = kept_answer(digests, "all areas", lambda: ensemble().bands())
    return bands


def kept_answer(digests: Mapping[str, str], question: str, compute: Callable[[], Any]) -> Any:
    """
    Return an answer about layers, read back where these layers were asked before.

    Parameters
    ----------
    digests
        SHA-256 of every file of the layers.
    question
        What was asked.
    compute
        Gives the answer, of what JSON can hold; called where nothing was kept.

    Returns
    -------
    answer
        The same either way.
    """
    return load_or_keep(_key(digests, question), compute, pack=pack, unpack=unpack)


def _key(digests: Mapping[str, str], question: str) -> str:
    # Other judgements, and another method, give other bands of the same layers.
    return cache_key({**digests, f"bands of {question}": f"{_method()} {Judgements()!r}"})


def kept_table(question: str, parts: Sequence[object], compute: Callable[[], Floats]) -> Floats:
    """
    Return a table of numbers, read back where it was worked out from the same parts before.

    Parameters
    ----------
    question
        What it is, in a few words.
    parts
        All that it follows from: arrays by their bytes, all else by its ``repr``.
    compute
        Gives the table, two-dimensional.

    Returns
    -------
    table
        The same either way.
    """
    if not cache_is_on():
        return compute()
    told = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            told.update(f"{part.dtype} {part.shape} ".encode() + part.tobytes())
        else:
            told.update(repr(part).encode())
    key = cache_key({question: f"{_method()} {told.hexdigest()}"})
    return load_or_keep(key, compute, pack=pack_draws, unpack=unpack_draws)


@cache
def _method() -> str:
    """A digest of the code of this room: another where answers may be others."""
    told = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()


def pack(answer: Any) -> bytes:
    """
    Return bands, or another answer, as bytes to keep.

    Parameters
    ----------
    answer
        What JSON can hold.

    Returns
    -------
    data
        For `unpack`; with a digest, so that damage shows.
    """
    return _sealed(json.dumps(answer, sort_keys=True).encode())


def unpack(data: bytes) -> Any:
    """
    Return the answer that `pack` gave the bytes of.

    Parameters
    ----------
    data
        The bytes.

    Returns
    -------
    answer
        As it was.

    Raises
    ------
    ValueError
        If the bytes are damaged.
    """
    return json.loads(_opened(data))


def pack_draws(draws: Floats) -> bytes:
    """One row a draw, one column a figure, as bytes to keep."""
    return _sealed(draws.shape[1].to_bytes(8, "little") + draws.tobytes())


def unpack_draws(data: bytes) -> Floats:
    """
    Return one row a draw, one column a figure.

    Raises
    ------
    ValueError
        If the bytes are damaged.
    """
    opened = _opened(data)
    draws = np.frombuffer(opened, np.float64, offset=8)
    return draws.reshape(-1, int.from_bytes(opened[:8], "little"))


def _sealed(data: bytes) -> bytes:
    """Bytes with a digest, so that damage shows."""
    return hashlib.blake2b(data, digest_size=16).digest() + data


def _opened(data: bytes) -> bytes:
    """
    Return bytes without their digest.

    Raises
    ------
    ValueError
        If it is not theirs.
    """
    if hashlib.blake2b(data[16:], digest_size=16).digest() != data[:16]:
        raise ValueError("nothing of ours, or damaged; compute it anew")
    return data[16:]
