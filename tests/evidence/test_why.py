import datetime as dt
import json
import math

import pytest
import shapely
import shapely.affinity
from ledgers import with_rows

from geo import evidence
from geo.errors import DateError, UnknownIdError
from geo.evidence.estimate.draft import Estimator
from geo.model import CONTROL, Row, split_ids


def test_the_chain_of_the_advance_ends_in_several_publishers(case):
    chain = evidence.find_why(*case, "bir_mahruthah", "2017-08-02")
    assert chain.label.controller == "opposition"
    assert (chain.since, chain.before.controller) == (dt.date(2017, 8, 2), "government")
    assert [row.id for row in chain.changes] == ["chg-6b26821d"]
    assert {"sohr-71105", "ucdp-ged-syria"} <= set(chain.sources)
    assert "Syrian Observatory for Human Rights" in chain.publishers
    assert len(chain.publishers) >= 2
    assert {row.values["controller"] for row in chain.statements} == {"opposition"}
    assert chain.against == ()
    text = str(chain)
    assert "since the layer of 2017-08-02; before that government" in text
    assert "https://www.syriahr.com/en/71105/" in text
    assert "Syrian Observatory for Human Rights (no known leaning; published 2017-08-02)" in text


def test_ground_without_a_name_says_that_it_is_inferred_and_from_how_far(case):
    spot = shapely.Point(37.3, 32.82)
    chain = evidence.find_why(*case, "37.3,32.82", "2017-07-31")
    assert chain.place is None
    assert chain.label.basis == "inferred"
    place, far_km = chain.nearest
    # On a sphere, to the shape in the gazetteer; degrees are stretched so that they are even.
    even = math.cos(math.radians(32.82))
    shape = shapely.affinity.scale(case[0].places[place].geometry, even, 1.0, origin=spot)
    away = math.radians(shapely.distance(shape, spot))
    assert far_km > 1
    assert far_km == pytest.approx(6371 * away, rel=0.01)
    assert place in {row.values["place_id"] for row in chain.statements}
    assert f"nearest evidence: {place}, {far_km:.1f} km away" in str(chain)
    assert "inferred" in str(chain)


def test_what_speaks_against_it_is_told_with_its_weight(case):
    folder, composite = case
    day = composite.dates[-1]
    inside = [p for p in folder.places.values() if p.geometry is not None]
    inside = [p.id for p in inside if shapely.covers(folder.area, p.geometry)]
    chains = (evidence.find_why(folder, composite, place, day) for place in inside)
    chain = next(one for one in chains if one.against and one.label.controller)
    side = folder.sides[chain.label.controller]
    for row in chain.against:
        named = {row.values["controller"], *split_ids(row.values["controllers"])} - {None}
        assert {folder.sides[name] for name in named} - {side}
    for row in chain.statements:
        assert row.id not in {other.id for other in chain.against}
    # Later words, which hindsight knows, have no weight of that day.
    told = {row.id for row in (*chain.statements, *chain.against)}
    assert set(chain.weights) <= told
    assert all(weight > 0 for weight in chain.weights.values())
    assert "against it" in str(chain)


def test_a_claim_after_the_change_speaks_against_it_and_the_state_before_does_not(little):
    folder, composite = little
    row = folder.rows("statements")["stm-mid-2"]
    late = Row("stm-late", row.values | {"id": "stm-late", "controller": "red"})
    early = Row("stm-early", late.values | {"id": "stm-early", "date": "2017-07-30"})
    folder = with_rows(folder, "statements", [*folder.statements.rows, late, early])
    chain = evidence.find_why(folder, composite, "mid_well", "2017-08-01")
    assert [r.id for r in chain.against] == ["stm-late"]


def test_contested_ground_rests_on_the_words_of_its_parties(little):
    folder, composite = little
    day = dt.date(2017, 8, 1)
    (patch,) = [
        one for one in folder.control[day].features if one.properties["status"] == "contested"
    ]
    spot = shapely.point_on_surface(patch.geometry)
    chain = evidence.find_why(folder, composite, (spot.x, spot.y), day)
    assert chain.label.status == "contested"
    parties = set(split_ids(patch.properties["controllers"]))
    assert len(parties) > 1
    for row in chain.statements:
        named = {row.values["controller"], *split_ids(row.values["controllers"])} - {None}
        assert named & parties
    assert chain.against == ()


def test_unknown_ground_names_the_nearest_evidence(case):
    folder, composite = case
    unknown = next(
        f
        for f in folder.control[dt.date(2017, 7, 31)].features
        if f.properties["status"] == "unknown"
    )
    spot = shapely.point_on_surface(unknown.geometry)
    chain = evidence.find_why(folder, composite, (spot.x, spot.y), "2017-07-31")
    assert chain.label.status == "unknown"
    assert chain.statements == ()
    assert chain.nearest[1] >= 0
    assert "it rests on no statement" in str(chain)


def test_the_first_layer_has_no_before_and_the_last_no_until(case):
    folder, composite = case
    inside = [p for p in folder.places.values() if p.geometry is not None]
    inside = [p.id for p in inside if shapely.covers(folder.area, p.geometry)]
    histories = ((place, evidence.place_history(folder, composite, place)) for place in inside)
    steady = next(place for place, history in histories if len(history) == 1)
    chain = evidence.find_why(folder, composite, steady, "2017-09-30")
    assert (chain.since, chain.before, chain.until) == (composite.dates[0], None, None)
    assert chain.as_of == composite.dates[-1]
    assert chain.changes == ()
    assert "the first layer, or longer" in str(chain)


def test_a_change_that_no_row_explains_says_so(little):
    folder, composite = little
    chain = evidence.find_why(with_rows(folder, "changes", []), composite, "mid_well", "2017-08-01")
    assert chain.changes == ()
    assert "no row explains the change" in str(chain)


def test_every_chain_of_every_place_and_layer_can_be_told(case, monkeypatch):
    folder, composite = case
    # The field is fitted once, not for every chain.
    one = Estimator.of(folder)
    monkeypatch.setattr(Estimator, "of", lambda *_, **__: one)
    inside = [p for p in folder.places.values() if p.geometry is not None]
    inside = [p.id for p in inside if shapely.covers(folder.area, p.geometry)]
    for place in inside[::20]:
        for day in composite.dates[::4]:
            chain = evidence.find_why(folder, composite, place, day)
            told = json.loads(json.dumps(chain.to_dict()))
            assert told["label"]["status"] == str(chain.label.status)
            assert set(told["patch"]) == set(CONTROL.names)
            assert len(told["sources"]) == len(chain.sources)
            assert chain.since <= chain.as_of <= chain.day
            lines = str(chain).splitlines()[1:]
            assert [line for line in lines if len(line) > 110 and "http" not in line] == []


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("bir_mahrutah", UnknownIdError, "did you mean bir_mahruthah"),
        ("al_fakka", UnknownIdError, "never located"),
        ("damascus", UnknownIdError, "outside the study area"),
        ("10,50", UnknownIdError, "outside the study area"),
        ("37.3,north", ValueError, "longitude,latitude"),
        ("37.3,32.9,5", ValueError, "longitude,latitude"),
    ],
)
def test_a_position_that_is_none_is_refused_with_help(case, where, error, says):
    with pytest.raises(error, match=says):
        evidence.find_why(*case, where, "2017-08-02")


def test_before_the_first_layer_there_is_no_why(case):
    with pytest.raises(DateError, match="2017-03-29"):
        evidence.find_why(*case, "bir_mahruthah", "2017-01-01")
