"""The layer of necks and the layer of a what-if, as a reader meets them."""

import io
import re

import numpy as np
import pages
import pytest
import shapely
from PIL import Image

from geo.draw.page import page as maps
from geo.draw.words.languages import LANGUAGES, language_words

pytestmark = pytest.mark.browser

PLACE = "bir_mahruthah"


def neck(folder, *, firm):
    """A neck of the side that holds most, made up: the page only shows what it is given."""
    west, south, east, north = folder.area.bounds
    x, y = (west + east) / 2, (south + north) / 2
    place = next(iter(folder.places))
    sides = sorted({folder.sides[key] for key in folder.sides})[:1]
    wide = 0.4 * (east - west)
    return {
        "sides": sides,
        "km": 4.2 if firm else 9.9,
        "line": [[[x - 0.02, y], [x + 0.02, y]]] if firm else [[[x - 0.02, y - 0.1], [x, y - 0.1]]],
        "legs": [[[place], ["edge"], 4.2 if firm else 9.9]],
        "pocket": [shapely.get_coordinates(shapely.box(x - wide, y, x + wide, north)).tolist()],
        "places": [place],
        "events": [folder.events[0].id],
        "anchors": ["edge"],
        "certainty": "unknown",
        "answers": {"passable": 123.4 if firm else "none", "enemy": "off", "own": 234.5},
    }  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A page with necks on every date and a what-if on the later one, in both languages."""
    folder = pages.theatre()
    composite = pages.composite_of(folder)
    necks = [[neck(folder, firm=True), neck(folder, firm=False)] for _ in composite.dates]
    middle = shapely.point_on_surface(folder.area)
    ring = shapely.get_coordinates(shapely.buffer(middle, 0.05)).tolist()
    what_if = {
        "question": "what if <b>one</b> advanced; nobody reported this",
        "date": composite.index(pages.AFTER),
        "side": necks[0][0]["sides"][0],
        "taken": [ring],
        "off": [],
    }
    out = tmp_path_factory.mktemp("corridors")
    return {
        language: maps.draw_page(
            folder,
            composite,
            before=pages.BEFORE,
            after=pages.AFTER,
            language=language,
            corridors=necks,
            what_if=what_if,
        ).save(out / f"{language}.html")
        for language in LANGUAGES
    }


def switch(view, name):
    view.page.get_by_label(name).focus()
    view.page.keyboard.press("Space")
    view.settle()


NECKS = "Necks: what could be cut off (inferred)"


def open_first(view, title):
    """By keys alone: unfold the list, go to its first entry, open it."""
    view.page.locator("summary", has_text=title).focus()
    view.page.keyboard.press("Enter")
    # A list is filled when it unfolds; a person is slower than that.
    view.page.locator("details[open]", has_text=title).locator("button").first.wait_for()
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Enter")
    view.page.locator(".card").first.wait_for()
    view.settle()


def picture(view):
    view.settle()
    shot = view.page.locator("#stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def test_necks_are_off_until_a_key_switches_them_on(visit, drawn):
    view = visit(drawn["en"])
    view.mode("one")
    assert not view.page.get_by_label(NECKS).is_checked()
    assert "Neck, inferred" not in view.page.inner_text("#panel")
    before = picture(view)
    switch(view, NECKS)
    assert view.page.get_by_label(NECKS).is_checked()
    after = picture(view)
    yellow = (abs(after - [255, 210, 63]).sum(axis=2) < 30).sum()
    assert yellow > 20
    assert (abs(before - [255, 210, 63]).sum(axis=2) < 30).sum() == 0
    assert "Neck, inferred" in view.page.inner_text("#panel")
    assert view.faults == []


def test_the_card_of_a_neck_gives_the_three_answers_and_says_it_is_inferred(visit, drawn):
    view = visit(drawn["en"])
    view.mode("one")
    switch(view, NECKS)
    open_first(view, "Necks, as a list")
    card = view.page.locator(".card").first.inner_text()
    for words in ("4.2 km", "inferred", "123.4 km²", "cut off already", "234.5 km²", "edge"):
        assert words in card
    assert re.search(r"Places behind it \(1\)", card)
    assert re.search(r"30 days before \(1\)", card)
    assert view.faults == []


def test_a_click_on_a_neck_opens_it_and_a_link_brings_it_back(visit, drawn):
    view = visit(drawn["en"])
    view.mode("one")
    switch(view, NECKS)
    west, south, east, north = pages.theatre().area.bounds
    for layer in ("Events", "Places"):
        view.page.get_by_role("checkbox", name=layer, exact=True).uncheck()
    view.click_at((west + east) / 2 + 0.012, (south + north) / 2)
    assert "Neck of" in view.page.locator(".card").first.inner_text()
    again = visit(drawn["en"], fragment=view.address(has="s="))
    assert "Neck of" in again.page.locator(".card").first.inner_text()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", LANGUAGES)
def test_necks_and_what_ifs_stand_in_no_readers_way(visit, drawn, axe, language, width):
    words = language_words("page")[language]
    view = visit(drawn[language], width=width, bypass_csp=True)
    view.page.evaluate(axe)
    switch(view, words["show.corridors"])
    open_first(view, words["corridors"])
    found = view.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found] == []


def test_a_date_whose_necks_were_not_worked_out_says_so(visit, tmp_path):
    folder = pages.theatre()
    composite = pages.composite_of(folder)
    necks = [None if day == pages.AFTER else [] for day in composite.dates]
    dates = {"before": pages.BEFORE, "after": pages.AFTER}
    page = maps.draw_page(folder, composite, **dates, corridors=necks)
    view = visit(page.save(tmp_path / "unasked.html"))
    words = language_words("page")["en"]
    view.mode("one")
    switch(view, words["show.corridors"])
    assert words["corridor.unasked"] in view.page.inner_text("#panel")
    assert words["corridor.without"] not in view.page.inner_text("#panel")
    assert view.faults == []


def test_a_what_if_says_on_the_map_and_beside_it_that_nobody_reported_it(visit, drawn):
    view = visit(drawn["en"])
    view.mode("one")
    panel = view.page.inner_text("#panel")
    assert "What if? Nobody reported this" in panel
    assert "what if <b>one</b> advanced" in panel
    shown = picture(view)
    view.page.get_by_label("What-if: ground that nobody reported taken").uncheck()
    assert (abs(picture(view) - shown).sum(axis=2) > 60).sum() > 500
    assert "Nobody reported this" not in view.page.inner_text("#h-doubt + div")
    assert view.faults == []


def test_the_vector_picture_has_the_necks_and_the_words(visit, drawn):
    view = visit(drawn["en"])
    view.mode("one")
    switch(view, NECKS)
    with view.page.expect_download() as waiting:
        view.page.get_by_role("button", name="Save as SVG", exact=True).click()
    text = waiting.value.path().read_text(encoding="utf-8")
    assert "4.2 km" in text
    assert "#ffd23f" in text
    assert "What if? Nobody reported this" in text
