import pytest
from broken import change_cells, edit_features, feature, restate

from geo.check.run import check_folder
from geo.layers.folder import read_folder


def faults(folder):
    return [i for i in check_folder(read_folder(folder)) if not i.fixable]


def test_every_extent_that_is_told_as_the_dictionary_says_is_sound(shaped):
    assert [str(i) for i in faults(shaped)] == []


def test_many_faults_are_told_together_and_nothing_is_drafted(small, frontline):
    restate(small, "stm-front", place_id="the_pocket")
    change_cells(small, "stm-gap", width_from_m="9000")
    change_cells(small, "stm-ring", opposite="red")
    change_cells(small, "stm-severed", to_place_id="")
    change_cells(small, "stm-share", to_place_id="mid_well")
    before = {path: path.read_bytes() for path in small.rglob("*.*") if path.is_file()}
    code, said, _ = frontline("check", small)
    assert code == 1
    for rule, statement in [
        ("extent_geometry", "stm-front"),
        ("width", "stm-gap"),
        ("hands", "stm-ring"),
        ("extent_columns", "stm-severed"),
        ("extent_columns", "stm-share"),
    ]:
        (line,) = [one for one in said.splitlines() if statement in one]
        assert f"error: statements.{rule}: [{statement}]" in line
        assert "statements.csv:" in line
    code, _, err = frontline("estimate", "2017-07-31", "--layers", small)
    assert code == 1
    assert "statements.width" in err
    assert "nothing was written" in err
    assert {path: path.read_bytes() for path in small.rglob("*.*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("statement", "cells", "rule", "words"),
    [
        ("stm-gap", {"place_id": "the_pocket"}, "extent_geometry", "the_pocket is an area"),
        ("stm-track", {"place_id": "lost_well"}, "extent_geometry", "lost_well is never located"),
        ("stm-ring", {"place_id": "the_neck"}, "extent_geometry", "ends where it begins"),
        ("stm-ring", {"place_id": "old_road"}, "extent_geometry", "old_road is a line"),
        ("stm-share", {"place_id": "mid_well"}, "extent_geometry", "mid_well is a point"),
        ("stm-gap", {"width_to_m": ""}, "extent_columns", "gap at the_neck lacks width_to_m"),
        ("stm-track", {"width_to_m": ""}, "extent_columns", "lacks width_to_m"),
        ("stm-track", {"event_ids": ""}, "extent_columns", "lacks event_ids"),
        ("stm-front", {"opposite": ""}, "extent_columns", "lacks opposite"),
        ("stm-front", {"share_pct": "50"}, "extent_columns", "has no use for share_pct"),
        ("stm-all", {"opposite": "blue"}, "extent_columns", "all at west_desert has no use for"),
        ("stm-all", {"extent": "", "share_pct": "3"}, "extent_columns", "has no use for share"),
        ("stm-ring", {"status": "contested"}, "extent_columns", "with the status contested"),
        ("stm-severed", {"to_place_id": "west_well"}, "extent_columns", "severed from itself"),
        ("stm-front", {"controller": "blue-guard"}, "hands", "both are blue"),
        ("stm-front", {"opposite": "red"}, "hands", "which is red twice"),
    ],
)
def test_a_statement_that_cannot_be_meant_so_is_told(small, statement, cells, rule, words):
    restate(small, statement, **cells)
    said = [i for i in faults(small) if i.code == f"statements.{rule}"]
    assert [i.ids for i in said] == [(statement,)]
    assert words in said[0].message
    assert said[0].severity == "error"


def test_a_share_is_a_whole_number_of_a_hundred(shaped, frontline):
    for share in ("0", "101", "12.5"):
        change_cells(shaped, "stm-share", share_pct=share)
        code, out, _ = frontline("check", shaped)
        assert code == 1
        assert "stm-share" in out
        assert "share_pct" in out


def test_a_ring_may_be_a_closed_line(small):
    restate(small, "stm-ring", place_id="front_line")
    ring = [[37.7, 33.1], [37.8, 33.1], [37.75, 33.2], [37.7, 33.1]]
    reshape(small, "front_line", ring)
    said = {i.ids for i in faults(small) if i.code == "statements.extent_geometry"}
    assert ("stm-ring",) not in said
    reshape(small, "front_line", [[37.7, 33.1], [37.8, 33.2], [37.8, 33.1], [37.7, 33.2], ring[0]])
    said = {i.ids for i in faults(small) if i.code == "statements.extent_geometry"}
    assert ("stm-ring",) in said


def reshape(folder, name, coordinates):
    def draw(features):
        feature(features, name)["geometry"]["coordinates"] = coordinates

    edit_features(folder / "places.geojson", draw)


def test_a_line_just_outside_the_study_area_is_let_be_within_its_error(shaped):
    # A hundredth of a degree of longitude is some 930 m there, the error 1500.
    reshape(shaped, "the_neck", [[38.01, 33.2], [38.01, 33.4]])
    assert not [i for i in faults(shaped) if i.code == "places.outside"]
    reshape(shaped, "the_neck", [[38.02, 33.2], [38.02, 33.4]])
    (said,) = [i for i in faults(shaped) if i.code == "places.outside"]
    assert said.ids == ("the_neck",)
    assert "1.9 km off" in said.message


def contradictions(folder):
    found = [i for i in faults(folder) if i.code == "statements.contradicts"]
    return [(i.severity, i.ids) for i in found]


def test_one_source_cannot_give_an_area_and_a_place_well_inside_it_to_two_sides(small):
    restate(small, "stm-west", controller="blue", date="2017-07-02")
    assert contradictions(small) == [("error", ("stm-all", "stm-west"))]
    # Another source is another opinion.
    with (small / "sources.csv").open("a", encoding="utf-8") as file:
        file.write("wire-2,Wire two,,Another,https://example.org/2,,2017-08-01,,,B2\n")
    change_cells(small, "stm-west", source_ids="wire-2")
    assert contradictions(small) == [("warning", ("stm-all", "stm-west"))]
    # Another day is another state, and a day that is known to a week only is no day.
    change_cells(small, "stm-west", source_ids="wire-1", date="2017-07-03")
    assert contradictions(small) == []
    change_cells(small, "stm-west", date="2017-07-02", date_precision="week")
    assert contradictions(small) == []


def test_a_place_at_the_edge_of_an_area_may_be_held_by_another(small):
    restate(small, "stm-west", controller="blue", date="2017-07-02")
    # 33.1 is the edge; the errors are 1500 and 500 m, and a hundredth of a degree is 1109 m.
    for lat, said in ((33.117, 0), (33.1185, 1), (33.09, 0)):
        reshape(small, "west_well", [37.2041, lat])
        assert len(contradictions(small)) == said, lat


def test_a_place_on_a_line_is_asked_about_a_place_beside_it_is_not(small):
    restate(small, "stm-all", place_id="the_neck", controller="blue")
    change_cells(small, "stm-mid-1", date="2017-07-02")
    for lat, said in ((33.703, 1), (33.71, 0)):  # 333 and 1109 m off; the lesser error is 800 m
        reshape(small, "mid_well", [37.55, lat])
        assert len(contradictions(small)) == said, lat


def test_an_event_may_lie_anywhere_on_a_line(shaped):
    def happen(features):
        event = feature(features, "evt-b")
        event["geometry"] = {"type": "Point", "coordinates": [37.5, 33.1]}
        event["properties"] |= {"place_id": "front_line", "geo_precision": 2}

    edit_features(shaped / "events/2017-07.geojson", happen)
    for lon, said in ((37.5, 0), (37.51, 0), (37.52, 1)):
        reshape(shaped, "front_line", [[lon, 33.05], [lon, 33.95]])
        assert len([i for i in faults(shaped) if i.code == "events.position"]) == said


def test_what_is_drawn_says_how_well_and_from_which_words(shaped):
    def strip(features):
        feature(features, "the_neck")["properties"] |= {"note": None, "geo_radius_m": None}
        feature(features, "mid_well")["properties"]["coord_method"] = "drawn"

    edit_features(shaped / "places.geojson", strip)
    said = {i.ids: i.message for i in faults(shaped) if i.code == "places.drawn"}
    assert set(said) == {("the_neck",), ("mid_well",)}
    assert "has no error and does not say from which words" in said["the_neck",]
    assert "is a point" in said["mid_well",]


def test_a_statement_with_an_extent_is_not_held_against_the_patch_at_the_middle(small):
    restate(small, "stm-ring", controller="blue-guard", opposite="red")
    assert not [i for i in faults(small) if i.code == "control.contradicts"]
    change_cells(small, "stm-ring", extent="", opposite="", share_pct="")
    (said,) = [i for i in faults(small) if i.code == "control.contradicts"]
    assert said.ids == ("ctl-east", "stm-ring")
