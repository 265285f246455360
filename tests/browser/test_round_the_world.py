"""Pages of theatres over longitude 180 and round a pole."""

import pytest

from geo.theatre import open_layers
from tests.round_the_world import FIJI, POLE, write_theatre

VIEW = "#m=one&d=2000-02-01&l=control"


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    made = {}

    def drawn(name, layers):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            theatre = open_layers(write_theatre(folder, *layers))
            made[name] = theatre.map().save(folder / "map.html")
        return made[name]

    return drawn


def color_at(view, lon, lat):
    """The colour of the map at a position of the page."""
    script = """([lon, lat]) => {
        const canvas = map_frontline.getPane('frontline-0').querySelector('canvas');
        const corner = L.DomUtil.getPosition(canvas);
        const p = map_frontline.latLngToLayerPoint([lat, lon]).subtract(corner);
        return [...canvas.getContext('2d').getImageData(p.x, p.y, 1, 1).data.slice(0, 3)]; }"""
    return view.page.evaluate(script, [lon, lat])


def near(one, other):
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) < 40


def test_ground_over_the_line_is_drawn_in_one_piece(visit, page_of):
    view = visit(page_of("fiji", FIJI), fragment=VIEW)
    west, over, east = (color_at(view, lon, -17.53) for lon in (178.2, 179.3, 181.7))
    assert near(west, over)
    assert not near(over, east)
    view.click_at(181.7, -17.5)
    assert "rebels" in view.page.inner_text("#drawer")
    assert [one for one in view.faults if "willReadFrequently" not in one] == []


def test_the_pole_is_ground_like_any_other(visit, page_of):
    view = visit(page_of("pole", POLE), fragment=VIEW)
    # Its plane: the pole in the middle, longitude 0 downwards, so east is on the right.
    left, right = color_at(view, -3, 0.5), color_at(view, 3, 0.5)
    assert not near(left, right)
    assert near(left, color_at(view, -0.5, -5))
    view.click_at(4, 1)
    assert "east" in view.page.inner_text("#drawer").lower()
    assert "towards the pole" in view.page.inner_text("#map-note")
    assert not view.page.is_visible(".north")
    assert [one for one in view.faults if "willReadFrequently" not in one] == []


def test_lengths_in_the_plane_are_those_of_the_globe(visit, page_of):
    view = visit(page_of("pole", POLE), fragment=f"{VIEW}&r=0,0;0,-10.2")
    # Down longitude 0 for 10.2 degrees of the map, which are 2 atan(asinh(tan 10.2) / 2) of the
    # globe, at 111.195 km a degree of Mercator's sphere: 1,132.6 km.
    text = view.page.inner_text("#measured-text")
    assert "1,13" in text, text
    assert "km²" not in text
