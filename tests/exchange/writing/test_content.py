"""What is said of a theatre."""

import json

from geo.exchange.writing.content import about_theatre


def test_what_is_said_of_a_theatre_is_a_stac_collection(case):
    said = about_theatre(*case)
    assert (said["type"], said["stac_version"]) == ("Collection", "1.0.0")
    west, south, east, north = said["extent"]["spatial"]["bbox"][0]
    assert west < east
    assert south < north
    assert {"publisher": "OCHA", "licence": "CC BY 3.0 IGO"} in said["licences"]
    json.dumps(said, allow_nan=False)
