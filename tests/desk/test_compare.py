"""The other map is read as imports read it; both are told side by side, and nothing is written."""

import datetime as dt
import html
import json
import shutil

import pytest
import shapely
from foreign import collection, square
from nearest import nearest_map

from geo import import_into
from geo.desk import Comparison, compare_page, contrast_still, read_other
from geo.desk.compare.comparison import TABLES
from geo.errors import CoverageError, GeoError, LayerError, LayerNotFoundError, SchemaError
from geo.exchange import Options, Word, read_words, words_table
from geo.layers import parse_geojson, read_folder, save_consensus
from geo.model import CONTROL

DAY = dt.date(2017, 8, 1)


@pytest.fixture
def folder(small):
    return read_folder(small)


def compared(folder, path, *days, **given):
    other = read_other(path, known=folder.sides, **given)
    return Comparison(folder, other, asked=days, name="ours")


def bytes_of(root):
    every = (p for p in root.rglob("*") if p.is_file() and ".frontline" not in p.parts)
    return {p.relative_to(root): p.read_bytes() for p in every}


@pytest.fixture
def theirs(tmp_path, folder):
    """A map of somebody: the west of the area red, the rest of whom they call the guard."""
    west, south, east, north = folder.area.bounds
    middle = round((west + east) / 2, 6)
    halves = [
        ("Red", shapely.box(west, south, middle, north)),
        ("The Guard", shapely.box(middle, south, east, north)),
    ]
    made = [({"controller": name}, json.loads(shapely.to_geojson(shape))) for name, shape in halves]
    path = tmp_path / "theirs" / f"{DAY}.geojson"
    path.parent.mkdir()
    path.write_text(collection(*made))
    return path


def test_a_folder_compared_with_itself_agrees_wholly(folder, small):
    made = compared(folder, small)
    assert made.strangers == ()
    agreement = made.agreement()
    assert agreement["date"] == list(folder.control)
    assert set(agreement["share"]) == set(agreement["held_share"]) == {1.0}
    assert set(made.by_side()["overlap"]) == {1.0}
    assert made.places()["place_id"] == []


def test_a_file_is_read_as_an_import_reads_it(folder, theirs):
    made = compared(folder, theirs)
    assert made.other.name == str(DAY)
    assert made.days == (DAY,)
    assert made.strangers == ("the_guard",)
    assert set(made.pairs()["there"]) == {"red", "the_guard"}


def test_a_folder_of_files_is_a_series(folder, theirs):
    later = theirs.with_name("2017-08-11.geojson")
    shutil.copy(theirs, later)
    made = compared(folder, theirs.parent)
    assert sorted(made.other.drawn.layers) == [DAY, dt.date(2017, 8, 11)]


def test_the_table_of_words_says_who_theirs_are(folder, theirs):
    plain = compared(folder, theirs)
    words = words_table(plain.other.words)
    told = words.replace(b'"the_guard"', b'"blue"')
    assert told != words
    read = read_words(told, file="words.csv")
    made = compared(folder, theirs, options=Options(words=read))
    assert made.strangers == ()
    assert made.agreement()["held_same_km2"] > plain.agreement()["held_same_km2"]


def test_words_count_for_a_layers_folder_too(folder, small):
    swapped = (Word("red", "controlled", "blue"), Word("blue", "controlled", "red"))
    words = (*swapped, Word("blue-guard", "controlled", "red"))
    made = compared(folder, small, options=Options(words=words))
    assert set(made.agreement()["held_share"]) == {0.0}
    assert made.other.words[0].count


def test_an_unknown_map_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(LayerNotFoundError, match="no such file or folder"):
        read_other(tmp_path / "nowhere")
    with pytest.raises(LayerError, match="holds no map"):
        read_other(tmp_path)
    (tmp_path / "points.geojson").write_text(
        collection(
            ({"controller": "red", "date": str(DAY)}, {"type": "Point", "coordinates": [1, 1]})
        )
    )
    with pytest.raises(LayerError, match="no layer of control"):
        read_other(tmp_path / "points.geojson")


def test_a_map_that_overlaps_itself_says_on_which_day(folder, tmp_path):
    path = tmp_path / f"{DAY}.geojson"
    path.write_text(
        collection(({"controller": "red"}, square(37, 33)), ({"controller": "b"}, square(37.5, 33)))
    )
    with pytest.raises(CoverageError, match=str(DAY)):
        compared(folder, path).agreement()
    first = compared(folder, path, options=Options(overlap="first"))
    assert first.agreement()["common_km2"][0] > 0


def test_places_come_with_statements_for_either_hand(folder, small, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(small, other)
    text = (other / "control" / f"{DAY}.geojson").read_text()
    text = text.replace('"controller": "red"', '"controller": "nobody-else"')
    text = text.replace('"controller": "blue-guard"', '"controller": "red"')
    text = text.replace('"controller": "nobody-else"', '"controller": "blue"')
    (other / "control" / f"{DAY}.geojson").write_text(text)
    made = compared(folder, other, DAY)
    places = made.places()
    assert places["place_id"]
    for name, here, there, mine, others in zip(
        *(places[k] for k in ("place_id", "here", "there", "says_here", "says_there")), strict=True
    ):
        assert here != there
        for side, ids in ((here, mine), (there, others)):
            for row in (folder.rows("statements")[one] for one in ids.split(";") if one):
                assert row.values["place_id"] == name
                assert folder.sides[row.values["controller"]] == side
                assert str(row.values["date"]) <= str(DAY)
    at = places["place_id"].index("mid_well")
    told = made.statements(f"{places['says_here'][at]};{places['says_there'][at]}".split(";"))
    assert {one["id"] for one in told} == {"stm-mid-1", "stm-mid-2"}
    assert all(one["publishers"] for one in told)


# ---------------------------------------------------------------- consensus


def test_a_consensus_holds_what_both_say_and_says_what_it_is(folder, theirs, tmp_path, small):
    made = compared(folder, theirs)
    before = bytes_of(small)
    path = save_consensus(
        tmp_path / "both.geojson", made.consensus(DAY), day=DAY, maps="one and two", layers=small
    )
    features = json.loads(path.read_text())["features"]
    assert all(f["properties"]["consensus"] == "one and two" for f in features)
    assert all(f["properties"]["id"].startswith("consensus-") for f in features)
    red = [f for f in features if f["properties"]["controller"] == "red"]
    assert red
    ours = [p.geometry for p in folder.patches(DAY) if p.label.controller == "red"]
    theirs_red = made.other.drawn.layers[DAY][0].geometry
    both = shapely.intersection(shapely.union_all(ours), theirs_red)
    union = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in red])
    assert shapely.symmetric_difference(union, both).area < 1e-6
    for one in red:
        assert one["properties"]["basis"] == "inferred"
        assert one["properties"]["confidence"] == "low"  # the imported map is of low confidence
    unknown = [f for f in features if f["properties"]["status"] == "unknown"]
    assert all("ours: " in f["properties"]["note"] for f in features)
    assert any("The maps differ" in f["properties"]["note"] for f in unknown)
    assert bytes_of(small) == before


def test_no_consensus_gets_into_control(folder, theirs, tmp_path, small):
    made = compared(folder, theirs)
    patches = made.consensus(DAY)
    inside = small / "control" / "2017-09-01.geojson"
    with pytest.raises(GeoError, match="lies in the layers folder"):
        save_consensus(inside, patches, day=DAY, maps="m", layers=small)
    assert not inside.exists()
    path = save_consensus(tmp_path / "c.geojson", patches, day=DAY, maps="m", layers=small)
    data = path.read_bytes()
    named = data.replace(b'"consensus":', b'"other":').replace(b'"date":', b'"day":')
    marked = data.replace(b'"id": "consensus-', b'"id": "ctl-')
    for disguised in (data, named, marked):
        with pytest.raises(SchemaError) as refused:
            parse_geojson(disguised, schema=CONTROL, file="control/2017-09-01.geojson")
        assert "control.consensus" in {issue.code for issue in refused.value.issues}


# ---------------------------------------------------------------- page and picture


def test_a_page_tells_everything_without_a_script_and_escapes_what_it_quotes(folder, theirs):
    made = compared(folder, theirs)
    named = Comparison(folder, made.other, name="<b>ours</b>")
    text = compare_page(named, DAY)
    assert text == compare_page(named, DAY)
    assert "<b>ours" not in text
    assert "&lt;b&gt;ours" in text
    assert text.count("<img ") == 3
    assert text.count("<table") >= 5
    assert "default-src 'none'" in html.unescape(text)
    assert 'dir="rtl"' in compare_page(made, DAY, language="ar")


def test_a_picture_says_how_much_is_seen_alike(folder, theirs, small):
    made = compared(folder, theirs)
    still = contrast_still(made, DAY)
    share = made.agreement()["share"][0]
    assert f"{share:.0%}" in still.alt
    assert still.render("png") == contrast_still(made, DAY).render("png")
    same = contrast_still(compared(folder, small, DAY), DAY)
    assert "100%" in same.alt
    with pytest.raises(ValueError, match="language"):
        contrast_still(made, DAY, language="xx")


def test_every_table_has_as_many_cells_in_each_column(folder, theirs):
    made = compared(folder, theirs)
    for name in TABLES:
        assert len({len(column) for column in made.table(name).values()}) == 1, name
    told = made.to_dict()
    assert json.loads(json.dumps(told)) == told


# ---------------------------------------------------------------- the case, and a rival


@pytest.mark.slow
def test_the_case_beside_the_nearest_place(shipped, tmp_path):
    folder = read_folder(shipped)
    days = [dt.date(2017, 7, 31), dt.date(2017, 8, 2)]
    for day in days:
        nearest_map(folder, day, tmp_path / f"{day}.geojson")
    made = compared(folder, tmp_path)
    sides = made.by_side()
    assert made.days == tuple(days)
    # By hand: shapely alone, areas in a projection that keeps them.
    import numpy as np
    import pyproj

    flat = pyproj.Transformer.from_crs(
        4326, pyproj.CRS.from_proj4("+proj=cea +lat_ts=33.5 +lon_0=37.5"), always_xy=True
    )

    def km2(shape):
        fine = shapely.segmentize(shape, 0.01)
        return shapely.transform(fine, lambda xy: np.column_stack(flat.transform(*xy.T))).area / 1e6

    for day, side, overlap, both in zip(
        *(sides[k] for k in ("date", "side", "overlap", "both_km2")), strict=True
    ):
        ours = shapely.union_all(
            [
                p.geometry
                for p in folder.patches(day)
                if folder.sides.get(p.label.controller) == side
            ]
        )
        features = json.loads((tmp_path / f"{day}.geojson").read_text())["features"]
        shapes = [
            shapely.geometry.shape(f["geometry"])
            for f in features
            if f["properties"]["controller"] == side
        ]
        common = shapely.intersection(ours, shapely.union_all(shapes))
        assert both == pytest.approx(km2(common), rel=1e-4)
        assert overlap == pytest.approx(
            km2(common) / km2(shapely.union(ours, shapely.union_all(shapes))), rel=1e-4
        )


def test_two_real_fronts_lie_as_far_apart_as_was_measured_elsewhere(shared, tmp_path):
    control = shared / "data" / "wwi-fronts" / "control"
    layers = tmp_path / "layers"
    import_into(layers, "control-geojson", control / "1917-04-09.geojson", publisher="test")
    folder = read_folder(layers)
    other = read_other(control / "1918-07-19.geojson", known=folder.sides)
    made = Comparison(folder, other)
    assert made.days == (dt.date(1918, 7, 19),)
    pairs = zip(*(made.pairs()[k] for k in ("here", "there", "area_km2")), strict=True)
    areas = {(here, there): km2 for here, there, km2 in pairs}
    # The notice of the data has these, measured by other means, with edges that are geodesic.
    assert areas["entente", "central_powers"] == pytest.approx(10_031, rel=1e-3)
    assert areas.get(("central_powers", "entente"), 0) == pytest.approx(0, abs=1)
    fronts = made.fronts()
    assert fronts["left"] == ["central_powers"]
    assert fronts["signed_km"][0] > 0  # the second map favours the side on the left
    assert fronts["here_km"][0] == pytest.approx(661, abs=1)
    assert fronts["there_km"][0] == pytest.approx(781, abs=1)
