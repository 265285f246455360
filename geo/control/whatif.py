"""
What if a side advanced: the ground it would take, and what that would cut off.

A what-if is a control layer that nobody reported. It lives in a file of its own outside of the
layers folder; each patch has an id that begins with ``what-if-`` and says in ``what_if`` which
question it answers. No layer of control may hold such a patch: every reader and writer of control
refuses it (`geo.layers.geojson`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import shapely

from geo.control import siege
from geo.control.composite import Composite
from geo.errors import GeoError, SchemaError, escape
from geo.layers import digest, dump_geojson, read_bytes, read_geojson, save_file
from geo.model import (
    CONTROL,
    WHAT_IF_ID,
    WHAT_IF_MARK,
    Column,
    Feature,
    Label,
    Patch,
    Status,
    parse_day,
    split_ids,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from geo.model import Value

    Supply = Callable[[dt.date, str], Mapping[str, Any]]

__all__ = ["RULES", "WHAT_IF", "WhatIf", "read_what_if"]

RULES = ("passable", "enemy", "own")
"""What ground of nobody may count as; see `geo.control.siege`."""

WHAT_IF = replace(
    CONTROL,
    name="what-if",
    path="what-if/*.geojson",
    columns=(
        *CONTROL.columns,
        Column(WHAT_IF_MARK, "text", "The question that the layer answers.", required=True),
        Column("from_date", "date", "The date from which it departs.", required=True),
        Column("advancing", "ref", "The side that advances.", required=True, refers_to="actors"),
    ),
)
"""A patch of a what-if: those of control, and which question it answers."""

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
        The arguments ``anchors``, ``places`` and ``friends`` of `siege` on a day for a side.
    """

    day: dt.date
    side: str
    question: str
    before: Composite
    after: Composite
    patches: tuple[Patch, ...]
    places: Mapping[str, tuple[float, float]]
    supply: Supply

    @classmethod
    def of(
        cls,
        composite: Composite,
        day: dt.date,
        side: str,
        through: Sequence[Sequence[tuple[float, float]]],
        *,
        width_km: float,
        supply: Supply,
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
            Gives ``anchors``, ``places`` and ``friends`` of `siege` on a day for a side.

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
        patches = siege.what_if(
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
        return cls._beside(composite, in_force, side, question, patches, supply)

    @classmethod
    def _beside(
        cls,
        composite: Composite,
        day: dt.date,
        side: str,
        question: str,
        patches: tuple[Patch, ...],
        supply: Supply,
    ) -> WhatIf:
        """Put control as it would be beside control as it is."""
        real = composite.patches(day)
        before, after = (
            Composite.build(composite.area, {day: some}, composite.sides)
            for some in (real, patches)
        )
        return cls(day, side, question, before, after, patches, supply(day, side)["places"], supply)

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

    def sieges(self, rules: Sequence[str] = RULES) -> pd.DataFrame:
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
                    km2.append(float(found["area_km2"].sum()))
                    ids.append(set(split_ids(";".join(found["place_ids"]))))
                named = [";".join(sorted(some)) for some in (*ids, ids[1] - ids[0])]
                rows.append((side, rule, *km2, *named))
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def cut_off(self, rule: str = "passable") -> shapely.Geometry:
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
                shapely.union_all(self._pockets(composite, side, rule).geometry.array)
                for composite in (self.before, self.after)
            )
            parts.append(shapely.difference(after, before))
        return shapely.union_all(parts)

    def _others(self) -> list[str]:
        """The sides that hold ground and that the advance is not friendly to."""
        friends = {self.side, *self.supply(self.day, self.side)["friends"]}
        patches = self.before.patches(self.day)
        held = {patch.side for patch in patches if patch.label.status == Status.CONTROLLED}
        return sorted(held - friends - {""})

    def _pockets(self, composite: Composite, side: str, rule: str) -> Any:
        chosen: Any = rule
        return siege.pockets(
            composite, self.day, side, unknown=chosen, **self.supply(self.day, side)
        )

    def save(self, folder: Path, *, layers: Path) -> Path:
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
        if folder.resolve().is_relative_to(layers.resolve()):
            raise GeoError(
                f"{escape(str(folder), 200)} lies in the layers folder, which holds only what was "
                "reported; choose a folder outside of it"
            )
        data = dump_geojson([self._feature(patch) for patch in self.patches], schema=WHAT_IF)
        folder.mkdir(parents=True, exist_ok=True)
        short = hashlib.sha256(self.question.encode()).hexdigest()[:6]
        path = folder / f"{WHAT_IF_ID}{self.day.isoformat()}-{self.side}-{short}.geojson"
        old = read_bytes(path, root=folder) if path.exists() else None
        if data != old:
            save_file(path, data, expected=None if old is None else digest(old))
        return path

    def _feature(self, patch: Patch) -> Feature:
        label = patch.label
        values: dict[str, Value] = {
            "id": label.patch,
            "controller": label.controller or None,
            "controllers": label.controllers or None,
            "status": str(label.status),
            "basis": str(label.basis) or None,
            "confidence": str(label.confidence) or None,
            WHAT_IF_MARK: self.question,
            "from_date": self.day.isoformat(),
            "advancing": self.side,
        }
        named = {name: values.get(name) for name in WHAT_IF.names}
        return Feature(label.patch, named, patch.geometry)


def _short(label: Label) -> Label:
    """A label whose patch has an id of no more than 64 characters."""
    if len(label.patch) <= 64:
        return label
    return replace(label, patch=label.patch[:51] + "-" + _digest(label.patch))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_what_if(
    path: Path, composite: Composite, *, sides: Collection[str], supply: Supply
) -> WhatIf:
    """
    Read a what-if back from its file.

    Parameters
    ----------
    path
        As `WhatIf.save` wrote it.
    composite
        The layers that it departs from.
    sides
        The sides there are.
    supply
        As for `WhatIf.of`.

    Returns
    -------
    what_if
        Ready to be asked.

    Raises
    ------
    LayerNotFoundError
        If there is no such file.
    SchemaError
        If it holds faults, is no what-if, or is one of another theatre.
    """
    layer = read_geojson(path, root=path.parent, schema=WHAT_IF)
    ids = [feature.id for feature in layer.features]
    asked = {
        tuple(str(feature.properties[name]) for name in (WHAT_IF_MARK, "from_date", "advancing"))
        for feature in layer.features
    }
    where = escape(str(path), 200)
    if len(asked) != 1 or not all(name.startswith(WHAT_IF_ID) for name in ids):
        raise SchemaError(f"{where} is no what-if; make one with `frontline what-if`")
    question, day, side = asked.pop()
    start = parse_day(day)
    if side not in sides or start not in composite.dates:
        raise SchemaError(
            f"{where} departs from {escape(side)} on {escape(day)}, which this theatre does not "
            "have; ask the question again with `frontline what-if`"
        )
    patches = tuple(Patch(_label(one), one.geometry) for one in layer.features if one.geometry)
    return WhatIf._beside(composite, start, side, question, patches, supply)


def _label(feature: Feature) -> Label:
    names = ("controller", "controllers", "status", "basis", "confidence")
    return Label(*(*(str(feature.properties[name] or "") for name in names), feature.id))
