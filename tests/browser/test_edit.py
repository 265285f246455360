"""The border editor, as analysts use it: tools, keys, touch, saving, conflicts, crashes."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import expect
from shaped import give_shapes

from geo import cli
from geo.draw import language_words
from geo.edit.editor import parts, session
from geo.edit.editor import serve as editor
from geo.model import EVENTS, describe_columns

pytestmark = pytest.mark.browser

AT = """([lon, lat]) => {
    const box = map_frontline.getContainer().getBoundingClientRect();
    const p = map_frontline.latLngToContainerPoint([lat, lon]);
    return [box.x + p.x, box.y + p.y]; }"""
ANSWERED = "Failed to load resource: the server responded with a status of 4"
LAYER = "control/2017-08-01.geojson"


class Desk:
    """One tab of the editor, and everything in it that went wrong."""

    def __init__(self, window, address, *, another_tab=False):
        self.faults, self.window = [], window
        self.page = page = window.context.new_page() if another_tab else window.page
        page.set_default_timeout(8000)
        window.on("console", self._heard, page)
        window.on(
            "pageerror", lambda error: self.faults.append(f"error {error} {error.stack}"), page
        )
        host = urlsplit(address).netloc
        window.on(
            "request",
            lambda request: (
                urlsplit(request.url).netloc in {host, ""}
                or self.faults.append(f"asked {request.url}")
            ),
            page,
        )
        page.goto(address)
        self.page.wait_for_selector("body[data-ready]")

    def _heard(self, message):
        # A refusal by the server is an answer; anything else in the console is a fault.
        if message.type in {"error", "warning"} and not message.text.startswith(ANSWERED):
            self.faults.append(f"console {message.text}")

    def at(self, lon, lat):
        return self.page.evaluate(AT, [lon, lat])

    def tool(self, name):
        self.page.click(f'[data-tool="{name}"]')

    def click(self, lon, lat, **how):
        self.page.mouse.click(*self.at(lon, lat), **how)

    def drag(self, start, end, *, drop=True):
        self.page.mouse.move(*self.at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.at(*end), steps=6)
        if drop:
            self.page.mouse.up()

    def line(self, *positions):
        """Draw a line and cut with it: the last position is clicked twice."""
        for position in (*positions, positions[-1]):
            self.click(*position)

    def set(self, field, value):
        control = self.page.locator(f'[data-field="{field}"] :is(select, input, textarea)').last
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
            control.press("Tab")

    def unsaved(self):
        return int(re.sub(r"\D", "", self.page.inner_text("#dirty")) or 0)

    def kept(self):
        """Wait until the journal on disk has the last edit."""
        self.page.wait_for_timeout(220)
        self.page.wait_for_load_state("networkidle")

    def save(self):
        self.page.click("#save")
        expect(self.page.locator("#dirty")).to_have_text("Nothing to save")
        assert self.page.is_visible('#news[data-kind="saved"]')

    def answer(self, value):
        self.page.click(f'#dialog [data-answer="{value}"]')


@pytest.fixture
def layers(small):
    """The small theatre in canonical form."""
    result = CliRunner().invoke(cli.command, ["fmt", str(small)])
    assert result.exit_code == 0, result.output
    return small


def served(layers):
    """The address of a server for some layers; it ends when its last page is closed."""
    ready = Queue()
    serving = threading.Thread(
        target=editor.serve, args=(layers,), kwargs={"on_ready": ready.put}, daemon=True
    )
    serving.start()
    return ready.get(timeout=20)


@pytest.fixture
def address(layers):
    """A server for the small theatre."""
    return served(layers)


@pytest.fixture
def browse(window):
    """Open windows of some size."""
    lent = []

    def opened(width=1280, height=800, **options):
        options = {"reduced_motion": "reduce", **options}
        lent.append(window(viewport={"width": width, "height": height}, **options))
        return lent[-1]

    yield opened
    for one in lent:
        with contextlib.suppress(Exception):
            one.page.evaluate(
                "fetch('/api/close', {method: 'POST', body: '{}',"
                " headers: {'Content-Type': 'application/json'}})"
            )


@pytest.fixture
def desk(browse, address):
    """The editor at its last date."""
    desk = Desk(browse(), address)
    yield desk
    assert desk.faults == []


def features(layers, name=LAYER):
    text = json.loads((layers / name).read_text(encoding="utf-8"))
    return {feature["properties"]["id"]: feature for feature in text["features"]}


def shapes(layers, name=LAYER):
    found = features(layers, name).items()
    return {key: shapely.from_geojson(json.dumps(one["geometry"])) for key, one in found}


def corners(shape):
    return {tuple(position) for position in shapely.get_coordinates(shape).round(6).tolist()}


# Borders.


def test_a_dragged_border_moves_both_neighbours_and_undo_gives_the_first_bytes_back(desk, layers):
    first = (layers / LAYER).read_bytes()
    desk.tool("borders")
    desk.drag((37.5, 33.5), (37.4, 33.45))
    assert "Border point between" in desk.page.inner_text("#bar")
    assert desk.unsaved() == 2
    desk.save()
    after = shapes(layers)
    moved = corners(after["ctl-west"]) & corners(after["ctl-mid"])
    (new,) = moved - {(37.5, 33.0), (37.5, 34.0)}
    assert abs(new[0] - 37.4) < 0.01
    assert abs(new[1] - 33.45) < 0.01
    assert shapely.coverage_is_valid(list(after.values()))
    assert shapely.union_all(list(after.values())).area == pytest.approx(1.0)
    desk.page.keyboard.press("Control+z")
    desk.save()
    assert (layers / LAYER).read_bytes() == first
    desk.page.keyboard.press("Control+Shift+z")
    assert desk.unsaved() == 2


def test_points_are_put_in_nudged_and_deleted_by_keys_alone(desk):
    page = desk.page
    page.keyboard.press("2")
    page.focus("#map")
    page.keyboard.press("Tab")
    for _ in range(4):
        if page.evaluate("document.activeElement.id") == "cursor":
            break
        page.keyboard.press("Tab")
    label = page.get_attribute("#cursor", "aria-label")
    assert "37.600000" in label
    assert "33.800000" in label
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert desk.unsaved() == 3
    assert "33.800000" not in page.get_attribute("#cursor", "aria-label")
    page.keyboard.press("Insert")
    assert desk.unsaved() >= 3
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "map"
    for word in ("delete", "add", "move"):
        page.keyboard.press("Control+z")
        assert word in page.inner_text("#said")
    assert desk.unsaved() == 0
    assert page.is_disabled("#undo")


def test_tab_goes_from_point_to_point_and_out_at_the_end(desk):
    page = desk.page
    page.keyboard.press("2")
    page.focus("#cursor")
    seen = [page.get_attribute("#cursor", "aria-label")]
    while page.evaluate("document.activeElement.id") == "cursor" and len(seen) < 30:
        page.keyboard.press("Tab")
        seen.append(page.get_attribute("#cursor", "aria-label"))
    assert len(set(seen)) > 3
    assert page.evaluate("document.activeElement.id") == "ghost"


FAULT, FORMER = (176, 0, 32), (122, 74, 0)


def seen(page, spot, color):
    """How many pixels of a colour there are round a spot of the screen."""
    shot = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB")).astype(int)
    rows, columns = np.nonzero(np.abs(shot - color).sum(axis=2) < 12)
    x, y = spot
    return int(((np.abs(columns - x) < 25) & (np.abs(rows - y) < 25)).sum())


def comes(page, condition):
    """Whether something comes true before a person would give up."""
    return any(condition() or page.wait_for_timeout(30) for _ in range(100))


def test_a_crossing_border_is_refused_and_the_place_is_shown(desk):
    desk.tool("borders")
    desk.drag((37.6, 33.8), (37.3, 33.6), drop=False)
    # The three borders that end at the point would each cut that of west and mid.
    crossings = [desk.at(37.5, lat) for lat in (33.2, 33.6 + 0.2 * 2 / 7, 33.6 + 0.4 * 2 / 3)]

    def shown():
        return any(seen(desk.page, spot, FAULT) for spot in crossings)

    assert comes(desk.page, shown)
    desk.page.mouse.up()
    assert "would cross" in desk.page.inner_text("#refused")
    assert comes(desk.page, shown)
    assert desk.unsaved() == 0


def mosaic(seed):
    """Cells that share their borders, two of them round an island, as GeoJSON features."""
    random = np.random.default_rng(seed)
    box = shapely.box(37, 33, 38, 34)
    points = shapely.multipoints(random.uniform([37, 33], [38, 34], (24, 2)))
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points)), box)
    cells = list(shapely.coverage_clean(shapely.set_precision(cells, 1e-6)))
    for i in random.choice(len(cells), 4, replace=False):
        middle = shapely.point_on_surface(cells[i])
        island = shapely.set_precision(shapely.buffer(middle, 0.012, quad_segs=1), 1e-6)
        if shapely.contains_properly(cells[i], island):
            cells[i] = shapely.difference(cells[i], island)
            cells.append(island)
    shapes = [json.loads(shapely.to_geojson(cell)) for cell in cells]
    return [{"properties": {"id": f"ctl-{i}"}, "geometry": one} for i, one in enumerate(shapes)]


TRY = """async ([features, seed, count]) => {
    const { Borders, Move, featureOf, patchOf, withPoint, withoutPoint } =
        await import('/static/coverage.js');
    let state = seed;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    let patches = features.map(patchOf);
    const told = [];
    const tell = (kind, ok, next) => {
        told.push([kind, ok, (next ?? patches).map((p) => featureOf(p).geometry)]);
        if (ok) patches = next;
    };
    for (let n = 0; n < count; n++) {
        const borders = Borders.of(patches);
        const inner = [...borders.edges.values()].filter((edge) => edge.owners.length === 2);
        const { ends: [a, b] } = inner[Math.floor(random() * inner.length)];
        const share = random();
        const at = [0, 1].map((k) => Math.round(a[k] + share * (b[k] - a[k])));
        try { tell('put in', true, withPoint(patches, [a, b], at)); } catch { continue; }
        const free = [...Borders.of(patches).points.values()].filter((point) => !point.fixed);
        const point = free[Math.floor(random() * free.length)];
        const far = 10 ** (-3 + 2.6 * random()) * 1e6;
        const turn = 2 * Math.PI * random();
        const step = [far * Math.cos(turn), far * Math.sin(turn)];
        const to = step.map((v, k) => Math.round(point.at[k] + v));
        const move = new Move(patches, point.key);
        tell('moved', move.fault(to) === null, move.trial(to));
        const other = free[Math.floor(random() * free.length)];
        try { tell('taken out', true, withoutPoint(patches, other.key)); } catch { /* it stays */ }
    }
    return JSON.stringify(told);
}"""


def turned(patches):
    """The way round of every ring."""
    return shapely.is_ccw(shapely.get_rings(patches)).tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_step_is_allowed_exactly_where_the_patches_still_fit_together(desk, seed):
    refused = 0
    cells = mosaic(seed)
    hands = turned(shapely.from_geojson([json.dumps(cell["geometry"]) for cell in cells]))
    for kind, allowed, geometries in json.loads(desk.page.evaluate(TRY, [cells, seed, 60])):
        patches = shapely.from_geojson([json.dumps(one) for one in geometries])
        sound = shapely.is_valid(patches).all() and shapely.coverage_is_valid(patches)
        sound = sound and shapely.union_all(patches).area == pytest.approx(1, abs=1e-9)
        # An island that is turned inside out beside itself would fit, and is not meant.
        sound = sound and turned(patches) == hands
        assert sound == allowed, kind
        refused += not allowed
    assert 5 < refused < 55


def test_the_edge_of_the_study_area_and_junctions_stay(desk):
    desk.tool("borders")
    desk.drag((37.5, 33), (37.55, 33.05))
    assert "edge of the study area" in desk.page.inner_text("#refused")
    desk.click(37.6, 33.8)
    desk.page.click("#bar-buttons button >> nth=0")
    assert "Three borders meet" in desk.page.inner_text("#refused")
    assert desk.unsaved() == 0


def test_a_finger_moves_a_border(browse, address, layers):
    desk = Desk(browse(390, 800, has_touch=True, is_mobile=True), address)
    desk.tool("borders")
    touch = desk.page.context.new_cdp_session(desk.page)
    # The finger comes down beside the point: the handle is as wide as a fingertip.
    x, y = desk.at(37.6, 33.8)
    target = desk.at(37.62, 33.6)
    way = [(x + (target[0] - x) * i / 5, y + (target[1] - y) * i / 5) for i in range(1, 6)]
    steps = [("touchStart", (x + 12, y - 10)), *[("touchMove", spot) for spot in way]]
    for kind, spot in steps:
        points = [{"x": spot[0], "y": spot[1]}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    desk.save()
    (new,) = corners(shapes(layers)["ctl-void"]) - {(37.6, 34.0), (38.0, 34.0), (38.0, 33.8)}
    assert abs(new[0] - 37.62) < 0.02
    assert abs(new[1] - 33.6) < 0.02
    assert desk.faults == []


def test_a_point_snaps_to_the_border_of_the_date_before(desk, layers):
    # First the earlier date gets a point where this one has none.
    desk.page.select_option("#date", "2017-07-01")
    expect(desk.page).to_have_title(re.compile("2017-07-01"))
    desk.tool("borders")
    desk.drag((37.5, 33.5), (37.45, 33.5))
    desk.save()
    old = corners(shapes(layers, "control/2017-07-01.geojson")["ctl-west"])
    (point,) = old - {(37.0, 33.0), (37.5, 33.0), (37.5, 34.0), (37.0, 34.0)}
    desk.page.select_option("#date", "2017-08-01")
    expect(desk.page).to_have_title(re.compile("2017-08-01"))
    x, y = desk.at(*point)
    desk.page.mouse.move(*desk.at(37.5, 33.6))
    desk.page.mouse.down()
    desk.page.mouse.move(x + 6, y - 5, steps=5)
    desk.page.mouse.up()
    desk.save()
    assert point in corners(shapes(layers)["ctl-west"])


def test_the_date_before_is_drawn_where_it_looked_different(desk):
    # The guard held the east and red the middle; now the east is contested.
    spot = desk.at(37.6, 33.3)
    assert seen(desk.page, spot, FORMER) > 20
    assert seen(desk.page, desk.at(37.2, 33.3), FORMER) == 0
    desk.page.keyboard.press("g")
    assert comes(desk.page, lambda: seen(desk.page, spot, FORMER) == 0)


# Ground.


def test_a_patch_is_split_and_the_piece_given_away(desk, layers):
    desk.tool("split")
    desk.line((36.97, 33.7), (37.25, 33.6), (37.53, 33.7))
    desk.page.wait_for_selector('[data-field="controller"]')
    desk.set("controller", "blue-guard")
    desk.set("note", "Given by hand.")
    desk.save()
    after = features(layers)
    (new,) = set(after) - {"ctl-west", "ctl-mid", "ctl-east", "ctl-void"}
    assert re.fullmatch(r"ctl-[0-9a-f]{8}", new)
    assert after[new]["properties"]["controller"] == "blue-guard"
    assert after[new]["properties"]["note"] == "Given by hand."
    assert after["ctl-west"]["properties"]["controller"] == "red"
    assert shapely.coverage_is_valid(list(shapes(layers).values()))
    assert shapes(layers)[new].area < shapes(layers)["ctl-west"].area


def test_a_patch_is_split_by_keys_alone(desk, layers):
    page = desk.page
    page.keyboard.press("3")
    page.focus("#map")
    # From the border of west and mid, in the middle of the map, to beyond the western edge.
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("() => !map_frontline._panAnim?._inProgress")
    assert 36.5 < page.evaluate("map_frontline.getCenter().lng") < 37
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#dirty")).not_to_have_text("Nothing to save")
    desk.save()
    assert len(features(layers)) == 5
    assert shapely.coverage_is_valid(list(shapes(layers).values()))


def test_a_front_line_cuts_all_patches_and_one_side_is_given_at_once(desk, layers):
    desk.tool("front")
    desk.line((36.95, 33.4), (38.05, 33.4))
    desk.page.wait_for_selector(".hands button")
    desk.page.click(".hands button")
    desk.set("controller", "red")
    desk.save()
    south = shapely.box(37, 33, 38, 33.4)
    for key, shape in shapes(layers).items():
        holder = features(layers)[key]["properties"]["controller"]
        if shapely.within(shape, shapely.buffer(south, 1e-5)):
            assert holder == "red"
    assert len(features(layers)) == 7
    assert shapely.coverage_is_valid(list(shapes(layers).values()))


def tint(desk, lon, lat):
    """The colour of the map at a position, red, green, blue, without its dots."""
    x, y = desk.at(lon, lat)
    clip = {"x": x - 6, "y": y - 6, "width": 12, "height": 12}
    with Image.open(BytesIO(desk.page.screenshot(clip=clip))) as picture:
        return [int(v) for v in np.median(np.asarray(picture.convert("RGB")), axis=(0, 1))]


def is_bluer(after, before):
    return after[2] - after[0] > before[2] - before[0] + 15


def is_more_orange(after, before):
    return after[0] - after[2] > before[0] - before[2] + 15


NORTH, SOUTH = (37.12, 33.8), (37.12, 33.2)


def test_both_hands_of_a_front_line_are_tinted_before_it_cuts_and_after(desk):
    plain = [tint(desk, *spot) for spot in (NORTH, SOUTH)]
    desk.tool("front")
    for position in ((36.95, 33.4), (38.05, 33.4)):
        desk.click(*position)
    expect(desk.page.locator("#bar-text")).to_contain_text("Blue, left of the line")
    drawn = [tint(desk, *spot) for spot in (NORTH, SOUTH)]
    assert is_bluer(drawn[0], plain[0])
    assert is_more_orange(drawn[1], plain[1])
    assert desk.unsaved() == 0
    desk.page.click("#bar-buttons .first")
    desk.page.wait_for_selector(".hands button")
    cut = [tint(desk, *spot) for spot in (NORTH, SOUTH)]
    assert is_bluer(cut[0], plain[0])
    assert is_more_orange(cut[1], plain[1])


def test_a_stretch_of_border_is_drawn_anew(desk, layers):
    before = shapes(layers)
    desk.click(37.15, 33.5)
    desk.tool("reshape")
    east = before["ctl-west"].bounds[2]
    line = ((east - 0.05, 33.4), (east + 0.1, 33.45), (east + 0.1, 33.55), (east - 0.05, 33.6))
    for position in line:
        desk.click(*position)
    expect(desk.page.locator("#bar-text")).to_contain_text("Blue")
    desk.click(*line[-1])
    expect(desk.page.locator("#dirty")).not_to_have_text("Nothing to save")
    desk.save()
    after = shapes(layers)
    assert set(after) == set(before)
    assert after["ctl-west"].area > before["ctl-west"].area + 0.005
    assert shapely.coverage_is_valid(list(after.values()))
    assert abs(sum(s.area for s in after.values()) - sum(s.area for s in before.values())) < 1e-9


def test_an_area_is_drawn_and_given_away(desk, layers):
    desk.tool("area")
    ring = ((37.15, 33.4), (37.25, 33.4), (37.25, 33.6), (37.15, 33.6))
    for position in (*ring, ring[0]):
        desk.click(*position)
    desk.page.wait_for_selector('[data-field="controller"]')
    desk.set("controller", "blue-guard")
    desk.save()
    given = [k for k, f in features(layers).items() if k not in ("ctl-west", "ctl-mid", "ctl-east")]
    new = [shapes(layers)[k] for k in given if features(layers)[k]["properties"]["controller"]]
    assert any(abs(shape.area - 0.02) < 2e-3 for shape in new)
    assert shapely.coverage_is_valid(list(shapes(layers).values()))


def test_what_a_person_draws_or_gives_away_loses_the_note_of_the_machine(browse, layers):
    path = layers / LAYER
    data = json.loads(path.read_text(encoding="utf-8"))
    note = "Likely. Nearest evidence: West Well. Probability on this ground: red 90 %."
    for one in data["features"]:
        one["properties"]["note"] = note
    path.write_text(json.dumps(data), encoding="utf-8")
    assert CliRunner().invoke(cli.command, ["fmt", str(layers)]).exit_code == 0
    desk = Desk(browse(), served(layers))
    desk.tool("split")
    desk.line((36.97, 33.7), (37.25, 33.6), (37.53, 33.7))
    desk.page.wait_for_selector('[data-field="controller"]')
    assert not desk.page.input_value('[data-field="note"] textarea')
    desk.page.keyboard.press("Control+z")
    expect(desk.page.locator("#dirty")).to_have_text("Nothing to save")
    desk.click(37.15, 33.5)
    desk.set("controller", "blue")
    desk.save()
    after = features(layers)
    assert after["ctl-west"]["properties"]["note"] is None
    assert after["ctl-west"]["properties"]["statement_ids"] is None
    assert after["ctl-mid"]["properties"]["note"] == note  # Nobody touched it.
    assert desk.faults == []


def test_no_word_of_no_problem_before_the_answer_nor_before_a_refusal(desk):
    desk.page.click("#tab-problems")
    fine = desk.page.locator("#problems .fine")
    expect(fine).to_be_visible()
    desk.page.route("**/api/check", lambda route: route.abort())
    desk.click(37.15, 33.5)
    desk.set("status", "contested")
    desk.page.click("#tab-problems")
    expect(fine).to_have_count(0)
    desk.page.wait_for_timeout(700)
    expect(fine).to_have_count(0)
    desk.page.unroute("**/api/check")
    desk.faults.clear()  # The check was cut off on purpose.


def test_home_brings_back_the_whole_study_area(desk):
    desk.page.evaluate("map_frontline.setView([33.2, 37.2], 12, { animate: false })")
    desk.page.click("#whole")
    bounds = desk.page.evaluate(
        "(() => { const b = map_frontline.getBounds();"
        " return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]; })()"
    )
    assert bounds[0] <= 37
    assert bounds[1] <= 33
    assert bounds[2] >= 38
    assert bounds[3] >= 34


def test_a_line_that_crosses_itself_or_cuts_nothing_is_not_cut(desk):
    desk.tool("split")
    for position in [(37.1, 33.2), (37.4, 33.2), (37.4, 33.5), (37.2, 33.1)]:
        desk.click(*position)
    assert "crosses itself" in desk.page.inner_text("#bar")
    assert desk.page.is_disabled("#bar-buttons .first")
    desk.page.keyboard.press("Escape")
    desk.line((37.1, 33.2), (37.3, 33.3))
    desk.page.wait_for_selector("#refused:not([hidden])")
    assert desk.unsaved() == 0


def test_status_and_its_axes_change_together(desk, layers):
    desk.click(37.2, 33.2)
    desk.set("status", "contested")
    assert "Red" in desk.page.inner_text('[data-field="controllers"]')
    desk.set("controllers", "blue")
    desk.save()
    values = features(layers)["ctl-west"]["properties"]
    assert values["controllers"] == "red;blue"
    assert (values["status"], values["controller"]) == ("contested", None)
    desk.set("status", "unknown")
    desk.save()
    values = features(layers)["ctl-west"]["properties"]
    assert [values[k] for k in ("controller", "controllers", "basis", "confidence")] == [None] * 4


def test_two_patches_are_changed_and_joined_together(desk, layers):
    desk.click(37.2, 33.2)
    desk.page.keyboard.down("Shift")
    desk.click(37.55, 33.2)
    desk.page.keyboard.up("Shift")
    assert "2 patches" in desk.page.inner_text("#chosen")
    for field, value in (("controller", "red"), ("basis", "reported"), ("confidence", "low")):
        desk.set(field, value)
    desk.page.get_by_role("button", name="Join", exact=True).click()
    expect(desk.page.locator("#chosen")).not_to_contain_text("2 patches")
    desk.save()
    assert len(features(layers)) == 3


# Events, places, the ledger.


def test_an_event_is_added_filled_and_moved(desk, layers):
    desk.tool("event")
    desk.click(37.8, 33.3)
    for field, value in (
        ("event_type", "Battles"),
        ("sub_event_type", "Armed clash"),
        ("actor1", "red"),
        ("actor2", "blue"),
        ("source_ids", "wire-1"),
        ("confidence", "low"),
        ("notes", "Shots near the road."),
    ):
        desk.set(field, value)
    desk.drag((37.8, 33.3), (37.85, 33.4))
    desk.save()
    (event,) = features(layers, "events/2017-08.geojson").values()
    assert event["properties"]["actor2"] == "blue"
    assert event["properties"]["notes"] == "Shots near the road."
    assert event["geometry"]["coordinates"] == pytest.approx([37.85, 33.4], abs=0.01)
    desk.page.get_by_role("button", name="Remove", exact=True).last.click()
    assert desk.unsaved() == 1


def test_a_column_that_is_new_in_the_model_needs_no_script(browse, layers, monkeypatch):
    weather = {"name": "weather", "kind": "choice", "choices": ["dry", "rain"], "required": False}

    def described(schema):
        return describe_columns(schema) + ([weather] if schema is EVENTS else [])

    monkeypatch.setattr(session, "describe_columns", described)
    desk = Desk(browse(), served(layers))
    desk.tool("event")
    desk.click(37.8, 33.3)
    desk.page.click("#chosen details summary")
    expect(desk.page.locator('[data-field="weather"] label')).to_have_text("weather")
    for field, value in (("event_type", "Riots"), ("source_ids", "wire-1"), ("weather", "rain")):
        desk.set(field, value)
    desk.save()
    (event,) = features(layers, "events/2017-08.geojson").values()
    assert event["properties"]["weather"] == "rain"
    assert event["properties"]["sub_event_type"] == "Violent demonstration"
    assert desk.faults == []


def test_a_place_is_added_under_a_name_and_moved(desk, layers):
    desk.tool("place")
    desk.click(37.3, 33.8)
    desk.page.fill("#asked-name", "Qasr al-Rīḥ")
    desk.answer("ok")
    for field, value in (("kind", "hill"), ("name_ar", "قصر الريح"), ("geo_radius_m", "900")):
        desk.set(field, value)
    desk.drag((37.3, 33.8), (37.25, 33.7))
    desk.save()
    place = features(layers, "places.geojson")["qasr_al_rih"]
    assert place["properties"]["name"] == "Qasr al-Rīḥ"
    assert place["properties"]["coord_method"] == "inferred"
    assert place["geometry"]["coordinates"] == pytest.approx([37.25, 33.7], abs=0.01)


def test_a_line_is_found_and_told_apart_but_its_shape_stays(browse, layers):
    give_shapes(layers)
    CliRunner().invoke(cli.command, ["fmt", str(layers)])
    before = features(layers, "places.geojson")
    desk = Desk(browse(), served(layers))
    desk.page.get_by_role("searchbox", name="Find").fill("night march")
    desk.page.click("#chosen .pick button")
    assert "a line or an area; its shape is edited in places.geojson" in desk.page.inner_text(
        "#chosen"
    )
    desk.set("note", "Drawn anew one day.")
    # An event at a line keeps the spot where it was put.
    desk.tool("event")
    desk.click(37.58, 33.5)
    for field, value in (
        ("event_type", "Battles"),
        ("sub_event_type", "Armed clash"),
        ("actor1", "red"),
        ("actor2", "blue"),
        ("place_id", "night_march"),
        ("source_ids", "wire-1"),
        ("confidence", "low"),
    ):
        desk.set(field, value)
    desk.save()
    after = features(layers, "places.geojson")
    assert after["night_march"]["properties"].pop("note") == "Drawn anew one day."
    before["night_march"]["properties"].pop("note")
    assert after == before
    (event,) = features(layers, "events/2017-08.geojson").values()
    assert event["properties"]["place_id"] == "night_march"
    assert event["geometry"]["coordinates"] == pytest.approx([37.58, 33.5], abs=0.01)
    assert desk.faults == []


def test_a_change_without_a_row_gets_one_and_it_is_filled(desk, layers):
    desk.click(37.2, 33.2)
    desk.set("controller", "blue")
    desk.page.click("#tab-problems")
    desk.page.wait_for_selector(".issues .error:has-text('no row explains')")
    desk.page.click("#tab-ledger")
    desk.page.wait_for_selector("#ledger .first")
    assert "Red" in desk.page.inner_text("#ledger .ledger li")
    desk.page.click("#ledger .first")
    desk.set("kind", "withdrawal")
    desk.set("event_ids", "evt-b")
    desk.set("note", "They left, says the wire.")
    desk.page.wait_for_selector("#ledger .fine")
    desk.save()
    row = (layers / "changes.csv").read_text().splitlines()
    (new,) = [line for line in row if "They left" in line]
    assert ",withdrawal," in new
    # The event names its row as well, in the same step.
    assert features(layers, "events/2017-07.geojson")["evt-b"]["properties"]["change_id"] in new


def test_what_would_be_unsound_is_not_saved_and_shown(desk, layers):
    before = (layers / LAYER).read_bytes()
    desk.click(37.2, 33.2)
    desk.set("controller", "")
    desk.page.click("#save")
    desk.page.wait_for_selector("#problems .error")
    assert "nothing was written" in desk.page.inner_text("#refused")
    assert (layers / LAYER).read_bytes() == before


# Saving beside others.


def set_note(layers, patch, note):
    path = layers / LAYER
    layer = json.loads(path.read_text(encoding="utf-8"))
    for feature in layer["features"]:
        if feature["properties"]["id"] == patch:
            feature["properties"]["note"] = note
    path.write_text(json.dumps(layer), encoding="utf-8")


@pytest.mark.slow
def test_two_tabs_save_and_both_edits_stay(browse, address, layers):
    window = browse()
    one = Desk(window, address)
    two = Desk(window, address.split("?")[0], another_tab=True)
    for desk, lon in ((one, 37.2), (two, 37.55)):
        desk.click(lon, 33.2)
        desk.set("note", f"From {lon}.")
    one.save()
    two.page.click("#save")
    two.page.wait_for_selector("#dialog fieldset, #dialog [data-answer=merge]")
    assert "fit together" in two.page.inner_text("#dialog")
    two.answer("merge")
    two.page.wait_for_selector('#news[data-kind="saved"]')
    after = features(layers)
    assert after["ctl-west"]["properties"]["note"] == "From 37.2."
    assert after["ctl-mid"]["properties"]["note"] == "From 37.55."
    assert one.faults == two.faults == []


@pytest.mark.parametrize(
    ("choose", "button", "note"),
    [("mine", "merge", "Mine."), ("theirs", "merge", "Theirs."), (None, "theirs", "Theirs.")],
)
def test_an_outside_change_of_the_same_patch_asks_which_to_keep(desk, layers, choose, button, note):
    desk.click(37.2, 33.2)
    desk.set("note", "Mine.")
    set_note(layers, "ctl-west", "Theirs.")
    desk.page.click("#save")
    desk.page.wait_for_selector("#dialog fieldset")
    asked = desk.page.inner_text("#dialog fieldset")
    assert all(word in asked for word in ("ctl-west", "Mine.", "Theirs.", "not committed"))
    # Nothing is chosen before a person has.
    assert not desk.page.locator("#dialog input:checked").count()
    assert desk.page.locator('#dialog [data-answer="merge"]').is_disabled()
    if choose:
        desk.page.check(f"#dialog input[value={choose}]")
    desk.answer(button)
    desk.page.wait_for_selector('#news[data-kind="saved"]')
    assert features(layers)["ctl-west"]["properties"]["note"] == note
    assert desk.unsaved() == 0


def test_an_outside_change_is_told_while_one_works(desk, layers):
    set_note(layers, "ctl-mid", "Changed elsewhere.")
    desk.page.evaluate("new BroadcastChannel('frontline-edit').postMessage({})")
    desk.page.wait_for_selector('#news[data-kind="stale"]')
    desk.page.click("#news button >> nth=0")
    desk.page.wait_for_selector("#news", state="hidden")
    desk.click(37.55, 33.2)
    note = desk.page.locator('[data-field="note"] textarea')
    assert note.input_value() == "Changed elsewhere."


# Crashes and leaving.


def started(layers):
    command = [sys.executable, "-m", "geo", "edit", "--no-browser", "--layers", str(layers)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_killed(browse, layers):
    before = (layers / LAYER).read_bytes()
    server, address = started(layers)
    desk = Desk(browse(), address)
    desk.tool("borders")
    desk.drag((37.5, 33.5), (37.4, 33.45))
    desk.tool("select")
    desk.click(37.2, 33.2)
    desk.set("note", "Before the crash.")
    desk.kept()
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    desk.set("confidence", "low")
    desk.page.wait_for_selector('#news[data-kind="silent"]')
    assert "last change is only on this page" in desk.page.inner_text("#news")
    assert (layers / LAYER).read_bytes() == before
    desk.page.evaluate("window.onbeforeunload = null")
    server, address = started(layers)
    try:
        again = Desk(browse(), address)
        again.page.wait_for_selector("#dialog[open]")
        assert "2017-08-01" in again.page.inner_text("#dialog")
        again.answer("restore")
        expect(again.page.locator("#dirty")).to_contain_text("2 changes")
        again.save()
        west = features(layers)["ctl-west"]
        assert west["properties"]["note"] == "Before the crash."
        assert len(west["geometry"]["coordinates"][0]) == 6
        # What was saved is offered no more.
        later = Desk(again.window, address.split("?")[0], another_tab=True)
        assert not later.page.is_visible("#dialog")
        assert again.faults == []
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.slow
def test_restored_work_merges_with_what_a_colleague_saved_meanwhile(browse, layers):
    server, address = started(layers)
    desk = Desk(browse(), address)
    desk.click(37.2, 33.2)
    desk.set("note", "Mine.")
    desk.kept()
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.stdout.close()
    set_note(layers, "ctl-mid", "Theirs.")
    desk.page.evaluate("window.onbeforeunload = null")
    server, address = started(layers)
    try:
        again = Desk(browse(), address)
        again.page.wait_for_selector("#dialog[open]")
        again.answer("restore")
        again.kept()
        again.page.click("#save")
        again.page.wait_for_selector("#dialog [data-answer=merge]")
        assert "fit together" in again.page.inner_text("#dialog")
        again.answer("merge")
        again.page.wait_for_selector('#news[data-kind="saved"]')
        after = features(layers)
        assert after["ctl-west"]["properties"]["note"] == "Mine."
        assert after["ctl-mid"]["properties"]["note"] == "Theirs."
        assert again.faults == []
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_leaving_with_unsaved_work_is_asked_about(desk, layers):
    asked = []
    desk.window.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    desk.click(37.2, 33.2)
    desk.set("note", "Not saved.")
    desk.page.select_option("#date", "2017-07-01")
    desk.answer("stay")
    expect(desk.page.locator("#date")).to_have_value("2017-08-01")
    desk.page.select_option("#date", "2017-07-01")
    desk.answer("save")
    expect(desk.page).to_have_title(re.compile("2017-07-01"))
    assert features(layers)["ctl-west"]["properties"]["note"] == "Not saved."
    assert asked == []
    desk.click(37.2, 33.2)
    desk.set("note", "Not saved either.")
    desk.kept()
    desk.page.reload()
    assert asked == ["beforeunload"]
    desk.page.wait_for_selector("#dialog[open]")
    desk.answer("discard")
    expect(desk.page.locator("#dialog")).not_to_be_visible()
    assert desk.unsaved() == 0


def test_every_kind_of_step_is_undone_to_the_first_bytes(desk, layers):
    first = {path: path.read_bytes() for path in layers.rglob("*.*") if path.is_file()}
    desk.tool("borders")
    desk.drag((37.5, 33.3), (37.45, 33.3))
    desk.tool("split")
    desk.line((37.58, 33.5), (38.02, 33.5))
    desk.page.wait_for_selector('[data-field="status"]')
    desk.set("status", "unknown")
    desk.tool("event")
    desk.click(37.8, 33.3)
    desk.tool("place")
    desk.click(37.3, 33.8)
    desk.page.fill("#asked-name", "New Well")
    desk.answer("ok")
    desk.page.click("#tab-ledger")
    desk.page.get_by_role("button", name="Add an empty row").click()
    desk.page.get_by_role("button", name="Remove", exact=True).last.click()
    assert desk.unsaved() >= 5
    while desk.page.is_enabled("#undo"):
        desk.page.click("#undo")
    assert desk.unsaved() == 0
    while desk.page.is_enabled("#redo"):
        desk.page.click("#redo")
    assert desk.unsaved() >= 5
    while desk.page.is_enabled("#undo"):
        desk.page.click("#undo")
    desk.kept()
    assert desk.page.is_disabled("#save")
    assert {path: path.read_bytes() for path in first} == first


# Everybody can use it, and nothing that a layer says runs.


def open_ledger(desk):
    desk.page.click("#tab-ledger")
    desk.page.wait_for_selector("#ledger details")
    desk.page.click("#ledger summary >> nth=0")


STATES = {
    "nothing": lambda desk: desk.page.click("#chosen summary >> nth=0"),
    "ground": lambda desk: desk.click(37.2, 33.2),
    "event": lambda desk: desk.click(37.55, 33.5),
    "ledger": open_ledger,
    "points": lambda desk: (desk.tool("borders"), desk.click(37.6, 33.8)),
    "line": lambda desk: (desk.tool("front"), desk.click(37.2, 33.2)),
    "help": lambda desk: desk.page.click("#help"),
}
BARRIERS = """axe.run().then((found) => found.violations.map(
    (one) => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]))"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en"), (390, "light", "ar"), (390, "dark", "en")],
)
def test_no_barrier_in_any_state(browse, address, axe, width, scheme, language):
    desk = Desk(browse(width, 800, color_scheme=scheme), address)
    if language == "ar":
        desk.page.click("#language")
    desk.page.evaluate(axe)
    for name, prepare in STATES.items():
        prepare(desk)
        desk.page.wait_for_timeout(60)
        assert desk.page.evaluate(BARRIERS) == [], name
        wide = desk.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name
        if name != "help":
            desk.page.keyboard.press("Escape")
            desk.page.keyboard.press("Escape")
            desk.page.click("#tab-chosen")
    assert desk.faults == []


def test_text_of_the_layers_is_shown_and_never_run(browse, layers):
    payload = '<img src=x onerror="window.__x=1">${window.__x=1}'
    for name in ("places.geojson", LAYER, "events/2017-07.geojson"):
        path = layers / name
        layer = json.loads(path.read_text(encoding="utf-8"))
        for feature in layer["features"]:
            for key in ("name", "note", "notes", "location"):
                if key in feature["properties"]:
                    feature["properties"][key] = payload
        path.write_text(json.dumps(layer), encoding="utf-8")
    for name, old in (("actors.csv", "Red,"), ("sources.csv", "Wire,")):
        path = layers / name
        quoted = '"' + payload.replace('"', '""') + '",'
        text = path.read_text(encoding="utf-8").replace(old, quoted, 1)
        path.write_text(text, encoding="utf-8")
    desk = Desk(browse(), served(layers))
    for prepare in STATES.values():
        prepare(desk)
        desk.page.keyboard.press("Escape")
    desk.page.click("#tab-chosen")
    desk.page.fill("#chosen input[type=search]", "img")
    expect(desk.page.locator("#chosen")).to_contain_text(payload)
    assert desk.page.evaluate("window.__x") is None
    assert desk.page.locator("img[src=x]").count() == 0
    assert desk.faults == []


def test_every_phrase_that_the_editor_says_is_there():
    static = Path(editor.__file__).with_name("static")
    known = language_words("page", "editor")["en"]
    scripts = "".join(path.read_text(encoding="utf-8") for path in static.glob("*.js"))
    markup = (static / "edit.html").read_text(encoding="utf-8")
    used = set(re.findall(r"\bt\('([\w.]+)'", scripts))
    used |= set(re.findall(r'data-t(?:-label|-title)?="([\w.]+)"', markup))
    used |= {f"refused.{word}" for word in re.findall(r"Refusal\('([\w.]+)'", scripts)}
    used |= set(re.findall(r"'(step\.[\w.]+)'", scripts))
    # What a form shows of a record; the rest of it follows from where the record stands.
    hidden = {"id", "from_date", "to_date", "recorded_at", "recorded_by", "supersedes"}
    columns = {name for schema in parts.SCHEMAS.values() for name in schema.names}
    used |= {f"field.{name}" for name in columns - hidden}
    assert used - set(known) == set()
