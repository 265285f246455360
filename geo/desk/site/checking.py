"""What is wrong with a site on disk: links that lead nowhere, pages that are too heavy."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from geo.desk.site import addresses as at
from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from pathlib import Path

PAGE_KB = 700
"""A page with everything that it shows at once: three seconds on a slow mobile line (2 Mbit/s)."""

MAP_KB = 8000
"""The map that can be explored; it is asked for by whoever wants it."""

CARD_KB = 600
"""A picture for social media, some of which take no more."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something that is wrong.

    Attributes
    ----------
    page
        Where.
    what
        In words.
    """

    page: str
    what: str

    def __str__(self) -> str:
        return f"{self.page}: {self.what}"


class _Reader(HTMLParser):
    """Collects what a page refers to, and what it can be referred to by."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take links, what is loaded at once, and ids."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.names.add(values["id"])
        refers = values.get("href") or values.get("src")
        if tag == "meta" and values.get("property") == "og:image":
            refers = values.get("content")
        if not refers:
            return
        self.links.append(refers)
        is_style = tag == "link" and values.get("rel") == "stylesheet"
        if is_style or (tag in {"img", "script"} and values.get("loading") != "lazy"):
            self.loads.append(refers)


def check_site(root: Path, *, url: str = "") -> list[Finding]:
    """
    Return what is wrong with a site.

    Parameters
    ----------
    root
        Its folder.
    url
        Where it will stand: links that begin so lead into the folder too.

    Returns
    -------
    findings
        Links that lead nowhere and pages above their budget, page by page. Links to elsewhere are
        not followed.

    Raises
    ------
    GeoError
        If there is no site in the folder.
    """
    if not (root / at.HOME).is_file():
        raise GeoError(f"{escape(str(root), 200)} holds no site; make one with `frontline publish`")
    pages = sorted(path for path in root.rglob("*.html"))
    found: list[Finding] = []

    @cache
    def read(path: Path) -> _Reader:
        reader = _Reader()
        # The data of the map that can be explored are no links.
        reader.feed(path.read_text(encoding="utf-8") if path.name != at.MAP else "")
        return reader

    for path in pages:
        page = path.relative_to(root).as_posix()
        reader = read(path)
        for link in dict.fromkeys(reader.links):
            target = _target(page, link, url)
            if target is None:
                continue
            address, name = target
            where = root / address
            if not where.is_file():
                found.append(Finding(page, f"a link leads nowhere: {escape(link, 200)}"))
            elif name and _is_page(address) and name not in read(where).names:
                found.append(Finding(page, f"nothing has the name {escape(link, 200)}"))
        found += _heavy(root, page, reader, url)
    for card in sorted((root / at.FILES).glob("*-card-*.jpg")):
        if card.stat().st_size > CARD_KB * 1000:
            size = card.stat().st_size / 1000
            found.append(Finding(f"{at.FILES}{card.name}", f"{size:.0f} kB, more than {CARD_KB}"))
    return found


def _is_page(address: str) -> bool:
    """Whether a name in an address is one of a page; the map that can be explored has views."""
    return address.endswith(".html") and address != at.MAP


def _heavy(root: Path, page: str, reader: _Reader, url: str) -> list[Finding]:
    """Whether a page is heavier than it may be."""
    size = (root / page).stat().st_size
    for link in dict.fromkeys(reader.loads):
        target = _target(page, link, url)
        if target and (root / target[0]).is_file():
            size += (root / target[0]).stat().st_size
    most = MAP_KB if page == at.MAP else PAGE_KB
    if size <= most * 1000:
        return []
    return [Finding(page, f"{size / 1000:.0f} kB with what it shows, more than {most}")]


def _target(page: str, link: str, url: str) -> tuple[str, str] | None:
    """The address in the site that a link leads to, and the name in it; None where elsewhere."""
    if url and link.startswith(url):
        link, page = link[len(url) :], ""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    address = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    return address, unquote(parts.fragment)
