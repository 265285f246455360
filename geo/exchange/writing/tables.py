"""Tables with typed columns and, where there are any, shapes: the common ground of all formats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from geo.crs import middle_of
from geo.model import CONTEXT, PLACES, Schema, parse_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from geo.model import Feature, Row


class ColumnType(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    DATE = "date"


class TypedColumn(NamedTuple):
    """
    One column of a table.

    Attributes
    ----------
    name
        As other programs see it.
    type
        What its values are.
    doc
        One line: what they mean.
    """

    name: str
    type: ColumnType
    doc: str = ""


@dataclass(frozen=True, slots=True)
class TypedTable:
    """
    Rows of one kind.

    Attributes
    ----------
    name
        What other programs call the layer.
    doc
        One line: what it holds.
    columns
        Name, type and meaning of each.
    rows
        One value a column; None where there is none.
    geometry
        One shape a row; None for a table without any.
    """

    name: str
    doc: str
    columns: tuple[TypedColumn, ...]
    rows: list[tuple[Any, ...]]
    geometry: NDArray[np.object_] | None = None

    @property
    def names(self) -> list[str]:  # numpydoc ignore=RT01
        """The names of the columns, in order."""
        return [column.name for column in self.columns]

    @property
    def shapes(self) -> NDArray[np.object_]:  # numpydoc ignore=RT01
        """The shapes of a table that has some."""
        assert self.geometry is not None
        return self.geometry

    def values(self, name: str) -> list[Any]:
        """
        Return the values of one column.

        Parameters
        ----------
        name
            Its name.

        Returns
        -------
        values
            One a row.
        """
        at = self.names.index(name)
        return [row[at] for row in self.rows]

    def records(self) -> Iterator[dict[str, Any]]:
        """
        Return the rows, each with the names of its columns.

        Returns
        -------
        records
            One a row.
        """
        names = self.names
        return (dict(zip(names, row, strict=True)) for row in self.rows)

    def with_position(self) -> TypedTable:
        """
        Return the table with a position on each shape instead of the shape.

        Returns
        -------
        table
            With the columns ``lon`` and ``lat``.
        """
        points = [inner_position(shape) for shape in self.shapes]
        more = (
            TypedColumn("lon", ColumnType.REAL, "Longitude of a position on it, degrees."),
            TypedColumn("lat", ColumnType.REAL, "Latitude of the same."),
        )
        rows = [(*row, *point) for row, point in zip(self.rows, points, strict=True)]
        return replace(self, columns=(*self.columns, *more), rows=rows, geometry=None)


def inner_position(geometry: shapely.Geometry | None) -> tuple[float | None, float | None]:
    """Return a position on the ground itself; a point is its own, a line has its middle."""
    if geometry is None:
        return None, None
    point = middle_of(geometry)
    return round(point.x, 6), round(point.y, 6)


def uniform_shapes(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return shapes of one type, as files want them: many parts wherever one has many."""
    shapes = geometry.copy()
    for single, make in (
        ("Polygon", shapely.multipolygons),
        ("LineString", shapely.multilinestrings),
    ):
        if any(g is not None and g.geom_type in {single, f"Multi{single}"} for g in shapes):
            shapes[:] = [
                make([g]) if g is not None and g.geom_type == single else g for g in shapes
            ]
    return shapes


# --- what the layers hold, as tables -----------------------------------------------


def typed_columns(schema: Schema) -> tuple[TypedColumn, ...]:
    """Return the columns of a schema; what is neither a number nor a date is text."""
    known = {"integer": ColumnType.INTEGER, "date": ColumnType.DATE}
    return tuple(
        TypedColumn(c.name, known.get(c.kind, ColumnType.TEXT), c.doc) for c in schema.columns
    )


def features_table(name: str, doc: str, schema: Schema, features: Sequence[Feature]) -> TypedTable:
    """
    Return features as a table; properties that the schema does not know are left out.

    Parameters
    ----------
    name
        Name of the table.
    doc
        One line: what it holds.
    schema
        What the features are.
    features
        One a row.

    Returns
    -------
    table
        A column for each of the schema.
    """
    geometry = np.empty(len(features), dtype=object)
    geometry[:] = [feature.geometry for feature in features]
    cells = [_cells(schema, feature.properties) for feature in features]
    return TypedTable(name, doc, typed_columns(schema), cells, geometry)


def context_tables(features: Sequence[Feature], doc: str) -> Iterator[TypedTable]:
    """
    Yield borders and roads: one table a kind of geometry, as desktop programs want it.

    Parameters
    ----------
    features
        Of the layer ``context``; those without a shape are left out.
    doc
        One line: what the tables hold.

    Yields
    ------
    table
        ``context_points``, ``context_lines`` and ``context_areas``, each if it holds anything.
    """
    for dimension, name in enumerate(("points", "lines", "areas")):
        found = [
            feature
            for feature in features
            if feature.geometry is not None
            and shapely.get_dimensions(feature.geometry) == dimension
        ]
        if found:
            yield features_table(f"context_{name}", doc, CONTEXT, found)


def place_tables(features: Sequence[Feature], doc: str) -> Iterator[TypedTable]:
    """
    Yield places likewise: points and what was never located under the plain name.

    Parameters
    ----------
    features
        Of the layer ``places``.
    doc
        One line: what the tables hold.

    Yields
    ------
    table
        ``places``, and ``places_lines`` and ``places_areas`` if they hold anything.
    """
    found: tuple[list[Feature], list[Feature], list[Feature]] = ([], [], [])
    for feature in features:
        shape = feature.geometry
        found[0 if shape is None else int(shapely.get_dimensions(shape))].append(feature)
    for name, kept in zip(("places", "places_lines", "places_areas"), found, strict=True):
        if kept or name == "places":
            yield features_table(name, doc, PLACES, kept)


def rows_table(doc: str, schema: Schema, rows: Sequence[Row]) -> TypedTable:
    """Return the rows of a table of the folder, under the name of their schema."""
    cells = [_cells(schema, row.values) for row in rows]
    return TypedTable(schema.name, doc, typed_columns(schema), cells)


def _cells(schema: Schema, values: Mapping[str, Any]) -> tuple[Any, ...]:
    dates = {column.name for column in schema.columns if column.kind == "date"}
    return tuple(
        parse_day(str(values[name])) if name in dates and values[name] else values[name]
        for name in schema.names
    )
