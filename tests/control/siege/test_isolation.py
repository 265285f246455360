"""The shortest cut for each place, on the map."""

import numpy as np
import pytest
from shapely import Point
from siege_cases import WEST

from geo.control.siege.isolation import isolation
from geo.control.testing import FIRST_DAY, theatre


def test_isolation_lists_held_places_the_most_exposed_first():
    layers = theatre(["bbbbbbbbbbb", "baabaaaabab", "baaaaaaabbb", "baabaaaabbb", "bbbbbbbbbbb"])
    places = WEST | {"east": (37.75, 33.15), "islet": (37.95, 33.35)}
    found = isolation(
        layers, FIRST_DAY, "a", anchors={"base": Point(37.65, 33.25)}, places=places
    ).set_index("place_id")
    assert found.index.tolist() == ["islet", "west", "east"]  # those of b are left out
    assert found.loc["islet", "length_km"] == 0
    assert found.loc["west", "length_km"] == pytest.approx(11.09, abs=0.01)
    assert found.loc["west", "pocket"].contains(Point(places["west"]))
    assert found.loc["islet", "geometry"] is None


def test_what_no_cut_can_sever_has_no_length():
    layers = theatre(["aaa", "aaa"])
    found = isolation(
        layers, FIRST_DAY, "a", anchors={"base": Point(37.25, 33.1)}, places={"west": (37.05, 33.1)}
    )
    assert np.isnan(found["length_km"].item())
    assert found["pocket"].tolist() == [None]
