"""
What the page says: tables as they are, context as lines and rings, necks and what-ifs rounded.

The three readings of unknown ground mostly find the same cuts, so the page gets each cut once:
firm where it is a neck whether or not unknown ground is one side's, dashed otherwise, with the
reason on its card where a reading has no such neck.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import shapely

from geo._version import __version__
from geo.control import UnknownRule, necks_of_all_dates
from geo.crs import middle_of
from geo.draw.looks import held_colors
from geo.layers import cache_key, load_or_keep, read_reliefs
from geo.model import ACTORS, ALIGNMENTS, ANCHORS, CONTROL, EVENTS, PLACES, THEATRE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from geo.control import AnsweredNeck, Composite, Leg, SupplyOf, WhatIf
    from geo.draw.projection import Projection
    from geo.layers import Folder
    from geo.model import Feature, Value


def page_records(folder: Folder, composite: Composite, projection: Projection) -> dict[str, Any]:
    """Return what the page says of a theatre, ready for JSON; positions are where it draws them."""
    sides = dict(composite.sides)
    theatre = {k: v for k, v in folder.theatre.properties.items() if v is not None}
    record = {
        "version": __version__,
        "theatre": theatre,
        "sides": sides,
        "colors": held_colors(folder, composite),
        "actors": {row.id: _drop_empty(row.values) for row in folder.actors.rows},
        "sources": {row.id: _drop_empty(row.values) for row in folder.sources.rows},
        "places": [_locate(place, projection) for place in folder.places.values()],
        "events": [_locate(event, projection) for event in folder.events],
        "statements": {row.id: _drop_empty(row.values) for row in folder.statements.rows},
        "changes": [_drop_empty(row.values) for row in folder.changes.rows],
        "tour": [_drop_empty(row.values) for row in folder.tour.rows],
        "assessments": [_drop_empty(row.values) for row in folder.assessments.rows],
        "context": _context(folder, projection),
        "patches": _patches(folder, composite),
    }
    if not projection.is_plain:
        record["projection"] = projection.record()
    if folder.reliefs and projection.is_plain:  # A picture of shades is not bent or cut here.
        record["reliefs"] = [
            {"bounds": one.bounds, "picture": f"data:image/{one.form};base64,{_base64(one.data)}"}
            for one in read_reliefs(folder.reliefs, folder.root)
        ]
    return record


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _drop_empty(values: Mapping[str, Value]) -> dict[str, Value]:
    """Without what is empty: the page takes an absent key for an empty one."""
    return {key: value for key, value in values.items() if value is not None}


def _locate(feature: Feature, projection: Projection) -> dict[str, Any]:
    record: dict[str, Any] = _drop_empty(feature.properties)
    shape = feature.geometry
    if shape is None:
        return record
    middle = middle_of(shape)
    record["lonlat"] = projection.point(middle.x, middle.y)
    parts = shapely.get_parts(projection.forward(shape))
    if shapely.get_dimensions(shape) == 1:
        record["lines"] = [_coordinates(part) for part in parts]
    elif shapely.get_dimensions(shape) == 2:
        record["lines"] = [_coordinates(ring) for ring in shapely.get_rings(parts)]
        record["is_area"] = 1
    return record


def _context(folder: Folder, projection: Projection) -> list[dict[str, Any]]:
    """
    Context features as lines to stroke, rings to fill and a spot for the name.

    Data that was cut to a window carries the window's edge as if it were a border; a segment
    that runs along the frame of all areas of its kind is such an edge, and is not stroked.
    """
    features = [
        (f, projection.forward(f.geometry)) for f in folder.context if f.geometry is not None
    ]
    area = projection.forward(folder.area)
    shapes: dict[Value, list[shapely.Geometry]] = {}
    for feature, shape in features:
        shapes.setdefault(feature.properties["kind"], []).append(shape)
    frames = {k: shapely.box(*shapely.total_bounds(many)).exterior for k, many in shapes.items()}
    records = []
    for feature, shape in features:
        record: dict[str, Any] = _drop_empty(feature.properties)
        frame = frames[feature.properties["kind"]]
        parts = shapely.get_parts(shape)
        if shapely.get_dimensions(shape) == 2:
            rings = shapely.get_rings(parts)
            record["rings"] = [_coordinates(ring) for ring in rings]
            record["lines"] = [piece for ring in rings for piece in _off_frame(ring, frame)]
            record["spot"] = _name_spot(shape, area, feature.properties["kind"])
        else:
            record["lines"] = [_coordinates(part) for part in parts]
        records.append(record)
    return records


def _coordinates(line: shapely.Geometry) -> list[list[float]]:
    return shapely.get_coordinates(line).round(5).tolist()  # type: ignore[no-any-return]


def _off_frame(ring: shapely.Geometry, frame: shapely.Geometry) -> list[list[list[float]]]:
    """The stretches of a ring that do not run along the frame."""
    points = shapely.get_coordinates(ring)
    segments = [shapely.LineString(points[i : i + 2]) for i in range(len(points) - 1)]
    real = [segment for segment in segments if not shapely.covers(frame, segment)]
    merged = shapely.line_merge(shapely.MultiLineString(real))
    return [_coordinates(line) for line in shapely.get_parts(merged)]


def _name_spot(shape: shapely.Geometry, area: shapely.Geometry, kind: Value) -> list[float] | None:
    """Where there is most room: for a country beside the study area, else in it."""
    cut = shapely.difference if kind == "country" else shapely.intersection
    room = cut(shape, area)
    if not isinstance(room, shapely.Polygon | shapely.MultiPolygon) or room.is_empty:
        return None
    centre = shapely.get_coordinates(shapely.maximum_inscribed_circle(room, 0.01))[0]
    return [round(float(v), 4) for v in centre]


def _patches(folder: Folder, composite: Composite) -> dict[str, Any]:
    """For each date the reasons of each patch; reasons that recur are stored once."""
    reasons: dict[tuple[Value, ...], int] = {}
    days = []
    for day in composite.dates:
        found = {}
        for feature in folder.control[day].features:
            keys = ("statement_ids", "source_ids", "note")
            reason = tuple(feature.properties.get(key) for key in keys)
            found[feature.id] = reasons.setdefault(reason, len(reasons))
        days.append(found)
    return {"days": days, "reasons": [list(reason) for reason in reasons]}


_SIMPLER_DEG = 5e-4
"""About 50 m: less than the width of the line at the scale at which a pocket is looked at."""
_DECIMALS = 4
"""About 10 m."""


_ALL_DATES = 40
"""Of a theatre with more layers a page has the necks of the two dates that it was drawn for."""
_NECKS_FOLLOW_FROM = (
    *(schema.path for schema in (THEATRE, ACTORS, ALIGNMENTS, ANCHORS, PLACES)),
    EVENTS.path.replace("*.geojson", ""),
)


def necks_by_date(
    composite: Composite, supply: SupplyOf, days: Sequence[dt.date] | None = None
) -> list[list[dict[str, Any]]]:
    """
    Return for each date its necks, ready for JSON; sides that are friends stand together.

    Parameters
    ----------
    composite
        Control at every date.
    supply
        Gives ``anchors``, ``places`` and ``friends`` of `necks` on a day for a side.
    days
        Dates that have a layer; the default is all.

    Returns
    -------
    days
        For each date its necks, the most ground for the shortest cut first.
    """
    found = necks_of_all_dates(composite, supply, days)
    return [sorted(map(_record, one), key=_weight) for _, one in found]


def kept_necks(
    digests: Mapping[str, str],
    composite: Composite,
    supply: SupplyOf,
    chosen: Sequence[dt.date] | None = None,
) -> list[list[dict[str, Any]] | None]:
    """
    Return the necks of dates, each read back where its layer was asked before.

    Parameters
    ----------
    digests
        SHA-256 of every file of the layers.
    composite
        Of its control layers.
    supply
        As for `necks_by_date`.
    chosen
        The dates that the page is drawn for: where there are more than forty layers, those of other
        dates are not worked out. The default is all.

    Returns
    -------
    days
        As from `necks_by_date`; None for a date that was not worked out.
    """
    wanted = set(composite.dates)
    if chosen is not None and len(wanted) > _ALL_DATES:
        wanted = {composite.dates[composite.index(day)] for day in chosen}
    same = {path: one for path, one in digests.items() if path.startswith(_NECKS_FOLLOW_FROM)}
    found: list[list[dict[str, Any]] | None] = []
    for day in composite.dates:
        if day not in wanted:
            found.append(None)
            continue
        layer = CONTROL.path.replace("*", str(day))
        key = cache_key({**same, layer: digests.get(layer, ""), "necks": str(day)})
        found += load_or_keep(
            key,
            lambda day=day: necks_by_date(composite, supply, [day]),  # type: ignore[misc]
            pack=lambda answer: json.dumps(answer).encode(),
            unpack=json.loads,
        )
    return found


def _weight(one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Necks that are there even if unknown ground lets supply through, then the most gain a km."""
    areas = [area for area in one["answers"].values() if not isinstance(area, str)]
    return (
        isinstance(one["answers"][UnknownRule.PASSABLE], str),
        -max(areas) / max(one["km"], 0.1),
        one["line"],
    )


def _record(one: AnsweredNeck) -> dict[str, Any]:
    neck = one.neck
    return {
        "sides": list(one.sides),
        "km": round(neck.length_km, 1),
        "line": [_rounded(line) for line in shapely.get_parts(neck.line)],
        "legs": [_leg(leg) for leg in neck.legs],
        "pocket": _rings(neck.pocket),
        "places": neck.place_ids,
        "events": neck.event_ids,
        "anchors": neck.anchors_lost,
        "certainty": neck.footing.certainty,
        "answers": {
            str(rule): str(area) if isinstance(area, str) else round(area, 1)
            for rule, area in one.answers.items()
        },
    }


def _leg(leg: Leg) -> list[Any]:
    """A leg as the names of its two ends and its km."""
    return [list(leg.one.names), list(leg.two.names), round(leg.length_km, 1)]


def _rings(shape: shapely.Geometry) -> list[list[list[float]]]:
    """Rings to fill, the largest polygon first, a little simpler than they are."""
    simple = shapely.simplify(shape, _SIMPLER_DEG)
    parts = [part for part in shapely.get_parts(simple) if shapely.get_dimensions(part) == 2]
    parts.sort(key=lambda part: -part.area)
    return [_rounded(ring) for part in parts for ring in shapely.get_rings(part)]


def _rounded(line: shapely.Geometry) -> list[list[float]]:
    return shapely.get_coordinates(line).round(_DECIMALS).tolist()  # type: ignore[no-any-return]


def what_if_record(asked: WhatIf, composite: Composite) -> dict[str, Any]:
    """
    Return a what-if as the page shows it: what would be taken, and what that would cut off.

    Parameters
    ----------
    asked
        The advance that nobody reported.
    composite
        Control at every date.

    Returns
    -------
    record
        The question, its date and side, and the rings of the ground taken and cut off.
    """
    return {
        "question": asked.question,
        "date": composite.index(asked.day),
        "side": asked.side,
        "taken": _rings(asked.taken),
        "off": _rings(asked.cut_off()),
    }


def place_necks(
    days: Sequence[Sequence[Mapping[str, Any]] | None], projection: Projection
) -> list[list[dict[str, Any]] | None]:
    """
    Return the necks of each date where a page draws them.

    Parameters
    ----------
    days
        As from `necks_by_date` or `kept_necks`.
    projection
        Where a position is drawn.

    Returns
    -------
    days
        The same ones.
    """

    def placed(one: Mapping[str, Any]) -> dict[str, Any]:
        line = [projection.line(line, _DECIMALS) for line in one["line"]]
        return {**one, "line": line, "pocket": _placed(one["pocket"], projection)}

    return [None if day is None else [placed(one) for one in day] for day in days]


def place_what_if(asked: Mapping[str, Any], projection: Projection) -> dict[str, Any]:
    """
    Return a what-if where a page draws it.

    Parameters
    ----------
    asked
        As from `what_if_record`.
    projection
        Where a position is drawn.

    Returns
    -------
    asked
        The same one.
    """
    return {**asked, **{key: _placed(asked[key], projection) for key in ("taken", "off")}}


def place_told(told: Mapping[str, Any], projection: Projection) -> dict[str, Any]:
    """
    Return what happened between dates with its spots and rings where a page draws them.

    Parameters
    ----------
    told
        As from `geo.evidence.tell_all`.
    projection
        Where a position is drawn.

    Returns
    -------
    told
        The same.
    """

    def spotted(change: Mapping[str, Any]) -> dict[str, Any]:
        spots = [[row, *projection.point(lon, lat)] for row, lon, lat in change["spots"]]
        return {**change, "spots": spots}

    def held(one: Mapping[str, Any]) -> dict[str, Any]:
        where = one["where"] and [*projection.point(*one["where"][:2]), one["where"][2]]
        return {**one, "where": where, "rings": _placed(one["rings"], projection)}

    return {
        "changes": {key: spotted(one) for key, one in told["changes"].items()},
        "holds": {key: [held(one) for one in holds] for key, holds in told["holds"].items()},
    }


def _placed(
    rings: Sequence[Sequence[Sequence[float]]], projection: Projection
) -> list[list[list[float]]]:
    """Rings of ground, as one piece where longitude 180 or a pole parts them on the map."""
    if projection.is_plain or not rings:
        return [list(map(list, ring)) for ring in rings]
    ground = shapely.build_area(shapely.multilinestrings([shapely.linearrings(r) for r in rings]))
    shown = shapely.get_parts(projection.forward(ground))
    return [_rounded(ring) for part in shown for ring in shapely.get_rings(part)]
