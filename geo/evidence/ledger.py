"""
The ledger of changes: why ground changed hands from one layer to the next.

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
from dataclasses import dataclass
from itertools import count, pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control import build_frame
from geo.evidence.effects import PICTURE, tell_effect
from geo.evidence.places import places_on
from geo.layers import dump_table, save_file
from geo.model import Row, parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd

    from geo.control import ChangedGround, Composite
    from geo.layers import Folder
    from geo.model import Value

MIN_AREA_KM2 = 0.01
"""Smaller pieces of change need no explanation; their sum is told."""

DRAFT = "Draft: "
"""How the note of a drafted ledger row begins."""


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
    steps = ledger_steps(folder, composite, min_area_km2=min_area_km2)
    columns: dict[str, list[object]] = {
        "from_date": [first for (first, _), _ in steps],
        "to_date": [second for (_, second), _ in steps],
        **{name: [getattr(piece.ground, name) for _, piece in steps] for name in _OF_GROUND},
        "area_km2": [piece.ground.area_km2 for _, piece in steps],
        **{name: [";".join(getattr(piece, name)) for _, piece in steps] for name in _EXPLAINED},
    }
    typed = {
        name: np.array(cells, dtype=float if name == "area_km2" else object)
        for name, cells in columns.items()
    }
    shapes = np.empty(len(steps), dtype=object)
    shapes[:] = [piece.ground.geometry for _, piece in steps]
    return build_frame(typed, shapes)


def ledger_steps(
    folder: Folder, composite: Composite, *, min_area_km2: float = MIN_AREA_KM2
) -> list[tuple[tuple[dt.date, dt.date], ExplainedGround]]:
    """
    Return every piece of change between consecutive layers, as records.

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
    steps
        The two dates, and the piece with what explains it; in the order of `ledger_frame`, which
        says the same and takes as long again to load its library.
    """
    return [
        (pair, piece)
        for pair in pairwise(composite.dates)
        for piece in explain_ground(folder, composite.changes(*pair, min_area_km2), *pair)
    ]


_OF_GROUND = ("id", "from_controller", "to_controller", "from_status", "to_status")
_EXPLAINED = ("place_ids", "change_ids", "unnamed")


@dataclass(frozen=True, slots=True)
class ExplainedGround:
    """
    A piece of change between two consecutive layers, and what the ledger says of it.

    Attributes
    ----------
    ground
        The piece.
    place_ids
        Places that lie on it.
    change_ids
        Rows that speak of it.
    unnamed
        Places on it that none of these names.
    effect
        What became of it; see `tell_effect`.
    """

    ground: ChangedGround
    place_ids: tuple[str, ...]
    change_ids: tuple[str, ...]
    unnamed: tuple[str, ...]
    effect: str = ""


def explain_ground(
    folder: Folder, pieces: Sequence[ChangedGround], first: dt.date, second: dt.date
) -> list[ExplainedGround]:
    """What the ledger says of pieces of change between two consecutive layers."""
    span = (str(first), str(second))
    rows = [
        row
        for row in folder.changes.rows
        if (row.values["from_date"], row.values["to_date"]) == span
    ]
    sides = folder.sides
    found = []
    for piece, on_it in zip(pieces, places_on(folder, [p.geometry for p in pieces]), strict=True):
        hands = piece.from_controller, piece.to_controller
        speaking = [row for row in rows if _speaks(row, *hands, on_it, sides)]
        named = {place for row in speaking for place in split_ids(row.values["place_ids"])}
        unnamed = tuple(place for place in on_it if place not in named)
        found.append(ExplainedGround(piece, on_it, tuple(row.id for row in speaking), unnamed))
    return found


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
        The columns of `Composite.change`, with ``place_ids`` (places on the piece),
        ``change_ids`` and ``effect`` (`tell_effect`) before ``geometry``. Between dates that are
        not consecutive, ``change_ids`` are the rows of every step that touched the ground.

    Raises
    ------
    DateError
        If a date is before the first layer.
    ValueError
        If `min_area_km2` is negative.
    """
    whole = composite.change(before, after)
    told = {
        piece.ground.id: piece
        for piece in explain_changes(folder, composite, before, after, min_area_km2=min_area_km2)
    }
    frame = whole[whole["area_km2"] >= min_area_km2].reset_index(drop=True)
    pieces = [told[piece] for piece in frame["id"]]
    for name, cells in (
        ("place_ids", [";".join(piece.place_ids) for piece in pieces]),
        ("change_ids", [";".join(piece.change_ids) for piece in pieces]),
        ("effect", [piece.effect for piece in pieces]),
    ):
        frame.insert(len(frame.columns) - 1, name, cells)
    frame.attrs["left_out_km2"] = float(whole["area_km2"].sum() - frame["area_km2"].sum())
    return frame


def explain_changes(
    folder: Folder,
    composite: Composite,
    before: dt.date,
    after: dt.date,
    *,
    min_area_km2: float = MIN_AREA_KM2,
) -> list[ExplainedGround]:
    """
    Return what `explain_pieces` does, piece by piece, without a frame.

    Parameters
    ----------
    folder
        The layers.
    composite
        Of its control layers.
    before, after
        The dates; each stands for the layer in force.
    min_area_km2
        Smaller pieces are left out.

    Returns
    -------
    pieces
        Each with what became of it.

    Raises
    ------
    DateError
        If a date is before the first layer.
    ValueError
        If `min_area_km2` is negative.
    """
    if min_area_km2 < 0:
        raise ValueError(f"min_area_km2 is {min_area_km2}; it cannot be negative")
    first, second = composite.index(before), composite.index(after)
    pieces = composite.changes(before, after, min_area_km2)
    steps = [
        explain_ground(folder, composite.changes(*pair, min_area_km2), *pair)
        for pair in pairwise(composite.dates[first : second + 1])
    ]
    if len(steps) == 1:
        by_id = {piece.ground.id: piece.change_ids for piece in steps[0]}
        rows = [by_id[piece.id] for piece in pieces]
    else:
        rows = _touching([piece.geometry for piece in pieces], steps)
    kinds = {row.id: str(row.values["kind"]) for row in folder.changes.rows}
    places = places_on(folder, [piece.geometry for piece in pieces])
    return [
        ExplainedGround(
            piece,
            on_it,
            ids,
            (),
            tell_effect(
                (
                    composite.sides.get(piece.from_controller, piece.from_controller),
                    piece.from_status,
                ),
                (composite.sides.get(piece.to_controller, piece.to_controller), piece.to_status),
                [kinds[one] for one in ids],
            ),
        )
        for piece, on_it, ids in zip(pieces, places, rows, strict=True)
    ]


def idle_rows(folder: Folder, used: Collection[str]) -> tuple[Row, ...]:
    """
    Return the ledger rows that explain nothing.

    Parameters
    ----------
    folder
        The layers.
    used
        Ids of the rows that speak of some piece of change.

    Returns
    -------
    rows
        Those that speak of no piece of change. A row of another kind than ``refinement`` or
        ``correction`` stays where it names an event: it tells what happened on ground that could
        not be drawn.
    """
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


def _touching(
    shapes: Iterable[shapely.Geometry], steps: Sequence[Sequence[ExplainedGround]]
) -> list[tuple[str, ...]]:
    """For each shape, the rows of all steps that share ground with it."""
    found: list[dict[str, None]] = [{} for _ in shapes]
    targets = np.array(list(shapes), dtype=object)
    for step in steps:
        if not step or not len(targets):
            continue
        pieces = np.array([piece.ground.geometry for piece in step], dtype=object)
        for i, j in shapely.STRtree(pieces).query(targets, predicate="intersects").T:
            if shapely.area(shapely.intersection(targets[i], pieces[j])) > 0:
                found[i].update(dict.fromkeys(step[j].change_ids))
    return [tuple(ids) for ids in found]


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
