"""
Relief: a picture of the ground in shades of grey, and where on Earth its four edges lie.

A feature of ``context/`` of the kind ``relief`` is a rectangle of meridians and parallels; the
picture that fills it lies beside the file, named by the id of the feature. Its rows are evenly
spaced in latitude, its columns in longitude, north is up. It is drawn, never computed with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from geo.errors import LayerError, refuse
from geo.layers.files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from geo.model import Feature

KIND = "relief"
"""What such a feature is, in the column ``kind``."""

PICTURES = {"webp": b"RIFF", "png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff"}
"""How a picture's name ends, and with which bytes it begins."""

MOST_BYTES = 400_000
"""A picture is part of every page: a larger one would make the page slow to send."""


@dataclass(frozen=True, slots=True)
class Relief:
    """
    A picture of relief, ready to be drawn.

    Attributes
    ----------
    bounds
        West, south, east and north edge, degrees.
    data
        The picture's bytes, PNG, JPEG or WebP.
    form
        Which of them: ``png``, ``jpeg`` or ``webp``.
    """

    bounds: tuple[float, float, float, float]
    data: bytes
    form: str


def relief_faults(features: Sequence[Feature], root: Path) -> Iterator[tuple[str, str, str]]:
    """
    Tell what keeps reliefs from being drawn.

    Parameters
    ----------
    features
        Context features; those of another kind are passed over.
    root
        The layers folder.

    Yields
    ------
    fault
        The id, what is wrong and what to do.
    """
    for one in features:
        if one.properties["kind"] == KIND and (fault := _fault(one, root)):
            yield (one.id, *fault)


def _fault(feature: Feature, root: Path) -> tuple[str, str] | None:
    shape = feature.geometry
    flat = shape is not None and shapely.get_dimensions(shape) == 2
    if not flat or not shapely.equals(shape, shapely.envelope(shape)):
        return (
            "a relief is no rectangle of meridians and parallels",
            "draw the picture's four edges",
        )
    names = [f"context/{feature.id}.{end}" for end in PICTURES]
    found = [name for name in names if (root / name).is_file()]
    if not found:
        return "its picture is not there", f"put it beside the file as {' or '.join(names)}"
    if len(found) > 1:
        return f"it has {len(found)} pictures, {' and '.join(found)}", "keep one"
    path = root / found[0]
    size = path.stat().st_size
    if size > MOST_BYTES:
        hint = f"make it smaller than {MOST_BYTES // 1000} kB: WebP, fewer pixels"
        return f"its picture has {size / 1000:,.0f} kB, and every page carries it", hint
    with path.open("rb") as file:
        begins = file.read(12)
    if not begins.startswith(PICTURES[path.suffix[1:]]) or (
        path.suffix == ".webp" and not begins.endswith(b"WEBP")
    ):
        return f"{found[0]} is no picture of that kind", "export it again as PNG, JPEG or WebP"
    return None


def relief_paths(features: Sequence[Feature], root: Path) -> set[Path]:
    """
    Return the pictures of some reliefs that are there.

    Parameters
    ----------
    features
        Context features; those of another kind have none.
    root
        The layers folder.

    Returns
    -------
    paths
        Files of these names, whatever is in them.
    """
    reliefs = [one for one in features if one.properties["kind"] == KIND]
    named = {root / f"context/{one.id}.{end}" for one in reliefs for end in PICTURES}
    return {path for path in named if path.is_file()}


def read_reliefs(features: Sequence[Feature], root: Path) -> list[Relief]:
    """
    Read the pictures of some reliefs.

    Parameters
    ----------
    features
        Context features of the kind ``relief``.
    root
        The layers folder.

    Returns
    -------
    reliefs
        In the order of the features.

    Raises
    ------
    LayerError
        If one cannot be drawn; the issue says why.
    """
    found = []
    for name, fault, hint in relief_faults(features, root):
        where = str(root / "context")
        raise LayerError([refuse("context.relief", fault, hint, file=where, ids=(name,))])
    for feature in features:
        (path,) = relief_paths([feature], root)
        form = {"jpg": "jpeg"}.get(path.suffix[1:], path.suffix[1:])
        west, south, east, north = (float(v) for v in shapely.bounds(feature.geometry))
        found.append(Relief((west, south, east, north), read_bytes(path, root=root), form))
    return found
