"""
HTML maps: one file, no network, every date in it.

folium makes the frame, and the frame holds no data: branca compiles what an element has
rendered as a template once more, so that ``{{ ... }}`` in a place name would run as Python.
The frame is rendered from constants, our scripts and styles are put in, the hashes of the
content security policy are taken, and only then the data is spliced in, as JSON that is no
script. The page builds everything that it shows of it out of text nodes.
"""

from __future__ import annotations

import html
import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.draw.looks import LOOKS
from geo.draw.page.frame import TOKENS, data_block, page_frame, safe_json
from geo.draw.page.records import page_records, place_necks, place_told, place_what_if
from geo.draw.page.store import pack, pack_events
from geo.draw.projection import Projection
from geo.draw.words.languages import language_words, require_language
from geo.errors import DateError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder

MAX_INLINE_BYTES = 2_000_000
"""A larger page is not put into a notebook: Jupyter drops outputs beyond its rate limit."""

MANY_EVENTS = 2000
"""More events than these are packed; fewer stand in the page as they are, for whoever looks."""

_TILES = re.compile(r"(https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)(/[\w./{}?=&%+~:@-]*)")


@dataclass(frozen=True, slots=True)
class Page:
    """
    A finished page.

    Attributes
    ----------
    html
        The whole document; unless it was drawn over online tiles, it refers to nothing outside.
    picture
        What makes a PNG of the same view for those who show no page, if anything does.
    """

    html: str
    picture: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)

    def save(self, path: str | Path) -> Path:
        """
        Write the page, or nothing: a file that is there is replaced whole.

        Parameters
        ----------
        path
            Where to.

        Returns
        -------
        path
            The file written.
        """
        target = Path(path)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.html.encode())
                file.flush()
                os.fsync(file.fileno())
            draft.chmod(0o644)
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return target

    def _repr_png_(self) -> bytes | None:
        """The picture, where a notebook's viewer refuses frames."""
        return self.picture() if self.picture else None

    def _repr_html_(self) -> str:
        """The page in a sandbox: it must not reach the notebook that shows it."""
        size = len(self.html.encode())
        if size > MAX_INLINE_BYTES:
            return (
                f"<p>This map has {size / 1e6:.1f} MB, too much for a notebook's output. "
                "Write it with <code>.save('map.html')</code> and open that file.</p>"
            )
        return (
            '<iframe title="Map of control" sandbox="allow-scripts allow-downloads allow-popups" '
            f'srcdoc="{html.escape(self.html)}" width="100%" height="680" '
            f'style="border: 1px solid {LOOKS["notebook"]["frame"]}; border-radius: 6px"></iframe>'
        )


def draw_page(
    folder: Folder,
    composite: Composite,
    *,
    before: dt.date,
    after: dt.date,
    language: str = "en",
    tiles: str | None = None,
    attribution: str | None = None,
    bands: Mapping[str, Mapping[str, Sequence[float]]] | None = None,
    corridors: Sequence[Sequence[Mapping[str, Any]] | None] | None = None,
    what_if: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    picture: Callable[[], bytes] | None = None,
) -> Page:
    """
    Draw a theatre as one page that opens without a network.

    Parameters
    ----------
    folder
        The layers as read.
    composite
        Its control layers, noded together; the page holds all their dates.
    before, after
        The dates compared at first; each stands for the layer in force.
    language
        One of `geo.draw.LANGUAGES`; the page can switch.
    tiles
        Address of online map tiles to lie below, ``https://host/{z}/{x}/{y}.png``. The default is
        none: the page then loads nothing at all. It sends no referrer, which some servers demand.
    attribution
        Whose tiles they are; required with `tiles`, and shown on the map.
    bands
        Low and high of the ground of each side, km2, by date and side, for the legend.
    corridors
        The necks of each date, as `necks_by_date` gives them, None where they were not worked out;
        the default shows none.
    what_if
        What nobody reported, as `what_if_record` gives it.
    told
        What happened between dates, as `geo.evidence.tell_all` gives it; the default tells what is
        drawn, without bands.
    picture
        Makes a PNG of the same view, called when a notebook asks for it.

    Returns
    -------
    page
        The same input gives the same bytes.

    Raises
    ------
    DateError
        If a date is before the first layer, or `after` is before `before`.
    ValueError
        If there is no such language, or `tiles` is no such address or has no attribution.
    """
    require_language(language, speaker="the page")
    if after < before:
        raise DateError(f"after ({after}) is earlier than before ({before}); swap them")
    for day in (before, after):
        composite.index(day)
    projection = Projection(folder.area)
    records = page_records(folder, composite, projection)
    records |= {"before": str(before), "after": str(after), "language": language}
    if bands:
        records["bands"] = [_rounded(bands.get(str(day), {})) for day in composite.dates]
    if corridors is not None:
        names = ("name", "name_ar")
        anchors = {one.id: {k: one.properties[k] for k in names} for one in folder.anchors}
        records["corridors"] = {"days": place_necks(corridors, projection), "anchors": anchors}
    if what_if is not None:
        records["whatIf"] = place_what_if(what_if, projection)
    if told is not None:
        records["told"] = place_told(told, projection)
    host = ""
    if tiles is not None:
        host = _tile_host(tiles)
        if projection.centre is not None:
            raise ValueError(
                "tiles end at 85 degrees; a theatre that reaches there is drawn without"
            )
        if not (attribution or "").strip():
            raise ValueError("tiles need an attribution: say whose they are, as their terms ask")
        records["tiles"] = {"url": tiles, "attribution": attribution}
    blocks = [data_block("store", "text/plain", pack(composite, projection))]
    if len(records["events"]) > MANY_EVENTS:
        blocks.append(data_block("events", "text/plain", pack_events(records.pop("events"))))
    blocks.insert(0, data_block("records", "application/json", safe_json(records)))
    head, tail = page_frame(host).split(TOKENS["data"])
    title, rest = head.split(TOKENS["title"])
    ways = language_words("page")[language]["language"]
    name = records["theatre"].get(f"name{ways['names'][0]}") or ""
    title = title.replace("<html>", f'<html lang="{language}" dir="{ways["direction"]}">', 1)
    text = "".join((title, html.escape(str(name)), rest, *blocks, tail))
    return Page(text, picture)


def _tile_host(url: str) -> str:
    """
    Return the origin of a tile address.

    Raises
    ------
    ValueError
        If it is not one of a web server, encrypted, with each of zoom, column and row once.
    """
    found = _TILES.fullmatch(url)
    if not found or any(found[2].count(part) != 1 for part in ("{z}", "{x}", "{y}")):
        raise ValueError(
            f"tiles is {url!r}; give https://host/... with each of {{z}}, {{x}} and {{y}} once"
        )
    return found[1]


def _rounded(sides: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {side: [round(end, 2) for end in ends] for side, ends in sorted(sides.items())}
