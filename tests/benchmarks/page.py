"""
Size, time until ready and script a step of the page, beside two ways of folium.

Run ``python -m tests.benchmarks.page``: it prints a Markdown table and ends with 1 where a budget
is missed. folium's pages ask for scripts of others; they get them from npm, or are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import folium
import numpy as np
import shapely
from folium.plugins import Timeline, TimelineSlider

from geo import model, open_layers
from geo.control.composite import Composite
from geo.draw.page import page as maps
from geo.layers.folder import Folder
from geo.layers.tables import Table
from geo.model import Feature, Label, Patch, Row
from tests.benchmarks import synthetic

ROOT = Path(__file__).parents[2]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
STEPS = 24
COLORS = {"a": "#bf4522", "b": "#55bb98", "c": "#ece040", "d": "#314482", "e": "#292528"}

# Times what a page's own scripts take, and when the page first says that it is ready.
WATCH = """
window.__spent = 0;
const wait = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => wait((time) => {
  const begin = performance.now();
  callback(time);
  window.__spent += performance.now() - begin;
});
window.__frames = () => new Promise((done) => wait(() => wait(() => wait(done))));
window.__ready = new Promise((done) => {
  const painted = () => wait(() => wait(() => done(performance.now())));
  addEventListener('DOMContentLoaded', () => {
    if (!document.getElementById('store')) return addEventListener('load', painted);
    new MutationObserver((_, watcher) => {
      if (!document.body.dataset.ready) return;
      watcher.disconnect();
      painted();
    }).observe(document.body, { attributes: true });
  });
});
window.__step = async (act) => {
  window.__spent = 0;
  const begin = performance.now();
  act();
  const now = performance.now() - begin;
  await window.__frames();
  return now + window.__spent;
};
"""


@dataclass(frozen=True)
class Case:
    """A page, how to step through it, and what it may take: bytes, ready ms, step ms."""

    name: str
    path: Path
    step: str
    steps: int
    budget: tuple[float | None, float | None, float | None] = (None, None, None)
    zoom_out: bool = True


def afresh(dates: int, vertices: int, seed: int = 1) -> synthetic.Theatre:
    """Five strips whose four borders are all drawn anew for every date."""
    rng = np.random.default_rng(seed)
    west, south, size = synthetic.WEST, synthetic.SOUTH, synthetic.SIZE
    area = shapely.box(west, south, west + size, south + size)
    count = vertices // 4
    y = np.linspace(south, south + size, count)
    snapshots = {}
    for i in range(dates):
        lines = []
        for k in range(1, 5):
            middle = west + size * k / 5 + 0.12 * np.sin(4 * y + k) + 0.02 * np.sin(0.2 * i + k)
            x = middle + rng.normal(0, 0.0004, count)
            high = y.copy()
            high[1:-1] += rng.uniform(-0.4, 0.4, count - 2) * size / count
            lines.append(np.stack([x, high], axis=1).round(6))
        edges = [
            np.array([[west, south], [west, south + size]]),
            *lines,
            np.array([[west + size, south], [west + size, south + size]]),
        ]
        snapshots[synthetic.FIRST_DAY + dt.timedelta(days=7 * i)] = [
            Patch(
                Label("abcde"[k], "", "controlled", "reported", "high", f"strip-{k}"),
                shapely.Polygon(np.concatenate([edges[k + 1], edges[k][::-1]])),
            )
            for k in range(5)
        ]
    return synthetic.Theatre(area, snapshots, np.array([]), np.array([]))


def folder_of(theatre: synthetic.Theatre) -> Folder:
    """The least folder around a series, as the page needs it."""

    def table(schema, *given):
        rows = [Row(str(g.get("id", "")), dict.fromkeys(schema.names) | g) for g in given]
        return Table(schema.path, schema, tuple(rows), (), "")

    properties = dict.fromkeys(model.THEATRE.names) | {"id": "bench", "name": "Synthetic"}
    actors = [{"id": k, "name": k.upper(), "side": k, "color": c} for k, c in COLORS.items()]
    empty = dict.fromkeys(("events", "context", "event_layers", "anchors", "issues"), ())

    class NoReasons(dict):
        def __missing__(self, day):
            return type("Layer", (), {"features": ()})

    return Folder(
        root=Path(),
        theatre=Feature("bench", properties, theatre.area),
        control=NoReasons(),
        places={},
        statements=table(model.STATEMENTS),
        changes=table(model.CHANGES),
        assessments=table(model.ASSESSMENTS),
        actors=table(model.ACTORS, *actors),
        alignments=table(model.ALIGNMENTS),
        vocabulary=table(model.VOCABULARY),
        sources=table(model.SOURCES),
        digests={},
        **empty,
    )


def many_events(theatre: synthetic.Theatre, count: int, seed: int = 2) -> tuple[Feature, ...]:
    """Events all over the ground and the time of a series."""
    rng = np.random.default_rng(seed)
    west, south, east, north = theatre.area.bounds
    spots = rng.uniform((west, south), (east, north), (2_000, 2)).round(4)
    days = (theatre.days[-1] - theatre.days[0]).days
    kinds = [(kind, sub) for kind, subs in model.EVENT_TYPES.items() for sub in subs]
    names = rng.integers(0, 2**32, count)
    picks = rng.integers(0, (len(spots), days, len(kinds), 5, 40), (count, 5))
    empty = dict.fromkeys(model.EVENTS.names)
    events = []
    for name, (spot, day, kind, side, dead) in zip(names.tolist(), picks.tolist(), strict=True):
        values = {
            "id": f"evt-{name:08x}", "event_date": str(theatre.days[0] + dt.timedelta(days=day)),
            "time_precision": 1, "event_type": kinds[kind][0], "sub_event_type": kinds[kind][1],
            "actor1": "abcde"[side], "geo_precision": 1, "geo_radius_m": 1000,
            "fatalities": dead if dead < 9 else None, "confidence": "moderate",
        }  # fmt: skip
        events.append(Feature(values["id"], empty | values, shapely.Point(spots[spot])))
    return tuple(events)


FILTER = "document.querySelector('#panel .toggles input').click();"


def our_page(theatre: synthetic.Theatre, path: Path, folder: Folder | None = None) -> Path:
    """A series as our page."""
    sides = {"f": "e"}
    composite = Composite.build(theatre.area, theatre.snapshots, sides)
    days = theatre.days
    shown = folder or folder_of(theatre)
    return maps.draw_page(shown, composite, before=days[0], after=days[0]).save(path)


def _features(theatre):
    """One GeoJSON feature a holder and date, with the span in which it holds."""
    days = theatre.days
    for i, (day, patches) in enumerate(theatre.snapshots.items()):
        until = days[i + 1] if i + 1 < len(days) else day + dt.timedelta(days=7)
        yield day, [
            {
                "type": "Feature",
                "properties": {
                    "start": str(day), "end": str(until), "fill": COLORS[patch.label.controller],
                },
                "geometry": json.loads(shapely.to_geojson(patch.geometry)),
            }
            for patch in patches
        ]  # fmt: skip


def _style(feature):
    return {"fillColor": feature["properties"]["fill"], "weight": 1, "fillOpacity": 0.6}


def folium_groups(theatre: synthetic.Theatre, path: Path) -> tuple[Path, str]:
    """A FeatureGroup a date; a step takes one off and puts the next on."""
    page = folium.Map(tiles=None)
    names = []
    for i, (day, features) in enumerate(_features(theatre)):
        group = folium.FeatureGroup(name=str(day), show=i == 0)
        collection = {"type": "FeatureCollection", "features": features}
        folium.GeoJson(collection, style_function=_style).add_to(group)
        group.add_to(page)
        names.append(group.get_name())
    folium.LayerControl().add_to(page)
    west, south, east, north = theatre.area.bounds
    page.fit_bounds([[south, west], [north, east]])
    page.save(path)
    groups = f"[{', '.join(names)}]"
    act = (
        f"{page.get_name()}.removeLayer({groups}[i]); {page.get_name()}.addLayer({groups}[i + 1]);"
    )
    return path, act


def folium_timeline(theatre: synthetic.Theatre, path: Path) -> tuple[Path, str]:
    """folium's Timeline; a step sets its time."""
    page = folium.Map(tiles=None)
    features = [feature for _, many in _features(theatre) for feature in many]
    style = folium.JsCode(
        "(data) => ({ fillColor: data.properties.fill, weight: 1, fillOpacity: 0.6 })"
    )
    timeline = Timeline({"type": "FeatureCollection", "features": features}, style=style)
    timeline.add_to(page)
    TimelineSlider(auto_play=False).add_timelines(timeline).add_to(page)
    west, south, east, north = theatre.area.bounds
    page.fit_bounds([[south, west], [north, east]])
    page.save(path)
    times = [int((day - dt.date(1970, 1, 1)).days * 864e5) for day in theatre.days]
    return path, f"{timeline.get_name()}.setTime({times}[i + 1] + 36e5);"


def scripts_of_others(folder: Path) -> dict[str, bytes] | None:
    """What folium's pages load, by file name; None without npm."""
    found = {
        f.name: f.read_binary()
        for f in distribution("XStatic-Leaflet").files or ()
        if f.name in {"leaflet.js", "leaflet.css"}
    }
    if shutil.which("npm") is None:
        return None
    for package in ("leaflet.timeline@1.6.0", "moment@2.18.1"):
        packing = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True
        )
        if packing.returncode:
            return None
        with tarfile.open(folder / packing.stdout.split()[-1]) as archive:
            for member in archive:
                if member.name.endswith((".min.js", "timeline.js")):
                    found[Path(member.name).name] = archive.extractfile(member).read()
    found["leaflet.timeline.min.js"] = found["leaflet.timeline.js"]
    return found


def measure(
    browser, case: Case, others: dict[str, bytes], turns: int
) -> tuple[float, float, float]:
    """Bytes, and medians of ready and step in milliseconds."""
    ready, steps = [], []
    for _ in range(turns):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(180_000)
        page.on("pageerror", lambda error: sys.stderr.write(f"{case.name}: {error}\n"))
        page.add_init_script(WATCH)
        page.route(
            re.compile("https?://"),
            lambda route: route.fulfill(body=others.get(Path(route.request.url).name, b"")),
        )
        page.goto(f"file://{case.path}", wait_until="commit")
        ready.append(page.evaluate("window.__ready"))
        for i in range(case.steps):
            steps.append(page.evaluate(f"((i) => window.__step(() => {{ {case.step} }}))({i})"))
        context.close()
    return case.path.stat().st_size, statistics.median(ready), statistics.median(steps)


def _row(case: Case, got: tuple[float, float, float]) -> tuple[str, bool]:
    cells, missed = [], False
    for value, limit, unit in zip(got, case.budget, ("MB", "s", "ms"), strict=True):
        scale = {"MB": 1e6, "s": 1e3, "ms": 1}[unit]
        over = limit is not None and value > limit * scale
        missed |= over
        budget = "" if limit is None else f" (of {limit:g}{', MISSED' if over else ''})"
        cells.append(f"{value / scale:.2f} {unit}{budget}")
    return f"| {case.name} | {' | '.join(cells)} |", missed


def cases(folder: Path, *, with_folium: bool) -> list[Case]:
    """All pages, built."""
    step = "document.getElementById('step-on').click();"
    shipped = open_layers(ROOT / "layers")
    first = shipped.dates[0]
    page = shipped.map(first, first).save(folder / "shipped.html")
    found = [Case("shipped case", page, step, len(shipped.dates) - 1, (1.5, 1.0, 8))]
    snapped = synthetic.theatre(144, 64, 400, 4)
    page = our_page(snapped, folder / "snapped.html")
    found.append(Case("400 dates, 5 sides, snapped", page, step, STEPS, (1.5, 1.5, 5)))
    fresh = afresh(50, 25_000)
    page = our_page(fresh, folder / "fresh.html")
    found.append(Case("50 dates drawn afresh", page, step, STEPS, (6, 3, 10)))
    crowded = dataclasses.replace(folder_of(snapped), events=many_events(snapped, 100_000))
    page = our_page(snapped, folder / "events.html", crowded)
    found.append(Case("100,000 events: a kind off or on", page, FILTER, STEPS, (4, 2, 100)))
    if with_folium:
        path, step = folium_groups(fresh, folder / "groups.html")
        found.append(Case("the same, folium FeatureGroups", path, step, STEPS))
        path, step = folium_timeline(fresh, folder / "timeline.html")
        found.append(Case("the same, folium Timeline", path, step, STEPS))
    return found


def main() -> int:
    """Print the table; 1 where a budget is missed."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="how often each page is opened")
    parser.add_argument("--ours", action="store_true", help="leave folium's pages out")
    given = parser.parse_args()
    browser_path = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    if browser_path is None:
        sys.stderr.write("no Chromium on the path\n")
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        others = None if given.ours else scripts_of_others(folder)
        if others is None and not given.ours:
            sys.stderr.write("folium's pages are left out: npm gave no scripts for them\n")
        every = cases(folder, with_folium=others is not None)
        lines = ["| page | file | ready | script a step |", "|---|---|---|---|"]
        missed = False
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
            for case in every:
                turns = given.turns if "folium" not in case.name else 1
                line, over = _row(case, measure(browser, case, others or {}, turns))
                lines.append(line)
                missed |= over
            browser.close()
    sys.stdout.write("\n".join(lines) + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
