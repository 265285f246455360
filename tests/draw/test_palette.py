"""Sides must be told apart by people with any kind of colour vision, at the opacity of the map."""

import csv
import warnings
from itertools import combinations

import numpy as np
import pytest

from geo.draw.looks import LOOKS, SPARE_COLORS

VISIONS = {
    "normal": None,
    "protan": "Protanomaly",
    "deutan": "Deuteranomaly",
    "tritan": "Tritanomaly",
}
LEAST = 10.0
"""CIEDE2000; below about ten two areas of a map are confused."""


@pytest.fixture(scope="module")
def colour():
    with warnings.catch_warnings():
        # It tells of optional plotting libraries that are not installed.
        warnings.simplefilter("ignore")
        import colour
    return colour


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def on_map(color, opacity):
    return rgb(color) * opacity + rgb(LOOKS["paper"]["land"]) * (1 - opacity)


def seen(colour, shown, deficiency):
    """What is seen of a colour on a screen; the deficiency is complete."""
    linear = colour.models.eotf_sRGB(shown)
    if deficiency:
        with warnings.catch_warnings():
            # It warns that for tritan vision the model is an approximation; there is no better.
            warnings.simplefilter("ignore", colour.utilities.ColourUsageWarning)
            matrix = colour.blindness.matrix_cvd_Machado2009(deficiency, 1.0)
        linear = np.clip(matrix @ linear, 0, 1)
    return colour.XYZ_to_Lab(colour.sRGB_to_XYZ(colour.models.eotf_inverse_sRGB(linear)))


def least_difference(colour, colors, vision, opacity):
    labs = {c: seen(colour, on_map(c, opacity), VISIONS[vision]) for c in colors}
    pairs = combinations(colors, 2)
    return min((float(colour.delta_E(labs[a], labs[b], method="CIE 2000")), a, b) for a, b in pairs)


def shipped_colors(folder):
    with (folder / "actors.csv").open(encoding="utf-8", newline="") as file:
        return [row["color"] for row in csv.DictReader(file) if row["color"]]


@pytest.mark.parametrize("strength", ["plain", "unsure"])
@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("palette", ["shipped", "fallback"])
def test_sides_are_told_apart(colour, shipped, palette, vision, strength):
    colors = shipped_colors(shipped) if palette == "shipped" else list(SPARE_COLORS)
    assert len(colors) > 3
    least, a, b = least_difference(colour, colors, vision, LOOKS["strength"][strength])
    assert least >= LEAST, f"{a} and {b} look alike"


@pytest.mark.parametrize("vision", VISIONS)
def test_no_side_looks_like_ground_that_was_not_assessed(colour, shipped, vision):
    ground = seen(colour, rgb(LOOKS["statuses"]["unknown"]["ground"]), VISIONS[vision])
    for color in shipped_colors(shipped):
        side = seen(colour, on_map(color, LOOKS["strength"]["unsure"]), VISIONS[vision])
        assert colour.delta_E(side, ground, method="CIE 2000") >= LEAST


def test_the_measure_knows_the_classic_trap(colour):
    # The press's red and green: apart for most people, one colour for many men.
    press = ["#d7191c", "#1a9641"]
    assert least_difference(colour, press, "normal", 0.52)[0] > 30
    assert least_difference(colour, press, "deutan", 0.52)[0] < LEAST
