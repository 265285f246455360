import json

import pytest

from geo.model import SCHEMAS, json_schema


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_of_every_layer_and_table_is_printed(frontline, name):
    code, out, err = frontline("schema", name)
    assert (code, err) == (0, "")
    assert json.loads(out) == json_schema(SCHEMAS[name])


def test_another_name_is_wrong_usage(frontline):
    code, _, err = frontline("schema", "borders")
    assert code == 2
    assert "control" in err
