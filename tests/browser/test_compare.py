"""The page of a comparison in a browser."""

import datetime as dt

import pytest

from geo.desk import Comparison, compare_page, read_other
from geo.layers import read_folder


@pytest.fixture
def compared(small, tmp_path):
    """The page of a map beside itself, in a language."""

    def made(language):
        folder = read_folder(small)
        found = Comparison(folder, read_other(small, known=folder.sides), name="ours")
        path = tmp_path / f"{language}.html"
        path.write_text(compare_page(found, dt.date(2017, 8, 1), language=language), "utf-8")
        return path.as_uri()

    return made


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 390)])
def test_it_opens_for_every_reader(compared, read, axe, language, width):
    view = read(compared(language), width=width, bypass_csp=True)
    assert view.barriers(axe) == []
    assert not view.is_wider()
    assert view.faults == []


def test_the_slider_uncovers_one_map_under_the_policy_of_the_page(compared, read):
    view = read(compared("en"))
    there = view.page.locator(".swipe .there")
    assert "50%" in there.evaluate("e => getComputedStyle(e).clipPath")
    view.page.locator(".swipe input").press("Home")
    assert "0%" in there.evaluate("e => getComputedStyle(e).clipPath")
    assert view.faults == []
    assert all(url.startswith(("file:", "data:")) for url in view.requests)


def test_without_scripts_both_maps_stand_side_by_side(compared, read):
    view = read(compared("en"), java_script_enabled=False)
    boxes = [view.page.locator(f".swipe .{name}").bounding_box() for name in ("here", "there")]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert not view.page.locator(".swipe input").is_visible()
