"""The pictures of a site: of each date and of each change, in each language, drawn once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.desk.site import addresses as at
from geo.draw import draw_still

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from geo.desk.site.material import Material

SIZE = (1600, 840)
"""A still has the shape of a card, so that one drawing makes both."""

CARD, THUMB = 1200, 400
"""Widths of a card for social media and of a thumbnail, pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Where a drawing stands.

    Attributes
    ----------
    still, card, thumb
        Addresses, named by what is in the files.
    alt
        What it shows, in words.
    size, thumb_size
        Pixels.
    """

    still: str
    card: str
    thumb: str
    alt: str
    size: tuple[int, int] = SIZE
    thumb_size: tuple[int, int] = (THUMB, THUMB * SIZE[1] // SIZE[0])


def named(data: bytes, stem: str, suffix: str) -> str:
    """The address of a file that is never replaced: its name holds what it is."""
    return f"{at.FILES}{stem}-{hashlib.sha256(data).hexdigest()[:10]}{suffix}"


def wanted_pictures(material: Material) -> Iterator[tuple[dt.date, ...]]:
    """The dates, then the changes, that are drawn."""
    for day in material.dates:
        yield (day,)
    yield from material.pairs


def draw_picture(
    material: Material, language: str, days: tuple[dt.date, ...], keep: Callable[[str, bytes], None]
) -> Picture:
    """Draw a date, or a change, and hand the files on."""
    figures = material.moves(days) if len(days) == 2 else None
    still = draw_still(
        material.folder,
        material.composite,
        days[-1],
        before=days[0] if len(days) == 2 else None,
        language=language,
        size=SIZE,
        bands=material.holders,
        figures=figures,
        axis=False,
    )
    stem = f"{'_'.join(map(str, days))}-{language}"
    kinds = (("still", ".webp"), ("card", ".jpg"), ("thumb", ".webp"))
    made = still.compressed(("webp", SIZE[0]), ("jpeg", CARD), ("webp", THUMB))
    addresses = []
    for (kind, suffix), data in zip(kinds, made, strict=True):
        addresses.append(named(data, f"{stem}-{kind}", suffix))
        keep(addresses[-1], data)
    whole, card, thumb = addresses
    return Picture(whole, card, thumb, still.alt)


def picture_key(material: Material, language: str, days: tuple[dt.date, ...]) -> str:
    """What a picture follows from; where it is the same, nothing is drawn."""
    figures = material.moves(days) if len(days) == 2 else None
    shown = (
        None
        if figures is None
        else sorted((*map(str, k), *map(str, v)) for k, v in figures.items())
    )
    return material.picture_key(language, *days, figures=shown)
