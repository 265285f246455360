"""A draft of control at a date, and the chance of each side: what the method comes to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.errors import CRSError
from geo.evidence.estimate.cells import Sites, Unused
from geo.evidence.estimate.parameters import Parameters
from geo.evidence.estimate.statements import Statements, Verdict
from geo.evidence.field import LatentField, Observations, fitted
from geo.model import Basis, Confidence, Feature, Row, Status, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from geo.evidence.field import FieldParameters
    from geo.layers import Folder


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A drafted control layer.

    Attributes
    ----------
    day
        The date it is for.
    features
        Full coverage of the study area, in the form of `geo.model.CONTROL`.
    unused
        Places with statements in force that drew nothing of their own.
    assessed_share
        Share of the study area that is not ``unknown``, 0 to 1, in the local equal-area plane.
    probabilities
        By id of each patch, the probability of each side on its ground; also of ``unknown``
        ground, where it is a guess of the field and no assessment.
    """

    day: dt.date
    features: tuple[Feature, ...]
    unused: tuple[Unused, ...]
    assessed_share: float
    probabilities: Mapping[str, Mapping[str, float]]


class Estimator:
    """
    Cells of a theatre, and what the statements in force say of them at any date.

    Parameters
    ----------
    area
        Study area, longitude, latitude.
    places
        Gazetteer, by id.
    statements
        Rows of `geo.model.STATEMENTS`.
    sources
        Rows of `geo.model.SOURCES`, by id: publisher and leaning.
    sides
        Side of each actor, by id; an actor that is not there is its own side.
    parameters
        The numbers of the method; the default is `Parameters()`.

    Raises
    ------
    ValueError
        If no place with a statement has a position in or near the study area.
    """

    def __init__(
        self,
        area: shapely.Geometry,
        places: Mapping[str, Feature],
        statements: Sequence[Row],
        sources: Mapping[str, Row],
        sides: Mapping[str, str],
        *,
        parameters: Parameters | None = None,
    ) -> None:
        self.area = area
        self.parameters = parameters or Parameters()
        self._places = places
        self.plane = LocalPlane.around(area)
        self._statements = Statements(places, statements, sources, sides, self.parameters)
        self._sites = Sites(
            area, self.plane, places, self._statements.by_place, self.parameters.reach_km
        )
        if not self._sites.sites:
            raise ValueError(
                "no place with a statement has a position in or near the study area, so there is "
                "nothing to estimate from; add coordinates to places.geojson or statements to "
                "statements.csv"
            )

    @classmethod
    def of(cls, folder: Folder, *, parameters: Parameters | None = None) -> Estimator:
        """
        Return the estimator of a theatre.

        Parameters
        ----------
        folder
            The layers.
        parameters
            The numbers of the method; the default is `Parameters()`.

        Returns
        -------
        estimator
            Of its statements, whatever the date.

        Raises
        ------
        ValueError
            If no place with a statement has a position in or near the study area.
        """
        return cls(
            folder.area,
            folder.places,
            folder.statements.rows,
            folder.rows("sources"),
            folder.sides,
            parameters=parameters,
        )

    def draft(self, day: str | dt.date) -> Draft:
        """
        Draft the control layer of one date.

        Parameters
        ----------
        day
            The date; statements up to and including it count.

        Returns
        -------
        draft
            Patches that cover the study area exactly once.

        Raises
        ------
        DateError
            If `day` is no date.
        ValueError
            If no statement is in force on that date.
        """
        day = parse_day(day)
        verdicts = {
            site: verdict
            for site, places in self._sites.members.items()
            if (verdict := self._statements.judge(places, day))
        }
        if not verdicts:
            raise ValueError(
                f"no statement is in force on {day}: none is dated within the "
                f"{self.parameters.max_age_days} days before it at a place that can be drawn"
            )
        ground = self._sites.ground(self._sites.lenders(tuple(verdicts)))
        chances = self._chances(day)
        features, probabilities = [], {}
        for site, (faces, geometry) in ground.items():
            chance = np.average(chances[faces], axis=0, weights=self._sites.cells.area[faces])
            if site is None:
                feature = _unknown(geometry)
            else:
                feature = self._feature(site, verdicts[site], geometry, chance)
            features.append(feature)
            probabilities[feature.id] = dict(zip(self.sides, chance.tolist(), strict=True))
        features.sort(key=lambda feature: feature.id)
        nothing = (np.array([], dtype=np.intp), shapely.Polygon())
        unknown = shapely.area(self.plane.forward(ground.get(None, nothing)[1]))
        whole = shapely.area(self.plane.forward(self.area))
        unused = [u for u in self._sites.unused if self._statements.in_force(u.place_id, day)]
        share = float(1 - unknown / whole)
        return Draft(day, tuple(features), tuple(unused), share, probabilities)

    @property
    def sides(self) -> tuple[str, ...]:
        """
        Every side that a statement names.

        Returns
        -------
        sides
            Sorted: the columns of `probabilities`.
        """
        return self._statements.sides

    def observations(self, day: str | dt.date) -> Observations:
        """
        Return what the statements in force on a date say, place by place, as a field reads it.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        observations
            One for each located place in or near the study area that a statement in force speaks
            of, in metres of ``plane``: its shares of the `sides` by weight of evidence, and its
            unreliability. Keyed by place. Position error is left to the field.

        Raises
        ------
        DateError
            If `day` is no date.
        """
        day = parse_day(day)
        seen: dict[str, Mapping[str, float]] = {}
        said = self._statements
        for place_id in self._sites.located:
            rows = said.current_word(said.in_force(place_id, day))
            weights, _ = said.weigh(rows, day, said.credence)
            if sum(weights.values()) > 0:
                seen[place_id] = weights
        weight = np.array(
            [[weights.get(side, 0.0) for side in self.sides] for weights in seen.values()]
        ).reshape(len(seen), len(self.sides))
        total = weight.sum(axis=1)
        xyr = np.array([self._sites.located[place] for place in seen]).reshape(-1, 3)
        return Observations(
            xyr[:, :2],
            xyr[:, 2],
            weight / total[:, None],
            np.exp(-total / self.parameters.doubt),
            self.sides,
            tuple(seen),
        )

    def field(self, day: str | dt.date) -> LatentField:
        """
        Return the field of control of a date: probabilities and random maps, in metres.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        field
            Of the `observations` of that date; points are metres of ``plane``.

        Raises
        ------
        DateError
            If `day` is no date.
        """
        return LatentField(self.observations(day), self.sides, parameters=self._fitted)

    def probabilities(
        self, day: str | dt.date, points: Sequence[tuple[float, float]]
    ) -> pd.DataFrame:
        """
        Return the probability of each side at points.

        Parameters
        ----------
        day
            The date.
        points
            Longitude, latitude of each.

        Returns
        -------
        probabilities
            One row a point: ``lon``, ``lat`` and a column for each of the `sides`, which add up
            to 1. Far from all evidence they are the sides' shares of it: a guess.

        Raises
        ------
        DateError
            If `day` is no date.
        CRSError
            If a point is no longitude and latitude in degrees.
        """
        import pandas as pd

        lonlat = np.asarray(points, dtype=float).reshape(-1, 2)
        if not (np.abs(lonlat) <= (180, 90)).all():
            raise CRSError("a point is not longitude, latitude in degrees; give them in that order")
        metres = shapely.get_coordinates(self.plane.forward(shapely.MultiPoint(lonlat)))
        chances = self.field(day).probabilities(metres)
        columns = np.column_stack([lonlat, chances])
        return pd.DataFrame(columns, columns=["lon", "lat", *self.sides])

    def weight(self, row: Row, day: dt.date) -> float:
        """
        Return the weight of one statement on a date.

        Parameters
        ----------
        row
            One of the statements.
        day
            The date; not before the statement's.

        Returns
        -------
        weight
            Basis x confidence x age x position, see `Parameters`.
        """
        return self._statements.weight(row, day)

    @cached_property
    def _fitted(self) -> tuple[FieldParameters, ...]:
        """Range and spread of the theatre, from the date that the most places speak on."""
        days = sorted(
            {str(row.values["date"]) for rows in self._statements.by_place.values() for row in rows}
        )
        return fitted(max((self.observations(day) for day in days), key=len))

    def _chances(self, day: dt.date) -> NDArray[np.float64]:
        """The probability of each side in the middle of each face."""
        return self.field(day).probabilities(self._sites.cells.inside)

    def _feature(
        self, site: str, verdict: Verdict, geometry: shapely.Geometry, chance: NDArray[np.float64]
    ) -> Feature:
        names = [str(self._places[place].properties["name"]) for place in self._sites.members[site]]
        weights = ", ".join(f"{side} {share:.0%}" for side, share in verdict.shares)
        chances = dict(zip(self.sides, chance, strict=True))
        drawn = [f"{side} {percent(chances[side])}" for side, _ in verdict.shares]
        identity = _identity(site)
        return Feature(
            identity,
            {
                "id": identity,
                "controller": verdict.controller,
                "controllers": ";".join(verdict.controllers) or None,
                "status": str(verdict.status),
                "basis": str(Basis.INFERRED),
                "confidence": str(self._confidence(verdict, chance)),
                "statement_ids": ";".join(verdict.statements),
                "source_ids": ";".join(verdict.sources),
                "note": f"Nearest evidence: {', '.join(names)}. Weight of evidence: {weights}. "
                f"Probability on this ground: {', '.join(drawn)}.",
            },
            geometry,
        )

    def _confidence(self, verdict: Verdict, chance: NDArray[np.float64]) -> Confidence:
        """How sure a patch is: the probability that who it is drawn for holds its ground."""
        side = verdict.shares[0][0]
        if verdict.status == Status.CONTESTED or self._statements.only_claims(verdict):
            return Confidence.LOW
        holds = chance[self.sides.index(side)]
        if holds >= self.parameters.high:
            return Confidence.HIGH
        return Confidence.MODERATE if holds >= self.parameters.moderate else Confidence.LOW


def percent(chance: float) -> str:
    """
    Return a probability as a person reads it.

    Parameters
    ----------
    chance
        0 to 1.

    Returns
    -------
    text
        Whole per cents; never 0 or 100, which a field of control cannot know.

    Examples
    --------
    >>> percent(0.874), percent(0.9999), percent(0.0)
    ('87%', '>99%', '<1%')
    """
    if chance > 0.99:
        return ">99%"
    return "<1%" if chance < 0.01 else f"{chance:.0%}"


def _identity(name: str) -> str:
    """A patch keeps its id from date to date: it follows from the site, not from the clock."""
    return "ctl-" + hashlib.sha256(f"estimate/{name}".encode()).hexdigest()[:8]


def _unknown(geometry: shapely.Geometry) -> Feature:
    identity = _identity("unknown")
    values = dict.fromkeys(
        ("controller", "controllers", "basis", "confidence", "statement_ids", "source_ids")
    )
    properties = {
        "id": identity,
        **values,
        "status": str(Status.UNKNOWN),
        "note": "Not assessed: no statement in force within reach.",
    }
    return Feature(identity, properties, geometry)
