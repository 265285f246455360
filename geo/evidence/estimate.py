"""
A first draft of control, inferred from dated statements about places.

The method, in full:

1. **Sites.** A place takes part where it has a position, somebody ever said who held it, its
   error radius is less than `Parameters.reach_km`, and it lies in the study area or within
   reach of it. Ground is given to the place with the smallest *expected squared distance*,
   d^2 + r^2 for a place located to r: the power diagram of the places with weights -r^2
   (Aurenhammer 1987, SIAM J. Comput. 16(1)). A vague place therefore gets less ground than a
   sharp one beside it, and where a sharper place owns the very point of a vague one, the vague
   one founds no cell: its statements count in the cell that holds it. Distances are taken in a
   local equal-area plane.
2. **Fixed cells.** The cells are those of all sites, whatever the date, so a border moves
   between two dates only because the evidence did.
3. **Words in force.** On a date, only the latest statements of each publisher about a site count,
   and none older than `Parameters.max_age_days`. A word that the next word about its place confirms
   is as fresh as the nearer of the two: held in March and held in July, with nothing said to the
   contrary, is held in May. A change of hands that is reported (it names its
   event; it is no claim, no inference and not of low confidence) ends all earlier words: they
   spoke of a state that is over, and do not contradict it. Outlets that lean to one side are one
   voice where they speak in its favour: the heaviest counts, as a claim.
4. **Weight** of a statement: basis x confidence x age x position (see `Parameters`).
5. **Verdict.** Weights are added up by side. Where the second side has at least
   `Parameters.contested_share` of the whole, the site is contested; otherwise the first side
   holds it, as the actor with the most weight on that side. A cell without evidence of its own
   takes the verdict of the site nearest to its own site.
6. **Reach.** A place located to r speaks for ground up to `Parameters.reach_km` - r from its
   position: that much is within reach even if it is misplaced by all of r. Ground farther from the
   site whose verdict it would take is `unknown`: nobody assessed it.
7. **Probability.** The same words, place by place, are looked at by a field of control
   (`field`): smooth where places agree, blunt between those that do not, aware that a place
   is known to r and a word is worth its basis, confidence and age. It gives the chance of each
   side at any point. Its range and spread follow from the theatre's own evidence, once for all
   dates, so that it too changes between two dates only where the evidence did.
8. **Confidence** of a patch: ``high`` where whoever it is drawn for holds its ground with a
   probability of `Parameters.high` or more, ``moderate`` from `Parameters.moderate` on, else
   ``low``. Contested ground is ``low``, and so is ground that only its holder's own media give
   to the holder: how often such words are right, no neighbour can tell.

Everything drawn has basis ``inferred`` and names its statements.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, LocalPlane, snap
from geo.errors import CRSError
from geo.evidence.field import LatentField, Observations, fitted
from geo.model import Basis, Confidence, Feature, Row, Status, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from geo.evidence.field import FieldParameters
    from geo.layers import Folder

__all__ = ["Draft", "Estimator", "Parameters", "Unused", "percent"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    The numbers of the method, in one place.

    None is fitted: they are stated judgements, to be argued with. The tests show what each does.

    Attributes
    ----------
    reach_km
        Farthest ground that a perfectly located place speaks for; one located worse than this
        draws nothing.
    max_age_days
        Statements older than this are out of force.
    half_life_days
        Age at which a statement weighs half.
    half_radius_km
        Error radius at which a statement weighs half: 1 / (1 + (r / half_radius)^2).
    contested_share
        Share of the second side from which on ground is contested.
    basis_weight, confidence_weight
        Factors by basis and by confidence of the statement.
    doubt
        Words about a place say nothing of the truth with probability exp(-weight / doubt), as
        independent words would. With this number one report in 17 is wrong after a month: so many
        of the places in Ukraine of 2022 had changed hands by then (``make bench-estimate``).
    high, moderate
        Least probability, averaged over the ground of a patch, of a confidence. They are where
        ICD 203 puts "almost certain" and "very likely".
    """

    reach_km: float = 10.0
    max_age_days: int = 90
    half_life_days: float = 30.0
    half_radius_km: float = 5.0
    contested_share: float = 0.25
    basis_weight: Mapping[str, float] = field(
        default_factory=lambda: {
            Basis.ASSESSED: 1.0,
            Basis.REPORTED: 0.8,
            Basis.INFERRED: 0.5,
            Basis.CLAIMED: 0.3,
        }
    )
    confidence_weight: Mapping[str, float] = field(
        default_factory=lambda: {
            Confidence.HIGH: 1.0,
            Confidence.MODERATE: 0.7,
            Confidence.LOW: 0.4,
        }
    )
    doubt: float = 0.19
    high: float = 0.95
    moderate: float = 0.8


@dataclass(frozen=True, slots=True)
class Unused:
    """
    A place that draws no ground, and why.

    Attributes
    ----------
    place_id
        The place.
    reason
        One sentence.
    """

    place_id: str
    reason: str


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


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the statements about one site say on one date."""

    status: Status
    controller: str | None
    controllers: tuple[str, ...]
    shares: tuple[tuple[str, float], ...]
    statements: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """Faces of the study area: cell, distance to each site, a point inside (m), area (m2)."""

    faces: NDArray[np.object_]
    site: NDArray[np.intp]
    distance: NDArray[np.float64]
    inside: NDArray[np.float64]
    area: NDArray[np.float64]


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
        self._sources = sources
        self._sides = sides
        self.plane = LocalPlane.around(area)
        self._by_place: dict[str, list[Row]] = defaultdict(list)
        for row in statements:
            self._by_place[str(row.values["place_id"])].append(row)
        self._confirmed = self._confirmations()
        self._unused: list[Unused] = []
        self._located = self._positions()
        self._sites, self._members = self._found_sites()
        if not self._sites:
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
        verdicts = {site: verdict for site in self._sites if (verdict := self._judge(site, day))}
        if not verdicts:
            raise ValueError(
                f"no statement is in force on {day}: none is dated within the "
                f"{self.parameters.max_age_days} days before it at a place that can be drawn"
            )
        ground = self._ground(self._lenders(tuple(verdicts)))
        chances = self._chances(day)
        features, probabilities = [], {}
        for site, (faces, geometry) in ground.items():
            chance = np.average(chances[faces], axis=0, weights=self._cells.area[faces])
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
        unused = [u for u in self._unused if self._in_force(u.place_id, day)]
        share = float(1 - unknown / whole)
        return Draft(day, tuple(features), tuple(unused), share, probabilities)

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """
        Every side that a statement names.

        Returns
        -------
        sides
            Sorted: the columns of `probabilities`.
        """
        rows = (row for rows in self._by_place.values() for row in rows)
        named = {self._sides.get(party, party) for row in rows for party, _ in _parties(row)}
        return tuple(sorted(named))

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
        for place_id in self._located:
            rows = self._current_word(self._in_force(place_id, day))
            weights, _ = self._weigh(rows, day, self._credence)
            if sum(weights.values()) > 0:
                seen[place_id] = weights
        weight = np.array(
            [[weights.get(side, 0.0) for side in self.sides] for weights in seen.values()]
        ).reshape(len(seen), len(self.sides))
        total = weight.sum(axis=1)
        xyr = np.array([self._located[place] for place in seen]).reshape(-1, 3)
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

    @cached_property
    def _fitted(self) -> tuple[FieldParameters, ...]:
        """Range and spread of the theatre, from the date that the most places speak on."""
        days = sorted({str(row.values["date"]) for rows in self._by_place.values() for row in rows})
        return fitted(max((self.observations(day) for day in days), key=len))

    def _chances(self, day: dt.date) -> NDArray[np.float64]:
        """The probability of each side in the middle of each face."""
        return self.field(day).probabilities(self._cells.inside)

    # Sites and cells: geometry, whatever the date.

    def _positions(self) -> dict[str, tuple[float, float, float]]:
        """Places with a word and a position in or near the area: x, y, r in metres."""
        near = shapely.buffer(self.plane.forward(self.area), self.parameters.reach_km * 1e3)
        located: dict[str, tuple[float, float, float]] = {}
        for place_id in sorted(self._by_place):
            place = self._places.get(place_id)
            if place is None or place.geometry is None:
                self._unused.append(Unused(place_id, "it was never located"))
                continue
            point = self.plane.forward(place.geometry)
            radius = float(place.properties.get("geo_radius_m") or 0)
            if shapely.contains(near, point):
                located[place_id] = (shapely.get_x(point), shapely.get_y(point), radius)
            elif radius < self.parameters.reach_km * 1e3:
                self._unused.append(Unused(place_id, "it lies outside the study area"))
            if radius >= self.parameters.reach_km * 1e3:
                reason = f"its position is known only to {radius / 1e3:g} km"
                self._unused.append(Unused(place_id, reason))
        return located

    def _found_sites(self) -> tuple[dict[str, tuple[float, float, float]], dict[str, list[str]]]:
        """Places that own ground (x, y, r in metres), and the places that count in each."""
        limit = self.parameters.reach_km * 1e3
        sharp = [(r, place, x, y) for place, (x, y, r) in self._located.items() if r < limit]
        sites: dict[str, tuple[float, float, float]] = {}
        members: dict[str, list[str]] = {}
        # Only a sharper place can own another's point, so one pass from sharp to vague is exact.
        for radius, place_id, x, y in sorted(sharp):
            owners = [((x - u) ** 2 + (y - v) ** 2 + r**2, s) for s, (u, v, r) in sites.items()]
            power, owner = min(owners, default=(np.inf, ""))
            if power <= radius**2:
                members[owner].append(place_id)
                reason = f"a sharper place owns its position: its statements count at {owner}"
                self._unused.append(Unused(place_id, reason))
            else:
                sites[place_id] = (x, y, radius)
                members[place_id] = [place_id]
        return sites, members

    @cached_property
    def _cells(self) -> _Cells:
        """
        The study area, cut once by all cells and all circles of reach.

        Each face then has one cell and lies wholly in or out of reach of each site, so a draft is
        a choice of faces and its borders are the same on every date.
        """
        reach = self.parameters.reach_km * 1e3
        xyr = np.array(list(self._sites.values()))
        frame = shapely.buffer(self.plane.forward(self.area), 1e3).envelope
        cells = np.array([_power_cell(i, xyr, frame) for i in range(len(xyr))], dtype=object)
        circles = shapely.buffer(shapely.points(xyr[:, :2]), reach - xyr[:, 2], quad_segs=16)
        lines = np.concatenate([cells[~shapely.is_empty(cells)], circles])
        lines = shapely.segmentize(shapely.boundary(lines), 5e3)
        drawn = [shapely.boundary(self.area), *(self.plane.inverse(line) for line in lines)]
        noded = shapely.union_all(np.array(drawn, dtype=object), grid_size=GRID_DEG)
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        inside = shapely.point_on_surface(faces)
        kept = shapely.contains_properly(self.area, inside)
        faces = faces[kept]
        spots: shapely.Geometry = shapely.MultiPoint(shapely.get_coordinates(inside[kept]))
        xy = shapely.get_coordinates(self.plane.forward(spots))
        squared = (xy[:, None, 0] - xyr[:, 0]) ** 2 + (xy[:, None, 1] - xyr[:, 1]) ** 2
        return _Cells(
            faces,
            np.argmin(squared + xyr[:, 2] ** 2, axis=1),
            np.sqrt(squared),
            xy,
            np.array([shapely.area(self.plane.forward(face)) for face in faces]),
        )

    def _lenders(self, judged: tuple[str, ...]) -> NDArray[np.intp]:
        """For each site, the site whose verdict it takes: its own, or its nearest neighbour's."""
        names = list(self._sites)
        xyr = np.array(list(self._sites.values()))
        have = np.array([names.index(site) for site in judged])
        squared = (xyr[:, None, 0] - xyr[have, 0]) ** 2 + (xyr[:, None, 1] - xyr[have, 1]) ** 2
        lenders: NDArray[np.intp] = have[np.argmin(squared + xyr[have, 2] ** 2, axis=1)]
        lenders[have] = have
        return lenders

    def _ground(
        self, lenders: NDArray[np.intp]
    ) -> dict[str | None, tuple[NDArray[np.intp], shapely.Geometry]]:
        """The ground (faces, shape) of each site that lends; under None, what is out of reach."""
        names, cells = list(self._sites), self._cells
        source = lenders[cells.site]
        distance = cells.distance[np.arange(len(source)), source]
        radius = np.array([r for _, _, r in self._sites.values()])[source]
        source = np.where(distance <= self.parameters.reach_km * 1e3 - radius, source, -1)
        ground: dict[str | None, tuple[NDArray[np.intp], shapely.Geometry]] = {}
        for index in np.unique(source):
            own = np.flatnonzero(source == index)
            shape = snap(shapely.coverage_union_all(cells.faces[own]))
            ground[None if index < 0 else names[index]] = (own, shape)
        return ground

    # Verdicts: words, on one date.

    def _confirmations(self) -> dict[str, dt.date]:
        """The date of the next word about a place, for statements whose holder it confirms."""
        confirmed = {}
        for rows in self._by_place.values():
            by_date: dict[str, list[Row]] = defaultdict(list)
            for row in rows:
                by_date[str(row.values["date"])].append(row)
            for day, following in pairwise(sorted(by_date)):
                holders = {self._holder(row) for row in by_date[following]}
                for row in by_date[day]:
                    if holders == {self._holder(row)} and "" not in holders:
                        confirmed[row.id] = parse_day(following)
        return confirmed

    def _holder(self, row: Row) -> str:
        """The side that a statement gives a place to; empty where it gives it to none alone."""
        controller = str(row.values["controller"] or "")
        return self._sides.get(controller, controller)

    def _age_days(self, row: Row, day: dt.date) -> int:
        """Days since a statement, or until the one that confirms it; negative before it."""
        age = (day - parse_day(str(row.values["date"]))).days
        confirmed = self._confirmed.get(row.id)
        if confirmed is not None and age >= 0 and day < confirmed:
            age = min(age, (confirmed - day).days)
        return age

    def _in_force(self, place_id: str, day: dt.date) -> list[Row]:
        """Statements about a place that are neither later than the day nor too old."""
        limit = self.parameters.max_age_days
        return [row for row in self._by_place[place_id] if 0 <= self._age_days(row, day) <= limit]

    def _judge(self, site: str, day: dt.date) -> _Verdict | None:
        """Weigh the word of each publisher about a site; None where nobody spoke."""
        rows = [row for place in self._members[site] for row in self._in_force(place, day)]
        current = self._current_word(rows)
        weights, actors = self._weigh(current, day, self.weight)
        return self._verdict(weights, actors, current) if weights else None

    def _weigh(
        self, rows: Sequence[Row], day: dt.date, weigh: Callable[[Row, dt.date], float]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """The weight of each side and of each actor in some statements about one site."""
        weights: dict[str, float] = defaultdict(float)
        actors: dict[str, float] = defaultdict(float)
        voices: dict[tuple[str, str], float] = defaultdict(float)
        for row in rows:
            weight = weigh(row, day)
            for party, share in _parties(row):
                side = self._sides.get(party, party)
                actors[party] += weight * share
                leaning = self._claims_for(row, side)
                if leaning:
                    voices[leaning, side] = max(voices[leaning, side], weight * share)
                else:
                    weights[side] += weight * share
        for (_, side), weight in voices.items():
            weights[side] += weight
        return dict(weights), dict(actors)

    def _verdict(
        self, weights: Mapping[str, float], actors: Mapping[str, float], rows: Sequence[Row]
    ) -> _Verdict:
        """Who holds a site, from the weight of each side."""
        total = sum(weights.values())
        ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        shares = tuple((side, weight / total) for side, weight in ranked)
        contested = len(ranked) > 1 and shares[1][1] >= self.parameters.contested_share
        heads = []
        for side, _ in ranked:
            own = [
                (-w, actor) for actor, w in actors.items() if self._sides.get(actor, actor) == side
            ]
            heads.append(min(own)[1])
        ordered = sorted(rows, key=lambda row: (str(row.values["date"]), row.id), reverse=True)
        sources = dict.fromkeys(s for row in ordered for s in split_ids(row.values["source_ids"]))
        return _Verdict(
            Status.CONTESTED if contested else Status.CONTROLLED,
            None if contested else heads[0],
            tuple(heads[:2]) if contested else (),
            shares,
            tuple(row.id for row in ordered),
            tuple(sources),
        )

    def _current_word(self, rows: Sequence[Row]) -> list[Row]:
        """Of each publisher, the statements of its latest date, none older than the last change."""
        changes = [str(row.values["date"]) for row in rows if _reports_change(row)]
        rows = [row for row in rows if str(row.values["date"]) >= max(changes, default="")]
        latest: dict[str, str] = {}
        for row in rows:
            publisher = self._publisher(row)
            latest[publisher] = max(latest.get(publisher, ""), str(row.values["date"]))
        return [row for row in rows if row.values["date"] == latest[self._publisher(row)]]

    def _publisher(self, row: Row) -> str:
        first = split_ids(row.values["source_ids"])[0]
        source = self._sources.get(first)
        return str(source.values["publisher"]) if source else first

    def _claims_for(self, row: Row, side: str) -> str:
        """The side that all sources of a statement lean to, where it speaks in its favour."""
        leanings = {
            str(self._sources[source].values["leaning"] or "") if source in self._sources else ""
            for source in split_ids(row.values["source_ids"])
        }
        return side if leanings == {side} and row.values["status"] == Status.CONTROLLED else ""

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
        place = self._places[str(row.values["place_id"])]
        radius_km = float(place.properties.get("geo_radius_m") or 0) / 1e3
        return self._credence(row, day) / (1 + (radius_km / self.parameters.half_radius_km) ** 2)

    def _credence(self, row: Row, day: dt.date) -> float:
        """The weight of a statement as if its place were located perfectly."""
        parameters, values = self.parameters, row.values
        basis = str(values["basis"])
        holder = self._holder(row)
        if holder and self._claims_for(row, holder):
            basis = Basis.CLAIMED
        return float(
            parameters.basis_weight[basis]
            * parameters.confidence_weight[str(values["confidence"])]
            * 0.5 ** (self._age_days(row, day) / parameters.half_life_days)
        )

    def _feature(
        self, site: str, verdict: _Verdict, geometry: shapely.Geometry, chance: NDArray[np.float64]
    ) -> Feature:
        names = [str(self._places[place].properties["name"]) for place in self._members[site]]
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

    def _confidence(self, verdict: _Verdict, chance: NDArray[np.float64]) -> Confidence:
        """How sure a patch is: the probability that who it is drawn for holds its ground."""
        side = verdict.shares[0][0]
        if verdict.status == Status.CONTESTED or self._only_claims(verdict, side):
            return Confidence.LOW
        holds = chance[self.sides.index(side)]
        if holds >= self.parameters.high:
            return Confidence.HIGH
        return Confidence.MODERATE if holds >= self.parameters.moderate else Confidence.LOW

    def _only_claims(self, verdict: _Verdict, side: str) -> bool:
        """Whether nobody but sources that lean to a side give it this ground."""
        leanings = {
            str(self._sources[source].values["leaning"] or "") if source in self._sources else ""
            for source in verdict.sources
        }
        return leanings == {side}


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


def _reports_change(row: Row) -> bool:
    """Whether a statement firmly reports that a place changed hands on its date."""
    values = row.values
    return (
        bool(values.get("event_ids"))
        and values["status"] == Status.CONTROLLED
        and values["basis"] in {Basis.ASSESSED, Basis.REPORTED}
        and values["confidence"] != Confidence.LOW
    )


def _parties(row: Row) -> list[tuple[str, float]]:
    """Who a statement speaks for, and with which share of its weight."""
    if row.values["controller"]:
        return [(str(row.values["controller"]), 1.0)]
    parties = split_ids(row.values["controllers"])
    return [(party, 1 / len(parties)) for party in parties]


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


def _power_cell(i: int, xyr: NDArray[np.float64], frame: shapely.Geometry) -> shapely.Geometry:
    """The ground where site i has the smallest expected squared distance, inside the frame."""
    ring = shapely.get_coordinates(frame)[:-1]
    here, radius = xyr[i, :2], xyr[i, 2]
    away = np.hypot(*(xyr[:, :2] - here).T)
    for j in np.argsort(away, kind="stable"):
        if j == i or not len(ring):
            continue
        # Neighbours come by distance; past this one, no bisector can reach the cell any more.
        farthest = np.hypot(*(ring - here).T).max()
        if away[j] / 2 - radius**2 / (2 * away[j]) > farthest:
            break
        normal = xyr[j, :2] - here
        level = (xyr[j, :2] @ xyr[j, :2] + xyr[j, 2] ** 2 - here @ here - radius**2) / 2
        ring = _clip(ring, normal, level)
    return shapely.Polygon(ring) if len(ring) > 2 else shapely.Polygon()


def _clip(
    ring: NDArray[np.float64], normal: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """The part of a convex ring where normal . x <= level (Sutherland and Hodgman 1974)."""
    height = ring @ normal - level
    if (height <= 0).all():
        return ring
    kept: list[NDArray[np.float64]] = []
    for k in range(len(ring)):
        a, b = height[k - 1], height[k]
        if (a <= 0) != (b <= 0):
            kept.append(ring[k - 1] + (ring[k] - ring[k - 1]) * (a / (a - b)))
        if b <= 0:
            kept.append(ring[k])
    return np.array(kept).reshape(-1, 2)
