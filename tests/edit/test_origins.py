"""What a copy was taken from: nothing that others wrote is taken back without a word."""

import json

import pytest
from clones import DAY, change, commit, features, git, layer, notes, write

from geo.edit.merge.by_id import states_of
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.origins import find_origin, versions_of
from geo.edit.versions.setup import install_git
from geo.layers.folder import read_folder

WEST, EAST = "ctl-west", "ctl-east"


def taken(top, tmp_path, **values):
    """A copy of the layer as it is, in which the note of one patch is another."""
    document = json.loads(layer(top).read_text())
    for one in document["features"]:
        if one["properties"]["id"] == EAST:
            one["properties"].update(values)
    path = tmp_path / "copy.geojson"
    path.write_text(json.dumps(document))
    return path


def save(frontline, top, path, *words, code=0):
    got, out, err = frontline("save", path, DAY, "--yes", "--layers", top / "layers", *words)
    assert got == code, out + err
    return out + err


def test_a_file_taken_three_commits_ago_is_merged_with_what_was_committed_since(
    team, tmp_path, frontline
):
    path = taken(team, tmp_path, note="mine")
    for i in range(3):
        change(team, WEST, note=f"theirs {i}")
        commit(team, f"say {i}", who="bob")
    said = save(frontline, team, path)
    assert "was taken from" in said
    assert "begin" in said
    assert "bob" in said
    assert notes(team)[WEST] == "theirs 2"
    assert notes(team)[EAST] == "mine"


def test_a_backup_is_as_good_as_a_commit_where_there_is_no_git(small, tmp_path, frontline):
    top = small.parent
    frontline("fmt", small)
    path = taken(top, tmp_path, note="mine")
    other = tmp_path / "other.geojson"
    document = json.loads(layer(top).read_text())
    for one in document["features"]:
        if one["properties"]["id"] == WEST:
            one["properties"]["note"] = "theirs"
    other.write_text(json.dumps(document))
    save(frontline, top, other)
    said = save(frontline, top, path)
    assert "the backup control/2017-08-01.geojson@" in said
    assert (notes(top)[WEST], notes(top)[EAST]) == ("theirs", "mine")


def test_an_old_file_is_put_back_only_by_name(team, tmp_path, frontline):
    path = taken(team, tmp_path)
    change(team, WEST, note="theirs")
    commit(team, "say so", who="bob")
    said = save(frontline, team, path, code=1)
    assert "bob" in said
    assert f"{WEST} (note)" in said
    assert notes(team)[WEST] == "theirs"
    save(frontline, team, path, "--base", "now")
    assert notes(team)[WEST] is None


def test_where_two_versions_would_do_a_person_is_asked(team, tmp_path, frontline):
    path = taken(team, tmp_path, confidence="high")
    change(team, EAST, confidence="moderate")
    commit(team, "surer", who="bob")
    before = layer(team).read_bytes()
    said = save(frontline, team, path, code=1)
    assert "may have been taken from" in said
    assert f"{EAST} (confidence)" in said
    assert layer(team).read_bytes() == before
    first = git(team, "rev-parse", "HEAD~1").strip()
    said = save(frontline, team, path, "--base", first, code=1)
    assert "conflict" in said
    save(frontline, team, path, "--base", "now")
    assert features(team)[EAST].properties["confidence"] == "high"


def test_nobody_is_asked_about_own_commits(team, tmp_path, frontline):
    path = taken(team, tmp_path, confidence="high")
    change(team, EAST, confidence="moderate")
    commit(team, "surer")
    save(frontline, team, path)
    assert features(team)[EAST].properties["confidence"] == "high"


def test_an_edit_of_what_was_said_last_is_an_edit(team, tmp_path, frontline):
    change(team, EAST, note="Held since the night of the first, as two wires say.")
    commit(team, "say so", who="bob")
    path = taken(team, tmp_path, note="Held since the night of the first, as three wires say.")
    save(frontline, team, path)
    assert "three wires" in notes(team)[EAST]


def test_a_layer_that_somebody_else_began_too_is_merged_on_what_both_were_copied_from(
    team, tmp_path, frontline
):
    path = taken(team, tmp_path, note="mine")
    assert frontline("new", "2017-08-09", "--from", DAY, "--layers", team / "layers")[0] == 0
    some = features(team, "2017-08-09")
    some[WEST].properties["note"] = "theirs"
    write(team, some, "2017-08-09")
    commit(team, "the ninth", who="bob")
    words = ("save", path, "2017-08-09", "--yes", "--layers", team / "layers")
    code, _, err = frontline(*words)
    assert code == 0, err
    assert (notes(team, "2017-08-09")[WEST], notes(team, "2017-08-09")[EAST]) == ("theirs", "mine")


@pytest.mark.parametrize("steps", [1, 4])
def test_versions_are_told_latest_first_with_who_and_why(team, steps):
    for i in range(steps):
        change(team, WEST, note=f"{i}")
        commit(team, f"say {i}", who="bob")
    found = versions_of(team / "layers", f"control/{DAY}.geojson")
    assert [one.subject for one in found] == [
        *(f"say {i}" for i in reversed(range(steps))),
        "begin",
    ]
    assert {one.author for one in found} == {"bob", "analyst"}
    layer_now = read_folder(team / "layers").control[
        next(iter(read_folder(team / "layers").control))
    ]
    assert (
        find_origin(states_of(layer_now.features), states_of(layer_now.features), found).version
        is None
    )


NINTH = "2017-08-09"


def begin(frontline, top, name, who, **values):
    """Begin the layer of the ninth, and edit it."""
    assert frontline("new", NINTH, "--layers", top / "layers")[0] == 0
    change(top, name, NINTH, **values)
    commit(top, f"{who} begins", who=who)


@pytest.mark.parametrize("how", ["merge", "rebase", "cherry-pick"])
def test_two_beginnings_of_one_date_merge_on_what_both_copied(team, frontline, how):
    install_git(team / "layers")
    for name in HOOKS:
        (team / ".git" / "hooks" / name).unlink(missing_ok=True)
    git(team, "checkout", "-q", "-b", "other")
    begin(frontline, team, EAST, "bob", note="theirs")
    git(team, "checkout", "-q", "main")
    # Ours was copied from a layer that had been edited since.
    change(team, "ctl-mid", DAY, note="since")
    commit(team, "since")
    begin(frontline, team, WEST, "ann", note="mine")
    if how == "rebase":
        git(team, "checkout", "-q", "other")
        git(team, "rebase", "-q", "main")
    else:
        git(team, *(("merge", "-q", "--no-edit") if how == "merge" else ("cherry-pick",)), "other")
    found = notes(team, NINTH)
    assert (found[WEST], found[EAST], found["ctl-mid"]) == ("mine", "theirs", "since")


def test_two_beginnings_that_say_two_things_are_a_conflict(team, frontline):
    install_git(team / "layers")
    for name in HOOKS:
        (team / ".git" / "hooks" / name).unlink()
    git(team, "checkout", "-q", "-b", "other")
    begin(frontline, team, EAST, "bob", note="theirs")
    git(team, "checkout", "-q", "main")
    begin(frontline, team, EAST, "ann", note="mine")
    said = git(team, "merge", "--no-edit", "other", code=1)
    assert "note of ctl-east is 'mine' for ours, 'theirs' for theirs" in said


@pytest.mark.parametrize("how", ["no ids", "numbers", "others"])
def test_the_same_ground_keeps_its_id_whatever_a_program_did_to_ids(team, tmp_path, frontline, how):
    path = taken(team, tmp_path, note="mine")
    change(team, WEST, note="theirs")
    commit(team, "say so", who="bob")
    document = json.loads(path.read_text())
    for number, one in enumerate(document["features"]):
        one.pop("id", None)
        if how == "no ids":
            del one["properties"]["id"]
        else:
            one["properties"]["id"] = f"ctl-{number}" if how == "others" else str(number)
            one["properties"]["id"] = None if how == "numbers" else one["properties"]["id"]
            one["id"] = number
    path.write_text(json.dumps(document))
    said = save(frontline, team, path)
    assert "4 features have the ids back that their ground had" in said
    assert (notes(team)[WEST], notes(team)[EAST]) == ("theirs", "mine")
