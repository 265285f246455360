"""What a person does on the map: pointing, clicking, the time axis, search, paper, other eyes."""

import datetime as dt
import io
import re

import numpy as np
import pages
import pytest
from PIL import Image

from geo.draw.words.languages import LANGUAGES, language_words

pytestmark = pytest.mark.browser

ALL = "#m=one&d=2017-08-02&c=2017-07-31&w=31"


def at(view, lon, lat):
    """A point of the window at a position of the map."""
    script = """([lon, lat]) => {
        const box = map_frontline.getContainer().getBoundingClientRect();
        const p = map_frontline.latLngToContainerPoint([lat, lon]);
        return [box.x + p.x, box.y + p.y]; }"""
    return view.page.evaluate(script, [lon, lat])


def colours_on(view, lon, lat):
    """The pixel of a position on the first canvas of the map."""
    script = """([lon, lat]) => {
        const canvas = map_frontline.getPane('frontline-0').querySelector('canvas');
        const corner = L.DomUtil.getPosition(canvas);
        const p = map_frontline.latLngToLayerPoint([lat, lon]).subtract(corner);
        return [...canvas.getContext('2d').getImageData(p.x, p.y, 1, 1).data].slice(0, 3); }"""
    return view.page.evaluate(script, [lon, lat])


def point(view, lon, lat):
    x, y = at(view, lon, lat)
    view.page.mouse.move(x - 3, y)
    view.page.mouse.move(x, y)
    view.settle()
    view.page.locator("#tip").wait_for()
    return view.page.inner_text("#tip")


# Cards.


@pytest.mark.parametrize("spot", [(37.1, 33.1), (37.4, 33.4), (37.9, 33.7)])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_click_moves_the_map_and_no_card_hides_what_was_clicked(visit, trial, spot, width):
    view = visit(trial["en"], width=width, height=844, fragment=ALL)
    x, y = at(view, *spot)
    view.page.mouse.click(x, y)
    view.page.wait_for_selector(".card")
    assert at(view, *spot) == pytest.approx((x, y), abs=0.1)
    view.close_card()
    assert at(view, *spot) == pytest.approx((x, y), abs=0.1)
    if width > 800:
        view.page.mouse.click(x, y)
        card = view.page.locator("#drawer").bounding_box()
        stage = view.page.locator("#stage").bounding_box()
        assert card["x"] >= stage["x"] + stage["width"] - 1


def test_of_many_events_the_decisive_one_comes_first(visit, trial):
    view = visit(trial["en"], fragment=ALL)
    view.click_at(37.4, 33.4)
    titles = view.page.locator(".card h2").all_inner_texts()
    assert titles == ["Non-state actor overtakes territory", "Air/drone strike"]
    view.close_card()


# Pointing.


def test_pointing_says_what_is_there_and_that_one_can_click(visit, trial):
    view = visit(trial["en"], fragment=ALL)
    assert point(view, 37.1, 33.1) == "Opposition, likely"
    assert view.page.evaluate("map_frontline.getContainer().style.cursor") == "pointer"
    assert point(view, 37.1, 33.7) == "Government, assessed"
    assert point(view, 37.2, 33.6).split("\n") == ["Qasr al-Rih", "Government, assessed"]
    told = point(view, 37.4, 33.4)
    assert "Non-state actor overtakes territory" in told
    assert "one more event" in told
    view.page.mouse.move(*at(view, 37.1, 33.1))
    view.page.mouse.down()
    assert not view.page.is_visible("#tip")
    view.page.mouse.up()


def test_pointing_at_either_panel_tells_of_its_own_date(visit, trial):
    view = visit(trial["en"], fragment="")
    box = view.page.locator(".folium-map").bounding_box()
    lon, lat = 37.9, 33.6
    x, y = at(view, lon, lat)
    view.page.evaluate("map_frontline.setView([33.4, 37.6], 8, { animate: false })")
    x, y = at(view, lon, lat)
    seen = []
    for shift in (0, box["width"] + 6):
        view.page.mouse.move(x + shift - 2, y)
        view.page.mouse.move(x + shift, y)
        view.settle()
        view.page.locator("#tip").wait_for()
        seen.append(view.page.inner_text("#tip"))
    assert all(seen)


# Names above both halves.


def test_names_lie_above_both_halves_and_the_divider(visit, trial):
    view = visit(trial["en"])
    script = """() => ['frontline-0', 'frontline-bar', 'frontline-2', 'frontline-over'].map(
        (name) => +getComputedStyle(map_frontline.getPane(name)).zIndex)"""
    below, bar, names, handle = view.page.evaluate(script)
    assert below < bar < names < handle
    clip = view.page.evaluate("map_frontline.getPane('frontline-2').style.clipPath")
    assert clip in ("", "none")
    # Dragged over a name, the divider leaves its letters whole: their layer is not repainted.
    ink = """() => { const canvas = map_frontline.getPane('frontline-2').querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let n = 0; for (let i = 3; i < data.length; i += 4) n += data[i] > 0; return n; }"""
    before = view.page.evaluate(ink)
    assert before > 500
    view.page.locator("#divider").press("Home")
    assert view.page.evaluate(ink) == before
    view.mode("one")
    assert view.page.evaluate("map_frontline.getPane('frontline-2').style.display") == "none"


# Events that are known to a region only.


def test_an_event_known_to_a_region_only_has_no_sharp_mark(visit, trial):
    view = visit(trial["en"], fragment=f"{ALL}&l=control.events")
    exact, vague = colours_on(view, 37.404, 33.4), colours_on(view, 37.7, 33.2)
    assert vague == [255, 255, 255]
    assert exact != vague
    assert "Known to a region only" in view.page.inner_text("#h-events ~ .key")


# The time axis.


def chart_point(view, day):
    box = view.page.locator("#chart").bounding_box()
    low, high = (int(view.page.get_attribute("#range-after", end)) for end in ("min", "max"))
    share = ((day - dt.date(1970, 1, 1)).days - low) / (high - low)
    return box["x"] + share * box["width"], box["y"] + 15


def test_a_click_on_the_axis_brings_the_nearer_date_there(visit, trial):
    view = visit(trial["en"])
    view.page.mouse.click(*chart_point(view, dt.date(2017, 9, 1)))
    assert view.page.inner_text("#badge-after").startswith("1 Sep")
    assert view.page.inner_text("#badge-before").startswith("31 Jul")
    view.page.mouse.click(*chart_point(view, dt.date(2017, 5, 20)))
    assert view.page.inner_text("#badge-before").startswith("20 May")


def test_the_flags_of_neighbouring_dates_do_not_hide_one_another(visit, shipped_page):
    view = visit(shipped_page)
    x = {}
    for which in ("before", "after"):
        box = view.page.locator(f"#range-{which}").bounding_box()
        low, high, now = (
            int(view.page.evaluate(f"document.getElementById('range-{which}').{name}"))
            for name in ("min", "max", "value")
        )
        # A thumb of 12 px runs from one end of its track to the other.
        x[which] = box["x"] + (now - low) / (high - low) * (box["width"] - 12)
    assert x["after"] - x["before"] >= 12
    for which in ("before", "after"):
        y = view.page.locator("#chart").bounding_box()["y"] + 20
        hit = view.page.evaluate(
            "([x, y]) => document.elementFromPoint(x, y).id", [x[which] + 6, y]
        )
        assert hit == f"range-{which}"


def test_the_axis_ends_where_the_data_ends_and_says_what_it_counts(visit, shipped_page):
    view = visit(shipped_page)
    last = int(view.page.get_attribute("#range-after", "max"))
    days = view.page.locator("#pick-after option").evaluate_all("(all) => all.map((o) => +o.value)")
    assert 0 < last - max(days) <= 31
    assert view.page.inner_text(".axis-words").split() == ["ground", "events"]


@pytest.mark.parametrize("mode", ["story", "one"])
def test_play_goes_over_all_dates(visit, trial, mode):
    view = visit(trial["en"], fragment=f"#m={mode}")
    view.page.evaluate("""() => { window.__days = new Set();
        const pick = document.getElementById('pick-after');
        window.__watch = setInterval(() => window.__days.add(pick.value), 40); }""")
    view.page.click("#play")
    view.page.wait_for_function(
        "() => document.getElementById('play').textContent === '\\u25B6'", timeout=20_000
    )
    seen = view.page.evaluate("window.__days.size")
    assert seen >= len(pages.PICTURES) - (mode == "story")


# Search.


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Mahrouta", "Bir Mahruthah"),
        ("mahrutha", "Bir Mahruthah"),
        ("Tel Makhoul", "Makhul checkpoint"),
        ("Souweida", "As-Suwayda"),
        ("Khalkhala", "Khalkhalah airbase"),
        ("محروته", "Bir Mahruthah"),
        ("Sadd Richa", "Sadd ar-Risha"),
    ],
)
def test_search_tolerates_spellings(visit, shipped_page, typed, name):
    view = visit(shipped_page)
    view.page.fill("#search", typed)
    found = view.page.locator("#found li bdi").all_inner_texts()
    words = name.split()
    assert any(words[-1] in one or words[0] in one for one in found), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_search_says_when_nothing_is_found(visit, trial, language):
    view = visit(trial[language])
    view.page.fill("#search", "xyzzyplugh")
    said = view.page.inner_text("#found")
    assert view.page.is_visible("#found")
    assert "xyzzyplugh" in said
    assert (
        said.split("xyzzyplugh")[0].strip('«" ')
        in language_words("page")[language]["found.none.hint"].split("{text}")[0]
    )
    view.page.press("#search", "Enter")
    assert not view.page.locator(".card").count()


def test_no_result_is_called_other(visit, shipped_page):
    view = visit(shipped_page)
    for text in ("a", "e", "SOHR", "other"):
        view.page.fill("#search", text)
        for line in view.page.locator("#found li").all_inner_texts():
            assert not re.search(r"· Other\b", line)


# Home, and where the data ends.


def test_home_brings_back_the_ground_that_the_view_is_about(visit, trial):
    for fragment in ("", "#m=one"):
        view = visit(trial["en"], fragment=fragment)
        home = view.page.evaluate("map_frontline.getBounds().toBBoxString()")
        view.page.evaluate("map_frontline.setView([33.6, 37.9], 11, { animate: false })")
        view.page.click("#home")
        again = view.page.evaluate("map_frontline.getBounds().toBBoxString()")
        assert [float(v) for v in again.split(",")] == pytest.approx(
            [float(v) for v in home.split(",")], abs=0.02
        )


def test_no_rectangle_shows_where_the_base_map_ends(visit, trial):
    view = visit(trial["en"], fragment="#m=one&v=8.5/33.0/37.5&l=control.borders")
    # Inside the country of the context, and outside of all that it knows.
    assert colours_on(view, 36.6, 32.7) == colours_on(view, 36.3, 32.6)


# Contested, gained.


def test_contested_ground_and_gained_ground_are_drawn_unlike(visit, trial):
    view = visit(trial["en"], fragment="#m=change&c=2017-05-01&d=2017-08-02&l=control")

    def colours(lon, lat):
        found = [
            tuple(colours_on(view, lon + dx / 1000, lat + dy / 1000))
            for dx in range(-60, 61, 8)
            for dy in range(-40, 41, 8)
        ]
        top = max(set(found), key=found.count)
        return found.count(top) / len(found)

    # Gained ground is mostly of one colour; contested ground is half and half.
    assert colours(37.625, 33.65) > 0.6


def test_a_holder_of_the_date_before_is_in_the_key(visit, trial):
    view = visit(trial["en"], fragment="#d=2017-09-01&c=2017-05-01&m=story")
    assert "Islamic State" in view.page.inner_text("#story-key")
    view.mode("swipe")
    names = view.page.locator("#panel .legend tbody th bdi").all_inner_texts()
    assert "Islamic State" in names
    view.mode("one")
    names = view.page.locator("#panel .legend tbody th bdi").all_inner_texts()
    assert "Islamic State" not in names


def test_ground_that_became_known_is_no_gain(visit, shipped_page):
    view = visit(shipped_page, fragment="#m=swipe&c=2017-07-14&d=2017-07-31")
    # Nobody is reported to have taken ground; thousands of km2 became known.
    assert view.page.locator("#panel .legend td.gain, #panel .legend td.loss").count() == 0
    view.page.click("text=In sentences, with bands")
    assert "not assessed before are now known" in view.page.inner_text("#panel .parts")


# Paper.


@pytest.mark.parametrize("mode", ["story", "swipe", "one", "change"])
def test_paper_is_one_page_with_the_story_the_scale_and_the_marks(visit, shipped_page, mode):
    view = visit(shipped_page, fragment=f"#m={mode}")
    pdf = view.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 1
    sheet = view.page.text_content("#sheet")
    assert "not surveyed" in sheet
    if mode != "one":
        assert "Syrian opposition took Bir Mahruthah" in sheet
        assert "(800 to 2,000)" in sheet
    if mode in ("story", "swipe"):
        assert "Neck, with its width" in sheet
        assert view.page.locator("#sheet figure").count() == 2


def test_paper_frames_what_changed_whatever_the_window_shows(visit, shipped_page):
    view = visit(shipped_page, fragment="#m=swipe&v=11/33.9/38.8")
    view.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    yellow = view.page.evaluate("""() => {
        const all = [...document.querySelectorAll('#sheet figure canvas')];
        return all.map((c) => {
        const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i] === 255 && data[i + 1] === 210;
        return n; }); }""")
    assert yellow[0] == 0
    assert yellow[1] > 200


# Touch, and other eyes.


def test_on_a_phone_one_finger_scrolls_the_page_and_two_move_the_map(visit, trial):
    view = visit(trial["en"], width=390, height=844, fragment="", has_touch=True, is_mobile=True)
    centre = view.page.evaluate("map_frontline.getCenter().toString()")
    session = view.page.context.new_cdp_session(view.page)
    x, y = at(view, 37.5, 33.4)

    def swipe(*fingers):
        def send(kind, shift):
            points = [{"x": fx, "y": fy + shift} for fx, fy in fingers]
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": points if kind != "touchEnd" else []},
            )

        send("touchStart", 0)
        for step in range(1, 9):
            send("touchMove", -15 * step)
            view.page.wait_for_timeout(20)
        send("touchEnd", 0)
        view.page.wait_for_timeout(500)

    swipe((x, y))
    assert view.page.evaluate("scrollY") > 40
    assert view.page.evaluate("map_frontline.getCenter().toString()") == centre
    view.page.evaluate("scrollTo(0, 0)")
    x, y = at(view, 37.5, 33.4)
    swipe((x - 40, y), (x + 40, y))
    assert view.page.evaluate("map_frontline.getCenter().toString()") != centre


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["story", "swipe", "one", "change"])
def test_in_the_dark_nothing_stands_in_a_readers_way(visit, trial, axe, mode):
    view = visit(trial["en"], fragment=f"#m={mode}", color_scheme="dark", bypass_csp=True)
    assert view.page.evaluate("getComputedStyle(document.body).backgroundColor") != (
        "rgb(255, 255, 255)"
    )
    view.page.evaluate(axe)
    if mode != "story":
        view.click_at(37.4, 33.4)
    found = view.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [
        (v["id"], v["nodes"][0]["html"][:160], v["nodes"][0]["failureSummary"]) for v in found
    ] == []


def test_forced_colours_bring_a_pattern_for_each_side(chromium, trial):
    context = chromium.new_context(forced_colors="active", offline=True)
    page = context.new_page()
    page.goto(f"file://{trial['en']}#m=one")
    page.wait_for_selector("body[data-ready]")
    checked = page.locator("#h-layers ~ .toggles input").last.is_checked()
    context.close()
    assert checked


def test_boxes_to_tick_are_large_enough_to_hit(visit, trial):
    view = visit(trial["en"])
    sizes = view.page.locator(".toggles input").evaluate_all(
        "(all) => all.map((box) => box.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 24


def test_at_twice_the_size_the_header_leaves_room(visit, trial):
    view = visit(trial["en"], width=640, height=400, fragment="")
    assert view.page.locator("header").bounding_box()["height"] <= 120


# What else a stranger stumbled over.


def test_a_place_that_was_inferred_is_no_smudge_and_a_dashed_circle_when_chosen(visit, trial):
    view = visit(trial["en"], fragment="#m=one&l=control.places")
    # Bir Umm is known to 6 km: a spot 3 km off it looks as the ground beside does.
    spot, beside = (37.43, 33.42), (37.36, 33.47)
    assert np.abs(colour(view, *spot) - colour(view, *beside)).max() < 6
    # The circle is dashed in the colour of what one points at, which nothing else on the map has.
    ring = """() => {
        const canvas = map_frontline.getPane('frontline-0').querySelector('canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let n = 0;
        for (let i = 0; i < data.length; i += 4) n += data[i] < 40 && data[i + 2] > 170;
        return n; }"""
    assert view.page.evaluate(ring) == 0
    view.click_at(37.4, 33.4)
    assert "6 km" in view.page.inner_text(".card")
    assert view.page.evaluate(ring) > 100
    view.close_card()
    assert view.page.evaluate(ring) == 0


def colour(view, lon, lat):
    """The middle colour of the map round a position."""
    x, y = view.page.evaluate(
        """([lon, lat]) => {
            const box = map_frontline.getContainer().getBoundingClientRect();
            const p = map_frontline.latLngToContainerPoint([lat, lon]);
            return [box.x + p.x, box.y + p.y]; }""",
        [lon, lat],
    )
    clip = {"x": x - 8, "y": y - 8, "width": 16, "height": 16}
    with Image.open(io.BytesIO(view.page.screenshot(clip=clip))) as picture:
        return np.median(np.asarray(picture.convert("RGB")).astype(int), axis=(0, 1))


@pytest.mark.parametrize(
    ("locale", "made", "shown"),
    [
        ("ar-SY", "en", "ar"),
        ("ar", "en", "ar"),
        ("fr-FR", "en", "en"),
        ("en-US", "ar", "ar"),
        ("ar-SY", "ar", "ar"),
    ],
)
def test_the_language_of_the_reader_decides_unless_another_was_asked_for(
    visit, trial, locale, made, shown
):
    view = visit(trial[made], locale=locale)
    assert view.page.get_attribute("html", "lang") == shown
    view = visit(trial[made], locale=locale, fragment="#lang=en")
    assert view.page.get_attribute("html", "lang") == "en"


def test_who_looked_at_what_is_told_in_names(visit, shipped_page):
    view = visit(shipped_page)
    view.page.locator("summary:has-text('When we looked')").click()
    said = view.page.inner_text("#panel details[open] .statements")
    assert "Bir Mahruthah" in said
    assert "bir_mahruthah" not in said
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", said)


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("mode", ["story", "swipe", "one", "change"])
def test_nothing_that_lies_over_the_map_hides_another(visit, trial, width, mode):
    view = visit(trial["en"], width=width, fragment=f"#m={mode}")
    boxes = view.page.evaluate("""() => [...document.querySelectorAll('.leaflet-control-zoom,'
        + ' #corner button, .north, #locator, #badge-before, #badge-after, #badge-one,'
        + ' #panel-before, #panel-after, .leaflet-control-scale-line')]
            .map((node) => [node.id || node.className, node.getBoundingClientRect()])
            .filter(([, box]) => box.width)
            .map(([name, box]) => [name, box.left, box.top, box.right, box.bottom])""")
    for i, (name, *a) in enumerate(boxes):
        for other, *b in boxes[i + 1 :]:
            apart = a[0] >= b[2] - 1 or b[0] >= a[2] - 1 or a[1] >= b[3] - 1 or b[1] >= a[3] - 1
            assert apart, (name, other)
