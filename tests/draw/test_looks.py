"""One table of looks: whatever draws reads it, and nothing else spells a colour out."""

import dataclasses
import json
import re
from pathlib import Path

import pages
import pytest

from geo.draw import frames, looks
from geo.draw.page import frame
from geo.draw.page import page as maps
from geo.draw.plots import _paint
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.draw.widget.slider import _fill
from geo.edit.editor import parts, site
from geo.exchange.qgis import project, symbols
from geo.exchange.writing import geopackage, kml
from geo.exchange.writing.content import gather_content
from geo.model import EVENTS, PLACES

ROOT = Path(__file__).parents[2]
HEX = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(\s*\d")

SENTENCES = {"geo/check/rules/actors.py": {"#bf4522"}}
"""Where a colour is an example in a sentence, and draws nothing."""

OF_SCRIPTS = {"#add", "#added"}
"""Names of private methods in scripts that read like colours."""


@pytest.fixture(scope="module")
def bare():
    """A theatre in which one side has no colour of its own."""
    folder = pages.theatre()
    rows = tuple(
        dataclasses.replace(row, values=row.values | {"color": None}) if row.id == "is" else row
        for row in folder.actors.rows
    )
    return dataclasses.replace(folder, actors=dataclasses.replace(folder.actors, rows=rows))


@pytest.fixture(scope="module")
def composite(bare):
    return pages.composite_of(bare)


@pytest.fixture(scope="module")
def page(bare, composite):
    return maps.draw_page(bare, composite, before=pages.BEFORE, after=pages.AFTER).html


def block(page, name):
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page)
    return json.loads(found[1])


def test_no_colour_is_spelled_out_but_in_the_table_and_in_style_sheets():
    paths = [path for kind in ("py", "js", "html") for path in (ROOT / "geo").rglob(f"*.{kind}")]
    assert len(paths) > 100
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        found = set(HEX.findall(path.read_text(encoding="utf-8")))
        assert found - SENTENCES.get(name, set()) - OF_SCRIPTS == set(), name
    words = r"white|black|red|gr[ae]y"
    for path in (ROOT / "geo/draw").rglob("*.py"):
        assert not re.search(rf'"(?:{words})"(?![\]:])', path.read_text(encoding="utf-8")), path


def test_style_sheets_say_of_what_is_on_the_map_what_the_table_says():
    css = (ROOT / "geo/draw/page/page.css").read_text(encoding="utf-8")
    paper = looks.LOOKS["paper"]
    # The first is what stands on paper; what goes dark keeps the map as it is.
    for name in ("ink", "quiet", "accent", "gain", "loss"):
        assert re.search(rf"--{name}: (#\w+);", css)[1] == paper[name]
    edit = (ROOT / "geo/edit/editor/static/edit.css").read_text(encoding="utf-8")
    previous = re.search(r"#ghost-text {[^}]*?(#[0-9a-f]{6})", edit)[1]
    assert previous == looks.LOOKS["editor"]["previous"]


def test_the_page_and_the_editor_are_given_the_table_as_it_stands(page):
    assert block(page, "looks") == looks.LOOKS
    for package, name in (("geo.edit.editor", "edit.html"), ("geo.edit.reports", "review.html")):
        shown = site.Site((package,), name, ("page",), {}, {}).files()[name][0].decode()
        assert block(shown, "looks") == looks.LOOKS


def test_a_side_without_a_colour_looks_the_same_everywhere(bare, composite, page):
    colors = block(page, "records")["colors"]
    color = colors["is"]
    assert color in looks.SPARE_COLORS
    scene = Scene(bare, composite, pages.AFTER, None, Words("en"))
    assert scene.colors == colors
    look = ("controlled", "is", "plain", "0")
    drawn = looks.mix(color, looks.LOOKS["strength"]["plain"])
    assert looks.paints_of(look, scene.colors) == [drawn]
    assert _paint(look, scene.colors) == (drawn, None)
    assert _fill(look, scene.colors) == {"color": drawn}
    listed = {one["id"]: one["color"] for one in parts.list_choices(bare)["controllers"]}
    assert listed["is"] == color
    content = gather_content(bare, composite)
    rows = [row for row in content.tables["control"].records() if row["side"] == "is"]
    assert {row["color"] for row in rows} == {color}
    paint = content.paint(rows[0])
    assert f"{color[5:7]}{color[3:5]}{color[1:3]}</color>" in kml._style(paint)
    assert symbols.rgba(color, paint.opacity) in geopackage.renderer("control", content)


@pytest.mark.parametrize("status", looks.LATE)
def test_ground_of_no_side_has_one_flat_colour(status, bare, composite):
    flat = looks.flat_color(status)
    assert flat == looks.LOOKS["statuses"][status]["flat"]
    assert f"background:{flat}" in frames._swatch(status, {})
    if status in {"unknown", "none"}:
        content = gather_content(bare, composite)
        rows = [row for row in content.tables["control"].records() if row["status"] == status]
        assert {row["color"] for row in rows} == {flat}
        assert {content.paint(row).fill for row in rows} == {flat}
    assert symbols.rgba(flat, 64 / 255)[:-3] in project._fill(flat)


def test_every_kind_of_event_has_one_mark():
    types = [name for look in looks.LOOKS["events"].values() for name in look["types"]]
    assert sorted(types) == sorted(EVENTS.column("event_type").choices)
    marks = [json.dumps(looks.mark_corners(kind)) for kind in looks.EVENT_KINDS[1:-1]]
    assert len(set(marks)) == len(marks)
    drawn = geopackage.event_renderer()
    for look in looks.LOOKS["events"].values():
        assert symbols.marker(look["qgis"], look["color"]) in drawn
    script = frame.read_asset("looks.js")
    assert "LOOKS.events[kind]" in script


def test_every_kind_of_place_and_of_context_line_has_its_look():
    assert set(looks.LOOKS["places"]["ranks"]) == set(PLACES.column("kind").choices)
    for kind in looks.LOOKS["lines"]["order"]:
        for accuracy in ("surveyed", "schematic"):
            strokes = looks.line_styles({"kind": kind, "accuracy": accuracy})
            assert all(HEX.fullmatch(color) for color, *_ in strokes)


def test_scripts_ask_for_nothing_that_the_table_does_not_have():
    scripts = [*(ROOT / "geo/draw/page").glob("*.js"), *(ROOT / "geo/edit").rglob("*.js")]
    asked = set()
    for path in scripts:
        asked |= set(re.findall(r"LOOKS\.(\w+(?:\.[a-z]\w*)*)", path.read_text(encoding="utf-8")))
    assert len(asked) > 20
    methods = {"find", "map"}
    for path in asked:
        here = looks.LOOKS
        for part in path.split("."):
            if part in methods:
                break
            assert part in here, path
            here = here[part]


def test_more_sides_than_spare_colours_share_them_evenly():
    sides = [f"side-{i}" for i in range(2 * len(looks.SPARE_COLORS))]
    given = list(looks.side_colors({}, sides).values())
    assert {given.count(color) for color in looks.SPARE_COLORS} == {2}
