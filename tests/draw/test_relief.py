"""Relief in stills: where it lies, that it lets the ground through, and fades to nothing."""

import datetime as dt
import io

import numpy as np
import pytest
from layers_relief import give_relief, striped
from PIL import Image

from geo import open_layers
from geo.draw.looks import LOOKS
from geo.draw.still.relief import shade
from geo.errors import LayerError
from geo.layers import Relief

AUGUST = dt.date(2017, 8, 1)


def pixels(theatre, **how):
    data = theatre.still(AUGUST, **how).render("png")
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_flat_ground_is_clear_slopes_shade_and_the_edges_fade():
    relief = Relief((37, 33, 38, 34), striped(), "png")
    found = shade(relief)
    height, width = found.shape[:2]
    middle = width // 2
    assert found[height // 2, middle, 3] == 0
    dark, light = found[height // 4, middle], found[3 * height // 4, middle]
    assert tuple(dark[:3]) == (0, 0, 0)
    assert tuple(light[:3]) == (255, 255, 255)
    assert dark[3] == pytest.approx(255 * LOOKS["relief"]["dark"], abs=1)
    assert light[3] > 0
    assert found[height // 4, 0, 3] < dark[3] / 10
    assert (found[..., 3] <= 255 * max(LOOKS["relief"]["dark"], LOOKS["relief"]["light"]) + 1).all()


def test_north_is_up_and_the_ground_shows_through(small):
    plain = pixels(open_layers(small))
    give_relief(small, striped(), "hills.png")
    shaded = pixels(open_layers(small))
    assert plain.shape == shaded.shape
    change = (shaded - plain).sum(axis=2)
    rows = np.flatnonzero((change < -40).sum(axis=1) > 100)
    lighter = np.flatnonzero((change > 15).sum(axis=1) > 100)
    assert len(rows)
    assert len(lighter)
    assert rows.mean() < lighter.mean()  # The dark stripe lies in the north.
    dark = plain[change < -40], shaded[change < -40]
    # As on the ground without relief, colours differ: it is a shade, no paint.
    assert np.ptp(dark[1].max(axis=1) - dark[1].min(axis=1)) > 10


def test_an_animation_keeps_the_colours_of_its_ground(small):
    before = open_layers(small).animate().render()
    give_relief(small, striped(), "hills.png")
    assert open_layers(small).animate().render() == before


def test_a_damaged_picture_is_refused_in_one_sentence():
    relief = Relief((37, 33, 38, 34), striped()[:60], "png")
    with pytest.raises(LayerError, match="damaged"):
        shade(relief)
