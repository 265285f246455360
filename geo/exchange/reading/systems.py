"""Positions of other systems of coordinates as longitude and latitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.crs import to_lonlat
from geo.errors import CRSError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def in_degrees(positions: ArrayLike, system: str) -> NDArray[np.float64]:
    """
    Return positions of another system as longitude and latitude on WGS 84.

    Raises
    ------
    CRSError
        If there is no such system, or a position lies where it holds none.

    Examples
    --------
    >>> in_degrees([[0, 0], [4118980, 4475590]], "EPSG:3857").round(2).tolist()
    [[0.0, 0.0], [37.0, 37.26]]
    """
    x, y = np.asarray(positions, dtype=float).reshape(-1, 2).T
    try:
        made = np.column_stack(to_lonlat(system).transform(x, y, errcheck=True))
    except RuntimeError as error:
        # What PROJ raises is one.
        raise CRSError(f"coordinates cannot be turned into WGS 84: {error}") from error
    if not np.isfinite(made).all():
        raise CRSError("a position lies outside of its system of coordinates")
    return made
