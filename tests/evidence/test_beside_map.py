"""What the map of a theatre says against ground that is told to have changed hands."""

import datetime as dt

import pytest

from geo.evidence.reports.beside_map import doubts_of_map
from tests.evidence.test_report_sentences import read

DAY = dt.date(2020, 5, 1)


def held_by(*spells):
    """Everywhere the same, from day to day."""
    ends = [first for first, _ in spells[1:]]
    return lambda *_: [
        (first, last, holder) for (first, holder), last in zip(spells, [*ends, None], strict=True)
    ]


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        ("bluecoats", None),
        ("redcaps", "the map has it as held by Redcap Front already, since 2020-05-01"),
        ("government", "as ground of Government of Ilia since 2020-05-01, neither of them"),
        ("unknown", None),
    ],
)
def test_a_draft_says_what_the_map_has_against_it(holder, said):
    text = "The Redcap Front captured Arden from the Bluecoat League on 19 May 2020."
    draft = read(text, history=held_by((DAY, holder))).drafts[0].properties
    assert draft["draft_open"] is None
    if said is None:
        assert draft["draft_note"] is None
        assert draft["confidence"] == "moderate"
    else:
        assert said in draft["draft_note"]
        assert said in read(text, history=held_by((DAY, holder))).render()
        assert draft["confidence"] == "low"


def test_a_loser_that_was_never_there_is_said():
    text = "The Redcap Front captured Arden from the Bluecoat League on 19 May 2020."
    late = held_by((DAY, "bluecoats"), (dt.date(2020, 5, 10), "redcaps"))
    note = read(text, history=late).drafts[0].properties["draft_note"]
    assert "already" in note
    assert "never" not in note
    note = read(text, history=held_by((DAY, "redcaps"))).drafts[0].properties["draft_note"]
    assert "the map never has Bluecoat League there before" in note


@pytest.mark.parametrize(
    "text",
    [
        "The Redcap Front shelled Arden on 19 May 2020.",
        "The Redcap Front captured the Eastern Moor on 19 May 2020.",
        "The Redcap Front captured Arden on 19 April 2020.",
        "The Redcap Front failed to capture Arden on 19 May 2020.",
    ],
)
def test_shelling_wide_places_and_days_before_the_map_are_not_compared(text):
    plain, beside = read(text), read(text, history=held_by((DAY, "redcaps")))
    assert [d.properties for d in beside.drafts] == [d.properties for d in plain.drafts]


def test_nothing_is_said_outside_the_map():
    values = {"event_date": "2020-05-19", "geo_radius_m": 500, "actor1": "a", "actor2": "b"}
    assert doubts_of_map(values, "take", None, None, lambda *_: []) == []
