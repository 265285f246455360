"""Files that came back from other programs and were refused whole, and their brothers."""

import json

import pytest
import shapely

from geo.crs import area_km2
from geo.layers.folder import read_folder

DAY = "2024-07-08"


@pytest.fixture
def theatre(cases, frontline, tmp_path):
    root = tmp_path / "th"
    path = cases("f12") / f"m_{DAY}.geojson"
    assert frontline("import", "control-geojson", path, "--into", root)[0] == 0
    return root


def layer_of(root):
    return json.loads((root / "control" / f"{DAY}.geojson").read_text())


def save(frontline, root, document, tmp_path, *options):
    path = tmp_path / "back.geojson"
    path.write_text(json.dumps(document))
    return frontline("save", path, DAY, "--layers", root, "--yes", *options)


@pytest.mark.parametrize("name", ["float", "bool", "simplestyle", "umap"])
def test_what_no_column_holds_is_left_out_with_one_line(name, cases, theatre, frontline):
    before = layer_of(theatre)
    code, _, told = frontline("save", cases("f12") / f"{name}.geojson", DAY, "--layers", theatre)
    assert code == 0, told
    assert told.count("left out") == 1
    assert layer_of(theatre) == before


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("text", True),
        (7, True),
        (1.5, False),
        (True, False),
        ([1, 2], False),
        ({"a": 1}, False),
        (2**60, False),
        (1e300, False),
        ([], False),
    ],
    ids=repr,
)
def test_a_property_of_any_type_stops_no_save(value, kept, theatre, frontline, tmp_path):
    document = layer_of(theatre)
    document["features"][0]["properties"]["extra"] = value
    code, _, told = save(frontline, theatre, document, tmp_path)
    assert code == 0, told
    held = layer_of(theatre)["features"][0]["properties"]
    assert (held.get("extra") == value) == kept
    assert ("extra (1)" in told) != kept


def test_a_style_on_every_patch_is_one_line(theatre, frontline, tmp_path):
    document = layer_of(theatre)
    for one in document["features"]:
        one["properties"] |= {"stroke": "#555555", "stroke-width": 2, "fill-opacity": 0.5}
    code, _, told = save(frontline, theatre, document, tmp_path)
    assert code == 0, told
    assert "fill-opacity (2), stroke (2), stroke-width (2)" in told


def test_our_own_columns_are_as_strict_as_ever(theatre, frontline, tmp_path):
    document = layer_of(theatre)
    document["features"][0]["properties"]["note"] = 1.5
    code, _, told = save(frontline, theatre, document, tmp_path)
    assert (code, "note is 1.5" in told) == (1, True)


def with_parts(document, *rings):
    shape = document["features"][0]["geometry"]
    shape["coordinates"] = [shape["coordinates"], *([ring] for ring in rings)]
    shape["type"] = "MultiPolygon"


SPECK = [[37.5, 48.5], [37.5000001, 48.5], [37.5000001, 48.5000001], [37.5, 48.5]]
NEEDLE = [[37.5, 48.5], [37.6, 48.5], [37.55, 48.5], [37.5, 48.5]]


@pytest.mark.parametrize("ring", [SPECK, NEEDLE], ids=["speck", "needle"])
def test_parts_without_ground_are_left_out_and_said(ring, theatre, frontline, tmp_path):
    before = layer_of(theatre)
    document = layer_of(theatre)
    with_parts(document, ring)
    code, _, told = save(frontline, theatre, document, tmp_path)
    assert code == 0, told
    assert "are left: 1 of 2 parts" in told
    assert layer_of(theatre) == before


@pytest.mark.parametrize("kind", ["Curve", "MultiSurface", None, "GeometryCollection"])
def test_what_is_no_geometry_is_refused_cleanly(kind, theatre, frontline, tmp_path):
    document = layer_of(theatre)
    document["features"][0]["geometry"] = {"type": kind, "geometries": [{"type": "Point"}]}
    code, _, told = save(frontline, theatre, document, tmp_path)
    assert code == 1
    assert "nothing was written" in told


def test_a_collection_comes_back_as_its_areas(cases, theatre, frontline):
    before = layer_of(theatre)
    path = cases("f09") / "save.geojson"
    code, _, told = frontline("save", path, DAY, "--layers", theatre, "--yes")
    assert code == 0, told
    assert layer_of(theatre) == before


@pytest.mark.parametrize("repair", [False, True])
def test_an_area_is_repaired_only_when_asked(repair, theatre, frontline, tmp_path):
    document = layer_of(theatre)
    ring = document["features"][0]["geometry"]["coordinates"][0]
    # The border goes on to a point within and back along the same line.
    ring.insert(2, [37.1, 48.0])
    ring[1:3] = [[37.2, 48.0], [37.3, 48.0], [37.2, 48.0]]
    options = ["--repair"] * repair
    code, _, told = save(frontline, theatre, document, tmp_path, *options)
    assert code == (0 if repair else 1), told
    assert ("km2 before" in told) == repair
    (first, *_) = read_folder(theatre).control.values()
    whole = shapely.box(37, 48, 37.4, 48.2)
    held = sum(float(area_km2(f.geometry)[0]) for f in first.features)
    assert held == pytest.approx(float(area_km2(whole)[0]))
