"""
Pictures of the page of the shipped case, for the README: ``python -m tests.benchmarks.pictures``.

They are made anew from the layers as they are; each has its place in ``notebooks/pictures``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from geo import open_layers

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "notebooks" / "pictures"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]


@dataclass(frozen=True)
class Shot:
    """A picture: the address that leads to the state, the window, and what to press."""

    name: str
    fragment: str = ""
    size: tuple[int, int] = (1280, 800)
    keys: tuple[str, ...] = ()
    media: str = "screen"
    scheme: Literal["light", "dark"] = "light"


SHOTS = (
    Shot("page-opening"),
    Shot("page-wide", size=(1920, 1080)),
    Shot("page-tablet", size=(768, 1024)),
    Shot("page-phone", size=(390, 844)),
    Shot("page-dark", scheme="dark"),
    Shot("page-july", "#c=2017-07-14&d=2017-07-31"),
    Shot("page-arabic", "#c=2017-08-02&d=2017-08-10&lang=ar"),
    Shot("page-tour", "#t=2"),
    Shot("page-swipe", "#m=swipe"),
    Shot("page-one", "#m=one&s=p%3Abir_mahruthah"),
    Shot("page-change", "#m=change"),
    Shot("page-help", keys=("?",)),
    Shot("page-print", size=(1047, 718), media="print"),
)


def main() -> int:
    """Make all pictures; 2 without a browser."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TARGET, help="the folder to write to")
    target = parser.parse_args().output
    browser_path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if browser_path is None:
        sys.stderr.write("no Chromium on the path\n")
        return 2
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = open_layers(ROOT / "layers").map().save(Path(name) / "map.html")
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        for shot in SHOTS:
            page = browser.new_page(
                viewport={"width": shot.size[0], "height": shot.size[1]},
                reduced_motion="reduce",
                color_scheme=shot.scheme,
            )
            page.goto(f"file://{path}{shot.fragment}")
            page.wait_for_selector("body[data-ready]")
            for key in shot.keys:
                page.keyboard.press(key)
            if shot.media == "print":
                page.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
                page.emulate_media(media="print")
            page.wait_for_timeout(500)
            page.screenshot(path=target / f"{shot.name}.png")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
