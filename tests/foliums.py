"""Leaflet and its plugins, as folium asks the network for them, out of files."""

import re
from importlib.metadata import distribution
from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "leaflet"

_SIDES_STYLE = """<style>
.leaflet-sbs-range {position: absolute; top: 50%; width: 100%; z-index: 999}
.leaflet-sbs-divider {position: absolute; top: 0; bottom: 0; width: 4px; margin-left: -2px;
  background: #fff; z-index: 999}
</style>"""


def _leaflet(name):
    files = distribution("XStatic-Leaflet").files
    return next(f for f in files if f.name == name).read_text(encoding="utf-8")


def _plugin(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def _module(text):
    """A script for bundlers, for a page."""
    return f"(function (require, module) {{\n{text}\n}})((n) => window.L, {{}});"


_MOMENT = """window.moment = function (day) {
  this.format = () => new Date(day).toISOString().slice(0, 10);
};"""

SCRIPTS = (
    (r"leaflet@[\d.]+/dist/leaflet\.js", lambda: _leaflet("leaflet.js")),
    (r"leaflet@[\d.]+/dist/leaflet\.css", lambda: _leaflet("leaflet.css")),
    (r"Map\.Sync", lambda: _plugin("L.Map.Sync.js")),
    (r"side-by-side", lambda: _module(_plugin("leaflet-side-by-side.js"))),
    (r"timedimension\.min\.js", lambda: _plugin("leaflet.timedimension.min.js")),
    (r"iso8601", lambda: _plugin("iso8601.js")),
    (r"moment", lambda: _MOMENT),
)
"""What folium's addresses stand for; whatever else it asks for is empty here."""


class Opened:
    """A map of folium in a browser without a network, and what went wrong in it."""

    def __init__(self, chromium, path, width=1100, height=700):
        self.page = chromium.new_page(viewport={"width": width, "height": height})
        self.faults, self.asked = [], []
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        self.page.on("dialog", self._refuse)
        self.page.route(re.compile("^https?:"), self._answer)
        self.page.goto(Path(path).as_uri())
        self.page.wait_for_function("window.L && document.querySelector('.leaflet-pane')")
        self.page.add_style_tag(content=re.sub("</?style>", "", _SIDES_STYLE))

    def _refuse(self, dialog):
        self.faults.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _answer(self, route):
        url = route.request.url
        self.asked.append(url)
        body = next((read() for fits, read in SCRIPTS if re.search(fits, url)), "")
        kind = "text/css" if url.endswith("css") else "text/javascript"
        route.fulfill(body=body, content_type=kind)

    def settle(self):
        """Wait until what was asked for is painted."""
        script = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"
        self.page.evaluate(script)
