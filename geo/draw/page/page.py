"""
HTML maps: one file, no network, every date in it. The one door to folium.

folium makes the frame, and the frame holds no data: branca compiles what an element has
rendered as a template once more, so that ``{{ ... }}`` in a place name would run as Python.
The frame is rendered from constants, our scripts and styles are put in, the hashes of the
content security policy are taken, and only then the data is spliced in, as JSON that is no
script. The page builds everything that it shows of it out of text nodes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import shapely
from branca.element import MacroElement
from folium.template import Template

from geo._version import __version__
from geo.draw.looks import LOOKS, held_colors
from geo.draw.page.leaflet import leaflet_text
from geo.draw.page.store import pack
from geo.draw.words.languages import language_words, require_language
from geo.errors import DateError, GeoError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from geo.control import Composite
    from geo.layers import Folder
    from geo.model import Feature, Value

__all__ = ["Page", "draw_page"]

MAX_INLINE_BYTES = 2_000_000
"""A larger page is not put into a notebook: Jupyter drops outputs beyond its rate limit."""

_TILES = re.compile(r"(https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)(/[\w./{}?=&%+~:@-]*)")
_PIECE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_SCRIPTS = (
    "text",
    "store",
    "measure",
    "looks",
    "names",
    "draw",
    "svg",
    "cards",
    "panel",
    "time",
    "search",
    "export",
    "help",
    "corridors",
    "canvaslayer",
    "scenes",
    "opening",
    "links",
    "page",
)


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
    corridors: Sequence[Sequence[Mapping[str, Any]]] | None = None,
    what_if: Mapping[str, Any] | None = None,
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
        The necks of each date, as `necks_by_date` gives them; the default shows
        none.
    what_if
        What nobody reported, as `geo.draw.page.corridors.what_if_record` gives it.
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
        If `language` is none of the two, or `tiles` is no such address or has no attribution.
    """
    require_language(language, speaker="the page")
    if after < before:
        raise DateError(f"after ({after}) is earlier than before ({before}); swap them")
    for day in (before, after):
        composite.index(day)
    records = _records(folder, composite)
    records |= {"before": str(before), "after": str(after), "language": language}
    if bands:
        records["bands"] = [_rounded(bands.get(str(day), {})) for day in composite.dates]
    if corridors is not None:
        names = ("name", "name_ar")
        anchors = {one.id: {k: one.properties[k] for k in names} for one in folder.anchors}
        records["corridors"] = {"days": corridors, "anchors": anchors}
    if what_if is not None:
        records["whatIf"] = what_if
    host = ""
    if tiles is not None:
        host = _tile_host(tiles)
        if not (attribution or "").strip():
            raise ValueError("tiles need an attribution: say whose they are, as their terms ask")
        records["tiles"] = {"url": tiles, "attribution": attribution}
    blocks = (
        _block("records", "application/json", _json(records)),
        _block("store", "text/plain", pack(composite)),
    )
    head, tail = _frame(host).split(_TOKENS["data"])
    title, rest = head.split(_TOKENS["title"])
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


# What the page says: the tables, as they are.


def _records(folder: Folder, composite: Composite) -> dict[str, Any]:
    sides = dict(composite.sides)
    theatre = {k: v for k, v in folder.theatre.properties.items() if v is not None}
    return {
        "version": __version__,
        "theatre": theatre,
        "sides": sides,
        "colors": held_colors(folder, composite),
        "actors": {row.id: _filled(row.values) for row in folder.actors.rows},
        "sources": {row.id: _filled(row.values) for row in folder.sources.rows},
        "places": [_located(place) for place in folder.places.values()],
        "events": [_located(event) for event in folder.events],
        "statements": {row.id: _filled(row.values) for row in folder.statements.rows},
        "changes": [_filled(row.values) for row in folder.changes.rows],
        "assessments": [_filled(row.values) for row in folder.assessments.rows],
        "context": _context(folder),
        "patches": _patches(folder, composite),
    }


def _rounded(sides: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {side: [round(end, 2) for end in ends] for side, ends in sorted(sides.items())}


def _filled(values: Mapping[str, Value]) -> dict[str, Value]:
    """Without what is empty: the page takes an absent key for an empty one."""
    return {key: value for key, value in values.items() if value is not None}


def _located(feature: Feature) -> dict[str, Any]:
    record: dict[str, Any] = _filled(feature.properties)
    if isinstance(feature.geometry, shapely.Point):
        record["lonlat"] = [round(feature.geometry.x, 6), round(feature.geometry.y, 6)]
    return record


def _context(folder: Folder) -> list[dict[str, Any]]:
    """
    Context features as lines to stroke, rings to fill and a spot for the name.

    Data that was cut to a window carries the window's edge as if it were a border; a segment
    that runs along the frame of all areas of its kind is such an edge, and is not stroked.
    """
    features = [(f, f.geometry) for f in folder.context if f.geometry is not None]
    shapes: dict[Value, list[shapely.Geometry]] = {}
    for feature, shape in features:
        shapes.setdefault(feature.properties["kind"], []).append(shape)
    frames = {k: shapely.box(*shapely.total_bounds(many)).exterior for k, many in shapes.items()}
    records = []
    for feature, shape in features:
        record: dict[str, Any] = _filled(feature.properties)
        frame = frames[feature.properties["kind"]]
        parts = shapely.get_parts(shape)
        if shapely.get_dimensions(shape) == 2:
            rings = shapely.get_rings(parts)
            record["rings"] = [_coordinates(ring) for ring in rings]
            record["lines"] = [piece for ring in rings for piece in _off_frame(ring, frame)]
            record["spot"] = _name_spot(shape, folder.area, feature.properties["kind"])
        else:
            record["lines"] = [_coordinates(part) for part in parts]
        records.append(record)
    return records


def _coordinates(line: shapely.Geometry) -> list[list[float]]:
    return shapely.get_coordinates(line).round(5).tolist()  # type: ignore[no-any-return]


def _off_frame(ring: shapely.Geometry, frame: shapely.Geometry) -> list[list[list[float]]]:
    """The stretches of a ring that do not run along the frame."""
    points = shapely.get_coordinates(ring)
    segments = [shapely.LineString(points[i : i + 2]) for i in range(len(points) - 1)]
    real = [segment for segment in segments if not shapely.covers(frame, segment)]
    merged = shapely.line_merge(shapely.MultiLineString(real))
    return [_coordinates(line) for line in shapely.get_parts(merged)]


def _name_spot(shape: shapely.Geometry, area: shapely.Geometry, kind: Value) -> list[float] | None:
    """Where there is most room: for a country beside the study area, else in it."""
    cut = shapely.difference if kind == "country" else shapely.intersection
    room = cut(shape, area)
    if not isinstance(room, shapely.Polygon | shapely.MultiPolygon) or room.is_empty:
        return None
    centre = shapely.get_coordinates(shapely.maximum_inscribed_circle(room, 0.01))[0]
    return [round(float(v), 4) for v in centre]


def _patches(folder: Folder, composite: Composite) -> dict[str, Any]:
    """For each date the reasons of each patch; reasons that recur are stored once."""
    reasons: dict[tuple[Value, ...], int] = {}
    days = []
    for day in composite.dates:
        found = {}
        for feature in folder.control[day].features:
            keys = ("statement_ids", "source_ids", "note")
            reason = tuple(feature.properties.get(key) for key in keys)
            found[feature.id] = reasons.setdefault(reason, len(reasons))
        days.append(found)
    return {"days": days, "reasons": [list(reason) for reason in reasons]}


def _json(value: object) -> str:
    """JSON that ends no script element and no line of one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _block(name: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="{name}">{text}</script>\n'


# The frame: folium's map, our scripts and styles, no data.

_TOKENS = {
    name: f"frontline-{name}-goes-here"
    for name in ("body", "data", "leaflet", "script", "style", "title")
}
_MAP = '<div class="folium-map" id="map_frontline" ></div>'


class _Map(folium.Map):
    """A map that loads Leaflet and nothing else."""

    default_js = [("leaflet", _TOKENS["leaflet"])]  # noqa: RUF012  # as folium declares it
    default_css = [("style", _TOKENS["style"])]  # noqa: RUF012  # as folium declares it


class _Marks(MacroElement):
    """Marks in the frame where our own parts go; the parts themselves never pass through branca."""

    _template = Template(
        "{% macro html(this, kwargs) %}" + _TOKENS["body"] + "{% endmacro %}"
        "{% macro script(this, kwargs) %}" + _TOKENS["script"] + "{% endmacro %}"
    )


@cache
def _frame(tile_host: str = "") -> str:
    """The page without data: the same for every theatre, but for its policy all constant."""
    page = _Map(
        tiles=None,
        maxZoom=15,
        minZoom=5,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=120,
        attribution_control=False,
        fade_animation=False,
    )
    page._id = "frontline"  # folium names its variables at random; ours are the same in every file
    page.add_child(_Marks(), name="marks")  # type: ignore[no-untyped-call]
    text = page.get_root().render()

    text = _swap(text, _MAP, "")
    text = _swap(text, _TOKENS["body"], _asset("page.html"))
    text = _swap(text, "<!-- map -->", _MAP)
    for name, shared in (("looks", LOOKS), ("words", language_words("page"))):
        text = _swap(text, f"<!-- {name} -->", _block(name, "application/json", _json(shared)))
    text = _swap(text, "<!-- data -->", _TOKENS["data"])
    licence = _asset("leaflet-licence.txt")
    text = _swap(text, "<!-- licence -->", licence)
    leaflet = f'<script src="{_TOKENS["leaflet"]}"></script>'
    text = _swap(
        text, leaflet, f"<!--\n{licence}-->\n<script>{leaflet_text('leaflet.js')}</script>"
    )
    link = f'<link rel="stylesheet" href="{_TOKENS["style"]}"/>'
    style = leaflet_text("leaflet.css") + _asset("page.css")
    text = _swap(text, link, f"<style>{style}</style>")
    script = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    text = _swap(text, _TOKENS["script"], f"(() => {{\n'use strict';\n{script}\n}})();")

    # folium's own forbids to zoom, which people with low vision need.
    viewport = re.search(r'<meta name="viewport".*?/>', text, re.DOTALL)
    charset = re.search(r'<meta http-equiv="content-type".*?/>', text)
    assert viewport
    assert charset
    text = _swap(text, viewport[0], "")
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="content-security-policy" content="{_policy(text, tile_host)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_TOKENS['title']}</title>"
    )
    return _swap(text, charset[0], head)


def _swap(text: str, old: str, new: str) -> str:
    """
    Replace what stands there exactly once.

    Raises
    ------
    GeoError
        If it does not: another folium renders another frame.
    """
    if text.count(old) != 1:
        raise GeoError(
            f"folium {version('folium')} renders a frame that this version of geo does not know "
            f"({text.count(old)} times {old[:60]!r}); install folium>=0.19,<0.21"
        )
    return text.replace(old, new)


def _policy(text: str, tile_host: str) -> str:
    """
    Allow the scripts and styles that stand in the frame, by their hashes, and nothing else.

    A host of tiles may send images, and only images.
    """
    images = " ".join(filter(None, ("data:", "blob:", tile_host)))
    hashes: dict[str, list[str]] = {"script": [], "style": []}
    for kind, piece in _PIECE.findall(text):
        digest = base64.b64encode(hashlib.sha256(piece.encode()).digest()).decode()
        hashes[kind].append(f"'sha256-{digest}'")
    return (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; "
        f"style-src {' '.join(hashes['style'])}; img-src {images}; "
        "base-uri 'none'; form-action 'none'"
    )


def _asset(name: str) -> str:
    """One of the files beside this module."""
    text = (files("geo.draw.page") / name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
