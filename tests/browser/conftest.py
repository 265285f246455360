import os
import shutil
from collections import defaultdict
from importlib.metadata import distribution

import pages
import pytest
from filelock import FileLock

from geo import open_layers
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


class Window:
    """A window of the browser, for one test after another: opening one takes a second."""

    def __init__(self, browser, options):
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self._listening = []

    def on(self, event, hear, of=None):
        """Hear of what happens in the page, or elsewhere, until the window is given back."""
        of = of or self.page
        of.on(event, hear)
        self._listening.append((of, event, hear))

    def tidy(self):
        """Make it as good as new, and say whether that can be."""
        for of, event, hear in self._listening:
            of.remove_listener(event, hear)
        self._listening.clear()
        if self.page.is_closed() or self.context.pages != [self.page]:
            return False
        self.page.evaluate("try { localStorage.clear(); sessionStorage.clear(); } catch {}")
        # Else the pointer would rest on what the next page has there.
        self.page.mouse.move(-9, -9)
        self.page.goto("about:blank")
        self.context.clear_cookies()
        return True


@pytest.fixture(scope="session")
def idle_windows():
    return defaultdict(list)


@pytest.fixture
def window(chromium, idle_windows):
    """Lend windows of some kind."""
    lent = []

    def lend(**options):
        kind = repr(sorted(options.items()))
        idle = idle_windows[kind]
        lent.append((kind, idle.pop() if idle else Window(chromium, options)))
        return lent[-1][1]

    yield lend
    for kind, one in lent:
        if one.tidy():
            idle_windows[kind].append(one)
        else:
            one.context.close()


class Visit:
    """One opened page, and everything that it did which it should not have done."""

    def __init__(self, window, path, fragment="#m=swipe"):
        self.listen(window)
        self.page.goto(f"file://{path}{fragment}")
        self.page.wait_for_selector("body[data-ready]", timeout=15000)

    def listen(self, window):
        """Hear of everything that the page does."""
        self.requests, self.faults = [], []
        self.page = window.page
        self.page.set_default_timeout(10_000)
        window.on("request", lambda request: self.requests.append(request.url))
        window.on("requestfailed", lambda request: self.faults.append(f"failed {request.url}"))
        window.on("console", lambda message: self.faults.append(f"console {message.text}"))
        window.on("pageerror", lambda error: self.faults.append(f"error {error}"))
        window.on("dialog", self._refuse)
        window.on("page", lambda _: self.faults.append("another page opened"), window.context)

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

    def address(self, *, has):
        """The address, once it says something: it is written when nobody has moved for a while."""
        self.page.wait_for_function("(text) => location.hash.includes(text)", arg=has)
        return self.page.evaluate("location.hash")

    def close_card(self):
        self.page.keyboard.press("Escape")
        self.settle()


class Reading(Visit):
    """An opened document that is whole as it is served: nothing says when it is ready."""

    def __init__(self, window, address):
        self.listen(window)
        self.page.goto(address)

    def barriers(self, axe):
        """What stands in the way of a reader."""
        self.page.evaluate(axe)
        # It would fetch styles again, which a document on the disk must not.
        asked = "axe.run({ resultTypes: ['violations'], preload: false })"
        found = self.page.evaluate(asked)["violations"]
        return [(v["id"], v["nodes"][0]["html"][:160]) for v in found]

    def is_wider(self):
        """Whether the document is wider than its window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )


@pytest.fixture
def read(window):
    """Open a document by its address."""

    def opened(address, *, width=1280, height=800, **options):
        size = {"width": width, "height": height}
        return Reading(window(viewport=size, reduced_motion="reduce", **options), address)

    return opened


@pytest.fixture
def visit(window):
    """Open a page without a network, in a window of some size, to explore it."""

    def opened(path, *, width=1280, height=800, fragment="#m=swipe", **options):
        size = {"width": width, "height": height}
        lent = window(viewport=size, offline=True, reduced_motion="reduce", **options)
        return Visit(lent, path, fragment)

    return opened


@pytest.fixture(scope="session")
def trial(tmp_path_factory):
    """The page of the small theatre, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    return {lang: pages.drawn(pages.theatre(), folder / f"{lang}.html", lang) for lang in LANGUAGES}


@pytest.fixture(scope="session")
def shipped_page(shipped, tmp_path_factory):
    """The page of the case that ships with the project, drawn once for all workers."""
    own = tmp_path_factory.getbasetemp()
    path = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shipped-map.html"
    with FileLock(path.with_suffix(".lock")):
        return path if path.exists() else open_layers(shipped).map().save(path)


@pytest.fixture(scope="session")
def axe():
    """The script of an accessibility checker."""
    files = distribution("axe-playwright-python").files
    return next(f for f in files if f.name == "axe.min.js").read_text(encoding="utf-8")
