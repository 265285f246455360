"""Whose ground counts as what, and wrong arguments."""

import pytest
from siege_cases import BASE, CORRIDOR, WEST

from geo.control.composite import Composite
from geo.control.siege.advance import advance_along
from geo.control.siege.necks import necks
from geo.control.siege.pockets import pockets
from geo.control.testing import FIRST_DAY, area, grid, theatre
from geo.model import Label, Patch


def test_the_three_rules_for_unknown_ground_give_three_answers():
    layers = theatre(["bbbbbbb", "baabaab", "baa?aab", "baabaab", "bbbbbbb"])
    rules = {"anchors": BASE, "places": WEST}
    found = {
        rule: necks(layers, FIRST_DAY, "a", unknown=rule, **rules)
        for rule in ("passable", "enemy", "own")
    }
    assert [len(found[rule]) for rule in ("passable", "enemy", "own")] == [1, 0, 1]
    assert found["passable"]["certainty"].tolist() == ["unknown"]
    # The corridor is unknown: it lets supply through either way, but counts as held only as own.
    assert found["passable"]["area_km2"].item() < found["own"]["area_km2"].item()
    off = pockets(layers, FIRST_DAY, "a", unknown="enemy", **rules)
    assert off["place_ids"].tolist() == ["west"]
    assert off["enclosed_by"].tolist() == ["b;unknown"]


def labelled(letter, **label):
    """The corridor with its middle held as the label says."""
    day = {FIRST_DAY: []}
    for patch in grid("bbbbbbb", "baabaab", "baacaab", "baabaab", "bbbbbbb"):
        mine = patch.label.controller == letter
        day[FIRST_DAY].append(
            Patch(Label(patch="patch-c", **label), patch.geometry) if mine else patch
        )
    return Composite.build(area(*CORRIDOR), day)


@pytest.mark.parametrize(
    ("label", "is_open"),
    [
        ({"controllers": "a;b", "status": "contested"}, True),
        ({"controllers": "b;c", "status": "contested"}, False),
        ({"controllers": "", "status": "contested"}, True),
        ({"controllers": "a;b", "status": "mixed"}, True),
        ({"controller": "b", "status": "advance"}, True),
        ({"status": "none"}, True),
        ({"controller": "c", "status": "controlled"}, False),
    ],
    ids=lambda value: "" if isinstance(value, bool) else "-".join(value.values()),
)
def test_ground_that_no_side_controls_alone_follows_the_rule_unless_it_is_others(label, is_open):
    layers = labelled("c", **label)
    off = pockets(layers, FIRST_DAY, "a", anchors=BASE, unknown="passable")
    assert len(off) == (0 if is_open else 1)
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE, unknown="enemy")) == 1


def test_the_ground_of_a_friend_supplies():
    layers = labelled("c", controller="c", status="controlled")
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 1
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE, friends={"c"})) == 0


def test_the_sides_of_controllers_are_what_counts():
    layers = theatre(["bbbbbbb", "baabccb", "baaaccb", "baabccb", "bbbbbbb"], sides={"c": "a"})
    assert len(pockets(layers, FIRST_DAY, "a", anchors=BASE)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, unknown="free"), "unknown is 'free'"),
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, edge="round"), "edge is 'round'"),
        (lambda c: necks(c, FIRST_DAY, "a", anchors={}, min_area_km2=0), "min_area_km2 is 0"),
        (lambda c: pockets(c, FIRST_DAY, "a", anchors={}, min_area_km2=-1), "min_area_km2 is -1"),
        (lambda c: advance_along(c, FIRST_DAY, "a", []), "at least one position"),
        (lambda c: advance_along(c, FIRST_DAY, "a", [(0, 0)]), "outside the study area"),
        (lambda c: advance_along(c, FIRST_DAY, "a", [(37, 33)], width_km=0), "width_km is 0"),
    ],
)
def test_a_wrong_argument_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theatre(["ab"]))
