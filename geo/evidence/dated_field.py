"""The field of control of a date, or of two: statements, and ground that was drawn by hand."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from geo.crs import LocalPlane
from geo.evidence.estimate.draft import Estimator
from geo.evidence.field.latent import LatentField
from geo.evidence.field.observations import Observations
from geo.evidence.lattice import Lattice
from geo.model import Basis, Confidence

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo.control import Composite
    from geo.evidence.estimate.links import Link
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


def supported_patches(folder: Folder) -> dict[dt.date, frozenset[str]]:
    """
    Return for each date the ids of the patches that rest on statements.

    Parameters
    ----------
    folder
        The layers.
    """
    return {
        day: frozenset(patch.id for patch in layer.features if patch.properties["statement_ids"])
        for day, layer in folder.control.items()
    }


class DatedField:
    """The field of control of each date: statements, and ground drawn by hand."""

    def __init__(
        self, folder: Folder, composite: Composite, supported: Mapping[dt.date, frozenset[str]]
    ) -> None:
        self._composite, self._supported = composite, supported
        self._plane = LocalPlane.around(composite.area)
        self._estimator: Estimator | None = None
        with contextlib.suppress(ValueError):
            self._estimator = Estimator.of(folder)

    @property
    def sides(self) -> tuple[str, ...]:
        """Who is said to hold ground, ascending."""
        return () if self._estimator is None else self._estimator.sides

    def field(self, day: dt.date) -> LatentField | None:
        """The field of a date that has a layer; None where no statement counts."""
        if self._estimator is None or not len(said := self._estimator.observations(day)):
            return None
        return self._informed(said, day)

    def links(self, day: dt.date) -> list[Link]:
        """What words in force on a date say of how ground hangs together."""
        return [] if self._estimator is None else self._estimator.links(day)

    def _informed(self, said: Observations, day: dt.date) -> LatentField:
        """A field that also knows what hand-drawn ground shows at some points."""
        assert self._estimator is not None
        spots = self._drawn_by_hand(day)
        sides, parameters = self._estimator.sides, self._estimator.field_parameters
        if not spots:
            return LatentField(said, sides, parameters=parameters)
        drawn = [self._composite.side(label) for _, label in spots]
        sides = (*sides, *sorted(set(drawn) - set(sides)))
        more = len(sides) - said.shares.shape[1]
        doubt = [
            _DOUBT[Basis.CLAIMED] if label.basis == Basis.CLAIMED else _DOUBT[label.confidence]
            for _, label in spots
        ]
        told = Observations(
            said.xy,
            said.radius_m,
            np.pad(said.shares, ((0, 0), (0, more))),
            said.noise,
            said.count,
            said.clock,
        )
        by_hand = Observations(
            np.array([xy for xy, _ in spots]),
            np.zeros(len(spots)),
            np.eye(len(sides))[[sides.index(side) for side in drawn]],
            np.array(doubt),
        )
        return LatentField(Observations.join([told, by_hand]), sides, parameters=parameters)

    def _drawn_by_hand(self, day: dt.date) -> list[tuple[Floats, Label]]:
        """Points of ground that no statement supports, and what the layer of a date says there."""
        labels = self._composite.labels
        lattice = Lattice.over(self._plane.forward(self._composite.area), self._plane, _BY_HAND)
        number = self._composite.labels_at(day, *lattice.lonlat.T)
        held = self._supported.get(day, frozenset())
        return [
            (xy, labels[k])
            for xy, k in zip(lattice.xy, number.tolist(), strict=True)
            if k >= 0 and labels[k].is_held and labels[k].patch not in held
        ]
