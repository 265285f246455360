import dataclasses
import datetime as dt
import io
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo import model, open_layers
from geo.draw import looks
from geo.draw.still import paper
from geo.draw.still import still as stills
from geo.draw.still.chart import Map
from geo.draw.still.scene import Scene
from geo.draw.still.wording import Words
from geo.draw.words import languages
from geo.errors import DateError, GeoError

pytest.importorskip("matplotlib")

ROOT = Path(__file__).parents[2]
JULY, AUGUST = dt.date(2017, 7, 1), dt.date(2017, 8, 1)


@pytest.fixture
def theatre(small):
    return open_layers(small)


@pytest.fixture(scope="module")
def case():
    folder = ROOT / "layers"
    if not list(folder.glob("control/*.geojson")):
        pytest.skip("the shipped layers hold no control layer")
    return open_layers(folder)


def drawn(theatre, day=AUGUST, **options):
    options.setdefault("size", (800, 600))
    return stills.draw_still(theatre.folder, theatre.composite, day, **options)


def texts(still):
    """Every line of text of a picture, as a reader of the SVG finds it."""
    root = ET.fromstring(still.render("svg"))
    found = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(node.itertext()).strip("\u2067\u2069") for node in found]


def sheet_of(theatre, day, size=(1600, 1000), **options):
    language = options.pop("language", "en")
    with paper.style():
        scene = Scene(
            theatre.folder,
            theatre.composite,
            day,
            options.pop("before", None),
            Words(language),
            **options,
        )
        picture = stills._Picture(scene, size)
        picture.still()
    return picture.sheet


def quad_km2(west, south, east, north):
    """Area between parallels and meridians on WGS 84, in closed form (Snyder 1987, 3-12)."""
    a, f = 6378.137, 1 / 298.257223563
    e = math.sqrt(f * (2 - f))

    def q(lat):
        s = math.sin(math.radians(lat))
        return s / (1 - (e * s) ** 2) + math.atanh(e * s) / e

    return a**2 * (1 - e**2) / 2 * (q(north) - q(south)) * math.radians(east - west)


# Files.


@pytest.mark.parametrize("form", stills.FORMATS)
def test_a_picture_is_written_in_the_format_of_its_name(theatre, tmp_path, form):
    path = drawn(theatre, before=JULY).save(tmp_path / f"picture.{form}")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.glob("*.*")] == [f"picture.{form}"]


def test_a_picture_has_the_size_asked_for(theatre):
    image = pytest.importorskip("PIL.Image")
    with image.open(io.BytesIO(drawn(theatre, size=(1000, 700)).render())) as picture:
        assert picture.size == (1000, 700)


def test_a_picture_replaces_an_older_one_whole(theatre, tmp_path):
    path = tmp_path / "picture.svg"
    path.write_text("something else, and longer than nothing")
    still = drawn(theatre)
    still.save(path)
    assert path.read_bytes() == still.render("svg")


def test_a_name_without_a_known_format_writes_nothing(theatre, tmp_path):
    for name in ("picture.jpg", "picture"):
        with pytest.raises(ValueError, match=r"must end in \.png, \.svg, \.pdf"):
            drawn(theatre).save(tmp_path / name)
    with pytest.raises(ValueError, match="bmp"):
        drawn(theatre).render("bmp")
    assert not list(tmp_path.glob("picture*"))


@pytest.mark.slow
@pytest.mark.parametrize("form", stills.FORMATS)
def test_the_same_input_gives_the_same_bytes(theatre, form):
    first, second = (drawn(theatre, before=JULY) for _ in range(2))
    assert first.render(form) == second.render(form) == first.render(form)


@pytest.mark.slow
def test_one_format_leaves_nothing_behind_for_the_next(theatre):
    still = drawn(theatre, language="ar")
    alone = {form: drawn(theatre, language="ar").render(form) for form in stills.FORMATS}
    for form in ("pdf", "svg", "png", "pdf", "png", "svg"):
        assert still.render(form) == alone[form]


def test_joined_letters_are_outlines_in_pdf(theatre):
    # matplotlib 3.11.2 would set them as text, with gaps inside the words.
    from matplotlib.font_manager import FontProperties, findfont, get_font

    with paper.style():
        own = [family for family in paper.families() if "Arabic" in family]
        if not own:
            pytest.skip("no font of its own for Arabic here")
        name = get_font(findfont(FontProperties(family=own[0]))).postscript_name
    assert name.encode() not in drawn(theatre, language="ar").render("pdf")


def test_a_machine_without_fonts_draws_arabic_too(theatre, monkeypatch):
    # The font that comes with matplotlib has the letters, its slanted cut has not.
    monkeypatch.setattr(paper, "families", lambda: ("DejaVu Sans",))
    assert drawn(theatre, language="ar").render("png")


@pytest.mark.slow
def test_another_process_gives_the_same_bytes(small, tmp_path):
    import matplotlib as mpl

    fonts = {"MPLCONFIGDIR": mpl.get_cachedir()}  # Else each would look for all fonts anew.
    code = (
        "import sys, datetime as dt\n"
        "from geo import open_layers\n"
        "from geo.draw.still import still\n"
        "t = open_layers(sys.argv[1])\n"
        "days = dt.date(2017, 8, 1), dt.date(2017, 7, 1)\n"
        "s = still.draw_still(t.folder, t.composite, days[0], before=days[1])\n"
        "[s.save(f'{sys.argv[2]}.{form}') for form in still.FORMATS]\n"
    )
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-c", code, str(small), str(tmp_path / seed)],
            env={"PYTHONHASHSEED": seed, "PATH": "", "TZ": f"UTC-{seed}", "HOME": str(tmp_path)}
            | fonts,
            check=True,
            cwd=ROOT,
        )
    for form in stills.FORMATS:
        assert (tmp_path / f"1.{form}").read_bytes() == (tmp_path / f"2.{form}").read_bytes()


def test_nobody_s_settings_change_a_picture(theatre):
    import matplotlib as mpl

    plain = drawn(theatre).render("svg")
    with mpl.rc_context(
        {
            "font.size": 30,
            "svg.fonttype": "path",
            "savefig.facecolor": "red",
            "savefig.bbox": "tight",
        }
    ):
        assert drawn(theatre).render("svg") == plain
        assert mpl.rcParams["font.size"] == 30


# What it says.


def test_text_stays_text_in_svg(theatre):
    found = texts(drawn(theatre, before=JULY))
    assert any(text.startswith("Gained and lost from 1 July 2017 to 1 August") for text in found)
    assert any("A small theatre" in text and "as of 1 August 2017" in text for text in found)
    assert any(text.startswith("Sources: ") for text in found)
    place = next(iter(theatre.folder.places.values()))
    assert place.properties["name"] in found


def test_the_legend_says_the_areas_of_the_composite(theatre):
    found = texts(drawn(theatre))
    frame = theatre.composite.areas()
    now = frame[frame["date"] == AUGUST]
    for controller, status, area in zip(
        now["controller"], now["status"], now["area_km2"], strict=True
    ):
        name = {"red": "Red", "blue-guard": "Blue"}.get(controller, status)
        assert any(name.lower() in text.lower() for text in found) or status == "unknown"
        assert f"{area:,.0f}" in found
    assert f"{quad_km2(37, 33, 38, 34):,.0f}" in found  # the study area


def test_the_change_says_what_went_from_whom_to_whom(theatre):
    found = texts(drawn(theatre, before=JULY))
    table = theatre.composite.transfers(JULY, AUGUST)
    assert found.count(f"{table.loc['red', 'blue-guard']:,.0f} km²") == 1
    assert f"{quad_km2(37.5, 33, 37.6, 34):,.0f} km²" in found
    assert "Blue from Red" in found
    assert "Contested from Blue" in found


def ledger_of(theatre, kind):
    """The same folder, whose ledger calls every change of a kind."""
    table = theatre.folder.changes
    rows = tuple(dataclasses.replace(row, values=dict(row.values, kind=kind)) for row in table.rows)
    changes = dataclasses.replace(table, rows=rows)
    return dataclasses.replace(theatre.folder, changes=changes)


def test_a_change_leads_with_what_was_taken_and_never_with_what_was_redrawn(theatre):
    told = texts(drawn(theatre, before=JULY))
    assert re.fullmatch(r"Blue took [\d,]+ km² from Red", told[0])
    assert "Ground that was taken" in told
    folder = ledger_of(theatre, "refinement")
    assert folder.changes.rows
    still = stills.draw_still(folder, theatre.composite, AUGUST, before=JULY, size=(800, 600))
    told = texts(still)
    assert told[0].startswith("No ground is known to have been taken")
    assert "Ground that was taken" not in told
    assert "Corrected on the map: nobody moved" in told


def test_figures_are_the_middle_and_its_band_rounded_as_the_band_allows(theatre):
    bands = {str(AUGUST): {"red": (5012.0, 5444.0, 5999.0)}}
    figures = {("red", "blue", "taken"): (183.0, 91.0, 590.0)}
    told = texts(drawn(theatre, before=JULY, bands=bands, figures=figures))
    assert told[0] == "Blue took about 200 km² (100 to 600) from Red"
    assert "5,400" in told and "5,000 – 6,000" in told
    assert "200 km²" in told and "100 – 600" in told
    assert "low – high" in told
    bare = texts(drawn(theatre, before=JULY))
    assert "low – high" not in bare


def test_slivers_are_no_rows_of_a_change(theatre):
    figures = {("red", "blue", "taken"): (0.0, 0.0, 0.0)}
    told = texts(drawn(theatre, before=JULY, figures=figures))
    assert not any(text.startswith("0.0 km²") for text in told)
    assert any(re.match(r"1 smaller: [\d,.]+ km²", text) for text in told)


def test_why_begins_with_what_took_the_most_ground(case):
    day, before = dt.date(2017, 8, 2), dt.date(2017, 7, 31)
    scene = Scene(case.folder, case.composite, day, before, Words("en"))
    kinds = [row["kind"] for row in scene.ledger]
    taken = [scene._taken_by_row.get(str(row["id"]), 0.0) for row in scene.ledger]
    firm = [kind not in {"correction", "refinement"} for kind in kinds]
    assert firm == sorted(firm, reverse=True)
    assert taken[: sum(firm)] == sorted(taken[: sum(firm)], reverse=True)
    assert firm[0] and taken[0] > 0


def test_a_day_between_layers_says_which_layer_it_shows(theatre):
    found = texts(drawn(theatre, dt.date(2017, 7, 20)))
    assert "Who held what at the end of 20 July 2017" in found
    assert any("as of 1 July 2017" in text for text in found)


def test_a_picture_without_change_says_so(theatre):
    found = texts(drawn(theatre, dt.date(2017, 7, 20), before=JULY))
    assert any("No ground changed hands" in text for text in found)


def test_the_key_explains_every_look_of_the_day(theatre):
    found = " ".join(texts(drawn(theatre)))
    assert "Contested: stripes of the parties" in found
    assert "Not assessed" in found
    assert "Edge of the study area" in found


def test_the_words_for_those_who_cannot_see_hold_the_numbers(theatre):
    still = drawn(theatre, before=JULY)
    assert still.title in still.alt
    assert f"{quad_km2(37.5, 33, 37.6, 34):,.0f} km²" in still.alt
    assert still.alt.encode() in still.render("svg")


# Arabic.


def test_the_whole_picture_speaks_arabic(theatre, small):
    found = texts(drawn(theatre, before=JULY, language="ar"))
    assert any("تموز" in text and "آب" in text for text in found)
    assert {"الأحمر", "الأزرق"} <= set(found)
    layers = "".join(path.read_text(encoding="utf-8") for path in small.rglob("*.*"))
    for text in found:  # Latin letters only where the layers have nothing else
        latin = re.search("[A-Za-z]{2,}", text) and not re.search("[\u0600-\u06ff]", text)
        assert not latin or text in layers, text


def test_arabic_letters_are_joined():
    sheet = paper.Sheet(100, 100)
    with paper.style():
        joined = sheet.width_of("ببب", 40)
        apart = 3 * sheet.width_of("ب", 40)
    assert joined < 0.9 * apart


def test_arabic_runs_from_right_to_left():
    with paper.style():
        sheet = paper.Sheet(400, 100)
        sheet.text(200, 50, "ا" + "ب" * 6, 60, align="center")  # a tall letter, then low ones
        sheet.figure.canvas.draw()
        ink = np.asarray(sheet.figure.canvas.buffer_rgba())[:, :, 0] < 128
    columns = np.flatnonzero(ink.any(axis=0))
    tops = ink[:, columns].argmax(axis=0)
    assert columns[tops.argmin()] > columns.mean()


def test_mixed_text_is_kept_apart_for_any_viewer():
    assert paper.shown("2 آب 2017") == "\u20672 آب 2017\u2069"
    assert paper.shown("Palmyra تدمر") == "Palmyra تدمر"
    assert paper.shown("1,234") == "1,234"


def test_what_no_font_has_is_never_drawn_as_a_box():
    assert not paper.drawable("\U0001f5fa")
    assert paper.shown("a\U0001f5fa") == "a\ufffd"
    assert Words("en").name({"name": "a\u202eb\nc"}, "id") == "a\\u202eb\\u000ac"
    name = Words("ar").name({"name": "Well", "name_ar": "\U0001f5fa"}, "id")
    assert name == "Well"


def test_every_word_that_a_picture_says_is_there():
    known = languages.language_words("page", "still")["en"]
    own = languages.read_language("en")["still"]
    paths = (ROOT / "geo" / "draw").rglob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in paths)
    said = set(re.findall(r"say\(\s*[\"']([a-z_.0-9]+)[\"']", source))
    assert len(said) > 15
    assert said <= known.keys()
    for_pages = {"still.control", "still.sources"} & known.keys()
    assert {key for key in own.keys() - said if not key.startswith("effect.")} == set()
    kinds = next(one for one in model.CONTEXT.columns if one.name == "kind").choices
    assert {f"context.{kind}" for kind in kinds if kind != "relief"} | for_pages <= known.keys()


# Looks.


def overlapping(texts_and_boxes):
    for (a, p), (b, q) in combinations(texts_and_boxes, 2):
        wide = min(p[2], q[2]) - max(p[0], q[0])
        high = min(p[3], q[3]) - max(p[1], q[1])
        if wide > 1 and high > 1:
            yield a, b


@pytest.mark.parametrize("size", [(1600, 1000), (1080, 1350), (800, 600)], ids=str)
@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_no_text_covers_another_or_leaves_the_paper(case, size, language):
    sheet = sheet_of(case, case.after, size, before=case.before, language=language)
    lines = [(t, (x, y + (b - y) * 0.12, r, b - (b - y) * 0.12)) for t, (x, y, r, b) in sheet.texts]
    marks = re.compile(r"\d{1,2}")
    lines = [(text, box) for text, box in lines if not marks.fullmatch(text)]
    assert list(overlapping(lines)) == []
    for text, (left, top, right, bottom) in lines:
        assert left >= 0 and right <= size[0] and top >= 0 and bottom <= size[1], text


def test_the_place_that_the_change_is_about_is_named(case):
    sheet = sheet_of(case, case.after, before=case.before)
    assert "Bir Mahruthah" in {text for text, _ in sheet.texts}


def test_roads_that_are_schematic_say_so_on_the_map(case):
    rough = [
        dataclasses.replace(line, properties={**line.properties, "accuracy": "schematic"})
        for line in case.folder.context
    ]
    folder = dataclasses.replace(case.folder, context=tuple(rough))
    found = texts(stills.draw_still(folder, case.composite, case.after, before=case.before))
    assert "Damascus-Baghdad road (schematic)" in found
    found = texts(stills.draw_still(case.folder, case.composite, case.after, before=case.before))
    assert "Damascus-Baghdad road" in found


@given(
    st.floats(0, 300),
    st.floats(0, 300),
    st.floats(5, 80),
    st.sampled_from([1, -1, 0, 2]),
    st.floats(2, 20),
    st.floats(0.3, 3),
)
def test_patterns_of_neighbours_meet(x, y, side, way, step, unit):
    family = looks.Lines("#000000", 1.0, step, way, shift=step / 4, dash=(0.01, step))
    alone = paper._hatching((x, y, x + side, y + side), family, unit).vertices
    lean = math.sqrt(0.5)
    across = {1: (lean, lean), -1: (-lean, lean), 0: (-1, 0), 2: (0, 1)}[way]
    place = (alone @ across - family.shift * unit) / (step * unit)
    assert np.abs(place - np.round(place)).max() < 1e-6
    along = {1: (lean, -lean), -1: (lean, lean), 0: (0, 1), 2: (1, 0)}[way]
    begin = (alone[::2] @ along) / (0.01 + step) / unit  # dots of every second row stand between
    assert (
        np.abs((2 * begin - place[::2]) / 2 - np.round((2 * begin - place[::2]) / 2)).max() < 1e-6
    )
    box = shapely.box(x, y, x + side, y + side)
    reach = shapely.unary_union(shapely.linestrings(alone.reshape(-1, 2, 2))).buffer(step * unit)
    assert reach.buffer(1e-6).covers(box)


def test_the_frame_of_a_file_is_no_border(case):
    with paper.style():
        scene = Scene(case.folder, case.composite, case.after, None, Words("en"))
        chart = Map(scene, paper.Sheet(1600, 1000), (0, 0, 1600, 1000), 1.0)
        countries = [f for f in case.folder.context if f.properties["kind"] == "country"]
        edge = chart.placed(shapely.LineString([(39.2, 32), (39.2, 34.6)]))
        assert countries
        for feature in countries:
            assert chart._border(feature).intersection(edge.buffer(0.5)).length < 3


# Questions without an answer.


def test_questions_that_make_no_sense_are_refused(theatre):
    with pytest.raises(DateError, match="swap"):
        drawn(theatre, JULY, before=AUGUST)
    with pytest.raises(DateError, match="2017-07-01"):
        drawn(theatre, dt.date(2017, 6, 30))
    with pytest.raises(ValueError, match="'fr'"):
        drawn(theatre, language="fr")
    with pytest.raises(ValueError, match="800 x 600"):
        drawn(theatre, size=(300, 1000))
    for options in ({"step": "hour"}, {"seconds": 0}, {"language": "fr"}, {"size": (10, 10)}):
        with pytest.raises(ValueError, match=next(iter(options))):
            stills.animate(theatre.folder, theatre.composite, **options)


def test_a_missing_matplotlib_is_named(theatre, monkeypatch):
    composite = theatre.composite
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(GeoError, match="matplotlib"):
        stills.draw_still(theatre.folder, composite, AUGUST)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "$\\frac{1}{0}$",
        "<script>alert(1)</script> & \"'",
        "\U0001f5fa \ud7ff 中",
        "{date} {{7*7}} %s",
        "x" * 400,
        "كلمة (a) 12 $x$",
    ],
    ids=["math", "markup", "unknown letters", "templates", "long", "arabic"],
)
def test_any_name_is_drawn_as_it_is(small, text):
    for name, keys in (("theatre", ("name", "attribution")), ("places", ("name", "name_ar"))):
        path = small / f"{name}.geojson"
        data = json.loads(path.read_text(encoding="utf-8"))
        for feature in data["features"]:
            feature["properties"].update(dict.fromkeys(keys, text))
        path.write_text(json.dumps(data), encoding="utf-8")
    theatre = open_layers(small)
    for form in stills.FORMATS:
        assert drawn(theatre).render(form)
    found = texts(drawn(theatre))
    assert any(text[:8] in line for line in found) or not text.isprintable() or not text.isascii()


# Animations.


def test_an_animation_has_one_frame_a_layer_and_each_says_as_of(theatre):
    animation = stills.animate(theatre.folder, theatre.composite, size=(800, 600))
    assert len(animation.frames) == len(theatre.composite.dates)
    for frame, day in zip(animation.frames, ("1 July 2017", "1 August 2017"), strict=True):
        assert any(f"as of {day}" in text for text in texts(frame))


def test_weeks_without_a_layer_repeat_the_layer_and_say_so(theatre):
    animation = stills.animate(theatre.folder, theatre.composite, step="week", size=(800, 600))
    titles = [frame.title for frame in animation.frames]
    assert titles[1] == "Who held what at the end of 8 July 2017"
    assert titles[-1] == "Who held what at the end of 1 August 2017"
    for frame in animation.frames[:-1]:
        assert any("as of 1 July 2017" in text for text in texts(frame))
        assert f"{quad_km2(37, 33, 37.6, 34):,.0f}" in texts(frame)


@pytest.mark.parametrize("step", ["month", "layer"])
def test_steps_begin_and_end_with_the_layers(step):
    days = [dt.date(2016, 11, 20), dt.date(2017, 2, 1), dt.date(2017, 2, 3)]
    found = stills._STEPS[step](days)
    assert (found[0], found[-1]) == (days[0], days[-1])
    assert found == sorted(set(found))
    if step == "month":
        assert dt.date(2017, 1, 1) in found


def test_no_name_lies_over_another_or_over_a_mark_in_any_frame(case):
    animation = case.animate()
    assert len(animation.frames) == len(case.dates)
    for frame in animation.frames:
        sheet = frame._sheet
        assert len(sheet.covering) > 15
        assert not list(overlapping(sheet.covering))
        counts = [(text, box) for text, box in sheet.texts if re.fullmatch(r"\d{1,2}", text)]
        marks = [(text, box) for text, box in counts if box[2] < 900]
        over = [(a, b) for a, b in overlapping([*sheet.covering, *marks])]
        assert not [pair for pair in over if not all(part.isdigit() for part in pair)]


def test_colours_of_ground_are_exact_in_every_frame_of_a_gif(theatre):
    image = pytest.importorskip("PIL.Image")
    animation = stills.animate(theatre.folder, theatre.composite, size=(800, 600))
    with image.open(io.BytesIO(animation.render())) as picture:
        for i, frame in enumerate(animation.frames):
            picture.seek(i)
            shown = np.asarray(picture.convert("RGB")).reshape(-1, 3)
            with image.open(io.BytesIO(frame.render("png"))) as alone:
                meant = np.asarray(alone.convert("RGB")).reshape(-1, 3)
            colors, at, count = np.unique(meant, axis=0, return_inverse=True, return_counts=True)
            common = np.isin(at.ravel(), np.flatnonzero(count > 400))
            assert common.mean() > 0.85
            away = np.abs(shown.astype(int) - meant).max(axis=1)
            assert (away[common] == 0).mean() > 0.98  # letters are laid over, and may be off by one
            assert (away[common] <= 2).mean() > 0.999
            assert away.mean() < 1.0
            assert len(colors) > 200


def test_a_gif_moves_and_is_the_same_every_time(theatre, tmp_path):
    image = pytest.importorskip("PIL.Image")
    animation = stills.animate(theatre.folder, theatre.composite, seconds=0.5, size=(800, 600))
    path = animation.save(tmp_path / "a.gif")
    assert path.read_bytes() == animation.render()
    with image.open(path) as picture:
        assert picture.n_frames == 2
        assert picture.size == (800, 600)
        assert picture.info["duration"] == 500
        first = np.asarray(picture.convert("RGB"))
        picture.seek(1)
        assert picture.info["duration"] == 1500
        assert (np.asarray(picture.convert("RGB")) != first).any()
    with pytest.raises(ValueError, match=r"\.gif"):
        animation.save(tmp_path / "a.mp4")
