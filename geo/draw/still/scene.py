"""What one picture shows: words in one language, numbers and shapes; nothing of pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.draw.looks import LATE, event_kind, held_colors, look_of, texture
from geo.evidence import EFFECTS, PICTURE, explain_changes
from geo.model import Label, shift_day, split_ids

if TYPE_CHECKING:
    import datetime as dt

    from shapely.geometry.base import BaseGeometry

    from geo.control import Composite
    from geo.draw.looks import Look
    from geo.draw.still.wording import Words
    from geo.layers import Folder


STEADY = 12
"""So many places of the ledger are named in every frame of an animation, beside the towns."""

EVENT_DAYS = 7
"""Events of so many days before and after the dates are marked."""


@dataclass(frozen=True, slots=True)
class Move:
    """
    Ground that one holder had and another has.

    Attributes
    ----------
    old, new
        Sides, or statuses of ground that no side holds alone.
    effect
        What became of it; see `geo.evidence.tell_effect`.
    figure
        The middle and the ends of its band, km2; without draws as drawn, and no ends.
    drawn_km2
        As it is drawn.
    shape
        The ground.
    """

    old: str
    new: str
    effect: str
    figure: tuple[float, float | None, float | None]
    drawn_km2: float
    shape: BaseGeometry

    @property
    def is_taken(self) -> bool:
        """Whether ground changed hands, and not the map alone."""
        return self.effect == EFFECTS[0]


Bands = Mapping[str, Mapping[str, Sequence[float]]]
"""Low, middle and high of the ground of each side, km2, by date."""
Moved = Mapping[tuple[str, str, str], tuple[float, float | None, float | None]]
"""Middle, low and high of what went from one to another, km2, by these two and the effect."""


class Scene:
    """What one picture shows, in numbers and shapes; nothing here knows of pixels."""

    def __init__(
        self,
        folder: Folder,
        composite: Composite,
        day: dt.date,
        before: dt.date | None,
        words: Words,
        *,
        moved_since: dt.date | None = None,
        steady: bool = False,
        bands: Bands | None = None,
        figures: Moved | None = None,
    ) -> None:
        self._bands, self._figures = bands or {}, figures or {}
        self.folder, self.composite, self.day, self.before = folder, composite, day, before
        self.words, self.moved_since, self.steady = words, moved_since, steady
        self.index = composite.index(day)
        self.layer = composite.dates[self.index]
        self.reference = before or (composite.dates[self.index - 1] if self.index else None)
        if self.reference is not None:
            self.reference_layer = composite.dates[composite.index(self.reference)]
        self.sides = dict(composite.sides)

    @cached_property
    def totals(self) -> dict[dt.date, dict[str, float]]:
        """Square kilometres of each holder at each layer: sides, then ground of nobody alone."""
        found: dict[dt.date, dict[str, float]] = {day: {} for day in self.composite.dates}
        areas = self.composite.area_columns()
        for day, controller, status, area in zip(
            areas["date"], areas["controller"], areas["status"], areas["area_km2"], strict=True
        ):
            holder = self._side(controller, status)
            found[day][holder] = found[day].get(holder, 0.0) + float(area)
        return found

    def _side(self, controller: object, status: object) -> str:
        known = controller if isinstance(controller, str) and controller else ""
        return self.sides.get(known, known) or str(status)

    @cached_property
    def holders(self) -> list[str]:
        """In a steady order: sides by their largest ground ever, then what nobody holds alone."""
        largest: dict[str, float] = {}
        for day in self.composite.dates:
            for holder, area in self.totals[day].items():
                largest[holder] = max(largest.get(holder, 0.0), area)
        return sorted(
            (holder for holder, area in largest.items() if area > 1e-9),
            key=lambda h: (LATE.index(h) if h in LATE else -1, -largest[h], h),
        )

    @cached_property
    def colors(self) -> dict[str, str]:
        """A colour for every side that holds or contests ground on some date."""
        return held_colors(self.folder, self.composite)

    def holder_name(self, holder: str) -> str:
        """Return the name of an actor, a side, or a status that has no holder."""
        row = self.folder.rows("actors").get(holder)
        if row is None and holder in LATE:
            return self.words.say(f"status.{holder}")
        return self.words.name(row.values if row else None, holder)

    def holder_title(self, holder: str) -> str:
        """The name of a holder at the head of a line."""
        name = self.holder_name(holder)
        return name[:1].upper() + name[1:]

    def holder_look(self, holder: str) -> Look:
        """The plainest look of a holder, for the legend."""
        if holder in self.colors:
            return ("controlled", holder, "plain", "0")
        if holder in {"contested", "mixed"}:
            looks = sorted(look for look in self.looks if look[0] == holder)
            return looks[0] if looks else (holder, *list(self.colors)[:2])
        return (holder, *list(self.colors)[:1]) if holder == "advance" else (holder,)

    @cached_property
    def labels(self) -> list[Label]:
        """The labels in force on the day."""
        used = np.unique(self.composite.history[:, self.index])
        return [self.composite.labels[i] for i in used]

    @cached_property
    def looks(self) -> dict[Look, BaseGeometry]:
        """The ground of every look on the day."""
        shapes: dict[Look, list[shapely.Geometry]] = {}
        for patch in self.composite.patches(self.day):
            shapes.setdefault(look_of(patch.label, self.sides), []).append(patch.geometry)
        return {look: shapely.coverage_union_all(many) for look, many in sorted(shapes.items())}

    def band(self, holder: str) -> tuple[float, float, float] | None:
        """Middle and band of the ground of a side on the day, where they are known."""
        found = self._bands.get(str(self.layer), {}).get(holder)
        return None if found is None else (found[1], found[0], found[2])

    @cached_property
    def changes(self) -> list[Move]:
        """Ground that went from one holder to another: what was taken first, largest first."""
        if self.before is None:
            return []
        pieces = explain_changes(
            self.folder, self.composite, self.before, self.day, min_area_km2=0.0
        )
        found: dict[tuple[str, str, str], list[tuple[float, shapely.Geometry]]] = {}
        for piece in pieces:
            ground = piece.ground
            old = self._side(ground.from_controller, ground.from_status)
            new = self._side(ground.to_controller, ground.to_status)
            if old != new:
                moved = (ground.area_km2, ground.geometry)
                found.setdefault((old, new, piece.effect), []).append(moved)
        moves = []
        for (old, new, effect), many in found.items():
            area = sum(area for area, _ in many)
            figure = self._figures.get((old, new, effect), (area, None, None))
            shape = shapely.union_all([shape for _, shape in many])
            moves.append(Move(old, new, effect, figure, area, shape))
        moves.sort(key=lambda m: (EFFECTS.index(m.effect), -m.drawn_km2, m.old, m.new))
        return moves

    @property
    def headline(self) -> str:
        """What happened between the two dates, in a sentence; of what was taken the most."""
        if self.before is None:
            return ""
        told = [move for move in self.changes if move.is_taken and max(move.figure[0], 0) >= 0.05]
        if not told:
            known = bool(self.changes)
            return self.words.say("headline.map" if known else "no.change")
        most = max(told, key=lambda move: move.figure[0])
        text = self.words.say(
            "headline.taken",
            new=self.holder_name(most.new),
            old=self.holder_name(most.old),
            figure=self.words.figure(*most.figure),
        )
        return text[:1].upper() + text[1:]

    @cached_property
    def moved(self) -> BaseGeometry:
        """Ground that changed since the frame before."""
        if self.moved_since is None:
            return shapely.GeometryCollection()
        shapes = [
            piece.geometry
            for piece in self.composite.changes(self.moved_since, self.day)
            if self._side(piece.from_controller, piece.from_status)
            != self._side(piece.to_controller, piece.to_status)
        ]
        return shapely.union_all(shapes)

    @cached_property
    def fronts(self) -> dict[bool, BaseGeometry]:
        """Where ground of one side meets ground of another; the weaker face says how sure."""
        arcs = self.composite.arcs
        faces = self.composite.history[:, self.index]
        parties: dict[int, tuple[str, bool]] = {}
        for i in np.unique(faces):
            label = self.composite.labels[i]
            if label.controller and not label.is_nobodys:
                side = self.sides.get(label.controller, label.controller)
                parties[int(i)] = (side, texture(label)[0] == "plain")
        lines: dict[bool, list[shapely.LineString]] = {}
        for k in np.flatnonzero((arcs.left >= 0) & (arcs.right >= 0)):
            left = parties.get(int(faces[arcs.left[k]]))
            right = parties.get(int(faces[arcs.right[k]]))
            if left and right and left[0] != right[0]:
                piece = arcs.coords[arcs.offsets[k] : arcs.offsets[k + 1]]
                lines.setdefault(left[1] and right[1], []).append(shapely.LineString(piece))
        merged: dict[bool, BaseGeometry] = {}
        for sure, many in sorted(lines.items()):
            merged[sure] = shapely.union_all([shapely.line_merge(shapely.MultiLineString(many))])
        return merged

    @cached_property
    def event_span(self) -> tuple[dt.date, dt.date]:
        """First and last day of the events that are shown."""
        first = self.before or self.day
        return shift_day(first, -EVENT_DAYS), shift_day(self.day, EVENT_DAYS)

    @cached_property
    def events(self) -> dict[tuple[float, float], list[str]]:
        """Kinds of the events of the span, by position."""
        first, last = (str(day) for day in self.event_span)
        found: dict[tuple[float, float], list[str]] = {}
        for event in self.folder.events:
            start = str(event.properties["event_date"])
            end = str(event.properties.get("end_date") or start)
            if end < first or start > last or not isinstance(event.geometry, shapely.Point):
                continue
            spot = (event.geometry.x, event.geometry.y)
            found.setdefault(spot, []).append(event_kind(event.properties["event_type"]))
        return found

    @cached_property
    def key_places(self) -> frozenset[str]:
        """Places of the ledger: those that the change is about are named first."""
        if self.steady:
            return self._steady_places
        # Where ground is said to have changed, what only the picture has it is not the story.
        told = [row for row in self.ledger if row["kind"] not in PICTURE]
        named = {place for row in told or self.ledger for place in split_ids(row.get("place_ids"))}
        if told:
            return frozenset(named)
        ground = shapely.union_all([move.shape for move in self.changes])
        inside = {
            place.id
            for place in self.folder.places.values()
            if place.geometry is not None and ground.covers(place.geometry)
        }
        return frozenset(named | inside)

    @cached_property
    def _steady_places(self) -> frozenset[str]:
        """Those that the ledger names most where ground changed: the same in every frame."""
        named: Counter[str] = Counter()
        for row in self.folder.changes.rows:
            if row.values["kind"] not in PICTURE:
                named.update(split_ids(row.values.get("place_ids")))
        order = sorted(named, key=lambda one: (-named[one], one))
        return frozenset(order[:STEADY])

    @cached_property
    def event_spots(self) -> list[tuple[float, float]]:
        """Where marks of events stand in some frame of an animation, or in this picture."""
        if not self.steady:
            return list(self.events)
        shapes = [event.geometry for event in self.folder.events]
        spots = ((one.x, one.y) for one in shapes if isinstance(one, shapely.Point))
        return list(dict.fromkeys(spots))

    @cached_property
    def ledger(self) -> list[dict[str, Any]]:
        """Rows of the ledger that explain the change, in order of date; none that is superseded."""
        if self.reference is None:
            return []
        rows = self.folder.changes.rows
        replaced = {row.values.get("supersedes") for row in rows}
        first, last = str(self.reference_layer), str(self.layer)
        found = [
            row.values
            for row in rows
            if row.id not in replaced
            and str(row.values["from_date"]) < last
            and str(row.values["to_date"]) > first
        ]
        # What is said to have happened comes before what only the picture has, and of that what
        # took the most ground.
        return sorted(
            found,
            key=lambda v: (
                v["kind"] in PICTURE,
                -self._taken_by_row.get(str(v["id"]), 0.0),
                str(v.get("date") or v["from_date"]),
            ),
        )

    @cached_property
    def _taken_by_row(self) -> dict[str, float]:
        """Square kilometres that were taken, by the rows of the ledger that speak of them."""
        assert self.reference is not None
        areas: dict[str, float] = {}
        pieces = explain_changes(self.folder, self.composite, self.reference, self.day)
        for piece in pieces:
            if piece.effect == EFFECTS[0]:
                for one in piece.change_ids:
                    areas[one] = areas.get(one, 0.0) + piece.ground.area_km2
        return areas

    @cached_property
    def publishers(self) -> list[str]:
        """Who the layer rests on, most cited first."""
        rows = self.folder.rows("sources")
        cited: Counter[str] = Counter()
        for feature in self.folder.control[self.layer].features:
            cited.update(split_ids(feature.properties.get("source_ids")))
        names: Counter[str] = Counter()
        for source, count in cited.items():
            if source in rows:
                names[str(rows[source].values["publisher"])] += count
        return [name for name, _ in sorted(names.items(), key=lambda item: (-item[1], item[0]))]

    @property
    def title(self) -> str:
        """The title of the picture."""
        say, date = self.words.say, self.words.date
        if self.before:
            return say("still.change", before=date(self.before), after=date(self.day))
        return say("still.control", date=date(self.day))

    def as_of(self, day: dt.date) -> str:
        """Say which layer a day is answered from."""
        layer = self.composite.dates[self.composite.index(day)]
        return self.words.say("as.of", date=self.words.date(layer))

    @property
    def alt(self) -> str:
        """The picture in words."""
        parts = [f"{self.name}. {self.title}{self.words.comma}{self.as_of(self.day)}."]
        unit, now, km2 = self.words.say("km2"), self.totals[self.layer], self.words.km2
        for holder in self.holders:
            band = self.band(holder)
            drawn = f"{km2(now.get(holder, 0.0))} {unit}"
            parts.append(
                f"{self.holder_name(holder)}: {self.words.figure(*band) if band else drawn}."
            )
        parts[1:1] = [f"{self.headline}."] if self.headline else []
        parts += [f"{self.tell(move)}: {self.words.figure(*move.figure)}." for move in self.changes]
        return " ".join(parts)

    def tell(self, move: Move) -> str:
        """What became of ground, in words."""
        return self.words.say(
            f"effect.{move.effect.replace(' ', '.')}",
            old=self.holder_name(move.old),
            new=self.holder_name(move.new),
        )

    @property
    def name(self) -> str:
        """The name of the theatre."""
        return self.words.name(self.folder.theatre.properties, self.folder.theatre.id)
