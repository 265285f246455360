"""
What programs read of a site: the feed of changes (RFC 4287) and the map of the site.

An entry is a row of the ledger. Its name follows from the theatre and the row alone, so that a
reader who has seen it knows it again wherever the site moves.
"""

from __future__ import annotations

import re
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml  # writes only; nothing of others is parsed

from geo.desk.site import addresses as at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from geo.desk.site.material import Material
    from geo.desk.site.pages import Pages
    from geo.model import Row

ATOM = "http://www.w3.org/2005/Atom"
_MAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "frontline:feed")


def feed_name(*parts: str) -> str:
    """A name that is the same wherever the site stands."""
    return uuid.uuid5(_NAMES, "/".join(parts)).urn


def render_feed(material: Material, pages: Pages) -> bytes:
    """The changes of a theatre as an Atom feed in the language of the pages, the newest first."""
    theatre, language = material.folder.theatre.id, pages.language
    own = at.in_language(at.FEED, language)
    rows = sorted(
        material.folder.changes.rows, key=lambda row: (_moment(row), row.id), reverse=True
    )
    first = f"{material.dates[-1]}T00:00:00Z"
    feed = Xml.Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _put(feed, "id", feed_name(theatre, language))
    _put(feed, "title", f"{pages.theatre}: {pages.say('site.changes')}")
    _put(feed, "updated", max(map(_moment, rows), default=first))
    Xml.SubElement(
        feed, "link", {"rel": "self", "href": material.url + own if material.url else at.FEED}
    )
    home = at.in_language(at.HOME, language)
    Xml.SubElement(
        feed, "link", {"href": material.url + home if material.url else at.way(own, home)}
    )
    author = Xml.SubElement(feed, "author")
    _put(author, "name", pages.theatre)
    if material.licence:
        _put(feed, "rights", material.licence)
    for row in rows:
        entry = Xml.SubElement(feed, "entry")
        _put(entry, "id", feed_name(theatre, language, row.id))
        _put(entry, "title", pages.change_title(row))
        _put(entry, "updated", _moment(row))
        target = _address(material, row)
        if target is not None:
            page = at.in_language(at.pair_page(target), language)
            where = material.url + page if material.url else at.way(own, page)
            Xml.SubElement(entry, "link", {"href": f"{where}#{row.id}"})
        _put(entry, "summary", str(row.values["note"] or pages.change_title(row)))
    return _spelt(feed)


def render_sitemap(material: Material, addresses: Iterable[str]) -> bytes:
    """Every page by its address on the web."""
    root = Xml.Element("urlset", {"xmlns": _MAPS})
    for address in sorted(addresses):
        _put(Xml.SubElement(root, "url"), "loc", material.url + address)
    return _spelt(root)


def _moment(row: Row) -> str:
    """When a row was written down: the day is known, the hour is not."""
    return f"{row.values['recorded_at'] or row.values['to_date']}T00:00:00Z"


def _address(material: Material, row: Row) -> tuple[dt.date, dt.date] | None:
    """The last two layers between which a row says that something changed."""
    found = None
    for before, after in pairwise(material.dates):
        if str(row.values["from_date"]) < str(after) and str(row.values["to_date"]) > str(before):
            found = (before, after)
    return found


def _put(parent: Xml.Element, name: str, text: str) -> None:
    """An element with text, without what XML cannot hold."""
    kept = _NO_XML.sub("", text)
    Xml.SubElement(parent, name).text = kept


def _spelt(root: Xml.Element) -> bytes:
    Xml.indent(root)
    body: bytes = Xml.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"
