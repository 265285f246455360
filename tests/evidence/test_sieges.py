"""How surely ground hangs together: known geometry, laws, words of gaps, what is kept."""

import dataclasses
import datetime as dt
import math

import numpy as np
import pytest
import shapely

import geo
from geo.control.composite import Composite
from geo.control.siege.ways import Way
from geo.crs import LocalPlane
from geo.errors import DateError
from geo.evidence.draws import Draws, Judgements
from geo.evidence.estimate.links import Link
from geo.evidence.kept import Memory
from geo.evidence.siege_draws import SiegeDraws, quantile, sum_up
from geo.evidence.sieges import Sieges
from geo.model import Label, Patch

DAY = dt.date(2001, 1, 1)
BASE = {"base": shapely.Point(37.9, 33.5)}
PLACES = {"west": (37.1, 33.5), "east": (37.9, 33.5), "enemy": (37.5, 33.9)}
LEAST, MOST = 0.0, 30e3


def discs(neck_km, *, confidence="high", apart_km=0.0):
    """Two discs of 15 km about 75 km apart, one with a base, joined by a neck, or nearly so."""
    area = shapely.box(36.8, 33.1, 38.2, 33.9)
    plane = LocalPlane.around(area)
    one, two = (plane.forward(shapely.Point(PLACES[name])) for name in ("west", "east"))
    (x1, y), (x2, _) = (shapely.get_coordinates(p)[0] for p in (one, two))
    strips = []
    if neck_km:
        half, middle = neck_km * 500.0, (x1 + x2) / 2
        strips = [
            shapely.box(x1, y - half, middle - apart_km * 500, y + half),
            shapely.box(middle + apart_km * 500, y - half, x2, y + half),
        ]
    ground = shapely.union_all([one.buffer(15e3), two.buffer(15e3), *strips])
    mine = shapely.set_precision(plane.inverse(ground), 1e-6)
    rest = shapely.difference(area, mine, grid_size=1e-6)
    patches = [
        Patch(Label(name, "", "controlled", "reported", confidence, f"patch-{name}"), shape)
        for name, shape in (("a", mine), ("b", rest))
    ]
    return Composite.build(area, {DAY: patches}, {"a": "a", "b": "b"})


def sieges(composite, *, links=(), memory=None, count=120, seed=0):
    draws = Draws(composite, {}, lambda _: None, Judgements(seed=seed))
    asked = SiegeDraws(draws, lambda _: links, memory=memory, count=count)
    return Sieges(composite, asked)


SUPPLY = {"anchors": BASE, "places": PLACES, "friends": (), "events": {}}


def neck_of(composite, **options):
    (row,) = sieges(composite, **options).necks(DAY, "a", SUPPLY).to_dict("records")
    return row


def pocket_of(composite, **options):
    supply = {name: one for name, one in SUPPLY.items() if name != "events"}
    (row,) = sieges(composite, **options).pockets(DAY, "a", supply).to_dict("records")
    return row


def test_a_neck_of_known_width_lies_in_its_interval():
    row = neck_of(discs(10))
    assert row["length_km"] == pytest.approx(10, abs=0.05)
    # Both borders move by a kilometre (one deviation), in or out together: 2 km on the width.
    assert row["width_km"] == pytest.approx(10, abs=1)
    assert row["low_km"] == pytest.approx(10 - 2 * 1.645, abs=1.5)
    assert row["high_km"] == pytest.approx(10 + 2 * 1.645, abs=1.5)
    assert (row["chance"], row["joined"]) == (1, 1)
    assert row["error_km"] == pytest.approx((row["high_km"] - row["low_km"]) / 2)
    assert row["behind"] == "west 1.00"
    spot, half = row["where"].split(" within ")
    lon, lat = map(float, spot.split(","))
    assert 37.2 < lon < 37.8
    assert lat == pytest.approx(33.5, abs=0.05)
    assert half.endswith(" km")


def test_more_doubt_of_a_border_makes_a_wider_interval_and_a_smaller_chance():
    rows = [neck_of(discs(8, confidence=word)) for word in ("high", "moderate", "low")]
    width = [row["high_km"] - row["low_km"] for row in rows]
    assert width[0] < width[1] < width[2]
    assert rows[0]["joined"] > rows[1]["joined"] > rows[2]["joined"]
    assert rows[2]["low_km"] == 0


def test_a_narrower_neck_hangs_together_less_often():
    joined = [neck_of(discs(km, confidence="moderate"))["joined"] for km in (3, 6, 12)]
    assert joined[0] < joined[1] < joined[2]


def test_ground_drawn_apart_may_hang_together_and_less_often_the_farther_it_is():
    near, far = (pocket_of(discs(10, confidence="moderate", apart_km=km)) for km in (3.0, 30.0))
    assert 0.05 < near["joined"] < 0.95
    assert near["low_km"] == 0
    assert near["width_km"] > 0
    assert near["apart_km"] > 0
    assert far["joined"] < near["joined"]
    assert far["apart_km"] > near["apart_km"]
    assert near["area_km2"] == pytest.approx(pocket_of(discs(10, apart_km=3.0))["area_km2"])


def severed(doubt, plane):
    spots = [plane.forward(shapely.Point(PLACES[name])) for name in ("west", "east")]
    return Link("stm-1", "a", spots[0], 2e3, spots[1], None, doubt)


def gap(doubt, plane, low=LEAST, high=MOST):
    line = plane.forward(shapely.LineString([(37.5, 33.4), (37.5, 33.6)]))
    return Link("stm-2", "a", line, 3e3, None, (low, high), doubt)


def test_words_that_grounds_are_severed_lower_the_chance_by_their_doubt():
    composite = discs(4, confidence="moderate")
    plane = LocalPlane.around(composite.area)
    free, *said = (
        neck_of(composite, links=links)["joined"]
        for links in ((), [severed(0.8, plane)], [severed(0.2, plane)])
    )
    assert 0.2 < free < 0.95
    assert said[0] == pytest.approx(0.8 * free / (0.8 * free + 1 - free), abs=0.03)
    assert said[1] == pytest.approx(0.2 * free / (0.2 * free + 1 - free), abs=0.03)


@pytest.mark.slow
def test_words_of_a_gap_raise_the_chance_and_narrow_the_width():
    composite = discs(6, confidence="moderate")
    plane = LocalPlane.around(composite.area)
    free = neck_of(composite, count=240)
    told = neck_of(composite, links=[gap(0.05, plane, 4e3, 8e3)], count=240)
    assert told["joined"] > free["joined"]
    assert told["high_km"] - told["low_km"] < free["high_km"] - free["low_km"]
    assert told["width_km"] == pytest.approx(6, abs=2)
    other = dataclasses.replace(gap(0.05, plane, 4e3, 8e3), side="b")
    assert neck_of(composite, links=[other], count=240)["joined"] == free["joined"]


def test_words_that_hold_on_no_map_are_named_and_change_nothing():
    composite = discs(6)
    link = gap(0.1, LocalPlane.around(composite.area), 29e3, 30e3)
    free, told = neck_of(composite), neck_of(composite, links=[link])
    assert told["against"] == "stm-2"
    assert free["against"] == ""
    assert (told["joined"], told["width_km"]) == (free["joined"], free["width_km"])


def test_a_gap_without_a_width_says_nothing():
    plane = LocalPlane.around(discs(6).area)
    assert dataclasses.replace(gap(0.5, plane), width_m=None).holds(shapely.Polygon(), 1e3)
    assert not gap(0.5, plane).holds(shapely.Polygon(), 1e3)
    assert severed(0.5, plane).holds(shapely.Polygon(), 1e3)


def test_isolation_tells_each_place_and_how_surely_the_side_holds_it():
    supply = {name: one for name, one in SUPPLY.items() if name != "events"}
    found = sieges(discs(10)).isolation(DAY, "a", supply).set_index("place_id")
    assert set(found.index) == {"west", "east"}
    assert found.loc["west", "width_km"] == pytest.approx(10, abs=1)
    assert found.loc["west", "held"] == 1
    # No cut severs the place of the base itself.
    assert math.isnan(found.loc["east", "width_km"])
    assert found.loc["east", "joined"] == 1
    assert "chance" not in found.columns


def test_without_bands_the_tables_are_those_of_what_is_drawn():
    found = sieges(discs(10)).necks(DAY, "a", SUPPLY, bands=False)
    assert "joined" not in found.columns
    assert len(found) == 1


def test_a_side_without_ground_has_empty_tables_with_their_columns():
    found = sieges(discs(10)).necks(DAY, "c", SUPPLY)
    assert found.empty
    assert {"width_km", "low_km", "high_km", "chance", "joined", "behind"} <= set(found.columns)


@pytest.mark.parametrize(
    ("rules", "word"), [({"unknown": "maybe"}, "unknown"), ({"max_width_km": -1}, "max_width_km")]
)
def test_a_rule_that_is_none_is_refused(rules, word):
    with pytest.raises(ValueError, match=word):
        sieges(discs(10)).necks(DAY, "a", SUPPLY, **rules)


def test_a_day_before_the_first_layer_is_refused():
    with pytest.raises(DateError):
        sieges(discs(10)).necks(dt.date(1999, 1, 1), "a", SUPPLY)


def test_what_is_kept_is_what_was_found_and_damage_is_worked_out_anew():
    kept = {}
    memory = Memory(kept.get, kept.__setitem__)
    composite = discs(6, confidence="moderate")
    first = sieges(composite, memory=memory, count=40).necks(DAY, "a", SUPPLY)
    assert len(kept) == 1
    again = sieges(composite, memory=memory, count=40).necks(DAY, "a", SUPPLY)
    assert again.drop(columns=["geometry", "pocket"]).equals(
        first.drop(columns=["geometry", "pocket"])
    )
    (key,) = kept
    kept[key] = b"damaged"
    sieges(composite, memory=memory, count=40).necks(DAY, "a", SUPPLY)
    assert kept[key] != b"damaged"
    sieges(composite, memory=memory, count=40).necks(DAY, "a", SUPPLY, max_width_km=20)
    assert len(kept) == 2


def test_weighted_quantiles_are_those_of_repeated_values():
    rng = np.random.default_rng(1)
    values, times = rng.normal(size=50), rng.integers(0, 5, 50)
    repeated = np.sort(np.repeat(values, times))
    for level in (0.05, 0.5, 0.95):
        at = quantile(values, times.astype(float), level)
        low, high = np.quantile(repeated, [max(level - 0.03, 0), min(level + 0.03, 1)])
        assert low <= at <= high
    assert quantile(values, np.zeros(50), 0.5) is None


def test_where_the_side_holds_nothing_on_any_map_all_chances_are_none():
    nothing = Way(math.nan, math.nan, 0.0, np.zeros(1, bool))
    hold = sum_up([nothing, nothing], np.ones(2), ("west",), 30.0)
    assert (hold.held, hold.joined, hold.width_km, dict(hold.places)) == (0.0, 0.0, None, {})


def test_two_dates_of_the_shipped_theatre_differ_in_the_pocket_of_the_report(shipped):
    rif = geo.open_layers(shipped)
    told = {}
    for day in ("2017-07-31", "2017-08-02"):
        found = rif.pockets(day, "opposition", unknown="passable", min_area_km2=300)
        row = next(r for r in found.to_dict("records") if "khirbat_al_umbashi" in r["place_ids"])
        chance = dict(one.split(" ") for one in row["behind"].split(";"))
        assert float(chance["tulul_al_safa"]) > 0.8
        assert row["low_km"] <= row["width_km"]
        told[day] = row
    # Taking Bir Mahruthah brought the ground of the factions within a few kilometres of the pocket.
    assert told["2017-08-02"]["joined"] > told["2017-07-31"]["joined"] + 0.2
    assert told["2017-08-02"]["high_km"] > 2
