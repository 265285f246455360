"""A site is whole at every moment, rewrites only what changed, and all its links lead somewhere."""

import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lxml import etree
from sites import bytes_of, material, published
from thoroughness import in_a_night

from geo.desk import check_site, make_server
from geo.desk.site import checking, feed
from geo.desk.site.pages import Pages
from geo.draw.words.languages import LANGUAGES
from geo.errors import DateError, GeoError

URL = "https://example.org/maps/"
ATOM = "{http://www.w3.org/2005/Atom}"
RNG = Path(__file__).parents[1] / "data" / "atom.rng"


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """A sound little theatre, read and never written."""
    folder = tmp_path_factory.mktemp("theatre") / "layers"
    shutil.copytree(Path(__file__).parents[1] / "data" / "valid", folder)
    return folder


@pytest.fixture(scope="module")
def site(layers, tmp_path_factory):
    """Its site, read and never written."""
    root = tmp_path_factory.mktemp("site") / "www"
    published(layers, root, url=URL, licence="CC BY 4.0")
    return root


@pytest.fixture
def own(site, tmp_path):
    """The same to write on."""
    return shutil.copytree(site, tmp_path / "www")


def again(layers, root):
    return published(layers, root, url=URL, licence="CC BY 4.0")


def test_there_is_a_page_for_everything_in_every_language(site, layers):
    for language in LANGUAGES:
        base = site if language == LANGUAGES[0] else site / language
        for name in ("index", "archive", "places", "events", "method"):
            assert (base / f"{name}.html").is_file()
        assert {p.stem for p in (base / "dates").iterdir()} == {"2017-07-01", "2017-08-01"}
        assert {p.stem for p in (base / "embed").iterdir()} == {"2017-07-01", "2017-08-01"}
        assert {p.stem for p in (base / "changes").iterdir()} == {"2017-07-01_2017-08-01"}
        places = json.loads((layers / "places.geojson").read_text())["features"]
        assert {p.stem for p in (base / "places").iterdir()} == {
            one["properties"]["id"] for one in places
        }
        assert {p.stem for p in (base / "events").iterdir()} == {"evt-a", "evt-b"}
    assert {p.name for p in (site / "data").iterdir()} >= {
        f"2017-08-01{suffix}" for suffix in (".geojson", ".kml", ".csv")
    }


def test_the_newest_map_stands_first(site):
    text = (site / "index.html").read_text()
    assert text.index("1 August 2017") < text.index("1 July 2017")


def test_no_link_is_dead_and_no_page_too_heavy(site):
    assert check_site(site, url=URL) == []


def test_a_dead_link_a_lost_name_and_a_heavy_page_are_found(own, monkeypatch):
    page = own / "dates" / "2017-08-01.html"
    page.write_text(page.read_text().replace("2017-07-01.html", "2017-07-09.html", 1))
    home = own / "index.html"
    home.write_text(home.read_text().replace("</main>", '<a href="archive.html#x">x</a></main>'))
    monkeypatch.setattr(checking, "PAGE_KB", 20)
    found = [str(one) for one in check_site(own, url=URL)]
    assert any("2017-07-09.html" in one and "nowhere" in one for one in found)
    assert any(one.startswith("index.html: nothing has the name") for one in found)
    assert any("more than 20" in one for one in found)


def test_published_twice_no_byte_changes(own, layers):
    before = bytes_of(own)
    stamps = {name: (own / name).stat().st_mtime_ns for name in before}
    done = again(layers, own)
    assert (done.written, done.removed) == ((), ())
    assert bytes_of(own) == before
    for name, stamp in stamps.items():
        if not name.startswith(".frontline"):
            assert (own / name).stat().st_mtime_ns == stamp, name


@pytest.mark.slow
def test_the_same_theatre_gives_the_same_site_elsewhere(layers, site, tmp_path):
    again(layers, tmp_path / "other")
    assert bytes_of(tmp_path / "other") == bytes_of(site)


def later(layers, root):
    """The theatre with one date more, drawn as the last."""
    copy = shutil.copytree(layers, root / "layers")
    shutil.copy(copy / "control/2017-08-01.geojson", copy / "control/2017-08-11.geojson")
    # With a source more, as a day brings; what rests on others is not drawn anew.
    with (copy / "sources.csv").open("a") as file:
        cells = (copy / "sources.csv").read_text().splitlines()[0].split(",")
        file.write(
            ",".join({"id": "later-1", "publisher": "Later"}.get(k, "") for k in cells) + "\n"
        )
    return copy


def test_one_date_more_rewrites_only_what_tells_of_it_and_then_goes_without_a_trace(
    own, layers, tmp_path
):
    (own / "robots.txt").write_text("mine")
    before = bytes_of(own)
    done = again(later(layers, tmp_path), own)
    written = {name for name in done.written if not name.startswith("files/")}
    for prefix in ("", "ar/"):
        assert f"{prefix}dates/2017-07-01.html" not in written
        assert f"{prefix}dates/2017-08-01.html" in written  # leads to the later one
        assert f"{prefix}dates/2017-08-11.html" in written
        assert f"{prefix}changes/2017-08-01_2017-08-11.html" in written
        elsewhere = (f"{prefix}places/", f"{prefix}events/")
        assert not any(name.startswith(elsewhere) for name in written)
        assert f"{prefix}events.html" not in written
        assert f"{prefix}feed.xml" not in written  # no row of the ledger more
    drawn = [name for name in done.written if "-still-" in name]
    assert all("2017-08-11" in name for name in drawn)
    assert len(drawn) == 2 * len(LANGUAGES)
    assert {"data/2017-08-11.csv", "map.html"} <= written
    assert "data/2017-07-01.csv" not in written
    assert_order(done.written)
    assert check_site(own, url=URL) == []
    back = again(layers, own)
    assert "dates/2017-08-11.html" in back.removed
    assert bytes_of(own) == before


def assert_order(names):
    """Nothing leads to what is not there yet, and no page shows what is not there yet."""
    order = {name: i for i, name in enumerate(names)}
    files = max(i for name, i in order.items() if name.startswith("files/"))
    pages = [name for name in order if name.endswith(".html") and name != "map.html"]
    assert files < min(order[name] for name in pages)
    fresh = [name for name in pages if "2017-08-11" in name]
    changed = [name for name in pages if "2017-08-11" not in name]
    assert max(order[name] for name in fresh) < min(order[name] for name in changed)
    leads = {order["index.html"], order["ar/index.html"]}
    assert max(order[name] for name in pages) in leads


def test_a_picture_that_somebody_broke_is_drawn_again(own, layers):
    (still,) = own.glob("files/2017-08-01-en-still-*.webp")
    good = still.read_bytes()
    still.write_bytes(b"")
    assert again(layers, own).written
    assert still.read_bytes() == good


@pytest.mark.parametrize("what", ["folder", "file", "layers"])
def test_it_publishes_over_nothing_of_others(layers, tmp_path, what):
    root = tmp_path / "www"
    if what == "folder":
        root.mkdir()
        (root / "thesis.txt").write_text("mine")
    elif what == "file":
        root.write_text("mine")
    else:
        root = layers / "site"
    with pytest.raises(GeoError, match=r"something else|is a file|among the layers"):
        published(layers, root)
    assert not (root / "index.html").exists()


def test_a_file_in_the_way_is_named_and_stays(own, layers, tmp_path):
    (own / "dates" / "2017-08-11.html").write_text("mine")
    with pytest.raises(GeoError, match="2017-08-11"):
        again(later(layers, tmp_path), own)
    assert (own / "dates" / "2017-08-11.html").read_text() == "mine"


def test_a_damaged_list_of_files_is_one_message(own, layers):
    (own / ".frontline-site.json").write_text("{")
    with pytest.raises(GeoError, match="damaged"):
        again(layers, own)


def test_a_theatre_without_a_layer_has_no_site(layers, tmp_path):
    copy = shutil.copytree(layers, tmp_path / "layers")
    for path in (copy / "control").iterdir():
        path.unlink()
    shutil.rmtree(copy / "events")
    for name in ("changes.csv", "assessments.csv", "statements.csv"):
        lines = (copy / name).read_text().splitlines(keepends=True)
        (copy / name).write_text(lines[0])
    with pytest.raises(DateError, match="no layer yet"):
        published(copy, tmp_path / "www")
    assert not (tmp_path / "www").exists()


# ---------------------------------------------------------------- killed while it writes

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from sites import published
from geo.desk.site import store
real, count = store.Store.put, 0
def put(self, address, data):
    global count
    before = len(self.written)
    real(self, address, data)
    count += len(self.written) > before
    if count >= {at}:
        print("now", flush=True)
        import time
        time.sleep(60)
store.Store.put = put
published(Path({layers!r}), Path({root!r}), url={url!r}, licence="CC BY 4.0")
"""


def killed(layers, root, at):
    """Publish in another process and kill it when it has written so many files."""
    tests = str(Path(__file__).parents[1])
    text = PROGRAM.format(tests=tests, layers=str(layers), root=str(root), url=URL, at=at)
    process = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
    said = process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return said == "now\n"


def some_moments():
    """When a publisher is killed: at each kind of file it writes; seldom where a person waits."""
    return in_a_night([1, 4, 9, 15, 21, 27, 33, 39], [1, 9, 27])


@pytest.mark.slow
@pytest.mark.parametrize("at", some_moments())
def test_killed_at_any_moment_the_site_is_whole_and_goes_on(own, layers, site, tmp_path, at):
    more = later(layers, tmp_path)
    if not killed(more, own, at):
        pytest.skip("it was ready before")
    # Every page shows what it showed, or what it shall show; and what was there leads somewhere.
    old = bytes_of(site)
    assert [one for one in check_site(own, url=URL) if one.page in old] == []
    fresh = tmp_path / "fresh"
    again(more, fresh)
    new = bytes_of(fresh)
    for name, data in bytes_of(own).items():
        if not name.startswith(".frontline"):
            assert data in {old.get(name), new.get(name)}, name
    # Said again it comes to the same as if nothing had happened.
    again(more, own)
    assert bytes_of(own) == new


# ---------------------------------------------------------------- feed, cards, text


def feeds(site):
    return {
        language: site / ("" if language == LANGUAGES[0] else language) / "feed.xml"
        for language in LANGUAGES
    }


def test_feeds_are_valid_by_the_rfc(site):
    schema = etree.RelaxNG(etree.parse(RNG))
    for path in feeds(site).values():
        schema.assertValid(etree.parse(path))
    broken = etree.parse(feeds(site)["en"])
    broken.getroot().remove(broken.find(f"{ATOM}id"))
    assert not schema.validate(broken)


def test_a_feed_has_one_entry_a_row_with_a_name_that_stays(site, layers):
    rows = (layers / "changes.csv").read_text().splitlines()[1:]
    ids = {}
    for language, path in feeds(site).items():
        root = etree.parse(path).getroot()
        assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == language
        entries = root.findall(f"{ATOM}entry")
        assert len(entries) == len(rows) > 0
        ids[language] = [one.findtext(f"{ATOM}id") for one in entries]
        assert all(one.startswith("urn:uuid:") for one in ids[language])
        for one in entries:
            link = one.find(f"{ATOM}link").get("href")
            assert link.startswith(URL)
            page, _, name = link[len(URL) :].partition("#")
            assert f'id="{name}"' in (site / page).read_text()
    assert len({name for some in ids.values() for name in some}) == 2 * len(rows)
    moved = material(layers, url="https://elsewhere.example/")
    style = "files/site.css"
    again = Pages(moved, "en", {}, {}, (), style)
    root = etree.fromstring(feed.render_feed(moved, again))
    assert [one.text for one in root.findall(f".//{ATOM}entry/{ATOM}id")] == ids["en"]


def test_what_xml_cannot_hold_is_left_out():
    from xml.etree import ElementTree

    root = ElementTree.Element("a")
    feed._put(root, "b", "one\x00\x0b\ufffetwo")
    assert etree.fromstring(ElementTree.tostring(root)).findtext("b") == "onetwo"


def test_a_sitemap_has_every_page_but_those_to_embed(site):
    found = [one.text for one in etree.parse(site / "sitemap.xml").getroot().iter("{*}loc")]
    pages = {p.relative_to(site).as_posix() for p in site.rglob("*.html") if "embed" not in p.parts}
    assert {one[len(URL) :] for one in found} == pages


def test_cards_have_an_address_and_say_what_they_show(site):
    text = (site / "dates" / "2017-08-01.html").read_text()
    image = re.search(r'property="og:image" content="([^"]*)"', text).group(1)
    assert image.startswith(URL)
    assert (site / image[len(URL) :]).read_bytes()[:2] == b"\xff\xd8"
    assert 'property="og:image:alt"' in text
    assert 'name="twitter:card"' in text


def test_every_page_has_a_strict_policy_and_no_script(site):
    for path in site.rglob("*.html"):
        text = path.read_text()
        if path.name == "map.html":
            continue
        policy = html.unescape(re.search(r'content-security-policy" content="([^"]*)"', text)[1])
        assert policy.startswith("default-src 'none'; script-src 'none'; style-src 'self'")
        assert "unsafe" not in policy
        assert "<script" not in text
        assert " style=" not in text


def test_text_of_layers_is_escaped_wherever_it_stands(layers, tmp_path):
    copy = shutil.copytree(layers, tmp_path / "layers")
    evil = "<img src=x onerror=alert(1)>&amp;{{7*7}}"
    path = copy / "places.geojson"
    text = json.loads(path.read_text())
    for one in text["features"]:
        one["properties"]["name"] = evil
    path.write_text(json.dumps(text, ensure_ascii=False))
    rows = (copy / "changes.csv").read_text().splitlines()
    told = [f'{row.rsplit(",", 1)[0]},"{evil}"' for row in rows[1:]]
    (copy / "changes.csv").write_text("\n".join([rows[0], *told]) + "\n")
    published(copy, tmp_path / "www", licence=evil)
    for page in (tmp_path / "www").rglob("*.html"):
        if page.name != "map.html":
            text = page.read_text()
            assert "<img src=x" not in text
            assert "{{7*7}}" not in text or "onerror" in html.unescape(text)
    for path in feeds(tmp_path / "www").values():
        etree.parse(path)


def test_downloads_say_whose_they_are(site):
    for suffix in (".geojson", ".kml"):
        text = (site / "data" / f"2017-08-01{suffix}").read_text()
        assert "2017-08-01" in text
    credit = json.loads((site / "data" / "2017-08-01.geojson").read_text())
    assert "features" in credit
    page = (site / "dates" / "2017-08-01.html").read_text()
    assert "Licence: CC BY 4.0" in page
    assert "To be cited as" in page


def test_figures_of_a_page_are_those_of_the_command(site, layers, frontline):
    from geo import open_layers

    areas = open_layers(layers).areas()
    row = areas[(areas["date"].astype(str) == "2017-08-01") & (areas["controller"] == "red")].iloc[
        0
    ]
    page = (site / "dates" / "2017-08-01.html").read_text()
    assert f"{row['drawn_km2']:,.0f}" in page
    _, out, _ = frontline("areas", "--layers", layers)
    middle = next(
        line.split()[3] for line in out.splitlines() if line.startswith("2017-08-01  red")
    )
    assert middle in page


# ---------------------------------------------------------------- shown on this machine


def test_it_is_served_on_this_machine_only(site):
    server = make_server(site)
    host, port = server.server_address[:2]
    assert host == "127.0.0.1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        base = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{base}/") as answer:
            assert answer.headers["Content-Type"].startswith("text/html")
            assert answer.read() == (site / "index.html").read_bytes()
        for path in ("/.frontline-site.json", "/nowhere.html", "/dates/", "/../layers"):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(base + path).close()
        stranger = urllib.request.Request(base + "/", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(stranger).close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_folder_without_a_site_is_not_served(tmp_path):
    with pytest.raises(GeoError, match="holds no site"):
        make_server(tmp_path)
    with pytest.raises(GeoError, match="holds no site"):
        check_site(tmp_path)


# ---------------------------------------------------------------- the command


def test_the_command_publishes_and_checks(frontline, small, tmp_path):
    root = tmp_path / "www"
    code, out, err = frontline("publish", "--to", root, "--layers", small, "--check")
    assert code == 0
    assert "no dead links, no page too heavy" in out
    assert "frontline serve" in err
    assert not (root / "sitemap.xml").exists()
    assert '<link rel="icon" href="data:,">' in (root / "map.html").read_text()
    assert "No licence is stated" in (root / "dates/2017-08-01.html").read_text()
    (root / "archive.html").unlink()
    code, out, _ = frontline("publish", "--to", root, "--layers", small)
    assert "1 files written" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", "ftp://x"], "no address"),
        (["--url", "example.org"], "no address"),
        (["--to", "{small}/www"], "among the layers"),
    ],
)
def test_wrong_words_are_one_message(frontline, small, tmp_path, words, said):
    given = [word.format(small=small) for word in words]
    code, _, err = frontline("publish", "--to", tmp_path / "www", "--layers", small, *given)
    assert code in {1, 2}
    assert said in err
    assert not (tmp_path / "www").exists()


def test_a_series_has_bands_of_its_newest_change_alone(layers, monkeypatch):
    from geo.desk.site import material as module

    made = material(layers)
    assert made.moves(made.pairs[0]) is not None
    monkeypatch.setattr(module, "MANY_DATES", 1)
    assert made.moves(made.pairs[-1]) is not None
    assert made.moves((made.dates[0], made.dates[0])) is None
