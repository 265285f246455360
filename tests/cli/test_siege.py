"""Commands about what could be cut off."""

import json

import pytest


@pytest.mark.parametrize("rule", ["passable", "enemy", "own"])
def test_one_rule_for_unknown_ground_can_be_chosen_by_its_name(frontline, small, rule):
    words = ("pockets", "2017-08-01", "--unknown", rule, "--format", "json", "--layers", small)
    code, out, _ = frontline(*words)
    assert code == 0
    assert {row["unknown"] for row in json.loads(out)} <= {rule}


def test_the_rules_are_named_in_small_letters(frontline):
    assert "[passable|enemy|own|all]" in frontline("necks", "--help")[1]
