"""Settling what git could not merge, without a screen: by id, by side, and no edit lost."""

import json

import pytest
import shapely
from clones import DAY, change, commit, features, git, layer, notes, write

from geo.edit.resolve.unmerged import unmerged_files
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.setup import install_git
from geo.edit.versions.texts import readable_text
from geo.layers.folder import read_folder
from geo.model import Feature

WEST, MID, EAST = "ctl-west", "ctl-mid", "ctl-east"
NINTH = "2017-08-09"


def set_up(top):
    install_git(top / "layers")
    for name in HOOKS:
        (top / ".git" / "hooks" / name).unlink()


def moved(top, east, day=DAY):
    """The border between west and mid put elsewhere."""
    some = features(top, day)
    west, mid = some[WEST], some[MID]
    both = shapely.union(west.geometry, mid.geometry)
    x0, y0, x1, y1 = both.bounds
    shapes = shapely.box(x0, y0, east, y1), shapely.box(east, y0, x1, y1)
    for one, shape in zip((west, mid), shapes, strict=True):
        cut = shapely.intersection(both, shape)
        some[one.id] = Feature(one.id, one.properties, cut)
    write(top, some, day)


@pytest.fixture
def torn(team):
    """A border and a note that both changed in two ways, and a note of each elsewhere."""
    set_up(team)
    git(team, "checkout", "-q", "-b", "south")
    moved(team, 37.56)
    change(team, EAST, note="theirs", confidence="moderate")
    commit(team, "drawn in the south", who="bob")
    git(team, "checkout", "-q", "main")
    moved(team, 37.53)
    change(team, EAST, note="mine")
    change(team, WEST, note="mine alone")
    commit(team, "drawn in the north", who="ann")
    return team


def merge(top, how="merge"):
    if how == "rebase":
        git(top, "checkout", "-q", "south")
        return git(top, "rebase", "main", code=1)
    return git(top, how, *(["--no-edit"] if how == "merge" else []), "south", code=1)


def resolve(frontline, top, *words, code=0):
    got, out, err = frontline("resolve", *words, "--layers", top / "layers")
    assert got == code, out + err
    return out + err


def border(top):
    return features(top)[WEST].geometry.bounds[2]


def test_the_list_says_what_each_said_and_who(torn, frontline):
    merge(torn)
    said = resolve(frontline, torn, "--list")
    assert f"control/{DAY}.geojson: 2 conflicts" in said
    assert "mine    main" in said
    assert "ann" in said
    assert "theirs  south" in said
    assert "bob" in said
    assert "drawn in the south" in said
    assert f"{EAST}  note" in said
    assert "theirs  theirs" in said
    assert f"{MID}, {WEST}  ground" in said
    # To look changes nothing.
    assert resolve(frontline, torn, "--list") == said


@pytest.mark.parametrize("how", ["merge", "cherry-pick", "rebase"])
def test_sides_are_taken_by_id_and_everything_else_is_merged(torn, frontline, how):
    merge(torn, how)
    said = resolve(frontline, torn, "--take", f"{EAST}.note=theirs")
    assert "1 conflicts are open" in said
    assert "<<<<<<<" in layer(torn).read_text()
    said = resolve(frontline, torn, "--take", f"{WEST}=mine")
    assert "settled and added" in said
    # In a rebase mine is what is put on the others' commits.
    mine = how != "rebase"
    assert border(torn) == pytest.approx(37.53 if mine else 37.56)
    assert notes(torn)[EAST] == ("theirs" if mine else "mine")
    assert notes(torn)[WEST] == "mine alone"
    assert features(torn)[EAST].properties["confidence"] == "moderate"
    assert git(torn, "diff", "--name-only", "--diff-filter=U") == ""
    if how == "merge":
        git(torn, "commit", "-q", "--no-edit")
    else:
        git(torn, how, "--continue")
    assert resolve(frontline, torn) == "git has nothing to settle here\n"


def test_a_side_may_be_called_by_its_branch_and_all_at_once(torn, frontline):
    merge(torn)
    resolve(frontline, torn, "--take", "all=south", layer(torn))
    assert border(torn) == pytest.approx(37.56)
    assert notes(torn) == {**notes(torn), EAST: "theirs", WEST: "mine alone"}


def test_a_choice_is_taken_back_by_another(torn, frontline):
    merge(torn)
    resolve(frontline, torn, "--take", f"{EAST}=theirs")
    assert "<- chosen" in resolve(frontline, torn, "--list")
    resolve(frontline, torn, "--take", f"{EAST}=mine", "--take", "1=mine", "--take", "2=mine")
    assert notes(torn)[EAST] == "mine"


@pytest.mark.parametrize(
    ("take", "told"),
    [
        ("ctl-none=mine", "no conflict is called ctl-none"),
        (f"{EAST}=nobody", "'nobody' is neither side; say mine or theirs: mine is main"),
    ],
)
def test_what_nobody_can_mean_is_refused(torn, frontline, take, told):
    merge(torn)
    before = layer(torn).read_bytes()
    assert told in resolve(frontline, torn, "--take", take, code=1)
    assert layer(torn).read_bytes() == before


def test_in_a_rebase_ours_is_refused_for_git_turns_it_round(torn, frontline):
    merge(torn, "rebase")
    assert "neither side" in resolve(frontline, torn, "--take", f"{EAST}=ours", code=1)
    said = resolve(frontline, torn, "--list")
    assert "mine    south" in said
    assert "theirs  main" in said


def test_what_was_typed_into_the_file_is_not_overwritten(torn, frontline):
    merge(torn)
    text = layer(torn).read_text().replace('"note": "mine"', '"note": "both of us"')
    layer(torn).write_text(text)
    said = resolve(frontline, torn, "--take", "all=mine", code=1)
    assert "was edited since git stopped" in said
    assert "both of us" in said
    assert layer(torn).read_text() == text


def test_choices_of_another_merge_are_not_taken_for_this_one(torn, frontline):
    merge(torn)
    resolve(frontline, torn, "--take", f"{EAST}=theirs")
    git(torn, "merge", "--abort")
    change(torn, EAST, note="mine anew")
    commit(torn, "again", who="ann")
    merge(torn)
    assert "<- chosen" not in resolve(frontline, torn, "--list")


def test_what_is_not_sound_is_written_and_not_added(torn, frontline):
    git(torn, "checkout", "-q", "south")
    some = features(torn)
    mid = some[MID]
    some[MID] = Feature(mid.id, mid.properties, mid.geometry.buffer(-0.01, join_style="mitre"))
    write(torn, some)
    commit(torn, "a gap", who="bob")
    git(torn, "checkout", "-q", "main")
    merge(torn)
    said = resolve(frontline, torn, "--take", "all=theirs", code=1)
    assert "layer.gap" in said
    assert "not added" in said
    assert git(torn, "diff", "--name-only", "--diff-filter=U").strip().endswith(f"{DAY}.geojson")


def test_a_table_is_settled_cell_by_cell(team, frontline):
    set_up(team)
    table = team / "layers" / "statements.csv"

    def note(text, row):
        lines = table.read_text().splitlines()
        assert lines[row].endswith(",")
        lines[row] += text
        table.write_text("\n".join(lines) + "\n")

    git(team, "checkout", "-q", "-b", "south")
    note("theirs", 1)
    note("theirs alone", 2)
    commit(team, "theirs", who="bob")
    git(team, "checkout", "-q", "main")
    note("mine", 1)
    commit(team, "mine", who="ann")
    git(team, "merge", "--no-edit", "south", code=1)
    (one,) = unmerged_files(team / "layers")
    (conflict,) = one.conflicts
    assert (conflict.what, conflict.ours, conflict.theirs) == ("property note", "mine", "theirs")
    resolve(frontline, team, "--take", f"{conflict.ids[0]}=theirs")
    text = table.read_text()
    assert ",theirs\n" in text
    assert "theirs alone" in text
    assert "mine" not in text


def test_two_beginnings_are_settled_on_what_both_copied(team, frontline):
    set_up(team)
    git(team, "checkout", "-q", "-b", "south")
    frontline("new", NINTH, "--layers", team / "layers")
    change(team, EAST, NINTH, note="theirs")
    change(team, MID, NINTH, note="theirs alone")
    commit(team, "the ninth", who="bob")
    git(team, "checkout", "-q", "main")
    frontline("new", NINTH, "--layers", team / "layers")
    change(team, EAST, NINTH, note="mine")
    commit(team, "the ninth", who="ann")
    git(team, "merge", "--no-edit", "south", code=1)
    resolve(frontline, team, "--take", f"{EAST}=mine")
    assert (notes(team, NINTH)[EAST], notes(team, NINTH)[MID]) == ("mine", "theirs alone")


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_a_layer_that_one_deleted_and_the_other_changed(team, frontline, side):
    set_up(team)
    git(team, "checkout", "-q", "-b", "south")
    change(team, EAST, note="theirs")
    commit(team, "theirs", who="bob")
    git(team, "checkout", "-q", "main")
    layer(team).unlink()
    commit(team, "no layer", who="ann")
    git(team, "merge", "--no-edit", "south", code=1)
    resolve(frontline, team, "--take", f"all={side}")
    assert layer(team).exists() == (side == "theirs")
    assert git(team, "diff", "--name-only", "--diff-filter=U") == ""


@pytest.mark.parametrize("command", ["diff HEAD", "check", "map", "fmt --check", "areas"])
def test_every_command_points_the_way_out(torn, frontline, monkeypatch, command):
    merge(torn)
    monkeypatch.chdir(torn)
    words = command.split()
    words += (
        [torn / "layers"] if words[0] in {"check", "map", "fmt"} else ["--layers", torn / "layers"]
    )
    code, out, err = frontline(*words)
    # What can be compared is compared all the same.
    assert code == (0 if command == "diff HEAD" else 1)
    assert "frontline resolve" in out + err
    assert "between ours and theirs (" in out + err


def test_git_diff_of_a_conflict_is_short(torn):
    merge(torn)
    text = readable_text(layer(torn).read_bytes())
    assert "<<<<<<< ours\nctl-east.note: mine\n=======\nctl-east.note: theirs\n>>>>>>>" in text
    assert len(git(torn, "diff").splitlines()) < 120
    json.dumps(text)


def test_nothing_is_asked_where_nothing_is_in_conflict(team, frontline):
    assert "nothing to settle" in resolve(frontline, team, "--list")
    assert unmerged_files(team / "layers") == []
    assert read_folder(team / "layers").control
