"""What if a side advanced: the ground it would take, and what that would cut off."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control.composite import Composite
from geo.control.siege.advance import advance_along
from geo.control.siege.pockets import find_pockets
from geo.control.siege.rules import EdgeRule, Rules, UnknownRule
from geo.layers import Advance, save_advance
from geo.model import WHAT_IF_ID, Label, Patch

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from os import PathLike

    import pandas as pd

    from geo.control.siege.pockets import Pocket
    from geo.control.siege.rules import SupplyOf

_COLUMNS = (
    "side", "unknown", "before_km2", "after_km2", "place_ids_before", "place_ids_after", "besieged",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class WhatIf:
    """
    Control as it would be if a side advanced, beside control as it is.

    Attributes
    ----------
    day
        Date of the layer from which it departs.
    side
        Who advances.
    question
        The what-if in words; it stands in every patch.
    before, after
        Control of that date as it is, and as it would be.
    patches
        The patches of `after`.
    places
        Longitude and latitude of places by id.
    supply
        The arguments ``anchors``, ``places`` and ``friends`` of `necks` on a day for a side.
    """

    day: dt.date
    side: str
    question: str
    before: Composite
    after: Composite
    patches: tuple[Patch, ...]
    places: Mapping[str, tuple[float, float]]
    supply: SupplyOf

    @classmethod
    def of(
        cls,
        composite: Composite,
        day: dt.date,
        side: str,
        through: Sequence[Sequence[tuple[float, float]]],
        *,
        width_km: float,
        supply: SupplyOf,
    ) -> WhatIf:
        """
        Let a side advance.

        Parameters
        ----------
        composite
            The layers.
        day
            The date; the layer in force is where it departs from.
        side
            Who advances.
        through
            For each prong the positions that it passes, longitude, latitude.
        width_km
            Breadth of the ground taken.
        supply
            Gives ``anchors``, ``places`` and ``friends`` of `necks` on a day for a side.

        Returns
        -------
        what_if
            Ready to be asked.

        Raises
        ------
        DateError
            If `day` is before the first layer.
        ValueError
            If a prong is empty or lies outside the study area, or `width_km` is not positive.
        """
        own = supply(day, side)
        patches = advance_along(
            composite, day, side, *through, width_km=width_km, friends=own["friends"]
        )
        patches = tuple(replace(one, label=_short(one.label)) for one in patches)
        in_force = composite.dates[composite.index(day)]
        prongs = " and through ".join(
            " ".join(f"{lon:g},{lat:g}" for lon, lat in prong) for prong in through
        )
        question = (
            f"what if {side} advanced through {prongs}, {width_km:g} km wide, "
            f"from {in_force.isoformat()}; nobody reported this"
        )
        return cls.beside(composite, Advance(in_force, side, question, patches), supply)

    @classmethod
    def beside(cls, composite: Composite, asked: Advance, supply: SupplyOf) -> WhatIf:
        """
        Put control as it would be beside control as it is.

        Parameters
        ----------
        composite
            The layers.
        asked
            The advance, as `geo.layers.read_advance` reads it back.
        supply
            As for `WhatIf.of`.

        Returns
        -------
        what_if
            Ready to be asked.

        Raises
        ------
        DateError
            If its date is before the first layer.
        """
        before, after = (
            Composite.build(composite.area, {asked.day: some}, composite.sides)
            for some in (composite.patches(asked.day), asked.patches)
        )
        places = supply(asked.day, asked.side)["places"]
        return cls(
            asked.day, asked.side, asked.question, before, after, asked.patches, places, supply
        )

    @property
    def taken(self) -> shapely.Geometry:  # numpydoc ignore=RT01
        """The ground that would be taken, longitude, latitude; empty where nothing would."""
        mine = [p.geometry for p in self.patches if p.label.patch == f"{WHAT_IF_ID}{self.side}"]
        return shapely.union_all(mine)

    def __repr__(self) -> str:
        return f"<WhatIf {self.question}>"

    def change(self) -> pd.DataFrame:
        """
        Return from whom how much ground would be taken.

        Returns
        -------
        change
            One row a holder that would lose ground, the largest loss first: ``from`` (a
            controller, or the status of ground that nobody holds alone), ``to``, ``area_km2``.
        """
        import pandas as pd

        sums = []
        for composite in (self.before, self.after):
            held = composite.areas()
            names = held["controller"].where(held["controller"] != "", held["status"])
            sums.append(held["area_km2"].groupby(names.to_numpy()).sum())
        lost = sums[0].sub(sums[1], fill_value=0.0)
        lost = lost[lost > 1e-4].sort_values(ascending=False, kind="stable")
        return pd.DataFrame({"from": lost.index, "to": self.side, "area_km2": lost.to_numpy()})

    def places_taken(self) -> tuple[str, ...]:
        """
        Return the places on the ground that would be taken.

        Returns
        -------
        place_ids
            Sorted.
        """
        ground = self.taken
        return tuple(
            name for name, at in sorted(self.places.items()) if shapely.intersects_xy(ground, *at)
        )

    def sieges(self, rules: Sequence[str] = tuple(UnknownRule)) -> pd.DataFrame:
        """
        Return what would be cut off, of every side that the advance is not friendly to.

        Parameters
        ----------
        rules
            What ground is that no single side controls; one answer for each.

        Returns
        -------
        sieges
            One row a side that holds ground and a rule: ``side``, ``unknown`` (the rule),
            ``before_km2`` and ``after_km2`` (held ground that is cut off), ``place_ids_before``
            and ``place_ids_after`` (places on it), and ``besieged``, the places that would be
            besieged and are not; places are joined by ``;``.

        Raises
        ------
        ValueError
            If a rule is none of those there are.
        """
        import pandas as pd

        rows = []
        for side in self._others():
            for rule in rules:
                km2, ids = [], []
                for composite in (self.before, self.after):
                    found = self._pockets(composite, side, rule)
                    km2.append(float(np.sum([pocket.area_km2 for pocket in found])))
                    ids.append({place for pocket in found for place in pocket.place_ids})
                named = [";".join(sorted(some)) for some in (*ids, ids[1] - ids[0])]
                rows.append((side, str(rule), *km2, *named))
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def cut_off(self, rule: str = UnknownRule.PASSABLE) -> shapely.Geometry:
        """
        Return the ground that would be cut off and is not.

        Parameters
        ----------
        rule
            What ground is that no single side controls.

        Returns
        -------
        ground
            Of all sides that the advance is not friendly to, longitude, latitude.

        Raises
        ------
        ValueError
            If the rule is none of those there are.
        """
        parts = []
        for side in self._others():
            before, after = (
                shapely.union_all([pocket.shape for pocket in self._pockets(composite, side, rule)])
                for composite in (self.before, self.after)
            )
            parts.append(shapely.difference(after, before))
        return shapely.union_all(parts)

    def _others(self) -> list[str]:
        """The sides that hold ground and that the advance is not friendly to."""
        friends = {self.side, *self.supply(self.day, self.side)["friends"]}
        patches = self.before.patches(self.day)
        held = {patch.side for patch in patches if patch.label.is_held}
        return sorted(held - friends - {""})

    def _pockets(self, composite: Composite, side: str, rule: str) -> tuple[Pocket, ...]:
        given = self.supply(self.day, side)
        rules = Rules.of(side, given["anchors"], rule, EdgeRule.OPEN, given["friends"])
        return find_pockets(composite, self.day, rules, given["places"])

    def save(self, folder: PathLike[str], *, layers: PathLike[str]) -> PathLike[str]:
        """
        Write the layer into a folder of its own.

        Parameters
        ----------
        folder
            Made if it is not there.
        layers
            The layers folder; nothing is written into it.

        Returns
        -------
        path
            The file; the same question has the same name.

        Raises
        ------
        GeoError
            If the folder lies in the layers folder.
        SchemaError
            If the layer would not be read back as it is.
        """
        advance = Advance(self.day, self.side, self.question, self.patches)
        return save_advance(advance, folder, layers=layers)


def _short(label: Label) -> Label:
    """A label whose patch has an id of no more than 64 characters."""
    if len(label.patch) <= 64:
        return label
    return replace(label, patch=label.patch[:51] + "-" + _digest(label.patch))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
