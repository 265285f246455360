import os
import shutil
from importlib.metadata import distribution

import pages
import pytest

from geo.draw.words.languages import LANGUAGES

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium():
    """A browser; its absence is a failure where everything must run."""
    from playwright.sync_api import sync_playwright

    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if path is None:
        reason = "no Chromium on the path: install it to open the pages"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """One opened page, and everything that it did which it should not have done."""

    def __init__(self, context, path, fragment=""):
        self.requests, self.faults = [], []
        self.page = context.new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.faults.append(f"failed {request.url}"))
        self.page.on("console", lambda message: self.faults.append(f"console {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        self.page.on("dialog", self._refuse)
        context.on("page", lambda _: self.faults.append("another page opened"))
        self.page.goto(f"file://{path}{fragment}")
        self.page.wait_for_selector("body[data-ready]", timeout=15000)

    def _refuse(self, dialog):
        self.faults.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def mode(self, name):
        self.page.click(f"#mode-{name}")
        self.settle()

    def settle(self):
        """Wait until what was asked for has been painted."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def click_at(self, lon, lat):
        """A click on the map at a position."""
        script = """([lon, lat]) => {
            const box = map_frontline.getContainer().getBoundingClientRect();
            const p = map_frontline.latLngToContainerPoint([lat, lon]);
            return [box.x + p.x, box.y + p.y]; }"""
        self.page.mouse.click(*self.page.evaluate(script, [lon, lat]))
        self.settle()

    def close_card(self):
        self.page.keyboard.press("Escape")
        self.settle()


@pytest.fixture
def visit(chromium):
    """Open a page without a network, in a window of some size."""
    contexts = []

    def opened(path, *, width=1280, height=800, fragment="", **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            offline=True,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        return Visit(context, path, fragment)

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def trial(tmp_path_factory):
    """The page of the small theatre, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    return {lang: pages.drawn(pages.theatre(), folder / f"{lang}.html", lang) for lang in LANGUAGES}


@pytest.fixture(scope="session")
def axe():
    """The script of an accessibility checker."""
    files = distribution("axe-playwright-python").files
    return next(f for f in files if f.name == "axe.min.js").read_text(encoding="utf-8")
