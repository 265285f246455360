"""Commands about what could be cut off."""

import json
import re

import pytest

from geo.cli.siege import hold_words


@pytest.mark.parametrize("rule", ["passable", "enemy", "own"])
def test_one_rule_for_unknown_ground_can_be_chosen_by_its_name(frontline, small, rule):
    words = ("pockets", "2017-08-01", "--unknown", rule, "--format", "json", "--layers", small)
    code, out, _ = frontline(*words)
    assert code == 0
    assert {row["unknown"] for row in json.loads(out)} <= {rule}


def test_the_rules_are_named_in_small_letters(frontline):
    assert "[passable|enemy|own|all]" in frontline("necks", "--help")[1]


def test_necks_say_in_words_how_sure_they_are(frontline, shipped):
    code, out, _ = frontline(
        "necks", "2017-08-02", "opposition", "--unknown", "passable", "--layers", shipped
    )
    text = " ".join(out.split())
    assert code == 0
    assert re.search(r"hangs together in \d+ of 100? maps, there about \d+ km wide; \d+ to", text)
    assert "narrower than the error of its ends: it may be open or shut" in text
    assert re.search(r"behind it in 9 of 10 maps or more: .*khirbat_al_umbashi", text)


@pytest.mark.slow
def test_pockets_and_isolation_have_the_chances_in_every_form(frontline, shipped):
    words = ("2017-08-02", "--side", "opposition", "--unknown", "own", "--layers", shipped)
    code, out, _ = frontline("pockets", *words, "--format", "json")
    assert code == 0
    for row in json.loads(out):
        assert 0 <= row["joined"] <= 1
        assert row["low_km"] is None or row["high_km"] is None or row["low_km"] <= row["high_km"]
    code, out, _ = frontline("isolation", *words, "--format", "csv")
    assert code == 0
    assert {"width_km", "low_km", "high_km", "joined", "held"} <= set(
        out.splitlines()[0].split(",")
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"joined": 1.0, "low_km": 3.0, "high_km": 9.0},
            "all maps, there about 6 km wide; 3 to",
        ),
        ({"joined": 0.0, "width_km": None, "low_km": 0.0, "high_km": 0.0}, "in none of the maps"),
        ({"joined": 0.004}, "in 1 of 100 maps"),
        ({"joined": 0.999}, "in 99 of 100 maps"),
        ({"joined": 0.4, "apart_km": 4.4}, "it is some 4 km apart. It is narrower than the error"),
        ({"joined": 1.0, "width_km": None, "high_km": None}, "there by no neck; 0 km or more over"),
        ({"joined": 1.0, "length_km": 2.0}, "narrower than the error of its ends, 4 km"),
    ],
)
def test_chances_are_told_as_maps_of_ten_or_a_hundred(row, words):
    usual = {"joined": 0.5, "width_km": 6.0, "low_km": 0.0, "high_km": 8.0, "error_km": 4.0}
    assert words in hold_words(usual | row)
