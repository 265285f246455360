"""A theatre published: pictures, downloads, pages, feed, in the order in which nothing breaks."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo._version import __version__
from geo.control import Composite
from geo.desk.site import addresses as at
from geo.desk.site.feed import render_feed, render_sitemap
from geo.desk.site.pages import Pages
from geo.desk.site.pictures import Picture, draw_picture, named, picture_key, wanted_pictures
from geo.desk.site.store import Store
from geo.desk.site.telling import Download, style_text
from geo.draw import LANGUAGES
from geo.errors import DateError, GeoError, escape
from geo.exchange import render_export

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from geo.desk.site.material import Material
    from geo.layers import Folder, Progress

    Pictures = dict[tuple[dt.date, ...], Picture]

DAY_FORMATS = {"geojson-intervals": "GeoJSON", "kml": "KML", "csv": "CSV"}
"""What a date can be taken away as, and how that is called."""

ALL_FORMATS = {"gpkg": "GeoPackage", "geojson-intervals": "GeoJSON", "csv": "CSV"}
"""The same of the whole theatre."""


@dataclass(frozen=True, slots=True)
class Published:
    """
    What a publication did.

    Attributes
    ----------
    written, removed
        Addresses of files that now say something else, or are gone.
    unchanged
        How many files say what they said.
    pages
        How many pages the site has.
    size
        Bytes of all its files.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    pages: int
    size: int


def publish_site(material: Material, root: Path, *, progress: Progress | None = None) -> Published:
    """
    Write a theatre as a static site, or what is new of it.

    Parameters
    ----------
    material
        The theatre.
    root
        The folder of the site: a new or an empty one, or one that was published before.
    progress
        Told what is done, how much of it, and of how much.

    Returns
    -------
    published
        What was written. The same theatre published twice writes nothing.

    Raises
    ------
    DateError
        If there is no layer.
    GeoError
        If the folder lies in the layers folder, or holds something else.
    """
    if not material.dates:
        raise DateError("there is no layer yet; draft one with `frontline estimate DATE`")
    if root.resolve().is_relative_to(material.folder.root.resolve()):
        raise GeoError(f"{escape(str(root), 200)} lies among the layers; publish it elsewhere")
    store = Store(root)
    made = _Maker(material, store, progress)
    made.style()
    made.pictures()
    made.downloads()
    pages = made.pages()
    store.close({"pictures": made.drawn, "map": made.map_key, "made": made.exported})
    size = sum(store.size(address) for address in store.files)
    return Published(tuple(store.written), tuple(store.removed), store.unchanged, pages, size)


class _Maker:
    """Makes the files of a site in order."""

    def __init__(self, material: Material, store: Store, progress: Progress | None) -> None:
        self.material, self.store, self.progress = material, store, progress
        self.drawn: dict[str, Any] = {}
        self.exported: dict[str, str] = {}
        self.map_key = ""
        self._pictures: dict[str, Pictures] = {language: {} for language in LANGUAGES}
        self._offered: dict[dt.date, Sequence[Download]] = {}
        self._whole: Sequence[Download] = ()
        self._style = ""

    def _tell(self, what: str, done: int, of: int) -> None:
        if self.progress:
            self.progress(what, done, of)

    def style(self) -> None:
        """The style of all pages."""
        data = style_text().encode()
        self._style = named(data, "site", ".css")
        self.store.put(self._style, data)

    def pictures(self) -> None:
        """Draw what follows from something else than before; the rest stands there."""
        known: Mapping[str, Any] = self.store.kept.get("pictures", {})
        wanted = [(lang, days) for days in wanted_pictures(self.material) for lang in LANGUAGES]
        for n, (language, days) in enumerate(wanted, 1):
            key = _versioned(picture_key(self.material, language, days))
            picture = _known_picture(known.get(key))
            if picture is not None and all(map(self.store.holds, _parts(picture))):
                for address in _parts(picture):
                    self.store.keep(address)
            else:
                picture = draw_picture(self.material, language, days, self.store.put)
            self.drawn[key] = dataclasses.asdict(picture)
            self._pictures[language][days] = picture
            self._tell("drawing", n, len(wanted))

    def downloads(self) -> None:
        """Each date in three formats, and everything at once."""
        folder, dates = self.material.folder, self.material.dates
        base = {
            name: digest
            for name, digest in folder.digests.items()
            if not name.startswith(("control/", "events/"))
        }
        for n, day in enumerate(dates, 1):
            before = dates[n - 2] if n > 1 else None
            events = tuple(self.material.events_between(before, day) if before else ())
            told = [base, folder.digests.get(f"control/{day}.geojson"), [e.id for e in events]]
            values = [list(map(str, e.properties.values())) for e in events]
            key = _versioned(_hashed([*told, values]))
            addresses = {to: at.download(day, _SUFFIXES[to]) for to in DAY_FORMATS}
            if not self._stands(key, addresses.values()):
                one = dataclasses.replace(folder, control={day: folder.control[day]}, events=events)
                composite = Composite.build(folder.area, {day: folder.patches(day)}, folder.sides)
                self._export(key, one, composite, addresses)
            self._offered[day] = self._listed(DAY_FORMATS, addresses)
            self._tell("exporting", n, len(dates))
        key = _versioned(_hashed(dict(folder.digests)))
        addresses = {to: f"data/all{_SUFFIXES[to]}" for to in ALL_FORMATS}
        if not self._stands(key, addresses.values()):
            self._export(key, folder, self.material.composite, addresses)
        self._whole = self._listed(ALL_FORMATS, addresses)

    def _stands(self, key: str, addresses: Any) -> bool:
        """Whether files that follow from the same stand there; then they stay."""
        known: Mapping[str, str] = self.store.kept.get("made", {})
        listed = list(addresses)
        if not all(known.get(one) == key and self.store.holds(one) for one in listed):
            return False
        for address in listed:
            self.store.keep(address)
            self.exported[address] = key
        return True

    def _export(
        self, key: str, folder: Folder, composite: Composite, addresses: Mapping[str, str]
    ) -> None:
        for to, address in addresses.items():
            (data,) = render_export(folder, composite, to=to).values()
            self.store.put(address, data)
            self.exported[address] = key

    def _listed(self, names: Mapping[str, str], addresses: Mapping[str, str]) -> list[Download]:
        return [
            Download(names[to], address, self.store.size(address))
            for to, address in addresses.items()
        ]

    def pages(self) -> int:
        """The pages, those that nothing leads to yet first; then what leads to all of them."""
        last: dict[str, bytes] = {}
        waiting: dict[str, bytes] = {}
        listed: list[str] = []
        spoken = [
            Pages(
                self.material,
                language,
                self._pictures[language],
                self._offered,
                self._whole,
                self._style,
            )
            for language in LANGUAGES
        ]
        self._map()
        for n, pages in enumerate(spoken, 1):
            leads = {at.in_language(one, pages.language) for one in _LEADING}
            for address, text in pages.each():
                listed.append(address)
                data = text.encode()
                if address in leads:
                    last[address] = data
                elif self.store.is_new(address):
                    self.store.put(address, data)
                else:
                    waiting[address] = data
            self._tell("writing", n, len(spoken))
        for address, data in (*waiting.items(), *last.items()):
            self.store.put(address, data)
        for pages in spoken:
            feed = at.in_language(at.FEED, pages.language)
            self.store.put(feed, render_feed(self.material, pages))
        if self.material.url:
            found = [one for one in listed if "embed/" not in one]
            self.store.put(at.SITEMAP, render_sitemap(self.material, [*found, at.MAP]))
        return len(listed) + 1

    def _map(self) -> None:
        """The map that can be explored: one page for all dates and languages."""
        self.map_key = _versioned(_hashed(dict(self.material.folder.digests)))
        if self.store.kept.get("map") == self.map_key and self.store.holds(at.MAP):
            self.store.keep(at.MAP)
            return
        dates = self.material.dates
        pair = (dates[-2], dates[-1]) if len(dates) > 1 else (dates[0], dates[0])
        page = self.material.map_page(*pair).html
        # As the other pages have it: else a browser asks the server for an icon, in vain.
        page = page.replace("</title>", '</title><link rel="icon" href="data:,">', 1)
        self.store.put(at.MAP, page.encode())


_LEADING = (at.METHOD, at.PLACES, at.EVENTS, at.ARCHIVE, at.HOME)
_SUFFIXES = {"geojson-intervals": ".geojson", "kml": ".kml", "csv": ".csv", "gpkg": ".gpkg"}


def _hashed(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _versioned(key: str) -> str:
    """What another version of this tool makes may look otherwise."""
    return f"{__version__} {key}"


def _parts(picture: Picture) -> tuple[str, str, str]:
    return picture.still, picture.card, picture.thumb


def _known_picture(values: Any) -> Picture | None:
    """A picture that was drawn before, as it was kept."""
    if not isinstance(values, dict):
        return None
    made: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return Picture(**made)
