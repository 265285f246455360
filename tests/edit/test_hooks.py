"""Merges, picks and rebases are checked as commits are, and say what they drop."""

import pytest
from clones import DAY, canonical, change, commit, features, git, layer, notes, write

from geo.edit.versions.guard import guard_ids
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.setup import install_git, remove_git

pytestmark = pytest.mark.slow
WEST, MID, EAST = "ctl-west", "ctl-mid", "ctl-east"


@pytest.fixture
def halves(team):
    """Two branches that each are sound: one gives ground to an actor, the other takes it away."""
    table = team / "layers" / "actors.csv"
    rows = table.read_text().splitlines()
    blue = next(row for row in rows if row.startswith("blue,"))
    green = blue.replace("blue", "green").replace("Blue", "Green").replace("#1f77b4", "#00aa00")
    table.write_text("\n".join([*rows, green]) + "\n")
    canonical(team / "layers")
    commit(team, "a side more")
    install_git(team / "layers")
    git(team, "checkout", "-q", "-b", "other")
    git(team, "config", "core.hooksPath", "/dev/null")
    change(team, MID, note="Held by green.", controller="green")
    commit(team, "green holds it", who="bob")
    git(team, "checkout", "-q", "main")
    table.write_text("\n".join(rows) + "\n")
    commit(team, "green is no side")
    git(team, "config", "--unset", "core.hooksPath")
    return team


@pytest.mark.parametrize("how", ["merge", "cherry-pick", "rebase", "revert", "am"])
def test_what_does_not_fit_together_is_not_committed(halves, how):
    head = git(halves, "rev-parse", "HEAD")
    if how == "merge":
        said = git(halves, "merge", "--no-edit", "other", code=1)
    elif how == "cherry-pick":
        said = git(halves, "cherry-pick", "other", code=None)
    elif how == "am":
        patch = git(halves, "format-patch", "-1", "--stdout", "--no-textconv", "other")
        (halves.parent / "a.patch").write_text(patch)
        said = git(halves, "am", halves.parent / "a.patch", code=None)
    elif how == "revert":
        git(halves, "checkout", "-q", "other")
        git(halves, "-c", "core.hooksPath=/dev/null", "cherry-pick", "main")
        git(halves, "reset", "-q", "--hard")
        change(halves, MID, controller="blue", note=None)
        git(halves, "add", "-A")
        git(halves, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "blue again")
        head = git(halves, "rev-parse", "HEAD")
        said = git(halves, "revert", "--no-edit", "HEAD", code=None)
    else:
        git(halves, "checkout", "-q", "other")
        said = git(halves, "rebase", "main", code=None)
    assert "reference.dangling" in said
    assert "green" in said
    assert "nothing was committed" in said
    assert git(halves, "rev-parse", "HEAD") == head


@pytest.mark.parametrize("how", ["merge", "cherry-pick", "rebase"])
def test_what_fits_together_is_committed(team, how):
    install_git(team / "layers")
    git(team, "checkout", "-q", "-b", "other")
    change(team, EAST, note="theirs")
    commit(team, "theirs", who="bob")
    git(team, "checkout", "-q", "main")
    change(team, WEST, note="mine")
    commit(team, "mine")
    if how == "rebase":
        git(team, "checkout", "-q", "other")
    target = "main" if how == "rebase" else "other"
    said = git(team, how, *(["--no-edit"] if how == "merge" else []), target)
    assert "did not answer" not in said
    assert (notes(team)[WEST], notes(team)[EAST]) == ("mine", "theirs")


def test_a_person_may_still_say_that_no_hook_is_to_look(halves):
    change(halves, MID, controller="green")
    git(halves, "add", "-A")
    git(halves, "commit", "-q", "-m", "refused", code=1)
    git(halves, "commit", "-q", "--no-verify", "-m", "all the same")


def test_a_hook_of_somebody_else_is_left_alone_and_undo_takes_ours(team):
    hooks = team / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "pre-merge-commit").write_text("#!/bin/sh\nexit 0\n")
    said = "\n".join(install_git(team / "layers"))
    assert "there is a pre-merge-commit hook already" in said
    assert all((hooks / name).exists() for name in HOOKS)
    remove_git(team / "layers")
    assert [name for name in HOOKS if (hooks / name).exists()] == ["pre-merge-commit"]


@pytest.fixture
def conflict(team):
    """A conflict about one note, while ours and theirs each wrote a note elsewhere, too."""
    install_git(team / "layers")
    git(team, "checkout", "-q", "-b", "other")
    change(team, MID, note="theirs")
    change(team, EAST, note="theirs alone")
    commit(team, "theirs", who="bob")
    git(team, "checkout", "-q", "main")
    change(team, MID, note="mine")
    change(team, WEST, note="mine alone")
    commit(team, "mine")
    git(team, "merge", "--no-edit", "other", code=1)
    return team


@pytest.mark.parametrize(
    ("side", "lost", "who"), [("theirs", WEST, "analyst"), ("ours", EAST, "bob")]
)
def test_a_checkout_of_one_side_that_drops_edits_of_the_other_is_refused(
    conflict, side, lost, who, frontline
):
    git(conflict, "checkout", f"--{side}", layer(conflict))
    code, out, _ = frontline("check", conflict / "layers", "--against", "HEAD")
    assert code == 1
    assert f"merge.lost: [{lost}] edits of" in out
    git(conflict, "add", "-A")
    said = git(conflict, "commit", "--no-edit", code=1)
    assert f"{lost} (note)" in said
    assert who in said
    # Of what both said one may be chosen.
    assert MID not in said
    frontline("gone", lost, "--layers", conflict / "layers")
    git(conflict, "commit", "-q", "--no-edit")


def test_what_was_settled_by_hand_is_committed(conflict):
    git(conflict, "checkout", "--ours", layer(conflict))
    change(conflict, MID, note="both of us")
    change(conflict, EAST, note="theirs alone")
    git(conflict, "add", "-A")
    git(conflict, "commit", "-q", "--no-edit")


def test_a_patch_that_was_dissolved_in_a_save_is_not_asked_about_again(team, frontline, tmp_path):
    install_git(team / "layers")
    some = features(team)
    before = layer(team).read_bytes()
    gone = some.pop(MID)
    west = some[WEST]
    some[WEST] = type(west)(west.id, west.properties, west.geometry.union(gone.geometry))
    write(team, some)
    copy = tmp_path / "copy.geojson"
    copy.write_bytes(layer(team).read_bytes())
    layer(team).write_bytes(before)
    words = ("save", copy, DAY, "--yes", "--snap", "0", "--layers", team / "layers")
    assert frontline(*words)[0] == 0
    assert guard_ids(team / "layers", "HEAD")[0].code == "id.vanished"
    git(team, "add", "-A")
    said = git(team, "commit", "-m", "dissolved", code=None)
    assert "id.vanished" not in said
