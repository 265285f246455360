"""The same ground, divided in another way, is joined once."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import area_km2
from geo.exchange.reading.dated_layers import GroundJoiner
from tests.strategies import outline, partition


@given(st.integers(0, 2**32 - 1))
def test_ground_that_was_joined_before_is_known_by_its_edges(seed):
    rng = np.random.default_rng(seed)
    area = outline(rng)
    grounds = GroundJoiner()
    for _ in range(3):
        patches = partition(rng, area, int(rng.integers(1, 8)))
        union, fits = grounds.join(patches)
        assert fits
        assert shapely.equals(union, area)
    # A patch twice, or one less, is other ground.
    assert not grounds.join([*patches, patches[0]])[1]
    if len(patches) > 1:
        less, _ = grounds.join(patches[1:])
        assert area_km2(less)[0] == pytest.approx(area_km2(patches[1:]).sum())
