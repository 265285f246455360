"""Names on the map: whole, inside the window, under nothing; the inset; relief under the tints."""

import dataclasses

import pages
import pytest
from layers_relief import striped

from geo.draw.words.languages import LANGUAGES

pytestmark = pytest.mark.browser

# What the canvases of the map write from now on, as boxes of the window, and the panel of each.
WATCH = """() => {
    window.__names = [];
    const proto = CanvasRenderingContext2D.prototype;
    const write = proto.fillText;
    proto.fillText = function (text, x, y, ...rest) {
        const pane = this.canvas.closest?.('.leaflet-pane[class*="frontline"]');
        if (pane) {
            const wide = this.measureText(text).width;
            const left = this.textAlign === 'center' ? x - wide / 2
                : this.textAlign === 'right' ? x - wide : x;
            const m = this.getTransform();
            const at = this.canvas.getBoundingClientRect();
            const ratio = this.canvas.width / at.width;
            const ends = [left, left + wide];
            const corners = ends.flatMap((u) => [[u, y - 5], [u, y + 5]])
                .map(([u, v]) => [m.a * u + m.c * v + m.e, m.b * u + m.d * v + m.f])
                .map(([u, v]) => [u / ratio + at.x, v / ratio + at.y]);
            const [xs, ys] = [0, 1].map((i) => corners.map((c) => c[i]));
            window.__names.push({ text, second: pane.className.includes('frontline-1'),
                box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] });
        }
        return write.call(this, text, x, y, ...rest);
    };
    map_frontline.panBy([1, 1], { animate: false });
}"""

# The panels of the map, and what lies over it.
ROOM = """() => {
    const box = (node) => { const b = node.getBoundingClientRect();
        return [b.left, b.top, b.right, b.bottom]; };
    const stage = box(document.getElementById('stage'));
    const over = [...document.querySelectorAll('.leaflet-control-zoom, #corner button, .north,'
        + ' #locator, #panel-before, #panel-after, #badge-one, .leaflet-control-scale-line')]
        .filter((node) => node.getBoundingClientRect().width).map(box);
    const { mode } = document.body.dataset;
    return { first: box(map_frontline.getContainer()), stage, over, mode };
}"""


def names(view):
    view.page.evaluate(WATCH)
    view.settle()
    return view.page.evaluate("window.__names"), view.page.evaluate(ROOM)


def touch(a, b, slack=0.0):
    return (
        a[0] < b[2] - slack and a[2] > b[0] + slack and a[1] < b[3] - slack and a[3] > b[1] + slack
    )


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("mode", ["story", "swipe", "one", "change"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_label_of_every_visible_place_is_whole_and_under_nothing(
    visit, shipped_page, width, mode, language
):
    view = visit(shipped_page, width=width, fragment=f"#m={mode}&lang={language}")
    written, room = names(view)
    stage, first = room["stage"], room["first"]
    high, wide = first[3] - first[1], first[2] - first[0]
    seen = 0
    for one in written:
        box = one["box"]
        panel = first
        if room["mode"] == "story" and one["second"]:
            beside = stage[2] - stage[0] > wide + 20
            shift = (stage[2] - wide - first[0], 0) if beside else (0, stage[3] - high - first[1])
            panel = [
                first[0] + shift[0],
                first[1] + shift[1],
                first[2] + shift[0],
                first[3] + shift[1],
            ]
        if not touch(box, panel):
            continue  # Beyond the window, where a canvas reaches for a pan.
        seen += 1
        inside = (
            box[0] >= panel[0] - 1
            and box[1] >= panel[1] - 1
            and box[2] <= panel[2] + 1
            and box[3] <= panel[3] + 1
        )
        assert inside, (one["text"], box, panel)
        under = [other for other in room["over"] if touch(box, other, 1.5)]
        assert not under, (one["text"], box, under)
    assert seen >= 4


def test_a_click_on_the_changed_ground_of_the_shipped_case_opens_what_explains_it(
    visit, shipped_page
):
    view = visit(shipped_page, fragment="")
    view.click_at(37.72, 33.24)
    card = view.page.inner_text(".card")
    assert "Syrian opposition" in card.splitlines()[0]
    assert "advance" in card
    assert "Overnight attack" in card


def locator(view):
    """The inset: where it stands, and the extent of what is painted as the view, in its pixels."""
    return view.page.evaluate("""() => {
        const canvas = document.getElementById('locator');
        if (canvas.hidden) return null;
        const { width, height } = canvas;
        const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
        let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
        for (let i = 0; i < data.length; i += 4) {
            if (data[i] > 40 || data[i + 2] < 170) continue;
            const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
            [left, right] = [Math.min(left, x), Math.max(right, x)];
            [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
        }
        const label = canvas.getAttribute('aria-label');
        return { size: [width, height], view: [left, top, right, bottom], label };
    }""")


def test_an_inset_says_where_a_close_up_lies(visit, trial):
    view = visit(trial["en"], fragment="#m=one&v=10/33.5625/37.25")
    west = locator(view)
    assert west["label"]
    assert 0.1 < (west["view"][2] - west["view"][0]) / west["size"][0] < 0.9
    view.page.evaluate("map_frontline.setView([33.1875, 37.75], 10, { animate: false })")
    view.settle()
    east = locator(view)
    assert east["view"][0] > west["view"][0] + 10
    assert east["view"][1] > west["view"][1] + 10
    view.page.evaluate("map_frontline.setZoom(7, { animate: false })")
    view.settle()
    assert locator(view) is None


# Relief, under the tints.


@pytest.fixture(scope="module")
def hilly(tmp_path_factory):
    """The page of the small theatre with a relief: dark in the north, light in the south."""
    folder = pages.theatre()
    relief = pages.feature(
        pages.model.CONTEXT, pages.AREA, id="hills", kind="relief", accuracy="generalised"
    )
    root = tmp_path_factory.mktemp("hilly")
    (root / "context").mkdir()
    (root / "context/hills.png").write_bytes(striped())
    folder = dataclasses.replace(folder, root=root, reliefs=(relief,))
    return pages.drawn(folder, root / "map.html")


def grey(view, lon, lat):
    """How light the first canvas of the map is at a position."""
    return view.page.evaluate(
        """([lon, lat]) => {
            const canvas = map_frontline.getPane('frontline-0').querySelector('canvas');
            const at = canvas.getBoundingClientRect();
            const box = map_frontline.getContainer().getBoundingClientRect();
            const p = map_frontline.latLngToContainerPoint([lat, lon]);
            const ratio = canvas.width / at.width;
            const { data } = canvas.getContext('2d').getImageData(
                (box.x + p.x - at.x) * ratio, (box.y + p.y - at.y) * ratio, 1, 1);
            return (data[0] + data[1] + data[2]) / 3; }""",
        [lon, lat],
    )


def test_relief_lies_where_it_belongs_and_a_key_takes_it_away(visit, hilly):
    view = visit(hilly, fragment="#m=one&l=control.relief")
    # Rows of the picture are even in latitude: 24 to 36 of 120 are dark, 84 to 96 light.
    spots = {row: 33.75 - 0.75 * row / 120 for row in (21, 27, 33, 39, 60, 81, 87, 93, 99)}
    shaded = {row: grey(view, 37.1, lat) for row, lat in spots.items()}
    view.page.get_by_label("Relief", exact=True).uncheck()
    view.settle()
    plain = {row: grey(view, 37.1, lat) for row, lat in spots.items()}
    moved = {row: shaded[row] - plain[row] for row in spots}
    assert all(moved[row] < -15 for row in (27, 33)), moved
    assert all(moved[row] > 10 for row in (87, 93)), moved
    assert all(abs(moved[row]) < 2 for row in (21, 39, 60, 81, 99)), moved
    assert "l=control&" in view.address(has="l=control&")


def test_relief_fades_before_its_edge(visit, hilly):
    view = visit(hilly, fragment="#m=one&l=relief")
    lat = 33.75 - 0.75 * 30 / 120
    across = [grey(view, lon, lat) for lon in (37.001, 37.02, 37.05, 37.3)]
    assert across == sorted(across, reverse=True)
    assert across[0] - across[-1] > 40
    outside = grey(view, 36.95, lat)
    assert abs(across[0] - outside) < 12


def test_relief_is_in_the_saved_pictures(visit, hilly):
    view = visit(hilly, fragment="#m=one")
    with view.page.expect_download() as waiting:
        view.page.click("text=Save as SVG")
    text = waiting.value.path().read_text(encoding="utf-8")
    assert text.count("<image") == 1
    assert 'href="data:image/png;base64,' in text
    assert view.faults == []


def test_a_relief_that_the_browser_cannot_read_is_left_out(visit, hilly, tmp_path):
    text = hilly.read_text(encoding="utf-8")
    bad = tmp_path / "bad.html"
    start = text.index("data:image/png;base64,") + len("data:image/png;base64,")
    bad.write_text(text[:start] + "AAAA" + text[start + 4 :], encoding="utf-8")
    view = visit(bad, fragment="#m=one")
    assert view.page.is_visible("#stage")
    assert not view.page.is_visible("#fault")


def test_the_shipped_page_is_light(shipped_page):
    assert shipped_page.stat().st_size < 1_500_000
