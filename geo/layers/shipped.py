"""Where the case lies that is shipped with the package."""

from __future__ import annotations

from pathlib import Path

from geo.errors import LayerNotFoundError

_HERE = Path(__file__).resolve()


def shipped_layers() -> Path:
    """
    Return the layers folder of the shipped case.

    Returns
    -------
    root
        Inside of an installed package, or beside it in a checkout.

    Raises
    ------
    LayerNotFoundError
        If this installation carries none.
    """
    installed, checkout = _HERE.parents[1] / "shipped", _HERE.parents[2]
    if (installed / "theatre.geojson").exists():
        return installed
    # Beside an installed package anything may be called so.
    if (checkout / "pyproject.toml").exists() and (checkout / "layers").is_dir():
        return checkout / "layers"
    raise LayerNotFoundError("this installation carries no case; install the built package")
