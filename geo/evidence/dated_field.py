"""The field of control of a date: statements in force, and ground that was drawn by hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from geo.crs import LocalPlane
from geo.evidence.estimate.draft import Estimator
from geo.evidence.field import LatentField, Observations
from geo.evidence.lattice import Lattice
from geo.model import Basis, Confidence

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Label

    Floats = NDArray[np.float64]

_BY_HAND = 250
"""Points of the study area at which ground drawn by hand informs the field."""
_DOUBT: dict[str, float] = {
    Confidence.HIGH: 0.05,
    Confidence.MODERATE: 0.15,
    Confidence.LOW: 0.3,
    Basis.CLAIMED: 0.5,
}
"""How often such a point says nothing of the truth."""


class DatedField:
    """The field of control of each date: statements in force, and ground drawn by hand."""

    def __init__(
        self, folder: Folder, composite: Composite, supported: Mapping[dt.date, frozenset[str]]
    ) -> None:
        self._composite, self._supported = composite, supported
        self._plane = LocalPlane.around(composite.area)
        self._estimator: Estimator | None = None
        with contextlib.suppress(ValueError):
            self._estimator = Estimator.of(folder)

    def field(self, day: dt.date) -> LatentField | None:
        """The field of a date that has a layer; None where no statement is in force."""
        if self._estimator is None or not len(self._estimator.observations(day)):
            return None
        said = self._estimator.field(day)
        labels = self._composite.labels
        lattice = Lattice.over(self._plane.forward(self._composite.area), self._plane, _BY_HAND)
        number = self._composite.labels_at(day, *lattice.lonlat.T)
        held = self._supported.get(day, frozenset())
        spots = [
            (xy, labels[k])
            for xy, k in zip(lattice.xy, number.tolist(), strict=True)
            if k >= 0 and labels[k].is_held and labels[k].patch not in held
        ]
        return _inform(said, spots, self._composite) if spots else said


def _inform(
    field: LatentField, spots: Sequence[tuple[Floats, Label]], composite: Composite
) -> LatentField:
    """A field that also knows what hand-drawn ground shows at some points."""
    said = field.observations
    drawn = [composite.side(label) for _, label in spots]
    sides = (*field.sides, *sorted(set(drawn) - set(field.sides)))
    shares = np.zeros((len(said) + len(spots), len(sides)))
    shares[: len(said), : len(field.sides)] = said.shares
    shares[np.arange(len(said), len(shares)), [sides.index(side) for side in drawn]] = 1
    doubt = [
        _DOUBT[Basis.CLAIMED] if label.basis == Basis.CLAIMED else _DOUBT[label.confidence]
        for _, label in spots
    ]
    seen = Observations(
        np.concatenate([said.xy, [xy for xy, _ in spots]]),
        np.concatenate([said.radius_m, np.zeros(len(spots))]),
        shares,
        np.concatenate([said.noise, doubt]),
        sides=sides,
        keys=(*said.keys, *(f"hand {round(x)} {round(y)}" for (x, y), _ in spots)),
    )
    return LatentField(seen, sides, parameters=field.parameters)
