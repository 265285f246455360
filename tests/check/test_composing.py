"""The composite that a command makes longer, against the one built anew."""

import datetime as dt
import itertools

import pytest

from geo import open_layers
from geo.check import composing
from geo.control.composite import Composite
from geo.draw.page.store import pack
from geo.errors import SchemaError

DAYS = [f"2017-08-{day:02d}" for day in (3, 7, 11, 15, 19, 23)]


@pytest.fixture
def series(small, tmp_path, monkeypatch):
    """A small theatre with a cache of its own."""
    monkeypatch.setenv("FRONTLINE_CACHE", str(tmp_path / "cache"))
    return small


def add_days(folder, days):
    """Each with one border moved, and held in turn as on the first and on the second date."""
    drawn = [folder / f"control/2017-0{month}-01.geojson" for month in (7, 8)]
    for turn, day in enumerate(days):
        text = drawn[turn % 2].read_text("utf-8").replace("37.6", f"37.{61 + turn}")
        (folder / f"control/{day}.geojson").write_text(text, "utf-8")


def answers(folder):
    """What a command prints of a folder, in several ways."""
    theatre = open_layers(folder)
    days = theatre.dates
    return (
        theatre.areas(bands=False).to_csv(),
        [theatre.composite.change(a, b).to_csv() for a, b in itertools.pairwise(days)],
        theatre.composite.transfers(days[0], days[-1]).to_csv(),
        theatre.fronts(days[-1]).to_csv(),
        pack(theatre.composite),
    )


def refuse_to_build(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("it was built anew")

    monkeypatch.setattr(Composite, "build", refuse)


@pytest.mark.slow
@pytest.mark.parametrize("added", [1, 3])
def test_a_day_more_is_added_to_what_was_kept_and_gives_the_same_answers(
    series, monkeypatch, added
):
    add_days(series, DAYS[: len(DAYS) - added])
    answers(series)
    add_days(series, DAYS)
    with monkeypatch.context() as patched:
        refuse_to_build(patched)
        longer = answers(series)
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    assert longer == answers(series)


@pytest.mark.slow
def test_a_change_beside_the_layers_needs_no_other_composite(series, monkeypatch):
    add_days(series, DAYS)
    wanted = answers(series)
    sources = series / "sources.csv"
    sources.write_text(sources.read_text("utf-8") + "\n", "utf-8")
    refuse_to_build(monkeypatch)
    assert answers(series) == wanted


@pytest.mark.parametrize("name", ["theatre.geojson", "actors.csv", f"control/{DAYS[0]}.geojson"])
def test_what_the_composite_follows_from_is_not_taken_for_the_same(series, name):
    add_days(series, DAYS)
    digests = {**open_layers(series).folder.digests, "control/2017-08-29.geojson": "one more"}
    more = [dt.date(2017, 8, 29)]
    assert composing._load(digests) is None
    assert composing._load(digests, more) is not None
    assert composing._load({**digests, name: "another"}, more) is None


def test_a_day_that_is_no_coverage_is_refused_as_by_building_anew(series, monkeypatch):
    add_days(series, DAYS)
    open_layers(series)
    layer = series / f"control/{DAYS[-1]}.geojson"
    lines = layer.read_text("utf-8")
    assert "37.66" in lines
    (series / "control/2017-08-29.geojson").write_text(lines.replace("37.66", "37.67", 1), "utf-8")
    with pytest.raises(SchemaError) as grown:
        open_layers(series)
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    with pytest.raises(SchemaError) as anew:
        open_layers(series)
    assert str(grown.value) == str(anew.value)
