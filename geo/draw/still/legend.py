"""
The legend: who holds how much, what changed, how sure, and what the marks mean.

The time axis: how much each side held, and when somebody looked.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import shapely

from geo.draw import looks
from geo.draw.still.chart import event_mark, vague_ring
from geo.errors import escape
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shapely.geometry.base import BaseGeometry

    from geo.draw.still.paper import Align, Box, Sheet
    from geo.draw.still.scene import Move, Scene


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the legend: how high it is, and how it is drawn at its upper corner."""

    height: float
    draw: Callable[[float, float], None]


class Legend:
    """Who holds how much, what changed, how sure, and what the marks mean."""

    def __init__(
        self, scene: Scene, sheet: Sheet, width: float, unit: float, most: int = 6
    ) -> None:
        # Of each table of changes so many rows at most; the rest is counted.
        self.scene, self.sheet, self.width, self.unit, self._most = scene, sheet, width, unit, most
        self.words = scene.words

    def blocks(self) -> list[list[Row]]:
        """Parts that stay together, the most important first."""
        found = [self._control(), *self._transfers(), self._summary() or self._first_reason()]
        found.append(self._doubt())
        return [rows for rows in (*found, self._events(), self._lines()) if rows]

    def _put(
        self,
        x: float,
        y: float,
        along: float,
        text: str,
        size: float,
        *,
        end: bool = False,
        middle: bool = False,
        color: str = looks.INK,
        bold: bool = False,
    ) -> None:
        """Write at a distance from the side where a line begins in this language."""
        where = x + self.width - along if self.words.rtl else x + along
        align: Align = "center" if middle else "right" if end != self.words.rtl else "left"
        self.sheet.text(where, y, text, size * self.unit, align=align, color=color, bold=bold)

    def _swatch(self, x: float, y: float, along: float) -> BaseGeometry:
        wide, high = 30 * self.unit, 17 * self.unit
        left = x + self.width - along - wide if self.words.rtl else x + along
        return shapely.box(left, y - high / 2, left + wide, y + high / 2)

    def _painted(self, x: float, y: float, along: float, paints: Sequence[looks.Paint]) -> None:
        box = self._swatch(x, y, along)
        self.sheet.paint(box, paints, self.unit)
        self.sheet.stroke(box, looks.LOOKS["paper"]["rim"], 0.8 * self.unit)

    def _gap(self, height: float) -> Row:
        return Row(height * self.unit, lambda *_: None)

    def _heading(self, text: str) -> Row:
        def show(x: float, y: float) -> None:
            self._put(x, y + 13 * self.unit, 0, text, 14.5, bold=True, color=looks.QUIET)

        return Row(28 * self.unit, show)

    def _note(self, text: str, size: float = 13.5, color: str = looks.INK) -> list[Row]:
        def show(line: str) -> Callable[[float, float], None]:
            return lambda x, y: self._put(x, y + 9 * self.unit, 0, line, size, color=color)

        lines = self.sheet.wrap(text, size * self.unit, self.width)
        return [Row(19 * self.unit, show(line)) for line in lines]

    def _control(self) -> list[Row]:
        scene, say = self.scene, self.words.say
        rows = [self._heading(f"{say('control')} · {scene.as_of(scene.day)}")]
        rows.append(Row(23 * self.unit, self._columns))
        now = scene.totals[scene.layer]
        rows += [self._holder(holder, now.get(holder, 0.0)) for holder in scene.holders]
        total = sum(now.values())

        def last(x: float, y: float) -> None:
            line = shapely.LineString([(x, y + 2), (x + self.width, y + 2)])
            self.sheet.stroke(line, looks.LOOKS["paper"]["rule"], 0.8 * self.unit)
            middle = y + 14 * self.unit
            self._put(x, middle, 40 * self.unit, say("study.area"), 14, color=looks.QUIET)
            number = self.words.km2(total)
            self._put(x, middle, self._stops[-1], number, 14, end=True, color=looks.QUIET)

        rows.append(Row(30 * self.unit, last))
        if self._is_banded:
            rows += self._note(say("band.short"), 12, looks.QUIET)
        return [*rows, self._gap(8)]

    @property
    def _is_banded(self) -> bool:
        return any(self.scene.band(holder) for holder in self.scene.holders)

    @property
    def _stops(self) -> tuple[float, ...]:
        """Where the columns of numbers end: middle, band and what is drawn, or that alone."""
        if not self._is_banded:
            return self.width - 74 * self.unit, self.width
        now = self.scene.totals[self.scene.layer]
        cells = [self._figures(one, now.get(one, 0.0)) for one in self.scene.holders]
        size, gap = 13 * self.unit, 12 * self.unit
        # Wide enough for numbers of a usual theatre, and for all of a continent's.
        band, drawn = (
            max(least * self.unit, gap + max(self.sheet.width_of(row[k], size) for row in cells))
            for k, least in ((1, 118), (2, 66))
        )
        return self.width - drawn - band, self.width - drawn, self.width

    def _columns(self, x: float, y: float) -> None:
        say, middle = self.words.say, y + 8 * self.unit
        plain = (say("km2"), say("share"))
        heads = (say("km2"), say("band"), say("drawn")) if self._is_banded else plain
        self._put(x, middle, 40 * self.unit, say("side"), 12.5, color=looks.QUIET)
        for stop, head in zip(self._stops, heads, strict=True):
            self._put(x, middle, stop, head, 12.5, end=True, color=looks.QUIET)

    def _holder(self, holder: str, area: float) -> Row:
        scene, unit = self.scene, self.unit
        paints = looks.paints_of(scene.holder_look(holder), scene.colors)
        cells = self._figures(holder, area)
        number = max(self.sheet.width_of(text, 15 * unit) for text in ("00,000", cells[0]))
        room = self._stops[0] - 48 * unit - number
        lines = self.sheet.wrap(scene.holder_title(holder), 15 * unit, room)

        def show(x: float, y: float) -> None:
            middle = y + 13 * unit
            self._painted(x, middle, 0, paints)
            for i, line in enumerate(lines):
                self._put(x, middle + i * 18 * unit, 40 * unit, line, 15)
            for stop, cell, lead in zip(self._stops, cells, (True, False, False), strict=False):
                size, color = (15, looks.INK) if lead else (13, looks.QUIET)
                self._put(x, middle, stop, cell, size, end=True, color=color)

        return Row((27 + 18 * (len(lines) - 1)) * unit, show)

    def _figures(self, holder: str, area: float) -> tuple[str, ...]:
        """The numbers of a holder: middle, band and what is drawn, or that and its share."""
        words, drawn = self.words, self.words.km2(area)
        if not self._is_banded:
            return drawn, words.percent(area / sum(self.scene.totals[self.scene.layer].values()))
        band = self.scene.band(holder)
        if band is None:
            return "", "", drawn
        first, low, high = words.rounded(*band)
        return first, words.say("from.to", low=low, high=high), drawn

    def _transfers(self) -> list[list[Row]]:
        scene, say = self.scene, self.words.say
        if scene.before is None:
            return []
        if not scene.changes:
            return [self._note(say("no.change"))]
        taken = [move for move in scene.changes if move.is_taken]
        redrawn = [move for move in scene.changes if move.effect == "redrawn"]
        known = [move for move in scene.changes if move not in (*taken, *redrawn)]
        tables = (
            (say("changed.taken"), taken),
            (say("changed.picture"), known),
            (say("changed.map"), redrawn),
        )
        return [self._table(title, moves) for title, moves in tables if moves]

    def _table(self, title: str, moves: Sequence[Move]) -> list[Row]:
        """One row a pair of hands; slivers, and what is too much, are counted in a line."""
        rows = [self._heading(title)]
        large = [m for m in moves if max(m.figure[0], m.figure[2] or 0) >= 0.05][: self._most]
        rows += [self._transfer(move) for move in large]
        rest = [move for move in moves if move not in large]
        if (left := sum(move.drawn_km2 for move in rest)) >= 0.05:
            area = self.words.km2(left)
            text = self.words.say("still.rest", count=len(rest))
            rows += self._note(f"{text}: {area} {self.words.say('km2')}", 12.5, looks.QUIET)
        return [*rows, self._gap(8)]

    def _transfer(self, move: Move) -> Row:
        scene, unit, words = self.scene, self.unit, self.words
        paints = looks.change_paints(move.old, move.new, scene.colors, taken=move.is_taken)
        text = self._pair_of(move)
        first, low, high = words.rounded(*move.figure)
        number = f"{first} {words.say('km2')}"
        band = words.say("from.to", low=low, high=high) if low else ""
        wide = max(self.sheet.width_of(number, 14 * unit), self.sheet.width_of(band, 12.5 * unit))
        lines = self.sheet.wrap(text, 14 * unit, self.width - 50 * unit - wide)

        def show(x: float, y: float) -> None:
            self._painted(x, y + 12 * unit, 0, paints)
            for i, line in enumerate(lines):
                self._put(x, y + (12 + 17 * i) * unit, 40 * unit, line, 14)
            self._put(x, y + 12 * unit, self.width, number, 14, end=True)
            self._put(x, y + 29 * unit, self.width, band, 12.5, end=True, color=looks.QUIET)

        return Row((25 + 17 * (max(len(lines), 2 if band else 1) - 1)) * unit, show)

    def _pair_of(self, move: Move) -> str:
        """Who had it, and who has it."""
        scene, words = self.scene, self.words
        return f"{scene.holder_title(move.new)} {words.say('from')} {scene.holder_name(move.old)}"

    def _summary(self) -> list[Row]:
        theatre = self.scene.folder.theatre.properties
        days = (str(self.scene.before), str(self.scene.day))
        if days != (theatre["before"], theatre["after"]):
            return []
        text = self.words.name(theatre, "", key="summary")
        if not text:
            return []
        rows = [self._heading(self.words.say("what.happened")), *self._note(text, 13)]
        return [*rows, self._gap(8)]

    def _first_reason(self) -> list[Row]:
        """Of a change without a summary what took the most ground, as the ledger tells it."""
        return self._reasons[0] if self.scene.before is not None and self._reasons else []

    def _doubt(self) -> list[Row]:
        """The key of certainty: every look that occurs on the day."""
        scene, say = self.scene, self.words.say
        rows = [self._heading(say("how.sure"))]
        side = next((h for h in scene.holders if h in scene.colors), None)
        kinds = {looks.texture_key(looks.texture(label)) for label in scene.labels if label.is_held}
        if scene.before is None and side:
            for basis, kind, step in (
                ("reported", "plain", "0"),
                ("inferred", "dots", "12"),
                ("presumed", "dots", "8"),
                ("claimed", "dashes", "12"),
            ):
                if basis in kinds:
                    paints = looks.paints_of(("controlled", side, kind, step), scene.colors)
                    rows.append(self._item(paints, say(f"key.{basis}")))
        for status in looks.LATE:
            for look in [look for look in scene.looks if look[0] == status][:1]:
                paints = looks.paints_of(look, scene.colors, faded=scene.before is not None)
                rows.append(self._item(paints, say(f"key.{status}")))
        for sure, key in ((True, "key.front"), (False, "key.front.unsure")):
            if sure in scene.fronts:
                dash = None if sure else (7 * self.unit, 4 * self.unit)
                rows.append(self._line([(looks.INK, 2.1, dash, 1.0)], say(key)))
        return [*rows, self._gap(8)]

    def _item(self, paints: Sequence[looks.Paint], text: str) -> Row:
        return self._key(lambda x, y: self._painted(x, y, 0, paints), text)

    def _line(
        self, styles: Sequence[tuple[str, float, Sequence[float] | None, float]], text: str
    ) -> Row:
        return self._key(self._stroke(styles), text)

    def _stroke(
        self, styles: Sequence[tuple[str, float, Sequence[float] | None, float]]
    ) -> Callable[[float, float], None]:
        """The picture of a line."""

        def show(x: float, y: float) -> None:
            box = self._swatch(x, y, 0)
            west, _, east, _ = box.bounds
            line = shapely.LineString([(west, y), (east, y)])
            for color, width, dash, alpha in styles:
                self.sheet.stroke(line, color, width * self.unit, dash, alpha)

        return show

    def _key(self, picture: Callable[[float, float], None], text: str) -> Row:
        size = 13.5 * self.unit
        lines = self.sheet.wrap(text, size, self.width - 40 * self.unit)

        def show(x: float, y: float) -> None:
            picture(x, y + 12 * self.unit)
            for i, line in enumerate(lines):
                self._put(x, y + (12 + 17 * i) * self.unit, 40 * self.unit, line, 13.5)

        return Row((24 + 17 * (len(lines) - 1)) * self.unit, show)

    def why(self) -> list[list[Row]]:
        """What the ledger says of the change and is not told yet; shown where there is room."""
        told = self.scene.before is not None and not self._summary()
        return self._reasons[1:] if told else self._reasons

    @cached_property
    def _reasons(self) -> list[list[Row]]:
        """What the ledger says of the change, entry by entry."""
        scene = self.scene
        found = []
        for row in scene.ledger:
            places = [scene.folder.places.get(i) for i in split_ids(row.get("place_ids"))]
            names = [self.words.name(place.properties, place.id) for place in places if place]
            if len(names) > 4:
                names[4:] = [self.words.say("still.more", count=len(names) - 4)]
            days = dict.fromkeys(str(row[k]) for k in ("date", "date_end") if row.get(k))
            when = " – ".join(self.words.date(parse_day(day), short=True) for day in days)
            kind = self.words.say(f"change.{row['kind']}")
            head = " · ".join(filter(None, (when, kind, self.words.comma.join(names))))
            head = head[:1].upper() + head[1:]
            text = self._note(head, 12.5, looks.QUIET)
            if note := row.get("note"):
                text += self._note(escape(str(note), 400), 12.5)
            found.append([*text, self._gap(6)])
        if found:
            found[0][:0] = [self._gap(8), self._heading(self.words.say("why"))]
        return found

    def _events(self) -> list[Row]:
        scene, say = self.scene, self.words.say
        kinds = {kind for spot in scene.events.values() for kind in spot}
        if not kinds:
            return []
        first, last = (self.words.date(day, short=True) for day in scene.event_span)
        items: list[tuple[Callable[[float, float], None], str]] = [
            (self._mark(kind, 1), say(f"event.{kind}"))
            for kind in looks.EVENT_KINDS
            if kind in kinds
        ]
        count = max(len(spot) for spot in scene.events.values())
        if count > 1:
            items.append((self._mark("other", count), say("still.count")))
        rows = [self._heading(say("still.events", first=first, last=last)), *self._pairs(items)]
        return [*rows, self._gap(8)]

    def _lines(self) -> list[Row]:
        """The key of what is drawn to find one's way."""
        scene, unit, say = self.scene, self.unit, self.words.say
        rows = []
        if not scene.moved.is_empty:
            rows.append(self._line([(looks.INK, 1.4, None, 1.0)], say("still.moved")))
        if any(p.properties["coord_method"] == "inferred" for p in scene.folder.places.values()):
            rows.append(self._key(self._soft, say("key.soft")))
        drawn = {
            (str(f.properties["kind"]), f.properties["accuracy"]) for f in scene.folder.context
        }
        items = []
        for kind, accuracy in sorted(drawn, key=str):
            if self.words.knows(f"context.{kind}"):
                styles = looks.line_styles({"kind": kind, "accuracy": accuracy})
                scaled = [(c, w, [d * unit for d in dash], a) for c, w, dash, a in styles]
                rough = f" ({say('schematic')})" if accuracy == "schematic" else ""
                items.append((self._stroke(scaled), say(f"context.{kind}") + rough))
        edge = self._stroke([(looks.INK, 1.2, [2 * unit, 3 * unit], 0.55)])
        return [*rows, *self._pairs([*items, (edge, say("context.edge"))])]

    def _pairs(self, items: Sequence[tuple[Callable[[float, float], None], str]]) -> list[Row]:
        """Short items two a line."""
        half = self.width / 2
        room = half - 44 * self.unit
        narrow = all(self.sheet.width_of(text, 13.5 * self.unit) <= room for _, text in items)
        if not narrow:
            return [self._key(picture, text) for picture, text in items]

        def show(pair: Sequence[tuple[Callable[[float, float], None], str]]) -> Callable[..., None]:
            def draw_pair(x: float, y: float) -> None:
                for i, (picture, text) in enumerate(pair):
                    away = -i * half if self.words.rtl else i * half
                    picture(x + away, y + 11 * self.unit)
                    self._put(x + away, y + 11 * self.unit, 40 * self.unit, text, 13.5)

            return draw_pair

        return [Row(23 * self.unit, show(items[i : i + 2])) for i in range(0, len(items), 2)]

    def _mark(self, kind: str, count: int) -> Callable[[float, float], None]:
        def show(x: float, y: float) -> None:
            middle = self._swatch(x, y, 0).centroid
            radius = (7.5 if count > 1 else 6) * self.unit
            event_mark(self.sheet, kind, middle.x, y, radius, count)

        return show

    def _soft(self, x: float, y: float) -> None:
        box = self._swatch(x, y, 0)
        vague_ring(self.sheet, [(box.centroid.x, y, 7 * self.unit)], box.buffer(9), self.unit)


class TimeAxis:
    """Time: how much each side held, layer by layer; steps, because nothing is interpolated."""

    LOOKED_DAYS = 14

    def __init__(self, scene: Scene, sheet: Sheet, frame: Box, unit: float) -> None:
        self.scene, self.sheet, self.unit = scene, sheet, unit
        self.left, self.top, self.right, bottom = frame
        self.base = bottom - 20 * unit
        dates = scene.composite.dates
        looked = {parse_day(str(r.values["date"])) for r in scene.folder.assessments.rows}
        self.looks = sorted({*dates, *(day for day in looked if day >= dates[0])})
        self.first, self.last = dates[0], max(self.looks[-1], scene.day)

    def x(self, day: dt.date) -> float:
        """Return where a day stands on the axis, in points."""
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return self.left + share * (self.right - self.left)

    def draw(self) -> None:
        """Draw steps, veils, marks of the layers, months, and what they mean."""
        self._areas()
        self._veils()
        self._ticks()
        words, size = self.scene.words, 11.5 * self.unit
        text = words.say("still.time")
        x = self.right if words.rtl else self.left
        align: Align = "right" if words.rtl else "left"
        self.sheet.text(x, self.top - 11 * self.unit, text, size, align=align, color=looks.QUIET)
        for day in self.looks:
            x = min(self.right - 3 * self.unit, max(self.left + 3 * self.unit, self.x(day)))
            disc = shapely.Point(x, self.base).buffer(2.8 * self.unit)
            own = day in self.scene.composite.dates
            self.sheet.fill(disc, looks.INK if own else looks.WHITE)
            self.sheet.stroke(disc, looks.INK, 1.0 * self.unit)
        for day in filter(None, (self.scene.before, self.scene.day)):
            line = shapely.LineString(
                [(self.x(day), self.top - 5 * self.unit), (self.x(day), self.base)]
            )
            self.sheet.stroke(line, looks.WHITE, 5 * self.unit, alpha=0.9)
            self.sheet.stroke(line, looks.LOOKS["paper"]["pointer"], 2.4 * self.unit)

    def _areas(self) -> None:
        scene, height = self.scene, self.base - self.top
        dates = scene.composite.dates
        for day, until in zip(dates, [*dates[1:], self.last], strict=True):
            bottom, total = self.base, sum(scene.totals[day].values())
            for holder in scene.holders:
                part = scene.totals[day].get(holder, 0.0) / total * height
                color = looks.flat_color(holder)
                if holder in scene.colors:
                    color = looks.mix(scene.colors[holder], looks.LOOKS["strength"]["axis"])
                box = shapely.box(self.x(day), bottom - part, self.x(until), bottom)
                if box.area > 0:
                    self.sheet.fill(box, color)
                bottom -= part

    def _veils(self) -> None:
        """Spans in which nobody looked are veiled."""
        reach = dt.timedelta(days=self.LOOKED_DAYS)
        for day, until in pairwise([*self.looks, self.last]):
            if until - day > reach:
                box = shapely.box(self.x(day + reach), self.top, self.x(until), self.base)
                self.sheet.fill(box, looks.WHITE, looks.LOOKS["axis"]["unseen"]["white"])
                self.sheet.paint(box, looks.unseen_paints(), self.unit)

    def _ticks(self) -> None:
        """Month names under the axis, as many as there is room for."""
        size, free = 11.5 * self.unit, -math.inf
        year, month = self.first.year, self.first.month
        day = self.first
        while day <= self.last:
            text = self.scene.words.month(day)
            if day == self.first or day.month == 1:
                text = f"{text} {day.year}"
            width = self.sheet.width_of(text, size)
            x = self.x(day)
            if x > free and x + width <= self.right:
                self.sheet.text(x, self.base + 13 * self.unit, text, size, color=looks.QUIET)
                tick = shapely.LineString([(x, self.base), (x, self.base + 5 * self.unit)])
                self.sheet.stroke(tick, looks.QUIET, 0.8 * self.unit)
                free = x + width + 10 * self.unit
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            day = dt.date(year, month, 1)
