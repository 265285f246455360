import base64
import dataclasses
import datetime as dt
import hashlib
import html
import json
import re
import sys
from importlib.metadata import distribution

import numpy as np
import pages
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.draw import looks
from geo.draw.page import frame, store
from geo.draw.page import page as maps
from geo.draw.words.languages import language_words
from geo.errors import DateError, GeoError
from tests.unpacking import leb128, unpacked

BEFORE, AFTER = pages.BEFORE, pages.AFTER


@pytest.fixture(scope="module")
def folder():
    return pages.theatre()


@pytest.fixture(scope="module")
def composite(folder):
    return pages.composite_of(folder)


@pytest.fixture(scope="module")
def page(folder, composite):
    return maps.draw_page(folder, composite, before=BEFORE, after=AFTER)


def block(page, name):
    found = re.findall(rf'<script type="[^"]*" id="{name}">(.*?)</script>', page.html, re.DOTALL)
    assert len(found) == 1
    return found[0]


# The store, read by a reader of its own.


@given(st.lists(st.integers(0, 2**53)))
def test_numbers_come_back_from_their_bytes(values):
    assert leb128(store._varint(np.array(values, dtype=np.int64))) == values


pictures = st.lists(
    st.lists(st.text("goiumcan", min_size=3, max_size=3), min_size=2, max_size=2),
    min_size=1,
    max_size=4,
)


@given(pictures)
def test_a_composite_comes_back_from_the_page(drawn):
    days = [dt.date(2017, 1, 1) + dt.timedelta(30 * i) for i in range(len(drawn))]
    control = {d: pages.control_layer(d, p) for d, p in zip(days, drawn, strict=True)}
    folder = dataclasses.replace(pages.theatre(), control=control)
    composite = pages.composite_of(folder)
    got = unpacked(store.pack(composite))

    assert got["header"]["dates"] == [str(day) for day in days]
    assert got["areas"].sum() == pytest.approx(composite.face_area_km2.sum(), abs=1e-5)
    # The ground of each face, put together from the arcs that have it on one hand.
    for face, history in enumerate(got["history"]):
        mine = (got["left"] == face) | (got["right"] == face)
        lines = [shapely.linestrings(line) for line, m in zip(got["lines"], mine, strict=True) if m]
        ground = shapely.build_area(shapely.multilinestrings(lines))
        spot = shapely.point_on_surface(ground)
        for day, label in zip(days, history, strict=True):
            there = composite.labels_at(day, [spot.x], [spot.y])[0]
            expected = composite.labels[there]
            fields = [expected.controller, expected.controllers, expected.status]
            fields += [expected.basis, expected.confidence, expected.patch]
            assert got["header"]["labels"][label] == fields


def test_the_left_hand_of_an_arc_is_the_face_it_says(composite):
    got = unpacked(store.pack(composite))
    for line, left in zip(got["lines"], got["left"], strict=True):
        along = line[1] - line[0]
        spot = line[0] + along / 2 + np.array([-along[1], along[0]]) * 1e-3
        there = composite.labels_at(AFTER, [spot[0]], [spot[1]])[0]
        wanted = -1 if left < 0 else got["history"][left][2]
        assert there == wanted


def test_arcs_meet_at_the_nodes_that_they_name(composite):
    got = unpacked(store.pack(composite))
    at = {}
    for line, start, end in zip(got["lines"], got["start"], got["end"], strict=True):
        at.setdefault(start, set()).add(tuple(line[0].round(5)))
        at.setdefault(end, set()).add(tuple(line[-1].round(5)))
    assert all(len(spots) == 1 for spots in at.values())


def test_coordinates_are_off_by_half_a_step_at_most():
    area = shapely.box(37.000004, 33.000006, 37.123456, 33.123455)
    patch = pages.feature(pages.model.CONTROL, area, id="ctl-a", status="unknown")
    layer = pages.Layer("x", pages.model.CONTROL, (patch,), (), "")
    theatre = pages.theatre()
    folder = dataclasses.replace(
        theatre,
        theatre=dataclasses.replace(theatre.theatre, geometry=area),
        control={BEFORE: layer},
    )
    got = unpacked(store.pack(pages.composite_of(folder)))
    bounds = np.concatenate(
        [np.min(np.vstack(got["lines"]), 0), np.max(np.vstack(got["lines"]), 0)]
    )
    assert bounds == pytest.approx(area.bounds, abs=store.QUANTUM / 2 + 1e-9)


# The document.


def test_the_same_input_gives_the_same_bytes(folder, page):
    frame.page_frame.cache_clear()
    again = maps.draw_page(pages.theatre(), pages.composite_of(folder), before=BEFORE, after=AFTER)
    assert again.html == page.html


def test_nothing_is_loaded_from_elsewhere(page):
    assert not re.search(r"<script[^>]*\ssrc|<link|<img|<iframe|@import|url\((?!#)", page.html)


def test_the_policy_allows_our_scripts_and_styles_and_no_others(page):
    policy = re.search(r'http-equiv="content-security-policy" content="([^"]*)"', page.html)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    pieces = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", page.html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(p.encode()).digest()).decode() for p in pieces}
    assert set(re.findall(r"'sha256-([^']*)'", policy)) == hashes


def test_the_policy_does_not_depend_on_the_data(page):
    bad = pages.poisoned(pages.theatre(), ["</script><script>window.__x=1</script>"], ["x"])
    other = maps.draw_page(bad, pages.composite_of(bad), before=BEFORE, after=AFTER)
    policies = [re.search(r"script-src [^;]*", p.html)[0] for p in (page, other)]
    assert policies[0] == policies[1]


def test_the_frame_refuses_another_folium(monkeypatch):
    monkeypatch.setattr(frame, "_MAP", "<div>another</div>")
    frame.page_frame.cache_clear()
    with pytest.raises(GeoError, match="folium"):
        frame.page_frame()
    frame.page_frame.cache_clear()


def test_leaflet_is_the_one_that_was_looked_at():
    files = {f.name: f for f in distribution("XStatic-Leaflet").files}
    for name, digest in frame.LEAFLET.items():
        assert hashlib.sha256(files[name].read_binary()).hexdigest() == digest


def test_another_leaflet_is_refused(monkeypatch):
    monkeypatch.setitem(frame.LEAFLET, "leaflet.js", "0" * 64)
    with pytest.raises(GeoError, match=r"1\.9\.3"):
        frame.leaflet_text("leaflet.js")


def test_the_licence_of_leaflet_is_in_every_page(page):
    assert page.html.count("Redistribution and use in source and binary forms") == 2


def test_readers_may_zoom(page):
    assert page.html.count('name="viewport"') == 1
    assert "user-scalable" not in page.html
    assert "maximum-scale" not in page.html


@pytest.mark.parametrize(
    ("language", "start", "title"),
    [
        ("en", '<html lang="en" dir="ltr">', "Trial theatre"),
        ("ar", '<html lang="ar" dir="rtl">', "مسرح تجريبي"),
    ],
)
def test_the_page_begins_in_its_language(folder, composite, language, start, title):
    page = maps.draw_page(folder, composite, before=BEFORE, after=AFTER, language=language)
    assert start in page.html
    assert f"<title>{title}</title>" in page.html


def test_every_word_that_the_scripts_ask_for_is_there():
    words = language_words("page")["en"]
    text = "".join(frame.read_asset(f"{name}.js") for name in frame.SCRIPTS) + frame.read_asset(
        "page.html"
    )
    asked = set(re.findall(r"\bt\('([a-z0-9.]+)'", text))
    asked |= set(re.findall(r'data-t(?:-label|-hint)?="([^"]+)"', text))
    assert asked - set(words) == set()


@pytest.mark.parametrize("column", ["status", "basis", "confidence"])
def test_every_value_of_a_closed_list_has_a_word(column):
    words = language_words("page")["ar"]
    assert {f"{column}.{value}" for value in pages.model.CONTROL.column(column).choices} <= set(
        words
    )


def test_every_event_type_and_kind_of_place_has_a_word():
    words = language_words("page")["ar"]
    for schema, column, prefix in [
        (pages.model.EVENTS, "event_type", "type"),
        (pages.model.EVENTS, "sub_event_type", "sub"),
        (pages.model.PLACES, "kind", "kind"),
        (pages.model.PLACES, "coord_method", "coord"),
        (pages.model.CHANGES, "kind", "change"),
        (pages.model.STATEMENTS, "date_precision", "precision"),
    ]:
        assert {f"{prefix}.{value}" for value in schema.column(column).choices} <= set(words)


# What is refused.


def test_a_date_before_the_first_layer_is_refused(folder, composite):
    with pytest.raises(DateError, match="2017-05-01"):
        maps.draw_page(folder, composite, before=dt.date(2016, 1, 1), after=AFTER)


def test_dates_in_the_wrong_order_are_refused(folder, composite):
    with pytest.raises(DateError, match="swap"):
        maps.draw_page(folder, composite, before=AFTER, after=BEFORE)


def test_a_language_that_we_do_not_speak_is_refused(folder, composite):
    with pytest.raises(ValueError, match="'fr'"):
        maps.draw_page(folder, composite, before=BEFORE, after=AFTER, language="fr")


# Hostile data.


def test_no_program_is_started_whatever_the_layers_say():
    started = []
    watched = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen"}
    listening = True

    def hook(event, args):
        if listening and event in watched:
            started.append((event, args))

    sys.addaudithook(hook)
    bad = pages.poisoned(pages.theatre(), pages.PAYLOADS, pages.ADDRESSES)
    page = maps.draw_page(bad, pages.composite_of(bad), before=BEFORE, after=AFTER)
    shown = page._repr_html_()
    listening = False
    assert not started
    assert "uid=" not in page.html + shown


def test_hostile_text_stays_in_its_block():
    bad = pages.poisoned(pages.theatre(), pages.PAYLOADS, pages.ADDRESSES)
    page = maps.draw_page(bad, pages.composite_of(bad), before=BEFORE, after=AFTER)
    records = block(page, "records")
    assert not set("<>&\u2028\u2029") & set(records)
    assert {record["name"] for record in json.loads(records)["places"]} <= set(pages.PAYLOADS)
    clean = maps.draw_page(pages.theatre(), pages.composite_of(bad), before=BEFORE, after=AFTER)

    def rest(text):
        text = re.sub(r'(id="(?:records|store)">).*?</script>', r"\1", text, flags=re.DOTALL)
        return re.sub(r"<title>.*?</title>", "", text, flags=re.DOTALL)

    assert rest(page.html) == rest(clean.html)


def test_the_title_is_text(folder, composite):
    name = "</title><script>window.__x=1</script>"
    theatre = dataclasses.replace(
        folder.theatre, properties=folder.theatre.properties | {"name": name}
    )
    bad = dataclasses.replace(folder, theatre=theatre)
    page = maps.draw_page(bad, composite, before=BEFORE, after=AFTER)
    assert f"<title>{html.escape(name)}</title>" in page.html
    assert name not in page.html


def test_only_a_colour_is_taken_for_a_colour():
    bad = pages.poisoned(
        pages.theatre(), ["x"], ["x"], colors=["red;background:url(x)", "#FFF", ""]
    )
    page = maps.draw_page(bad, pages.composite_of(bad), before=BEFORE, after=AFTER)
    colors = json.loads(block(page, "records"))["colors"]
    assert set(colors) == {"government", "opposition", "is"}
    assert len(set(colors.values())) == 3
    assert set(colors.values()) <= set(looks.SPARE_COLORS)


def test_a_side_without_a_colour_gets_one_that_is_not_like_the_others(folder, composite):
    rows = [r for r in folder.actors.rows if r.id != "is"]
    bare = dataclasses.replace(folder, actors=dataclasses.replace(folder.actors, rows=tuple(rows)))
    page = maps.draw_page(bare, composite, before=BEFORE, after=AFTER)
    colors = json.loads(block(page, "records"))["colors"]
    assert colors["government"] == "#bf4522"
    assert colors["is"] not in {"#af3c1c", "#4eaf97"}


def test_the_edge_of_cut_data_is_no_border(page):
    land = json.loads(block(page, "records"))["context"][0]
    assert land["rings"]
    assert land["lines"] == []


# Saving and showing.


def test_saving_replaces_the_file_whole(page, tmp_path):
    path = tmp_path / "map.html"
    path.write_text("old")
    assert page.save(path) == path
    assert path.read_bytes() == page.html.encode()
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]


def test_a_failed_save_leaves_the_old_file(page, tmp_path, monkeypatch):
    path = tmp_path / "map.html"
    path.write_text("old")

    def fail(_):
        raise OSError("disk full")

    monkeypatch.setattr(maps.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        page.save(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]


def test_a_notebook_shows_the_page_in_a_sandbox(page):
    shown = page._repr_html_()
    assert 'sandbox="allow-scripts allow-downloads allow-popups"' in shown
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', shown)[1]) == page.html


def test_a_page_too_large_for_a_notebook_says_so(page):
    large = maps.Page(page.html + " " * maps.MAX_INLINE_BYTES)
    assert "<iframe" not in large._repr_html_()
    assert "save" in large._repr_html_()


def test_the_shipped_page_is_small(shipped):
    from geo import open_layers

    if not (shipped / "control").is_dir():
        pytest.skip("no control layers yet")
    page = open_layers(shipped).map()
    assert len(page.html.encode()) < 1_500_000


# Online tiles and the notebook's picture.

TILES = "https://tiles.example.org/{z}/{x}/{y}.png"


def test_tiles_are_off_unless_asked_for(folder, composite, page):
    policy = re.search(r"img-src ([^;]*);", page.html)[1]
    assert policy == "data: blob:"
    online = maps.draw_page(
        folder, composite, before=BEFORE, after=AFTER, tiles=TILES, attribution="Example"
    )
    assert re.search(r"img-src ([^;]*);", online.html)[1] == (
        "data: blob: https://tiles.example.org"
    )
    assert json.loads(block(online, "records"))["tiles"]["url"] == TILES


@pytest.mark.parametrize(
    "url",
    [
        "http://tiles.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/{z}/{x}.png",
        "https://tiles.example.org/{z}/{x}/{y}/{y}.png",
        "https://user:pass@tiles.example.org/{z}/{x}/{y}",
        "https://*/{z}/{x}/{y}",
        "https://a.org; script-src *;/{z}/{x}/{y}",
        "https://a.org'/{z}/{x}/{y}",
        "//tiles.example.org/{z}/{x}/{y}",
        "",
    ],
)
def test_an_address_that_is_none_of_tiles_is_refused(folder, composite, url):
    with pytest.raises(ValueError, match="tiles"):
        maps.draw_page(folder, composite, before=BEFORE, after=AFTER, tiles=url, attribution="x")


@pytest.mark.parametrize("attribution", [None, "", "  "])
def test_tiles_without_an_owner_are_refused(folder, composite, attribution):
    with pytest.raises(ValueError, match="attribution"):
        maps.draw_page(
            folder, composite, before=BEFORE, after=AFTER, tiles=TILES, attribution=attribution
        )


def test_a_notebook_gets_a_picture_only_when_it_asks(folder, composite, page):
    asked = []

    def picture():
        asked.append(1)
        return b"png"

    drawn = maps.draw_page(folder, composite, before=BEFORE, after=AFTER, picture=picture)
    assert drawn.html == page.html
    assert not asked
    assert drawn._repr_png_() == b"png"
    assert page._repr_png_() is None
