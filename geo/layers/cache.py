"""
What was computed from layers, kept for the next command on the same layers.

One file for the composite of a state of the layers, and one for each answer that took long, named
by a digest of their bytes: layers that changed have another name, so nothing stale is ever read.
The folder is the user's cache folder, or the one that ``FRONTLINE_CACHE`` names; ``off`` keeps
nothing. It is safe to delete.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import platformdirs

from geo._version import __version__
from geo.errors import LayerError
from geo.layers.files import read_bytes
from geo.model import TOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Answer = TypeVar("Answer")

_KEPT = 400
_KEPT_BYTES = 1 << 29
"""Files kept, and bytes; what was asked for longest ago goes first."""


def cache_key(digests: Mapping[str, str]) -> str:
    """
    Return the name of a state of the layers.

    Parameters
    ----------
    digests
        SHA-256 of every file, by its path below the layers folder.

    Returns
    -------
    key
        Other layers, or another version of this package, have another.
    """
    text = "\n".join(f"{name}\t{digest}" for name, digest in sorted(digests.items()))
    return hashlib.sha256(f"{__version__}\n{text}".encode()).hexdigest()


def evidence_digests(digests: Mapping[str, str]) -> dict[str, str]:
    """
    Return the digests of the files that answers rest on.

    Parameters
    ----------
    digests
        SHA-256 of every file, by its path below the layers folder.

    Returns
    -------
    digests
        Without what is only drawn or told: the tour, and context. Whoever writes at these waits
        for nothing to be worked out again.
    """
    return {
        path: digest
        for path, digest in digests.items()
        if path != TOUR.path and not path.startswith("context/")
    }


def cache_is_on() -> bool:
    """
    Tell whether anything is kept at all.

    Returns
    -------
    is_on
        False where FRONTLINE_CACHE says ``off``: then no key needs to be worked out.
    """
    return _folder() is not None


def load_cached(key: str) -> bytes | None:
    """
    Return what was kept under a key.

    Parameters
    ----------
    key
        From `cache_key`.

    Returns
    -------
    data
        None where nothing is kept, or it cannot be read.
    """
    folder = _folder()
    if folder is None:
        return None
    path = folder / f"{key}.bin"
    try:
        # Something else by this name could be read without end.
        data = read_bytes(path, root=folder, max_bytes=_KEPT_BYTES)
    except (OSError, LayerError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return data


def keep_cached(key: str, data: bytes) -> None:
    """
    Keep bytes under a key; a cache that cannot be written is no error.

    Parameters
    ----------
    key
        From `cache_key`.
    data
        What `load_cached` shall return.
    """
    folder = _folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(folder / f"{key}.bin")
        kept = [(path.stat(), path) for path in folder.glob("*.bin")]
        kept.sort(key=lambda one: one[0].st_mtime_ns, reverse=True)
        held = 0
        for number, (state, path) in enumerate(kept):
            held += state.st_size
            if number and (number >= _KEPT or held > _KEPT_BYTES):
                path.unlink(missing_ok=True)


def load_or_keep(
    key: str,
    compute: Callable[[], Answer],
    *,
    pack: Callable[[Answer], bytes],
    unpack: Callable[[bytes], Answer],
) -> Answer:
    """
    Return what was kept under a key, or compute it now and keep it.

    Parameters
    ----------
    key
        From `cache_key`.
    compute
        Gives the answer.
    pack, unpack
        The answer as bytes, and back; `unpack` raises ValueError where they are damaged, and the
        answer is computed anew.

    Returns
    -------
    answer
        The same either way.
    """
    if data := load_cached(key):
        with contextlib.suppress(ValueError):
            return unpack(data)
    answer = compute()
    keep_cached(key, pack(answer))
    return answer


def _folder() -> Path | None:
    named = os.environ.get("FRONTLINE_CACHE")
    if named == "off":
        return None
    return Path(named) if named else platformdirs.user_cache_path("frontline")
