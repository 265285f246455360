import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
from pyproj import Geod

from geo import cli
from geo.edit.copies.checkout import new_layer
from geo.edit.versions.compare import compare_versions, read_revision
from geo.edit.versions.git import Repository
from geo.edit.versions.guard import guard_ids
from geo.edit.versions.hooks import HOOKS
from geo.edit.versions.review import review_text
from geo.edit.versions.setup import _settings, install_git, merge_files, remove_git
from geo.edit.versions.texts import canonical_text, readable_text
from geo.errors import DateError, GeoError, LayerError, LayerNotFoundError, SchemaError
from geo.layers import geojson, tables
from geo.layers.folder import layer_paths, read_folder
from geo.model import CONTROL, SCHEMAS, STATEMENTS, Feature, Row

ROOT = Path(__file__).parents[2]
DAY = "2017-08-01"


@pytest.fixture(autouse=True)
def _own_git(monkeypatch, tmp_path):
    """No setting of this machine, and none of a hook that the tests may run in."""
    for name in [key for key in os.environ if key.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "analyst")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "analyst@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))


def git(folder, *words, code=0, **env):
    done = subprocess.run(
        ["git", *words], cwd=folder, capture_output=True, text=True, env={**os.environ, **env}
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def frontline(monkeypatch, capsys):
    """Run the command in this process, in a folder: what it said, and to whom."""

    def run(folder, *words, code=0):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["frontline", *words])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = "".join(capsys.readouterr())
        assert stop.value.code == code, said
        return said

    return run


def canonical(folder):
    """Write a whole folder in its canonical form."""
    for path, _ in layer_paths(folder):
        path.write_bytes(canonical_text(path.read_bytes(), path.as_posix()))


@pytest.fixture
def clone(tmp_path, small):
    """A repository with a sound little theatre in canonical form, committed once."""
    top = tmp_path / "my maps"
    top.mkdir()
    shutil.move(small, top / "layers")
    canonical(top / "layers")
    git(top, "init", "-q", "--initial-branch=main")
    for path in (top / "layers").rglob("*"):
        # As old as they look: git asks the filter about files that are as young as its index.
        os.utime(path, (1e9, 1e9))
    commit(top, "begin")
    return top


def set_up(top, *, whole=False):
    """Set up git for the layers; hook and filter take time, so only where they are meant."""
    install_git(top / "layers")
    if not whole:
        for name in HOOKS:
            (top / ".git" / "hooks" / name).unlink()
        git(top, "config", "--unset", "filter.frontline.clean")


def commit(top, message):
    git(top, "add", "-A")
    git(top, "commit", "-q", "--allow-empty", "-m", message)


def layer(top):
    return top / "layers" / "control" / f"{DAY}.geojson"


def features(top):
    return {
        f.id: f
        for f in geojson.parse_geojson(layer(top).read_bytes(), schema=CONTROL, file="").features
    }


def write(top, some):
    layer(top).write_bytes(geojson.dump_geojson(list(some.values()), schema=CONTROL))


def change(top, name, **values):
    """Edit properties of a patch, on disk."""
    some = features(top)
    some[name].properties.update(values)
    write(top, some)


def split_history(top, ours, theirs):
    """Two branches from here: `main` with ours, `other` with theirs; `main` is checked out."""
    git(top, "checkout", "-q", "-b", "other")
    theirs()
    commit(top, "theirs")
    git(top, "checkout", "-q", "main")
    ours()
    commit(top, "ours")


# --- set-up


def snapshot(top):
    return {
        name: (top / ".git" / name).read_bytes() if (top / ".git" / name).exists() else None
        for name in ("config", "info/attributes", "hooks/pre-commit")
    }


def test_setup_twice_is_setup_once_and_undo_leaves_no_trace(clone):
    before = snapshot(clone)
    first = install_git(clone / "layers")
    once = snapshot(clone)
    assert install_git(clone / "layers") == first
    assert snapshot(clone) == once
    assert once != before
    remove_git(clone / "layers")
    after = snapshot(clone)
    assert after["hooks/pre-commit"] is None
    assert not (after["info/attributes"] or b"").replace(before["info/attributes"] or b"", b"")
    assert after["config"] == before["config"]
    assert not git(clone, "status", "--short")


def test_what_others_wrote_into_attributes_and_hooks_stays(clone):
    attributes = clone / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.png binary")
    hook = clone / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    report = "\n".join(install_git(clone / "layers"))
    assert "left alone" in report
    assert "pre-commit" in report
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"
    assert attributes.read_text().startswith("*.png binary\n")
    remove_git(clone / "layers")
    assert attributes.read_text() == "*.png binary\n"
    assert hook.exists()


def test_two_layers_folders_are_set_up_and_taken_away_apart(clone):
    shutil.copytree(clone / "layers", clone / "more [2]")
    install_git(clone / "layers")
    install_git(clone / "more [2]")
    said = git(clone, "check-attr", "merge", "--", f"more [2]/control/{DAY}.geojson")
    assert "merge: frontline" in said
    assert "more [2]" in remove_git(clone / "layers")[0]
    said = git(clone, "check-attr", "merge", "--", f"more [2]/control/{DAY}.geojson")
    assert "merge: frontline" in said
    said = git(clone, "check-attr", "merge", "--", f"layers/control/{DAY}.geojson")
    assert "unspecified" in said


@pytest.mark.parametrize("name", ['odd "name"', "شمال", "a*b", "back\\slash", "#hash", "!bang"])
def test_attributes_reach_a_folder_of_any_name(clone, name):
    (clone / "layers").rename(clone / name)
    install_git(clone / name)
    said = git(
        clone,
        "-c",
        "core.quotePath=false",
        "check-attr",
        "-z",
        "merge",
        "--",
        f"{name}/places.geojson",
    )
    assert said.split("\0")[2] == "frontline"
    said = git(clone, "check-attr", "-z", "merge", "--", f"{name}/README.md")
    assert said.split("\0")[2] == "unspecified"


def test_layers_at_the_top_of_a_repository_are_set_up_too(small):
    git(small, "init", "-q")
    install_git(small)
    assert "frontline" in git(small, "check-attr", "merge", "--", "places.geojson")
    assert "left to plain git" in remove_git(small)[0]


def test_a_folder_in_no_repository_is_refused(small):
    with pytest.raises(GeoError, match="not a git repository"):
        install_git(small)


# --- merging


def test_two_analysts_edit_neighbouring_lines_of_one_patch(clone):
    set_up(clone)
    split_history(
        clone,
        lambda: change(clone, "ctl-mid", basis="claimed"),
        lambda: change(clone, "ctl-mid", confidence="low"),
    )
    git(clone, "merge", "-q", "--no-edit", "other")
    values = features(clone)["ctl-mid"].properties
    assert (values["basis"], values["confidence"]) == ("claimed", "low")


def conflicting(clone):
    split_history(
        clone,
        lambda: change(clone, "ctl-mid", note="north"),
        lambda: change(clone, "ctl-mid", note="south"),
    )


def test_a_conflict_is_named_and_stops_every_later_step(clone, frontline):
    set_up(clone)
    conflicting(clone)
    said = git(clone, "merge", "--no-edit", "other", code=1)
    assert "ctl-mid" in said
    assert "'north' for ours, 'south' for theirs" in said
    assert "UU" in git(clone, "status", "--short")
    assert "git.conflict" in frontline(clone, "check", "layers", code=1)
    text = layer(clone).read_text()
    assert text.count("<<<<<<< ours") == 1
    layer(clone).write_text("".join(merged_as_ours(text)))
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "--no-edit")
    assert features(clone)["ctl-mid"].properties["note"] == "north"


def merged_as_ours(text):
    kept = True
    for line in text.splitlines(keepends=True):
        if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            kept = not line.startswith("=======")
        elif kept:
            yield line


@pytest.mark.slow
def test_a_rebase_and_a_stash_use_the_driver(clone):
    set_up(clone)
    split_history(
        clone,
        lambda: change(clone, "ctl-mid", basis="claimed"),
        lambda: change(clone, "ctl-mid", confidence="low"),
    )
    git(clone, "checkout", "-q", "other")
    git(clone, "rebase", "-q", "main")
    assert features(clone)["ctl-mid"].properties["basis"] == "claimed"
    change(clone, "ctl-mid", note="stashed")
    git(clone, "stash", "-q")
    change(clone, "ctl-mid", confidence="high")
    commit(clone, "meanwhile")
    git(clone, "stash", "pop", "-q")
    values = features(clone)["ctl-mid"].properties
    assert (values["note"], values["confidence"]) == ("stashed", "high")


def test_a_second_working_tree_uses_what_was_set_up_in_the_first(clone, tmp_path):
    set_up(clone)
    split_history(
        clone,
        lambda: change(clone, "ctl-mid", basis="claimed"),
        lambda: change(clone, "ctl-mid", confidence="low"),
    )
    other = tmp_path / "second tree"
    git(clone, "worktree", "add", "-q", str(other), "other")
    git(other, "merge", "-q", "--no-edit", "main")
    values = features(other)["ctl-mid"].properties
    assert (values["basis"], values["confidence"]) == ("claimed", "low")
    assert read_revision(other / "layers", "HEAD").control


PYTHON = Path(sys.executable).as_posix()
BREAKAGES = {
    "gone": "/nowhere/python -P -m geo git-driver",
    "crashes": f"{sys.executable} -c 'raise SystemExit(1)'",
    "killed": "sh -c 'kill -9 $$'",
}


@pytest.mark.parametrize("tool", BREAKAGES.values(), ids=BREAKAGES)
def test_where_the_tool_is_broken_git_merges_text_and_loses_nothing(clone, tool):
    set_up(clone, whole=True)
    for name, command in _settings().items():
        git(clone, "config", name, command.replace(f"{PYTHON} -P -m geo git-driver", tool))
    hook = clone / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace(f"{PYTHON} -P -m geo git-driver", tool))
    conflicting(clone)
    git(clone, "merge", "--no-edit", "other", code=1)
    text = layer(clone).read_text()
    assert text.count("<<<<<<<") == text.count(">>>>>>>") == 1
    assert '"note": "north"' in text
    assert '"note": "south"' in text
    git(clone, "merge", "--abort")
    # Diffs and commits go on, too.
    change(clone, "ctl-west", note="edited")
    assert '+  "note": "edited"' in git(clone, "diff")
    commit(clone, "edited")
    assert '"note": "edited"' in git(clone, "show", f"HEAD:layers/control/{DAY}.geojson")


def test_where_only_the_attributes_are_left_git_merges_text(clone):
    set_up(clone, whole=True)
    for section in ("merge.frontline", "diff.frontline", "filter.frontline"):
        git(clone, "config", "--remove-section", section)
    (clone / ".git" / "hooks" / "pre-commit").unlink()
    conflicting(clone)
    git(clone, "merge", "--no-edit", "other", code=1)
    text = layer(clone).read_text()
    assert '"note": "north"' in text
    assert '"note": "south"' in text


def test_a_version_with_a_fault_is_merged_as_text(clone):
    set_up(clone)

    def unfinished():
        layer(clone).write_text(layer(clone).read_text().replace('"ctl-west"', '"CTL WEST"'))

    git(clone, "checkout", "-q", "-b", "other")
    unfinished()
    git(clone, "commit", "-q", "--no-verify", "-a", "-m", "unfinished")
    git(clone, "checkout", "-q", "main")
    change(clone, "ctl-mid", note="ours")
    commit(clone, "ours")
    said = git(clone, "merge", "--no-edit", "other")
    assert "is merged as text" in said
    text = layer(clone).read_text()
    assert '"CTL WEST"' in text
    assert '"note": "ours"' in text


# --- diffs and canonical text in git


@pytest.mark.slow
def test_a_diff_is_read_property_by_property(clone):
    set_up(clone)
    change(clone, "ctl-mid", controller="blue")
    moved_border(clone)
    said = git(clone, "diff")
    assert "-ctl-mid.controller: blue-guard" in said
    assert "+ctl-mid.controller: blue" in said
    assert "coordinates" not in said
    shapes = [line for line in said.splitlines() if line[1:].startswith("ctl-mid.geometry: ")]
    assert [line[0] for line in shapes] == ["-", "+"]
    assert "1,030." in shapes[0]  # a tenth of a degree at 33.5 north: 92.9 x 110.9 x 0.1 km2
    assert "412." in shapes[1]


def test_tables_and_points_read_well_and_what_cannot_be_read_is_shown_as_it_is(clone):
    places = readable_text((clone / "layers" / "places.geojson").read_bytes())
    assert "west_well.geometry: at 37.204100, 33.500200\n" in places
    rows = readable_text((clone / "layers" / "statements.csv").read_bytes())
    assert "stm-west.controller: red\n" in rows
    assert readable_text(b"no layer\n") == "no layer\n"


@pytest.mark.slow
def test_git_stores_canonical_text_whatever_a_program_wrote(clone):
    set_up(clone, whole=True)
    stored = layer(clone).read_bytes()
    layer(clone).write_text(json.dumps(json.loads(stored)))
    git(clone, "add", "-A")
    assert not git(clone, "diff", "--cached", "--stat")
    broken = b'{"type": "FeatureCollection", "features": [null]}'
    layer(clone).write_bytes(broken)
    git(clone, "add", "-A")
    assert git(clone, "show", f":layers/control/{DAY}.geojson").encode() == broken


# --- the hook


@pytest.mark.slow
def test_a_commit_of_a_broken_layer_is_refused_with_the_reason(clone):
    set_up(clone, whole=True)
    change(clone, "ctl-mid", controller=None)
    git(clone, "add", "-A")
    said = git(clone, "commit", "-m", "broken", code=1)
    assert "control.axes" in said
    assert f"layers/control/{DAY}.geojson" in said
    assert "nothing was committed" in said
    git(clone, "reset", "-q", "--hard")
    (clone / "notes.txt").write_text("not a layer")
    commit(clone, "other files need no check")


@pytest.mark.slow
def test_what_is_staged_is_checked_not_what_lies_on_disk(clone):
    set_up(clone, whole=True)
    change(clone, "ctl-mid", note="sound")
    git(clone, "add", "-A")
    layer(clone).write_text("torn")
    git(clone, "commit", "-q", "-m", "sound")
    assert layer(clone).read_text() == "torn"


@pytest.mark.slow
def test_a_commit_that_loses_a_patch_says_so_until_it_is_named(clone, frontline):
    set_up(clone, whole=True)
    some = features(clone)
    gone = some.pop("ctl-mid")
    west = some["ctl-west"]
    grown = shapely.union(west.geometry, gone.geometry)
    some["ctl-west"] = type(west)(west.id, west.properties, grown)
    write(clone, some)
    git(clone, "add", "-A")
    said = git(clone, "commit", "-m", "less", code=1)
    assert "id.vanished: [ctl-mid]" in said
    assert "frontline gone" in said
    frontline(clone, "gone", "ctl-mid")
    git(clone, "commit", "-q", "-m", "less")
    # What was confirmed once is asked about again.
    assert "ctl-mid" in (clone / "layers" / ".frontline" / "gone.txt").read_text()
    change(clone, "ctl-west", note="And on.")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "on")
    assert "ctl-mid" not in (clone / "layers" / ".frontline" / "gone.txt").read_text()


@pytest.mark.slow
def test_a_merge_may_lose_what_one_side_deleted_and_nothing_else(clone):
    set_up(clone, whole=True)
    git(clone, "config", "--unset", "filter.frontline.clean")
    table = clone / "layers" / "statements.csv"
    old = tables.parse_table(table.read_bytes(), schema=STATEMENTS, file="").rows

    def write_rows(**notes):
        more = [
            Row(f"stm-{n}", {**old[-1].values, "id": f"stm-{n}", "note": notes[n]}) for n in notes
        ]
        table.write_bytes(tables.dump_table([*old, *more], schema=STATEMENTS))
        git(clone, "commit", "-q", "--no-verify", "-a", "-m", "rows")

    write_rows(xa="1", xb="1", xc="1")
    git(clone, "checkout", "-q", "-b", "other")
    write_rows(xb="south", xc="1")
    git(clone, "checkout", "-q", "main")
    write_rows(xa="1", xb="north", xc="1")
    git(clone, "merge", "--no-edit", "other", code=1)
    text = "".join(merged_as_ours(table.read_text()))
    assert "stm-xa" not in text
    table.write_text(text.replace("stm-xc,", "stm-xd,"))
    git(clone, "add", "-A")
    said = git(clone, "commit", "--no-edit", code=1)
    assert "id.vanished: [stm-xc]" in said
    assert "stm-xa" not in said
    table.write_text(text)
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "--no-edit")


# --- ids over time


def guard(clone, revision="HEAD", **options):
    return {issue.code: issue for issue in guard_ids(clone / "layers", revision, **options)}


def test_a_copy_from_before_brings_back_what_was_deleted_and_loses_what_was_added(clone):
    table = clone / "layers" / "statements.csv"
    stale = table.read_bytes()
    rows = tables.parse_table(stale, schema=STATEMENTS, file="").rows
    table.write_bytes(tables.dump_table(rows[1:], schema=STATEMENTS))
    commit(clone, "one statement less")
    new = Row("stm-new", {**rows[1].values, "id": "stm-new"})
    table.write_bytes(tables.dump_table([*rows[1:], new], schema=STATEMENTS))
    commit(clone, "one statement more")
    assert not guard(clone)
    table.write_bytes(stale)
    found = guard(clone)
    assert found["id.vanished"].ids == ("stm-new",)
    assert found["id.vanished"].file.endswith("statements.csv")
    assert found["id.resurrected"].ids == (rows[0].id,)
    assert found["id.resurrected"].line
    assert not guard(clone, confirmed=["stm-new", rows[0].id])
    assert not guard(clone, confirmed=["all"])


def test_an_id_on_other_ground_is_found(clone):
    some = features(clone)
    west, mid = some["ctl-west"], some["ctl-mid"]
    some["ctl-west"] = type(west)(west.id, west.properties, mid.geometry)
    some["ctl-mid"] = type(mid)(mid.id, mid.properties, west.geometry)
    write(clone, some)
    assert guard(clone)["id.reused"].ids[0] in {"ctl-west", "ctl-mid"}


def test_an_event_may_move_to_another_month_but_not_out_of_the_folder(clone):
    month = clone / "layers" / "events" / "2017-07.geojson"
    month.rename(month.with_name("2017-06.geojson"))
    assert not guard(clone)
    month.with_name("2017-06.geojson").unlink()
    assert "the file is gone" in guard(clone)["id.vanished"].message


def test_a_file_that_cannot_be_read_has_lost_all_its_ids(clone):
    layer(clone).write_text("torn")
    assert "ctl-mid" in guard(clone)["id.vanished"].ids


def test_check_against_a_revision_reports_and_takes_names(clone, frontline):
    some = features(clone)
    layer(clone).unlink()
    said = frontline(clone, "check", "layers", "--against", "HEAD", code=1)
    assert "id.vanished" in said
    assert f"git show 'HEAD:layers/control/{DAY}.geojson'" in said
    words = [word for name in some for word in ("--gone", name)]
    said = frontline(clone, "check", "layers", "--against", "HEAD", *words, code=1)
    assert "id.vanished" not in said
    said = frontline(clone, "check", "layers", "--against", "no-such-thing", code=1)
    assert "git knows no commit 'no-such-thing'" in said
    assert "--gone" in frontline(clone, "check", "--explain", "id.vanished")


# --- what a change means


def moved_border(clone, east=37.56):
    """The border between red and blue moved to the east, in both patches."""
    some = features(clone)
    west, mid = some["ctl-west"], some["ctl-mid"]
    strip = shapely.box(37.5, 33, east, 34)
    drawn = (
        (west, shapely.union(west.geometry, strip)),
        (mid, shapely.difference(mid.geometry, strip)),
    )
    write(clone, some | {f.id: Feature(f.id, f.properties, shape) for f, shape in drawn})
    return strip


def ellipsoid_km2(shape):
    return (
        abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(shape, 0.01))[0]) / 1e6
    )


def test_nothing_differs_from_itself(clone, frontline):
    comparison = compare_versions(clone / "layers", "HEAD")
    assert not comparison
    assert "Nothing differs." in review_text(comparison)
    assert frontline(clone, "diff", "HEAD", "--exit-code").startswith("Layers: HEAD → working tree")


def test_a_moved_border_is_square_kilometres_by_sides_and_the_place_on_it(clone):
    strip = moved_border(clone)
    comparison = compare_versions(clone / "layers", "HEAD")
    (ground,) = comparison.grounds
    ((was, now, km2),) = ground.transfers
    assert (was, now) == ("blue", "red")
    assert km2 == pytest.approx(ellipsoid_km2(strip), rel=1e-4)
    (flip,) = ground.flips
    assert (flip.id, flip.before, flip.after) == ("mid_well", "blue", "red")
    assert [change.id for change in ground.patches.changed] == ["ctl-mid", "ctl-west"]
    assert comparison.findings
    text = review_text(comparison)
    assert f"blue → red{km2:>15,.1f}".replace(" ", "") in text.replace(" ", "")
    assert "place Mid Well (mid_well): blue → red" in text


def test_the_two_directions_of_a_comparison_mirror_each_other(clone):
    moved_border(clone)
    commit(clone, "moved")
    there = compare_versions(clone / "layers", "HEAD~1", "HEAD")
    back = compare_versions(clone / "layers", "HEAD", "HEAD~1")
    assert [(b, a, km2) for a, b, km2 in there.grounds[0].transfers] == list(
        back.grounds[0].transfers
    )
    assert there.findings == back.mended
    assert [f.id for f in there.grounds[0].flips] == [f.id for f in back.grounds[0].flips]


def test_what_changes_without_a_change_of_side_is_told_too(clone):
    change(clone, "ctl-mid", controller="blue", confidence="high")
    (ground,) = compare_versions(clone / "layers", "HEAD").grounds
    assert not ground.transfers
    ((words, km2),) = ground.surer
    assert words == "controller blue-guard → blue, confidence moderate → high"
    assert km2 == pytest.approx(ellipsoid_km2(shapely.box(37.5, 33, 37.6, 34)), rel=1e-4)


def test_a_new_date_is_compared_with_the_layer_in_force_before_it(clone):
    path = new_layer(read_folder(clone / "layers"), "2017-08-05")
    comparison = compare_versions(clone / "layers", "HEAD")
    (ground,) = comparison.grounds
    assert (ground.kind, str(ground.against), ground.transfers) == ("added", DAY, ())
    assert "no ground changes sides" in review_text(comparison)
    commit(clone, "a date more")
    path.unlink()
    (ground,) = compare_versions(clone / "layers", "HEAD").grounds
    assert (ground.kind, str(ground.against)) == ("gone", DAY)


def test_a_study_area_that_grew_is_not_assessed_before(clone):
    for name in ("theatre.geojson", "control/2017-07-01.geojson", f"control/{DAY}.geojson"):
        path = clone / "layers" / name
        path.write_bytes(path.read_bytes().replace(b"[37.0,", b"[36.9,"))
    first, second = compare_versions(clone / "layers", "HEAD").grounds
    strip = ellipsoid_km2(shapely.box(36.9, 33, 37, 34))
    for ground in (first, second):
        ((was, now, km2),) = ground.transfers
        assert (was, now) == ("unknown", "red")
        assert km2 == pytest.approx(strip, rel=1e-4)


def test_rows_events_and_places_are_counted_and_named(clone):
    table = clone / "layers" / "statements.csv"
    rows = list(tables.parse_table(table.read_bytes(), schema=STATEMENTS, file="").rows)
    rows[0] = Row(rows[0].id, {**rows[0].values, "note": "Read again."})
    table.write_bytes(tables.dump_table(rows[:-1], schema=STATEMENTS))
    places = clone / "layers" / "places.geojson"
    places.write_bytes(places.read_bytes().replace(b"37.2041", b"37.3041"))
    assessments = clone / "layers" / "assessments.csv"
    with assessments.open("a") as file:
        file.write("2017-08-02,all,no_change,,\n")
    comparison = compare_versions(clone / "layers", "HEAD")
    assert {
        name: (len(d.added), len(d.gone), len(d.changed)) for name, d in comparison.records.items()
    } == {
        "statements": (0, 1, 1),
        "places": (0, 0, 1),
        "assessments": (1, 0, 0),
    }
    assert comparison.records["places"].changed[0].moved_km == pytest.approx(9.29, abs=0.01)
    text = review_text(comparison)
    assert f"- {rows[-1].id}" in text
    assert "moved by 9.29 km" in text


def test_a_revision_with_a_fault_is_named_with_its_file(clone):
    layer(clone).write_text("torn")
    commit(clone, "torn")
    folder = read_revision(clone / "layers", "HEAD")
    told = [issue.file for issue in folder.issues if issue.severity == "error"]
    assert {path.rpartition("control/")[2] for path in told} == {f"{DAY}.geojson"}
    assert len(folder.control) == 1
    (clone / "layers" / "sources.csv").write_text("torn")
    commit(clone, "torn too")
    with pytest.raises(LayerError, match=r"HEAD:layers/sources\.csv"):
        read_revision(clone / "layers", "HEAD")


@pytest.mark.parametrize("revision", ["--all", "-h", "", "HEAD~99", "HEAD:layers", "$(id)"])
def test_what_is_no_commit_is_refused_and_never_an_option(clone, revision):
    with pytest.raises(GeoError, match=r"revision|no commit"):
        read_revision(clone / "layers", revision)


def test_a_folder_that_was_not_there_yet_is_not_found(clone):
    (clone / "layers").rename(clone / "renamed")
    with pytest.raises(LayerNotFoundError, match="HEAD has no folder renamed"):
        read_revision(clone / "renamed", "HEAD")


def test_questions_to_git_run_nothing_of_the_repository(clone, tmp_path):
    trap = tmp_path / "trap"
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
    tool.chmod(0o755)
    hooks = clone / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "pre-auto-gc"):
        shutil.copy(tool, hooks / name)
    for name in ("core.fsmonitor", "diff.external", "core.pager", "gpg.program"):
        git(clone, "config", name, str(tool))
    git(clone, "config", "log.showSignature", "true")
    git(clone, "config", "diff.layer.textconv", str(tool))
    (clone / ".gitattributes").write_text("*.geojson diff=layer\n*.csv diff=layer\n")
    moved_border(clone)
    compare_versions(clone / "layers", "HEAD")
    (clone / "layers" / "sources.csv").unlink()
    guard_ids(clone / "layers", "HEAD")
    list(Repository.around(clone).removed_lines("HEAD", "layers"))
    assert not trap.exists()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away"
)
def test_a_repository_of_another_user_is_left_to_what_git_says_of_it(clone):
    for path in (clone, clone / ".git"):
        os.chown(path, 54321, 54321)
    with pytest.raises(GeoError, match="dubious ownership"):
        compare_versions(clone / "layers", "HEAD")
    with pytest.raises(GeoError, match="dubious ownership"):
        install_git(clone / "layers")


def test_links_in_a_commit_are_not_followed(clone, tmp_path):
    (tmp_path / "secret.geojson").write_text("secret")
    (clone / "layers" / "context" / "link.geojson").symlink_to(tmp_path / "secret.geojson")
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "link")
    folder = read_revision(clone / "layers", "HEAD")
    assert {f.id for f in folder.context} == {f.id for f in read_folder_at_first(clone).context}


def read_folder_at_first(clone):
    return read_revision(clone / "layers", "HEAD~1")


# --- what a reviewer reads


def test_markdown_is_a_list_and_tables_that_nothing_out_of_a_layer_can_break(clone, frontline):
    place = clone / "layers" / "places.geojson"
    place.write_bytes(
        place.read_bytes().replace(b'"Mid Well"', b'"<img src=x> | [a](b) `c` #1 @all"')
    )
    moved_border(clone)
    said = frontline(clone, "diff", "HEAD", "--format", "markdown")
    assert "| ground that changes sides | km² |" in said
    assert "<img" not in said
    assert "@" not in said
    assert "\\| \\[a\\](b)" in said


def test_json_is_complete(clone, frontline):
    moved_border(clone)
    found = json.loads(frontline(clone, "diff", "HEAD", "--format", "json"))
    assert found["control"][0]["transfers"][0]["from"] == "blue"
    assert [c["id"] for c in found["control"][0]["patches"]["changed"]] == ["ctl-mid", "ctl-west"]
    assert found["findings"]


def test_the_page_is_one_file_without_scripts_and_with_text_as_text(clone, frontline):
    place = clone / "layers" / "places.geojson"
    place.write_bytes(place.read_bytes().replace(b'"Mid Well"', b'"<script>{{ 7*191 }}</script>"'))
    moved_border(clone)
    frontline(clone, "diff", "HEAD", "--html", "review.html")
    page = (clone / "review.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;{{ 7*191 }}" in page
    assert "default-src 'none'" in page
    assert page.count("<svg") == 3
    assert "src=" not in page
    assert "href=" not in page
    frontline(clone, "diff", "HEAD", "--html", "review.html")
    assert (clone / "review.html").read_text() == page


def test_long_lists_are_cut_and_say_so(clone):
    table = clone / "layers" / "sources.csv"
    (row,) = tables.parse_table(table.read_bytes(), schema=SCHEMAS["sources"], file="").rows
    more = [Row(f"wire-{n}", {**row.values, "id": f"wire-{n}"}) for n in range(2, 40)]
    table.write_bytes(tables.dump_table([row, *more], schema=SCHEMAS["sources"]))
    comparison = compare_versions(clone / "layers", "HEAD")
    assert "... and 26 more" in review_text(comparison)
    assert "more" not in review_text(comparison, full=True).split("New findings")[0]


def test_diff_exits_with_1_only_when_asked(clone, frontline):
    moved_border(clone)
    frontline(clone, "diff", "HEAD")
    frontline(clone, "diff", "HEAD", "--exit-code", code=1)
    frontline(clone, "diff", code=2)


# --- a new date


def test_a_new_date_has_the_same_patches_to_the_last_digit(clone, frontline):
    said = frontline(clone, "new", "2017-08-05")
    path = clone / "layers" / "control" / "2017-08-05.geojson"
    assert path.read_bytes() == layer(clone).read_bytes()
    assert "assessments.csv" in said
    assert "check" in said
    frontline(clone, "new", "2017-07-20", "--from", "2017-07-01")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["2017-08-01"], "a layer of 2017-08-01 already"),
        (["2017-06-01"], "no layer is older than 2017-06-01"),
        (["2017-08-05", "--from", "2017-07-02"], "2017-07-01, 2017-08-01"),
        (["2017-8-5"], "YYYY-MM-DD"),
    ],
)
def test_a_date_that_cannot_be_begun_says_why_and_writes_nothing(clone, words, message, frontline):
    assert message in frontline(clone, "new", *words, code=1)
    assert not git(clone, "status", "--short")


def test_new_layer_raises_for_a_date_that_is_there(clone):
    with pytest.raises(DateError):
        new_layer(read_folder(clone / "layers"), DAY)


def test_a_file_that_is_no_layer_is_not_merged_by_id(tmp_path):
    for name in ("base", "ours", "theirs"):
        (tmp_path / name).write_text(name)
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    with pytest.raises(SchemaError, match=r"notes\.txt"):
        merge_files(*paths, "notes.txt")
    assert paths[1].read_text() == "ours"
