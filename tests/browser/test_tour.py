"""The guided tour: what an analyst wrote, stop by stop, by pointer, keys, phone and link."""

import dataclasses

import pages
import pytest

from geo import model
from geo.draw.words.languages import LANGUAGES, language_words

pytestmark = pytest.mark.browser

EVE = {"id": "eve", "stop": 1, "after": "2017-05-01", "view": "one", "source_ids": "press"}
NIGHT = {
    "id": "night", "stop": 2, "before": "2017-07-31", "after": "2017-08-02", "view": "story",
    "change_ids": "chg-1", "event_ids": "evt-1", "source_ids": "monitor",
}  # fmt: skip
END = {
    "id": "end", "stop": 3, "before": "2017-08-02", "after": "2017-09-01", "view": "swipe",
    "place_ids": "bir_umm", "source_ids": "press",
}  # fmt: skip
WORDS = {"id": "may", "before": "2017-05-01", "after": "2017-07-31", "view": "story"}
SAID = {
    "eve": ("On the eve all is quiet.", "عشية هادئة."),
    "night": ("In one night the well fell.", "في ليلة واحدة سقطت البئر."),
    "end": ("It ends in the south.", None),
    "may": ("Between May and July nobody moved.", "لم يتحرك أحد بين أيار وتموز."),
}


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    """The page of the small theatre with a tour of three stops, and words on two other dates."""
    rows = [
        row | {"text": SAID[row["id"]][0], "text_ar": SAID[row["id"]][1]}
        for row in (EVE, NIGHT, END, WORDS)
    ]
    folder = dataclasses.replace(pages.theatre(), tour=pages.table(model.TOUR, *rows))
    out = tmp_path_factory.mktemp("tour")
    return {lang: pages.drawn(folder, out / f"{lang}.html", lang) for lang in LANGUAGES}


def dates(view):
    return view.page.evaluate(
        "['before', 'after'].map((one) => document.getElementById(`range-${one}`)"
        ".getAttribute('aria-valuetext'))"
    )


def lit(view):
    """Where on the axis a stop lights up, and where its dates stand, in pixels."""
    return view.page.evaluate("""() => {
        const chart = document.getElementById('chart').getBoundingClientRect();
        const now = [...document.querySelectorAll('#tour-marks .now')]
            .map((one) => one.getBoundingClientRect());
        const days = ['before', 'after'].map((one) => {
            const range = document.getElementById(`range-${one}`);
            return chart.x + chart.width * (range.value - range.min) / (range.max - range.min); });
        return [now.map((one) => [one.left, one.right]), days]; }""")


def test_the_tour_goes_from_stop_to_stop_and_lights_up_the_axis(visit, toured):
    view = visit(toured["en"], fragment="")
    page = view.page
    assert not page.is_visible("#tour")
    page.click("#tour-start")
    view.settle()
    assert page.inner_text("#tour-text").strip() == SAID["eve"][0]
    assert page.get_attribute("body", "data-mode") == "one"
    page.click("#tour-on")
    view.settle()
    assert page.inner_text("#tour-text").strip() == SAID["night"][0]
    assert page.get_attribute("body", "data-mode") == "story"
    assert [text[:9] for text in dates(view)] == ["31 July 2", "2 August "]
    assert not page.is_visible("#headline")
    ((bar,), days) = lit(view)
    assert abs(bar[0] - days[0]) < 2
    assert bar[1] >= days[1] - 2
    assert page.locator("#tour-stops [aria-current=step]").inner_text() == "2"
    page.click("#tour-end")
    view.settle()
    assert not page.is_visible("#tour")
    assert page.is_visible("#headline")
    assert lit(view)[0] == []
    assert view.faults == []


def test_a_stop_frames_its_places(visit, toured):
    view = visit(toured["en"], fragment="#t=3")
    spot = view.page.evaluate(
        "(() => { const p = map_frontline.latLngToContainerPoint([33.4, 37.4]);"
        " const s = map_frontline.getSize(); return [p.x / s.x, p.y / s.y]; })()"
    )
    assert all(0.4 < share < 0.6 for share in spot)
    assert view.page.evaluate("map_frontline.getZoom()") >= 10


def test_what_a_stop_rests_on_opens_beside_it(visit, toured):
    view = visit(toured["en"], fragment="#t=2")
    page = view.page
    size = page.evaluate("map_frontline.getSize()")
    page.click("#tour-rests summary")
    view.settle()
    said = page.inner_text("#tour-rests")
    assert "advance" in said
    assert "Taken at night" not in said  # Of the event its title alone, and a way to open it.
    assert page.locator("#tour-rests button:has-text('Bir Umm')").count() >= 1
    assert "Monitor" in said
    assert page.evaluate("map_frontline.getSize()") == size


def test_the_tour_is_walked_by_keys_and_told_to_those_who_do_not_see(visit, toured):
    view = visit(toured["en"], fragment="")
    page = view.page
    page.keyboard.press("t")
    view.settle()
    assert page.evaluate("document.activeElement.id") == "tour-on"
    assert SAID["eve"][0] in page.inner_text("#said")
    page.keyboard.press("Enter")
    view.settle()
    assert "Stop 2 of 3" in page.inner_text("#said")
    assert SAID["night"][0] in page.inner_text("#said")
    page.keyboard.press("ArrowRight")
    view.settle()
    assert page.inner_text("#tour-text").strip() == SAID["end"][0]
    assert page.evaluate("document.activeElement.closest('#tour') !== null")
    page.keyboard.press("Home")
    view.settle()
    assert page.inner_text("#tour-text").strip() == SAID["eve"][0]
    page.keyboard.press("Escape")
    view.settle()
    assert not page.is_visible("#tour")
    assert page.evaluate("document.activeElement !== document.body")


def test_a_date_or_a_view_of_ones_own_leaves_the_tour_and_it_goes_on_there(visit, toured):
    view = visit(toured["en"], fragment="#t=2")
    page = view.page
    page.click("#step-on")
    view.settle()
    assert not page.is_visible("#tour")
    page.click("#tour-start")
    view.settle()
    assert page.inner_text("#tour-text").strip() == SAID["night"][0]
    page.click("#mode-change")
    view.settle()
    assert not page.is_visible("#tour")


def test_a_link_brings_back_the_stop_and_the_view(visit, toured):
    view = visit(toured["en"], fragment="#t=2")
    view.page.evaluate("map_frontline.setView([33.3, 37.5], 10, { animate: false })")
    address = view.address(has="v=10")
    assert "t=2" in address
    again = visit(toured["en"], fragment=address)
    assert again.page.inner_text("#tour-text").strip() == SAID["night"][0]
    assert again.page.evaluate("map_frontline.getZoom()") == 10


def test_a_theatre_has_words_of_its_own_for_any_two_dates(visit, toured):
    view = visit(toured["en"], fragment="#m=story&c=2017-05-01&d=2017-07-31")
    view.page.click("#own summary")
    assert SAID["may"][0] in view.page.inner_text("#own-text")
    view = visit(toured["en"], fragment="#m=story&c=2017-07-31&d=2017-08-02")
    view.page.click("#own summary")
    assert SAID["night"][0] in view.page.inner_text("#own-text")
    view = visit(toured["en"], fragment="#m=story&c=2017-05-01&d=2017-08-02")
    assert not view.page.is_visible("#own")


def test_without_a_tour_nothing_offers_one(visit, trial):
    view = visit(trial["en"], fragment="")
    assert not view.page.is_visible("#tour-start")
    view.page.keyboard.press("t")
    view.settle()
    assert not view.page.is_visible("#tour")
    assert view.faults == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_every_stop_is_whole_and_stands_in_no_readers_way(
    visit, toured, axe, language, width, stop
):
    view = visit(toured[language], width=width, fragment=f"#t={stop}")
    page = view.page
    said = SAID[("eve", "night", "end")[stop - 1]]
    own = said[LANGUAGES.index(language)] or said[0]
    assert page.inner_text("#tour-text").strip() == own
    assert language_words("page")[language]["tour.end"] in page.inner_text("#tour")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate("""() => [...document.querySelectorAll('#tour p, #tour button')]
        .map((one) => one.getBoundingClientRect()).map((b) => [b.left, b.right, b.height])""")
    assert all(left >= 0 and right <= width and height >= 20 for left, right, height in boxes)
    page.evaluate(axe)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
    assert view.faults == []


def test_the_tour_of_the_shipped_case_stops_only_where_layers_are(visit, shipped_page):
    view = visit(shipped_page, fragment="#t=1")
    page = view.page
    count = page.locator("#tour-stops button").count()
    assert count >= 8
    for n in range(count):
        page.locator("#tour-stops button").nth(n).click()
        view.settle()
        assert page.locator("#tour-rests summary").count() == 1
        assert page.inner_text("#as-of") == "end of the day"
    assert view.faults == []
