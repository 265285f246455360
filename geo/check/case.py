"""
A theatre under examination: what the rules look at, and the form of what they find.

Every rule is a function over a `Case` that yields findings. What several rules need - the
composite, the pieces of change, the labels of places - is worked out here once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.control import Composite
from geo.crs import LocalPlane, middle_of
from geo.errors import CoverageError
from geo.evidence import MIN_AREA_KM2, ledger_steps
from geo.model import CONTROL, SCHEMAS, Feature, Label, Patch, Row, Schema, Status, Value

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from geo.coverage import BorderEdges
    from geo.errors import Severity
    from geo.evidence import ExplainedGround
    from geo.layers import Folder

PRECISION_DAYS = {1: 0, 2: 7, 3: 31}
"""By how many days the date of an event may be off, by its ACLED ``time_precision``."""

_FEW_LAYERS = 4
"""
Up to so many control layers are looked at one by one.

Each look says where a fault lies, and its segments serve the first question that follows. More
layers are noded together first, which takes less time; they are looked at one by one only where
that fails.
"""


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
class Finding:
    """
    What a rule finds; the table of rules adds the code and how grave it is.

    Attributes
    ----------
    message, hint
        What is wrong, and what to do about it.
    file, line
        Where it stands; line 0 is the whole file.
    ids
        Ids of the features or rows concerned.
    where
        Longitude and latitude of the fault, where it has a place.
    code, severity
        Empty for those of the rule.
    """

    message: str
    hint: str
    file: str
    line: int = 0
    ids: tuple[str, ...] = ()
    where: tuple[float, float] | None = None
    code: str = ""
    severity: Severity | None = None


def finding(
    message: str,
    hint: str,
    at: tuple[str, Feature | Row],
    *,
    ids: tuple[str, ...] | None = None,
    where: tuple[float, float] | None = None,
    code: str = "",
) -> Finding:
    """Make a finding about one record of one file; its id is that of the record by default."""
    file, record = at
    if ids is None:
        ids = (record.id,) if record.id else ()
    return Finding(message, hint, file, record.line, ids, where, code)


def build_composite(folder: Folder) -> Composite:
    """
    Node the control layers of a folder together.

    Parameters
    ----------
    folder
        As read.

    Returns
    -------
    composite
        Of all dates.

    Raises
    ------
    CoverageError
        If the patches of a date do not cover the study area once.
    """
    snapshots = {day: folder.patches(day) for day in folder.control}
    return Composite.build(folder.area, snapshots, folder.sides)


class Case:
    """
    A theatre under examination: what several rules look at, worked out once.

    Parameters
    ----------
    folder
        As read.
    limits
        The numbers that the rules go by.
    compose
        How the layers are noded together; the default builds anew.
    """

    def __init__(
        self, folder: Folder, limits: Limits, compose: Callable[[Folder], Composite] | None = None
    ) -> None:
        self.folder = folder
        self.limits = limits
        self._compose = compose or build_composite
        self.drawn: dict[dt.date, tuple[list[Patch], BorderEdges]] = {}
        """Patches and segments of layers looked at one by one, for who asks of them next."""
        self._ground: dict[tuple[dt.date, str], shapely.Geometry | None] = {}

    @cached_property
    def records(self) -> list[tuple[Schema, str, Feature | Row]]:  # numpydoc ignore=RT01
        """Every record with its schema and its file."""
        return list(_list_records(self.folder))

    def file(self, name: str) -> str:
        """
        Return the path of a file as messages name it.

        Parameters
        ----------
        name
            Its path below the folder.

        Returns
        -------
        path
            With the folder before it.
        """
        return str(self.folder.root / name)

    def layer_file(self, day: dt.date) -> str:
        """
        Return the path of a control layer as messages name it.

        Parameters
        ----------
        day
            Its date.

        Returns
        -------
        path
            With the folder before it.
        """
        return self.file(f"control/{day}.geojson")

    def events(self) -> Iterator[tuple[str, Feature]]:
        """
        Yield every event with its file.

        Yields
        ------
        file
            As messages name it.
        event
            One of its features.
        """
        for layer in self.folder.event_layers:
            for feature in layer.features:
                yield layer.file, feature

    @property
    def is_series(self) -> bool:  # numpydoc ignore=RT01
        """Whether there are more than a few control layers."""
        return len(self.folder.control) > _FEW_LAYERS

    @cached_property
    def composite(self) -> Composite | None:  # numpydoc ignore=RT01
        """The layers noded together; None where one of them is no coverage."""
        try:
            return self._compose(self.folder)
        except CoverageError:
            return None

    @cached_property
    def pieces(  # numpydoc ignore=RT01
        self,
    ) -> list[tuple[tuple[dt.date, dt.date], ExplainedGround]] | None:
        """The ledger of changes (`geo.evidence.ledger.ledger_steps`)."""
        if self.composite is None:
            return None
        return ledger_steps(self.folder, self.composite, min_area_km2=self.limits.min_area_km2)

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
        lon, lat = np.array([position(shape) for shape in shapes.values()]).T
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
        return {self.side(a) for a in label.parties}

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
            patches = self.folder.patches(day)
            shapes = [
                p.geometry
                for p in patches
                if side in self.sides_of(p.label) or p.label.status == Status.UNKNOWN
            ]
            whole = shapely.union_all(np.array(shapes, dtype=object)) if shapes else None
            self._ground[key] = None if whole is None else self.plane.forward(whole)
        return self._ground[key]


def _list_records(folder: Folder) -> Iterator[tuple[Schema, str, Feature | Row]]:
    root = folder.root
    yield SCHEMAS["theatre"], str(root / "theatre.geojson"), folder.theatre
    for day, layer in folder.control.items():
        file = str(root / "control" / f"{day}.geojson")
        for feature in layer.features:
            yield CONTROL, file, feature
    for layer in folder.event_layers:
        for feature in layer.features:
            yield SCHEMAS["events"], layer.file, feature
    file = str(root / "places.geojson")
    for feature in folder.places.values():
        yield SCHEMAS["places"], file, feature
    for layer in folder.context_layers:
        for feature in layer.features:
            yield SCHEMAS["context"], layer.file, feature
    tables = (
        "statements",
        "changes",
        "assessments",
        "actors",
        "alignments",
        "vocabulary",
        "sources",
        "tour",
        "imports",
    )
    for name in tables:
        file = str(root / f"{name}.csv")
        for row in getattr(folder, name).rows:
            yield SCHEMAS[name], file, row


def values_of(record: Feature | Row) -> Mapping[str, Value]:
    """Return the values of a record by column."""
    return record.properties if isinstance(record, Feature) else record.values


def position(shape: shapely.Geometry) -> tuple[float, float]:
    """Return longitude and latitude of a point, or of the middle of a line or an area."""
    point = middle_of(shape)
    return point.x, point.y
