"""Every kind of day that Python has is a day; what is none, or one of nowhere, is refused."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from geo.errors import DateError
from geo.model import parse_day, shift_day
from geo.theatre import open_layers

DAY = dt.date(2017, 8, 2)
KINDS = [
    "2017-08-02",
    DAY,
    dt.datetime(2017, 8, 2),  # noqa: DTZ001  # as a spreadsheet gives it
    dt.datetime(2017, 8, 2, 23, 59),  # noqa: DTZ001
    np.datetime64("2017-08-02"),
    np.datetime64("2017-08-02T12:00:00", "ns"),
    pd.Timestamp("2017-08-02 05:00"),
    pd.Period("2017-08-02", freq="D"),
]


@pytest.mark.parametrize("day", KINDS, ids=repr)
def test_every_kind_of_day_is_taken(day):
    assert parse_day(day) == DAY


@pytest.mark.parametrize("day", KINDS, ids=repr)
def test_a_theatre_answers_to_every_kind_of_day(day, shipped):
    theatre = open_layers(shipped)
    assert theatre.holder(37.4, 33.1, day) == theatre.holder(37.4, 33.1, "2017-08-02")


@pytest.mark.parametrize(
    "day",
    [
        *(pd.NaT, np.datetime64("NaT"), pd.Period("2017-08", freq="M"), None, 20170802, 1.5),
        *(
            "2017-08",
            "02.08.2017",
            "2017-08-02T00:00",
            "",
            "2017-02-30",
            np.datetime64("12000-01-01"),
        ),
        dt.datetime(2017, 8, 2, tzinfo=dt.UTC),
    ],
    ids=repr,
)
def test_what_is_no_day_is_refused(day):
    with pytest.raises(DateError):
        parse_day(day)


def test_a_moment_is_turned_into_the_day_of_the_theatre(shipped):
    late = dt.datetime(2017, 8, 1, 22, 30, tzinfo=dt.UTC)  # half past one of the 2nd in Damascus
    assert parse_day(late, "Asia/Damascus") == DAY
    assert parse_day(pd.Timestamp(late), "Asia/Damascus") == DAY
    assert parse_day(dt.datetime(2017, 8, 2, tzinfo=ZoneInfo("Asia/Damascus")), "UTC") < DAY
    theatre = open_layers(shipped)
    assert theatre.as_of(late) == theatre.as_of("2017-08-02")


def test_a_day_is_not_shifted_out_of_the_calendar():
    assert shift_day(dt.date(1, 1, 5), -30) == dt.date.min
    assert shift_day(dt.date(9999, 12, 5), 30) == dt.date.max
    assert shift_day(DAY, -2) == dt.date(2017, 7, 31)
