"""What could be cut off, or is, with how sure that is: the tables of `geo.control`, with bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control import Ways, isolation, necks, pockets
from geo.evidence.dated_field import DatedField, supported_patches
from geo.evidence.draws import Draws, Judgements
from geo.evidence.siege_draws import MAPS, SiegeDraws

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from geo.control import Composite
    from geo.evidence.kept import Memory
    from geo.evidence.siege_draws import Hold
    from geo.layers import Folder

_WIDEST_KM = 30.0
"""How wide a neck is at most, where the question sets no limit; as in `geo.control.necks`."""


class Sieges:
    """
    What could be cut off, or is, over the maps that the evidence allows.

    Parameters
    ----------
    composite
        The layers, noded together.
    draws
        Random maps of them, asked how ground hangs together.
    """

    def __init__(self, composite: Composite, draws: SiegeDraws) -> None:
        self._composite, self._draws = composite, draws

    @classmethod
    def of(
        cls,
        folder: Folder,
        composite: Composite,
        *,
        judgements: Judgements | None = None,
        memory: Memory | None = None,
        count: int = MAPS,
    ) -> Sieges:
        """
        Return what could be cut off in a theatre.

        Parameters
        ----------
        folder
            The layers.
        composite
            Of its control layers.
        judgements
            The numbers; the default are `Judgements()`.
        memory
            Where answers are kept, by question; the default keeps nothing.
        count
            How many maps are drawn.

        Returns
        -------
        sieges
            Ready to be asked.
        """
        supported = supported_patches(folder)
        dated = DatedField(folder, composite, supported)
        draws = Draws(composite, supported, dated.field, judgements or Judgements())
        return cls(composite, SiegeDraws(draws, dated.links, memory=memory, count=count))

    def necks(
        self,
        day: dt.date,
        side: str,
        supply: Mapping[str, Any],
        *,
        bands: bool = True,
        **rules: Any,
    ) -> gpd.GeoDataFrame:
        """
        Return where the ground of a side could be cut off, and how sure that is.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose ground.
        supply
            ``anchors``, ``places``, ``friends`` and ``events`` of `geo.control.necks`.
        bands
            Whether to say how sure it is; without, the table is that of `geo.control`.
        **rules
            Its ``unknown``, ``edge``, ``min_area_km2`` and ``max_width_km``.

        Returns
        -------
        necks
            The rows of `geo.control.necks`, as drawn. After ``length_km`` follow ``width_km`` (the
            middle of the width on maps on which the ground behind hangs together), ``low_km`` and
            ``high_km`` (the middle 90 % of it on all maps; 0 where cut off, empty where no cut
            within reach severs it), ``chance`` (that it is a neck), ``joined`` (that the ground
            hangs together at all) and ``error_km`` (how well the ends of the cut are known);
            after ``place_ids`` follow ``behind`` (chance of each place to lie behind the cut, as
            ``place 0.93`` joined by ``;``) and ``where`` (longitude and latitude of the midmost cut
            on these maps, and within how many km half of them lie) and ``against`` (statements of
            gaps and severed grounds that hold on next to none of the maps).

        Raises
        ------
        DateError
            If `day` is before the first layer.
        ValueError
            If `geo.control.necks` refuses a rule.
        """
        found = necks(self._composite, day, side, **supply, **rules)
        if not bands:
            return found
        widest = float(rules.get("max_width_km", _WIDEST_KM))
        holds = self._draws.grounds(
            self._ways(day, side, supply, rules), list(found["pocket"]), widest
        )
        return _with_holds(found, holds, after="length_km", behind="place_ids")

    def pockets(
        self,
        day: dt.date,
        side: str,
        supply: Mapping[str, Any],
        *,
        bands: bool = True,
        **rules: Any,
    ) -> gpd.GeoDataFrame:
        """
        Return the ground of a side that is drawn as cut off, and how sure that is.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose ground.
        supply
            ``anchors``, ``places`` and ``friends`` of `geo.control.pockets`.
        bands
            Whether to say how sure it is; without, the table is that of `geo.control`.
        **rules
            Its ``unknown``, ``edge`` and ``min_area_km2``.

        Returns
        -------
        pockets
            The rows of `geo.control.pockets`, as drawn. After ``area_km2`` follow the columns of
            `necks` and ``apart_km`` (how far the pocket is from supplied ground, on maps on which
            it is cut off); after ``place_ids`` follow ``behind``, ``where`` and ``against``.

        Raises
        ------
        DateError
            If `day` is before the first layer.
        ValueError
            If `geo.control.pockets` refuses a rule.
        """
        found = pockets(self._composite, day, side, **supply, **rules)
        if not bands:
            return found
        holds = self._draws.grounds(
            self._ways(day, side, supply, rules), list(found.geometry), _WIDEST_KM
        )
        return _with_holds(found, holds, after="area_km2", behind="place_ids", apart=True)

    def isolation(
        self,
        day: dt.date,
        side: str,
        supply: Mapping[str, Any],
        *,
        bands: bool = True,
        **rules: Any,
    ) -> gpd.GeoDataFrame:
        """
        Return the shortest cut that severs each place from all supply, and how sure that is.

        Parameters
        ----------
        day
            The date; the layer in force answers.
        side
            Whose places.
        supply
            ``anchors``, ``places`` and ``friends`` of `geo.control.isolation`.
        bands
            Whether to say how sure it is; without, the table is that of `geo.control`.
        **rules
            Its ``unknown`` and ``edge``.

        Returns
        -------
        isolation
            The rows of `geo.control.isolation`, as drawn. After ``length_km`` follow ``width_km``,
            ``low_km``, ``high_km``, ``joined`` and ``error_km`` as in `necks`, on the maps on which
            the side holds the place, and ``held`` (the chance that it does).

        Raises
        ------
        DateError
            If `day` is before the first layer.
        ValueError
            If `geo.control.isolation` refuses a rule.
        """
        found = isolation(self._composite, day, side, **supply, **rules)
        if not bands:
            return found
        places = {
            name: shape if shape is not None else shapely.Point(supply["places"][name])
            for name, shape in zip(found["place_id"], found["pocket"], strict=True)
        }
        holds = self._draws.places(self._ways(day, side, supply, rules), places, _WIDEST_KM)
        told = _with_holds(found, holds, after="length_km").drop(columns="chance")
        at = list(told.columns).index("error_km") + 1
        told.insert(at, "held", [hold.held for hold in holds])
        return told

    def _ways(
        self, day: dt.date, side: str, supply: Mapping[str, Any], rules: Mapping[str, Any]
    ) -> Ways:
        given = {name: rules[name] for name in ("unknown", "edge") if name in rules}
        given |= {name: one for name, one in supply.items() if name != "events"}
        return Ways(self._composite, day, side, coarse_m=self._draws.coarse_m, **given)


def _with_holds(
    frame: gpd.GeoDataFrame,
    holds: Sequence[Hold],
    *,
    after: str,
    behind: str | None = None,
    apart: bool = False,
) -> gpd.GeoDataFrame:
    """The frame with what random maps say of each row."""
    frame = frame.copy()
    names = ["width_km", "low_km", "high_km", "chance", "joined", "error_km"]
    names += ["apart_km"] if apart else []
    at = list(frame.columns).index(after) + 1
    for i, name in enumerate(names):
        values = [getattr(hold, name) for hold in holds]
        known = np.array(values, dtype=float)
        frame.insert(at + i, name, np.where(np.isfinite(known), known, np.nan))
    if behind is not None:
        at = list(frame.columns).index(behind) + 1
        frame.insert(at, "behind", [_ranked(hold) for hold in holds])
        frame.insert(at + 1, "where", [_where(hold) for hold in holds])
        frame.insert(at + 2, "against", [";".join(hold.against) for hold in holds])
    return frame


def _ranked(hold: Hold) -> str:
    """Chances of places, the likeliest first."""
    ranked = sorted(hold.places.items(), key=lambda one: (-one[1], one[0]))
    return ";".join(f"{name} {chance:.2f}" for name, chance in ranked)


def _where(hold: Hold) -> str:
    """Where the neck is."""
    if hold.where is None:
        return ""
    lon, lat, half_km = hold.where
    return f"{lon:.3f},{lat:.3f} within {half_km:.0f} km"
