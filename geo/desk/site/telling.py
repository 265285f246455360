"""
What the pages of a site share: the frame of a page, and lists of changes, events and figures.

All text of the layers is escaped where it is put in (`geo.desk.documents`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from geo._version import __version__
from geo.desk.documents import Markup, Style, colors_css, document, table, tag
from geo.desk.site import addresses as at
from geo.draw import LANGUAGES, Words, language_words
from geo.errors import escape
from geo.model import parse_day, split_ids

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from geo.desk.site.material import Material
    from geo.desk.site.pictures import Picture
    from geo.model import Feature, Row

WEB = re.compile(r"https?://[^\s\"'<>]+")
_PARTS = ("page", "still", "site")
LONG = 1200


@dataclass(frozen=True, slots=True)
class Download:
    """A file that a page offers: what it is called, where it stands, and how large it is."""

    name: str
    address: str
    size: int


def style_text() -> str:
    """The one style of all pages."""
    text = (files("geo.desk.site") / "site.css").read_text(encoding="utf-8")
    return colors_css() + text


class Telling:
    """What all pages of one language share: names, links, lists, the frame of a page."""

    def __init__(
        self,
        material: Material,
        language: str,
        pictures: Mapping[tuple[dt.date, ...], Picture],
        downloads: Mapping[dt.date, Sequence[Download]],
        whole: Sequence[Download],
        style: str,
    ) -> None:
        self.material, self.language, self.pictures = material, language, pictures
        self.downloads, self.whole, self.style = downloads, whole, style
        self.words = Words(language, _PARTS, is_drawn=False)
        self.folder = material.folder
        self.say = self.words.say

    # ------------------------------------------------------------ what all pages share

    @cached_property
    def theatre(self) -> str:
        """The name of the theatre."""
        return self.words.name(self.folder.theatre.properties, self.folder.theatre.id)

    @cached_property
    def _actors(self) -> dict[str, Row]:
        return self.folder.rows("actors")

    @cached_property
    def _sources(self) -> dict[str, Row]:
        return self.folder.rows("sources")

    def frame(
        self,
        address: str,
        title: str,
        body: object,
        *,
        picture: Picture | None = None,
        bare: bool = False,
    ) -> tuple[str, str]:
        """A page: its address in the language, and its text."""
        own = at.in_language(address, self.language)
        style = tag("link", rel="stylesheet", href=at.way(own, self.style))
        head = [style, *self._links(address, own), *self._card(own, title, picture)]
        main = tag("main", body, id="text")
        inner: list[object] = [main]
        if not bare:
            inner = [self._header(address, own), main, self._footer(own)]
        full = title if title == self.theatre else f"{title} – {self.theatre}"
        content = document(
            self.words, full, inner, Style(), head=head, own=True, kind="embed" if bare else ""
        )
        return own, content

    def _links(self, address: str, own: str) -> Iterator[Markup]:
        """The same page in other languages, the feed, and where it stands for good."""
        if self.material.url:
            yield tag("link", rel="canonical", href=self.material.url + own)
        for other in LANGUAGES:
            target = at.in_language(address, other)
            href = self.material.url + target if self.material.url else at.way(own, target)
            yield tag("link", rel="alternate", hreflang=other, href=href)
        feed = at.way(own, at.in_language(at.FEED, self.language))
        title = self.say("site.feed")
        yield tag("link", rel="alternate", type="application/atom+xml", title=title, href=feed)

    def _card(self, own: str, title: str, picture: Picture | None) -> Iterator[Markup]:
        """What social media show of the page."""
        yield tag("meta", property="og:type", content="article")
        yield tag("meta", property="og:title", content=title)
        yield tag("meta", property="og:site_name", content=self.theatre)
        yield tag("meta", property="og:locale", content=self.language)
        if self.material.url:
            yield tag("meta", property="og:url", content=self.material.url + own)
        if picture is None:
            return
        card = picture.card
        where = self.material.url + card if self.material.url else at.way(own, card)
        told = picture.alt[:420]
        yield tag("meta", property="og:image", content=where)
        yield tag("meta", property="og:image:width", content=1200)
        yield tag("meta", property="og:image:height", content=630)
        yield tag("meta", property="og:image:alt", content=told)
        yield tag("meta", property="og:description", content=told)
        yield tag("meta", name="description", content=told)
        yield tag("meta", name="twitter:card", content="summary_large_image")

    def _header(self, address: str, own: str) -> Markup:
        parts = (
            (at.HOME, "site.newest"),
            (at.ARCHIVE, "site.archive"),
            (at.PLACES, "site.places"),
            (at.EVENTS, "site.events"),
            (at.METHOD, "site.method"),
        )
        links = [
            self.link(own, page, self.say(key), aria_current="page" if page == address else None)
            for page, key in parts
        ]
        known = language_words("page")
        others = [
            tag(
                "a",
                known[other]["language"]["name"],
                href=at.way(own, at.in_language(address, other)),
                hreflang=other,
                lang=other,
            )
            for other in LANGUAGES
            if other != self.language
        ]
        nav = tag("nav", links, others, aria_label=self.say("site.nav"))
        return tag("header", tag("strong", self.theatre), nav)

    def _footer(self, own: str) -> Markup:
        credit = escape(str(self.folder.theatre.properties.get("attribution") or ""), LONG)
        feed = tag("a", self.say("site.feed"), href=at.way(own, self.own(at.FEED)))
        return tag(
            "footer",
            tag("p", self.licence()),
            tag("p", credit) if credit else None,
            tag("p", self.say("site.made", version=__version__), " ", feed),
        )

    def licence(self) -> str:
        """Under which the maps may be used."""
        if self.material.licence:
            return self.say("site.licence", text=escape(self.material.licence, 300))
        return self.say("site.licence.none", method=self.say("site.method"))

    def own(self, address: str) -> str:
        """The address of a page in this language."""
        return at.in_language(address, self.language)

    def link(self, own: str, address: str, text: object, **more: object) -> Markup:
        """A link to a page of this language."""
        return tag("a", text, href=at.way(own, self.own(address)), **more)

    def explore(self, own: str, day: dt.date, before: dt.date | None = None) -> Markup:
        """The way into the map that can be explored."""
        parts = [
            f"d={day}",
            *([f"c={before}"] if before else []),
            f"m={'change' if before else 'one'}",
        ]
        fragment = "&".join([*parts, f"lang={self.language}"])
        href = f"{at.way(own, at.MAP)}#{fragment}"
        return tag("p", tag("a", self.say("site.explore"), href=href))

    def figure(self, own: str, picture: Picture) -> Markup:
        """A picture, with what it shows in words."""
        image = tag(
            "img",
            src=at.way(own, picture.still),
            alt=picture.alt,
            width=picture.size[0],
            height=picture.size[1],
        )
        # On a phone its small letters are read by opening it.
        opened = tag("a", image, href=at.way(own, picture.still))
        return tag("figure", opened)

    def short_day(self, day: object) -> str:
        """A day in words; empty where there is none."""
        return self.words.date(parse_day(str(day)), short=True) if day else ""

    def holder(self, name: str) -> str:
        """The name of an actor, or of a status."""
        if name in self._actors:
            return self.words.name(self._actors[name].values, name)
        key = f"status.{name}"
        return self.say(key) if self.words.knows(key) else escape(name)

    def held(self, values: Mapping[str, Any]) -> str:
        """Who is said to hold something."""
        parties = split_ids(values["controllers"]) or ()
        named = [str(values["controller"])] if values["controller"] else list(parties)
        who = self.words.comma.join(map(self.holder, named))
        status = str(values["status"] or "")
        if not who:
            return self.holder(status)
        return who if status in {"controlled", ""} else f"{who} ({self.holder(status)})"

    def how_sure(self, values: Mapping[str, Any]) -> str:
        """Basis and confidence in words."""
        words = [f"{name}.{values[name]}" for name in ("basis", "confidence") if values[name]]
        return self.words.comma.join(self.say(key) for key in words if self.words.knows(key))

    def place_name(self, place_id: str) -> str:
        """The name of a place."""
        place = self.folder.places.get(place_id)
        return self.words.name(place.properties if place else None, place_id)

    def place_link(self, own: str, place_id: str) -> Markup:
        """A place, with the way to its page."""
        name = self.place_name(place_id)
        if place_id not in self.folder.places:
            return Markup(tag("span", name))
        return self.link(own, at.place_page(place_id), name)

    def cited(self, ids: object) -> list[Markup]:
        """Sources with their addresses, a comma between them."""
        found: list[Markup] = []
        for name in split_ids(ids if isinstance(ids, str) else ""):
            row = self._sources.get(name)
            told = escape(str(row.values["publisher"] or name)) if row else escape(name)
            url = str((row.values["url"] or row.values["archived_url"] or "") if row else "")
            told_link = tag("a", told, href=url, rel="noopener") if WEB.fullmatch(url) else told
            found.append(Markup(told_link) if isinstance(told_link, Markup) else tag("span", told))
        return [
            Markup(one + (self.words.comma if i < len(found) - 1 else ""))
            for i, one in enumerate(found)
        ]

    def note(self, text: object) -> str:
        """A text of the layers, no longer than a page bears."""
        return escape(str(text or ""), LONG)

    # ------------------------------------------------------------ parts of pages

    def ledger(self, own: str, rows: Iterable[Row]) -> Markup:
        """What the ledger tells, row by row, with its sources."""
        items = [tag("li", self._change(own, row), id=row.id) for row in rows]
        return tag("ul", items, class_="plain") if items else tag("p", self.say("site.nothing"))

    def _change(self, own: str, row: Row) -> list[object]:
        places: list[object] = []
        for name in split_ids(row.values["place_ids"]):
            places += [self.words.comma if places else None, self.place_link(own, name)]
        note = self.note(row.values["note"])
        return [
            tag("strong", self.change_title(row)),
            tag("p", places) if places else None,
            tag("p", note, dir="auto") if note else None,
            tag("p", self.cited(row.values["source_ids"]), class_="quiet"),
        ]

    def change_title(self, row: Row) -> str:
        """A row of the ledger in a line."""
        values = row.values
        days = dict.fromkeys(self.short_day(values[k]) for k in ("date", "date_end") if values[k])
        span = days or dict.fromkeys(self.short_day(values[k]) for k in ("from_date", "to_date"))
        hands = [
            self.holder(str(values[k])) for k in ("from_controller", "to_controller") if values[k]
        ]
        arrow = " ← " if self.words.rtl else " → "
        kind = self.say(f"change.{values['kind']}")
        return f"{' – '.join(span)}: {kind}" + (f" ({arrow.join(hands)})" if hands else "")

    def event_title(self, event: Feature) -> str:
        """An event in a line."""
        values = event.properties
        sub = str(values["sub_event_type"] or values["event_type"])
        what = next(
            (self.say(k) for k in (f"sub.{sub}", f"type.{sub}") if self.words.knows(k)), escape(sub)
        )
        place = str(values["place_id"] or "")
        where = self.place_name(place) if place else escape(str(values["location"] or ""))
        told = self.words.comma.join(filter(None, (what, where)))
        return f"{self.short_day(values['event_date'])}: {told}"

    def events(self, own: str, events: Sequence[Feature]) -> Markup:
        """Events as a list."""
        if not events:
            return tag("p", self.say("site.nothing"))
        items = [
            tag("li", self.link(own, at.event_page(event.id), self.event_title(event)))
            for event in events
        ]
        return tag("ul", items, class_="plain")

    def areas(self, day: dt.date) -> Markup:
        """The ground of each side with its band, and what the map draws."""
        rows = []
        # Sides first, by what is drawn; then what nobody holds alone.
        order = sorted(
            self.material.areas[day], key=lambda row: (not row["controller"], -row["drawn_km2"])
        )
        for row in order:
            ends = [float(row[name]) for name in ("area_km2", "low_km2", "high_km2")]
            middle, low, high = self.words.rounded(*ends)
            band = f"{low} – {high}" if low else ""
            drawn = self.words.km2(float(row["drawn_km2"] or 0))
            holder = self.holder(str(row["controller"] or row["status"]))
            rows.append([holder, middle, band, drawn])
        heads = [self.say(f"site.{key}") for key in ("holder", "middle")]
        heads += [self.say("band"), self.say("site.drawn")]
        return table(heads, rows, f"{self.say('site.ground')}. {self.say('band.short')}")

    def offered(self, own: str, downloads: Sequence[Download]) -> Markup:
        """What can be downloaded."""
        items = [
            tag(
                "li",
                tag(
                    "a",
                    self.say(
                        "site.download",
                        format=one.name,
                        size=self.words.number(max(1, round(one.size / 1000))),
                    ),
                    href=at.way(own, one.address),
                    download=True,
                ),
            )
            for one in downloads
        ]
        return tag("ul", items, class_="plain")

    def citation(self, day: dt.date) -> str:
        """How a map is to be cited."""
        credit = str(self.folder.theatre.properties.get("attribution") or "")
        told = self.say(
            "site.citation",
            theatre=self.theatre,
            date=self.words.date(day),
            attribution=escape(credit, LONG),
        )
        where = f" {self.material.url}{self.own(at.day_page(day))}" if self.material.url else ""
        return told.strip() + where

    def layer_before(self, day: dt.date) -> dt.date | None:
        """The layer before that of a date."""
        i = self.material.dates.index(day)
        return self.material.dates[i - 1] if i else None
