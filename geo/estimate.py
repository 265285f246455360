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

Everything drawn has basis ``inferred`` and names its statements.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import GRID_DEG, LocalPlane, snap
from geo.model import Basis, Confidence, Feature, Row, Status, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Draft", "Estimator", "Parameters", "Unused"]


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
    high, moderate
        Confidence of a verdict: least share and least weight of the first side.
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
    high: tuple[float, float] = (0.85, 0.8)
    moderate: tuple[float, float] = (0.75, 0.4)


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
    """

    day: dt.date
    features: tuple[Feature, ...]
    unused: tuple[Unused, ...]
    assessed_share: float


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the statements about one site say on one date."""

    status: Status
    controller: str | None
    controllers: tuple[str, ...]
    confidence: Confidence
    shares: tuple[tuple[str, float], ...]
    statements: tuple[str, ...]
    sources: tuple[str, ...]


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
        self._plane = LocalPlane.around(area)
        self._by_place: dict[str, list[Row]] = defaultdict(list)
        for row in statements:
            self._by_place[str(row.values["place_id"])].append(row)
        self._confirmed = self._confirmations()
        self._unused: list[Unused] = []
        self._sites, self._members = self._found_sites()
        if not self._sites:
            raise ValueError(
                "no place with a statement has a position in or near the study area, so there is "
                "nothing to estimate from; add coordinates to places.geojson or statements to "
                "statements.csv"
            )
        self._faces, self._face_site, self._face_distance = self._build_faces()

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
        lenders = self._lenders(tuple(verdicts))
        ground = self._ground(lenders)
        features = [
            self._feature(site, verdicts[site], geometry)
            for site, geometry in ground.items()
            if site is not None
        ]
        if None in ground:
            features.append(_unknown(ground[None]))
        features.sort(key=lambda feature: feature.id)
        unknown = shapely.area(self._plane.forward(ground.get(None, shapely.Polygon())))
        whole = shapely.area(self._plane.forward(self.area))
        unused = [u for u in self._unused if self._in_force(u.place_id, day)]
        return Draft(day, tuple(features), tuple(unused), float(1 - unknown / whole))

    # Sites and cells: geometry, whatever the date.

    def _found_sites(self) -> tuple[dict[str, tuple[float, float, float]], dict[str, list[str]]]:
        """Places that own ground (x, y, r in metres), and the places that count in each."""
        limit = self.parameters.reach_km * 1e3
        near = shapely.buffer(self._plane.forward(self.area), self.parameters.reach_km * 1e3)
        located: list[tuple[float, str, float, float]] = []
        for place_id in sorted(self._by_place):
            place = self._places.get(place_id)
            if place is None or place.geometry is None:
                self._unused.append(Unused(place_id, "it was never located"))
                continue
            radius = float(place.properties.get("geo_radius_m") or 0)
            if radius >= limit:
                reason = f"its position is known only to {radius / 1e3:g} km"
                self._unused.append(Unused(place_id, reason))
                continue
            point = self._plane.forward(place.geometry)
            if not shapely.contains(near, point):
                self._unused.append(Unused(place_id, "it lies outside the study area"))
                continue
            located.append((radius, place_id, shapely.get_x(point), shapely.get_y(point)))
        sites: dict[str, tuple[float, float, float]] = {}
        members: dict[str, list[str]] = {}
        # Only a sharper place can own another's point, so one pass from sharp to vague is exact.
        for radius, place_id, x, y in sorted(located):
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

    def _build_faces(
        self,
    ) -> tuple[NDArray[np.object_], NDArray[np.intp], NDArray[np.float64]]:
        """
        Cut the study area once by all cells and all circles of reach.

        Each face then has one cell and lies wholly in or out of reach of each site, so a draft is
        a choice of faces and its borders are the same on every date.
        """
        reach = self.parameters.reach_km * 1e3
        xyr = np.array(list(self._sites.values()))
        frame = shapely.buffer(self._plane.forward(self.area), 1e3).envelope
        cells = np.array([_power_cell(i, xyr, frame) for i in range(len(xyr))], dtype=object)
        circles = shapely.buffer(shapely.points(xyr[:, :2]), reach - xyr[:, 2], quad_segs=16)
        lines = np.concatenate([cells[~shapely.is_empty(cells)], circles])
        lines = shapely.segmentize(shapely.boundary(lines), 5e3)
        drawn = [shapely.boundary(self.area), *(self._plane.inverse(line) for line in lines)]
        noded = shapely.union_all(np.array(drawn, dtype=object), grid_size=GRID_DEG)
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
        inside = shapely.point_on_surface(faces)
        kept = shapely.contains_properly(self.area, inside)
        faces, inside = faces[kept], inside[kept]
        spots: shapely.Geometry = shapely.MultiPoint(shapely.get_coordinates(inside))
        xy = shapely.get_coordinates(self._plane.forward(spots))
        squared = (xy[:, None, 0] - xyr[:, 0]) ** 2 + (xy[:, None, 1] - xyr[:, 1]) ** 2
        return faces, np.argmin(squared + xyr[:, 2] ** 2, axis=1), np.sqrt(squared)

    def _lenders(self, judged: tuple[str, ...]) -> NDArray[np.intp]:
        """For each site, the site whose verdict it takes: its own, or its nearest neighbour's."""
        names = list(self._sites)
        xyr = np.array(list(self._sites.values()))
        have = np.array([names.index(site) for site in judged])
        squared = (xyr[:, None, 0] - xyr[have, 0]) ** 2 + (xyr[:, None, 1] - xyr[have, 1]) ** 2
        lenders: NDArray[np.intp] = have[np.argmin(squared + xyr[have, 2] ** 2, axis=1)]
        lenders[have] = have
        return lenders

    def _ground(self, lenders: NDArray[np.intp]) -> dict[str | None, shapely.Geometry]:
        """The ground of each site that lends its verdict; under None, what is out of reach."""
        names = list(self._sites)
        source = lenders[self._face_site]
        distance = self._face_distance[np.arange(len(source)), source]
        radius = np.array([r for _, _, r in self._sites.values()])[source]
        source = np.where(distance <= self.parameters.reach_km * 1e3 - radius, source, -1)
        ground: dict[str | None, shapely.Geometry] = {}
        for index in np.unique(source):
            union = shapely.coverage_union_all(self._faces[source == index])
            ground[None if index < 0 else names[index]] = snap(union)
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
        weights: dict[str, float] = defaultdict(float)
        actors: dict[str, float] = defaultdict(float)
        voices: dict[tuple[str, str], float] = defaultdict(float)
        for row in current:
            weight = self.weight(row, day)
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
        if not weights:
            return None
        return self._verdict(weights, actors, current)

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
        confidence = Confidence.LOW
        if not contested:
            first = (shares[0][1], ranked[0][1])
            if _reaches(first, self.parameters.high):
                confidence = Confidence.HIGH
            elif _reaches(first, self.parameters.moderate):
                confidence = Confidence.MODERATE
        ordered = sorted(rows, key=lambda row: (str(row.values["date"]), row.id), reverse=True)
        sources = dict.fromkeys(s for row in ordered for s in split_ids(row.values["source_ids"]))
        return _Verdict(
            Status.CONTESTED if contested else Status.CONTROLLED,
            None if contested else heads[0],
            tuple(heads[:2]) if contested else (),
            confidence,
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
        parameters, values = self.parameters, row.values
        basis = str(values["basis"])
        holder = self._holder(row)
        if holder and self._claims_for(row, holder):
            basis = Basis.CLAIMED
        age = self._age_days(row, day)
        place = self._places[str(values["place_id"])]
        radius_km = float(place.properties.get("geo_radius_m") or 0) / 1e3
        return float(
            parameters.basis_weight[basis]
            * parameters.confidence_weight[str(values["confidence"])]
            * 0.5 ** (age / parameters.half_life_days)
            / (1 + (radius_km / parameters.half_radius_km) ** 2)
        )

    def _feature(self, site: str, verdict: _Verdict, geometry: shapely.Geometry) -> Feature:
        names = [str(self._places[place].properties["name"]) for place in self._members[site]]
        weights = ", ".join(f"{side} {share:.0%}" for side, share in verdict.shares)
        identity = _identity(site)
        return Feature(
            identity,
            {
                "id": identity,
                "controller": verdict.controller,
                "controllers": ";".join(verdict.controllers) or None,
                "status": str(verdict.status),
                "basis": str(Basis.INFERRED),
                "confidence": str(verdict.confidence),
                "statement_ids": ";".join(verdict.statements),
                "source_ids": ";".join(verdict.sources),
                "note": f"Nearest evidence: {', '.join(names)}. Weight of evidence: {weights}.",
            },
            geometry,
        )


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


def _reaches(first: tuple[float, float], least: tuple[float, float]) -> bool:
    return first[0] >= least[0] and first[1] >= least[1]


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
