from pathlib import Path

import pytest

from geo import open_layers
from geo.draw.frames import ChangeFrame, HistoryFrame, _card, _swatch

LAYERS = Path(__file__).parents[2] / "layers"


@pytest.fixture(scope="module")
def rif():
    return open_layers(LAYERS)


def test_a_history_is_shown_with_names_and_colours(rif):
    shown = rif.history("bir_mahruthah")._repr_html_()
    color = rif.folder.rows("actors")["opposition"].values["color"]
    assert "Who held Bir Mahruthah" in shown and color in shown
    assert "as of the last layer" in shown


def test_a_change_is_shown_with_its_ledger_rows(rif):
    change = rif.change("2017-07-31", "2017-08-02")
    shown = change._repr_html_()
    assert "Change from 2017-07-31 to 2017-08-02" in shown
    assert all(one in shown for one in change["change_ids"].iloc[0].split(";"))
    assert "left_out_km2" in change.attrs


def test_what_is_cut_from_an_answer_is_shown_as_any_frame(rif):
    change = rif.change("2017-07-31", "2017-08-02")
    assert "<table" in change[["id", "geometry"]]._repr_html_()
    assert not isinstance(rif.history("bir_mahruthah")[["status"]], HistoryFrame)


def test_a_theatre_is_shown_with_its_last_layer(rif):
    shown = rif._repr_html_()
    assert "13 layers" in shown and "km²" in shown and "as of 2017-08-31" in shown


def test_nothing_in_the_data_becomes_markup():
    evil = '<img src=x onerror="alert(1)">'
    assert "<img" not in _swatch(evil, {})
    assert "<img" not in _card(evil, "")
    row = {"valid_from": "2017-01-01", "valid_to": None, "controller": evil, "controllers": None}
    row |= {"status": evil, "basis": evil, "confidence": evil, "note": evil}
    assert "<img" not in HistoryFrame([row])._repr_html_()
    columns = ["from_controller", "from_status", "to_controller", "to_status", "place_ids"]
    row = dict.fromkeys([*columns, "change_ids"], evil) | {"area_km2": 1.0, "geometry": None}
    assert "<img" not in ChangeFrame([row])._repr_html_()
