"""Our layers on maps of folium, in a browser, beside other people's."""

import re
import subprocess
import sys
from pathlib import Path

import folium
import foliums
import pages
import pytest
from folium.plugins import DualMap, SideBySideLayers

from geo.theatre import Theatre

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
DAYS = ("2017-07-31", "2017-08-02")


@pytest.fixture(scope="module")
def trial():
    folder = pages.theatre()
    return Theatre(folder, composite=pages.composite_of(folder))


@pytest.fixture
def opened(chromium, tmp_path):
    """Open a map of folium; whatever went wrong in it fails the test."""
    maps = []

    def open_map(made, **size):
        path = tmp_path / f"{len(maps)}.html"
        made.get_root().save(str(path))
        maps.append(foliums.Opened(chromium, path, **size))
        maps[-1].settle()
        return maps[-1]

    yield open_map
    for one in maps:
        assert not one.faults
        one.page.close()


def own_map():
    return folium.Map([33.375, 37.5], zoom_start=9, tiles=None)


def colors(page, *spots):
    """The colours of the window at some spots."""
    from io import BytesIO

    from PIL import Image

    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    return [picture.getpixel(spot) for spot in spots]


def reddish(color):
    return color[0] > color[1] + 25


def test_the_script_of_the_readme_draws_our_layers_beside_another(chromium, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = next(b for b in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "folium" in b)
    assert len(script.strip().splitlines()) <= 14
    (tmp_path / "layers").symlink_to(ROOT / "layers")
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    shown = foliums.Opened(chromium, tmp_path / "mine.html")
    shown.settle()
    page = shown.page
    labels = page.locator(".leaflet-control-layers-overlays label")
    assert labels.count() == 5
    assert "My places" in labels.nth(0).inner_text()
    assert page.locator(".leaflet-marker-icon:not(.frontline-mark)").count() == 1
    marks = page.locator(".frontline-mark").count()
    assert marks > 3
    paths = page.locator("path.leaflet-interactive").count()
    labels.filter(has_text="Change").locator("input").check()
    assert page.locator("path.leaflet-interactive").count() > paths
    labels.filter(has_text="Events").locator("input").uncheck()
    assert page.locator(".frontline-mark").count() == 0
    assert "Change" in page.locator(".frontline-key").inner_text()
    assert "Events" not in page.locator(".frontline-key").inner_text()
    assert not shown.faults
    page.close()


def test_ground_is_painted_where_it_lies_and_what_is_below_shines_through(trial, opened):
    m = own_map()
    trial.layer(DAYS[1], opacity=1, key=False).add_to(m)
    page = opened(m).page
    at = page.evaluate(
        """() => { const m = Object.values(window).find((v) => v instanceof L.Map);
        return [[33.6, 37.1], [33.2, 37.1], [33.9, 37.1]].map((p) => {
          const q = m.latLngToContainerPoint(p); return [Math.round(q.x), Math.round(q.y)]; }); }"""
    )
    government, opposition, outside = colors(page, *map(tuple, at))
    assert reddish(government)
    assert opposition[1] > opposition[0] + 20
    assert outside == (221, 221, 221)  # Leaflet's own ground


def test_hover_tells_who_and_how_sure_and_a_click_why(trial, opened):
    m = own_map()
    trial.layer(DAYS[1]).add_to(m)
    page = opened(m).page
    spot = page.locator("path.leaflet-interactive").first
    spot.hover()
    tip = page.locator(".leaflet-tooltip").inner_text()
    assert re.search("Government|Opposition|Islamic State", tip)
    assert "confidence" in tip
    spot.click()
    card = page.locator(".leaflet-popup-content")
    assert "Why " in card.inner_text()
    assert card.bounding_box()["height"] <= 250


def test_two_dates_stand_on_the_halves_of_a_dual_map(trial, opened):
    d = DualMap([33.375, 37.5], zoom_start=9, tiles=None)
    trial.layer(DAYS[0]).add_to(d.m1)
    trial.layer(DAYS[1]).add_to(d.m2)
    trial.fronts_layer(DAYS[1], bands=False).add_to(d)
    folium.LayerControl().add_to(d)
    page = opened(d).page
    assert page.locator(".frontline-key").count() == 2
    names = page.locator(".leaflet-control-layers-overlays").all_inner_texts()
    assert "31 July" in names[0] and "2 August" in names[1]
    assert all("Front lines" in name for name in names)
    ids = page.evaluate("[...document.querySelectorAll('pattern')].map((p) => p.id)")
    assert len(set(ids)) == len(ids)


def test_side_by_side_cuts_our_layers_at_its_divider(trial, opened):
    m = own_map()
    left, right = (trial.layer(day, key=False).add_to(m) for day in DAYS)
    SideBySideLayers(left, right).add_to(m)
    page = opened(m).page
    names = [one.get_name() for one in (left, right)]
    boxes = [page.evaluate(f"{name}.getContainer().style.clip") for name in names]
    (_, a, _, _), (_, _, _, d) = (list(map(float, re.findall(r"-?[\d.]+", b))) for b in boxes)
    assert a == d > 0
    page.evaluate(
        "() => { const r = document.querySelector('.leaflet-sbs-range'); r.value = 0.2;"
        " r.dispatchEvent(new Event('input')); }"
    )
    assert page.evaluate(f"{names[0]}.getContainer().style.clip") != boxes[0]


def test_events_come_and_go_under_the_control_of_time(trial, opened):
    m = own_map()
    trial.layer(DAYS[1]).add_to(m)
    trial.events_layer(timed=True).add_to(m)
    page = opened(m).page
    seen = page.locator(".leaflet-overlay-pane path.leaflet-interactive")
    page.wait_for_function(
        "document.querySelector('.leaflet-overlay-pane path.leaflet-interactive')"
    )
    assert seen.count() == 1
    page.evaluate(
        "() => { const m = Object.values(window).find((v) => v instanceof L.Map);"
        " m.timeDimension.setCurrentTime(Date.UTC(2017, 7, 2)); }"
    )
    page.wait_for_function(
        "document.querySelectorAll('.leaflet-overlay-pane path.leaflet-interactive').length === 3"
    )


@pytest.mark.parametrize("turn", range(4))
def test_hostile_texts_run_nothing_on_a_plain_map(trial, opened, turn):
    # Every text in other cells, and each once as the name of a layer.
    texts = [*pages.PAYLOADS[4 * turn :], *pages.PAYLOADS[: 4 * turn]]
    folder = pages.poisoned(trial.folder, texts, pages.ADDRESSES)
    hostile = Theatre(folder, composite=pages.composite_of(folder))
    m = own_map()
    hostile.layer(DAYS[1], name=texts[0]).add_to(m)
    hostile.change_layer(*DAYS, bands=False, name=texts[1]).add_to(m)
    hostile.fronts_layer(DAYS[1], bands=False, name=texts[2]).add_to(m)
    hostile.events_layer(name=texts[3]).add_to(m)
    hostile.events_layer(timed=True).add_to(m)
    folium.LayerControl(collapsed=False).add_to(m)
    shown = opened(m)
    page = shown.page
    for spot in page.locator(".frontline-mark").all():
        spot.hover()
        spot.click()
        assert page.locator(".leaflet-popup-content").count()
        page.keyboard.press("Escape")
    for path in page.locator("path.leaflet-interactive").all()[:6]:
        path.hover(force=True)
        path.click(force=True)
    assert page.evaluate("window.__x") is None
    links = page.evaluate("[...document.querySelectorAll('a')].map((a) => a.protocol)")
    assert set(links) <= {"http:", "https:", "file:"}
    named = page.locator(".leaflet-control-layers-overlays label").all_text_contents()
    assert [name.strip() for name in named] == [text.strip() for text in texts[:4]]
    assert all(re.match("https?://", url) for url in shown.asked)
    assert not any("example.org" in url for url in shown.asked)
