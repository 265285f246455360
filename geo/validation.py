"""
What the files of a theatre say of each other: rules, each with a code.

A rule is a small function over a `Folder` that yields findings. Its code is its key in
`RULES`, and a heading in CONTRIBUTING's list of laws: every rule has a test that breaks a sound
theatre so that exactly that rule speaks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import shapely
from rapidfuzz import process

from geo import topology
from geo.errors import Issue, SchemaError
from geo.model import (
    CONTROL,
    SCHEMAS,
    Basis,
    Confidence,
    Feature,
    Label,
    Patch,
    Row,
    Schema,
    Status,
    Value,
    parse_day,
    split_ids,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from geo.layers import Folder

__all__ = ["RULES", "check", "patches_of", "require_sound"]


def check(folder: Folder) -> list[Issue]:
    """
    Return every finding about a theatre, the readers' warnings among them.

    Parameters
    ----------
    folder
        As read by `geo.layers.read_folder`.

    Returns
    -------
    issues
        Errors first, then by file and line.
    """
    issues = list(folder.issues)
    for rule in RULES.values():
        issues += rule(folder)
    return sorted(issues, key=lambda i: (i.severity, i.file, i.line, i.code, i.ids))


def require_sound(folder: Folder) -> list[Issue]:
    """
    Raise where the theatre has an error.

    Parameters
    ----------
    folder
        As read by `geo.layers.read_folder`.

    Returns
    -------
    warnings
        What remains to be said.

    Raises
    ------
    SchemaError
        If any rule finds an error; all of them are in it.
    """
    issues = check(folder)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)
    return issues


def patches_of(layer_features: tuple[Feature, ...]) -> list[Patch]:
    """
    Return the patches of a control layer.

    Parameters
    ----------
    layer_features
        Its features.

    Returns
    -------
    patches
        In the same order.
    """
    return [
        Patch(
            Label(
                controller=str(f.properties["controller"] or ""),
                controllers=str(f.properties["controllers"] or ""),
                status=str(f.properties["status"]),
                basis=str(f.properties["basis"] or ""),
                confidence=str(f.properties["confidence"] or ""),
                patch=f.id,
            ),
            f.geometry,
        )
        for f in layer_features
        if f.geometry is not None
    ]


# Where things stand: every record of the theatre with its schema and its file.


def _records(folder: Folder) -> Iterator[tuple[Schema, str, Feature | Row]]:
    schemas = SCHEMAS
    yield schemas["theatre"], _file(folder, "theatre.geojson"), folder.theatre
    for day, layer in folder.control.items():
        for feature in layer.features:
            yield CONTROL, _file(folder, f"control/{day}.geojson"), feature
    for layer in folder.event_layers:
        for feature in layer.features:
            yield schemas["events"], layer.file, feature
    for feature in folder.places.values():
        yield schemas["places"], _file(folder, "places.geojson"), feature
    for feature in folder.context:
        yield schemas["context"], _file(folder, "context"), feature
    for name in ("statements", "changes", "assessments", "actors", "alignments", "sources"):
        for row in getattr(folder, name).rows:
            yield schemas[name], _file(folder, f"{name}.csv"), row


def _values(record: Feature | Row) -> Mapping[str, Value]:
    return record.properties if isinstance(record, Feature) else record.values


def _file(folder: Folder, name: str) -> str:
    return str(folder.root / name)


def _ids(folder: Folder) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = defaultdict(set)
    for schema, _, record in _records(folder):
        ids[schema.name].add(record.id)
    return ids


# The rules.


def _dangling_reference(folder: Folder) -> Iterator[Issue]:
    ids = _ids(folder)
    for schema, file, record in _records(folder):
        for column in schema.columns:
            if column.kind not in {"ref", "refs"}:
                continue
            value = _values(record).get(column.name)
            parts = split_ids(value) if column.kind == "refs" else [str(value)] if value else []
            known = ids[column.refers_to]
            for part in parts:
                if part not in known:
                    yield Issue(
                        "reference.dangling",
                        "error",
                        f"{column.name} names {part!r}, which {_home(column.refers_to)} lacks",
                        _suggest(part, known),
                        file=file,
                        line=record.line,
                        ids=(record.id,) if record.id else (),
                    )


def _home(name: str) -> str:
    return SCHEMAS[name].path


def _suggest(word: str, known: set[str]) -> str:
    best = process.extractOne(word, sorted(known), score_cutoff=60)
    return f"did you mean {best[0]!r}?" if best else "add it there, or mend the spelling"


def _duplicate_id(folder: Folder) -> Iterator[Issue]:
    seen: dict[tuple[str, str], str] = {}
    for schema, file, record in _records(folder):
        if schema is CONTROL or not record.id:
            continue  # a patch keeps its id from date to date
        first = seen.setdefault((schema.name, record.id), file)
        if first != file:
            yield Issue(
                "id.duplicate",
                "error",
                f"the id stands in {first} too",
                "give one of them a new id",
                file=file,
                line=record.line,
                ids=(record.id,),
            )


def _axes(folder: Folder) -> Iterator[Issue]:
    for schema, file, record in _records(folder):
        if schema.name not in {"control", "statements"}:
            continue
        values = _values(record)
        for message, hint in _axis_faults(values):
            yield Issue(
                "control.axes",
                "error",
                message,
                hint,
                file=file,
                line=record.line,
                ids=(record.id,),
            )


def _axis_faults(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    status = str(values["status"])
    parties = split_ids(values["controllers"])
    if status in {Status.CONTROLLED, Status.ADVANCE} and not values["controller"]:
        yield f"status {status} without a controller", "say who holds it, or set status unknown"
    if status in {Status.CONTESTED, Status.MIXED} and len(parties) < 2:
        yield f"status {status} with fewer than two controllers", "name the parties, joined by ;"
    if status in {Status.UNKNOWN, Status.NONE} and (values["controller"] or parties):
        yield f"status {status} with a controller", "clear the controller, or change the status"
    if status != Status.UNKNOWN and not (values["basis"] and values["confidence"]):
        yield f"status {status} without basis or confidence", "say what it rests on, and how sure"


def _coverage(folder: Folder) -> Iterator[Issue]:
    for day, layer in folder.control.items():
        file = _file(folder, f"control/{day}.geojson")
        lines = {feature.id: feature.line for feature in layer.features}
        for issue in topology.faults(folder.area, patches_of(layer.features)):
            line = lines.get(issue.ids[0], 0) if issue.ids else 0
            yield _at(issue, file, line)


def _at(issue: Issue, file: str, line: int) -> Issue:
    return Issue(
        issue.code,
        issue.severity,
        issue.message,
        issue.hint,
        file,
        line,
        issue.ids,
        issue.where,
        issue.fixable,
    )


_ORDERED = {
    "theatre": ("before", "after", False),
    "events": ("event_date", "end_date", True),
    "changes": ("from_date", "to_date", False),
    "alignments": ("valid_from", "valid_to", False),
}
"""First date, second date, and whether they may be equal."""


def _date_order(folder: Folder) -> Iterator[Issue]:
    for schema, file, record in _records(folder):
        if schema.name not in _ORDERED:
            continue
        first, second, equal = _ORDERED[schema.name]
        a, b = _values(record)[first], _values(record)[second]
        if a and b and (str(a) > str(b) or (str(a) == str(b) and not equal)):
            yield Issue(
                "date.order",
                "error",
                f"{second} {b} is not after {first} {a}",
                "an interval runs from its first day to the day after its last"
                if not equal
                else "exchange them, or clear the second",
                file=file,
                line=record.line,
                ids=(record.id,) if record.id else (),
            )


def _theatre_dates(folder: Folder) -> Iterator[Issue]:
    if not folder.control:
        return
    first = min(folder.control)
    for name in ("before", "after"):
        day = parse_day(str(folder.theatre.properties[name]))
        if day < first:
            yield Issue(
                "theatre.dates",
                "error",
                f"{name} {day} is before the first control layer, {first}",
                "choose a later date",
                file=_file(folder, "theatre.geojson"),
                line=folder.theatre.line,
                ids=(folder.theatre.id,),
            )


def _event_month(folder: Folder) -> Iterator[Issue]:
    for layer in folder.event_layers:
        month = layer.file.rsplit("/", 1)[-1].removesuffix(".geojson")
        for feature in layer.features:
            if not str(feature.properties["event_date"]).startswith(f"{month}-"):
                yield Issue(
                    "events.month",
                    "error",
                    f"event_date {feature.properties['event_date']} is not of {month}",
                    f"move it to events/{str(feature.properties['event_date'])[:7]}.geojson",
                    file=layer.file,
                    line=feature.line,
                    ids=(feature.id,),
                )


def _located(folder: Folder) -> Iterator[Issue]:
    for place in folder.places.values():
        method = place.properties["coord_method"]
        if (method == "none") != (place.geometry is None):
            yield Issue(
                "places.located",
                "error",
                f"coord_method is {method} "
                + ("without a position" if place.geometry is None else "with a position"),
                "a place never located has no geometry; any other says how it was",
                file=_file(folder, "places.geojson"),
                line=place.line,
                ids=(place.id,),
            )
        elif place.geometry is not None and place.properties["geo_radius_m"] is None:
            yield Issue(
                "places.radius",
                "warning",
                "a position without an error radius reads as exact",
                "give geo_radius_m",
                file=_file(folder, "places.geojson"),
                line=place.line,
                ids=(place.id,),
            )


def _event_place(folder: Folder) -> Iterator[Issue]:
    for layer in folder.event_layers:
        for event in layer.features:
            place = folder.places.get(str(event.properties["place_id"] or ""))
            if place is None or place.geometry is None or event.geometry is None:
                continue
            if not shapely.equals(place.geometry, event.geometry):
                yield Issue(
                    "events.position",
                    "warning",
                    f"it does not lie where {place.id} lies",
                    "copy the position of the place, or name another place",
                    file=layer.file,
                    line=event.line,
                    ids=(event.id,),
                    where=_position(event.geometry),
                )


def _sides(folder: Folder) -> Iterator[Issue]:
    actors = folder.rows("actors")
    for row in actors.values():
        side = actors.get(str(row.values["side"] or ""))
        file = _file(folder, "actors.csv")
        if side is not None and side.values["kind"] != "side":
            yield Issue(
                "actors.side",
                "error",
                f"its side {side.id} is itself no side",
                "name a row of kind `side`",
                file=file,
                line=row.line,
                ids=(row.id,),
            )
        if row.values["kind"] == "side" and not row.values["color"]:
            yield Issue(
                "actors.color",
                "error",
                "a side without a colour cannot be drawn",
                "give color, such as #bf4522",
                file=file,
                line=row.line,
                ids=(row.id,),
            )


def _assessed(folder: Folder) -> Iterator[Issue]:
    looked = {str(row.values["date"]) for row in folder.assessments.rows}
    for day in folder.control:
        if str(day) not in looked:
            yield Issue(
                "assessments.missing",
                "warning",
                "no row of assessments.csv says that anybody looked at this date",
                "add one, so that `nothing moved` is told from `nobody looked`",
                file=_file(folder, f"control/{day}.geojson"),
            )


def _contradiction(folder: Folder) -> Iterator[Issue]:
    """Compare each firm statement of a layer's date with the patch on which its place lies."""
    for day, layer in folder.control.items():
        firm = [row for row in folder.statements.rows if _is_firm(row, str(day))]
        tree = shapely.STRtree([p.geometry for p in patches_of(layer.features)])
        for row in firm:
            place = folder.places.get(str(row.values["place_id"]))
            if place is None or place.geometry is None:
                continue
            for index in tree.query(place.geometry, predicate="within")[:1]:
                patch = layer.features[index]
                if patch.properties["controller"] != row.values["controller"]:
                    held = patch.properties["controller"] or patch.properties["status"]
                    yield Issue(
                        "control.contradicts",
                        "warning",
                        f"{place.id} lies in ground that is {held}, but a firm statement says "
                        f"{row.values['controller']}",
                        _why_not(place),
                        file=_file(folder, f"control/{day}.geojson"),
                        line=patch.line,
                        ids=(patch.id, row.id),
                        where=_position(place.geometry),
                    )


def _position(point: shapely.Geometry) -> tuple[float, float]:
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def _is_firm(row: Row, day: str) -> bool:
    values = row.values
    return (
        values["date"] == day
        and values["status"] == Status.CONTROLLED
        and values["basis"] in {Basis.ASSESSED, Basis.REPORTED}
        and values["confidence"] != Confidence.LOW
    )


def _why_not(place: Feature) -> str:
    radius_km = float(place.properties["geo_radius_m"] or 0) / 1e3
    if place.properties["coord_method"] == "inferred":
        return f"its position is inferred, to {radius_km:g} km, so the patch need not be wrong"
    return "mend the patch or the statement, or say in the patch's note why they differ"


RULES: dict[str, Callable[[Folder], Iterator[Issue]]] = {
    "reference.dangling": _dangling_reference,
    "id.duplicate": _duplicate_id,
    "control.axes": _axes,
    "layer.coverage": _coverage,
    "date.order": _date_order,
    "theatre.dates": _theatre_dates,
    "events.month": _event_month,
    "places.located": _located,
    "events.position": _event_place,
    "actors.side": _sides,
    "assessments.missing": _assessed,
    "control.contradicts": _contradiction,
}
"""Every rule by its code, in the order in which they run."""
