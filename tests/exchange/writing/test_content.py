"""What is said of a theatre."""

import json

import pytest

from geo.exchange.writing.content import about_theatre


def test_what_is_said_of_a_theatre_is_a_stac_collection(case):
    said = about_theatre(*case)
    assert (said["type"], said["stac_version"]) == ("Collection", "1.0.0")
    west, south, east, north = said["extent"]["spatial"]["bbox"][0]
    assert west < east
    assert south < north
    assert {"publisher": "OCHA", "licence": "CC BY 3.0 IGO"} in said["licences"]
    json.dumps(said, allow_nan=False)


def test_a_public_validator_takes_what_is_said_for_stac(case):
    pystac = pytest.importorskip("pystac")
    pytest.importorskip("jsonschema")
    said = pystac.Collection.from_dict(about_theatre(*case))
    assert said.validate()
    said.extent.spatial.bboxes = []
    with pytest.raises(pystac.STACValidationError):
        said.validate()
