"""Patches of control: the features of one date, with what they say as a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.model import Label, Patch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.model import Feature


def patches_of(features: Sequence[Feature]) -> list[Patch]:
    """
    Return the patches of a control layer.

    Parameters
    ----------
    features
        Its features.

    Returns
    -------
    patches
        In the same order; a feature without a geometry has none.
    """
    return [
        Patch(
            Label(
                controller=str(f.properties["controller"] or ""),
                controllers=str(f.properties["controllers"] or ""),
                status=str(f.properties["status"]),
                basis=str(f.properties["basis"] or ""),
                confidence=str(f.properties["confidence"] or ""),
                patch=f.id,
            ),
            f.geometry,
        )
        for f in features
        if f.geometry is not None
    ]
