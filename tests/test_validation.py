import json
import re

import pytest

from geo import validation
from geo.errors import SchemaError
from geo.layers import read_folder


def findings(folder):
    return validation.check(read_folder(folder))


def edit(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} does not stand in {path}"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def edit_features(path, change):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data["features"])
    path.write_text(json.dumps(data), encoding="utf-8")


def feature(features, name):
    return next(f for f in features if f["properties"]["id"] == name)


def dangling(folder):
    edit(folder / "statements.csv", "mid_well", "mid_wel")


def duplicate(folder):
    text = (folder / "events/2017-07.geojson").read_text(encoding="utf-8")
    (folder / "events/2017-08.geojson").write_text(text, encoding="utf-8")

    def august(features):
        features[:] = [feature(features, "evt-b")]
        features[0]["properties"]["event_date"] = "2017-08-03"

    edit_features(folder / "events/2017-08.geojson", august)


def axes(folder):
    def change(features):
        feature(features, "ctl-east")["properties"]["controllers"] = "red"

    edit_features(folder / "control/2017-08-01.geojson", change)


def overlap(folder):
    def change(features):
        ring = feature(features, "ctl-west")["geometry"]["coordinates"][0]
        ring[1][0] = ring[2][0] = 37.55

    edit_features(folder / "control/2017-07-01.geojson", change)


def order(folder):
    edit(folder / "changes.csv", "chg-mid,2017-07-01,2017-08-01", "chg-mid,2017-08-01,2017-08-01")


def early(folder):
    edit(folder / "theatre.geojson", "2017-07-01", "2016-07-01")


def month(folder):
    (folder / "events/2017-07.geojson").rename(folder / "events/2017-06.geojson")


def placeless(folder):
    def change(features):
        feature(features, "lost_well")["properties"]["coord_method"] = "located"

    edit_features(folder / "places.geojson", change)


def moved(folder):
    def change(features):
        feature(features, "evt-a")["geometry"]["coordinates"] = [37.5, 33.5]

    edit_features(folder / "events/2017-07.geojson", change)


def no_side(folder):
    edit(folder / "actors.csv", "blue,side", "blue,army")


def unlooked(folder):
    edit(folder / "assessments.csv", "2017-08-01", "2017-08-03")


def contradicted(folder):
    edit(
        folder / "statements.csv",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,blue-guard",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,red",
    )


BREAKS = {
    "reference.dangling": dangling,
    "id.duplicate": duplicate,
    "control.axes": axes,
    "layer.coverage": overlap,
    "date.order": order,
    "theatre.dates": early,
    "events.month": month,
    "places.located": placeless,
    "events.position": moved,
    "actors.side": no_side,
    "assessments.missing": unlooked,
    "control.contradicts": contradicted,
}
SAYS = {"layer.coverage": "layer.overlap"}


def test_a_sound_theatre_has_no_finding(small):
    assert [str(i) for i in findings(small) if not i.fixable] == []


def test_every_rule_has_a_theatre_that_breaks_it():
    assert set(BREAKS) == set(validation.RULES)


@pytest.mark.parametrize("code", BREAKS)
def test_a_rule_speaks_of_what_breaks_it(small, code):
    BREAKS[code](small)
    said = [i for i in findings(small) if not i.fixable]
    assert {i.code for i in said} == {SAYS.get(code, code)}
    for issue in said:
        assert issue.file
        assert issue.ids or code == "assessments.missing"
        assert issue.hint


def test_a_dangling_id_is_answered_with_the_nearest_one(small):
    dangling(small)
    (issue,) = [i for i in findings(small) if i.code == "reference.dangling"]
    assert "did you mean 'mid_well'?" in str(issue)
    assert "statements.csv" in str(issue)


def test_an_unknown_actor_is_refused_with_all_places(small):
    for day in ("2017-07-01", "2017-08-01"):
        edit(small / f"control/{day}.geojson", '"controller": "red"', '"controller": "rde"')
    with pytest.raises(SchemaError) as caught:
        validation.require_sound(read_folder(small))
    assert {i.code for i in caught.value.issues} == {"reference.dangling"}
    assert {re.search(r"2017-0[78]-01", i.file).group() for i in caught.value.issues} == {
        "2017-07-01",
        "2017-08-01",
    }


def test_a_gap_and_an_overlap_are_named_with_place_and_area(small):
    overlap(small)

    def open_gap(features):
        feature(features, "ctl-east")["geometry"]["coordinates"][0] = [
            [37.65, 33],
            [38, 33],
            [38, 33.8],
            [37.65, 33.8],
            [37.65, 33],
        ]

    edit_features(small / "control/2017-07-01.geojson", open_gap)
    said = {i.code: i for i in findings(small) if i.severity == "error"}
    assert set(said) == {"layer.gap", "layer.overlap"}
    assert set(said["layer.overlap"].ids) == {"ctl-west", "ctl-mid"}
    assert "km2" in said["layer.overlap"].message
    lon, lat = said["layer.gap"].where
    assert 37.6 <= lon <= 37.65
    assert 33 <= lat <= 33.8
