"""
What an element shows: shapes with their paints, and plain texts; nothing of folium.

Positions stay longitude, latitude, as GeoJSON has them; Leaflet itself turns them when it reads the
shapes. Texts are texts: what the browser makes of them are text nodes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.draw.looks import (
    EVENT_KINDS,
    LOOKS,
    Lines,
    change_line,
    change_paints,
    event_color,
    event_kind,
    held_colors,
    look_of,
    mark_corners,
    paints_of,
    texture,
    texture_key,
)
from geo.draw.projection import Projection
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.errors import escape
from geo.model import Label, split_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

    from geo.control import Composite
    from geo.draw.looks import Paint, Stroke
    from geo.layers import Folder
    from geo.model import Feature, Value

_DECIMALS = 5
"""About a metre."""
_LONG = 600
"""Longer notes are cut off."""
_SUREST = ("high", "moderate", "low")
_WEB = re.compile(r"https?://[^\s\"'<>]+")
_LISTED = 6
"""So many events of one place are told on hover; a click tells more."""


@dataclass(slots=True)
class Content:
    """
    What one element shows.

    Attributes
    ----------
    title
        Its name in a control of layers.
    attribution
        Whose data it is.
    direction
        ``ltr`` or ``rtl``.
    word
        What the key is called.
    features
        GeoJSON features, longitude, latitude. Their properties say by number which of `fills` they
        have, by which `strokes` they are drawn, or which mark stands there, and what is told of
        them.
    fills
        Ground and parallel lines over it.
    key
        What stands for what: a fill, strokes or a mark, and a text.
    projection
        Of ground over longitude 180, which is drawn in one piece beyond it. About a pole the map
        that elements are put onto has no place, so there positions stay what they are.
    """

    title: str
    attribution: str
    direction: str
    word: str
    features: list[dict[str, Any]] = field(default_factory=list)
    fills: list[dict[str, Any]] = field(default_factory=list)
    key: list[dict[str, Any]] = field(default_factory=list)
    projection: Projection | None = None
    _numbers: dict[tuple[Paint, ...], int] = field(default_factory=dict)
    _keyed: set[tuple[str, str]] = field(default_factory=set)

    def fill(self, paints: Sequence[Paint]) -> int:
        """The number of a fill."""
        found = self._numbers.get(tuple(paints))
        if found is None:
            found = self._numbers[tuple(paints)] = len(self.fills)
            lines = [
                [one.color, one.width, one.step, one.way, one.shift, one.dash, one.alpha]
                for one in paints
                if isinstance(one, Lines)
            ]
            ground = next((one for one in paints if isinstance(one, str)), None)
            self.fills.append({"ground": ground, "lines": lines})
        return found

    def explain(self, text: str, **what: Any) -> None:
        """A row of the key, once."""
        if (text, str(what)) not in self._keyed:
            self._keyed.add((text, str(what)))
            self.key.append({**what, "text": text})

    def add(self, shape: shapely.Geometry | None, tip: Sequence[str], **how: Any) -> None:
        """A shape, what is told of it on hover, and how it looks."""
        if shape is None or shapely.is_empty(shape):
            return
        if self.projection is not None and self.projection.over_from is not None:
            shape = self.projection.forward(shape)
        rounded = shapely.transform(shape, lambda xy: np.round(xy, _DECIMALS))
        told = {"tip": [text for text in tip if text], **{k: v for k, v in how.items() if v}}
        told |= {name: how[name] for name in ("fill",) if name in how}
        geometry = _geojson(rounded)
        self.features.append({"type": "Feature", "properties": told, "geometry": geometry})

    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of everything; None where there is nothing."""
        corners = [xy for one in self.features for xy in _positions(one["geometry"]["coordinates"])]
        if not corners:
            return None
        lon, lat = zip(*corners, strict=True)
        return min(lon), min(lat), max(lon), max(lat)


def _geojson(shape: Any) -> dict[str, Any]:
    """A geometry as GeoJSON, in lists."""
    found = shape.__geo_interface__
    return {"type": found["type"], "coordinates": found["coordinates"]}


def _positions(nested: Any) -> Iterable[tuple[float, float]]:
    if nested and isinstance(nested[0], float | int):
        yield nested[0], nested[1]
        return
    for one in nested:
        yield from _positions(one)


class Teller:
    """Fills the contents of one theatre in one language."""

    def __init__(self, folder: Folder, composite: Composite, language: str) -> None:
        self._folder, self._composite = folder, composite
        self._words = Words(language)
        self._sides = dict(composite.sides)
        self._colors = held_colors(folder, composite)
        self._sources = folder.rows("sources")
        self._projection = Projection(folder.area)

    def ground(self, day: dt.date) -> Content:
        """Who held what at the end of a day."""
        words, composite = self._words, self._composite
        layer = composite.dates[composite.index(day)]
        found = self._content(f"{words.say('control')}, {words.date(day)}")
        scene = Scene(self._folder, composite, day, None, words)
        features = self._folder.control[layer].features
        labels = [_label(one) for one in features]
        for feature, label in sorted(zip(features, labels, strict=True), key=_sureness):
            number = found.fill(paints_of(look_of(label, self._sides), self._colors))
            sure = [words.say(f"status.{label.status}")]
            sure += [words.say(f"basis.{label.basis}")] if label.basis else []
            if label.confidence:
                level = words.say(f"confidence.{label.confidence}")
                sure.append(words.say("confidence.of", level=level))
            named = self._holders(label) or scene.holder_title(label.status)
            tip = [named, words.comma.join(sure), scene.as_of(day)]
            more = [_shown(feature.properties["note"])]
            links = self._links(feature.properties["source_ids"])
            found.add(feature.geometry, tip, fill=number, more=more, links=links)
            found.explain(self._key_of(label, named), fill=number)
        return found

    def _key_of(self, label: Label, named: str) -> str:
        """A holder, and how sure; what nobody holds alone explains itself."""
        if label.is_nobodys or label.is_shared or label.status == "advance":
            told = self._words.say(f"key.{label.status}")
        else:
            told = self._words.say(f"key.{texture_key(texture(label))}")
        told = told.split(":")[0]
        return told if label.is_nobodys else f"{named}{self._words.comma}{told.lower()}"

    def _holders(self, label: Label) -> str:
        """Who holds ground, each by its side's name."""
        actors = split_ids(label.controllers) or tuple(filter(None, (label.controller,)))
        names = dict.fromkeys(self._name(self._sides.get(actor, actor)) for actor in actors)
        return self._words.comma.join(_headed(name) for name in names)

    def _name(self, actor: str) -> str:
        row = self._folder.rows("actors").get(actor)
        if row is None and actor in LOOKS["statuses"]:
            return self._words.say(f"status.{actor}")
        return self._words.name(row.values if row else None, actor)

    def changed(self, before: dt.date, after: dt.date, pieces: gpd.GeoDataFrame) -> Content:
        """What changed hands, became known, or was corrected."""
        words = self._words
        dates = f"{words.date(before, short=True)} – {words.date(after, short=True)}"
        found = self._content(f"{words.say('change')}, {dates}")
        ordered = pieces.sort_values("area_km2", ascending=False, kind="stable")
        for row in ordered.to_dict("records"):
            old, new = (self._hand(row, way) for way in ("from", "to"))
            if (effect := str(row["effect"])) == "same":
                continue
            was, now = old[0] or old[1], new[0] or new[1]
            hands = effect == "taken"
            number = found.fill(change_paints(was, now, self._colors, taken=hands))
            color, width = change_line(hands=hands)
            told = words.say(
                f"effect.{effect.replace(' ', '.')}", old=self._name(was), new=self._name(now)
            )
            figure = words.figure(row["area_km2"], row.get("low_km2"), row.get("high_km2"))
            places = [self._place(place) for place in split_ids(row["place_ids"])]
            found.add(
                row["geometry"],
                [told, figure, words.comma.join(places[:_LISTED])],
                fill=number,
                more=[words.comma.join(places[_LISTED:]), *self._ledger(row["change_ids"])],
                rim=[color, width],
            )
            found.explain(told, fill=number)
        return found

    def _hand(self, row: dict[str, Any], way: str) -> tuple[str, str]:
        """Side and status before or after."""
        controller = row[f"{way}_controller"]
        return self._sides.get(controller, controller), row[f"{way}_status"]

    def _ledger(self, ids: str) -> list[str]:
        """What the ledger says of a piece."""
        rows = {row.id: row.values for row in self._folder.changes.rows}
        told = [rows[one] for one in split_ids(ids) if one in rows]
        kinds = [self._words.say(f"change.{values['kind']}") for values in told]
        notes = [_shown(values["note"]) for values in told]
        return [f"{kind}: {note}" for kind, note in zip(kinds, notes, strict=True)]

    def _place(self, place_id: str) -> str:
        place = self._folder.places.get(place_id)
        return self._words.name(place.properties if place else None, place_id)

    def fronts(self, day: dt.date, lines: gpd.GeoDataFrame) -> Content:
        """Where sides met: a line where it is known, dashed or broken where it is not."""
        words = self._words
        found = self._content(f"{words.say('show.fronts')}, {words.date(day)}")
        for row in lines.to_dict("records"):
            strokes = _front_strokes(str(row["certainty"]))
            pair = [_headed(self._name(row[hand])) for hand in ("left", "right")]
            length = words.figure(
                row["length_km"], row.get("low_km"), row.get("high_km"), unit="km"
            )
            sure = words.say("confidence.of", level=words.say(f"confidence.{row['certainty']}"))
            tip = [" – ".join(pair), length, sure]
            found.add(row["geometry"], tip, strokes=strokes)
            firm = row["certainty"] == "high"
            found.explain(words.say("key.front" if firm else "key.front.unsure"), strokes=strokes)
        return found

    def events(
        self, first: dt.date | None, last: dt.date | None, *, apart: bool = False
    ) -> Content:
        """What happened: one mark a place, which tells of all its events, or one an event."""
        words = self._words
        chosen = [event for event in self._folder.events if _between(event, first, last)]
        days = [str(event.properties["event_date"]) for event in chosen]
        span = f", {_day_words(words, min(days))} – {_day_words(words, max(days))}" if days else ""
        found = self._content(f"{words.say('events')}{span}")
        spots: dict[tuple[object, ...], list[Feature]] = {}
        for event in chosen:
            if isinstance(event.geometry, shapely.Point):
                spot = (event.geometry.x, event.geometry.y, event.id if apart else "")
                spots.setdefault(spot, []).append(event)
        for group in spots.values():
            many = sorted(group, key=lambda one: str(one.properties["event_date"]), reverse=True)
            kinds = [event_kind(one.properties["event_type"]) for one in many]
            kind = min(kinds, key=EVENT_KINDS.index)
            tip = [self._event(one) for one in many[:_LISTED]]
            if len(many) > _LISTED:
                tip.append(words.say("still.more", count=len(many) - _LISTED))
            more = [text for one in many for text in (self._event(one), self._story(one)) if text]
            vague = all(one.properties["geo_precision"] == 3 for one in many)
            if vague:
                tip.append(words.say("geo.3"))
            links = self._links(";".join(str(one.properties["source_ids"] or "") for one in many))
            found.add(
                many[0].geometry,
                tip,
                mark=kind,
                count=len(many) if len(many) > 1 else 0,
                vague=vague,
                more=more,
                links=links,
                instead=True,
                time=str(many[0].properties["event_date"]),
            )
            found.explain(words.say(f"event.{kind}"), mark=kind)
        return found

    def _event(self, event: Feature) -> str:
        """An event in a line: when, what, where."""
        values, words = event.properties, self._words
        day = _day_words(words, str(values["event_date"]))
        sub = str(values["sub_event_type"] or values["event_type"])
        key = f"sub.{sub}"
        what = words.say(key) if words.knows(key) else _shown(sub)
        where = self._place(str(values["place_id"])) if values["place_id"] else ""
        where = where or _shown(values["location"])
        return words.comma.join(filter(None, (f"{day}: {what}", where)))

    def _story(self, event: Feature) -> str:
        return self._words.name(event.properties, "", key="notes")

    def _links(self, ids: Value) -> list[list[str]]:
        """Publishers of sources, with their addresses where these are of the web."""
        found = []
        for one in dict.fromkeys(split_ids(ids)):
            if one in self._sources:
                values = self._sources[one].values
                url = str(values["url"] or values["archived_url"] or "")
                address = url if _WEB.fullmatch(url) else ""
                found.append([escape(str(values["publisher"] or one)), address])
        return found

    def _content(self, title: str) -> Content:
        attribution = escape(str(self._folder.theatre.properties.get("attribution") or ""), 300)
        return Content(
            title,
            attribution,
            "rtl" if self._words.rtl else "ltr",
            self._words.say("key"),
            projection=self._projection,
        )


def mark_shapes() -> dict[str, Any]:
    """Colour and corners of each kind of event mark; no corners for a disc."""
    return {
        kind: {"color": event_color(kind), "corners": mark_corners(kind)} for kind in EVENT_KINDS
    }


def _label(feature: Feature) -> Label:
    names = ("controller", "controllers", "status", "basis", "confidence")
    values = [str(feature.properties[name] or "") for name in names]
    return dataclasses.replace(Label(*values), patch=feature.id)


def _sureness(pair: tuple[Feature, Label]) -> tuple[bool, str, bool, int]:
    """The order of the key: holders, each from sure to presumed; then nobody's ground."""
    label = pair[1]
    place = _SUREST.index(label.confidence) if label.confidence in _SUREST else 3
    return not label.controller, label.controller or label.status, label.basis == "inferred", place


def _front_strokes(certainty: str) -> list[Stroke]:
    """A line with a rim: whole where both sides are sure, dashed or broken where not."""
    look, paper = LOOKS["fronts"], LOOKS["paper"]
    wide, thin = look["widths"]
    dash = {"high": [], "moderate": look["unsure"]}.get(certainty, [2, 6])
    return [(paper["white"], wide, [], look["rim"]), (paper["ink"], thin, dash, 1.0)]


def _between(event: Feature, first: dt.date | None, last: dt.date | None) -> bool:
    start = str(event.properties["event_date"])
    end = str(event.properties["end_date"] or start)
    return (first is None or end >= str(first)) and (last is None or start <= str(last))


def _day_words(words: Words, day: str) -> str:
    return words.date(dt.date.fromisoformat(day), short=True)


def _headed(name: str) -> str:
    return name[:1].upper() + name[1:]


def _shown(value: Value) -> str:
    return "" if value is None else escape(str(value), _LONG)
