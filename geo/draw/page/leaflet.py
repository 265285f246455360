"""Leaflet's own files, as the map and the editor carry them."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import PackageNotFoundError, distribution

from geo.errors import GeoError

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
