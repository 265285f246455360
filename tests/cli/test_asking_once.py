"""No command works out the same answer twice."""

import datetime as dt
from collections import Counter

import pytest

from geo import control
from geo.control import composite
from geo.evidence import bands


@pytest.fixture
def asked(monkeypatch):
    """How often each question was worked out, by the function and the dates it was asked about."""
    counts = Counter()

    def count(module, name):
        plain = getattr(module, name)

        def counting(first, *about, **kwargs):
            # The first argument is the same for all: the study area, or the composite.
            dates = tuple(one for one in about if isinstance(one, dt.date))
            counts[name, *dates] += 1
            return plain(first, *about, **kwargs)

        monkeypatch.setattr(module, name, counting)

    count(control, "control_as_drawn")
    count(composite, "find_changes")
    count(composite, "tabulate_transfers")
    count(bands, "front_lines")
    return counts


@pytest.mark.parametrize("form", ["table", "csv", "json", "geojson"])
@pytest.mark.parametrize("by", ["patch", "holder", "side"])
def test_control_is_drawn_once(frontline, small, asked, by, form):
    words = ("control", "2017-08-01", "--by", by, "--format", form, "--layers", small)
    assert frontline(*words)[0] == 0
    assert [name for name, *_ in asked] == ["control_as_drawn"]
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("form", ["table", "csv", "json", "geojson"])
def test_change_between_two_layers_is_found_once(frontline, small, asked, form):
    words = ("change", "2017-07-01", "2017-08-01", "--format", form, "--layers", small)
    assert frontline(*words)[0] == 0
    found = {"find_changes", "tabulate_transfers"} if form == "table" else {"find_changes"}
    assert {name for name, *_ in asked} == found
    assert set(asked.values()) == {1}


@pytest.mark.slow
def test_change_over_many_layers_is_found_once_for_each_pair(frontline, shipped, asked):
    words = ("change", "2017-05-23", "2017-08-31", "--format", "csv", "--layers", shipped)
    assert frontline(*words)[0] == 0
    assert len(asked) > 6
    assert set(asked.values()) == {1}


def test_fronts_and_their_totals_are_found_once(frontline, shipped, asked):
    sides = ("government", "opposition")
    assert frontline("fronts", "2017-08-02", *sides, "--layers", shipped)[0] == 0
    assert [count for (name, *_), count in asked.items() if name == "front_lines"] == [1]


@pytest.mark.parametrize("word", ["pockets", pytest.param("isolation", marks=pytest.mark.slow)])
def test_the_sides_that_hold_ground_are_read_from_control_once(frontline, small, asked, word):
    assert frontline(word, "2017-08-01", "--layers", small)[0] == 0
    assert [n for (name, *_), n in asked.items() if name == "control_as_drawn"] == [1]
