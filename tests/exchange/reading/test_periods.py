"""Dates that are no days keep how well they are known, and none is made sharper."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from geo.exchange.reading.periods import PRECISIONS, read_period
from tests.foreign import ACLED, HEADER, assert_adds_up, codes, collection, square, values


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("1917-05", "1917-05-01", "1917-05-31", "month"),
        ("1917-05?", "1917-05-01", "1917-05-31", "season"),
        ("1917-05~", "1917-05-01", "1917-05-31", "season"),
        ("1917-05-12?", "1917-05-12", "1917-05-12", "week"),
        ("1917-05-XX", "1917-05-01", "1917-05-31", "month"),
        ("1917", "1917-01-01", "1917-12-31", "year"),
        ("1915-21", "1915-03-01", "1915-05-31", "season"),
        ("May 2017", "2017-05-01", "2017-05-31", "month"),
        ("Sept. 1866", "1866-09-01", "1866-09-30", "month"),
        ("may, 2017", "2017-05-01", "2017-05-31", "month"),
        ("spring 1915", "1915-03-01", "1915-05-31", "season"),
        ("Autumn of 1870", "1870-09-01", "1870-11-30", "season"),
        ("circa May 2017", "2017-05-01", "2017-05-31", "season"),
        ("c. 1866", "1866-01-01", "1866-12-31", "year"),
        ("May 2017 (?)", "2017-05-01", "2017-05-31", "season"),
        ("5/1917", "1917-05-01", "1917-05-31", "month"),
        ("1917-05-02/1917-05-09", "1917-05-02", "1917-05-09", "week"),
        ("1917-05/1917-06", "1917-05-01", "1917-06-30", "season"),
    ],
)
def test_a_time_that_is_no_day_is_read_with_its_precision(text, first, last, precision):
    period = read_period(text)
    assert period is not None
    assert (str(period.first), str(period.last), period.precision) == (first, last, precision)
    assert period.first <= period.middle <= period.last


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "May", "maybe 2017", "1917-13", "13/1917", "191X", "19XX", "1917-1919"),
        *(
            "1917-06/1917-05",
            "../1917",
            "1917-02-30",
            "-0044",
            "Smarch 2017",
            "2017-05-XX/..",
            "0000",
        ),
    ],
)
def test_what_is_no_time_or_too_wide_is_none(text):
    assert read_period(text) is None


@given(
    st.dates(min_value=dt.date(1, 1, 1)), st.sampled_from(["", "?", "~", "%"]), st.integers(4, 10)
)
def test_no_period_is_sharper_than_what_was_written(day, mark, length):
    text = day.isoformat()[: 4 if length < 7 else 7 if length < 10 else 10]
    period = read_period(text + mark)
    assert period is not None
    names = [name for name, _ in PRECISIONS]
    span = (period.last - period.first).days + 1
    assert period.first <= day <= period.last
    assert dict(PRECISIONS)[period.precision] >= span
    written = {4: "year", 7: "month", 10: "day"}[len(text)]
    assert names.index(period.precision) >= min(names.index(written) + bool(mark), 4)


def test_a_statement_of_a_month_says_so(put):
    rows = "A,red,May 1917,48,37\nB,red,spring 1917?,48.1,37.1\nC,red,1917-05-03,48.2,37.2\n"
    imported = run_import("statements-csv", [put("a.csv", HEADER + rows)])
    assert_adds_up(imported)
    said = {s["place_id"][0]: s for s in values(imported, "statements")}
    assert (said["a"]["date"], said["a"]["date_precision"]) == ("1917-05-16", "month")
    assert said["b"]["date_precision"] == "year"
    assert "spring 1917?" in said["b"]["note"]
    assert (said["c"]["date_precision"], said["c"]["note"]) == ("day", None)
    assert any("known to the month" in note for note in imported.notes)


def test_a_precision_that_is_given_counts(put):
    head = HEADER.replace("\n", ",date_precision\n")
    imported = run_import("statements-csv", [put("a.csv", head + "A,red,1917-05,48,37,year\n")])
    assert values(imported, "statements")[0]["date_precision"] == "year"


def test_an_event_of_a_month_lasts_from_its_first_day_to_its_last(put):
    row = "1,May 1917,,Battles,Armed clash,A,B,P,48,37,1,x,,0\n"
    imported = run_import("acled", [put("a.csv", ACLED + row)])
    (event,) = values(imported, "events")
    assert (event["event_date"], event["end_date"]) == ("1917-05-01", "1917-05-31")
    assert event["time_precision"] == 3
    assert "May 1917" in event["notes"]


def test_intervals_of_months_follow_on_each_other_and_say_how_they_are_known(put):
    rows = [("a", "1866-06", "1866-07"), ("b", "1866-07", "autumn 1866")]
    features = [
        ({"controller": holder, "start": start, "end": end}, square(0, 50))
        for holder, start, end in rows
    ]
    options = Options(end="exclusive")
    path = put("i.geojson", collection(*features))
    imported = run_import("intervals-geojson", [path], options=options)
    assert not codes(imported)
    layers = {str(day): patches for day, patches in imported.control.items()}
    (held,) = layers["1866-07-16"]
    assert str(held.properties["controller"]).startswith("b_")
    assert "Dated 1866-07: known to the month." in held.properties["note"]


@pytest.mark.parametrize("year", ["0001", "0843", "1066", "1648", "1866", "1899"])
def test_theatres_of_any_century_can_be_drafted(year, put, tmp_path, frontline):
    rows = f"A,red,{year}-05-03,48,37\nB,blue,{year}-05,48,37.5\n"
    root = tmp_path / "new"
    path = put("a.csv", HEADER + rows)
    assert frontline("import", "statements-csv", path, "--into", root)[0] == 0
    code, _, told = frontline("estimate", f"{year}-05-20", "--layers", root)
    assert code == 0, told
    assert "0 errors" in frontline("check", root)[1]
    for words in (
        ("areas",),
        ("history", "a_ca978112"),
        ("change", f"{year}-05-20", f"{year}-05-20"),
    ):
        code, _, told = frontline(*words, "--layers", root)
        assert "Traceback" not in told
    code, _, told = frontline("map", root, "--output", tmp_path / "map.html")
    assert code == 0, told
    out = tmp_path / "out.kml"
    assert frontline("export", out, "--to", "kml", "--layers", root)[0] == 0


@pytest.mark.parametrize("text", ["0000-05-01", "-0044-03-15", "44 BC"])
def test_years_before_the_first_are_refused_with_that_reason(text, put):
    imported = run_import("statements-csv", [put("a.csv", f"{HEADER}A,red,{text},48,37\n")])
    assert_adds_up(imported)
    assert codes(imported) == ["import.date"]
