"""Little theatres for the estimate: places of every shape, what is said of them, random ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from hypothesis import strategies as st

from geo.evidence.estimate.draft import Estimator
from geo.evidence.estimate.parameters import Parameters
from geo.model import STATEMENTS, Feature, Row, parse_day

AREA = shapely.box(37.0, 33.0, 38.0, 34.0)
DAYS = ("2017-07-01", "2017-07-10", "2017-07-20")
_CELLS = 1e3
"""Positions of random places are this fine, in fractions of the area."""


def place(name, lon, lat, radius_m=500):
    """A place with a position; none where `lon` is None."""
    geometry = None if lon is None else shapely.Point(lon, lat)
    return drawn(name, geometry, radius_m)


def drawn(name, geometry, radius_m=500):
    """A place of any shape."""
    return Feature(name, {"id": name, "name": name.title(), "geo_radius_m": radius_m}, geometry)


def said(place_id, date, controller, *, source="wire", basis="reported", confidence="high", **more):
    """A statement; a controller with a semicolon is two, who contest the place."""
    contested = ";" in controller
    values = dict.fromkeys(column.name for column in STATEMENTS.columns) | {
        "place_id": place_id,
        "date": date,
        "status": "contested" if contested else "controlled",
        "controller": None if contested else controller,
        "controllers": controller if contested else None,
        "basis": basis,
        "confidence": confidence,
        "source_ids": source,
    }
    extent = more.get("extent") or "all"
    who = controller.replace(";", "+")
    return Row(f"stm-{place_id}-{date}-{who}-{source}-{extent}", values | more)


def taken(place_id, date, controller, **more):
    """A statement that a place was taken: it names its event."""
    return said(place_id, date, controller, event_ids=f"evt-{place_id}-{date}", **more)


def source(name, leaning=None, published=None):
    """A row of the sources."""
    return Row(name, {"publisher": name, "leaning": leaning, "published": published})


SOURCES = {one.id: one for one in (source("wire"), source("monitor"))}
SOURCES |= {f"red-{kind}": source(f"red-{kind}", "red") for kind in ("tv", "radio", "paper")}


def estimator(
    places,
    statements,
    *,
    area=AREA,
    sides=None,
    dates=(),
    as_of=None,
    sources=SOURCES,
    **parameters,
):
    """An estimator of places and statements."""
    return Estimator(
        area,
        {one.id: one for one in places},
        list(statements),
        sources,
        sides or {},
        dates=[parse_day(day) for day in dates],
        as_of=None if as_of is None else parse_day(as_of),
        parameters=Parameters(**parameters),
    )


def held_at(draft, lon, lat):
    """The properties of the patch at a point."""
    point = shapely.Point(lon, lat)
    return next(one.properties for one in draft.features if one.geometry.covers(point))


def holders(draft, lonlat):
    """The controller at each of some points, empty where none holds it alone."""
    return np.array([value["controller"] or "" for value in at_points(draft, lonlat)])


def at_points(draft, lonlat):
    """The properties of the patch at each of some points."""
    tree = shapely.STRtree([one.geometry for one in draft.features])
    point, patch = tree.query(shapely.points(np.asarray(lonlat, dtype=float)), "intersects")
    found = dict(zip(point.tolist(), patch.tolist(), strict=True))
    return [draft.features[found[k]].properties for k in range(len(lonlat))]


def same(one, other):
    """Whether two drafts are one, but for where their rings begin."""
    return [f.properties for f in one.features] == [f.properties for f in other.features] and all(
        shapely.equals([f.geometry for f in one.features], [f.geometry for f in other.features])
    )


def lattice(area=AREA, across=40):
    """Points evenly over the bounds of an area, off its edges."""
    west, south, east, north = shapely.bounds(area)
    middle = (np.arange(across) + 0.5) / across
    lon, lat = west + middle * (east - west), south + middle * (north - south)
    return np.stack(np.meshgrid(lon, lat), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Theatre:
    """What `theatres` makes: ground, places and what was said of them."""

    area: shapely.Geometry
    places: tuple[Feature, ...]
    statements: tuple[Row, ...]

    def estimator(self, **more):
        """Of this theatre."""
        return estimator(self.places, self.statements, area=self.area, **more)

    def renamed(self, names):
        """The same with other names of the sides."""

        def name(value):
            if not value:
                return value
            return ";".join(sorted(names.get(one, one) for one in value.split(";")))

        rows = [
            replace(
                row,
                values=row.values
                | {key: name(row.values[key]) for key in ("controller", "controllers", "opposite")},
            )
            for row in self.statements
        ]
        return replace(self, statements=tuple(rows))


@st.composite
def theatres(draw, least_sides=1, most_sides=4, most_places=9, size_km=None, shapes=True):
    """Random theatres: 5 to 1,000 km across, of any number of sides and shapes."""
    sides, places = st.integers(least_sides, most_sides), st.integers(1, most_places)
    side_km = draw(st.sampled_from([5, 60, 110, 1000]) if size_km is None else size_km)
    degrees = side_km / 111.2
    west, south = 30.0, 33.0
    east, north = west + degrees / np.cos(np.radians(south + degrees / 2)), south + degrees
    area = shapely.box(west, south, round(float(east), 6), round(float(north), 6))
    names = [f"side-{k:02d}" for k in range(draw(sides))]
    kinds = ["point"] * 3 + ["line", "area", "front", "gap", "ring", "track", "share"] * shapes
    found, rows = [], []
    for k in range(draw(places)):
        at = [draw(st.integers(20, 980)) / _CELLS for _ in range(2)]
        kind = draw(st.sampled_from(kinds)) if len(names) > 1 else "point"
        shape = _shape(kind, np.array(at), 0.02 + 0.2 * draw(st.integers(0, 5)) / 5, area)
        radius = side_km * draw(st.sampled_from([0, 5, 20, 90]))
        found.append(drawn(f"p{k}", shape, radius))
        days = draw(st.lists(st.sampled_from(DAYS), unique=True, min_size=1, max_size=2))
        for day in days:
            one = draw(st.sampled_from(names))
            other = draw(st.sampled_from([name for name in names if name != one] or [one]))
            rows.append(_word(draw, kind, f"p{k}", day, one, other, side_km))
    # Something is in force on every date.
    rows.append(said("p0", DAYS[0], names[0], source="monitor"))
    rows = [replace(row, id=f"{row.id}-{k}") for k, row in enumerate(rows)]
    return Theatre(area, tuple(found), tuple(rows))


def _shape(kind, at, size, area):
    """A shape of a kind at a point, in fractions of an area, kept inside of it."""
    west, south, east, north = shapely.bounds(area)
    moves = {
        "point": [(0, 0)],
        "area": [(0, 0), (1, 0.2), (0.8, 1), (0.1, 0.7)],
        "share": [(0, 0), (1, 0), (1, 0.6), (0, 0.9)],
        "ring": [(0, 0), (0.7, 0), (0.6, 0.8)],
    }.get(kind, [(0, 0), (0.6, 0.4), (1, 0.1)])
    xy = np.clip(at + size * np.array(moves, dtype=float), 0.005, 0.995)
    xy = np.round([west, south] + xy * [east - west, north - south], 6)
    if len(xy) == 1:
        return shapely.Point(xy[0])
    return shapely.Polygon(xy) if kind in {"area", "share", "ring"} else shapely.LineString(xy)


def _word(draw, kind, place_id, day, one, other, side_km):
    who = draw(st.sampled_from(sorted(SOURCES)))
    if kind in {"point", "line", "area"}:
        way = draw(st.sampled_from(["held", "taken", "contested"]))
        if way == "contested" and one != other:
            return said(place_id, day, ";".join(sorted({one, other})), source=who)
        return (taken if way == "taken" else said)(place_id, day, one, source=who)
    more = {"extent": kind, "opposite": other}
    if kind in {"gap", "track"}:
        width = side_km * draw(st.sampled_from([20, 60]))
        more |= {"width_from_m": width, "width_to_m": 2 * width}
    if kind == "share":
        more |= {"share_pct": draw(st.sampled_from([10, 60, 90]))}
    return (taken if kind == "track" else said)(place_id, day, one, source=who, **more)
