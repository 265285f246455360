"""Shared lines as plain arrays: what pages and answers are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Arcs:
    """
    Shared lines: each runs from node to node, with one face on either hand.

    Attributes
    ----------
    coords
        Longitude, latitude of all arcs one after the other, shape (m, 2).
    offsets
        Where each arc begins in `coords`; one more than there are arcs.
    left, right
        Face on that hand, walking along; -1 outside the study area.
    start, end
        Node at that end; a closed arc has the same twice.
    """

    coords: Floats
    offsets: Ints
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]

    @classmethod
    def joined(cls, parts: Sequence[Arcs], faces: Sequence[int]) -> Arcs:
        """
        Return several sets of arcs as one, with faces and nodes numbered on.

        Parameters
        ----------
        parts
            The sets.
        faces
            How many faces each has.

        Returns
        -------
        arcs
            All of them.
        """
        columns: list[list[NDArray[Any]]] = [[] for _ in range(6)]
        points = face = node = 0
        for arcs, count in zip(parts, faces, strict=True):
            left, right = (np.where(f < 0, f, f + face) for f in (arcs.left, arcs.right))
            ends = (arcs.start + node, arcs.end + node)
            parts_of = [arcs.coords, arcs.offsets[:-1] + points, left, right, *ends]
            for k, values in enumerate(parts_of):
                columns[k].append(values)
            points, face = points + len(arcs.coords), face + count
            node += int(max(arcs.start.max(initial=-1), arcs.end.max(initial=-1))) + 1
        columns[0].append(np.zeros((0, 2)))
        columns[1].append(np.array([points], np.int64))
        whole: list[NDArray[Any]] = [np.concatenate(c) if c else np.zeros(0) for c in columns]
        return cls(whole[0], whole[1], *(column.astype(np.int32) for column in whole[2:]))
