"""The estimate: known answers of words about places, and what a draft says of itself."""

import csv
import os
import random
from pathlib import Path

import numpy as np
import pytest
import shapely
from drafted import (
    AREA,
    SOURCES,
    drawn,
    estimator,
    held_at,
    holders,
    lattice,
    place,
    said,
    same,
    source,
    taken,
)

from geo.crs import LocalPlane, area_km2
from geo.errors import CRSError, DateError
from geo.evidence.estimate.parameters import Parameters
from geo.model import Feature
from tests.benchmarks import towns as benchmark
from tests.benchmarks.forecasts import Forecast

SHARED = Path(os.environ.get("GEO_SHARED", Path(__file__).parents[3] / "shared"))
DAY = "2017-07-01"


def chance(model, day, lon, lat, side="red"):
    return model.probabilities(day, [(lon, lat)])[side].item()


def rows_of(across=5, cut=37.5, day=DAY):
    """Places in rows over the whole area, west of a meridian red, east of it blue."""
    middle = (np.arange(across) + 0.5) / across
    places = [
        place(f"g{i}{j}", round(37 + x, 4), round(33 + y, 4))
        for i, x in enumerate(middle)
        for j, y in enumerate(middle)
    ]
    return places, [said(p.id, day, "red" if p.geometry.x < cut else "blue") for p in places]


# Where the ground goes.


def test_two_equal_places_part_the_ground_halfway():
    places = [place("west", 37.3, 33.5), place("east", 37.7, 33.5)]
    model = estimator(places, [said("west", DAY, "red"), said("east", DAY, "blue")])
    spots = [(37.3, 33.5), (37.45, 33.6), (37.5, 33.5), (37.55, 33.6), (37.7, 33.5)]
    found = model.probabilities(DAY, spots)
    assert found["red"].to_numpy() == pytest.approx(found["blue"].to_numpy()[::-1], abs=1e-6)
    assert found["red"].iloc[0] > 0.8
    draft = model.draft(DAY)
    ground = lattice()
    there = holders(draft, ground)
    assert set(there[ground[:, 0] < 37.5]) == {"red", ""}
    assert set(there[ground[:, 0] > 37.5]) == {"blue", ""}
    assert (there == "red").sum() == (there == "blue").sum()
    # Two words do not tell of a whole degree.
    assert draft.shares["unknown"] > 0.5


def test_ground_is_contiguous_where_places_agree_and_fronts_run_between_those_that_do_not():
    places, statements = rows_of(7)
    draft = estimator(places, statements).draft(DAY)
    ground = lattice()
    # Between the places beside the meridian, which lie a seventh of a degree apart.
    sure = abs(ground[:, 0] - 3 / 7 - 37) > 1 / 14
    truth = np.where(ground[:, 0] < 37.43, "red", "blue")
    assert (holders(draft, ground)[sure] == truth[sure]).all()
    for side in ("red", "blue"):
        mine = [p.geometry for p in draft.features if p.properties["controller"] == side]
        assert shapely.get_num_geometries(shapely.union_all(mine)) == 1
    assert draft.shares["assessed"] > 0.5


def test_a_vague_place_tells_less_than_a_sharp_one_of_where_it_is_said_to_lie():
    statements = [said("sharp", DAY, "red"), said("vague", DAY, "blue")]
    sure = []
    for radius in (500, 4_000, 12_000):
        places = [place("sharp", 37.3, 33.5), place("vague", 37.7, 33.5, radius)]
        model = estimator(places, statements)
        sure.append(chance(model, DAY, 37.7, 33.5, "blue"))
        assert chance(model, DAY, 37.3, 33.5) >= sure[-1] - 1e-6
    assert sure == sorted(sure, reverse=True)
    assert sure[0] > sure[-1] + 0.05


def test_ground_that_no_word_tells_of_is_unknown():
    draft = estimator([place("only", 37.5, 33.5)], [said("only", DAY, "red")]).draft(DAY)
    assert held_at(draft, 37.5, 33.5)["controller"] == "red"
    corner = held_at(draft, 37.02, 33.02)
    assert corner["status"] == "unknown"
    assert corner["controller"] is corner["basis"] is corner["statement_ids"] is None
    assert corner["note"].startswith("Not assessed")
    whole = sum(area_km2([one.geometry for one in draft.features]))
    assert whole == pytest.approx(area_km2(AREA)[0], rel=1e-6)
    assert sum(draft.shares.values()) == pytest.approx(1, abs=1e-4)


def test_where_all_words_name_one_side_it_is_the_only_one():
    places, statements = rows_of(4, cut=99)
    model = estimator(places, statements)
    assert model.sides == ("red",)
    assert model.probabilities(DAY, [(37.1, 33.9)])["red"].item() == pytest.approx(1)
    draft = model.draft(DAY)
    assert {p.properties["controller"] for p in draft.features} <= {"red", None}
    assert held_at(draft, *places[5].geometry.coords[0])["controller"] == "red"


def test_a_lone_word_does_not_make_an_island_of_ground_that_many_give_to_another():
    places, statements = rows_of(7, cut=99)
    for source_id in ("red-radio", "wire"):
        word = said("odd", DAY, "blue", source=source_id, confidence="low")
        draft = estimator([*places, place("odd", 37.6, 33.4, 4000)], [*statements, word]).draft(DAY)
        assert {p.properties["controller"] for p in draft.features} == {"red"}


# Words against each other.


def told_at(model, place_id, day=DAY):
    (one,) = [one for one in model.told(day) if one.place_id == place_id]
    return one


def test_what_is_told_of_a_place_is_its_words_by_weight():
    statements = [
        said("town", DAY, "red"),
        said("town", DAY, "blue", source="monitor", confidence="low"),
        said("vague", "2017-06-01", "red;blue"),
    ]
    model = estimator(
        [place("town", 37.5, 33.5, 700), place("vague", 37.2, 33.2, 9_000)], statements
    )
    seen = model.observations(DAY)
    assert seen.sides == ("blue", "red")
    assert seen.radius_m.tolist() == [700, 9_000]
    # Reported counts 0.8, and with low confidence 0.4 of that.
    assert seen.shares == pytest.approx(np.array([[0.4 / 1.4, 1 / 1.4], [0.5, 0.5]]))
    doubt = np.exp([-0.8 * 1.4 / 0.19, -0.8 / 0.19])
    assert seen.noise == pytest.approx(1 - (1 - Parameters().floor) * (1 - doubt))
    # Thirty days before the date, by the clock that was fitted.
    assert seen.clock[0] == 0
    assert seen.clock[1] in [pytest.approx(-30 / days) for days in (200, 600, 1800)]
    assert len(model.observations("2015-01-01")) == 0


def test_contradiction_leaves_the_field_in_doubt_and_both_words_are_told():
    words = [said("town", DAY, "red"), said("town", DAY, "blue", source="monitor")]
    model = estimator([place("town", 37.5, 33.5)], words)
    assert chance(model, DAY, 37.5, 33.5) == pytest.approx(0.5, abs=1e-6)
    assert held_at(model.draft(DAY), 37.5, 33.5)["controller"] is None
    assert told_at(model, "town").shares.tolist() == [0.5, 0.5]
    agreed = estimator(
        [place("town", 37.5, 33.5)], [words[0], said("town", DAY, "red", source="monitor")]
    )
    assert held_at(agreed.draft(DAY), 37.5, 33.5)["controller"] == "red"


def test_a_publisher_corrects_itself_without_contradiction():
    statements = [said("town", DAY, "red"), said("town", "2017-07-03", "blue")]
    model = estimator([place("town", 37.5, 33.5)], statements)
    assert chance(model, "2017-07-01", 37.5, 33.5) > 0.5 > chance(model, "2017-07-03", 37.5, 33.5)
    assert told_at(model, "town", "2017-07-03").weights == {"blue": 0.8}
    after = held_at(model.draft("2017-07-03"), 37.5, 33.5)
    assert after["controller"] == "blue"
    assert after["statement_ids"] == "stm-town-2017-07-03-blue-wire-all"


def test_a_reported_change_ends_all_earlier_words_and_a_claim_does_not():
    earlier = [said("town", DAY, "red", source=name) for name in ("wire", "monitor")]
    for basis, weights in (
        ("reported", [{"blue": 0.8}]),
        ("claimed", [{"red": 1.6}, {"blue": 0.3}]),
    ):
        word = taken("town", "2017-07-03", "blue", source="red-tv", basis=basis)
        model = estimator([place("town", 37.5, 33.5)], [*earlier, word])
        told = sorted(model.told("2017-07-03"), key=lambda one: one.day)
        assert [one.weights for one in told] == [pytest.approx(one) for one in weights]


def test_outlets_of_one_leaning_are_one_voice_in_their_own_favour():
    def model(*names):
        words = [said("town", DAY, "red", source=name) for name in names]
        words.append(said("town", DAY, "blue", confidence="moderate"))
        return estimator([place("town", 37.5, 33.5)], words)

    many = model("red-tv", "red-radio", "red-paper")
    # 0.8 x 0.7 for the wire, 0.3 once for the claim.
    assert told_at(many, "town").weights == pytest.approx({"red": 0.3, "blue": 0.56})
    alone = chance(model("red-tv"), DAY, 37.5, 33.5)
    assert chance(many, DAY, 37.5, 33.5) == pytest.approx(alone)
    assert alone < 0.5 < chance(model("wire", "monitor"), DAY, 37.5, 33.5)


def test_a_partisan_outlet_is_believed_against_its_own_side():
    words = [
        said("town", DAY, "blue", source="red-tv"),
        said("town", DAY, "red", confidence="low"),
    ]
    model = estimator([place("town", 37.5, 33.5)], words)
    assert told_at(model, "town").weights == pytest.approx({"blue": 0.8, "red": 0.8 * 0.4})
    assert chance(model, DAY, 37.5, 33.5) < 0.5


def test_actors_of_one_side_do_not_contradict_each_other():
    words = [said("town", DAY, "unit-1"), said("town", DAY, "unit-2", source="monitor")]
    sides = {"unit-1": "red", "unit-2": "red"}
    model = estimator([place("town", 37.5, 33.5)], words, sides=sides)
    assert model.sides == ("red",)
    held = held_at(model.draft(DAY), 37.5, 33.5)
    assert (held["status"], held["controller"]) == ("controlled", "unit-1")


# Time.


def test_words_too_far_from_the_date_do_not_count():
    words = [said("town", "2017-01-01", "red"), said("town", "2018-09-01", "blue")]
    model = estimator([place("town", 37.5, 33.5)], words, max_age_days=90)
    with pytest.raises(ValueError, match="no statement is in force on 2017-07-01: none is dated"):
        model.draft(DAY)
    assert held_at(model.draft("2017-02-01"), 37.5, 33.5)["controller"] == "red"


def test_a_word_that_the_next_one_confirms_is_surer_than_one_that_the_next_denies():
    places, words = rows_of(4)
    first = said("g00", "2017-01-01", "red")
    chances = []
    for later in ("red", "blue"):
        told = [first, said("g00", "2017-09-01", later), *words[1:]]
        chances.append(chance(estimator(places, told), "2017-05-01", 37.125, 33.125))
    assert chances[0] > chances[1] + 0.05


def test_ground_that_was_taken_turns_on_that_day_and_not_before():
    places, words = rows_of(5)
    here = places[7].geometry.coords[0]
    model = estimator(places, [*words, taken("g12", "2017-07-10", "blue")])
    for day, holder in (("2017-07-09", "red"), ("2017-07-10", "blue"), ("2017-07-30", "blue")):
        assert chance(model, day, *here, side=holder) > 0.75, day
        assert held_at(model.draft(day), *here)["controller"] == holder, day
    # A claim does so with doubt, and where the words before said it too nothing turned.
    claim = taken("g12", "2017-07-10", "blue", basis="claimed")
    claimed = estimator(places, [*words, claim])
    firm = chance(model, "2017-07-10", *here, side="blue")
    assert chance(claimed, "2017-07-10", *here, side="blue") < firm
    again = estimator(places, [*words, taken("g12", "2017-07-10", "red")])
    assert chance(again, "2017-07-09", *here) > 0.9


def test_a_capture_without_another_word_flips_the_place_at_its_date():
    model = estimator([place("town", 37.5, 33.5)], [taken("town", "2017-07-10", "blue")])
    with pytest.raises(ValueError, match="no statement is in force on 2017-07-09"):
        model.draft("2017-07-09")
    assert held_at(model.draft("2017-07-10"), 37.5, 33.5)["controller"] == "blue"
    # Among words about other places, it says nothing of the day before.
    places, words = rows_of(5)
    word = taken("new", "2017-07-10", "blue")
    with_it = estimator([*places, place("new", 37.25, 33.55)], [*words, word])
    before, after = (
        chance(with_it, day, 37.25, 33.55, "blue") for day in ("2017-07-09", "2017-07-10")
    )
    assert before < 0.2
    assert after > 0.65


def test_foresight_uses_only_what_was_published():
    sources = SOURCES | {
        "early": source("early", published="2017-07-01"),
        "late": source("late", published="2017-08-01"),
    }
    places, words = rows_of(4)
    base = [
        said(row.values["place_id"], DAY, row.values["controller"], source="early") for row in words
    ]
    more = [
        said("g00", DAY, "blue", source="late"),  # published later
        said("g01", "2017-07-20", "blue", source="early"),  # about a later day
        said("g02", "2017-07-20", "blue"),  # of no known day, so of its own
    ]
    tonight = {"as_of": "2017-07-10", "sources": sources}
    plain = estimator(places, base, **tonight).draft("2017-07-10")
    fuller = estimator(places, [*base, *more], **tonight).draft("2017-07-10")
    assert same(fuller, plain)
    assert str(fuller.as_of) == "2017-07-10"
    assert all("As it was known on 2017-07-10." in p.properties["note"] for p in fuller.features)
    later = estimator(places, [*base, *more], as_of="2017-08-01", sources=sources)
    assert not same(later.draft("2017-08-01"), plain)
    assert len(later.told("2017-08-01")) > len(places)


# Places, and patches that were there before.


def test_places_that_tell_nothing_are_listed_with_the_reason():
    places = [
        place("good", 37.5, 33.5),
        place("lost", None, None),
        place("vague", 37.2, 33.2, 18_000),
        place("near", 38.2, 33.5),
        place("far", 45.0, 33.5),
    ]
    model = estimator(places, [said(p.id, DAY, "red") for p in places])
    found = {u.place_id: u.reason for u in model.draft(DAY).unused}
    assert found == {"lost": "it was never located", "far": "it lies outside the study area"}
    assert {one.place_id for one in model.told(DAY)} == {"good", "vague", "near"}


def test_no_evidence_near_the_area_is_an_error_that_says_what_to_do():
    for nowhere in (place("far", 45.0, 33.5), place("lost", None, None)):
        with pytest.raises(ValueError, match=r"add coordinates to places\.geojson"):
            estimator([nowhere], [said(nowhere.id, DAY, "red")])
    with pytest.raises(ValueError, match=r"statements to statements\.csv"):
        estimator([place("mute", 37.5, 33.5)], [])


def test_what_is_no_date_or_no_position_is_refused():
    model = estimator([place("town", 37.5, 33.5)], [said("town", DAY, "red")])
    with pytest.raises(DateError):
        model.draft("2017-13-01")
    with pytest.raises(CRSError, match="longitude, latitude"):
        model.probabilities(DAY, [(33.5, 370.0)])


def by_hand(name, shape, controller="green"):
    values = {
        "id": name,
        "controller": controller,
        "controllers": None,
        "status": "controlled",
        "basis": "assessed",
        "confidence": "high",
        "statement_ids": None,
        "source_ids": None,
        "note": "By hand.",
    }
    return Feature(name, values, shape)


@pytest.mark.parametrize("way", ["kept", "before"])
def test_what_was_drawn_by_hand_stays(way):
    places, statements = rows_of(5)
    model = estimator(places, statements)
    patch = by_hand("ctl-hand", shapely.Polygon([(37.4, 33.4), (37.7, 33.45), (37.5, 33.7)]))
    draft = model.draft(DAY, **{way: [patch]})
    (stays,) = [one for one in draft.features if one.id == "ctl-hand"]
    assert stays.properties == patch.properties
    # But for corners where other borders meet it, which lie on the grid of all coordinates.
    assert shapely.hausdorff_distance(stays.geometry, patch.geometry) < 1e-6
    assert same(model.draft(DAY, kept=draft.features), draft)
    shapes = [one.geometry for one in draft.features]
    assert shapely.union_all(shapes).symmetric_difference(AREA).area < 1e-9
    assert sum(area_km2(shapes)) == pytest.approx(area_km2(AREA)[0], rel=1e-6)
    ground = lattice()
    inside = shapely.contains_xy(shapely.buffer(patch.geometry, -1e-4), *ground.T)
    assert set(holders(draft, ground)[inside]) == {"green"}
    plain = model.draft(DAY)
    outside = ~shapely.contains_xy(shapely.buffer(patch.geometry, 1e-4), *ground.T)
    assert (holders(plain, ground)[outside] == holders(draft, ground)[outside]).all()


def test_a_patch_that_goes_on_keeps_its_id_and_a_second_draft_changes_nothing():
    places, statements = rows_of(5)
    model = estimator(places, statements, dates=[DAY])
    first = model.draft(DAY)
    assert same(model.draft(DAY, kept=first.features), first)
    later = model.draft("2017-07-05", before=first.features)
    assert {one.id for one in later.features} == {one.id for one in first.features}


# Confidence.


def test_confidence_of_a_patch_is_the_probability_of_its_holder_there():
    places, statements = rows_of(5)
    grade = {"high": (0.95, 1), "moderate": (0.8, 1), "low": (0.5, 0.8)}
    seen = set()
    for words, day in ((statements, DAY), (statements[::3], DAY), (statements, "2018-05-01")):
        draft = estimator(places, words).draft(day)
        for feature in draft.features:
            held, chances = feature.properties, draft.probabilities[feature.id]
            assert sum(chances.values()) == pytest.approx(1)
            if held["status"] == "controlled":
                low, high = grade[held["confidence"]]
                assert low <= chances[held["controller"]] <= high
                assert max(chances, key=chances.get) == held["controller"]
                assert "Probability on this ground" in held["note"]
                seen.add(held["confidence"])
    assert seen == set(grade)


def test_what_is_drawn_as_more_than_inferred_has_direct_words_on_it():
    places, statements = rows_of(5)
    draft = estimator(places, statements).draft(DAY)
    spot = {p.id: p.geometry for p in places}
    direct = [p for p in draft.features if p.properties["basis"] == "reported"]
    assert {p.properties["confidence"] for p in direct} == {"high"}
    for patch in direct:
        ids = patch.properties["statement_ids"].split(";")
        assert all(patch.geometry.covers(spot[name.split("-")[1]]) for name in ids)
    assert {p.properties["basis"] for p in draft.features} <= {"reported", "inferred", None}


@pytest.mark.parametrize(("holder", "graded"), [("red", {"low"}), ("blue", {"high", "moderate"})])
def test_what_only_its_own_media_give_a_side_is_of_low_confidence(holder, graded):
    places, _ = rows_of(5)
    told = [said(p.id, DAY, holder, source="red-tv") for p in places]
    draft = estimator(places, told).draft(DAY)
    held = {f.properties["confidence"] for f in draft.features if f.properties["controller"]}
    assert held
    assert held <= graded


def test_probabilities_follow_the_evidence_and_fade_with_age_and_distance():
    places = [place("west", 37.2, 33.5), place("east", 37.8, 33.5), place("south", 37.2, 33.3)]
    who = {"west": "red", "south": "red", "east": "blue"}
    model = estimator(places, [said(p, DAY, side) for p, side in who.items()])
    spots = [(37.2, 33.5), (37.45, 33.5), (37.8, 33.5)]
    fresh = model.probabilities(DAY, spots)
    assert list(fresh) == ["lon", "lat", "blue", "red"]
    assert fresh[["lon", "lat"]].to_numpy().tolist() == [list(spot) for spot in spots]
    assert fresh[["blue", "red"]].sum(axis=1).to_numpy() == pytest.approx(np.ones(3))
    assert fresh["red"].is_monotonic_decreasing
    assert fresh["red"].iloc[0] > 0.85 > 0.5 > fresh["red"].iloc[2]
    old = model.probabilities("2018-06-01", spots)
    assert old["red"].iloc[0] < fresh["red"].iloc[0]
    assert old["blue"].iloc[2] < fresh["blue"].iloc[2]


def test_the_field_of_every_date_has_the_same_numbers_and_evidence_of_its_own():
    places, _ = rows_of(3)
    words = [taken(p.id, f"2017-07-0{k + 1}", "red") for k, p in enumerate(places)]
    model = estimator(places, words, max_age_days=400)
    early, late = model.field("2017-07-02"), model.field("2017-07-09")
    # Word that ground was taken tells nothing of the days before.
    assert (len(early.observations), len(late.observations)) == (2, 9)
    assert early.parameters == late.parameters == model.field_parameters


def test_the_plane_of_the_method_is_equal_area():
    plane = LocalPlane.around(AREA)
    # Straight edges of the plane are not those of longitude-latitude; densify to compare.
    fine = shapely.segmentize(AREA, 0.01)
    assert shapely.area(plane.forward(fine)) / 1e6 == pytest.approx(area_km2(AREA)[0], rel=1e-6)
    assert np.isclose(plane.inverse(plane.forward(shapely.Point(37.2, 33.1))).x, 37.2)


# Another war.


def test_the_same_method_draws_another_theatre():
    folder = SHARED / "data" / "places-ukraine" / "source"
    if not folder.is_dir():
        pytest.skip("the town list of another war is not beside this checkout")
    path = sorted(folder.glob("*.csv"))[-1]
    places, statements = [], []
    with path.open(encoding="utf-8") as file:
        for i, row in enumerate(csv.DictReader(file)):
            row = {key.lower(): value for key, value in row.items() if key}
            holder = (row["held by"] or "").strip().lower()
            if holder in {"ukraine", "russia"} and row["lat"] and row["lon"]:
                places.append(place(f"t{i}", float(row["lon"]), float(row["lat"]), 1000))
                statements.append(said(f"t{i}", "2022-11-30", holder))
    chosen = random.Random(1).sample(range(len(places)), 300)
    asked, known = chosen[:150], chosen[150:]
    area = shapely.envelope(shapely.multipoints([places[i].geometry for i in chosen]))
    model = estimator(
        [places[i] for i in known], [statements[i] for i in known], area=area.buffer(0.01)
    )
    draft = model.draft("2022-12-01")

    def right(indices):
        there = holders(draft, [places[i].geometry.coords[0] for i in indices])
        truth = np.array([statements[i].values["controller"] for i in indices])
        return (there == truth)[there != ""].mean(), (there != "").mean()

    # Whose towns the map knows, and whose it was not told.
    share, drawn_share = right(known)
    assert share > 0.95
    assert drawn_share > 0.9
    share, drawn_share = right(asked)
    assert share > 0.88
    assert drawn_share > 0.8


def test_the_scores_of_the_benchmark_are_those_known_by_hand():
    chance = np.array([[0.8, 0.2], [0.8, 0.2], [0.8, 0.2], [0.8, 0.2], [0.35, 0.65]])
    forecast = Forecast(chance, np.array([0, 0, 0, 1, 1]))
    assert forecast.accuracy == pytest.approx(0.8)
    assert forecast.brier == pytest.approx((3 * 0.08 + 1.28 + 0.245) / 5)
    # Four say 0.8 and three of them are right; one says 0.65 and is right.
    assert forecast.calibration_error == pytest.approx((4 * 0.05 + 0.35) / 5)


@pytest.mark.slow
def test_hidden_places_are_known_better_than_by_their_nearest_neighbour():
    if not benchmark.SOURCE.is_dir():
        pytest.skip("the town lists of another war are not beside this checkout")
    dates = benchmark.read(by_side=True)
    assert len(dates) == 10
    day = list(dates)[3]
    known, asked = benchmark.split(dates, None, day, "others", True, 0)
    assert not {tuple(spot) for spot in known.lonlat} & {tuple(spot) for spot in asked.lonlat}
    names = ["russia", "ukraine"]
    truth = np.searchsorted(names, asked.holder)
    ours, nearest = (
        Forecast(benchmark.PREDICT[name](known, asked.lonlat, names, day, True), truth)
        for name in ("field", "nearest")
    )
    assert ours.brier < 0.8 * nearest.brier
    assert ours.calibration_error < 0.08
    assert ours.accuracy > 0.85


def test_what_one_reading_says_for_two_dates_is_one_word():
    # Reported for the tenth, and read back to the first: of the same report, so told once.
    places = [place("well", 37.3, 33.5), place("far", 38.0, 33.9)]
    read = [
        said("well", "2017-07-01", "red", basis="inferred", source="a"),
        said("well", "2017-07-10", "red", source="a"),
        said("far", "2017-07-05", "blue", source="a"),
    ]
    told = estimator(places, read).told("2017-07-05")
    assert [str(one.day) for one in told if one.place_id == "well"] == ["2017-07-10"]
    # What another report says of it is another word, and so is a change of hands.
    for row in (
        said("well", "2017-07-10", "red", source="b"),
        said("well", "2017-07-10", "blue", source="a"),
    ):
        told = estimator(places, [read[0], row, read[2]]).told("2017-07-05")
        days = sorted(str(one.day) for one in told if one.place_id == "well")
        assert days == ["2017-07-01", "2017-07-10"]


def test_grounds_that_are_severed_are_a_sides_on_both_ends():
    here = drawn("here", shapely.box(37.0, 33.3, 37.1, 33.4))
    there = drawn("there", shapely.box(37.8, 33.7, 37.9, 33.8))
    middle = place("middle", 37.5, 33.55)
    words = [
        said("here", "2017-07-01", "red", extent="severed", opposite="blue", to_place_id="there"),
        said("middle", "2017-07-01", "blue"),
    ]
    found = estimator([here, there, middle], words).probabilities(
        "2017-07-01", [(37.05, 33.35), (37.85, 33.75), (37.5, 33.55)]
    )
    assert (found["red"][:2] > 0.6).all()
    assert found["blue"][2] > 0.6
