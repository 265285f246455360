"""GeoJSON and TopoJSON: control with its intervals; what it is stands in a member ``metadata``."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.layers import unfold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from geo.exchange.writing.content import Content
    from geo.exchange.writing.tables import TypedTable


def dump_json(value: object) -> str:
    """Return a value as JSON on one line, without blanks."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def json_value(value: Any) -> Any:
    """Return a value as JSON has it: a day is text."""
    return value.isoformat() if isinstance(value, dt.date) else value


def json_properties(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the properties of a feature; areas to a square metre."""
    properties = {name: json_value(value) for name, value in record.items()}
    if "area_km2" in properties:
        properties["area_km2"] = round(properties["area_km2"], 6)
    return properties


def render(content: Content, *, layer: str, **_: str) -> dict[str, bytes]:
    """Return the layer, one feature a line."""
    table = content.tables[layer]
    lines = []
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        shape = None if geometry is None else unfold(geometry)
        feature = {"type": "Feature", "properties": json_properties(record), "geometry": shape}
        lines.append(dump_json(feature))
    head = f'{{"type":"FeatureCollection","metadata":{dump_json(content.about)},"features":[\n'
    return {".geojson": (head + ",\n".join(lines) + "\n]}\n").encode()}


_SCALE = 1e6
"""Millionths of a degree are whole numbers in the file: the grid that layers are drawn on."""


def render_topojson(content: Content, **_: str) -> dict[str, bytes]:
    """Return one topology of all layers; a web map takes its fronts with ``topojson.mesh``."""
    arcs = content.composite.arcs
    bounds = shapely.total_bounds(content.folder.area)
    origin = np.rint(bounds[:2] * _SCALE).astype(np.int64)
    walker = _ArcWalker(arcs.coords, arcs.offsets)
    objects = {"control": _collection(_control_geometries(content.tables["control"], walker))}
    steps = [
        _steps(_on_grid(arcs.coords[start:end], origin)) for start, end in pairwise(arcs.offsets)
    ]
    for name in ("events", "places"):
        objects[name] = _collection(_own_geometries(content.tables[name], origin, steps))
    west, south = origin
    topology = {
        "type": "Topology",
        "metadata": content.about,
        "bbox": [float(v) for v in bounds],
        "transform": {"scale": [1e-6, 1e-6], "translate": [west / _SCALE, south / _SCALE]},
        "objects": objects,
        "arcs": steps,
    }
    return {".topojson": (dump_json(topology) + "\n").encode()}


def _collection(geometries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "GeometryCollection", "geometries": geometries}


def _control_geometries(table: TypedTable, walker: _ArcWalker) -> list[dict[str, Any]]:
    geometries = []
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        # Turned round: d3 wants shells clockwise, where GeoJSON wants them the other way.
        parts = [
            [walker.walk(shapely.get_coordinates(ring)[::-1]) for ring in shapely.get_rings(part)]
            for part in shapely.get_parts(geometry)
        ]
        properties = json_properties(record)
        geometries.append({"type": "MultiPolygon", "arcs": parts, "properties": properties})
    return geometries


def _own_geometries(
    table: TypedTable, origin: NDArray[np.int64], steps: list[list[list[int]]]
) -> list[dict[str, Any]]:
    """Points as they are; the lines of the others become further arcs, for they share none."""
    geometries = []
    for record, geometry in zip(table.records(), table.shapes, strict=True):
        shape: dict[str, Any] = {"type": None}
        if isinstance(geometry, shapely.Point):
            (xy,) = _on_grid(shapely.get_coordinates(geometry), origin).tolist()
            shape = {"type": "Point", "coordinates": xy}
        elif geometry is not None:
            shape = _shape_of_arcs(geometry, origin, steps)
        geometries.append({**shape, "properties": json_properties(record)})
    return geometries


def _shape_of_arcs(
    geometry: shapely.Geometry, origin: NDArray[np.int64], steps: list[list[list[int]]]
) -> dict[str, Any]:
    """A line or an area, each of its lines or rings one arc at the end of the list."""

    def arc(line: shapely.Geometry, turn: int) -> list[int]:
        steps.append(_steps(_on_grid(shapely.get_coordinates(line)[::turn], origin)))
        return [len(steps) - 1]

    is_area = shapely.get_dimensions(geometry) == 2
    # Rings are turned round as those of control are.
    parts = [
        [arc(ring, -1) for ring in shapely.get_rings(part)] if is_area else arc(part, 1)
        for part in shapely.get_parts(geometry)
    ]
    kind = "MultiPolygon" if is_area else "MultiLineString"
    return {"type": kind, "arcs": parts}


def _steps(points: NDArray[np.int64]) -> list[list[int]]:
    """The first point, and from each to the next."""
    steps: list[list[int]] = np.diff(points, axis=0, prepend=[[0, 0]]).tolist()
    return steps


def _on_grid(xy: NDArray[np.float64], origin: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.rint(xy * _SCALE).astype(np.int64) - origin)


class _ArcWalker:
    """Finds the arcs that a ring runs along, by the first two vertices of each."""

    def __init__(self, coords: NDArray[np.float64], offsets: NDArray[np.int64]) -> None:
        self._runs: dict[tuple[float, ...], tuple[int, int]] = {}
        self._nodes: set[tuple[float, float]] = set()
        for arc, (start, end) in enumerate(pairwise(offsets)):
            points = coords[start:end]
            steps = end - start - 1
            self._runs[*points[0], *points[1]] = (arc, steps)
            self._runs[*points[-1], *points[-2]] = (~arc, steps)
            self._nodes.update({tuple(points[0]), tuple(points[-1])})

    def walk(self, ring: NDArray[np.float64]) -> list[int]:
        """Indexes of the arcs of a closed ring; the complement of one that is run backwards."""
        points = [tuple(xy) for xy in ring[:-1].tolist()]
        first = next(i for i, point in enumerate(points) if point in self._nodes)
        points = points[first:] + points[: first + 1]
        at, found = 0, []
        while at < len(points) - 1:
            arc, steps = self._runs[*points[at], *points[at + 1]]
            found.append(arc)
            at += steps
        return found
