"""Where sources disagree: different answers about one place, who gives them, on which ground."""

import csv
import io
import json

import pytest

from geo import cli, open_layers
from geo.crs import area_km2
from geo.evidence import disagreement
from geo.evidence.estimate.draft import Estimator
from geo.layers.folder import read_folder
from geo.model import parse_day


@pytest.fixture
def frontline(monkeypatch, capsys):
    """Run the command in this process, which must be fine; what it prints."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["frontline", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def say(small):
    """Add statements to the little theatre: id, place, date, controller, controllers, source."""

    def added(*rows):
        path = small / "statements.csv"
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        text = io.StringIO()
        writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
        for identity, place, date, controller, controllers, source in rows:
            writer.writerow(
                {
                    "id": identity,
                    "place_id": place,
                    "date": date,
                    "date_precision": "day",
                    "status": "contested" if controllers else "controlled",
                    "controller": controller,
                    "controllers": controllers,
                    "basis": "reported",
                    "confidence": "moderate",
                    "source_ids": source,
                }
            )
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(text.getvalue())
        with (small / "sources.csv").open("a", encoding="utf-8") as file:
            file.write("post-1,Post,red,Another report,https://example.org/2,,2017-07-05,,,C3\n")
        return read_folder(small)

    return added


def quarrels(folder, day):
    return disagreement.find_disagreement(folder, parse_day(day)).to_dict("records")


def test_sources_that_agree_are_no_disagreement(say):
    folder = say(("stm-x", "west_well", "2017-07-02", "red", "", "post-1"))
    assert quarrels(folder, "2017-07-10") == []


def test_two_answers_about_one_place_are_found_with_who_says_what(say):
    folder = say(("stm-x", "west_well", "2017-07-02", "blue-guard", "", "post-1"))
    (piece,) = quarrels(folder, "2017-07-10")
    assert piece["place_ids"] == "west_well"
    assert piece["holders"] == "red | blue"
    assert set(piece["statement_ids"].split(";")) == {"stm-west", "stm-x"}
    said = {word["statement"]: word for word in piece["says"]}
    assert said["stm-west"]["publisher"] == "Wire"
    assert said["stm-x"]["publisher"] == "Post"
    assert said["stm-x"]["leaning"] == "red"
    assert said["stm-x"]["holder"] == "blue"
    assert (said["stm-x"]["date"], said["stm-x"]["basis"]) == ("2017-07-02", "reported")
    assert sum(word["share"] for word in piece["says"]) == pytest.approx(1)
    assert piece["share"] == pytest.approx(said["stm-x"]["share"])
    assert piece["area_km2"] == pytest.approx(area_km2([piece["geometry"]])[0])
    # The ground of the place, as widely as its position is known, and no more.
    place = folder.places["west_well"]
    assert piece["id"] == "west_well"
    assert piece["geometry"].covers(place.geometry)
    radius_km = max(place.properties["geo_radius_m"], 500) / 1e3
    assert piece["area_km2"] == pytest.approx(3.14159 * radius_km**2, rel=0.02)


def test_a_later_word_of_the_same_publisher_replaces_its_earlier_one(say):
    folder = say(("stm-x", "west_well", "2017-07-05", "blue-guard", "", "wire-1"))
    assert quarrels(folder, "2017-07-10") == []


def test_a_report_of_fighting_contradicts_only_who_gives_the_place_to_one_side(say):
    alone = say(("stm-x", "west_well", "2017-07-02", "", "red;blue-guard", "post-1"))
    (piece,) = quarrels(alone, "2017-07-10")
    assert piece["holders"] == "red | blue;red"
    assert quarrels(alone, "2017-06-30") == []


def test_words_about_two_places_on_one_spot_do_not_contradict_each_other(small, say):
    places = json.loads((small / "places.geojson").read_text(encoding="utf-8"))
    vague = json.loads(json.dumps(places["features"][0]))
    vague["properties"] |= {"id": "near_well", "name": "Near Well", "geo_radius_m": 3000}
    places["features"].append(vague)
    (small / "places.geojson").write_text(json.dumps(places), encoding="utf-8")
    folder = say(("stm-x", "near_well", "2017-07-02", "blue-guard", "", "post-1"))
    day = parse_day("2017-07-10")
    spoken = {place for place, _, _ in Estimator.of(folder).spoken_of(day)}
    assert {"west_well", "near_well"} <= spoken
    assert quarrels(folder, "2017-07-10") == []


def test_the_order_of_statements_does_not_matter(say, small):
    folder = say(("stm-x", "west_well", "2017-07-02", "blue-guard", "", "post-1"))
    one = quarrels(folder, "2017-07-10")
    header, *lines = (small / "statements.csv").read_text(encoding="utf-8").splitlines()
    (small / "statements.csv").write_text(
        "\n".join([header, *reversed(lines)]) + "\n", encoding="utf-8"
    )
    (two,) = quarrels(read_folder(small), "2017-07-10")
    assert (two["id"], two["holders"], two["share"]) == (
        one[0]["id"],
        one[0]["holders"],
        pytest.approx(one[0]["share"]),
    )


def test_a_date_without_evidence_has_no_disagreement_and_says_so(frontline, small):
    assert open_layers(small).disagreement("2001-01-01").empty
    out = frontline("disagreement", "2001-01-01", "--layers", small)
    assert out == "No two sources in force give different answers about one place.\n"


def test_every_format_carries_the_same_pieces(frontline, small, say):
    say(("stm-x", "west_well", "2017-07-02", "blue-guard", "", "post-1"))
    ask = ["disagreement", "2017-07-10", "--layers", small]
    table = frontline(*ask)
    assert "west_well: " in table
    assert "blue: Post (leans to red), 2017-07-02, reported, moderate, stm-x" in table
    (row,) = csv.DictReader(io.StringIO(frontline(*ask, "--format", "csv")))
    assert "blue: Post (leans to red)" in row["says"]
    (record,) = json.loads(frontline(*ask, "--format", "json"))
    assert {word["statement"] for word in record["says"]} == {"stm-west", "stm-x"}
    (feature,) = json.loads(frontline(*ask, "--format", "geojson"))["features"]
    assert feature["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    assert feature["properties"] == record
    assert float(row["area_km2"]) == pytest.approx(record["area_km2"], abs=1e-6)
