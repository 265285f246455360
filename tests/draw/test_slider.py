from pathlib import Path

import pytest

from geo import open_layers
from geo.errors import DateError
from geo.evidence import round_figure

traitlets = pytest.importorskip("traitlets")
pytest.importorskip("anywidget")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rif():
    return open_layers(ROOT / "layers")


@pytest.fixture(scope="module")
def slider(rif):
    return rif.slider()


def test_the_slider_begins_where_the_theatre_says(rif, slider):
    assert slider.date == rif.after.isoformat()
    assert slider.dates == [day.isoformat() for day in rif.dates]
    assert rif.slider("2017-08-05").date == "2017-08-02", "the layer in force"
    with pytest.raises(DateError):
        rif.slider("2017-01-01")


def test_a_date_without_a_layer_is_refused(slider):
    with pytest.raises(traitlets.TraitError, match="2017-08-31"):
        slider.date = "2017-08-03"


def test_the_legend_says_the_ground_of_each_side(rif, slider):
    frame = slider.scene["frames"][slider.dates.index("2017-08-02")]
    areas = rif.areas()
    row = areas[(areas["date"] == rif.after) & (areas["controller"] == "opposition")]
    said = " ".join(text for _, text in frame["held"])
    middle = round_figure(*row[["area_km2", "low_km2", "high_km2"]].sum())[1]
    assert f"about {middle:,.0f} km²" in said


def test_without_a_widget_a_picture_stands_there(slider):
    data, _ = slider._repr_mimebundle_()
    assert data["image/png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert "application/vnd.jupyter.widget-view+json" in data
