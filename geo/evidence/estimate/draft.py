"""A draft of control at a date, and the chance of each side: what the method comes to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import astuple, dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane, snap
from geo.errors import CRSError
from geo.evidence.estimate.ground import (
    Class,
    Face,
    Grid,
    advise,
    cut_out,
    draw_faces,
    drop_islands,
)
from geo.evidence.estimate.looks import Looks, Unused
from geo.evidence.estimate.parameters import Parameters
from geo.evidence.estimate.patches import PatchMaker, is_by_hand, told_in
from geo.evidence.estimate.series import follow
from geo.evidence.estimate.statements import Statements
from geo.evidence.field.covariance import KeptColumns, lasting
from geo.evidence.field.fitting import FieldParameters, fit, prior_heights
from geo.evidence.field.latent import LatentField
from geo.evidence.kept import kept_table
from geo.model import Feature, Row, parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from geo.evidence.estimate.links import Link
    from geo.evidence.estimate.looks import Told
    from geo.evidence.field.observations import Observations
    from geo.layers import Folder

    Floats = NDArray[np.float64]

_CLOCKS_DAYS = (200.0, 400.0, 800.0, 1600.0)
"""Ages at which words keep a third of their covariance that are tried: the best is taken."""
_LEAST_M = 500.0
"""The ground of a place reaches so far at least, however well it is located."""
_NOTHING = 0.995
"""Where more than this share of the study area is not known, somebody asks why."""
_KEPT = 64
"""Dates whose field and picture are held, for the dates that follow."""
_WORTH_KEEPING = 60
"""A field of fewer words takes no time, and would push out of the cache what does."""
_ISLAND = 0.002
"""Ground of less than this share of the study area that no evidence names is not drawn apart."""


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A drafted control layer.

    Attributes
    ----------
    day
        The date it is for.
    as_of
        Only what was published by then counted; None where later words did too.
    features
        Full coverage of the study area, in the form of `geo.model.CONTROL`.
    unused
        Places with statements that told nothing.
    undated
        How many statements that count have no day of publication.
    shares
        Share of the study area of each class, by its name, in the local equal-area plane.
    probabilities
        By id of each patch, the probability of each side on its ground; also of ``unknown``
        ground, where it is a guess of the field and no assessment.
    advice
        Where next to nothing is drawn: why, and what would draw more. Empty otherwise.
    """

    day: dt.date
    as_of: dt.date | None
    features: tuple[Feature, ...]
    unused: tuple[Unused, ...]
    undated: int
    shares: Mapping[str, float]
    probabilities: Mapping[str, Mapping[str, float]]
    advice: str = ""

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in self.shares.items())
        known = "in hindsight" if self.as_of is None else f"as of {self.as_of}"
        return f"<Draft of {self.day}, {known}: {len(self.features)} patches; {shares}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{share:.1%}</td></tr>" for name, share in self.shares.items()
        )
        return f"<table><caption>Draft of {self.day}</caption>{rows}</table>"


class Estimator:
    """
    The ground of a theatre, and what its statements say of it at any date.

    Parameters
    ----------
    area
        Study area, longitude, latitude.
    places
        Gazetteer, by id.
    statements
        Rows of `geo.model.STATEMENTS`.
    sources
        Rows of `geo.model.SOURCES`, by id: publisher, leaning, day of publication.
    sides
        Side of each actor, by id; an actor that is not there is its own side.
    dates
        Dates of the theatre's other layers: a draft leaves the ground of the one before as it is,
        but where evidence moved it.
    parameters
        The numbers of the method; the default is `Parameters()`.
    as_of
        Only what was published by then counts; the default is hindsight.

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
        dates: Sequence[dt.date] = (),
        parameters: Parameters | None = None,
        as_of: dt.date | None = None,
    ) -> None:
        self.area = area
        self.parameters = parameters or Parameters()
        self.as_of = as_of
        self._dates = sorted(dates)
        self._places = places
        self.plane = LocalPlane.around(area)
        self._statements = Statements(places, statements, sources, sides, self.parameters, as_of)
        self._looks = Looks(area, self.plane, places, self._statements, self.parameters)
        self._assessed = lru_cache(maxsize=_KEPT)(self._assess)
        self._drawn: dict[dt.date, tuple[Floats, Floats]] = {}
        if not self._looks.located:
            raise ValueError(
                "no place with a statement has a position in or near the study area, so there is "
                "nothing to estimate from; add coordinates to places.geojson or statements to "
                "statements.csv"
            )

    @classmethod
    def of(
        cls,
        folder: Folder,
        *,
        parameters: Parameters | None = None,
        as_of: dt.date | None = None,
    ) -> Estimator:
        """
        Return the estimator of a theatre.

        Parameters
        ----------
        folder
            The layers.
        parameters
            The numbers of the method; the default is `Parameters()`.
        as_of
            Only what was published by then counts; the default is hindsight.

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
            dates=tuple(folder.control),
            parameters=parameters,
            as_of=as_of,
        )

    # ------------------------------------------------------------ the field

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

    def told(self, day: str | dt.date) -> list[Told]:
        """
        Return what statements tell of the ground on a date.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        told
            Words in force, and in hindsight the next words after.

        Raises
        ------
        DateError
            If `day` is no date.
        """
        return self._looks.of_day(parse_day(day))

    def spoken_of(self, day: dt.date) -> list[tuple[str, shapely.Geometry, list[Row]]]:
        """
        Return the places that words in force on a date speak of as a whole.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        places
            Id, ground (longitude, latitude; as widely as the position is known, inside the study
            area) and statements of each.
        """
        found: list[tuple[str, shapely.Geometry, list[Row]]] = []
        for place_id, (shape, radius_m) in self._looks.located.items():
            rows = self._statements.in_force(place_id, day)
            rows = [row for row in rows if str(row.values.get("extent") or "all") == "all"]
            near: shapely.Geometry = shapely.buffer(shape, max(radius_m, _LEAST_M))
            ground = shapely.intersection(snap(self.plane.inverse(near)), self.area)
            if rows and not shapely.is_empty(ground):
                found.append((place_id, ground, rows))
        return found

    def observations(self, day: str | dt.date) -> Observations:
        """
        Return what statements tell of the ground on a date, as a field reads it.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        observations
            In metres of ``plane``, by the `sides`.

        Raises
        ------
        DateError
            If `day` is no date.
        """
        day = parse_day(day)
        return self._looks.observations(self._looks.of_day(day), day, self._fitted[1])

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
        return self.field_of(self.told(day), parse_day(day))

    def field_of(
        self, told: Sequence[Told], day: dt.date, far: Sequence[Told] | None = None
    ) -> LatentField:
        """
        Return the field of a date by some of what is told, or more.

        Parameters
        ----------
        told
            What counts.
        day
            The date.
        far
            Heights far from all evidence follow from this; the default is `told`.

        Returns
        -------
        field
            With the numbers that were fitted to all that was told.
        """
        seen, prior = self._looks.observations(told, day, self._fitted[1]), None
        if far is not None:
            prior = prior_heights(self._looks.observations(far, day, self._fitted[1]))
        return LatentField(seen, self.sides, parameters=self._fitted[0], prior=prior)

    @property
    def looks(self) -> Looks:  # numpydoc ignore=RT01
        """What is told of the ground, date by date."""
        return self._looks

    def take_numbers(self, other: Estimator) -> None:
        """
        Take what was worked out for nearly the same words, of the same area.

        Parameters
        ----------
        other
            Whose numbers of the field are taken, instead of fitting them anew.
        """
        self._fitted, self._grid, self._columns = other._fitted, other._grid, other._columns

    def links(self, day: dt.date) -> list[Link]:
        """
        Return what words in force on a date say of how ground hangs together.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        links
            Gaps, and grounds that are severed, to weigh random maps by.
        """
        return self._looks.links(day, self._fitted[1])

    @property
    def field_parameters(self) -> tuple[FieldParameters, ...]:
        """
        The numbers of the field, the same on every date.

        Returns
        -------
        parameters
            Fitted to all that was told.
        """
        return self._fitted[0]

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
            The date.

        Returns
        -------
        weight
            Basis x confidence x age x position, see `Parameters`.
        """
        said = self._statements
        aged = float(lasting((day - said.day(row)).days / self._fitted[1]))
        return said.credence(row) * said.sharpness(row) * aged

    @cached_property
    def _fitted(self) -> tuple[tuple[FieldParameters, ...], float]:
        """Range and spread of the theatre, and how fast its words age, from all that was told."""
        told = self._looks.of_all_days()
        middle = sorted(one.day for one in told)[len(told) // 2]
        first = self._looks.observations(told, middle, 1.0)
        clocks = [self._looks.clocks(told, middle, days) for days in _CLOCKS_DAYS]
        places = sorted({one.place_id for one in told})
        groups = np.array([places.index(one.place_id) for one in told], np.intp)

        def fitted() -> Floats:
            fits = fit(first, clocks, groups)
            best = max(range(len(fits)), key=lambda k: fits[k][1])
            return np.array([(*astuple(one), _CLOCKS_DAYS[best]) for one in fits[best][0]])

        parts = [*first.arrays(), *clocks, groups]
        found = self._keep("numbers of a field", len(first), parts, fitted)
        return tuple(FieldParameters(*row[:-1]) for row in found.tolist()), float(found[0, -1])

    # ------------------------------------------------------------ the drawing

    def draft(
        self,
        day: str | dt.date,
        *,
        kept: Sequence[Feature] = (),
        before: Sequence[Feature] = (),
    ) -> Draft:
        """
        Draft the control layer of one date.

        Parameters
        ----------
        day
            The date.
        kept
            Patches of the layer of that date, if there is one: what was drawn by hand (it names no
            statement) stays.
        before
            Patches of the layer before: ground stays as it was but where evidence moved it, what
            was drawn by hand too, and a patch that goes on keeps its id.

        Returns
        -------
        draft
            Patches that cover the study area exactly once.

        Raises
        ------
        DateError
            If `day` is no date.
        ValueError
            If no statement counts on that date.
        """
        day = parse_day(day)
        told = self._looks.of_day(day)
        if not told:
            raise ValueError(
                f"no statement is in force on {day}: none is dated within the "
                f"{self.parameters.max_age_days} days before it at a place that can be drawn; "
                + self._looks.nearest_word(day)
            )
        grid = self._grid
        chance, known = self._series(day)
        faces = draw_faces(grid, chance, known, self.parameters)
        node = np.concatenate([one.xy for one in told])
        spot = shapely.get_coordinates(self.plane.inverse(shapely.MultiPoint(node)))
        owner = np.repeat(np.arange(len(told)), [len(one.xy) for one in told])
        side = np.array([one.shares.argmax() for one in told])[owner]

        def is_named(face: Face) -> bool:
            inside = shapely.contains_xy(face.shape, spot[:, 0], spot[:, 1])
            return bool((inside & (side == face.side)).any())

        faces = drop_islands(faces, is_named, _ISLAND * grid.ground_m2, self.plane)
        by_hand = [one for one in kept or before if is_by_hand(one)]
        if by_hand:
            faces, shapes = cut_out(faces, [one.geometry for one in by_hand if one.geometry])
            by_hand = [
                replace(one, geometry=snap(shape))
                for one, shape in zip(by_hand, shapes, strict=True)
            ]
        features, probabilities = list(by_hand), {}
        drafted = [one for one in kept or before if not is_by_hand(one)]
        maker = PatchMaker(
            self._places,
            self._statements,
            self.parameters,
            self.plane,
            grid.ground_m2,
            drafted,
        )
        lonlat = shapely.get_coordinates(self.plane.inverse(shapely.MultiPoint(grid.asked)))
        area: dict[str, float] = defaultdict(float)
        for face in sorted(faces, key=lambda face: -shapely.area(face.shape)):
            inside = shapely.contains_xy(face.shape, lonlat[:, 0], lonlat[:, 1])
            mean = chance[inside].mean(axis=0) if inside.any() else self._nearest(face, chance)
            mine = told_in(face, told, spot, owner, side)
            feature = maker.make(face, mine, mean, day)
            features.append(feature)
            probabilities[feature.id] = dict(zip(self.sides, mean.tolist(), strict=True))
            area[face.kind.name.lower()] += float(
                shapely.area(self.plane.forward(shapely.segmentize(face.shape, 0.1)))
            )
        features.sort(key=lambda feature: feature.id)
        shares = {kind.name.lower(): area[kind.name.lower()] / grid.ground_m2 for kind in Class}
        spoken_of = {one.place_id for one in told}
        unused = tuple(u for u in self._looks.unused if u.place_id not in spoken_of)
        undated = len(self._statements.undated)
        advice = advise(chance, known, self.parameters) if shares["unknown"] > _NOTHING else ""
        return Draft(
            day, self.as_of, tuple(features), unused, undated, shares, probabilities, advice
        )

    @cached_property
    def _grid(self) -> Grid:
        return Grid(self.area, self.plane)

    def _assess(self, day: dt.date) -> tuple[Floats, Floats]:
        """Chance of each side, and what is known, at the points of the grid."""
        seen = self.observations(day)
        parts = [*seen.arrays(), self.field_parameters, self._grid.asked]

        def assessed() -> Floats:
            return np.column_stack(self.field(day).assess(self._columns))

        found = self._keep("field on a grid", len(seen), parts, assessed)
        return found[:, :-1], found[:, -1]

    @staticmethod
    def _keep(
        question: str, words: int, parts: Sequence[object], compute: Callable[[], Floats]
    ) -> Floats:
        """What so many words give, kept where it is worth that."""
        return kept_table(question, parts, compute) if words >= _WORTH_KEEPING else compute()

    @cached_property
    def _columns(self) -> KeptColumns:
        return KeptColumns(self._grid.asked)

    def _series(self, day: dt.date) -> tuple[Floats, Floats]:
        """The field as it is drawn: that of the layer before, but where evidence moved it."""
        if day in self._drawn:
            return self._drawn[day]
        steps = [*(one for one in self._dates if one < day and self._looks.of_day(one)), day]
        # From the last date that is known.
        begun = max((k for k, one in enumerate(steps) if one in self._drawn), default=0)
        drawn = self._drawn.get(steps[begun]) or self._assessed(steps[begun])
        for before, after in pairwise(steps[begun:]):
            news = self._looks.news(before, after)
            fields = self._assessed(before), self._assessed(after)
            drawn = follow(self._grid, drawn, *fields, news, self.parameters)
            if after in self._dates:
                self._drawn[after] = drawn
                if len(self._drawn) > _KEPT:
                    del self._drawn[next(iter(self._drawn))]
        return drawn

    def _nearest(self, face: Face, chance: Floats) -> Floats:
        """The chances at the point of the grid nearest to a face that holds none."""
        spot = shapely.get_coordinates(self.plane.forward(shapely.point_on_surface(face.shape)))
        return np.asarray(chance[int(((self._grid.asked - spot) ** 2).sum(axis=1).argmin())])
