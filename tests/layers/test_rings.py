"""Rings parsed apart are those that a plain JSON parser reads."""

import json
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.layers import rings as _rings
from geo.layers import shapes

PLAIN = (
    '{"type": "FeatureCollection", "features": [\n'
    '{"type": "Feature", "properties": {"name": "a \\"coordinates\\": [[1, 2]] b", "n": [1, 2]},'
    ' "geometry": {"type": "Polygon", "coordinates": '
    "[[[37, 33.5], [38.25, 33.5],\\n [38, 34], [37, 33.5]], [[1e1, 2E-1], [3, -4.0], [0, 1]]]}},\n"
    '{"type": "Feature", "properties": null, "geometry": null},\n'
    '{"type": "Feature", "properties": {}, "geometry": {"coordinates" :'
    "[[[[5,6],[7,8]]], [[[1,2]], [[3,4]]]], "
    '"type": "MultiPolygon"}}]}'
).replace("\\n", "\n")

numbers = st.integers(-200, 200) | st.floats(-200, 200) | st.floats()
odd = st.none() | st.booleans() | st.just("x") | st.just({}) | numbers
coordinates = st.recursive(
    st.lists(numbers, min_size=2, max_size=2) | st.lists(odd, max_size=3),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=12,
)
geometries = st.none() | st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon", "Point", "LineString"]),
        "coordinates": coordinates,
    }
)


def refused(text):
    raise ValueError(text)


def plain(text):
    return json.loads(text, parse_constant=refused)


def put_back(split):
    """The document with all rings in their places."""
    root, rings = split
    for feature in root["features"]:
        if isinstance(feature, dict) and feature.get("geometry") is not None:
            feature["geometry"] = shapes.spelt(feature["geometry"], rings)
    return root


def test_rings_of_any_layout_are_found():
    root, rings = _rings.split_rings(PLAIN.encode())
    assert root["features"][0]["geometry"]["coordinates"] == [0, 1]
    assert root["features"][2]["geometry"]["coordinates"] == [[2], [3, 4]]
    assert rings.sequences.tolist() == [0, 4, 7, 9, 10, 11]
    assert put_back((root, rings)) == plain(PLAIN)


@given(st.lists(geometries, max_size=3), st.sampled_from([None, 1]))
@settings(max_examples=examples(300))
@example([{"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}], None)
@example([{"type": "Polygon", "coordinates": [[[1], [2, 3]]]}], None)
@example([{"type": "Polygon", "coordinates": [[[1, 2], [3, [4, 5]]]]}], None)
@example([{"type": "Polygon", "coordinates": [[[1, 2, 0], [3, 4, 0]]]}], None)
@example([{"type": "MultiPolygon", "coordinates": [[[1, 2], [3, 4]]]}], None)
def test_what_is_split_is_what_stands_there(shaped, indent):
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in shaped]
    root = {"type": "FeatureCollection", "features": features}
    split = _rings.split_rings(json.dumps(root, indent=indent).encode())
    if split is not None:
        assert put_back(split) == root


@given(st.integers(0, len(PLAIN)), st.integers(0, 3), st.text('[]{},": 1e-\\', max_size=3))
@settings(max_examples=examples(500))
def test_text_that_is_no_json_is_not_split(at, removed, added):
    text = PLAIN[:at] + added + PLAIN[at + removed :]
    split = _rings.split_rings(text.encode())
    if split is not None:
        assert put_back(split) == plain(text)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)))
def test_numbers_are_rounded_as_by_any_other_parser(values):
    read = _rings.Numbers()
    assert np.array_equal(read(json.dumps(values).encode()), np.array(values, dtype=float))


@pytest.mark.parametrize("text", ["[1,null]", '["1"]', "[1e999]", "[NaN]", "[01]", "1", "{}", "["])
def test_what_is_no_list_of_numbers_is_refused(text):
    read = _rings.Numbers()
    with pytest.raises(ValueError, match=r"."):
        read(text.encode())
    assert read(b"[1.5]").tolist() == [1.5]
    assert math.isclose(read(b"[[0.1],[2]]").sum(), 2.1)
