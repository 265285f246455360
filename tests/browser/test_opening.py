"""The opening: who held what before and after, by what a person sees and does."""

import datetime as dt
import json
import re

import pages
import pytest

from geo.draw.page import page as maps
from geo.draw.words.languages import LANGUAGES, language_words

pytestmark = pytest.mark.browser

PAIR = "#d=2017-08-02&c=2017-07-31"
CHANGED = (37.3, 33.3)
"""This ground goes from one side to another between the two dates."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The page of the small theatre with figures, a neck and what hangs on it, made up."""
    folder = pages.theatre()
    ring = [[37.35, 33.3], [37.45, 33.3], [37.45, 33.45], [37.35, 33.45], [37.35, 33.3]]
    hold = {
        "sides": ["opposition"], "cut": True, "km2": 123.4, "joined": 0.64, "width": 8.4,
        "low": 0.0, "high": 14.8, "where": [37.5, 33.35, 9.0], "places": ["qasr"], "rings": [ring],
    }  # fmt: skip
    figures = {
        "changes": {
            "1-2": {
                "rows": [
                    ["government", "opposition", "taken", 1950.9, 1264.8, 2746.9],
                    ["unknown", "opposition", "became known", 547.3, None, None],
                    ["is", "government", "redrawn", 551.2, 324.0, 947.9],
                ],
                "spots": [[0, *CHANGED]],
            }
        },
        "holds": {"2": [hold]},
    }
    out = tmp_path_factory.mktemp("opening")
    composite = pages.composite_of(folder)
    return {
        language: maps.draw_page(
            folder,
            composite,
            before=pages.BEFORE,
            after=pages.AFTER,
            language=language,
            told=figures,
        ).save(out / f"{language}.html")
        for language in LANGUAGES
    }


def pick(view, which, day):
    view.page.select_option(f"#pick-{which}", str((day - dt.date(1970, 1, 1)).days))
    view.settle()


def part(view, kind):
    return " ".join(view.page.inner_text(f"#parts .{kind} p").split())


def box(view):
    """Where the first panel and the second stand in the window."""
    script = """() => [0, 1].map((i) => {
        const map = map_frontline.getContainer().getBoundingClientRect();
        const own = map_frontline.getPane(`frontline-${i}`).style.transform;
        const [x, y] = (own.match(/-?[\\d.]+px/g) ?? ['0px', '0px']).map(parseFloat);
        return [map.x + x, map.y + y, map.width, map.height]; })"""
    return view.page.evaluate(script)


def on_panel(view, number, lon, lat):
    """A point of the window at a position on one of the panels."""
    left, top, *_ = box(view)[number]
    script = """([lon, lat]) => {
        const p = map_frontline.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }"""
    x, y = view.page.evaluate(script, [lon, lat])
    return left + x, top + y


def inked(view, number, color):
    """How many pixels of a panel's canvas have a colour."""
    script = """([pane, color]) => {
        const canvas = map_frontline.getPane(`frontline-${pane}`).querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let n = 0;
        for (let i = 0; i < data.length; i += 4) {
            if (color.every((v, k) => Math.abs(data[i + k] - v) < 3)) n++;
        }
        return n; }"""
    return view.page.evaluate(script, [number, color])


def test_the_headline_says_what_happened_between_the_two_dates(visit, trial):
    view = visit(trial["en"], fragment="")
    assert (
        view.page.inner_text("#headline")
        == "Opposition took Bir Umm from Government, 1 August 2017"
    )
    assert "31 July 2017" in view.page.inner_text("#panel-before")
    assert "2 August 2017" in view.page.inner_text("#panel-after")
    pick(view, "before", dt.date(2017, 8, 2))
    pick(view, "after", dt.date(2017, 9, 1))
    assert "Bir Umm" not in view.page.inner_text("#story")
    assert "1 September 2017" in view.page.inner_text("#headline")
    assert view.faults == []


def test_the_words_of_the_theatre_stand_only_with_its_own_dates(visit, trial):
    view = visit(trial["en"], fragment="")
    view.page.click("#own summary")
    assert "One night changed it." in view.page.inner_text("#own-text")
    pick(view, "before", dt.date(2017, 5, 1))
    assert not view.page.is_visible("#own")


def test_figures_come_with_their_band_and_pictures_are_told_from_conquest(visit, told):
    view = visit(told["en"], fragment="")
    assert "about 2,000 km² (1,300 to 2,700)" in part(view, "taken")
    assert "Reports name Bir Umm" in part(view, "taken")
    assert "547 km²" in part(view, "known")
    assert "(" not in part(view, "known")
    assert "About 600 km² (300 to 900)" in part(view, "corrected")
    assert "nobody is reported to have moved" in part(view, "corrected")
    assert "about 8 km, 0 to 15" in part(view, "stake")
    assert "36 of 100 maps" in part(view, "stake")
    assert "Qasr al-Rih" in part(view, "stake")


def test_where_no_band_was_worked_out_the_opening_says_so(visit, trial):
    view = visit(trial["en"], fragment="")
    assert "no band was worked out" in part(view, "taken")


def test_the_opening_says_on_what_it_rests(visit, trial):
    view = visit(trial["en"], fragment="")
    assert "What moved rests on one report" in part(view, "rests")


def test_neck_and_what_hangs_on_it_are_marked_after_and_not_before(visit, told):
    view = visit(told["en"], fragment="")
    yellow = [255, 210, 63]
    assert inked(view, 0, yellow) == 0
    assert inked(view, 1, yellow) > 100
    assert "Neck" in view.page.inner_text("#story-key")


def test_an_advance_has_an_arrow_and_the_key_says_what_is_known_of_it(visit, told):
    view = visit(told["en"], fragment="")
    assert "the way is not known" in view.page.inner_text("#story-key")
    pick(view, "before", dt.date(2017, 8, 2))
    pick(view, "after", dt.date(2017, 9, 1))
    assert "Advance" not in view.page.inner_text("#story-key")


def test_the_arrow_follows_a_way_that_is_told_only_into_what_was_taken(visit, shipped_page):
    # From 2 to 10 August a source tells of a way that ends far from the ground that was taken.
    view = visit(shipped_page, fragment="")
    pick(view, "after", dt.date(2017, 8, 10))
    pick(view, "before", dt.date(2017, 8, 2))
    assert "took" in view.page.inner_text("#story")
    assert "Changed ground" in view.page.inner_text("#story-key")
    assert "along the way that is told" not in view.page.inner_text("#story-key")


def test_the_changed_ground_lies_in_both_panels_under_nothing(visit, told):
    view = visit(told["en"], fragment="")
    for number in (0, 1):
        x, y = on_panel(view, number, *CHANGED)
        left, top, wide, high = box(view)[number]
        assert left < x < left + wide
        assert top < y < top + high
        hit = view.page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", [x, y])
        assert hit == "CANVAS"


def test_a_click_on_changed_ground_opens_what_explains_it(visit, told):
    view = visit(told["en"], fragment="")
    view.page.mouse.click(*on_panel(view, 1, *CHANGED))
    view.page.wait_for_selector(".card")
    card = view.page.inner_text(".card")
    assert "Why it changed hands." in card
    assert card.index("Opposition") < card.index("Why it changed hands.")


@pytest.mark.parametrize("number", [0, 1])
def test_both_panels_move_as_one_whichever_is_dragged(visit, told, number):
    view = visit(told["en"], fragment="")
    x, y = on_panel(view, number, *CHANGED)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 60, y + 30, steps=6)
    view.page.wait_for_timeout(250)  # A hand that rests throws nothing.
    view.page.mouse.up()
    view.settle()
    ends = [on_panel(view, i, *CHANGED) for i in (0, 1)]
    assert ends[number] == pytest.approx((x + 60, y + 30), abs=3)
    # Both panes hang on one map: the same position is as far from the corner of either panel.
    (ax, ay, *_), (bx, by, *_) = box(view)
    assert ends[0][0] - ax == pytest.approx(ends[1][0] - bx, abs=0.5)
    assert ends[0][1] - ay == pytest.approx(ends[1][1] - by, abs=0.5)


@pytest.mark.parametrize("number", [0, 1])
def test_the_wheel_zooms_about_the_pointer_on_either_panel(visit, told, number):
    view = visit(told["en"], fragment="")
    spot = on_panel(view, number, *CHANGED)
    zoom = view.page.evaluate("map_frontline.getZoom()")
    view.page.mouse.move(*spot)
    view.page.mouse.wheel(0, -240)
    view.page.wait_for_function("(z) => map_frontline.getZoom() > z", arg=zoom)
    view.page.wait_for_timeout(400)
    assert on_panel(view, number, *CHANGED) == pytest.approx(spot, abs=4)


def test_panels_stand_side_by_side_and_on_a_phone_one_above_the_other(visit, told):
    wide = box(visit(told["en"], fragment=""))
    assert wide[1][0] > wide[0][0] + wide[0][2]
    assert wide[0][1] == wide[1][1]
    phone = box(visit(told["en"], width=390, height=844, fragment=""))
    assert phone[1][1] > phone[0][1] + phone[0][3]
    assert phone[0][0] == phone[1][0]
    # Both are seen without scrolling.
    assert phone[1][1] + phone[1][3] <= 844


def test_explore_leads_to_the_swipe_and_the_view_stays(visit, told):
    view = visit(told["en"], fragment="")
    centre = view.page.evaluate("map_frontline.getCenter().lng")
    view.page.click("#explore")
    view.settle()
    assert view.page.get_attribute("body", "data-mode") == "swipe"
    assert view.page.is_visible("#panel")
    assert view.page.evaluate("map_frontline.getCenter().lng") == pytest.approx(centre, abs=0.05)
    view.page.keyboard.press("1")
    assert view.page.is_visible("#headline")


def test_a_link_to_the_opening_brings_back_dates_and_view(visit, told):
    view = visit(told["en"], fragment="#d=2017-09-01&c=2017-05-01&m=story&v=9.5/33.4/37.4")
    assert view.page.evaluate("map_frontline.getZoom()") == 9.5
    assert "1 May 2017" in view.page.inner_text("#panel-before")
    assert "m=story" in view.address(has="d=2017-09-01")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1920, 1280, 768, 390])
def test_the_opening_is_whole_in_every_language_and_width(visit, told, language, width):
    view = visit(told[language], width=width, fragment="")
    text = view.page.inner_text("#story") + view.page.inner_text("#story-key")
    words = language_words("page")[language]
    # No key of ours stands where a phrase should, and no value is missing from one.
    assert not re.search(r"\b(headline|part|taken|known|rests|stake|story|width)\.[a-z]", text)
    assert "{" not in text
    assert words["part.taken"].lower() in text.lower()
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.faults == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_the_opening_stands_in_no_readers_way(visit, told, axe, language, width):
    view = visit(told[language], width=width, fragment="", bypass_csp=True)
    view.page.evaluate(axe)
    found = view.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found] == []


def test_the_shipped_case_opens_with_its_answer(visit, shipped_page):
    view = visit(shipped_page, fragment="")
    figures = json.loads(view.page.text_content("#records"))["told"]["changes"]["8-9"]["rows"]
    _, _, effect, area, low, high = figures[0]
    assert effect == "taken"
    assert low < area < high
    headline = view.page.inner_text("#headline")
    assert "Syrian opposition took Bir Mahruthah from Syrian government" in headline
    assert "1 to 2 August 2017" in headline
    said = part(view, "taken")
    shown = [float(n.replace(",", "")) for n in re.findall(r"[\d,]+(?= km²|\)| to )", said)]
    assert shown[:3] == pytest.approx([area, low, high], rel=0.06)
    assert "undated" in part(view, "rests")
    assert view.faults == []
