"""Dated layers of territorial control: read, check, compute over time, draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo._version import __version__

if TYPE_CHECKING:
    from geo.exchange import import_into
    from geo.theatre import Theatre, open_layers

__all__ = ["Theatre", "__version__", "import_into", "open_layers"]


def __getattr__(name: str) -> object:
    # Loaded on first use, so that `frontline --help` need not import geopandas.
    if name in {"Theatre", "open_layers"}:
        from geo import theatre

        return getattr(theatre, name)
    if name == "import_into":
        from geo import exchange

        return exchange.import_into
    raise AttributeError(f"module 'geo' has no attribute {name!r}")
