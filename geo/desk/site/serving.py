"""A site shown on this machine only."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from geo.desk.site import addresses as at
from geo.errors import GeoError, escape

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "127.0.0.1"
"""The only address that is listened on; no other machine reaches it."""


class _Handler(SimpleHTTPRequestHandler):
    """Hands out files, to who asks for this machine by its own name."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".geojson": "application/geo+json",
        ".gpkg": "application/geopackage+sqlite3",
        ".kml": "application/vnd.google-earth.kml+xml",
        ".webp": "image/webp",
        ".xml": "application/xml",
    }

    def send_head(self):  # type: ignore[no-untyped-def]
        """Refuse who asks under another name: some page on the web would."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        if host not in {LOCAL, "localhost"}:
            self.send_error(403, "this server answers on this machine only")
            return None
        if any(part.startswith(".") for part in self.path.split("/")):
            self.send_error(404, "there is no such page")
            return None
        return super().send_head()

    def list_directory(self, path):  # type: ignore[no-untyped-def] # noqa: ARG002
        """No lists of files: a plain server would not show them either."""
        self.send_error(404, "there is no such page")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the address was said, and errors show in the browser."""


def make_server(root: Path, port: int = 0) -> ThreadingHTTPServer:
    """
    Return a server that shows a site on this machine only.

    Parameters
    ----------
    root
        The folder of the site.
    port
        Where to listen; 0 takes a free one.

    Returns
    -------
    server
        Not yet serving; its ``server_address`` says where it will.

    Raises
    ------
    GeoError
        If there is no site in the folder, or the port is taken.
    """
    if not (root / at.HOME).is_file():
        raise GeoError(f"{escape(str(root), 200)} holds no site; make one with `frontline publish`")
    try:
        return ThreadingHTTPServer((LOCAL, port), partial(_Handler, directory=str(root)))
    except OSError as error:
        raise GeoError(f"port {port} is taken; name another with --port") from error
