"""
What the files of a theatre say of each other: rules, each with a code.

A rule is a small function over a `Case` that yields findings; its docstring is what
``frontline check --explain CODE`` prints. Every rule has a test that breaks a sound theatre so
that exactly that rule speaks. Rules marked `blocking` find what makes every answer wrong; they run
whenever a theatre is opened. The others run when it is checked.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from rapidfuzz import process

from geo.control import Composite
from geo.coverage import BorderEdges, find_faults
from geo.crs import LocalPlane
from geo.errors import CoverageError, Issue, SchemaError, UnknownIdError
from geo.evidence import DRAFT, MIN_AREA_KM2, PICTURE, idle_rows, ledger_frame, nearest_place
from geo.layers import READING
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
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import geopandas as gpd

    from geo.errors import Severity
    from geo.layers import Folder

__all__ = [
    "RULES",
    "Case",
    "Limits",
    "Rule",
    "check_folder",
    "explain_code",
    "patches_of",
    "require_sound",
    "sarif_report",
]


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The numbers that the rules go by.

    Attributes
    ----------
    min_area_km2
        Smaller pieces of change need no row of the ledger.
    flip_days
        A place that changes hands and back within so many days is asked about.
    clash_km
        Farthest distance of a clash from ground of either side, beside its own error radius.
    drawn_radius_m
        Places located worse than this need not show in the control layers.
    """

    min_area_km2: float = MIN_AREA_KM2
    flip_days: int = 14
    clash_km: float = 15.0
    drawn_radius_m: int = 5000


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule.

    Attributes
    ----------
    check
        Yields the findings of a case; its docstring explains the rule.
    blocking
        Whether a theatre that breaks it cannot be opened.
    codes
        Codes of its findings; empty where it is the rule's own.
    """

    check: Callable[[Case], Iterator[Issue]]
    blocking: bool = False
    codes: tuple[str, ...] = ()


_FEW_LAYERS = 4


def check_folder(
    folder: Folder,
    *,
    severities: Mapping[str, Severity | Literal["off"]] | None = None,
    limits: Limits | None = None,
) -> list[Issue]:
    """
    Return every finding about a theatre, the readers' warnings among them.

    Parameters
    ----------
    folder
        As read by `geo.layers.folder.read_folder`.
    severities
        What the findings of a code are instead of what its rule says; ``off`` drops them.
    limits
        The numbers that the rules go by.

    Returns
    -------
    issues
        Errors first, then by file and line.

    Raises
    ------
    UnknownIdError
        If `severities` names a code that no rule and no reader has.
    """
    severities = severities or {}
    for code in severities:
        explain_code(code)
    case = Case(folder, limits or Limits())
    issues = list(folder.issues)
    for rule in RULES.values():
        issues += rule.check(case)
    kept = []
    for issue in issues:
        severity = severities.get(issue.code, issue.severity)
        if severity != "off":
            kept.append(replace(issue, severity=severity))
    return sorted(kept, key=_order)


def require_sound(folder: Folder, case: Case | None = None) -> list[Issue]:
    """
    Raise where a theatre has an error that makes every answer wrong.

    Parameters
    ----------
    folder
        As read by `geo.layers.folder.read_folder`.
    case
        What is worked out of the folder on the way, to be used again.

    Returns
    -------
    warnings
        What remains to be said; `check` says more.

    Raises
    ------
    SchemaError
        If any blocking rule finds an error; all of them are in it.
    """
    case = case or Case(folder, Limits())
    issues = list(folder.issues)
    for code, rule in RULES.items():
        # Many layers, much alike, are noded together in less time than each is looked at; that
        # tells overlaps and gaps as well, though not where they are.
        together = code == "layer.coverage" and case.is_series
        if rule.blocking and not (together and case.composite is not None):
            issues += rule.check(case)
    issues.sort(key=_order)
    errors = [issue for issue in issues if issue.severity == "error"]
    if errors:
        raise SchemaError(errors)
    return issues


def _order(issue: Issue) -> tuple[str, str, int, str, tuple[str, ...]]:
    return issue.severity, issue.file, issue.line, issue.code, issue.ids


def explain_code(code: str) -> str:
    """
    Return what a code means: what the rule asks for, why, and what to do.

    Parameters
    ----------
    code
        Code of a rule, of one of its findings, or of a reader's finding.

    Returns
    -------
    text
        A heading and a few lines.

    Raises
    ------
    UnknownIdError
        If there is no such code.

    Examples
    --------
    >>> print(explain("alignments.overlap").splitlines()[0])
    alignments.overlap: An alliance is recorded once for any one day.
    """
    if meaning := _meaning(code):
        return f"{code}: {meaning}"
    known = [*RULES, *(c for rule in RULES.values() for c in rule.codes), *READING]
    near = [name for name, _, _ in process.extract(code, known, limit=3, score_cutoff=60)]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    raise UnknownIdError(f"there is no rule {code!r}{hint}")


def _meaning(code: str) -> str:
    for name, rule in RULES.items():
        if code == name or code in rule.codes:
            return inspect.getdoc(rule.check) or ""
    return READING.get(code, "")


def sarif_report(issues: Sequence[Issue], *, version: str) -> dict[str, object]:
    """
    Return findings in the form that code hosts read: SARIF 2.1.0.

    Parameters
    ----------
    issues
        From `check`.
    version
        Version of this package.

    Returns
    -------
    log
        Ready for JSON. Paths are those of the findings; a finding without a line is at line 1.
    """
    codes = sorted({issue.code for issue in issues})
    rules = []
    for code in codes:
        title, _, rest = _meaning(code).partition("\n")
        rule: dict[str, object] = {"id": code, "shortDescription": {"text": title or code}}
        if rest.strip():
            rule["fullDescription"] = {"text": rest.strip()}
        rules.append(rule)
    driver = {"name": "frontline", "version": version, "rules": rules}
    results = [_sarif_result(issue, codes.index(issue.code)) for issue in issues]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _sarif_result(issue: Issue, rule: int) -> dict[str, object]:
    about = f"{', '.join(issue.ids)}: " if issue.ids else ""
    hint = f" ({issue.hint})" if issue.hint else ""
    place = {
        "artifactLocation": {"uri": issue.file.replace("\\", "/")},
        "region": {"startLine": max(issue.line, 1)},
    }
    return {
        "ruleId": issue.code,
        "ruleIndex": rule,
        "level": issue.severity,
        "message": {"text": f"{about}{issue.message}{hint}"},
        "locations": [{"physicalLocation": place}],
        "properties": {"ids": list(issue.ids), "where": issue.where, "fixable": issue.fixable},
    }


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


class Case:
    """
    A theatre under examination: what several rules look at, worked out once.

    Parameters
    ----------
    folder
        As read.
    limits
        The numbers that the rules go by.
    """

    def __init__(self, folder: Folder, limits: Limits) -> None:
        self.folder = folder
        self.limits = limits
        self.drawn: dict[dt.date, tuple[list[Patch], BorderEdges]] = {}
        """Patches and segments of layers looked at one by one, for who asks of them next."""
        self._ground: dict[tuple[dt.date, str], shapely.Geometry | None] = {}

    @cached_property
    def records(self) -> list[tuple[Schema, str, Feature | Row]]:  # numpydoc ignore=RT01
        """Every record with its schema and its file."""
        return list(_records(self.folder))

    @property
    def is_series(self) -> bool:  # numpydoc ignore=RT01
        """Whether there are more than a few control layers."""
        return len(self.folder.control) > _FEW_LAYERS

    @cached_property
    def composite(self) -> Composite | None:  # numpydoc ignore=RT01
        """The layers noded together; None where one of them is no coverage."""
        snapshots = {day: patches_of(x.features) for day, x in self.folder.control.items()}
        try:
            return Composite.build(self.folder.area, snapshots, self.folder.sides)
        except CoverageError:
            return None

    @cached_property
    def pieces(self) -> gpd.GeoDataFrame | None:  # numpydoc ignore=RT01
        """The ledger of changes (`geo.evidence.ledger.ledger_frame`)."""
        if self.composite is None:
            return None
        return ledger_frame(self.folder, self.composite, min_area_km2=self.limits.min_area_km2)

    @cached_property
    def plane(self) -> LocalPlane:  # numpydoc ignore=RT01
        """Where distances are taken."""
        return LocalPlane.around(self.folder.area)

    @cached_property
    def place_shapes(self) -> dict[str, shapely.Geometry]:  # numpydoc ignore=RT01
        """The located places of the study area."""
        located = {i: p.geometry for i, p in self.folder.places.items() if p.geometry is not None}
        inside = shapely.covers(self.folder.area, np.array(list(located.values()), dtype=object))
        return {i: shape for (i, shape), kept in zip(located.items(), inside, strict=True) if kept}

    def side(self, actor: Value) -> str:
        """
        Return the side of an actor.

        Parameters
        ----------
        actor
            Its id, or nothing.

        Returns
        -------
        side
            The actor itself where it has none; empty for nothing.
        """
        return self.folder.sides.get(str(actor), str(actor)) if actor else ""

    @cached_property
    def place_labels(self) -> dict[str, list[Label]]:  # numpydoc ignore=RT01
        """For each place of `place_shapes`, its label at every date of the composite."""
        composite, shapes = self.composite, self.place_shapes
        if composite is None or not shapes or not composite.dates:
            return {}
        lon, lat = shapely.get_coordinates(np.array(list(shapes.values()), dtype=object)).T
        table = np.array([composite.labels_at(day, lon, lat) for day in composite.dates])
        return {
            place: [composite.labels[label] for label in column]
            for place, column in zip(shapes, table.T.tolist(), strict=True)
            if min(column, default=-1) >= 0
        }

    def sides_of(self, label: Label) -> set[str]:
        """
        Return the sides of a label.

        Parameters
        ----------
        label
            What is known of some ground.

        Returns
        -------
        sides
            Of its controller and of the parties.
        """
        return {self.side(a) for a in (label.controller, *split_ids(label.controllers)) if a}

    def ground(self, day: dt.date, side: str) -> shapely.Geometry | None:
        """
        Return where a side can be on the date of a layer: its own, contested and unknown ground.

        Parameters
        ----------
        day
            Date of a layer.
        side
            The side.

        Returns
        -------
        ground
            In `plane`; None where it has none.
        """
        key = (day, side)
        if key not in self._ground:
            patches = patches_of(self.folder.control[day].features)
            shapes = [
                p.geometry
                for p in patches
                if side in self.sides_of(p.label) or p.label.status == Status.UNKNOWN
            ]
            whole = shapely.union_all(np.array(shapes, dtype=object)) if shapes else None
            self._ground[key] = None if whole is None else self.plane.forward(whole)
        return self._ground[key]


# Where things stand: every record of the theatre with its schema and its file.


def _records(folder: Folder) -> Iterator[tuple[Schema, str, Feature | Row]]:
    schemas = SCHEMAS
    yield schemas["theatre"], _file(folder, "theatre.geojson"), folder.theatre
    for day, layer in folder.control.items():
        file = _file(folder, f"control/{day}.geojson")
        for feature in layer.features:
            yield CONTROL, file, feature
    for layer in folder.event_layers:
        for feature in layer.features:
            yield schemas["events"], layer.file, feature
    file = _file(folder, "places.geojson")
    for feature in folder.places.values():
        yield schemas["places"], file, feature
    for feature in folder.context:
        yield schemas["context"], _file(folder, "context"), feature
    for name in ("statements", "changes", "assessments", "actors", "alignments", "sources"):
        file = _file(folder, f"{name}.csv")
        for row in getattr(folder, name).rows:
            yield schemas[name], file, row


def _values(record: Feature | Row) -> Mapping[str, Value]:
    return record.properties if isinstance(record, Feature) else record.values


def _file(folder: Folder, name: str) -> str:
    return str(folder.root / name)


# Rules on records: each looks at single records, or at their ids.


def _dangling_reference(case: Case) -> Iterator[Issue]:
    """
    An id that is named must stand in the table it belongs to.

    A misspelt id would silently cut a patch from its sources, or an actor from its side. Mend the
    spelling, or add the row. An actor's other names are looked at for the hint, never followed.
    """
    ids: dict[str, set[str]] = defaultdict(set)
    for schema, _, record in case.records:
        ids[schema.name].add(record.id)
    columns = {
        s.name: [c for c in s.columns if c.kind in {"ref", "refs"}] for s in SCHEMAS.values()
    }
    for schema, file, record in case.records:
        for column in columns[schema.name]:
            value = _values(record).get(column.name)
            if value is None:
                continue
            parts = split_ids(value) if column.kind == "refs" else [str(value)] if value else []
            for part in parts:
                if part not in ids[column.refers_to]:
                    yield _issue(
                        "reference.dangling",
                        "error",
                        f"{column.name} names {part!r}, which {_home(column.refers_to)} lacks",
                        _suggest(case, part, column.refers_to, ids[column.refers_to]),
                        (file, record),
                    )


def _home(name: str) -> str:
    return SCHEMAS[name].path


def _suggest(case: Case, word: str, name: str, known: set[str]) -> str:
    if name == "actors":
        for row in case.folder.actors.rows:
            if word in split_ids(row.values["alternatenames"]):
                return f"it is another name of {row.id!r}; write that"
    best = process.extractOne(word, sorted(known), score_cutoff=60)
    return f"did you mean {best[0]!r}?" if best else "add it there, or mend the spelling"


def _duplicate_id(case: Case) -> Iterator[Issue]:
    """
    An id stands for one record, whatever the file.

    Two records with one id cannot be told apart by anything that names them. Give one of them a
    new id. Patches are excepted: a patch keeps its id from date to date.
    """
    seen: dict[tuple[str, str], str] = {}
    for schema, file, record in case.records:
        if schema is CONTROL or not record.id:
            continue
        first = seen.setdefault((schema.name, record.id), file)
        if first != file:
            yield _issue(
                "id.duplicate",
                "error",
                f"the id stands in {first} too",
                "give one of them a new id",
                (file, record),
            )


def _axes(case: Case) -> Iterator[Issue]:
    """
    Status, controller, basis and confidence must fit each other.

    Controlled ground has a controller, unknown ground has none; and whatever is said to be known
    says on what it rests and how sure it is.
    """
    for schema, file, record in case.records:
        if schema.name in {"control", "statements"}:
            for message, hint in _axis_faults(_values(record)):
                yield _issue("control.axes", "error", message, hint, (file, record))


def _axis_faults(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    status = str(values["status"])
    if status in {Status.CONTROLLED, Status.ADVANCE} and not values["controller"]:
        yield f"status {status} without a controller", "say who holds it, or set status unknown"
    if status in {Status.UNKNOWN, Status.NONE} and (values["controller"] or values["controllers"]):
        yield f"status {status} with a controller", "clear the controller, or change the status"
    if status != Status.UNKNOWN and not (values["basis"] and values["confidence"]):
        yield f"status {status} without basis or confidence", "say what it rests on, and how sure"


def _parties(case: Case) -> Iterator[Issue]:
    """
    Contested ground, and ground that is shared, should name at least two parties.

    Many lists say no more than that a place is contested; that nobody holds it alone is known then.
    """
    for schema, file, record in case.records:
        if schema.name not in {"control", "statements"}:
            continue
        values = _values(record)
        status, parties = values["status"], split_ids(values["controllers"])
        if status in {Status.CONTESTED, Status.MIXED} and len(parties) < 2:
            message = f"status {status} with fewer than two controllers"
            hint = "name the parties where they are known, joined by ;"
            yield _issue("control.parties", "warning", message, hint, (file, record))


def _coverage(case: Case) -> Iterator[Issue]:
    """
    The patches of a date cover the study area once: no overlap, no gap, nothing outside.

    Ground that two patches claim would be counted twice, ground that none claims would be lost.
    Take the ground from one of them, or give it to one, with status unknown if need be. What is
    narrower than a few metres is noise of drawing and only a warning, ``layer.sliver``.
    """
    for day, layer in case.folder.control.items():
        by_id = {feature.id: feature for feature in layer.features}
        patches = patches_of(layer.features)
        edges = BorderEdges.of([patch.geometry for patch in patches])
        if not case.is_series:
            case.drawn[day] = patches, edges
        # What was read from bytes is valid; what somebody made in memory has no digest.
        read = bool(layer.digest)
        for issue in find_faults(case.folder.area, patches, edges=edges, valid=read):
            line = by_id[issue.ids[0]].line if issue.ids else 0
            yield replace(issue, file=_layer_file(case, day), line=line)


_ORDERED = {
    "theatre": ("before", "after", False),
    "events": ("event_date", "end_date", True),
    "changes": ("from_date", "to_date", False),
    "alignments": ("valid_from", "valid_to", False),
}
"""First date, second date, and whether they may be equal."""


def _date_order(case: Case) -> Iterator[Issue]:
    """
    The second date of an interval comes after the first.

    Intervals are half-open: they run from their first day to the day after their last, so one that
    begins and ends on the same date is empty. The last day of an event is inclusive.
    """
    for schema, file, record in case.records:
        if schema.name not in _ORDERED:
            continue
        first, second, equal = _ORDERED[schema.name]
        a, b = _values(record)[first], _values(record)[second]
        if a and b and (str(a) > str(b) or (str(a) == str(b) and not equal)):
            yield _issue(
                "date.order",
                "error",
                f"{second} {b} is not after {first} {a}",
                "an interval runs from its first day to the day after its last"
                if not equal
                else "exchange them, or clear the second",
                (file, record),
            )


def _theatre_dates(case: Case) -> Iterator[Issue]:
    """
    The default dates of the theatre are not before its first control layer.

    Before the first layer nothing is known, so a map of that day has no answer.
    """
    folder = case.folder
    if not folder.control:
        return
    first = min(folder.control)
    for name in ("before", "after"):
        day = parse_day(str(folder.theatre.properties[name]))
        if day < first:
            yield _issue(
                "theatre.dates",
                "error",
                f"{name} {day} is before the first control layer, {first}",
                "choose a later date",
                (_file(folder, "theatre.geojson"), folder.theatre),
            )


def _event_month(case: Case) -> Iterator[Issue]:
    """
    A monthly file of events holds that month only.

    Otherwise a person who looks for an event opens the wrong file. Move it to the named one.
    """
    for file, event in _events(case):
        month = file.rsplit("/", 1)[-1].removesuffix(".geojson")
        day = str(event.properties["event_date"])
        if not day.startswith(f"{month}-"):
            yield _issue(
                "events.month",
                "error",
                f"event_date {day} is not of {month}",
                f"move it to events/{day[:7]}.geojson",
                (file, event),
            )


def _located(case: Case) -> Iterator[Issue]:
    """
    A place says how it was located, and how well.

    A place never located has no geometry; any other says whether a source gives the position or
    it was inferred. A position without an error radius, ``places.radius``, reads as exact.
    """
    file = _file(case.folder, "places.geojson")
    for place in case.folder.places.values():
        method = place.properties["coord_method"]
        if (method == "none") != (place.geometry is None):
            yield _issue(
                "places.located",
                "error",
                f"coord_method is {method} "
                + ("without a position" if place.geometry is None else "with a position"),
                "a place never located has no geometry; any other says how it was",
                (file, place),
            )
        elif place.geometry is not None and place.properties["geo_radius_m"] is None:
            yield _issue(
                "places.radius",
                "warning",
                "a position without an error radius reads as exact",
                "give geo_radius_m",
                (file, place),
            )


def _place_position(case: Case) -> Iterator[Issue]:
    """
    A position lies in or near the theatre, with longitude before latitude.

    ``places.swapped``: it lies far away, and in the study area with its two numbers exchanged.
    ``places.far``: it lies farther from the study area than the study area is long. Both are
    warnings, for a report may name a place abroad; exchange the numbers, or look for a homonym.
    """
    area, plane = case.folder.area, case.plane
    west, south, east, north = shapely.bounds(plane.forward(area))
    length_m = float(np.hypot(east - west, north - south))
    ground = plane.forward(area)
    for place in case.folder.places.values():
        if place.geometry is None:
            continue
        lon, lat = _position(place.geometry)
        at = (_file(case.folder, "places.geojson"), place)
        if shapely.distance(plane.forward(place.geometry), ground) <= length_m:
            continue
        if shapely.covers(area, shapely.Point(lat, lon)):
            message = f"{lon:g}, {lat:g} lies far away, but {lat:g}, {lon:g} in the study area"
            hint = "exchange them: longitude comes first"
            yield _issue("places.swapped", "warning", message, hint, at, where=(lon, lat))
        else:
            message = f"it lies more than {length_m / 1e3:.0f} km from the study area"
            hint = "look for a homonym, or a slip in the degrees"
            yield _issue("places.far", "warning", message, hint, at, where=(lon, lat))


def _place_precision(case: Case) -> Iterator[Issue]:
    """
    An error radius is not smaller than the coordinates allow.

    Coordinates written to one decimal of a degree stand for about 11 km, to two for 1.1 km. A
    radius below half of that claims more than anybody wrote down. Widen it, or find the digits.
    """
    for place in case.folder.places.values():
        radius = place.properties["geo_radius_m"]
        if place.geometry is None or radius is None:
            continue
        decimals = max(len(f"{x:.6f}".rstrip("0").split(".")[1]) for x in _position(place.geometry))
        least = 111_000 * 10.0**-decimals / 2
        if int(radius) < least:
            yield _issue(
                "places.precision",
                "warning",
                f"its position has {decimals} decimals, good to {least:.0f} m at best, and its "
                f"radius is {radius} m",
                "widen geo_radius_m, or find better coordinates",
                (_file(case.folder, "places.geojson"), place),
                where=_position(place.geometry),
            )


def _event_place(case: Case) -> Iterator[Issue]:
    """
    An event at a place lies where the place lies.

    Two positions for one place mean that one of them was moved and the other forgotten.
    """
    for file, event in _events(case):
        place = case.folder.places.get(str(event.properties["place_id"] or ""))
        if place is None or place.geometry is None or event.geometry is None:
            continue
        if not shapely.equals(place.geometry, event.geometry):
            yield _issue(
                "events.position",
                "warning",
                f"it does not lie where {place.id} lies",
                "copy the position of the place, or name another place",
                (file, event),
                where=_position(event.geometry),
            )


def _sides(case: Case) -> Iterator[Issue]:
    """
    The side of an actor is a row of kind ``side``, and a side has a colour.

    ``actors.color``: a side without a colour cannot be drawn.
    """
    actors = case.folder.rows("actors")
    file = _file(case.folder, "actors.csv")
    for row in actors.values():
        side = actors.get(str(row.values["side"] or ""))
        if side is not None and side.values["kind"] != "side":
            message = f"its side {side.id} is itself no side"
            yield _issue("actors.side", "error", message, "name a row of kind `side`", (file, row))
        if row.values["kind"] == "side" and not row.values["color"]:
            message = "a side without a colour cannot be drawn"
            hint = "give color, such as #bf4522"
            yield _issue("actors.color", "error", message, hint, (file, row))


def _alignment_overlap(case: Case) -> Iterator[Issue]:
    """
    An alliance is recorded once for any one day.

    Two rows for the same actor, relation and other whose days overlap say the same thing twice, or
    contradict each other about its end. Join them, or end the first where the second begins.
    """
    rows: dict[tuple[Value, ...], list[Row]] = defaultdict(list)
    for row in case.folder.alignments.rows:
        rows[tuple(row.values[name] for name in ("actor", "relation", "other"))].append(row)
    for (actor, relation, other), same in rows.items():
        same.sort(key=lambda row: (str(row.values["valid_from"] or ""), row.line))
        for one, two in pairwise(same):
            until = one.values["valid_to"]
            if until is None or str(two.values["valid_from"] or "") < str(until):
                yield _issue(
                    "alignments.overlap",
                    "error",
                    f"{actor} {relation} {other} stands in line {one.line} for some of the same "
                    "days",
                    "join the two rows, or end the first where the second begins",
                    (_file(case.folder, "alignments.csv"), two),
                    ids=(str(actor), str(other)),
                )


def _source_url(case: Case) -> Iterator[Issue]:
    """
    A source says where it was read.

    A source without an address cannot be looked up. Give url, or archived_url.
    """
    for row in case.folder.sources.rows:
        if not (row.values["url"] or row.values["archived_url"]):
            yield _issue(
                "sources.url",
                "warning",
                "no address says where it was read",
                "give url or archived_url",
                (_file(case.folder, "sources.csv"), row),
            )


def _source_date(case: Case) -> Iterator[Issue]:
    """
    A source says when it was published, or when it was read.

    Without either nobody can tell what its writer could have known. One finding for the whole
    table: the first row is named, the others counted.
    """
    undated = [
        row
        for row in case.folder.sources.rows
        if not (row.values["published"] or row.values["accessed"])
    ]
    if undated:
        total = len(case.folder.sources.rows)
        yield _issue(
            "sources.date",
            "warning",
            f"{len(undated)} of {total} sources have neither a day of publication nor of access",
            "give published where the page says it, else accessed",
            (_file(case.folder, "sources.csv"), undated[0]),
        )


# Rules on control layers over time.


def _assessed(case: Case) -> Iterator[Issue]:
    """
    Every date that has a layer was looked at by somebody, and says so.

    A row of ``assessments.csv`` tells that nothing moved from that nobody looked; without one a
    change of ground has no cut-off and no scope. Add a row for the date.
    """
    looked = {str(row.values["date"]) for row in case.folder.assessments.rows}
    for day in case.folder.control:
        if str(day) not in looked:
            yield Issue(
                "assessments.missing",
                "warning",
                "no row of assessments.csv says that anybody looked at this date",
                "add one, so that `nothing moved` is told from `nobody looked`",
                file=_layer_file(case, day),
            )


def _assessment_denied(case: Case) -> Iterator[Issue]:
    """
    Ground does not change on a date of which the assessment says that nothing did.

    Either all assessments of a date say ``no_change`` and the layer differs from the one before,
    or one of them names a place that lies on ground which changed. Mend the layer or the row.
    """
    if case.pieces is None:
        return
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in case.folder.assessments.rows:
        rows[str(row.values["date"])].append(row)
    for day, pieces in case.pieces.groupby("to_date", sort=True):
        outcomes = {row.values["outcome"] for row in rows[str(day)]}
        area = pieces["area_km2"].sum()
        moved = {place for cell in pieces["place_ids"] for place in split_ids(cell)}
        for row in rows[str(day)]:
            if row.values["outcome"] != "no_change":
                continue
            named = sorted(moved.intersection(_words(str(row.values["scope"]))))
            if named or outcomes == {"no_change"}:
                what = ", ".join(named) or f"{area:,.1f} km2"
                yield _issue(
                    "assessments.denied",
                    "warning",
                    f"it says no_change of {day}, but {what} changed hands in the layer",
                    "mend the layer, or the outcome",
                    (_file(case.folder, "assessments.csv"), row),
                    ids=(str(day), *named),
                )


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9_-]+", text))


def _repeated_layer(case: Case) -> Iterator[Issue]:
    """
    A layer equal to the one before says that nothing moved, or it is a copy that nobody edited.

    Add a row with the outcome ``no_change`` to ``assessments.csv``, or remove the layer: the one
    before holds until the next.
    """
    quiet = {
        str(row.values["date"])
        for row in case.folder.assessments.rows
        if row.values["outcome"] == "no_change"
    }
    pictures = {
        day: {(p.label, shapely.to_wkb(p.geometry)) for p in patches_of(layer.features)}
        for day, layer in case.folder.control.items()
    }
    for first, second in pairwise(pictures):
        if pictures[first] == pictures[second] and str(second) not in quiet:
            yield Issue(
                "layer.repeats",
                "warning",
                f"it equals the layer of {first}, and no assessment says no_change",
                "add the assessment, or remove the layer",
                file=_layer_file(case, second),
            )


def _contradiction(case: Case) -> Iterator[Issue]:
    """
    A firm statement of a layer's date agrees with the patch on which its place lies.

    Firm is: controlled, assessed or reported, not of low confidence, dated to the day of the
    layer. Mend the patch or the statement, or say in the note of the patch why they differ.
    """
    for day, layer in case.folder.control.items():
        firm = [row for row in case.folder.statements.rows if _is_firm(row, str(day))]
        tree = shapely.STRtree([p.geometry for p in patches_of(layer.features)])
        for row in firm:
            place = case.folder.places.get(str(row.values["place_id"]))
            if place is None or place.geometry is None:
                continue
            for index in tree.query(place.geometry, predicate="within")[:1]:
                patch = layer.features[index]
                if patch.properties["controller"] != row.values["controller"]:
                    held = patch.properties["controller"] or patch.properties["status"]
                    yield _issue(
                        "control.contradicts",
                        "warning",
                        f"{place.id} lies in ground that is {held}, but a firm statement says "
                        f"{row.values['controller']}",
                        _why_not(place),
                        (_layer_file(case, day), patch),
                        ids=(patch.id, row.id),
                        where=_position(place.geometry),
                    )


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


def _partisan(case: Case) -> Iterator[Issue]:
    """
    Ground that only its holder's own media give to the holder is claimed.

    A source that leans to a side can support what is unfavourable to it; alone, it can only claim
    what favours it. Set the basis to ``claimed``, or cite another source. An inferred patch of
    low confidence claims no more than that already. One finding a layer: the largest patch is
    named, the others counted.
    """
    leanings = {row.id: row.values["leaning"] for row in case.folder.sources.rows}
    for day, layer in case.folder.control.items():
        found = [f for f in layer.features if _rests_on_own_side(case, f.properties, leanings)]
        if not found:
            continue
        found.sort(key=lambda f: (-shapely.area(f.geometry), f.id))
        first, others = found[0], f", and {len(found) - 1} patches more" * (len(found) > 1)
        yield _issue(
            "control.partisan",
            "warning",
            f"it rests only on sources that lean to {first.properties['controller']}, and is "
            f"{first.properties['basis']}, not claimed{others}",
            "set basis to claimed, or cite a source that does not",
            (_layer_file(case, day), first),
        )


def _rests_on_own_side(
    case: Case, values: Mapping[str, Value], leanings: Mapping[str, Value]
) -> bool:
    modest = values["basis"] == Basis.INFERRED and values["confidence"] == Confidence.LOW
    if not values["controller"] or values["basis"] == Basis.CLAIMED or modest:
        return False
    cited = {leanings.get(source) for source in split_ids(values["source_ids"])}
    return cited == {case.side(values["controller"])}


def _flip(case: Case) -> Iterator[Issue]:
    """
    A place that changes hands and back within days is asked about.

    Often one of the dates is wrong, or a claim was taken for a fact. Contested and unknown times
    in between do not count as a change. Look at the ledger rows of both changes.
    """
    if case.composite is None:
        return
    found: dict[tuple[dt.date, dt.date, str, str], list[str]] = defaultdict(list)
    for place, labels in case.place_labels.items():
        runs: list[tuple[str, dt.date]] = []
        for start, label in zip(case.composite.dates, labels, strict=True):
            side = case.side(label.controller)
            if side and (not runs or runs[-1][0] != side):
                runs.append((side, start))
        for (one, _), (two, since), (three, until) in zip(runs, runs[1:], runs[2:], strict=False):
            if one == three and (until - since).days <= case.limits.flip_days:
                found[since, until, one, two].append(place)
    for (since, until, one, two), places in sorted(found.items()):
        yield Issue(
            "history.flip",
            "warning",
            f"from {one} to {two} in the layer of {since}, and back "
            f"{(until - since).days} days later",
            "look at both changes in the ledger: is one of the dates wrong, or only a claim?",
            file=_layer_file(case, until),
            ids=tuple(sorted(places)),
            where=_position(case.place_shapes[min(places)]),
        )


# Rules on events and the map.

_TAKING = frozenset(
    {
        "Government regains territory",
        "Non-state actor overtakes territory",
        "Non-violent transfer of territory",
    }
)
_PRECISION_DAYS = {1: 0, 2: 7, 3: 31}


def _unmatched(case: Case) -> Iterator[Issue]:
    """
    Ground that an event takes is held by who took it in the layer that follows.

    Within the precision of its date some layer in force, or the next one, must show the place with
    the actor's side, or contested with it. An event that a later one of another side undid before
    that layer is not asked about, nor a place located too vaguely to be drawn. Mend the layer,
    lower the confidence of the event, or say in the ledger why the picture does not follow it.
    """
    if case.composite is None or not case.composite.dates:
        return
    taken = [(f, e) for f, e in _events(case) if e.properties["sub_event_type"] in _TAKING]
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
            yield _issue(
                "events.unmatched",
                "warning",
                f"{side} takes {place.id} on {event.properties['event_date']}, but the layer of "
                f"{days[-1]} shows it as {held}",
                "mend the layer or the event, or say in the ledger why the map does not follow it",
                (file, event),
                where=_position(case.place_shapes[place.id]),
            )


def _layers_about(case: Case, event: Feature) -> list[dt.date]:
    """Dates of the layers that could show an event: those within its precision, and the next."""
    assert case.composite is not None
    dates = case.composite.dates
    values = event.properties
    slack = _PRECISION_DAYS[int(values["time_precision"] or 1)]
    first = parse_day(str(values["event_date"])) - dt.timedelta(days=slack)
    last = parse_day(str(values["end_date"] or values["event_date"])) + dt.timedelta(days=slack)
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


def _far_clash(case: Case) -> Iterator[Issue]:
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
    for file, event in _events(case):
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
            yield _issue(
                "events.far",
                "warning",
                f"{what} at the time of this clash at {values['place_id']}",
                "look for a homonym and for wrong actors; or the map lacks ground of that side",
                (file, event),
                where=_position(shape),
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


# Rules on the ledger.


def _unexplained(case: Case) -> Iterator[Issue]:
    """
    Every piece of change between two consecutive layers is explained by the ledger.

    Some row with these two dates and hands must speak of the piece, and every place on it must be
    named by one. ``frontline change BEFORE AFTER --ledger`` drafts what is missing. Smaller pieces
    than the limit need none.
    """
    if case.pieces is None:
        return
    # A row of the table has no line of its own to point at: the fault is what is not there.
    file = _file(case.folder, "changes.csv")
    for piece in case.pieces.itertuples():
        if piece.change_ids and not piece.unnamed:
            continue
        hands = (
            f"{piece.from_controller or piece.from_status} to "
            f"{piece.to_controller or piece.to_status}"
        )
        what = (
            f"{piece.area_km2:,.2f} km2 from {hands} between {piece.from_date} and {piece.to_date}"
        )
        if piece.change_ids:
            message = f"{what}: no row names {', '.join(split_ids(piece.unnamed))}"
        else:
            near = nearest_place(case.folder, piece.geometry)
            at = f", {near[1]:.0f} km from {near[0]}" if near and near[1] else ""
            on_it = f", with {', '.join(split_ids(piece.place_ids))}" if piece.place_ids else at
            message = f"no row explains {what}{on_it}"
        yield Issue(
            "ledger.unexplained",
            "error",
            message,
            f"add a row; `frontline change {piece.from_date} {piece.to_date} --ledger` drafts it",
            file=file,
            ids=(piece.id, *split_ids(piece.unnamed or piece.place_ids)),
            where=_position(shapely.point_on_surface(piece.geometry)),
        )


def _idle(case: Case) -> Iterator[Issue]:
    """
    A ledger row explains something.

    A row that speaks of no piece of change is left over from a layer that was redrawn, or its
    dates, hands or places are wrong. A row of an advance, withdrawal or handover may stand if it
    names an event: it tells what happened on ground that could not be drawn.
    """
    if case.pieces is None:
        return
    for row in idle_rows(case.folder, case.pieces):
        values = row.values
        yield _issue(
            "ledger.idle",
            "warning",
            f"no ground changed between {values['from_date']} and {values['to_date']} as it says",
            "mend its dates, hands or places, or remove it",
            (_file(case.folder, "changes.csv"), row),
        )


def _bare(case: Case) -> Iterator[Issue]:
    """
    A ledger row rests on something.

    Ground changes by an event, or at least by a statement about one of the row's places that is
    dated between the two layers. A change of the picture has a note that says why.
    """
    said: dict[str, list[str]] = defaultdict(list)
    for row in case.folder.statements.rows:
        said[str(row.values["place_id"])].append(str(row.values["date"]))
    for row in case.folder.changes.rows:
        values = row.values
        if values["kind"] in PICTURE:
            message = "" if values["note"] else f"a {values['kind']} without a note"
            hint = "say in our own words why the picture changed"
        else:
            first, last = str(values["from_date"]), str(values["to_date"])
            dates = [d for place in split_ids(values["place_ids"]) for d in said[place]]
            known = values["event_ids"] or any(first < d <= last for d in dates)
            message = "" if known else f"an {values['kind']} that no event and no statement tells"
            message = message.replace("an withdrawal", "a withdrawal").replace("an h", "a h")
            hint = "name its events, or make it a refinement"
        if message:
            at = (_file(case.folder, "changes.csv"), row)
            yield _issue("ledger.bare", "error", message, hint, at)


def _draft(case: Case) -> Iterator[Issue]:
    """
    A drafted ledger row is completed by a person.

    A draft only says that ground changed, not why. Write the note anew, in our own words, and name
    the events if there are any.
    """
    for row in case.folder.changes.rows:
        if str(row.values["note"] or "").startswith(DRAFT):
            at = (_file(case.folder, "changes.csv"), row)
            hint = "say why the picture changed, or name the events"
            yield _issue("ledger.draft", "warning", "nobody has completed this draft", hint, at)


def _ledger_dates(case: Case) -> Iterator[Issue]:
    """
    A ledger row stands between two consecutive layers, and its events between them.

    The change happened after the first layer and not after the second. A row over more than two
    layers cannot say in which step the ground changed: split it.
    """
    steps = {(str(a), str(b)) for a, b in pairwise(sorted(case.folder.control))}
    events = {event.id: event.properties for event in case.folder.events}
    for row in case.folder.changes.rows:
        values = row.values
        first, last = str(values["from_date"]), str(values["to_date"])
        at = (_file(case.folder, "changes.csv"), row)
        if first >= last:
            continue  # date.order says so
        if (first, last) not in steps:
            message = f"{first} and {last} are not two consecutive layers"
            yield _issue("ledger.dates", "error", message, "name the layers of one step", at)
            continue
        dated = [("date", values["date"]), ("date_end", values["date_end"])]
        for event in split_ids(values["event_ids"]):
            told = events.get(event, {})
            slack = dt.timedelta(days=_PRECISION_DAYS[int(told.get("time_precision") or 1)])
            if told and parse_day(str(told["event_date"])) - slack > parse_day(last):
                dated.append((event, told["event_date"]))
            end = told.get("end_date") or told.get("event_date")
            if told and parse_day(str(end)) + slack <= parse_day(first):
                dated.append((event, end))
        for name, day in dated:
            if day and not first < str(day) <= last:
                message = f"{name}, {day}, is not after {first} and up to {last}"
                yield _issue("ledger.dates", "error", message, "mend the date or the step", at)


def _ledger_link(case: Case) -> Iterator[Issue]:
    """
    An event and its ledger row name each other.

    ``change_id`` of the event and ``event_ids`` of the row are two ends of one link; with only one
    of them, the chain from the map to the source breaks in one direction.
    """
    rows = {row.id: set(split_ids(row.values["event_ids"])) for row in case.folder.changes.rows}
    named = {event.id: event.properties["change_id"] for event in case.folder.events}
    for file, event in _events(case):
        row = event.properties["change_id"]
        if row in rows and event.id not in rows[str(row)]:
            message = f"it names {row}, whose event_ids lack it"
            yield _issue("ledger.link", "error", message, "add it there", (file, event))
    for change in case.folder.changes.rows:
        for event_id in sorted(rows[change.id] & named.keys()):
            if named[event_id] != change.id:
                yield _issue(
                    "ledger.link",
                    "error",
                    f"it names {event_id}, whose change_id is {named[event_id] or 'empty'}",
                    "an event explains one row at most; set its change_id",
                    (_file(case.folder, "changes.csv"), change),
                    ids=(change.id, event_id),
                )


def _issue(
    code: str,
    severity: Severity,
    message: str,
    hint: str,
    at: tuple[str, Feature | Row],
    *,
    ids: tuple[str, ...] | None = None,
    where: tuple[float, float] | None = None,
) -> Issue:
    """A finding about one record of one file."""
    file, record = at
    if ids is None:
        ids = (record.id,) if record.id else ()
    return Issue(code, severity, message, hint, file, record.line, ids, where)


def _events(case: Case) -> Iterator[tuple[str, Feature]]:
    for layer in case.folder.event_layers:
        for feature in layer.features:
            yield layer.file, feature


def _layer_file(case: Case, day: dt.date) -> str:
    return _file(case.folder, f"control/{day}.geojson")


def _position(point: shapely.Geometry) -> tuple[float, float]:
    return float(shapely.get_x(point)), float(shapely.get_y(point))


RULES: dict[str, Rule] = {
    "reference.dangling": Rule(_dangling_reference, blocking=True),
    "id.duplicate": Rule(_duplicate_id, blocking=True),
    "control.axes": Rule(_axes, blocking=True),
    "control.parties": Rule(_parties),
    "layer.coverage": Rule(
        _coverage,
        blocking=True,
        codes=("layer.overlap", "layer.gap", "layer.outside", "layer.sliver"),
    ),
    "date.order": Rule(_date_order, blocking=True),
    "theatre.dates": Rule(_theatre_dates, blocking=True),
    "events.month": Rule(_event_month, blocking=True),
    "places.located": Rule(_located, blocking=True, codes=("places.located", "places.radius")),
    "actors.side": Rule(_sides, blocking=True, codes=("actors.side", "actors.color")),
    "alignments.overlap": Rule(_alignment_overlap),
    "places.position": Rule(_place_position, codes=("places.swapped", "places.far")),
    "places.precision": Rule(_place_precision),
    "sources.url": Rule(_source_url),
    "sources.date": Rule(_source_date),
    "events.position": Rule(_event_place),
    "events.unmatched": Rule(_unmatched),
    "events.far": Rule(_far_clash),
    "assessments.missing": Rule(_assessed),
    "assessments.denied": Rule(_assessment_denied),
    "layer.repeats": Rule(_repeated_layer),
    "control.contradicts": Rule(_contradiction),
    "control.partisan": Rule(_partisan),
    "history.flip": Rule(_flip),
    "ledger.unexplained": Rule(_unexplained),
    "ledger.idle": Rule(_idle),
    "ledger.bare": Rule(_bare),
    "ledger.draft": Rule(_draft),
    "ledger.dates": Rule(_ledger_dates),
    "ledger.link": Rule(_ledger_link),
}
"""Every rule by its code, in the order in which they run."""
