"""Where each thing stands in a site: addresses that stay, and the way from one page to another."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from geo.draw import LANGUAGES

if TYPE_CHECKING:
    import datetime as dt

HOME, ARCHIVE, PLACES, EVENTS, METHOD = (
    f"{name}.html" for name in ("index", "archive", "places", "events", "method")
)
MAP = "map.html"
FEED = "feed.xml"
SITEMAP = "sitemap.xml"
FILES = "files/"
"""Pictures and styles; their names hold what they are, so that none is ever replaced."""


def day_page(day: dt.date) -> str:
    """The page of a date."""
    return f"dates/{day}.html"


def embed_page(day: dt.date) -> str:
    """The page of a date for a frame in somebody's page."""
    return f"embed/{day}.html"


def pair_page(pair: tuple[dt.date, dt.date]) -> str:
    """The page of what changed between two dates."""
    return f"changes/{pair[0]}_{pair[1]}.html"


def place_page(place_id: str) -> str:
    """The page of a place."""
    return f"places/{place_id}.html"


def event_page(event_id: str) -> str:
    """The page of an event."""
    return f"events/{event_id}.html"


def download(day: dt.date, suffix: str) -> str:
    """A layer as a file."""
    return f"data/{day}{suffix}"


def in_language(address: str, language: str) -> str:
    """A page as it stands in a language; the first language stands at the root."""
    return address if language == LANGUAGES[0] else f"{language}/{address}"


def way(page: str, target: str) -> str:
    """The relative address of a file of the site, from a page."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")
