"""
The frame of a page: folium's map, our scripts and styles, the shared tables, and no data.

The one door to Leaflet's own files. What is in the frame is constant, but for the
host of online tiles in its policy; the hashes of the policy are taken here, before any data is
near.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files

import folium
from branca.element import MacroElement
from folium.template import Template

from geo.draw.looks import LOOKS
from geo.draw.words.languages import language_words
from geo.errors import GeoError
from geo.evidence import sound_rules

_PIECE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
SCRIPTS = (
    *("text", "store", "measure", "looks", "names", "draw", "svg", "cards", "panel", "time"),
    *(
        "sounds",
        "search",
        "export",
        "picture",
        "help",
        "corridors",
        "canvaslayer",
        "relief",
        "shapes",
        "scenes",
        "hover",
        "opening",
    ),
    *("told", "story", "storymarks", "tour", "embed", "panels", "locator", "links", "page"),
)
"""The scripts of the page, each after those whose constants it uses."""

TOKENS = {
    name: f"frontline-{name}-goes-here"
    for name in ("body", "data", "leaflet", "script", "style", "title")
}
_MAP = '<div class="folium-map" id="map_frontline" ></div>'


class _Map(folium.Map):
    """A map that loads Leaflet and nothing else."""

    default_js = [("leaflet", TOKENS["leaflet"])]  # noqa: RUF012  # as folium declares it
    default_css = [("style", TOKENS["style"])]  # noqa: RUF012  # as folium declares it


class _Marks(MacroElement):
    """Marks in the frame where our own parts go; the parts themselves never pass through branca."""

    _template = Template(
        "{% macro html(this, kwargs) %}" + TOKENS["body"] + "{% endmacro %}"
        "{% macro script(this, kwargs) %}" + TOKENS["script"] + "{% endmacro %}"
    )


@cache
def page_frame(tile_host: str = "") -> str:
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
    text = _swap(text, TOKENS["body"], read_asset("page.html"))
    text = _swap(text, "<!-- map -->", _MAP)
    tables = (("looks", LOOKS), ("words", language_words("page")), ("sounds", sound_rules()))
    for name, shared in tables:
        text = _swap(
            text, f"<!-- {name} -->", data_block(name, "application/json", safe_json(shared))
        )
    text = _swap(text, "<!-- data -->", TOKENS["data"])
    licence = read_asset("leaflet-licence.txt")
    text = _swap(text, "<!-- licence -->", licence)
    leaflet = f'<script src="{TOKENS["leaflet"]}"></script>'
    text = _swap(
        text, leaflet, f"<!--\n{licence}-->\n<script>{leaflet_text('leaflet.js')}</script>"
    )
    link = f'<link rel="stylesheet" href="{TOKENS["style"]}"/>'
    style = leaflet_text("leaflet.css") + read_asset("page.css")
    text = _swap(text, link, f"<style>{style}</style>")
    script = "\n".join(read_asset(f"{name}.js") for name in SCRIPTS)
    text = _swap(text, TOKENS["script"], f"(() => {{\n'use strict';\n{script}\n}})();")

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
        f"<title>{TOKENS['title']}</title>"
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
            f"({text.count(old)} times {old[:60]!r}); install folium>=0.17,<0.21"
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


def read_asset(name: str) -> str:
    """One of the files beside this module."""
    text = (files("geo.draw.page") / name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def safe_json(value: object) -> str:
    """JSON that ends no script element and no line of one."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def data_block(name: str, kind: str, text: str) -> str:
    """Return a script element that runs nothing and holds a text."""
    return f'<script type="{kind}" id="{name}">{text}</script>\n'


LEAFLET = {
    "leaflet.js": "5819285cec137b229c94e1ee5ad73e8b6b84345a4367d60f75fe477fe0fb7b03",
    "leaflet.css": "90b693d86392a4779c861b28cf307e7e59c3fb35328c4d8b95f58f814d38c722",
}
"""SHA-256 of the files of Leaflet that pages carry."""


def leaflet_text(name: str) -> str:
    """
    Return the text of a file of Leaflet.

    Parameters
    ----------
    name
        ``leaflet.js`` or ``leaflet.css``.

    Returns
    -------
    text
        As it was published, without the pictures, which belong to controls that no page has.

    Raises
    ------
    GeoError
        If it is not there, or another one: a page must not carry a script that nobody has seen.
    """
    try:
        found = [f for f in distribution("XStatic-Leaflet").files or () if f.name == name]
    except PackageNotFoundError as error:
        raise GeoError("XStatic-Leaflet is not installed; maps need 1.9.3.0") from error
    data = found[0].read_binary() if found else b""
    if hashlib.sha256(data).hexdigest() != LEAFLET[name]:
        raise GeoError(f"{name} is not the one of Leaflet 1.9.3; install XStatic-Leaflet==1.9.3.0")
    # Its images belong to controls that the page does not have, and nothing may be fetched.
    text = data.decode().replace("\r\n", "\n")
    return re.sub(r"url\(images/[^)]*\)", "none", text)
