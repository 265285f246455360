import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.evidence.estimate.shapes import spots
from geo.evidence.field import covariance, fitting
from geo.evidence.field.fitting import FieldParameters, fit, fitted, greatest, prior_heights
from geo.evidence.field.latent import LatentField
from geo.evidence.field.observations import Observations
from tests.theatres import KINDS, known

PARAMETERS = (FieldParameters(30e3, spread=0.8),)


def seen(words, sides=2, *, radius_m=0.0, noise=0.0):
    """Observations from (x km, y km, side) of each."""
    table = np.array(words, dtype=float).reshape(-1, 3)
    return Observations.of_sides(
        table[:, :2] * 1e3, table[:, 2].astype(int), sides, radius_m=radius_m, noise=noise
    )


def shaped(shapes, sides=2, *, noise=0.0, clock=0.0, radius_m=0.0):
    """Observations from (positions in km, side) of each: points, lines and areas."""
    xy = [np.array(positions, dtype=float).reshape(-1, 2) * 1e3 for positions, _ in shapes]
    count = np.array([len(one) for one in xy], np.intp)
    n = len(shapes)
    return Observations(
        np.concatenate(xy),
        np.full(count.sum(), float(radius_m)),
        np.eye(sides)[[side for _, side in shapes]],
        np.broadcast_to(noise, n).astype(float),
        count,
        np.broadcast_to(clock, n).astype(float),
    )


def chance_at(observations, *points, sides="ab"):
    field = LatentField(observations, tuple(sides), parameters=PARAMETERS)
    return field.probabilities(np.array(points, dtype=float) * 1e3)


# The field once more, with no word of its code: a Gaussian of many heights, conditioned.


def lasts(clock):
    """What is left over a stretch of the clock: exponential, round at its tip, 1 / e at 1."""
    return np.exp(0.1 - np.sqrt(1.2 * np.square(clock) + 0.01))


def kernel(one, other, range_m):
    """Covariance of heights at sharp points, as the assumptions say it."""
    squared = ((one[:, None] - other) ** 2).sum(axis=2)
    shares = 0.5 ** np.arange(8)
    total = np.full(squared.shape, 0.5)
    for k, share in enumerate(0.5 * shares / shares.sum()):
        total += share * np.exp(-squared / (2 * (range_m / 2**k) ** 2))
    return total


def conditioned(observations, parameters, points, clock, mean):
    """Heights of the sides at points of moments, m x sides, and their covariance at spread 1."""
    where = np.concatenate([points, observations.xy])
    moment = np.concatenate([clock, np.repeat(observations.clock, observations.count)])
    prior = kernel(where, where, parameters.range_m)
    prior *= lasts(moment[:, None] - moment)
    m, n = len(points), len(observations)
    owner = np.repeat(np.arange(n), observations.count)
    average = np.zeros((n, len(where)))
    average[owner, m + np.arange(len(owner))] = (1 / observations.count)[owner]
    trust = 1 - observations.noise
    noise = parameters.noise + trust**-2 - 1
    gain = prior @ average.T @ np.linalg.inv(average @ prior @ average.T + np.diag(noise))
    target = (observations.shares - mean) / trust[:, None]
    heights = mean + (gain @ target)[:m]
    return heights, (prior - gain @ average @ prior)[:m, :m]


def leads(observations, parameters, points, clock=None):
    """How far the first of two sides leads at points, and the covariance of the lead."""
    clock = np.zeros(len(points)) if clock is None else clock
    mean = parameters.spread * prior_heights(observations) + 0.5
    heights, left = conditioned(observations, parameters, points, clock, mean)
    return heights @ [1, -1], 2 * parameters.spread**2 * left


def normal(x):
    return np.array([0.5 * (1 + math.erf(each / math.sqrt(2))) for each in np.ravel(x)])


# One word.


@pytest.mark.parametrize("aged", [0.0, 0.7])
@pytest.mark.parametrize("unreliable", [0.0, 0.5])
def test_one_word_is_weighed_as_by_hand(unreliable, aged):
    # Prior share of the side that is named once with weight w = (1 - unreliable) x what lasts:
    # (w + 1) / (w + 2). Heights of such a prior differ by sqrt(2) x spread x its normal quantile. A
    # place whose covariance with the evidence is k moves towards the labels, 1 and 0, stretched by
    # how seldom the word says anything.
    spread, trust = 0.8, 1 - unreliable
    noise = PARAMETERS[0].noise + 1 / trust**2 - 1
    share = (trust * lasts(aged) + 1) / (trust * lasts(aged) + 2)
    before = np.sqrt(2) * spread * _quantile(share)
    word = shaped([((0, 0), 0)], noise=unreliable, clock=-aged)
    # At the place itself, and so far from it that only the level of the theatre is shared.
    for away_km, k in ((0, 1.0), (1000, 0.5)):
        k *= lasts(aged)
        lead = before + k / (1 + noise) * (1 - before) / trust
        left = 1 - k**2 / (1 + noise)
        by_hand = normal(lead / (np.sqrt(2) * spread * np.sqrt(left)))[0]
        assert chance_at(word, (away_km, 0))[0, 0] == pytest.approx(by_hand, abs=1e-5)
        field = LatentField(word, "ab", parameters=PARAMETERS)
        _, told = field.assess(np.array([[away_km * 1e3, 0.0]]))
        assert told[0] == pytest.approx(max(1 - left / 0.5, 0), abs=1e-5)


def _quantile(share):
    low, high = -9.0, 9.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if normal(middle)[0] < share else (low, middle)
    return low


def test_vague_and_unreliable_words_say_less():
    words = [(0, 0, 0), (25, 0, 1)]
    sharp, vague, doubtful = (
        chance_at(seen(words, radius_m=radius, noise=noise), (0, 0))[0, 0]
        for radius, noise in ((0, 0), (15e3, 0), (0, 0.5))
    )
    assert sharp > vague > 0.5
    assert sharp > doubtful > 0.5
    nothing = chance_at(seen([(0, 0, 0), (1, 0, 0)], noise=1 - 1e-6), (0, 0))
    assert nothing == pytest.approx(np.full((1, 2), 0.5), abs=1e-3)


def test_the_expected_covariance_is_that_of_places_moved_at_random():
    rng = np.random.default_rng(1)
    one, other = np.array([[0.0, 0.0]]), np.array([[9e3, 4e3]])
    for radius in ((0.0, 6e3), (5e3, 6e3)):
        moved = [
            where + rng.standard_normal((200_000, 2)) * off / np.sqrt(2)
            for where, off in zip((one, other), radius, strict=True)
        ]
        # An error radius is the root mean square distance.
        off = np.sqrt(((moved[1] - other) ** 2).sum(axis=1).mean())
        assert off == pytest.approx(radius[1], rel=0.01)
        exact = covariance.between(one, np.array(radius[:1]), other, np.array(radius[1:]), 20e3)[
            0, 0
        ]
        apart = np.concatenate([np.zeros((1, 2)), moved[1] - moved[0]])
        simulated = kernel(apart[:1], apart[1:], 20e3).mean()
        assert exact == pytest.approx(simulated, rel=5e-3)


# Lines and areas.


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(-12e3, 3e3, 9e3, 20e3),
        shapely.Polygon([(0, 0), (30e3, 2e3), (4e3, 18e3)]),
        shapely.LineString([(0, 0), (14e3, 3e3), (16e3, 22e3)]),
    ],
    ids=["square", "triangle", "line"],
)
def test_an_observation_of_a_shape_is_the_mean_of_the_field_over_it(shape):
    range_m = 25e3
    xy, radius = spots(shape, 0.0)
    look = Observations(xy, radius, np.eye(2)[:1], np.zeros(1), count=np.array([len(xy)], np.intp))
    fine = _fine(shape)
    points = np.array([[0.0, 0.0], [8e3, 8e3], [-20e3, 40e3], [200e3, 0.0]])
    by_force = kernel(points, fine, range_m).mean(axis=1)
    assert covariance.across(points, look, range_m)[:, 0] == pytest.approx(by_force, rel=0.03)
    within = kernel(fine, fine, range_m).mean()
    assert covariance.among_all(look, [range_m])[0][0, 0] == pytest.approx(within, rel=0.02)


def _fine(shape):
    """Some thousand positions, evenly over a shape."""
    if shapely.get_dimensions(shape) == 1:
        along = shapely.line_interpolate_point(
            shape, (np.arange(2000) + 0.5) / 2000, normalized=True
        )
        return shapely.get_coordinates(along)
    west, south, east, north = shapely.bounds(shape)
    step = math.sqrt(shapely.area(shape) / 2000)
    lattice = np.meshgrid(
        np.arange(west + step / 2, east, step), np.arange(south + step / 2, north, step)
    )
    xy = np.stack(lattice, axis=-1).reshape(-1, 2)
    return xy[shapely.contains_xy(shape, *xy.T)]


def test_points_lines_and_areas_of_any_moment_are_conditioned_on_as_a_gaussian_says():
    rng = np.random.default_rng(3)
    square = np.stack(np.meshgrid([10, 14, 18], [30, 34, 38]), axis=-1).reshape(-1, 2)
    told = shaped(
        [
            ((0, 0), 0),
            (square, 1),
            ([(25, 0), (30, 5), (35, 10), (40, 15)], 0),
            ((20, 20), 1),
            ((22, 20), 0),
        ],
        noise=[0.0, 0.2, 0.1, 0.3, 0.0],
        clock=[0.0, -0.4, 0.9, -1.5, -0.1],
    )
    points = rng.uniform(-10e3, 60e3, (40, 2))
    lead, left = leads(told, PARAMETERS[0], points)
    by_hand = normal(lead / np.sqrt(np.diag(left)))
    field = LatentField(told, "ab", parameters=PARAMETERS)
    assert field.probabilities(points)[:, 0] == pytest.approx(by_hand, abs=1e-4)
    told_share = np.clip(1 - np.diag(left) / (2 * 0.8**2) / 0.5, 0, 1)
    assert field.assess(points)[1] == pytest.approx(told_share, abs=1e-4)


def test_a_large_area_tells_of_its_middle_more_than_of_its_rim_and_is_no_crowd_of_points():
    square = np.stack(np.meshgrid(np.arange(5), np.arange(5)), axis=-1).reshape(-1, 2) * 10.0
    area = shaped([(square, 0), ((200, 20), 1)])
    crowd = shaped([*((spot, 0) for spot in square), ((200, 20), 1)])
    middle, rim, beyond = chance_at(area, (20, 20), (39, 20), (60, 20))[:, 0]
    assert middle > rim > beyond > 0.5
    alone = LatentField(area, "ab", parameters=PARAMETERS)
    many = LatentField(crowd, "ab", parameters=PARAMETERS)
    inside = square * 1e3 + 3e3
    assert (alone.assess(inside)[1] < many.assess(inside)[1]).all()


# The clock.


moments = st.floats(-6, 6, allow_nan=False)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), moments, st.integers(0, 9000)),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from([3e3, 30e3, 300e3]),
)
def test_whatever_the_clocks_it_is_a_covariance(looks, range_m):
    table = np.array(looks, dtype=float)
    xy, clock = table[:, :2] * 1e3, table[:, 2]
    plain = Observations.of_sides(xy, np.zeros(len(xy), int), 1, radius_m=table[:, 3])
    timed = Observations(plain.xy, plain.radius_m, plain.shares, plain.noise, plain.count, clock)
    (now,), (faded,) = (covariance.among_all(one, [range_m]) for one in (plain, timed))
    assert faded == pytest.approx(now * lasts(clock[:, None] - clock), rel=1e-12)
    for found in (faded, covariance.at_points(xy, range_m, clock)):
        assert found == pytest.approx(found.T, rel=1e-12)
        assert np.linalg.eigvalsh(found).min() > -1e-9
        assert np.diag(found) == pytest.approx(np.ones(len(xy)))


def test_a_look_across_a_leap_of_the_clock_tells_less_and_at_last_nothing():
    chances = [
        chance_at(shaped([((0, 0), 0), ((0, 1), 1)], clock=[-aged, -9.0]), (0, 0))[0, 0]
        for aged in (0, 0.5, 2, 9)
    ]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.8
    assert chances[-1] == pytest.approx(0.5, abs=1e-3)
    # The clock runs both ways.
    later = chance_at(shaped([((0, 0), 0), ((0, 1), 1)], clock=[0.5, 9.0]), (0, 0))[0, 0]
    assert later == pytest.approx(chances[1], abs=1e-9)


# The numbers of a field.


def test_the_greatest_of_three_is_as_often_as_in_a_simulation():
    heights, deviation = np.array([[0.2, 0.0, -0.5], [1.0, 0.9, 0.0]]), np.array([0.7, 0.2])
    noise = np.random.default_rng(2).standard_normal((200_000, 1, 3))
    drawn = (heights + deviation[:, None] * noise).argmax(axis=2)
    simulated = np.stack([(drawn == k).mean(axis=0) for k in range(3)], axis=1)
    assert greatest(heights, deviation) == pytest.approx(simulated, abs=5e-3)


def test_far_from_all_evidence_a_side_is_as_likely_as_its_share_of_it():
    words = shaped(
        [((0, 0), 0)] * 3 + [((9, 9), 1)], 3, noise=[0, 0.5, 0, 0.2], clock=[0, 0, -1, 0]
    )
    weight = np.array([1 + 0.5 + lasts(1), 0.8, 0])
    expected = (weight + 1) / (weight.sum() + 3)
    heights = prior_heights(words)
    assert heights.sum() == pytest.approx(0, abs=1e-9)
    drawn = heights + np.random.default_rng(1).standard_normal((300_000, 3))
    often = np.bincount(drawn.argmax(axis=1), minlength=3) / len(drawn)
    assert often == pytest.approx(expected, abs=4e-3)


@pytest.mark.parametrize("together", [1, 3], ids=["one by one", "by threes"])
def test_left_out_scores_are_those_of_fields_without_the_observations(together):
    plain = known(3, places=15).observations()
    clock = np.random.default_rng(0).uniform(-2, 2, len(plain))
    theatre = Observations(
        plain.xy, np.zeros(len(plain)), plain.shares, plain.noise, plain.count, clock
    ).sort()
    groups = np.arange(len(theatre)) // together
    kinds, prior = theatre.shares.shape[1], prior_heights(theatre)
    scores = dict(fitting._score_pairs(theatre, groups, {}))
    for parameters in list(scores)[::7]:
        mean, total = parameters.spread * prior + 1 / kinds, 0.0
        for group in np.unique(groups):
            out = np.flatnonzero(groups == group)
            rest = theatre.take(np.delete(np.arange(len(theatre)), out))
            heights, left = conditioned(rest, parameters, theatre.xy[out], theatre.clock[out], mean)
            deviation = parameters.spread * np.sqrt(np.diag(left))
            chance = greatest(heights, deviation)
            q = theatre.noise[out, None]
            said = theatre.shares[out] * np.log((1 - q) * chance + q / kinds)
            total += float(said.sum())
        assert scores[parameters] == pytest.approx(total, rel=1e-4)


def test_parameters_fit_what_is_there_and_weigh_one():
    smooth = fitted(seen([(x, y, x >= 50) for x in range(0, 100, 9) for y in range(0, 100, 9)]))
    dice = np.random.default_rng(1)
    noise = [(x, y, dice.integers(2)) for x in range(0, 100, 9) for y in range(0, 100, 9)]
    assert sum(p.weight for p in smooth) == pytest.approx(1)
    assert smooth[0].range_m > fitted(seen(noise))[0].range_m or (
        smooth[0].spread < fitted(seen(noise))[0].spread
    )


@pytest.mark.parametrize("turned", [True, False])
def test_the_clock_that_fits_is_fast_where_old_words_are_wrong_and_slow_where_they_are_right(
    turned,
):
    rng = np.random.default_rng(5)
    spots = rng.uniform(0, 100, (40, 2))
    side = (spots[:, 0] > 50).astype(int)
    old = 1 - side if turned else side
    words = [(*xy, k) for xy, k in zip(spots, side, strict=True)]
    words += [(*xy + 0.5, k) for xy, k in zip(spots, old, strict=True)]
    age = np.repeat([0.0, -1.0], 40)
    (_, fast), (_, slow) = fit(seen(words), [3 * age, 0.05 * age])
    assert (fast > slow) == turned


# Draws.


@pytest.mark.parametrize(
    ("sides", "radius_m", "parameters"),
    [(2, 4e3, None), (3, 4e3, None), (2, 30e3, (FieldParameters(60e3, spread=0.5),))],
    ids=["two sides", "three sides", "vague places"],
)
def test_a_side_holds_a_point_as_often_as_its_probability_says(sides, radius_m, parameters):
    rng = np.random.default_rng(sides)
    words = [(*rng.uniform(0, 100, 2), k % sides) for k in range(14)]
    observations = seen(words, sides, radius_m=radius_m, noise=0.1)
    field = LatentField(observations, tuple("abc"[:sides]), parameters=parameters)
    points = rng.uniform(0, 100e3, (60, 2))
    drawn = field.draws(points, count=4000, seed=5)
    often = np.stack([(drawn == k).mean(axis=0) for k in range(sides)], axis=1)
    chance = field.probabilities(points)
    assert chance.sum(axis=1) == pytest.approx(np.ones(60))
    # A coin of 4000 throws is off by 0.008 in the root mean square.
    assert np.abs(often - chance).mean() < 0.009
    assert np.abs(often - chance).max() < 0.035
    # The first rows are as fair a sample as all.
    few = np.stack([(drawn[:400] == k).mean(axis=0) for k in range(sides)], axis=1)
    assert np.abs(few - chance).mean() < 0.03


def test_totals_of_draws_spread_as_the_covariance_says():
    # Two sides: the lead of one is normal, so how many of some points it holds is known from the
    # joint posterior by simulation.
    observations = seen([(0, 0, 0), (30, 0, 1), (15, 20, 0)], noise=0.1)
    points = np.array([[10e3, 2e3], [18e3, 6e3], [22e3, 9e3], [60e3, 0.0], [63e3, 1e3]])
    lead, left = leads(observations, PARAMETERS[0], points)
    rng = np.random.default_rng(4)
    simulated = rng.multivariate_normal(lead, left, 100_000) > 0
    field = LatentField(observations, "ab", parameters=PARAMETERS)
    drawn = field.draws(points, count=8000, seed=1) == 0
    assert drawn.mean(axis=0) == pytest.approx(simulated.mean(axis=0), abs=0.02)
    assert drawn.sum(axis=1).std() == pytest.approx(simulated.sum(axis=1).std(), rel=0.03)
    assert np.cov(drawn.T) == pytest.approx(np.cov(simulated.T), abs=0.012)


def test_a_map_of_two_moments_is_one_history():
    # One point now, and again after a leap of the clock that some later word lies beyond.
    observations = shaped(
        [((0, 0), 0), ((2, 1), 1), ((30, 0), 1), ((31, 5), 0)], clock=[0.0, 1.0, 0.0, 1.0]
    )
    here = np.array([[1e3, 0.0], [28e3, 2e3]])
    both, clock = np.concatenate([here, here]), np.array([0.0, 0.0, 0.8, 0.8])
    lead, left = leads(observations, PARAMETERS[0], both, clock)
    rng = np.random.default_rng(4)
    simulated = rng.multivariate_normal(lead, left, 100_000) > 0
    field = LatentField(observations, "ab", parameters=PARAMETERS)
    drawn = field.draws(both, count=8000, seed=2, clock=clock) == 0
    assert drawn.mean(axis=0) == pytest.approx(simulated.mean(axis=0), abs=0.02)
    assert np.cov(drawn.T) == pytest.approx(np.cov(simulated.T), abs=0.012)
    for k in range(2):
        lost = (drawn[:, k] & ~drawn[:, k + 2]).mean()
        assert lost == pytest.approx((simulated[:, k] & ~simulated[:, k + 2]).mean(), abs=0.02)


def test_maps_of_many_points_are_as_sure_as_the_field_and_vary_together_as_it_says():
    square = np.stack(np.meshgrid([10, 14, 18], [30, 34, 38]), axis=-1).reshape(-1, 2)
    told = shaped(
        [((0, 0), 0), (square, 1), ((20, 20), 1), ((22, 20), 0)],
        noise=[0.0, 0.2, 0.3, 0.0],
        clock=[0.0, -0.4, 0.9, -0.1],
    )
    points = np.array([[0.5e3, 0], [10e3, 12e3], [14e3, 33e3], [16e3, 36e3], [90e3, 10e3]])
    lead, left = leads(told, PARAMETERS[0], points)
    field = LatentField(told, "ab", parameters=PARAMETERS)
    heights = field.heights(points, count=12_000, seed=3)
    assert heights.shape == (12_000, 2, 5)
    drawn = heights[:, 0] - heights[:, 1]
    # The features of the prior are good to 3 % of the variance.
    deviation = np.sqrt(np.diag(left))
    assert drawn.mean(axis=0) == pytest.approx(lead, abs=0.02)
    assert np.cov(drawn.T) == pytest.approx(left, abs=0.06 * 2 * 0.8**2)
    assert drawn.std(axis=0) == pytest.approx(deviation, rel=0.06)
    often = (heights.argmax(axis=1) == 0).mean(axis=0)
    assert often == pytest.approx(field.probabilities(points)[:, 0], abs=0.02)
    assert (field.heights(points, count=9, seed=3)).shape == (9, 2, 5)
    again = field.heights(points, count=12_000, seed=3)
    assert (again == heights).all()


def test_points_that_stand_for_the_ground_about_them_vary_less():
    field = LatentField(seen([(0, 0, 0), (200, 0, 1)]), "ab", parameters=PARAMETERS)
    points = np.array([[100e3, 0.0], [60e3, 30e3]])
    sharp, wide = (
        field.heights(points, count=4000, seed=1, radius_m=radius).std(axis=0)
        for radius in (0.0, 10e3)
    )
    assert (wide < sharp).all()


def test_covariances_kept_for_points_give_the_same_field():
    told = shaped([((0, 0), 0), ([(9, 9), (12, 9)], 1), ((9, 9), 1)], clock=[0, -0.5, 0.5])
    points = np.random.default_rng(1).uniform(0, 20e3, (50, 2))
    kept = covariance.KeptColumns(points)
    for observations in (told, told.take(np.array([1, 2]))):
        field = LatentField(observations, "ab", parameters=PARAMETERS)
        for one, other in zip(field.assess(points), field.assess(kept), strict=True):
            assert one == pytest.approx(other, abs=1e-5)


def test_with_no_time_between_both_moments_of_a_map_are_alike():
    field = LatentField(known(2).observations(), known(2).sides)
    points = known(2).lattice(6)
    both = np.concatenate([points, points])
    drawn = field.draws(both, count=400, seed=2, clock=np.zeros(len(both)))
    assert (drawn[:, :36] == drawn[:, 36:]).mean() > 0.98


def test_the_same_seed_draws_the_same_maps_and_another_one_others():
    field = LatentField(known(1).observations(), known(1).sides)
    points = known(1).lattice(12)
    whole = field.draws(points, count=41, seed=3)
    assert whole.shape == (41, 144)
    assert (field.draws(points, count=41, seed=3) == whole).all()
    assert (field.draws(points, count=41, seed=4) != whole).any()


def test_points_of_one_map_agree_more_the_nearer_they_are():
    field = LatentField(seen([(0, 0, 0), (200, 0, 1)]), "ab", parameters=PARAMETERS)
    middle = np.array([[100e3, 0], [101e3, 0], [130e3, 0]])
    drawn = field.draws(middle, count=800, seed=1)
    near, far = ((drawn[:, 0] == drawn[:, k]).mean() for k in (1, 2))
    assert near > 0.8
    assert near > far + 0.1


def test_where_the_evidence_does_not_differ_two_fields_draw_alike():
    words = [(0, 0, 0), (20, 0, 1), (0, 30, 0), (300, 300, 1)]
    here = np.random.default_rng(0).uniform(0, 30e3, (40, 2))
    first, later = (
        LatentField(seen(said), "ab", parameters=PARAMETERS)
        for said in (words, [*words, (310, 300, 1)])
    )
    one, two = (field.draws(here, count=200, seed=1) for field in (first, later))
    assert (one == two).mean() > 0.97
    assert (one == first.draws(here, count=200, seed=2)).mean() < 0.95


# What does not matter.


words_of_three = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2))


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.tuples(words_of_three, st.integers(1, 3), moments), min_size=1, max_size=12),
    st.randoms(),
)
def test_order_and_names_of_sides_do_not_matter(words, dice):
    points = np.array([[0.0, 0.0], [30e3, 12e3], [61e3, 3e3]])

    def told(words, name=lambda side: side):
        shapes = [
            ([(x + 3 * k, y) for k in range(count)], name(side)) for (x, y, side), count, _ in words
        ]
        clock = [moment for _, _, moment in words]
        return shaped(shapes, 3, clock=clock, noise=0.1, radius_m=800)

    plain = LatentField(told(words), "abc", parameters=PARAMETERS)
    shuffled = LatentField(told(dice.sample(words, len(words))), "abc", parameters=PARAMETERS)
    assert shuffled.probabilities(points) == pytest.approx(plain.probabilities(points), abs=1e-9)
    assert (shuffled.draws(points, count=8, seed=1) == plain.draws(points, count=8, seed=1)).all()
    turned = LatentField(told(words, lambda side: 2 - side), "cba", parameters=PARAMETERS)
    found = turned.probabilities(points)[:, ::-1]
    assert found == pytest.approx(plain.probabilities(points), abs=1e-9)


def test_scale_and_origin_of_the_plane_and_order_do_not_matter_to_the_fit():
    plain = known(4, places=30).observations()
    turned = plain.take(np.arange(len(plain))[::-1])
    moved = Observations(plain.xy * 0.125 - 4096, plain.radius_m * 0.125, plain.shares, plain.noise)
    points = known(4).lattice(5)
    here = LatentField(plain, known(4).sides).probabilities(points)
    again = LatentField(turned, known(4).sides).probabilities(points)
    there = LatentField(moved, known(4).sides).probabilities(points * 0.125 - 4096)
    assert again == pytest.approx(here, abs=1e-9)
    assert there == pytest.approx(here, abs=1e-5)


# Observations.


def test_observations_that_are_taken_or_joined_keep_their_positions():
    told = shaped(
        [([(0, 0), (1, 0)], 0), ((5, 5), 1), ([(7, 7), (8, 7), (9, 7)], 0)], clock=[1, 2, 3]
    )
    some = told.take(np.array([2, 0]))
    assert some.count.tolist() == [3, 2]
    assert some.clock.tolist() == [3, 1]
    assert (some.xy[:, 0] / 1e3).tolist() == [7, 8, 9, 0, 1]
    assert some.middle.tolist() == [[8e3, 7e3], [500, 0]]
    both = Observations.join([some, told])
    assert len(both) == 5
    assert both.middle.tolist() == [*some.middle.tolist(), *told.middle.tolist()]
    assert len(both.take(np.array([], int))) == 0


def test_the_few_and_the_trivial_have_an_answer():
    point = np.zeros((1, 2))
    nothing = Observations(np.empty((0, 2)), np.empty(0), np.empty((0, 2)), np.empty(0))
    empty = LatentField(nothing, "ab")
    assert empty.probabilities(point) == pytest.approx(np.full((1, 2), 0.5))
    assert empty.assess(point)[1] == pytest.approx([0])
    assert 0.4 < empty.draws(point, count=1000, seed=1).mean() < 0.6
    alone = LatentField(seen([(0, 0, 0)] * 3, 1), "a")
    assert alone.probabilities(point) == pytest.approx(np.ones((1, 1)))
    assert (alone.draws(point, count=3, seed=1) == 0).all()
    assert alone.draws(np.empty((0, 2)), count=3, seed=1).shape == (3, 0)
    assert alone.draws(point, count=0, seed=1).shape == (0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xy": np.zeros((2, 3))}, "m x 2"),
        ({"noise": np.array([0.5])}, "one length"),
        ({"clock": np.array([0.5])}, "one length"),
        ({"count": np.array([1, 2])}, "count adds up to"),
        ({"count": np.array([2, 0])}, "no position"),
        ({"noise": np.array([0.5, 1.0])}, "outside 0"),
        ({"shares": np.array([[0.5, 0.2], [0, 1.0]])}, "add up"),
        ({"radius_m": np.array([-1.0, 0])}, "negative"),
        ({"radius_m": np.array([np.nan, 0])}, "finite"),
        ({"clock": np.array([np.inf, 0])}, "finite"),
    ],
)
def test_observations_that_make_no_sense_are_refused(change, message):
    good = {
        "xy": np.zeros((2, 2)),
        "radius_m": np.zeros(2),
        "shares": np.eye(2),
        "noise": np.zeros(2),
    }
    with pytest.raises(ValueError, match=message):
        Observations(**(good | change))
    with pytest.raises(ValueError, match="2 columns for 1 sides"):
        LatentField(Observations(**good), "a")


@pytest.mark.slow
def test_the_field_is_as_sure_as_it_is_right_where_the_truth_is_known():
    sure, right, ours, nearest = [], [], [], []
    for seed in range(12):
        theatre = known(seed)
        field = LatentField(theatre.observations(), theatre.sides)
        ground = theatre.lattice(20)
        truth = np.eye(len(theatre.sides))[theatre.holder(ground)]
        chance = field.probabilities(ground)
        sure.append(chance.max(axis=1).mean())
        right.append((chance.argmax(axis=1) == truth.argmax(axis=1)).mean())
        squared = ((ground[:, None] - theatre.xy) ** 2).sum(axis=2)
        plain = np.eye(len(theatre.sides))[theatre.said[squared.argmin(axis=1)]]
        ours.append(((chance - truth) ** 2).sum(axis=1).mean())
        nearest.append(((plain - truth) ** 2).sum(axis=1).mean())
    assert np.mean(sure) == pytest.approx(np.mean(right), abs=0.06)
    assert np.mean(ours) < 0.8 * np.mean(nearest)
    assert sum(a < b for a, b in zip(ours, nearest, strict=True)) >= 11


def test_known_theatres_are_what_they_say():
    for seed, kind in enumerate(KINDS):
        theatre = known(seed)
        assert theatre.kind == kind
        assert theatre.shares(100).sum() == pytest.approx(1)
        assert (theatre.shares(100) > 0).sum() >= 2
        off = np.hypot(*(theatre.xy - theatre.true_xy).T)
        assert (off[theatre.radius_m == 0] == 0).all()
        assert (theatre.said == theatre.holder(theatre.true_xy)).mean() > 0.8
