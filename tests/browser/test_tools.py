"""What readers do with the page: keys, links, measuring, fronts, exports, tables."""

import base64
import csv
import datetime as dt
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import numpy as np
import pages
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image, ImageChops
from pyproj import Geod

from geo import cli
from geo.control import composite
from geo.control.composite import Composite
from geo.draw.page import page as maps
from geo.draw.words.languages import LANGUAGES

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"


def downloaded(view, text):
    with view.page.expect_download() as waiting:
        view.page.get_by_role("button", name=text, exact=True).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def screen(view, lon, lat):
    script = """([lon, lat]) => {
        const box = map_frontline.getContainer().getBoundingClientRect();
        const p = map_frontline.latLngToContainerPoint([lat, lon]);
        return [box.x + p.x, box.y + p.y]; }"""
    return view.page.evaluate(script, [lon, lat])


# Keys.


def test_by_keyboard_alone_one_learns_who_held_a_place_before(visit, shipped_page):
    view = visit(shipped_page)
    keys = view.page.keyboard
    keys.press("?")
    assert "search" in view.page.inner_text("#dialog")
    keys.press("Escape")
    keys.press("/")
    keys.type("bir mahrutha")
    keys.press("ArrowDown")
    keys.press("Enter")
    card = view.page.inner_text(".card")
    assert "Bir Mahruthah" in card
    history = view.page.locator(".card .history li").all_inner_texts()
    held = [i for i, line in enumerate(history) if "Syrian opposition" in line and "2 Aug" in line]
    assert held
    assert "Syrian government" in history[held[0] - 1]
    assert view.page.evaluate("document.activeElement.matches('#drawer-body')")
    assert view.faults == []


def test_the_search_is_reached_by_tab_alone(visit, trial):
    view = visit(trial["en"])
    for _ in range(8):
        view.page.keyboard.press("Tab")
        if view.page.evaluate("document.activeElement.id") == "search":
            return
    pytest.fail("eight presses of Tab do not reach the search")


def test_every_key_that_the_help_names_does_something(visit, trial):
    view = visit(trial["en"])
    modes = []
    for key in "1234":
        view.page.keyboard.press(key)
        modes.append(view.page.get_attribute("body", "data-mode"))
    assert modes == ["story", "swipe", "one", "change"]
    view.page.keyboard.press("]")
    assert view.page.input_value("#pick-after") != view.page.input_value("#pick-before")
    view.page.keyboard.press("m")
    assert view.page.is_visible("#measured")
    view.page.keyboard.press("Escape")
    assert not view.page.is_visible("#measured")
    view.page.keyboard.press("l")
    assert view.page.get_attribute("html", "lang") == "ar"


def test_keys_of_one_letter_can_be_turned_off(visit, trial):
    view = visit(trial["en"])
    view.page.keyboard.press("?")
    view.page.uncheck(".keys-off input")
    view.page.keyboard.press("Escape")
    view.page.keyboard.press("3")
    assert view.page.get_attribute("body", "data-mode") == "swipe"
    view.page.click("#search")
    view.page.keyboard.type("m?")
    assert view.page.input_value("#search") == "m?"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_fits_on_one_screen(visit, trial, language):
    view = visit(trial[language])
    view.page.click("#help")
    fits = "(d => d.scrollHeight <= d.clientHeight + 1)(document.getElementById('dialog'))"
    assert view.page.evaluate(fits)


# Accessibility beyond the plain views.


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 390), ("en", 640)])
def test_dialogs_and_tools_stand_in_no_readers_way(visit, trial, axe, language, width):
    # 640 wide is a window of 1280 at 200 % zoom.
    view = visit(trial[language], width=width, height=400 if width == 640 else 800, bypass_csp=True)
    view.page.evaluate(axe)

    def check(where):
        found = view.page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found] == [], where

    view.page.click("#help")
    check("help")
    view.page.click("#dialog-close")
    view.page.click("text=About and method" if language == "en" else ".tools button:last-child")
    check("about")
    view.page.click("#dialog-close")
    view.page.click("#measure")
    view.click_at(37.3, 33.3)
    check("measure")
    view.page.click("#measure-end")
    view.page.fill("#search", "bir")
    check("search")
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width


def test_forced_colours_keep_what_is_pressed_visible(chromium, trial):
    context = chromium.new_context(forced_colors="active", offline=True)
    page = context.new_page()
    page.goto(f"file://{trial['en']}")
    page.wait_for_selector("body[data-ready]")
    colour = "(id) => getComputedStyle(document.getElementById(id)).backgroundColor"
    assert page.evaluate(colour, "mode-story") != page.evaluate(colour, "mode-one")
    context.close()


def test_a_new_date_is_said_with_its_areas(visit, trial):
    view = visit(trial["en"])
    view.page.click("#step-on")
    view.page.locator("#said", has_text="km²").wait_for(state="attached")
    said = view.page.text_content("#said")
    assert said.startswith("1 September 2017: ")
    assert re.search(r"Government [\d,.]+ km²", said)


# Links.


STATES = {
    "swipe": "#d=2017-08-02&c=2017-05-01&m=swipe&x=0.40",
    "change": "#d=2017-08-02&c=2017-05-01&m=change&w=31",
    "arabic": "#d=2017-09-01&m=one&lang=ar&v=9/33.4/37.4",
    "layers": "#m=one&l=control.places.sidePatterns",
    "kinds": "#m=one&h=battle.strategic",
    "measure": "#m=one&r=37.2,33.2;37.6,33.2;37.6,33.5",
    "place": "#m=one&s=p%3Abir_umm",
    "event": "#m=one&s=e%3Aevt-3",
    "ground": "#m=one&s=g%3A37.1,33.1",
}


def alike(one, other):
    """Whether two screenshots are the same but for the smoothing of edges."""
    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in (one, other)]
    if images[0].size != images[1].size:
        return False
    away = np.asarray(ImageChops.difference(*images)).max(axis=2)
    return (away > 24).mean() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
def test_a_link_reopens_to_the_same_picture(visit, trial, name):
    def settled(view):
        view.page.mouse.move(1, 1)
        view.page.wait_for_timeout(450)
        return view.page.evaluate("location.hash"), view.page.screenshot()

    address, picture = settled(visit(trial["en"], fragment=STATES[name]))
    for part in STATES[name][1:].split("&"):
        if part[0] in "dcmhr":
            assert part in address
    again, same = settled(visit(trial["en"], fragment=address))
    assert again == address
    assert alike(same, picture)


@pytest.mark.slow
def test_two_states_are_two_pictures(visit, trial):
    pictures = []
    for name in ("layers", "kinds", "measure", "ground"):
        view = visit(trial["en"], fragment=STATES[name])
        view.page.mouse.move(1, 1)
        view.page.wait_for_timeout(300)
        pictures.append(view.page.screenshot())
    assert not any(alike(a, b) for a, b in pairwise(pictures))


def test_a_link_follows_what_is_done(visit, trial):
    view = visit(trial["en"])
    view.mode("one")
    view.page.uncheck(".toggles input >> nth=0")
    view.click_at(37.1, 33.1)
    address = view.address(has="h=")
    assert "m=one" in address
    assert re.search(r"s=g%3A37\.\d+%2C33\.\d+", address)


# Measuring.


def test_measured_lengths_and_areas_are_those_of_the_ellipsoid(visit, trial):
    points = [(36.6, 32.9), (38.4, 33.05), (38.1, 33.9), (37.0, 33.6)]
    view = visit(trial["en"], fragment="#m=one&r=" + ";".join(f"{x},{y}" for x, y in points))
    text = view.page.inner_text("#measured-text").replace(",", "")
    length, area = (float(x) for x in re.findall(r"([\d.]+) km", text))
    geod = Geod(ellps="WGS84")
    lon, lat = np.transpose(points)
    # The ring as the layers understand it: straight in longitude and latitude.
    ring = shapely.segmentize(shapely.Polygon(points), 0.001)
    assert length == pytest.approx(geod.line_length(lon, lat) / 1e3, rel=1e-3)
    assert area == pytest.approx(abs(geod.geometry_area_perimeter(ring)[0]) / 1e6, rel=1e-4)


def test_measuring_works_with_pointer_and_keys(visit, trial):
    view = visit(trial["en"])
    view.mode("one")
    view.page.click("#measure")
    view.click_at(37.2, 33.2)
    view.click_at(37.6, 33.2)
    expected = Geod(ellps="WGS84").inv(37.2, 33.2, 37.6, 33.2)[2] / 1e3
    text = view.page.inner_text("#measured-text")
    assert float(re.search(r"([\d.]+) km", text)[1]) == pytest.approx(expected, rel=0.01)
    assert view.page.locator(".card").count() == 0
    view.page.focus("#map_frontline")
    view.page.keyboard.press("Enter")
    assert "area" in view.page.inner_text("#measured-text")
    view.page.keyboard.press("Backspace")
    assert "area" not in view.page.inner_text("#measured-text")
    view.page.keyboard.press("Escape")
    view.click_at(37.1, 33.1)
    assert view.page.locator(".card").count() == 1


# Fronts and changes.


def test_a_front_says_between_whom_how_sure_and_how_long(visit, trial):
    view = visit(trial["en"], fragment="#d=2017-08-02&m=one&l=control.fronts")
    # Government in the north, opposition south of it: their border runs along a parallel.
    view.page.mouse.click(*screen(view, 37.45, 33.5))
    card = view.page.inner_text(".card")
    assert "Front line" in card
    assert "Government" in card
    assert "Opposition" in card
    # One of its two sides is inferred ground, so the line is.
    assert "inferred or claimed" in card
    along = composite_fronts()
    assert float(re.search(r"([\d.]+) km", card)[1]) == pytest.approx(along, abs=0.11)


def composite_fronts():
    """Kilometres of border between the two sides' ground on the date, from the cells themselves."""
    cells = pages.cells(pages.PICTURES[pages.AFTER])
    line = shapely.intersection(cells["g"], cells["o"])
    return Geod(ellps="WGS84").geometry_length(line) / 1e3


def test_fronts_are_listed_for_those_who_do_not_point(visit, trial):
    view = visit(trial["en"])
    view.page.click("summary:has-text('Front lines')")
    view.page.locator("#panel li button:has-text('Opposition')").first.press("Enter")
    assert "Front line" in view.page.inner_text(".card")


def test_a_row_of_the_change_shows_its_ground(visit, trial):
    view = visit(trial["en"])
    view.mode("change")
    plain = view.page.locator("#stage").screenshot()
    row = view.page.locator("#panel .transfers button").first
    row.focus()
    view.settle()
    lit = view.page.locator("#stage").screenshot()
    assert lit != plain
    view.page.focus("#search")
    view.settle()
    assert view.page.locator("#stage").screenshot() == plain
    row.hover()
    view.settle()
    assert view.page.locator("#stage").screenshot() == lit


# What is taken away.


def test_the_vector_picture_is_sound_and_complete(visit, trial):
    view = visit(trial["en"])
    for mode in ("swipe", "change"):
        view.mode(mode)
        name, data = downloaded(view, "Save as SVG")
        assert name.endswith(".svg")
        root = ET.fromstring(data)
        tags = {node.tag.removeprefix(SVG) for node in root.iter()}
        assert {"path", "text", "pattern", "clipPath"} <= tags
        assert not tags & {"script", "foreignObject", "image", "a", "style"}
        words = " ".join(node.text or "" for node in root.iter(f"{SVG}text"))
        for word in ("Trial theatre", "Government", "31 July 2017", "2 August 2017", "Made for"):
            assert word in words
        ids = {node.get("id") for node in root.iter() if node.get("id")}
        assert set(re.findall(r"url\(#(\w+)\)", data.decode())) <= ids
    assert view.faults == []


def test_the_vector_picture_looks_like_the_map(visit, trial, chromium):
    view = visit(trial["en"], fragment="#m=one&l=control&d=2017-08-02")
    _, data = downloaded(view, "Save as SVG")
    spots = {
        lonlat: screen(view, *lonlat) for lonlat in [(37.1, 33.7), (37.1, 33.05), (37.6, 33.6)]
    }
    box = view.page.locator("#stage").bounding_box()
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    text = data.decode()
    page.set_content(f"<body style='margin:0'>{text[text.index('<svg') :]}")
    pixel = """async ([base64, points]) => {
        const image = new Image();
        image.src = 'data:image/png;base64,' + base64;
        await image.decode();
        const c = document.createElement('canvas');
        [c.width, c.height] = [image.width, image.height];
        const g = c.getContext('2d');
        g.drawImage(image, 0, 0);
        return points.map(([x, y]) => {
            const d = g.getImageData(x - 6, y - 6, 12, 12).data;
            const sum = [0, 0, 0];
            for (let i = 0; i < d.length; i += 4) for (const k of [0, 1, 2]) sum[k] += d[i + k];
            return sum.map((v) => v * 4 / d.length); }); }"""

    def colours(page, points):
        shot = base64.b64encode(page.screenshot()).decode()
        return np.array(page.evaluate(pixel, [shot, points]))

    ours = colours(view.page, list(spots.values()))
    left, top = map(
        float, re.search(r'<clipPath id="c0"><path d="M([\d.]+) ([\d.]+)h', text).groups()
    )
    theirs = colours(page, [[x - box["x"] + left, y - box["y"] + top] for x, y in spots.values()])
    assert np.abs(ours - theirs).max() < 12
    page.close()


def test_the_tables_hold_what_the_command_prints(visit, shipped_page, shipped):
    view = visit(shipped_page)
    name, data = downloaded(view, "Areas, all dates (CSV)")
    assert name == "areas.csv"
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    printed = CliRunner().invoke(
        cli.command, ["areas", "--layers", str(shipped), "--format", "json"], catch_exceptions=False
    )
    expected = {
        (r["date"], r["controller"] or r["status"]): r["drawn_km2"]
        for r in json.loads(printed.output)
        if r["drawn_km2"]
    }
    assert {(r["date"], r["holder"]) for r in rows} == set(expected)
    for r in rows:
        assert float(r["area_km2"]) == pytest.approx(expected[r["date"], r["holder"]], abs=2e-6)


@pytest.mark.slow
def test_the_legend_prints_the_digits_of_the_command(visit, shipped_page, shipped):
    view = visit(shipped_page)
    view.mode("one")
    printed = (
        CliRunner()
        .invoke(cli.command, ["areas", "--layers", str(shipped)], catch_exceptions=False)
        .output
    )
    for option in view.page.locator("#pick-after option").all():
        view.page.select_option("#pick-after", option.get_attribute("value"))
        script = """[...document.querySelectorAll('#panel .legend tbody [data-km2]')]
            .map((cell) => cell.textContent.split('(')[0].trim())
            .filter((text) => text !== '0.0')"""
        shown = view.page.evaluate(script)
        number = int(option.get_attribute("value"))
        day = str(dt.date(1970, 1, 1) + dt.timedelta(days=number))
        view.address(has=f"d={day}")
        lines = [line.split() for line in printed.splitlines() if line.startswith(day)]
        drawn = [line[-5] for line in lines if line[-2] != "-"]
        undrawn = [line[-5] for line in lines if line[-2] == "-"]
        # A side of which nothing is drawn stands in the key where it holds ground on another date.
        assert not Counter(drawn) - Counter(shown), day
        assert not Counter(shown) - Counter(drawn + undrawn), day


def test_no_cell_of_a_table_is_a_formula(visit, tmp_path):
    bad = pages.poisoned(pages.theatre(), ["=1+1", "+x", "@y", 'a"b,c'], ["https://example.org/"])
    view = visit(pages.drawn(bad, tmp_path / "bad.html"))
    _, data = downloaded(view, "Areas, all dates (CSV)")
    cells = [cell for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in row]
    assert any(cell.startswith("'") for cell in cells)
    assert not any(cell[:1] in set("=+-@\t\r") for cell in cells if cell)


# Dates that were drawn anew, so that they share no faces.


@pytest.fixture
def epochs(monkeypatch, tmp_path):
    """The small theatre with every date in an epoch of its own, and its page."""
    folder = pages.theatre()
    areas = [float(x) for x in pages.composite_of(folder).face_area_km2]
    found = pages.composite_of(folder)
    apart = None
    for day, layer in folder.control.items():
        patches = patches_of(layer)
        alone = Composite.build(folder.area, {day: patches}, folder.sides)
        apart = alone if apart is None else joined(apart, alone, day, patches, monkeypatch)
    assert len(areas) < len(apart.face_area_km2)
    page = maps.draw_page(folder, apart, before=pages.BEFORE, after=pages.AFTER)
    return found, page.save(tmp_path / "epochs.html")


def patches_of(layer):
    keys = ("controller", "controllers", "status", "basis", "confidence")
    return [
        pages.Patch(
            pages.Label(*(str(f.properties[key] or "") for key in keys), patch=f.id), f.geometry
        )
        for f in layer.features
    ]


def joined(apart, alone, day, patches, monkeypatch):
    del alone
    monkeypatch.setattr(composite, "extend_epoch", lambda *_: None)
    return apart.extend(day, patches)


def test_dates_without_faces_in_common_tell_the_same(visit, epochs):
    found, path = epochs
    view = visit(path)
    moved = found.change(pages.BEFORE, pages.AFTER)
    total = moved["area_km2"].sum()
    view.mode("change")
    view.page.wait_for_selector("#panel .transfers")
    cells = view.page.locator("#panel .transfers td.number bdi").all_inner_texts()
    assert sum(float(c.replace(",", "")) for c in cells) == pytest.approx(total, rel=2e-3)
    assert "drawn independently" in view.page.inner_text("#panel")
    view.mode("one")
    view.click_at(37.6, 33.6)
    history = view.page.locator(".card .history li").all_inner_texts()
    expected = found.history_at(37.6, 33.6)
    assert len(history) == len(expected)
    frame = found.control(pages.AFTER, by="side").set_index("side")["area_km2"]
    script = (
        "[...document.querySelectorAll('#panel .legend [data-km2]')].map((c) => +c.dataset.km2)"
    )
    assert sorted(x for x in view.page.evaluate(script) if x) == pytest.approx(
        sorted(frame), abs=1e-5
    )
    assert view.faults == []


# Tiles.


def test_online_tiles_come_from_their_host_alone_and_can_be_turned_off(chromium, tmp_path):
    folder = pages.theatre()
    page = maps.draw_page(
        folder,
        pages.composite_of(folder),
        before=pages.BEFORE,
        after=pages.AFTER,
        tiles="https://tiles.example.org/{z}/{x}/{y}.png",
        attribution="Example tiles",
    )
    path = page.save(tmp_path / "tiles.html")
    dot = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
    )
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    view = context.new_page()
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(body=dot, content_type="image/png")

    view.route(re.compile("https?://"), answer)
    view.goto(f"file://{path}")
    view.wait_for_selector("body[data-ready]")
    assert asked == []  # The opening is drawn from what the file holds.
    view.click("#explore")
    view.wait_for_selector(
        ".leaflet-frontline-tiles-pane img.leaflet-tile-loaded", state="attached"
    )
    assert all(re.fullmatch(r"https://tiles\.example\.org/\d+/\d+/\d+\.png", u) for u in asked)
    assert view.inner_text("#map-note") == "Example tiles"
    with view.expect_console_message(lambda told: "Content Security Policy" in told.text):
        view.evaluate("new Image().src = 'https://elsewhere.example.org/x.png'")
    view.uncheck("text=Online map below")
    assert view.locator(".leaflet-frontline-tiles-pane img").count() == 0
    context.close()
