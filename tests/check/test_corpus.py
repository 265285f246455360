import csv
import json

import pytest
import shapely
from badinput import ELSEWHERE
from broken import append, edit, edit_features

from geo.check.report import explain_code
from geo.check.run import check_folder
from geo.crs import snap
from geo.layers.folder import read_folder


def findings(folder, **more):
    return check_folder(read_folder(folder), **more)


OURS = {
    # Code of the corpus: our code, and why it is another.
    "actor.renamed": "reference.dangling",
    "actor.unknown": "reference.dangling",
    "coord.region": "layer.outside",
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
            assert explain_code(code), row


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
        # What is drawn beside a pole is sharp as well, of which the reader warns without a hint.
        assert all(i.file and i.hint for i in issues if i.code != "geom.spike")
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
