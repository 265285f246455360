"""The time axis: how much each side held, and when somebody looked."""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import shapely

from geo.draw.looks import INK, LOOKS, QUIET, WHITE, flat_color, mix, unseen_paints
from geo.model import parse_day

if TYPE_CHECKING:
    from geo.draw.still.paper import Align, Box, Sheet
    from geo.draw.still.scene import Scene


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
        self.sheet.text(x, self.top - 11 * self.unit, text, size, align=align, color=QUIET)
        for day in self.looks:
            x = min(self.right - 3 * self.unit, max(self.left + 3 * self.unit, self.x(day)))
            disc = shapely.Point(x, self.base).buffer(2.8 * self.unit)
            own = day in self.scene.composite.dates
            self.sheet.fill(disc, INK if own else WHITE)
            self.sheet.stroke(disc, INK, 1.0 * self.unit)
        for day in filter(None, (self.scene.before, self.scene.day)):
            line = shapely.LineString(
                [(self.x(day), self.top - 5 * self.unit), (self.x(day), self.base)]
            )
            self.sheet.stroke(line, WHITE, 5 * self.unit, alpha=0.9)
            self.sheet.stroke(line, LOOKS["paper"]["pointer"], 2.4 * self.unit)

    def _areas(self) -> None:
        scene, height = self.scene, self.base - self.top
        dates = scene.composite.dates
        for day, until in zip(dates, [*dates[1:], self.last], strict=True):
            bottom, total = self.base, sum(scene.totals[day].values())
            for holder in scene.holders:
                part = scene.totals[day].get(holder, 0.0) / total * height
                color = flat_color(holder)
                if holder in scene.colors:
                    color = mix(scene.colors[holder], LOOKS["strength"]["axis"])
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
                self.sheet.fill(box, WHITE, LOOKS["axis"]["unseen"]["white"])
                self.sheet.paint(box, unseen_paints(), self.unit)

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
                self.sheet.text(x, self.base + 13 * self.unit, text, size, color=QUIET)
                tick = shapely.LineString([(x, self.base), (x, self.base + 5 * self.unit)])
                self.sheet.stroke(tick, QUIET, 0.8 * self.unit)
                free = x + width + 10 * self.unit
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            day = dt.date(year, month, 1)
