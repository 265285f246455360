"""Whether a last day counts is read off what follows, or asked for."""

import datetime as dt

import pytest

from geo.errors import SchemaError
from geo.exchange.imports import run_import
from geo.exchange.reading.intake import Options
from tests.foreign import collection, square


def spans(put, *rows):
    features = [({"name": n, "id": n, "start": a, "end": b}, square(*at)) for n, a, b, *at in rows]
    return put("spans.geojson", collection(*features))


MAPPED = {"name": "controller"}


@pytest.mark.parametrize(
    ("second", "end"), [("2020-02-01", "inclusive"), ("2020-01-31", "exclusive")]
)
def test_whether_a_last_day_counts_is_read_off_what_follows(second, end, put):
    path = spans(
        put,
        ("a", "2020-01-01", "2020-01-31", 10, 50),
        ("a", second, None, 11, 50),
        ("b", "2020-01-01", None, 12, 50),
    )
    imported = run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    assert any(f"last days are {end}" in note for note in imported.notes)
    days = [dt.date(2020, 1, 1), dt.date.fromisoformat(second)]
    assert list(imported.control) == days
    assert [len(patches) for patches in imported.control.values()] == [2, 2]


def test_last_days_that_say_nothing_are_asked_for(put):
    path = spans(put, ("a", "2020-01-01", "2020-01-31", 10, 50), ("b", "2020-01-01", None, 11, 50))
    with pytest.raises(SchemaError, match="say inclusive or exclusive"):
        run_import("intervals-geojson", [path], options=Options(mapping=MAPPED))
    options = Options(mapping=MAPPED, end="inclusive")
    imported = run_import("intervals-geojson", [path], options=options)
    assert list(imported.control) == [dt.date(2020, 1, 1), dt.date(2020, 2, 1)]
