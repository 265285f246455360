"""Maps of many points: as fair as those of Cholesky's factor, near evidence and far from it."""

import numpy as np
import pytest

from geo.evidence.field.covariance import across, at_points
from geo.evidence.field.latent import LatentField
from geo.evidence.field.observations import Observations

FEW = np.array([[0.0, 0.0], [8e3, 0.0], [30e3, 10e3], [200e3, 50e3]])


def words(seed=3, count=40):
    """Points, vague places, an area and words of other moments, on 100 km."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 3, count)
    one = Observations.of_sides(
        rng.uniform(-50e3, 50e3, (count, 2)),
        said,
        3,
        radius_m=rng.choice([0.0, 2e3, 10e3], count),
        noise=rng.choice([0.05, 0.3], count),
    )
    clock = rng.choice([0.0, -0.5, 1.5], count)
    points = Observations(one.xy, one.radius_m, one.shares, one.noise, clock=clock)
    area = Observations(
        rng.uniform(20e3, 40e3, (9, 2)),
        np.full(9, 3e3),
        np.array([[0.0, 1.0, 0.0]]),
        np.array([0.1]),
        np.array([9]),
    )
    return Observations.join([points, area])


@pytest.fixture(scope="module")
def field():
    return LatentField(words(), "abc")


def test_a_side_holds_a_point_on_as_many_maps_as_it_is_likely(field):
    heights = field.heights(FEW, count=6000, seed=1)
    held = np.stack([(heights.argmax(axis=1) == side).mean(axis=0) for side in range(3)], axis=1)
    # Four deviations of a mean over 6000 maps, and what the features are off by.
    assert held == pytest.approx(field.probabilities(FEW), abs=0.04)


def test_points_vary_together_as_the_posterior_has_it(field):
    best = field.parameters[0]
    alone = LatentField(field.observations, "abc", parameters=[best])
    heights = alone.heights(FEW, count=8000, seed=2)
    off = (heights - heights.mean(axis=0)) / best.spread
    found = np.einsum("ksi,ksj->ij", off, off) / (off.shape[0] * off.shape[1])
    near = across(FEW, alone.observations, best.range_m)
    inverse = alone._inverse[best.range_m, best.noise]
    exact = at_points(FEW, best.range_m) - near @ inverse @ near.T
    assert found == pytest.approx(exact, abs=0.05)


def test_the_mean_of_mirrored_maps_is_the_mean_of_the_field(field):
    best = field.parameters[0]
    alone = LatentField(field.observations, "abc", parameters=[best])
    mean = alone.heights(FEW, count=2, seed=5).mean(axis=0).T
    near = across(FEW, alone.observations, best.range_m)
    assert mean == pytest.approx(alone._mean[0] + near @ alone._solved[0], abs=1e-3)


def test_the_same_seed_draws_the_same_maps_and_an_odd_one_has_no_mirror(field):
    one, two, other = (field.heights(FEW, count=7, seed=s) for s in (4, 4, 5))
    assert one.shape == (7, 3, len(FEW))
    assert (one == two).all()
    assert (one != other).any()


def test_of_wider_ground_less_is_drawn(field):
    xy = np.stack(np.meshgrid(np.arange(40) * 500.0, [0.0, 500.0]), axis=-1).reshape(-1, 2)
    rough = [
        np.abs(np.diff(field.heights(xy, count=40, seed=0, radius_m=radius)[:, :, :40])).mean()
        for radius in (0.0, 1e3, 5e3)
    ]
    assert rough[0] > rough[1] > rough[2] > 0
