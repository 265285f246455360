"""Places that are a line or an area on the page: outlines, tooltips, and what was meant of them."""

import pytest

from geo.draw.words.languages import LANGUAGES, language_words
from geo.theatre import open_layers

pytestmark = pytest.mark.browser


@pytest.fixture
def drawn(shaped, tmp_path):
    """The page of the little theatre with lines and areas, in a language."""

    def make(language="en"):
        theatre = open_layers(shaped)
        return theatre.map(language=language).save(tmp_path / f"{language}.html")

    return make


def pixels(view, lon, lat):
    """The map within three pixels of a position."""
    script = """([lon, lat]) => {
        const canvas = map_frontline.getPane('frontline-0').querySelector('canvas');
        const corner = L.DomUtil.getPosition(canvas);
        const p = map_frontline.latLngToLayerPoint([lat, lon]).subtract(corner).subtract([3, 3]);
        const { data } = canvas.getContext('2d').getImageData(p.x, p.y, 7, 7);
        return [...data]; }"""
    return view.page.evaluate(script, [lon, lat])


def point_at(view, lon, lat):
    """Move the pointer to a position of the map."""
    script = """([lon, lat]) => {
        const box = map_frontline.getContainer().getBoundingClientRect();
        const p = map_frontline.latLngToContainerPoint([lat, lon]);
        return [box.x + p.x, box.y + p.y]; }"""
    view.page.mouse.move(*view.page.evaluate(script, [lon, lat]))
    view.settle()


SWITCHED = "#m=one&d=2017-08-01&v=9.5/33.5/37.45&l=control"


def test_outlines_are_drawn_with_the_places_and_only_with_them(visit, drawn):
    path = drawn()
    on = visit(path, fragment=f"{SWITCHED}.places")
    off = visit(path, fragment=SWITCHED)
    # On two edges of the area, on the march and on the road; then inside the area.
    for lon, lat in ((37.05, 33.3), (37.4, 33.3), (37.6, 33.5), (37.2, 33.2)):
        assert pixels(on, lon, lat) != pixels(off, lon, lat), (lon, lat)
    assert pixels(on, 37.2, 33.3) == pixels(off, 37.2, 33.3)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "drawn from words, ± 1.5 km"), ("ar", "مرسوم من وصف بالكلمات، ± 1.5 كم")],
)
def test_pointing_at_an_outline_says_what_it_is_and_how_exact(visit, drawn, language, said):
    view = visit(drawn(language), fragment=f"{SWITCHED}.places")
    point_at(view, 37.05, 33.3)
    assert view.page.inner_text(".shape-tip").split("\n") == ["West Desert", said]
    point_at(view, 37.6, 33.5)
    assert view.page.inner_text(".shape-tip").startswith("Night March")
    point_at(view, 37.2, 33.3)
    assert view.page.locator(".shape-tip").count() == 0
    hidden = visit(drawn(language), fragment=SWITCHED)
    point_at(hidden, 37.05, 33.3)
    assert hidden.page.locator(".shape-tip").count() == 0


def card_of(view, name):
    """What the card of a place says, found by its name."""
    view.page.fill("#search", name)
    view.page.press("#search", "ArrowDown")
    view.page.press("#search", "Enter")
    return view.page.inner_text(".card")


def test_a_click_on_an_outline_opens_the_place_and_inside_of_it_the_ground(visit, drawn):
    view = visit(drawn(), fragment=f"{SWITCHED}.places")
    view.click_at(37.05, 33.3)
    text = view.page.inner_text(".card")
    assert text.startswith("West Desert")
    assert "An area; what is said of the ground below is said of a point inside it." in text
    assert "drawn from words, ± 1.5 km" in text
    view.close_card()
    view.click_at(37.2, 33.3)
    assert view.page.inner_text(".card").startswith("Held by Red")


def test_what_is_meant_of_a_shape_is_said_in_words(visit, drawn):
    view = visit(drawn(), fragment=f"{SWITCHED}.places")
    for name, said in {
        "Old Road": "Red, 80% of it, the rest Blue",
        "Front Line": "Red, on the left of the line, Blue on its right",
        "Night March": "Blue Guard, took the ground along it from Red, 2 km to 3 km wide",
        "The Neck": "Blue Guard, holds the gap, Red at both its ends, 5 km to 6 km wide",
        "The Pocket": "Red, inside, Blue round 70% of it",
        "West Well": "Red, cut off from East Well by Blue",
    }.items():
        assert said in card_of(view, name), name
    assert ", all" not in card_of(view, "West Desert")
    assert view.faults == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_extent_has_its_words(language):
    from geo.model import STATEMENTS

    words = language_words("page")[language]
    for extent in STATEMENTS.column("extent").choices:
        assert (extent == "all") != any(key.startswith(f"extent.{extent}") for key in words)
