"""Rules on events: the month and the place they stand at, and what the map makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.check.case import PRECISION_DAYS, finding, position
from geo.model import parse_day, shift_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from geo.check.case import Case, Finding
    from geo.model import Feature


def foreign_months(case: Case) -> Iterator[Finding]:
    """
    A monthly file of events holds that month only.

    Otherwise a person who looks for an event opens the wrong file. Move it to the named one.
    """
    for file, event in case.events():
        month = file.rsplit("/", 1)[-1].removesuffix(".geojson")
        day = str(event.properties["event_date"])
        if not day.startswith(f"{month}-"):
            yield finding(
                f"event_date {day} is not of {month}",
                f"move it to events/{day[:7]}.geojson",
                (file, event),
            )


def displaced_events(case: Case) -> Iterator[Finding]:
    """
    An event at a place lies where the place lies.

    Two positions for one place mean that one of them was moved and the other forgotten. At a line
    or an area an event may lie anywhere on it, or beside it within the error of its drawing.
    """
    for file, event in case.events():
        place = case.folder.places.get(str(event.properties["place_id"] or ""))
        if place is None or place.geometry is None or event.geometry is None:
            continue
        # A position on a line has six decimals too, and so lies up to a decimetre beside it.
        slack_m = max(1, int(place.properties["geo_radius_m"] or 0))
        if isinstance(place.geometry, shapely.Point):
            there = shapely.equals(place.geometry, event.geometry)
        else:
            shape, spot = map(case.plane.forward, (place.geometry, event.geometry))
            there = shapely.dwithin(shape, spot, slack_m)
        if not there:
            yield finding(
                f"it does not lie where {place.id} lies",
                "copy the position of the place, or name another place",
                (file, event),
                where=position(event.geometry),
            )


_TAKING = frozenset(
    {
        "Government regains territory",
        "Non-state actor overtakes territory",
        "Non-violent transfer of territory",
    }
)


def unmatched_takings(case: Case) -> Iterator[Finding]:
    """
    Ground that an event takes is held by who took it in the layer that follows.

    Within the precision of its date some layer in force, or the next one, must show the place with
    the actor's side, or contested with it. An event that a later one of another side undid before
    that layer is not asked about, nor a place located too vaguely to be drawn. Mend the layer,
    lower the confidence of the event, or say in the ledger why the picture does not follow it.
    """
    if case.composite is None or not case.composite.dates:
        return
    taken = [(f, e) for f, e in case.events() if e.properties["sub_event_type"] in _TAKING]
    for file, event in taken:
        place = case.folder.places.get(str(event.properties["place_id"] or ""))
        side = case.side(event.properties["actor1"])
        if place is None or place.id not in case.place_labels or not side:
            continue
        labels = dict(zip(case.composite.dates, case.place_labels[place.id], strict=True))
        days = _layers_about(case, event)
        vague = int(place.properties["geo_radius_m"] or 0) > case.limits.drawn_radius_m
        if not days or vague or _undone(case, event, side, taken, days[-1]):
            continue
        if not any(side in case.sides_of(labels[day]) for day in days):
            held = labels[days[-1]].holder
            yield finding(
                f"{side} takes {place.id} on {event.properties['event_date']}, but the layer of "
                f"{days[-1]} shows it as {held}",
                "mend the layer or the event, or say in the ledger why the map does not follow it",
                (file, event),
                where=position(case.place_shapes[place.id]),
            )


def _layers_about(case: Case, event: Feature) -> list[dt.date]:
    """Dates of the layers that could show an event: those within its precision, and the next."""
    assert case.composite is not None
    dates = case.composite.dates
    values = event.properties
    slack = PRECISION_DAYS[int(values["time_precision"] or 1)]
    first = shift_day(parse_day(str(values["event_date"])), -slack)
    last = shift_day(parse_day(str(values["end_date"] or values["event_date"])), slack)
    inside = [day for day in dates if first <= day <= last]
    return inside + [day for day in dates if day > last][:1]


def _undone(
    case: Case, event: Feature, side: str, taken: Sequence[tuple[str, Feature]], until: dt.date
) -> bool:
    """Whether another side takes the same place on the same day or later, before a layer."""
    values = event.properties
    return any(
        other.properties["place_id"] == values["place_id"]
        and case.side(other.properties["actor1"]) not in {"", side}
        and str(values["event_date"]) <= str(other.properties["event_date"]) <= str(until)
        for _, other in taken
    )


def far_clashes(case: Case) -> Iterator[Finding]:
    """
    A clash happens where both sides can be.

    Its distance is that to the ground of the farther of the two sides in the layer in force or the
    next one: 0 on a front. Contested ground is that of its parties, and unknown ground may be
    anybody's. Beyond the limit and the event's own error radius a place name was misread, the
    actors are wrong, or the map has lost a side. Only events at or near a place of the study area
    are looked at.
    """
    if case.composite is None or not case.composite.dates:
        return
    for file, event in case.events():
        values = event.properties
        shape = case.place_shapes.get(str(values["place_id"] or ""))
        if (
            values["sub_event_type"] != "Armed clash"
            or shape is None
            or values["geo_precision"] == 3
        ):
            continue
        parties = [
            {case.side(a) for a in (values[f"actor{n}"], *split_ids(values[f"assoc_actor_{n}"]))}
            - {""}
            for n in (1, 2)
        ]
        days = _layers_in_force(case, event)
        if not days or not all(parties):
            continue
        far_km, missing = min(_reach(case, day, shape, parties) for day in days)
        radius_km = int(values["geo_radius_m"] or 0) / 1e3
        if far_km > case.limits.clash_km + radius_km:
            what = (
                f"no ground of {missing} is drawn"
                if np.isinf(far_km)
                else f"the nearest ground of {missing} is {far_km:.0f} km away"
            )
            yield finding(
                f"{what} at the time of this clash at {values['place_id']}",
                "look for a homonym and for wrong actors; or the map lacks ground of that side",
                (file, event),
                where=position(shape),
            )


def _layers_in_force(case: Case, event: Feature) -> list[dt.date]:
    assert case.composite is not None
    dates = case.composite.dates
    day = parse_day(str(event.properties["event_date"]))
    before = [d for d in dates if d <= day][-1:]
    # After the last layer the map only says how it stood then.
    return [*before, *[d for d in dates if d > day][:1]] if day <= dates[-1] else []


def _reach(
    case: Case, day: dt.date, shape: shapely.Geometry, parties: Sequence[set[str]]
) -> tuple[float, str]:
    """Distance to the nearest ground of the farther of two parties, km, and who that is."""
    point = case.plane.forward(shape)
    farthest = (0.0, "")
    for sides in parties:
        grounds = {side: case.ground(day, side) for side in sides}
        found = [
            (float(shapely.distance(point, ground)) / 1e3 if ground is not None else np.inf, side)
            for side, ground in grounds.items()
        ]
        farthest = max(farthest, min(found))
    return farthest
