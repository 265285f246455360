"""What GDAL reads is read back by GDAL: GeoPackage, FlatGeobuf, GeoJSON, TopoJSON."""

import csv

import pytest
import shapely
from shaped import SHAPES

from geo.exchange.catalog import FORMATS
from tests.exports import HOSTILE, assert_same_control, hostile, made, one, read_with_gdal


@pytest.mark.parametrize(
    ("to", "layer"),
    [
        ("gpkg", "control"),
        ("flatgeobuf", None),
        ("geojson-intervals", None),
        ("topojson", "control"),
    ],
)
@pytest.mark.parametrize("which", ["little", "case"])
def test_control_reads_back_in_gdal(to, layer, which, request, tmp_path):
    read, composite = request.getfixturevalue(which)
    data = one(read, composite, to)
    frame = read_with_gdal(data, FORMATS[to].suffix, tmp_path, layer)
    assert_same_control(frame, composite)
    assert frame["valid_from"].dtype.kind == "M"
    names = set(frame["controller_name"].dropna())
    assert names <= {row.values["name"] for row in read.actors.rows}


@pytest.mark.parametrize("to", ["geojson-intervals", "flatgeobuf"])
@pytest.mark.parametrize("layer", ["events", "places"])
def test_points_read_back_in_gdal(to, layer, case, tmp_path):
    read, composite = case
    data = one(read, composite, to, layer=layer)
    frame = read_with_gdal(data, FORMATS[to].suffix, tmp_path)
    expected = {f.id: f for f in (read.events if layer == "events" else read.places.values())}
    assert set(frame["id"]) == set(expected)
    for name, point in zip(frame["id"], frame.geometry, strict=True):
        known = expected[name].geometry
        assert (point is None) == (known is None)
        assert point is None or is_same(point, known)


def test_lines_and_areas_read_back_from_a_topology(case, tmp_path):
    read, composite = case
    data = one(read, composite, "topojson")
    frame = read_with_gdal(data, FORMATS["topojson"].suffix, tmp_path, "places")
    drawn = dict(zip(frame["id"], frame.geometry, strict=True))
    shapes = [p for p in read.places.values() if p.geometry and p.geometry.geom_type != "Point"]
    assert shapes
    for place in shapes:
        read_back = shapely.normalize(drawn[place.id])
        assert is_same(read_back, shapely.normalize(place.geometry), 1e-6), place.id


def is_same(shape, known, slack=1e-9):
    """Whether the parts are the same; a format may hold one part as the only one of many."""
    one, other = shapely.get_parts(shape), shapely.get_parts(known)
    return len(one) == len(other) and bool(shapely.equals_exact(one, other, slack).all())


def test_geopackage_holds_every_table_and_the_credits(case, tmp_path):
    import pyogrio

    read, composite = case
    path = tmp_path / "out.gpkg"
    path.write_bytes(one(read, composite, "gpkg"))
    held = {str(name) for name in pyogrio.list_layers(path)[:, 0]}
    assert {"control", "events", "places", "statements", "sources", "areas"} <= held
    info = pyogrio.read_info(path, layer="control")
    assert info["dataset_metadata"]["about_attribution"] == read.theatre.properties["attribution"]
    assert dict(zip(info["fields"], info["ogr_types"], strict=True))["valid_to"] == "OFTDate"
    rows = pyogrio.read_dataframe(path, layer="statements", read_geometry=False)
    assert len(rows) == len(read.statements.rows)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("to", ["gpkg", "flatgeobuf", "geojson-intervals"])
def test_text_survives_as_text_in_gdal(text, to, little, tmp_path):
    read, composite = little
    data = one(hostile(read, text), composite, to)
    layer = "control" if to == "gpkg" else None
    frame = read_with_gdal(data, FORMATS[to].suffix, tmp_path, layer)
    assert set(frame["note"]) == {text}


@pytest.mark.parametrize("to", ["flatgeobuf", "kml", "geojson-intervals"])
def test_lines_and_areas_of_places_read_back_in_gdal(to, shaped, tmp_path):
    read, composite = made(shaped)
    options = {} if to == "kml" else {"layer": "places"}
    data = one(read, composite, to, **options)
    layer = "Places" if to == "kml" else None
    frame = read_with_gdal(data, FORMATS[to].suffix, tmp_path, layer)
    found = dict(zip(frame["id2" if "id2" in frame else "id"], frame.geometry, strict=True))
    assert set(found) == set(read.places)
    for name, place in read.places.items():
        if place.geometry is None:
            assert found[name] is None
        else:
            assert shapely.equals(shapely.set_precision(found[name], 1e-6), place.geometry), name


def test_a_geopackage_has_places_by_their_kind_of_geometry(shaped, tmp_path):
    read, composite = made(shaped)
    data = one(read, composite, "gpkg")
    found = {}
    for name, kinds in [
        ("places", {"Point"}),
        ("places_lines", {"MultiLineString"}),
        ("places_areas", {"MultiPolygon"}),
    ]:
        frame = read_with_gdal(data, ".gpkg", tmp_path, name)
        assert set(frame.geom_type.dropna()) == kinds
        found |= dict(zip(frame["id"], frame.geometry, strict=True))
    assert set(found) == set(read.places)
    assert shapely.get_coordinates(found["night_march"]).tolist() == SHAPES["night_march"][2]
    styled = read_with_gdal(data, ".gpkg", tmp_path, "layer_styles")
    assert {"places", "places_lines", "places_areas"} <= set(styled["f_table_name"])


def test_a_table_gives_the_middle_of_a_line_or_an_area(shaped):
    read, composite = made(shaped)
    text = one(read, composite, "csv", layer="places").decode("utf-8-sig")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = {row["id"]: row for row in csv.DictReader(lines)}
    # The line runs from 33.05 over 33.5 to 33.95, a little aslant behind the middle.
    assert float(rows["front_line"]["lon"]) == pytest.approx(37.5, abs=1e-4)
    assert float(rows["front_line"]["lat"]) == pytest.approx(33.5, abs=1e-4)
    lon, lat = (float(rows["the_pocket"][name]) for name in ("lon", "lat"))
    assert shapely.contains_xy(read.places["the_pocket"].geometry, lon, lat)
