import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.evidence import field as _latent
from geo.evidence.field import FieldParameters, LatentField, Observations, fitted
from tests.theatres import KINDS, known

PARAMETERS = (FieldParameters(30e3, spread=0.8),)


def seen(spots, sides=2, *, radius_m=0.0, noise=0.0):
    """Observations from (x km, y km, side) of each."""
    table = np.array(spots, dtype=float).reshape(-1, 3)
    return Observations.of_sides(
        table[:, :2] * 1e3, table[:, 2].astype(int), sides, radius_m=radius_m, noise=noise
    )


def chance_at(observations, *points, sides="ab"):
    field = LatentField(observations, tuple(sides), parameters=PARAMETERS)
    return field.probabilities(np.array(points, dtype=float) * 1e3)


@pytest.mark.parametrize(("unreliable", "quantile"), [(0.0, 0.430727), (0.5, 0.253347)])
def test_one_word_is_weighed_as_by_hand(unreliable, quantile):
    # Prior share of the side that is named once with weight w = 1 - unreliable: (w + 1) / (w + 2),
    # 2/3 or 3/5. Heights of such a prior differ by sqrt(2) x spread x its normal quantile. A place
    # whose covariance with the evidence is k moves towards the labels, 1 and 0, stretched by 1/w.
    spread, weight = 0.8, 1 - unreliable
    noise = PARAMETERS[0].noise + 1 / weight**2 - 1
    before = np.sqrt(2) * spread * quantile
    # At the place itself, and so far from it that only the level of the theatre is shared.
    for away_km, k in ((0, 1.0), (1000, 0.5 * np.exp(-(1e6**2) / (2 * 3e7**2)))):
        lead = before + k / (1 + noise) * (1 - before) / weight
        deviation = np.sqrt(2) * spread * np.sqrt(1 - k**2 / (1 + noise))
        by_hand = 0.5 * (1 + _erf(lead / deviation / np.sqrt(2)))
        chance = chance_at(seen([(0, 0, 0)], noise=unreliable), (away_km, 0))[0, 0]
        assert chance == pytest.approx(by_hand, abs=1e-5)


def _erf(x):
    """Abramowitz and Stegun 7.1.26, good to 1.5e-7."""
    t = 1 / (1 + 0.3275911 * x)
    powers = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
    return 1 - sum(a * t ** (k + 1) for k, a in enumerate(powers)) * np.exp(-x * x)


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
    one, other, radius = np.array([[0.0, 0.0]]), np.array([[9e3, 4e3]]), np.array([6e3])
    moved = other + rng.standard_normal((200_000, 2)) * radius / np.sqrt(2)
    assert np.hypot(*(moved - other).T).std() > 0
    exact = _latent._covariance(one, np.zeros(1), other, radius, 20e3)[0, 0]
    simulated = _latent._covariance(one, np.zeros(1), moved, np.zeros(len(moved)), 20e3).mean()
    assert exact == pytest.approx(simulated, rel=5e-3)


def test_the_greatest_of_three_is_as_often_as_in_a_simulation():
    heights, deviation = np.array([[0.2, 0.0, -0.5], [1.0, 0.9, 0.0]]), np.array([0.7, 0.2])
    noise = np.random.default_rng(2).standard_normal((200_000, 1, 3))
    drawn = (heights + deviation[:, None] * noise).argmax(axis=2)
    simulated = np.stack([(drawn == k).mean(axis=0) for k in range(3)], axis=1)
    assert _latent._greatest(heights, deviation) == pytest.approx(simulated, abs=5e-3)


def test_left_out_scores_are_those_of_fields_without_the_observation():
    theatre = known(3, places=25).observations()._sorted()
    scores = dict(_latent._scores(theatre))
    parameters = FieldParameters(next(iter(scores)).range_m, spread=1.0)
    prior = _latent._prior(theatre)
    mean, total = _latent._mean(prior, 1.0), 0.0
    kinds = theatre.shares.shape[1]
    for k in range(len(theatre)):
        rest = theatre._taken(np.flatnonzero(np.arange(len(theatre)) != k))
        inverse = _latent._inverse(rest, parameters)
        posterior = _latent._Posterior(rest, prior, parameters, inverse)
        across = _latent._covariance(
            theatre.xy[k : k + 1],
            theatre.radius_m[k : k + 1],
            rest.xy,
            rest.radius_m,
            parameters.range_m,
        )
        height = mean + across @ posterior.weights
        left = 1 - (across @ posterior.inverse @ across.T)[0]
        chance = _latent._greatest(height, np.sqrt(left))
        q = theatre.noise[k]
        total += float((theatre.shares[k] * np.log((1 - q) * chance + q / kinds)).sum())
    assert scores[parameters] == pytest.approx(total, rel=1e-6)


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
    drawn = field.draws(points, count=3000, seed=5)
    often = np.stack([(drawn == k).mean(axis=0) for k in range(sides)], axis=1)
    chance = field.probabilities(points)
    assert chance.sum(axis=1) == pytest.approx(np.ones(60))
    # Random features are finite; a coin of 3000 throws is off by 0.009.
    assert np.abs(often - chance).mean() < 0.012
    assert np.abs(often - chance).max() < 0.05


def test_totals_of_draws_spread_as_the_covariance_says():
    # Two sides: the lead of one is normal, so the share of a pair of points that one side holds
    # both of is an orthant of their joint posterior; here by simulation from that covariance.
    words = [(0, 0, 0), (30, 0, 1), (15, 20, 0)]
    observations = seen(words, radius_m=12e3)
    field = LatentField(observations, "ab", parameters=PARAMETERS)
    pair = np.array([[10e3, 2e3], [18e3, 6e3]])
    posterior = field._posteriors[0]
    across, nowhere = field._across(pair)[PARAMETERS[0].range_m], np.zeros(2)
    among = _latent._covariance(pair, nowhere, pair, nowhere, PARAMETERS[0].range_m)
    joint = 0.8**2 * (among - across @ posterior.inverse @ across.T)
    lead = (posterior.mean + across @ posterior.weights) @ [1, -1]
    rng = np.random.default_rng(4)
    simulated = lead + rng.multivariate_normal(np.zeros(2), 2 * joint, 100_000)
    drawn = field.draws(pair, count=6000, seed=1) == 0
    assert drawn.all(axis=1).mean() == pytest.approx((simulated > 0).all(axis=1).mean(), abs=0.03)
    assert (drawn[:, 0] != drawn[:, 1]).mean() == pytest.approx(
        ((simulated > 0).sum(axis=1) == 1).mean(), abs=0.03
    )


def test_a_draw_is_one_map_at_whatever_points_it_is_asked_for():
    field = LatentField(known(1).observations(), known(1).sides)
    points = known(1).lattice(12)
    whole = field.draws(points, count=41, seed=3)
    assert whole.shape == (41, 144)
    assert (field.draws(points[30:50], count=41, seed=3) == whole[:, 30:50]).all()
    assert (field.draws(points, count=41, seed=4) != whole).any()


def test_points_of_one_map_agree_more_the_nearer_they_are():
    field = LatentField(seen([(0, 0, 0), (200, 0, 1)]), "ab", parameters=PARAMETERS)
    middle = np.array([[100e3, 0], [101e3, 0], [130e3, 0]])
    drawn = field.draws(middle, count=800, seed=1)
    near, far = ((drawn[:, 0] == drawn[:, k]).mean() for k in (1, 2))
    assert near > 0.8
    assert near > far + 0.1


def test_what_did_not_change_is_drawn_alike_on_both_dates():
    words = [(0, 0, 0), (20, 0, 1), (0, 30, 0), (300, 300, 1)]
    first = Observations(*_plain(seen(words)), keys=("p", "q", "r", "s"))
    later = Observations(*_plain(seen([*words, (310, 300, 0)])), keys=("p", "q", "r", "s", "t"))
    here = np.random.default_rng(0).uniform(0, 30e3, (40, 2))
    one, two = (
        LatentField(each, "ab", parameters=PARAMETERS).draws(here, count=200, seed=1)
        for each in (first, later)
    )
    assert (one == two).mean() > 0.97
    unkeyed = LatentField(first, "ab", parameters=PARAMETERS).draws(here, count=200, seed=2)
    assert (one == unkeyed).mean() < 0.95


def _plain(observations):
    return observations.xy, observations.radius_m, observations.shares, observations.noise


spots = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2))


@settings(max_examples=20, deadline=None)
@given(st.lists(spots, min_size=1, max_size=12), st.randoms())
def test_order_and_names_of_sides_do_not_matter(words, dice):
    points = np.array([[0.0, 0.0], [30e3, 12e3], [61e3, 3e3]])
    plain = LatentField(seen(words, 3), "abc", parameters=PARAMETERS)
    mixed = dice.sample(words, len(words))
    shuffled = LatentField(seen(mixed, 3), "abc", parameters=PARAMETERS)
    assert shuffled.probabilities(points) == pytest.approx(plain.probabilities(points), abs=1e-9)
    assert (shuffled.draws(points, count=8, seed=1) == plain.draws(points, count=8, seed=1)).all()
    renamed = seen([(x, y, 2 - side) for x, y, side in words], 3)
    turned = LatentField(renamed, "cba", parameters=PARAMETERS).probabilities(points)[:, ::-1]
    assert turned == pytest.approx(plain.probabilities(points), abs=1e-9)


def test_scale_and_origin_of_the_plane_and_order_do_not_matter_to_the_fit():
    plain = known(4, places=30).observations()
    turned = plain._taken(np.arange(len(plain))[::-1])
    moved = Observations(plain.xy * 0.125 - 4096, plain.radius_m * 0.125, plain.shares, plain.noise)
    points = known(4).lattice(5)
    here = LatentField(plain, known(4).sides).probabilities(points)
    again = LatentField(turned, known(4).sides).probabilities(points)
    there = LatentField(moved, known(4).sides).probabilities(points * 0.125 - 4096)
    assert again == pytest.approx(here, abs=1e-9)
    assert there == pytest.approx(here, abs=1e-6)


def test_the_few_and_the_trivial_have_an_answer():
    point = np.zeros((1, 2))
    nothing = Observations(np.empty((0, 2)), np.empty(0), np.empty((0, 2)), np.empty(0))
    assert LatentField(nothing, "ab").probabilities(point) == pytest.approx(np.full((1, 2), 0.5))
    alone = LatentField(seen([(0, 0, 0)] * 3, 1), "a")
    assert alone.probabilities(point) == pytest.approx(np.ones((1, 1)))
    assert (alone.draws(point, count=3, seed=1) == 0).all()
    assert alone.draws(np.empty((0, 2)), count=3, seed=1).shape == (3, 0)
    assert alone.draws(point, count=0, seed=1).shape == (0, 1)


def test_parameters_fit_what_is_there_and_weigh_one():
    smooth = fitted(seen([(x, y, x >= 50) for x in range(0, 100, 9) for y in range(0, 100, 9)]))
    dice = np.random.default_rng(1)
    noise = [(x, y, dice.integers(2)) for x in range(0, 100, 9) for y in range(0, 100, 9)]
    assert sum(p.weight for p in smooth) == pytest.approx(1)
    assert smooth[0].range_m > fitted(seen(noise))[0].range_m or (
        smooth[0].spread < fitted(seen(noise))[0].spread
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xy": np.zeros((2, 3))}, "n x 2"),
        ({"noise": np.array([0.5])}, "one length"),
        ({"noise": np.array([0.5, 1.0])}, "outside 0"),
        ({"shares": np.array([[0.5, 0.2], [0, 1.0]])}, "add up"),
        ({"radius_m": np.array([-1.0, 0])}, "negative"),
        ({"radius_m": np.array([np.nan, 0])}, "finite"),
        ({"keys": ("one",)}, "1 keys for 2"),
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
