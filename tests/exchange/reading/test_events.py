"""Events keep their words, their sources and their ids."""

from geo.exchange.imports import run_import
from tests.foreign import ACLED, assert_adds_up, values


def test_an_acled_event_keeps_its_words_its_sources_and_its_id(put):
    row = (
        "SYR1,2017-08-02,1,Battles,Armed clash,Alpha (2012-),Beta,Mahruthah,33.2,37.9,2,"
        "SOHR; Wire,Fighting.,3\n"
    )
    imported = run_import("acled", [put("a.csv", ACLED + row)])
    (event,) = values(imported, "events")
    assert event["actor1"] == "alpha_2012"
    assert event["source_ids"] == "acled;sohr;wire"
    assert event["notes"] == "ACLED id SYR1. Fighting."
    assert (event["fatalities"], event["geo_precision"]) == (3, 2)


def test_an_event_type_that_acled_does_not_have_is_refused(put):
    row = "X1,2017-08-02,1,Battle,Armed clash,A,B,P,33.2,37.9,2,S,N,\n"
    imported = run_import("acled", [put("a.csv", ACLED + row)])
    assert_adds_up(imported)
    assert imported.records.get("events", ()) == ()
    assert "event_type" in imported.issues[0].message


def test_likely_doubles_of_an_event_are_kept_with_a_link(put):
    rows = "".join(
        f"X{n},2017-08-02,1,Battles,Armed clash,A,B,P,33.2,37.9,2,S{n},N,\n" for n in (1, 2)
    )
    imported = run_import("acled", [put("a.csv", ACLED + rows)])
    assert len(values(imported, "events")) == 2
    linked = [e["notes"] for e in values(imported, "events") if "Perhaps the same" in e["notes"]]
    assert linked == ["ACLED id X2. N Perhaps the same event as X1 by date, place and actors."]


def test_an_event_repeated_word_for_word_is_counted_once(put):
    row = "X1,2017-08-02,1,Battles,Armed clash,A,B,P,33.2,37.9,2,S,N,\n"
    imported = run_import("acled", [put("a.csv", ACLED + row + row)])
    assert_adds_up(imported)
    assert [(c.written, c.repeated) for c in imported.counts] == [(1, 1)]
