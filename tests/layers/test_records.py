"""Records that never were text are read as a file of them is."""

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from thoroughness import examples

from geo.errors import SchemaError
from geo.layers import (
    dump_geojson,
    dump_table,
    fmt_geojson,
    layer_paths,
    parse_features,
    parse_geojson,
    parse_rows,
    parse_table,
    unfold_features,
)
from geo.model import CHANGES, CONTROL, EVENTS, Feature

LAYERS = Path(__file__).parents[2] / "layers"
SQUARE = [[[37.0, 33.0], [37.5, 33.0], [37.5, 33.25], [37.0, 33.25], [37.0, 33.0]]]
PROPERTIES = {
    "controller": "opposition",
    "controllers": None,
    "status": "controlled",
    "basis": "assessed",
    "confidence": "high",
    "statement_ids": None,
    "source_ids": "sohr-1;un-2",
    "note": None,
}


def feature(name="ctl-0001", coordinates=SQUARE, **properties):
    return {
        "type": "Feature",
        "properties": {"id": name} | PROPERTIES | properties,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def told(call, *given, **more):
    """What is read, or what is wrong with it; only text has lines and a layout."""
    try:
        read = call(*given, file="one", **more)
    except SchemaError as error:
        records, issues = None, error.issues
    else:
        records, issues = getattr(read, "features", None) or getattr(read, "rows", ()), read.issues
        records = [dataclasses.replace(record, line=0) for record in records]
    issues = [
        (issue.code, issue.severity, plain(issue.message), issue.hint, issue.ids, issue.where)
        for issue in issues
        if issue.code not in {"fmt.layout", "fmt.newline"}
    ]
    return records, sorted(issues, key=str)


def plain(message):
    unplaced = re.sub("; first in line [0-9]+$", "", message)
    return unplaced.replace("the id is there twice", "it is there twice")


def same_as_file(objects, schema=CONTROL, **more):
    data = json.dumps({"type": "FeatureCollection", "features": objects}).encode() + b"\n"
    records = told(parse_features, objects, schema=schema, **more)
    assert records == told(parse_geojson, data, schema=schema, **more)
    return records


@pytest.mark.parametrize(
    "path, schema", layer_paths(LAYERS), ids=lambda one: getattr(one, "stem", "")
)
def test_the_records_of_a_shipped_file_are_what_the_file_is(path, schema):
    data = path.read_bytes()
    if schema.geometry:
        whole = parse_geojson(data, schema=schema, file="one")
        for objects in (
            json.loads(data)["features"],
            whole.features,
            unfold_features(whole.features),
        ):
            layer = parse_features(objects, schema=schema, file="one")
            assert layer.digest == whole.digest
            assert told(parse_features, objects, schema=schema) == told(
                parse_geojson, data, schema=schema
            )
        return
    whole = parse_table(data, schema=schema, file="one")
    for rows in (whole.rows, [row.values for row in whole.rows]):
        table = parse_rows(rows, schema=schema, file="one")
        assert table.digest == whole.digest
        assert told(parse_rows, rows, schema=schema) == told(parse_table, data, schema=schema)


numbers = st.integers(-400, 400) | st.floats(-400, 400, allow_nan=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "bbox", "properties", "geometry", "coordinates", "id"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
cells = st.sampled_from(
    [
        "",
        " ",
        "con",
        "ctl-1",
        "a;b",
        "2017-08",
        "2017/08/02",
        "controlled",
        "x\u202e",
        "x\r",
        None,
        3,
        2.0,
    ]
)
faults = st.tuples(
    st.sampled_from(["feature", "member", "properties", "geometry", "coordinates", "ring", "cell"]),
    json_values,
    st.sampled_from([*CONTROL.names, "extra", "FID"]),
    cells,
)


def damaged(one, fault):
    place, value, key, cell = fault
    if place == "feature":
        return value
    if place == "member":
        return {**one, key: value}
    if place in {"properties", "geometry"}:
        return {**one, place: value}
    if place == "cell":
        return {**one, "properties": {**one["properties"], key: cell}}
    ring = [*SQUARE[0][:2], value, *SQUARE[0][2:]]
    coordinates = value if place == "coordinates" else [ring]
    return {**one, "geometry": {**one["geometry"], "coordinates": coordinates}}


@given(st.lists(faults, min_size=1, max_size=3), st.booleans(), st.booleans())
@settings(max_examples=examples(150))
@example([("cell", None, "id", "ctl-0002")], False, False)
@example([("cell", None, "id", None)], True, True)
@example([("feature", None, "id", None)], False, False)
@example([("geometry", None, "id", None)], False, False)
def test_the_records_of_a_damaged_file_have_its_faults(found, repair, assign_ids):
    objects = [feature("ctl-0002"), *(damaged(feature(f"ctl-{n}"), f) for n, f in enumerate(found))]
    assume(all(len(text) < 30 for text in re.findall("[0-9]+", json.dumps(objects))))
    same_as_file(objects, repair=repair, assign_ids=assign_ids)


table_cells = cells.filter(lambda cell: "\r" not in str(cell))
table_rows = st.dictionaries(st.sampled_from(CHANGES.names), table_cells, max_size=5)


@given(st.lists(table_rows, max_size=3))
@example([{"id": "chg-1", "kind": "no"}])
def test_the_rows_of_a_damaged_table_have_its_faults(found):
    rows = [{name: row.get(name) for name in CHANGES.names} for row in found]
    for row in rows:
        # Text of a table has no null, no empty text, and no numbers.
        row |= {k: str(v) if isinstance(v, int | float) else v or None for k, v in row.items()}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([CHANGES.names, *(r.values() for r in rows)])
    rows = [row for row in rows if any(row.values())]
    table = told(parse_table, text.getvalue().encode(), schema=CHANGES)
    found = [issue for issue in table[1] if issue[0] not in {"csv.empty_row"}]
    assert told(parse_rows, rows, schema=CHANGES) == (table[0], found)


def test_a_geometry_is_an_object_of_lists_tuples_or_arrays_or_a_drawn_one():
    drawn = shapely.Polygon(SQUARE[0])
    listed = same_as_file([feature()])
    assert listed[0] is not None
    for coordinates in (
        [[tuple(xy) for xy in SQUARE[0]]],
        np.array(SQUARE),
        [np.array(SQUARE[0])],
        shapely.geometry.mapping(drawn)["coordinates"],
    ):
        assert told(parse_features, [feature(coordinates=coordinates)], schema=CONTROL) == listed
    for geometry in (drawn, shapely.geometry.mapping(drawn), drawn.reverse()):
        read = parse_features([{**feature(), "geometry": geometry}], schema=CONTROL, file="one")
        assert [dataclasses.replace(f, line=0) for f in read.features] == listed[0]
    point = {"type": "Feature", "properties": {"id": "evt-1"}, "geometry": shapely.Point(1, 2)}
    with pytest.raises(SchemaError) as error:
        parse_features([point], schema=EVENTS, file="one")
    assert {issue.code for issue in error.value.issues} >= {"date.missing", "props.required"}
    with pytest.raises(SchemaError, match="a Point cannot stand in this layer"):
        parse_features([{**feature(), "geometry": shapely.Point(1, 2)}], schema=CONTROL, file="one")


def test_records_are_not_changed_by_reading_them():
    one = feature(coordinates=[[[*xy] for xy in SQUARE[0][::-1]]])
    before = json.dumps(one)
    parse_features([one], schema=CONTROL, file="one")
    assert json.dumps(one) == before


def test_a_record_that_contradicts_its_own_id_is_refused():
    one = Feature("ctl-1", {"id": "ctl-2"} | PROPERTIES, shapely.Polygon(SQUARE[0]))
    with pytest.raises(SchemaError, match="the feature is 'ctl-1', its properties say otherwise"):
        parse_features([one], schema=CONTROL, file="one")


def test_with_repair_what_has_one_reading_is_read_as_fmt_would_write_it():
    open_ring = feature(coordinates=[[*SQUARE[0][:-1]]], id=None, recorded="2017")
    data = json.dumps({"type": "FeatureCollection", "features": [open_ring]}).encode()
    assert same_as_file([open_ring], assign_ids=True)[0] is None
    text, repaired = fmt_geojson(data, schema=CONTROL, file="one", assign_ids=True)
    for read in (
        parse_geojson(data, schema=CONTROL, file="one", repair=True, assign_ids=True),
        parse_features([open_ring], schema=CONTROL, file="one", repair=True, assign_ids=True),
    ):
        assert dump_geojson(read.features, schema=CONTROL) == text
        fixed = {issue.code for issue in read.issues if issue.fixable}
        assert fixed == {issue.code for issue in repaired} - {"fmt.layout", "fmt.newline"} | (
            fixed & {"fmt.layout", "fmt.newline"}
        )
    with pytest.raises(SchemaError):
        parse_features([feature(status="mine")], schema=CONTROL, file="one", repair=True)


def test_with_repair_a_table_is_read_as_fmt_would_write_it():
    rows = parse_table((LAYERS / "changes.csv").read_bytes(), schema=CHANGES, file="one").rows
    values = {**rows[0].values, "recorded_at": "2017/08/02"}
    with pytest.raises(SchemaError):
        parse_rows([values], schema=CHANGES, file="one")
    mended = parse_rows([values], schema=CHANGES, file="one", repair=True).rows
    assert mended[0].values["recorded_at"] == "2017-08-02"
    data = dump_table(mended, schema=CHANGES).replace(b"2017-08-02", b"2017/08/02")
    assert (
        parse_table(data, schema=CHANGES, file="one", repair=True).rows[0].values
        == mended[0].values
    )
