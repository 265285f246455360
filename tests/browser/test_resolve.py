"""Settling conflicts on the map: by keys, by pointer, and with what git makes of it."""

import contextlib
import os
import shutil
import threading
from queue import Queue

import clones
import pytest
import shapely
from clones import change, commit, features, git, notes, write
from playwright.sync_api import expect

from geo.edit.resolve import serve
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.setup import install_git
from geo.model import Feature

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NINTH = "2017-08-09"
WEST, MID, EAST = "ctl-west", "ctl-mid", "ctl-east"


def moved(top, east):
    some = features(top)
    west, mid = some[WEST], some[MID]
    both = shapely.union(west.geometry, mid.geometry)
    x0, y0, x1, y1 = both.bounds
    for one, box in ((west, (x0, y0, east, y1)), (mid, (east, y0, x1, y1))):
        some[one.id] = Feature(
            one.id, one.properties, shapely.intersection(both, shapely.box(*box))
        )
    write(top, some)


TORN = {}
"""The repository of `torn`, made by the first test that asks for it."""


@pytest.fixture
def torn(monkeypatch, tmp_path, tmp_path_factory, small, frontline):
    """A border and a note that both changed, and a date that both began."""
    for name in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    if not TORN:
        TORN["top"] = tear(tmp_path_factory.mktemp("torn") / "maps", small, frontline)
    shutil.copytree(TORN["top"], tmp_path / "maps")
    return tmp_path / "maps"


def tear(top, small, frontline):
    top.mkdir()
    shutil.move(small, top / "layers")
    clones.canonical(top / "layers")
    git(top, "init", "-q", "--initial-branch=main")
    commit(top, "begin")
    install_git(top / "layers")
    hooks = {name: (top / ".git" / "hooks" / name) for name in HOOKS}
    texts = {name: path.read_text() for name, path in hooks.items()}
    for path in hooks.values():
        path.unlink()
    git(top, "checkout", "-q", "-b", "south")
    for who, east, branch in (("bob", 37.56, "south"), ("ann", 37.53, "main")):
        git(top, "checkout", "-q", branch)
        assert frontline("new", NINTH, "--layers", top / "layers")[0] == 0
        change(top, MID, NINTH, note=f"the ninth, says {who}")
        moved(top, east)
        change(top, EAST, note=f"{who} says so")
        commit(top, f"{who} draws", who=who)
    git(top, "merge", "--no-edit", "south", code=1)
    for name, path in hooks.items():
        path.write_text(texts[name])
        path.chmod(0o755)
    return top


@pytest.fixture
def page(window, torn):
    """The page of conflicts, and everything in it that went wrong."""
    ready = Queue()
    threading.Thread(
        target=serve.serve_resolve,
        args=(torn / "layers",),
        kwargs={"on_ready": ready.put},
        daemon=True,
    ).start()
    faults = []
    own = window(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    own.page.set_default_timeout(8000)
    own.on("pageerror", lambda error: faults.append(f"{error} {error.stack}"))
    own.on(
        "console",
        lambda message: message.type in {"error", "warning"} and faults.append(message.text),
    )
    own.page.goto(ready.get(timeout=20))
    own.page.wait_for_selector("body[data-ready=yes]")
    yield own.page
    with contextlib.suppress(Exception):
        own.page.evaluate(
            "fetch('/api/close', {method: 'POST', body: '{}',"
            " headers: {'Content-Type': 'application/json'}})"
        )
    assert faults == []


def settled(torn, frontline):
    assert git(torn, "diff", "--name-only", "--diff-filter=U") == ""
    assert not (torn / "layers" / ".frontline" / "resolve.json").read_text().count("mark")
    # The hook wants the ground that moved explained: rows are drafted and added, as a person would.
    for pair in (("2017-07-01", "2017-08-01"), ("2017-08-01", NINTH)):
        frontline("change", *pair, "--ledger", "--write", "--layers", torn / "layers")
    git(torn, "add", "-A")
    git(torn, "commit", "--no-edit")
    assert len(git(torn, "log", "-1", "--format=%P").split()) == 2
    assert git(torn, "status", "--porcelain") == ""


def test_conflicts_of_three_kinds_are_settled_by_keys_and_the_commit_passes(page, torn, frontline):
    assert page.inner_text("#left") == "3 of 3 open"
    said = page.inner_text("#conflicts")
    for word in ("Ground", "Note", "ann says so", "bob says so", "the ninth, says bob"):
        assert word in said
    assert "ann" in page.inner_text("#sides")
    assert page.locator("#save").is_disabled()
    assert not page.locator("input:checked").count()
    asked = [page.inner_text(f"[data-conflict='{i}'] legend") for i in range(3)]
    theirs = next(i for i, text in enumerate(asked) if text.endswith(EAST))
    for i in range(3):
        page.keyboard.press("2" if i == theirs else "1")
        expect(page.locator("#left")).to_have_text(f"{2 - i} of 3 open")
    page.keyboard.press("Control+s")
    page.wait_for_selector('#news[data-kind="saved"]')
    settled(torn, frontline)
    assert features(torn)[WEST].geometry.bounds[2] == pytest.approx(37.53)
    assert notes(torn)[EAST] == "bob says so"
    assert notes(torn, NINTH)[MID] == "the ninth, says ann"


def test_conflicts_are_settled_by_pointer_and_looked_at_from_both_sides(page, torn, frontline):
    def picture():
        page.wait_for_timeout(150)
        return page.locator("#map canvas").first.evaluate("node => node.toDataURL()")

    ground = next(
        i for i in range(3) if "Ground" in page.inner_text(f"[data-conflict='{i}'] legend")
    )
    page.click(f"[data-conflict='{ground}'] legend")
    seen = {}
    for version in ("mine", "theirs", "was", "merged"):
        page.click(f"[data-version={version}]")
        seen[version] = picture()
    assert len({seen["mine"], seen["theirs"], seen["was"]}) == 3
    assert seen["merged"] == seen["mine"]
    for i in range(3):
        page.check(f"#choice-{i}-theirs")
        expect(page.locator("#left")).to_have_text(f"{2 - i} of 3 open")
    page.click(f"[data-conflict='{ground}'] legend")
    page.click("[data-version=merged]")
    assert picture() == seen["theirs"]
    page.click("#save")
    page.wait_for_selector('#news[data-kind="saved"]')
    settled(torn, frontline)
    assert features(torn)[WEST].geometry.bounds[2] == pytest.approx(37.56)
    assert (notes(torn)[EAST], notes(torn, NINTH)[MID]) == ("bob says so", "the ninth, says bob")


def test_what_was_chosen_survives_a_reload(page):
    page.keyboard.press("2")
    expect(page.locator("#left")).to_have_text("2 of 3 open")
    page.reload()
    page.wait_for_selector("body[data-ready=yes]")
    assert page.inner_text("#left") == "2 of 3 open"
    assert page.locator("input:checked").count() == 1


def test_the_page_has_no_fault_of_access_in_either_language(page, axe):
    for _ in range(2):
        page.evaluate(axe)
        found = page.evaluate("axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        page.click("#language")
    page.click("#help")
    page.evaluate(axe)
    assert page.evaluate("axe.run()")["violations"] == []
