import csv
import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.crs import LocalPlane, area_km2, distance_km
from geo.errors import CRSError
from geo.evidence.estimate.draft import Estimator
from geo.evidence.estimate.parameters import Parameters
from geo.model import Feature, Row
from tests.benchmarks import estimate as benchmark
from tests.benchmarks.estimate import Forecast

AREA = shapely.box(37.0, 33.0, 38.0, 34.0)
SHARED = Path(os.environ.get("GEO_SHARED", Path(__file__).parents[3] / "shared"))


def place(name, lon, lat, radius_m=500):
    geometry = None if lon is None else shapely.Point(lon, lat)
    return Feature(name, {"id": name, "name": name.title(), "geo_radius_m": radius_m}, geometry)


def said(
    place_id, date, controller, *, source="wire", basis="reported", confidence="high", event=None
):
    contested = ";" in controller
    values = {
        "place_id": place_id,
        "date": date,
        "status": "contested" if contested else "controlled",
        "controller": None if contested else controller,
        "controllers": controller if contested else None,
        "basis": basis,
        "confidence": confidence,
        "source_ids": source,
        "event_ids": event,
    }
    return Row(f"stm-{place_id}-{date}-{controller}-{source}", values)


def source(name, leaning=None):
    return Row(name, {"publisher": name, "leaning": leaning})


SOURCES = {s.id: s for s in [source("wire"), source("monitor"), source("red-tv", "red")]}
SOURCES |= {s.id: s for s in [source("red-radio", "red"), source("red-paper", "red")]}


def estimator(places, statements, area=AREA, sides=None, **parameters):
    by_id = {p.id: p for p in places}
    return Estimator(
        area, by_id, statements, SOURCES, sides or {}, parameters=Parameters(**parameters)
    )


def held_at(draft, lon, lat):
    point = shapely.Point(lon, lat)
    return next(f.properties for f in draft.features if f.geometry.covers(point))


def test_two_equal_places_part_the_ground_halfway():
    places = [place("west", 37.3, 33.5), place("east", 37.7, 33.5)]
    statements = [said("west", "2017-07-01", "red"), said("east", "2017-07-01", "blue")]
    draft = estimator(places, statements, reach_km=500).draft("2017-07-02")
    assert held_at(draft, 37.49, 33.5)["controller"] == "red"
    assert held_at(draft, 37.51, 33.5)["controller"] == "blue"
    assert draft.assessed_share == pytest.approx(1)


def test_a_vague_place_gets_less_ground_by_the_power_of_its_radius():
    places = [place("sharp", 37.3, 33.5, 1000), place("vague", 37.7, 33.5, 9000)]
    statements = [said("sharp", "2017-07-01", "red"), said("vague", "2017-07-01", "blue")]
    draft = estimator(places, statements, reach_km=500).draft("2017-07-02")
    # By hand: d1^2 + r1^2 = d2^2 + r2^2 on the line between them, D apart.
    apart = float(distance_km(37.3, 33.5, 37.7, 33.5))
    border_km = apart / 2 + (9**2 - 1**2) / (2 * apart)
    lon = 37.3 + 0.4 * border_km / apart
    assert held_at(draft, lon - 0.003, 33.5)["controller"] == "red"
    assert held_at(draft, lon + 0.003, 33.5)["controller"] == "blue"


def test_a_sharper_place_on_the_same_spot_takes_in_the_words_about_the_vague_one():
    places = [place("hill", 37.5, 33.5, 1500), place("well", 37.5, 33.5, 6000)]
    statements = [
        said("hill", "2017-05-10", "red", confidence="low"),
        said("well", "2017-07-20", "blue", source="monitor"),
    ]
    draft = estimator(places, statements).draft("2017-07-31")
    held = held_at(draft, 37.5, 33.5)
    assert held["controller"] == "blue"
    assert held["statement_ids"].startswith("stm-well")
    assert [u.place_id for u in draft.unused] == ["well"]


def test_ground_beyond_reach_is_unknown():
    draft = estimator(
        [place("only", 37.5, 33.5, 2000)], [said("only", "2017-07-01", "red")], reach_km=12
    ).draft("2017-07-02")
    areas = {f.properties["status"]: area_km2(f.geometry)[0] for f in draft.features}
    # Located to 2 km: 10 km are left. A circle with 64 corners has 64/2 sin(2 pi/64) r^2.
    assert areas["controlled"] == pytest.approx(32 * math.sin(math.pi / 32) * 100, rel=1e-3)
    unknown = next(f.properties for f in draft.features if f.properties["status"] == "unknown")
    assert unknown["controller"] is None
    assert unknown["basis"] is None
    assert sum(areas.values()) == pytest.approx(area_km2(AREA)[0], rel=1e-6)


def test_contradiction_is_contested_and_names_the_likelier_holder_first():
    statements = [
        said("town", "2017-07-01", "red", confidence="moderate"),
        said("town", "2017-07-01", "blue", source="monitor"),
    ]
    held = held_at(
        estimator([place("town", 37.5, 33.5)], statements).draft("2017-07-01"), 37.5, 33.5
    )
    assert held["status"] == "contested"
    assert held["controller"] is None
    assert held["controllers"] == "blue;red"
    assert held["confidence"] == "low"


def test_a_publisher_corrects_itself_without_contradiction():
    statements = [said("town", "2017-07-01", "red"), said("town", "2017-07-03", "blue")]
    model = estimator([place("town", 37.5, 33.5)], statements)
    assert held_at(model.draft("2017-07-02"), 37.5, 33.5)["controller"] == "red"
    after = held_at(model.draft("2017-07-03"), 37.5, 33.5)
    assert (after["controller"], after["statement_ids"]) == (
        "blue",
        "stm-town-2017-07-03-blue-wire",
    )


def test_a_reported_change_ends_all_earlier_words_and_a_claim_does_not():
    earlier = [said("town", "2017-07-01", "red", source=name) for name in ("wire", "monitor")]
    for basis, controller in (("reported", "blue"), ("claimed", None)):
        taken = said(
            "town", "2017-07-03", "blue", source="red-tv", basis=basis, event="evt-capture"
        )
        model = estimator([place("town", 37.5, 33.5)], [*earlier, taken], contested_share=0.1)
        held = held_at(model.draft("2017-07-03"), 37.5, 33.5)
        assert held["controller"] == controller
        assert (held["status"] == "contested") == (controller is None)


def test_outlets_of_one_leaning_are_one_voice_in_their_own_favour():
    partisans = [
        said("town", "2017-07-01", "red", source=name)
        for name in ("red-tv", "red-radio", "red-paper")
    ]
    statements = [*partisans, said("town", "2017-07-01", "blue")]
    model = estimator([place("town", 37.5, 33.5)], statements, contested_share=0.3)
    held = held_at(model.draft("2017-07-01"), 37.5, 33.5)
    # 0.8 for the wire, 0.3 once for the claim.
    assert held["controller"] == "blue"
    assert "red 27%" in held["note"]


def test_a_partisan_outlet_is_believed_against_its_own_side():
    statements = [
        said("town", "2017-07-01", "blue", source="red-tv"),
        said("town", "2017-07-01", "red", confidence="low"),
    ]
    held = held_at(
        estimator([place("town", 37.5, 33.5)], statements).draft("2017-07-01"), 37.5, 33.5
    )
    assert "blue 71%" in held["note"]  # 0.8 against 0.8 x 0.4


def test_actors_of_one_side_do_not_contradict_each_other():
    statements = [
        said("town", "2017-07-01", "unit-1"),
        said("town", "2017-07-01", "unit-2", source="monitor"),
    ]
    sides = {"unit-1": "red", "unit-2": "red"}
    model = estimator([place("town", 37.5, 33.5)], statements, sides=sides)
    held = held_at(model.draft("2017-07-01"), 37.5, 33.5)
    assert (held["status"], held["controller"]) == ("controlled", "unit-1")


def test_old_and_later_statements_are_out_of_force():
    statements = [said("town", "2017-01-01", "red"), said("town", "2017-09-01", "blue")]
    model = estimator([place("town", 37.5, 33.5)], statements)
    with pytest.raises(ValueError, match="no statement is in force on 2017-07-01"):
        model.draft("2017-07-01")


def test_a_word_that_the_next_one_confirms_bridges_the_time_between():
    held = [said("town", "2017-01-01", "red"), said("town", "2017-09-01", "red")]
    places = [place("town", 37.5, 33.5), place("other", 37.1, 33.1)]
    other = said("other", "2017-05-01", "blue")
    model = estimator(places, [*held, other], max_age_days=130)
    assert held_at(model.draft("2017-05-02"), 37.5, 33.5)["controller"] == "red"
    broken = [held[0], said("town", "2017-09-01", "blue")]
    model = estimator(places, [*broken, other], max_age_days=90)
    assert held_at(model.draft("2017-05-02"), 37.5, 33.5)["status"] == "unknown"


def test_places_that_draw_nothing_are_listed_with_the_reason():
    places = [
        place("good", 37.5, 33.5),
        place("lost", None, None),
        place("vague", 37.2, 33.2, 18_000),
        place("far", 45.0, 33.5),
    ]
    statements = [said(p.id, "2017-07-01", "red") for p in places]
    unused = {
        u.place_id: u.reason for u in estimator(places, statements).draft("2017-07-01").unused
    }
    assert unused == {
        "lost": "it was never located",
        "vague": "its position is known only to 18 km",
        "far": "it lies outside the study area",
    }


def test_no_evidence_near_the_area_is_an_error_that_says_what_to_do():
    with pytest.raises(ValueError, match=r"add coordinates to places\.geojson"):
        estimator([place("far", 45.0, 33.5)], [said("far", "2017-07-01", "red")])


def test_a_cell_without_words_of_its_own_takes_the_nearest_verdict():
    places = [place("a", 37.3, 33.5), place("b", 37.4, 33.5), place("c", 37.7, 33.5)]
    statements = [
        said("a", "2017-07-01", "red"),
        said("b", "2017-07-10", "blue"),
        said("c", "2017-07-01", "blue"),
    ]
    model = estimator(places, statements, reach_km=60)
    assert held_at(model.draft("2017-07-05"), 37.4, 33.5)["controller"] == "red"
    assert held_at(model.draft("2017-07-10"), 37.4, 33.5)["controller"] == "blue"


positions = st.tuples(
    st.floats(37.02, 37.98, allow_nan=False), st.floats(33.02, 33.98, allow_nan=False)
)


@st.composite
def theatres(draw):
    spots = draw(st.lists(positions, min_size=1, max_size=9))
    places = [
        place(f"p{i}", round(lon, 4), round(lat, 4), draw(st.sampled_from([0, 800, 4000, 9000])))
        for i, (lon, lat) in enumerate(spots)
    ]
    days = ["2017-07-01", "2017-07-10", "2017-07-20"]
    statements = [said("p0", "2017-07-01", "red")]
    for spot in places:
        for day in draw(st.lists(st.sampled_from(days), unique=True, max_size=2)):
            who = draw(st.sampled_from(["red", "blue", "red;blue"]))
            statements.append(
                said(spot.id, day, who, source=draw(st.sampled_from(sorted(SOURCES))))
            )
    return places, {row.id: row for row in statements}.values()


@settings(max_examples=examples(40), deadline=None)
@given(theatres(), st.randoms())
def test_a_draft_covers_the_area_once_and_order_does_not_matter(theatre, dice):
    places, statements = theatre
    draft = estimator(places, list(statements)).draft("2017-07-20")
    shapes = [f.geometry for f in draft.features]
    assert all(shapely.is_valid(shapes))
    assert shapely.union_all(shapes).symmetric_difference(AREA).area < 1e-9
    assert sum(s.area for s in shapes) == pytest.approx(AREA.area, rel=1e-9)
    shuffled = dice.sample(list(statements), len(statements))
    again = estimator(dice.sample(places, len(places)), shuffled).draft("2017-07-20")
    assert [f.properties for f in again.features] == [f.properties for f in draft.features]
    for one, other in zip(draft.features, again.features, strict=True):
        assert one.geometry.equals(other.geometry)


@settings(max_examples=25, deadline=None)
@given(theatres())
def test_borders_of_two_dates_never_run_side_by_side(theatre):
    places, statements = theatre
    model = estimator(places, list(statements))
    first, second = (model.draft(day).features for day in ("2017-07-01", "2017-07-20"))
    for one in first:
        for other in second:
            piece = shapely.intersection(one.geometry, other.geometry, grid_size=1e-6)
            for part in shapely.get_parts(piece):
                if shapely.area(part) > 0:
                    # A sliver would be long and thin; a true face is a cell cut by circles.
                    width = 2 * shapely.area(part) / shapely.length(part)
                    assert width > 2e-6 or shapely.length(part) < 1e-4


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
    dice = random.Random(1)
    chosen = dice.sample(range(len(places)), 150)
    places, statements = [places[i] for i in chosen], [statements[i] for i in chosen]
    area = shapely.envelope(shapely.multipoints([p.geometry for p in places]))
    draft = estimator(places, statements, area=area.buffer(0.01)).draft("2022-12-01")
    tree = shapely.STRtree([f.geometry for f in draft.features])
    wrong = []
    for spot, row in zip(places, statements, strict=True):
        held = {
            draft.features[i].properties["controller"] for i in tree.query(spot.geometry, "within")
        }
        if row.values["controller"] not in held:
            wrong.append(spot.id)
    absorbed = {u.place_id for u in draft.unused}
    assert set(wrong) <= absorbed
    assert len(places) - len(absorbed) > 100


def test_the_plane_of_the_method_is_equal_area():
    plane = LocalPlane.around(AREA)
    # Straight edges of the plane are not those of longitude-latitude; densify to compare.
    fine = shapely.segmentize(AREA, 0.01)
    assert shapely.area(plane.forward(fine)) / 1e6 == pytest.approx(area_km2(AREA)[0], rel=1e-6)
    assert np.isclose(plane.inverse(plane.forward(shapely.Point(37.2, 33.1))).x, 37.2)


def test_observations_are_the_words_of_each_place_by_weight():
    places = [place("town", 37.5, 33.5, 700), place("vague", 37.2, 33.2, 30_000)]
    statements = [
        said("town", "2017-07-01", "red"),
        said("town", "2017-07-01", "blue", source="monitor", confidence="low"),
        said("vague", "2017-06-01", "red;blue"),
    ]
    model = estimator(places, statements)
    seen = model.observations("2017-07-01")
    assert (seen.keys, seen.sides) == (("town", "vague"), ("blue", "red"))
    assert seen.radius_m.tolist() == [700, 30_000]
    # Reported counts 0.8, with low confidence 0.4 of that, after 30 days half.
    assert seen.shares == pytest.approx(np.array([[0.4 / 1.4, 1 / 1.4], [0.5, 0.5]]))
    assert seen.noise == pytest.approx(np.exp([-0.8 * 1.4 / 0.19, -0.4 / 0.19]))
    assert seen.xy == pytest.approx(
        shapely.get_coordinates(
            model.plane.forward(shapely.MultiPoint([[37.5, 33.5], [37.2, 33.2]]))
        )
    )
    assert len(model.observations("2016-01-01")) == 0


def test_partisan_outlets_are_one_voice_in_the_field_too():
    def chance(*sources):
        statements = [said("town", "2017-07-01", "red", source=name) for name in sources]
        statements.append(said("town", "2017-07-01", "blue", confidence="moderate"))
        model = estimator([place("town", 37.5, 33.5)], statements)
        return model.probabilities("2017-07-01", [(37.5, 33.5)])["red"].item()

    assert chance("red-tv") == pytest.approx(chance("red-tv", "red-radio", "red-paper"))
    assert chance("red-tv") < 0.5 < chance("wire", "monitor")


def test_probabilities_follow_the_evidence_and_fade_with_age_and_distance():
    places = [place("west", 37.2, 33.5), place("east", 37.8, 33.5), place("south", 37.2, 33.3)]
    holders = {"west": "red", "south": "red", "east": "blue"}
    model = estimator(places, [said(p, "2017-07-01", who) for p, who in holders.items()])
    spots = [(37.2, 33.5), (37.45, 33.5), (37.8, 33.5)]
    fresh = model.probabilities("2017-07-01", spots)
    assert list(fresh) == ["lon", "lat", "blue", "red"]
    assert fresh[["lon", "lat"]].to_numpy().tolist() == [list(spot) for spot in spots]
    assert fresh[["blue", "red"]].sum(axis=1).to_numpy() == pytest.approx(np.ones(3))
    assert fresh["red"].is_monotonic_decreasing
    assert fresh["red"].iloc[0] > 0.9 > 0.5 > fresh["red"].iloc[2]
    old = model.probabilities("2017-09-25", spots)
    assert old["red"].iloc[0] < fresh["red"].iloc[0]
    assert old["blue"].iloc[2] < fresh["blue"].iloc[2]
    with pytest.raises(CRSError, match="longitude, latitude"):
        model.probabilities("2017-07-01", [(33.5, 370.0)])


def test_confidence_of_a_patch_is_the_probability_of_its_holder_there():
    places = [place(f"p{k}", 37.1 + 0.1 * k, 33.5) for k in range(9)]
    agreed = [said(p.id, "2017-07-01", "red") for p in places]
    mixed = [said(p.id, "2017-07-01", "red" if p.id < "p5" else "blue") for p in places]
    mixed.append(said("p8", "2017-07-01", "red", source="monitor"))
    grade = {"high": (0.95, 1), "moderate": (0.8, 0.95), "low": (0, 0.8)}
    seen = set()
    for statements, day in ((agreed, "2017-07-01"), (mixed, "2017-07-01"), (mixed, "2017-09-20")):
        draft = estimator(places, statements).draft(day)
        for feature in draft.features:
            held, chances = feature.properties, draft.probabilities[feature.id]
            assert sum(chances.values()) == pytest.approx(1)
            if held["status"] == "controlled":
                low, high = grade[held["confidence"]]
                assert low <= chances[held["controller"]] <= high
                seen.add(held["confidence"])
                assert "Probability on this ground" in held["note"]
            elif held["status"] == "contested":
                assert held["confidence"] == "low"
    assert seen == set(grade)
    strict = estimator(places, mixed, high=1.0, moderate=1.0).draft("2017-07-01")
    assert {f.properties["confidence"] for f in strict.features} <= {"low", None}


@pytest.mark.parametrize(("holder", "graded"), [("red", {"low"}), ("blue", {"high", "moderate"})])
def test_what_only_its_own_media_give_a_side_is_of_low_confidence(holder, graded):
    places = [place(f"p{k}", 37.1 + 0.1 * k, 33.5) for k in range(9)]
    told = [said(p.id, "2017-07-01", holder, source="red-tv") for p in places]
    draft = estimator(places, told).draft("2017-07-01")
    held = {f.properties["confidence"] for f in draft.features if f.properties["controller"]}
    assert held <= graded and held


def test_the_field_of_every_date_has_the_same_range_and_spread():
    places = [place(f"p{k}", 37.1 + 0.1 * k, 33.5) for k in range(9)]
    statements = [said(p.id, f"2017-07-0{k + 1}", "red") for k, p in enumerate(places)]
    model = estimator(places, statements, max_age_days=400)
    early, late = model.field("2017-07-02"), model.field("2017-07-09")
    assert len(early.observations) < len(late.observations)
    assert early.parameters == late.parameters


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
