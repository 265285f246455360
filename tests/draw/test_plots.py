import datetime as dt
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from geo import open_layers
from geo.errors import DateError, UnknownIdError
from geo.evidence import round_figure

mpl.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

LAYERS = Path(__file__).parents[2] / "layers"


@pytest.fixture(scope="module")
def rif():
    return open_layers(LAYERS)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def words(ax):
    legend = ax.get_legend()
    found = [text.get_text() for text in ax.texts] + [ax.get_title(loc="left"), ax.get_xlabel()]
    return found + [text.get_text() for text in legend.get_texts()] if legend else found


def test_a_map_says_its_date_its_ground_and_its_sources(rif):
    ax = rif.plot("2017-08-05")
    said = " | ".join(words(ax))
    assert "5 August 2017" in said and "as of 2 August 2017" in said
    area = rif.areas().query(
        "date == @day and controller == 'government'", local_dict={"day": dt.date(2017, 8, 2)}
    )
    middle = round_figure(*area[["area_km2", "low_km2", "high_km2"]].sum())[1]
    assert f"about {middle:,.0f} km²" in said
    assert "Sources:" in said
    west, south, east, north = rif.area.bounds
    assert ax.get_xlim()[0] < west < east < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < south < north < ax.get_ylim()[1]


def test_a_map_before_the_first_layer_is_refused(rif):
    with pytest.raises(DateError, match="2017-03-29"):
        rif.plot("2017-01-01")


def test_areas_run_in_steps_and_name_each_side(rif):
    ax = rif.plot.areas()
    areas = rif.areas()
    steps = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    government = areas[areas["controller"] == "government"]
    drawn = {tuple(round(float(y), 6) for y in line.get_ydata()) for line in steps}
    assert tuple(round(float(y), 6) for y in government.groupby("date")["area_km2"].sum()) in drawn
    assert any("government" in text for text in words(ax))
    assert not any("assessed" in text for text in words(ax))


@pytest.mark.slow
def test_bars_of_a_front_add_up_to_its_length(rif):
    ax = rif.plot.front("government", "opposition")
    heights = {}
    for bar in ax.patches:
        heights[round(bar.get_x(), 3)] = heights.get(round(bar.get_x(), 3), 0) + bar.get_height()
    found = [rif.fronts(day, "government", "opposition", bands=False) for day in rif.dates]
    lengths = [lines["length_km"].sum() for lines in found]
    assert [heights[x] for x in sorted(heights)] == pytest.approx(lengths)


def test_a_strip_a_place_changes_when_the_place_does(rif):
    ax = rif.plot.places(["bir_mahruthah"])
    history = rif.history("bir_mahruthah")
    held = list(zip(history["controller"].fillna(""), history["status"], strict=True))
    looks = [here for before, here in pairwise([None, *held]) if before != here]
    starts = {round(bar.get_x(), 3) for bar in ax.patches}
    assert len(starts) == len(looks)
    with pytest.raises(UnknownIdError):
        rif.plot.places(["nowhere_at_all"])


def test_a_date_without_a_neck_has_no_number(rif):
    days = rif.dates[:2]
    frame = pd.DataFrame({"day": days, "side": "opposition", "length_km": [4.25, float("nan")]})
    ax = rif.plot.necks(frame)
    assert [text.get_text() for text in ax.texts if text.get_text()[:1].isdigit()] == ["4.2"]
    with pytest.raises(ValueError, match="no date"):
        rif.plot.necks(frame.iloc[:0])


def test_plots_draw_on_the_axes_that_are_given(rif):
    _, ax = plt.subplots()
    assert rif.plot("2017-08-02", ax=ax) is ax
