"""Out into a real QGIS, edited there, and back."""

import datetime as dt
import json
import os
import shutil
import subprocess
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from geo.coverage import find_faults
from geo.edit.copies.checkout import checkout
from geo.edit.copies.plan import plan_save, write_plan
from geo.edit.copies.reading import read_copy
from geo.edit.merge.by_id import compare_records
from geo.errors import SchemaError
from geo.layers import geojson, patches_of
from geo.layers.folder import read_folder
from geo.model import CONTROL, Basis, Confidence, Status

pytestmark = pytest.mark.qgis

STEPS = Path(__file__).parents[1] / "qgis" / "steps.py"
DAY = dt.date(2017, 8, 2)


@pytest.fixture(scope="session")
def qgis(tmp_path_factory):
    """Run steps in a QGIS without a screen; its absence is a failure where it must be there."""
    python = os.environ.get("QGIS_PYTHON", "/usr/bin/python3")
    home = tmp_path_factory.mktemp("qgis-home")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONWARNINGS": "ignore",
    }
    try:
        found = subprocess.run([python, "-c", "import qgis.core"], env=env, capture_output=True)
    except OSError:
        found = None
    if found is None or found.returncode:
        reason = f"no QGIS for {python} (Debian: apt-get install qgis python3-qgis)"
        pytest.fail(reason) if os.environ.get("QGIS") == "required" else pytest.skip(reason)

    def run(project, **steps):
        result = subprocess.run(
            [python, STEPS, project],
            input=json.dumps(steps),
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def desk(tmp_path, shipped):
    """The shipped layers in a git repository of their own, and a fresh working copy."""
    root = tmp_path / "layers"
    shutil.copytree(shipped, root, ignore=shutil.ignore_patterns(".frontline"))
    dispute(root)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "layers")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "before")
    project, package = checkout(read_folder(root), DAY, tmp_path / "copy")
    return root, project, package


def dispute(root):
    """Make the roundest patch of one side contested, so that there is one of each kind."""
    layer = read_folder(root).control[DAY].features

    def roundness(feature):
        shape = feature.geometry
        alone = shape.geom_type == "Polygon" and not shape.interiors
        held_by = feature.properties["controller"] in {"government", "opposition"}
        return shape.area / shape.length**2 if alone and held_by else 0.0

    rim = shapely.boundary(read_folder(root).area)
    inland = [one for one in layer if not shapely.intersects(one.geometry, rim)]
    chosen = max(inland, key=roundness)
    values = {"controller": None, "controllers": "government;opposition", "status": "contested"}
    changed = [
        replace(one, properties={**one.properties, **values}) if one is chosen else one
        for one in layer
    ]
    data = geojson.dump_geojson(changed, schema=CONTROL)
    (root / "control" / f"{DAY}.geojson").write_bytes(data)


def git(folder, *words):
    done = subprocess.run(
        ["git", "-C", folder, *words], check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout


def saved(root, package):
    folder = read_folder(root)
    taken = {f.id for layer in folder.control.values() for f in layer.features}
    plan = plan_save(folder, read_copy(package, taken=taken))
    write_plan(folder, plan)
    return plan


def committed(root):
    data = git(root.parent, "show", f"HEAD:layers/control/{DAY}.geojson").encode()
    return {f.id: f for f in geojson.parse_geojson(data, schema=CONTROL, file="").features}


def on_disk(root):
    return {feature.id: feature for feature in read_folder(root).control[DAY].features}


def texts(data):
    """The lines of each feature of a canonical file, by id."""
    features = data.split("\n{\n")[1:]
    return {text.split('"id": "')[1].split('"')[0]: text.rstrip(",\n}]") for text in features}


def corners(features):
    """Which features meet in each corner."""
    at = defaultdict(set)
    for name, feature in features.items():
        for xy in map(tuple, shapely.get_coordinates(feature.geometry).tolist()):
            at[xy].add(name)
    return at


def held(features, **values):
    return [
        name
        for name, feature in features.items()
        if all(feature.properties[key] == value for key, value in values.items())
    ]


# --- the project as QGIS understands it ------------------------------------------------


def test_qgis_offers_what_the_schema_allows_and_guards_the_borders(desk, qgis):
    root, project, _ = desk
    found = qgis(project, describe=[])["describe"]
    assert found["valid"]
    assert found["topological"]
    assert found["snapping"]
    assert found["avoid"] == [f"control {DAY}"]
    assert found["avoid_mode"] == 2  # of the layers listed
    assert found["snapped"] == ["border on 2017-07-31", f"control {DAY}"]
    assert found["tolerances"] == [12]
    assert found["precision"] == 1e-6
    assert set(found["checks"]) >= {"QgsIsValidCheck", "QgsGeometryGapCheck"}
    assert {"QgsGeometryOverlapCheck", "QgsGeometryMissingVertexCheck"} <= set(found["checks"])
    assert found["topology_rules"] == 4
    assert set(found["read_only"]) == set(found["layers"]) - {f"control {DAY}"}
    order = found["layers"].index
    assert order(f"control {DAY}") < order("border on 2017-07-31")
    nothing = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
    assert found["choices"]["status"] == list(Status)
    assert found["choices"]["basis"] == [nothing, *Basis]
    assert found["choices"]["confidence"] == [nothing, *Confidence]
    sides = read_folder(root).sides
    assert set(found["choices"]["controller"]) == {nothing, *sides}
    required_and_unique, required = 3, 1
    assert found["constraints"]["id"] == required_and_unique
    assert found["constraints"]["status"] == required
    assert {"controller", "controllers", "basis", "confidence"} <= set(found["rules"])


def test_every_patch_fits_the_form_and_has_a_colour(desk, qgis):
    root, project, _ = desk
    found = qgis(project, unfit=[], categories=[])
    assert found["unfit"] == []
    sides = read_folder(root).sides
    for name, feature in on_disk(root).items():
        values = feature.properties
        status = values["status"]
        wanted = sides[values["controller"]] if status == "controlled" else status
        assert found["categories"][name] == [wanted]


def test_a_patch_that_breaks_a_rule_is_marked_in_the_form(desk, qgis):
    root, project, _ = desk
    name = held(on_disk(root), status="controlled")[0]
    shared = held(on_disk(root), status="contested")[0]
    changes = [["change", name, "controller", None], ["change", shared, "controllers", "green;is"]]
    qgis(project, edit=[changes])
    found = qgis(project, unfit=[])["unfit"]
    assert [[one[0], one[1]] for one in sorted(found)] == sorted(
        [[name, "controller"], [shared, "controllers"]]
    )


def test_qgis_shows_the_lines_and_areas_of_places(shaped, qgis, tmp_path):
    day = dt.date(2017, 8, 1)
    project, package = checkout(read_folder(shaped), day, tmp_path / "copy")
    found = qgis(project, describe=[], counts=[], edit=[[]])
    assert found["describe"]["valid"]
    shown = {"places": [0, 4], "places, lines": [1, 4], "places, areas": [2, 2]}
    assert {name: found["counts"][name] for name in shown} == shown
    assert {*shown} <= set(found["describe"]["read_only"])
    assert not saved(shaped, package).difference


# --- there and back --------------------------------------------------------------------


def test_a_copy_that_qgis_saved_without_an_edit_changes_nothing(desk, qgis, tmp_path):
    root, project, package = desk
    qgis(project, edit=[[]], export=[str(tmp_path / "exported.geojson")])
    assert not saved(root, package).difference
    folder = read_folder(root)
    back = read_copy(tmp_path / "exported.geojson")
    assert not plan_save(folder, back, day=DAY).difference
    assert git(root.parent, "status", "--porcelain", "layers") == ""


def all_edits(features):
    """A moved corner, a split, a new feature, a deleted one, a new holder: on separate patches."""
    shared = held(features, status="contested")[0]
    tanf = held(features, controller="us-coalition")[0]
    own = {shared, tanf}
    at = {
        xy: names
        for xy, names in corners(features).items()
        if len(names) == 2
        and not names & own
        and all(features[n].properties["status"] == "controlled" for n in names)
    }
    rim = shapely.boundary(shapely.union_all([f.geometry for f in features.values()]))
    corner = max(sorted(at), key=lambda xy: shapely.distance(shapely.Point(xy), rim))
    own |= at[corner]
    ours = [n for n in held(features, controller="government") if n not in own]
    gone, into = next(
        (a, b)
        for a in ours
        for b in ours
        if a < b
        and shapely.length(shapely.intersection(features[a].geometry, features[b].geometry)) > 0.02
    )
    own |= {gone, into}
    flipped = next(n for n in held(features, controller="opposition") if n not in own)
    west, _, east, _ = features[shared].geometry.bounds
    x, y = shapely.get_coordinates(shapely.point_on_surface(features[shared].geometry))[0]
    line = [[west - 0.01, float(y) - 0.003], [east + 0.01, float(y) + 0.004]]
    x, y = map(float, shapely.get_coordinates(shapely.point_on_surface(features[tanf].geometry))[0])
    ring = [[x - 0.02, y - 0.02], [x + 0.02, y - 0.02], [x + 0.02, y + 0.02], [x - 0.02, y - 0.02]]
    drawn = {
        "controller": "opposition",
        "status": "controlled",
        "basis": "reported",
        "confidence": "low",
        "note": "drawn anew: التنف",
    }
    steps = [
        ["move", list(corner), [corner[0] + 0.0012345678, corner[1] - 0.0009876543]],
        ["split", shared, line],
        ["fill", tanf, ring, drawn],
        ["merge", gone, into],
        ["change", flipped, "controller", "government"],
    ]
    return steps, {
        "moved": at[corner],
        "split": shared,
        "round": tanf,
        "gone": gone,
        "into": into,
        "flipped": flipped,
        "drawn": drawn,
    }


@pytest.mark.parametrize("topological", [True, False], ids=["topological", "without"])
def test_five_edits_in_qgis_come_back_as_those_edits_and_nothing_else(desk, qgis, topological):
    root, project, package = desk
    before = on_disk(root)
    steps, meant = all_edits(before)
    steps[1].append(topological)
    answers = qgis(project, edit=[steps])["edit"]
    (part,), drawn = answers[1], answers[2]
    saved(root, package)
    after = on_disk(root)

    # Who came, who went, whose words changed.
    assert set(after) - set(before) == {part, drawn}
    assert set(before) - set(after) == {meant["gone"]}
    same = set(before) & set(after)
    assert {n for n in same if before[n].properties != after[n].properties} == {meant["flipped"]}
    assert after[meant["flipped"]].properties == {
        **before[meant["flipped"]].properties,
        "controller": "government",
    }
    assert after[part].properties == {**before[meant["split"]].properties, "id": part}
    assert after[drawn].properties == {
        **dict.fromkeys(CONTROL.names),
        **meant["drawn"],
        "id": drawn,
    }

    # Whose ground changed: those that were drawn, and nobody else by more than a corner.
    grown = {
        name: shapely.symmetric_difference(before[name].geometry, after[name].geometry).area
        for name in same
    }
    touched = {meant["split"], meant["round"], meant["into"], *meant["moved"]}
    assert {name for name, area in grown.items() if area > 1e-7} == touched
    halves = shapely.union(after[part].geometry, after[meant["split"]].geometry)
    assert halves.symmetric_difference(before[meant["split"]].geometry).area < 1e-8
    whole = shapely.union(before[meant["gone"]].geometry, before[meant["into"]].geometry)
    assert whole.symmetric_difference(after[meant["into"]].geometry).area < 1e-8

    # A sound layer: edge-matched, no gap, no overlap.
    features = tuple(after.values())
    assert shapely.coverage_is_valid([feature.geometry for feature in features])
    assert find_faults(read_folder(root).area, patches_of(features)) == []

    # In git: one file, and in it only the features that were drawn, and neighbours of the cut.
    assert git(root.parent, "diff", "--name-only").split() == [f"layers/control/{DAY}.geojson"]
    now = (root / "control" / f"{DAY}.geojson").read_text(encoding="utf-8")
    then = git(root.parent, "show", f"HEAD:layers/control/{DAY}.geojson")
    changed = {n for n in same if texts(then)[n] != texts(now)[n]}
    beside = changed - touched - {meant["flipped"]}
    for name in beside:
        assert after[name].properties == before[name].properties
        new = set(map(tuple, shapely.get_coordinates(after[name].geometry).tolist()))
        old = set(map(tuple, shapely.get_coordinates(before[name].geometry).tolist()))
        assert old < new
        assert len(new - old) <= 2  # where the cut meets the border
        assert name in {n for xy in new - old for n in corners(after)[xy]}
    assert len(beside) <= 2

    # The copy goes on from there.
    assert not saved(root, package).difference
    again = qgis(project, unfit=[], edit=[[["change", drawn, "confidence", "moderate"]]])
    assert again["unfit"] == []
    plan = saved(root, package)
    assert [(c.id, c.values) for c in plan.difference.changed] == [
        (drawn, (("confidence", "low", "moderate"),))
    ]


def test_a_part_that_qgis_split_off_has_an_id_of_its_own(desk, qgis):
    root, project, _ = desk
    steps, meant = all_edits(on_disk(root))
    (names,) = qgis(project, edit=[[steps[1]]])["edit"]
    assert len(names) == 1
    assert names[0].startswith("ctl-")
    assert names[0] != meant["split"]


def test_what_a_colleague_saved_while_qgis_was_open_is_kept(desk, qgis):
    root, project, package = desk
    features = on_disk(root)
    steps, meant = all_edits(features)
    path = root / "control" / f"{DAY}.geojson"
    text = json.loads(path.read_bytes())
    for feature in text["features"]:
        if feature["properties"]["id"] == meant["into"]:
            feature["properties"]["note"] = "from a colleague"
    path.write_bytes(geojson.fmt_geojson(json.dumps(text).encode(), schema=CONTROL, file="")[0])
    qgis(project, edit=[[steps[0], steps[4]]])
    saved(root, package)
    after = on_disk(root)
    assert after[meant["into"]].properties["note"] == "from a colleague"
    difference = compare_records(list(features.values()), list(after.values()))
    assert {change.id for change in difference.changed} == {
        meant["into"],
        meant["flipped"],
        *meant["moved"],
    }


def test_a_deleted_patch_without_an_heir_is_refused_with_its_place(desk, qgis):
    root, project, package = desk
    name = held(on_disk(root), controller="us-coalition")[0]
    qgis(project, edit=[[["delete", name]]])
    before = (root / "control" / f"{DAY}.geojson").read_bytes()
    with pytest.raises(SchemaError) as error:
        saved(root, package)
    assert [issue.code for issue in error.value.issues] == ["layer.gap"]
    place = shapely.Point(error.value.issues[0].where)
    assert on_disk(root)[name].geometry.contains(place)
    assert (root / "control" / f"{DAY}.geojson").read_bytes() == before
