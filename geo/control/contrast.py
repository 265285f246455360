"""
Two maps of one theatre, by other people or by other methods, on the same faces.

The layers of both are noded together as if they were one series: those of the second map stand ten
cycles of the calendar later, so that each map answers for a day with its own layer in force. What
one map does not reach is ground of its own kind, `OUTSIDE`, and is compared with nothing. Every
answer swaps when the maps do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.control.composite import Composite
from geo.control.faces import index_in_force, sum_areas
from geo.control.fronts import distances_km, front_lines, nearest_of, points_along
from geo.control.labelling import find_coverage_errors, raise_coverage
from geo.crs import area_km2
from geo.errors import CoverageError
from geo.model import Label, Patch, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from geo.coverage import Arrangement

    Ints = NDArray[np.int64]
    Columns = dict[str, list[Any]]

OUTSIDE = "outside"
"""What stands for the holder of ground that a map does not reach."""

_LATER = dt.timedelta(days=1_460_970)
"""Ten times the 400 years after which the calendar repeats itself."""

_SILENT = frozenset({OUTSIDE, Status.UNKNOWN, Status.NONE})
"""Holders of ground of which a map says nothing, or that nobody is there."""

_SAME_KM = 5e-4
"""A point of a line lies beside the same line, by the grid and by the chords it is measured on."""

_LEAST_KM2 = 0.01
"""Smaller pieces of changed ground are not followed from map to map."""


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """
    A map as somebody draws it.

    Attributes
    ----------
    area
        The ground that it may cover, longitude, latitude; a layer may leave some of it out.
    layers
        Patches of each date.
    """

    area: shapely.Geometry
    layers: Mapping[dt.date, Sequence[Patch]]


class Contrast:
    """
    Two maps on the same faces.

    Parameters
    ----------
    here, there
        The maps; each has a layer.
    sides
        Side of each controller, of both maps; one that is not listed is its own side.

    Raises
    ------
    CoverageError
        If patches of a layer overlap.
    """

    def __init__(self, here: DrawnMap, there: DrawnMap, sides: Mapping[str, str]) -> None:
        self.here, self.there = tuple(sorted(here.layers)), tuple(sorted(there.layers))
        area = _joined([here.area, there.area])
        snapshots = {day: _filled(area, patches) for day, patches in here.layers.items()}
        snapshots |= {day + _LATER: _filled(area, patches) for day, patches in there.layers.items()}
        try:
            self.composite = Composite.build(area, snapshots, sides)
        except CoverageError as error:
            # Its dates are those of the joint series: say it again of each map by itself.
            for one in (here, there):
                for day, patches in one.layers.items():
                    raise_coverage(find_coverage_errors(area, day, _filled(area, patches)))
            raise error

    @cached_property
    def days(self) -> tuple[dt.date, ...]:  # numpydoc ignore=RT01
        """
        The days on which the maps can be compared.

        Those of a layer of either while both have one in force and neither has ended; where the
        one ends before the other begins, the day on which that begins.
        """
        first = max(self.here[0], self.there[0])
        last = max(first, min(self.here[-1], self.there[-1]))
        return tuple(sorted({d for d in (*self.here, *self.there, first) if first <= d <= last}))

    def as_of(self, day: dt.date) -> tuple[dt.date, dt.date]:
        """
        Return the dates of the layers that the maps have in force on a day.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        here, there
            Dates of layers.

        Raises
        ------
        DateError
            If the day is before the first layer of either.
        """
        one, two = (days[index_in_force(days, day)] for days in (self.here, self.there))
        return one, two

    def _faces(self, day: dt.date) -> tuple[Arrangement, Ints, Ints]:
        """Faces, and the labels that each map gives them; -1 beyond both."""
        one, two = self.as_of(day)
        arrangement, first, second = self.composite.between(one, two + _LATER)
        return arrangement, first.astype(np.int64), second.astype(np.int64)

    def _shared(self, day: dt.date) -> tuple[Arrangement, Ints, Ints, NDArray[np.bool_]]:
        """The same, and which faces both maps reach."""
        arrangement, first, second = self._faces(day)
        out = np.array([label.status == OUTSIDE for label in self.composite.labels] + [True])
        return arrangement, first, second, ~out[first] & ~out[second]

    # ------------------------------------------------------------ ground

    def pairs(self, day: dt.date, *, by: str = "side") -> Columns:
        """
        Return how much ground the one map gives to whom, and the other to whom.

        Parameters
        ----------
        day
            The date.
        by
            ``side`` or ``holder``.

        Returns
        -------
        pairs
            ``here``, ``there`` (sides or holders, a status where nobody holds ground alone,
            ``outside`` where a map does not reach) and ``area_km2``, geodesic.
        """
        arrangement, first, second = self._faces(day)
        names, code = self.composite.holder_codes if by == "holder" else self.composite.side_codes
        pair = np.where(first < 0, -1, code[first] * len(names) + code[second])
        table = sum_areas(pair, self.composite.ground_km2(arrangement), len(names) ** 2)
        found = np.flatnonzero(table > 0)
        return {
            "here": [names[k // len(names)] for k in found.tolist()],
            "there": [names[k % len(names)] for k in found.tolist()],
            "area_km2": table[found].tolist(),
        }

    def classes(self, day: dt.date) -> Columns:
        """
        Return how much ground the maps see alike, by how sure each is.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        classes
            ``here``, ``there`` (a confidence, or the status where none is said), ``same_km2`` and
            ``other_km2``: ground that both reach and give to the same, and to others.
        """
        arrangement, first, second, shared = self._shared(day)
        code, ground = self.composite.side_codes[1], self.composite.ground_km2(arrangement)
        sure = [str(label.confidence or label.status) for label in self.composite.labels]
        found: dict[tuple[str, str], list[float]] = {}
        for k in np.flatnonzero(shared).tolist():
            sums = found.setdefault((sure[first[k]], sure[second[k]]), [0.0, 0.0])
            sums[int(code[first[k]] != code[second[k]])] += float(ground[k])
        keys = sorted(found)
        return {
            "here": [key[0] for key in keys],
            "there": [key[1] for key in keys],
            "same_km2": [found[key][0] for key in keys],
            "other_km2": [found[key][1] for key in keys],
        }

    def front(
        self, day: dt.date, left: str, right: str, places: Mapping[str, tuple[float, float]]
    ) -> dict[str, Any]:
        """
        Return how far the fronts of two sides lie apart on the two maps.

        Parameters
        ----------
        day
            The date.
        left, right
            The sides.
        places
            Longitude and latitude of each place, by id.

        Returns
        -------
        front
            ``here_km`` and ``there_km``, lengths; then over points at equal steps along both lines,
            each to the nearest of the other: ``mean_km``, ``p95_km``, ``largest_km``, where that is
            (``lon``, ``lat``, ``place_id``, ``place_km``), and ``signed_km``, the mean that counts
            as positive where the second map gives more ground to `left`, as negative where to
            `right`, and as nothing where the map of the other line gives a point to neither. All
            None where one map has no such front, and no position where the two are one line.
        """
        one, two = self.as_of(day)
        lines = [front_lines(self.composite, d, left, right) for d in (one, two + _LATER)]
        found: dict[str, Any] = {"left": left, "right": right}
        found |= {
            f"{name}_km": float(line["length_km"].sum())
            for name, line in zip(("here", "there"), lines, strict=True)
        }
        names = ("mean_km", "signed_km", "p95_km", "largest_km", "lon", "lat")
        found |= dict.fromkeys((*names, "place_id", "place_km"))
        if not all(map(len, lines)):
            return found
        far, signed, spots = self._apart(lines, (one, two + _LATER), left, right)
        # Of equals the one in the south-west, so that it is the same whichever map comes first.
        k = int(np.lexsort([*spots.T[::-1], -far])[0])
        figures = (far.mean(), signed.mean(), np.percentile(far, 95), far[k])
        found |= dict(zip(names, map(float, figures), strict=False))
        if far[k]:
            at = (round(float(spots[k][0]), 6), round(float(spots[k][1]), 6))
            found |= dict(zip(("lon", "lat"), at, strict=True))
            found["place_id"], found["place_km"] = nearest_of(places, at)
        return found

    def _apart(
        self,
        lines: Sequence[gpd.GeoDataFrame],
        days: tuple[dt.date, dt.date],
        left: str,
        right: str,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Of points along both fronts: distance to the other, the same signed, and positions."""
        names = self.composite.side_codes[0]
        far, signed, spots = [], [], []
        # A point of the second map's front in ground that the first gives to the left side: the
        # second gives that side less. A point of the first map's front is seen the other way round.
        for points_of, other, sign in ((1, 0, 1.0), (0, 1, -1.0)):
            points = points_along(lines[points_of])
            away = distances_km(points, shapely.multilinestrings(lines[other].geometry.array))
            away[away < _SAME_KM] = 0.0
            xy = shapely.get_coordinates(points)
            label = self.composite.labels_at(days[other], xy[:, 0], xy[:, 1])
            side = np.append(self.composite.held_codes, -1)[label]
            way = (side == names.index(right)).astype(float) - (side == names.index(left))
            far.append(away)
            signed.append(sign * way * away)
            spots.append(xy)
        return np.concatenate(far), np.concatenate(signed), np.concatenate(spots)

    def fronts(self, day: dt.date, places: Mapping[str, tuple[float, float]]) -> Columns:
        """
        Return `front` of every two sides that meet on a map.

        Parameters
        ----------
        day
            The date.
        places
            Longitude and latitude of each place, by id.

        Returns
        -------
        fronts
            The columns named there, the longest front first.
        """
        one, two = self.as_of(day)
        met: set[tuple[str, str]] = set()
        for layer in (one, two + _LATER):
            lines = front_lines(self.composite, layer)
            met.update(zip(lines["left"], lines["right"], strict=True))
        rows = [self.front(day, left, right, places) for left, right in sorted(met)]
        rows.sort(key=lambda row: -row["here_km"] - row["there_km"])
        names = rows[0] if rows else {}
        return {name: [row[name] for row in rows] for name in names}

    # ------------------------------------------------------------ time

    def first_shown(self) -> Columns:
        """
        Return which map showed first that ground came to a side, and how much earlier.

        Ground of the same taker is paired, what is nearest in time first, while both maps have a
        layer in force; each piece of ground is paired once.

        Returns
        -------
        shown
            One row a taker and pair of dates, the most ground first: ``to``, ``here``, ``there``
            (dates of layers; None where the map never shows it), ``days`` (from the first map's to
            the second's; negative where the second was first) and ``area_km2``.
        """
        span = max(self.here[0], self.there[0]), min(self.here[-1], self.there[-1])
        ours, theirs = (self._takings(days, later, span) for days, later in self._series)
        found: dict[tuple[str, dt.date | None, dt.date | None], float] = {}
        shapes = [[shape for *_, shape in one] for one in (ours, theirs)]
        tree = shapely.STRtree(shapes[1])
        one, two = tree.query(np.array(shapes[0], dtype=object), predicate="intersects")
        near = [
            (abs((ours[i][1] - theirs[j][1]).days), *sorted((ours[i][1], theirs[j][1])), i, j)
            for i, j in zip(one.tolist(), two.tolist(), strict=True)
            if ours[i][0] == theirs[j][0]
        ]
        for *_, i, j in sorted(near, key=lambda row: row[:3]):
            both = _ground_of(shapely.intersection(shapes[0][i], shapes[1][j], grid_size=1e-6))
            if shapely.is_empty(both):
                continue
            key = (ours[i][0], ours[i][1], theirs[j][1])
            found[key] = found.get(key, 0.0) + float(area_km2(both)[0])
            for many, k in ((shapes[0], i), (shapes[1], j)):
                many[k] = _ground_of(shapely.difference(many[k], both, grid_size=1e-6))
        for which, (takings, left) in enumerate(zip((ours, theirs), shapes, strict=True)):
            for (to, day, _), shape in zip(takings, left, strict=True):
                alone = (to, day, None) if which == 0 else (to, None, day)
                found[alone] = found.get(alone, 0.0) + float(area_km2(shape)[0])
        rows = [(key, area) for key, area in found.items() if area >= _LEAST_KM2]
        rows.sort(key=lambda row: (-row[1], row[0][0], str(row[0][1]), str(row[0][2])))
        return {
            "to": [key[0] for key, _ in rows],
            "here": [key[1] for key, _ in rows],
            "there": [key[2] for key, _ in rows],
            "days": [(k[2] - k[1]).days if k[1] and k[2] else None for k, _ in rows],
            "area_km2": [area for _, area in rows],
        }

    @property
    def _series(self) -> tuple[tuple[tuple[dt.date, ...], dt.timedelta], ...]:
        return (self.here, dt.timedelta()), (self.there, _LATER)

    def _takings(
        self, days: Sequence[dt.date], later: dt.timedelta, span: tuple[dt.date, dt.date]
    ) -> list[tuple[str, dt.date, shapely.Geometry]]:
        """Ground that came to a side on a map: whose it became, when, and where."""
        found = []
        for before, day in pairwise(days):
            if not span[0] < day <= span[1]:
                continue
            for piece in self.composite.changes(before + later, day + later, _LEAST_KM2):
                old, new = (
                    self.composite.sides.get(one, one)
                    for one in (piece.from_holder, piece.to_holder)
                )
                if piece.to_controller and old != new and old not in _SILENT:
                    found.append((new, day, piece.geometry))
        return found

    # ------------------------------------------------------------ places, and the maps as patches

    def holders_at(
        self, day: dt.date, positions: Sequence[tuple[float, float]]
    ) -> list[tuple[str, str]]:
        """
        Return to whom each map gives positions.

        Parameters
        ----------
        day
            The date.
        positions
            Longitude, latitude.

        Returns
        -------
        holders
            The sides, or statuses where nobody holds ground alone; ``outside`` beyond a map.
        """
        if not positions:
            return []
        lon, lat = zip(*positions, strict=True)
        one, two = self.as_of(day)
        named = [self.composite.side(label) for label in self.composite.labels] + [OUTSIDE]
        first, second = (self.composite.labels_at(d, lon, lat) for d in (one, two + _LATER))
        return [(named[i], named[j]) for i, j in zip(first, second, strict=True)]

    def common(self, day: dt.date) -> tuple[Composite, dt.date, dt.date]:
        """
        Return both maps of a day on the ground that both reach, as a series of two layers.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        composite, here, there
            The series, and the dates that stand for the maps in it.
        """
        arrangement, first, second, shared = self._shared(day)
        _, area = arrangement.dissolve(np.where(shared, 0, -1))
        layers = {}
        for date, labels in ((day, first), (day + _LATER, second)):
            values, shapes = arrangement.dissolve(np.where(shared, labels, -1))
            layers[date] = [
                Patch(self.composite.labels[k], shape)
                for k, shape in zip(values.tolist(), shapes, strict=True)
            ]
        ground = area[0] if len(area) else shapely.MultiPolygon()
        return Composite.build(ground, layers, self.composite.sides), day, day + _LATER

    def ground(self, day: dt.date) -> list[tuple[Label, Label, shapely.Geometry]]:
        """
        Return the ground of every pair of labels.

        Parameters
        ----------
        day
            The date.

        Returns
        -------
        ground
            The label on either map and the ground that has both, where both maps reach.
        """
        arrangement, first, second, shared = self._shared(day)
        many = len(self.composite.labels)
        values, shapes = arrangement.dissolve(np.where(shared, first * many + second, -1))
        labels = self.composite.labels
        return [
            (labels[k // many], labels[k % many], shape)
            for k, shape in zip(values.tolist(), shapes, strict=True)
        ]


def _joined(areas: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """The ground that any of some maps covers."""
    one, *others = areas
    if all(shapely.equals_identical(one, other) for other in others):
        return one
    joined: shapely.Geometry = shapely.union_all(list(areas), grid_size=1e-6)
    return joined


def _filled(area: shapely.Geometry, patches: Sequence[Patch]) -> list[Patch]:
    """The patches of a layer, and one for the ground that it does not reach."""
    own = shapely.union_all([patch.geometry for patch in patches], grid_size=1e-6)
    rest = _ground_of(shapely.difference(area, own, grid_size=1e-6))
    if shapely.is_empty(rest):
        return list(patches)
    return [*patches, Patch(Label(status=OUTSIDE, patch=OUTSIDE), rest)]


def _ground_of(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """What of a geometry has an area; where two shapes only touch, there is none."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts if isinstance(part, shapely.Polygon)])


def compare_sides(pairs: Mapping[str, Sequence[Any]], sides: Sequence[str]) -> Columns:
    """
    Return how alike the ground of each side is on two maps.

    Parameters
    ----------
    pairs
        As from `Contrast.pairs`.
    sides
        Those to be told; only ground that both maps reach counts.

    Returns
    -------
    sides
        ``side``, ``here_km2``, ``there_km2``, ``both_km2`` and ``overlap``: both over either
        (intersection over union).
    """
    rows = [
        row
        for row in zip(pairs["here"], pairs["there"], pairs["area_km2"], strict=True)
        if OUTSIDE not in row[:2]
    ]
    found: Columns = {k: [] for k in ("side", "here_km2", "there_km2", "both_km2", "overlap")}
    for side in sides:
        here = sum((area for one, _, area in rows if one == side), 0.0)
        there = sum((area for _, two, area in rows if two == side), 0.0)
        both = sum((area for one, two, area in rows if one == two == side), 0.0)
        if here or there:
            figures = (side, here, there, both, both / (here + there - both))
            for name, value in zip(found, figures, strict=True):
                found[name].append(value)
    return found


def sum_agreement(pairs: Mapping[str, Sequence[Any]], sides: Sequence[str]) -> dict[str, float]:
    """
    Return on how much ground two maps agree.

    Parameters
    ----------
    pairs
        As from `Contrast.pairs`.
    sides
        What of its holders are sides, and not statuses.

    Returns
    -------
    agreement
        ``common_km2`` (both reach), ``same_km2`` (of that, both say the same), ``held_km2`` (of
        that, both give it to a side), ``held_same_km2`` (to the same one), and ``here_only_km2``
        and ``there_only_km2``, which the other does not reach.
    """
    known = set(sides)
    names = ("common", "same", "held", "held_same", "here_only", "there_only")
    sums = dict.fromkeys((f"{name}_km2" for name in names), 0.0)
    for one, two, area in zip(pairs["here"], pairs["there"], pairs["area_km2"], strict=True):
        if OUTSIDE in {one, two}:
            # A rim of both may be ground of neither.
            if one != two:
                sums["there_only_km2" if one == OUTSIDE else "here_only_km2"] += area
            continue
        sums["common_km2"] += area
        sums["same_km2"] += area * (one == two)
        if one in known and two in known:
            sums["held_km2"] += area
            sums["held_same_km2"] += area * (one == two)
    return sums
