"""Words that a draft leaves out are named with the reason that is the reason."""

import pytest

from tests.foreign import HEADER

DAY = "2024-08-01"


@pytest.fixture
def theatre_of(frontline, tmp_path):
    def make(rows):
        path = tmp_path / "towns.csv"
        path.write_text(HEADER + rows)
        assert frontline("import", "statements-csv", path, "--into", tmp_path / "out")[0] == 0
        return tmp_path / "out"

    return make


def test_a_town_that_is_contested_by_nobody_named_is_told(cases, frontline, tmp_path):
    root = tmp_path / "out"
    path = cases("f18") / "towns.csv"
    assert frontline("import", "statements-csv", path, "--into", root)[0] == 0
    code, _, told = frontline("estimate", DAY, "--layers", root)
    assert code == 0
    assert "beta: contested on 2024-08-01 names no parties and is left out" in told
    _, said, _ = frontline("history", "beta", "--layers", root)
    assert "Beta (contested)" in said
    assert "no statement in force" not in said


@pytest.mark.parametrize("word", ["contested", "unknown", "none", "mixed"])
def test_words_of_any_status_without_a_name_are_left_out_and_told(word, theatre_of, frontline):
    rows = f"Alpha,RU,{DAY},48.1,37.1\nBeta,{word},{DAY},48.1,37.3\nGamma,UA,{DAY},48.1,37.5\n"
    code, _, told = frontline("estimate", DAY, "--layers", theatre_of(rows))
    assert code == 0, told
    assert f"beta: {word} on {DAY} names no parties" in told


def test_a_place_about_which_others_speak_is_not_said_to_tell_nothing(theatre_of, frontline):
    rows = f"Beta,contested,2024-07-30,48.1,37.3\nBeta,RU,{DAY},48.1,37.3\nG,UA,{DAY},48.1,37.5\n"
    code, _, told = frontline("estimate", DAY, "--layers", theatre_of(rows))
    assert code == 0, told
    assert "names no parties" not in told


def test_nothing_but_words_without_names_is_told_as_that(theatre_of, frontline):
    root = theatre_of(f"Alpha,contested,{DAY},48.1,37.1\n")
    code, _, told = frontline("estimate", DAY, "--layers", root)
    assert (code, "names no parties" in told, "Traceback" in told) == (1, True, False)


def test_a_date_out_of_reach_names_the_option_that_reaches(theatre_of, frontline):
    rows = f"Alpha,RU,{DAY},48.1,37.1\nGamma,UA,{DAY},48.1,37.5\n"
    root = theatre_of(rows)
    code, _, told = frontline("estimate", "2021-08-01", "--layers", root)
    assert (code, "--max-age 1096" in told) == (1, True)
    again = ("estimate", "2021-08-01", "--max-age", "1096", "--layers", root, "--dry-run")
    assert frontline(*again)[0] == 0


def test_a_draft_of_nothing_names_the_option_that_draws(theatre_of, frontline):
    rows = f"Alpha,RU,{DAY},48.1,37.1\nGamma,UA,{DAY},48.1,37.5\n"
    root = theatre_of(rows)
    words = ("estimate", DAY, "--layers", root, "--dry-run", "--at-least")
    _, drawn, told = frontline(*words, "0.97")
    assert "hardly anything is drawn" in told
    least = told.split("--at-least ")[1].split()[0]
    _, drawn, told = frontline(*words, least)
    assert "controlled" in drawn
