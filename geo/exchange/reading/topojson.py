"""TopoJSON of others as features: arcs become rings again."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from geo.errors import SchemaError, escape, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_POSITIONS = 20_000_000
"""A small file may name one long arc very often."""

_DEEPEST = 20

Position = list[float]


def read_topology(root: Mapping[str, Any], file: str) -> dict[str, list[dict[str, Any]]]:
    """
    Return the features of each object of a topology.

    Raises
    ------
    SchemaError
        If it is not one.
    """
    try:
        decoder = _Decoder(root)
        return {str(name): decoder.features(one, 0) for name, one in root["objects"].items()}
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        message = f"it is no TopoJSON: {escape(str(error), 200) or type(error).__name__}"
        raise SchemaError([refuse("import.topojson", message, file=file)]) from error


class _Decoder:
    """Draws what arcs hold."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        transform = root.get("transform") or {"scale": [1, 1], "translate": [0, 0]}
        self.scale = [_number(v) for v in transform["scale"]]
        self.shift = [_number(v) for v in transform["translate"]]
        if len(self.scale) != 2 or len(self.shift) != 2:
            raise ValueError("its transform has not two numbers each")
        self.moves = "transform" in root
        self.arcs = [self._draw(arc) for arc in root["arcs"]]
        self.left = _MOST_POSITIONS

    def _draw(self, arc: Sequence[Sequence[float]]) -> list[Position]:
        """The positions of an arc; in one with a transform each says how far from the last."""
        xs, ys = ([_number(p[axis]) for p in arc] for axis in (0, 1))
        if self.moves:
            xs, ys = list(accumulate(xs)), list(accumulate(ys))
        return [self._place(x, y) for x, y in zip(xs, ys, strict=True)]

    def _place(self, x: float, y: float) -> Position:
        return [x * self.scale[0] + self.shift[0], y * self.scale[1] + self.shift[1]]

    def features(self, one: Any, depth: int) -> list[dict[str, Any]]:
        """
        Return an object, or what a collection holds, as features.

        Raises
        ------
        ValueError
            If it is none, or too much.
        """
        if not isinstance(one, dict) or depth > _DEEPEST:
            raise ValueError("an object is no geometry, or nested too deeply")
        if one.get("type") == "GeometryCollection":
            return [made for part in one["geometries"] for made in self.features(part, depth + 1)]
        properties = dict(one["properties"]) if isinstance(one.get("properties"), dict) else {}
        if "id" in one:
            properties.setdefault("id", one["id"])
        shape = None if one.get("type") is None else self._shape(one)
        return [{"type": "Feature", "properties": properties, "geometry": shape}]

    def _shape(self, one: Mapping[str, Any]) -> dict[str, Any]:
        """
        Draw a geometry.

        Raises
        ------
        ValueError
            If there is no such geometry.
        """
        kind = one["type"]
        if kind == "Point":
            return {"type": kind, "coordinates": self._point(one["coordinates"])}
        if kind == "MultiPoint":
            return {"type": kind, "coordinates": [self._point(p) for p in one["coordinates"]]}
        arcs = one["arcs"]
        if kind == "LineString":
            return {"type": kind, "coordinates": self._line(arcs)}
        if kind in {"MultiLineString", "Polygon"}:
            return {"type": kind, "coordinates": [self._line(line) for line in arcs]}
        if kind == "MultiPolygon":
            parts = [[self._line(ring) for ring in part] for part in arcs]
            return {"type": kind, "coordinates": parts}
        raise ValueError(f"there is no geometry {kind!r}")

    def _point(self, xy: Sequence[float]) -> Position:
        return self._place(_number(xy[0]), _number(xy[1]))

    def _line(self, arcs: Sequence[int]) -> list[Position]:
        """
        Join arcs, those with a negative number run backwards.

        Raises
        ------
        ValueError
            If there is no such arc, or they are too many.
        """
        line: list[Position] = []
        for number in arcs:
            if isinstance(number, bool) or not isinstance(number, int):
                raise ValueError("the number of an arc is none")
            arc = self.arcs[number] if number >= 0 else self.arcs[~number][::-1]
            self.left -= len(arc)
            if self.left < 0:
                raise ValueError(f"it draws more than {_MOST_POSITIONS:,} positions")
            line += arc[1:] if line else arc
        return line


def _number(value: Any) -> float:
    """
    Return a number.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a coordinate is no number")
    return float(value)
