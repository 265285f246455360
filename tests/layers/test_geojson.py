import dataclasses
import json
import math
import os
import random
import subprocess
import sys
import textwrap
from itertools import pairwise

import numpy as np
import orjson
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from shapely.testing import assert_geometries_equal
from thoroughness import examples

from geo.errors import SchemaError
from geo.layers import geojson
from geo.layers.folder import read_folder, write_control
from geo.layers.geojson import canonical
from geo.layers.geojson import features as checked_features
from geo.layers.shapes import areas as checked_areas
from geo.layers.shapes import flatten
from geo.model import CONTEXT, CONTROL, EVENTS, PLACES, Feature

PROPERTIES = {
    "controller": "opposition",
    "controllers": None,
    "status": "controlled",
    "basis": "assessed",
    "confidence": "high",
    "statement_ids": None,
    "source_ids": "sohr-1;un-2",
    "note": 'قال "نعم" \\ سطر\nثان',
}
SQUARE = [[[37.0, 33.0], [37.5, 33.0], [37.5, 33.25], [37.0, 33.25], [37.0, 33.0]]]


def patch(name="ctl-0001", geometry=None, **properties):
    geometry = shapely.Polygon(SQUARE[0]) if geometry is None else geometry
    return Feature(name, {"id": name} | PROPERTIES | properties, geometry)


def feature(name="ctl-0001", coordinates=SQUARE, kind="Polygon", **properties):
    return {
        "type": "Feature",
        "properties": {"id": name} | PROPERTIES | properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def text(*features, **members):
    collection = {"type": "FeatureCollection", **members, "features": list(features)}
    return (json.dumps(collection, indent=1, ensure_ascii=False) + "\n").encode()


def read(data, schema=CONTROL, **more):
    return geojson.parse_geojson(data, schema=schema, file="layer.geojson", **more)


def fmt(data, schema=CONTROL, **more):
    return geojson.fmt_geojson(data, schema=schema, file="layer.geojson", **more)


def faults(data, schema=CONTROL, **more):
    with pytest.raises(SchemaError) as error:
        read(data, schema, **more)
    return [issue for issue in error.value.issues if issue.severity == "error"]


def codes(data, schema=CONTROL, **more):
    return [issue.code for issue in faults(data, schema, **more)]


def warnings(data, schema=CONTROL, **more):
    return [issue.code for issue in read(data, schema, **more).issues]


# --- the canonical text -----------------------------------------------------

CANONICAL = """{
"type": "FeatureCollection",
"features": [
{
 "type": "Feature",
 "properties": {
  "id": "ctl-0001",
  "controller": "opposition",
  "controllers": null,
  "status": "controlled",
  "basis": "assessed",
  "confidence": "high",
  "statement_ids": null,
  "source_ids": "sohr-1;un-2",
  "note": "حلب"
 },
 "geometry": {
  "type": "Polygon",
  "coordinates": [
   [[37.0,33.0],[38.0,33.0],[38.0,34.0],[37.0,34.123457],[37.0,33.0]],
   [[37.2,33.2],[37.2,33.4],[37.4,33.2],[37.2,33.2]],
   [[37.6,33.5],[37.6,33.7],[37.8,33.5],[37.6,33.5]]
  ]
 }
},
{
 "type": "Feature",
 "properties": {
  "id": "ctl-0002",
  "controller": "opposition",
  "controllers": null,
  "status": "controlled",
  "basis": "assessed",
  "confidence": "high",
  "statement_ids": null,
  "source_ids": "sohr-1;un-2",
  "note": null,
  "zz": 3
 },
 "geometry": {
  "type": "MultiPolygon",
  "coordinates": [
   [
    [[-0.000001,0.0],[0.00002,0.0],[0.00002,0.00002],[-0.000001,0.0]]
   ],
   [
    [[37.0,33.0],[38.0,33.0],[38.0,34.0],[37.0,34.0],[37.0,33.0]],
    [[37.2,33.2],[37.2,33.4],[37.4,33.2],[37.2,33.2]]
   ]
  ]
 }
}
]
}
"""


def canonical_features():
    first = shapely.Polygon(
        [(38, 34), (37, 34.1234567), (37, 33), (38, 33)],
        [
            [(37.6, 33.5), (37.8, 33.5), (37.6, 33.7)],
            [(37.4, 33.2), (37.2, 33.2), (37.2, 33.4)],
        ],
    )
    second = shapely.MultiPolygon(
        [
            shapely.Polygon(
                [(38, 33), (37, 33), (37, 34), (38, 34)],
                [[(37.4, 33.2), (37.2, 33.4), (37.2, 33.2)]],
            ),
            shapely.Polygon([(0.00002, 0.00002), (-0.000001, -0.0), (0.00002, 0)]),
        ]
    )
    return [
        patch("ctl-0002", second, note=None, zz=3),
        patch("ctl-0001", first, note="حلب"),
    ]


def test_the_text_is_exactly_this():
    assert geojson.dump_geojson(canonical_features(), schema=CONTROL).decode() == CANONICAL


def test_the_text_is_read_back_without_complaint_but_of_the_unknown_key_and_the_sliver():
    layer = read(CANONICAL.encode())
    assert [issue.code for issue in layer.issues] == ["props.unknown", "geom.sliver"]
    assert [f.id for f in layer.features] == ["ctl-0001", "ctl-0002"]
    assert [f.line for f in layer.features] == [4, 26]
    assert layer.features[1].properties["zz"] == 3
    assert len(layer.digest) == 64


def test_points_and_lines_stand_on_one_line():
    places = [
        Feature("aa", {"id": "aa", "name": "A", "kind": "town", "coord_method": "located"}, g)
        for g in (shapely.Point(37.5, 33),)
    ]
    nowhere = Feature("bb", {"id": "bb", "name": "B", "kind": "town", "coord_method": "none"}, None)
    written = geojson.dump_geojson([nowhere, *places], schema=PLACES).decode()
    assert '\n  "coordinates": [37.5,33.0]\n' in written
    assert '\n "geometry": null\n' in written
    roads = [
        Feature(name, {"id": name, "kind": "road", "accuracy": "schematic"}, shapely.from_wkt(wkt))
        for name, wkt in [
            ("r1", "LINESTRING (1 2, 3 4, 1 2)"),
            ("r2", "MULTILINESTRING ((5 6, 7 8), (1 2, 3 4))"),
            ("r3", "MULTIPOINT ((5 6), (1 2))"),
        ]
    ]
    written = geojson.dump_geojson(roads, schema=CONTEXT).decode()
    assert '"coordinates": [[1.0,2.0],[3.0,4.0],[1.0,2.0]]\n' in written
    assert '"coordinates": [\n   [[1.0,2.0],[3.0,4.0]],\n   [[5.0,6.0],[7.0,8.0]]\n  ]\n' in written
    assert '"coordinates": [[1.0,2.0],[5.0,6.0]]\n' in written
    again = geojson.parse_geojson(written.encode(), schema=CONTEXT, file="")
    assert [f.geometry.geom_type for f in again.features] == [
        "LineString",
        "MultiLineString",
        "MultiPoint",
    ]


def test_an_empty_layer_is_written_and_read_with_a_warning():
    data = geojson.dump_geojson([], schema=CONTROL)
    assert data == b'{\n"type": "FeatureCollection",\n"features": [\n]\n}\n'
    assert warnings(data) == ["layer.empty"]
    assert warnings(b'{"type": "FeatureCollection", "features": []}') == [
        "layer.empty",
        "fmt.newline",
        "fmt.layout",
    ]


# --- laws -------------------------------------------------------------------

texts = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
degrees = st.integers(-170_000_000, 170_000_000)


@st.composite
def stars(draw, west=36.0, south=33.0):
    """A ring round a centre: never crosses itself."""
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(0.01, 0.4), min_size=count, max_size=count))
    turn = draw(st.floats(0, 6))
    return [
        (
            west + r * math.cos(turn + 2 * math.pi * k / count),
            south + r * math.sin(turn + 2 * math.pi * k / count),
        )
        for k, r in enumerate(radii)
    ]


@st.composite
def areas(draw):
    """A polygon, with a hole or not, or several parts."""
    shells = [draw(stars(36.0 + n)) for n in range(draw(st.integers(1, 3)))]
    holes = [
        [
            shapely.transform(
                shapely.LinearRing(s), lambda xy, x=36.0 + n: (xy - [x, 33]) * 0.3 + [x, 33]
            )
        ]
        if draw(st.booleans())
        else []
        for n, s in enumerate(shells)
    ]
    polygons = [shapely.Polygon(s, h) for s, h in zip(shells, holes, strict=True)]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


@st.composite
def layers(draw):
    """Patches with ids of their own and clean texts."""
    names = draw(st.lists(st.integers(0, 99), max_size=4, unique=True))
    return [
        patch(f"ctl-{n:04d}", draw(areas()), note=draw(st.sampled_from([None, "a", "حلب", '"\\'])))
        for n in names
    ]


def is_sound(features):
    """Whether rounding to the grid leaves the areas valid."""
    return all(
        shapely.is_valid(shapely.transform(f.geometry, lambda xy: np.round(xy, 6)))
        for f in features
    )


@given(layers())
def test_what_is_written_is_read_back(features):
    assume(is_sound(features))
    written = geojson.dump_geojson(features, schema=CONTROL)
    layer = read(written)
    assert not any(issue.fixable for issue in layer.issues)
    assert [f.id for f in layer.features] == sorted(f.id for f in features)
    by_id = {f.id: f for f in features}
    for one in layer.features:
        assert one.properties == by_id[one.id].properties
        assert shapely.is_valid(one.geometry)
        assert shapely.hausdorff_distance(one.geometry, by_id[one.id].geometry) < 1e-6
        lines = written.split(b"\n")
        assert lines[one.line - 1] == b"{"
        assert one.id.encode() in lines[one.line + 2]
    assert geojson.dump_geojson(layer.features, schema=CONTROL) == written
    assert fmt(written) == (written, ())


def shuffled(value, rng):
    """The same layer, told another way round."""
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return value


def turned(ring, rng):
    ring = ring[:-1]
    start = rng.randrange(len(ring))
    ring = ring[start:] + ring[:start]
    if rng.random() < 0.5:
        ring.reverse()
    return [*ring, ring[0]]


def disordered(data, seed):
    """Shuffle features, keys, parts, holes; turn rings; write with other white space."""
    rng = random.Random(seed)
    collection = json.loads(data)
    for one in collection["features"]:
        geometry = one["geometry"]
        multi = geometry["type"] == "MultiPolygon"
        parts = geometry["coordinates"] if multi else [geometry["coordinates"]]
        parts = [
            [turned(r, rng) for r in (part[:1] + rng.sample(part[1:], len(part) - 1))]
            for part in parts
        ]
        rng.shuffle(parts)
        geometry["coordinates"] = parts if multi else parts[0]
    rng.shuffle(collection["features"])
    collection["features"] = [shuffled(f, rng) for f in collection["features"]]
    return json.dumps(shuffled(collection, rng), indent=rng.choice([None, 1, 2])).encode()


@given(layers(), st.integers())
@example(canonical_features(), 1)
def test_the_order_of_anything_gives_the_same_bytes(features, seed):
    assume(is_sound(features))
    written = geojson.dump_geojson(features, schema=CONTROL)
    again, _ = fmt(disordered(written, seed))
    assert again == written


@pytest.mark.parametrize("seed", range(8))
def test_holes_and_parts_that_begin_alike_have_one_order(seed):
    # From one place, or from the same longitude, or the same latitude.
    squares = [(0.2, 0.2), (0.2, 0.6), (0.6, 0.2), (0.6, 0.6)]
    holes = [[(x, y), (x, y + 0.1), (x + 0.1, y + 0.05)] for x, y in squares]
    holes += [[(0.2, 0.6), (0.3, 0.59), (0.3, 0.5)], [(0.2, 0.6), (0.1, 0.69), (0.1, 0.5)]]
    outer = [(0, 0), (1, 0), (1, 1), (0, 1)]
    corners = [(2, 0), (2, 2), (4, 0), (4, 2)]
    parts = [shapely.Polygon(outer, holes)]
    parts += [shapely.Polygon([(x, y), (x + 1, y), (x + 1, y + 1)]) for x, y in corners]
    parts += [
        shapely.Polygon([(2, 2), (3, 3.5), (3, 4)]),
        shapely.Polygon([(2, 2), (2, 4), (1, 4)]),
    ]
    written = geojson.dump_geojson([patch(geometry=shapely.MultiPolygon(parts))], schema=CONTROL)
    assert fmt(disordered(written, seed))[0] == written
    line = "MULTILINESTRING ((0 0, 1 1, 3 0), (0 0, 1 1, 2 0), (0 0, 1 1), (0 0, 0 1))"
    one, other = (
        Feature("r1", {"id": "r1", "kind": "road", "accuracy": "schematic"}, geometry)
        for geometry in (shapely.from_wkt(line), shapely.reverse(shapely.from_wkt(line)))
    )
    turned_back = dataclasses.replace(
        one, geometry=shapely.MultiLineString(list(shapely.get_parts(one.geometry))[::-1])
    )
    assert geojson.dump_geojson([one], schema=CONTEXT) == geojson.dump_geojson(
        [turned_back], schema=CONTEXT
    )
    assert geojson.dump_geojson([one], schema=CONTEXT) != geojson.dump_geojson(
        [other], schema=CONTEXT
    )


@given(st.lists(st.tuples(degrees, degrees), min_size=1, max_size=6))
@example([(0, -1), (10, 999), (1000, 0)])
def test_every_number_on_the_grid_is_written_with_its_decimals(steps):
    xy = [(x / 1e6, y / 2e6 // 1e-6 / 1e6) for x, y in steps]
    point = Feature(
        "p1", {"id": "p1", "kind": "road", "accuracy": "schematic"}, shapely.MultiPoint(xy)
    )
    written = geojson.dump_geojson([point], schema=CONTEXT).decode()
    line = next(line for line in written.split("\n") if "coordinates" in line)
    assert "e" not in line.partition(":")[2]
    assert "-0.0]" not in line
    numbers = line.partition(":")[2].replace("[", "").replace("]", "").split(",")
    assert [float(n) for n in numbers] == [v for p in sorted(xy) for v in np.round(p, 6)]
    assert all(1 <= len(n.strip().partition(".")[2]) <= 6 for n in numbers)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    for call in (read, fmt):
        try:
            call(data)
        except SchemaError as error:
            assert error.issues
            str(error).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "features", "properties", "geometry", "coordinates", "id", "crs"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    json_values, st.sampled_from(["root", "member", "feature", "properties", "coordinates", "ring"])
)
@settings(max_examples=examples(300))
def test_any_json_in_any_place_is_read_or_refused(value, place):
    one = feature()
    collection = {"type": "FeatureCollection", "features": [one]}
    if place == "root":
        collection = value
    elif place == "member":
        collection["extra"] = value
    elif place == "feature":
        one["geometry"] = value
    elif place == "properties":
        one["properties"] = value
    elif place == "coordinates":
        one["geometry"]["coordinates"] = value
    else:
        one["geometry"]["coordinates"] = [[*SQUARE[0][:2], value, *SQUARE[0][2:]]]
    data = json.dumps(collection).encode()
    try:
        written, _ = fmt(data)
    except SchemaError as error:
        str(error).encode()
    else:
        assert fmt(written) == (written, ())


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
@settings(max_examples=examples(300))
def test_a_damaged_canonical_file_is_never_read_as_something_else(at, damage):
    data = CANONICAL.encode()
    at %= len(data)
    broken = data[:at] + damage + data[at + len(damage) :]
    try:
        layer = read(broken)
    except SchemaError:
        return
    plain = orjson.loads(broken.lstrip(b"\xef\xbb\xbf"))
    by_id = {f["properties"]["id"]: f for f in plain["features"]}
    assert sorted(by_id) == [f.id for f in layer.features]
    for one in layer.features:
        theirs = shapely.geometry.shape(by_id[one.id]["geometry"])
        assert shapely.hausdorff_distance(one.geometry, theirs) < 2e-6
        assert one.properties["status"] == by_id[one.id]["properties"]["status"]


def told(data):
    """Return what is read, or what is wrong, without the shortcuts for canonical files."""
    shortcuts = canonical.parse_canonical, canonical.parse_laid_out
    canonical.parse_canonical = canonical.parse_laid_out = lambda _: None
    try:
        return read(data)
    except SchemaError as error:
        return error.issues
    finally:
        canonical.parse_canonical, canonical.parse_laid_out = shortcuts


@given(st.integers(0, 10**6), st.integers(0, 3), st.binary(max_size=3))
@settings(max_examples=examples(300))
@example(0, 0, b"")
def test_the_shortcut_for_canonical_files_sees_what_the_strict_reader_sees(at, removed, added):
    data = CANONICAL.encode()
    at %= len(data)
    data = data[:at] + added + data[at + removed :]
    try:
        assert read(data) == told(data)
    except SchemaError as error:
        assert error.issues == told(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"note": "حلب"', '"note": "a",\n  "note": "حلب"'),
        ('"note": "حلب"', '"note": "\\u062d\\u0644\\u0628"'),
        ("[37.0,33.0]", "[37.00,33.0]"),
        ("[37.0,33.0]", "[3.70e1,33.0]"),
        ("[37.0,33.0]", "[37,33.0]"),
        (' "type": "Feature",', ' "type": "Feature", '),
        ('"features": [', '"features": [],\n"features": ['),
        ("]\n}\n", "]\n}\n\n"),
        ("]\n}\n", "]\n}"),
    ],
)
def test_what_the_shortcut_could_pass_over_is_left_to_the_strict_reader(old, new):
    data = CANONICAL.replace(old, new, 1).encode()
    assert data != CANONICAL.encode()
    try:
        assert any(issue.fixable for issue in read(data).issues)
    except SchemaError as error:
        assert {issue.code for issue in error.issues} >= {"json.dupkey"}


PLAIN = "[[37.0,33.0],[-0.5,33.000001],[0.0,7.25],[123.456789,-9.1]]"


def laid_out(*rings):
    lines = ",\n   ".join(rings)
    head = '{\n"type": "FeatureCollection",\n"features": [\n{\n "geometry": [\n   '
    return canonical.parse_laid_out(f"{head}{lines}\n ]\n}}\n]\n}}\n".encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[37.0,33.0]", "[37.00,33.]"),
        ("[37.0,33.0]", "[37,33.000]"),
        ("[37.0,33.0]", "[37.,33.00]"),
        ("[37.0,33.0]", "[370e-1,3.3e1]"),
        ("[37.0,33.0]", "[37.0 ,33.0]"),
        ("[37.0,33.0]", "[+37.0,33.0]"),
        ("[37.0,33.0]", "[037.0,33.0]"),
        ("[37.0,33.0]", "3[7.0,33.0]"),
        ("[37.0,33.0]", "[37.0,33.]0"),
        ("[37.0,33.0],", "[37.0,33.0,"),
        ("[37.0,33.0],", "[37.0],[33.0],"),
        ("[37.0,33.0],", "[37.0,33.0,1.0],"),
        ("[37.0,33.0],", "[37.0,33.0]],[["),
        ("0.0,7.25", "-0.0,7.2"),
        ("0.0,7.25", "0.0,7.250"),
        ("33.000001", "33.0000010"),
        ("33.000001", "33.0000001"),
        ("123.456789", "1234.45678"),
        ("-9.1]]", "-9.1]],"),
        ("-9.1]]", "--9.1]]"),
    ],
)
def test_a_ring_that_is_spelt_in_another_way_takes_no_shortcut(old, new):
    assert laid_out(PLAIN, PLAIN).rings.xy.tolist() == 2 * json.loads(PLAIN)
    assert PLAIN.count(old) == 1
    assert laid_out(PLAIN, PLAIN.replace(old, new)) is None
    assert laid_out(PLAIN.replace(old, new), PLAIN) is None


@given(
    st.lists(
        st.tuples(*[st.integers(0, 200)] * 2, st.sampled_from("0123456789.-,[]e ")), max_size=4
    )
)
@example([(2, 0, " ")])  # a space before a ring is no part of it
@settings(max_examples=examples(500))
def test_a_ring_takes_the_shortcut_only_as_the_writer_would_spell_it(moves):
    ring = list(PLAIN)
    for out, into, character in moves:
        del ring[out % len(ring)]
        ring.insert(into % len(ring), character)
    document = laid_out(PLAIN, "".join(ring))
    if document is None:
        return
    # Rings as the writer spells them, between what stays and is compared as a whole.
    sequences = pairwise(document.rings.sequences.tolist())
    spelt = [orjson.dumps(document.rings.xy[i:k].tolist()) for i, k in sequences]
    pieces = zip(document.around, [*spelt, b""], strict=True)
    assert b"".join(part for piece in pieces for part in piece) == document.data


def test_a_space_before_a_ring_is_seen_by_the_reader():
    before, line = "   [[37.0,33.0],[38.0,33.0]", CANONICAL
    assert line.count("\n" + before) == 1
    data = line.replace("\n" + before, "\n " + before).encode()
    assert [issue.code for issue in read(data).issues if issue.fixable] == ["fmt.layout"]


@pytest.mark.parametrize("piece", [1, 60, 10**6])
def test_rings_parsed_piece_by_piece_are_the_same(monkeypatch, piece):
    monkeypatch.setattr(canonical, "_PIECE", piece)
    rings = laid_out(*[PLAIN] * 5).rings
    assert rings.sequences.tolist() == [0, 4, 8, 12, 16, 20]
    assert rings.xy.tolist() == 5 * json.loads(PLAIN)


RING = "   [[37.2,33.2],[37.2,33.4],[37.4,33.2],[37.2,33.2]]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (RING, "   1"),
        (RING, "   true"),
        (RING, "   [1]"),
        (RING, "   [[1]]"),
        (RING, RING + ",\n" + RING),
        (RING, RING.replace("],[", "][", 1)),
        (RING, RING.replace("],[", ",", 1)),
        (RING, RING.replace("37.4,33.2", "37.4,33.2,0.0")),
        (RING, RING.replace("37.4,33.2", "37.4")),
        (RING, RING.replace("37.4,33.2", "37.4,[33.2]")),
        (RING, RING.replace("37.4,33.2", "37.4,true")),
        (RING, RING.replace("37.4,33.2", "37.4,null")),
        (RING, RING.replace("37.4,33.2", '37.4,"33.2"')),
        (RING, RING.replace("37.4,33.2", "37.4,1e999")),
        (RING, RING.replace("37.4,33.2", "37.4,33.20")),
        (RING, RING.replace("37.4,33.2", "37.4,33.2000001")),
        (RING, RING.replace("37.4,33.2", "937.4,33.2")),
        (RING, RING.replace("37.4,33.2", "37.2,33.3")),
        (RING + ",", RING),
        (RING, RING[1:]),
        (RING, RING[:-1]),
        (RING, RING.replace("],[", "],\n   [", 1)),
        ('"type": "Polygon"', '"type": "MultiPolygon"'),
        ('"type": "Polygon"', '"type": "LineString"'),
    ],
)
def test_a_ring_that_is_none_is_read_or_refused_as_by_the_strict_reader(old, new):
    assert old in CANONICAL
    data = CANONICAL.replace(old, new, 1).encode()
    try:
        ours = read(data)
    except SchemaError as error:
        ours = error.issues
    assert ours == told(data)


def test_a_layer_with_members_beside_its_features_is_not_written_over(small):
    path = small / "control/2017-08-01.geojson"
    typed = path.read_bytes().replace(b'"features": [', b'"seen": "by me",\n"features": [', 1)
    path.write_bytes(typed)
    folder = read_folder(small)
    day, layer = list(folder.control.items())[-1]
    with pytest.raises(SchemaError, match="seen will be lost"):
        write_control(folder, day, layer.features)
    assert path.read_bytes() == typed


# --- what a file may not be -------------------------------------------------


def test_all_faults_of_a_file_are_told_at_once_with_line_and_id():
    data = text(
        feature("ctl-0001", status="held"),
        feature("ctl-0002", [[[37, 33], [38, 34], [38, 33], [37, 34], [37, 33]]]),
        feature("ctl-0002"),
        None,
        feature("ctl-0005", [[["37", 33], [38, 33], [38, 34], [37, 33]]]),
        crs=None,
    )
    found = [(i.code, i.line, i.ids) for i in faults(data)]
    lines = [n for n, line in enumerate(data.split(b"\n"), 1) if line in (b"  {", b"  null,")]
    assert found == [
        ("root.crs", 1, ()),
        ("choice.unknown", lines[0], ("ctl-0001",)),
        ("geom.self_intersection", lines[1], ("ctl-0002",)),
        ("id.duplicate", lines[2], ("ctl-0002",)),
        ("feature.type", lines[3], ()),
        ("coord.type", lines[4], ("ctl-0005",)),
    ]
    message = str(faults(data)[4])
    assert message.startswith(f"layer.geojson:{lines[3]}: error: feature.type: feature 4: ")


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b'{"type": "FeatureCollection",\n"features": [}', "json.syntax", 2),
        (b'{"type": "FeatureCollection",\n"features": [],}', "json.syntax", 2),
        (b'{"type": "FeatureCollection"\n"features": []}', "json.syntax", 2),
        (b'{"type" "FeatureCollection"}', "json.syntax", 1),
        (b'{"type": "FeatureCollection",\n"features": [\n{"a"', "json.syntax", 3),
        (b"{", "json.syntax", 1),
        (b"[", "json.syntax", 1),
        (b'{"type": "FeatureCollection", "features": []}\n{}', "json.extra", 2),
        (b'{"type": "FeatureCollection", "features": []}\n]', "json.extra", 2),
        (b'{"type": "FeatureCollection",\n"features": [],\n"features": []}', "json.dupkey", 3),
        (
            b'{"type": "FeatureCollection", "features": [{"a":\n1, "b": {"a": 2},\n"\\u0061": 1}]}',
            "json.dupkey",
            3,
        ),
        (b'{"type": "FeatureCollection", "features": [\nNaN]}', "json.nan", 2),
        (
            b'{"a": "NaN",\n"type": "FeatureCollection", "features": [], "x": -Infinity}',
            "json.nan",
            2,
        ),
        (b'{"type": "FeatureCollection", "features": [],\n"x": 9007199254740993}', "num.range", 2),
        (
            b'{"type": "FeatureCollection", "features": [],\n"x": -' + b"9" * 5000 + b"}",
            "num.range",
            2,
        ),
        (b'{"type": "Feature",\n"properties": {}}', "root.notfc", 1),
        (b"[]", "root.notfc", 1),
        (b"null", "root.notfc", 1),
        (b'"FeatureCollection"', "root.notfc", 1),
        (b'{"type": "Topology", "objects": {}}', "root.notfc", 1),
        (b'{"type": "featurecollection", "features": []}', "root.type", 1),
        (b'{"features": []}', "root.type", 1),
        (b'{"type": ["FeatureCollection"], "features": []}', "root.type", 1),
        (b'{"type": "FeatureCollection"}', "root.features", 1),
        (b'{"type": "FeatureCollection", "features": {"0": {}}}', "root.features", 1),
        (b'{"type": "FeatureCollection", "features": [], "properties": {}}', "root.member", 1),
        (b'{"type": "FeatureCollection", "features": [], "x": 1e999}', "root.member", 1),
        (b'{"type": "FeatureCollection", "features": [], "x": "\\ud800"}', "root.member", 1),
        (b'{"type": "FeatureCollection", "features": [], "crs": {"type": "link"}}', "root.crs", 1),
    ],
)
def test_what_is_no_collection_is_refused_at_its_line(data, code, line):
    (fault,) = faults(data)
    assert (fault.code, fault.line) == (code, line)
    assert len(str(fault)) < 400


def test_the_same_fault_a_million_times_is_told_a_hundred_times():
    data = (
        b'{"type": "FeatureCollection", "features": [], "x": {' + b'"a": 1,' * 10_000 + b'"b": 1}}'
    )
    assert codes(data) == ["json.dupkey"] * 100


@pytest.mark.parametrize("depth", [33, 900, 20_000, 200_000])
def test_deep_nesting_is_refused_before_any_parser_sees_it(depth):
    for data in (
        b"[" * depth,
        b'{"type": "FeatureCollection", "features": ' + b"[" * depth + b"]" * depth + b"}",
        b'{"a":' * depth + b"1" + b"}" * depth,
        b'{"type": "GeometryCollection", "geometries": [' * depth,
    ):
        assert codes(data) == ["json.depth"]


def test_brackets_in_text_are_no_nesting():
    data = text(feature(note="[" * 100 + '\\"' + "{" * 100))
    assert warnings(data) == ["fmt.layout"]


def test_the_limit_of_depth_itself_is_allowed():
    inner = b"[" * (geojson.MAX_DEPTH - 1) + b"]" * (geojson.MAX_DEPTH - 1)
    data = b'{"type": "FeatureCollection", "features": [], "x": ' + inner + b"}"
    assert "root.foreign" in warnings(data)
    deeper = data.replace(inner, b"[" + inner + b"]")
    assert codes(deeper) == ["json.depth"]


def test_a_foreign_member_of_the_collection_is_kept_with_a_warning():
    data = text(feature(), title="x", metadata={"a": [1, 0.5, None, "حلب"]})
    assert warnings(data) == ["root.foreign", "root.foreign", "fmt.layout"]
    written, _ = fmt(data)
    assert written.startswith(
        '{\n"type": "FeatureCollection",\n"metadata": {"a":[1,0.5,null,"حلب"]},\n'
        '"title": "x",\n"features": [\n{\n'.encode()
    )
    assert fmt(written) == (written, ())


@pytest.mark.parametrize(
    ("crs", "code"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "root.crs84"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4326"}}, "root.crs84"),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}, "root.crs"),
        ({"type": "name", "properties": {"name": ["EPSG:4326"]}}, "root.crs"),
        ({"type": "link", "properties": {"href": "http://127.0.0.1:9/crs"}}, "root.crs"),
        ({"type": "EPSG", "properties": {"code": 4326}}, "root.crs"),
        ("EPSG:4326", "root.crs"),
        (None, "root.crs"),
        ([], "root.crs"),
    ],
)
def test_only_a_crs_that_says_what_is_true_anyway_is_dropped(crs, code):
    data = text(feature(), crs=crs)
    if code == "root.crs":
        assert codes(data) == [code]
    else:
        assert warnings(data) == [code]
        assert b"crs" not in fmt(data)[0]


def test_a_foreign_member_of_a_feature_is_refused_because_programs_lose_it():
    assert codes(text(feature() | {"custom": True})) == ["feature.member"]
    one = feature()
    one["geometry"]["custom"] = True
    assert codes(text(one)) == ["geom.member"]


# --- what programs leave in a file ------------------------------------------


def test_a_file_saved_by_a_desktop_program_still_opens():
    one = feature("ctl-0001", [[[37.0, 33.0], [37.0, 33.1], [37.123456789012, 33.0], [37.0, 33.0]]])
    one["bbox"] = [37.0, 33.0, 37.2, 33.1]
    one["properties"] |= {"fid": 1, "newcol": None, "layer": "x", "path": "/home/a/b.geojson"}
    del one["properties"]["note"]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    data = text(one, name="layer", crs=crs, bbox=[0, 0, 1, 1], xy_coordinate_resolution=1e-06)
    layer = read(data)
    assert {issue.code for issue in layer.issues} == {
        "coord.precision",
        "feature.artefact",
        "props.artefact",
        "props.extra_null",
        "props.missing",
        "ring.winding",
        "root.artefact",
        "root.crs84",
    }
    assert all(issue.fixable and issue.severity == "warning" for issue in layer.issues)
    assert list(layer.features[0].properties) == list(CONTROL.names)
    written, repaired = fmt(data)
    assert {issue.code for issue in repaired} == {issue.code for issue in layer.issues}
    assert fmt(written) == (written, ())


def test_another_order_of_keys_or_features_is_told_and_repaired():
    one = feature("ctl-0002")
    other = feature("ctl-0001")
    assert warnings(text(one, other)) == ["fmt.order"]
    one["properties"] = dict(reversed(one["properties"].items()))
    assert warnings(text(one)) == ["fmt.order"]
    one["properties"] = {"zz": 1} | feature("ctl-0002")["properties"]
    assert warnings(text(one)) == ["props.unknown", "fmt.order"]
    written, repaired = fmt(text(one))
    assert written == fmt(text(feature("ctl-0002", zz=1)))[0]
    assert [issue.code for issue in repaired] == ["fmt.order"]


def test_a_warning_is_told_once_for_all_features():
    data = text(*(feature(f"ctl-{n:04d}", extra="x") for n in range(3)))
    (issue, layout) = read(data).issues
    assert (issue.code, layout.code) == ("props.unknown", "fmt.layout")
    assert issue.ids == ("ctl-0000", "ctl-0001", "ctl-0002")
    assert issue.line == 4


@pytest.mark.parametrize(
    ("member", "own", "name", "code"),
    [
        ("ctl-0001", "ctl-0001", "ctl-0001", "id.member"),
        ("ctl-0001", None, "ctl-0001", "id.member"),
        ("ctl-0001", "", "ctl-0001", "id.member"),
        ("0", "ctl-0001", "ctl-0001", "id.member"),
        (17, "ctl-0001", "ctl-0001", "id.member"),
        ("other", "ctl-0001", None, "id.conflict"),
        ("0", None, None, "id.missing"),
        (17, None, None, "id.missing"),
        ("No Id", None, None, "id.format"),
        (True, "ctl-0001", None, "id.type"),
        ({}, "ctl-0001", None, "id.type"),
    ],
)
def test_the_id_stands_in_the_properties(member, own, name, code):
    one = feature(own) | {"id": member}
    if own is None:
        del one["properties"]["id"]
    if name is None:
        assert codes(text(one)) == [code]
    else:
        layer = read(text(one))
        assert [f.id for f in layer.features] == [name]
        assert [f.properties["id"] for f in layer.features] == [name]
        assert code in {issue.code for issue in layer.issues}


def test_a_missing_id_is_given_on_request_and_always_the_same():
    bare = feature()
    del bare["properties"]["id"]
    data = text(bare, feature("ctl-0001"), bare)
    assert codes(data) == ["id.missing", "id.missing"]
    with pytest.raises(SchemaError) as error:
        fmt(data)
    assert [i.code for i in error.value.issues if i.severity == "error"] == codes(data)
    written, repaired = fmt(data, assign_ids=True)
    assert fmt(data, assign_ids=True)[0] == written
    ids = [f.id for f in read(written).features]
    assert len(set(ids)) == 3
    assert all(name.startswith("ctl-") for name in ids)
    assert [issue.code for issue in repaired].count("id.missing") == 2


def test_a_value_with_one_reading_is_repaired_only_on_request():
    data = text(feature(status="controlled ", source_ids=["sohr-1", "un-2"]))
    assert codes(data) == ["props.type"]
    written, repaired = fmt(data)
    assert {issue.code for issue in repaired} == {"props.type", "str.space"}
    assert read(written).features[0].properties["source_ids"] == "sohr-1;un-2"


# --- coordinates ------------------------------------------------------------


def ring(*positions):
    return [[list(p) for p in positions]]


@pytest.mark.parametrize(
    ("kind", "coordinates", "code"),
    [
        ("Polygon", ring((37, 33), (True, 33), (38, 34), (37, 33)), "coord.type"),
        ("Polygon", ring((37, 33), ("38", 33), (38, 34), (37, 33)), "coord.type"),
        ("Polygon", ring((37, 33), (None, 33), (38, 34), (37, 33)), "coord.type"),
        ("Polygon", ring((37, 33), ({}, 33), (38, 34), (37, 33)), "coord.type"),
        ("Polygon", [[[37, 33], "38 33", [38, 34], [37, 33]]], "coord.type"),
        ("Polygon", ring((37,), (38,), (38,), (37,)), "coord.dim"),
        (
            "Polygon",
            ring((37, 33, 1, 2), (38, 33, 1, 2), (38, 34, 1, 2), (37, 33, 1, 2)),
            "coord.dim",
        ),
        ("Polygon", ring((37, 33), (38, 33, 5), (38, 34), (37, 33)), "coord.dim"),
        ("Polygon", ring((37, 33, 5), (38, 33, 5), (38, 34, 5), (37, 33, 5)), "coord.z"),
        ("Polygon", ring((397, 33), (398, 33), (398, 34), (397, 33)), "coord.range"),
        ("Polygon", ring((37, 91), (38, 91), (38, 92), (37, 91)), "coord.range"),
        (
            "Polygon",
            ring((4130000, 4320000), (4140000, 4320000), (4140000, 4330000), (4130000, 4320000)),
            "coord.range",
        ),
        ("Polygon", ring((179.5, 0), (-179.5, 0), (-179.5, 1), (179.5, 0)), "coord.antimeridian"),
        ("Polygon", [[37, 33], [38, 33], [38, 34], [37, 33]], "coord.depth"),
        ("Polygon", [SQUARE], "coord.depth"),
        ("MultiPolygon", SQUARE, "coord.depth"),
        ("MultiPolygon", 7, "coord.depth"),
        ("Polygon", "x", "coord.type"),
        ("Polygon", None, "coord.type"),
        ("Polygon", {}, "coord.type"),
        ("Polygon", [], "geom.empty"),
        ("Polygon", [[]], "geom.empty"),
        ("Polygon", [[[]]], "geom.empty"),
        ("Polygon", [*SQUARE, []], "geom.empty"),
        ("MultiPolygon", [], "geom.empty"),
        ("MultiPolygon", [[]], "geom.empty"),
        ("Point", [37, 33], "geom.kind"),
        ("GeometryCollection", [], "geom.kind"),
        ("Circle", [], "geom.type"),
        ("polygon", SQUARE, "geom.type"),
        ("LinearRing", SQUARE[0], "geom.type"),
        (None, SQUARE, "geom.type"),
        (["Polygon"], SQUARE, "geom.type"),
    ],
)
def test_wrong_coordinates_are_named(kind, coordinates, code):
    good = feature("ctl-0009")
    assert codes(text(feature("ctl-0001", coordinates, kind), good)) == [code]


def test_a_number_without_an_end_is_no_coordinate():
    data = text(feature()).replace(b"37.5", b"1e999")
    assert codes(data) == ["num.nonfinite"]
    assert codes(text(feature()).replace(b"37.5", b"1e400")) == ["num.nonfinite"]


def test_heights_of_zero_are_dropped_with_a_warning():
    flat = [[[*position, 0] for position in SQUARE[0]]]
    layer = read(text(feature("ctl-0001", flat), feature("ctl-0002")))
    assert [(i.code, i.ids) for i in layer.issues] == [("coord.z", ("ctl-0001",))]
    assert layer.features[0].geometry == layer.features[1].geometry
    mixed = [[[*SQUARE[0][0], 0], *SQUARE[0][1:]]]
    assert codes(text(feature("ctl-0001", mixed))) == ["coord.dim"]


@pytest.mark.parametrize("member", ["missing", "null", "text", "feature"])
def test_an_area_must_have_a_geometry(member):
    one = feature()
    geometry = one.pop("geometry")
    if member != "missing":
        one["geometry"] = {
            "null": None,
            "text": "POLYGON((0 0,1 0,1 1,0 0))",
            "feature": feature(),
        }[member]
    code = {"missing": "geom.missing", "null": "geom.null"}.get(member, "geom.type")
    assert codes(text(one)) == [code]
    del geometry["coordinates"]
    assert codes(text(one | {"geometry": geometry})) == ["geom.coordinates"]


def test_a_feature_far_from_all_others_that_would_fit_when_swapped_is_told():
    near = [
        feature(
            f"ctl-{n}",
            ring((37 + n / 8, 33), (37.1 + n / 8, 33), (37 + n / 8, 33.1), (37 + n / 8, 33)),
        )
        for n in range(4)
    ]
    swapped = feature("ctl-9", ring((33, 37), (33, 37.1), (33.1, 37), (33, 37)))
    away = feature("ctl-8", ring((33, 39), (33, 39.1), (33.1, 39), (33, 39)))
    assert codes(text(*near, swapped)) == ["coord.swapped"]
    assert warnings(text(*near, away)) == ["ring.winding"]


# --- rings and areas --------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "code", "fixable"),
    [
        ([(37, 33), (38, 33), (38, 34), (37, 34)], "ring.unclosed", True),
        ([(37, 33), (37.1, 33), (37.1, 33.1), (37, 33.1), (42, 37)], "ring.unclosed", False),
        ([(37, 33), (38, 33)], "ring.unclosed", False),
        ([(37, 33), (38, 33), (37, 33)], "ring.short", False),
        ([(37, 33), (38, 33), (37, 33), (38, 33), (37, 33)], "ring.short", False),
        ([(37, 33), (37, 33), (37, 33), (37, 33)], "ring.short", False),
        ([(37, 33), (38, 34), (38, 33), (37, 34), (37, 33)], "geom.self_intersection", False),
        (
            [(37, 33), (37.5, 33.5), (38, 33), (38, 34), (37.5, 33.5), (37, 34), (37, 33)],
            "geom.self_intersection",
            False,
        ),
        (
            [(37, 33), (38, 33), (38, 33.5), (39, 34.5), (38, 33.5), (37, 33.5), (37, 33)],
            "geom.spike",
            False,
        ),
        (
            [(37, 33), (37.0000004, 33), (37.0000004, 34), (37, 34), (37, 33)],
            "geom.collapse",
            False,
        ),
        (
            [
                (37, 33),
                (38, 33),
                (38, 34),
                (37.5, 33.0000006),
                (37.4, 33.0000004),
                (37, 34),
                (37, 33),
            ],
            "geom.collapse",
            False,
        ),
    ],
)
def test_a_wrong_ring_is_named(positions, code, fixable):
    found = faults(text(feature(coordinates=ring(*positions)), feature("ctl-0009")))
    assert [(i.code, i.fixable, i.ids) for i in found] == [(code, fixable, ("ctl-0001",))]
    assert found[0].where is not None


SHELL = [(37, 33), (38, 33), (38, 34), (37, 34), (37, 33)]


def scaled(x, y, size):
    return [[x, y], [x, y + size], [x + size, y + size], [x + size, y], [x, y]]


@pytest.mark.parametrize(
    ("kind", "rings", "code"),
    [
        ("Polygon", [SHELL, scaled(40, 33, 0.1)], "geom.hole_outside"),
        ("Polygon", [SHELL, scaled(37.9, 33.4, 0.2)], "geom.self_intersection"),
        ("Polygon", [SHELL, scaled(37.1, 33.1, 0.8), scaled(37.3, 33.3, 0.2)], "geom.nested_holes"),
        ("Polygon", [SHELL, SHELL[::-1]], "geom.empty_interior"),
        ("Polygon", [SHELL, SHELL], "geom.empty_interior"),
        ("MultiPolygon", [[SHELL], [SHELL]], "geom.overlap_parts"),
        ("MultiPolygon", [[SHELL], [scaled(37.5, 33.5, 1)]], "geom.overlap_parts"),
        ("MultiPolygon", [[SHELL], [scaled(37.5, 33.5, 0.1)]], "geom.overlap_parts"),
        ("MultiPolygon", [[SHELL], [scaled(38, 33, 1)]], "geom.overlap_parts"),
    ],
)
def test_wrong_rings_together_are_named(kind, rings, code):
    found = faults(text(feature(coordinates=rings, kind=kind)))
    assert [i.code for i in found] == [code]


def test_the_repairs_of_a_crossing_border_are_offered_with_their_areas():
    loop = ring(
        (37.3, 33.2),
        (37.7, 33.2),
        (37.7, 33.6),
        (37.4, 33.6),
        (37.4, 33.3),
        (37.6, 33.3),
        (37.6, 33.5),
        (37.3, 33.5),
        (37.3, 33.2),
    )
    (fault,) = faults(text(feature(coordinates=loop)))
    assert fault.code == "geom.self_intersection"
    even_odd, union = (float(word) for word in fault.hint.split() if word[0].isdigit())
    # 11 and 15 squares of 0.1 degrees, the union with the hole that the loop runs round.
    assert 100 < even_odd < union < 1700


def test_parts_that_touch_in_a_point_are_fine():
    parts = [[SHELL], [scaled(38, 34, 1)]]
    layer = read(text(feature(coordinates=parts, kind="MultiPolygon")))
    assert layer.features[0].geometry.geom_type == "MultiPolygon"


def test_a_ring_that_closes_when_rounded_only_warns():
    almost = ring((37, 33), (38, 33), (38, 34), (37, 34), (37.0000001, 33))
    assert warnings(text(feature(coordinates=almost))) == ["ring.unclosed", "coord.precision"]


def test_fmt_closes_a_ring_with_a_small_gap():
    written, repaired = fmt(text(feature(coordinates=[SHELL[:-1]])))
    assert {issue.code for issue in repaired} == {"ring.unclosed"}
    assert_geometries_equal(
        read(written).features[0].geometry, shapely.Polygon(SHELL), normalize=True
    )


def test_repeated_vertices_are_dropped():
    twice = ring(
        (37, 33), (38, 33), (38, 33), (38, 33.0000001), (38, 34), (37, 34), (37, 33), (37, 33)
    )
    layer = read(text(feature(coordinates=twice)))
    assert {i.code for i in layer.issues} == {"ring.duplicate_vertex", "coord.precision"}
    assert shapely.get_num_coordinates(layer.features[0].geometry) == 5


def test_narrow_things_are_kept_with_a_warning():
    sliver = ring((37.3, 33.2), (37.8, 33.2), (37.8, 33.200002), (37.3, 33.200002), (37.3, 33.2))
    assert "geom.sliver" in warnings(text(feature(coordinates=sliver)))
    spike = ring(
        (37.3, 33.2),
        (37.4, 33.2),
        (37.4, 33.3),
        (38.2, 33.25),
        (37.4, 33.300001),
        (37.3, 33.3),
        (37.3, 33.2),
    )
    issue = next(i for i in read(text(feature(coordinates=spike))).issues if i.code == "geom.spike")
    assert issue.where == (38.2, 33.25)
    assert warnings(text(feature())) == ["fmt.layout"]


def test_a_line_needs_two_positions():
    road = {"kind": "road", "accuracy": "schematic"}

    def line(kind, coordinates):
        return text(
            {
                "type": "Feature",
                "properties": {"id": "r1", **road},
                "geometry": {"type": kind, "coordinates": coordinates},
            }
        )

    assert codes(line("LineString", [[1, 2]]), CONTEXT) == ["line.short"]
    assert codes(line("LineString", [[1, 2], [1, 2]]), CONTEXT) == ["line.short"]
    assert codes(line("LineString", [[1, 2], [1, 2.0000001]]), CONTEXT) == ["geom.collapse"]
    assert codes(line("MultiLineString", [[[1, 2], [3, 4]], [[1, 2]]]), CONTEXT) == ["line.short"]
    assert codes(line("MultiLineString", [[1, 2], [3, 4]]), CONTEXT) == ["coord.depth"]
    assert codes(line("MultiPoint", [1, 2]), CONTEXT) == ["coord.depth"]
    assert codes(line("Point", [[1, 2]]), CONTEXT) == ["coord.depth"]
    read(line("LineString", [[1, 2], [3, 4]]), CONTEXT)


def test_a_crossing_in_a_long_border_does_not_take_forever():
    comb = [[37 + k // 2 * 1e-4, 33 + (k % 2)] for k in range(10_000)]
    (fault,) = faults(text(feature(coordinates=[[*comb, comb[0]]])))
    assert (fault.code, fault.hint) == ("geom.self_intersection", "draw it again there")


def test_members_of_a_geometry_that_programs_add_are_dropped():
    one = feature()
    one["geometry"]["bbox"] = [37, 33, 38, 34]
    assert warnings(text(one)) == ["feature.artefact"]


def test_coordinates_that_are_no_list_are_named_for_every_type():
    for kind in ("MultiPoint", "MultiLineString", "MultiPolygon", "LineString", "Point"):
        one = feature("r1", 7, kind)
        one["properties"] = {"id": "r1", "kind": "road", "accuracy": "schematic"}
        assert codes(text(one), CONTEXT) == ["coord.depth"]


def test_the_direction_of_a_line_is_kept():
    one = {
        "type": "Feature",
        "properties": {"id": "r1", "kind": "road", "accuracy": "schematic"},
        "geometry": {"type": "LineString", "coordinates": [[3, 4], [1, 2]]},
    }
    assert read(text(one), CONTEXT).features[0].geometry.wkt == "LINESTRING (3 4, 1 2)"


def test_an_event_without_a_place_has_no_geometry():
    event = {
        "type": "Feature",
        "properties": {
            "id": "evt-1",
            "event_date": "2017-08-01",
            "time_precision": 1,
            "event_type": "Battles",
            "sub_event_type": "Armed clash",
        },
        "geometry": None,
    }
    (one,) = read(text(event), EVENTS).features
    assert one.geometry is None
    # So a desktop program exports it.
    layer = read(text(event | {"geometry": {"type": "Point", "coordinates": []}}), EVENTS)
    assert layer.features[0].geometry is None
    assert ("geom.empty", True) in {(i.code, i.fixable) for i in layer.issues}


# --- writing ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            {"geometry": shapely.Polygon([(37, 33), (38, 34), (38, 33), (37, 34)])},
            "geom.self_intersection",
        ),
        ({"geometry": shapely.Polygon()}, "geom.empty"),
        ({"geometry": shapely.MultiPolygon()}, "geom.empty"),
        ({"geometry": shapely.Point(37, 33)}, "geom.kind"),
        ({"geometry": shapely.LinearRing(SHELL)}, "geom.type"),
        ({"geometry": shapely.GeometryCollection()}, "geom.kind"),
        ({"geometry": shapely.Polygon([(37, 33, 5), (38, 33, 5), (38, 34, 5)])}, "coord.z"),
        ({"geometry": shapely.box(400, 33, 401, 34)}, "coord.range"),
        ({"geometry": None}, "geom.null"),
        ({"id": "ctl-0002"}, "id.conflict"),
        ({"properties": {"id": "ctl-0001", "status": "held"}}, "choice.unknown"),
        ({"properties": {"id": "ctl-0001", "status": "controlled", "note": 1.5}}, "props.type"),
        (
            {"properties": {"id": "ctl-0001", "status": "controlled", "note": "\ud800"}},
            "str.surrogate",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_written(change, code):
    with pytest.raises(SchemaError) as error:
        geojson.dump_geojson([dataclasses.replace(patch(), **change)], schema=CONTROL)
    assert [i.code for i in error.value.issues if i.severity == "error"] == [code]


def test_an_id_that_is_there_twice_is_not_written():
    with pytest.raises(SchemaError, match=r"id\.duplicate"):
        geojson.dump_geojson([patch(), patch()], schema=CONTROL)


def test_writing_changes_nothing_that_it_is_given():
    one = patch(geometry=shapely.Polygon(SHELL[::-1]))
    before = (dict(one.properties), one.geometry.wkt)
    geojson.dump_geojson([one], schema=CONTROL)
    assert (dict(one.properties), one.geometry.wkt) == before


def test_a_text_that_would_be_read_differently_is_not_returned(monkeypatch):
    def wrong(draft, shaped, order):
        return right(draft, shaped, order).replace(b"37.5", b"37.6")

    right = checked_features.write_text
    monkeypatch.setattr(checked_features, "write_text", wrong)
    with pytest.raises(SchemaError, match=r"fmt\.verify"):
        geojson.dump_geojson([patch()], schema=CONTROL)
    with pytest.raises(SchemaError, match=r"fmt\.verify"):
        fmt(text(feature()))


# --- files ------------------------------------------------------------------


def test_a_file_is_read_below_its_folder_and_named_in_messages(tmp_path):
    path = tmp_path / "2017-07-31.geojson"
    path.write_bytes(CANONICAL.encode())
    layer = geojson.read_geojson(path, root=tmp_path, schema=CONTROL)
    assert layer.file == str(path)
    path.write_bytes(b"{")
    with pytest.raises(SchemaError, match=rf"{path}:1: error: json\.syntax"):
        geojson.read_geojson(path, root=tmp_path, schema=CONTROL)


@pytest.mark.slow
def test_five_megabytes_are_read_in_seconds():
    points = np.random.default_rng(7).uniform([36, 33], [38, 35], (120, 2))
    cells = shapely.voronoi_polygons(
        shapely.multipoints(points), extend_to=shapely.box(36, 33, 38, 35)
    )
    features = [
        patch(f"ctl-{n:04d}", shapely.segmentize(cell, 0.0009))
        for n, cell in enumerate(shapely.get_parts(cells))
    ]
    data = geojson.dump_geojson(features, schema=CONTROL)
    assert len(data) > 4_000_000
    assert len(read(data).features) == 120


@pytest.mark.slow
def test_the_same_file_gives_the_same_words_and_bytes_everywhere(tmp_path):
    broken = feature("ctl-0001", status="x", note="\u202e", zz=1.5, aa={}) | {
        "b": 1,
        "a": 2,
        "c": 3,
    }
    sound = feature("ctl-0002", zz=1, aa="x", fid=3, path="x") | {"id": "7", "bbox": []}
    (tmp_path / "broken.geojson").write_bytes(text(broken, sound, b=1, a=2, name=3))
    (tmp_path / "sound.geojson").write_bytes(text(sound, b=1, a=2, name=3))
    child = """
        import sys
        from pathlib import Path
        from geo.layers import geojson
        from geo.errors import SchemaError
        from geo.model import CONTROL
        for path in sorted(Path(sys.argv[1]).iterdir()):
            try:
                data, issues = geojson.fmt_geojson(
                    path.read_bytes(), schema=CONTROL, file=path.name
                )
            except SchemaError as error:
                data, issues = b"", error.issues
            sys.stdout.buffer.write("\\n".join(map(str, issues)).encode() + data)
    """
    told = set()
    for seed, zone, locale in [
        ("1", "Pacific/Kiritimati", "C"),
        ("2", "America/Anchorage", "ar_SY.UTF-8"),
        ("3", "UTC", "C.UTF-8"),
    ]:
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
            "PYTHONUTF8": "0",
            "PYTHONWARNINGS": "ignore",
        }
        command = [sys.executable, "-c", textwrap.dedent(child), str(tmp_path)]
        told.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1
    assert b"choice.unknown" in told.pop()


# --- what was checked already ------------------------------------------------


@given(layers(), st.integers(0, 2))
def test_areas_that_were_checked_before_give_the_same_findings_again(features, more):
    data = geojson.dump_geojson(features, schema=CONTROL)
    checked_areas._FAULTLESS.clear()
    first = read(data)
    for _ in range(more):
        assert read(data) == first
    checked_areas._FAULTLESS.clear()
    assert read(data) == first


def test_areas_with_findings_are_never_taken_for_checked():
    tied = "[[[37.0,33.0],[38.0,34.0],[38.0,33.0],[37.0,34.0],[37.0,33.0]]]"
    thin = "[[[37.0,33.0],[38.0,33.0],[38.0,33.000001],[37.0,33.0]]]"
    for ring, code in ((tied, "geom.self_intersection"), (thin, "geom.sliver")):
        for _ in range(2):
            *_, found = flatten([{"type": "Polygon", "coordinates": json.loads(ring)}])
            assert code in {issue.code for _, issue in found}
