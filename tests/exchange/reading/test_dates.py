"""Dates of others are read as they were meant, or refused."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from tests.foreign import HEADER, assert_adds_up, values

DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2030, 12, 31))

WRITTEN = {
    "iso": "{d:%Y}-{d:%m}-{d:%d}",
    "iso-time": "{d:%Y}-{d:%m}-{d:%d}T00:00:00",
    "slashed-year": "{d:%Y}/{d.month}/{d.day}",
    "compact": "{d:%Y}{d:%m}{d:%d}",
    "month-first": "{d.month}/{d.day}/{d:%Y}",
    "day-first": "{d.day}.{d.month}.{d:%Y}",
    "time": "{d:%m}/{d:%d}/{d:%Y} 00:00",
    "half-day": "{d.month}/{d.day}/{d:%Y} 12:00:00 AM",
}


@given(days=st.lists(DAYS, min_size=1, max_size=5), form=st.sampled_from(sorted(WRITTEN)))
def test_a_date_is_read_as_it_was_meant_or_refused(tmp_path_factory, days, form):
    path = tmp_path_factory.mktemp("dates") / "theirs.csv"
    rows = [f"P{n},a,{WRITTEN[form].format(d=day)},1,{n}" for n, day in enumerate(days)]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    try:
        imported = run_import("statements-csv", [path])
    except SchemaError as error:
        assert error.issues[0].code == "import.dates"
        assert all(day.day <= 12 for day in days)
        return
    said = {s["place_id"]: s["date"] for s in values(imported, "statements")}
    assert said == {f"p{n}": day.isoformat() for n, day in enumerate(days)}


@pytest.mark.parametrize(
    "text", ["31 March 2022", "31 Mar 2022", "March 31, 2022", "31 March 2022 22h26 UTC"]
)
def test_months_in_words_are_read(text, put):
    imported = run_import("statements-csv", [put("a.csv", f'{HEADER}P,a,"{text}",1,1\n')])
    assert [s["date"] for s in values(imported, "statements")] == ["2022-03-31"]


@pytest.mark.parametrize(
    "text", ["2022-02-30", "2022-13", "Marsh 2022", "TBD", "٢٠٢٢-٠٣-٣١", "44651"]
)
def test_what_is_no_day_is_refused_with_its_text(text, put):
    imported = run_import("statements-csv", [put("a.csv", f"{HEADER}P,a,{text},1,1\n")])
    assert_adds_up(imported)
    assert values(imported, "statements") == []
    assert text in imported.issues[0].message


def test_dates_of_two_orders_in_one_column_are_refused(put):
    path = put("a.csv", f"{HEADER}P,a,13/01/2022,1,1\nQ,a,01/13/2022,1,2\n")
    with pytest.raises(SchemaError, match="contradict each other: see lines 2 and 3"):
        run_import("statements-csv", [path])


def test_a_told_order_decides_what_the_dates_do_not(put):
    path = put("a.csv", f"{HEADER}P,a,03/04/2022,1,1\n")
    with pytest.raises(SchemaError, match="could be read in two ways"):
        run_import("statements-csv", [path])
    for order, day in (("day-first", "2022-04-03"), ("month-first", "2022-03-04")):
        imported = run_import("statements-csv", [path], options=Options(day_order=order))
        assert values(imported, "statements")[0]["date"] == day


def test_a_told_order_that_the_dates_deny_is_refused(put):
    path = put("a.csv", f"{HEADER}P,a,13/04/2022,1,1\n")
    with pytest.raises(SchemaError, match="cannot be read month-first, as told: see line 2"):
        run_import("statements-csv", [path], options=Options(day_order="month-first"))
