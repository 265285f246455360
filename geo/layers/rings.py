"""
Rings out of JSON text, all numbers at once.

Positions as lists of lists cost most of the time and memory of reading a layer. Here they never
become any: a fast parser, as strict as JSON is, turns their text into arrays, and what surrounds
them is read apart, with the number of each ring in its place.
"""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import simdjson

from geo.layers.shapes import Rings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COORDINATES = b'"coordinates"'
_LEAD = re.compile(rb"\s*:\s*\[")
_RING = re.compile(rb"\[p(?:,p)*\]")
_NUMBER = b"-+.0123456789eE"
_SPACE = b" \t\r\n"


class Numbers:
    """Reads lists of numbers; one reader for many lists takes its memory once."""

    def __init__(self) -> None:
        self._parser: Any = simdjson.Parser()

    def __call__(self, text: bytes) -> NDArray[np.float64]:
        """
        Return the numbers of a JSON list.

        Parameters
        ----------
        text
            A list of numbers, or of such lists to any depth.

        Returns
        -------
        numbers
            All of them in order, those of inner lists too.

        Raises
        ------
        ValueError
            If it is anything else, or has a number that is not finite.
        """
        try:
            # As long as the parsed list is there, the parser takes no other.
            numbers = self._parser.parse(text).as_buffer(of_type="d")
        except (TypeError, RuntimeError, AttributeError) as error:
            raise ValueError(str(error)) from error
        return np.frombuffer(numbers, dtype=np.float64)


def split_rings(text: bytes) -> tuple[Any, Rings] | None:
    """
    Parse a feature collection of areas, in any layout, with their rings apart.

    Parameters
    ----------
    text
        UTF-8.

    Returns
    -------
    root, rings
        The document with the number of each ring in its place; None where that is not possible:
        it holds something else than areas of positions of two numbers, or is no JSON.
    """
    around, numbers, sizes = [], [], []
    read, names = Numbers(), count()
    end = 0
    while (at := text.find(_COORDINATES, end)) >= 0:
        lead = _LEAD.match(text, at + len(_COORDINATES))
        if lead is None:
            return None
        begin = lead.end() - 1
        # Between them and the next brace or quote stand no brackets but theirs.
        stops = [stop for mark in (b"}", b'"') if (stop := text.find(mark, begin)) >= 0]
        last = text.rfind(b"]", begin, min(stops, default=len(text)))
        if last < 0:
            return None
        around.append(text[end:begin])
        end = last + 1
        try:
            flat = read(text[begin:end])
        except ValueError:
            return None
        skeleton = text[begin:end].translate(None, _NUMBER + _SPACE).replace(b"[,]", b"p")
        own = [len(ring) // 2 for ring in _RING.findall(skeleton)]
        if 2 * sum(own) != len(flat):
            return None
        around.append(_RING.sub(lambda _: b"%d" % next(names), skeleton))
        numbers.append(flat)
        sizes += own
    try:
        root = orjson.loads(b"".join([*around, text[end:]]))
    except ValueError:
        return None
    if not sizes or _held(root) != len(sizes):
        return None
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return root, Rings(np.concatenate(numbers).reshape(-1, 2), offsets)


def _held(root: Any) -> int:
    """How many rings stand in areas of a collection; -1 where it has anything else."""
    features = root.get("features") if isinstance(root, dict) else None
    if not isinstance(features, list):
        return -1
    held = 0
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        if geometry is None:
            continue
        if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
            return -1
        parts = geometry["coordinates"]
        if geometry.get("type") == "Polygon":
            parts = [parts]
        elif geometry.get("type") != "MultiPolygon":
            return -1
        for part in parts:
            if not isinstance(part, list) or not part or {*map(type, part)} != {int}:
                return -1
            held += len(part)
    return held
