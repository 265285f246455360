"""What `frontline schema` prints, held against the shipped files by a public validator."""

import json
from pathlib import Path

import jsonschema
import pytest

from geo.errors import SchemaError
from geo.layers import Table, layer_paths, parse_geojson, parse_table
from geo.model import CONTROL, SCHEMAS, describe_columns, json_schema

LAYERS = Path(__file__).parents[2] / "layers"
SHIPPED = [name for name in SCHEMAS if name != "imports"]
"""The shipped theatre was drawn by hand and imported from nowhere."""


def records(path, schema):
    """The documents that the schema describes: the whole layer, or each row of the table."""
    if schema.geometry:
        return [json.loads(path.read_text(encoding="utf-8"))]
    table = parse_table(path.read_bytes(), schema=schema, file=path.name)
    assert isinstance(table, Table)
    return [row.values for row in table.rows]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_one_that_validators_take(name):
    jsonschema.Draft202012Validator.check_schema(json_schema(SCHEMAS[name]))
    json.dumps(json_schema(SCHEMAS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_is_valid(name):
    schema = SCHEMAS[name]
    validator = jsonschema.Draft202012Validator(
        json_schema(schema), format_checker=jsonschema.FormatChecker()
    )
    paths = [path for path, other in layer_paths(LAYERS) if other is schema]
    assert paths
    for path in paths:
        documents = records(path, schema)
        assert documents
        for document in documents:
            assert [error.message for error in validator.iter_errors(document)] == []


WRONG = {
    "id": ["Ctl 1", "con", "x", None, 3],
    "ref": ["Ctl 1", "a;b", 3],
    "refs": ["a;B", "a b", 3],
    "text": ["", 3],
    "integer": ["3", 2.5],
    "date": ["2017-08", "02.08.2017", "2017-13-01", "0000-12-31", "2100-01-02"],
    "choice": ["controled", "", 3],
    "url": ["ftp://example.org/", "example.org"],
    "pattern": ["red", "G7"],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_reader_refuses_in_a_column_the_schema_refuses_too(name):
    schema = SCHEMAS[name]
    validator = jsonschema.Draft202012Validator(json_schema(schema))
    path = next(path for path, other in layer_paths(LAYERS) if other is schema)
    document = records(path, schema)[0]
    values = document["features"][0]["properties"] if schema.geometry else document
    for column in schema.columns:
        for wrong in [*WRONG[column.kind], {"a": 1}, *([None] if column.required else [])]:
            kept, values[column.name] = values[column.name], wrong
            assert not validator.is_valid(document), (column, wrong)
            values[column.name] = kept
        del values[column.name]
        assert not validator.is_valid(document), column
        values[column.name] = kept
    assert validator.is_valid(document)


def test_a_layer_with_a_wrong_status_is_refused_by_reader_and_schema_alike():
    path = next(path for path, schema in layer_paths(LAYERS) if schema is CONTROL)
    text = path.read_text(encoding="utf-8")
    text = text.replace('"status": "controlled"', '"status": "liberated"', 1)
    (error,) = jsonschema.Draft202012Validator(json_schema(CONTROL)).iter_errors(json.loads(text))
    assert "'liberated' is not one of" in error.message
    with pytest.raises(SchemaError, match="liberated"):
        parse_geojson(text.encode(), schema=CONTROL, file=path.name)


def test_a_wrong_shape_is_refused():
    path = next(path for path, schema in layer_paths(LAYERS) if schema is CONTROL)
    document = json.loads(path.read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(json_schema(CONTROL))
    feature = document["features"][0]
    for geometry in (
        None,
        {"type": "Point", "coordinates": [37.0, 33.0]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[37.0, 33.0], [38.0, 33.0], [37.0, 33.0]]]},
        {"type": "Polygon", "coordinates": [[[37.0, 330.0]] * 4]},
        {"type": "Polygon", "coordinates": [[[37.0, 33.0, 0.0]] * 4]},
    ):
        feature["geometry"] = geometry
        assert not validator.is_valid(document), geometry


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_as_data_say_what_the_columns_say(name):
    schema = SCHEMAS[name]
    described = json.loads(json.dumps(describe_columns(schema)))
    assert [column["name"] for column in described] == list(schema.names)
    for column, data in zip(schema.columns, described, strict=True):
        assert data["choices"] == list(column.choices)
        assert (data["kind"], data["doc"]) == (column.kind, column.doc)
        assert (data["required"], data["minimum"]) == (column.required, column.minimum)
