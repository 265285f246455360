"""Necks on the map: what they name, and their series."""

import datetime as dt

import numpy as np
import pytest
import shapely
from shapely import Point, Polygon, box
from siege_cases import BASE, CORRIDOR, WEST

from geo.control.composite import Composite
from geo.control.siege.isolation import isolation
from geo.control.siege.necks import narrowest, necks
from geo.control.siege.pockets import pockets
from geo.control.testing import FIRST_DAY, theatre
from geo.crs import LocalPlane
from geo.errors import DateError
from geo.model import Label, Patch


def test_a_neck_names_what_it_cuts_off_and_what_would_join():
    (row,) = necks(theatre(CORRIDOR), FIRST_DAY, "a", anchors=BASE, places=WEST).itertuples()
    # A tenth of a degree of latitude at 33.25 N, on the ellipsoid.
    assert row.length_km == pytest.approx(11.09, abs=0.01)
    assert (row.rank, row.day, row.side, row.leg_count) == (1, FIRST_DAY, "a", 1)
    assert row.place_ids == "west"
    assert row.anchors_lost == "base"
    assert {row.from_holder, row.to_holder} == {"b"}
    assert {row.from_place, row.to_place} == {"wall", "floor"}
    assert row.certainty == "reported"
    assert row.footing == "reported 11.1 km"
    assert row.km2_per_km == pytest.approx(row.area_km2 / row.length_km)
    assert row.pocket.contains(Point(WEST["west"]))
    assert not row.pocket.intersects(BASE["base"])
    assert row.geometry.geom_type == "LineString"


def test_each_leg_of_a_cut_names_the_stretches_that_it_joins():
    # The corridor is a square high, with an island in its middle: two legs, past the island.
    rows = ["bbbbbbb", "baabaab", "baaaaab", "baacaab", "baaaaab", "baabaab", "bbbbbbb"]
    places = {
        "north_near": (37.35, 33.52), "north_far": (37.36, 33.6), "island": (37.35, 33.35),
        "south": (37.35, 33.15), "beyond": (37.35, 32.8), "own": (37.15, 33.35),
    }  # fmt: skip
    (row,) = necks(
        theatre(rows), FIRST_DAY, "a", anchors={"base": Point(37.55, 33.35)}, places=places
    ).itertuples()
    legs = row.legs.split("; ")
    assert row.leg_count == len(legs) == 2
    ends = {frozenset(leg.split(": ")[0].split(" to ")) for leg in legs}
    assert ends == {
        frozenset({"north_near / north_far", "island"}), frozenset({"island", "south"}),
    }  # fmt: skip
    told = [float(leg.split(": ")[1].split(" km")[0]) for leg in legs]
    assert sum(told) == pytest.approx(row.length_km, abs=0.1)
    assert {leg.rsplit(", ", 1)[1] for leg in legs} == {"reported"}


def test_events_behind_a_neck_are_named_and_no_others():
    events = {"evt-in": WEST["west"], "evt-out": (37.55, 33.25), "evt-enemy": WEST["wall"]}
    rules = {"anchors": BASE, "events": events}
    (row,) = necks(theatre(CORRIDOR), FIRST_DAY, "a", **rules).itertuples()
    assert row.event_ids == "evt-in"


def test_a_cut_that_ends_at_a_closed_edge_says_so():
    rows = ["aabaa", "aaaaa"]
    (row,) = necks(
        theatre(rows),
        FIRST_DAY,
        "a",
        anchors={"base": Point(37.45, 33.05)},
        edge="closed",
        places={"salient": (37.25, 33.15)},
    ).itertuples()
    (leg,) = row.legs.split("; ")
    assert set(leg.split(": ")[0].split(" to ")) == {"edge", "salient"}


def test_a_frame_without_necks_has_its_columns():
    found = necks(theatre(["aaa", "aaa"]), FIRST_DAY, "a", anchors=BASE)
    assert len(found) == 0
    assert {"length_km", "place_ids", "pocket", "geometry"} <= set(found.columns)
    none = isolation(theatre(["aa"]), FIRST_DAY, "z", anchors={}, places=WEST)
    assert (len(none), len(pockets(theatre(["aa"]), FIRST_DAY, "z", anchors={}))) == (0, 0)


def test_the_series_shows_the_neck_close():
    wide = ["bbbbbbb", "baaaaab", "baaaaab", "baaaaab", "bbbbbbb"]
    closed = ["bbbbbbb", "baabaab", "baabaab", "baabaab", "bbbbbbb"]
    supply = {"anchors": BASE, "places": WEST}
    series = narrowest(theatre(wide, CORRIDOR, closed), "a", supply=lambda _: supply)
    assert series["necks"].tolist() == [0, 1, 0]
    assert series["length_km"].round(1).tolist()[1] == 11.1
    assert [km2 > 0 for km2 in series["cut_off_km2"]] == [False, False, True]


def test_before_the_first_layer_there_is_no_answer():
    with pytest.raises(DateError):
        necks(theatre(["ab"]), FIRST_DAY - dt.timedelta(days=1), "a", anchors={})


def test_finely_drawn_ground_is_simplified_within_the_stated_error():
    plane = LocalPlane(37.5, 33.2)
    turn = np.linspace(0, 2 * np.pi, 12_000, endpoint=False)
    # A waist of 4 km, with waves of 5 m on the banks.
    wave = 1 + 0.0005 * np.sin(400 * turn)
    far = (11e3 + 9e3 * np.cos(2 * turn)) * wave
    held = plane.inverse(Polygon(np.stack([np.cos(turn), np.sin(turn)], 1) * far[:, None]))
    held = shapely.set_precision(held, 1e-6)
    study = box(37, 32.9, 38, 33.5)
    layers = Composite.build(
        study,
        {
            FIRST_DAY: [
                Patch(Label("a", "", "controlled", "reported", "high", "a"), held),
                Patch(
                    Label("b", "", "controlled", "reported", "high", "b"),
                    shapely.difference(study, held, grid_size=1e-6),
                ),
            ]
        },
    )
    (row,) = necks(layers, FIRST_DAY, "a", anchors={"base": Point(37.6, 33.2)}).itertuples()
    assert row.length_km == pytest.approx(4, abs=0.05 + 0.01)


def test_the_same_question_has_the_same_answer():
    layers = theatre(CORRIDOR)
    one, two = (necks(layers, FIRST_DAY, "a", anchors=BASE, places=WEST) for _ in range(2))
    assert one.to_wkb().equals(two.to_wkb())
