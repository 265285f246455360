"""
Why the map is as it is: the ledger of changes, and the chain down to who said so.

Every connected piece of change between two consecutive layers is explained by rows of
``changes.csv``. A row *speaks of* a piece where

- its two dates are those of the two layers,
- it gives the ground to the side that holds it afterwards (an empty ``to_controller`` to nobody
  alone: contested, mixed, unknown), and takes it from the side that held it before; an empty
  ``from_controller``, or ground that nobody alone held before, agrees with any,
- it names a place that lies on the piece.

A piece on which no place lies is spoken of by rows of kind ``refinement`` or ``correction`` that
name no place and whose hands are exactly those of the piece: one row for all such ground between
two dates. A piece is explained if some row speaks of it and every place on it is named by one.
"""

from __future__ import annotations

import hashlib
import math
import textwrap
from bisect import bisect_left
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import LocalPlane, distance_km
from geo.errors import UnknownIdError, escape
from geo.layers import dump_table, save_file
from geo.model import Label, Row, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Feature, Value

__all__ = [
    "DRAFT",
    "MIN_AREA_KM2",
    "PICTURE",
    "Why",
    "draft_ledger",
    "explain_pieces",
    "find_why",
    "idle_rows",
    "ledger_frame",
    "locate_place",
    "nearest_place",
    "provenance",
    "write_ledger",
]

MIN_AREA_KM2 = 0.01
"""Smaller pieces of change need no explanation; their sum is told."""

DRAFT = "Draft: "
"""How the note of a drafted ledger row begins."""

PICTURE = frozenset({"correction", "refinement"})
"""Kinds of ledger rows that say that our picture changed, not the ground."""


# The ledger.


def ledger_frame(
    folder: Folder, composite: Composite, *, min_area_km2: float = MIN_AREA_KM2
) -> gpd.GeoDataFrame:
    """
    Return every piece of change between consecutive layers, and what explains it.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    min_area_km2
        Smaller pieces are left out.

    Returns
    -------
    pieces
        In order of time, largest first: ``from_date``, ``to_date``, the columns of
        `Composite.change`, ``place_ids`` (places on the piece), ``change_ids`` (rows
        that speak of it) and ``unnamed`` (places on it that none of these names), all
        ``;``-joined, then ``geometry``. A piece without ``change_ids``, or with something
        ``unnamed``, is not explained.
    """
    import geopandas as gpd
    import pandas as pd

    frames = [
        _pieces(folder, composite, first, second, min_area_km2)
        for first, second in pairwise(composite.dates)
    ]
    if not frames:
        return gpd.GeoDataFrame({name: [] for name in _COLUMNS}, geometry="geometry")
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)


_COLUMNS = (
    "from_date",
    "to_date",
    "id",
    "from_controller",
    "to_controller",
    "from_status",
    "to_status",
    "area_km2",
    "place_ids",
    "change_ids",
    "unnamed",
    "geometry",
)


def explain_pieces(
    folder: Folder,
    composite: Composite,
    before: dt.date,
    after: dt.date,
    *,
    min_area_km2: float = MIN_AREA_KM2,
) -> gpd.GeoDataFrame:
    """
    Return the ground that changed hands between any two dates, and the rows that explain it.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    before, after
        The dates; each stands for the layer in force.
    min_area_km2
        Smaller pieces are left out; their sum is in ``attrs["left_out_km2"]``.

    Returns
    -------
    change
        The columns of `Composite.change`, with ``place_ids`` (places on the piece)
        and ``change_ids`` before ``geometry``. Between dates that are not consecutive,
        ``change_ids`` are the rows of every step that touched the ground.

    Raises
    ------
    DateError
        If a date is before the first layer.
    """
    first, second = composite.index(before), composite.index(after)
    whole = composite.change(before, after)
    frame = whole[whole["area_km2"] >= min_area_km2].reset_index(drop=True)
    places = _places_on(folder, frame.geometry)
    steps = [
        _pieces(folder, composite, *pair, min_area_km2)
        for pair in pairwise(composite.dates[first : second + 1])
    ]
    frame.insert(len(frame.columns) - 1, "place_ids", [";".join(ids) for ids in places])
    if len(steps) == 1:
        by_id = dict(zip(steps[0]["id"], steps[0]["change_ids"], strict=True))
        rows = [by_id[piece] for piece in frame["id"]]
    else:
        rows = _touching(frame.geometry, steps)
    frame.insert(len(frame.columns) - 1, "change_ids", rows)
    frame.attrs["left_out_km2"] = float(whole["area_km2"].sum() - frame["area_km2"].sum())
    return frame


def idle_rows(folder: Folder, pieces: gpd.GeoDataFrame) -> tuple[Row, ...]:
    """
    Return the ledger rows that explain nothing.

    Parameters
    ----------
    folder
        The layers.
    pieces
        From `ledger`.

    Returns
    -------
    rows
        Those that speak of no piece of change. A row of another kind than ``refinement`` or
        ``correction`` stays where it names an event: it tells what happened on ground that could
        not be drawn.
    """
    used = {row for cell in pieces["change_ids"] for row in split_ids(cell)}
    return tuple(
        row
        for row in folder.changes.rows
        if row.id not in used and (row.values["kind"] in PICTURE or not row.values["event_ids"])
    )


def draft_ledger(
    folder: Folder, pieces: gpd.GeoDataFrame, *, recorded_at: dt.date, recorded_by: str = "draft"
) -> tuple[Row, ...]:
    """
    Draft the ledger rows that are missing.

    Parameters
    ----------
    folder
        The layers.
    pieces
        From `ledger`.
    recorded_at
        Day of the entry.
    recorded_by
        Who enters them.

    Returns
    -------
    rows
        One for each pair of layers and hands with places that no row names, and one for each with
        unexplained ground on which no place lies. The kind is ``refinement``, for nothing but an
        event can say that ground was taken; the note begins with ``Draft:`` and tells the km2;
        the sources are those of the ground afterwards, or before where it has none. An id follows
        from what its row is about, so that the same draft made twice is the same row.
    """
    open_pieces = pieces[(pieces["change_ids"] == "") | (pieces["unnamed"] != "")]
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, piece in zip(open_pieces.index, open_pieces.to_dict("records"), strict=True):
        hands = (piece["from_controller"], piece["to_controller"])
        key = (str(piece["from_date"]), str(piece["to_date"]), *hands, str(bool(piece["unnamed"])))
        groups.setdefault(key, []).append(i)
    taken = {row.id for row in folder.changes.rows}
    rows = []
    for (first, second, was, now, _), members in sorted(groups.items()):
        group = pieces.loc[members]
        places = sorted({p for cell in group["unnamed"] for p in split_ids(cell)})
        name = "/".join((first, second, was, now, *places))
        identity = _new_id(name, taken)
        taken.add(identity)
        sources = (
            _sources_of_ground(folder, parse_day(day), group.geometry) for day in (second, first)
        )
        where = "" if places else ", without a named place"
        values: dict[str, Value] = dict.fromkeys(folder.changes.schema.names)
        values |= {
            "id": identity,
            "from_date": first,
            "to_date": second,
            "from_controller": was or None,
            "to_controller": now or None,
            "kind": "refinement",
            "place_ids": ";".join(places) or None,
            "source_ids": ";".join(next(filter(None, sources), ())) or None,
            "recorded_at": str(recorded_at),
            "recorded_by": recorded_by,
            "note": f"{DRAFT}{group['area_km2'].sum():.2f} km2 in {len(group)} pieces{where}; "
            "say why the picture changed, or name the events.",
        }
        rows.append(Row(identity, values))
    return tuple(rows)


def write_ledger(folder: Folder, rows: Sequence[Row]) -> Path:
    """
    Add rows to the ledger on disk.

    Parameters
    ----------
    folder
        The folder as read: a ledger that has changed on disk since is not overwritten.
    rows
        From `draft_ledger`.

    Returns
    -------
    path
        The file written.

    Raises
    ------
    SchemaError
        If the rows would not be read back as they are.
    StaleLayerError
        If the file changed on disk after it was read; nothing is written.
    """
    table = folder.changes
    path = folder.root / table.schema.path
    data = dump_table([*table.rows, *rows], schema=table.schema)
    save_file(path, data, expected=table.digest or None)
    return path


def _pieces(
    folder: Folder, composite: Composite, first: dt.date, second: dt.date, min_area_km2: float
) -> gpd.GeoDataFrame:
    """The pieces between two consecutive layers."""
    frame = composite.change(first, second, min_area_km2)
    span = (str(first), str(second))
    rows = [
        row
        for row in folder.changes.rows
        if (row.values["from_date"], row.values["to_date"]) == span
    ]
    sides = folder.sides
    explained, unnamed = [], []
    places = _places_on(folder, frame.geometry)
    for was, now, on_it in zip(
        frame["from_controller"], frame["to_controller"], places, strict=True
    ):
        speaking = [row for row in rows if _speaks(row, was, now, on_it, sides)]
        named = {place for row in speaking for place in split_ids(row.values["place_ids"])}
        explained.append(";".join(row.id for row in speaking))
        unnamed.append(";".join(place for place in on_it if place not in named))
    frame.insert(0, "from_date", first)
    frame.insert(1, "to_date", second)
    end = len(frame.columns) - 1
    frame.insert(end, "place_ids", [";".join(ids) for ids in places])
    frame.insert(end + 1, "change_ids", explained)
    frame.insert(end + 2, "unnamed", unnamed)
    return frame


def _speaks(row: Row, was: str, now: str, places: Sequence[str], sides: Mapping[str, str]) -> bool:
    """Whether a row between the right dates speaks of a piece; see the head of the module."""
    said_was, said_now, drawn_was, drawn_now = (
        sides.get(str(held), str(held)) if held else ""
        for held in (row.values["from_controller"], row.values["to_controller"], was, now)
    )
    named = split_ids(row.values["place_ids"])
    if said_now != drawn_now:
        return False
    if not places:
        return not named and said_was == drawn_was and row.values["kind"] in PICTURE
    agree = said_was == drawn_was or not (said_was and drawn_was)
    return agree and not set(places).isdisjoint(named)


def _touching(shapes: Iterable[shapely.Geometry], steps: Sequence[gpd.GeoDataFrame]) -> list[str]:
    """For each shape, the rows of all steps that share ground with it."""
    found: list[dict[str, None]] = [{} for _ in shapes]
    targets = np.array(list(shapes), dtype=object)
    for step in steps:
        if step.empty or not len(targets):
            continue
        pieces = step.geometry.to_numpy()
        for i, j in shapely.STRtree(pieces).query(targets, predicate="intersects").T:
            if shapely.area(shapely.intersection(targets[i], pieces[j])) > 0:
                found[i].update(dict.fromkeys(split_ids(step["change_ids"].iloc[j])))
    return [";".join(ids) for ids in found]


def _places_on(folder: Folder, shapes: Iterable[shapely.Geometry]) -> list[list[str]]:
    """The places that lie on each shape, in order of id."""
    located = [place for place in folder.places.values() if place.geometry is not None]
    targets = np.array(list(shapes), dtype=object)
    found: list[list[str]] = [[] for _ in targets]
    if not located or not len(targets):
        return found
    tree = shapely.STRtree(np.array([place.geometry for place in located], dtype=object))
    for i, j in tree.query(targets, predicate="covers").T:
        found[i].append(located[j].id)
    return [sorted(ids) for ids in found]


def _sources_of_ground(
    folder: Folder, day: dt.date, shapes: Iterable[shapely.Geometry]
) -> list[str]:
    """The sources of the patches of one date that share ground with some shapes."""
    features = [f for f in folder.control[day].features if f.geometry is not None]
    ground = shapely.union_all(np.array(list(shapes), dtype=object))
    shared = shapely.area(shapely.intersection([f.geometry for f in features], ground)) > 0
    found = {
        source
        for feature, is_shared in zip(features, shared, strict=True)
        if is_shared
        for source in split_ids(feature.properties["source_ids"])
    }
    return sorted(found)


def _new_id(name: str, taken: set[str]) -> str:
    """An id that follows from what the row is about; a digit more where another has it."""
    numbered = (f"ledger/{name}/{turn}" for turn in count())
    found = (f"chg-{hashlib.sha256(text.encode()).hexdigest()[:8]}" for text in numbered)
    return next(identity for identity in found if identity not in taken)


# Positions.


def locate_place(
    folder: Folder, where: str | tuple[float, float]
) -> tuple[float, float, Feature | None]:
    """
    Return the position that a person names.

    Parameters
    ----------
    folder
        The layers.
    where
        The id of a place, text such as ``37.3,32.9`` (longitude, latitude), or the two numbers.

    Returns
    -------
    lon, lat, place
        Degrees, and the place where one was named.

    Raises
    ------
    UnknownIdError
        If there is no such place, or it was never located.
    ValueError
        If it is meant as a position and is none.
    """
    if not isinstance(where, str):
        lon, lat = where
        return float(lon), float(lat), None
    if "," in where:
        try:
            lon, lat = (float(part) for part in where.split(","))
        except ValueError as error:
            raise ValueError(
                f"{escape(where)!r} is no position; write longitude,latitude such as 37.3,32.9"
            ) from error
        return lon, lat, None
    place = folder.places.get(where)
    if place is None:
        from rapidfuzz import process

        near = process.extract(where, sorted(folder.places), limit=3, score_cutoff=60)
        hint = f"; did you mean {', '.join(name for name, _, _ in near)}?" if near else ""
        raise UnknownIdError(f"no place has the id {escape(where)!r}{hint}")
    if place.geometry is None:
        said = sum(row.values["place_id"] == where for row in folder.statements.rows)
        raise UnknownIdError(
            f"{where} was never located, so no ground can be read there; "
            f"statements.csv holds {said} statements about it"
        )
    return float(shapely.get_x(place.geometry)), float(shapely.get_y(place.geometry)), place


def nearest_place(
    folder: Folder, shape: shapely.Geometry, among: Iterable[str] | None = None
) -> tuple[str, float] | None:
    """
    Return the place nearest to some ground.

    Parameters
    ----------
    folder
        The layers.
    shape
        Any geometry, longitude, latitude.
    among
        Ids of the places that count; the default is all.

    Returns
    -------
    place
        Its id and the distance in kilometres, 0 on the ground; None where no place is located.
    """
    ids = folder.places if among is None else sorted(set(among) & folder.places.keys())
    located = [p for p in (folder.places[i] for i in ids) if p.geometry is not None]
    if not located:
        return None
    points = np.array([p.geometry for p in located], dtype=object)
    tree = shapely.STRtree(points)
    if shapely.get_type_id(shape) == shapely.GeometryType.POINT:
        xy = shapely.get_coordinates(points)
        far = distance_km(shapely.get_x(shape), shapely.get_y(shape), xy[:, 0], xy[:, 1])
        best = int(np.argmin(far))
        return located[best].id, float(far[best])
    on_it = tree.query(shape, predicate="intersects")
    if len(on_it):
        return min(located[i].id for i in on_it), 0.0
    plane = LocalPlane.around(shape)
    spots = plane.forward(shapely.MultiPoint(shapely.get_coordinates(points)))
    metres = shapely.distance(shapely.get_parts(spots), plane.forward(shape))
    best = int(np.argmin(metres))
    return located[best].id, float(metres[best] / 1e3)


# Why.


@dataclass(frozen=True, slots=True)
class Why:
    """
    Why the map shows a position as it does on a day.

    Attributes
    ----------
    day, as_of
        The day asked for, and the date of the layer in force.
    lon, lat
        The position, degrees.
    place
        The place asked for, where it was one.
    label
        Who holds it, how, how sure.
    patch
        The patch that says so.
    since
        Date of the first layer of an unbroken run in which the same hands hold it.
    until
        Date of the layer that ends the run; None where none does.
    before
        What stood there in the layer before `since`; None where there is none.
    changes
        Ledger rows that explain the change at `since`.
    events
        The events that these rows name.
    statements
        What the patch rests on, newest first, but for `against`.
    against
        Statements that give the ground to another side: those that the patch names, and any about
        its places since the first word after the layer before `since` that gives it to the holder.
    weights
        Weight of each statement by id, as the estimate reckons it on the layer's date.
    sources
        The sources of all these, by id.
    nearest
        The nearest place with evidence and its distance in kilometres: of the patch, or of the
        whole layer where the patch names none.
    """

    day: dt.date
    as_of: dt.date
    lon: float
    lat: float
    place: Feature | None
    label: Label
    patch: Feature
    since: dt.date
    until: dt.date | None
    before: Label | None
    changes: tuple[Row, ...]
    events: tuple[Feature, ...]
    statements: tuple[Row, ...]
    against: tuple[Row, ...]
    weights: Mapping[str, float]
    sources: Mapping[str, Row]
    nearest: tuple[str, float] | None

    @property
    def publishers(self) -> tuple[str, ...]:  # numpydoc ignore=RT01
        """The publishers at the ends of the chain, but for what only speaks against it."""
        records = [row.values for row in (*self.changes, *self.statements)]
        records += [event.properties for event in self.events]
        ids = [i for values in records for i in split_ids(values["source_ids"])]
        named = {str(self.sources[i].values["publisher"]) for i in ids if i in self.sources}
        return tuple(sorted(named))

    def to_dict(self) -> dict[str, object]:
        """
        Return the chain as plain values.

        Returns
        -------
        chain
            Ready for JSON.
        """
        return {
            "day": str(self.day),
            "as_of": str(self.as_of),
            "position": [self.lon, self.lat],
            "place": None if self.place is None else dict(self.place.properties),
            "label": _label_dict(self.label),
            "patch": dict(self.patch.properties),
            "since": str(self.since),
            "until": None if self.until is None else str(self.until),
            "before": None if self.before is None else _label_dict(self.before),
            "changes": [dict(row.values) for row in self.changes],
            "events": [dict(event.properties) for event in self.events],
            "statements": [self._statement(row) for row in self.statements],
            "against": [self._statement(row) for row in self.against],
            "sources": [dict(row.values) for row in self.sources.values()],
            "publishers": list(self.publishers),
            "nearest_evidence": None
            if self.nearest is None
            else {"place_id": self.nearest[0], "distance_km": round(self.nearest[1], 3)},
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _statement(self, row: Row) -> dict[str, object]:
        weight = self.weights.get(row.id)
        return {**row.values, "weight": None if weight is None else round(weight, 4)}

    def _lines(self) -> Iterator[str]:
        yield f"{self._where()} on {self.day}, as of the layer of {self.as_of}"
        yield f"  {_held(self.label)}"
        if self.before is None:
            yield f"  since {self.since}, the first layer, or longer"
        else:
            yield f"  since the layer of {self.since}; before that {_held(self.before)}"
        if self.until is not None:
            yield f"  until the layer of {self.until}"
        if self.nearest is not None:
            yield f"  nearest evidence: {self.nearest[0]}, {self.nearest[1]:.1f} km away"
        yield f"patch {self.patch.id}"
        if self.patch.properties["note"]:
            yield from _wrapped(str(self.patch.properties["note"]), 2)
        for row in self.changes:
            yield from self._change(row)
        if self.before is not None and not self.changes:
            yield "ledger: no row explains the change"
        yield "it rests on" if self.statements else "it rests on no statement"
        for row in self.statements:
            yield from self._said(row)
        yield "against it" if self.against else "no statement in force speaks against it"
        for row in self.against:
            yield from self._said(row)
        yield "sources"
        for identity in self.sources:
            yield from self._source(identity)
        names = f"publishers: {len(self.publishers)} ({', '.join(self.publishers) or 'none'})"
        yield from _wrapped(names, 0)

    def _where(self) -> str:
        at = f"{self.lon:g}, {self.lat:g}"
        if self.place is None:
            return at
        values = self.place.properties
        radius_km = float(values["geo_radius_m"] or 0) / 1e3
        return f"{values['name']} ({at}; {values['coord_method']}, to {radius_km:g} km)"

    def _change(self, row: Row) -> Iterator[str]:
        values = row.values
        hands = " to ".join(str(values[f"{way}_controller"] or "-") for way in ("from", "to"))
        days = _span(values["date"], values["date_end"])
        between = f"between {values['from_date']} and {values['to_date']}"
        yield f"ledger {row.id}: {values['kind']}, {hands}, {days or between}"
        if values["note"]:
            yield from _wrapped(str(values["note"]), 2)
        mine = split_ids(values["event_ids"])
        for event in self.events:
            if event.id in mine:
                told = event.properties
                days = _span(told["event_date"], told["end_date"])
                yield f"  event {event.id}: {days}, {told['sub_event_type']}"
                yield from _wrapped(f"{told['notes'] or ''} [{told['source_ids'] or ''}]", 4)

    def _said(self, row: Row) -> Iterator[str]:
        values = row.values
        held = values["controller"] or f"{values['status']} ({values['controllers'] or ''})"
        weight = self.weights.get(row.id)
        sure = f"{values['basis']}, {values['confidence']}"
        heavy = "" if weight is None else f", weight {weight:.2f}"
        yield f"  {row.id}: {values['date']} {values['place_id']}: {held}; {sure}{heavy}"
        yield from _wrapped(f"{values['note'] or ''} [{values['source_ids']}]", 4)

    def _source(self, identity: str) -> Iterator[str]:
        values = self.sources[identity].values
        leaning = f"leans to {values['leaning']}" if values["leaning"] else "no known leaning"
        day = f"published {values['published']}" if values["published"] else "undated"
        yield f"  {identity}: {values['publisher']} ({leaning}; {day})"
        if values["url"]:
            yield f"    {values['url']}"


def find_why(
    folder: Folder, composite: Composite, where: str | tuple[float, float], day: str | dt.date
) -> Why:
    """
    Return why the map shows a position as it does on a day.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    where
        As for `locate`.
    day
        The day; the layer in force is the last one not after it.

    Returns
    -------
    why
        The chain from the patch by the ledger, events and statements to the sources.

    Raises
    ------
    UnknownIdError
        If there is no such place, it was never located, or it lies outside the study area.
    DateError
        If `day` is before the first layer.
    ValueError
        If `where` is meant as a position and is none.
    """
    lon, lat, place = locate_place(folder, where)
    day = parse_day(day)
    as_of = composite.dates[composite.index(day)]
    history = composite.history_at(lon, lat)
    if not history:
        name = place.id if place is not None else f"{lon:g}, {lat:g}"
        raise UnknownIdError(f"{name} lies outside the study area, where nothing is drawn")
    at = next(i for i in reversed(range(len(history))) if history[i][0] <= as_of)
    label = history[at][2]
    first = last = at
    while first and history[first - 1][2].holder == label.holder:
        first -= 1
    while last + 1 < len(history) and history[last + 1][2].holder == label.holder:
        last += 1
    since, until = history[first][0], history[last][1]
    patch = next(f for f in folder.control[as_of].features if f.id == label.patch)
    earlier = composite.dates[composite.index(since) - 1] if first else None
    changes = _changes_at(folder, composite, (lon, lat, place), earlier, since)
    named = {i for row in changes for i in split_ids(row.values["event_ids"])}
    events = tuple(event for event in folder.events if event.id in named)
    said, against = _said_of(folder, label, patch, earlier, day)
    records = [row.values for row in (*changes, *said, *against)]
    records += [event.properties for event in events]
    records.append(patch.properties)
    every = {i for values in records for i in split_ids(values["source_ids"])}
    sources = {i: row for i, row in folder.rows("sources").items() if i in every}
    return Why(
        day=day,
        as_of=as_of,
        lon=lon,
        lat=lat,
        place=place,
        label=label,
        patch=patch,
        since=since,
        until=until,
        before=history[first - 1][2] if first else None,
        changes=changes,
        events=events,
        statements=said,
        against=against,
        weights=_weights(folder, (*said, *against), as_of),
        sources=sources,
        nearest=_nearest_evidence(folder, shapely.Point(lon, lat), patch, as_of),
    )


def _changes_at(
    folder: Folder,
    composite: Composite,
    at: tuple[float, float, Feature | None],
    earlier: dt.date | None,
    since: dt.date,
) -> tuple[Row, ...]:
    """The rows that explain a change at one position: those that name its place, if any does."""
    if earlier is None:
        return ()
    lon, lat, place = at
    pieces = _pieces(folder, composite, earlier, since, 0.0)
    there = pieces[shapely.intersects(pieces.geometry.to_numpy(), shapely.Point(lon, lat))]
    ids = {i for cell in there["change_ids"] for i in split_ids(cell)}
    rows = tuple(row for row in folder.changes.rows if row.id in ids)
    if place is not None:
        naming = tuple(r for r in rows if place.id in split_ids(r.values["place_ids"]))
        return naming or rows
    return rows


def _said_of(
    folder: Folder, label: Label, patch: Feature, earlier: dt.date | None, day: dt.date
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Statements for and against the holder of a patch, newest first."""
    sides = folder.sides
    statements = folder.rows("statements")
    named = [statements[i] for i in split_ids(patch.properties["statement_ids"])]
    places = {row.values["place_id"] for row in named}
    held = {sides.get(p, p) for p in (label.controller, *split_ids(label.controllers)) if p}
    said: dict[str, Row] = {}
    against: dict[str, Row] = {}
    for row in named:
        (said if _side_of(row, sides) in {"", *held} else against)[row.id] = row
    # What was said before the first word for the holder spoke of the state that it ended.
    words = [str(row.values["date"]) for row in said.values()]
    first = min((word for word in words if earlier is None or word > str(earlier)), default="9")
    for row in statements.values():
        others = row.values["place_id"] in places and _side_of(row, sides) not in {"", *held}
        if others and row.id not in said and first <= str(row.values["date"]) <= str(day):
            against[row.id] = row
    return _newest_first(said.values()), _newest_first(against.values())


def _side_of(row: Row, sides: Mapping[str, str]) -> str:
    holder = str(row.values["controller"] or "")
    return sides.get(holder, holder)


def _newest_first(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: (str(row.values["date"]), row.id), reverse=True))


def _weights(folder: Folder, rows: Sequence[Row], day: dt.date) -> dict[str, float]:
    """The weight of each statement in the estimate of a date; none where nothing can be drawn."""
    if not rows:
        return {}
    from geo.evidence.estimate import Estimator

    estimator = Estimator(
        folder.area,
        folder.places,
        folder.statements.rows,
        folder.rows("sources"),
        folder.sides,
    )
    return {
        row.id: estimator.weight(row, day) for row in rows if str(row.values["date"]) <= str(day)
    }


def _nearest_evidence(
    folder: Folder, point: shapely.Geometry, patch: Feature, day: dt.date
) -> tuple[str, float] | None:
    """The nearest place that the patch rests on, or that anything in its layer does."""
    statements = folder.rows("statements")
    for features in ((patch,), folder.control[day].features):
        ids = {i for f in features for i in split_ids(f.properties["statement_ids"])}
        places = {str(statements[i].values["place_id"]) for i in ids}
        if (found := nearest_place(folder, point, places)) is not None:
            return found
    return None


def _label_dict(label: Label) -> dict[str, str]:
    names = ("controller", "controllers", "status", "basis", "confidence")
    return {name: str(getattr(label, name)) for name in names}


def _held(label: Label) -> str:
    words = [label.status, label.basis, label.confidence and f"confidence {label.confidence}"]
    holder = label.controller or label.controllers.replace(";", " and ")
    return ", ".join(filter(None, (holder, *words)))


def _span(first: Value, last: Value) -> str:
    return f"{first} to {last}" if first and last and first != last else str(first or "")


def _wrapped(text: str, indent: int) -> list[str]:
    gap = " " * indent
    return textwrap.wrap(
        text, 96, initial_indent=gap, subsequent_indent=gap, break_on_hyphens=False
    )


# Provenance in numbers.


def provenance(folder: Folder, composite: Composite) -> pd.DataFrame:
    """
    Return on what the controlled ground of each date rests.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.

    Returns
    -------
    provenance
        ``date``, ``measure``, ``value``, ``area_km2`` and ``share``. For each date and measure the
        areas add up to the ground that has a controller in `Composite.areas`. The measures:

        ``publishers``
            how many independent publishers: those that lean to the holder's side are one voice;
        ``leaning``
            ``none known`` where one source leans to nobody; else ``other side`` where one leans
            to another side than the holder's; else ``own side``; ``no source``;
        ``age_days``
            days from the newest statement to the layer's date;
        ``distance_km``
            from the ground to the nearest place that its patch has a statement of.
    """
    import pandas as pd

    measures = _Measures(folder)
    rows: list[tuple[dt.date, str, str, float]] = []
    for day in composite.dates:
        features = {f.id: f for f in folder.control[day].features}
        frame = composite.control(day)
        frame = frame[frame["controller"] != ""]
        sums: dict[tuple[str, str], list[float]] = {}
        for patch, area in zip(frame["patch"], frame["area_km2"], strict=True):
            for measure, value, share in measures.of(features[patch], day):
                sums.setdefault((measure, value), []).append(float(area) * share)
        order = {value: i for i, value in enumerate(_VALUES)}
        for (measure, value), parts in sorted(
            sums.items(), key=lambda item: (item[0][0], order[item[0][1]])
        ):
            rows.append((day, measure, value, math.fsum(parts)))
    table = pd.DataFrame(rows, columns=["date", "measure", "value", "area_km2"])
    whole = table.groupby(["date", "measure"])["area_km2"].transform("sum")
    return table.assign(share=table["area_km2"] / whole)


_AGES = (7, 30, 90)
_AGE_BANDS = ("0-7", "8-30", "31-90", "over 90")
_DISTANCES_KM = (2.0, 5.0, 10.0, 15.0)
_DISTANCE_BANDS = ("0-2", "2-5", "5-10", "10-15", "over 15")
_NO_STATEMENT = "no statement"
_VALUES = (
    *("0", "1", "2", "3 or more"),
    *("none known", "other side", "own side", "no source"),
    *_AGE_BANDS,
    *_DISTANCE_BANDS,
    _NO_STATEMENT,
)


class _Measures:
    """What a patch rests on, by measure: values and the shares of its ground that have them."""

    def __init__(self, folder: Folder) -> None:
        self._sources = folder.rows("sources")
        self._statements = folder.rows("statements")
        self._sides = folder.sides
        self._places = folder.places
        self._plane = LocalPlane.around(folder.area)
        self._shares: dict[tuple[bytes, tuple[str, ...]], list[tuple[str, float]]] = {}

    def of(self, patch: Feature, day: dt.date) -> Iterator[tuple[str, str, float]]:
        """Measure, value, share; the shares of one measure add up to 1."""
        values = patch.properties
        holder = str(values["controller"])
        side = self._sides.get(holder, holder)
        cited = [self._sources[i].values for i in split_ids(values["source_ids"])]
        voices = {str(side if s["leaning"] == side else s["publisher"]) for s in cited}
        yield "publishers", str(len(voices)) if len(voices) < 3 else "3 or more", 1.0
        yield "leaning", _leaning({s["leaning"] for s in cited}, side), 1.0
        said = [self._statements[i].values for i in split_ids(values["statement_ids"])]
        dates = [str(v["date"]) for v in said if str(v["date"]) <= str(day)]
        age = (day - parse_day(max(dates))).days if dates else None
        yield "age_days", _NO_STATEMENT if age is None else _AGE_BANDS[bisect_left(_AGES, age)], 1.0
        for band, share in self._distances(patch, {str(v["place_id"]) for v in said}):
            yield "distance_km", band, share

    def _distances(self, patch: Feature, place_ids: set[str]) -> list[tuple[str, float]]:
        """Shares by distance to the nearest of some places, in an equal-area plane."""
        points = [self._places[i].geometry for i in sorted(place_ids)]
        points = [point for point in points if point is not None]
        if not points or patch.geometry is None:
            return [(_NO_STATEMENT, 1.0)]
        key = (shapely.to_wkb(patch.geometry), tuple(sorted(place_ids)))
        if key not in self._shares:
            ground = self._plane.forward(patch.geometry)
            xy = shapely.get_coordinates(np.array(points, dtype=object))
            spots = self._plane.forward(shapely.MultiPoint(xy))
            circles = shapely.buffer(spots, np.array(_DISTANCES_KM) * _REACH_M, quad_segs=_QUAD)
            within = shapely.area(shapely.intersection(ground, circles))
            parts = np.diff([0.0, *within, shapely.area(ground)]) / shapely.area(ground)
            self._shares[key] = [
                (band, float(part))
                for band, part in zip(_DISTANCE_BANDS, parts, strict=True)
                if part > 1e-9
            ]
        return self._shares[key]


_QUAD = 32
# A polygon round the circle, not in it: ground just within a distance must not count as beyond.
_REACH_M = 1e3 / math.cos(math.pi / (4 * _QUAD))


def _leaning(leanings: set[Value], side: str) -> str:
    if not leanings:
        return "no source"
    if None in leanings:
        return "none known"
    return "own side" if leanings == {side} else "other side"
