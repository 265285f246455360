import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from badinput import ELSEWHERE

from geo.check import validation
from geo.crs import snap
from geo.errors import SchemaError, UnknownIdError
from geo.layers import geojson
from geo.layers.codes import READING
from geo.layers.folder import read_folder
from geo.theatre import Theatre, open_layers

ROOT = Path(__file__).parents[2]


def findings(folder, **more):
    return validation.check_folder(read_folder(folder), **more)


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


def append(path, line):
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def later(folder, day, controller):
    """A further layer in which the strip in the middle is held by somebody."""
    text = (folder / "control/2017-08-01.geojson").read_text(encoding="utf-8")
    (folder / f"control/{day}.geojson").write_text(text, encoding="utf-8")

    def hand_over(features):
        feature(features, "ctl-mid")["properties"]["controller"] = controller

    edit_features(folder / f"control/{day}.geojson", hand_over)
    append(folder / "assessments.csv", f"{day},all,changed,,")


def happens(folder, place, sub_type, **values):
    """Turn the declaration of the little theatre into something that happens at a place."""
    places = json.loads((folder / "places.geojson").read_text(encoding="utf-8"))["features"]

    def change(features):
        event = feature(features, "evt-b")
        event["geometry"] = feature(places, place)["geometry"]
        taking = {"place_id": place, "event_type": "Battles", "sub_event_type": sub_type}
        event["properties"] |= taking | {"geo_precision": 1, "geo_radius_m": 500} | values

    edit_features(folder / "events/2017-07.geojson", change)


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
        feature(features, "ctl-east")["properties"]["basis"] = None

    edit_features(folder / "control/2017-08-01.geojson", change)


def parties(folder):
    def change(features):
        feature(features, "ctl-east")["properties"]["controllers"] = "red"

    edit_features(folder / "control/2017-08-01.geojson", change)


def overlap(folder):
    def change(features):
        ring = feature(features, "ctl-west")["geometry"]["coordinates"][0]
        ring[1][0] = ring[2][0] = 37.55

    edit_features(folder / "control/2017-07-01.geojson", change)


def order(folder):
    edit(folder / "alignments.csv", "2017-01-01,2017-08-01", "2017-08-01,2017-08-01")


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


def allied_twice(folder):
    append(folder / "alignments.csv", "blue-guard,part_of,blue,2017-07-15,,wire-1,")


def put(folder, place, position):
    def change(features):
        feature(features, place)["geometry"]["coordinates"] = position

    edit_features(folder / "places.geojson", change)


def swapped(folder):
    put(folder, "west_well", [33.5002, 37.2041])


def coarse(folder):
    put(folder, "west_well", [37.2, 33.5])


def no_address(folder):
    edit(folder / "sources.csv", "https://example.org/1", "")


def undated(folder):
    edit(folder / "sources.csv", "2017-08-01", "")


def not_drawn(folder):
    happens(folder, "west_well", "Non-state actor overtakes territory")


def far(folder):
    happens(folder, "west_well", "Armed clash", actor2="red")


def unlooked(folder):
    edit(folder / "assessments.csv", "2017-08-01", "2017-08-03")


def denied(folder):
    edit(folder / "assessments.csv", "2017-08-01,all,changed", "2017-08-01,mid_well,no_change")


def repeated(folder):
    later(folder, "2017-08-05", "blue-guard")


def contradicted(folder):
    edit(
        folder / "statements.csv",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,blue-guard",
        "stm-mid-2,mid_well,2017-08-01,day,controlled,red",
    )


def partisan(folder):
    edit(folder / "sources.csv", "Wire,,A report", "Wire,red,A report")


def flipped(folder):
    later(folder, "2017-08-05", "red")
    row = "chg-back,2017-08-01,2017-08-05,,,blue,red,correction,mid_well,,wire-1,2017-08-06,,,Why."
    append(folder / "changes.csv", row)


def unexplained(folder):
    edit(folder / "changes.csv", "refinement,east_well", "refinement,west_well;lost_well")
    edit(folder / "changes.csv", ",,blue-guard,,refinement", ",,blue-guard,red,refinement")


def idle(folder):
    row = "chg-idle,2017-07-01,2017-08-01,,,,red,refinement,lost_well,,wire-1,2017-08-02,,,Why."
    append(folder / "changes.csv", row)


def bare(folder):
    edit(folder / "changes.csv", "blue-guard,,refinement", "blue-guard,,withdrawal")


def drafted(folder):
    edit(folder / "changes.csv", "The wire gives", "Draft: the wire gives")


def undue(folder):
    edit(folder / "changes.csv", "2017-07-31,2017-08-01,red", "2017-08-03,2017-08-04,red")


def one_way(folder):
    def change(features):
        feature(features, "evt-a")["properties"]["change_id"] = None

    edit_features(folder / "events/2017-07.geojson", change)


BREAKS = {
    "reference.dangling": dangling,
    "id.duplicate": duplicate,
    "control.axes": axes,
    "control.parties": parties,
    "layer.coverage": overlap,
    "date.order": order,
    "theatre.dates": early,
    "events.month": month,
    "places.located": placeless,
    "actors.side": no_side,
    "alignments.overlap": allied_twice,
    "places.position": swapped,
    "places.precision": coarse,
    "sources.url": no_address,
    "sources.date": undated,
    "events.position": moved,
    "events.unmatched": not_drawn,
    "events.far": far,
    "assessments.missing": unlooked,
    "assessments.denied": denied,
    "layer.repeats": repeated,
    "control.contradicts": contradicted,
    "control.partisan": partisan,
    "history.flip": flipped,
    "ledger.unexplained": unexplained,
    "ledger.idle": idle,
    "ledger.bare": bare,
    "ledger.draft": drafted,
    "ledger.dates": undue,
    "ledger.link": one_way,
}
SAYS = {
    "layer.coverage": {"layer.overlap"},
    "places.position": {"places.swapped"},
    "ledger.unexplained": {"ledger.unexplained", "ledger.idle"},
}
WITHOUT_ID = {"assessments.missing", "date.order", "layer.repeats"}  # of whole files, of rows


def test_a_sound_theatre_has_no_finding(small):
    assert [str(i) for i in findings(small) if not i.fixable] == []


def test_every_rule_has_a_theatre_that_breaks_it():
    assert set(BREAKS) == set(validation.RULES)


@pytest.mark.parametrize("code", BREAKS)
def test_a_rule_speaks_of_what_breaks_it(small, code):
    BREAKS[code](small)
    said = [i for i in findings(small) if not i.fixable]
    assert {i.code for i in said} == SAYS.get(code, {code})
    for issue in said:
        assert issue.file
        assert issue.ids or code in WITHOUT_ID
        assert issue.hint


@pytest.mark.parametrize("code", BREAKS)
def test_only_what_makes_every_answer_wrong_keeps_a_theatre_shut(small, code):
    BREAKS[code](small)
    folder = read_folder(small)
    if validation.RULES[code].blocking:
        with pytest.raises(SchemaError):
            validation.require_sound(folder)
    else:
        assert all(i.severity == "warning" for i in validation.require_sound(folder))


def test_a_severity_can_be_chosen_and_a_rule_switched_off(small):
    undated(small)
    bare(small)
    chosen = {"sources.date": "error", "ledger.bare": "off"}
    said = [i for i in findings(small, severities=chosen) if not i.fixable]
    assert [(i.code, i.severity) for i in said] == [("sources.date", "error")]
    with pytest.raises(UnknownIdError, match=r"did you mean sources\.date"):
        findings(small, severities={"sources.dates": "off"})


def test_the_limits_can_be_chosen(small):
    flipped(small)
    limits = validation.Limits(flip_days=3)
    assert not [i for i in findings(small, limits=limits) if i.code == "history.flip"]
    far(small)
    limits = validation.Limits(clash_km=100)
    assert not [i for i in findings(small, limits=limits) if i.code == "events.far"]


def test_a_theatre_without_layers_or_with_one_can_be_checked(small):
    for path in (small / "control").iterdir():
        path.unlink()
    said = {i.code for i in findings(small) if i.severity == "error"}
    assert said == {"ledger.dates"}
    (small / "changes.csv").unlink()
    edit(small / "events/2017-07.geojson", '"chg-mid"', "null")
    assert not [i for i in findings(small) if i.severity == "error"]


# Single rules, at their edges.


def test_a_place_abroad_that_is_not_swapped_is_far(small):
    put(small, "west_well", [44.3661, 33.3152])
    (issue,) = [i for i in findings(small) if not i.fixable]
    assert issue.code == "places.far"
    assert issue.where == (44.3661, 33.3152)


def test_a_place_just_outside_the_study_area_is_not_asked_about(small):
    put(small, "west_well", [36.9041, 33.5002])
    assert not [i for i in findings(small) if not i.fixable]


def test_a_taking_is_matched_by_a_layer_within_the_precision_of_its_date(small):
    edit(
        small / "events/2017-07.geojson",
        '"Non-state actor overtakes territory"',
        '"Armed clash"',
    )
    values = {"event_date": "2017-07-04", "actor1": "red"}
    for precision, codes in ((1, {"events.unmatched"}), (2, set())):
        happens(
            small,
            "mid_well",
            "Government regains territory",
            time_precision=precision,
            **values,
        )
        assert {i.code for i in findings(small) if not i.fixable} == codes


def test_a_taking_that_was_undone_before_the_next_layer_is_not_asked_about(small):
    happens(small, "mid_well", "Government regains territory", actor1="red")
    assert not [i for i in findings(small) if not i.fixable]


def test_a_taking_of_a_vague_place_is_not_asked_about(small):
    happens(small, "east_well", "Non-state actor overtakes territory", actor1="red")
    assert not [i for i in findings(small) if not i.fixable]


def test_a_clash_on_contested_ground_or_at_a_front_is_near(small):
    for place in ("east_well", "mid_well"):
        happens(small, place, "Armed clash", actor2="red")
        assert not [i for i in findings(small) if not i.fixable], place


def test_a_clash_near_unknown_ground_is_not_asked_about(small):
    happens(small, "mid_well", "Armed clash", actor1="red", actor2="blue")
    put(small, "mid_well", [37.62, 33.7104])

    def move(features):
        feature(features, "evt-b")["geometry"]["coordinates"] = [37.62, 33.7104]

    edit_features(small / "events/2017-07.geojson", move)
    assert "events.far" not in {i.code for i in findings(small)}


def test_a_side_that_holds_nothing_can_clash_nowhere(small):
    append(small / "actors.csv", "green,Green,,,green,side,#00ff00,")

    def known(features):
        values = feature(features, "ctl-void")["properties"]
        values |= {"controller": "red", "status": "controlled", "basis": "inferred"}
        values |= {"confidence": "low"}

    for path in (small / "control").iterdir():
        edit_features(path, known)
    happens(small, "mid_well", "Armed clash", actor2="green")
    (issue,) = [i for i in findings(small) if not i.fixable]
    assert issue.code == "events.far"
    assert "no ground of green is drawn" in issue.message


def test_an_inferred_patch_of_low_confidence_may_rest_on_its_own_side(small):
    partisan(small)

    def modest(features):
        for name in ("ctl-west", "ctl-mid"):
            feature(features, name)["properties"] |= {"basis": "inferred", "confidence": "low"}

    for path in (small / "control").iterdir():
        edit_features(path, modest)
    assert not [i for i in findings(small) if not i.fixable]


def test_contested_days_between_do_not_hide_a_flip(small):
    later(small, "2017-08-03", None)

    def contested(features):
        values = feature(features, "ctl-mid")["properties"]
        values |= {"status": "contested", "controllers": "blue-guard;red"}

    edit_features(small / "control/2017-08-03.geojson", contested)
    later(small, "2017-08-05", "red")
    said = [i for i in findings(small) if i.code == "history.flip"]
    assert [i.ids for i in said] == [("mid_well",)]
    assert "from red to blue in the layer of 2017-08-01, and back 4 days later" in said[0].message


def test_no_change_is_the_word_for_a_layer_like_the_one_before(small):
    repeated(small)
    edit(small / "assessments.csv", "2017-08-05,all,changed", "2017-08-05,all,no_change")
    assert not [i for i in findings(small) if not i.fixable]


def test_alliances_that_follow_each_other_do_not_overlap(small):
    append(small / "alignments.csv", "blue-guard,part_of,blue,2017-08-01,,wire-1,")
    assert not [i for i in findings(small) if not i.fixable]


def test_a_change_of_the_picture_needs_a_note(small):
    edit(small / "changes.csv", "The wire gives the east to neither side.", "")
    (issue,) = [i for i in findings(small) if not i.fixable]
    assert (issue.code, issue.ids) == ("ledger.bare", ("chg-east",))


def test_a_ledger_row_over_two_steps_is_refused(small):
    later(small, "2017-07-15", "red")
    edit(small / "assessments.csv", "2017-07-15,all,changed", "2017-07-15,all,partial")
    said = [i for i in findings(small) if i.code == "ledger.dates"]
    assert {i.ids for i in said} == {("chg-east",), ("chg-mid",)}
    assert "not two consecutive layers" in said[0].message


def test_unexplained_ground_is_told_with_its_size_and_the_nearest_place(small):
    edit(small / "changes.csv", "blue-guard,,refinement,east_well", "blue-guard,red,refinement,")
    (issue,) = [i for i in findings(small) if i.code == "ledger.unexplained"]
    # A ninth of a degree square at 33.4 N, from published tables of the length of a degree.
    assert "3,301" in issue.message
    assert "with east_well" in issue.message
    put(small, "east_well", [37.1041, 33.4002])
    (issue,) = [i for i in findings(small) if i.code == "ledger.unexplained"]
    assert re.search(r"2017-08-01, [0-9]+ km from mid_well", issue.message)


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


def test_ground_outside_the_study_area_is_named(small):
    def spread(features):
        ring = feature(features, "ctl-west")["geometry"]["coordinates"][0]
        ring[0][0] = ring[3][0] = ring[4][0] = 36.9

    edit_features(small / "control/2017-07-01.geojson", spread)
    (issue,) = [i for i in findings(small) if not i.fixable]
    assert (issue.code, issue.severity, issue.ids) == ("layer.outside", "error", ("ctl-west",))
    with pytest.raises(SchemaError, match=r"layer\.outside"):
        validation.require_sound(read_folder(small))


def test_a_hair_between_two_patches_is_only_a_warning(small):
    def shrink(features):
        ring = feature(features, "ctl-west")["geometry"]["coordinates"][0]
        ring[1][0] = ring[2][0] = 37.499998

    edit_features(small / "control/2017-07-01.geojson", shrink)
    said = [i for i in findings(small) if not i.fixable]
    assert {(i.code, i.severity) for i in said} == {("layer.sliver", "warning")}
    assert all(i.severity == "warning" for i in validation.require_sound(read_folder(small)))


# What a code means.


def test_every_code_that_is_ever_said_is_explained():
    families = {code.split(".")[0] for code in READING} | {"layer", "places", "theatre"}
    said = set()
    for name in ("fields", "files", "geojson", "layers", "shapes", "tables", "topology"):
        text = (ROOT / "geo" / f"{name}.py").read_text(encoding="utf-8")
        found = re.findall(r'"([a-z]+)\.([a-z][a-z_0-9]+)"', text)
        said |= {f"{family}.{word}" for family, word in found if family in families}
    said = {code for code in said if not code.endswith((".geojson", ".gpkg", ".csv"))}
    assert len(said) > 60
    for code in said:
        assert validation.explain_code(code).startswith(f"{code}: "), code


def test_every_rule_says_what_it_asks_for_and_why():
    for code, rule in validation.RULES.items():
        title, _, rest = validation.explain_code(code).partition("\n")
        assert title.endswith((".", "?")), code
        assert len(rest.split()) >= 8, code
        for other in rule.codes:
            assert validation.explain_code(other).startswith(f"{other}: "), other
    assert not READING.keys() & validation.RULES.keys()


def test_an_unknown_code_is_answered_with_the_nearest():
    with pytest.raises(UnknownIdError, match=r"did you mean .*ledger\.idle"):
        validation.explain_code("ledger.idel")


def test_sarif_names_each_finding_with_its_rule_its_file_and_its_line(small):
    undated(small)
    dangling(small)
    issues = findings(small)
    log = validation.sarif_report(issues, version="1.2.3")
    text = json.dumps(log)
    assert json.loads(text)["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted({i.code for i in issues})
    assert len(run["results"]) == len(issues)
    for issue, result in zip(issues, run["results"], strict=True):
        assert rules[result["ruleIndex"]] == result["ruleId"] == issue.code
        assert result["level"] == issue.severity
        (place,) = result["locations"]
        at = place["physicalLocation"]
        assert at["artifactLocation"]["uri"] == issue.file
        assert at["region"]["startLine"] >= 1
        assert issue.message in result["message"]["text"]


# The corpus of bad layers: what the readers cannot know by themselves.

OURS = {
    # Code of the corpus: our code, and why it is another.
    "actor.renamed": "reference.dangling",
    "actor.unknown": "reference.dangling",
    "date.order": "date.order",
    "layer.duplicate_geometry": "layer.overlap",
    "layer.overlap": "layer.overlap",
    "layer.overlap_same_actor": "layer.overlap",  # an error: its ground would be counted twice
    "layer.sliver_gap": "layer.sliver",
    "layer.sliver_overlap": "layer.sliver",
    "status.unknown": "choice.unknown",
    "rule": "",  # the header of the table
}
NOT_A_CHECK = {"render", "render.template", "export.csv", ""}
WHOLE_LAYER = [
    *sorted(ELSEWHERE),
    "layer_overlap_different_time_ok.geojson",
    "layer_same_day_handover_ok.geojson",
    "layer_t_junction_ok.geojson",
    "ok_base.geojson",
]


@pytest.fixture(scope="module")
def modes(shared):
    folder = shared / "badinput" / "modes"
    if not folder.is_dir():
        pytest.skip("the test material holds no corpus of bad layers")
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return folder, {row["file"]: row for row in csv.DictReader(file)}


def test_every_code_of_the_corpus_has_one_of_ours(modes):
    _, manifest = modes
    for row in manifest.values():
        code = OURS.get(row["rule"], row["rule"])
        if row["rule"] not in NOT_A_CHECK and code:
            assert validation.explain_code(code), row


def as_theatre(small, features):
    """Dated areas as a theatre: a snapshot at each date on which one of them begins or ends."""
    edit(small / "alignments.csv", "blue-guard,part_of,blue,2017-01-01,2017-08-01,wire-1,\n", "")
    for name in ("statements", "changes", "assessments", "places", "events", "control"):
        for path in [*small.glob(f"{name}.*"), *small.glob(f"{name}/*")]:
            path.unlink()
    (small / "places.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    (small / "statements.csv").write_text(
        "id,place_id,date,date_precision,status,controller,controllers,basis,confidence,"
        "event_ids,source_ids,note\n"
    )
    actors = ["id,name,name_ar,alternatenames,side,kind,color,notes"]
    for name, other in (("actor-a", "actor-old"), ("actor-b", ""), ("actor-c", "")):
        actors.append(f"{name},{name},,{other},{name},side,#112233,")
    (small / "actors.csv").write_text("\n".join(actors) + "\n")
    area = shapely.box(37, 36.1, 37.9, 36.4)

    def theatre(found):
        found[0]["geometry"] = shapely.geometry.mapping(area)
        found[0]["properties"] |= {"before": "2024-06-01", "after": "2024-06-02"}

    edit_features(small / "theatre.geojson", theatre)
    spans = []
    for one in features:
        values = one["properties"]
        first, last = values["valid_from"], values["valid_to"]
        spans.append((first, last, one))
        if last and last <= first:  # no snapshot can show it: as a dated relation it must fail
            row = f"{values['actor']},fights,{values['actor']},{first},{last},wire-1,"
            append(small / "alignments.csv", row)
    days = sorted({d for first, last, _ in spans for d in (first, last) if d})
    for day in days:
        there = [one for first, last, one in spans if first <= day and (not last or day < last)]
        write_control(small, day, area, there)


def write_control(small, day, area, features):
    shapes = [snap(shapely.geometry.shape(one["geometry"])) for one in features]
    # What lies between two areas, be it a hair, is nobody's: only open ground is unknown.
    held = shapely.union_all(shapes).buffer(5e-6, join_style="mitre")
    held = held.buffer(-5e-6, join_style="mitre")
    rest = snap(area.difference(shapely.set_precision(held, 1e-6)))
    patches = []
    for one, shape in zip(features, shapes, strict=True):
        patches.append((one["properties"]["id"], one["properties"]["actor"], "controlled", shape))
    patches.append(("ctl-rest", None, "unknown", rest))
    data = {"type": "FeatureCollection", "features": []}
    for name, actor, status, shape in patches:
        known = status == "controlled"
        values = {"id": name, "controller": actor, "controllers": None, "status": status}
        values |= {"basis": "assessed" if known else None, "confidence": "high" if known else None}
        values |= {"statement_ids": None, "source_ids": "wire-1" if known else None, "note": None}
        geometry = shapely.geometry.mapping(shape)
        data["features"].append({"type": "Feature", "properties": values, "geometry": geometry})
    (small / "control").mkdir(exist_ok=True)
    (small / f"control/{day}.geojson").write_text(json.dumps(data))


@pytest.mark.parametrize("name", WHOLE_LAYER)
def test_each_way_to_break_a_whole_layer_is_told_by_its_rule(small, modes, name):
    folder, manifest = modes
    row = manifest[name]
    features = json.loads((folder / name).read_text(encoding="utf-8"))["features"]
    as_theatre(small, features)
    quiet = dict.fromkeys(("assessments.missing", "ledger.unexplained", "layer.empty"), "off")
    issues = [i for i in findings(small, severities=quiet) if not i.fixable]
    errors = {i.code for i in issues if i.severity == "error"}
    code = OURS.get(row["rule"], row["rule"])
    if row["expect"] == "accept":
        assert not issues
    elif row["expect"] == "reject" or row["rule"] == "layer.overlap_same_actor":
        assert errors == {code}
        assert all(i.file and i.hint for i in issues)
    else:
        assert {i.code for i in issues} == {code}
        assert not errors


def test_another_name_of_an_actor_points_to_the_actor(small, modes):
    folder, _ = modes
    text = (folder / "actor_renamed.geojson").read_text(encoding="utf-8")
    as_theatre(small, json.loads(text)["features"])
    said = [i for i in findings(small) if i.code == "reference.dangling"]
    assert said
    assert all("another name of 'actor-a'" in i.hint for i in said)


# The shipped case.


def test_the_shipped_case_has_no_error_and_few_warnings(shipped):
    issues = findings(shipped)
    assert [str(i) for i in issues if i.severity == "error"] == []
    assert len(issues) <= 10
    assert all(i.hint for i in issues)


def test_a_layer_made_in_memory_is_looked_at_for_validity_too(small):
    folder = read_folder(small)
    day, layer = next(iter(folder.control.items()))
    west, south, east, north = shapely.bounds(layer.features[0].geometry)
    bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    features = (replace(layer.features[0], geometry=bow), *layer.features[1:])
    drawn = geojson.Layer(layer.file, layer.schema, features, (), "")
    with pytest.raises(SchemaError) as caught:
        validation.require_sound(replace(folder, control={**folder.control, day: drawn}))
    assert "layer.crossing" in {issue.code for issue in caught.value.issues}


def test_one_look_at_a_few_layers_leaves_their_segments_for_the_next_question(small, monkeypatch):
    monkeypatch.setenv("FRONTLINE_CACHE", "off")
    theatre = open_layers(small)
    for day in theatre.dates:
        left, shapes = theatre.control_columns(day, by="holder")
        fresh, again = Theatre(theatre.folder).control_columns(day, by="holder")
        assert left["holder"] == fresh["holder"]
        assert left["area_km2"].tolist() == fresh["area_km2"].tolist()
        assert shapely.equals(shapes, again).all()
    assert set(theatre._drawn) == set(theatre.dates)
