"""The map in its frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.crs import distance_km, span_of
from geo.draw import looks
from geo.draw.projection import Projection
from geo.draw.still.relief import shade
from geo.layers import read_reliefs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.draw.still.paper import Align, Box, Sheet
    from geo.draw.still.scene import Scene
    from geo.model import Feature


class Map:
    """The map in its frame: a local plate carrée, true at its middle; about a pole its plane."""

    def __init__(self, scene: Scene, sheet: Sheet, frame: Box, unit: float) -> None:
        self.scene, self.sheet, self.frame, self.unit = scene, sheet, frame, unit
        left, top, right, bottom = frame
        self._shown = Projection(scene.folder.area)
        self._is_plane = self._shown.centre is not None
        if self._is_plane:
            fine = shapely.segmentize(scene.folder.area, 0.5)
            xy = self._shown.flat(shapely.get_coordinates(fine))
            (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
        else:
            west, south, east, north = span_of(scene.folder.area)
        self._lon, self._lat = (west + east) / 2, (south + north) / 2
        self._x, self._y = (left + right) / 2, (top + bottom) / 2
        cosine = 1.0 if self._is_plane else math.cos(math.radians(self._lat))
        pad = 1.05
        scale = min(
            (right - left) / ((east - west) * cosine * pad),
            (bottom - top) / ((north - south) * pad),
        )
        self.per_lon, self.per_lat = scale * cosine, scale
        self.zoom = math.log2(self.per_lon * 360 / 256 / unit)
        self._taken: list[Box] = []
        self._box = shapely.box(*frame)

    def at(self, lon: float, lat: float) -> tuple[float, float]:
        """Return the point of the paper for a position."""
        x, y = self._on_paper(self._shown.flat([[lon, lat]]))[0].tolist()
        return x, y

    def _on_paper(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        x = self._x + (flat[:, 0] - self._lon) * self.per_lon
        return np.column_stack([x, self._y - (flat[:, 1] - self._lat) * self.per_lat])

    def placed(self, shape: shapely.Geometry) -> BaseGeometry:
        """A geometry in pixels, cut to the frame."""
        moved: BaseGeometry = shapely.transform(  # type: ignore[assignment]
            self._shown.forward(shape, flat=True), self._on_paper
        )
        if self._box.contains(moved):
            return moved
        parts = shapely.get_parts(shapely.intersection(moved, self._box))
        flat = shapely.get_dimensions(parts) == shapely.get_dimensions(shape)
        return shapely.GeometryCollection(list(parts[flat]))

    def draw(self) -> None:
        """Draw from the ground up: land, control, lines, marks, names."""
        # Countries end where their data was cut off: that must not look like the end of the land.
        land = any(f.properties["kind"] == "country" for f in self.scene.folder.context)
        self.sheet.fill(self._box, looks.COUNTRY if land else looks.OUTSIDE)
        self._ground()
        if not self.scene.steady:  # In an animation its greys would take the colours of the ground.
            self._relief()
        self._graticule()
        self._context_lines()
        self._front_lines()
        corners = self._corners()
        places = self._place_dots()
        self._event_marks()
        for x, y, r in places.values():
            self._take((x - r, y - r, x + r, y + r))
        with self.sheet.cover():
            self._write(places, corners)

    def _write(
        self, places: dict[str, tuple[float, float, float]], corners: tuple[Box, Box]
    ) -> None:
        """Names, scale, north and frame: above all that changes."""
        folder = self.scene.folder
        major = {i: spot for i, spot in places.items() if self._rank(folder.places[i]) <= 1}
        self._place_names(major)
        self._line_names()
        self._place_names({i: spot for i, spot in places.items() if i not in major})
        self._area_names()
        self._furniture(*corners)
        self.sheet.stroke(self._box, looks.LOOKS["paper"]["frame"], 1.0 * self.unit)

    def _take(self, box: Box) -> None:
        self._taken.append(box)

    def _free(self, box: Box) -> bool:
        left, top, right, bottom = self.frame
        if box[0] < left + 3 or box[1] < top + 3 or box[2] > right - 3 or box[3] > bottom - 3:
            return False
        return not any(
            box[0] < b[2] and box[2] > b[0] and box[1] < b[3] and box[3] > b[1] for b in self._taken
        )

    def _ground(self) -> None:
        scene, sheet, unit = self.scene, self.sheet, self.unit
        change = scene.before is not None
        for look, shape in scene.looks.items():
            sheet.paint(self.placed(shape), looks.paints_of(look, scene.colors, faded=change), unit)
        for move in sorted(scene.changes, key=lambda move: move.is_taken):
            placed = self.placed(move.shape)
            paints = looks.change_paints(move.old, move.new, scene.colors, taken=move.is_taken)
            sheet.paint(placed, paints, unit)
            color, width = looks.change_line(hands=move.is_taken)
            sheet.stroke(placed, color, width * unit)
        moved = self.placed(scene.moved)
        sheet.stroke(moved, looks.WHITE, 4.2 * unit, alpha=0.9)
        sheet.stroke(moved, looks.INK, 1.4 * unit)
        edge = self.placed(rim_of(scene.folder.area))
        look = looks.LOOKS["edge"]
        dash = [length * unit for length in look["dash"]]
        # The ground fades where what is known of it ends: a sharp rim would look like a border.
        for width, alpha in look["fade"]:
            sheet.stroke(edge, looks.COUNTRY, width * unit, alpha=alpha)
        sheet.stroke(edge, looks.INK, look["width"] * unit, dash, alpha=look["alpha"])

    def _relief(self) -> None:
        folder = self.scene.folder
        if not self._shown.is_plain:
            return  # A picture of shades is not bent or cut here.
        for relief in read_reliefs(folder.reliefs, folder.root):
            west, south, east, north = relief.bounds
            box = (*self.at(west, north), *self.at(east, south))
            self.sheet.picture(shade(relief), box, self._box)

    def _graticule(self) -> None:
        if self._is_plane:
            return self._round_graticule()
        left, top, right, bottom = self.frame
        span = (right - left) / self.per_lon
        step = next((s for s in (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 45) if span / s <= 7), 90)
        size, unit = 11 * self.unit, self.unit
        for k in range(-math.ceil(360 / step), math.ceil(360 / step) + 1):
            x, y = self.at(k * step, k * step)
            degrees = f"{abs(k * step):g}°"
            if left + 30 * unit < x < right - 30 * unit:
                line = shapely.LineString([(x, top), (x, bottom)])
                self.sheet.stroke(line, looks.INK, 0.5 * unit, alpha=0.16)
                far = (k * step + 180) % 360 - 180
                word = f"{abs(far):g}°" + ("" if far == -180 else "E" if far >= 0 else "W")
                self._edge_label(x, top + size, word, size, "center")
            if top + 30 * unit < y < bottom - 30 * unit and abs(k * step) <= 90:
                line = shapely.LineString([(left, y), (right, y)])
                self.sheet.stroke(line, looks.INK, 0.5 * unit, alpha=0.16)
                word = f"{degrees}{'N' if k >= 0 else 'S'}"
                self._edge_label(left + 5 * unit, y, word, size, "left")

    def _round_graticule(self) -> None:
        """Meridians that meet at the pole, and parallels round it; each parallel is named once."""
        pole = 90 if self._shown.centre and self._shown.centre[1] > 0 else -90
        size, unit = 11 * self.unit, self.unit
        meridians = [shapely.LineString([(k, pole), (k, pole / 3)]) for k in range(-180, 180, 30)]
        parallels = [
            shapely.LineString([(-180, lat), (180, lat)])
            for k in range(5, 60, 5)
            if (lat := pole - math.copysign(k, pole))
        ]
        for line in meridians + parallels:
            self.sheet.stroke(self.placed(line), looks.INK, 0.5 * unit, alpha=0.16)
        for line in parallels:
            lat = line.coords[0][1]
            x, y = self.at(0, lat)
            if self._box.contains(shapely.Point(x, y).buffer(30 * unit)):
                self._edge_label(x, y, f"{abs(lat):g}°{'N' if lat > 0 else 'S'}", size, "center")

    def _edge_label(self, x: float, y: float, text: str, size: float, align: Align) -> None:
        width = self.sheet.width_of(text, size)
        start = x - (width / 2 if align == "center" else 0)
        self._take((start - 2, y - size * 0.7, start + width + 2, y + size * 0.7))
        self.sheet.text(x, y, text, size, align=align, color=looks.QUIET, halo=2.4 * self.unit)

    def _context(self, *kinds: str) -> Iterator[tuple[Feature, BaseGeometry]]:
        for kind in kinds:
            for feature in self.scene.folder.context:
                if feature.properties["kind"] == kind and feature.geometry is not None:
                    shape = self.placed(feature.geometry)
                    if not shape.is_empty:
                        yield feature, shape

    def _context_lines(self) -> None:
        for feature, shape in self._context(*looks.LOOKS["lines"]["order"]):
            if shapely.get_dimensions(shape) == 2:
                shape = self._border(feature)
            if shapely.get_dimensions(shape) == 1:
                for color, width, dash, alpha in looks.line_styles(feature.properties):
                    scaled = [length * self.unit for length in dash]
                    self.sheet.stroke(shape, color, width * self.unit, scaled, alpha)

    def _border(self, feature: Feature) -> BaseGeometry:
        """The border of an area; where the whole file was cut off at a frame, there is none."""
        geometry = feature.geometry
        kind = feature.properties["kind"]
        if kind in {"country", "admin1"}:
            many = [f.geometry for f in self.scene.folder.context if f.properties["kind"] == kind]
            rim = shapely.box(*shapely.total_bounds(many)).exterior.buffer(1e-5)
            return self.placed(shapely.difference(rim_of(geometry), rim))
        return self.placed(rim_of(geometry))

    def _front_lines(self) -> None:
        look, unit = looks.LOOKS["fronts"], self.unit
        rim, width = look["widths" if self.scene.before is None else "faded"]
        placed = {sure: self.placed(lines) for sure, lines in sorted(self.scene.fronts.items())}
        for sure, shape in placed.items():
            self.sheet.stroke(shape, looks.WHITE, rim * unit, alpha=look["rim"])
            dash = None if sure else [length * unit for length in look["unsure"]]
            self.sheet.stroke(shape, looks.INK, width * unit, dash)

    def _place_dots(self) -> dict[str, tuple[float, float, float]]:
        """Dots of the places that are shown, most important first; position and radius."""
        limit = 1 if self.scene.steady else looks.lowest_rank(self.zoom)
        places = self.scene.folder.places.values()
        shown: dict[str, tuple[float, float, float]] = {}
        vague: list[tuple[float, float, float]] = []
        sharp: list[BaseGeometry] = []
        for place in sorted(places, key=lambda p: (self._rank(p), p.id)):
            rank = self._rank(place)
            soft = place.properties["coord_method"] != "located"
            if not isinstance(place.geometry, shapely.Point) or rank > limit:
                continue
            if soft and rank >= 0 and self.zoom < 9:
                continue
            x, y = self.at(place.geometry.x, place.geometry.y)
            if not self._box.contains(shapely.Point(x, y)):
                continue
            radius = (3.6 if rank <= 0 else 3.0 if rank == 1 else 2.2) * self.unit
            shown[place.id] = (x, y, 5 * self.unit if soft else radius)
            if soft:
                vague.append((x, y, self._error(place)))
            else:
                sharp.append(shapely.Point(x, y).buffer(radius, quad_segs=8))
        vague_ring(self.sheet, vague, self._box, self.unit)
        if sharp:  # one path for all: a picture has a hundred, and each would cost as much
            discs = shapely.MultiPolygon(shapely.get_parts(sharp).tolist())
            self.sheet.stroke(discs, looks.WHITE, 2.4 * self.unit)
            self.sheet.fill(discs, looks.INK)
        return shown

    def _rank(self, place: Feature) -> int:
        key = place.id in self.scene.key_places
        return -1 if key else looks.place_rank(place.properties["kind"])

    def _error(self, place: Feature) -> float:
        """How far a place put there from a description may be off, in pixels."""
        error = place.properties.get("geo_radius_m")
        metres = float(error) if isinstance(error, int) else 5000.0
        return min(70 * self.unit, max(8 * self.unit, metres / 1000 * self.per_km))

    @property
    def per_km(self) -> float:
        """Points of the paper in a kilometre."""
        if self._is_plane:
            return float(self.per_lon) / 111.195  # A degree of the sphere.
        east = distance_km(self._lon - 0.5, self._lat, self._lon + 0.5, self._lat)
        return float(self.per_lon / east[()])

    def _event_marks(self) -> None:
        for (lon, lat), kinds in sorted(self.scene.events.items()):
            x, y = self.at(lon, lat)
            radius = (8.5 if len(kinds) > 1 else 6.5) * self.unit
            if not self._box.contains(shapely.Point(x, y).buffer(radius)):
                continue
            kind = min(kinds, key=looks.EVENT_KINDS.index)
            event_mark(self.sheet, kind, x, y, radius, len(kinds))
        # In an animation names stay where they are, clear of the marks of every frame.
        for lon, lat in self.scene.event_spots:
            x, y = self.at(lon, lat)
            radius = 8.5 * self.unit
            self._take((x - radius, y - radius, x + radius, y + radius))

    def _place_names(self, places: Mapping[str, tuple[float, float, float]]) -> None:
        """Names in order of weight; one that would cover another, or a mark, is left out."""
        for place_id, (x, y, radius) in places.items():
            place = self.scene.folder.places[place_id]
            lines = self._name_lines(place)
            width = max(self.sheet.width_of(*line) for line in lines)
            tall = 15 * self.unit
            if self.scene.steady:  # a mark of an event may come
                radius = max(radius, 9 * self.unit)
            height, gap = len(lines) * tall, radius + 4 * self.unit
            spots: list[tuple[float, float, Align]] = [
                (x + gap, y - height / 2, "left"),
                (x - gap - width, y - height / 2, "right"),
                (x - width / 2, y - gap - height, "center"),
                (x - width / 2, y + gap, "center"),
                (x + gap * 0.7, y - gap * 0.7 - height, "left"),
                (x + gap * 0.7, y + gap * 0.7, "left"),
                (x - gap * 0.7 - width, y - gap * 0.7 - height, "right"),
                (x - gap * 0.7 - width, y + gap * 0.7, "right"),
            ]
            for left, top, align in spots:
                if not self._free((left - 2, top, left + width + 2, top + height)):
                    continue
                self._take((left - 2, top, left + width + 2, top + height))
                anchor = left + {"left": 0.0, "center": 0.5, "right": 1.0}[align] * width
                for i, (text, size, bold) in enumerate(lines):
                    soft = place.properties["coord_method"] != "located"
                    self.sheet.text(
                        anchor,
                        top + tall * (i + 0.5),
                        text,
                        size,
                        align=align,
                        bold=bold,
                        italic=soft,
                        halo=3.2 * self.unit,
                    )
                break

    def _name_lines(self, place: Feature) -> list[tuple[str, float, bool]]:
        words, unit, rank = self.scene.words, self.unit, self._rank(place)
        strong = 0 <= rank <= 1 or (rank < 0 and len(self.scene.key_places) <= 20)
        first = words.name(place.properties, place.id)
        lines = [(first, (13.5 if strong else 12.5) * unit, strong)]
        second = words.second_name(place.properties)
        if second and (strong or self.zoom >= 10):
            lines.append((second, 12.5 * unit, False))
        return lines

    def _line_names(self) -> None:
        """Names along roads and zones; schematic lines say so."""
        words = self.scene.words
        for feature, shape in self._context("road", "zone", "water", "lava"):
            name = words.name(feature.properties, "")
            if feature.properties["accuracy"] == "schematic":
                name = f"{name} ({words.say('schematic')})" if name else words.say("schematic")
            if name:
                edge = self.placed(rim_of(feature.geometry))
                self._along(shape if shapely.get_dimensions(shape) == 1 else edge, name)

    def _area_names(self) -> None:
        """Names of countries outside the study area, and of provinces where there is room."""
        words, unit = self.scene.words, self.unit
        area = self.placed(self.scene.folder.area)
        for feature, shape in self._context("country", "admin1"):
            if shapely.get_dimensions(feature.geometry) != 2:
                continue
            country = feature.properties["kind"] == "country"
            ground = shapely.difference(shapely.union_all(shape), area) if country else shape
            name, size = words.name(feature.properties, ""), (15 if country else 13) * unit
            self._across(shapely.union_all(ground), name, size, country)

    def _along(self, shape: BaseGeometry, name: str) -> None:
        """Write a name beside the straightest stretch that has room for it."""
        size = 11.5 * self.unit
        width = self.sheet.width_of(name, size)
        for x, y, slope, away in _stretches(shape, width, 16 * self.unit):
            space = away + math.copysign(11 * self.unit, away)
            at = x - space * math.sin(slope), y + space * math.cos(slope)
            boxes = _beads(*at, slope, width, size * 0.56)
            if all(self._free(box) for box in boxes):
                self._taken += boxes
                self.sheet.text(
                    *at,
                    name,
                    size,
                    align="center",
                    color=looks.LOOKS["names"]["line"],
                    italic=True,
                    halo=3 * self.unit,
                    turn=-math.degrees(slope),
                )
                return

    def _across(self, ground: BaseGeometry, name: str, size: float, country: bool) -> None:
        """Write the name of an area where it is widest."""
        if not name or ground.is_empty:
            return
        width = self.sheet.width_of(name, size, country)
        for part in sorted(shapely.get_parts(ground), key=lambda p: -p.area):
            if part.area < width * size * 3 or shapely.get_dimensions(part) != 2:
                return
            circle = shapely.maximum_inscribed_circle(part, tolerance=4)
            x, y = shapely.get_coordinates(circle)[0]
            box = (x - width / 2, y - size * 0.7, x + width / 2, y + size * 0.7)
            if self._free(box):
                self._take(box)
                self.sheet.text(
                    x,
                    y,
                    name,
                    size,
                    align="center",
                    color=looks.mix(*looks.LOOKS["names"]["country" if country else "admin1"]),
                    bold=country,
                    halo=2.5 * self.unit,
                )
                return

    def _corners(self) -> tuple[Box, Box]:
        """Where scale and arrow stand: in the lower corner, and in the upper, that cover least."""
        left, top, right, bottom = self.frame
        unit, gap = self.unit, 8 * self.unit
        wide = self._scale[1] * self.per_km + 62 * unit
        high, arrow = 38 * unit, 40 * unit
        low = [
            (left + gap, bottom - gap - high, left + gap + wide, bottom - gap),
            (right - gap - wide, bottom - gap - high, right - gap, bottom - gap),
        ]
        head = top + 22 * unit
        up = [
            (right - gap - arrow, head, right - gap, head + 50 * unit),
            (left + gap + 34 * unit, head, left + gap + 34 * unit + arrow, head + 50 * unit),
        ]
        area = self.placed(self.scene.folder.area)
        scale = min(low, key=lambda box: area.intersection(shapely.box(*box)).area)
        north = min(up, key=lambda box: area.intersection(shapely.box(*box)).area)
        self._take(scale)
        self._take(north)
        return scale, north

    @property
    def _scale(self) -> tuple[float, float]:
        """Half and whole length of the scale bar, round kilometres."""
        room = 210 * self.unit / self.per_km
        tens = 10 ** math.floor(math.log10(room))
        length = max(n * tens for n in (1, 2, 4, 5, 8) if n * tens <= room)
        return length / 2, length

    def _furniture(self, scale: Box, north: Box) -> None:
        sheet, unit = self.sheet, self.unit
        left, top, right, bottom = scale
        sheet.fill(shapely.box(*scale), looks.WHITE, 0.86)
        length = self._scale[1]
        x, y = left + 12 * unit, bottom - 13 * unit
        half = length * self.per_km / 2
        for i, color in enumerate((looks.INK, looks.WHITE)):
            piece = shapely.box(x + i * half, y, x + (i + 1) * half, y + 5 * unit)
            sheet.fill(piece, color)
            sheet.stroke(piece, looks.INK, 1 * unit)
        size = 11.5 * unit
        for i, text in enumerate(
            ("0", f"{length / 2:g}", f"{length:g} {self.scene.words.say('km')}")
        ):
            align: Align = "left" if i == 2 else "center"
            back = sheet.width_of(f"{length:g}", size) / 2 if i == 2 else 0
            sheet.text(x + i * half - back, top + 11 * unit, text, size, align=align)
        if self._is_plane:
            return  # North is not one way there.
        left, top, right, bottom = north
        x = (left + right) / 2
        sheet.fill(shapely.box(*north), looks.WHITE, 0.86)
        tip = [(x, top + 5), (x + 9 * unit, top + 30 * unit), (x, top + 24 * unit)]
        sheet.fill(shapely.Polygon(tip), looks.INK)
        sheet.fill(shapely.Polygon([(2 * x - a, b) for a, b in tip]), looks.INK)
        sheet.text(
            x,
            bottom - 9 * unit,
            self.scene.words.say("still.north"),
            13 * unit,
            align="center",
            bold=True,
        )


def _stretches(
    shape: BaseGeometry, width: float, bend: float
) -> Iterator[tuple[float, float, float, float]]:
    """Middle, slope and room of the stretches where a text can lie, the straightest first."""
    found: list[tuple[float, float, float, float, float]] = []
    for line in shapely.get_parts(shape):
        middle = line.centroid
        for piece in _windows(shapely.get_coordinates(line), width):
            dx, dy = piece[-1] - piece[0]
            slope = math.atan2(dy, dx)
            slope -= math.pi * round(slope / math.pi)  # upright
            across = (piece - piece[0]) @ (-math.sin(slope), math.cos(slope))
            spread = float(np.ptp(across))
            if spread > bend:
                continue
            x, y = ((piece[0] + piece[-1]) / 2).tolist()
            low, high = min(-1e-9, float(across.min())), max(1e-9, float(across.max()))
            if len(piece) == 2:  # outside a curve a text does not cross it
                outward = (y - middle.y) * math.cos(slope) - (x - middle.x) * math.sin(slope)
                found.append((spread, x, y, slope, high if outward > 0 else low))
            else:
                found += [(spread, x, y, slope, low), (spread, x, y, slope, high)]
    for _, x, y, slope, away in sorted(found):
        yield x, y, slope, away


def _windows(xy: NDArray[np.float64], width: float) -> Iterator[NDArray[np.float64]]:
    """Pieces of a line whose ends lie a width apart; of a curve of many points, its tangents."""
    if len(xy) > 40:
        yield from (xy[i : i + 2] for i in range(len(xy) - 1))
        return
    xy = shapely.get_coordinates(shapely.segmentize(shapely.LineString(xy), width / 12))
    for i in range(len(xy)):
        far = np.flatnonzero(np.hypot(*(xy[i:] - xy[i]).T) >= width)
        if len(far):
            yield xy[i : i + far[0] + 1]


def _beads(x: float, y: float, slope: float, width: float, half: float) -> list[Box]:
    """Boxes that cover a slanting line of text, like beads on a string."""
    count = max(1, math.ceil(width / (2 * half)))
    found = []
    for i in range(count):
        along = ((i + 0.5) / count - 0.5) * width
        at = x + along * math.cos(slope), y + along * math.sin(slope)
        found.append((at[0] - half, at[1] - half, at[0] + half, at[1] + half))
    return found


def rim_of(shape: shapely.Geometry | None) -> BaseGeometry:
    """The lines round an area; longitude 180 is none of them where it lies over that."""
    rim: BaseGeometry = shapely.union_all([shapely.boundary(shape)])
    west, _, east, _ = rim.bounds if not rim.is_empty else (0.0, 0.0, 0.0, 0.0)
    if (west, east) == (-180, 180):
        rim = rim.difference(shapely.MultiLineString([[(x, -90), (x, 90)] for x in (west, east)]))
    return rim


def vague_ring(
    sheet: Sheet, spots: Sequence[tuple[float, float, float]], frame: BaseGeometry, unit: float
) -> None:
    """Circles round places whose positions were inferred: a shade would look like ground."""
    rings = [shapely.Point(x, y).buffer(r).exterior for x, y, r in spots]
    cut = shapely.intersection(shapely.MultiLineString(rings), frame)
    sheet.stroke(cut, looks.WHITE, 2.6 * unit, alpha=0.7)
    sheet.stroke(cut, looks.INK, 1.1 * unit, [4 * unit, 3 * unit], alpha=0.75)


def event_mark(sheet: Sheet, kind: str, x: float, y: float, radius: float, count: int) -> None:
    """The mark of an event; shape and colour both tell its kind."""
    unit = radius / 6.5 if count == 1 else radius / 8.5
    look = looks.LOOKS["mark"]
    if corners := looks.mark_corners(kind):
        shape = shapely.Polygon([(x + a * radius, y + b * radius) for a, b in corners])
    else:
        shape = shapely.Point(x, y).buffer(radius, quad_segs=8)
    sheet.stroke(shape, looks.WHITE, look["rim"] * unit)
    sheet.fill(shape, looks.event_color(kind))
    if count > 1:
        sheet.text(
            x, y, str(count), radius * look["text"], align="center", color=looks.WHITE, bold=True
        )
    elif share := looks.LOOKS["events"][kind].get("cross"):
        reach = radius * share
        cross = [[(x - reach, y - w * reach), (x + reach, y + w * reach)] for w in (1, -1)]
        sheet.stroke(shapely.MultiLineString(cross), looks.WHITE, look["cross"] * unit)
