"""Rules on statements: what they mean of the shape of a place, and whether two can both be true."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import shapely

from geo.check.case import finding, position
from geo.model import Status, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.check.case import Case, Finding
    from geo.model import Feature, Row

_LINE, _AREA = 1, 2
_WIDTHS = ("width_from_m", "width_to_m")
_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "all": ((), ()),
    "share": (("share_pct",), ("opposite",)),
    "front": (("opposite",), ()),
    "track": (("event_ids",), ("opposite", *_WIDTHS)),
    "gap": (("opposite", *_WIDTHS), ()),
    "ring": (("opposite",), ("share_pct",)),
    "severed": (("to_place_id",), ("opposite",)),
}
"""What each extent needs, and what else it has a use for."""

_OF_EXTENT = ("opposite", "share_pct", *_WIDTHS, "to_place_id")


def unfit_shapes(case: Case) -> Iterator[Finding]:
    """
    What a statement means of a place fits the shape of the place.

    A front, a track and a gap need a line; a ring an area, or a line that ends where it begins; a
    share more than a point. Draw the place so, or say what else was meant.
    """
    for row in case.folder.statements.rows:
        place = case.folder.places.get(str(row.values["place_id"]))
        extent = _extent(row)
        if place is None or extent in {"all", "severed"}:
            continue
        shape = place.geometry
        if extent == "share":
            # A place never located may be an area; what is said of it can wait until it is drawn.
            fits, needed = not isinstance(shape, shapely.Point), "a line or an area"
        elif extent == "ring":
            fits, needed = _is_closed(shape), "an area, or a line that ends where it begins"
        else:
            fits, needed = _dimension(shape) == _LINE, "a line"
        if not fits:
            yield finding(
                f"extent {extent} needs {needed}, and {place.id} is {_shape_word(shape)}",
                f"draw {place.id} as {needed} in places.geojson, name another place, or change "
                "the extent",
                (case.file("statements.csv"), row),
                where=None if shape is None else position(shape),
            )


def unfit_extents(case: Case) -> Iterator[Finding]:
    """
    A statement gives the columns that its extent needs, and none that it has no use for.

    A share needs ``share_pct``; a front ``opposite``; a track its event; a gap ``opposite`` and
    two widths; a ring ``opposite``; severed ground ``to_place_id``; and all of them a controller
    and the status ``controlled``. An extent that was forgotten leaves columns of no use.
    """
    file = case.file("statements.csv")
    for row in case.folder.statements.rows:
        values, extent = row.values, _extent(row)
        needed, useful = _COLUMNS[extent]
        lacking = [name for name in needed if values[name] is None]
        if extent != "all":
            lacking += ["controller"] * (values["controller"] is None)
        if extent == "track" and (values[_WIDTHS[0]] is None) != (values[_WIDTHS[1]] is None):
            lacking += [name for name in _WIDTHS if values[name] is None]
        idle = [n for n in _OF_EXTENT if values[n] is not None and n not in (*needed, *useful)]
        if lacking:
            yield finding(
                f"extent {extent} at {values['place_id']} lacks {', '.join(lacking)}",
                "give what the source says of it, or change the extent",
                (file, row),
            )
        if idle:
            yield finding(
                f"extent {extent} at {values['place_id']} has no use for {', '.join(idle)}",
                "name the extent that was meant, or empty these cells",
                (file, row),
            )
        if extent != "all" and values["status"] != Status.CONTROLLED:
            yield finding(
                f"extent {extent} at {values['place_id']} with the status {values['status']}",
                "it says who stands where, so its status is controlled; or change the extent",
                (file, row),
            )
        if extent == "severed" and values["to_place_id"] == values["place_id"]:
            yield finding(
                f"{values['place_id']} cannot be severed from itself",
                "name the other ground in to_place_id",
                (file, row),
            )


def one_handed_statements(case: Case) -> Iterator[Finding]:
    """
    The two hands of a statement are two sides.

    A side has no front with itself, closes no gap of its own and takes nothing from itself; sides
    are those of ``actors.csv``. Name the other side in ``opposite``.
    """
    for row in case.folder.statements.rows:
        controller, opposite = row.values["controller"], row.values["opposite"]
        if controller and opposite and case.side(controller) == case.side(opposite):
            side = case.side(controller)
            whose = f"both are {side}" if controller != opposite else f"which is {side} twice"
            yield finding(
                f"extent {_extent(row)} at {row.values['place_id']} stands between {controller} "
                f"and {opposite}, {whose}",
                "name another side in opposite, or correct the side in actors.csv",
                (case.file("statements.csv"), row),
            )


def reversed_widths(case: Case) -> Iterator[Finding]:
    """
    A width reaches from the lesser figure to the greater.

    The first is the least width that the words allow, the second the greatest; both are the same
    where one figure was said. Exchange the two.
    """
    for row in case.folder.statements.rows:
        least, most = (row.values[name] for name in _WIDTHS)
        if isinstance(least, int) and isinstance(most, int) and least > most:
            yield finding(
                f"the width at {row.values['place_id']} reaches from {least} to {most} m",
                "exchange width_from_m and width_to_m",
                (case.file("statements.csv"), row),
            )


def denied_statements(case: Case) -> Iterator[Finding]:
    """
    What is said of a whole line or area is not denied by what is said of a place on it.

    Both speak of one day and of a sole holder, and the holders are of two sides. A place is on an
    area where it lies deeper in it than the two errors together, and on a line where it lies
    nearer than each of the two. With a source in common it is an error: nobody says both. Correct
    one of the two, or say of the area that a share of it is held.
    """
    said = [_Said(row, place) for row, place in _whole_words(case)]
    wide: defaultdict[object, list[_Said]] = defaultdict(list)
    for one in said:
        if not isinstance(one.shape, shapely.Point):
            wide[one.row.values["date"]].append(one)
    for spot in said:
        for area in wide[spot.row.values["date"]]:
            sides = [case.side(one.row.values["controller"]) for one in (area, spot)]
            if sides[0] == sides[1] or not _is_on(case, area, spot):
                continue
            cited = [set(split_ids(one.row.values["source_ids"])) for one in (area, spot)]
            shared = sorted(cited[0] & cited[1])
            found = finding(
                f"all of {area.place.id} is said to be {sides[0]}'s on {area.row.values['date']}, "
                f"and {spot.place.id} on it {sides[1]}'s"
                + (f"; {', '.join(shared)} says both" if shared else ""),
                f"correct one of the two, or give {area.row.id} the extent share",
                (case.file("statements.csv"), area.row),
                ids=(area.row.id, spot.row.id),
                where=position(spot.shape),
            )
            yield found if shared else replace(found, severity="warning")


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement of a whole place that was located."""

    row: Row
    place: Feature

    @property
    def shape(self) -> shapely.Geometry:
        assert self.place.geometry is not None
        return self.place.geometry

    @property
    def error_m(self) -> int:
        return int(self.place.properties["geo_radius_m"] or 0)


def _whole_words(case: Case) -> Iterator[tuple[Row, Feature]]:
    """What is said of all of a place for one side and one day, where the place was located."""
    for row in case.folder.statements.rows:
        values = row.values
        place = case.folder.places.get(str(values["place_id"]))
        sure = values["status"] == Status.CONTROLLED and values["date_precision"] == "day"
        whole = _extent(row) == "all" and values["controller"] is not None
        if sure and whole and place is not None and place.geometry is not None:
            yield row, place


def _is_on(case: Case, area: _Said, spot: _Said) -> bool:
    """Whether a place lies on another, a line or an area, for sure."""
    if area.place.id == spot.place.id:
        return False
    is_line = _dimension(area.shape) == _LINE
    if is_line and not isinstance(spot.shape, shapely.Point):
        return False
    if not is_line and not shapely.covers(area.shape, spot.shape):
        return False
    whole, part = map(case.plane.forward, (area.shape, spot.shape))
    if is_line:
        return bool(shapely.dwithin(whole, part, min(area.error_m, spot.error_m)))
    depth_m = float(shapely.distance(shapely.boundary(whole), part))
    return depth_m > area.error_m + spot.error_m


def _extent(row: Row) -> str:
    return str(row.values["extent"] or "all")


def _dimension(shape: shapely.Geometry | None) -> int:
    """0 for a point, 1 for a line, 2 for an area; -1 where never located."""
    return -1 if shape is None else int(shapely.get_dimensions(shape))


def _is_closed(shape: shapely.Geometry | None) -> bool:
    if _dimension(shape) == _LINE:
        merged = shapely.line_merge(shape)
        return bool(shapely.is_closed(merged)) and bool(shapely.is_simple(merged))
    return _dimension(shape) == _AREA


def _shape_word(shape: shapely.Geometry | None) -> str:
    return ("never located", "a point", "a line", "an area")[_dimension(shape) + 1]
