"""Relief under the tints of a picture: shadow and light that let through what lies below."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from geo.draw.looks import LOOKS
from geo.errors import LayerError, refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.layers import Relief


def shade(relief: Relief) -> NDArray[np.uint8]:
    """
    Return red, green, blue and opacity of a relief, row by row, north first.

    The commonest grey is flat ground and becomes clear; what is darker becomes black, what is
    lighter white, the stronger the steeper. It fades towards its edges, so that no rectangle shows
    where the data ends. The page does the same in ``relief.js``.

    Raises
    ------
    LayerError
        If the picture cannot be unpacked.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(relief.data)) as picture:
            grey = np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        hint = "export it again as PNG, JPEG or WebP"
        raise LayerError([refuse("context.relief", "its picture is damaged", hint)]) from error
    flat = int(np.bincount(grey.ravel(), minlength=256).argmax())
    look = LOOKS["relief"]
    steps = np.arange(256)
    room = np.where(steps < flat, flat, 255 - flat)
    most = np.where(steps < flat, look["dark"], look["light"])
    alpha = most * (np.abs(steps - flat) / np.maximum(room, 1)) ** look["power"]
    height, width = grey.shape
    rim = look["fade"] * min(height, width)

    def fading(count: int) -> NDArray[np.float64]:
        place = np.arange(count)
        shares: NDArray[np.float64] = (np.minimum(place, count - 1 - place) + 0.5) / rim
        return np.minimum(1.0, shares)

    edge = np.outer(fading(height), fading(width))
    found = np.zeros((height, width, 4), dtype=np.uint8)
    found[..., :3] = np.where(grey < flat, 0, 255)[..., None]
    found[..., 3] = (255 * alpha[grey] * edge).round()
    return found
