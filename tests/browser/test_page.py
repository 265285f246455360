import base64
import dataclasses
import datetime as dt
import json
import re
from xml.etree import ElementTree

import numpy as np
import pages
import pytest

from geo.draw.page import page as maps
from geo.draw.page import store
from geo.draw.words.languages import LANGUAGES

pytestmark = pytest.mark.browser

MODES = ("swipe", "one", "change")


def colours_on(view, lon, lat, pane=0):
    """The pixel of a position on the canvas of one side of the divider."""
    script = """([lon, lat, pane]) => {
        const canvas = map_frontline.getPane(`frontline-${pane}`).querySelector('canvas');
        const corner = L.DomUtil.getPosition(canvas);
        const p = map_frontline.latLngToLayerPoint([lat, lon]).subtract(corner);
        return [...canvas.getContext('2d').getImageData(p.x, p.y, 1, 1).data].slice(0, 3); }"""
    return view.page.evaluate(script, [lon, lat, pane])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_alone_and_quietly(visit, trial, language):
    view = visit(trial[language])
    for mode in MODES:
        view.mode(mode)
        view.click_at(37.6, 33.6)
        view.close_card()
    view.page.click("#language")
    for mode in MODES:
        view.mode(mode)
    files = [url for url in view.requests if not url.startswith(("data:", "blob:"))]
    assert files == [f"file://{trial[language]}"]
    assert view.faults == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_stands_in_the_way_of_any_reader(visit, trial, axe, language, width):
    view = visit(trial[language], width=width, bypass_csp=True)
    view.page.evaluate(axe)
    for mode in MODES:
        view.mode(mode)
        if mode == "one":
            view.click_at(37.4, 33.4)
        else:
            view.close_card()
        found = view.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        brief = [
            (v["id"], v["nodes"][0]["html"][:160], v["nodes"][0]["failureSummary"]) for v in found
        ]
        assert brief == [], mode


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(visit, trial, language, width):
    view = visit(trial[language], width=width)
    for mode in MODES:
        view.mode(mode)
        assert view.page.evaluate("document.documentElement.scrollWidth") <= width


# What it shows.


def legend(view):
    """Square kilometres by name, as the legend has them."""
    script = """() => [...document.querySelectorAll('#panel .legend tbody tr')].map((row) =>
        [row.querySelector('th bdi').textContent, +row.querySelector('[data-km2]').dataset.km2])"""
    return dict(view.page.evaluate(script))


def test_the_legend_adds_up_to_the_same_total_on_every_date(visit, trial):
    view = visit(trial["en"])
    composite = pages.composite_of(pages.theatre())
    total = composite.face_area_km2.sum()
    for day in composite.dates:
        view.page.select_option("#pick-after", str((day - dt.date(1970, 1, 1)).days))
        assert sum(legend(view).values()) == pytest.approx(total, abs=1e-3)


def test_the_legend_agrees_with_the_composite(visit, trial):
    view = visit(trial["en"])
    composite = pages.composite_of(pages.theatre())
    frame = composite.control(pages.AFTER, by="side").set_index("side")["area_km2"]
    shown = legend(view)
    assert shown["Government"] == pytest.approx(frame["government"], abs=1e-4)
    assert shown["Opposition"] == pytest.approx(frame["opposition"], abs=1e-4)
    assert shown["Contested"] == pytest.approx(frame["contested"], abs=1e-4)


def test_what_one_side_gains_others_lose(visit, trial):
    view = visit(trial["en"])
    cells = view.page.locator(
        "#panel .legend tbody td.gain, #panel .legend tbody td.loss"
    ).all_inner_texts()
    numbers = [float(re.sub(r"[^\d.+−]", "", c).replace("−", "-")) for c in cells]
    assert len(numbers) >= 2
    assert sum(numbers) == pytest.approx(0, abs=0.2 * len(numbers))


@pytest.mark.slow
def test_every_position_says_what_the_composite_says(visit, trial):
    view = visit(trial["en"])
    composite = pages.composite_of(pages.theatre())
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(36.9, 38.1, 40), rng.uniform(32.9, 33.85, 40)
    names = {"saa": "Army", "opposition": "Opposition", "is": "Islamic State"}
    for day in (pages.BEFORE, pages.AFTER):
        view.page.select_option("#pick-after", str((day - dt.date(1970, 1, 1)).days))
        view.mode("one")
        for x, y, found in zip(lon, lat, composite.labels_at(day, lon, lat), strict=True):
            script = """([lng, lat]) => map_frontline.fire('click', {
                latlng: L.latLng(lat, lng), containerPoint: L.point(-500, -500) })"""
            view.page.evaluate(script, [x, y])
            title = view.page.inner_text(".card h2")
            if found < 0:
                assert title == "Outside the study area"
            else:
                label = composite.labels[found]
                assert names.get(label.controller, "") in title
                assert ("Held by" in title) == (label.status == "controlled")


def test_the_two_sides_of_the_divider_show_the_two_dates(visit, trial):
    view = visit(trial["en"])
    # This cell went from one side to another, and their colours differ.
    lon, lat = 37.60, 33.65
    before, after = colours_on(view, lon, lat, 0), colours_on(view, lon, lat, 1)
    assert before != after
    clip = view.page.evaluate(
        "[0, 1].map((i) => map_frontline.getPane(`frontline-${i}`).style.clipPath)"
    )
    assert all(text.startswith("polygon(") for text in clip)
    assert clip[0] != clip[1]


def test_the_divider_obeys_pointer_and_keys(visit, trial):
    view = visit(trial["en"])
    divider = view.page.locator("#divider")
    box = view.page.locator(".handle").bounding_box()
    stage = view.page.locator("#stage").bounding_box()
    centre = view.page.evaluate("map_frontline.getCenter().lng")
    view.page.mouse.move(box["x"] + 22, box["y"] + 22)
    view.page.mouse.down()
    view.page.mouse.move(stage["x"] + stage["width"] * 0.25, box["y"], steps=4)
    view.page.mouse.up()
    assert int(divider.get_attribute("aria-valuenow")) == pytest.approx(25, abs=1)
    assert view.page.evaluate("map_frontline.getCenter().lng") == centre
    divider.press("End")
    assert divider.get_attribute("aria-valuenow") == "100"
    divider.press("ArrowLeft")
    assert divider.get_attribute("aria-valuenow") == "98"
    assert "31 July 2017" in divider.get_attribute("aria-valuetext")


def test_a_day_without_a_layer_of_its_own_says_as_of(visit, trial):
    view = visit(trial["en"], fragment="#d=2017-08-20&c=2017-07-31&m=one")
    assert view.page.inner_text("#as-of") == "as of 2 August 2017"
    assert "as of 2 August 2017" in view.page.inner_text("#badge-one")
    assert "as of 2 August 2017" in view.page.locator("#range-after").get_attribute(
        "aria-valuetext"
    )


def test_steps_go_from_layer_to_layer(visit, trial):
    view = visit(trial["en"], fragment="#d=2017-05-01&c=2017-05-01&m=one")
    seen = [view.page.inner_text("#badge-one")]
    for _ in range(3):
        view.page.click("#step-on")
        seen.append(view.page.inner_text("#badge-one"))
    assert seen == ["1 May 2017", "31 July 2017", "2 August 2017", "1 September 2017"]
    assert view.page.is_disabled("#step-on")
    view.page.locator("#range-after").press("PageDown")
    assert view.page.inner_text("#badge-one") == "2 August 2017"


def test_before_never_follows_after(visit, trial):
    view = visit(trial["en"])
    view.page.select_option("#pick-before", str((dt.date(2017, 9, 1) - dt.date(1970, 1, 1)).days))
    values = [view.page.input_value(f"#range-{which}") for which in ("before", "after")]
    assert values[0] == values[1]


def test_gained_and_lost_lists_who_took_what_from_whom(visit, trial):
    view = visit(trial["en"])
    view.mode("change")
    text = view.page.inner_text("#panel")
    assert "Ground that changed hands" in text
    assert re.search(r"Government\s+from\s+Islamic State", text)
    assert re.search(r"Opposition\s+from\s+Government", text)
    assert "Why it changed hands." in text


def test_uncertainty_is_always_explained(visit, trial):
    view = visit(trial["en"])
    for mode in MODES:
        view.mode(mode)
        key = view.page.inner_text("#h-doubt ~ div .key")
        for word in (
            "Assessed",
            "Likely",
            "Claimed",
            "Contested",
            "Shared",
            "no control",
            "Nobody",
            "Not assessed",
        ):
            assert word in key
    assert "not surveyed" in view.page.inner_text(".method")


def test_ground_says_who_since_when_and_who_said_so(visit, trial):
    view = visit(trial["en"])
    view.mode("one")
    view.click_at(37.1, 33.1)
    card = view.page.inner_text(".card")
    assert "Held by Opposition" in card
    assert "inferred" in card
    assert "moderate confidence" in card
    assert "since 1 May 2017" in card
    assert "They hold it." in card
    assert "Why o." in card
    links = view.page.locator(".card a").evaluate_all(
        "(all) => all.map((a) => [a.href, a.rel, a.target])"
    )
    assert ["https://example.org/1?a=1&b=2", "noopener noreferrer nofollow", "_blank"] in links


def test_an_event_shows_its_precision_and_sources(visit, trial):
    view = visit(trial["en"])
    view.mode("one")
    view.click_at(37.4, 33.4)
    card = view.page.inner_text(".card")
    for word in (
        "Non-state actor overtakes territory",
        "Air/drone strike",
        "1 Aug 2017 – 2 Aug 2017",
        "within 6 km",
        "Taken at night.",
        "Daily report",
        "B2",
        "leans to Opposition",
    ):
        assert word in card


def test_events_without_a_place_are_listed(visit, trial):
    view = visit(trial["en"])
    view.page.click(".listing summary")
    view.page.click(".listing button:has-text('Agreement')")
    assert "A statement." in view.page.inner_text("#dialog")
    view.page.click("#dialog-close")
    assert not view.page.is_visible("#dialog")


@pytest.mark.parametrize("text", ["beer om", "bi'r umm", "بئر ام", "BE’R UMM", "bir um"])
def test_search_finds_a_place_by_any_spelling(visit, trial, text):
    view = visit(trial["en"])
    view.page.fill("#search", text)
    assert view.page.locator("#found li bdi").first.inner_text() == "Bir Umm"
    view.page.press("#search", "ArrowDown")
    view.page.press("#search", "Enter")
    assert "Bir Umm" in view.page.inner_text(".card h2")
    assert view.page.evaluate("document.activeElement.matches('#drawer-body')")


def test_the_address_brings_back_the_view(visit, trial):
    fragment = (
        "#d=2017-08-02&c=2017-05-01&m=change&x=0.30&v=9.5/33.4/37.4&w=15&l=places.fronts&lang=ar"
    )
    view = visit(trial["en"], fragment=fragment)
    assert view.page.get_attribute("html", "dir") == "rtl"
    assert view.page.evaluate("map_frontline.getZoom()") == 9.5
    boxes = view.page.locator("#h-layers ~ .toggles input").evaluate_all(
        "(all) => all.map((box) => box.checked)"
    )
    assert boxes == [False, True, False, True, False, False, False, False]
    view.mode("one")
    assert "v=9.5/33.400000/37.400000" in view.address(has="m=one")


def test_a_broken_address_is_no_obstacle(visit, trial):
    view = visit(
        trial["en"],
        fragment="#d=9999-99-99&c=x&m=<b>&x=7&v=NaN/1/2&w=1e9&l=__proto__&lang=__proto__",
    )
    assert view.faults == []


def test_in_a_notebook_the_page_runs_and_reaches_nothing(visit, trial, tmp_path):
    page = maps.Page(trial["en"].read_text())
    outer = tmp_path / "notebook.html"
    outer.write_text(
        f"<!doctype html><body data-ready><script>window.secret = 1</script>{page._repr_html_()}"
    )
    view = visit(outer)
    frame = view.page.frame_locator("iframe")
    frame.locator("body[data-ready]").wait_for()
    inner = view.page.frames[1]
    assert (
        inner.evaluate("(() => { try { return parent.secret; } catch { return 'refused'; } })()")
        == "refused"
    )
    frame.locator("#mode-one").click()
    assert view.faults == []


def test_paper_gets_both_dates_and_a_table(visit, trial):
    view = visit(trial["en"])
    view.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert view.page.locator("#sheet canvas:not(.swatch)").count() == 2
    inked = view.page.evaluate("""[...document.querySelectorAll('figure canvas')].map((c) => {
        const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        return new Set(new Uint32Array(data.buffer)).size; })""")
    assert min(inked) > 50
    sheet = view.page.text_content("#sheet")
    assert "31 July 2017" in sheet
    assert "not surveyed" in sheet


def test_the_picture_is_saved_as_a_file(visit, trial):
    view = visit(trial["en"])
    with view.page.expect_download() as waiting:
        view.page.click("text=Save picture")
    assert waiting.value.suggested_filename == "control-2017-07-31-2017-08-02.png"
    assert view.faults == []


def test_an_old_browser_is_told_so(chromium, trial):
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(f"file://{trial['en']}")
    assert "Firefox 113" in page.inner_text("#fault")
    context.close()


def test_what_is_packed_is_what_the_page_unpacks(visit, trial):
    composite = pages.composite_of(pages.theatre())
    view = visit(trial["en"])
    packed = base64.b64decode(store.pack(composite))
    assert packed[:2] == b"\x1f\x8b"
    areas = legend(view)
    assert sum(areas.values()) == pytest.approx(composite.face_area_km2.sum(), abs=1e-3)


# Hostile data.


def open_everything(view, buttons=100):
    """Every view, card, list and dialog; what was read, in one text."""
    seen = []
    page = view.page
    for mode in MODES:
        view.mode(mode)
        seen.append(page.inner_text("body"))
    for lon, lat in [
        (37.4, 33.4),
        (37.2, 33.6),
        (37.7, 33.2),
        (37.6, 33.6),
        (37.9, 33.1),
        (36.5, 33.0),
    ]:
        view.click_at(lon, lat)
        if page.locator(".card").count():
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            seen.append(page.inner_text(".card"))
        view.close_card()
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for i in range(min(buttons, page.locator(".listing button").count())):
        page.locator(".listing button").nth(i).evaluate("(button) => button.click()")
        seen.append(page.evaluate("document.body.innerText"))
        page.evaluate("document.querySelector('#dialog').close()")
    for text in ("script", "onerror", "os", "x"):
        page.fill("#search", text)
        seen.append(page.inner_text("#found"))
        if page.locator("#found li").count():
            page.press("#search", "Enter")
            seen.append(page.evaluate("document.body.innerText"))
            page.evaluate("document.querySelector('#dialog').close()")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    view.close_card()
    page.click("text=About and method") if page.locator("text=About and method").count() else None
    seen.append(page.evaluate("document.body.innerText"))
    return " ".join(" ".join(seen).split())


def test_many_events_are_packed_and_say_the_same(visit, trial, tmp_path, monkeypatch):
    monkeypatch.setattr(maps, "MANY_EVENTS", 1)
    folder = pages.theatre()
    packed = pages.drawn(folder, tmp_path / "packed.html")
    assert "Taken at night" not in packed.read_text(encoding="utf-8")
    seen = []
    for path in (trial["en"], packed):
        view = visit(path, fragment="#m=one&d=2017-08-02&w=31")
        view.page.locator(".listing summary").click()
        seen.append([view.page.inner_text("#panel"), view.page.locator("#stage").screenshot()])
        view.click_at(37.4, 33.4)
        seen[-1].append(view.page.inner_text(".card"))
        assert view.faults == []
    assert seen[0] == seen[1]
    assert "Taken at night." in seen[1][2]


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_hostile_text_is_shown_and_never_run(visit, tmp_path, turn):
    texts = pages.PAYLOADS[turn:] + pages.PAYLOADS[:turn]
    every = [" ".join(pages.PAYLOADS)] if turn == 2 else texts
    bad = pages.poisoned(pages.theatre(), every, pages.ADDRESSES[turn:] + pages.ADDRESSES[:turn])
    view = visit(pages.drawn(bad, tmp_path / "bad.html", ("en", "ar", "en")[turn]))
    seen = open_everything(view)
    assert view.page.evaluate("window.__x") is None
    assert "uid=" not in seen
    assert view.faults == []
    assert [url for url in view.requests if not url.startswith(("data:", "blob:"))] == [
        f"file://{tmp_path}/bad.html"
    ]
    assert (
        view.page.locator(
            "[onerror], [onload], [onclick], #stage script, #panel script, iframe, object, embed"
        ).count()
        == 0
    )
    hrefs = view.page.locator("a[href]").evaluate_all(
        "(all) => all.map((a) => a.getAttribute('href'))"
    )
    assert all(re.match(r"https?://|#", href) for href in hrefs)
    shown = [p for p in pages.PAYLOADS if " ".join(p.split()) in seen]
    assert len(shown) >= 8


@pytest.mark.slow
def test_hostile_text_is_shown_letter_by_letter(visit, tmp_path):
    for payload in pages.PAYLOADS[:12:4]:
        bad = pages.poisoned(pages.theatre(), [payload], ["https://example.org/"])
        view = visit(pages.drawn(bad, tmp_path / "bad.html"))
        assert view.page.text_content("#title") == payload
        assert view.page.title() == " ".join(payload.split())
        view.click_at(37.7, 33.2)
        assert payload in view.page.text_content(".card")
        records = json.loads(view.page.text_content("#records"))
        assert records["theatre"]["name"] == payload


def dense(folder, payloads):
    """A theatre poisoned so that each of many payloads stands in every kind of text somewhere."""
    bad = pages.poisoned(folder, payloads, payloads)
    place = next(iter(bad.places.values()))
    event = bad.events[0]
    places = dict(bad.places)
    events = list(bad.events)
    names = [key for key, value in place.properties.items() if isinstance(value, str)]
    texts = {c.name for c in pages.model.PLACES.columns if c.kind in ("text", "url")} & set(names)
    event_texts = {c.name for c in pages.model.EVENTS.columns if c.kind in ("text", "url")}
    for i, payload in enumerate(payloads):
        given = place.properties | dict.fromkeys(texts, payload) | {"id": f"place_{i}"}
        places[f"place_{i}"] = pages.Feature(f"place_{i}", given, place.geometry)
        given = event.properties | dict.fromkeys(event_texts, payload) | {"id": f"evt-x{i}"}
        events.append(pages.Feature(f"evt-x{i}", given, event.geometry))
    return dataclasses.replace(bad, places=places, events=tuple(events))


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_every_payload_of_the_collection_is_text_in_every_place(visit, shared, tmp_path, turn):
    path = shared / "badinput" / "strings" / "xss.json"
    payloads = [p for p in json.loads(path.read_text(encoding="utf-8")) if p.strip()]
    mine = payloads[turn::3]
    view = visit(
        pages.drawn(dense(pages.theatre(), mine), tmp_path / "bad.html", ("en", "ar", "en")[turn]),
    )
    page = view.page
    page.evaluate("() => { window.alert = window.print = () => { window.__x = 1; }; }")
    open_everything(view, buttons=6)
    # Every card and search result of every payload, in the page's own hands.
    page.evaluate("""() => {
        const input = document.getElementById('search');
        for (const text of ['a', 'on', 'svg', 'x', 'alert', 'javascript']) {
            input.value = text;
            input.dispatchEvent(new Event('input'));
            for (const node of document.querySelectorAll('#found li')) node.click();
        }
        for (const fold of document.querySelectorAll('details')) fold.open = true;
        for (const node of document.querySelectorAll('*')) {
            for (const type of ['mouseover', 'focus', 'pointerenter', 'copy', 'dragstart']) {
                node.dispatchEvent(new Event(type, { bubbles: true }));
            }
        }
        document.querySelector('#dialog').close(); }""")
    view.click_at(37.4, 33.4)
    assert page.locator(".card section").count() > len(mine)
    view.close_card()
    for text in ("SVG", "CSV"):
        for button in page.locator(f".tools button:has-text('{text}')").all():
            with page.expect_download() as waiting:
                button.evaluate("(b) => b.click()")
            data = waiting.value.path().read_bytes()
            if text == "SVG":
                tags = {node.tag.split("}")[1] for node in ElementTree.fromstring(data).iter()}
                assert not tags & {"script", "foreignObject", "image", "a", "iframe"}
    assert page.evaluate("window.__x") is None
    assert view.faults == []
    ours = (
        "script, iframe, object, embed, form, base, link[rel], meta[http-equiv=refresh], [onerror]"
    )
    assert page.locator(f"body :is({ours}):not(script)").count() == 0
