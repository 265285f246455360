"""The review of a report in the browser: by keys alone, in both languages, through a kill."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Queue

import pytest
import reviews
from click.testing import CliRunner
from playwright.sync_api import expect

from geo import cli
from geo.edit.reports.serve import serve_review
from geo.edit.reports.session import Report
from geo.evidence import Gazetteer
from geo.layers import read_folder

from .conftest import FLAGS

pytestmark = pytest.mark.browser

BARRIERS = """axe.run().then((found) => found.violations.map(
    (one) => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]))"""


SETTLED = "#draft:not([aria-busy=true])"


class Desk:
    """A page of the review, and everything in it that went wrong."""

    def __init__(self, window, address):
        self.faults, self.page = [], window.page
        self.page.set_default_timeout(20_000)
        window.on("console", self._heard)
        window.on("pageerror", lambda error: self.faults.append(f"error {error} {error.stack}"))
        self.page.goto(address)
        self.page.wait_for_selector("body[data-ready=yes]")

    def _heard(self, message):
        answered = "Failed to load resource: the server responded with a status of 4"
        if message.type in {"error", "warning"} and not message.text.startswith(answered):
            self.faults.append(message.text)

    def press(self, *keys):
        """Keys one by one, each answered before the next."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settled()

    def settled(self):
        self.page.wait_for_selector(SETTLED)

    @property
    def status(self):
        return self.page.get_attribute("#draft", "data-status")

    def left(self):
        return int(re.search(r"\d+", self.page.inner_text("#left"))[0])

    def says(self, name):
        return self.page.inner_text(f'[data-says="{name}"]')


def served(layers, *texts, **options):
    """The address of a review; it ends when its page is closed."""
    reports = [Report(f"{i}.txt", text, reviews.DAY) for i, text in enumerate(texts)]
    options["gazetteer"] = Gazetteer(read_folder(layers).places.values())
    ready = Queue()
    threading.Thread(
        target=serve_review,
        args=(layers, reports),
        kwargs={"on_ready": ready.put, **options},
        daemon=True,
    ).start()
    return ready.get(timeout=20)


@pytest.fixture
def browse(window):
    lent = []

    def opened(width=1280, height=800, **options):
        lent.append(window(viewport={"width": width, "height": height}, **options))
        return lent[-1]

    yield opened
    for one in lent:
        with contextlib.suppress(Exception):
            one.page.evaluate(
                "fetch('/api/close', {method: 'POST', body: '{}',"
                " headers: {'Content-Type': 'application/json'}})"
            )


def sound(layers):
    result = CliRunner().invoke(cli.command, ["check", str(layers)])
    assert result.exit_code == 0, result.output
    return read_folder(layers)


def test_a_report_is_reviewed_from_the_first_draft_to_the_layers_by_keys_alone(browse, small):
    desk = Desk(browse(), served(small, reviews.ENGLISH, source_id="wire-1"))
    assert desk.left() == 4
    assert desk.says("where") == "Mid Well ± 0.8 km"
    assert desk.page.inner_text(".sentence.now").startswith("Blue Guard captured")
    desk.press("=")
    assert (desk.left(), desk.status) == (3, "open")
    desk.press("a")
    assert "Still open: Place, Who acted" in desk.page.inner_text("#news")
    asked = desk.page.inner_text(".asks li >> nth=0")
    assert asked.startswith("1")
    assert desk.page.locator(".candidate").count() >= 1
    desk.press("1", "1")
    assert desk.status == "ready"
    desk.press("u")
    assert desk.status == "open"
    desk.press("0", "s")
    assert desk.says("who").startswith("Red")
    desk.press("s", "a")
    assert desk.left() == 2
    assert desk.status == "ready", "one answer for both mentions of the place"
    desk.press("d")
    expect(desk.page.locator('[data-field="event_date"] input')).to_be_focused()
    desk.page.keyboard.type("07312017")
    desk.press("Escape")
    assert desk.says("when") == "31 July 2017"
    desk.press("x", "r")
    assert desk.left() == 2
    desk.press("p", "a")
    desk.press("0", "m")
    assert desk.left() == 0
    desk.press("Control+s")
    desk.page.wait_for_selector('#news[data-kind="saved"]')
    assert desk.faults == []
    folder = sound(small)
    ours = [event for event in folder.events if event.id not in {"evt-a", "evt-b"}]
    assert {event.properties["event_date"] for event in ours} == {"2017-07-31", "2017-08-01"}
    assert all(event.properties["source_ids"] == "wire-1" for event in ours)
    assert desk.status == "saved"


@pytest.mark.slow
def test_the_report_of_the_case_is_reviewed_by_keys_alone(browse, shared, shipped, tmp_path):
    path = shared / "case" / "report-sohr-71105.txt"
    if not path.is_file():
        pytest.skip("the report of the case is not there")
    layers = tmp_path / "layers"
    shutil.copytree(shipped, layers)
    before = read_folder(layers)
    text = path.read_text(encoding="utf-8")
    desk = Desk(browse(), served(layers, text, source_id="sohr-71105"))
    page, pressed = desk.page, 0
    while desk.left() and pressed < 150:
        if page.locator("[data-same]").count():
            key = "="  # what the layers have already gets its source
        elif desk.status == "ready":
            key = "a"
        elif page.locator('[data-choice="1"]').count():
            key = "1"
        else:
            key = "r"
        desk.press(key)
        pressed += 1
    assert desk.left() == 0
    assert pressed < 80, "a few keys a draft"
    desk.press("Control+s")
    page.wait_for_selector('#news[data-kind="saved"]')
    assert desk.faults == []
    after = sound(layers)
    assert len(before.events) < len(after.events) < len(before.events) + 20
    assert {event.id for event in before.events} <= {event.id for event in after.events}


def test_an_arabic_report_is_reviewed_on_an_arabic_page_by_arabic_keys(browse, small):
    desk = Desk(browse(), served(small, reviews.ARABIC, source_id="wire-1"))
    page = desk.page
    page.click("#language")
    assert page.get_attribute("html", "dir") == "rtl"
    assert "البئر الأوسط" in desk.says("where")
    # The letters that an Arabic layout has on the keys of N, A and R.
    typed = {"KeyN": "ى", "KeyA": "ش", "KeyR": "ق", "Digit0": "٠"}
    script = """([code, key]) => document.activeElement.dispatchEvent(
        new KeyboardEvent('keydown', {code, key, bubbles: true, cancelable: true}))"""

    def press(*codes):
        for code in codes:
            page.evaluate(script, [code, typed[code]])
            desk.settled()

    press("KeyA")
    assert (desk.left(), desk.status) == (2, "open")
    press("Digit0", "KeyA")
    assert (desk.left(), desk.status) == (1, "ready")
    assert page.inner_text(".sentence.now").startswith("واستعاد")
    press("KeyA")
    desk.press("Control+s")
    page.wait_for_selector('#news[data-kind="saved"]')
    assert desk.faults == []
    assert len(sound(small).events) == 5


@pytest.mark.slow
def test_kill_9_of_server_and_browser_loses_nothing(chromium, small, tmp_path):
    report = tmp_path / "report.txt"
    report.write_text(reviews.ENGLISH, encoding="utf-8")
    command = [sys.executable, "-m", "geo", "geocode", str(report), "--review", "--no-browser"]
    command += ["--layers", str(small), "--source", "wire-1", "--date", str(reviews.DAY)]

    def started():
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        return server, server.stdout.readline().strip()

    server, address = started()
    own = f"--own-mark={os.getpid()}-{time.monotonic_ns()}"
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium"), args=[*FLAGS, own]
    )
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    for key in ("r", "1", "1", "a"):
        page.keyboard.press(key)
        page.wait_for_selector(SETTLED)
    before = page.inner_text("#left")
    assert before == "2 of 4 left"
    os.kill(server.pid, signal.SIGKILL)
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if own.encode() in process.read_bytes():
                os.kill(int(process.parent.name), signal.SIGKILL)
    server.wait()
    server.stdout.close()
    server, address = started()
    try:
        page = chromium.new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready=yes]")
        assert page.inner_text("#left") == before
        page.keyboard.press("Control+s")
        page.wait_for_selector('#news[data-kind="saved"]')
        page.close()
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    assert len(sound(small).events) == 3


def test_what_the_server_no_longer_hears_is_said(browse, small):
    desk = Desk(browse(), served(small, reviews.ENGLISH))
    desk.page.route("**/api/**", lambda route: route.abort())
    desk.press("r")
    desk.page.wait_for_selector('#news[data-kind="silent"]')
    assert desk.left() == 4
    desk.page.unroute("**/api/**")
    desk.press("r")
    assert desk.left() == 3


def test_a_save_without_a_source_asks_for_it_and_a_new_one_is_made(browse, small):
    desk = Desk(browse(), served(small, reviews.ENGLISH))
    desk.press("a", "Control+s")
    assert "whose report" in desk.page.inner_text("#news")
    expect(desk.page.locator("#source")).to_be_focused()
    desk.page.select_option("#source", "+")
    desk.page.fill("#new-publisher", "Observer")
    desk.page.fill("#new-id", "observer-1")
    desk.page.click('#dialog [data-answer="ok"]')
    expect(desk.page.locator("#source")).to_have_value("observer-1")
    desk.page.focus("#draft")
    desk.press("Control+s")
    desk.page.wait_for_selector('#news[data-kind="saved"]')
    assert "observer-1" in {row.id for row in sound(small).sources.rows}


def test_the_next_report_of_a_queue_is_a_key_away(browse, small):
    desk = Desk(browse(), served(small, reviews.ENGLISH, reviews.ARABIC))
    desk.press("]")
    assert desk.page.inner_text(".sentence.now").startswith("سيطر")
    script = "getComputedStyle(document.querySelector('#report p')).direction"
    assert desk.page.evaluate(script) == "rtl"
    desk.press("[")
    assert desk.page.inner_text(".sentence.now").startswith("Blue Guard")
    assert desk.faults == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(1280, "light", "en"), (390, "light", "ar"), (390, "dark", "en"), (1280, "dark", "ar")],
)
def test_no_barrier_in_any_state(browse, small, axe, width, scheme, language):
    window = browse(width, 800, color_scheme=scheme)
    desk = Desk(window, served(small, reviews.ENGLISH, reviews.ARABIC))
    page = desk.page
    if language == "ar":
        page.click("#language")
    page.evaluate(axe)
    states = {
        "first": (),
        "open": ("n",),
        "refused": ("a",),
        "rejected": ("r", "p"),
        "edited": ("e", "Escape"),
        "done": ("r",) * 4,
        "other": ("]",),
        "help": ("?",),
    }
    for name, keys in states.items():
        desk.press(*keys)
        assert page.evaluate(BARRIERS) == [], name
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    assert desk.faults == []
