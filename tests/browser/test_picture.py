"""What one takes away: pictures laid out as a still, a card, a frame for other pages."""

import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pages
import pytest
from PIL import Image

from geo.draw.words.languages import LANGUAGES, language_words

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"
MODES = ("story", "swipe", "change", "one")


def take(view, tool):
    """Press a button of the tools; the panel is there, if not seen, in the opening too."""
    with view.page.expect_download() as waiting:
        view.page.evaluate(
            "(word) => [...document.querySelectorAll('#panel .tools button')]"
            ".find((one) => one.textContent === word).click()",
            tool,
        )
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def words_of(svg):
    return " ".join(node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_picture_says_by_itself_what_it_shows(visit, shipped_page, mode, language):
    fragment = f"#m={mode}&lang={language}&c=2017-07-31&d=2017-08-02"
    view = visit(shipped_page, fragment=fragment)
    known = language_words("page")[language]
    _, data = take(view, known["tool.svg"])
    said = words_of(data)
    head = view.page.inner_text("#headline") if mode == "story" else None
    if head:
        assert " ".join(head.split()) in " ".join(said.split())
    assert " km" in said  # A scale on each panel.
    panels = 2 if mode in ("story", "swipe") else 1
    assert len(re.findall(r">N</text>", data.decode())) == 2 * panels  # Its rim, and itself.
    for key in ("context.country", "context.edge", "key.unknown", "method"):
        first = known[key].split(":")[0].split()[:3]
        assert " ".join(first) in said, key
    assert "OpenStreetMap" in said
    assert "Syrian Observatory" in said
    assert f"{shipped_page.name}#" in said
    assert str(shipped_page.parent) not in said  # The folder is nobody's business.
    assert f"m={mode}" in said
    if mode != "one":
        assert known["part.taken"] in said
    if mode != "story":
        assert known["event.battle"] in said
    assert view.faults == []


def test_a_swipe_is_saved_as_two_whole_panels_wherever_the_divider_stands(visit, trial):
    seen = []
    for split in (0.1, 0.9):
        view = visit(trial["en"], fragment=f"#m=swipe&x={split}")
        _, data = take(view, "Save as SVG")
        text = re.sub(r"x=0\.\d+", "", data.decode())
        assert "Before: 31 July 2017" in text
        assert "After: 2 August 2017" in text
        seen.append(text)
    assert seen[0] == seen[1]


def test_the_same_picture_is_saved_as_points(visit, trial):
    view = visit(trial["en"], fragment="#m=story")
    name, points = take(view, "Save picture")
    assert name.endswith(".png")
    _, lines = take(view, "Save as SVG")
    root = ET.fromstring(lines)
    with Image.open(io.BytesIO(points)) as picture:
        assert picture.size == tuple(2 * int(root.get(side)) for side in ("width", "height"))
        pixels = np.asarray(picture.convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100


def test_what_is_switched_off_is_in_neither_the_picture_nor_its_key(visit, trial):
    view = visit(trial["en"], fragment="#m=one&l=control.borders")
    said = words_of(take(view, "Save as SVG")[1])
    assert "Battle" not in said
    assert "Front line" not in said
    assert "Road" not in said
    view = visit(trial["en"], fragment="#m=one")
    said = words_of(take(view, "Save as SVG")[1])
    assert "Battle" in said
    assert "Road (schematic)" in said


def test_hostile_texts_are_text_in_a_picture(visit, tmp_path):
    bad = pages.poisoned(pages.theatre(), pages.PAYLOADS, pages.ADDRESSES)
    view = visit(pages.drawn(bad, tmp_path / "bad.html"), fragment="#m=swipe")
    _, data = take(view, "Save as SVG")
    tags = {node.tag.removeprefix(SVG) for node in ET.fromstring(data).iter()}
    assert not tags & {"script", "foreignObject", "a", "iframe"}
    view.page.click("#panel .tools button:has-text('Embed')")
    snippet = view.page.input_value(".embed textarea")
    tags = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))
    reader.handle_data = tags.append
    reader.feed(snippet)
    ((tag, attributes),) = tags
    assert tag == "iframe"
    known = {"src", "title", "width", "height", "loading", "sandbox", "style"}
    assert set(attributes) == known
    assert attributes["src"].startswith("file:///")
    assert view.page.evaluate("window.__x") is None
    assert view.faults == []


@pytest.mark.parametrize("mode", ["story", "one"])
def test_a_card_has_the_size_that_social_media_show(visit, shipped_page, mode):
    view = visit(shipped_page, fragment=f"#m={mode}")
    name, data = take(view, "Save as card")
    assert name.endswith("-card.png")
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (1200, 630)
        pixels = np.asarray(picture.convert("L"))
    rows = (pixels < 100).any(axis=1)
    assert rows[:70].sum() > 20  # The headline.
    assert rows[-40:].any()  # Whose data it is.
    assert (pixels[:, :8] > 250).all()  # Nothing runs over the edge.
    assert (pixels[:, -8:] > 250).all()
    assert view.faults == []


@pytest.mark.parametrize("width", [390, 760, 1280])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_embedded_form_is_whole_in_its_frame(visit, shipped_page, axe, width, language):
    view = visit(shipped_page, width=width, height=600, fragment=f"#lang={language}&e=1")
    page = view.page
    assert page.evaluate("[document.documentElement.scrollHeight, innerHeight]") == [600, 600]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for seen in ("#headline", "#stage", "#story-key", "#embed-foot a"):
        box = page.locator(seen).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 600
        assert box["height"] > 10
    assert page.locator("#stage").bounding_box()["height"] > 240
    for gone in ("header .modes", "#time", "#panel", "#explore"):
        assert not page.is_visible(gone)
    assert "OpenStreetMap" in page.inner_text("#embed-foot")
    href = page.get_attribute("#embed-foot a", "href")
    assert "e=1" not in href
    assert "m=story" in href
    page.evaluate(axe)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found] == []
    assert view.faults == []


def test_the_snippet_opens_the_embedded_form_in_a_sandbox(visit, trial, tmp_path):
    view = visit(trial["en"], fragment="#m=swipe&c=2017-05-01&d=2017-07-31")
    view.page.click("#panel .tools button:has-text('Embed')")
    snippet = view.page.input_value(".embed textarea")
    assert "e=1" in snippet
    assert "m=story" in snippet
    host = tmp_path / "host.html"
    host.write_text(f"<!doctype html><body style='margin:0'>{snippet}</body>", encoding="utf-8")
    page = view.page
    page.goto(f"file://{host}")
    frame = page.frame_locator("iframe")
    frame.locator("body[data-ready]").wait_for()
    assert "31 July" in frame.locator("#panel-after").inner_text()
    assert frame.locator("body").get_attribute("data-embed") == "yes"
    assert page.evaluate("document.querySelector('iframe').offsetHeight") >= 600
