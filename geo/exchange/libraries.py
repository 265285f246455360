"""Libraries that only some kinds and formats need: imported when they are, named when missing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from geo.errors import GeoError

if TYPE_CHECKING:
    from types import ModuleType

_PACKAGES = {"xlsxwriter": "XlsxWriter"}
"""Packages that are not called as their module is."""


def import_library(name: str, to: str) -> ModuleType:
    """
    Import a library that not every user has.

    Parameters
    ----------
    name
        The module to import.
    to
        What needs it, for the message.

    Returns
    -------
    module
        The library.

    Raises
    ------
    GeoError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        root = name.split(".")[0]
        package = _PACKAGES.get(root, root)
        raise GeoError(f"{to} needs {package}: `pip install 'geo-frontline[formats]'`") from error
