"""A site in a browser: from a plain server and from the disk, for every reader."""

import re
import shutil
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from sites import published

from geo import open_layers
from geo.desk import make_server

KINDS = (
    *("index", "archive", "places", "events", "method", "dates/2017-08-01", "embed/2017-08-01"),
    *("changes/2017-07-01_2017-08-01", "places/mid_well", "events/evt-a"),
)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site of the little theatre, published once for all workers."""
    own = tmp_path_factory.getbasetemp()
    root = (own if own.parent.name.startswith("pytest-of") else own.parent) / "browser-site"
    with FileLock(root.with_suffix(".lock")):
        if not (root / "index.html").exists():
            layers = own / "browser-layers"
            shutil.copytree(Path(__file__).parents[1] / "data" / "valid", layers)
            published(layers, root)
            (root / "map.html").write_text(open_layers(layers).map().html, "utf-8")
    return root


@pytest.fixture(scope="session")
def address(site):
    """The site from a plain static server."""
    server = make_server(site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def assert_reads(view, axe):
    assert view.barriers(axe) == []
    assert not view.is_wider()
    broken = "[...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)"
    assert view.page.evaluate(broken) == []
    assert view.faults == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_page_opens_from_a_server_for_every_reader(address, read, axe, kind):
    view = read(f"{address}/{kind}.html", bypass_csp=True)
    assert_reads(view, axe)
    assert all(url.startswith(address) for url in view.requests if not url.startswith("data:"))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_opens_from_the_disk_in_arabic_on_a_phone(site, read, axe, kind):
    view = read((site / "ar" / f"{kind}.html").as_uri(), width=390, bypass_csp=True)
    assert view.page.evaluate("document.documentElement.dir") == "rtl"
    assert_reads(view, axe)


@pytest.mark.parametrize("where", ["server", "disk"])
def test_styles_and_pictures_pass_the_policy(site, address, read, where):
    base = address if where == "server" else site.as_uri()
    view = read(f"{base}/dates/2017-08-01.html")
    width = view.page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
    assert width == "1152px"
    assert view.page.evaluate("document.querySelector('figure img').naturalWidth") == 1600
    assert view.faults == []


def test_without_scripts_one_gets_everywhere_by_links(address, read):
    view = read(f"{address}/index.html", java_script_enabled=False)
    for step in ("All maps", "1 July 2017", "Places"):
        view.page.get_by_role("link", name=re.compile(step)).first.click()
        view.page.wait_for_load_state()
    assert view.page.url == f"{address}/places.html"
    view.page.get_by_role("link", name="العربية").click()
    assert view.page.url == f"{address}/ar/places.html"
    assert view.faults == []


@pytest.mark.parametrize("where", ["server", "disk"])
def test_a_page_leads_into_the_map_at_its_date_and_language(site, address, read, where):
    base = address if where == "server" else site.as_uri()
    view = read(f"{base}/ar/changes/2017-07-01_2017-08-01.html")
    view.page.locator("main a[href*='map.html']").first.click()
    view.page.wait_for_selector("body[data-ready]", timeout=15000)
    assert view.page.evaluate("document.documentElement.lang") == "ar"
    assert view.faults == []


@pytest.mark.slow
def test_every_page_opens_from_both_without_a_word(site, address, read, axe):
    view = read(f"{address}/index.html", bypass_csp=True)
    for path in sorted(site.rglob("*.html")):
        if path.name == "map.html":
            continue
        name = path.relative_to(site).as_posix()
        for base in (address, site.as_uri()):
            # A picture that is asked for late must not be cut off by the next page.
            view.page.goto(f"{base}/{name}", wait_until="networkidle")
            assert view.faults == [], name
        assert view.barriers(axe) == [], name
