"""
The pages of a site in one language, each whole without scripts.

A page tells what one thing is: a date, two dates, a place, an event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from geo.desk.documents import Markup, table, tag
from geo.desk.site import addresses as at
from geo.desk.site.telling import LONG, WEB, Telling
from geo.errors import escape
from geo.model import parse_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from geo.model import Feature, Row

_NEWEST = 12
"""So many of the newest maps stand on the first page."""


class Pages(Telling):
    """The pages of one language."""

    def each(self) -> Iterator[tuple[str, str]]:
        """Every page of the language: its address and its text; the first page comes last."""
        for day in self.material.dates:
            yield self.day(day)
            yield self.embed(day)
        for pair in self.material.pairs:
            yield self.pair(pair)
        for place in self.folder.places.values():
            yield self.place(place)
        for event in self.folder.events:
            yield self.event(event)
        yield self.method()
        yield self.list_places()
        yield self.list_events()
        yield self.archive()
        yield self.home()

    def home(self) -> tuple[str, str]:
        """The newest map first."""
        address, day = at.HOME, self.material.dates[-1]
        own = self.own(address)
        newest = self.material.dates[-_NEWEST - 1 : -1][::-1]
        summary = self.words.name(self.folder.theatre.properties, "", key="summary")
        before = self.layer_before(day)
        body = [
            tag("h1", self.theatre),
            tag("p", summary, class_="lede") if summary else None,
            tag(
                "h2",
                self.link(own, at.day_page(day), self.say("site.day", date=self.words.date(day))),
            ),
            self.figure(own, self.pictures[day,]),
            self.explore(own, day),
            self.areas(day),
            *self._since(own, before, day),
            tag("h2", self.say("site.archive")),
            self._thumbs(own, newest),
        ]
        return self.frame(address, self.theatre, body, picture=self.pictures[day,])

    def _since(self, own: str, before: dt.date | None, day: dt.date) -> list[object]:
        if before is None:
            return []
        shown = self.link(
            own, at.pair_page((before, day)), self.say("site.compare", date=self.words.date(before))
        )
        return [
            tag("h2", self.say("site.since", date=self.words.date(before))),
            tag("p", shown),
            self.ledger(own, self.material.told_between(before, day)),
        ]

    def _thumbs(self, own: str, days: Sequence[dt.date]) -> Markup:
        items = []
        for day in days:
            picture = self.pictures[day,]
            image = tag(
                "img",
                src=at.way(own, picture.thumb),
                alt="",
                loading="lazy",
                width=picture.thumb_size[0],
                height=picture.thumb_size[1],
            )
            items.append(tag("li", self.link(own, at.day_page(day), [image, self.words.date(day)])))
        return tag("ul", items, class_="grid")

    def archive(self) -> tuple[str, str]:
        """Every date with its picture, the newest first, and every change."""
        own = self.own(at.ARCHIVE)
        title = self.say("site.archive")
        pairs = [
            tag("li", self.link(own, at.pair_page(pair), self._pair_title(pair)))
            for pair in self.material.pairs[::-1]
        ]
        body = [
            tag("h1", title),
            self._thumbs(own, self.material.dates[::-1]),
            tag("h2", self.say("site.changes")),
            tag("ul", pairs, class_="columns"),
        ]
        return self.frame(at.ARCHIVE, title, body)

    def _pair_title(self, pair: tuple[dt.date, dt.date]) -> str:
        before, after = map(self.words.date, pair)
        return self.say("site.pair", before=before, after=after)

    def day(self, day: dt.date) -> tuple[str, str]:
        """Who held what at the end of a day."""
        address = at.day_page(day)
        own, dates = self.own(address), self.material.dates
        before, i = self.layer_before(day), dates.index(day)
        steps: list[object] = []
        if before:
            text = self.say("site.earlier", date=self.words.date(before))
            steps.append(self.link(own, at.day_page(before), text, rel="prev"))
        if i + 1 < len(dates):
            text = self.say("site.later", date=self.words.date(dates[i + 1]))
            steps.append(self.link(own, at.day_page(dates[i + 1]), text, rel="next"))
        title = self.say("site.day", date=self.words.date(day))
        body = [
            tag("h1", title),
            self.figure(own, self.pictures[day,]),
            self.explore(own, day),
            self.areas(day),
            tag("p", steps, class_="steps") if steps else None,
            *self._since(own, before, day),
            tag("h2", self.say("site.events.between")),
            self.events(own, self.material.events_between(before, day) if before else []),
            tag("h2", self.say("site.downloads")),
            self.offered(own, self.downloads[day]),
            tag("p", self.licence()),
            tag("p", self.say("site.cite"), ": ", self.citation(day)),
            tag("h2", self.say("site.embed")),
            tag("pre", self._snippet(day, title), tabindex="0"),
        ]
        return self.frame(address, title, body, picture=self.pictures[day,])

    def _snippet(self, day: dt.date, title: str) -> str:
        where = self.material.url + self.own(at.embed_page(day))
        return str(
            tag("iframe", src=where, title=title, width="100%", height="620", loading="lazy")
        )

    def embed(self, day: dt.date) -> tuple[str, str]:
        """The map of a date alone, for a frame."""
        address = at.embed_page(day)
        own = self.own(address)
        title = self.say("site.day", date=self.words.date(day))
        credit = escape(str(self.folder.theatre.properties.get("attribution") or ""), LONG)
        whole = self.link(
            own, at.day_page(day), self.say("site.whole"), target="_blank", rel="noopener"
        )
        body = [
            tag("h1", title),
            self.figure(own, self.pictures[day,]),
            tag("p", whole, " ", credit, class_="quiet"),
        ]
        return self.frame(address, title, body, picture=self.pictures[day,], bare=True)

    def pair(self, pair: tuple[dt.date, dt.date]) -> tuple[str, str]:
        """What changed between two dates."""
        address, (before, after) = at.pair_page(pair), pair
        own, title = self.own(address), self._pair_title(pair)
        both = [
            tag(
                "li",
                self.link(own, at.day_page(day), self.say("site.day", date=self.words.date(day))),
            )
            for day in pair
        ]
        body = [
            tag("h1", title),
            self.figure(own, self.pictures[pair]),
            self.explore(own, after, before),
            *self._moves(pair),
            tag("h2", self.say("site.changes")),
            self.ledger(own, self.material.told_between(before, after)),
            tag("h2", self.say("site.both")),
            tag("ul", both, class_="plain"),
        ]
        return self.frame(address, title, body, picture=self.pictures[pair])

    def _moves(self, pair: tuple[dt.date, dt.date]) -> list[object]:
        moves = self.material.moves(pair)
        rows = []
        for (old, new, effect), figure in (moves or {}).items():
            key = f"effect.{effect.replace(' ', '.')}"
            told = self.say(key, old=self.holder(old), new=self.holder(new))
            first, low, high = self.words.rounded(*figure)
            rows.append([told, first, f"{low} – {high}" if low else ""])
        if not rows:
            return []
        heads = [self.say("site.what"), self.say("site.figure"), self.say("band")]
        return [table(heads, rows, self.say("site.moves"))]

    def place(self, place: Feature) -> tuple[str, str]:
        """Who held a place, when, and what was said of it."""
        values = place.properties
        address = at.place_page(place.id)
        own, name = self.own(address), self.words.name(values, place.id)
        second = next(
            (
                str(values[key])
                for key in ("name", "name_ar")
                if values.get(key) and str(values[key]) != name
            ),
            "",
        )
        method = f"coord.{values['coord_method']}"
        radius = self.words.number(int(values["geo_radius_m"] or 0) / 1e3, 1)
        how = self.say(method) if self.words.knows(method) else str(values["coord_method"])
        kind = f"kind.{values['kind']}"
        held = self.material.history(place)
        body = [
            tag("h1", name),
            tag("p", escape(second)) if second else None,
            tag(
                "p", self.say(kind) if self.words.knows(kind) else escape(str(values["kind"] or ""))
            ),
            tag("p", self.say("site.position", method=how, km=radius), class_="quiet")
            if place.geometry is not None
            else None,
            tag("h2", self.say("site.history")),
            self._history(held) if held else tag("p", self.say("site.place.unlocated")),
            tag("h2", self.say("site.said")),
            self._said(self.material.statements_of.get(place.id, [])),
            tag("h2", self.say("site.events")),
            self.events(own, self.material.events_of.get(place.id, [])),
        ]
        return self.frame(address, name, body)

    def _history(self, held: Sequence[Mapping[str, Any]]) -> Markup:
        heads = [self.say(f"site.{k}") for k in ("from", "to", "holder", "sure", "note", "source")]
        rows = [
            [
                self.short_day(row["valid_from"]),
                self.short_day(row["valid_to"]) or self.say("site.open"),
                self.held(row),
                self.how_sure(row),
                tag("bdi", self.note(row["note"])),
                self.cited(row["source_ids"]),
            ]
            for row in held
        ]
        return table(heads, rows, label=self.say("site.history"))

    def _said(self, rows: Sequence[Row]) -> Markup:
        if not rows:
            return tag("p", self.say("site.nothing"))
        heads = [self.say(f"site.{k}") for k in ("date", "who", "sure", "note", "source")]
        cells = [
            [
                self.short_day(row.values["date"]),
                self.held(row.values),
                self.how_sure(row.values),
                tag("bdi", self.note(row.values["note"])),
                self.cited(row.values["source_ids"]),
            ]
            for row in rows
        ]
        return table(heads, cells, label=self.say("site.said"))

    def event(self, event: Feature) -> tuple[str, str]:
        """What happened, where, who says so, and what that meant for the ground."""
        values, address = event.properties, at.event_page(event.id)
        own, title = self.own(address), self.event_title(event)
        actors = [
            self.holder(str(values[name]))
            for name in ("actor1", "assoc_actor_1", "actor2", "assoc_actor_2")
            if values[name]
        ]
        story = self.words.name(values, "", key="notes")
        until = self.short_day(values["end_date"])
        rows = self.material.rows_of_event.get(event.id, [])
        day = parse_day(str(values["event_date"]))
        in_force = next((d for d in reversed(self.material.dates) if d <= day), None)
        precise = f"geo.{values['geo_precision']}"
        body = [
            tag("h1", title),
            tag("p", f"{self.say('site.to')} {until}") if until else None,
            tag("p", story, dir="auto") if story else None,
            tag("p", self.say("site.actors"), ": ", self.words.comma.join(actors))
            if actors
            else None,
            tag("p", self.say("site.deaths", count=self.words.number(int(values["fatalities"]))))
            if values["fatalities"] is not None
            else None,
            tag("p", self.say("site.where"), ": ", self._where(own, event)),
            tag("p", self.say(precise), class_="quiet") if self.words.knows(precise) else None,
            tag("p", self.say("site.sources"), ": ", self.cited(values["source_ids"])),
            [tag("h2", self.say("site.rests")), self.ledger(own, rows)] if rows else None,
            [
                tag(
                    "p",
                    self.link(
                        own,
                        at.day_page(in_force),
                        self.say("site.day", date=self.words.date(in_force)),
                    ),
                ),
                self.explore(own, day),
            ]
            if in_force
            else None,
        ]
        return self.frame(address, title, body)

    def _where(self, own: str, event: Feature) -> object:
        place = str(event.properties["place_id"] or "")
        return (
            self.place_link(own, place)
            if place
            else escape(str(event.properties["location"] or ""))
        )

    def list_places(self) -> tuple[str, str]:
        """Every place by its name."""
        own, title = self.own(at.PLACES), self.say("site.places")
        named = sorted(
            (self.words.name(p.properties, p.id).casefold(), p.id)
            for p in self.folder.places.values()
        )
        items = [tag("li", self.place_link(own, place_id)) for _, place_id in named]
        return self.frame(at.PLACES, title, [tag("h1", title), tag("ul", items, class_="columns")])

    def list_events(self) -> tuple[str, str]:
        """Every event, the newest month first."""
        own, title = self.own(at.EVENTS), self.say("site.events")
        months: dict[str, list[Feature]] = {}
        for event in self.folder.events:
            months.setdefault(str(event.properties["event_date"])[:7], []).append(event)
        body: list[object] = [tag("h1", title)]
        for month, events in sorted(months.items(), reverse=True):
            first = parse_day(f"{month}-01")
            body += [tag("h2", f"{self.words.month(first, short=False)} {first.year}")]
            body.append(self.events(own, events))
        if not months:
            body.append(tag("p", self.say("site.nothing")))
        return self.frame(at.EVENTS, title, body)

    def method(self) -> tuple[str, str]:
        """How the maps are made, on whom they rest, and everything at once."""
        own, title = self.own(at.METHOD), self.say("site.method")
        keys = ("publisher", "title", "published", "leaning")
        rows = [
            [
                escape(str(row.values["publisher"] or row.id)),
                self._linked(row),
                self._day_or_text(row.values["published"]),
                escape(str(row.values["leaning"] or "")),
                escape(str(row.values["licence"] or "")),
            ]
            for row in self.folder.sources.rows
        ]
        heads = [*(self.say(f"site.{key}") for key in keys), self.say("about.licence")]
        body = [
            tag("h1", title),
            tag("h2", self.say("site.how")),
            tag("p", self.say("method")),
            tag("p", self.say("still.holds")),
            tag("p", self.say("band.short")),
            tag("p", self.say("site.reads")),
            tag("h2", self.say("site.all")),
            self.offered(own, self.whole),
            tag("p", self.licence()),
            tag("h2", self.say("site.sources")),
            table(heads, rows, label=self.say("site.sources"))
            if rows
            else tag("p", self.say("site.nothing")),
        ]
        return self.frame(at.METHOD, title, body)

    def _linked(self, row: Row) -> object:
        url = str(row.values["url"] or row.values["archived_url"] or "")
        title = escape(str(row.values["title"] or row.id), 300)
        return tag("a", title, href=url, rel="noopener") if WEB.fullmatch(url) else title

    def _day_or_text(self, value: object) -> str:
        text = str(value or "")
        return self.short_day(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else escape(text)
